"""Does the event rate rise or fall from group to group throughout? A test of trend, and the neighbours that reverse."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.tails import normal_tail

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Trend:
    """The test of no trend: z above 0 where the rate rises with the position, and its two-sided p; NaN where undefined.

    Attributes:
        z: the statistic; its square is chi-square on 1 degree of freedom (R prop.trend.test).
        p_value: two-sided.

    """

    z: float
    p_value: float


def armitage_trend(events: Floats, n: Floats, position: Floats) -> Trend:
    """Test whether the event rate changes with the position of the groups (Cochran-Armitage).

    z = sum t (x - n p) / sqrt(p (1 - p) (sum n t^2 - (sum n t)^2 / N)), p the rate of all rows and t the position.

    Args:
        events: events in each group, shape (g,).
        n: rows in each group, shape (g,); empty groups take no part.
        position: where each group stands, shape (g,); groups at NaN take no part.

    References: Cochran (1954), Biometrics 10, 417-451; Armitage (1955), Biometrics 11, 375-386. R:
    prop.trend.test(x, n, score) gives the square; SAS PROC FREQ TREND gives z, of either sign.

    """
    some = (n > 0) & np.isfinite(position)
    x, size, t = events[some], n[some], position[some]
    total = float(size.sum())
    rate = float(x.sum()) / total if total > 0 else math.nan
    if not 0 < rate < 1 or np.unique(t).size < 2:
        return Trend(math.nan, math.nan)
    apart = t - float(size @ t) / total
    z = float(apart @ (x - size * rate)) / math.sqrt(rate * (1 - rate) * float(size @ apart**2))
    return Trend(z, normal_tail(z).p_value)


def reversals(events: Floats, n: Floats, *, falling: bool = True) -> Positions:
    """Find the neighbours whose rates go against the order; groups without rows are passed over.

    Rates are compared crosswise, as whole numbers where they are counts, so that equal rates are no reversal.

    Args:
        events: events in each group, in order, shape (g,).
        n: rows in each group, shape (g,).
        falling: whether the rates should fall; False where they should rise.

    Returns:
        Pairs of positions, shape (r, 2): the earlier group and the later one, which reverses it.

    """
    filled = np.flatnonzero(n > 0)
    first, second = filled[:-1], filled[1:]
    rise = events[second] * n[first] - events[first] * n[second]
    against = np.flatnonzero(rise > 0 if falling else rise < 0)
    return np.column_stack([first[against], second[against]])


def rate_difference(events: Floats, n: Floats, pairs: Positions) -> tuple[Floats, Floats]:
    """Test whether the two rates of each pair of groups differ: pooled z (second minus first) and p, shape (r,) each.

    Reference: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., 3.1. R:
    prop.test(x, n, correct = FALSE) gives the square of z.
    """
    x, size = events[pairs], n[pairs]
    pooled = x.sum(axis=1) / size.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (x[:, 1] / size[:, 1] - x[:, 0] / size[:, 0]) / np.sqrt(pooled * (1 - pooled) * (1 / size).sum(axis=1))
    return np.asarray(z), np.array([normal_tail(float(one)).p_value for one in z])
