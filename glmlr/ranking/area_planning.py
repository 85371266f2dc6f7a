"""How many rows does a statement about an area need? Variances that are expected under the binormal model."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri


@dataclass(frozen=True)
class Plan:
    """What a test of an area (or of the difference of two) is to find.

    Attributes:
        difference: area minus the area under the null hypothesis, or the first area minus the second.
        null_variance: variance of the (difference of) areas under the null hypothesis, times the number of events.
        variance: the same where the areas are as stated.

    """

    difference: float
    null_variance: float
    variance: float

    def power(self, events: float, tail: float) -> float:
        """Give the chance that a test finds the difference, `tail` being the significance level of one side."""
        reach = math.sqrt(events) * abs(self.difference) + float(ndtri(tail)) * math.sqrt(self.null_variance)
        return float(ndtr(reach / math.sqrt(self.variance)))

    def events(self, power: float, tail: float) -> float:
        """Give the number of events with which a test finds the difference with a chance of `power`."""
        reach = float(-ndtri(tail)) * math.sqrt(self.null_variance) + float(ndtri(power)) * math.sqrt(self.variance)
        # With a reach below 0, the power of no events at all is larger than wanted.
        return max(reach, 0.0) ** 2 / self.difference**2


def plan_of_one(auc: float, null: float, ratio: float, *, published: bool = True) -> Plan:
    """Plan the test of one area against a stated value.

    Args:
        auc: the area.
        null: the area under the null hypothesis.
        ratio: non-events per event.
        published: take Obuchowski's variance, 0.0099 exp(-A^2 / 2) (5 A^2 + 8 + (A^2 + 8) / ratio) / events with
            A = 1.414 times the normal deviate of the area: the constants are 1 / (32 pi) and the root of 2, rounded.
            It leaves out that the estimates of the binormal curve's two parameters vary together, and so asks for
            more rows than needed where areas are large; else that is taken in, and nothing is rounded.

    Reference: Obuchowski & McClish (1997), Statistics in Medicine 16, 1529-1542; Obuchowski, Lieber & Wians (2004),
    Clinical Chemistry 50, 1118-1125.

    """
    if published:
        return Plan(auc - null, _published_variance(null, ratio), _published_variance(auc, ratio))
    return Plan(auc - null, *(_variance(_deviate(area), ratio, apart=False) for area in (null, auc)))


def _published_variance(auc: float, ratio: float) -> float:
    square = (1.414 * float(ndtri(auc))) ** 2
    return 0.0099 * math.exp(-square / 2) * (5 * square + 8 + (square + 8) / ratio)


def plan_of_two(
    first: float, second: float, ratio: float, *, of_events: float = 0.0, of_nonevents: float = 0.0, published: bool
) -> Plan:
    """Plan the test that two areas differ, under the binormal model with equal spread in events and non-events.

    Args:
        first: an area.
        second: another.
        ratio: non-events per event.
        of_events: correlation of the two scores among the events; 0 for areas on different rows.
        of_nonevents: that among the non-events.
        published: take the variances of the two areas as in `plan_of_one`, and under the null hypothesis twice that
            of the first (as R pROC does); else both as they are, with the mean of the two under the null hypothesis.

    Reference: Obuchowski & McClish (1997), Statistics in Medicine 16, 1529-1542.

    """
    one, other = _deviate(first), _deviate(second)
    both = _covariance(one, other, of_events, of_nonevents, ratio)
    of_one, of_other = (_variance(a, ratio, apart=published) for a in (one, other))
    at_null = 2 * of_one if published else of_one + of_other
    return Plan(first - second, at_null - 2 * both, of_one + of_other - 2 * both)


def _deviate(auc: float) -> float:
    """Give A of a binormal curve with B = 1, whose area is Phi(A / sqrt(2))."""
    return math.sqrt(2) * float(ndtri(auc))


def _variance(a: float, ratio: float, *, apart: bool) -> float:
    """Give the variance of an area times the number of events; `apart`: as if A and B were estimated independently."""
    density = math.exp(-(a**2) / 2) / (4 * math.pi)
    together = _covariance(a, a, 1.0, 1.0, ratio)
    return together + density * a**2 / 2 if apart else together


def _covariance(one: float, other: float, of_events: float, of_nonevents: float, ratio: float) -> float:
    """Give the covariance of two areas times the number of events, from the deviates A of binormal curves, B = 1.

    With f = dAUC / dA and g = dAUC / dB it is f f' cov(A, A') + g g' cov(B, B') + f g' cov(A, B') + f' g cov(A', B).
    """
    f, f_other = (math.exp(-(a**2) / 4) / math.sqrt(4 * math.pi) for a in (one, other))
    g, g_other = -f * one / 2, -f_other * other / 2
    squared = of_events**2
    return (
        f * f_other * (of_events + of_nonevents / ratio + squared * one * other / 2)
        + g * g_other * (of_nonevents**2 + ratio * squared) / (2 * ratio)
        + f * g_other * squared * one / 2
        + f_other * g * squared * other / 2
    )
