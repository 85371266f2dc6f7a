"""What is the mean probability, or its mean slope, over rows as they would be, and how does it depend on estimates?

With mu = mean(eta), eta = x'b + offset, and weights w, the mean probability is P = sum w mu / sum w, with the gradient
sum w mu' x / sum w by the coefficients. The slope of mu by a number z is mu' eta_z, eta_z = x_z'b + offset_z, with the
gradient mu'' eta_z x + mu' x_z. Their variance is g' V g for the fit's covariance V (the delta method). The same holds
of log mu, whose derivatives by eta are s = mu' / mu and s (mu'' / mu' - s); and a slope may be taken times z itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.effects.population import Population, Slopes, numbers
from glmlr.links import Link
from glmlr.prediction import Predictor, broken_rows, eta_of
from glmlr.runs import in_threads, runs_of
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Cells of a block of rows: its columns, or its linear predictors in all draws.
_CELLS: Final = 1 << 19


@dataclass(frozen=True)
class Scenario:
    """Rows as they would be.

    Attributes:
        settings: column -> the value it has in every row, in the order they are made.
        plus: column -> what is added to it.
        slope_of: the number by which to differentiate, or None for the probability itself.
        spread: the standard deviation of that number.
        positive: whether it is positive in all rows.
        logged: whether the logarithm of the probability is averaged or differentiated instead.
        times_number: whether the derivative is taken times the number, which is the derivative by its logarithm.

    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    plus: Mapping[str, float] = field(default_factory=dict)
    slope_of: str | None = None
    spread: float = 1.0
    positive: bool = False
    logged: bool = False
    times_number: bool = False

    def of(self, population: Population) -> Population:
        """Give the rows as they would be."""
        for name, value in self.settings.items():
            population = population.at(name, value)
        for name, change in self.plus.items():
            population = population.plus(name, change)
        return population


@dataclass(frozen=True, eq=False)
class Averaged:
    """A mean over rows (k coefficients).

    Attributes:
        value: the mean probability or slope.
        gradient: by the coefficients of `Uncertain.matrix`, shape (k,).
        draws: the mean under each draw of the coefficients, shape (s,), or empty.
        flat: whether no column moves at all with the number, in any row.
        broken: rows which break the dependency that left a column without an estimate.

    """

    value: float
    gradient: Floats
    draws: Floats
    flat: bool
    broken: int


@dataclass(frozen=True, eq=False)
class Uncertain:
    """A model with the covariance of its coefficients, and draws of them (k columns, s draws).

    Attributes:
        predictor: the model.
        matrix: covariance, shape (k, k), 0 for what has no finite estimate.
        center, scale: what is taken off each column and what it is divided by before it meets the covariance.
        deviations: draws of coefficients minus estimates, shape (k, s).

    """

    predictor: Predictor
    matrix: Floats
    center: Floats
    scale: Floats
    deviations: Floats

    @property
    def link(self) -> Link:
        """The link."""
        return self.predictor.link

    def variance(self, gradient: Floats) -> float:
        """Give the variance of what has this gradient."""
        return max(float(gradient @ self.matrix @ gradient), 0.0)


def uncertain(predictor: Predictor, draws: int = 0, seed: int = 0) -> Uncertain:
    """Prepare the covariance of a model, and draws of its coefficients from their normal distribution.

    Reference: Krinsky & Robb (1986), Review of Economics and Statistics 68, 715-719.
    """
    k, centred = predictor.working.size, predictor.centred
    matrix = np.nan_to_num(predictor.covariance if centred is None else centred.matrix)
    center, scale = (np.zeros(k), np.ones(k)) if centred is None else (centred.center, centred.scale)
    deviations = np.empty((k, 0))
    if draws:
        # Scaled to correlations first, so that columns in small units do not vanish beside others.
        size = np.sqrt(np.diag(matrix))
        unit = np.where(size > 0, size, 1.0)
        values, vectors = np.linalg.eigh(matrix / np.outer(unit, unit))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        deviations = unit[:, None] * (root @ np.random.default_rng(seed).standard_normal((k, draws)))
    return Uncertain(predictor, matrix, center, scale, deviations)


