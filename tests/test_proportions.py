"""Do intervals for a proportion equal R's, and do they stay in [0, 1]?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from witnesses import read_witness

from glmlr.errors import OptionError
from glmlr.proportions import checked_level, clopper_pearson, normal_quantile, wilson

WITNESS = read_witness("scores")


def test_wilson_equals_r() -> None:
    # R: prop.test(7, 19, correct = FALSE)
    got = wilson(7, 19)
    assert [got.low[0], got.high[0]] == pytest.approx(WITNESS["wilson"], rel=1e-12)


def test_clopper_pearson_equals_r() -> None:
    # R: binom.test(7, 19)
    got = clopper_pearson(7, 19)
    assert [got.low[0], got.high[0]] == pytest.approx(WITNESS["exact"], rel=1e-12)


def test_ends_have_closed_forms() -> None:
    # Wilson at 0 of n: high = z^2 / (n + z^2). Clopper-Pearson at 0 of n: high = 1 - 0.025^(1/n).
    z2 = normal_quantile(0.95) ** 2
    assert wilson(0, 10).low[0] == 0.0
    assert wilson(0, 10).high[0] == pytest.approx(z2 / (10 + z2), rel=1e-12)
    assert wilson(10, 10).high[0] == 1.0
    assert wilson(10, 10).low[0] == pytest.approx(10 / (10 + z2), rel=1e-12)
    assert clopper_pearson(0, 10).high[0] == pytest.approx(1 - 0.025**0.1, rel=1e-12)
    assert clopper_pearson(10, 10).low[0] == pytest.approx(0.025**0.1, rel=1e-12)
    assert (clopper_pearson(0, 10).low[0], clopper_pearson(10, 10).high[0]) == (0.0, 1.0)


def test_no_rows_have_no_interval() -> None:
    for interval in (wilson([0, 1], [0, 2]), clopper_pearson([0, 1], [0, 2])):
        assert np.isnan([interval.low[0], interval.high[0]]).all()
        assert np.isfinite([interval.low[1], interval.high[1]]).all()


@given(st.integers(1, 10**9), st.floats(0, 1), st.floats(0.5, 0.999))
def test_intervals_hold_the_share_and_mirror(n: int, share: float, level: float) -> None:
    events = round(n * share)
    for make in (wilson, clopper_pearson):
        one, other = make(events, n, level), make(n - events, n, level)
        assert 0 <= one.low[0] <= events / n <= one.high[0] <= 1
        assert one.low[0] == pytest.approx(1 - other.high[0], abs=1e-9)


def test_the_normal_quantile_is_the_tables() -> None:
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, rel=1e-15)  # R: qnorm(0.975)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, "0.95", True, float("nan")])
def test_a_level_lies_between_zero_and_one(level: object) -> None:
    with pytest.raises(OptionError, match="not a confidence level"):
        checked_level(level)  # type: ignore[arg-type]
