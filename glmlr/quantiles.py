"""Which values stand at given shares of the ordered rows? Exact quantiles and distinct values of rows in chunks.

The bit patterns of floating-point numbers, their sign turned, are ordered as the numbers are. A `Tally` counts rows by
the leading bits of their pattern: by all of them while the distinct values are few, by fewer bits where there are more
values than cells. It tells in which cell a wanted rank lies, and the next pass looks into these cells only, so that a
few passes find any order statistic of any number of rows, in constant memory and without an approximation.

Reference: Munro & Paterson (1980), Theoretical Computer Science 12, 315-323 (selection in several passes).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Patterns = npt.NDArray[np.uint64]

#: A tally has no more cells than this (1 MB); a column with fewer distinct values is known exactly after one pass.
MOST_CELLS: Final = 2**16
#: Beyond so many distinct values a sample of them is kept (8 MB).
MOST_DISTINCT: Final = 2**20

_SIGN: Final = np.uint64(2**63)
_ALL: Final = 2**64 - 1


def patterns_of(values: Floats) -> Patterns:
    """Give bit patterns that are ordered as the finite values are; -0.0 must have been made 0.0."""
    bits = values.view(np.uint64)
    return np.asarray(np.where(bits >= _SIGN, ~bits, bits | _SIGN))


def values_at(patterns: Patterns) -> Floats:
    """Give the values that patterns belong to."""
    return np.asarray(np.where(patterns >= _SIGN, patterns ^ _SIGN, ~patterns)).view(np.float64)


# ------------------------------------------------------------------------------------------------ counting


@dataclass(frozen=True, eq=False)
class Tally:
    """How many rows have a value in each cell; a cell is all values whose patterns begin alike.

    Attributes:
        first: lowest pattern of each cell that holds a row, ascending, shape (m,).
        counts: rows in it, shape (m,).
        shift: number of trailing bits in which the patterns of one cell may differ; 0 where a cell is one value.

    """

    first: Patterns
    counts: Integers
    shift: int

    @property
    def values(self) -> Floats:
        """The value of each cell; only where shift is 0."""
        return values_at(self.first)

    @property
    def rows(self) -> int:
        """Number of rows, counted as often as their frequency says."""
        return int(self.counts.sum())

    def added(self, other: Tally, most: int = MOST_CELLS) -> Tally:
        """Give the tally of both sets of rows."""
        shift = max(self.shift, other.shift)
        one, two = _at_shift(self, shift), _at_shift(other, shift)
        first = np.concatenate([one.first, two.first])
        order = np.argsort(first, kind="stable")  # two ascending runs: merged in linear time
        counts = np.concatenate([one.counts, two.counts])[order]
        return _narrow_enough(_gathered(first[order], counts, shift), most)


def tally(values: Floats, weight: Floats | None = None, most: int = MOST_CELLS) -> Tally:
    """Count rows by their value.

    Args:
        values: finite, shape (n,).
        weight: frequency of each row, whole and above 0, shape (n,), or None for 1.
        most: the most cells; at least 2.

    """
    values = values + 0.0  # -0.0 becomes 0.0, and the caller's array is not sorted
    if weight is None:
        values.sort()
        counts = np.ones(values.size, dtype=np.int64)
    else:
        order = np.argsort(values)
        values, counts = values[order], weight[order].astype(np.int64)
    return _narrow_enough(_gathered(patterns_of(values), counts, 0), most)


def few_values(values: Floats, weight: Floats | None = None, most: int = MOST_CELLS) -> Tally | None:
    """Give the distinct values with their rows, or None as soon as there are more than `most`; as `tally` else."""
    found = tally(values[:most], None if weight is None else weight[:most], most)
    for start in range(most, values.size, most):
        rows = slice(start, start + most)
        found = found.added(tally(values[rows], None if weight is None else weight[rows], most), most)
        if found.shift:
            return None
    return found


def _gathered(patterns: Patterns, counts: Integers, shift: int) -> Tally:
    """Gather ascending patterns that differ in their last `shift` bits only."""
    if patterns.size == 0:
        return Tally(patterns, counts, shift)
    apart = (patterns[1:] ^ patterns[:-1]) >> np.uint64(shift) != 0
    starts = np.flatnonzero(np.append(True, apart))
    return Tally(patterns[starts] & np.uint64(_ALL << shift & _ALL), np.add.reduceat(counts, starts), shift)


def _at_shift(one: Tally, shift: int) -> Tally:
    return one if one.shift == shift else _gathered(one.first, one.counts, shift)


def _narrow_enough(one: Tally, most: int) -> Tally:
    """Widen the cells just so far that there are no more than `most`.

    Two neighbours stay apart at a shift s where their patterns differ in bit s or above, so the shift that leaves
    most - 1 gaps is the bit length of the most-th largest difference. It depends on the rows, not on their order.
    """
    if one.first.size <= most:
        return one
    return _gathered(one.first, one.counts, cells_apart(one.first, most))


def cells_apart(ascending: Patterns, most: int) -> int:
    """Give the number of trailing bits to leave out of so many patterns that no more than `most` cells remain."""
    gaps = ascending[1:] ^ ascending[:-1]
    return int(np.partition(gaps, gaps.size - most)[gaps.size - most]).bit_length()


# ------------------------------------------------------------------------------------------------ ranks


@dataclass(frozen=True, eq=False)
class QuantileSearch:
    """The search for quantiles (type 7) of rows that come in chunks: what one pass over them must count.

    Every pass looks at all rows, adds up what the chunks say in any grouping, and learns the quantiles or what the next
    pass must count:

    >>> search = QuantileSearch(np.array([0.5]))
    >>> one, other = search.look(np.array([4.0, 1.0])), search.look(np.array([3.0]))
    >>> search.learnt(search.add(one, other))
    array([3.])

    Two passes are enough but for values that crowd at many scales; each pass makes the cells narrower.

    Attributes:
        shares: share of the ordered rows below each quantile, in [0, 1], shape (q,).
        most: the most cells of a tally.
        rows: number of rows, known after the first pass.
        cells: lowest pattern of the cell that holds the order statistics below and above each quantile, shape (2, q).
        ranks: their ranks among the rows of the cell, from 0, shape (2, q).
        shift: as of a tally.

    """

    shares: Floats
    most: int = MOST_CELLS
    rows: int | None = None
    cells: Patterns | None = None
    ranks: Integers | None = None
    shift: int = 64

    def look(self, values: Floats, weight: Floats | None = None) -> Tally:
        """Count one chunk of rows: finite values, shape (n,), and whole frequencies above 0, or None for 1."""
        if self.cells is not None:
            cells = np.unique(self.cells)
            patterns = patterns_of(values + 0.0)
            nearest = cells[np.maximum(np.searchsorted(cells, patterns, side="right") - 1, 0)]
            inside = (patterns ^ nearest) >> np.uint64(self.shift) == 0
            values, weight = values[inside], None if weight is None else weight[inside]
        return tally(values, weight, self._most)

    def add(self, one: Tally, other: Tally) -> Tally:
        """Put the counts of two sets of rows together."""
        return one.added(other, self._most)

    def learnt(self, total: Tally) -> Floats | QuantileSearch:
        """Give the quantiles, shape (q,), or the search with narrower cells.

        Raises:
            ValueError: no rows.

        """
        if self.rows is None and total.rows == 0:
            raise ValueError("there are no rows to take a quantile of")
        rows = total.rows if self.rows is None else self.rows
        up_to = np.concatenate([[0], np.cumsum(total.counts)])
        if self.ranks is None or self.cells is None:
            wanted = _neighbours(self.shares, rows)
        else:
            wanted = self.ranks + up_to[np.searchsorted(total.first, self.cells)]
        at = np.searchsorted(up_to, wanted, side="right") - 1
        if total.shift == 0:
            low, high = values_at(total.first)[at]
            return _between(low, high, self.shares, rows)
        return replace(self, rows=rows, cells=total.first[at], ranks=wanted - up_to[at], shift=total.shift)

    @property
    def _most(self) -> int:
        # Fewer cells than that, and a pass might not narrow the cells of all ranks.
        return max(self.most, 8 * self.shares.size)


def _neighbours(shares: Floats, rows: int) -> Integers:
    """Give the ranks between which quantiles of type 7 lie (Hyndman & Fan 1996), shape (2, q)."""
    low = np.minimum(np.floor((rows - 1) * shares), rows - 1).astype(np.int64)
    return np.stack([low, np.minimum(low + 1, rows - 1)])


def _between(low: Floats, high: Floats, shares: Floats, rows: int) -> Floats:
    """Interpolate from the nearer neighbour, as numpy does, so that the last bit is the same."""
    position = (rows - 1) * shares
    fraction = position - np.floor(position)
    step = high - low
    return np.asarray(np.where(fraction >= 0.5, high - step * (1.0 - fraction), low + step * fraction))


# ------------------------------------------------------------------------------------------------ distinct values


@dataclass(frozen=True, eq=False)
class DistinctValues:
    """The distinct values of rows: all of them while they are few, else a sample that any chunking gives alike.

    The sample are the values with the smallest hashes, which is a simple random sample of the distinct values where
    the hash is as good as random (a bottom-k sketch; Cohen & Kaplan 2007, PODC).

    Attributes:
        values: ascending, shape (m,).
        highest: largest hash of a value that is kept.

    """

    values: Floats
    highest: int = _ALL

    @property
    def complete(self) -> bool:
        """Whether these are all the distinct values."""
        return self.highest == _ALL

    @property
    def number(self) -> float:
        """Number of distinct values; of a sample an estimate, without bias."""
        return self.values.size if self.complete else (self.values.size - 1) * 2.0**64 / (self.highest + 1.0)

    def added(self, other: DistinctValues, most: int = MOST_DISTINCT) -> DistinctValues:
        """Give the distinct values of both sets of rows."""
        highest = min(self.highest, other.highest)
        both = np.concatenate([_below(self, highest), _below(other, highest)])
        both.sort(kind="stable")  # two ascending runs: merged in linear time
        return _sampled(_once(both), highest, most)


def distinct_values(values: Floats, most: int = MOST_DISTINCT) -> DistinctValues:
    """Give the distinct values among finite values, shape (n,); of more than `most` a sample of that size."""
    return _sampled(_once(np.sort(values + 0.0)), _ALL, most)


def _once(ascending: Floats) -> Floats:
    return ascending[np.append(True, ascending[1:] != ascending[:-1])] if ascending.size else ascending


def _below(one: DistinctValues, highest: int) -> Floats:
    return one.values if one.highest == highest else one.values[_hashes(one.values) <= np.uint64(highest)]


def _sampled(values: Floats, highest: int, most: int) -> DistinctValues:
    if values.size <= most:
        return DistinctValues(values, highest)
    hashes = _hashes(values)
    highest = int(np.partition(hashes, most - 1)[most - 1])
    return DistinctValues(values[hashes <= np.uint64(highest)], highest)


def _hashes(values: Floats) -> Patterns:
    """Scatter values over all 64-bit numbers, no two onto one (the mixer of Steele, Lea & Flood 2014, SplitMix)."""
    bits = values.view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))
