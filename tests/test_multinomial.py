"""Is the multinomial logit the maximum of its likelihood, with the precision that its weights and clusters say?

Witnesses: R 4.2.2 (nnet 7.3.18, car 3.1.1, sandwiches written out; tests/witness/multinomial.R), statsmodels' MNLogit,
scikit-learn, the binomial fit for two classes, and the closed form of a model with one factor.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import (
    DataError,
    FitError,
    FormulaError,
    GlmlrWarning,
    NotApplicable,
    OptionError,
    ResponseError,
    UnknownLevelError,
)

R = read_witness("multinomial")
BIRTHS = read_data("birthwt").assign(
    w=lambda data: np.resize([1, 2, 3, 1, 5], len(data)), group=lambda data: np.resize(np.arange(1, 18), len(data))
)
ANES96 = read_data("anes96")
IRIS = read_data("iris")
FORMULA = "race ~ age + lwt + smoke"
CASES = {
    "births": (FORMULA, BIRTHS, {"reference": "white"}),
    "weighted": (FORMULA, BIRTHS, {"reference": "white", "freq_weights": "w"}),
    "anes96": ("PID ~ np.log(popul + 0.1) + selfLR + age + educ + income", ANES96, {}),
    "width": ("species ~ sepal_width", IRIS, {}),
    "length": ("species ~ sepal_length", IRIS, {}),
}


def multinomial(formula: str, data: Any, **options: Any) -> glmlr.MultinomialFit:
    return glmlr.fit(formula, data, family="multinomial", **options)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def births() -> glmlr.MultinomialFit:
    return multinomial(FORMULA, BIRTHS, reference="white")


def stacked(fit: glmlr.MultinomialFit) -> np.ndarray:
    return fit.params.to_numpy().T


# ------------------------------------------------------------------------------------------------ witnesses


@pytest.mark.parametrize("case", CASES)
def test_estimates_precision_and_likelihood_are_those_of_r(case: str) -> None:
    formula, data, options = CASES[case]
    fit, theirs = multinomial(formula, data, **options), R["cases"][case]
    assert [str(one) for one in fit.params.columns] == theirs["classes"][1:]
    np.testing.assert_allclose(stacked(fit), theirs["coef"], rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, theirs["cov"], rtol=1e-9, atol=1e-15)
    assert fit.loglik == pytest.approx(theirs["loglik"], rel=1e-13)
    assert fit.null_loglik == pytest.approx(theirs["null"], rel=1e-13)
    order = list(fit.classes.order)
    np.testing.assert_allclose(fit.probabilities[:5, order], theirs["chances"], rtol=1e-10)
    assert fit.converged
    assert fit.solution.decrement < 1e-6


@pytest.mark.parametrize("case", CASES)
def test_estimates_are_those_of_nnet_as_far_as_it_goes(case: str) -> None:
    """nnet's BFGS leaves the estimates within 2e-6 of the maximum, and its likelihood within rounding."""
    formula, data, options = CASES[case]
    fit, theirs = multinomial(formula, data, **options), R["cases"][case]
    np.testing.assert_allclose(stacked(fit), theirs["nnet_coef"], rtol=2e-6)
    assert fit.loglik == pytest.approx(theirs["nnet_loglik"], rel=1e-12)
    assert fit.loglik >= theirs["nnet_loglik"] - 1e-9
    assert fit.rank == theirs["edf"]
    assert fit.aic == pytest.approx(theirs["aic"], rel=1e-12)


@pytest.mark.parametrize("case", ["births", "anes96", "width"])
def test_estimates_are_those_of_statsmodels(case: str) -> None:
    import statsmodels.api as sm

    formula, data, options = CASES[case]
    fit = multinomial(formula, data, **options)
    theirs = sm.MNLogit(fit.class_design.codes, fit.design.matrix()).fit(
        method="newton", tol=1e-13, maxiter=100, disp=False
    )
    np.testing.assert_allclose(fit.params, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance, theirs.cov_params(), rtol=1e-8, atol=1e-14)
    assert fit.loglik == pytest.approx(theirs.llf, rel=1e-12)
    np.testing.assert_allclose(fit.bse, theirs.bse, rtol=1e-8)
    np.testing.assert_allclose(fit.pvalues, theirs.pvalues, rtol=1e-6)
    # Its null model is found by another optimiser.
    assert fit.null_loglik == pytest.approx(theirs.llnull, rel=1e-7)
    np.testing.assert_allclose(fit.conf_int()["low"], np.asarray(theirs.conf_int())[..., 0].ravel(), rtol=1e-7)


