"""How large would the residuals be if the model were right? Residuals of outcomes simulated from the fit, refitted.

Reference: Atkinson (1985), Plots, Transformations, and Regression, section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.design.derived import recounted, sliced
from glmlr.errors import NotApplicable
from glmlr.estimation import intercept_of
from glmlr.influence.measures import Influence
from glmlr.influence.residuals import likelihood, pearson, squared_deviance
from glmlr.penalised.maximum import fitted_again

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Envelope:
    """Ordered absolute residuals of simulated outcomes at some ranks (m ranks).

    Attributes:
        low, middle, high: 2.5 %, 50 % and 97.5 % points over the simulations, shape (m,) each.
        used: simulations whose refit had finite estimates.

    """

    low: Floats
    middle: Floats
    high: Floats
    used: int


def envelope(found: Influence, at: Positions, *, times: int, seed: int) -> Envelope:
    """Simulate outcomes from the fit, fit again, and order the absolute likelihood residuals.

    Args:
        found: the fit and its units.
        at: ranks (from 0, ascending order of the residuals) at which the envelope is wanted, shape (m,).
        times: number of simulations.
        seed: for the random numbers.

    Raises:
        NotApplicable: importance weights or frequencies, or no refit with finite estimates.

    """
    units, fit = found.units, found.fit
    if units.importance is not None or units.copies is not None:
        raise NotApplicable(
            "The envelope is simulated for rows that stand for themselves; under frequency or importance weights "
            "envelope=0 draws the half-normal plot without it."
        )
    random = np.random.default_rng(seed)
    trials = np.ones(units.y.size) if units.trials is None else np.rint(units.trials)
    p, design = fit.link.mean(units.eta), sliced(fit.held, units.row)
    drawn = []
    for _ in range(times):
        events = random.binomial(trials.astype(np.int64), p).astype(float)
        if not 0 < events.sum() < trials.sum():
            continue
        again = recounted(design, events, trials - events)
        solution = fitted_again(again, fit.link, fit.penalty, intercept=intercept_of(fit.design), start=fit.working)
        if not (solution.converged and np.isfinite(solution.beta[found.model.kept]).all()):
            continue
        beta, inverse = np.nan_to_num(solution.beta), np.nan_to_num(solution.inverse)
        parts = []
        for block in again.blocks():
            eta, m = block.eta(beta), None if units.trials is None else block.weight
            leverage = fit.link.weight(eta) * block.quadratic(inverse) * (1.0 if m is None else m)
            squared = squared_deviance(block.y, m, eta, fit.link)
            parts.append(np.abs(likelihood(squared, pearson(block.y, m, eta, fit.link), leverage)))
        drawn.append(np.sort(np.concatenate(parts))[at])
    if not drawn:
        raise NotApplicable("No simulated set of outcomes has finite estimates, so that there is no envelope.")
    low, middle, high = np.quantile(np.array(drawn), (0.025, 0.5, 0.975), axis=0)
    return Envelope(low, middle, high, len(drawn))
