"""What do many weightings of the same rows add up to? One pass for many models that differ in their class weights.

The products of any two columns are formed once for all models; the information of each is then a weighted sum of them,
and those of all models one product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.columns import weighted_gram
from glmlr.links import Link
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Up to so many columns the products of any two are formed; with more there would be too many.
_NARROW: Final = 12
#: BLAS is fastest at products of matrices of about so many multiplications.
_PRODUCTS_AT_ONCE: Final = 1_000_000
_FEWEST_ROWS: Final = 128
_ROWS: Final = 4000


@dataclass(frozen=True, eq=False)
class ManySums:
    """What one pass adds up for m models of k columns: log-likelihood (m,), score (m, k), information (m, k, k)."""

    loglik: Floats
    score: Floats
    information: Floats

    def __add__(self, other: ManySums) -> ManySums:
        return ManySums(self.loglik + other.loglik, self.score + other.score, self.information + other.information)


def sums_at_many(
    rows: Rows, betas: Floats, link: Link, class_weights: Floats | None = None, *, expected: bool = True
) -> ManySums:
    """Give log-likelihood, score and information of many models of the same rows in one pass.

    Args:
        rows: blocks with k columns.
        betas: coefficients of each model, shape (m, k).
        link: the link.
        class_weights: weights of non-events and of events of each model, shape (m, 2), which multiply the importance of
            the rows; None for 1. An outcome between 0 and 1 weighs in between.
        expected: whether the expected or the observed information is wanted.

    """
    weights = np.ones((betas.shape[0], 2)) if class_weights is None else class_weights
    with one_blas_thread():
        return over_blocks(rows, lambda block: _of_block(block, betas, link, weights, expected), ManySums.__add__)


def _of_block(block: Block, betas: Floats, link: Link, weights: Floats, expected: bool) -> ManySums:
    m, k = betas.shape
    step = _ROWS if k > _NARROW else min(max(_FEWEST_ROWS, 2 * _PRODUCTS_AT_ONCE // (k * (k + 1) * m)), _ROWS)
    loglik, score, information = np.zeros(m), np.zeros((m, k)), np.zeros((m, k, k))
    for start in range(0, block.size, step):
        part = block.at_rows(slice(start, start + step))
        x, y = part.x, part.y
        eta = np.dot(betas, x)
        if part.offset is not None:
            eta += part.offset
        each = weights[:, :1] + (weights[:, 1:] - weights[:, :1]) * y
        total = part.total_weight()
        if total is not None:
            each *= total
        found = link.likelihood(eta.ravel(), np.tile(y, m), expected=expected)
        loglik += np.einsum("mb,mb->m", found.loglik.reshape(m, -1), each)
        score += np.dot(found.score.reshape(m, -1) * each, x.T)
        information += _grams(x, found.information.reshape(m, -1) * each)
    return ManySums(loglik, score, information)


def _grams(x: Floats, weights: Floats) -> Floats:
    """Give the sum over rows of weight x x' for each of many weightings (m, b), shape (m, k, k)."""
    k, b = x.shape
    if k > _NARROW:
        return np.array([weighted_gram(x, weight) for weight in weights])
    products, end = np.empty((k * (k + 1) // 2, b)), 0
    for column in range(k):
        start, end = end, end + k - column
        np.multiply(x[column], x[column:], out=products[start:end])
    first, second = np.triu_indices(k)
    grams = np.empty((len(weights), k, k))
    grams[:, first, second] = grams[:, second, first] = np.dot(weights, products.T)
    return grams
