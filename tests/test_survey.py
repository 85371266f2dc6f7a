"""Does a first look tell where rays can be? Cross-products by how badly rows are fitted, and the spaces they leave."""

from __future__ import annotations

import numpy as np

from glmlr.blocks import ArrayRows
from glmlr.links import LOGIT
from glmlr.margins import Columns
from glmlr.survey import survey


def looked(x: np.ndarray, y: np.ndarray, beta: np.ndarray, weight: np.ndarray | None = None):
    k = x.shape[0]
    return survey(ArrayRows(x, y, weight), Columns(np.arange(k), np.zeros(k), np.ones(k)), beta, LOGIT)


def test_a_look_adds_up_what_it_says() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 20_000))
    y = rng.choice([0.0, 0.25, 1.0], 20_000)
    weight = rng.integers(1, 5, 20_000).astype(float)
    beta = np.array([3.0, 0.0, -6.0])
    seen = looked(x, y, beta, weight)
    mixed = y == 0.25
    signs = np.where(y > 0.5, 1.0, -1.0)
    assert (seen.rows, seen.trials) == (20_000, weight.sum())
    np.testing.assert_allclose(seen.gains, (x * signs)[:, ~mixed].sum(axis=1))
    np.testing.assert_allclose(seen.grams[0], x[:, mixed] @ x[:, mixed].T)
    # -log-likelihood of a row: log(1 + exp(-s eta)).
    unlikely = np.log1p(np.exp(-signs * (beta @ x)))
    for level, above in enumerate((0.1, 1e-3, 1e-5), start=1):
        chosen = ~mixed & (unlikely > above)
        np.testing.assert_allclose(seen.grams[1 : level + 1].sum(axis=0), x[:, chosen] @ x[:, chosen].T)
    assert not seen.separating
    # Along the coefficients, brought to size 1.
    least = np.sort((signs * (beta @ x))[~mixed] / 6.0)
    np.testing.assert_allclose(seen.worst.key[:64], least[:64])


def test_the_space_of_a_level_that_runs_off_is_its_column() -> None:
    rng = np.random.default_rng(6)
    level = rng.integers(0, 3, 900)
    x = np.vstack([np.ones(900), rng.normal(size=900), level == 1, level == 2])
    y = np.where(level == 2, 1.0, rng.integers(0, 2, 900))
    spaces = list(looked(x, y, np.array([0.0, 0.1, 0.2, 9.0])).spaces())
    np.testing.assert_allclose(np.abs(spaces[0].directions), [[0], [0], [0], [1]], atol=1e-10)
    assert spaces[0].sharp
    # The last is everything that the mixed rows, of which there is none, leave.
    assert spaces[-1].directions.shape == (4, 4)


def test_mixed_rows_are_on_the_boundary_wherever_the_coefficients_are() -> None:
    x = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
    spaces = list(looked(x, np.array([0.5, 1.0, 1.0]), np.zeros(2)).spaces())
    assert all(np.abs(space.directions[0]).max(initial=0.0) < 1e-12 for space in spaces)
    assert spaces[-1].directions.shape == (2, 1)


def test_coefficients_that_separate_all_rows_are_seen_at_once() -> None:
    x = np.vstack([np.ones(50), np.arange(50.0)])
    y = (x[1] > 20.5).astype(float)
    assert looked(x, y, np.array([-20.5, 1.0])).separating
    assert not looked(x, y, np.array([-21.5, 1.0])).separating
    # A mixed row is never separated.
    assert not looked(x, np.where(x[1] == 21, 0.5, y), np.array([-20.5, 1.0])).separating
