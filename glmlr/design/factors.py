"""What does each factor of a formula become? Evaluated once, with its levels frozen and its transforms learnt.

A factor becomes numbers, or the codes of levels. The first look, at the rows of the fit, decides which, freezes the
levels that occur there and lets transforms learn; later looks, at new rows, only apply what was learnt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.factor_levels import SeenLevels, is_categorical, labels_of, recoded, seen_levels
from glmlr.errors import DataError, FormulaError, GlmlrError, listing
from glmlr.language.categories import Factor, Labels
from glmlr.language.expressions import Expression
from glmlr.language.functions import Functions
from glmlr.language.program import Program, identifier, program
from glmlr.language.tokens import shortened
from glmlr.language.transforms import Learned, Learner, Learning, Outcomes, SupervisedLearning
from glmlr.ranking import counts
from glmlr.sources import Column, all_finite

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class UsedRows:
    """The rows of a fit (n of them).

    Attributes:
        columns: the columns that the formula reads; nothing is missing but in those of `Formula.tolerates`.
        size: number of rows.
        frequency: how often each counts, shape (n,), or None.
        y: share of events in each, shape (n,); None where nobody has said which outcome is the event.
        trials: frequency times trials of each row, shape (n,), or None for 1.

    """

    columns: Mapping[str, Column]
    size: int
    frequency: Floats | None
    y: Floats | None = None
    trials: Floats | None = None

    def told(self, learning: Learning) -> Any:
        """Give what a transform that learns is told beside its arguments: frequencies, or outcomes.

        Raises:
            FormulaError: outcomes where there are none: in a response.

        """
        if not isinstance(learning, SupervisedLearning):
            return self.frequency
        if self.y is None:
            raise FormulaError("what learns from the outcomes cannot be part of the response")
        return Outcomes(*counts(self.y, self.trials))


@dataclass(frozen=True, eq=False)
class Ingredient:
    """One expression of the formula with what it has learnt.

    Attributes:
        expression: its code, name and columns.
        program: the compiled code, or None for a column as it is.
        learned: what its transforms have learnt, in order of evaluation.
        width: number of numeric columns; 0 for a categorical factor.
        levels: of a categorical factor, in coding order.
        reference: position of the level without a column of its own under treatment coding, or None.

    """

    expression: Expression
    program: Program | None
    learned: tuple[Learned, ...] = ()
    width: int = 1
    levels: tuple[Any, ...] = ()
    reference: int | None = None


def ingredient_of(expression: Expression, functions: Functions) -> Ingredient:
    """Compile an expression that calls nothing that learns."""
    return Ingredient(expression, None if expression.column is not None else _compiled(expression, functions))


def _compiled(expression: Expression, functions: Functions) -> Program:
    try:
        return program(expression.code, functions.learners)
    except RecursionError:
        raise FormulaError(
            f"{shortened(expression.name)} is too deeply nested to be evaluated; make the column before."
        ) from None


def evaluated(ingredient: Ingredient, columns: Mapping[str, Column], functions: Functions) -> Any:
    """Evaluate an expression: an array, `Labels`, a `Factor`, or a Series of dates."""
    expression = ingredient.expression
    if ingredient.program is None:
        return columns[expression.reads[0]].values
    as_it_is = expression.code.startswith(identifier("C") + "(")
    names = {placeholder: _operand(columns[column], as_it_is) for placeholder, column in expression.columns}
    with explained(expression):
        return ingredient.program.evaluate({**functions.space, **names}, ingredient.learned)


@contextmanager
def explained(expression: Expression) -> Iterator[None]:
    """Turn any failure of what an expression calls into a `FormulaError` that names the expression."""
    try:
        yield
    except GlmlrError:
        raise
    except Exception as problem:
        raise FormulaError(f"{shortened(expression.name, 200)} cannot be evaluated: {_reason(problem)}.") from problem


def _reason(problem: Exception) -> str:
    """Give the message of any failure as part of a sentence: without the name of our function, and not too long."""
    words = re.sub(r"^[\w.<>]+\(\) ", "it ", " ".join(str(problem).split())).rstrip(".")
    words = words.replace("it missing", "it is missing", 1)
    return shortened(words, 200).rstrip(".") or type(problem).__name__


def _operand(column: Column, as_it_is: bool) -> Any:
    """Give a column to an expression; numbers are floating point, unless C() wants to name them as they are."""
    if column.kind == "number" and not as_it_is:
        return np.asarray(column.values, dtype=np.float64)
    if column.kind == "mixed" and not as_it_is:
        _refuse_mixed(column)
    return column.values


def _refuse_mixed(column: Column) -> None:
    kinds: dict[str, Any] = {"text": str, "numbers": (int, float)}
    some = {w: next((v for v in column.values.levels if isinstance(v, t)), None) for w, t in kinds.items()}
    shown = ", ".join(f"{what} such as {value!r}" for what, value in some.items() if value is not None)
    raise DataError(
        f"column {column.name!r} mixes values of several types ({shown}); make it all numbers or all text, or declare "
        f"the mixture as categories by C({column.name})."
    )


@dataclass
class _Learning:
    """A transform in its first call: it learns from the values it is given, then applies what it has learnt."""

    learner: Learner
    rows: UsedRows
    learned: Learned | None = None

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.learned = self.learner(self.rows.told(self.learner.learning), *arguments, **options)
        return self.learned(*arguments, **options)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One factor after its first look at the rows: its values, and the coding that was asked for."""

    ingredient: Ingredient
    values: Any
    contrast: Any = None
    note: str | None = None

    def with_notes(self) -> Prepared:
        """Add what its transforms have to say of what they learnt."""
        said = [getattr(one, "note", None) for one in self.ingredient.learned]
        notes = [f"{self.ingredient.expression.name}: {note}" for note in said if note]
        return replace(self, note=" ".join(filter(None, [self.note, *notes]))) if notes else self


