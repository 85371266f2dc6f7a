"""How are Newton's steps taken? Sums over blocks of rows, the information factorised, steps that never go downhill.

One pass over the rows gives the log-likelihood, the score and the information at a value of the coefficients. For the
logit, observed and expected information are one and Newton's method is Fisher scoring; for the other links the steps
use the observed information, so that the last ones converge quadratically, and the covariance the expected one.

Reference: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtri

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.conditioning import ALIAS_TOLERANCE, triangle
from glmlr.links import Likelihood, Link

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

#: A guided step leaves at most this share of the distance to the maximum, or it is the last.
_GUIDED_SHARE: Final = 0.2
_GUIDED_STEPS: Final = 4
#: A Newton step from here ends below the tolerance where rows are many.
_NEAR: Final = 1e-4


@dataclass(frozen=True, eq=False)
class Sums:
    """What one pass over the rows adds up: log-likelihood, score (k,) and information (k, k)."""

    loglik: float
    score: Floats
    information: Floats

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.loglik + other.loglik, self.score + other.score, self.information + other.information)


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
class Factor:
    """The information, factorised: solves for a step and gives the inverse."""

    triangle: Floats  # upper R with R'R = D information D
    scale: Floats  # D: 1 / sqrt(diagonal)
    method: str

    def solve(self, vector: Floats) -> Floats:
        """Give the inverse times a vector (k,), shape (k,)."""
        solved, _ = dpotrs(self.triangle, self.scale * vector)
        return np.asarray(self.scale * solved)

    def root(self) -> Floats:
        """Give a matrix H with H H' the inverse, so that what is made of it keeps variances that are not negative."""
        inverse, _ = dtrtri(self.triangle)
        return np.asarray(self.scale[:, None] * inverse)

    def inverse(self) -> Floats:
        """Give the inverse, shape (k, k)."""
        root = self.root()
        return np.asarray(np.dot(root, root.T))


def factorised(rows: Rows, sums: Sums, beta: Floats, link: Link, expected: bool) -> Factor | None:
    """Factorise the information by Cholesky, or by QR of the weighted rows where digits would be lost."""
    diagonal = sums.information.diagonal()
    if not (np.isfinite(diagonal).all() and (diagonal > 0).all()):
        return None
    scale = 1.0 / np.sqrt(diagonal)
    # Fortran's order of a symmetric matrix is its own.
    upper, failed = dpotrf((sums.information * scale * scale[:, None]).T)
    if not failed and upper.diagonal().min() ** 2 > _ILL_CONDITIONED:
        return Factor(upper, scale, "cholesky")

    def weighted(block: Block) -> Floats:
        information = _contributions(block, beta, link, expected).information
        return np.asarray(block.x * np.sqrt(information) * scale[:, None])

    upper = triangle(rows, weighted)
    if np.abs(upper.diagonal()).min() <= ALIAS_TOLERANCE:
        return None
    return Factor(upper, scale, "qr")


@dataclass(frozen=True, eq=False)
class Guide:
    """The information of all rows as a sample of them shows it: that of the sample, times a number."""

    sample: Factor
    times: float

    def step(self, score: Floats) -> Floats:
        """Give the step that leads about to where the score (k,) vanishes."""
        return self.sample.solve(score) / self.times


@dataclass
class Progress:
    """Where the iteration stands."""

    beta: Floats
    sums: Sums
    expected: bool
    factor: Factor | None
    passes: list[Pass] = field(default_factory=list)
    reason: str | None = None
    converged: bool = False


def iterated(rows: Rows, link: Link, beta: Floats, tolerance: float, max_iterations: int) -> Progress:
    """Take Newton steps, halved until the likelihood rises, until the decrement vanishes."""
    canonical = link.name == "logit"
    progress = Progress(beta, sums_at(rows, beta, link, canonical), canonical, None)
    previous, halvings = np.inf, 0
    for iteration in range(max_iterations + 1):
        factor = factorised(rows, progress.sums, progress.beta, link, progress.expected)
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
        last = decrement * (decrement / previous) ** 2 <= tolerance if np.isfinite(previous) else decrement <= _NEAR
        expected, previous = canonical or bool(last), decrement
        moved = _halved(rows, link, progress, step, expected)
        if moved is None:
            progress.reason = f"no step along the score raised the likelihood after {_MAX_HALVINGS} halvings"
            break
        progress.beta, progress.sums, halvings = moved
        progress.expected = expected
    return progress


def guided(rows: Rows, link: Link, beta: Floats, guide: Guide) -> Floats:
    """Come near the maximum by steps that need the score alone: less than half the work of a Newton step.

    Args:
        rows: blocks with k columns.
        link: the link.
        beta: where to start, shape (k,).
        guide: stands for the information of the rows.

    """

    def score_of(block: Block) -> Floats:
        score, total = link.score(block.eta(beta), block.y), block.total_weight()
        return block.times(score if total is None else score * total)

    safe, before = beta, np.inf
    for _ in range(_GUIDED_STEPS):
        score = over_blocks(rows, score_of, np.add)
        step = guide.step(score)
        distance = float(np.sqrt(max(float(score @ step), 0.0)))
        if not distance <= _GUIDED_SHARE * before:
            return beta if distance < before else safe
        share = distance / before
        safe, beta, before = beta, beta + step, distance
        if 0 < share * distance <= _NEAR:
            break
    return beta


def with_expected_information(rows: Rows, link: Link, progress: Progress) -> Progress:
    """Bring the expected information where the last pass had the observed one."""
    if progress.expected:
        return progress
    progress.sums = sums_at(rows, progress.beta, link)
    progress.expected = True
    progress.factor = factorised(rows, progress.sums, progress.beta, link, True)
    if progress.factor is not None and progress.passes:
        norm = float(np.max(np.abs(progress.sums.score) * progress.factor.scale))
        progress.passes[-1] = replace(progress.passes[-1], loglik=progress.sums.loglik, gradient_norm=norm)
    return progress


def _halved(rows: Rows, link: Link, at: Progress, step: Floats, expected: bool) -> tuple[Floats, Sums, int] | None:
    """Shorten the step until the likelihood does not fall (beyond the rounding of its sum)."""
    slack = 1e-12 * (abs(at.sums.loglik) + 1e-3)
    for halvings in range(_MAX_HALVINGS):
        # Far from the maximum the information can be all but zero and the step absurd: then shorten faster.
        beta = at.beta + step * (0.5**halvings if halvings < _PATIENT_HALVINGS else 0.1 ** (halvings - 7))
        sums = sums_at(rows, beta, link, expected)
        if np.isfinite(sums.loglik) and sums.loglik >= at.sums.loglik - slack:
            return beta, sums, halvings
    return None
