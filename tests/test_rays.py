"""Is separation found in rows that nobody can hold? Few passes, blocks that vanish, any threads, other processes."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cloudpickle
import numpy as np
import pytest

import glmlr.blocks
from glmlr.blocks import ArrayRows, Block, LocalRows, Piece
from glmlr.links import LOGIT
from glmlr.margins import columns_of
from glmlr.rays import OffRays, first_rays, silent_directions, with_fewest_columns
from glmlr.separation import Maximum, maximise
from glmlr.solver import solve
from glmlr.survey import survey

COLUMNS = 12
ROWS = 60_000


def drawn(n: int = ROWS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw columns (12, n): a constant, four numbers and the seven levels of a factor but one; levels, and events."""
    rng = np.random.default_rng(11)
    level = rng.integers(0, 8, n)
    x = np.vstack([np.ones(n), rng.normal(size=(4, n)), *((level == one).astype(float) for one in range(1, 8))])
    beta = rng.normal(size=COLUMNS) * 0.4
    return x, level, (rng.random(n) < 1 / (1 + np.exp(-beta @ x))).astype(float)


@dataclass(eq=False)
class Passing(LocalRows):
    """Rows whose blocks are made anew in each pass; they count passes and the blocks that are alive."""

    x: np.ndarray
    y: np.ndarray
    step: int = 2_000
    passes: int = 0
    alive: int = 0
    most: int = 0
    born: list[Any] = field(default_factory=list)

    def pieces(self) -> list[Piece]:
        """Give the pieces of one block each."""
        return [lambda at=at: iter([self._block(at)]) for at in range(0, self.y.size, self.step)]  # type: ignore[misc]

    def over(self, function: Callable[[Block], Any], add: Callable[[Any, Any], Any]) -> Any:
        """Add up, counting, a function that has been through the post."""
        self.passes += 1
        return super().over(*cloudpickle.loads(cloudpickle.dumps((function, add))))

    def _block(self, at: int) -> Block:
        rows = slice(at, at + self.step)
        x = self.x[:, rows].copy()
        self.alive += 1
        self.most = max(self.most, self.alive)
        weakref.finalize(x, self._gone)
        return Block(x, self.y[rows].copy())

    def _gone(self) -> None:
        self.alive -= 1

    def __reduce__(self) -> tuple[Any, ...]:
        # A wrapper around rows takes them along where its function goes; there they are these rows.
        return _same, (id(self),)


_PASSING: dict[int, Passing] = {}


def _same(key: int) -> Passing:
    return _PASSING[key]


def passing(x: np.ndarray, y: np.ndarray) -> Passing:
    rows = Passing(x, y)
    _PASSING[id(rows)] = rows
    return rows


def kinds() -> dict[str, tuple[np.ndarray, np.ndarray, int]]:
    """Give data by what is special in them, with the number of rows that are separated."""
    x, level, y = drawn()
    cut = np.round(3 * x[1]) / 3
    stepped = np.vstack([x[:1], cut, x[2:]])
    several = np.where(level == 2, 1.0, np.where(level == 5, 0.0, y))
    return {
        "nothing": (x, y, 0),
        "a level of events": (x, np.where(level == 3, 1.0, y), int((level == 3).sum())),
        "the reference level": (x, np.where(level == 0, 0.0, y), int((level == 0).sum())),
        "two levels": (x, several, int(np.isin(level, (2, 5)).sum())),
        "but for a boundary": (stepped, np.where(cut == 0, y, cut > 0).astype(float), int((cut != 0).sum())),
        "all": (x, (x[1] - x[2] > 0.3).astype(float), ROWS),
    }


KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_pass_by_are_enough(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, separated = KINDS[kind]
    monkeypatch.setattr(glmlr.blocks, "pool_of_threads", lambda: None)
    rows = passing(x, y)
    found = maximise(rows, LOGIT)
    assert (0 if found.separation is None else found.separation.rows) == separated
    assert found.solution.converged
    # At most a block and what is made of the one before: no row outlives its pass.
    assert rows.most <= 3


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("nothing", "all")])
def test_separation_costs_no_more_than_two_further_fits(kind: str) -> None:
    usual = passing(*KINDS["nothing"][:2])
    assert maximise(usual, LOGIT).separation is None
    plain = passing(*KINDS["nothing"][:2])
    solve(plain, LOGIT)
    # Where nothing is suspect the screen reads no row.
    assert usual.passes == plain.passes
    rows = passing(*KINDS[kind][:2])
    assert maximise(rows, LOGIT).separation is not None
    # Of the passes some are over every fortieth row; those are counted as any other.
    assert rows.passes <= 3 * usual.passes


