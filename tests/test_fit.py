"""The Fit: habitual names, predictions, corrections, refusals."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

import glmlr
from glmlr.errors import (
    ArgumentError,
    ConvergenceWarning,
    DataError,
    FitError,
    GlmlrWarning,
    OptionError,
    ResponseError,
    UnknownLevelError,
)

BIRTHS = glmlr.datasets.load("birthwt")
FORMULA = "low ~ age + lwt + C(race) + smoke"
FIT = glmlr.fit(FORMULA, BIRTHS)


def test_habitual_names():
    assert FIT.nobs == 189
    assert FIT.rank == 6
    assert FIT.aic == pytest.approx(-2 * FIT.loglik + 12)
    assert FIT.bic == pytest.approx(-2 * FIT.loglik + 6 * np.log(189))
    assert FIT.converged
    assert list(FIT.params.index) == list(FIT.bse.index) == list(FIT.cov_params().columns) == list(FIT.names)
    np.testing.assert_allclose(np.sqrt(np.diag(FIT.cov_params())), FIT.bse)
    interval = FIT.conf_int(level=0.9)
    np.testing.assert_allclose(interval["high"], FIT.params + norm.ppf(0.95) * FIT.bse, rtol=1e-13)
    assert repr(FIT) == "<glmlr.Fit 'low ~ age + lwt + C(race) + smoke', logit, n = 189, modelling P(low = 1)>"


def test_fit_is_frozen_and_data_are_untouched():
    before = BIRTHS.copy()
    glmlr.fit(FORMULA, BIRTHS)
    pd.testing.assert_frame_equal(before, BIRTHS)
    with pytest.raises(ValueError, match="read-only"):
        FIT.covariance[0, 0] = 0.0
    with pytest.raises(AttributeError):
        FIT.link = None


def test_predict_new_rows_by_hand():
    new = pd.DataFrame({"age": [20, 30], "lwt": [120, 150], "race": ["white", "black"], "smoke": [1, 0]}, index=[7, 3])
    eta = [
        FIT.params["Intercept"] + FIT.params["C(race)[T.white]"] + 20 * FIT.params["age"] + 120 * FIT.params["lwt"]
        + FIT.params["smoke"],
        FIT.params["Intercept"] + 30 * FIT.params["age"] + 150 * FIT.params["lwt"],
    ]  # fmt: skip
    predicted = FIT.predict(new)
    np.testing.assert_allclose(predicted, expit(eta), rtol=1e-12)
    assert list(predicted.index) == [7, 3]
    np.testing.assert_allclose(FIT.predict(new, kind="link"), eta, rtol=1e-12)


def test_prediction_interval_is_built_on_the_link_scale():
    new = BIRTHS.head(6)
    frame = FIT.predict(new, interval=0.9)
    x = FIT.design.matrix()[:6]
    error = np.sqrt(np.einsum("ij,jk,ik->i", x, FIT.covariance, x))
    eta = x @ FIT.params.to_numpy()
    np.testing.assert_allclose(frame["low"], expit(eta - norm.ppf(0.95) * error), rtol=1e-10)
    np.testing.assert_allclose(frame["high"], expit(eta + norm.ppf(0.95) * error), rtol=1e-10)
    pd.testing.assert_frame_equal(FIT.predict(new, interval=True), FIT.predict(new, interval=0.95))


def test_a_rows_score_does_not_depend_on_the_others():
    together = FIT.predict(BIRTHS)
    alone = [float(FIT.predict(BIRTHS.iloc[[row]]).iloc[0]) for row in range(10)]
    np.testing.assert_array_equal(together.iloc[:10], alone)


def test_missing_rows_stay_in_place():
    data = BIRTHS.copy()
    data["lwt"] = data["lwt"].astype(float)
    data.loc[[3, 50], "lwt"] = np.nan
    fit = glmlr.fit(FORMULA, data)
    assert fit.nobs == 187
    assert fit.fitted_values.isna().to_numpy().nonzero()[0].tolist() == [3, 50]
    predicted = fit.predict(data)
    assert predicted.isna().to_numpy().nonzero()[0].tolist() == [3, 50]
    pd.testing.assert_series_equal(predicted, fit.fitted_values, rtol=0, atol=0)
    pd.testing.assert_series_equal(fit.predict(), fit.fitted_values)


def test_unknown_levels():
    new = BIRTHS.head(3).assign(race=["white", "martian", "black"])
    with pytest.raises(UnknownLevelError, match="martian"):
        FIT.predict(new)
    assert FIT.predict(new, unknown="nan").isna().tolist() == [False, True, False]
    reference = FIT.predict(new.assign(race=["white", "black", "black"]))
    np.testing.assert_allclose(FIT.predict(new, unknown="reference"), reference, rtol=1e-14)


def test_prior_correction_restores_the_event_rate():
    # King & Zeng (2001): the intercept minus log(w1 / w0).
    fit = glmlr.fit(FORMULA, BIRTHS, class_weight={0: 1, 1: 5})
    shift = fit.predict(kind="link", scale="weighted") - fit.predict(kind="link")
    np.testing.assert_allclose(shift, np.log(5), rtol=1e-12)
    assert any("corrected" in note for note in fit.scored.notes)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_other_links_recalibrate_the_intercept(link):
    fit = glmlr.fit(FORMULA, BIRTHS, link=link, class_weight="balanced")
    # The probabilities of the unweighted rows add up to their events, one number added to every linear predictor.
    np.testing.assert_allclose(fit.probabilities.sum(), fit.design.y.sum(), rtol=1e-12)
    np.testing.assert_allclose(fit.weighted_eta - fit.eta, fit.prior_shift, rtol=1e-10)


def test_null_model_by_link_and_offset():
    share = 59 / 189
    for link in ("logit", "probit", "cloglog"):
        fit = glmlr.fit("low ~ age", BIRTHS, link=link)
        assert fit.null_loglik == pytest.approx(59 * np.log(share) + 130 * np.log(1 - share), rel=1e-13)
    shifted = glmlr.fit("low ~ age", BIRTHS, offset="ftv")
    witness = glmlr.fit("low ~ 1", BIRTHS, offset="ftv")
    assert shifted.null_loglik == pytest.approx(witness.loglik, rel=1e-12)


def test_event_choice_turns_every_sign():
    arrests = glmlr.datasets.load("arrests")
    yes = glmlr.fit("released ~ colour + age", arrests, event="Yes")
    no = glmlr.fit("released ~ colour + age", arrests, event="No")
    np.testing.assert_allclose(yes.params, -no.params, rtol=1e-9)
    assert no.event == "released = No"
    unsaid = glmlr.fit("released ~ colour + age", arrests)
    assert unsaid.event == "released = Yes"
    assert "larger of the two values" in unsaid.notes[0]


def test_refusals():
    with pytest.raises(ArgumentError, match="no argument 'freq_weigths'; did you mean 'freq_weights'"):
        glmlr.fit(FORMULA, BIRTHS, freq_weigths="ftv")
    with pytest.raises(OptionError, match="link='logitt' is not one of"):
        glmlr.fit(FORMULA, BIRTHS, link="logitt")
    with pytest.raises(OptionError, match="solver="):
        glmlr.fit(FORMULA, BIRTHS, solver="magic")
    with pytest.raises(OptionError, match="max_iterations=0"):
        glmlr.fit(FORMULA, BIRTHS, max_iterations=0)
    with pytest.raises(ResponseError, match="one value only"):
        glmlr.fit("low ~ age", BIRTHS[BIRTHS["low"] == 0])
    with pytest.raises(ResponseError, match="3 values"):
        glmlr.fit("race ~ age", BIRTHS)
    with pytest.raises(FitError, match="6 coefficients and there are only 6 usable rows"):
        glmlr.fit(FORMULA, pd.concat([BIRTHS.head(3), BIRTHS.tail(3)]).assign(race=list("abcabc"), smoke=range(6)))
    with pytest.raises(OptionError, match="is not a confidence level"):
        FIT.predict(interval=95)
    with pytest.raises(OptionError, match="kind='response'"):
        FIT.predict(kind="response")
    with pytest.raises(DataError, match="age"):
        FIT.predict(BIRTHS.drop(columns="age"))


def test_not_converged_is_a_warning_with_a_reason():
    with pytest.warns(ConvergenceWarning, match="had not vanished after 1 iteration"):
        fit = glmlr.fit(FORMULA, BIRTHS, max_iterations=1)
    assert not fit.converged


def test_methods_explain_their_arguments():
    with pytest.raises(ArgumentError, match="no argument 'intervall'; did you mean 'interval'"):
        FIT.predict(BIRTHS, intervall=0.9)
    with pytest.raises(ArgumentError, match=r"conf_int\(\) has no argument 'alpha'; it takes level"):
        FIT.conf_int(alpha=0.05)
    # In statsmodels the first argument is alpha; a bare 0.05 must not become a 5 % interval in silence.
    with pytest.raises(ArgumentError, match="positional"):
        FIT.conf_int(0.05)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_a_fit_survives_pickling_and_copying(link):
    fit = glmlr.fit(FORMULA, BIRTHS, link=link)
    for twin in (pickle.loads(pickle.dumps(fit)), copy.deepcopy(fit)):
        assert twin.link is fit.link
        pd.testing.assert_series_equal(twin.predict(BIRTHS), fit.predict(BIRTHS), rtol=0, atol=0)
        assert str(twin.association()) == str(fit.association())


def test_intercept_alone_is_the_null_model():
    for options in ({}, {"offset": "ftv"}, {"class_weight": "balanced"}):
        fit = glmlr.fit("low ~ 1", BIRTHS, **options)
        assert fit.loglik == fit.null_loglik


def test_a_broken_dependency_of_an_aliased_column_is_said():
    data = BIRTHS.assign(twice=2 * BIRTHS["age"] - BIRTHS["lwt"])
    fit = glmlr.fit("low ~ age + lwt + twice", data)
    pd.testing.assert_series_equal(fit.predict(data), fit.predict())
    with pytest.warns(GlmlrWarning, match=r"2 rows do not obey twice = 2 age - lwt, .* twice has no estimate"):
        fit.predict(data.head(5).assign(twice=[0, 0, *data["twice"].iloc[2:5]]))


SHIFTED = pd.DataFrame({"x": np.round(np.random.default_rng(8).normal(size=250), 3)})
SHIFTED["y"] = (np.random.default_rng(9).random(250) < expit(SHIFTED["x"])).astype(int)
SHIFTED["group"] = np.arange(250) % 12


@pytest.mark.parametrize("options", [{}, {"robust": "HC3"}, {"cluster": "group"}, {"class_weight": "balanced"}])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_a_column_far_from_zero_costs_no_digits(options, link):
    # A law: moving x moves the intercept and nothing else. 2^20 and thousandths in float64: x keeps 10 digits.
    far = SHIFTED.assign(x=SHIFTED["x"] + 2.0**20)
    near = SHIFTED.assign(x=far["x"] - 2.0**20)
    moved, still = (glmlr.fit("y ~ x", data, link=link, **options) for data in (far, near))
    assert moved.params["x"] == pytest.approx(still.params["x"], rel=1e-9)
    assert moved.bse["x"] == pytest.approx(still.bse["x"], rel=1e-9)
    np.testing.assert_allclose(moved.predict(interval=0.95), still.predict(interval=0.95), rtol=1e-8)
    np.testing.assert_allclose(moved.predict(far, interval=0.95), still.predict(near, interval=0.95), rtol=1e-8)
