"""What are the estimates of several classes? The maximum of the likelihood, or its supremum where classes separate.

Where the data tell classes apart, the classes that are impossible in a row in the limit leave its likelihood, and what
the remaining ones determine is fitted: the supremum, the finite estimates with their precision, and the signs of the
infinite ones, where these are the same along every direction of recession.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows
from glmlr.conditioning import Alias
from glmlr.multinomial.linear_predictors import Limit, LinearPredictors
from glmlr.multinomial.maximum import Columns, Reached, columns_of, inverse_of, maximised, start_of
from glmlr.multinomial.recession import Recession, recession, signs_of
from glmlr.multinomial.softmax import Outcomes, loglik_at

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Newton steps after which a fit that has not converged is looked at: most others have ended by then.
_FEW_STEPS: Final = 12
#: Standard error x root mean square of its column beyond which an estimate may be infinite.
_SUSPECT_PRECISION: Final = 300.0
#: Part of a coefficient in a direction of size 1 below which it does not move.
_STILL: Final = 1e-6


@dataclass(frozen=True, eq=False)
class ClassSeparation:
    """Which classes are told apart perfectly (m = classes but the reference, k = design columns, n = rows).

    Attributes:
        recession: the direction of recession, in the units of the columns that are estimated.
        sign: of the infinite estimates, shape (m, k): +1, -1; 0 where finite or not determined.
        loose: which coefficients have no finite estimate, shape (m, k).
        apart: share of the rows of class a in which class b is impossible, shape (J, J), the reference first.
        finite: pairs of classes of which every coefficient of the one against the other is finite, shape (J, J).

    """

    recession: Recession
    sign: Floats
    loose: Bools
    apart: Floats
    finite: Bools

    @property
    def complete(self) -> bool:
        """Whether every row has its own class alone left."""
        return self.recession.complete

    @property
    def rows(self) -> int:
        """Number of rows in which some class is impossible."""
        return int((~self.recession.allowed).any(axis=1).sum())


@dataclass(frozen=True, eq=False)
class MultinomialSolution:
    """Estimates of several classes and how they were reached (m = classes but the reference, k = design columns).

    Attributes:
        beta: estimates, shape (m, k); NaN where aliased or not determined, infinite where separated.
        working: finite coefficients that give the fitted values, of the kept columns in their units, shape (m, q).
        columns: the columns that were estimated, and their units.
        inverse: inverse information on `working` stacked, shape (m q, m q), over the directions that are determined.
        outcomes: the classes of the rows; where classes separate, those that compete in each.
        loglik: log-likelihood at the estimates (weighted, under importance weights), or its supremum.
        iterations: Newton steps taken.
        decrement: distance to the maximum in standard errors at the last pass.
        gradient_norm: largest component of the score, each divided by its standard deviation, at the last pass.
        converged: whether the decrement fell below the tolerance.
        reason: None, or why not.
        separation: None, or which classes are told apart.
        method: "newton" or "statsmodels".

    """

    beta: Floats
    working: Floats
    columns: Columns
    inverse: Floats
    outcomes: Outcomes
    loglik: float
    iterations: int
    decrement: float
    gradient_norm: float
    converged: bool
    reason: str | None
    separation: ClassSeparation | None
    method: str = "newton"

    @property
    def aliased(self) -> tuple[Alias, ...]:
        """The columns without an estimate, with what determines them."""
        return self.columns.aliased

    @property
    def rank(self) -> int:
        """Number of coefficients that are not aliased, infinite ones included: the k of AIC and BIC."""
        return int(self.working.size)

    def covariance(self, inner: Floats) -> Floats:
        """Put a covariance of the stacked kept coefficients, (m q, m q), among all in the data's units, (m k, m k)."""
        m, k, q = self.beta.shape[0], self.columns.k, self.columns.keep.size
        outwards = np.kron(np.eye(m), self.columns.outwards)
        part = (outwards @ inner @ outwards.T).reshape(m, q, m, q)
        whole = np.full((m, k, m, k), np.nan)
        own, keep = np.arange(m), self.columns.keep
        whole[np.ix_(own, keep, own, keep)] = (part + part.transpose(2, 3, 0, 1)) / 2
        flat = whole.reshape(m * k, m * k)
        unknown = ~np.isfinite(self.beta.ravel())
        flat[unknown] = np.nan
        flat[:, unknown] = np.nan
        return flat

    @property
    def linear(self) -> LinearPredictors:
        """What predictions need of the estimates, without the rows."""
        found = None if self.separation is None else self.separation.recession
        limit = None if found is None else Limit(found.direction, found.silent)
        return LinearPredictors(self.columns.units, self.working, limit)


