"""Which rows are drawn where there are many? Those that matter most to a plot, and others at even steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: At most so many points are drawn.
MOST_POINTS: Final = 3_000


@dataclass(frozen=True, eq=False)
class DrawnPoints:
    """Units to be drawn.

    Attributes:
        sides: name of a series and its units, in order: events and non-events, or all where rows count trials.
        foremost: units that matter most, the largest first.
        notes: a sentence where not all are drawn.

    """

    sides: tuple[tuple[str, Positions], ...]
    foremost: Positions
    notes: tuple[str, ...]


def drawn_points(matter: Floats, outcome: Floats, named: int = 8) -> DrawnPoints:
    """Choose the units that are drawn.

    Args:
        matter: how much each matters to the plot, shape (u,).
        outcome: share of events of each, shape (u,).
        named: how many to give as foremost.

    """
    size = matter.size
    drawn = np.arange(size)
    notes: tuple[str, ...] = ()
    if size > MOST_POINTS:
        half = MOST_POINTS // 2
        top = np.argpartition(matter, size - half)[size - half :]
        drawn = np.unique(np.append(top, np.linspace(0, size - 1, half).astype(np.intp)))
        notes = (f"{drawn.size:,} of {size:,} points: those that matter most to the plot, and others evenly.",)
    foremost = drawn[np.argsort(-matter[drawn], kind="stable")[:named]]
    if not ((outcome == 0) | (outcome == 1)).all():
        return DrawnPoints((("", drawn),), foremost, notes)
    sides = (("Event", drawn[outcome[drawn] == 1]), ("Non-event", drawn[outcome[drawn] == 0]))
    return DrawnPoints(tuple((name, some) for name, some in sides if some.size), foremost, notes)