def test_estimates_are_those_of_scikit_learn_without_a_penalty(births: glmlr.MultinomialFit) -> None:
    """Its symmetric coefficients, less those of the reference; lbfgs on standardised columns."""
    from sklearn.linear_model import LogisticRegression

    x = births.design.matrix()[:, 1:]
    model = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-12, max_iter=1000)
    model.fit((x - x.mean(axis=0)) / x.std(axis=0), births.class_design.codes)
    slopes = (model.coef_[1:] - model.coef_[0]) / x.std(axis=0)
    np.testing.assert_allclose(stacked(births)[:, 1:], slopes, rtol=1e-5)


def test_statsmodels_own_solver_and_its_results(births: glmlr.MultinomialFit) -> None:
    theirs = multinomial(FORMULA, BIRTHS, reference="white", solver="statsmodels")
    np.testing.assert_allclose(births.params, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(births.covariance, theirs.covariance, rtol=1e-8)
    assert any("MNLogit" in note for note in theirs.notes)
    results = births.statsmodels()
    np.testing.assert_allclose(results.params, births.params, rtol=1e-10)
    np.testing.assert_allclose(results.cov_params(), births.covariance, rtol=1e-8)
    assert "race=black" in str(results.summary())
    with pytest.raises(NotApplicable, match="takes no weights"):
        multinomial(FORMULA, BIRTHS, freq_weights="w", solver="statsmodels")


@pytest.mark.parametrize("options", [{"robust": "HC0"}, {"robust": "HC1"}, {"cluster": "group"}])
def test_sandwiches_are_those_written_out_in_r(options: dict[str, str]) -> None:
    fit, case = multinomial(FORMULA, BIRTHS, reference="white", **options), R["cases"]["births"]
    expected = np.array(case["cluster" if "cluster" in options else "hc0"])
    if options.get("robust") == "HC1":
        expected = expected * 189 / (189 - 8)
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(stacked(fit), case["coef"], rtol=1e-10)


def test_the_robust_covariance_of_counted_rows_is_that_written_out_in_r() -> None:
    fit = multinomial(FORMULA, BIRTHS, reference="white", freq_weights="w", robust="HC0")
    np.testing.assert_allclose(fit.covariance, R["cases"]["weighted"]["hc0"], rtol=1e-9, atol=1e-15)


def test_balanced_class_weights_are_those_written_out_in_r() -> None:
    fit, theirs = multinomial(FORMULA, BIRTHS, reference="white", class_weight="balanced"), R["cases"]["balanced"]
    np.testing.assert_allclose(stacked(fit), theirs["coef"], rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, theirs["cov"], rtol=1e-9, atol=1e-15)
    assert fit.loglik == pytest.approx(theirs["loglik"], rel=1e-13)
    assert fit.pseudo_likelihood
    assert fit.covariance_kind == "HC0"


def test_a_model_of_one_factor_has_the_shares_of_its_cells() -> None:
    """Closed form: log(n_jg / n_0g) against its value at the factor's reference; variances 1 / n_jg + 1 / n_0g."""
    fit = multinomial("race ~ C(smoke)", BIRTHS, reference="white")
    cells = pd.crosstab(BIRTHS["race"], BIRTHS["smoke"])
    for outcome in ("black", "other"):
        odds = np.log(cells.loc[outcome] / cells.loc["white"])
        np.testing.assert_allclose(fit.params[outcome], [odds[0], odds[1] - odds[0]], rtol=1e-10)
        variance = 1 / cells.loc[outcome] + 1 / cells.loc["white"]
        np.testing.assert_allclose(fit.bse[outcome] ** 2, [variance[0], variance.sum()], rtol=1e-10)
    shares = cells / cells.sum()
    np.testing.assert_allclose(fit.probabilities, shares[BIRTHS["smoke"]].T.to_numpy(), rtol=1e-10)


def test_intercepts_alone_are_the_null_model() -> None:
    fit = multinomial("race ~ 1", BIRTHS)
    counts = BIRTHS["race"].value_counts().sort_index()
    np.testing.assert_allclose(stacked(fit).ravel(), np.log(counts.iloc[1:] / counts.iloc[0]), rtol=1e-12)
    assert fit.loglik == pytest.approx(fit.null_loglik, rel=1e-14)


# ------------------------------------------------------------------------------------------------ laws

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "HC0": {"robust": "HC0"},
    "HC1": {"robust": "HC1"},
    "cluster": {"cluster": "group"},
    "frequencies": {"freq_weights": "w", "robust": "HC1"},
    "importance": {"sample_weight": "w"},
    "balanced": {"class_weight": "balanced"},
    "by class": {"class_weight": {0: 1.0, 1: 7.0}, "sample_weight": "w"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_two_classes_are_the_binomial_model(options: dict[str, Any]) -> None:
    formula = "low ~ age + lwt + C(race) + smoke"
    ours, theirs = multinomial(formula, BIRTHS, **options), glmlr.fit(formula, BIRTHS, **options)
    np.testing.assert_allclose(ours.params[1], theirs.params, rtol=1e-9)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-9, atol=1e-15)
    assert ours.loglik == pytest.approx(theirs.loglik, rel=1e-13)
    assert ours.null_loglik == pytest.approx(theirs.null_loglik, rel=1e-13)
    assert (ours.aic, ours.bic) == pytest.approx((theirs.aic, theirs.bic), rel=1e-12)
    np.testing.assert_allclose(ours.probabilities[:, 1], theirs.probabilities, rtol=1e-9)
    new = BIRTHS.head(20)
    np.testing.assert_allclose(
        ours.predict(new, interval=0.9)[1], theirs.predict(new, interval=0.9), rtol=1e-8, atol=1e-12
    )
    np.testing.assert_allclose(
        ours.predict(new, kind="link", scale="weighted")[1],
        theirs.predict(new, kind="link", scale="weighted"),
        rtol=1e-8,
    )
    assert any("binomial" in note for note in ours.notes)


def test_a_repeated_row_is_a_row_of_weight_two() -> None:
    repeated = BIRTHS.loc[BIRTHS.index.repeat(BIRTHS["w"])]
    for robust in (None, "HC0", "HC1"):
        counted = multinomial(FORMULA, BIRTHS, freq_weights="w", robust=robust)
        physical = multinomial(FORMULA, repeated, robust=robust)
        np.testing.assert_allclose(counted.params, physical.params, rtol=1e-9)
        np.testing.assert_allclose(counted.covariance, physical.covariance, rtol=1e-9, atol=1e-15)
        for name in ("loglik", "null_loglik", "nobs", "aic", "bic", "df_resid"):
            assert getattr(counted, name) == pytest.approx(getattr(physical, name), rel=1e-12)


def test_importance_weights_times_a_constant_change_nothing_but_the_likelihood() -> None:
    one = multinomial(FORMULA, BIRTHS, sample_weight=BIRTHS["w"])
    other = multinomial(FORMULA, BIRTHS, sample_weight=BIRTHS["w"] * 1000.0)
    np.testing.assert_allclose(one.params, other.params, rtol=1e-8)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-8)


