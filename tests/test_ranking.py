"""Is a ranking the same thing whichever way the rows come, and are ties what they should be?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmlr import runs
from glmlr.errors import DataError, WeightError
from glmlr.ranking import Ranking, counts, rank
from glmlr.ranking.ordering import PIECE

# Few distinct scores, so that most examples have ties.
ROWS = st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(1, 4)), min_size=1, max_size=40)


def arrays(rows: list[tuple[int, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    score, outcome, weight = zip(*rows, strict=True)
    return np.array(score) / 7 - 0.5, np.array(outcome, dtype=float), np.array(weight, dtype=float)


def assert_identical(one: Ranking, other: Ranking) -> None:
    for name in ("score", "events", "nonevents"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_counts_of_the_toy_by_hand() -> None:
    # y = 0 0 1 1 1 at p = .2 .5 .5 .7 .2, counted by hand.
    ranking = rank([0.2, 0.5, 0.5, 0.7, 0.2], [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(ranking.score, [0.2, 0.5, 0.7])
    np.testing.assert_array_equal(ranking.events, [1, 1, 1])
    np.testing.assert_array_equal(ranking.nonevents, [1, 1, 0])
    np.testing.assert_array_equal(ranking.events_at_or_above, [3, 2, 1])
    np.testing.assert_array_equal(ranking.nonevents_at_or_above, [2, 1, 0])
    np.testing.assert_array_equal(ranking.events_below, [0, 1, 2])
    np.testing.assert_array_equal(ranking.nonevents_below, [0, 1, 2])
    assert (ranking.total_events, ranking.total_nonevents, ranking.total) == (3, 2, 5)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_moves_no_bit(rows: list[tuple[int, bool, int]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for factor in (1.0, 0.1):  # weights 0.1, 0.2, ... do not add up exactly in every order
        score, outcome, weight = arrays(rows)
        score2, outcome2, weight2 = arrays(shuffled)
        assert_identical(rank(score, outcome, weight * factor), rank(score2, outcome2, weight2 * factor))
    assert_identical(rank(*arrays(rows)[:2]), rank(*arrays(shuffled)[:2]))


@given(ROWS)
def test_weight_equals_repetition(rows: list[tuple[int, bool, int]]) -> None:
    score, outcome, weight = arrays(rows)
    times = weight.astype(int)
    assert_identical(rank(score, outcome, weight), rank(np.repeat(score, times), np.repeat(outcome, times)))


@given(ROWS, ROWS)
def test_merging_equals_ranking_together(one: list[tuple[int, bool, int]], two: list[tuple[int, bool, int]]) -> None:
    assert_identical(rank(*arrays(one)).merge(rank(*arrays(two))), rank(*arrays(one + two)))


def test_grouped_rows_give_whole_counts() -> None:
    # 1 of 49 as a share: 49 * (1 / 49) is not 1 in floating point.
    assert 49 * (1 / 49) != 1
    ranking = rank([0.3, 0.6], [1 / 49, 2 / 3], [49, 3])
    np.testing.assert_array_equal(ranking.events, [1, 2])
    np.testing.assert_array_equal(ranking.nonevents, [48, 1])
    assert ranking.is_counted


def test_rows_of_weight_zero_are_absent() -> None:
    assert_identical(rank([0.1, 0.2, 0.3], [0, 1, 1], [1, 0, 2]), rank([0.1, 0.3], [0, 1], [1, 2]))


@pytest.mark.parametrize(
    ("first", "second", "tied"),
    [
        (0.1234567890121, 0.1234567890128, True),  # differ in the 13th digit only
        (0.123456789012, 0.123456789013, False),  # differ in the 12th
        (0.1 + 0.2, 0.3, True),
        (1 - 1e-13, 1.0, True),
        (0.999999999995, 1.0, False),  # the 12th digit of the smaller
        (1e-20, 1.0000000000005e-20, True),
        (1e-20, 2e-20, False),
        (0.0, 5e-324, False),
        (-0.1234567890128, -0.1234567890121, True),
        (-1.0, 1.0, False),
        (-1.7e308, 1.7e308, False),
    ],
)
def test_scores_tie_by_twelve_significant_digits(first: float, second: float, tied: bool) -> None:
    ranking = rank([second, first], [1, 0])
    assert ranking.score.size == (1 if tied else 2)
    assert ranking.score[0] == min(first, second)  # an observed score


def test_dense_scores_are_not_run_together() -> None:
    # 1,001 scores in steps of 1e-13: neighbours tie, but the ends differ in the 10th digit. 10 or 11 scores
    # are one, by the unit of 1e-12 of the 12th digit.
    dense = 0.5 + np.arange(1001) * 1e-13
    ranking = rank(dense, np.arange(1001) % 2)
    assert 91 <= ranking.score.size <= 101
    assert set(ranking.rows) <= {1.0, 10.0, 11.0}
    assert np.isin(ranking.score, dense).all()
    assert np.diff(ranking.score).min() > 0.99e-12 * (1 - 1e-9)


def test_cutoff_counts_ties_as_equal() -> None:
    ranking = rank([0.25, np.nextafter(0.5, 0), 0.75], [0, 1, 1])
    assert ranking.first_at_or_above(0.5) == 1
    assert ranking.first_at_or_above(0.51) == 2
    assert ranking.first_at_or_above(0.0) == 0
    assert ranking.first_at_or_above(0.8) == 3
    assert ranking.first_at_or_above(np.inf) == 3
    assert ranking.first_at_or_above(-np.inf) == 0


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        rank([0.1, 0.2], [0, 1]).events[0] = 5


@pytest.mark.parametrize(
    ("score", "outcome", "weight", "error", "words"),
    [
        ([0.1, np.nan], [0, 1], None, DataError, "1 of the 2 scores are missing"),
        ([0.1, np.inf], [0, 1], None, DataError, "missing or infinite"),
        (["a", "b"], [0, 1], None, DataError, "scores must be numbers"),
        ([0.1, 0.2], [0, 1, 1], None, DataError, "one length"),
        ([], [], None, DataError, "no rows"),
        ([0.1, 0.2], [0, 2], None, DataError, "Outcomes must be 0 or 1"),
        ([0.1, 0.2], [0, np.nan], None, DataError, "Outcomes must be 0 or 1"),
        ([0.1, 0.2], [0, 1], [1], WeightError, "one weight per row"),
        ([0.1, 0.2], [0, 1], [1, -1], WeightError, "not negative"),
        ([0.1, 0.2], [0, 1], [0, 0], WeightError, "not all zero"),
        ([0.1, 0.2], [0, 1], ["x", "y"], WeightError, "weights must be numbers"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(
    score: list, outcome: list, weight: list | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        rank(score, outcome, weight)


def test_scores_of_either_sign_rank_alike():
    rng = np.random.default_rng(11)
    y = rng.integers(0, 2, 500)
    score = np.round(rng.random(500), 2)
    positive, moved = rank(score, y), rank(score - 2.0, y)
    np.testing.assert_array_equal(positive.events, moved.events)
    np.testing.assert_array_equal(positive.nonevents, moved.nonevents)
    np.testing.assert_allclose(positive.score, moved.score + 2.0, rtol=1e-12)


def test_the_scores_come_back_to_the_last_bit():
    rng = np.random.default_rng(12)
    score = np.concatenate([rng.random(300), 1e-300 * rng.random(50), [0.0, 1.0, 5e-324, 1e308]])
    y = np.tile([0.0, 1.0], 177)
    np.testing.assert_array_equal(rank(score, y).score, np.unique(score))


def test_minus_zero_is_zero():
    found = rank([-0.0, 0.0, 0.5, 0.0], [1, 0, 1, 1])
    np.testing.assert_array_equal(found.score, [0.0, 0.5])
    np.testing.assert_array_equal(found.events, [2, 1])


def test_minus_zero_is_zero_among_weighted_rows():
    found = rank([-0.0, 0.0, -0.5], [1, 0, 1], [2, 3, 1])
    np.testing.assert_array_equal(found.score, [-0.5, 0.0])
    assert not np.signbit(found.score[1])


#: Scores of more rows than a piece, as a function of the row, and how many of them differ.
LONG = {
    "all differ": (lambda row: (row + 1.0) / 2**20, 3 * PIECE),
    "pairs across the ends of pieces": (lambda row: ((row + 1) // 2 + 1.0) / 2**20, 3 * PIECE // 2 + 1),
    "pairs that differ in the 13th digit": (
        lambda row: ((row + 1) // 2 + 1.0) / 2**20 * (1 + 2e-15 * (row % 2)),
        3 * PIECE // 2 + 1,
    ),
    "one score longer than a piece": (lambda row: np.minimum(row, 7.0), 8),
    "below zero": (lambda row: -(row + 1.0) / 2**20, 3 * PIECE),
}


@pytest.mark.parametrize("shape", LONG)
def test_scores_of_many_pieces_are_counted_as_those_of_one(shape: str):
    score_of, distinct = LONG[shape]
    score = score_of(np.arange(3 * PIECE))
    rng = np.random.default_rng(3)
    outcome, weight, mixed = rng.integers(0, 2, score.size), rng.integers(1, 4, score.size), rng.permutation(score.size)
    nearest = np.searchsorted(rank(score, outcome).score, score * (1 + 1e-14 * np.sign(score)), side="right") - 1
    for w in (None, weight, weight * 1000.0):
        found = rank(score[mixed], outcome[mixed], None if w is None else w[mixed])
        ones = np.ones(score.size) if w is None else w
        assert found.score.size == distinct
        np.testing.assert_array_equal(found.events, np.bincount(nearest, outcome * ones))
        np.testing.assert_array_equal(found.nonevents, np.bincount(nearest, (1 - outcome) * ones))


def test_a_chain_across_the_end_of_a_piece_is_broken_as_within_one():
    # 300 neighbours 1e-14 apart at 0.06, around the end of the first piece: 10 of them are one score.
    score = np.arange(2 * PIECE) / 2**20
    score[PIECE - 150 : PIECE + 150] = score[PIECE - 150] + np.arange(300) * 1e-14
    alone = rank(score[PIECE - 150 : PIECE + 150], np.zeros(300))
    found = rank(score, np.zeros(score.size))
    first = np.searchsorted(found.score, score[PIECE - 150])
    np.testing.assert_array_equal(found.score[first : first + alone.score.size], alone.score)
    np.testing.assert_array_equal(found.rows[first : first + alone.score.size], alone.rows)
    assert found.score.size == 2 * PIECE - 300 + alone.score.size < 2 * PIECE - 260


def test_any_number_of_threads_and_any_order_of_rows_give_the_same_bits(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(8)
    score, outcome = np.round(rng.standard_normal(200_000), 4), rng.integers(0, 2, 200_000)
    weight, mixed = rng.random(200_000), rng.permutation(200_000)
    many = rank(score, outcome, weight), rank(np.abs(score), outcome)
    monkeypatch.setattr(runs, "pool_of_threads", lambda: None)
    assert_identical(many[0], rank(score[mixed], outcome[mixed], weight[mixed]))
    assert_identical(many[1], rank(np.abs(score)[mixed], outcome[mixed]))


def test_counts_given_as_shares_are_counts():
    events, nonevents = counts(np.array([1 / 49, 0.0, 1.0, 0.25]), np.array([49.0, 5.0, 2.5, 0.5]))
    np.testing.assert_array_equal(events, [1.0, 0.0, 2.5, 0.125])
    np.testing.assert_array_equal(nonevents, [48.0, 5.0, 0.0, 0.375])


def test_a_merged_ranking_says_the_coarser_resolution():
    def in_bins(width: float | None) -> Ranking:
        return Ranking(np.array([0.2, 0.4]), np.array([1.0, 2.0]), np.array([3.0, 0.0]), width)

    for one, two, merged in ((None, None, None), (0.5, None, 0.5), (None, 0.25, 0.25), (0.5, 0.25, 0.5)):
        found = in_bins(one).merge(in_bins(two))
        assert found.resolution == merged
        np.testing.assert_array_equal(found.events, [2.0, 4.0])
