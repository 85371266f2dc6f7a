"""Which values do the functions of a spline basis take? B-splines, cubic regression splines and their tensor products.

Each row is computed by itself, by the same operations in the same order whatever other rows there are: a prediction for
one row has the bits it has among a million. Rows are worked off in blocks that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: Numbers in a block (512 kB): with its temporaries it stays in the cache.
_BLOCK_CELLS: Final = 2**16
_FEWEST_BLOCK_ROWS: Final = 256


def _by_blocks(size: int, width: int, block: Callable[[slice], Floats]) -> Floats:
    """Put together what `block` gives for some rows, shape (width, rows); the result has shape (size, width)."""
    out = np.empty((width, size))
    step = max(_BLOCK_CELLS // max(width, 1), _FEWEST_BLOCK_ROWS)
    for start in range(0, size, step):
        rows = slice(start, min(start + step, size))
        out[:, rows] = block(rows)
    return out.T


# ------------------------------------------------------------------------------------------------ B-splines


@dataclass(frozen=True, eq=False)
class BSplines:
    """B-splines, continued beyond the outermost knots by their outer polynomials, as R's bs() does.

    Reference: de Boor (1978), A Practical Guide to Splines, ch. X (BSPLVB).

    Attributes:
        knots: ascending, the outermost ones degree + 1 times (more often where quantiles fall on them).
        degree: of the polynomials.
        intercept: whether the first function is among the columns; with it they add up to 1.

    """

    knots: Floats
    degree: int
    intercept: bool

    @property
    def range(self) -> tuple[float, float]:
        """The outermost knots."""
        return float(self.knots[0]), float(self.knots[-1])

    def values(self, x: Floats) -> Floats:
        """Give the basis at x, shape (m,): shape (m, columns)."""
        functions = self.knots.size - self.degree - 1
        first = 0 if self.intercept else 1
        return _by_blocks(x.size, functions - first, lambda rows: self._block(x[rows], functions)[first:])

    def _block(self, x: Floats, functions: int) -> Floats:
        piece = self._piece(x)
        out = np.zeros((functions, x.size))
        flat = out.reshape(-1)
        at = (piece - self.degree) * x.size + np.arange(x.size)
        for value in self._not_zero(x, piece):
            flat[at] = value
            at += x.size
        return out

    def _piece(self, x: Floats) -> Integers:
        """Give the knot at which the polynomial of each x begins; the last piece includes its right end.

        Where quantiles fall on an outermost knot there are pieces of no width. They have no polynomial, so the range
        ends with its outermost piece of some width; but for steps (degree 0), where the values that stand on the last
        knot are a step of their own.
        """
        low, high = self.range
        first = np.searchsorted(self.knots, low, side="right") - 1
        last = np.searchsorted(self.knots, high, side="left") - 1 if self.degree else self.knots.size - 2
        return np.asarray(np.clip(np.searchsorted(self.knots, x, side="right") - 1, first, last), dtype=np.intp)

    def _not_zero(self, x: Floats, piece: Integers) -> list[Floats]:
        """Give the degree + 1 functions that are not zero on the piece of each x."""
        values = [np.ones_like(x)]
        above: list[Floats] = []  # the knots right of the piece, and in `below` those left of it
        below: list[Floats] = []
        for order in range(1, self.degree + 1):
            above.append(self.knots[piece + order])
            below.append(self.knots[piece + 1 - order])
            higher, carried = [], np.zeros_like(x)
            for at, lower in enumerate(values):
                high, low = above[at], below[order - 1 - at]
                part = lower / (high - low)
                higher.append(carried + part * (high - x))
                carried = part * (x - low)
            values = [*higher, carried]
        return values


# ------------------------------------------------------------------------------------------------ cubic splines


@dataclass(frozen=True, eq=False)
class CubicSplines:
    """Cubic splines by their values at the knots, natural or cyclic, as mgcv's "cr" and "cc".

    A natural spline goes on beyond the outermost knots as a straight line, a cyclic one repeats itself.

    Reference: Wood (2006), Generalized Additive Models, section 4.1.2.

    Attributes:
        knots: ascending, distinct.
        cyclic: whether the last knot is the first one again.
        constraints: rows c with c b = 0 for the coefficients b of the unconstrained basis, or None.

    """

    knots: Floats
    cyclic: bool
    constraints: Floats | None = None

    @property
    def range(self) -> tuple[float, float] | None:
        """The outermost knots; None for a cyclic basis, which has no outside."""
        return None if self.cyclic else (float(self.knots[0]), float(self.knots[-1]))

    @property
    def functions(self) -> int:
        """Number of columns before constraints."""
        return self.knots.size - self.cyclic

    def constrained(self, constraints: Floats) -> CubicSplines:
        """Give the basis under constraints, shape (c, functions)."""
        return replace(self, constraints=constraints)

    def values(self, x: Floats) -> Floats:
        """Give the basis at x, shape (m,): shape (m, functions - constraints)."""
        return _by_blocks(x.size, self._at_knots[0].shape[0], lambda rows: self._block(x[rows]))

    @cached_property
    def _at_knots(self) -> tuple[Floats, Floats]:
        """Value and second derivative of each column at each knot, shape (columns, knots) each."""
        around = np.arange(self.knots.size) % self.functions
        value = np.eye(self.functions)[around]
        curvature = _curvatures(self.knots, self.cyclic)[around]
        if self.constraints is not None:
            free = _complement(self.constraints)
            value, curvature = value @ free, curvature @ free
        return np.ascontiguousarray(value.T), np.ascontiguousarray(curvature.T)

    def _block(self, x: Floats) -> Floats:
        value, curvature = self._at_knots
        low, high = self.knots[0], self.knots[-1]
        if self.cyclic:
            x = np.where(x > high, low + (x - high) % (high - low), x)
            x = np.where(x < low, high - (low - x) % (high - low), x)
        left = np.clip(np.searchsorted(self.knots, x) - 1, 0, self.knots.size - 2)
        right = left + 1
        before, after = x - self.knots[left], self.knots[right] - x
        width = self.knots[right] - self.knots[left]
        bend_left = np.where(x > high, 0.0, after * after * after / (6.0 * width)) - width * after / 6.0
        bend_right = np.where(x < low, 0.0, before * before * before / (6.0 * width)) - width * before / 6.0
        out = (after / width) * np.take(value, left, axis=1)
        out += (before / width) * np.take(value, right, axis=1)
        out += bend_left * np.take(curvature, left, axis=1)
        out += bend_right * np.take(curvature, right, axis=1)
        return out


def _curvatures(knots: Floats, cyclic: bool) -> Floats:
    """Give the second derivatives at the knots that go with a value of 1 at one of them, shape (functions, functions).

    They solve B g = D b, which makes first derivatives continuous (Wood 2006, pp. 145-147).
    """
    width = np.diff(knots)
    size = knots.size - cyclic
    bending, rising = np.zeros((size, size)), np.zeros((size, size))
    inner = slice(0, size) if cyclic else slice(1, size - 1)  # a natural spline has no curvature at its ends
    for at in range(size)[inner]:
        before, after = width[at - 1], width[at]
        for neighbour, step in ((at - 1, before), ((at + 1) % size, after)):
            bending[at, neighbour] += step / 6.0
            bending[at, at] += step / 3.0
            rising[at, neighbour] += 1.0 / step
            rising[at, at] -= 1.0 / step
    out = np.zeros((size, size))
    out[inner] = np.linalg.solve(bending[inner, inner], rising[inner])
    return out


# ------------------------------------------------------------------------------------------------ tensor products


@dataclass(frozen=True, eq=False)
class TensorProducts:
    """Products of the columns of several bases, those of the first varying slowest, as mgcv's te().

    Attributes:
        constraints: as of `CubicSplines`.

    """

    constraints: Floats | None = None
    range = None

    def constrained(self, constraints: Floats) -> TensorProducts:
        """Give the basis under constraints, shape (c, functions)."""
        return replace(self, constraints=constraints)

    def values(self, *bases: Floats) -> Floats:
        """Multiply bases, shape (m, k) or (m,) each: shape (m, product of all k - constraints).

        Raises:
            ValueError: bases of different lengths, or constraints of another width.

        """
        parts = [base[:, None] if base.ndim == 1 else base for base in bases]
        if len({part.shape[0] for part in parts}) != 1 or any(part.ndim != 2 for part in parts):
            raise ValueError("a tensor product takes columns, or bases with one row for each row of the data")
        width = int(np.prod([part.shape[1] for part in parts]))
        if self.constraints is not None and self.constraints.shape[1] != width:
            raise ValueError(f"the constraints have {self.constraints.shape[1]} columns and the basis has {width}")
        reflections = [] if self.constraints is None else _reflections(self.constraints)
        return _by_blocks(
            parts[0].shape[0],
            width - len(reflections),
            lambda rows: _reflected(_product([part[rows].T for part in parts]), reflections),
        )


def _product(columns: Sequence[Floats]) -> Floats:
    """Multiply columns, shape (k, b) each, the first varying slowest."""
    *others, product = columns
    for one in reversed(others):
        product = (one[:, None, :] * product[None, :, :]).reshape(-1, product.shape[1])
    return product


def _reflected(columns: Floats, reflections: Sequence[tuple[Floats, float]]) -> Floats:
    """Multiply each row, shape (k, b), by the orthogonal matrix of the constraints, and leave its first columns off.

    The matrix is a product of Householder reflections, so that a row costs a few multiples of k instead of k squared.
    Sums go from column to column: a matrix product would add in another order for another number of rows.
    """
    for direction, factor in reflections:
        along = np.zeros(columns.shape[1])
        for weight, column in zip(direction, columns, strict=True):
            along += weight * column
        columns = columns - (factor * direction)[:, None] * along
    return columns[len(reflections) :]


# ------------------------------------------------------------------------------------------------ constraints


def _reflections(constraints: Floats) -> list[tuple[Floats, float]]:
    """Give the Householder reflections v, factor of the QR decomposition of the transposed constraints."""
    from scipy.linalg import qr

    (packed, factors), _ = qr(constraints.T, mode="raw")
    out = []
    for at, factor in enumerate(factors):
        direction = np.concatenate([np.zeros(at), [1.0], packed[at + 1 :, at]])
        out.append((direction, float(factor)))
    return out


def _complement(constraints: Floats) -> Floats:
    """Give orthonormal columns that span the coefficients which fulfil the constraints."""
    from scipy.linalg import qr

    whole, _ = qr(constraints.T)
    return np.asarray(whole[:, constraints.shape[0] :])
