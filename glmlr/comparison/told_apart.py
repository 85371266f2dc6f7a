"""Can two models be told apart at all? Vuong's test of variance, before his test of which is nearer to the truth.

Where both models come to say the same of every row, the log-likelihood ratios of the rows have no variance, and n times
their estimated variance is asymptotically a weighted sum of chi-squares with 1 degree of freedom. The weights are the
squared eigenvalues of B J A^-1, with A the two (observed) informations on the diagonal, B the products of the scores of
both models, and J = diag(-1, 1).

Reference: Vuong (1989), Econometrica 57, 307-333, theorem 4.1 and section 6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, qr, solve_triangular

from glmlr.comparison.weighted_chi_squares import weighted_chi_square_tail
from glmlr.fit import Fit
from glmlr.ranking import counts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Distinguished:
    """Test of the hypothesis that two models say the same of every row.

    Attributes:
        statistic: n times the variance (divisor n) of the log-likelihood ratios of the trials.
        p_value: of the weighted sum of chi-squares; NaN where there is none.
        log10_p: its base-10 logarithm.
        reason: why there is no p-value, or None.

    """

    statistic: float
    p_value: float
    log10_p: float
    reason: str | None = None


def distinguished(first: Fit, second: Fit, statistic: float) -> Distinguished:
    """Test whether two models of the same rows, neither of which contains the other, can be told apart.

    Args:
        first: a fit without importance weights.
        second: another of the same rows.
        statistic: n times the variance of the log-likelihood ratios.

    """
    if first.separation is not None or second.separation is not None:
        return Distinguished(statistic, math.nan, math.nan, "infinite estimates have no distribution")
    weights = variance_weights(first, second)
    if weights is None:
        return Distinguished(statistic, math.nan, math.nan, "the information of one of them is singular")
    tail = weighted_chi_square_tail(statistic, weights)
    return Distinguished(statistic, tail.p_value, tail.log10_p)


def variance_weights(first: Fit, second: Fit) -> Floats | None:
    """Give the squared eigenvalues of B J A^-1, shape (k1 + k2,); None where an information is singular."""
    sides = [_Side.of(first), _Side.of(second)]
    events, nonevents = counts(first.held.y, first.held.weight)
    roots = []
    for side in sides:
        try:
            roots.append(cholesky(side.information, lower=True, check_finite=False))
        except np.linalg.LinAlgError:
            return None
    products = np.block([[_product(one, other, events, nonevents) for other in sides] for one in sides])
    split = sides[0].basis.shape[1]
    # With the columns of each model scaled to an information of 1, W is similar to B^(1/2) J B^(1/2).
    whitened = products.copy()
    for rows, root in ((slice(None, split), roots[0]), (slice(split, None), roots[1])):
        whitened[rows] = solve_triangular(root, whitened[rows], lower=True)
        whitened[:, rows] = solve_triangular(root, whitened[:, rows].T, lower=True).T
    values, vectors = np.linalg.eigh((whitened + whitened.T) / 2)
    half = vectors * np.sqrt(np.maximum(values, 0.0))
    signed = np.where(np.arange(len(half)) < split, -1.0, 1.0)
    return np.asarray(np.square(np.linalg.eigvalsh(half.T @ (signed[:, None] * half))))


@dataclass(frozen=True, eq=False)
class _Side:
    """One of two models at its maximum (n rows, k estimated columns).

    Attributes:
        basis: an orthonormal basis of its columns, shape (n, k): the eigenvalues do not depend on the parameters.
        event, nonevent: derivatives of the log-likelihood of an event and of a non-event by eta, shape (n,).
        information: the observed information, shape (k, k).

    """

    basis: Floats
    event: Floats
    nonevent: Floats
    information: Floats

    @classmethod
    def of(cls, fit: Fit) -> _Side:
        design, eta = fit.held, np.asarray(fit.eta)
        x = design.matrix()[:, fit.solution.estimated]
        (basis, _) = qr(x / np.linalg.norm(x, axis=0), mode="economic", check_finite=False)
        curved = fit.link.likelihood(eta, design.y, expected=False).information
        curved = curved if design.weight is None else curved * design.weight
        information = basis.T @ (curved[:, None] * basis)
        return cls(basis, fit.link.event_score(eta), fit.link.nonevent_score(eta), information)


def _product(one: _Side, other: _Side, events: Floats, nonevents: Floats) -> Floats:
    """Give the sum over trials of the products of two models' scores, shape (k1, k2)."""
    of_events = np.where(events > 0, events * one.event * other.event, 0.0)
    of_nonevents = np.where(nonevents > 0, nonevents * one.nonevent * other.nonevent, 0.0)
    return np.asarray(one.basis.T @ ((of_events + of_nonevents)[:, None] * other.basis))
