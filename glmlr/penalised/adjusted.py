"""Where do scores that are adjusted against bias vanish? Sums over blocks, and steps that lead there.

The maximum-likelihood estimate has a bias of first order in 1/n, which an adjustment of the score takes away:
U*(beta) = U(beta) + sum_i h_i (d log f(eta_i) / d eta) x_i / 2, h_i the leverage of a row and f the density d mu / d
eta of the link. For the logit U* is the gradient of l + log|I| / 2, the likelihood under Jeffreys' prior, which has its
maximum at finite coefficients whatever the data; for other links it is the gradient of nothing.

The same equations are solved with the coefficients held on a plane: the leverage stays that of all columns.

References: Firth (1993), Biometrika 80, 27-38; Kosmidis & Firth (2009), Biometrika 96, 793-804, section 4.3; Walker &
Ni (2011), SIAM J. Numer. Anal. 49, 1715-1735 (mixing of the last steps, Anderson 1965).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.links import Link
from glmlr.newton import Factor, Pass, Sums, factorised, sums_at

Floats = npt.NDArray[np.float64]

_MAX_HALVINGS: Final = 30
#: Steps that are mixed; more of them remember what is no longer true.
_REMEMBERED: Final = 5
#: Directions of the steps mixed below this share of the largest are rounding.
_SAME_DIRECTION: Final = 1e-8
#: A score that is not a gradient may grow by this on the way to its zero.
_GROWTH: Final = 2.0
#: A distance that no longer falls and is below this is at the limit of floating point.
_ROUNDING_FLOOR: Final = 1e-7


@dataclass(frozen=True, eq=False)
class Adjusted:
    """The adjusted score at some coefficients (k columns).

    Attributes:
        beta: the coefficients, shape (k,).
        loglik: log-likelihood, without any penalty.
        score: adjusted score, shape (k,).
        information: expected information, shape (k, k).
        factor: the same, factorised.

    """

    beta: Floats
    loglik: float
    score: Floats
    information: Floats
    factor: Factor

    @property
    def objective(self) -> float:
        """Log-likelihood plus half the log determinant of the information: the logit's penalised likelihood."""
        return self.loglik + _half_log_determinant(self.factor)

    def statistic(self, basis: Floats | None = None) -> float:
        """Give U*' I^-1 U*, the adjusted score statistic of what is held here.

        Args:
            basis: directions that a larger model has, shape (k, m); None for all.

        """
        free = _Free.of(self, basis)
        return math.nan if free is None else free.size(self.score if basis is None else basis.T @ self.score) ** 2


def _half_log_determinant(factor: Factor) -> float:
    return float(np.log(np.abs(factor.triangle.diagonal())).sum() - np.log(factor.scale).sum())


def adjusted_at(rows: Rows, beta: Floats, link: Link) -> Adjusted | None:
    """Give the adjusted score of all rows at `beta` (k,), in two passes; None where the information is singular."""
    known = _informed(rows, beta, link)
    return None if known is None else known.adjusted(rows, link)


@dataclass(frozen=True, eq=False)
class _Informed:
    """What the first pass finds: sums, and the information factorised."""

    beta: Floats
    sums: Sums
    factor: Factor

    @property
    def objective(self) -> float:
        return self.sums.loglik + _half_log_determinant(self.factor)

    def adjusted(self, rows: Rows, link: Link) -> Adjusted:
        """Take the second pass, for which leverages are known."""
        inverse = self.factor.inverse()

        def against_bias(block: Block) -> Floats:
            eta = block.eta(self.beta)
            # What underflows has no leverage, however steep the density there.
            leverage = link.weight(eta) * block.quadratic(inverse)
            shift = np.where(leverage > 0, 0.5 * leverage * link.density_slope(eta), 0.0)
            return block.times(shift if block.weight is None else shift * block.weight)

        score = self.sums.score + over_blocks(rows, against_bias, np.add)
        return Adjusted(self.beta, self.sums.loglik, score, self.sums.information, self.factor)


def _informed(rows: Rows, beta: Floats, link: Link) -> _Informed | None:
    with np.errstate(over="ignore", invalid="ignore"):
        sums = sums_at(rows, beta, link)
    if not (np.isfinite(sums.loglik) and np.isfinite(sums.score).all()):
        return None
    factor = factorised(rows, sums, beta, link, True)
    return None if factor is None else _Informed(beta, sums, factor)


# ------------------------------------------------------------------------------------------------ the way


@dataclass
class Way:
    """How far the steps have led.

    Attributes:
        at: where they stand; None where the information was singular from the start.
        passes: one record a step.
        converged: whether the adjusted score, as far as it is free, has vanished.
        reason: None, or why not.

    """

    at: Adjusted | None
    passes: list[Pass] = field(default_factory=list)
    converged: bool = False
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class _Free:
    """The information of the free directions, in which steps are measured (m of them)."""

    upper: Floats  # R with R'R = D information D
    scale: Floats  # D

    @classmethod
    def of(cls, at: Adjusted, basis: Floats | None) -> _Free | None:
        """Take all directions, or those of a basis (k, m); None where they cannot be told apart."""
        if basis is None:
            return cls(at.factor.triangle, at.factor.scale)
        part = basis.T @ at.information @ basis
        diagonal = part.diagonal()
        if not (diagonal > 0).all():
            return None
        scale = 1.0 / np.sqrt(diagonal)
        try:
            lower = np.linalg.cholesky(part * scale * scale[:, None])
        except np.linalg.LinAlgError:
            return None
        return cls(np.ascontiguousarray(lower.T), scale)

    def step(self, score: Floats) -> Floats:
        """Give the inverse information times a score (m,)."""
        half = solve_triangular(self.upper, self.scale * score, trans="T", check_finite=False)
        return np.asarray(self.scale * solve_triangular(self.upper, half, check_finite=False))

    def measured(self, steps: Floats) -> Floats:
        """Give steps (m, ...) in standard errors: their length is the distance they go."""
        return np.asarray(np.triu(self.upper) @ (steps.T / self.scale).T)

    def size(self, score: Floats) -> float:
        """Give the distance, in standard errors, that a score asks for; infinite where it is beyond all numbers."""
        with np.errstate(over="ignore", invalid="ignore"):
            squared = float(score @ self.step(score))
        return math.sqrt(max(squared, 0.0)) if math.isfinite(squared) else math.inf


