"""Is the look at linearity right? Against R's likelihood-ratio and score tests, refits by formula, and laws."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import NotApplicable, OptionError

WITNESS = read_witness("linearity")
BASE = "low ~ age + lwt + C(race) + smoke + ht"
BIRTHS = read_data("birthwt")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
SAMPLE = np.resize([0.5, 2.0, 1.25, 0.75, 3.0, 1.0, 0.1], len(BIRTHS))
ARRESTS = "released ~ colour + age + sex + employed + citizen + checks"


def same(actual: Any, expected: Any, rtol: float = 1e-9, atol: float = 1e-11) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=atol)


def row_of(table: glmlr.Table, name: str) -> Any:
    return table.frame.set_index("predictor").loc[name]


def part(table: glmlr.Table, key: str) -> pd.DataFrame:
    return next(one.frame for one in table.tables if one.key == key)


def simulated(eta: Any, n: int = 6000, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    x, z = rng.uniform(1, 10, n), rng.normal(size=n)
    return pd.DataFrame({"x": x, "z": z, "y": (rng.random(n) < expit(eta(x) + 0.5 * z)).astype(int)} | columns)


# ------------------------------------------------------------------------------------------------ against R

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "births_age": ("age", {}),
    "births_lwt": ("lwt", {}),
    "births_lwt_probit": ("lwt", {"link": "probit"}),
    "births_lwt_cloglog": ("lwt", {"link": "cloglog"}),
    "births_counted": ("lwt", {"freq_weights": TIMES}),
    "arrests_age": ("age", {"event": "Yes"}),
}


def fitted(case: str) -> tuple[glmlr.Fit, str]:
    name, options = CASES[case]
    if case.startswith("arrests"):
        return glmlr.fit(ARRESTS, read_data("arrests"), **options), name
    return glmlr.fit(BASE, BIRTHS, **options), name


@pytest.mark.parametrize("case", CASES)
def test_likelihood_ratios_and_criteria_are_those_of_r(case: str) -> None:
    fit, name = fitted(case)
    witness, table = WITNESS[case], fit.linearity(predictors=[name])
    row = row_of(table, name)
    same([row["spline"], row["spline_df"]], [witness["spline"]["lr"], witness["spline"]["df"]], 1e-8)
    same(row["spline_p_value"], witness["spline"]["p"], 1e-8)
    if "box_tidwell" in witness:
        same([row["box_tidwell"], row["box_tidwell_df"]], [witness["box_tidwell"]["lr"], 1], 1e-8)
    shapes = part(table, f"shapes_{name}")
    aic = [witness["line"], witness["logarithm"], witness["square"]["aic"], witness["spline"]["aic"]]
    same(shapes["aic"][:4], aic, 1e-11)
    same(shapes["statistic"][2:4], [witness["square"]["lr"], witness["spline"]["lr"]], 1e-8)
    if "bins" in witness:
        same(shapes["aic"][4], witness["bins"], 1e-11)


@pytest.mark.parametrize("case", CASES)
def test_score_tests_are_those_of_r(case: str) -> None:
    """R's working weights are those of the step before the last, which costs it some digits here."""
    fit, name = fitted(case)
    witness = WITNESS[case]
    row = row_of(fit.linearity(predictors=[name], test="score"), name)
    rtol = 1e-6
    same([row["spline"], row["spline_df"]], [witness["spline"]["rao"], witness["spline"]["df"]], rtol)
    same([row["lack_of_fit"], row["lack_of_fit_df"]], [witness["lack"], witness["lack_df"]], rtol)
    if "box_tidwell" in witness:
        same(row["box_tidwell"], witness["box_tidwell"]["rao"], rtol)


@pytest.mark.parametrize("case", ["births_age", "births_lwt", "births_counted", "arrests_age"])
def test_bins_and_gaps_are_those_of_r(case: str) -> None:
    """z of a gap of the logit is the signed root of R's score test of that bin's own column."""
    fit, name = fitted(case)
    witness, frame = WITNESS[case], part(fit.linearity(predictors=name), f"observed_fitted_{name}")
    same(frame["n"], witness["n"])
    same(frame["events"], witness["events"])
    same(frame["expected_events"], witness["expected"], 1e-9)
    same(frame["z"], witness["z"], 1e-6)
    same(frame["gap"], frame["events"] - frame["expected_events"])
    same(frame["fitted_log_odds"], logit(frame["expected_events"] / frame["n"]))
    same(frame["expected_events"].sum(), frame["events"].sum(), 1e-9)


