"""How does the time of a fit grow with the rows, in memory and read in parts, and with the columns?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.contest import Contestant
from benchmarks.contestants import ours
from benchmarks.frames import NUMERIC, WIDE, categorical, numeric, wide
from benchmarks.large import LARGE, files_of
from benchmarks.stopwatch import runs_for, seconds

ROWS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
#: Rows of Parquet files: the last two are measured only when the growth is asked for by name.
ROWS_IN_PARTS = (1_000_000, 3_000_000, 10_000_000)
ROWS_PAST_MEMORY = (30_000_000, 100_000_000)
COLUMNS = (5, 10, 20, 50, 100, 200, 500)
ROWS_FOR_COLUMNS = 100_000
#: Where rows (columns) are fewer, the fixed cost of a fit hides the growth.
STEEP_FROM = {"n": 100_000, "p": 50}
#: Where the rows are.
IN_MEMORY, IN_PARTS = "in memory", "read in parts"
#: What takes longer than so many seconds is run once.
_LONG = 60.0


def growth(quick: bool, past_memory: bool) -> pd.DataFrame:
    """Measure along n (19 columns; 18 where rows are read in parts) and along p (1e5 rows).

    Gives seconds and the exponents between neighbours.

    Args:
        quick: few sizes, run three times.
        past_memory: up to 1e8 rows.

    """
    rows, columns = (ROWS[:6], COLUMNS[:4]) if quick else (ROWS, COLUMNS)
    parts = ROWS_IN_PARTS[:1] if quick else ROWS_IN_PARTS + ROWS_PAST_MEMORY * past_memory
    return pd.concat(
        [
            _measured("n", IN_MEMORY, rows, lambda n: ours(WIDE, categorical(wide(n))), quick),
            _measured("n", IN_PARTS, parts, _in_parts, quick),
            _measured("p", IN_MEMORY, columns, lambda p: ours(_plain(p), numeric(ROWS_FOR_COLUMNS, p)), quick),
        ],
        ignore_index=True,
    )


def exponent(points: pd.DataFrame, along: str, where: str = IN_MEMORY) -> float:
    """Give the slope of log(seconds) over log(size), by least squares, where the size is large."""
    steep = points[(points["along"] == along) & (points["where"] == where) & (points["size"] >= STEEP_FROM[along])]
    if len(steep) < 2:
        return float("nan")
    return float(np.polyfit(np.log(steep["size"]), np.log(steep["seconds"]), 1)[0])


def _plain(p: int) -> str:
    return "y ~ " + " + ".join(f"x{i}" for i in range(p))


def _in_parts(n: int) -> Contestant:
    import glmlr

    files = files_of(n)

    def run() -> None:
        glmlr.fit(LARGE, files, progress=False).coefficients()

    return Contestant("glmlr: fit(files).coefficients()", run)


def _measured(
    along: str, where: str, sizes: Iterable[int], make: Callable[[int], Contestant], quick: bool
) -> pd.DataFrame:
    found = []
    for size in sizes:
        contestant = make(size)
        times = _times(contestant, quick)
        n, p = (size, len(NUMERIC) + 9) if along == "n" else (ROWS_FOR_COLUMNS, size + 1)
        found.append(
            {
                "along": along,
                "where": where,
                "size": size,
                "rows": n,
                "columns": 18 if where == IN_PARTS else p,
                "seconds": median(times),
                "seconds_min": min(times),
                "seconds_max": max(times),
                "runs": len(times),
            }
        )
    frame = pd.DataFrame(found)
    steps = np.diff(np.log(frame["seconds"])) / np.diff(np.log(frame["size"]))
    return frame.assign(exponent=np.concatenate([[np.nan], steps]))


def _times(contestant: Contestant, quick: bool) -> list[float]:
    """Give the seconds of each run; the first is left out, unless one is all there is time for."""
    warm, _ = seconds(contestant.run)
    if warm > _LONG:
        return [warm]
    return [seconds(contestant.run)[0] for _ in range(3 if quick else runs_for(warm, "s"))]
