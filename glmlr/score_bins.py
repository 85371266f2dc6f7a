"""How are scores ranked that nobody can hold? As they are while few differ, and beyond that in fine bins.

A `ScoreBins` is a sum over blocks of rows in constant memory: blocks read from disk, or sums made on several machines,
are added up in any order and give one `Ranking`.

Distinct linear predictors are kept as they are up to a limit. Beyond it they are counted in bins of width 2**-level
whose edges are whole multiples of the width, at the finest level at which so many bins reach from the lowest to the
highest. A bin of one level is a union of bins of any finer level, so that counts move from level to level without
loss, and the order of adding does not matter: not by a bit where weights are whole numbers, by rounding where not.

In bins, the numbers of events and of non-events are exact, and so is the mean linear predictor of each bin (to 2**-40).
The order of two rows in one bin is lost: they count as tied, and c is off by `Ranking.concordance_error` at most. What
is counted at or above a cut-off is what lies above a linear predictor less than a width away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.errors import DataError
from glmlr.ordering import Columns, in_order, keys_of, pieces_of, values_of
from glmlr.ranking import Ranking, counts, rank_counts

Floats = npt.NDArray[np.float64]
#: Whole numbers until there are weights.
Counts = npt.NDArray[Any]

#: Distinct linear predictors that are kept, and bins beyond: about 50 MB.
MOST_SCORES: Final = 1 << 21
#: Beyond this, on either side, every link gives a probability of 0 or 1 to the last bit.
_CERTAIN: Final = 1024.0
#: The places of rows in a bin are added up as whole multiples of 2**-40, of which float64 adds up 2^53 exactly: of 16
#: bits of linear predictor in 2^21 bins, those of 2^29 rows in one bin.
_FINEST: Final = 40
#: Rows located together: the temporaries stay in cache.
_PIECE: Final = 1 << 14


class _Rows(NamedTuple):
    """Linear predictors and what stands at each, shape (b,).

    Attributes:
        eta: linear predictors, 0 without a sign.
        events: weight of the events; whether the row is an event where all rows have weight 1.
        nonevents: weight of the non-events; None where all rows have weight 1.

    """

    eta: Floats
    events: npt.NDArray[Any]
    nonevents: Floats | None

    def weights(self, which: slice = slice(None)) -> tuple[Floats, Floats]:
        """Give the weight of events and of non-events, shape (b,) each."""
        events = self.events[which].astype(np.float64)
        return events, 1.0 - events if self.nonevents is None else self.nonevents[which]

    def some(self, which: npt.NDArray[np.bool_]) -> _Rows:
        """Give some of the rows."""
        return _Rows(self.eta[which], self.events[which], None if self.nonevents is None else self.nonevents[which])


@dataclass(frozen=True, eq=False)
class _Bins:
    """Rows counted in bins.

    Attributes:
        level: the bins have the width 2**-level.
        first: the first bin begins at so many widths.
        low: lowest linear predictor inside the bins; infinite where there is none.
        high: highest one; minus infinite where there is none.
        counts: weight of non-events and of events in each bin, shape (bins, 2).
        place: sum of weight x distance from the left edge, in units of 2**-40, shape (bins,).
        certain: weight of non-events and of events below all bins and above, shape (2, 2).

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
        if level == self.level:
            return self
        step = 1 << (self.level - level)
        first, lead = divmod(self.first, step)
        size = -(-(lead + self.place.size) // step)
        fill = (lead, size * step - lead - self.place.size)
        counts = np.pad(self.counts, (fill, (0, 0))).reshape(size, step, 2)
        place = np.pad(self.place, fill).reshape(size, step)
        left_edge = np.arange(step) * 2.0 ** (_FINEST - self.level)
        place = place.sum(axis=1) + (counts.sum(axis=2) * left_edge).sum(axis=1)
        return _Bins(level, first, self.low, self.high, counts.sum(axis=1), place, self.certain)

    def rows(self) -> _Rows:
        """Give the mean linear predictor of each bin that has rows, and its counts."""
        counts = np.concatenate([self.certain[:1], self.counts, self.certain[1:]]).astype(np.float64)
        weight = counts.sum(axis=1)
        with np.errstate(invalid="ignore"):
            mean = self.place / weight[1:-1] * 2.0**-_FINEST
        left_edge = (self.first + np.arange(self.place.size)) * 2.0**-self.level
        found = _Rows(np.concatenate([[-np.inf], left_edge + mean, [np.inf]]), counts[:, 1], counts[:, 0])
        return found.some(weight > 0)


@dataclass(frozen=True, eq=False)
class ScoreBins:
    """Scores of any number of rows, in constant memory; `+` adds those of other rows.

    Attributes:
        waiting: rows that were added and not yet looked at.
        known: all other rows: distinct linear predictors, ascending, or bins.
        limit: distinct linear predictors that are kept, and bins beyond.

    """

    waiting: tuple[_Rows, ...] = ()
    known: _Rows | _Bins | None = None
    limit: int = MOST_SCORES

    @classmethod
    def of(cls, eta: Floats, outcome: Floats, weight: Floats | None = None, *, limit: int = MOST_SCORES) -> ScoreBins:
        """Take in a block of rows.

        Args:
            eta: linear predictors, shape (b,); infinite ones are those of separated rows.
            outcome: share of events of each row, shape (b,), in [0, 1].
            weight: number of trials of each row, shape (b,), not negative; None for 1.
            limit: distinct linear predictors to keep, and bins beyond; the same for all that is added up.

        """
        # Adding 0 copies, for the caller's array may change, and takes the sign from -0.
        rows = _Rows(eta + 0.0, outcome == 1, None)
        if weight is not None or not (rows.events | (outcome == 0)).all():
            rows = _Rows(rows.eta, *counts(outcome, weight))
        if weight is not None and not weight.all():
            rows = rows.some(weight > 0)
        return cls((rows,), None, limit)

    def __add__(self, other: ScoreBins) -> ScoreBins:
        """Give the scores of both sets of rows."""
        waiting = (*self.waiting, *other.waiting)
        known = [part for part in (self.known, other.known) if part is not None]
        if len(known) == 2 or sum(rows.eta.size for rows in waiting) >= self.limit // 2:
            return ScoreBins((), _together([*waiting, *known], self.limit), self.limit)
        return ScoreBins(waiting, known[0] if known else None, self.limit)

    def __reduce__(self) -> tuple[type[ScoreBins], tuple[tuple[()], _Rows | _Bins, int]]:
        """Pickle what is known, of a size that does not grow with the rows."""
        return ScoreBins, ((), self._known, self.limit)

    @property
    def resolution(self) -> float | None:
        """Width of the bins on the scale of the linear predictor; None where every distinct one was kept."""
        return 2.0**-self._known.level if isinstance(self._known, _Bins) else None

    def ranking(self, mean: Callable[[Floats], Floats]) -> Ranking:
        """Rank the rows by the probabilities that `mean` gives of linear predictors; equal to `rank` without bins.

        Raises:
            DataError: there are no rows.

        """
        rows = self._known.rows() if isinstance(self._known, _Bins) else self._known
        if not rows.eta.size:
            raise DataError("There are no rows to rank.")
        return rank_counts(mean(rows.eta), *rows.weights(), self.resolution)

    @cached_property
    def _known(self) -> _Rows | _Bins:
        """What is known of all rows, those that wait included."""
        known = [] if self.known is None else [self.known]
        return _together([*self.waiting, *known], self.limit) if self.waiting or not known else known[0]


def _together(parts: Sequence[_Rows | _Bins], limit: int) -> _Rows | _Bins:
    """Give the distinct linear predictors of all parts, or bins where they are too many."""
    rows = _one_after_another([part for part in parts if isinstance(part, _Rows)])
    bins = [part for part in parts if isinstance(part, _Bins)]
    if not bins and rows.eta.size:
        rows = _distinct(rows)
    return _binned(rows, bins, limit) if bins or rows.eta.size > limit else rows


def _one_after_another(parts: Sequence[_Rows]) -> _Rows:
    if not parts:
        return _Rows(np.empty(0), np.empty(0), np.empty(0))
    eta = np.concatenate([part.eta for part in parts])
    if np.isnan(eta.min(initial=0.0)):
        raise DataError(f"{int(np.isnan(eta).sum())} linear predictors are missing; there is no ranking of such rows.")
    if all(part.nonevents is None for part in parts):
        return _Rows(eta, np.concatenate([part.events for part in parts]), None)
    events, nonevents = zip(*(part.weights() for part in parts), strict=True)
    return _Rows(eta, np.concatenate(events), np.concatenate(nonevents))


def _distinct(rows: _Rows) -> _Rows:
    """Add up rows with one linear predictor, and give them in order."""

    def columns(which: slice) -> Columns:
        own = (rows.events,) if rows.nonevents is None else (rows.events, rows.nonevents)
        return keys_of(rows.eta[which]), *(part[which].copy() for part in own)

    keys, *own = in_order(rows.eta.size, columns, alone=True)
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    events, nonevents = _Rows(rows.eta, own[0], own[1] if len(own) > 1 else None).weights()
    return _Rows(values_of(keys[first]), np.add.reduceat(events, first), np.add.reduceat(nonevents, first))


def _binned(rows: _Rows, bins: Sequence[_Bins], limit: int) -> _Bins:
    """Count rows, and what was counted before, in the finest bins that reach from end to end."""
    inside, certain = _split(rows)
    low = min([float(inside.eta.min(initial=np.inf)), *(part.low for part in bins)])
    high = max([float(inside.eta.max(initial=-np.inf)), *(part.high for part in bins)])
    level, first, size = _range_of_bins(low, high, limit)
    counts, place = _counted(inside, level, first, size)
    for part in bins:
        coarse = part.at_level(level)
        at = slice(coarse.first - first, coarse.first - first + coarse.place.size)
        counts = counts.astype(np.result_type(counts, coarse.counts), copy=False)
        counts[at] += coarse.counts
        place[at] += coarse.place
        certain += part.certain
    return _Bins(level, first, low, high, counts, place, certain)


def _split(rows: _Rows) -> tuple[_Rows, Floats]:
    """Give the rows of uncertain outcome, and the weight of the others as in `_Bins`."""
    certain = np.zeros((2, 2))
    if rows.eta.min(initial=0.0) > -_CERTAIN and rows.eta.max(initial=0.0) < _CERTAIN:
        return rows, certain
    for side, which in enumerate((rows.eta <= -_CERTAIN, rows.eta >= _CERTAIN)):
        certain[side] = [part.sum() for part in reversed(rows.some(which).weights())]
    return rows.some(np.abs(rows.eta) < _CERTAIN), certain


def _range_of_bins(low: float, high: float, limit: int) -> tuple[int, int, int]:
    """Give the finest level at which `limit` bins reach from low to high, the first bin, and how many it takes."""
    if low > high:
        return _FINEST, 0, 0
    for level in range(_FINEST, -_FINEST, -1):
        first, last = (math.floor(end * 2.0**level) for end in (low, high))
        if last - first < limit:
            break
    return level, first, last - first + 1


def _counted(rows: _Rows, level: int, first: int, size: int) -> tuple[Counts, Floats]:
    """Count rows in bins, and add up their places; see `_Bins`."""
    # The types are stated where numpy gives whole numbers for no rows.
    number, place = np.empty(rows.eta.size, np.intp), np.empty(rows.eta.size)
    for some in pieces_of(rows.eta.size, _PIECE):
        widths = rows.eta[some] * 2.0**level
        edge = np.floor(widths)
        widths -= edge
        widths *= 2.0 ** (_FINEST - level)
        np.rint(widths, out=place[some])
        edge -= first
        number[some] = edge
    if rows.nonevents is None:
        places = np.bincount(number, place, size).astype(np.float64, copy=False)
        number *= 2
        number += rows.events
        return np.bincount(number, minlength=2 * size).reshape(size, 2), places
    place *= rows.events + rows.nonevents
    counts = np.empty((size, 2))
    counts[:, 0] = np.bincount(number, rows.nonevents, size)
    counts[:, 1] = np.bincount(number, rows.events, size)
    return counts, np.bincount(number, place, size).astype(np.float64, copy=False)
