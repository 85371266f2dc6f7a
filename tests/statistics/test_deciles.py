"""Do the deciles hold the rows they should, and is KS read off the whole curve?"""

from __future__ import annotations

import numpy as np
import pytest
from witnesses import read_witness

import glmlr
from glmlr.errors import ArgumentError, DataError, OptionError
from glmlr.exhibits import Table
from glmlr.proportions import wilson
from glmlr.ranking import rank
from glmlr.ranking.distance import ks_distance
from glmlr.statistics.deciles import decile_edges, deciles

WITNESS = read_witness("scores")
R = read_witness("deciles")
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
    assert [chart.key for chart in table.charts] == ["gains", "lift", "ks", "rates"]
    gains = table.chart("gains").series[-1]
    assert (gains.x[0], gains.y[0], gains.x[-1], gains.y[-1]) == (0, 0, 1, 1)
    # Every point of the curve lies on the line that is drawn, which leaves out what the eye does not need.
    order = np.argsort(-np.array(given["p"]))
    captured = np.cumsum(np.array(given["y"])[order]) / np.sum(given["y"])
    whole = np.arange(1, len(order) + 1) / len(order)
    ends = np.append(np.diff(np.array(given["p"])[order]) != 0, True)
    drawn = np.interp(whole[ends], gains.x, gains.y)
    np.testing.assert_allclose(drawn, captured[ends], atol=1e-3)
    rates = table.chart("rates").series
    np.testing.assert_array_equal(rates[0].y, table["rate"])
    np.testing.assert_allclose(rates[1].y, table["expected_events"] / table["n"], rtol=1e-14)
    gap = table.chart("ks").series[-1]
    assert gap.y[1] - gap.y[0] == pytest.approx(given["ks"], rel=1e-12)
    rng = np.random.default_rng(5)
    p = rng.random(4000)
    assert deciles(rng.random(4000) < p, p).chart("gains").series[-1].x.size <= 1001


def test_groups_must_be_a_number_of_groups() -> None:
    with pytest.raises(OptionError, match="groups=1"):
        deciles([0, 1], [0.1, 0.2], groups=1)


# ------------------------------------------------------------------------------------------------ is it monotone?


def companion(table: Table, key: str) -> Table:
    return next(part for part in table.tables if part.key == key)


@pytest.mark.parametrize(("case", "groups"), [("births", 10), ("five", 5), ("small", 10)])
def test_the_trend_is_that_of_r(case: str, groups: int) -> None:
    # R: prop.trend.test(x, n, decile) and prop.test(..., correct = FALSE) of neighbours; tests/witness/deciles.R
    if case == "small":
        fit = glmlr.fit("low ~ smoke + ht", glmlr.datasets.load("birthwt"))
        table = fit.deciles(groups=groups)
    else:
        table = deciles(WITNESS["births"]["y"], WITNESS["births"]["p"], groups=groups)
    expected, found = R["trend"][case], companion(table, "deciles_trend")
    assert found["trend_z"] ** 2 == pytest.approx(expected["chi2"], rel=1e-11)
    assert found["trend_z"] > 0
    assert found["trend_p"] == pytest.approx(expected["p_value"], rel=1e-9)
    assert found["reversals"] == len(expected["pairs"])
    if not expected["pairs"]:
        assert found.tables == ()
        assert "Monotone" in found.notes[0]
        return
    rows = found.tables[0].frame
    assert rows["decile"].tolist() == [pair["first"] for pair in expected["pairs"]]
    assert rows["next_decile"].tolist() == [pair["second"] for pair in expected["pairs"]]
    np.testing.assert_allclose(rows["z"] ** 2, [pair["chi2"] for pair in expected["pairs"]], rtol=1e-11)
    np.testing.assert_allclose(rows["p_value"], [pair["p_value"] for pair in expected["pairs"]], rtol=1e-10)
    assert "3 and 4, 5 and 6, 7 and 8" in found.notes[0]


def test_one_group_has_no_trend() -> None:
    found = companion(deciles([0, 1, 1, 0], [0.4] * 4), "deciles_trend")
    assert np.isnan(found["trend_z"])
    assert "no trend" in " ".join(found.notes)


