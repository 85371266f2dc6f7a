"""Are the measures of a ranking those that the tables of statistics print, each with its own witness there?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from witnesses import read_witness

import glmlr
from glmlr.ranking import rank
from glmlr.validation.performance import (
    CRITERIA,
    MEASURES,
    CalibrationLine,
    best_cutoff,
    calibration_line,
    log_loss,
    measured,
    one_measure,
    positives_at,
    top_decile_lift,
)

WITNESS = read_witness("scores")
CASES = ["ten", "births", "births_rounded"]


@pytest.mark.parametrize("case", CASES)
def test_measures_are_those_of_the_tables(case: str) -> None:
    y, p = WITNESS[case]["y"], WITNESS[case]["p"]
    found = measured(rank(p, y), positives_at(rank(p, y), 0.4))
    calibration, deciles = glmlr.calibration(y, p), glmlr.deciles(y, p)
    expected = {
        "auc": glmlr.association(y, p)["c"],
        "log_loss": calibration["log_score"],
        "brier": calibration["brier"],
        "slope": calibration["slope"],
        "intercept": calibration["intercept"],
        "ks": deciles.tables[0]["ks"],
        "top_decile_lift": deciles.frame["lift"].iloc[0],
        "f1": glmlr.confusion(y, p, cutoff=0.4)["f1"],
    }
    assert list(found) == list(MEASURES) == list(expected)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_cutoffs_are_those_of_the_table(case: str) -> None:
    y, p = WITNESS[case]["y"], WITNESS[case]["p"]
    table = glmlr.cutoffs(y, p).frame.set_index("criterion")["cutoff"]
    assert {name: best_cutoff(rank(p, y), name) for name in CRITERIA} == {name: table[name] for name in CRITERIA}


def test_a_certain_and_wrong_probability_costs_infinitely_much() -> None:
    # By hand: an event of probability 0.
    assert log_loss(rank([0.0, 0.5], [1, 0])) == math.inf


@pytest.mark.parametrize(
    ("p", "y"),
    [
        ([0.2, 0.2, 0.2], [0, 1, 0]),
        ([0.0, 0.3, 0.6], [0, 1, 0]),
        ([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1]),
        ([0.1, 0.2, 0.3, 0.4], [1, 1, 0, 0]),
    ],
)
def test_no_line_where_none_exists(p: list[float], y: list[int]) -> None:
    assert str(calibration_line(rank(p, y))) == str(CalibrationLine(math.nan, math.nan))


def test_the_lift_of_a_tie_at_the_top_is_that_of_the_tie() -> None:
    # By hand: 4 of 8 rows tie at the top with 3 of the 4 events: 3/4 over 4/8.
    assert top_decile_lift(rank([0.9] * 4 + [0.1] * 4, [1, 1, 1, 0, 1, 0, 0, 0])) == 1.5


def test_no_row_reaches_a_high_cutoff() -> None:
    found = positives_at(rank([0.1, 0.2], [0, 1]), 0.9)
    assert (found.true, found.false, found.missed, found.f1) == (0.0, 0.0, 1.0, 0.0)
    assert one_measure("f1", rank([0.1, 0.2], [0, 1]), 0.2) == 1.0
    assert np.isclose(one_measure("brier", rank([0.1, 0.2], [0, 1])), (0.01 + 0.64) / 2)
