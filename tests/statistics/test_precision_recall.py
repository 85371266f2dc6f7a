"""Does the table of precision and recall say what scikit-learn and the curve say?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve
from witnesses import read_witness

from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.statistics import precision_recall as asking

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
CASES = WITNESS["cases"]

every_case = pytest.mark.parametrize("case", list(CASES))


@every_case
def test_the_curve_equals_scikit_learn(case: str) -> None:
    p = np.array(CASES[case]["p"])
    precision, recall, cutoffs = precision_recall_curve(Y, p)
    frame = asking.precision_recall_curve(Y, p).frame[::-1]
    # scikit-learn takes scores that differ in the last digit for two; the fitted ones of one pattern do.
    same = np.isin(cutoffs, frame["cutoff"])
    np.testing.assert_allclose(frame["precision"], precision[:-1][same], rtol=1e-13)
    np.testing.assert_allclose(frame["recall"], recall[:-1][same], rtol=1e-13)
    product, total = frame["precision"] * frame["recall"], frame["precision"] + frame["recall"]
    np.testing.assert_allclose(frame["f1"], 2 * product / total.where(total > 0, 1))


@every_case
def test_the_table(case: str) -> None:
    p = np.array(CASES[case]["p"])
    table = asking.precision_recall(Y, p)
    assert table["average_precision"] == pytest.approx(average_precision_score(Y, p), rel=1e-13)
    assert table["baseline"] == pytest.approx(59 / 189, rel=1e-15)
    called = p >= table["best_cutoff"]
    assert table["best_f1"] == pytest.approx(f1_score(Y, called), rel=1e-14)
    assert table["precision"] == pytest.approx(Y[called].mean(), rel=1e-14)
    assert table["recall"] == pytest.approx(called[Y == 1].mean(), rel=1e-14)
    assert 0 < table["low"] < table["average_precision"] < table["high"] < 1


def test_the_bootstrap_is_near_the_analytic_interval() -> None:
    p = CASES["full"]["p"]
    one, other = asking.precision_recall(Y, p), asking.precision_recall(Y, p, resamples=2000)
    assert other["std_error"] == pytest.approx(one["std_error"], rel=0.15)
    assert other["average_precision"] == one["average_precision"]
    assert any("2,000 bootstrap samples" in note for note in other.notes)


def test_the_drawn_curve_bends_between_few_cutoffs() -> None:
    # By hand: from 1 of 2 called to 2 of 8 called; half way 1.5 of 5, and not the mean of 1/2 and 1/4.
    table = asking.precision_recall([1, 0, 1, 0, 0, 0, 0, 0], [2.0, 2, 1, 1, 1, 1, 1, 1])
    drawn = table.chart("precision_recall").series[1]
    assert float(np.interp(0.75, drawn.x, drawn.y)) == pytest.approx(0.3, abs=2e-3)
    # The area below the drawn curve is the area of the table.
    assert np.trapezoid(drawn.y, drawn.x) == pytest.approx(table["interpolated_area"], abs=2e-3)


def test_the_chart_of_many_rows_is_thin_and_true() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    table = asking.precision_recall(rng.random(20_000) < p**3, p)
    drawn = table.chart("precision_recall").series[1]
    assert drawn.x.size <= 500
    assert np.trapezoid(drawn.y, drawn.x) == pytest.approx(table["interpolated_area"], abs=3e-3)


@pytest.mark.parametrize(
    ("y", "p", "says"),
    [([0, 0, 1], [0.1, 0.3, 0.2], "only one event"), ([0, 1, 1], [0.1, 0.3, 0.2], "only one non-event")],
)
def test_one_row_of_a_kind_has_no_error(y: list[int], p: list[float], says: str) -> None:
    table = asking.precision_recall(y, p)
    assert math.isnan(table["std_error"])
    assert any(says in note for note in table.notes)


def test_perfect_separation_has_no_interval() -> None:
    table = asking.precision_recall([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert (table["average_precision"], table["best_f1"], table["best_cutoff"]) == (1.0, 1.0, 0.8)
    assert math.isnan(table["low"])
    assert any("there is no interval" in note for note in table.notes)


def test_bad_input_is_refused() -> None:
    with pytest.raises(OptionError, match="bootstrap samples"):
        asking.precision_recall(Y, CASES["full"]["p"], resamples=0)
    with pytest.raises(OptionError, match="confidence level"):
        asking.precision_recall(Y, CASES["full"]["p"], level=1)
    with pytest.raises(NotApplicable, match="whole numbers"):
        asking.precision_recall([0, 1], [0.1, 0.2], weight=[0.5, 1], resamples=5)
    with pytest.raises(DataError):
        asking.precision_recall_curve([1, 1], [0.1, 0.2])
