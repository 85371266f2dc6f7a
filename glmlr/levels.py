"""Into which rows of a table does a predictor fall? Its levels or bins, with the events and non-events in each."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr import binning
from glmlr.binning import Bins, Closed, Distinct
from glmlr.errors import ArgumentError, DataError, OptionError, listing, one_of, suggestion
from glmlr.language.categories import Labels
from glmlr.sources import Column, classified

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Kind = Literal["numeric", "yes/no", "categorical", "ordered"]

METHODS: Final = ("quantile", "width", "tree")
#: A number with at most this many distinct values is shown value by value, unless bins are asked for.
FEW_VALUES: Final = 10
#: With this many events and as many non-events there are 10 bins by default, else 5: 20 of the rarer outcome a bin.
ENOUGH_FOR_TEN: Final = 200


@dataclass(frozen=True)
class Cut:
    """How a numeric predictor is cut.

    Attributes:
        bins: number of bins, edges, or None to choose.
        method: one of `METHODS`, or None to choose.
        closed: which end of a bin belongs to it.

    """

    bins: Any = None
    method: str | None = None
    closed: Closed = "left"

    def __post_init__(self) -> None:
        """Check what can be checked without data."""
        if self.method is not None:
            one_of("method", self.method, METHODS)
        one_of("closed", self.closed, ("left", "right"))
        if self.has_edges and self.method is not None:
            raise OptionError(
                f"bins= gives the edges, so that method={self.method!r} has nothing to choose; leave it out."
            )
        if self.has_edges:
            binning.given_edges(self.bins, self.closed)
        elif self.bins is not None:
            binning.checked_bins(self.bins)

    @property
    def asked(self) -> bool:
        """Whether the user asked for bins."""
        return self.bins is not None or self.method is not None

    @property
    def has_edges(self) -> bool:
        """Whether the user gave edges rather than a number."""
        return self.bins is not None and not np.isscalar(self.bins)


@dataclass(frozen=True, eq=False)
class Levels:
    """The rows of one predictor's table (m rows, the missing ones last).

    Attributes:
        name: of the predictor.
        kind: "numeric", "yes/no" (bool), "categorical" (no order) or "ordered".
        labels: length m.
        events, nonevents: weight of the events and of the non-events, shape (m,).
        position: where each row stands on the predictor's scale, shape (m,): its value, the mean of its bin, the middle
            of its interval or its rank; NaN where it has no place (missing, infinite, an empty bin, no order).
        scale: what a position is: "value", "mean", "middle", "rank", or "none" where the levels have no order.
        points: distinct values of the predictor on the same scale, for a line through the rows themselves, or None.
        missing: weight of the rows without a value; their row is the last one where this is not 0.
        notes: how it was cut, and what a reader must know of it.

    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    events: Floats
    nonevents: Floats
    position: Floats
    scale: Literal["value", "mean", "middle", "rank", "none"]
    points: Distinct | None
    missing: float
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> Floats:
        """Weight of the rows in each, shape (m,)."""
        return self.events + self.nonevents

    @property
    def present(self) -> slice:
        """The rows but the missing one."""
        return slice(0, len(self.labels) - (1 if self.missing else 0))


def levels_of(
    values: pd.Series,
    events: Floats,
    nonevents: Floats,
    *,
    cut: Cut,
    positions: Mapping[Any, float] | None = None,
) -> Levels:
    """Gather the rows of a predictor by its levels, or cut it into bins.

    Args:
        values: the predictor, shape (n,), missing values allowed; its name is the predictor's.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        cut: how to cut a number.
        positions: level -> where it stands on the predictor's scale, for levels whose labels do not say.

    Raises:
        DataError: dates, times, complex numbers or lists.
        OptionError: bins for a predictor that is not a number, positions for one that is cut or for an unknown level.

    """
    name = str(values.name)
    held = classified(values, name)
    kind = _kind(held)
    if kind != "numeric" and cut.asked:
        what = "holds yes/no values" if kind == "yes/no" else "is not a number"
        raise OptionError(f"The column {name!r} {what}, so that bins= and method= do not apply; leave them out.")
    if kind == "numeric" and positions is not None:
        raise OptionError(f"positions= is for levels that are not numbers; {name!r} is a number.")
    absent = np.zeros(len(values), dtype=bool) if held.missing is None else held.missing
    e, f = events[~absent], nonevents[~absent]
    if kind == "numeric":
        numbers = np.asarray(held.values, dtype=np.float64)[~absent]
        found = _numeric(name, numbers, e, f, cut)
    else:
        found = _categorical(kind, _numbered(held.at(~absent), values), e, f, positions)
    return _with_missing(found, float(events[absent].sum()), float(nonevents[absent].sum()))