def test_cumulated_non_events_are_the_rest() -> None:
    given = WITNESS["births"]
    frame = deciles(given["y"], given["p"]).frame
    np.testing.assert_array_equal(frame["events"] + frame["nonevents"], frame["n"])
    np.testing.assert_allclose(frame["cumulative_nonevents"], frame["nonevents"].cumsum() / 130, rtol=1e-14)
    np.testing.assert_allclose(frame["cumulative_capture"] - frame["cumulative_nonevents"], frame["ks"], atol=1e-14)


# ------------------------------------------------------------------------------------------------ kept cut-offs


def test_cut_offs_are_those_of_r() -> None:
    # R: the lowest score of each tenth but the last; tests/witness/deciles.R
    halves = R["halves"]
    y = np.resize([0, 1], len(halves["old"]))
    edges = decile_edges(y, halves["old"])
    np.testing.assert_allclose(edges, halves["cutoffs"], rtol=1e-14)
    found = deciles(np.resize([0, 1], len(halves["new"])), halves["new"], edges=edges)
    np.testing.assert_array_equal(found["n"], halves["n"][::-1])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("groups", [10, 4])
def test_kept_cut_offs_change_nothing_on_the_rows_they_come_from(case: str, groups: int) -> None:
    y, p = WITNESS[case]["y"], WITNESS[case]["p"]
    table = deciles(y, p, groups=groups)
    for edges in (table, glmlr.scores(y, p)):
        again = deciles(y, p, edges=edges, groups=groups)
        np.testing.assert_allclose(again.frame, table.frame, rtol=1e-12)
    numbers = deciles(y, p, edges=decile_edges(y, p, groups=groups)).frame
    np.testing.assert_allclose(numbers.drop(columns="decile"), table.frame.drop(columns="decile"), rtol=1e-12)
    assert numbers["decile"].tolist() == list(range(1, len(table) + 1))


