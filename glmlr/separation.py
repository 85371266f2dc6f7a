"""Are the estimates finite? Complete and quasi-complete separation, and the limit of the likelihood.

The maximum-likelihood estimate exists unless some direction d has s_i x_i' d >= 0 for all rows (s_i = +1 for an event,
-1 for a non-event) and > 0 for one: along such a ray the likelihood rises for ever. Rows with s_i x_i' d > 0 are fitted
perfectly in the limit; the remaining rows, the face, have the finite part of the estimate. `rays` finds rays; here is
asked whether there is reason to look for them, and what they mean for the estimates.

`maximise` takes the fit to that limit: the supremum of the likelihood, and the finite estimates with their precision.

Reference: Albert & Anderson (1984), Biometrika 71.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import ArrayRows, Block, Floats, Mapped, Rows, over_blocks
from glmlr.links import Link
from glmlr.margins import Columns, Positions, boundary, columns_of
from glmlr.newton import MAX_ITERATIONS
from glmlr.rays import Cone, OffRays, first_rays, next_ray, silent_directions, with_fewest_columns
from glmlr.solver import Solution, solve
from glmlr.survey import survey

Bools = npt.NDArray[np.bool_]

#: Standard error x root mean square of its column beyond which an estimate may be infinite.
_SUSPECT_PRECISION: Final = 300.0
#: -log-likelihood of a row below which it counts as fitted perfectly.
_PERFECT: Final = 1e-6
#: Newton steps after which a fit that has not converged is looked at: most others have ended by then.
_FEW_STEPS: Final = 7
#: Share of its decrement to which a step takes a fit that is about to end.
_QUICKLY: Final = 0.3
#: Rows of the face are held in memory where their columns have no more values than this.
_VALUES_HELD: Final = 1 << 20
#: Part of a column of size 1 in a direction below which it does not move.
_STILL: Final = 1e-7


@dataclass(frozen=True, eq=False)
class Separation:
    """Where the likelihood has no maximum (k = design columns, n = rows).

    Attributes:
        complete: whether every row is separated; otherwise quasi-complete.
        direction: sign of the infinite estimates, shape (k,): +1, -1; 0 where finite or not determined.
        infinite: columns whose estimate is infinite, shape (k,).
        undetermined: columns without a finite estimate whose sign the data do not decide either, shape (k,).
        ray: a direction along which the likelihood rises for ever, shape (k,), for columns less their `center`; its
            largest component times the size of its column is 1.
        center: what is taken off each column before it meets the ray, shape (k,): 0 but for columns far from 0.
        rows: number of rows that are fitted perfectly in the limit.
        trials: number of Bernoulli trials that they stand for.
        separated: which rows these are, shape (n,); empty where they are not at hand.

    """

    complete: bool
    direction: Floats
    infinite: Bools
    undetermined: Bools
    ray: Floats
    center: Floats
    rows: int = 0
    trials: float = 0.0
    separated: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def side(self, x: Floats) -> Floats:
        """Say on which side of the separating direction rows lie, x of shape (m, k): +1, -1, or 0 on the boundary."""
        return self._side(x.T[self._moving])

    def side_of(self, block: Block) -> Floats:
        """Say on which side of the separating direction the rows of a block lie, shape (b,): see `side`."""
        return self._side(block.at_columns(self._moving).x)

    def separates(self, block: Block) -> Bools:
        """Say which rows of a block are fitted perfectly in the limit, shape (b,)."""
        return np.asarray(self.side_of(block) != 0)

    @property
    def _moving(self) -> Positions:
        return np.flatnonzero(self.ray)

    def _side(self, x: Floats) -> Floats:
        """Say on which side rows lie from the columns that the ray moves."""
        ray, center = self.ray[self._moving], self.center[self._moving]
        apart = x - center[:, None] if center.any() else x
        along = np.dot(ray, apart)
        return np.asarray(np.where(np.abs(along) > boundary(np.dot(np.abs(ray), np.abs(apart))), np.sign(along), 0.0))


def separated_rows(rows: Rows, separation: Separation) -> Bools:
    """Say which rows are fitted perfectly in the limit, shape (n,), in the order of the blocks."""
    parts: list[Bools] = over_blocks(rows, lambda block: [separation.separates(block)], list.__add__)
    return np.concatenate(parts)


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
    finite: Positions
    face: Bools | None = None

    @property
    def on_face(self) -> Positions:
        """Columns that determine all others on the face, the finite ones first.

        Estimates without a finite value may have one together there: their columns are nuisances of the finite ones.
        """
        if self.separation is None:
            return self.finite
        return np.append(self.finite, np.setdiff1d(np.flatnonzero(np.diag(self.solution.information)), self.finite))

    def face_rows(self, rows: Rows) -> Rows:
        """Give the rows on the face with the columns `on_face`, in that order."""
        columns = self.on_face
        if self.separation is None and columns.size == self.working.size:
            return rows
        return self.rows_left(rows, columns)

    def rows_left(self, rows: Rows, columns: Positions) -> Rows:
        """Give the rows on the face with some columns."""
        return _OnFace(rows, self.separation, columns)


@dataclass(frozen=True, eq=False)
class _OnFace(Mapped):
    """Some columns of the rows that are not separated."""

    rows: Rows
    separation: Separation | None
    columns: Positions

    def changed(self, block: Block) -> Block | None:
        """Cut a block down."""
        kept = block.at_columns(self.columns)
        if self.separation is None:
            return kept
        which = np.flatnonzero(~self.separation.separates(block))
        return kept.at_rows(which) if which.size else None


# ------------------------------------------------------------------------------------------------ the screen


def maximise(rows: Rows, link: Link, *, max_iterations: int = MAX_ITERATIONS) -> Maximum:
    """Maximise the likelihood, and where it has no maximum go to its supremum."""
    solution, found = _fitted(rows, link, None, max_iterations, lambda at: _looked_at(rows, at, link))
    if found is None:
        return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))
    return _at_limit(rows, link, solution, found, max_iterations)


def examined(rows: Rows, solution: Solution, link: Link, max_iterations: int) -> Maximum:
    """Take a solution that anything led to as the maximum, unless the likelihood has none: then go to its supremum.

    Whether there is a maximum beyond a solution that stopped short of it is found by Newton steps from there.
    """
    if solution.converged:
        found = _looked_at(rows, solution, link) if suspected(rows, solution, link) else None
    else:
        start = np.nan_to_num(solution.beta)
        _, found = _fitted(rows, link, start, max_iterations, lambda at: _looked_at(rows, at, link))
    if found is None:
        return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))
    return _at_limit(rows, link, solution, found, max_iterations)


def _fitted(
    rows: Rows, link: Link, start: Floats | None, max_iterations: int, look: Callable[[Solution], _Found | None]
) -> tuple[Solution, _Found | None]:
    """Fit rows, and look for separation where the fit fails the screen.

    A fit that has not ended after some steps, and is not about to end, is looked at before it takes more: where rows
    are separated all of them would go the same way. One that is still suspect at its end is looked at again.
    """
    steps, more = min(_FEW_STEPS, max_iterations), min(2 * _FEW_STEPS, max_iterations)
    solution = solve(rows, link, start=start, max_iterations=steps)
    if _about_to_end(solution):
        solution, steps = _continued(rows, link, solution, steps, more), more
    found = look(solution) if suspected(rows, solution, link) else None
    if found is not None:
        return solution, found
    further = _continued(rows, link, solution, steps, max_iterations)
    # From further out a direction is seen that nearly collinear columns hid before.
    if further is not solution and suspected(rows, further, link):
        found = look(further)
    return further, found


def _about_to_end(solution: Solution) -> bool:
    """Say whether the last step was of a fit that has a maximum: towards infinity decrements fall by e^-1/2 a step."""
    last = solution.trace[-2:]
    return len(last) == 2 and last[1].decrement < _QUICKLY * last[0].decrement


def suspected(rows: Rows, solution: Solution, link: Link) -> bool:
    """Screen cheaply: did the iteration fail, or is some estimate too imprecise, and some row too well fitted?"""
    if not solution.converged:
        return True
    variance = np.diag(solution.inverse)[solution.estimated]
    # Where rounding has eaten the information a variance can come out as anything.
    if not (np.isfinite(variance) & (variance > 0)).all():
        return True
    if not (np.sqrt(variance) * solution.column_size[solution.estimated] > _SUSPECT_PRECISION).any():
        return False
    # Two nearly collinear columns are imprecise too, but separation also fits some rows all but perfectly.
    beta = np.nan_to_num(solution.beta)
    return over_blocks(rows, lambda block: _fits_perfectly(block, beta, link), lambda one, two: one or two)


def _fits_perfectly(block: Block, beta: Floats, link: Link) -> bool:
    return bool((link.likelihood(block.eta(beta), block.y).loglik > -_PERFECT).any())


def _continued(rows: Rows, link: Link, solution: Solution, taken: int, until: int) -> Solution:
    """Take more steps, up to a number in all, if the solution was only waiting for them after those taken."""
    left = until - taken
    if solution.converged or solution.iterations != taken or not left:
        return solution
    rest = solve(rows, link, start=np.nan_to_num(solution.beta), max_iterations=left)
    trace = (*solution.trace, *(replace(one, iteration=taken + one.iteration) for one in rest.trace[1:]))
    # The steps before count too.
    reason = rest.reason and rest.reason.replace(f"after {left} iterations", f"after {until} iterations")
    return replace(rest, iterations=taken + rest.iterations, trace=trace, reason=reason)


# ------------------------------------------------------------------------------------------------ what rays mean


@dataclass(frozen=True, eq=False)
class _Found:
    """A separation and what led to it (k = columns looked at).

    Attributes:
        separation: what is said of it.
        columns: the columns looked at.
        cone: the rays.
        silent: directions in which no row of the face moves, of the columns looked at, shape (k, q).

    """

    separation: Separation
    columns: Columns
    cone: Cone
    silent: Floats


def _looked_at(rows: Rows, solution: Solution, link: Link) -> _Found | None:
    """Look for rays, from where Newton steps have led to."""
    kept = np.flatnonzero(solution.estimated) if solution.estimated.any() else np.arange(solution.beta.size)
    columns = columns_of(rows, kept, solution.column_size[kept], solution.centred)
    beta = np.nan_to_num(solution.beta)
    cone = first_rays(rows, columns, survey(rows, columns, beta, link), beta)
    return None if cone is None else _described(rows, columns, cone, beta.size)


def _described(rows: Rows, columns: Columns, cone: Cone, k: int) -> _Found | None:
    """Tell finite from infinite estimates: finite are those that the rows on the face determine."""
    silent = silent_directions(rows, columns, cone)
    if not silent.shape[1]:
        # The rows are separated by less than what can be told from rounding.
        return None
    ray = with_fewest_columns(rows, columns, cone, silent)
    loose: Bools = np.asarray((np.abs(columns.outward(silent.T) * columns.size) > _STILL).any(axis=0))
    sign = np.where(loose, np.sign(columns.outward(ray)), 0.0)
    direction, whole, center = np.zeros(k), np.zeros(k), np.zeros(k)
    undetermined = np.zeros(k, dtype=bool)
    direction[columns.kept] = sign
    undetermined[columns.kept] = loose & (sign == 0)
    whole[columns.kept], center[columns.kept] = ray / columns.size, columns.center
    separation = Separation(
        complete=cone.complete,
        direction=direction,
        infinite=direction != 0,
        undetermined=undetermined,
        ray=whole,
        center=center,
        rows=cone.separated,
        trials=cone.trials,
    )
    return _Found(separation, columns, cone, silent)


# ------------------------------------------------------------------------------------------------ the limit


def _at_limit(rows: Rows, link: Link, solution: Solution, found: _Found, max_iterations: int) -> Maximum:
    """Fit the rows on the face; if that fit runs off to infinity too, more of them are separated.

    The likelihood's limit along the separating direction is that of these rows.
    """
    while not found.separation.complete:
        start: Floats | None
        columns, start = _determined(found, np.nan_to_num(solution.beta))
        face: Rows = _OnFace(rows, found.separation, columns)
        if (found.cone.rows - found.cone.separated) * columns.size <= _VALUES_HELD:
            face = _held(face)
        # With columns far from 0 what a silent direction adds up to on the face is not zero but for rounding.
        start = None if found.columns.center.any() else start
        look = partial(_further, rows, link, found, columns)
        limit, further = _fitted(face, link, start, max_iterations, look)
        if further is None:
            return _put_together(rows, solution, found.separation, columns, limit)
        found = further
    return _put_together(rows, solution, found.separation, np.arange(0), None)


def _determined(found: _Found, beta: Floats) -> tuple[Positions, Floats]:
    """Choose columns that determine all others on the face, the finite ones first; and coefficients to start from.

    Finite estimates do not depend on which of the other columns are left out.
    """
    kept, separation, size = found.columns.kept, found.separation, found.columns.size
    loose = (separation.infinite | separation.undetermined)[kept]
    silent, start = found.columns.outward(found.silent.T), beta[kept]
    left_out: list[int] = []
    for column in np.flatnonzero(loose)[::-1]:
        if not silent.shape[0]:
            break
        pivot = int(np.argmax(np.abs(silent[:, column])))
        if abs(silent[pivot, column]) * size[column] > _STILL:
            # A step in a silent direction changes nothing on the face: it can take this coefficient to 0.
            step = silent[pivot] / silent[pivot, column]
            start = start - start[column] * step
            silent = np.delete(silent - np.outer(silent[:, column], step), pivot, axis=0)
            left_out.append(int(column))
    order = np.concatenate([np.flatnonzero(~loose), np.setdiff1d(np.flatnonzero(loose), left_out)])
    return kept[order], start[order]


def _held(rows: Rows) -> ArrayRows:
    """Hold rows in memory."""
    blocks: list[Block] = over_blocks(rows, lambda block: [block], list.__add__)

    def together(part: Callable[[Block], Floats | None]) -> Floats | None:
        values = [value for value in map(part, blocks) if value is not None]
        return np.concatenate(values) if values else None

    return ArrayRows(
        np.concatenate([block.x for block in blocks], axis=1),
        np.concatenate([block.y for block in blocks]),
        together(lambda block: block.weight),
        together(lambda block: block.importance),
        together(lambda block: block.offset),
    )


def _further(rows: Rows, link: Link, found: _Found, columns: Positions, limit: Solution) -> _Found | None:
    """Look for rays that separate rows of the face, from where its fit has led to."""
    beta = np.zeros(found.separation.ray.size)
    beta[columns] = np.nan_to_num(limit.beta)
    seen = survey(OffRays(rows, found.columns, found.cone.rays), found.columns, beta, link)
    cone = next_ray(rows, found.columns, found.cone, seen)
    return None if cone is None else _described(rows, found.columns, cone, beta.size)


def _put_together(
    rows: Rows, solution: Solution, separation: Separation, columns: Positions, face: Solution | None
) -> Maximum:
    """Give the estimates at the limit: infinite ones, and of the columns that are finite those of the face."""
    beta = solution.beta.copy()
    beta[separation.infinite] = separation.direction[separation.infinite] * np.inf
    beta[separation.undetermined] = np.nan
    finite = np.flatnonzero(np.isfinite(beta))
    working, inverse = np.zeros_like(beta), np.full_like(solution.inverse, np.nan)
    information = np.zeros_like(solution.information)
    reason = ("complete" if separation.complete else "quasi-complete") + " separation: some estimates are infinite"
    loglik, norm, converged = 0.0, 0.0, True
    if face is not None:
        working[columns] = np.nan_to_num(face.beta)
        beta[finite] = face.beta[: finite.size]
        inverse[np.ix_(finite, finite)] = face.inverse[: finite.size, : finite.size]
        known = np.flatnonzero(face.estimated)
        information[np.ix_(columns[known], columns[known])] = face.information[np.ix_(known, known)]
        loglik, norm, converged = face.loglik, face.gradient_norm, face.converged
        reason = reason if converged else f"{reason}, and for the others {face.reason}"
    limit = replace(
        solution,
        beta=beta,
        inverse=inverse,
        information=information,
        loglik=loglik,
        gradient_norm=norm,
        converged=converged,
        reason=reason,
    )
    separation = replace(separation, separated=separated_rows(rows, separation))
    return Maximum(limit, separation, working, finite, ~separation.separated)