def test_the_order_of_rows_does_not_matter(births: glmlr.MultinomialFit) -> None:
    mixed = multinomial(FORMULA, BIRTHS.sample(frac=1.0, random_state=1), reference="white")
    np.testing.assert_allclose(births.params, mixed.params, rtol=1e-10)
    np.testing.assert_allclose(births.covariance, mixed.covariance, rtol=1e-9)


def test_another_reference_is_the_difference_of_two_classes(births: glmlr.MultinomialFit) -> None:
    other = multinomial(FORMULA, BIRTHS, reference="black")
    np.testing.assert_allclose(other.params["other"], births.params["other"] - births.params["black"], rtol=1e-9)
    np.testing.assert_allclose(other.params["white"], -births.params["black"], rtol=1e-9)
    np.testing.assert_allclose(other.probabilities, births.probabilities, rtol=1e-10)
    assert other.loglik == pytest.approx(births.loglik, rel=1e-14)
    assert list(other.fitted_values.columns) == list(births.fitted_values.columns) == ["black", "other", "white"]


def test_a_rescaled_predictor_rescales_its_coefficients(births: glmlr.MultinomialFit) -> None:
    for factor in (1e-9, 1e9):
        scaled = multinomial(FORMULA, BIRTHS.assign(lwt=BIRTHS["lwt"] * factor), reference="white")
        np.testing.assert_allclose(scaled.params.loc["lwt"] * factor, births.params.loc["lwt"], rtol=1e-8)
        np.testing.assert_allclose(scaled.z, births.z, rtol=1e-8)


