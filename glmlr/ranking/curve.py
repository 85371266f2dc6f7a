"""Where does the ROC curve run? Its points, some of them, and readings between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking
from glmlr.ranking.from_top import Above, from_top

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Curve:
    """The points of a ROC curve by falling cut-off, from no positive row to all, joined by straight lines.

    Attributes:
        cutoff: rows at or above it are positive; the first is infinite, shape (m + 1,).
        true_positives, false_positives: weight of the positive events and non-events, shape (m + 1,).

    """

    cutoff: Floats
    true_positives: Floats
    false_positives: Floats

    @cached_property
    def sensitivity(self) -> Floats:
        """Share of the events that are positive, shape (m + 1,)."""
        return np.asarray(self.true_positives / self.true_positives[-1])

    @cached_property
    def false_positive_rate(self) -> Floats:
        """Share of the non-events that are positive, shape (m + 1,)."""
        return np.asarray(self.false_positives / self.false_positives[-1])

    @cached_property
    def specificity(self) -> Floats:
        """Share of the non-events that are negative, shape (m + 1,)."""
        total = self.false_positives[-1]
        return np.asarray((total - self.false_positives) / total)

    def some(self, chosen: Positions) -> Curve:
        """Give the curve through some of the points, the first and the last among them."""
        return Curve(self.cutoff[chosen], self.true_positives[chosen], self.false_positives[chosen])


def roc_points(ranking: Ranking) -> Curve:
    """Give the ROC curve of a ranking; it needs an event and a non-event."""
    return Curve(
        np.append(np.inf, ranking.score[::-1]),
        np.append(0.0, ranking.events_at_or_above[::-1]),
        np.append(0.0, ranking.nonevents_at_or_above[::-1]),
    )


def thinned(ranking: Ranking, wanted: int = 4000) -> Curve:
    """Give about `wanted` points of the ROC curve at even steps of sensitivity + false positive rate, and its ends.

    All points where there are no more. Where there are millions, none but those wanted are made.
    """
    if ranking.score.size <= wanted:
        return roc_points(ranking)
    by_events, by_nonevents = wanted / 2 / ranking.total_events, wanted / 2 / ranking.total_nonevents

    def pick(run: Above) -> tuple[Floats, Floats, Floats]:
        steps = np.floor(run.true_positives * by_events + run.false_positives * by_nonevents)[::-1]
        before = np.floor(run.events_above * by_events + run.nonevents_above * by_nonevents)
        reached = steps.size - 1 - np.flatnonzero(np.diff(steps, prepend=before) > 0)
        if run.rows.start == 0 and (not reached.size or reached[-1] > 0):
            reached = np.append(reached, 0)
        score = ranking.score[run.rows]
        return score[reached], run.true_positives[reached], run.false_positives[reached]

    columns = zip(*from_top(ranking, pick)[::-1], strict=True)
    cutoff, true_positives, false_positives = (np.concatenate(parts) for parts in columns)
    return Curve(np.append(np.inf, cutoff), np.append(0.0, true_positives), np.append(0.0, false_positives))


def evenly(curve: Curve, wanted: int) -> Positions:
    """Choose about `wanted` of the points of a curve at even steps of both rates, both ends included."""
    last = curve.cutoff.size - 1
    if last <= wanted:
        return np.arange(last + 1)
    along = curve.sensitivity + curve.false_positive_rate
    steps = np.searchsorted(along, np.linspace(0.0, float(along[-1]), wanted + 1))
    return np.unique(np.append(np.minimum(steps, last), [0, last]))


# ------------------------------------------------------------------------------------------------ readings


@dataclass(frozen=True)
class Reading:
    """What a curve has where one of its rates is stated.

    Attributes:
        place: the point that attains the stated rate: of those at or above it, the one best in the other rate.
        between: the other rate on the line between the points, exactly at the stated one.

    """

    place: int
    between: float


def at_specificity(curve: Curve, stated: float) -> Reading:
    """Read the sensitivity at a stated specificity in [0, 1]; where the curve rises straight up, its upper end."""
    x, y = curve.specificity, curve.sensitivity
    # The specificities fall; a typed 0.9 equals 9/10 as divided.
    place = int(np.searchsorted(-x, -stated, side="right")) - 1
    if x[place] == stated or place + 1 == x.size:
        return Reading(place, float(y[place]))
    part = (x[place] - stated) / (x[place] - x[place + 1])
    return Reading(place, float(y[place] + part * (y[place + 1] - y[place])))


def at_sensitivity(curve: Curve, stated: float) -> Reading:
    """Read the specificity at a stated sensitivity in [0, 1]; where the curve is level, its left end."""
    x, y = curve.sensitivity, curve.specificity
    place = int(np.searchsorted(x, stated, side="left"))
    if x[place] == stated or place == 0:
        return Reading(place, float(y[place]))
    part = (stated - x[place - 1]) / (x[place] - x[place - 1])
    return Reading(place, float(y[place - 1] + part * (y[place] - y[place - 1])))


@dataclass(frozen=True)
class EqualErrors:
    """Where the false positive rate and the false negative rate are equal.

    Attributes:
        rate: both of them, on the line between the points.
        cutoff: that of the point at which they differ least; of two, the higher.
        false_positive_rate: the rate at this cut-off.
        false_negative_rate: the other one.

    """

    rate: float
    cutoff: float
    false_positive_rate: float
    false_negative_rate: float


def equal_errors(ranking: Ranking) -> EqualErrors:
    """Find where the curve crosses the falling diagonal, sensitivity = specificity."""
    events, nonevents = ranking.total_events, ranking.total_nonevents

    def crossing(run: Above) -> EqualErrors | None:
        true = np.append(run.events_above, run.true_positives[::-1])
        false = np.append(run.nonevents_above, run.false_positives[::-1])
        # 1 - sensitivity = false positive rate, in numbers that are whole where the weights are.
        along = true * nonevents + false * events - events * nonevents
        if not along[0] < 0 <= along[-1]:
            return None
        after = int(np.searchsorted(along, 0.0, side="left"))
        part = along[after - 1] / (along[after - 1] - along[after])
        at = after if along[after] < -along[after - 1] else after - 1
        above = run.rows.stop - at
        return EqualErrors(
            rate=float(false[after - 1] + part * (false[after] - false[after - 1])) / nonevents,
            cutoff=float(ranking.score[above]) if above < ranking.score.size else np.inf,
            false_positive_rate=float(false[at]) / nonevents,
            false_negative_rate=float(events - true[at]) / events,
        )

    # The curve rises all the way, so that it crosses in one run.
    return next(found for found in from_top(ranking, crossing) if found is not None)
