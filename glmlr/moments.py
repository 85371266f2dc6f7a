"""How do mean and spread follow from sums over chunks of rows? Sums that do not show how the rows were cut.

They are kept in extended precision, so that the order of addition is lost in the rounding to double precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LongFloats = npt.NDArray[np.longdouble]


def finite_rows(values: Floats, weight: Floats | None) -> tuple[Floats, Floats | None]:
    """Give the rows to learn from, with their frequencies.

    A row of frequency 0 counts as absent. A row with a value that is not finite would make everything so that is
    learnt; left out, its own value alone is undefined, which is refused with its number of rows.
    """
    kept = np.isfinite(values) if values.ndim == 1 else np.isfinite(values).all(axis=1)
    if weight is not None:
        kept &= weight > 0
    if kept.all():
        return values, weight
    return values[kept], None if weight is None else weight[kept]


def weighted_sum(values: Floats, weight: Floats | None) -> LongFloats:
    """Add up rows, shape (m,) or (m, k), as often as their frequency says, in extended precision."""
    if weight is not None:
        values = values * (weight if values.ndim == 1 else weight[:, None])
    return np.asarray(values.sum(axis=0, dtype=np.longdouble))


def rows_in(values: Floats, weight: Floats | None) -> float:
    """Count rows as often as their frequency says."""
    return float(values.shape[0] if weight is None else weight.sum())


def _portable(total: LongFloats) -> tuple[Any, Any, Any]:
    """Give extended numbers as two doubles and a power of 2; their own format differs between kinds of machines."""
    mantissa, power = np.frexp(total)
    high = mantissa.astype(np.float64)
    return high, (mantissa - high).astype(np.float64), power


def _extended(high: Any, low: Any, power: Any) -> LongFloats:
    return np.asarray(np.ldexp(high.astype(np.longdouble) + low, power))


@dataclass(frozen=True, eq=False)
class Sums:
    """A sum over rows, as often as their frequency says, and the number of rows."""

    rows: float
    total: LongFloats

    def added(self, other: Sums) -> Sums:
        """Give the sum over both sets of rows."""
        return Sums(self.rows + other.rows, self.total + other.total)

    @property
    def mean(self) -> Floats:
        """The mean, NaN where there is no row."""
        total = self.total / self.rows if self.rows else np.full_like(self.total, np.nan)
        return np.asarray(total, dtype=np.float64)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle for any machine."""
        return _sums, (self.rows, _portable(self.total))


def _sums(rows: float, total: tuple[Any, Any, Any]) -> Sums:
    return Sums(rows, _extended(*total))


def sums_of(values: Floats, weight: Floats | None) -> Sums:
    """Add up one chunk of rows, shape (m,) or (m, k)."""
    return Sums(rows_in(values, weight), weighted_sum(values, weight))


@dataclass(frozen=True, eq=False)
class Moments:
    """What one set of rows tells of its centre and spread.

    Squares are summed about the mean of their own rows and moved to the common mean, which loses no digits however far
    the mean is from 0 (Chan, Golub & LeVeque 1983, The American Statistician 37, 242-247).

    Attributes:
        sums: number and sum of the rows.
        first: sum of x - mean, which the rounding of the mean to double precision leaves over.
        second: sum of (x - mean)^2, about the same rounded mean.

    """

    sums: Sums
    first: LongFloats
    second: LongFloats

    def added(self, other: Moments) -> Moments:
        """Give the moments of both sets of rows, about their common mean."""
        sums = self.sums.added(other.sums)
        first, second = (a + b for a, b in zip(self._around(sums.mean), other._around(sums.mean), strict=True))
        return Moments(sums, first, second)

    def _around(self, mean: Floats) -> tuple[LongFloats, LongFloats]:
        rows = self.sums.rows
        if rows == 0:
            return self.first, self.second
        step = self.sums.mean.astype(np.longdouble) - mean
        return self.first + rows * step, self.second + 2 * step * self.first + rows * step**2

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle for any machine."""
        return _moments, (self.sums, _portable(self.first), _portable(self.second))


def _moments(sums: Sums, first: tuple[Any, Any, Any], second: tuple[Any, Any, Any]) -> Moments:
    return Moments(sums, _extended(*first), _extended(*second))


def moments_of(values: Floats, weight: Floats | None) -> Moments:
    """Give the moments of one chunk of rows, shape (m,) or (m, k)."""
    sums = sums_of(values, weight)
    apart = values - sums.mean
    return Moments(sums, weighted_sum(apart, weight), weighted_sum(apart**2, weight))


@dataclass(frozen=True)
class Spread:
    """Weight, mean, and weighted squares about the mean of some values; NaN squares where one is infinite.

    Reference: Chan, Golub & LeVeque (1983), The American Statistician 37, 242-247 (how two of them add up).
    """

    weight: float
    mean: float
    squares: float

    @classmethod
    def of(cls, values: Floats, weight: Floats) -> Spread:
        """Look at values, shape (b,), of which each has a weight."""
        if not np.isfinite(values).all():
            return cls(float(weight.sum()), math.nan, math.nan)
        apart = values - values[0]  # exactly 0 where all are equal
        mean = float(np.average(apart, weights=weight))
        return cls(float(weight.sum()), mean + float(values[0]), float(np.dot(weight, (apart - mean) ** 2)))

    def __add__(self, other: Spread) -> Spread:
        weight, gap = self.weight + other.weight, other.mean - self.mean
        share = other.weight / weight
        return Spread(weight, self.mean + gap * share, self.squares + other.squares + gap**2 * self.weight * share)
