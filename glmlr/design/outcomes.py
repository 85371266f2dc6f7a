"""What came of each row? The response of a formula, evaluated and coded; of new rows by the event of the fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.factors import Ingredient, UsedRows, evaluated, ingredient_of
from glmlr.design.recipe import Recipe
from glmlr.design.response import Event, code_response
from glmlr.errors import ResponseError, listing, suggestion
from glmlr.language.categories import Factor, Labels
from glmlr.language.expressions import Expression
from glmlr.language.formula import Formula
from glmlr.language.functions import Functions
from glmlr.sources import Column, read

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: What codes the response of the rows used, see `outcomes_of`.
Coding: TypeAlias = Callable[[Formula, UsedRows, Any, Functions], tuple[Floats, Floats | None, Event]]


def trials_of(parsed: Formula, columns: Mapping[str, Column], complete: Bools, functions: Functions) -> Floats | None:
    """Give the trials of each row of successes + failures, shape (m,); 1 in rows that are left out anyway."""
    if len(parsed.response) != 2 or not complete.any():
        return None
    kept = {name: columns[name].at(complete) for part in parsed.response for name in part.reads}
    counts = [_count(part, kept, int(complete.sum()), functions) for part in parsed.response]
    trials = np.ones(complete.size)
    trials[complete] = counts[0] + counts[1]
    return trials


def outcomes_of(
    parsed: Formula, rows: UsedRows, event: Any, functions: Functions
) -> tuple[Floats, Floats | None, Event]:
    """Code the response of the rows used: shares of events, trials where there are counts, and the event."""
    if len(parsed.response) == 2:
        return _counts(parsed, rows, event, functions)
    expression = parsed.response[0]
    values = response_values(expression, rows.columns, rows.size, functions)
    y, coded = code_response(values, expression.name, event)
    return y, None, coded


def response_values(
    expression: Expression, columns: Mapping[str, Column], size: int, functions: Functions
) -> pd.Series:
    """Give the values of a response without missing values, as a Series that `code_response` takes."""
    value = evaluated(_of_row_alone(expression, functions), columns, functions)
    if isinstance(value, Factor):
        value = value.values
    if isinstance(value, Labels):
        levels = pd.Index(list(value.levels), tupleize_cols=False)
        return pd.Series(pd.Categorical.from_codes(value.codes, levels, validate=False))
    array = np.asarray(value)
    if isinstance(value, pd.Series) or array.ndim != 1 or array.size != size:
        what = "dates" if isinstance(value, pd.Series) else f"an array of shape {array.shape}"
        raise ResponseError(f"The response {expression.name!r} holds {what}; make it text or numbers, one per row.")
    return pd.Series(array, copy=False)


def _of_row_alone(expression: Expression, functions: Functions) -> Ingredient:
    """Compile a part of the response, which may call nothing that learns from the rows."""
    ingredient = ingredient_of(expression, functions)
    if ingredient.program is not None and ingredient.program.learners:
        name = ingredient.program.learners[0]
        raise ResponseError(
            f"The response {expression.name!r} calls {name}(), which learns from the rows; a response is a column, or "
            "computed from each row alone."
        )
    return ingredient


def _counts(parsed: Formula, rows: UsedRows, event: Any, functions: Functions) -> tuple[Floats, Floats, Event]:
    """Read successes + failures: shares, trials, and which of the two is the event."""
    counts = counts_of(parsed, rows, functions)
    coded = event_of_counts(parsed, [float(count.sum()) for count in counts], event)
    trials = counts[0] + counts[1]
    return counts[0 if coded.level == parsed.response[0].name else 1] / trials, trials, coded


def counts_of(parsed: Formula, rows: UsedRows, functions: Functions) -> list[Floats]:
    """Give the two counts of a response successes + failures, shape (n,) each."""
    return [_count(part, rows.columns, rows.size, functions) for part in parsed.response]


def event_of_counts(parsed: Formula, sums: Sequence[float], event: Any) -> Event:
    """Say which of two counts is that of the events, given the sum of each.

    Raises:
        ResponseError: an event that is neither, or a count that is 0 in every row.

    """
    names = [part.name for part in parsed.response]
    chosen = 0
    if event is not None:
        if event not in names:
            hint = suggestion(event, names) if isinstance(event, str) else ""
            raise ResponseError(
                f"event={event!r} is not one of the two counts {names[0]!r} and {names[1]!r}{hint or '.'}"
            )
        chosen = names.index(event)
    for total, name in zip(sums, names, strict=True):
        if total == 0:
            raise ResponseError(f"The count {name!r} is 0 in every row; a model needs both events and non-events.")
    return Event(parsed.label, names[chosen], names[1 - chosen])


def _count(part: Expression, columns: Mapping[str, Column], size: int, functions: Functions) -> Floats:
    value = evaluated(_of_row_alone(part, functions), columns, functions)
    if isinstance(value, (Labels, Factor, pd.Series)):
        raise ResponseError(f"{part.name!r} must be a count, a whole number of 0 or more, in successes + failures.")
    count = np.asarray(value, dtype=np.float64)
    wrong = ~(np.isfinite(count) & (count >= 0) & (count == np.rint(count)))
    if count.shape != (size,) or wrong.any():
        raise ResponseError(
            f"{part.name!r} must be a count, a whole number of 0 or more; it is not in {int(wrong.sum()):,} rows (such "
            f"as {', '.join(f'{value:g}' for value in count[wrong][:1])})."
        )
    return count


def outcomes_of_new_rows(recipe: Recipe, data: Any) -> tuple[Floats, Floats | None]:
    """Code the response of new rows."""
    source = read(data, one_row=True)
    names = [column for part in recipe.formula.response for column in part.reads]
    columns = {name: source.column(name, " in the new data") for name in names}
    complete = np.ones(len(source.index), dtype=bool)
    for column in columns.values():
        if column.missing is not None:
            complete &= ~column.missing
    size = int(complete.sum())
    y, trials = np.full(complete.size, np.nan), None
    if len(recipe.formula.response) == 2:
        trials = np.full(complete.size, np.nan)
    if size:
        rows = UsedRows({name: column.at(complete) for name, column in columns.items()}, size, None)
        y[complete], counted = outcomes_as_in_fit(recipe, rows)
        if trials is not None:
            trials[complete] = counted
    return y, trials


def outcomes_as_in_fit(recipe: Recipe, rows: UsedRows) -> tuple[Floats, Floats | None]:
    """Code the response of complete rows by the event of a fit; see `coded_outcomes`."""
    return coded_outcomes(recipe.formula, recipe.event, rows, recipe.functions)


def coded_outcomes(parsed: Formula, event: Event, rows: UsedRows, functions: Functions) -> tuple[Floats, Floats | None]:
    """Code the response of complete rows by a known event: shares of events, and trials where there are counts.

    Raises:
        ResponseError: a value that is neither the event nor the other one.

    """
    if len(parsed.response) == 2:
        counts = counts_of(parsed, rows, functions)
        trials = counts[0] + counts[1]
        with np.errstate(invalid="ignore"):
            return counts[0 if event.level == parsed.response[0].name else 1] / trials, trials
    values = response_values(parsed.response[0], rows.columns, rows.size, functions)
    return _frozen_event(values, event), None


def _frozen_event(values: pd.Series, event: Event) -> Floats:
    levels = (event.level, event.other)
    numbers = all(isinstance(level, (bool, int, float, np.number, np.bool_)) for level in levels)
    # Numbers are compared without the labels of a Series.
    plain = numbers and isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf"
    compared: Any = values.to_numpy() if plain else values
    yes, no = (np.asarray(compared == level, dtype=bool) for level in levels)
    strange = ~(yes | no)
    if strange.any():
        found = listing(repr(value) for value in dict.fromkeys(values[strange].tolist()))
        raise ResponseError(
            f"The response {event.response!r} has values the fit has not seen: {found}; it knows {event.level!r} and "
            f"{event.other!r}."
        )
    return np.asarray(yes, dtype=np.float64)
