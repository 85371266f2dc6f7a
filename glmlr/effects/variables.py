"""Which values can a predictor take, and does it have a slope or levels?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from glmlr.binning.distinct import distinct
from glmlr.binning.edges import quantiles
from glmlr.effects.population import Population, numbers
from glmlr.errors import DataError, NotApplicable, OptionError, listing, suggestion
from glmlr.language.categories import Labels, sorted_levels
from glmlr.language.program import identifier

Floats = npt.NDArray[np.float64]

_WORDS: Final = {"number": "a number", "truth": "True or False", "category": "a level", "mixed": "a level"}


@dataclass(frozen=True, eq=False)
class Variable:
    """A data column whose effect is asked for.

    Attributes:
        name: of the column.
        kind: "number" (has a slope), "levels" (a factor or a bool), "steps" (a number of which the model sees only
            levels or bins) or "other" (dates).
        levels: the values it takes, of a factor or bool, in coding order.
        reference: the position of the level that others are compared with.
        mean, spread, low, high: of a number, over the rows as often as they count.
        positive: whether a number is positive in all rows.
        jumps: whether a number with a slope is cut into levels elsewhere in the formula.
        indicator: whether it is a number that is 0 or 1 in every row, which is taken as two levels.

    """

    name: str
    kind: Literal["number", "levels", "steps", "other"]
    levels: tuple[Any, ...] = ()
    reference: int = 0
    mean: float = np.nan
    spread: float = np.nan
    low: float = np.nan
    high: float = np.nan
    positive: bool = False
    jumps: bool = False
    indicator: bool = False


def variable_named(population: Population, name: Any, argument: str = "variables", *, slopes: bool = False) -> Variable:
    """Look how a column enters the model.

    Args:
        population: the rows.
        name: of the column.
        argument: what the caller calls it.
        slopes: whether a number that is 0 or 1 in every row has a slope, not two levels.

    Raises:
        OptionError: the model reads no such column.

    """
    if not isinstance(name, str) or name not in population.columns:
        hint = suggestion(str(name), population.columns) or f"; it reads {listing(population.columns) or 'none'}."
        raise OptionError(f"{argument}: {name!r} is not a column of the data that the model reads{hint}")
    column = population.columns[name]
    read_by = [population.recipe.ingredients[at] for at in population.readers(name)]
    factors = [one for one in read_by if one.levels]
    if isinstance(column.values, Labels) or column.kind == "truth":
        return _of_levels(name, column.values, factors)
    if column.kind != "number":
        return Variable(name, "other")
    if factors and len(factors) == len(read_by):
        plain = all(one.program is None or one.expression.code.startswith(identifier("C") + "(") for one in factors)
        if plain and all(len(one.expression.reads) == 1 for one in factors):
            return Variable(name, "levels", factors[0].levels, factors[0].reference or 0)
    kind = "steps" if len(factors) == len(read_by) and factors else "number"
    found = _of_numbers(population, name, kind, factors)
    x = numbers(column)
    if not slopes and (found.low, found.high) == (0.0, 1.0) and bool(((x == 0) | (x == 1)).all()):
        return replace(found, kind="levels", levels=(0, 1), indicator=True)
    return found


def _of_levels(name: str, values: Any, factors: Sequence[Any]) -> Variable:
    """Give a factor or bool: the levels that occur, in the order of the fit's coding where that has the same."""
    if not isinstance(values, Labels):
        return Variable(name, "levels", (False, True))
    counts = np.bincount(values.codes[values.codes >= 0], minlength=len(values.levels))
    there = [values.levels[at] for at in np.flatnonzero(counts)]
    for one in factors:
        if set(map(repr, one.levels)) == set(map(repr, there)):
            return Variable(name, "levels", one.levels, one.reference or 0)
    order = range(len(there)) if values.ordered else sorted_levels(there)[0]
    return Variable(name, "levels", tuple(there[at] for at in order))


def _of_numbers(population: Population, name: str, kind: Any, factors: Sequence[Any]) -> Variable:
    x, w = numbers(population.columns[name]), population.weights()
    known = ~np.isnan(x)
    x, w = x[known], w[known]
    if x.size == 0:
        return Variable(name, "other")
    mean = float(w @ x / w.sum())
    squares, n = float(w @ (x - mean) ** 2), float(w.sum())
    spread = float(np.sqrt(squares / (n - 1))) if n > 1 else 0.0
    low, high = float(x.min()), float(x.max())
    return Variable(name, kind, (), 0, mean, spread, low, high, low > 0, bool(factors) and kind == "number")


