"""Do the tests of terms, one after the other and all together, give what R gives?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2
from witnesses import births, read_witness

import glmlr
from glmlr.errors import NotApplicable, OptionError, SeparationWarning
from glmlr.exhibits import Table

WITNESS = read_witness("hypotheses")
BIRTHS = births()
FORMULAS = {
    "crossed": "low ~ age * race + lwt + race * smoke + ht",
    "plain": "low ~ age + lwt + race + smoke + ht",
}
LINKS = ("logit", "probit", "cloglog")
#: R's convergence leaves about this in a score test, and in a Wald test.
CLOSE = {"rtol": 1e-7, "atol": 1e-8}
SHARP = {"rtol": 1e-9, "atol": 1e-10}


def fitted(formula: str = "crossed", link: str = "logit", **options: Any) -> glmlr.Fit:
    return glmlr.fit(FORMULAS.get(formula, formula), BIRTHS, link=link, **options)


def as_in_r(table: Table, witness: dict[str, Any], statistic: str, df: str = "Df", **close: float) -> None:
    """Each term that R has is there with its chi-square and df."""
    ours = table.frame.set_index("term")
    for term, value, freedom in zip(witness["term"], witness[statistic], witness[df], strict=True):
        if value is None or value == "NA" or term in ("(Intercept)", "NULL", "<none>"):
            continue
        row = ours.loc[term]
        np.testing.assert_allclose(row["statistic"], value, err_msg=term, **close)
        assert row["df"] == freedom
        np.testing.assert_allclose(row["p_value"], chi2.sf(value, freedom), rtol=1e-6)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_terms_are_tested_as_by_car_anova(formula: str, link: str) -> None:
    fit, witness = fitted(formula, link), WITNESS["terms"][link][formula]
    as_in_r(fit.term_tests(), witness["lr2"], "LR_Chisq", **SHARP)
    as_in_r(fit.term_tests(type=3), witness["lr3"], "LR_Chisq", **SHARP)
    as_in_r(fit.term_tests(test="wald"), witness["wald2"], "Chisq", **CLOSE)
    as_in_r(fit.term_tests(type=3, test="wald"), witness["wald3"], "Chisq", **CLOSE)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_dropping_one_term_is_as_in_drop1(formula: str, link: str) -> None:
    """Terms that nothing contains: likelihood ratio, Rao's score and AIC."""
    fit, witness = fitted(formula, link), WITNESS["terms"][link][formula]
    as_in_r(fit.term_tests(), witness["drop1"], "LRT", **SHARP)
    as_in_r(fit.term_tests(test="score"), witness["rao"], "Rao_score", **CLOSE)
    ours = fit.term_tests().frame.set_index("term")["aic_without"]
    for term, value in zip(witness["drop1"]["term"][1:], witness["drop1"]["AIC"][1:], strict=True):
        np.testing.assert_allclose(ours[term], value, rtol=1e-11)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_terms_are_added_as_by_anova(formula: str, link: str) -> None:
    fit, witness = fitted(formula, link), WITNESS["terms"][link][formula]
    table = fit.sequential_tests()
    assert table.frame["term"].tolist()[1:] == witness["sequential"]["term"][1:]
    as_in_r(table, witness["sequential"], "Deviance", **SHARP)
    np.testing.assert_allclose(table.frame["deviance"], witness["sequential"]["Resid._Dev"], rtol=1e-11)
    as_in_r(fit.sequential_tests(test="score"), witness["sequential_rao"], "Rao", **CLOSE)
    assert table.frame["statistic"].sum() == pytest.approx(2 * (fit.loglik - fit.null_loglik), rel=1e-11)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_three_global_tests(formula: str, link: str) -> None:
    fit, witness = fitted(formula, link), WITNESS["terms"][link][formula]
    table = fit.global_tests()
    np.testing.assert_allclose(table.frame["statistic"], witness["global"], rtol=1e-7)
    assert (table.frame["df"] == fit.rank - 1).all()
    np.testing.assert_allclose(table.frame["p_value"], chi2.sf(table.frame["statistic"], fit.rank - 1), rtol=1e-12)
    ratio = fit.goodness_of_fit()
    assert table["likelihood_ratio"]["statistic"] == ratio["lr_chi2"]


