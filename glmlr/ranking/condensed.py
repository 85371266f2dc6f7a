"""Which few scores can stand for many? A ranking of the means of narrow bins, for what is smooth in the score."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking
from glmlr.runs import in_threads, runs_of

Floats = npt.NDArray[np.float64]

#: A ranking of so many distinct scores is left as it is.
EXACT: Final = 5000
#: Bins are no wider than one of so many equal parts of the range, and hold no more of the distinct scores.
PARTS: Final = 2000


def condensed(ranking: Ranking) -> Ranking:
    """Put neighbouring scores into narrow bins, each with the mean of its rows; few scores are left as they are.

    Every bin is at most 1/2000 of the range wide and holds at most 1/2000 of the distinct scores, so that there are no
    more than about 4000; the lowest and the highest score stay by themselves. For a function f of the score the sum
    over rows changes by less than n w^2 max|f''| / 8, w being the width of a bin. What was found is kept with the
    ranking.
    """
    if ranking.score.size <= EXACT:
        return ranking
    known = vars(ranking)
    if "condensed" not in known:
        known["condensed"] = _condensed(ranking)
    found: Ranking = known["condensed"]
    return found


def _condensed(ranking: Ranking) -> Ranking:
    score, size = ranking.score, ranking.score.size
    wide = np.searchsorted(score, np.linspace(float(score[0]), float(score[-1]), PARTS + 1)[1:-1])
    many = np.linspace(0, size, PARTS + 1)[:-1].astype(np.intp)
    start = np.unique(np.concatenate([wide, many, [1, size - 1]]))
    events, nonevents = (np.add.reduceat(part, start) for part in (ranking.events, ranking.nonevents))
    ends = np.append(start[1:], size)

    def summed(bins: slice) -> Floats:
        """Add up the distances of the rows of some bins to the lowest score in each; a sum of scores loses digits."""
        some = slice(int(start[bins.start]), int(ends[bins.stop - 1]))
        inside = start[bins] - some.start
        low = np.repeat(score[start[bins]], ends[bins] - start[bins])
        rows = ranking.events[some] + ranking.nonevents[some]
        return np.asarray(np.add.reduceat((score[some] - low) * rows, inside))

    above = np.concatenate(in_threads(summed, runs_of(start.size, 32)))
    return replace(ranking, score=score[start] + above / (events + nonevents), events=events, nonevents=nonevents)
