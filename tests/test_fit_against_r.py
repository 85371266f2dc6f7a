"""Does a fit agree with R, and with statsmodels, to eight digits? Values: tests/witness/fit.R (R: glm, sandwich)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr

RTOL = 1e-8

CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in read_witness("fit")["cases"]}
#: Coefficients in another basis than patsy's: only fitted values can be compared.
OTHER_BASIS = {"birthwt_natural"}
SOLVERS = ("newton", "statsmodels")


def having(key: str) -> list[str]:
    names = [name for name, case in CASES.items() if key in case]
    assert names
    return names


def options(case: dict[str, Any], data: pd.DataFrame) -> dict[str, Any]:
    """Turn the witness's options into arguments of fit."""
    made = {"1 + ftv": lambda: 1 + data["ftv"], "lwt / 100": lambda: data["lwt"] / 100, "balanced": lambda: "balanced"}
    return {name: made[value]() for name, value in case.get("options", {}).items()}


def fitted(name: str, **more: Any) -> glmlr.Fit:
    case = CASES[name]
    data = read_data(case["data"])
    event = {"arrests": "Yes", "titanic": "yes"}.get(case["data"])
    return glmlr.fit(case["formula"], data, link=case["link"], event=event, **options(case, data), **more)


def close(actual: Any, expected: Any, rtol: float = RTOL) -> None:
    np.testing.assert_allclose(np.asarray(actual, dtype=float), np.asarray(expected, dtype=float), rtol=rtol, atol=0)


def close_matrix(actual: pd.DataFrame, case: dict[str, Any], expected: Any, rtol: float = RTOL) -> None:
    """Compare covariances, each element on the scale of its two standard errors: an element may be nearly zero."""
    wanted = np.asarray(expected)
    scale = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    found = actual.loc[case["names"], case["names"]].to_numpy()
    np.testing.assert_allclose(found / scale, wanted / scale, rtol=0, atol=rtol)


# ---------------------------------------------------------------------------------------------- R


def by_engine() -> list[Any]:
    """Pair the cases with the solvers; statsmodels on 5,226 rows with the slow tests, but for the logit."""
    pairs = [(name, solver) for name in CASES if name not in OTHER_BASIS for solver in SOLVERS]
    late = {(f"arrests_{link}", "statsmodels") for link in ("probit", "cloglog")}
    assert late <= set(pairs)
    return [pytest.param(*pair, marks=pytest.mark.slow) if pair in late else pair for pair in pairs]


@pytest.mark.parametrize(("name", "solver"), by_engine())
def test_estimates_standard_errors_and_tests_are_r_s(name: str, solver: str) -> None:
    case, fit = CASES[name], fitted(name, solver=solver)
    assert set(fit.params.index) == set(case["names"])
    assert fit.converged
    close(fit.params[case["names"]], case["coef"])
    close(fit.bse[case["names"]], case["se"])
    if "z" in case:
        close(fit.z[case["names"]], case["z"])
        # p = 2 Phi(-|z|) multiplies a relative error of z by about z^2.
        close(fit.pvalues[case["names"]], case["p"], RTOL * max(1.0, float(np.max(np.square(case["z"])))))
    if "vcov" in case:
        close_matrix(fit.cov_params(), case, case["vcov"])


@pytest.mark.parametrize("name", having("loglik"))
def test_likelihood_and_criteria_are_r_s(name: str) -> None:
    case, fit = CASES[name], fitted(name)
    assert fit.nobs == case["n"]
    close(fit.loglik, case["loglik"])
    close(fit.deviance, case["deviance"])
    close(-2 * fit.null_loglik, case["null_deviance"])
    close(fit.aic, case["aic"])
    close(fit.bic, case["bic"])


