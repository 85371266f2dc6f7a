"""What does each predictor say alone? Observed log-odds by level or bin, weight of evidence, information value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import xlogy

from glmlr.binning import Closed
from glmlr.design.response import Event
from glmlr.errors import DataError, NotApplicable, OptionError, explained_arguments, listing
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.levels import Cut, Levels, free_label, is_number, levels_of
from glmlr.proportions import checked_level, normal_quantile, wilson
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import count_pairs
from glmlr.registry import statistic
from glmlr.sample import Sample, sample_of_data
from glmlr.tails import chi_square_tail, normal_tail
from glmlr.trend import LeastSquares, MaximumLikelihood, Odds, least_squares, maximum_likelihood, observed_odds

Floats = npt.NDArray[np.float64]

#: A predictor with more levels than this has no chart, and in a screening no table of its own.
MANY_LEVELS: Final = 60


@dataclass(frozen=True)
class _Scale:
    """On which scale log-odds are shown: the name of the base, and how many natural logs make one."""

    name: str
    unit: float


_NATURAL: Final = _Scale("natural", 1.0)
_TEN: Final = _Scale("base 10", math.log(10.0))
_BASES: Final[Mapping[object, _Scale]] = {"natural": _NATURAL, "e": _NATURAL, "10": _TEN, 10: _TEN}


def _scale(log_base: object) -> _Scale:
    if isinstance(log_base, (str, int, float)) and not isinstance(log_base, bool) and log_base in _BASES:
        return _BASES[log_base]
    raise OptionError(f"log_base={log_base!r} is neither 'natural' nor 10; give one of these.")


@explained_arguments
def log_odds_table(
    data: Any,
    response: str,
    predictor: str,
    *,
    bins: Any = None,
    method: Literal["quantile", "width", "tree"] | None = None,
    log_base: Literal["natural", "e", 10] = "natural",
    closed: Closed = "left",
    positions: Mapping[Any, float] | None = None,
    event: Any = None,
    freq_weights: Any = None,
    level: float = 0.95,
) -> Table:
    """Tabulate the observed odds of the event by level or bin of one predictor.

    Each level has its number of rows and their share, events, non-events, rate with a Wilson interval, odds, log-odds
    with its standard error sqrt(1 / events + 1 / non-events), weight of evidence ln(share of events / share of
    non-events) and its part of the information value, the sum of (difference of shares) * WoE. Missing values have a
    row of their own. Where a level has no event or no non-event, 1/2 is added to both its counts for the log-odds and
    WoE (Haldane 1956, Anscombe 1956), and to no other level's.

    Where the levels have an order, a companion table gives the straight line through the log-odds by weighted least
    squares (Berkson 1944: weights n p (1 - p) at the mean of each bin, or at the value or middle of each level) beside
    the maximum-likelihood line through the rows themselves.

    Args:
        data: a data frame, a mapping of columns, or a path.
        response: name of a column with two values, or "successes + failures": two columns of counts (grouped data).
        predictor: name of the column to look at.
        bins: for a number: how many bins, or their edges (always kept; values outside have rows of their own). By
            default a number with at most 10 distinct values is shown value by value, any other in 10 bins where there
            are 200 events and 200 non-events, else in 5.
        method: how edges are found: "quantile" (type 7; the default), "width" (equal width) or "tree" (where the event
            rate changes most).
        log_base: "natural" (or "e") or 10, for the log-odds, their standard errors and the lines; WoE and the
            information value are natural.
        closed: which end of a bin belongs to it, "left" for [30, 40) or "right" for (30, 40].
        positions: level -> where it stands on the predictor's scale, for levels whose labels do not say ("70+").
        event: the value of the response that is the event; of grouped data the column that counts the events.
        freq_weights: rows that each row stands for: a column's name, a Series (aligned by index) or an array.
        level: confidence level of the intervals.

    Returns:
        A `Table` with one row a level or bin, the missing values, and a total; the chart "log_odds".

    Raises:
        DataError: a column that does not exist, dates, or no rows.
        ResponseError: a response that does not have two outcomes.
        OptionError: edges that are not increasing, fewer than two bins, bins for a column that is not a number.

    """
    cut, scale = Cut(bins, method, closed), _scale(log_base)
    sample = sample_of_data(data, response, (predictor,), event=event, freq_weights=freq_weights)
    (one,) = sample.predictors
    found = levels_of(one.values, one.events, one.nonevents, cut=cut, positions=positions)
    table = _table(found, sample.event, scale, checked_level(level))
    lines = tuple(line.with_notes(*_about_lines(found.scale, scale)) for line in table.tables)
    return replace(table, notes=(sample.event.note, *sample.notes, *table.notes), tables=lines)


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
        "it depends on the bins",
        "LR chi-square": "2 * sum of observed * ln(observed / expected) over the levels or bins, missing values being "
        "one, on their number less 1 degrees of freedom: the likelihood-ratio test of no difference in event rate",
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
    method: Literal["quantile", "width", "tree"] | None = None,
    closed: Closed = "left",
    level: float = 0.95,
) -> Table:
    """Measure what each predictor says alone about the response, strongest first.

    One row a predictor: kind, number of levels or bins, missing values, information value, likelihood-ratio test of its
    table and c. The log-odds table of each predictor is a companion. Of a fit, the predictors are the columns that its
    formula reads, and the rows those that it uses; importance weights play no part.

    Args:
        sample: a fit; or data, the name of the response and (optional) the names of the predictors.
        bins: how many bins for the numbers, see `log_odds_table`.
        method: how edges are found, see `log_odds_table`.
        closed: which end of a bin belongs to it.
        level: confidence level of the intervals in the companions.

    Raises:
        NotApplicable: a model without predictors.
        OptionError: edges for `bins`, which cannot fit every predictor.

    """
    cut, confidence = Cut(bins, method, closed), checked_level(level)
    if cut.has_edges:
        raise OptionError(f"screen() takes a number of bins, not edges: bins={bins!r}; log_odds_table() takes edges.")
    if not sample.predictors:
        raise NotApplicable("The model has no predictor to look at.")
    found, left_out = _screened(sample, cut)
    if not found:
        raise NotApplicable(f"No column can be looked at: {' '.join(left_out)}")
    rows = [_Summary.of(levels) for levels in found]
    order = sorted(range(len(rows)), key=lambda i: -rows[i].iv)
    frame = pd.DataFrame([vars(rows[i]) for i in order])
    tables = tuple(_companion(found[i], sample.event, confidence) for i in order if len(found[i].labels) <= MANY_LEVELS)
    return Table(
        key="screen",
        title="Each predictor alone",
        frame=frame,
        roles=_SCREEN_ROLES,
        labels=_SCREEN_LABELS,
        notes=(sample.event.note, *sample.notes, *left_out, *_screen_notes(found)),
        charts=(_iv_chart(frame),) if len(frame) > 1 else (),
        tables=tables,
    )


# ------------------------------------------------------------------------------------------------ one predictor's table

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


def _table(found: Levels, event: Event, scale: _Scale, level: float) -> Table:
    """Write the table of one predictor."""
    odds = observed_odds(found.events, found.nonevents)
    frame = _frame(found, odds, scale, level)
    roles = {name: role for name, role in _ROLES.items() if _shown(name, found, odds)}
    line = _lines(found, odds)
    many = (
        ()
        if len(found.labels) <= MANY_LEVELS
        else (f"{found.name} has {len(found.labels)} levels; pool some of them.",)
    )
    return Table(
        key="log_odds_table",
        title=f"Log-odds of {event.label} by {found.name}",
        frame=frame,
        roles=roles,
        labels=_labels(found, scale, level),
        notes=(*found.notes, *many, *_row_notes(found, odds, scale)),
        charts=() if many or not found.labels else (_chart(found, odds, event, scale, level, line),),
        tables=() if line is None else (_line_table(line, found, scale),),
        emphasis=(len(frame) - 1,),
        blanks=("position",),
    )


def _companion(found: Levels, event: Event, level: float) -> Table:
    """Write the table of one predictor of several; a line through two points would only say the table again."""
    table = _table(found, event, _NATURAL, level)
    straight = tuple(part for part in table.tables if "lack_of_fit" in part.roles)
    return replace(table, key=f"log_odds_{found.name}", tables=straight)


def _shown(name: str, found: Levels, odds: Odds) -> bool:
    """Say whether a column has something to tell."""
    if name == "position":
        return found.scale == "mean"
    return name != "note" or bool(odds.corrected.any() or (found.n == 0).any())


def _labels(found: Levels, scale: _Scale, level: float) -> dict[str, str]:
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


def _frame(found: Levels, odds: Odds, scale: _Scale, level: float) -> pd.DataFrame:
    """Lay out the rows and their total."""
    total_e, total_f = float(found.events.sum()), float(found.nonevents.sum())
    whole = observed_odds(np.array([total_e]), np.array([total_f]))
    events, nonevents = np.append(found.events, total_e), np.append(found.nonevents, total_f)
    n = events + nonevents
    woe, iv = _evidence(odds, total_e, total_f)
    interval = wilson(events, n, level)
    log_odds, error = np.append(odds.log_odds, whole.log_odds), np.append(odds.error, whole.error)
    half = normal_quantile(level) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, ratio = events / n, events / nonevents
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
            "woe": np.append(woe, 0.0),
            "iv": np.append(iv, np.nansum(iv)),
            "note": pd.Series([*remark.tolist(), ""], dtype=object),
        }
    )


def _evidence(odds: Odds, total_e: float, total_f: float) -> tuple[Floats, Floats]:
    """Give WoE and the part of the information value of each row, NaN in an empty one.

    A corrected row enters with its corrected counts, in the shares and in the logarithm alike, so that no part is
    negative; the totals are the counts themselves.
    """
    share_e, share_f = odds.events / total_e, odds.nonevents / total_f
    woe = odds.log_odds - math.log(total_e / total_f)
    return woe, (share_e - share_f) * woe


def _row_notes(found: Levels, odds: Odds, scale: _Scale) -> Iterator[str]:
    """Say what was done to single rows."""
    if odds.corrected.any():
        which = listing(np.array(found.labels, dtype=object)[odds.corrected])
        yield (
            f"+1/2: no event or no non-event in {which}, so that 1/2 is added to both counts there for log-odds, WoE "
            "and IV; rates and odds are as observed."
        )
    if found.missing:
        yield "Rows without a value are a row of their own; it counts in the total, WoE and IV, and in no line."
    if scale is _TEN:
        yield "Log-odds are base-10 logarithms; times 2.302585 they are natural. WoE and IV are natural."


# ------------------------------------------------------------------------------------------------------------ the lines


@dataclass(frozen=True)
class _Lines:
    """The line through the rows of the table, and the line through the rows of the data."""

    berkson: LeastSquares
    likelihood: MaximumLikelihood


def _lines(found: Levels, odds: Odds) -> _Lines | None:
    """Draw both lines where two rows at least stand at different places."""
    berkson = least_squares(found.position, odds)
    if berkson is None or found.points is None:
        return None
    return _Lines(berkson, maximum_likelihood(found.points))


def _line_table(lines: _Lines, found: Levels, scale: _Scale) -> Table:
    """Lay both lines side by side."""
    both = (lines.berkson.line, lines.likelihood.line)
    tails = [normal_tail(line.z) for line in both]
    lack = chi_square_tail(lines.berkson.lack_of_fit, lines.berkson.df)
    frame = pd.DataFrame(
        {
            "line": ["Weighted least squares", "Maximum likelihood"],
            "intercept": [line.intercept / scale.unit for line in both],
            "intercept_std_error": [line.intercept_error / scale.unit for line in both],
            "slope": [line.slope / scale.unit for line in both],
            "std_error": [line.slope_error / scale.unit for line in both],
            "z": [line.z for line in both],
            "p_value": [tail.p_value for tail in tails],
            "log10_p_value": [tail.log10_p for tail in tails],
            "lack_of_fit": [lines.berkson.lack_of_fit, math.nan],
            "df": [float(lines.berkson.df), math.nan],
            "lack_p_value": [lack.p_value, math.nan],
        }
    )
    return Table(
        key="log_odds_lines",
        title=f"Straight lines through the log-odds by {found.name}",
        frame=frame,
        roles={
            k: v for k, v in _LINE_ROLES.items() if lines.berkson.df or k not in ("lack_of_fit", "df", "lack_p_value")
        },
        labels=_LINE_LABELS,
        notes=tuple(_line_notes(lines, found, scale)),
        blanks=("lack_of_fit", "df", "lack_p_value"),
        turned=True,
    )


_LINE_ROLES: Final[Mapping[str, str]] = {
    "line": "text",
    "intercept": "estimate",
    "intercept_std_error": "std_error",
    "slope": "estimate",
    "std_error": "std_error",
    "z": "statistic",
    "p_value": "p_value",
    "lack_of_fit": "statistic",
    "df": "integer",
    "lack_p_value": "p_value",
}
_LINE_LABELS: Final[Mapping[str, str]] = {
    "line": "Line",
    "intercept": "Intercept",
    "intercept_std_error": "SE of intercept",
    "slope": "Slope",
    "std_error": "SE of slope",
    "lack_of_fit": "Lack of fit",
    "lack_p_value": "p of lack of fit",
}
_STANDS: Final[Mapping[str, str]] = {
    "value": "the values themselves",
    "mean": "the means of the bins",
    "middle": "the middles of the intervals",
    "rank": "the places 1, 2, ... of the levels",
}


def _line_notes(lines: _Lines, found: Levels, scale: _Scale) -> Iterator[str]:
    """Say what a slope is, and why one may be missing."""
    unit = "per level" if found.scale == "rank" else f"per unit of {found.name}"
    yield f"Slopes are log-odds ({scale.name}) {unit}."
    if lines.likelihood.reason == "separated":
        yield f"A value of {found.name} separates events from non-events: the maximum-likelihood slope is infinite."
    elif lines.likelihood.reason:
        yield f"There is no maximum-likelihood line: {lines.likelihood.reason}."


def _about_lines(stands: str, scale: _Scale) -> Iterator[str]:
    """Say how the two lines are found."""
    yield (
        f"Weighted least squares: through the log-odds at {_STANDS[stands]}, with weights n p (1 - p); lack of fit is "
        "the minimum logit chi-square about that line."
    )
    where = "the values of the rows themselves, not to the bins" if stands == "mean" else "the same places"
    yield f"Maximum likelihood: the logit fitted to {where}."
    if scale is _TEN:
        yield "Base-10 intercepts and slopes times 2.302585 are coefficients of the logit."


# ------------------------------------------------------------------------------------------------------------ the chart


def _chart(found: Levels, odds: Odds, event: Event, scale: _Scale, level: float, lines: _Lines | None) -> Chart:
    """Draw the log-odds with intervals: beside lines where there are any to differ from, else level by level."""
    drawn, x, y, left_out = (
        _by_level(found, odds, scale, level)
        if lines is None or not lines.berkson.df
        else _by_position(found, odds, scale, level, lines)
    )
    label = f"Log-odds of {event.label} ({scale.name})"
    x, y = (replace(axis, label=axis.label or label) for axis in (x, y))
    title = f"Log-odds of {event.label} by {found.name}"
    return Chart("log_odds", title, drawn, x, y, left_out, _described(found, odds, event))


def _intervals(place: Floats, odds: Odds, rows: slice, scale: _Scale, level: float, upright: bool) -> Series:
    """Draw each log-odds with its interval, larger where there are more rows."""
    centre, error = odds.log_odds[rows] / scale.unit, odds.error[rows] / scale.unit
    half = normal_quantile(level) * error
    x, y = (place, centre) if upright else (centre, place)
    n = (odds.events + odds.nonevents)[rows]
    return Series(f"Observed, {100 * level:g}% interval", "intervals", x, y, centre - half, centre + half, n)


def _overall(found: Levels, scale: _Scale) -> Floats:
    return np.array([math.log(found.events.sum() / found.nonevents.sum()) / scale.unit])


_Drawing = tuple[tuple[Series, ...], Axis, Axis, tuple[str, ...]]
_ANYWHERE: Final = np.array([np.nan])


def _by_level(found: Levels, odds: Odds, scale: _Scale, level: float) -> _Drawing:
    """Draw level below level; the axis without a label is that of the log-odds."""
    place = np.arange(len(found.labels), dtype=np.float64)
    drawn = (
        Series("All rows", "reference", _overall(found, scale), _ANYWHERE),
        _intervals(place, odds, slice(None), scale, level, upright=False),
    )
    return drawn, Axis(""), Axis(found.name, categories=found.labels), ()


def _by_position(found: Levels, odds: Odds, scale: _Scale, level: float, lines: _Lines) -> _Drawing:
    """Draw levels where they stand, and the lines; the axis without a label is that of the log-odds."""
    rows, place = found.present, found.position[found.present]
    # Named places are counted from 0 in a chart, ranks from 1.
    shift = 1.0 if found.scale == "rank" else 0.0
    drawn = (
        Series("All rows", "reference", _ANYWHERE, _overall(found, scale)),
        _intervals(place - shift, odds, rows, scale, level, upright=True),
        *_drawn_lines(lines, place, scale, shift),
    )
    what = {"mean": " (mean of the bin)", "middle": " (middle of the interval)"}.get(found.scale, "")
    x = Axis(found.name + what, categories=found.labels[rows] if found.scale == "rank" else None)
    return drawn, x, Axis(""), ("Rows without a value are not drawn.",) if found.missing else ()


def _drawn_lines(lines: _Lines, place: Floats, scale: _Scale, shift: float) -> Iterator[Series]:
    ends = np.array([np.nanmin(place), np.nanmax(place)])
    for name, line in (("Weighted least squares", lines.berkson.line), ("Maximum likelihood", lines.likelihood.line)):
        if math.isfinite(line.slope):
            yield Series(name, "line", ends - shift, (line.intercept + line.slope * ends) / scale.unit)


def _described(found: Levels, odds: Odds, event: Event) -> str:
    """Say what the chart shows to those who cannot see it."""
    if not np.isfinite(odds.log_odds).any():
        return f"Log-odds of {event.label} by {found.name}: there is nothing to draw."
    top, bottom = int(np.nanargmax(odds.log_odds)), int(np.nanargmin(odds.log_odds))
    return (
        f"Observed log-odds of {event.label} by {found.name}: highest at {found.labels[top]}, "
        f"lowest at {found.labels[bottom]}."
    )


# ----------------------------------------------------------------------------------------------------------- screening

_SCREEN_ROLES: Final[Mapping[str, str]] = {
    "predictor": "text",
    "kind": "text",
    "levels": "integer",
    "missing": "count",
    "iv": "estimate",
    "statistic": "statistic",
    "df": "integer",
    "p_value": "p_value",
    "c": "probability",
}
_SCREEN_LABELS: Final[Mapping[str, str]] = {
    "predictor": "Predictor",
    "kind": "Kind",
    "levels": "Levels or bins",
    "missing": "Missing",
    "iv": "IV",
    "statistic": "LR chi-square",
    "c": "c",
}


@dataclass(frozen=True)
class _Summary:
    """One row of a screening."""

    predictor: str
    kind: str
    levels: int
    missing: float
    iv: float
    statistic: float
    df: int
    p_value: float
    log10_p_value: float
    c: float

    @classmethod
    def of(cls, found: Levels) -> _Summary:
        """Sum up one predictor."""
        filled = found.n > 0
        total_e, total_f = float(found.events.sum()), float(found.nonevents.sum())
        iv = _evidence(observed_odds(found.events[filled], found.nonevents[filled]), total_e, total_f)[1]
        statistic, df = _likelihood_ratio(found.events[filled], found.nonevents[filled]), int(filled.sum()) - 1
        tail = chi_square_tail(statistic, df)
        levels = int(filled[found.present].sum())
        return cls(
            found.name,
            found.kind,
            levels,
            found.missing,
            float(iv.sum()),
            statistic,
            df,
            tail.p_value,
            tail.log10_p,
            _concordance(found),
        )


def _likelihood_ratio(events: Floats, nonevents: Floats) -> float:
    """Give G2 = 2 sum O ln(O / E) of the table of levels by outcome."""

    def half(one: Floats, other: Floats) -> float:
        return float((xlogy(one, one) + xlogy(other, other) - xlogy(one + other, one + other)).sum())

    within, overall = half(events, nonevents), half(events.sum(keepdims=True), nonevents.sum(keepdims=True))
    return max(2 * (within - overall), 0.0)


def _concordance(found: Levels) -> float:
    """Give the share of concordant pairs, ties 1/2, among the rows with a value."""
    events, nonevents = found.events[found.present], found.nonevents[found.present]
    if found.kind == "numeric" and found.points is not None:
        ends = [int(found.labels[:1] == ("-∞",)), int(found.labels[found.present][-1:] == ("∞",))]
        events, nonevents = (
            np.concatenate([part[: ends[0]], inner, part[part.size - ends[1] :]])
            for part, inner in ((events, found.points.events), (nonevents, found.points.nonevents))
        )
    elif found.kind == "categorical" and found.scale == "none":
        order = np.argsort(events / (events + nonevents), kind="stable")
        events, nonevents = events[order], nonevents[order]
    if not (events.sum() > 0 and nonevents.sum() > 0):
        return math.nan
    return count_pairs(Ranking(np.arange(events.size, dtype=np.float64), events, nonevents)).c


def _screened(sample: Sample, cut: Cut) -> tuple[list[Levels], list[str]]:
    """Gather the levels of each predictor; a column that has none (dates, lists) is left out if nobody named it."""
    found, left_out = [], []
    for one in sample.predictors:
        try:
            own = cut if is_number(one.values) else Cut()
            found.append(levels_of(one.values, one.events, one.nonevents, cut=own))
        except DataError as problem:
            if sample.chosen:
                raise
            left_out.append(f"Left out: {problem}")
    return found, left_out


def _screen_notes(found: list[Levels]) -> Iterator[str]:
    large = [levels.name for levels in found if len(levels.labels) > MANY_LEVELS]
    if large:
        yield f"More than {MANY_LEVELS} levels, and no table of its own: {listing(large)}."
    if any(levels.missing for levels in found):
        yield "Rows without a value are one level of the information value and the test; c leaves them out."
    if any(levels.kind == "categorical" for levels in found):
        yield "c of a predictor without an order takes its levels in the order of their event rates."


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
