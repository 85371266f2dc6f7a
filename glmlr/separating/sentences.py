"""How is it said what separates the rows? Clauses of a sentence, and the labels of the first rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glmlr.design import Design, DesignInMemory
from glmlr.separating.groups import Group
from glmlr.separating.rules import SEVERAL


def said_of(groups: Sequence[Group], grouped: bool = False, limit: int = 3) -> str:
    """Put the groups into a clause: "all 12 rows with ht = 1 are events"; the first few, and how many more there are.

    Args:
        groups: what `groups_of` gave.
        grouped: whether rows hold counts of both outcomes.
        limit: how many groups are named.

    """
    clauses = [_clause(one, grouped) for one in groups[:limit]]
    if more := len(groups) - limit if len(groups) > limit else 0:
        clauses.append(f"and so on for {more} more {'group' if more == 1 else 'groups'} of rows")
    return "; ".join(clauses)


def _clause(group: Group, grouped: bool) -> str:
    other, outcome = "other " if group.others else "", "event" if group.side > 0 else "non-event"
    where = f" with {group.where}" if group.where else ""
    if group.combined:
        where = f" {'on one side of' if group.where.startswith(SEVERAL) else 'where'} {group.where}"
    one = group.rows == 1
    is_what = f"{'has' if one else 'have'} {outcome}s only" if grouped else f"are {outcome}s"
    if one and not grouped:
        is_what = f"is {'an' if group.side > 0 else 'a'} {outcome}"
    return f"{f'the only {other}row' if one else f'all {group.rows:,} {other}rows'}{where} {is_what}"


def labels_of(design: Design, group: Group) -> list[Any]:
    """Give the labels of the first rows of a group in the index of the data; none where rows are not held."""
    if not isinstance(design, DesignInMemory) or design.stands_for is not None or not group.first.size:
        return []
    used = np.flatnonzero(design.used)
    return [design.index[int(used[at])] for at in group.first]
