"""Do the detection errors agree with scikit-learn, and does the equal error rate lie where the rates are equal?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from sklearn.metrics import det_curve
from witnesses import read_witness

from glmlr.statistics.detection_errors import det

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
CASES = WITNESS["cases"]


@pytest.mark.parametrize("case", list(CASES))
def test_the_equal_error_rate_is_where_scikit_learns_curves_cross(case: str) -> None:
    p = np.round(CASES[case]["p"], 10)
    false_alarms, misses, _ = det_curve(Y, p)
    # scikit-learn's points by rising cut-off; along them misses - false alarms rises from below 0 to above.
    along = np.arange(misses.size)
    crossing = brentq(lambda at: np.interp(at, along, misses - false_alarms), 0, misses.size - 1, xtol=1e-13)
    assert det(Y, p)["equal_error_rate"] == pytest.approx(np.interp(crossing, along, misses), rel=1e-9)


def test_rates_at_the_cutoff_are_counted() -> None:
    p = np.array(CASES["full"]["p"])
    table = det(Y, p)
    called = p >= table["cutoff"]
    assert table["false_positive_rate"] == called[Y == 0].mean()
    assert table["false_negative_rate"] == (~called)[Y == 1].mean()


def test_a_normal_pair_has_its_closed_form() -> None:
    # Events N(2, 1), non-events N(0, 1): rates are equal at the cut-off 1, both Phi(-1) = 0.158655.
    rng = np.random.default_rng(1)
    y = np.repeat([1, 0], 100_000)
    table = det(y, rng.normal(2.0 * y, 1.0))
    assert table["equal_error_rate"] == pytest.approx(0.15865525393145707, abs=0.003)
    assert table["cutoff"] == pytest.approx(1.0, abs=0.02)
    # On normal deviates the curve is the line -2 - x.
    drawn = table.chart("det").series[1]
    assert (table.chart("det").x.scale, table.chart("det").y.scale) == ("probit", "probit")
    assert 0 < drawn.x.min() <= drawn.x.max() < 1


def test_perfect_scores_have_nothing_to_draw() -> None:
    table = det([0, 0, 1], [0.1, 0.2, 0.9])
    assert (table["equal_error_rate"], table["cutoff"]) == (0.0, 0.9)
    assert table.charts == ()
    assert any("no curve to draw" in note for note in table.notes)


def test_all_tied_has_no_cutoff() -> None:
    table = det([0, 1], [0.3, 0.3])
    assert (table["equal_error_rate"], table["cutoff"]) == (0.5, np.inf)
    assert any("no row positive" in note for note in table.notes)
