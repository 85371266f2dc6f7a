"""Which columns of the data enter a formula as numbers, and which of them as a straight line?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.design import DesignInMemory
from glmlr.sources import classified

Floats = npt.NDArray[np.float64]

#: A column is a straight line in a number where it differs from one by less than this share of its range.
_STRAIGHT: Final = 1e-9


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """A column of the data that enters a formula as a number (n rows, or covariate patterns that rows collapse to).

    Attributes:
        name: of the column.
        quoted: its name as a formula writes it.
        x: its values, shape (n,).
        events, nonevents: weight of the events and of the non-events of each row, shape (n,).
        enters: the terms that are made of it.
        column: the design column that is slope * x + intercept, or -1.
        slope, intercept: NaN without such a column.
        alone: whether it makes one design column only.

    """

    name: str
    quoted: str
    x: Floats
    events: Floats
    nonevents: Floats
    enters: str
    column: int
    slope: float
    intercept: float
    alone: bool


def number_names(design: DesignInMemory) -> tuple[str, ...]:
    """Give the columns of numbers that factors of numbers are made of, in the order of the formula."""
    recipe = design.recipe
    read = [name for one in recipe.ingredients if not one.levels for name in one.expression.reads]
    return tuple(dict.fromkeys(name for name in read if recipe.kinds.get(name) == "number"))


def number_column(design: DesignInMemory, name: str) -> NumberColumn:
    """Look how a column of numbers enters the formula.

    Args:
        design: the rows.
        name: one of `number_names`.

    """
    x = np.asarray(classified(design.columns[name], name).values, dtype=np.float64)
    patterns, y, weight = design.patterns, design.y, design.weight
    if patterns is not None:
        x, y, weight = x[patterns.example], patterns.y, patterns.weight
    trials = np.ones_like(y) if weight is None else weight
    recipe = design.recipe
    made = {at for at, one in enumerate(recipe.ingredients) if not one.levels and name in one.expression.reads}
    parts = [part for part in recipe.parts if made & set(part.factors)]
    columns = {column for part in parts for column in range(part.first, part.first + part.width)}
    enters = " + ".join(term.name for term in design.terms if columns & set(term.columns))
    column, slope, intercept = -1, math.nan, math.nan
    for part in parts:
        if part.width == 1 and len(part.factors) == 1 and column < 0:
            values = np.asarray(design.values[part.factors[0]], dtype=np.float64).reshape(-1)
            line = _straight(x, values if patterns is None else values[patterns.example])
            column, (slope, intercept) = (column, (slope, intercept)) if line is None else (part.first, line)
    quoted = name if name.isidentifier() else f"Q({name!r})"
    events, nonevents = whole(y * trials), whole((1 - y) * trials)
    return NumberColumn(name, quoted, x, events, nonevents, enters, column, slope, intercept, len(columns) == 1)


def whole(counts: Floats) -> Floats:
    """Give counts back to the last bit where a share of whole trials has cost some."""
    near = np.rint(counts)
    return np.where(np.abs(counts - near) < 1e-6, near, counts)


def _straight(x: Floats, values: Floats) -> tuple[float, float] | None:
    """Give slope and intercept of a column that is a straight line in a number, else None."""
    first, last = int(np.argmin(x)), int(np.argmax(x))
    if x[first] == x[last] or values[first] == values[last]:
        return None
    slope = (values[last] - values[first]) / (x[last] - x[first])
    apart = values - values[first] - slope * (x - x[first])
    if not np.abs(apart).max() <= _STRAIGHT * abs(values[last] - values[first]):
        return None
    return float(slope), float(values[first] - slope * x[first])
