"""Are the leave-one-out probabilities those of a step taken by matrices in R, and the table that of SAS's manual?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError

CUTOFFS = read_witness("cutoffs")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"
BIRTHS = read_data("birthwt")
LINKS = ("logit", "probit", "cloglog")


@pytest.mark.parametrize("link", LINKS)
def test_the_step_equals_that_of_matrices_without_the_row(link: str) -> None:
    # tests/witness/cutoffs.R: the information of all rows but one, solved again for each.
    found = glmlr.fit(FORMULA, BIRTHS, link=link).leave_one_out().probabilities
    np.testing.assert_allclose(found, CUTOFFS["left_out"][link]["step"], rtol=1e-9)


def test_the_step_is_the_one_that_sas_documents() -> None:
    # SAS/STAT, PROC LOGISTIC: b - V x (y - p) / (1 - h), here with R's vcov and hatvalues.
    found = glmlr.leave_one_out(glmlr.fit(FORMULA, BIRTHS)).probabilities
    np.testing.assert_allclose(found, CUTOFFS["left_out"]["documented"], rtol=1e-9)


@pytest.mark.parametrize("link", LINKS)
def test_the_step_is_close_to_fitting_again(link: str) -> None:
    # Against R's refits without each row: of the way from the fitted probability nine tenths are covered.
    fit = glmlr.fit(FORMULA, BIRTHS, link=link)
    refit = np.array(CUTOFFS["left_out"][link]["refit"])
    away = np.abs(np.array(fit.probabilities) - refit)
    left = np.abs(fit.leave_one_out().probabilities.to_numpy() - refit)
    assert left.sum() < 0.1 * away.sum()
    assert left.max() < 0.03


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("class_weight", [None, "1:3"])
def test_of_a_repeated_row_one_is_left_out(link: str, class_weight: str | None) -> None:
    times = np.resize([1, 2, 3], len(BIRTHS))
    repeated = BIRTHS.loc[BIRTHS.index.repeat(times)].reset_index(drop=True)
    one = glmlr.fit(FORMULA, BIRTHS, link=link, freq_weights=times, class_weight=class_weight).leave_one_out()
    other = glmlr.fit(FORMULA, repeated, link=link, class_weight=class_weight).leave_one_out()
    np.testing.assert_allclose(np.repeat(one.probabilities, times), other.probabilities, rtol=1e-8)
    assert one.scored.ranking.total == other.scored.ranking.total == times.sum()


def test_rows_of_counts_are_their_single_rows() -> None:
    counted = BIRTHS.groupby(["smoke", "ht"]).agg(d=("low", "sum"), n=("low", "size")).reset_index()
    counted["a"] = counted["n"] - counted["d"]
    grouped = glmlr.fit("d + a ~ smoke + ht", counted).leave_one_out()
    single = glmlr.fit("low ~ smoke + ht", BIRTHS).leave_one_out()
    for side in ("score", "events", "nonevents"):
        one, other = getattr(grouped.scored.ranking, side), getattr(single.scored.ranking, side)
        np.testing.assert_allclose(one, other, rtol=1e-9)
    with pytest.raises(NotApplicable, match="two leave-one-out probabilities"):
        _ = grouped.probabilities


def test_columns_far_from_zero_cost_no_digits() -> None:
    # Law: an origin elsewhere changes nothing.
    far = BIRTHS.assign(lwt=BIRTHS["lwt"] + 1e7)
    one, other = (glmlr.fit(FORMULA, data).leave_one_out().probabilities for data in (BIRTHS, far))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_aliased_columns_and_dropped_rows_do_no_harm() -> None:
    data = BIRTHS.assign(twice=2 * BIRTHS["age"]).set_index(np.arange(len(BIRTHS)) + 100)
    data.loc[105, "age"] = np.nan
    found = glmlr.fit("low ~ age + twice + lwt", data).leave_one_out().probabilities
    expected = glmlr.fit("low ~ age + lwt", data).leave_one_out().probabilities
    assert np.isnan(found.loc[105])
    pd.testing.assert_series_equal(found, expected, rtol=1e-9)


def test_the_leverage_of_a_trial_is_below_one() -> None:
    # Two rows alone in their level, an event and a non-event: the leverage of each is 1/2, and leaving out the event
    # moves the level's linear predictor from 0 by the step -2, so that the event has 1 / (1 + e^2); by hand.
    data = pd.DataFrame({"y": [1, 0, 1, 0, 0, 1], "level": ["a", "a", "b", "b", "b", "b"]})
    found = glmlr.fit("y ~ level", data).leave_one_out().probabilities
    assert found.iloc[:2].tolist() == pytest.approx([1 / (1 + np.exp(2)), 1 / (1 + np.exp(-2))], rel=1e-9)


def test_leaving_out_serves_every_statistic_of_scores() -> None:
    fit = glmlr.fit(FORMULA, BIRTHS)
    left = fit.leave_one_out()
    assert glmlr.roc(left)["auc"] < fit.roc()["auc"]
    assert any("one Newton step" in note for note in glmlr.cutoffs(left).notes)
    assert "leave-one-out" in repr(left)
    by_hand = glmlr.roc(BIRTHS["low"], left.probabilities)["auc"]
    assert glmlr.roc(left)["auc"] == pytest.approx(by_hand, rel=1e-14)


def test_what_cannot_be_left_out_says_why() -> None:
    separated = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1], "x": [1.0, 2, 3, 4, 5, 6]})
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ x", separated)
    with pytest.raises(NotApplicable, match="infinite"):
        fit.leave_one_out()
    with pytest.raises(NotApplicable, match="infinite"):
        fit.classification_table()
    assert fit.classification_table(leave_one_out=False)["correct"].max() == 1
    with pytest.raises(ArgumentError, match="takes a fitted model, not list"):
        glmlr.leave_one_out([1, 2])


# ------------------------------------------------------------------------------------------------ the table


def test_the_table_of_sas_manual() -> None:
    # SAS/STAT, PROC LOGISTIC, example "Stratified Sampling" (after Fleiss 1981): 950 of 1,000 and 10 of 1,000 positive.
    screen = pd.DataFrame({"disease": [1, 1, 0, 0], "test": [1, 0, 1, 0], "count": [950, 50, 10, 990]})
    fit = glmlr.fit("disease ~ test", screen, freq_weights="count")
    table = fit.classification_table(cutoffs=0.5, prior=[0.5, 0.01])
    counts = table.frame[["correct_events", "correct_nonevents", "incorrect_events", "incorrect_nonevents"]]
    assert (counts == [950, 990, 10, 50]).all(axis=None)
    shown = ["correct", "sensitivity", "specificity", "false_positive", "false_negative"]
    assert (100 * table.frame[shown]).round(1).to_numpy().tolist() == [
        [97.0, 95.0, 99.0, 1.0, 4.8],
        [99.0, 95.0, 99.0, 51.0, 0.1],
    ]


@pytest.mark.parametrize("leave_one_out", [True, False])
def test_counts_are_those_of_the_probabilities_of_r(leave_one_out: bool) -> None:
    p = np.array(CUTOFFS["left_out"]["documented"] if leave_one_out else CUTOFFS["p"])
    y = np.array(CUTOFFS["y"])
    table = glmlr.fit(FORMULA, BIRTHS).classification_table(leave_one_out=leave_one_out, prior=0.2)
    for row in table.frame.itertuples():
        called = p >= row.cutoff
        assert row.correct_events == (called & (y == 1)).sum()
        assert row.correct_nonevents == (~called & (y == 0)).sum()
        assert row.incorrect_events == (called & (y == 0)).sum()
        assert row.incorrect_nonevents == (~called & (y == 1)).sum()
        se, sp = called[y == 1].mean(), (~called)[y == 0].mean()
        assert row.correct == pytest.approx(0.2 * se + 0.8 * sp, rel=1e-12)
        if called.any():
            expected = 0.8 * (1 - sp) / (0.2 * se + 0.8 * (1 - sp))
            assert row.false_positive == pytest.approx(expected, rel=1e-12)


def test_the_grid_is_that_of_sas() -> None:
    # All fiftieths from the one below the lowest probability to the one above the highest.
    fit = glmlr.fit(FORMULA, BIRTHS)
    table, p = fit.classification_table(), fit.leave_one_out().probabilities
    at = table["cutoff"].to_numpy()
    np.testing.assert_allclose(np.diff(at), 0.02, rtol=1e-12)
    assert at[0] <= p.min() < at[0] + 0.02
    assert at[-1] - 0.02 < p.max() <= at[-1]
    assert "prior" not in table.roles
    assert np.isnan(table["false_positive"].iloc[-1])
    assert any("no row is called an event" in note for note in table.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cutoffs": 2}, "cutoffs=2 is not a probability"),
        ({"cutoffs": "0.5"}, "cutoffs='0.5' is not a probability"),
        ({"cutoffs": []}, "cutoffs= is empty"),
        ({"prior": 0}, "prior=0 is not a share of events"),
        ({"prior": [0.1, 1]}, "prior=1 is not a share of events"),
        ({"prior": []}, "prior= is empty"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        glmlr.fit(FORMULA, BIRTHS).classification_table(**options)


def test_rows_read_in_parts_have_fitted_probabilities_only(tmp_path: Path) -> None:
    for number in range(4):
        BIRTHS.iloc[50 * number : 50 * number + 50].to_parquet(tmp_path / f"{number}.parquet")
    fit = glmlr.fit(FORMULA, str(tmp_path / "*.parquet"))
    with pytest.raises(NotApplicable, match="rows of the fit, which were read in parts"):
        fit.classification_table()
    one, other = fit.classification_table(leave_one_out=False), glmlr.fit(FORMULA, BIRTHS)
    pd.testing.assert_frame_equal(one.frame, other.classification_table(leave_one_out=False).frame)
