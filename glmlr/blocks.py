"""How are sums over rows formed? Blocks of rows, parts of them, and one accumulator for all sums.

A source of rows gives its blocks in pieces. The blocks of a piece are added one after the other and the pieces in
order, so that a sum has the same bits for any number of threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial, reduce
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from glmlr.errors import FitError
from glmlr.threads import one_blas_thread, pool_of_threads, quick_narrow_products

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
T = TypeVar("T")
E = TypeVar("E")

#: Rows in a block, and the cells of a block that a wide design does not exceed by much. Powers of two are slower: the
#: rows of all columns would fall on the same lines of the cache.
BLOCK_ROWS: Final = 8000
_BLOCK_CELLS: Final = 240_000
_FEWEST_BLOCK_ROWS: Final = 1000
#: A piece has so many blocks; fewer where there would be less than so many pieces for threads to share.
_BLOCKS_PER_PIECE: Final = 8
_PIECES: Final = 16

#: One in so many rows of a block is sampled. A prime: rows that repeat themselves in a cycle are all met.
STRIDE: Final = 23
#: A sample with more cells, and more rows for each column, is thinned.
_SAMPLED_CELLS: Final = 1 << 21
_SAMPLED_ROWS_PER_COLUMN: Final = 100

#: OpenBLAS multiplies without copying up to so many products, and so few columns at once do best (measured for 2 to
#: 128 columns).
_PRODUCTS_IN_PLACE: Final = 1_000_000
_COLUMNS_AT_ONCE: Final = 4
_MOST_COLUMNS_IN_PANELS: Final = 128
#: With fewer rows it would take longer to look which BLAS there is.
_FEWEST_ROWS_IN_PANELS: Final = 1500


@dataclass(frozen=True, eq=False)
class Block:
    """Some consecutive rows of a design, columns contiguous.

    Attributes:
        x: design columns, shape (k, b), C-contiguous, so that each column is one run of memory.
        y: share of events of each row, shape (b,): 0 or 1, a fraction for grouped rows.
        weight: number of Bernoulli trials each row stands for (frequency x trials), shape (b,), or None for 1.
        importance: importance weight of each row (class or sample weight), shape (b,), or None for 1.
        offset: known part of the linear predictor, shape (b,), or None for 0.
        cluster: number of the cluster each row belongs to, shape (b,), or None.
        start: position of the first row among all rows, where the source knows it.

    """

    x: Floats
    y: Floats
    weight: Floats | None = None
    importance: Floats | None = None
    offset: Floats | None = None
    cluster: Integers | None = None
    start: int = 0

    @property
    def size(self) -> int:
        """Number of rows b."""
        return self.y.size

    def total_weight(self) -> Floats | None:
        """Weight in the estimating equations: trials x importance, shape (b,), or None for 1."""
        if self.weight is None or self.importance is None:
            return self.importance if self.weight is None else self.weight
        return self.weight * self.importance

    def eta(self, beta: Floats) -> Floats:
        """Linear predictor, shape (b,)."""
        eta: Floats = np.dot(beta, self.x)
        return eta if self.offset is None else eta + self.offset

    def times(self, values: Floats) -> Floats:
        """Sum over rows of each column times values (b,), shape (k,)."""
        return np.asarray(np.dot(self.x, values))

    def gram(self, weight: Floats | None = None) -> Floats:
        """Sum over rows of weight x x', weights (b,) not negative, shape (k, k)."""
        return weighted_gram(self.x, weight)

    def cut(self, x: Floats, which: slice | npt.NDArray[np.intp]) -> Block:
        """Give some of the rows, with their columns x."""
        weight, importance, offset = (
            None if values is None else values[which] for values in (self.weight, self.importance, self.offset)
        )
        cluster = None if self.cluster is None else self.cluster[which]
        return Block(x, self.y[which], weight, importance, offset, cluster, self.start)