def test_robust_score_tests_are_those_written_out_in_r() -> None:
    weighted = glmlr.fit(BASE, BIRTHS, sample_weight=SAMPLE).linearity()
    same(row_of(weighted, "lwt")["spline"], WITNESS["weighted"]["lwt"], 1e-8)
    same(row_of(weighted, "age")["spline"], WITNESS["weighted"]["age"], 1e-8)
    same(row_of(weighted, "lwt")["box_tidwell"], WITNESS["weighted"]["tidwell"], 1e-8)
    same(part(weighted, "observed_fitted_age")["z"], WITNESS["weighted"]["z"], 1e-8)
    clustered = glmlr.fit(BASE, BIRTHS, cluster=np.resize(np.arange(17), len(BIRTHS))).linearity()
    same(row_of(clustered, "lwt")["spline"], WITNESS["clustered"]["lwt"], 1e-8)
    same(row_of(clustered, "age")["spline"], WITNESS["clustered"]["age"], 1e-8)
    for table, why in ((weighted, "importance weights"), (clustered, "clusters")):
        assert any(f"under {why} likelihood ratios have no chi-square" in note for note in table.notes)
        assert [one.key for one in table.tables] == ["observed_fitted_age", "observed_fitted_lwt"]


def test_a_cluster_for_each_row_is_the_robust_score_test() -> None:
    """With one row a cluster the middle of the sandwich is the same, times G / (G - 1)."""
    n = len(BIRTHS)
    alone = glmlr.fit(BASE, BIRTHS, cluster=np.arange(n)).linearity()
    equal = glmlr.fit(BASE, BIRTHS, sample_weight=np.full(n, 3.0)).linearity()
    same(alone["spline"] * n / (n - 1), equal["spline"], 1e-9)
    one, other = (part(table, "observed_fitted_lwt")["gap_std_error"] for table in (alone, equal))
    same(one**2 * (n - 1) / n, other**2, 1e-9)


# ------------------------------------------------------------------------------------------------ by formula


@pytest.mark.filterwarnings("ignore::glmlr.errors.SeparationWarning")
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("name", ["age", "lwt", "ptl"])
def test_each_shape_is_the_model_with_the_term_that_is_written(name: str, link: str) -> None:
    others = "C(race) + smoke + ht"
    fit = glmlr.fit(f"low ~ {name} + {others}", BIRTHS, link=link)
    for _, shape in part(fit.linearity(), f"shapes_{name}").iterrows():
        written = glmlr.fit(f"low ~ {shape['formula']} + {others}", BIRTHS, link=link)
        same([shape["loglik"], shape["aic"]], [written.loglik, written.aic], 1e-10)
        assert shape["parameters"] == written.rank - fit.rank + 1


@pytest.mark.parametrize("bins", [4, [0, 110, 130, 400]])
def test_the_bins_that_were_asked_for_are_written(bins: Any) -> None:
    fit = glmlr.fit("low ~ lwt + smoke", BIRTHS)
    table = fit.linearity(bins={"lwt": bins})
    shape = part(table, "shapes_lwt").iloc[-1]
    assert f"bins={bins}" in shape["formula"].replace(".0", "")
    same(shape["aic"], glmlr.fit(f"low ~ {shape['formula']} + smoke", BIRTHS).aic, 1e-10)
    assert len(part(table, "observed_fitted_lwt")) == (4 if bins == 4 else 3)


