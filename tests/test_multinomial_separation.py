"""Is it found, and said rightly, when the data tell classes apart? Limits against binomial fits and brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from witnesses import read_data

import glmlr
from glmlr.errors import NotApplicable, SeparationWarning
from glmlr.multinomial.recession import recession, signs_of

IRIS, BIRTHS = read_data("iris"), read_data("birthwt")
FOUR = "species ~ sepal_length + sepal_width + petal_length + petal_width"


def multinomial(formula: str, data: Any, **options: Any) -> glmlr.MultinomialFit:
    return glmlr.fit(formula, data, family="multinomial", **options)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def iris() -> glmlr.MultinomialFit:
    with pytest.warns(SeparationWarning, match="setosa from versicolor, setosa from virginica perfectly"):
        return multinomial(FOUR, IRIS)


@pytest.fixture(scope="module")
def against_versicolor() -> glmlr.MultinomialFit:
    with pytest.warns(SeparationWarning):
        return multinomial(FOUR, IRIS, reference="versicolor")


def test_setosa_has_no_finite_estimates_and_the_note_names_the_contrasts(iris: glmlr.MultinomialFit) -> None:
    assert iris.params.isna().all().all()  # any of the four may carry the separation: no sign is determined
    note = next(note for note in iris.notes if "separation" in note)
    assert "versicolor, virginica against setosa have no finite estimates" in note
    assert "virginica against versicolor has finite estimates, which reference='versicolor' shows" in note
    assert iris.solution.separation is not None
    assert not iris.solution.separation.complete
    assert iris.solution.separation.rows == 150
    assert iris.converged
    table = iris.coefficients()
    assert set(table.frame["note"]) == {"not determined (separation)"}
    assert "∞" not in str(iris.relative_risk_ratios())


def test_the_finite_contrast_is_the_binomial_model_of_the_two_classes(
    iris: glmlr.MultinomialFit, against_versicolor: glmlr.MultinomialFit
) -> None:
    """Where setosa is impossible the rest is the logit of the two others, and the likelihood is its supremum."""
    two = glmlr.fit(FOUR, IRIS[IRIS["species"] != "setosa"], event="virginica")
    np.testing.assert_allclose(against_versicolor.params["virginica"], two.params, rtol=1e-8)
    np.testing.assert_allclose(against_versicolor.bse["virginica"], two.bse, rtol=1e-8)
    assert against_versicolor.params["setosa"].isna().all()
    for fit in (iris, against_versicolor):
        assert fit.loglik == pytest.approx(two.loglik, rel=1e-10)
    assert iris.rank == against_versicolor.rank == 10
    np.testing.assert_allclose(iris.probabilities, against_versicolor.probabilities, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(iris.probabilities[50:, 2], two.probabilities, rtol=1e-8)
    assert (iris.probabilities[:50, 0] == 1.0).all()
    assert (iris.probabilities[50:, 0] == 0.0).all()


def test_intervals_are_open_where_the_data_leave_them_so(iris: glmlr.MultinomialFit) -> None:
    two = glmlr.fit(FOUR, IRIS[IRIS["species"] != "setosa"], event="virginica")
    found = iris.predict(IRIS.iloc[[0, 77]], interval=True)
    assert found["setosa"].iloc[0].tolist() == [1.0, 0.0, 1.0]
    np.testing.assert_allclose(
        found["virginica"].iloc[1], two.predict(IRIS.iloc[[77]], interval=True).iloc[0], rtol=1e-7
    )


def test_a_single_predictor_has_signs() -> None:
    with pytest.warns(SeparationWarning):
        fit = multinomial("species ~ petal_length", IRIS, reference="versicolor")
    assert fit.params["setosa"].tolist() == [np.inf, -np.inf]
    assert np.isfinite(fit.params["virginica"]).all()
    low, high = fit.conf_int().loc[("setosa", "petal_length")]
    assert (low, high) == (-np.inf, np.inf)
    frame = fit.relative_risk_ratios().frame.set_index("outcome")
    assert frame.loc["setosa", "relative_risk_ratio"] == 0.0
    assert fit.coefficients().frame["note"].tolist()[:2] == ["infinite (separation)"] * 2
    with pytest.raises(NotApplicable, match="cannot hold infinite estimates"):
        fit.statsmodels()


def test_a_level_without_a_class_has_one_infinite_estimate_and_the_others_are_closed_forms() -> None:
    data = BIRTHS.assign(race=np.where((BIRTHS["ht"] == 1) & (BIRTHS["race"] == "black"), "other", BIRTHS["race"]))
    with pytest.warns(SeparationWarning, match="black against white has some estimates that are not finite"):
        fit = multinomial("race ~ C(ht)", data, reference="white")
    cells = pd.crosstab(data["race"], data["ht"])
    odds = np.log(cells.loc["other"] / cells.loc["white"])
    np.testing.assert_allclose(fit.params["other"], [odds[0], odds[1] - odds[0]], rtol=1e-8)
    variance = 1 / cells.loc["other"] + 1 / cells.loc["white"]
    np.testing.assert_allclose(fit.bse["other"] ** 2, [variance[0], variance.sum()], rtol=1e-8)
    assert fit.params["black"].iloc[0] == pytest.approx(np.log(cells.loc["black", 0] / cells.loc["white", 0]))
    assert fit.params["black"].iloc[1] == -np.inf
    shares = (cells / cells.sum())[data["ht"]].T.to_numpy()
    np.testing.assert_allclose(fit.probabilities, shares, rtol=1e-8)
    assert fit.loglik == pytest.approx(float((cells * np.log((cells / cells.sum()).where(cells > 0, 1))).sum().sum()))


def test_two_classes_separate_as_in_the_binomial_model() -> None:
    data = IRIS[IRIS["species"] != "virginica"].assign(one=lambda rows: rows["species"].eq("setosa").astype(int))
    with pytest.warns(SeparationWarning):
        ours = multinomial("one ~ petal_length", data)
    with pytest.warns(SeparationWarning):
        theirs = glmlr.fit("one ~ petal_length", data)
    assert ours.params[1].tolist() == theirs.params.tolist()
    assert ours.loglik == theirs.loglik == 0.0
    assert ours.solution.separation is not None
    assert ours.solution.separation.complete


def test_likelihood_ratios_do_not_depend_on_the_reference_and_wald_tests_say_why_not(
    iris: glmlr.MultinomialFit, against_versicolor: glmlr.MultinomialFit
) -> None:
    one, other = iris.term_tests().frame, against_versicolor.term_tests().frame
    np.testing.assert_allclose(one["statistic"], other["statistic"], rtol=1e-6)
    assert (one["df"] == 2).all()
    assert iris.term_tests(test="wald").frame["statistic"].isna().all()
    assert "separation" in " ".join(iris.term_tests(test="wald").frame["note"])
    tests = iris.global_tests()
    assert np.isnan(tests["statistic"].iloc[2])
    assert any("separation" in note for note in tests.notes)
    joined = iris.combining_tests().frame.set_index(["outcome", "against"])
    two = glmlr.fit(FOUR, IRIS[IRIS["species"] != "setosa"], event="virginica")
    assert joined.loc[("versicolor", "virginica"), "wald"] == pytest.approx(
        two.global_tests()["statistic"].iloc[2], rel=1e-7
    )
    assert np.isnan(joined.loc[("setosa", "virginica"), "wald"])


def test_effects_are_limits_without_errors(iris: glmlr.MultinomialFit) -> None:
    frame = iris.marginal_effects(variables="petal_width").frame
    assert frame["estimate"].sum() == pytest.approx(0.0, abs=1e-12)
    assert frame["std_error"].isna().all()
    assert str(iris.report()).count("separation") > 1


# ------------------------------------------------------------------------------------------------ brute force


def pairs_of(x: np.ndarray, codes: np.ndarray, classes: int) -> np.ndarray:
    """All inequalities, one a row."""
    rows = []
    for values, own in zip(x, codes, strict=True):
        for other in range(classes):
            if other != own:
                part = np.zeros((classes, x.shape[1]))
                part[own] += values
                part[other] -= values
                rows.append(part[1:].ravel())
    return np.array(rows)


def some_direction(pairs: np.ndarray) -> bool:
    """Albert & Anderson's programme over all pairs: can their sum be above 0 with none below?"""
    found = linprog(-pairs.sum(axis=0), A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=[(-1, 1)] * pairs.shape[1])
    return bool(-found.fun > 1e-7)


