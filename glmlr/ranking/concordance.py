"""How often does an event score above a non-event? Pair counts, the indices made of them, and their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.proportions import normal_quantile
from glmlr.ranking import EXACT_FLOATS, Ranking
from glmlr.ranking.ordering import in_threads, pieces_of

Floats = npt.NDArray[np.float64]
Number = int | float
#: A quotient this near to a whole number, relative to it, is one: scores are known to 12 digits.
_EDGE: Final = 1e-12


@dataclass(frozen=True)
class Pairs:
    """Every pair of one event and one non-event, counted; whole numbers of any size are exact.

    Attributes:
        concordant: pairs in which the event has the higher score.
        discordant: pairs in which it has the lower one.
        tied: pairs with one score.
        n: rows.

    """

    concordant: Number
    discordant: Number
    tied: Number
    n: Number

    @property
    def total(self) -> Number:
        """Number of pairs."""
        return self.concordant + self.discordant + self.tied

    @property
    def somers_d(self) -> float:
        """(C - D) / pairs."""
        return (self.concordant - self.discordant) / self.total

    @property
    def gamma(self) -> float:
        """(C - D) / (C + D); NaN where all pairs tie."""
        untied = self.concordant + self.discordant
        return (self.concordant - self.discordant) / untied if untied else math.nan

    @property
    def tau_a(self) -> float:
        """(C - D) / (n (n - 1) / 2); NaN where weights that are not whole add up to 1 row or less."""
        return math.nan if self.n <= 1 else 2 * (self.concordant - self.discordant) / (self.n * (self.n - 1))

    @property
    def c(self) -> float:
        """(C + T / 2) / pairs, the area under the ROC curve."""
        return (2 * self.concordant + self.tied) / (2 * self.total)


def count_pairs(ranking: Ranking) -> Pairs:
    """Count concordant, discordant and tied pairs by cumulative sums: exact, O(m), without forming a pair."""
    known = vars(ranking).get("spread_of_placements")
    return known.pairs if isinstance(known, _Spread) else _pairs_of(_counted_runs(ranking))


class _Run(NamedTuple):
    """What some consecutive scores count by themselves: events, non-events, pairs in order, pairs at one score."""

    rows: slice
    events: Number
    nonevents: Number
    concordant: Number
    tied: Number


def in_bins(ranking: Ranking, width: float) -> Ranking:
    """Put probabilities p into bins floor(p / width), whose rows then tie; a probability at an edge begins a bin.

    Probabilities that equal an edge to 12 significant digits are at it.
    """
    place = ranking.score / width
    edge = np.rint(place)
    number = np.where(np.abs(place - edge) <= _EDGE * edge, edge, np.floor(place))
    first = np.flatnonzero(np.append(True, number[1:] != number[:-1]))
    events, nonevents = (np.add.reduceat(side, first) for side in (ranking.events, ranking.nonevents))
    return Ranking(ranking.score[first], events, nonevents, ranking.resolution)


def _counted_runs(ranking: Ranking) -> list[_Run]:
    """Count the scores in runs that stay in cache."""
    exactly = ranking.is_counted

    def count(rows: slice) -> _Run:
        e, f = ranking.events[rows], ranking.nonevents[rows]
        events, nonevents = float(e.sum()), float(f.sum())
        if exactly and max(events, nonevents, events * nonevents) >= EXACT_FLOATS:
            return _Run(rows, *_counted_in_integers(e, f))
        below = ranking.running(f)
        below -= f
        below *= e
        found = events, nonevents, float(below.sum()), float(np.multiply(e, f, out=below).sum())
        return _Run(rows, *(map(int, found) if exactly else found))

    return in_threads(count, pieces_of(ranking.score.size))


def _counted_in_integers(e: Floats, f: Floats) -> tuple[int, int, int, int]:
    """Count in Python's integers, which neither overflow nor round."""
    concordant = tied = events = below = 0
    for event, nonevent in zip(map(int, e.tolist()), map(int, f.tolist()), strict=True):
        concordant += event * below
        tied += event * nonevent
        events += event
        below += nonevent
    return events, below, concordant, tied


