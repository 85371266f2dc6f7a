"""How often does an event score above a non-event? Pair counts, the area under the curve, and its variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import DataError
from glmlr.proportions import normal_quantile
from glmlr.ranking import Ranking, rank
from glmlr.tails import normal_tail

Floats = npt.NDArray[np.float64]
Number = int | float

#: float64 adds whole numbers without rounding up to here.
_EXACT_FLOATS: Final = 2**53


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
    events, nonevents, below = ranking.events, ranking.nonevents, ranking.nonevents_below
    if not ranking.is_counted:
        total = ranking.total_events * ranking.total_nonevents
        up, level = float((events * below).sum()), float((events * nonevents).sum())
        return Pairs(up, max(total - up - level, 0.0), level, ranking.total)
    total_pairs = ranking.total_events * ranking.total_nonevents
    if total_pairs >= _EXACT_FLOATS:
        return _counted_in_integers(ranking)
    concordant, tied = int(np.dot(events, below)), int(np.dot(events, nonevents))
    return Pairs(concordant, int(total_pairs) - concordant - tied, tied, int(ranking.total))


def _counted_in_integers(ranking: Ranking) -> Pairs:
    """Count pairs in Python's integers, which neither overflow nor round."""
    concordant = tied = events = below = 0
    for e, f in zip(map(int, ranking.events.tolist()), map(int, ranking.nonevents.tolist()), strict=True):
        concordant += e * below
        tied += e * f
        events += e
        below += f
    return Pairs(concordant, events * below - concordant - tied, tied, events + below)


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
    auc = count_pairs(ranking).c
    of_events, of_nonevents = placements(ranking)
    variance = _mean_variance(of_events - auc, ranking.events, ranking.total_events)
    variance += _mean_variance(of_nonevents - auc, ranking.nonevents, ranking.total_nonevents)
    error = math.sqrt(variance) if variance >= 0 else math.nan
    reach = normal_quantile(level) * error
    low, high = (max(auc - reach, 0.0), min(auc + reach, 1.0)) if error >= 0 else (math.nan, math.nan)
    return Area(auc, error, low, high)


def placements(ranking: Ranking) -> tuple[Floats, Floats]:
    """Give, at each score, the placement of an event and of a non-event, shape (m,) each."""
    below, above = ranking.nonevents_below, ranking.events_at_or_above - ranking.events
    of_events = (below + ranking.nonevents / 2) / ranking.total_nonevents
    of_nonevents = (above + ranking.events / 2) / ranking.total_events
    return of_events, of_nonevents


def _mean_variance(deviation: Floats, weight: Floats, total: float) -> float:
    """Give the variance of a weighted mean of independent deviations; NaN for fewer than two rows."""
    if total <= 1:
        return math.nan
    return float((weight * deviation**2).sum()) / (total - 1) / total


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
    for side, rows in ((0, is_event), (1, ~is_event)):
        of_one = placements(one)[side][_positions(one, first[rows])]
        of_two = placements(two)[side][_positions(two, second[rows])]
        variance += _mean_variance(of_one - of_two - difference, w[rows], float(w[rows].sum()))
    error = math.sqrt(variance) if variance >= 0 else math.nan
    reach = normal_quantile(level) * error
    z = difference / error if error > 0 else (0.0 if difference == 0 else math.nan)
    low, high = (difference - reach, difference + reach) if error >= 0 else (math.nan, math.nan)
    return AreaDifference(*areas, difference, error, low, high, z, normal_tail(z).p_value)


def _positions(ranking: Ranking, score: Floats) -> npt.NDArray[np.intp]:
    """Give the place of each score in the ranking, whose scores are the smallest of those that tie."""
    return np.searchsorted(ranking.score, score, side="right") - 1
