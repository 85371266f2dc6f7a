"""What does one predictor's table say? Counts, rates, log-odds and evidence of each of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import Binning, Odds, evidence, free_label, observed_odds
from glmlr.design.response import Event
from glmlr.errors import listing
from glmlr.exhibits import Table
from glmlr.levels import Levels
from glmlr.predictor.comparing import neighbour_table, summary_table
from glmlr.predictor.drawing import (
    NATURAL,
    TEN,
    LogScale,
    about_lines,
    line_table,
    lines_through,
    odds_chart,
)
from glmlr.proportions import normal_quantile, wilson

Floats = npt.NDArray[np.float64]

#: A predictor with more levels than this has no chart, and in a screening no table of its own.
MANY_LEVELS: Final = 60


@dataclass(frozen=True, eq=False, repr=False)
class LogOddsTable(Table):
    """A log-odds table that holds its bins.

    Attributes:
        binning: the rows of the table, frozen: `log_odds_table(new_data, ..., bins=table.binning)` fills them again.

    """

    binning: Binning | None = None


_ROLES: Final[Mapping[str, str]] = {
    "level": "text",
    "position": "statistic",
    "n": "count",
    "share": "percent",
    "events": "count",
    "nonevents": "count",
    "rate": "probability",
    "low": "probability",
    "high": "probability",
    "odds": "ratio",
    "log_odds": "estimate",
    "std_error": "std_error",
    "woe": "estimate",
    "iv": "estimate",
    "note": "text",
}


def predictor_table(found: Levels, event: Event, scale: LogScale, level: float) -> LogOddsTable:
    """Write the table of one predictor, with the lines through it as a companion."""
    odds = observed_odds(found.events, found.nonevents)
    frame = _frame(found, odds, scale, level)
    line = lines_through(found, odds)
    drawn = 0 < len(found.labels) <= MANY_LEVELS
    return LogOddsTable(
        key="log_odds_table",
        title=f"Log-odds of {event.label} by {found.name}",
        frame=frame,
        roles={name: role for name, role in _ROLES.items() if _shown(name, found, odds)},
        labels=_labels(found, scale, level),
        notes=(*found.notes, *_too_many(found), *_row_notes(found, odds, scale)),
        charts=(odds_chart(found, odds, event, scale, level, line),) if drawn else (),
        tables=() if line is None else (line_table(line, found, scale),),
        emphasis=(len(frame) - 1,),
        blanks=("position",),
        binning=found.binning,
    )


def full_table(found: Levels, event: Event, scale: LogScale, level: float) -> LogOddsTable:
    """Write the table of one predictor with all its companions: lines, neighbours, and what it says as a whole."""
    table = predictor_table(found, event, scale, level)
    lines = tuple(line.with_notes(*about_lines(found.scale, scale)) for line in table.tables)
    neighbours = neighbour_table(found) if len(found.labels) <= MANY_LEVELS else None
    whole = summary_table(found, level)
    return replace(table, tables=(*lines, *(part for part in (neighbours, whole) if part is not None)))


def companion_table(found: Levels, event: Event, level: float) -> LogOddsTable:
    """Write the table of one predictor of several; a line through two points would only say the table again."""
    table = predictor_table(found, event, NATURAL, level)
    straight = tuple(part for part in table.tables if "lack_of_fit" in part.roles)
    return replace(table, key=f"log_odds_{found.name}", tables=straight)


def _too_many(found: Levels) -> Iterator[str]:
    if len(found.labels) > MANY_LEVELS:
        advice = "" if found.kind == "numeric" else " (rare= does, method='chimerge' merges those that are alike)"
        yield f"{found.name} has {len(found.labels)} levels; pool some of them{advice}."


def _shown(name: str, found: Levels, odds: Odds) -> bool:
    """Say whether a column has something to tell."""
    if name == "position":
        return found.scale == "mean"
    return name != "note" or bool(odds.corrected.any() or (found.n == 0).any())


def _labels(found: Levels, scale: LogScale, level: float) -> dict[str, str]:
    return {
        "level": found.name,
        "position": "Mean",
        "low": f"{100 * level:g}% low",
        "high": f"{100 * level:g}% high",
        "log_odds": f"Log-odds ({scale.name})",
        "std_error": "SE of log-odds",
        "woe": "WoE",
        "iv": "IV",
    }


def _frame(found: Levels, odds: Odds, scale: LogScale, level: float) -> pd.DataFrame:
    """Lay out the rows and their total."""
    total_e, total_f = float(found.events.sum()), float(found.nonevents.sum())
    whole = observed_odds(np.array([total_e]), np.array([total_f]))
    events, nonevents = np.append(found.events, total_e), np.append(found.nonevents, total_f)
    n = events + nonevents
    weighed = evidence(odds, total_e, total_f)
    interval = wilson(events, n, level)
    log_odds, error = np.append(odds.log_odds, whole.log_odds), np.append(odds.error, whole.error)
    half = normal_quantile(level) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, ratio = events / n, events / nonevents
    total_iv = np.nansum(weighed.iv) if total_e > 0 and total_f > 0 else np.nan
    remark = np.where(odds.corrected, "+1/2", np.where(found.n == 0, "no rows", ""))
    return pd.DataFrame(
        {
            "level": pd.Series([*found.labels, free_label("Total", found.labels)], dtype=object),
            "position": np.append(found.position, np.nan),
            "n": n,
            "share": n / n[-1],
            "events": events,
            "nonevents": nonevents,
            "rate": rate,
            "low": interval.low,
            "high": interval.high,
            "nonevent_rate": nonevents / np.where(n > 0, n, np.nan),
            "odds": ratio,
            "log_odds": log_odds / scale.unit,
            "std_error": error / scale.unit,
            "log_odds_low": (log_odds - half) / scale.unit,
            "log_odds_high": (log_odds + half) / scale.unit,
            "woe": np.append(weighed.woe, 0.0),
            "iv": np.append(weighed.iv, total_iv),
            "note": pd.Series([*remark.tolist(), ""], dtype=object),
        }
    )


def _row_notes(found: Levels, odds: Odds, scale: LogScale) -> Iterator[str]:
    """Say what was done to single rows."""
    if odds.corrected.any():
        which = listing(np.array(found.labels, dtype=object)[odds.corrected])
        yield (
            f"+1/2: no event or no non-event in {which}, so that 1/2 is added to both counts there for log-odds, WoE "
            "and IV; rates and odds are as observed."
        )
    if found.missing:
        yield "Rows without a value are a row of their own; it counts in the total, WoE and IV, and in no line."
    if scale is TEN:
        yield "Log-odds are base-10 logarithms; times 2.302585 they are natural. WoE and IV are natural."
