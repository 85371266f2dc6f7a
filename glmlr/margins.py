"""How do rows lie to a direction? Signed rows of scaled columns, and the few rows of all that bind most.

With s_i = +1 for an event and -1 for a non-event, row i gains s_i x_i' d along a direction d. A row of which some
trials are events and some are not is mixed: it loses on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Floats, Rows, over_blocks
from glmlr.inequalities import ON_BOUNDARY

Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Marks = npt.NDArray[np.int64]

#: A column whose mean is this many standard deviations away from 0 is centred: programmes see about seven digits.
_FAR: Final = 10.0
#: Rows chosen at once.
ROWS_AT_ONCE: Final = 256


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns as programmes see them: of size 1, those far from 0 centred (k = columns looked at).

    Attributes:
        kept: positions of the columns among those of a block, shape (k,).
        center: what is taken off each, shape (k,): 0 but for columns far from 0, where a constant can make up for it.
        size: root mean square of what is left, shape (k,).
        constant: position of that constant among the k, or None.
        level: the value of that constant.

    """

    kept: Positions
    center: Floats
    size: Floats
    constant: int | None = None
    level: float = 1.0

    def of(self, block: Block) -> Block:
        """Give a block with these columns, centred but not yet divided by their size."""
        kept = block if self.kept.size == block.columns else block.at_columns(self.kept)
        return kept.moved(self.center, np.ones_like(self.center)) if self.center.any() else kept

    def outward(self, vectors: Floats) -> Floats:
        """Give combinations of these columns, shape (..., k), as combinations of the columns as they came."""
        moved: Floats = vectors / self.size
        if self.constant is not None:
            share = moved * (self.center / self.level)
            level = moved[..., self.constant]
            rest = level - share.sum(axis=-1)
            # What cancels to its last digits is zero.
            size = np.abs(level) + np.abs(share).sum(axis=-1)
            moved[..., self.constant] = np.where(np.abs(rest) > 1e-7 * size, rest, 0.0)
        return moved

    def inward(self, beta: Floats) -> Floats:
        """Give a combination of the columns as they came, shape (k,), as one of these columns."""
        moved: Floats = beta * self.size
        if self.constant is not None:
            moved[self.constant] += self.size[self.constant] * float(beta @ self.center) / self.level
        return moved


@dataclass(frozen=True, eq=False)
class _Range:
    """Rows, and for each column sum, smallest and largest value."""

    rows: int
    total: Floats
    low: Floats
    high: Floats

    def __add__(self, other: _Range) -> _Range:
        return _Range(
            self.rows + other.rows,
            self.total + other.total,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )


def columns_of(rows: Rows, kept: Positions, size: Floats, centred: bool) -> Columns:
    """Say how programmes see the columns.

    Args:
        rows: all rows.
        kept: positions of the columns to look at, shape (k,).
        size: root mean square of each of them as they come, shape (k,).
        centred: whether some may be far from 0; to find out costs two passes.

    """
    if not centred and np.isfinite(size).all():
        return Columns(kept, np.zeros(kept.size), np.where(size > 0, size, 1.0))

    def ranges(block: Block) -> _Range:
        x = block.x[kept]
        return _Range(block.size, x.sum(axis=1), x.min(axis=1), x.max(axis=1))

    found = over_blocks(rows, ranges, _Range.__add__)
    mean = found.total / found.rows
    largest = np.maximum(np.maximum(found.high, -found.low), np.finfo(float).tiny)
    squares = over_blocks(
        rows, lambda block: np.asarray((((block.x[kept] - mean[:, None]) / largest[:, None]) ** 2).sum(axis=1)), np.add
    )
    spread = np.sqrt(squares / found.rows) * largest
    constants = np.flatnonzero((found.low == found.high) & (found.low != 0))
    far = (np.abs(mean) > _FAR * spread) & (found.low < found.high) & bool(constants.size)
    # Columns of 0 and 1 lose no digits, and need not be written out.
    far &= (found.low != 0) | (found.high != 1)
    size = np.where(far, spread, np.hypot(spread, mean))
    size = np.where(size > 0, size, 1.0)
    if not constants.size:
        return Columns(kept, np.zeros(kept.size), size)
    constant = int(constants[0])
    return Columns(kept, np.where(far, mean, 0.0), size, constant, float(found.low[constant]))


def boundary(size: Floats) -> Floats:
    """Say how far rows may lie along a ray and still count as on the boundary, shape (b,).

    Args:
        size: sum of |x_j d_j| over the columns, shape (b,): rounding grows with it. The ray's largest component is 1
            for columns of size 1.

    """
    return np.asarray(ON_BOUNDARY * np.maximum(size, 1.0))