def test_counts_are_repeated_rows_as_in_r() -> None:
    w = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
    fit, witness = fitted("plain", freq_weights=w), WITNESS["terms"]["weighted"]["plain"]
    as_in_r(fit.term_tests(), witness["lr2"], "LR_Chisq", **SHARP)
    as_in_r(fit.term_tests(test="score"), witness["rao"], "Rao_score", **CLOSE)
    np.testing.assert_allclose(fit.global_tests().frame["statistic"], witness["global"], rtol=1e-7)


def test_a_robust_fit_has_walds_tests_with_its_covariance() -> None:
    fit = fitted(robust="HC0")
    two, three = fit.term_tests(), fit.term_tests(type=3)
    as_in_r(two, WITNESS["robust"]["wald2"], "Chisq", **CLOSE)
    as_in_r(three, WITNESS["robust"]["wald3"], "Chisq", **CLOSE)
    assert any("covariance of the fit" in note for note in two.notes)
    assert "aic_without" not in two.roles
    assert any("model as right" in note for note in fit.term_tests(test="likelihood-ratio").notes)


def test_one_column_under_wald_is_z_squared() -> None:
    for options in ({}, {"class_weight": "balanced"}, {"robust": "HC3"}, {"cluster": np.resize(range(17), 189)}):
        fit = fitted("plain", **options)
        table = fit.term_tests(test="wald").frame.set_index("term")
        for name in ("age", "lwt", "smoke", "ht"):
            assert table.loc[name, "statistic"] == pytest.approx(fit.z[name] ** 2, rel=1e-10)
            assert table.loc[name, "p_value"] == pytest.approx(fit.pvalues[name], rel=1e-9)


def test_robust_scores_of_one_binary_column_have_their_closed_form() -> None:
    """With s_i = x_i - mean x: (sum s_i (y_i - p))^2 / sum (s_i (y_i - p))^2, no refit needed."""
    fit = fitted("low ~ smoke", robust="HC0")
    s, e = BIRTHS["smoke"] - BIRTHS["smoke"].mean(), BIRTHS["low"] - BIRTHS["low"].mean()
    expected = (s * e).sum() ** 2 / ((s * e) ** 2).sum()
    assert fit.term_tests(test="score").frame["statistic"][0] == pytest.approx(expected, rel=1e-10)
    assert fit.global_tests()["score"]["statistic"] == pytest.approx(expected, rel=1e-10)


def test_importance_weights_leave_no_likelihood_ratio() -> None:
    fit = fitted("plain", class_weight="balanced")
    table = fit.term_tests()
    assert table.labels["statistic"].startswith("Wald")
    assert any("importance weights" in note for note in table.notes)
    ratios = fit.term_tests(test="likelihood-ratio")
    assert ratios.frame["statistic"].notna().all()
    assert ratios.frame["p_value"].isna().all()
    assert any("pseudo-likelihood" in note for note in ratios.notes)
    tests = fit.global_tests()
    assert np.isnan(tests["likelihood_ratio"]["p_value"])
    assert tests["wald"]["p_value"] > 0
    doubled = fitted("plain", sample_weight=np.full(len(BIRTHS), 7.0)).term_tests(test="score")
    single = fitted("plain", sample_weight=np.ones(len(BIRTHS))).term_tests(test="score")
    np.testing.assert_allclose(doubled.frame["statistic"], single.frame["statistic"], rtol=1e-9)


def test_a_factor_coded_otherwise_has_the_same_tests_of_type_two() -> None:
    plain, coded = fitted().term_tests().frame, fitted(FORMULAS["crossed"].replace("race", "C(race, Sum)")).term_tests()
    np.testing.assert_allclose(coded.frame["statistic"], plain["statistic"], rtol=1e-9)


def test_a_spline_is_one_term() -> None:
    table = fitted("low ~ bs(age, df=5) + lwt").term_tests()
    without = fitted("low ~ lwt")
    assert table.frame["df"].tolist() == [5, 1]
    assert table.frame["aic_without"][0] == pytest.approx(without.aic, rel=1e-12)


