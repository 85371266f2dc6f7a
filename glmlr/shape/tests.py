"""Is the effect of a number a straight line? Tests against bends and steps, and which shape fits best.

A number enters a fitted model as a straight line. A restricted cubic spline of it is added (which straight line would
it bend?), Box and Tidwell's x log x, and a column for each of its bins (which jumps would it miss?). Each is tested by
the score of the fit or by a likelihood ratio; the shapes that can take the line's place are compared by AIC.

References: Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.7; Box & Tidwell (1962), Technometrics 4,
531-550; Tsiatis (1980), Biometrika 67, 250-251.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.binning import FEW_VALUES, Distinct, quantiles
from glmlr.blocks import Block, over_blocks
from glmlr.shape.added_columns import (
    ChiSquare,
    Columns,
    Fitted,
    Refitted,
    Scores,
    likelihood_ratio,
    refitted,
    scores_of,
    together,
)
from glmlr.shape.shapes import RestrictedCubic, Square, Steps, TimesLogarithm, logarithm, restricted_knots

Floats = npt.NDArray[np.float64]

#: Points at which a curve is drawn.
_GRID: Final = 121
_NONE: Final = ChiSquare(math.nan, 0)


@dataclass(frozen=True)
class Line:
    """How a number enters a model as a straight line: in which column, which is slope * number + intercept.

    Attributes:
        place: of the column among the estimated ones.
        slope: of the column by the number.
        intercept: of the column.
        alone: whether no other column of the model is made of the number.

    """

    place: int
    slope: float
    intercept: float
    alone: bool


@dataclass(frozen=True)
class Shape:
    """One shape that the effect can have, fitted: "line", "logarithm", "square", "spline" or "bins".

    Attributes:
        name: which.
        rank: number of coefficients of the model.
        loglik: its log-likelihood; NaN where it has none.
        test: against the straight line, where that is a special case of it.

    """

    name: str
    rank: int
    loglik: float
    test: ChiSquare

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.loglik + 2 * self.rank


@dataclass(frozen=True, eq=False)
class Curve:
    """Two shapes of the effect with all other columns at their means, on the scale of the linear predictor (m points).

    They run from the 1st to the 99th percentile of the number, or over all its values where these are few.

    Attributes:
        x: the number, shape (m,).
        line: the straight line of the model, shape (m,).
        spline: the restricted cubic spline in its place, shape (m,).
        std_error: of the spline, shape (m,).

    """

    x: Floats
    line: Floats
    spline: Floats
    std_error: Floats

    def line_at(self, x: Floats) -> Floats:
        """Give the straight line at other values, shape (b,)."""
        rise = (self.line[-1] - self.line[0]) / (self.x[-1] - self.x[0])
        return np.asarray(self.line[0] + rise * (x - self.x[0]))


@dataclass(frozen=True, eq=False)
class Examined:
    """What is found of one number.

    Attributes:
        knots: of the spline, shape (4,) or (3,).
        spline: test of the spline's bent columns; no degrees of freedom where the number is no straight line.
        box_tidwell: test of x log x; no degrees of freedom where the number is not positive.
        lack_of_fit: score test of the columns of the bins.
        shapes: the shapes compared by likelihood, the line first; none where they were not refitted or there is no
            constant.
        curve: the line and the spline, or None.

    """

    knots: Floats
    spline: ChiSquare
    box_tidwell: ChiSquare
    lack_of_fit: ChiSquare
    shapes: tuple[Shape, ...] = ()
    curve: Curve | None = None


def examined(fitted: Fitted, x: Floats, points: Distinct, steps: Steps, line: Line | None, *, refit: bool) -> Examined:
    """Look at the shape of one number's effect.

    Args:
        fitted: the model.
        x: the number of each row, shape (n,).
        points: its distinct values, three or more.
        steps: its bins.
        line: how it enters as a straight line; None where it enters otherwise.
        refit: whether to refit for likelihood ratios, or to ask the score alone.

    """
    knots = restricted_knots(points)
    if line is None:
        return Examined(knots, _NONE, _NONE, scores_of(fitted, x, steps).test(slice(None)))
    bent, low, high = RestrictedCubic(knots), float(points.value[0]), float(points.value[-1])
    product = TimesLogarithm(high) if low > 0 else None
    extra: list[Columns] = [bent, *([] if product is None else [product]), steps, _constant]
    scores = scores_of(fitted, x, together(extra))
    bends = knots.size - 2
    lack = scores.test(slice(bends + len(extra) - 3, -1))
    if not refit:
        spline = scores.test(slice(bends))
        tidwell = _NONE if product is None else scores.test(slice(bends, bends + 1))
        return Examined(knots, spline, tidwell, lack, (), _stepped(fitted, scores, bent, _drawn(points), line))
    larger = refitted(fitted, x, bent)
    tidwell = _NONE if product is None else likelihood_ratio(fitted, refitted(fitted, x, product))
    # Without a constant in the model a square, a spline and a logarithm depend on where the number is 0.
    has_constant = not scores.test(slice(-1, None)).df
    square = Square(low, high)
    shapes = _shapes(fitted, x, larger, square, steps, line, positive=low > 0) if has_constant else ()
    curve = _of_refit(fitted, larger, bent, _drawn(points), line)
    return Examined(knots, likelihood_ratio(fitted, larger), tidwell, lack, shapes, curve)


def _constant(x: Floats) -> Floats:
    return np.ones((1, x.size))


def _shapes(
    fitted: Fitted, x: Floats, spline: Refitted, square: Square, steps: Steps, line: Line, *, positive: bool
) -> tuple[Shape, ...]:
    """Fit the shapes; those that stand in the line's place only where nothing else is made of the number."""
    found = [Shape("line", fitted.rank, fitted.loglik, _NONE)]

    def add(name: str, model: Refitted, *, contains_line: bool) -> None:
        test = likelihood_ratio(fitted, model) if contains_line else _NONE
        found.append(Shape(name, model.rank, model.loglik, test))

    if line.alone and positive:
        add("logarithm", refitted(fitted, x, logarithm, without=line.place), contains_line=False)
    add("square", refitted(fitted, x, square), contains_line=True)
    add("spline", spline, contains_line=True)
    if line.alone:
        add("bins", refitted(fitted, x, steps, without=line.place), contains_line=False)
    return tuple(found)


