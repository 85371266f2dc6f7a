"""Into which rows of a table does a predictor fall? Its levels or bins, with the events and non-events in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import (
    Binning,
    Closed,
    Cut,
    Distinct,
    Kind,
    added,
    count,
    distinct,
    fit_levels,
    fit_numbers,
    numbers_made,
)
from glmlr.errors import DataError, OptionError, listing
from glmlr.language.categories import Labels
from glmlr.level_positions import Scale, positions_of, sort_key
from glmlr.ranking import Ranking
from glmlr.sources import Column, classified

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

_NO_ENDS = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Levels:
    """The rows of one predictor's table (m rows; those without a place on its scale, as the missing ones, last).

    Attributes:
        binning: the frozen rows, of which those that hold something are shown.
        labels: length m.
        events, nonevents: weight of the events and of the non-events, shape (m,).
        position: where each row stands on the predictor's scale, shape (m,): its value, the mean of its bin, the middle
            of its interval or its rank; NaN where it has no place (missing, infinite, an empty bin, no order).
        scale: what a position is: "value", "mean", "middle", "rank", or "none" where the levels have no order.
        points: distinct values of the predictor on the same scale, for a line through the rows themselves, or None.
        tail: how many rows at the end are no levels: values never seen, special values, missing ones.
        missing: weight of the rows without a value; their row is the last one where this is not 0.
        ends: events and non-events at -infinity, then at infinity.
        notes: how it was cut, and what a reader must know of it.

    """

    binning: Binning
    labels: tuple[str, ...]
    events: Floats
    nonevents: Floats
    position: Floats
    scale: Scale
    points: Distinct | None
    tail: int
    missing: float
    ends: tuple[float, float, float, float] = _NO_ENDS
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the predictor."""
        return self.binning.name

    @property
    def kind(self) -> Kind:
        """Kind of the predictor."""
        return self.binning.kind

    @property
    def n(self) -> Floats:
        """Weight of the rows in each, shape (m,)."""
        return self.events + self.nonevents

    @property
    def present(self) -> slice:
        """The rows that are levels or bins."""
        return slice(0, len(self.labels) - self.tail)

    @property
    def in_order(self) -> bool:
        """Whether the rows that are levels or bins stand in an order that means something."""
        return self.kind == "numeric" or self.scale != "none"

    def ranking(self) -> Ranking | None:
        """Rank the rows with a value by it, or levels without an order by their event rate; None for one outcome."""
        if self.kind == "numeric" and self.points is not None:
            low_e, low_f, high_e, high_f = self.ends
            events = np.concatenate([[low_e], self.points.events, [high_e]])
            nonevents = np.concatenate([[low_f], self.points.nonevents, [high_f]])
        else:
            events, nonevents = self.events[self.present], self.nonevents[self.present]
        filled = events + nonevents > 0
        events, nonevents = events[filled], nonevents[filled]
        if not self.in_order:
            order = np.argsort(events / (events + nonevents), kind="stable")
            events, nonevents = events[order], nonevents[order]
        if not (events.sum() > 0 and nonevents.sum() > 0):
            return None
        return Ranking(np.arange(events.size, dtype=np.float64), events, nonevents)


def fit_binning(
    values: Any,
    events: Any,
    nonevents: Any,
    *,
    name: str | None = None,
    bins: Any = None,
    method: str | None = None,
    closed: Closed = "left",
    min_share: float | None = None,
    min_events: float | None = None,
    significance: float | None = None,
    direction: str | None = None,
    rare: float | None = None,
    special: Any = (),
) -> Binning:
    """Make the frozen bins of one predictor.

    Args:
        values: the predictor, shape (n,): anything a Series can hold, missing values allowed.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        name: of the predictor; by default that of the Series.
        bins: see `Cut`, as for all the following.
        method: how edges are found.
        closed: which end of a bin belongs to it.
        min_share: least share of the rows in a bin.
        min_events: fewest events and fewest non-events in a bin.
        significance: of ChiMerge.
        direction: of the event rate.
        rare: levels with a smaller share are pooled.
        special: values with rows of their own.

    Raises:
        DataError: dates, times, complex numbers or lists.
        OptionError: options that cannot be, or that this predictor does not take.

    """
    cut = Cut(bins, method, closed, min_share, min_events, significance, direction, rare, special)
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    named = str(series.name if name is None else name)
    held = classified(series, named)
    kind = kind_of(held)
    e, f = (np.asarray(part, dtype=np.float64) for part in (events, nonevents))
    if kind == "numeric":
        return fit_numbers(named, _numbers(held), e, f, cut)
    labels = _numbered(held, series)
    return fit_levels(named, _codes(held, labels), labels.levels, e, f, cut, ordered=kind == "ordered", kind=kind)


