"""What does a fresh process need? Peak memory above the rows, and the time of an import."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
_EVERY = 0.002  # seconds between two samples


def peak_memory(key: str, rows: int) -> tuple[float, pd.Series]:
    """Give the MB that a contestant needs above its rows and imports, in a process of its own, and its answer."""
    told = json.loads(told_by("benchmarks.fresh", key, str(rows)))
    return told["megabytes"], pd.Series(told["answer"])


def import_seconds(what: str) -> tuple[float, None]:
    """Give the seconds of `import what` in a new interpreter, from compiled bytecode as an installed package has it."""
    code = f"import time; t = time.perf_counter(); import {what}; print(time.perf_counter() - t)"
    return float(_python("-c", code)), None


def told_by(module: str, *arguments: str, **setting: str) -> str:
    """Give what a module of ours writes when a new interpreter runs it, with more variables set in its environment."""
    return _python("-m", module, *arguments, **setting)


def _python(*arguments: str, **more: str) -> str:
    setting = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments], capture_output=True, text=True, check=False, cwd=ROOT, env=setting
    )
    if done.returncode:
        raise RuntimeError(f"python {' '.join(arguments)} failed: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


class _Peak:
    """The highest resident memory seen, in MB, above where it began."""

    def __init__(self) -> None:
        self.start = resident()
        self.highest = self.start

    @property
    def extra(self) -> float:
        return self.highest - self.start


@contextmanager
def watched() -> Iterator[_Peak]:
    """Watch the resident memory of this process: sampled, and by the kernel's own high-water mark."""
    gc.collect()
    _give_back()
    peak, before, done = _Peak(), _high_water(), threading.Event()

    def sample() -> None:
        while not done.wait(_EVERY):
            peak.highest = max(peak.highest, resident())

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()
        after = _high_water()
        # A mark that rose was set meanwhile, and misses nothing between two samples.
        peak.highest = max(peak.highest, after if after > before else 0.0)


def resident() -> float:
    """Give the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def highest_resident() -> float:
    """Give the highest resident memory that this process ever had, in MB.

    Read off its address space: the mark that getrusage tells is inherited from the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


def _high_water() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _give_back() -> None:
    """Return freed memory to the system, so that what made the rows does not hide what the fit needs."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    time.sleep(0.05)


def main() -> None:
    """Run one contestant and tell its peak memory and answer."""
    from benchmarks.contestants import by_key

    key, rows = sys.argv[1], int(sys.argv[2])
    # What is loaded late (BLAS, threads, modules) is loaded by a small run first.
    by_key()[key](2_000).run()
    contestant = by_key()[key](rows)
    with watched() as peak:
        result: Any = contestant.run()
    answer = contestant.answer(result) if contestant.answer else pd.Series(dtype=float)
    sys.stdout.write(json.dumps({"megabytes": peak.extra, "answer": {str(k): float(v) for k, v in answer.items()}}))


if __name__ == "__main__":
    main()
