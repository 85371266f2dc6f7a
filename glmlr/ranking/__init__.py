"""How do scores order events and non-events? The one `Ranking` from which every ranking statistic is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import DataError, WeightError
from glmlr.ranking.ordering import PIECE, Columns, Keys, in_order, in_threads, keys_of, pieces_of, values_of

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: float64 adds up whole numbers below this without rounding.
EXACT_FLOATS: Final = 2**53
#: Scores whose difference is below this many units of their 12th significant digit are one score.
_TIE_UNITS: Final = 0.99
#: Sums over so many scores are kept, longer ones made again where they are asked for.
_SHORT: Final = 1 << 20
#: Rows looked at first for a place between two scores.
_LOOK: Final = 64


@dataclass(frozen=True, eq=False)
class Ranking:
    """The distinct scores in increasing order, with the weight of events and of non-events at each.

    Attributes:
        score: distinct scores, ascending, shape (m,). Each is an observed score: the smallest of those that tie with
            it, so that `p >= score` takes the whole tie.
        events: weight of the events at each score, shape (m,).
        nonevents: weight of the non-events at each score, shape (m,).
        resolution: None where the scores are those of the rows. Otherwise rows whose linear predictors lie in one bin
            of this width count as tied, and the score is that of their mean.

    """

    score: Floats
    events: Floats
    nonevents: Floats
    resolution: float | None = None

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.score, self.events, self.nonevents):
            array.flags.writeable = False

    @cached_property
    def total_events(self) -> float:
        """Weight of all events."""
        return float(self.events.sum())

    @cached_property
    def total_nonevents(self) -> float:
        """Weight of all non-events."""
        return float(self.nonevents.sum())

    @cached_property
    def total(self) -> float:
        """Weight of all rows."""
        return self.total_events + self.total_nonevents

    @property
    def rows(self) -> Floats:
        """Weight of all rows at each score, shape (m,)."""
        return self._kept("rows", lambda: self.events + self.nonevents)

    @property
    def events_at_or_above(self) -> Floats:
        """Weight of the events with a score >= each score, shape (m,): true positives at that cut-off."""
        return self._kept("events_at_or_above", lambda: self.running(self.events[::-1])[::-1])

    @property
    def nonevents_at_or_above(self) -> Floats:
        """Weight of the non-events with a score >= each score, shape (m,): false positives at that cut-off."""
        return self._kept("nonevents_at_or_above", lambda: self.running(self.nonevents[::-1])[::-1])

    @property
    def events_below(self) -> Floats:
        """Weight of the events with a lower score, shape (m,)."""
        return self._kept("events_below", lambda: self.running(self.events) - self.events)

    @property
    def nonevents_below(self) -> Floats:
        """Weight of the non-events with a lower score, shape (m,)."""
        return self._kept("nonevents_below", lambda: self.running(self.nonevents) - self.nonevents)

    def _kept(self, name: str, make: Callable[[], Floats]) -> Floats:
        """Make an array of shape (m,), once where it is short; long ones together would take more than the rows."""
        known: Floats | None = vars(self).get(name)
        if known is None:
            known = make()
            if known.size <= _SHORT:
                vars(self)[name] = known
        return known

    @cached_property
    def is_counted(self) -> bool:
        """Whether every weight is a whole number, so that sums of weights are counts of rows."""
        return _whole(self.events) and _whole(self.nonevents)

    def running(self, weight: Floats) -> Floats:
        """Give the running sum of some of the weights, shape (m,); counts are added up as integers, which is faster."""
        if self.is_counted and self.total < EXACT_FLOATS:
            return np.cumsum(weight.astype(np.int64)).astype(np.float64)
        return np.asarray(np.cumsum(weight))

    def first_at_or_above(self, cutoff: float) -> int:
        """Give the position of the lowest score that counts as >= `cutoff`; m where none does.

        A score that ties with the cut-off (see `rank`) counts as equal to it, so that a cut-off of 0.5 treats
        0.49999999999999994 as 0.5.
        """
        position = int(np.searchsorted(self.score, cutoff, side="left"))
        if position > 0 and np.isfinite(cutoff) and _ties(np.array([self.score[position - 1], cutoff])).size:
            position -= 1
        return position

    def merge(self, other: Ranking) -> Ranking:
        """Give the ranking of both sets of rows together.

        A bin of one may lie across a bin of the other, whose order is then that of their means; the sum of two
        `ScoreBins` has no such loss.
        """
        return rank_counts(
            np.concatenate([self.score, other.score]),
            np.concatenate([self.events, other.events]),
            np.concatenate([self.nonevents, other.nonevents]),
            max((r for r in (self.resolution, other.resolution) if r is not None), default=None),
        )


def rank(score: npt.ArrayLike, outcome: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Ranking:
    """Rank rows by score; scores that differ only in the 13th significant digit are one score.

    Args:
        score: shape (n,), finite.
        outcome: shape (n,), the share of events in each row: 0 or 1, or a fraction for grouped rows.
        weight: shape (n,), non-negative number of rows each stands for; None for 1.

    Raises:
        DataError: no rows, a score that is not a finite number, an outcome outside [0, 1], or shapes that differ.
        WeightError: weights that are negative, missing, infinite, all zero, or not one per row.

    """
    s = _numbers(score, "scores", DataError)
    known = isinstance(outcome, np.ndarray) and outcome.dtype == bool
    # Outcomes that are yes or no take an eighth of the memory of numbers.
    y: npt.NDArray[Any] = np.asarray(outcome) if known else _numbers(outcome, "outcomes", DataError)
    if s.ndim != 1 or s.shape != y.shape:
        raise DataError(f"Scores and outcomes must be two arrays of one length, not of shapes {s.shape} and {y.shape}.")
    if s.size == 0:
        raise DataError("There are no rows to rank.")
    positive = _every(s.size, lambda rows: (s[rows] >= 0) & (s[rows] < np.inf))
    if not positive and not _every(s.size, lambda rows: np.isfinite(s[rows])):
        raise DataError(
            f"{int((~np.isfinite(s)).sum())} of the {s.size} scores are missing or infinite; drop those rows."
        )
    if weight is None and positive and (known or _every(s.size, lambda rows: (y[rows] == 1) | (y[rows] == 0))):
        return _rank_plain(s, y)
    y = y.astype(np.float64) if known else y
    if not _every(s.size, lambda rows: (y[rows] >= 0) & (y[rows] <= 1)):
        raise DataError("Outcomes must be 0 or 1 (or the share of events, between 0 and 1).")
    if weight is None:
        return _rank_counted(s, lambda rows: counts(y[rows]))
    w = _numbers(weight, "weights", WeightError)
    if w.shape != s.shape:
        raise WeightError(f"There are weights of shape {w.shape} for {s.size} scores; give one weight per row.")
    if not _every(w.size, lambda rows: (w[rows] >= 0) & (w[rows] < np.inf)) or not w.any():
        raise WeightError("Weights must be finite and not negative, and not all zero.")
    if not w.all():
        keep = w > 0
        s, y, w = s[keep], y[keep], w[keep]
    return _rank_counted(s, lambda rows: counts(y[rows], w[rows]))


def rank_counts(score: Floats, events: Floats, nonevents: Floats, resolution: float | None = None) -> Ranking:
    """Rank finite scores, each with a weight of events and of non-events, shape (n,), at least one; see `Ranking`."""
    ranking = _rank_counted(score, lambda rows: (events[rows], nonevents[rows]))
    return ranking if resolution is None else replace(ranking, resolution=resolution)


def counts(outcome: Floats, weight: Floats | None = None) -> tuple[Floats, Floats]:
    """Give the weight of the events and of the non-events of each row, shape (n,) each.

    A count of events given as a share (3 of 49 as 3/49) comes back as the count.
    """
    w = np.ones_like(outcome) if weight is None else weight
    events = w * outcome
    if not ((outcome == 0) | (outcome == 1)).all():
        whole = np.rint(events)
        meant = (w == np.rint(w)) & (np.abs(events - whole) <= 1e-12 * w)
        events = np.where(meant, whole, events)
    return events, w - events


def _numbers(values: npt.ArrayLike, what: str, error: type[DataError]) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise error(f"The {what} must be numbers without missing values.") from None


def _every(size: int, condition: Callable[[slice], npt.NDArray[np.bool_]]) -> bool:
    """Whether a condition holds for all rows, asked of pieces that stay in cache."""
    return all(in_threads(lambda rows: bool(condition(rows).all()), pieces_of(size)))


def _whole(values: Floats) -> bool:
    """Whether all values are whole numbers, of which float64 adds up any order without rounding (below 2^53)."""
    return _every(values.size, lambda rows: values[rows] == np.rint(values[rows]))


def _rank_plain(score: Floats, outcome: npt.NDArray[Any]) -> Ranking:
    """Rank rows of weight 1 whose scores are not negative.

    The bits of such scores sort like whole numbers and leave the sign bit free; moved up by one, which drops the sign
    of -0, they make room for the outcome, which the sort then carries along.
    """

    def columns(rows: slice) -> Columns:
        keys = score[rows].view(np.uint64) << np.uint64(1)
        keys |= outcome[rows] == 1
        return (keys,)

    (keys,) = in_order(score.size, columns)

    def counted(rows: slice) -> tuple[Floats, Floats]:
        events = (keys[rows] & np.uint64(1)).astype(np.float64)
        return events, 1.0 - events

    return _known_as_counted(_grouped(keys, lambda some: (some >> np.uint64(1)).view(np.float64), counted))


def _rank_counted(score: Floats, count: Callable[[slice], tuple[Floats, Floats]]) -> Ranking:
    """Rank rows that stand for several, of which `count` gives the events and the non-events.

    Whole numbers travel in as few bytes as hold them. Others add up in an order fixed by their values, so that the
    order of the rows moves no bit.
    """

    def largest(rows: slice) -> float:
        """Give the largest weight, infinite where one is not whole."""
        events, nonevents = count(rows)
        whole = (events == np.rint(events)).all() and (nonevents == np.rint(nonevents)).all()
        return float((events + nonevents).max()) if whole else np.inf

    most = max(in_threads(largest, pieces_of(score.size)))
    kind = np.min_scalar_type(int(most)) if most < 2**32 else np.dtype(np.float64)

    def columns(rows: slice) -> Columns:
        events, nonevents = count(rows)
        return keys_of(score[rows]), events.astype(kind), nonevents.astype(kind)

    keys, events, nonevents = in_order(score.size, columns)

    def counted(rows: slice) -> tuple[Floats, Floats]:
        part = events[rows].astype(np.float64), nonevents[rows].astype(np.float64)
        return part if most < np.inf else _by_value(keys[rows], *part)

    ranking = _grouped(keys, values_of, counted)
    return _known_as_counted(ranking) if most < np.inf else ranking


def _known_as_counted(ranking: Ranking) -> Ranking:
    """Store in a ranking that sums of whole numbers are whole, which it would look up otherwise."""
    vars(ranking)["is_counted"] = True
    return ranking


def _by_value(keys: Keys, events: Floats, nonevents: Floats) -> tuple[Floats, Floats]:
    """Put what stands at one score in the order of its values; the scores are in order."""
    same = np.append(np.append(False, keys[1:] == keys[:-1]), False)
    among = np.flatnonzero(same[1:] | same[:-1])
    order = among[np.lexsort((nonevents[among], events[among], keys[among]))]
    events[among], nonevents[among] = events[order], nonevents[order]
    return events, nonevents


def _grouped(
    keys: Keys, scores_of: Callable[[Keys], Floats], counted: Callable[[slice], tuple[Floats, Floats]]
) -> Ranking:
    """Add up what stands at one score.

    Args:
        keys: the keys of the rows, in order; they are used up.
        scores_of: gives the scores that belong to some keys.
        counted: gives the events and the non-events of some rows.

    """
    pieces = _pieces_between_scores(keys.size, lambda rows: scores_of(keys[rows]))
    ties = in_threads(lambda rows: _ties(scores_of(keys[rows])), pieces)
    ends = np.cumsum([rows.stop - rows.start - joined.size for rows, joined in zip(pieces, ties, strict=True)]).tolist()
    events, nonevents = np.empty(ends[-1]), np.empty(ends[-1])
    score = keys.view(np.float64)

    def add_up(number: int) -> None:
        rows, joined = pieces[number], ties[number]
        at = slice(ends[number - 1] if number else 0, ends[number])
        for total, part in zip((events, nonevents), counted(rows), strict=True):
            total[at] = _summed(part, joined)
        # Last, for it overwrites the keys of these rows.
        distinct = _without(scores_of(keys[rows]), joined)
        score[rows.start : rows.start + distinct.size] = distinct

    in_threads(add_up, range(len(pieces)))
    if ends[-1] < score.size:
        # The scores of a piece move up to those of the piece before.
        for number, rows in enumerate(pieces):
            begin = ends[number - 1] if number else 0
            size = ends[number] - begin
            score[begin : begin + size] = score[rows.start : rows.start + size]
    return Ranking(score[: ends[-1]], events, nonevents)


def _without(values: Floats, joined: Positions) -> Floats:
    return np.delete(values, joined) if joined.size else values


def _summed(values: Floats, joined: Positions) -> Floats:
    """Add what belongs to the row before to it: one by one where it is rare, run by run where it is not."""
    if 8 * joined.size < values.size:
        total = _without(values, joined)
        np.add.at(total, joined - np.arange(1, joined.size + 1), values[joined])
        return total
    return np.asarray(np.add.reduceat(values, np.delete(np.arange(values.size), joined)))


def _pieces_between_scores(size: int, ordered: Callable[[slice], Floats]) -> list[slice]:
    """Cut rows in order into pieces that stay in cache, where neighbours are too far apart to be one score."""
    edges = [0]
    for edge in range(PIECE, size, PIECE):
        start, look = max(edge, edges[-1] + 1), _LOOK
        while start < size:
            _, apart = _gaps(ordered(slice(start - 1, start + look)))
            if apart.any():
                edges.append(start + int(np.argmax(apart)))
                break
            start, look = start + look, 2 * look
    return [slice(begin, end) for begin, end in pairwise([*edges, size])]


def _gaps(ordered: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Give the distances of neighbours, and whether they are apart whatever their 12th digit, shape (n - 1,) each."""
    with np.errstate(over="ignore"):
        gap = np.diff(ordered)
    return gap, gap > 1e-11 * np.abs(ordered[1:])


