"""What is the mean probability of each class, or its mean slope, over rows as they would be, and how sure is it?

With p the softmax of eta_j = x'b_j and weights w, the mean probability of class j is sum w p_j / sum w, its gradient by
b_l sum w p_j (d_jl - p_l) x. With g_j the slope of eta_j by a number z, the slope of p_j is p_j (g_j - sum p_l g_l).

Reference: Greene (2018), Econometric Analysis, 8th ed., section 18.2.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.effects.population import Population
from glmlr.multinomial.prediction import ClassPredictor
from glmlr.prediction import broken_rows
from glmlr.runs import runs_of

Floats = npt.NDArray[np.float64]

#: Cells of a block of rows: its columns times its classes.
_CELLS: Final = 1 << 19


@dataclass(frozen=True, eq=False)
class ClassMeans:
    """Means over rows, the reference first (J classes, m = J - 1, q estimated columns).

    Attributes:
        value: mean probabilities or slopes, shape (J,).
        gradient: by the stacked coefficients of the estimated columns in their units, shape (J, m q).
        broken: rows which break the dependency that left a column without an estimate.
        flat: whether no column moves at all with the number, in any row.

    """

    value: Floats
    gradient: Floats
    broken: int
    flat: bool = False

    def __add__(self, other: ClassMeans) -> ClassMeans:
        return ClassMeans(
            self.value + other.value,
            self.gradient + other.gradient,
            self.broken + other.broken,
            self.flat and other.flat,
        )

    def over(self, total: float) -> ClassMeans:
        """Divide sums by the weight of the rows."""
        return ClassMeans(self.value / total, self.gradient / total, self.broken, self.flat)

    def less(self, other: ClassMeans) -> ClassMeans:
        """Give the difference."""
        return ClassMeans(self.value - other.value, self.gradient - other.gradient, self.broken + other.broken)

    def errors(self, covariance: Floats) -> Floats:
        """Give standard errors by the delta method, shape (J,)."""
        variance = np.einsum("jc,cd,jd->j", self.gradient, covariance, self.gradient, optimize=True)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def mean_probabilities(
    population: Population, predictor: ClassPredictor, moved: Callable[[Population], Population]
) -> ClassMeans:
    """Average the probabilities of the classes over rows as they would be."""

    def sums(part: Population) -> ClassMeans:
        there = moved(part)
        x = there.design_columns().T
        chance, here = np.exp(predictor.log_probabilities(x)), predictor.linear.units.here(x)
        w = there.weights()
        broken = sum(broken_rows(alias, x) for alias in predictor.aliased)
        return ClassMeans(w @ chance, _gradient(w, _moves(chance), here), broken)

    return _over_blocks(population, predictor, sums)


def mean_slopes(
    population: Population, predictor: ClassPredictor, name: str, spread: float, positive: bool
) -> ClassMeans:
    """Average the derivatives of the probabilities of the classes by a number; see `Population.slopes`."""
    linear = predictor.linear

    def sums(part: Population) -> ClassMeans:
        x = part.design_columns().T
        chance, here, w = np.exp(predictor.log_probabilities(x)), linear.units.here(x), part.weights()
        slopes = part.slopes(name, spread, positive)
        by = np.zeros_like(x)
        by[:, slopes.at] = slopes.columns.T
        inner = linear.units.changes_here(by)
        g = np.column_stack([np.zeros(part.size), inner @ linear.working.T])
        apart = g - (chance * g).sum(axis=1, keepdims=True)
        moves = _moves(chance)
        bends = moves * apart[:, :, None] - chance[:, :, None] * (chance * apart)[:, None, :]
        gradient = _gradient(w, bends, here) + _gradient(w, moves, inner)
        broken = sum(broken_rows(alias, by) for alias in predictor.aliased)
        return ClassMeans(w @ (chance * apart), gradient, broken, not np.any(slopes.columns))

    return _over_blocks(population, predictor, sums)


def _moves(chance: Floats) -> Floats:
    """Give the derivative of each probability by each linear predictor, p_j (d_jl - p_l), shape (b, J, J)."""
    moves = -chance[:, :, None] * chance[:, None, :]
    at = np.arange(chance.shape[1])
    moves[:, at, at] += chance
    return moves


def _gradient(w: Floats, by_predictor: Floats, x: Floats) -> Floats:
    """Add up w times derivatives by linear predictors (b, J, J) times x (b, q), the reference left out: (J, m q)."""
    found = np.einsum("b,bjl,bq->jlq", w, by_predictor[:, :, 1:], x, optimize=True)
    return np.asarray(found.reshape(found.shape[0], -1))


def _over_blocks(
    population: Population, predictor: ClassPredictor, sums: Callable[[Population], ClassMeans]
) -> ClassMeans:
    """Add up blocks of rows, so that no array of all rows by classes by classes is made."""
    width = max(predictor.linear.units.k, predictor.classes.size) * predictor.classes.size
    parts = [sums(population.part(rows)) for rows in runs_of(population.size, max(256, _CELLS // width))]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total.over(population.total)
