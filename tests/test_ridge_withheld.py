"""Is nothing said of ridge estimates that holds for maximum likelihood only? Do refits have the penalty?"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from witnesses import read_data

import glmlr
from glmlr.design.derived import sliced
from glmlr.errors import NotApplicable
from glmlr.penalised.penalties import Firth, Ridge
from glmlr.penalised.withheld import WITHHELD
from glmlr.registry import STATISTICS
from glmlr.validation.refit import refit

BIRTHS = read_data("birthwt")
FORMULA = "low ~ age + lwt + C(race) + smoke + ptl + ht + ui"
LINKS = ("logit", "probit", "cloglog")

#: Statistics of a model that have no p-value, test or interval of the model's coefficients, and so stay.
STAYING = {
    *("classification_table", "coefficients", "collinearity", "goodness_of_fit", "intercepts", "marginal_effects"),
    *("risks", "risk_differences", "adjusted_predictions", "response_profile", "odds_ratios", "hazard_ratios"),
    "binned_residuals",
}
#: What stands in them instead of a test or an interval.
EMPTY = ("z", "statistic", "p_value", "log10_p", "low", "high")


def ridge(formula: str = FORMULA, data: Any = BIRTHS, strength: float = 5, **options: Any) -> glmlr.Fit:
    return glmlr.fit(formula, data, penalty="ridge", strength=strength, **options)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("weights", [None, "balanced"])
def test_every_statistic_of_a_model_is_right_or_refused(link: str, weights: str | None) -> None:
    fit = ridge(link=link, class_weight=weights)
    for key, record in STATISTICS.items():
        if record.on != "fit":
            continue
        try:
            table = record.function(fit)
        except NotApplicable:
            continue
        assert key in STAYING, f"{key} says something of a ridge fit; is it true of shrunken estimates?"
        if key != "binned_residuals":
            for column in set(EMPTY) & set(table.frame.columns):
                assert table.frame[column].isna().all(), f"{key} has a {column} of ridge estimates"


def test_what_is_withheld_is_not_a_number_and_the_reason_is_printed() -> None:
    fit = ridge()
    for values in (fit.z, fit.pvalues, fit.log10_pvalues, *fit.conf_int().T.to_numpy()):
        assert np.isnan(values).all()
    assert np.isfinite(fit.bse).all()
    assert WITHHELD in fit.coefficients().notes
    assert WITHHELD in fit.odds_ratios().notes
    assert any(note.startswith(WITHHELD) for note in fit.marginal_effects().notes)
    assert any(note.startswith("Ridge penalty: the estimates maximise") for note in fit.notes)
    assert "Standard errors: model-based ((I + P)^-1 I (I + P)^-1 with information I and penalty P)." in fit.notes
    assert "withheld" in " ".join(str(fit).split())
    assert "Standard errors: robust (sandwich, HC1: times n / (n - k))." in ridge(robust="HC1").notes


@pytest.mark.parametrize(
    "asked",
    [
        lambda fit: fit.predict(interval=0.9),
        lambda fit: fit.predict(BIRTHS.head(), interval=True),
        lambda fit: fit.contrasts("race"),
        lambda fit: fit.wald_test("age = 0"),
        lambda fit: fit.wald_test("age = 0", test="likelihood-ratio"),
        lambda fit: fit.term_tests(test="score"),
        lambda fit: fit.coefficients(interval="profile"),
        lambda fit: fit.coefficients(test="lr"),
        lambda fit: fit.odds_ratios(interval="profile"),
        lambda fit: fit.influence_measures(),
        lambda fit: fit.residuals(kind="likelihood"),
        lambda fit: fit.bootstrap(replicates=3, interval="bca"),
        lambda fit: fit.hosmer_lemeshow(),
        lambda fit: fit.statsmodels(),
        lambda fit: glmlr.compare(fit, glmlr.fit(FORMULA, BIRTHS)),
    ],
)
def test_what_rests_on_maximum_likelihood_is_refused_in_one_sentence(asked: Callable[[glmlr.Fit], Any]) -> None:
    with pytest.raises(NotApplicable, match=r"rests on maximum likelihood, and .* biased towards 0"):
        asked(ridge())


def test_criteria_take_the_effective_degrees_of_freedom() -> None:
    """By hand."""
    fit = ridge()
    n, df = 189, fit.effective_df
    assert fit.aic == pytest.approx(-2 * fit.loglik + 2 * df)
    assert fit.bic == pytest.approx(-2 * fit.loglik + np.log(n) * df)
    assert fit.df_resid == pytest.approx(n - df)
    assert fit.df_model == pytest.approx(df - 1)
    table = fit.goodness_of_fit().frame.set_index("measure")
    assert table.loc["effective_df", "value"] == pytest.approx(df)
    assert table.loc["parameters", "value"] == len(fit.names)
    assert table.loc["aicc", "value"] == pytest.approx(fit.aic + 2 * df * (df + 1) / (n - df - 1))
    assert table.loc["mcfadden_adjusted", "value"] == pytest.approx(1 - (fit.loglik - df) / fit.null_loglik)
    p = fit.probabilities
    pearson = float((((fit.held.y - p) ** 2) / (p * (1 - p))).sum())
    assert table.loc["dispersion", "value"] == pytest.approx(pearson / (n - df))
    assert np.isnan(table.loc["lr_chi2", "value"])
    assert table["p_value"].isna().all()


@pytest.mark.slow
def test_the_report_is_whole(tmp_path: Path) -> None:
    place = ridge().report().write(tmp_path / "ridge.md")
    said = Path(place).read_text(encoding="utf-8")
    assert "Ridge penalty: the estimates maximise log-likelihood - 2.5 x the sum of squared" in said
    assert "Effective degrees of freedom" in said
    assert "Not shown: Tests of terms. A test of terms rests on maximum likelihood" in said
    assert "excludes zero" not in said
    assert "smallest p-value" not in said


# ------------------------------------------------------------------------------------------------ refits


def test_cross_validation_fits_every_fold_with_the_penalty() -> None:
    """By hand: each training part fitted by `glmlr.fit` and its rows predicted."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    splitter = RepeatedStratifiedKFold(n_splits=4, n_repeats=1, random_state=3)
    for options in ({}, {"class_weight": "balanced"}):
        found = glmlr.cross_validate(
            FORMULA, BIRTHS, folds=splitter, penalty="ridge", strength=20, cutoff=0.5, **options
        ).predictions[1]
        for training, test in splitter.split(BIRTHS, BIRTHS["low"]):
            part = ridge(data=BIRTHS.iloc[training], strength=20, **options)
            np.testing.assert_allclose(found.iloc[test], part.predict(BIRTHS.iloc[test]), rtol=1e-8)


