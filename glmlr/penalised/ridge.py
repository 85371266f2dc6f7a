"""Which estimates maximise the likelihood less a ridge penalty?

The log-likelihood less half of strength x sum of squared coefficients is strictly concave in what is penalised, so that
every column has an estimate: collinear ones share it, separated ones stay finite, and there may be more columns than
rows. Newton's steps (`newton`) lead there, with the penalty added to the information.

References: le Cessie & van Houwelingen (1992), Applied Statistics 41, 191-201; Gray (1992), J. Am. Stat. Assoc. 87,
942-951 (covariance and effective degrees of freedom).
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.conditioning import Moments, Scaled, scaled_rows
from glmlr.links import Link
from glmlr.newton import (
    MAX_ITERATIONS,
    TOLERANCE,
    Factor,
    Progress,
    factorised,
    in_other_units,
    iterated,
    less_penalty,
    sums_at,
    with_expected_information,
)
from glmlr.penalised.penalties import Ridge
from glmlr.sampling import FirstLook, few_rows
from glmlr.solver import Solution, solve
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Matrices up to so wide are never shared among threads by BLAS.
_NARROW: Final = 32
#: The sample's maximum itself is many standard errors of all rows away from theirs.
_SAMPLE_TOLERANCE: Final = 2.0
_SAMPLE_STEPS: Final = 12
_SAMPLED_ROWS_PER_COLUMN: Final = 50


@dataclass(frozen=True, eq=False)
class ColumnUnits:
    """The size of each column (k = design columns).

    Attributes:
        look: sums by column, rows counted once, and a sample of the rows.
        spread: standard deviation by frequency, divisor n, shape (k,); where a column is one constant its size, or 1
            where that is 0, so that such a column is penalised too.

    """

    look: FirstLook
    spread: Floats

    @property
    def moments(self) -> Moments:
        """Sums by column, rows counted once."""
        return self.look.moments

    def of(self, standardized: bool) -> Floats:
        """Give the unit of each column in which the penalty measures its coefficient, shape (k,)."""
        return self.spread if standardized else np.ones(self.spread.size)


def column_units(rows: Rows) -> ColumnUnits:
    """Measure the columns in two passes over the rows: importance weights do not count, frequencies do."""
    look, sums = over_blocks(rows, _first_sums, lambda one, two: (one[0] + two[0], one[1] + two[1]))
    moments, trials, mean = look.moments, sums[-1], sums[:-1] / sums[-1]
    apart: Floats = over_blocks(rows, lambda block: _squares_about(block, mean), np.add)
    # A column of zeros and ones that is not written out has its variance from its mean.
    spread = np.sqrt(np.where(moments.written_out, apart / trials, mean * (1.0 - mean)))
    size = np.where(moments.first != 0, np.abs(moments.first), 1.0)
    return ColumnUnits(look, np.where(moments.constant | ~(spread > 0), size, spread))


def _first_sums(block: Block) -> tuple[FirstLook, Floats]:
    trials = np.ones(block.size) if block.weight is None else block.weight
    return FirstLook.at(block), np.append(block.times(trials), trials.sum())


def _squares_about(block: Block, mean: Floats) -> Floats:
    """Add up squares about the mean of the columns that are written out, shape (k,), 0 for others."""
    squares = np.zeros(mean.size)
    x, at = block.written_out()
    apart = np.square(x - mean[at, None])
    squares[at] = apart.sum(axis=1) if block.weight is None else np.dot(apart, block.weight)
    return squares


def strength_by_column(
    penalty: Ridge, units: ColumnUnits, intercept: int | None, strength: float | None = None
) -> Floats:
    """Give the factor of half the squared coefficient of each column of the data, shape (k,); 0 for the intercept.

    Args:
        penalty: how the columns are measured, and the strength unless another is given.
        units: of the columns.
        intercept: position of the intercept's column, or None.
        strength: in place of the penalty's own.

    """
    by_column = (penalty.strength if strength is None else strength) * units.of(penalty.standardized) ** 2
    if intercept is not None:
        by_column[intercept] = 0.0
    return by_column


@dataclass(frozen=True, eq=False)
class Shrinking:
    """Rows ready to be fitted at any strength (k = design columns).

    Attributes:
        rows: the rows, scaled where that saves digits.
        link: the link.
        penalty: how the columns are measured.
        units: of the columns as they are.
        intercept: position of the intercept's column, or None.
        scaled: the scaling, or None.

    """

    rows: Rows
    link: Link
    penalty: Ridge
    units: ColumnUnits
    intercept: int | None
    scaled: Scaled | None

    @property
    def size(self) -> int:
        """Number of columns k."""
        return self.units.spread.size

    def outward(self) -> Floats:
        """Give T with beta = T gamma, gamma the coefficients of the scaled columns, shape (k, k)."""
        return np.eye(self.size) if self.scaled is None else self.scaled.transform()

    def inward(self) -> Floats:
        """Give the inverse of `outward`, shape (k, k)."""
        return np.eye(self.size) if self.scaled is None else self.scaled.inverse_transform()

    def matrix(self, strength: float) -> Floats:
        """Give the matrix P of the penalty, half of gamma' P gamma, shape (k, k)."""
        by_column = strength_by_column(self.penalty, self.units, self.intercept, strength)
        if self.scaled is None:
            return np.diag(by_column)
        out = self.outward()
        return np.asarray(np.dot(out.T * by_column, out))

    def start(self) -> Floats:
        """Start from the share of events, shape (k,)."""
        moments, first = self.units.moments, np.zeros(self.size)
        if self.intercept is not None:
            share = (moments.events + 0.5) / (moments.trials + 1.0)
            level = float(self.link.link(np.array([share]))[0]) - moments.offset / moments.trials
            size = 1.0 if self.scaled is None else float(self.scaled.scale[self.intercept])
            first[self.intercept] = level / (float(moments.first[self.intercept]) / size)
        return first

    def _start_of_sample(self, matrix: Floats) -> Floats:
        """Start from a fit to a sample of the rows where they are many, the penalty as weak as they are few."""
        first, few = self.start(), few_rows(self.units.look, self.scaled)
        if few is None or few.size < _SAMPLED_ROWS_PER_COLUMN * self.size:
            return first
        share = few.size / self.units.moments.rows
        part = iterated(few.rows, self.link, first, _SAMPLE_TOLERANCE, _SAMPLE_STEPS, share * matrix)
        return part.beta if part.converged and np.isfinite(part.beta).all() else first

    def solution(
        self,
        strength: float,
        start: Floats | None = None,
        *,
        tolerance: float = TOLERANCE,
        max_iterations: int = MAX_ITERATIONS,
    ) -> Solution:
        """Maximise at one strength, from estimates `start` (k,) nearby or from the share of events.

        The passes of the solution's trace have the penalised log-likelihood.
        """
        matrix = self.matrix(strength)
        with one_blas_thread() if self.size > _NARROW else nullcontext():
            first = self._start_of_sample(matrix) if start is None else self.inward() @ start
            progress = iterated(self.rows, self.link, first, tolerance, max_iterations, matrix)
            progress = with_expected_information(self.rows, self.link, progress, matrix)
            return self._assembled(progress, matrix)

    def solution_of(self, progress: Progress) -> Solution:
        """Give where an iteration at the penalty's own strength stands as a solution."""
        return self._assembled(progress, self.matrix(self.penalty.strength))

    def _assembled(self, progress: Progress, matrix: Floats) -> Solution:
        """Put estimates, information and the penalised inverse into units of the data."""
        k, factor, sums = self.size, progress.factor, progress.sums
        last = progress.passes[-1] if progress.passes else None
        back, forth = self.outward(), self.inward()
        root = np.full((k, k), np.nan) if factor is None else factor.root()
        outside = back @ root
        moments = self.units.moments
        return Solution(
            beta=_frozen(back @ progress.beta),
            information=_frozen(forth.T @ sums.information @ forth),
            inverse=_frozen(np.dot(outside, outside.T)),
            loglik=sums.loglik,
            iterations=last.iteration if last else 0,
            gradient_norm=last.gradient_norm if last else float("nan"),
            converged=progress.converged,
            reason=progress.reason,
            trace=in_other_units(progress.passes, lambda gamma: np.asarray(back @ gamma)),
            method="cholesky" if factor is None else factor.method,
            column_size=_frozen(np.sqrt(moments.squares / moments.rows)),
            centred=self.scaled is not None and bool(self.scaled.center.any()),
            objective=less_penalty(sums, progress.beta, matrix).loglik,
            effective_df=float(np.sum(root * np.dot(sums.information, root))),
        )


