"""Which values does a column take, and with which outcomes, where nobody can hold the rows? Counts by value.

Numbers are counted value by value while few differ, and beyond that in cells of values whose leading bits agree; a cell
stands for the mean of what fell into it. Other columns are counted by level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.language.categories import Labels
from glmlr.quantiles import cells_apart, patterns_of, values_at
from glmlr.sources import Column

Floats = npt.NDArray[np.float64]
Patterns = npt.NDArray[np.uint64]

#: Distinct values, or cells, of one column.
MOST_VALUES: Final = 2**16
#: So many times as many entries may wait to be gathered: about 8 MB.
_PATIENCE: Final = 4


@dataclass(frozen=True, eq=False)
class NumberCounts:
    """Numbers with the events and non-events at each value, or in each cell of values (m entries).

    Attributes:
        first: lowest bit pattern of the cell of each entry, shape (m,).
        sums: events, non-events, and the sum of the values by row weight of each entry, shape (3, m).
        shift: number of trailing bits in which the patterns of one cell may differ; 0 where a cell is one value.
        most: the most cells.

    """

    first: Patterns
    sums: Floats
    shift: int = 0
    most: int = MOST_VALUES

    @classmethod
    def of(cls, values: Floats, events: Floats, nonevents: Floats, most: int = MOST_VALUES) -> NumberCounts:
        """Count rows with values that are not NaN, shape (n,), and their events and non-events."""
        values = np.asarray(values, dtype=np.float64) + 0.0  # -0.0 becomes 0.0
        return cls(patterns_of(values), np.array([events, nonevents, values * (events + nonevents)]), 0, most)

    def added(self, other: NumberCounts) -> NumberCounts:
        """Count both sets of rows; what is added waits until it is worth a sort."""
        shift = max(self.shift, other.shift)
        first = np.concatenate([self.first, other.first])
        both = NumberCounts(first, np.concatenate([self.sums, other.sums], axis=1), shift, self.most)
        return both.gathered() if first.size > _PATIENCE * self.most else both

    def gathered(self) -> NumberCounts:
        """Give one entry for each cell, in order, the cells being as wide as their number asks for."""
        order = np.argsort(self.first >> np.uint64(self.shift), kind="stable")
        found = self._joined(self.first[order], self.sums[:, order], self.shift)
        if found.first.size <= self.most:
            return found
        return self._joined(found.first, found.sums, cells_apart(found.first, self.most))

    def predictor(self, name: str) -> tuple[pd.Series, Floats, Floats]:
        """Give the values with the events and non-events at each; a cell's value is the mean of its rows."""
        found = self.gathered()
        events, nonevents, total = found.sums
        if found.shift == 0:
            return pd.Series(values_at(found.first), name=name), events, nonevents
        with np.errstate(invalid="ignore"):
            mean = total / (events + nonevents)
        return pd.Series(mean, name=name), events, nonevents

    def _joined(self, ascending: Patterns, sums: Floats, shift: int) -> NumberCounts:
        if not ascending.size:
            return self
        keys = ascending >> np.uint64(shift)
        starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        first = keys[starts] << np.uint64(shift)
        return NumberCounts(first, np.add.reduceat(sums, starts, axis=1), shift, self.most)


@dataclass(frozen=True, eq=False)
class LevelCounts:
    """Levels with the events and non-events at each.

    Attributes:
        counts: level -> events and non-events, shape (2,).
        declared: the levels in their declared order, or () where they have none.
        ordered: whether the declared order is one from low to high.

    """

    counts: Mapping[Any, Floats]
    declared: tuple[Any, ...] = ()
    ordered: bool = False

    @classmethod
    def of(cls, labels: Labels, events: Floats, nonevents: Floats, declared: bool) -> LevelCounts:
        """Count rows by level."""
        size = len(labels.levels)
        sums = np.array([np.bincount(labels.codes, weights=part, minlength=size) for part in (events, nonevents)])
        rows = np.bincount(labels.codes, minlength=size)
        counts = {level: sums[:, at] for at, level in enumerate(labels.levels) if rows[at]}
        return cls(counts, labels.levels if declared else (), labels.ordered)

    def added(self, other: LevelCounts) -> LevelCounts:
        """Count both sets of rows."""
        total = dict(self.counts)
        for level, sums in other.counts.items():
            total[level] = total[level] + sums if level in total else sums
        return LevelCounts(total, tuple(dict.fromkeys([*self.declared, *other.declared])), self.ordered)

    def predictor(self, name: str) -> tuple[pd.Series, Floats, Floats]:
        """Give the levels with the events and non-events at each."""
        levels = pd.Series(list(self.counts), dtype=object, name=name)
        if self.declared:
            levels = levels.astype(pd.CategoricalDtype(list(self.declared), ordered=self.ordered))
        elif all(isinstance(level, (bool, np.bool_)) for level in self.counts):
            levels = levels.astype(bool)
        events, nonevents = np.array(list(self.counts.values())).T
        return levels, events, nonevents


ValueCounts = NumberCounts | LevelCounts


def counted(column: Column, events: Floats, nonevents: Floats, declared: bool) -> ValueCounts:
    """Count the rows of a column in which nothing is missing by value.

    Args:
        column: n rows.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        declared: whether the levels of the column have an order of their own.

    """
    if isinstance(column.values, Labels):
        return LevelCounts.of(column.values, events, nonevents, declared or column.values.ordered)
    values = np.asarray(column.values)
    if column.kind == "truth":
        return LevelCounts.of(Labels(values.astype(np.intp), (False, True), column.name), events, nonevents, False)
    return NumberCounts.of(values, events, nonevents)


def added(one: ValueCounts, other: ValueCounts) -> ValueCounts:
    """Count both sets of rows, which hold a column of one kind."""
    if isinstance(one, NumberCounts) and isinstance(other, NumberCounts):
        return one.added(other)
    assert isinstance(one, LevelCounts)
    assert isinstance(other, LevelCounts)
    return one.added(other)
