"""How long does each pass take, where the rows are read again and again? Told by the fit's own progress.

`python -m benchmarks.passes ROWS [FORMULA] [--one-core] [--report]` fits in this process alone, and tells as JSON what
it took and needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from benchmarks.fresh import highest_resident, told_by
from benchmarks.large import LARGE, files_of

_FEW_ROWS = 20_000


@dataclass(frozen=True)
class Run:
    """One fit to rows that are read in parts.

    Attributes:
        rows: number of rows.
        seconds: of the whole fit, the table of coefficients included.
        passes: seconds of each pass of the fit, in order; each lasts from the end of the one before to its own end, so
            that what happens between two passes counts.
        newton: how many of them, the last ones, are passes of Newton's method over all rows. Those before learn levels
            and moments, and iterate on a sample of the rows, all of which are read for it.
        estimates: by name.
        report_seconds: of the full report, where there was one.
        report_passes: seconds of each pass of the report.
        peak: highest resident memory of the process in MB, where it was one for this alone.

    """

    rows: int
    seconds: float
    passes: tuple[float, ...]
    newton: int
    estimates: dict[str, float] = field(repr=False)
    report_seconds: float = 0.0
    report_passes: tuple[float, ...] = ()
    peak: float = float("nan")

    @property
    def typical(self) -> float:
        """Median seconds of the passes of the fit."""
        return median(self.passes)

    @property
    def slow(self) -> float:
        """Median seconds of the passes of Newton's method, which do most."""
        return median(self.passes[-self.newton :])


class _Ends:
    """When each pass ended; told by the progress of a fit."""

    def __init__(self) -> None:
        self.passes: list[float] = []
        self.begin()

    def begin(self) -> None:
        """Let the next pass begin now."""
        self._last = time.perf_counter()

    def __call__(self, step: Any) -> None:
        if step.ended:
            now = time.perf_counter()
            self.passes.append(now - self._last)
            self._last = now


def fitted(
    data: Any, *, formula: str = LARGE, standard_errors: bool = False, report: bool = False, **options: Any
) -> Run:
    """Fit, make the table of coefficients, and write the full report if it is asked for.

    Args:
        data: files, or a frame of a cluster.
        formula: the model.
        standard_errors: tell those beside the estimates.
        report: write the full report.
        options: of `glmlr.fit`.

    """
    import glmlr

    ends = _Ends()
    start = time.perf_counter()
    fit = glmlr.fit(formula, data, progress=ends, **options)
    fit.coefficients()
    seconds = time.perf_counter() - start
    passes, of_report = tuple(ends.passes), 0.0
    if report:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            ends.begin()
            fit.report(Path(folder) / "report.html")
            of_report = time.perf_counter() - start
    estimates = dict(fit.params)
    if standard_errors:
        estimates |= {f"std error of {name}": value for name, value in fit.bse.items()}
    return Run(
        rows=int(fit.nobs),
        seconds=seconds,
        passes=passes,
        # A step that was halved is a pass more; those of the logit need no other.
        newton=sum(1 + one.halvings for one in fit.solution.trace),
        estimates={name: float(value) for name, value in estimates.items()},
        report_seconds=of_report,
        report_passes=tuple(ends.passes[len(passes) :]),
    )


def fitted_apart(rows: int, *, formula: str = LARGE, one_core: bool = False, report: bool = False) -> Run:
    """Fit in a process of its own, on all cores or on one, and watch its memory."""
    flags = [*(["--one-core"] if one_core else []), *(["--report"] if report else [])]
    # A BLAS counts cores when it is loaded.
    setting = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} if one_core else {}
    told = json.loads(told_by("benchmarks.passes", str(rows), formula, *flags, **setting))
    lists = {name: tuple(told[name]) for name in ("passes", "report_passes")}
    return Run(**(told | lists))


def table(what: str, runs: Sequence[Run]) -> pd.DataFrame:
    """Give a row for each pass, for the fit, and for the report where there is one: medians over the runs."""
    first = runs[0]
    kinds = ["before Newton"] * (len(first.passes) - first.newton) + ["Newton"] * first.newton
    found = [(str(at), kind, [run.passes[at - 1] for run in runs]) for at, kind in enumerate(kinds, 1)]
    found.append(("all", "fit and table of coefficients", [run.seconds for run in runs]))
    if first.report_seconds:
        for at in range(len(first.report_passes)):
            found.append((f"report {at + 1}", "report", [run.report_passes[at] for run in runs]))
        found.append(("report, all", "full report", [run.report_seconds for run in runs]))
    return pd.DataFrame(
        {
            "what": what,
            "rows": first.rows,
            "pass": number,
            "kind": kind,
            "seconds": median(times),
            "seconds_min": min(times),
            "seconds_max": max(times),
            "rows_per_second": first.rows / median(times),
            "runs": len(times),
        }
        for number, kind, times in found
    )


def main() -> None:
    """Fit to so many rows and tell what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.passes", description=__doc__)
    parser.add_argument("rows", type=float)
    parser.add_argument("formula", nargs="?", default=LARGE)
    parser.add_argument("--one-core", action="store_true", help="use one core only")
    parser.add_argument("--report", action="store_true", help="write the full report too")
    given = parser.parse_args()
    if given.one_core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        # What is loaded late is no part of the first pass, where speed is asked for.
        fitted(files_of(_FEW_ROWS))
    run = fitted(files_of(int(given.rows)), formula=given.formula, report=given.report)
    sys.stdout.write(json.dumps(asdict(run) | {"peak": highest_resident()}))


if __name__ == "__main__":
    main()
