"""Are these the estimates? At the maximum each column sums to the same over events and over fitted probabilities.

The likelihood equations of the logit are X'y = X'mu. A database that reads the files by itself forms both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from benchmarks.agreement import plain_name
from benchmarks.contest import Answer


def sums_over_events(names: Sequence[str], files: Sequence[str]) -> Answer:
    """Give X'y, each sum by the name of its coefficient."""
    return _sums(names, "y", files)


def sums_over_fitted(estimates: Mapping[str, float], files: Sequence[str]) -> Answer:
    """Give X'mu at some estimates of the logit, each sum by the name of its coefficient."""
    eta = " + ".join(f"({value!r}) * {_column(name)}" for name, value in estimates.items())
    return _sums(list(estimates), f"1 / (1 + exp(-({eta})))", files)


def _sums(names: Sequence[str], of: str, files: Sequence[str]) -> Answer:
    import duckdb

    asked = ", ".join(f"sum({_column(name)} * m)" for name in names)
    query = f"SELECT {asked} FROM (SELECT *, {of} AS m FROM read_parquet({list(files)!r}))"
    (row,) = duckdb.sql(query).fetchall()
    return pd.Series([float(value) for value in row], index=list(names))


def _column(name: str) -> str:
    """Give the column of a coefficient in SQL: a number, a level of a factor, or the constant."""
    plain = plain_name(name)
    if plain == "intercept":
        return "1"
    factor, _, level = plain.partition(" ")
    return f"CAST({factor} = '{level}' AS INTEGER)" if level else factor
