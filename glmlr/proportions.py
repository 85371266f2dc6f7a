"""How uncertain is a share of rows? Intervals for a binomial proportion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtri

from glmlr.errors import OptionError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Interval:
    """Lower and upper bounds, shape (m,) each; NaN where there are no rows."""

    low: Floats
    high: Floats


def checked_level(level: float) -> float:
    """Return a confidence level between 0 and 1, or raise an `OptionError`."""
    if isinstance(level, (int, float, np.number)) and not isinstance(level, bool) and 0 < level < 1:
        return float(level)
    raise OptionError(f"level={level!r} is not a confidence level; give a number between 0 and 1, such as 0.95.")


def normal_quantile(level: float) -> float:
    """Give the two-sided standard normal quantile of a confidence level: 1.96 for 0.95."""
    return float(-ndtri((1 - checked_level(level)) / 2))


def wilson(events: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Give Wilson's score interval for events / n, shape (m,) each; it never leaves [0, 1].

    Reference: Wilson (1927), JASA 22, 209-212; Brown, Cai & DasGupta (2001), Statistical Science 16, 101-133.
    """
    x, size = np.atleast_1d(np.asarray(events, dtype=np.float64)), np.atleast_1d(np.asarray(n, dtype=np.float64))
    z2 = normal_quantile(level) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = x / size
        center = (rate + z2 / (2 * size)) / (1 + z2 / size)
        half = np.sqrt(z2 * (rate * (1 - rate) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    # The closed form is 0 and 1 at the ends; rounding must not make it -1e-17.
    low = np.where(x == 0, 0.0, np.maximum(center - half, 0.0))
    high = np.where(x == size, 1.0, np.minimum(center + half, 1.0))
    empty = ~(size > 0)
    return Interval(np.where(empty, np.nan, low), np.where(empty, np.nan, high))


def clopper_pearson(events: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Give the exact (Clopper-Pearson) interval for events / n, shape (m,) each, from quantiles of the beta.

    Reference: Clopper & Pearson (1934), Biometrika 26, 404-413.
    """
    x, size = np.atleast_1d(np.asarray(events, dtype=np.float64)), np.atleast_1d(np.asarray(n, dtype=np.float64))
    tail = (1 - checked_level(level)) / 2
    inside_low, inside_high = x > 0, (x < size)
    low = np.where(inside_low, betaincinv(np.where(inside_low, x, 1.0), size - x + 1, tail), 0.0)
    high = np.where(inside_high, betaincinv(x + 1, np.where(inside_high, size - x, 1.0), 1 - tail), 1.0)
    empty = ~(size > 0)
    return Interval(np.where(empty, np.nan, low), np.where(empty, np.nan, high))
