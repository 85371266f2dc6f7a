"""What does the likelihood lose without one column? Likelihood-ratio tests of single coefficients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, LocalRows, Subset, over_blocks
from glmlr.design import gathered
from glmlr.fit import Fit
from glmlr.profiles.intervals import has_finite_ends
from glmlr.separation import maximise
from glmlr.tails import Tail, chi_square_tail


def dropped_column_tail(fit: Fit, column: int) -> Tail:
    """Give the likelihood-ratio p-value of one design column, 1 degree of freedom."""
    others = np.setdiff1d(np.flatnonzero(~np.isnan(fit.solution.beta) | _undetermined(fit)), [column])
    if others.size == 0:
        return chi_square_tail(2 * (fit.loglik - _offset_loglik(fit)), 1)
    reduced = maximise(Subset(fit.design, others), fit.link)
    return chi_square_tail(2 * (fit.loglik - reduced.solution.loglik), 1)


def _undetermined(fit: Fit) -> npt.NDArray[np.bool_]:
    return np.zeros(len(fit.names), dtype=bool) if fit.separation is None else fit.separation.undetermined


def _offset_loglik(fit: Fit) -> float:
    """Log-likelihood of the offset alone."""
    zero, link = np.zeros(len(fit.names)), fit.link

    def loglik(block: Block) -> float:
        part = link.likelihood(block.eta(zero), block.y).loglik
        weight = block.total_weight()
        return float((part if weight is None else part * weight).sum())

    return over_blocks(fit.design, loglik, float.__add__)


def about_infinite(fit: Fit, interval: str) -> str:
    """Say where the p-value of an infinite estimate comes from, and what its interval is."""
    if fit.pseudo_likelihood:
        test = "An infinite estimate has no p-value here: importance weights leave no likelihood-ratio test"
    else:
        test = "The p-value of an infinite estimate is that of the likelihood-ratio test of its column"
        if fit.covariance_kind != "model":
            test += ", which takes the rows as independent and the model as right"
    if interval == "bootstrap":
        return f"{test}. It has no percentiles, for what an estimate is in resamples has no end where it is infinite."
    return f"{test}. {about_ends(fit)}" if interval == "wald" else f"{test}."


def about_ends(fit: Fit) -> str:
    """Say what stands in the place of the Wald interval of an infinite estimate."""
    if has_finite_ends(fit):
        return (
            "Its interval is the profile-likelihood interval, which is open on the side of the estimate, and on both "
            "where other columns separate the rows as well."
        )
    whole = "Its Wald interval is the whole line"
    if fit.pseudo_likelihood or not fit.converged:
        return f"{whole}."
    rows = "many rows" if isinstance(gathered(fit.design), LocalRows) else "rows that are read in parts"
    return f'{whole}; its finite end takes many passes over {rows}, and interval="profile" gives it.'
