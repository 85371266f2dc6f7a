"""How is a model fitted to some of the rows, many times over? Without what nobody asks of it, from a start nearby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import ArrayRows, Block, LocalRows, over_blocks
from glmlr.design import Collapsed, DesignInMemory
from glmlr.design.derived import weighted_by_class
from glmlr.estimation import maximum_of, prior_shift_of, refuse_penalty, refuse_saturated
from glmlr.links import Link
from glmlr.newton import sums_at
from glmlr.penalised.penalties import Penalty
from glmlr.prediction import eta_of, with_infinite
from glmlr.separation import Maximum, suspected
from glmlr.solver import Solution, solve
from glmlr.weightings import sums_at_many

Floats = npt.NDArray[np.float64]

#: Newton's decrement at which the last step is taken from a start near the maximum. Steps converge quadratically: that
#: one ends within about 1e-12 standard errors of the maximum.
_NEAR: Final = 1e-6
#: More steps than this are not taken from a start that was near.
_STEPS: Final = 12
#: Smallest eigenvalue of the scaled information at which plain sums keep enough digits.
_WELL_CONDITIONED: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Start:
    """Where the fit to a part of the rows begins: at the maximum of all of them, in which the others have no more say.

    Attributes:
        beta: estimates of all rows, shape (k,).
        information: of all rows there, shape (k, k).
        class_weights: (weight of non-events, weight of events) of all rows, or None.
        penalty: what was taken off the log-likelihood, or None.

    """

    beta: Floats
    information: Floats
    class_weights: tuple[float, float] | None
    penalty: Penalty | None = None

    def without(self, others: ArrayRows, link: Link) -> Floats | None:
        """Take one Newton step to the maximum without some rows; None where there is no finite one to start from.

        At the maximum the scores of all rows add up to 0, so that those of the few rows left out say which way to go.
        Under a penalty the maximum of all rows itself is the start.

        Reference: Pregibon (1981), Annals of Statistics 9, 705-724 (one-step estimates).
        """
        if not np.isfinite(self.beta).all():
            return None
        if self.penalty is not None:
            return self.beta
        if self.class_weights is not None:
            by_class = np.where(others.y == 1.0, self.class_weights[1], self.class_weights[0])
            others = replace(others, importance=by_class if others.importance is None else others.importance * by_class)
        out = sums_at(others, self.beta, link)
        try:
            return np.asarray(self.beta - np.linalg.solve(self.information - out.information, out.score))
        except np.linalg.LinAlgError:
            return self.beta


@dataclass(frozen=True, eq=False)
class Refit:
    """A model fitted to some of the rows (k = design columns).

    Attributes:
        design: the rows, with their class weights.
        link: the link.
        maximum: estimates, infinite where separated.
        prior_shift: what class weights added to the intercept.
        penalty: what was taken off the log-likelihood, or None.

    """

    design: DesignInMemory
    link: Link
    maximum: Maximum
    prior_shift: float
    penalty: Penalty | None = None

    def probabilities(self, x: Floats, offset: Floats | None) -> Floats:
        """Give the probability of the event for rows of columns x (m, k), corrected for class weights, shape (m,)."""
        eta = eta_of(x.T, self.maximum.working, offset, self.maximum.separation)
        return self.link.mean(eta - self.prior_shift)

    @property
    def start(self) -> Start:
        """Where fits to parts of these rows begin."""
        found = self.maximum.solution
        return Start(found.beta, found.information, self.design.class_weights, self.penalty)

    def of_rows(self, design: DesignInMemory) -> Floats:
        """Give the probabilities of rows of a design with the same columns, shape (n,), corrected for class weights."""
        found = self.maximum
        parts = []
        for block in design.blocks():
            side = None if found.separation is None else found.separation.side_of(block)
            parts.append(with_infinite(block.linear_predictor(found.working), side))
        return self.link.mean(np.concatenate(parts) - self.prior_shift)

    @property
    def own_probabilities(self) -> Floats:
        """Probabilities of the rows that the model was fitted to, shape (n,)."""
        return self.of_rows(self.design)


def refit(
    design: DesignInMemory,
    link: Link,
    *,
    class_weight: Any = None,
    start: Floats | None = None,
    max_iterations: int = 100,
    penalty: Penalty | None = None,
) -> Refit:
    """Fit rows without a null model and without a covariance.

    Args:
        design: the rows, without class weights.
        link: the link.
        class_weight: see `weighted_by_class`.
        start: coefficients near the maximum, shape (k,), or None; they save steps and move no digit.
        max_iterations: largest number of Newton steps.
        penalty: what is taken off the log-likelihood, or None; ridge measures the columns of these rows anew.

    Raises:
        FitError: there are no estimates, or a penalty that does not go with the weights.

    """
    weighted = weighted_by_class(design, class_weight)
    _refuse(weighted, penalty)
    found = _maximum_near(weighted, link, start, max_iterations, penalty)
    shift = prior_shift_of(weighted, link, found.working, found.separation)
    return Refit(weighted, link, found, shift, penalty)


def _refuse(design: DesignInMemory, penalty: Penalty | None) -> None:
    """Refuse what cannot be fitted: see `refuse_saturated` and `refuse_penalty`."""
    refuse_penalty(design, penalty, "newton")
    if penalty is None:
        refuse_saturated(design)


def refits(
    design: DesignInMemory,
    link: Link,
    class_weights: Sequence[Any],
    starts: Sequence[Floats | None],
    max_iterations: int = 100,
    penalty: Penalty | None = None,
) -> list[Refit]:
    """Fit the same rows under several class weights, in passes over the rows that serve them all.

    Args:
        design: the rows, without class weights.
        link: the link.
        class_weights: see `weighted_by_class`, m of them.
        starts: coefficients near each maximum, shape (k,), or None.
        max_iterations: largest number of Newton steps.
        penalty: what is taken off the log-likelihood, or None.

    Raises:
        FitError: there are no estimates, or a penalty that does not go with the weights.

    """
    weighted = [weighted_by_class(design, one) for one in class_weights]
    for one in weighted:
        _refuse(one, penalty)
    together = [None] * len(weighted) if penalty is not None else _maxima_together(design, link, weighted, starts)
    found = []
    for one, start, near in zip(weighted, starts, together, strict=True):
        maximum = near or _maximum_near(one, link, start, max_iterations, penalty)
        shift = prior_shift_of(one, link, maximum.working, maximum.separation)
        found.append(Refit(one, link, maximum, shift, penalty))
    return found


def _maxima_together(
    design: DesignInMemory, link: Link, weighted: Sequence[DesignInMemory], starts: Sequence[Floats | None]
) -> list[Maximum | None]:
    """Take the full Newton steps of the logit under all weightings at once; None where one does not lead there."""
    near = [start for start in starts if start is not None and np.isfinite(start).all()]
    maxima: list[Maximum | None] = [None] * len(weighted)
    if link.name != "logit" or len(near) < len(weighted):
        return maxima
    weights = np.array([one.class_weights or (1.0, 1.0) for one in weighted])
    betas, previous, under_way = np.array(near), np.full(len(weighted), np.inf), np.arange(len(weighted))
    sizes = _column_sizes(design)
    for iteration in range(_STEPS):
        sums = sums_at_many(design, betas[under_way], link, weights[under_way])
        going = []
        for at, which in enumerate(under_way.tolist()):
            step = _near_step(sums.score[at], sums.information[at])
            if step is None:
                continue
            if step.decrement <= _NEAR:
                solution = step.solution(betas[which], float(sums.loglik[at]), iteration, sizes)
                maxima[which] = _unless_suspected(weighted[which], link, solution)
            elif step.decrement < previous[which] / 2:
                betas[which] += step.step
                previous[which] = step.decrement
                going.append(which)
        under_way = np.array(going, dtype=np.intp)
        if not going:
            break
    return maxima


def _maximum_near(
    design: DesignInMemory, link: Link, start: Floats | None, max_iterations: int, penalty: Penalty | None
) -> Maximum:
    """Go to the maximum from a start; where that does not lead there at once, or to infinity, go the careful way."""
    if start is None or not np.isfinite(start).all():
        return maximum_of(design, link, max_iterations, penalty)
    if penalty is not None:
        return maximum_of(design, link, max_iterations, penalty, start=start)
    patterns = design.patterns
    rows = design if patterns is None else Collapsed(design, patterns)
    near = _newton_near(rows, link, start) if link.name == "logit" else None
    solution = near or solve(rows, link, start=start, max_iterations=max_iterations)
    return _unless_suspected(rows, link, solution) or maximum_of(design, link, max_iterations)


def _unless_suspected(rows: LocalRows, link: Link, solution: Solution) -> Maximum | None:
    """Give a solution as the maximum, unless the rows may be separated."""
    if suspected(rows, solution, link):
        return None
    return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))


def _newton_near(rows: LocalRows, link: Link, beta: Floats) -> Solution | None:
    """Take the full Newton steps of the logit from a start near the maximum; None where they do not lead there.

    The columns are not looked at again: those that were estimated from all rows serve, unless the information says
    otherwise.
    """
    previous = np.inf
    for iteration in range(_STEPS):
        sums = sums_at(rows, beta, link)
        step = _near_step(sums.score, sums.information)
        if step is None:
            return None
        if step.decrement <= _NEAR:
            return step.solution(beta, sums.loglik, iteration, _column_sizes(rows))
        if not step.decrement < previous / 2:
            return None
        beta, previous = beta + step.step, step.decrement
    return None


@dataclass(frozen=True, eq=False)
class _NearStep:
    """A Newton step near a maximum: the step, its decrement, and the information (k, k) with its inverse."""

    step: Floats
    decrement: float
    norm: float
    information: Floats
    inverse: Floats

    def solution(self, beta: Floats, loglik: float, iteration: int, sizes: Floats) -> Solution:
        """Take the last step."""
        found = Solution(beta + self.step, self.information, self.inverse, loglik, iteration, self.norm, True, None)
        return replace(found, column_size=sizes)


def _near_step(score: Floats, information: Floats) -> _NearStep | None:
    """Give the Newton step; None where the information is too ill-conditioned for plain sums."""
    diagonal = np.diag(information)
    if not (diagonal > 0).all():
        return None
    scale = 1.0 / np.sqrt(diagonal)
    scaled = information * scale * scale[:, None]
    if np.linalg.eigvalsh(scaled)[0] < _WELL_CONDITIONED:
        return None
    inverse = np.linalg.inv(scaled) * scale * scale[:, None]
    step = inverse @ score
    decrement = float(np.sqrt(max(float(score @ step), 0.0)))
    return _NearStep(step, decrement, float(np.abs(score * scale).max()), information, inverse)


def _column_sizes(rows: LocalRows) -> Floats:
    """Give the root mean square of each column, shape (k,)."""

    def squares(block: Block) -> Floats:
        squares = block.times(np.ones(block.size))
        x, at = block.written_out()
        squares[at] = np.square(x).sum(axis=1)
        return np.append(squares, block.size)

    total: Floats = over_blocks(rows, squares, np.add)
    return np.asarray(np.sqrt(total[:-1] / total[-1]))


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
