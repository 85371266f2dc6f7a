"""Which points of a long curve does the eye need? A few hundred that draw the same line."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: A drawn point is left out where the line without it passes within this share of the drawing's width and height.
TOLERANCE: Final = 2e-4
#: Points looked at between which no finer detail is drawn, for each that is wanted.
_FINER: Final = 8


def outline(x: Floats, y: Floats, most: int = 500) -> Positions:
    """Choose points of a curve that draw the same line, both ends among them.

    Points are first taken at even steps along the curve (each direction in shares of its range), then those left out
    that lie on the line between others (Douglas & Peucker), coarser until no more than `most` are left.

    Args:
        x: the curve in order, finite, shape (m,).
        y: its height, finite, shape (m,).
        most: number of points to keep at most, at least 2.

    Returns:
        Positions of the points kept, ascending.

    Reference: Douglas & Peucker (1973), Cartographica 10, 112-122.

    """
    across, up = _shares(x), _shares(y)
    some = _evenly(across, up, _FINER * most)
    if some.size <= 2:
        return some
    tolerance = TOLERANCE
    kept = some[_bends(across[some], up[some], tolerance)]
    while kept.size > most:
        tolerance *= 2
        kept = some[_bends(across[some], up[some], tolerance)]
    return kept


def _shares(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _evenly(x: Floats, y: Floats, wanted: int) -> Positions:
    """Choose at most `wanted` points and the ends, at even steps along the curve; all where there are no more."""
    if x.size <= wanted:
        return np.arange(x.size)
    along = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    steps = np.searchsorted(along, np.linspace(0.0, float(along[-1]), wanted - 1))
    return np.unique(np.append(np.minimum(steps, x.size - 1), [0, x.size - 1]))


def _bends(x: Floats, y: Floats, tolerance: float) -> Positions:
    """Choose the points where the curve leaves the line between those kept by more than the tolerance."""
    keep = np.zeros(x.size, dtype=bool)
    keep[[0, -1]] = True
    waiting = [(0, x.size - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        inside = slice(first + 1, last)
        along, up = x[last] - x[first], y[last] - y[first]
        length = float(np.hypot(along, up))
        across, over = x[inside] - x[first], y[inside] - y[first]
        away = np.abs(along * over - up * across) / length if length > 0 else np.hypot(across, over)
        farthest = int(np.argmax(away))
        if away[farthest] > tolerance:
            bend = first + 1 + farthest
            keep[bend] = True
            waiting += [(first, bend), (bend, last)]
    return np.flatnonzero(keep)
