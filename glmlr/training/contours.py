"""Where is a surface as high as a level? Lines through the cells of a grid, straight within each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Edge = tuple[int, int, int]

#: Which sides of a cell (0 below, 1 right, 2 above, 3 left) a line joins, by which corners are higher: bits of
#: lower left, lower right, upper right and upper left. In a saddle the lines keep the two higher corners apart.
_SIDES: Final = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((0, 1), (2, 3)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}


def contour(x: Floats, y: Floats, height: Floats, level: float) -> tuple[Floats, Floats]:
    """Give the lines on which a surface is at a level, one after the other with a NaN between them.

    Args:
        x: positions of the columns of the grid, shape (p,), rising.
        y: positions of its rows, shape (q,), rising.
        height: the surface, shape (q, p), finite.
        level: the level.

    Returns:
        The x and y of the lines, empty where the surface is nowhere at the level.

    Reference: Lorensen & Cline (1987), Computer Graphics 21, 163-169, in two dimensions (marching squares).

    """
    joined: dict[Edge, list[Edge]] = {}
    for one, other in _pieces(height > level):
        joined.setdefault(one, []).append(other)
        joined.setdefault(other, []).append(one)
    lines = [np.array([_at(x, y, height, level, edge) for edge in line]) for line in _lines(joined)]
    gap = np.full((1, 2), np.nan)
    parts = [part for line in lines for part in (line, gap)][:-1]
    whole = np.concatenate(parts) if parts else np.empty((0, 2))
    return whole[:, 0], whole[:, 1]


def _pieces(higher: npt.NDArray[np.bool_]) -> Iterator[tuple[Edge, Edge]]:
    """Give the pieces of the lines in each cell, as the two edges of the grid that each joins."""
    corners = (higher[:-1, :-1], higher[:-1, 1:], higher[1:, 1:], higher[1:, :-1])
    kind = sum((corner.astype(int) << bit for bit, corner in enumerate(corners)), np.zeros(corners[0].shape, int))
    for row, column in zip(*np.nonzero((kind > 0) & (kind < 15)), strict=True):
        r, c = int(row), int(column)
        edges: tuple[Edge, ...] = ((0, r, c), (1, r, c + 1), (0, r + 1, c), (1, r, c))
        for one, other in _SIDES[int(kind[r, c])]:
            yield edges[one], edges[other]


def _lines(joined: dict[Edge, list[Edge]]) -> Iterator[list[Edge]]:
    """Follow the pieces from edge to edge; lines that end at the border first, closed ones then."""
    left = {edge: list(others) for edge, others in joined.items()}
    for first in sorted(joined, key=lambda edge: (len(joined[edge]), edge)):
        line = [first]
        while left[line[-1]]:
            following = left[line[-1]].pop(0)
            left[following].remove(line[-1])
            line.append(following)
        if len(line) > 1:
            yield line


def _at(x: Floats, y: Floats, height: Floats, level: float, edge: Edge) -> tuple[float, float]:
    """Give where the surface crosses the level on an edge: 0 along a row, 1 along a column of the grid."""
    upright, row, column = edge
    here, there = height[row, column], height[row + 1, column] if upright else height[row, column + 1]
    part = float((level - here) / (there - here))
    if upright:
        return float(x[column]), float(y[row] + part * (y[row + 1] - y[row]))
    return float(x[column] + part * (x[column + 1] - x[column])), float(y[row])