def shrinking(rows: Rows, link: Link, penalty: Ridge, intercept: int | None) -> Shrinking:
    """Measure the columns and scale them where that saves digits.

    Args:
        rows: blocks with k columns.
        link: the link.
        penalty: the penalty.
        intercept: position of the intercept's column, which is not penalised, or None.

    """
    units = column_units(rows)
    scaled = scaled_rows(rows, units.moments)
    return Shrinking(rows if scaled is None else scaled, link, penalty, units, intercept, scaled)


def shrunken(
    rows: Rows,
    link: Link,
    penalty: Ridge,
    *,
    intercept: int | None,
    start: Floats | None = None,
    max_iterations: int = MAX_ITERATIONS,
) -> Solution:
    """Maximise the log-likelihood less the ridge penalty by Newton steps.

    Args:
        rows: blocks with k columns.
        link: the link.
        penalty: the penalty; a strength of 0 is maximum likelihood, with aliased columns left out.
        intercept: position of the intercept's column, which is not penalised, or None.
        start: estimates nearby, shape (k,), or None.
        max_iterations: largest number of steps.

    """
    if penalty.strength == 0 or not over_blocks(rows, lambda block: block.columns, max):
        return solve(rows, link, start=start, max_iterations=max_iterations)
    return shrinking(rows, link, penalty, intercept).solution(penalty.strength, start, max_iterations=max_iterations)


def penalised_factor(made: Shrinking, gamma: Floats) -> Factor | None:
    """Factorise the expected information with the penalty at coefficients of the scaled columns (k,)."""
    matrix = made.matrix(made.penalty.strength)
    at = less_penalty(sums_at(made.rows, gamma, made.link), gamma, matrix)
    return factorised(made.rows, at, gamma, made.link, True, matrix)


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
