"""Which few rows tell most about all of them? A first look at the rows: sums by column, and a sample that is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, CodedBlock, LocalRows, Piece, Rows, in_pieces
from glmlr.columns import CodedColumns
from glmlr.conditioning import Moments, Scaled, block_moments, gram_of

Floats = npt.NDArray[np.float64]

#: One in so many rows of a block is sampled. A prime: rows that repeat themselves in a cycle are all met.
STRIDE: Final = 23
#: A sample with more cells, and more rows for each column, is thinned.
_SAMPLED_CELLS: Final = 1 << 21
_SAMPLED_ROWS_PER_COLUMN: Final = 100
_MOST_BLOCKS: Final = 128
#: With fewer rows a sample saves nothing.
_SAMPLED_FROM_ROWS: Final = 25_000


@dataclass(frozen=True, eq=False)
class Sample(LocalRows):
    """Some rows of every block, few enough to be held: enough to start close to the maximum.

    Attributes:
        stride: one in so many rows is here.
        held: the rows.
        size: their number.

    """

    stride: int
    held: tuple[Block, ...]
    size: int

    @classmethod
    def of(cls, block: Block) -> Sample:
        """Give a sample of one block."""
        few = _every(STRIDE, block)
        return cls(STRIDE, (few,), few.size)

    def __add__(self, other: Sample) -> Sample:
        stride = max(self.stride, other.stride)
        one, two = self._thinned(stride), other._thinned(stride)
        held = one.held + two.held
        both = Sample(stride, held if len(held) <= _MOST_BLOCKS else (joined(held),), one.size + two.size)
        most = max(_SAMPLED_CELLS // max(_written_out(held[0]), 1), _SAMPLED_ROWS_PER_COLUMN * held[0].columns)
        return both if both.size <= most else both._thinned(2 * stride)

    def _thinned(self, stride: int) -> Sample:
        if stride == self.stride:
            return self
        held = tuple(_every(stride // self.stride, block) for block in self.held)
        return Sample(stride, held, sum(block.size for block in held))

    def pieces(self) -> Sequence[Piece]:
        """Give the rows in pieces."""
        whole = self._whole
        return in_pieces(whole.at_rows, whole.size, _written_out(whole))

    @cached_property
    def _whole(self) -> Block:
        return joined(self.held)


def joined(blocks: Sequence[Block]) -> Block:
    """Put blocks one after the other."""

    def joined(name: str) -> Floats | None:
        parts = [getattr(block, name) for block in blocks]
        return None if parts[0] is None else np.concatenate(parts)

    coded = [block.coded for block in blocks if isinstance(block, CodedBlock)]
    x = CodedColumns.joined(coded) if coded else np.concatenate([block.x for block in blocks], axis=1)
    y = np.concatenate([block.y for block in blocks])
    rows = Block(np.empty((0, y.size)), y, joined("weight"), joined("importance"), joined("offset"))
    return rows.cut(x, slice(None))


def _written_out(block: Block) -> int:
    return block.written_out()[1].size


def _every(step: int, block: Block) -> Block:
    """Give every so-many-th row, copied: a view would hold the others."""
    return block.at_rows(np.arange(0, block.size, step))


@dataclass(frozen=True, eq=False)
class FirstLook:
    """What a first look at all rows brings: sums by column, and a sample of the rows."""

    moments: Moments
    sample: Sample

    @classmethod
    def at(cls, block: Block) -> FirstLook:
        """Look at one block."""
        return cls(block_moments(block), Sample.of(block))

    def __add__(self, other: FirstLook) -> FirstLook:
        return FirstLook(self.moments + other.moments, self.sample + other.sample)


@dataclass(frozen=True, eq=False)
class FewRows:
    """A sample of the rows, and the cross-products of its columns (k, k)."""

    rows: Rows
    size: int
    gram: Floats


def few_rows(look: FirstLook, scaled: Scaled | None) -> FewRows | None:
    """Give a sample where rows are many, its columns scaled as all are."""
    if look.moments.rows < _SAMPLED_FROM_ROWS:
        return None
    rows: Rows = look.sample if scaled is None else replace(scaled, rows=look.sample)
    return FewRows(rows, look.sample.size, gram_of(rows))
