"""How are Newton's steps taken? Sums over blocks of rows, the information factorised, steps that never go downhill.

One pass over the rows gives the log-likelihood, the score and the information at a value of the coefficients. For the
logit, observed and expected information are one and Newton's method is Fisher scoring; for the other links the steps
use the observed information, so that the last ones converge quadratically, and the covariance the expected one.

Reference: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
#: A decrement that no longer falls and is below this is at the limit of floating point, ...
_ROUNDING_FLOOR: Final = 1e-5
#: ... and so it is up to this where half its square, what the step would gain, is lost in the likelihood's rounding.
_ROUNDING_CEILING: Final = 1e-4
#: What the sum of a likelihood may lose by rounding, of its size and of this much more.
_ROUNDING_OF_SUM: Final = 1e-12
_SIZE_OF_NOTHING: Final = 1e-3
MAX_ITERATIONS: Final = 100
_MAX_HALVINGS: Final = 40
_SINGULAR: Final = "the information matrix became singular: some estimates run off to infinity"
_TOO_WEAK: Final = "the penalty is too weak to tell columns apart that depend on one another"
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
    """One pass of the iteration, or one epoch of training (see `glmlr.training`).

    Attributes:
        iteration: steps or epochs before it.
        loglik: log-likelihood of the Bernoulli rows, less the penalty where there is one.
        decrement: Newton decrement, the distance to the maximum in standard errors; NaN where it was not found.
        gradient_norm: largest component of the score, each divided by its standard deviation.
        halvings: by how often the step before was halved.
        beta: the coefficients, shape (k,); NaN where aliased; None where they were not kept.
        passes: passes over the rows until then; NaN where each step took one, and each halving one more.
        rows_seen: rows in them; NaN where it is all rows in each.
        loss: mean loss of the rows trained on; NaN where it is -loglik over the weight of all rows.
        learning_rate: of the step before, NaN for Newton steps.
        validation_loss: mean loss of rows held out, NaN where there are none.

    """

    iteration: int
    loglik: float
    decrement: float
    gradient_norm: float
    halvings: int
    beta: Floats | None = field(default=None, compare=False, repr=False)
    passes: float = field(default=float("nan"), compare=False)
    rows_seen: float = field(default=float("nan"), compare=False)
    loss: float = field(default=float("nan"), compare=False)
    learning_rate: float = field(default=float("nan"), compare=False)
    validation_loss: float = field(default=float("nan"), compare=False)


def in_other_units(passes: Sequence[Pass], change: Callable[[Floats], Floats]) -> tuple[Pass, ...]:
    """Give the passes with their coefficients changed, such as to the units of the data."""
    return tuple(one if one.beta is None else replace(one, beta=change(one.beta)) for one in passes)


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


def factorised(
    rows: Rows, sums: Sums, beta: Floats, link: Link, expected: bool, penalty: Floats | None = None
) -> Factor | None:
    """Factorise the information by Cholesky, or by QR of the weighted rows where digits would be lost.

    Args:
        rows: blocks with k columns.
        sums: of the rows at `beta`, less the penalty where there is one.
        beta: coefficients, shape (k,).
        link: the link.
        expected: whether `sums` has the expected or the observed information.
        penalty: what it contains beside that of the rows, shape (k, k), or None.

    """
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
    if penalty is not None:
        upper = _with_penalty(upper, penalty, scale)
    if np.abs(upper.diagonal()).min() <= ALIAS_TOLERANCE:
        return None
    return Factor(upper, scale, "qr")


def _with_penalty(upper: Floats, penalty: Floats, scale: Floats) -> Floats:
    """Give R of the rows of a triangle and those of a root of the penalty, in the units of the triangle."""
    values, vectors = np.linalg.eigh(penalty * scale * scale[:, None])
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return np.asarray(np.linalg.qr(np.vstack([upper, root]), mode="r"))


def less_penalty(sums: Sums, beta: Floats, penalty: Floats | None) -> Sums:
    """Take a quadratic penalty, half of beta' P beta for a matrix P (k, k), off the log-likelihood."""
    if penalty is None:
        return sums
    slope = np.dot(penalty, beta)
    return Sums(sums.loglik - float(beta @ slope) / 2.0, sums.score - slope, sums.information + penalty)


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
    """Where the iteration stands: `sums` are of the rows alone, `factor` and `passes` less the penalty."""

    beta: Floats
    sums: Sums
    expected: bool
    factor: Factor | None
    passes: list[Pass] = field(default_factory=list)
    reason: str | None = None
    converged: bool = False