def weighted_gram(x: Floats, weight: Floats | None) -> Floats:
    """Give the sum over rows of weight x x', shape (k, k), exactly symmetric.

    Args:
        x: columns, shape (k, b), C-contiguous.
        weight: not negative, shape (b,), or None for 1.

    """
    k, b = x.shape
    narrow = k <= _MOST_COLUMNS_IN_PANELS and b >= _FEWEST_ROWS_IN_PANELS
    if not (narrow and min(k, _COLUMNS_AT_ONCE) * k * b <= _PRODUCTS_IN_PLACE and quick_narrow_products()):
        scaled = x if weight is None else x * np.sqrt(weight)
        # The same array twice: numpy calls for half of the products only.
        return np.asarray(np.dot(scaled, scaled.T))
    gram = np.empty((k, k))
    for first in range(0, k, _COLUMNS_AT_ONCE):
        last = first + _COLUMNS_AT_ONCE
        panel = x[first:last] if weight is None else x[first:last] * weight
        gram[first:last, first:] = np.dot(panel, x[first:].T)
    lower = np.tri(k, k=-1, dtype=bool)
    gram[lower] = gram.T[lower]
    return gram


def linear_predictor(x: Floats, beta: Floats, offset: Floats | None = None) -> Floats:
    """Give the linear predictor of rows to be scored, shape (b,), from their columns x, shape (k, b).

    The columns are added one after the other, so that a row's score has the same bits whichever rows stand beside it; a
    matrix product is faster and does not promise that.
    """
    eta = np.zeros(x.shape[1])
    for column in np.flatnonzero(beta):
        eta += beta[column] * x[column]
    return eta if offset is None else eta + offset


class Rows(Protocol):
    """Anything that can add up a function of its blocks."""

    def over(self, function: Callable[[Block], T], add: Callable[[T, T], T]) -> T:
        """Add up `function(block)` over all blocks; see `over_blocks`."""
        ...


def over_blocks(rows: Rows, function: Callable[[Block], T], add: Callable[[T, T], T]) -> T:
    """Add up `function(block)` over all blocks, in an order that does not depend on the number of threads.

    Args:
        rows: the source of blocks.
        function: what one block contributes.
        add: how two contributions add up; it may change the first.

    Raises:
        FitError: there are no rows.

    """
    return rows.over(function, add)


Piece = Callable[[], Iterable[Block]]


