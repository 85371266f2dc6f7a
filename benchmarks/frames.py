"""On which rows? Frames of any length, made from a fixed seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

NUMERIC = tuple(f"x{i}" for i in range(10))
WIDE = "y ~ " + " + ".join(NUMERIC) + " + color + region"
WIDE_C = "y ~ " + " + ".join(NUMERIC) + " + C(color) + C(region)"

PATTERN_LEVELS = (8, 6, 5, 4, 6)  # 5,760 patterns
FACTORS = tuple(f"f{i}" for i in range(len(PATTERN_LEVELS)))
DISCRETE = "y ~ " + " + ".join(FACTORS)

PLACES = 300
PLACED = "y ~ " + " + ".join(NUMERIC[:5]) + " + place"

BIRTHS = "low ~ age + lwt + C(race) + smoke + ptl + ht + ui"
SEED = 20240229


def wide(n: int) -> pd.DataFrame:
    """Give n rows of 10 numeric columns, a 6-level categorical and a 4-level text column: 19 design columns."""
    rng = np.random.default_rng(SEED)
    frame = pd.DataFrame(rng.standard_normal((n, 10)), columns=list(NUMERIC))
    color, region = rng.integers(0, 6, n), rng.integers(0, 4, n)
    frame["color"] = pd.Categorical.from_codes(color, [f"c{i}" for i in range(6)])
    frame["region"] = np.array([f"r{i}" for i in range(4)])[region]
    eta = frame[list(NUMERIC)].to_numpy() @ np.linspace(-0.5, 0.5, 10) + 0.2 * color - 0.1 * region - 1.0
    frame["y"] = _events(rng, eta)
    return frame


def categorical(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the wide frame with its text column as a categorical."""
    return frame.assign(region=frame["region"].astype("category"))


def discrete(n: int) -> pd.DataFrame:
    """Give n rows of 5 categoricals with 5,760 patterns in all: 25 design columns."""
    rng = np.random.default_rng(SEED)
    columns = {name: rng.integers(0, m, n) for name, m in zip(FACTORS, PATTERN_LEVELS, strict=True)}
    eta = sum((0.1 * (i + 1) * codes for i, codes in enumerate(columns.values())), np.full(n, -2.5))
    return _factors(columns, PATTERN_LEVELS).assign(y=_events(rng, np.asarray(eta)))


def placed(n: int) -> pd.DataFrame:
    """Give n rows of 5 numeric columns and a categorical of 300 levels: 305 design columns."""
    rng = np.random.default_rng(SEED)
    place = rng.integers(0, PLACES, n)
    frame = pd.DataFrame(rng.standard_normal((n, 5)), columns=list(NUMERIC[:5]))
    eta = frame.to_numpy() @ np.linspace(-0.5, 0.5, 5) + rng.normal(0.0, 0.5, PLACES)[place] - 0.5
    return pd.concat([frame, _factors({"place": place}, (PLACES,))], axis=1).assign(y=_events(rng, eta))


def numeric(n: int, p: int) -> pd.DataFrame:
    """Give n rows of p numeric columns that together explain the same at every p."""
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((n, p))
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(p)])
    return frame.assign(y=_events(rng, x @ np.full(p, 1.0 / np.sqrt(p)) - 0.5))


def scores(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give n outcomes, calibrated scores that are all distinct, and weights."""
    rng = np.random.default_rng(SEED)
    p = rng.random(n)
    return (rng.random(n) < p).astype(float), p, rng.integers(1, 5, n).astype(float)


def _factors(columns: dict[str, np.ndarray], levels: Sequence[int]) -> pd.DataFrame:
    pairs = zip(columns.items(), levels, strict=True)
    return pd.DataFrame({k: pd.Categorical.from_codes(c, [f"{i:03d}" for i in range(m)]) for (k, c), m in pairs})


def _events(rng: np.random.Generator, eta: np.ndarray) -> np.ndarray:
    return (rng.random(eta.size) < 1 / (1 + np.exp(-eta))).astype(float)