def solve(rows: Rows, matrix: Callable[[], Floats], outcomes: Outcomes, max_iterations: int) -> MultinomialSolution:
    """Maximise the likelihood, and where it has no maximum go to its supremum.

    Args:
        rows: blocks of the design with k columns, n rows.
        matrix: gives all design columns, shape (n, k); asked only where separation is suspected.
        outcomes: the class of each row.
        max_iterations: largest number of Newton steps.

    """
    columns, found, limit = _reached(rows, matrix, outcomes, max_iterations)
    if limit is None:
        return _assembled(columns, outcomes, found, None)
    left = replace(outcomes, allowed=limit.allowed)
    found = _limited(columns, left, limit, max_iterations)
    return _assembled(columns, left, found, _described(columns, left, columns.here(matrix()), limit))


@dataclass(frozen=True)
class Supremum:
    """The largest log-likelihood of a model, or what it tends to; its number of coefficients; whether it was found."""

    loglik: float
    rank: int
    converged: bool


def supremum(
    rows: Rows,
    matrix: Callable[[], Floats],
    outcomes: Outcomes,
    max_iterations: int,
    start: Floats | None = None,
) -> Supremum:
    """Give what a test needs of a smaller model; see `solve`. `start` are coefficients to start from, shape (m, k)."""
    columns, found, limit = _reached(rows, matrix, outcomes, max_iterations, start)
    if limit is not None:
        found = _limited(columns, replace(outcomes, allowed=limit.allowed), limit, max_iterations)
    return Supremum(found.loglik, outcomes.others * columns.keep.size, found.converged)


def _reached(
    rows: Rows,
    matrix: Callable[[], Floats],
    outcomes: Outcomes,
    max_iterations: int,
    near: Floats | None = None,
) -> tuple[Columns, Reached, Recession | None]:
    """Take Newton's steps, and look for directions of recession where they do not end as they should."""
    columns = columns_of(rows)
    if near is None:
        start = start_of(columns.rows, outcomes, columns.keep.size)
    else:
        start = np.asarray(np.linalg.solve(columns.outwards, near[:, columns.keep].T).T, dtype=np.float64)
    found = maximised(columns.rows, outcomes, start, min(_FEW_STEPS, max_iterations))
    if _suspected(found, columns.size):
        x = columns.here(matrix())
        limit = recession(x, outcomes.codes, outcomes.classes, columns.size, found.beta)
        if limit is not None:
            return columns, found, limit
    if not found.converged and found.iterations == _FEW_STEPS < max_iterations:
        more = maximised(columns.rows, outcomes, found.beta, max_iterations - found.iterations)
        found = replace(more, iterations=found.iterations + more.iterations)
    return columns, found, None


def _suspected(found: Reached, size: Floats) -> bool:
    """Screen cheaply: did the iteration not end, or is some estimate too imprecise?"""
    if not found.converged:
        return True
    inverse = inverse_of(found.information)
    if inverse is None:
        return True
    variance = np.diag(inverse).reshape(found.beta.shape)
    return bool((np.sqrt(np.maximum(variance, 0.0)) * size > _SUSPECT_PRECISION).any())


