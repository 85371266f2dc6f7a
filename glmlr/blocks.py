"""How are sums over rows formed? Blocks of rows, parts of them, and one accumulator for all sums.

A source of rows gives its blocks in pieces. The blocks of a piece are added one after the other and the pieces in
order, so that a sum has the same bits for any number of threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from glmlr.columns import CodedColumns, Positions, Which
from glmlr.columns import weighted_gram as weighted_gram
from glmlr.errors import FitError
from glmlr.threads import one_blas_thread, pool_of_threads

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
T = TypeVar("T")
E = TypeVar("E")

#: Rows in a block, and the cells of a block that a wide design does not exceed by much. Powers of two are slower: the
#: rows of all columns would fall on the same lines of the cache.
BLOCK_ROWS: Final = 8000
_BLOCK_CELLS: Final = 240_000
_FEWEST_BLOCK_ROWS: Final = 1000
#: Rows in a block with factors kept as codes, whose sums are as large however few its rows.
CODED_BLOCK_ROWS: Final = 32_000
#: A piece has so many blocks; fewer where there would be less than so many pieces for threads to share.
_BLOCKS_PER_PIECE: Final = 8
_PIECES: Final = 16


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

    @property
    def columns(self) -> int:
        """Number of columns k."""
        return int(self.x.shape[0])

    def total_weight(self) -> Floats | None:
        """Weight in the estimating equations: trials x importance, shape (b,), or None for 1."""
        if self.weight is None or self.importance is None:
            return self.importance if self.weight is None else self.weight
        return self.weight * self.importance

    def eta(self, beta: Floats) -> Floats:
        """Linear predictor, shape (b,)."""
        eta: Floats = np.dot(beta, self.x)
        return eta if self.offset is None else eta + self.offset

    def linear_predictor(self, beta: Floats) -> Floats:
        """Linear predictor with the bits that it has for each row alone, shape (b,); see `linear_predictor`."""
        return linear_predictor(self.x, beta, self.offset)

    def written_out(self) -> tuple[Floats, Positions]:
        """Give the columns that are written out, shape (p, b), and their positions (p,): here all."""
        return self.x, np.arange(self.columns)

    def moved(self, center: Floats, scale: Floats) -> Block:
        """Give the block with the columns that are written out less center (k,) and divided by scale (k,)."""
        return self.cut((self.x - center[:, None]) / scale[:, None], slice(None))

    def times(self, values: Floats) -> Floats:
        """Sum over rows of each column times values (b,), shape (k,)."""
        return np.asarray(np.dot(self.x, values))

    def gram(self, weight: Floats | None = None) -> Floats:
        """Sum over rows of weight x x', weights (b,) not negative, shape (k, k)."""
        return weighted_gram(self.x, weight)

    def quadratic(self, matrix: Floats) -> Floats:
        """Give x' A x of each row for a symmetric matrix A (k, k), shape (b,)."""
        return np.asarray(np.einsum("kb,kb->b", self.x, np.dot(matrix, self.x)))

    def at_rows(self, which: Which) -> Block:
        """Give some of the rows."""
        return self.cut(np.ascontiguousarray(self.x[:, which]), which)

    def at_columns(self, which: Positions) -> Block:
        """Give some of the columns, in any order."""
        return self.cut(self.x[which], slice(None))

    def cut(self, x: Floats | CodedColumns, which: Which) -> Block:
        """Give some of the rows, with their columns x."""
        weight, importance, offset = (
            None if values is None else values[which] for values in (self.weight, self.importance, self.offset)
        )
        cluster = None if self.cluster is None else self.cluster[which]
        start = self.start + ((which.start or 0) if isinstance(which, slice) else 0)
        kind = CodedBlock if isinstance(x, CodedColumns) else Block
        return kind(x, self.y[which], weight, importance, offset, cluster, start)  # type: ignore[arg-type]


