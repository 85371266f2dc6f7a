"""Which rows deserve a second look? Residuals, leverage and influence; the rows that move the estimates most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import OptionError
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.influence.listing import Listed, most_influential
from glmlr.influence.measures import Influence, influence_of
from glmlr.influence.movers import Movers, movers
from glmlr.registry import STATISTICS, statistic
from glmlr.statistics.diagnostics.charts import panel
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: A standardized residual beyond these is rare where the model is right.
_FAR, _VERY_FAR = 2.0, 3.0


@statistic(
    section="diagnostics",
    title="Most influential rows",
    reference="Pregibon (1981), Annals of Statistics 9, 705-724; Belsley, Kuh & Welsch (1980), Regression Diagnostics; "
    "Hosmer, Lemeshow & Sturdivant (2013), Applied Logistic Regression, 3rd ed., section 5.3; Williams (1987), Applied "
    "Statistics 36, 181-191",
    definitions={
        "Pearson residual": "(y - p) / sqrt(p (1 - p) / m) of m trials with a share y of events; standardized: divided "
        "by sqrt(1 - h). SAS INFLUENCE: RESCHI, STDRESCHI; R: residuals(type='pearson'), rstandard(type='pearson').",
        "deviance residual": "Signed root of the row's share d^2 of the deviance; standardized: divided by "
        "sqrt(1 - h). SAS: RESDEV, STDRESDEV; R: residuals(), rstandard().",
        "likelihood residual": "sign(y - p) sqrt(d^2 + r^2 h / (1 - h)). SAS: RESLIK; R: rstudent().",
        "leverage": "h = w x' A^-1 x with the expected information w of the row and A of all rows; it sums to the "
        "number of coefficients. SAS: H; R: hatvalues(). Of a row of frequency f it is that of one of f rows.",
        "Cook's distance": "r^2 h / (k (1 - h)^2), k coefficients; R: cooks.distance(). SAS's C is k times this. Under "
        "importance weights the one-step move of the estimates is measured by the robust covariance instead.",
        "C-bar": "r^2 h / (1 - h). SAS: CBAR. In influence_measures().",
        "delta chi-square": "r^2 / (1 - h): fall of Pearson's chi-square without the row, to first order. SAS: "
        "DIFCHISQ; Stata: predict, dx2.",
        "delta deviance": "d^2 + r^2 h / (1 - h): fall of the deviance without the row, to first order. SAS: DIFDEV.",
        "DFBETAS": "Estimate less estimate without the row (one Newton step), divided by its standard error in the "
        "full fit. SAS: DFBETAS; statsmodels: get_influence().dfbetas. R's dfbetas() of a glm takes deviance residuals "
        "and a standard error without the row, and differs.",
    },
)
def diagnostics(
    fit: Fit,
    *,
    rows: int = 10,
    by_pattern: bool = False,
    exact: bool = False,
    envelope: int = 0,
    seed: int = 0,
    per_term: int = 1,
    added_variable: bool | str | Sequence[str] = False,
    partial: bool | str | Sequence[str] = False,
) -> Table:
    """List the rows that move the estimates most, with the panel of charts.

    Rows with the same outcome, leverage and Cook's distance are listed once, with their number. All rows are in
    `fit.influence_measures()` and `fit.residuals(kind)`.

    Args:
        fit: the model, its rows in memory.
        rows: how many to list.
        by_pattern: look at covariate patterns (all trials with the same predictors) in place of rows.
        exact: fit again without each listed row, for the exact DFBETAS beside the one-step ones.
        envelope: number of simulated sets of outcomes for the bounds of the half-normal plot, each fitted; 0: none.
        seed: of these simulations.
        per_term: how many rows to name for each coefficient, those with its largest DFBETAS; 0: none.
        added_variable: add `added_variable_plots()`: True for all columns, or names of terms or columns.
        partial: add `partial_residual_plots()`: True for all numbers, or names of predictors.

    Returns:
        A `Table` with one row for each observation listed, a companion that counts what is beyond the usual bounds, one
        that names the rows which move each coefficient most, what was asked for besides, and the charts "index_plot",
        "leverage_residual", "delta_chi2", "delta_deviance", "half_normal" and "binned_residuals".

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, rows not in memory, patterns under importance
            weights.
        OptionError: `rows`, `envelope` or `per_term` that are no counts, or names that the model does not have.

    """
    _count("rows", rows, 1)
    _count("envelope", envelope, 0)
    _count("seed", seed, 0)
    _count("per_term", per_term, 0)
    more = (
        *_asked("added_variable_plots", fit, "terms", added_variable),
        *_asked("partial_residual_plots", fit, "predictors", partial),
    )
    with one_blas_thread():
        found = influence_of(fit, by_pattern=by_pattern)
        listed = most_influential(found, rows)
        frame, roles = _frame(found, listed, exact), dict(_ROLES)
        if not exact:
            roles.pop("exact_dfbetas")
        if frame["alike"].max() == 1:
            roles.pop("alike")
        if found.units.trials is None:
            roles.pop("trials")
        return Table(
            key="diagnostics",
            title="Most influential covariate patterns" if by_pattern else "Most influential rows",
            frame=frame,
            roles=roles,
            labels={**_LABELS, "row": "Pattern, by its first row" if by_pattern else "Row"},
            notes=tuple(_notes(found, exact, frame)),
            charts=panel(found, listed, simulations=envelope, seed=seed),
            tables=(_bounds(found), *((_by_term(found, per_term, exact),) if per_term else ()), *more),
        )


def _asked(key: str, fit: Fit, option: str, wanted: bool | str | Sequence[str]) -> tuple[Table, ...]:
    """Make another statistic where it is asked for, of all it can show or of what is named."""
    if wanted is False:
        return ()
    return (STATISTICS[key].function(fit, **({} if wanted is True else {option: wanted})),)


_ROLES: Final[Mapping[str, str]] = {
    "row": "text",
    "alike": "count",
    "trials": "count",
    "outcome": "measure",
    "probability": "probability",
    "standardized_pearson": "statistic",
    "leverage": "probability",
    "cook": "estimate",
    "delta_chi2": "statistic",
    "delta_deviance": "statistic",
    "moves_most": "text",
    "dfbetas": "statistic",
    "exact_dfbetas": "statistic",
}
_LABELS: Final[Mapping[str, str]] = {
    "alike": "Rows alike",
    "trials": "Trials",
    "outcome": "Outcome",
    "probability": "Fitted probability",
    "standardized_pearson": "Standardized residual",
    "leverage": "Leverage",
    "cook": "Cook's distance",
    "delta_chi2": "Delta chi-square",
    "delta_deviance": "Delta deviance",
    "moves_most": "Moves most",
    "dfbetas": "DFBETAS",
    "exact_dfbetas": "DFBETAS, refitted",
}


def _count(name: str, value: Any, least: int) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:
        raise OptionError(f"{name}={value!r} is not a whole number of at least {least}.")


def _frame(found: Influence, listed: Listed, exact: bool) -> pd.DataFrame:
    """Give the listed units, one a row."""
    units, at = found.units, listed.unit
    moved = found.dfbetas(at)
    # Of two that are equal but for rounding the first is named.
    size = np.abs(moved)
    most = np.argmax(size >= size.max(axis=1, keepdims=True) * (1 - 1e-9), axis=1)
    each = np.arange(at.size)
    refitted = found.exact_dfbeta(at) / found.std_error if exact else np.full(moved.shape, np.nan)
    return pd.DataFrame(
        {
            "row": pd.Series([str(label) for label in listed.label], dtype=object),
            "alike": listed.alike,
            "trials": 1.0 if units.trials is None else units.trials[at],
            "outcome": units.y[at],
            "probability": found.fit.link.mean(units.eta[at]),
            "standardized_pearson": found.pearson[at] / np.sqrt(1.0 - found.leverage[at]),
            "leverage": found.leverage[at],
            "cook": found.cook[at],
            "delta_chi2": found.delta_chi2[at],
            "delta_deviance": found.delta_deviance[at],
            "moves_most": pd.Series([found.names[column] for column in most], dtype=object),
            "dfbetas": moved[each, most],
            "exact_dfbetas": refitted[each, most],
        }
    )


def _by_term(found: Influence, each: int, exact: bool) -> Table:
    """Name the units that move each coefficient most, with the estimate without them."""
    moved = movers(found, each)
    estimate = found.fit.working[found.model.kept[moved.column]]
    error = found.std_error[moved.column]
    frame = pd.DataFrame(
        {
            "term": pd.Series([found.names[column] for column in moved.column], dtype=object),
            "row": pd.Series([str(label) for label in moved.label], dtype=object),
            "alike": moved.alike,
            "outcome": found.units.y[moved.unit],
            "probability": found.fit.link.mean(found.units.eta[moved.unit]),
            "dfbetas": moved.dfbetas,
            "estimate": estimate,
            "without": estimate - moved.dfbetas * error,
        }
    )
    roles = dict(_TERM_ROLES)
    if exact:
        frame["without"] = estimate - _refitted(found, moved)
        frame["exact_dfbetas"] = (estimate - frame["without"]) / error
        roles["exact_dfbetas"] = "statistic"
    if frame["alike"].max() == 1:
        roles.pop("alike")
    n = found.fit.nobs
    how = "a fit without the row" if exact else "one Newton step"
    return Table(
        key="influence_by_term",
        title="What moves each coefficient most",
        frame=frame,
        roles=roles,
        labels={
            **_LABELS,
            "row": "Pattern, by its first row" if found.units.is_pattern else "Row",
            "without": "Without",
        },
        notes=(
            f"Without: the estimate without the row, by {how}. A usual bound for DFBETAS is 2 / sqrt(n), here "
            f"{2 / math.sqrt(n):.3g}; where n is large some rows are beyond it in any case.",
        ),
    )


_TERM_ROLES: Final[Mapping[str, str]] = {
    "term": "text",
    "row": "text",
    "alike": "count",
    "outcome": "measure",
    "probability": "probability",
    "dfbetas": "statistic",
    "estimate": "estimate",
    "without": "estimate",
}


def _refitted(found: Influence, moved: Movers) -> Floats:
    """Give estimate less estimate in the refit without the unit, each unit left out once, shape (m,)."""
    units, place = np.unique(moved.unit, return_inverse=True)
    return np.asarray(found.exact_dfbeta(units)[place, moved.column])


def _bounds(found: Influence) -> Table:
    """Count what is beyond the usual bounds."""
    copies = np.ones(found.units.row.size) if found.units.copies is None else found.units.copies
    total, k = float(copies.sum()), found.model.rank
    residual = np.abs(found.residuals("standardized_pearson"))
    looked = (
        ("Leverage beyond twice its mean", found.leverage, 2.0 * k / total),
        ("Standardized Pearson residual beyond 2", residual, _FAR),
        ("Standardized Pearson residual beyond 3", residual, _VERY_FAR),
        ("Cook's distance beyond 4 / n", found.cook, 4.0 / total),
        ("Cook's distance beyond 1", found.cook, 1.0),
        ("Delta chi-square beyond 4", found.delta_chi2, 4.0),
        ("Delta deviance beyond 4", found.delta_deviance, 4.0),
    )
    beyond = [float(copies[values > bound].sum()) for _, values, bound in looked]
    frame = pd.DataFrame(
        {
            "measure": pd.Series([name for name, _, _ in looked], dtype=object),
            "bound": [bound for _, _, bound in looked],
            "n": beyond,
            "share": [count / total for count in beyond],
            "largest": [float(np.nanmax(values)) for _, values, _ in looked],
        }
    )
    return Table(
        key="influence_bounds",
        title="Beyond the usual bounds",
        frame=frame,
        roles={"measure": "text", "bound": "statistic", "n": "count", "share": "percent", "largest": "statistic"},
        labels={"bound": "Bound", "largest": "Largest"},
        notes=(
            "These bounds invite a look and are no tests. Residuals of single trials are skewed: of rare outcomes many "
            "are beyond 2 where the model is right.",
        ),
    )


def _notes(found: Influence, exact: bool, frame: pd.DataFrame) -> Iterator[str]:
    yield (
        "By Cook's distance. DFBETAS: by how many standard errors the coefficient named is higher with the row than "
        "without it, in one Newton step."
    )
    if exact:
        yield "Refitted: the same by a fit without the row."
        if frame["exact_dfbetas"].isna().any():
            yield "No refitted value: without the row the estimate is infinite or cannot be told."
    if frame["alike"].max() > 1:
        yield "Rows alike have the same outcome, leverage and Cook's distance; the lowest label stands for them."
    if found.fit.pseudo_likelihood:
        yield (
            "Importance weights enter leverage and moves, not the residuals; Cook's distance and DFBETAS are in units "
            "of the robust covariance, and standardized residuals and deltas approximate."
        )
    if found.fit.design.class_weights is not None:
        yield "Probabilities are those of the class-weighted fit, uncorrected: its residuals are from them."
    if found.fit.design.clusters is not None:
        yield "Rows are looked at one by one; the rows of one cluster may move the estimates further together."