def test_without_an_intercept_the_constant_is_found() -> None:
    """C(race) without an intercept spans the same columns as with one."""
    one, other = fitted("low ~ C(race) + age").global_tests(), fitted("low ~ 0 + C(race) + age").global_tests()
    np.testing.assert_allclose(other.frame["statistic"], one.frame["statistic"], rtol=1e-9)
    assert any("no intercept" in note for note in fitted("low ~ 0 + C(race) + age").term_tests().notes)
    with pytest.raises(NotApplicable, match="does not contain the null model"):
        fitted("low ~ 0 + lwt").global_tests()


def test_dates_far_from_zero_cost_no_digits() -> None:
    """A predictor moved by a constant changes no test."""
    moved = BIRTHS.assign(lwt=BIRTHS["lwt"] + 1e7)
    fit, far = fitted("plain"), glmlr.fit(FORMULAS["plain"], moved)
    for test in ("likelihood-ratio", "wald", "score"):
        one, other = fit.term_tests(test=test).frame, far.term_tests(test=test).frame
        np.testing.assert_allclose(other["statistic"], one["statistic"], rtol=1e-6)
    np.testing.assert_allclose(far.global_tests().frame["statistic"], fit.global_tests().frame["statistic"], rtol=1e-6)


def test_separation_has_a_likelihood_ratio_and_says_why_it_has_no_other() -> None:
    data = BIRTHS.assign(sure=(BIRTHS["low"] == 1) & (BIRTHS["age"] > 30))
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("low ~ age + sure + smoke", data)
    table = fit.term_tests()
    with_sure = table.frame.set_index("term").loc["sure"]
    smaller = glmlr.fit("low ~ age + smoke", data)
    assert with_sure["statistic"] == pytest.approx(2 * (fit.loglik - smaller.loglik), rel=1e-9)
    assert "separation" in with_sure["note"]
    wald = fit.term_tests(test="wald").frame.set_index("term")
    assert np.isnan(wald.loc["sure", "statistic"])
    assert "separation" in wald.loc["sure", "note"]
    assert np.isfinite(wald.loc["smoke", "statistic"])
    score = fit.term_tests(test="score").frame.set_index("term")
    assert np.isfinite(score.loc["sure", "statistic"])
    assert "without the term" in score.loc["smoke", "note"]
    assert np.isnan(fit.global_tests()["wald"]["statistic"])
    assert fit.global_tests()["score"]["statistic"] > 0


def test_aliased_terms_have_nothing_of_their_own() -> None:
    fit = glmlr.fit("low ~ age + twice + smoke", BIRTHS.assign(twice=2 * BIRTHS["age"]))
    for test in ("likelihood-ratio", "score"):
        frame = fit.term_tests(test=test).frame.set_index("term")
        assert frame.loc[["age", "twice"], "statistic"].isna().all()
        assert frame.loc["twice", "note"]
        assert frame.loc["smoke", "df"] == 1
    assert "aliased" in fit.term_tests(test="wald").frame.set_index("term").loc["twice", "note"]


def test_what_cannot_be_asked_is_said() -> None:
    fit = fitted("plain")
    for wrong in (1, "II", True, 2.5):
        with pytest.raises(OptionError, match="type"):
            fit.term_tests(type=wrong)
    with pytest.raises(OptionError, match="likelihood-ratio"):
        fit.term_tests(test="LR")
    with pytest.raises(OptionError, match="one after the other"):
        fit.sequential_tests(test="wald")
    null = fitted("low ~ 1")
    for name in ("term_tests", "sequential_tests", "global_tests"):
        with pytest.raises(NotApplicable):
            getattr(null, name)()


def test_rows_read_in_parts_have_the_same_tests(tmp_path: Path) -> None:
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path, part in zip(paths, (BIRTHS[:100], BIRTHS[100:]), strict=True):
        part.to_csv(path, index=False)
    parts, whole = glmlr.fit(FORMULAS["plain"], [str(path) for path in paths]), fitted("plain")
    for test in ("likelihood-ratio", "wald", "score"):
        one, other = parts.term_tests(test=test).frame, whole.term_tests(test=test).frame
        pd.testing.assert_frame_equal(one, other, rtol=1e-8)
