"""Are new rows measured as arrays of outcomes and predictions are, and put into the groups of the fit?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

import glmlr
from glmlr.errors import (
    ArgumentError,
    DataError,
    GlmlrWarning,
    NotApplicable,
    OptionError,
    RankWarning,
    ResponseError,
    UnknownLevelError,
    WeightError,
)
from glmlr.proportions import wilson
from glmlr.scored import Scored
from glmlr.statistics.evaluation import Evaluation, evaluate

FORMULA = "low ~ age + lwt + C(race) + smoke"
CALIBRATION = (
    "observed_rate",
    "mean_predicted",
    "expected_over_observed",
    "in_the_large",
    "intercept",
    "slope",
    "recalibration_chi2",
    "brier",
    "scaled_brier",
    "log_score",
    "spiegelhalter_z",
)


def halves(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every other row, and the others."""
    return data.iloc[::2], data.iloc[1::2]


def rows_of(evaluation: Evaluation) -> pd.DataFrame:
    """Give the table by measure."""
    return evaluation.table.frame.set_index("measure")


# ------------------------------------------------------------------------------------------------ the rows of the fit


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_on_the_rows_of_the_fit_nothing_differs(birthwt: pd.DataFrame, link: str, class_weight: Any) -> None:
    fit = glmlr.fit(FORMULA, birthwt, link=link, class_weight=class_weight)
    evaluation = fit.evaluate(birthwt, cutoff="max_f1")
    frame = rows_of(evaluation)
    compared = frame.drop(index=["auc_difference", "psi"])
    np.testing.assert_allclose(compared["value"], compared["training"], rtol=1e-9, atol=1e-9)
    assert frame.loc["auc_difference", "value"] == evaluation["psi"] == 0
    assert frame.loc["auc_difference", "p_value"] == 1
    rates = evaluation.table.tables[1].frame
    np.testing.assert_allclose(rates["value"], rates["training"], rtol=1e-12)
    # Against the statistics of the fit itself.
    assert evaluation["auc"] == fit.roc()["auc"]
    assert evaluation["somers_d"] == fit.association()["somers_d"]
    assert evaluation["ks"] == pytest.approx(fit.deciles().tables[0]["ks"], rel=1e-14)
    assert evaluation["top_decile_lift"] == pytest.approx(fit.deciles()["lift"].iloc[0], rel=1e-14)
    for name in CALIBRATION:
        assert frame.loc[name, "training"] == pytest.approx(fit.calibration()[name], rel=1e-12, abs=1e-12), name
    deciles = fit.deciles().frame
    for column in ("decile", "n", "share", "score_low", "events", "expected_events", "rate", "low", "high"):
        np.testing.assert_allclose(evaluation.by_decile[column], deciles[column], rtol=1e-11, err_msg=column)
    np.testing.assert_allclose(evaluation.by_decile["training_rate"], deciles["rate"], rtol=1e-14)
    np.testing.assert_array_equal(evaluation.by_decile["training_share"], evaluation.by_decile["share"])


def test_a_logit_is_calibrated_on_its_own_rows(birthwt: pd.DataFrame) -> None:
    # The likelihood equations of the logit with an intercept: intercept 0, slope 1, as many events as expected.
    evaluation = glmlr.fit(FORMULA, birthwt).evaluate(birthwt)
    assert evaluation["slope"] == pytest.approx(1, abs=1e-7)
    assert evaluation["intercept"] == pytest.approx(0, abs=1e-7)
    assert evaluation["in_the_large"] == pytest.approx(0, abs=1e-7)
    assert evaluation["expected_over_observed"] == pytest.approx(1, rel=1e-9)


