"""Do rows of counts differ in their event rate? Tests of a table of rows by outcome, and of its neighbouring rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from glmlr.binning.merging import neighbour_chi_squares
from glmlr.monotone import reversals
from glmlr.tails import Tail, chi_square_tail

Floats = npt.NDArray[np.float64]
Course = Literal["rising", "falling", "level", "mixed"]

#: Tables whose probability is at most this many times that of the observed one are as extreme, as in R.
_ALIKE: Final = 1 + 1e-7
#: The hypergeometric distribution holds nothing that counts beyond so many standard deviations.
_FAR: Final = 40.0
#: With this standard deviation, what lies so far out has a probability below the smallest double.
_WIDE: Final = 200.0


@dataclass(frozen=True)
class Test:
    """A chi-square statistic on its degrees of freedom, with its tail; NaN where there is nothing to compare."""

    statistic: float
    df: int
    tail: Tail

    @classmethod
    def of(cls, statistic: float, df: int) -> Test:
        """Look up the tail."""
        return cls(statistic, df, chi_square_tail(statistic, df))


def likelihood_ratio(events: Floats, nonevents: Floats) -> Test:
    """Test that m filled rows have one event rate: G2 = 2 sum O ln(O / E) on m - 1 degrees of freedom."""

    def half(one: Floats, other: Floats) -> float:
        return float((xlogy(one, one) + xlogy(other, other) - xlogy(one + other, one + other)).sum())

    within, overall = half(events, nonevents), half(events.sum(keepdims=True), nonevents.sum(keepdims=True))
    return Test.of(max(2 * (within - overall), 0.0), events.size - 1)


def pearson(events: Floats, nonevents: Floats) -> Test:
    """Test that m filled rows have one event rate: X2 = sum (O - E)^2 / E on m - 1 degrees of freedom."""
    n = events + nonevents
    rate = float(events.sum() / n.sum())
    if not 0 < rate < 1:
        return Test.of(math.nan, events.size - 1)
    return Test.of(float(((events - n * rate) ** 2 / n).sum()) / (rate * (1 - rate)), events.size - 1)


def course_of(events: Floats, nonevents: Floats) -> Course:
    """Say whether the event rate of rows in order never falls, never rises, stays level, or does both."""
    n = events + nonevents
    rises, falls = (reversals(events, n, falling=falling).size > 0 for falling in (True, False))
    if rises and falls:
        return "mixed"
    return "rising" if rises else "falling" if falls else "level"


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Each of m rows against the one before it, shape (m - 1,) each.

    Attributes:
        chi_square: Pearson's statistic, 1 degree of freedom, no continuity correction; 0 where no outcome varies.
        p_value: its tail.
        exact: p-value of Fisher's exact test, two-sided; NaN for weights that are not whole.

    """

    chi_square: Floats
    p_value: Floats
    exact: Floats


def compare_neighbours(events: Floats, nonevents: Floats) -> Neighbours:
    """Compare each of m filled rows with the one before it."""
    chi_square = neighbour_chi_squares(events, nonevents)
    p_value = np.array([chi_square_tail(float(one), 1).p_value for one in chi_square])
    exact = [fisher_exact(*four) for four in zip(events[1:], nonevents[1:], events[:-1], nonevents[:-1], strict=True)]
    return Neighbours(chi_square, p_value, np.array(exact, dtype=np.float64))


def fisher_exact(a: float, b: float, c: float, d: float) -> float:
    """Give the two-sided p-value of Fisher's exact test of the counts a, b in one row and c, d in another.

    It adds up the probability, with all margins fixed, of every table that is at most as probable as this one (within
    a relative 1e-7, as R's fisher.test does). NaN for counts that are not whole.

    Reference: Fisher (1935), J. Royal Stat. Soc. 98, 39-82.
    """
    counts = np.array([a, b, c, d])
    if not (counts == np.rint(counts)).all():
        return math.nan
    row, other, events = int(a + b), int(c + d), int(a + c)
    lowest, highest = max(0, events - other), min(row, events)
    total = row + other
    if lowest == highest:
        return 1.0
    mean = events * row / total
    spread = math.sqrt(mean * (other / total) * ((total - events) / max(total - 1, 1)))
    reach = math.ceil(_FAR * spread) + 50
    centre = round(mean)
    if abs(int(a) - centre) > reach and spread > _WIDE:
        return 0.0  # exp(-750) and less: there is no double between it and 0
    if abs(int(a) - centre) <= reach:
        lowest, highest = max(lowest, centre - reach), min(highest, centre + reach)
    at = np.arange(lowest, highest, dtype=np.float64)
    # Neighbouring tables differ by a ratio of whole numbers; their logarithms add up from the most probable one.
    step = np.log((row - at) * (events - at)) - np.log((at + 1) * (other - events + at + 1))
    mode = int(np.searchsorted(-step, 0.0))
    log_weight = np.concatenate([-np.cumsum(step[:mode][::-1])[::-1], [0.0], np.cumsum(step[mode:])])
    observed = float(log_weight[int(a) - lowest])
    # Smallest terms first, so that none is lost.
    weight = np.sort(np.exp(log_weight))
    extreme = weight[weight <= math.exp(observed) * _ALIKE]
    return min(float(extreme.sum()) / float(weight.sum()), 1.0)
