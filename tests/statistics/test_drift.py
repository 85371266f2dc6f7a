"""Are scores and predictors of two sets of rows compared as by hand?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2
from witnesses import read_data

import glmlr
from glmlr.errors import ArgumentError, DataError, OptionError, WeightError
from glmlr.statistics.drift import csi, psi

ARRESTS = read_data("arrests")
OLD, NEW = ARRESTS[ARRESTS["year"] < 1999], ARRESTS[ARRESTS["year"] >= 1999]


def test_scores_by_hand() -> None:
    # Old: 2 of each of 5 scores; fifths at 1 ... 5. New: 4 rows of 1, 3 of 2, 2 of 3.5 (in the group of 3), 1 of 9.
    old, new = np.repeat([1.0, 2, 3, 4, 5], 2), np.repeat([1.0, 2, 3.5, 9], [4, 3, 2, 1])
    table = psi(old, new, groups=5)
    assert table["n"].tolist() == [1, 0, 2, 3, 4]
    a, e = np.array([0.1, 0.05, 0.2, 0.3, 0.4]), 0.2
    np.testing.assert_allclose(table["psi"], (a - e) * np.log(a / e), rtol=1e-13)
    test = table.tables[0]
    assert test["psi"] == pytest.approx(((a - e) * np.log(a / e)).sum(), rel=1e-13)
    assert test["p_value"] == pytest.approx(chi2.sf(test["psi"] / 0.2, 4), rel=1e-12)
    assert test["reach"] == pytest.approx(0.2 * chi2.ppf(0.95, 4), rel=1e-12)
    assert test["chance"] == pytest.approx(0.8, rel=1e-14)
    assert "it is no test" in table.notes[0]
    assert "fewer than 10 rows" in " ".join(table.notes)


def test_scores_by_weight_and_by_subject_are_those_of_rows() -> None:
    rng = np.random.default_rng(1)
    old, new = rng.normal(size=300), rng.normal(0.2, 1, size=200)
    times = np.arange(200) % 3
    counted = psi(old, new, new_weight=times, old_weight=np.full(300, 2))
    repeated = psi(np.repeat(old, 2), np.repeat(new, times))
    pd.testing.assert_frame_equal(counted.frame, repeated.frame, rtol=1e-13)
    y_old, y_new = np.resize([0, 1], 300), np.resize([0, 1], 200)
    by_subject = psi(glmlr.scores(y_old, old), glmlr.scores(y_new, new))
    pd.testing.assert_frame_equal(by_subject.frame, psi(old, new).frame)
    shuffled = psi(rng.permutation(old), pd.Series(new))
    pd.testing.assert_frame_equal(shuffled.frame, psi(old, new).frame)


def test_a_fit_against_its_evaluation() -> None:
    fit = glmlr.fit("released ~ age + employed + checks", OLD)
    evaluation = fit.evaluate(NEW)
    assert psi(fit, evaluation)["psi"].sum() == pytest.approx(evaluation["psi"], rel=1e-12)


def test_ties_leave_fewer_groups() -> None:
    table = psi([0.2] * 6 + [0.8] * 6, [0.2, 0.8, 0.8])
    assert table["n"].tolist() == [2, 1]
    assert "Ties leave 2 of the 10 groups" in " ".join(table.notes)
    alone = psi([0.2] * 6, [0.2, 0.8])
    assert np.isnan(alone.tables[0]["p_value"])
    assert "All rows are in one group" in " ".join(alone.notes)


def test_scores_that_are_none_are_refused() -> None:
    with pytest.raises(ArgumentError, match="psi\\(\\) takes scores"):
        psi("a", [1.0])
    with pytest.raises(ArgumentError, match="psi\\(\\) takes scores"):
        psi(pd.DataFrame({"a": [1]}), [1.0])
    with pytest.raises(DataError, match="missing or infinite"):
        psi([1.0, 2.0], [1.0, np.nan])
    with pytest.raises(OptionError, match="groups=1"):
        psi([1.0], [1.0], groups=1)
    with pytest.raises(ArgumentError, match="old_weight="):
        psi(glmlr.scores([0, 1], [0.1, 0.2]), [1.0], old_weight=[1])


def test_predictors_are_those_of_monitoring() -> None:
    fit = glmlr.fit("released ~ colour + age + sex + employed + citizen + checks", OLD)
    monitored = fit.monitor(NEW, np.zeros(len(NEW))).csi.iloc[0, 1:].astype(float)
    table = csi(OLD, NEW, predictors=list(monitored.index))
    found = table.frame.set_index("term")["csi"]
    np.testing.assert_allclose(found[monitored.index], monitored, rtol=1e-13)
    assert found.is_monotonic_decreasing
    assert [part.key for part in table.tables] == [f"csi_{name}" for name in found.index]
    for part, value in zip(table.tables, found, strict=True):
        assert part["psi"].sum() == pytest.approx(value, rel=1e-12)
        assert part["share"].sum() == pytest.approx(1, rel=1e-14)
        assert part.charts[0].to_svg().lstrip().startswith("<svg")


def test_all_shared_columns_but_dates_and_weights() -> None:
    old = OLD.assign(day=pd.Timestamp("2024-01-01"), mine=1, w=2)
    new = NEW.assign(day=pd.Timestamp("2024-02-01"), w=3)
    table = csi(old, new, old_weights="w", new_weights="w")
    assert set(table["term"]) == set(ARRESTS.columns)
    # Weights of 2 and 3 leave the shares as they are, but where half a row stands for an empty bin.
    one, two = (frame.set_index("term").drop(index=["year", "checks"]) for frame in (table.frame, csi(OLD, NEW).frame))
    np.testing.assert_allclose(one["csi"], two["csi"], rtol=1e-13)
    assert (one["p_value"] <= two["p_value"]).all()


def test_frequencies_are_rows() -> None:
    times = np.arange(len(NEW)) % 3
    counted = csi(OLD, NEW, predictors=["age", "sex"], new_weights=times)
    repeated = csi(OLD, NEW.iloc[np.repeat(np.arange(len(NEW)), times)], predictors=["age", "sex"])
    pd.testing.assert_frame_equal(counted.frame, repeated.frame, rtol=1e-13)


def test_columns_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(DataError, match="'aeg' not found in the old data; did you mean 'age'"):
        csi(OLD, NEW, predictors="aeg")
    with pytest.raises(DataError, match="not found in the new data"):
        csi(OLD, NEW.drop(columns="age"), predictors="age")
    with pytest.raises(DataError, match="no column in common"):
        csi(OLD[["age"]], NEW[["sex"]])
    with pytest.raises(DataError, match="held numbers in the old data"):
        csi(OLD, NEW.assign(age="old"), predictors="age")
    with pytest.raises(DataError, match="dates or times"):
        csi(OLD.assign(day=pd.Timestamp("2024-01-01")), NEW.assign(day=pd.NaT), predictors="day")
    with pytest.raises(WeightError):
        csi(OLD, NEW, new_weights=np.full(len(NEW), 0.5))
    with pytest.raises(OptionError, match="bins=1"):
        csi(OLD, NEW, bins=1)
