"""Do many rows share one covariate pattern? Collapse them to the distinct patterns with their counts.

Where every factor of a formula takes few values, the rows of one pattern enter the likelihood only through the number
of trials and the share of events; the fit then costs one pass of counting and a fit to the patterns. The likelihood
stays that of the Bernoulli rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.runs import RUN_ROWS, runs_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: Fewer rows are not worth the counting.
_FEWEST_ROWS: Final = 5_000
#: Collapse where there are at least this many rows for each possible pattern.
_ROWS_PER_PATTERN: Final = 10
#: A numeric column with whole numbers over a wider range is not looked at further.
_WIDEST_RANGE: Final = 1_000
_PROBE: Final = 997


@dataclass(frozen=True, eq=False)
class Patterns:
    """The distinct covariate patterns of the rows (m = patterns, n = rows).

    Attributes:
        values: what each factor is in each pattern, one array of length m for each factor.
        y: share of events in each pattern, shape (m,).
        weight: Bernoulli trials of each pattern, shape (m,).
        rows: gives the pattern of each row, shape (n,); None where the rows are not held.

    """

    values: tuple[Any, ...]
    y: Floats
    weight: Floats
    rows: Callable[[], Integers] | None = None

    @cached_property
    def of_row(self) -> Integers:
        """Pattern of each row, shape (n,), found when somebody asks, which a fit does not; empty without rows."""
        return np.empty(0, dtype=np.intp) if self.rows is None else self.rows()

    @cached_property
    def example(self) -> Integers:
        """A row of each pattern, shape (m,); what depends on the pattern alone can be read off it."""
        row = np.empty(self.y.size, dtype=np.intp)
        row[self.of_row] = np.arange(self.of_row.size)
        return row


@dataclass(frozen=True)
class Cells:
    """The cells that discrete factors span.

    Attributes:
        sizes: number of values of each factor.
        lowest: for each factor of whole numbers the lowest of them; None for one that is codes of levels.

    """

    sizes: tuple[int, ...]
    lowest: tuple[float | None, ...]

    @property
    def number(self) -> int:
        """How many cells there are."""
        return math.prod(self.sizes)

    def of_rows(self, values: Sequence[Any]) -> npt.NDArray[np.signedinteger[Any]]:
        """Give the cell of each row, shape (n,), from the values of the factors."""
        # Small integers: half of the time goes into moving them.
        smallest = np.min_scalar_type(-self.number - 1)
        cell: npt.NDArray[np.signedinteger[Any]] = np.zeros(np.asarray(values[0]).size, dtype=smallest)
        for value, size, low in zip(values, self.sizes, self.lowest, strict=True):
            cell *= size
            cell += np.asarray(value) if low is None else (np.asarray(value) - low).astype(cell.dtype)
        return cell

    def counted(self, cell: npt.NDArray[Any], y: Floats, weight: Floats | None) -> Floats:
        """Count trials and events in each cell, shape (2, cells)."""
        trials = np.bincount(cell, weights=weight, minlength=self.number)
        events = np.bincount(cell, weights=y if weight is None else y * weight, minlength=self.number)
        return np.vstack([trials, events])

    def counted_in_runs(self, values: Sequence[Any], y: Floats, weight: Floats | None) -> Floats:
        """Count trials and events in each cell, shape (2, cells), the cells of few rows being held at a time."""

        def of_run(rows: slice) -> Floats:
            """Count the rows of one run."""
            cell = self.of_rows([value[rows] for value in values])
            return self.counted(cell, y[rows], None if weight is None else weight[rows])

        counts: Floats = reduce(np.add, map(of_run, runs_of(y.size, max(RUN_ROWS, self.number))))
        return counts

    def patterns(self, counts: Floats, values: Sequence[Any] | None = None) -> Patterns:
        """Give the cells that have rows, from the counts of all cells; and the pattern of each row from its values."""
        there = np.flatnonzero(counts[0])
        found = tuple(
            part if low is None else part + low
            for part, low in zip(np.unravel_index(there, self.sizes), self.lowest, strict=True)
        )
        trials, events = counts[:, there]
        if values is None:
            return Patterns(found, events / trials, trials)
        return Patterns(found, events / trials, trials, partial(self._numbered, there, values))

    def _numbered(self, there: Integers, values: Sequence[Any]) -> Integers:
        """Number the cell of each row among those that have rows."""
        number = np.zeros(self.number, dtype=np.intp)
        number[there] = np.arange(there.size)
        return np.take(number, self.of_rows(values))


def cells_of(factors: Sequence[tuple[int, float | None]], rows: int) -> Cells | None:
    """Give the cells of factors, each with its number of values and its lowest; None where they are too many."""
    sizes, lowest = tuple(size for size, _ in factors), tuple(low for _, low in factors)
    if rows < _FEWEST_ROWS or not factors or math.prod(sizes) * _ROWS_PER_PATTERN > rows:
        return None
    return Cells(sizes, lowest)


def collapse(values: Sequence[Any], levels: Sequence[int], y: Floats, weight: Floats | None) -> Patterns | None:
    """Collapse rows to their covariate patterns, or give None where that does not pay.

    Args:
        values: what each factor is in each row: codes, shape (n,), of a categorical one; numbers, shape (n,), else.
        levels: number of levels of each factor; 0 for numbers.
        y: share of events of each row, shape (n,).
        weight: Bernoulli trials of each row, shape (n,), or None for 1.

    """
    factors: list[tuple[int, float | None]] = []
    for value, count in zip(values, levels, strict=True):
        found = (count, None) if count else _whole_range(np.asarray(value))
        factors.append((y.size, None) if found is None else found)
        # Nothing is looked at that could not matter any more.
        if cells_of(factors, y.size) is None:
            return None
    cells = cells_of(factors, y.size)
    if cells is None:
        return None
    return cells.patterns(cells.counted_in_runs(values, y, weight), values)


def _whole_range(values: npt.NDArray[Any]) -> tuple[int, float] | None:
    """Give size and start of the range of whole numbers; a look at every 997th row turns most other columns away."""
    if values.ndim != 1:
        return None
    probe = values[::_PROBE]
    if not (probe == np.floor(probe)).all():
        return None
    low, high = float(values.min()), float(values.max())
    if high - low > _WIDEST_RANGE or not (values == np.floor(values)).all():
        return None
    return int(high - low) + 1, low
