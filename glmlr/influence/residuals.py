"""How far is an observation from its fitted probability? Residuals of binomial observations on every scale.

An observation is m trials with a share y of events and the fitted probability p. Scores and information by eta are
used in place of differences of probabilities, so that nothing cancels where p is near 0 or 1.

References: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., sections 2.4 and 12.4-12.5; Williams (1987),
Applied Statistics 36, 181-191; Dunn & Smyth (1996), J. Comput. Graph. Statist. 5, 236-244.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, bdtrc, ndtri, xlog1py, xlogy

from glmlr.links import Link

Floats = npt.NDArray[np.float64]

#: Those that need the leverage.
STANDARDIZED: Final = ("standardized_pearson", "standardized_deviance", "likelihood")
KINDS: Final = ("pearson", "deviance", "response", "working", *STANDARDIZED, "quantile")


def pearson(y: Floats, trials: Floats | None, eta: Floats, link: Link) -> Floats:
    """Give (y - p) / sqrt(p (1 - p) / m), shape (n,)."""
    found = link.score(eta, y) / np.sqrt(link.weight(eta))
    return np.asarray(found if trials is None else found * np.sqrt(trials))


def squared_deviance(y: Floats, trials: Floats | None, eta: Floats, link: Link) -> Floats:
    """Give 2 m [y log(y / p) + (1 - y) log((1 - y) / (1 - p))], shape (n,)."""
    short = -link.likelihood(eta, y).loglik
    if trials is None:
        return np.asarray(2.0 * short)
    # The difference of two near-equal numbers may come out below 0, which no deviance is.
    return np.asarray(2.0 * trials * np.maximum(short + xlogy(y, y) + xlog1py(1.0 - y, -y), 0.0))


def deviance(y: Floats, trials: Floats | None, eta: Floats, link: Link) -> Floats:
    """Give the root of the observation's share of the deviance with the sign of y - p, shape (n,)."""
    return np.asarray(np.sign(link.score(eta, y)) * np.sqrt(squared_deviance(y, trials, eta, link)))


def response(y: Floats, eta: Floats, link: Link) -> Floats:
    """Give y - p, shape (n,)."""
    return np.asarray(np.where(y == 1.0, np.exp(link.log_complement(eta)), y - link.mean(eta)))


def working(y: Floats, eta: Floats, link: Link) -> Floats:
    """Give (y - p) / (dp / d eta), the score over the information, shape (n,)."""
    return np.asarray(link.score(eta, y) / link.weight(eta))


def likelihood(squared: Floats, pearson: Floats, leverage: Floats) -> Floats:
    """Give sign(r) sqrt(d^2 + r^2 h / (1 - h)): what the deviance falls by without the observation, to first order."""
    return np.asarray(np.sign(pearson) * np.sqrt(squared + pearson**2 * leverage / (1.0 - leverage)))


def quantile(y: Floats, trials: Floats | None, eta: Floats, link: Link, uniform: Floats) -> Floats:
    """Give randomized quantile residuals, standard normal where the model is right, shape (n,).

    Args:
        y: share of events of each observation, shape (n,).
        trials: its trials, shape (n,), or None where each is one trial.
        eta: its linear predictor, shape (n,).
        link: the link.
        uniform: a number in (0, 1) for each, which chooses a point within the jump of its distribution.

    """
    if trials is None:
        # An event stands for the upper part, of size p, of (0, 1); a non-event for the lower one.
        tail = np.exp(np.where(y == 1.0, link.log_mean(eta), link.log_complement(eta))) * uniform
        return np.asarray(np.where(y == 1.0, -ndtri(tail), ndtri(tail)))
    p, m = link.mean(eta), np.rint(trials)
    events = np.rint(y * m)
    below, above = _at_most(events - 1, m, p), _more_than(events, m, p)
    jump = 1.0 - below - above
    lower, upper = below + uniform * jump, above + (1.0 - uniform) * jump
    return np.asarray(np.where(lower < upper, ndtri(lower), -ndtri(upper)))


def _at_most(events: Floats, m: Floats, p: Floats) -> Floats:
    return np.asarray(np.where(events < 0, 0.0, bdtr(np.maximum(events, 0), m.astype(np.int64), p)))


def _more_than(events: Floats, m: Floats, p: Floats) -> Floats:
    return np.asarray(np.where(events >= m, 0.0, bdtrc(np.minimum(events, m), m.astype(np.int64), p)))
