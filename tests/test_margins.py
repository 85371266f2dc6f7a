"""Do a few rows stand for all that bind, and do columns far from 0 keep their digits?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from glmlr.blocks import ArrayRows, Block
from glmlr.margins import ROWS_AT_ONCE, Columns, Few, columns_of, functionals, signed


def few_of(x: np.ndarray, y: np.ndarray, key: np.ndarray) -> Few:
    k = x.shape[0]
    found = signed(Block(x, y), Columns(np.arange(k), np.zeros(k), np.ones(k)))
    return found.few(np.arange(y.size), key, functionals(np.eye(k)), found.sign).fewest()


def test_rows_that_bind_in_the_same_way_are_one() -> None:
    # Two patterns, at several lengths and with both outcomes: four ways to bind.
    pattern = np.array([[1.0, 2.0], [1.0, -1.0]])
    x = np.hstack([pattern * length for length in (0.1, 0.2, 0.3)] * 2)
    y = np.repeat([0.0, 1.0], 6)
    found = few_of(x, y, np.arange(12.0))
    assert found.key.tolist() == [0.0, 1.0, 6.0, 7.0]
    np.testing.assert_allclose(found.rows, [[-0.1, -0.1], [-0.2, 0.1], [0.1, 0.1], [0.2, -0.1]])


@pytest.mark.parametrize("seed", range(5))
def test_the_choice_is_the_same_in_any_order_of_adding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(-6, 7, (4, 9_000)).astype(float)
    y, key = (rng.random(9_000) < 0.5).astype(float), np.round(rng.normal(size=9_000), 2)
    whole = few_of(x, y, key)
    assert whole.key.size == ROWS_AT_ONCE
    # The smallest keys, but for rows that bind as one with a smaller key does.
    signs = np.where(y > 0.5, 1.0, -1.0)
    best: dict[bytes, float] = {}
    for row, one in zip((x * signs).T, key, strict=True):
        length = np.abs(row).max()
        if length > 0:
            name = (np.round(row / length, 9) + 0.0).tobytes()
            best[name] = min(one, best.get(name, np.inf))
    np.testing.assert_allclose(np.sort(whole.key)[:200], np.sort(list(best.values()))[:200])
    cuts = [0, 700, 3_000, 3_010, 8_000, 9_000]
    parts = [few_of(x[:, a:b], y[a:b], key[a:b]) for a, b in pairwise(cuts)]
    forward, backward = parts[0], parts[-1]
    for part in parts[1:]:
        forward = forward + part
    for part in parts[-2::-1]:
        backward = part + backward
    for other in (forward, backward):
        np.testing.assert_array_equal(other.fewest().mark, whole.mark)
        np.testing.assert_array_equal(other.fewest().key, whole.key)


@pytest.mark.parametrize("level", [1.0, 2.0, -3.0])
def test_combinations_of_far_columns_go_there_and_back(level: float) -> None:
    rng = np.random.default_rng(1)
    x = np.vstack([rng.normal(size=500), np.full(500, level), rng.normal(size=500) * 2 + 1e9, rng.integers(0, 2, 500)])
    rows = ArrayRows(x, np.zeros(500))
    columns = columns_of(rows, np.arange(4), np.sqrt((x**2).mean(axis=1)), True)
    np.testing.assert_array_equal(columns.center != 0, [False, False, True, False])
    assert columns.size[2] == pytest.approx(x[2].std(), rel=1e-9)
    vector = np.array([0.3, -0.7, 1.0, 0.5])
    outward = columns.outward(vector)
    seen = (x - columns.center[:, None]) / columns.size[:, None]
    # What the far column adds up to is 1e9 times what is left: sixteen digits leave six.
    np.testing.assert_allclose(outward @ x, vector @ seen, atol=1e-5)
    np.testing.assert_allclose(columns.inward(outward), vector, atol=1e-6)


def test_columns_that_are_near_0_are_not_read_again() -> None:
    columns = columns_of(ArrayRows(np.empty((2, 0)), np.empty(0)), np.arange(2), np.array([2.0, 0.0]), False)
    np.testing.assert_array_equal(columns.size, [2.0, 1.0])
    assert not columns.center.any()
