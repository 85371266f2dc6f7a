"""Do subgroups have R's measures, and do the tests of their differences equal R's?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, DataError, OptionError

WITNESS = read_witness("calibration")
CASES = ("births", "births_rounded", "births_elsewhere", "arrests_shrunk")
OURS = {
    "in_the_large": "intercept",
    "slope": "slope",
    "expected_over_observed": "ratio",
    "brier": "brier",
    "auc": "auc",
    "ici": "ici",
}


@pytest.mark.parametrize("case", CASES)
def test_subgroups_equal_r(case: str) -> None:
    # R: glm, pROC, loess in each subgroup; tests/witness/calibration.R
    given = WITNESS[case]
    table = glmlr.calibration_by(given["y"], given["p"], by=given["by"])
    frame = table.frame.set_index("group")
    intervals = table.tables[1].frame.set_index(["measure", "group"])
    for group, expected in given["subgroups"]["groups"].items():
        assert frame.loc[group, ["n", "events"]].tolist() == [expected["n"], expected["events"]]
        for ours, theirs in OURS.items():
            assert frame.loc[group, ours] == pytest.approx(expected[theirs], rel=1e-9, abs=1e-12), (group, ours)
            if f"{theirs}_se" in expected:
                error = intervals.loc[(ours, group), "std_error"]
                assert error == pytest.approx(expected[f"{theirs}_se"], rel=1e-7), (group, ours)
    assert frame.index[-1] == "All"
    assert frame.loc["All", "n"] == len(given["y"])


@pytest.mark.parametrize("case", CASES)
def test_tests_of_heterogeneity_equal_r(case: str) -> None:
    # R: likelihood ratios of glm(y ~ g + offset(x)), glm(y ~ g + x) and glm(y ~ g * x)
    given = WITNESS[case]
    tests = glmlr.calibration_by(given["y"], given["p"], by=given["by"]).tables[0].frame
    for row, name in zip(tests.itertuples(), ("intercepts", "slopes", "both"), strict=True):
        expected = given["subgroups"][name]
        assert row.statistic == pytest.approx(expected["chi2"], rel=1e-8, abs=1e-9)
        assert row.df == expected["df"]
        assert row.p_value == pytest.approx(expected["p"], rel=1e-7)


def test_all_rows_are_what_calibration_says() -> None:
    given = WITNESS["births_elsewhere"]
    table = glmlr.calibration_by(given["y"], given["p"], by=given["by"], level=0.9)
    whole = glmlr.calibration(given["y"], given["p"], level=0.9).frame.set_index("measure")
    intervals = table.tables[1].frame.set_index(["group", "measure"]).loc["All"]
    for name in ("in_the_large", "slope", "brier"):
        for column in ("value", "std_error", "low", "high"):
            assert intervals.loc[name, column] == pytest.approx(whole.loc[name, column], rel=1e-12), (name, column)


def test_a_weight_is_a_repeated_row_and_order_does_not_matter() -> None:
    given = WITNESS["births_rounded"]
    y, p, by = np.array(given["y"]), np.array(given["p"]), np.resize(["a", "b", "c"], len(given["y"]))
    times = np.resize([1, 2, 1, 3], y.size)
    one = glmlr.calibration_by(y, p, by=by, weight=times)
    order = np.random.default_rng(1).permutation(times.sum())
    other = glmlr.calibration_by(*(np.repeat(part, times)[order] for part in (y, p)), by=np.repeat(by, times)[order])
    for mine, theirs in zip((one, *one.tables), (other, *other.tables), strict=True):
        pd.testing.assert_frame_equal(mine.frame, theirs.frame, rtol=1e-12)


def test_rows_of_a_fit_and_new_rows() -> None:
    data = read_data("birthwt")
    data.loc[[3, 60], "lwt"] = np.nan
    fit = glmlr.fit("low ~ age + lwt + C(race) + smoke", data)
    named = fit.calibration_by(by="race")
    given = glmlr.calibration_by(fit, by=data["race"].sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(named.frame, given.frame)
    kept = data.dropna(subset=["lwt"])
    arrays = glmlr.calibration_by(kept["low"].to_numpy(), np.array(fit.probabilities), by=kept["race"].to_numpy())
    pd.testing.assert_frame_equal(named.frame, arrays.frame, rtol=1e-10)
    # A column that the formula does not read comes with new rows.
    new = glmlr.calibration_by(fit, by="ht", new_data=data)
    assert new.frame["n"].tolist() == [*kept.groupby("ht").size(), 187]
    assert any("187 of 189 new rows are used" in note for note in new.notes)
    assert any("fitted to" in note for note in named.notes)
    with pytest.raises(DataError, match="not a column that the formula"):
        fit.calibration_by(by="ht")


def test_what_has_no_line_is_named() -> None:
    y = [0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0]
    p = [0.2, 0.3, 0.4, 0.6, 0.1, 0.2, 0.3, 0.2, 0.1, 0.6, 0.7, 0.2]
    by = pd.Series(["mixed"] * 4 + ["none"] * 4 + ["split"] * 3 + [None])
    table = glmlr.calibration_by(y, p, by=by)
    frame = table.frame.set_index("group")
    assert math.isnan(frame.loc["none", "slope"])
    assert frame.loc["split", "slope"] == math.inf
    assert any("nothing to compare: none" in note for note in table.notes)
    assert any(note.startswith("split: no event has a lower probability") for note in table.notes)
    assert any("1 rows without a value" in note or "1 row without a value" in note for note in table.notes)
    tests = table.tables[0]
    assert tests["df"].tolist() == [1, 0, 0]
    assert math.isnan(tests["p_value"][1])
    for text in (str(table), table.to_markdown(), table.to_html(), table.to_latex()):
        assert "mixed" in text
    for chart in table.charts:
        assert chart.alt
        assert chart.to_svg().startswith("<svg")


def test_wrong_arguments_are_named() -> None:
    y, p = [0, 1, 0, 1], [0.2, 0.3, 0.4, 0.6]
    with pytest.raises(ArgumentError, match="probabilities row by row"):
        glmlr.calibration_by(y, by=[1, 1, 2, 2])
    with pytest.raises(DataError, match="both an event and a non-event"):
        glmlr.calibration_by(y, p, by=[1, 2, 3, 4])
    with pytest.raises(DataError, match="needs probabilities"):
        glmlr.calibration_by(y, [2.0, 3.0, 4.0, 5.0], by=[1, 1, 2, 2])
    with pytest.raises(OptionError, match="smooth='spine'"):
        glmlr.calibration_by(y, p, by=[1, 1, 2, 2], smooth="spine")
    with pytest.raises(ArgumentError, match="no argument 'group'"):
        glmlr.calibration_by(y, p, group=[1, 1, 2, 2])


def test_a_model_from_a_file_is_judged_by_new_rows(tmp_path: Path) -> None:
    data = read_data("birthwt")
    fit = glmlr.fit("low ~ age + lwt + smoke", data.iloc[::2])
    fit.save(tmp_path / "model.json")
    model, new = glmlr.load(tmp_path / "model.json"), data.iloc[1::2]
    pd.testing.assert_frame_equal(
        glmlr.calibration_by(model, by="race", new_data=new).frame, fit.calibration_by(by="race", new_data=new).frame
    )
    with pytest.raises(ArgumentError, match="needs new rows"):
        glmlr.calibration_by(model, by="race")
    with pytest.raises(ArgumentError, match="takes no scores or event"):
        fit.calibration_by([0.1], by="race")