def test_a_search_of_class_weights_takes_the_penalty() -> None:
    options: Any = {"folds": 4, "repeats": 1, "seed": 2}
    table = glmlr.class_weight_search(
        FORMULA, BIRTHS, weights=["1:3"], scoring="log_loss", penalty="ridge", strength=20, **options
    ).frame
    one = glmlr.cross_validate(FORMULA, BIRTHS, class_weight="1:3", penalty="ridge", strength=20, **options)
    plain = glmlr.cross_validate(FORMULA, BIRTHS, penalty="ridge", strength=20, **options)
    expected = [float(np.mean(each.by_fold["log_loss"])) for each in (one, plain)]
    np.testing.assert_allclose(table["mean"], expected, rtol=1e-10)


def test_resamples_are_fitted_with_the_penalty() -> None:
    """By hand: the drawn rows repeated, fitted by `glmlr.fit`."""
    from glmlr.validation.resamples import drawn

    fit = ridge(strength=20)
    made = fit.bootstrap(replicates=3, seed=4)
    for number in range(3):
        sample = drawn(fit.held, None, 4, number)
        again = ridge(data=BIRTHS, strength=20, freq_weights=sample.events + sample.nonevents)
        np.testing.assert_allclose(made.estimates.iloc[number], again.params, rtol=1e-8)
    assert any("same ridge penalty" in note for note in made.table.notes)
    assert made.fit.pvalues.isna().all()
    percentile = fit.coefficients(interval="bootstrap", replicates=20).frame
    assert np.isfinite(percentile[["low", "high"]].to_numpy()).all()
    assert percentile["p_value"].isna().all()


def test_validation_repeats_the_penalty() -> None:
    """By law: a penalty that leaves nothing leaves nothing to be optimistic about; maximum likelihood is optimistic."""
    strong, plain = (
        one.validate(bootstraps=8).table.frame.set_index("measure")
        for one in (ridge(strength=1e7), ridge(strength=1e-6))
    )
    said = ridge(strength=8).validate(bootstraps=2).table.notes
    assert "Every resample is fitted under a ridge penalty of the same strength, 8." in said
    assert abs(strong.loc["brier", "optimism"]) < 0.2 * abs(plain.loc["brier", "optimism"])


@pytest.mark.parametrize("link", LINKS)
def test_leaving_one_out_is_one_step_of_the_penalised_score(link: str) -> None:
    """By hand: (I + P less the row's share)^-1 times its score, the units of the columns held."""
    fit = ridge(strength=20, link=link)
    x, found = fit.held.matrix(), fit.leave_one_out().probabilities.to_numpy()
    beta, whole = fit.params.to_numpy(), np.linalg.inv(fit.solution.inverse)
    eta = x @ beta
    weight, score = fit.link.weight(eta), fit.link.score(eta, fit.held.y)
    for row in (0, 50, 188):
        bread = whole - weight[row] * np.outer(x[row], x[row])
        moved = beta - np.linalg.solve(bread, x[row] * score[row])
        assert found[row] == pytest.approx(float(fit.link.mean(x[row] @ moved)), rel=1e-9)


