"""Into which bin does a value fall, and what did the outcomes of the fit say of it? woe(x) and cut(x) of a formula.

Both learn bins from the rows of the fit: `woe` gives each row the weight of evidence of its bin, `cut` makes the bins
the levels of a factor. Bins may be chosen by the outcomes, and a weight of evidence always is, so that in a fold or a
bootstrap sample they are learnt anew from the rows fitted there.

Reference: Siddiqi (2006), Credit Risk Scorecards, chapter 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.binning import Binning, Cut, fit_levels, fit_numbers
from glmlr.language.categories import Labels
from glmlr.language.transforms import Learned, Learner, Learning, Outcomes, SupervisedLearning
from glmlr.sources.value_counts import LevelCounts, NumberCounts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Ways to choose edges that look at the outcomes.
_BY_OUTCOME: Final = ("tree", "chimerge", "monotone", "optimal")


# ------------------------------------------------------------------------------------------------ what is learnt


@dataclass(frozen=True, eq=False)
class WeightOfEvidence:
    """woe(x, bins=...): the weight of evidence of the bin or level of x among the rows of the fit.

    Attributes:
        binning: the bins, with the events and non-events of the fit in each.

    """

    binning: Binning

    def __call__(self, x: Any, *_: Any, **__: Any) -> Floats:
        """Give the weight of evidence of each row, shape (m,); NaN where the fit had no row like it."""
        woe = np.asarray(self.binning.woe)
        return np.asarray(woe[self.binning.place(_placed(x))])

    def unseen(self, x: Any) -> Mapping[Any, Bools]:
        """Say which rows hold a value that the fit has not seen: level -> rows; None stands for a missing value."""
        rows = self.binning.place(_placed(x))
        strange = np.isnan(np.asarray(self.binning.woe)[rows])
        if not strange.any():
            return {}
        found: dict[Any, Bools] = {}
        missing = strange & (rows == self.binning.missing_row)
        if missing.any():
            found[None] = missing
        others = strange & ~missing
        if isinstance(x, Labels):
            found |= {x.levels[code]: others & (x.codes == code) for code in np.unique(x.codes[others]).tolist()}
        elif others.any():
            found |= {self.binning.labels[row]: others & (rows == row) for row in np.unique(rows[others]).tolist()}
        return found

    @property
    def note(self) -> str:
        """What must be said of a model with these weights."""
        return (
            f"weights of evidence of {_filled(self.binning)}{_without_value(self.binning)}, learnt from the outcomes "
            "of these very rows; standard errors take them as known and are too small."
        )


@dataclass(frozen=True, eq=False)
class CutLevels:
    """cut(x, bins=...): the bin of x, chosen among the rows of the fit, as a level of a factor.

    Attributes:
        binning: the bins.
        by_outcome: whether the outcomes of the fit had a say in the edges.

    """

    binning: Binning
    by_outcome: bool

    def __call__(self, x: Any, *_: Any, **__: Any) -> Labels:
        """Give the bin of each row; none where the fit had no row like it."""
        filled = self.binning.events + self.binning.nonevents > 0
        level = np.where(filled, np.cumsum(filled) - 1, -1)
        levels = tuple(label for label, some in zip(self.binning.labels, filled, strict=True) if some)
        codes = level[self.binning.place(_placed(x))]
        return Labels(codes.astype(np.min_scalar_type(-len(levels) - 1)), levels, self.binning.name, ordered=False)

    @property
    def note(self) -> str | None:
        """What must be said of a model with these bins."""
        if not self.by_outcome:
            return None
        return (
            f"{_filled(self.binning)}{_without_value(self.binning)}, chosen by the outcomes of these very rows; "
            "standard errors take them as known and are too small."
        )


def _without_value(binning: Binning) -> str:
    n = float(binning.events[binning.missing_row] + binning.nonevents[binning.missing_row])
    return f", one of them the {n:g} rows without a value" if n else ""


def _filled(binning: Binning) -> str:
    """Count the bins or levels that hold rows."""
    held = int((binning.events + binning.nonevents > 0).sum())
    what = "bin" if binning.kind == "numeric" else "level"
    return f"{held} {what}" if held == 1 else f"{held} {what}s"


def _placed(x: Any) -> Any:
    """Give values as a `Binning` takes them; yes and no are levels."""
    if isinstance(x, Labels):
        return x
    values = np.asarray(x)
    if values.dtype.kind == "b":
        return Labels(values.astype(np.intp), (False, True), "")
    return np.asarray(values, dtype=np.float64)


# ------------------------------------------------------------------------------------------------ how it is learnt


@dataclass(frozen=True, eq=False)
class _Held:
    """Values as they are, with their outcomes: one chunk of rows."""

    values: Any
    outcomes: Outcomes


@dataclass(frozen=True, eq=False)
class _Seen:
    """What some rows tell: how to cut, the values with their outcomes, and the outcomes of rows without a value."""

    cut: Cut
    values: _Held | NumberCounts | LevelCounts
    missing: Floats


@dataclass(frozen=True, eq=False)
class _BinLearning(SupervisedLearning, Learning):
    """Learns bins; rows that come in chunks are counted by value."""

    def look(self, weight: Outcomes, x: Any, bins: Any = None, **options: Any) -> _Seen:
        """Take the values and outcomes of a chunk.

        Raises:
            TypeError: more than one column, or options that are none.

        """
        values = _placed(x)
        held = values.codes if isinstance(values, Labels) else values
        if held.ndim != 1:
            raise TypeError("one column is needed")
        absent = held < 0 if isinstance(values, Labels) else np.isnan(held)
        missing = np.array([weight.events[absent].sum(), weight.nonevents[absent].sum()])
        return _Seen(Cut(bins, **options), _Held(values, weight), missing)

    def add(self, one: _Seen, other: _Seen) -> _Seen:
        """Count both sets of rows by value."""
        mine, theirs = _counted(one.values), _counted(other.values)
        if isinstance(mine, NumberCounts) and isinstance(theirs, NumberCounts):
            return _Seen(one.cut, mine.added(theirs), one.missing + other.missing)
        if isinstance(mine, LevelCounts) and isinstance(theirs, LevelCounts):
            return _Seen(one.cut, mine.added(theirs), one.missing + other.missing)
        raise TypeError("the column is not of one kind in all parts of the data")

    def binning(self, total: _Seen) -> Binning:
        """Make the bins of all rows."""
        found = total.values
        if isinstance(found, _Held):
            return _of_rows(found, total.cut)
        if isinstance(found, LevelCounts):
            return _of_levels(found, total)
        series, events, nonevents = found.predictor("")
        values = np.append(series.to_numpy(dtype=np.float64), np.nan)
        return fit_numbers(
            "", values, np.append(events, total.missing[0]), np.append(nonevents, total.missing[1]), total.cut
        )


@dataclass(frozen=True, eq=False)
class EvidenceLearning(_BinLearning):
    """Learns bins and their weights of evidence."""

    def learnt(self, total: _Seen) -> Learned:
        """Give the weights."""
        return WeightOfEvidence(self.binning(total))


@dataclass(frozen=True, eq=False)
class CutLearning(_BinLearning):
    """Learns bins."""

    def learnt(self, total: _Seen) -> Learned:
        """Give the bins."""
        return CutLevels(self.binning(total), total.cut.method in _BY_OUTCOME)


def _of_rows(found: _Held, cut: Cut) -> Binning:
    values, outcomes = found.values, found.outcomes
    if not isinstance(values, Labels):
        return fit_numbers("", values, outcomes.events, outcomes.nonevents, cut)
    return fit_levels(
        values.name,
        values.codes,
        values.levels,
        outcomes.events,
        outcomes.nonevents,
        cut,
        ordered=values.ordered,
        kind=_kind(values.levels, values.ordered),
    )


def _of_levels(found: LevelCounts, total: _Seen) -> Binning:
    levels = tuple(found.declared) or tuple(sorted(found.counts, key=lambda level: (str(type(level)), level)))
    codes = np.arange(-1, len(levels))
    none = np.zeros(2)
    counts = np.array([total.missing, *(found.counts.get(level, none) for level in levels)])
    return fit_levels(
        "",
        codes,
        levels,
        counts[:, 0],
        counts[:, 1],
        total.cut,
        ordered=found.ordered,
        kind=_kind(levels, found.ordered),
    )


def _kind(levels: tuple[Any, ...], ordered: bool) -> Any:
    if levels and all(isinstance(level, (bool, np.bool_)) for level in levels):
        return "yes/no"
    return "ordered" if ordered else "categorical"


def _counted(found: _Held | NumberCounts | LevelCounts) -> NumberCounts | LevelCounts:
    """Count rows that have a value by value."""
    if not isinstance(found, _Held):
        return found
    values, outcomes = found.values, found.outcomes
    if isinstance(values, Labels):
        there = values.codes >= 0
        labels = Labels(values.codes[there], values.levels, values.name, values.ordered)
        return LevelCounts.of(labels, outcomes.events[there], outcomes.nonevents[there], values.ordered)
    there = ~np.isnan(values)
    return NumberCounts.of(values[there], outcomes.events[there], outcomes.nonevents[there])


#: name -> learner.
EVIDENCE: Final[Mapping[str, Learner]] = {"woe": Learner(EvidenceLearning()), "cut": Learner(CutLearning())}
