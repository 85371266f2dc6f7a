"""What do rows say of the coefficients of several classes? Log-likelihood, score and information of the softmax.

Class 0 is the reference. With m = J - 1 further classes and k columns the coefficients stand in a matrix (m, k), one
row for each of these classes; stacked row by row they are the vector that score and information speak of. Observed and
expected information are one.

A row's class competes with the classes that are `allowed` beside it: all of them, unless the data separate some from
others; then those that are impossible in the limit play no part.

References: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 5.2.4; Agresti (2013), Categorical
Data Analysis, 3rd ed., section 8.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.newton import Sums

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The class of each row (n = rows, in the order of their blocks).

    Attributes:
        codes: 0 for the reference, then the other classes, shape (n,).
        classes: number of classes J.
        allowed: classes that each row's own class competes with, itself among them, shape (n, J); None for all.

    """

    codes: Integers
    classes: int
    allowed: Bools | None = None

    @property
    def others(self) -> int:
        """Number of classes beside the reference m."""
        return self.classes - 1

    def of(self, block: Block) -> Integers:
        """Give the classes of the rows of a block, shape (b,)."""
        return self.codes[block.start : block.start + block.size]

    def allowed_in(self, block: Block) -> Bools | None:
        """Give the classes that compete in the rows of a block, shape (b, J)."""
        return None if self.allowed is None else self.allowed[block.start : block.start + block.size]


def log_softmax(eta: Floats) -> Floats:
    """Give the logarithms of the probabilities of classes with linear predictors eta, shape (J, b).

    The largest linear predictor is taken off all of them, so that nothing overflows, and a probability near 1 keeps the
    digits in which it differs: log(1 + r) for the rest r, among which are those that are as large.
    """
    apart = eta - eta.max(axis=0)
    largest = apart == 0.0
    rest = np.exp(apart)
    rest[largest] = 0.0
    return np.asarray(apart - np.log1p(rest.sum(axis=0) + (np.count_nonzero(largest, axis=0) - 1)))


def linear_predictors(block: Block, beta: Floats) -> Floats:
    """Give the linear predictor of every class, 0 for the reference, shape (J, b)."""
    return np.vstack([np.zeros(block.size), *(block.eta(row) for row in beta)])


def log_probabilities(block: Block, beta: Floats, outcomes: Outcomes) -> Floats:
    """Give the log-probability of every class, shape (J, b); -inf for a class that is not allowed."""
    eta = linear_predictors(block, beta)
    allowed = outcomes.allowed_in(block)
    return log_softmax(eta if allowed is None else np.where(allowed.T, eta, -np.inf))


def sums_at(rows: Rows, beta: Floats, outcomes: Outcomes) -> Sums:
    """Add up log-likelihood, score (m k,) and information (m k, m k) at coefficients beta, shape (m, k)."""

    def part(block: Block) -> Sums:
        logs, own = log_probabilities(block, beta, outcomes), outcomes.of(block)
        total = block.total_weight()
        reached = logs[own, np.arange(block.size)]
        loglik = float(reached.sum() if total is None else np.dot(reached, total))
        chance = np.exp(logs)
        return Sums(loglik, _score(block, _residuals(chance, own), total), _information(block, chance, total))

    return over_blocks(rows, part, Sums.__add__)


def loglik_at(rows: Rows, beta: Floats, outcomes: Outcomes) -> float:
    """Add up the log-likelihood alone."""

    def part(block: Block) -> float:
        reached = log_probabilities(block, beta, outcomes)[outcomes.of(block), np.arange(block.size)]
        total = block.total_weight()
        return float(reached.sum() if total is None else np.dot(reached, total))

    return float(over_blocks(rows, part, lambda one, two: one + two))


def residuals_at(block: Block, beta: Floats, outcomes: Outcomes) -> Floats:
    """Give 1 - p for a row's class and -p for the others, the reference left out, shape (m, b)."""
    return _residuals(np.exp(log_probabilities(block, beta, outcomes)), outcomes.of(block))


def _residuals(chance: Floats, own: Integers) -> Floats:
    """Give what is left of a row's class; 1 - p is the sum of the others', so that it keeps its digits near p = 1."""
    columns = np.arange(own.size)
    others = chance.copy()
    others[own, columns] = 0.0
    left = -others
    left[own, columns] = others.sum(axis=0)
    return left[1:]


def _score(block: Block, residuals: Floats, total: Floats | None) -> Floats:
    return np.concatenate([block.times(one if total is None else one * total) for one in residuals])


def _information(block: Block, chance: Floats, total: Floats | None) -> Floats:
    """Give the sum of w (diag(p) - p p') x x' over the rows of a block, shape (m k, m k)."""
    m, k = chance.shape[0] - 1, block.columns
    weighted = chance if total is None else chance * total
    found = np.empty((m, k, m, k))
    for one in range(m):
        for other in range(one):
            across = -block.gram(weighted[one + 1] * chance[other + 1])
            found[one, :, other, :] = across
            found[other, :, one, :] = across.T
        rest = np.delete(chance, one + 1, axis=0).sum(axis=0)
        found[one, :, one, :] = block.gram(weighted[one + 1] * rest)
    return found.reshape(m * k, m * k)
