"""How fast is a search over class weights?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contest import Answer, Contest, Contestant, faster

RARE = "y ~ x1 + x2"
GRID: tuple[dict[int, int], ...] = ({0: 100, 1: 1}, {0: 10, 1: 1}, {0: 1, 1: 1}, {0: 1, 1: 10}, {0: 1, 1: 100})
FOLDS, REPEATS, SEED = 10, 3, 1
#: lbfgs stops early, most of all where non-events weigh most; the areas hardly notice.
WITHIN = 1e-3


def rare() -> pd.DataFrame:
    """Give 10,000 rows of two predictors with 100 events, as reports/imbalanced.py has them."""
    from sklearn.datasets import make_classification

    x, y = make_classification(
        n_samples=10_000,
        n_features=2,
        n_redundant=0,
        n_clusters_per_class=1,
        weights=[0.99],
        flip_y=0,
        random_state=2,
    )
    return pd.DataFrame({"y": y, "x1": x[:, 0], "x2": x[:, 1]})


def search(share: float) -> Iterator[Contest]:
    """10,000 rows with 100 events, 5 weightings on the same 30 folds; a share of the size is fewer repeats."""
    frame, repeats = rare(), max(1, round(REPEATS * share))
    fits = len(GRID) * FOLDS * repeats
    yield Contest(f"{fits} fits of a search", len(frame), _ours(frame, repeats), (_grid_search(frame, repeats),))


def _words(weights: dict[int, int]) -> str:
    return f"{weights[0]}:{weights[1]}"


def _ours(frame: pd.DataFrame, repeats: int) -> Contestant:
    import glmlr

    def run() -> Any:
        return glmlr.class_weight_search(RARE, frame, weights=GRID, folds=FOLDS, repeats=repeats, seed=SEED)

    def answer(table: Any) -> Answer:
        return pd.Series(table["mean"].to_numpy(), index=[_words(weights) for weights in GRID])

    return Contestant("glmlr: class_weight_search()", run, answer)


def _grid_search(frame: pd.DataFrame, repeats: int) -> Contestant:
    """Search by scikit-learn on arrays made beforehand, unpenalised, one process as ours."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold

    x, y = frame[["x1", "x2"]].to_numpy(), frame["y"].to_numpy()

    def run() -> Any:
        model = LogisticRegression(solver="lbfgs", C=np.inf, max_iter=10_000)
        folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=SEED)
        grid = {"class_weight": list(GRID)}
        return GridSearchCV(model, grid, scoring="roc_auc", cv=folds, n_jobs=1, refit=False).fit(x, y)

    def answer(found: Any) -> Answer:
        names = [_words(weights) for weights in found.cv_results_["param_class_weight"]]
        return pd.Series(found.cv_results_["mean_test_score"], index=names)

    return Contestant("scikit-learn: GridSearchCV(lbfgs, n_jobs=1)", run, answer, faster(5), WITHIN)