def vanishing(
    rows: Rows,
    link: Link,
    start: Floats,
    *,
    basis: Floats | None = None,
    tolerance: float,
    max_iterations: int,
) -> Way:
    """Solve the adjusted score equations by Fisher scoring, steps mixed as Anderson does.

    Args:
        rows: blocks with k columns; their weights count trials.
        link: the link.
        start: where to start, shape (k,).
        basis: directions in which the coefficients are free, shape (k, m), independent; None for all.
        tolerance: distance, in standard errors, accepted as none.
        max_iterations: largest number of steps.

    """
    here = adjusted_at(rows, start, link)
    if here is None:
        return Way(None, reason="the information matrix is singular where the iteration starts")
    if basis is not None and basis.shape[1] == 0:
        return Way(here, converged=True)
    way, memory, previous, halvings = Way(here), _Memory(), np.inf, 0
    for iteration in range(max_iterations + 1):
        free = _Free.of(here, basis)
        if free is None:
            way.reason = "the information matrix became singular"
            break
        score = here.score if basis is None else basis.T @ here.score
        plain = free.step(score)
        distance = free.size(score)
        way.passes.append(
            Pass(iteration, here.loglik, distance, float(np.max(np.abs(score) * free.scale)), halvings, here.beta)
        )
        if distance <= tolerance or (distance < _ROUNDING_FLOOR and distance > 0.9 * previous):
            way.converged = True
            break
        if iteration == max_iterations:
            way.reason = f"the adjusted score had not vanished after {max_iterations} iterations"
            break
        previous = distance
        moved = _moved(rows, link, here, free, [memory.mixed(plain, free), plain], basis, distance)
        if moved is None:
            way.reason = f"no step along the adjusted score led further after {_MAX_HALVINGS} halvings"
            break
        memory.keep(moved.step, plain, mixed=moved.mixed)
        here, halvings = moved.at, moved.halvings
        way.at = here
    return way


@dataclass(frozen=True, eq=False)
class _Moved:
    at: Adjusted
    step: Floats
    halvings: int
    mixed: bool


def _moved(
    rows: Rows,
    link: Link,
    here: Adjusted,
    free: _Free,
    steps: Sequence[Floats],
    basis: Floats | None,
    distance: float,
) -> _Moved | None:
    """Take the mixed step if it leads further, else the plain one, shortened until it does.

    Further is, for the logit, where the penalised likelihood is no lower; for the other links, which have none, where
    the step from there, measured in the same standard errors, is not much longer.
    """
    slack = 1e-12 * (abs(here.objective) + 1e-3)
    tries = [(steps[0], 1.0, True)] + [(steps[1], 0.5**halvings, False) for halvings in range(_MAX_HALVINGS)]
    for position, (step, share, mixed) in enumerate(tries):
        known = _informed(rows, here.beta + share * (step if basis is None else basis @ step), link)
        if known is None or (link.name == "logit" and known.objective < here.objective - slack):
            continue
        there = known.adjusted(rows, link)
        if link.name != "logit":
            left = free.size(there.score if basis is None else basis.T @ there.score)
            if not left <= _GROWTH * distance:
                continue
        return _Moved(there, share * step, max(position - 1, 0), mixed)
    return None


class _Memory:
    """The last steps, and how what Fisher scoring asks for has changed with each."""

    def __init__(self) -> None:
        self.steps: list[Floats] = []
        self.changes: list[Floats] = []
        self._asked: Floats | None = None
        self._step: Floats | None = None

    def mixed(self, plain: Floats, free: _Free) -> Floats:
        """Give the step after which, were all linear, nothing would be asked for in the directions remembered."""
        if self._asked is not None and self._step is not None:
            self.steps = [*self.steps, self._step][-_REMEMBERED:]
            self.changes = [*self.changes, plain - self._asked][-_REMEMBERED:]
        if not self.steps:
            return plain
        steps, changes = np.array(self.steps).T, np.array(self.changes).T
        share = np.linalg.lstsq(free.measured(changes), free.measured(plain), rcond=_SAME_DIRECTION)[0]
        step = plain - (steps + changes) @ share
        # A step against the score would lead back.
        return step if float(free.measured(step) @ free.measured(plain)) > 0 else plain

    def keep(self, step: Floats, asked: Floats, *, mixed: bool) -> None:
        """Remember a step, and what was asked for before it; forget all others where the mixed step led nowhere."""
        if not mixed:
            self.steps, self.changes = [], []
        self._step, self._asked = step, asked
