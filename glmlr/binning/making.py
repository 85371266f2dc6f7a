"""What bins follow from these rows? The frozen bins of a number, or of a predictor with levels, made from its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.binning.cutting import FEW_VALUES, Cut, Special, chosen
from glmlr.binning.distinct import Distinct, added, distinct
from glmlr.binning.edges import Limits, fine_bins, numerals
from glmlr.binning.frozen import AFTER, BEFORE, Binning, Kind
from glmlr.binning.merging import MOST_FINE, critical_value, merged
from glmlr.binning.tree import LEAF_SHARE
from glmlr.errors import OptionError, listing

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: So many levels are named in the label of a row that holds several.
_NAMED: Final = 4


@dataclass(frozen=True, eq=False)
class Made:
    """Frozen bins, and the finite values of a number that they were made from (None of a predictor with levels)."""

    binning: Binning
    points: Distinct | None


def fit_numbers(name: str, values: Floats, events: Floats, nonevents: Floats, cut: Cut) -> Binning:
    """Make bins of a number; see `numbers_made`."""
    return numbers_made(name, values, events, nonevents, cut).binning


def numbers_made(name: str, values: Floats, events: Floats, nonevents: Floats, cut: Cut) -> Made:
    """Make bins of a number.

    Args:
        name: of the predictor.
        values: shape (n,); NaN is missing.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        cut: how.

    """
    if cut.rare is not None:
        raise OptionError(f"rare= pools levels, and {name!r} is a number; leave it out.")
    special = tuple((label, tuple(one for one in held if not isinstance(one, str))) for label, held in cut.special)
    special = tuple(pair for pair in special if pair[1])
    apart = (
        np.isin(values, [one for _, held in special for one in held]) if special else np.zeros(values.size, dtype=bool)
    )
    inner = np.isfinite(values) & ~apart
    points = (
        distinct(values, events, nonevents) if inner.all() else distinct(values[inner], events[inner], nonevents[inner])
    )
    empty = _numbers_laid_out(name, points, cut, special)
    rest = ~inner
    counts = [added(part, empty.place(points.value, "own"), len(empty)) for part in (points.events, points.nonevents)]
    if rest.any():
        rows = empty.place(values[rest], "own")
        counts = [
            held + added(part[rest], rows, len(empty)) for held, part in zip(counts, (events, nonevents), strict=True)
        ]
    return Made(replace(empty, events=counts[0], nonevents=counts[1]), points)


def _numbers_laid_out(name: str, points: Distinct, cut: Cut, special: Special) -> Binning:
    """Lay out the rows of a number, still without counts."""
    by_value = (not cut.asked and points.value.size <= FEW_VALUES) or (points.value.size == 0 and not cut.has_edges)
    notes: tuple[str, ...]
    if by_value:
        bins, values = None, points.value
        inner: tuple[str, ...] = ("Below", *numerals(values), "Above")
        notes = (f"{name} has {values.size} distinct values, shown one by one; bins= cuts them into intervals.",)
        notes = notes if values.size > 2 else ()
    else:
        found = chosen(name, points, cut)
        bins, values, notes = found.bins, None, found.notes
        inner = bins.labels()
    rows = BEFORE + len(inner) - 2 + AFTER
    labels = _labelled(("-∞", *inner, "∞"), ("Other values", *(label for label, _ in special), "Missing"))
    nothing = np.zeros(rows + 2 + len(special))
    return Binning(name, "numeric", labels, nothing, nothing, bins, values, None, special, None, notes)


def _labelled(first: Sequence[str], later: Sequence[str]) -> tuple[str, ...]:
    """Give all labels; one that is taken says that it is no level."""
    taken = list(first)
    for label in later:
        taken.append(free_label(label, tuple(taken)))
    return tuple(taken)


def free_label(label: str, taken: tuple[str, ...]) -> str:
    """Give the label of a row that is no level, told apart from a level of that name."""
    return f"{label} (all such rows)" if label in taken else label


# -------------------------------------------------------------------------------------------------------------- levels


def fit_levels(
    name: str,
    codes: Integers,
    levels: Sequence[Any],
    events: Floats,
    nonevents: Floats,
    cut: Cut,
    *,
    ordered: bool = False,
    kind: Kind | None = None,
) -> Binning:
    """Make the rows of a predictor with levels.

    Args:
        name: of the predictor.
        codes: place of each row's level, shape (n,); -1 is missing.
        levels: the levels, in the order in which they are shown.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).
        cut: how; of the methods only "chimerge" merges levels.
        ordered: whether the order of the levels means something, so that only neighbours are merged.
        kind: what the predictor is called; by default "ordered" or "categorical".

    Raises:
        OptionError: bins, or a method for numbers.

    """
    kind = kind or ("ordered" if ordered else "categorical")
    _check_levels(name, kind, cut)
    rows_of = np.where(codes < 0, len(levels), codes)
    e, f = (added(part, rows_of, len(levels) + 1) for part in (events, nonevents))
    held = (e + f)[:-1] > 0
    special = tuple((label, tuple(one for one in values if one in levels)) for label, values in cut.special)
    special = tuple((label, values) for label, values in special if values)
    apart = np.array([any(level in values for _, values in special) for level in levels], dtype=bool)
    used = np.flatnonzero(held & ~apart).tolist()
    groups, notes, pooled = _grouped(name, [[at] for at in used], levels, e, f, cut, kind == "ordered")
    unused = [level_label(levels[at]) for at in np.flatnonzero(~held & ~apart).tolist()]
    if unused and kind != "yes/no":
        few = "1 level" if len(unused) == 1 else f"{len(unused)} levels"
        notes = (f"{few} of {name} without rows left out: {listing(unused)}.", *notes)
    place = {level: at for at, level in enumerate(levels)}
    parts = [*groups, [], *([place[one] for one in values] for _, values in special), [len(levels)]]
    grouped_e, grouped_f = (np.array([part[group].sum() for group in parts]) for part in (e, f))
    inner = [_group_label([levels[at] for at in group]) for group in groups]
    if pooled is not None:
        inner[pooled] = free_label(f"Other ({len(groups[pooled])} levels)", tuple(inner))
    later = ("Unseen levels", *(label for label, _ in special), "Missing")
    named = tuple(tuple(levels[at] for at in group) for group in groups)
    return Binning(name, kind, _labelled(inner, later), grouped_e, grouped_f, None, None, named, special, pooled, notes)


def _check_levels(name: str, kind: Kind, cut: Cut) -> None:
    """Refuse what is for numbers."""
    if cut.method == "chimerge" and not cut.has_edges and kind != "yes/no":
        return
    if cut.asked:
        what = "holds yes/no values" if kind == "yes/no" else "is not a number"
        others = "" if kind == "yes/no" else " (method='chimerge' merges levels)"
        raise OptionError(
            f"The column {name!r} {what}, so that bins= and method= do not apply; leave them out{others}."
        )


_Groups = list[list[int]]


def _grouped(
    name: str, groups: _Groups, levels: Sequence[Any], events: Floats, nonevents: Floats, cut: Cut, ordered: bool
) -> tuple[_Groups, tuple[str, ...], int | None]:
    """Pool rare levels, and merge levels of like event rate, where that was asked for."""
    notes: tuple[str, ...] = ()
    pooled: list[int] = []
    n = events + nonevents
    if cut.rare is not None:
        total = float(n.sum())
        pooled = [at for (at,) in groups if n[at] < cut.rare * total * (1 - 1e-12)]
        if len(pooled) < 2:
            pooled = []
        else:
            named = listing([level_label(levels[at]) for at in pooled], 20)
            notes = (
                f"{len(pooled)} levels of {name} with less than {100 * cut.rare:g}% of the rows are pooled: {named}.",
            )
            rare = set(pooled)
            groups = [group for group in groups if group[0] not in rare]
    if cut.method == "chimerge" and groups:
        groups, why = _merged_levels(name, groups, events, nonevents, cut, ordered)
        notes = (*notes, *why)
    return [*groups, pooled] if pooled else groups, notes, len(groups) if pooled else None


def _merged_levels(
    name: str, groups: _Groups, events: Floats, nonevents: Floats, cut: Cut, ordered: bool
) -> tuple[_Groups, tuple[str, ...]]:
    """Merge levels whose event rates are alike: neighbours in their order, or in the order of their rates."""
    at = np.array([group[0] for group in groups])
    if not ordered:
        at = at[np.argsort(events[at] / (events[at] + nonevents[at]), kind="stable")]
    e, f = events[at], nonevents[at]
    wanted = cut.wanted(float(e.sum()), float(f.sum()))
    share = LEAF_SHARE if cut.min_share is None else cut.min_share
    ranked = Distinct(np.arange(float(at.size)), e, f)
    fine = fine_bins(ranked, MOST_FINE)
    limits = Limits.of(ranked, wanted, share, float(cut.min_events or 0))
    first = merged(np.add.reduceat(e, fine), np.add.reduceat(f, fine), limits, critical_value(cut.alpha))
    parts = np.split(at, fine[first[1:]])
    order = "neighbouring levels" if ordered else "levels in the order of their event rates"
    how = (
        f"{at.size} levels of {name} are merged into {len(parts)} rows: {order}, until the chi-square of each two "
        f"neighbours has p < {cut.alpha:g}, at most {wanted} are left, each with at least {100 * share:g}% of the rows."
    )
    if fine.size < at.size:
        how += f" They were first put into {fine.size} groups of neighbours of about equal size."
    optimistic = "Rows merged by the very outcomes they show look more different than they will on new rows."
    return [sorted(part.tolist()) for part in parts], (how, optimistic)


def _group_label(levels: Sequence[Any]) -> str:
    """Name a row by its levels; of many the first, and how many more."""
    return listing([level_label(level) for level in levels], _NAMED)


def level_label(level: Any) -> str:
    """Write a level as text: a number without a needless .0, blanks in quotes."""
    if isinstance(level, (float, np.floating)):
        return numerals(np.array([level], dtype=np.float64))[0]
    text = str(level)
    return text if text.strip() else repr(text)
