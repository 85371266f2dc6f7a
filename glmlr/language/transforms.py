"""What does a transform learn from the rows? Centre, spread and polynomials, kept as plain numbers.

A transform that learns looks at the rows of the fit, keeps plain numbers, and gives each later row a value that depends
on this row and those numbers. Under frequency weights it learns what it would from the repeated rows.

The rows may come in chunks, in any thread or on any machine: a `Learning` says what one chunk tells, how two such
answers add up, and what follows from the sum. Rows in memory are one chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from glmlr.language.rowwise import as_float
from glmlr.moments import Moments, Sums, finite_rows, moments_of, sums_of, weighted_sum
from glmlr.quantiles import Tally, few_values

Floats = npt.NDArray[np.float64]

#: A spline or polynomial of more columns than this is a slip of the pen, and would fill the memory.
MOST_COLUMNS: Final = 1000


class Learned(Protocol):
    """What a transform has learnt: plain numbers, and how to apply them to any rows.

    It may have a `note`, a sentence that belongs into the account of the fit, or None.
    """

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Give the transformed values of any rows."""
        ...


@runtime_checkable
class Learning(Protocol):
    """What one pass over the rows must find out, without a state: it may run anywhere, on any chunk of rows."""

    def look(self, weight: Any, *arguments: Any, **options: Any) -> Any:
        """Say what one chunk of rows tells; weight (m,) is a frequency or None, or `Outcomes` if supervised."""
        ...

    def add(self, one: Any, other: Any) -> Any:
        """Put together what two sets of rows tell, in any grouping; the rows of `one` come first."""
        ...

    def learnt(self, total: Any) -> Learned | Learning:
        """Give what has been learnt from all rows, or what the next pass must find out."""
        ...


@runtime_checkable
class SequentialLearning(Learning, Protocol):
    """What a pass can only find out from one chunk after another, as a user's own transform does.

    Chunks that are added in another way wait for the end of the pass, and are held. A sum that starts with `begin()`
    and to which the chunks are added one by one holds none of them.
    """

    def begin(self) -> Any:
        """Give what no rows tell."""
        ...


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What came of some rows: weight of the events and of the non-events in each, shape (m,) each."""

    events: Floats
    nonevents: Floats


class SupervisedLearning:
    """Marks a `Learning` that looks at `Outcomes` where the others look at a frequency.

    The outcomes are those of the rows of the fit alone: in a fold, of its training part.
    """


@dataclass(frozen=True, eq=False)
class Learner:
    """A transform that learns: from all rows at once when it is called, from chunks of rows by `learning`."""

    learning: Learning

    def __call__(self, told: Any, *arguments: Any, **options: Any) -> Learned:
        """Learn from rows that are all at hand; told of their frequency (m,) or None, or of their `Outcomes`."""
        return learn(self.learning, told, *arguments, **options)


def learn(learning: Learning, told: Any, *arguments: Any, **options: Any) -> Learned:
    """Go through all passes with the rows as one chunk."""
    found: Learned | Learning = learning
    while isinstance(found, Learning):
        found = found.learnt(found.look(told, *arguments, **options))
    return found


def _columns_of(values: Any) -> Floats:
    array = as_float(values)
    if array.ndim not in (1, 2):
        raise TypeError("one column is needed")
    return np.asarray(array)


# ------------------------------------------------------------------------------------------------ centre


@dataclass(frozen=True, eq=False)
class Centered:
    """center(x): x minus the mean of the rows of the fit."""

    mean: Floats

    def __call__(self, x: Any) -> Floats:
        """Give x - mean, shape of x."""
        return np.asarray(_columns_of(x) - self.mean)


@dataclass(frozen=True, eq=False)
class CenterLearning(Learning):
    """Learns the mean."""

    def look(self, weight: Floats | None, x: Any) -> Sums:
        """Add up a chunk."""
        return sums_of(*finite_rows(_columns_of(x), weight))

    def add(self, one: Sums, other: Sums) -> Sums:
        """Add up two sets of rows."""
        return one.added(other)

    def learnt(self, total: Sums) -> Centered:
        """Divide by the number of rows."""
        return Centered(total.mean)


# ------------------------------------------------------------------------------------------------ spread


@dataclass(frozen=True, eq=False)
class Standardized:
    """standardize(x, center=True, rescale=True, ddof=0): x in standard deviations from the mean of the fit's rows."""

    mean: Floats
    deviation: Floats

    def __call__(self, x: Any, center: bool = True, rescale: bool = True, ddof: float = 0) -> Floats:
        """Give (x - mean) / deviation, shape of x."""
        del ddof
        values = _columns_of(x)
        values = values - self.mean if center else values
        return np.asarray(values / self.deviation if rescale else values)


