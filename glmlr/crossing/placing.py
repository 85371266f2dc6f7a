"""Which rows of a predictor's table are in use, and into which of them does each row of the data fall?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import Binning, Cut, Distinct, count, numbers_made
from glmlr.errors import OptionError, suggestion
from glmlr.language.categories import Labels
from glmlr.levels import levels_of
from glmlr.sources import classified

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Places:
    """The rows of one predictor's table that hold something (m places).

    Attributes:
        binning: all its rows.
        used: which of them, ascending, shape (m,).

    """

    binning: Binning
    used: Integers

    @classmethod
    def of(cls, binning: Binning) -> Places:
        """Take the rows that held something when they were made."""
        return cls(binning, np.flatnonzero(binning.events + binning.nonevents > 0))

    def __len__(self) -> int:
        """Count the places."""
        return int(self.used.size)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names of the places, length m."""
        return tuple(self.binning.labels[row] for row in self.used)

    @property
    def missing(self) -> bool:
        """Whether the last place is that of the missing values."""
        return bool(self.used.size) and int(self.used[-1]) == self.binning.missing_row

    def place(self, values: Any) -> Integers:
        """Give the place of each value that was there when the rows were made, shape (n,): 0 ... m - 1."""
        return np.asarray(np.searchsorted(self.used, self.binning.place(values, "own")), dtype=np.intp)


@dataclass(frozen=True, eq=False)
class CutNumber:
    """A number without missing values, cut: its places, where they stand (the mean of each, shape (m,)), its values."""

    places: Places
    position: Floats
    points: Distinct


def cut_number(name: str, x: Floats, events: Floats, nonevents: Floats, bins: Any) -> CutNumber:
    """Cut a number.

    Args:
        name: of the number.
        x: finite, shape (n,).
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        bins: how many bins, edges, or None to choose.

    """
    made = numbers_made(name, x, events, nonevents, Cut(bins))
    assert made.points is not None
    places = Places.of(made.binning)
    return CutNumber(places, count(made.points, places.place(made.points.value), len(places)).mean, made.points)


@dataclass(frozen=True, eq=False)
class Placed:
    """A predictor's places, and where each row falls (n rows, m places).

    Attributes:
        places: the levels or bins that hold rows, the missing values last.
        place: of each row, shape (n,).
        position: where each place stands on the predictor's scale, shape (m,); NaN where it has no place there.
        notes: how it was cut.

    """

    places: Places
    place: Integers
    position: Floats
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the predictor."""
        return self.places.binning.name


def placed(values: pd.Series, events: Floats, nonevents: Floats, bins: Any = None) -> Placed:
    """Say where the rows of a predictor fall.

    Args:
        values: the predictor, shape (n,), named; missing values have a place of their own.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        bins: of a number: how many bins, or edges; None to choose.

    Raises:
        DataError: dates, times and the like.
        OptionError: bins for a predictor that is not a number.

    """
    found = levels_of(values, events, nonevents, cut=Cut(bins))
    places = Places.of(found.binning)
    filled = found.n > 0
    return Placed(places, places.place(_as_binned(values)), found.position[filled], found.notes)


def _as_binned(values: pd.Series) -> Any:
    """Give values as a `Binning` places them: numbers with NaN, or codes with -1, where they are missing."""
    held = classified(values, str(values.name))
    if held.kind in ("number", "nothing"):
        numbers = np.asarray(held.values, dtype=np.float64)
        return numbers if held.missing is None else np.where(held.missing, np.nan, numbers)
    labels = held.values
    if not isinstance(labels, Labels):
        labels = Labels(np.asarray(labels).astype(np.intp), (False, True), held.name)
    return labels if held.missing is None else replace(labels, codes=np.where(held.missing, -1, labels.codes))


def bins_for(bins: Any, name: str, known: tuple[str, ...]) -> Any:
    """Give the bins of one predictor: the same for all, or those under its name in a mapping.

    Raises:
        OptionError: a mapping that names something else.

    """
    if not isinstance(bins, Mapping):
        return bins
    for key in bins:
        if key not in known:
            hint = suggestion(str(key), known) or "."
            raise OptionError(f"bins= names {key!r}, which is not a predictor that is cut here{hint}")
    return bins.get(name)