@pytest.mark.parametrize("name", having("eta"))
def test_predictions_and_their_standard_errors_are_r_s(name: str) -> None:
    """Rows are scored a few at a time: knots and polynomials are those of the fit, not of the rows scored."""
    case, fit = CASES[name], fitted(name)
    rows = read_data(case["data"]).iloc[case["rows"]]
    eta, error = np.array(case["eta"]), np.array(case["eta_se"])
    close(fit.predict(rows, kind="link"), eta)
    close(fit.predict(rows), fit.link.mean(eta))
    # qnorm(0.975) = 1.9599639845400536 (R).
    interval = fit.predict(rows, kind="link", interval=0.95)
    close(interval["low"], eta - 1.9599639845400536 * error)
    close(interval["high"], eta + 1.9599639845400536 * error)
    probability = fit.predict(rows, interval=0.95)
    close(probability["low"], fit.link.mean(eta - 1.9599639845400536 * error))
    one_by_one = pd.concat([fit.predict(rows.iloc[[i]]) for i in range(len(rows))])
    pd.testing.assert_series_equal(one_by_one, fit.predict(rows), rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in having("robust") for kind in CASES[name]["robust"]]
)
def test_robust_covariances_are_those_of_sandwich(name: str, kind: str) -> None:
    """`vcovHC` of the rows: those of a grouped or frequency-weighted fit are the rows behind the counts."""
    case = CASES[name]
    close_matrix(fitted(name, robust=kind).cov_params(), case, case["robust"][kind])


@pytest.mark.parametrize("name", having("cluster"))
def test_cluster_robust_covariance_is_that_of_sandwich(name: str) -> None:
    """`vcovCL` with its default for a glm: HC0 times G / (G - 1)."""
    case = CASES[name]
    close_matrix(fitted(name, cluster=case["cluster"]).cov_params(), case, case["cluster_hc0_cadjust"])


@pytest.mark.parametrize("name", having("pseudo_r2"))
def test_pseudo_r2_and_pearson_are_r_s(name: str) -> None:
    """By hand in R from logLik, fitted values and linear predictors; Pearson from residuals(, "pearson")."""
    case, table = CASES[name], fitted(name).goodness_of_fit()
    for measure, value in case["pseudo_r2"].items():
        close(table[measure], value)
    close(table["pearson_chi2"], case["pearson"])


@pytest.mark.parametrize("name", having("grouped_deviance"))
def test_grouped_deviance_and_pearson_are_r_s(name: str) -> None:
    """R's glm of cbind(disease, no_disease), against the saturated model of the five counts."""
    case, table = CASES[name], fitted(name).goodness_of_fit()
    close(table["grouped_deviance"], case["grouped_deviance"])
    close(table["grouped_pearson_chi2"], case["grouped_pearson"])
    assert table.frame.set_index("measure").loc["grouped_deviance", "df"] == 3


@pytest.mark.parametrize("name", having("drop1"))
def test_dropping_a_term_costs_the_likelihood_that_r_says(name: str) -> None:
    """The likelihood-ratio statistics of drop1(, test = "LRT"), by fitting without each term."""
    case, full = CASES[name], fitted(name)
    data = read_data(case["data"])
    left, right = case["formula"].split(" ~ ")
    for term, df, lr in zip(case["drop1"]["terms"], case["drop1"]["df"], case["drop1"]["lr"], strict=True):
        rest = " + ".join(other for other in right.split(" + ") if other != term)
        small = glmlr.fit(f"{left} ~ {rest}", data, link=case["link"])
        assert full.rank - small.rank == df
        close(2 * (full.loglik - small.loglik), lr, 1e-7)


@pytest.mark.parametrize("name", having("anova2"))
def test_type_two_tests_of_terms_are_those_of_car(name: str) -> None:
    """car::Anova(type = "II"): each term against the model of all terms that do not contain it."""
    case = CASES[name]
    data, terms = read_data(case["data"]), case["anova2"]["terms"]
    event = {"arrests": "Yes"}.get(case["data"])
    left = case["formula"].split(" ~ ")[0]
    for term, df, lr in zip(terms, case["anova2"]["df"], case["anova2"]["lr"], strict=True):
        others = [other for other in terms if not set(term.split(":")) <= set(other.split(":"))]
        small = glmlr.fit(f"{left} ~ {' + '.join(others)}", data, link=case["link"], event=event)
        large = glmlr.fit(f"{left} ~ {' + '.join([*others, term])}", data, link=case["link"], event=event)
        assert large.rank - small.rank == df
        close(2 * (large.loglik - small.loglik), lr, 1e-7)


@pytest.mark.parametrize("name", having("profile"))
def test_a_coefficient_held_at_its_profile_bound_costs_the_quantile(name: str) -> None:
    """Bounds: roots found in R; qchisq(0.95, 1) = 3.841458820694124 (R). The coefficient is held by an offset."""
    case, full = CASES[name], fitted(name)
    data = read_data(case["data"])
    for term in ("age", "lwt", "smoke"):
        for bound in case["profile"][case["names"].index(term)]:
            formula = case["formula"].replace(f" {term} +", "")
            held = glmlr.fit(formula, data, link=case["link"], offset=data[term] * bound)
            close(held.deviance - full.deviance, 3.841458820694124)


