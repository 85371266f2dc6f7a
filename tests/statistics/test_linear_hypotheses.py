"""Are linear hypotheses read as they are meant, and tested as R tests them?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, norm
from witnesses import births, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError, SeparationWarning
from glmlr.hypotheses.reading import hypotheses_of

WITNESS = read_witness("hypotheses")["linear"]
BIRTHS = births()
NAMES = ("Intercept", "C(race)[T.other]", "age", "age:lwt", "bs(lwt, df=4)[0]", "my name", "age2", "Q('a = b')")


def fitted(formula: str = "low ~ age + lwt + race + smoke + ht", **options: Any) -> glmlr.Fit:
    return glmlr.fit(formula, BIRTHS, **options)


def weights(**named: float) -> np.ndarray:
    return np.array([named.get(name.replace(" ", "_").replace(":", "_by_"), 0.0) for name in NAMES])


@pytest.mark.parametrize(
    ("sentence", "expected", "value"),
    [
        ("age", {"age": 1}, 0),
        ("age = 2", {"age": 1}, 2),
        ("age == 2 * age:lwt", {"age": 1, "age_by_lwt": -2}, 0),
        ("-(age - 3) / 2 = 1e1 * `my name`", {"age": -0.5, "my_name": -10}, -1.5),
        ("  2*(age2+age)*3 - 1 = .5 ", {"age": 6, "age2": 6}, 1.5),
        ("age - -1 = 0", None, None),
        ("my name - age/4 = - 2", {"my_name": 1, "age": -0.25}, -2),
    ],
)
def test_sentences_are_linear_equations(sentence: str, expected: dict[str, float] | None, value: float | None) -> None:
    """By hand."""
    if expected is None:
        with pytest.raises(OptionError, match="missing before"):
            hypotheses_of(sentence, NAMES)
        return
    (found,) = hypotheses_of(sentence, NAMES)
    np.testing.assert_allclose(found.weights, weights(**expected), atol=1e-15)
    assert found.value == value


def test_names_with_brackets_signs_and_spaces_are_taken_whole() -> None:
    for at, name in enumerate(NAMES):
        for said in (name, f"`{name}`", f" 1 * {name}"):
            (found,) = hypotheses_of(said, NAMES)
            assert found.weights.tolist() == np.eye(len(NAMES))[at].tolist()


def test_a_chain_says_several_things() -> None:
    first, second = hypotheses_of("age = age2 = 1", NAMES)
    assert (first.text, second.text) == ("age = age2", "age2 = 1")
    assert second.value == 1
    assert first.weights @ np.ones(len(NAMES)) == 0


@pytest.mark.parametrize(
    ("sentence", "match"),
    [
        ("agee = 0", "did you mean 'age'"),
        ("age:lwt:ht", "is not a coefficient"),
        ("C(race)[T.othr] = 0", r"did you mean 'C\(race\)\[T.other\]'"),
        ("2age", "write 2 \\* age"),
        ("age * age2 = 0", "not linear"),
        ("1 / age = 0", "below a division"),
        ("age / 0", "below a division"),
        ("age = ", "missing"),
        ("", "missing"),
        ("(age = 0", "bracket is not closed"),
        ("age ) = 0", "not expected"),
        ("age < 3", "not expected"),
        ("1 = 1", "says nothing"),
        ("age = age", "says nothing"),
        ("__import__('os')", "is not a coefficient"),
    ],
)
def test_what_cannot_be_read_is_said(sentence: str, match: str) -> None:
    with pytest.raises(OptionError, match=match):
        hypotheses_of(sentence, NAMES)


def test_wald_tests_are_those_of_car() -> None:
    fit = fitted()
    for key, said in {
        "one": ("age = 2 * lwt",),
        "two": ("age = 2 * lwt", "race[T.other] = race[T.white]"),
        "shifted": ("smoke = ht - 0.5",),
    }.items():
        table, witness = fit.wald_test(*said), WITNESS[key]
        last = table.frame.iloc[-1]
        np.testing.assert_allclose([last["statistic"], last["p_value"]], [witness["chisq"], witness["p"]], rtol=1e-8)
        assert last["df"] == witness["df"]
        rows = table.frame.iloc[: len(said)]
        variance = np.atleast_1d(witness["variance"])
        np.testing.assert_allclose(rows["std_error"] ** 2, variance, rtol=1e-8)
        estimates = np.atleast_1d(witness["value"])
        np.testing.assert_allclose(rows["estimate"], estimates, rtol=1e-8)
        np.testing.assert_allclose(rows["high"], estimates + norm.ppf(0.975) * np.sqrt(variance), rtol=1e-8)
    robust = fitted(robust="HC0").wald_test("age = 2 * lwt", "race[T.other] = race[T.white]").frame.iloc[-1]
    assert robust["statistic"] == pytest.approx(WITNESS["robust"]["chisq"], rel=1e-8)


def test_likelihood_ratios_are_those_of_another_parametrisation_in_r() -> None:
    fit = fitted()
    for said, expected in zip(("age = 2 * lwt", "smoke = ht - 0.5"), WITNESS["ratios"], strict=True):
        row = fit.wald_test(said, test="likelihood-ratio").frame.iloc[0]
        assert row["statistic"] == pytest.approx(expected, rel=1e-8)
        assert row["p_value"] == pytest.approx(chi2.sf(row["statistic"], 1), rel=1e-12)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_all_slopes_at_zero_is_the_global_test(link: str) -> None:
    fit = fitted(link=link)
    said = [f"{name} = 0" for name in fit.names[1:]]
    for test, name in (("wald", "wald"), ("likelihood-ratio", "likelihood_ratio")):
        joint = fit.wald_test(*said, test=test).frame.iloc[-1]
        assert joint["statistic"] == pytest.approx(fit.global_tests()[name]["statistic"], rel=1e-8)
    everything = fit.wald_test(*said, "Intercept", test="likelihood-ratio").frame.iloc[-1]
    half = {"logit": 0.5, "probit": 0.5, "cloglog": 1 - np.exp(-1)}[link]
    y = BIRTHS["low"]
    zero = (y * np.log(half) + (1 - y) * np.log1p(-half)).sum()
    assert everything["statistic"] == pytest.approx(2 * (fit.loglik - zero), rel=1e-10)


def test_a_matrix_says_what_sentences_say() -> None:
    fit = fitted()
    rows = np.zeros((2, 7))
    rows[0, fit.names.index("age")], rows[0, fit.names.index("lwt")] = 1, -2
    rows[1, fit.names.index("ht")] = 1
    one, other = fit.wald_test(rows, values=[0, 0.5]), fit.wald_test("age - 2 * lwt = 0", "ht = 0.5")
    np.testing.assert_allclose(one.frame.iloc[:, 1:], other.frame.iloc[:, 1:], rtol=1e-12)
    assert one.frame["hypothesis"].tolist()[:2] == ["age - 2 * lwt = 0", "ht = 0.5"]
    np.testing.assert_allclose(fit.wald_test(rows[0]).frame.iloc[0, 1:], other.frame.iloc[0, 1:], rtol=1e-12)


def test_one_coefficient_is_its_row_in_the_table() -> None:
    for options in ({}, {"class_weight": "balanced"}, {"robust": "HC3"}):
        fit = fitted(**options)
        row = fit.wald_test("age", level=0.9).frame.iloc[0]
        assert row["p_value"] == pytest.approx(fit.pvalues["age"], rel=1e-12)
        assert row["low"] == pytest.approx(fit.conf_int(level=0.9).loc["age", "low"], rel=1e-12)


def test_counts_are_repeated_rows() -> None:
    times = np.resize([1, 2, 3], len(BIRTHS))
    weighted, repeated = (
        fitted(freq_weights=times),
        glmlr.fit("low ~ age + lwt + race + smoke + ht", BIRTHS.loc[BIRTHS.index.repeat(times)]),
    )
    for test in ("wald", "likelihood-ratio"):
        one, other = (fit.wald_test("age = 2 * lwt", "ht = smoke", test=test).frame for fit in (weighted, repeated))
        np.testing.assert_allclose(one.iloc[:, 1:], other.iloc[:, 1:], rtol=1e-9)


def test_what_has_no_answer_is_refused() -> None:
    fit = fitted()
    for wrong, match in (
        ((np.eye(3),), "has shape"),
        ((np.zeros((1, 7)),), "not all 0"),
        ((np.full((1, 7), np.nan),), "finite"),
        (("age", np.eye(7)), "sentences, or one matrix"),
        (("age = 0", "2 * age = 0"), "already implied"),
        (("age = lwt", "lwt = ht", "age = ht + 1"), "already implied"),
    ):
        with pytest.raises(OptionError, match=match):
            fit.wald_test(*wrong)
    with pytest.raises(OptionError, match="values="):
        fit.wald_test("age", values=[1])
    with pytest.raises(ArgumentError, match="takes hypotheses"):
        fit.wald_test()
    with pytest.raises(OptionError, match="level"):
        fit.wald_test("age", level=95)
    with pytest.raises(OptionError, match="test"):
        fit.wald_test("age", test="score")
    with pytest.raises(ArgumentError):
        glmlr.wald_test(3, "age")


def test_an_aliased_coefficient_cannot_be_estimated_but_some_sums_can() -> None:
    fit = glmlr.fit("low ~ age + twice + smoke", BIRTHS.assign(twice=2 * BIRTHS["age"]))
    with pytest.raises(NotApplicable, match="cannot be estimated: 'twice' is aliased"):
        fit.wald_test("twice = 0")
    # age * a + 2 age * b depends on a + 2 b alone.
    sums, alone = fit.wald_test("age + 2 * twice = 0"), glmlr.fit("low ~ age + smoke", BIRTHS).wald_test("age")
    np.testing.assert_allclose(sums.frame.iloc[0, 1:], alone.frame.iloc[0, 1:], rtol=1e-8)
    ratio = fit.wald_test("age + 2 * twice = 0", test="likelihood-ratio").frame["statistic"][0]
    assert ratio == pytest.approx(fit.loglik * 2 - 2 * glmlr.fit("low ~ smoke", BIRTHS).loglik, rel=1e-8)


def test_an_infinite_estimate_has_a_likelihood_ratio_only() -> None:
    data = BIRTHS.assign(sure=((BIRTHS["low"] == 1) & (BIRTHS["age"] > 30)).astype(int))
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("low ~ age + sure + smoke", data)
    with pytest.raises(NotApplicable, match=r"infinite \(separation\); test='likelihood-ratio'"):
        fit.wald_test("sure = 0")
    row = fit.wald_test("sure = 0", test="likelihood-ratio").frame.iloc[0]
    assert row["statistic"] == pytest.approx(2 * (fit.loglik - glmlr.fit("low ~ age + smoke", data).loglik), rel=1e-8)
    assert np.isnan(row["std_error"])
    assert fit.wald_test("smoke = 0").frame["p_value"][0] == pytest.approx(fit.pvalues["smoke"])


def test_importance_weights_leave_likelihood_ratios_without_p() -> None:
    table = fitted(class_weight="balanced").wald_test("age", test="likelihood-ratio")
    assert np.isnan(table.frame["p_value"][0])
    assert any("pseudo-likelihood" in note for note in table.notes)


def test_tables_print_in_every_format() -> None:
    table = fitted().wald_test("age = 2 * lwt", "ht = smoke")
    for shown in (str(table), table.to_markdown(), table.to_html(), table.to_latex()):
        assert "All together" in shown
