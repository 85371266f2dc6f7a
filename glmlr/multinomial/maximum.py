"""Which coefficients maximise the likelihood of several classes? Newton's steps, and the certificate of their end.

The log-likelihood is concave, so that steps which never go downhill lead to its maximum where it has one. Columns that
earlier ones determine are left out, and the others are centred and scaled where that saves digits, as for two classes.

Reference: Boehning (1992), Ann. Inst. Stat. Math. 44, 197-200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from glmlr.blocks import Block, Mapped, Rows, Subset, over_blocks
from glmlr.conditioning import (
    Alias,
    Moments,
    Scaled,
    aliases_in_data,
    block_moments,
    find_aliases,
    gram_of,
    scaled_rows,
    triangle,
)
from glmlr.errors import FitError
from glmlr.multinomial.linear_predictors import Units
from glmlr.multinomial.softmax import Outcomes, loglik_at, sums_at
from glmlr.newton import Sums

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Stop when the Newton decrement (the distance to the maximum, in standard errors) is below this.
TOLERANCE: Final = 1e-10
#: A decrement that no longer falls and is below this is at the limit of floating point.
_ROUNDING_FLOOR: Final = 1e-6
_MAX_HALVINGS: Final = 40
#: Smallest eigenvalue of the columns' cross-products, each of size 1, below which they are made orthogonal first.
_ILL_CONDITIONED: Final = 1e-8
#: A log-likelihood that falls by less than this share of itself has not fallen: rounding of its sum.
_ROUNDING: Final = 1e-13


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns that are estimated, in the units in which they are (k = design columns, q of them kept).

    Attributes:
        rows: the rows with these columns.
        units: which columns they are, and their units.
        scaled: all design columns centred and scaled, or None where that was not needed.
        aliased: the columns left out, with what determines them.
        size: root mean square of each kept column in these units, shape (q,).

    """

    rows: Rows
    units: Units
    scaled: Scaled | None
    aliased: tuple[Alias, ...]
    size: Floats

    @property
    def keep(self) -> Positions:
        """Positions of the columns among the design columns, shape (q,)."""
        return self.units.keep

    @property
    def k(self) -> int:
        """Number of design columns."""
        return self.units.k

    @property
    def outwards(self) -> Floats:
        """The matrix T with coefficients of the data = T @ coefficients here, shape (q, q)."""
        at = np.ix_(self.keep, self.keep)
        kept = np.eye(self.keep.size) if self.scaled is None else np.asarray(self.scaled.transform()[at])
        return kept if self.units.mixed is None else np.asarray(kept @ self.units.mixed)

    def here(self, x: Floats) -> Floats:
        """Put rows x of design columns, shape (n, k), into these columns and units, shape (n, q)."""
        return self.units.here(x)

    def among_all(self, beta: Floats, other: float) -> Floats:
        """Put coefficients here, shape (m, q), among those of all design columns in the data's units, shape (m, k)."""
        out = np.full((beta.shape[0], self.k), other)
        out[:, self.keep] = beta @ self.outwards.T
        return out


def columns_of(rows: Rows) -> Columns:
    """Leave out aliased columns, and choose the units.

    Raises:
        FitError: no column has anything of its own.

    """
    moments = over_blocks(rows, block_moments, Moments.__add__)
    scaled = scaled_rows(rows, moments)
    inner: Rows = rows if scaled is None else scaled
    aliases = find_aliases(inner, gram_of(inner))
    k = int(moments.total.size)
    keep = np.delete(np.arange(k), [alias.column for alias in aliases])
    if keep.size == 0:
        raise FitError("No column of the design varies; there is nothing to estimate.")
    chosen: Rows = inner if not aliases else Subset(inner, keep)
    gram = gram_of(chosen)
    size = np.sqrt(np.diag(gram) / moments.rows)
    mixed = None
    if np.linalg.eigvalsh(gram / np.outer(size, size) / moments.rows)[0] < _ILL_CONDITIONED:
        mixed = _orthogonal(chosen, size * np.sqrt(moments.rows)) * np.sqrt(moments.rows)
        chosen, size = _Mixed(chosen, mixed), np.ones(keep.size)
    center, scale = (None, None) if scaled is None else (scaled.center, scaled.scale)
    units = Units(keep, k, center, scale, mixed)
    return Columns(chosen, units, scaled, aliases_in_data(aliases, rows, scaled), size)


def _orthogonal(rows: Rows, length: Floats) -> Floats:
    """Give the matrix that makes columns of this length orthonormal, each by those before it, shape (q, q)."""
    r = triangle(rows, lambda block: block.x / length[:, None])
    return np.asarray(solve_triangular(r, np.eye(length.size)) / length[:, None])


@dataclass(frozen=True, eq=False)
class _Mixed(Mapped):
    """The same rows with columns that are combinations of theirs."""

    rows: Rows
    mixed: Floats

    def changed(self, block: Block) -> Block:
        """Give the block with these combinations."""
        return block.cut(np.ascontiguousarray(self.mixed.T @ block.x), slice(None))


