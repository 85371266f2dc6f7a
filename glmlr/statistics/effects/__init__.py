"""What does a predictor do to the probability? Marginal effects, standardised risks, and predictions along a range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.effects.averages import Averaged, Scenario
from glmlr.effects.estimates import Estimate, Manner, difference, number_needed, odds_ratio, ratio, slope
from glmlr.effects.study import Study, study_of, values_asked
from glmlr.effects.variables import Variable, chosen_variables, shown, variable_named
from glmlr.errors import NotApplicable, OptionError, listing, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.registry import statistic
from glmlr.statistics.effects.charts import effects_forest, prediction_charts, risks_chart
from glmlr.statistics.effects.tables import comparison_table, effects_table, predictions_table, risks_table

CHANGES: Final = ("slope", "unit", "sd")
PAIRS: Final = ("reference", "all")
INDICATORS: Final = ("levels", "slope")

_OF_DIFFERENCES: Final = "of differences and slopes are symmetric"


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
        change: of numbers: "slope", "unit" (from x to x + 1), "sd" (from x to x + one standard deviation), or the
            change itself.
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
        low and high, as differences of probabilities.

    Raises:
        NotApplicable: nothing but an intercept, or rows read in parts.
        OptionError: an option that does not exist, or a value that a column cannot have.

    """
    one_of("pairs", pairs, PAIRS)
    one_of("indicators", indicators, INDICATORS)
    size = _checked_change(change)
    manner = Manner(level, interval, draws, seed)
    study = study_of(fit, data=data, offset=offset, method=method, at=at, manner=manner)
    chosen = chosen_variables(study.everyone, variables, slopes=indicators == "slope")
    slopes = _slopes(study, [one for one in chosen if one.kind == "number"]) if size == "slope" else {}
    rows, left_out = [], []
    for one in chosen:
        if reason := _no_effect(one, size):
            left_out.append(reason)
            continue
        found = slopes[one.name] if one.name in slopes else list(_effects(study, one, size, pairs))
        if not found:
            left_out.append(_IN_STEPS.format(name=one.name))
        elif any(each["jumps"] for each in found):
            left_out.append(_JUMPS.format(name=one.name))
            continue
        rows.extend(found)
    if not rows:
        raise NotApplicable(" ".join(left_out))
    notes = [_of_contrasts(chosen, size), *study.notes(_OF_DIFFERENCES), *left_out, *_of_variables(chosen)]
    frame = pd.DataFrame(rows).drop(columns="jumps")
    charts = effects_forest(frame, level, fit.event)
    return effects_table(frame, level, [*notes, *fit.notes[1:]], charts)


_IN_STEPS: Final = (
    "{name} enters in steps (bins or levels of a number), so that its slope is 0 or does not exist; change= asks for "
    "the effect of a change."
)

_JUMPS: Final = (
    "The slope of {name} does not exist in some rows, where a term jumps or is infinitely steep at their value; "
    "change= asks for the effect of a change."
)


def _checked_change(change: Any) -> str | float:
    if isinstance(change, str):
        return one_of("change", change, CHANGES)
    number = isinstance(change, (int, float, np.number)) and not isinstance(change, bool)
    if not number or not np.isfinite(change) or change == 0:
        raise OptionError(f"change={change!r} must be 'slope', 'unit', 'sd', or a number other than 0.")
    return float(change)


def _no_effect(variable: Variable, size: str | float) -> str:
    """Say why a predictor has no effect of this kind; "" where it has one."""
    if variable.kind == "other":
        return f"{variable.name} holds dates, of which no effect is defined here."
    if variable.kind == "steps" and size == "slope":
        return _IN_STEPS.format(name=variable.name)
    if variable.kind == "levels" and len(variable.levels) < 2:
        return f"{variable.name} has one level only."
    if size == "sd" and variable.kind != "levels" and not variable.spread > 0:
        return f"{variable.name} has no spread."
    return ""


