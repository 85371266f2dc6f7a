"""How would the estimates scatter if the data were drawn again? The bootstrap of the coefficients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Subset
from glmlr.conditioning import Scaled
from glmlr.covariance import CentredCovariance
from glmlr.design.derived import class_weight_option
from glmlr.errors import ArgumentError, DataError, NotApplicable, explained_arguments, one_of
from glmlr.exhibits import Table, Tabled
from glmlr.fit import Fit
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.profiles.accelerated import accelerations, bca_interval
from glmlr.progress import Step
from glmlr.proportions import checked_level
from glmlr.validation.folds import whole
from glmlr.validation.refit import Start
from glmlr.validation.resamples import bootstrapped, drawn
from glmlr.validation.resampling import Refitting, refitting_of_design
from glmlr.validation.workers import for_each

Floats = npt.NDArray[np.float64]

#: With fewer resamples percentiles and covariances are not worth their name.
_FEWEST: Final = 2


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap(Tabled):
    """Estimates of resamples (r resamples that could be fitted, k coefficients).

    Attributes:
        table: a row per coefficient: estimate, bias, bootstrap standard error, percentile interval.
        estimates: of each resample, shape (r, k), named; NaN where a resample determines none, infinite where it
            separates.
        fit: the same fit with the bootstrap covariance, so that every table, test and prediction rests on it.

    """

    table: Table
    estimates: pd.DataFrame
    fit: Fit

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the estimates over the resamples in which all are finite, k x k."""
        return self.fit.cov_params()


