"""How are sums over rows formed? Blocks of rows, parts of them, and one accumulator for all sums.

The blocks are added in groups of fixed size and the groups in order, so that a sum has the same bits for any number of
threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import reduce
from itertools import chain, islice
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from glmlr.errors import FitError

Floats = npt.NDArray[np.float64]
T = TypeVar("T")

_BLOCKS_PER_GROUP: Final = 8
STRIDE: Final = 40


@dataclass(frozen=True, eq=False)
class Block:
    """Some consecutive rows of a design, columns contiguous.

    Attributes:
        x: design columns, shape (k, b), C-contiguous, so that each column is one run of memory.
        y: share of events of each row, shape (b,): 0 or 1, a fraction for grouped rows.
        weight: number of Bernoulli trials each row stands for (frequency x trials), shape (b,), or None for 1.
        importance: importance weight of each row (class or sample weight), shape (b,), or None for 1.
        offset: known part of the linear predictor, shape (b,), or None for 0.

    """

    x: Floats
    y: Floats
    weight: Floats | None = None
    importance: Floats | None = None
    offset: Floats | None = None

    def total_weight(self) -> Floats | None:
        """Weight in the estimating equations: trials x importance, shape (b,), or None for 1."""
        if self.weight is None or self.importance is None:
            return self.importance if self.weight is None else self.weight
        return self.weight * self.importance

    def eta(self, beta: Floats) -> Floats:
        """Linear predictor, shape (b,)."""
        eta: Floats = np.dot(beta, self.x)
        return eta if self.offset is None else eta + self.offset


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
    """Anything that gives the same blocks of rows each time it is asked."""

    def blocks(self) -> Iterable[Block]:
        """Give the blocks in order."""
        ...


def over_blocks(rows: Rows, function: Callable[[Block], T], add: Callable[[T, T], T]) -> T:
    """Add up `function(block)` over all blocks, in an order that does not depend on the number of threads.

    Args:
        rows: the source of blocks.
        function: what one block contributes.
        add: how two contributions add up.

    Raises:
        FitError: there are no rows.

    """

    def group_sum(group: Sequence[Block]) -> T:
        total = function(group[0])
        for block in group[1:]:
            total = add(total, function(block))
        return total

    groups = _groups(rows.blocks())
    first = next(groups, None)
    if first is None:
        raise FitError("There are no rows to fit.")
    second = next(groups, None)
    if second is None:
        return group_sum(first)
    threads = min(os.cpu_count() or 1, 8)
    every = chain([first, second], groups)
    if threads == 1:
        return reduce(add, map(group_sum, every))
    with _single_threaded_blas(), ThreadPoolExecutor(threads) as pool:
        return reduce(add, pool.map(group_sum, every))


def _groups(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    iterator = iter(blocks)
    while group := list(islice(iterator, _BLOCKS_PER_GROUP)):
        yield group


def _single_threaded_blas() -> AbstractContextManager[object]:
    # Our threads work on different blocks; threads of the BLAS inside each would only get in their way.
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, "blas")
    return limits


@dataclass(frozen=True, eq=False)
class Subset:
    """Some of the columns, in any order, of all or some of the rows.

    Attributes:
        rows: the source.
        columns: positions of the columns, in the order wanted.
        keep: which rows to keep, shape (n,), or None for all.

    """

    rows: Rows
    columns: npt.NDArray[np.intp]
    keep: npt.NDArray[np.bool_] | None = None

    def blocks(self) -> Iterator[Block]:
        """Give the blocks of the source, cut down; blocks that lose all their rows are left out."""
        position = 0
        for block in self.rows.blocks():
            size = block.x.shape[1]
            which = slice(None) if self.keep is None else np.flatnonzero(self.keep[position : position + size])
            position += size
            if isinstance(which, slice) or which.size:
                yield _cut(block, np.ascontiguousarray(block.x[self.columns][:, which]), which)


def _cut(block: Block, x: Floats, which: slice | npt.NDArray[np.intp]) -> Block:
    def part(values: Floats | None) -> Floats | None:
        return None if values is None else values[which]

    return Block(x, block.y[which], part(block.weight), part(block.importance), part(block.offset))


@dataclass(frozen=True, eq=False)
class Strided:
    """Every 40th row: enough to start close to the maximum."""

    rows: Rows

    def blocks(self) -> Iterator[Block]:
        """Give every 40th row of each block."""
        step = slice(None, None, STRIDE)
        for block in self.rows.blocks():
            yield _cut(block, np.ascontiguousarray(block.x[:, step]), step)