def prepare(expression: Expression, rows: UsedRows, functions: Functions) -> Prepared:
    """Evaluate a factor for the first time: what kind it is, its levels, what its transforms learn."""
    if expression.column is not None:
        ingredient = Ingredient(expression, None)
        value = plain_column(rows.columns[expression.column])
    else:
        ingredient, value = _evaluated_first(expression, rows, functions)
    if is_categorical(value):
        learned = _prepare_levels(ingredient, value, rows.size)
    else:
        numbers = numeric(expression, value, rows.size)
        refuse_not_finite(expression, numbers, rows.columns)
        learned = Prepared(replace(ingredient, width=width_of(numbers)), numbers)
    learned = learned.with_notes()
    if mentioned := functions.mentioned(expression.code):
        refuse_dependence_on_other_rows(learned, rows, functions, mentioned)
    return learned


def _evaluated_first(expression: Expression, rows: UsedRows, functions: Functions) -> tuple[Ingredient, Any]:
    compiled = _compiled(expression, functions)
    learning = tuple(_Learning(functions.learners[name], rows) for name in compiled.learners)
    value = evaluated(Ingredient(expression, compiled, learning), rows.columns, functions)
    transforms = tuple(one.learned for one in learning if one.learned is not None)
    return Ingredient(expression, compiled, transforms), value


def plain_column(column: Column) -> Any:
    """Give a column that is a factor by itself."""
    if column.kind == "date":
        raise DataError(
            f"column {column.name!r} holds dates or durations, which are no numbers; compute what matters (such as the "
            "days since a date) first, or with a function of your own in functions={...}."
        )
    if column.kind == "mixed":
        _refuse_mixed(column)
    return column.values


def width_of(numbers: npt.NDArray[Any]) -> int:
    """Give the number of columns of what an expression gave."""
    return 1 if numbers.ndim == 1 else numbers.shape[1]


