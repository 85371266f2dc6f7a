"""Are two-way tables right? Against R's glm and mantelhaen.test, statsmodels' stratified tables, counts and laws."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from scipy.stats import norm
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError, ResponseError

WITNESS = read_witness("linearity")
BIRTHS = read_data("birthwt")
ARRESTS = read_data("arrests")
TITANIC = read_data("titanic")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))

CASES: dict[str, tuple[pd.DataFrame, str, str, str, dict[str, Any]]] = {
    "age_smoke": (BIRTHS, "low", "age", "smoke", {}),
    "race_ht": (BIRTHS, "low", "race", "ht", {}),
    "checks_colour": (ARRESTS, "released", "checks", "colour", {"event": "Yes"}),
}


def same(actual: Any, expected: Any, rtol: float = 1e-9, atol: float = 1e-11) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=atol)


def table_of(case: str) -> glmlr.Table:
    data, response, first, second, options = CASES[case]
    return glmlr.two_way_table(data, response, first, second, **options)


def grid(table: glmlr.Table, column: str) -> np.ndarray[Any, Any]:
    """Give a column of the cells as a matrix, first by second."""
    cells = table.frame.iloc[:-1]
    return cells[column].to_numpy(dtype=float).reshape(cells["first"].nunique(), -1)


# ------------------------------------------------------------------------------------------------ witnesses


@pytest.mark.parametrize("case", CASES)
def test_cells_and_the_test_of_interaction_are_those_of_r(case: str) -> None:
    table, witness = table_of(case), WITNESS["two_way"][case]
    if case == "checks_colour":
        cells = {
            (str(a), str(b)): (n, e, x)
            for a, b, n, e, x in zip(*(witness[key] for key in ("a", "b", "n", "events", "expected")), strict=True)
        }
        mine = table.frame.iloc[:-1].set_index(["first", "second"])
        assert set(mine.index) == set(cells)
        for key, (n, events, expected) in cells.items():
            same(mine.loc[key, ["n", "events", "expected_events"]], [n, events, expected], 1e-8)
    else:
        for column, key in (("n", "n"), ("events", "events"), ("expected_events", "expected")):
            same(grid(table, column).T.ravel(), witness[key], 1e-8)
    test = table.tables[1].frame.iloc[0]
    same([test["statistic"], test["df"], test["p_value"]], [witness["lr"], witness["df"], witness["p"]], 1e-8)
    common = table.tables[0].frame.set_index("within").loc["additive logit"]
    same([common["log_odds_ratio"], common["std_error"]], [witness["effect"], witness["error"]], 1e-7)


@pytest.mark.parametrize("case", ["age_smoke", "race_smoke", "checks_colour"])
def test_mantel_and_haenszel_are_those_of_r(case: str) -> None:
    table = glmlr.two_way_table(BIRTHS, "low", "race", "smoke") if case == "race_smoke" else table_of(case)
    witness = WITNESS["mh"][case]
    common = table.tables[0]["Mantel-Haenszel"]
    same(common[["odds_ratio", "low", "high"]], [witness["ratio"], witness["low"], witness["high"]], 1e-9)
    test = table.tables[1]["No association, Mantel-Haenszel"]
    same(test[["statistic", "p_value"]], [witness["chi2"], witness["p"]], 1e-9)


@pytest.mark.parametrize("case", CASES)
def test_breslow_day_and_tarone_are_those_of_statsmodels(case: str) -> None:
    from statsmodels.stats.contingency_tables import StratifiedTable

    table = table_of(case)
    events, others = grid(table, "events"), grid(table, "n") - grid(table, "events")
    strata = [np.array([[e[1], f[1]], [e[0], f[0]]]) for e, f in zip(events, others, strict=True)]
    strata = [one for one in strata if (one.sum(axis=0) > 0).all() and (one.sum(axis=1) > 0).all()]
    witness = StratifiedTable(strata)
    tests = table.tables[1].frame.set_index("test")
    plain, tarone = witness.test_equal_odds(), witness.test_equal_odds(adjust=True)
    same(tests.loc["One odds ratio, Breslow-Day", ["statistic", "p_value"]], [plain.statistic, plain.pvalue], 1e-7)
    adjusted = tests.loc["One odds ratio, Breslow-Day with Tarone's correction", ["statistic", "p_value"]]
    same(adjusted, [tarone.statistic, tarone.pvalue], 1e-7)
    assert (tests["df"].iloc[1:3] == len(strata) - 1).all()
    common = table.tables[0]["Mantel-Haenszel"]
    same(common["log_odds_ratio"], witness.logodds_pooled)
    same(common["std_error"], witness.logodds_pooled_se)


def test_odds_ratios_within_levels_are_counted_by_hand() -> None:
    """Births of white mothers: 19 of 52 who smoke are low, 4 of 44 who do not."""
    table = glmlr.two_way_table(BIRTHS, "low", "race", "smoke")
    row = table.tables[0].frame.set_index("within").loc["white"]
    log_ratio, error = np.log(19 * 40 / (33 * 4)), np.sqrt(1 / 19 + 1 / 33 + 1 / 4 + 1 / 40)
    half = norm.ppf(0.975) * error
    same(row[["odds_ratio", "low", "high"]].astype(float), np.exp([log_ratio, log_ratio - half, log_ratio + half]))
    same(row["p_value"], 2 * norm.sf(log_ratio / error))
    cell = table.frame.iloc[5]
    assert cell[["first", "second", "n", "events"]].tolist() == ["white", "1", 52, 19]
    same([cell["log_odds"], cell["std_error"]], [np.log(19 / 33), np.sqrt(1 / 19 + 1 / 33)])
    same(table.frame.iloc[-1][["n", "events"]].astype(float), [189, 59])


def test_pairs_are_screened_as_their_tables_test_them() -> None:
    names = ["age", "race", "smoke", "ptl"]
    screened = glmlr.screen_interactions(BIRTHS, "low", names)
    assert len(screened) == 6
    p = []
    for row in screened.frame.itertuples():
        bins = {name: 4 for name in (row.first, row.second) if name == "age"} or None
        test = glmlr.two_way_table(BIRTHS, "low", row.first, row.second, bins=bins).tables[1].frame.iloc[0]
        same([row.statistic, row.df, row.p_value], test[["statistic", "df", "p_value"]].astype(float), 1e-9)
        p.append(row.p_value)
    assert p == sorted(p)
    assert screened["p_adjusted"][0] == pytest.approx(min(6 * p[0], 1))


def test_an_interaction_is_found_among_noise() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.normal(size=(4000, 5)), columns=list("abcde"))
    eta = 0.3 * data["a"] + 0.8 * data["b"] * data["d"]
    data["y"] = (rng.random(4000) < 1 / (1 + np.exp(-eta))).astype(int)
    table = glmlr.screen_interactions(data, "y")
    assert table.frame.loc[0, ["first", "second"]].tolist() == ["b", "d"]
    assert table["p_adjusted"][0] < 1e-20
    assert (table["p_adjusted"][1:] > 0.05).all()


# ------------------------------------------------------------------------------------------------ of a fit


def test_of_a_fit_it_shows_what_the_model_expects() -> None:
    fit = glmlr.fit("low ~ lwt + C(race) + smoke + ht", BIRTHS)
    table = fit.two_way_table("race", "smoke")
    p = np.asarray(fit.probabilities)
    for row in table.frame.iloc[:-1].itertuples():
        inside = (BIRTHS["race"] == row.first) & (BIRTHS["smoke"].astype(str) == row.second)
        same(row.model_events, p[inside].sum(), 1e-9)
    # Of a logit with race and smoke the gaps add up to 0 along each margin.
    gaps = grid(table, "events") - grid(table, "model_events")
    same(gaps.sum(axis=0), 0, atol=1e-8)
    same(gaps.sum(axis=1), 0, atol=1e-8)
    # z is the signed root of the score test of the cell's own column, which for a near model its likelihood ratio is.
    cell = BIRTHS.assign(w=((BIRTHS["race"] == "white") & (BIRTHS["smoke"] == 1)).astype(int))
    larger = glmlr.fit("low ~ lwt + C(race) + smoke + ht + w", cell)
    same(table["z"][5] ** 2, 2 * (larger.loglik - fit.loglik), 0.05)


def test_of_a_fit_with_the_interaction_cells_have_no_z() -> None:
    table = glmlr.fit("low ~ C(race) * smoke", BIRTHS).two_way_table("race", "smoke")
    assert table["z"].isna().all()
    same(grid(table, "events"), grid(table, "model_events"), 1e-8)


def test_collapsed_rows_expect_the_same() -> None:
    data = ARRESTS.assign(o=0.0)
    formula = "released ~ colour + checks + sex"
    data = pd.concat([data] * 2, ignore_index=True)
    one = glmlr.fit(formula, data, event="Yes")
    other = glmlr.fit(formula, data, event="Yes", offset="o")
    assert one.design.patterns is not None
    same(
        one.two_way_table("checks", "colour").frame[["model_events", "z"]],
        other.two_way_table("checks", "colour").frame[["model_events", "z"]],
        1e-7,
    )


def test_a_separated_fit_shows_the_cells_without_its_own() -> None:
    data = BIRTHS.assign(s=BIRTHS["low"] * BIRTHS["smoke"])
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("low ~ race + s", data)
    table = fit.two_way_table("race", "s")
    assert "model_events" not in table.frame
    assert any("separation" in note for note in table.notes)


# ------------------------------------------------------------------------------------------------ laws and edges


@pytest.mark.parametrize(("first", "second"), [("age", "smoke"), ("race", "ht"), ("lwt", "ptl")])
def test_a_frequency_is_a_row_repeated(first: str, second: str) -> None:
    repeated = BIRTHS.loc[BIRTHS.index.repeat(TIMES)].sample(frac=1, random_state=2)
    one = glmlr.two_way_table(BIRTHS, "low", first, second, freq_weights=TIMES)
    other = glmlr.two_way_table(repeated, "low", first, second)
    for mine, theirs in zip((one, *one.tables), (other, *other.tables), strict=True):
        pd.testing.assert_frame_equal(mine.frame, theirs.frame, rtol=1e-9)


def test_the_other_event_turns_the_signs() -> None:
    one, other = (glmlr.two_way_table(BIRTHS, "low", "race", "smoke", event=event) for event in (1, 0))
    same(grid(other, "log_odds"), -grid(one, "log_odds"))
    same(other.tables[1]["statistic"], one.tables[1]["statistic"], 1e-8)
    same(other.tables[0]["log_odds_ratio"], -one.tables[0]["log_odds_ratio"], 1e-8)


def test_the_test_of_interaction_does_not_ask_which_comes_first() -> None:
    one, other = glmlr.two_way_table(BIRTHS, "low", "age", "race"), glmlr.two_way_table(BIRTHS, "low", "race", "age")
    same(other.tables[1]["statistic"], one.tables[1]["statistic"], 1e-9)
    same(grid(other, "expected_events").T, grid(one, "expected_events"), 1e-9)


def test_counts_are_rows() -> None:
    counts = BIRTHS.groupby(["race", "smoke"], as_index=False).agg(bad=("low", "sum"), n=("low", "size"))
    counts["good"] = counts["n"] - counts["bad"]
    one = glmlr.two_way_table(counts, "bad + good", "race", "smoke")
    same(grid(one, "log_odds"), grid(glmlr.two_way_table(BIRTHS, "low", "race", "smoke"), "log_odds"))


def test_missing_values_are_a_level_of_their_own() -> None:
    table = glmlr.two_way_table(TITANIC, "survived", "age", "sex", bins=[0, 15, 30, 100])
    missing = table.frame[table.frame["first"] == "Missing"]
    assert missing["n"].sum() == TITANIC["age"].isna().sum() == 263
    assert any("Rows without a value are a level of their own" in note for note in table.notes)
    # Two levels and the missing ones are three: there are no 2 x 2 tables.
    half = TITANIC.assign(sex=TITANIC["sex"].where(TITANIC.index % 9 != 0))
    other = glmlr.two_way_table(half, "survived", "passengerClass", "sex")
    assert len(other.tables[1]) == 1


def test_a_cell_of_zero_is_corrected_and_an_empty_one_is_said_to_be() -> None:
    table = glmlr.two_way_table(BIRTHS, "low", "ptl", "ht")
    frame = table.frame.set_index(["first", "second"])
    assert (frame["n"] == 0).tolist() == (frame["note"] == "no rows").tolist()
    assert (frame["n"] == 0).any()
    assert frame.loc[frame["note"] == "no rows", ["log_odds", "rate", "expected_events"]].isna().all(axis=None)
    corrected = frame[frame["note"] == "+1/2"]
    assert len(corrected)
    first = corrected.iloc[0]
    same(first["log_odds"], np.log((first["events"] + 0.5) / (first["n"] - first["events"] + 0.5)))
    assert any("rough" in note for note in table.notes)


def test_cells_that_are_fitted_perfectly_are_not_counted() -> None:
    """Level c of the first has no event: its cells say nothing of an interaction."""
    rows = [("a", 0, 5, 9), ("a", 1, 7, 4), ("b", 0, 6, 3), ("b", 1, 2, 8), ("c", 0, 0, 4), ("c", 1, 0, 6)]
    data = pd.DataFrame(rows, columns=["first", "second", "bad", "good"])
    test = glmlr.two_way_table(data, "bad + good", "first", "second").tables[1].frame.iloc[0]
    without = glmlr.two_way_table(data.iloc[:4], "bad + good", "first", "second").tables[1].frame.iloc[0]
    assert test["df"] == 1
    same(test[["statistic", "p_value"]].astype(float), without[["statistic", "p_value"]].astype(float), 1e-8)
    perfect = pd.DataFrame({"u": [0, 0, 1, 1], "v": [0, 1, 0, 1], "bad": [0, 0, 4, 5], "good": [3, 6, 0, 0]})
    none = glmlr.two_way_table(perfect, "bad + good", "u", "v")
    assert none.tables[1]["df"][0] == 0
    assert np.isnan(none.tables[1]["statistic"][0])


def test_lines_stand_side_by_side_at_their_log_odds() -> None:
    chart = glmlr.two_way_table(ARRESTS, "released", "checks", "colour", event="Yes").chart("interaction")
    black, white = (one for one in chart.series if one.kind == "line")
    data = ARRESTS.assign(y=ARRESTS["released"] == "Yes").groupby(["checks", "colour"])["y"].mean().unstack()
    same(black.y, logit(data["Black"].to_numpy()))
    same(white.y[:6], logit(data["White"].to_numpy())[:6])
    assert (np.abs(white.x - black.x) < 0.1).all()
    named = glmlr.two_way_table(TITANIC, "survived", "sex", "passengerClass").chart("interaction")
    assert named.x.categories == ("female", "male")
    assert "1st" in named.series[0].name


def test_more_lines_than_can_be_told_apart_are_not_drawn() -> None:
    assert not glmlr.two_way_table(BIRTHS, "low", "smoke", "age", bins=8).charts
    assert glmlr.two_way_table(BIRTHS, "low", "age", "smoke", bins=8).charts


@pytest.mark.parametrize("text", ["__str__", "to_markdown", "to_html", "to_latex"])
def test_every_format_prints_it(text: str) -> None:
    table = glmlr.fit("low ~ age + smoke", BIRTHS).two_way_table("age", "smoke")
    for one in (table, *table.tables):
        assert "age" in getattr(one, text)()
    assert table.chart().to_svg().lstrip().startswith("<svg")


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("arguments", "options", "error", "says"),
    [
        (("low", "age", "age"), {}, OptionError, "both name 'age'"),
        (("low", "age", "smok"), {}, DataError, "did you mean 'smoke'?"),
        (("race", "age", "smoke"), {}, ResponseError, "race"),
        (("low", "race", "smoke"), {"bins": {"race": 3}}, OptionError, "'race', which is not a predictor that is cut"),
        (("low", "age", "smoke"), {"bins": 0}, OptionError, "bins=0"),
        (("low", "age", "smoke"), {"level": 2}, OptionError, "level=2"),
        (("low", "bwt", "lwt"), {"bins": 80}, DataError, "cells; give bins=, or pool levels"),
    ],
)
def test_what_cannot_be(arguments: tuple[str, ...], options: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=re.escape(says)):
        glmlr.two_way_table(BIRTHS, *arguments, **options)


def test_bins_without_a_number_to_cut() -> None:
    with pytest.raises(OptionError, match="neither 'race' nor 'colour' is one"):
        glmlr.two_way_table(BIRTHS.assign(colour=BIRTHS["race"].str[:1]), "low", "race", "colour", bins=3)


def test_refusals_of_a_fit_and_of_a_screening(tmp_path: Path) -> None:
    fit = glmlr.fit("low ~ age + smoke", BIRTHS)
    with pytest.raises(OptionError, match="does not read the column 'race'; it reads 'age', 'smoke'"):
        fit.two_way_table("age", "race")
    with pytest.raises(ArgumentError, match=r"call fit\.two_way_table\(first, second\)"):
        glmlr.two_way_table(fit, "low", "age", "smoke")
    with pytest.raises(ArgumentError, match=r"two_way_table\(\) has no argument 'bin'"):
        fit.two_way_table("age", "smoke", bin=3)
    with pytest.raises(NotApplicable, match="not two predictors"):
        glmlr.fit("low ~ age", BIRTHS).screen_interactions()
    with pytest.raises(OptionError, match="takes a number of bins, not edges"):
        fit.screen_interactions(bins=[1, 2, 3])
    for at in range(2):
        BIRTHS[at::2].to_parquet(tmp_path / f"{at}.parquet")
    parts = glmlr.fit("low ~ age + smoke", str(tmp_path / "*.parquet"))
    with pytest.raises(NotApplicable, match="read in parts"):
        parts.screen_interactions()
    with pytest.raises(NotApplicable, match="read in parts"):
        parts.two_way_table("age", "smoke")


def test_a_screening_says_what_it_leaves_out() -> None:
    data = BIRTHS.assign(one=1, many=np.arange(len(BIRTHS)).astype(str), day=pd.Timestamp("2020-01-01"))
    notes = " ".join(glmlr.screen_interactions(data, "low").notes)
    assert "one has one value only" in notes
    assert "many has 189 levels" in notes
    assert "'day' holds dates" in notes
    with pytest.raises(DataError, match="holds dates"):
        glmlr.screen_interactions(data, "low", ["age", "day"])


@pytest.mark.slow
def test_the_p_of_a_screening_is_uniform_without_interaction() -> None:
    """200 tables of an additive model: 5 % are below 5 %, within 4 standard errors."""
    rng = np.random.default_rng(8)
    first, second = rng.integers(0, 3, 800), rng.integers(0, 2, 800)
    probability = 1 / (1 + np.exp(0.5 - 0.4 * first - 0.6 * second))
    below = []
    for _ in range(200):
        y = (rng.random(800) < probability).astype(int)
        table = glmlr.two_way_table({"y": y, "a": first, "b": second}, "y", "a", "b")
        below.append(table.tables[1]["p_value"][0] < 0.05)
    assert abs(np.mean(below) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 200)
