"""Which part of a long series can be seen? What would be drawn over itself is left out, nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.charts import Floats
from glmlr.outline import outline

Positions = npt.NDArray[np.intp]

#: Longer series are thinned.
LONG: Final = 1000
#: Columns across a drawing: about as many as it has pixels on a good screen.
COLUMNS: Final = 600
#: Marks of points in a square of this many of them on a side differ by less than a tenth of their own width.
_CELLS: Final = 700


def line(x: Floats, y: Floats, edges: Floats) -> Positions:
    """Choose the points of a line that draw it: of each column the first, the lowest, the highest and the last.

    Args:
        x: positions, NaN where the line has a gap, shape (m,).
        y: heights, as x.
        edges: ends of the columns along x, ascending.

    Returns:
        Positions of the points kept, ascending; all of them where they are few.

    Reference: Jugel et al. (2014), M4: a visualization-oriented time series data aggregation, PVLDB 7(10).

    """
    there = ~(np.isnan(x) | np.isnan(y))
    changes = np.flatnonzero(there[1:] != there[:-1]) + 1
    if x.size <= LONG or changes.size > LONG:
        # A line with many gaps is drawn as it is: what is left out would join what is apart.
        return np.arange(x.size)
    kept = []
    for begin, end in pairwise([0, *changes.tolist(), x.size]):
        kept.append(begin + _unbroken(x[begin:end], y[begin:end], edges) if there[begin] else np.array([begin]))
    return np.concatenate(kept)


def _unbroken(x: Floats, y: Floats, edges: Floats) -> Positions:
    if x.size <= 4:
        return np.arange(x.size)
    if (x[1:] >= x[:-1]).all():
        return _by_columns(x, (y,), edges)
    if (x[1:] <= x[:-1]).all():
        return x.size - 1 - _by_columns(x[::-1], (y[::-1],), edges)[::-1]
    return outline(x, y, 2 * LONG)


def band(x: Floats, low: Floats, high: Floats, edges: Floats) -> Positions:
    """Choose the points that draw a band; see `line`."""
    gaps = np.isnan(x).any() or np.isnan(low).any() or np.isnan(high).any()
    if x.size <= LONG or gaps or not (x[1:] >= x[:-1]).all():
        return np.arange(x.size)
    return _by_columns(x, (low, high), edges)


def _by_columns(x: Floats, heights: tuple[Floats, ...], edges: Floats) -> Positions:
    """Choose the first, the last, and the lowest and highest of each curve in every column; x ascending."""
    starts = np.unique(np.concatenate([[0], np.searchsorted(x, edges), [x.size]]))
    kept: list[int] = []
    for begin, end in pairwise(starts.tolist()):
        kept += (begin, end - 1)
        if end - begin > 2:
            for height in heights:
                column = height[begin:end]
                kept += (begin + int(column.argmin()), begin + int(column.argmax()))
    return np.unique(np.array(kept, dtype=np.intp))


def strokes(across: Floats, low: Floats, high: Floats, edges: Floats) -> tuple[Floats, Floats, Floats]:
    """Draw strokes of one column as one, from the lowest low to the highest high; few are left as they are."""
    if across.size <= edges.size:
        return across, low, high
    order = np.argsort(across, kind="stable")
    across, low, high = across[order], low[order], high[order]
    starts = np.unique(np.searchsorted(across, edges))
    starts = np.unique(np.append(0, starts[starts < across.size]))
    ends = np.append(starts[1:], across.size)
    return across[(starts + ends) // 2], np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


def points(x: Floats, y: Floats) -> Positions:
    """Choose one point of those that fall on the same place; x and y in shares of the drawing, shape (m,)."""
    last = np.full((_CELLS + 1, _CELLS + 1), -1, dtype=np.intp)
    cells = ((np.clip(side, 0.0, 1.0) * _CELLS).astype(np.intp) for side in (x, y))
    last[tuple(cells)] = np.arange(x.size)
    return np.sort(last[last >= 0])
