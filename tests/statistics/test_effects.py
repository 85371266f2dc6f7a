"""Do effects agree with R's predictions and the delta method, with statsmodels, and with counts by hand?"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit, ndtri
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.exhibits import Table

LINKS = ("logit", "probit", "cloglog")
FORMULA = "low ~ age + I(age**2) + np.log(lwt) + race * smoke + ht"
BIRTHS = read_data("birthwt")
Z = float(ndtri(0.975))

every_link = pytest.mark.parametrize("link", LINKS)


@cache
def fitted(link: str = "logit", robust: str | None = None) -> glmlr.Fit:
    return glmlr.fit(FORMULA, BIRTHS, link=link, robust=robust)


@cache
def witness(link: str) -> Any:
    return read_witness("effects")[link]


def row(table: Table, **where: str) -> pd.Series:
    frame = table.frame
    for name, value in where.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def same(found: pd.Series, expected: Any, value: str = "estimate", rtol: float = 2e-8) -> None:
    """R's values are differences of four points: they are good to about ten digits."""
    np.testing.assert_allclose(found[value], expected["estimate"], rtol=rtol, atol=1e-11)
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=rtol)


# ------------------------------------------------------------------------------------------------ against R


@every_link
def test_marginal_effects_are_those_of_r(link: str) -> None:
    table, r = fitted(link).marginal_effects(pairs="all"), witness(link)
    for name in ("age", "lwt"):
        same(row(table, predictor=name), r[name])
    same(row(table, contrast="other against black"), r["other"])
    same(row(table, contrast="white against black"), r["white"])
    same(row(table, predictor="smoke"), r["smoke"])
    found = row(table, contrast="white against other")
    same(found, r["white_other"])
    np.testing.assert_allclose(found["low"], found["estimate"] - Z * found["std_error"], rtol=1e-12)
    np.testing.assert_allclose(found["z"], found["estimate"] / found["std_error"], rtol=1e-12)


@every_link
def test_robust_errors_are_those_of_r(link: str) -> None:
    for kind in ("HC0", "HC3"):
        found = fitted(link, kind).marginal_effects(variables="age")
        same(row(found, predictor="age"), witness(link)[f"age_{kind}"])


@every_link
def test_effects_at_values_are_those_of_r(link: str) -> None:
    fit, r = fitted(link), witness(link)
    same(row(fit.marginal_effects(variables="age", at={"age": 20, "race": "white"})), r["age_at_20_white"])
    same(row(fit.marginal_effects(variables=["smoke"], at={"race": "white"})), r["smoke_white"])
    same(row(fit.marginal_effects(variables="lwt", change=10)), r["lwt_plus_10"])
    same(row(fit.marginal_effects(variables="age", method="at")), r["typical_age"])


@every_link
def test_frequencies_splines_and_offsets_are_those_of_r(link: str) -> None:
    times = np.resize([1, 2, 3], len(BIRTHS))
    weighted = glmlr.fit("low ~ age + race + smoke * lwt", BIRTHS, link=link, freq_weights=times).marginal_effects()
    same(row(weighted, predictor="lwt"), witness(link)["weighted_lwt"])
    same(row(weighted, predictor="smoke"), witness(link)["weighted_smoke"])
    spline = "cr(age, knots=[20, 26], lower_bound=14, upper_bound=45, constraints='center') * smoke"
    same(
        row(glmlr.fit(f"low ~ {spline}", BIRTHS, link=link).marginal_effects(variables="age")),
        witness(link)["spline_age"],
        rtol=1e-7,
    )
    shifted = glmlr.fit("low ~ age + lwt + offset(age / 100)", BIRTHS, link=link)
    same(row(shifted.marginal_effects(variables="age")), witness(link)["offset_age"])


