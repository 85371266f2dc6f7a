"""Which straight line runs through outcomes of 0 and 1? Least squares on the columns of a design, in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from glmlr.blocks import Block, Rows, Subset, over_blocks
from glmlr.profiles.units import in_good_units

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StraightLine:
    """The linear probability model (k = design columns).

    Attributes:
        beta: least-squares coefficients, shape (k,); NaN where aliased.
        covariance: robust (HC1), for the variance of an outcome of 0 and 1 is not constant, shape (k, k); NaN where
            aliased.

    """

    beta: Floats
    covariance: Floats

    @property
    def working(self) -> Floats:
        """Coefficients that give the fitted values, shape (k,): 0 where aliased."""
        return np.nan_to_num(self.beta)


def straight_line(rows: Rows, estimated: npt.NDArray[np.bool_], trials: float) -> StraightLine:
    """Fit a straight line by least squares, each trial a row with outcome 0 or 1.

    Args:
        rows: blocks of the design with k columns, without an offset.
        estimated: columns that do not depend on those before them, shape (k,).
        trials: number of Bernoulli trials n, for n / (n - columns).

    References: Aldrich & Nelson (1984), Linear Probability, Logit, and Probit Models; White (1980), Econometrica 48.

    """
    kept = np.flatnonzero(estimated)
    own, _, back = in_good_units(Subset(rows, kept), np.zeros(kept.size))
    gram, moment = over_blocks(own, _products, lambda one, two: (one[0] + two[0], one[1] + two[1]))
    factor = cho_factor(gram)
    beta = cho_solve(factor, moment)
    inverse = cho_solve(factor, np.eye(kept.size))
    meat: Floats = over_blocks(own, lambda block: block.gram(_squared_residuals(block, beta)), np.add)
    part = back @ inverse @ meat @ inverse @ back.T * (trials / (trials - kept.size))
    estimates, covariance = np.full(estimated.size, np.nan), np.full((estimated.size, estimated.size), np.nan)
    estimates[kept], covariance[np.ix_(kept, kept)] = back @ beta, (part + part.T) / 2
    return StraightLine(estimates, covariance)


def _products(block: Block) -> tuple[Floats, Floats]:
    weight = block.total_weight()
    return block.gram(weight), block.times(block.y if weight is None else block.y * weight)


def _squared_residuals(block: Block, beta: Floats) -> Floats:
    """Give the sum over a row's trials of the squared residual, shape (b,); events and non-events differ."""
    fitted = block.eta(beta)
    squared = block.y * (1.0 - fitted) ** 2 + (1.0 - block.y) * fitted**2
    if block.weight is not None:
        squared = squared * block.weight
    return squared if block.importance is None else squared * block.importance**2
