"""Are the measures those of models that never saw the rows, and is all said that must be?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold

import glmlr
from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError
from glmlr.scored import Scored
from glmlr.statistics.validation import CrossValidation, cross_validate

FORMULA = "low ~ age + lwt + C(race) + smoke"


def by_hand(data: pd.DataFrame, formula: str, splitter: Any, **options: Any) -> pd.DataFrame:
    """Fit each training part by `glmlr.fit` and measure by scikit-learn."""
    records = []
    for training, test in splitter.split(data, data["low"]):
        fit = glmlr.fit(formula, data.iloc[training], **options)
        p, y = fit.predict(data.iloc[test]).to_numpy(), data["low"].iloc[test]
        own = data["low"].iloc[training]
        scores = {cut: f1_score(own, fit.probabilities >= cut) for cut in np.unique(fit.probabilities)}
        cutoff = min(cut for cut, score in scores.items() if score >= max(scores.values()) - 1e-12)
        line = glmlr.calibration(y, p)
        records.append(
            {
                "n": len(test),
                "events": y.sum(),
                "auc": roc_auc_score(y, p),
                "log_loss": log_loss(y, p),
                "brier": brier_score_loss(y, p),
                "slope": line["slope"],
                "intercept": line["intercept"],
                "ks": glmlr.deciles(y, p).tables[0]["ks"],
                "top_decile_lift": glmlr.deciles(y, p).frame["lift"].iloc[0],
                "f1": f1_score(y, p >= cutoff),
                "cutoff": cutoff,
            }
        )
    return pd.DataFrame(records)


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        (FORMULA, {}),
        pytest.param(FORMULA, {"class_weight": "balanced"}, marks=pytest.mark.slow),
        pytest.param("low ~ standardize(age) + bs(lwt, df=4)", {"link": "probit"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_folds_are_those_of_fits_by_hand(birthwt: pd.DataFrame, formula: str, options: dict[str, Any]) -> None:
    cv = cross_validate(formula, birthwt, folds=4, repeats=2, seed=3, **options)
    splitter = RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=3)
    expected = by_hand(birthwt, formula, splitter, **options)
    found = cv.by_fold
    assert list(found["repeat"]) == [1] * 4 + [2] * 4
    assert list(found["fold"]) == [1, 2, 3, 4] * 2
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False, rtol=1e-7)


def test_mean_and_spread_are_over_the_folds_with_divisor_n(birthwt: pd.DataFrame) -> None:
    cv = cross_validate(FORMULA, birthwt, folds=4, repeats=2)
    auc = cv.by_fold["auc"].to_numpy()
    row = cv["auc"]
    assert row["mean"] == pytest.approx(auc.mean())
    assert row["sd"] == pytest.approx(np.sqrt(((auc - auc.mean()) ** 2).sum() / 8))
    assert (row["smallest"], row["largest"]) == (auc.min(), auc.max())
    assert "SD (divisor n = 8, the number of folds)" in " ".join(cv.table.notes)


def test_predictions_are_out_of_fold_and_pooled(birthwt: pd.DataFrame) -> None:
    data = birthwt.set_index(birthwt.index + 1000)
    data.loc[1005, "age"] = np.nan
    cv = cross_validate(FORMULA, data, folds=5, repeats=2, cutoff=0.3)
    used = data.dropna(subset=["age"])
    assert cv.predictions.index.equals(data.index)
    assert list(cv.predictions.columns) == [1, 2]
    assert cv.predictions.isna().sum().tolist() == [1, 1]
    folds = list(RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=1).split(used, used["low"]))
    training, test = folds[7]
    expected = glmlr.fit(FORMULA, used.iloc[training]).predict(used.iloc[test])
    np.testing.assert_allclose(cv.predictions.loc[expected.index, 2], expected, rtol=1e-8)
    p = cv.predictions.loc[used.index]
    assert cv["auc"]["pooled"] == pytest.approx(np.mean([roc_auc_score(used["low"], p[r]) for r in (1, 2)]))
    assert cv["f1"]["pooled"] == pytest.approx(np.mean([f1_score(used["low"], p[r] >= 0.3) for r in (1, 2)]))
    assert "1 of 189 rows were dropped before they were divided" in " ".join(cv.table.notes)


def test_statistics_of_scores_take_the_out_of_fold_predictions(birthwt: pd.DataFrame) -> None:
    cv = cross_validate(FORMULA, birthwt, folds=5, repeats=2)
    assert isinstance(cv, CrossValidation)
    assert [type(one) for one in cv.repeats] == [Scored, Scored]
    assert cv.scored is cv.repeats[0]
    assert not cv.scored.fitted
    assert cv.ranking.total == len(birthwt)
    table = glmlr.roc(cv.scored)
    assert table["auc"] == pytest.approx(roc_auc_score(birthwt["low"], cv.predictions[1]))
    assert "Out-of-fold predictions, repeat 1 of 2" in " ".join(table.notes)
    for statistic in (glmlr.deciles, glmlr.calibration, glmlr.cutoffs, glmlr.confusion):
        assert len(statistic(cv.scored)) > 0


def test_a_row_of_frequency_three_is_three_rows_in_one_fold(birthwt: pd.DataFrame) -> None:
    times = 1 + np.arange(len(birthwt)) % 3
    counted = cross_validate(FORMULA, birthwt.assign(times=times), folds=StratifiedKFold(4), freq_weights="times")
    position = np.repeat(np.arange(len(birthwt)), times)

    class Repeated:
        """Divides repeated rows as the rows were divided."""

        def split(self, x: Any, y: Any, groups: Any) -> Any:
            for training, test in StratifiedKFold(4).split(birthwt, birthwt["low"]):
                yield np.flatnonzero(np.isin(position, training)), np.flatnonzero(np.isin(position, test))

    repeated = cross_validate(FORMULA, birthwt.iloc[position].reset_index(drop=True), folds=Repeated())
    pd.testing.assert_frame_equal(counted.by_fold, repeated.by_fold, rtol=1e-7)
    pd.testing.assert_frame_equal(counted.table.frame, repeated.table.frame, rtol=1e-7)
    assert "A row stays in one fold with its frequency" in " ".join(counted.table.notes)


def test_sample_weights_act_in_fitting_only_and_their_unit_does_not(birthwt: pd.DataFrame) -> None:
    weight = 1.0 + birthwt["ftv"]
    one = cross_validate(FORMULA, birthwt, folds=4, repeats=1, sample_weight=weight)
    other = cross_validate(FORMULA, birthwt, folds=4, repeats=1, sample_weight=7 * weight)
    pd.testing.assert_frame_equal(one.by_fold, other.by_fold, rtol=1e-8)
    assert one.ranking.total == len(birthwt)
    assert "Sample weights act in fitting only." in one.table.notes


def test_groups_are_held_out_whole(birthwt: pd.DataFrame) -> None:
    data = birthwt.assign(ward=birthwt["age"] % 9)
    first = cross_validate(FORMULA, data, folds=3, repeats=2, groups="ward")
    again = cross_validate(FORMULA, data, folds=3, repeats=2, groups=data["ward"].to_numpy())
    pd.testing.assert_frame_equal(first.by_fold, again.by_fold)
    assert first.table.notes[0].startswith("3 folds stratified by outcome, each group in one of them")


def test_the_same_seed_gives_the_same_and_the_order_of_predictors_nothing_else(birthwt: pd.DataFrame) -> None:
    one, two = (cross_validate(FORMULA, birthwt, folds=4, repeats=1, seed=9) for _ in range(2))
    pd.testing.assert_frame_equal(one.predictions, two.predictions, check_exact=True)
    other = cross_validate("low ~ smoke + lwt + C(race) + age", birthwt, folds=4, repeats=1, seed=9)
    np.testing.assert_allclose(other.predictions, one.predictions, rtol=1e-8)


def test_a_level_absent_from_a_training_part_is_counted(birthwt: pd.DataFrame) -> None:
    clinic = np.where(birthwt["race"] == "white", "a", "b").astype(object)
    clinic[7] = "rare"
    data = birthwt.assign(clinic=clinic)
    cv = cross_validate("low ~ age + clinic", data, folds=4, repeats=2)
    notes = " ".join(cv.table.notes)
    assert "In 2 folds some level is absent from the training part" in notes
    assert "2 predictions in 2 folds could not be made" in notes
    assert cv.predictions.isna().sum(axis=1).to_numpy().nonzero()[0].tolist() == [7]
    assert cv.ranking.total == len(birthwt) - 1


def test_separation_and_undefined_measures_are_said(birthwt: pd.DataFrame) -> None:
    data = birthwt.assign(sign=birthwt["low"] * (birthwt["age"] > 18))
    cv = cross_validate("low ~ lwt + sign", data, folds=3, repeats=1)
    notes = " ".join(cv.table.notes)
    assert "3 of the 3 fits separated" in notes
    assert "Calibration slope: undefined in 3 folds (a probability of 0 or 1" in notes
    assert np.isfinite(cv["auc"]["mean"])
    assert np.isnan(cv["slope"]["mean"])


def test_a_certain_and_wrong_prediction_is_said(birthwt: pd.DataFrame) -> None:
    data = birthwt.assign(sign=birthwt["low"])
    data.loc[0, "sign"] = 1
    cv = cross_validate("low ~ sign", data, folds=3, repeats=1)
    assert data.loc[0, "low"] == 0
    assert cv["log_loss"]["mean"] == np.inf
    assert "Log loss: infinite in 1 fold" in " ".join(cv.table.notes)


def test_what_was_learnt_anew_is_said(birthwt: pd.DataFrame) -> None:
    notes = cross_validate("low ~ standardize(age) + lwt", birthwt, folds=3, repeats=1, cutoff="youden").table.notes
    assert "Learnt anew in each training part: standardize(age); levels as well." in notes
    assert any("largest Youden's J in its training part" in note for note in notes)
    plain = cross_validate("low ~ age", birthwt, folds=3, repeats=1).table.notes
    assert any(note.startswith("Nothing in the formula learns") for note in plain)


def test_grouped_counts_are_validated_by_trial(birthwt: pd.DataFrame) -> None:
    counts = birthwt.groupby(["age", "smoke"]).agg(low=("low", "sum"), n=("low", "size")).reset_index()
    counts["fine"] = counts["n"] - counts["low"]
    cv = cross_validate("low + fine ~ age + smoke", counts, folds=3, repeats=2)
    assert cv.by_fold.groupby("repeat")["n"].sum().tolist() == [189, 189]
    assert "of rows of counts" in cv.table.notes[0]


def test_it_prints_everywhere(birthwt: pd.DataFrame) -> None:
    cv = cross_validate(FORMULA, birthwt, folds=3, repeats=1)
    assert "Area under the ROC curve" in str(cv)
    assert "<table" in cv._repr_html_()
    assert "<svg" in cv.table.chart().to_svg()


@pytest.mark.slow
def test_workers_move_no_bit(birthwt: pd.DataFrame) -> None:
    options: dict[str, Any] = {"folds": 4, "repeats": 2, "functions": {"twice": lambda x: 2 * x}}
    formula = "low ~ standardize(age) + twice(lwt) + C(race)"
    here, elsewhere = (cross_validate(formula, birthwt, workers=workers, **options) for workers in (1, 2))
    pd.testing.assert_frame_equal(here.predictions, elsewhere.predictions, check_exact=True)
    pd.testing.assert_frame_equal(here.table.frame, elsewhere.table.frame, check_exact=True)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"folds": 60}, OptionError, "59 of the 189 rows are an event, too few for 60 folds"),
        ({"folds": "ten"}, ArgumentError, "folds='ten'"),
        ({"fold": 5}, ArgumentError, "no argument 'fold'; did you mean 'folds'"),
        ({"class_weights": "balanced"}, ArgumentError, "did you mean 'class_weight'"),
        ({"class_weight": {0: 1, 2: 3}}, OptionError, "weight for 2, which is not a value"),
        ({"cutoff": "f1"}, OptionError, "cutoff='f1'"),
        ({"cutoff": 1.5}, OptionError, "cutoff=1.5 is neither a probability"),
        ({"groups": "hospital"}, DataError, "groups='hospital'|column 'hospital' not found"),
        ({"link": "log"}, OptionError, "link='log'"),
        ({"max_iterations": 0}, OptionError, "max_iterations=0"),
        ({"workers": 0}, OptionError, "workers=0"),
        ({"progress": 3}, OptionError, "progress=3"),
    ],
    ids=str,
)
def test_refused(birthwt: pd.DataFrame, options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        cross_validate(FORMULA, birthwt, **options)


def test_rows_in_parts_are_refused(tmp_path: Any, birthwt: pd.DataFrame) -> None:
    birthwt.to_csv(tmp_path / "one.csv", index=False)
    with pytest.raises(NotApplicable, match="held in memory"):
        cross_validate(FORMULA, [str(tmp_path / "one.csv")])
