"""How likely is a weighted sum of chi-squares to exceed a number? Its tail, as exact as the arithmetic, with a bound.

For Q = sum w_j X_j, X_j independent chi-squares with 1 degree of freedom and w_j > 0, the cumulant generating function
is K(s) = -1/2 sum log(1 - 2 w_j s), and for any 0 < c < 1 / (2 max w)

    P(Q > q) = 1 / (2 pi i) integral of exp(K(s) - q s) / s over a line from c - i oo to c + i oo.

The line is bent to the right into a parabola through the saddlepoint of the integrand, on which it neither swings nor
decays slowly, and the trapezoidal rule is taken in the variable of its hyperbolic sine, where it converges
geometrically. All terms are of the size of the tail, so that far tails keep their digits too.

References: Imhof (1961), Biometrika 48, 419-426 (the same integral on the imaginary axis); Rice (1980), SIAM J. Sci.
Stat. Comput. 1, 438-448 (contours through the saddlepoint); Trefethen & Weideman (2014), SIAM Review 56, 385-458.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

Floats = npt.NDArray[np.float64]

#: The first step is the end of the path divided by this; it is halved until two sums agree.
_STEPS: Final = 16
_HALVINGS: Final = 14
#: What two sums may differ by, relative to the tail; the error of the second is about the square of that of the first.
_AGREED: Final = 1e-12
#: The path ends where a term is smaller than this share of the largest.
_NOTHING: Final = 1e-18
#: What the sum of some hundred terms may lose by rounding, relative to the tail.
_ROUNDING: Final = 1e-14
#: How much the parabola bends at least: a straight line would decay too slowly where q is small.
_BEND: Final = 0.1


@dataclass(frozen=True)
class BoundedTail:
    """A tail probability.

    Attributes:
        p_value: the probability.
        log10_p: its base-10 logarithm, finite where it underflows.
        error: bound of its relative error, from the last two sums.

    """

    p_value: float
    log10_p: float
    error: float


@dataclass(frozen=True, eq=False)
class _Path:
    """A parabola through the saddlepoint, s = c + (i y + bend y^2) / size (m weights, largest 1).

    Attributes:
        q: the number that is exceeded.
        c: the saddlepoint of K(s) - q s - log s.
        size: root of the second derivative there.
        bend: how the path of steepest descent bends, or more.
        shares: w / (1 - 2 w c), shape (m,).

    """

    q: float
    c: float
    size: float
    bend: float
    shares: Floats

    def terms(self, v: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.complex128]:
        """Give the integrand at y = sinh(v), shape (n,), relative to its size at the saddlepoint."""
        y = np.sinh(v)
        moved = (1j * y + self.bend * y * y) / self.size
        powers = -0.5 * np.log1p(-2 * np.outer(self.shares, moved)).sum(axis=0)
        found = np.exp(powers - moved * self.q - np.log1p(moved / self.c))
        return np.asarray(found * (1 - 2j * self.bend * y) * np.cosh(v) / self.size)

    def end(self) -> float:
        """Give the v from which on all terms are nothing."""
        v = 1.0
        while np.abs(self.terms(np.array([v])))[0] * self.size > _NOTHING:
            v += 0.5
        return v

    def integral(self) -> tuple[float, float]:
        """Give the integral over the upper half, and by what share of it the last two sums differ."""
        step = self.end() / _STEPS
        total = 0.5 * float(self.terms(np.zeros(1)).real[0])
        total += float(self.terms(step * np.arange(1, _STEPS + 1)).real.sum())
        before, points, apart = total * step, _STEPS, math.inf
        for _ in range(_HALVINGS):
            step, points = step / 2, 2 * points
            total += float(self.terms(step * np.arange(1, points, 2)).real.sum())
            found = total * step
            apart, before = abs(found - before) / abs(found), found
            if apart <= _AGREED:
                break
        return before, max(apart, _ROUNDING)


def _saddlepoint(q: float, weight: Floats) -> float:
    """Give the c in (0, 1/2) at which K'(c) = q + 1 / c, the largest weight being 1."""

    def slope(c: float) -> float:
        return float((weight / (1 - 2 * weight * c)).sum()) - q - 1 / c

    low = 0.25
    while slope(low) > 0:
        low /= 4
    return float(brentq(slope, low, math.nextafter(0.5, 0.0), xtol=1e-16))


def weighted_chi_square_tail(statistic: float, weights: Floats) -> BoundedTail:
    """Give P(sum of w_j chi-square(1) > statistic).

    Args:
        statistic: q.
        weights: w, shape (m,), not negative; those of 0 add nothing.

    Returns:
        The tail; NaN where the statistic or a weight is, or no weight is positive.

    """
    weight = np.asarray(weights, dtype=np.float64)
    if math.isnan(statistic) or not np.isfinite(weight).all() or not (weight > 0).any():
        return BoundedTail(math.nan, math.nan, math.nan)
    if statistic <= 0:
        return BoundedTail(1.0, 0.0, 0.0)
    if math.isinf(statistic):
        return BoundedTail(0.0, -math.inf, 0.0)
    largest = float(weight.max())
    weight, q = weight[weight > 0] / largest, statistic / largest
    c = _saddlepoint(q, weight)
    shares = weight / (1 - 2 * weight * c)
    second = 2 * float((shares**2).sum()) + 1 / c**2
    third = 8 * float((shares**3).sum()) - 2 / c**3
    path = _Path(q, c, math.sqrt(second), max(third / (6 * second**1.5), _BEND), shares)
    found, error = path.integral()
    log_p = -0.5 * float(np.log1p(-2 * weight * c).sum()) - c * q - math.log(c) + math.log(found / math.pi)
    # A tail of all but 1 may come out a rounding above it.
    log_p = min(log_p, 0.0)
    return BoundedTail(math.exp(log_p), log_p / math.log(10), error)
