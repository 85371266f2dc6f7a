"""Are rates at stated rates those of R, with intervals that mean what they say?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta
from witnesses import read_witness

from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.proportions import wilson
from glmlr.statistics.operating_points import operating_points

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
CASES = WITNESS["cases"]
P = np.array(CASES["full"]["p"])

every_case = pytest.mark.parametrize("case", list(CASES))


@every_case
def test_interpolated_rates_equal_proc(case: str) -> None:
    # R pROC: coords(input = "specificity") and (input = "sensitivity"); tests/witness/discrimination.R
    given = CASES[case]["coords"]
    frame = operating_points(Y, CASES[case]["p"], specificity=given["at"], sensitivity=given["at"]).frame
    expected = [*given["sensitivity"], *given["specificity"]]
    np.testing.assert_allclose(frame["interpolated"], expected, rtol=1e-12, atol=1e-14)


@every_case
def test_rates_at_the_cutoff_are_counted(case: str) -> None:
    p = np.array(CASES[case]["p"])
    for _, row in operating_points(Y, p).frame.iterrows():
        called = p >= row["cutoff"] - 1e-13
        assert row["sensitivity"] == called[Y == 1].mean()
        assert row["specificity"] == pytest.approx((~called)[Y == 0].mean(), rel=1e-14)


def test_the_default_lists_three_of_each() -> None:
    frame = operating_points(Y, P).frame
    assert frame["measure"].tolist() == [
        *(f"sensitivity at specificity {at}" for at in (0.8, 0.9, 0.95)),
        *(f"specificity at sensitivity {at}" for at in (0.8, 0.9, 0.95)),
    ]
    assert (frame["specificity"].iloc[:3] >= [0.8, 0.9, 0.95]).all()
    assert (frame["sensitivity"].iloc[3:] >= [0.8, 0.9, 0.95]).all()
    assert operating_points(Y, P, specificity=0.9).frame["measure"].tolist() == ["sensitivity at specificity 0.9"]


def test_intervals_are_those_of_the_share_at_the_cutoff() -> None:
    table = operating_points(Y, P, specificity=0.9, sensitivity=0.9, level=0.9)
    first, second = (row for _, row in table.frame.iterrows())
    events, others = round(first["sensitivity"] * 59), round(second["specificity"] * 130)
    for row, count, size in ((first, events, 59), (second, others, 130)):
        bounds = wilson(count, size, 0.9)
        assert [row["low"], row["high"]] == [bounds.low[0], bounds.high[0]]
    exact = operating_points(Y, P, specificity=0.9, interval="exact").frame.iloc[0]
    # Closed form: quantiles of the beta distribution (Clopper & Pearson).
    assert exact["low"] == pytest.approx(beta.ppf(0.025, events, 60 - events), rel=1e-10)
    assert exact["high"] == pytest.approx(beta.ppf(0.975, events + 1, 59 - events), rel=1e-10)


def test_the_bootstrap_is_that_of_proc_within_its_noise() -> None:
    # R pROC: ci.se and ci.sp with 10,000 samples; tests/witness/discrimination.R. The rates have steps of 1/59.
    given = WITNESS["bootstrap"]
    frame = operating_points(Y, P, specificity=0.9, sensitivity=0.9, resamples=4000).frame
    steps = [1 / 59, 1 / 130]
    for (_, row), expected, step in zip(
        frame.iterrows(), (given["sensitivity"], given["specificity"]), steps, strict=True
    ):
        assert [row["low"], row["high"]] == pytest.approx([expected[0], expected[2]], abs=1.01 * step)


def test_a_rate_that_no_score_attains_has_an_infinite_cutoff() -> None:
    table = operating_points([0, 1, 0], [3.0, 2.0, 1.0], specificity=1.0)
    assert table.frame["cutoff"].tolist() == [np.inf]
    assert table.frame["sensitivity"].tolist() == [0.0]
    assert any("no row positive" in note for note in table.notes)


def test_weights_are_repeated_rows_in_the_bootstrap() -> None:
    times = np.resize([1, 2, 3], Y.size)
    one = operating_points(Y, P.round(2), weight=times, resamples=20).frame
    other = operating_points(np.repeat(Y, times), np.repeat(P.round(2), times), resamples=20).frame
    assert one.equals(other)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"specificity": 90}, OptionError, "is no rate"),
        ({"sensitivity": [0.5, -0.1]}, OptionError, "is no rate"),
        ({"sensitivity": [0.5, np.nan]}, OptionError, "is no rate"),
        ({"sensitivity": "high"}, OptionError, "is no rate"),
        ({"sensitivity": []}, OptionError, "No rate is stated"),
        ({"interval": "wald"}, OptionError, "interval"),
        ({"resamples": 0}, OptionError, "bootstrap samples"),
        ({"level": 0}, OptionError, "confidence level"),
        ({"resamples": 5, "weight": np.full(189, 0.5)}, NotApplicable, "whole numbers"),
        ({"weight": Y}, DataError, "both kinds"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        operating_points(Y, P, **options)
