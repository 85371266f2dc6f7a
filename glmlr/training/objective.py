"""How high is the loss at some coefficients, and how steep? Its mean over rows, for standardised columns.

Trainers step in the coefficients of columns less their mean and divided by their standard deviation, in which no
direction is very much steeper than another; the columns themselves stay as they are, for that is a linear change of the
coefficients: beta = T theta.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigvalsh

from glmlr.blocks import Block, Mapped, Rows, over_blocks
from glmlr.conditioning import Scaled
from glmlr.errors import DataError
from glmlr.links import Link
from glmlr.newton import sums_at
from glmlr.training.losses import Loss

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Value:
    """The mean loss at a point and its gradient by the standardised coefficients, shape (k,)."""

    loss: float
    gradient: Floats


@dataclass(frozen=True, eq=False)
class Counts:
    """What rows add up to: their number, their weight, that of the events among them, and their weighted offset."""

    rows: int
    weight: float
    events: float
    offset: float

    @classmethod
    def of(cls, rows: Rows) -> Counts:
        """Count rows."""
        found = over_blocks(rows, _counted, np.add)
        return cls(int(found[0]), *(float(one) for one in found[1:]))


def _counted(block: Block) -> Floats:
    weight = block.total_weight()
    weight = np.ones(block.size) if weight is None else weight
    offset = 0.0 if block.offset is None else float(np.dot(weight, block.offset))
    return np.array([block.size, weight.sum(), np.dot(weight, block.y), offset])


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Standardised coefficients theta, with beta = T theta (k columns).

    Attributes:
        matrix: T, shape (k, k).
        gram: weighted mean of cross-products of the standardised columns, shape (k, k): 1 on the diagonal.
        constant: position of the column that is the intercept, or None.

    """

    matrix: Floats
    gram: Floats
    constant: int | None

    @cached_property
    def inverse(self) -> Floats:
        """T^-1, with theta = T^-1 beta, shape (k, k)."""
        return np.asarray(np.linalg.inv(self.matrix))

    @cached_property
    def largest(self) -> float:
        """Largest eigenvalue of the mean cross-products."""
        k = len(self.gram)
        return float(eigvalsh(self.gram, subset_by_index=[k - 1, k - 1])[0])


def coordinates_of(rows: Rows, constant: int | None, weight: float) -> Coordinates:
    """Standardise by weighted means and standard deviations; without an intercept by root mean squares alone.

    Args:
        rows: blocks with k columns, none aliased.
        constant: position of the intercept among them, or None.
        weight: total weight of the rows.

    """
    gram = over_blocks(rows, lambda block: block.gram(block.total_weight()), np.add) / weight
    square = gram.diagonal()
    center = np.zeros_like(square)
    if constant is None:
        scale = np.sqrt(square)
    else:
        size = float(np.sqrt(square[constant]))
        mean = gram[constant] / size
        variance = square - mean**2
        # A column whose square cancels here is far from 0 and was not centred before: its size must do.
        scale = np.sqrt(np.where(variance > 1e-10 * square, variance, square))
        center = mean.copy()
        center[constant], scale[constant] = 0.0, size
    # A column of zeros, which a penalty leaves in, stays as it is.
    matrix = Scaled(rows, center, np.where(scale > 0, scale, 1.0), constant).transform()
    return Coordinates(matrix, matrix.T @ gram @ matrix, constant)