def numeric(expression: Expression, value: Any, size: int) -> npt.NDArray[Any]:
    """Check that an expression gave one number, or one row of numbers, for each row."""
    if isinstance(value, pd.Series):
        raise FormulaError(
            f"{expression.name} gives dates or durations; divide or convert them to numbers in a function of your own, "
            "functions={...}."
        )
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise FormulaError(
            f"{expression.name} gives values of type {array.dtype}, which are neither numbers nor categories."
        )
    if array.ndim not in (1, 2) or array.shape[0] != size or array.size == 0:
        raise FormulaError(
            f"{expression.name} gives an array of shape {array.shape} for {size:,} rows; it must give one value a row."
        )
    array = array if array.dtype.itemsize == 8 else array.astype(np.float64)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def refuse_not_finite(expression: Expression, values: npt.NDArray[Any], columns: Mapping[str, Column]) -> None:
    """Name a term that is infinite or not a number, with the number of rows and the likely cause."""
    known = expression.column is not None and columns[expression.column].finite
    if known or values.dtype.kind != "f" or all_finite(values):
        return
    rows = values if values.ndim == 1 else values.sum(axis=1)
    for name in expression.reads:
        raw = columns[name].values
        if columns[name].kind == "number" and (infinite := int(np.isinf(raw).sum())):
            raise DataError(
                f"column {name!r} is infinite in {infinite:,} of the {rows.size:,} rows; make these values missing or "
                "drop the rows."
            )
    undefined, infinite = int(np.isnan(rows).sum()), int(np.isinf(rows).sum())
    what = [f"infinite in {infinite:,}"] if infinite else []
    what += [f"undefined (NaN) in {undefined:,}"] if undefined else []
    cause = "the logarithm or root of a negative number" if undefined else "the logarithm of 0 or a division by 0"
    raise DataError(
        f"{expression.name} is {' and '.join(what)} of the {rows.size:,} rows in which "
        f"{listing(map(repr, expression.reads))} is there; {cause} does that: transform otherwise, or make these rows "
        "missing."
    )


def prepare_offset(expression: Expression, rows: UsedRows, functions: Functions) -> Prepared:
    """Evaluate the argument of offset(...) for the first time: one number a row."""
    learned = prepare(expression, rows, functions)
    if learned.ingredient.levels or learned.ingredient.width != 1:
        raise FormulaError(f"offset({expression.name}) must be one number per row.")
    return replace(learned, values=np.asarray(learned.values, dtype=np.float64))


def refuse_dependence_on_other_rows(
    learned: Prepared, rows: UsedRows, functions: Functions, mentioned: Sequence[str]
) -> None:
    """Evaluate a user's function on some of the rows, and refuse it where a row gets another value than among all."""
    some = np.zeros(rows.size, dtype=bool)
    some[:: max(2, rows.size // 500)] = True
    part = {name: column.at(some) for name, column in rows.columns.items()}
    try:
        values, _ = values_of(learned.ingredient, part, functions, int(some.sum()))
    except GlmlrError:
        values = None
    whole = learned.values[some]
    if values is None or not np.allclose(values, whole, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise FormulaError(
            f"{learned.ingredient.expression.name} gives a row another value when other rows are left out, so "
            f"{listing(f'{name}()' for name in mentioned)} depends on the other rows; use center(x) or standardize(x), "
            "make the column before, or give a stateful transform of patsy."
        )


def frozen_levels(ingredient: Ingredient, seen: SeenLevels) -> Prepared:
    """Freeze the levels of a factor, which has no values yet; see `SeenLevels.frozen`."""
    found = seen.frozen(ingredient.expression)
    return Prepared(replace(ingredient, width=0, levels=found.levels), None, found.contrast, found.note)


def _prepare_levels(ingredient: Ingredient, value: Any, size: int) -> Prepared:
    seen, codes = seen_levels(ingredient.expression, value, size)
    occurs = seen.counts > 0
    if not occurs.all():
        codes = (np.cumsum(occurs) - 1).astype(codes.dtype)[codes]
    return replace(frozen_levels(ingredient, seen), values=codes)


def shown_level(level: Any) -> str:
    """Give a level as text."""
    return level if isinstance(level, str) else str(level)


def values_of(
    ingredient: Ingredient, columns: Mapping[str, Column], functions: Functions, size: int
) -> tuple[Any, Labels | None]:
    """Evaluate a factor that has learnt: numbers, or codes (-1 for an unseen level) with the labels they are of."""
    value = evaluated(ingredient, columns, functions)
    expression = ingredient.expression
    if ingredient.width:
        numbers = numeric(expression, value, size)
        width = width_of(numbers)
        if width != ingredient.width:
            raise DataError(
                f"{expression.name} gives {width} columns for the new rows and gave {ingredient.width} in the fit."
            )
        return numbers, None
    labels = labels_of(value.values if isinstance(value, Factor) else value, expression, size)
    return recoded(labels, ingredient.levels), labels
