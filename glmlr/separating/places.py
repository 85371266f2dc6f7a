"""Where may a cause of separation lie? Cells of one outcome, and thresholds of one number in a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.design.recipe import Recipe, Term
from glmlr.separating.rows import Seen

Floats = npt.NDArray[np.float64]
Sides = npt.NDArray[np.int8]
Positions = npt.NDArray[np.intp]

#: Terms with more cells than this are not looked through.
_MOST_CELLS: Final = 1 << 16


@dataclass(frozen=True)
class Place:
    """Where a cause may lie: the cells of some factors, and in each perhaps a threshold of a number.

    Attributes:
        term: name of the term.
        by: positions of the categorical factors that make the cells; () for one cell of all rows.
        number: position of the factor of one number, or None.
        free: whether a threshold may lie anywhere; otherwise it is 0.

    """

    term: str
    by: tuple[int, ...]
    number: int | None = None
    free: bool = True

    @property
    def factors(self) -> tuple[int, ...]:
        """Positions of all its factors."""
        return self.by if self.number is None else (*self.by, self.number)

    def cells(self, recipe: Recipe) -> int:
        """Give the number of cells."""
        return int(np.prod([len(recipe.ingredients[one].levels) for one in self.by], dtype=float))


def places_of(recipe: Recipe) -> tuple[Place, ...]:
    """Give where causes may lie, simple terms first.

    The cells of a term are in the span of the columns, whatever the coding; so is a number within them.
    """
    made = {term.name: _factors_of(term, recipe) for term in recipe.terms}
    discrete = [set(found) for found in made.values() if all(recipe.ingredients[one].levels for one in found)]
    places = []
    for name, factors in made.items():
        by = tuple(one for one in factors if recipe.ingredients[one].levels)
        numbers = [one for one in factors if one not in by]
        if not numbers:
            places.append(Place(name, by))
        elif len(numbers) == 1 and recipe.ingredients[numbers[0]].width == 1:
            places.append(Place(name, by, numbers[0], any(set(by) <= one for one in discrete)))
    kept = [one for one in places if one.cells(recipe) <= _MOST_CELLS]
    return tuple(sorted(kept, key=lambda place: max(len(place.factors), 1)))


def _factors_of(term: Term, recipe: Recipe) -> tuple[int, ...]:
    columns = set(term.columns)
    return tuple(sorted({one for part in recipe.parts if part.first in columns for one in part.factors}))


@dataclass(frozen=True, eq=False)
class Cause:
    """A cell, or a threshold in one, beyond which all rows have the same outcome.

    Attributes:
        place: where it lies.
        cell: the number of the cell.
        rising: +1 where all rows of the cell, or all above the threshold, are events; -1 where they are non-events.
        threshold: the value, NaN for a cell as a whole.
        strict: whether no row lies at the threshold, so that those at or below it are on the other side.
        others: whether it holds among the rows only which the causes before it leave.

    """

    place: Place
    cell: int
    rising: int
    threshold: float = np.nan
    strict: bool = False
    others: bool = False

    def side(self, seen: Seen, recipe: Recipe) -> Sides:
        """Say of rows whether it makes them events (+1) or non-events (-1), shape (b,)."""
        inside = seen.cell(self.place.by, recipe) == self.cell
        if self.place.number is None:
            return np.where(inside, self.rising, 0).astype(np.int8)
        value = seen.numbers[self.place.number]
        below = value <= self.threshold if self.strict else value < self.threshold
        side = np.where(value > self.threshold, self.rising, np.where(below, -self.rising, 0))
        return np.where(inside, side, 0).astype(np.int8)


@dataclass(frozen=True, eq=False)
class Extent:
    """What the rows of each cell of a place reach to, shape (cells,) each.

    Attributes:
        events, nonevents: their trials.
        low_events, high_events, low_nonevents, high_nonevents: the smallest and largest number by outcome.

    """

    events: Floats
    nonevents: Floats
    low_events: Floats
    high_events: Floats
    low_nonevents: Floats
    high_nonevents: Floats

    def __add__(self, other: Extent) -> Extent:
        return Extent(
            self.events + other.events,
            self.nonevents + other.nonevents,
            np.minimum(self.low_events, other.low_events),
            np.maximum(self.high_events, other.high_events),
            np.minimum(self.low_nonevents, other.low_nonevents),
            np.maximum(self.high_nonevents, other.high_nonevents),
        )


def extent_of(place: Place, seen: Seen, by_outcome: tuple[Positions, Positions], recipe: Recipe) -> Extent:
    """Measure the cells of a place over the rows with events and those with non-events, by their positions."""
    cells = place.cells(recipe)
    counts: list[Floats] = []
    ends: list[Floats] = []
    for trials, at in zip((seen.events, seen.nonevents), by_outcome, strict=True):
        cell = None if cells == 1 else seen.cell(place.by, recipe)[at]
        low, high = np.full(cells, np.inf), np.full(cells, -np.inf)
        if place.number is not None and at.size:
            value = seen.numbers[place.number][at]
            if cell is None:
                low[0], high[0] = value.min(), value.max()
            else:
                np.minimum.at(low, cell, value)
                np.maximum.at(high, cell, value)
        part = trials[at]
        whole = np.zeros(part.size, dtype=np.intp) if cell is None else cell
        counts.append(np.bincount(whole, part, cells).astype(np.float64))
        ends += [low, high]
    return Extent(*counts, *ends)


def causes_in(place: Place, extent: Extent) -> list[Cause]:
    """Give the causes that lie in the cells of a place."""
    if place.number is None:
        pure = (extent.events > 0) != (extent.nonevents > 0)
        return [Cause(place, int(cell), 1 if extent.events[cell] > 0 else -1) for cell in np.flatnonzero(pure)]
    found = []
    for cell in np.flatnonzero(extent.events + extent.nonevents > 0):
        events = float(extent.low_events[cell]), float(extent.high_events[cell])
        nonevents = float(extent.low_nonevents[cell]), float(extent.high_nonevents[cell])
        for rising, (_, below), (above, _) in ((1, nonevents, events), (-1, events, nonevents)):
            one = _threshold(place, int(cell), rising, below, above)
            if one is not None:
                found.append(one)
                break
    return found


def _threshold(place: Place, cell: int, rising: int, below: float, above: float) -> Cause | None:
    """Give the threshold between the largest number of one outcome and the smallest of the other, if there is one."""
    if not place.free:
        return Cause(place, cell, rising, 0.0) if below <= 0.0 <= above else None
    # A cell of one outcome needs no threshold.
    if not (np.isfinite(below) and np.isfinite(above) and below <= above):
        return None
    return Cause(place, cell, rising, _shortest(below, above), strict=below < above)


def _shortest(low: float, high: float) -> float:
    """Give the number with fewest digits that is at least `low` and below `high`, or `low` itself."""
    middle = low + (high - low) / 2
    for digits in range(1, 16):
        short = float(f"{middle:.{digits}g}")
        if low <= short < high:
            return short
    return low