# ------------------------------------------------------------------------------------------------ the measures


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_measures_are_those_of_the_arrays(birthwt: pd.DataFrame, level: float) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    evaluation = fit.evaluate(new, level=level)
    y, p = new["low"], fit.predict(new)
    frame = rows_of(evaluation)
    pd.testing.assert_series_equal(evaluation.predictions, p)
    assert (evaluation["n"], evaluation["events"]) == (len(new), y.sum())
    assert evaluation["auc"] == pytest.approx(roc_auc_score(y, p), rel=1e-14)
    curve = glmlr.roc(y, p, level=level)
    area = frame.loc["auc"]
    assert [area["value"], area["std_error"], area["low"], area["high"]] == [
        curve[name] for name in ("auc", "std_error", "low", "high")
    ]
    assert frame.loc["somers_d", "value"] == pytest.approx(2 * curve["auc"] - 1, rel=1e-14)
    assert frame.loc["somers_d", "low"] == pytest.approx(2 * curve["low"] - 1, rel=1e-14)
    assert evaluation["ks"] == pytest.approx(glmlr.deciles(y, p).tables[0]["ks"], rel=1e-14)
    assert evaluation["top_decile_lift"] == pytest.approx(glmlr.deciles(y, p)["lift"].iloc[0], rel=1e-14)
    expected = glmlr.calibration(y, p, level=level).frame.set_index("measure")
    columns = ["value", "std_error", "low", "high", "p_value"]
    pd.testing.assert_frame_equal(frame.loc[list(CALIBRATION), columns], expected.loc[list(CALIBRATION), columns])