@dataclass(frozen=True, eq=False)
class Reached:
    """Where Newton's steps have led to (m = classes but one, q = columns, r = directions free to move).

    Attributes:
        beta: coefficients, shape (m, q).
        loglik: log-likelihood there.
        information: on the free directions, shape (r, r).
        decrement: distance to the maximum in standard errors, at the last pass.
        gradient_norm: largest component of the score, each divided by its standard deviation, at the last pass.
        iterations: steps taken.
        converged: whether the decrement fell below the tolerance.
        reason: None, or why not.

    """

    beta: Floats
    loglik: float
    information: Floats
    decrement: float
    gradient_norm: float
    iterations: int
    converged: bool
    reason: str | None


def maximised(
    rows: Rows, outcomes: Outcomes, start: Floats, max_iterations: int, directions: Floats | None = None
) -> Reached:
    """Take Newton's steps from `start`, shape (m, q), each halved until it does not go downhill.

    Args:
        rows: the rows with q columns.
        outcomes: their classes.
        start: where to begin; with `directions` a combination of them.
        max_iterations: largest number of steps.
        directions: orthonormal directions in which the stacked coefficients may move, shape (m q, r); None for all.

    """
    beta, taken = start, 0
    sums = sums_at(rows, beta, outcomes)
    before = np.inf
    while True:
        score, information = _along(sums, directions)
        step = _solved(information, score)
        if step is None:
            return Reached(beta, sums.loglik, information, np.nan, np.nan, taken, False, "the information is singular")
        size = np.sqrt(np.diag(information))
        decrement, norm = float(np.sqrt(max(float(score @ step), 0.0))), float(np.abs(score / size).max(initial=0.0))
        done = decrement < TOLERANCE or (decrement < _ROUNDING_FLOOR and decrement >= before)
        if done or taken == max_iterations:
            reason = None if done else f"the Newton decrement is {decrement:.2g} after {taken} iterations"
            return Reached(beta, sums.loglik, information, decrement, norm, taken, done, reason)
        moved = (step if directions is None else directions @ step).reshape(beta.shape)
        further = _uphill(rows, outcomes, beta, moved, sums.loglik)
        if further is None:
            reason = "no step along Newton's direction raises the likelihood"
            return Reached(beta, sums.loglik, information, decrement, norm, taken, False, reason)
        beta, taken, before = further, taken + 1, decrement
        sums = sums_at(rows, beta, outcomes)


def _along(sums: Sums, directions: Floats | None) -> tuple[Floats, Floats]:
    if directions is None:
        return sums.score, sums.information
    return directions.T @ sums.score, directions.T @ sums.information @ directions


def _solved(information: Floats, right: Floats) -> Floats | None:
    """Give the inverse information times a matrix or vector, in units in which its diagonal is 1; None if singular."""
    diagonal = np.diag(information)
    if not (np.isfinite(diagonal) & (diagonal > 0)).all():
        return None
    size = np.sqrt(diagonal)
    try:
        factor = cho_factor(information / np.outer(size, size), lower=True)
    except np.linalg.LinAlgError:
        return None
    units = size if right.ndim == 1 else size[:, None]
    return np.asarray(cho_solve(factor, right / units) / units)


def _uphill(rows: Rows, outcomes: Outcomes, beta: Floats, step: Floats, loglik: float) -> Floats | None:
    """Give the first of the full step, its half, its quarter, ... that does not lower the likelihood."""
    for halvings in range(_MAX_HALVINGS):
        further = beta + step * 0.5**halvings
        reached = loglik_at(rows, further, outcomes)
        if np.isfinite(reached) and reached >= loglik - _ROUNDING * abs(loglik):
            return np.asarray(further)
    return None


def start_of(rows: Rows, outcomes: Outcomes, q: int) -> Floats:
    """Start from the shares of the classes where some column is constant, else from 0, shape (m, q)."""
    start = np.zeros((outcomes.others, q))
    moments = over_blocks(rows, block_moments, Moments.__add__)
    constants = np.flatnonzero(moments.constant & (moments.first != 0))
    if constants.size:
        totals = class_totals(rows, outcomes)
        start[:, constants[0]] = (np.log(totals[1:]) - np.log(totals[0])) / moments.first[constants[0]]
    return start


def class_totals(rows: Rows, outcomes: Outcomes) -> Floats:
    """Add up the weight in the estimating equations by class, shape (J,)."""

    def part(block: Block) -> Floats:
        return np.bincount(outcomes.of(block), block.total_weight(), minlength=outcomes.classes).astype(np.float64)

    return over_blocks(rows, part, np.add)


def null_loglik(rows: Rows, outcomes: Outcomes) -> float:
    """Log-likelihood of the model with intercepts alone, whose probabilities are the shares of the classes."""
    totals = class_totals(rows, outcomes)
    return float(np.dot(totals, np.log(totals / totals.sum())))


def inverse_of(information: Floats) -> Floats | None:
    """Invert an information in units in which its diagonal is 1; None where it is singular."""
    inverse = _solved(information, np.eye(len(information)))
    return None if inverse is None else (inverse + inverse.T) / 2
