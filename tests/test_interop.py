"""To and from statsmodels: constructed results agree with fitted ones, and the round trip keeps the fit."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

import glmlr
from glmlr.errors import ArgumentError, ConvergenceWarning, FitError, FormulaError, NotApplicable

BIRTHS = glmlr.datasets.load("birthwt")
FORMULA = "low ~ age + lwt + C(race) + smoke"
LINKS = {"logit": sm.families.links.Logit, "probit": sm.families.links.Probit, "cloglog": sm.families.links.CLogLog}


def fitted_by_statsmodels(formula=FORMULA, data=BIRTHS, link="logit", **options):
    model = smf.glm(formula, data, family=sm.families.Binomial(LINKS[link]()), **options)
    return model.fit(tol_criterion="params", rtol=1e-13, atol=0.0, maxiter=100)


@pytest.mark.parametrize("link", LINKS)
def test_statsmodels_solver_is_a_witness(link):
    ours, theirs = glmlr.fit(FORMULA, BIRTHS, link=link), glmlr.fit(FORMULA, BIRTHS, link=link, solver="statsmodels")
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-8)
    assert theirs.converged
    assert any("statsmodels" in note for note in theirs.notes)


@pytest.mark.parametrize("link", LINKS)
def test_constructed_results_equal_fitted_ones(link):
    ours, theirs = glmlr.fit(FORMULA, BIRTHS, link=link).statsmodels(), fitted_by_statsmodels(link=link)
    assert type(ours).__name__ == "GLMResultsWrapper"
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.cov_params(), theirs.cov_params(), rtol=1e-7)
    assert ours.llf == pytest.approx(theirs.llf, rel=1e-12)
    assert ours.deviance == pytest.approx(theirs.deviance, rel=1e-12)
    assert ours.null_deviance == pytest.approx(theirs.null_deviance, rel=1e-9)
    assert ours.pearson_chi2 == pytest.approx(theirs.pearson_chi2, rel=1e-7)
    assert ours.df_resid == theirs.df_resid
    assert list(ours.params.index) == list(theirs.params.index)


def test_tests_predictions_and_influence_work_on_constructed_results():
    ours, theirs = glmlr.fit(FORMULA, BIRTHS).statsmodels(), fitted_by_statsmodels()
    np.testing.assert_allclose(ours.t_test("age = 2 * lwt").tvalue, theirs.t_test("age = 2 * lwt").tvalue, rtol=1e-7)
    contrast = "C(race)[T.white] = 0, C(race)[T.other] = 0"
    np.testing.assert_allclose(
        ours.wald_test(contrast, scalar=True).statistic, theirs.wald_test(contrast, scalar=True).statistic, rtol=1e-7
    )
    new = BIRTHS.head(5)
    np.testing.assert_allclose(
        ours.get_prediction(new).summary_frame(), theirs.get_prediction(new).summary_frame(), rtol=1e-7
    )
    np.testing.assert_allclose(ours.predict(new), theirs.predict(new), rtol=1e-8)
    np.testing.assert_allclose(
        ours.get_influence().cooks_distance[0], theirs.get_influence().cooks_distance[0], rtol=1e-6
    )
    assert "Generalized Linear Model" in str(ours.summary())


def test_marginaleffects_works_on_constructed_results():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        marginaleffects = pytest.importorskip("marginaleffects")
        fit = glmlr.fit("low ~ age + lwt + smoke", BIRTHS)
        slopes = marginaleffects.avg_slopes(fit.statsmodels(), variables="age")
    # The average slope of the logit in age is mean(p (1 - p)) times its coefficient.
    p = fit.probabilities
    got = slopes["estimate"].to_list()[0]
    assert got == pytest.approx(float(np.mean(p * (1 - p)) * fit.params["age"]), rel=1e-4)


def test_robust_covariance_travels():
    fit = glmlr.fit(FORMULA, BIRTHS, robust="HC1")
    np.testing.assert_allclose(fit.statsmodels().bse, fit.bse, rtol=1e-12)


def test_frequency_weights_and_grouped_data_travel():
    counts = glmlr.datasets.load("heart_vessels")
    results = glmlr.fit("disease + no_disease ~ C(ca)", counts).statsmodels()
    total = counts["disease"].to_numpy() + counts["no_disease"].to_numpy()
    np.testing.assert_allclose(results.fittedvalues, counts["disease"] / total, rtol=1e-9)


def test_aliased_columns_are_left_out():
    fit = glmlr.fit("low ~ age + twice + lwt", BIRTHS.assign(twice=2 * BIRTHS["age"]))
    assert list(fit.statsmodels().params.index) == ["Intercept", "age", "lwt"]


def test_infinite_estimates_do_not_travel():
    data = pd.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2, 3, 4]})
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ x", data)
    with pytest.raises(NotApplicable, match="infinite"):
        fit.statsmodels()


@pytest.mark.parametrize("link", LINKS)
def test_from_glm(link):
    theirs = fitted_by_statsmodels(link=link)
    ours = glmlr.from_statsmodels(theirs)
    assert ours.link.name == link
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-7)


@pytest.mark.parametrize(("kind", "link"), [(smf.logit, "logit"), (smf.probit, "probit")])
def test_from_discrete_models(kind, link):
    theirs = kind(FORMULA, BIRTHS).fit(disp=False, tol=1e-12)
    ours = glmlr.from_statsmodels(theirs)
    assert ours.link.name == link
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-6)


def test_from_a_text_response_keeps_the_event_statsmodels_took():
    titanic = glmlr.datasets.load("titanic")
    theirs = fitted_by_statsmodels("survived ~ sex + age", titanic)
    ours = glmlr.from_statsmodels(theirs)
    # statsmodels models the first level of a text response.
    assert ours.event == "survived = no"
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-8)


def test_from_weighted_and_offset_models():
    times = np.random.default_rng(1).integers(1, 4, size=189)
    theirs = fitted_by_statsmodels(freq_weights=times, offset=0.1 * BIRTHS["ftv"].to_numpy())
    ours = glmlr.from_statsmodels(theirs)
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-7)
    assert ours.nobs == times.sum()


def test_refusals():
    with pytest.raises(ArgumentError, match="takes the results of a GLM"):
        glmlr.from_statsmodels(smf.ols("bwt ~ age", BIRTHS).fit())
    with pytest.raises(ArgumentError, match="takes the results of a GLM"):
        glmlr.from_statsmodels("results")
    arrays = sm.GLM(BIRTHS["low"], sm.add_constant(BIRTHS[["age"]]), family=sm.families.Binomial()).fit()
    with pytest.raises(FormulaError, match="made from arrays"):
        glmlr.from_statsmodels(arrays)
    model = smf.glm(FORMULA, BIRTHS, family=sm.families.Binomial())
    with pytest.raises(FitError, match="away from the maximum"):
        glmlr.from_statsmodels(model.fit_regularized(alpha=0.1, L1_wt=0.0))


def test_clusters_survive_the_round_trip():
    fit = glmlr.fit(FORMULA, BIRTHS, cluster="ftv")
    back = glmlr.from_statsmodels(fit.statsmodels())
    np.testing.assert_allclose(back.bse, fit.bse, rtol=1e-9)
    assert back.covariance_kind == "cluster"


def test_a_statsmodels_fit_short_of_the_maximum_is_said():
    # x is 1e9 + noise: IRLS by the pseudo-inverse takes it for the intercept.
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"x": rng.normal(size=300) + 1e9})
    data["y"] = (rng.random(300) < 1 / (1 + np.exp(1e9 - data["x"]))).astype(int)
    with pytest.warns(ConvergenceWarning, match="did not reach the maximum"):
        assert not glmlr.fit("y ~ x", data, solver="statsmodels").converged
