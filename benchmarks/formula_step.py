"""How fast does a formula become columns?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contest import Answer, Contest, Contestant, Target, cost, faster
from benchmarks.frames import WIDE, WIDE_C, categorical, wide


def formula(share: float) -> Iterator[Contest]:
    """1e6 rows, 10 numeric columns, 2 factors."""
    n = int(1_000_000 * share)
    frame = wide(n)
    with_c = _patsy(WIDE_C, frame, faster(50), "patsy: dmatrices, C()")
    yield Contest("formula step, C()", n, _ours(WIDE_C, frame), (with_c,))
    yield Contest("formula step, text", n, _ours(WIDE, frame), (_formulaic(frame),))
    frame = categorical(frame)
    bare = _patsy(WIDE, frame, faster(5), "patsy: dmatrices, bare categoricals")
    yield Contest("formula step, bare", n, _ours(WIDE, frame), (bare,))


def _ours(written: str, frame: pd.DataFrame) -> Contestant:
    from glmlr.design import build_design

    def run() -> Any:
        design = build_design(written, frame)
        return design.matrix(), design.names

    return Contestant("glmlr: build_design().matrix()", run, lambda found: _sums(*found))


def _patsy(written: str, frame: pd.DataFrame, target: Target, name: str) -> Contestant:
    import patsy

    def answer(found: Any) -> Answer:
        return _sums(np.asarray(found[1]), found[1].design_info.column_names)

    return Contestant(name, lambda: patsy.dmatrices(written, frame), answer, target)


def _formulaic(frame: pd.DataFrame) -> Contestant:
    import formulaic

    def answer(found: Any) -> Answer:
        return _sums(np.asarray(found.rhs), found.rhs.model_spec.column_names)

    return Contestant(
        "formulaic: model_matrix(output='numpy')",
        lambda: formulaic.model_matrix(WIDE, frame, output="numpy"),
        answer,
        cost(1.2),
    )


def _sums(x: np.ndarray, names: Any) -> Answer:
    """Give a sum over the squares of each column, which no column shares with another."""
    return pd.Series(np.square(x).sum(axis=0), index=list(names))
