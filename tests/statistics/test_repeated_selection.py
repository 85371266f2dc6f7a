"""Does a validation repeat the search for terms in every resample, as a loop of resamples by hand does, and as R?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError
from glmlr.ranking import rank
from glmlr.selection.asked import Search
from glmlr.statistics.selection import stepwise
from glmlr.validation.indices import indices_of
from glmlr.validation.performance import calibration_line
from glmlr.validation.resamples import Resample, drawn
from glmlr.validation.resampling import refitting_of_design
from glmlr.validation.searched import chosen_anew, searching

FORMULA = "low ~ age + lwt + race + smoke + ptl + ht + ui + ftv"
SHORT = "low ~ age + lwt + smoke + ht"
R = read_witness("optimism")["searched"]
BIRTHS = read_data("birthwt")


@pytest.fixture(scope="module")
def fit() -> glmlr.Fit:
    return glmlr.fit(FORMULA, BIRTHS)


def refitting_for(fit: glmlr.Fit) -> Any:
    return searching(refitting_of_design(fit.held, fit.link, searched=True))


@pytest.mark.parametrize("by", ["aic", "bic"])
@pytest.mark.parametrize("number", range(5))
def test_the_search_in_each_resample_is_that_of_r(fit: glmlr.Fit, number: int, by: str) -> None:
    # R: step(direction = "backward") on the repeated rows, indices of rms; tests/witness/optimism.R
    given, b = R[by][number], number + 1
    times = (np.arange(fit.nobs) * (b + 2) + b) % 4 % 3
    resample = Resample(fit.design.y * times, (1 - fit.design.y) * times)
    refitting = refitting_for(fit)
    found = chosen_anew(refitting, Search("backward", by), resample)
    assert found is not None
    assert sorted(found.terms) == sorted(given["terms"])
    theirs, unseen = found.model.ranking_of(refitting)
    assert unseen == 0
    for ranking, side in ((found.model.own_ranking, "training"), (theirs, "test")):
        indices = indices_of(ranking, calibration_line(ranking))
        for name, value in given[side].items():
            assert indices[name] == pytest.approx(value, rel=1e-7, abs=1e-9), (side, name)


@pytest.mark.parametrize(
    ("formula", "options", "fitted"),
    [
        (SHORT, {"direction": "backward"}, {}),
        (SHORT + " + race", {"direction": "forward", "by": "p", "enter": 0.2}, {"link": "probit"}),
        ("low ~ bs(lwt, df=4) + smoke + age", {"by": "bic"}, {}),
        ("low ~ smoke + ht + ptl", {"direction": "backward", "keep": "ptl"}, {"offset": "known"}),
    ],
)
def test_the_resamples_are_those_of_a_loop_by_hand(
    formula: str, options: dict[str, Any], fitted: dict[str, Any]
) -> None:
    """Rows drawn with the same seeds, repeated in a frame, searched by stepwise(), and scored by its fit."""
    data = BIRTHS.assign(known=0.1 * BIRTHS["ui"])
    fit = glmlr.fit(formula, data, **fitted)
    found = fit.validate(selection=options, bootstraps=3, seed=9)
    chosen = []
    for number in range(3):
        resample = drawn(fit.held, None, 9, number)
        rows = data.loc[data.index.repeat((resample.events + resample.nonevents).astype(int))].reset_index(drop=True)
        alone = stepwise(formula, rows, **options, **fitted)
        chosen.append(alone.selected)
        for side, ranking in (
            ("training", rank(alone.fit.predict(), rows["low"])),
            ("test", rank(alone.fit.predict(data), data["low"])),
        ):
            indices = indices_of(ranking, calibration_line(ranking))
            for name in ("c", "brier", "slope", "r2", "g"):
                value = found.resamples[f"{name}_{side}"].iloc[number]
                assert value == pytest.approx(indices[name], rel=1e-6, abs=1e-8, nan_ok=True), (number, side, name)
    assert found.terms is not None
    times = found.terms.set_index("term")["times"]
    assert times.to_dict() == {term: sum(term in terms for terms in chosen) for term in times.index}
    whole = stepwise(fit, **options)
    assert found.fit.design.formula == whole.formula
    own = indices_of(whole.fit.ranking, calibration_line(whole.fit.ranking))
    assert found["c"]["apparent"] == pytest.approx(own["c"], rel=1e-12)
    assert set(found.terms.loc[found.terms["selected"], "term"]) == set(whole.selected)


def test_a_selection_validates_itself() -> None:
    fit, options = glmlr.fit(SHORT, BIRTHS), {"direction": "backward", "by": "bic"}
    selected = stepwise(fit, **options)
    one = selected.validate(bootstraps=2, seed=2)
    for other in (
        fit.validate(selection=options, bootstraps=2, seed=2),
        fit.validate(selection=selected, bootstraps=2, seed=2),
        glmlr.validate(selected, bootstraps=2, seed=2),
    ):
        pd.testing.assert_frame_equal(one.table.frame, other.table.frame, check_exact=True)
        assert one.terms is not None
        pd.testing.assert_frame_equal(one.terms, other.terms)
    assert "optimism of the choice is not in it" not in str(one)
    naive = selected.fit.validate(bootstraps=2)
    assert "optimism of the choice is not in it" in str(naive).replace("\n", " ")
    assert naive.terms is None


def test_tables_of_terms_and_models_add_up(fit: glmlr.Fit) -> None:
    found = fit.validate(selection={"direction": "backward"}, bootstraps=6)
    assert [table.key for table in found.table.tables] == ["validate_terms", "validate_models"]
    assert found.terms is not None
    assert found.models is not None
    assert sorted(found.terms["term"]) == sorted(["age", "lwt", "race", "smoke", "ptl", "ht", "ui", "ftv"])
    assert found.models["times"].sum() == 6
    assert (found.models["times"] * found.models["number"]).sum() == found.terms["times"].sum()
    np.testing.assert_allclose(found.terms["share"], found.terms["times"] / 6)
    assert "repeats the backward selection with AIC among 8 terms" in " ".join(found.table.notes)
    for table in (found.table, *found.table.tables):
        assert table.to_markdown()
        assert table.to_html()


def test_frequencies_are_repeated_rows() -> None:
    births = BIRTHS.assign(times=1 + np.arange(len(BIRTHS)) % 3)
    repeated = births.loc[births.index.repeat(births["times"])].reset_index(drop=True)
    options: dict[str, Any] = {"selection": {"direction": "backward", "by": "bic"}, "bootstraps": 3}
    one = glmlr.fit(SHORT, births, freq_weights="times").validate(**options)
    other = glmlr.fit(SHORT, repeated).validate(**options)
    pd.testing.assert_frame_equal(one.table.frame, other.table.frame, rtol=1e-7, atol=1e-9)
    pd.testing.assert_frame_equal(one.terms, other.terms)


def test_a_search_that_keeps_nothing_is_no_better_than_chance() -> None:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"y": np.arange(80) % 2, "u": rng.normal(size=80) / 1e3})
    found = glmlr.fit("y ~ u", data).validate(selection={"by": "p", "enter": 1e-9, "remove": 1e-9}, bootstraps=3)
    assert found.fit.design.formula == "y ~ 1"
    assert found["c"][["apparent", "training", "test", "corrected"]].tolist() == [0.5] * 4
    assert found.models is not None
    assert found.models["terms"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("formula", "selection", "options"),
    [
        (SHORT, {"direction": "backward"}, {}),
        ("low ~ bs(lwt, df=4) + smoke + ptl", {"by": "bic"}, {"offset": "known"}),
    ],
)
def test_folds_are_those_of_a_loop_by_hand(formula: str, selection: dict[str, Any], options: dict[str, Any]) -> None:
    """Each training part searched by stepwise(), its fit predicting the rows held out."""
    data = BIRTHS.assign(known=0.1 * BIRTHS["ui"])
    found = glmlr.cross_validate(formula, data, selection=selection, folds=3, repeats=1, **options)
    by_hand, chosen = pd.Series(np.nan, index=data.index), []
    for training, test in StratifiedKFold(3, shuffle=True, random_state=np.random.RandomState(1)).split(
        data, data["low"]
    ):
        alone = stepwise(formula, data.iloc[training], **selection, **options)
        by_hand.iloc[test] = alone.fit.predict(data.iloc[test])
        chosen.append(alone.selected)
    np.testing.assert_allclose(found.predictions[1], by_hand, rtol=1e-7)
    assert found.terms is not None
    times = found.terms.set_index("term")["times"]
    assert times.to_dict() == {term: sum(term in terms for terms in chosen) for term in times.index}
    assert "Each training part repeats" in found.table.notes[0]
    assert found.table.tables[2].to_markdown()


def test_a_cross_validation_without_a_search_has_no_terms() -> None:
    assert glmlr.cross_validate(SHORT, BIRTHS, folds=2, repeats=1).terms is None
    with pytest.raises(NotApplicable, match="importance weights"):
        glmlr.cross_validate(SHORT, BIRTHS, folds=2, selection={}, class_weight="balanced")


@pytest.mark.slow
def test_noise_looks_better_than_it_is_and_the_repeated_search_says_so() -> None:
    """Twelve predictors of noise: the chosen ones look good, and only the repeated search finds them out."""
    rng = np.random.default_rng(8)
    data = pd.DataFrame(rng.normal(size=(120, 12)), columns=[f"x{at}" for at in range(12)])
    data["y"] = np.arange(120) % 2
    fit = glmlr.fit("y ~ " + " + ".join(data.columns[:-1]), data)
    found = fit.validate(selection={"direction": "backward"}, bootstraps=40)
    naive = found.fit.validate(bootstraps=40)
    assert found["c"]["apparent"] > 0.62
    assert abs(found.corrected["c"] - 0.5) < 0.07
    assert naive.corrected["c"] > found.corrected["c"] + 0.05
    assert found.corrected["slope"] < naive.corrected["slope"]


@pytest.mark.slow
def test_the_number_of_workers_moves_no_digit(fit: glmlr.Fit) -> None:
    options: dict[str, Any] = {"selection": {"direction": "backward"}, "bootstraps": 8}
    one, two = (fit.validate(**options, workers=workers) for workers in (1, 2))
    pd.testing.assert_frame_equal(one.table.frame, two.table.frame, check_exact=True)
    pd.testing.assert_frame_equal(one.terms, two.terms)


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ("backward", "must map options of stepwise"),
        ({"criterion": "aic"}, "no option 'criterion'; it takes direction, by"),
        ({"directions": "both"}, "did you mean 'direction'"),
        ({"direction": "down"}, "direction='down'"),
        ({"keep": "smokes"}, "no term of the formula"),
    ],
)
def test_bad_options_get_a_sentence(fit: glmlr.Fit, selection: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        fit.validate(selection=selection, bootstraps=2)


def test_what_cannot_be_searched_says_why(fit: glmlr.Fit) -> None:
    with pytest.raises(NotApplicable, match="importance weights"):
        glmlr.fit(SHORT, BIRTHS, class_weight="balanced").validate(selection={})
    with pytest.raises(NotApplicable, match="fit without penalty="):
        glmlr.fit(SHORT, BIRTHS, penalty="firth").validate(selection={})
    with pytest.raises(OptionError, match="repeats its own search"):
        stepwise(SHORT, BIRTHS).validate(selection={})
    with pytest.raises(ArgumentError, match="a fitted model or a selection"):
        glmlr.validate(BIRTHS)  # type: ignore[arg-type]


def test_grouped_counts_are_their_trials_and_whole_clusters_are_drawn() -> None:
    groups = BIRTHS.assign(yes=BIRTHS["low"], no=1 - BIRTHS["low"]).groupby(["smoke", "ht", "ui"], as_index=False)
    summed = groups[["yes", "no"]].sum()
    # The trials of a row in the order in which they are drawn: its events, then its non-events.
    order = ["smoke", "ht", "ui", "low"]
    rows = BIRTHS[order].sort_values(order, ascending=[True, True, True, False]).reset_index(drop=True)
    options: dict[str, Any] = {"selection": {"direction": "backward"}, "bootstraps": 3}
    one = glmlr.fit("yes + no ~ smoke + ht + ui", summed).validate(**options)
    other = glmlr.fit("low ~ smoke + ht + ui", rows).validate(**options)
    pd.testing.assert_frame_equal(one.table.frame, other.table.frame, rtol=1e-7, atol=1e-9)
    pd.testing.assert_frame_equal(one.terms, other.terms)
    few = glmlr.fit("low ~ smoke + ht + ui", BIRTHS, cluster=np.arange(len(BIRTHS)) // 21).validate(**options)
    assert any("clusters" in note for note in few.table.notes)
