"""What does a predictor do to the probability? Marginal effects: slopes, elasticities, differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from glmlr.effects.by_value import OF_DIFFERENCES
from glmlr.effects.changes import Wanted, effects_of, of_contrasts
from glmlr.effects.estimates import Manner
from glmlr.effects.study import Over, study_of
from glmlr.effects.variables import chosen_variables, of_variables
from glmlr.errors import NotApplicable, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.registry import statistic
from glmlr.statistics.effects.charts import effects_forest
from glmlr.statistics.effects.tables import effects_table

INDICATORS: Final = ("levels", "slope")


@statistic(
    section="effects",
    title="Marginal effects",
    reference="Bartus (2005), Stata Journal 5, 309-329; Williams (2012), Stata Journal 12, 308-331",
    definitions={
        "Marginal effect": "Of a number: the slope of the probability by it, through every column it moves (powers, "
        "splines, interactions, the offset), averaged over the rows. Of a factor or a bool, and of a number that is 0 "
        "or 1: the difference of the mean probability with every row at one level and with every row at the other. "
        "Stata's margins, dydx() gives the same, with 0/1 numbers declared by i.; R's marginaleffects calls it "
        "avg_slopes().",
        "Elasticity": 'With slope="eyex": mean over rows of (dP / dx) (x / P), the percentage by which the probability '
        'changes where the number is 1% larger; with "eydx" of (dP / dx) / P, with "dyex" of (dP / dx) x. Stata\'s '
        "margins, eyex(), eydx() and dyex() and R's marginaleffects, slope=, give the same of numbers.",
        "Std. error (marginal effect)": "Delta method: the gradient by the coefficients against the covariance of the "
        "fit, robust where that is; the rows are taken as given. Stata's default is the same.",
    },
)
def marginal_effects(
    fit: Fit,
    *,
    variables: Any = None,
    at: Mapping[str, Any] | None = None,
    method: str = "average",
    slope: str = "dydx",
    change: str | float = "slope",
    indicators: str = "levels",
    pairs: str = "reference",
    interval: str = "delta",
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
    data: Any = None,
    offset: Any = None,
) -> Table:
    """Tabulate what each predictor does to the probability of the event, on average or for a typical row.

    Args:
        fit: the fitted model, its rows in memory.
        variables: a column of the data or several; None for all that the formula reads.
        at: column -> a value or several to which it is set in all rows; effects for each combination.
        method: "average" over the rows, or "at" one typical row (numbers at their mean, factors at their most frequent
            level).
        slope: the derivative by a number x of the probability P: "dydx" (dP / dx), "eyex" (the elasticity,
            d ln P / d ln x), "eydx" (d ln P / dx) or "dyex" (dP / d ln x), each averaged over rows. Under "eydx" levels
            are compared by their mean ln P; under the two that need a percentage of x they are left out.
        change: of numbers: "slope"; "unit" (from x to x + 1), "sd" (from x to x + one standard deviation), or the
            number that is added; "iqr" (every row at the lower and at the upper quartile, type 7), "minmax" (at the
            least and at the greatest value).
        indicators: numbers that are 0 or 1 in every row: "levels" compares 1 with 0, "slope" differentiates.
        pairs: of factors: each level with the "reference", or "all" pairs.
        interval: "delta" or "simulation" (Krinsky & Robb).
        level: of the intervals, in (0, 1).
        draws: number of draws of the coefficients for "simulation".
        seed: of the draws.
        data: rows to average over instead of those of the fit.
        offset: the offset of these rows where the fit had one that was not a column.

    Returns:
        A table with one row per number, and per pair of levels: predictor, contrast, estimate, std_error, z, p_value,
        low and high, as differences of probabilities (of logarithms, or elasticities, where `slope` asks for them).

    Raises:
        NotApplicable: nothing but an intercept, or rows read in parts; logarithms of probabilities that are 0.
        OptionError: an option that does not exist, or a value that a column cannot have.

    """
    one_of("indicators", indicators, INDICATORS)
    wanted = Wanted.of(slope, change, pairs)
    if wanted.derivative.logged:
        _refuse_zeros(fit)
    study = study_of(fit, Over(at, method, data, offset), Manner(level, interval, draws, seed))
    chosen = chosen_variables(study.everyone, variables, slopes=indicators == "slope")
    found = effects_of(study, chosen, wanted)
    if not found.rows:
        raise NotApplicable(" ".join(found.left_out))
    frame = pd.DataFrame(found.rows)
    notes = [*of_contrasts(chosen, wanted), *study.notes(OF_DIFFERENCES), *found.left_out, *of_variables(chosen)]
    chart = effects_forest(frame, level, fit.event, wanted.derivative)
    return effects_table(frame, level, [*notes, *fit.notes[1:]], chart, wanted.derivative.title)


def _refuse_zeros(fit: Fit) -> None:
    if fit.separation is not None:
        raise NotApplicable(
            "Some estimates are infinite (separation), so that probabilities are 0 or 1, and the logarithm of 0 has no "
            "slope; slope='dydx' asks for changes of the probability itself."
        )
