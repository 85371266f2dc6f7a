"""At which points are the levels of a factor compared? One row of the design for each level, all else held equal.

Reference: Searle, Speed & Milliken (1980), The American Statistician 34, 216-221 (population marginal means).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design import DesignInMemory
from glmlr.design.factors import Ingredient, shown_level
from glmlr.errors import DataError, NotApplicable, OptionError, listing, suggestion
from glmlr.language.program import identifier

Floats = npt.NDArray[np.float64]

#: What C(...) is called in the code of an expression.
_CODING: Final = identifier("C")


@dataclass(frozen=True, eq=False)
class Factor:
    """A column of the data that enters the formula by its levels.

    Attributes:
        name: of the column.
        levels: its values, in coding order.
        reference: position of the level that the others are compared with.

    """

    name: str
    levels: tuple[Any, ...]
    reference: int

    @property
    def shown(self) -> tuple[str, ...]:
        """The levels as text."""
        return tuple(shown_level(level) for level in self.levels)


def factor_of(design: DesignInMemory, name: str) -> Factor:
    """Find a factor by the name of its column, or as the formula writes it.

    Raises:
        OptionError: there is no such factor.

    """
    factors = _factors(design)
    for ingredient in design.recipe.ingredients:
        if ingredient.width == 0 and ingredient.expression.name == name and len(ingredient.expression.reads) == 1:
            name = ingredient.expression.reads[0]
    if name in factors:
        return factors[name]
    if not factors:
        raise NotApplicable(
            "The formula has no factor, so that there are no levels to compare; write C(x) to make one."
        )
    if name in design.recipe.kinds and name in design.recipe.formula.predictors:
        raise OptionError(
            f"{name!r} does not enter the formula by its levels; write C({name}) in the formula to compare them."
        )
    hint = suggestion(str(name), factors) or f"; the factors are {listing(map(repr, factors))}."
    raise OptionError(f"{name!r} is not a factor of the formula{hint}")


def _factors(design: DesignInMemory) -> dict[str, Factor]:
    """Give the columns that enter by their own levels; the reference is that of the first with treatment coding."""
    found: dict[str, Factor] = {}
    own = [one for one in design.recipe.ingredients if one.width == 0 and _as_they_are(one)]
    for one in sorted(own, key=lambda one: one.reference is None):
        name = one.expression.reads[0]
        found.setdefault(name, Factor(name, one.levels, 0 if one.reference is None else one.reference))
    return found


def _as_they_are(ingredient: Ingredient) -> bool:
    """Whether the levels are values of the column, and not made of them (by cut, say)."""
    expression = ingredient.expression
    coded = f"{_CODING}({expression.columns[0][0]}"
    return expression.column is not None or expression.code.startswith((coded + ")", coded + ","))


@dataclass(frozen=True, eq=False)
class Grid:
    """Points at which levels are compared, under one set of stated values.

    Attributes:
        stated: column -> value that was asked for.
        rows: one row of the design a level, shape (levels, k), averaged over the levels of other factors.

    """

    stated: Mapping[str, Any]
    rows: Floats


@dataclass(frozen=True)
class Held:
    """What columns beside the factor are held at where it matters: means of numbers, averages over levels."""

    means: Mapping[str, float]
    averaged: tuple[str, ...]


def partners_of(design: DesignInMemory, factor: Factor) -> tuple[str, ...]:
    """Give the columns that share a term with the factor: only their values matter to a comparison."""
    sharing = [term.variables for term in design.terms if factor.name in term.variables]
    return tuple(dict.fromkeys(name for names in sharing for name in names if name != factor.name))


def held_at(design: DesignInMemory, factor: Factor, at: Mapping[str, Any]) -> Held:
    """Say what the columns that matter and are not stated are held at."""
    own = _factors(design)
    open_ = [name for name in partners_of(design, factor) if name not in at]
    means = {name: _middle(design, name) for name in open_ if name not in own}
    return Held(means, tuple(name for name in open_ if name in own))


def grids(design: DesignInMemory, factor: Factor, at: Mapping[str, Sequence[Any]]) -> Iterator[Grid]:
    """Give the points of comparison for each combination of stated values.

    Raises:
        OptionError: a stated column that the formula does not have, or that is the factor.
        DataError: a stated value that the column cannot have.

    """
    known = [name for name in design.recipe.formula.predictors if name != factor.name]
    for name in at:
        if name not in known:
            hint = suggestion(str(name), known) or f"; it can name {listing(map(repr, known)) or 'nothing here'}."
            raise OptionError(f"at= names {name!r}, which is no other column of the formula{hint}")
    others = _factors(design)
    averaged = held_at(design, factor, at).averaged
    fixed = {name: others[name].levels[0] if name in others else _middle(design, name) for name in known}
    for values in itertools.product(*at.values()):
        stated = dict(zip(at, values, strict=True))
        cells = list(itertools.product(factor.levels, *(others[name].levels for name in averaged)))
        frame = pd.DataFrame({name: [{**fixed, **stated}[name]] * len(cells) for name in known})
        for position, name in enumerate((factor.name, *averaged)):
            frame[name] = pd.Series([cell[position] for cell in cells])
        matrix = _columns(design, frame)
        yield Grid(stated, matrix.reshape(len(factor.levels), -1, matrix.shape[1]).mean(axis=1))


def _columns(design: DesignInMemory, frame: pd.DataFrame) -> Floats:
    """Build the design columns of the points; an offset cancels."""
    recipe = design.recipe
    for one in recipe.offsets:
        for name in one.expression.reads:
            if name not in frame:
                frame[name] = _middle(design, name)
    if recipe.offset_column is not None and recipe.offset_column not in frame:
        frame[recipe.offset_column] = 0.0
    new = design.apply(frame, offset=np.zeros(len(frame)) if recipe.offset_given else None)
    if not new.complete.all():
        raise DataError("A value in at= is missing; give one for each column named.")
    return new.matrix


def _middle(design: DesignInMemory, name: str) -> Any:
    """Give the mean of a number over the rows of the fit by their frequency, else the first of its values."""
    values = design.columns[name]
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = np.asarray(values, dtype=np.float64)
        present = ~np.isnan(numbers)
        weight = None if design.frequency is None else design.frequency[present]
        return float(np.average(numbers[present], weights=weight))
    return values.dropna().sort_values(key=lambda column: column.astype(str)).iloc[0]