@every_link
def test_risks_and_their_comparisons_are_those_of_r(link: str) -> None:
    fit, r = fitted(link), witness(link)
    risks = fit.risks(values={"race": ["black", "other", "white"], "lwt": 100})
    for level in ("black", "other", "white"):
        found = row(risks, level=level)
        same(found, r[f"risk_{level}"], "risk")
        half = Z * found["std_error"] / (found["risk"] * (1 - found["risk"]))
        np.testing.assert_allclose(found["high"], expit(logit(found["risk"]) + half), rtol=1e-12)
    same(row(risks, level="100"), r["lwt_100"], "risk")
    compared = fit.risk_differences(variables="smoke")
    same(row(compared, measure="Risk difference"), r["smoke"])
    for measure, key in (("Risk ratio", "smoke_log_ratio"), ("Odds ratio of risks", "smoke_log_odds")):
        found, log = row(compared, measure=measure), r[key]
        np.testing.assert_allclose(np.log(found["estimate"]), log["estimate"], rtol=2e-8)
        np.testing.assert_allclose(np.log(found["low"]), log["estimate"] - Z * log["std_error"], rtol=1e-7)
        np.testing.assert_allclose(found["z"], log["estimate"] / log["std_error"], rtol=2e-8)
    apart, needed = row(compared, measure="Risk difference"), row(compared, measure="Number needed")
    np.testing.assert_allclose(needed["estimate"], 1 / apart["estimate"], rtol=1e-13)
    np.testing.assert_allclose(sorted([1 / needed["low"], 1 / needed["high"]]), [apart["low"], apart["high"]])


@every_link
def test_the_prediction_of_a_typical_row_is_that_of_r_and_of_predict(link: str) -> None:
    fit, r = fitted(link), witness(link)["typical_age_30"]
    found = row(fit.adjusted_predictions(values={"age": 30}, method="at"))
    ends = fit.link.mean(np.array([r["eta"], r["eta"] - Z * r["se"], r["eta"] + Z * r["se"]]))
    np.testing.assert_allclose(found[["risk", "low", "high"]].astype(float), ends, rtol=1e-9)
    typical = {"age": [30], "lwt": [BIRTHS["lwt"].mean()], "race": ["white"], "smoke": [0], "ht": [0]}
    own = fit.predict(typical, interval=0.95)
    np.testing.assert_allclose(found[["risk", "low", "high"]].astype(float), own.to_numpy()[0], rtol=1e-12)


@every_link
@pytest.mark.parametrize("slope", ["eyex", "eydx", "dyex"])
def test_elasticities_are_those_of_r(link: str, slope: str) -> None:
    # R: derivatives by x and by its logarithm, written out as Stata's margins, eyex(), eydx() and dyex().
    fit, r = fitted(link), witness(link)
    table = fit.marginal_effects(slope=slope)
    for name in ("age", "lwt"):
        same(row(table, predictor=name), r[f"{slope}_{name}"])
    if slope == "eydx":
        same(row(table, contrast="white against black"), r["eydx_white"])
    else:
        assert set(table["predictor"]) == {"age", "lwt"}
        assert any("race, smoke, ht cannot have this effect" in note for note in table.notes)
    assert table.charts[0].alt


@every_link
def test_elasticities_of_other_rows_and_covariances_are_those_of_r(link: str) -> None:
    fit, r, options = fitted(link), witness(link), {"variables": "age", "slope": "eyex"}
    same(row(fitted(link, "HC0").marginal_effects(**options)), r["eyex_age_HC0"])
    same(row(fit.marginal_effects(**options, at={"age": 20, "race": "white"})), r["eyex_age_at_20_white"])
    same(row(fit.marginal_effects(**options, method="at")), r["eyex_typical_age"])
    times = np.resize([1, 2, 3], len(BIRTHS))
    weighted = glmlr.fit("low ~ age + race + smoke * lwt", BIRTHS, link=link, freq_weights=times)
    same(row(weighted.marginal_effects(variables="lwt", slope="eyex")), r["weighted_eyex_lwt"])
    same(row(weighted.marginal_effects(variables="lwt", change="iqr")), r["weighted_iqr_lwt"])
    shifted = glmlr.fit("low ~ age + lwt + offset(age / 100)", BIRTHS, link=link)
    same(row(shifted.marginal_effects(**options)), r["eyex_offset_age"])


@every_link
@pytest.mark.parametrize("change", ["iqr", "minmax"])
def test_changes_between_quartiles_and_ends_are_those_of_r(link: str, change: str) -> None:
    table = fitted(link).marginal_effects(change=change)
    for name in ("age", "lwt"):
        same(row(table, predictor=name), witness(link)[f"{change}_{name}"])
    words = {"iqr": "Q1 to Q3 (19 to 26)", "minmax": "min to max (14 to 45)"}
    assert row(table, predictor="age")["contrast"] == words[change]


# ------------------------------------------------------------------------------------------------ other witnesses


