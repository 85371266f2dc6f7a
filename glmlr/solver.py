"""Which coefficients maximise the likelihood? Newton steps over blocks of rows.

Everything is a sum over blocks: one pass gives the log-likelihood, the score and the information at a value of the
coefficients. For the logit, observed and expected information are one and Newton's method is Fisher scoring; for the
other links the steps use the observed information, so that the last ones converge quadratically, and the covariance the
expected one. The blocks are added in groups of fixed size and the groups in order, so that the result has the same
bits for any number of threads.

Reference: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 2.5.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtri

from glmlr.blocks import Block, Rows, Subset, over_blocks
from glmlr.conditioning import (
    ALIAS_TOLERANCE,
    Alias,
    Moments,
    Scaled,
    aliases_in_data,
    cleared,
    find_aliases,
    gram_of,
    independent,
    scaled_rows,
    triangle,
)
from glmlr.errors import FitError
from glmlr.links import Likelihood, Link
from glmlr.sampling import FewRows, FirstLook, few_rows
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Stop when the Newton decrement (the distance to the maximum, in standard errors) is below this.
TOLERANCE: Final = 1e-10
#: A decrement that no longer falls and is below this is at the limit of floating point.
_ROUNDING_FLOOR: Final = 1e-5
MAX_ITERATIONS: Final = 100
_MAX_HALVINGS: Final = 40
_PATIENT_HALVINGS: Final = 10

#: Reciprocal condition of the scaled information below which steps are solved by QR instead of Cholesky.
_ILL_CONDITIONED: Final = 1e-9

#: Matrices up to so wide are never shared among threads by BLAS.
_NARROW: Final = 32

#: The sample's maximum itself is many standard errors of all rows away from theirs.
_SAMPLE_TOLERANCE: Final = 2.0
#: With fewer sampled rows for each column the sample's own maximum can lie far away, or nowhere.
_SAMPLED_ROWS_PER_COLUMN: Final = 50


@dataclass(frozen=True, eq=False)
class Sums:
    """What one pass over the rows adds up: log-likelihood, score (k,) and information (k, k)."""

    loglik: float
    score: Floats
    information: Floats

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.loglik + other.loglik, self.score + other.score, self.information + other.information)


@dataclass(frozen=True, eq=False)
class Solution:
    """Estimates and how they were reached (k = design columns).

    Attributes:
        beta: estimates, shape (k,); NaN where aliased.
        information: expected information at the estimates, shape (k, k); zero rows and columns where aliased.
        inverse: inverse of the information of the estimated columns, shape (k, k); NaN where aliased.
        loglik: log-likelihood of the Bernoulli rows at the estimates (weighted, under importance weights).
        iterations: steps taken over all rows.
        gradient_norm: largest component of the score, each divided by its standard deviation, at the last pass.
        converged: whether the Newton decrement fell below the tolerance.
        reason: None, or a sentence that says why not, or which harder path was taken.
        trace: one record a pass.
        aliased: columns that were left out, with the dependency.
        method: "cholesky", or "qr" where the information was too ill-conditioned for it.
        column_size: root mean square of each column, shape (k,); empty where another engine made the solution.
        centred: whether columns had to be centred: then `inverse` has lost digits that a linear combination needs.

    """

    beta: Floats
    information: Floats
    inverse: Floats
    loglik: float
    iterations: int
    gradient_norm: float
    converged: bool
    reason: str | None
    trace: tuple[Pass, ...] = ()
    aliased: tuple[Alias, ...] = ()
    method: str = "cholesky"
    column_size: Floats = field(default_factory=lambda: np.empty(0))
    centred: bool = False

    @property
    def estimated(self) -> npt.NDArray[np.bool_]:
        """Which columns have an estimate, shape (k,)."""
        return ~np.isnan(self.beta)

    @property
    def rank(self) -> int:
        """Number of coefficients that are not aliased, infinite ones included."""
        return self.beta.size - len(self.aliased)


@dataclass(frozen=True)
class Pass:
    """One pass of the iteration: log-likelihood, Newton decrement, and by how often the step before was halved."""

    iteration: int
    loglik: float
    decrement: float
    gradient_norm: float
    halvings: int


def block_sums(block: Block, beta: Floats, link: Link, expected: bool = True) -> Sums:
    """Give one block's log-likelihood, score and (expected or observed) information at `beta`."""
    loglik, score, information = _contributions(block, beta, link, expected)
    return Sums(float(loglik.sum()), block.times(score), block.gram(information))


