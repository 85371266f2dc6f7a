"""Which observations move the estimates most? The largest values of Cook's distance, those alike counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.influence.measures import Influence

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Units that agree in this many significant digits are alike: the rest is rounding, which the order of rows decides.
_DIGITS: Final = 9
_FIRST_LOOK: Final = 4096


@dataclass(frozen=True, eq=False)
class Listed:
    """Units by Cook's distance, largest first (m units).

    Attributes:
        unit: one of the units alike, shape (m,).
        label: its label in the index of the data, the lowest of those alike, length m.
        alike: how many there are, by their frequency, shape (m,).

    """

    unit: Positions
    label: tuple[Any, ...]
    alike: Floats


def most_influential(found: Influence, rows: int) -> Listed:
    """Give the units with the largest Cook's distance."""
    cook = np.where(np.isnan(found.cook), -np.inf, found.cook)
    look = min(max(_FIRST_LOOK, rows), cook.size)
    while True:
        top = np.argpartition(cook, cook.size - look)[cook.size - look :] if look < cook.size else np.arange(cook.size)
        first = _distinct(found, top)
        if first.size >= rows or look == cook.size:
            break
        look = min(16 * look, cook.size)
    groups = [alike_units(found, int(unit)) for unit in first[:rows]]
    copies = found.units.copies
    return Listed(
        np.array([group[0] for group in groups], dtype=np.intp),
        tuple(lowest_label(found.labels(group)) for group in groups),
        np.array([group.size if copies is None else float(copies[group].sum()) for group in groups], dtype=float),
    )


def _distinct(found: Influence, some: Positions) -> Positions:
    """Give one of each kind among some units, by descending Cook's distance, then leverage, then outcome."""
    keys = np.column_stack([-rounded(found.cook[some]), -rounded(found.leverage[some]), -found.units.y[some]])
    return np.asarray(some[np.unique(keys, axis=0, return_index=True)[1]])


def alike_units(found: Influence, unit: int) -> Positions:
    """Give the units with the outcome, leverage and Cook's distance of one of them, itself among them."""
    within, cook, leverage = 10.0**-_DIGITS, found.cook, found.leverage
    near = np.flatnonzero(np.abs(cook - cook[unit]) <= within * cook[unit])
    same = np.abs(leverage[near] - leverage[unit]) <= within * leverage[unit]
    return np.asarray(near[same & (found.units.y[near] == found.units.y[unit])], dtype=np.intp)


def rounded(values: Floats) -> Floats:
    """Round to the digits in which units that are alike agree, shape (m,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.abs(values))))
        return np.where(np.isfinite(size), np.round(values * size) / size, values)


def lowest_label(labels: pd.Index | Sequence[Any]) -> Any:
    """Give the lowest of some labels, by their text where they are of several kinds."""
    try:
        return min(labels)
    except TypeError:
        return min(labels, key=str)
