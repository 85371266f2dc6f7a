"""Which causes explain the separated rows? The simplest first, and of these the one that explains most rows.

A cause that holds among the rows which earlier causes leave is one too: its direction can be added to theirs, taken
far enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from glmlr.design.recipe import Recipe
from glmlr.separating.places import Cause, Extent, Place, causes_in, extent_of, places_of
from glmlr.separating.rows import Look, Seen

Floats = npt.NDArray[np.float64]
Sides = npt.NDArray[np.int8]


def causes_of(look: Look) -> tuple[Cause, ...]:
    """Look for causes until no row is left that one explains."""
    places = places_of(look.recipe)
    chosen: tuple[Cause, ...] = ()
    first: list[list[Cause]] | None = None
    while _unexplained(look, chosen):
        found = _found(look, places, chosen)
        first = found if first is None else first
        best = _best(look, found, chosen)
        if not best:
            break
        # What holds among all rows is said of all rows.
        everywhere = {(one.place, one.cell, one.rising): one for causes in first for one in causes}
        chosen += tuple(
            everywhere.get((one.place, one.cell, one.rising), replace(one, others=bool(chosen))) for one in best
        )
    return chosen


def _unexplained(look: Look, causes: Sequence[Cause]) -> int:
    """Count the separated rows of which no cause speaks."""

    def count(seen: Seen) -> int:
        return int(((seen.side != 0) & (side_by(causes, seen, look.recipe) == 0)).sum())

    return look.over(count, int.__add__)


def _found(look: Look, places: Sequence[Place], chosen: Sequence[Cause]) -> list[list[Cause]]:
    """Give the causes in each place among the rows that those chosen leave."""
    recipe = look.recipe

    def extents(seen: Seen) -> list[Extent | None]:
        left = side_by(chosen, seen, recipe) == 0
        by_outcome = np.flatnonzero(left & (seen.events > 0)), np.flatnonzero(left & (seen.nonevents > 0))
        return [extent_of(one, seen, by_outcome, recipe) if seen.has(one.factors) else None for one in places]

    def add(one: list[Extent | None], other: list[Extent | None]) -> list[Extent | None]:
        return [None if a is None or b is None else a + b for a, b in zip(one, other, strict=True)]

    measured = look.over(extents, add)
    return [[] if extent is None else causes_in(place, extent) for place, extent in zip(places, measured, strict=True)]


def side_by(causes: Sequence[Cause], seen: Seen, recipe: Recipe) -> Sides:
    """Say which side causes put rows on, the first that speaks of a row, shape (b,); 0 where none does."""
    side = np.zeros(seen.side.size, dtype=np.int8)
    for one in causes:
        side = np.where(side == 0, one.side(seen, recipe), side)
    return side


def _best(look: Look, found: Sequence[list[Cause]], chosen: Sequence[Cause]) -> list[Cause]:
    """Choose the place whose causes explain most rows, of those with fewest factors; nothing where none explains any.

    A cause that speaks of a row which is not separated is none: its direction is not in the span of the columns.
    """
    recipe = look.recipe
    candidates = [causes for causes in found if causes]

    def explained(seen: Seen) -> Floats:
        left = side_by(chosen, seen, recipe) == 0
        counts = []
        for causes in candidates:
            side = side_by(causes, seen, recipe)
            counts.append((((side != 0) & left).sum(), ((side != seen.side) & (side != 0) & left).sum()))
        return np.array(counts, dtype=np.float64)

    if not candidates:
        return []
    counts = look.over(explained, np.add)
    good = [at for at, (rows, wrong) in enumerate(counts) if rows > 0 and wrong == 0]
    if not good:
        return []
    return candidates[min(good, key=lambda at: (max(len(candidates[at][0].place.factors), 1), -counts[at, 0]))]


def sides_of(causes: Sequence[Cause], seen: Seen, recipe: Recipe) -> list[Sides]:
    """Give the side that each cause puts rows on; one that holds among other rows only says nothing of those before."""
    before, sides = np.zeros(seen.side.size, dtype=bool), []
    for one in causes:
        side = one.side(seen, recipe)
        sides.append(np.where(before, 0, side).astype(np.int8) if one.others else side)
        before = before | (side != 0)
    return sides