class CodedBlock(Block):
    """A block of which some columns are the levels of factors; `x` writes them out each time it is asked for."""

    coded: CodedColumns

    def __init__(
        self,
        x: Floats | CodedColumns,
        y: Floats,
        weight: Floats | None = None,
        importance: Floats | None = None,
        offset: Floats | None = None,
        cluster: Integers | None = None,
        start: int = 0,
    ) -> None:
        coded = x if isinstance(x, CodedColumns) else CodedColumns.of(x)
        values = (coded, y, weight, importance, offset, cluster, start)
        names = ("coded", "y", "weight", "importance", "offset", "cluster", "start")
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    @property
    def columns(self) -> int:
        """Number of columns k."""
        return self.coded.count

    @property
    def x(self) -> Floats:
        """All columns written out, shape (k, b)."""
        return self.coded.filled()

    def eta(self, beta: Floats) -> Floats:
        """Linear predictor, shape (b,)."""
        eta = self.coded.combined(beta)
        return eta if self.offset is None else eta + self.offset

    def linear_predictor(self, beta: Floats) -> Floats:
        """Linear predictor with the bits that it has for each row alone, shape (b,)."""
        eta = self.coded.in_order(beta)
        return eta if self.offset is None else eta + self.offset

    def written_out(self) -> tuple[Floats, Positions]:
        """Give the columns that are written out, shape (p, b), and their positions (p,)."""
        return self.coded.dense, self.coded.at

    def moved(self, center: Floats, scale: Floats) -> Block:
        """Give the block with the columns that are written out less center (k,) and divided by scale (k,)."""
        at = self.coded.at
        dense = (self.coded.dense - center[at, None]) / scale[at, None]
        return self.cut(replace(self.coded, dense=dense), slice(None))

    def times(self, values: Floats) -> Floats:
        """Sum over rows of each column times values (b,), shape (k,)."""
        return self.coded.times(values)

    def gram(self, weight: Floats | None = None) -> Floats:
        """Sum over rows of weight x x', weights (b,) not negative, shape (k, k)."""
        return self.coded.gram(weight)

    def quadratic(self, matrix: Floats) -> Floats:
        """Give x' A x of each row for a symmetric matrix A (k, k), shape (b,)."""
        return self.coded.quadratic(matrix)

    def at_rows(self, which: Which) -> Block:
        """Give some of the rows."""
        return self.cut(self.coded.rows(which), which)

    def at_columns(self, which: Positions) -> Block:
        """Give some of the columns, in any order."""
        return self.cut(self.coded.columns(which), slice(None))


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


def slices_of(size: int, columns: int, most: int = BLOCK_ROWS) -> Iterator[slice]:
    """Cut rows into blocks.

    Args:
        size: number of rows.
        columns: number of columns that are written out; wide designs have shorter blocks.
        most: largest number of rows in a block.

    """
    step = max(_FEWEST_BLOCK_ROWS, min(most, _BLOCK_CELLS // max(columns, 1)))
    for first in range(0, size, step):
        yield slice(first, min(first + step, size))


def in_pieces(block: Callable[[slice], Block], size: int, columns: int) -> list[Piece]:
    """Give the pieces of rows in memory, of which `block` makes any slice."""
    return pieces_of(block, list(slices_of(size, columns)))


def pieces_of(block: Callable[[slice], Block], slices: Sequence[slice]) -> list[Piece]:
    """Give the pieces of rows in memory that are cut into such blocks."""
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
        whole = Block(self.x, self.y, self.weight, self.importance, self.offset)
        return in_pieces(whole.at_rows, self.y.size, self.x.shape[0])


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


def is_held(rows: Rows) -> bool:
    """Whether the rows are in memory, or made of some that are; others are read again in each pass."""
    while isinstance(rows, Mapped):
        rows = rows.rows
    return isinstance(rows, LocalRows)


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
        block = block.at_columns(self.columns)
        if self.keep is None:
            return block
        which = np.flatnonzero(self.keep[block.start : block.start + block.size])
        return block.at_rows(which) if which.size else None
