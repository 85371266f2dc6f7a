"""How do scores fall into groups? Quantile groups and tenths of a ranking; rows with one score stay together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.errors import OptionError
from glmlr.ranking import Ranking

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Neighbouring scores put together, in increasing order of score (g groups formed, none empty).

    Attributes:
        number: the group's number, shape (g,): 1 is the lowest of the quantile groups, and the highest of the tenths
            from the top; a number is skipped where ties leave a group without rows.
        n, events, nonevents: weight of rows, of events and of non-events, shape (g,) each.
        expected: sum of the scores of its rows, shape (g,): the expected number of events where scores are
            probabilities.
        low, high: lowest and highest score, shape (g,) each.
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
    reached = np.cumsum(ranking.rows)
    for j in range(1, groups + 1):
        row, between = _position(ranking, j, groups)
        end = min(int(np.searchsorted(reached, row, side="right")), ranking.score.size - 1)
        at_lowest = end == 0 and (not between or row + 1 < reached[0])
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
    above = ranking.total - np.cumsum(ranking.rows)
    if ranking.is_counted and ranking.total * groups < 2**51:
        twice_rank = (2 * above + ranking.rows + 1).astype(np.int64)
        number = twice_rank * groups // (2 * (int(ranking.total) + 1)) + 1
    else:
        middle = np.maximum(above, 0.0) + (ranking.rows + 1) / 2
        number = np.floor(middle * groups / (ranking.total + 1)).astype(np.int64) + 1
    number = np.clip(number, 1, groups)
    last = np.append(np.flatnonzero(np.diff(number)), number.size - 1)
    return _summed(ranking, last, number[last], groups)


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
    starts = [0, *(ranking.first_at_or_above(float(low)) for low in lows[1:])]
    parts = [slice(start, end) for start, end in zip(starts, [*starts[1:], ranking.score.size], strict=True)]
    n, events = (np.array([float(part[at].sum()) for at in parts]) for part in (ranking.rows, ranking.events))
    return Counts(n, events, np.array([float(np.dot(ranking.score[at], ranking.rows[at])) for at in parts]))


def _summed(ranking: Ranking, last: Integers, number: Integers, wanted: int) -> Groups:
    """Add up the scores between the ends of the groups."""
    first = np.append(0, last[:-1] + 1)
    events, nonevents = (np.add.reduceat(part, first) for part in (ranking.events, ranking.nonevents))
    expected = np.add.reduceat(ranking.score * ranking.rows, first)
    n = np.add.reduceat(ranking.rows, first)
    return Groups(number, n, events, nonevents, expected, ranking.score[first], ranking.score[last], wanted)
