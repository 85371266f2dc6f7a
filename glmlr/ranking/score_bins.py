"""How are scores ranked that nobody can hold? As they are while few differ, and beyond that in fine bins.

A `ScoreBins` is a sum over blocks of rows in constant memory: blocks read from disk, or sums made on several machines,
are added up in any order and give one `Ranking`.

Distinct linear predictors are kept as they are up to a limit. Beyond it they are counted in bins of width 2**-level
whose edges are whole multiples of the width, at the finest level at which so many bins reach from the lowest to the
highest. A bin of one level is a union of bins of any finer level, so that counts move from level to level without
loss, and the order of adding does not matter: not by a bit where weights are whole numbers, by rounding where not.

In bins, the numbers of events and of non-events are exact, and so is the mean linear predictor of each bin (to 2**-40).
The order of two rows in one bin is lost: they count as tied, and c is off by `concordance_error` at most. What is
counted at or above a cut-off is what lies above a linear predictor less than a width away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.errors import DataError
from glmlr.ranking import Ranking, counts, rank_counts
from glmlr.ranking.ordering import Columns, in_order, keys_of, pieces_of, values_of

Floats = npt.NDArray[np.float64]
#: Floats; whole numbers or truth values where every row has weight 1.
Counts = npt.NDArray[Any]

#: Distinct linear predictors that are kept, and bins beyond: about 50 MB.
MOST_SCORES: Final = 1 << 21
#: From here on, on either side, every link gives a probability of 0 or 1 to the last bit.
_CERTAIN: Final = 1024.0
#: The places of rows in a bin are added up in units of 2**-40, of which float64 adds up 2^53 without rounding: at the
#: width of 2**-17 that leaves room for 2^30 rows in a bin.
_FINEST: Final = 40
#: Rows that are put into bins together: what is computed on the way stays in cache.
_PIECE: Final = 1 << 14


class _Rows(NamedTuple):
    """Linear predictors and what stands at each, shape (b,).

    Attributes:
        eta: linear predictors, 0 without a sign.
        events: weight of the events; whether the row is one, where all weights are 1.
        nonevents: weight of the non-events; whether the row is one, where all weights are 1.
        low: the lowest linear predictor; infinite where there is none, NaN where one is missing.
        high: the highest one; minus infinite where there is none.

    """

    eta: Floats
    events: Counts
    nonevents: Counts
    low: float
    high: float

    @classmethod
    def of(cls, eta: Floats, events: Counts, nonevents: Counts) -> _Rows:
        """Give rows with their range."""
        return cls(eta, events, nonevents, float(eta.min(initial=np.inf)), float(eta.max(initial=-np.inf)))

    def some(self, which: npt.NDArray[np.bool_]) -> _Rows:
        """Give some of the rows."""
        return _Rows.of(self.eta[which], self.events[which], self.nonevents[which])


@dataclass(frozen=True, eq=False)
class _Bins:
    """Rows counted in bins.

    Attributes:
        level: the bins have the width 2**-level.
        first: the first bin begins at so many widths.
        low: lowest linear predictor in a bin; infinite where there is none.
        high: highest one; minus infinite where there is none.
        counts: weight of non-events and of events in each bin, shape (bins, 2).
        place: sum of weight x distance from the left edge, in units of 2**-40, shape (bins,).
        certain: weight of non-events and of events below all bins, and above, shape (2, 2).

    """

    level: int
    first: int
    low: float
    high: float
    counts: Counts
    place: Floats
    certain: Floats

    def at_level(self, level: int) -> _Bins:
        """Give the same rows in bins of a level that is not finer."""
        if level == self.level or not self.place.size:
            return replace(self, level=level)
        fine = self.first + np.arange(self.place.size)
        coarse = fine >> (self.level - level)
        edge = (fine - (coarse << (self.level - level))) * 2.0 ** (_FINEST - self.level)
        start = np.flatnonzero(np.diff(coarse, prepend=coarse[:1] - 1))
        place = np.add.reduceat(self.place + (self.counts[:, 0] + self.counts[:, 1]) * edge, start)
        counts = np.add.reduceat(self.counts, start, axis=0)
        return replace(self, level=level, first=int(coarse[0]), counts=counts, place=place)

    def rows(self) -> _Rows:
        """Give the mean linear predictor of each bin that has rows, and what is counted there."""
        taken = np.flatnonzero(self.counts.any(axis=1))
        found = self.counts[taken].astype(np.float64)
        mean = (self.first + taken) * 2.0**-self.level + self.place[taken] / found.sum(axis=1) * 2.0**-_FINEST
        counts = np.concatenate([self.certain[:1], found, self.certain[1:]])
        eta = np.concatenate([[-np.inf], mean, [np.inf]])
        return _Rows.of(eta, counts[:, 1], counts[:, 0]).some(counts.sum(axis=1) > 0)


@dataclass(frozen=True, eq=False)
class ScoreBins:
    """Scores of any number of rows, in constant memory; `+` adds those of other rows.

    Attributes:
        waiting: rows that were added and not yet looked at.
        known: what is known of all others: distinct linear predictors in order, or bins.
        limit: distinct linear predictors that are kept, and bins beyond; at least 2, for 0 is an edge of all bins.
        size: number of rows that wait.

    """

    waiting: tuple[_Rows, ...] = ()
    known: _Rows | _Bins | None = None
    limit: int = MOST_SCORES
    size: int = 0

    @classmethod
    def of(cls, eta: Floats, outcome: Floats, weight: Floats | None = None, *, limit: int = MOST_SCORES) -> ScoreBins:
        """Take in a block of rows.

        Args:
            eta: linear predictors, shape (b,); infinite ones are those of separated rows.
            outcome: share of events of each row, shape (b,), in [0, 1].
            weight: number of trials of each row, shape (b,), not negative; None for 1.
            limit: distinct linear predictors to keep, and bins beyond, at least 2; one number for all that is added up.

        """
        # Adding 0 takes the sign from -0, and copies: the caller's array may change.
        rows = _Rows.of(eta + 0.0, outcome == 1, outcome == 0)
        if weight is not None or not (rows.events | rows.nonevents).all():
            events, nonevents = counts(outcome, weight)
            rows = rows._replace(events=events, nonevents=nonevents)
        if weight is not None and not weight.all():
            rows = rows.some(weight > 0)
        return cls((rows,), None, limit, rows.eta.size)

    def __add__(self, other: ScoreBins) -> ScoreBins:
        """Give the scores of both sets of rows."""
        waiting, size = (*self.waiting, *other.waiting), self.size + other.size
        known = [part for part in (self.known, other.known) if part is not None]
        if len(known) == 2 or size >= self.limit:
            return ScoreBins((), _together([*waiting, *known], self.limit), self.limit)
        return ScoreBins(waiting, known[0] if known else None, self.limit, size)

    def __reduce__(self) -> tuple[type[ScoreBins], tuple[tuple[()], _Rows | _Bins, int]]:
        """Pickle what is known, the size of which does not grow with the rows."""
        return ScoreBins, ((), self._all, self.limit)

    @property
    def resolution(self) -> float | None:
        """Width of the bins on the scale of the linear predictor; None where every distinct one was kept."""
        return 2.0**-self._all.level if isinstance(self._all, _Bins) else None

    def ranking(self, mean: Callable[[Floats], Floats]) -> Ranking:
        """Rank the rows by the probabilities that `mean` gives of linear predictors; without bins this equals `rank`.

        Raises:
            DataError: there are no rows.

        """
        rows = self._all.rows() if isinstance(self._all, _Bins) else self._all
        if not rows.eta.size:
            raise DataError("There are no rows to rank.")
        return rank_counts(mean(rows.eta), rows.events, rows.nonevents, self.resolution)

    def concordance_error(self) -> float:
        """Give the most by which c of the ranking can differ from that of the rows, ties in the 12th digit aside.

        Pairs of an event and a non-event in different bins stand in their order. A pair in one bin counts 1/2 and may
        be worth 0 or 1: half the share of such pairs, sum(events x nonevents) / (2 x pairs), is the most they make up.
        0 without bins, and where there is no pair.
        """
        if isinstance(self._all, _Rows):
            return 0.0
        inside, certain = self._all.counts, self._all.certain
        nonevents, events = inside.sum(axis=0) + certain.sum(axis=0)
        in_one_bin = float(np.multiply(*inside.T, dtype=np.float64).sum())
        return in_one_bin / (2.0 * float(events) * float(nonevents)) if events and nonevents else 0.0

    @cached_property
    def _all(self) -> _Rows | _Bins:
        """What is known of all rows, those that wait included."""
        if self.known is not None and not self.waiting:
            return self.known
        return _together([*self.waiting, *([] if self.known is None else [self.known])], self.limit)


def _together(parts: Sequence[_Rows | _Bins], limit: int) -> _Rows | _Bins:
    """Give the distinct linear predictors of all parts, or bins where they are too many."""
    rows = [part for part in parts if isinstance(part, _Rows) and part.eta.size]
    bins = [part for part in parts if isinstance(part, _Bins)]
    missing = sum(int(np.isnan(part.eta).sum()) for part in rows if math.isnan(part.low))
    if missing:
        raise DataError(f"{missing} linear predictors are missing; rows without one cannot be ranked.")
    if bins:
        return _binned(rows, bins, limit)
    if not rows:
        return _Rows.of(np.empty(0), np.empty(0), np.empty(0))
    distinct = _distinct(rows)
    return distinct if distinct.eta.size <= limit else _binned([distinct], [], limit)


def _distinct(parts: Sequence[_Rows]) -> _Rows:
    """Give the distinct linear predictors in order, and what stands at each."""
    eta, events, nonevents = (np.concatenate([part[column] for part in parts]) for column in range(3))

    def columns(some: slice) -> Columns:
        return keys_of(eta[some]), events[some].copy(), nonevents[some].copy()

    # This thread may be the one that takes in what the others make.
    keys, events, nonevents = in_order(eta.size, columns, alone=True)
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    counts = (np.add.reduceat(side, first, dtype=np.float64) for side in (events, nonevents))
    return _Rows.of(values_of(keys[first]), *counts)


def _binned(rows: Sequence[_Rows], bins: Sequence[_Bins], limit: int) -> _Bins:
    """Count rows, and what was counted before, in the finest bins that reach from end to end."""
    split = [_split(part) for part in rows]
    inside = [part for part, _ in split if part.eta.size]
    low = min([*(part.low for part in inside), *(part.low for part in bins)], default=np.inf)
    high = max([*(part.high for part in inside), *(part.high for part in bins)], default=-np.inf)
    level, first, size = _range_of_bins(low, high, limit)
    counts, place = _counted(inside, level, first, size)
    for part in bins:
        coarse = part.at_level(level)
        at = slice(coarse.first - first, coarse.first - first + coarse.place.size)
        counts = counts.astype(np.result_type(counts, coarse.counts), copy=False)
        counts[at] += coarse.counts
        place[at] += coarse.place
    certain = np.sum([*(part for _, part in split), *(part.certain for part in bins)], axis=0)
    return _Bins(level, first, low, high, counts, place, certain)


def _split(rows: _Rows) -> tuple[_Rows, Floats]:
    """Give the rows of uncertain outcome, and the weight of the others as in `_Bins`."""
    certain = np.zeros((2, 2))
    if rows.low > -_CERTAIN and rows.high < _CERTAIN:
        return rows, certain
    for side, which in enumerate((rows.eta <= -_CERTAIN, rows.eta >= _CERTAIN)):
        certain[side] = rows.nonevents[which].sum(), rows.events[which].sum()
    return rows.some(np.abs(rows.eta) < _CERTAIN), certain


def _range_of_bins(low: float, high: float, limit: int) -> tuple[int, int, int]:
    """Give the finest level at which `limit` bins reach from low to high, the first bin, and how many it takes."""
    if low > high:
        return _FINEST, 0, 0
    level, first, last = _FINEST + 1, 0, limit
    while last - first >= limit:
        level -= 1
        first, last = (math.floor(end * 2.0**level) for end in (low, high))
    return level, first, last - first + 1


def _counted(parts: Sequence[_Rows], level: int, first: int, size: int) -> tuple[Counts, Floats]:
    """Count rows in bins, and add up their places; see `_Bins`."""
    if not parts:
        return np.zeros((size, 2), np.int64), np.zeros(size)
    rows = sum(part.eta.size for part in parts)
    half, place = np.empty(rows, np.intp), np.empty(rows)
    at = 0
    for part in parts:
        for some in pieces_of(part.eta.size, _PIECE):
            here = slice(at + some.start, at + some.stop)
            half[here], place[here] = _located(part.eta[some], part.events[some], level, first)
        at += part.eta.size
    if all(part.events.dtype == bool for part in parts):
        counts: Counts = np.bincount(half, minlength=2 * size).reshape(size, 2)
        half >>= 1
    else:
        half >>= 1
        events, nonevents = (np.concatenate([part[column] for part in parts]) for column in (1, 2))
        counts = np.stack([np.bincount(half, weight, size) for weight in (nonevents, events)], axis=1)
        place *= events + nonevents
    return counts, np.asarray(np.bincount(half, place, size), dtype=np.float64)


def _located(eta: Floats, events: Counts, level: int, first: int) -> tuple[Floats, Floats]:
    """Give the half of a bin in which each row counts, and its place in the bin in units of 2**-40.

    The first half is that of the non-events, the second that of the events; rows that are neither count in any.
    """
    place = eta * 2.0**level
    edge = np.floor(place)
    place -= edge
    place *= 2.0 ** (_FINEST - level)
    edge -= first
    edge *= 2.0
    if events.dtype == bool:
        edge += events
    return edge, np.rint(place)
