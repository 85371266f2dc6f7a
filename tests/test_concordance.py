"""Are pairs counted exactly, and is DeLong's variance that of the formula?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from witnesses import read_witness

from glmlr.errors import DataError
from glmlr.ranking import Ranking, rank
from glmlr.ranking.area_comparison import area_difference
from glmlr.ranking.concordance import area, count_pairs, placements
from glmlr.ranking.ordering import PIECE

WITNESS = read_witness("scores")
ROWS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: len({outcome for _, outcome in rows}) == 2
)


@given(ROWS)
def test_pairs_equal_those_counted_one_by_one(rows: list[tuple[int, bool]]) -> None:
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    gap = score[outcome == 1][:, None] - score[outcome == 0][None, :]
    pairs = count_pairs(rank(score, outcome))
    assert (pairs.concordant, pairs.discordant, pairs.tied) == ((gap > 0).sum(), (gap < 0).sum(), (gap == 0).sum())


def test_counts_beyond_64_bits_are_exact() -> None:
    # Two scores: pairs by hand. 6e9 events above 5e9 non-events, 3 events below 7 non-events.
    high, low = 6_000_000_001, 5_000_000_003
    ranking = rank([0.9, 0.1, 0.1, 0.9], [1, 0, 1, 0], [high, low, 3, 7])
    pairs = count_pairs(ranking)
    assert pairs.concordant == high * low > 2**63
    assert pairs.discordant == 3 * 7
    assert pairs.tied == high * 7 + 3 * low
    assert isinstance(pairs.concordant, int)


def test_sums_of_weights_beyond_the_reach_of_floats_are_exact() -> None:
    # 1,000 weights near 2^50 add up to 2^60: each is a double, their cumulative sums are not.
    rng = np.random.default_rng(0)
    score, outcome = np.arange(1000) / 1000, rng.integers(0, 2, 1000)
    weight = rng.integers(2**49, 2**50, 1000)
    pairs = count_pairs(rank(score, outcome, weight))
    below = concordant = 0
    for y, w in zip(outcome.tolist(), weight.tolist(), strict=True):
        concordant, below = (concordant + w * below, below) if y else (concordant, below + w)
    assert pairs.concordant == concordant
    assert pairs.n == sum(weight.tolist())


def test_weights_that_make_less_than_one_row_have_no_tau_a() -> None:
    assert math.isnan(count_pairs(rank([0.2, 0.3], [0, 1], [0.5, 0.5])).tau_a)


def test_exact_and_python_integers_agree_across_the_limit() -> None:
    # The same shape below and above 2^53 pairs: multiplying both weights by 2^20 multiplies every count by 2^40.
    score, outcome, weight = [0.1, 0.2, 0.2, 0.3], [0, 1, 0, 1], np.array([3.0, 5.0, 7.0, 11.0])
    small, large = (count_pairs(rank(score, outcome, weight * factor)) for factor in (2**16, 2**36))
    assert large.concordant == small.concordant * 2**40
    assert large.tied == small.tied * 2**40
    assert small.total < 2**53 < large.total


@pytest.mark.parametrize("case", ["ten", "births", "births_rounded"])
def test_area_equals_proc(case: str) -> None:
    # R pROC 1.18.0: auc, var(method = "delong"), ci.auc; tests/witness/scores.R
    given_, expected = WITNESS[case], WITNESS[case]["area"]
    got = area(rank(given_["p"], given_["y"]))
    assert [got.auc, got.std_error, got.low, got.high] == pytest.approx(
        [expected[name] for name in ("auc", "std_error", "low", "high")], rel=1e-10
    )


def test_paired_test_equals_proc() -> None:
    # R pROC: roc.test(fitted probability, -lwt, paired = TRUE, method = "delong") on birthwt
    import pandas as pd
    from witnesses import ROOT

    births, expected = pd.read_csv(ROOT / "data" / "birthwt.csv"), WITNESS["compare"]
    y = births["low"].to_numpy(dtype=float)
    first, second = np.array(WITNESS["births"]["p"]), -births["lwt"].to_numpy(dtype=float)
    got = area_difference(y, first, second)
    assert [got.first.auc, got.second.auc] == pytest.approx(expected["auc"], rel=1e-10)
    assert [got.z, got.p_value] == pytest.approx([expected["z"], expected["p_value"]], rel=1e-9)
    assert [got.low, got.high] == pytest.approx(expected["interval"], rel=1e-9)
    # Weight 2 equals every row twice.
    twice = area_difference(np.tile(y, 2), np.tile(first, 2), np.tile(second, 2))
    weighted = area_difference(y, first, second, np.full(y.size, 2.0))
    assert [weighted.z, weighted.std_error] == pytest.approx([twice.z, twice.std_error], rel=1e-12)


def test_a_score_against_itself_differs_by_nothing() -> None:
    y, p = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.4, 0.5, 0.9])
    got = area_difference(y, p, p)
    assert (got.difference, got.std_error, got.z, got.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_shares_of_events_are_refused_in_a_paired_test() -> None:
    with pytest.raises(DataError, match="0 or 1 in every row"):
        area_difference(np.array([0.5, 1.0]), np.array([0.1, 0.2]), np.array([0.1, 0.2]))


def test_one_event_has_an_area_but_no_standard_error() -> None:
    got = area(rank([0.1, 0.5, 0.9], [0, 0, 1]))
    assert got.auc == 1.0
    assert math.isnan(got.std_error)
    assert math.isnan(got.low)


def long_ranking(seed: int, factor: float = 1.0) -> Ranking:
    """Give more scores than a piece holds, some with events and non-events."""
    rng = np.random.default_rng(seed)
    size = 2 * PIECE + 1000
    return Ranking(np.arange(size) / size, rng.integers(0, 3, size) * factor, rng.integers(0, 4, size) * factor)


def test_pairs_of_many_pieces_are_those_of_one_sum() -> None:
    ranking = long_ranking(1)
    events, nonevents = ranking.events.astype(int), ranking.nonevents.astype(int)
    pairs = count_pairs(ranking)
    # By int64, in which these sums are exact.
    assert pairs.concordant == int((events * (np.cumsum(nonevents) - nonevents)).sum())
    assert pairs.tied == int((events * nonevents).sum())
    assert pairs.total == int(events.sum()) * int(nonevents.sum())
    assert pairs.n == int(events.sum() + nonevents.sum())


def test_pairs_of_many_pieces_beyond_the_reach_of_floats_are_exact() -> None:
    small, large = count_pairs(long_ranking(1)), count_pairs(long_ranking(1, 2.0**30))
    assert large.concordant == small.concordant * 2**60
    assert large.discordant == small.discordant * 2**60
    assert large.tied == small.tied * 2**60


def test_one_heavy_side_beyond_the_reach_of_floats_is_exact() -> None:
    # No pair at all in the run, and events that add up beyond 2^53.
    weight = np.array([2.0**53, 1.0, 1.0])
    assert count_pairs(Ranking(np.array([0.1, 0.2, 0.3]), weight, np.zeros(3))).n == 2**53 + 2


@pytest.mark.parametrize("factor", [1.0, 0.3])
def test_area_of_many_pieces_is_that_of_the_formula(factor: float) -> None:
    ranking = long_ranking(2, factor)
    e, f = ranking.events, ranking.nonevents
    events, nonevents = e.sum(), f.sum()
    # DeLong's formula in one sweep over all scores.
    of_events = (np.cumsum(f) - f / 2) / nonevents
    of_nonevents = (events - np.cumsum(e) + e / 2) / events
    auc = (e * of_events).sum() / events
    variance = (e * (of_events - auc) ** 2).sum() / (events - 1) / events
    variance += (f * (of_nonevents - auc) ** 2).sum() / (nonevents - 1) / nonevents
    found = area(ranking)
    assert [found.auc, found.std_error] == pytest.approx([auc, math.sqrt(variance)], rel=1e-12)
    for side, expected in zip(placements(ranking), (of_events, of_nonevents), strict=True):
        np.testing.assert_allclose(side, expected, rtol=1e-12, atol=1e-15)


def test_paired_test_of_many_rows_is_that_of_their_differences() -> None:
    # DeLong by definition: variances of the differences of the placements of each row, looked up one by one.
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 2000).astype(float)
    first, second = np.round(rng.random(2000) + y / 2, 2), np.round(rng.standard_normal(2000) + y, 1)
    # Ties in the 12th digit are ties.
    noisy = first * (1 + 1e-15 * rng.integers(0, 9, 2000))
    variance = 0.0
    for own, other in ((y == 1, y == 0), (y == 0, y == 1)):
        gaps = [np.sign(s[own][:, None] - s[other][None, :]).mean(axis=1) / 2 for s in (first, second)]
        variance += np.var(gaps[0] - gaps[1], ddof=1) / own.sum()
    assert area_difference(y, noisy, second).std_error == pytest.approx(math.sqrt(variance), rel=1e-10)
