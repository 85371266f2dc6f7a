"""What would rows look like if a predictor had another value? All columns that it moves, the offset too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.design import DesignInMemory
from glmlr.design.factors import Ingredient, values_of
from glmlr.design.recipe import Part, Recipe, applied, as_in_fit
from glmlr.design.rows import predictors_read
from glmlr.errors import DataError
from glmlr.language.categories import Labels
from glmlr.language.program import identifier
from glmlr.prediction import columns_scored
from glmlr.sources import Column, classified, read

Floats = npt.NDArray[np.float64]
Which = slice | npt.NDArray[np.intp]

#: A step of a derivative, relative to the value: with four points its error is of the order of rounding.
_STEP: Final = 7e-4
#: Values closer to 0 than this share of their standard deviation are moved as if they were as far from it.
_NEAREST: Final = 0.1
#: The derivatives of two steps should agree to this share, or smaller steps are tried, so many times.
_APART: Final = 1e-5
_SMALLER_STEPS: Final = 4
#: What is further apart than this after them is a jump: there one derivative is twice the other.
_JUMP: Final = 0.01


@dataclass(frozen=True, eq=False)
class Slopes:
    """How the m design columns that a number moves change with it (b rows).

    Attributes:
        at: their positions, shape (m,).
        columns: their derivatives, shape (m, b).
        offset: that of the offset, shape (b,), or None for 0.

    """

    at: npt.NDArray[np.intp]
    columns: Floats
    offset: Floats | None


@dataclass(frozen=True, eq=False)
class Population:
    """Rows to average over, as they are or as they would be (b rows, k design columns).

    Attributes:
        recipe: makes design columns of data columns.
        columns: the data columns that the recipe reads.
        values: the evaluated factors.
        offset: known part of the linear predictor, shape (b,), or None for 0.
        weight: how often each row counts, shape (b,), or None for once.
        size: number of rows b.

    """

    recipe: Recipe
    columns: Mapping[str, Column]
    values: tuple[Any, ...]
    offset: Floats | None
    weight: Floats | None
    size: int

    def part(self, rows: Which) -> Population:
        """Give some of the rows."""
        size = len(range(*rows.indices(self.size))) if isinstance(rows, slice) else rows.size
        return replace(
            self,
            columns={name: _cut(column, rows) for name, column in self.columns.items()},
            values=tuple(value[rows] for value in self.values),
            offset=None if self.offset is None else self.offset[rows],
            weight=None if self.weight is None else self.weight[rows],
            size=size,
        )

    def design_columns(self) -> Floats:
        """Give all design columns, shape (k, b)."""
        return self.recipe.tile(self.values, slice(0, self.size), self.size)

    def at(self, name: str, value: Any) -> Population:
        """Give the rows with one value in a column."""
        return self.moved(name, constant(self.columns[name], value, self.size))

    def plus(self, name: str, change: float) -> Population:
        """Give the rows with a change of a number."""
        column = self.columns[name]
        return self.moved(name, replace(column, values=numbers(column) + change))

    def moved(self, name: str, column: Column, *, smoothly: bool = False) -> Population:
        """Give the rows with another column; what does not read it stays, and `smoothly` factors with levels too."""
        columns = {**self.columns, name: column}
        values = list(self.values)
        for at in self.readers(name, smoothly=smoothly):
            values[at] = self._value(self.recipe.ingredients[at], columns)
        offset = self._offset_change(name, columns)
        if offset is not None:
            offset = offset if self.offset is None else self.offset + offset
        return replace(self, columns=columns, values=tuple(values), offset=self.offset if offset is None else offset)

    def readers(self, name: str, *, smoothly: bool = False) -> list[int]:
        """Give the positions of the factors that read a column; `smoothly` only of those that give numbers."""
        every = enumerate(self.recipe.ingredients)
        return [at for at, one in every if name in one.expression.reads and not (smoothly and one.levels)]

    def _value(self, ingredient: Ingredient, columns: Mapping[str, Column]) -> Any:
        with np.errstate(all="ignore"):
            found, labels = values_of(ingredient, columns, self.recipe.functions, self.size)
        if labels is not None and (np.asarray(found) < 0).any():
            raise DataError(
                f"{ingredient.expression.name} meets a value that the fit has not seen; it knows "
                f"{', '.join(map(repr, ingredient.levels[:8]))}."
            )
        return found

    def _offset_change(self, name: str, columns: Mapping[str, Column]) -> Floats | None:
        """Give by how much the offset moves, None where it does not read the column."""
        change: Floats | None = None
        for one in self.recipe.offsets:
            if name in one.expression.reads:
                more = np.asarray(self._value(one, columns), np.float64) - self._value(one, self.columns)
                change = more if change is None else change + more
        if self.recipe.offset_column == name:
            more = numbers(columns[name]) - numbers(self.columns[name])
            change = more if change is None else change + more
        return change

    # ------------------------------------------------------------------ derivatives

    def slopes(self, name: str, spread: float, positive: bool) -> Slopes:
        """Differentiate all that a number moves: central differences of four points, row by row.

        Where the derivatives of two steps do not agree (a logarithm near 0, a knot) smaller steps are tried.

        Args:
            name: of the number.
            spread: its standard deviation among all rows, which says what a small step is.
            positive: whether it is positive in all rows; steps are then relative to the value, as under a logarithm.

        """
        x = numbers(self.columns[name])
        least = (1e-6 if positive else _NEAREST) * (spread or 1.0)
        step = _STEP * np.maximum(np.abs(x), least)
        found, off, apart = self._difference(name, x, step)
        for _ in range(_SMALLER_STEPS):
            rows = np.flatnonzero(~(apart <= _APART))
            if rows.size == 0:
                break
            step[rows] /= 8
            found[:, rows], off[rows], apart[rows] = self.part(rows)._difference(name, x[rows], step[rows])
        # Where a column jumps the two never agree, and there is no slope; where a value is missing nothing moves.
        jumps = ~(apart <= _JUMP)
        found[:, jumps], off[jumps] = np.nan, np.nan
        absent = np.isnan(x)
        found[:, absent], off[absent] = 0.0, 0.0
        reads = self.recipe.offset_column == name or any(name in one.expression.reads for one in self.recipe.offsets)
        at = [column for part in self.moving(name) for column in range(part.first, part.first + part.width)]
        return Slopes(np.array(at, dtype=np.intp), found, off if reads else None)

    def _difference(self, name: str, x: Floats, step: Floats) -> tuple[Floats, Floats, Floats]:
        """Give derivatives of columns and offset, and how far those of two steps are apart, relative to their size."""
        near, near_offset, width = self._central(name, x, step)
        far, far_offset, wide = self._central(name, x, 2 * step)
        both = np.vstack([near, near_offset[None]]), np.vstack([far, far_offset[None]])
        with np.errstate(all="ignore"):
            one, other = both[0] / width, both[1] / wide
            size = np.abs(one)
            usual = np.nan_to_num(size, posinf=0.0).mean(axis=1, keepdims=True)
            differ = np.abs(one - other)
            apart = np.where(differ == 0, 0.0, differ / (size + usual)).max(axis=0)
            found = (4 * one - other) / 3
        return found[:-1], found[-1], apart

    def _central(self, name: str, x: Floats, step: Floats) -> tuple[Floats, Floats, Floats]:
        """Give the difference of columns and offset over x - step to x + step, and its exact width."""
        column = self.columns[name]
        up, down = x + step, x - step
        moves = [replace(column, values=side, finite=True) for side in (up, down)]
        sides = [self.moved(name, one, smoothly=True) for one in moves]
        rows, first = slice(0, self.size), 0
        moving = self.moving(name)
        difference = np.empty((sum(part.width for part in moving), self.size))
        there = np.empty_like(difference)
        with np.errstate(all="ignore"):
            for part in moving:
                packed = replace(part, first=first)
                packed.fill(sides[0].values, rows, difference)
                packed.fill(sides[1].values, rows, there)
                first += part.width
            difference -= there
            offset = np.zeros(self.size)
            if sides[0].offset is not None and sides[1].offset is not None:
                offset = sides[0].offset - sides[1].offset
        return difference, offset, up - down

    def moving(self, name: str) -> list[Part]:
        """Give the parts of the design whose columns a number moves smoothly."""
        readers = set(self.readers(name, smoothly=True))
        return [part for part in self.recipe.parts if readers & set(part.factors)]

    @cached_property
    def total(self) -> float:
        """How many rows there are, each as often as it counts."""
        return float(self.size if self.weight is None else self.weight.sum())

    def weights(self) -> Floats:
        """Give how often each row counts, shape (b,)."""
        return np.ones(self.size) if self.weight is None else self.weight


def numbers(column: Column) -> Floats:
    """Give a column of numbers as floats."""
    return np.asarray(column.values, dtype=np.float64)


def constant(like: Column, value: Any, size: int) -> Column:
    """Give a column of one value, of the kind of another."""
    if isinstance(like.values, Labels):
        codes = np.zeros(size, dtype=np.intp)
        return replace(like, values=Labels(codes, (value,), like.name), missing=None)
    dtype = bool if like.kind == "truth" else np.asarray(value).dtype if like.kind == "number" else None
    return replace(like, values=np.full(size, value, dtype=dtype), missing=None)


def _cut(column: Column, rows: Which) -> Column:
    missing = None if column.missing is None else column.missing[rows]
    if isinstance(column.values, Labels):
        return replace(column, values=replace(column.values, codes=column.values.codes[rows]), missing=missing)
    values = column.values.iloc[rows] if hasattr(column.values, "iloc") else column.values[rows]
    return replace(column, values=values, missing=missing)


# --------------------------------------------------------------------------------------------------- which rows


def population_of(design: DesignInMemory) -> Population:
    """Give the rows of a fit, each as often as it counts (frequencies and trials, not importance).

    Rows that are alike in all that the formula reads are one row, where it reads plain columns.
    """
    recipe, every = design.recipe, np.ones(design.y.size, dtype=bool)
    source_of = {name: design.columns[name] for name in predictors_read(recipe.formula)}
    columns = {}
    for name, series in source_of.items():
        column = as_in_fit(classified(series, name), recipe.kinds[name])
        tolerated = name in recipe.formula.tolerates
        columns[name] = column.with_missing(every) if tolerated else column.without_missing()
    found = Population(recipe, columns, design.values, design.offset, design.weight, design.y.size)
    if not all(map(_as_it_is, recipe.ingredients)):
        return found
    patterns = design.patterns
    return found if patterns is None else replace(found.part(patterns.example), weight=patterns.weight)


def _as_it_is(ingredient: Ingredient) -> bool:
    """Whether a factor is a column of the data, or C() of one, so that equal factors mean equal columns."""
    code = ingredient.expression.code
    return ingredient.program is None or (
        bool(ingredient.levels) and len(ingredient.expression.reads) == 1 and code.startswith(identifier("C") + "(")
    )


def population_of_data(recipe: Recipe, data: Any, offset: Any = None) -> Population:
    """Give new rows, each of which counts once; those in which something is missing are left out.

    Raises:
        DataError: a column is missing or cannot be used, or no row is complete.
        UnknownLevelError: a level that the fit has not seen.

    """
    rows = applied(recipe, data, "error", offset)
    if not rows.complete.any():
        raise DataError("data= has no row in which all predictors are there; there is nothing to average over.")
    source, columns = read(data, one_row=True), {}
    for name in columns_scored(recipe):
        if name in recipe.kinds:
            column = as_in_fit(source.column(name), recipe.kinds[name])
            tolerated = name in recipe.formula.tolerates
            columns[name] = column.with_missing(rows.complete) if tolerated else column.at(rows.complete)
    size = int(rows.complete.sum())
    values = tuple(values_of(one, columns, recipe.functions, size)[0] for one in recipe.ingredients)
    return Population(recipe, columns, values, rows.offset, None, size)


def typical(population: Population, means: Mapping[str, Any], offset: float | None) -> Population:
    """Give one row that holds stated values.

    Args:
        population: rows whose columns and recipe it has.
        means: the value of each column.
        offset: the part of its offset that the formula does not say, or None for 0.

    """
    columns = {name: constant(column, means[name], 1) for name, column in population.columns.items()}
    recipe = population.recipe
    values: Sequence[Any] = [values_of(one, columns, recipe.functions, 1)[0] for one in recipe.ingredients]
    shift = None if offset is None else np.array([offset])
    for one in recipe.offsets:
        more = np.asarray(values_of(one, columns, recipe.functions, 1)[0], dtype=np.float64)
        shift = more if shift is None else shift + more
    return Population(recipe, columns, tuple(values), shift, None, 1)