@pytest.mark.parametrize("options", [{"freq_weights": "f"}, {"offset": "o"}, {"robust": "HC1"}], ids=str)
def test_weights_and_offsets_act_in_the_refits(options: dict[str, Any]) -> None:
    data = BIRTHS.assign(f=TIMES, o=np.resize([0.1, -0.4, 0.7], len(BIRTHS)))
    fit = glmlr.fit("low ~ lwt + smoke", data, **options)
    shapes = part(fit.linearity(), "shapes_lwt").set_index("shape")
    spline = shapes.loc["restricted cubic spline"]
    same(spline["loglik"], glmlr.fit(f"low ~ {spline['formula']} + smoke", data, **options).loglik, 1e-10)
    same(spline["statistic"], 2 * (spline["loglik"] - fit.loglik), 1e-9)


def test_factors_kept_as_codes_take_further_columns() -> None:
    data = simulated(lambda x: 0.3 * x - 1.5, g=np.resize(np.arange(40), 6000).astype(str))
    fit = glmlr.fit("y ~ x + g", data)
    assert fit.design.recipe.coded
    table = fit.linearity()
    spline = part(table, "shapes_x").set_index("shape").loc["restricted cubic spline"]
    # The formula has its knots in six digits.
    same(spline["loglik"], glmlr.fit(f"y ~ {spline['formula']} + g", data).loglik, 1e-8)
    same(row_of(fit.linearity(test="score"), "x")["spline"], spline["statistic"], 0.02)


def test_patterns_that_rows_collapse_to_say_what_the_rows_say() -> None:
    data = simulated(lambda x: 0.3 * x - 1.5)
    data = data.assign(x=np.ceil(data["x"]), z=(data["z"] > 0).astype(int), o=0.0)
    collapsed, plain = glmlr.fit("y ~ x + z", data), glmlr.fit("y ~ x + z", data, offset="o")
    assert collapsed.design.patterns is not None
    assert plain.design.patterns is None
    for one, other in zip((collapsed.linearity().tables), plain.linearity().tables, strict=True):
        numbers = one.frame.select_dtypes("number").columns
        same(one.frame[numbers], other.frame[numbers], 1e-8, 1e-9)


@pytest.mark.parametrize("test", ["likelihood-ratio", "score"])
def test_a_number_far_from_zero_is_tested_as_well(test: Any) -> None:
    data = simulated(lambda x: 2 - 0.2 * (x - 4) ** 2)
    here = glmlr.fit("y ~ x + z", data).linearity(test=test)
    far = glmlr.fit("y ~ x + z", data.assign(x=data["x"] + 2.0e6)).linearity(test=test)
    for column in ("spline", "lack_of_fit"):
        same(far[column], here[column], 1e-6)


# ------------------------------------------------------------------------------------------------ gaps


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_the_variance_of_gaps_is_what_the_matrices_say(link: str) -> None:
    """V - J A^-1 J' written out with all rows at hand."""
    fit = glmlr.fit(BASE, BIRTHS, link=link)
    frame = part(fit.linearity(), "observed_fitted_lwt")
    eta, x = np.asarray(fit.eta), fit.held.matrix()
    p = np.asarray(fit.probabilities)
    slope = norm.pdf(eta) if link == "probit" else np.exp(eta - np.exp(eta))
    edges = np.quantile(BIRTHS["lwt"], np.arange(6) / 5)
    group = np.minimum(np.searchsorted(edges, BIRTHS["lwt"], side="right") - 1, 4)
    for at in range(5):
        inside = group == at
        j = (x * slope[:, None])[inside].sum(axis=0)
        variance = (p * (1 - p))[inside].sum() - j @ fit.covariance @ j
        same(frame["gap_std_error"][at] ** 2, variance, 1e-9)
        same(frame["gap"][at], BIRTHS["low"][inside].sum() - p[inside].sum(), 1e-9)


@pytest.mark.slow
def test_gaps_of_a_right_model_have_unit_variance() -> None:
    """100 samples of a right model: the mean square of z is 1 within 4 of its standard errors."""
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, 300)
    squares = []
    for _ in range(100):
        y = (rng.random(300) < expit(0.5 + x)).astype(int)
        z = part(glmlr.fit("y ~ x", {"x": x, "y": y}).linearity(test="score"), "observed_fitted_x")["z"]
        squares.append(float(z[1] ** 2))
    assert abs(np.mean(squares) - 1) < 4 * np.sqrt(2 / 100)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_expected_events_are_without_what_class_weights_added(link: str) -> None:
    fit = glmlr.fit("low ~ lwt + smoke", BIRTHS, link=link, class_weight="1:10")
    table = fit.linearity()
    frame = part(table, "observed_fitted_lwt")
    same(frame["expected_events"].sum(), fit.probabilities.sum(), 1e-9)
    assert frame["events"].sum() == 59
    assert frame["z"].notna().all() == (link == "logit")
    assert any("class weights moved" in note for note in table.tables[0].notes) == (link == "probit")