def quartiles(population: Population, name: str) -> tuple[float, float]:
    """Give the quartiles (type 7) of a number over the rows, each as often as it counts."""
    x, w = numbers(population.columns[name]), population.weights()
    known = ~np.isnan(x)
    found = quantiles(distinct(x[known], w[known], np.zeros(int(known.sum()))), 4)
    return float(found[1]), float(found[3])


def chosen_variables(population: Population, chosen: Any, *, slopes: bool = False) -> list[Variable]:
    """Give the variables that are asked for, or all that are no offset alone.

    Raises:
        NotApplicable: the model has none.
        OptionError: a name that the model does not read.

    """
    if chosen is None:
        names: Iterable[Any] = population.recipe.formula.predictors
    else:
        names = [chosen] if isinstance(chosen, str) else list(chosen)
    found = [variable_named(population, name, slopes=slopes) for name in dict.fromkeys(names)]
    if not found:
        raise NotApplicable("The model has nothing but an intercept, so there is no effect of a predictor.")
    return found


def checked_value(population: Population, variable: Variable, value: Any) -> Any:
    """Give a value that a column is set to, as the fit knows it.

    Raises:
        OptionError: a level that the fit has not seen, or something that is no number.

    """
    kind = population.columns[variable.name].kind
    if variable.kind == "levels":
        for level in variable.levels:
            if level is value or (level == value and isinstance(level, str) == isinstance(value, str)):
                return level
        raise OptionError(
            f"{variable.name!r} has no level {value!r}; it has {listing(map(repr, variable.levels))}. An effect can be "
            "had at levels that the fit has seen."
        )
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if kind == "number" and not (number and np.isfinite(value)):
        raise OptionError(f"{variable.name!r} takes {_WORDS[kind]}, not {value!r}.")
    if variable.kind == "other":
        raise OptionError(f"{variable.name!r} holds dates; effects at a value of it are not defined here.")
    return float(value)


def shown(value: Any) -> str:
    """Give a value or a level as text."""
    if isinstance(value, (bool, np.bool_)):
        return "True" if value else "False"
    if isinstance(value, (int, float, np.number)):
        return f"{float(value):.6g}"
    return str(value)


def of_variables(chosen: Sequence[Variable]) -> list[str]:
    """Say which numbers are taken as levels, and which are cut into levels elsewhere in the formula."""
    indicators = [one.name for one in chosen if one.indicator]
    jumps = [one.name for one in chosen if one.jumps]
    said = []
    if indicators:
        said.append(f"Taken as levels, being 0 or 1 in every row: {listing(indicators, 12)}.")
    if jumps:
        said.append(f"The formula also cuts into levels: {listing(jumps, 12)}; a slope has no part in these jumps.")
    return said


def typical_values(population: Population) -> dict[str, Any]:
    """Give the mean of each number and the most frequent level of each factor (the first among equals)."""
    found: dict[str, Any] = {}
    for name, column in population.columns.items():
        variable = variable_named(population, name)
        if variable.kind in ("number", "steps"):
            found[name] = variable.mean
        elif variable.kind == "levels":
            found[name] = _most_frequent(column.values, variable, population.weights())
        else:
            raise NotApplicable(f"{name!r} holds dates, of which there is no typical value; average over the rows.")
    return found


def _most_frequent(values: Any, variable: Variable, weights: Floats) -> Any:
    if isinstance(values, Labels):
        known = values.codes >= 0
        counts = np.bincount(values.codes[known], weights=weights[known], minlength=len(values.levels))
        by_level: Mapping[Any, float] = dict(zip(values.levels, counts.tolist(), strict=True))
    else:
        by_level = {level: float(weights[np.asarray(values) == level].sum()) for level in variable.levels}
    try:
        return max(variable.levels, key=lambda level: round(by_level[level], 6))
    except KeyError as problem:
        raise DataError(f"{variable.name!r} has no level {problem.args[0]!r} among these rows.") from problem
