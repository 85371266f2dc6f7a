"""How large is the risk at each level of a predictor? Adjusted risks, their differences, ratios and numbers needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from glmlr.effects.averages import Averaged
from glmlr.effects.by_value import OF_DIFFERENCES, PAIRS, against, by_value, pairs_of, risk_rows, with_values
from glmlr.effects.estimates import Manner, difference, number_needed, odds_ratio, ratio
from glmlr.effects.study import Over, Study, study_of, told
from glmlr.effects.variables import of_variables
from glmlr.errors import NotApplicable, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.registry import statistic
from glmlr.statistics.effects.charts import risks_chart
from glmlr.statistics.effects.tables import comparison_table, risks_table


@statistic(
    section="effects",
    title="Adjusted risks",
    reference="Lane & Nelder (1982), Biometrics 38, 613-621; Muller & MacLehose (2014), Int. J. Epidemiol. 43, 962-970",
    definitions={
        "Adjusted risk": "Mean probability of the event with every row at one level (or value) of a predictor and at "
        "its own values of the others: marginal standardisation, the g-formula. Stata's margins gives the same for a "
        "factor variable. The interval is made on the scale of the log-odds, so that it stays in [0, 1].",
    },
    in_report=False,
)
def risks(
    fit: Fit,
    *,
    variables: Any = None,
    values: Mapping[str, Any] | None = None,
    at: Mapping[str, Any] | None = None,
    method: str = "average",
    interval: str = "delta",
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
    data: Any = None,
    offset: Any = None,
) -> Table:
    """Tabulate the probability that the rows would have on average at each level of a predictor.

    Args:
        fit: the fitted model, its rows in memory.
        variables: a column or several; None for all factors, bools and 0/1 columns, and what `values` names.
        values: column -> the values to look at; needed for a number, for a factor all its levels without it.
        at: as in `marginal_effects`.
        method: as there; of "at" a typical row the interval is made on the scale of the link.
        interval: "delta" or "simulation".
        level: of the intervals, in (0, 1).
        draws: number of draws for "simulation".
        seed: of the draws.
        data: rows to average over instead of those of the fit.
        offset: the offset of these rows.

    Returns:
        A table with one row per level: predictor, level, risk, std_error, low, high.

    Raises:
        NotApplicable: no factor and no values, or rows read in parts.
        OptionError: an option that does not exist, or a value that a column cannot have.

    """
    study = study_of(fit, Over(at, method, data, offset), Manner(level, interval, draws, seed))
    rows: list[dict[str, Any]] = []
    asked = with_values(study, variables, values)
    for variable, each in asked:
        rows.extend(risk_rows(study, variable, each))
    frame = pd.DataFrame(rows)
    notes = [*study.notes(study.scale_of_risks), *of_variables([one for one, _ in asked]), *fit.notes[1:]]
    return risks_table(frame, level, notes, risks_chart(frame, level, fit.event))


@statistic(
    section="effects",
    title="Risk differences and ratios",
    reference="Localio, Margolis & Berlin (2007), J. Clin. Epidemiol. 60, 874-882; Altman (1998), BMJ 317, 1309-1312",
    definitions={
        "Risk difference": "Difference of two adjusted risks; the interval is symmetric.",
        "Risk ratio": "Ratio of two adjusted risks; the interval is exp of that of its logarithm. z and p are those of "
        "the logarithm.",
        "Odds ratio of risks": "Ratio of the odds of two adjusted risks: the marginal odds ratio. It is not "
        "exp(coefficient), which holds for rows alike in the other predictors and lies further from 1.",
        "Number needed": "1 / |risk difference|: how many rows at the other level make one event more, or one less. No "
        "interval where that of the difference has 0 in it: it would reach infinity.",
    },
    in_report=False,
)
def risk_differences(
    fit: Fit,
    *,
    variables: Any = None,
    values: Mapping[str, Any] | None = None,
    at: Mapping[str, Any] | None = None,
    method: str = "average",
    pairs: str = "reference",
    interval: str = "delta",
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
    data: Any = None,
    offset: Any = None,
) -> Table:
    """Compare adjusted risks between levels of a predictor: difference, ratio, odds ratio and number needed.

    Args:
        fit: the fitted model, its rows in memory.
        variables: as in `risks`.
        values: as in `risks`; the first value is the one that others are compared with.
        at: as in `risks`.
        method: as in `risks`.
        pairs: each level with the "reference", or "all" pairs.
        interval: "delta" or "simulation".
        level: of the intervals, in (0, 1).
        draws: number of draws for "simulation".
        seed: of the draws.
        data: rows to average over instead of those of the fit.
        offset: the offset of these rows.

    Returns:
        A table with four rows per pair: predictor, contrast, measure, estimate, std_error, low, high and p_value.

    Raises:
        NotApplicable: no factor and no values, or rows read in parts.
        OptionError: an option that does not exist, or a value that a column cannot have.

    """
    one_of("pairs", pairs, PAIRS)
    study = study_of(fit, Over(at, method, data, offset), Manner(level, interval, draws, seed))
    rows: list[dict[str, Any]] = []
    asked = [(one, each) for one, each in with_values(study, variables, values) if len(each) > 1]
    if not asked:
        raise NotApplicable("There is one value only; give two or more to compare.")
    for variable, each in asked:
        for setting, means in by_value(study, variable, each):
            for after, before in pairs_of(len(each), 0, pairs):
                label = {"predictor": variable.name, "contrast": against(each, after, before), "at": told(setting)}
                rows.extend({**label, **one} for one in _compared(study, means[after], means[before]))
    notes = [*study.notes(OF_DIFFERENCES), *of_variables([one for one, _ in asked]), *fit.notes[1:]]
    return comparison_table(pd.DataFrame(rows), level, notes)


def _compared(study: Study, one: Averaged, other: Averaged) -> Iterator[dict[str, Any]]:
    """Give the four comparisons of two mean probabilities."""
    apart = difference(one, other, study.model, study.manner)
    measures = {
        "Risk difference": apart,
        "Risk ratio": ratio(one, other, study.model, study.manner),
        "Odds ratio of risks": odds_ratio(one, other, study.model, study.manner),
        "Number needed": number_needed(apart),
    }
    for measure, found in measures.items():
        yield {
            "measure": measure,
            "estimate": found.value,
            "std_error": found.std_error,
            "low": found.low,
            "high": found.high,
            "z": found.z,
            "p_value": found.p_value,
            "log10_p": found.log10_p,
        }