class LocalRows(ABC):
    """Rows that this process reads, piece by piece; a piece can be read in any thread."""

    @abstractmethod
    def pieces(self) -> Sequence[Piece]:
        """Give the pieces in order; each gives its blocks when it is called."""

    def blocks(self) -> Iterator[Block]:
        """Give all blocks in order."""
        for piece in self.pieces():
            yield from piece()

    def over(self, function: Callable[[Block], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the blocks; see `over_blocks`."""
        return over_pieces(self.pieces(), function, add)


def slices_of(size: int, columns: int, start: int = 0) -> Iterator[slice]:
    """Cut rows start, ..., size - 1 into blocks; wide designs have shorter blocks."""
    step = max(_FEWEST_BLOCK_ROWS, min(BLOCK_ROWS, _BLOCK_CELLS // max(columns, 1)))
    for first in range(start, size, step):
        yield slice(first, min(first + step, size))


def in_pieces(block: Callable[[slice], Block], size: int, columns: int) -> list[Piece]:
    """Give the pieces of rows in memory, of which `block` makes any slice."""
    slices = list(slices_of(size, columns))
    length = min(max(len(slices) // _PIECES, 1), _BLOCKS_PER_PIECE)
    grouped = [slices[at : at + length] for at in range(0, len(slices), length)]
    return [partial(map, block, group) for group in grouped]


@dataclass(frozen=True, eq=False)
class ArrayRows(LocalRows):
    """Rows that are arrays: columns x of shape (k, n), and the rest of a `Block` for all n rows."""

    x: Floats
    y: Floats
    weight: Floats | None = None
    importance: Floats | None = None
    offset: Floats | None = None

    def pieces(self) -> Sequence[Piece]:
        """Give the rows in pieces."""
        return in_pieces(self._block, self.y.size, self.x.shape[0])

    def _block(self, rows: slice) -> Block:
        whole = Block(self.x, self.y, self.weight, self.importance, self.offset)
        return replace(whole.cut(np.ascontiguousarray(self.x[:, rows]), rows), start=rows.start)


def over_pieces(pieces: Sequence[Callable[[], Iterable[E]]], function: Callable[[E], T], add: Callable[[T, T], T]) -> T:
    """Add up a function of what some pieces give, such as blocks, the pieces in threads.

    Raises:
        FitError: there are no rows.

    """

    def sum_of(piece: Callable[[], Iterable[E]]) -> list[T]:
        total: list[T] = []
        for block in piece():
            total = added(add, total, [function(block)])
        return total

    nothing: list[T] = []
    return only(reduce(partial(added, add), _in_threads(sum_of, pieces), nothing))


def added(add: Callable[[T, T], T], one: list[T], other: list[T]) -> list[T]:
    """Add two sums, either of which may be of no rows."""
    return [add(one[0], other[0])] if one and other else one or other


def only(total: list[T]) -> T:
    """Give a sum that is of some rows.

    Raises:
        FitError: it is of none.

    """
    if not total:
        raise FitError("There are no rows to fit.")
    return total[0]


def _in_threads(function: Callable[[E], list[T]], pieces: Sequence[E]) -> Iterator[list[T]]:
    """Give the results in the order of the pieces."""
    if len(pieces) < 2:
        yield from map(function, pieces)
        return
    pool = pool_of_threads()
    # Also without a pool: more threads of BLAS would add in another order.
    with one_blas_thread():
        yield from map(function, pieces) if pool is None else pool.map(function, pieces)


class Mapped(ABC):
    """Rows whose blocks are those of other rows, each changed by itself."""

    rows: Rows

    @abstractmethod
    def changed(self, block: Block) -> Block | None:
        """Give the block of these rows that is made of a block of the others; None where no row is left."""

    def over(self, function: Callable[[Block], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the changed blocks; see `over_blocks`."""

        def _part(block: Block) -> list[T]:
            changed = self.changed(block)
            return [] if changed is None else [function(changed)]

        total: list[T] = self.rows.over(_part, partial(added, add))
        return only(total)


@dataclass(frozen=True, eq=False)
class Subset(Mapped):
    """Some of the columns, in any order, of all or some of the rows.

    Attributes:
        rows: the source.
        columns: positions of the columns, in the order wanted.
        keep: which rows to keep, shape (n,), or None for all.

    """

    rows: Rows
    columns: npt.NDArray[np.intp]
    keep: npt.NDArray[np.bool_] | None = None

    def changed(self, block: Block) -> Block | None:
        """Cut a block down."""
        if self.keep is None:
            return block.cut(block.x[self.columns], slice(None))
        which = np.flatnonzero(self.keep[block.start : block.start + block.size])
        return block.cut(np.ascontiguousarray(block.x[self.columns][:, which]), which) if which.size else None


@dataclass(frozen=True, eq=False)
class Sample(LocalRows):
    """Some rows of every block, few enough to be held: enough to start close to the maximum.

    Attributes:
        stride: one in so many rows is here.
        blocks_kept: the rows of each block that are.

    """

    stride: int
    blocks_kept: tuple[Block, ...]

    @classmethod
    def of(cls, block: Block) -> Sample:
        """Give a sample of one block."""
        return cls(STRIDE, (_every(STRIDE, block),))

    @property
    def size(self) -> int:
        """Number of rows."""
        return sum(block.size for block in self.blocks_kept)

    def __add__(self, other: Sample) -> Sample:
        stride = max(self.stride, other.stride)
        both = Sample(stride, self._thinned(stride).blocks_kept + other._thinned(stride).blocks_kept)
        k = both.blocks_kept[0].x.shape[0]
        most = max(_SAMPLED_CELLS // max(k, 1), _SAMPLED_ROWS_PER_COLUMN * k)
        return both if both.size <= most else both._thinned(2 * stride)

    def _thinned(self, stride: int) -> Sample:
        if stride == self.stride:
            return self
        return Sample(stride, tuple(_every(stride // self.stride, block) for block in self.blocks_kept))

    def pieces(self) -> Sequence[Piece]:
        """Give the rows in pieces."""
        return self._joined.pieces()

    @cached_property
    def _joined(self) -> ArrayRows:
        def joined(field: str) -> Floats | None:
            parts = [getattr(block, field) for block in self.blocks_kept]
            return None if parts[0] is None else np.concatenate(parts, axis=-1)

        x, y = (np.concatenate([getattr(block, name) for block in self.blocks_kept], axis=-1) for name in ("x", "y"))
        return ArrayRows(x, y, joined("weight"), joined("importance"), joined("offset"))


def _every(step: int, block: Block) -> Block:
    """Give every so-many-th row, copied: a view would hold the others."""
    rows = np.arange(0, block.size, step)
    return block.cut(np.ascontiguousarray(block.x[:, ::step]), rows)