@pytest.mark.parametrize("at", ["overall", "mean"])
def test_slopes_are_those_of_statsmodels(at: str) -> None:
    import statsmodels.api as sm

    x = BIRTHS[["age", "lwt", "smoke", "ht"]]
    margins = sm.Logit(BIRTHS["low"], sm.add_constant(x)).fit(disp=0, tol=1e-14).get_margeff(at=at)
    fit = glmlr.fit("low ~ age + lwt + smoke + ht", BIRTHS)
    if at == "overall":
        found = fit.marginal_effects(indicators="slope").frame
    else:
        setting = x.mean().to_dict()
        frames = [
            fit.marginal_effects(variables=name, at=setting, indicators="slope", data=x.head(1)).frame
            for name in x
            if name not in ("smoke", "ht")
        ]
        found = pd.concat(frames)
    count = len(found)
    np.testing.assert_allclose(found["estimate"], margins.margeff[:count], rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], margins.margeff_se[:count], rtol=1e-9)
    np.testing.assert_allclose(found["p_value"], margins.pvalues[:count], rtol=1e-8)


@pytest.mark.parametrize("slope", ["eyex", "eydx", "dyex"])
def test_elasticities_are_those_of_statsmodels(slope: str) -> None:
    import statsmodels.api as sm

    x = BIRTHS[["age", "lwt", "smoke", "ht"]]
    margins = sm.Logit(BIRTHS["low"], sm.add_constant(x)).fit(disp=0, tol=1e-14).get_margeff(method=slope)
    found = glmlr.fit("low ~ age + lwt + smoke + ht", BIRTHS).marginal_effects(indicators="slope", slope=slope).frame
    np.testing.assert_allclose(found["estimate"], margins.margeff, rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], margins.margeff_se, rtol=1e-9)
    np.testing.assert_allclose(found["p_value"], margins.pvalues, rtol=1e-8)


@every_link
def test_an_elasticity_is_a_difference_of_logarithms(link: str) -> None:
    """By hand: the probabilities of rows in which the number is a little larger and a little smaller."""
    fit, h = fitted(link), 1e-5
    up, down = (fit.predict(BIRTHS.assign(lwt=BIRTHS["lwt"] * (1 + side))) for side in (h, -h))
    by_hand = float((np.log(up) - np.log(down)).mean()) / (2 * h)
    assert row(fit.marginal_effects(variables="lwt", slope="eyex"))["estimate"] == pytest.approx(by_hand, rel=1e-7)


def test_an_elasticity_keeps_its_digits_where_probabilities_vanish() -> None:
    """Of a logit d ln P / dx is b (1 - P): b itself where P is 1e-40."""
    fit = glmlr.fit("low ~ lwt", BIRTHS)
    far = fit.marginal_effects(slope="eydx", at={"lwt": 6000.0})
    assert far["estimate"].iloc[0] == pytest.approx(fit.params["lwt"], rel=1e-12)
    assert far["std_error"].iloc[0] == pytest.approx(fit.bse["lwt"], rel=1e-12)


@pytest.mark.parametrize("slope", ["eyex", "eydx", "dyex"])
def test_rescaling_a_number_scales_what_has_its_unit(slope: str) -> None:
    """An elasticity and d P / d ln x have no unit of x; d ln P / dx has."""
    pounds, kilos = (
        glmlr.fit("low ~ x + smoke", BIRTHS.assign(x=BIRTHS["lwt"] * unit)).marginal_effects(variables="x", slope=slope)
        for unit in (1.0, 0.4536)
    )
    unit = 0.4536 if slope == "eydx" else 1.0
    np.testing.assert_allclose(kilos["estimate"] * unit, pounds["estimate"], rtol=1e-9)
    np.testing.assert_allclose(kilos["std_error"] * unit, pounds["std_error"], rtol=1e-9)


def test_elasticities_of_repeated_rows_are_those_of_weights() -> None:
    times = np.resize([1, 2, 3], len(BIRTHS))
    repeated = BIRTHS.loc[BIRTHS.index.repeat(times)]
    one, other = glmlr.fit(FORMULA, BIRTHS, freq_weights=times), glmlr.fit(FORMULA, repeated)
    for options in ({"slope": "eyex"}, {"slope": "eydx"}, {"change": "iqr"}, {"change": "minmax"}):
        pd.testing.assert_frame_equal(
            one.marginal_effects(**options).frame, other.marginal_effects(**options).frame, rtol=1e-7
        )


