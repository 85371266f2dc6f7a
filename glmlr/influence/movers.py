"""Which observations move each coefficient most? The largest DFBETAS of each, those alike counted once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.influence.listing import alike_units, lowest_label, rounded
from glmlr.influence.measures import Influence

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Units kept of each coefficient while all are looked through; alike ones among them are then put together.
_KEPT: Final = 1024


@dataclass(frozen=True, eq=False)
class Movers:
    """Units that move coefficients most, coefficient by coefficient, largest first (m of them).

    Attributes:
        column: the coefficient each moves, by its place among the estimated ones, shape (m,).
        unit: one of the units alike, shape (m,).
        label: its label in the index of the data, the lowest of those alike, length m.
        alike: how many there are, by their frequency, shape (m,).
        dfbetas: by how many standard errors they move it, in one step, shape (m,).

    """

    column: Positions
    unit: Positions
    label: tuple[Any, ...]
    alike: Floats
    dfbetas: Floats


def movers(found: Influence, each: int) -> Movers:
    """Give the units with the largest absolute DFBETAS of each coefficient."""
    unit, moved = _largest(found)
    columns, units, labels, alike, sizes = [], [], [], [], []
    for column in range(moved.shape[1]):
        for one in _distinct(found, unit[:, column], moved[:, column])[:each]:
            group = _alike(found, int(unit[one, column]), column, float(moved[one, column]))
            columns.append(column)
            units.append(group[0])
            labels.append(lowest_label(found.labels(group)))
            copies = found.units.copies
            alike.append(float(group.size if copies is None else copies[group].sum()))
            sizes.append(moved[one, column])
    return Movers(
        np.array(columns, dtype=np.intp),
        np.array(units, dtype=np.intp),
        tuple(labels),
        np.array(alike, dtype=np.float64),
        np.array(sizes, dtype=np.float64),
    )


def _largest(found: Influence) -> tuple[Positions, Floats]:
    """Give the units with the largest DFBETAS of each coefficient and these, shape (<= 1024, k) each, in any order."""
    kept_unit, kept = np.empty((0, found.model.rank), dtype=np.intp), np.empty((0, found.model.rank))
    for some in found.in_chunks():
        moved = np.vstack([kept, np.nan_to_num(found.dfbetas(some))])
        unit = np.vstack([kept_unit, np.broadcast_to(some[:, None], (some.size, moved.shape[1]))])
        if len(moved) > _KEPT:
            top = np.argpartition(-np.abs(moved), _KEPT, axis=0)[:_KEPT]
            moved, unit = np.take_along_axis(moved, top, axis=0), np.take_along_axis(unit, top, axis=0)
        kept, kept_unit = moved, unit
    return kept_unit, kept


def _distinct(found: Influence, unit: Positions, moved: Floats) -> Positions:
    """Give positions of one of each kind among units, by descending size of the move, then its sign, then leverage."""
    keys = np.column_stack([-rounded(np.abs(moved)), -rounded(moved), -rounded(found.leverage[unit])])
    return np.asarray(np.unique(keys, axis=0, return_index=True)[1], dtype=np.intp)


def _alike(found: Influence, unit: int, column: int, moved: float) -> Positions:
    """Give the units that are like one of them, and move the coefficient by as much."""
    near = alike_units(found, unit)
    same = np.abs(found.dfbetas(near)[:, column] - moved) <= 1e-9 * abs(moved)
    return near[same] if same.any() else np.array([unit], dtype=np.intp)
