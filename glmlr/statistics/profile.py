"""Who was analysed? The response profile, and the rows that were left out."""

from __future__ import annotations

import pandas as pd

from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.registry import statistic


@statistic(
    section="profile",
    title="Response profile",
    reference="SAS PROC LOGISTIC, table 'Response Profile'",
    definitions={
        "Event": "The outcome whose probability is modelled. Swapping event and non-event turns every sign.",
        "N": "Number of Bernoulli trials: rows used, each by its frequency; importance weights are not counted.",
    },
)
def response_profile(fit: Fit) -> Table:
    """Count events and non-events among the rows used, and account for the rows that were not.

    Returns:
        A table with columns level (the outcome), role ("event" or "non-event"), n, share, and weight (the sum of
        importance weights) where there are any; the last row is the total. Companion table: the account of the rows.

    """
    design = fit.design
    totals = design.totals
    counts = [totals.events, totals.trials - totals.events]
    frame = pd.DataFrame(
        {
            "level": [design.event.label, design.event.other_label, "Total"],
            "role": ["event", "non-event", ""],
            "n": [*counts, sum(counts)],
            "share": [counts[0] / sum(counts), counts[1] / sum(counts), 1.0],
        }
    )
    roles = {"level": "text", "role": "text", "n": "count", "share": "percent"}
    if design.weighted:
        frame["weight"] = [totals.weight_of_events, totals.weight - totals.weight_of_events, totals.weight]
        roles["weight"] = "count"
    return Table(
        "response_profile",
        "Response profile",
        frame,
        roles,
        labels={"level": "Outcome", "role": "Modelled as", "weight": "Sum of weights"},
        notes=fit.notes,
        tables=(_rows(fit),),
        emphasis=(2,),
    )


def _rows(fit: Fit) -> Table:
    """Say how many rows were read, used and dropped, by the column in which something was missing."""
    account = fit.design.rows
    lines = [("Read", account.read)]
    lines += [(f"Missing: {column}", count) for column, count in account.dropped.items() if count]
    if account.zero_weight:
        lines.append(("Weight of zero", account.zero_weight))
    lines.append(("Used", account.used))
    several = sum(account.dropped.values()) > account.read - account.used - account.zero_weight
    return Table(
        "rows",
        "Rows",
        pd.DataFrame(lines, columns=["measure", "value"]),
        {"measure": "text", "value": "count"},
        labels={"measure": "Rows", "value": "N"},
        notes=("A row that misses several columns is counted at each of them.",) if several else (),
        emphasis=(len(lines) - 1,),
    )
