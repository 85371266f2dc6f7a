"""Do the tables of one predictor alone say what the source documents, R and the definitions say?"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from witnesses import read_data, read_witness

import glmlr
from glmlr.binning import METHODS
from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError, ResponseError, WeightError
from glmlr.exhibits import Table
from glmlr.statistics.log_odds import log_odds_table
from glmlr.statistics.screening import screen

LN10 = math.log(10)


def rows(table: Table) -> pd.DataFrame:
    """The table without its total, by level."""
    return table.frame.iloc[:-1].set_index("level")


def close(actual: Any, expected: Any, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(
        np.asarray(actual, dtype=float), np.asarray(expected, dtype=float), rtol=rtol, atol=1e-12
    )


def same(one: Table, other: Table, rtol: float = 0.0) -> None:
    """Every value of two tables and of their companions is the same."""
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=rtol == 0, rtol=rtol or 1e-5, atol=rtol)
    assert len(one.tables) == len(other.tables)
    for mine, theirs in zip(one.tables, other.tables, strict=True):
        same(mine, theirs, rtol)


# ----------------------------------------------------------------------------------------- the source document's tables

#: As printed: N, ones, zeros, P(1), P(0), odds, log10 odds.
VESSELS = {
    "0": (175, 134, 41, 0.7657, 0.2343, 3.2683, 0.5143),
    "1": (65, 21, 44, 0.3231, 0.6769, 0.4773, -0.3212),
    "2": (38, 7, 31, 0.1842, 0.8158, 0.2258, -0.6463),
    "3": (20, 3, 17, 0.1500, 0.8500, 0.1765, -0.7533),
    "4": (5, 4, 1, 0.8000, 0.2000, 4.0000, 0.6021),
}
AGES = {
    "30-40": (16, 11, 5, 0.6875, 0.3125, 2.2000, 0.3424),
    "40-50": (72, 50, 22, 0.6944, 0.3056, 2.2727, 0.3565),
    "50-60": (125, 65, 60, 0.5200, 0.4800, 1.0833, 0.0348),
    "60-70": (80, 32, 48, 0.4000, 0.6000, 0.6667, -0.1761),
    "70+": (10, 6, 4, 0.6000, 0.4000, 1.5000, 0.1761),
}


@pytest.mark.parametrize(
    ("name", "predictor", "printed", "total"),
    [("heart_vessels", "ca", VESSELS, (303, 169, 134)), ("heart_age", "age", AGES, (303, 164, 139))],
)
def test_the_tables_of_the_source_document(
    name: str, predictor: str, printed: dict[str, tuple[float, ...]], total: tuple[int, ...]
) -> None:
    """Every printed figure, to its four decimals; totals added by hand (the text's own do not add up)."""
    table = log_odds_table(read_data(name), "disease + no_disease", predictor, log_base=10)
    found = rows(table)
    assert list(found.index) == list(printed)
    columns = ["n", "events", "nonevents", "rate", "nonevent_rate", "odds", "log_odds"]
    # The text cuts some of its figures instead of rounding them (0.8158 is 31/38 rounded, 0.3424 is rounded too).
    np.testing.assert_allclose(found[columns].to_numpy(dtype=float), np.array(list(printed.values())), atol=6e-5)
    assert tuple(table["Total"][["n", "events", "nonevents"]]) == total
    assert table.heading("log_odds") == "Log-odds (base 10)"
    assert table.emphasis == (5,)


def test_natural_logs_are_the_default_and_named() -> None:
    """Closed form: ln(134 / 41), sqrt(1 / 134 + 1 / 41); base 10 divides both by ln 10."""
    data = read_data("heart_vessels")
    natural = log_odds_table(data, "disease + no_disease", "ca")
    assert natural.heading("log_odds") == "Log-odds (natural)"
    close(natural["0"]["log_odds"], math.log(134 / 41))
    close(natural["0"]["std_error"], math.sqrt(1 / 134 + 1 / 41))
    for base in (10, "10"):
        ten = log_odds_table(data, "disease + no_disease", "ca", log_base=base)
        for column in ("log_odds", "std_error", "log_odds_low", "log_odds_high"):
            close(ten[column], natural[column] / LN10)
        for column in ("woe", "iv", "odds", "low"):
            close(ten[column], natural[column])
    same(natural, log_odds_table(data, "disease + no_disease", "ca", log_base="e"))


def test_the_intervals_of_the_rates_are_wilson() -> None:
    """R: Hmisc::binconf(c(134, 21, 7), c(175, 65, 38), method = "wilson"); of the total too."""
    table = log_odds_table(read_data("heart_vessels"), "disease + no_disease", "ca")
    low = [0.6976694889938984, 0.2220388906030560, 0.0922176518522127]
    high = [0.822344162277206, 0.443860112788109, 0.334188580711314]
    close(table["low"].iloc[:3], low)
    close(table["high"].iloc[:3], high)
    close(table["Total"][["low", "high"]], [0.5014575203093761, 0.612607900101927])


# ------------------------------------------------------------------------------------------------------------ the lines


def lines(table: Table) -> pd.DataFrame:
    return table.tables[0].frame.set_index("line")


@pytest.mark.parametrize(
    ("name", "predictor", "least", "likely", "lack"),
    [
        (
            "heart_vessels",
            "ca",
            (0.908761373922803, 0.165781322518289, -0.954586968008068, 0.143655708585561),
            (0.906975906932919, 0.157222177902112, -0.963174657551619, 0.149084911730805),
            (25.4720598036183, 1.23006434956174e-05),
        ),
        (
            "heart_age",
            "age",
            (1.414220628668865, 0.415258779282953, -0.416833070695794, 0.131556099591605),
            (1.427029306870931, 0.414407797223045, -0.420207495245818, 0.131668973099737),
            (4.472924126692774, 0.214718145759048),
        ),
    ],
)
def test_both_lines_are_those_of_r(
    name: str, predictor: str, least: tuple[float, ...], likely: tuple[float, ...], lack: tuple[float, float]
) -> None:
    """R: lm(log(e/f) ~ x, weights = 1/(1/e + 1/f)) with standard errors at dispersion 1, its weighted sum of squared
    residuals and pchisq(, 3, lower = FALSE); glm(cbind(e, f) ~ x, binomial). "70+" puts the ages at 1, 2, ..."""
    found = lines(log_odds_table(read_data(name), "disease + no_disease", predictor))
    columns = ["intercept", "intercept_std_error", "slope", "std_error"]
    close(found.loc["Weighted least squares", columns], least)
    close(found.loc["Maximum likelihood", columns], likely, 1e-8)
    close(found.loc["Weighted least squares", ["lack_of_fit", "lack_p_value"]], lack, 1e-8)
    assert found.loc["Weighted least squares", "df"] == 3


def test_a_line_through_bins_stands_at_their_means_and_the_other_at_the_values(birthwt: pd.DataFrame) -> None:
    """R: the same calls with x the means of the five quantile bins; glm(low ~ lwt, binomial) on the 189 rows."""
    table = log_odds_table(birthwt, "low", "lwt", bins=5)
    found = lines(table)
    columns = ["intercept", "intercept_std_error", "slope", "std_error"]
    least = [0.9895683583909083, 0.78065861056738584, -0.0137510717945909, 0.00599891075363827]
    likely = [0.9983143235083667, 0.78529092107412035, -0.0140582611614645, 0.00616958841717391]
    close(found.loc["Weighted least squares", columns], least)
    close(found.loc["Maximum likelihood", columns], likely, 1e-8)
    close(found.loc["Maximum likelihood", ["z", "p_value"]], [-2.27863841327428, 0.0226885685080491], 1e-7)


def test_base_10_lines_are_the_natural_ones_over_ln_10(birthwt: pd.DataFrame) -> None:
    one = lines(log_odds_table(birthwt, "low", "lwt"))
    ten = lines(log_odds_table(birthwt, "low", "lwt", log_base=10))
    for column in ("intercept", "intercept_std_error", "slope", "std_error"):
        close(ten[column], one[column] / LN10)
    for column in ("z", "p_value", "lack_of_fit"):
        close(ten[column], one[column])


def test_stated_positions_put_an_open_interval_on_the_scale() -> None:
    """R: the same lm at 35, 45, 55, 65, 75: slope -0.0416833070695794, a tenth of that per level."""
    data = read_data("heart_age")
    found = lines(log_odds_table(data, "disease + no_disease", "age", positions={"70+": 75}))
    close(found.loc["Weighted least squares", ["intercept", "slope"]], [2.4563033054083507, -0.0416833070695794])


def test_two_levels_have_one_line_and_no_lack_of_fit(birthwt: pd.DataFrame) -> None:
    """Closed form: the slope is the log odds ratio ln(30 * 86 / (44 * 29)), its error root of the sum of 1/count."""
    table = log_odds_table(birthwt, "low", "smoke")
    found = lines(table)
    for line in found.index:
        close(found.loc[line, "slope"], math.log(30 * 86 / (44 * 29)), 1e-8)
        close(found.loc[line, "std_error"], math.sqrt(1 / 30 + 1 / 86 + 1 / 44 + 1 / 29), 1e-8)
    assert "lack_of_fit" not in table.tables[0].roles


def test_an_unordered_predictor_has_a_chart_and_no_line(birthwt: pd.DataFrame) -> None:
    table = log_odds_table(birthwt, "low", "race")
    assert [part.key for part in table.tables] == ["log_odds_neighbours", "log_odds_summary"]
    assert table.chart("log_odds").y.categories == ("black", "other", "white")
    assert [series.kind for series in table.chart().series] == ["reference", "intervals"]


def test_the_chart_draws_both_lines_through_the_bins(birthwt: pd.DataFrame) -> None:
    table = log_odds_table(birthwt, "low", "lwt", bins=5, log_base=10)
    _, bins, least, likely = table.chart().series
    close(bins.x, rows(table)["position"])
    close(bins.y, rows(table)["log_odds"])
    found = lines(table)
    for drawn, name in ((least, "Weighted least squares"), (likely, "Maximum likelihood")):
        close(drawn.y, found.loc[name, "intercept"] + found.loc[name, "slope"] * drawn.x)


def test_a_value_that_separates_gives_an_infinite_slope_with_the_reason() -> None:
    data = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1], "x": [1.0, 2, 3, 3, 4, 5]})
    table = log_odds_table(data, "y", "x")
    found = lines(table)
    assert found.loc["Maximum likelihood", "slope"] == math.inf
    assert found.loc["Maximum likelihood", "intercept"] == -math.inf
    assert math.isfinite(found.loc["Weighted least squares", "slope"])
    assert any("separates" in note for note in table.tables[0].notes)
    swapped = lines(log_odds_table(data, "y", "x", event=0))
    assert swapped.loc["Maximum likelihood", "slope"] == -math.inf


