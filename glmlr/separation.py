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

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Floats, Mapped, Rows, Subset, over_blocks
from glmlr.links import Link
from glmlr.solver import MAX_ITERATIONS, Solution, solve

Bools = npt.NDArray[np.bool_]

#: Standard error x root mean square of its column beyond which an estimate may be infinite.
_SUSPECT_PRECISION: Final = 300.0
#: -log-likelihood of a row below which it counts as fitted perfectly.
_PERFECT: Final = 1e-6
#: s_i x_i' d, in units of the row's own size, below which a row counts as lying on the boundary.
_ON_BOUNDARY: Final = 1e-7
#: A column whose mean is this many standard deviations away from 0 is centred.
_FAR: Final = 10.0
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
        ray: a direction along which the likelihood rises for ever, shape (k,), for columns less their `center`.
        center: what is taken off each column before it meets the ray, shape (k,): 0 but for columns far from 0.
        separated: rows that are fitted perfectly in the limit, shape (n,).

    """

    complete: bool
    direction: Floats
    infinite: Bools
    undetermined: Bools
    ray: Floats
    center: Floats
    separated: Bools

    def side(self, x: Floats) -> Floats:
        """Say on which side of the separating direction rows lie, x of shape (m, k): +1, -1, or 0 on the boundary."""
        apart = x - self.center
        along, size = apart @ self.ray, np.abs(apart) @ np.abs(self.ray)
        return np.asarray(np.where(np.abs(along) > _ON_BOUNDARY * np.maximum(size, 1e-300), np.sign(along), 0.0))


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
class _Held(Mapped):
    """Some columns of some rows; what the held columns contribute to the linear predictor is an offset."""

    rows: Rows
    finite: npt.NDArray[np.intp]
    held: npt.NDArray[np.intp]
    working: Floats
    face: Bools | None

    def changed(self, block: Block) -> Block | None:
        kept = Subset(self.rows, np.concatenate([self.finite, self.held]), self.face).changed(block)
        if kept is None:
            return None
        split = self.finite.size
        offset = kept.offset
        if self.held.size:
            moved = np.dot(self.working[self.held], kept.x[split:])
            offset = moved if offset is None else offset + moved
        return replace(kept, x=kept.x[:split], offset=offset)


def maximise(rows: Rows, link: Link, *, max_iterations: int = MAX_ITERATIONS) -> Maximum:
    """Maximise the likelihood, and where it has no maximum go to its supremum."""
    solution = solve(rows, link, max_iterations=max_iterations)
    separation = find_separation(rows, solution) if suspected(rows, solution, link) else None
    if separation is None:
        return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))
    return _at_limit(rows, link, solution, separation, max_iterations)


def _at_limit(rows: Rows, link: Link, solution: Solution, separation: Separation, max_iterations: int) -> Maximum:
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
    face: Solution | None = None
    if not separation.complete:
        face = solve(Subset(rows, order, ~separation.separated), link, max_iterations=max_iterations)
        working[order] = np.nan_to_num(face.beta)
        beta[finite] = face.beta[: finite.size]
        inverse[np.ix_(finite, finite)] = face.inverse[: finite.size, : finite.size]
        loglik = face.loglik
    reason = ("complete" if separation.complete else "quasi-complete") + " separation: some estimates are infinite"
    converged = True
    if face is not None and not face.converged:
        converged, reason = False, f"{reason}, and for the others {face.reason}"
    found = replace(solution, beta=beta, inverse=inverse, loglik=loglik, converged=converged, reason=reason)
    return Maximum(found, separation, working, finite, ~separation.separated)


def suspected(rows: Rows, solution: Solution, link: Link) -> bool:
    """Screen cheaply: did the iteration fail, or is some estimate too imprecise, and some row too well fitted?"""
    if not solution.converged:
        return True
    deviation = np.sqrt(np.diag(solution.inverse))[solution.estimated]
    if not np.isfinite(deviation).all():
        return True
    if not (deviation * solution.column_size[solution.estimated] > _SUSPECT_PRECISION).any():
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
    columns = _centred(x)
    signed = columns.x * np.where(y > 0.5, 1.0, -1.0)[:, None]
    mixed = (y > 0) & (y < 1)
    separated = np.zeros(y.size, dtype=bool)
    rays: list[Floats] = []
    while not separated.all():
        # Rows on the boundary of one direction may be separated by another.
        ray = _widest(signed[~separated], mixed[~separated])
        gain = None if ray is None else signed[~separated] @ ray > _tolerance(signed[~separated])
        if ray is None or gain is None or not gain.any():
            break
        rays.append(ray)
        separated[np.flatnonzero(~separated)[gain]] = True
    if not rays:
        return None
    ray = _fewest_columns(_joined(rays), signed, separated)
    return _described(columns, separated, ray, kept, solution.beta.size)


def _stacked(rows: Rows, kept: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    blocks: list[Block] = over_blocks(rows, lambda block: [block], list.__add__)
    return np.vstack([block.x[kept].T for block in blocks]), np.concatenate([block.y for block in blocks])


@dataclass(frozen=True, eq=False)
class _Centred:
    """Columns of one size, those far from 0 centred where a constant column can make up for it (n rows, k columns)."""

    x: Floats
    center: Floats
    size: Floats
    constant: int | None

    def combinations(self, vectors: Floats) -> Floats:
        """Give combinations of these columns, shape (..., k), as combinations of the columns as they came.

        The sizes of the columns do not matter here, only what is zero.
        """
        if self.constant is None:
            return vectors
        moved = np.array(vectors)
        share = vectors * (self.center / self.size)
        level = vectors[..., self.constant] / self.size[self.constant]
        rest = level - share.sum(axis=-1)
        # What cancels to its last digits is zero.
        moved[..., self.constant] = np.where(
            np.abs(rest) > 1e-7 * (np.abs(level) + np.abs(share).sum(axis=-1)), rest, 0.0
        )
        return moved


def _centred(x: Floats) -> _Centred:
    """Centre the columns whose mean is large against their spread: the programmes see no more than seven digits."""
    first = x[0]
    constants = np.flatnonzero((x == first).all(axis=0) & (first != 0))
    constant = int(constants[0]) if constants.size else None
    center = np.zeros(x.shape[1])
    if constant is not None:
        mean = x.mean(axis=0)
        far = np.abs(mean) > _FAR * np.sqrt(np.mean((x - mean) ** 2, axis=0))
        far[constants] = False
        center[far] = mean[far]
    apart = x - center
    size = np.sqrt(np.mean(apart**2, axis=0))
    size = np.where(size > 0, size, 1.0)
    return _Centred(apart / size, center, size, constant)


def _tolerance(x: Floats) -> Floats:
    return np.asarray(_ON_BOUNDARY * np.maximum(np.abs(x).sum(axis=1), 1e-300))


def _widest(signed: Floats, mixed: Bools) -> Floats | None:
    """Find the direction with the largest sum of gains; rows with events and non-events have to stay where they are."""
    k = signed.shape[1]
    gain = signed[~mixed].sum(axis=0)
    size = max(float(np.abs(gain).max(initial=0.0)), 1e-300)
    ends = np.full(k, 1.0)
    return _programme(-gain / size, signed, np.zeros(mixed.size), signed[mixed], -ends, ends)


def _joined(rays: list[Floats]) -> Floats:
    """Put directions together: later ones matter only where earlier ones are silent, so they have ever less weight."""
    joined, weight = rays[0], 1.0
    for before, ray in pairwise(rays):
        weight *= 1e-3 * float(np.abs(before[before != 0]).min())
        joined = joined + weight * ray
    return joined


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


def _described(columns: _Centred, separated: Bools, ray: Floats, kept: npt.NDArray[np.intp], k: int) -> Separation:
    """Tell finite from infinite estimates: finite are those that the rows on the boundary determine."""
    loose: Bools = np.ones(kept.size, dtype=bool)
    if not separated.all():
        # All right singular vectors, but not the n x n left ones.
        _, values, right = np.linalg.svd(np.linalg.qr(columns.x[~separated], mode="r"), full_matrices=True)
        silent = right[int((values > 1e-9 * values[0]).sum()) :]
        silent = np.where(np.abs(silent) > 1e-9, silent, 0.0)
        loose = np.asarray((np.abs(columns.combinations(silent)) > 1e-7).any(axis=0))
    ray = np.asarray(np.where(np.abs(ray) > 1e-9 * np.abs(ray).max(), ray, 0.0))
    sign: Floats = np.where(loose, np.sign(columns.combinations(ray)), 0.0)
    direction, whole, center = np.zeros(k), np.zeros(k), np.zeros(k)
    direction[kept] = sign
    whole[kept], center[kept] = ray / columns.size, columns.center
    undetermined = np.zeros(k, dtype=bool)
    undetermined[kept[loose & (sign == 0)]] = True
    return Separation(bool(separated.all()), direction, direction != 0, undetermined, whole, center, separated)
