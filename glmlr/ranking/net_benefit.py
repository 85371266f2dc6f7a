"""Is acting on the scores worth it? Net benefit at a threshold, its error, and what acting on all or none gives.

A threshold probability t says that a false alarm costs t / (1 - t) of what a found event is worth: with π the share of
events, the net benefit of a row is π sensitivity - (1 - π) (1 - specificity) t / (1 - t), in units of found events.

References: Vickers & Elkin (2006), Medical Decision Making 26, 565-574; Pfeiffer & Gail (2020), Biometrical Journal 62,
764-776 (variances, in cohorts and in case-control studies); Kerr et al. (2016), J. Clin. Oncol. 34, 2534-2540
(standardised net benefit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking
from glmlr.ranking.redrawn import redrawn
from glmlr.ranking.sweep import Rates

Floats = npt.NDArray[np.float64]

#: More than the scores that count as one differ by, as a share of them.
_NEAR: Final = 1e-10


@dataclass(frozen=True, eq=False)
class NetBenefit:
    """What acting at or above thresholds is worth, shape (t,) each.

    Attributes:
        threshold: threshold probabilities.
        rates: sensitivity and false positive rate at each.
        prevalence: share of events.
        model: net benefit of acting on the scores.
        std_error: its standard error.

    """

    threshold: Floats
    rates: Rates
    prevalence: float
    model: Floats
    std_error: Floats

    @property
    def harm(self) -> Floats:
        """What a false alarm costs, in found events."""
        return self.threshold / (1 - self.threshold)

    @property
    def everybody(self) -> Floats:
        """Net benefit of acting on all rows; that of acting on none is 0."""
        return self.prevalence - (1 - self.prevalence) * self.harm

    @property
    def standardized(self) -> Floats:
        """Net benefit as a share of the largest possible, the prevalence."""
        return self.model / self.prevalence

    @property
    def avoided(self) -> Floats:
        """Share of the rows that are spared a needless action, net, compared with acting on all."""
        return np.asarray((self.model - self.everybody) / self.harm)

    @property
    def positive_share(self) -> Floats:
        """Share of the rows that are acted on."""
        at = self.rates
        return np.asarray(self.prevalence * at.sensitivity + (1 - self.prevalence) * at.false_positive_rate)


def net_benefit(ranking: Ranking, threshold: Floats, prevalence: float | None = None) -> NetBenefit:
    """Give the net benefit at thresholds, rows with a score at or above them being acted on.

    The standard error is that of a mean over rows where the prevalence is theirs, and that of two independent shares
    where it is stated.

    Args:
        ranking: probabilities, with events and non-events among them.
        threshold: ascending, above 0 and below 1, shape (t,).
        prevalence: share of events in the population; None for that of the rows.

    """
    rates = rates_at(ranking, threshold)
    share = ranking.total_events / ranking.total if prevalence is None else prevalence
    harm = threshold / (1 - threshold)
    true, false = share * rates.sensitivity, (1 - share) * rates.false_positive_rate
    model = true - harm * false
    if prevalence is None:
        variance = (true + harm**2 * false - model**2) / ranking.total
    else:
        variance = share * true * (1 - rates.sensitivity) / ranking.total_events
        variance += harm**2 * (1 - share) * false * (1 - rates.false_positive_rate) / ranking.total_nonevents
    # Rounding may leave -1e-18 where all rows are acted on alike.
    return NetBenefit(threshold, rates, share, model, np.sqrt(np.maximum(variance, 0.0)))


def rates_at(ranking: Ranking, threshold: Floats) -> Rates:
    """Give sensitivity and false positive rate at thresholds, ascending; a score that ties with one is at it."""
    places = np.searchsorted(ranking.score, threshold)
    # Only a score just below a threshold may tie with it; these few are looked at closely.
    near = np.flatnonzero((places > 0) & (ranking.score[places - 1] > threshold * (1 - _NEAR)))
    places[near] = [ranking.first_at_or_above(float(at)) for at in threshold[near]]
    starts, which = np.unique(places, return_inverse=True)
    inside = starts[starts < ranking.score.size]
    found = []
    for side in (ranking.events, ranking.nonevents):
        above = np.cumsum(np.add.reduceat(side, inside)[::-1])[::-1] if inside.size else np.empty(0)
        below = float(side[: inside[0]].sum()) if inside.size else float(side.sum())
        total = (float(above[0]) if inside.size else 0.0) + below
        found.append(np.append(above, np.zeros(starts.size - inside.size))[which] / total)
    return Rates(*found)


def redrawn_benefit(ranking: Ranking, threshold: Floats, times: int, *, seed: Any, prevalence: float | None) -> Floats:
    """Give the net benefit at thresholds in bootstrap samples of the rows, shape (times, t).

    Events and non-events are drawn apart where the prevalence is stated, as in a case-control study.
    """
    draws = redrawn(ranking, times, seed=seed, stratified=prevalence is not None)
    return np.array([net_benefit(draw, threshold, prevalence).model for draw in draws])
