"""Do scores added up in any order give one ranking, exact while it can be and within its bound beyond?"""

from __future__ import annotations

import pickle
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmlr.errors import DataError
from glmlr.links import CLOGLOG, LINKS, LOGIT
from glmlr.ranking import Ranking, rank
from glmlr.ranking.concordance import count_pairs
from glmlr.ranking.score_bins import ScoreBins

#: Few distinct linear predictors, so that 4 are too many for some examples and not for others.
ROWS = st.lists(
    st.tuples(st.sampled_from([-np.inf, -3.0, -0.0, 0.0, 0.1, 1e-9, 2.5, np.inf]), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=30,
).filter(lambda rows: any(weight for _, _, weight in rows))


def columns(rows: list[tuple[float, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(np.array(column, dtype=float) for column in zip(*rows, strict=True))


def many(seed: int, n: int = 2000, spread: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give linear predictors that all differ, outcomes that follow them, and whole weights."""
    rng = np.random.default_rng(seed)
    eta = spread * rng.standard_normal(n) - 1.0
    return eta, (rng.random(n) < LOGIT.mean(eta)).astype(float), rng.integers(1, 4, n).astype(float)


def in_blocks(
    at: list[int], eta: np.ndarray, outcome: np.ndarray, weight: np.ndarray | None, limit: int
) -> list[ScoreBins]:
    weights = [None] * (len(at) + 1) if weight is None else np.split(weight, at)
    blocks = zip(np.split(eta, at), np.split(outcome, at), weights, strict=True)
    return [ScoreBins.of(*block, limit=limit) for block in blocks]


def assert_identical(one: Ranking, other: Ranking) -> None:
    for name in ("score", "events", "nonevents"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.resolution == other.resolution


@given(ROWS)
def test_below_the_limit_it_is_the_ranking_to_the_last_bit(rows: list[tuple[float, bool, int]]) -> None:
    eta, outcome, weight = columns(rows)
    for link in LINKS.values():
        found = reduce(add, in_blocks([len(rows) // 2], eta, outcome, weight, 8)).ranking(link.mean)
        assert_identical(found, rank(link.mean(eta), outcome, weight))
        plain = reduce(add, in_blocks([len(rows) // 3], eta, outcome, None, 8)).ranking(link.mean)
        assert_identical(plain, rank(link.mean(eta), outcome))


def test_scores_that_differ_in_the_13th_digit_tie_as_in_a_ranking() -> None:
    eta = np.array([0.5, 0.5 + 1e-14, 0.7, -0.0, 0.0])
    outcome = np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    found = ScoreBins.of(eta, outcome).ranking(LOGIT.mean)
    assert_identical(found, rank(LOGIT.mean(eta), outcome))
    np.testing.assert_array_equal(found.rows, [2, 2, 1])


@given(ROWS, st.integers(0, 29), st.integers(0, 29), st.sampled_from([4, 5, 1000]))
def test_adding_is_associative_and_commutative(
    rows: list[tuple[float, bool, int]], one: int, two: int, limit: int
) -> None:
    a, b, c = in_blocks(sorted([min(one, len(rows)), min(two, len(rows))]), *columns(rows), limit)
    whole = ScoreBins.of(*columns(rows), limit=limit)
    for total in ((a + b) + c, a + (b + c), c + (a + b), (b + c) + a):
        assert_identical(total.ranking(LOGIT.mean), whole.ranking(LOGIT.mean))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("spread", [0.01, 2.0, 400.0])
def test_blocks_in_any_order_and_tree_give_the_bits_of_all_at_once(spread: float, weighted: bool) -> None:
    eta, outcome, weight = many(1, spread=spread)
    rng = np.random.default_rng(2)
    whole = ScoreBins.of(eta, outcome, weight if weighted else None, limit=256).ranking(LOGIT.mean)
    assert whole.resolution is not None
    for _ in range(5):
        mixed = rng.permutation(eta.size)
        cuts = sorted(rng.integers(0, eta.size, 20).tolist())
        parts = in_blocks(cuts, eta[mixed], outcome[mixed], weight[mixed] if weighted else None, 256)
        while len(parts) > 1:
            one, two = (parts.pop(rng.integers(len(parts))) for _ in range(2))
            parts.append(one + two)
        assert_identical(parts[0].ranking(LOGIT.mean), whole)


def test_weights_that_are_not_whole_add_up_but_for_rounding() -> None:
    eta, outcome, weight = many(3)
    one, two = (
        reduce(add, blocks).ranking(LOGIT.mean)
        for blocks in (
            in_blocks([500, 900], eta, outcome, 0.1 * weight, 256),
            in_blocks([1], eta[::-1], outcome[::-1], 0.1 * weight[::-1], 256),
        )
    )
    np.testing.assert_allclose(one.score, two.score, rtol=1e-12)
    np.testing.assert_allclose(one.events, two.events, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(one.nonevents, two.nonevents, rtol=1e-12, atol=1e-12)


def test_a_weight_counts_as_so_many_rows() -> None:
    eta, outcome, weight = many(4)
    times = weight.astype(int)
    repeated = ScoreBins.of(np.repeat(eta, times), np.repeat(outcome, times), limit=256)
    assert_identical(ScoreBins.of(eta, outcome, weight, limit=256).ranking(LOGIT.mean), repeated.ranking(LOGIT.mean))


def test_adding_changes_neither_part() -> None:
    eta, outcome, _ = many(5)
    one, two = in_blocks([700], eta, outcome, None, 256)
    alone = one.ranking(LOGIT.mean)
    first, again = one + two, one + two
    assert_identical(first.ranking(LOGIT.mean), again.ranking(LOGIT.mean))
    assert_identical(one.ranking(LOGIT.mean), alone)
    eta[:] = 0.0
    assert_identical((one + two).ranking(LOGIT.mean), first.ranking(LOGIT.mean))


@pytest.mark.parametrize("seed", range(12))
def test_c_is_within_its_bound_and_totals_are_exact(seed: int) -> None:
    eta, outcome, weight = many(seed, n=3000, spread=[0.3, 2.0, 30.0][seed % 3])
    weight = None if seed % 2 else weight
    sums = reduce(add, in_blocks([1000, 1500], eta, outcome, weight, 256))
    found, exact = sums.ranking(LOGIT.mean), rank(LOGIT.mean(eta), outcome, weight)
    error = abs(count_pairs(found).c - count_pairs(exact).c)
    assert 0 < error <= sums.concordance_error() < 0.05
    assert (found.total_events, found.total_nonevents) == (exact.total_events, exact.total_nonevents)


def test_the_bound_is_reached_where_every_bin_is_in_order() -> None:
    # Within each of 4 bins the non-events are the lower ones: every pair in a bin is worth 1 and counts 1/2.
    eta = (np.arange(4)[:, None] + np.array([0.1, 0.2, 0.8, 0.9])).ravel()
    outcome = np.tile([0.0, 0.0, 1.0, 1.0], 4)
    sums = ScoreBins.of(eta, outcome, limit=4)
    assert sums.resolution == 1.0
    lost = count_pairs(rank(eta, outcome)).c - count_pairs(sums.ranking(LOGIT.mean)).c
    # 4 pairs in each of 4 bins, of 64.
    assert lost == sums.concordance_error() == 4 * 4 / 2 / 64


def test_without_bins_there_is_no_error() -> None:
    eta, outcome, weight = many(6)
    sums = ScoreBins.of(eta, outcome, weight)
    assert sums.resolution is None
    assert sums.concordance_error() == 0.0


def test_bins_are_the_finest_whose_number_reaches_from_end_to_end() -> None:
    # By hand: 0 to 7.9 in 8 bins takes the width 1; with 8 it takes 9, so that the width doubles.
    eta = np.linspace(0.0, 7.9, 100)
    assert ScoreBins.of(eta, np.zeros(100), limit=8).resolution == 1.0
    assert ScoreBins.of(np.append(eta, 8.0), np.zeros(101), limit=8).resolution == 2.0
    assert ScoreBins.of(eta / 1024, np.zeros(100), limit=8).resolution == 2.0**-10
    # One edge at 0: -0.1 to 0.1 needs two bins however wide they are.
    assert ScoreBins.of(np.linspace(-0.1, 0.1, 9), np.zeros(9), limit=2).resolution == 0.125


def test_sums_of_narrow_and_of_wide_range_are_those_of_all_rows() -> None:
    narrow, wide = 0.3 + many(9)[0] * 2.0**-45, many(10, spread=300.0)[0]
    certain = np.array([2000.0, -2000.0, np.inf])
    parts = [ScoreBins.of(eta, (eta > 0.3).astype(float), limit=64) for eta in (narrow, wide, np.repeat(certain, 100))]
    whole = np.concatenate([narrow, wide, np.repeat(certain, 100)])
    expected = ScoreBins.of(whole, (whole > 0.3).astype(float), limit=64).ranking(LOGIT.mean)
    for one, two, three in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        assert_identical(((parts[one] + parts[two]) + parts[three]).ranking(LOGIT.mean), expected)


def test_the_score_of_a_bin_is_that_of_its_mean() -> None:
    eta = np.array([0.25, 0.75, 0.75, 1.5, 3.0])
    found = ScoreBins.of(eta, np.array([0.0, 1.0, 1.0, 0.0, 1.0]), np.array([1.0, 2.0, 1.0, 4.0, 1.0]), limit=4)
    assert found.ranking(LOGIT.mean).score.size == 4  # below the limit
    found = found + ScoreBins.of(np.array([0.5]), np.array([1.0]), limit=4)
    ranking = found.ranking(lambda values: values)
    # (0.25 + 3 x 0.75 + 0.5) / 5, from the bin 0 to 1
    np.testing.assert_array_equal(ranking.score, [0.6, 1.5, 3.0])
    np.testing.assert_array_equal(ranking.events, [4, 0, 1])
    np.testing.assert_array_equal(ranking.nonevents, [1, 4, 0])
    assert ranking.resolution == 1.0


@pytest.mark.parametrize("link", LINKS.values(), ids=list(LINKS))
def test_infinite_predictors_stand_at_either_end_in_bins_of_their_own(link) -> None:
    eta, outcome, _ = many(7, n=1000)
    eta[:4], outcome[:4] = [np.inf, -np.inf, -np.inf, 5000.0], [1.0, 0.0, 0.0, 1.0]
    sums = reduce(add, in_blocks([2, 3], eta, outcome, None, 64))
    ranking = sums.ranking(link.mean)
    assert sums.resolution == ScoreBins.of(eta[4:], outcome[4:], limit=64).resolution
    assert ranking.score[0] == 0.0
    # The last is 1 but for a tie in the 12th digit, whose smallest score counts.
    assert ranking.score[-1] == pytest.approx(1.0, rel=1e-12)
    assert ranking.nonevents[0] == 2
    assert ranking.events[0] == 0
    assert ranking.events[-1] >= 2
    assert ranking.total == 1000


def test_all_infinite_rows_rank() -> None:
    eta = np.array([np.inf, -np.inf, 2000.0, -2000.0])
    ranking = ScoreBins.of(eta, np.array([1.0, 0.0, 0.0, 1.0]), limit=2).ranking(CLOGLOG.mean)
    np.testing.assert_array_equal(ranking.score, [0.0, 1.0])
    np.testing.assert_array_equal(ranking.events, [1, 1])


def test_rows_of_weight_zero_are_absent() -> None:
    found = ScoreBins.of(np.array([0.1, 0.2, 0.3]), np.array([0.0, 1.0, 1.0]), np.array([1.0, 0.0, 2.0]))
    assert_identical(found.ranking(LOGIT.mean), rank(LOGIT.mean(np.array([0.1, 0.3])), [0, 1], [1, 2]))


def test_shares_of_events_are_counts() -> None:
    eta = np.array([0.1, 0.2])
    found = ScoreBins.of(eta, np.array([1 / 49, 2 / 3]), np.array([49.0, 3.0])).ranking(LOGIT.mean)
    assert_identical(found, rank(LOGIT.mean(eta), [1 / 49, 2 / 3], [49, 3]))


@pytest.mark.parametrize("limit", [64, 10_000])
def test_it_pickles_in_a_size_that_does_not_grow_with_the_rows(limit: int) -> None:
    eta, outcome, weight = many(8)
    sums = ScoreBins.of(eta.round(1), outcome, weight, limit=limit)
    assert (sums.resolution is None) == (limit == 10_000)
    again = pickle.loads(pickle.dumps(sums))
    assert_identical(again.ranking(LOGIT.mean), sums.ranking(LOGIT.mean))
    more = sums + ScoreBins.of(eta.round(1), outcome, weight, limit=limit)
    assert len(pickle.dumps(more)) == pytest.approx(len(pickle.dumps(sums)), rel=0.01)
    assert_identical(more.ranking(LOGIT.mean), (again + again).ranking(LOGIT.mean))


def test_what_is_held_does_not_grow_with_the_rows() -> None:
    total = ScoreBins(limit=128)
    for seed in range(40):
        total = total + ScoreBins.of(*many(seed, n=100), limit=128)
        assert total.size < 128
        assert sum(rows.eta.size for rows in total.waiting) == total.size
        assert total.known is None or total.known.place.size <= 128


def test_missing_predictors_and_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="1 linear predictors are missing"):
        ScoreBins.of(np.array([0.1, np.nan]), np.array([0.0, 1.0])).ranking(LOGIT.mean)
    with pytest.raises(DataError, match="no rows"):
        (ScoreBins() + ScoreBins.of(np.empty(0), np.empty(0))).ranking(LOGIT.mean)
