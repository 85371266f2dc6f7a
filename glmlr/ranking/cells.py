"""What do the four cells of a confusion table say? Counts at a cut-off, and the errors of what is made of them.

References: Mercaldo, Lau & Zhou (2007), Statistics in Medicine 26, 2170-2183 (predictive values at a prevalence);
Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72, 323-327 (kappa); Newcombe (1998), Statistics in Medicine 17,
873-890, method 10 (Youden's J); Bishop, Fienberg & Holland (1975), Discrete Multivariate Analysis, section 14.6 (the
delta method, for the Matthews correlation and F).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from glmlr.errors import OptionError
from glmlr.ranking import Ranking


class Estimate(NamedTuple):
    """A number with its interval; NaN where it is undefined."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Cells:
    """The four cells of a confusion table; "positive" means a score at or above the cut-off."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def n(self) -> float:
        """All rows."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def events(self) -> float:
        """All events."""
        return self.tp + self.fn

    @property
    def nonevents(self) -> float:
        """All non-events."""
        return self.fp + self.tn

    @property
    def positives(self) -> float:
        """All rows called positive."""
        return self.tp + self.fp

    @property
    def negatives(self) -> float:
        """All rows called negative."""
        return self.fn + self.tn

    @property
    def sensitivity(self) -> float:
        """Share of events called positive."""
        return quotient(self.tp, self.events)

    @property
    def specificity(self) -> float:
        """Share of non-events called negative."""
        return quotient(self.tn, self.nonevents)

    def at_prevalence(self, prevalence: float | None) -> Cells:
        """Give what as many rows would hold, were the share of events another; None for that of these rows."""
        if prevalence is None:
            return self
        events, nonevents = prevalence * self.n / self.events, (1 - prevalence) * self.n / self.nonevents
        return Cells(self.tp * events, self.fp * nonevents, self.fn * events, self.tn * nonevents)


def quotient(top: float, bottom: float) -> float:
    """Give top / bottom, undefined where nothing stands below."""
    return top / bottom if bottom > 0 else math.nan


def cells_at(ranking: Ranking, cutoff: float) -> Cells:
    """Count the four cells at a cut-off; a score that ties with it (to 12 significant digits) is positive."""
    place = ranking.first_at_or_above(cutoff)
    below, above = slice(None, place), slice(place, None)
    return Cells(*(float(side[at].sum()) for at in (above, below) for side in (ranking.events, ranking.nonevents)))


def checked_prevalence(prevalence: float | None, name: str = "prevalence") -> float | None:
    """Return a share of events, None for that of the rows, or raise an `OptionError`."""
    if prevalence is None:
        return None
    if isinstance(prevalence, (int, float, np.number)) and not isinstance(prevalence, bool) and 0 < prevalence < 1:
        return float(prevalence)
    raise OptionError(
        f"{name}={prevalence!r} is not a share of events between 0 and 1, such as 0.02; leave it out for that of "
        "the rows."
    )


class PredictiveValues(NamedTuple):
    """Precision and negative predictive value, each with its interval."""

    positive: Estimate
    negative: Estimate


def predictive_values(cells: Cells, prevalence: float, z: float) -> PredictiveValues:
    """Give the predictive values at a prevalence by Bayes' rule, with intervals on the logit scale.

    Args:
        cells: counts of events and of non-events, whose shares need not be those of the population.
        prevalence: share of events in the population.
        z: normal quantile of the intervals.

    """
    at = cells.at_prevalence(prevalence)
    return PredictiveValues(
        _on_logit_scale(quotient(at.tp, at.positives), (cells.tp, cells.events), (cells.fp, cells.nonevents), z),
        _on_logit_scale(quotient(at.tn, at.negatives), (cells.tn, cells.nonevents), (cells.fn, cells.events), z),
    )


