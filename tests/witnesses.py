"""Where do tests find their data and witnesses? The data sets, and the values that the R scripts wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent


def read_data(name: str) -> pd.DataFrame:
    """Read one of the data sets under data/ without glmlr, so that a test does not lean on what it tests."""
    return pd.read_csv(ROOT / "data" / f"{name}.csv")


def read_witness(name: str) -> Any:
    """Read the values that an R script wrote to tests/witness."""
    return json.loads((ROOT / "tests" / "witness" / f"{name}.json").read_text(encoding="utf-8"))


def births() -> pd.DataFrame:
    """Give the 189 births with a column of each further kind: bools, an ordered categorical, floats."""
    data = read_data("birthwt")
    age = data["age"]
    grade = np.where(age < 20, "lo", np.where(age < 28, "mid", "hi"))
    return data.assign(
        smokes=data["smoke"].astype(bool),
        grade=pd.Categorical(grade, categories=["lo", "mid", "hi"], ordered=True),
        visits=data["ftv"].astype(float),
    )
