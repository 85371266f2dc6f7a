"""What can this machine do at best? The work that a case cannot do without, done alone: read, multiply, decode."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import scans
from glmlr.threads import number_of_threads, one_blas_thread

Floats = npt.NDArray[np.float64]

#: Rows that are worked on at once where the work is to stay in cache.
_IN_CACHE = 4096
_SHORT = 1024


@dataclass(frozen=True)
class Bound:
    """Work that a case cannot do without.

    Attributes:
        limit: what it is bounded by, "memory bandwidth".
        does: what is done, in words.
        run: does it.
        amount: how much that is, in `unit`; for a rate.
        unit: "GB", "Gflop", "million rows", ...
        counted: whether it adds to what a case must do; not where another bound of the case includes it, or does the
            same in another way.

    """

    limit: str
    does: str
    run: Callable[[], Any]
    amount: float
    unit: str
    counted: bool = True


def times(passes: int, bound: Bound) -> Bound:
    """Give the same work done several times."""

    def run() -> None:
        for _ in range(passes):
            bound.run()

    return replace(bound, does=f"{passes} x {bound.does}", run=run, amount=passes * bound.amount)


def reading(size: int, what: str) -> Bound:
    """Read so many bytes of memory once."""
    x = np.ones(max(size // 8, number_of_threads()))
    parts = np.array_split(x, number_of_threads())
    return Bound(
        "memory bandwidth",
        f"read {what} ({size / 1e6:.0f} MB)",
        lambda: _in_threads(lambda part: np.dot(part, part), parts),
        size / 1e9,
        "GB",
    )


def filling(read: int, written: int, what: str) -> Bound:
    """Write so many bytes of memory that is new, the first of them copied from so many bytes that are read."""
    source = np.ones(max(read // 8, 1))
    copied = np.array_split(source, number_of_threads())

    def fill() -> None:
        target = np.empty(max(written // 8, source.size))
        places = np.array_split(target[: source.size], len(copied))
        rest = np.array_split(target[source.size :], len(copied))
        tasks = [*zip(places, copied, strict=True), *((place, 1.0) for place in rest)]
        _in_threads(lambda task: np.copyto(*task), tasks)

    size = read + written
    return Bound("memory bandwidth", f"{what} ({size / 1e6:.0f} MB, written to new memory)", fill, size / 1e9, "GB")


def multiplying(rows: int, columns: int) -> Bound:
    """Form the cross-products of so many rows, from one block that stays in cache (dsyrk)."""
    tile = np.random.default_rng(0).standard_normal((columns, min(_IN_CACHE, max(rows, 1))))
    share = -(-rows // (tile.shape[1] * number_of_threads()))

    def multiply(count: int) -> None:
        for _ in range(count):
            np.dot(tile, tile.T)

    return Bound(
        "dsyrk",
        f"cross-products of {columns} columns, in cache",
        lambda: _in_threads(multiply, [share] * number_of_threads()),
        rows * columns * (columns + 1) / 1e9,
        "Gflop",
    )


def multiplying_short(rows: int, columns: int) -> Bound:
    """Form the same cross-products by dgemm on short blocks, for which some BLAS have a kernel of their own."""
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((2, columns, min(_SHORT, max(rows, 1))))
    share = -(-rows // (one.shape[1] * number_of_threads()))

    def multiply(count: int) -> None:
        for _ in range(count):
            np.dot(one, other.T)

    return Bound(
        "dgemm",
        f"the same by dgemm, {_SHORT:,} rows at a time",
        lambda: _in_threads(multiply, [share] * number_of_threads()),
        rows * columns * (columns + 1) / 1e9,
        "Gflop",
        counted=False,
    )


def exponentials(rows: int) -> Bound:
    """Take one exponential and one logarithm a row, in cache."""
    count = min(_IN_CACHE, max(rows, 1))
    share = -(-rows // (count * number_of_threads()))

    def take(repeats: int) -> None:
        eta, out = np.linspace(-4.0, 0.0, count), np.empty(count)
        for _ in range(repeats):
            np.exp(eta, out=out)
            np.log1p(out, out=out)

    return Bound(
        "exp and log1p",
        "one of each a row, in cache",
        lambda: _in_threads(take, [share] * number_of_threads()),
        rows / 1e6,
        "million rows",
    )


def decoding(files: Sequence[str], rows: int) -> Bound:
    """Decode the columns of Parquet files."""
    return Bound(
        "Parquet decoding", "decode the columns, nothing else", lambda: scans.decoded(files), rows / 1e6, "million rows"
    )


def loading(files: Sequence[str]) -> Bound:
    """Read the bytes of files, which the system keeps in memory where there is room; decoding them does so too."""
    size = sum(Path(path).stat().st_size for path in files)
    does = f"the bytes of the files ({size / 1e6:.0f} MB)"
    return Bound("reading files", does, lambda: _in_threads(_load, files), size / 1e9, "GB", counted=False)


def sorting(values: Floats) -> Bound:
    """Sort numbers, a share in each thread, the shares not merged."""
    parts = np.array_split(values, number_of_threads())
    return Bound(
        "sorting", "np.sort, a share a thread", lambda: _in_threads(np.sort, parts), values.size / 1e6, "million rows"
    )


def counting(codes: npt.NDArray[np.intp]) -> Bound:
    """Count codes."""
    parts = np.array_split(codes, number_of_threads())
    return Bound(
        "counting",
        "np.bincount of ready codes",
        lambda: _in_threads(np.bincount, parts),
        codes.size / 1e6,
        "million rows",
    )


def coding(text: pd.Series) -> Bound:
    """Give each text the number of its level."""
    import pyarrow as pa

    whole = pa.array(text, pa.large_string())
    share = -(-len(whole) // number_of_threads())
    parts = [whole.slice(at, share) for at in range(0, len(whole), share)]

    def run() -> None:
        _in_threads(lambda part: part.dictionary_encode(), parts)

    return Bound("coding text", "pyarrow: dictionary_encode", run, len(text) / 1e6, "million rows")


def parsing_formula(formula: str) -> Bound:
    """Take a formula apart."""
    import patsy

    return Bound(
        "parsing", "patsy: ModelDesc.from_formula", lambda: patsy.ModelDesc.from_formula(formula), 1.0, "formula"
    )


def parsing_text(path: Path) -> Bound:
    """Parse a text file."""
    from pyarrow import csv

    content = path.read_bytes()
    return Bound(
        "parsing",
        f"pyarrow: read_csv ({len(content) / 1e6:.0f} MB)",
        lambda: csv.read_csv(io.BytesIO(content)),
        len(content) / 1e9,
        "GB",
    )


def _load(path: str) -> None:
    buffer = bytearray(1 << 22)
    with Path(path).open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _in_threads(work: Callable[[Any], Any], parts: Sequence[Any]) -> None:
    """Work on parts side by side, each with a BLAS of one thread."""
    with one_blas_thread(), ThreadPoolExecutor(number_of_threads()) as pool:
        list(pool.map(work, parts))
