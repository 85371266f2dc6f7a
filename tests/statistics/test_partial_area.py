"""Are partial areas and their intervals those of R and of the law that parts of a whole obey?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from witnesses import read_witness

from glmlr.errors import NotApplicable, OptionError
from glmlr.statistics.discrimination import roc
from glmlr.statistics.partial_area import partial_auc

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
CASES = WITNESS["cases"]
P = np.array(CASES["full"]["p"])


@pytest.mark.parametrize("case", list(CASES))
def test_areas_equal_proc(case: str) -> None:
    # R pROC: auc(partial.auc =, partial.auc.focus =, partial.auc.correct =); tests/witness/discrimination.R
    for both in CASES[case]["partial"]:
        for part in both:
            table = partial_auc(Y, CASES[case]["p"], **{part["focus"]: part["range"]})
            low, high = part["range"]
            assert table["partial_auc"] == pytest.approx(part["area"], rel=1e-11, abs=1e-15)
            assert table["share"] == pytest.approx(part["area"] / (high - low), rel=1e-9, abs=1e-12)
            if part["standardised"] == "NA":
                assert math.isnan(table["standardised"])
                assert any("below that of chance" in note for note in table.notes)
            else:
                assert table["standardised"] == pytest.approx(part["standardised"], rel=1e-11)


def test_the_default_is_high_specificity() -> None:
    one, other = partial_auc(Y, P), partial_auc(Y, P, specificity=(0.9, 1))
    assert one.frame.equals(other.frame)
    assert "specificity is 0.9 to 1" in one.title


def test_the_whole_range_is_the_area_with_delongs_interval() -> None:
    table, whole = partial_auc(Y, P, specificity=(0, 1)), roc(Y, P)
    for ours, theirs in (("partial_auc", "auc"), ("std_error", "std_error"), ("low", "low"), ("high", "high")):
        assert table[ours] == pytest.approx(whole[theirs], rel=1e-12)
    assert table["standardised"] == pytest.approx(whole["auc"], rel=1e-12)
    assert table["standardised_low"] == pytest.approx(whole["low"], rel=1e-12)


@pytest.mark.slow
def test_the_bootstrap_is_that_of_proc_within_its_noise() -> None:
    # R pROC: ci.auc and var of auc(partial.auc = c(1, .8)), 10,000 samples; tests/witness/discrimination.R
    given = WITNESS["bootstrap"]
    table = partial_auc(Y, P, specificity=(0.8, 1), resamples=4000)
    assert table["std_error"] == pytest.approx(given["partial_error"], rel=0.05)
    assert [table["low"], table["high"]] == pytest.approx([given["partial"][0], given["partial"][2]], abs=0.0025)
    assert partial_auc(Y, P, specificity=(0.8, 1))["std_error"] == pytest.approx(given["partial_error"], rel=0.08)


def test_few_samples_give_an_interval_around_the_area() -> None:
    # The same rows as above with 200 samples: a standard error known to 1 / sqrt(400) = 5%, three of them allowed.
    table = partial_auc(Y, P, specificity=(0.8, 1), resamples=200)
    assert table["std_error"] == pytest.approx(WITNESS["bootstrap"]["partial_error"], rel=0.15)
    assert table["low"] < table["partial_auc"] < table["high"]


@pytest.mark.slow
def test_analytic_intervals_cover_as_often_as_they_say() -> None:
    # 2,000 samples of 100 and 150 rows; closed form of the truth by numbers: the binormal curve integrated.
    from scipy.integrate import quad
    from scipy.stats import norm

    rng = np.random.default_rng(5)
    truth = quad(lambda u: norm.cdf(1.5 + norm.ppf(u)), 0, 0.2)[0]
    y, hits = np.repeat([1, 0], [100, 150]), 0
    for _ in range(2000):
        table = partial_auc(y, rng.normal(1.5 * y, 1.0), specificity=(0.8, 1))
        hits += table["low"] <= truth <= table["high"]
    assert 0.93 <= hits / 2000 <= 0.97


@pytest.mark.parametrize("part", [{"specificity": (0.8, 1)}, {"sensitivity": (0.6, 0.9)}])
def test_the_chart_shades_the_area(part: dict[str, tuple[float, float]]) -> None:
    table = partial_auc(Y, P, **part)
    band = table.chart("partial_auc").series[2]
    assert np.trapezoid(band.high - band.low, band.x) == pytest.approx(table["partial_auc"], rel=0.02)


def test_one_event_and_perfect_separation_are_said() -> None:
    table = partial_auc([0, 0, 1], [0.1, 0.3, 0.2])
    assert math.isnan(table["std_error"])
    assert any("only one event" in note for note in table.notes)
    perfect = partial_auc([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert (perfect["standardised"], perfect["std_error"]) == (1.0, 0.0)
    assert any("says nothing" in note for note in perfect.notes)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"specificity": (0.9, 0.8)}, OptionError, "is no range"),
        ({"specificity": (0.9, 1.1)}, OptionError, "is no range"),
        ({"specificity": 0.9}, OptionError, "is no range"),
        ({"sensitivity": (0.9,)}, OptionError, "is no range"),
        ({"sensitivity": ()}, OptionError, "is no range"),
        ({"sensitivity": (0.5, np.nan)}, OptionError, "is no range"),
        ({"specificity": (0.9, 1), "sensitivity": (0.9, 1)}, OptionError, "Two ranges"),
        ({"resamples": 0}, OptionError, "bootstrap samples"),
        ({"level": 95}, OptionError, "confidence level"),
        ({"resamples": 3, "weight": np.full(189, 0.5)}, NotApplicable, "whole numbers"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        partial_auc(Y, P, **options)
