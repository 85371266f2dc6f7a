"""What do the companions of a log-odds table say, and what do its newer options do?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import OptionError
from glmlr.exhibits import Table

R = read_witness("screening")


def part(table: Table, key: str) -> pd.DataFrame:
    (found,) = [one for one in table.tables if one.key == key]
    return found.frame


def close(actual: Any, expected: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(np.asarray(actual, dtype=float), np.asarray(expected, dtype=float), rtol=rtol)


def of(name: str, **options: Any) -> Table:
    if name == "lwt":
        return glmlr.log_odds_table(read_data("birthwt"), "low", "lwt", bins=5, **options)
    return glmlr.log_odds_table(read_data("arrests"), "released", "age", event="Yes", bins=R["age"]["edges"], **options)


# ----------------------------------------------------------------------------------------------------------- companions


@pytest.mark.parametrize("name", ["lwt", "age"])
def test_neighbours_are_compared_as_in_r(name: str) -> None:
    """R: chisq.test(correct = FALSE) and fisher.test of each row against the one before, odds ratios of the counts."""
    found = part(of(name), "log_odds_neighbours")
    columns = {"statistic": "statistic", "p_value": "p_value", "exact_p_value": "fisher", "odds_ratio": "odds_ratio"}
    for column, key in columns.items():
        close(found[column], [one[key] for one in R[name]["neighbours"]])
    levels = of(name).frame["level"].tolist()[:-1]
    assert found["level"].tolist() == levels[1:]
    assert found["before"].tolist() == levels[:-1]


@pytest.mark.parametrize("name", ["lwt", "age"])
def test_the_summary_is_that_of_r(name: str) -> None:
    """R: chisq.test, G2 by hand, prop.trend.test at the means of the bins, pROC::ci.auc, ks.test."""
    found, whole = part(of(name), "log_odds_summary").set_index("measure"), R[name]["whole"]
    value: Any = found["value"]
    close(value["iv"], whole["iv"])
    close(value["lr_chi_square"], whole["g2"])
    close(
        [value["pearson_chi_square"], found.loc["pearson_chi_square", "p_value"]],
        [whole["pearson"], whole["pearson_p"]],
    )
    close([value["trend_z"] ** 2, found.loc["trend_z", "p_value"]], [whole["trend"], whole["trend_p"]], 1e-9)
    close(
        found.loc["c", ["value", "std_error", "low", "high"]], [whole[key] for key in ("c", "c_se", "c_low", "c_high")]
    )
    close(value["ks"], whole["ks"])


@pytest.mark.slow
def test_the_information_value_that_chance_gives() -> None:
    """Closed form (rows - 1)(1/E + 1/F), and its mean over 400 shuffled responses within 3 standard errors."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=2000), rng.permutation(np.arange(2000) < 600)
    found = []
    for _ in range(400):
        table = glmlr.log_odds_table({"x": x, "y": rng.permutation(y)}, "y", "x", bins=5)
        found.append(table["Total"]["iv"])
    expected = part(table, "log_odds_summary").set_index("measure").loc["iv_by_chance", "value"]
    assert expected == pytest.approx(4 * (1 / 600 + 1 / 1400), rel=1e-14)
    assert abs(np.mean(found) - expected) < 3 * np.std(found) / 20


def test_infinite_values_take_part_in_c_and_ks() -> None:
    """scipy: the two-sample statistic with -inf and inf replaced by values beyond all others."""
    data = pd.DataFrame({"x": [-np.inf, 3, 1, 2, np.inf, 5, np.inf, 4], "y": [0, 1, 0, 0, 1, 1, 0, 1]})
    found: Any = part(glmlr.log_odds_table(data, "y", "x", bins=2), "log_odds_summary").set_index("measure")["value"]
    finite = data["x"].clip(-100, 100)
    events, others = finite[data["y"] == 1].to_numpy(), finite[data["y"] == 0].to_numpy()
    close(found["ks"], ks_2samp(events, others).statistic)
    pairs = np.sign(events[:, None] - others[None, :])
    close(found["c"], (pairs + 1).mean() / 2)


def test_levels_without_an_order_have_no_trend_and_no_interval_of_c() -> None:
    table = glmlr.log_odds_table(read_data("birthwt"), "low", "race")
    found = part(table, "log_odds_summary").set_index("measure")
    assert "trend_z" not in found.index
    assert math.isnan(found.loc["c", "low"])
    assert any("flatters both" in note for note in table.tables[-1].notes)
    assert any("have no order" in note for note in table.tables[0].notes)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([1, 1, 2, 2, 3, 3], [0, 0, 0, 1, 1, 1], "never falls"),
        ([1, 1, 2, 2, 3, 3], [1, 1, 0, 1, 0, 0], "never rises"),
        ([1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 0, 1], "the same in every row"),
        ([1, 1, 2, 2, 3, 3], [0, 1, 1, 1, 0, 1], "not monotone"),
    ],
)
def test_the_course_of_the_rate_is_said(x: list[int], y: list[int], said: str) -> None:
    table = glmlr.log_odds_table({"x": x, "y": y}, "y", "x")
    assert any(said in note for note in table.tables[-1].notes)


