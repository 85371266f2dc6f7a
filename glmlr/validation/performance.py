"""How well do predicted probabilities do? Measures of one ranking, to be averaged over folds or resamples.

What a table of one ranking says with intervals and tests (`calibration`, `deciles`, `roc`) is here a single number,
without tables, so that it can be had thousands of times.

Reference: Steyerberg et al. (2010), Assessing the performance of prediction models, Epidemiology 21, 128-138.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import xlog1py, xlogy

from glmlr.blocks import ArrayRows
from glmlr.errors import OptionError, listing, one_of
from glmlr.links import LOGIT
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import count_pairs
from glmlr.ranking.criteria import CRITERIA as CRITERIA
from glmlr.ranking.criteria import best
from glmlr.ranking.distance import ks_distance
from glmlr.ranking.grouping import top_groups
from glmlr.ranking.sweep import Sweep
from glmlr.solver import solve

Floats = npt.NDArray[np.float64]

#: What differs from the ideal line by less than the solver resolves is the ideal line.
_RESOLVED: Final = 1e-10


def auc(ranking: Ranking) -> float:
    """Give the area under the ROC curve, the Mann-Whitney share of pairs."""
    return count_pairs(ranking).c


def log_loss(ranking: Ranking) -> float:
    """Give minus the mean log-likelihood of a row; infinite where an event has probability 0 or a non-event 1."""
    p = ranking.score
    with np.errstate(divide="ignore"):
        return -float(xlogy(ranking.events, p).sum() + xlog1py(ranking.nonevents, -p).sum()) / ranking.total


def brier(ranking: Ranking) -> float:
    """Give the mean squared difference of outcome and probability.

    Reference: Brier (1950), Monthly Weather Review 78, 1-3.
    """
    p = ranking.score
    return float(np.dot(ranking.events, (1 - p) ** 2) + np.dot(ranking.nonevents, p**2)) / ranking.total


def ks(ranking: Ranking) -> float:
    """Give the largest distance between the score distributions of events and of non-events, over all cut-offs."""
    return ks_distance(ranking).ks


def top_decile_lift(ranking: Ranking) -> float:
    """Give the rate of events in the tenth of the rows with the highest scores, divided by that of all rows."""
    tenths = top_groups(ranking, 10)
    first = int(np.argmin(tenths.number))
    return float(tenths.events[first] / tenths.n[first]) / (ranking.total_events / ranking.total)


# ------------------------------------------------------------------------------------------------ calibration


@dataclass(frozen=True)
class CalibrationLine:
    """The logistic line through the outcomes against logit(p), its log-likelihood; NaN where it does not exist."""

    intercept: float = math.nan
    slope: float = math.nan
    loglik: float = math.nan


def calibration_line(ranking: Ranking) -> CalibrationLine:
    """Fit logit P(event) = a + b logit(p).

    It does not exist where a probability is 0 or 1, where all are one, or where they separate events from non-events.

    Reference: Cox (1958), Biometrika 45, 562-565.
    """
    p = ranking.score
    if p[0] <= 0 or p[-1] >= 1 or p.size == 1 or _separates(ranking):
        return CalibrationLine()
    eta = LOGIT.link(p)
    rows = ArrayRows(np.vstack([np.ones_like(eta), eta]), ranking.events / ranking.rows, ranking.rows)
    # Where the probabilities are right.
    found = solve(rows, LOGIT, start=np.array([0.0, 1.0]))
    if not found.converged:
        return CalibrationLine()
    intercept, slope = (
        ideal if abs(value - ideal) < _RESOLVED else float(value)
        for value, ideal in zip(found.beta, (0.0, 1.0), strict=True)
    )
    return CalibrationLine(intercept, slope, found.loglik)


def _separates(ranking: Ranking) -> bool:
    events, nonevents = np.flatnonzero(ranking.events), np.flatnonzero(ranking.nonevents)
    return bool(events[0] >= nonevents[-1] or nonevents[0] >= events[-1])


# ------------------------------------------------------------------------------------------------ cut-offs


@dataclass(frozen=True)
class Positives:
    """What a cut-off calls positive: true and false positives, and the events that it misses."""

    true: float
    false: float
    missed: float

    def __add__(self, other: Positives) -> Positives:
        """Put two sets of rows together."""
        return Positives(self.true + other.true, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN)."""
        return 2 * self.true / (2 * self.true + self.false + self.missed)


def positives_at(ranking: Ranking, cutoff: float) -> Positives:
    """Count what a cut-off calls positive; a score that ties with it is."""
    place = ranking.first_at_or_above(cutoff)
    if place == ranking.score.size:
        return Positives(0.0, 0.0, ranking.total_events)
    true = float(ranking.events_at_or_above[place])
    return Positives(true, float(ranking.nonevents_at_or_above[place]), ranking.total_events - true)


def checked_cutoff(cutoff: float | str) -> float | str:
    """Return a cut-off, a probability or a criterion that chooses one, or raise an `OptionError`."""
    if isinstance(cutoff, str):
        return one_of("cutoff", cutoff, CRITERIA)
    if isinstance(cutoff, (int, float, np.number)) and not isinstance(cutoff, bool) and 0 <= cutoff <= 1:
        return float(cutoff)
    raise OptionError(f"cutoff={cutoff!r} is neither a probability nor one of {listing(map(repr, CRITERIA))}.")


def best_cutoff(ranking: Ranking, criterion: str) -> float:
    """Give the observed score at which a criterion is largest; of several, the lowest (the most sensitive)."""
    return float(ranking.score[best(Sweep.of(ranking), CRITERIA[criterion]).first])


# ------------------------------------------------------------------------------------------------ all of them


@dataclass(frozen=True)
class Measure:
    """A measure of performance: its words, what it means, whether larger is better (None: 1 or 0 is ideal)."""

    words: str
    meaning: str
    larger_is_better: bool | None


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "auc": Measure("Area under the ROC curve (AUC)", "share of pairs ranked rightly", True),
        "log_loss": Measure("Log loss", "minus the mean log-likelihood of a row, natural logarithms", False),
        "brier": Measure("Brier score", "mean squared difference of outcome and probability", False),
        "slope": Measure("Calibration slope", "slope of the outcomes on logit(p), ideally 1", None),
        "intercept": Measure("Calibration intercept", "intercept of the same line, ideally 0", None),
        "ks": Measure("Kolmogorov-Smirnov distance", "largest distance between the two score distributions", True),
        "top_decile_lift": Measure("Lift of the top decile", "rate in the highest tenth / rate of all rows", True),
        "f1": Measure("F1 at the chosen cut-off", "harmonic mean of precision and sensitivity", True),
    }
)

_BY_RANKING: Final[Mapping[str, Callable[[Ranking], float]]] = MappingProxyType(
    {"auc": auc, "log_loss": log_loss, "brier": brier, "ks": ks, "top_decile_lift": top_decile_lift}
)


def measured(ranking: Ranking, positives: Positives) -> dict[str, float]:
    """Give every measure of `MEASURES`.

    Args:
        ranking: predicted probabilities, with events and non-events among them.
        positives: what the chosen cut-off calls positive.

    """
    line = calibration_line(ranking)
    found = {name: function(ranking) for name, function in _BY_RANKING.items()}
    found |= {"slope": line.slope, "intercept": line.intercept, "f1": positives.f1}
    return {name: found[name] for name in MEASURES}


def one_measure(name: str, ranking: Ranking, cutoff: float | None = None) -> float:
    """Give one measure that a larger or smaller value of is better; F1 needs its cut-off."""
    return _BY_RANKING[name](ranking) if cutoff is None else positives_at(ranking, cutoff).f1
