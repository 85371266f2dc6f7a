"""What do causes of separation see of the rows of a fit? Levels, numbers and outcomes, read again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, over_blocks
from glmlr.design import Design, DesignInMemory
from glmlr.design.recipe import Part, Recipe
from glmlr.separation import Separation

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Sides = npt.NDArray[np.int8]
Positions = npt.NDArray[np.intp]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Seen:
    """Rows as causes see them (b rows).

    Attributes:
        codes: position of a categorical factor in the recipe -> the level of each row, shape (b,).
        numbers: position of a factor of one number -> its values, shape (b,).
        events, nonevents: trials of each row, shape (b,).
        rows: how many rows each stands for, shape (b,).
        side: which side of the separating direction each lies on, shape (b,): 0 where it is not separated.

    """

    codes: dict[int, Positions]
    numbers: dict[int, Floats]
    events: Floats
    nonevents: Floats
    rows: Floats
    side: Sides

    def has(self, factors: Sequence[int]) -> bool:
        """Say whether all these factors can be seen."""
        return all(one in self.codes or one in self.numbers for one in factors)

    def cell(self, factors: Sequence[int], recipe: Recipe) -> Positions:
        """Give the number of the cell of each row in the cross of some factors, shape (b,)."""
        cell = np.zeros(self.events.size, dtype=np.intp)
        for one in factors:
            cell = cell * len(recipe.ingredients[one].levels) + self.codes[one]
        return cell


@dataclass(frozen=True, eq=False)
class Look:
    """A look at the rows of a design, again and again."""

    design: Design
    separation: Separation

    @property
    def recipe(self) -> Recipe:
        """What the columns are made of."""
        return self.design.recipe

    @cached_property
    def held(self) -> Seen | None:
        """All rows at once, where they are in memory."""
        return _held(self.design, self.separation) if isinstance(self.design, DesignInMemory) else None

    def over(self, function: Callable[[Seen], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the rows."""
        if self.held is not None:
            return function(self.held)
        recipe, separation = self.recipe, self.separation
        return over_blocks(self.design, lambda block: function(_read(recipe, block, separation)), add)


def _held(design: DesignInMemory, separation: Separation) -> Seen:
    """See all rows of a design in memory."""
    codes, numbers = {}, {}
    for position, (one, values) in enumerate(zip(design.recipe.ingredients, design.values, strict=True)):
        if one.levels and values.min(initial=0) >= 0:
            codes[position] = np.asarray(values, dtype=np.intp)
        elif not one.levels and one.width == 1:
            numbers[position] = np.asarray(values, dtype=np.float64).reshape(-1)
    rows = np.ones(design.y.size) if design.stands_for is None else design.stands_for.astype(np.float64)
    return _seen(codes, numbers, design.y, design.weight, rows, separation.separated)


def _read(recipe: Recipe, block: Block, separation: Separation) -> Seen:
    """See a block of rows that are read in parts: the factors that have columns of their own."""
    codes, numbers = {}, {}
    for part in recipe.parts:
        if len(part.factors) != 1:
            continue
        (position,) = part.factors
        columns = np.arange(part.first, part.first + part.width)
        if part.codings[0] is None and part.width == 1:
            numbers[position] = np.array(block.at_columns(columns).x[0])
        elif part.codings[0] is not None and (levels := _levels_of(part, block.at_columns(columns).x)) is not None:
            codes[position] = levels
    return _seen(codes, numbers, block.y, block.weight, np.ones(block.size), separation.separates(block))


def _levels_of(part: Part, columns: Floats) -> Positions | None:
    """Read the levels of a factor off its columns, shape (columns, b); None where they do not tell all levels apart."""
    coding = part.codings[0]
    if coding is None or len(np.unique(coding, axis=1).T) < coding.shape[1]:
        return None
    apart = np.abs(columns[:, None, :] - coding[:, :, None]).sum(axis=0)
    return np.asarray(np.argmin(apart, axis=0), dtype=np.intp)


def _seen(
    codes: dict[int, Positions], numbers: dict[int, Floats], y: Floats, weight: Floats | None, rows: Floats, off: Bools
) -> Seen:
    trials = np.ones(y.size) if weight is None else weight
    side = np.where(off, np.where(y > 0.5, 1, -1), 0).astype(np.int8)
    return Seen(codes, numbers, trials * y, trials * (1.0 - y), rows, side)
