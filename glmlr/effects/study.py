"""What is asked of the effects of a fit: over which rows, at which values, with which intervals?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import numpy as np

from glmlr.effects.averages import Averaged, Scenario, Uncertain, averaged, uncertain
from glmlr.effects.estimates import Estimate, Manner, risk, risk_at
from glmlr.effects.population import Population, population_of, population_of_data, typical
from glmlr.effects.variables import Variable, checked_value, shown, typical_values, variable_named
from glmlr.errors import OptionError, one_of
from glmlr.fit import Fit
from glmlr.penalised.withheld import WITHHELD
from glmlr.prediction import eta_of

METHODS: Final = ("average", "at")
#: So many combinations of the values of at= are tabulated.
_MOST_SETTINGS: Final = 200


@dataclass(frozen=True, eq=False)
class Over:
    """What effects are averaged over, as it was asked for.

    Attributes:
        at: column -> a value or several to which it is set in all rows; None for none.
        method: "average" over the rows, or "at" one typical row.
        data: rows to average over; None for those of the fit.
        offset: the offset of these rows.

    """

    at: Any = None
    method: str = "average"
    data: Any = None
    offset: Any = None


@dataclass(frozen=True, eq=False)
class Study:
    """A fit with the rows its effects are averaged over.

    Attributes:
        fit: the fitted model.
        everyone: the rows, as they are.
        population: the rows that are averaged over: the same, or one typical row.
        model: the model with its covariance, and draws of its coefficients.
        manner: how intervals are made.
        settings: the values of at=, one mapping for each combination; one empty mapping without.
        typical: the values of the typical row, or None.

    """

    fit: Fit
    everyone: Population
    population: Population
    model: Uncertain
    manner: Manner
    settings: tuple[Mapping[str, Any], ...]
    typical: Mapping[str, Any] | None = None
    broken: list[int] = field(default_factory=list)

    def averaged(self, scenarios: Sequence[Scenario]) -> list[Averaged]:
        """Average over the rows in each scenario."""
        found = averaged(self.population, self.model, scenarios)
        self.broken.append(sum(one.broken for one in found))
        return found

    def risks(self, scenarios: Sequence[Scenario]) -> list[Estimate]:
        """Give the mean probability in each scenario; of one row with an interval made on the scale of the link."""
        found = self.averaged(scenarios)
        if self.typical is None or self.manner.times:
            return [risk(one, self.model, self.manner) for one in found]
        return [self._of_one_row(scenario, one) for scenario, one in zip(scenarios, found, strict=True)]

    def _of_one_row(self, scenario: Scenario, mean: Averaged) -> Estimate:
        if mean.broken:
            return risk(mean, self.model, self.manner)
        there, predictor = scenario.of(self.population), self.model.predictor
        x = there.design_columns()
        eta = eta_of(x, predictor.working, there.offset, predictor.separation) - predictor.prior_shift
        return risk_at(float(eta[0]), float(predictor.error(x.T)[0]), self.model, self.manner)

    @property
    def scale_of_risks(self) -> str:
        """Say on which scale intervals of probabilities are made."""
        scale = "link" if self.typical is not None else "log-odds"
        return f"are made on the scale of the {scale}"

    def notes(self, intervals: str) -> list[str]:
        """Say what the numbers are averages over, how errors and intervals were found, and what they do not hold."""
        return [*self._of_rows(), *self._of_errors(intervals), *self.fit.scale_notes]

    def _of_rows(self) -> list[str]:
        if self.typical is not None:
            row = ", ".join(f"{name} = {shown(value)}" for name, value in self.typical.items())
            return [
                f"All of one typical row, in which numbers are at their mean and factors at their most frequent level: "
                f"{row}."
            ]
        n = self.population.total
        what = "trial" if self.fit.design.grouped and self.everyone.weight is not None else "row"
        said = f"Averages over {n:,.0f} {what if n == 1 else what + 's'}, each with its own values of other predictors"
        if self.fit.pseudo_likelihood:
            said += "; rows count by their frequency, not by their importance weight"
        return [said + "."]

    def _of_errors(self, intervals: str) -> list[str]:
        """Say how errors were found, and what cannot be told."""
        level, manner = f"{100 * self.manner.level:g}%", self.manner
        if self.fit.separation is not None:
            return [
                "Some estimates are infinite (separation): the values are limits, and standard errors and intervals by "
                "the delta method do not exist."
            ]
        if self.fit.shrunken:
            return [
                f"{WITHHELD} Here they are of the spread of the coefficients, the rows taken as given, "
                + (f"by {manner.times:,} draws (seed {manner.seed})." if manner.times else "by the delta method.")
            ]
        if manner.times:
            said = (
                f"Standard errors and {level} intervals are those of {manner.times:,} draws of the coefficients from "
                f"their normal distribution (seed {manner.seed}), the rows taken as given"
            )
        else:
            said = (
                "Standard errors by the delta method from the covariance of the estimates, the rows taken as given; "
                f"{level} intervals {intervals}"
            )
        said += "."
        broken = (
            [
                "A column without an estimate depended on others in all rows of the fit, and not in rows as they would "
                "be; such effects cannot be told from the data and are left out."
            ]
            if sum(self.broken)
            else []
        )
        return [said, *broken]


def study_of(fit: Fit, over: Over, manner: Manner) -> Study:
    """Look over which rows and at which values effects are asked for.

    Args:
        fit: the fitted model, its rows in memory.
        over: what is averaged over.
        manner: how intervals are made.

    Raises:
        NotApplicable: the rows of the fit were read in parts.
        OptionError, DataError: what is wrong, in a sentence.

    """
    one_of("method", over.method, METHODS)
    data, offset = over.data, over.offset
    if data is None and offset is not None:
        raise OptionError("offset= is the offset of the rows in data=; without data= leave it out.")
    everyone = population_of(fit.held) if data is None else population_of_data(fit.design.recipe, data, offset)
    settings = _settings(everyone, over.at)
    population, values = everyone, None
    if over.method == "at":
        values = typical_values(everyone)
        population = typical(everyone, values, _given_offset(fit, everyone, values, over))
    model = uncertain(fit.predictor, manner.times, manner.seed)
    return Study(fit, everyone, population, model, manner, settings, values)


def _given_offset(fit: Fit, everyone: Population, values: Mapping[str, Any], over: Over) -> float | None:
    """Give the mean of the part of the offset that the formula does not say."""
    recipe = everyone.recipe
    if recipe.offset_column in values:
        return float(values[recipe.offset_column or ""])
    given = fit.held.given_offset if over.data is None else None
    if over.data is not None and (over.offset is not None or recipe.offset_column is not None):
        raise OptionError('method="at" of data= with an offset of its own is not defined; use method="average".')
    if given is None:
        return None
    weight = fit.held.weight
    return float(np.average(given, weights=weight))


def _settings(population: Population, at: Any) -> tuple[Mapping[str, Any], ...]:
    """Give each combination of the values of at=."""
    if at is None:
        return ({},)
    if not isinstance(at, Mapping) or not at:
        raise OptionError(f"at={at!r} must map columns to the values they are set to, such as {{'age': [20, 30]}}.")
    lists = {name: values_asked(population, variable_named(population, name, "at"), at[name]) for name in at}
    combined = [dict(zip(lists, values, strict=True)) for values in product(*lists.values())]
    if len(combined) > _MOST_SETTINGS:
        raise OptionError(f"at= has {len(combined):,} combinations of values; at most {_MOST_SETTINGS} are tabulated.")
    return tuple(combined)


def told(setting: Mapping[str, Any]) -> str:
    """Write one combination of the values of at=: "age = 20, race = white"."""
    return ", ".join(f"{name} = {shown(value)}" for name, value in setting.items())


def values_asked(population: Population, variable: Variable, given: Any) -> list[Any]:
    """Give one value, or several, as the fit knows them; what is given twice is taken once.

    Raises:
        OptionError: no value at all, or one that the column cannot have.

    """
    single = isinstance(given, (str, bool, int, float, np.generic))
    values = [given] if single else list(given)
    if not values:
        raise OptionError(f"{variable.name!r} has been given no value; give one or several.")
    return list(dict.fromkeys(checked_value(population, variable, value) for value in values))
