"""Are quantiles and distinct values of rows in chunks those of all rows at once, exactly?"""

from __future__ import annotations

import doctest
from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from glmlr import quantiles
from glmlr.quantiles import (
    MOST_CELLS,
    DistinctValues,
    QuantileSearch,
    Tally,
    distinct_values,
    few_values,
    tally,
)

Floats = npt.NDArray[np.float64]

SHARES = np.array([0.0, 0.001, 0.1, 0.25, 1 / 3, 0.5, 2 / 3, 0.9, 0.999, 1.0])
RANDOM = np.random.default_rng(20240229)

NASTY = {
    "one row": np.array([3.5]),
    "two rows": np.array([2.0, -1.0]),
    "three rows": np.array([0.1, 0.2, 0.3]),
    "one value": np.full(50, 0.1),
    "ties": RANDOM.integers(0, 4, 1000).astype(float),
    "normal": RANDOM.normal(size=3000),
    "negative": -RANDOM.lognormal(size=2000),
    "zeros of both signs": RANDOM.choice([-0.0, 0.0, 1.0, -1.0], 500),
    "all magnitudes": RANDOM.choice([-1.0, 1.0], 3000) * 10.0 ** RANDOM.uniform(-320, 300, 3000),
    "huge": 1e307 * RANDOM.uniform(1, 17, 1000),
    "denormal": 5e-324 * RANDOM.integers(-1000, 1000, 1000),
    "neighbours": 1.0 + np.finfo(float).eps * RANDOM.integers(0, 100_000, 2000),
    "half zero": np.where(RANDOM.random(2000) < 0.5, 0.0, RANDOM.normal(size=2000)),
}


def in_chunks(values: Floats, size: int) -> list[Floats]:
    return [values[at : at + size] for at in range(0, values.size, size)]


def found(
    chunks: Sequence[Floats], search: QuantileSearch, weights: Sequence[Floats] | None = None
) -> tuple[Floats, int]:
    """Go through the passes; give the quantiles, and the number of passes."""
    passes = 0
    step: Floats | QuantileSearch = search
    while isinstance(step, QuantileSearch):
        given_weights = [None] * len(chunks) if weights is None else weights
        looks = [step.look(*chunk) for chunk in zip(chunks, given_weights, strict=True)]
        step, passes = step.learnt(reduce(step.add, looks)), passes + 1
    return step, passes


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("size", [1, 7, 5000])
@pytest.mark.parametrize("most", [128, MOST_CELLS])
def test_quantiles_are_those_of_numpy_to_the_last_bit(name: str, size: int, most: int) -> None:
    values = NASTY[name] if size > 1 else NASTY[name][:200]
    ours, passes = found(in_chunks(values, size), QuantileSearch(SHARES, most))
    np.testing.assert_array_equal(ours, np.quantile(values, SHARES))
    assert passes == 1 if np.unique(values).size <= most else passes <= 12


@settings(max_examples=60, deadline=None)
@given(
    some.lists(some.floats(-1e307, 1e307), min_size=1, max_size=60),
    some.integers(1, 20),
    some.lists(some.floats(0, 1), min_size=1, max_size=3),
)
def test_quantiles_of_any_numbers(values: list[float], size: int, shares: list[float]) -> None:
    array = np.array(values)
    ours, _ = found(in_chunks(array, size), QuantileSearch(np.array(shares), most=2))
    np.testing.assert_array_equal(ours, np.quantile(array, shares))


def test_frequencies_are_repeated_rows() -> None:
    values = RANDOM.normal(size=2000)
    weight = RANDOM.integers(1, 6, 2000).astype(float)
    repeated = np.repeat(values, weight.astype(int))
    ours, passes = found(in_chunks(values, 300), QuantileSearch(SHARES, 256), in_chunks(weight, 300))
    np.testing.assert_array_equal(ours, np.quantile(repeated, SHARES))
    assert passes > 1
    ones, _ = found(in_chunks(repeated, 300), QuantileSearch(SHARES, 256))
    np.testing.assert_array_equal(ours, ones)


