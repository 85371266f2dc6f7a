"""Into which row does a value fall, now and later? The bins or levels of one predictor, fixed once and for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, cast

import numpy as np
import numpy.typing as npt

from glmlr.binning.edges import Bins, Closed
from glmlr.binning.evidence import Evidence, evidence, observed_odds
from glmlr.errors import DataError, listing, one_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Kind = Literal["numeric", "yes/no", "categorical", "ordered"]
Outside = Literal["nearest", "own"]
Special = tuple[tuple[str, tuple[Any, ...]], ...]

#: Rows of a number that stand before and after its bins or values: -infinity, below all edges; above them, infinity.
BEFORE: Final = 2
AFTER: Final = 2
_FORMAT: Final = "glmlr bins 1"


@dataclass(frozen=True, eq=False, repr=False)
class Binning:
    """The rows of one predictor's table, and how values find them, frozen (m rows).

    Every row that a later value may need is there, with rows in it or not. Of a number: -infinity, below the edges, the
    bins or values in order, above the edges, infinity; of a predictor with levels: each level or group of levels. Then,
    for both: what was never seen, the special values, and the missing ones. Two of them are equal, and hash alike, when
    they hold the same.

    Attributes:
        name: of the predictor.
        kind: "numeric", "yes/no", "categorical" (no order) or "ordered".
        labels: of the rows, length m, all different.
        events, nonevents: weight of the events and of the non-events in the rows it was made from, shape (m,).
        bins: the intervals of a number that is cut, else None.
        values: the values of a number that is shown value by value, else None.
        groups: the levels of each row of a predictor with levels, else None.
        special: label and values of each special row.
        pooled: the row that pools rare levels, or None.
        notes: how it was cut, in sentences.

    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    events: Floats
    nonevents: Floats
    bins: Bins | None = None
    values: Floats | None = None
    groups: tuple[tuple[Any, ...], ...] | None = None
    special: Special = ()
    pooled: int | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for name in ("events", "nonevents", "values"):
            held = getattr(self, name)
            if held is not None:
                array = np.array(held, dtype=np.float64)
                array.flags.writeable = False
                object.__setattr__(self, name, array)
        if self.bins is not None:
            self.bins.edges.flags.writeable = False

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.labels)

    def __repr__(self) -> str:
        """Name the predictor and the rows that hold something."""
        filled = self.events + self.nonevents > 0
        return f"Binning({self.name!r}: {listing(np.array(self.labels, dtype=object)[filled], 12)})"

    @property
    def inner(self) -> slice:
        """The rows of the bins, values or levels."""
        if self.groups is not None:
            return slice(0, len(self.groups))
        return slice(BEFORE, BEFORE + self._number_of_bins)

    @property
    def unseen_row(self) -> int:
        """The row of a level, or of one of few values, that was never seen."""
        return len(self) - 2 - len(self.special)

    @property
    def missing_row(self) -> int:
        """The row of missing values: the last one."""
        return len(self) - 1

    @cached_property
    def _evidence(self) -> Evidence:
        odds = observed_odds(self.events, self.nonevents)
        return evidence(odds, float(self.events.sum()), float(self.nonevents.sum()))

    @property
    def woe(self) -> Floats:
        """Weight of evidence of each row, shape (m,); NaN in a row that held no rows when the bins were made."""
        return self._evidence.woe

    @property
    def iv(self) -> Floats:
        """Part of the information value of each row, shape (m,); NaN in a row that held no rows."""
        return self._evidence.iv

    @property
    def _number_of_bins(self) -> int:
        if self.bins is not None:
            return len(self.bins)
        return 0 if self.values is None else int(self.values.size)

    def place(self, values: Any, outside: Outside = "nearest") -> Integers:
        """Give the row of each value, shape (n,).

        Args:
            values: of a number an array with NaN for missing; of a predictor with levels codes into levels
                (`.codes`, `.levels`; -1 is missing) or a sequence of levels with None or NaN for missing.
            outside: "nearest" puts numbers outside the edges, or infinite, into the outermost bin, and levels never
                seen into the row of pooled levels, unless such values had a row of their own when the bins were made;
                "own" gives them rows of their own.

        Raises:
            DataError: values that are not numbers, of a predictor that is one.

        """
        one_of("outside", outside, ("nearest", "own"))
        if self.groups is None:
            rows = self._place_numbers(self._as_numbers(values))
        elif hasattr(values, "codes") and hasattr(values, "levels"):
            rows = np.append(self.rows_of(values.levels), self.missing_row)[np.asarray(values.codes)]
        else:
            rows = self.rows_of(list(values))
        return self._nearest[rows] if outside == "nearest" else rows

    def rows_of(self, levels: Any) -> Integers:
        """Give the row of each of some levels, shape (len(levels),); None and NaN are missing."""
        found = self._row_of_level
        return np.array(
            [
                self.missing_row if level is None or level != level else found.get(level, self.unseen_row)
                for level in levels
            ],
            dtype=np.intp,
        )

    @cached_property
    def _row_of_level(self) -> dict[Any, int]:
        rows = {level: row for row, group in enumerate(self.groups or ()) for level in group}
        for row, (_, values) in enumerate(self.special):
            rows.update(dict.fromkeys(values, self.unseen_row + 1 + row))
        return rows

    def _as_numbers(self, values: Any) -> Floats:
        try:
            if hasattr(values, "to_numpy"):
                return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
            return np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(f"{self.name!r} was a number when its bins were made; these values are not.") from None

    def _place_numbers(self, values: Floats) -> Integers:
        rows = np.full(values.shape, self.missing_row, dtype=np.intp)
        last = BEFORE + self._number_of_bins
        if self.bins is not None:
            rows = self.bins.place(values) + BEFORE
        elif self.values is not None and self.values.size:
            at = np.minimum(np.searchsorted(self.values, values), self.values.size - 1)
            rows = np.where(self.values[at] == values, at + BEFORE, self.unseen_row)
        else:
            rows[:] = self.unseen_row
        rows[np.isnan(values)] = self.missing_row
        rows[values == -np.inf], rows[values == np.inf] = 0, last + 1
        for row, (_, special) in enumerate(self.special):
            for one in special:
                if not isinstance(one, str):
                    rows[values == one] = self.unseen_row + 1 + row
        return rows

    @cached_property
    def _nearest(self) -> Integers:
        """Row -> the row that a value goes to for want of a row that held rows."""
        to = np.arange(len(self))
        empty = self.events + self.nonevents == 0
        if self.bins is not None:
            first, last = BEFORE, BEFORE + len(self.bins) - 1
            near = {
                1: first,
                0: 1 if not empty[1] else first,
                last + 1: last,
                last + 2: last if empty[last + 1] else last + 1,
            }
            for row, target in near.items():
                if empty[row]:
                    to[row] = target
        if self.pooled is not None:
            to[self.unseen_row] = self.pooled
        return to

    # -------------------------------------------------------------------------------------------------- as plain values

    def to_dict(self) -> dict[str, Any]:
        """Give all it holds as plain values that JSON can write; infinite numbers are {"float": "inf"}."""
        return {
            "format": _FORMAT,
            "name": self.name,
            "kind": self.kind,
            "labels": list(self.labels),
            "events": self.events.tolist(),
            "nonevents": self.nonevents.tolist(),
            "edges": None if self.bins is None else [_plain(edge) for edge in self.bins.edges.tolist()],
            "closed": None if self.bins is None else self.bins.closed,
            "ends": None if self.bins is None else self.bins.ends,
            "values": None if self.values is None else self.values.tolist(),
            "groups": None if self.groups is None else [[self._written(one) for one in group] for group in self.groups],
            "special": [[label, [_plain(one) for one in values]] for label, values in self.special],
            "pooled": self.pooled,
            "notes": list(self.notes),
        }

    def _written(self, level: Any) -> Any:
        plain = level.item() if isinstance(level, np.generic) else level
        if isinstance(plain, (str, bool, int, float)):
            return _plain(plain)
        raise DataError(
            f"The level {level!r} of {self.name!r} is neither text nor a number nor yes/no, so that its bins cannot be "
            "written; turn the column into text."
        )

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Binning:
        """Read what `to_dict` wrote.

        Raises:
            DataError: something else.

        """
        if not isinstance(held, Mapping) or held.get("format") != _FORMAT:
            raise DataError(f"These are not bins that to_dict() gave: their format is not {_FORMAT!r}.")
        lost = [
            field
            for field in ("name", "kind", "labels", "events", "nonevents", "edges", "values", "groups")
            if field not in held
        ]
        if lost:
            raise DataError(f"These bins are incomplete: they lack {listing(map(repr, lost))}.")
        edges, groups = held["edges"], held["groups"]
        bins = None
        if edges is not None:
            bins = Bins(
                np.array(list(map(_read, edges)), dtype=np.float64), cast("Closed", held["closed"]), bool(held["ends"])
            )
        return cls(
            held["name"],
            held["kind"],
            tuple(held["labels"]),
            np.array(held["events"], dtype=np.float64),
            np.array(held["nonevents"], dtype=np.float64),
            bins,
            None if held["values"] is None else np.array(held["values"], dtype=np.float64),
            None if groups is None else tuple(tuple(map(_read, group)) for group in groups),
            tuple((label, tuple(map(_read, values))) for label, values in held.get("special", ())),
            held.get("pooled"),
            tuple(held.get("notes", ())),
        )

    @cached_property
    def _content(self) -> tuple[Any, ...]:
        bins = None if self.bins is None else (*self.bins.edges.tolist(), self.bins.closed, self.bins.ends)
        values = None if self.values is None else tuple(self.values.tolist())
        counts = tuple(self.events.tolist()), tuple(self.nonevents.tolist())
        what = (self.name, self.kind, self.labels, self.special, self.pooled, self.notes)
        return (*what, *counts, bins, values, repr(self.groups))

    def __eq__(self, other: object) -> bool:
        """Say whether both hold the same."""
        return isinstance(other, Binning) and self._content == other._content

    def __hash__(self) -> int:
        """Hash what it holds."""
        return hash(self._content)


def _plain(value: Any) -> Any:
    """Write a value so that strict JSON can hold it."""
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": str(value)}
    return value


def _read(value: Any) -> Any:
    return float(value["float"]) if isinstance(value, Mapping) else value