# ------------------------------------------------------------------------------------------------ curves


def _drawn(points: Distinct) -> tuple[float, float]:
    """Say from where to where curves are drawn: a few far values would leave them no room."""
    hundredths = quantiles(points, 100)
    low, high = float(hundredths[1]), float(hundredths[99])
    few = points.value.size <= FEW_VALUES or low == high
    return (float(points.value[0]), float(points.value[-1])) if few else (low, high)


def _stepped(
    fitted: Fitted, scores: Scores, bent: RestrictedCubic, ends: tuple[float, float], line: Line
) -> Curve | None:
    """Draw the spline that one Newton step leads to."""
    which = slice(bent.knots.size - 2)
    if not line.alone or scores.test(which).df < bent.knots.size - 2:
        return None
    step = scores.step(which)
    return _curve(fitted, step.beta, step.covariance, bent, ends, line)


def _of_refit(
    fitted: Fitted, larger: Refitted, bent: RestrictedCubic, ends: tuple[float, float], line: Line
) -> Curve | None:
    """Draw the spline of the refit, where all its estimates are finite."""
    if not (line.alone and larger.finite and np.isfinite(larger.beta).all()):
        return None
    return _curve(fitted, larger.beta, larger.inverse, bent, ends, line)


def _curve(
    fitted: Fitted, beta: Floats, covariance: Floats, bent: RestrictedCubic, ends: tuple[float, float], line: Line
) -> Curve:
    """Give line and spline at the means of the other columns."""
    mean, offset = _means(fitted)
    grid = np.linspace(*ends, _GRID)
    columns = np.tile(mean, (grid.size, 1))
    in_column = line.slope * grid + line.intercept
    columns[:, line.place] = (in_column - fitted.center[line.place]) / fitted.scale[line.place]
    straight = columns @ fitted.beta + offset
    columns = np.hstack([columns, bent(grid).T])
    variance = np.einsum("mk,kj,mj->m", columns, covariance, columns)
    return Curve(grid, straight, columns @ beta + offset, np.sqrt(np.maximum(variance, 0.0)))


def _means(fitted: Fitted) -> tuple[Floats, float]:
    """Give the means of the columns and of the offset over the trials."""

    def sums(block: Block) -> Floats:
        trials = np.ones(block.size) if block.weight is None else block.weight
        offset = 0.0 if block.offset is None else float(np.dot(block.offset, trials))
        return np.concatenate([block.times(trials), [offset, float(trials.sum())]])

    total: Floats = over_blocks(fitted.rows, sums, np.add)
    return total[:-2] / total[-1], float(total[-2] / total[-1])
