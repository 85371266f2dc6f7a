"""Do the calibration measures equal R's, and are the cases without a line named?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_distribution
from witnesses import read_witness

from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.statistics.calibration import calibration

WITNESS = read_witness("scores")


@pytest.mark.parametrize("case", ["ten", "births_rounded", "births_shrunk"])
def test_calibration_equals_r(case: str) -> None:
    # R: rms::val.prob and glm(); tests/witness/scores.R
    given, expected = WITNESS[case], WITNESS[case]["recalibration"]
    table = calibration(given["y"], given["p"])
    frame = table.frame.set_index("measure")
    for name in ("in_the_large", "intercept", "slope", "brier", "spiegelhalter_z"):
        assert table[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-12), name
    for name in ("in_the_large", "intercept", "slope"):
        assert frame.loc[name, "std_error"] == pytest.approx(expected[f"{name}_se"], rel=1e-8), name
    # val.prob's own line iterates to about 1e-8.
    assert [table["intercept"], table["slope"]] == pytest.approx(expected["val_prob"], rel=1e-6, abs=1e-8)
    assert frame.loc["spiegelhalter_z", "p_value"] == pytest.approx(expected["spiegelhalter_p"], rel=1e-8)
    # val.prob: U = (chi-square - 2) / n, U:p its tail with 2 degrees of freedom.
    assert table["recalibration_chi2"] == pytest.approx(expected["unreliability"] * expected["n"] + 2, abs=1e-6)
    assert frame.loc["recalibration_chi2", "p_value"] == pytest.approx(expected["unreliability_p"], rel=1e-6)


def test_simple_measures_by_hand() -> None:
    # y = 0 1 1 0, p = .2 .6 .9 .5: squares .04 .16 .01 .25, mean .115; sum of p 2.2; r (1 - r) = 1/4.
    table = calibration([0, 1, 1, 0], [0.2, 0.6, 0.9, 0.5], groups=2)
    assert table["brier"] == pytest.approx(0.115, rel=1e-14)
    assert table["scaled_brier"] == pytest.approx(1 - 0.115 / 0.25, rel=1e-14)
    assert table["expected_over_observed"] == pytest.approx(1.1, rel=1e-14)
    assert table["mean_predicted"] == pytest.approx(0.55, rel=1e-14)
    assert table["observed_rate"] == 0.5
    expected = -(math.log(0.8) + math.log(0.6) + math.log(0.9) + math.log(0.5)) / 4
    assert table["log_score"] == pytest.approx(expected, rel=1e-14)


def test_a_known_distortion_is_found_exactly() -> None:
    # Rates 1/4 and 3/4 predicted as logits twice as large: the line through two points has slope 1/2, intercept 0.
    p = 1 / (1 + math.exp(2 * math.log(3)))  # logit = -2 log 3, true logit = -log 3
    table = calibration([1, 0, 0, 0, 1, 1, 1, 0], [p] * 4 + [1 - p] * 4, groups=2)
    assert table["slope"] == pytest.approx(0.5, rel=1e-9)
    assert table["intercept"] == pytest.approx(0, abs=1e-9)


def test_groups_and_curve() -> None:
    given = WITNESS["births"]
    table = calibration(given["y"], given["p"])
    frame, expected = table.tables[0].frame, given["lack_of_fit"]
    np.testing.assert_array_equal(frame["n"], expected["n"])
    np.testing.assert_array_equal(frame["events"], expected["events"])
    np.testing.assert_allclose(frame["mean_predicted"] * frame["n"], expected["expected"], rtol=1e-11)
    assert ((frame["low"] <= frame["rate"]) & (frame["rate"] <= frame["high"])).all()
    points = table.chart("calibration").series[-1]
    np.testing.assert_array_equal(points.y, frame["rate"])
    assert points.kind == "intervals"


@pytest.mark.parametrize("extreme", [0.0, 1.0])
def test_certain_probabilities_have_no_line(extreme: float) -> None:
    table = calibration([0, 1, 0, 1], [0.2, 0.3, 0.6, extreme], groups=2)
    assert all(math.isnan(table[name]) for name in ("in_the_large", "intercept", "slope", "recalibration_chi2"))
    assert any("exactly 0 or 1" in note for note in table.notes)
    assert math.isfinite(table["brier"])


def test_a_wrong_certainty_costs_an_infinite_log_score() -> None:
    assert calibration([0, 1, 1], [0.2, 0.7, 0.0], groups=2)["log_score"] == math.inf
    assert math.isfinite(calibration([0, 1, 1], [0.0, 0.7, 1.0], groups=2)["log_score"])


def test_separated_rows_have_an_infinite_slope() -> None:
    table = calibration([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], groups=2)
    assert table["slope"] == math.inf
    assert math.isfinite(table["in_the_large"])
    assert any("slope is infinite" in note for note in table.notes)
    assert calibration([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], groups=2)["slope"] == -math.inf


def test_one_probability_has_no_slope_but_an_offset() -> None:
    # By hand: logit of 1/2 minus logit of 0.1 is log 9; standard error 1 / sqrt(4 / 4) = 1.
    table = calibration([0, 0, 1, 1], [0.1] * 4)
    assert table["in_the_large"] == pytest.approx(math.log(9), rel=1e-9)
    assert table.frame.set_index("measure").loc["in_the_large", "std_error"] == pytest.approx(1.0, rel=1e-9)
    assert math.isnan(table["slope"])
    assert any("one probability" in note for note in table.notes)


def test_spiegelhalter_is_void_for_coin_flips() -> None:
    # (1 - 2p) is 0 for every row: 0 / 0.
    assert math.isnan(calibration([0, 1], [0.5, 0.5])["spiegelhalter_z"])


def test_weights_are_repeated_rows() -> None:
    given = WITNESS["births_rounded"]
    y, p = np.array(given["y"]), np.array(given["p"])
    weighted, repeated = calibration(y, p, weight=np.full(y.size, 3)), calibration(np.tile(y, 3), np.tile(p, 3))
    np.testing.assert_array_equal(weighted.frame["value"], repeated.frame["value"])
    np.testing.assert_array_equal(weighted.frame["std_error"], repeated.frame["std_error"])


@pytest.mark.slow
def test_the_tests_hold_their_level() -> None:
    # A law: under true probabilities both tests have p-values below 0.1 in about a tenth of samples: 400 samples,
    # binomial limits at 1e-6 by the normal approximation, 0.1 +- 4.9 sqrt(.09 / 400).
    rng = np.random.default_rng(11)
    rejected = np.zeros(2)
    for _ in range(400):
        p = rng.uniform(0.05, 0.95, 150)
        frame = calibration(rng.random(150) < p, p).frame.set_index("measure")
        rejected += frame.loc[["recalibration_chi2", "spiegelhalter_z"], "p_value"].to_numpy(dtype=float) < 0.1
    assert (np.abs(rejected / 400 - 0.1) < 4.9 * math.sqrt(0.09 / 400)).all()
    assert chi2_distribution.sf(4.605, 2) == pytest.approx(0.1, abs=1e-4)


def test_bad_input_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="needs probabilities"):
        calibration([0, 1], [-1.0, 2.0])
    with pytest.raises(OptionError, match="groups=1"):
        calibration([0, 1], [0.1, 0.2], groups=1)


def test_spiegelhalters_z_of_certain_probabilities_is_said_not_to_exist() -> None:
    table = calibration([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0])
    assert math.isnan(table["spiegelhalter_z"])
    assert any("Spiegelhalter's z does not exist" in note for note in table.notes)


SMOOTH = read_witness("calibration")


@pytest.mark.parametrize("case", ["births", "births_rounded", "births_elsewhere", "arrests_shrunk"])
def test_smooth_measures_equal_r(case: str) -> None:
    # R: loess(surface = "direct"), rms::val.prob (lowess), glm on a spline; tests/witness/calibration.R
    given = SMOOTH[case]
    for smooth, expected in (("loess", given["loess"]), ("spline", given["spline"])):
        table = calibration(given["y"], given["p"], smooth=smooth)
        for name in ("ici", "e50", "e90", "emax"):
            assert table[name] == pytest.approx(expected[name], rel=1e-10, abs=1e-13), (smooth, name)
    table = calibration(given["y"], given["p"], smooth="lowess")
    for name, theirs in (("ici", "Eavg"), ("e90", "E90"), ("emax", "Emax")):
        assert table[name] == pytest.approx(given["val_prob"][theirs], rel=1e-10, abs=1e-13), name
    brier = table.frame.set_index("measure").loc["brier"]
    assert brier["std_error"] == pytest.approx(given["brier_se"], rel=1e-11)
    assert brier["high"] - brier["value"] == pytest.approx(1.959963984540054 * given["brier_se"], rel=1e-11)


@pytest.mark.parametrize("case", ["births", "births_rounded", "births_elsewhere", "arrests_shrunk"])
def test_indices_equal_val_prob(case: str) -> None:
    given = SMOOTH[case]
    expected, n = given["val_prob"], len(given["y"])
    rows = calibration(given["y"], given["p"]).tables[1].frame.set_index("measure")
    assert rows.loc["d", "value"] == pytest.approx(expected["D"], rel=1e-10)
    assert rows.loc["d", "statistic"] == pytest.approx(expected["D:Chi-sq"], rel=1e-10)
    # What val.prob fits again ends at about 1e-8, and so do U and Q.
    assert rows.loc["u", "value"] == pytest.approx(expected["U"], abs=1e-8)
    assert rows.loc["u", "statistic"] == pytest.approx(expected["U:Chi-sq"], abs=1e-6)
    assert rows.loc["u", "p_value"] == pytest.approx(expected["U:p"], abs=1e-6)
    assert rows.loc["r2", "value"] == pytest.approx(expected["R2"], rel=1e-8)
    assert rows.loc["q", "value"] == pytest.approx(rows.loc["d", "value"] - rows.loc["u", "value"], rel=1e-12)
    assert rows.loc["q", "value"] == pytest.approx(expected["Q"], abs=1e-8)
    assert rows.loc["d", "statistic"] == pytest.approx(given["line"]["lr_fixed"], rel=1e-10)
    assert rows.loc["emax_line", "value"] == pytest.approx(given["line"]["emax"], abs=1e-6)
    assert n * rows.loc["d", "value"] + 1 == pytest.approx(rows.loc["d", "statistic"], rel=1e-12)


def test_a_bootstrap_gives_intervals_and_a_band() -> None:
    given = SMOOTH["births_elsewhere"]
    one, two = (calibration(given["y"], given["p"], resamples=60, seed=2) for _ in range(2))
    rows = one.frame.set_index("measure")
    np.testing.assert_array_equal(one.frame["low"], two.frame["low"])
    for name in ("ici", "e50", "e90", "emax"):
        assert 0 <= rows.loc[name, "low"] < rows.loc[name, "high"]
        assert math.isnan(calibration(given["y"], given["p"]).frame.set_index("measure").loc[name, "low"])
    assert any("60 bootstrap samples" in note for note in one.notes)
    plain, drawn = (table.chart().series[1] for table in (calibration(given["y"], given["p"]), one))
    assert plain.kind == drawn.kind == "band"
    assert plain.low is not None
    assert drawn.low is not None
    assert not np.array_equal(plain.low, drawn.low)


def test_no_curve_is_drawn_or_measured_where_none_is_wanted() -> None:
    given = SMOOTH["births"]
    table = calibration(given["y"], given["p"], smooth=None)
    assert "ici" not in set(table["measure"])
    assert not any(series.kind == "band" for series in table.chart().series)


def test_a_spline_that_does_not_exist_is_named() -> None:
    table = calibration([0, 1, 0, 1], [0.0, 0.3, 0.6, 1.0], smooth="spline")
    assert any("spline of logit(p) does not exist" in note for note in table.notes)
    table = calibration([0, 1, 0, 1, 1], [0.2, 0.3, 0.6, 0.8, 0.8], smooth="spline")
    assert any("do not determine the spline" in note for note in table.notes)
    assert "ici" not in set(table["measure"])


def test_a_curve_that_leaves_the_unit_interval_is_said_to() -> None:
    given = SMOOTH["births"]
    assert any("not held in [0, 1]" in note for note in calibration(given["y"], given["p"]).notes)


def test_rare_events_have_their_own_axes() -> None:
    rng = np.random.default_rng(3)
    p = rng.uniform(0.001, 0.02, 3000)
    y = rng.random(3000) < p
    chart = calibration(y, p).chart()
    highest = calibration(y, p).tables[0]["high"].max()
    assert chart.x.limits == chart.y.limits
    assert max(highest, p.max()) <= chart.x.limits[1] <= 0.1
    spikes = [series for series in chart.series if series.kind == "spikes"]
    assert [series.name for series in spikes] == ["Events", "Non-events"]


def test_unknown_curves_and_numbers_of_samples_are_refused() -> None:
    y, p = [0, 1, 0, 1], [0.2, 0.3, 0.6, 0.8]
    with pytest.raises(OptionError, match="smooth='loes'.*did you mean 'loess'"):
        calibration(y, p, smooth="loes")
    with pytest.raises(OptionError, match="resamples=0"):
        calibration(y, p, resamples=0)
    with pytest.raises(NotApplicable, match="not whole numbers"):
        calibration(y, p, resamples=5, weight=[0.5, 1, 1, 1])


def test_weights_that_are_no_counts_have_a_curve_too() -> None:
    given = SMOOTH["births_rounded"]
    weight = np.resize([0.3, 1.7, 1.0], len(given["y"]))
    assert math.isfinite(calibration(given["y"], given["p"], weight=weight)["ici"])
