"""What does the likelihood of a fit say? Deviance and information criteria, the same for models of all classes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np


class Likelihood:
    """What follows from a solution and the number of rows, whatever the model."""

    if TYPE_CHECKING:

        @property
        def solution(self) -> Any:
            """Estimates, with loglik, rank and converged."""

        @property
        def design(self) -> Any:
            """The formula applied to the rows."""

    @property
    def converged(self) -> bool:
        """Whether the gradient vanished; where the data are separated, that of what they determine."""
        return bool(self.solution.converged)

    @property
    def loglik(self) -> float:
        """Log-likelihood of the rows, one a trial (weighted pseudo-likelihood under importance weights)."""
        return float(self.solution.loglik)

    @property
    def deviance(self) -> float:
        """Deviance of the rows, one a trial: -2 log-likelihood."""
        return -2.0 * self.loglik

    @cached_property
    def nobs(self) -> int:
        """Number of rows used or of trials, each by its frequency."""
        trials: float = self.design.totals.trials
        return round(trials)

    @property
    def rank(self) -> int:
        """Number of estimated coefficients, infinite ones included: the k of AIC and BIC of an unshrunken fit."""
        return int(self.solution.rank)

    @property
    def effective_df(self) -> float:
        """Effective degrees of freedom: the rank, where nothing shrinks the estimates."""
        return float(self.rank)

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 l + 2 k; k of a ridge fit are its effective degrees of freedom."""
        return -2.0 * self.loglik + 2.0 * self.effective_df

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 l + k log n, n the sum of frequencies; k of a ridge fit its effective df."""
        return float(-2.0 * self.loglik + self.effective_df * np.log(self.nobs))

    @property
    def pseudo_likelihood(self) -> bool:
        """Whether importance weights make the likelihood a weighted pseudo-likelihood."""
        return bool(self.design.weighted)
