"""Which rows are told apart, and by what? Groups of rows of one outcome, each with what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Subset
from glmlr.design import Design
from glmlr.design.recipe import Recipe
from glmlr.language.program import identifier
from glmlr.links import LOGIT
from glmlr.separating.places import Cause
from glmlr.separating.rows import Look, Seen
from glmlr.separating.rules import rule_of
from glmlr.separating.search import causes_of, side_by, sides_of
from glmlr.separation import Separation, maximise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

#: So many labels of rows are kept.
FIRST_ROWS: Final = 5


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of one outcome that a cause, or a combination of columns, tells from all others.

    Attributes:
        term: the term, or the terms of a combination.
        where: what the rows have in common, "ht = 1", "x > 3.2".
        side: +1 where they are events, -1 where they are non-events.
        rows: their number.
        events, nonevents: trials among them.
        first: positions of the first of them among the rows used; empty where rows are not held.
        others: whether it holds among the rows only which the groups before it leave.
        combined: whether several columns tell them apart together.

    """

    term: str
    where: str
    side: int
    rows: int
    events: float
    nonevents: float
    first: Positions
    others: bool = False
    combined: bool = False


_KNOWN: WeakKeyDictionary[Separation, tuple[Group, ...]] = WeakKeyDictionary()


def groups_of(design: Design, separation: Separation) -> tuple[Group, ...]:
    """Give what separates the rows of a fit: groups of rows of one outcome, each with what they have in common.

    Args:
        design: the rows of the fit; those that are read in parts are read several times.
        separation: what was found of them.

    """
    found = _KNOWN.get(separation)
    if found is None:
        look = Look(design, separation)
        causes = causes_of(look)
        found = (*_of_causes(look, causes), *_of_combinations(look, causes))
        _KNOWN[separation] = found
    return found


@dataclass(frozen=True, eq=False)
class _Counted:
    """Rows of one side of a cause."""

    rows: float
    events: float
    nonevents: float
    low: float
    high: float

    def __add__(self, other: _Counted) -> _Counted:
        return _Counted(
            self.rows + other.rows,
            self.events + other.events,
            self.nonevents + other.nonevents,
            min(self.low, other.low),
            max(self.high, other.high),
        )


def _counted(seen: Seen, which: Bools, values: Floats | None = None) -> _Counted:
    low, high = np.inf, -np.inf
    if values is not None and which.any():
        low, high = float(values[which].min()), float(values[which].max())
    rows, events, nonevents = (float(one[which].sum()) for one in (seen.rows, seen.events, seen.nonevents))
    return _Counted(rows, events, nonevents, low, high)


def _of_causes(look: Look, causes: Sequence[Cause]) -> list[Group]:
    """Count the rows of causes and put them into words."""
    if not causes:
        return []
    recipe = look.recipe

    def counts(seen: Seen) -> list[list[_Counted]]:
        found = []
        for one, side in zip(causes, sides_of(causes, seen, recipe), strict=True):
            values = None if one.place.number is None else seen.numbers[one.place.number]
            found.append([_counted(seen, side == sign, values) for sign in (1, -1)])
        return found

    def add(one: list[list[_Counted]], other: list[list[_Counted]]) -> list[list[_Counted]]:
        return [[a + b for a, b in zip(mine, yours, strict=True)] for mine, yours in zip(one, other, strict=True)]

    counted = look.over(counts, add)
    first = _first_rows(look, causes)
    groups = []
    for at, (one, both) in enumerate(zip(causes, counted, strict=True)):
        for sign, count in zip((1, -1), both, strict=True):
            if count.rows:
                where, rows = _where(one, sign, count, recipe), first[at][0 if sign > 0 else 1]
                numbers = round(count.rows), count.events, count.nonevents
                groups.append(Group(one.place.term, where, sign, *numbers, rows, one.others))
    return groups


def _first_rows(look: Look, causes: Sequence[Cause]) -> list[tuple[Positions, Positions]]:
    """Give the positions of the first rows of each side of each cause; of rows that are not held there are none."""
    nothing = np.zeros(0, dtype=np.intp)
    if look.held is None:
        return [(nothing, nothing)] * len(causes)
    sides = sides_of(causes, look.held, look.recipe)
    return [(np.flatnonzero(one > 0)[:FIRST_ROWS], np.flatnonzero(one < 0)[:FIRST_ROWS]) for one in sides]


def _where(cause: Cause, sign: int, count: _Counted, recipe: Recipe) -> str:
    """Say what the rows of one side of a cause have in common; "" where it is nothing but being left."""
    words: list[str] = []
    cell = cause.cell
    for position in reversed(cause.place.by):
        levels = recipe.ingredients[position].levels
        cell, level = divmod(cell, len(levels))
        words.insert(0, f"{_named(recipe, position)} = {levels[level]}")
    if cause.place.number is not None:
        name, value = _named(recipe, cause.place.number), f"{cause.threshold:.12g}"
        if count.low == count.high:
            words.append(f"{name} = {count.low:.12g}")
        elif sign == cause.rising:
            words.append(f"{name} > {value}")
        else:
            words.append(f"{name} {'≤' if cause.strict else '<'} {value}")
    return ", ".join(words)


def _named(recipe: Recipe, position: int) -> str:
    """Name a factor by its column, where it is a column as it is or by C(), else as the formula says it."""
    expression = recipe.ingredients[position].expression
    as_it_is = expression.column is not None or expression.code.startswith(identifier("C") + "(")
    return expression.reads[0] if as_it_is and len(expression.reads) == 1 else expression.name


def _of_combinations(look: Look, causes: Sequence[Cause]) -> list[Group]:
    """Describe the rows that no single cause explains: they are told apart by several columns together."""
    recipe = look.recipe

    def counts(seen: Seen) -> list[_Counted]:
        left = side_by(causes, seen, recipe) == 0
        return [_counted(seen, left & (seen.side == sign)) for sign in (1, -1)]

    def add(one: list[_Counted], other: list[_Counted]) -> list[_Counted]:
        return [a + b for a, b in zip(one, other, strict=True)]

    counted = look.over(counts, add)
    if not any(count.rows for count in counted):
        return []
    first, separation = [np.zeros(0, dtype=np.intp)] * 2, look.separation
    if (seen := look.held) is not None:
        left = side_by(causes, seen, recipe) == 0
        first = [np.flatnonzero(left & (seen.side == sign))[:FIRST_ROWS] for sign in (1, -1)]
        if causes:
            # The direction that separates these rows alone may take fewer columns.
            every = np.arange(len(look.design.names))
            separation = maximise(Subset(look.design, every, left), LOGIT).separation or separation
    term, rules = rule_of(recipe, separation)
    return [
        Group(term, rule, sign, round(one.rows), one.events, one.nonevents, rows, bool(causes), combined=True)
        for sign, rule, one, rows in zip((1, -1), rules, counted, first, strict=True)
        if one.rows
    ]
