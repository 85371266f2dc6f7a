"""Which are the directions along which no row loses? Rays of separation, found by passes and small programmes.

With s_i = +1 for an event and -1 for a non-event, a ray is a direction d with s_i x_i' d >= 0 for all rows and > 0 for
one; mixed rows have to stay where they are. A programme that looks for a ray holds some hundred rows only. A pass over
all rows then gives those that lose along what it found, they are taken in, and so on until no row loses: the answer is
that of all rows, and no row is kept.

A search goes from the space in which rays are likely to all directions. What it finds is a ray whatever led to it.
That there is no further one is shown by a programme in all directions or, later and at no cost, by the likelihood of
the rows that are not separated, which then has a maximum.

References: Albert & Anderson (1984), Biometrika 71; Konis (2007), DPhil thesis, Oxford, chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from glmlr.blocks import Block, Floats, Mapped, Rows, over_blocks
from glmlr.conditioning import triangle
from glmlr.inequalities import strictly_inside, well_inside
from glmlr.margins import Columns, Few, Positions, functionals, signed
from glmlr.survey import Space, Survey

#: Components of a ray whose largest is 1 below which they are zero.
_ZERO: Final = 1e-9
#: In more dimensions than this, which columns have to move is not looked into.
_MOST_DIMENSIONS: Final = 60
#: Passes after which a search is given up.
_MOST_PASSES: Final = 100


@dataclass(frozen=True, eq=False)
class Cone:
    """Rays that are known, and what was learnt on the way (r rays, k columns looked at).

    Attributes:
        rays: along none of them a row loses; of largest component 1, shape (r, k).
        space: it holds all directions in which no row moves that is not separated.
        gains: sum of the signed rows that are not separated, mixed ones apart, shape (k,).
        rows: number of all rows.
        separated: number of rows that are separated by some ray.
        trials: number of Bernoulli trials that these stand for.
        working: rows that programmes have held, shape (m, k).
        tight: of the rows that are separated some that are least so, shape (m, k).

    """

    rays: Floats
    space: Space
    gains: Floats
    rows: int
    separated: int
    trials: float
    working: Floats
    tight: Floats

    @property
    def complete(self) -> bool:
        """Whether all rows are separated."""
        return self.separated == self.rows


@dataclass(frozen=True, eq=False)
class OffRays(Mapped):
    """The rows that no ray separates."""

    rows: Rows
    columns: Columns
    rays: Floats

    def changed(self, block: Block) -> Block | None:
        """Leave out the rows of a block that are separated."""
        which = np.flatnonzero(~signed(block, self.columns).off(self.rays))
        return block.at_rows(which) if which.size else None


# ------------------------------------------------------------------------------------------------ searching


def first_rays(rows: Rows, columns: Columns, seen: Survey, beta: Floats) -> Cone | None:
    """Look for a ray; None says that there is none.

    Args:
        rows: all rows.
        columns: the columns looked at.
        seen: a first look at all rows.
        beta: the coefficients it was taken at.

    """
    k = columns.kept.size
    everywhere, nothing = Space(np.eye(k), True), np.empty((0, k))
    if seen.separating:
        # What is small here may be large where columns are nearly collinear.
        ray = columns.inward(beta[columns.kept])
        ray = ray / np.abs(ray).max()
        tight = seen.worst.rows
        return Cone(ray[None], everywhere, np.zeros(k), seen.rows, seen.rows, seen.trials, tight, tight)
    return next_ray(rows, columns, Cone(nothing, everywhere, seen.gains, seen.rows, 0, 0.0, nothing, nothing), seen)


def next_ray(rows: Rows, columns: Columns, cone: Cone, seen: Survey) -> Cone | None:
    """Add a ray that separates further rows, or give None; `seen` is a look at the rows not separated yet."""
    working = np.vstack([cone.working, seen.by_chance.rows, seen.worst.rows])
    for space in seen.spaces():
        found = _ray_within(rows, columns, replace(cone, space=space, working=working))
        if found is not None:
            return found
    return None


def _ray_within(rows: Rows, columns: Columns, cone: Cone) -> Cone | None:
    """Add a ray in the cone's space that separates all rows which a ray there separates."""
    directions = cone.space.directions
    taken = np.empty(0, dtype=np.int64)
    for _ in range(_MOST_PASSES):
        inside = well_inside(cone.working @ directions, cone.gains @ directions)
        if inside is None:
            return None
        rays = np.vstack([cone.rays, _of_size_one(directions @ inside)])
        check = _check(rows, columns, rays, directions)
        if not check.losing.key.size:
            found = replace(cone, rays=rays, gains=check.gains, separated=check.separated, trials=check.trials)
            return replace(found, tight=check.tight.rows) if check.newly else None
        if np.isin(check.losing.mark, taken).all():
            # They lose by no more than the programme can see.
            return None
        taken = np.concatenate([taken, check.losing.mark])
        cone = replace(cone, working=np.vstack([cone.working, check.losing.rows]))
    return None


@dataclass(frozen=True, eq=False)
class _Check:
    """What one pass says of rays: rows that lose along the last of them, rows that gain least, and the rest."""

    losing: Few
    tight: Few
    gains: Floats
    separated: int
    trials: float
    newly: int

    def __add__(self, other: _Check) -> _Check:
        return _Check(
            self.losing + other.losing,
            self.tight + other.tight,
            self.gains + other.gains,
            self.separated + other.separated,
            self.trials + other.trials,
            self.newly + other.newly,
        )


