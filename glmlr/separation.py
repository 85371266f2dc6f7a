"""Are the estimates finite? Complete and quasi-complete separation, found by linear programmes.

The maximum-likelihood estimate exists unless some direction d has s_i x_i' d >= 0 for all rows (s_i = +1 for an event,
-1 for a non-event) and > 0 for one: along it the likelihood rises for ever. Such a direction is the solution of

    maximise  sum_i s_i x_i' d   subject to   s_i x_i' d >= 0,  -1 <= d <= 1

and it is zero exactly when there is none. Rows with s_i x_i' d > 0 are fitted perfectly in the limit; the remaining
rows have the finite part of the estimate.

`maximise` takes the fit to that limit: the supremum of the likelihood, and the finite estimates with their precision.

References: Albert & Anderson (1984), Biometrika 71; Konis (2007), DPhil thesis, Oxford, chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Floats, Rows, Subset, over_blocks
from glmlr.links import Link
from glmlr.solver import MAX_ITERATIONS, Solution, solve

Bools = npt.NDArray[np.bool_]

#: Standard error x root mean square of its column beyond which an estimate may be infinite.
_SUSPECT_PRECISION: Final = 300.0
#: -log-likelihood of a row below which it counts as fitted perfectly.
_PERFECT: Final = 1e-6
#: s_i x_i' d, in units of the row's own size, below which a row counts as lying on the boundary.
_ON_BOUNDARY: Final = 1e-7
#: A programme starts with this many rows and takes in others as they turn out to be violated.
_ROWS_AT_ONCE: Final = 4_000
#: With more moving columns than this, which of them are needed is not looked into.
_COLUMNS_TO_TRY: Final = 60


@dataclass(frozen=True, eq=False)
class Separation:
    """Where the likelihood has no maximum (k = design columns, n = rows).

    Attributes:
        complete: whether every row is separated; otherwise quasi-complete.
        direction: sign of the infinite estimates, shape (k,): +1, -1; 0 where finite or not determined.
        infinite: columns whose estimate is infinite, shape (k,).
        undetermined: columns without a finite estimate whose sign the data do not decide either, shape (k,).
        ray: a direction along which the likelihood rises for ever, shape (k,).
        separated: rows that are fitted perfectly in the limit, shape (n,).

    """

    complete: bool
    direction: Floats
    infinite: Bools
    undetermined: Bools
    ray: Floats
    separated: Bools


@dataclass(frozen=True, eq=False)
class Maximum:
    """The likelihood at its maximum or supremum (k = design columns, n = rows).

    Attributes:
        solution: estimates, infinite where separated; its inverse information covers the finite ones.
        separation: None, or which estimates are infinite.
        working: finite coefficients that give the fitted values of the rows that are not separated, shape (k,).
        finite: positions of the finite estimates.
        face: rows that are not separated, shape (n,), or None where all are.

    """

    solution: Solution
    separation: Separation | None
    working: Floats
    finite: npt.NDArray[np.intp]
    face: Bools | None = None

    def finite_rows(self, rows: Rows) -> Rows:
        """Give the finite columns of the rows on the face, the other columns' share of eta as an offset."""
        if self.face is None and self.finite.size == self.working.size:
            return rows
        return _Held(
            rows, self.finite, np.setdiff1d(np.flatnonzero(self.working), self.finite), self.working, self.face
        )


@dataclass(frozen=True, eq=False)
class _Held:
    """Some columns of some rows; what the held columns contribute to the linear predictor is an offset."""

    rows: Rows
    finite: npt.NDArray[np.intp]
    held: npt.NDArray[np.intp]
    working: Floats
    face: Bools | None

    def blocks(self) -> Iterator[Block]:
        split = self.finite.size
        for block in Subset(self.rows, np.concatenate([self.finite, self.held]), self.face).blocks():
            offset = block.offset
            if self.held.size:
                moved = np.dot(self.working[self.held], block.x[split:])
                offset = moved if offset is None else offset + moved
            yield Block(block.x[:split], block.y, block.weight, block.importance, offset)


