"""How do the rows of one predictor compare? Each with the one before it, and all of them as one whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import evidence, observed_odds
from glmlr.contingency import Test, compare_neighbours, course_of, likelihood_ratio, pearson
from glmlr.exhibits import Table
from glmlr.levels import Levels
from glmlr.monotone import armitage_trend
from glmlr.ranking.concordance import area
from glmlr.ranking.distance import ks_distance

Floats = npt.NDArray[np.float64]

_NEIGHBOUR_ROLES: Final[Mapping[str, str]] = {
    "level": "text",
    "before": "text",
    "odds_ratio": "ratio",
    "statistic": "statistic",
    "p_value": "p_value",
    "exact_p_value": "p_value",
}


def neighbour_table(found: Levels) -> Table | None:
    """Compare each row with the one before it; None where there are fewer than two rows with a place."""
    present = np.arange(len(found.labels))[found.present]
    at = present[found.n[present] > 0]
    if at.size < 2:
        return None
    events, nonevents = found.events[at], found.nonevents[at]
    compared = compare_neighbours(events, nonevents)
    odds = observed_odds(events, nonevents)
    labels = [found.labels[row] for row in at]
    frame = pd.DataFrame(
        {
            "level": pd.Series(labels[1:], dtype=object),
            "before": pd.Series(labels[:-1], dtype=object),
            "odds_ratio": np.exp(np.diff(odds.log_odds)),
            "statistic": compared.chi_square,
            "p_value": compared.p_value,
            "exact_p_value": compared.exact,
        }
    )
    return Table(
        key="log_odds_neighbours",
        title=f"Neighbouring rows of {found.name} compared",
        frame=frame,
        roles=_NEIGHBOUR_ROLES,
        labels={
            "level": found.name,
            "before": "Against",
            "statistic": "Chi-square (1 df)",
            "exact_p_value": "Fisher p",
        },
        notes=tuple(_neighbour_notes(found, at.size < present.size, compared.exact, bool(odds.corrected.any()))),
    )


def _neighbour_notes(found: Levels, empty: bool, exact: Floats, corrected: bool) -> Iterator[str]:
    yield "Pearson's chi-square without continuity correction; Fisher's exact test is two-sided. No p is adjusted."
    if not found.in_order:
        yield f"The levels of {found.name} have no order: neighbours are those of the table."
    if empty:
        yield "Rows that hold nothing are passed over."
    if corrected:
        yield "Odds ratios of rows without an event or a non-event take the log-odds with +1/2."
    if np.isnan(exact).any():
        yield "Fisher's test counts whole rows; it does not exist for weights that are not whole."


# ------------------------------------------------------------------------------------------------------------ the whole

_MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "iv": ("Information value", "estimate"),
    "iv_by_chance": ("Expected by chance", "estimate"),
    "lr_chi_square": ("LR chi-square", "statistic"),
    "pearson_chi_square": ("Pearson chi-square", "statistic"),
    "trend_z": ("Cochran-Armitage trend, z", "statistic"),
    "c": ("c", "probability"),
    "ks": ("KS", "probability"),
}


def summary_table(found: Levels, level: float) -> Table | None:
    """Say what the predictor tells as a whole; None where it is one row or the response is one outcome."""
    filled = found.n > 0
    events, nonevents = found.events[filled], found.nonevents[filled]
    total_e, total_f = float(events.sum()), float(nonevents.sum())
    if events.size < 2 or not (total_e > 0 and total_f > 0):
        return None
    iv = float(evidence(observed_odds(events, nonevents), total_e, total_f).iv.sum())
    rows = [
        _row("iv", iv),
        _row("iv_by_chance", (events.size - 1) * (1 / total_e + 1 / total_f)),
        _tested("lr_chi_square", likelihood_ratio(events, nonevents)),
        _tested("pearson_chi_square", pearson(events, nonevents)),
        *_in_order(found),
        *_ranked(found, level),
    ]
    frame = pd.DataFrame(rows)
    return Table(
        key="log_odds_summary",
        title=f"What {found.name} alone tells",
        frame=frame,
        roles={
            "measure": "text",
            "value": "measure",
            "std_error": "std_error",
            "low": "probability",
            "high": "probability",
            "df": "integer",
            "p_value": "p_value",
        },
        labels={
            "low": f"{100 * level:g}% low",
            "high": f"{100 * level:g}% high",
            **{key: words for key, (words, _) in _MEASURES.items()},
        },
        notes=tuple(_summary_notes(found)),
        row_roles=tuple(_MEASURES[name][1] for name in frame["measure"]),
        blanks=("std_error", "low", "high", "df", "p_value"),
    )


def _row(measure: str, value: float, **others: float) -> dict[str, object]:
    blank = dict.fromkeys(("std_error", "low", "high", "df", "p_value", "log10_p_value"), math.nan)
    return {"measure": measure, "value": value, **blank, **others}


def _tested(measure: str, test: Test) -> dict[str, object]:
    return _row(measure, test.statistic, df=float(test.df), p_value=test.tail.p_value, log10_p_value=test.tail.log10_p)


def _in_order(found: Levels) -> Iterator[dict[str, object]]:
    """Test for a trend where rows stand at places."""
    if found.scale == "none":
        return
    trend = armitage_trend(found.events, found.n, found.position)
    if not math.isnan(trend.z):
        yield _row("trend_z", trend.z, p_value=trend.p_value)


def _ranked(found: Levels, level: float) -> Iterator[dict[str, object]]:
    """Measure how the predictor itself, not its bins, ranks events above non-events."""
    ranking = found.ranking()
    if ranking is None:
        return
    under = area(ranking, level)
    # Levels ordered by the very rates that c then judges have no honest interval.
    spread = {"std_error": under.std_error, "low": under.low, "high": under.high} if found.in_order else {}
    yield _row("c", under.auc, **spread)
    yield _row("ks", ks_distance(ranking).ks)


_COURSES: Final[Mapping[str, str]] = {
    "rising": "The event rate never falls from row to row.",
    "falling": "The event rate never rises from row to row.",
    "level": "The event rate is the same in every row.",
    "mixed": "The event rate both rises and falls from row to row: it is not monotone.",
}


def _summary_notes(found: Levels) -> Iterator[str]:
    yield (
        "Expected by chance: the information value of as many rows on average where the predictor tells nothing, "
        "about (rows - 1)(1 / events + 1 / non-events)."
    )
    if found.in_order:
        yield _COURSES[course_of(found.events[found.present], found.nonevents[found.present])]
        what = "its values" if found.scale in ("mean", "value") else "its levels"
        yield f"c (with DeLong's interval) and KS are of {what} in order; rows without a value are left out."
    else:
        yield "c and KS take the levels in the order of their event rates, which flatters both; c has no interval."
