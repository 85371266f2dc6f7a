"""How are p-values and intervals kept honest when many comparisons are made? Holm, Bonferroni, Sidak and Tukey.

References: Holm (1979), Scand. J. Statistics 6, 65-70; Sidak (1967), JASA 62, 626-633; Tukey (1953), The Problem of
Multiple Comparisons; Kramer (1956), Biometrics 12, 307-310.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri, ndtri_exp

Floats = npt.NDArray[np.float64]

ADJUSTMENTS: Final = ("holm", "bonferroni", "sidak", "tukey", "none")

#: Points of the trapezoidal rule; the integrand is smooth and vanishes at both ends, so that it is exact to rounding.
_POINTS: Final = 801
#: Normal deviates beyond which nothing is left.
_END: Final = 9.0


def adjusted(log_p: Floats, z: Floats, how: str, levels: int) -> Floats:
    """Give adjusted p-values of one family of comparisons on the natural logarithmic scale, shape (m,).

    Args:
        log_p: logarithms of the two-sided p-values, shape (m,); NaN where there is none, which is not counted.
        z: the statistics, shape (m,).
        how: one of `ADJUSTMENTS`.
        levels: number of levels compared, for Tukey's.

    """
    known = np.flatnonzero(~np.isnan(log_p))
    out, mine, m = np.full(log_p.size, np.nan), log_p[known], known.size
    if how == "bonferroni":
        mine = mine + np.log(max(m, 1))
    elif how == "sidak":
        # 1 - (1 - p)^m, without losing a small p.
        with np.errstate(divide="ignore"):
            exact = np.log(-np.expm1(m * np.log1p(-np.exp(mine))))
        mine = np.where(mine < -30, mine + np.log(max(m, 1)), exact)
    elif how == "holm":
        order = np.argsort(mine, kind="stable")
        mine[order] = np.maximum.accumulate(mine[order] + np.log(m - np.arange(m)))
    elif how == "tukey":
        mine = np.array([log_range_tail(float(np.sqrt(2.0) * abs(one)), levels) for one in z[known]])
    out[known] = np.minimum(mine, 0.0)
    return out


def adjusted_plainly(p_value: Floats, method: Literal["holm", "bh"]) -> Floats:
    """Adjust p-values as they are, not their logarithms, for their number, shape (m,); NaN stays and is not counted.

    "holm" bounds the chance of any false rejection, "bh" the expected share of false ones (R p.adjust).

    References: Holm (1979), Scandinavian J. Statistics 6, 65-70; Benjamini & Hochberg (1995), J. Royal Stat. Soc. B 57,
    289-300.
    """
    found = np.full(p_value.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p_value))
    m = known.size
    order = known[np.argsort(p_value[known], kind="stable")]
    if method == "holm":
        found[order] = np.minimum(np.maximum.accumulate(p_value[order] * np.arange(m, 0, -1)), 1.0)
    else:
        largest_first = order[::-1]
        found[largest_first] = np.minimum(np.minimum.accumulate(p_value[largest_first] * m / np.arange(m, 0, -1)), 1.0)
    return found


def critical_value(level: float, how: str, comparisons: int, levels: int) -> float:
    """Give how many standard errors an interval reaches on each side.

    Holm's method makes no intervals of its own; those of Bonferroni hold with it.
    """
    alpha, m = 1.0 - level, max(comparisons, 1)
    if how == "tukey":
        from scipy.optimize import brentq

        def beyond(q: float) -> float:
            return log_range_tail(q, levels) - float(np.log(alpha))

        return float(brentq(beyond, 1e-8, 60.0, xtol=1e-13) / np.sqrt(2.0))
    if how == "sidak":
        return float(-ndtri(-np.expm1(np.log1p(-alpha) / m) / 2.0))
    if how in ("bonferroni", "holm"):
        return float(-ndtri_exp(np.log(alpha / m / 2.0)))
    return float(-ndtri(alpha / 2.0))


def log_range_tail(q: float, levels: int) -> float:
    """Give log P(range of `levels` independent standard normals > q), digits kept however small it is.

    The range exceeds q with probability k int phi(z) [Phi(z)^(k-1) - (Phi(z) - Phi(z - q))^(k-1)] dz, z the largest.
    """
    if not q > 0:
        return 0.0
    z = np.linspace(-_END, _END + q, _POINTS)
    log_below, log_far = log_ndtr(z), log_ndtr(z - q)
    ratio = np.exp(log_far - log_below)
    with np.errstate(divide="ignore"):
        log_missed = np.log(-np.expm1((levels - 1) * np.log1p(-np.minimum(ratio, 1.0))))
    terms = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) + (levels - 1) * log_below + log_missed
    top = float(terms.max())
    total = float(np.exp(terms - top).sum() * (z[1] - z[0]))
    return min(top + float(np.log(total)) + float(np.log(levels)), 0.0)