def iterated(
    rows: Rows, link: Link, beta: Floats, tolerance: float, max_iterations: int, penalty: Floats | None = None
) -> Progress:
    """Take Newton steps, halved until the likelihood rises, until the decrement vanishes.

    Args:
        rows: blocks with k columns.
        link: the link.
        beta: where to start, shape (k,).
        tolerance: largest decrement accepted as converged.
        max_iterations: largest number of steps.
        penalty: matrix P of the penalty, half of beta' P beta, that is taken off the log-likelihood, shape (k, k).

    """
    canonical = link.name == "logit"
    progress = Progress(beta, sums_at(rows, beta, link, canonical), canonical, None)
    previous, halvings = np.inf, 0
    for iteration in range(max_iterations + 1):
        at = less_penalty(progress.sums, progress.beta, penalty)
        factor = factorised(rows, at, progress.beta, link, progress.expected, penalty)
        if factor is None:
            progress.reason = _SINGULAR if penalty is None else _TOO_WEAK
            break
        progress.factor = factor
        step = factor.solve(at.score)
        decrement = float(np.sqrt(max(float(at.score @ step), 0.0)))
        norm = float(np.max(np.abs(at.score) * factor.scale))
        # What was accepted is no worse than what was before it; the sums may say so in their last bits.
        loglik = max(at.loglik, progress.passes[-1].loglik if progress.passes else -np.inf)
        progress.passes.append(Pass(iteration, loglik, decrement, norm, halvings, progress.beta))
        if decrement <= tolerance or (decrement < _at_rounding(at.loglik) and decrement > 0.9 * previous):
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
        moved = _halved(rows, link, progress.beta, at.loglik, step, expected, penalty)
        if moved is None:
            progress.reason = f"no step along the score raised the likelihood after {_MAX_HALVINGS} halvings"
            break
        progress.beta, progress.sums, halvings = moved
        progress.expected = expected
    return progress


def standing_at(rows: Rows, link: Link, beta: Floats, penalty: Floats | None = None) -> Progress:
    """Say where coefficients (k,) stand with no step taken: one pass, with the distance to the maximum.

    Args:
        rows: blocks with k columns.
        link: the link.
        beta: coefficients, shape (k,).
        penalty: matrix P of a penalty of half of beta' P beta, shape (k, k), or None.

    """
    progress = Progress(beta, sums_at(rows, beta, link), True, None)
    at = less_penalty(progress.sums, beta, penalty)
    progress.factor = factorised(rows, at, beta, link, True, penalty)
    distance = norm = float("inf")
    if progress.factor is None:
        progress.reason = _SINGULAR
    else:
        distance = float(np.sqrt(max(float(at.score @ progress.factor.solve(at.score)), 0.0)))
        norm = float(np.max(np.abs(at.score) * progress.factor.scale))
    progress.passes.append(Pass(0, at.loglik, distance, norm, 0, beta))
    return progress


def _lost_by_rounding(loglik: float) -> float:
    return _ROUNDING_OF_SUM * (abs(loglik) + _SIZE_OF_NOTHING)


def _at_rounding(loglik: float) -> float:
    """Give the decrement below which a step gains nothing that the likelihood could show."""
    return min(max(_ROUNDING_FLOOR, float(np.sqrt(2.0 * _lost_by_rounding(loglik)))), _ROUNDING_CEILING)


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


def with_expected_information(rows: Rows, link: Link, progress: Progress, penalty: Floats | None = None) -> Progress:
    """Bring the expected information where the last pass had the observed one."""
    if progress.expected:
        return progress
    progress.sums = sums_at(rows, progress.beta, link)
    progress.expected = True
    at = less_penalty(progress.sums, progress.beta, penalty)
    progress.factor = factorised(rows, at, progress.beta, link, True, penalty)
    if progress.factor is not None and progress.passes:
        norm = float(np.max(np.abs(at.score) * progress.factor.scale))
        progress.passes[-1] = replace(progress.passes[-1], loglik=at.loglik, gradient_norm=norm)
    return progress


def _halved(
    rows: Rows, link: Link, start: Floats, level: float, step: Floats, expected: bool, penalty: Floats | None
) -> tuple[Floats, Sums, int] | None:
    """Shorten the step until the (penalised) likelihood does not fall below a level, beyond the rounding of its sum."""
    slack = _lost_by_rounding(level)
    for halvings in range(_MAX_HALVINGS):
        # Far from the maximum the information can be all but zero and the step absurd: then shorten faster.
        beta = start + step * (0.5**halvings if halvings < _PATIENT_HALVINGS else 0.1 ** (halvings - 7))
        sums = sums_at(rows, beta, link, expected)
        reached = sums.loglik - (0.0 if penalty is None else float(beta @ np.dot(penalty, beta)) / 2.0)
        if np.isfinite(reached) and reached >= level - slack:
            return beta, sums, halvings
    return None