def test_two_passes_find_the_quantiles_of_many_different_values() -> None:
    values = RANDOM.normal(size=300_000)
    chunks = in_chunks(values, 100_000)
    ours, passes = found(chunks, QuantileSearch(SHARES))
    assert passes == 2
    np.testing.assert_array_equal(ours, np.quantile(values, SHARES))


def test_no_rows_have_no_quantiles() -> None:
    search = QuantileSearch(SHARES)
    with pytest.raises(ValueError, match="no rows"):
        search.learnt(search.look(np.zeros(0)))


def test_the_example_in_the_documentation() -> None:
    found = doctest.testmod(quantiles)
    assert (found.attempted, found.failed) == (3, 0)


def same(one: Tally, other: Tally) -> bool:
    return (
        one.shift == other.shift and np.array_equal(one.first, other.first) and np.array_equal(one.counts, other.counts)
    )


@pytest.mark.parametrize("name", NASTY)
def test_a_tally_does_not_depend_on_how_the_rows_are_cut_or_put_together(name: str) -> None:
    values, most = NASTY[name], 50
    whole = tally(values, most=most)
    assert whole.first.size <= most
    assert whole.rows == values.size
    parts = [tally(chunk, most=most) for chunk in in_chunks(RANDOM.permutation(values), 37)]
    assert same(reduce(lambda a, b: a.added(b, most), parts), whole)
    assert same(reduce(lambda a, b: b.added(a, most), reversed(parts)), whole)
    while len(parts) > 1:
        parts = [reduce(lambda a, b: a.added(b, most), parts[at : at + 2]) for at in range(0, len(parts), 2)]
    assert same(parts[0], whole)
    finer = tally(values, most=2 * most)
    assert finer.shift < whole.shift or whole.shift == 0


def test_few_values_are_the_distinct_values_with_their_rows() -> None:
    values = RANDOM.integers(-5, 5, 1000) / 2.0
    few = few_values(values, most=10)
    assert few is not None
    distinct, counts = np.unique(values, return_counts=True)
    np.testing.assert_array_equal(few.values, distinct)
    np.testing.assert_array_equal(few.counts, counts)
    assert few_values(values, most=9) is None
    weighted = few_values(values, np.full(1000, 3.0), most=10)
    assert weighted is not None
    np.testing.assert_array_equal(weighted.counts, 3 * counts)


@pytest.mark.parametrize("name", NASTY)
def test_distinct_values_are_complete_while_they_are_few(name: str) -> None:
    values = NASTY[name]
    ours = reduce(DistinctValues.added, [distinct_values(chunk) for chunk in in_chunks(values, 77)])
    np.testing.assert_array_equal(ours.values, np.unique(values))
    assert ours.complete
    assert ours.number == ours.values.size


def test_a_sample_of_the_distinct_values_does_not_depend_on_the_chunks() -> None:
    values = RANDOM.normal(size=20_000)
    rows = np.repeat(values, RANDOM.integers(1, 4, values.size))
    whole = distinct_values(rows, most=500)
    assert not whole.complete
    assert whole.values.size == 500
    assert np.isin(whole.values, values).all()
    parts = [distinct_values(chunk, most=500) for chunk in in_chunks(RANDOM.permutation(rows), 333)]
    for order in (parts, parts[::-1]):
        total = reduce(lambda a, b: a.added(b, 500), order)
        np.testing.assert_array_equal(total.values, whole.values)
        assert total.highest == whole.highest


def test_a_sample_is_simple_random_and_counts_the_distinct_values() -> None:
    """Of a simple random sample of 2,000 the distribution is within 1.95 / sqrt(2000) (Kolmogorov, 0.1 %) of all.

    The standard deviation of the estimated number is number / sqrt(2000), here 2.2 %.
    """
    normal = np.random.default_rng(11).normal(size=100_000)
    for values in (np.arange(100_000.0), normal, 1e-300 * np.arange(1.0, 100_001.0)):
        sample = distinct_values(values, most=2000)
        place = np.searchsorted(np.sort(values), sample.values) / values.size
        apart = np.abs(place - np.arange(2000) / 2000).max()
        assert apart < 1.95 / np.sqrt(2000)
        assert abs(sample.number / values.size - 1) < 4 * 0.022
