"""How do outcomes bend away from predicted probabilities? A smooth calibration curve of one ranking.

The outcomes are regressed on a restricted cubic spline of logit(p) with four knots by logistic regression: a curve with
few degrees of freedom that stays in [0, 1], takes weights, and costs a sum over distinct scores.

Reference: Harrell (2015), Regression Modeling Strategies, 2nd ed., sections 2.4.5 (restricted cubic splines) and 10.11.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from glmlr.blocks import ArrayRows
from glmlr.links import LOGIT
from glmlr.ranking import Ranking
from glmlr.solver import solve
from glmlr.validation.performance import CalibrationLine

Floats = npt.NDArray[np.float64]

#: Shares of the rows below the knots (Harrell's for four).
_KNOTS: Final = np.array([0.05, 0.35, 0.65, 0.95])


def smooth_calibration(ranking: Ranking, line: CalibrationLine, grid: Floats) -> Floats:
    """Give the rate of events that the curve shows at some probabilities, shape (g,).

    Where outcomes do not determine the curve it is the logistic line through them, and NaN where there is no line.

    Args:
        ranking: predicted probabilities with events and non-events.
        line: its calibration line.
        grid: probabilities in (0, 1), shape (g,).

    """
    if np.isnan(line.slope):
        return np.full(grid.shape, np.nan)
    straight = np.asarray(expit(line.intercept + line.slope * logit(grid)))
    eta = np.asarray(logit(ranking.score))
    below = np.cumsum(ranking.rows) / ranking.total
    knots = np.unique(eta[np.minimum(np.searchsorted(below, _KNOTS), eta.size - 1)])
    if knots.size < _KNOTS.size:
        return straight
    x = np.vstack([np.ones_like(eta), eta, *restricted_cubic(eta, knots)])
    start = np.array([line.intercept, line.slope, *np.zeros(len(x) - 2)])
    found = solve(ArrayRows(x, ranking.events / ranking.rows, ranking.rows), LOGIT, start=start, max_iterations=30)
    if not (found.converged and np.isfinite(found.beta).all()):
        return straight
    at = np.asarray(logit(grid))
    return np.asarray(expit(found.beta @ np.vstack([np.ones_like(at), at, *restricted_cubic(at, knots)])))


def restricted_cubic(x: Floats, knots: Floats) -> Floats:
    """Give the columns of a spline that is cubic between knots t (k,) and linear beyond them, shape (k - 2, n).

    s_j = [(x - t_j)+^3 - (x - t_k-1)+^3 (t_k - t_j) / (t_k - t_k-1) + (x - t_k)+^3 (t_k-1 - t_j) / (t_k - t_k-1)] /
    (t_k - t_1)^2, with which x itself and a constant go.
    """

    def cubed(t: float) -> Floats:
        return np.asarray(np.maximum(x - t, 0.0) ** 3)

    before, last = float(knots[-2]), float(knots[-1])
    columns = [
        cubed(t) - cubed(before) * (last - t) / (last - before) + cubed(last) * (before - t) / (last - before)
        for t in map(float, knots[:-2])
    ]
    return np.array(columns) / (last - float(knots[0])) ** 2
