"""Do the functions of a formula give each row its own value, and do transforms remember what they learnt?"""

from __future__ import annotations

import math
import pickle
import statistics
from fractions import Fraction

import numpy as np
import pytest

from glmlr.language.transforms import LEARNERS


def test_learnt_values_are_plain_and_weights_count_as_rows() -> None:
    x, weight = np.array([1.0, 2.0, 4.0, 7.0]), np.array([1.0, 3.0, 2.0, 1.0])
    rows = np.repeat(x, weight.astype(int))
    for name, options in (("center", {}), ("standardize", {"ddof": 1}), ("poly", {"degree": 3})):
        weighted, plain = LEARNERS[name](weight, x, **options), LEARNERS[name](None, rows, **options)
        np.testing.assert_allclose(weighted(x, **options), plain(x, **options), rtol=1e-12)
        again = pickle.loads(pickle.dumps(weighted))
        np.testing.assert_array_equal(again(x, **options), weighted(x, **options))
    assert LEARNERS["center"](None, x)(np.array([3.5])).tolist() == [0.0]  # the mean of 1, 2, 4, 7 is 3.5
    deviation = math.sqrt(sum((v - 3.5) ** 2 for v in x) / 4)
    np.testing.assert_allclose(LEARNERS["standardize"](None, x)(x), (x - 3.5) / deviation, rtol=1e-15)


def test_polynomials_are_orthonormal_far_from_zero() -> None:
    """The law that defines them; seconds since 1970 over a day, whose squares have no digits left for the day."""
    x = 1.7e9 + np.random.default_rng(4).integers(0, 86_400, 1000)
    values = LEARNERS["poly"](None, x, degree=5)(x, degree=5)
    columns = np.column_stack([np.full(1000, 1000**-0.5), values])
    np.testing.assert_allclose(columns.T @ columns, np.eye(6), atol=1e-13)
    near = np.asarray(x - 1.7e9, dtype=float)
    np.testing.assert_allclose(values, LEARNERS["poly"](None, near, degree=5)(near, degree=5), rtol=0, atol=1e-14)


def test_a_deviation_keeps_its_digits_far_from_zero() -> None:
    """statistics.stdev of Python computes with exact fractions."""
    x = np.random.default_rng(6).normal(1e9, 1.0, 500)
    learned = LEARNERS["scale"](None, x, ddof=1)
    two = learned(np.array([0.0, 1.0]), ddof=1)
    exact = statistics.stdev(map(Fraction, x))
    np.testing.assert_allclose(1 / (two[1] - two[0]), exact, rtol=1e-6)  # the difference of two numbers near 1e9
    np.testing.assert_allclose(learned.deviation, exact, rtol=1e-14)


def test_what_cannot_be_learnt() -> None:
    for name, options, says in (
        ("standardize", {}, "do not vary"),
        ("poly", {"degree": 2}, "distinct values"),
        ("poly", {"degree": 1.5}, "whole number"),
    ):
        with pytest.raises(ValueError, match=says):
            LEARNERS[name](None, np.ones(3), **options)


def test_a_degree_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1,000 columns"):
        LEARNERS["poly"](None, np.arange(5.0), degree=100_000_000, raw=True)
