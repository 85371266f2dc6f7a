"""Are tail probabilities right far out, where the p-value itself underflows?"""

from __future__ import annotations

import math

import mpmath
import pytest
from witnesses import read_witness

from glmlr.tails import chi_square_tail, normal_tail

TAILS = read_witness("scores")["tails"]


@pytest.mark.parametrize(("statistic", "df"), [(3.84, 1), (12.5, 7), (150.0, 100), (0.001, 3), (1200.0, 2)])
def test_chi_square_tail_equals_mpmath(statistic: float, df: int) -> None:
    expected = mpmath.gammainc(mpmath.mpf(df) / 2, mpmath.mpf(statistic) / 2, mpmath.inf, regularized=True)
    got = chi_square_tail(statistic, df)
    assert got.p_value == pytest.approx(float(expected), rel=1e-11)
    assert got.log10_p == pytest.approx(float(mpmath.log10(expected)), rel=1e-11)


def test_logarithm_survives_underflow() -> None:
    # R: pchisq(..., lower.tail = FALSE, log.p = TRUE), pnorm(..., log.p = TRUE); tests/witness/scores.R
    for statistic, df, name in ((2000.0, 5, "chi2_2000_5_log"), (1e5, 1, "chi2_1e5_1_log")):
        got = chi_square_tail(statistic, df)
        assert got.p_value == 0.0
        assert got.log10_p == pytest.approx(TAILS[name] / math.log(10), rel=1e-12)
    assert normal_tail(-60.0).p_value == 0.0
    assert normal_tail(-60.0).log10_p == pytest.approx(TAILS["normal_60_log"] / math.log(10), rel=1e-12)


def test_the_two_scales_meet_where_they_change() -> None:
    # Just above and below the change of method at p = 1e-290 with 2 df, where log p = -x / 2 exactly.
    for statistic in (1335.0, 1336.0, 1400.0):
        assert chi_square_tail(statistic, 2).log10_p == pytest.approx(-statistic / 2 / math.log(10), rel=1e-13)


def test_z_squared_is_chi_square_of_one_degree() -> None:
    for z in (0.0, 0.5, 1.96, 8.0, 37.0):
        assert normal_tail(z).p_value == pytest.approx(chi_square_tail(z * z, 1).p_value, rel=1e-10)


def test_edges() -> None:
    assert chi_square_tail(0.0, 4).p_value == 1.0
    assert math.isnan(chi_square_tail(3.0, 0).p_value)
    assert math.isnan(chi_square_tail(math.nan, 3).log10_p)
    assert chi_square_tail(math.inf, 3).p_value == 0.0
    assert normal_tail(math.inf).p_value == 0.0
    assert math.isnan(normal_tail(math.nan).p_value)