def maximise(rows: Rows, link: Link, *, max_iterations: int = MAX_ITERATIONS) -> Maximum:
    """Maximise the likelihood, and where it has no maximum go to its supremum."""
    solution = solve(rows, link, max_iterations=max_iterations)
    separation = find_separation(rows, solution) if suspected(rows, solution, link) else None
    if separation is None:
        return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))
    return _at_limit(rows, link, solution, separation)


def _at_limit(rows: Rows, link: Link, solution: Solution, separation: Separation) -> Maximum:
    """Fit the rows that are not separated, the finite columns first.

    The likelihood's limit along the separating direction is that of these rows. Finite estimates do not depend on
    which of the other columns are aliased on them.
    """
    estimated = np.flatnonzero(solution.estimated)
    loose = (separation.infinite | separation.undetermined)[estimated]
    order = np.concatenate([estimated[~loose], estimated[loose]])
    finite = estimated[~loose]
    beta = solution.beta.copy()
    beta[separation.infinite] = separation.direction[separation.infinite] * np.inf
    beta[separation.undetermined] = np.nan
    inverse = np.full_like(solution.inverse, np.nan)
    working = np.zeros_like(beta)
    loglik = 0.0
    if not separation.complete:
        face = solve(Subset(rows, order, ~separation.separated), link)
        working[order] = np.nan_to_num(face.beta)
        beta[finite] = face.beta[: finite.size]
        inverse[np.ix_(finite, finite)] = face.inverse[: finite.size, : finite.size]
        loglik = face.loglik
    reason = ("complete" if separation.complete else "quasi-complete") + " separation: some estimates are infinite"
    found = replace(solution, beta=beta, inverse=inverse, loglik=loglik, converged=True, reason=reason)
    return Maximum(found, separation, working, finite, ~separation.separated)


def suspected(rows: Rows, solution: Solution, link: Link) -> bool:
    """Screen cheaply: did the iteration fail, or is some estimate too imprecise, and some row too well fitted?"""
    if not solution.converged:
        return True
    deviation = np.sqrt(np.diag(solution.inverse))[solution.estimated]
    if not np.isfinite(deviation).all():
        return True
    squares, count = over_blocks(
        rows,
        lambda block: (np.einsum("kb,kb->k", block.x, block.x), block.x.shape[1]),
        lambda one, two: (one[0] + two[0], one[1] + two[1]),
    )
    size = np.sqrt(squares / count)[solution.estimated]
    if not (deviation * size > _SUSPECT_PRECISION).any():
        return False
    # Two nearly collinear columns are imprecise too, but separation also fits some rows all but perfectly.
    beta = np.nan_to_num(solution.beta)
    return over_blocks(rows, lambda block: _fits_perfectly(block, beta, link), lambda one, two: one or two)


def _fits_perfectly(block: Block, beta: Floats, link: Link) -> bool:
    return bool((link.likelihood(block.eta(beta), block.y).loglik > -_PERFECT).any())


def find_separation(rows: Rows, solution: Solution) -> Separation | None:
    """Find the directions in which estimates are infinite, or give None where all are finite."""
    kept = np.flatnonzero(solution.estimated) if solution.estimated.any() else np.arange(solution.beta.size)
    x, y = _stacked(rows, kept)
    size = np.sqrt(np.mean(x**2, axis=0))
    x = x / np.where(size > 0, size, 1.0)
    separated = np.zeros(y.size, dtype=bool)
    ray = np.zeros(kept.size)
    while not separated.all():
        step = _ray(x[~separated], y[~separated])
        if step is None:
            break
        gain = np.abs(x[~separated] @ step) > _tolerance(x[~separated])
        if not gain.any():
            break
        # Later directions matter only where the earlier ones are silent, so they enter with ever smaller weight.
        ray = ray + step * (1.0 if not ray.any() else 1e-3 * np.abs(ray[ray != 0]).min())
        separated[np.flatnonzero(~separated)[gain]] = True
    if not separated.any():
        return None
    return _described(x, separated, ray / np.where(size > 0, size, 1.0), kept, solution.beta.size)


