"""Where do the intervals of Firth's estimates end? Roots of the penalised deviance, or of the adjusted score statistic.

As in `ends`, an end first takes quick steps along the profile and across it at once; what these do not bring home is
bracketed step by step, the other coefficients at their best each time.

References: Heinze & Schemper (2002), Statist. Med. 21, 2409-2419; Venzon & Moolgavkar (1988), Applied Statistics 37.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.penalised.adjusted import Adjusted, adjusted_at
from glmlr.penalised.planes import Centre
from glmlr.profiles.held import CLOSE

Floats = npt.NDArray[np.float64]

_QUICK_STEPS: Final = 40
#: A squared distance (in standard errors) across the profile that is none.
_ACROSS: Final = 1e-10
#: How far from the Wald end, as a share of its distance, a quick end may lie: a statistic that is not the loss of a
#: likelihood need not rise all the way, and the end is where it first reaches the quantile.
_WITHIN: Final = 2.0
#: How much faster or slower than at a point the root of the loss can rise between it and the one before.
_CREDIBLE: Final = 3.0
#: Share of the Wald distance that a step of the bracket takes, and by how much the next is longer.
_FIRST_STEP: Final = 0.5
_LONGER: Final = 1.25
_MOST_STEPS: Final = 120
#: Share of the first step that is left of the bracket: the loss is then within `CLOSE` of the quantile.
_NARROW: Final = 1e-9
#: A step cut to this share of the first leads nowhere.
_SHORTEST: Final = 1e-6


def penalised_ends(centre: Centre, combinations: Floats, quantile: float) -> Floats:
    """Give the ends of the profile intervals of linear combinations of Firth's estimates.

    Args:
        centre: the estimates, k columns.
        combinations: one in each row, shape (m, k), none 0.
        quantile: of chi-square with 1 degree of freedom: the loss at the ends.

    Returns:
        Lower and upper ends, shape (m, 2); NaN where the loss never reaches the quantile.

    """
    ends = [[_end(_Side(centre, along, sign, quantile)) for sign in (-1.0, 1.0)] for along in combinations]
    return np.array(ends, dtype=np.float64).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of the profile of one combination a (k,)."""

    centre: Centre
    along: Floats
    sign: float
    quantile: float

    @property
    def error(self) -> float:
        """Standard error of the combination."""
        return math.sqrt(float(self.along @ self.centre.at.factor.solve(self.along)))

    @property
    def value(self) -> float:
        """The combination of the estimates."""
        return float(self.along @ self.centre.at.beta)

    def basis(self) -> Floats:
        """Give directions in which the combination does not move, shape (k, k - 1)."""
        pivot = int(np.argmax(np.abs(self.along)))
        directions = np.eye(self.along.size)
        directions[pivot] = -self.along / self.along[pivot]
        return np.delete(directions, pivot, axis=1)

    def forward(self, at: Adjusted) -> Floats:
        """Give the direction in which the combination moves by 1, the others to their best, shape (k,)."""
        moved = at.factor.solve(self.along)
        return np.asarray(moved / float(self.along @ moved))


def _end(side: _Side) -> float:
    quick = _quickly(side)
    if quick is not None:
        return quick
    return _surely(side)


def _quickly(side: _Side) -> float | None:
    """Take Newton's steps on the root of the loss; None where they do not lead home."""
    goal, reach = math.sqrt(side.quantile), side.error * math.sqrt(side.quantile)
    beta = side.centre.at.beta + side.sign * reach * side.forward(side.centre.at)
    before: tuple[float, float] | None = None
    for _ in range(_QUICK_STEPS):
        at = adjusted_at(side.centre.rows, beta, side.centre.link)
        if at is None:
            return None
        forward, asked = side.forward(at), at.factor.solve(at.score)
        across = asked - forward * float(side.along @ asked)
        apart, slope = float(at.score @ across), side.sign * float(at.score @ forward)
        loss, rise = _loss_and_rise(side, at, apart, slope)
        if not (math.isfinite(loss) and loss > 0 and slope < 0):
            return None
        away, root = side.sign * (float(side.along @ beta) - side.value), math.sqrt(loss)
        if before is not None and not side.centre.has_likelihood and away != before[0]:
            secant = (root - before[1]) / (away - before[0])
            # Near the end it is rounding.
            rise = secant if rise / _CREDIBLE < secant < rise * _CREDIBLE else rise
        before, ahead = (away, root), (goal - root) / rise
        beta = beta + across + side.sign * ahead * forward
        if abs(loss - side.quantile) <= CLOSE and apart <= _ACROSS:
            away = side.sign * (float(side.along @ beta) - side.value)
            sure = side.centre.has_likelihood or reach / _WITHIN < away < reach * _WITHIN
            return side.value + side.sign * away if sure else None
    return None


def _loss_and_rise(side: _Side, at: Adjusted, apart: float, slope: float) -> tuple[float, float]:
    """Give the loss of the profile next to a point, and how fast its root rises along the profile."""
    if side.centre.has_likelihood:
        loss = 2.0 * (side.centre.at.objective - at.objective) - apart
        return loss, -slope / math.sqrt(loss) if loss > 0 else math.nan
    variance = float(side.along @ at.factor.solve(side.along))
    return slope**2 * variance, 1.0 / math.sqrt(variance)


def _surely(side: _Side) -> float:
    """Go away from the estimate until the loss exceeds the quantile, then narrow the last step down."""
    from scipy.optimize import brentq

    goal, basis = math.sqrt(side.quantile), side.basis()
    points: dict[float, Adjusted] = {0.0: side.centre.at}

    def beyond(away: float) -> float:
        """Give by how much the root of the loss exceeds its goal; NaN where the others have no best."""
        near = points[min(points, key=lambda one: abs(one - away))]
        moved = side.value + side.sign * away - float(side.along @ near.beta)
        found = side.centre.best(near.beta + moved * side.forward(near), basis)
        if found is None:
            return math.nan
        points[away] = found
        return math.sqrt(side.centre.loss(found)) - goal

    first = _FIRST_STEP * goal * side.error
    step, inside = first, 0.0
    for _ in range(_MOST_STEPS):
        over = beyond(inside + step)
        if over > 0:
            try:
                end = brentq(beyond, inside, inside + step, xtol=_NARROW * first, rtol=1e-14)
            except ValueError:  # the others have no best on the way
                return math.nan
            return side.value + side.sign * float(end)
        if math.isnan(over):
            step *= 0.5
            if step < _SHORTEST * first:
                break
            continue
        inside, step = inside + step, step * _LONGER
    return math.nan
