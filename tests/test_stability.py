"""Is the stability index what its definition says, and is its chance level what chance gives?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, chi2_contingency
from witnesses import read_witness

from glmlr.monitoring.stability import index_parts, stability

R = read_witness("deciles")


def test_parts_by_hand() -> None:
    # Shares 1/2, 3/10, 1/5 of 10 new rows, 1/4, 1/4, 1/2 of 8 old ones.
    expected = [0.25 * math.log(2), 0.05 * math.log(1.2), -0.3 * math.log(0.4)]
    np.testing.assert_allclose(index_parts(np.array([5.0, 3, 2]), np.array([2.0, 2, 4])), expected, rtol=1e-14)
    np.testing.assert_allclose(index_parts(np.array([2.0, 2, 4]), np.array([5.0, 3, 2])), expected, rtol=1e-14)


def test_an_empty_group_counts_half_a_row_on_that_side() -> None:
    # New: 6, 4, 0 of 10; old: 2, 2, 4 of 8. The empty one: (0.05 - 0.5) ln(0.05 / 0.5).
    expected = [0.35 * math.log(2.4), 0.15 * math.log(1.6), -0.45 * math.log(0.1)]
    np.testing.assert_allclose(index_parts(np.array([6.0, 4, 0]), np.array([2.0, 2, 4])), expected, rtol=1e-14)
    np.testing.assert_allclose(index_parts(np.array([2.0, 2, 4]), np.array([6.0, 4, 0])), expected, rtol=1e-14)
    assert index_parts(np.array([1.0, 0]), np.array([3.0, 0])).tolist() == [0, 0]


def test_the_test_by_its_formula() -> None:
    new, old = np.array([30.0, 50, 20, 0]), np.array([90.0, 60, 50, 0])
    found = stability(new, old, 0.9)
    scale = 1 / 100 + 1 / 200
    assert found.df == 2
    assert found.chance == pytest.approx(2 * scale, rel=1e-14)
    assert found.reach == pytest.approx(scale * chi2.ppf(0.9, 2), rel=1e-12)
    assert found.p_value == pytest.approx(chi2.sf(found.index / scale, 2), rel=1e-12)
    # Near Pearson's chi-square of the table where shares are near.
    near = stability(np.array([30.0, 50, 21]), np.array([62.0, 99, 40]))
    pearson = chi2_contingency([[30, 50, 21], [62, 99, 40]], correction=False)
    assert near.p_value == pytest.approx(pearson.pvalue, rel=1e-3)


def test_without_rows_or_with_one_group_there_is_no_test() -> None:
    assert math.isnan(stability(np.zeros(3), np.array([1.0, 2, 3])).index)
    alone = stability(np.array([4.0, 0]), np.array([9.0, 0]))
    assert (alone.index, alone.df, alone.reach) == (0, 0, 0)
    assert math.isnan(alone.p_value)


@pytest.mark.parametrize("cut_at_quantiles", [True, False])
@pytest.mark.parametrize(("n", "m"), [(500, 2000), (2000, 500)])
def test_chance_gives_what_it_is_said_to_give(n: int, m: int, cut_at_quantiles: bool) -> None:
    """Under no change p is uniform, for fixed groups and for those cut at the old quantiles (1500 samples)."""
    rng = np.random.default_rng(n)
    p, index = [], []
    for _ in range(1500):
        old, new = rng.random(m), rng.random(n)
        edges = np.quantile(old, np.arange(1, 10) / 10) if cut_at_quantiles else np.arange(1, 10) / 10
        counts = [np.bincount(np.searchsorted(edges, x), minlength=10).astype(float) for x in (new, old)]
        found = stability(*counts)
        p.append(found.p_value)
        index.append(found.index / found.chance)
    for share in (0.5, 0.1, 0.05):
        # Four standard errors of a share of 1500, and the small excess of so many rows.
        assert abs(np.mean(np.array(p) < share) - share) < 4 * math.sqrt(share * (1 - share) / 1500) + 0.005
    assert np.mean(index) == pytest.approx(1, abs=0.05)


def test_scores_in_the_groups_of_others_equal_r() -> None:
    # R: lowest scores of the tenths, findInterval, pchisq; tests/witness/deciles.R
    from glmlr.statistics.drift import psi

    halves = R["halves"]
    table = psi(halves["old"], halves["new"])
    np.testing.assert_array_equal(table["n"], halves["n"][::-1])
    test = table.tables[0]
    for name in ("psi", "p_value", "df", "reach"):
        assert test[name] == pytest.approx(halves[name], rel=1e-11), name
    assert table["psi"].sum() == pytest.approx(halves["psi"], rel=1e-12)
