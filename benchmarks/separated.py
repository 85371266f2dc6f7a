"""What does it cost to look for separation, where there is none and where there is?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contest import Answer, Contest, Contestant, Target, cost


def separation(share: float) -> Iterator[Contest]:
    """1e6 rows of 12 columns: the fit that looks for separation over the Newton steps alone, on the same arrays.

    Where rows are separated the peer fits the same rows with the outcomes they had before.
    """
    from glmlr.blocks import ArrayRows
    from glmlr.links import LOGIT
    from glmlr.separation import maximise
    from glmlr.solver import solve

    n = int(1_000_000 * share)
    x, y = _rows(n)
    rare = x.copy()
    rare[5] = np.random.default_rng(2).random(n) < 0.01
    plain = ArrayRows(x, y)
    for what, ours, theirs, target in (
        ("no separation: the share of looking", plain, plain, cost(1.1)),
        ("a rare level of events only", ArrayRows(rare, np.where(rare[5] == 1, 1.0, y)), ArrayRows(rare, y), cost(8)),
        ("all rows told apart by one number", ArrayRows(x, (x[3] > 0.1).astype(float)), plain, cost(8)),
    ):
        yield _contest(what, n, lambda rows=ours: maximise(rows, LOGIT), lambda rows=theirs: solve(rows, LOGIT), target)


def _contest(what: str, n: int, ours: Any, theirs: Any, target: Target) -> Contest:
    # Only without separation do both answer one question.
    same = what.startswith("no separation")
    return Contest(
        what,
        n,
        Contestant("glmlr: maximise(rows), which looks", ours, _of_maximum if same else None),
        (Contestant("glmlr: solve(rows), which does not", theirs, _of_solution if same else None, target),),
    )


def _of_maximum(found: Any) -> Answer:
    return _of_solution(found.solution)


def _of_solution(solution: Any) -> Answer:
    return pd.Series(solution.beta, index=[f"x{at}" for at in range(solution.beta.size)])


def _rows(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a constant and eleven numbers, and outcomes with a share of about a half."""
    rng = np.random.default_rng(1)
    x = np.vstack([np.ones(n), rng.normal(size=(11, n))])
    p = 1.0 / (1.0 + np.exp(-0.3 * rng.normal(size=12) @ x))
    return x, (rng.random(n) < p).astype(float)
