"""In which order do many numbers stand? A sort in pieces that stay in cache, in all threads.

The order of 64-bit keys is unique, so that neither the pieces nor the threads can be seen in the result: they only
decide how long it takes. A sort of 10^7 keys in one go waits for memory; here the keys are first dealt out to buckets
that follow one another, by the quantiles of a sample, and each bucket is sorted while it is in cache. Keys alone are
halved about their median until there is a part for each thread, where numpy does that by vector instructions.

Reference: Frazer & McKellar (1970), Samplesort, J. ACM 17, 496-507.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from time import perf_counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.runs import in_threads as in_threads
from glmlr.threads import number_of_threads

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
#: Arrays of one length, the first of them keys; the others follow the keys.
Columns = tuple[npt.NDArray[Any], ...]

#: Rows whose columns stay in the cache of a processor.
PIECE: Final = 1 << 16
#: The number of a bucket is one byte and that of a cell two, for which numpy's stable argsort counts, not compares.
_MOST_BUCKETS: Final = 256
_ROWS_PER_BUCKET: Final = 1 << 15
_FEWEST_ROWS: Final = 1 << 14
_SAMPLE: Final = 1 << 14
_CELLS: Final = 1 << 15
#: Keys that numpy sorts by one network of vector instructions.
_NETWORK: Final = 128
_FEWEST_IN_CELLS: Final = 16 * _NETWORK


def pieces_of(size: int, step: int = PIECE) -> list[slice]:
    """Cut 0, ..., size - 1 into runs of so many rows."""
    return [slice(first, min(first + step, size)) for first in range(0, size, step)]


def keys_of(values: Floats) -> Keys:
    """Give whole numbers that stand in the order of the values, -0 taken for 0; `values_of` takes them back."""
    bits = (values + 0.0).view(np.int64)
    # All bits of a negative number turn over, of the others the sign only.
    bits ^= (bits >> 63) | np.int64(-(2**63))
    return bits.view(np.uint64)


def values_of(keys: Keys) -> Floats:
    """Give the numbers whose keys these are."""
    bits = keys.view(np.int64)
    return (bits ^ (~(bits >> 63) | np.int64(-(2**63)))).view(np.float64)


def in_order(size: int, columns: Callable[[slice], Columns], *, alone: bool = False) -> Columns:
    """Give columns in the order of the first, which holds keys.

    Args:
        size: number of rows, at least 1.
        columns: gives the columns of some of the rows in new arrays, the keys first; it is asked for each row once,
            from any thread, and for a sample beforehand.
        alone: whether this thread works alone: one that takes in what the others make must not wait for them.

    Returns:
        Arrays of shape (size,). Rows with one key come in any order.

    """
    if size <= _FEWEST_ROWS:
        whole = columns(slice(0, size))
        _sort_into(whole, whole)
        return whole
    sample, *others = columns(slice(0, size, max(size // _SAMPLE, 1)))
    if not others and not _cells_are_faster():
        return (_in_parts(size, columns, alone=alone),)
    dealer = _dealer(sample, min(max(size // _ROWS_PER_BUCKET, 8), _MOST_BUCKETS))
    pieces = pieces_of(size, max(PIECE, size >> 7))
    dealt = in_threads(lambda rows: dealer.deal(columns(rows)), pieces, alone=alone)
    return _gathered(dealt, size, alone=alone)


def _in_parts(size: int, columns: Callable[[slice], Columns], *, alone: bool) -> Keys:
    """Sort keys that nothing follows: halved about medians until there is a part for each thread, each part sorted."""
    keys = np.empty(size, dtype=np.uint64)

    def fill(rows: slice) -> None:
        keys[rows] = columns(rows)[0]

    def halve(part: slice) -> list[slice]:
        middle = (part.start + part.stop) // 2
        keys[part].partition(middle - part.start)
        return [slice(part.start, middle), slice(middle, part.stop)]

    in_threads(fill, pieces_of(size), alone=alone)
    parts = [slice(0, size)]
    while len(parts) < (1 if alone else number_of_threads()):
        parts = [half for halves in in_threads(halve, parts, alone=alone) for half in halves]
    in_threads(lambda part: keys[part].sort(), parts, alone=alone)
    return keys


@dataclass(frozen=True, eq=False)
class _Dealt:
    """Columns of some rows, bucket after bucket, and where each bucket begins (and the last one ends)."""

    columns: Columns
    bounds: list[int]


@dataclass(frozen=True, eq=False)
class _Dealer:
    """Which bucket a key belongs to: that of its cell, a cell being a run of keys.

    Attributes:
        shift: the keys of a cell agree but for so many bits.
        first: number of the first cell.
        bucket: the bucket of each cell, ascending, shape (cells,); keys outside go to the first or the last cell.

    """

    shift: int
    first: int
    bucket: npt.NDArray[np.uint8]

    def deal(self, columns: Columns) -> _Dealt:
        cells = (columns[0] >> np.uint64(self.shift)).view(np.int64)
        cells -= self.first
        buckets = np.take(self.bucket, cells, mode="clip")
        order = np.argsort(buckets, kind="stable")
        # mode="clip" does without a check of the positions.
        ends = np.searchsorted(np.take(buckets, order, mode="clip"), np.arange(_MOST_BUCKETS), side="right")
        return _Dealt(tuple(np.take(column, order, mode="clip") for column in columns), [0, *ends.tolist()])


def _dealer(sample: Keys, buckets: int) -> _Dealer:
    """Choose cells by the range of a sample, and buckets of about equal size by its quantiles."""
    low, high = int(sample.min()), int(sample.max())
    # At least 1, for the numbers of cells to have a sign.
    shift = max((high - low).bit_length() - (_CELLS - 1).bit_length(), 1)
    first = low >> shift
    counts = np.bincount((sample >> np.uint64(shift)).view(np.int64) - first)
    before = np.cumsum(counts) - counts
    return _Dealer(shift, first, (before * buckets // sample.size).astype(np.uint8))


def _gathered(dealt: Sequence[_Dealt], size: int, *, alone: bool) -> Columns:
    """Put each bucket together from all pieces, and sort it into its place behind the one before."""
    total = np.sum([part.bounds for part in dealt], axis=0).tolist()
    whole = tuple(np.empty(size, column.dtype) for column in dealt[0].columns)

    def lay(bucket: int) -> None:
        parts = [(part.columns, slice(*part.bounds[bucket : bucket + 2])) for part in dealt]
        columns = tuple(np.concatenate([part[i][rows] for part, rows in parts]) for i in range(len(whole)))
        _sort_into(columns, tuple(column[total[bucket] : total[bucket + 1]] for column in whole))

    in_threads(lay, [bucket for bucket, (begin, end) in enumerate(pairwise(total)) if begin < end], alone=alone)
    return whole


def _sort_into(columns: Columns, out: Columns) -> None:
    """Sort columns that fit in cache by their keys."""
    if len(columns) == 1:
        _sort_keys(columns[0], out[0])
        return
    order = _order(columns[0])
    for column, ordered in zip(columns, out, strict=True):
        ordered[:] = np.take(column, order, mode="clip")


def _order(keys: Keys) -> Positions:
    """Give the positions of the keys in ascending order.

    A position rides in the low bits of its key, moved up, at the cost of the key's lowest bits where there is no room
    for both. If two keys differ in those bits alone and come out in the wrong order, comparisons must do.
    """
    low, width = keys.min(), (keys.size - 1).bit_length()
    drop = max(int(keys.max() - low).bit_length() + width - 64, 0)
    packed = keys - low
    packed >>= np.uint64(drop)
    packed <<= np.uint64(width)
    packed |= np.arange(keys.size, dtype=np.uint64)
    _sort_keys(packed, packed)
    packed &= np.uint64((1 << width) - 1)
    order: Positions = packed.view(np.intp)
    if drop and not _ascend(np.take(keys, order, mode="clip")):
        order = np.argsort(keys)
    return order


def _sort_keys(keys: Keys, out: Keys) -> None:
    """Sort keys that fit in cache; `out` may be the keys themselves."""
    if keys.size > _FEWEST_IN_CELLS and _cells_are_faster():
        _sort_in_cells(keys, out)
        return
    if out is not keys:
        out[:] = keys
    out.sort()


@cache
def _cells_are_faster() -> bool:
    """Whether keys are sorted faster through cells than by numpy alone, on this processor.

    Numpy's vector sort takes 6 times as long on a processor that packs vectors slowly (AMD Zen 4) as on others.
    """
    # Multiples of 2^64 over the golden ratio, modulo 2^64: spread evenly, in no order.
    keys = np.arange(_FEWEST_ROWS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)

    def seconds(sort: Callable[[Keys], None]) -> float:
        times = []
        for trial in [keys.copy() for _ in range(3)]:
            start = perf_counter()
            sort(trial)
            times.append(perf_counter() - start)
        return min(times)

    return seconds(lambda trial: _sort_in_cells(trial, trial)) < seconds(lambda trial: trial.sort())


def _sort_in_cells(keys: Keys, out: Keys) -> None:
    """Sort keys by dealing them out to cells that follow one another.

    In cells of 8 to 32 keys a key is less than half a network away from its place: two rounds of networks, the second
    half a network further on, put all in order, unless some cell has more keys than half a network.
    """
    cells = keys - keys.min()
    digits = min((keys.size // 16).bit_length(), 16)
    cells >>= np.uint64(max(int(cells.max()).bit_length() - digits, 0))
    out[:] = np.take(keys, np.argsort(cells.astype(np.uint16), kind="stable"), mode="clip")
    _networks(out)
    _networks(out[_NETWORK // 2 :])
    if not _ascend(out):
        out.sort()


def _networks(keys: Keys) -> None:
    """Sort each run of keys as long as a network."""
    whole = keys.size // _NETWORK * _NETWORK
    keys[:whole].reshape(-1, _NETWORK).sort(axis=1)
    keys[whole:].sort()


def _ascend(keys: Keys) -> bool:
    return bool((keys[1:] >= keys[:-1]).all())
