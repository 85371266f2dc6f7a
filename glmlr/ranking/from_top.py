"""What lies at or above each score? Running sums from the highest score, for runs of scores that stay in cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking
from glmlr.ranking.ordering import in_threads, pieces_of

Floats = npt.NDArray[np.float64]
T = TypeVar("T")


class Above(NamedTuple):
    """A run of scores, ascending, and what stands at or above each (shape (r,)), and above the run.

    Attributes:
        rows: the run.
        events: events at each score.
        nonevents: non-events at each score.
        true_positives: events at or above each score.
        false_positives: non-events at or above each score.
        events_above: events above the whole run.
        nonevents_above: non-events above the whole run.

    """

    rows: slice
    events: Floats
    nonevents: Floats
    true_positives: Floats
    false_positives: Floats
    events_above: float
    nonevents_above: float


def from_top(ranking: Ranking, function: Callable[[Above], T]) -> list[T]:
    """Give what a function makes of each run of scores, from the lowest run to the highest.

    No array as long as the scores is made: the sums of the runs are known before their running sums are.
    """
    runs = pieces_of(ranking.score.size)
    above = _above(ranking, runs)

    def ask(number: int) -> T:
        rows, (events_above, nonevents_above) = runs[number], above[number].tolist()
        events, nonevents = ranking.events[rows], ranking.nonevents[rows]
        return function(
            Above(
                rows,
                events,
                nonevents,
                events_above + np.cumsum(events[::-1])[::-1],
                nonevents_above + np.cumsum(nonevents[::-1])[::-1],
                events_above,
                nonevents_above,
            )
        )

    return in_threads(ask, range(len(runs)))


def _above(ranking: Ranking, runs: list[slice]) -> Floats:
    """Give the events and the non-events above each run, shape (runs, 2); kept, for every statistic asks for them."""
    known = vars(ranking).get("above_runs")
    if isinstance(known, np.ndarray):
        return known
    sums = np.array(
        in_threads(lambda rows: (float(ranking.events[rows].sum()), float(ranking.nonevents[rows].sum())), runs)
    )
    above = np.append(np.cumsum(sums[::-1], axis=0)[-2::-1], np.zeros((1, 2)), axis=0)
    vars(ranking)["above_runs"] = above
    return above
