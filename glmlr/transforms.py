"""What does a transform learn from the rows? Centre, spread and polynomials, kept as plain numbers.

A transform that learns looks at the rows of the fit once, keeps plain numbers, and gives each later row a value that
depends on this row and those numbers. Under frequency weights it learns what it would from the repeated rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from glmlr.rowwise import as_float

Floats = npt.NDArray[np.float64]

#: A spline or polynomial of more columns than this is a slip of the pen, and would fill the memory.
MOST_COLUMNS: Final = 1000


class Learned(Protocol):
    """What a transform has learnt: plain numbers, and how to apply them to any rows."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Give the transformed values of any rows."""
        ...


Learner = Callable[..., Learned]  # learner(weight, *arguments, **options): weight (m,) is a frequency, or None


def _columns_of(values: Any) -> Floats:
    array = as_float(values)
    if array.ndim not in (1, 2):
        raise TypeError("one column is needed")
    return np.asarray(array)


def _mean(values: Floats, weight: Floats | None) -> Floats:
    """Weighted mean over rows, summed in extended precision."""
    if weight is None:
        return np.asarray(values.sum(axis=0, dtype=np.longdouble) / values.shape[0], dtype=np.float64)
    shaped = weight if values.ndim == 1 else weight[:, None]
    return np.asarray((values * shaped).sum(axis=0, dtype=np.longdouble) / weight.sum(), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Centered:
    """center(x): x minus the mean of the rows of the fit."""

    mean: Floats

    @classmethod
    def learn(cls, weight: Floats | None, x: Any) -> Centered:
        """Learn the mean."""
        return cls(_mean(_columns_of(x), weight))

    def __call__(self, x: Any) -> Floats:
        """Give x - mean, shape of x."""
        return np.asarray(_columns_of(x) - self.mean)


@dataclass(frozen=True, eq=False)
class Standardized:
    """standardize(x, center=True, rescale=True, ddof=0): x in standard deviations from the mean of the fit's rows."""

    mean: Floats
    deviation: Floats

    @classmethod
    def learn(
        cls, weight: Floats | None, x: Any, center: bool = True, rescale: bool = True, ddof: float = 0
    ) -> Standardized:
        """Learn mean and standard deviation with divisor n - ddof; ddof=1 is R's scale()."""
        del center  # whether the mean is taken off is for the call
        values = _columns_of(x)
        mean = _mean(values, weight)
        n = values.shape[0] if weight is None else float(weight.sum())
        if rescale and n - ddof <= 0:
            raise ValueError(f"a standard deviation with divisor n - {ddof} needs more than {ddof} rows")
        deviation = np.sqrt(_mean((values - mean) ** 2, weight) * (n / max(n - ddof, 1e-300)))
        if rescale and not (deviation > 0).all():
            raise ValueError("the values do not vary, so they have no standard deviation to divide by")
        return cls(mean, np.asarray(deviation))

    def __call__(self, x: Any, center: bool = True, rescale: bool = True, ddof: float = 0) -> Floats:
        """Give (x - mean) / deviation, shape of x."""
        del ddof
        values = _columns_of(x)
        values = values - self.mean if center else values
        return np.asarray(values / self.deviation if rescale else values)


@dataclass(frozen=True, eq=False)
class Polynomials:
    """poly(x, degree, raw=False): polynomials orthonormal over the rows of the fit, as R's poly().

    Reference: Kennedy & Gentle (1980), Statistical Computing, pp. 343-4 (the three-term recurrence).
    """

    alpha: Floats
    norm: Floats

    @classmethod
    def learn(cls, weight: Floats | None, x: Any, degree: int = 1, raw: bool = False) -> Polynomials:
        """Learn the coefficients of the recurrence."""
        values = _columns_of(x)
        if values.ndim != 1:
            raise TypeError("poly takes one column")
        if not isinstance(degree, int) or isinstance(degree, bool) or degree < 1:
            raise ValueError(f"the degree {degree!r} is not a whole number of at least 1")
        if degree > MOST_COLUMNS:
            raise ValueError(f"the degree {degree:,} asks for more than {MOST_COLUMNS:,} columns")
        if raw:
            return cls(np.zeros(degree), np.ones(degree + 1))
        distinct = np.unique(values).size
        if degree >= distinct:
            raise ValueError(f"the degree {degree} must be less than the number of distinct values, {distinct}")
        w = np.ones_like(values) if weight is None else weight
        alpha, norm = np.zeros(degree), np.zeros(degree + 1)
        before, now = np.zeros_like(values), np.ones_like(values)
        norm[0] = w.sum()
        for power in range(degree):
            alpha[power] = np.sum(w * values * now**2) / norm[power]
            ratio = norm[power] / norm[power - 1] if power else 0.0
            before, now = now, (values - alpha[power]) * now - ratio * before
            norm[power + 1] = np.sum(w * now**2)
        return cls(alpha, norm)

    def __call__(self, x: Any, degree: int = 1, raw: bool = False) -> Floats:
        """Give the polynomials of degree 1, ..., degree, shape (m, degree)."""
        values = _columns_of(x)
        if raw:
            return np.asarray(values[:, None] ** np.arange(1, degree + 1))
        out = np.empty((values.size, degree))
        before, now = np.zeros_like(values), np.ones_like(values)
        for power in range(degree):
            ratio = self.norm[power] / self.norm[power - 1] if power else 0.0
            before, now = now, (values - self.alpha[power]) * now - ratio * before
            out[:, power] = now / np.sqrt(self.norm[power + 1])
        return out


#: name -> learner, for the transforms that need nothing but numpy.
LEARNERS: Final[Mapping[str, Learner]] = {
    "center": Centered.learn,
    "standardize": Standardized.learn,
    "scale": Standardized.learn,
    "poly": Polynomials.learn,
}
