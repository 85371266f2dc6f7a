"""Is the trend the one of the textbook, and are reversals found where they are?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmlr.monotone import armitage_trend, rate_difference, reversals


def test_trend_by_hand() -> None:
    # Of 10, 10 and 10 rows 1, 4 and 7 are events, at 0, 1, 2: p = 0.4; sum t (x - n p) = 0 + 0 + 2 * 3 = 6;
    # variance 0.24 * (50 - 900 / 30) = 4.8.
    trend = armitage_trend(np.array([1.0, 4, 7]), np.array([10.0, 10, 10]), np.arange(3.0))
    assert trend.z == pytest.approx(6 / np.sqrt(4.8), rel=1e-14)


def test_trend_of_weights_is_the_correlation() -> None:
    # z = r sqrt(N) with r the correlation of outcome and position over the rows.
    rng = np.random.default_rng(1)
    position, y = rng.integers(0, 6, 200).astype(float), rng.integers(0, 2, 200)
    n, x = np.bincount(position.astype(int)), np.bincount(position.astype(int), weights=y)
    trend = armitage_trend(x, n.astype(float), np.arange(6.0))
    assert trend.z == pytest.approx(np.corrcoef(position, y)[0, 1] * np.sqrt(200), rel=1e-12)


@pytest.mark.parametrize(
    ("events", "n", "position"),
    [([0, 0], [3, 4], [1, 2]), ([3, 4], [3, 4], [1, 2]), ([1, 2], [3, 4], [1, 1]), ([1, 0], [3, 0], [1, 2])],
)
def test_no_trend_exists(events: list[float], n: list[float], position: list[float]) -> None:
    trend = armitage_trend(*(np.array(values, dtype=float) for values in (events, n, position)))
    assert np.isnan(trend.z)
    assert np.isnan(trend.p_value)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_reversals_one_by_one(cells: list[tuple[int, int]]) -> None:
    events, others = (np.array(side, dtype=float) for side in zip(*cells, strict=True))
    n = events + others
    filled = [k for k in range(len(cells)) if n[k] > 0]
    for falling in (True, False):
        found = [
            (a, b)
            for a, b in pairwise(filled)
            if (events[b] * n[a] > events[a] * n[b] if falling else events[b] * n[a] < events[a] * n[b])
        ]
        assert [tuple(pair) for pair in reversals(events, n, falling=falling).tolist()] == found


def test_difference_of_rates_without_any_is_undefined() -> None:
    z, p = rate_difference(np.array([0.0, 0]), np.array([3.0, 4]), np.array([[0, 1]]))
    assert np.isnan(z[0])
    assert np.isnan(p[0])
