"""Which columns cost digits, and which have nothing of their own? Scaling and aliasing of design columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, qr

from glmlr.blocks import Block, Mapped, Rows, over_blocks, slices_of

Floats = npt.NDArray[np.float64]

#: A column is aliased when what the earlier columns leave of it is below this share of it (the tolerance of R's glm).
ALIAS_TOLERANCE: Final = 1e-11
#: Below this share a column is suspect in the cross-products and is looked at again by an orthogonal factorisation.
_SUSPECT_SHARE: Final = 1e-4
_FIRST_ROWS: Final = 64


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums by column: rows, x, x^2, and whether the column is one constant, `first`; events, trials and offset.

    Columns that are not `written_out` are zeros and ones.
    """

    rows: int
    total: Floats
    squares: Floats
    first: Floats
    constant: npt.NDArray[np.bool_]
    written_out: npt.NDArray[np.bool_]
    events: float
    trials: float
    offset: float

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.rows + other.rows,
            self.total + other.total,
            self.squares + other.squares,
            self.first,
            self.constant & other.constant & (self.first == other.first),
            self.written_out,
            self.events + other.events,
            self.trials + other.trials,
            self.offset + other.offset,
        )


def block_moments(block: Block) -> Moments:
    """Give one block's sums by column."""
    sums = block.times(np.ones(block.size))
    squares, first = sums.copy(), block.at_rows(slice(0, 1)).x[:, 0]
    constant = (sums == 0) | (sums == block.size)
    x, at = block.written_out()
    with np.errstate(over="ignore"):
        squares[at] = np.matmul(x[:, None, :], x[:, :, None]).ravel()
    # Most columns show in their first rows that they are not constant.
    constant[at] = (x[:, :_FIRST_ROWS] == x[:, :1]).all(axis=1)
    for row in np.flatnonzero(constant[at]):
        constant[at[row]] = bool((x[row] == x[row, 0]).all())
    total = block.total_weight()
    events = float(block.y.sum() if total is None else np.dot(block.y, total))
    trials = float(block.size if total is None else total.sum())
    offset = 0.0 if block.offset is None else float((block.offset if total is None else block.offset * total).sum())
    written_out = np.zeros(sums.size, dtype=bool)
    written_out[at] = True
    return Moments(block.size, sums, squares, first, constant, written_out, events, trials, offset)


@dataclass(frozen=True, eq=False)
class Scaled(Mapped):
    """Rows with each column centred (where there is a constant column to absorb it) and divided by its spread.

    The likelihood and the fitted values do not change; sums of squares neither overflow nor cancel.
    """

    rows: Rows
    center: Floats
    scale: Floats
    constant: int | None

    def changed(self, block: Block) -> Block:
        """Give a block with scaled columns."""
        return block.moved(self.center, self.scale)

    def transform(self) -> Floats:
        """Give the matrix T with beta of the original columns = T @ beta of the scaled columns, shape (k, k)."""
        matrix = np.diag(1.0 / self.scale)
        if self.constant is not None:
            matrix[self.constant] -= self.center / self.scale / self.scale[self.constant]
        return matrix

    def inverse_transform(self) -> Floats:
        """Give the inverse of `transform()` in closed form, shape (k, k)."""
        matrix = np.diag(self.scale)
        if self.constant is not None:
            matrix[self.constant] += self.center
        return matrix


def scaled_rows(rows: Rows, moments: Moments) -> Scaled | None:
    """Wrap the rows where a column's size, or its mean against its spread, would cost digits; None where not."""
    mean = moments.total / moments.rows
    constants = np.flatnonzero(moments.constant & (moments.first != 0))
    constant = int(constants[0]) if constants.size else None
    with np.errstate(over="ignore", invalid="ignore"):
        variance = moments.squares / moments.rows - mean**2
        # The one-pass variance is only a guide to size; where it cancelled the largest value stands in for it.
        crude = np.where(np.isfinite(variance) & (variance > 1e-12 * mean**2), variance, 0.0)
    spread = np.where(crude > 0, np.sqrt(crude), np.abs(moments.first))
    moving = moments.written_out & ~moments.constant
    centring = constant is not None and bool((np.abs(mean[moving]) > 10 * spread[moving]).any())
    varying = spread[moments.written_out & ((crude > 0) | (moments.constant & (moments.first != 0)))]
    sized = bool((varying > 1e3).any() or (varying < 1e-3).any())
    cancelled = bool(((crude == 0) & moving).any())
    if not (centring or sized or cancelled):
        return None
    center = np.zeros_like(mean)
    if constant is not None:
        movable = moments.written_out & (np.arange(mean.size) != constant)
        center[movable] = mean[movable]
    largest, apart = over_blocks(rows, lambda block: _largest(block, center), np.maximum)
    if constant is None:
        spread = np.where(crude > 0, spread, np.maximum(largest, np.finfo(float).tiny))
    else:
        # A constant column centres to rounding noise, which must not be blown up into a predictor.
        spread = np.where(apart > 1e-13 * largest, apart, np.maximum(largest, 1e-300))
    return Scaled(rows, center, np.where(moments.written_out & (spread > 0), spread, 1.0), constant)


def _largest(block: Block, center: Floats) -> Floats:
    """Give the largest |x| and |x - center| of each column that is written out, 1 for others, shape (2, k)."""
    x, at = block.written_out()
    found = np.ones((2, center.size))
    found[0, at] = np.abs(x).max(axis=1)
    found[1, at] = np.abs(x - center[at, None]).max(axis=1)
    return found


