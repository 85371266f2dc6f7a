"""How do outcomes bend away from predicted probabilities? A smooth calibration curve of one ranking, and how far.

Three curves: loess and lowess, local regressions of the outcomes on p, and a logistic regression on a restricted cubic
spline of logit(p) with four knots, which has few degrees of freedom and stays in [0, 1]. All are sums over distinct
scores, of which many are put into narrow bins first.

References: Austin & Steyerberg (2019), Statistics in Medicine 38, 4051-4065 (ICI, E50, E90, Emax); Harrell (2015),
Regression Modeling Strategies, 2nd ed., sections 2.4.5 (restricted cubic splines) and 10.11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from glmlr.blocks import ArrayRows
from glmlr.links import LOGIT
from glmlr.ranking import Ranking
from glmlr.ranking.condensed import condensed
from glmlr.ranking.redrawn import redrawn
from glmlr.solver import solve
from glmlr.validation.performance import CalibrationLine
from glmlr.validation.smoothing import is_widened, loess_weights, lowess_points, lowess_weights

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Shares of the rows below the knots (Harrell's for four).
_KNOTS: Final = np.array([0.05, 0.35, 0.65, 0.95])
#: Up to so many distinct scores a local curve is fitted at each; of more at so many, with straight lines between.
_EVERY: Final = 1500
_SPREAD: Final = 300
#: Points of a curve that is one of many.
_FEW: Final = 150

#: measure -> share of the rows that are no farther from the curve; None for the mean.
GAPS: Final[Mapping[str, float | None]] = MappingProxyType({"ici": None, "e50": 0.5, "e90": 0.9, "emax": 1.0})


@dataclass(frozen=True, eq=False)
class Smooth:
    """A smooth calibration curve.

    Attributes:
        p: probabilities that it was fitted at, ascending, shape (g,); straight lines lead from one to the next.
        rate: rate of events there, shape (g,).
        low, high: bounds of a pointwise interval, shape (g,).
        gaps: what `GAPS` lists, of the distance |p - curve| over all rows.
        notes: sentences about it.

    """

    p: Floats
    rate: Floats
    low: Floats
    high: Floats
    gaps: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Curve:
    """Rates at the scores `at` (g,) of a ranking, with the bounds that `reach` standard errors give."""

    at: Positions
    rate: Floats
    low: Floats
    high: Floats
    notes: tuple[str, ...] = ()


def smoothed(ranking: Ranking, method: str, reach: float) -> Smooth:
    """Fit a smooth calibration curve, and measure how far from it the probabilities are.

    Args:
        ranking: probabilities, with events and non-events among them; in (0, 1) for the spline.
        method: "loess" (span 0.75, degree 2), "lowess" (span 2/3, degree 1) or "spline".
        reach: standard errors from the curve to the bounds. Those of a local curve are those of a sum of outcomes with
            known weights, each row with its own squared residual; the spline's come from the logit scale.

    """
    few = condensed(ranking)
    curve = SMOOTHS[method](few, reach, _EVERY, _SPREAD)
    notes = list(curve.notes)
    if few is not ranking:
        notes.append(
            f"There are {ranking.score.size:,} distinct probabilities: the smooth curve, and what is measured from it, "
            f"was fitted to {few.score.size:,} bins of them, none wider than 1/2000 of their range."
        )
    p = few.score[curve.at]
    return Smooth(p, curve.rate, curve.low, curve.high, _gaps(few, p, curve.rate), tuple(notes))


@dataclass(frozen=True, eq=False)
class Redrawn:
    """What bootstrap samples give: rates of the curve (b, g), NaN beyond a sample's scores, and the gaps, (b,) each."""

    rates: Floats
    gaps: Mapping[str, Floats]


def redrawn_curves(ranking: Ranking, method: str, at: Floats, times: int, seed: Any) -> Redrawn:
    """Fit the curve to bootstrap samples of the rows.

    Args:
        ranking: as in `smoothed`, of counted rows.
        method: as in `smoothed`.
        at: probabilities to give the curve at, ascending, shape (g,).
        times: number of samples.
        seed: what `numpy.random.default_rng` takes.

    """
    few = condensed(ranking)
    rates, gaps = np.empty((times, at.size)), {name: np.empty(times) for name in GAPS}
    for number, drawn in enumerate(redrawn(few, times, seed=seed, stratified=False)):
        curve = SMOOTHS[method](drawn, 0.0, _FEW, _FEW)
        p = drawn.score[curve.at]
        rates[number] = np.interp(at, p, curve.rate, left=np.nan, right=np.nan)
        for name, value in _gaps(drawn, p, curve.rate).items():
            gaps[name][number] = value
    return Redrawn(rates, gaps)


def _gaps(ranking: Ranking, p: Floats, rate: Floats) -> dict[str, float]:
    """Give the mean, quantiles (R: type 7) and the largest of |p - curve| over all rows."""
    gap = np.abs(ranking.score - np.interp(ranking.score, p, rate))
    # What rounding leaves of no distance.
    gap = np.where(gap < 1e-14, 0.0, gap)
    order = np.argsort(gap, kind="stable")
    gap, rows = gap[order], ranking.rows[order]
    reached = np.cumsum(rows)

    def quantile(share: float) -> float:
        place = max(share * (float(reached[-1]) - 1), 0.0)
        below = np.floor(place)
        low, high = gap[np.minimum(np.searchsorted(reached, [below, below + 1], side="right"), gap.size - 1)]
        return float(low + (place - below) * (high - low))

    mean = float(np.dot(gap, rows)) / float(reached[-1])
    return {name: mean if share is None else quantile(share) for name, share in GAPS.items()}


