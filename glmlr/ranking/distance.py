"""How far apart are the scores of events and of non-events? The largest Kolmogorov-Smirnov distance, and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from glmlr.ranking import Ranking
from glmlr.ranking.from_top import Above, from_top


@dataclass(frozen=True)
class Distance:
    """The largest gap between the score distributions of events and non-events, and where it is.

    Attributes:
        ks: its size, in [0, 1].
        signed: share of events at or above the cut-off minus share of non-events; negative where events score lower.
        cutoff: the score at which it is reached; of several, the highest of those where events score higher.
        share: share of all rows at or above the cut-off.
        sensitivity: share of events at or above the cut-off.
        false_positive_rate: share of non-events at or above the cut-off.
        upward: largest share of events minus share of non-events at or above one cut-off; at least 0.
        downward: largest share of non-events minus share of events at or above one cut-off; at least 0.

    """

    ks: float
    signed: float
    cutoff: float
    share: float
    sensitivity: float
    false_positive_rate: float
    upward: float
    downward: float


def ks_distance(ranking: Ranking) -> Distance:
    """Give the two-sample Kolmogorov-Smirnov distance between the scores of events and of non-events.

    The counts are compared crosswise (events x all non-events against non-events x all events), so that whole numbers
    decide which cut-off comes first. Reference: Conover (1999), Practical Nonparametric Statistics, 3rd ed., 6.3.
    """
    events, nonevents = ranking.total_events, ranking.total_nonevents

    def extremes(run: Above) -> tuple[_Gap, _Gap]:
        gap = run.true_positives * nonevents - run.false_positives * events
        # The last of several, which has the highest score.
        last = gap[::-1]
        places = gap.size - 1 - int(np.argmax(last)), gap.size - 1 - int(np.argmin(last))
        return tuple(
            _Gap(float(gap[at]), run.rows.start + at, float(run.true_positives[at]), float(run.false_positives[at]))
            for at in places
        )  # type: ignore[return-value]

    found = from_top(ranking, extremes)
    most = max((upward for upward, _ in found), key=lambda one: one[:2])
    least = min((downward for _, downward in found), key=lambda one: (one.gap, -one.place))
    widest = most if most.gap >= -least.gap and most.gap > 0 else least
    pairs = events * nonevents
    return Distance(
        ks=abs(widest.gap / pairs),
        signed=widest.gap / pairs,
        cutoff=float(ranking.score[widest.place]),
        share=(widest.true_positives + widest.false_positives) / ranking.total,
        sensitivity=widest.true_positives / events,
        false_positive_rate=widest.false_positives / nonevents,
        upward=max(most.gap, 0.0) / pairs,
        downward=max(-least.gap, 0.0) / pairs,
    )


class _Gap(NamedTuple):
    """Crosswise difference of the counts at a score, the score's place, and the counts at or above it."""

    gap: float
    place: int
    true_positives: float
    false_positives: float
