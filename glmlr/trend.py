"""Which straight line runs through observed log-odds? Weighted least squares beside maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.binning import Distinct
from glmlr.binning import Odds as Odds
from glmlr.binning import observed_odds as observed_odds
from glmlr.blocks import ArrayRows
from glmlr.links import LOGIT
from glmlr.solver import solve

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A straight line: log-odds = intercept + slope * position, with standard errors; NaN where there is none."""

    intercept: float
    intercept_error: float
    slope: float
    slope_error: float

    @property
    def z(self) -> float:
        """The slope in standard errors; NaN where it has none."""
        return self.slope / self.slope_error if self.slope_error > 0 else math.nan


_NONE: Final = Line(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class LeastSquares:
    """Berkson's line, and how far the rows lie from it.

    Attributes:
        line: the line.
        lack_of_fit: minimum logit chi-square of the rows about it; NaN where it has no degrees of freedom.
        df: rows - 2.

    """

    line: Line
    lack_of_fit: float
    df: int


def least_squares(position: Floats, odds: Odds) -> LeastSquares | None:
    """Fit a line to the log-odds by least squares with weights n p (1 - p), the inverse of their variances.

    Args:
        position: where each row stands, shape (m,); rows at NaN and empty rows take no part.
        odds: of the rows.

    Returns:
        The line, or None where fewer than two different positions are left.

    Reference: Berkson (1944), JASA 39, 357-365; (1953), JASA 48, 565-599 (minimum logit chi-square).

    """
    at = np.flatnonzero(np.isfinite(position) & np.isfinite(odds.log_odds))
    x, y, weight = position[at], odds.log_odds[at], odds.error[at] ** -2
    if np.unique(x).size < 2:
        return None
    # Centred sums keep the digits of positions that are large and close together.
    total = float(weight.sum())
    mean_x, mean_y = float(weight @ x) / total, float(weight @ y) / total
    apart = x - mean_x
    spread = float(weight @ apart**2)
    slope = float(weight @ (apart * (y - mean_y))) / spread
    lack = float(weight @ (y - mean_y - slope * apart) ** 2)
    error = math.sqrt(1 / total + mean_x**2 / spread)
    line = Line(mean_y - slope * mean_x, error, slope, 1 / math.sqrt(spread))
    return LeastSquares(line, lack if at.size > 2 else math.nan, int(at.size) - 2)


@dataclass(frozen=True)
class MaximumLikelihood:
    """The logit fitted to one predictor, or the reason why there is none.

    Attributes:
        line: the line; an infinite slope where a value separates events from non-events.
        reason: None, "separated", or why the iteration did not end.

    """

    line: Line
    reason: str | None = None


def maximum_likelihood(points: Distinct) -> MaximumLikelihood:
    """Fit the logit of the event on the predictor alone, to two or more distinct values."""
    if not (points.events.any() and points.nonevents.any()):
        return MaximumLikelihood(_NONE, "the rows with a value have one outcome only")
    direction = _separated(points)
    if direction:
        infinite = Line(-direction * math.inf, math.nan, direction * math.inf, math.nan)
        return MaximumLikelihood(infinite, "separated")
    x = np.vstack([np.ones_like(points.value), points.value])
    solution = solve(ArrayRows(x, points.events / points.n, points.n), LOGIT)
    if not solution.converged or np.isnan(solution.beta).any():
        return MaximumLikelihood(_NONE, solution.reason)
    (intercept, slope), errors = solution.beta.tolist(), np.sqrt(np.diag(solution.inverse)).tolist()
    return MaximumLikelihood(Line(intercept, errors[0], slope, errors[1]))


def _separated(points: Distinct) -> int:
    """Give 1 where no event lies below a non-event, -1 where none lies above one, else 0: finite estimates."""
    events, nonevents = points.value[points.events > 0], points.value[points.nonevents > 0]
    if events[0] >= nonevents[-1]:
        return 1
    return -1 if events[-1] <= nonevents[0] else 0
