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
from glmlr.estimation import maximum_of, prior_shift_of, refuse_saturated
from glmlr.links import Link
from glmlr.newton import sums_at
from glmlr.prediction import eta_of, with_infinite
from glmlr.separation import Maximum, suspected
from glmlr.solver import Solution, solve

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

    """

    beta: Floats
    information: Floats
    class_weights: tuple[float, float] | None

    def without(self, others: ArrayRows, link: Link) -> Floats | None:
        """Take one Newton step to the maximum without some rows; None where there is no finite one to start from.

        At the maximum the scores of all rows add up to 0, so that those of the few rows left out say which way to go.

        Reference: Pregibon (1981), Annals of Statistics 9, 705-724 (one-step estimates).
        """
        if not np.isfinite(self.beta).all():
            return None
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

    """

    design: DesignInMemory
    link: Link
    maximum: Maximum
    prior_shift: float

    def probabilities(self, x: Floats, offset: Floats | None) -> Floats:
        """Give the probability of the event for rows of columns x (m, k), corrected for class weights, shape (m,)."""
        eta = eta_of(x.T, self.maximum.working, offset, self.maximum.separation)
        return self.link.mean(eta - self.prior_shift)

    @property
    def start(self) -> Start:
        """Where fits to parts of these rows begin."""
        found = self.maximum.solution
        return Start(found.beta, found.information, self.design.class_weights)

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
) -> Refit:
    """Fit rows without a null model and without a covariance.

    Args:
        design: the rows, without class weights.
        link: the link.
        class_weight: see `weighted_by_class`.
        start: coefficients near the maximum, shape (k,), or None; they save steps and move no digit.
        max_iterations: largest number of Newton steps.

    Raises:
        FitError: there are no estimates.

    """
    weighted = weighted_by_class(design, class_weight)
    refuse_saturated(weighted)
    found = _maximum_near(weighted, link, start, max_iterations)
    shift = prior_shift_of(weighted, link, found.working, found.separation)
    return Refit(weighted, link, found, shift)


def refits(
    design: DesignInMemory,
    link: Link,
    class_weights: Sequence[Any],
    starts: Sequence[Floats | None],
    max_iterations: int = 100,
) -> list[Refit]:
    """Fit the same rows under several class weights: the place for a pass over the rows that serves them all."""
    return [
        refit(design, link, class_weight=weights, start=start, max_iterations=max_iterations)
        for weights, start in zip(class_weights, starts, strict=True)
    ]


def _maximum_near(design: DesignInMemory, link: Link, start: Floats | None, max_iterations: int) -> Maximum:
    """Go to the maximum from a start; where that does not lead there at once, or to infinity, go the careful way."""
    if start is None or not np.isfinite(start).all():
        return maximum_of(design, link, max_iterations)
    patterns = design.patterns
    rows = design if patterns is None else Collapsed(design, patterns)
    near = _newton_near(rows, link, start) if link.name == "logit" else None
    solution = near or solve(rows, link, start=start, max_iterations=max_iterations)
    if suspected(rows, solution, link):
        return maximum_of(design, link, max_iterations)
    return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))


def _newton_near(rows: LocalRows, link: Link, beta: Floats) -> Solution | None:
    """Take the full Newton steps of the logit from a start near the maximum; None where they do not lead there.

    The columns are not looked at again: those that were estimated from all rows serve, unless the information says
    otherwise.
    """
    previous = np.inf
    for iteration in range(_STEPS):
        sums = sums_at(rows, beta, link)
        diagonal = np.diag(sums.information)
        if not (diagonal > 0).all():
            return None
        scale = 1.0 / np.sqrt(diagonal)
        scaled = sums.information * scale * scale[:, None]
        if np.linalg.eigvalsh(scaled)[0] < _WELL_CONDITIONED:
            return None
        inverse = np.linalg.inv(scaled) * scale * scale[:, None]
        step = inverse @ sums.score
        decrement = float(np.sqrt(max(float(sums.score @ step), 0.0)))
        if decrement <= _NEAR:
            norm = float(np.abs(sums.score * scale).max())
            solution = Solution(beta + step, sums.information, inverse, sums.loglik, iteration, norm, True, None)
            return replace(solution, column_size=_column_sizes(rows))
        if not decrement < previous / 2:
            return None
        beta, previous = beta + step, decrement
    return None


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
