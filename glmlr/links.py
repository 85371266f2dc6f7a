"""How does a linear predictor become a probability? The three links, as values.

Each link gives, for an array `eta` of any shape, the mean and what Fisher scoring needs. All expressions are exact in
both tails: nothing is clipped, no probability is rounded to 0 or 1 before its logarithm is taken.

Reference: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., sections 2.2.3 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

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
        information: expected, E(-d^2 loglik / d eta^2), or observed, -d^2 loglik / d eta^2; one for the logit.

    """

    loglik: Floats
    score: Floats
    information: Floats


class OfRows(Protocol):
    """A function of linear predictors (n,) and shares of events (n,)."""

    def __call__(self, eta: Floats, y: Floats, *, expected: bool = True) -> Likelihood:
        """Give log-likelihood, score and expected or observed information of each row."""
        ...


LOG_SQRT_2PI: Final = float(0.5 * np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Link:
    """A link g with eta = g(mu).

    Attributes:
        name: "logit", "probit" or "cloglog".
        mean: eta -> mu.
        link: mu -> eta.
        density: eta -> d mu / d eta.
        density_slope: eta -> d log(density) / d eta = mu'' / mu', for slopes of slopes and the bias of first order.
        log_mean: eta -> log(mu), exact where mu underflows.
        log_complement: eta -> log(1 - mu), exact where 1 - mu underflows.
        event_score: eta -> d log(mu) / d eta, the unit score of an event (> 0).
        nonevent_score: eta -> d log(1 - mu) / d eta, the unit score of a non-event (< 0).
        weight: eta -> (d mu / d eta)^2 / (mu (1 - mu)), the expected information of one row; it equals
            -event_score * nonevent_score for every link.
        likelihood: (eta, y, expected=True) -> log-likelihood, score and information of each row, in one go.
        score: (eta, y) -> the score alone.
        latent_variance: variance of the latent error (pi^2 / 3, 1, pi^2 / 6), for McKelvey & Zavoina's R2.
        has_odds_ratio: whether exp(beta) is an odds ratio.

    """

    name: str
    mean: Unary
    link: Unary
    density: Unary
    density_slope: Unary
    log_mean: Unary
    log_complement: Unary
    event_score: Unary
    nonevent_score: Unary
    weight: Unary
    likelihood: OfRows
    score: Callable[[Floats, Floats], Floats]
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


#: exp(709.78) is the largest finite float; beyond 700 the outcome is certain to the last bit in any case.
_LARGEST_EXPONENT: Final = 700.0


def _all_or_nothing(y: Floats) -> bool:
    """Whether every row is an event or a non-event: then one side of the likelihood is enough."""
    return bool(((y == 0.0) | (y == 1.0)).all())


def _logit_likelihood(eta: Floats, y: Floats, *, expected: bool = True) -> Likelihood:  # noqa: ARG001  (they are one)
    """One exponential serves all three; neither tail overflows or cancels."""
    if not _all_or_nothing(y):
        return _logit_of_shares(eta, y)
    # t = exp(-s eta), the odds against what happened, with s = 1 for an event and -1 for a non-event.
    sign = 2.0 * y
    sign -= 1.0
    t = sign * eta
    if t.size and t.min() < -_LARGEST_EXPONENT:
        return _logit_of_shares(eta, y)
    np.negative(t, out=t)
    np.exp(t, out=t)
    loglik = np.log1p(t)
    np.negative(loglik, out=loglik)
    likely = np.add(t, 1.0)
    np.reciprocal(likely, out=likely)
    t *= likely
    sign *= t
    t *= likely
    return Likelihood(loglik, sign, t)


def _logit_of_shares(eta: Floats, y: Floats) -> Likelihood:
    """Give the same for any shares of events and any eta, by t = exp(-|eta|)."""
    t = np.abs(eta)
    np.negative(t, out=t)
    np.exp(t, out=t)
    near = 1.0 / (1.0 + t)
    far = t * near
    loglik = y * np.minimum(eta, 0.0)
    loglik -= (1.0 - y) * np.maximum(eta, 0.0)
    loglik -= np.log1p(t)
    return Likelihood(loglik, y - np.where(eta >= 0, near, far), near * far)


LOGIT: Final = Link(
    name="logit",
    mean=lambda eta: np.asarray(expit(eta)),
    link=lambda mu: np.asarray(np.log(mu) - np.log1p(-mu)),
    density=_logit_weight,
    density_slope=lambda eta: np.asarray(-np.tanh(0.5 * eta)),
    log_mean=lambda eta: -log1pexp(-eta),
    log_complement=lambda eta: -log1pexp(eta),
    event_score=lambda eta: np.asarray(expit(-eta)),
    nonevent_score=lambda eta: np.asarray(-expit(eta)),
    weight=_logit_weight,
    likelihood=_logit_likelihood,
    score=lambda eta, y: np.asarray(y - expit(eta)),
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


#: Up to here, in standard deviations, neither the normal tail nor its density comes near the smallest float.
_DEEPEST_NORMAL_TAIL: Final = 37.0


def _probit_likelihood(eta: Floats, y: Floats, *, expected: bool = True) -> Likelihood:
    """One tail probability, that of the less likely outcome, serves all; the other is its complement."""
    size = np.abs(eta)
    if not _all_or_nothing(y) or (size.size and not size.max() <= _DEEPEST_NORMAL_TAIL):
        return _probit_of_shares(eta, y, expected)
    np.negative(size, out=size)
    rare = ndtr(size)
    common = 1.0 - rare
    density = np.square(size, out=size)
    density *= -0.5
    density -= LOG_SQRT_2PI
    np.exp(density, out=density)
    sign = 2.0 * y
    sign -= 1.0
    toward = sign * eta
    likely = toward >= 0.0
    loglik = np.where(likely, np.log1p(-rare), np.log(rare))
    mills = density / np.where(likely, common, rare)
    sign *= mills
    if expected:
        np.divide(density, rare, out=rare)
        rare *= density
        rare /= common
        return Likelihood(loglik, sign, rare)
    toward += mills
    toward *= mills
    return Likelihood(loglik, sign, np.maximum(toward, 0.0, out=toward))


def _probit_of_shares(eta: Floats, y: Floats, expected: bool) -> Likelihood:
    """Give the same for any shares of events and any eta, by logarithms."""
    log_mean, log_complement = log_ndtr(eta), log_ndtr(-eta)
    log_density = -0.5 * eta * eta - LOG_SQRT_2PI
    event, nonevent = np.exp(log_density - log_mean), -np.exp(log_density - log_complement)
    curvature = -event * nonevent if expected else _mixed(y, event * (event + eta), nonevent * (nonevent + eta))
    return Likelihood(
        loglik=_mixed(y, log_mean, log_complement),
        score=_mixed(y, event, nonevent),
        information=np.maximum(curvature, 0.0),
    )


PROBIT: Final = Link(
    name="probit",
    mean=lambda eta: np.asarray(ndtr(eta)),
    link=lambda mu: np.asarray(ndtri(mu)),
    density=_normal_density,
    density_slope=lambda eta: -eta,
    log_mean=lambda eta: np.asarray(log_ndtr(eta)),
    log_complement=lambda eta: np.asarray(log_ndtr(-eta)),
    event_score=_mills,
    nonevent_score=lambda eta: -_mills(-eta),
    weight=lambda eta: np.asarray(_mills(eta) * _mills(-eta)),
    likelihood=_probit_likelihood,
    score=lambda eta, y: _probit_likelihood(eta, y).score,
    latent_variance=1.0,
)


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
    return np.asarray(np.where(hazard < 1e-17, eta, np.where(hazard < _SMALL_HAZARD, small, large)))


#: Below this hazard 1 - exp(-t) keeps its digits by expm1, above it by log1p.
_SMALL_HAZARD: Final = 0.7
#: Up to this eta exp(-exp(eta)) is a normal float.
_LARGEST_LOG_HAZARD: Final = 6.5


def _cloglog_likelihood(eta: Floats, y: Floats, *, expected: bool = True) -> Likelihood:
    """What a non-event contributes is its hazard; the rest is found for the events alone."""
    ordinary = eta.size == 0 or (eta.min() > -_LARGEST_EXPONENT and eta.max() < _LARGEST_LOG_HAZARD)
    if not (ordinary and _all_or_nothing(y)):
        return _cloglog_of_shares(eta, y, expected)
    hazard = np.exp(eta)
    events = np.flatnonzero(y)
    t = hazard[events]
    survival, mean = np.exp(-t), -np.expm1(-t)
    event = t * survival / mean
    score = -hazard
    loglik = score.copy()
    score[events] = event
    loglik[events] = np.where(t < _SMALL_HAZARD, np.log(mean), np.log1p(-np.minimum(survival, 0.5)))
    if expected:
        return Likelihood(loglik, score, hazard * (hazard / np.expm1(hazard)))
    hazard[events] = event * _bend(t, event)
    return Likelihood(loglik, score, hazard)


def _bend(hazard: Floats, event: Floats) -> Floats:
    """Give event + hazard - 1, which cancels for a small hazard t; its series is t / 2 + t^2 / 12."""
    return np.where(hazard < 1e-3, hazard * 0.5 + np.minimum(hazard, 1.0) ** 2 / 12.0, event + hazard - 1.0)


def _cloglog_of_shares(eta: Floats, y: Floats, expected: bool) -> Likelihood:
    """Give the same for any shares of events and any eta."""
    hazard = _hazard(eta)
    event = _cloglog_event_score(eta)
    return Likelihood(
        loglik=_mixed(y, _cloglog_log_mean(eta), -hazard),
        score=_mixed(y, event, -hazard),
        information=np.asarray(event * hazard) if expected else _mixed(y, event * _bend(hazard, event), hazard),
    )


CLOGLOG: Final = Link(
    name="cloglog",
    mean=lambda eta: np.asarray(-np.expm1(-_hazard(eta))),
    link=lambda mu: np.asarray(np.log(-np.log1p(-mu))),
    density=lambda eta: np.asarray(np.exp(np.minimum(eta, _LARGEST_EXPONENT) - _hazard(eta))),
    # By expm1, as 1 - exp(eta) cancels where eta is near 0.
    density_slope=lambda eta: np.asarray(-np.expm1(np.minimum(eta, _LARGEST_EXPONENT))),
    log_mean=_cloglog_log_mean,
    log_complement=lambda eta: -_hazard(eta),
    event_score=_cloglog_event_score,
    nonevent_score=lambda eta: -_hazard(eta),
    weight=lambda eta: np.asarray(_hazard(eta) * _cloglog_event_score(eta)),
    likelihood=_cloglog_likelihood,
    score=lambda eta, y: _cloglog_likelihood(eta, y).score,
    latent_variance=float(np.pi**2 / 6),
)

LINKS: Final[Mapping[str, Link]] = {link.name: link for link in (LOGIT, PROBIT, CLOGLOG)}


def link_named(name: str) -> Link:
    """Give the link with this name, or raise an `OptionError` that lists the names."""
    return LINKS[one_of("link", name, LINKS)]