def test_a_predictor_far_from_0_keeps_its_digits(births: glmlr.MultinomialFit) -> None:
    far = multinomial(FORMULA, BIRTHS.assign(age=BIRTHS["age"] + 1e7), reference="white")
    np.testing.assert_allclose(far.params.loc[["age", "lwt", "smoke"]], births.params.iloc[1:], rtol=1e-7)
    np.testing.assert_allclose(
        far.predict(BIRTHS.assign(age=BIRTHS["age"] + 1e7).head(5), interval=True),
        births.predict(BIRTHS.head(5), interval=True),
        rtol=1e-6,
    )


def test_an_aliased_column_leaves_the_others_as_they_are(births: glmlr.MultinomialFit) -> None:
    fit = multinomial(FORMULA + " + twice", BIRTHS.assign(twice=2 * BIRTHS["age"]), reference="white")
    np.testing.assert_allclose(fit.params.iloc[:4], births.params, rtol=1e-10)
    assert fit.params.loc["twice"].isna().all()
    assert fit.rank == births.rank
    assert any("twice is aliased" in note and "2 age" in note for note in fit.notes)
    with pytest.warns(GlmlrWarning, match="do not obey twice = 2 age|does not obey twice = 2 age"):
        fit.predict(BIRTHS.assign(twice=0.0).head(2))


def test_many_rows_in_several_blocks_are_the_same_sums() -> None:
    large = pd.concat([BIRTHS] * 60, ignore_index=True)
    one = multinomial(FORMULA, large)
    counted = multinomial(FORMULA, BIRTHS.assign(sixty=60), freq_weights="sixty")
    np.testing.assert_allclose(one.params, counted.params, rtol=1e-10)
    np.testing.assert_allclose(one.covariance, counted.covariance, rtol=1e-9)


def test_a_factor_of_many_levels_is_kept_as_codes_with_the_same_estimates() -> None:
    """A factor of twelve columns and more is not written out; the same columns as numbers are."""
    data = BIRTHS.assign(group=pd.Categorical(BIRTHS["group"].astype(str)), race=np.resize(list("abcabb"), 189))
    names = [f"g{at}" for at in range(1, 17)]
    dummies = pd.get_dummies(data["group"], dtype=float).iloc[:, 1:].set_axis(names, axis=1)
    coded = multinomial("race ~ age + group", data, robust="HC0")
    written = multinomial("race ~ age + " + " + ".join(names), data.join(dummies), robust="HC0")
    assert coded.design.recipe.coded
    np.testing.assert_allclose(coded.params.loc["age"], written.params.loc["age"], rtol=1e-8)
    assert coded.loglik == pytest.approx(written.loglik, rel=1e-12)
    np.testing.assert_allclose(coded.bse.loc["age"], written.bse.loc["age"], rtol=1e-8)


def test_class_weights_are_taken_off_the_probabilities() -> None:
    """King & Zeng's correction, class by class: in a saturated model the probabilities are the shares again."""
    weights = {"black": 5.0, "other": 1.0, "white": 0.25}
    fit = multinomial("race ~ C(smoke)", BIRTHS, class_weight=weights)
    cells = pd.crosstab(BIRTHS["race"], BIRTHS["smoke"])
    shares = (cells / cells.sum())[BIRTHS["smoke"]].T.to_numpy()
    np.testing.assert_allclose(fit.probabilities, shares, rtol=1e-9)
    weighted = shares * [5.0, 1.0, 0.25]
    weighted = weighted / weighted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fit.predict(scale="weighted"), weighted, rtol=1e-9)
    assert any("corrected for the class weights" in note for note in fit.class_scores.notes)


# ------------------------------------------------------------------------------------------------ predictions


def test_predictions_keep_rows_and_leave_out_what_is_missing(births: glmlr.MultinomialFit) -> None:
    new = BIRTHS.iloc[[5, 3, 9]].set_axis(["c", "a", "b"])
    new.loc["a", "age"] = np.nan
    found = births.predict(new)
    assert list(found.index) == ["c", "a", "b"]
    assert found.loc["a"].isna().all()
    np.testing.assert_allclose(found.loc[["c", "b"]].sum(axis=1), 1.0)
    classes = births.predict(new, kind="class")
    assert classes["a"] is None
    assert classes["c"] == found.columns[int(np.argmax(found.loc["c"]))]
    assert births.fitted_values.shape == (189, 3)
    pd.testing.assert_frame_equal(births.fitted_values, births.predict())