def _pairs_of(runs: Sequence[_Run]) -> Pairs:
    """Add up runs: every event also makes a pair with the non-events of the runs below."""
    events: Number = 0
    nonevents: Number = 0
    concordant: Number = 0
    for run in runs:
        concordant += run.concordant + run.events * nonevents
        events += run.events
        nonevents += run.nonevents
    tied = sum(run.tied for run in runs)
    # Sums of weights that are not whole are rounded, perhaps to less than 0.
    return Pairs(concordant, max(events * nonevents - concordant - tied, 0), tied, events + nonevents)


class _Spread(NamedTuple):
    """Pairs, and how the placements of rows spread: what every standard error is made of.

    Attributes:
        pairs: the pairs.
        of_events, of_nonevents: sum of squared deviations of the placements from the area.
        gamma_of_events, gamma_of_nonevents: sum of (D c - C d)^2 with c and d the shares of the other side that a row
            is concordant and discordant with, C and D the shares of all pairs; 0 where all pairs tie.

    """

    pairs: Pairs
    of_events: float
    of_nonevents: float
    gamma_of_events: float
    gamma_of_nonevents: float


def _spread(ranking: Ranking) -> _Spread:
    """Add up the squares, once for a ranking: association and area are both made of them."""
    known = vars(ranking).get("spread_of_placements")
    if isinstance(known, _Spread):
        return known
    runs = _counted_runs(ranking)
    pairs = _pairs_of(runs)
    auc, concordant, discordant = pairs.c, pairs.concordant / pairs.total, pairs.discordant / pairs.total
    untied, shift = concordant + discordant, concordant - discordant
    constant = untied * auc - concordant
    events_below = accumulate((run.events for run in runs), initial=0)
    nonevents_below = accumulate((run.nonevents for run in runs), initial=0)

    def squares(below: tuple[_Run, Number, Number]) -> tuple[float, ...]:
        rows = below[0].rows
        sides = ranking.events[rows], ranking.nonevents[rows]
        found = []
        totals = ranking.total_nonevents, ranking.total_events
        for place, side, other, total in zip(
            placements(ranking, rows, *below[1:]), sides, sides[::-1], totals, strict=True
        ):
            # With half the tied share t: D (place - t) - C (1 - place - t) = u (place - c) + k, and more for ties.
            place -= auc
            weighted = side * place
            squares = float(np.dot(weighted, place))
            found.append(squares)
            if below[0].tied:
                place *= untied
                place += constant
                place += other * (shift / (2 * total))
                found.append(float(np.dot(side * place, place)))
            else:
                moved = 2 * untied * constant * float(weighted.sum()) + constant**2 * float(side.sum())
                found.append(untied**2 * squares + moved)
        return tuple(found)

    # One more sum than runs: all rows are below nothing.
    parts = in_threads(squares, list(zip(runs, events_below, nonevents_below, strict=False)))
    of_events, gamma_of_events, of_nonevents, gamma_of_nonevents = (sum(side) for side in zip(*parts, strict=True))
    spread = _Spread(pairs, of_events, of_nonevents, gamma_of_events, gamma_of_nonevents)
    vars(ranking)["spread_of_placements"] = spread
    return spread


@dataclass(frozen=True)
class Area:
    """An area under the ROC curve: estimate, DeLong standard error, and a plain interval clipped to [0, 1]."""

    auc: float
    std_error: float
    low: float
    high: float


def area(ranking: Ranking, level: float = 0.95) -> Area:
    """Give the area under the ROC curve (Mann-Whitney) with DeLong's standard error.

    The placement of an event is the share of non-events below it (ties count half), that of a non-event the share of
    events above it; the variance of the area is the sum of the variances of the two mean placements. It is NaN where
    there is one event only, or one non-event only.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    spread = _spread(ranking)
    variance = _mean_variance(spread.of_events, ranking.total_events)
    variance += _mean_variance(spread.of_nonevents, ranking.total_nonevents)
    error = math.sqrt(variance) if variance >= 0 else math.nan
    bounds = plain_interval(spread.pairs.c, error, level, 0.0)
    return Area(spread.pairs.c, error, *bounds)


def plain_interval(estimate: float, error: float, level: float, lowest: float) -> tuple[float, float]:
    """Give estimate -/+ z x error, clipped to [lowest, 1]; NaN without an error."""
    if not error >= 0:
        return math.nan, math.nan
    reach = normal_quantile(level) * error
    return max(estimate - reach, lowest), min(estimate + reach, 1.0)


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error and an interval; NaN where there is none."""

    value: float
    std_error: float
    low: float
    high: float


