"""How sure is a mean probability, a difference or a ratio of two? Standard errors and intervals on the right scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from glmlr.effects.averages import Averaged, Uncertain
from glmlr.errors import OptionError, one_of
from glmlr.penalised.penalties import Ridge
from glmlr.proportions import checked_level, normal_quantile
from glmlr.tails import normal_tail

Floats = npt.NDArray[np.float64]

INTERVALS: Final = ("delta", "simulation")


@dataclass(frozen=True)
class Manner:
    """How intervals are made.

    Attributes:
        level: their level, in (0, 1).
        interval: "delta" or "simulation".
        draws: number of draws of the coefficients for "simulation".
        seed: of the draws.

    """

    level: float = 0.95
    interval: str = "delta"
    draws: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the options."""
        checked_level(self.level)
        one_of("interval", self.interval, INTERVALS)
        if isinstance(self.draws, bool) or not isinstance(self.draws, (int, np.integer)) or self.draws < 100:
            raise OptionError(f"draws={self.draws!r} must be a whole number of at least 100.")
        if isinstance(self.seed, bool) or not isinstance(self.seed, (int, np.integer)) or self.seed < 0:
            raise OptionError(f"seed={self.seed!r} must be a whole number of at least 0.")

    @property
    def times(self) -> int:
        """How many draws are needed."""
        return int(self.draws) if self.interval == "simulation" else 0


@dataclass(frozen=True)
class Estimate:
    """A number with what is known of it; NaN where it is not known."""

    value: float
    std_error: float
    z: float
    p_value: float
    log10_p: float
    low: float
    high: float


UNKNOWN: Final = Estimate(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan)


def _known(*parts: Averaged) -> bool:
    """Whether the estimates that these means depend on are finite and told apart by the rows of the fit."""
    return not any(part.broken for part in parts)


def _of(value: float, error: float, z: float, bounds: tuple[float, float], model: Uncertain) -> Estimate:
    if model.predictor.separation is not None:
        return Estimate(value, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan)
    if isinstance(model.predictor.penalty, Ridge):
        return Estimate(value, error, np.nan, np.nan, np.nan, np.nan, np.nan)
    tail = normal_tail(z)
    return Estimate(value, error, z, tail.p_value, tail.log10_p, *bounds)


def _bounds(draws: Floats, manner: Manner) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - manner.level) / 2, (1 + manner.level) / 2])
    return float(low), float(high)


def _over(value: float, error: float) -> float:
    return value / error if error > 0 else np.nan


def slope(one: Averaged, model: Uncertain, manner: Manner) -> Estimate:
    """Give a mean slope: symmetric interval."""
    return _plain(one.value, one.gradient, one.draws, model, manner) if _known(one) else UNKNOWN


def difference(one: Averaged, other: Averaged, model: Uncertain, manner: Manner) -> Estimate:
    """Give one - other: symmetric interval."""
    if not _known(one, other):
        return UNKNOWN
    gradient, draws = one.gradient - other.gradient, one.draws - other.draws
    return _plain(one.value - other.value, gradient, draws, model, manner)


def _plain(value: float, gradient: Floats, draws: Floats, model: Uncertain, manner: Manner) -> Estimate:
    if draws.size:
        error = float(np.std(draws, ddof=1))
        return _of(value, error, _over(value, error), _bounds(draws, manner), model)
    error = float(np.sqrt(model.variance(gradient)))
    half = normal_quantile(manner.level) * error
    return _of(value, error, _over(value, error), (value - half, value + half), model)


def risk(one: Averaged, model: Uncertain, manner: Manner) -> Estimate:
    """Give a mean probability: the interval is made on the scale of the log-odds, so that it stays in [0, 1]."""
    if not _known(one):
        return UNKNOWN
    p = one.value
    if one.draws.size:
        error = float(np.std(one.draws, ddof=1))
        return _of(p, error, np.nan, _bounds(one.draws, manner), model)
    error = float(np.sqrt(model.variance(one.gradient)))
    if not 0 < p < 1:
        return _of(p, error, np.nan, (np.nan, np.nan), model)
    half = normal_quantile(manner.level) * error / (p * (1 - p))
    center = np.log(p) - np.log1p(-p)
    return _of(p, error, np.nan, (float(expit(center - half)), float(expit(center + half))), model)


def risk_at(eta: float, error: float, model: Uncertain, manner: Manner) -> Estimate:
    """Give the probability of one row: the interval is made on the scale of the link."""
    link, half = model.link, normal_quantile(manner.level) * error
    mean = link.mean(np.array([eta, eta - half, eta + half]))
    density = float(link.density(np.array([eta]))[0])
    return _of(float(mean[0]), density * error, np.nan, (float(mean[1]), float(mean[2])), model)


def ratio(one: Averaged, other: Averaged, model: Uncertain, manner: Manner) -> Estimate:
    """Give one / other: the interval is made on the scale of logarithms."""
    if not (_known(one, other) and one.value > 0 and other.value > 0):
        return UNKNOWN
    gradient = one.gradient / one.value - other.gradient / other.value
    with np.errstate(all="ignore"):
        draws = np.log(one.draws) - np.log(other.draws)
    return _exponential(np.log(one.value) - np.log(other.value), gradient, draws, model, manner)


def odds_ratio(one: Averaged, other: Averaged, model: Uncertain, manner: Manner) -> Estimate:
    """Give the ratio of the odds of two mean probabilities: the interval is made on the scale of logarithms."""
    if not (_known(one, other) and 0 < one.value < 1 and 0 < other.value < 1):
        return UNKNOWN
    (gradient, value, draws), (from_gradient, from_value, from_draws) = _log_odds(one), _log_odds(other)
    return _exponential(value - from_value, gradient - from_gradient, draws - from_draws, model, manner)


def _log_odds(one: Averaged) -> tuple[Floats, float, Floats]:
    p = one.value
    with np.errstate(all="ignore"):
        return one.gradient / (p * (1 - p)), float(np.log(p) - np.log1p(-p)), np.log(one.draws) - np.log1p(-one.draws)


def _exponential(log: float, gradient: Floats, draws: Floats, model: Uncertain, manner: Manner) -> Estimate:
    """Give exp of a logarithm whose gradient is known; z and p are those of the logarithm."""
    found = _plain(log, gradient, draws, model, manner)
    value = float(np.exp(log))
    low, high = float(np.exp(found.low)), float(np.exp(found.high))
    return Estimate(value, value * found.std_error, found.z, found.p_value, found.log10_p, low, high)


def number_needed(found: Estimate) -> Estimate:
    """Give 1 / |risk difference|: no interval where that of the difference has 0 in it (it would reach infinity).

    Reference: Altman (1998), BMJ 317, 1309-1312.
    """
    if not np.isfinite(found.value) or found.value == 0:
        return Estimate(np.nan if np.isnan(found.value) else np.inf, *[np.nan] * 6)
    value, error = 1 / abs(found.value), found.std_error / found.value**2
    if not found.low * found.high > 0:
        return Estimate(value, error, np.nan, np.nan, np.nan, np.nan, np.nan)
    ends = sorted((1 / abs(found.low), 1 / abs(found.high)))
    return Estimate(value, error, np.nan, np.nan, np.nan, ends[0], ends[1])
