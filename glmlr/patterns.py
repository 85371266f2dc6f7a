"""Do many rows share one covariate pattern? Collapse them to the distinct patterns with their counts.

Where every factor of a formula takes few values, the rows of one pattern enter the likelihood only through the number
of trials and the share of events; the fit then costs one pass of counting and a fit to the patterns. The likelihood
stays that of the Bernoulli rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

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
        of_row: pattern of each row, shape (n,).

    """

    values: tuple[Any, ...]
    y: Floats
    weight: Floats
    of_row: Integers

    @cached_property
    def example(self) -> Integers:
        """A row of each pattern, shape (m,); what depends on the pattern alone can be read off it."""
        row = np.empty(self.y.size, dtype=np.intp)
        row[self.of_row] = np.arange(self.of_row.size)
        return row


def collapse(values: Sequence[Any], levels: Sequence[int], y: Floats, weight: Floats | None) -> Patterns | None:
    """Collapse rows to their covariate patterns, or give None where that does not pay.

    Args:
        values: what each factor is in each row: codes, shape (n,), of a categorical one; numbers, shape (n,), else.
        levels: number of levels of each factor; 0 for numbers.
        y: share of events of each row, shape (n,).
        weight: Bernoulli trials of each row, shape (n,), or None for 1.

    """
    n = y.size
    if n < _FEWEST_ROWS or not values:
        return None
    coded: list[tuple[Integers, int, Any]] = []
    cells = 1
    for value, count in zip(values, levels, strict=True):
        found = (np.asarray(value), count, None) if count else _as_codes(np.asarray(value))
        if found is None:
            return None
        coded.append(found)
        cells *= found[1]
        if cells * _ROWS_PER_PATTERN > n:
            return None
    code = np.zeros(n, dtype=np.intp)
    for position, size, _ in coded:
        code *= size
        code += position
    trials = np.bincount(code, weights=weight, minlength=cells)
    events = np.bincount(code, weights=y if weight is None else y * weight, minlength=cells)
    there = np.flatnonzero(trials)
    number = np.zeros(cells, dtype=np.intp)
    number[there] = np.arange(there.size)
    parts = np.unravel_index(there, [size for _, size, _ in coded])
    taken = tuple(
        part.astype(np.asarray(value).dtype) if numbers is None else numbers[part]
        for part, value, (_, _, numbers) in zip(parts, values, coded, strict=True)
    )
    total = trials[there].astype(np.float64)
    return Patterns(taken, events[there] / total, total, number[code])


def _as_codes(values: npt.NDArray[Any]) -> tuple[Integers, int, Floats] | None:
    """Code a numeric column of whole numbers over a small range; a look at every 997th row turns most others away."""
    if values.ndim != 1:
        return None
    probe = values[::_PROBE]
    if not (probe == np.floor(probe)).all():
        return None
    low, high = float(values.min()), float(values.max())
    if high - low > _WIDEST_RANGE or not (values == np.floor(values)).all():
        return None
    size = int(high - low) + 1
    return (values - low).astype(np.intp), size, low + np.arange(size, dtype=np.float64)
