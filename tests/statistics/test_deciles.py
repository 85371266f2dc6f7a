"""Do the deciles hold the rows they should, and is KS read off the whole curve?"""

from __future__ import annotations

import numpy as np
import pytest
from witnesses import read_witness

from glmlr.errors import OptionError
from glmlr.proportions import wilson
from glmlr.ranking import rank
from glmlr.statistics.deciles import deciles, ks_distance

WITNESS = read_witness("scores")
CASES = ["ten", "births", "births_rounded", "births_shrunk"]


@pytest.mark.parametrize("case", CASES)
def test_deciles_equal_r(case: str) -> None:
    # R: floor(rank(-p) * 10 / (n + 1)) + 1; tests/witness/scores.R
    given, expected = WITNESS[case], WITNESS[case]["tenths"]
    frame = deciles(given["y"], given["p"]).frame
    np.testing.assert_array_equal(frame["decile"], expected["number"])
    np.testing.assert_array_equal(frame["n"], expected["n"])
    np.testing.assert_array_equal(frame["events"], expected["events"])
    np.testing.assert_allclose(frame["expected_events"], expected["expected"], rtol=1e-11)
    np.testing.assert_allclose(frame["score_low"], expected["low"], rtol=1e-14)


@pytest.mark.parametrize("case", CASES)
def test_columns_follow_from_the_counts(case: str) -> None:
    # Definitions, worked out from R's counts of rows and events per group.
    given, expected = WITNESS[case], WITNESS[case]["tenths"]
    n, events = np.array(expected["n"]), np.array(expected["events"])
    frame = deciles(given["y"], given["p"]).frame
    rate = events.sum() / n.sum()
    np.testing.assert_allclose(frame["share"], n / n.sum(), rtol=1e-14)
    np.testing.assert_allclose(frame["capture"], events / events.sum(), rtol=1e-14)
    np.testing.assert_allclose(frame["cumulative_capture"], events.cumsum() / events.sum(), rtol=1e-14)
    np.testing.assert_allclose(frame["lift"], events / n / rate, rtol=1e-13)
    np.testing.assert_allclose(frame["cumulative_lift"], events.cumsum() / n.cumsum() / rate, rtol=1e-13)
    rest = n - events
    gap = events.cumsum() / events.sum() - rest.cumsum() / rest.sum()
    np.testing.assert_allclose(frame["ks"], gap, atol=1e-14)
    bounds = wilson(events, n)
    np.testing.assert_allclose(frame[["low", "high"]], np.column_stack([bounds.low, bounds.high]), rtol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_ks_equals_r(case: str) -> None:
    # R: ks.test(p[y == 1], p[y == 0]); tests/witness/scores.R
    given = WITNESS[case]
    table = deciles(given["y"], given["p"])
    assert table.tables[0]["ks"] == pytest.approx(given["ks"], rel=1e-12)
    assert table.frame["ks"].max() <= given["ks"] + 1e-12


def test_ks_is_not_read_off_the_ends_of_the_groups() -> None:
    # By hand: of 8 rows only the highest is an event. Between rows 1 and 2 the distance is 1; at the end of the first
    # half it is 1 - 3/7.
    table = deciles([0, 0, 0, 0, 0, 0, 0, 1], np.arange(1, 9) / 10, groups=2)
    assert table.tables[0]["ks"] == 1.0
    assert table.frame["ks"].tolist() == pytest.approx([4 / 7, 0.0])


def test_ks_is_where_it_says() -> None:
    given = WITNESS["births"]
    y, p = np.array(given["y"]), np.array(given["p"])
    distance = ks_distance(rank(p, y))
    above = p >= distance.cutoff
    assert distance.sensitivity == pytest.approx(above[y == 1].mean(), rel=1e-14)
    assert distance.false_positive_rate == pytest.approx(above[y == 0].mean(), rel=1e-14)
    assert distance.share == pytest.approx(above.mean(), rel=1e-14)
    assert distance.signed == pytest.approx(distance.sensitivity - distance.false_positive_rate, rel=1e-12)


def test_ks_of_reversed_scores_is_named() -> None:
    # By hand: events 0.1 and 0.2, non-events 0.8 and 0.9: the distributions do not overlap.
    table = deciles([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9], groups=2)
    assert table.tables[0]["ks"] == 1.0
    assert table.tables[0]["cutoff"] == 0.8
    assert any("events have the lower scores" in note for note in table.notes)


def test_ties_leave_groups_empty_and_say_so() -> None:
    # By hand: ranks 1..6 for 0.9, ..., mean rank 6.5 + ... : 12 rows, two scores of 6 rows each: mean ranks 3.5 and
    # 9.5, groups floor(35 / 13) + 1 = 3 and floor(95 / 13) + 1 = 8.
    table = deciles([0, 1] * 6, [0.2] * 6 + [0.8] * 6)
    assert table.frame["decile"].tolist() == [3, 8]
    assert table.frame["n"].tolist() == [6, 6]
    assert any("2 of the 10 groups" in note for note in table.notes)


def test_one_score_is_one_group_with_lift_one() -> None:
    table = deciles([0, 1, 1, 0], [0.4] * 4)
    assert len(table.frame) == 1
    assert table.frame["lift"].tolist() == [1.0]
    assert table.tables[0]["ks"] == 0.0


def test_scores_that_are_no_probabilities_have_no_expected_events() -> None:
    table = deciles([0, 1, 1, 0], [3.0, 7.0, 9.0, -2.0], groups=2)
    assert "expected_events" not in table.frame
    assert "expected_events" not in table.roles
    assert table.roles["score_low"] == "estimate"


def test_charts_hold_the_whole_curve() -> None:
    given = WITNESS["births"]
    table = deciles(given["y"], given["p"])
    assert [chart.key for chart in table.charts] == ["gains", "lift", "ks"]
    gains = table.chart("gains").series[-1]
    assert (gains.x[0], gains.y[0], gains.x[-1], gains.y[-1]) == (0, 0, 1, 1)
    assert gains.x.size == len(set(given["p"])) + 1
    gap = table.chart("ks").series[-1]
    assert gap.y[1] - gap.y[0] == pytest.approx(given["ks"], rel=1e-12)
    rng = np.random.default_rng(5)
    p = rng.random(4000)
    assert deciles(rng.random(4000) < p, p).chart("gains").series[-1].x.size <= 503


def test_groups_must_be_a_number_of_groups() -> None:
    with pytest.raises(OptionError, match="groups=1"):
        deciles([0, 1], [0.1, 0.2], groups=1)
