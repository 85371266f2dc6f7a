"""How does a linear predictor become a probability? The three links, as values.

Each link gives, for an array `eta` of any shape, the mean and what Fisher scoring needs. All expressions are exact in
both tails: nothing is clipped, no probability is rounded to 0 or 1 before its logarithm is taken.

Reference: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., sections 2.2.3 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_ndtr, ndtr, ndtri

from glmlr.errors import one_of

Floats = npt.NDArray[np.float64]
Unary = Callable[[Floats], Floats]


class Likelihood(NamedTuple):
    """What rows contribute, shape (n,) each.

    Attributes:
        loglik: log-likelihood.
        score: its derivative by eta.
        weight: expected information, E(-d^2 loglik / d eta^2).
        curvature: observed information, -d^2 loglik / d eta^2; the same for the logit.

    """

    loglik: Floats
    score: Floats
    weight: Floats
    curvature: Floats


LOG_SQRT_2PI: Final = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True, eq=False)
class Link:
    """A link g with eta = g(mu).

    Attributes:
        name: "logit", "probit" or "cloglog".
        mean: eta -> mu.
        link: mu -> eta.
        density: eta -> d mu / d eta.
        log_mean: eta -> log(mu), exact where mu underflows.
        log_complement: eta -> log(1 - mu), exact where 1 - mu underflows.
        event_score: eta -> d log(mu) / d eta, the unit score of an event (> 0).
        nonevent_score: eta -> d log(1 - mu) / d eta, the unit score of a non-event (< 0).
        weight: eta -> (d mu / d eta)^2 / (mu (1 - mu)), the expected information of one row; it equals
            -event_score * nonevent_score for every link.
        likelihood: (eta, y) -> log-likelihood, score and information of each row, in one go.
        latent_variance: variance of the latent error (pi^2 / 3, 1, pi^2 / 6), for McKelvey & Zavoina's R2.
        has_odds_ratio: whether exp(beta) is an odds ratio.

    """

    name: str
    mean: Unary
    link: Unary
    density: Unary
    log_mean: Unary
    log_complement: Unary
    event_score: Unary
    nonevent_score: Unary
    weight: Unary
    likelihood: Callable[[Floats, Floats], Likelihood]
    latent_variance: float
    has_odds_ratio: bool = False

    def __reduce__(self) -> tuple[Callable[[str], Link], tuple[str]]:
        """Pickle by name: functions without one of their own cannot be."""
        return link_named, (self.name,)

    def __repr__(self) -> str:
        """Name the link."""
        return f"Link({self.name})"


def log1pexp(eta: Floats) -> Floats:
    """Give log(1 + exp(eta)) without overflow: max(eta, 0) + log1p(exp(-|eta|))."""
    size = np.abs(eta)
    np.negative(size, out=size)
    np.exp(size, out=size)
    np.log1p(size, out=size)
    return np.asarray(np.maximum(eta, 0.0) + size)


def _logit_weight(eta: Floats) -> Floats:
    mu = expit(eta)
    return np.asarray(mu * expit(-eta))


def _logit_likelihood(eta: Floats, y: Floats) -> Likelihood:
    """One exponential, t = exp(-|eta|), serves all three; neither tail overflows or cancels."""
    t = np.abs(eta)
    np.negative(t, out=t)
    np.exp(t, out=t)
    near = 1.0 / (1.0 + t)
    far = t * near
    loglik = y * np.minimum(eta, 0.0)
    loglik -= (1.0 - y) * np.maximum(eta, 0.0)
    loglik -= np.log1p(t)
    weight = near * far
    return Likelihood(loglik, y - np.where(eta >= 0, near, far), weight, weight)


LOGIT: Final = Link(
    name="logit",
    mean=lambda eta: np.asarray(expit(eta)),
    link=lambda mu: np.asarray(np.log(mu) - np.log1p(-mu)),
    density=_logit_weight,
    log_mean=lambda eta: -log1pexp(-eta),
    log_complement=lambda eta: -log1pexp(eta),
    event_score=lambda eta: np.asarray(expit(-eta)),
    nonevent_score=lambda eta: np.asarray(-expit(eta)),
    weight=_logit_weight,
    likelihood=_logit_likelihood,
    latent_variance=float(np.pi**2 / 3),
    has_odds_ratio=True,
)


def _mixed(y: Floats, event: Floats, nonevent: Floats) -> Floats:
    """Mix what an event and a non-event contribute, by the share of events."""
    return np.asarray(y * event + (1.0 - y) * nonevent)


def _normal_density(eta: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * eta * eta - LOG_SQRT_2PI))


def _mills(eta: Floats) -> Floats:
    """Give phi(eta) / Phi(eta), the derivative of log Phi: positive, about -eta in the far left tail."""
    return np.asarray(np.exp(-0.5 * eta * eta - LOG_SQRT_2PI - log_ndtr(eta)))


def _probit_likelihood(eta: Floats, y: Floats) -> Likelihood:
    log_mean, log_complement = log_ndtr(eta), log_ndtr(-eta)
    log_density = -0.5 * eta * eta - LOG_SQRT_2PI
    event, nonevent = np.exp(log_density - log_mean), -np.exp(log_density - log_complement)
    return Likelihood(
        loglik=_mixed(y, log_mean, log_complement),
        score=_mixed(y, event, nonevent),
        weight=np.asarray(-event * nonevent),
        curvature=np.maximum(_mixed(y, event * (event + eta), nonevent * (nonevent + eta)), 0.0),
    )


PROBIT: Final = Link(
    name="probit",
    mean=lambda eta: np.asarray(ndtr(eta)),
    link=lambda mu: np.asarray(ndtri(mu)),
    density=_normal_density,
    log_mean=lambda eta: np.asarray(log_ndtr(eta)),
    log_complement=lambda eta: np.asarray(log_ndtr(-eta)),
    event_score=_mills,
    nonevent_score=lambda eta: -_mills(-eta),
    weight=lambda eta: np.asarray(_mills(eta) * _mills(-eta)),
    likelihood=_probit_likelihood,
    latent_variance=1.0,
)


#: exp(709.78) is the largest finite float; beyond 700 the outcome is certain to the last bit in any case.
_LARGEST_EXPONENT: Final = 700.0


def _hazard(eta: Floats) -> Floats:
    return np.asarray(np.exp(np.minimum(eta, _LARGEST_EXPONENT)))


def _cloglog_event_score(eta: Floats) -> Floats:
    """Give t / (exp(t) - 1) with t = exp(eta): 1 in the left tail, 0 in the right."""
    hazard = _hazard(eta)
    with np.errstate(over="ignore", invalid="ignore"):
        score = np.where(hazard > 0, hazard / np.expm1(np.minimum(hazard, _LARGEST_EXPONENT)), 1.0)
    return np.asarray(np.where(hazard > _LARGEST_EXPONENT, 0.0, score))


def _cloglog_log_mean(eta: Floats) -> Floats:
    """Give log(1 - exp(-t)): by expm1 for small t, by log1p for large; where t is tiny it is log t = eta itself."""
    hazard = _hazard(eta)
    with np.errstate(divide="ignore"):
        small = np.log(-np.expm1(-hazard))
        large = np.log1p(-np.exp(-hazard))
    return np.asarray(np.where(hazard < 1e-17, eta, np.where(hazard < 0.7, small, large)))


def _cloglog_likelihood(eta: Floats, y: Floats) -> Likelihood:
    hazard = _hazard(eta)
    event = _cloglog_event_score(eta)
    # event + hazard - 1 cancels for a small hazard t; its series is t / 2 + t^2 / 12.
    bend = np.where(hazard < 1e-3, hazard * 0.5 + np.minimum(hazard, 1.0) ** 2 / 12.0, event + hazard - 1.0)
    return Likelihood(
        loglik=_mixed(y, _cloglog_log_mean(eta), -hazard),
        score=_mixed(y, event, -hazard),
        weight=np.asarray(event * hazard),
        curvature=_mixed(y, event * bend, hazard),
    )


CLOGLOG: Final = Link(
    name="cloglog",
    mean=lambda eta: np.asarray(-np.expm1(-_hazard(eta))),
    link=lambda mu: np.asarray(np.log(-np.log1p(-mu))),
    density=lambda eta: np.asarray(np.exp(np.minimum(eta, _LARGEST_EXPONENT) - _hazard(eta))),
    log_mean=_cloglog_log_mean,
    log_complement=lambda eta: -_hazard(eta),
    event_score=_cloglog_event_score,
    nonevent_score=lambda eta: -_hazard(eta),
    weight=lambda eta: np.asarray(_hazard(eta) * _cloglog_event_score(eta)),
    likelihood=_cloglog_likelihood,
    latent_variance=float(np.pi**2 / 6),
)

LINKS: Final[Mapping[str, Link]] = {link.name: link for link in (LOGIT, PROBIT, CLOGLOG)}


def link_named(name: str) -> Link:
    """Give the link with this name, or raise an `OptionError` that lists the names."""
    return LINKS[one_of("link", name, LINKS)]
