"""How far apart are two models on the same trials? Likelihoods, losses, and how the probabilities move.

Every difference is second minus first. Trials are rows of one outcome each, of a weight that counts them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.proportions import normal_quantile
from glmlr.tails import normal_tail

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Spread of log-likelihood ratios, as a share of the largest, that is rounding.
_ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class Difference:
    """An estimate with its standard error, interval and test against 0; NaN where there is none."""

    value: float
    std_error: float
    low: float
    high: float
    z: float
    p_value: float


def tested(value: float, variance: float, level: float) -> Difference:
    """Refer an estimate to the normal distribution."""
    error = math.sqrt(variance) if variance >= 0 else math.nan
    z = value / error if error > 0 else 0.0 if value == 0 and error == 0 else math.nan
    reach = normal_quantile(level) * error
    return Difference(value, error, value - reach, value + reach, z, normal_tail(z).p_value)


def mean_difference(first: Floats, second: Floats, weight: Floats, level: float) -> Difference:
    """Give the mean of second - first over trials, shape (m,) each, with the standard error of a paired mean."""
    # A trial that both models get wholly wrong has infinite losses; their difference does not exist.
    with np.errstate(invalid="ignore"):
        value, spread = _mean_and_variance(second - first, weight)
    return tested(value, spread / float(weight.sum()), level)


def _mean_and_variance(values: Floats, weight: Floats) -> tuple[float, float]:
    """Give the mean of trials and their variance, divisor n - 1; NaN for one trial."""
    total = float(weight.sum())
    mean = float(np.dot(weight, values)) / total if total > 0 else math.nan
    if total <= 1 or not math.isfinite(mean):
        return mean, math.nan
    return mean, float(np.dot(weight, np.square(values - mean))) / (total - 1)


# ------------------------------------------------------------------------------------------------ reclassification


@dataclass(frozen=True)
class Reclassified:
    """How trials move from the first model to the second.

    Attributes:
        whole: net improvement, events and non-events added up.
        of_events: share of the events that move up minus that of those that move down.
        of_nonevents: share of the non-events that move down minus that of those that move up.

    """

    whole: Difference
    of_events: Difference
    of_nonevents: Difference


def net_reclassification(direction: Floats, is_event: Bools, weight: Floats, level: float) -> Reclassified:
    """Give the net reclassification improvement (NRI) of moves that are up (1), down (-1) or none (0), shape (m,).

    Variances are those of multinomial shares, (up + down - (up - down)^2) / n (R Hmisc: improveProb).

    Reference: Pencina, D'Agostino & Steyerberg (2011), Statistics in Medicine 30, 11-21.
    """
    parts = []
    for side, sign in ((is_event, 1.0), (~is_event, -1.0)):
        moved, w = sign * direction[side], weight[side]
        total = float(w.sum())
        net = float(np.dot(w, moved)) / total
        parts.append((net, (float(np.dot(w, np.abs(moved))) / total - net**2) / total))
    return _added(parts, level)


def integrated_improvement(
    first: Floats, second: Floats, is_event: Bools, weight: Floats, level: float
) -> Reclassified:
    """Give the integrated discrimination improvement (IDI): how much farther apart the mean probabilities are.

    Reference: Pencina, D'Agostino, D'Agostino & Vasan (2008), Statistics in Medicine 27, 157-172.
    """
    parts = []
    for side, sign in ((is_event, 1.0), (~is_event, -1.0)):
        w = weight[side]
        value, spread = _mean_and_variance(sign * (second[side] - first[side]), w)
        parts.append((value, spread / float(w.sum())))
    return _added(parts, level)


def _added(parts: Sequence[tuple[float, float]], level: float) -> Reclassified:
    (one, one_variance), (other, other_variance) = parts
    return Reclassified(
        tested(one + other, one_variance + other_variance, level),
        tested(one, one_variance, level),
        tested(other, other_variance, level),
    )


# ------------------------------------------------------------------------------------------------ Vuong


@dataclass(frozen=True)
class Vuong:
    """Vuong's test of models that do not contain each other.

    Attributes:
        z: positive where the second model is nearer to the truth; NaN where the likelihoods of all trials differ alike.
        z_aic, z_bic: the same after the penalties of AIC and BIC.
        variance: n times the variance (divisor n) of the log-likelihood ratios of the trials: that of their sum.

    """

    z: float
    z_aic: float
    z_bic: float
    variance: float

    @property
    def error(self) -> float:
        """Standard error of the sum of the log-likelihood ratios; NaN where it is 0."""
        return math.sqrt(self.variance) if self.variance > 0 else math.nan


def vuong(first: Floats, second: Floats, weight: Floats, parameters: tuple[int, int]) -> Vuong:
    """Test whether two models are equally near to the truth (Kullback-Leibler).

    Args:
        first: log-likelihood of each trial by the first model, shape (m,).
        second: the same by the second.
        weight: trials that each stands for, shape (m,).
        parameters: estimated coefficients of the first and of the second.

    Reference: Vuong (1989), Econometrica 57, 307-333.

    """
    ratio, n = second - first, float(weight.sum())
    total = float(np.dot(weight, ratio))
    variance = max(float(np.dot(weight, np.square(ratio - total / n))), 0.0)
    if not math.sqrt(variance / n) > _ROUNDING * float(np.abs(ratio).max()):
        return Vuong(math.nan, math.nan, math.nan, 0.0)
    more = parameters[1] - parameters[0]
    scale = math.sqrt(variance)
    return Vuong(total / scale, (total - more) / scale, (total - more / 2 * math.log(n)) / scale, variance)
