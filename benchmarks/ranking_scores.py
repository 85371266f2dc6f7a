"""How fast are the ranking statistics of scores?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contest import Answer, Contest, Contestant, cost, faster
from benchmarks.frames import scores
from benchmarks.fresh import peak_memory
from benchmarks.stopwatch import reported


def association(share: float) -> Iterator[Contest]:
    """1e6 and 1e7 scores, plain and weighted, against roc_auc_score; one argsort is shown beside them."""
    for full in (1_000_000, 10_000_000):
        n = int(full * share)
        y, p, weight = scores(n)
        sort = Contestant("argsort: numpy.argsort(p)", lambda p=p: np.argsort(p), None, cost(4) if full > 1e6 else None)
        yield Contest(f"association, {full:.0e} scores", n, _ours(y, p, None), (_auc(y, p, None, 8), sort))
        yield Contest(f"association, {full:.0e} weighted", n, _ours(y, p, weight), (_auc(y, p, weight, 3),))


#: What is said of scores by default, every statistic from one ranking.
COMPLETE = ("association", "roc", "ks", "deciles", "cutoffs", "calibration", "hosmer_lemeshow")


def complete(share: float) -> Iterator[Contest]:
    """All ranking statistics of 1e7 scores against roc_auc_score alone, and their peak memory over that of the rows."""
    n = int(10_000_000 * share)
    y, p, _ = scores(n)
    whole = all_statistics(y, p)
    yield Contest("all ranking statistics, 1e+07 scores", n, whole, (_auc(y, p, None, 1 / 1.5),))
    rows = Contestant("the rows: y and p, 8 bytes a number", lambda: (2 * 8 * n / 1e6, None), None, cost(3))
    ours = Contestant(whole.name, lambda: peak_memory("scores", n), lambda answer: answer)
    yield Contest("peak memory of all ranking statistics", n, ours, (rows,), reported, "MB")


def all_statistics(y: np.ndarray, p: np.ndarray) -> Contestant:
    """Rank once, then ask for everything."""
    import glmlr

    def run() -> dict[str, Any]:
        ranked = glmlr.scores(y, p)
        return {name: getattr(ranked, name)() for name in COMPLETE}

    return Contestant(
        f"glmlr: scores(y, p), {len(COMPLETE)} statistics",
        run,
        lambda found: pd.Series({"c": found["association"]["c"]}),
    )


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
