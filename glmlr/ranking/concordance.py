"""How often does an event score above a non-event? Pair counts, the area under the curve, and its variance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.errors import DataError
from glmlr.proportions import normal_quantile
from glmlr.ranking import EXACT_FLOATS, Ranking, rank
from glmlr.ranking.ordering import Columns, in_order, in_threads, keys_of, pieces_of, values_of
from glmlr.tails import normal_tail

Floats = npt.NDArray[np.float64]
Number = int | float


@dataclass(frozen=True)
class Pairs:
    """Every pair of one event and one non-event, counted; whole numbers of any size are exact.

    Attributes:
        concordant: pairs in which the event has the higher score.
        discordant: pairs in which it has the lower one.
        tied: pairs with one score.
        n: rows.

    """

    concordant: Number
    discordant: Number
    tied: Number
    n: Number

    @property
    def total(self) -> Number:
        """Number of pairs."""
        return self.concordant + self.discordant + self.tied

    @property
    def somers_d(self) -> float:
        """(C - D) / pairs."""
        return (self.concordant - self.discordant) / self.total

    @property
    def gamma(self) -> float:
        """(C - D) / (C + D); NaN where all pairs tie."""
        untied = self.concordant + self.discordant
        return (self.concordant - self.discordant) / untied if untied else math.nan

    @property
    def tau_a(self) -> float:
        """(C - D) / (n (n - 1) / 2); NaN where weights that are not whole add up to 1 row or less."""
        return math.nan if self.n <= 1 else 2 * (self.concordant - self.discordant) / (self.n * (self.n - 1))

    @property
    def c(self) -> float:
        """(C + T / 2) / pairs, the area under the ROC curve."""
        return (2 * self.concordant + self.tied) / (2 * self.total)


def count_pairs(ranking: Ranking) -> Pairs:
    """Count concordant, discordant and tied pairs by cumulative sums: exact, O(m), without forming a pair."""
    return _pairs_of(_counted_runs(ranking))


class _Run(NamedTuple):
    """What some consecutive scores count by themselves: events, non-events, pairs in order, pairs at one score."""

    rows: slice
    events: Number
    nonevents: Number
    concordant: Number
    tied: Number


def _counted_runs(ranking: Ranking) -> list[_Run]:
    """Count the scores in runs that stay in cache."""
    exactly = ranking.is_counted

    def count(rows: slice) -> _Run:
        e, f = ranking.events[rows], ranking.nonevents[rows]
        events, nonevents = float(e.sum()), float(f.sum())
        if exactly and max(events, nonevents, events * nonevents) >= EXACT_FLOATS:
            return _Run(rows, *_counted_in_integers(e, f))
        below = ranking.running(f)
        below -= f
        below *= e
        found = events, nonevents, float(below.sum()), float(np.multiply(e, f, out=below).sum())
        return _Run(rows, *(map(int, found) if exactly else found))

    return in_threads(count, pieces_of(ranking.score.size))


def _counted_in_integers(e: Floats, f: Floats) -> tuple[int, int, int, int]:
    """Count in Python's integers, which neither overflow nor round."""
    concordant = tied = events = below = 0
    for event, nonevent in zip(map(int, e.tolist()), map(int, f.tolist()), strict=True):
        concordant += event * below
        tied += event * nonevent
        events += event
        below += nonevent
    return events, below, concordant, tied


def _pairs_of(runs: Sequence[_Run]) -> Pairs:
    """Add up runs: every event also makes a pair with the non-events of the runs below."""
    events: Number = 0
    nonevents: Number = 0
    concordant: Number = 0
    for run in runs:
        concordant += run.concordant + run.events * nonevents
        events += run.events
        nonevents += run.nonevents
    tied = sum(run.tied for run in runs)
    # Sums of weights that are not whole are rounded, perhaps to less than 0.
    return Pairs(concordant, max(events * nonevents - concordant - tied, 0), tied, events + nonevents)


@dataclass(frozen=True)
class Area:
    """An area under the ROC curve: estimate, DeLong standard error, and a plain interval clipped to [0, 1]."""

    auc: float
    std_error: float
    low: float
    high: float