def levels_of(
    values: pd.Series,
    events: Floats,
    nonevents: Floats,
    *,
    cut: Cut,
    positions: Mapping[Any, float] | None = None,
    frozen: Binning | None = None,
) -> Levels:
    """Gather the rows of a predictor by its levels, or cut it into bins.

    Args:
        values: the predictor, shape (n,), missing values allowed; its name is the predictor's.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        cut: how to cut it.
        positions: level -> where it stands on the predictor's scale, for levels whose labels do not say.
        frozen: bins made before, which take the place of a cut.

    Raises:
        DataError: dates, times, complex numbers or lists; a kind of values other than that of the frozen bins.
        OptionError: options that this predictor does not take, positions for an unknown level.

    """
    name = str(values.name)
    held = classified(values, name)
    kind = kind_of(held)
    if frozen is not None:
        _check_kind(name, kind, held, frozen)
        kind = frozen.kind
    if kind == "numeric":
        if positions is not None:
            raise OptionError(f"positions= is for levels that are not numbers; {name!r} is a number.")
        return _of_numbers(name, _numbers(held), events, nonevents, cut, frozen)
    labels = _numbered(held, values)
    codes = _codes(held, labels)
    if frozen is None:
        binning = fit_levels(
            name, codes, labels.levels, events, nonevents, cut, ordered=kind == "ordered", kind=kind
        )  # fmt: skip
        return _of_levels(binning, binning.events, binning.nonevents, positions, binning.notes)
    rows = np.append(frozen.rows_of(labels.levels), frozen.missing_row)[codes]
    e, f = (added(part, rows, len(frozen)) for part in (events, nonevents))
    return _of_levels(frozen, e, f, positions, _as_before(frozen))


def is_number(values: pd.Series) -> bool:
    """Say whether a predictor is a number, which can be cut; raises `DataError` for dates, times and the like."""
    return kind_of(classified(values, str(values.name))) == "numeric"


def kind_of(held: Column) -> Kind:
    """Tell numbers, yes/no values and categories apart, or refuse dates; nothing at all is a number that is missing."""
    if held.kind == "date":
        raise DataError(
            f"The column {held.name!r} holds dates or times; turn it into a number (a year, days since a date) first."
        )
    if held.kind in ("number", "nothing"):
        return "numeric"
    if held.kind == "truth":
        return "yes/no"
    return "ordered" if held.values.ordered else "categorical"


def _check_kind(name: str, kind: Kind, held: Column, frozen: Binning) -> None:
    """Refuse numbers where the frozen bins have levels, and the reverse."""
    if (kind == "numeric") == (frozen.kind == "numeric") or held.kind == "nothing":
        return
    was, now = ("a number", "none") if frozen.kind == "numeric" else ("no number", "one")
    raise DataError(f"{frozen.name!r} was {was} when its bins were made, and {name!r} is {now} now.")


def _as_before(frozen: Binning) -> tuple[str, ...]:
    return (f"The rows of {frozen.name} are those made before, on other data; nothing is cut anew.", *frozen.notes)


# ---------------------------------------------------------------------------------------------------------- categories


def _numbered(held: Column, given: pd.Series) -> Labels:
    """Number the levels in the order in which they are shown: as declared, or by the numbers they name, or by text."""
    if held.kind == "nothing":
        return Labels(np.full(len(given), -1), (), held.name)
    if not isinstance(held.values, Labels):
        return Labels(held.values.astype(np.intp), (False, True), held.name)
    if isinstance(given.dtype, pd.CategoricalDtype):
        return held.values
    levels = held.values.levels
    order = sorted(range(len(levels)), key=lambda i: sort_key(levels[i]))
    place = np.empty(len(levels) + 1, dtype=np.intp)
    place[order] = np.arange(len(levels))
    place[-1] = -1
    return Labels(place[held.values.codes], tuple(levels[i] for i in order), held.name)


def _codes(held: Column, labels: Labels) -> Integers:
    """Give the place of each row's level, -1 where it is missing."""
    codes = np.asarray(labels.codes, dtype=np.intp)
    return codes if held.missing is None else np.where(held.missing, -1, codes)


