"""How far are the events of each bin of a number from those that the model expects there?

The gap of a bin is the sum over its rows of outcome less fitted probability. With J the derivative of the expected
events by the coefficients and A the information, it varies by V - J A^-1 J', V being what the outcomes alone vary by:
the estimates have seen the same rows, so that gaps are smaller than those of new rows. For the logit the gap is the
score of the bin's own column, and gap / standard error the signed root of its score test.

Reference: Tsiatis (1980), Biometrika 67, 250-251; Pregibon (1982), GLIM 82, Lecture Notes in Statistics 14, 87-97.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, over_blocks
from glmlr.shape.added_columns import Fitted, meat_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: A variance below this share of what outcomes alone vary by is rounding: the model fits the bin whatever happens.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Gaps:
    """Observed and expected events in m bins.

    Attributes:
        n: Bernoulli trials, by frequency, shape (m,).
        events: those that are events, shape (m,).
        expected: sum of the fitted probabilities, shape (m,).
        std_error: of events - expected, shape (m,); NaN where the model fits the bin whatever the outcomes.

    """

    n: Floats
    events: Floats
    expected: Floats
    std_error: Floats

    @property
    def gap(self) -> Floats:
        """Observed less expected events, shape (m,)."""
        return self.events - self.expected


@dataclass(frozen=True, eq=False)
class _Sums:
    """What the rows add up to, by bin (m) and column (k).

    Attributes:
        n, events, expected: shape (m,).
        variance: of the outcomes, shape (m,).
        slope: derivative of the expected events by the coefficients J, shape (m, k).
        with_score: sum of gap times score, shape (m, k).
        by_cluster: gaps and scores of each cluster, shape (m + k, G), or (0, 0) without clusters.

    """

    n: Floats
    events: Floats
    expected: Floats
    variance: Floats
    slope: Floats
    with_score: Floats
    by_cluster: Floats

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(*(vars(self)[name] + vars(other)[name] for name in vars(self)))


def gaps_of(fitted: Fitted, x: Floats, place: Callable[[Floats], Integers], groups: int, *, shift: float = 0.0) -> Gaps:
    """Compare observed with expected events by bin.

    Args:
        fitted: the model.
        x: a number of each row, shape (n,).
        place: gives the bin of each value, 0 ... groups - 1.
        groups: number of bins.
        shift: what class weights added to the intercept, which expected events are without.

    """
    sums = over_blocks(
        fitted.rows,
        lambda block: _sums(fitted, block, place(x[block.start : block.start + block.size]), groups, shift),
        _Sums.__add__,
    )
    taken = sums.slope @ fitted.inverse
    if fitted.clusters is not None:
        apart = sums.by_cluster[:groups] - taken @ sums.by_cluster[groups:]
        variance = (apart**2).sum(axis=1) * fitted.clusters / (fitted.clusters - 1)
    else:
        middle = meat_of(fitted, fitted.rows, fitted.beta) if fitted.robust else None
        both = sums.with_score if fitted.robust else sums.slope
        own = _own(taken, both, middle)
        variance = sums.variance - own
    known = variance > _ROUNDING * sums.variance
    std_error = np.sqrt(np.where(known, variance, np.nan))
    return Gaps(sums.n, sums.events, sums.expected, std_error)


def _own(taken: Floats, both: Floats, middle: Floats | None) -> Floats:
    """Give what the estimates take off the variance of each gap, shape (m,)."""
    if middle is None:
        return np.asarray(np.einsum("gk,gk->g", taken, both))
    return np.asarray(2 * np.einsum("gk,gk->g", taken, both) - np.einsum("gk,kj,gj->g", taken, middle, taken))


def _sums(fitted: Fitted, block: Block, place: Integers, groups: int, shift: float) -> _Sums:
    """Add up one block."""
    link, eta, y = fitted.link, block.eta(fitted.beta), block.y
    trials = np.ones(block.size) if block.weight is None else block.weight
    importance = np.ones(block.size) if block.importance is None else block.importance
    p, q = link.mean(eta - shift), np.exp(link.log_complement(eta - shift))

    def added(values: Floats) -> Floats:
        return np.bincount(place, weights=values, minlength=groups).astype(np.float64)

    def times(values: Floats) -> Floats:
        return np.array([block.times(np.where(place == group, values, 0.0)) for group in range(groups)])

    variance, with_score = trials * p * q, np.zeros((groups, fitted.rank))
    if fitted.robust:
        event, nonevent = link.event_score(eta), link.nonevent_score(eta)
        variance = trials * (y * q**2 + (1 - y) * p**2)
        with_score = times(trials * importance * (y * q * event - (1 - y) * p * nonevent))
    by_cluster = np.zeros((0, 0))
    if fitted.clusters is not None:
        gap, score = trials * (y - p), trials * importance * link.score(eta, y)
        by_cluster = _by_cluster(fitted, block, place, groups, gap, score)
    slope = times(trials * link.density(eta - shift))
    return _Sums(added(trials), added(trials * y), added(trials * p), added(variance), slope, with_score, by_cluster)


def _by_cluster(fitted: Fitted, block: Block, place: Integers, groups: int, gap: Floats, score: Floats) -> Floats:
    """Add up gaps by bin, and scores by column, within each cluster, shape (groups + k, clusters)."""
    clusters = fitted.clusters or 0
    own = np.zeros(block.size, dtype=np.int64) if block.cluster is None else block.cluster
    gaps = np.bincount(place * clusters + own, weights=gap, minlength=groups * clusters).reshape(groups, clusters)
    scores = np.array([np.bincount(own, weights=row * score, minlength=clusters) for row in block.x])
    return np.vstack([gaps, scores])
