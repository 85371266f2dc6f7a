"""On what was it measured? Machine, versions, load."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "patsy",
    "pyarrow",
    "statsmodels",
    "scikit-learn",
    "glum",
    "formulaic",
    "dask",
    "distributed",
    "duckdb",
    "polars",
)


def processor() -> str:
    """Name the processor, where the system tells."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """Name the machine: cores, processor, memory, system."""
    return f"{os.cpu_count()} cores, {processor()}, {platform.system()} {platform.machine()}"


def versions() -> str:
    """Name the versions of Python and of everyone who takes part."""
    return f"Python {platform.python_version()}, " + ", ".join(f"{name} {_version(name)}" for name in PACKAGES)


def load() -> float:
    """Give the load average of the last minute; NaN where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