@dataclass(frozen=True, eq=False)
class Objective:
    """The mean loss of rows, with a ridge penalty where there is one (k columns).

    Attributes:
        rows: the rows.
        counts: what they add up to.
        link: the link.
        loss: the loss of a row.
        coordinates: the standardised coefficients.
        penalty: P of a penalty of half of beta' P beta, which is added to the sum of losses, shape (k, k); or None.

    """

    rows: Rows
    counts: Counts
    link: Link
    loss: Loss
    coordinates: Coordinates
    penalty: Floats | None = None

    def beta(self, theta: Floats) -> Floats:
        """Give the coefficients of the columns as they are."""
        return np.asarray(self.coordinates.matrix @ theta)

    def at(self, theta: Floats) -> Value:
        """Give the mean loss and its gradient at theta (k,), by a pass over the rows."""
        beta = self.beta(theta)

        def _part(block: Block) -> Floats:
            # A step that was too long is seen by its loss; what threads ignore must be said in each.
            with np.errstate(over="ignore", invalid="ignore"):
                value, slope = self.loss.both(block.eta(beta), block.y)
                weight = block.total_weight()
                if weight is None:
                    return np.concatenate([[value.sum()], block.times(slope)])
                return np.concatenate([[np.dot(weight, value)], block.times(weight * slope)])

        sums = over_blocks(self.rows, _part, np.add)
        slope = self._pull(beta)
        loss = (float(sums[0]) + 0.5 * float(beta @ slope)) / self.counts.weight
        return Value(loss, self._inwards(sums[1:] + slope) / self.counts.weight)

    def on_batch(self, block: Block, theta: Floats) -> Floats:
        """Give the gradient that a batch of rows estimates, shape (k,): that of the mean loss in expectation."""
        beta = self.beta(theta)
        slope, weight = self.loss.slope(block.eta(beta), block.y), block.total_weight()
        if weight is None:
            mean = block.times(slope) / block.size
        else:
            mean = block.times(weight * slope) * (self.counts.rows / (block.size * self.counts.weight))
        return self._inwards(mean if self.penalty is None else mean + self._pull(beta) / self.counts.weight)

    def _pull(self, beta: Floats) -> Floats:
        """Give the gradient of the penalty."""
        return np.zeros_like(beta) if self.penalty is None else np.asarray(self.penalty @ beta)

    def _inwards(self, gradient: Floats) -> Floats:
        return np.asarray(self.coordinates.matrix.T @ gradient)

    @cached_property
    def lipschitz(self) -> float | None:
        """Give a bound L of the gradient's change with theta: steps of up to 1/L never raise the loss; None if none."""
        if self.loss.steepest is None:
            return None
        bound = self.coordinates.largest * self.loss.steepest
        if self.penalty is None:
            return bound
        t = self.coordinates.matrix
        return bound + float(np.linalg.norm(t.T @ self.penalty @ t, 2)) / self.counts.weight

    def step_of_batches(self, size: int) -> float | None:
        """Give 1/L of batches of so many rows, which bend no more than L in expectation; None if there is no bound L.

        The mean of few rows bends more than that of all: by the mean squared length of a row over their number.
        """
        if self.lipschitz is None or self.loss.steepest is None:
            return None
        return 1.0 / (self.lipschitz + self.loss.steepest * float(np.trace(self.coordinates.gram)) / size)

    def distance(self, theta: Floats) -> float:
        """Give the Newton decrement at theta, the distance to the optimum in standard errors, by a pass over the rows.

        It is infinite where the information is singular.
        """
        beta, t = self.beta(theta), self.coordinates.matrix
        sums = sums_at(self.rows, beta, self.link)
        score = t.T @ (sums.score - self._pull(beta))
        information = sums.information if self.penalty is None else sums.information + self.penalty
        return decrement(score, t.T @ information @ t)


def decrement(score: Floats, information: Floats) -> float:
    """Give the root of score' information^-1 score; infinite where the information is singular."""
    with np.errstate(over="ignore", invalid="ignore"):
        if not (np.isfinite(information).all() and np.isfinite(score).all()):
            return np.inf
    try:
        return float(np.sqrt(max(float(score @ cho_solve(cho_factor(information), score)), 0.0)))
    except LinAlgError:
        return np.inf


# ------------------------------------------------------------------------------------------------ rows held out


@dataclass(frozen=True, eq=False)
class Split(Mapped):
    """The rows that are trained on, or those that are held out: chosen by chance, the same in each pass.

    Attributes:
        rows: all rows.
        share: of them, held out.
        seed: of the choice.
        held_out: which of the two.

    """

    rows: Rows
    share: float
    seed: int
    held_out: bool

    def changed(self, block: Block) -> Block | None:
        """Give the rows of a block that are on this side."""
        drawn = np.random.default_rng([self.seed, block.start]).random(block.size) < self.share
        which = np.flatnonzero(drawn == self.held_out)
        return block.at_rows(which) if which.size else None


def refuse_one_outcome(counts: Counts, what: str) -> None:
    """Refuse a part of the rows that has events only, or none.

    Raises:
        DataError: always then.

    """
    if not 0.0 < counts.events < counts.weight:
        raise DataError(
            f"The {counts.rows:,} rows {what} have one outcome only; change validation_share= or seed=, or give more "
            "rows."
        )
