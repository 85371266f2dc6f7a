"""How large is the area under a part of the ROC curve, and how uncertain? Sums over runs of scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking
from glmlr.ranking.from_top import Above, from_top

Floats = npt.NDArray[np.float64]
#: Sums of squares of differences of numbers up to 1 leave this much of an error that is 0.
_ROUNDING: Final = 1e-14


@dataclass(frozen=True)
class PartialArea:
    """The area under a part of the ROC curve.

    Attributes:
        area: the area over the stated range.
        std_error: its standard error; NaN where there is one event or one non-event only.
        smallest: area under the rising diagonal there, which chance gives.
        largest: area of a perfect curve there.

    """

    area: float
    std_error: float
    smallest: float
    largest: float

    @property
    def standardised(self) -> float:
        """McClish's correction: 1/2 at chance, 1 for a perfect curve; NaN below the diagonal."""
        if self.area < self.smallest:
            return math.nan
        return (1 + (self.area - self.smallest) / (self.largest - self.smallest)) / 2

    @property
    def standardised_error(self) -> float:
        """Standard error of the standardised area."""
        return self.std_error / (2 * (self.largest - self.smallest))


def partial_area(ranking: Ranking, low: float, high: float) -> PartialArea:
    """Give the area under a ROC curve where the specificity is from `low` to `high`, 0 <= low < high <= 1.

    An event adds the length of the range over which it is positive, a non-event the height of the curve above (or
    below) that at the ends of the range, for the ends move with the non-events; the variance is the sum of those of
    the two means. From 0 to 1 the standard error is DeLong's.

    Reference: McClish (1989), Medical Decision Making 9, 190-195; He & Escobar (2008), Statistics in Medicine 27,
    5291-5308 (nonparametric variance of partial areas).
    """
    events, nonevents = ranking.total_events, ranking.total_nonevents
    ends = 1 - high, 1 - low
    parts = from_top(ranking, lambda run: _measured(_line(run, events, nonevents), ends))
    left, right = (
        _End(end, sum(part.to_end[at] for part in parts), _middle([height for part in parts for height in part.at[at]]))
        for at, end in enumerate(ends)
    )
    area = right.area - left.area
    mean = area - right.height * right.x + left.height * left.x
    # The area before each run: the runs of higher scores come first along the curve.
    before = dict(zip((part.end for part in parts[::-1]), accumulate(part.area for part in parts[::-1]), strict=True))
    before = {part.end: before[part.end] - part.area for part in parts}

    def squares(run: Above) -> tuple[float, float]:
        line = _line(run, events, nonevents)
        under = before[run.rows.stop] + np.append(0.0, np.cumsum(_trapezoids(*line)))
        length = _positive_to(line.x, right.x) - _positive_to(line.x, left.x)
        height = _height_to(line.x, under, right) - _height_to(line.x, under, left)
        of_events = float((run.events[::-1] * (length - area) ** 2).sum())
        return of_events, float((run.nonevents[::-1] * (height - mean) ** 2).sum())

    of_events, of_nonevents = (sum(side) for side in zip(*from_top(ranking, squares), strict=True))
    error = math.nan
    if min(events, nonevents) > 1:
        variance = of_events / ((events - 1) * events) + of_nonevents / ((nonevents - 1) * nonevents)
        # What rounding leaves of a variance that is 0 is no variance.
        error = math.sqrt(variance) if variance > _ROUNDING**2 else 0.0
    return PartialArea(area, error, (ends[0] + ends[1]) * (high - low) / 2, high - low)


class _Line(NamedTuple):
    """The points of a run along the curve, shape (r + 1,), from the last one of the run before."""

    x: Floats
    y: Floats
    end: int


class _Measured(NamedTuple):
    """Area below a run's part of the curve, that up to each end of the range, and the heights met at each end."""

    end: int
    area: float
    to_end: list[float]
    at: list[list[float]]


class _End(NamedTuple):
    """An end of the range: the area up to it, and the height of the curve there."""

    x: float
    area: float
    height: float


def _line(run: Above, events: float, nonevents: float) -> _Line:
    return _Line(
        np.append(run.nonevents_above, run.false_positives[::-1]) / nonevents,
        np.append(run.events_above, run.true_positives[::-1]) / events,
        run.rows.stop,
    )


def _trapezoids(x: Floats, y: Floats, _: int) -> Floats:
    return np.diff(x) * (y[1:] + y[:-1]) / 2


def _measured(line: _Line, ends: tuple[float, float]) -> _Measured:
    x, y, _ = line
    areas = _trapezoids(*line)
    to_end, heights = [], []
    for end in ends:
        lower, upper = (int(np.searchsorted(x, end, side=side)) for side in ("left", "right"))
        met, added = (
            [float(y[lower]), float(y[upper - 1])] if lower < upper else [],
            float(areas[: max(upper - 1, 0)].sum()),
        )
        if lower == upper and 0 < upper < x.size:
            height = float(y[upper - 1] + (end - x[upper - 1]) / (x[upper] - x[upper - 1]) * (y[upper] - y[upper - 1]))
            met = [float(y[lower]), float(y[upper - 1])] if lower < upper else []
        added = float(areas[: max(upper - 1, 0)].sum())
        if lower == upper and 0 < upper < x.size:
            height = float(y[upper - 1] + (end - x[upper - 1]) / (x[upper] - x[upper - 1]) * (y[upper] - y[upper - 1]))
            met, added = [height], added + float(end - x[upper - 1]) * (float(y[upper - 1]) + height) / 2
        to_end.append(added)
        heights.append(met)
    return _Measured(line.end, float(areas.sum()), to_end, heights)


def _middle(heights: list[float]) -> float:
    """Give the height of the curve at an end; where it rises straight up there, the middle of that.

    Rounding of weights that are not whole can leave the last point short of 1; the curve ends there, at 1.
    """
    return (min(heights) + max(heights)) / 2 if heights else 1.0


def _positive_to(x: Floats, end: float) -> Floats:
    """Give the length from 0 to `end` over which an event at each score is positive; in a tie it grows evenly."""
    first, last = x[:-1], x[1:]
    width = last - first
    inside = np.clip(end - first, 0.0, width)
    half = np.divide(inside**2, 2 * width, out=np.zeros_like(width), where=width > 0)
    return half + np.maximum(end - last, 0.0)


def _height_to(x: Floats, under: Floats, end: _End) -> Floats:
    """Give the mean of (curve - height at the end) up to the end over the places of the non-events at each score."""
    width = np.diff(x)
    within = np.diff(np.where(x <= end.x, under, end.area)) - end.height * np.diff(np.minimum(x, end.x))
    return np.divide(within, width, out=np.zeros_like(width), where=width > 0)


def turned(ranking: Ranking) -> Ranking:
    """Give the ranking of the non-events by falling scores: its curve is specificity against 1 - sensitivity."""
    back = slice(None, None, -1)
    return Ranking(-ranking.score[back], ranking.nonevents[back], ranking.events[back], ranking.resolution)
