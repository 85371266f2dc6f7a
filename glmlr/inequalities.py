"""Which direction satisfies many inequalities with most to spare? Small linear programmes over rows that are held."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: What a row gains, in units of its size, below which it counts as gaining nothing: it is on the boundary.
ON_BOUNDARY: Final = 1e-7
#: Newton steps after which rows that overlap would have shown it.
_STEPS: Final = 12
#: Reciprocal condition of an information matrix below which nothing is concluded from it.
_ILL_CONDITIONED: Final = 1e-8
#: How precisely a programme is to be solved: the finest that it can be.
_PRECISIONS: Final = tuple(
    {"primal_feasibility_tolerance": one, "dual_feasibility_tolerance": one} for one in (1e-10, 1e-9, 1e-8)
)


def strictly_inside(above: Floats) -> Floats | None:
    """Give the z, |z| <= 1, for which the smallest element of above z is largest, or None where that is 0.

    Args:
        above: rows of size 1 or less, shape (m, q).

    """
    one = above.shape[1] == 1
    found = np.sign(above.sum(axis=0)) if one else _widest(above, np.ones(above.shape[0], dtype=bool))
    return None if found is None or (above @ found).min(initial=1.0) <= ON_BOUNDARY else found


def well_inside(above: Floats, gain: Floats) -> Floats | None:
    """Give a z with above z >= 0, and > 0 where that is possible, or None where gain'z cannot be above 0.

    Args:
        above: rows of size 1 or less, shape (m, q).
        gain: sum of all rows, those that are held and others, shape (q,).

    """
    size = float(np.abs(gain).max(initial=0.0))
    # Rows with no part in these directions are on the boundary whatever z is.
    above = above[np.abs(above).max(axis=1, initial=0.0) > ON_BOUNDARY]
    if size == 0.0 or overlapping(above):
        return None
    if gain.size == 1:
        return np.sign(gain) if (above * np.sign(gain) >= 0).all() else None
    rows = np.vstack([gain / size, above])
    inside = strictly_inside(rows)
    if inside is not None:
        return inside
    off = _off_boundary(rows)
    widest = _widest(rows, off) if off[0] else None
    return None if widest is None or rows[0] @ widest <= ON_BOUNDARY else widest


def overlapping(above: Floats) -> bool:
    """Say whether above z >= 0 holds for z = 0 only, where that is quickly shown; False says nothing.

    It is so if the rows, shape (m, q), span all directions and some positive multiples of them add up to 0 (Stiemke's
    lemma). Where the logistic likelihood of the rows has a maximum, Newton steps towards it lead to such multiples.
    """
    z = np.zeros(above.shape[1])
    for _ in range(_STEPS):
        multiple = expit(-(above @ z))
        information = (above.T * (multiple * (1.0 - multiple))) @ above
        scale = np.sqrt(np.diag(information))
        if not (scale > 0).all():
            return False
        if np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < _ILL_CONDITIONED:
            return False
        step = np.linalg.solve(information, above.T @ multiple)
        # The multiples less these shares of them add up to 0. The share of a row off the boundary tends to 1.
        if ((1.0 - multiple) * (above @ step)).max() < 0.5:
            return True
        z = z + step
    return False


def _off_boundary(above: Floats) -> Bools:
    """Say for which rows above z > 0 is possible with above z >= 0 for all, shape (m,)."""
    off = np.zeros(above.shape[0], dtype=bool)
    while not off.all():
        # The largest sum of what the others gain: it is 0 if none of them can gain.
        cost = -above[~off].sum(axis=0)
        size = float(np.abs(cost).max(initial=0.0))
        found = None if size == 0.0 else _minimum(cost / size, -above, [(-1.0, 1.0)] * above.shape[1])
        more = off if found is None else off | (above @ found > ON_BOUNDARY)
        if (more == off).all():
            break
        off = more
    return off


def _widest(above: Floats, off: Bools) -> Floats | None:
    """Maximise the smallest gain of the rows off the boundary, the others losing nothing, with |z| <= 1."""
    q = above.shape[1]
    bounds = [(-1.0, 1.0)] * q + [(0.0, 1.0)]
    found = _minimum(np.append(np.zeros(q), -1.0), np.column_stack([-above, off]), bounds)
    return None if found is None else found[:q]


def _minimum(cost: Floats, rows: Floats, bounds: list[tuple[float, float]]) -> Floats | None:
    """Minimise cost'z with rows z <= 0 within bounds, as precisely as can be; None where that fails altogether."""
    from scipy.optimize import linprog

    for options in _PRECISIONS:
        found = linprog(cost, A_ub=rows, b_ub=np.zeros(rows.shape[0]), bounds=bounds, method="highs", options=options)
        if found.status == 0:
            return np.asarray(found.x, dtype=np.float64)
    return None
