"""Which neighbours are one bin? Merging from below, by chi-square, and into event rates that rise or fall."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, xlogy

from glmlr.binning.distinct import Distinct
from glmlr.binning.edges import Bins, Closed, Limits, edges_between, fine_bins
from glmlr.ranking.isotonic import Isotonic, isotonic

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Direction = Literal["auto", "increasing", "decreasing"]

#: Merging starts from at most so many values, or else quantile bins.
MOST_FINE: Final = 200


def neighbour_chi_squares(events: Floats, nonevents: Floats) -> Floats:
    """Give Pearson's chi-square (1 df) of each row against the one before it, shape (m - 1,).

    With a, b events and c, d non-events it is N (a d - b c)^2 / ((a + b)(c + d)(a + c)(b + d)), without a continuity
    correction, and 0 where both rows hold one outcome only: then nothing tells them apart.
    """
    a, b, c, d = events[:-1], events[1:], nonevents[:-1], nonevents[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        # Divided step by step: the product of four margins of large counts would overflow an integer and lose digits.
        apart = (a * d - b * c) / (a + c) / (b + d)
        found = apart**2 * (a + c) * (b + d) * (a + b + c + d) / (a + b) / (c + d)
    return np.where((a + b == 0) | (c + d == 0), 0.0, found)


def merged(events: Floats, nonevents: Floats, limits: Limits, critical: float = 0.0) -> Integers:
    """Merge the two neighbours that differ least, again and again, until all rows keep to the limits.

    Rows that are too small are merged first, each with the neighbour from which it differs less; then neighbours whose
    chi-square is below `critical`; then whatever two differ least, while there are more than `limits.bins` rows. Of
    equal pairs the first is merged.

    Args:
        events: weight of the events in each row, shape (m,).
        nonevents: weight of the non-events, shape (m,); no row is empty.
        limits: number and size of the rows that are left.
        critical: neighbours with a smaller chi-square become one.

    Returns:
        The first row of each of the rows left, ascending from 0.

    """
    first, e, f = np.arange(events.size), events.copy(), nonevents.copy()
    while first.size > 1:
        chi_square = neighbour_chi_squares(e, f)
        small = ~limits.met(e, f)
        touching = small[:-1] | small[1:]
        if touching.any():
            chi_square = np.where(touching, chi_square, np.inf)
        elif first.size <= limits.bins and chi_square.min() >= critical:
            break
        at = int(np.argmin(chi_square))
        e[at] += e[at + 1]
        f[at] += f[at + 1]
        e, f, first = np.delete(e, at + 1), np.delete(f, at + 1), np.delete(first, at + 1)
    return first


def critical_value(significance: float) -> float:
    """Give the chi-square with 1 df that chance exceeds with this probability: 3.84 for 0.05."""
    return float(chdtri(1, significance))


def chimerge_edges(data: Distinct, limits: Limits, closed: Closed, significance: float) -> Bins:
    """Merge neighbouring values until each bin differs from the next (ChiMerge).

    It starts from the values themselves, or from `MOST_FINE` quantile bins where more values differ; see `merged`.

    Reference: Kerber (1992), ChiMerge: Discretization of numeric attributes, Proc. AAAI-92, 123-128.
    """
    fine = fine_bins(data, MOST_FINE)
    events, nonevents = np.add.reduceat(data.events, fine), np.add.reduceat(data.nonevents, fine)
    return edges_between(data, fine[merged(events, nonevents, limits, critical_value(significance))], closed)


def monotone_edges(data: Distinct, limits: Limits, closed: Closed, direction: Direction, critical: float = 0.0) -> Bins:
    """Cut so that the event rate rises from bin to bin, or falls: pool adjacent violators, then merge.

    Pooling the values gives the rates of highest likelihood among those that never fall (or never rise). Blocks that
    are too small or too many, or whose chi-square is below `critical`, are merged with the neighbour from which they
    differ least, which leaves them in order.
    "auto" takes the direction with the higher likelihood, and "increasing" where both are alike.

    Reference: Ayer, Brunk, Ewing, Reid & Silverman (1955), Annals of Mathematical Statistics 26, 641-647.
    """
    blocks = pooled_blocks(data, direction)
    events, nonevents = np.add.reduceat(data.events, blocks), np.add.reduceat(data.nonevents, blocks)
    return edges_between(data, blocks[merged(events, nonevents, limits, critical)], closed)


def pooled_blocks(data: Distinct, direction: Direction) -> Integers:
    """Give the first value of each block of pooled violators, ascending from 0; see `monotone_edges`."""
    pooled = [
        isotonic(data.events, data.nonevents, rising=way == "increasing")
        for way in ("increasing", "decreasing")
        if direction in ("auto", way)
    ]
    best = max(pooled, key=_loglik)
    blocks = best.start
    if blocks.size > MOST_FINE:
        blocks = blocks[fine_bins(Distinct(data.value[blocks], best.events, best.nonevents), MOST_FINE)]
    return blocks


def _loglik(pooled: Isotonic) -> float:
    e, f = pooled.events, pooled.nonevents
    return float((xlogy(e, e) + xlogy(f, f) - xlogy(e + f, e + f)).sum())