# ------------------------------------------------------------------------------------------------------- WoE, IV, zeros


def test_weight_of_evidence_and_information_value(birthwt: pd.DataFrame) -> None:
    """R: r <- table(race, low); pe, pn the columns' shares; log(pe / pn); (pe - pn) * log(pe / pn)."""
    table = log_odds_table(birthwt, "low", "race")
    close(rows(table)["woe"], [0.479842078246023, 0.271203213134695, -0.364968218669378])
    close(rows(table)["iv"], [0.0340956887410799, 0.0272971161069081, 0.0626679457610914])
    close(table["Total"][["woe", "iv"]], [0.0, 0.124060750609079])


def test_a_cell_of_zero_takes_a_half_in_its_own_row_only() -> None:
    """By hand: a 3/0, b 2/4, c 0/5; a's log-odds ln(3.5 / 0.5), c's ln(0.5 / 5.5), b's ln(2 / 4) as it is."""
    data = pd.DataFrame({"x": ["a", "b", "c"], "e": [3, 2, 0], "f": [0, 4, 5]})
    table = log_odds_table(data, "e + f", "x")
    close(rows(table)["log_odds"], [math.log(7), math.log(0.5), math.log(1 / 11)])
    close(rows(table)["std_error"], [math.sqrt(1 / 3.5 + 2), math.sqrt(1 / 2 + 1 / 4), math.sqrt(2 + 1 / 5.5)])
    assert rows(table)["odds"].tolist() == [math.inf, 0.5, 0.0]
    assert rows(table)["rate"].tolist() == [1.0, 1 / 3, 0.0]
    assert rows(table)["events"].tolist() == [3, 2, 0]
    close(
        rows(table)["woe"],
        [math.log((3.5 / 5) / (0.5 / 9)), math.log((2 / 5) / (4 / 9)), math.log((0.5 / 5) / (5.5 / 9))],
    )
    close(rows(table)["iv"].iloc[0], (3.5 / 5 - 0.5 / 9) * math.log((3.5 / 5) / (0.5 / 9)))
    assert rows(table)["note"].tolist() == ["+1/2", "", "+1/2"]
    assert "note" in table.roles
    assert any("no event or no non-event in a, c" in note for note in table.notes)