def test_a_bin_that_the_model_fits_whatever_is_there_has_no_z() -> None:
    table = glmlr.fit("low ~ C(copy) + ptl", BIRTHS.assign(copy=BIRTHS["ptl"].clip(upper=1))).linearity()
    frame = part(table, "observed_fitted_ptl")
    assert frame["z"].isna().tolist() == [True, False, False, False]
    assert any("has a column of its own in the model" in note for note in table.tables[0].notes)


# ------------------------------------------------------------------------------------------------ suggestions


@pytest.mark.parametrize(
    ("eta", "suggested"),
    [
        (lambda x: 0.3 * x - 1.5, "linear is fine"),
        (lambda x: 2 * np.log(x) - 3, r"use its logarithm: np\.log\(x\)"),
        (lambda x: 2 - 0.2 * (x - 4) ** 2, r"add its square: x \+ I\(x\*\*2\)"),
        (lambda x: np.where(x < 3, -2.0, np.where(x < 6, 1.5, 0.6 * x - 3)), "use a spline: cr.*|bin it.*"),
        (lambda x: np.where((x > 4) & (x < 5), 1.5, -1.0), r"bin it, or add a jump: cut\(x\)"),
    ],
)
def test_suggestions_find_the_shape_that_made_the_data(eta: Any, suggested: str) -> None:
    fit = glmlr.fit("y ~ x + z", simulated(eta))
    table = fit.linearity(predictors="x")
    row = row_of(table, "x")
    assert re.fullmatch(suggested, row["suggestion"])
    if "linear" not in row["suggestion"]:
        shapes = part(table, "shapes_x")
        best = shapes.loc[shapes["aic"].idxmin()]
        assert best["formula"] in row["suggestion"]
        assert min(row["spline_p_value"], row["lack_of_fit_p_value"]) < 0.025


def test_without_likelihoods_spline_or_bins_are_suggested() -> None:
    bent = simulated(lambda x: 2 - 0.2 * (x - 4) ** 2)
    jump = simulated(lambda x: np.where((x > 4) & (x < 5), 1.5, -1.0))
    for data, suggested in ((bent, "use a spline"), (jump, "bin it, or add a jump")):
        fit = glmlr.fit("y ~ x + z", data)
        assert row_of(fit.linearity(test="score"), "x")["suggestion"] == suggested
        weighted = glmlr.fit("y ~ x + z", data, class_weight="balanced")
        assert row_of(weighted.linearity(), "x")["suggestion"] == suggested


def test_few_rows_say_nothing() -> None:
    table = glmlr.fit("low ~ age + lwt + C(race) + smoke + ht + ui + ptl", BIRTHS[::2]).linearity()
    assert set(table["suggestion"]) == {"too few rows to say"}
    assert any("fewer than 5 rows for each coefficient" in note for note in table.notes)
    assert "too few rows to say" in " ".join(str(glmlr.fit("low ~ age + lwt", BIRTHS[::12]).report()).split())


def test_the_level_is_the_alpha_of_the_suggestion() -> None:
    fit = glmlr.fit("low ~ lwt + ptl", BIRTHS)
    p = min(row_of(fit.linearity(), "ptl")[["spline_p_value", "lack_of_fit_p_value"]])
    strict, lenient = (fit.linearity(predictors="ptl", level=1 - alpha) for alpha in (1.9 * p, 2.1 * p))
    assert strict["suggestion"][0] == "linear is fine"
    assert lenient["suggestion"][0] != "linear is fine"


# ------------------------------------------------------------------------------------------------ how numbers enter


