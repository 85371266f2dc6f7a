"""How fast can rows be read, when nothing is done with them? Scans of Parquet files by others."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.contest import Contestant, Target
from benchmarks.large import COLUMNS, TEXTS
from benchmarks.stopwatch import seconds
from glmlr.threads import number_of_threads


def decoded(files: Sequence[str], threads: int | None = None) -> int:
    """Decode the columns of the formula, row group by row group, one a thread, and forget them. Gives their rows.

    Text is read as codes, as a fit reads it. Of pyarrow's ways it is the fastest.
    """
    with ThreadPoolExecutor(threads or number_of_threads()) as pool:
        return sum(pool.map(lambda job: _group(*job), _groups(files)))


def decoding(files: Sequence[str], target: Target | None) -> Contestant:
    """Scan by pyarrow."""
    name = f"pyarrow: read the columns on {number_of_threads()} threads, nothing else"
    return Contestant(name, lambda: seconds(lambda: decoded(files)), None, target)


def duckdb(files: Sequence[str]) -> Contestant:
    """Scan by DuckDB, which gives a number for each column, as it reads no column for nothing."""
    import duckdb

    asked = ", ".join(f"max({name})" if name in TEXTS else f"sum({name})" for name in COLUMNS)
    query = f"SELECT {asked} FROM read_parquet({list(files)!r})"
    return Contestant("duckdb: sum each column", lambda: seconds(lambda: duckdb.sql(query).fetchall()))


def polars(files: Sequence[str]) -> Contestant:
    """Scan by polars, likewise."""
    import polars as pl

    asked = [pl.col(name).max() if name in TEXTS else pl.col(name).sum() for name in COLUMNS]

    def run() -> Any:
        return pl.scan_parquet(list(files)).select(asked).collect(engine="streaming")

    return Contestant("polars: sum each column", lambda: seconds(run))


def _groups(files: Sequence[str]) -> list[tuple[str, int]]:
    import pyarrow.parquet as pq

    return [(path, at) for path in files for at in range(pq.read_metadata(path).num_row_groups)]


def _group(path: str, at: int) -> int:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, read_dictionary=list(TEXTS))
    return int(file.read_row_group(at, columns=list(COLUMNS), use_threads=False).num_rows)
