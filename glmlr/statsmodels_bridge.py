"""How does statsmodels fit the same design? Its GLM Binomial, the engine of record."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design import DesignInMemory
from glmlr.errors import FitError
from glmlr.links import Link
from glmlr.newton import sums_at
from glmlr.solver import Solution

Floats = npt.NDArray[np.float64]

#: Log-likelihood below that of our own maximum, relative, that rounding can explain.
_SHORTFALL: Final = 1e-8


def family(link: Link) -> Any:
    """Give statsmodels' Binomial family with the same link."""
    import statsmodels.api as sm

    links = sm.families.links
    return sm.families.Binomial({"logit": links.Logit, "probit": links.Probit, "cloglog": links.CLogLog}[link.name]())


def glm_model(design: DesignInMemory, link: Link, columns: npt.NDArray[np.intp]) -> Any:
    """Give statsmodels' GLM on the design's own columns, event and weights (trials x importance as freq_weights)."""
    import statsmodels.api as sm

    names = [design.names[column] for column in columns]
    index = design.index[design.used]
    weight = design.weight
    if design.importance is not None:
        weight = design.importance if weight is None else weight * design.importance
    return sm.GLM(
        pd.Series(design.y, index=index, name=design.event.label),
        pd.DataFrame(design.matrix()[:, columns], index=index, columns=names),
        family=family(link),
        freq_weights=weight,
        offset=design.offset,
    )


def solve_by_statsmodels(design: DesignInMemory, link: Link, witness: Solution) -> Solution:
    """Fit by statsmodels' GLM Binomial (IRLS) on the columns that are not aliased.

    Args:
        design: formula applied to rows, k columns.
        link: the link.
        witness: a solution of the same problem that says which columns are aliased.

    Raises:
        FitError: statsmodels finds no solution.

    """
    import warnings

    columns = np.flatnonzero(witness.estimated)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            results = glm_model(design, link, columns).fit(maxiter=100, tol_criterion="params", atol=0.0, rtol=1e-12)
        except (np.linalg.LinAlgError, ValueError) as problem:
            raise FitError(f"statsmodels could not fit the model: {problem}.") from problem
    k = len(design.names)
    beta = np.full(k, np.nan)
    beta[columns] = np.asarray(results.params, dtype=np.float64)
    inverse = np.full((k, k), np.nan)
    inverse[np.ix_(columns, columns)] = np.asarray(results.normalized_cov_params, dtype=np.float64)
    sums = sums_at(design, np.nan_to_num(beta), link)
    norm = float(np.max(np.abs(sums.score) / np.sqrt(np.maximum(np.diag(sums.information), 1e-300))))
    history = results.fit_history
    reason = None if results.converged or norm < 1e-6 else "statsmodels' IRLS did not converge"
    if sums.loglik < witness.loglik - _SHORTFALL * (1 + abs(witness.loglik)):
        reason = "statsmodels' IRLS did not reach the maximum, the columns being too badly scaled for it"
    return Solution(
        beta=beta,
        information=sums.information,
        inverse=inverse,
        loglik=sums.loglik,
        iterations=int(history["iteration"]),
        gradient_norm=norm,
        converged=reason is None,
        reason=reason,
        aliased=witness.aliased,
        method="statsmodels",
    )
