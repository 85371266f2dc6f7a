"""What is to be said of each row of a fit? Residuals as a Series, influence as a frame, both over the rows read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import ArgumentError, explained_arguments, one_of
from glmlr.fit import Fit
from glmlr.influence.measures import Influence, influence_of, plain_residuals, refuse_without_estimates
from glmlr.influence.residuals import KINDS, STANDARDIZED
from glmlr.influence.units import units_of
from glmlr.prediction import spread

Floats = npt.NDArray[np.float64]


@explained_arguments
def residuals(fit: Fit, kind: str = "deviance", *, seed: int = 0) -> pd.Series:
    """Give the residual of each row read, in its order and with its index; NaN where a row was dropped.

    A row of frequency w has the residual of one of its w trials; a row of successes and failures that of one binomial
    observation of m trials. Importance weights enter leverage and estimates, not the residual itself (R multiplies by
    their root). Class-weighted fits have residuals from the probabilities that the weighted fit gives.

    Args:
        fit: the fitted model.
        kind: "pearson", "deviance", "response", "working" (R: residuals(fit, type=)), "standardized_pearson",
            "standardized_deviance" (R: rstandard), "likelihood" (R: rstudent) or "quantile" (randomized; standard
            normal where the model is right).
        seed: for "quantile", which draws a point within each jump of the distribution.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, or rows read in parts.
        OptionError: a kind that does not exist.

    Reference: McCullagh & Nelder (1989), sections 2.4 and 12.5; Williams (1987), Applied Statistics 36, 181-191; Dunn &
    Smyth (1996), J. Comput. Graph. Statist. 5, 236-244.

    """
    _checked(fit, "residuals")
    one_of("kind", kind, KINDS)
    if kind in STANDARDIZED:
        values = influence_of(fit).residuals(kind)
    else:
        refuse_without_estimates(fit)
        units = units_of(fit, by_pattern=False)
        uniform = np.random.default_rng(seed).random(units.y.size) if kind == "quantile" else None
        values = plain_residuals(fit, units, kind, uniform)
    return spread(values, fit.held.used, fit.held.index, f"{kind}_residual")


@explained_arguments
def influence_measures(fit: Fit, *, by_pattern: bool = False, dfbetas: bool = True) -> pd.DataFrame:
    """Give residuals, leverage and influence of each row, with its index; NaN where a row was dropped.

    Columns: probability, pearson, deviance, standardized_pearson, likelihood, leverage, cook, c_bar, delta_chi2,
    delta_deviance, and dfbetas_<coefficient> for each estimated coefficient. `fit.diagnostics()` defines them and lists
    the rows that matter most.

    Args:
        fit: the fitted model.
        by_pattern: one row for each covariate pattern (all trials with the same predictors), labelled by its first row
            and with its trials and events, in place of one for each row read.
        dfbetas: whether to add the DFBETAS, one column a coefficient.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, rows read in parts, or patterns under
            importance weights.

    Reference: Pregibon (1981), Annals of Statistics 9, 705-724; Belsley, Kuh & Welsch (1980), Regression Diagnostics.

    """
    _checked(fit, "influence_measures")
    found = influence_of(fit, by_pattern=by_pattern)
    columns = {"probability": np.asarray(fit.link.mean(found.units.eta)), **measures_by_unit(found)}
    if dfbetas:
        moved = np.concatenate([found.dfbetas(some) for some in found.in_chunks()])
        columns |= {f"dfbetas_{name}": moved[:, at] for at, name in enumerate(found.names)}
    if by_pattern:
        trials = found.units.trials
        counts = {"trials": trials, "events": found.units.y * np.asarray(trials)}
        return pd.DataFrame({**counts, **columns}, index=found.labels(np.arange(found.units.row.size)))
    design = fit.held
    return pd.DataFrame({name: spread(column, design.used, design.index, name) for name, column in columns.items()})


def measures_by_unit(found: Influence) -> dict[str, Floats]:
    """Give the measures of each unit that are one number each, by their names."""
    return {
        "pearson": found.pearson,
        "deviance": np.sign(found.pearson) * np.sqrt(found.squared_deviance),
        "standardized_pearson": found.residuals("standardized_pearson"),
        "likelihood": found.residuals("likelihood"),
        "leverage": found.leverage,
        "cook": found.cook,
        "c_bar": found.c_bar,
        "delta_chi2": found.delta_chi2,
        "delta_deviance": found.delta_deviance,
    }


def _checked(fit: Fit, name: str) -> None:
    if not isinstance(fit, Fit):
        raise ArgumentError(f"{name}() takes a fitted model, not {type(fit).__name__}.")


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
setattr(Fit, residuals.__name__, residuals)
setattr(Fit, influence_measures.__name__, influence_measures)