def area(ranking: Ranking, level: float = 0.95) -> Area:
    """Give the area under the ROC curve (Mann-Whitney) with DeLong's standard error.

    The placement of an event is the share of non-events below it (ties count half), that of a non-event the share of
    events above it; the variance of the area is the sum of the variances of the two mean placements. It is NaN where
    there is one event only, or one non-event only.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    runs = _counted_runs(ranking)
    auc = _pairs_of(runs).c
    events_below = accumulate((run.events for run in runs), initial=0)
    nonevents_below = accumulate((run.nonevents for run in runs), initial=0)

    def squares(below: tuple[_Run, Number, Number]) -> tuple[float, float]:
        rows = below[0].rows
        of_events, of_nonevents = placements(ranking, rows, *below[1:])
        events, nonevents = ranking.events[rows], ranking.nonevents[rows]
        return float((events * (of_events - auc) ** 2).sum()), float((nonevents * (of_nonevents - auc) ** 2).sum())

    # One more sum than runs: all rows are below nothing.
    parts = in_threads(squares, list(zip(runs, events_below, nonevents_below, strict=False)))
    of_events, of_nonevents = (sum(side) for side in zip(*parts, strict=True))
    variance = _mean_variance(of_events, ranking.total_events)
    variance += _mean_variance(of_nonevents, ranking.total_nonevents)
    error = math.sqrt(variance) if variance >= 0 else math.nan
    reach = normal_quantile(level) * error
    low, high = (max(auc - reach, 0.0), min(auc + reach, 1.0)) if error >= 0 else (math.nan, math.nan)
    return Area(auc, error, low, high)


def placements(
    ranking: Ranking, rows: slice = slice(None), events_below: Number = 0, nonevents_below: Number = 0
) -> tuple[Floats, Floats]:
    """Give, at each score of a run, the placement of an event and of a non-event, shape (m,) each.

    Args:
        ranking: the ranking.
        rows: the run; all scores unless told.
        events_below: events with scores below those of the run.
        nonevents_below: non-events with scores below those of the run.

    """
    events, nonevents = ranking.events[rows], ranking.nonevents[rows]
    below = nonevents_below + ranking.running(nonevents) - nonevents / 2
    above = ranking.total_events - events_below - ranking.running(events) + events / 2
    return below / ranking.total_nonevents, above / ranking.total_events


def _mean_variance(squares: float, total: float) -> float:
    """Give the variance of a weighted mean from the sum of squared deviations; NaN for fewer than two rows."""
    return math.nan if total <= 1 else squares / (total - 1) / total


@dataclass(frozen=True)
class AreaDifference:
    """Two areas on the same rows and their paired difference (first minus second)."""

    first: Area
    second: Area
    difference: float
    std_error: float
    low: float
    high: float
    z: float
    p_value: float


def area_difference(
    outcome: Floats, first: Floats, second: Floats, weight: Floats | None = None, level: float = 0.95
) -> AreaDifference:
    """Compare two areas on the same rows by DeLong's paired test.

    Args:
        outcome: 0 or 1, shape (n,).
        first: scores of the rows, shape (n,).
        second: other scores of the same rows, shape (n,).
        weight: rows each row stands for, shape (n,), or None for 1.
        level: confidence level of the intervals.

    Raises:
        DataError, WeightError: as `rank`.

    """
    is_event = outcome == 1
    if not (is_event | (outcome == 0)).all():
        raise DataError("A paired comparison needs an outcome of 0 or 1 in every row; give counts as weights.")
    one, two = rank(first, outcome, weight), rank(second, outcome, weight)
    areas = area(one, level), area(two, level)
    difference = areas[0].auc - areas[1].auc
    w = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    variance = 0.0
    placed = [(placements(of), _positions(of, score)) for of, score in ((one, first), (two, second))]
    for side, rows in enumerate((is_event, ~is_event)):
        of_one, of_two = (sides[side][position[rows]] for sides, position in placed)
        squares = float((w[rows] * (of_one - of_two - difference) ** 2).sum())
        variance += _mean_variance(squares, float(w[rows].sum()))
    error = math.sqrt(variance) if variance >= 0 else math.nan
    reach = normal_quantile(level) * error
    z = difference / error if error > 0 else (0.0 if difference == 0 else math.nan)
    low, high = (difference - reach, difference + reach) if error >= 0 else (math.nan, math.nan)
    return AreaDifference(*areas, difference, error, low, high, z, normal_tail(z).p_value)


def _positions(ranking: Ranking, score: Floats) -> npt.NDArray[np.intp]:
    """Give the place of each score in the ranking, whose scores are the smallest of those that tie."""

    def columns(rows: slice) -> Columns:
        return keys_of(score[rows]), np.arange(*rows.indices(score.size))

    # Looked up in order, neighbours are found in cache: a quarter of the time, the sort included.
    keys, row = in_order(score.size, columns)
    place = np.empty(score.size, np.intp)

    def look_up(some: slice) -> None:
        place[row[some]] = np.searchsorted(ranking.score, values_of(keys[some]), side="right") - 1

    in_threads(look_up, pieces_of(score.size))
    return place