def test_simulated_elasticities_agree_with_draws_by_hand() -> None:
    fit = glmlr.fit("low ~ lwt + smoke", BIRTHS)
    options = {"interval": "simulation", "draws": 300, "seed": 4}
    found = row(fit.marginal_effects(variables="lwt", slope="eyex", **options))
    beta, size = fit.params.to_numpy(), fit.bse.to_numpy()
    values, vectors = np.linalg.eigh(fit.covariance / np.outer(size, size))
    drawn = beta[:, None] + size[:, None] * (vectors * np.sqrt(values)) @ np.random.default_rng(4).standard_normal(
        (3, 300)
    )
    x = np.column_stack([np.ones(len(BIRTHS)), BIRTHS["lwt"], BIRTHS["smoke"]])
    each = (drawn[1] * BIRTHS["lwt"].to_numpy()[:, None] * expit(-x @ drawn)).mean(axis=0)
    np.testing.assert_allclose(found["std_error"], each.std(ddof=1), rtol=1e-9)
    np.testing.assert_allclose([found["low"], found["high"]], np.quantile(each, [0.025, 0.975]), rtol=1e-9)
    levels = row(fit.marginal_effects(variables="smoke", slope="eydx", **options))
    logs = [np.log(expit(np.column_stack([x[:, :2], np.full(len(x), smoke)]) @ drawn)).mean(axis=0) for smoke in (0, 1)]
    np.testing.assert_allclose(levels["std_error"], (logs[1] - logs[0]).std(ddof=1), rtol=1e-9)


def test_what_has_no_elasticity_says_why() -> None:
    fit = fitted()
    with pytest.raises(OptionError, match="did you mean 'eyex'"):
        fit.marginal_effects(slope="eyx")
    with pytest.raises(OptionError, match="asks for a derivative and change='sd'"):
        fit.marginal_effects(slope="eyex", change="sd")
    with pytest.raises(NotApplicable, match=r"smoke cannot have.*indicators=\"slope\" takes what is 0"):
        fit.marginal_effects(variables="smoke", slope="eyex")
    with pytest.raises(NotApplicable, match="two quartiles of few are one value, 0"):
        glmlr.fit("low ~ few", BIRTHS.assign(few=BIRTHS["ptl"] * 2.0)).marginal_effects(change="iqr")
    with pytest.raises(OptionError, match="at= sets 'age'"):
        fit.marginal_effects(variables="age", change="iqr", at={"age": 20})
    data = pd.DataFrame({"y": [0, 0, 1, 1, 0, 1, 1, 1], "g": list("aaaabbbb"), "x": [1.0, 2, 1, 3, 2, 5, 4, 6]})
    data.loc[data["g"] == "b", "y"] = 1
    with pytest.warns(glmlr.errors.SeparationWarning):
        separated = glmlr.fit("y ~ g + x", data)
    with pytest.raises(NotApplicable, match="probabilities are 0"):
        separated.marginal_effects(slope="eyex")


def test_dummies_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    x = BIRTHS[["age", "smoke", "ht"]]
    margins = sm.Logit(BIRTHS["low"], sm.add_constant(x)).fit(disp=0, tol=1e-14).get_margeff(dummy=True)
    found = glmlr.fit("low ~ age + smoke + ht", BIRTHS).marginal_effects().frame
    np.testing.assert_allclose(found["estimate"], margins.margeff, rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], margins.margeff_se, rtol=1e-9)


@every_link
def test_one_factor_alone_has_the_observed_rates(link: str) -> None:
    """A model that fits each level's rate: risks are the rates and their errors those of a binomial share."""
    fit = glmlr.fit("low ~ C(race)", BIRTHS, link=link)
    rates = BIRTHS.groupby("race")["low"].agg(["mean", "size"])
    found = fit.risks().frame.set_index("level").loc[rates.index]
    np.testing.assert_allclose(found["risk"], rates["mean"], rtol=1e-9)
    error = np.sqrt(rates["mean"] * (1 - rates["mean"]) / rates["size"])
    np.testing.assert_allclose(found["std_error"], error, rtol=1e-8)
    difference = row(fit.risk_differences(), contrast="white against black", measure="Risk difference")
    np.testing.assert_allclose(difference["estimate"], rates["mean"]["white"] - rates["mean"]["black"], rtol=1e-9)
    np.testing.assert_allclose(difference["std_error"], np.hypot(error["white"], error["black"]), rtol=1e-8)


