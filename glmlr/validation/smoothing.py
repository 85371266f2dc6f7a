"""How do rates move with a score, freely? Local regression by loess and by lowess, of rows that may stand for several.

Both fit, at each score, a polynomial to the nearest share of the rows, near rows counting more (tricube weights). What
comes out is linear in the outcomes, so that both give weights: the fit is their product with the events.

References: Cleveland (1979), JASA 74, 829-836; Cleveland & Devlin (1988), JASA 83, 596-610.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.runs import runs_of

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Cells of a matrix that stay in cache.
_CELLS: Final = 1 << 15
#: A column that is left of a local polynomial with less than this share of the weight is rounding.
_VANISHING: Final = 1e-14


def loess_weights(x: Floats, rows: Floats, at: Positions, *, span: float = 0.75, degree: int = 2) -> Floats:
    """Give what one row of each score counts in the local polynomial at some scores, shape (g, m).

    R: `loess(y ~ x, span, degree, surface = "direct")`, of `rows` repeated rows. Where fewer than degree + 1 scores lie
    inside the nearest share of the rows (R then warns of singularities, or stops) the neighbourhood is widened until so
    many do; where there are no more scores than that, each has its own rate.

    Args:
        x: distinct scores, ascending, shape (m,).
        rows: number of rows at each, positive, shape (m,); other weights than counts will do.
        at: positions of the scores to fit at, shape (g,).
        span: share of the rows that is near.
        degree: 1 for lines, 2 for parabolas.

    """
    if x.size <= degree + 1:
        return np.asarray(np.equal(at[:, None], np.arange(x.size)) / rows)
    near = _whole(span * rows.sum(), rows)
    reach = np.maximum(_distance(x, rows, x[at], near), _distance_holding(x, at, degree + 1))
    found = np.empty((at.size, x.size))
    for run in runs_of(at.size, max(_CELLS // x.size, 1)):
        found[run] = _polynomial_weights((x - x[at[run], None]) / reach[run, None], rows, degree)
    return found


def _polynomial_weights(u: Floats, rows: Floats, degree: int) -> Floats:
    """Give `loess_weights` from distances as shares of those to the end of the neighbourhood, shape (g, m).

    The polynomial is a sum of orthogonal ones, which keeps its digits however near the scores are to each other.
    """
    local = _tricube(np.abs(u))
    weight = local * rows
    total = weight.sum(axis=1)
    found = 1 / total[:, None]
    mean = (weight * u).sum(axis=1) / total
    first = u - mean[:, None]
    spread = weight * first * first
    size = spread.sum(axis=1)
    found = found + first * _divided(-mean, size, total)[:, None]
    if degree == 2:
        turn = _divided((spread * u).sum(axis=1), size, total)
        second = (u - turn[:, None]) * first - (size / total)[:, None]
        there = turn * mean - size / total
        found = found + second * _divided(there, (weight * second * second).sum(axis=1), total)[:, None]
    return np.asarray(local * found)


def _tricube(distance: Floats) -> Floats:
    """Give (1 - d^3)^3, and 0 beyond 1."""
    rest = np.maximum(1 - distance * distance * distance, 0.0)
    return np.asarray(rest * rest * rest)


def is_widened(x: Floats, rows: Floats, at: Positions, *, span: float = 0.75, degree: int = 2) -> bool:
    """Whether `loess_weights` goes beyond the nearest share of the rows somewhere, or has too few scores for it."""
    if x.size <= degree + 1:
        return True
    reach = _distance(x, rows, x[at], _whole(span * rows.sum(), rows))
    return bool((reach < _distance_holding(x, at, degree + 1)).any())


def _divided(numerator: Floats, size: Floats, total: Floats) -> Floats:
    """Divide, giving 0 where the divisor is nothing but rounding."""
    there = size > _VANISHING * total
    return np.asarray(np.divide(numerator, size, out=np.zeros_like(size), where=there))


def lowess_points(x: Floats) -> Positions:
    """Give the scores at which lowess fits: each the last within 1% of the range from the one before; shape (g,).

    R: `lowess(delta = 0.01 * diff(range(x)))`, the default, which draws straight lines between them.
    """
    delta = 0.01 * (x[-1] - x[0])
    points = [0]
    while points[-1] < x.size - 1:
        within = int(np.searchsorted(x, x[points[-1]] + delta, side="right")) - 1
        points.append(max(within, points[-1] + 1))
    return np.array(points)


def lowess_weights(x: Floats, rows: Floats, at: Positions, *, span: float = 2 / 3) -> Floats:
    """Give what one row of each score counts in the local line at some scores, shape (g, m).

    R: `lowess(x, y, f = span, iter = 0)` at these scores, of `rows` repeated rows.

    Args:
        x: distinct scores, ascending, shape (m,).
        rows: number of rows at each, positive, shape (m,); other weights than counts will do.
        at: positions of the scores to fit at, shape (g,).
        span: share of the rows that is near.

    """
    # At least two rows, as in R.
    near = max(_whole(span * rows.sum(), rows), min(2.0, float(rows.sum())))
    reach = _distance(x, rows, x[at], near)[:, None]
    away = np.abs(x - x[at, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        local = np.where(away <= 0.001 * reach, 1.0, _tricube(away / reach))
    local = np.where(away <= 0.999 * reach, local, 0.0)
    weight = local * rows
    total = weight.sum(axis=1, keepdims=True)
    mean = (weight * x).sum(axis=1, keepdims=True) / total
    spread = (weight * (x - mean) ** 2).sum(axis=1, keepdims=True) / total
    # Scores too close for a line have a mean.
    slope = np.where(np.sqrt(spread) > 0.001 * (x[-1] - x[0]), x[at, None] - mean, 0.0)
    slope = np.divide(slope, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.asarray(local / total * (1 + slope * (x - mean)))


def _whole(near: float, rows: Floats) -> float:
    """Give a whole number of rows where rows are counted, as R has it; at least one."""
    counted = bool((rows == np.rint(rows)).all())
    return max(float(np.floor(near + 1e-5)), 1.0) if counted else near


def _distance(x: Floats, rows: Floats, z: Floats, near: float) -> Floats:
    """Give the distance from each of some places z, shape (g,), to the row that is the nearest but near - 1.

    Of all runs of scores that hold so many rows, the one that reaches least far from z.
    """
    below = np.append(0.0, np.cumsum(rows))
    last = np.searchsorted(below, np.minimum(below[:-1] + near, below[-1]) * (1 - 1e-15), side="left") - 1
    full = below[:-1] + near <= below[-1] * (1 + 1e-15)
    left, right = x[full], x[np.minimum(last, x.size - 1)[full]]
    place = np.searchsorted(left + right, 2 * z)
    beyond = np.where(place < left.size, right[np.minimum(place, left.size - 1)] - z, np.inf)
    before = np.where(place > 0, z - left[np.maximum(place - 1, 0)], np.inf)
    return np.asarray(np.minimum(beyond, before))


def _distance_holding(x: Floats, at: Positions, inside: int) -> Floats:
    """Give the distance inside which, its end left out, lie so many of the distinct scores: to the next nearest."""
    places = np.arange(-inside, inside + 1) + at[:, None]
    away = np.where((places >= 0) & (places < x.size), np.abs(x[np.clip(places, 0, x.size - 1)] - x[at, None]), np.inf)
    return np.asarray(np.sort(away, axis=1)[:, inside])
