"""Are bootstrap samples of a ranking samples of its rows?"""

from __future__ import annotations

import numpy as np
import pytest

from glmlr.errors import NotApplicable, OptionError
from glmlr.ranking import rank
from glmlr.ranking.concordance import area, count_pairs
from glmlr.ranking.redrawn import redrawn

RANKING = rank([0.1, 0.2, 0.2, 0.4, 0.7, 0.9], [0, 0, 1, 0, 1, 1], [3, 2, 1, 4, 2, 5])


def test_stratified_draws_keep_both_totals() -> None:
    for one in redrawn(RANKING, 50, seed=1):
        assert (one.total_events, one.total_nonevents) == (8.0, 9.0)
        assert (one.rows > 0).all()
        assert np.isin(one.score, RANKING.score).all()


def test_other_draws_keep_the_number_of_rows_and_have_both_outcomes() -> None:
    few = rank([0.1, 0.2], [0, 1])
    for ranking, n in ((RANKING, 17.0), (few, 2.0)):
        for one in redrawn(ranking, 50, seed=1, stratified=False):
            assert one.total == n
            assert one.total_events > 0 < one.total_nonevents


def test_a_row_repeated_is_a_row_of_weight_two() -> None:
    repeated = rank(np.repeat([0.1, 0.5, 0.9], [2, 3, 1]), np.repeat([0, 1, 1], [2, 3, 1]))
    weighted = rank([0.1, 0.5, 0.9], [0, 1, 1], [2, 3, 1])
    for one, other in zip(redrawn(repeated, 5, seed=2), redrawn(weighted, 5, seed=2), strict=True):
        np.testing.assert_array_equal(one.events, other.events)


def test_the_spread_of_the_area_is_delongs() -> None:
    # 400 draws of 400 rows: the bootstrap's standard error is within 15 % of DeLong's (its own error is 3.5 %).
    generator = np.random.default_rng(5)
    y = np.arange(400) % 2
    ranking = rank(generator.normal(size=400) + y, y)
    drawn = [count_pairs(one).c for one in redrawn(ranking, 400, seed=7)]
    assert np.std(drawn) == pytest.approx(area(ranking).std_error, rel=0.15)


def test_refusals() -> None:
    with pytest.raises(NotApplicable, match="whole rows"):
        next(redrawn(rank([0.1, 0.2], [0, 1], [0.5, 1.5]), 3))
    with pytest.raises(OptionError, match="resamples=0"):
        next(redrawn(RANKING, 0))
    with pytest.raises(OptionError, match="no seed"):
        next(redrawn(RANKING, 1, seed="x"))
