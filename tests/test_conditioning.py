"""Scaling and aliasing of columns against numpy's own rank, moments and linear algebra."""

import numpy as np
import pytest
from test_columns import coded

from glmlr.blocks import ArrayRows, Block, Subset, over_blocks
from glmlr.conditioning import (
    Moments,
    block_moments,
    cleared,
    find_aliases,
    gram_of,
    independent,
    scaled_rows,
    triangle,
)


def moments_of(rows):
    return over_blocks(rows, block_moments, Moments.__add__)


def rows_of(*columns):
    x = np.array(columns, dtype=float)
    return ArrayRows(x, np.zeros(x.shape[1]))


RNG = np.random.default_rng(4)
N = 20_000
NORMAL = RNG.normal(size=N)


def test_moments_are_sums_over_all_blocks():
    rows = rows_of(np.ones(N), NORMAL, np.zeros(N), np.repeat([0.0, 1.0], N // 2))
    found = moments_of(rows)
    np.testing.assert_allclose(found.total, rows.x.sum(axis=1), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(found.squares, (rows.x**2).sum(axis=1), rtol=1e-12)
    # The last column is constant within each block and not over all.
    assert found.constant.tolist() == [True, False, True, False]
    assert found.rows == N


def test_moments_of_coded_columns_are_those_of_the_columns_written_out():
    columns = coded()
    block = Block(np.empty((0, 2000)), np.zeros(2000)).cut(columns, slice(None))
    one_level = block.at_rows(np.flatnonzero(columns.factors[0].code == 3))
    for part in (block, one_level):
        found, plain = block_moments(part), block_moments(Block(part.x, part.y))
        np.testing.assert_allclose(found.total, plain.total, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found.squares, plain.squares, rtol=1e-12)
        np.testing.assert_array_equal(found.first, plain.first)
        np.testing.assert_array_equal(found.constant, plain.constant)
        assert np.flatnonzero(found.written_out).tolist() == [0, 1, 7]
    assert block_moments(one_level).constant[2:7].all()


def test_well_conditioned_columns_are_left_alone():
    rows = rows_of(np.ones(N), NORMAL)
    assert scaled_rows(rows, moments_of(rows)) is None


SIZES = [NORMAL * 1e9, NORMAL * 1e-9, NORMAL * 1e200, NORMAL * 1e-200]


@pytest.mark.parametrize(
    "rows",
    [rows_of(column, np.ones(N), NORMAL) for column in [NORMAL + 1e6, *SIZES]]
    + [rows_of(column, NORMAL) for column in SIZES],
)
def test_others_are_scaled_and_the_way_back_is_exact(rows):
    scaled = scaled_rows(rows, moments_of(rows))
    assert scaled is not None
    x = np.concatenate([block.x for block in ArrayRows(rows.x, rows.y).blocks()], axis=1)
    inside = np.concatenate([scaled.changed(block).x for block in rows.blocks()], axis=1)
    assert 1e-3 < np.abs(inside).max() < 1e3
    beta = np.arange(1.0, len(x) + 1)
    inner = beta @ inside
    np.testing.assert_allclose((scaled.transform() @ beta) @ x, inner, rtol=1e-8, atol=1e-8 * np.abs(inner).max())
    identity = scaled.inverse_transform() @ scaled.transform()
    np.testing.assert_allclose(identity, np.eye(len(x)), atol=1e-9)


def test_coded_columns_are_neither_centred_nor_scaled():
    columns = coded()
    columns.dense[1] += 1e7
    columns.dense[0] = 1.0
    block = Block(np.empty((0, 2000)), np.zeros(2000)).cut(columns, slice(None))

    class One:
        def over(self, function, add):
            return function(block)

    scaled = scaled_rows(One(), block_moments(block))
    assert scaled is not None
    codes = [2, 3, 4, 5, 6, 8, 9, 10]
    assert (scaled.center[codes] == 0).all()
    assert (scaled.scale[codes] == 1).all()
    np.testing.assert_allclose(scaled.center[1], columns.dense[1].mean(), rtol=1e-12)
    np.testing.assert_array_equal(scaled.changed(block).x[codes], block.x[codes])


def test_aliases_are_found_from_the_columns_and_only_there():
    x = RNG.normal(size=(4, 500))
    wide = np.vstack([x, x[0] - 2 * x[2], x[1] + 1e-7 * RNG.normal(size=500)])
    rows = ArrayRows(wide, np.zeros(500))
    found = find_aliases(rows, gram_of(rows))
    assert [alias.column for alias in found] == [4]
    assert dict(found[0].depends_on) == pytest.approx({0: 1.0, 2: -2.0})
    assert np.linalg.matrix_rank(wide, tol=1e-10) == 5


def test_some_rows_clear_columns_over_all_and_never_wrongly():
    x = RNG.normal(size=(4, 5000))
    gram, squares = x[:, ::20] @ x[:, ::20].T, (x**2).sum(axis=1)
    assert cleared(gram, squares)
    # A column whose own share lies in rows that were not looked at, beside huge values that it shares.
    x[3] = x[2] + 1e-6 * x[3]
    assert not cleared(x[:, ::20] @ x[:, ::20].T, (x**2).sum(axis=1))
    squares[1] = np.inf
    assert not cleared(gram, squares)


def test_independent_columns_leave_out_what_the_rows_do_not_tell():
    x = RNG.normal(size=(5, 300))
    x[1] = 0.0
    x[3] = x[0] + x[2]
    assert independent(x @ x.T).tolist() == [0, 2, 4]
    assert independent(np.eye(3)).tolist() == [0, 1, 2]


def test_the_triangle_is_that_of_all_rows():
    rows = ArrayRows(RNG.normal(size=(3, 19_000)), np.zeros(19_000))
    found = triangle(rows, lambda block: block.x)
    np.testing.assert_allclose(np.abs(found), np.abs(np.linalg.qr(rows.x.T, mode="r")), rtol=1e-11)
    part = triangle(Subset(rows, np.array([2, 0])), lambda block: block.x)
    np.testing.assert_allclose(part.T @ part, rows.x[[2, 0]] @ rows.x[[2, 0]].T, rtol=1e-11)
