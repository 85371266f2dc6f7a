"""Are changes of probabilities R's and scikit-learn's, do they predict, and is the test of updates closed?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError

WITNESS = read_witness("calibration")
CASES = ("births", "births_rounded", "births_elsewhere", "arrests_shrunk")


def parameters(found: glmlr.Recalibration) -> pd.DataFrame:
    return next(table for table in found.table.tables if table.key == "recalibration_parameters").frame


@pytest.mark.parametrize("case", CASES)
def test_intercept_and_line_equal_r(case: str) -> None:
    # R: glm(y ~ offset(qlogis(p))) and glm(y ~ qlogis(p)); tests/witness/calibration.R
    given, expected = WITNESS[case], WITNESS[case]["updated"]
    for method, values, errors in (
        ("intercept", [expected["intercept"]], [expected["intercept_se"]]),
        ("logistic", expected["line"], expected["line_se"]),
    ):
        found = glmlr.recalibrate(given["y"], given["p"], method=method)
        frame = parameters(found)
        np.testing.assert_allclose(frame["estimate"], values, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(frame["std_error"], errors, rtol=1e-7)
        assert list(found.parameters.values()) == frame["estimate"].tolist()
        line = [values[0], 1.0] if method == "intercept" else values
        expected_p = expit(line[0] + line[1] * logit(np.array(given["p"])))
        np.testing.assert_allclose(found.predict(given["p"]), expected_p, rtol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_beta_calibration_equals_r(case: str) -> None:
    # R: glm(y ~ log(p) + I(-log1p(-p))); where a slope is negative, glm without that column
    given, expected = WITNESS[case], WITNESS[case]["updated"]
    found = glmlr.recalibrate(given["y"], given["p"], method="beta")
    free = expected["beta"]
    if min(free[1:]) >= 0:
        np.testing.assert_allclose(parameters(found)["estimate"], free, rtol=1e-8)
        np.testing.assert_allclose(parameters(found)["std_error"], expected["beta_se"], rtol=1e-6)
        return
    without_p = free[1] < free[2]
    constant, slope = expected["log_q"] if without_p else expected["log_p"]
    wanted = [constant, 0.0, slope] if without_p else [constant, slope, 0.0]
    np.testing.assert_allclose(parameters(found)["estimate"], wanted, rtol=1e-8)
    assert any("would be negative" in note for note in found.table.notes)


@pytest.mark.parametrize("case", CASES)
def test_isotonic_recalibration_equals_sklearn(case: str) -> None:
    given = WITNESS[case]
    theirs = IsotonicRegression(out_of_bounds="clip").fit(given["p"], given["y"])
    grid = np.linspace(0, 1, 2001)
    found = glmlr.recalibrate(given["y"], given["p"], method="isotonic")
    np.testing.assert_allclose(found.predict(grid), theirs.predict(grid), atol=1e-12)
    assert (np.diff(found.predict(grid)) >= 0).all()


@pytest.mark.parametrize("case", CASES)
def test_the_test_of_updates_equals_r(case: str) -> None:
    # R: deviances of the two glm and of the probabilities
    given, chi2 = WITNESS[case], WITNESS[case]["updated"]["chi2"]
    found = glmlr.recalibrate(given["y"], given["p"], method="test")
    np.testing.assert_allclose(found.table.tables[-1]["statistic"], chi2, rtol=1e-8, atol=1e-9)
    assert found.method == ("logistic" if case == "arrests_shrunk" else "none")


def test_the_simplest_update_is_chosen() -> None:
    rng = np.random.default_rng(2)
    eta = rng.normal(0, 1.5, 4000)
    for truth, method in ((eta, "none"), (eta + 0.6, "intercept"), (0.2 + 0.5 * eta, "logistic")):
        y = rng.random(eta.size) < expit(truth)
        found = glmlr.recalibrate(y, expit(eta), method="test", level=0.999)
        assert found.method == method
        assert found.table.title == f"Recalibration (test: {method})"
    assert glmlr.recalibrate(y, expit(eta), method="test").predict(0.5) == pytest.approx(expit(0.2), abs=0.03)


def test_after_the_change_the_measures_are_those_of_calibration() -> None:
    given = WITNESS["births_elsewhere"]
    found = glmlr.recalibrate(given["y"], given["p"])
    after = glmlr.calibration(given["y"], found.predict(given["p"]))
    frame = found.table.frame.set_index("measure")
    for name in ("mean_predicted", "brier", "log_score", "ici", "slope"):
        assert frame.loc[name, "after"] == pytest.approx(after[name], rel=1e-9), name
        assert frame.loc[name, "before"] == pytest.approx(glmlr.calibration(given["y"], given["p"])[name], rel=1e-12)
    assert frame.loc["slope", "after"] == pytest.approx(1, abs=1e-9)
    assert frame.loc["auc", "after"] == pytest.approx(frame.loc["auc", "before"], rel=1e-12)


def test_predictions_keep_their_shape_and_what_is_missing() -> None:
    found = glmlr.recalibrate([0, 1, 0, 1, 1, 0], [0.2, 0.3, 0.4, 0.6, 0.8, 0.5])
    series = pd.Series([0.1, np.nan, 0.9], index=list("abc"), name="p")
    changed = found.predict(series)
    assert changed.index.tolist() == list("abc")
    assert changed.isna().tolist() == [False, True, False]
    assert found.predict(np.full((2, 3), 0.5)).shape == (2, 3)
    assert isinstance(found.predict(0.5), float)
    # The limits of the line, its slope being positive.
    assert found.predict([0.0, 1.0]).tolist() == [0.0, 1.0]
    with pytest.raises(DataError, match=r"in \[0, 1\]; these run from 0.5 to 1.5"):
        found.predict([0.5, 1.5])


def test_folds_judge_by_other_rows() -> None:
    rng = np.random.default_rng(5)
    p = rng.uniform(0.05, 0.95, 600)
    y = rng.random(600) < p
    one, two = (glmlr.recalibrate(y, p, method="isotonic", folds=10, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.table.frame, two.table.frame, check_exact=True)
    frame = one.table.frame.set_index("measure")
    # Isotonic regression gains on its own rows what it loses on others.
    assert frame.loc["brier", "after"] < frame.loc["brier", "before"] < frame.loc["brier", "cross_fitted"]
    times = np.resize([1, 2], 600)
    weighted = glmlr.recalibrate(y, p, folds=5, weight=times)
    repeated = glmlr.recalibrate(np.repeat(y, times), np.repeat(p, times), folds=5)
    pd.testing.assert_frame_equal(weighted.table.frame, repeated.table.frame, check_exact=True)


def test_a_model_is_recalibrated_to_new_rows() -> None:
    data = read_data("birthwt")
    fit = glmlr.fit("low ~ age + lwt + smoke + ht", data.iloc[::2])
    new = data.iloc[1::2]
    found = fit.recalibrate(new_data=new)
    evaluated = glmlr.recalibrate(fit.evaluate(new))
    arrays = glmlr.recalibrate(new["low"].to_numpy(), fit.predict(new).to_numpy())
    for other in (evaluated, arrays):
        pd.testing.assert_frame_equal(found.table.frame, other.table.frame, rtol=1e-9)
    changed = found.predict(fit.predict(new))
    assert changed.index.equals(new.index)
    assert changed.mean() == pytest.approx(new["low"].mean(), rel=1e-9)
    own = fit.recalibrate()
    assert own.predict(0.3) == pytest.approx(0.3, rel=1e-6)
    assert any("fitted to" in note for note in own.table.notes)


def test_every_format_prints_it() -> None:
    given = WITNESS["births"]
    for method in ("intercept", "logistic", "beta", "isotonic", "test"):
        found = glmlr.recalibrate(given["y"], given["p"], method=method)
        for text in (str(found), found.table.to_markdown(), found.table.to_html(), found.table.to_latex()):
            assert "Brier score" in text
        chart = found.table.chart()
        assert chart.alt
        assert chart.to_svg().startswith("<svg")


def test_what_cannot_be_recalibrated_is_refused() -> None:
    y = [0, 1, 0, 1]
    with pytest.raises(DataError, match=r"2 rows have a probability of exactly 0 or 1"):
        glmlr.recalibrate(y, [0.0, 0.3, 0.4, 1.0])
    stepped = glmlr.recalibrate(y, [0.0, 0.3, 0.4, 1.0], method="isotonic")
    assert stepped.predict([0.0, 1.0]).tolist() == [0.0, 1.0]
    assert math.isnan(stepped["slope"]["after"])
    with pytest.raises(NotApplicable, match="slope is infinite"):
        glmlr.recalibrate([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(NotApplicable, match="no finite beta"):
        glmlr.recalibrate([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], method="beta")
    with pytest.raises(NotApplicable, match="no logistic line"):
        glmlr.recalibrate([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], method="test")
    with pytest.raises(OptionError, match="method='platt'"):
        glmlr.recalibrate(y, [0.2, 0.3, 0.4, 0.6], method="platt")
    with pytest.raises(OptionError, match="folds=1"):
        glmlr.recalibrate(y, [0.2, 0.3, 0.4, 0.6], folds=1)
    with pytest.raises(ArgumentError, match="takes outcomes and probabilities"):
        glmlr.recalibrate(y)
    with pytest.raises(NotApplicable, match="whole rows"):
        glmlr.recalibrate(y, [0.2, 0.3, 0.4, 0.6], folds=2, weight=[0.5, 1, 1, 1])
    with pytest.raises(OptionError, match="is no seed"):
        glmlr.recalibrate(np.resize(y, 40), np.resize([0.2, 0.6, 0.7, 0.3], 40), folds=2, seed=-1)


def test_a_falling_line_is_said_to_fall() -> None:
    found = glmlr.recalibrate([1, 0, 1, 0, 1, 0, 0, 1], [0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.2, 0.5])
    assert found.parameters["slope"] < 0
    assert any("slope is not positive" in note for note in found.table.notes)
