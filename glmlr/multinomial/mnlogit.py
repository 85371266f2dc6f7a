"""How does statsmodels fit the same classes? Its MNLogit on the same design, the engine of record."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import FitError, NotApplicable
from glmlr.multinomial.design import ClassDesign
from glmlr.multinomial.maximum import inverse_of
from glmlr.multinomial.softmax import sums_at
from glmlr.multinomial.solution import MultinomialSolution

Floats = npt.NDArray[np.float64]

#: Largest standardised score at which statsmodels' Newton steps have arrived.
_ARRIVED: Final = 1e-6


def mnlogit_results(design: ClassDesign, solution: MultinomialSolution, start: Floats | None) -> Any:
    """Give statsmodels' MNLogit results on the design's own columns, the reference first.

    Args:
        design: rows and classes.
        solution: says which columns are estimated.
        start: estimates of the data's columns to start from, shape (m, k), or None for statsmodels' own start.

    Raises:
        NotApplicable: weights, which MNLogit does not take, or estimates that are not finite.
        FitError: statsmodels finds no solution.

    """
    import statsmodels.api as sm

    rows = design.rows
    if rows.weight is not None or rows.importance is not None:
        raise NotApplicable("statsmodels' MNLogit takes no weights; repeat the rows, or leave the solver at 'newton'.")
    if solution.separation is not None:
        raise NotApplicable("statsmodels cannot hold infinite estimates; drop the separated terms or join classes.")
    keep, index = solution.columns.keep, rows.index[rows.used]
    order = list(design.classes.order)
    labels = [design.classes.labels[at] for at in order]
    endog = pd.Series(
        pd.Categorical.from_codes(design.codes, pd.Index(labels)), index=index, name=design.classes.response
    )
    exog = pd.DataFrame(rows.matrix()[:, keep], index=index, columns=[rows.names[at] for at in keep])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            given = None if start is None else np.asarray(start[:, keep].ravel())
            return sm.MNLogit(endog, exog).fit(start_params=given, method="newton", maxiter=100, tol=1e-12, disp=False)
        except (np.linalg.LinAlgError, ValueError) as problem:
            raise FitError(f"statsmodels could not fit the model: {problem}.") from problem


def solve_by_mnlogit(design: ClassDesign, solution: MultinomialSolution) -> MultinomialSolution:
    """Fit by MNLogit's Newton steps from its own start, on the columns that are not aliased; see `mnlogit_results`."""
    results, columns = mnlogit_results(design, solution, None), solution.columns
    params = np.asarray(results.params, dtype=np.float64).T
    working: Floats = np.asarray(np.linalg.solve(columns.outwards, params.T).T, dtype=np.float64)
    sums = sums_at(columns.rows, working, solution.outcomes)
    inverse = inverse_of(sums.information)
    if inverse is None:
        raise FitError("The information at the estimates of statsmodels is singular; there are no standard errors.")
    norm = float(np.max(np.abs(sums.score) / np.sqrt(np.diag(sums.information))))
    beta = np.full(solution.beta.shape, np.nan)
    beta[:, columns.keep] = params
    arrived = norm < _ARRIVED
    return replace(
        solution,
        beta=beta,
        working=working,
        inverse=inverse,
        loglik=sums.loglik,
        iterations=int(results.mle_retvals["iterations"]),
        decrement=float(np.sqrt(sums.score @ inverse @ sums.score)),
        gradient_norm=norm,
        converged=arrived,
        reason=None if arrived else "statsmodels' Newton steps did not reach the maximum",
        method="statsmodels",
    )