@dataclass(frozen=True)
class Association:
    """The pairs, and the indices made of them, each with its standard error and interval."""

    pairs: Pairs
    somers_d: Estimate
    gamma: Estimate
    tau_a: Estimate
    c: Estimate


def association(ranking: Ranking, level: float = 0.95) -> Association:
    """Give the indices of association with standard errors and plain intervals, clipped to [-1, 1] ([0, 1] for c).

    c has DeLong's standard error and D = 2c - 1 twice that: the numbers of events and of non-events are taken as
    given. Gamma has the asymptotic one of Goodman & Kruskal, 2 / (C + D)^2 sqrt(sum (D c_i - C d_i)^2) over rows that
    are concordant with c_i and discordant with d_i others, which is the same whether those numbers are given or not.
    Tau-a is a mean over all pairs of rows, a U-statistic of one sample; its variance is that of the jackknife that
    leaves out one row at a time, 4 sum (s_i - mean)^2 / (n (n - 1) (n - 2)^2) with s_i = c_i - d_i.

    Reference: Goodman & Kruskal (1972), JASA 67, 415-421; Arvesen (1969), Annals of Mathematical Statistics 40,
    2076-2100 (jackknife of U-statistics); DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    spread, curve = _spread(ranking), area(ranking, level)
    pairs = spread.pairs

    def estimate(value: float, error: float) -> Estimate:
        return Estimate(value, error, *plain_interval(value, error, level, -1.0))

    return Association(
        pairs,
        estimate(pairs.somers_d, 2 * curve.std_error),
        estimate(pairs.gamma, _gamma_error(spread, ranking)),
        estimate(pairs.tau_a, _tau_a_error(spread, ranking)),
        Estimate(curve.auc, curve.std_error, curve.low, curve.high),
    )


def _gamma_error(spread: _Spread, ranking: Ranking) -> float:
    untied = (spread.pairs.concordant + spread.pairs.discordant) / spread.pairs.total
    if not untied or ranking.total_events <= 1 or ranking.total_nonevents <= 1:
        return math.nan
    mean = spread.gamma_of_events / ranking.total_events**2 + spread.gamma_of_nonevents / ranking.total_nonevents**2
    return 2 * math.sqrt(mean) / untied**2


def _tau_a_error(spread: _Spread, ranking: Ranking) -> float:
    n, events, nonevents = ranking.total, ranking.total_events, ranking.total_nonevents
    if n <= 2:
        return math.nan
    d, mean = spread.pairs.somers_d, spread.pairs.tau_a * (n - 1)
    squares = 4 * nonevents**2 * spread.of_events + events * (nonevents * d - mean) ** 2
    squares += 4 * events**2 * spread.of_nonevents + nonevents * (events * d - mean) ** 2
    return 2 * math.sqrt(squares / (n * (n - 1))) / (n - 2)


def placements(
    ranking: Ranking, rows: slice = slice(None), events_below: Number = 0, nonevents_below: Number = 0
) -> tuple[Floats, Floats]:
    """Give, at each score of a run, the placement of an event and of a non-event, shape (m,) each.

    Args:
        ranking: the ranking.
        rows: the run; all scores unless told.
        events_below: events with scores below those of the run.
        nonevents_below: non-events with scores below those of the run.

    """
    events, nonevents = ranking.events[rows], ranking.nonevents[rows]
    below = nonevents_below + ranking.running(nonevents) - nonevents / 2
    above = ranking.total_events - events_below - ranking.running(events) + events / 2
    return below / ranking.total_nonevents, above / ranking.total_events


def _mean_variance(squares: float, total: float) -> float:
    """Give the variance of a weighted mean from the sum of squared deviations; NaN for fewer than two rows."""
    return math.nan if total <= 1 else squares / (total - 1) / total
