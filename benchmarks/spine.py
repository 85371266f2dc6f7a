"""How fast is the main path? Import, formula, fit and association, each against a peer on the same machine.

Every figure is the median of alternating runs (ours, theirs, ours, ...), so that both meet the same weather. Run it on
a machine that does nothing else: `make bench`. Writes reports/benchmarks/spine.csv.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
NUMERIC = [f"x{i}" for i in range(10)]
FORMULA = "y ~ " + " + ".join(NUMERIC) + " + color + region"


def wide_frame(n: int) -> pd.DataFrame:
    """Give n rows of 10 numeric columns, a 6-level categorical and a 4-level text column: 19 design columns."""
    rng = np.random.default_rng(20240229)
    frame = pd.DataFrame(rng.standard_normal((n, 10)), columns=NUMERIC)
    color, region = rng.integers(0, 6, n), rng.integers(0, 4, n)
    frame["color"] = pd.Categorical.from_codes(color, [f"c{i}" for i in range(6)])
    frame["region"] = np.array([f"r{i}" for i in range(4)])[region]
    eta = frame[NUMERIC].to_numpy() @ np.linspace(-0.5, 0.5, 10) + 0.2 * color - 0.1 * region - 1.0
    frame["y"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    return frame


def timed(run: Callable[[], Any]) -> float:
    """Seconds of one run, the collector kept out of it."""
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    run()
    seconds = time.perf_counter() - start
    gc.enable()
    return seconds


def alternate(ours: Callable[[], Any], theirs: Callable[[], Any], runs: int, their_runs: int) -> tuple[float, float]:
    """Medians of alternating runs, after one warm run of ours; theirs may be run less often where it is slow."""
    ours()
    mine, other = [], []
    for i in range(runs):
        if i < their_runs:
            other.append(timed(theirs))
        mine.append(timed(ours))
    return median(mine), median(other)


def fresh_import(what: str) -> float:
    """Seconds that `import what` takes in a new interpreter, from compiled bytecode as an installed package has it."""
    code = f"import time; t = time.perf_counter(); import {what}; print(time.perf_counter() - t)"
    setting = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=setting
    )
    return float(done.stdout)


def import_time(runs: int) -> dict[str, Any]:
    fresh_import("glmlr, pandas, scipy.linalg")
    ours, theirs = [], []
    for _ in range(2 * runs + 1):
        theirs.append(fresh_import("pandas, scipy.linalg"))
        ours.append(fresh_import("glmlr"))
    return row("import", "import glmlr", "import pandas, scipy.linalg", median(ours), median(theirs), 2 * runs + 1)


def formula_time(frame: pd.DataFrame, runs: int) -> dict[str, Any]:
    import formulaic

    from glmlr.design import build_design

    ours, theirs = alternate(
        lambda: build_design(FORMULA, frame).matrix(),
        lambda: formulaic.model_matrix(FORMULA, frame, output="numpy"),
        runs,
        runs,
    )
    found = row("formula", "build_design().matrix()", "formulaic.model_matrix(output='numpy')", ours, theirs, runs)
    return found | {"note": f"1.2 x theirs + 0.5 s = {1.2 * theirs + 0.5:.3f} s"}


def fit_time(frame: pd.DataFrame, runs: int) -> dict[str, Any]:
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    import glmlr

    found: dict[str, Any] = {}

    def ours() -> None:
        found["ours"] = glmlr.fit(FORMULA, frame)
        found["ours"].cov_params()

    def theirs() -> None:
        found["theirs"] = smf.glm(FORMULA, frame, family=sm.families.Binomial()).fit()

    seconds = alternate(ours, theirs, runs, 3)
    gap = float(np.max(np.abs(found["ours"].params / found["theirs"].params - 1)))
    made = row("fit", "glmlr.fit(), covariance", "smf.glm(Binomial).fit()", *seconds, runs)
    return made | {"note": f"largest relative difference of a coefficient {gap:.1e}"}


def association_time(n: int, runs: int) -> dict[str, Any]:
    import glmlr

    rng = np.random.default_rng(7)
    p = rng.random(n)
    y = (rng.random(n) < p).astype(float)
    ours, theirs = alternate(lambda: glmlr.association(y, p), lambda: np.argsort(p), runs, runs)
    return row("association", "association(y, p)", "np.argsort(p)", ours, theirs, runs)


def row(what: str, ours: str, theirs: str, mine: float, other: float, runs: int) -> dict[str, Any]:
    return {
        "what": what,
        "ours": ours,
        "theirs": theirs,
        "seconds_ours": mine,
        "seconds_theirs": other,
        "ratio": mine / other,
        "runs": runs,
        "note": "",
    }


def processor() -> str:
    """Name the processor, where the system tells."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def setting() -> str:
    """Say on what it was measured."""
    names = ("numpy", "scipy", "pandas", "patsy", "statsmodels", "formulaic")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{os.cpu_count()} cores, {processor()}; Python {platform.python_version()}, {versions}"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of formula and fit")
    parser.add_argument("--scores", type=int, default=10_000_000, help="scores of association")
    parser.add_argument("--runs", type=int, default=5, help="runs of ours (statsmodels: 3)")
    parser.add_argument("--only", nargs="*", choices=["import", "formula", "fit", "association"])
    options = parser.parse_args()
    chosen = options.only or ["import", "formula", "fit", "association"]
    frame = wide_frame(options.rows) if {"formula", "fit"} & set(chosen) else pd.DataFrame()
    tasks: dict[str, Callable[[], dict[str, Any]]] = {
        "import": lambda: import_time(options.runs),
        "formula": lambda: formula_time(frame, options.runs) | {"rows": options.rows},
        "fit": lambda: fit_time(frame, options.runs) | {"rows": options.rows},
        "association": lambda: association_time(options.scores, options.runs) | {"rows": options.scores},
    }
    table = pd.DataFrame([tasks[name]() for name in chosen]).assign(setting=setting())
    print(table.drop(columns="setting").to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    print(setting())
    if not options.only:
        path = ROOT / "reports" / "benchmarks" / "spine.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
        print(f"Written to {path.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
