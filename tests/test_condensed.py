"""Do narrow bins keep every row, and what is smooth in the score?"""

from __future__ import annotations

import numpy as np
import pytest

from glmlr.ranking import rank
from glmlr.ranking.condensed import EXACT, PARTS, condensed


@pytest.mark.parametrize("shape", [(0.5, 3.0), (2.0, 2.0), (0.3, 0.3)])
def test_bins_are_narrow_and_lose_nothing(shape: tuple[float, float]) -> None:
    rng = np.random.default_rng(2)
    p = rng.beta(*shape, 40_000)
    ranking = rank(p, rng.random(p.size) < p)
    few = condensed(ranking)
    assert few.score.size <= 2 * PARTS + 3
    assert (np.diff(few.score) > 0).all()
    assert (few.total_events, few.total_nonevents) == (ranking.total_events, ranking.total_nonevents)
    assert (few.score[0], few.score[-1]) == (ranking.score[0], ranking.score[-1])
    assert few.score @ few.rows == pytest.approx(ranking.score @ ranking.rows, rel=1e-14)
    # The bound that is stated: n w^2 max|f''| / 8, here of f = p^2, f'' = 2.
    width = (ranking.score[-1] - ranking.score[0]) / PARTS
    lost = abs(few.score**2 @ few.rows - ranking.score**2 @ ranking.rows)
    assert 0 < lost < ranking.total * width**2 * 2 / 8
    assert condensed(ranking) is few


def test_few_scores_are_left_as_they_are() -> None:
    ranking = rank(np.linspace(0, 1, EXACT), np.resize([0, 1], EXACT))
    assert condensed(ranking) is ranking