def test_one_row_has_neither_neighbours_nor_a_summary() -> None:
    assert glmlr.log_odds_table({"x": [7.5] * 6, "y": [0, 1, 1, 0, 1, 1]}, "y", "x").tables == ()


def test_counts_that_are_not_whole_have_no_exact_test() -> None:
    data = pd.DataFrame({"x": ["a", "b"], "e": [1.5, 2], "f": [3, 4]})
    table = glmlr.log_odds_table(data, "e + f", "x")
    assert part(table, "log_odds_neighbours")["exact_p_value"].isna().all()
    assert any("weights that are not whole" in note for one in table.tables for note in one.notes)


def test_empty_rows_are_passed_over_and_said() -> None:
    table = glmlr.log_odds_table(read_data("birthwt"), "low", "age", bins=[10, 20, 21, 21.5, 30, 50])
    found = part(table, "log_odds_neighbours")
    assert "[21, 21.5)" in found["level"].tolist()
    empty = glmlr.log_odds_table(read_data("birthwt"), "low", "age", bins=[10, 20.2, 20.8, 30, 50])
    assert part(empty, "log_odds_neighbours")["before"].tolist() == ["[10, 20.2)", "[20.8, 30)"]
    assert any("passed over" in note for one in empty.tables for note in one.notes)


# -------------------------------------------------------------------------------------------------------------- options


def test_special_values_have_rows_of_their_own_and_no_part_in_lines_trend_and_c() -> None:
    """The table of the other rows is the same as without them; counts by pandas."""
    data = read_data("titanic")
    coded = data.assign(age=data["age"].where(np.arange(len(data)) % 9 != 0, -999))
    table = glmlr.log_odds_table(coded, "survived", "age", bins=[0, 20, 40, 90], special={"refused": -999})
    plain = glmlr.log_odds_table(coded[coded["age"] != -999], "survived", "age", bins=[0, 20, 40, 90])
    assert table["level"].tolist() == ["[0, 20)", "[20, 40)", "[40, 90)", "refused", "Missing", "Total"]
    assert table["refused"]["n"] == (coded["age"] == -999).sum()
    assert table["events"].tolist()[:3] == plain["events"].tolist()[:3]
    pd.testing.assert_frame_equal(part(table, "log_odds_lines"), part(plain, "log_odds_lines"))
    both = [part(one, "log_odds_summary").set_index("measure") for one in (table, plain)]
    for measure in ("trend_z", "c", "ks"):
        assert both[0].loc[measure, "value"] == both[1].loc[measure, "value"]
    assert "Missing and special values are not drawn." in table.chart().notes


def test_special_values_of_levels_come_after_them() -> None:
    table = glmlr.log_odds_table({"x": list("abzaz"), "y": [0, 1, 1, 1, 0]}, "y", "x", special=["z"])
    assert table["level"].tolist() == ["a", "b", "z", "Total"]
    assert table.binning.labels == ("a", "b", "Unseen levels", "z", "Missing")


def test_levels_are_merged_by_chimerge_and_pooled_when_rare() -> None:
    rng = np.random.default_rng(1)
    town = rng.choice([f"t{i:02}" for i in range(40)], 4000, p=np.r_[np.full(30, 0.032), np.full(10, 0.004)])
    y = rng.random(4000) < np.where(np.char.endswith(town, "1"), 0.7, 0.3)
    table = glmlr.log_odds_table({"x": town, "y": y}, "y", "x", method="chimerge", rare=0.01)
    binning = table.binning
    assert binning.labels[binning.pooled] == "Other (10 levels)"
    assert table["Total"]["n"] == 4000
    high = [group for group in binning.groups if "t01" in group]
    assert high == [("t01", "t11", "t21")]
    assert any("too different" in note or "more different than" in note for note in table.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"predictor": "race", "method": "optimal"}, "method='chimerge' merges levels"),
        ({"predictor": "race", "bins": [1, 2]}, "is not a number"),
        ({"rare": 0.1}, "rare= pools levels, and 'lwt' is a number"),
        ({"method": "optimal", "min_share": 0.6, "min_events": "5"}, "min_events='5' is not a number of events"),
        ({"bins": [80, 120], "min_share": 0.1}, "min_share= is for"),
        ({"special": 9}, "neither a list of values"),
    ],
)
def test_options_that_do_not_fit_get_one_sentence(options: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"predictor": "lwt", **options}
    with pytest.raises(OptionError) as caught:
        glmlr.log_odds_table(read_data("birthwt"), "low", **given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_in_every_format() -> None:
    table = of("lwt", method="monotone", special=[121])
    assert "121" in table["level"].tolist()
    for text in (str(table), table._repr_html_()):
        assert "Neighbouring rows of lwt compared" in text
        assert "What lwt alone tells" in text
    assert repr(table) == str(table)
    for one in table.tables:
        assert one.title in one.to_markdown()
        assert one.title in one.to_html()
        assert len(one.to_latex()) > 0