def averaged(population: Population, model: Uncertain, scenarios: Sequence[Scenario]) -> list[Averaged]:
    """Average over rows in each scenario, block by block; rows that several scenarios share are made once."""
    k, draws = model.predictor.working.size, model.deviations.shape[1]
    blocks = runs_of(population.size, max(256, _CELLS // max(k, draws)))

    def sums(rows: slice) -> list[_Sums]:
        """Add up the rows of a block."""
        part, made = population.part(rows), {}
        found = []
        for scenario in scenarios:
            key = (tuple(scenario.settings.items()), tuple(scenario.plus.items()))
            if key not in made:
                made = {key: _Rows.of(scenario.of(part), model)}
            found.append(_sums(made[key], model, scenario))
        return found

    with one_blas_thread():
        found = in_threads(sums, blocks)
    total = population.total
    return [_joined([block[at] for block in found], total) for at in range(len(scenarios))]


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a block as they would be: x design columns, z the same as they meet the covariance, w weights."""

    there: Population
    x: Floats
    z: Floats
    w: Floats
    eta: Floats
    density: Floats
    link: Link

    @classmethod
    def of(cls, there: Population, model: Uncertain) -> _Rows:
        """Make their columns and linear predictors."""
        predictor = model.predictor
        x = there.design_columns()
        eta = eta_of(x, predictor.working, there.offset, predictor.separation) - predictor.prior_shift
        z = x if predictor.centred is None else (x - model.center[:, None]) / model.scale[:, None]
        return cls(there, x, z, there.weights(), eta, model.link.density(eta), model.link)

    @cached_property
    def curvature(self) -> Floats:
        """Second derivative of the mean by eta, which slopes need."""
        return curvature(self.link, self.eta)

    @cached_property
    def of_log(self) -> tuple[Floats, Floats]:
        """First and second derivative of the logarithm of the mean by eta."""
        score = self.link.event_score(self.eta)
        with np.errstate(over="ignore", invalid="ignore"):
            return score, np.where(score > 0, score * (self.link.density_slope(self.eta) - score), 0.0)


@dataclass(frozen=True, eq=False)
class _Sums:
    value: float
    gradient: Floats
    draws: Floats
    flat: bool
    broken: int


def _joined(parts: Sequence[_Sums], total: float) -> Averaged:
    return Averaged(
        value=sum(part.value for part in parts) / total,
        gradient=np.sum([part.gradient for part in parts], axis=0) / total,
        draws=np.sum([part.draws for part in parts], axis=0) / total,
        flat=all(part.flat for part in parts),
        broken=sum(part.broken for part in parts),
    )


def _sums(rows: _Rows, model: Uncertain, scenario: Scenario) -> _Sums:
    """Add up probabilities, or slopes, and their gradients."""
    if scenario.slope_of is not None:
        slopes = rows.there.slopes(scenario.slope_of, scenario.spread, scenario.positive)
        return _slope_sums(rows, slopes, model, scenario)
    z, w, drawn = rows.z, rows.w, np.empty(0)
    value = model.link.log_mean if scenario.logged else model.link.mean
    by_eta = rows.of_log[0] if scenario.logged else rows.density
    if model.deviations.size:
        drawn = w @ value(rows.eta[:, None] + z.T @ model.deviations)
    broken = sum(broken_rows(alias, rows.x.T) for alias in model.predictor.aliased)
    return _Sums(float(w @ value(rows.eta)), z @ (w * by_eta), drawn, flat=False, broken=broken)


def _slope_sums(rows: _Rows, slopes: Slopes, model: Uncertain, scenario: Scenario) -> _Sums:
    """Add up slopes of the probability, or of its logarithm, and their gradients."""
    at, w, predictor = slopes.at, rows.w, model.predictor
    first, second = rows.of_log if scenario.logged else (rows.density, rows.curvature)
    if scenario.times_number and scenario.slope_of is not None:
        # Where the number is missing nothing moves with it.
        w = w * np.nan_to_num(numbers(rows.there.columns[scenario.slope_of]))
    off = np.zeros_like(rows.eta) if slopes.offset is None else slopes.offset
    by = predictor.working[at] @ slopes.columns + off
    scaled = slopes.columns / model.scale[at, None]
    gradient = rows.z @ (w * second * by)
    gradient[at] += scaled @ (w * first)
    drawn = np.empty(0)
    if model.deviations.size:
        etas = rows.eta[:, None] + rows.z.T @ model.deviations
        derivative = model.link.event_score if scenario.logged else model.link.density
        drawn = w @ (derivative(etas) * (by[:, None] + scaled.T @ model.deviations[at]))
    broken = 0
    if predictor.aliased:
        moved = np.zeros((predictor.working.size, rows.eta.size))
        moved[at] = slopes.columns
        broken = sum(broken_rows(alias, moved.T) for alias in predictor.aliased)
    flat = not np.any(slopes.columns) and not np.any(off)
    return _Sums(float(w @ (first * by)), gradient, drawn, flat=flat, broken=broken)


def curvature(link: Link, eta: Floats) -> Floats:
    """Give the second derivative of the mean by eta, 0 where eta is infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        density = link.density(eta)
        return np.where(density > 0, density * link.density_slope(eta), 0.0)
