"""Do loess and lowess equal R's, with rows that stand for several, and where there are hardly any scores?"""

from __future__ import annotations

import numpy as np
import pytest
from witnesses import read_witness

from glmlr.ranking import rank
from glmlr.validation.smoothing import is_widened, loess_weights, lowess_points, lowess_weights

WITNESS = read_witness("calibration")
CASES = ("births", "births_rounded", "births_elsewhere")


@pytest.mark.parametrize("case", CASES)
def test_loess_equals_r_computed_directly(case: str) -> None:
    # R: loess(y ~ p, surface = "direct"); tests/witness/calibration.R
    given = WITNESS[case]
    ranking = rank(given["p"], given["y"])
    weights = loess_weights(ranking.score, ranking.rows, np.arange(ranking.score.size))
    fitted = np.interp(given["p"], ranking.score, weights @ ranking.events)
    np.testing.assert_allclose(fitted, given["loess"]["smooth"], atol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_lowess_equals_r_without_delta(case: str) -> None:
    # R: lowess(p, y, iter = 0, delta = 0)
    given = WITNESS[case]["val_prob"]
    ranking = rank(WITNESS[case]["p"], WITNESS[case]["y"])
    weights = lowess_weights(ranking.score, ranking.rows, np.arange(ranking.score.size))
    fitted = np.interp(given["exact_x"], ranking.score, weights @ ranking.events)
    np.testing.assert_allclose(fitted, given["exact_y"], atol=1e-13)


def test_lowess_equals_r_where_most_rows_tie() -> None:
    given = WITNESS["tied"]
    ranking = rank(given["p"], given["y"])
    weights = lowess_weights(ranking.score, ranking.rows, np.arange(ranking.score.size))
    fitted = np.interp(given["lowess"]["x"], ranking.score, weights @ ranking.events)
    np.testing.assert_allclose(fitted, given["lowess"]["y"], atol=1e-13)


@pytest.mark.parametrize("function", [loess_weights, lowess_weights])
def test_a_weight_is_a_repeated_row(function: object) -> None:
    # By brute force: each row by itself, a score of two rows being two scores a hair apart.
    x, rows = np.array([0.1, 0.2, 0.25, 0.4, 0.5, 0.7]), np.array([2.0, 1.0, 3.0, 1.0, 1.0, 2.0])
    apart = np.concatenate([value + 1e-10 * np.arange(count) for value, count in zip(x, rows.astype(int), strict=True)])
    first = np.append(0, np.cumsum(rows)[:-1]).astype(int)
    together = function(x, rows, np.arange(x.size)) * rows  # type: ignore[operator]
    alone = function(apart, np.ones(apart.size), first)  # type: ignore[operator]
    np.testing.assert_allclose(np.add.reduceat(alone, first, axis=1), together, atol=1e-7)


@pytest.mark.parametrize("degree", [1, 2])
def test_a_polynomial_is_left_as_it_is(degree: int) -> None:
    rng = np.random.default_rng(1)
    x, rows = np.sort(rng.random(40)), rng.integers(1, 4, 40).astype(float)
    weights = loess_weights(x, rows, np.arange(40), degree=degree) * rows
    for power in range(degree + 1):
        np.testing.assert_allclose(weights @ x**power, x**power, atol=1e-12)


def test_few_scores_have_their_own_rates_and_the_neighbourhood_widens() -> None:
    x, rows = np.array([0.1, 0.3, 0.6]), np.array([5.0, 2.0, 3.0])
    np.testing.assert_allclose(loess_weights(x, rows, np.arange(3)), np.diag(1 / rows))
    assert is_widened(x, rows, np.arange(3))
    # Nine tenths of the rows have one score: three quarters of them are at no distance from it.
    x, rows = np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([1.0, 1.0, 96.0, 1.0, 1.0])
    weights = loess_weights(x, rows, np.arange(5))
    assert is_widened(x, rows, np.arange(5))
    assert np.isfinite(weights).all()
    np.testing.assert_allclose((weights * rows).sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose((lowess_weights(x, rows, np.arange(5)) * rows).sum(axis=1), 1, rtol=1e-12)


def test_weights_that_are_no_counts_are_shares() -> None:
    x = np.linspace(0, 1, 30) ** 2
    rows = np.full(30, 0.1)
    # The neighbourhood of counted rows ends with a whole row, that of others with a share of the weight: 22.5 of 30.
    shares = loess_weights(x, rows, np.arange(30)) * 0.1
    below, above = (loess_weights(x, np.ones(30), np.arange(30), span=near / 30) for near in (22, 23))
    np.testing.assert_allclose(shares, above, atol=1e-12)
    assert abs(shares - below).max() > 1e-3
    assert (lowess_points(x) == np.unique(lowess_points(x))).all()
    assert lowess_points(np.array([0.5])).tolist() == [0]
