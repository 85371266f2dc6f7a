"""Are some classes told apart perfectly? Directions along which the likelihood of several classes never falls.

The maximum-likelihood estimate exists unless some D, one row a class and 0 for the reference, has
x_i' (d_y(i) - d_j) >= 0 for every row i and every class j, and > 0 for one pair: along such a direction the likelihood
rises for ever, and in the limit class j is impossible in row i. Found is a direction that makes as many pairs
impossible as can be; what is left has a maximum, but for the directions in which no remaining pair moves.

The linear programmes hold some pairs only; the others are held against what they find, and those that lose are taken
in, until none does. The answer is that of all pairs.

References: Albert & Anderson (1984), Biometrika 71; Geyer (2009), Electronic J. Stat. 3, 259-289.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.intp]

#: Pairs of a row and a class that a programme holds from the start, and takes in at a time.
_FIRST_PAIRS: Final = 4000
_MORE_PAIRS: Final = 1000
#: Programmes after which a search is given up.
_MOST_PROGRAMMES: Final = 60
#: Directions are bounded by this in units of columns of size 1: what needs more is separated by rounding alone.
_BOUND: Final = 1e6
#: How precisely a programme is to be solved: the finest that it can be.
_PRECISIONS: Final = tuple(
    {"primal_feasibility_tolerance": one, "dual_feasibility_tolerance": one} for one in (1e-10, 1e-9, 1e-7)
)
#: Share of the largest gain below which a pair gains nothing.
_NOTHING: Final = 1e-7
#: Eigenvalue, in proportion to the largest, below which no remaining pair moves in a direction.
_STILL: Final = 1e-10


@dataclass(frozen=True, eq=False)
class Recession:
    """Where the likelihood of several classes has no maximum (n = rows, m = classes but one, q = columns).

    Attributes:
        direction: shape (m, q), the reference's being 0.
        allowed: classes that are not impossible in the limit, a row's own among them, shape (n, J).
        free: orthonormal directions that the remaining pairs determine, shape (m q, r).
        silent: orthonormal directions in which none of them moves, shape (m q, m q - r).

    """

    direction: Floats
    allowed: Bools
    free: Floats
    silent: Floats

    @property
    def complete(self) -> bool:
        """Whether every row has its own class alone left."""
        return bool((self.allowed.sum(axis=1) == 1).all())


@dataclass(frozen=True, eq=False)
class _Pairs:
    """All pairs of a row and a class that is not its own, columns of size 1."""

    x: Floats
    codes: Integers
    classes: int

    @property
    def width(self) -> int:
        return int((self.classes - 1) * self.x.shape[1])

    def gains(self, direction: Floats) -> Floats:
        """Give x' (d_own - d_j) for every class, 0 for a row's own, shape (n, J)."""
        along = np.column_stack([np.zeros(self.codes.size), self.x @ direction.reshape(self.classes - 1, -1).T])
        return np.asarray(along[np.arange(self.codes.size), self.codes][:, None] - along)

    def rows(self, at: Integers) -> Floats:
        """Write out some pairs, given by position in (n, J), as inequalities, shape (len(at), m q)."""
        row, other = np.divmod(at, self.classes)
        own, x = self.codes[row], self.x[row]
        out = np.zeros((at.size, self.classes, x.shape[1]))
        out[np.arange(at.size), own] += x
        out[np.arange(at.size), other] -= x
        return out[:, 1:].reshape(at.size, -1)

    def total(self, which: Bools) -> Floats:
        """Add up the pairs that are marked in (n, J), shape (m q,)."""
        times = -which.astype(np.float64)
        times[np.arange(self.codes.size), self.codes] += which.sum(axis=1)
        return np.asarray((times.T @ self.x)[1:].ravel())

    @property
    def all(self) -> Bools:
        """Every pair, shape (n, J)."""
        marked = np.ones((self.codes.size, self.classes), dtype=bool)
        marked[np.arange(self.codes.size), self.codes] = False
        return marked


def recession(x: Floats, codes: Integers, classes: int, size: Floats, beta: Floats) -> Recession | None:
    """Look for directions of recession; None says that there are none and the estimates are finite.

    Args:
        x: columns, shape (n, q), none of which others determine.
        codes: 0 for the reference, then the other classes, shape (n,).
        classes: number of classes J.
        size: of each column, shape (q,).
        beta: coefficients on the way to the maximum, shape (m, q), which say where to look first.

    """
    pairs = _Pairs(x / size, codes, classes)
    marked = pairs.all
    direction, off = np.zeros(pairs.width), np.zeros_like(marked)
    held = _first(pairs, (beta * size).ravel())
    for _ in range(_MOST_PROGRAMMES):
        found, held = _ray(pairs, marked & ~off, held)
        if found is None:
            break
        gains = pairs.gains(found)
        fresh = (gains > _NOTHING * max(float(gains.max()), 1.0)) & marked & ~off
        if not fresh.any():
            break
        off |= fresh
        direction = direction + found / float(np.abs(found).max())
    if not off.any():
        return None
    direction = _widest(pairs, off, held, direction)
    free, silent = _determined(pairs, ~off)
    scale = np.tile(size, classes - 1)
    return Recession((direction / scale).reshape(classes - 1, -1), ~off, *_in_units(free, silent, scale))


def _first(pairs: _Pairs, beta: Floats) -> Integers:
    """Choose the pairs that a programme holds first: all, or those that gain least where the steps have led."""
    every = np.flatnonzero(pairs.all.ravel())
    if every.size <= _FIRST_PAIRS:
        return every
    gains = pairs.gains(beta).ravel()[every]
    return np.asarray(every[np.argpartition(gains, _FIRST_PAIRS)[:_FIRST_PAIRS]])


def _ray(pairs: _Pairs, wanted: Bools, held: Integers) -> tuple[Floats | None, Integers]:
    """Give a direction in which no pair loses and some of the wanted gain, or None; and the pairs held by then."""
    rest = pairs.total(wanted)
    largest = float(np.abs(rest).max(initial=0.0))
    flat = wanted.ravel()
    for _ in range(_MOST_PROGRAMMES):
        if largest == 0.0:
            return None, held
        found = _programme(pairs.rows(held), flat[held], rest / largest)
        if found is None:
            return None, held
        gains = pairs.gains(found).ravel()
        losing = np.flatnonzero(gains < -_NOTHING * max(float(gains.max()), 1.0))
        if not losing.size:
            return found, held
        worst = losing[np.argsort(gains[losing], kind="stable")[:_MORE_PAIRS]]
        more = np.union1d(held, worst)
        if more.size == held.size:
            # They lose by no more than the programme can see.
            return None, held
        held = more
    return None, held


def _programme(rows: Floats, wanted: Bools, rest: Floats) -> Floats | None:
    """Maximise how many of the wanted pairs gain 1 or more, none of those held losing; None where none can gain."""
    from scipy.sparse import csr_array, hstack, vstack

    at = np.flatnonzero(wanted)
    q, few = rows.shape[1], at.size
    # A gain of 1 is as good as any: directions may be as long as one likes.
    counted = csr_array((np.ones(few), (at, np.arange(few))), shape=(rows.shape[0], few + 1))
    together = csr_array((np.ones(1), (np.zeros(1, dtype=np.intp), np.array([few]))), shape=(1, few + 1))
    constraints = vstack([hstack([csr_array(-rows), counted]), hstack([csr_array(-rest[None]), together])])
    cost = np.concatenate([np.zeros(q), -np.ones(few + 1)])
    found = _minimum(cost, constraints, [(-_BOUND, _BOUND)] * q + [(0.0, 1.0)] * (few + 1))
    if found is None or float(cost @ found) >= -_NOTHING:
        return None
    direction = found[:q]
    return direction if np.abs(direction).max() > 0 else None


def _widest(pairs: _Pairs, off: Bools, held: Integers, direction: Floats) -> Floats:
    """Give a direction no component of which is above 1 and along which the least gain of the pairs off is largest."""
    flat = off.ravel()
    for _ in range(_MOST_PROGRAMMES):
        gains = pairs.gains(direction).ravel()
        least = np.flatnonzero(flat)[np.argsort(gains[flat], kind="stable")[:_MORE_PAIRS]]
        held = np.union1d(held, least)
        found = _least_gain(pairs.rows(held), flat[held])
        if found is None:
            return direction
        gains = pairs.gains(found).ravel()
        reached = float(gains[held][flat[held]].min())
        if (gains[flat] >= reached - _NOTHING).all() and (gains >= -_NOTHING).all():
            return found if reached > _NOTHING else direction
        direction = found
        held = np.union1d(held, np.argsort(gains, kind="stable")[:_MORE_PAIRS])
    return direction


def _least_gain(rows: Floats, off: Bools) -> Floats | None:
    """Maximise the smallest gain of the pairs off, the others losing nothing, no component above 1."""
    q = rows.shape[1]
    bounds = [(-1.0, 1.0)] * q + [(0.0, np.inf)]
    found = _minimum(np.append(np.zeros(q), -1.0), np.column_stack([-rows, off]), bounds)
    return None if found is None else found[:q]


def _minimum(cost: Floats, rows: Any, bounds: list[tuple[float, float]]) -> Floats | None:
    """Minimise cost'z with rows z <= 0 within bounds, as precisely as can be; None where that fails altogether."""
    from scipy.optimize import linprog

    for options in _PRECISIONS:
        found = linprog(cost, A_ub=rows, b_ub=np.zeros(rows.shape[0]), bounds=bounds, method="highs", options=options)
        if found.status == 0:
            return np.asarray(found.x, dtype=np.float64)
    return None