def _assembled(
    columns: Columns, outcomes: Outcomes, found: Reached, separation: ClassSeparation | None
) -> MultinomialSolution:
    """Put what was reached into the units of the data."""
    free = None if separation is None else separation.recession.free
    inverse, reason = inverse_of(found.information), found.reason
    if inverse is None:
        inverse = np.full((found.information.shape[0],) * 2, np.nan)
        reason = reason or "the information is singular"
    if free is not None:
        inverse = free @ inverse @ free.T
    beta = columns.among_all(found.beta, np.nan)
    if separation is not None:
        infinite = np.where(separation.sign == 0, np.nan, np.copysign(np.inf, separation.sign))
        beta = np.where(separation.loose, infinite, beta)
    return MultinomialSolution(
        beta=_frozen(beta),
        working=_frozen(found.beta),
        columns=columns,
        inverse=_frozen(inverse),
        outcomes=outcomes,
        loglik=found.loglik,
        iterations=found.iterations,
        decrement=found.decrement,
        gradient_norm=found.gradient_norm,
        converged=found.converged and reason is None,
        reason=reason,
        separation=separation,
    )


def _limited(columns: Columns, left: Outcomes, limit: Recession, max_iterations: int) -> Reached:
    """Fit what the remaining classes of each row determine."""
    start = np.zeros((left.others, columns.keep.size))
    if limit.free.shape[1]:
        return maximised(columns.rows, left, start, max_iterations, limit.free)
    nothing = np.zeros((0, 0))
    return Reached(start, loglik_at(columns.rows, start, left), nothing, 0.0, 0.0, 0, True, None)


def _described(columns: Columns, outcomes: Outcomes, x: Floats, limit: Recession) -> ClassSeparation:
    """Say which coefficients have no finite estimate, their signs, and which classes are told apart."""
    m, q = limit.direction.shape
    # The coefficients of the data's columns are these functionals of those that were estimated.
    functionals: Floats = np.asarray(np.kron(np.eye(m), columns.outwards), dtype=np.float64)
    loose = _moved(functionals, limit.silent).reshape(m, q)
    sign = np.zeros((m, q))
    signs = signs_of(x, outcomes.codes, outcomes.classes, columns.size, functionals[loose.ravel()])
    sign[loose] = signs
    signed, which = np.zeros((m, columns.k)), np.zeros((m, columns.k), dtype=bool)
    signed[:, columns.keep], which[:, columns.keep] = sign, loose
    return ClassSeparation(limit, signed, which, _apart(outcomes, limit.allowed), _finite(m, columns, limit))


def _moved(functionals: Floats, silent: Floats) -> Bools:
    """Say which functionals of the stacked coefficients, shape (c, m q), move in a silent direction, shape (c,)."""
    size = np.linalg.norm(functionals, axis=1)
    return np.asarray(np.linalg.norm(functionals @ silent, axis=1) > _STILL * np.maximum(size, 1e-300))


def _apart(outcomes: Outcomes, allowed: Bools) -> Floats:
    """Give the share of the rows of each class in which each other class is impossible, shape (J, J)."""
    shares = [1.0 - allowed[outcomes.codes == one].mean(axis=0) for one in range(outcomes.classes)]
    return np.array(shares)


def _finite(m: int, columns: Columns, limit: Recession) -> Bools:
    """Say of which pairs of classes all coefficients of the one against the other are finite, shape (J, J)."""
    unit = np.vstack([np.zeros(m), np.eye(m)])
    found = np.ones((m + 1, m + 1), dtype=bool)
    for one in range(m + 1):
        for other in range(one):
            between = np.kron(unit[one] - unit[other], columns.outwards)
            found[one, other] = found[other, one] = not _moved(between, limit.silent).any()
    return found


def _frozen(array: Floats) -> Floats:
    array = np.asarray(array)
    array.flags.writeable = False
    return array