@pytest.mark.parametrize("seed", range(40))
def test_directions_are_those_of_one_large_programme(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(14), rng.integers(-2, 3, size=(14, 2)).astype(float)])
    codes = np.argmax(x @ rng.normal(size=(3, 3)) + rng.normal(size=(14, 3)) * (seed % 4) * 0.4, axis=1)
    codes[:3] = 0, 1, 2
    assert np.linalg.matrix_rank(x) == 3
    pairs = pairs_of(x, codes, 3)
    found = recession(x, codes, 3, np.ones(3), np.zeros((2, 3)))
    assert (found is not None) == some_direction(pairs)
    if found is None:
        return
    gains = pairs @ found.direction.ravel()
    assert gains.min() > -1e-9
    # No direction moves a pair that is left: their sum cannot be above 0 while none of all falls.
    left = pairs[gains < 1e-7]
    if len(left):
        more = linprog(-left.sum(axis=0), A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=[(-1, 1)] * 6)
        assert -more.fun < 1e-7
        np.testing.assert_allclose(left @ found.silent, 0.0, atol=1e-9)
    for at, sign in enumerate(signs_of(x, codes, 3, np.ones(3), np.eye(6))):
        unit = np.eye(6)[at]
        ends = [
            linprog(-s * unit, A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=[(-1, 1)] * 6).fun < -1e-7
            for s in (1, -1)
        ]
        assert sign == (0 if ends[0] == ends[1] else 1 if ends[0] else -1)


@pytest.mark.parametrize("overlap", [False, True])
def test_many_rows_are_looked_at_without_holding_all_pairs(overlap: bool) -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(6000), rng.normal(size=(6000, 2))])
    codes = np.argmax(x @ np.array([[0.0, 0, 0], [0.1, 2, 0], [-0.2, 0, 3]]).T, axis=1)
    if overlap:
        codes[:60] = rng.integers(0, 3, size=60)
    found = recession(x, codes, 3, np.ones(3), np.zeros((2, 3)))
    assert (found is None) == overlap
    if found is not None:
        assert found.complete
        along = np.column_stack([np.zeros(6000), x @ found.direction.T])
        assert (np.argmax(along, axis=1) == codes).all()


def test_nearly_collinear_columns_are_not_separation() -> None:
    rng = np.random.default_rng(3)
    data = BIRTHS.assign(near=BIRTHS["lwt"] + rng.normal(size=189) * 1e-6)
    fit = multinomial("race ~ lwt + near", data)
    assert fit.solution.separation is None
    assert fit.converged
