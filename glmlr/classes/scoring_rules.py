"""How good are the probabilities of several classes, row by row? Logarithmic, Brier and ranked probability scores.

References: Brier (1950), Monthly Weather Review 78, 1-3; Epstein (1969), Journal of Applied Meteorology 8, 985-987
(ranked probability score); Gneiting & Raftery (2007), JASA 102, 359-378.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.classes.scores import ClassScores

Floats = npt.NDArray[np.float64]

RULES: Final = ("log_score", "brier", "ranked")


@dataclass(frozen=True)
class MeanScore:
    """The mean of a score over rows, its standard error, and that of predicting the shares of the classes."""

    value: float
    std_error: float
    of_shares: float

    @property
    def gain(self) -> float:
        """1 - score / score of the shares; NaN where that is 0."""
        return 1 - self.value / self.of_shares if self.of_shares > 0 else math.nan


def mean_score(scores: ClassScores, rule: str) -> MeanScore:
    """Give the mean over rows of a score, smaller being better.

    Args:
        scores: classes and probabilities.
        rule: "log_score", minus the log of the probability of the row's class; "brier", the sum over the classes of
            (1 or 0 - p)^2, in [0, 2]; "ranked", the mean over the J - 1 cuts between classes in order of the squared
            distance of cumulated outcome and cumulated probability, in [0, 1].

    """
    weight = np.ones(scores.size) if scores.weight is None else scores.weight
    each, total = _each(scores.probabilities, scores.outcome, rule), float(weight.sum())
    weight, each = weight[weight > 0], each[weight > 0]  # 0 times an infinite score is no number
    value = float(np.dot(weight, each)) / total
    error = math.nan
    if total > 1 and math.isfinite(value):
        error = math.sqrt(float(np.dot(weight, (each - value) ** 2)) / (total - 1) / total)
    # Every row of a class has one score there, so that a row of each class is enough.
    shares, classes = scores.counts / total, np.flatnonzero(scores.counts)
    flat = _each(np.broadcast_to(shares, (classes.size, shares.size)), classes, rule)
    return MeanScore(value, error, float(np.dot(shares[classes], flat)))


def _each(p: Floats, outcome: npt.NDArray[np.intp], rule: str) -> Floats:
    """Give the score of every row, shape (n,)."""
    own = p[np.arange(outcome.size), outcome]
    if rule == "log_score":
        with np.errstate(divide="ignore"):
            return np.asarray(-np.log(own))
    if rule == "brier":
        return np.asarray(np.einsum("ij,ij->i", p, p) - own**2 + (1 - own) ** 2)
    reached = outcome[:, None] <= np.arange(p.shape[1] - 1)
    return np.asarray(((np.cumsum(p, axis=1)[:, :-1] - reached) ** 2).mean(axis=1))