@dataclass(frozen=True, eq=False)
class _Spread:
    """The moments of some rows, and how the transform was called."""

    moments: Moments
    rescale: bool
    ddof: float


@dataclass(frozen=True, eq=False)
class StandardizeLearning(Learning):
    """Learns mean and standard deviation with divisor n - ddof; ddof=1 is R's scale()."""

    def look(
        self, weight: Floats | None, x: Any, center: bool = True, rescale: bool = True, ddof: float = 0
    ) -> _Spread:
        """Add up a chunk."""
        del center  # whether the mean is taken off is for the call
        return _Spread(moments_of(*finite_rows(_columns_of(x), weight)), rescale, ddof)

    def add(self, one: _Spread, other: _Spread) -> _Spread:
        """Add up two sets of rows."""
        return _Spread(one.moments.added(other.moments), one.rescale, one.ddof)

    def learnt(self, total: _Spread) -> Standardized:
        """Give mean and deviation.

        Raises:
            ValueError: too few rows for the divisor, or all values are one.

        """
        moments, ddof = total.moments, total.ddof
        n = moments.sums.rows
        if total.rescale and n - ddof <= 0:
            raise ValueError(f"a standard deviation with divisor n - {ddof} needs more than {ddof} rows")
        deviation = np.sqrt(Sums(n, moments.second).mean * (n / max(n - ddof, 1e-300)))
        if total.rescale and not (deviation > 0).all():
            raise ValueError("the values do not vary, so they have no standard deviation to divide by")
        return Standardized(moments.sums.mean, np.asarray(deviation))


# ------------------------------------------------------------------------------------------------ polynomials


@dataclass(frozen=True, eq=False)
class Polynomials:
    """poly(x, degree, raw=False): polynomials orthonormal over the rows of the fit, as R's poly().

    Reference: Kennedy & Gentle (1980), Statistical Computing, pp. 343-4 (the three-term recurrence).

    Attributes:
        origin: mean of the rows, taken off x first so that a mean far from 0 costs no digits.
        alpha: what is taken off x - origin in each step, shape (degree,).
        norm: sum of squares of each polynomial, from degree 0, shape (degree + 1,).

    """

    origin: float
    alpha: Floats
    norm: Floats

    def __call__(self, x: Any, degree: int = 1, raw: bool = False) -> Floats:
        """Give the polynomials of degree 1, ..., degree, shape (m, degree)."""
        values = _columns_of(x)
        if raw:
            return np.asarray(values[:, None] ** np.arange(1, degree + 1))
        out = np.empty((values.size, degree))
        for power, polynomial in enumerate(self.unscaled(values)):
            if power:
                out[:, power - 1] = polynomial / np.sqrt(self.norm[power])
        return out

    def unscaled(self, values: Floats) -> Iterator[Floats]:
        """Give the polynomials of degree 0, 1, ... before they are scaled, shape (m,) each."""
        apart = values - self.origin
        before, now = np.zeros_like(values), np.ones_like(values)
        yield now
        for power, alpha in enumerate(self.alpha):
            ratio = self.norm[power] / self.norm[power - 1] if power else 0.0
            before, now = now, (apart - alpha) * now - ratio * before
            yield now


