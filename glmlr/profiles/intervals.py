"""Which interval holds a coefficient? Wald, profile-likelihood and bootstrap intervals, one way to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import LocalRows, is_held
from glmlr.design import gathered
from glmlr.errors import DataError, one_of
from glmlr.estimation import intercept_of
from glmlr.fit import Fit
from glmlr.penalised.penalties import Firth
from glmlr.penalised.withheld import WITHHELD
from glmlr.prediction import bounds
from glmlr.profiles.of_fit import profile_ends, refuse_profiles
from glmlr.profiles.sides import cancelling, side_of
from glmlr.proportions import checked_level, normal_quantile

Floats = npt.NDArray[np.float64]

#: Cells of a design beyond which infinite estimates have no end unless asked for: where some rows are left, or none.
_MOST_CELLS: Final = 1 << 22
_MOST_CELLS_COMPLETE: Final = 1 << 19

INTERVALS: Final = ("wald", "profile", "bootstrap")
#: Beyond so many cells (rows, or patterns, times columns) nothing is profiled unless asked for.
MOST_CELLS_PROFILED: Final = 200_000


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

        The Wald interval of an infinite combination would be the whole line; where `has_finite_ends` it is the
        profile-likelihood interval, which is open on one side.

        Raises:
            NotApplicable: profile likelihoods under importance weights, or resamples of rows that are not held.

        """
        if self.kind == "profile":
            return profile_ends(fit, combinations, self.level)
        if self.kind == "bootstrap":
            return self._resampled(fit, combinations)
        if fit.shrunken:
            return np.full((len(combinations), 2), np.nan)
        estimate, error = combined(fit, combinations)
        ends = np.column_stack(bounds(estimate, normal_quantile(self.level) * error))
        infinite = np.isinf(estimate)
        if infinite.any() and has_finite_ends(fit):
            found = profile_ends(fit, combinations[infinite], self.level)
            # An end that is not found leaves the whole line.
            ends[infinite] = np.where(np.isnan(found).any(axis=1, keepdims=True), ends[infinite], found)
        return ends

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
        if fit.shrunken:
            return self._notes_shrunken()
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
        if isinstance(fit.penalty, Firth):
            return (self._said_of_firth(fit),)
        said = (
            f"{self.percent} intervals are profile-likelihood intervals: at their ends the deviance, the other "
            f"coefficients at their best, exceeds its minimum by {normal_quantile(self.level) ** 2:.4f}."
        )
        if fit.covariance_kind != "model":
            said += " They take the rows as independent and the model as right, which the standard errors here do not."
        if fit.separation is not None:
            said += " The interval of an infinite estimate is open on its side."
        return (said,)

    def _said_of_firth(self, fit: Fit) -> str:
        quantile = f"{normal_quantile(self.level) ** 2:.4f}"
        if fit.link.name == "logit":
            said = (
                f"{self.percent} intervals are penalised profile-likelihood intervals: at their ends twice the "
                f"penalised log-likelihood, the other coefficients at their best, is {quantile} below its maximum; the "
                "penalty stays that of all columns."
            )
        else:
            said = (
                f"{self.percent} intervals end where the adjusted score statistic, the adjusted scores of the other "
                f"coefficients at 0, first reaches {quantile}: under the {fit.link.name} link Firth's estimates have "
                "no penalised likelihood to profile."
            )
        if fit.covariance_kind != "model":
            said += " They take the rows as independent and the model as right, which the standard errors here do not."
        return said

    def _notes_shrunken(self) -> tuple[str, ...]:
        if self.kind == "wald":
            return (WITHHELD,)
        return (
            f"{self.percent} intervals are percentiles of {self.replicates:,} resamples (seed {self.seed}), each "
            "fitted with the same ridge penalty: they show how shrunken estimates scatter, not how far they are from "
            "the truth. Wald statistics and p-values are withheld.",
        )

    def refuse(self, fit: Fit) -> None:
        """Refuse before any work what cannot be had."""
        if self.kind == "profile":
            refuse_profiles(fit)


def usual_interval(fit: Fit) -> str:
    """Say which intervals a table has unless another kind is asked for: "wald", or "profile" for Firth's estimates.

    Penalised profiles can be far from symmetric where data are few or separated, which is where Firth's penalty is
    for; they take so many passes that fits with very many rows, whose profiles are symmetric, have Wald intervals.
    Robust and clustered covariances have theirs too, for a profile takes the rows as independent.
    """
    unprofiled = not isinstance(fit.penalty, Firth) or fit.penalty.name == "flac"
    if unprofiled or not fit.converged or fit.covariance_kind != "model":
        return "wald"
    patterns = fit.design.patterns
    size = fit.design.totals.rows if patterns is None else patterns.y.size
    quick = size * len(fit.names) <= MOST_CELLS_PROFILED and is_held(gathered(fit.design))
    return "profile" if quick else "wald"


def has_finite_ends(fit: Fit) -> bool:
    """Say whether Wald intervals of infinite estimates are replaced by profile-likelihood intervals.

    There has to be a likelihood, and few enough rows in memory: an end takes some ten passes over them where cells
    have one outcome, and some hundred where all rows are separated.
    """
    found = fit.separation
    if found is None or fit.pseudo_likelihood or not fit.converged or not isinstance(gathered(fit.design), LocalRows):
        return False
    patterns = fit.design.patterns
    rows = fit.design.totals.rows if patterns is None else patterns.y.size
    return rows * len(fit.names) <= (_MOST_CELLS_COMPLETE if found.complete else _MOST_CELLS)


def combined(fit: Fit, combinations: Floats) -> tuple[Floats, Floats]:
    """Give linear combinations of the estimates and their standard errors, shape (m,) each.

    A combination is infinite where one estimate in it is. Where they differ in sign or one is not determined it is what
    the rows make of it: finite, infinite, or NaN where they do not decide.
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
    determined = cancelling(fit, combinations)
    for row in np.flatnonzero(determined).tolist():
        estimate[row] = float(combinations[row] @ fit.working)
        error[row] = (
            np.nan if fit.centred is None else fit.centred.error_of(combinations[row], intercept_of(fit.design))
        )
    if fit.separation is not None:
        for row in np.flatnonzero(np.isnan(estimate) & ~determined & ~_aliased(fit, combinations)).tolist():
            side = side_of(fit, combinations[row])
            estimate[row] = side * np.inf if side else np.nan
    return estimate, error


def _aliased(fit: Fit, combinations: Floats) -> npt.NDArray[np.bool_]:
    """Say which combinations have an aliased coefficient in them."""
    aliased = [alias.column for alias in fit.solution.aliased]
    return np.asarray((combinations[:, aliased] != 0).any(axis=1))
