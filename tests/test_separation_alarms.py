"""No false alarm and no miss: random sets near separation, the truth told by two programmes that leave no third case.

By Stiemke's lemma either a direction d has s x'd >= 0 for all rows and > 0 for one (the rows are separated), or
positive multiples w of the signed rows add up to 0 (they are not). Both are asked of dense programmes over all rows; a
set for which not exactly one of them is found is left out, and there must be next to none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import linprog

from glmlr.blocks import ArrayRows
from glmlr.links import LINKS
from glmlr.separation import maximise

#: HiGHS at its finest.
FINEST = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True)
class Drawn:
    """A set of rows; `columns` span what those of the rows do, and none of them is nearly another.

    Whether a row gains 1e-6 of its size or nothing is beyond what a record of rows can promise: `sharp` is False where
    columns are as near to one another.
    """

    rows: ArrayRows
    columns: np.ndarray
    sharp: bool


def drawn(rng: np.random.Generator) -> Drawn:
    """Draw few rows of numbers, factors, an interaction, rare levels, with or without weights, offset, a near copy."""
    n = int(rng.integers(8, 45))
    x, z = rng.integers(-16, 17, (2, n)) / 8.0
    a, b = rng.integers(0, 3, n), (rng.random(n) < 0.25).astype(float)
    levels = [(a == one).astype(float) for one in (1, 2)]
    columns = [np.ones(n), x] if rng.random() < 0.9 else [x]
    columns += [
        [],
        levels,
        [*levels, b, *(one * b for one in levels)],
        [z, b],
        [*levels, *(one * x for one in levels)],
    ][int(rng.integers(0, 5))]
    exact, written, sharp = list(columns), list(columns), True
    if rng.random() < 0.25:
        # In units of the difference the near copy is a column like others; a programme sees little of 1e-6.
        tiny, sharp = rng.integers(-8, 9, n).astype(float), rng.random() < 0.5
        exact.append(tiny)
        written.append(x + tiny * (2.0**-10 if sharp else 2.0**-20))
    beta = rng.normal(size=len(columns)) * rng.choice([0.5, 2.0, 6.0])
    eta = beta @ np.array(columns)
    y = (rng.random(n) < 1 / (1 + np.exp(-np.clip(eta - np.median(eta), -30, 30)))).astype(float)
    y[:2] = [0.0, 1.0]
    weight = rng.integers(1, 4, n).astype(float) if rng.random() < 0.3 else None
    if weight is not None and rng.random() < 0.5:
        y = np.where(rng.random(n) < 0.2, np.floor(weight / 2) / weight, y)
    importance = rng.uniform(0.5, 2, n) if rng.random() < 0.2 else None
    offset = 3 * rng.normal(size=n) if rng.random() < 0.3 else None
    return Drawn(ArrayRows(np.array(written), y, weight, importance, offset), np.array(exact), bool(sharp))


def truth(data: Drawn) -> np.ndarray | None:
    """Say which rows are separated, none of them where they overlap; None where the programmes do not decide."""
    x, y = data.columns.T, data.rows.y
    mixed = (y > 0) & (y < 1)
    signed, level = x[~mixed] * np.where(y[~mixed] > 0.5, 1.0, -1.0)[:, None], x[mixed]
    m, k, r = signed.shape[0], x.shape[1], level.shape[0]
    apart = linprog(
        np.concatenate([np.zeros(k), -np.ones(m)]),
        A_ub=np.hstack([-signed, np.eye(m)]),
        b_ub=np.zeros(m),
        A_eq=np.hstack([level, np.zeros((r, m))]) if r else None,
        b_eq=np.zeros(r) if r else None,
        bounds=[(-1e5, 1e5)] * k + [(0, 1)] * m,
        options=FINEST,
    )
    both = np.vstack([signed, level]).T
    together = linprog(
        np.zeros(m + r), A_eq=both, b_eq=np.zeros(k), bounds=[(1, None)] * m + [(None, None)] * r, options=FINEST
    )
    gains = signed @ apart.x[:k]
    separated = np.zeros(y.size, dtype=bool)
    separated[~mixed] = gains > 0.5
    ray = bool(separated.any()) and gains.min() > -1e-7 and (not r or np.abs(level @ apart.x[:k]).max() < 1e-7)
    overlap = together.status == 0 and np.abs(both @ together.x).max() < 1e-8 * max(1.0, np.abs(together.x).max())
    if ray == overlap:
        return None
    return separated


def judged(seeds: range) -> tuple[int, int, int]:
    """Hold the search against the truth for all links; count overlapping, separated and undecided sets."""
    overlapping = apart = undecided = 0
    for seed in seeds:
        data = drawn(np.random.default_rng(seed))
        separated = truth(data)
        if separated is None:
            undecided += 1
            continue
        overlapping, apart = overlapping + (not separated.any()), apart + separated.any()
        for link in LINKS.values():
            found = maximise(data.rows, link)
            if not separated.any():
                assert found.separation is None, (seed, link.name)
                assert found.solution.converged, (seed, link.name)
            else:
                assert found.separation is not None, (seed, link.name)
                if data.sharp:
                    np.testing.assert_array_equal(found.separation.separated, separated, f"{seed} {link.name}")
    return overlapping, apart, undecided


def test_no_false_alarm_and_no_miss_in_a_few_sets() -> None:
    overlapping, apart, undecided = judged(range(40))
    assert min(overlapping, apart) >= 12
    assert undecided <= 1


@pytest.mark.slow
@pytest.mark.parametrize("part", range(25))
def test_no_false_alarm_and_no_miss_in_a_thousand_sets_of_each_kind(part: int) -> None:
    """Of each kind every part has forty at least, so that 25 parts have a thousand."""
    first = 1_000 * (part + 1)
    overlapping, apart, undecided = judged(range(first, first + 130))
    assert min(overlapping, apart) >= 40
    assert undecided <= 1