@pytest.mark.parametrize(
    ("term", "derivative"),
    [
        ("np.log(x)", lambda x: 1 / x),
        ("np.sqrt(x)", lambda x: 0.5 / np.sqrt(x)),
        ("I(x ** 3)", lambda x: 3 * x**2),
        ("np.exp(x / 4)", lambda x: np.exp(x / 4) / 4),
        ("standardize(x)", lambda x: np.full_like(x, 1 / x.std())),
        ("np.log(x + 0.001)", lambda x: 1 / (x + 0.001)),
        ("np.abs(x - 2.5)", lambda x: np.sign(x - 2.5)),
    ],
)
def test_slopes_of_transforms_are_their_derivatives(term: str, derivative: Any) -> None:
    """Values over five powers of ten, where a step that suits one of them does not suit another."""
    rng = np.random.default_rng(5)
    x = np.exp(rng.uniform(-9, 2.5, 400))
    data = pd.DataFrame({"x": x, "y": rng.random(400) < expit(0.3 * np.log(x))})
    fit = glmlr.fit(f"y ~ {term}", data)
    p = fit.probabilities
    expected = float(np.mean(p * (1 - p) * fit.params.iloc[1] * derivative(x)))
    np.testing.assert_allclose(fit.marginal_effects()["estimate"].iloc[0], expected, rtol=1e-8)


def test_simulation_agrees_with_draws_by_hand() -> None:
    """The same draws of coefficients pushed through predictions of changed rows, one after the other."""
    fit = glmlr.fit("low ~ age + smoke", BIRTHS)
    found = row(fit.marginal_effects(variables="smoke", interval="simulation", draws=400, seed=3))
    beta, size = fit.params.to_numpy(), fit.bse.to_numpy()
    values, vectors = np.linalg.eigh(fit.covariance / np.outer(size, size))
    deviations = size[:, None] * (vectors * np.sqrt(values)) @ np.random.default_rng(3).standard_normal((3, 400))
    x = np.column_stack([np.ones(len(BIRTHS)), BIRTHS["age"], np.zeros(len(BIRTHS))])
    lines = x @ (beta[:, None] + deviations)
    draws = (expit(lines + beta[2] + deviations[2]) - expit(lines)).mean(axis=0)
    np.testing.assert_allclose(found["std_error"], draws.std(ddof=1), rtol=1e-9)
    np.testing.assert_allclose([found["low"], found["high"]], np.quantile(draws, [0.025, 0.975]), rtol=1e-9)
    many = row(fit.marginal_effects(variables="age", interval="simulation", draws=20_000))
    np.testing.assert_allclose(many["std_error"], row(fit.marginal_effects(variables="age"))["std_error"], rtol=0.03)


def test_adjusted_predictions_are_means_of_predict() -> None:
    fit = fitted()
    frame = fit.adjusted_predictions(variables=["age", "race"], by="smoke", points=4).frame
    assert len(frame) == 2 * 4 + 2 * 3
    for _, one in frame.iterrows():
        smoke = int(one["at"].removeprefix("smoke = "))
        value = one["level"] if one["predictor"] == "race" else one["value"]
        changed = BIRTHS.assign(**{"smoke": smoke, one["predictor"]: value})
        np.testing.assert_allclose(one["risk"], fit.predict(changed).mean(), rtol=1e-11)
        assert 0 < one["low"] < one["risk"] < one["high"] < 1


def test_effects_over_other_rows_are_those_of_their_predictions() -> None:
    fit, rows = fitted(), BIRTHS.iloc[:40].assign(age=lambda frame: frame["age"].where(frame["age"] != 20))
    found = row(fit.marginal_effects(variables="smoke", data=rows))
    kept = rows.dropna()
    by_hand = fit.predict(kept.assign(smoke=1)).mean() - fit.predict(kept.assign(smoke=0)).mean()
    assert 0 < len(kept) < 40
    np.testing.assert_allclose(found["estimate"], by_hand, rtol=1e-11)
    whole = fit.marginal_effects(data=BIRTHS).frame
    pd.testing.assert_frame_equal(whole, fit.marginal_effects().frame, rtol=1e-10)


@every_link
def test_class_weights_are_taken_out_of_the_probabilities(link: str) -> None:
    fit = glmlr.fit("low ~ age + smoke", BIRTHS, link=link, class_weight="balanced")
    table = fit.risks()
    for level in (0, 1):
        expected = fit.predict(BIRTHS.assign(smoke=level)).mean()
        np.testing.assert_allclose(row(table, level=str(level))["risk"], expected, rtol=1e-11)
    assert any("corrected for the class weights" in note for note in table.notes)