@pytest.mark.parametrize("penalty", [Ridge(20.0), Ridge(20.0, standardized=False)])
def test_a_refit_from_nearby_is_the_fit(penalty: Ridge) -> None:
    fit = ridge(strength=20, standardize=penalty.standardized)
    part = sliced(fit.held, np.arange(0, 189, 2))
    near = refit(part, fit.link, start=fit.solution.beta, penalty=penalty).maximum.solution
    far = refit(part, fit.link, penalty=penalty).maximum.solution
    np.testing.assert_allclose(near.beta, far.beta, rtol=1e-9)
    assert near.iterations <= far.iterations


def test_a_refit_by_firth_does_not_take_the_steps_of_maximum_likelihood() -> None:
    fit = glmlr.fit("low ~ age + smoke", BIRTHS, penalty="firth")
    again = refit(fit.held, fit.link, start=fit.solution.beta + 0.1, penalty=Firth()).maximum.solution
    np.testing.assert_allclose(again.beta, fit.solution.beta, rtol=1e-6)


def test_a_saved_model_keeps_its_penalty(tmp_path: Path) -> None:
    fit = ridge(standardize=False)
    place = fit.save(tmp_path / "ridge.json")
    model = glmlr.load(place)
    assert model.predictor.penalty == Ridge(5.0, standardized=False)
    assert model.notes == fit.notes
    pd.testing.assert_series_equal(model.predict(BIRTHS), fit.predict(BIRTHS), check_names=False)
    with pytest.raises(NotApplicable, match="rests on maximum likelihood"):
        model.predict(BIRTHS, interval=True)
    glmlr.save(model, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == Path(place).read_bytes()


def test_effects_keep_their_estimates_and_standard_errors() -> None:
    """By hand, for the logit: the mean slope and the delta method with the ridge covariance."""
    fit = ridge()
    x, beta, place = fit.held.matrix(), fit.params.to_numpy(), fit.names.index("age")
    p = expit(x @ beta)
    density = p * (1 - p)
    gradient = (density * (1 - 2 * p) * beta[place]) @ x / len(p)
    gradient[place] += density.mean()
    row = fit.marginal_effects(variables="age").frame.iloc[0]
    assert row["estimate"] == pytest.approx(beta[place] * density.mean())
    assert row["std_error"] == pytest.approx(float(np.sqrt(gradient @ fit.covariance @ gradient)))
    simulated = fit.marginal_effects(variables="age", interval="simulation", draws=100).frame
    assert simulated[["low", "high", "p_value"]].isna().all(axis=None)


def test_exact_dependence_is_not_an_inflation() -> None:
    data = BIRTHS.assign(twin=BIRTHS["age"])
    with pytest.raises(NotApplicable, match="Other columns determine twin exactly"):
        ridge("low ~ age + twin + lwt", data).collinearity()


def test_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ridge("y ~ x", pd.DataFrame({"x": np.arange(20.0), "y": np.arange(20) > 9}), strength=0.1).summary()


def test_recalibration_on_its_own_rows_is_said_to_undo_the_shrinkage() -> None:
    fit = ridge(strength=50)
    assert any("undoes its shrinkage" in note for note in fit.recalibrate().table.notes)
    assert not any("undoes" in note for note in fit.recalibrate(new_data=BIRTHS).table.notes)
    calibration = fit.calibration()
    assert calibration.frame.set_index("measure").loc["slope", "value"] > 1
    assert any("leaves the slope above 1" in note for note in calibration.notes)


def test_new_rows_are_judged_as_those_of_any_model() -> None:
    fit = ridge(strength=50)
    p = fit.predict(BIRTHS)
    assert glmlr.hosmer_lemeshow(BIRTHS["low"], p).frame["df"].iloc[0] == 10


@pytest.mark.parametrize("solver", ["lbfgs", "gradient"])
def test_other_trainers_lead_to_the_same_maximum(solver: str) -> None:
    fit, other = ridge(), ridge(solver=solver)
    assert np.abs((fit.params - other.params) / fit.bse).max() < 1e-5
    assert other.shrunken
    assert other.effective_df == pytest.approx(fit.effective_df, rel=1e-6)


def test_ratios_at_stated_values_have_no_p_values_either():
    data = pd.DataFrame({"y": [0, 1, 1, 0, 1, 0, 1, 1], "x": [1.0, 3, 2, 1, 5, 4, 3, 2], "g": list("abcabcab")})
    fit = glmlr.fit("y ~ x + g", data, penalty="ridge", strength=1.0)
    assert fit.odds_ratios(reference={"g": "b"}).frame["p_value"].isna().all()
