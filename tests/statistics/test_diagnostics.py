"""Are residuals, leverage and influence right? Against R, statsmodels, refits by hand, and laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, kstest, norm
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError
from glmlr.influence.measures import influence_of
from glmlr.influence.residuals import KINDS

WITNESS = read_witness("diagnostics")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"
BIRTHS = read_data("birthwt")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
GROUPS = pd.DataFrame(WITNESS["groups"]).assign(nonevents=lambda d: d["n"] - d["events"])
GROUPED = "events + nonevents ~ C(race) + smoke + band"
CHARTS = ["index_plot", "leverage_residual", "delta_chi2", "delta_deviance", "half_normal", "binned_residuals"]


def same(actual: Any, expected: Any, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=atol)


def births_fit(link: str = "logit", **options: Any) -> glmlr.Fit:
    return glmlr.fit(FORMULA, BIRTHS, link=link, **options)


# ------------------------------------------------------------------------------------------------ against R


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "quantile"])
def test_residuals_are_those_of_r(kind: str, link: str) -> None:
    same(births_fit(link).residuals(kind), WITNESS[link][kind])


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_leverage_and_cook_are_those_of_r(link: str) -> None:
    measures = births_fit(link).influence_measures()
    for name in ("leverage", "cook", "pearson", "deviance", "standardized_pearson", "likelihood"):
        same(measures[name], WITNESS[link][name])
    same(measures["leverage"].sum(), 7)


@pytest.mark.parametrize("kind", [*(kind for kind in KINDS if kind != "quantile"), "leverage", "cook"])
def test_rows_of_counts_are_binomial_observations(kind: str) -> None:
    fit = glmlr.fit(GROUPED, GROUPS)
    found = fit.influence_measures()[kind] if kind in ("leverage", "cook") else fit.residuals(kind)
    same(found, WITNESS["grouped"][kind], 1e-8, 1e-10)


@pytest.mark.parametrize(("link", "key"), [("logit", "moves"), ("cloglog", "moves_cloglog")])
def test_moves_of_the_estimates_in_one_step_and_by_refits(link: str, key: str) -> None:
    fit, wanted = births_fit(link), WITNESS[key]
    rows = np.array(wanted["rows"]) - 1
    found = influence_of(fit)
    order = [0, 3, 4, 1, 2, 5, 6]  # R writes the intercept, age, lwt, race, ...
    same(found.dfbetas(rows)[:, order], wanted["step"], 1e-8)
    same((found.exact_dfbeta(rows) / found.std_error)[:, order], wanted["exact"], 1e-7)
    table = fit.diagnostics(exact=True).frame
    assert (np.sign(table["dfbetas"]) == np.sign(table["exact_dfbetas"])).all()


# ------------------------------------------------------------------------------------------------ laws


def test_c_bar_and_the_deltas_are_what_their_definitions_say() -> None:
    found = births_fit().influence_measures()
    r, h, d = found["pearson"], found["leverage"], found["deviance"]
    same(found["c_bar"], r**2 * h / (1 - h))
    same(found["delta_chi2"], r**2 / (1 - h))
    same(found["delta_deviance"], d**2 + r**2 * h / (1 - h))


def test_a_row_of_frequency_w_is_one_of_w_rows() -> None:
    repeated = BIRTHS.loc[BIRTHS.index.repeat(TIMES)]
    one = births_fit(freq_weights=TIMES).influence_measures()
    other = glmlr.fit(FORMULA, repeated).influence_measures()
    same(one.loc[repeated.index], other, 1e-8)
    counted = births_fit(freq_weights=TIMES).diagnostics()
    plain = glmlr.fit(FORMULA, repeated.reset_index(drop=True)).diagnostics()
    pd.testing.assert_frame_equal(counted.frame.drop(columns="row"), plain.frame.drop(columns="row"), rtol=1e-8)
    pd.testing.assert_frame_equal(counted.tables[0].frame, plain.tables[0].frame, rtol=1e-8)


def test_the_exact_move_of_a_row_of_frequency_w_leaves_one_out() -> None:
    fit = births_fit(freq_weights=TIMES)
    fewer = TIMES.copy()
    fewer[4] -= 1
    same(
        influence_of(fit).exact_dfbeta(np.array([4]))[0],
        fit.params.to_numpy() - births_fit(freq_weights=fewer).params.to_numpy(),
        1e-6,
    )


def test_patterns_are_the_rows_of_grouped_data() -> None:
    data = BIRTHS.assign(band=pd.cut(BIRTHS["age"], [0, 19, 24, 29, 99], labels=False) + 1)
    rows = glmlr.fit("low ~ C(race) + smoke + band", data).influence_measures(by_pattern=True)
    grouped = glmlr.fit(GROUPED, GROUPS).influence_measures()
    first = data.loc[rows.index, ["race", "smoke", "band"]].astype(str).agg(" ".join, axis=1)
    key = GROUPS[["race", "smoke", "band"]].astype(str).agg(" ".join, axis=1)
    lined = grouped.set_axis(key).loc[first]
    same(rows[grouped.columns], lined, 1e-7, 1e-9)
    assert rows["trials"].sum() == 189
    assert rows["events"].sum() == 59


def test_collapsed_rows_have_the_values_of_rows() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"a": rng.integers(0, 4, 8000), "b": rng.integers(0, 3, 8000)})
    data["y"] = (rng.random(8000) < 0.2 + 0.1 * data["a"] * (data["b"] > 0)).astype(int)
    collapsed = glmlr.fit("y ~ C(a) + b", data)
    assert collapsed.held.patterns is not None
    written_out = glmlr.fit("y ~ C(a) + b", data, offset=np.zeros(8000))
    assert written_out.held.patterns is None
    same(collapsed.influence_measures(), written_out.influence_measures(), 1e-7, 1e-9)
    table = collapsed.diagnostics(rows=5)
    assert table.frame["alike"].sum() > 500
    assert len(table) == 5


def test_a_column_far_from_zero_keeps_its_digits() -> None:
    far = glmlr.fit(FORMULA, BIRTHS.assign(age=BIRTHS["age"] + 1e6)).influence_measures()
    near = births_fit().influence_measures()
    slopes = [name for name in near.columns if name != "dfbetas_Intercept"]
    same(far[slopes], near[slopes], 1e-6, 1e-8)


def test_the_scale_of_importance_weights_does_not_matter() -> None:
    weight = np.resize([0.5, 2.0, 1.25, 0.75, 3.0], len(BIRTHS))
    one = births_fit(sample_weight=weight).influence_measures()
    same(one, births_fit(sample_weight=1000 * weight).influence_measures(), 1e-8)
    assert "robust covariance" in " ".join(births_fit(sample_weight=weight).diagnostics().notes)


def test_equal_importance_gives_the_moves_of_no_importance() -> None:
    """The sandwich replaces the information, which is another matrix; the moves themselves are the same."""
    one, other = influence_of(births_fit(sample_weight=np.full(189, 4.0))), influence_of(births_fit())
    same(one.dfbeta(np.arange(20)), other.dfbeta(np.arange(20)), 1e-8)
    same(one.leverage, other.leverage, 1e-9)
    x = np.column_stack(
        [np.ones(189), *(BIRTHS["race"] == r for r in ("other", "white")), BIRTHS[["age", "lwt", "smoke", "ht"]]]
    )
    moves = other.dfbeta(np.arange(189))
    p = births_fit().probabilities
    bread = np.linalg.inv(x.T @ (x * (p * (1 - p))[:, None]))
    covariance = bread @ (x.T @ (x * ((BIRTHS["low"].to_numpy() - p) ** 2)[:, None])) @ bread
    same(one.cook, np.einsum("ij,jk,ik->i", moves, np.linalg.inv(covariance), moves) / 7, 1e-7)


def test_quantile_residuals_of_the_right_model_are_normal() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=3000)
    data = pd.DataFrame({"x": x, "y": rng.random(3000) < 1 / (1 + np.exp(-x))})
    found = glmlr.fit("y ~ x", data).residuals("quantile", seed=1)
    assert kstest(found, "norm").pvalue > 0.01
    assert not found.equals(glmlr.fit("y ~ x", data).residuals("quantile", seed=2))
    pd.testing.assert_series_equal(found, glmlr.fit("y ~ x", data).residuals("quantile", seed=1))


def test_quantile_residuals_lie_in_the_jump_of_the_distribution() -> None:
    fit = glmlr.fit(GROUPED, GROUPS)
    below, above = (binom.cdf(GROUPS["events"] - less, GROUPS["n"], fit.probabilities) for less in (1, 0))
    found = norm.cdf(fit.residuals("quantile", seed=4))
    assert ((below - 1e-12 <= found) & (found <= above + 1e-12)).all()


# ------------------------------------------------------------------------------------------------ the table


def test_rows_keep_their_index_and_dropped_ones_have_nothing() -> None:
    data = BIRTHS.set_axis([f"birth {i}" for i in range(189)])
    data.loc["birth 7", "lwt"] = np.nan
    fit = glmlr.fit(FORMULA, data)
    for found in (fit.residuals(), fit.influence_measures()):
        assert list(found.index) == list(data.index)
        assert np.isnan(np.asarray(found.loc["birth 7"], float)).all()
    measures = fit.influence_measures()
    table = fit.diagnostics(rows=4)
    assert table.frame["row"].tolist() == measures["cook"].nlargest(4).index.tolist()
    first = measures.loc[table.frame["row"][0]].filter(like="dfbetas_")
    assert f"dfbetas_{table.frame['moves_most'][0]}" == first.abs().idxmax()
    same(table.frame["dfbetas"][0], first[first.abs().idxmax()])


def test_what_is_beyond_the_bounds_is_counted() -> None:
    fit = births_fit()
    measures, counted = fit.influence_measures(), fit.diagnostics().tables[0].frame
    assert counted["n"].tolist() == [
        (measures["leverage"] > 14 / 189).sum(),
        (measures["standardized_pearson"].abs() > 2).sum(),
        (measures["standardized_pearson"].abs() > 3).sum(),
        (measures["cook"] > 4 / 189).sum(),
        0,
        (measures["delta_chi2"] > 4).sum(),
        (measures["delta_deviance"] > 4).sum(),
    ]


def test_the_panel() -> None:
    table = births_fit().diagnostics(envelope=19, seed=3)
    assert [chart.key for chart in table.charts] == CHARTS
    again = births_fit().diagnostics(envelope=19, seed=3)
    for one, other in zip(table.charts, again.charts, strict=True):
        pd.testing.assert_frame_equal(one.frame, other.frame)
    band = table.chart("half_normal").frame.query("kind == 'band'")
    seen = table.chart("half_normal").frame.query("series == 'Observed'")
    inside = (seen["y"].to_numpy() >= band["low"].to_numpy()) & (seen["y"].to_numpy() <= band["high"].to_numpy())
    assert inside.mean() > 0.5
    assert (band["low"] <= band["high"]).all()


def test_refusals() -> None:
    fit = births_fit()
    with pytest.raises(OptionError, match="kind"):
        fit.residuals("pearsn")
    with pytest.raises(OptionError, match="rows=0"):
        fit.diagnostics(rows=0)
    with pytest.raises(OptionError, match="envelope=-1"):
        fit.diagnostics(envelope=-1)
    with pytest.raises(ArgumentError, match="takes a fitted model"):
        glmlr.residuals([0, 1])
    with pytest.raises(NotApplicable, match="importance weights"):
        births_fit(class_weight="balanced").diagnostics(by_pattern=True)
    with pytest.raises(NotApplicable, match="envelope"):
        births_fit(freq_weights=TIMES).diagnostics(envelope=5)
    with pytest.warns(glmlr.errors.SeparationWarning):
        separated = glmlr.fit("y ~ x", pd.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2, 3, 4]}))
    for refused in (separated.diagnostics, separated.influence_measures, separated.residuals):
        with pytest.raises(NotApplicable, match="infinite"):
            refused()


def test_an_intercept_alone_has_its_closed_form() -> None:
    found = glmlr.fit("low ~ 1", BIRTHS).influence_measures()
    same(found["leverage"], np.full(189, 1 / 189))
    p = 59 / 189
    same(found["pearson"], np.where(BIRTHS["low"] == 1, np.sqrt((1 - p) / p), -np.sqrt(p / (1 - p))))