def _slopes(study: Study, variables: Sequence[Variable]) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each number, all of one pass; none of one that moves no column at all by small steps."""
    asked = [(setting, one) for setting in study.settings for one in variables]
    found = study.averaged([Scenario(setting, {}, one.name, one.spread, one.positive) for setting, one in asked])
    rows: dict[str, list[dict[str, Any]]] = {one.name: [] for one in variables}
    for (setting, one), mean in zip(asked, found, strict=True):
        if not mean.flat:
            effect = slope(mean, study.model, study.manner)
            row = _row(one.name, "per 1", setting, effect, one.spread)
            rows[one.name].append({**row, "jumps": not np.isfinite(mean.value)})
    return rows


def _effects(study: Study, variable: Variable, size: str | float, pairs: str) -> Iterator[dict[str, Any]]:
    """Give the rows of one predictor that has levels, or is changed."""
    if variable.kind == "levels":
        yield from _level_effects(study, variable, pairs)
        return
    name = variable.name
    amount = {"unit": 1.0, "sd": variable.spread}.get(str(size), size)
    asked = [Scenario(one, plus) for one in study.settings for plus in ({}, {name: float(amount)})]
    found_all = study.averaged(asked)
    label = f"+1 SD ({amount:.4g})" if size == "sd" else f"{float(amount):+.6g}"
    for number, setting in enumerate(study.settings):
        before, after = found_all[2 * number : 2 * number + 2]
        yield _row(name, label, setting, difference(after, before, study.model, study.manner), 1.0)


def _level_effects(study: Study, variable: Variable, pairs: str) -> Iterator[dict[str, Any]]:
    for setting, means in _by_value(study, variable, variable.levels):
        for after, before in _pairs(len(variable.levels), variable.reference, pairs):
            effect = difference(means[after], means[before], study.model, study.manner)
            yield _row(variable.name, _against(variable.levels, after, before), setting, effect, 1.0)


def _by_value(study: Study, variable: Variable, values: Any) -> Iterator[tuple[Mapping[str, Any], list[Averaged]]]:
    """Give, for each combination of at=, the mean probabilities with the predictor at each of its values."""
    _refuse_itself(study, variable)
    asked = [Scenario({**one, variable.name: value}) for one in study.settings for value in values]
    found = study.averaged(asked)
    for number, setting in enumerate(study.settings):
        yield setting, found[number * len(values) : (number + 1) * len(values)]


def _refuse_itself(study: Study, variable: Variable) -> None:
    if any(variable.name in one for one in study.settings):
        raise OptionError(
            f"at= sets {variable.name!r}, whose own effect is asked for; name the other predictors in variables=, or "
            "leave it out of at=."
        )


def _pairs(levels: int, reference: int, pairs: str) -> list[tuple[int, int]]:
    """Give pairs (level, the level it is compared with)."""
    if pairs == "all":
        order = [reference, *(at for at in range(levels) if at != reference)]
        return [(after, before) for before, after in combinations(order, 2)]
    return [(at, reference) for at in range(levels) if at != reference]


def _against(levels: Any, after: int, before: int) -> str:
    return f"{shown(levels[after])} against {shown(levels[before])}"


def _row(name: str, contrast: str, setting: Mapping[str, Any], found: Estimate, spread: float) -> dict[str, Any]:
    return {
        "predictor": name,
        "contrast": contrast,
        "at": _told(setting),
        "estimate": found.value,
        "std_error": found.std_error,
        "z": found.z,
        "p_value": found.p_value,
        "log10_p": found.log10_p,
        "low": found.low,
        "high": found.high,
        "spread": spread,
        "jumps": False,
    }


def _told(setting: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {shown(value)}" for name, value in setting.items())


def _of_contrasts(chosen: list[Variable], size: str | float) -> str:
    said = []
    if any(one.kind == "number" for one in chosen):
        said.append(
            "of a number the slope of the probability, per 1 of it"
            if size == "slope"
            else "of a number the difference that the change makes"
        )
    if any(one.kind == "levels" for one in chosen):
        said.append("of levels the difference of two mean probabilities")
    return f"Effects are changes of the probability of the event: {' and '.join(said) or 'differences'}."


def _of_variables(chosen: list[Variable]) -> list[str]:
    indicators = [one.name for one in chosen if one.indicator]
    jumps = [one.name for one in chosen if one.jumps]
    said = []
    if indicators:
        said.append(f"Taken as levels, being 0 or 1 in every row: {listing(indicators, 12)}.")
    if jumps:
        said.append(f"The formula also cuts into levels: {listing(jumps, 12)}; a slope has no part in these jumps.")
    return said


# ------------------------------------------------------------------------------------------------ risks


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
    manner = Manner(level, interval, draws, seed)
    study = study_of(fit, data=data, offset=offset, method=method, at=at, manner=manner)
    rows: list[dict[str, Any]] = []
    asked = _with_values(study, variables, values)
    for variable, each in asked:
        rows.extend(_risk_rows(study, variable, each))
    frame = pd.DataFrame(rows)
    notes = [*study.notes(study.scale_of_risks), *_of_variables([one for one, _ in asked]), *fit.notes[1:]]
    return risks_table(frame, level, notes, risks_chart(frame, level, fit.event))


def _with_values(study: Study, variables: Any, values: Mapping[str, Any] | None) -> list[tuple[Variable, list[Any]]]:
    """Give the predictors that are asked for with the values to look at.

    Raises:
        NotApplicable: there is none.
        OptionError: a number without values.

    """
    given = dict(values or {})
    if variables is None and not given:
        chosen = [one for one in chosen_variables(study.everyone, None) if one.kind == "levels"]
        if not chosen:
            raise NotApplicable(
                "The model reads no factor, bool or 0/1 column; name values of a number, values={'x': [1, 2]}, to "
                "compare the probabilities at them."
            )
    else:
        named = [] if variables is None else [variables] if isinstance(variables, str) else list(variables)
        chosen = [variable_named(study.everyone, name) for name in dict.fromkeys([*named, *given])]
    found = []
    for one in chosen:
        if one.name not in given and one.kind != "levels":
            raise OptionError(
                f"{one.name!r} is a number; say which values to look at: values={{{one.name!r}: [1, 2]}}."
            )
        first = [one.levels[one.reference]] if one.levels else []
        every = [*first, *(each for at, each in enumerate(one.levels) if at != one.reference)]
        found.append((one, values_asked(study.everyone, one, given[one.name]) if one.name in given else every))
    return found


def _risk_rows(study: Study, variable: Variable, values: list[Any]) -> Iterator[dict[str, Any]]:
    """Give the probability at each value, for each combination of at=."""
    _refuse_itself(study, variable)
    asked = [(setting, value) for setting in study.settings for value in values]
    found = study.risks([Scenario({**setting, variable.name: value}) for setting, value in asked])
    for (setting, value), one in zip(asked, found, strict=True):
        yield {
            "predictor": variable.name,
            "level": shown(value),
            "at": _told(setting),
            "value": np.nan if variable.kind == "levels" else float(value),
            "risk": one.value,
            "std_error": one.std_error,
            "low": one.low,
            "high": one.high,
        }


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
    manner = Manner(level, interval, draws, seed)
    study = study_of(fit, data=data, offset=offset, method=method, at=at, manner=manner)
    rows: list[dict[str, Any]] = []
    asked = [(one, each) for one, each in _with_values(study, variables, values) if len(each) > 1]
    if not asked:
        raise NotApplicable("There is one value only; give two or more to compare.")
    for variable, each in asked:
        for setting, means in _by_value(study, variable, each):
            for after, before in _pairs(len(each), 0, pairs):
                label = {"predictor": variable.name, "contrast": _against(each, after, before), "at": _told(setting)}
                rows.extend({**label, **one} for one in _compared(study, means[after], means[before]))
    notes = [*study.notes(_OF_DIFFERENCES), *_of_variables([one for one, _ in asked]), *fit.notes[1:]]
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


# ------------------------------------------------------------------------------------------------ predictions


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
    manner = Manner(level, interval, draws, seed)
    study = study_of(fit, data=data, offset=offset, method=method, at=_by_setting(fit, by, at), manner=manner)
    given = dict(values or {})
    names = list(given) if variables is None and given else variables
    chosen = [one for one in chosen_variables(study.everyone, names) if one.name != by and one.kind != "other"]
    if not chosen:
        raise NotApplicable("No predictor is left whose predictions could be drawn.")
    rows: list[dict[str, Any]] = []
    for one in chosen:
        each = values_asked(study.everyone, one, given[one.name]) if one.name in given else _along(one, int(points))
        rows.extend(_risk_rows(study, one, each))
    frame = pd.DataFrame(rows)
    notes = [*study.notes(study.scale_of_risks), *_of_variables(chosen), *fit.notes[1:]]
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
    from glmlr.effects.population import population_of

    second = variable_named(population_of(fit.held), by, "by")
    if second.kind == "other":
        raise OptionError(f"by={by!r} holds dates; give a factor or a number.")
    ends = (second.mean - second.spread, second.mean, second.mean + second.spread)
    levels = second.levels or tuple(float(f"{one:.4g}") for one in ends)
    return {**(at or {}), by: list(levels)}