def _of_levels(
    binning: Binning,
    events: Floats,
    nonevents: Floats,
    positions: Mapping[Any, float] | None,
    notes: tuple[str, ...],
) -> Levels:
    """Lay out the rows of a predictor with levels."""
    inner = len(binning.groups or ())
    placed = inner - (binning.pooled is not None)
    position, scale, why = positions_of(binning.name, binning.kind, binning.labels[:placed], positions)
    position = np.concatenate([position, np.full(len(binning) - placed, np.nan)])
    show = events + nonevents > 0
    show[:inner] = True
    known = np.isfinite(position) & (events + nonevents > 0)
    points = distinct(position[known], events[known], nonevents[known]) if known.any() else None
    return Levels(
        binning,
        tuple(label for label, shown in zip(binning.labels, show, strict=True) if shown),
        events[show],
        nonevents[show],
        position[show],
        scale,
        points,
        int(show[inner:].sum()),
        float(events[-1] + nonevents[-1]),
        _NO_ENDS,
        (*notes, *why, *_about_rows(binning, events + nonevents)),
    )


# ------------------------------------------------------------------------------------------------------------- numbers


def _numbers(held: Column) -> Floats:
    """Give numbers with NaN where they are missing."""
    values = np.asarray(held.values, dtype=np.float64)
    return values if held.missing is None else np.where(held.missing, np.nan, values)


def _of_numbers(
    name: str, values: Floats, events: Floats, nonevents: Floats, cut: Cut, frozen: Binning | None
) -> Levels:
    """Cut a number, or place it in frozen bins, and lay out the rows."""
    if frozen is None:
        made = numbers_made(name, values, events, nonevents, cut)
        binning, points, notes = made.binning, made.points, made.binning.notes
        e, f = binning.events, binning.nonevents
    else:
        binning, notes = frozen, _as_before(frozen)
        rows = binning.place(values, "own")
        e, f = (added(part, rows, len(binning)) for part in (events, nonevents))
        inner = np.isfinite(values) & (rows <= binning.unseen_row)
        points = distinct(values[inner], events[inner], nonevents[inner])
    assert points is not None
    n, by_bin = e + f, binning.bins is not None
    show = n > 0
    show[binning.inner] = True
    position = count(points, binning.place(points.value, "own"), len(binning)).mean
    position[binning.unseen_row :] = np.nan
    return Levels(
        binning,
        tuple(label for label, shown in zip(binning.labels, show, strict=True) if shown),
        e[show],
        f[show],
        position[show],
        "mean" if by_bin else "value",
        points,
        int(show[binning.unseen_row :].sum()),
        float(n[-1]),
        _ends(binning, e, f),
        (*notes, *_about_rows(binning, n)),
    )


def _ends(binning: Binning, events: Floats, nonevents: Floats) -> tuple[float, float, float, float]:
    """Give the events and non-events at -infinity and at infinity."""
    last = binning.unseen_row - 1
    return float(events[0]), float(nonevents[0]), float(events[last]), float(nonevents[last])


def _about_rows(binning: Binning, n: Floats) -> Iterator[str]:
    """Say which rows a reader may stumble over."""
    inner, unseen = binning.inner, binning.unseen_row
    if binning.bins is not None:
        empty, all_bins = int((n[inner] == 0).sum()), inner.stop - inner.start
        if empty:
            yield f"{empty} of the {all_bins} bins {'is' if empty == 1 else 'are'} empty."
        if n[1] + n[inner.stop] > 0:
            yield "Values outside the edges have rows of their own."
    if binning.kind == "numeric" and n[0] + n[unseen - 1] > 0:
        infinite = n[0] + n[unseen - 1]
        yield f"{infinite:g} rows hold an infinite value; they have rows of their own and no part in the lines."
    if n[unseen] > 0:
        yield f"{n[unseen]:g} rows hold a value that the bins were not made with; they have a row of their own."
    special = n[unseen + 1 : -1]
    if special.any():
        named = [label for label, held in zip(binning.labels[unseen + 1 : -1], special, strict=True) if held > 0]
        which = "Special values have rows of their own" if len(named) > 1 else "The special value has a row of its own"
        yield f"{which} ({listing(named)}): part of the total, WoE and IV, not of lines, test of trend or c."
    if n[-1] > 0 and not n[:-1].any():
        yield f"Every value of {binning.name} is missing."
