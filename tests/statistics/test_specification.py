"""Are the specification tests right? Against R (glm, anova, rms, quasibinomial) and simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, ndtr
from scipy.stats import norm
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import NotApplicable, OptionError

WITNESS = read_witness("diagnostics")
TAILS = read_witness("partial_plots")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"
BIRTHS = read_data("birthwt")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
GROUPS = pd.DataFrame(WITNESS["groups"]).assign(nonevents=lambda d: d["n"] - d["events"])
GROUPED = "events + nonevents ~ C(race) + smoke + band"


def same(actual: Any, expected: Any, rtol: float = 1e-8) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=1e-10)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("shape", {}),
        ("shape_rows", {"freq_weights": TIMES}),
        ("shape_probit", {"link": "probit"}),
        ("shape_cloglog", {"link": "cloglog"}),
    ],
)
def test_the_tests_are_those_of_r(key: str, options: Any) -> None:
    wanted, found = WITNESS[key], glmlr.fit(FORMULA, BIRTHS, **options).specification_tests()
    same(found["link"][["estimate", "std_error", "z"]], wanted["link"], 1e-7)
    if "stukel" in wanted:
        same(found["stukel"]["statistic"], wanted["stukel"])
        same(found["osius_rojek"][["estimate", "expected", "std_error", "z"]], wanted["osius"])


@pytest.mark.parametrize(("key", "options"), [("gof", {}), ("gof_rows", {"freq_weights": TIMES})])
def test_the_sum_of_squares_is_that_of_rms(key: str, options: Any) -> None:
    found = glmlr.fit(FORMULA, BIRTHS, **options).specification_tests()["sum_of_squares"]
    same(found[["estimate", "expected", "std_error", "z", "p_value"]], WITNESS[key], 1e-6)


@pytest.mark.parametrize(
    ("key", "fit"),
    [
        ("tails", lambda: glmlr.fit(FORMULA, BIRTHS)),
        ("tails_rows", lambda: glmlr.fit(FORMULA, BIRTHS, freq_weights=TIMES)),
        ("tails_groups", lambda: glmlr.fit(GROUPED, GROUPS)),
    ],
)
def test_stukel_by_refits_is_that_of_r(key: str, fit: Any) -> None:
    found = fit().specification_tests().tables[-1]
    assert found.key == "stukel_tests"
    for which, row in zip(("both", "upper", "lower"), found.frame.itertuples(), strict=True):
        wanted = TAILS[key][which]
        # A ratio is the difference of two log-likelihoods of about 100, of which it keeps fewer digits.
        same([row.statistic, row.p_value], [wanted["lr"], wanted["p"]], 1e-9)
        same([row.score, row.df, row.score_df], [wanted["rao"], wanted["df"], wanted["df"]], 1e-9)
        sides = [side for side in ("upper", "lower") if which in ("both", side)]
        numbers = [[getattr(row, side), getattr(row, f"{side}_error")] for side in sides]
        same(numbers, wanted["table"], 1e-7)
        assert all(np.isnan(getattr(row, side)) for side in {"upper", "lower"} - set(sides))


def test_stukel_where_ratios_do_not_hold_are_not_wanted_or_have_no_end() -> None:
    weight = np.resize([0.5, 2.0, 1.25], 189)
    for options in ({"sample_weight": weight}, {"cluster": np.resize(np.arange(40), 189)}):
        robust = glmlr.fit(FORMULA, BIRTHS, **options).specification_tests()
        tails = robust.tables[-1]
        assert "statistic" not in tails.roles
        assert "squared scores" in " ".join(tails.notes)
        same(tails.frame["score"][0], robust["stukel"]["statistic"])
    skipped = glmlr.fit(FORMULA, BIRTHS).specification_tests(refit=False).tables[-1]
    assert "refit=True" in " ".join(skipped.notes)
    assert skipped.frame["statistic"].isna().all()
    assert glmlr.fit(FORMULA, BIRTHS, link="probit").specification_tests().tables == ()
    # No linear predictor is above 0, so that there is no upper tail.
    rare = glmlr.fit("y ~ x", pd.DataFrame({"x": [1.0, 2, 3, 4] * 5, "y": [0, 1, 0, 1] + [0] * 12 + [0, 0, 1, 0]}))
    assert (np.asarray(rare.eta) < 0).all()
    table = rare.specification_tests().tables[-1]
    assert np.isnan(table["upper_tail"]["score"])
    assert np.isnan(table["upper_tail"]["p_value"])
    assert "0 in all rows" in " ".join(table.notes)
    same(table["both_tails"]["statistic"], table["lower_tail"]["statistic"])


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_the_sum_of_squares_of_other_links_follows_the_estimates(link: str) -> None:
    """By hand: the variance of sum (y - p)(1 - 2 p) less what the columns take of it."""
    fit = glmlr.fit(FORMULA, BIRTHS, link=link)
    y, p, eta = BIRTHS["low"].to_numpy(), fit.probabilities, fit.eta
    slope, v = fit.link.density(eta), p * (1 - p)
    races = [BIRTHS["race"] == race for race in ("other", "white")]
    x = np.column_stack([np.ones(189), *races, BIRTHS[["age", "lwt", "smoke", "ht"]]]).astype(float)
    root = slope / np.sqrt(v)
    left = np.sqrt(v) * (1 - 2 * p)
    left = left - root[:, None] * x @ np.linalg.lstsq(root[:, None] * x, left, rcond=None)[0]
    found = fit.specification_tests()["sum_of_squares"]
    same(found[["estimate", "expected"]], [((y - p) ** 2).sum(), v.sum()])
    same(found["z"], ((y - p) ** 2 - v).sum() / np.sqrt((left**2).sum()), 1e-7)


def test_standard_errors_are_scaled_as_in_quasibinomial() -> None:
    wanted, fit = WITNESS["quasi"], glmlr.fit(GROUPED, GROUPS)
    table = fit.specification_tests()
    assert table["pearson"]["df"] == wanted["df"]
    same(table["pearson"]["statistic"], wanted["pearson"])
    same(table["deviance"]["statistic"], wanted["deviance"])
    scaled = table.tables[0].frame.set_index("term")
    order = ["Intercept", "C(race)[T.other]", "C(race)[T.white]", "smoke", "band"]
    same(scaled.loc[order, ["estimate", "std_error", "t", "p_value"]], wanted["table"], 1e-7)
    same((scaled["std_error"] / scaled["binomial_error"]) ** 2, [wanted["dispersion"]] * 5)
    wide = fit.specification_tests(level=0.99).tables[0].frame
    assert (wide["high"].to_numpy() > scaled["high"].to_numpy()).all()


def test_rows_of_few_patterns_are_tested_as_their_groups() -> None:
    data = BIRTHS.assign(band=pd.cut(BIRTHS["age"], [0, 19, 24, 29, 99], labels=False) + 1)
    rows = glmlr.fit("low ~ C(race) + smoke + band", data).specification_tests()
    grouped = glmlr.fit(GROUPED, GROUPS).specification_tests()
    for test in ("link", "stukel", "sum_of_squares", "osius_rojek", "pearson", "deviance"):
        same(rows[test]["statistic"], grouped[test]["statistic"], 1e-6)
    assert [table.key for table in rows.tables] == ["stukel_tests"]
    assert "Dispersion of the covariate patterns" in " ".join(rows.notes)


def test_collapsed_rows_have_the_values_of_rows() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"a": rng.integers(0, 4, 8000), "b": rng.integers(0, 3, 8000)})
    data["y"] = (rng.random(8000) < 0.2 + 0.1 * data["a"] * (data["b"] > 0)).astype(int)
    one = glmlr.fit("y ~ C(a) + b", data)
    assert one.held.patterns is not None
    other = glmlr.fit("y ~ C(a) + b", data, offset=np.zeros(8000))
    same(one.specification_tests().frame["statistic"], other.specification_tests().frame["statistic"], 1e-6)


def test_a_wrong_shape_is_found_and_a_right_one_is_not() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=4000)
    right = pd.DataFrame({"x": x, "y": (rng.random(4000) < expit(-1 + x)).astype(int)})
    wrong = right.assign(y=(rng.random(4000) < expit(-1 + x + 0.5 * x**2)).astype(int))
    for test in ("link", "stukel", "sum_of_squares", "osius_rojek"):
        assert glmlr.fit("y ~ x", right).specification_tests()[test]["p_value"] > 0.01
        assert glmlr.fit("y ~ x", wrong).specification_tests()[test]["p_value"] < 1e-4


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_z_is_standard_normal_where_the_model_is_right(link: str) -> None:
    rng = np.random.default_rng(12)
    mean = {"logit": expit, "probit": ndtr, "cloglog": lambda eta: -np.expm1(-np.exp(eta))}[link]
    found = []
    for _ in range(60):
        x = rng.normal(size=500)
        data = pd.DataFrame({"x": x, "y": (rng.random(500) < mean(-0.5 + 0.6 * x)).astype(int)})
        table = glmlr.fit("y ~ x", data, link=link).specification_tests(patterns=False)
        found.append([table[test]["z"] for test in ("link", "sum_of_squares")])
    rejected = (np.abs(found) > norm.isf(0.025)).mean(axis=0)
    # 5 % of 60, and 4.3 binomial standard deviations more.
    assert (rejected < 0.17).all()


def test_importance_and_clusters_have_robust_tests_alone() -> None:
    weight = np.resize([0.5, 2.0, 1.25, 0.75, 3.0], len(BIRTHS))
    one = glmlr.fit(FORMULA, BIRTHS, sample_weight=weight).specification_tests()
    other = glmlr.fit(FORMULA, BIRTHS, sample_weight=100 * weight).specification_tests()
    assert one.frame["test"].tolist() == ["link", "stukel", "sum_of_squares"]
    same(one.frame["statistic"], other.frame["statistic"], 1e-7)
    assert "importance weights" in " ".join(one.notes)
    clustered = glmlr.fit(FORMULA, BIRTHS, cluster=np.resize(np.arange(40), 189)).specification_tests()
    assert "clusters" in " ".join(clustered.notes)
    # The robust link test by hand: a sandwich of the fit to the predictor and its square.
    fit = glmlr.fit(FORMULA, BIRTHS, sample_weight=weight)
    again = glmlr.fit("low ~ hat + I(hat**2)", BIRTHS.assign(hat=fit.weighted_eta), sample_weight=weight)
    same(one["link"]["z"], again.z.iloc[2], 1e-6)


def test_refusals() -> None:
    with pytest.raises(NotApplicable, match="no term besides"):
        glmlr.fit("low ~ 1", BIRTHS).specification_tests()
    with pytest.raises(OptionError, match="patterns=2"):
        glmlr.fit("low ~ age", BIRTHS).specification_tests(patterns=2)
    with pytest.raises(OptionError, match="refit=1"):
        glmlr.fit("low ~ age", BIRTHS).specification_tests(refit=1)
    with pytest.raises(OptionError, match="level"):
        glmlr.fit("low ~ age", BIRTHS).specification_tests(level=2)
    two = glmlr.fit("low ~ smoke", BIRTHS).specification_tests()
    assert np.isnan(two["link"]["z"])
    assert "No link test" in " ".join(two.notes)
    assert np.isnan(two["sum_of_squares"]["z"])
    assert "nothing is left to test" in " ".join(two.notes)
    not_looked = glmlr.fit("low ~ age", BIRTHS).specification_tests(patterns=False)
    assert "osius_rojek" not in not_looked.frame["test"].tolist()
