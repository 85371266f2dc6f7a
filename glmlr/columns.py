"""What is done with the columns of a block? Products with weights, of arrays and of factors that are kept as codes.

A factor of many levels makes many columns of which each row has a 1 in at most one. Such columns are never written out:
sums over the rows of a level are counts by code, so that a pass over the rows costs the same whatever the number of
levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.threads import quick_narrow_products

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Which = slice | Positions

#: OpenBLAS multiplies without copying up to so many products, and so few columns at once do best (measured for 2 to
#: 128 columns).
_PRODUCTS_IN_PLACE: Final = 1_000_000
_COLUMNS_AT_ONCE: Final = 4
_MOST_COLUMNS_IN_PANELS: Final = 128
#: With fewer rows it would take longer to look which BLAS there is.
_FEWEST_ROWS_IN_PANELS: Final = 1500


def weighted_gram(x: Floats, weight: Floats | None) -> Floats:
    """Give the sum over rows of weight x x', shape (k, k), exactly symmetric.

    Args:
        x: columns, shape (k, b), C-contiguous.
        weight: not negative, shape (b,), or None for 1.

    """
    k, b = x.shape
    narrow = k <= _MOST_COLUMNS_IN_PANELS and b >= _FEWEST_ROWS_IN_PANELS
    if not (narrow and min(k, _COLUMNS_AT_ONCE) * k * b <= _PRODUCTS_IN_PLACE and quick_narrow_products()):
        scaled = x if weight is None else x * np.sqrt(weight)
        # The same array twice: numpy calls for half of the products only.
        return np.asarray(np.dot(scaled, scaled.T))
    gram = np.empty((k, k))
    for first in range(0, k, _COLUMNS_AT_ONCE):
        last = first + _COLUMNS_AT_ONCE
        panel = x[first:last] if weight is None else x[first:last] * weight
        gram[first:last, first:] = np.dot(panel, x[first:].T)
    lower = np.tri(k, k=-1, dtype=bool)
    gram[lower] = gram.T[lower]
    return gram


@dataclass(frozen=True, eq=False)
class FactorCodes:
    """A factor of which each level has a column of 0 and 1, or none (b rows).

    Attributes:
        code: level of each row, shape (b,), in range(len(at)).
        at: position of the column of each level among those of the block, -1 for none.

    """

    code: Positions
    at: Positions

    def sums(self, values: Floats) -> Floats:
        """Give the sum of values (b,) over the rows of each level, shape (len(at),)."""
        return np.asarray(np.bincount(self.code, values, self.at.size), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class CodedColumns:
    """Columns of which some are written out and the others given by the levels of factors (k columns, b rows).

    Attributes:
        dense: the columns written out, shape (p, b), C-contiguous.
        at: their positions, shape (p,).
        factors: the others.
        count: number of columns k.

    """

    dense: Floats
    at: Positions
    factors: tuple[FactorCodes, ...]
    count: int

    @property
    def shape(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.count, self.dense.shape[1]

    @classmethod
    def of(cls, x: Floats) -> CodedColumns:
        """Give columns that are all written out."""
        return cls(x, np.arange(x.shape[0]), (), x.shape[0])

    @classmethod
    def joined(cls, parts: Sequence[CodedColumns]) -> CodedColumns:
        """Put the rows of several one after the other; their columns are the same."""
        first = parts[0]
        factors = tuple(
            FactorCodes(np.concatenate([part.factors[number].code for part in parts]), factor.at)
            for number, factor in enumerate(first.factors)
        )
        return cls(np.concatenate([part.dense for part in parts], axis=1), first.at, factors, first.count)

    def filled(self) -> Floats:
        """Give all columns written out, shape (k, b)."""
        out = np.zeros(self.shape)
        out[self.at] = self.dense
        for factor in self.factors:
            column = factor.at[factor.code]
            rows = np.flatnonzero(column >= 0)
            out[column[rows], rows] = 1.0
        return out

    def rows(self, which: Which) -> CodedColumns:
        """Give some of the rows."""
        factors = tuple(FactorCodes(factor.code[which], factor.at) for factor in self.factors)
        return CodedColumns(np.ascontiguousarray(self.dense[:, which]), self.at, factors, self.count)

    def columns(self, which: Positions) -> CodedColumns:
        """Give some of the columns, each at most once, in any order."""
        moved = np.full(self.count + 1, -1, dtype=np.intp)
        moved[which] = np.arange(which.size)
        kept = np.flatnonzero(moved[self.at] >= 0)
        factors = tuple(FactorCodes(factor.code, moved[factor.at]) for factor in self.factors)
        return CodedColumns(self.dense[kept], moved[self.at[kept]], factors, which.size)

    def combined(self, beta: Floats) -> Floats:
        """Give beta'x of each row, shape (b,)."""
        eta = np.dot(beta[self.at], self.dense)
        for factor in self.factors:
            eta += _of_levels(factor, beta)[factor.code]
        return np.asarray(eta)

    def times(self, values: Floats) -> Floats:
        """Give the sum over rows of each column times values (b,), shape (k,)."""
        out = np.zeros(self.count + 1)
        out[self.at] = np.dot(self.dense, values)
        for factor in self.factors:
            out[factor.at] = factor.sums(values)
        return out[:-1]

    def gram(self, weight: Floats | None) -> Floats:
        """Give the sum over rows of weight x x', weights (b,) not negative, shape (k, k)."""
        b = self.shape[1]
        # FactorCodes without a column add to a last row and column that is cut off.
        out = np.zeros((self.count + 1, self.count + 1))
        out[np.ix_(self.at, self.at)] = weighted_gram(self.dense, weight)
        weight = np.ones(b) if weight is None else weight
        for number, factor in enumerate(self.factors):
            out[factor.at, factor.at] = factor.sums(weight)
            for position, column in zip(self.at, self.dense, strict=True):
                out[position, factor.at] = out[factor.at, position] = factor.sums(column * weight)
            for other in self.factors[:number]:
                both = np.bincount(
                    factor.code * other.at.size + other.code, weight, factor.at.size * other.at.size
                ).reshape(factor.at.size, other.at.size)
                out[np.ix_(factor.at, other.at)] = both
                out[np.ix_(other.at, factor.at)] = both.T
        return out[:-1, :-1]

    def quadratic(self, matrix: Floats) -> Floats:
        """Give x' A x of each row for a symmetric matrix A (k, k), shape (b,)."""
        wide = np.zeros((self.count + 1, self.count + 1))
        wide[:-1, :-1] = matrix
        out = np.einsum("pb,pb->b", self.dense, np.dot(wide[np.ix_(self.at, self.at)], self.dense))
        for number, factor in enumerate(self.factors):
            out += wide[factor.at, factor.at][factor.code]
            for position, column in zip(self.at, self.dense, strict=True):
                out += 2.0 * wide[position, factor.at][factor.code] * column
            for other in self.factors[:number]:
                out += 2.0 * wide[factor.at[factor.code], other.at[other.code]]
        return np.asarray(out)

    def in_order(self, beta: Floats) -> Floats:
        """Give beta'x of each row, shape (b,), the columns added one after the other, those of a factor at once.

        It has the same bits as of columns that are written out where those of a factor stand together.
        """
        eta = np.zeros(self.shape[1])
        dense = dict(zip(self.at.tolist(), self.dense, strict=True))
        starts = {int(factor.at[factor.at >= 0].min()): factor for factor in self.factors if (factor.at >= 0).any()}
        for position in range(self.count):
            if position in starts:
                eta += _of_levels(starts[position], beta)[starts[position].code]
            elif position in dense and beta[position] != 0.0:
                eta += beta[position] * dense[position]
        return eta


def _of_levels(factor: FactorCodes, beta: Floats) -> Floats:
    """Give the coefficient of each level, 0 for one without a column."""
    return np.where(factor.at >= 0, beta[factor.at], 0.0)
