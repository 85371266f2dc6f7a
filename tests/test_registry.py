"""The registry: one record binds a method, a function, the report and the definitions."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.errors import ArgumentError, DataError, ResponseError, SeparationWarning, WeightError
from glmlr.registry import SECTIONS, STATISTICS, statistic
from glmlr.statistics import ON_RECORD

BIRTHS = glmlr.datasets.load("birthwt")
FIT = glmlr.fit("low ~ age + lwt + smoke", BIRTHS)
with pytest.warns(SeparationWarning):
    SEPARATED = glmlr.fit("low ~ age + C(ht)", BIRTHS[(BIRTHS["ht"] == 0) | (BIRTHS["low"] == 1)])
#: Fits that have what others have not.
OTHERS = {
    "separation_table": SEPARATED,
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


def recorded_in_the_source() -> set[str]:
    """Name the files of statistics that have a function under `@statistic`, read off their text."""
    folder = Path(glmlr.statistics.__file__).parent
    paths = [
        path for path in folder.rglob("*.py") if re.search(r"^@statistic\(", path.read_text(encoding="utf-8"), re.M)
    ]
    return {(path.parent.name if path.name == "__init__.py" else path.stem) for path in paths}


def test_the_list_of_statistics_is_what_their_files_record():
    listed = [(key, line.file, line.on) for line in ON_RECORD for key in line.names.split()]
    assert [key for key, _, _ in listed] == list(STATISTICS)
    assert len(STATISTICS) == len({key for key, _, _ in listed})
    for key, file, on in listed:
        record = STATISTICS[key]
        assert (record.key, record.on) == (key, on)
        assert record.function.__module__ == f"glmlr.statistics.{file}"
        assert hasattr(glmlr.scored.Scored, key) == (on == "scores")
    assert {file for _, file, _ in listed} == recorded_in_the_source()


def test_a_statistic_of_ones_own_is_a_method_and_comes_last_and_a_name_is_taken_once(monkeypatch):
    homes, loaded = dict(STATISTICS._homes), dict(STATISTICS._loaded)
    monkeypatch.setattr(STATISTICS, "_homes", homes)
    monkeypatch.setattr(STATISTICS, "_loaded", loaded)

    def rows_used(fit):
        return fit.response_profile()

    monkeypatch.setattr(glmlr.Fit, "rows_used", None, raising=False)
    words = {"section": "profile", "title": "Rows", "reference": "a count"}
    public = statistic(**words)(rows_used)
    assert list(STATISTICS)[-1] == "rows_used"
    assert FIT.rows_used().frame.equals(FIT.response_profile().frame)
    assert STATISTICS["rows_used"].function is public
    rows_used.__module__ = "elsewhere"
    with pytest.raises(ArgumentError, match="'rows_used' exists already"):
        statistic(**words)(rows_used)