@pytest.mark.parametrize("term", ["center(lwt)", "standardize(lwt)", "I(lwt / 10)", "I(3 - 2 * lwt)"])
def test_a_straight_line_by_another_name_is_one(term: str) -> None:
    plain, other = glmlr.fit("low ~ lwt + smoke", BIRTHS), glmlr.fit(f"low ~ {term} + smoke", BIRTHS)
    one, two = plain.linearity(), other.linearity()
    for column in ("spline", "box_tidwell", "lack_of_fit"):
        same(two[column], one[column], 1e-8)
    same(part(two, "shapes_lwt")["aic"], part(one, "shapes_lwt")["aic"], 1e-10)
    curves = [table.tables[0].chart("shape").series for table in (one, two)]
    for mine, theirs in zip(*curves, strict=True):
        same(theirs.y, mine.y, 1e-8)
    assert two["enters"][0] == other.design.terms[1].name


@pytest.mark.parametrize(
    ("term", "suggested"),
    [
        ("np.log(lwt)", "its form is fine"),
        ("bs(lwt, df=4)", "its form is fine"),
        ("lwt:smoke", "its form misses something; look at the bins"),
    ],
)
def test_other_forms_are_judged_by_their_lack_of_fit(term: str, suggested: str) -> None:
    table = glmlr.fit(f"low ~ {term} + C(race)", BIRTHS).linearity(predictors="lwt")
    row = row_of(table, "lwt")
    assert np.isnan(row["spline"])
    assert row["lack_of_fit_df"] >= 3
    assert row["suggestion"] == suggested
    assert (row["lack_of_fit_p_value"] < 0.05) == ("misses" in suggested)
    assert [one.key for one in table.tables] == ["observed_fitted_lwt"]
    assert [chart.key for chart in table.tables[0].charts] == ["observed_fitted"]


def test_a_line_beside_an_interaction_keeps_its_place() -> None:
    table = glmlr.fit("low ~ lwt * smoke", BIRTHS).linearity()
    assert part(table, "shapes_lwt")["shape"].tolist() == [
        "straight line, as in the model",
        "line and square",
        "restricted cubic spline",
    ]
    assert row_of(table, "lwt")["enters"] == "lwt + lwt:smoke"
    assert len(table.tables[0].charts) == 1


def test_what_has_nothing_to_bend_is_named() -> None:
    table = glmlr.fit("low ~ age + smoke + ht", BIRTHS).linearity()
    assert table["predictor"].tolist() == ["age"]
    assert "Fewer than three values, and nothing to bend: smoke, ht." in table.notes


def test_without_a_constant_shapes_are_not_compared() -> None:
    """A factor that is coded in full stands for the constant."""
    table = glmlr.fit("low ~ 0 + lwt", BIRTHS).linearity()
    assert [one.key for one in table.tables] == ["observed_fitted_lwt"]
    assert any("in a model without a constant" in note for note in table.notes)
    full = glmlr.fit("low ~ 0 + lwt + C(race)", BIRTHS).linearity()
    plain = glmlr.fit("low ~ lwt + C(race)", BIRTHS).linearity()
    same(part(full, "shapes_lwt")["aic"], part(plain, "shapes_lwt")["aic"], 1e-10)


def test_names_with_spaces_are_quoted() -> None:
    data = BIRTHS.rename(columns={"lwt": "last weight"})
    shapes = part(glmlr.fit("low ~ `last weight` + smoke", data).linearity(), "shapes_last weight")
    assert len(shapes) == 5
    for _, shape in shapes.iloc[1:].iterrows():
        same(shape["aic"], glmlr.fit(f"low ~ {shape['formula']} + smoke", data).aic, 1e-10)


# ------------------------------------------------------------------------------------------------ charts


