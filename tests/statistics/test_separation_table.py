"""Separated fits as a reader meets them: causes, the report, tests and finite ends, against R and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import xlogy
from scipy.stats import chi2
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import NotApplicable, SeparationWarning
from glmlr.links import LINKS
from glmlr.profiles import intervals
from glmlr.profiles.of_fit import profile_ends

R = read_witness("separation")
BIRTHS = read_data("birthwt").assign(race=lambda frame: pd.Categorical(frame["race"], ["white", "black", "other"]))
#: All women with ht = 1 have low = 1.
CELL = BIRTHS[(BIRTHS["ht"] == 0) | (BIRTHS["low"] == 1)]
QUANTILE = float(chi2.ppf(0.95, 1))


def separated(formula: str, data: Any, **options: Any) -> Any:
    with pytest.warns(SeparationWarning):
        return glmlr.fit(formula, data, **options)


# ------------------------------------------------------------------------------------------------ against R


@pytest.mark.parametrize("link", list(LINKS))
def test_an_empty_cell_as_in_r(link: str) -> None:
    fit = separated("low ~ lwt + smoke + race + C(ht)", CELL, link=link)
    table, witness = fit.coefficients().frame.set_index("term"), R[link]["cell"]
    row = table.loc["C(ht)[T.1]"]
    assert (row["estimate"], row["high"]) == (np.inf, np.inf)
    assert row["p_value"] == pytest.approx(witness["lr_p"], rel=1e-8)
    assert row["low"] == pytest.approx(witness["low"], rel=1e-8)
    assert fit.loglik == pytest.approx(witness["loglik"], rel=1e-12)
    finite = ["Intercept", "lwt", "smoke", "race[T.black]", "race[T.other]"]
    # R stops where the deviance no longer moves, which leaves seven to eight digits of an estimate.
    np.testing.assert_allclose(table.loc[finite, "estimate"], witness["estimate"], rtol=1e-7)
    # The other rows stay Wald's.
    np.testing.assert_array_equal(table.loc[finite, ["low", "high"]], fit.conf_int().loc[finite])
    cell = fit.separation_table().frame.iloc[0]
    assert cell[["term", "where", "direction", "rows", "events", "nonevents"]].tolist() == [
        *("C(ht)", "ht = 1", "+∞", 7, 7, 0)
    ]


@pytest.mark.parametrize("link", list(LINKS))
def test_a_reference_level_of_one_outcome_as_in_r(link: str) -> None:
    # With one contrast held the other is still infinite: the end is that of the rows which this leaves.
    data = BIRTHS.assign(low=np.where(BIRTHS["race"] == "white", 0, BIRTHS["low"]))
    fit = separated("low ~ lwt + smoke + race", data, link=link)
    witness = R[link]["reference"]
    assert fit.loglik == pytest.approx(witness["loglik"], rel=1e-12)
    assert fit.coefficients()["race[T.black]"]["low"] == pytest.approx(witness["black_low"], rel=1e-8)


@pytest.mark.parametrize("link", list(LINKS))
def test_counts_with_an_empty_cell_as_in_r(link: str) -> None:
    counts = pd.DataFrame({"dose": pd.Categorical(["a", "b", "c"]), "dead": [3, 5, 10], "alive": [7, 5, 0]})
    fit = separated("dead + alive ~ dose", counts, link=link)
    assert fit.coefficients()["dose[T.c]"]["low"] == pytest.approx(R[link]["grouped"]["high_low"], rel=1e-8)


# ------------------------------------------------------------------------------------------------ closed forms


@pytest.mark.parametrize(("link", "level"), [("logit", 0.95), ("logit", 0.5), ("probit", 0.95), ("cloglog", 0.99)])
def test_the_end_of_a_2_by_2_table_is_a_root(link: str, level: float) -> None:
    """Of 10 rows with g = 1 all are events, of 20 with g = 0 eight: one equation for the share, one for the end."""
    frame = pd.DataFrame({"g": [1] * 10 + [0] * 20, "y": [1] * 18 + [0] * 12})
    fit, one = separated("y ~ g", frame, link=link), LINKS[link]

    def mean(eta: float) -> float:
        return float(one.mean(np.array([eta]))[0])

    def deviance(end: float) -> float:
        def loss(a: float) -> float:
            p, q = mean(a), mean(a + end)
            return -float(10 * np.log(q) + 8 * np.log(p) + 12 * np.log1p(-p))

        def slope(a: float) -> float:
            return (loss(a + 1e-5) - loss(a - 1e-5)) / 2e-5

        a = brentq(slope, -8.0, 1.5, xtol=1e-13)
        best = -float(xlogy(8, 0.4) + xlogy(12, 0.6))
        return 2 * (loss(a) - best)

    quantile = float(chi2.ppf(level, 1))
    end = brentq(lambda value: deviance(value) - quantile, -2.0, 5.0, xtol=1e-13)
    row = fit.coefficients(level=level)["g"]
    # The slope is a difference quotient, so that the deviance is right to about 1e-10.
    assert row["low"] == pytest.approx(end, rel=1e-7)
    assert row["p_value"] == pytest.approx(chi2.sf(2 * (fit.loglik - glmlr.fit("y ~ 1", frame, link=link).loglik), 1))


def test_one_coefficient_alone_has_a_closed_end() -> None:
    # Seven events and nothing else to fit: 2 * 7 log(1 + exp(-b)) = q.
    frame = pd.DataFrame({"a": [1] * 7 + [0] * 4, "y": [1] * 7 + [1, 0, 1, 0]})
    fit = separated("y ~ 0 + a", frame)
    assert fit.coefficients()["a"]["low"] == pytest.approx(-np.log(np.expm1(QUANTILE / 14)), rel=1e-9)


def test_all_rows_separated_has_finite_ends_too() -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "y": [0, 0, 0, 1, 1, 1]})
    fit = separated("y ~ x", frame)
    low = fit.coefficients()["x"]["low"]
    held = glmlr.fit("y ~ 1", frame, offset=low * frame["x"].to_numpy())
    assert -2 * held.loglik == pytest.approx(QUANTILE, abs=1e-9)


# ------------------------------------------------------------------------------------------------ laws of ends


def test_where_another_column_separates_as_well_nothing_is_learnt() -> None:
    # x and its cube tell the same rows apart: either can be left out, and held at any value nothing is lost.
    x = np.linspace(-2, 2, 30)
    fit = separated("y ~ x + w", pd.DataFrame({"x": x, "w": x**3, "y": (x > 0.3).astype(int)}))
    row = fit.coefficients()["x"]
    assert row[["low", "high"]].tolist() == [-np.inf, np.inf]
    assert row["p_value"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("link", list(LINKS))
def test_units_rescale_an_open_end_and_weights_are_repeats(link: str) -> None:
    data = BIRTHS.assign(low=np.where(BIRTHS["lwt"] > 160, 0, BIRTHS["low"]), big=(BIRTHS["lwt"] > 160) * 1.0)
    one = separated("low ~ age + big", data, link=link).coefficients()["big"]
    scaled = separated("low ~ age + big", data.assign(big=1e-4 * data["big"]), link=link).coefficients()["big"]
    assert scaled["high"] == pytest.approx(1e4 * one["high"], rel=1e-7)
    moved = separated("low ~ age + big", data.assign(age=1e6 + data["age"]), link=link).coefficients()["big"]
    assert moved["high"] == pytest.approx(one["high"], rel=1e-5)  # nine digits of age are gone
    twice = separated("low ~ age + big", pd.concat([data, data]), link=link).coefficients()["big"]
    weighted = separated("low ~ age + big", data, link=link, freq_weights=np.full(189, 2)).coefficients()["big"]
    assert twice["high"] == pytest.approx(weighted["high"], rel=1e-9)


def test_ratios_are_exp_of_the_ends_at_stated_values_too() -> None:
    fit = separated("low ~ lwt + smoke + race + C(ht)", CELL)
    low = fit.coefficients()["C(ht)[T.1]"]["low"]
    frame = fit.odds_ratios().frame.set_index(["term", "level"])
    assert frame.loc[("C(ht)", "1"), ["odds_ratio", "low", "high"]].tolist() == [np.inf, np.exp(low), np.inf]
    stated = fit.odds_ratios(reference={"ht": 1}).frame.set_index(["term", "level"])
    assert stated.loc[("ht", "0"), ["odds_ratio", "low"]].tolist() == [0.0, 0.0]
    assert stated.loc[("ht", "0"), "high"] == pytest.approx(np.exp(-low), rel=1e-9)
    hazard = separated("low ~ lwt + C(ht)", CELL, link="cloglog")
    end = hazard.coefficients()["C(ht)[T.1]"]["low"]
    hazards = hazard.hazard_ratios().frame.set_index(["term", "level"])
    assert hazards.loc[("C(ht)", "1"), "low"] == pytest.approx(np.exp(end), rel=1e-12)


# ------------------------------------------------------------------------------------------------ the whole line


def test_many_rows_keep_the_whole_line_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = separated("low ~ lwt + C(ht)", CELL)
    assert any("open on the side" in note for note in fit.coefficients().notes)
    monkeypatch.setattr(intervals, "_MOST_CELLS", 100)
    table = fit.coefficients()
    assert table["C(ht)[T.1]"][["low", "high"]].tolist() == [-np.inf, np.inf]
    assert any("many passes over many rows" in note for note in table.notes)
    assert np.isfinite(fit.coefficients(interval="profile")["C(ht)[T.1]"]["low"])


def test_rows_read_in_parts_keep_the_whole_line_and_say_so(tmp_path: Any) -> None:
    paths = [tmp_path / f"{at}.csv" for at in range(2)]
    for path, piece in zip(paths, np.array_split(np.arange(len(CELL)), 2), strict=True):
        CELL.iloc[piece].to_csv(path, index=False)
    fit = separated("low ~ lwt + smoke + C(ht)", [str(path) for path in paths])
    table = fit.coefficients()
    assert table["C(ht)[T.1]"][["low", "high"]].tolist() == [-np.inf, np.inf]
    assert any("rows that are read in parts" in note for note in table.notes)
    held = separated("low ~ lwt + smoke + C(ht)", CELL)
    column = np.eye(4)[[list(held.names).index("C(ht)[T.1]")]]
    np.testing.assert_allclose(profile_ends(fit, column, 0.95), profile_ends(held, column, 0.95), rtol=1e-8)
    assert fit.separation_table().frame["first_rows"].tolist() == [""]
    assert "first_rows" not in fit.separation_table().roles


# ------------------------------------------------------------------------------------------------ the reader


def test_the_table_says_where_which_way_and_which_rows() -> None:
    data = CELL.set_index("w" + pd.Series(np.arange(len(CELL))).astype(str).to_numpy())
    fit = separated("low ~ lwt + smoke + race + C(ht)", data)
    table = fit.separation_table()
    first = data.index[data["ht"] == 1][:5]
    assert table.frame["first_rows"].tolist() == [", ".join(first) + " and 2 more"]
    assert table.notes[0] == f"Quasi-complete: 7 of {len(CELL)} rows are predicted without error in the limit."
    assert table.notes[1] == "Infinite estimates: C(ht)[T.1] (+∞)."
    assert any('penalty="firth"' in note for note in table.notes)


def test_a_fit_that_is_not_separated_has_no_such_table() -> None:
    with pytest.raises(NotApplicable, match="The rows are not separated: every estimate is finite"):
        glmlr.fit("low ~ lwt", BIRTHS).separation_table()
    with pytest.raises(NotApplicable, match="A penalty keeps every estimate finite"):
        glmlr.fit("low ~ lwt + C(ht)", CELL, penalty="firth").separation_table()


def test_firth_is_the_way_out_that_the_warning_names() -> None:
    with pytest.warns(SeparationWarning, match=r'all 7 rows with ht = 1 are events. penalty="firth" gives finite'):
        glmlr.fit("low ~ lwt + C(ht)", CELL)
    assert np.isfinite(glmlr.fit("low ~ lwt + C(ht)", CELL, penalty="firth").params).all()


def test_report_and_summary_begin_with_it() -> None:
    fit = separated("low ~ lwt + smoke + C(ht)", CELL)
    report = glmlr.full_report(fit)
    assert report.sections[0].key == "separation"
    assert report.sections[0].exhibits[0].key == "separation_table"
    assert "finite estimates rest on the other 177 rows" in report.sections[0].sentences[0]
    assert any(one.name == "Separation" for one in report.definitions)
    assert fit.summary().sections[0].key == "separation"
    text = str(fit.summary())
    assert text.index("What separates the rows") < text.index("Std.")
    # Only those who ask for other sections alone do without; nobody does in the lead.
    assert glmlr.full_report(fit, sections=["deciles"]).sections[0].key == "deciles"
    assert any(
        "all 7 rows with ht = 1 are events" in line for line in glmlr.full_report(fit, sections=["deciles"]).lead
    )
    plain = glmlr.full_report(glmlr.fit("low ~ lwt", BIRTHS), sections=["coefficients"])
    assert not any("eparation" in line for section in plain.sections for line in section.sentences)


def test_a_completely_separated_report_says_that_nothing_is_left() -> None:
    fit = separated("y ~ x", pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "y": [0, 0, 0, 1, 1, 1]}))
    assert fit.summary().sections[0].sentences == (
        "All 6 rows, in these 2 groups, have fitted probabilities of 0 or 1: none is left to judge by.",
    )
    assert fit.separation_table().notes[0] == "Complete: every row is predicted without error in the limit."


def test_the_forest_plot_draws_half_lines() -> None:
    fit = separated("low ~ lwt + smoke + C(ht)", CELL)
    chart = fit.odds_ratios().charts[0]
    series = next(one for one in chart.series if one.kind == "intervals")
    assert np.isinf(series.x).sum() == 1
    assert np.isfinite(series.low[np.isinf(series.x)]).all()
    assert series.labels is not None
    assert any(label.startswith("∞ (") for label in series.labels)
