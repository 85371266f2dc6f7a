"""Is a refit to some of the rows the fit to these rows alone, and does it say of the others what that fit predicts?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.design import build_design
from glmlr.design.derived import sliced, weighted_by_class
from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.links import link_named
from glmlr.validation.folds import Fold
from glmlr.validation.refit import refit, refits
from glmlr.validation.resampling import refitting_of

LOGIT = link_named("logit")


def a_fold(n: int, every: int = 4) -> Fold:
    test = np.arange(n) % every == 0
    return Fold(1, 1, np.flatnonzero(~test), np.flatnonzero(test))


FORMULAS = {
    "low ~ age + C(race) + smoke": False,
    "low ~ C(race, Sum) * lwt + I(age**2) + offset(ptl / 10)": False,
    "low ~ standardize(age) + lwt": True,
    "low ~ bs(lwt, df=4) + C(race)": True,
    "low ~ age + offset(center(lwt) / 100)": True,
}
WEIGHTS: list[dict[str, Any]] = [
    {},
    {"class_weight": "balanced"},
    {"class_weight": {0: 1, 1: 7}, "sample_weight": "ftv1"},
    {"freq_weights": "count"},
]


@pytest.fixture
def births(birthwt: pd.DataFrame) -> pd.DataFrame:
    return birthwt.assign(ftv1=1.0 + birthwt["ftv"] / 3, count=1 + np.arange(len(birthwt)) % 3)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("options", WEIGHTS, ids=str)
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_refit_predicts_what_the_fit_to_those_rows_predicts(
    births: pd.DataFrame, formula: str, options: dict[str, Any], link: str
) -> None:
    fold = a_fold(len(births))
    kept = dict(options)
    class_weight = kept.pop("class_weight", None)
    refitting = refitting_of(formula, births, link_named(link), **kept)
    split = refitting.split(fold)
    whole = refit(refitting.design, refitting.link, class_weight=class_weight)
    start = refitting.start_for(split, fold, whole.start)
    fitted = refit(split.training, refitting.link, class_weight=class_weight, start=start)
    alone = glmlr.fit(formula, births.iloc[fold.training], link=link, **options)
    assert split.rebuilt is FORMULAS[formula]
    np.testing.assert_allclose(fitted.maximum.solution.beta, alone.params, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(split.predicted(fitted), alone.predict(births.iloc[fold.test]), rtol=1e-8)
    np.testing.assert_allclose(fitted.own_probabilities, alone.probabilities, rtol=1e-8)


def test_a_cut_design_is_the_design_of_those_rows(births: pd.DataFrame) -> None:
    births.loc[[3, 40], "age"] = np.nan
    options: dict[str, Any] = {"freq_weights": "count", "sample_weight": "ftv1", "cluster": "race", "offset": "smoke"}
    design = build_design("low ~ age + C(ht) + lwt", births, **options)
    rows = np.flatnonzero(np.arange(int(design.used.sum())) % 3 != 1)
    cut = sliced(design, rows)
    there = births.dropna(subset=["age"]).iloc[rows]
    own = build_design("low ~ age + C(ht) + lwt", there, **options)
    np.testing.assert_array_equal(cut.matrix(), own.matrix())
    for name in ("y", "weight", "importance", "offset", "cluster"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(own, name))
    assert cut.totals == own.totals
    assert (cut.clusters, cut.rows.used, cut.rows.read) == (own.clusters, own.rows.used, own.rows.read)
    assert cut.index.equals(there.index)
    pd.testing.assert_series_equal(cut.columns["lwt"], there["lwt"])
    assert set(cut.columns) == set(own.columns)
    assert len(cut.columns) == len(own.columns)
    assert not cut.y.flags.writeable


def test_balanced_weights_are_those_of_the_part(births: pd.DataFrame) -> None:
    # By hand: n / (2 n_k) of the rows of the part, not of all.
    design = build_design("low ~ age", births)
    part = sliced(design, np.concatenate([np.flatnonzero(design.y == 0)[:30], np.flatnonzero(design.y == 1)[:10]]))
    assert weighted_by_class(part, "balanced").class_weights == (40 / 60, 40 / 20)
    assert weighted_by_class(part, None) is part


def test_many_weightings_are_fitted_one_by_one(births: pd.DataFrame) -> None:
    design = build_design("low ~ age + lwt", births)
    options = [None, "balanced", {0: 1, 1: 3}]
    for option, found in zip(options, refits(design, LOGIT, options, [None] * 3), strict=True):
        alone = glmlr.fit("low ~ age + lwt", births, class_weight=option)
        np.testing.assert_allclose(found.maximum.solution.beta, alone.params, rtol=1e-12)
        assert found.prior_shift == alone.prior_shift


def test_a_level_that_the_training_part_lacks_is_left_without_a_prediction(births: pd.DataFrame) -> None:
    fold = a_fold(len(births))
    births["clinic"] = np.where(np.arange(len(births)) % 8 == 0, "rare", np.where(births["race"] == "white", "a", "b"))
    refitting = refitting_of("low ~ age + clinic", births, LOGIT)
    split = refitting.split(fold)
    fitted = refit(split.training, LOGIT)
    expected = glmlr.fit("low ~ age + clinic", births.iloc[fold.training]).predict(
        births.iloc[fold.test], unknown="nan"
    )
    assert split.rebuilt
    assert int(np.isnan(expected).sum()) == (births["clinic"] == "rare").sum()
    np.testing.assert_allclose(split.predicted(fitted), expected, rtol=1e-9)


def test_a_separated_part_goes_to_its_limit(births: pd.DataFrame) -> None:
    # In the training part every row with sign = 1 is an event.
    fold = a_fold(len(births))
    births["sign"] = ((births["low"] == 1) & (births["age"] > 25)).astype(int)
    births.loc[births.index[fold.test[:3]], "sign"] = 1
    births.loc[births.index[fold.test[:3]], "low"] = 0
    refitting = refitting_of("low ~ lwt + sign", births, LOGIT)
    whole = refit(refitting.design, LOGIT)
    split = refitting.split(fold)
    fitted = refit(split.training, LOGIT, start=refitting.start_for(split, fold, whole.start))
    assert whole.maximum.separation is None
    assert fitted.maximum.separation is not None
    assert (split.predicted(fitted)[:3] == 1.0).all()


def test_combinations_that_no_training_row_shows_are_counted(births: pd.DataFrame) -> None:
    fold = a_fold(len(births))
    births["a"], births["b"] = births["ftv"], births["ftv"]
    births.loc[births.index[fold.test[:5]], "b"] = births["a"] + 1
    split = refitting_of("low ~ age + a + b", births, LOGIT).split(fold)
    assert split.beyond(refit(split.training, LOGIT)) == 5
    plain = refitting_of("low ~ age + a", births, LOGIT).split(fold)
    assert plain.beyond(refit(plain.training, LOGIT)) == 0


def test_what_is_given_by_array_goes_with_its_rows(births: pd.DataFrame) -> None:
    # A transform that learns makes each part build its design from the data, weights and offset again.
    births.loc[[0, 10], "lwt"] = np.nan
    fold = a_fold(len(births) - 2)
    given = {"offset": births["age"].to_numpy() / 50, "freq_weights": births["count"], "sample_weight": births["ftv1"]}
    refitting = refitting_of("low ~ center(lwt)", births, LOGIT, **given)
    split = refitting.split(fold)
    complete = births.dropna(subset=["lwt"]).assign(shift=births["age"] / 50)
    named = {"offset": "shift", "freq_weights": "count", "sample_weight": "ftv1"}
    alone = glmlr.fit("low ~ center(lwt)", complete.iloc[fold.training], **named)
    expected = alone.predict(complete.iloc[fold.test])
    np.testing.assert_allclose(split.predicted(refit(split.training, LOGIT)), expected, rtol=1e-9)


def test_groups_are_no_predictors_and_rows_without_one_are_dropped(births: pd.DataFrame) -> None:
    births["ward"] = np.where(np.arange(len(births)) < 5, None, (births["age"] % 7).astype(str))
    refitting = refitting_of("low ~ .", births[["low", "age", "ward"]], LOGIT, groups="ward")
    assert refitting.design.names == ("Intercept", "age")
    assert refitting.groups is not None
    assert refitting.groups.size == len(births) - 5
    assert refitting.design.clusters is None


def test_refused(births: pd.DataFrame, tmp_path: Any) -> None:
    path = tmp_path / "part-0.csv"
    births.to_csv(path, index=False)
    with pytest.raises(NotApplicable, match="rows that are held in memory"):
        refitting_of("low ~ age", [str(path)], LOGIT)
    counts = pd.DataFrame({"dead": [1, 4, 6, 3], "alive": [9, 6, 4, 5], "dose": [0.0, 1.0, 2.0, 3.0]})
    with pytest.raises(OptionError, match="class_weight does not go with counts"):
        weighted_by_class(build_design("dead + alive ~ dose", counts), "balanced")
    fold = Fold(2, 3, np.flatnonzero(births["race"] == "white"), np.flatnonzero(births["race"] != "white"))
    with pytest.raises(DataError, match=r"Repeat 2, fold 3, the training part alone: C\(race\) has one level only"):
        refitting_of("low ~ age + C(race)", births, LOGIT).split(fold)