def test_a_score_does_not_depend_on_the_rows_scored_with_it(births: glmlr.MultinomialFit) -> None:
    together = births.predict(BIRTHS)
    for at in (0, 77, 188):
        assert (births.predict(BIRTHS.iloc[[at]]).to_numpy() == together.iloc[[at]].to_numpy()).all()


def test_intervals_are_by_the_delta_method_on_the_log_odds(births: glmlr.MultinomialFit) -> None:
    """Numerical derivatives of each class's log-odds by every coefficient."""
    x, V = births.design.matrix()[:4], births.covariance
    flat = stacked(births).ravel()

    def log_odds(beta: np.ndarray) -> np.ndarray:
        eta = np.column_stack([np.zeros(4), x @ beta.reshape(2, 4).T])
        p = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
        return np.log(p / (1 - p))

    steps = np.sqrt(np.diag(V)) * 1e-4
    slopes = np.stack(
        [(log_odds(flat + e) - log_odds(flat - e)) / (2 * s) for e, s in zip(np.diag(steps), steps, strict=True)]
    )
    error = np.sqrt(np.einsum("anj,ab,bnj->nj", slopes, V, slopes))
    found = births.predict(BIRTHS.head(4), interval=0.95)
    center = log_odds(flat)
    for at, outcome in enumerate(["white", "black", "other"]):
        low = 1 / (1 + np.exp(-(center[:, at] - 1.959963984540054 * error[:, at])))
        np.testing.assert_allclose(found[outcome]["low"], low, rtol=1e-6)
        np.testing.assert_allclose(
            found[outcome]["estimate"], births.probabilities[:4, births.classes.order[at]], rtol=1e-12
        )


def test_levels_that_the_fit_has_not_seen(births: glmlr.MultinomialFit) -> None:
    fit = multinomial("ftv3 ~ race + age", BIRTHS.assign(ftv3=np.minimum(BIRTHS["ftv"], 2)))
    new = BIRTHS.head(2).assign(race=["white", "blue"])
    with pytest.raises(UnknownLevelError, match="blue"):
        fit.predict(new)
    assert fit.predict(new, unknown="nan").iloc[1].isna().all()
    assert fit.predict(new, unknown="reference").notna().all().all()


def test_the_classes_of_the_scores_are_those_of_the_rows(births: glmlr.MultinomialFit) -> None:
    scores = births.class_scores
    assert scores.classes == ("black", "other", "white")
    assert [scores.classes[at] for at in scores.outcome] == BIRTHS["race"].tolist()
    assert scores.counts.tolist() == [26, 67, 96]
    assert scores.fitted
    assert births.class_scores is scores
    counted = multinomial(FORMULA, BIRTHS, freq_weights="w").class_scores
    assert counted.weight is not None
    assert counted.weight.tolist() == BIRTHS["w"].tolist()


# ------------------------------------------------------------------------------------------------ classes


def test_the_order_of_a_categorical_is_kept_and_levels_without_rows_are_left_out() -> None:
    race = pd.Categorical(BIRTHS["race"], categories=["white", "green", "other", "black"], ordered=True)
    fit = multinomial(FORMULA, BIRTHS.assign(race=race))
    assert fit.classes.values == ("white", "other", "black")
    assert fit.classes.reference_label == "white"
    assert any("green" in note for note in fit.notes)


@pytest.mark.parametrize("values", [[1, 2, 3], [1.0, 2.0, 3.0], ["1", "2", "3"]])
def test_numbers_and_text_are_classes(values: list[Any]) -> None:
    response = np.resize(values, 189)
    fit = multinomial("y ~ age", BIRTHS.assign(y=response), reference=2)
    assert fit.classes.labels == ("1", "2", "3")
    assert fit.classes.reference_label == "2"
    assert fit.predict(kind="class").isin(values).all()


def test_rows_with_something_missing_are_accounted_for() -> None:
    data = BIRTHS.assign(age=BIRTHS["age"].astype(float))
    data.loc[[3, 4], "age"] = np.nan
    data.loc[4, "race"] = None
    fit = multinomial(FORMULA, data)
    assert (fit.design.rows.read, fit.design.rows.used) == (189, 187)
    assert fit.fitted_values.iloc[[3, 4]].isna().all().all()
    assert any("2 of 189 rows were dropped" in note for note in fit.notes)


