"""Do the components of the scores add up, and equal those written out in R?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import DataError, OptionError

WITNESS = read_witness("calibration")
CASES = ("births", "births_rounded", "births_elsewhere", "arrests_shrunk")
PARTS = ("score", "miscalibration", "discrimination", "uncertainty")
GROUPS = ("reliability", "resolution", "uncertainty", "within_variance", "within_covariance", "ece", "mce")


@pytest.mark.parametrize("case", CASES)
def test_calibration_components_equal_r(case: str) -> None:
    # R: pool adjacent violators and Murphy's terms written out; tests/witness/calibration.R
    given = WITNESS[case]
    table = glmlr.calibration_components(given["y"], given["p"])
    assert list(table["measure"]) == list(PARTS)
    for score in ("brier", "log_score"):
        np.testing.assert_allclose(table[score], given["components"][score], rtol=1e-10, atol=1e-14)
    groups = table.tables[0].frame.set_index("measure")
    for column, theirs in (("groups", "groups"), ("distinct", "distinct")):
        for name in GROUPS:
            expected = given[theirs][name]
            assert groups.loc[name, column] == pytest.approx(expected, rel=1e-9, abs=1e-14), (column, name)


@pytest.mark.parametrize("groups", [2, 7, 10, 50])
def test_components_add_up(groups: int) -> None:
    rng = np.random.default_rng(1)
    p = np.round(rng.beta(1, 2, 400), 2)
    p[p == 0] = 0.01
    weight = rng.integers(1, 5, 400)
    y = rng.random(400) < 0.8 * p
    table = glmlr.calibration_components(y, p, weight=weight, groups=groups)
    for score in ("brier", "log_score"):
        mean, miscalibration, discrimination, uncertainty = table[score]
        assert mean == pytest.approx(miscalibration - discrimination + uncertainty, rel=1e-13)
    brier = table["brier"][0]
    assert brier == pytest.approx(np.average((y - p) ** 2, weights=weight), rel=1e-13)
    for column in ("groups", "distinct"):
        part = dict(zip(table.tables[0]["measure"], table.tables[0][column], strict=True))
        total = part["reliability"] - part["resolution"] + part["uncertainty"]
        assert total + part["within_variance"] - part["within_covariance"] == pytest.approx(brier, rel=1e-12)


def test_components_by_hand() -> None:
    # y = 0 1 | 0 1 1 at p = .3 and .9. Isotonic rates 1/2 and 2/3; Brier (.09 + .49 + .81 + .01 + .01) / 5 = .282;
    # recalibrated (2/4 + 2/3 - 4/9 * 0 ...): 2 * 1/4 + 3 * 2/9 = 7/6 over 5; uncertainty 3/5 * 2/5.
    table = glmlr.calibration_components([0, 1, 0, 1, 1], [0.3, 0.3, 0.9, 0.9, 0.9], groups=2)
    best = (2 / 4 + 3 * 2 / 9) / 5
    assert table["brier"].tolist() == pytest.approx([0.282, 0.282 - best, 0.24 - best, 0.24], rel=1e-13)
    # The median is .9, where the first of two groups would end: one is formed.
    assert table.tables[0].heading("groups") == "One group"
    groups = table.tables[0].frame.set_index("measure")["distinct"]
    assert groups["ece"] == pytest.approx((2 * 0.2 + 3 * (0.9 - 2 / 3)) / 5, rel=1e-13)
    assert groups["mce"] == pytest.approx(0.9 - 2 / 3, rel=1e-13)


def test_perfect_separation_and_certain_probabilities() -> None:
    table = glmlr.calibration_components([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8])
    assert table["brier"].tolist() == pytest.approx([0.045, 0.045, 0.25, 0.25], rel=1e-13)
    assert table["log_score"][3] == pytest.approx(math.log(2), rel=1e-13)
    wrong = glmlr.calibration_components([0, 1, 1], [0.2, 0.7, 0.0])
    assert wrong["log_score"][:2].tolist() == [math.inf, math.inf]
    assert any("infinite" in note for note in wrong.notes)
    assert wrong["brier"][0] == pytest.approx((0.04 + 0.09 + 1) / 3, rel=1e-13)


def test_one_probability_has_no_discrimination() -> None:
    table = glmlr.calibration_components([0, 1, 0, 0], [0.4] * 4)
    np.testing.assert_allclose(table["brier"], [0.15**2 + 0.1875, 0.15**2, 0, 0.1875], atol=1e-15)


def test_what_it_cannot_split_is_refused() -> None:
    with pytest.raises(DataError, match="needs probabilities"):
        glmlr.calibration_components([0, 1], [-1.0, 2.0])
    with pytest.raises(OptionError, match="groups=1"):
        glmlr.calibration_components([0, 1], [0.1, 0.2], groups=1)
    with pytest.raises(DataError, match="needs both kinds"):
        glmlr.scores(np.array([0, 1]), [0.1, 0.2], weight=[1, 0]).calibration_components()


def test_the_curve_is_drawn_from_the_blocks() -> None:
    fit = glmlr.fit("low ~ age + lwt + smoke", read_data("birthwt"))
    line = fit.calibration_components().chart("reliability").series[-1]
    assert (np.diff(line.y) >= 0).all()
    assert (line.x[0], line.x[-1]) == (fit.ranking.score[0], fit.ranking.score[-1])


@pytest.mark.parametrize("case", ["births", "births_rounded"])
def test_order_and_repetition_move_no_bit(case: str) -> None:
    y, p = np.array(WITNESS[case]["y"]), np.array(WITNESS[case]["p"])
    times = np.resize([1, 2, 3, 1], y.size)
    order = np.random.default_rng(1).permutation(times.sum())
    one = glmlr.calibration_components(y, p, weight=times)
    other = glmlr.calibration_components(np.repeat(y, times)[order], np.repeat(p, times)[order])
    for mine, theirs in zip((one, *one.tables), (other, *other.tables), strict=True):
        pd.testing.assert_frame_equal(mine.frame, theirs.frame, check_exact=True)
