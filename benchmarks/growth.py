"""How does the time of a fit grow with the rows and with the columns?"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.contest import Contestant
from benchmarks.contestants import ours
from benchmarks.frames import NUMERIC, WIDE, categorical, numeric, wide
from benchmarks.stopwatch import runs_for, seconds

ROWS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
COLUMNS = (5, 10, 20, 50, 100, 200, 500)
ROWS_FOR_COLUMNS = 100_000
#: Where rows (columns) are fewer, the fixed cost of a fit hides the growth.
STEEP_FROM = {"n": 100_000, "p": 50}


def growth(quick: bool) -> pd.DataFrame:
    """Measure along n (19 columns) and along p (1e5 rows); give seconds and the exponents between neighbours."""
    rows, columns = (ROWS[:6], COLUMNS[:4]) if quick else (ROWS, COLUMNS)
    along_n = _measured("n", rows, lambda n: ours(WIDE, categorical(wide(n))), quick)
    along_p = _measured("p", columns, lambda p: ours(_plain(p), numeric(ROWS_FOR_COLUMNS, p)), quick)
    return pd.concat([along_n, along_p], ignore_index=True)


def exponent(points: pd.DataFrame, along: str) -> float:
    """Give the slope of log(seconds) over log(size), by least squares, where the size is large."""
    steep = points[(points["along"] == along) & (points["size"] >= STEEP_FROM[along])]
    if len(steep) < 2:
        return float("nan")
    return float(np.polyfit(np.log(steep["size"]), np.log(steep["seconds"]), 1)[0])


def _plain(p: int) -> str:
    return "y ~ " + " + ".join(f"x{i}" for i in range(p))


def _measured(along: str, sizes: tuple[int, ...], make: Callable[[int], Contestant], quick: bool) -> pd.DataFrame:
    found = []
    for size in sizes:
        contestant = make(size)
        warm, _ = seconds(contestant.run)
        runs = 3 if quick else runs_for(warm, "s")
        times = [seconds(contestant.run)[0] for _ in range(runs)]
        n, p = (size, len(NUMERIC) + 9) if along == "n" else (ROWS_FOR_COLUMNS, size + 1)
        found.append(
            {
                "along": along,
                "size": size,
                "rows": n,
                "columns": p,
                "seconds": median(times),
                "seconds_min": min(times),
                "seconds_max": max(times),
                "runs": runs,
            }
        )
    frame = pd.DataFrame(found)
    steps = np.diff(np.log(frame["seconds"])) / np.diff(np.log(frame["size"]))
    return frame.assign(exponent=np.concatenate([[np.nan], steps]))
