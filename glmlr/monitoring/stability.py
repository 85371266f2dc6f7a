"""Has a distribution moved? The population stability index of counts in fixed groups, beside what chance gives it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from glmlr.tails import chi_square_tail

Floats = npt.NDArray[np.float64]


def index_parts(new: Floats, old: Floats) -> Floats:
    """Give the part of each group in the population stability index, (a - e) ln(a / e), shape (g,).

    a and e are the group's shares of the new and of the old rows. A group that is empty on one side counts half a row
    there, in the share and in the logarithm alike, the totals being left as they are; one empty on both sides counts 0.

    Args:
        new: new rows in each group, shape (g,).
        old: old rows in each group, shape (g,).

    Returns:
        Parts of the index; NaN where there are no new or no old rows at all.

    Reference: Siddiqi (2006), Credit Risk Scorecards, ch. 9. The index is the divergence of Kullback & Leibler (1951),
    Annals of Mathematical Statistics 22, 79-86, of both distributions from each other.

    """
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where((new == 0) & (old > 0), 0.5, new) / new.sum()
        e = np.where((old == 0) & (new > 0), 0.5, old) / old.sum()
        parts = np.where((new == 0) & (old == 0), 0.0, (a - e) * np.log(a / e))
    return parts if new.sum() > 0 and old.sum() > 0 else np.full(parts.shape, np.nan)


@dataclass(frozen=True, eq=False)
class Stability:
    """How far the shares of the groups have moved between two sets of rows.

    Attributes:
        parts: of each group, shape (g,); they add up to the index.
        index: the population stability index; NaN without rows on either side.
        chance: its mean where nothing has changed, (g - 1) (1 / new rows + 1 / old rows).
        reach: what chance alone exceeds in a share of 1 - level of all comparisons.
        df: groups with rows, less one.
        p_value: how often chance alone gives an index as large; NaN where there is but one group.

    """

    parts: Floats
    index: float
    chance: float
    reach: float
    df: int
    p_value: float


def stability(new: Floats, old: Floats, level: float = 0.95) -> Stability:
    """Compare counts in fixed groups, and say how much of the index chance explains.

    Where both sets of rows come from one distribution, the index is near Pearson's chi-square of the two rows of
    counts times 1 / n + 1 / m, so that index / (1 / n + 1 / m) is near chi-square with one degree of freedom less than
    there are groups. The same holds where the groups are cut at quantiles of the old rows. Counts far below 5 in a
    group make the index larger than that, and the p-value too small.

    Args:
        new: new rows in each group, shape (g,).
        old: old rows in each group, shape (g,).
        level: of `reach`.

    References: Yurdakul (2018), Statistical properties of population stability index, Western Michigan University;
    Taplin & Hunt (2019), Risks 7, 53.

    """
    parts = index_parts(new, old)
    total = float(parts.sum())
    df = int(((new > 0) | (old > 0)).sum()) - 1
    if math.isnan(total):
        return Stability(parts, math.nan, math.nan, math.nan, max(df, 0), math.nan)
    scale = 1 / float(new.sum()) + 1 / float(old.sum())
    reach = scale * float(chdtri(df, 1 - level)) if df > 0 else 0.0
    return Stability(parts, total, scale * df, reach, df, chi_square_tail(total / scale, df).p_value)