def _on_logit_scale(value: float, right: tuple[float, float], wrong: tuple[float, float], z: float) -> Estimate:
    """Give the interval of a predictive value, made of two independent shares: counts and their totals."""
    if right[0] == 0 or wrong[0] == 0:
        return Estimate(value)
    error = math.sqrt(sum((total - count) / (count * total) for count, total in (right, wrong)))
    return Estimate(value, *(float(expit(logit(value) + side * error)) for side in (-z, z)))


def kappa(cells: Cells, z: float) -> Estimate:
    """Give Cohen's kappa with the interval of its large-sample error."""
    n = cells.n
    chance = (cells.events * cells.positives + cells.nonevents * cells.negatives) / n**2
    value = quotient((cells.tp + cells.tn) / n - chance, 1 - chance)
    if math.isnan(value):
        return Estimate(value)
    # Shares of rows: called (positive, negative) and observed (event, non-event).
    called, observed = (cells.positives / n, cells.negatives / n), (cells.events / n, cells.nonevents / n)
    agreed = (cells.tp / n, cells.tn / n)
    right = sum(p * (1 - (c + o) * (1 - value)) ** 2 for p, c, o in zip(agreed, called, observed, strict=True))
    # A false positive is called positive (0) and observed as a non-event (1); a false negative the reverse.
    wrong = cells.fp / n * (called[1] + observed[0]) ** 2 + cells.fn / n * (called[0] + observed[1]) ** 2
    variance = (right + (1 - value) ** 2 * wrong - (value - chance * (1 - value)) ** 2) / ((1 - chance) ** 2 * n)
    error = math.sqrt(max(variance, 0.0))  # rounding may leave -1e-18 where there are no errors
    return Estimate(value, value - z * error, value + z * error)


def matthews(cells: Cells, z: float) -> Estimate:
    """Give the Matthews correlation, with the interval of the delta method on Fisher's z scale."""
    # Paired so that a perfect rule has exactly 1: the root of a square is exact.
    spread = math.sqrt(cells.positives * cells.events) * math.sqrt(cells.negatives * cells.nonevents)
    value = quotient(cells.tp * cells.tn - cells.fp * cells.fn, spread)
    if not abs(value) < 1:
        return Estimate(value)
    terms = (
        (cells.tp, cells.tn, cells.positives, cells.events),
        (cells.fp, -cells.fn, cells.positives, cells.nonevents),
        (cells.fn, -cells.fp, cells.negatives, cells.events),
        (cells.tn, cells.tp, cells.negatives, cells.nonevents),
    )
    variance = sum(
        count * (across / spread - value / 2 * (1 / row + 1 / column)) ** 2 for count, across, row, column in terms
    )
    reach = z * math.sqrt(variance) / (1 - value**2)
    return Estimate(value, math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach))


def f_beta(cells: Cells, beta: float, z: float) -> Estimate:
    """Give F = (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP), its interval by the delta method for logit(F)."""
    weight, missed = 1 + beta**2, beta**2
    whole = weight * cells.tp + missed * cells.fn + cells.fp
    value = quotient(weight * cells.tp, whole)
    if not 0 < value < 1:
        return Estimate(value)
    gradient = (weight * (1 - value) / whole, -value * missed / whole, -value / whole)
    variance = sum(n * g**2 for n, g in zip((cells.tp, cells.fn, cells.fp), gradient, strict=True))
    reach = z * math.sqrt(variance) / (value * (1 - value))
    return Estimate(value, *(float(expit(logit(value) + side)) for side in (-reach, reach)))


def youden(sensitivity: Estimate, specificity: Estimate) -> Estimate:
    """Give sensitivity + specificity - 1, its interval from those of the two (squares of the distances added)."""
    value = sensitivity.value + specificity.value - 1
    low = math.hypot(sensitivity.value - sensitivity.low, specificity.value - specificity.low)
    high = math.hypot(sensitivity.high - sensitivity.value, specificity.high - specificity.value)
    return Estimate(value, value - low, value + high)
