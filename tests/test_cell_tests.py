"""Are the tests of cells right? Against R, by hand, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from witnesses import read_witness

from glmlr.crossing.cell_tests import additive, odds_ratios_of, stratified
from glmlr.hypotheses.adjusting import adjusted_plainly


def test_holm_is_that_of_r() -> None:
    witness = read_witness("linearity")
    np.testing.assert_allclose(adjusted_plainly(np.array(witness["holm_p"]), "holm"), witness["holm"])
    out = adjusted_plainly(np.array([0.02, np.nan, 0.01]), "holm")
    np.testing.assert_allclose(out, [0.02, np.nan, 0.02])
    assert adjusted_plainly(np.empty(0), "holm").size == 0


def test_a_table_with_one_odds_ratio_has_nothing_beyond_it() -> None:
    """Odds 1, 2, 4 in the rows, three times as high in the second column."""
    events = np.array([[10.0, 15], [20, 24], [8, 24]])
    nonevents = np.array([[10.0, 5], [10, 4], [2, 2]])
    found = additive(events, nonevents)
    np.testing.assert_allclose(found.expected, events, rtol=1e-9)
    np.testing.assert_allclose(found.effect, [0, np.log(3)], rtol=1e-9)
    assert found.chi2 < 1e-9
    assert found.df == 2
    a, b, c, d = events[:, 1], nonevents[:, 1], events[:, 0], nonevents[:, 0]
    joint = stratified(a, b, c, d)
    assert joint.log_ratio == pytest.approx(np.log(3))
    assert joint.breslow_day == pytest.approx(0, abs=1e-12)
    assert joint.df == 2


@pytest.mark.parametrize("ratio", [1e-6, 0.3, 1.0, 1.0 + 1e-9, 2.5, 1e7])
def test_fitted_cells_have_the_odds_ratio_they_should(ratio: float) -> None:
    """Strata made with this odds ratio and these margins have it in common, so that nothing is left."""
    a = np.array([3.0, 8, 30])
    b, c = np.array([5.0, 2, 11]), np.array([4.0, 7, 9])
    d = ratio * b * c / a
    joint = stratified(a, b, c, d)
    np.testing.assert_allclose(joint.log_ratio, np.log(ratio), rtol=1e-6, atol=1e-9)
    assert joint.breslow_day < 1e-6


def test_what_says_nothing_is_not_a_number() -> None:
    zero = np.zeros(2)
    empty = stratified(zero, zero, zero, zero)
    assert np.isnan(empty.log_ratio)
    assert empty.df == 0
    one = stratified(np.array([3.0]), np.array([2.0]), np.array([1.0]), np.array([4.0]))
    assert np.isnan(one.breslow_day)
    assert one.df == 0
    infinite = stratified(np.array([3.0, 4]), zero, np.array([1.0, 2]), np.array([4.0, 4]))
    assert infinite.log_ratio == np.inf
    assert np.isnan(infinite.error)


def test_a_zero_is_corrected_in_its_own_table_only() -> None:
    a, b = np.array([0.0, 3.0, 1.0]), np.array([5.0, 2.0, 1.0])
    c, d = np.array([2.0, 1.0, 0.0]), np.array([3.0, 4.0, 0.0])
    found = odds_ratios_of(a, b, c, d)
    assert found.corrected.tolist() == [True, False, False]
    np.testing.assert_allclose(found.log_ratio[:2], [np.log(0.5 * 3.5 / (5.5 * 2.5)), np.log(3 * 4 / 2)])
    assert np.isnan(found.log_ratio[2])
