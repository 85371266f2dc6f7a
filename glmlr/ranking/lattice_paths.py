"""How often do random orders of the rows part events and non-events as far? Exact Kolmogorov-Smirnov p-values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking

Floats = npt.NDArray[np.float64]

#: Exact p-values take rows x (rows of the rarer outcome) steps; beyond these limits they are not worth the wait.
MOST_ROWS: Final = 10_000
MOST_STEPS: Final = 5_000_000


@dataclass(frozen=True)
class ExactTails:
    """Chances that the distance is at least as large as observed, given the tied scores.

    Attributes:
        two_sided: of the largest distance either way.
        greater: of the largest distance by which events have the higher scores.
        less: of the largest distance by which they have the lower ones.

    """

    two_sided: float
    greater: float
    less: float


def can_be_exact(ranking: Ranking) -> bool:
    """Say whether `exact_tails` applies: weights that are counts, and rows few enough."""
    rarer = min(ranking.total_events, ranking.total_nonevents)
    few = ranking.total <= MOST_ROWS and ranking.total * rarer <= MOST_STEPS
    return few and ranking.is_counted


def exact_tails(ranking: Ranking, upward: int, downward: int) -> ExactTails:
    """Give exact p-values of the two-sample Kolmogorov-Smirnov distances.

    Under the null hypothesis all orders of the outcomes are equally likely among the rows in order of score; an order
    is a path of a walk from the highest score down, looked at where a tied score ends. A path that reaches the distance
    leaves with its chance, which adds up without a difference from 1.

    Args:
        ranking: see `can_be_exact`.
        upward: largest events at or above x all non-events - non-events at or above x all events; whole, >= 0.
        downward: the same with the sign turned.

    Reference: Hodges (1958), Arkiv for Matematik 3, 469-486; Schroeer & Trenkler (1995), Computational Statistics &
    Data Analysis 20, 185-202 (ties). R: ks.test(exact = TRUE).

    """
    events, total = int(ranking.total_events), int(ranking.total)
    ends = set(np.cumsum(ranking.rows[::-1]).astype(int).tolist())
    # The walk counts the rarer outcome; turned round, up is down.
    rare, swapped = (events, False) if 2 * events <= total else (total - events, True)
    up, down = (downward, upward) if swapped else (upward, downward)
    most = max(upward, downward)
    count = np.arange(rare + 1)
    chance = np.zeros((3, rare + 1))
    chance[:, 0] = 1.0
    out = np.zeros(3)
    for step in range(1, total + 1):
        taken = chance * ((rare - count) / (total - step + 1))
        chance -= taken
        chance[:, 1:] += taken[:, :-1]
        if step in ends:
            gap = count * total - step * rare
            reached = np.stack([np.abs(gap) >= most, gap >= up, gap <= -down])
            out += np.where(reached, chance, 0.0).sum(axis=1)
            chance[reached] = 0.0
    two_sided, greater, less = np.minimum(out, 1.0).tolist()
    return ExactTails(two_sided, less, greater) if swapped else ExactTails(two_sided, greater, less)
