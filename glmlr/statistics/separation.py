"""What separates the rows? Groups of rows whose outcome the model predicts without error, and what they share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from glmlr.design import DesignInMemory
from glmlr.errors import NotApplicable, listing
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.registry import statistic
from glmlr.separating import FIRST_ROWS, Group, groups_of, labels_of
from glmlr.separation import Separation


@statistic(
    section="coefficients",
    title="Separation",
    reference="Albert & Anderson (1984), Biometrika 71, 1-10; Heinze & Schemper (2002), Statist. Med. 21, 2409-2419",
    definitions={
        "Separation": "Some combination of the columns predicts the outcome of some rows without error "
        "(quasi-complete), or of all (complete): the likelihood has no maximum, and the estimates in that combination "
        "are infinite. It is found by linear programmes over all rows, as R's detectseparation does, not by the size "
        "of the estimates.",
    },
    in_report=False,
)
def separation_table(fit: Fit) -> Table:
    """Tabulate which rows make estimates infinite: by cell, by threshold, or by several columns together.

    Causes are looked for term by term, simple terms first: levels and cells of an interaction all of whose rows have
    one outcome, numbers that tell outcomes apart beyond a value. What they leave is told apart by several columns
    together, and their rule is given to four digits. A report of a separated fit begins with this table.

    Args:
        fit: a fitted model whose estimates are not all finite.

    Returns:
        A table with one row per group of rows of one outcome: term; where, what its rows have in common; direction,
        "+∞" where they are events, as that is where their linear predictor goes, "-∞" where they are non-events; rows,
        events and nonevents (trials); and first_rows, index labels of the first few ("" where rows are not held).

    Raises:
        NotApplicable: the rows are not separated.

    """
    found = fit.separation
    if found is None:
        raise NotApplicable(
            "The rows are not separated: every estimate is finite."
            if fit.penalty is None
            else "A penalty keeps every estimate finite, so that separation is not looked for; fit without penalty=."
        )
    groups = groups_of(fit.design, found)
    frame = pd.DataFrame(
        {
            "term": [one.term for one in groups],
            "where": [_where(one) for one in groups],
            "direction": ["+∞" if one.side > 0 else "-∞" for one in groups],
            "rows": [one.rows for one in groups],
            "events": [one.events for one in groups],
            "nonevents": [one.nonevents for one in groups],
            "first_rows": [_first(fit, one) for one in groups],
        }
    )
    roles = {
        "term": "text",
        "where": "text",
        "direction": "text",
        **dict.fromkeys(("rows", "events", "nonevents"), "count"),
    }
    if frame["first_rows"].any():
        roles["first_rows"] = "text"
    labels = {"where": "Rows with", "direction": "Towards", "rows": "Rows", "first_rows": "Which rows"}
    return Table("separation_table", "What separates the rows", frame, roles, labels, _notes(fit, found, groups))


def _where(group: Group) -> str:
    where = group.where or "all that are left"
    return f"{where} (of the others)" if group.others and group.where else where


def _first(fit: Fit, group: Group) -> str:
    labels = labels_of(fit.design, group)
    more = group.rows - len(labels)
    return ", ".join(map(str, labels)) + (f" and {more:,} more" if more else "") if labels else ""


def _notes(fit: Fit, found: Separation, groups: tuple[Group, ...]) -> tuple[str, ...]:
    """Say what the table shows, and which estimates have which sign or none."""
    notes = ["Complete: every row is predicted without error in the limit."]
    if not found.complete:
        rows, total = fit.design.rows_among(found.separated), fit.design.totals.rows
        notes = [f"Quasi-complete: {rows:,} of {total:,} rows are predicted without error in the limit."]
    signs = (("+∞", found.direction > 0), ("-∞", found.direction < 0))
    infinite = [f"{listing(np.array(fit.names)[at])} ({sign})" for sign, at in signs if at.any()]
    notes.append(f"Infinite estimates: {'; '.join(infinite)}.")
    if found.undetermined.any():
        notes.append(f"Neither finite nor of a sign of their own: {listing(np.array(fit.names)[found.undetermined])}.")
    if any(one.others for one in groups):
        notes.append("Of the others: among the rows that the lines above it leave.")
    if any(one.combined for one in groups):
        notes.append("No single level, cell or threshold explains these rows; the rule is rounded to four digits.")
    if isinstance(fit.design, DesignInMemory) and any(one.rows > FIRST_ROWS for one in groups):
        notes.append(f"Which rows: the index labels of the first {FIRST_ROWS}.")
    if not fit.pseudo_likelihood:
        notes.append('fit(..., penalty="firth") gives finite estimates and intervals for the same model.')
    return tuple(notes)