def test_the_difference_of_areas_adds_their_variances(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    row = rows_of(fit.evaluate(new)).loc["auc_difference"]
    one, two = glmlr.roc(new["low"], fit.predict(new)), fit.roc()
    difference = one["auc"] - two["auc"]
    error = math.sqrt(one["std_error"] ** 2 + two["std_error"] ** 2)
    assert row["value"] == pytest.approx(difference, rel=1e-12)
    assert row["low"] == pytest.approx(difference - norm.ppf(0.975) * error, rel=1e-12)
    assert row["high"] == pytest.approx(difference + norm.ppf(0.975) * error, rel=1e-12)
    assert row["p_value"] == pytest.approx(2 * norm.sf(abs(difference) / error), rel=1e-12)
    assert math.isnan(row["training"])


def test_statistics_of_scores_take_the_rows_evaluated(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    evaluation = glmlr.fit(FORMULA, old).evaluate(new)
    assert isinstance(evaluation, Evaluation)
    assert isinstance(evaluation.scored, Scored)
    assert not evaluation.scored.fitted
    assert evaluation.ranking.total == len(new)
    assert glmlr.roc(evaluation.scored)["auc"] == evaluation["auc"]
    for statistic in (glmlr.deciles, glmlr.calibration, glmlr.cutoffs, glmlr.confusion, glmlr.hosmer_lemeshow):
        assert len(statistic(evaluation.scored)) > 0


# ------------------------------------------------------------------------------------------------ laws


def test_a_row_of_frequency_three_is_three_rows(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    times = np.arange(len(new)) % 4
    repeated = fit.evaluate(new.iloc[np.repeat(np.arange(len(new)), times)], cutoff=0.3)
    series = pd.Series(times, index=new.index).sample(frac=1, random_state=1)
    for given, data in (("times", new.assign(times=times)), (times, new), (series, new)):
        counted = fit.evaluate(data, freq_weights=given, cutoff=0.3)
        pd.testing.assert_frame_equal(counted.table.frame, repeated.table.frame, rtol=1e-10)
        for one, other in zip(counted.table.tables, repeated.table.tables, strict=True):
            pd.testing.assert_frame_equal(one.frame, other.frame, rtol=1e-10)
        assert f"{(times == 0).sum()} have weight 0" in " ".join(counted.table.notes)
        assert counted.predictions.notna().all()


def test_the_order_of_rows_has_no_effect(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    mixed = new.sample(frac=1, random_state=2)
    one, other = fit.evaluate(new, cutoff="youden"), fit.evaluate(mixed, cutoff="youden")
    pd.testing.assert_frame_equal(one.table.frame, other.table.frame, check_exact=True)
    pd.testing.assert_frame_equal(one.by_decile, other.by_decile, check_exact=True)
    pd.testing.assert_series_equal(one.predictions.loc[mixed.index], other.predictions)


def test_counts_of_successes_and_failures_are_their_rows(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    cells = (
        new.assign(high=1 - new["low"])
        .groupby(["race", "smoke"], as_index=False)[["low", "high"]]
        .sum()
        .sort_values("smoke")
    )
    empty = pd.DataFrame({"race": ["white"], "smoke": [0], "low": [0], "high": [0]})
    by_counts = glmlr.fit("low + high ~ C(race) + smoke", old.assign(high=1 - old["low"]))
    by_rows = glmlr.fit("low ~ C(race) + smoke", old)
    counted = by_counts.evaluate(pd.concat([cells, empty], ignore_index=True))
    one, other = counted.table.frame, by_rows.evaluate(new).table.frame
    pd.testing.assert_frame_equal(one, other, rtol=1e-8, atol=1e-10)
    assert "1 has weight 0" in " ".join(counted.table.notes)
    assert counted.table.labels["n"] == "Trials"
    twice = by_counts.evaluate(cells, freq_weights=np.full(len(cells), 2))
    assert twice["n"] == 2 * len(new)
    assert twice["auc"] == pytest.approx(counted["auc"], rel=1e-14)


def test_the_other_event_turns_the_signs(birthwt: pd.DataFrame) -> None:
    old, new = (half.assign(low=half["low"].map({0: "no", 1: "yes"})) for half in halves(birthwt))
    yes = glmlr.fit(FORMULA, old, event="yes").evaluate(new)
    no = glmlr.fit(FORMULA, old, event="no").evaluate(new)
    for name in ("auc", "slope", "brier", "log_score", "ks"):
        assert yes[name] == pytest.approx(no[name], rel=1e-8), name
    for name in ("intercept", "in_the_large"):
        assert yes[name] == pytest.approx(-no[name], rel=1e-6), name
    assert yes["events"] + no["events"] == len(new)


# ------------------------------------------------------------------------------------------------ deciles, PSI


#: Scores that rise with x; three groups of two: x = 6, 5 and 4, 3 and 2, 1.
SIX = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "y": [0, 1, 0, 0, 1, 1]})


def test_new_rows_fall_between_the_cut_offs_of_the_fit() -> None:
    fit = glmlr.fit("y ~ x", SIX)
    assert fit.deciles(groups=3)["n"].tolist() == [2, 2, 2]
    # 9 and 5 reach the cut-off of x = 5; 4.9 and 3 that of x = 3; 2.9 lies between the groups, 0 below all.
    new = pd.DataFrame({"x": [9, 5, 4.9, 3, 2.9, 0], "y": [1, 0, 1, 1, 0, 0]})
    evaluation = fit.evaluate(new, groups=3)
    frame, p = evaluation.by_decile, fit.predict(new)
    assert frame["decile"].tolist() == [1, 2, 3]
    assert frame["n"].tolist() == [2, 2, 2]
    assert frame["events"].tolist() == [1, 2, 0]
    np.testing.assert_allclose(frame["expected_events"], [p[0] + p[1], p[2] + p[3], p[4] + p[5]], rtol=1e-14)
    np.testing.assert_allclose(frame["score_low"], fit.predict({"x": [5.0, 3, 1]}), rtol=1e-14)
    assert frame["training_rate"].tolist() == [1, 0, 0.5]
    assert evaluation["psi"] == 0
    bounds = wilson([1, 2, 0], [2, 2, 2])
    np.testing.assert_array_equal(frame["low"], bounds.low)
    np.testing.assert_array_equal(frame["high"], bounds.high)


def test_a_group_without_new_rows_is_named() -> None:
    evaluation = glmlr.fit("y ~ x", SIX).evaluate({"x": [5.0, 6, 7, 1.5], "y": [1, 0, 1, 0]}, groups=3)
    table = evaluation.table.tables[0]
    frame = evaluation.by_decile
    assert frame["n"].tolist() == [3, 0, 1]
    # Shares 3/4, 1/8 for half a row, 1/4 against a third each.
    expected = [(a - 1 / 3) * math.log(3 * a) for a in (3 / 4, 1 / 8, 1 / 4)]
    np.testing.assert_allclose(frame["psi"], expected, rtol=1e-12)
    assert evaluation["psi"] == pytest.approx(sum(expected), rel=1e-12)
    assert frame["rate"].isna().tolist() == [False, True, False]
    assert frame["share"].tolist() == [0.75, 0, 0.25]
    said = " ".join(table.notes)
    assert "No new row is in group 2: there is no rate, and half a row stands for it in the PSI." in said
    # 2 / 4 + 2 / 6, the mean of chi-square on 2 degrees of freedom times 1/4 + 1/6.
    assert "Chance alone gives about 0.83" in said
    assert "it is no test" in said


def test_ties_among_the_rows_of_the_fit_leave_fewer_groups(birthwt: pd.DataFrame) -> None:
    evaluation = glmlr.fit("low ~ smoke", birthwt).evaluate(birthwt)
    assert len(evaluation.by_decile) == 2
    assert "Ties leave 2 of the 10 groups asked for" in " ".join(evaluation.table.tables[0].notes)


def test_charts_draw_the_tables(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    evaluation = fit.evaluate(new)
    _, of_new, of_fit = evaluation.table.chart("roc").series
    np.testing.assert_array_equal(of_new.y, glmlr.roc(new["low"], fit.predict(new)).chart("roc").series[1].y)
    np.testing.assert_array_equal(of_fit.y, fit.roc().chart("roc").series[1].y)
    assert of_new.name == f"New rows, AUC = {evaluation['auc']:.3f}"
    points = evaluation.table.chart("calibration").series[-1]
    np.testing.assert_array_equal(points.y, glmlr.calibration(evaluation.scored).tables[0]["rate"])
    fitted, given = evaluation.table.tables[0].chart("shares").series
    np.testing.assert_array_equal(fitted.y, evaluation.by_decile["training_share"])
    np.testing.assert_array_equal(given.y, evaluation.by_decile["share"])
    assert "<svg" in evaluation._repr_html_()
    assert "Population stability index" in str(evaluation) == repr(evaluation)


# ------------------------------------------------------------------------------------------------ the cut-off


def test_rates_at_a_cut_off(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    y, called = new["low"], fit.predict(new) >= 0.35
    table = fit.evaluate(new, cutoff=0.35).table.tables[1]
    frame = table.frame.set_index("measure")
    expected = {
        "sensitivity": recall_score(y, called),
        "specificity": recall_score(1 - y, ~called),
        "precision": precision_score(y, called),
        "accuracy": accuracy_score(y, called),
        "f1": f1_score(y, called),
    }
    assert frame["value"].to_dict() == pytest.approx(expected, rel=1e-14)
    own = fit.confusion(cutoff=0.35)
    assert frame["training"].to_dict() == {name: own[name] for name in expected}
    bounds = wilson([called[y == 1].sum()], [y.sum()])
    assert (frame.loc["sensitivity", "low"], frame.loc["sensitivity", "high"]) == (bounds.low[0], bounds.high[0])
    alone = glmlr.confusion(y, fit.predict(new), cutoff=0.35).frame.set_index("measure").loc["f1"]
    assert (frame.loc["f1", "low"], frame.loc["f1", "high"]) == (alone["low"], alone["high"])
    assert table.tables[0]["n"].tolist() == [y.sum(), len(y) - y.sum(), len(y)]


@pytest.mark.parametrize("criterion", ["max_f1", "youden", "closest_corner", "max_accuracy"])
def test_a_criterion_chooses_on_the_rows_of_the_fit(birthwt: pd.DataFrame, criterion: str) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    choice = fit.cutoffs().frame.set_index("criterion").loc[criterion]
    table = fit.evaluate(new, cutoff=criterion).table.tables[1]
    frame = table.frame.set_index("measure")
    assert frame.loc["sensitivity", "training"] == pytest.approx(choice["sensitivity"], rel=1e-14)
    assert frame.loc["f1", "training"] == pytest.approx(choice["f1"], rel=1e-14)
    called = fit.predict(new) >= choice["cutoff"]
    assert frame.loc["sensitivity", "value"] == pytest.approx(recall_score(new["low"], called), rel=1e-14)
    assert "among the rows of the fit" in table.notes[0]


# ------------------------------------------------------------------------------------------------ rows, scales, models


def test_rows_that_are_left_out_are_counted(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    holed = new.assign(low=new["low"].astype(float))
    holed.loc[holed.index[:3], "low"] = np.nan
    holed.loc[holed.index[2:7], "age"] = np.nan
    holed.loc[holed.index[[9, 10]], "race"] = "green"
    evaluation = fit.evaluate(holed)
    rest = fit.evaluate(new.drop(index=new.index[[0, 1, 2, 3, 4, 5, 6, 9, 10]]))
    pd.testing.assert_frame_equal(evaluation.table.frame, rest.table.frame, check_exact=True)
    said = " ".join(evaluation.table.notes)
    assert (
        f"{len(new) - 9} of {len(new)} new rows are evaluated. Of the others: the outcome is missing in 3, 'age' is "
        "missing in 5, 2 hold a level that the fit has not seen, or no finite number."
    ) in said
    assert "Column 'race' has a level the fit has not seen: 'green' (2 rows)" in said
    assert evaluation.predictions.index.equals(new.index)
    assert np.flatnonzero(evaluation.predictions.isna()).tolist() == [2, 3, 4, 5, 6, 9, 10]
    assert f"All {len(new) - 9} new rows are evaluated." in rest.table.notes


def test_unknown_levels_are_an_error_or_the_reference_on_request(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    strange = new.assign(race=new["race"].where(new["race"] != "black", "green"))
    with pytest.raises(UnknownLevelError, match="'green'"):
        fit.evaluate(strange, unknown="error")
    # "black" is the reference level.
    as_reference = fit.evaluate(strange, unknown="reference")
    assert as_reference["auc"] == fit.evaluate(new)["auc"]
    assert "scored as 'black'" in " ".join(as_reference.table.notes)
    with pytest.raises(OptionError, match="did you mean 'nan'"):
        fit.evaluate(new, unknown="nann")


def test_probabilities_are_corrected_for_class_weights(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old, class_weight={0: 1, 1: 5})
    evaluation = fit.evaluate(new)
    corrected = fit.predict(new, scale="corrected")
    pd.testing.assert_series_equal(evaluation.predictions, corrected)
    assert evaluation["mean_predicted"] == pytest.approx(corrected.mean(), rel=1e-14)
    assert evaluation["mean_predicted"] < 0.8 * fit.predict(new, scale="weighted").mean()
    note = "Probabilities are corrected for the class weights: the intercept minus log(w1/w0)."
    assert note in evaluation.table.notes
    assert note in glmlr.roc(evaluation.scored).notes


def test_offsets_are_those_of_the_new_rows(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt.assign(shift=-birthwt["lwt"] / 100))
    by_name = glmlr.fit("low ~ smoke", old, offset="shift")
    given = glmlr.fit("low ~ smoke", old, offset=old["shift"].to_numpy())
    values = new["shift"].to_numpy().copy()
    values[[4, 6]] = np.nan
    one = by_name.evaluate(new.assign(shift=values))
    other = given.evaluate(new, offset=values)
    pd.testing.assert_frame_equal(one.table.frame, other.table.frame, rtol=1e-9, atol=1e-12)
    assert "'shift' is missing in 2" in " ".join(one.table.notes)
    assert "the offset is missing in 2" in " ".join(other.table.notes)
    with pytest.raises(DataError, match="give offset= for the new rows"):
        given.evaluate(new)


def test_a_model_from_a_file_is_evaluated_without_comparison(birthwt: pd.DataFrame, tmp_path: Path) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old, class_weight="balanced")
    glmlr.save(fit, str(tmp_path / "model.json"))
    model = glmlr.load(str(tmp_path / "model.json"))
    evaluation, expected = evaluate(model, new, cutoff=0.3), fit.evaluate(new, cutoff=0.3)
    shared = expected.table.frame[~expected.table.frame["measure"].isin(["auc_difference", "psi"])]
    pd.testing.assert_frame_equal(
        evaluation.table.frame, shared.drop(columns="training").reset_index(drop=True), rtol=1e-12
    )
    assert "training" not in evaluation.table.tables[0].frame
    assert "does not hold the rows of the fit" in " ".join(evaluation.table.notes)
    assert "corrected for the class weights" in " ".join(evaluation.table.notes)
    with pytest.raises(NotApplicable, match="does not know the deciles"):
        _ = evaluation.by_decile
    with pytest.raises(NotApplicable, match="give a probability"):
        evaluate(model, new, cutoff="youden")


def test_new_rows_come_from_anything_in_memory(birthwt: pd.DataFrame, tmp_path: Path) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    new.to_csv(tmp_path / "new.csv", index=False)
    expected = fit.evaluate(new).table.frame
    for data in (str(tmp_path / "new.csv"), new.to_dict(orient="list"), new.to_dict(orient="records")):
        pd.testing.assert_frame_equal(glmlr.evaluate(fit, data).table.frame, expected)
    with pytest.raises(NotApplicable, match="read in parts"):
        fit.evaluate([str(tmp_path / "new.csv")])
    with pytest.raises(NotApplicable, match="read in parts"):
        fit.evaluate(str(tmp_path / "*.csv"))


def test_a_fit_to_rows_in_parts_has_values_to_compare_with(birthwt: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    old, new = halves(birthwt)
    old.to_csv(tmp_path / "old.csv", index=False)
    parts = glmlr.fit(FORMULA, [str(tmp_path / "old.csv")]).evaluate(new)
    frame, expected = parts.table.frame, glmlr.fit(FORMULA, old).evaluate(new).table.frame
    pd.testing.assert_frame_equal(frame, expected, rtol=1e-6, atol=1e-8)


# ------------------------------------------------------------------------------------------------ prevalence


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_scores_are_moved_to_a_prevalence(birthwt: pd.DataFrame, link: str, class_weight: Any) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old, link=link, class_weight=class_weight)
    evaluation = fit.evaluate(new, prevalence=0.05)
    p = fit.predict(new, prevalence=0.05)
    pd.testing.assert_series_equal(evaluation.predictions, p, rtol=1e-12)
    plain = fit.evaluate(new)
    for name in ("auc", "ks", "somers_d"):
        assert evaluation[name] == pytest.approx(plain[name], rel=1e-12), name
    for name in ("value", "std_error", "low", "high", "p_value"):
        one, other = (rows_of(found).loc["auc_difference", name] for found in (evaluation, plain))
        assert one == pytest.approx(other, rel=1e-9), name
    assert evaluation["brier"] == pytest.approx(glmlr.calibration(new["low"], p)["brier"], rel=1e-12)
    # The rows of the fit, each outcome weighted to the population: events have the share asked for.
    own = rows_of(evaluation)["training"]
    assert own["observed_rate"] == pytest.approx(0.05, rel=1e-12)
    assert own["n"] == pytest.approx(len(old), rel=1e-12)
    weight = np.where(old["low"] == 1, 0.05 / old["low"].mean(), 0.95 / (1 - old["low"].mean()))
    alone = glmlr.calibration(old["low"], fit.predict(prevalence=0.05), weight=weight)
    for name in ("mean_predicted", "brier", "in_the_large"):
        assert own[name] == pytest.approx(alone[name], rel=1e-7, abs=1e-9), name
    assert math.isnan(rows_of(evaluation).loc["psi", "p_value"])
    said = " ".join(evaluation.table.notes)
    assert "in which the event has a share of 5%" in said
    assert "Rows of the fit: each outcome is weighted" in said
    assert "class weights" not in said


def test_a_prevalence_that_is_the_share_of_the_fit_changes_nothing(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    one, other = fit.evaluate(new, prevalence=old["low"].mean()), fit.evaluate(new)
    frames = [rows_of(found).drop(columns="p_value") for found in (one, other)]
    pd.testing.assert_frame_equal(*frames, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(one.by_decile["psi"], other.by_decile["psi"], rtol=1e-9)


def test_a_model_from_a_file_takes_a_prevalence(birthwt: pd.DataFrame, tmp_path: Path) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    glmlr.save(fit, str(tmp_path / "model.json"))
    model = glmlr.load(str(tmp_path / "model.json"))
    found = model.evaluate(new, prevalence=0.1)
    assert found["brier"] == pytest.approx(fit.evaluate(new, prevalence=0.1)["brier"], rel=1e-10)
    glmlr.save(glmlr.fit(FORMULA, old, link="probit"), str(tmp_path / "probit.json"))
    with pytest.raises(NotApplicable, match="prevalence="):
        glmlr.load(str(tmp_path / "probit.json")).evaluate(new, prevalence=0.1)
    with pytest.raises(OptionError, match="prevalence=1.5"):
        fit.evaluate(new, prevalence=1.5)


def test_the_index_has_its_p(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    evaluation = glmlr.fit(FORMULA, old).evaluate(new)
    scaled = evaluation["psi"] / (1 / len(old) + 1 / len(new))
    assert rows_of(evaluation).loc["psi", "p_value"] == pytest.approx(chi2.sf(scaled, 9), rel=1e-11)


# ------------------------------------------------------------------------------------------------ what must be said


def test_an_area_below_one_half_warns() -> None:
    with pytest.warns(RankWarning, match="below 1/2"):
        evaluation = glmlr.fit("y ~ x", SIX).evaluate(SIX.assign(y=1 - SIX["y"]))
    assert "below 1/2" in " ".join(evaluation.table.notes)


def test_one_event_has_no_standard_error() -> None:
    evaluation = glmlr.fit("y ~ x", SIX).evaluate({"x": [1.0, 2, 3, 4], "y": [0, 0, 1, 0]}, groups=2)
    assert math.isnan(rows_of(evaluation).loc["auc_difference", "p_value"])
    assert "only one event" in " ".join(evaluation.table.notes)


def test_new_rows_without_the_weights_of_the_fit_are_remarked(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt.assign(times=2))
    fit = glmlr.fit(FORMULA, old, freq_weights="times")
    assert "freq_weights= was not given" in " ".join(fit.evaluate(new).table.notes)
    assert "freq_weights=" not in " ".join(fit.evaluate(new, freq_weights="times").table.notes)


def test_a_broken_dependency_warns(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt.assign(twice=2 * birthwt["age"]))
    fit = glmlr.fit(f"{FORMULA} + twice", old)
    with pytest.warns(GlmlrWarning, match="do not obey"):
        fit.evaluate(new.assign(twice=new["age"]))


def test_separated_rows_have_no_line() -> None:
    data = pd.DataFrame({"x": [0.0, 0, 0, 1, 1, 1, 1, 1], "y": [0, 0, 0, 0, 1, 1, 0, 1]})
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ x", data)
    evaluation = fit.evaluate({"x": [0.0, 1, 1, 0], "y": [0, 1, 0, 1]})
    assert evaluation["log_score"] == math.inf
    said = " ".join(evaluation.table.notes)
    assert "2 rows have a probability of exactly 0 or 1" in said
    assert "Rows of the fit: 3 rows have a probability of exactly 0 or 1" in said


@pytest.mark.parametrize(
    ("change", "options", "error", "said"),
    [
        ({"low": None}, {}, DataError, "None of the 94 new rows can be evaluated: the outcome is missing in 94."),
        ({"low": 0}, {}, DataError, "None of the 94 new rows that can be evaluated has low = 1"),
        ({"low": 1}, {}, DataError, "None of the 94 new rows that can be evaluated has low = 0"),
        ({"low": 2}, {}, ResponseError, "values the fit has not seen: 2; it knows 1 and 0"),
        ({"age": "old"}, {}, DataError, "column 'age' holds text"),
        ({}, {"groups": 1}, OptionError, "groups=1"),
        ({}, {"level": 95}, OptionError, "level=95"),
        ({}, {"cutoff": 1.5}, OptionError, "neither a probability nor one of"),
        ({}, {"cutoff": "max_f2"}, OptionError, "did you mean 'max_f1'"),
        ({}, {"freq_weights": [1, 2]}, WeightError, "2 values for 94 rows"),
        ({}, {"freq_weights": "lwt_"}, DataError, "did you mean 'lwt'"),
        ({}, {"freq_weights": np.full(94, 0.5)}, WeightError, "must be whole"),
        ({}, {"freq_weights": np.zeros(94)}, WeightError, "is 0 in every row"),
        ({}, {"offset": np.zeros(94)}, OptionError, "the fit has none"),
        ({}, {"cutof": 0.5}, ArgumentError, "did you mean 'cutoff'"),
    ],
)
def test_bad_inputs_are_explained(
    birthwt: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], error: type[Exception], said: str
) -> None:
    old, new = halves(birthwt)
    with pytest.raises(error, match=said):
        glmlr.fit(FORMULA, old).evaluate(new.assign(**change), **options)


def test_columns_and_models_that_are_not_there(birthwt: pd.DataFrame) -> None:
    old, new = halves(birthwt)
    fit = glmlr.fit(FORMULA, old)
    with pytest.raises(
        DataError, match="column 'low', the response of the fit, not found in the new data, and evaluate"
    ):
        fit.evaluate(new.drop(columns="low"))
    with pytest.raises(DataError, match="column 'low', the response of the fit, not found.*did you mean 'LOW'"):
        fit.evaluate(new.rename(columns={"low": "LOW"}))
    with pytest.raises(DataError, match="column 'age' not found in the new data"):
        fit.evaluate(new.drop(columns="age"))
    with pytest.raises(DataError, match="have no rows"):
        fit.evaluate(new.iloc[:0])
    with pytest.raises(ArgumentError, match="takes a fitted model, not DataFrame"):
        glmlr.evaluate(new, new)
    with pytest.raises(ArgumentError, match="no named columns"):
        fit.evaluate(np.zeros((3, 2)))
