"""What is the probability along the range of a predictor? Adjusted predictions, their intervals and curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from glmlr.effects.by_value import risk_rows
from glmlr.effects.estimates import Manner
from glmlr.effects.population import population_of
from glmlr.effects.study import Over, study_of, values_asked
from glmlr.effects.variables import Variable, chosen_variables, of_variables, variable_named
from glmlr.errors import NotApplicable, OptionError
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.registry import statistic
from glmlr.statistics.effects.charts import prediction_charts
from glmlr.statistics.effects.tables import predictions_table


@statistic(
    section="effects",
    title="Adjusted predictions",
    reference="Williams (2012), Stata Journal 12, 308-331; Lane & Nelder (1982), Biometrics 38, 613-621",
    definitions={
        "Adjusted prediction": "Mean probability with every row at one value of a predictor and at its own values of "
        "the others, or the probability of one typical row there. Stata's margins, at() and R's marginaleffects "
        "avg_predictions() give the first; Stata's atmeans takes means of 0/1 columns where we take the most frequent "
        "level. Intervals stay in [0, 1]: on the scale of the log-odds for averages, of the link for one row.",
    },
    in_report=False,
)
def adjusted_predictions(
    fit: Fit,
    *,
    variables: Any = None,
    values: Mapping[str, Any] | None = None,
    by: str | None = None,
    at: Mapping[str, Any] | None = None,
    method: str = "average",
    points: int = 21,
    interval: str = "delta",
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
    data: Any = None,
    offset: Any = None,
) -> Table:
    """Tabulate and draw the probability along the range of each number and at each level of each factor.

    Args:
        fit: the fitted model, its rows in memory.
        variables: a column or several; None for all that the formula reads.
        values: column -> the values to look at, instead of `points` from its least to its greatest, or all its levels.
        by: a second column at whose levels (of a number: its mean less an SD, its mean, its mean and an SD)
            each curve is drawn.
        at: column -> the value it is set to in all rows.
        method: "average" over the rows, or "at" one typical row.
        points: number of values of a number, 2 to 200.
        interval: "delta" or "simulation".
        level: of the intervals, in (0, 1).
        draws: number of draws for "simulation".
        seed: of the draws.
        data: rows to average over instead of those of the fit.
        offset: the offset of these rows.

    Returns:
        A table with one row per value: predictor, level, by, risk, std_error, low, high; a chart per predictor.

    Raises:
        NotApplicable: nothing but an intercept, or rows read in parts.
        OptionError: an option that does not exist, or a value that a column cannot have.

    """
    if isinstance(points, bool) or not isinstance(points, (int, np.integer)) or not 2 <= points <= 200:
        raise OptionError(f"points={points!r} must be a whole number from 2 to 200.")
    over = Over(_by_setting(fit, by, at), method, data, offset)
    study = study_of(fit, over, Manner(level, interval, draws, seed))
    given = dict(values or {})
    names = list(given) if variables is None and given else variables
    chosen = [one for one in chosen_variables(study.everyone, names) if one.name != by and one.kind != "other"]
    if not chosen:
        raise NotApplicable("No predictor is left whose predictions could be drawn.")
    rows: list[dict[str, Any]] = []
    for one in chosen:
        each = values_asked(study.everyone, one, given[one.name]) if one.name in given else _along(one, int(points))
        rows.extend(risk_rows(study, one, each))
    frame = pd.DataFrame(rows)
    notes = [*study.notes(study.scale_of_risks), *of_variables(chosen), *fit.notes[1:]]
    return predictions_table(frame, level, notes, prediction_charts(frame, level, fit.event))


def _along(variable: Variable, points: int) -> list[Any]:
    """Give the levels of a factor, or values from the least to the greatest of a number."""
    if variable.kind == "levels":
        return list(variable.levels)
    return list(np.linspace(variable.low, variable.high, points)) if variable.low < variable.high else [variable.low]


def _by_setting(fit: Fit, by: str | None, at: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Add the values of a second predictor to those of at=."""
    if by is None:
        return at
    if at is not None and by in at:
        raise OptionError(f"by={by!r} stands in at= too; leave it out of one of them.")
    second = variable_named(population_of(fit.held), by, "by")
    if second.kind == "other":
        raise OptionError(f"by={by!r} holds dates; give a factor or a number.")
    ends = (second.mean - second.spread, second.mean, second.mean + second.spread)
    levels = second.levels or tuple(float(f"{one:.4g}") for one in ends)
    return {**(at or {}), by: list(levels)}