@dataclass(frozen=True, eq=False)
class _Recurrence(Learning):
    """Learns the next step of the recurrence: a pass over the rows for each degree."""

    degree: int
    known: Polynomials

    def look(self, weight: Floats | None, x: Any, *_: Any, **__: Any) -> Sums:
        """Add up w p^2 and w (x - origin) p^2 for the polynomial p known so far, shape (2,)."""
        values, weight = finite_rows(_columns_of(x), weight)
        for polynomial in self.known.unscaled(values):
            square = polynomial**2
        square = square if weight is None else weight * square
        apart = values - self.known.origin
        return Sums(values.size, np.stack([weighted_sum(square, None), weighted_sum(apart * square, None)]))

    def add(self, one: Sums, other: Sums) -> Sums:
        """Add up two sets of rows."""
        return one.added(other)

    def learnt(self, total: Sums) -> Polynomials | _Recurrence:
        """Give the polynomials, or the recurrence one degree further."""
        square, apart = total.total
        norm = np.append(self.known.norm, np.float64(square))
        if self.known.alpha.size == self.degree:
            return replace(self.known, norm=norm)
        alpha = np.append(self.known.alpha, np.float64(apart / square))
        return _Recurrence(self.degree, replace(self.known, alpha=alpha, norm=norm))


@dataclass(frozen=True, eq=False)
class _FirstLook:
    """What some rows tell of a polynomial at first: their distinct values while these are few, and their mean."""

    degree: int
    distinct: Tally | None = None
    moments: Moments | None = None


@dataclass(frozen=True, eq=False)
class PolynomialLearning(Learning):
    """Learns the coefficients of the recurrence; from the distinct values where these are few, in one pass."""

    def look(self, weight: Floats | None, x: Any, degree: int = 1, raw: bool = False) -> _FirstLook:
        """Count the values, and add up the first step.

        Raises:
            TypeError: more than one column.
            ValueError: a degree that is no whole number, or without end.

        """
        values = _columns_of(x)
        if values.ndim != 1:
            raise TypeError("poly takes one column")
        if not isinstance(degree, int) or isinstance(degree, bool) or degree < 1:
            raise ValueError(f"the degree {degree!r} is not a whole number of at least 1")
        if degree > MOST_COLUMNS:
            raise ValueError(f"the degree {degree:,} asks for more than {MOST_COLUMNS:,} columns")
        if raw:
            return _FirstLook(degree)
        values, weight = finite_rows(values, weight)
        return _FirstLook(degree, few_values(values, weight), moments_of(values, weight))

    def add(self, one: _FirstLook, other: _FirstLook) -> _FirstLook:
        """Put two sets of rows together."""
        if one.moments is None or other.moments is None:
            return one
        few = None if one.distinct is None or other.distinct is None else one.distinct.added(other.distinct)
        few = None if few is not None and few.shift else few
        return _FirstLook(one.degree, few, one.moments.added(other.moments))

    def learnt(self, total: _FirstLook) -> Learned | Learning:
        """Give the polynomials, or the pass for the next degree.

        Raises:
            ValueError: no more distinct values than the degree.

        """
        degree, distinct, moments = total.degree, total.distinct, total.moments
        if moments is None:
            return Polynomials(0.0, np.zeros(degree), np.ones(degree + 1))
        if distinct is None:
            steps = _Recurrence(degree, Polynomials(float(moments.sums.mean), np.zeros(0), np.zeros(0)))
            rows = moments.sums.rows
            return steps.learnt(Sums(rows, np.stack([np.longdouble(rows), moments.first])))
        values, counts = distinct.values, distinct.counts.astype(np.float64)
        if degree >= values.size:
            raise ValueError(f"the degree {degree} must be less than the number of distinct values, {values.size}")
        origin = float(sums_of(values, counts).mean)
        return learn(_Recurrence(degree, Polynomials(origin, np.zeros(0), np.zeros(0))), counts, values)


#: name -> what the first pass over the rows must find out, for the transforms that need nothing but numpy.
LEARNINGS: Final[Mapping[str, Learning]] = {
    "center": CenterLearning(),
    "standardize": StandardizeLearning(),
    "scale": StandardizeLearning(),
    "poly": PolynomialLearning(),
}
#: name -> learner.
LEARNERS: Final[Mapping[str, Learner]] = {name: Learner(learning) for name, learning in LEARNINGS.items()}