# -------------------------------------------------------------------------------------------------------- missing, bins


def test_missing_values_have_a_row_of_their_own(titanic: pd.DataFrame) -> None:
    """R: table(cut(age, c(0, 10, 30, 50)), survived, useNA = "a"), 95 ages above 50; tapply(age, cut(...), mean)."""
    table = log_odds_table(titanic, "survived", "age", bins=[0, 10, 30, 50], closed="right")
    found = rows(table)
    assert list(found.index) == ["(0, 10]", "(10, 30]", "(30, 50]", "> 50", "Missing"]
    assert found["events"].tolist() == [50, 198, 141, 38, 73]
    assert found["nonevents"].tolist() == [36, 325, 201, 57, 190]
    close(found["position"].iloc[:3], [4.30426395355814, 22.83365200764818, 39.07602339181287])
    assert math.isnan(found["position"].iloc[-1])
    assert table["Total"]["n"] == 1309
    close(found["share"].sum(), 1.0)


def test_values_outside_the_edges_do_not_vanish(titanic: pd.DataFrame) -> None:
    """R: table(cut(age, c(1, 10, 30, 80), right = FALSE), survived), and the same of age < 1 and of age >= 80."""
    found = rows(log_odds_table(titanic, "survived", "age", bins=[1, 10, 30, 80]))
    assert list(found.index) == ["< 1", "[1, 10)", "[10, 30)", "[30, 80)", ">= 80", "Missing"]
    assert found["events"].tolist() == [10, 40, 183, 193, 1, 73]
    assert found["nonevents"].tolist() == [2, 30, 304, 283, 0, 190]


def test_empty_bins_are_shown(birthwt: pd.DataFrame) -> None:
    """R: table(cut(age, c(0, 10, 20, 50, 90), right = FALSE)): 0, 51, 138, 0."""
    table = log_odds_table(birthwt, "low", "age", bins=[0, 10, 20, 50, 90])
    found = rows(table)
    assert found["n"].tolist() == [0, 51, 138, 0]
    assert found["note"].tolist() == ["no rows", "", "", "no rows"]
    assert found[["log_odds", "std_error", "rate", "low", "woe"]].iloc[0].isna().all()
    close(table["Total"]["iv"], found["iv"].sum())
    assert any("2 of the 4 bins are empty" in note for note in table.notes)


