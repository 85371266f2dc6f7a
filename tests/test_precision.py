"""Are average precision and the area under the precision-recall curve those of scikit-learn and of the integral?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from sklearn.metrics import average_precision_score, f1_score
from witnesses import read_witness

from glmlr.ranking import rank
from glmlr.ranking.ordering import PIECE
from glmlr.ranking.precision import average_precision, best_f1, interpolated_area
from glmlr.ranking.redrawn import redrawn

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"], dtype=float)
CASES = WITNESS["cases"]
ROWS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: len({outcome for _, outcome in rows}) == 2
)

every_case = pytest.mark.parametrize("case", list(CASES))


@every_case
def test_average_precision_equals_scikit_learn(case: str) -> None:
    p, weight = np.array(CASES[case]["p"]), np.resize([0.5, 2, 1], Y.size)
    assert average_precision(rank(p, Y)).value == pytest.approx(average_precision_score(Y, p), rel=1e-13)
    weighted = average_precision_score(Y, p, sample_weight=weight)
    assert average_precision(rank(p, Y, weight)).value == pytest.approx(weighted, rel=1e-13)


@every_case
def test_the_area_is_the_integral_of_the_precision_between_the_points(case: str) -> None:
    ranking = rank(CASES[case]["p"], Y)
    true = np.append(0.0, ranking.events_at_or_above[::-1])
    false = np.append(0.0, ranking.nonevents_at_or_above[::-1])
    total = 0.0
    for i in np.flatnonzero(np.diff(true)):
        slope = (false[i + 1] - false[i]) / (true[i + 1] - true[i])

        def precision(t: float, start: float = true[i], others: float = false[i], slope: float = slope) -> float:
            called = t + others + slope * (t - start)
            return t / called if called > 0 else 1 / (1 + slope)

        total += quad(precision, true[i], true[i + 1], epsabs=1e-13)[0]
    assert interpolated_area(ranking) == pytest.approx(total / Y.sum(), rel=1e-10)


def test_areas_by_hand() -> None:
    # Two scores, 2 of 3 rows and 1 of 3 rows are events. Average precision: 2/3 x 2/3 + 1/3 x 1/2 = 11/18.
    # Interpolated: the first 2 events at precision 2/3; from TP 2, FP 1 two false positives per event:
    # integral of (2 + t) / (3 + 3 t) from 0 to 1 = 1/3 + log(2) / 3.
    ranking = rank([2, 2, 2, 1, 1, 1], [1, 1, 0, 1, 0, 0])
    assert average_precision(ranking).value == pytest.approx(11 / 18, rel=1e-15)
    assert interpolated_area(ranking) == pytest.approx((4 / 3 + 1 / 3 + math.log(2) / 3) / 3, rel=1e-14)


def test_perfect_order_and_no_order() -> None:
    perfect = rank([1, 2, 3, 4], [0, 0, 1, 1])
    assert (average_precision(perfect).value, interpolated_area(perfect)) == (1.0, 1.0)
    assert math.isnan(average_precision(perfect).low)
    tied = rank([1, 1, 1, 1], [0, 0, 0, 1])
    assert (average_precision(tied).value, interpolated_area(tied)) == (0.25, 0.25)


@pytest.mark.parametrize("rounded", [False, True])
def test_the_error_is_the_slope_in_the_weights(rounded: bool) -> None:
    """The infinitesimal jackknife by differences: the weight of one row grows, those of its kind shrink."""
    rng = np.random.default_rng(8)
    y = np.repeat([1.0, 0.0], [31, 64])
    p = rng.normal(y, 1.0)
    p = p.round(1) if rounded else p
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
                sides.append(average_precision(rank(p, y, weight)).value)
            slopes.append((sides[0] - sides[1]) / (2 * step))
        variance += float((np.array(slopes) ** 2).sum()) * rows.size / (rows.size - 1)
    assert average_precision(rank(p, y)).std_error == pytest.approx(math.sqrt(variance), rel=1e-6)


def test_the_error_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(2)
    y = np.repeat([1.0, 0.0], [400, 1600])
    ranking = rank(rng.normal(1.2 * y, 1), y)
    drawn = [average_precision(one).value for one in redrawn(ranking, 1000)]
    assert average_precision(ranking).std_error == pytest.approx(np.std(drawn), rel=0.08)


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say() -> None:
    # 2,000 samples of 60 events and 240 non-events; the truth from 4 million rows. 95% +/- 1.5% for the noise, and
    # the estimate is a little too high in small samples.
    rng = np.random.default_rng(7)

    def sample(events: int, others: int) -> tuple[np.ndarray, np.ndarray]:
        y = np.repeat([1.0, 0.0], [events, others])
        return rng.normal(1.5 * y, 1.0), y

    truth = average_precision(rank(*sample(800_000, 3_200_000))).value
    found = [average_precision(rank(*sample(60, 240))) for _ in range(2000)]
    assert 0.925 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.965


@settings(max_examples=40)
@given(ROWS)
def test_the_best_f1_is_the_largest_and_highest(rows: list[tuple[int, bool]]) -> None:
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    ranking = rank(score, outcome)
    all_of_them = [f1_score(outcome, score >= cutoff) for cutoff in ranking.score]
    best = best_f1(ranking).place
    assert all_of_them[best] == pytest.approx(max(all_of_them), rel=1e-14)
    assert all(f1 < all_of_them[best] + 1e-14 for f1 in all_of_them[best + 1 :])


@given(ROWS)
def test_areas_lie_between_zero_and_one(rows: list[tuple[int, bool]]) -> None:
    score, outcome = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    ranking = rank(score, outcome)
    assert 0 < interpolated_area(ranking) <= 1
    assert 0 < average_precision(ranking).value <= 1


def test_many_runs_are_added_up_to_the_whole() -> None:
    rng = np.random.default_rng(2)
    size = 2 * PIECE + 5
    p = rng.random(size)
    y = (rng.random(size) < p**2).astype(float)
    ranking = rank(p, y)
    assert ranking.score.size > PIECE
    assert average_precision(ranking).value == pytest.approx(average_precision_score(y, p), rel=1e-12)
    above, false = ranking.events_at_or_above, ranking.nonevents_at_or_above
    weight = ranking.events / (above + false) ** 2
    variance = 0.0
    for values, kind in (
        (above / (above + false) + np.cumsum(weight * false), ranking.events),
        (np.cumsum(weight * above) * ranking.total_nonevents / ranking.total_events, ranking.nonevents),
    ):
        total = kind.sum()
        mean = (kind * values).sum() / total
        variance += (kind * (values - mean) ** 2).sum() / total / (total - 1)
    assert average_precision(ranking).std_error == pytest.approx(math.sqrt(variance), rel=1e-9)
