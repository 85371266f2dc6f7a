"""Which shares of rows, events and non-events lie above each score? The gains and KS curves, as points to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.outline import outline
from glmlr.ranking import Ranking

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Points looked at along each kind of outcome before the outline is taken.
_STEPS: Final = 2000
#: Scores that are looked at together.
_RUN: Final = 1 << 16


@dataclass(frozen=True, eq=False)
class Shares:
    """Cumulated shares from the highest score down, beginning with no row, shape (p,) each; NaN without such rows."""

    rows: Floats
    events: Floats
    nonevents: Floats


def cumulated(ranking: Ranking, most: int = 500) -> Shares:
    """Give the cumulative curves of events and of non-events over rows at the points that the eye needs.

    Args:
        ranking: the scores, in any number.
        most: number of points that either curve needs at most.

    """
    places = _even_steps(ranking)
    # From the highest score down, beginning with no row; a share of nothing is NaN.
    above = [
        np.append(0.0, np.cumsum(np.add.reduceat(side, places)[::-1])) for side in (ranking.events, ranking.nonevents)
    ]
    rows = (above[0] + above[1]) / (above[0][-1] + above[1][-1])
    with np.errstate(invalid="ignore"):
        of_events, of_nonevents = (side / side[-1] for side in above)
    curves = [share for share in (of_events, of_nonevents) if not np.isnan(share[-1])]
    kept = np.unique(np.concatenate([outline(rows, share, most) for share in curves]))
    return Shares(rows[kept], of_events[kept], of_nonevents[kept])


def _even_steps(ranking: Ranking) -> Positions:
    """Choose the ends and places at even steps along the events and along the non-events, both cumulated."""
    size = ranking.score.size
    if size <= 2 * _STEPS:
        return np.arange(size)
    chosen = [np.array([0, size - 1])]
    starts = np.arange(0, size, _RUN)
    for side in (ranking.events, ranking.nonevents):
        reached = np.append(0.0, np.cumsum(np.add.reduceat(side, starts)))
        steps = np.linspace(0.0, float(reached[-1]), _STEPS)
        for number, start in enumerate(starts):
            low, high = np.searchsorted(steps, reached[number : number + 2], side="right")
            if low < high:
                up = reached[number] + np.cumsum(side[start : start + _RUN])
                chosen.append(start + np.minimum(np.searchsorted(up, steps[low:high]), up.size - 1))
    return np.unique(np.concatenate(chosen))
