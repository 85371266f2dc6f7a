"""Does the outline of a long curve draw the same line?"""

from __future__ import annotations

import numpy as np
import pytest

from glmlr.outline import TOLERANCE, outline


def largest_gap(x: np.ndarray, y: np.ndarray, kept: np.ndarray) -> float:
    return float(np.abs(np.interp(x, x[kept], y[kept]) - y).max())


def test_a_smooth_curve_of_a_million_points_keeps_its_shape() -> None:
    x = np.linspace(0.0, 1.0, 1_000_001)
    y = x**0.3
    kept = outline(x, y)
    assert kept.size <= 500
    assert (kept[0], kept[-1]) == (0, x.size - 1)
    # Within a thousandth of the width or height, which is less than half a pixel of a chart of 350.
    up, across = np.interp(x, x[kept], y[kept]) - y, np.interp(y, y[kept], x[kept]) - x
    assert np.minimum(np.abs(up), np.abs(across)).max() < 1e-3


def test_points_on_a_straight_line_are_left_out() -> None:
    x = np.linspace(-3.0, 5.0, 11)
    assert outline(x, 2 * x + 1).tolist() == [0, 10]


def test_corners_are_kept() -> None:
    x = np.array([0.0, 0.0, 0.5, 0.5, 1.0])
    y = np.array([0.0, 0.5, 0.5, 1.0, 1.0])
    assert outline(x, y).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("most", [2, 20, 500])
def test_never_more_than_wanted(most: int) -> None:
    steps = np.random.default_rng(3).random((2, 50_000))
    x, y = np.cumsum(steps, axis=1)
    kept = outline(x, y, most)
    assert 2 <= kept.size <= most
    assert (np.diff(kept) > 0).all()


def test_a_short_curve_loses_less_than_the_tolerance() -> None:
    x = np.linspace(0.0, 1.0, 300)
    y = np.sin(6 * x)
    kept = outline(x, y)
    assert largest_gap(x, y, kept) <= 3 * TOLERANCE * (y.max() - y.min()) * np.sqrt(2)


def test_one_point_and_one_place() -> None:
    assert outline(np.array([2.0]), np.array([1.0])).tolist() == [0]
    assert outline(np.zeros(5), np.ones(5)).tolist() == [0, 4]
