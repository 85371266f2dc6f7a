"""How do scores fall into groups? Quantile groups, tenths, and cut-offs kept from other rows; ties stay together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.errors import OptionError
from glmlr.ranking import Ranking

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Scores that are looked at together.
_RUN: Final = 1 << 16


@dataclass(frozen=True, eq=False)
class Groups:
    """Neighbouring scores put together, in increasing order of score (g groups; none empty but with `groups_at`).

    Attributes:
        number: the group's number, shape (g,): 1 is the lowest of the quantile groups, and the highest of the tenths
            from the top; a number is skipped where ties leave a group without rows.
        n, events, nonevents: weight of rows, of events and of non-events, shape (g,) each.
        expected: sum of the scores of its rows, shape (g,): the expected number of events where scores are
            probabilities.
        low, high: lowest and highest score, shape (g,) each; see `groups_at` for cut-offs kept from other rows.
        wanted: number of groups asked for.

    """

    number: Integers
    n: Floats
    events: Floats
    nonevents: Floats
    expected: Floats
    low: Floats
    high: Floats
    wanted: int

    def __len__(self) -> int:
        """Count the groups formed."""
        return int(self.number.size)


def checked_groups(groups: int, smallest: int = 2) -> int:
    """Return a number of groups, or raise an `OptionError`."""
    if isinstance(groups, (int, np.integer)) and not isinstance(groups, bool) and groups >= smallest:
        return int(groups)
    raise OptionError(f"groups={groups!r} is not a number of groups; give a whole number of at least {smallest}.")


def quantile_groups(ranking: Ranking, groups: int) -> Groups:
    """Group by type-7 quantiles of the scores: right-closed, the lowest score included, empty groups left out.

    The quantile of j / groups lies at position h = j (N - 1) / groups among the N rows in order, counted from 0: at
    or above row floor(h), and below the next row unless the two tie. A right-closed group therefore ends with the
    score of row floor(h); the place is found in whole numbers, so that no rounding can move a row. As with R's
    `cut(x, unique(quantile(x, ...)), include.lowest = TRUE)`, quantiles that equal the lowest score close no group.

    Reference: Hyndman & Fan (1996), The American Statistician 50, 361-365, definition 7.
    """
    ends: list[int] = []
    runs, lowest = _runs(ranking), float(ranking.events[0] + ranking.nonevents[0])
    for j in range(1, groups + 1):
        row, between = _position(ranking, j, groups)
        end = min(_place_of(ranking, runs, row), ranking.score.size - 1)
        at_lowest = end == 0 and (not between or row + 1 < lowest)
        if not at_lowest or j == groups:
            ends.append(end)
    last = np.array(sorted(set(ends)), dtype=np.int64)
    return _summed(ranking, last, np.arange(1, last.size + 1), groups)


def _position(ranking: Ranking, j: int, groups: int) -> tuple[float, bool]:
    """Give floor(h) and whether h lies between two rows, for h = j (N - 1) / groups."""
    if ranking.is_counted:
        row, rest = divmod(j * (int(ranking.total) - 1), groups)
        return float(row), rest > 0
    place = max(j * (ranking.total - 1) / groups, 0.0)
    return float(np.floor(place)), not place.is_integer()


def top_groups(ranking: Ranking, groups: int) -> Groups:
    """Cut the rows into groups of equal size from the highest score down; ties go together.

    With ranks 1 (highest) to N, and the mean rank r for rows that tie, a row belongs to group
    floor(r groups / (N + 1)) + 1. Without ties the sizes differ by at most one; a tie goes whole where its middle
    falls. Numbers are compared as whole numbers, so that no rounding can move a row. This is the rule of SAS
    `PROC RANK GROUPS= DESCENDING TIES=MEAN`.
    """
    runs = _runs(ranking)
    outermost = [ranking.events[at] + ranking.nonevents[at] for at in (runs.start, runs.stop - 1)]
    first = _top_number(ranking, runs.below + outermost[0], outermost[0], groups)
    last = _top_number(ranking, runs.reached, outermost[1], groups)
    # Group -> its highest score; of a group in several runs the last one stays.
    ends = dict(zip(last.tolist(), (runs.stop - 1).tolist(), strict=True))
    for at in np.flatnonzero(first != last):
        run = slice(int(runs.start[at]), int(runs.stop[at]))
        rows = ranking.events[run] + ranking.nonevents[run]
        number = _top_number(ranking, runs.below[at] + np.cumsum(rows), rows, groups)
        for change in np.flatnonzero(np.diff(number)):
            ends[int(number[change])] = run.start + int(change)
    numbers = np.array(sorted(ends, reverse=True), dtype=np.int64)
    return _summed(ranking, np.array([ends[int(one)] for one in numbers], dtype=np.int64), numbers, groups)


def _top_number(ranking: Ranking, reached: Floats, rows: Floats, groups: int) -> Integers:
    """Give the group of scores with so many rows at or below them, and so many at them, shape (m,) each."""
    above = ranking.total - reached
    if ranking.is_counted and ranking.total * groups < 2**51:
        twice_rank = (2 * above + rows + 1).astype(np.int64)
        number = twice_rank * groups // (2 * (int(ranking.total) + 1)) + 1
    else:
        middle = np.maximum(above, 0.0) + (rows + 1) / 2
        number = np.floor(middle * groups / (ranking.total + 1)).astype(np.int64) + 1
    return np.asarray(np.clip(number, 1, groups))


class _Runs(NamedTuple):
    """Neighbouring scores that stay in cache, so that no array as long as the scores is made (r runs, ascending).

    Attributes:
        start, stop: their ends, shape (r,).
        below: weight of the rows below each, shape (r,).
        reached: the same with its own rows, shape (r,).

    """

    start: Integers
    stop: Integers
    below: Floats
    reached: Floats


def _runs(ranking: Ranking) -> _Runs:
    start = np.arange(0, ranking.score.size, _RUN)
    reached = np.cumsum(np.add.reduceat(ranking.events, start) + np.add.reduceat(ranking.nonevents, start))
    return _Runs(start, np.append(start[1:], ranking.score.size), np.append(0.0, reached[:-1]), reached)


def _place_of(ranking: Ranking, runs: _Runs, row: float) -> int:
    """Give the place of the score that a row has, the rows counted from 0 in order; m beyond the last."""
    at = int(np.searchsorted(runs.reached, row, side="right"))
    if at == runs.start.size:
        return int(ranking.score.size)
    run = slice(int(runs.start[at]), int(runs.stop[at]))
    reached = runs.below[at] + np.cumsum(ranking.events[run] + ranking.nonevents[run])
    return run.start + int(np.searchsorted(reached, row, side="right"))


@dataclass(frozen=True, eq=False)
class Edges:
    """Cut-offs that hold for any rows: where groups begin, whatever the scores are (g groups).

    Attributes:
        cutoff: the lowest score of each group but the lowest, ascending, shape (g - 1,).
        number: of the groups from the lowest scores up, shape (g,).

    """

    cutoff: Floats
    number: Integers

    def __len__(self) -> int:
        """Count the groups."""
        return int(self.number.size)


def edges_of(groups: Groups) -> Edges:
    """Keep the cut-offs of groups, with their numbers."""
    return Edges(groups.low[1:], groups.number)


def given_edges(edges: Any) -> Edges:
    """Take the user's own cut-offs: k of them part scores into k + 1 groups, the highest of which is group 1.

    Raises:
        OptionError: no cut-offs, or some that are no numbers, missing, infinite, repeated or not in increasing order.

    """
    advice = "give one cut-off or several in increasing order, such as [0.1, 0.2, 0.5]"
    try:
        cutoff = np.array(edges, dtype=np.float64, ndmin=1)
    except (TypeError, ValueError):
        raise OptionError(f"edges={edges!r} holds no cut-offs; {advice}.") from None
    if cutoff.ndim != 1 or cutoff.size == 0:
        raise OptionError(f"edges= has the shape {cutoff.shape}; {advice}.")
    if not np.isfinite(cutoff).all():
        raise OptionError(f"{int((~np.isfinite(cutoff)).sum())} of the cut-offs in edges= are no numbers; {advice}.")
    if (step := np.flatnonzero(np.diff(cutoff) <= 0)).size:
        first, second = cutoff[step[0]], cutoff[step[0] + 1]
        raise OptionError(
            f"The cut-offs in edges= are not in increasing order: {second:g} follows {first:g}; {advice}."
        )
    return Edges(cutoff, np.arange(cutoff.size + 1, 0, -1))


def groups_at(ranking: Ranking, edges: Edges) -> Groups:
    """Put scores into groups whose cut-offs are kept from other rows; groups may be empty.

    A score belongs to the highest group whose cut-off it reaches (to 12 significant digits), and below all cut-offs to
    the lowest. `low` is the cut-off, of the lowest group its lowest score; `high` is the highest score in the group.
    Both are NaN where there is none.
    """
    parts = _parts(ranking, edges.cutoff)
    events, nonevents = (
        np.array([float(part[at].sum()) for at in parts]) for part in (ranking.events, ranking.nonevents)
    )
    expected = np.array([_scores(ranking, at) for at in parts])
    high = np.array([ranking.score[at.stop - 1] if at.stop > at.start else np.nan for at in parts])
    low = np.append(ranking.score[0] if parts[0].stop > 0 else np.nan, edges.cutoff)
    return Groups(edges.number, events + nonevents, events, nonevents, expected, low, high, len(edges))


def _parts(ranking: Ranking, cutoff: Floats) -> list[slice]:
    """Give the runs of scores below the lowest of rising cut-offs, shape (k,), and from each to the next: k + 1."""
    starts = [0, *(ranking.first_at_or_above(float(one)) for one in cutoff)]
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], ranking.score.size], strict=True)]


@dataclass(frozen=True, eq=False)
class Counts:
    """Weight of rows and of events, and sum of scores, in each of some groups that may be empty, shape (g,) each."""

    n: Floats
    events: Floats
    expected: Floats


def counts_between(ranking: Ranking, lows: Floats) -> Counts:
    """Count from each of the rising lower edges, shape (g,), to the next; the first group takes all that is below.

    A score that ties with an edge (to 12 significant digits) is at it.
    """
    parts = _parts(ranking, lows[1:])
    events, nonevents = (
        np.array([float(part[at].sum()) for at in parts]) for part in (ranking.events, ranking.nonevents)
    )
    return Counts(events + nonevents, events, np.array([_scores(ranking, at) for at in parts]))


def _summed(ranking: Ranking, last: Integers, number: Integers, wanted: int) -> Groups:
    """Add up the scores between the ends of the groups."""
    first = np.append(0, last[:-1] + 1)
    events, nonevents = (np.add.reduceat(part, first) for part in (ranking.events, ranking.nonevents))
    ends = [slice(int(start), int(end) + 1) for start, end in zip(first, last, strict=True)]
    expected = np.array([_scores(ranking, at) for at in ends])
    low, high = ranking.score[first], ranking.score[last]
    return Groups(number, events + nonevents, events, nonevents, expected, low, high, wanted)


def _scores(ranking: Ranking, at: slice) -> float:
    """Add up the scores of the rows of a run."""
    score = ranking.score[at]
    return float(np.dot(score, ranking.events[at]) + np.dot(score, ranking.nonevents[at]))


def chi_square_terms(observed: Floats, expected: Floats) -> Floats:
    """Give (O - E)^2 / E; 0 where nothing was expected and nothing seen, infinite where something was seen."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (observed - expected) ** 2 / expected
    return np.asarray(np.where((expected == 0) & (observed == 0), 0.0, terms))
