"""Which indices does a validation of predicted probabilities compare? Those of Harrell's validate, of one ranking.

They rest on the logistic line through the outcomes against logit(p), logit P(event) = a + b logit(p), so that they mean
the same of the rows of a fit and of any others, whatever the link and the weights of the fit.

References: Harrell (2015), Regression Modeling Strategies, 2nd ed., section 10.9 and R rms::validate.lrm; Harrell, Lee
& Mark (1996), Statistics in Medicine 15, 361-387; David (1968), Biometrika 55, 573-575 (Gini's mean difference).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from glmlr.pseudo_r2 import likelihood_r2
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import count_pairs
from glmlr.validation.performance import CalibrationLine, brier, log_loss

Floats = npt.NDArray[np.float64]

#: A distance below this is what rounding leaves of none.
_ROUNDING: Final = 1e-14

#: index -> (its words, what it means)
INDICES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "dxy": ("Somers' Dxy", "2 c - 1 of the probabilities. R rms::validate: Dxy."),
        "c": ("c (area under the ROC curve)", "Share of pairs of an event and a non-event that are ranked rightly."),
        "r2": (
            "R² (Nagelkerke)",
            "Of the logistic line logit P(event) = a + b logit(p) through the outcomes. R rms::validate: R2.",
        ),
        "intercept": ("Calibration intercept", "Intercept a of that line, ideally 0. R rms::validate: Intercept."),
        "slope": (
            "Calibration slope",
            "Slope b of that line, ideally 1: the shrinkage that new rows call for. R rms::validate: Slope.",
        ),
        "emax": (
            "Emax",
            "Largest distance between p and expit(a + b logit p) over all p, a and b being intercept and slope. R "
            "rms::validate: Emax, there on a grid of 0.0005.",
        ),
        "d": ("D (discrimination)", "(Likelihood ratio chi-square of the line - 1) / n. R rms::validate: D."),
        "u": ("U (unreliability)", "(-2 l(p) + 2 l(line) - 2) / n. R rms::validate: U."),
        "q": ("Q (quality)", "D - U. R rms::validate: Q."),
        "brier": ("Brier score", "Mean squared difference of outcome and probability. R rms::validate: B."),
        "g": ("g-index (log-odds)", "Gini's mean difference of the line's linear predictor. R rms::validate: g."),
        "gp": ("g-index (probability)", "Gini's mean difference of the line's probabilities. R rms::validate: gp."),
    }
)


def indices_of(ranking: Ranking, line: CalibrationLine) -> dict[str, float]:
    """Give every index of `INDICES` but Emax, which is `largest_error` of a line; NaN where there is none.

    Args:
        ranking: predicted probabilities, with events and non-events among them.
        line: its calibration line, NaN where there is no finite one.

    """
    c, n = count_pairs(ranking).c, ranking.total
    rate = ranking.total_events / n
    null = n * (rate * math.log(rate) + (1 - rate) * math.log1p(-rate))
    chi2 = 2 * (line.loglik - null)
    d, u = (chi2 - 1) / n, 2 * log_loss(ranking) + (2 * line.loglik - 2) / n
    with np.errstate(divide="ignore"):
        eta = line.slope * np.asarray(logit(ranking.score))
    found = {
        "dxy": 2 * c - 1,
        "c": c,
        "r2": likelihood_r2(line.loglik, null, n, 2)["nagelkerke"],
        "intercept": line.intercept,
        "slope": line.slope,
        "d": d,
        "u": u,
        "q": d - u,
        "brier": brier(ranking),
        "g": mean_difference(eta, ranking.rows),
        "gp": mean_difference(np.asarray(expit(line.intercept + eta)), ranking.rows),
    }
    return {name: found[name] for name in INDICES if name in found}


def largest_error(line: CalibrationLine) -> float:
    """Give the largest |p - expit(a + b logit p)| over all p in (0, 1)."""
    if not (math.isfinite(line.intercept) and math.isfinite(line.slope)):
        return math.nan
    from scipy.optimize import minimize_scalar

    def error(p: Floats | float) -> Floats:
        return np.asarray(np.abs(p - expit(line.intercept + line.slope * logit(p))))

    grid = np.linspace(0.0, 1.0, 2002)[1:-1]
    best = int(np.argmax(error(grid)))
    low, high = max(best - 1, 0), min(best + 1, grid.size - 1)
    found = minimize_scalar(
        lambda p: -float(error(p)), bounds=(grid[low], grid[high]), method="bounded", options={"xatol": 1e-10}
    )
    largest = max(float(error(grid[best])), -float(found.fun))
    return largest if largest > _ROUNDING else 0.0


def mean_difference(values: Floats, weight: Floats) -> float:
    """Give Gini's mean difference, the mean |x_i - x_j| over all pairs of rows.

    Args:
        values: shape (m,), in any order, finite; NaN gives NaN.
        weight: number of rows that each stands for, shape (m,).

    """
    order = np.argsort(values, kind="stable")
    x, w = values[order], weight[order]
    n = float(w.sum())
    if n <= 1 or not np.isfinite(x).all():
        return math.nan
    below = np.cumsum(w) - w
    return float(2 * np.dot(x * w, 2 * below + w - n) / (n * (n - 1)))
