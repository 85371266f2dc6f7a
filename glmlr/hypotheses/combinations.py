"""Are combinations of Firth's estimates 0? Penalised likelihood-ratio and adjusted score tests, one by one.

Reference: Heinze & Schemper (2002), Statist. Med. 21, 2409-2419 (logistf, SAS's FIRTH).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr

from glmlr.fit import Fit
from glmlr.hypotheses.around_fit import chosen_anew, planes_of
from glmlr.penalised.withheld import refuse_without_adjusted_scores
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]


def signed_roots(fit: Fit, combinations: Floats) -> Floats:
    """Give the roots of the tests that combinations of Firth's estimates are 0, with the sign of the estimates.

    The square is the penalised likelihood-ratio statistic of the logit, the adjusted score statistic of other links, 1
    degree of freedom; about standard normal where the combination is 0.

    Args:
        fit: a fit with Firth's penalty, k coefficients.
        combinations: one in each row, shape (m, k).

    Returns:
        Shape (m,); NaN where a combination has an aliased column or FLIC's intercept, or is empty.

    Raises:
        NotApplicable: FLAC's estimates.

    """
    refuse_without_adjusted_scores(fit.penalty, "A penalised likelihood-ratio test")
    planes = planes_of(fit)
    if planes is None:
        raise AssertionError
    combinations = np.where((combinations[:, chosen_anew(fit)] != 0).any(axis=1)[:, None], 0.0, combinations)
    found = np.full(len(combinations), np.nan)
    for row, combination in enumerate(combinations):
        part = combination[planes.kept]
        if not part.any() or np.delete(combination, planes.kept).any():
            continue
        pivot = int(np.argmax(np.abs(part)))
        basis = np.eye(part.size)
        basis[pivot] = -part / part[pivot]
        with one_blas_thread():
            there = planes.centre.within(planes.inwards @ np.delete(basis, pivot, axis=1))
        if there is not None:
            sign = math.copysign(1.0, float(part @ fit.solution.beta[planes.kept]))
            found[row] = sign * math.sqrt(planes.centre.loss(there))
    return found


def p_values(z: Floats) -> Floats:
    """Give two-sided p-values of standard normal statistics, shape (m,)."""
    return np.asarray(2.0 * ndtr(-np.abs(z)))


def log10_p_values(z: Floats) -> Floats:
    """Give their base-10 logarithms, finite where the p-values underflow, shape (m,)."""
    return np.asarray((np.log(2.0) + log_ndtr(-np.abs(z))) / np.log(10.0))