def is_number(values: pd.Series) -> bool:
    """Say whether a predictor is a number, which can be cut; raises `DataError` for dates, times and the like."""
    return _kind(classified(values, str(values.name))) == "numeric"


def _with_missing(found: Levels, events: float, nonevents: float) -> Levels:
    """Add the row of the missing values, where there are any."""
    missing = events + nonevents
    if missing == 0:
        return found
    return replace(
        found,
        labels=(*found.labels, free_label("Missing", found.labels)),
        events=np.append(found.events, events),
        nonevents=np.append(found.nonevents, nonevents),
        position=np.append(found.position, np.nan),
        missing=missing,
        notes=found.notes if found.labels else (*found.notes, f"Every value of {found.name} is missing."),
    )


def free_label(label: str, taken: tuple[str, ...]) -> str:
    """Give the label of a row that is no level, told apart from a level of that name."""
    return f"{label} (all such rows)" if label in taken else label


def _kind(held: Column) -> Kind:
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


# ---------------------------------------------------------------------------------------------------------- categories


def _numbered(held: Column, given: pd.Series) -> Labels:
    """Number the levels in the order in which they are shown: as declared, or by the numbers they name, or by text."""
    if not isinstance(held.values, Labels):
        return Labels(held.values.astype(np.intp), (False, True), held.name)
    if isinstance(given.dtype, pd.CategoricalDtype):
        return held.values
    levels = held.values.levels
    order = sorted(range(len(levels)), key=lambda i: _sort_key(levels[i]))
    place = np.empty(len(levels), dtype=np.intp)
    place[order] = np.arange(len(levels))
    return Labels(place[held.values.codes], tuple(levels[i] for i in order), held.name)


def _categorical(
    kind: Kind, found: Labels, events: Floats, nonevents: Floats, positions: Mapping[Any, float] | None
) -> Levels:
    """Count the rows of each level that occurs; none of them is missing."""
    rows = np.bincount(found.codes, minlength=len(found.levels))
    used, unused = np.flatnonzero(rows > 0), np.flatnonzero(rows == 0)
    notes = () if kind == "yes/no" or not unused.size else (_unused(found.name, [found.levels[i] for i in unused]),)
    labels = tuple(_label(found.levels[i]) for i in used)
    e, f = (binning.added(part, found.codes, len(found.levels))[used] for part in (events, nonevents))
    position, scale, why = _positions(found.name, kind, labels, positions)
    points = binning.distinct(position, e, f) if labels and scale != "none" else None
    return Levels(found.name, kind, labels, e, f, position, scale, points, 0.0, (*notes, *why))


def _unused(name: str, levels: list[Any]) -> str:
    few = "1 level" if len(levels) == 1 else f"{len(levels)} levels"
    return f"{few} of {name} without rows left out: {listing(map(_label, levels))}."


def _label(level: Any) -> str:
    if isinstance(level, (float, np.floating)):
        return binning.numerals(np.array([level], dtype=np.float64))[0]
    text = str(level)
    return text if text.strip() else repr(text)


def _sort_key(level: Any) -> tuple[int, float, float, str, str]:
    """Order levels by the number or interval that they name, then by text."""
    if isinstance(level, (bool, np.bool_)):
        return (0, float(level), 0.0, "", "")
    span = _span(_label(level))
    if span is None:
        return (1, 0.0, 0.0, str(level), type(level).__name__)
    return (0, *span, str(level), type(level).__name__)


_NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_INFINITE: Final = r"[-+]?(?:inf|∞)"
_SPANS: Final = (
    re.compile(rf"(?P<low>{_NUMBER})(?:\s*(?:-|–|—|\.\.)\s*|\s+to\s+)(?P<high>{_NUMBER})"),
    re.compile(rf"[\[\](](?P<low>{_NUMBER}|{_INFINITE})\s*[,;]\s*(?P<high>{_NUMBER}|{_INFINITE})[\])\[]"),
    re.compile(rf"(?:>=?|≥)\s*(?P<low>{_NUMBER})|(?P<more>{_NUMBER})\s*\+"),
    re.compile(rf"(?:<=?|≤)\s*(?P<high>{_NUMBER})"),
)


def _span(label: str) -> tuple[float, float] | None:
    """Read "2", "30-40", "[30, 40)", "70+" or "< 30" as the ends of an interval, or give None."""
    text = label.strip()
    if re.fullmatch(_NUMBER, text):
        return float(text), float(text)
    for pattern in _SPANS:
        found = pattern.fullmatch(text)
        if found:
            parts = {k: float(v.replace("∞", "inf")) for k, v in found.groupdict().items() if v is not None}
            low = parts.get("low", parts.get("more", -math.inf))
            high = parts.get("high", math.inf)
            return (low, high) if low < high else None
    return None


Scale = Literal["value", "mean", "middle", "rank", "none"]


def _positions(
    name: str, kind: Kind, labels: tuple[str, ...], given: Mapping[Any, float] | None
) -> tuple[Floats, Scale, tuple[str, ...]]:
    """Say where levels stand on the predictor's scale.

    Numbers stand at themselves and closed intervals at their middle. An interval without an end has no middle: then,
    and for ordered levels that are no numbers, the scale is the rank 1, 2, ... Levels without an order have no scale.
    """
    truth: dict[str, tuple[float, float]] = {"False": (0.0, 0.0), "True": (1.0, 1.0)}
    spans = [truth[label] if kind == "yes/no" else _span(label) for label in labels]
    if given is not None:
        spans = _stated(name, labels, spans, given)
    if labels and all(span is not None for span in spans):
        ends = np.array(spans, dtype=np.float64)
        if np.isfinite(ends).all():
            return ends.mean(axis=1), "value" if (ends[:, 0] == ends[:, 1]).all() else "middle", ()
        open_ended = [label for label, span in zip(labels, ends, strict=True) if not np.isfinite(span).all()]
        why = f"The interval {open_ended[0]!r} has no middle, so that the levels of {name} stand at 1, 2, ...; "
        return _ranks(labels), "rank", (why + f"positions={{{open_ended[0]!r}: ...}} says where it stands.",)
    if kind == "ordered":
        return _ranks(labels), "rank", (f"The ordered levels of {name} stand at 1, 2, ...",)
    return np.full(len(labels), np.nan), "none", ()


def _ranks(labels: tuple[str, ...]) -> Floats:
    return np.arange(1.0, len(labels) + 1)


def _stated(
    name: str,
    labels: tuple[str, ...],
    spans: list[tuple[float, float] | None],
    given: Mapping[Any, float],
) -> list[tuple[float, float] | None]:
    """Put the user's positions in place of what the labels say."""
    if not isinstance(given, Mapping):
        raise ArgumentError(f"positions= is a mapping of level to number, such as {{{'70+'!r}: 75}}, not {given!r}.")
    for level, value in given.items():
        if _label(level) not in labels:
            hint = suggestion(str(level), labels) or "."
            raise OptionError(f"positions= names the level {level!r}, which {name!r} does not have{hint}")
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not (number and math.isfinite(value)):
            raise OptionError(f"positions= puts the level {level!r} at {value!r}; give a finite number.")
    stated = {_label(level): float(value) for level, value in given.items()}
    placed = [
        (stated[label], stated[label]) if label in stated else span for label, span in zip(labels, spans, strict=True)
    ]
    lost = [label for label, span in zip(labels, placed, strict=True) if span is None]
    if lost:
        raise OptionError(f"positions= leaves out levels of {name!r} that are no numbers: {listing(map(repr, lost))}.")
    return placed


# ------------------------------------------------------------------------------------------------------------- numbers


