"""How fast are the ranking statistics of scores?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contest import Answer, Contest, Contestant, cost, faster
from benchmarks.frames import scores


def association(share: float) -> Iterator[Contest]:
    """1e6 and 1e7 scores, plain and weighted, against roc_auc_score; one argsort is shown beside them."""
    for full in (1_000_000, 10_000_000):
        n = int(full * share)
        y, p, weight = scores(n)
        sort = Contestant("argsort: numpy.argsort(p)", lambda p=p: np.argsort(p), None, cost(4) if full > 1e6 else None)
        yield Contest(f"association, {full:.0e} scores", n, _ours(y, p, None), (_auc(y, p, None, 8), sort))
        yield Contest(f"association, {full:.0e} weighted", n, _ours(y, p, weight), (_auc(y, p, weight, 3),))


def _ours(y: np.ndarray, p: np.ndarray, weight: np.ndarray | None) -> Contestant:
    import glmlr

    def answer(table: Any) -> Answer:
        return pd.Series({"c": table["c"]})

    name = "glmlr: association(y, p)" if weight is None else "glmlr: association(y, p, weight=)"
    return Contestant(name, lambda: glmlr.association(y, p, weight=weight), answer)


def _auc(y: np.ndarray, p: np.ndarray, weight: np.ndarray | None, times: float) -> Contestant:
    from sklearn.metrics import roc_auc_score

    def answer(area: Any) -> Answer:
        return pd.Series({"c": area})

    name = (
        "scikit-learn: roc_auc_score(y, p)" if weight is None else "scikit-learn: roc_auc_score(y, p, sample_weight=)"
    )
    return Contestant(name, lambda: roc_auc_score(y, p, sample_weight=weight), answer, faster(times))