def test_a_number_with_few_values_is_shown_value_by_value_unless_bins_are_asked_for(birthwt: pd.DataFrame) -> None:
    assert list(rows(log_odds_table(birthwt, "low", "ftv")).index) == ["0", "1", "2", "3", "4", "6"]
    assert list(rows(log_odds_table(birthwt, "low", "ftv", bins=[0, 1, 7])).index) == ["[0, 1)", "[1, 7)"]
    assert len(rows(log_odds_table(birthwt, "low", "ftv", method="width", bins=3))) == 3


def test_ten_bins_where_both_outcomes_are_many_else_five(arrests: pd.DataFrame, birthwt: pd.DataFrame) -> None:
    """892 held of 5,226 arrests, 59 events of 189 births (counted)."""
    assert len(rows(log_odds_table(birthwt, "low", "lwt"))) == 5
    assert len(rows(log_odds_table(arrests, "released", "age", method="quantile"))) == 10
    few = log_odds_table(birthwt, "low", "ftv", bins=10)
    assert any("10 bins were wanted" in note for note in few.notes)


def test_infinite_values_have_rows_of_their_own_and_no_part_in_the_lines() -> None:
    data = pd.DataFrame({"x": [-np.inf, *range(1, 21), np.inf], "y": [1, *np.resize([0, 1, 1], 20), 0]})
    table = log_odds_table(data, "y", "x", bins=4)
    assert table["level"].iloc[0] == "-∞"
    assert table["level"].iloc[-2] == "∞"
    assert rows(table)["n"].tolist() == [1, 5, 5, 5, 5, 1]
    finite = log_odds_table(data.iloc[1:-1], "y", "x", bins=4)
    same(table.tables[0], finite.tables[0])


def test_a_predictor_that_is_all_missing_is_one_row() -> None:
    for values in ([None] * 4, [np.nan] * 4, pd.Series([None] * 4, dtype="string")):
        data = pd.DataFrame({"x": values, "y": [0, 1, 1, 0]})
        table = log_odds_table(data, "y", "x")
        assert list(table["level"]) == ["Missing", "Total"]
        assert any("Every value of x is missing" in note for note in table.notes)
        assert table.tables == ()
        assert len(str(table)) > 0


def test_a_constant_predictor_is_one_row_without_a_line() -> None:
    table = log_odds_table({"x": [7.5] * 6, "y": [0, 1, 1, 0, 1, 1]}, "y", "x")
    assert list(table["level"]) == ["7.5", "Total"]
    assert table.tables == ()
    assert log_odds_table({"x": [7.5] * 6, "y": [0, 1, 1, 0, 1, 1]}, "y", "x", bins=3)["7.5"]["n"] == 6


def test_levels_named_like_our_rows_stay_apart() -> None:
    table = log_odds_table({"x": ["Missing", "Total", None, "Missing"], "y": [0, 1, 1, 1]}, "y", "x")
    assert len(set(table["level"])) == 4
    assert table["Missing"]["n"] == 2


# --------------------------------------------------------------------------------------------------- kinds of predictor


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (["10-20", "5-10", "20+", "5-10"], ["5-10", "10-20", "20+"]),
        (["10", "9", "100", "9"], ["9", "10", "100"]),
        (["(10, 20]", "(-inf, 10]", "(20, inf]", "(10, 20]"], ["(-inf, 10]", "(10, 20]", "(20, inf]"]),
        ([True, False, True, True], ["False", "True"]),
        (pd.Categorical(list("bbac"), categories=["c", "a", "b"]), ["c", "a", "b"]),
        (pd.Categorical(list("bbac"), categories=["c", "a", "b"], ordered=True), ["c", "a", "b"]),
        (pd.array([True, None, False, True], dtype="boolean"), ["False", "True", "Missing"]),
        (pd.array([3, None, 1, 3], dtype="Int64"), ["1", "3", "Missing"]),
        (pd.cut(pd.Series([1, 5, 9, 2]), [0, 4, 10]), ["(0, 4]", "(4, 10]"]),
        ([1, "a", 2.5, None], ["1", "2.5", "a", "Missing"]),
        ([" ", "a", "b", "a"], ["' '", "a", "b"]),
    ],
)
def test_levels_come_in_the_order_a_reader_expects(values: Any, levels: list[str]) -> None:
    data = pd.DataFrame({"x": values, "y": [0, 1, 1, 0]})
    assert list(rows(log_odds_table(data, "y", "x")).index) == levels


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (["10-20", "5-10", "20-30"], [7.5, 15, 25]),
        (["2", "1", "4"], [1, 2, 4]),
        (["-5--1", "-1-3", "3-7"], [-3, 1, 5]),
        (["10 to 20", "0 to 10", "20 to 40"], [5, 15, 30]),
        (pd.Categorical(["low", "mid", "high"], categories=["low", "mid", "high"], ordered=True), [1, 2, 3]),
        ([">= 70", "< 30", "30-70"], [1, 2, 3]),
    ],
)
def test_ordered_levels_stand_at_their_value_middle_or_rank(values: Any, places: list[float]) -> None:
    data = pd.DataFrame({"x": values, "e": [1, 2, 3], "f": [4, 2, 1]})
    assert log_odds_table(data, "e + f", "x").frame["position"].tolist()[:-1] == places


