"""Which interval holds a coefficient? Wald, profile-likelihood and bootstrap intervals, one way to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import DataError, one_of
from glmlr.fit import Fit
from glmlr.prediction import bounds
from glmlr.profiles.of_fit import profile_ends, refuse_profiles
from glmlr.proportions import checked_level, normal_quantile

Floats = npt.NDArray[np.float64]

INTERVALS: Final = ("wald", "profile", "bootstrap")


@dataclass(frozen=True)
class Interval:
    """Which intervals are wanted.

    Attributes:
        kind: "wald", "profile" or "bootstrap".
        level: confidence level, in (0, 1).
        replicates: number of resamples of the bootstrap.
        seed: of the resamples.

    """

    kind: str
    level: float
    replicates: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        one_of("interval", self.kind, INTERVALS)
        checked_level(self.level)

    @property
    def percent(self) -> str:
        """The level as text, "95%"."""
        return f"{100 * self.level:g}%"

    def of(self, fit: Fit, combinations: Floats) -> Floats:
        """Give the intervals of linear combinations of the coefficients, in the rows of (m, k); shape (m, 2).

        Raises:
            NotApplicable: profile likelihoods under importance weights, or resamples of rows that are not held.

        """
        if self.kind == "profile":
            return profile_ends(fit, combinations, self.level)
        if self.kind == "bootstrap":
            return self._resampled(fit, combinations)
        estimate, error = combined(fit, combinations)
        return np.column_stack(bounds(estimate, normal_quantile(self.level) * error))

    def _resampled(self, fit: Fit, combinations: Floats) -> Floats:
        """Give percentile intervals over the resamples in which all coefficients that the fit estimates are finite."""
        made: Any = fit.bootstrap(replicates=self.replicates, seed=self.seed, level=self.level)
        beta = made.estimates.to_numpy()
        estimated = np.isfinite(fit.solution.beta)
        good = beta[np.isfinite(beta[:, estimated]).all(axis=1)]
        if not len(good):
            raise DataError("No resample has finite estimates; there are no bootstrap intervals of this model.")
        values = np.where(estimated, good, 0.0) @ combinations.T
        tails = [(1 - self.level) / 2, (1 + self.level) / 2]
        known = ~(combinations[:, ~estimated] != 0).any(axis=1)
        return np.where(known[:, None], np.quantile(values, tails, axis=0).T, np.nan)

    def notes(self, fit: Fit) -> tuple[str, ...]:
        """Say what the intervals are."""
        if self.kind == "wald":
            return (
                f"{self.percent} intervals are Wald intervals: estimate ± {normal_quantile(self.level):.3f} standard "
                "errors.",
            )
        if self.kind == "bootstrap":
            return (
                f"{self.percent} intervals are percentiles of {self.replicates:,} resamples (seed {self.seed}); the "
                "standard errors and p-values are not theirs.",
            )
        said = (
            f"{self.percent} intervals are profile-likelihood intervals: at their ends the deviance, the other "
            f"coefficients at their best, exceeds its minimum by {normal_quantile(self.level) ** 2:.4f}."
        )
        if fit.covariance_kind != "model":
            said += " They take the rows as independent and the model as right, which the standard errors here do not."
        if fit.separation is not None:
            said += " The interval of an infinite estimate is open on its side."
        return (said,)

    def refuse(self, fit: Fit) -> None:
        """Refuse before any work what cannot be had."""
        if self.kind == "profile":
            refuse_profiles(fit)


def combined(fit: Fit, combinations: Floats) -> tuple[Floats, Floats]:
    """Give linear combinations of the estimates and their standard errors, shape (m,) each.

    A combination is infinite where one estimate in it is, NaN where they differ in sign or one is not determined.
    """
    estimate, error = np.empty(len(combinations)), np.empty(len(combinations))
    for row, combination in enumerate(combinations):
        used = np.flatnonzero(combination)
        part = combination[used]
        with np.errstate(invalid="ignore"):
            estimate[row] = (part * fit.solution.beta[used]).sum()
        error[row] = np.sqrt(max(float(part @ fit.covariance[np.ix_(used, used)] @ part), 0.0)) if used.size else 0.0
        if np.isnan(fit.covariance[np.ix_(used, used)]).any():
            error[row] = np.nan
    return estimate, error
