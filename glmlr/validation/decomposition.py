"""Where does a score of probabilities come from? Miscalibration, discrimination and uncertainty, with and without bins.

References: Murphy (1973), Journal of Applied Meteorology 12, 595-600; Stephenson, Coelho & Jolliffe (2008), Weather and
Forecasting 23, 752-757; Dimitriadis, Gneiting & Jordan (2021), PNAS 118, e2016191118.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups
from glmlr.ranking.isotonic import Isotonic
from glmlr.runs import in_threads, runs_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """A mean score = miscalibration - discrimination + uncertainty.

    Attributes:
        score: of the probabilities.
        recalibrated: of the isotonic fit to the outcomes, the best that a rising function of them can have.
        uncertainty: of the observed rate, given to all rows.

    """

    score: float
    recalibrated: float
    uncertainty: float

    @property
    def miscalibration(self) -> float:
        """How much the isotonic fit would gain; not negative but for rounding, which is none."""
        return max(self.score - self.recalibrated, 0.0)

    @property
    def discrimination(self) -> float:
        """How much the isotonic fit gains over the observed rate."""
        return max(self.uncertainty - self.recalibrated, 0.0)


def brier_parts(score: float, fit: Isotonic) -> Parts:
    """Split a Brier score by the isotonic fit to its outcomes."""
    rate = float(fit.events.sum()) / _total(fit)
    left = float((fit.events * (1 - fit.rate)).sum()) / _total(fit)
    return Parts(score, left, rate * (1 - rate))


def log_score_parts(score: float, fit: Isotonic) -> Parts:
    """Split a logarithmic score by the isotonic fit to its outcomes."""
    events, nonevents = float(fit.events.sum()), float(fit.nonevents.sum())
    left = -float(xlogy(fit.events, fit.rate).sum() + xlogy(fit.nonevents, 1 - fit.rate).sum()) / _total(fit)
    rate = events / _total(fit)
    return Parts(score, left, -float(xlogy(events, rate) + xlogy(nonevents, 1 - rate)) / _total(fit))


def _total(fit: Isotonic) -> float:
    return float(fit.events.sum() + fit.nonevents.sum())


@dataclass(frozen=True)
class GroupParts:
    """A Brier score = reliability - resolution + uncertainty + within_variance - within_covariance, over groups.

    Attributes:
        reliability: mean squared distance of a group's mean probability and its observed rate.
        resolution: mean squared distance of a group's observed rate and that of all rows.
        uncertainty: r (1 - r), r being the observed rate of all rows.
        within_variance: mean squared distance of the probabilities to the mean of their group.
        within_covariance: twice the mean product of that distance and the outcome's to the rate of the group.
        ece, mce: mean and largest distance of a group's mean probability and its observed rate.

    """

    reliability: float
    resolution: float
    uncertainty: float
    within_variance: float
    within_covariance: float
    ece: float
    mce: float


def group_parts(ranking: Ranking, groups: Groups) -> GroupParts:
    """Split the Brier score over groups of neighbouring scores."""
    n, total, rate = groups.n, ranking.total, ranking.total_events / ranking.total
    mean, observed = groups.expected / n, groups.events / n
    gap = np.abs(mean - observed)
    variance, covariance = _within(ranking, groups, mean, observed)
    return GroupParts(
        reliability=float((n * gap**2).sum()) / total,
        resolution=float((n * (observed - rate) ** 2).sum()) / total,
        uncertainty=rate * (1 - rate),
        within_variance=variance / total,
        within_covariance=2 * covariance / total,
        ece=float((n * gap).sum()) / total,
        mce=float(gap.max()),
    )


def score_parts(ranking: Ranking) -> GroupParts:
    """Split the Brier score over its distinct scores, each of which is a group: nothing is left within them."""
    rate, total = ranking.total_events / ranking.total, ranking.total

    def summed(run: slice) -> tuple[Floats, float]:
        events, n = ranking.events[run], ranking.events[run] + ranking.nonevents[run]
        observed = events / n
        gap = np.abs(ranking.score[run] - observed)
        sums = [(n * gap * gap).sum(), (n * (observed - rate) ** 2).sum(), (n * gap).sum()]
        return np.array(sums), float(gap.max())

    parts = in_threads(summed, runs_of(ranking.score.size))
    reliability, resolution, ece = (np.sum([sums for sums, _ in parts], axis=0) / total).tolist()
    return GroupParts(reliability, resolution, rate * (1 - rate), 0.0, 0.0, ece, max(gap for _, gap in parts))


def _within(ranking: Ranking, groups: Groups, mean: Floats, observed: Floats) -> tuple[float, float]:
    """Add up squares and products of the distances of rows to the means of their group."""
    start = np.searchsorted(ranking.score, groups.low)
    bounds = zip(start.tolist(), [*start[1:].tolist(), ranking.score.size], strict=True)
    pieces = [
        (group, slice(first + run.start, first + run.stop))
        for group, (first, end) in enumerate(bounds)
        for run in runs_of(end - first)
    ]

    def summed(piece: tuple[int, slice]) -> tuple[float, float]:
        group, run = piece
        events, nonevents = ranking.events[run], ranking.nonevents[run]
        away = ranking.score[run] - mean[group]
        product = events * (1 - observed[group]) - nonevents * observed[group]
        return float(((events + nonevents) * away * away).sum()), float((product * away).sum())

    sums = in_threads(summed, pieces)
    return math.fsum(square for square, _ in sums), math.fsum(product for _, product in sums)