def test_unused_levels_are_left_out_and_named() -> None:
    data = pd.DataFrame({"x": pd.Categorical(list("aabb"), categories=["a", "b", "z"]), "y": [0, 1, 1, 0]})
    table = log_odds_table(data, "y", "x")
    assert list(rows(table).index) == ["a", "b"]
    assert any("without rows left out: z" in note for note in table.notes)


def test_many_levels_are_all_shown_without_a_chart() -> None:
    data = pd.DataFrame({"x": [f"town {i}" for i in range(100)], "y": np.resize([0, 1], 100)})
    table = log_odds_table(data, "y", "x")
    assert len(table) == 101
    assert table.charts == ()
    assert any("100 levels" in note for note in table.notes)


# ----------------------------------------------------------------------------------------------------------------- laws

kinds = st.sampled_from(["number", "few", "text"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), kinds, st.sampled_from([*METHODS, None]))
def test_weights_are_repeated_rows_and_order_does_not_matter(seed: int, kind: str, method: Any) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    x: Any = {"number": rng.normal(size=n).round(2), "few": rng.integers(0, 4, n), "text": rng.choice(list("abc"), n)}
    data = pd.DataFrame({"x": x[kind], "y": np.r_[0, 1, rng.integers(0, 2, n - 2)]})
    data["x"] = data["x"].where(rng.random(n) > 0.1)
    times = rng.integers(0, 4, n)
    times[:2] = 1
    options: Any = {} if kind == "text" else {"method": method}
    repeated = data.loc[data.index.repeat(times)].sample(frac=1.0, random_state=seed)
    weighted = log_odds_table(data.assign(w=times), "y", "x", freq_weights="w", **options)
    same(weighted, log_odds_table(repeated, "y", "x", **options))
    assert weighted["Total"]["n"] == times.sum()


def test_swapping_the_event_flips_signs(birthwt: pd.DataFrame) -> None:
    one, other = log_odds_table(birthwt, "low", "lwt"), log_odds_table(birthwt, "low", "lwt", event=0)
    close(one["log_odds"], -other["log_odds"])
    close(one["woe"], -other["woe"])
    close(one["iv"], other["iv"])
    close(lines(one)[["slope", "intercept"]], -lines(other)[["slope", "intercept"]], 1e-8)
    grouped = read_data("heart_vessels")
    swapped = log_odds_table(grouped, "disease + no_disease", "ca", event="no_disease")
    assert swapped["0"]["events"] == 41


def test_grouped_data_are_their_rows() -> None:
    """A row of counts is that many rows of one outcome."""
    grouped = read_data("heart_vessels")
    long = grouped.melt("ca", ["disease", "no_disease"], "outcome", "times")
    one = log_odds_table(grouped, "disease + no_disease", "ca")
    other = log_odds_table(long, "outcome", "ca", event="disease", freq_weights="times")
    same(one, other, 1e-12)


def test_a_changed_unit_changes_the_slope_and_nothing_else(birthwt: pd.DataFrame) -> None:
    one = log_odds_table(birthwt, "low", "lwt")
    other = log_odds_table(birthwt.assign(lwt=birthwt["lwt"] * 1e6 + 2.0**40), "low", "lwt")
    for column in ("n", "events", "log_odds", "iv"):
        assert one[column].tolist() == other[column].tolist()
    close(lines(other)["slope"], lines(one)["slope"] / 1e6, 1e-6)
    close(lines(other)["z"], lines(one)["z"], 1e-6)


def test_a_series_of_weights_aligns_by_index_and_an_array_by_position(birthwt: pd.DataFrame) -> None:
    weight = pd.Series(np.arange(len(birthwt)) % 3, index=birthwt.index)
    by_name = log_odds_table(birthwt.assign(w=weight), "low", "race", freq_weights="w")
    same(by_name, log_odds_table(birthwt, "low", "race", freq_weights=weight.sample(frac=1.0, random_state=3)))
    same(by_name, log_odds_table(birthwt, "low", "race", freq_weights=weight.to_numpy()))


def test_nothing_is_changed_in_the_data(titanic: pd.DataFrame) -> None:
    before = titanic.copy()
    log_odds_table(titanic, "survived", "age")
    screen(titanic, "survived")
    pd.testing.assert_frame_equal(titanic, before)


def test_data_of_any_make_give_the_same_table(titanic: pd.DataFrame, tmp_path: Path) -> None:
    path, packed = tmp_path / "titanic.csv", tmp_path / "titanic.parquet"
    titanic.to_csv(path, index=False)
    titanic.to_parquet(packed)
    one = {name: log_odds_table(titanic, "survived", name) for name in ("age", "sex")}
    arrow = pa.Table.from_pandas(titanic)
    makes = (
        pl.from_pandas(titanic),
        pl.from_pandas(titanic).with_columns(pl.col("sex").cast(pl.Categorical)),
        arrow,
        titanic.convert_dtypes(),
        arrow.to_pandas(types_mapper=pd.ArrowDtype),
        titanic.to_dict(orient="list"),
        path,
        str(packed),
    )
    for data in makes:
        for name, table in one.items():
            same(table, log_odds_table(data, "survived", name))
    assert screen(path, "survived")["iv"].tolist() == screen(titanic, "survived")["iv"].tolist()


