"""What is drawn of one predictor's log-odds? The rows with intervals, and the straight lines through them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import Odds
from glmlr.design.response import Event
from glmlr.errors import OptionError
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.levels import Levels
from glmlr.proportions import normal_quantile
from glmlr.tails import chi_square_tail, normal_tail
from glmlr.trend import LeastSquares, MaximumLikelihood, least_squares, maximum_likelihood

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LogScale:
    """On which scale log-odds are shown: the name of the base, and how many natural logs make one."""

    name: str
    unit: float


NATURAL: Final = LogScale("natural", 1.0)
TEN: Final = LogScale("base 10", math.log(10.0))
_BASES: Final[Mapping[object, LogScale]] = {"natural": NATURAL, "e": NATURAL, "10": TEN, 10: TEN}


def scale_of(log_base: object) -> LogScale:
    """Read the base of the logarithms."""
    if isinstance(log_base, (str, int, float)) and not isinstance(log_base, bool) and log_base in _BASES:
        return _BASES[log_base]
    raise OptionError(f"log_base={log_base!r} is neither 'natural' nor 10; give one of these.")


# ------------------------------------------------------------------------------------------------------------ the lines


@dataclass(frozen=True)
class Lines:
    """The line through the rows of the table, and the line through the rows of the data."""

    berkson: LeastSquares
    likelihood: MaximumLikelihood


def lines_through(found: Levels, odds: Odds) -> Lines | None:
    """Draw both lines where two rows at least stand at different places."""
    berkson = least_squares(found.position, odds)
    if berkson is None or found.points is None:
        return None
    return Lines(berkson, maximum_likelihood(found.points))


def line_table(lines: Lines, found: Levels, scale: LogScale) -> Table:
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


def _line_notes(lines: Lines, found: Levels, scale: LogScale) -> Iterator[str]:
    """Say what a slope is, and why one may be missing."""
    unit = "per level" if found.scale == "rank" else f"per unit of {found.name}"
    yield f"Slopes are log-odds ({scale.name}) {unit}."
    if lines.likelihood.reason == "separated":
        yield f"A value of {found.name} separates events from non-events: the maximum-likelihood slope is infinite."
    elif lines.likelihood.reason:
        yield f"There is no maximum-likelihood line: {lines.likelihood.reason}."


def about_lines(stands: str, scale: LogScale) -> Iterator[str]:
    """Say how the two lines are found."""
    yield (
        f"Weighted least squares: through the log-odds at {_STANDS[stands]}, with weights n p (1 - p); lack of fit is "
        "the minimum logit chi-square about that line."
    )
    where = "the values of the rows themselves, not to the bins" if stands == "mean" else "the same places"
    yield f"Maximum likelihood: the logit fitted to {where}."
    if scale is TEN:
        yield "Base-10 intercepts and slopes times 2.302585 are coefficients of the logit."


# ------------------------------------------------------------------------------------------------------------ the chart


def odds_chart(found: Levels, odds: Odds, event: Event, scale: LogScale, level: float, lines: Lines | None) -> Chart:
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


def _intervals(place: Floats, odds: Odds, rows: slice, scale: LogScale, level: float, upright: bool) -> Series:
    """Draw each log-odds with its interval, larger where there are more rows."""
    centre, error = odds.log_odds[rows] / scale.unit, odds.error[rows] / scale.unit
    half = normal_quantile(level) * error
    x, y = (place, centre) if upright else (centre, place)
    n = (odds.events + odds.nonevents)[rows]
    return Series(f"Observed, {100 * level:g}% interval", "intervals", x, y, centre - half, centre + half, n)


def _overall(found: Levels, scale: LogScale) -> Floats:
    return np.array([math.log(found.events.sum() / found.nonevents.sum()) / scale.unit])


_Drawing = tuple[tuple[Series, ...], Axis, Axis, tuple[str, ...]]
_ANYWHERE: Final = np.array([np.nan])


def _by_level(found: Levels, odds: Odds, scale: LogScale, level: float) -> _Drawing:
    """Draw level below level; the axis without a label is that of the log-odds."""
    place = np.arange(len(found.labels), dtype=np.float64)
    drawn = (
        Series("All rows", "reference", _overall(found, scale), _ANYWHERE),
        _intervals(place, odds, slice(None), scale, level, upright=False),
    )
    return drawn, Axis(""), Axis(found.name, categories=found.labels), ()


def _by_position(found: Levels, odds: Odds, scale: LogScale, level: float, lines: Lines) -> _Drawing:
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
    return drawn, x, Axis(""), _not_drawn(found)


def _not_drawn(found: Levels) -> tuple[str, ...]:
    """Say which rows have no place on the axis."""
    if not found.tail:
        return ()
    missing_alone = found.missing > 0 and found.tail == 1
    return ("Rows without a value are not drawn." if missing_alone else "Missing and special values are not drawn.",)


def _drawn_lines(lines: Lines, place: Floats, scale: LogScale, shift: float) -> Iterator[Series]:
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
