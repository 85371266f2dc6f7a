"""Columns given as codes against the same columns written out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from glmlr.blocks import Block, CodedBlock, Subset, linear_predictor
from glmlr.columns import CodedColumns, FactorCodes, weighted_gram
from glmlr.design import build_design
from glmlr.links import LOGIT

ROWS = 2000


def coded(rows=ROWS, seed=3):
    """Two numbers, a factor of six levels of which the third has no column, one more number, a factor of four."""
    rng = np.random.default_rng(seed)
    one = FactorCodes(rng.integers(0, 6, rows), np.array([2, 3, -1, 4, 5, 6]))
    two = FactorCodes(rng.integers(0, 4, rows), np.array([-1, 8, 9, 10]))
    return CodedColumns(rng.normal(size=(3, rows)), np.array([0, 1, 7]), (one, two), 11)


def written_out(columns):
    """By hand, row by row."""
    x = np.zeros(columns.shape)
    for position, column in zip(columns.at, columns.dense, strict=True):
        x[position] = column
    for factor in columns.factors:
        for row, code in enumerate(factor.code):
            if factor.at[code] >= 0:
                x[factor.at[code], row] = 1.0
    return x


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("k", [1, 3, 4, 5, 19, 40, 130])
def test_weighted_gram_is_the_product(monkeypatch, quick, k):
    monkeypatch.setattr("glmlr.columns.quick_narrow_products", lambda: quick)
    rng = np.random.default_rng(k)
    x, weight = rng.normal(size=(k, ROWS)), rng.random(ROWS)
    gram = weighted_gram(x, weight)
    np.testing.assert_allclose(gram, np.einsum("ib,b,jb->ij", x, weight, x, optimize=True), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(weighted_gram(x, None), x @ x.T, rtol=1e-12, atol=1e-11)
    assert np.array_equal(gram, gram.T)


def test_panels_and_the_symmetric_product_are_both_taken(monkeypatch):
    asked = []
    monkeypatch.setattr("glmlr.columns.quick_narrow_products", lambda: asked.append(1) or True)
    weighted_gram(np.ones((2, 100)), None)
    assert not asked
    weighted_gram(np.ones((2, ROWS)), None)
    assert asked


def test_filled_is_what_was_meant():
    columns = coded(60)
    np.testing.assert_array_equal(columns.filled(), written_out(columns))


def test_products_are_those_of_the_columns_written_out():
    columns, rng = coded(), np.random.default_rng(1)
    x, weight, beta = written_out(columns), rng.random(ROWS), rng.normal(size=11)
    matrix = rng.normal(size=(11, 11))
    matrix = matrix + matrix.T
    np.testing.assert_allclose(columns.combined(beta), beta @ x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(columns.times(weight), x @ weight, rtol=1e-12)
    np.testing.assert_allclose(columns.gram(weight), (x * weight) @ x.T, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(columns.gram(None), x @ x.T, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(
        columns.quadratic(matrix), np.einsum("ib,ij,jb->b", x, matrix, x), rtol=1e-10, atol=1e-10
    )


def test_some_rows_and_some_columns():
    columns = coded()
    x, which = written_out(columns), np.array([10, 0, 4, 8, 2])
    np.testing.assert_array_equal(columns.rows(slice(5, 50, 3)).filled(), x[:, 5:50:3])
    np.testing.assert_array_equal(columns.columns(which).filled(), x[which])
    beta = np.arange(1.0, 6.0)
    np.testing.assert_allclose(columns.columns(which).combined(beta), beta @ x[which], rtol=1e-13)
    np.testing.assert_allclose(columns.columns(which).gram(None), x[which] @ x[which].T, rtol=1e-12)


def test_joined_rows_come_in_order():
    one, two = coded(20), coded(30, seed=4)
    both = CodedColumns.joined(
        [
            one,
            replace(
                two,
                factors=tuple(
                    FactorCodes(theirs.code, ours.at) for ours, theirs in zip(one.factors, two.factors, strict=True)
                ),
            ),
        ]
    )
    np.testing.assert_array_equal(both.filled(), np.hstack([written_out(one), written_out(two)]))


def test_linear_predictor_has_the_bits_of_columns_written_out():
    columns, beta = coded(), np.random.default_rng(7).normal(size=11)
    beta[5] = 0.0
    block = Block(np.empty((0, ROWS)), np.zeros(ROWS), offset=np.linspace(0, 1, ROWS)).cut(columns, slice(None))
    assert isinstance(block, CodedBlock)
    np.testing.assert_array_equal(block.linear_predictor(beta), linear_predictor(block.x, beta, block.offset))


def test_a_coded_block_is_a_block():
    """Whoever asks for x, or replaces a field, finds what a block of the columns written out has."""
    rng, columns = np.random.default_rng(2), coded()
    y, offset = (rng.random(ROWS) < 0.4).astype(float), rng.normal(size=ROWS)
    block = Block(np.empty((0, ROWS)), y, offset=offset, start=5000).cut(columns, slice(None)).at_rows(slice(100, 900))
    plain = Block(written_out(columns)[:, 100:900], y[100:900], offset=offset[100:900], start=5100)
    assert (block.start, block.size, block.columns) == (5100, 800, 11) == (plain.start, plain.size, plain.columns)
    np.testing.assert_array_equal(block.x, plain.x)
    beta, center, scale = rng.normal(size=11), np.zeros(11), np.ones(11)
    center[[0, 7]], scale[1] = 3.0, 2.0
    moved = replace(block, offset=None)
    np.testing.assert_allclose(moved.eta(beta), replace(plain, offset=None).eta(beta), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(block.eta(beta), plain.eta(beta), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(block.moved(center, scale).x, plain.moved(center, scale).x)
    np.testing.assert_array_equal(block.at_rows(slice(7, 9)).x, plain.x[:, 7:9])
    subset = Subset(None, np.array([3, 1]), np.arange(10_000) % 7 == 0)
    np.testing.assert_array_equal(subset.changed(block).x, subset.changed(plain).x)
    score = LOGIT.likelihood(plain.eta(beta), plain.y).score
    np.testing.assert_allclose(block.times(score), plain.x @ score, rtol=1e-11, atol=1e-12)


FORMULAS = {
    "y ~ x + f": 19,
    "y ~ f + x + g": 19,
    "y ~ 0 + f + g": 20,
    "y ~ g + f:x + h": 17,
    "y ~ C(f, Sum) + x": 0,
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_recipe_gives_factors_of_many_levels_as_codes(formula):
    """20 and 18 levels are many, 4 are not; what is in a product, or coded by contrasts, is written out."""
    rng = np.random.default_rng(0)
    levels = {"f": 20, "g": 4, "h": 18}
    data = pd.DataFrame(
        {name: np.array(list("abcdefghijklmnopqrst"))[rng.integers(0, m, 900)] for name, m in levels.items()}
    )
    data = data.assign(x=rng.normal(size=900), y=rng.integers(0, 2, 900))
    design = build_design(formula, data)
    recipe, rows = design.recipe, slice(100, 700)
    columns = recipe.columns(design.values, rows)
    assert len(recipe.names) - recipe.written_out == FORMULAS[formula]
    assert isinstance(columns, CodedColumns) == (FORMULAS[formula] > 0)
    filled = columns.filled() if isinstance(columns, CodedColumns) else columns
    np.testing.assert_array_equal(filled, design.matrix()[rows].T)
    storage = np.empty((recipe.written_out, 600))
    given = recipe.columns(design.values, rows, storage)
    assert (given.dense if isinstance(given, CodedColumns) else given) is storage