def test_rows_without_a_response_are_left_out_and_counted(birthwt: pd.DataFrame) -> None:
    holes = birthwt.assign(low=birthwt["low"].where(birthwt.index > 9))
    table = log_odds_table(holes, "low", "race")
    assert table["Total"]["n"] == 179
    assert any("10 of 189 rows have no low" in note for note in table.notes)


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"predictor": "Age"}, DataError, "did you mean 'age'"),
        ({"response": "lo"}, DataError, "did you mean 'low'"),
        ({"response": "race"}, ResponseError, "'race' has 3 values"),
        ({"predictor": "low"}, OptionError, "is the response"),
        ({"bins": 1}, OptionError, "at least 2"),
        ({"bins": True}, OptionError, "at least 2"),
        ({"bins": 2.5}, OptionError, "at least 2"),
        ({"bins": "auto"}, OptionError, "at least 2"),
        ({"bins": [30, 20]}, OptionError, "20 after 30"),
        ({"bins": [20, 20, 30]}, OptionError, "20 twice"),
        ({"bins": [20, np.nan]}, OptionError, "missing"),
        ({"bins": [20, 30], "method": "width"}, OptionError, "leave it out"),
        ({"predictor": "race", "bins": 3}, OptionError, "is not a number"),
        ({"predictor": "race", "method": "tree"}, OptionError, "is not a number"),
        ({"method": "quantiles"}, OptionError, "did you mean 'quantile'"),
        ({"closed": "both"}, OptionError, "is not one of"),
        ({"log_base": 2}, OptionError, "log_base=2"),
        ({"level": 95}, OptionError, "between 0 and 1"),
        ({"positions": {"a": 1}}, OptionError, "is a number"),
        ({"predictor": "race", "positions": {"whit": 1}}, OptionError, "did you mean 'white'"),
        ({"predictor": "race", "positions": {"white": 1}}, OptionError, "leaves out levels"),
        ({"predictor": "race", "positions": {"white": math.inf}}, OptionError, "finite"),
        ({"predictor": "race", "positions": [1, 2, 3]}, ArgumentError, "mapping"),
        ({"event": 2}, ResponseError, "event=2"),
        ({"freq_weights": "rase"}, DataError, "did you mean 'race'"),
        ({"freq_weights": [1, 2]}, WeightError, "2 values for 189 rows"),
        ({"freq_weights": [-1] * 189}, WeightError, "negative"),
        ({"freq_weights": [0] * 189}, WeightError, "0 in every row"),
        ({"freq_weights": [1.5] * 189}, WeightError, "must be whole"),
        ({"freq_weights": [None, *[1] * 188]}, WeightError, "missing"),
        ({"freq_weights": "race"}, WeightError, "must hold numbers"),
        ({"bin": 3}, ArgumentError, "did you mean 'bins'"),
        ({"predictor": 3}, ArgumentError, "named by text"),
    ],
)
def test_bad_input_gets_one_sentence(
    birthwt: pd.DataFrame, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    given_options: dict[str, Any] = {"response": "low", "predictor": "lwt", **options}
    with pytest.raises(error, match=said) as caught:
        log_odds_table(birthwt, **given_options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pd.date_range("2024-01-01", periods=4), "dates or times"),
        (pd.to_timedelta([1, 2, 3, 4], unit="D"), "dates or times"),
        (pd.period_range("2024-01", periods=4, freq="M"), "dates or times"),
        ([1 + 2j, 2, 3, 4], "complex"),
        ([[1], [2], [3], [4]], "list objects"),
    ],
)
def test_what_is_neither_number_nor_level_is_refused(values: Any, said: str) -> None:
    data = pd.DataFrame({"x": values, "y": [0, 1, 1, 0]})
    with pytest.raises(DataError, match=said):
        log_odds_table(data, "y", "x")