def test_wald_interval_is_estimate_plus_and_minus_the_quantile() -> None:
    case, fit = CASES["birthwt_logit"], fitted("birthwt_logit")
    # qnorm(0.95) = 1.6448536269514715 (R).
    interval = fit.conf_int(level=0.90).loc[case["names"]]
    close(interval["low"], np.subtract(case["coef"], 1.6448536269514715 * np.array(case["se"])))
    close(interval["high"], np.add(case["coef"], 1.6448536269514715 * np.array(case["se"])))


# ---------------------------------------------------------------------------------------------- statsmodels

#: Formulas over every data set that has rows or counts to fit.
DESIGNS = {
    "birthwt": ("low ~ age + lwt + C(race) + smoke + ptl + ht + ui", 1),
    "arrests": ("released ~ colour * C(year) + age + sex + employed + citizen + checks", "Yes"),
    "titanic": ("survived ~ sex * passengerClass + age", "yes"),
    "scores": ("disease ~ probability", 1),
}
LINKS = ("logit", "probit", "cloglog")


def engine_of_record(formula: str, data: pd.DataFrame, event: Any, link: str, **more: Any) -> Any:
    """Fit statsmodels' GLM through its own formula interface, with the response coded beforehand."""
    import statsmodels.formula.api as smf
    from statsmodels.genmod import families

    left, right = formula.split(" ~ ")
    coded = data.assign(**{left: (data[left] == event).astype(float)})
    chosen = {
        "logit": families.links.Logit,
        "probit": families.links.Probit,
        "cloglog": families.links.CLogLog,
    }[link]()
    model = smf.glm(f"{left} ~ {right}", coded, family=families.Binomial(chosen), **more)
    # Stop on the coefficients, not on the deviance: cloglog and probit converge linearly.
    return model.fit(tol_criterion="params", tol=1e-13, maxiter=200)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", DESIGNS)
def test_estimates_and_covariance_are_those_of_statsmodels(name: str, link: str) -> None:
    formula, event = DESIGNS[name]
    data = read_data(name)
    theirs = engine_of_record(formula, data, event, link)
    ours = glmlr.fit(formula, data, link=link, event=event)
    assert list(ours.params.index) == list(theirs.params.index)
    close(ours.params, theirs.params)
    close_matrix(ours.cov_params(), {"names": list(theirs.params.index)}, theirs.cov_params(), RTOL)
    close(ours.loglik, theirs.llf)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(("name", "formula"), [("heart_vessels", "disease + no_disease ~ ca")])
def test_grouped_counts_are_those_of_statsmodels(name: str, formula: str, link: str) -> None:
    import statsmodels.api as sm

    data = read_data(name)
    links = sm.families.links
    chosen = {"logit": links.Logit, "probit": links.Probit, "cloglog": links.CLogLog}[link]()
    theirs = sm.GLM(
        data[["disease", "no_disease"]], sm.add_constant(data["ca"]), family=sm.families.Binomial(chosen)
    ).fit(tol_criterion="params", tol=1e-13, maxiter=200)
    ours = glmlr.fit(formula, data, link=link)
    close(ours.params, theirs.params)
    close(ours.bse, theirs.bse)


@pytest.mark.parametrize("link", LINKS)
def test_class_weights_give_statsmodels_estimates_and_its_var_weights_sandwich(link: str) -> None:
    """Weights as statsmodels' var_weights with HC0 are the sandwich of the definitions; its freq_weights are not."""
    from statsmodels.genmod import families

    data = read_data("birthwt")
    formula, event = DESIGNS["birthwt"]
    weight = np.where(data["low"] == 1, 100.0, 1.0)
    ours = glmlr.fit(formula, data, link=link, class_weight={0: 1, 1: 100})
    theirs = engine_of_record(formula, data, event, link, freq_weights=weight)
    close(ours.params, theirs.params)
    var_weights = engine_of_record(formula, data, event, link, var_weights=weight)
    assert isinstance(var_weights.model.family, families.Binomial)
    if link == "logit":  # for the other links statsmodels' sandwich takes the observed information
        score = var_weights.model.score_obs(np.asarray(var_weights.params))
        bread = np.asarray(var_weights.cov_params(scale=1.0))
        close_matrix(ours.cov_params(), {"names": list(theirs.params.index)}, bread @ (score.T @ score) @ bread)
