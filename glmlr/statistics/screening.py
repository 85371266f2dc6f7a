"""What does each predictor say alone? All of them screened for their information value, tests, trend and c."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import Closed, Cut, evidence, observed_odds
from glmlr.contingency import Course, course_of, likelihood_ratio
from glmlr.errors import DataError, NotApplicable, OptionError, listing, one_of
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.hypotheses.adjusting import adjusted_plainly
from glmlr.levels import Levels, is_number, levels_of
from glmlr.monotone import armitage_trend
from glmlr.predictor.table import MANY_LEVELS, companion_table
from glmlr.proportions import checked_level
from glmlr.ranking.concordance import count_pairs
from glmlr.registry import statistic
from glmlr.runs import in_threads
from glmlr.sample import Predictor, Sample

Floats = npt.NDArray[np.float64]

#: The tables of so many predictors are shown, those of the largest information value.
MOST_TABLES: Final = 30
#: A chart of the information value draws so many predictors.
MOST_DRAWN: Final = 40
_ADJUSTMENTS: Final[Mapping[str, str]] = {"holm": "Holm", "bh": "Benjamini-Hochberg"}


@statistic(
    on="data",
    section="screening",
    title="Each predictor alone",
    reference="Kullback (1959), Information Theory and Statistics; Siddiqi (2006), Credit Risk Scorecards, chapter 6",
    definitions={
        "log-odds": "ln(events / non-events) in one level or bin; 1/2 is added to both counts where one of them is 0",
        "WoE": "weight of evidence, ln(share of all events / share of all non-events): positive where events are "
        "frequent (some texts have the opposite sign)",
        "IV": "information value, the sum over levels or bins of (share of events - share of non-events) * WoE; "
        "it depends on the bins. Chance alone gives about (rows of the table - 1) * (1 / events + 1 / non-events). A "
        "rule of thumb (Siddiqi): below 0.02 nothing, to 0.1 weak, to 0.3 medium, above strong; above 0.5 suspect",
        "LR chi-square": "2 * sum of observed * ln(observed / expected) over the levels or bins, missing values being "
        "one, on their number less 1 degrees of freedom: the likelihood-ratio test of no difference in event rate",
        "adjusted p": "the p of the likelihood-ratio test, adjusted for the number of predictors that are screened (R "
        "p.adjust): by Holm, which bounds the chance of one false finding, or Benjamini-Hochberg, which bounds the "
        "share of false ones",
        "trend p": "Cochran-Armitage test for a straight-line trend of the event rate in the position of the levels or "
        "bins (R prop.trend.test; SAS PROC FREQ, option TREND), rows without a place left out",
        "course": "whether the event rate of the levels or bins in order is rising (never falls), falling (never "
        "rises), level or mixed",
        "weighted least squares": "straight line through the log-odds of the levels or bins, with weights n p (1 - p) "
        "(Berkson 1944); its lack of fit is the minimum logit chi-square about it. Left out where there are two places",
        "maximum likelihood": "the logit fitted to the predictor's own values, not to its bins",
        "c": "share of pairs of an event and a non-event in which the event has the larger value (ties count 1/2), "
        "rows without a value left out; below 1/2 where events have smaller values, never flipped. Levels without an "
        "order are ordered by their own event rate, so that c cannot be below 1/2",
    },
)
def screen(
    sample: Sample,
    *,
    bins: int | None = None,
    method: Literal["quantile", "width", "tree", "chimerge", "monotone", "optimal"] | None = None,
    closed: Closed = "left",
    min_share: float | None = None,
    min_events: float | None = None,
    significance: float | None = None,
    direction: Literal["auto", "increasing", "decreasing", "any"] | None = None,
    rare: float | None = None,
    special: Any = (),
    adjust: Literal["holm", "bh"] = "holm",
    level: float = 0.95,
) -> Table:
    """Measure what each predictor says alone about the response, strongest first.

    One row a predictor: kind, number of levels or bins, share of missing values, information value, likelihood-ratio
    test of its table with its p as it is and adjusted for the number of predictors, test of trend, course of the event
    rate and c. The log-odds tables of the predictors are companions. Of a fit, the predictors are the columns that its
    formula reads, and the rows those that it uses; importance weights play no part.

    Args:
        sample: a fit; or data, the name of the response and (optional) the names of the predictors.
        bins: how many bins for the numbers, see `log_odds_table`.
        method: how the edges of numbers are found, see `log_odds_table`.
        closed: which end of a bin belongs to it.
        min_share: the least share of the rows in a bin of a number.
        min_events: the fewest events, and the fewest non-events, in a bin of a number.
        significance: the level at which neighbours must differ ("chimerge", "monotone", "optimal").
        direction: of the event rate of numbers, for "monotone" and "optimal".
        rare: levels (not numbers) with a smaller share of the rows than this are pooled.
        special: values of any predictor that have a row of their own.
        adjust: "holm" or "bh" (Benjamini-Hochberg), the adjustment of p for the number of predictors.
        level: confidence level of the intervals in the companions.

    Raises:
        NotApplicable: a model without predictors.
        OptionError: edges for `bins`, which cannot fit every predictor.

    """
    cut = Cut(bins, method, closed, min_share, min_events, significance, direction, None, special)
    of_levels, confidence = Cut(rare=rare, special=special), checked_level(level)
    one_of("adjust", adjust, _ADJUSTMENTS)
    if cut.has_edges:
        raise OptionError(f"screen() takes a number of bins, not edges: bins={bins!r}; log_odds_table() takes edges.")
    if not sample.predictors:
        raise NotApplicable("The model has no predictor to look at.")
    screened, left_out = _screened(sample, cut, of_levels)
    if not screened:
        raise NotApplicable(f"No column can be looked at: {' '.join(left_out)}")
    frame = _frame(screened, adjust)
    found = [screened[at].levels for at in frame.index]
    shown = [levels for levels in found if len(levels.labels) <= MANY_LEVELS][:MOST_TABLES]
    frame = frame.reset_index(drop=True)
    return Table(
        key="screen",
        title="Each predictor alone",
        frame=frame,
        roles={name: role for name, role in _SCREEN_ROLES.items() if _shown(name, frame)},
        labels=_SCREEN_LABELS,
        notes=(sample.event.note, *sample.notes, *left_out, *_screen_notes(found, cut, adjust)),
        charts=(_iv_chart(frame.head(MOST_DRAWN)),) if len(frame) > 1 else (),
        tables=tuple(companion_table(levels, sample.event, confidence) for levels in shown),
        blanks=("trend_p_value",),
    )


def _shown(name: str, frame: pd.DataFrame) -> bool:
    """Say whether a column has something to tell; the frame has it anyway."""
    if name == "missing_share":
        return bool((frame["missing"] > 0).any())
    if name in ("trend_p_value", "course"):
        return bool((frame["course"] != "").any())
    return name != "adjusted_p_value" or len(frame) > 1


_SCREEN_ROLES: Final[Mapping[str, str]] = {
    "predictor": "text",
    "kind": "text",
    "levels": "integer",
    "missing_share": "percent",
    "iv": "estimate",
    "c": "probability",
    "statistic": "statistic",
    "df": "integer",
    "p_value": "p_value",
    "adjusted_p_value": "p_value",
    "trend_p_value": "p_value",
    "course": "text",
}
_SCREEN_LABELS: Final[Mapping[str, str]] = {
    "predictor": "Predictor",
    "kind": "Kind",
    "levels": "Levels or bins",
    "missing_share": "Missing",
    "iv": "IV",
    "statistic": "LR chi-square",
    "adjusted_p_value": "Adj. p",
    "trend_p_value": "Trend p",
    "course": "Rate",
    "c": "c",
}


@dataclass(frozen=True)
class _Summary:
    """One row of a screening."""

    predictor: str
    kind: str
    levels: int
    missing: float
    missing_share: float
    iv: float
    statistic: float
    df: int
    p_value: float
    log10_p_value: float
    trend_z: float
    trend_p_value: float
    course: Course | Literal[""]
    c: float

    @classmethod
    def of(cls, found: Levels) -> _Summary:
        """Sum up one predictor."""
        filled, n = found.n > 0, found.n
        events, nonevents = found.events[filled], found.nonevents[filled]
        weighed = evidence(observed_odds(events, nonevents), float(events.sum()), float(nonevents.sum()))
        test = likelihood_ratio(events, nonevents)
        trend = armitage_trend(found.events, n, found.position)
        course = course_of(found.events[found.present], found.nonevents[found.present])
        ranking = found.ranking()
        several = int(filled[found.present].sum())
        return cls(
            found.name,
            found.kind,
            several,
            found.missing,
            found.missing / float(n.sum()),
            float(weighed.iv.sum()),
            test.statistic,
            test.df,
            test.tail.p_value,
            test.tail.log10_p,
            trend.z,
            trend.p_value,
            course if found.in_order and several > 1 else "",
            math.nan if ranking is None else count_pairs(ranking).c,
        )


@dataclass(frozen=True, eq=False)
class _Screened:
    """A predictor with its rows and what they tell."""

    levels: Levels
    summary: _Summary


def _screened(sample: Sample, cut: Cut, of_levels: Cut) -> tuple[list[_Screened], list[str]]:
    """Gather the levels of each predictor; a column that has none (dates, lists) is left out if nobody named it."""

    def look(one: Predictor) -> _Screened | DataError:
        try:
            own = cut if is_number(one.values) else of_levels
            found = levels_of(one.values, one.events, one.nonevents, cut=own)
            return _Screened(found, _Summary.of(found))
        except DataError as problem:
            return problem

    found: list[_Screened] = []
    left_out: list[str] = []
    for result in in_threads(look, sample.predictors):
        if isinstance(result, _Screened):
            found.append(result)
        elif sample.chosen:
            raise result
        else:
            left_out.append(f"Left out: {result}")
    return found, left_out


def _frame(screened: list[_Screened], adjust: Literal["holm", "bh"]) -> pd.DataFrame:
    """Lay out the predictors, strongest first; the index says where each one was."""
    rows = [one.summary for one in screened]
    order = sorted(range(len(rows)), key=lambda i: -rows[i].iv)
    frame = pd.DataFrame([vars(rows[i]) for i in order], index=order)
    p_value = frame["p_value"].to_numpy(dtype=np.float64)
    frame.insert(list(frame.columns).index("log10_p_value") + 1, "adjusted_p_value", adjusted_plainly(p_value, adjust))
    return frame


def _screen_notes(found: list[Levels], cut: Cut, adjust: str) -> Iterator[str]:
    large = [levels.name for levels in found if len(levels.labels) > MANY_LEVELS]
    if large:
        yield f"More than {MANY_LEVELS} levels, and no table of its own: {listing(large)}."
    if len(found) - len(large) > MOST_TABLES:
        yield (
            f"The tables of the {MOST_TABLES} predictors of largest information value follow; log_odds_table() gives "
            "the others."
        )
    if any(levels.missing for levels in found):
        yield "Rows without a value are one level of the information value and the test; trend and c leave them out."
    if any(levels.kind == "categorical" for levels in found):
        yield "c of a predictor without an order takes its levels in the order of their event rates."
    if len(found) > 1:
        yield f"Adj. p: the p of the LR test, adjusted for {len(found)} predictors by {_ADJUSTMENTS[adjust]}."
    if cut.method in ("tree", "chimerge", "monotone", "optimal"):
        yield (
            "Bins chosen by the outcomes: information values, tests and trends are too good, the more so the weaker "
            "the predictor; c is of the values, not of the bins."
        )


def _iv_chart(frame: pd.DataFrame) -> Chart:
    iv = frame["iv"].to_numpy(dtype=np.float64)
    names = tuple(frame["predictor"].astype(str))
    drawn = Series("", "bars", iv, np.arange(iv.size, dtype=np.float64))
    return Chart(
        "iv",
        "Information value of each predictor alone",
        (drawn,),
        Axis("Information value"),
        Axis("Predictor", categories=names),
        alt=f"Information value by predictor: largest for {names[0]}, smallest for {names[-1]}.",
    )