@pytest.mark.parametrize(
    ("data", "response", "said"),
    [
        ({"e": [1, 2], "f": [3, -1], "x": [1, 2]}, "e + f", "below 0"),
        ({"e": [1, 2], "f": [0, 0], "x": [1, 2]}, "e + f", "counts nothing"),
        ({"e": [1, 2], "f": ["a", "b"], "x": [1, 2]}, "e + f", "does not hold counts"),
        ({"e": [1, 2], "f": [3, 1], "x": [1, 2]}, "e + e", "two different columns"),
        ({"e": [1, 2], "f": [3, 1], "x": [1, 2]}, "e + g", "'g' is not in the data"),
        ({"e": [], "f": [], "x": []}, "e + f", "no rows"),
        ({"e": [1, 1], "x": [1, 2]}, "e", "one value only"),
    ],
)
def test_bad_grouped_data_get_one_sentence(data: dict[str, Any], response: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        log_odds_table(data, response, "x")


# ------------------------------------------------------------------------------------------------------------ screening


def test_a_screening_is_that_of_r(birthwt: pd.DataFrame) -> None:
    """R: anova(glm(low ~ level, binomial), test = "Chisq") of the bins and levels; pROC::auc(direction = "<"), of race
    by the event rate of its levels; the information value of race as above."""
    found = screen(birthwt, "low", ["lwt", "race", "ptl", "smoke"]).frame.set_index("predictor")
    assert list(found.index) == ["ptl", "lwt", "race", "smoke"]
    expected = {
        "lwt": (11.5624278888940637, 4, 0.0209198290658276, 0.386897001303781),
        "race": (5.0103660101368632, 2, 0.0816606523045043, 0.591525423728814),
        "ptl": (15.87214398258564, 3, 0.00120452051164367, 0.603129074315515),
        "smoke": (4.8673966548089993, 1, 0.0273687587229128, 0.585006518904824),
    }
    for name, values in expected.items():
        close(found.loc[name, ["statistic", "df", "p_value", "c"]], values, 1e-9)
    close(found.loc["race", "iv"], 0.124060750609079)
    assert found["kind"].tolist() == ["numeric", "numeric", "categorical", "numeric"]
    assert found["levels"].tolist() == [4, 5, 3, 2]


def test_missing_values_are_a_level_of_the_test_and_none_of_c(titanic: pd.DataFrame) -> None:
    """R: anova(glm(y ~ addNA(factor(cut(age, c(0, 10, 30, 50, 100)))), binomial), test = "Chisq");
    pROC::auc(y, age, direction = "<")."""
    group = pd.cut(titanic["age"], [0, 10, 30, 50, 100])
    found = screen(titanic.assign(group=group), "survived", ["group", "age"]).frame.set_index("predictor")
    close(found.loc["group", ["statistic", "df", "p_value"]], [28.1295194897511, 4, 1.17412588683630e-05])
    assert found.loc["group", ["missing", "levels"]].tolist() == [263, 4]
    assert found.loc["age", ["missing", "levels", "df"]].tolist() == [263, 10, 10]
    close(found.loc["age", "c"], 0.475532796343729)


def test_c_is_never_flipped(birthwt: pd.DataFrame) -> None:
    """Every low birth weight is below every other one: `low` is made from `bwt`."""
    assert screen(birthwt, "low", "bwt").frame["c"].item() == 0.0
    assert screen(birthwt, "low", "bwt", event=0).frame["c"].item() == 1.0


def test_a_screening_of_a_fit_is_that_of_its_rows(birthwt: pd.DataFrame) -> None:
    fit = glmlr.fit("low ~ age + lwt + C(race) + smoke", birthwt)
    same(screen(fit), screen(birthwt, "low", ["age", "lwt", "race", "smoke"]))
    same(fit.screen(bins=4), screen(birthwt, "low", ["age", "lwt", "race", "smoke"], bins=4))


def test_a_screening_of_a_grouped_fit_counts_trials() -> None:
    data = read_data("heart_vessels")
    fit = glmlr.fit("disease + no_disease ~ ca", data)
    table = screen(fit)
    assert table.tables[0]["Total"]["n"] == 303
    assert table.tables[0]["events"].tolist() == [134, 21, 7, 3, 4, 169]
    same(table, screen(data, "disease + no_disease", "ca"))


def test_companions_are_the_log_odds_tables(birthwt: pd.DataFrame) -> None:
    table = screen(birthwt, "low", ["race", "lwt"], bins=4)
    for companion in table.tables:
        name = companion.heading("level")
        options: Any = {"bins": 4} if name == "lwt" else {}
        whole = log_odds_table(birthwt, "low", name, **options)
        lines_only = tuple(part for part in whole.tables if part.key == "log_odds_lines")
        same(companion, replace(whole, tables=lines_only))
        close(table.frame.set_index("predictor").loc[name, "iv"], companion["Total"]["iv"])


def test_all_columns_are_screened_and_what_cannot_be_is_named(birthwt: pd.DataFrame) -> None:
    data = birthwt.assign(day=pd.date_range("1986-01-01", periods=189), w=1)
    table = screen(data, "low", freq_weights="w")
    assert set(table["predictor"]) == set(birthwt.columns) - {"low"}
    assert any("'day' holds dates" in note for note in table.notes)
    with pytest.raises(DataError, match="dates"):
        screen(data, "low", ["age", "day"])


def test_a_column_of_names_has_a_row_and_no_table() -> None:
    data = pd.DataFrame({"name": [f"n{i}" for i in range(80)], "y": np.resize([0, 1, 1], 80)})
    table = screen(data, "y")
    assert table.tables == ()
    assert table["levels"].item() == 80
    assert any("no table of its own: name" in note for note in table.notes)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "said"),
    [
        ((), {}, ArgumentError, "data and the name of the response"),
        (("low", ["aeg"]), {}, DataError, "did you mean 'age'"),
        (("low",), {"bins": [1, 2]}, OptionError, "not edges"),
        (("low",), {"methods": "tree"}, ArgumentError, "did you mean 'method'"),
    ],
)
def test_bad_screenings_get_one_sentence(
    birthwt: pd.DataFrame, arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        screen(birthwt, *arguments, **options)


def test_a_fit_brings_its_own_response(birthwt: pd.DataFrame) -> None:
    fit = glmlr.fit("low ~ age", birthwt)
    with pytest.raises(ArgumentError, match="fit's own"):
        screen(fit, "low")
    with pytest.raises(NotApplicable, match="no predictor"):
        screen(glmlr.fit("low ~ 1", birthwt))


def test_companions_of_a_screening_have_keys_of_their_own_and_no_line_through_two_points() -> None:
    """A line through two points has no lack of fit to show; asked for directly it is there."""
    data = read_data("birthwt")
    companions = {part.key: part for part in screen(data, "low", ["lwt", "smoke", "race"]).tables}
    assert set(companions) == {"log_odds_lwt", "log_odds_smoke", "log_odds_race"}
    assert [part.key for part in companions["log_odds_lwt"].tables] == ["log_odds_lines"]
    assert companions["log_odds_smoke"].tables == ()
    keys = [part.key for part in log_odds_table(data, "low", "smoke").tables]
    assert keys == ["log_odds_lines", "log_odds_neighbours", "log_odds_summary"]
    assert screen(data, "low", ["lwt"]).charts == ()


# ------------------------------------------------------------------------------------------- trend, adjusted p, methods


def test_the_trend_of_each_predictor_is_that_of_r() -> None:
    """R: prop.trend.test of the counts at the means of the bins; race has no order and so no trend."""
    whole = read_witness("screening")["lwt"]["whole"]
    found = screen(read_data("birthwt"), "low", ["lwt", "race"]).frame.set_index("predictor")
    close(found.loc["lwt", "trend_z"] ** 2, whole["trend"], 1e-10)
    close(found.loc["lwt", "trend_p_value"], whole["trend_p"], 1e-10)
    assert found.loc["lwt", "course"] == "mixed"
    assert math.isnan(found.loc["race", "trend_p_value"])
    assert found.loc["race", "course"] == ""


def test_p_values_are_adjusted_for_the_number_of_predictors(birthwt: pd.DataFrame) -> None:
    """Holm's smallest p is multiplied by their number; statsmodels' multipletests gives all of them."""
    from statsmodels.stats.multitest import multipletests

    data = birthwt.drop(columns="bwt")
    for adjust, name in (("holm", "holm"), ("bh", "fdr_bh")):
        frame = screen(data, "low", adjust=adjust).frame
        close(frame["adjusted_p_value"], multipletests(frame["p_value"], method=name)[1], 1e-12)
    with pytest.raises(OptionError, match="adjust='bonferroni' is not one of"):
        screen(data, "low", adjust="bonferroni")


def test_a_predictor_of_one_value_has_no_p_and_is_not_counted(birthwt: pd.DataFrame) -> None:
    frame = screen(birthwt.assign(one=1.0), "low", ["one", "lwt", "smoke"]).frame.set_index("predictor")
    assert math.isnan(frame.loc["one", "p_value"])
    assert math.isnan(frame.loc["one", "adjusted_p_value"])
    close(frame["adjusted_p_value"].min(), 2 * frame["p_value"].min())
    assert frame.loc["one", ["levels", "course"]].tolist() == [1, ""]


@pytest.mark.parametrize("method", METHODS)
def test_a_screening_cuts_as_the_single_tables_do(birthwt: pd.DataFrame, method: str) -> None:
    table = screen(birthwt, "low", ["lwt", "age", "race"], method=method, bins=4)
    for name in ("lwt", "age"):
        one = log_odds_table(birthwt, "low", name, method=method, bins=4)
        close(table.frame.set_index("predictor").loc[name, "iv"], one["Total"]["iv"])
    chosen_by_outcome = method in ("tree", "chimerge", "monotone", "optimal")
    assert any("Bins chosen by the outcomes" in note for note in table.notes) == chosen_by_outcome


def test_rare_levels_and_special_values_of_a_screening(titanic: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    towns = rng.choice(["a", "b", "c", "d"], len(titanic), p=[0.5, 0.46, 0.02, 0.02])
    data = titanic.assign(town=towns, age=titanic["age"].fillna(-999))
    table = screen(data, "survived", ["town", "age"], rare=0.05, special=[-999])
    tables = {part.key: part for part in table.tables}
    assert list(tables["log_odds_town"]["level"]) == ["a", "b", "Other (2 levels)", "Total"]
    assert tables["log_odds_age"]["-999"]["n"] == titanic["age"].isna().sum()
    close(table.frame.set_index("predictor").loc["age", "c"], screen(titanic, "survived", "age").frame["c"].item())


def test_of_many_predictors_the_strongest_have_tables() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.normal(size=(200, 50)), columns=[f"x{i}" for i in range(50)])
    data["y"] = rng.random(200) < 0.4
    table = screen(data, "y")
    assert len(table) == 50
    assert [part.key for part in table.tables] == [f"log_odds_{name}" for name in table["predictor"][:30]]
    assert len(table.chart("iv").series[0].x) == 40
    assert any("The tables of the 30 predictors" in note for note in table.notes)


@pytest.mark.slow
def test_a_screening_of_many_columns_is_as_quick_as_their_sorts() -> None:
    """Columns are looked at in threads; what a column costs beside its sort is small."""
    from time import process_time

    rng = np.random.default_rng(1)
    x = rng.normal(size=(100_000, 12))
    data = pd.DataFrame(x, columns=[f"x{i}" for i in range(12)]).assign(y=rng.random(100_000) < 0.2)
    sorted_in = min(_seconds(lambda: [np.argsort(column) for column in x.T], process_time) for _ in range(3))
    took = min(_seconds(lambda: screen(data, "y"), process_time) for _ in range(3))
    assert took < 30 * sorted_in


def _seconds(work: Any, clock: Any) -> float:
    start = clock()
    work()
    return float(clock() - start)