def test_polars_and_dicts_are_rows_too(births: glmlr.MultinomialFit) -> None:
    polars = pytest.importorskip("polars")
    for data in (polars.from_pandas(BIRTHS), {name: BIRTHS[name].to_numpy() for name in BIRTHS}):
        np.testing.assert_allclose(multinomial(FORMULA, data, reference="white").params, births.params, rtol=1e-12)


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("formula", "options", "error", "words"),
    [
        ("bwt ~ age", {}, ResponseError, "131 different numbers, from 709 to 4990"),
        ("low ~ age", {"data": BIRTHS[BIRTHS["low"] == 0]}, ResponseError, "one value only: 0 .130 rows"),
        ("low + age ~ lwt", {}, ResponseError, "one column with the class of each row"),
        ("race ~ woe(age)", {}, NotApplicable, r"woe\(age\) learns from an outcome of two classes"),
        ("race ~ age + offset(lwt)", {}, NotApplicable, "does not say to which of the classes"),
        ("race ~ nothing", {}, DataError, "column 'nothing' not found"),
        ("race ~", {}, FormulaError, "nothing after"),
        (FORMULA, {"link": "probit"}, OptionError, "logit link only"),
        (FORMULA, {"event": "black"}, OptionError, "event= does not go with"),
        (FORMULA, {"offset": "lwt"}, OptionError, "offset= does not go with"),
        (FORMULA, {"penalty": "firth"}, OptionError, "penalty= does not go with"),
        (FORMULA, {"reference": "blak"}, OptionError, "not a class of the response 'race'.*did you mean 'black'"),
        (FORMULA, {"reference": np.array([1, 2])}, OptionError, "is not a class of the response 'race'"),
        (FORMULA, {"reference": pd.NA}, OptionError, "reference=<NA> is not a class of the response 'race'"),
        (FORMULA, {"robust": "HC3"}, OptionError, "'HC0' or 'HC1'"),
        (FORMULA, {"robust": "HC9"}, OptionError, "robust='HC9'"),
        (FORMULA, {"robust": "HC0", "cluster": "group"}, OptionError, "two covariances"),
        (FORMULA, {"class_weight": {"black": 1.0}}, OptionError, "no weight for other, white"),
        (FORMULA, {"class_weight": "1:2"}, OptionError, "for each of the 3 classes"),
        (FORMULA, {"class_weight": {"black": 1, "other": -1, "white": 1}}, OptionError, "weight -1"),
        (FORMULA, {"max_iterations": 0}, OptionError, "max_iterations=0"),
        (FORMULA, {"solver": "sklearn"}, OptionError, "solver='sklearn'"),
        ("race ~ C(age)*C(lwt)", {}, FitError, "only 189 usable rows"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    formula: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        multinomial(**{"formula": formula, "data": BIRTHS, **options})


def test_families_and_references_of_two_classes_are_told_apart() -> None:
    with pytest.raises(OptionError, match="family='poisson'"):
        glmlr.fit("low ~ age", BIRTHS, family="poisson")
    with pytest.raises(OptionError, match="of two values event= says which"):
        glmlr.fit("low ~ age", BIRTHS, reference=1)


def test_rows_that_are_read_in_parts_are_refused(tmp_path: Any) -> None:
    for name in ("one", "two"):
        BIRTHS.to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(NotApplicable, match="holds its rows in memory"):
        multinomial(FORMULA, str(tmp_path / "*.parquet"))


def test_a_class_with_one_row_is_warned_of() -> None:
    data = BIRTHS.assign(race=np.where(np.arange(189) == 100, "green", BIRTHS["race"]))
    with pytest.warns(GlmlrWarning, match="The class green has one row"):
        fit = multinomial("race ~ lwt", data)
    assert any("The class green has one row" in note for note in fit.notes)


def test_too_few_steps_are_warned_of() -> None:
    with pytest.warns(GlmlrWarning, match="did not converge"):
        fit = multinomial(FORMULA, BIRTHS, max_iterations=1)
    assert not fit.converged
    assert any("did not converge" in note for note in fit.notes)


@pytest.mark.slow
def test_a_predictor_of_pure_noise_is_rejected_at_its_level_under_class_weights() -> None:
    """5% of 300 tests, give or take three standard errors of the count; the model's own variance rejects far more."""
    rng = np.random.default_rng(11)
    rejected = naive = 0
    for _ in range(300):
        data = pd.DataFrame(
            {"x": rng.normal(size=400), "y": rng.choice(["a", "b", "c"], size=400, p=[0.75, 0.15, 0.1])}
        )
        fit = multinomial("y ~ x", data, class_weight="balanced")
        rejected += int(fit.term_tests()["p_value"].iloc[0] < 0.05)
        beta, V = fit.params.loc["x"].to_numpy(), fit.solution.covariance(fit.solution.inverse)
        naive += int(beta @ np.linalg.solve(V[np.ix_([1, 3], [1, 3])], beta) > 5.991464547107979)
    assert 15 - 3 * 3.8 < rejected < 15 + 3 * 3.8
    assert naive > 36


def test_what_binomial_models_have_is_pointed_to_its_likes(births: glmlr.MultinomialFit) -> None:
    with pytest.raises(AttributeError, match=r"no 'odds_ratios'; relative_risk_ratios\(\)"):
        births.odds_ratios()
    with pytest.raises(AttributeError, match="did you mean 'coefficients'"):
        births.coeficients()
    assert not hasattr(births, "auc")
    copied = pickle.loads(pickle.dumps(births))
    pd.testing.assert_frame_equal(copied.predict(BIRTHS.head(3)), births.predict(BIRTHS.head(3)))
    with pytest.raises(ResponseError, match='3 values.*family="multinomial"'):
        glmlr.fit(FORMULA, BIRTHS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ("a",), "probabilities": np.ones((2, 1))}, "two different classes or more"),
        ({"classes": ("a", "a")}, "two different classes or more"),
        ({"probabilities": np.ones((3, 2)) / 2}, r"have shape \(3, 2\)"),
        ({"probabilities": np.ones((2, 2))}, "add up to 2"),
        ({"probabilities": np.array([[-0.5, 1.5], [0.5, 0.5]])}, "0 or more"),
        ({"outcome": np.array([0, 2])}, "whole positions from 0 to 1"),
        ({"weight": np.array([1.0])}, "2 rows need one each"),
        ({"weight": np.array([0.0, 0.0])}, "at least one above 0"),
    ],
)
def test_scores_that_are_none_are_refused(changes: dict[str, Any], words: str) -> None:
    good = {"classes": ("a", "b"), "outcome": np.array([0, 1]), "probabilities": np.full((2, 2), 0.5)}
    with pytest.raises(DataError, match=words):
        glmlr.ClassScores(**{**good, **changes})


