"""In which order do rows come in batches? Shuffled, piece by piece, in memory that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final

import numpy as np

from glmlr.blocks import Block, Mapped, Rows
from glmlr.errors import NotApplicable
from glmlr.sampling import joined

#: Design cells that are shuffled together (32 MiB): all rows where they are fewer.
MIXED_CELLS: Final = 1 << 22

Part = Callable[[], Iterator[Block]]


def parts_of(rows: Rows) -> Sequence[Part]:
    """Give the pieces of rows; each gives its blocks when it is called.

    Raises:
        NotApplicable: rows that other processes read.

    """
    if isinstance(rows, Mapped):
        return [partial(_changed, rows, part) for part in parts_of(rows.rows)]
    pieces = getattr(rows, "pieces", None)
    if pieces is None:
        raise NotApplicable(
            "Batches are taken one after the other in this process, and these rows are read by the workers of a "
            'cluster; use solver="newton" or "lbfgs", whose sums they form.'
        )
    return [partial(_blocks, piece) for piece in pieces()]


def _blocks(piece: Callable[[], Any]) -> Iterator[Block]:
    yield from piece()


def _changed(rows: Mapped, part: Part) -> Iterator[Block]:
    for block in part():
        changed = rows.changed(block)
        if changed is not None:
            yield changed


def watched_pass(rows: Rows) -> AbstractContextManager[None]:
    """Tell who watches that a pass over rows which are read in parts begins and ends."""
    while isinstance(rows, Mapped):
        rows = rows.rows
    watched: Callable[[], AbstractContextManager[None]] | None = getattr(rows, "watched_pass", None)
    return nullcontext() if watched is None else watched()


def batches(rows: Rows, size: int, generator: np.random.Generator) -> Iterator[Block]:
    """Give all rows once, in batches of `size` of them, the last of which may be smaller.

    Pieces come in random order; as many as there is room for are shuffled together and cut into batches.
    """
    parts = parts_of(rows)
    held: list[Block] = []
    cells = 0
    for number in generator.permutation(len(parts)):
        for block in parts[number]():
            held.append(block)
            cells += block.size * (block.written_out()[1].size + 2)
            if cells >= MIXED_CELLS:
                whole, left = _mixed(held, generator), sum(one.size for one in held) % size
                yield from _cut(whole.at_rows(slice(0, whole.size - left)), size)
                held, cells = [whole.at_rows(slice(whole.size - left, whole.size))] if left else [], 0
    if held:
        yield from _cut(_mixed(held, generator), size)


def _mixed(blocks: Sequence[Block], generator: np.random.Generator) -> Block:
    whole = joined(blocks) if len(blocks) > 1 else blocks[0]
    return whole.at_rows(generator.permutation(whole.size))


def _cut(block: Block, size: int) -> Iterator[Block]:
    for first in range(0, block.size, size):
        yield block.at_rows(slice(first, min(first + size, block.size)))
