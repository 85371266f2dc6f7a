"""Are the columns of the shapes right? Against R's knots, the natural spline's definition, and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from witnesses import read_data, read_witness

from glmlr.binning import distinct
from glmlr.shape.shapes import RestrictedCubic, Square, Steps, TimesLogarithm, logarithm, restricted_knots

AGE = read_data("birthwt")["age"].to_numpy(dtype=float)


def points(x: np.ndarray, weight: np.ndarray | None = None) -> object:
    weight = np.ones(x.size) if weight is None else weight
    return distinct(x, 0.4 * weight, 0.6 * weight)


def test_four_knots_are_where_r_puts_them() -> None:
    np.testing.assert_allclose(restricted_knots(points(AGE)), read_witness("linearity")["births_age"]["knots"])


def test_knots_that_coincide_become_three_then_places_among_the_values() -> None:
    # 5th percentile 0, 35th 0, and 10th 0, 50th 1, 90th 3: counted by hand.
    three = np.repeat([0.0, 1.0, 3.0, 9.0], [40, 20, 35, 5])
    np.testing.assert_array_equal(restricted_knots(points(three)), [0, 1, 3])
    heavy = np.repeat([0.0, 1.0, 2.0, 6.0], [95, 2, 2, 1])
    np.testing.assert_array_equal(restricted_knots(points(heavy)), [0, 1, 6])
    assert restricted_knots(points(np.array([0.0, 1.0, 1.0]))).size == 0


def test_weights_are_repeated_rows() -> None:
    times = np.resize([1.0, 2, 3], AGE.size)
    repeated = restricted_knots(points(np.repeat(AGE, times.astype(int))))
    np.testing.assert_array_equal(restricted_knots(points(AGE, times)), repeated)


@pytest.mark.parametrize("knots", [[14.0, 20, 25, 40], [16.0, 23, 31], [-1e6, 0.0, 1.0, 1e6]])
def test_the_columns_span_the_natural_cubic_splines(knots: list[float]) -> None:
    """Any natural cubic spline through these knots is a constant, a line and the columns; outside it is straight."""
    at = np.array(knots)
    spread = at[-1] - at[0]
    inside, outside = np.linspace(at[0], at[-1], 301), np.linspace(at[-1], at[-1] + spread, 5)
    basis = RestrictedCubic(at)
    assert basis(inside).shape == (at.size - 2, 301)
    x = np.vstack([np.ones(301), (inside - at[0]) / spread, basis(inside)]).T
    for values in np.eye(at.size):
        spline = CubicSpline((at - at[0]) / spread, values, bc_type="natural")((inside - at[0]) / spread)
        fitted = x @ np.linalg.lstsq(x, spline, rcond=None)[0]
        np.testing.assert_allclose(fitted, spline, atol=1e-6 * np.abs(spline).max())
    np.testing.assert_allclose(np.diff(basis(outside), n=2, axis=1), 0, atol=1e-12 * np.abs(basis(outside)).max())
    np.testing.assert_array_equal(basis(np.array([at[0] - spread, at[0]])), 0)


def test_the_other_columns_by_hand() -> None:
    x = np.array([1.0, 2, 4])
    np.testing.assert_allclose(Square(1, 4)(x), [[0.25, (0.5 / 3) ** 2, 0.25]])
    np.testing.assert_allclose(logarithm(x), [np.log(x)])
    np.testing.assert_allclose(TimesLogarithm(4)(x), [x / 4 * np.log(x / 4)])
    steps = Steps(lambda values: np.searchsorted([1.5, 3.0], values), 3)
    np.testing.assert_array_equal(steps(x), np.eye(3))
