"""Which rows do not fit into memory? Parquet files of any number of rows, written part by part from a fixed seed."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.frames import NUMERIC, SEED

ROWS_OF_FILE = 5_000_000
ROWS_OF_GROUP = 500_000
NUMBERS = NUMERIC[:8]
LARGE = "y ~ " + " + ".join(NUMBERS) + " + color + region + visits"


def write(folder: Path, rows: int) -> Path:
    """Write rows of 12 columns (y, 8 numeric, a whole number, two texts) as zstd Parquet; files that are there stay."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, rows, ROWS_OF_FILE):
        path = folder / f"part-{first // ROWS_OF_FILE:04d}.parquet"
        if path.exists():
            continue
        unfinished = path.with_suffix(".unfinished")
        table = _group(first, 1).schema
        with pq.ParquetWriter(unfinished, table, compression="zstd") as file:
            for start in range(first, min(first + ROWS_OF_FILE, rows), ROWS_OF_GROUP):
                file.write_table(_group(start, min(ROWS_OF_GROUP, rows - start)), row_group_size=ROWS_OF_GROUP)
        unfinished.rename(path)
    return folder


def _group(start: int, rows: int) -> object:
    """Give one row group; which rows it holds depends on where it starts only."""
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
    write(given.folder, int(given.rows))