@dataclass(frozen=True)
class Alias:
    """A column that earlier columns determine: name position, and the earlier columns with their coefficients."""

    column: int
    depends_on: tuple[tuple[int, float], ...]


def find_aliases(rows: Rows, gram: Floats) -> tuple[Alias, ...]:
    """Find the columns that earlier columns determine, in design order.

    A cheap look at the cross-products comes first; columns it cannot clear are decided by an orthogonal factorisation
    of the columns themselves, which sees dependencies down to the rounding of the data.
    """
    if cleared(gram, gram.diagonal()):
        return ()
    return _aliases_of(triangle(rows, lambda block: block.x))


def cleared(gram: Floats, squares: Floats) -> bool:
    """Whether cross-products show beyond doubt that no column is aliased.

    Args:
        gram: cross-products over all rows or some of them, shape (k, k). Some are enough: what the earlier columns
            leave of a column over all rows is not less than what they leave of it over some.
        squares: sum of squares of each column over all rows, shape (k,).

    """
    if not ((squares > 0) & np.isfinite(squares)).all():
        return False
    size = np.sqrt(squares)
    try:
        factor = cholesky(gram / np.outer(size, size), lower=True)
    except np.linalg.LinAlgError:
        return False
    return bool((factor.diagonal() > _SUSPECT_SHARE).all())


def independent(gram: Floats) -> npt.NDArray[np.intp]:
    """Give the columns that earlier ones of them do not come near to determining, in order, from cross-products."""
    if cleared(gram, gram.diagonal()):
        return np.arange(len(gram))
    size = np.sqrt(gram.diagonal())
    size = np.where(size > 0, size, 1.0)
    rest = gram / np.outer(size, size)
    kept = []
    for column in range(size.size):
        left = rest[column, column]
        if left > _SUSPECT_SHARE:
            kept.append(column)
            rest[column:, column:] -= np.outer(rest[column:, column], rest[column, column:] / left)
    return np.array(kept, dtype=np.intp)


def triangle(rows: Rows, columns: Callable[[Block], Floats]) -> Floats:
    """Give R of the QR factorisation of all rows of `columns(block)` (columns in rows, (p, b)), shape (p, p)."""

    def factor(block: Block) -> Floats:
        parts = (columns(block.at_rows(rows)) for rows in slices_of(block.size, block.columns))
        return reduce(join, (_r_of(part.T) for part in parts))

    def join(one: Floats, two: Floats) -> Floats:
        return _r_of(np.vstack([one, two]))

    return over_blocks(rows, factor, join)


def _r_of(matrix: Floats) -> Floats:
    (r,) = qr(matrix, mode="r", check_finite=False)
    wide = min(matrix.shape[1], r.shape[0])
    square = np.zeros((matrix.shape[1], matrix.shape[1]))
    square[:wide] = np.triu(r[:wide])
    return square


def _aliases_of(r: Floats) -> tuple[Alias, ...]:
    """Orthogonalise the columns of R one after the other; those with nothing left of them are aliased."""
    basis = np.empty((r.shape[0], 0))
    kept: list[int] = []
    aliases: list[Alias] = []
    for column in range(r.shape[1]):
        vector = r[:, column]
        size = float(np.linalg.norm(vector))
        rest = vector - basis @ (basis.T @ vector)
        rest = rest - basis @ (basis.T @ rest)
        left = float(np.linalg.norm(rest))
        if size == 0.0 or left <= ALIAS_TOLERANCE * size:
            aliases.append(Alias(column, _dependency(r, kept, vector)))
        else:
            kept.append(column)
            basis = np.column_stack([basis, rest / left])
    return tuple(aliases)


def _dependency(r: Floats, kept: list[int], vector: Floats) -> tuple[tuple[int, float], ...]:
    if not kept or not vector.any():
        return ()
    coefficients = np.linalg.lstsq(r[:, kept], vector, rcond=None)[0]
    sizes = np.abs(coefficients) * np.linalg.norm(r[:, kept], axis=0)
    return tuple(
        (column, float(value))
        for column, value, size in zip(kept, coefficients, sizes, strict=True)
        if size > 1e-8 * np.linalg.norm(vector)
    )


def inverse_of(information: Floats) -> Floats:
    """Invert an information matrix, shape (k, k), in units in which its diagonal is 1."""
    size = np.sqrt(np.diag(information))
    return np.asarray(np.linalg.inv(information / np.outer(size, size)) / np.outer(size, size))


def gram_of(rows: Rows) -> Floats:
    """Give the cross-products of the columns, shape (k, k)."""
    return over_blocks(rows, lambda block: block.gram(), np.add)


def aliases_in_data(aliases: tuple[Alias, ...], rows: Rows, scaled: Scaled | None) -> tuple[Alias, ...]:
    """Say the dependencies in terms of the columns as they were given."""
    if not aliases or scaled is None:
        return aliases
    r = triangle(rows, lambda block: block.x)
    dropped = {alias.column for alias in aliases}
    kept = [column for column in range(r.shape[1]) if column not in dropped]
    return tuple(
        Alias(a.column, _dependency(r, [column for column in kept if column < a.column], r[:, a.column]))
        for a in aliases
    )
