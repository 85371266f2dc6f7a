"""Counts by value against the rows themselves, however they are cut."""

from __future__ import annotations

import numpy as np
import pytest

from glmlr.language.categories import labelled
from glmlr.sources import Column
from glmlr.sources.value_counts import LevelCounts, NumberCounts, added, counted

RNG = np.random.default_rng(3)
VALUES = np.concatenate([RNG.normal(size=3000), -RNG.gamma(0.1, size=3000), RNG.integers(-3, 4, 3000), [0.0, -0.0]])
EVENTS = RNG.integers(0, 3, VALUES.size).astype(float)
NONEVENTS = RNG.integers(0, 3, VALUES.size).astype(float)


def pieces(most: int) -> NumberCounts:
    total = None
    for part in np.array_split(RNG.permutation(VALUES.size), 23):
        one = NumberCounts.of(VALUES[part], EVENTS[part], NONEVENTS[part], most)
        total = one if total is None else total.added(one)
    assert total is not None
    return total.gathered()


def test_few_values_are_counted_one_by_one() -> None:
    found, events, nonevents = pieces(1 << 14).predictor("x")
    assert found.name == "x"
    values, cell = np.unique(VALUES + 0.0, return_inverse=True)
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(events, np.bincount(cell, weights=EVENTS))
    np.testing.assert_array_equal(nonevents, np.bincount(cell, weights=NONEVENTS))


@pytest.mark.parametrize("most", [64, 1000, 4096])
def test_cells_lose_no_row_and_keep_the_order(most: int) -> None:
    counts = pieces(most)
    values, events, nonevents = counts.predictor("x")
    assert counts.first.size <= most
    assert counts.shift > 0
    assert events.sum() == EVENTS.sum()
    assert nonevents.sum() == NONEVENTS.sum()
    kept = events + nonevents > 0
    assert (np.diff(values[kept]) > 0).all()
    np.testing.assert_allclose((values * (events + nonevents))[kept].sum(), (VALUES * (EVENTS + NONEVENTS)).sum())


@pytest.mark.parametrize("most", [64, 4096, 1 << 14])
def test_the_order_of_the_rows_moves_no_cell(most: int) -> None:
    one, two = pieces(most), pieces(most)
    np.testing.assert_array_equal(one.first, two.first)
    np.testing.assert_array_equal(one.sums[:2], two.sums[:2])


def test_levels_keep_their_declared_order() -> None:
    labels = labelled(np.array(["b", "a", "b"], dtype=object), "g")
    one = LevelCounts.of(labels, np.array([1.0, 0, 1]), np.array([0.0, 1, 0]), declared=False)
    both = added(one, one)
    levels, events, nonevents = both.predictor("g")
    assert dict(zip(levels, events, strict=True)) == {"b": 4.0, "a": 0.0}
    assert nonevents.sum() == 2
    declared = LevelCounts({"low": np.ones(2), "high": np.ones(2)}, ("low", "high", "none"), ordered=True)
    assert declared.predictor("g")[0].cat.categories.tolist() == ["low", "high", "none"]


def test_truth_is_counted_as_truth() -> None:
    column = Column("t", "truth", np.array([True, False, True]))
    levels, events, _ = counted(column, np.ones(3), np.zeros(3), declared=False).predictor("t")
    assert levels.dtype == bool
    assert dict(zip(levels, events, strict=True)) == {True: 2.0, False: 1.0}
