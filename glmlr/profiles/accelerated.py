"""Where do bias-corrected accelerated (BCa) intervals end? Percentiles moved for bias and skewness.

References: Efron (1987), J. Amer. Statist. Assoc. 82, 171-185; Davison & Hinkley (1997), Bootstrap Methods and their
Application, sections 5.2.1 (quantiles between ordered values) and 5.3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.links import Link
from glmlr.profiles.units import in_good_units
from glmlr.solver import inverse_information

Floats = npt.NDArray[np.float64]


def bca_interval(estimate: float, replicates: Floats, acceleration: float, level: float) -> tuple[float, float]:
    """Give the BCa interval of one number.

    With z0 the normal quantile of the share of replicates below the estimate, and a the acceleration, the ends are
    quantiles of the replicates at Phi(z0 + (z0 + z) / (1 - a (z0 + z))), z being the normal quantiles of the level.

    Args:
        estimate: from the data.
        replicates: from r resamples, shape (r,), finite.
        acceleration: a; see `accelerations`.
        level: confidence level, in (0, 1).

    Returns:
        Lower and upper end: NaN where all replicates lie on one side of the estimate, or at a pole of the formula.

    """
    ordered = np.sort(replicates)
    below = float(np.mean(ordered < estimate))
    if not 0 < below < 1 or not np.isfinite(acceleration):
        return np.nan, np.nan
    bias = float(ndtri(below))
    shares = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        moved = bias + float(ndtri(share))
        if not 1 - acceleration * moved > 0:
            return np.nan, np.nan
        shares.append(float(ndtr(bias + moved / (1 - acceleration * moved))))
    return _quantile(ordered, shares[0]), _quantile(ordered, shares[1])


def _quantile(ordered: Floats, share: float) -> float:
    """Give a quantile, between ordered values by the normal quantiles of their ranks; the extremes beyond them."""
    rank = (ordered.size + 1) * share
    at = int(rank)
    if at < 1:
        return float(ordered[0])
    if at >= ordered.size:
        return float(ordered[-1])
    here, low, high = ndtri([share, at / (ordered.size + 1), (at + 1) / (ordered.size + 1)])
    return float(ordered[at - 1] + (here - low) / (high - low) * (ordered[at] - ordered[at - 1]))


@dataclass(frozen=True, eq=False)
class _Powers:
    """Sums of squares and cubes of influences, shape (k,) each, and the influences of clusters, shape (k, c)."""

    squares: Floats
    cubes: Floats
    of_cluster: Floats

    def __add__(self, other: _Powers) -> _Powers:
        return _Powers(self.squares + other.squares, self.cubes + other.cubes, self.of_cluster + other.of_cluster)


def accelerations(rows: Rows, beta: Floats, link: Link, clusters: int | None) -> Floats:
    """Give the acceleration of each coefficient, sum(l^3) / (6 sum(l^2)^1.5), shape (k,).

    l is what leaving one trial out takes from the estimate, by one Newton step: A^-1 x s / (1 - h). For clusters it is
    the sum of A^-1 x s over their rows.

    Args:
        rows: rows with the k estimated columns.
        beta: their estimates, shape (k,), all finite.
        link: the link.
        clusters: number of clusters, or None where rows are drawn.

    """
    own, start, back = in_good_units(rows, beta)
    inverse = inverse_information(own, start, link)

    def powers(block: Block) -> _Powers:
        eta = block.eta(start)
        importance = np.ones(block.size) if block.importance is None else block.importance
        trials = np.ones(block.size) if block.weight is None else block.weight
        influence = back @ inverse @ block.x
        if clusters is not None and block.cluster is not None:
            score = importance * trials * link.likelihood(eta, block.y).score
            sums = [np.bincount(block.cluster, one, minlength=clusters) for one in influence * score]
            return _Powers(np.zeros(beta.size), np.zeros(beta.size), np.array(sums))
        left = importance / (1.0 - importance * link.weight(eta) * block.quadratic(inverse))
        squares, cubes = np.zeros(beta.size), np.zeros(beta.size)
        sides = ((trials * block.y, link.event_score), (trials * (1 - block.y), link.nonevent_score))
        for count, score_at in sides:
            one = influence * np.where(count > 0, left * score_at(eta), 0.0)
            squares, cubes = squares + one**2 @ count, cubes + one**3 @ count
        return _Powers(squares, cubes, np.zeros((beta.size, 0)))

    found = over_blocks(own, powers, _Powers.__add__)
    squares = found.squares + (found.of_cluster**2).sum(axis=1)
    cubes = found.cubes + (found.of_cluster**3).sum(axis=1)
    return np.asarray(cubes / (6.0 * squares**1.5))