def same(one: Maximum, two: Maximum) -> bool:
    """Say whether two answers have the same bits."""
    if one.separation is None or two.separation is None:
        return False
    pairs = [
        (one.solution.beta, two.solution.beta),
        (one.solution.inverse, two.solution.inverse),
        (one.separation.ray, two.separation.ray),
        (one.separation.separated, two.separation.separated),
    ]
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("kind", ["two levels", "all"])
def test_the_number_of_threads_changes_no_bit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    x, y, _ = KINDS[kind]
    rows = ArrayRows(x, y)
    answers = []
    with ThreadPoolExecutor(3) as pool:
        for workers in (lambda: None, lambda: pool):
            monkeypatch.setattr(glmlr.blocks, "pool_of_threads", workers)
            # BLAS with one thread in both: its own threads are not ours.
            with glmlr.blocks.one_blas_thread():
                answers.append(maximise(rows, LOGIT))
    assert same(*answers)


def test_many_alike_rows_do_not_hide_others() -> None:
    # 40 levels lose along the sum of their columns, each by thousands of equal rows: a pass brings all 40 to light.
    n, levels = 80_000, 40
    level = np.arange(n) % levels
    x = np.array([(level == one).astype(float) for one in range(levels)])
    y = np.where(np.arange(n) < levels, 1.0, 0.0)
    y[:1] = 0.0
    rows = passing(x, y)
    found = maximise(rows, LOGIT)
    # Level 0 has non-events only; each of the others has one event.
    assert found.separation is not None
    assert found.separation.rows == n // levels
    np.testing.assert_array_equal(np.flatnonzero(found.separation.direction), [0])
    assert rows.passes < 40


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_row_of_many_decides(outcome: float) -> None:
    # All rows but one are told apart by their second column, and coefficients after two steps are of little use.
    n = 100_000
    x = np.vstack([np.ones(n), np.random.default_rng(2).normal(size=(3, n))])
    y = (x[1] > 0).astype(float)
    x[:, 61_803], y[61_803] = (1.0, 2.0, 0.0, 0.0), outcome
    rows = ArrayRows(x, y)
    solution = solve(rows, LOGIT, max_iterations=2)
    columns = columns_of(rows, np.arange(4), solution.column_size, solution.centred)
    cone = first_rays(rows, columns, survey(rows, columns, solution.beta, LOGIT), solution.beta)
    assert (cone is not None and cone.complete) == (outcome == 1.0)
    assert (cone is None) == (outcome == 0.0)


def test_what_a_cone_says_is_so() -> None:
    x, level, y = drawn(5_000)
    y = np.where(np.isin(level, (3, 6)), 1.0, y)
    rows = ArrayRows(x, y)
    solution = solve(rows, LOGIT, max_iterations=7)
    columns = columns_of(rows, np.arange(COLUMNS), solution.column_size, solution.centred)
    cone = first_rays(rows, columns, survey(rows, columns, solution.beta, LOGIT), solution.beta)
    assert cone is not None
    signed = x / columns.size[:, None] * np.where(y > 0.5, 1.0, -1.0)
    gains = cone.rays @ signed
    off = (np.abs(gains) > 1e-7).any(axis=0)
    assert gains.min() > -1e-9
    assert (cone.rows, cone.separated, cone.trials) == (5_000, off.sum(), off.sum())
    np.testing.assert_array_equal(off, np.isin(level, (3, 6)))
    np.testing.assert_allclose(cone.gains, signed[:, ~off].sum(axis=1), atol=1e-8)
    # Two levels can move by themselves and no other direction leaves the rest where it is.
    silent = silent_directions(rows, columns, cone)
    assert silent.shape == (COLUMNS, 2)
    np.testing.assert_allclose(silent.T @ x[:, ~off] / np.sqrt(5_000), 0.0, atol=1e-9)
    ray = with_fewest_columns(rows, columns, cone, silent)
    np.testing.assert_array_equal(np.flatnonzero(ray), [7, 10])
    assert sum(block.size for block in OffRays(rows, columns, cone.rays).over(lambda block: [block], list.__add__)) == (
        5_000 - off.sum()
    )