def test_classes_that_are_printed_alike_are_refused() -> None:
    data = BIRTHS.assign(kind=BIRTHS["race"].map({"white": 1, "black": "1", "other": 2}))
    with pytest.raises(ResponseError, match="has the classes 1, '1', printed alike"):
        multinomial("kind ~ age", data)


def test_classes_may_be_tuples(births: glmlr.MultinomialFit) -> None:
    pairs = {"white": ("a", 1), "black": ("b", 2), "other": ("c", 3)}
    data = BIRTHS.assign(kind=pd.Series([pairs[one] for one in BIRTHS["race"]], index=BIRTHS.index))
    fit = multinomial("kind ~ age + lwt + smoke", data)
    assert fit.classes.values == tuple(pairs.values())
    assert fit.loglik == pytest.approx(births.loglik, rel=1e-13)
    assert "('a', 1)" in str(fit.confusion())


@pytest.mark.parametrize("option", ["freq_weights", "sample_weight"])
def test_rows_of_weight_0_are_told(option: str) -> None:
    """A class that has no other rows is gone with them."""
    fit = multinomial(FORMULA, BIRTHS.assign(none=BIRTHS["race"].ne("other").astype(int)), **{option: "none"})
    assert fit.classes.values == ("black", "white")
    assert "67 of 189 rows have weight 0 and are left out." in fit.notes


def test_dates_as_classes_are_refused_in_words_that_hold_for_several() -> None:
    days = pd.to_datetime(BIRTHS["race"].map({"white": "2020-01-01", "black": "2021-01-01", "other": "2022-01-01"}))
    with pytest.raises(ResponseError, match="holds dates; make it text or numbers, one per row"):
        multinomial("day ~ age", BIRTHS.assign(day=days))
