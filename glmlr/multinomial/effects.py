"""What do the predictors do to the probability of each class? Average effects, and probabilities at stated values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from glmlr.effects.population import Population, population_of, population_of_data
from glmlr.effects.variables import Variable, checked_value, chosen_variables, of_variables, shown, variable_named
from glmlr.errors import NotApplicable, OptionError, explained_arguments
from glmlr.exhibits import Table
from glmlr.multinomial.averages import ClassMeans, mean_probabilities, mean_slopes
from glmlr.multinomial.charts import effects_forest, probability_charts
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.proportions import normal_quantile
from glmlr.tails import normal_tail

Floats = npt.NDArray[np.float64]

DEFINITIONS: Final = {
    "Average marginal effect on a class": "The mean over the rows of the slope of P(class) by a number, or of the "
    "difference of P(class) with every row at one level and at another. Those of all classes add up to 0. It can have "
    "another sign than the coefficient, which speaks of the class against the reference only.",
    "Adjusted probability of a class": "The mean over the rows of P(class) with one predictor at a stated value in "
    "every row, all others as they are.",
}
REFERENCE: Final = "Long (1997), Regression Models for Categorical and Limited Dependent Variables, section 6.6"

#: Points of a curve along a number.
_POINTS: Final = 41
_BAD_POINTS: Final = "points={} is not a whole number of at least 2."


@dataclass(frozen=True, eq=False)
class _Study:
    """A fit with the rows its effects are averaged over."""

    fit: MultinomialFit
    population: Population
    level: float

    @property
    def known(self) -> bool:
        """Whether standard errors exist."""
        return self.fit.solution.separation is None

    def mean(self, settings: Mapping[str, Any]) -> ClassMeans:
        """Average over the rows with some columns at one value."""

        def moved(rows: Population) -> Population:
            for name, value in settings.items():
                rows = rows.at(name, value)
            return rows

        return mean_probabilities(self.population, self.fit.predictor, moved)

    def errors(self, means: ClassMeans) -> Floats:
        """Give standard errors, the reference first, NaN where separation leaves none."""
        return means.errors(self.fit.inner) if self.known else np.full(means.value.shape, np.nan)

    def notes(self, intervals: str) -> list[str]:
        """Say what the numbers are averages over, and how errors and intervals were found."""
        n = self.population.total
        said = f"Averages over {n:,.0f} rows, each with its own values of other predictors"
        said += (
            "; rows count by their frequency, not by their importance weight." if self.fit.pseudo_likelihood else "."
        )
        if not self.known:
            lost = "Some contrasts are not finite (separation): the values are limits, without errors and intervals."
            return [said, lost, *self.fit.scale_notes]
        how = "Standard errors by the delta method, the rows taken as given; "
        how += f"{100 * self.level:g}% intervals {intervals}."
        return [said, how, *self.fit.scale_notes]


def _study(fit: MultinomialFit, data: Any, level: float) -> _Study:
    normal_quantile(level)
    rows = population_of(fit.design) if data is None else population_of_data(fit.design.recipe, data)
    return _Study(fit, rows, level)


def marginal_effects(fit: MultinomialFit, *, variables: Any = None, data: Any = None, level: float = 0.95) -> Table:
    """Average what each predictor does to the probability of every class.

    Of a number it is the mean slope, per 1 of it; of a factor, a bool or a number that is 0 or 1 the mean difference
    between each level and the reference level.

    Args:
        fit: the fitted model.
        variables: a column of the data or several; None for all that the model reads.
        data: rows to average over, None for those of the fit.
        level: of the intervals, in (0, 1).

    Returns:
        A table with one row per effect and class: outcome, predictor, contrast, estimate, std_error, z, p_value,
        log10_p, low, high.

    Raises:
        NotApplicable: the model has nothing but intercepts.
        OptionError: a column that the model does not read, a level outside (0, 1).

    """
    study = _study(fit, data, level)
    chosen = chosen_variables(study.population, variables)
    rows = [row for one in chosen for row in _effects(study, one)]
    if not rows:
        raise NotApplicable("None of the predictors has an effect of this kind.")
    frame = pd.DataFrame(rows)
    chart = effects_forest(frame, f"{100 * level:g}%", fit.response)
    roles = {
        "outcome": "text",
        "predictor": "text",
        "contrast": "text",
        "estimate": "estimate",
        "std_error": "std_error",
        "z": "statistic",
        "p_value": "p_value",
        "low": "estimate",
        "high": "estimate",
    }
    notes = [
        f"Effects are changes of the probability of each class of {fit.response}: slopes per 1 of a number, "
        "differences between levels; those of all classes add up to 0.",
        *of_variables(chosen),
        *study.notes("are symmetric"),
    ]
    labels = {"outcome": fit.response, "predictor": "Predictor", "contrast": "Contrast"}
    labels |= {"estimate": "Effect", "low": f"{100 * level:g}% low", "high": "high"}
    return Table(
        "marginal_effects",
        "Average effects on the probability of each class",
        frame,
        roles,
        labels,
        tuple(notes),
        charts=() if chart is None else (chart,),
    )


def _effects(study: _Study, variable: Variable) -> Iterator[dict[str, Any]]:
    """Give the rows of one predictor."""
    if variable.kind == "number":
        found = mean_slopes(study.population, study.fit.predictor, variable.name, variable.spread, variable.positive)
        if not found.flat:
            yield from _by_class(study, found, variable, "per 1")
    elif variable.kind == "levels":
        means = [study.mean({variable.name: value}) for value in variable.levels]
        base = shown(variable.levels[variable.reference])
        for at, value in enumerate(variable.levels):
            if at != variable.reference:
                apart = means[at].less(means[variable.reference])
                yield from _by_class(study, apart, variable, f"{shown(value)} against {base}")


def _by_class(study: _Study, means: ClassMeans, variable: Variable, contrast: str) -> Iterator[dict[str, Any]]:
    """Give one row for each class, in the order of the classes."""
    quantile, order = normal_quantile(study.level), list(study.fit.classes.order)
    values, errors = means.value, study.errors(means)
    if means.broken:
        # What a dependency of columns says in the rows of the fit it does not say of rows that break it.
        values, errors = np.full_like(values, np.nan), np.full_like(errors, np.nan)
    for at, outcome in enumerate(study.fit.classes.labels):
        value, error = float(values[order.index(at)]), float(errors[order.index(at)])
        z = value / error if error > 0 else np.nan
        tail = normal_tail(z)
        yield {
            "outcome": outcome,
            "predictor": variable.name,
            "contrast": contrast,
            "estimate": value,
            "std_error": error,
            "z": z,
            "p_value": tail.p_value,
            "log10_p": tail.log10_p,
            "low": value - quantile * error,
            "high": value + quantile * error,
            "spread": variable.spread,
        }


# ------------------------------------------------------------------------------------------------ probabilities


def adjusted_probabilities(
    fit: MultinomialFit,
    *,
    variables: Any = None,
    values: Mapping[str, Sequence[Any]] | None = None,
    points: int = _POINTS,
    data: Any = None,
    level: float = 0.95,
) -> Table:
    """Average the probability of every class with a predictor at each of its values, and draw it.

    Args:
        fit: the fitted model.
        variables: a column of the data or several; None for all that the model reads.
        values: column -> the values it is set to; by default all levels, or equal steps over the range of a number.
        points: number of these steps.
        data: rows to average over, None for those of the fit.
        level: of the intervals, in (0, 1); they are made on the scale of the log-odds of the class.

    Returns:
        A table with one row per value and class: predictor, level, value, outcome, probability, std_error, low, high;
        and a chart for each predictor.

    Raises:
        NotApplicable: the model has nothing but intercepts.
        OptionError: a column that the model does not read, a value it cannot have, a level outside (0, 1).

    """
    study = _study(fit, data, level)
    if isinstance(points, bool) or not isinstance(points, (int, np.integer)) or points < 2:
        raise OptionError(_BAD_POINTS.format(repr(points)))
    if not isinstance(values, Mapping | None):
        raise OptionError(f'values={values!r} does not say of which column; give a mapping, {{"age": [20, 40]}}.')
    asked = dict(values or {})
    chosen = chosen_variables(study.population, list(asked) if variables is None and asked else variables)
    for name in asked:
        variable_named(study.population, name, "values")
    rows = []
    for variable in chosen:
        for value in _values_of(study.population, variable, asked.get(variable.name), int(points)):
            rows += list(_probability_rows(study, variable, value))
    if not rows:
        raise NotApplicable("None of the predictors has values at which probabilities can be averaged.")
    frame = pd.DataFrame(rows)
    percent = f"{100 * level:g}%"
    roles = {
        "predictor": "text",
        "level": "text",
        "outcome": "text",
        "probability": "percent",
        "std_error": "std_error",
        "low": "percent",
        "high": "percent",
    }
    return Table(
        "adjusted_probabilities",
        "Adjusted probabilities of the classes",
        frame,
        roles,
        {
            "predictor": "Predictor",
            "level": "Level or value",
            "outcome": fit.response,
            "probability": "Probability",
            "low": f"{percent} low",
            "high": "high",
        },
        (*of_variables(chosen), *study.notes("are made on the scale of the log-odds of the class")),
        charts=tuple(probability_charts(frame, percent, fit.response)),
    )


def _values_of(population: Population, variable: Variable, asked: Any, points: int) -> list[Any]:
    """Give the values that a predictor is set to."""
    if asked is not None:
        alone = isinstance(asked, str) or not np.iterable(asked)
        return [checked_value(population, variable, value) for value in ([asked] if alone else list(asked))]
    if variable.kind == "levels":
        return list(variable.levels)
    if variable.kind == "other":
        return []
    return [float(value) for value in np.linspace(variable.low, variable.high, points)]


def _probability_rows(study: _Study, variable: Variable, value: Any) -> Iterator[dict[str, Any]]:
    means = study.mean({variable.name: value})
    order, errors = list(study.fit.classes.order), study.errors(means)
    quantile, number = normal_quantile(study.level), variable.kind in ("number", "steps")
    for at, outcome in enumerate(study.fit.classes.labels):
        p, error = float(means.value[order.index(at)]), float(errors[order.index(at)])
        low = high = np.nan
        if means.broken:
            p = error = np.nan
        elif 0 < p < 1:
            center, half = np.log(p) - np.log1p(-p), quantile * error / (p * (1 - p))
            low, high = float(expit(center - half)), float(expit(center + half))
        yield {
            "predictor": variable.name,
            "level": shown(value),
            "value": float(value) if number else np.nan,
            "outcome": outcome,
            "probability": p,
            "std_error": error,
            "low": low,
            "high": high,
        }


for _method in (marginal_effects, adjusted_probabilities):
    setattr(MultinomialFit, _method.__name__, explained_arguments(_method))
