"""Do the accuracy ratio and the Gini coefficient stand in their exact relations, and equal R's Lorenz curve?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from witnesses import read_witness

from glmlr.errors import OptionError
from glmlr.statistics.concentration import concentration
from glmlr.statistics.discrimination import association

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
CASES = WITNESS["cases"]

every_case = pytest.mark.parametrize("case", list(CASES))


@every_case
def test_gini_equals_the_lorenz_curve_of_r(case: str) -> None:
    # R: trapezoids under the cumulated shares by rising score; tests/witness/discrimination.R
    assert concentration(Y, CASES[case]["p"])["gini"] == pytest.approx(WITNESS["lorenz"][case], rel=1e-11)


@every_case
def test_the_indices_stand_in_their_relations(case: str) -> None:
    table, other = concentration(Y, CASES[case]["p"]), association(Y, CASES[case]["p"])
    frame = other.frame.set_index("measure")
    assert table["accuracy_ratio"] == pytest.approx(other["somers_d"], rel=1e-13)
    for ours in ("std_error", "low", "high"):
        assert table[ours] == pytest.approx(frame.loc["somers_d", ours], rel=1e-12)
    assert table["gini"] == pytest.approx(table["accuracy_ratio"] * (1 - 59 / 189), rel=1e-13)
    assert table["accuracy_ratio"] == pytest.approx(
        (table["cap_area"] - 0.5) / (table["perfect_area"] - 0.5), rel=1e-12
    )


@every_case
def test_areas_are_those_below_the_drawn_curves(case: str) -> None:
    table = concentration(Y, CASES[case]["p"])
    profile, lorenz = table.chart("cap").series, table.chart("lorenz").series
    assert np.trapezoid(profile[-1].y, profile[-1].x) == pytest.approx(table["cap_area"], abs=1e-3)
    assert np.trapezoid(profile[1].y, profile[1].x) == pytest.approx(table["perfect_area"], rel=1e-14)
    assert 1 - 2 * np.trapezoid(lorenz[-1].y, lorenz[-1].x) == pytest.approx(table["gini"], abs=2e-3)
    assert 1 - 2 * np.trapezoid(lorenz[1].y, lorenz[1].x) == pytest.approx(table["largest_gini"], rel=1e-14)


def test_perfect_and_no_order() -> None:
    perfect = concentration([0, 0, 0, 1], [1.0, 2, 3, 4])
    assert (perfect["accuracy_ratio"], perfect["gini"], perfect["cap_area"]) == (1.0, 0.75, 0.875)
    assert any("only one event" in note for note in perfect.notes)
    tied = concentration([0, 0, 1, 1], [1.0, 1, 1, 1])
    assert (tied["accuracy_ratio"], tied["gini"], tied["cap_area"]) == (0.0, 0.0, 0.5)
    assert any("says nothing" in note for note in tied.notes)
    assert math.isnan(perfect["low"])


def test_bad_levels_are_refused() -> None:
    with pytest.raises(OptionError, match="confidence level"):
        concentration(Y, CASES["full"]["p"], level=95)
