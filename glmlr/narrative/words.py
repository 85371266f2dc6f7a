"""Of what do sentences speak, and how do numbers stand in them? Rows or trials, shares, p-values, factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from glmlr.digits import text
from glmlr.exhibits import Table
from glmlr.fit import Fit


@dataclass(frozen=True)
class Rows:
    """Rows with scores of any model, as sentences speak of them: the event, and how many there are."""

    event: str
    nobs: int


#: What sentences about scores speak of; those about estimates need a fit.
Analysed = Fit | Rows
Sentences = Callable[[Any, Table], list[str]]


def row_of(fit: Analysed) -> str:
    """Name a row of the subject, or a trial."""
    return "trial" if isinstance(fit, Fit) and fit.design.grouped else "row"


def rows_of(fit: Analysed) -> str:
    """Name several of them."""
    return row_of(fit) + "s"


def plural(count: float, noun: str) -> str:
    """Give a noun, in the plural but for one."""
    return noun if count == 1 else noun + "s"


def is_or_are(count: int) -> str:
    """Give "is" for one and "are" for several."""
    return "is" if count == 1 else "are"


def share(value: float) -> str:
    """Print a share in a sentence."""
    return text(value, "percent")


def p_text(value: float) -> str:
    """Print a p-value in a sentence; the table has its digits."""
    if value < 0.0001:
        return "p < 0.0001"
    shown = text(value, "p_value")
    return f"p {shown[0]} {shown[1:]}" if shown[0] in "<>" else f"p = {shown}"


def number(value: float) -> str:
    """Print a number in a sentence: three decimals below 1, else three significant digits; the table has them all."""
    size = abs(value)
    if not np.isfinite(value):
        return text(value, "ratio")
    if size >= 999.5:
        return f"{value:,.0f}"
    if size >= 0.9995:
        return f"{value:#.3g}".rstrip(".")
    if 0 < size < 0.0001:
        return "less than 0.0001" if value > 0 else "nearly 0"
    return f"{value:.3f}" if size >= 0.01 or size == 0 else f"{value:.2g}"


def ratio_text(value: float) -> str:
    """Print an odds ratio in a sentence; one that is nearly 1 with the digits in which it differs."""
    return text(value, "ratio") if 0 < abs(value - 1) < 0.005 else number(value)


def value_of(table: Table, row: str) -> float:
    """Give the value of a row of a table."""
    found: Any = table[row]
    return float(found["value"]) if isinstance(found, pd.Series) else float(found)
