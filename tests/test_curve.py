"""Are points, readings and partial areas of a ROC curve those of R, and are their errors those of the bootstrap?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from witnesses import read_witness

from glmlr.ranking import rank
from glmlr.ranking.concordance import area
from glmlr.ranking.curve import (
    Curve,
    at_sensitivity,
    at_specificity,
    equal_errors,
    evenly,
    roc_points,
    thinned,
)
from glmlr.ranking.distance import ks_distance
from glmlr.ranking.ordering import PIECE
from glmlr.ranking.partial_area import partial_area, turned
from glmlr.ranking.redrawn import redrawn

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"], dtype=float)
CASES = WITNESS["cases"]
ROWS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: len({outcome for _, outcome in rows}) == 2
)

every_case = pytest.mark.parametrize("case", list(CASES))


@every_case
def test_readings_equal_proc(case: str) -> None:
    # R pROC: coords(input = "specificity") and (input = "sensitivity"); tests/witness/discrimination.R
    curve, expected = roc_points(rank(CASES[case]["p"], Y)), CASES[case]["coords"]
    for at, sensitivity, specificity in zip(
        expected["at"], expected["sensitivity"], expected["specificity"], strict=True
    ):
        assert at_specificity(curve, at).between == pytest.approx(sensitivity, rel=1e-12, abs=1e-14)
        assert at_sensitivity(curve, at).between == pytest.approx(specificity, rel=1e-12, abs=1e-14)


@given(ROWS, st.floats(0, 1))
def test_the_point_that_attains_a_rate_is_the_best_that_does(rows: list[tuple[int, bool]], stated: float) -> None:
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    curve = roc_points(rank(score, outcome))
    place = at_specificity(curve, stated).place
    enough = curve.specificity >= stated
    assert enough[place]
    assert curve.sensitivity[place] == curve.sensitivity[enough].max()
    place = at_sensitivity(curve, stated).place
    enough = curve.sensitivity >= stated
    assert enough[place]
    assert curve.specificity[place] == curve.specificity[enough].max()


def test_a_typed_rate_is_attained_where_it_is_a_share_of_the_rows() -> None:
    # By hand: 9 of 10 non-events lie below the events; 1 - 1/10 is 0.9 only when divided last.
    curve = roc_points(rank([*range(9), 20, 10, 11], [0] * 10 + [1, 1]))
    reading = at_specificity(curve, 0.9)
    assert (curve.cutoff[reading.place], reading.between) == (10, 1.0)


# ------------------------------------------------------------------------------------------------ equal errors


@given(ROWS)
def test_equal_errors_lie_on_both_lines(rows: list[tuple[int, bool]]) -> None:
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    ranking = rank(score, outcome)
    curve, found = roc_points(ranking), equal_errors(ranking)
    x, y = curve.false_positive_rate, curve.sensitivity
    between = [
        part
        for i in range(x.size - 1)
        for part in [((x[i] + y[i] - 1), (x[i + 1] + y[i + 1] - 1), x[i], x[i + 1])]
        if part[0] <= 1e-12 and part[1] >= -1e-12
    ]
    crossings = [a if e == s else a + (b - a) * -s / (e - s) for s, e, a, b in between]
    assert any(abs(found.rate - crossing) < 1e-12 for crossing in crossings)
    gap = np.abs(x + y - 1)
    at = int(np.flatnonzero(curve.cutoff == found.cutoff)[0])
    assert gap[at] == pytest.approx(gap.min(), abs=1e-12)
    assert (found.false_positive_rate, found.false_negative_rate) == (x[at], pytest.approx(1 - y[at], abs=1e-15))


def test_equal_errors_by_hand() -> None:
    # Points (0, 0), (0, 1/2), (1/2, 1/2), (1/2, 1), (1, 1): the level part crosses y = 1 - x at 1/2.
    found = equal_errors(rank([4, 3, 2, 1], [1, 0, 1, 0]))
    assert found.rate == 0.5
    perfect = equal_errors(rank([1, 2, 3], [0, 1, 1]))
    assert perfect.rate == 0.0
    # All tied: half way along the diagonal, attained by no cut-off.
    assert equal_errors(rank([1, 1, 1], [0, 1, 1])).rate == 0.5


# ------------------------------------------------------------------------------------------------ partial areas


@every_case
def test_partial_areas_equal_proc(case: str) -> None:
    # R pROC: auc(partial.auc =, partial.auc.focus =, partial.auc.correct =); tests/witness/discrimination.R
    ranking = rank(CASES[case]["p"], Y)
    for both in CASES[case]["partial"]:
        for part in both:
            of = ranking if part["focus"] == "specificity" else turned(ranking)
            found = partial_area(of, *part["range"])
            assert found.area == pytest.approx(part["area"], rel=1e-11, abs=1e-15)
            if part["standardised"] == "NA":
                assert np.isnan(found.standardised)
            else:
                assert found.standardised == pytest.approx(part["standardised"], rel=1e-11)


@every_case
def test_the_whole_range_is_the_area_with_its_error(case: str) -> None:
    ranking = rank(CASES[case]["p"], Y)
    whole = area(ranking)
    for of in (ranking, turned(ranking)):
        found = partial_area(of, 0.0, 1.0)
        assert found.area == pytest.approx(whole.auc, rel=1e-12)
        assert found.std_error == pytest.approx(whole.std_error, rel=1e-12)


@every_case
@pytest.mark.parametrize("other", [False, True])
def test_parts_add_up(case: str, other: bool) -> None:
    ranking = rank(CASES[case]["p"], Y)
    of = turned(ranking) if other else ranking
    parts = [partial_area(of, low, high).area for low, high in ((0, 0.31), (0.31, 0.8), (0.8, 1))]
    assert sum(parts) == pytest.approx(partial_area(ranking, 0, 1).area, rel=1e-12)


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize("ends", [(0.9, 1.0), (0.6, 0.83), (0.0, 0.4)])
def test_the_error_of_a_partial_area_is_its_slope_in_the_weights(
    rounded: bool, other: bool, ends: tuple[float, float]
) -> None:
    """The infinitesimal jackknife by differences: the weight of one row grows, those of its kind shrink."""
    rng = np.random.default_rng(8)
    # 97 non-events: no end of a range is attained exactly, where the slope has two sides.
    y = np.repeat([1.0, 0.0], [53, 97])
    p = rng.normal(y, 1.0)
    p = p.round(1) if rounded else p

    def of(weight: np.ndarray) -> float:
        ranking = rank(p, y, weight)
        return partial_area(turned(ranking) if other else ranking, *ends).area

    step, variance = 1e-6, 0.0
    for kind in (1.0, 0.0):
        rows = np.flatnonzero(y == kind)
        slopes = []
        for row in rows:
            sides = []
            for sign in (1, -1):
                weight = np.ones(y.size)
                weight[row] += sign * step
                weight[rows] *= rows.size / weight[rows].sum()
                sides.append(of(weight))
            slopes.append((sides[0] - sides[1]) / (2 * step))
        variance += float((np.array(slopes) ** 2).sum()) * rows.size / (rows.size - 1)
    ranking = rank(p, y)
    found = partial_area(turned(ranking) if other else ranking, *ends)
    assert found.std_error == pytest.approx(np.sqrt(variance), rel=1e-5)


def test_the_error_of_a_partial_area_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(2)
    y = np.repeat([1.0, 0.0], [300, 500])
    ranking = rank(rng.normal(1.2 * y, 1), y)
    drawn = [partial_area(one, 0.8, 1.0).area for one in redrawn(ranking, 1500)]
    assert partial_area(ranking, 0.8, 1.0).std_error == pytest.approx(np.std(drawn), rel=0.07)


def test_the_partial_area_of_many_runs_is_that_of_the_whole() -> None:
    # The whole range has DeLong's error; a part is the trapezoid rule on all points between its ends.
    rng = np.random.default_rng(2)
    size = 2 * PIECE + 5
    p = rng.random(size)
    ranking = rank(p, rng.random(size) < p)
    for of in (ranking, turned(ranking)):
        whole = partial_area(of, 0, 1)
        assert whole.area == pytest.approx(area(ranking).auc, rel=1e-12)
        assert whole.std_error == pytest.approx(area(ranking).std_error, rel=1e-10)
        curve = roc_points(of)
        x = np.unique(np.append(curve.false_positive_rate, [0.1234567, 0.4]))
        x = x[(x >= 0.1234567) & (x <= 0.4)]
        heights = np.interp(x, curve.false_positive_rate, curve.sensitivity)
        # Where the curve rises straight up np.interp takes one of the heights: an error of one step at most.
        assert partial_area(of, 0.6, 1 - 0.1234567).area == pytest.approx(np.trapezoid(heights, x), abs=1e-5)


@given(ROWS)
def test_partial_areas_lie_in_range(rows: list[tuple[int, bool]]) -> None:
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    ranking = rank(score, outcome)
    for of in (ranking, turned(ranking)):
        found = partial_area(of, 0.25, 0.75)
        assert -1e-12 <= found.area <= found.largest + 1e-12
        assert (found.smallest, found.largest) == (0.25, 0.5)


# ------------------------------------------------------------------------------------------------ thinning


@given(ROWS, st.integers(1, 40))
def test_points_chosen_evenly_are_points_with_both_ends(rows: list[tuple[int, bool]], wanted: int) -> None:
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    whole = roc_points(rank(score, outcome))
    chosen = evenly(whole, wanted)
    assert (chosen[0], chosen[-1]) == (0, whole.cutoff.size - 1)
    assert (np.diff(chosen) > 0).all()
    assert chosen.size <= wanted + 2
    assert_points(whole.some(chosen), whole)


@pytest.mark.parametrize("size", [50, 3 * PIECE + 17])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_thinned_curve_is_one_of_points(size: int, weighted: bool) -> None:
    rng = np.random.default_rng(1)
    p = rng.random(size)
    ranking = rank(p, rng.random(size) < p, rng.integers(1, 4, size) if weighted else None)
    whole, thin = roc_points(ranking), thinned(ranking, 300)
    assert thin.cutoff.size == 51 if size == 50 else 200 < thin.cutoff.size <= 302
    assert_points(thin, whole)
    steps = np.diff(thin.sensitivity + thin.false_positive_rate)
    assert size == 50 or steps.max() < 3 * 2 / 300


def assert_points(some: Curve, whole: Curve) -> None:
    """Every point is one of the whole curve, both ends among them."""
    at = np.searchsorted(-whole.cutoff, -some.cutoff)
    assert (at[0], at[-1]) == (0, whole.cutoff.size - 1)
    for name in ("cutoff", "true_positives", "false_positives"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[at])


def test_distances_of_many_runs_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(2)
    size = 2 * PIECE + 5
    p = rng.random(size)
    ranking = rank(p, rng.random(size) < p)
    found = ks_distance(ranking)
    gap = ranking.events_at_or_above / ranking.total_events - ranking.nonevents_at_or_above / ranking.total_nonevents
    assert found.ks == pytest.approx(np.abs(gap).max(), rel=1e-13)
    assert found.cutoff == ranking.score[np.argmax(gap)]
    assert (found.upward, found.downward) == pytest.approx((gap.max(), max(-gap.min(), 0.0)), abs=1e-15)