def _ties(ordered: Floats) -> Positions:
    """Give the rows whose score is that of the row before, the scores being in order.

    A score belongs to the one before where they differ by less than a unit of the 12th significant digit (of the
    smaller in size). Where such neighbours form a chain longer than that unit, each score is compared with the
    first of its group instead: dense scores are not run together.
    """
    gaps, apart = _gaps(ordered)
    joined = np.flatnonzero(~apart) + 1
    gap = gaps[joined - 1]
    near = gap > 0
    if not near.any():
        return joined
    size = np.minimum(np.abs(ordered[joined]), np.abs(ordered[joined - 1]))[near]
    unit = np.zeros(joined.size)
    unit[near] = _TIE_UNITS * 10.0 ** (np.floor(np.log10(size)) - 11)
    tied = (gap < unit) | ~near
    return _without_chains(ordered, joined[tied], unit[tied]) if (tied & near).any() else joined[tied]


def _without_chains(ordered: Floats, joined: Positions, unit: Floats) -> Positions:
    """Begin a new score inside each run of near neighbours that has grown longer than a unit.

    Args:
        ordered: the scores, in order.
        joined: the rows that seem to have the score of the row before.
        unit: a unit of the 12th digit where they differ, 0 where they do not.

    """
    head = np.flatnonzero(np.diff(joined, prepend=-1) != 1)
    width = np.maximum.reduceat(unit, head)
    begin, end = joined[head] - 1, joined[np.append(head[1:], joined.size) - 1] + 1
    long = np.flatnonzero((width > 0) & (ordered[end - 1] - ordered[begin] >= width))
    starts = []
    for at, stop, step in zip(begin[long].tolist(), end[long].tolist(), width[long].tolist(), strict=True):
        while (at := at + int(np.searchsorted(ordered[at:stop], ordered[at] + step, side="left"))) < stop:
            starts.append(at)
    return np.setdiff1d(joined, starts, assume_unique=True)
