"""Where can rays of separation be? A first look at all rows, at coefficients that Newton steps have led to.

Along a ray the rows that none separates do not move. After some steps most of these are known: they are fitted badly,
while rows that are separated are fitted ever better. What the columns of badly fitted rows leave is a small space for
rays, often a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from glmlr.blocks import Block, Floats, Rows, over_blocks
from glmlr.links import Link
from glmlr.margins import Columns, Few, Marks, Positions, Signed, functionals, signed

#: -log-likelihood of a row above which it is taken for one that no ray separates, in turn.
_BADLY_FITTED: Final = (1e-1, 1e-3, 1e-5)
#: Rows of each kind that a block offers: where there are few blocks, few rows are a large part of all.
_FROM_A_BLOCK: Final = 64
#: Directions with less than this share of the cross-products are taken for silent.
_SILENT: Final = 1e-12
#: If all others have more than this share, the silent ones are known to ten digits.
_LOUD: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Space:
    """Directions in which rays may be.

    Attributes:
        directions: orthonormal, shape (k, q).
        sharp: whether they are known to ten digits.

    """

    directions: Floats
    sharp: bool


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass tells of the rows (k = columns looked at).

    Attributes:
        rows: their number.
        trials: the number of Bernoulli trials they stand for.
        gains: sum of the signed rows that are not mixed, shape (k,).
        grams: cross-products of the mixed rows, and of the others by how badly they are fitted, shape (levels, k, k).
        separating: whether the coefficients separate all rows as they are.
        by_chance: rows of no special kind.
        worst: rows that lose most, or gain least, along the coefficients.

    """

    rows: int
    trials: float
    gains: Floats
    grams: Floats
    separating: bool
    by_chance: Few
    worst: Few

    def __add__(self, other: Survey) -> Survey:
        return Survey(
            self.rows + other.rows,
            self.trials + other.trials,
            self.gains + other.gains,
            self.grams + other.grams,
            self.separating and other.separating,
            self.by_chance + other.by_chance,
            self.worst + other.worst,
        )

    def spaces(self) -> Iterator[Space]:
        """Give the spaces in which rays may be, smallest first.

        Each is what certain rows leave that are taken for ones that no ray separates. The last is what the mixed rows
        leave: there is no ray elsewhere.
        """
        tried = 0
        for gram in np.cumsum(self.grams, axis=0)[::-1]:
            space = _left_by(gram)
            if space.directions.shape[1] > tried:
                tried = space.directions.shape[1]
                yield space


def _left_by(gram: Floats) -> Space:
    """Give the directions in which rows with these cross-products, shape (k, k), do not move."""
    values, vectors = np.linalg.eigh(gram)
    whole = max(float(values[-1]), 0.0)
    silent = values <= _SILENT * whole
    return Space(vectors[:, silent], bool((values[~silent] > _LOUD * whole).all()))


def survey(rows: Rows, columns: Columns, beta: Floats, link: Link) -> Survey:
    """Look at all rows once.

    Args:
        rows: all rows.
        columns: the columns looked at.
        beta: coefficients of all columns of the rows, those not looked at 0.
        link: the link.

    """
    ray = columns.inward(beta[columns.kept])
    ray = ray / max(float(np.abs(ray).max(initial=0.0)), np.finfo(float).tiny)
    seen = functionals(np.eye(ray.size))

    def part(block: Block) -> Survey:
        found = signed(block, columns)
        gain = found.along(ray) * found.sign
        unlikely = -link.likelihood(block.eta(beta), block.y).loglik
        pure = np.flatnonzero(~found.mixed)
        all_gain = pure.size == block.size and bool((gain > 0).all()) and bool((gain > found.slack(ray)).all())
        return Survey(
            block.size,
            float(block.size if block.weight is None else block.weight.sum()),
            found.sum_of(np.where(found.mixed, 0.0, found.sign)),
            _grams(found, unlikely),
            all_gain,
            _by_chance(found, pure, seen),
            found.few(_least(pure, gain), gain, seen, found.sign),
        )

    seen_all = over_blocks(rows, part, Survey.__add__)
    return replace(seen_all, by_chance=seen_all.by_chance.fewest(), worst=seen_all.worst.fewest())


def _grams(rows: Signed, unlikely: Floats) -> Floats:
    """Give the cross-products of the rows of each level but the last, which are fitted well, shape (levels, k, k)."""
    level = np.ones(unlikely.size, dtype=np.int8)
    for above in _BADLY_FITTED:
        level += unlikely <= above
    level[rows.mixed] = 0
    return np.array([rows.gram(np.flatnonzero(level == one)) for one in range(len(_BADLY_FITTED) + 1)])


def _least(where: Positions, key: Floats) -> Positions:
    """Give of some positions those with the smallest keys, in no order."""
    if where.size <= _FROM_A_BLOCK:
        return where
    return where[np.argpartition(key[where], _FROM_A_BLOCK)[:_FROM_A_BLOCK]]


def _by_chance(rows: Signed, where: Positions, seen: Floats) -> Few:
    """Choose rows that are spread over the block."""
    spread = where[:: max(1, where.size // _FROM_A_BLOCK)]
    key = np.zeros(rows.sign.size)
    key[spread] = _scrambled(rows.marks(spread, seen, rows.sign))
    return rows.few(spread, key, seen, rows.sign)


def _scrambled(mark: Marks) -> Floats:
    """Give a key in [0, 1) that has nothing to do with what the row is, and is the same whenever it is asked."""
    mixed = mark.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53)
