"""Do groups hold the rows they should, whatever the ties?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from witnesses import read_witness

from glmlr.errors import OptionError
from glmlr.ranking import rank
from glmlr.ranking.grouping import checked_groups, given_edges, groups_at, quantile_groups, top_groups

WITNESS = read_witness("scores")
SCORES = st.lists(st.integers(0, 30), min_size=1, max_size=60)


@pytest.mark.parametrize("case", ["ten", "births", "births_rounded", "births_shrunk"])
def test_quantile_groups_equal_r(case: str) -> None:
    # R: cut(p, unique(quantile(p, type = 7)), include.lowest = TRUE); tests/witness/scores.R
    given_, expected = WITNESS[case], WITNESS[case]["lack_of_fit"]
    got = quantile_groups(rank(given_["p"], given_["y"]), 10)
    np.testing.assert_array_equal(got.n, expected["n"])
    np.testing.assert_array_equal(got.events, expected["events"])
    np.testing.assert_allclose(got.expected, expected["expected"], rtol=1e-11)


@pytest.mark.parametrize("case", ["ten", "births", "births_rounded", "births_shrunk"])
def test_top_groups_equal_r(case: str) -> None:
    # R: floor(rank(-p) * 10 / (n + 1)) + 1, the rule of SAS PROC RANK; tests/witness/scores.R
    given_, expected = WITNESS[case], WITNESS[case]["tenths"]
    got = top_groups(rank(given_["p"], given_["y"]), 10)
    np.testing.assert_array_equal(got.number[::-1], expected["number"])
    np.testing.assert_array_equal(got.n[::-1], expected["n"])
    np.testing.assert_array_equal(got.events[::-1], expected["events"])
    np.testing.assert_allclose(got.expected[::-1], expected["expected"], rtol=1e-11)
    np.testing.assert_allclose(got.low[::-1], expected["low"], rtol=1e-14)


@given(st.integers(1, 200), st.integers(2, 12))
def test_sizes_differ_by_at_most_one_without_ties(n: int, groups: int) -> None:
    got = top_groups(rank(np.arange(n) / n, np.arange(n) % 2), groups)
    sizes = np.zeros(groups)
    sizes[got.number - 1] = got.n
    assert sizes.max() - sizes.min() <= 1
    assert sizes.sum() == n


@given(SCORES, st.integers(2, 11))
def test_no_tie_is_split_and_no_row_is_lost(scores: list[int], groups: int) -> None:
    p = np.array(scores) / 31
    for cut in (quantile_groups, top_groups):
        got = cut(rank(p, np.zeros(p.size)), groups)
        assert got.n.sum() == p.size
        assert (got.n > 0).all()
        assert (got.high[:-1] < got.low[1:]).all()
        assert len(got) <= groups


@given(SCORES, st.integers(2, 11))
def test_quantile_groups_equal_numpys_quantiles(scores: list[int], groups: int) -> None:
    # Whole-number scores: numpy interpolates type-7 quantiles; compared with a tolerance its rounding needs.
    p = np.array(scores, dtype=float)
    edges = np.unique(np.round(np.quantile(p, np.arange(groups + 1) / groups), 9))
    expected = np.array([p.size]) if edges.size == 1 else np.histogram(-p, bins=-edges[::-1])[0][::-1]
    got = quantile_groups(rank(p, np.zeros(p.size)), groups)
    np.testing.assert_array_equal(got.n, expected[expected > 0])


def test_heavy_ties_at_the_lowest_score_join_the_first_group() -> None:
    # By hand: 7 of 10 rows at 0.1; the quantiles of 10, ..., 60 % equal 0.1 and close no group of their own
    # (h = 0.9 j <= 5.4, between rows 5 and 6, both 0.1); the 70 % one (h = 6.3) lies between 0.1 and 0.2.
    got = quantile_groups(rank([0.1] * 7 + [0.2, 0.3, 0.4], [0] * 10), 10)
    np.testing.assert_array_equal(got.n, [7, 1, 1, 1])
    # R: cut() with breaks unique(quantile(c(0.1, 0.1, 0.2, 0.3, 0.4), 0:4/4)) = 0.1 0.2 0.3 0.4: 3, 1, 1 rows.
    got = quantile_groups(rank([0.1, 0.1, 0.2, 0.3, 0.4], [0] * 5), 4)
    np.testing.assert_array_equal(got.n, [3, 1, 1])


def test_one_score_is_one_group() -> None:
    ranking = rank([0.3] * 5, [0, 1, 0, 1, 1])
    assert len(quantile_groups(ranking, 10)) == 1
    assert top_groups(ranking, 10).number.tolist() == [6]  # mean rank 3: floor(3 * 10 / 6) + 1


def test_weights_group_as_repeated_rows() -> None:
    score, weight = np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([5, 1, 4, 2, 3])
    for cut in (quantile_groups, top_groups):
        one = cut(rank(score, np.zeros(5), weight), 4)
        two = cut(rank(np.repeat(score, weight), np.zeros(15)), 4)
        for name in ("number", "n", "low", "high", "expected"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_weights_that_are_no_counts_still_group_every_row() -> None:
    got = top_groups(rank(np.arange(8) / 8, np.zeros(8), np.full(8, 0.3)), 2)
    np.testing.assert_allclose(got.n, [1.2, 1.2], rtol=1e-12)  # four rows of 0.3 each
    assert quantile_groups(rank(np.arange(8) / 8, np.zeros(8), np.full(8, 0.3)), 2).n.sum() == pytest.approx(2.4)


@pytest.mark.parametrize("groups", [1, 0, -3, 2.5, "ten", True, None])
def test_a_number_of_groups_must_be_one(groups: object) -> None:
    with pytest.raises(OptionError, match="not a number of groups"):
        checked_groups(groups)  # type: ignore[arg-type]


@pytest.mark.parametrize("groups", [2, 10, 37])
@pytest.mark.parametrize("kind", ["counts", "ties", "weights"])
def test_long_rankings_are_grouped_as_short_ones(kind: str, groups: int) -> None:
    """Rankings of several runs of 65,536 scores, against the definition over all scores at once."""
    rng = np.random.default_rng(groups)
    n = 200_000
    p = rng.random(n) if kind != "ties" else np.round(rng.beta(0.3, 3, n), 4)
    weight = rng.random(n) if kind == "weights" else rng.integers(1, 4, n)
    ranking = rank(p, rng.integers(0, 2, n), weight)
    got = top_groups(ranking, groups)
    middle = ranking.total - np.cumsum(ranking.rows) + (ranking.rows + 1) / 2
    number = np.clip(np.floor(middle * groups / (ranking.total + 1) + 1e-12) + 1, 1, groups)
    np.testing.assert_array_equal(got.number, np.unique(number)[::-1])
    np.testing.assert_allclose(got.n, [ranking.rows[number == k].sum() for k in got.number], rtol=1e-10)
    np.testing.assert_array_equal(got.high, [ranking.score[number == k][-1] for k in got.number])
    expected = [(ranking.score * ranking.rows)[number == k].sum() for k in got.number]
    np.testing.assert_allclose(got.expected, expected, rtol=1e-10)
    rows = np.repeat(ranking.score, ranking.rows.astype(int)) if kind != "weights" else None
    if rows is not None:
        cut = quantile_groups(ranking, groups)
        edges = np.unique(np.quantile(rows, np.arange(1, groups + 1) / groups, method="linear"))
        edges = edges[edges > rows.min()]
        place = np.unique(np.searchsorted(edges * (1 + 1e-12), rows, side="left"), return_counts=True)[1]
        np.testing.assert_array_equal(cut.n, place)


@given(SCORES, st.lists(st.integers(0, 31), min_size=1, max_size=5, unique=True))
def test_kept_cut_offs_count_every_row_once(scores: list[int], cutoffs: list[int]) -> None:
    p, edges = np.array(scores) / 31, np.sort(cutoffs) / 31
    got = groups_at(rank(p, np.arange(p.size) % 2), given_edges(edges))
    assert got.n.tolist() == np.bincount(np.searchsorted(edges, p, side="right"), minlength=edges.size + 1).tolist()
    assert got.number.tolist() == list(range(edges.size + 1, 0, -1))
    assert got.expected.sum() == pytest.approx(p.sum())
    assert np.isnan(got.high[got.n == 0]).all()
    np.testing.assert_array_equal(got.low[1:], edges)
