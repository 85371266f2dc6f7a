"""Who competes? Each way from a frame to coefficients with standard errors, as its own manual has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contest import Answer, Contestant, Target

#: Peers that stop by default when the gradient is small, not when it has vanished.
EARLY = 1e-3


def ours(formula: str, frame: pd.DataFrame, *, name: str = "glmlr: fit().coefficients()", **options: Any) -> Contestant:
    """Fit and make the table of coefficients."""
    import glmlr

    def run() -> Any:
        fit = glmlr.fit(formula, frame, **options)
        fit.coefficients()
        return fit

    return Contestant(name, run, lambda fit: fit.params)


def statsmodels(
    formula: str, frame: pd.DataFrame, target: Target | None, *, link: str = "Logit", name: str = "", **options: Any
) -> Contestant:
    """Fit by the formula interface of statsmodels, with estimates, standard errors and intervals read."""
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    covariance = options.pop("cov_type", "nonrobust")

    def run() -> Any:
        family = sm.families.Binomial(getattr(sm.families.links, link)())
        fit = smf.glm(formula, frame, family=family, **options).fit(cov_type=covariance)
        pd.DataFrame({"estimate": fit.params, "std_error": fit.bse, "z": fit.tvalues, "p": fit.pvalues})
        fit.conf_int()
        return fit

    return Contestant(name or "statsmodels: smf.glm().fit()", run, lambda fit: fit.params, target)


def glum(formula: str, frame: pd.DataFrame, target: Target | None) -> Contestant:
    """Fit by glum from the formula, with its table of coefficients and standard errors."""
    from glum import GeneralizedLinearRegressor

    def run() -> Any:
        model = GeneralizedLinearRegressor(family="binomial", alpha=0, formula=formula, drop_first=True)
        model.fit(frame, store_covariance_matrix=True)
        return model.coef_table()

    return Contestant("glum: from the frame, std errors", run, lambda table: table["coef"], target, EARLY)


def glum_columns(formula: str, frame: pd.DataFrame, target: Target | None) -> Contestant:
    """Fit by glum from a frame of numeric and categorical columns: quicker than by formula with many levels."""
    from glum import GeneralizedLinearRegressor

    response, _, terms = formula.partition(" ~ ")
    columns = terms.split(" + ")

    def run() -> Any:
        model = GeneralizedLinearRegressor(family="binomial", alpha=0, drop_first=True)
        model.fit(frame[columns], frame[response], store_covariance_matrix=True)
        return model.coef_table()

    def answer(table: Any) -> Answer:
        return table["coef"].rename(lambda name: name.replace("__", " "))

    return Contestant("glum: from the columns, std errors", run, answer, target, EARLY)


def scikit_learn(formula: str, frame: pd.DataFrame, target: Target | None, *, converged: bool) -> Contestant:
    """Fit by scikit-learn's second-order solver on arrays made beforehand, without standard errors.

    With its default tolerance it stops about 0.1 standard errors from the maximum; `converged` asks for what we give.
    """
    from sklearn.linear_model import LogisticRegression

    from glmlr.design import build_design

    design = build_design(formula, frame)
    x, names = np.ascontiguousarray(design.matrix()[:, 1:]), design.names
    y = np.array(design.y)

    options = {"tol": 1e-8} if converged else {}

    def run() -> Any:
        return LogisticRegression(C=np.inf, solver="newton-cholesky", **options).fit(x, y)

    def answer(model: Any) -> Answer:
        return pd.Series(np.concatenate([model.intercept_, model.coef_[0]]), index=list(names))

    name = f"scikit-learn{', tol=1e-8' if converged else ''}: newton-cholesky, ready arrays, no std errors"
    return Contestant(name, run, answer, target, 1e-6 if converged else EARLY)


def _wide(make: Callable[..., Contestant], formula: str, n: int, as_categorical: bool, *more: Any) -> Contestant:
    from benchmarks.frames import categorical, wide

    frame = categorical(wide(n)) if as_categorical else wide(n)
    return make(formula, frame, *more)


def by_key() -> dict[str, Callable[[int], Contestant]]:
    """Give the contestants that a fresh process can be asked to run, each from a number of rows."""
    from benchmarks.frames import WIDE, WIDE_C, scores
    from benchmarks.ranking_scores import all_statistics

    return {
        "glmlr": lambda n: _wide(ours, WIDE_C, n, False),
        "glmlr-bare": lambda n: _wide(ours, WIDE, n, True),
        "statsmodels": lambda n: _wide(partial(statsmodels, target=None), WIDE_C, n, False),
        "statsmodels-bare": lambda n: _wide(partial(statsmodels, target=None), WIDE, n, True),
        "glum": lambda n: _wide(glum, WIDE, n, True, None),
        "scores": lambda n: all_statistics(*scores(n)[:2]),
    }