def _contributions(block: Block, beta: Floats, link: Link, expected: bool) -> Likelihood:
    """Give what the rows of a block contribute at `beta`, each by its weight."""
    part = link.likelihood(block.eta(beta), block.y, expected=expected)
    total = block.total_weight()
    if total is None:
        return part
    return Likelihood(part.loglik * total, part.score * total, part.information * total)


def sums_at(rows: Rows, beta: Floats, link: Link, expected: bool = True) -> Sums:
    """Give the log-likelihood, score and (expected or observed) information of all rows at `beta` (k,)."""
    return over_blocks(rows, lambda block: block_sums(block, beta, link, expected), Sums.__add__)


@dataclass(frozen=True, eq=False)
class _Factor:
    """The information, factorised: solves for a step and gives the inverse."""

    triangle: Floats  # upper R with R'R = D information D
    scale: Floats  # D: 1 / sqrt(diagonal)
    method: str

    def solve(self, vector: Floats) -> Floats:
        solved, _ = dpotrs(self.triangle, self.scale * vector)
        return np.asarray(self.scale * solved)

    def root(self) -> Floats:
        """Give a matrix H with H H' the inverse, so that what is made of it keeps variances that are not negative."""
        inverse, _ = dtrtri(self.triangle)
        return np.asarray(self.scale[:, None] * inverse)

    def inverse(self) -> Floats:
        root = self.root()
        return np.asarray(np.dot(root, root.T))


def _factorised(rows: Rows, sums: Sums, beta: Floats, link: Link, expected: bool) -> _Factor | None:
    """Factorise the information by Cholesky, or by QR of the weighted rows where digits would be lost."""
    diagonal = sums.information.diagonal()
    if not (np.isfinite(diagonal).all() and (diagonal > 0).all()):
        return None
    scale = 1.0 / np.sqrt(diagonal)
    # Fortran's order of a symmetric matrix is its own.
    upper, failed = dpotrf((sums.information * scale * scale[:, None]).T)
    if not failed and upper.diagonal().min() ** 2 > _ILL_CONDITIONED:
        return _Factor(upper, scale, "cholesky")

    def weighted(block: Block) -> Floats:
        information = _contributions(block, beta, link, expected).information
        return np.asarray(block.x * np.sqrt(information) * scale[:, None])

    upper = triangle(rows, weighted)
    if np.abs(upper.diagonal()).min() <= ALIAS_TOLERANCE:
        return None
    return _Factor(upper, scale, "qr")


@dataclass
class _Progress:
    """Where the iteration stands."""

    beta: Floats
    sums: Sums
    expected: bool
    factor: _Factor | None
    passes: list[Pass] = field(default_factory=list)
    reason: str | None = None
    converged: bool = False


