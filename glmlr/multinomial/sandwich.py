"""How precise are the estimates of several classes where the variance of the model is not trusted? Sandwiches.

With A the information and B the sum over rows of f w^2 u u', u the score of a row for weight 1, f its frequency and w
its importance, the covariance is A^-1 B A^-1. With two classes it is that of the binomial model.

References: White (1982), Econometrica 50; Zeger & Liang (1986), Biometrics 42 (clusters).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.covariance import sandwich
from glmlr.errors import DataError
from glmlr.multinomial.softmax import Outcomes, residuals_at

Floats = npt.NDArray[np.float64]


def robust(rows: Rows, beta: Floats, outcomes: Outcomes, inverse: Floats, *, factor: float) -> Floats:
    """Give the heteroskedasticity-robust covariance of the stacked coefficients, shape (m q, m q).

    Args:
        rows: blocks with q columns.
        beta: estimates, shape (m, q).
        outcomes: the classes of the rows.
        inverse: inverse information, shape (m q, m q).
        factor: what the meat is multiplied by: 1 for HC0, n / (n - m q) for HC1.

    """

    def part(block: Block) -> Floats:
        residuals = residuals_at(block, beta, outcomes)
        squared = np.ones(block.size) if block.weight is None else block.weight
        if block.importance is not None:
            squared = squared * block.importance**2
        return _products(block, residuals, squared)

    return sandwich(inverse, over_blocks(rows, part, np.add) * factor)


def _products(block: Block, residuals: Floats, weight: Floats) -> Floats:
    """Add up weight x u u' over the rows of a block, shape (m q, m q)."""
    m, q = residuals.shape[0], block.columns
    found = np.empty((m, q, m, q))
    for one in range(m):
        for other in range(one + 1):
            both = weight * residuals[one] * residuals[other]
            # A gram takes weights that are not negative.
            part = block.gram(np.maximum(both, 0.0)) - block.gram(np.maximum(-both, 0.0))
            found[one, :, other, :] = part
            found[other, :, one, :] = part.T
    return found.reshape(m * q, m * q)


def clustered(rows: Rows, beta: Floats, outcomes: Outcomes, inverse: Floats, *, groups: int) -> Floats:
    """Give the cluster-robust covariance, shape (m q, m q), with the factor G / (G - 1).

    Raises:
        DataError: fewer than two clusters, or rows without any.

    """
    if groups < 2:
        raise DataError("Clustered standard errors need at least two clusters; all rows are in one.")

    def part(block: Block) -> Floats:
        if block.cluster is None:
            raise DataError("The rows have no clusters; clustered standard errors need one for each row.")
        residuals, total = residuals_at(block, beta, outcomes), block.total_weight()
        residuals = residuals if total is None else residuals * total
        x = block.x
        sums = [np.bincount(block.cluster, one * column, minlength=groups) for one in residuals for column in x]
        return np.array(sums, dtype=np.float64)

    scores = over_blocks(rows, part, np.add)
    return sandwich(inverse, np.dot(scores, scores.T) * (groups / (groups - 1)))
