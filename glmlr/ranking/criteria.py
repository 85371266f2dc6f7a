"""Which cut-off is best? The criteria that choose one, and the observed score at which each is largest.

Each criterion is a function of sensitivity, false positive rate and prevalence, so that the share of events where the
cut-off will be used may differ from that of the rows (a case-control sample).

References: Youden (1950), Cancer 3, 32-35; Greiner et al. (1995), J. Immunol. Methods 185, 123-132 (equal rates,
efficiency); Perkins & Schisterman (2006), Am. J. Epidemiol. 163, 670-675 (closest corner); Lopez-Raton et al. (2014),
J. Stat. Software 61(8) (costs, and a survey).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.ranking.sweep import Rates, Sweep

Floats = npt.NDArray[np.float64]
Of = Callable[[Rates, float], Floats]

#: Values of a criterion this close are equal: they come from ratios of whole numbers.
TIE: Final = 1e-12


class Criterion(NamedTuple):
    """What makes a cut-off good.

    Attributes:
        words: what is sought, as in "the cut-off with the largest F1".
        label: the same as the name of a line.
        value: its value at rates and a prevalence, the larger the better; NaN where it is undefined.
        bound: what no cut-off between two exceeds, of the rates at the lower, those at the higher and a prevalence.
            None where the criterion grows with the sensitivity and falls with the false positive rate: then nothing
            between is better than the sensitivity of the lower with the false positive rate of the higher.
        shown: from its value to the number a reader knows (a cost, not minus a cost); None where they are one.

    """

    words: str
    label: str
    value: Of
    bound: Callable[[Rates, Rates, float], Floats] | None = None
    shown: Callable[[float], float] | None = None

    def number(self, value: float) -> float:
        """Give the number a reader knows of a value."""
        return value if self.shown is None else self.shown(value)


def _youden(at: Rates, _: float) -> Floats:
    return np.asarray(at.sensitivity - at.false_positive_rate)


def _closeness(at: Rates, _: float) -> Floats:
    return np.asarray(-((1 - at.sensitivity) ** 2) - at.false_positive_rate**2)


def _evenness(at: Rates, _: float) -> Floats:
    return np.asarray(-np.abs(at.sensitivity + at.false_positive_rate - 1))


def _evenness_between(lower: Rates, higher: Rates, prevalence: float) -> Floats:
    """Give 0 where sensitivity and specificity cross on the way, else the better end."""
    below, above = (ends.sensitivity + ends.false_positive_rate - 1 for ends in (lower, higher))
    crossed = (below >= 0) & (above <= 0)
    return np.where(crossed, 0.0, np.maximum(_evenness(lower, prevalence), _evenness(higher, prevalence)))


def _g_mean(at: Rates, _: float) -> Floats:
    return np.asarray(np.sqrt(at.sensitivity * (1 - at.false_positive_rate)))


def _accuracy(at: Rates, prevalence: float) -> Floats:
    return np.asarray(prevalence * at.sensitivity + (1 - prevalence) * (1 - at.false_positive_rate))


def _kappa(at: Rates, prevalence: float) -> Floats:
    called = prevalence * at.sensitivity + (1 - prevalence) * at.false_positive_rate
    chance_of_error = prevalence * (1 - called) + (1 - prevalence) * called
    return np.asarray(1 - (1 - _accuracy(at, prevalence)) / chance_of_error)


def _mcc(at: Rates, prevalence: float) -> Floats:
    called = prevalence * at.sensitivity + (1 - prevalence) * at.false_positive_rate
    some_negative = (at.sensitivity < 1) | (at.false_positive_rate < 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(prevalence * (1 - prevalence) / (called * (1 - called)))
        return np.where(some_negative & (called > 0), spread * _youden(at, prevalence), np.nan)


def f_of(beta: float) -> Criterion:
    """Give the F with so much more weight on sensitivity than on precision.

    F = (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP).

    Reference: van Rijsbergen (1979), Information Retrieval, 2nd ed., chapter 7.
    """

    def value(at: Rates, prevalence: float) -> Floats:
        true, false = prevalence * at.sensitivity, (1 - prevalence) * at.false_positive_rate
        return np.asarray((1 + beta**2) * true / (true + false + beta**2 * prevalence))

    return Criterion(f"the largest F{beta:g}", f"Largest F{beta:g}", value)


def cost_of(cost_fp: float, cost_fn: float) -> Criterion:
    """Give the criterion of the smallest cost of errors: minus the cost of a row, the dearer error costing 1.

    With C_FN / C_FP as ratio this is the misclassification cost term, ratio π (1 - sensitivity) + (1 - π) (1 -
    specificity), and chooses what the largest sensitivity + (1 - π) / (π ratio) specificity chooses.
    """
    dearer = max(cost_fp, cost_fn)
    fp, fn = cost_fp / dearer, cost_fn / dearer

    def value(at: Rates, prevalence: float) -> Floats:
        missed = fn * prevalence * (1 - at.sensitivity)
        return np.asarray(-(missed + fp * (1 - prevalence) * at.false_positive_rate))

    costs = f"(FP {cost_fp:g}, FN {cost_fn:g})"
    return Criterion(
        f"the smallest cost of errors {costs}", f"Smallest cost {costs}", value, shown=lambda found: -found * dearer
    )


#: Criteria that need nothing but scores, the larger the better.
CRITERIA: Final[Mapping[str, Criterion]] = MappingProxyType(
    {
        "max_f1": f_of(1.0),
        "youden": Criterion("the largest Youden's J", "Youden's J", _youden),
        "closest_corner": Criterion(
            "the smallest distance to the corner of the ROC curve",
            "Closest to the corner",
            _closeness,
            shown=lambda value: math.sqrt(-value),
        ),
        "equal_rates": Criterion(
            "the smallest difference of sensitivity and specificity",
            "Sensitivity = specificity",
            _evenness,
            _evenness_between,
            shown=lambda value: 0.0 - value,
        ),
        "max_g_mean": Criterion("the largest geometric mean of both rates", "Largest geometric mean", _g_mean),
        "max_accuracy": Criterion("the largest accuracy", "Largest accuracy", _accuracy),
        "max_mcc": Criterion("the largest Matthews correlation", "Largest Matthews correlation", _mcc),
        "max_kappa": Criterion("the largest kappa", "Largest kappa", _kappa),
    }
)


class Best(NamedTuple):
    """Where a criterion is largest.

    Attributes:
        value: its largest value; NaN where it is defined nowhere.
        first: the lowest place with that value.
        last: the highest one.
        equals: how many places have it.

    """

    value: float
    first: int
    last: int
    equals: int


def best(sweep: Sweep, criterion: Criterion, prevalence: float | None = None) -> Best:
    """Find the observed scores at which a criterion is largest.

    What no score of a piece can exceed is known from the rates at the ends of the piece: pieces that cannot hold the
    best score are not looked at.

    Args:
        sweep: the scores, with events and non-events among them.
        criterion: what is sought.
        prevalence: share of events where the cut-off will be used; None for that of the rows.

    """
    share = sweep.prevalence if prevalence is None else prevalence

    def values(number: int) -> Floats:
        found = criterion.value(sweep.inside(number), share)
        return np.where(np.isnan(found), -np.inf, found)

    bounds, looked, top = _bounds(sweep, criterion, share), {}, -np.inf
    for number in np.argsort(-bounds, kind="stable").tolist():
        if bounds[number] < top - TIE:
            break
        looked[number] = values(number)
        top = max(top, float(looked[number].max()))
    at = np.concatenate([sweep.pieces[i].start + np.flatnonzero(looked[i] >= top - TIE) for i in sorted(looked)])
    return Best(top if top > -np.inf else np.nan, int(at[0]), int(at[-1]), int(at.size))


def _bounds(sweep: Sweep, criterion: Criterion, share: float) -> Floats:
    """Give what no score of each piece can exceed, infinite where that is unknown."""
    lower, higher = sweep.ends
    if criterion.bound is not None:
        found = criterion.bound(lower, higher, share)
    else:
        found = criterion.value(Rates(lower.sensitivity, higher.false_positive_rate), share)
    return np.where(np.isnan(found), np.inf, found)