@dataclass(frozen=True, eq=False)
class Few:
    """A few rows that bind most (m rows, k columns).

    Attributes:
        rows: signed rows of scaled columns, of size 1 or less, shape (m, k).
        key: what decides which rows are chosen, the smallest, shape (m,).
        mark: the same number for rows that bind in the same way, shape (m,).

    """

    rows: Floats
    key: Floats
    mark: Marks

    def __add__(self, other: Few) -> Few:
        rows, key = np.vstack([self.rows, other.rows]), np.concatenate([self.key, other.key])
        both = Few(rows, key, np.concatenate([self.mark, other.mark]))
        # To tell them apart now and then takes less time than always.
        return both if key.size <= 8 * ROWS_AT_ONCE else both.fewest()

    def fewest(self) -> Few:
        """Give those with the smallest keys, no two of which bind in the same way."""
        chosen = _smallest(self.key, self.mark)
        return Few(self.rows[chosen], self.key[chosen], self.mark[chosen])


def _smallest(key: Floats, mark: Marks) -> Positions:
    """Give the positions of the different marks with the smallest keys, whatever order they came in."""
    order = np.lexsort((mark, key))
    _, first = np.unique(mark[order], return_index=True)
    return np.asarray(order[np.sort(first)[:ROWS_AT_ONCE]])


@dataclass(frozen=True, eq=False)
class Signed:
    """The rows of a block as rays see them (k columns, b rows).

    Attributes:
        block: the columns looked at, centred but not divided by their size.
        size: of the columns, shape (k,).
        sign: +1 for events, -1 for non-events, shape (b,).
        mixed: rows with both, shape (b,).

    """

    block: Block
    size: Floats
    sign: Floats
    mixed: Bools

    def along(self, ray: Floats) -> Floats:
        """How far each row lies along a ray, shape (b,)."""
        eta = self.block.eta(ray / self.size)
        return eta if self.block.offset is None else eta - self.block.offset

    def slack(self, ray: Floats) -> Floats:
        """How far each row may lie along a ray and still count as on the boundary, shape (b,)."""
        weight = np.abs(ray) / self.size
        x, at = self.block.written_out()
        size = np.dot(weight[at], np.abs(x))
        if at.size < weight.size:
            # The other columns hold 0 and 1.
            weight[at] = 0.0
            size += Signed(self.block, np.ones_like(weight), self.sign, self.mixed).along(weight)
        return boundary(size)

    def sum_of(self, values: Floats) -> Floats:
        """Sum over rows of each column times values (b,), shape (k,)."""
        return self.block.times(values) / self.size

    def gram(self, where: Positions) -> Floats:
        """Give the cross-products of some rows, shape (k, k)."""
        return self.block.at_rows(where).gram() / (self.size * self.size[:, None])

    def off(self, rays: Floats) -> Bools:
        """Say which rows are off the boundary of one of some rays, shape (r, k)."""
        off = np.zeros(self.sign.size, dtype=bool)
        for ray in rays:
            off |= np.abs(self.along(ray)) > self.slack(ray)
        return off

    def marks(self, where: Positions, seen: Floats, sign: Floats) -> Marks:
        """Give rows that are positive multiples of one another the same number: the angle of two functionals (2, k).

        That other rows share it by chance does no harm.
        """
        rows = Signed(self.block.at_rows(where), self.size, sign[where], self.mixed[where])
        one, two = rows.along(seen[0]) * rows.sign, rows.along(seen[1]) * rows.sign
        return np.asarray(np.rint(np.arctan2(one, two) * 1e9), dtype=np.int64)

    def few(self, where: Positions, key: Floats, seen: Floats, sign: Floats) -> Few:
        """Choose of the rows at `where` those with the smallest keys; signs and keys have shape (b,)."""
        if where.size > 8 * ROWS_AT_ONCE:
            # As a rule few rows bind in the same way, and then only those with small keys need be told apart.
            near = where[np.argpartition(key[where], 4 * ROWS_AT_ONCE)[: 4 * ROWS_AT_ONCE]]
            chosen = _smallest(key[near], self.marks(near, seen, sign))
            where = near[chosen] if chosen.size == ROWS_AT_ONCE else where
        mark = self.marks(where, seen, sign)
        chosen = np.arange(where.size) if where.size <= ROWS_AT_ONCE else _smallest(key[where], mark)
        at = where[chosen]
        rows = (self.block.at_rows(at).x / self.size[:, None] * sign[at]).T
        return Few(rows / np.maximum(np.abs(rows).sum(axis=1, keepdims=True), 1.0), key[at], mark[chosen])


def signed(block: Block, columns: Columns) -> Signed:
    """Give the rows of a block as rays see them."""
    return Signed(columns.of(block), columns.size, np.where(block.y > 0.5, 1.0, -1.0), (block.y > 0) & (block.y < 1))


def functionals(directions: Floats) -> Floats:
    """Give two functionals, shape (2, k), that see of a row what lies in some directions, shape (k, q), and no more."""
    at = np.arange(1.0, directions.shape[1] + 1.0)
    return np.asarray(np.vstack([np.sin(at * at), np.cos(1.7 * at * at)]) @ directions.T)
