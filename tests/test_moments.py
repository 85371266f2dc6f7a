"""Do sums over chunks give mean and spread with all their digits, however the rows are cut?"""

from __future__ import annotations

import pickle
import pickletools
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest

from glmlr.moments import Moments, Sums, finite_rows, moments_of, sums_of


@pytest.fixture
def random() -> np.random.Generator:
    """Give the same numbers to a test whichever tests ran before it in the same process."""
    return np.random.default_rng(7)


@pytest.mark.parametrize(("centre", "spread"), [(0.0, 1.0), (1e9, 1.0), (1e-9, 1e3), (-1e15, 1e3), (1e5, 1e-9)])
@pytest.mark.parametrize("cuts", [[], [1], [1, 2, 50, 50, 399], list(range(1, 400))])
@pytest.mark.parametrize("weighted", [False, True])
def test_mean_and_spread_against_exact_arithmetic(
    random: np.random.Generator, centre: float, spread: float, cuts: list[int], weighted: bool
) -> None:
    """Fractions of Python are exact; the rows are sorted, so that the chunks have very different means."""
    values = np.sort(random.normal(centre, spread, 400))
    weight = random.integers(1, 9, 400).astype(float) if weighted else np.ones(400)
    weights = np.split(weight, cuts) if weighted else [None] * (len(cuts) + 1)
    total = reduce(Moments.added, map(moments_of, np.split(values, cuts), weights))
    exact, counts = [Fraction(value) for value in values], [int(count) for count in weight]
    mean = sum(x * n for x, n in zip(exact, counts, strict=True)) / sum(counts)
    kept = Fraction(float(total.sums.mean))  # deviations are from the mean that is kept
    squares = sum((x - kept) ** 2 * n for x, n in zip(exact, counts, strict=True))
    assert total.sums.rows == sum(counts)
    # Each product of a value with its frequency is rounded to double precision, the sum is not.
    rounding = np.finfo(float).eps * np.abs(values).max() if weighted else 0.0
    assert abs(float(kept) - float(mean)) <= rounding
    assert float(total.second) == pytest.approx(float(squares), rel=1e-14)


def test_no_rows_change_nothing(random: np.random.Generator) -> None:
    values = random.normal(size=(20, 3))
    nothing = moments_of(values[:0], None)
    assert np.isnan(nothing.sums.mean).all()
    alone = moments_of(values, None)
    for both in (alone.added(nothing), nothing.added(alone)):
        np.testing.assert_array_equal(both.sums.mean, alone.sums.mean)
        np.testing.assert_array_equal(both.second, alone.second)


def test_the_mean_of_columns_is_that_of_each(random: np.random.Generator) -> None:
    values, weight = random.normal(size=(50, 2)), random.integers(1, 4, 50).astype(float)
    both = sums_of(values[:20], weight[:20]).added(sums_of(values[20:], weight[20:]))
    np.testing.assert_allclose(both.mean, np.average(values, axis=0, weights=weight), rtol=1e-14)
    assert isinstance(both, Sums)


def test_rows_to_learn_from_are_finite_and_count() -> None:
    values, weight = np.array([1.0, np.nan, 2.0, np.inf, 3.0]), np.array([1.0, 1.0, 0.0, 1.0, 2.0])
    kept, counts = finite_rows(values, weight)
    assert kept.tolist() == [1.0, 3.0]
    assert counts is not None
    assert counts.tolist() == [1.0, 2.0]
    table = np.stack([values, np.ones(5)], axis=1)
    assert finite_rows(table, None)[0].tolist() == [[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]


@pytest.mark.skipif(np.finfo(np.longdouble).nmant == 52, reason="no extended precision on this machine")
def test_sums_are_pickled_without_loss_and_without_the_format_of_this_machine(random: np.random.Generator) -> None:
    """An extended number has 64 bits here, and another 128-bit format elsewhere; two doubles hold it everywhere."""
    large = sums_of(random.random((999, 2)) * [1.0, 1e307], None)  # more than a double can hold
    moments = moments_of(random.normal(size=999), None)
    written = pickle.dumps((large, moments))
    large_again, again = pickle.loads(written)
    for one, other in ((large_again.total, large.total), (again.sums.total, moments.sums.total),
                       (again.first, moments.first), (again.second, moments.second)):  # fmt: skip
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.longdouble
        assert np.isfinite(one).all()
    assert large_again.rows == 999.0
    own_format = {np.dtype(np.longdouble).str.lstrip("<>"), "g"}
    assert not own_format & {value for _, value, _ in pickletools.genops(written) if isinstance(value, str)}
