"""How far out is a test statistic? Tail probabilities with a base-10 logarithm that never underflows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy.special import chdtrc, gammaln, log_ndtr, ndtr

#: Below this the tail is built on the logarithmic scale; the smallest normal double is 2.2e-308.
_SMALLEST: Final = 1e-290
_LARGEST_FRACTION: Final = 10_000


@dataclass(frozen=True)
class Tail:
    """A p-value and its base-10 logarithm; the logarithm stays finite where the p-value underflows to 0."""

    p_value: float
    log10_p: float


@dataclass(frozen=True)
class ChiSquareTest:
    """A chi-square, its degrees of freedom and its tail."""

    chi2: float
    df: int
    tail: Tail

    @classmethod
    def of(cls, chi2: float, df: int) -> ChiSquareTest:
        """Give a test by its statistic."""
        return cls(chi2, df, chi_square_tail(chi2, df))


def chi_square_tail(statistic: float, df: float) -> Tail:
    """Give P(chi-square with `df` degrees of freedom > statistic); NaN unless df > 0 and the statistic is a number."""
    if math.isnan(statistic) or not df > 0:
        return Tail(math.nan, math.nan)
    if math.isinf(statistic):
        return Tail(0.0, -math.inf) if statistic > 0 else Tail(1.0, 0.0)
    p_value = float(chdtrc(df, max(statistic, 0.0)))
    log_p = math.log(p_value) if p_value > _SMALLEST else _log_upper_gamma(df / 2, statistic / 2)
    return Tail(p_value, log_p / math.log(10))


def normal_tail(z: float) -> Tail:
    """Give P(|Z| > |z|) of a standard normal Z: the two-sided p-value."""
    if math.isnan(z):
        return Tail(math.nan, math.nan)
    if math.isinf(z):
        return Tail(0.0, -math.inf)
    log_p = math.log(2) + float(log_ndtr(-abs(z)))
    return Tail(2 * float(ndtr(-abs(z))), log_p / math.log(10))


def _log_upper_gamma(a: float, x: float) -> float:
    """Give log Q(a, x), the regularised upper incomplete gamma function, for x far above a.

    Legendre's continued fraction by the modified Lentz algorithm: Press et al. (2007), Numerical Recipes, 3rd ed.,
    section 6.2.
    """
    b = x + 1 - a
    c, d = math.inf, 1 / b
    fraction = d
    for i in range(1, _LARGEST_FRACTION):
        numerator = -i * (i - a)
        b += 2
        d = 1 / (numerator * d + b)
        c = b + numerator / c
        fraction *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return a * math.log(x) - x - float(gammaln(a)) + math.log(fraction)