def _stacked(rows: Rows, kept: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    blocks: list[Block] = list(rows.blocks())
    return np.vstack([block.x[kept].T for block in blocks]), np.concatenate([block.y for block in blocks])


def _tolerance(x: Floats) -> Floats:
    return np.asarray(_ON_BOUNDARY * np.maximum(np.abs(x).sum(axis=1), 1e-300))


def _ray(x: Floats, y: Floats) -> Floats | None:
    """Find the direction that separates most, then the one with the fewest columns that separates the same rows."""
    mixed = (y > 0) & (y < 1)
    signed = x * np.where(y > 0.5, 1.0, -1.0)[:, None]
    tolerance = _tolerance(x)
    k = x.shape[1]
    gain = signed[~mixed].sum(axis=0)
    size = max(float(np.abs(gain).max(initial=0.0)), 1e-300)
    widest = _programme(-gain / size, signed, np.zeros(y.size), signed[mixed], np.full(k, -1.0), np.full(k, 1.0))
    if widest is None:
        return None
    separated = signed @ widest > tolerance
    if not separated.any():
        return None
    return _fewest_columns(widest, signed, separated)


def _fewest_columns(ray: Floats, signed: Floats, separated: Bools) -> Floats:
    """Leave out the columns, last ones first, that are not needed to separate the same rows.

    The widest ray moves every column that may move; to call an estimate infinite it must be one that has to.
    """
    k = ray.size
    free = np.abs(ray) > 0
    if int(free.sum()) > _COLUMNS_TO_TRY:
        return ray
    bound = np.ones(int(separated.sum()))
    for column in np.flatnonzero(free)[::-1]:
        limit = np.where(free & (np.arange(k) != column), np.inf, 0.0)
        without = _programme(np.zeros(k), signed[separated], bound, signed[~separated], -limit, limit)
        if without is not None:
            ray, free = without, limit > 0
    return ray


def _programme(
    cost: Floats, above: Floats, bound: Floats, level: Floats, lowest: Floats, highest: Floats
) -> Floats | None:
    """Minimise cost'd with above d >= bound and level d = 0, taking in rows of `above` as they turn out violated."""
    from scipy.optimize import linprog

    equal: Floats = np.asarray(np.linalg.qr(level, mode="r")) if level.shape[0] > level.shape[1] else level
    chosen = np.zeros(bound.size, dtype=bool)
    chosen[:: max(1, bound.size // _ROWS_AT_ONCE)] = True
    slack = _tolerance(above)
    while True:
        found = linprog(
            cost,
            A_ub=-above[chosen],
            b_ub=-bound[chosen],
            A_eq=equal if equal.size else None,
            b_eq=np.zeros(equal.shape[0]) if equal.size else None,
            bounds=np.column_stack([lowest, highest]),
            method="highs",
        )
        if found.status != 0:
            return None
        direction = np.asarray(found.x, dtype=np.float64)
        short = above @ direction - bound
        violated = np.flatnonzero((short < -slack) & ~chosen)
        if not violated.size:
            return direction
        chosen[violated[np.argsort(short[violated])[:_ROWS_AT_ONCE]]] = True


def _described(x: Floats, separated: Bools, ray: Floats, kept: npt.NDArray[np.intp], k: int) -> Separation:
    """Tell finite from infinite estimates: finite are those that the rows on the boundary determine."""
    loose = np.ones(kept.size, dtype=bool)
    if not separated.all():
        _, values, right = np.linalg.svd(x[~separated], full_matrices=True)
        rank = int((values > 1e-9 * values[0]).sum())
        loose = np.linalg.norm(right[rank:], axis=0) > 1e-7
    moves = np.abs(ray) > 1e-9 * np.abs(ray).max()
    direction = np.zeros(k)
    direction[kept[loose & moves]] = np.sign(ray[loose & moves])
    infinite = direction != 0
    undetermined = np.zeros(k, dtype=bool)
    undetermined[kept[loose & ~moves]] = True
    whole = np.zeros(k)
    whole[kept] = np.where(loose & moves, ray, 0.0)
    return Separation(bool(separated.all()), direction, infinite, undetermined, whole, separated)
