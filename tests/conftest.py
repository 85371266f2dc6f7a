"""What do all tests share? The data sets, read once."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from hypothesis import settings
from witnesses import ROOT, read_data

mpl.use("Agg")
# A slow machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the root of the repository."""
    return ROOT


@pytest.fixture
def birthwt() -> pd.DataFrame:
    """Give the 189 births; each test has its own copy."""
    return read_data("birthwt")


@pytest.fixture
def arrests() -> pd.DataFrame:
    """Give the 5,226 arrests."""
    return read_data("arrests")


@pytest.fixture
def titanic() -> pd.DataFrame:
    """Give the 1,309 passengers, 263 ages missing."""
    return read_data("titanic")
