"""The registry: one record binds a method, a function, the report and the definitions."""

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.errors import ArgumentError, DataError, ResponseError, WeightError
from glmlr.registry import SECTIONS, STATISTICS, statistic

BIRTHS = glmlr.datasets.load("birthwt")
FIT = glmlr.fit("low ~ age + lwt + smoke", BIRTHS)
#: Fits that have what others have not.
OTHERS = {
    "intercepts": glmlr.fit("low ~ age + lwt + smoke", BIRTHS, class_weight="balanced"),
    "hazard_ratios": glmlr.fit("low ~ age + lwt + smoke", BIRTHS, link="cloglog"),
}


@pytest.mark.parametrize("key", list(STATISTICS))
def test_method_and_function_are_one(key):
    assert getattr(glmlr, key) is STATISTICS[key].function
    assert getattr(glmlr.Fit, key) is STATISTICS[key].function
    fit = OTHERS.get(key, FIT)
    assert getattr(glmlr, key)(fit).frame.equals(getattr(fit, key)().frame)
    assert STATISTICS[key].section in SECTIONS


@pytest.mark.parametrize("key", [key for key, record in STATISTICS.items() if record.on == "scores"])
def test_statistics_of_scores_take_arrays(key):
    by_fit = getattr(FIT, key)().frame
    by_arrays = getattr(glmlr, key)(BIRTHS["low"], FIT.probabilities).frame
    assert list(by_fit.columns) == list(by_arrays.columns)


def test_arrays_and_fit_agree_on_association():
    arrays = glmlr.association(BIRTHS["low"], FIT.probabilities)
    assert arrays["c"] == FIT.association()["c"]
    named = glmlr.association(np.where(BIRTHS["low"] == 1, "ill", "well"), FIT.probabilities, event="ill")
    assert named["c"] == arrays["c"]


def test_refusals():
    with pytest.raises(ArgumentError, match=r"association\(y, p\)"):
        glmlr.association(BIRTHS["low"])
    with pytest.raises(ArgumentError, match="they are the fit's own"):
        glmlr.association(FIT, FIT.probabilities)
    with pytest.raises(DataError, match="outcomes are missing"):
        glmlr.association([0, 1, None], [0.1, 0.2, 0.3])
    with pytest.raises(ArgumentError, match="section 'nowhere' does not exist"):
        statistic(section="nowhere", title="", reference="")


def test_definitions_list_every_statistic():
    names = {item.name for item in glmlr.definitions()}
    assert {"Odds ratio", "z"} <= names
    assert all(item.meaning.endswith((".", ")")) or item.meaning for item in glmlr.definitions())


def test_weights_in_a_series_go_by_its_index():
    outcome = pd.Series([0, 1, 1], index=["a", "b", "c"])
    score = pd.Series([0.2, 0.1, 0.3], index=["a", "b", "c"])
    weight = pd.Series([5, 7, 2], index=["c", "b", "a"])
    # By hand: 2 non-events; 5 events above them, 7 below.
    assert glmlr.association(outcome, score, weight=weight)["concordant"] == 2 * 5
    assert glmlr.association(outcome, score, weight=weight)["discordant"] == 2 * 7
    turned = glmlr.compare_auc(outcome, score, -score, weight=weight)
    pd.testing.assert_frame_equal(turned.frame, glmlr.compare_auc(outcome, score, -score, weight=[2, 7, 5]).frame)
    with pytest.raises(WeightError, match="cannot be matched"):
        glmlr.association(outcome, score, weight=weight.rename({"a": "z"}))


def test_no_rows_at_all():
    with pytest.raises(ResponseError, match="has no values"):
        glmlr.association([], [])
