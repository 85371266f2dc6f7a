"""Is Adam sooner at the optimum of rows that are not held than Newton? `python -m benchmarks.training [--rows 2e6]`.

Parquet files are read in parts. The optimum counts as reached when the mean loss is within 1e-6 of the lowest; each
solver fits from the beginning, with more and more epochs until it is there, and the time of the first that is counts,
design, certificate and null model included. Each has a process of its own, whose highest memory is told. Writes
training.csv.
"""

from __future__ import annotations

import argparse
import json
import resource
import warnings
from typing import Any

import pandas as pd

import glmlr
from benchmarks import results
from benchmarks.fresh import told_by
from benchmarks.large import LARGE, files_of
from benchmarks.machine import versions
from benchmarks.stopwatch import seconds

#: Mean loss above the lowest at which the optimum counts as reached.
WITHIN = 1e-6
EPOCHS = (1, 3, 6, 12)
SOLVERS: dict[str, dict[str, Any]] = {
    "newton": {"solver": "newton"},
    "lbfgs": {"solver": "lbfgs"},
    "adam": {"solver": "adam", "batch_size": 1000, "learning_rate": 0.05, "decay": 200.0},
    "gradient, batches": {"solver": "gradient", "batch_size": 1000, "decay": 30.0},
    "adam, polished": {"solver": "adam", "batch_size": 1000, "learning_rate": 0.05, "decay": 200.0, "polish": True},
}


def sooner(rows: int) -> pd.DataFrame:
    """Give one row for each solver: epochs, passes, seconds and memory until it is at the optimum."""
    files_of(rows)
    return pd.DataFrame(
        [json.loads(told_by("benchmarks.training", "--one", name, "--rows", str(rows))) for name in SOLVERS]
    )


def until_there(name: str, rows: int) -> dict[str, Any]:
    """Fit by one solver until it is at the optimum, or as often as there are epochs to try."""
    files, options = files_of(rows), SOLVERS[name]
    optimum = glmlr.fit(LARGE, files)
    found: dict[str, Any] = {}
    for epochs in EPOCHS if "batch_size" in options else (None,):
        own = options if epochs is None else {**options, "epochs": epochs}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            taken, fitted = seconds(lambda own=own: glmlr.fit(LARGE, files, **own))  # type: ignore[misc]
        gap = (optimum.loglik - fitted.loglik) / fitted.nobs
        found = {
            "solver": name,
            "rows": fitted.nobs,
            "epochs": fitted.solution.iterations,
            "seconds": taken,
            "loss_above_optimum": gap,
            "distance_in_std_errors": float(fitted.trace["distance"].dropna().iloc[-1]),
            "reached": bool(gap <= WITHIN),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        if found["reached"]:
            break
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rows", type=float, default=2e6)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows; nothing is written")
    parser.add_argument("--one", choices=SOLVERS, help="one solver in this process, told as JSON")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(until_there(given.one, int(given.rows))))
        return
    table = sooner(int(given.rows / (10 if given.quick else 1)))
    print(results.as_plain_text(table))
    if not given.quick:
        results.write_csv(table.assign(versions=versions()), results.FOLDER / "training.csv")


if __name__ == "__main__":
    main()