def test_an_offset_that_is_a_column_moves_with_it() -> None:
    data = BIRTHS.assign(shift=BIRTHS["age"] / 50)
    fit = glmlr.fit("low ~ lwt + shift", data, offset="shift")
    alone = glmlr.fit("low ~ lwt + shift", data)
    one, other = (row(each.marginal_effects(variables="shift")) for each in (fit, alone))
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-7)
    np.testing.assert_allclose(one["std_error"], other["std_error"], rtol=1e-7)


def test_an_effect_far_from_zero_keeps_its_digits() -> None:
    """A date in seconds: the covariance of the intercept is huge, the effect is that of the shifted number."""
    data = BIRTHS.assign(when=1.7e9 + BIRTHS["age"] * 3600.0)
    far = row(glmlr.fit("low ~ when + smoke", data).risks(variables="smoke"), level="1")
    near = row(glmlr.fit("low ~ age + smoke", BIRTHS).risks(variables="smoke"), level="1")
    np.testing.assert_allclose(
        far[["risk", "std_error"]].astype(float), near[["risk", "std_error"]].astype(float), rtol=1e-6
    )


def test_grouped_counts_are_their_trials() -> None:
    grouped = BIRTHS.groupby(["smoke", "race"], as_index=False).agg(events=("low", "sum"), n=("low", "size"))
    grouped["others"] = grouped["n"] - grouped["events"]
    one = glmlr.fit("events + others ~ smoke + race", grouped).marginal_effects().frame
    other = glmlr.fit("low ~ smoke + race", BIRTHS).marginal_effects().frame
    pd.testing.assert_frame_equal(one, other, rtol=1e-8)


# ------------------------------------------------------------------------------------------------ what there is not


def test_a_number_cut_into_bins_has_no_slope_but_a_change() -> None:
    fit = glmlr.fit("low ~ cut(age, bins=[20, 25]) + lwt", BIRTHS)
    table = fit.marginal_effects()
    assert list(table["predictor"]) == ["lwt"]
    assert any("age enters in steps" in note for note in table.notes)
    with pytest.raises(NotApplicable, match="age enters in steps"):
        fit.marginal_effects(variables="age")
    found = row(fit.marginal_effects(variables="age", change=5))
    by_hand = fit.predict(BIRTHS.assign(age=BIRTHS["age"] + 5)).mean() - fit.predict().mean()
    np.testing.assert_allclose(found["estimate"], by_hand, rtol=1e-11)


def test_separated_data_have_limits_and_no_errors() -> None:
    data = pd.DataFrame({"y": [0, 0, 1, 1, 0, 1, 1, 1], "g": list("aaaabbbb"), "x": [1.0, 2, 1, 3, 2, 5, 4, 6]})
    data.loc[data["g"] == "b", "y"] = 1
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data)
    table = fit.risks()
    assert row(table, level="b")["risk"] == 1.0
    assert table.frame[["std_error", "low", "high"]].isna().all().all()
    assert any("infinite (separation)" in note for note in table.notes)


def test_what_the_data_cannot_tell_is_left_out() -> None:
    data = BIRTHS.assign(double=2 * BIRTHS["age"])
    table = glmlr.fit("low ~ age + double + smoke", data).marginal_effects()
    assert table.frame.set_index("predictor")["estimate"].isna().to_dict() == {
        "age": True,
        "double": True,
        "smoke": False,
    }
    assert any("cannot be told" in note for note in table.notes)