@explained_arguments
def bootstrap(
    fit: Fit,
    *,
    replicates: int = 1000,
    seed: int = 1,
    level: float = 0.95,
    interval: str = "percentile",
    workers: int = 1,
    progress: bool | Callable[[Step], None] | None = None,
) -> Bootstrap:
    """Fit the model to resamples of its rows, and give standard errors, bias and percentile intervals.

    A Bernoulli trial is drawn, so that frequencies equal repeated rows; whole clusters are drawn where the fit has
    clusters. Class and sample weights go with the rows, "balanced" class weights are those of each resample. The
    columns (levels, knots) are those of the fit, so that a coefficient means the same in every resample.

    Args:
        fit: the fitted model; its rows in memory.
        replicates: number of resamples.
        seed: of the resamples: the same seed gives the same numbers, whatever the number of workers.
        level: confidence level of the intervals.
        interval: "percentile", or "bca" for bias-corrected accelerated intervals beside them, bca_low and bca_high.
            Their acceleration is that of the jackknife over trials (or clusters), each left out by one Newton step.
        workers: number of processes.
        progress: see `glmlr.cross_validate`.

    Returns:
        The `Bootstrap`.

    Raises:
        OptionError, ArgumentError: options that cannot be.
        NotApplicable: rows that were read in parts and are not held; BCa intervals where estimates are infinite.
        DataError: fewer than two resamples with finite estimates.

    References: Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 6, 13 and 14; Stata `bootstrap`;
    R `boot::boot.ci`, whose `bca` is the same for the same replicates and influences.

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(f"bootstrap() takes a fitted model, not {type(fit).__name__}.")
    number, seed = whole("replicates", replicates, _FEWEST), whole("seed", seed, 0)
    checked_level(level)
    one_of("interval", interval, ("percentile", "bca"))
    if interval == "bca" and fit.separation is not None:
        raise NotApplicable(
            "Some estimates are infinite, and no step leads away from there: there is no acceleration for BCa "
            'intervals; use interval="percentile".'
        )
    if interval == "bca":
        refuse_shrunken(fit.penalty, "The acceleration of BCa intervals")
    refitting = refitting_of_design(fit.held, fit.link, penalty=fit.penalty)
    start = Start(fit.solution.beta, fit.solution.information, fit.design.class_weights)
    task = partial(_estimates, refitting, class_weight_option(fit.held), start, seed)
    made = for_each(task, range(number), workers=workers, progress=progress, what="resamples")
    found = [one for one in made if one is not None]
    beta = np.array(found).reshape(len(found), len(fit.names))
    estimated = np.flatnonzero(np.isfinite(fit.solution.beta))
    good = beta[np.isfinite(beta[:, estimated]).all(axis=1)]
    if len(good) < _FEWEST:
        raise DataError(
            f"Only {len(good)} of the {number:,} resamples have finite estimates; there is no bootstrap of this model."
        )
    covariance = np.full((len(fit.names), len(fit.names)), np.nan)
    covariance[np.ix_(estimated, estimated)] = np.atleast_2d(np.cov(good[:, estimated], rowvar=False))
    covariance.flags.writeable = False
    centred = _centred(fit, good)
    moved = replace(fit, covariance=covariance, covariance_kind="bootstrap", centred=centred)
    table = _table(moved, good, number, len(found), level)
    if interval == "bca":
        table = _with_bca(table, fit, good, level)
    return Bootstrap(table, pd.DataFrame(beta, columns=list(fit.names)), moved)


def _estimates(refitting: Refitting, class_weight: Any, start: Start, seed: int, number: int) -> Floats | None:
    """Give the estimates of one resample, shape (k,); None where it cannot be fitted."""
    resample = drawn(refitting.design, refitting.groups, seed, number)
    model = bootstrapped(refitting, class_weight, start, resample, anew=False)
    if model is None or not model.fitted.maximum.solution.converged:
        return None
    return model.fitted.maximum.solution.beta


def _centred(fit: Fit, beta: Floats) -> CentredCovariance | None:
    """Give the covariance for centred columns, where the fit has one because some column is far from 0."""
    intercept = next((term.columns[0] for term in fit.design.terms if term.kind == "intercept"), None)
    if fit.centred is None or intercept is None or fit.separation is not None:
        return None
    scaled = Scaled(fit.held, fit.centred.center, fit.centred.scale, intercept)
    forth = np.nan_to_num(beta) @ scaled.inverse_transform().T
    return CentredCovariance(fit.centred.center, fit.centred.scale, np.atleast_2d(np.cov(forth, rowvar=False)))


def _table(fit: Fit, beta: Floats, asked: int, fitted: int, level: float) -> Table:
    estimate = fit.params.to_numpy()
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(beta, [(1 - level) / 2, (1 + level) / 2], axis=0)
        bias = beta.mean(axis=0) - estimate
    missing = ~np.isfinite(estimate)
    frame = pd.DataFrame(
        {
            "term": list(fit.names),
            "estimate": estimate,
            "bias": np.where(missing, np.nan, bias),
            "std_error": fit.bse.to_numpy(),
            "low": np.where(missing, np.nan, low),
            "high": np.where(missing, np.nan, high),
        }
    )
    what = "clusters" if fit.design.clusters is not None else "trials" if fit.design.grouped else "rows"
    notes = [
        *fit.notes,
        f"{asked:,} resamples of {what}, drawn with replacement; bias: mean of the resamples' estimates - estimate; "
        f"low and high: {100 * level:g}% percentile interval.",
    ]
    if fit.shrunken:
        notes.append(
            "Every resample is fitted with the same ridge penalty, so that percentiles show how shrunken estimates "
            "scatter and not how far they are from the truth; std_error is that scatter."
        )
    if fitted < asked:
        notes.append(f"{asked - fitted:,} resamples could not be fitted and are left out.")
    if len(beta) < fitted:
        notes.append(
            f"{fitted - len(beta):,} resamples separate or lack a level, so that some estimate is infinite or does not "
            "exist; they are left out of every number here."
        )
    return Table(
        key="bootstrap",
        title="Bootstrap of the coefficients",
        frame=frame,
        roles={"term": "text", **dict.fromkeys(("estimate", "bias", "std_error", "low", "high"), "estimate")},
        labels={"bias": "Bias"},
        notes=tuple(notes),
    )


def _with_bca(table: Table, fit: Fit, beta: Floats, level: float) -> Table:
    """Put BCa intervals beside the percentiles."""
    kept = np.flatnonzero(fit.solution.estimated)
    rows = fit.held if kept.size == len(fit.names) else Subset(fit.held, kept)
    found = accelerations(rows, fit.solution.beta[kept], fit.link, fit.design.clusters)
    ends = np.full((2, len(fit.names)), np.nan)
    for column, acceleration in zip(kept, found, strict=True):
        ends[:, column] = bca_interval(float(fit.solution.beta[column]), beta[:, column], float(acceleration), level)
    frame = table.frame.assign(bca_low=ends[0], bca_high=ends[1])
    unit = "cluster" if fit.design.clusters is not None else "trial"
    notes = [
        *table.notes,
        f"BCa: percentiles moved for bias and skewness; the acceleration is the jackknife's, each {unit} left out by "
        "one Newton step.",
    ]
    if fit.penalty is not None:
        notes.append("That step is of the likelihood without Firth's penalty: with few rows it is a guide.")
    if np.isnan(ends[:, kept]).any():
        notes.append("Where all resamples lie on one side of the estimate there is no BCa interval.")
    return replace(
        table,
        frame=frame,
        roles={**table.roles, "bca_low": "estimate", "bca_high": "estimate"},
        labels={**table.labels, "bca_low": "BCa low", "bca_high": "BCa high"},
        notes=tuple(notes),
    )


setattr(Fit, "bootstrap", bootstrap)  # noqa: B010 - bound here, so that fit.py imports nothing from above