# ------------------------------------------------------------------------------------------------ local curves


def _loess(ranking: Ranking, reach: float, every: int, spread: int) -> _Curve:
    x, rows = ranking.score, ranking.rows
    at = _spread(x, every, spread)
    notes: tuple[str, ...] = ()
    if is_widened(x, rows, at):
        notes = (
            "Somewhere three quarters of the rows have three distinct probabilities or fewer; the loess curve takes in "
            "as many more as it needs there (R's loess() warns, or stops).",
        )
    return _local(ranking, at, loess_weights(x, rows, at), reach, notes)


def _lowess(ranking: Ranking, reach: float, *_: int) -> _Curve:
    at = lowess_points(ranking.score)
    return _local(ranking, at, lowess_weights(ranking.score, ranking.rows, at), reach)


def _local(ranking: Ranking, at: Positions, weights: Floats, reach: float, notes: tuple[str, ...] = ()) -> _Curve:
    """Give the curve that is these weights (g, m) times the outcomes."""
    rate = weights @ ranking.events
    bound = np.zeros_like(rate)
    if reach > 0:
        fitted = np.interp(ranking.score, ranking.score[at], rate)
        squares = ranking.events * (1 - fitted) ** 2 + ranking.nonevents * fitted**2
        bound = reach * np.sqrt(weights**2 @ squares)
    outside = float(rate.min()), float(rate.max())
    if outside[0] < -_ROUNDING or outside[1] > 1 + _ROUNDING:
        notes = (
            *notes,
            f"A local curve is not held in [0, 1]: this one runs from {outside[0]:.3g} to {outside[1]:.3g}.",
        )
    return _Curve(at, rate, rate - bound, rate + bound, notes)


def _spread(x: Floats, every: int, spread: int) -> Positions:
    """Choose scores to fit at: all, or half at even steps along the axis and half at even counts."""
    if x.size <= every:
        return np.arange(x.size)
    half = spread // 2
    along = np.searchsorted(x, np.linspace(float(x[0]), float(x[-1]), half))
    counted = np.linspace(0, x.size - 1, half).astype(np.intp)
    return np.unique(np.concatenate([along, counted, [x.size - 1]]))


# ------------------------------------------------------------------------------------------------ the spline


def _spline(ranking: Ranking, reach: float, every: int, spread: int) -> _Curve:
    """Fit the spline, or where outcomes do not determine it nothing but NaN."""
    at = _spread(ranking.score, every, spread)
    found = _solved_spline(ranking)
    if found is None:
        nothing = np.full(at.size, np.nan)
        return _Curve(at, nothing, nothing, nothing, ("The outcomes do not determine the spline: there is no curve.",))
    x = _spline_columns(np.asarray(logit(ranking.score[at])), found.knots)
    eta = found.beta @ x
    bound = reach * np.sqrt(np.einsum("kg,kj,jg->g", x, found.covariance, x))
    rate, low, high = (np.asarray(expit(part)) for part in (eta, eta - bound, eta + bound))
    return _Curve(at, rate, low, high)


@dataclass(frozen=True, eq=False)
class _Spline:
    """Knots on the logit scale (4,), coefficients (4,) and their covariance (4, 4)."""

    knots: Floats
    beta: Floats
    covariance: Floats


def _solved_spline(ranking: Ranking, start: Floats | None = None) -> _Spline | None:
    """Fit the logistic regression on the spline; None where it has no finite estimates."""
    eta = np.asarray(logit(ranking.score))
    below = np.cumsum(ranking.rows) / ranking.total
    knots = np.unique(eta[np.minimum(np.searchsorted(below, _KNOTS), eta.size - 1)])
    if knots.size < _KNOTS.size:
        return None
    x = _spline_columns(eta, knots)
    found = solve(ArrayRows(x, ranking.events / ranking.rows, ranking.rows), LOGIT, start=start, max_iterations=30)
    if not (found.converged and np.isfinite(found.beta).all()):
        return None
    return _Spline(knots, found.beta, found.inverse)


def _spline_columns(eta: Floats, knots: Floats) -> Floats:
    return np.vstack([np.ones_like(eta), eta, *restricted_cubic(eta, knots)])


#: method -> its curve, of a ranking, standard errors to its bounds, and how many points it may have.
SMOOTHS: Final[Mapping[str, Callable[[Ranking, float, int, int], _Curve]]] = MappingProxyType(
    {"loess": _loess, "lowess": _lowess, "spline": _spline}
)
#: How far from [0, 1] rounding takes a rate.
_ROUNDING: Final = 1e-12


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
    found = _solved_spline(ranking, np.array([line.intercept, line.slope, 0.0, 0.0]))
    if found is None:
        return straight
    return np.asarray(expit(found.beta @ _spline_columns(np.asarray(logit(grid)), found.knots)))


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
