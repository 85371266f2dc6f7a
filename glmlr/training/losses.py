"""What does a trainer make small? Binary cross-entropy, which is the negative log-likelihood, and squared error.

Both are of Bernoulli trials: a row of share y counts as y events and 1 - y non-events, so that a grouped row is its
trials.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import NotApplicable, one_of
from glmlr.links import Link

Floats = npt.NDArray[np.float64]

LOSSES: Final = ("cross-entropy", "squared")


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss of each row as a function of its linear predictor (b rows).

    Attributes:
        name: "cross-entropy" or "squared".
        value: (eta, y) -> the loss, shape (b,).
        slope: (eta, y) -> its derivative by eta, shape (b,).
        both: (eta, y) -> value and slope, in one go.
        curvature: (eta, y) -> its second derivative by eta, shape (b,).
        steepest: no second derivative exceeds this; None where there is no such number.

    """

    name: str
    value: Callable[[Floats, Floats], Floats]
    slope: Callable[[Floats, Floats], Floats]
    both: Callable[[Floats, Floats], tuple[Floats, Floats]]
    curvature: Callable[[Floats, Floats], Floats]
    steepest: float | None


def cross_entropy(link: Link) -> Loss:
    """Give -log-likelihood of each row; its curvature is the observed information."""

    def both(eta: Floats, y: Floats) -> tuple[Floats, Floats]:
        found = link.likelihood(eta, y)
        return -found.loglik, -found.score

    return Loss(
        name="cross-entropy",
        value=lambda eta, y: -link.likelihood(eta, y).loglik,
        slope=lambda eta, y: -link.score(eta, y),
        both=both,
        curvature=lambda eta, y: link.likelihood(eta, y, expected=False).information,
        steepest={"logit": 0.25, "probit": 1.0}.get(link.name),
    )


#: Where m (1 - m)^2 (3 m - 1), half the second derivative of (1 - m)^2 by the logit of m, is largest.
_STEEPEST_AT: Final = (9.0 + 33.0**0.5) / 24.0


def squared_error(link: Link) -> Loss:
    """Give the squared distance of each outcome from the probability, which is not convex in the linear predictor.

    Raises:
        NotApplicable: another link than the logit.

    """
    if link.name != "logit":
        raise NotApplicable(f'loss="squared" is there for the logit, not for the {link.name}.')

    def value(eta: Floats, y: Floats) -> Floats:
        mu, complement = link.mean(eta), link.mean(-eta)
        return np.asarray(y * complement**2 + (1.0 - y) * mu**2)

    def slope(eta: Floats, y: Floats) -> Floats:
        return np.asarray(-2.0 * link.score(eta, y) * link.density(eta))

    def curvature(eta: Floats, y: Floats) -> Floats:
        density, bend = link.density(eta), link.mean(-eta) - link.mean(eta)
        return np.asarray(2.0 * density * (density - link.score(eta, y) * bend))

    m = _STEEPEST_AT
    return Loss(
        name="squared",
        value=value,
        slope=slope,
        both=lambda eta, y: (value(eta, y), slope(eta, y)),
        curvature=curvature,
        steepest=2.0 * m * (1.0 - m) ** 2 * (3.0 * m - 1.0),
    )


def loss_named(name: str, link: Link) -> Loss:
    """Give the loss with this name.

    Raises:
        OptionError: there is none.
        NotApplicable: squared error with another link than the logit.

    """
    return cross_entropy(link) if one_of("loss", name, LOSSES) == "cross-entropy" else squared_error(link)
