"""Is the optimism that of the models of the resamples, and are the indices those of rms?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.design.derived import class_weight_option
from glmlr.errors import ArgumentError, NotApplicable, OptionError
from glmlr.ranking import rank
from glmlr.validation.indices import INDICES, indices_of, largest_error, mean_difference
from glmlr.validation.performance import CalibrationLine, calibration_line
from glmlr.validation.refit import Start
from glmlr.validation.resamples import Resample, bootstrapped
from glmlr.validation.resampling import refitting_of_design

FORMULA = "low ~ age + lwt + race + smoke + ptl + ht + ui"
R = read_witness("optimism")


@pytest.fixture(scope="module")
def births() -> pd.DataFrame:
    return read_data("birthwt")


@pytest.fixture(scope="module")
def fit(births: pd.DataFrame) -> glmlr.Fit:
    return glmlr.fit(FORMULA, births)


def start_of(fit: glmlr.Fit) -> Start:
    return Start(fit.solution.beta, fit.solution.information, fit.design.class_weights)


def same_as_r(ranking: Any, witness: dict[str, float]) -> None:
    found = indices_of(ranking, calibration_line(ranking))
    assert set(found) == set(INDICES) - {"emax"}
    for name, value in witness.items():
        assert found[name] == pytest.approx(value, rel=1e-7, abs=1e-9), name


@pytest.mark.parametrize("number", range(5))
def test_each_resample_is_what_r_has(fit: glmlr.Fit, number: int) -> None:
    b, n = number + 1, fit.nobs
    times = (np.arange(n) * (b + 2) + b) % 4 % 3
    resample = Resample(fit.design.y * times, (1 - fit.design.y) * times)
    refitting = refitting_of_design(fit.held, fit.link)
    model = bootstrapped(refitting, None, start_of(fit), resample, anew=True)
    assert model is not None
    same_as_r(model.own_ranking, R["resamples"][number]["training"])
    theirs, unseen = model.ranking_of(refitting)
    assert unseen == 0
    same_as_r(theirs, R["resamples"][number]["test"])


def test_the_apparent_indices_are_those_of_r(fit: glmlr.Fit) -> None:
    same_as_r(fit.ranking, R["apparent"])
    found = fit.validate(bootstraps=2)
    for name, value in R["apparent"].items():
        assert found[name]["apparent"] == pytest.approx(value, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("case", R["emax"])
def test_the_largest_error_is_that_of_r_between_the_points_of_its_grid(case: dict[str, float]) -> None:
    found = largest_error(CalibrationLine(case["a"], case["b"]))
    assert case["value"] <= found <= case["value"] + 1e-6


def test_the_largest_error_of_the_ideal_line_is_none() -> None:
    assert largest_error(CalibrationLine(0.0, 1.0)) < 1e-15
    assert math.isnan(largest_error(CalibrationLine()))


def test_the_mean_difference_is_counted_over_all_pairs() -> None:
    x, w = np.array([0.3, -1.0, 2.0, 0.3]), np.array([2.0, 1.0, 3.0, 1.0])
    rows = np.repeat(x, w.astype(int))
    by_hand = np.abs(rows[:, None] - rows).sum() / (rows.size * (rows.size - 1))
    assert mean_difference(x, w) == pytest.approx(by_hand, rel=1e-14)
    assert math.isnan(mean_difference(x[:1], w[1:2]))
    assert math.isnan(mean_difference(np.array([0.0, math.inf]), np.ones(2)))


def test_the_table_is_made_of_the_resamples(fit: glmlr.Fit) -> None:
    found = fit.validate(bootstraps=20, seed=3, cutoff="youden")
    each = found.resamples
    assert len(each) == 20
    for name in found.table.frame["measure"]:
        if name == "emax":
            continue
        row, training, test = found[name], each[f"{name}_training"], each[f"{name}_test"]
        assert row["optimism"] == pytest.approx((training - test).mean(), rel=1e-12, abs=1e-15)
        assert row["corrected"] == pytest.approx(row["apparent"] - row["optimism"], rel=1e-12, abs=1e-15)
        if name in ("intercept", "slope", "u"):
            assert math.isnan(row["low"])
        else:
            low, high = np.quantile(training, [0.025, 0.975]) - row["optimism"]
            assert (row["low"], row["high"]) == pytest.approx((low, high))
    corrected = found.corrected
    line = CalibrationLine(corrected["intercept"], corrected["slope"])
    assert found["emax"]["corrected"] == pytest.approx(largest_error(line))
    # A model looks better on its own rows.
    assert found["c"]["optimism"] > 0
    assert corrected["slope"] < 1


def test_the_same_seed_gives_the_same_numbers_whatever_the_number_of_workers(fit: glmlr.Fit) -> None:
    one, two = (fit.validate(bootstraps=12, seed=5, workers=workers, deciles=True) for workers in (1, 2))
    pd.testing.assert_frame_equal(one.table.frame, two.table.frame, check_exact=True)
    pd.testing.assert_frame_equal(one.calibration, two.calibration, check_exact=True)
    assert not one.resamples.equals(fit.validate(bootstraps=12, seed=6).resamples)


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("low ~ age + lwt + C(race)", {}),
        ("low ~ standardize(age) + bs(lwt, df=4)", {"class_weight": "balanced"}),
        ("low ~ age + offset(center(lwt) / 100)", {"link": "probit", "sample_weight": "worth"}),
    ],
)
def test_frequencies_are_repeated_rows(births: pd.DataFrame, formula: str, options: dict[str, Any]) -> None:
    births = births.assign(times=1 + np.arange(len(births)) % 3, worth=1.0 + births["ftv"] / 3)
    repeated = births.loc[births.index.repeat(births["times"])].reset_index(drop=True)
    settings: dict[str, Any] = {"bootstraps": 8, "cutoff": "max_f1", "deciles": True}
    one = glmlr.fit(formula, births, freq_weights="times", **options).validate(**settings)
    other = glmlr.fit(formula, repeated, **options).validate(**settings)
    pd.testing.assert_frame_equal(one.table.frame, other.table.frame, rtol=1e-7, atol=1e-9)
    pd.testing.assert_frame_equal(one.resamples, other.resamples, rtol=1e-7, atol=1e-9)
    pd.testing.assert_frame_equal(one.calibration, other.calibration, rtol=1e-6, atol=1e-8)


def test_a_resample_learns_all_that_the_fit_has_learnt(births: pd.DataFrame) -> None:
    """By hand: fit glmlr to the repeated rows of a resample, and predict the rows it was drawn from."""
    fit = glmlr.fit("low ~ bs(lwt, df=4) + race", births, class_weight="balanced")
    times = np.arange(len(births)) % 3
    resample = Resample(fit.design.y * times, (1 - fit.design.y) * times)
    refitting = refitting_of_design(fit.held, fit.link)
    model = bootstrapped(refitting, class_weight_option(fit.held), start_of(fit), resample, anew=True)
    assert model is not None
    assert model.rebuilt
    rows = births.loc[births.index.repeat(times)]
    alone = glmlr.fit("low ~ bs(lwt, df=4) + race", rows, class_weight="balanced")
    np.testing.assert_allclose(model.fitted.maximum.solution.beta, alone.params, rtol=1e-8)
    theirs, _ = model.ranking_of(refitting)
    witness = rank(alone.predict(births), births["low"])
    np.testing.assert_allclose(theirs.score, witness.score, rtol=1e-8)
    np.testing.assert_array_equal(theirs.events, witness.events)


def test_grouped_counts_are_drawn_trial_by_trial() -> None:
    counts = pd.DataFrame({"dose": [1.0, 2, 3, 4, 5], "dead": [2, 4, 9, 13, 18], "alive": [18, 16, 11, 7, 2]})
    rows = counts.loc[counts.index.repeat(20)].reset_index(drop=True)
    rows["died"] = np.concatenate([np.repeat([1, 0], [d, a]) for d, a in zip(counts.dead, counts.alive, strict=True)])
    one = glmlr.fit("dead + alive ~ dose", counts).validate(bootstraps=6)
    other = glmlr.fit("died ~ dose", rows).validate(bootstraps=6)
    pd.testing.assert_frame_equal(one.table.frame, other.table.frame, rtol=1e-7, atol=1e-9)


def test_whole_clusters_are_drawn(births: pd.DataFrame) -> None:
    """One cluster for each row is no cluster; few clusters scatter more."""
    plain = glmlr.fit("low ~ age + lwt", births).validate(bootstraps=10)
    each = glmlr.fit("low ~ age + lwt", births, cluster=np.arange(len(births))).validate(bootstraps=10)
    pd.testing.assert_frame_equal(plain.table.frame, each.table.frame, rtol=1e-9, atol=1e-12)
    few = glmlr.fit("low ~ age + lwt", births, cluster=np.arange(len(births)) // 27).validate(bootstraps=10)
    assert not np.allclose(few.table.frame["training"].dropna(), plain.table.frame["training"].dropna())
    assert any("clusters" in note for note in few.table.notes)


def test_levels_that_a_resample_lacks_are_counted(births: pd.DataFrame) -> None:
    others = np.where(np.arange(len(births)) % 2 == 0, "a", "b")
    births = births.assign(clinic=np.where(np.arange(len(births)) < 2, "rare", others))
    births["low"] = [0, 1, *births["low"][2:]]
    found = glmlr.fit("low ~ age + clinic", births).validate(bootstraps=30)
    assert any("lacks the level" in note for note in found.table.notes)
    assert found["c"]["resamples"] == 30
    # Where the factor is left with one level, the formula cannot be fitted to the resample.
    births["clinic"] = np.where(np.arange(len(births)) < 2, "rare", "usual")
    fewer = glmlr.fit("low ~ age + clinic", births).validate(bootstraps=30)
    assert 0 < fewer["c"]["resamples"] < 30
    assert any("could not be fitted and are left out" in note for note in fewer.table.notes)


def test_separated_resamples_are_told_and_rank_all_the_same() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=24)
    data = pd.DataFrame({"x": x, "y": (x + rng.normal(scale=0.35, size=24) > 0).astype(int)})
    found = glmlr.fit("y ~ x", data).validate(bootstraps=60)
    assert any("refits separated" in note for note in found.table.notes)
    assert found["c"]["resamples"] > found["slope"]["resamples"] > 0
    assert np.isfinite(found["slope"]["corrected"])


def test_the_curve_is_corrected_point_by_point(fit: glmlr.Fit) -> None:
    found = fit.validate(bootstraps=10)
    curve = found.calibration
    assert list(curve) == ["p", "apparent", "corrected"]
    assert ((curve["corrected"] >= 0) & (curve["corrected"] <= 1)).all()
    # Shrinkage: high probabilities are too high, low ones too low.
    assert curve["corrected"].iloc[-1] < curve["p"].iloc[-1]
    assert curve["corrected"].iloc[0] > curve["apparent"].iloc[0]
    assert "Corrected for optimism" in [one.name for one in found.table.chart("calibration").series]


def test_what_is_shown_names_weights_and_scale(births: pd.DataFrame) -> None:
    found = glmlr.fit("low ~ age + lwt", births, class_weight="balanced").validate(bootstraps=3, cutoff="max_f1")
    said = " ".join(found.table.notes)
    assert "corrected for the class weights" in said
    assert "cut-off with the largest F1" in said
    assert "Somers' Dxy" in str(found)
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"bootstraps": 1}, OptionError, "whole number of at least 2"),
        ({"bootstraps": 10.5}, OptionError, "whole number of at least 2"),
        ({"seed": -1}, OptionError, "whole number of at least 0"),
        ({"cutoff": "best"}, OptionError, "best"),
        ({"level": 2.0}, OptionError, "level"),
        ({"workers": 0}, OptionError, "workers"),
        ({"bootstrap": 20}, ArgumentError, "bootstraps"),
    ],
)
def test_bad_options_get_a_sentence(fit: glmlr.Fit, options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        fit.validate(**options)


def test_rows_read_in_parts_say_why_not(tmp_path: Any, births: pd.DataFrame) -> None:
    births.to_parquet(tmp_path / "births.parquet")
    streamed = glmlr.fit("low ~ age + lwt", str(tmp_path / "*.parquet"))
    with pytest.raises(NotApplicable, match="read in parts"):
        streamed.validate()
    with pytest.raises(ArgumentError, match="takes a fitted model"):
        glmlr.validate(births)
