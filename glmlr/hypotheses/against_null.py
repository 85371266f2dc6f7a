"""How far is a model from the null model? The combination of its columns that is constant, and what goes beyond it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from glmlr.conditioning import triangle
from glmlr.fit import Fit
from glmlr.hypotheses.nested import NOTHING, Whole, in_units, quadratic, scores_at
from glmlr.penalised.planes import Planes
from glmlr.shape.added_columns import ChiSquare, Scores

Floats = npt.NDArray[np.float64]

#: What the columns leave of a constant, in units of it, below which they contain it.
_CONSTANT: Final = 1e-9


def constant_in(fit: Fit) -> Floats | None:
    """Give coefficients with which the columns of a fit are 1 in every row, shape (k,); None where there are none."""
    constant = np.zeros(len(fit.names))
    for term in fit.design.terms:
        if term.kind == "intercept":
            constant[term.columns[0]] = 1.0
            return constant
    columns = np.flatnonzero(_estimated(fit))
    r = triangle(fit.design, lambda block: np.vstack([block.at_columns(columns).x, np.ones(block.size)]))
    if not abs(r[-1, -1]) < _CONSTANT * np.linalg.norm(r[:, -1]):
        return None
    constant[columns] = solve_triangular(r[:-1, :-1], r[:-1, -1])
    return np.where(np.abs(constant) < _CONSTANT, 0.0, constant)


def score_against_null(fit: Fit, whole: Whole, constant: Floats) -> ChiSquare:
    """Test all that goes beyond a constant by the slope of the likelihood at the null model."""
    columns = np.flatnonzero(_estimated(fit))
    units = in_units(whole, columns)
    level = units.inwards @ constant[columns]
    found = scores_at(whole, units.rows, float(fit.null.beta[0]) * level, 0)
    mixed = np.column_stack([level, _beyond(level)])
    there = Scores(
        beta=np.zeros(columns.size),
        score=mixed.T @ found.score,
        information=mixed.T @ found.information @ mixed,
        variance=mixed.T @ found.variance @ mixed,
        k=1,
    )
    return there.test(slice(None))


def penalised_against_null(planes: Planes, constant: Floats) -> tuple[ChiSquare, ChiSquare]:
    """Test a Firth fit against a constant under the same penalty: penalised likelihood ratio, adjusted score.

    The ratio is NaN for links other than the logit.
    """
    level = planes.inwards @ constant[planes.kept]
    centre, df = planes.centre, planes.kept.size - 1
    there = centre.within(level[:, None])
    if there is None:
        return NOTHING, NOTHING
    ratio = ChiSquare(centre.loss(there), df) if centre.has_likelihood else ChiSquare(math.nan, df)
    return ratio, ChiSquare(there.statistic(), df)


def wald_against_null(fit: Fit, constant: Floats) -> ChiSquare:
    """Test whether the estimates give a constant; NaN where one of them is infinite."""
    if fit.separation is not None:
        return NOTHING
    columns = np.flatnonzero(_estimated(fit))
    beyond = _beyond(constant[columns])
    covariance = fit.covariance[np.ix_(columns, columns)]
    return quadratic(beyond.T @ fit.solution.beta[columns], beyond.T @ covariance @ beyond)


def _estimated(fit: Fit) -> npt.NDArray[np.bool_]:
    """Which coefficients are not aliased, shape (k,)."""
    estimated = np.ones(len(fit.names), dtype=bool)
    estimated[[alias.column for alias in fit.solution.aliased]] = False
    return estimated


def _beyond(constant: Floats) -> Floats:
    """Give combinations of coefficients that are 0 for a constant and nothing else, shape (k, k - 1)."""
    pivot = int(np.argmax(np.abs(constant)))
    out = np.eye(constant.size)
    out[pivot] = -constant / constant[pivot]
    return np.delete(out, pivot, axis=1)
