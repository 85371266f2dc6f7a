"""Are added-variable plots, partial residuals and binned residuals right? Against R (car, performance) and laws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError
from glmlr.influence.binned import ByValue, binned
from glmlr.influence.points import MOST_POINTS
from glmlr.shape.partial_residuals import partial_of, smoothed

WITNESS = read_witness("partial_plots")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"
#: The reference level of R, whose columns of race are then the same.
COLUMNS = {"age": "age", "smoke": "smoke", "racewhite": "C(race)[T.white]"}
BIRTHS = read_data("birthwt")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
SHIFT = np.sin(np.arange(1, 190))
GROUPS = pd.DataFrame(WITNESS["groups"]).assign(nonevents=lambda d: d["n"] - d["events"])
GROUPED = "events + nonevents ~ C(race) + smoke + band"
LINKS = ("logit", "probit", "cloglog")


def same(actual: Any, expected: Any, rtol: float = 1e-9, atol: float = 1e-11) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=atol)


def births_fit(formula: str = FORMULA, **options: Any) -> glmlr.Fit:
    return glmlr.fit(formula, BIRTHS, **options)


# ------------------------------------------------------------------------------------------------ added variables


@pytest.mark.parametrize("form", ["wang", "weisberg"])
@pytest.mark.parametrize("link", LINKS)
def test_points_are_those_of_car(link: str, form: str) -> None:
    found = births_fit(link=link).added_variable_residuals(form=form).set_index("term")  # type: ignore[arg-type]
    for name, column in COLUMNS.items():
        points = found.loc[column, ["x_residual", "y_residual"]]
        same(points, WITNESS["car"][link][form][name], 1e-9, 1e-9)


@pytest.mark.parametrize("form", ["wang", "weisberg"])
@pytest.mark.parametrize(
    ("key", "term", "fit"),
    [
        ("lines", "lwt", lambda: births_fit()),
        ("offset", "lwt", lambda: births_fit(link="probit", offset=SHIFT)),
        ("grouped", "band", lambda: glmlr.fit(GROUPED, GROUPS)),
    ],
)
def test_points_and_line_are_those_of_the_formula(key: str, term: str, fit: Any, form: str) -> None:
    wanted, model = WITNESS[key][form], fit()
    points = model.added_variable_residuals(terms=term, form=form)
    same(points["x_residual"], wanted["x"], 1e-8, 1e-10)
    same(points["y_residual"], wanted["y"], 1e-8)
    row = model.added_variable_plots(terms=term, form=form)[term]
    same(row[["intercept", "estimate"]], wanted["line"], 1e-8)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"freq_weights": TIMES},
        {"offset": SHIFT},
        {"sample_weight": np.resize([0.5, 2.0, 1.25], 189)},
        {"class_weight": "balanced"},
    ],
    ids=["plain", "frequencies", "offset", "importance", "classes"],
)
def test_the_slope_is_the_coefficient(link: str, options: Any) -> None:
    """By numpy: the weighted line through the points has the coefficient, and the working residuals for its own."""
    fit = births_fit(link=link, **options)
    points = fit.added_variable_residuals()
    times = options.get("freq_weights", np.ones(189))
    for name, own in points.groupby("term"):
        root = np.sqrt(own["weight"].to_numpy() * times)
        x, y = own["x_residual"].to_numpy(), own["y_residual"].to_numpy()
        slope, intercept = np.linalg.lstsq(np.column_stack([x, np.ones(189)]) * root[:, None], y * root, rcond=None)[0]
        same(slope, fit.params[name], 1e-7)
        same(intercept, 0, atol=1e-6)
        same(y - fit.params[name] * x, fit.residuals("working"), 1e-8, 1e-9)


def test_what_is_left_of_a_column_is_a_residual() -> None:
    """By numpy: least squares of each column on the others by working weights."""
    fit = births_fit(freq_weights=TIMES)
    x = fit.held.matrix()
    points = fit.added_variable_residuals()
    root = np.sqrt(fit.link.weight(np.asarray(fit.eta)) * TIMES)[:, None]
    for at, name in enumerate(fit.names[1:], start=1):
        others = np.delete(x, at, axis=1)
        left = x[:, at] - others @ np.linalg.lstsq(root * others, root[:, 0] * x[:, at], rcond=None)[0]
        same(points.loc[points["term"] == name, "x_residual"], left, 1e-8, 1e-9)


def test_a_term_taken_together_has_slope_1() -> None:
    fit = births_fit("low ~ age + C(race) + bs(lwt, df=4)")
    table = fit.added_variable_plots(by="term")
    assert table.frame["term"].tolist() == ["C(race)", "age", "bs(lwt, df=4)"]
    assert table.frame["columns"].tolist() == [2, 1, 4]
    assert np.isnan(table["C(race)"]["std_error"])
    points = fit.added_variable_residuals(by="term", terms="bs(lwt, df=4)")
    x, y, w = (points[name].to_numpy() for name in ("x_residual", "y_residual", "weight"))
    same(np.sum(w * x * y) / np.sum(w * x * x), 1, 1e-8)
    # The spread of x is the Wald chi-square of the term.
    same(np.sum(w * x * x), fit.term_tests(test="wald")["bs(lwt, df=4)"]["statistic"], 1e-7)


def test_wald_is_the_spread_of_the_column() -> None:
    """Law: slope^2 times the weighted sum of squares of x is z^2."""
    fit = births_fit()
    points = fit.added_variable_residuals()
    spread = (points["weight"] * points["x_residual"] ** 2).groupby(points["term"]).sum()
    same(fit.params[1:] ** 2 * spread[fit.params.index[1:]], fit.z[1:] ** 2, 1e-9)


def test_rescaling_swapping_and_repeating_leave_the_plot_as_it_is() -> None:
    points = births_fit().added_variable_residuals(terms=["age"])
    scaled = glmlr.fit(FORMULA, BIRTHS.assign(age=BIRTHS["age"] * 1e3 + 5)).added_variable_residuals(terms=["age"])
    same(scaled["x_residual"], 1e3 * points["x_residual"], 1e-7, 1e-6)
    same(scaled["y_residual"], points["y_residual"], 1e-7)
    swapped = births_fit(event=0).added_variable_residuals(terms=["age"])
    same(swapped["y_residual"], -points["y_residual"], 1e-7)
    one = births_fit(freq_weights=TIMES)
    repeated = BIRTHS.loc[BIRTHS.index.repeat(TIMES)]
    other = glmlr.fit(FORMULA, repeated)
    for form in ("working", "wang", "weisberg"):
        mine = one.added_variable_residuals(form=form, terms="age")  # type: ignore[arg-type]
        theirs = other.added_variable_residuals(form=form, terms="age")  # type: ignore[arg-type]
        same(mine.loc[repeated.index].drop(columns="term"), theirs.drop(columns="term"), 1e-6, 1e-8)


def test_aliased_columns_are_left_out_and_named() -> None:
    data = BIRTHS.assign(twice=2 * BIRTHS["age"])
    fit = glmlr.fit("low ~ age + twice + smoke", data)
    table = fit.added_variable_plots()
    assert table.frame["term"].tolist() == ["age", "smoke"]
    assert "twice" in " ".join(table.notes)
    same(table["age"]["estimate"], fit.params["age"])
    with pytest.raises(OptionError, match="aliased"):
        fit.added_variable_plots(terms="twice")


def test_without_an_intercept_and_far_from_zero() -> None:
    none = births_fit("low ~ 0 + C(race) + age")
    points = none.added_variable_residuals()
    for name, own in points.groupby("term"):
        w, x, y = (own[column] for column in ("weight", "x_residual", "y_residual"))
        same((w * x * y).sum() / (w * x * x).sum(), none.params[name], 1e-8)
    far = glmlr.fit(FORMULA, BIRTHS.assign(age=BIRTHS["age"] + 1e6)).added_variable_residuals(terms="age")
    same(far["x_residual"], births_fit().added_variable_residuals(terms="age")["x_residual"], 1e-6, 1e-7)
    alone = births_fit("low ~ 0 + smoke")
    same(alone.added_variable_plots()["smoke"]["estimate"], alone.params["smoke"])
    weisberg = alone.added_variable_residuals(form="weisberg")
    same(weisberg["y_residual"], np.where(BIRTHS["low"] == 1, 1, -1))


def test_collapsed_rows_have_the_plots_of_rows() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"a": rng.integers(0, 4, 8000), "b": rng.integers(0, 5, 8000)})
    data["y"] = (rng.random(8000) < 0.2 + 0.1 * data["a"] * (data["b"] > 0)).astype(int)
    collapsed, written_out = glmlr.fit("y ~ C(a) + b", data), glmlr.fit("y ~ C(a) + b", data, offset=np.zeros(8000))
    assert collapsed.held.patterns is not None
    assert written_out.held.patterns is None
    for form in ("working", "wang", "weisberg"):
        one = collapsed.added_variable_residuals(form=form)  # type: ignore[arg-type]
        other = written_out.added_variable_residuals(form=form)  # type: ignore[arg-type]
        same(one.drop(columns="term"), other.drop(columns="term"), 1e-6, 1e-8)
    same(
        collapsed.partial_residuals().drop(columns="predictor"),
        written_out.partial_residuals().drop(columns="predictor"),
        1e-6,
        1e-9,
    )
    assert collapsed.added_variable_plots(terms="b").charts[0].notes[0].startswith("3,000") or MOST_POINTS < 8000
    drawn = collapsed.added_variable_plots(terms="b").charts[0].frame
    assert (drawn["kind"] == "points").sum() <= MOST_POINTS


def test_rows_keep_their_index_and_dropped_ones_have_nothing() -> None:
    data = BIRTHS.set_axis([f"birth {i}" for i in range(189)])
    data.loc["birth 7", "lwt"] = np.nan
    fit = glmlr.fit(FORMULA, data)
    for found in (fit.added_variable_residuals(terms="age"), fit.partial_residuals(predictors="age")):
        assert list(found.index) == list(data.index)
        assert found.loc["birth 7"].iloc[1:].isna().all()
        assert found.drop(index="birth 7").notna().all().all()


def test_only_the_first_plots_of_many_columns_are_drawn() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.normal(size=(300, 14)), columns=[f"x{i}" for i in range(14)])
    fit = glmlr.fit("y ~ .", data.assign(y=rng.integers(0, 2, 300)))
    table = fit.added_variable_plots()
    assert len(table) == 14
    assert len(table.charts) == 12
    assert "12 of 14" in " ".join(table.notes)
    assert [chart.key for chart in fit.added_variable_plots(terms="x13").charts] == ["added_variable_x13"]


# ------------------------------------------------------------------------------------------------ partial residuals


@pytest.mark.parametrize(
    ("wanted", "fit", "name"),
    [
        (WITNESS["partial"]["logit"]["age"], lambda: births_fit(), "age"),
        (WITNESS["partial"]["logit"]["lwt"], lambda: births_fit(), "lwt"),
        (WITNESS["partial"]["probit"]["age"], lambda: births_fit(link="probit"), "age"),
        (WITNESS["partial"]["cloglog"]["age"], lambda: births_fit(link="cloglog"), "age"),
        (WITNESS["partial"]["square"], lambda: births_fit("low ~ age + I(age**2) + lwt + smoke"), "age"),
        (WITNESS["partial"]["spline"], lambda: births_fit("low ~ bs(age, df=5) + smoke"), "age"),
        (WITNESS["partial"]["logarithm"], lambda: births_fit("low ~ np.log(lwt) + smoke"), "lwt"),
        (WITNESS["partial"]["offset"], lambda: births_fit(offset=SHIFT), "age"),
    ],
    ids=["age", "lwt", "probit", "cloglog", "square", "spline", "logarithm", "offset"],
)
def test_partial_residuals_are_those_of_r(wanted: Any, fit: Any, name: str) -> None:
    model = fit()
    found = model.partial_residuals(predictors=name)
    same(found["component"], wanted["component"], 1e-10)
    same(found["partial_residual"], wanted["partial"], 1e-10)
    if wanted.get("direct"):
        same(found["partial_residual"], wanted["direct"], 1e-10)
    same(found["weight"], wanted["weight"], 1e-10)
    look = partial_of(model)
    same(look.std_error(look.component(name), np.arange(189)), wanted["std_error"], 1e-9)


@pytest.mark.parametrize(("key", "span"), [("y", 2 / 3), ("half", 0.5)])
def test_the_smooth_curve_is_of_local_lines_by_working_weight(key: str, span: float) -> None:
    curve = smoothed(partial_of(births_fit()).component("age"), span=span)
    assert curve is not None
    same(curve.x, WITNESS["smooth"]["x"])
    same(curve.smooth, WITNESS["smooth"][key], 1e-10)


def test_a_line_the_data_follow_is_not_left_and_a_bend_is() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=20_000)
    p = 1 / (1 + np.exp(1 - x - 0.6 * x**2))
    data = pd.DataFrame({"x": x, "z": rng.normal(size=x.size), "y": (rng.random(x.size) < p).astype(int)})
    line = glmlr.fit("y ~ x + z", data).partial_residual_plots()
    bent = glmlr.fit("y ~ x + I(x**2) + z", data).partial_residual_plots(predictors="x")
    assert line["x"]["departure"] > 5 * bent["x"]["departure"]
    assert bent["x"]["columns"] == 2
    assert "bins" in " ".join(line.notes)
    points = line.chart("partial_residual_x").frame.query("kind == 'points'")
    assert len(points) <= MOST_POINTS


def test_bins_of_many_values_move_the_curve_little() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=6000)
    data = pd.DataFrame({"x": x, "y": (rng.random(6000) < 1 / (1 + np.exp(-x))).astype(int)})
    component = partial_of(glmlr.fit("y ~ x", data)).component("x")
    curve = smoothed(component, span=0.5)
    assert curve is not None
    assert curve.binned
    assert curve.x.size < 4000
    # By hand at one value: a weighted line through the rows that are near.
    at = int(curve.at[60])
    d = np.abs(component.x - curve.x[at])
    order = np.argsort(d)
    reach = d[order][np.searchsorted(np.cumsum(component.weight[order]), 0.5 * component.weight.sum())]
    w = component.weight * np.clip(1 - (d / reach) ** 3, 0, None) ** 3
    root = np.sqrt(w)[:, None]
    x_own = np.column_stack([np.ones(6000), component.x - curve.x[at]])
    own = np.linalg.lstsq(x_own * root, component.residual * root[:, 0], rcond=None)[0][0]
    # A component that is a line is smoothed to itself.
    same(curve.smooth[at], own, 0, 2e-3)


def test_partial_residuals_of_counts_and_repeats() -> None:
    """A row repeated is a row of weight two; counted rows have the component of the rows they count."""
    repeated = BIRTHS.loc[BIRTHS.index.repeat(TIMES)]
    one = births_fit(freq_weights=TIMES).partial_residuals().drop(columns="predictor")
    other = glmlr.fit(FORMULA, repeated).partial_residuals().drop(columns="predictor")
    for name in one.columns:
        mine = one[name].to_numpy().reshape(4, 189)
        same(np.repeat(mine, TIMES, axis=1).ravel(), other[name], 1e-6, 1e-8)
    bands = BIRTHS.assign(band=pd.cut(BIRTHS["age"], [0, 19, 24, 29, 99], labels=False) + 1)
    rows = glmlr.fit("low ~ C(race) + smoke + band", bands).partial_residual_plots(predictors="band")
    counts = glmlr.fit(GROUPED, GROUPS).partial_residual_plots(predictors="band")
    same(rows.frame.select_dtypes("number"), counts.frame.select_dtypes("number"), 1e-6)


def test_numbers_in_terms_with_others_are_left_out_or_refused() -> None:
    fit = births_fit("low ~ age * smoke + lwt")
    table = fit.partial_residual_plots()
    assert table.frame["predictor"].tolist() == ["lwt"]
    assert "age stands with other predictors in age:smoke" in " ".join(table.notes)
    with pytest.raises(NotApplicable, match="age:smoke"):
        fit.partial_residuals(predictors="age")
    with pytest.raises(NotApplicable, match="no partial residuals to show"):
        births_fit("low ~ age * lwt").partial_residual_plots()
    with pytest.raises(NotApplicable, match="No column enters"):
        births_fit("low ~ C(race)").partial_residual_plots()
    with pytest.raises(NotApplicable, match="three or more"):
        births_fit("low ~ smoke").partial_residual_plots()
    aliased = glmlr.fit("low ~ age + twice", BIRTHS.assign(twice=2 * BIRTHS["age"]))
    assert "twice has no estimate" in " ".join(aliased.partial_residual_plots().notes)


# ------------------------------------------------------------------------------------------------ binned residuals


@pytest.mark.parametrize(("key", "options"), [("binned", {}), ("binned_age", {"by": "age", "bins": 8})])
def test_bins_are_those_of_performance(key: str, options: Any) -> None:
    wanted, found = WITNESS[key], births_fit().binned_residuals(**options).frame
    for name, theirs in {
        "mean": "xbar",
        "residual": "ybar",
        "n": "n",
        "from": "x.lo",
        "to": "x.hi",
        "std_error": "ci_range",
    }.items():
        same(found[name], wanted[theirs], 1e-10)


@pytest.mark.parametrize(("key", "options"), [("arm", {"bins": 10}), ("arm_lwt", {"by": "lwt", "bins": 12})])
def test_bins_are_those_of_arm(key: str, options: Any) -> None:
    found = births_fit().binned_residuals(**options).frame
    same(found[["mean", "residual", "n"]], np.array(WITNESS[key])[:, :3], 1e-10)
    same(2 * found["std_error"], np.array(WITNESS[key])[:, 3], 1e-10)


def test_binned_residuals_by_hand() -> None:
    values = ByValue.of(
        np.array([1.0, 1, 2, 3]), np.array([0.5, 0.25, 0.5, 0.5]), np.array([1.0, 0, 1, 1]), np.zeros(4)
    )
    assert values.n.tolist() == [1, 1, 1]
    found = binned(values, 2)
    assert found.n.tolist() == [1, 2]
    same(found.residual, [0.5, 0.5])
    assert np.isnan(found.std_error[0])
    same(found.std_error[1], 0)


def test_tests_of_all_bins_add_up_and_separated_rows_are_there() -> None:
    table = births_fit().binned_residuals()
    frame = table.frame
    assert frame["n"].sum() == 189
    assert frame["events"].sum() == 59
    same(frame["expected"].sum(), 59)  # the logit's score equation of the intercept
    assert (frame["outside"] == (frame["residual"].abs() > 1.959963984540054 * frame["std_error"])).all()
    with pytest.warns(glmlr.errors.SeparationWarning):
        separated = glmlr.fit("y ~ x", pd.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2, 3, 4]}))
    same(separated.binned_residuals().frame["residual"], [0, 0])


def test_rows_read_in_parts_have_bins_by_probability_and_nothing_row_by_row(tmp_path: Path) -> None:
    BIRTHS.to_csv(tmp_path / "births.csv", index=False)
    parts = glmlr.fit(FORMULA, [tmp_path / "births.csv"])
    whole = births_fit()
    same(parts.binned_residuals().frame.astype(float), whole.binned_residuals().frame.astype(float), 1e-8)
    asks = (
        parts.added_variable_plots,
        parts.partial_residual_plots,
        parts.partial_residuals,
        lambda: parts.binned_residuals(by="age"),
    )
    for refused in asks:
        with pytest.raises(NotApplicable, match="not held in memory"):
            refused()


# ------------------------------------------------------------------------------------------------ the panel


def test_diagnostics_bring_the_plots_where_they_are_asked_for() -> None:
    fit = births_fit()
    plain = [table.key for table in fit.diagnostics().tables]
    assert plain == ["influence_bounds", "influence_by_term"]
    asked = fit.diagnostics(added_variable="age", partial=["lwt"], per_term=0)
    assert [table.key for table in asked.tables] == [
        "influence_bounds",
        "added_variable_plots",
        "partial_residual_plots",
    ]
    assert asked.chart("added_variable_age").key == "added_variable_age"
    assert asked.chart("partial_residual_lwt").alt
    everything = fit.diagnostics(added_variable=True, partial=True)
    assert len(everything.tables[2]) == 6
    report = glmlr.full_report(
        fit, sections=["diagnostics"], extra=["added_variable_plots", "partial_residual_plots", "binned_residuals"]
    )
    keys = [exhibit.key for exhibit in report.sections[0].exhibits]
    assert keys[-3:] == ["added_variable_plots", "partial_residual_plots", "binned_residuals"]
    assert "Added-variable plots" in str(report)


@pytest.mark.parametrize("link", LINKS)
def test_the_rows_that_move_each_coefficient_are_named(link: str) -> None:
    """By the whole frame of DFBETAS; the estimate without the row by a fit without it."""
    data = BIRTHS.set_axis([f"birth {i}" for i in range(189)])
    fit = glmlr.fit(FORMULA, data, link=link)
    found = fit.diagnostics(per_term=2).tables[1].frame
    every = fit.influence_measures().filter(like="dfbetas_")
    for name, own in found.groupby("term", sort=False):
        largest = every[f"dfbetas_{name}"].abs().nlargest(2)
        assert own["row"].tolist() == largest.index.tolist()
        same(own["dfbetas"].abs(), largest)
    same(found["without"], found["estimate"] - found["dfbetas"] * fit.bse[found["term"]].to_numpy())
    exact = fit.diagnostics(exact=True).tables[1].frame
    for row in exact.itertuples():
        again = glmlr.fit(FORMULA, data.drop(index=row.row), link=link)
        same(row.without, again.params[row.term], 1e-6)


def test_rows_alike_are_named_once_for_each_coefficient() -> None:
    one = births_fit(freq_weights=TIMES).diagnostics().tables[1].frame
    repeated = BIRTHS.loc[BIRTHS.index.repeat(TIMES)]
    other = glmlr.fit(FORMULA, repeated).diagnostics().tables[1].frame
    pd.testing.assert_frame_equal(one, other, rtol=1e-7)
    shuffled = glmlr.fit(FORMULA, BIRTHS.sample(frac=1, random_state=2)).diagnostics().tables[1].frame
    pd.testing.assert_frame_equal(births_fit().diagnostics().tables[1].frame, shuffled, rtol=1e-7)


# ------------------------------------------------------------------------------------------------ refusals


def test_refusals() -> None:
    fit = births_fit()
    with pytest.raises(OptionError, match="form='wong'"):
        fit.added_variable_plots(form="wong")
    with pytest.raises(OptionError, match="by='row'"):
        fit.added_variable_residuals(by="row")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="did you mean 'smoke'"):
        fit.added_variable_plots(terms="smok")
    with pytest.raises(OptionError, match="constant"):
        fit.added_variable_plots(terms="Intercept")
    with pytest.raises(OptionError, match="does not enter the formula as a number"):
        fit.partial_residuals(predictors="race")
    for span in (0, 1.5, True, "a"):
        with pytest.raises(OptionError, match="span="):
            fit.partial_residual_plots(span=span)
    with pytest.raises(OptionError, match="bins=1"):
        fit.binned_residuals(bins=1)
    with pytest.raises(OptionError, match="by='ag'"):
        fit.binned_residuals(by="ag")
    with pytest.raises(OptionError, match="holds no numbers"):
        fit.binned_residuals(by="race")
    with pytest.raises(OptionError, match="per_term=-1"):
        fit.diagnostics(per_term=-1)
    with pytest.raises(NotApplicable, match="no column besides constants"):
        births_fit("low ~ 1").added_variable_plots()
    for function in (glmlr.added_variable_residuals, glmlr.partial_residuals):
        with pytest.raises(ArgumentError, match="takes a fitted model"):
            function([0, 1])  # type: ignore[arg-type]
    with pytest.warns(glmlr.errors.SeparationWarning):
        separated = glmlr.fit("y ~ x", pd.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2, 3, 4]}))
    for refused in (separated.added_variable_plots, separated.partial_residual_plots):
        with pytest.raises(NotApplicable, match="infinite"):
            refused()


def test_working_residuals_whose_squares_overflow_still_have_a_correlation() -> None:
    """A case whose probability is near 0 has a residual of 1e180; its weight is as near 0 and the product is small."""
    x = np.array([0.0, 1, 2, 3, 4, 5, 6, 7])
    y = np.array([0, 1, 0, 1, 0, 1, 1, 0])
    data = pd.DataFrame({"y": y, "x": x, "far": [0.0, 0, 0, 0, 0, 0, -420.0, 0]})
    fit = glmlr.fit("y ~ x", data, offset="far")
    frame, points = fit.added_variable_plots().frame, fit.added_variable_residuals()
    with mpmath.workdps(40):
        w, a, b = (
            [mpmath.mpf(float(each)) for each in points[name]] for name in ("weight", "x_residual", "y_residual")
        )
        xy, xx, yy = (
            mpmath.fsum(p * q * r for p, q, r in zip(w, *two, strict=True)) for two in ((a, b), (a, a), (b, b))
        )
        same(frame["correlation"], [float(xy / mpmath.sqrt(xx * yy))], 1e-12)


def test_penalised_estimates_have_the_slope_of_their_points() -> None:
    fit = births_fit(penalty="firth")
    table, points = fit.added_variable_plots(), fit.added_variable_residuals(terms="age")
    w, x, y = (points[column] for column in ("weight", "x_residual", "y_residual"))
    same(table["age"]["estimate"], (w * x * y).sum() / (w * x * x).sum(), 1e-12)
    same(y - fit.params["age"] * x, fit.residuals("working"), 1e-10)
    assert abs(table["age"]["estimate"] - fit.params["age"]) > 1e-4
    assert "penalised coefficient is another" in " ".join(table.notes)
    with pytest.raises(NotApplicable, match="ridge"):
        births_fit(penalty="ridge", strength=1.0).added_variable_plots()
