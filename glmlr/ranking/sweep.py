"""What does each cut-off call positive? Counted piece by piece, so that no array as long as the scores is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking
from glmlr.ranking.cells import Cells
from glmlr.ranking.ordering import in_threads, pieces_of

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

#: Scores of a piece: few, so that not much is looked at in vain; a divisor of what a thread takes at once.
STEP: Final = 1 << 12


class Rates(NamedTuple):
    """What cut-offs call positive, as shares of the events and of the non-events, shape (m,) each.

    Attributes:
        sensitivity: share of the events with a score at or above the cut-off.
        false_positive_rate: share of the non-events there.

    """

    sensitivity: Floats
    false_positive_rate: Floats


@dataclass(frozen=True, eq=False)
class Sweep:
    """A ranking cut into pieces, with what lies above each.

    Attributes:
        ranking: the scores.
        pieces: runs of scores, ascending.
        sums: weight of the events and of the non-events in each piece, shape (pieces, 2).
        true: weight of the events at or above the start of each piece, and 0 behind the last, shape (pieces + 1,).
        false: the same of the non-events.

    """

    ranking: Ranking
    pieces: list[slice]
    sums: Floats
    true: Floats
    false: Floats

    @classmethod
    def of(cls, ranking: Ranking) -> Sweep:
        """Cut a ranking into pieces."""
        parts = in_threads(lambda rows: _added(ranking, rows), pieces_of(ranking.score.size))
        sums = np.concatenate(parts, axis=1).T
        above = np.vstack([np.cumsum(sums[::-1], axis=0)[::-1], np.zeros((1, 2))])
        return cls(ranking, pieces_of(ranking.score.size, STEP), sums, above[:, 0], above[:, 1])

    @property
    def edges(self) -> Rates:
        """The rates at the start of each piece, and 0 behind the last, shape (pieces + 1,)."""
        return Rates(self.true / self.true[0], self.false / self.false[0])

    @property
    def ends(self) -> tuple[Rates, Rates]:
        """The rates at the lower and at the higher end of each piece, shape (pieces,)."""
        sensitivity, false_positive_rate = self.edges
        return Rates(sensitivity[:-1], false_positive_rate[:-1]), Rates(sensitivity[1:], false_positive_rate[1:])

    @property
    def total(self) -> float:
        """Weight of all rows."""
        return float(self.true[0] + self.false[0])

    @property
    def prevalence(self) -> float:
        """Share of the events among all rows."""
        return float(self.true[0]) / self.total

    def inside(self, number: int) -> Rates:
        """Give the rates at the scores of a piece, ascending."""
        rows = self.pieces[number]
        true = self.true[number + 1] + np.cumsum(self.ranking.events[rows][::-1])[::-1]
        false = self.false[number + 1] + np.cumsum(self.ranking.nonevents[rows][::-1])[::-1]
        return self._shares(true, false)

    def cells(self, place: int) -> Cells:
        """Count the four cells of the cut-off at a place, m for one above all scores.

        Both sides of the cut-off are added up by themselves, so that nothing comes out as nothing whatever the weights.
        """
        number = min(place // STEP, len(self.pieces) - 1)
        piece = self.pieces[number]
        sides = (self.ranking.events, self.ranking.nonevents)
        above = [
            float(total[number + 1] + side[place : piece.stop].sum())
            for total, side in zip((self.true, self.false), sides, strict=True)
        ]
        below = [
            float(self.sums[:number, column].sum() + side[piece.start : place].sum())
            for column, side in enumerate(sides)
        ]
        return Cells(*above, *below)

    def at(self, places: Positions) -> Rates:
        """Give the rates at some places, ascending, distinct and below m."""
        sides = (self.ranking.events, self.ranking.nonevents)
        return self._shares(*(np.cumsum(np.add.reduceat(side, places)[::-1])[::-1] for side in sides))

    def _shares(self, true: Floats, false: Floats) -> Rates:
        # Weights that are no counts add up to a little more or less in another order, and no share exceeds 1.
        return Rates(np.minimum(true / self.true[0], 1.0), np.minimum(false / self.false[0], 1.0))

    def first(self, condition: Callable[[Rates], Bools]) -> int:
        """Give the lowest place at which a condition holds that, once true, holds at all higher scores; m for none."""
        beyond = int(np.argmax(np.append(condition(self.edges)[:-1], True)))
        if beyond == 0:
            return 0
        holds = condition(self.inside(beyond - 1))
        rows = self.pieces[beyond - 1]
        return int(rows.start) + int(np.argmax(holds)) if holds.any() else int(rows.stop)

    def some(self, most: int) -> Positions:
        """Choose places to draw curves through: at even steps of rank and at even steps of score, all if they are few.

        Args:
            most: about how many.

        """
        score = self.ranking.score
        if score.size <= most:
            return np.arange(score.size)
        by_rank = np.linspace(0, score.size - 1, most // 2).astype(np.intp)
        by_score = np.searchsorted(score, np.linspace(score[0], score[-1], most // 2))
        return np.unique(np.append(by_rank, np.minimum(by_score, score.size - 1)))


def _added(ranking: Ranking, rows: slice) -> Floats:
    """Add up the events and the non-events of each piece among some scores, shape (2, pieces)."""
    starts = np.arange(0, rows.stop - rows.start, STEP)
    return np.array([np.add.reduceat(side[rows], starts) for side in (ranking.events, ranking.nonevents)])