def _numeric(name: str, values: Floats, events: Floats, nonevents: Floats, cut: Cut) -> Levels:
    finite = np.isfinite(values)
    points = binning.distinct(values[finite], events[finite], nonevents[finite])
    by_value = not cut.asked and points.value.size <= FEW_VALUES
    found = _by_value(name, points) if by_value else _by_bin(name, points, cut)
    ends = [float(part[values == end].sum()) for end in (-np.inf, np.inf) for part in (events, nonevents)]
    return _with_infinite(found, *ends)


def _by_value(name: str, points: Distinct) -> Levels:
    labels = binning.numerals(points.value)
    note = f"{name} has {len(labels)} distinct values, shown one by one; bins= cuts them into intervals."
    notes = (note,) if len(labels) > 2 else ()
    return Levels(name, "numeric", labels, points.events, points.nonevents, points.value, "value", points, 0.0, notes)


def _by_bin(name: str, points: Distinct, cut: Cut) -> Levels:
    """Cut into bins; what lies outside given edges has a row of its own."""
    if points.value.size == 0 and not cut.has_edges:
        return _by_value(name, points)
    bins, how = _chosen(name, points, cut)
    place = bins.place(points.value) + 1
    counts = binning.count(points, place, len(bins) + 2)
    n = counts.events + counts.nonevents
    show = np.ones(n.size, dtype=bool)
    show[[0, -1]] = n[[0, -1]] > 0
    labels = tuple(np.array(bins.labels(), dtype=object)[show].tolist())
    empty = int((n[1:-1] == 0).sum())
    if empty:
        how = (*how, f"{empty} of the {len(bins)} bins {'is' if empty == 1 else 'are'} empty.")
    if show[[0, -1]].any():
        how = (*how, "Values outside the edges have rows of their own.")
    return Levels(
        name,
        "numeric",
        labels,
        counts.events[show],
        counts.nonevents[show],
        counts.mean[show],
        "mean",
        points,
        0.0,
        how,
    )


def _chosen(name: str, points: Distinct, cut: Cut) -> tuple[Bins, tuple[str, ...]]:
    """Choose the edges, and say how."""
    side = f"closed on the {cut.closed}"
    if cut.has_edges:
        return binning.given_edges(cut.bins, cut.closed), (f"{name} is cut at the edges given, {side}.",)
    how: tuple[str, ...]
    rarer = min(points.events.sum(), points.nonevents.sum())
    wanted = int(cut.bins) if cut.bins is not None else (10 if rarer >= ENOUGH_FOR_TEN else 5)
    if cut.method == "width":
        bins = binning.width_edges(points, wanted, cut.closed)
        how = (f"{name} is cut into {_bins(bins)} of equal width, {side}.",)
    elif cut.method == "tree":
        bins = binning.tree_edges(points, wanted, cut.closed)
        how = (
            f"{name} is cut where its event rate changes most (a classification tree), {side}.",
            "The tree chose its cuts on these very rows, so that the bins look better than they will on new rows.",
        )
    else:
        bins = binning.quantile_edges(points, wanted, cut.closed)
        how = (
            f"{name} is cut at its quantiles (type 7) into {_bins(bins)}, {side}; rows with one value stay together.",
        )
    if len(bins) < wanted:
        how = (*how, f"{wanted} bins were wanted, and {len(bins)} {'was' if len(bins) == 1 else 'were'} formed.")
    return bins, how


def _bins(bins: Bins) -> str:
    return "1 bin" if len(bins) == 1 else f"{len(bins)} bins"


def _with_infinite(found: Levels, low_e: float, low_f: float, high_e: float, high_f: float) -> Levels:
    """Give infinite values rows of their own at the two ends: they belong to no bin and to no line."""
    first, last = low_e + low_f > 0, high_e + high_f > 0
    if not (first or last):
        return found

    def around(low: Any, values: Floats, high: Any) -> Floats:
        return np.concatenate([[low] * first, values, [high] * last])

    n = low_e + low_f + high_e + high_f
    return Levels(
        found.name,
        found.kind,
        (*["-∞"] * first, *found.labels, *["∞"] * last),
        around(low_e, found.events, high_e),
        around(low_f, found.nonevents, high_f),
        around(np.nan, found.position, np.nan),
        found.scale,
        found.points,
        0.0,
        (*found.notes, f"{n:g} rows hold an infinite value; they have rows of their own and no part in the lines."),
    )