def solve(
    rows: Rows,
    link: Link,
    *,
    start: Floats | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> Solution:
    """Maximise the binomial likelihood by Newton steps with step-halving (Fisher scoring for the logit).

    Args:
        rows: blocks of the design with k columns, n rows.
        link: the link.
        start: coefficients to start from, shape (k,); by default a fit to a sample of them where there are many, else
            the constant model.
        tolerance: largest Newton decrement (in standard errors) accepted as converged.
        max_iterations: largest number of steps.

    Returns:
        The `Solution`; not converged is a field with a reason, not an error.

    Raises:
        FitError: no rows, or no column that varies.

    """
    look = over_blocks(rows, FirstLook.at, FirstLook.__add__)
    k = look.moments.total.size
    if k == 0:
        return _without_columns(rows, link)
    # Threads of BLAS gain nothing in matrices of this size, and lose much where other processes want the processors.
    with one_blas_thread() if k > _NARROW else nullcontext():
        return _solved(rows, link, look, start, tolerance, max_iterations)


def _solved(
    rows: Rows, link: Link, look: FirstLook, start: Floats | None, tolerance: float, max_iterations: int
) -> Solution:
    """Leave out aliased columns, scale the others where that saves digits, start, and iterate."""
    moments = look.moments
    scaled = scaled_rows(rows, moments)
    inner: Rows = rows if scaled is None else scaled
    few = few_rows(look, scaled)
    clear = few is not None and scaled is None and cleared(few.gram, moments.squares)
    aliases = () if clear else find_aliases(inner, gram_of(inner))
    keep = np.delete(np.arange(moments.total.size), [alias.column for alias in aliases])
    if keep.size == 0:
        raise FitError("No column of the design varies; there is nothing to estimate.")
    chosen: Rows = inner if not aliases else Subset(inner, keep)
    units = _Units(keep, moments.total.size, scaled)
    if start is not None and np.isfinite(start[keep]).all():
        first = units.inwards(start)
    else:
        first = _start(moments, few, link, keep, scaled)
    progress = _with_expected_information(chosen, link, _iterate(chosen, link, first, tolerance, max_iterations))
    found = _assembled(progress, units, aliases_in_data(aliases, rows, scaled))
    size = np.sqrt(moments.squares / moments.rows)
    return replace(found, column_size=_frozen(size), centred=scaled is not None and bool(scaled.center.any()))


def inverse_information(rows: Rows, beta: Floats, link: Link) -> Floats:
    """Give the inverse of the expected information at `beta` (k,), shape (k, k).

    Raises:
        FitError: the information is singular.

    """
    factor = _factorised(rows, sums_at(rows, beta, link), beta, link, True)
    if factor is None:
        raise FitError("The information matrix is singular; there are no standard errors.")
    return factor.inverse()


def _start(
    moments: Moments, few: FewRows | None, link: Link, keep: npt.NDArray[np.intp], scaled: Scaled | None
) -> Floats:
    """Start from a fit to a sample of the rows where there is one, else from the share of events."""
    beta = np.zeros(keep.size)
    constants = np.flatnonzero(moments.constant[keep] & (moments.first[keep] != 0))
    share = (moments.events + 0.5) / (moments.trials + 1.0) if moments.trials > 0 else 0.5
    share = min(max(share, 1e-12), 1 - 1e-12)
    if constants.size:
        value = moments.first[keep][constants[0]]
        if scaled is not None:
            value = value / scaled.scale[keep][constants[0]]
        level = float(link.link(np.array([share]))[0]) - moments.offset / moments.trials
        beta[constants[0]] = level / value
    if few is None or few.size < _SAMPLED_ROWS_PER_COLUMN * keep.size:
        return beta
    # Levels that the sample hardly meets start where the constant model has them.
    there = independent(few.gram[np.ix_(keep, keep)])
    part = _iterate(Subset(few.rows, keep[there]), link, beta[there], _SAMPLE_TOLERANCE, 12)
    if part.converged and np.isfinite(part.beta).all():
        beta[there] = part.beta
    return beta


def _iterate(rows: Rows, link: Link, beta: Floats, tolerance: float, max_iterations: int) -> _Progress:
    """Take Newton steps, halved until the likelihood rises, until the decrement vanishes."""
    canonical = link.name == "logit"
    progress = _Progress(beta, sums_at(rows, beta, link, canonical), canonical, None)
    previous, halvings = np.inf, 0
    for iteration in range(max_iterations + 1):
        factor = _factorised(rows, progress.sums, progress.beta, link, progress.expected)
        if factor is None:
            progress.reason = "the information matrix became singular: some estimates run off to infinity"
            break
        progress.factor = factor
        step = factor.solve(progress.sums.score)
        decrement = float(np.sqrt(max(float(progress.sums.score @ step), 0.0)))
        norm = float(np.max(np.abs(progress.sums.score) * factor.scale))
        # What was accepted is no worse than what was before it; the sums may say so in their last bits.
        loglik = max(progress.sums.loglik, progress.passes[-1].loglik if progress.passes else -np.inf)
        progress.passes.append(Pass(iteration, loglik, decrement, norm, halvings))
        if decrement <= tolerance or (decrement < _ROUNDING_FLOOR and decrement > 0.9 * previous):
            # The last step is below the tolerance: it moves no digit of the covariance, but it is free.
            progress.beta = progress.beta + step if decrement <= tolerance else progress.beta
            progress.converged = True
            break
        if iteration == max_iterations:
            progress.reason = f"the gradient had not vanished after {max_iterations} iterations"
            break
        # Convergence is quadratic: this will be the last pass, or not far from it.
        last = np.isfinite(previous) and decrement * (decrement / previous) ** 2 <= tolerance
        expected, previous = canonical or bool(last), decrement
        moved = _halved(rows, link, progress, step, expected)
        if moved is None:
            progress.reason = f"no step along the score raised the likelihood after {_MAX_HALVINGS} halvings"
            break
        progress.beta, progress.sums, halvings = moved
        progress.expected = expected
    return progress


def _with_expected_information(rows: Rows, link: Link, progress: _Progress) -> _Progress:
    """Bring the expected information where the last pass had the observed one."""
    if progress.expected:
        return progress
    progress.sums = sums_at(rows, progress.beta, link)
    progress.expected = True
    progress.factor = _factorised(rows, progress.sums, progress.beta, link, True)
    if progress.factor is not None and progress.passes:
        norm = float(np.max(np.abs(progress.sums.score) * progress.factor.scale))
        progress.passes[-1] = replace(progress.passes[-1], loglik=progress.sums.loglik, gradient_norm=norm)
    return progress


def _halved(rows: Rows, link: Link, at: _Progress, step: Floats, expected: bool) -> tuple[Floats, Sums, int] | None:
    """Shorten the step until the likelihood does not fall (beyond the rounding of its sum)."""
    slack = 1e-12 * (abs(at.sums.loglik) + 1e-3)
    for halvings in range(_MAX_HALVINGS):
        # Far from the maximum the information can be all but zero and the step absurd: then shorten faster.
        beta = at.beta + step * (0.5**halvings if halvings < _PATIENT_HALVINGS else 0.1 ** (halvings - 7))
        sums = sums_at(rows, beta, link, expected)
        if np.isfinite(sums.loglik) and sums.loglik >= at.sums.loglik - slack:
            return beta, sums, halvings
    return None


@dataclass(frozen=True, eq=False)
class _Units:
    """The way between the coefficients of the columns kept, scaled, and those of all k columns of the data."""

    keep: npt.NDArray[np.intp]
    k: int
    scaled: Scaled | None

    def _part(self, matrix: Floats) -> Floats:
        return matrix[np.ix_(self.keep, self.keep)]

    def inwards(self, beta: Floats) -> Floats:
        """Give coefficients of the columns kept."""
        return beta[self.keep] if self.scaled is None else self._part(self.scaled.inverse_transform()) @ beta[self.keep]

    def estimates(self, beta: Floats) -> Floats:
        """Give coefficients of all columns, NaN where not kept."""
        out = np.full(self.k, np.nan)
        out[self.keep] = beta if self.scaled is None else self._part(self.scaled.transform()) @ beta
        return out

    def information(self, matrix: Floats) -> Floats:
        """Give the information on all coefficients, 0 where not kept."""
        forth = None if self.scaled is None else self._part(self.scaled.inverse_transform())
        return self._placed(0.0, matrix if forth is None else forth.T @ matrix @ forth)

    def inverse(self, factor: _Factor) -> Floats:
        """Give the inverse information on all coefficients, NaN where not kept."""
        root = factor.root() if self.scaled is None else self._part(self.scaled.transform()) @ factor.root()
        return self._placed(np.nan, np.dot(root, root.T))

    def _placed(self, other: float, matrix: Floats) -> Floats:
        out = np.full((self.k, self.k), other)
        out[np.ix_(self.keep, self.keep)] = matrix
        return out


def _assembled(progress: _Progress, units: _Units, aliases: tuple[Alias, ...]) -> Solution:
    """Put the estimates of the kept columns back among all columns, in the units of the data."""
    factor = progress.factor
    last = progress.passes[-1] if progress.passes else None
    return Solution(
        beta=_frozen(units.estimates(progress.beta)),
        information=_frozen(units.information(progress.sums.information)),
        inverse=_frozen(np.full((units.k, units.k), np.nan) if factor is None else units.inverse(factor)),
        loglik=progress.sums.loglik,
        iterations=last.iteration if last else 0,
        gradient_norm=last.gradient_norm if last else float("nan"),
        converged=progress.converged,
        reason=progress.reason,
        trace=tuple(progress.passes),
        aliased=aliases,
        method="cholesky" if factor is None else factor.method,
    )


def _without_columns(rows: Rows, link: Link) -> Solution:
    """Give the likelihood of the offset alone."""
    empty = np.zeros(0)
    sums = sums_at(rows, empty, link)
    return Solution(empty, np.zeros((0, 0)), np.zeros((0, 0)), sums.loglik, 0, 0.0, True, None)


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