def test_a_difference_that_may_be_zero_has_no_interval_of_the_number_needed() -> None:
    table = glmlr.fit("low ~ race + ui", BIRTHS).risk_differences(variables="race")
    needed = table.frame[table.frame["measure"] == "Number needed"]
    apart = table.frame[table.frame["measure"] == "Risk difference"]
    crosses = (apart["low"] * apart["high"] < 0).to_numpy()
    assert crosses.any()
    assert needed["low"].isna().to_numpy()[crosses].all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"variables": "agee"}, "age"),
        ({"variables": "smoke", "at": {"smoke": 1}}, "whose own effect"),
        ({"at": {"race": "green"}}, "no level 'green'"),
        ({"at": {"age": "old"}}, "takes a number"),
        ({"at": {"age": []}}, "no value"),
        ({"at": 3}, "must map columns"),
        ({"change": 0}, "number other than 0"),
        ({"change": "sdd"}, "sd"),
        ({"pairs": "some"}, "pairs"),
        ({"indicators": "no"}, "indicators"),
        ({"method": "median"}, "method"),
        ({"interval": "wald"}, "interval"),
        ({"draws": 3}, "at least 100"),
        ({"seed": -1}, "at least 0"),
        ({"level": 2}, "level"),
        ({"offset": [1]}, "data="),
        ({"at": {"age": list(range(20)), "lwt": list(range(100, 120))}}, "400 combinations"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        fitted().marginal_effects(**options)


def test_other_refusals() -> None:
    with pytest.raises(NotApplicable, match="nothing but an intercept"):
        glmlr.fit("low ~ 1", BIRTHS).marginal_effects()
    with pytest.raises(NotApplicable, match="no factor"):
        glmlr.fit("low ~ age", BIRTHS).risks()
    with pytest.raises(OptionError, match="say which values"):
        fitted().risks(variables="age")
    with pytest.raises(NotApplicable, match="one value only"):
        fitted().risk_differences(values={"age": 20})
    with pytest.raises(OptionError, match="points"):
        fitted().adjusted_predictions(points=1)
    with pytest.raises(OptionError, match="stands in at"):
        fitted().adjusted_predictions(by="smoke", at={"smoke": 1})
    with pytest.raises(DataError, match="no row"):
        fitted().marginal_effects(data=BIRTHS.assign(age=np.nan))


def test_a_jump_has_no_part_in_a_slope() -> None:
    """At 30 a step up crosses the bound and a step down does not: that is no slope."""
    fit = glmlr.fit("low ~ age + I(age > 30) + lwt", BIRTHS)
    p = fit.probabilities
    table = fit.marginal_effects(variables="age")
    np.testing.assert_allclose(table["estimate"], (p * (1 - p)).mean() * fit.params["age"], rtol=1e-9)
    assert any("also cuts into levels: age" in note for note in table.notes)
    numeric = glmlr.fit("low ~ age + np.where(age > 30, 1.0, 0.0) + lwt", BIRTHS).marginal_effects()
    assert list(numeric["predictor"]) == ["lwt"]
    assert any("slope of age does not exist" in note for note in numeric.notes)


def test_missing_values_that_a_formula_takes_do_not_move() -> None:
    data = BIRTHS.assign(lwt=BIRTHS["lwt"].where(np.arange(len(BIRTHS)) % 7 > 0))
    fit = glmlr.fit("low ~ woe(lwt) + age", data)
    p = fit.probabilities
    found = row(fit.marginal_effects(), predictor="age")
    np.testing.assert_allclose(found["estimate"], (p * (1 - p)).mean() * fit.params["age"], rtol=1e-9)
    changed = row(fit.risks(values={"lwt": [100]}))
    np.testing.assert_allclose(changed["risk"], fit.predict(data.assign(lwt=100.0)).mean(), rtol=1e-11)


def test_rows_read_in_parts_are_refused(tmp_path: Any) -> None:
    for number, part in enumerate(np.array_split(np.arange(len(BIRTHS)), 2)):
        BIRTHS.iloc[part].to_csv(tmp_path / f"{number}.csv", index=False)
    fit = glmlr.fit("low ~ age + smoke", str(tmp_path / "*.csv"))
    for key in ("marginal_effects", "risks", "risk_differences", "adjusted_predictions"):
        with pytest.raises(NotApplicable, match="not held in memory"):
            getattr(fit, key)()


def test_a_value_that_is_given_twice_is_taken_once() -> None:
    fit = fitted()
    once, twice = (fit.risk_differences(values={"age": ages}).frame for ages in ([20, 30], [20, 30, 20.0, 30]))
    pd.testing.assert_frame_equal(once, twice)
    assert len(fit.adjusted_predictions(variables="age", values={"age": [30, 20, 20]}).frame) == 2
    with pytest.raises(NotApplicable, match="one value only"):
        fit.risk_differences(values={"age": [20, 20]})


def test_a_model_that_reads_no_column_says_so() -> None:
    """It said "it reads ."."""
    alone = glmlr.fit("low ~ 1", BIRTHS)
    with pytest.raises(OptionError, match="it reads none"):
        alone.binned_residuals(by="age")
    with pytest.raises((NotApplicable, OptionError), match="it reads none"):
        alone.adjusted_predictions(by="smoke")
