"""Which rows do not fit into memory? Parquet files of any number of rows, written part by part from a fixed seed."""

from __future__ import annotations

import argparse
import os
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.frames import NUMERIC, SEED

ROWS_OF_FILE = 5_000_000
ROWS_OF_GROUP = 500_000
NUMBERS = NUMERIC[:8]
LARGE = "y ~ " + " + ".join(NUMBERS) + " + color + region + visits"
_PAIRS = tuple(f"{one}:{other}" for one, other in combinations(NUMBERS, 2))
#: Models of more design columns on the same rows, by their number; all are well conditioned.
WIDER = {
    20: f"{LARGE} + x0:x1 + x2:x3",
    100: "y ~ color * region * (x0 + x1 + x2) + x3 + x4 + x5 + x6",
    500: (
        f"y ~ color * region * ({' + '.join((*NUMBERS, 'visits', *_PAIRS[:10]))})"
        f" + {' + '.join(_PAIRS[10:])} + x0:x1:x2 + x3:x4:x5"
    ),
}
COLUMNS = ("y", *NUMBERS, "visits", "color", "region")
#: Of those, text.
TEXTS = ("color", "region")


def folder() -> Path:
    """Give the folder of the files: GLMLR_BENCH_DATA, or one among the temporary files, used again by the next run."""
    return Path(os.environ.get("GLMLR_BENCH_DATA") or Path(tempfile.gettempdir()) / "glmlr-benchmarks")


def files_of(rows: int, where: Path | None = None) -> list[str]:
    """Give the files that hold so many rows, the missing ones written first: fewer rows are the first files of more."""
    where = where or folder()
    where.mkdir(parents=True, exist_ok=True)
    found = []
    for first in range(0, rows, ROWS_OF_FILE):
        count = min(ROWS_OF_FILE, rows - first)
        # A file that is not full is called by its rows, so that nobody takes it for the full one.
        name = f"part-{first // ROWS_OF_FILE:04d}" + ("" if count == ROWS_OF_FILE else f"-{count}")
        path = where / f"{name}.parquet"
        if not path.exists():
            _write(path, first, count)
        found.append(str(path))
    return found


def _write(path: Path, first: int, rows: int) -> None:
    """Write rows of 12 columns (y, 8 numeric, a whole number, two texts) as zstd Parquet, whole or not at all."""
    import pyarrow.parquet as pq

    unfinished = path.with_suffix(f".unfinished-{os.getpid()}")
    with pq.ParquetWriter(unfinished, _group(first, 1).schema, compression="zstd") as file:
        for start in range(first, first + rows, ROWS_OF_GROUP):
            count = min(ROWS_OF_GROUP, first + rows - start)
            file.write_table(_group(start, count), row_group_size=ROWS_OF_GROUP)
    unfinished.rename(path)


def _group(start: int, rows: int) -> object:
    """Give one row group; which rows it holds depends on where it starts and how many they are only."""
    import pyarrow as pa

    rng = np.random.default_rng([SEED, start])
    x = rng.standard_normal((len(NUMBERS), rows))
    color, region, visits = rng.integers(0, 6, rows), rng.integers(0, 4, rows), rng.poisson(2.0, rows)
    eta = np.linspace(-0.5, 0.5, len(NUMBERS)) @ x + 0.2 * color - 0.1 * region + 0.05 * visits - 1.0
    texts = {
        "color": pa.DictionaryArray.from_arrays(pa.array(color, pa.int8()), [f"c{i}" for i in range(6)]).cast(
            pa.string()
        ),
        "region": pa.DictionaryArray.from_arrays(pa.array(region, pa.int8()), [f"r{i}" for i in range(4)]).cast(
            pa.string()
        ),
    }
    y = (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(np.int8)
    return pa.table({"y": y, **dict(zip(NUMBERS, x, strict=True)), "visits": visits, **texts})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=float)
    given = parser.parse_args()
    files_of(int(given.rows), given.folder)
