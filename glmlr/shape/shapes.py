"""Which shapes can the effect of a number have? A bent line, its logarithm, a square, a restricted cubic spline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.binning import Distinct, quantiles

Floats = npt.NDArray[np.float64]

#: Shares of the rows below Harrell's four knots and three knots, in twentieths.
_FOUR: Final = (1, 7, 13, 19)
_THREE: Final = (2, 10, 18)


def restricted_knots(points: Distinct) -> Floats:
    """Put knots for a restricted cubic spline: 4 where they are distinct, else 3; shape (4,), (3,) or (0,).

    Four knots stand at the 5th, 35th, 65th and 95th percentile of the rows (type 7), three at the 10th, 50th and 90th.
    Where many rows share few values, so that even three of these coincide, they stand at the lowest, middle and highest
    of the distinct values. Fewer than three distinct values have none.

    Reference: Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4.6, table 2.3.
    """
    twentieths = quantiles(points, 20)
    for wanted in (_FOUR, _THREE):
        knots = np.unique(twentieths[list(wanted)])
        if knots.size == len(wanted):
            return np.asarray(knots)
    if points.value.size < 3:
        return np.empty(0)
    return points.value[[0, (points.value.size - 1) // 2, -1]]


@dataclass(frozen=True, eq=False)
class RestrictedCubic:
    """The bent part of a restricted (natural) cubic spline: what it has besides x itself.

    With knots t_1 < ... < t_m and d = t_m - t_1 the columns are, for j = 1 ... m - 2,
    [(x - t_j)+^3 - (x - t_m-1)+^3 (t_m - t_j) / (t_m - t_m-1) + (x - t_m)+^3 (t_m-1 - t_j) / (t_m - t_m-1)] / d^3;
    beyond the outermost knots they are straight lines.

    Reference: Stone & Koo (1985), Proc. Stat. Comp. Section ASA, 45-48; Harrell (2015), section 2.4.5.

    Attributes:
        knots: ascending, shape (m,), m >= 3.

    """

    knots: Floats

    def __call__(self, x: Floats) -> Floats:
        """Give the columns at x, shape (b,): shape (m - 2, b)."""
        spread = self.knots[-1] - self.knots[0]
        u, t = (x - self.knots[0]) / spread, (self.knots - self.knots[0]) / spread
        cubes = np.maximum(u - t[:, None], 0.0) ** 3
        first, before, last = t[:-2, None], t[-2], t[-1]
        return np.asarray(
            cubes[:-2] - cubes[-2] * (last - first) / (last - before) + cubes[-1] * (before - first) / (last - before)
        )


@dataclass(frozen=True)
class Square:
    """The square of a number, about the middle of its range."""

    low: float
    high: float

    def __call__(self, x: Floats) -> Floats:
        """Give the column at x, shape (b,): shape (1, b)."""
        return np.asarray(((x - (self.low + self.high) / 2) / (self.high - self.low)) ** 2)[None]


def logarithm(x: Floats) -> Floats:
    """Give log x of positive numbers (b,), shape (1, b)."""
    return np.asarray(np.log(x))[None]


@dataclass(frozen=True)
class TimesLogarithm:
    """Box and Tidwell's constructed variable x log x, x in units of its largest value."""

    high: float

    def __call__(self, x: Floats) -> Floats:
        """Give the column at positive x, shape (b,): shape (1, b)."""
        u = x / self.high
        return np.asarray(u * np.log(u))[None]


@dataclass(frozen=True, eq=False)
class Steps:
    """One column a bin: 1 where the number falls into it.

    Attributes:
        place: gives the bin of each value, 0 ... count - 1.
        count: number of bins.

    """

    place: Callable[[Floats], npt.NDArray[np.intp]]
    count: int

    def __call__(self, x: Floats) -> Floats:
        """Give the columns at x, shape (b,): shape (count, b)."""
        return np.asarray(self.place(x) == np.arange(self.count)[:, None], dtype=np.float64)
