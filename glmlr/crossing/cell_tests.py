"""Does the effect of one factor depend on the level of another? Tests on the counts of their cells.

The cells of r rows and c columns hold events and non-events. The additive logit has an effect of each row and of each
column; what the cells hold beyond it is interaction. Where there are two columns, the rows are strata of 2 x 2 tables.

References: Mantel & Haenszel (1959), J. Natl. Cancer Inst. 22, 719-748; Robins, Breslow & Greenland (1986), Biometrics
42, 311-323; Breslow & Day (1980), Statistical Methods in Cancer Research 1, section 4.4; Tarone (1985), Biometrika 72,
91-95.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlogy

from glmlr.blocks import ArrayRows
from glmlr.links import LOGIT
from glmlr.separation import maximise

Floats = npt.NDArray[np.float64]

#: A difference of log-likelihoods below this share of them is rounding.
_ROUNDING: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Additive:
    """The additive logit of a table, and the test of what it leaves (r rows, c columns).

    Attributes:
        expected: events that it expects in each cell, shape (r, c); NaN in a cell without rows.
        chi2: likelihood-ratio chi-square of the cells against it.
        df: cells with rows less its coefficients. Cells that it fits perfectly whatever else they hold, because a level
            has events only or none, are not counted, nor the coefficients that only they determine (Bishop, Fienberg &
            Holland 1975, section 3.8; R's anova counts them).
        effect: log odds ratio of each column against the first, shape (c,): 0 for the first, infinite where separated,
            NaN where it cannot be told.
        error: its standard error, shape (c,); NaN without a finite estimate.

    """

    expected: Floats
    chi2: float
    df: int
    effect: Floats
    error: Floats


def additive(events: Floats, nonevents: Floats) -> Additive:
    """Fit the additive logit to the cells, events and non-events of shape (r, c) each."""
    r, c = events.shape
    n = events + nonevents
    row, column = np.nonzero(n > 0)
    own_e, own_n = events[row, column], n[row, column]
    x = np.vstack([np.ones(row.size), row == np.arange(1, r)[:, None], column == np.arange(1, c)[:, None]])
    x = np.ascontiguousarray(x, dtype=np.float64)
    found = maximise(ArrayRows(x, own_e / own_n, own_n), LOGIT)
    share, df = expit(found.working @ x), int(row.size) - found.solution.rank
    if found.separation is not None:
        face = ~found.separation.separated
        share = np.where(face, share, own_e / own_n)
        df = int(face.sum()) - int(np.linalg.matrix_rank(x[:, face])) if face.any() else 0
    expected = np.full((r, c), np.nan)
    expected[row, column] = own_n * share
    within = float((xlogy(own_e, own_e) + xlogy(own_n - own_e, own_n - own_e) - xlogy(own_n, own_n)).sum())
    solution = found.solution
    variance = np.diag(solution.inverse)[r:]
    chi2 = 2 * (within - solution.loglik)
    return Additive(
        expected,
        chi2 if chi2 > _ROUNDING * abs(within) else 0.0,
        df,
        np.concatenate([[0.0], solution.beta[r:]]),
        np.concatenate([[math.nan], np.sqrt(variance)]),
    )


@dataclass(frozen=True, eq=False)
class OddsRatios:
    """Log odds ratios of 2 x 2 tables, with their standard errors (m tables).

    Attributes:
        log_ratio: shape (m,); NaN where one of the two groups has no rows.
        error: shape (m,).
        corrected: where a count was 0 and 1/2 was added to all four, shape (m,).

    """

    log_ratio: Floats
    error: Floats
    corrected: npt.NDArray[np.bool_]


def odds_ratios_of(a: Floats, b: Floats, c: Floats, d: Floats) -> OddsRatios:
    """Give the odds ratio (a / b) / (c / d): events and non-events of one group, then of the other, shape (m,) each.

    Reference: Woolf (1955), Annals of Human Genetics 19, 251-253; Haldane (1956), ibid. 20, 309-311.
    """
    filled = (a + b > 0) & (c + d > 0)
    corrected = filled & ((a == 0) | (b == 0) | (c == 0) | (d == 0))
    a, b, c, d = (np.where(filled, part + 0.5 * corrected, np.nan) for part in (a, b, c, d))
    return OddsRatios(np.log(a) - np.log(b) - np.log(c) + np.log(d), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d), corrected)


@dataclass(frozen=True)
class Stratified:
    """What 2 x 2 tables of several strata say together; NaN where they say nothing.

    Attributes:
        log_ratio: of the Mantel-Haenszel common odds ratio.
        error: its standard error (Robins, Breslow & Greenland).
        association: Mantel-Haenszel chi-square of no association in any stratum, 1 degree of freedom, no continuity
            correction.
        breslow_day: chi-square of one odds ratio in all strata.
        tarone: the same with Tarone's correction.
        df: strata that can tell, less 1.

    """

    log_ratio: float
    error: float
    association: float
    breslow_day: float
    tarone: float
    df: int


def stratified(a: Floats, b: Floats, c: Floats, d: Floats) -> Stratified:
    """Put 2 x 2 tables together: events and non-events of one group, then of the other, by stratum, shape (m,) each."""
    n = a + b + c + d
    tells = (a + b > 0) & (c + d > 0) & (a + c > 0) & (b + d > 0)
    a, b, c, d, n = (part[tells] for part in (a, b, c, d, n))
    nothing = Stratified(math.nan, math.nan, math.nan, math.nan, math.nan, 0)
    if not tells.any():
        return nothing
    r, s = float((a * d / n).sum()), float((b * c / n).sum())
    expected = (a + b) * (a + c) / n
    # One row alone has no variance within its stratum.
    spread = np.where(n > 1, (a + b) * (c + d) * (a + c) * (b + d) / (n**2 * np.maximum(n - 1, 1e-300)), 0.0)
    association = float((a - expected).sum()) ** 2 / float(spread.sum())
    if not (r > 0 and s > 0):
        ratio = math.inf if r > 0 else -math.inf if s > 0 else math.nan
        return Stratified(ratio, math.nan, association, math.nan, math.nan, 0)
    p, q = (a + d) / n, (b + c) / n
    variance = (
        (p * a * d / n).sum() / (2 * r**2)
        + ((p * b * c + q * a * d) / n).sum() / (2 * r * s)
        + (q * b * c / n).sum() / (2 * s**2)
    )
    fitted = _with_ratio(r / s, a + b, c + d, a + c)
    own = 1 / (1 / fitted + 1 / (a + b - fitted) + 1 / (a + c - fitted) + 1 / (d - a + fitted))
    day = float(((a - fitted) ** 2 / own).sum())
    tarone = day - float((a - fitted).sum()) ** 2 / float(own.sum())
    df = int(tells.sum()) - 1
    day, tarone = (day, tarone) if df else (math.nan, math.nan)
    return Stratified(math.log(r / s), math.sqrt(float(variance)), association, day, tarone, df)


def _with_ratio(ratio: float, one: Floats, other: Floats, events: Floats) -> Floats:
    """Give the events of the first group that make the odds ratio this, with all margins held, shape (m,).

    x (other - events + x) = ratio (one - x) (events - x) is a quadratic equation whose root between
    max(0, events - other) and min(one, events) is wanted; the form without cancellation is taken.
    """
    square = ratio - 1.0
    linear = -(ratio * (one + events) + other - events)
    constant = ratio * one * events
    root = np.sqrt(np.maximum(linear**2 - 4 * square * constant, 0.0))
    return np.asarray(2 * constant / (-linear + root))