def _determined(pairs: _Pairs, allowed: Bools) -> tuple[Floats, Floats]:
    """Split all directions into those that the remaining pairs determine and those in which none of them moves."""
    q, m = pairs.x.shape[1], pairs.classes - 1
    chance = allowed / allowed.sum(axis=1, keepdims=True)
    gram = np.empty((m, q, m, q))
    for one in range(m):
        for other in range(m):
            p = chance[:, one + 1]
            weight = p * (1.0 - p) if one == other else -p * chance[:, other + 1]
            gram[one, :, other, :] = (pairs.x * weight[:, None]).T @ pairs.x
    values, vectors = np.linalg.eigh(gram.reshape(m * q, m * q))
    moving = values > _STILL * max(float(values[-1]), 1e-300)
    if values[-1] <= 0:
        moving[:] = False
    return vectors[:, moving], vectors[:, ~moving]


def _in_units(free: Floats, silent: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Put directions in columns of size 1 into the units of the columns given, each set orthonormal."""
    # Silent directions are coefficients and divide by the size; what is determined stands at right angles to them.
    silent = np.linalg.qr(silent / scale[:, None])[0] if silent.shape[1] else silent
    whole = np.linalg.qr(np.column_stack([silent, np.eye(scale.size)]))[0] if silent.shape[1] else np.eye(scale.size)
    return (free if not free.shape[1] else whole[:, silent.shape[1] : silent.shape[1] + free.shape[1]]), silent


def signs_of(x: Floats, codes: Integers, classes: int, size: Floats, functionals: Floats) -> Floats:
    """Give the sign that linear functionals have along every direction of recession, shape (c,).

    +1 or -1 where some direction has it and none the other, 0 where both occur or neither.

    Args:
        x: columns, shape (n, q).
        codes: classes of the rows, shape (n,).
        classes: number of classes J.
        size: of each column, shape (q,).
        functionals: of the stacked coefficients, shape (c, m q).

    """
    pairs = _Pairs(x / size, codes, classes)
    held = _first(pairs, np.zeros(pairs.width))
    scaled = functionals / np.tile(size, classes - 1)
    found = np.zeros(functionals.shape[0])
    for at, one in enumerate(scaled):
        large = float(np.abs(one).max())
        up, held = _gains(pairs, held, one / large)
        down, held = _gains(pairs, held, -one / large)
        found[at] = 0.0 if up == down else (1.0 if up else -1.0)
    return found


def _gains(pairs: _Pairs, held: Integers, functional: Floats) -> tuple[bool, Integers]:
    """Say whether a functional can be above 0 while no pair loses; and the pairs held by then."""
    for _ in range(_MOST_PROGRAMMES):
        found = _minimum(-functional, -pairs.rows(held), [(-1.0, 1.0)] * functional.size)
        # What cannot be with some of the pairs cannot be with all of them.
        if found is None or float(functional @ found) <= _NOTHING:
            return False, held
        gains = pairs.gains(found).ravel()
        losing = np.flatnonzero(gains < -_NOTHING)
        more = np.union1d(held, losing[np.argsort(gains[losing], kind="stable")[:_MORE_PAIRS]])
        if more.size == held.size:
            return True, held
        held = more
    return False, held