def test_groups_at_given_cut_offs_by_hand() -> None:
    # At or above 0.9: nobody; 0.5 to 0.9: 0.5 and 0.7; 0.2 to 0.5: nobody; below 0.2: 0.1, 0.1 and 0.19.
    table = deciles([1, 0, 0, 0, 1], [0.7, 0.5, 0.1, 0.1, 0.19], edges=[0.2, 0.5, 0.9])
    frame = table.frame
    assert frame["decile"].tolist() == [1, 2, 3, 4]
    assert frame["n"].tolist() == [0, 2, 0, 3]
    assert frame["events"].tolist() == [0, 1, 0, 1]
    assert frame["score_low"].tolist() == [0.9, 0.5, 0.2, 0.1]
    assert frame["rate"].isna().tolist() == [True, False, True, False]
    assert frame["lift"].iloc[1] == pytest.approx(0.5 / 0.4)
    assert frame["cumulative_capture"].tolist() == [0, 0.5, 0.5, 1]
    assert "No row is in group 1, 3: there is no rate." in table.notes
    assert "–" in str(table)
    assert companion(table, "deciles_trend")["reversals"] == 0
    # A score that ties with a cut-off to 12 digits is at it.
    assert deciles([1, 0], [0.49999999999999994, 0.1], edges=[0.5])["n"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("edges", "says"),
    [
        ([0.5, 0.2], "0.2 follows 0.5"),
        ([0.2, 0.2], "not in increasing order"),
        ([], "give one cut-off"),
        ([0.2, np.nan], "1 of the cut-offs"),
        ([[0.1, 0.2]], "has the shape"),
        (["a"], "holds no cut-offs"),
        (deciles([0, 1], [0.1, 0.9]).tables[0], "not the table 'ks'"),
    ],
)
def test_cut_offs_that_are_none_are_refused(edges: object, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        deciles([0, 1, 1], [0.1, 0.2, 0.3], edges=edges)


def test_cut_offs_and_a_number_of_groups_cannot_disagree() -> None:
    with pytest.raises(OptionError, match="groups=4 says otherwise"):
        deciles([0, 1, 1], [0.1, 0.2, 0.3], edges=[0.2], groups=4)


# ------------------------------------------------------------------------------------------------ several sets of rows


def test_other_rows_stand_beside_in_the_same_groups() -> None:
    # By hand of the columns of each set alone, at the cut-offs of the first.
    y, p = np.array(WITNESS["births"]["y"]), np.array(WITNESS["births"]["p"])
    rng = np.random.default_rng(2)
    drawn = rng.integers(0, y.size, 400)
    later, odd = (y[drawn], p[drawn]), (y[1::2], p[1::2])
    table = deciles(y, p, beside={"later": later, "odd": glmlr.scores(*odd)})
    frame = companion(table, "deciles_beside").frame
    assert frame["sample"].tolist() == ["These rows", "later", "odd"] * 10
    for name, rows in (("later", later), ("odd", odd)):
        alone = deciles(*rows, edges=table).frame
        mine = frame[frame["sample"] == name].reset_index(drop=True)
        for column in ("decile", "n", "share", "events", "rate", "low", "high", "capture", "lift"):
            np.testing.assert_allclose(mine[column], alone[column], rtol=1e-13, err_msg=column)
        whole = companion(table, "deciles_sets").frame.set_index("sample").loc[name]
        a, e = alone["share"].to_numpy(), table.frame["share"].to_numpy()
        np.testing.assert_allclose(mine["psi"], (a - e) * np.log(a / e), rtol=1e-12)
        assert whole["psi"] == pytest.approx(((a - e) * np.log(a / e)).sum(), rel=1e-12)
        assert whole["ks"] == pytest.approx(deciles(*rows).tables[0]["ks"], rel=1e-14)
        assert whole["lift"] == alone["lift"].iloc[0]
    assert np.isnan(companion(table, "deciles_sets").frame["psi"].iloc[0])
    assert [one.name for one in table.chart("gains").series[2:]] == ["These rows", "later", "odd"]
    assert len(table.chart("rates").series) == 4
    for line, rows in zip(table.chart("ks").series[1:], ((y, p), later, odd), strict=True):
        assert line.y.max() == pytest.approx(deciles(*rows).tables[0]["ks"], abs=2e-3)
    for chart in table.charts:
        assert chart.to_svg().lstrip().startswith("<svg")
    assert deciles(y, p).tables[0].key == table.tables[0].key == "ks"


def test_a_fit_stands_beside_its_cross_validation() -> None:
    data = glmlr.datasets.load("birthwt")
    fit = glmlr.fit("low ~ lwt + smoke", data)
    folded = glmlr.cross_validate("low ~ lwt + smoke", data, folds=3, repeats=1)
    table = fit.deciles(beside=folded)
    assert companion(table, "deciles_sets")["sample"].tolist() == ["Rows of the fit", "Out of fold"]


def test_what_cannot_stand_beside_is_refused() -> None:
    y, p = [0, 1, 1], [0.1, 0.2, 0.3]
    with pytest.raises(OptionError, match="which the rows themselves have"):
        deciles(y, p, beside={"These rows": (y, p)})
    with pytest.raises(ArgumentError, match="beside="):
        deciles(y, p, beside={"x": 3})
    with pytest.raises(DataError):
        deciles(y, p, beside={"x": ([1, 1], [0.1, 0.2])})


@pytest.mark.parametrize("p", [[0.1, 0.9], [0.0, 1.0], [0.5, 0.5]])
def test_two_rows_have_deciles(p: list[float]) -> None:
    table = deciles([0, 1], p)
    assert table["n"].sum() == 2
    assert table.to_markdown()
    for chart in table.charts:
        assert chart.to_svg()


def test_the_report_says_whether_the_rate_falls() -> None:
    data = glmlr.datasets.load("birthwt")
    said = glmlr.fit("low ~ age + lwt + C(race) + smoke + ht", data).report(sections=["deciles"]).sections[0].sentences
    assert "The rate falls with the score (Cochran-Armitage p < 0.0001), but 4 pairs of neighbours stand in" in said[-1]
    (*_, last) = glmlr.fit("low ~ smoke", data).report(sections=["deciles"]).sections[0].sentences
    assert last.endswith(", from each group to the next.")
