"""How many of the rows called positive are events? Average precision, the area under the curve, and the best F1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from glmlr.proportions import normal_quantile
from glmlr.ranking import Ranking
from glmlr.ranking.from_top import Above, from_top

Floats = npt.NDArray[np.float64]
#: Sums of squares of differences of numbers up to 1 leave this much of an error that is 0.
_ROUNDING: Final = 1e-14


@dataclass(frozen=True)
class AveragePrecision:
    """The mean precision at the cut-offs of the events.

    Attributes:
        value: sum of (rise in recall) x precision over the cut-offs.
        std_error: by the infinitesimal jackknife; NaN where there is one event or one non-event only.
        low, high: interval on the logit scale; NaN without a standard error, or where it is 0.

    """

    value: float
    std_error: float
    low: float
    high: float


def average_precision(ranking: Ranking, level: float = 0.95) -> AveragePrecision:
    """Give the average precision with a standard error for given numbers of events and of non-events.

    One more event at score s raises the precision at each cut-off c <= s by FP / (TP + FP)^2, one more non-event
    lowers it by TP / (TP + FP)^2; an event also brings the precision at its own score. The variance is the sum of
    those of the two means (the infinitesimal jackknife).

    Reference: Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, ch. 6; Boyd, Eng & Page (2013),
    ECML PKDD, LNCS 8190, 451-466 (logit interval).
    """
    parts = from_top(ranking, _summed)
    events, nonevents = ranking.total_events, ranking.total_nonevents
    value = sum(part.precision for part in parts) / events
    # Mean rise over the events, and mean fall over the non-events: both count, for each cut-off, what is above it.
    above = sum(part.crossed for part in parts)
    rises = list(accumulate((part.rise for part in parts), initial=0.0))
    falls = list(accumulate((part.fall for part in parts), initial=0.0))
    starts = {run: (rise, fall) for run, rise, fall in zip((part.start for part in parts), rises, falls, strict=False)}

    def squares(run: Above) -> tuple[float, float]:
        rise, fall = starts[run.rows.start]
        called = run.true_positives + run.false_positives
        weight = run.events / called**2
        of_events = run.true_positives / called + (rise - value - above / events)
        of_events += np.cumsum(weight * run.false_positives)
        of_nonevents = np.cumsum(weight * run.true_positives) + (fall - above / nonevents)
        return float((run.events * of_events**2).sum()), float((run.nonevents * of_nonevents**2).sum())

    of_events, of_nonevents = (sum(side) for side in zip(*from_top(ranking, squares), strict=True))
    if events <= 1 or nonevents <= 1:
        return AveragePrecision(value, math.nan, math.nan, math.nan)
    variance = of_events / (events * (events - 1)) + of_nonevents * (nonevents / events) ** 2 / (
        nonevents * (nonevents - 1)
    )
    # What rounding leaves of an error that is 0, in a perfect order or in none, is no error.
    error = math.sqrt(variance) if variance > _ROUNDING**2 else 0.0
    return AveragePrecision(value, error, *_logit_interval(value, error, level))


class _Sums(NamedTuple):
    """What one run of scores adds to the sums over cut-offs."""

    start: int
    precision: float
    rise: float
    fall: float
    crossed: float


def _summed(run: Above) -> _Sums:
    called = run.true_positives + run.false_positives
    weight = run.events / called**2
    return _Sums(
        run.rows.start,
        float((run.events * run.true_positives / called).sum()),
        float((weight * run.false_positives).sum()),
        float((weight * run.true_positives).sum()),
        float((weight * run.true_positives * run.false_positives).sum()),
    )


def _logit_interval(value: float, error: float, level: float) -> tuple[float, float]:
    if not (error > 0 and 0 < value < 1):
        return math.nan, math.nan
    reach = normal_quantile(level) * error / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def interpolated_area(ranking: Ranking) -> float:
    """Give the area under the precision-recall curve with false positives rising evenly between two cut-offs.

    Between the points the precision at TP + t is (TP + t) / (TP + t + FP + s t), s the false positives per true
    positive; its integral is closed: t / a - b / a^2 log(1 + a t / (TP + FP)) with a = 1 + s, b = FP - s TP.

    Reference: Davis & Goadrich (2006), ICML, 233-240; Keilwagen, Grosse & Grau (2014), PLoS ONE 9, e92209.
    """

    def added(run: Above) -> float:
        rising = np.flatnonzero(run.events)
        e = run.events[rising]
        f = run.nonevents[rising]
        slope = f / e
        true, false = run.true_positives[rising] - e, run.false_positives[rising] - f
        a, b = 1 + slope, false - slope * true
        called = true + false
        # Before the first row there is nothing to divide by; b is 0 there.
        grown = np.log1p(np.divide(a * e, called, out=np.zeros_like(e), where=called > 0))
        return float((e / a - b / a**2 * grown).sum())

    return sum(from_top(ranking, added)) / ranking.total_events


@dataclass(frozen=True)
class BestF1:
    """The cut-off with the largest F1 = 2 TP / (TP + FP + events); of several, the highest.

    Attributes:
        f1: its size.
        place: position of the score.
        true_positives: events at or above it.
        false_positives: non-events at or above it.

    """

    f1: float
    place: int
    true_positives: float
    false_positives: float


def best_f1(ranking: Ranking) -> BestF1:
    """Find the largest F1."""

    def best(run: Above) -> BestF1:
        f1 = 2 * run.true_positives / (run.true_positives + run.false_positives + ranking.total_events)
        at = f1.size - 1 - int(np.argmax(f1[::-1]))
        return BestF1(float(f1[at]), run.rows.start + at, float(run.true_positives[at]), float(run.false_positives[at]))

    return max(from_top(ranking, best), key=lambda one: (one.f1, one.place))
