"""Are the Kolmogorov-Smirnov distances and p-values those of R, with and without ties?"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstwobign
from witnesses import read_data, read_witness

import glmlr
from glmlr.ranking import rank
from glmlr.ranking.distance import ks_distance
from glmlr.ranking.lattice_paths import can_be_exact, exact_tails
from glmlr.statistics.kolmogorov_smirnov import ks

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
CASES = WITNESS["cases"]
ROWS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=9).filter(
    lambda rows: len({outcome for _, outcome in rows}) == 2
)


@pytest.mark.parametrize("case", list(CASES))
def test_distances_and_p_values_equal_r(case: str) -> None:
    # R 4.2.2: ks.test with exact = TRUE (which knows of ties) and FALSE; tests/witness/discrimination.R
    given, table = CASES[case]["ks"], ks(Y, CASES[case]["p"])
    for side, distance, asymptotic, exact in (
        ("two_sided", "ks", "p_value", "p_exact"),
        ("plus", "d_plus", "p_plus", "p_plus_exact"),
        ("minus", "d_minus", "p_minus", "p_minus_exact"),
    ):
        assert table[distance] == pytest.approx(given[side]["distance"], rel=1e-12, abs=1e-15)
        assert table[asymptotic] == pytest.approx(given[side]["asymptotic"], rel=1e-6)  # R sums to 1e-6 (tol)
        # R's exact p is 1 minus a sum, which leaves 1e-12 or so of it.
        assert table[exact] == pytest.approx(given[side]["exact"], rel=1e-6, abs=1e-11)


def test_the_asymptotic_p_is_the_limit_distribution() -> None:
    table = ks(Y, CASES["full"]["p"])
    expected = kstwobign.sf(math.sqrt(59 * 130 / 189) * table["ks"])
    assert table["p_value"] == pytest.approx(expected, rel=1e-12)
    assert table["p_plus"] == pytest.approx(math.exp(-2 * 59 * 130 / 189 * table["d_plus"] ** 2), rel=1e-13)


def test_one_side_with_ties_by_hand() -> None:
    # All 462 orders counted in R: 0.4242 (196 of them), where ks.test(alternative = "less", exact = TRUE) says 0.1212.
    table = ks([1] * 5 + [0] * 6, [2.0, 2, 2, 3, 3, 1, 2, 2, 2, 2, 3])
    assert table["p_plus_exact"] == pytest.approx(196 / 462, rel=1e-13)


@settings(max_examples=60)
@given(ROWS)
def test_exact_tails_count_all_orders(rows: list[tuple[int, bool]]) -> None:
    """Every way to say which of the rows are events, counted one by one."""
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    n, events = score.size, int(outcome.sum())
    observed, counts, total = ks_distance(rank(score, outcome)), np.zeros(3), 0
    for chosen in combinations(range(n), events):
        other = np.zeros(n)
        other[list(chosen)] = 1
        found = ks_distance(rank(score, other))
        counts += [
            found.ks >= observed.ks - 1e-12,
            found.upward >= observed.upward - 1e-12,
            found.downward >= observed.downward - 1e-12,
        ]
        total += 1
    pairs = events * (n - events)
    tails = exact_tails(rank(score, outcome), round(observed.upward * pairs), round(observed.downward * pairs))
    assert [tails.two_sided, tails.greater, tails.less] == pytest.approx(counts / total, rel=1e-12)


def test_small_p_values_keep_their_digits() -> None:
    # By hand: 30 events above 30 non-events; 2 of the binomial (60 over 30) orders are as far apart.
    table = ks([0] * 30 + [1] * 30, np.arange(60.0))
    assert table["p_exact"] == pytest.approx(2 / math.comb(60, 30), rel=1e-12)
    assert table["p_plus_exact"] == pytest.approx(1 / math.comb(60, 30), rel=1e-12)
    assert (table["d_plus"], table["d_minus"], table["p_minus_exact"]) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("swap", [False, True])
def test_swapping_the_outcome_swaps_the_sides(swap: bool) -> None:
    p = np.array(CASES["rounded"]["p"])
    one, other = ks(Y, p), ks(1 - Y, p)
    for ours, theirs in (("d_plus", "d_minus"), ("p_plus_exact", "p_minus_exact"), ("ks", "ks")):
        assert one[ours] == pytest.approx(other[theirs], rel=1e-10)


def test_what_is_said_of_ties_weights_size_and_fitting() -> None:
    assert any("tied" in note for note in ks(Y, CASES["few"]["p"]).notes)
    weighted = ks(Y, CASES["full"]["p"], weight=np.full(Y.size, 0.5))
    assert math.isnan(weighted["p_exact"])
    assert any("not whole numbers" in note for note in weighted.notes)
    large = ks(np.tile([0, 1], 6000), np.arange(12000.0))
    assert math.isnan(large["p_exact"])
    assert any("too many rows" in note for note in large.notes)
    fitted = glmlr.fit("low ~ age + lwt", read_data("birthwt")).ks()
    assert any("fitted to these rows" in note for note in fitted.notes)
    assert any("lower scores" in note for note in ks([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4]).notes)


def test_the_ks_of_the_deciles_is_the_same() -> None:
    p = CASES["rounded"]["p"]
    companion = next(table for table in glmlr.deciles(Y, p).tables if table.key == "ks")
    table = ks(Y, p)
    for name in ("ks", "cutoff", "share", "sensitivity", "false_positive_rate"):
        assert table[name] == companion[name]


def test_limits_of_exactness() -> None:
    assert can_be_exact(rank([1, 2], [0, 1]))
    assert not can_be_exact(rank([1, 2], [0, 1], [0.5, 1]))
    assert not can_be_exact(rank(np.arange(10_001.0), np.arange(10_001) % 2))