def test_charts_draw_what_the_tables_say() -> None:
    fit = glmlr.fit(BASE, BIRTHS)
    table = fit.linearity(predictors="lwt", level=0.9)
    frame, (first, second) = part(table, "observed_fitted_lwt"), table.tables[0].charts
    _, line, seen = first.series
    same(line.y, frame["fitted_log_odds"])
    assert seen.low is not None
    same(seen.y, frame["log_odds"])
    same(seen.low, frame["log_odds_low"])
    straight, band, spline, points = second.series
    # The line of the model has the model's slope, and lies at the mean linear predictor at the mean of the column.
    same(frame["line_log_odds"], np.interp(points.x, straight.x, straight.y), 1e-9)
    same((straight.y[-1] - straight.y[0]) / (straight.x[-1] - straight.x[0]), fit.params["lwt"], 1e-9)
    same(np.interp(BIRTHS["lwt"].mean(), straight.x, straight.y), np.mean(fit.eta), 1e-9)
    same(points.y - np.interp(points.x, straight.x, straight.y), frame["log_odds"] - frame["fitted_log_odds"], 1e-8)
    written = glmlr.fit(BASE.replace("lwt", part(table, "shapes_lwt")["formula"][3]), BIRTHS)
    at = BIRTHS.assign(lwt=float(spline.x[40]))
    interval = pd.Series(written.predict(at, kind="link"))
    same(spline.y[40], interval.mean(), 1e-7)
    assert band.low is not None
    assert (band.low < spline.y).all()
    row = written.held.apply(at).matrix.mean(axis=0)
    half = norm.ppf(0.95) * np.sqrt(row @ np.nan_to_num(written.covariance) @ row)
    same(spline.y[40] - band.low[40], half, 1e-6)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_curves_of_other_links_are_log_odds(link: str) -> None:
    fit = glmlr.fit("low ~ lwt", BIRTHS, link=link)
    line = fit.linearity().tables[0].chart("shape").series[0]
    same(line.y, logit(fit.predict({"lwt": line.x})), 1e-9)


# ------------------------------------------------------------------------------------------------ refusals


def test_what_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="No column enters the formula as a number"):
        glmlr.fit("low ~ C(race)", BIRTHS).linearity()
    with pytest.raises(NotApplicable, match="No number in the formula has three or more values"):
        glmlr.fit("low ~ smoke", BIRTHS).linearity()
    separated = BIRTHS.assign(s=BIRTHS["low"] * BIRTHS["smoke"])
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("low ~ lwt + s", separated)
    with pytest.raises(NotApplicable, match="separation"):
        fit.linearity()
    for at in range(2):
        BIRTHS[at::2].to_parquet(tmp_path / f"{at}.parquet")
    with pytest.raises(NotApplicable, match="read in parts"):
        glmlr.fit("low ~ lwt", str(tmp_path / "*.parquet")).linearity()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"predictors": ["lwtt"]}, "did you mean 'lwt'?"),
        ({"predictors": "race"}, "'race', which does not enter the formula as a number"),
        ({"bins": {"agee": 4}}, "did you mean 'age'?"),
        ({"bins": 1}, "bins=1"),
        ({"bins": [3, 2]}, "not in increasing order"),
        ({"level": 95}, "level=95"),
        ({"test": "LR"}, "test='LR' is not one of 'likelihood-ratio'"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=re.escape(says)):
        glmlr.fit(BASE, BIRTHS).linearity(**options)


@pytest.mark.parametrize("options", [{"sample_weight": SAMPLE}, {"cluster": np.resize([1, 2, 3], len(BIRTHS))}])
def test_likelihood_ratios_that_do_not_hold_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="does not hold under"):
        glmlr.fit("low ~ lwt", BIRTHS, **options).linearity(test="likelihood-ratio")


def test_many_cells_are_asked_for_their_score(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = glmlr.fit(BASE, BIRTHS)
    monkeypatch.setattr("glmlr.statistics.linearity.MOST_CELLS_REFITTED", 100)
    table = fit.linearity()
    assert any("All tests are score tests" in note for note in table.notes)
    same(table["spline"], fit.linearity(test="score")["spline"])
    assert [chart.key for chart in table.tables[0].charts] == ["observed_fitted", "shape"]


def test_the_report_says_it_in_words() -> None:
    report = " ".join(str(glmlr.fit("low ~ lwt + ptl", BIRTHS).report()).split())
    assert "Nothing speaks against the form in which lwt is in the model." in report
    assert "ptl: add its square" in report or "ptl: use" in report or "ptl: bin it" in report
