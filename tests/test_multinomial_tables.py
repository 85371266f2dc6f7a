"""Do the tables, tests, effects and reports of several classes say what they should?

Witnesses: R 4.2.2 (car::Anova of nnet::multinom, joined classes; tests/witness/multinomial.R), statsmodels' MNLogit
(marginal effects, Wald tests), the binomial tables for two classes, closed forms.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError, SeparationWarning

R = read_witness("multinomial")
BIRTHS = read_data("birthwt").assign(w=lambda data: np.resize([1, 2, 3, 1, 5], len(data)))
ANES96 = read_data("anes96")
FORMULA = "race ~ age + lwt + smoke"


def multinomial(formula: str, data: Any, **options: Any) -> glmlr.MultinomialFit:
    return glmlr.fit(formula, data, family="multinomial", **options)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def births() -> glmlr.MultinomialFit:
    return multinomial(FORMULA, BIRTHS, reference="white")


@pytest.fixture(scope="module")
def low() -> tuple[glmlr.MultinomialFit, glmlr.Fit]:
    formula = "low ~ age * C(smoke) + lwt + C(race)"
    return multinomial(formula, BIRTHS), glmlr.fit(formula, BIRTHS)


# ------------------------------------------------------------------------------------------------ estimates


def test_coefficients_are_tabulated_class_by_class(births: glmlr.MultinomialFit) -> None:
    table = births.coefficients(level=0.9)
    frame = table.frame
    assert frame["outcome"].tolist() == ["black"] * 4 + ["other"] * 4
    np.testing.assert_allclose(frame["estimate"], np.ravel(R["cases"]["births"]["coef"]), rtol=1e-10)
    error = np.sqrt(np.diag(R["cases"]["births"]["cov"]))
    np.testing.assert_allclose(frame["std_error"], error, rtol=1e-9)
    np.testing.assert_allclose(frame["high"] - frame["estimate"], 1.6448536269514722 * error, rtol=1e-9)
    assert "Each class of race against white." in table.notes
    with pytest.raises(OptionError, match="level"):
        births.coefficients(level=1.5)
    with pytest.raises(ArgumentError, match="did you mean 'level'"):
        births.coefficients(levle=0.9)


def test_tiny_p_values_keep_their_logarithm() -> None:
    fit = multinomial("PID ~ selfLR", pd.concat([ANES96] * 40), reference=0)
    frame = fit.coefficients().frame.iloc[-1]
    assert frame["p_value"] == 0.0
    # log10 of the normal tail: -z^2 / 2 / log(10) - log10(|z| sqrt(2 pi) / 2), to the first order
    z = frame["z"]
    expected = (-(z**2) / 2 - np.log(abs(z)) - np.log(np.sqrt(2 * np.pi)) + np.log(2)) / np.log(10)
    assert frame["log10_p"] == pytest.approx(expected, rel=1e-5)


def test_relative_risk_ratios_are_exp_of_the_coefficients(births: glmlr.MultinomialFit) -> None:
    table = births.relative_risk_ratios(units={"lwt": 10}, per="sd")
    frame = table.frame.set_index(["outcome", "term"])
    slope = births.params.loc["lwt", "other"]
    assert frame.loc[("other", "lwt"), "relative_risk_ratio"] == pytest.approx(np.exp(10 * slope))
    ends = births.conf_int().loc[("other", "lwt")]
    assert frame.loc[("other", "lwt"), ["low", "high"]].tolist() == pytest.approx(np.exp(10 * ends).tolist())
    sd = BIRTHS["age"].std()
    assert frame.loc[("black", "age"), "relative_risk_ratio"] == pytest.approx(
        np.exp(sd * births.params.loc["age", "black"])
    )
    assert "against white" in table.notes[0]
    with pytest.raises(OptionError, match="'length' is not a numeric column"):
        births.relative_risk_ratios(units={"length": 10})
    with pytest.raises(NotApplicable, match="nothing but intercepts"):
        multinomial("race ~ 1", BIRTHS).relative_risk_ratios()


def test_ratios_and_tests_of_two_classes_are_those_of_the_binomial(
    low: tuple[glmlr.MultinomialFit, glmlr.Fit],
) -> None:
    ours, theirs = low
    for mine, other in ((ours.relative_risk_ratios(), theirs.odds_ratios()),):
        one = mine.frame.rename(columns={"relative_risk_ratio": "odds_ratio"})
        names = ["odds_ratio", "low", "high", "p_value"]
        np.testing.assert_allclose(one[names], other.frame[names], rtol=1e-8)
        assert one["level"].tolist() == other.frame["level"].tolist()
    for test in ("likelihood-ratio", "wald"):
        one, two = ours.term_tests(test=test).frame, theirs.term_tests(test=test).frame
        assert one["term"].tolist() == two["term"].tolist()
        np.testing.assert_allclose(one[["statistic", "df", "p_value"]], two[["statistic", "df", "p_value"]], rtol=1e-7)
    one, two = ours.global_tests().frame, theirs.global_tests().frame
    np.testing.assert_allclose(one[["statistic", "df", "p_value"]], two[["statistic", "df", "p_value"]], rtol=1e-8)
    fits, known = ours.goodness_of_fit().frame.set_index("measure"), theirs.goodness_of_fit().frame.set_index("measure")
    for name in fits.index:
        assert fits["value"][name] == pytest.approx(known["value"][name], rel=1e-11)


# ------------------------------------------------------------------------------------------------ tests


@pytest.mark.parametrize(
    ("case", "formula", "data"),
    [
        ("births", FORMULA, BIRTHS),
        ("crossed", "race ~ age * smoke + lwt", BIRTHS),
        ("anes96", "PID ~ np.log(popul + 0.1) + selfLR + age + educ + income", ANES96),
    ],
)
def test_likelihood_ratios_of_terms_are_those_of_car(case: str, formula: str, data: pd.DataFrame) -> None:
    """BFGS leaves the smaller models of car a little below their maxima, so that its statistics are a little large."""
    frame = multinomial(formula, data).term_tests().frame
    theirs = {name.replace(":", ""): values for name, *values in zip(*R["tests"][case].values(), strict=True)}
    assert len(frame) == len(theirs)
    for row in frame.itertuples():
        name = {"np.log(popul + 0.1)": "log(popul + 0.1)"}.get(row.term, row.term).replace(":", "")
        lr, df, p = theirs[name]
        assert row.df == df
        assert row.statistic == pytest.approx(lr, rel=1e-6)
        assert row.statistic <= lr * (1 + 1e-9)
        assert row.p_value == pytest.approx(p, rel=1e-5)


def test_wald_tests_are_those_of_statsmodels(births: glmlr.MultinomialFit) -> None:
    results = births.statsmodels()
    frame = births.term_tests(test="wald").frame.set_index("term")
    for term, at in (("age", 1), ("lwt", 2), ("smoke", 3)):
        restrict = np.zeros((2, 8))
        restrict[0, at] = restrict[1, 4 + at] = 1.0
        theirs = results.wald_test(restrict, scalar=True)
        assert frame.loc[term, "statistic"] == pytest.approx(float(theirs.statistic), rel=1e-8)
        assert frame.loc[term, "p_value"] == pytest.approx(float(theirs.pvalue), rel=1e-8)
    every = np.delete(np.eye(8), [0, 4], axis=0)
    wald = births.global_tests()
    assert wald["statistic"].iloc[2] == pytest.approx(float(results.wald_test(every, scalar=True).statistic), rel=1e-8)
    assert wald["statistic"].iloc[0] == pytest.approx(results.llr, rel=1e-7)


def test_the_score_test_of_a_factor_is_pearsons_chi_square() -> None:
    """Closed form: the score test of a saturated model of one factor is the chi-square of the table of counts."""
    from scipy.stats import chi2_contingency

    fit = multinomial("race ~ C(smoke)", BIRTHS)
    expected = chi2_contingency(pd.crosstab(BIRTHS["race"], BIRTHS["smoke"]), correction=False)
    found = fit.global_tests()
    assert found["statistic"].iloc[1] == pytest.approx(expected.statistic, rel=1e-10)
    assert found["df"].tolist() == [2, 2, 2]


def test_tests_of_terms_do_not_depend_on_the_reference(births: glmlr.MultinomialFit) -> None:
    other = multinomial(FORMULA, BIRTHS, reference="black")
    for test in ("likelihood-ratio", "wald"):
        np.testing.assert_allclose(
            births.term_tests(test=test)["statistic"], other.term_tests(test=test)["statistic"], rtol=1e-8
        )


def test_classes_are_joined_as_in_r_and_by_wald_as_in_statsmodels(births: glmlr.MultinomialFit) -> None:
    frame = births.combining_tests().frame.set_index(["outcome", "against"])
    for pair, expected in R["joined"].items():
        assert frame.loc[tuple(pair.split("_")), "statistic"] == pytest.approx(expected, rel=1e-9)
    results = births.statsmodels()  # coefficients of black, then other, against white
    rows = np.column_stack([np.zeros((3, 1)), np.eye(3)])
    for pair, restrict in (
        (("black", "white"), np.column_stack([rows, 0 * rows])),
        (("other", "white"), np.column_stack([0 * rows, rows])),
        (("black", "other"), np.column_stack([rows, -rows])),
    ):
        expected = float(results.wald_test(restrict, scalar=True).statistic)
        assert frame.loc[pair, "wald"] == pytest.approx(expected, rel=1e-8)
    assert (frame["df"] == 3).all()


def test_under_importance_weights_there_are_wald_tests_and_no_likelihood_ratios() -> None:
    fit = multinomial(FORMULA, BIRTHS, class_weight="balanced")
    table = fit.term_tests()
    assert "Wald" in table.notes[0]
    assert table["p_value"].notna().all()
    asked = fit.term_tests(test="likelihood-ratio")
    assert asked["p_value"].isna().all()
    assert any("pseudo-likelihood" in note for note in asked.notes)
    assert fit.global_tests()["test"].tolist() == ["likelihood_ratio", "wald"]
    assert np.isnan(fit.global_tests()["p_value"].iloc[0])
    assert fit.combining_tests()["p_value"].isna().all()
    assert "weight" in fit.response_profile().frame
    np.testing.assert_allclose(fit.response_profile()["weight"].iloc[:3], 63.0)


def test_tests_that_do_not_exist_are_refused(births: glmlr.MultinomialFit) -> None:
    with pytest.raises(OptionError, match="test='score'"):
        births.term_tests(test="score")
    nothing = multinomial("race ~ 1", BIRTHS)
    for method in ("term_tests", "global_tests", "combining_tests"):
        with pytest.raises(NotApplicable, match="nothing but"):
            getattr(nothing, method)()
    with pytest.raises(NotApplicable, match="no intercept"):
        multinomial("race ~ 0 + age", BIRTHS).global_tests()


# ------------------------------------------------------------------------------------------------ goodness, profile


def test_goodness_of_fit_by_hand(births: glmlr.MultinomialFit) -> None:
    case, frame = R["cases"]["births"], births.goodness_of_fit().frame.set_index("measure")["value"]
    loglik, null, n, k = case["loglik"], case["null"], 189, 8
    expected = {
        "aic": -2 * loglik + 2 * k,
        "bic": -2 * loglik + k * np.log(n),
        "deviance": -2 * loglik,
        "lr_chi2": 2 * (loglik - null),
        "mcfadden": 1 - loglik / null,
        "mcfadden_adjusted": 1 - (loglik - k) / null,
        "cox_snell": 1 - np.exp(2 * (null - loglik) / n),
        "nagelkerke": (1 - np.exp(2 * (null - loglik) / n)) / (1 - np.exp(2 * null / n)),
    }
    for name, value in expected.items():
        assert frame[name] == pytest.approx(value, rel=1e-10)
    assert births.df_model == 6
    assert births.df_resid == 181


def test_the_profile_counts_the_classes(births: glmlr.MultinomialFit) -> None:
    frame = births.response_profile().frame
    assert frame["level"].tolist() == ["black", "other", "white", "Total"]
    assert frame["n"].tolist() == [26, 67, 96, 189]
    assert frame["role"].tolist() == ["", "", "reference", ""]


# ------------------------------------------------------------------------------------------------ effects


def test_average_slopes_are_those_of_statsmodels(births: glmlr.MultinomialFit) -> None:
    """MNLogit's get_margeff; its differences for 0/1 columns fail with an exception, so slopes of all columns."""
    theirs = births.statsmodels().get_margeff(at="overall", method="dydx")
    frame = births.marginal_effects(variables=["age", "lwt"]).frame
    for at, name in enumerate(["age", "lwt"]):
        mine = frame[frame["predictor"] == name].set_index("outcome").loc[["white", "black", "other"]]
        np.testing.assert_allclose(mine["estimate"], theirs.margeff[at], rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(mine["std_error"], theirs.margeff_se[at], rtol=1e-6)


@pytest.mark.parametrize("options", [{}, {"robust": "HC0"}, {"class_weight": "balanced"}])
def test_errors_of_effects_are_by_the_delta_method(options: dict[str, str]) -> None:
    """Brute force: numerical derivatives of each effect by every coefficient, with the covariance of the fit."""
    fit = multinomial("race ~ age * C(smoke)", BIRTHS, reference="white", **options)
    weights = np.ones(3) if fit.class_design.class_weights is None else fit.class_design.class_weights[[2, 0, 1]]
    age, smoke = BIRTHS["age"].to_numpy(float), BIRTHS["smoke"].to_numpy(float)

    def chances(beta: np.ndarray, age: np.ndarray, smoke: np.ndarray) -> np.ndarray:
        x = np.column_stack([np.ones(189), smoke, age, age * smoke])
        assert fit.names == ("Intercept", "C(smoke)[T.1]", "age", "age:C(smoke)[T.1]")
        p = np.exp(np.column_stack([np.zeros(189), x @ beta.reshape(2, 4).T])) / weights
        return p / p.sum(axis=1, keepdims=True)

    def effects(beta: np.ndarray) -> np.ndarray:
        slope = (chances(beta, age + 1e-4, smoke) - chances(beta, age - 1e-4, smoke)) / 2e-4
        apart = chances(beta, age, np.ones(189)) - chances(beta, age, np.zeros(189))
        return np.concatenate([slope.mean(axis=0), apart.mean(axis=0)])

    flat = fit.params.to_numpy().T.ravel()
    steps = np.sqrt(np.diag(fit.covariance)) * 1e-3
    slopes = np.array([(effects(flat + e) - effects(flat - e)) / (2 * e.sum()) for e in np.diag(steps)])
    error = np.sqrt(np.einsum("ai,ab,bi->i", slopes, fit.covariance, slopes))
    frame = fit.marginal_effects().frame.set_index(["predictor", "outcome"])
    rows = [(name, outcome) for name in ("age", "smoke") for outcome in ("white", "black", "other")]
    np.testing.assert_allclose(frame.loc[rows, "estimate"], effects(flat), rtol=1e-5)
    np.testing.assert_allclose(frame.loc[rows, "std_error"], error, rtol=1e-4)


def test_effects_of_two_classes_are_those_of_the_binomial(low: tuple[glmlr.MultinomialFit, glmlr.Fit]) -> None:
    ours, theirs = low
    mine, known = ours.marginal_effects().frame, theirs.marginal_effects().frame
    mine = mine[mine["outcome"] == "1"].set_index(["predictor", "contrast"])
    for row in known.itertuples():
        found = mine.loc[(row.predictor, row.contrast)]
        for name in ("estimate", "std_error", "low", "high", "p_value"):
            assert found[name] == pytest.approx(getattr(row, name), rel=1e-6, abs=1e-12)


def test_slopes_of_a_curve_are_differences_of_predictions() -> None:
    """Brute force: every row's age a little higher and lower, spline and interaction moving along."""
    fit = multinomial("race ~ bs(age, df=4) * smoke + lwt", BIRTHS)
    step = 1e-4
    up, down = (fit.predict(BIRTHS.assign(age=BIRTHS["age"] + s)) for s in (step, -step))
    inner = (BIRTHS["age"] > BIRTHS["age"].min()) & (BIRTHS["age"] < BIRTHS["age"].max())
    rows = BIRTHS[inner]
    expected = ((up - down)[inner] / (2 * step)).mean()
    frame = fit.marginal_effects(variables="age", data=rows).frame.set_index("outcome")
    np.testing.assert_allclose(frame["estimate"], expected, rtol=1e-5)
    assert frame["estimate"].sum() == pytest.approx(0.0, abs=1e-12)


def test_adjusted_probabilities_are_means_of_predictions(births: glmlr.MultinomialFit) -> None:
    table = births.adjusted_probabilities(values={"age": [20, 30], "smoke": [1]})
    frame = table.frame.set_index(["predictor", "level", "outcome"])
    for name, value in (("age", 20), ("age", 30), ("smoke", 1)):
        means = births.predict(BIRTHS.assign(**{name: value})).mean()
        np.testing.assert_allclose(frame.loc[(name, str(value)), "probability"], means, rtol=1e-12)
    counted = multinomial(FORMULA, BIRTHS, reference="white", freq_weights="w").adjusted_probabilities(
        values={"age": 20}
    )
    repeated = BIRTHS.loc[BIRTHS.index.repeat(BIRTHS["w"])]
    physical = multinomial(FORMULA, repeated, reference="white").adjusted_probabilities(values={"age": 20})
    for name in ("probability", "std_error", "low", "high"):
        np.testing.assert_allclose(counted[name], physical[name], rtol=1e-8)


def test_curves_have_a_chart_and_the_values_asked_for(births: glmlr.MultinomialFit) -> None:
    table = births.adjusted_probabilities(points=5)
    assert len(table.frame) == (5 + 5 + 2) * 3
    assert [chart.key for chart in table.charts] == ["along_age", "along_lwt", "by_smoke"]
    with pytest.raises(OptionError, match="points=1"):
        births.adjusted_probabilities(points=1)
    with pytest.raises(OptionError, match="'height' is not a column"):
        births.marginal_effects(variables="height")
    with pytest.raises(NotApplicable, match="nothing but an intercept"):
        multinomial("race ~ 1", BIRTHS).marginal_effects()


# ------------------------------------------------------------------------------------------------ reports


def test_the_summary_names_the_reference_everywhere(births: glmlr.MultinomialFit) -> None:
    words = str(births)
    assert "against white" in words
    assert "each against white" in words
    assert births.summary()._repr_html_() == births._repr_html_()
    assert repr(births) == "<glmlr.MultinomialFit 'race ~ age + lwt + smoke', n = 189, modelling race against white>"
    for table in (births.coefficients(), births.relative_risk_ratios()):
        assert "against white" in str(table)


def test_reports_are_written_and_the_same_fit_gives_the_same_bytes(
    births: glmlr.MultinomialFit, tmp_path: Path
) -> None:
    paths = [births.report(str(tmp_path / name), sections=["coefficients"]) for name in ("one.html", "two.html")]
    one, two = (Path(str(path)).read_text(encoding="utf-8") for path in paths)
    assert one == two
    assert "<svg" in one
    words = str(births.report(sections=["profile", "coefficients", "effects", "hypotheses"]))
    for heading in ("Relative-risk ratios", "Tests of terms over all classes", "Can two classes be joined?"):
        assert heading in words
    assert "the table has five values" in words
    only = str(births.report(sections=["goodness"]))
    assert "McFadden" in only
    assert "Relative-risk" not in only
    with pytest.raises(OptionError, match="sections='godness'"):
        births.report(sections=["godness"])


@pytest.mark.slow
def test_the_full_report_is_written_in_both_formats(births: glmlr.MultinomialFit, tmp_path: Path) -> None:
    for name in ("full.html", "full.md"):
        text = Path(str(births.report(str(tmp_path / name)))).read_text(encoding="utf-8")
        for heading in ("Relative-risk ratios", "Adjusted probabilities of the classes", "Goodness of fit"):
            assert heading in text


def test_a_table_of_ones_own_takes_its_place(births: glmlr.MultinomialFit) -> None:
    report = births.report(sections=["coefficients"], extra=births.relative_risk_ratios(level=0.8))
    kept = next(section for section in report.sections if section.key == "coefficients")
    assert [table.heading("low") for table in kept.exhibits] == ["95% low", "80% low"]
    with pytest.raises(ArgumentError, match="extra= takes tables"):
        births.report(extra=[1])


def test_a_report_of_intercepts_alone_says_what_it_lacks() -> None:
    words = str(multinomial("race ~ 1", BIRTHS).report(sections=["profile", "coefficients", "effects", "hypotheses"]))
    assert "Not shown: term tests" in words
    assert "Not shown: relative risk ratios" in words


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("relative_risk_ratios", {"units": 3}, OptionError, "units=3 does not say of which column"),
        ("adjusted_probabilities", {"values": 3}, OptionError, "values=3 does not say of which column"),
        ("report", {"extra": 3}, ArgumentError, "extra= takes tables, one of them or a list, not int"),
        ("report", {"sections": 3}, OptionError, "sections=3 is no list of sections"),
    ],
)
def test_what_is_no_mapping_or_list_is_refused(
    births: glmlr.MultinomialFit, name: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        getattr(births, name)(**options)


def test_one_section_may_be_asked_by_its_name(births: glmlr.MultinomialFit) -> None:
    assert str(births.report(sections="goodness")) == str(births.report(sections=["goodness"]))


def test_a_wald_test_that_does_not_exist_has_no_degrees_of_freedom() -> None:
    with pytest.warns(SeparationWarning):
        fit = multinomial("species ~ petal_length", glmlr.datasets.load("iris"))
    frame = fit.global_tests().frame.set_index("test")
    assert np.isnan(frame.loc["wald", "df"])
    assert frame.loc["likelihood_ratio", "df"] == 2
