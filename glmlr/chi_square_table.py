"""How is one chi-square test shown? A table of a single row."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from glmlr.exhibits import Table
from glmlr.tails import ChiSquareTest


def chi_square_table(
    test: ChiSquareTest,
    *,
    key: str,
    title: str,
    name: tuple[str, str],
    heading: str = "Chi-square",
    groups: int | None = None,
    notes: Iterable[str] = (),
    tables: tuple[Table, ...] = (),
    turned: bool = False,
) -> Table:
    """Show one test.

    Args:
        test: the test.
        key: of the table.
        title: heading of the table.
        name: of the test in the frame, and in words.
        heading: of the statistic.
        groups: number of groups that it is of, where it is of groups.
        notes: what a reader must know.
        tables: companions.
        turned: whether columns are printed as lines.

    """
    of_groups = {} if groups is None else {"groups": [groups]}
    values = {"statistic": test.chi2, "df": test.df, "p_value": test.tail.p_value, "log10_p": test.tail.log10_p}
    frame = pd.DataFrame({"test": [name[0]], **of_groups, **{key: [value] for key, value in values.items()}})
    roles = {"test": "text", **dict.fromkeys(of_groups, "integer")}
    roles |= {"statistic": "statistic", "df": "integer", "p_value": "p_value", "log10_p": "hidden"}
    labels = {"groups": "Groups", "statistic": heading, name[0]: name[1]}
    return Table(key, title, frame, roles, labels, notes=tuple(notes), tables=tables, turned=turned)