def _check(rows: Rows, columns: Columns, rays: Floats, directions: Floats) -> _Check:
    """Hold rays, of which the last is new, against all rows."""
    seen, ray = functionals(directions), rays[-1]

    def part(block: Block) -> _Check:
        found = signed(block, columns)
        along, slack = found.along(ray), found.slack(ray)
        sign = np.where(found.mixed, -np.sign(along), found.sign)
        gain = sign * along / slack
        before = found.off(rays[:-1])
        off = before | (gain > 1.0)
        losing = np.flatnonzero(gain < -1.0)
        tight = np.flatnonzero(off if directions.shape[1] > 1 else np.zeros(block.size, dtype=bool))
        return _Check(
            found.few(losing, gain, seen, sign),
            found.few(tight, gain, seen, sign),
            found.sum_of(np.where(off | found.mixed, 0.0, found.sign)),
            int(off.sum()),
            float(off.sum() if block.weight is None else block.weight[off].sum()),
            int((off & ~before).sum()),
        )

    check = over_blocks(rows, part, _Check.__add__)
    return replace(check, losing=check.losing.fewest(), tight=check.tight.fewest())


def _of_size_one(ray: Floats) -> Floats:
    """Give a ray its largest component 1."""
    ray = ray / max(float(np.abs(ray).max(initial=0.0)), np.finfo(float).tiny)
    return np.where(np.abs(ray) > _ZERO, ray, 0.0)


# ------------------------------------------------------------------------------------------------ describing


def silent_directions(rows: Rows, columns: Columns, cone: Cone) -> Floats:
    """Give the directions in which no row moves that is not separated, orthonormal, shape (k, q)."""
    space, k = cone.space, columns.kept.size
    if cone.complete:
        return np.eye(k)
    if space.sharp and space.directions.shape[1] == 1:
        return space.directions
    moving = np.arange(k)
    if space.sharp:
        moving = np.flatnonzero(np.abs(space.directions).max(axis=1) > _ZERO)
    size = columns.size[moving, None]
    r = triangle(OffRays(rows, columns, cone.rays), lambda block: columns.of(block).at_columns(moving).x / size)
    _, values, right = np.linalg.svd(r)
    silent = right[int((values > 1e-9 * values[0]).sum()) :]
    directions = np.zeros((k, silent.shape[0]))
    directions[moving] = silent.T
    return directions


def with_fewest_columns(rows: Rows, columns: Columns, cone: Cone, silent: Floats) -> Floats:
    """Give a ray that separates all that the cone does and moves few columns, preferably early ones, shape (k,).

    A column that it moves has to move: without it, and the later ones that it does not move, not all these rows are
    separated. Where columns are so nearly collinear that some row loses along such a ray, it is the cone's own.
    """
    ray = _moving_few(rows, columns, cone, silent)
    if _loses(rows, columns, ray):
        joined: Floats = cone.rays.sum(axis=0)
        ray = np.asarray(joined / np.abs(joined).max())
    return ray


def _loses(rows: Rows, columns: Columns, ray: Floats) -> bool:
    """Say whether some row loses along a ray."""

    def part(block: Block) -> bool:
        found = signed(block, columns)
        along = found.along(ray)
        gain = np.where(found.mixed, -np.abs(along), found.sign * along)
        return bool((gain < -found.slack(ray)).any())

    return over_blocks(rows, part, lambda one, other: one or other)


def _moving_few(rows: Rows, columns: Columns, cone: Cone, silent: Floats) -> Floats:
    """Give the ray in the silent directions, by programmes over the rows that are separated by least."""
    joined = _of_size_one(silent @ (cone.rays.sum(axis=0) @ silent))
    if silent.shape[1] == 1 or silent.shape[1] > _MOST_DIMENSIONS:
        return joined
    tight, taken = cone.tight, np.empty(0, dtype=np.int64)
    for _ in range(_MOST_PASSES):
        ray = _fewest(silent, tight)
        if ray is None:
            return joined
        missed = _missed(rows, columns, cone, ray)
        if not missed.key.size:
            return ray
        if np.isin(missed.mark, taken).all():
            return joined
        taken = np.concatenate([taken, missed.mark])
        tight = np.vstack([tight, missed.rows])
    return joined


def _fewest(silent: Floats, tight: Floats) -> Floats | None:
    """Leave out columns, last ones first, as long as the tight rows, shape (m, k), can be separated."""
    space, inside = silent, strictly_inside(tight @ silent)
    if inside is None:
        return None
    columns = np.flatnonzero(np.abs(space).max(axis=1) > _ZERO)[::-1]
    at, step = 0, 1
    while at < columns.size:
        # What can be left out together can be left out one by one.
        smaller = _without(space, columns[at : at + step])
        found = strictly_inside(tight @ smaller) if smaller.shape[1] else None
        if found is not None:
            space, inside, at, step = smaller, found, at + step, 2 * step
        elif step > 1:
            step = 1
        else:
            at += 1
    return _of_size_one(space @ inside)


def _without(space: Floats, columns: Positions) -> Floats:
    """Give the part of a space, shape (k, q), in which some columns do not move."""
    _, values, right = np.linalg.svd(space[columns])
    part = np.asarray(space @ right[int((values > _ZERO).sum()) :].T)
    part[columns] = 0.0
    return part


def _missed(rows: Rows, columns: Columns, cone: Cone, ray: Floats) -> Few:
    """Give rows that the cone separates and a ray does not."""
    seen = functionals(np.eye(ray.size))

    def part(block: Block) -> Few:
        found = signed(block, columns)
        gain = found.along(ray) * found.sign / found.slack(ray)
        return found.few(np.flatnonzero(found.off(cone.rays) & (gain <= 1.0)), gain, seen, found.sign)

    return over_blocks(rows, part, Few.__add__).fewest()
