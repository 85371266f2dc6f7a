"""Is a model followed over time as R would follow it, one slice after the other?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import (
    ArgumentError,
    DataError,
    GlmlrWarning,
    NotApplicable,
    OptionError,
    ResponseError,
    UnknownLevelError,
)
from glmlr.monitoring.tables import OWN
from glmlr.statistics.monitoring import Monitoring, monitor

R = read_witness("deciles")
FORMULA = "released ~ colour + age + sex + employed + citizen + checks"
ARRESTS = read_data("arrests")
OLD, NEW = ARRESTS[ARRESTS["year"] < 1999], ARRESTS[ARRESTS["year"] >= 1999]
FIT = glmlr.fit(FORMULA, OLD)
MONITORED = FIT.monitor(NEW, "year")


def companion(monitoring: Monitoring, key: str) -> glmlr.Table:
    return next(table for table in monitoring.table.tables if table.key == key)


# ------------------------------------------------------------------------------------------------ against R


def test_every_slice_equals_r() -> None:
    # R: glm, pROC (DeLong), ks.test, prop.test, findInterval; tests/witness/deciles.R
    frame = MONITORED.by_slice
    assert frame["slice"].tolist() == [str(one["year"]) for one in R["monitoring"]]
    for name, rtol in [
        ("n", 0),
        ("events", 0),
        ("low", 1e-9),
        ("high", 1e-9),
        ("mean_predicted", 1e-10),
        ("auc", 1e-10),
        ("auc_low", 1e-10),
        ("auc_high", 1e-10),
        ("auc_difference", 1e-9),
        ("auc_p", 1e-9),
        ("in_the_large", 1e-7),
        ("in_the_large_p", 1e-7),
        ("slope", 1e-7),
        ("slope_p", 1e-6),
        ("brier", 1e-10),
        ("ks", 1e-10),
    ]:
        np.testing.assert_allclose(frame[name], [one[name] for one in R["monitoring"]], rtol=rtol, err_msg=name)
    for mine, theirs in (("psi", "psi"), ("psi_p", "p_value"), ("psi_chance", "reach")):
        np.testing.assert_allclose(frame[mine], [one["score"][theirs] for one in R["monitoring"]], rtol=1e-10)
    np.testing.assert_allclose(frame["rate"], frame["events"] / frame["n"], rtol=1e-14)
    expected = frame["mean_predicted"] * frame["n"]
    np.testing.assert_allclose(frame["expected_over_observed"], expected / frame["events"], rtol=1e-12)
    assert (frame["unscored"] == 0).all()


def test_every_predictor_equals_r() -> None:
    # R: cut at type-7 quantiles, table by level with one more for others; tests/witness/deciles.R
    csi = MONITORED.csi
    for row, one in zip(csi.to_dict("records"), R["monitoring"], strict=True):
        for name, value in one["csi"].items():
            assert row[name] == pytest.approx(value, rel=1e-9), name
        largest = max(one["csi"], key=lambda name: one["csi"][name])
        own = MONITORED.by_slice.set_index("slice").loc[row["slice"]]
        assert (own["csi_predictor"], own["csi"]) == (largest, row[largest])


def test_shares_by_decile_are_those_of_the_cut_offs() -> None:
    np.testing.assert_allclose(glmlr.decile_edges(FIT), R["cutoffs"], rtol=1e-10)
    shares = companion(MONITORED, "monitoring_groups").frame.set_index("slice")
    for year in ("1999", "2002"):
        rows = NEW[NEW["year"] == int(year)]
        alone = glmlr.deciles(rows["released"], FIT.predict(rows), edges=FIT)
        np.testing.assert_allclose(shares.loc[year], alone["share"], rtol=1e-12)
    np.testing.assert_allclose(shares.loc[OWN], FIT.deciles()["share"], rtol=1e-12)


def test_the_closing_row_is_the_fit() -> None:
    table = MONITORED.table
    own = table.frame.iloc[-1]
    assert table.emphasis == (len(table.frame) - 1,)
    assert own["slice"] == OWN
    assert (own["n"], own["auc"], own["brier"]) == (FIT.nobs, FIT.roc()["auc"], FIT.calibration()["brier"])
    assert own["ks"] == FIT.deciles().tables[0]["ks"]
    assert own["expected_over_observed"] == pytest.approx(1, rel=1e-9)
    assert math.isnan(own["psi"])


# ------------------------------------------------------------------------------------------------ laws


def test_a_slice_is_the_evaluation_of_its_rows() -> None:
    rows = NEW[NEW["year"] == 2001]
    one = MONITORED.by_slice.set_index("slice").loc["2001"]
    evaluation = FIT.evaluate(rows)
    for name in ("auc", "brier", "slope", "in_the_large", "ks", "psi", "auc_difference", "expected_over_observed"):
        assert one[name] == pytest.approx(evaluation[name], rel=1e-12), name
    moved = evaluation.table.frame.set_index("measure").loc["psi"]
    assert one["psi_p"] == pytest.approx(moved["p_value"], rel=1e-12)


def test_a_row_of_frequency_three_is_three_rows() -> None:
    times = np.arange(len(NEW)) % 3
    repeated = FIT.monitor(NEW.iloc[np.repeat(np.arange(len(NEW)), times)], "year")
    for given, data in ((times, NEW), ("times", NEW.assign(times=times))):
        counted = FIT.monitor(data, "year", freq_weights=given)
        pd.testing.assert_frame_equal(counted.by_slice, repeated.by_slice, rtol=1e-9)
        pd.testing.assert_frame_equal(counted.csi, repeated.csi, rtol=1e-9)


def test_frequencies_of_the_fit_are_its_rows() -> None:
    times = np.arange(len(OLD)) % 3 + 1
    counted = glmlr.fit(FORMULA, OLD, freq_weights=times).monitor(NEW, "year", freq_weights=np.ones(len(NEW)))
    repeated = glmlr.fit(FORMULA, OLD.iloc[np.repeat(np.arange(len(OLD)), times)]).monitor(NEW, "year")
    pd.testing.assert_frame_equal(counted.by_slice, repeated.by_slice, rtol=1e-6)
    pd.testing.assert_frame_equal(counted.csi, repeated.csi, rtol=1e-9)


def test_the_order_of_rows_has_no_effect() -> None:
    mixed = FIT.monitor(NEW.sample(frac=1, random_state=3), "year")
    pd.testing.assert_frame_equal(mixed.by_slice, MONITORED.by_slice, rtol=1e-10)
    pd.testing.assert_frame_equal(mixed.csi, MONITORED.csi, rtol=1e-12)


def test_asking_twice_gives_the_same() -> None:
    again = monitor(FIT, NEW, "year")
    pd.testing.assert_frame_equal(again.by_slice, MONITORED.by_slice, check_exact=True)
    assert str(again) == str(MONITORED) == repr(MONITORED)
    assert "<svg" in again._repr_html_()
    assert "Population" in MONITORED.table.to_markdown() or "PSI" in MONITORED.table.to_markdown()


def test_the_rows_of_the_fit_have_not_moved() -> None:
    one = FIT.monitor(OLD, np.zeros(len(OLD))).by_slice.iloc[0]
    assert one["psi"] == one["csi"] == one["auc_difference"] == 0
    assert one["psi_p"] == one["auc_p"] == 1


def test_no_drift_is_found_where_there_is_none() -> None:
    """P-values of slices drawn from the rows of the fit are spread evenly (seeded)."""
    rng = np.random.default_rng(7)
    drawn = OLD.iloc[rng.integers(0, len(OLD), 20_000)]
    p = FIT.monitor(drawn, np.repeat(np.arange(50), 400)).by_slice["psi_p"]
    # Drawn from these very rows, n / m is left out of the variance: the index is smaller than between two samples.
    assert p.min() > 1e-3
    assert p.mean() > 0.45


# ------------------------------------------------------------------------------------------------ what is not there


def holed() -> pd.DataFrame:
    """Give rows with dates, without outcomes in March, with one kind in April, none in May, and holes."""
    months = np.resize(["2024-01-03", "2024-02-04", "2024-03-05", "2024-04-06", "2024-06-07"], len(NEW))
    data = NEW.assign(day=pd.to_datetime(months))
    data["released"] = data["released"].where(data["day"].dt.month != 3, None)
    data["released"] = data["released"].where(data["day"].dt.month != 4, "Yes")
    data.loc[data.index[:10], "employed"] = None
    data.loc[data.index[10:15], "sex"] = "X"
    data.loc[data.index[20], "day"] = pd.NaT
    return data


def test_outcomes_that_are_missing_leave_the_stability() -> None:
    data = holed()
    found = FIT.monitor(data, "day", every="month")
    frame = found.by_slice.set_index("slice")
    assert frame.index.tolist() == [f"2024-0{month}" for month in range(1, 7)]
    march, april, may = frame.loc["2024-03"], frame.loc["2024-04"], frame.loc["2024-05"]
    assert march["outcomes"] == 0
    assert march["psi"] > 0
    assert march[["auc", "rate", "slope", "brier", "events"]].isna().all()
    assert april["rate"] == 1
    assert april[["auc", "ks", "slope", "auc_p"]].isna().all()
    assert april["brier"] > 0
    assert may["n"] == 0
    assert may[["psi", "csi", "mean_predicted"]].isna().all()
    said = " ".join(found.table.notes)
    assert "2024-04: one outcome only: no AUC, KS or calibration line." in said
    assert "No row with a score in 2024-05." in said
    assert "'day' is missing in 1, 'employed' is missing in 10, 5 hold a level" in said
    assert "'sex' has a level the fit has not seen: 'X' (5 rows)" in said
    assert frame["unscored"].sum() == 15
    assert found.predictions.isna().sum() == 15
    for chart in found.table.charts:
        assert chart.to_svg().lstrip().startswith("<svg")
        assert chart.alt
    for text in (str(found), found.table.to_markdown(), found.table.to_html(), found.table.to_latex()):
        assert "2024-05" in text


def test_missing_and_unseen_values_have_bins() -> None:
    data = holed()
    january = data[data["day"].dt.month == 1]
    found = FIT.monitor(january, "day", predictors=["sex", "employed"])
    for name in ("sex", "employed"):
        counts = january[name].fillna("Missing").value_counts()
        old = OLD[name].value_counts()
        labels = sorted(set(counts.index) | set(old.index))
        a = np.array([counts.get(one, 0.5) for one in labels]) / len(january)
        e = np.array([old.get(one, 0.5) for one in labels]) / len(OLD)
        assert found.csi[name].iloc[0] == pytest.approx(((a - e) * np.log(a / e)).sum(), rel=1e-12), name


def test_rows_that_the_fit_left_out_for_a_missing_value_count_as_missing() -> None:
    old = OLD.assign(employed=OLD["employed"].where(np.arange(len(OLD)) % 5 > 0, None))
    fit = glmlr.fit(FORMULA, old)
    same = fit.monitor(old, np.zeros(len(old)), predictors="employed")
    assert same.csi["employed"].iloc[0] == pytest.approx(0, abs=1e-14)
    counted = glmlr.fit(FORMULA, old, freq_weights=np.ones(len(old)))
    without = counted.monitor(old, np.zeros(len(old)), predictors="employed", freq_weights=np.ones(len(old)))
    assert without.csi["employed"].iloc[0] == pytest.approx(0, abs=1e-14)
    assert "missing values play no part" in " ".join(without.table.notes)


def test_without_the_response_there_is_stability_only() -> None:
    found = FIT.monitor(NEW.drop(columns="released"), "year")
    assert [table.key for table in found.table.tables] == ["monitoring_groups", "monitoring_csi"]
    assert [chart.key for chart in found.table.charts] == ["psi", "csi"]
    assert "no column 'released': there are no outcomes" in " ".join(found.table.notes)
    np.testing.assert_allclose(found.by_slice["psi"], MONITORED.by_slice["psi"], rtol=1e-13)
    assert "auc" not in found.by_slice


def test_without_predictors_there_is_no_csi() -> None:
    for fit, options in ((FIT, {"predictors": []}), (glmlr.fit("released ~ 1", OLD), {})):
        found = fit.monitor(NEW, "year", **options)
        assert "csi" not in found.by_slice
        with pytest.raises(NotApplicable, match="no stability index of predictors"):
            _ = found.csi


def test_a_model_from_a_file_needs_outcomes(tmp_path: Path) -> None:
    glmlr.save(FIT, str(tmp_path / "model.json"))
    model = glmlr.load(str(tmp_path / "model.json"))
    found = model.monitor(NEW, "year")
    for name in ("auc", "slope", "rate", "brier", "ks"):
        np.testing.assert_allclose(found.by_slice[name], MONITORED.by_slice[name], rtol=1e-9)
    assert not {"psi", "csi", "auc_difference"} & set(found.by_slice)
    assert "nothing to compare with" in " ".join(found.table.notes)
    assert [chart.key for chart in found.table.charts] == ["auc", "rates"]
    with pytest.raises(NotApplicable, match="no new row has an outcome"):
        model.monitor(NEW.drop(columns="released"), "year")
    with pytest.raises(NotApplicable, match=r"glmlr.csi\(old, new\)"):
        model.monitor(NEW, "year", predictors=["age"])


def test_counts_of_successes_and_failures_are_their_rows() -> None:
    def cells(data: pd.DataFrame) -> pd.DataFrame:
        counts = data.assign(yes=data["released"] == "Yes", no=data["released"] == "No")
        return counts.groupby(["colour", "employed", "year"], as_index=False)[["yes", "no"]].sum()

    by_counts = glmlr.fit("yes + no ~ colour + employed", cells(OLD)).monitor(cells(NEW), "year")
    by_rows = glmlr.fit("released ~ colour + employed", OLD).monitor(NEW, "year")
    pd.testing.assert_frame_equal(by_counts.by_slice, by_rows.by_slice, rtol=1e-6, atol=1e-10)


def test_a_fit_to_rows_in_parts_is_monitored(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    OLD.to_csv(tmp_path / "old.csv", index=False)
    found = glmlr.fit(FORMULA, [str(tmp_path / "old.csv")]).monitor(NEW, "year")
    np.testing.assert_allclose(found.by_slice["auc"], MONITORED.by_slice["auc"], rtol=1e-6)
    np.testing.assert_allclose(found.csi["citizen"], MONITORED.csi["citizen"], rtol=1e-9)
    np.testing.assert_allclose(found.csi["age"], MONITORED.csi["age"], rtol=1e-9)


# ------------------------------------------------------------------------------------------------ options, refusals


def test_options_are_kept() -> None:
    found = FIT.monitor(NEW, "year", groups=4, bins=3, level=0.8, predictors=["age", "sex"])
    assert companion(found, "monitoring_groups").frame.shape == (5, 5)
    assert found.csi.columns.tolist() == ["slice", "age", "sex"]
    wide, narrow = MONITORED.by_slice, found.by_slice
    assert (narrow["auc_high"] - narrow["auc_low"] < wide["auc_high"] - wide["auc_low"]).all()
    bins = companion(FIT.monitor(NEW, "year", bins=3, predictors="age"), "monitoring_csi").tables[0]
    assert len(bins.frame) == 3
    assert "outermost bin" in " ".join(bins.notes)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"by": "yaer"}, DataError, "did you mean 'year'"),
        ({"by": "year", "every": "month"}, DataError, "holds none"),
        ({"by": "year", "groups": 1}, OptionError, "groups=1"),
        ({"by": "year", "bins": 1}, OptionError, "bins=1"),
        ({"by": "year", "level": 1}, OptionError, "level=1"),
        ({"by": "year", "unknown": "x"}, OptionError, "unknown='x'"),
        ({"by": "year", "predictors": ["aeg"]}, OptionError, "did you mean 'age'"),
        ({"by": "year", "freq_weights": "w"}, DataError, "column 'w' not found"),
        ({"by": "year", "evry": "month"}, ArgumentError, "did you mean 'every'"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        FIT.monitor(NEW, **options)


def test_rows_that_cannot_be_monitored_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is nothing|have no rows|missing in every row"):
        FIT.monitor(NEW.iloc[:0], "year")
    with pytest.raises(DataError, match="None of the 3,857 new rows can be scored"):
        FIT.monitor(NEW.assign(age=np.nan), "year")
    with pytest.raises(ResponseError, match="'Maybe'"):
        FIT.monitor(NEW.assign(released="Maybe"), "year")
    with pytest.raises(UnknownLevelError):
        FIT.monitor(NEW.assign(sex="X"), "year", unknown="error")
    with pytest.raises(ArgumentError, match="takes a fitted model"):
        monitor(3, NEW, "year")
    NEW.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(NotApplicable, match=r"monitor\(\) needs the new rows in memory"):
        FIT.monitor([str(tmp_path / "new.csv")], "year")
    assert len(FIT.monitor(str(tmp_path / "new.csv"), "year").by_slice) == 4


def test_a_broken_dependency_warns() -> None:
    fit = glmlr.fit(f"{FORMULA} + twice", OLD.assign(twice=2 * OLD["age"]))
    with pytest.warns(GlmlrWarning, match="do not obey"):
        fit.monitor(NEW.assign(twice=NEW["age"]), "year")


def test_few_rows_are_remarked() -> None:
    few = FIT.monitor(NEW.iloc[:60], np.zeros(60))
    assert "fewer than 10 rows in a group" in " ".join(few.table.notes)
    assert "fewer than 10 rows" not in " ".join(MONITORED.table.notes)


def test_what_does_not_exist_says_why() -> None:
    old = pd.DataFrame({"x": [0.0, 1, 2, 3, 4, 5, 6, 7], "y": [0, 1, 0, 0, 1, 1, 0, 1]})
    fit = glmlr.fit("y ~ x", old)
    new = pd.DataFrame({"x": [1.0, 2, 3, 4, 1, 1, 2, 3], "y": [0, 0, 1, 1, 0, 1, 0, 1], "t": [1, 1, 1, 1, 2, 2, 3, 3]})
    found = fit.monitor(new, "t")
    said = " ".join(found.table.notes)
    assert found.by_slice["slope"].tolist()[::2] == [math.inf, math.inf]
    assert math.isnan(found.by_slice["slope"].iloc[1])
    assert "1, 3: no event has a lower probability than a non-event: the calibration slope is infinite." in said
    assert "2: all rows have one probability: there is no calibration slope." in said
    assert "2, 3: only one event or non-event: the AUC has no interval and no test." in said
    assert found.by_slice[["auc_low", "auc_p"]].isna().any(axis=1).tolist() == [False, True, True]


def test_columns_whose_missing_values_have_a_weight_of_evidence() -> None:
    old = OLD.assign(age=OLD["age"].astype(float).where(np.arange(len(OLD)) % 7 > 0))
    new = NEW.assign(age=NEW["age"].astype(float).where(np.arange(len(NEW)) % 7 > 0))
    fit = glmlr.fit("released ~ woe(age) + employed", old)
    found = fit.monitor(new, "year")
    assert (found.by_slice["unscored"] == 0).all()
    direct = glmlr.csi(old, new[new["year"] == 2000], predictors=["age"])["csi"].iloc[0]
    assert found.csi.set_index("slice").loc["2000", "age"] == pytest.approx(direct, rel=1e-10)
    assert len(fit.evaluate(new).predictions.dropna()) == len(new)


def test_it_is_shown_in_a_report() -> None:
    report = FIT.report(validation=MONITORED, sections=["validation"])
    assert "The model by year" in str(report)
    frame = MONITORED.by_slice
    beyond = (frame["psi"] > frame["psi_chance"]).sum()
    (section,) = [one for one in report.sections if one.key == "validation"]
    assert f"more than chance alone explains in {beyond} of 4 slices" in section.sentences[0]
    assert f"{frame['auc'].min():.3f} in {frame['slice'][frame['auc'].idxmin()]}" in section.sentences[1]
    without = FIT.report(validation=FIT.monitor(NEW.drop(columns="released"), "year"), sections=["validation"])
    assert len(without.sections[0].sentences) == 1


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_probabilities_are_corrected_for_class_weights(link: str) -> None:
    fit = glmlr.fit(FORMULA, OLD, class_weight="balanced", link=link)
    found = fit.monitor(NEW, "year")
    p = fit.predict(NEW)
    for year, mean in found.by_slice.set_index("slice")["mean_predicted"].items():
        assert mean == pytest.approx(p[NEW["year"] == int(str(year))].mean(), rel=1e-12)
    assert found.table.frame["mean_predicted"].iloc[-1] == pytest.approx(fit.probabilities.mean(), rel=1e-12)
    assert "corrected for the class weights" in " ".join(found.table.notes)
