"""Is the path of ridge estimates the estimates at each strength, and the choice what rows held out say?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from witnesses import read_data

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError
from glmlr.validation.strengths import Judged

BIRTHS = read_data("birthwt")
FORMULA = "low ~ age + lwt + smoke + ptl + ht + ui"
NUMBERS = ["age", "lwt", "smoke", "ptl", "ht", "ui"]
STRENGTHS = [300.0, 100.0, 30.0, 10.0, 3.0, 1.0]


def path(formula: Any = FORMULA, data: Any = BIRTHS, **options: Any) -> glmlr.RidgePath:
    return glmlr.ridge_path(formula, data, **{"choose": "aic", "strengths": STRENGTHS, **options})


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("standardize", [True, False])
def test_every_point_of_the_path_is_the_fit_at_that_strength(link: str, standardize: bool) -> None:
    found = path(link=link, standardize=standardize)
    for at, strength in enumerate(STRENGTHS):
        fit = glmlr.fit(FORMULA, BIRTHS, link=link, penalty="ridge", strength=strength, standardize=standardize)
        np.testing.assert_allclose(found.coefficients.iloc[at], fit.params, rtol=1e-9)
        row = found.table.frame.iloc[at]
        assert row["effective_df"] == pytest.approx(fit.effective_df, rel=1e-9)
        assert row["loglik"] == pytest.approx(fit.loglik, rel=1e-11)
        assert row["aic"] == pytest.approx(fit.aic, rel=1e-11)
        assert row["bic"] == pytest.approx(fit.bic, rel=1e-11)
    spread = found.fit.held.matrix()[:, 1:].std(axis=0)
    np.testing.assert_allclose(found.standardized.iloc[:, 1:], found.coefficients.iloc[:, 1:] * spread, rtol=1e-12)


@pytest.mark.parametrize("choose", ["aic", "bic"])
def test_a_criterion_chooses_its_smallest(choose: str) -> None:
    found = path(choose=choose)
    frame = found.table.frame
    assert found.strength == frame.loc[frame[choose].idxmin(), "strength"]
    assert list(frame.loc[frame["chosen"], "strength"]) == [found.strength]
    assert found.fit.penalty is not None
    assert found.fit.penalty.strength == found.strength
    assert any(
        f"(the smallest {choose.upper()}" in note and "no index here is corrected" in note for note in found.fit.notes
    )


def test_the_default_path_runs_from_the_null_model_to_maximum_likelihood() -> None:
    for options in ({}, {"link": "cloglog"}, {"standardize": False}, {"class_weight": "balanced"}):
        found = path(strengths=None, **options)
        df = found.table.frame["effective_df"]
        assert len(df) == 50
        assert (np.diff(df) > 0).all()
        assert df.iloc[0] < 1 + 0.05 * 6
        assert df.iloc[-1] > 1 + 0.95 * 6
        ratio = np.diff(np.log(found.table.frame["strength"]))
        np.testing.assert_allclose(ratio, ratio[0])


def test_strong_penalties_leave_the_null_model_and_weak_ones_maximum_likelihood() -> None:
    found = path(strengths=[1e9, 1e-9])
    assert found.table.frame["effective_df"].iloc[0] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(found.coefficients.iloc[1], glmlr.fit(FORMULA, BIRTHS).params, rtol=1e-7)


@pytest.mark.parametrize("scoring", ["log_loss", "brier", "auc"])
def test_cross_validation_is_that_of_scikit_learn_on_the_same_folds(scoring: str) -> None:
    """Each training part standardised by itself and fitted by scikit-learn, which scores the rows held out too."""
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    measure = {"log_loss": log_loss, "brier": brier_score_loss, "auc": roc_auc_score}[scoring]
    folds = StratifiedKFold(4, shuffle=True, random_state=2)
    found = path(choose="cv", folds=folds, scoring=scoring)
    x, y = BIRTHS[NUMBERS].to_numpy(float), BIRTHS["low"].to_numpy()
    expected = np.zeros((len(STRENGTHS), 4))
    for number, (training, test) in enumerate(folds.split(x, y)):
        scaler = StandardScaler().fit(x[training])
        for at, strength in enumerate(STRENGTHS):
            model = LogisticRegression(C=1 / strength, tol=1e-12, max_iter=1000, solver="newton-cholesky")
            model.fit(scaler.transform(x[training]), y[training])
            expected[at, number] = measure(y[test], model.predict_proba(scaler.transform(x[test]))[:, 1])
    np.testing.assert_allclose(found.fold_scores, expected, rtol=1e-7)
    frame = found.table.frame
    np.testing.assert_allclose(frame["score"], expected.mean(axis=1), rtol=1e-8)
    np.testing.assert_allclose(frame["score_error"], expected.std(axis=1, ddof=1) / 2, rtol=1e-6)
    best = np.argmax(frame["score"]) if scoring == "auc" else np.argmin(frame["score"])
    assert found.strength == STRENGTHS[int(best)]


def test_levels_and_weights_of_each_training_part_are_its_own() -> None:
    """By hand: `glmlr.fit` to each training part, and the log loss of its predictions."""
    data = BIRTHS.assign(times=np.resize([1, 2, 3], 189))
    folds = StratifiedKFold(3, shuffle=True, random_state=2)
    options: Any = {"freq_weights": "times", "class_weight": "balanced", "link": "probit"}
    formula = "low ~ bs(age, df=4) + C(race) + lwt"
    found = path(formula, data, choose="cv", folds=folds, strengths=[50.0, 5.0], **options)
    for number, (training, test) in enumerate(folds.split(data, data["low"])):
        rows = data.iloc[test]
        for strength in (50.0, 5.0):
            fit = glmlr.fit(formula, data.iloc[training], penalty="ridge", strength=strength, **options)
            p = fit.predict(rows)
            loss = -np.average(np.where(rows["low"] == 1, np.log(p), np.log1p(-p)), weights=rows["times"])
            assert found.fold_scores.loc[strength, number] == pytest.approx(loss, rel=1e-8)


def test_one_standard_error_takes_the_strongest_within_it() -> None:
    best, rule = (path(choose="cv", folds=5, repeats=2, rule=one) for one in ("best", "one_standard_error"))
    frame = best.table.frame
    pd.testing.assert_series_equal(frame["score"], rule.table.frame["score"])
    at = int(frame["score"].idxmin())
    within = frame.loc[frame["score"] <= frame["score"][at] + frame["score_error"][at], "strength"]
    assert best.strength == frame["strength"][at]
    assert rule.strength == within.max() >= best.strength
    assert any("strongest within one standard error" in note for note in rule.fit.notes)
    assert [chart.key for chart in rule.table.charts] == ["cross_validation", "coefficients", "coefficients_by_df"]


def test_repeats_do_not_make_the_standard_error_smaller() -> None:
    """By hand: the root mean square over repeats of SD / sqrt(folds)."""
    scores = np.array([[1.0], [3.0], [2.0], [6.0]])
    found = Judged("log_loss", scores, np.array([1, 1, 2, 2]), 4, 0, 0)
    assert found.mean[0] == 3
    assert found.error[0] == pytest.approx(np.sqrt((2 / 2 + 8 / 2) / 2))
    doubled = Judged("log_loss", np.vstack([scores, scores]), np.array([1, 1, 2, 2, 3, 3, 4, 4]), 8, 0, 0)
    assert doubled.error[0] == pytest.approx(found.error[0])


def test_the_same_seed_gives_the_same_numbers() -> None:
    one = path(choose="cv", folds=3, repeats=2, seed=5)
    again = path(choose="cv", folds=3, repeats=2, seed=5)
    pd.testing.assert_frame_equal(one.table.frame, again.table.frame)
    other = path(choose="cv", folds=3, repeats=2, seed=6)
    assert not np.allclose(one.table.frame["score"], other.table.frame["score"])


def test_a_fit_lends_its_rows_weights_and_covariance() -> None:
    fit = glmlr.fit(FORMULA, BIRTHS, class_weight={0: 1, 1: 3}, robust="HC3", link="probit")
    found = fit.ridge_path(choose="cv", folds=3, repeats=1, strengths=STRENGTHS)
    direct = path(choose="cv", folds=3, repeats=1, class_weight={0: 1, 1: 3}, robust="HC3", link="probit")
    pd.testing.assert_frame_equal(found.table.frame, direct.table.frame)
    np.testing.assert_allclose(found.fit.covariance, direct.fit.covariance)
    assert found.fit.covariance_kind == "HC3"
    assert any("strengths belong to the unit of the weights" in note for note in found.table.notes)


def test_a_strength_of_the_data_is_said_wherever_the_fit_is_shown(tmp_path: Path) -> None:
    found = path(choose="cv", folds=3, repeats=1)
    sentence = next(note for note in found.fit.notes if note.startswith("The strength was chosen among 6"))
    assert "over 3 folds" in sentence
    assert sentence in found.table.notes
    assert " ".join(sentence.split()) in " ".join(str(found.fit).split())
    validated = " ".join(found.fit.validate(bootstraps=2).table.notes)
    assert "The data chose it, which the resamples do not repeat" in validated
    assert sentence in glmlr.load(found.fit.save(tmp_path / "chosen.json")).notes


def test_rows_in_parts_have_a_path_and_no_folds(tmp_path: Path) -> None:
    for part in range(2):
        BIRTHS.iloc[part::2].to_csv(tmp_path / f"{part}.csv", index=False)
    source = str(tmp_path / "*.csv")
    streamed = path(data=source)
    np.testing.assert_allclose(streamed.coefficients, path().coefficients, rtol=1e-8)
    with pytest.raises(NotApplicable, match='choose="aic"'):
        path(data=source, choose="cv")


def test_more_columns_than_rows_and_separated_rows_have_a_path() -> None:
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(draw.normal(size=(40, 50)), columns=[f"x{at}" for at in range(50)])
    frame["y"] = (frame["x0"] > 0).astype(int)
    found = glmlr.ridge_path("y ~ .", frame, choose="cv", folds=3, repeats=1, strengths=[100.0, 10.0, 1.0])
    assert np.isfinite(found.coefficients.to_numpy()).all()
    assert found.fit.converged
    assert any("8 largest of 50" in note for note in found.table.chart("coefficients").notes)


def test_the_end_of_the_path_is_said() -> None:
    found = path(strengths=[1e6, 1e5], choose="bic")
    assert any("a weaker one may do better" in note for note in found.table.notes)
    strong = path(strengths=[1e-3, 1e-4], choose="bic")
    assert any("a stronger one may do better" in note for note in strong.table.notes)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"strengths": [1.0]}, OptionError, "at least two finite numbers above 0"),
        ({"strengths": [1.0, 0.0]}, OptionError, "at least two finite numbers above 0"),
        ({"strengths": "weak"}, OptionError, "are not numbers"),
        ({"choose": "dice"}, OptionError, "cv"),
        ({"scoring": "f1"}, OptionError, "log_loss"),
        ({"rule": "luck"}, OptionError, "one_standard_error"),
        ({"standardize": 1}, OptionError, "neither True nor False"),
        ({"data": None}, ArgumentError, "takes a formula and data"),
        ({"formula": "low ~ 1"}, NotApplicable, "nothing but an intercept"),
    ],
)
def test_what_cannot_be_is_refused(options: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        path(**options)


def test_fit_says_where_a_strength_is_chosen() -> None:
    with pytest.raises(OptionError, match=r"glmlr.ridge_path\(formula, data, choose='cv'\).fit"):
        glmlr.fit(FORMULA, BIRTHS, penalty="ridge", strength="cv")


def test_a_report_shows_the_path_it_is_given(tmp_path: Path) -> None:
    found = path(choose="cv", folds=3, repeats=1)
    place = found.fit.report(str(tmp_path / "path.md"), sections=["coefficients", "validation"], validation=found)
    said = Path(place).read_text(encoding="utf-8")
    assert "Ridge estimates by strength of the penalty" in said
    assert "Log loss of rows held out against the strength of the penalty" in said
    assert "The strength was chosen among 6 by the data" in said
