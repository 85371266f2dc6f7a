"""What does each factor of a formula become? Evaluated once, with its levels frozen and its transforms learnt.

A factor becomes numbers, or the codes of levels. The first look, at the rows of the fit, decides which, freezes the
levels that occur there and lets transforms learn; later looks, at new rows, only apply what was learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import DataError, FormulaError, GlmlrError, listing, suggestion
from glmlr.formula import Expression
from glmlr.sources import Column
from glmlr.transforms import (
    ROWWISE,
    Factor,
    Labels,
    Learned,
    Learner,
    Program,
    factor,
    identifier,
    identity,
    labelled,
    program,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


#: A factor with more levels than this would need a coding matrix of hundreds of megabytes.
MOST_LEVELS: Final = 5000


@dataclass(frozen=True, eq=False)
class UsedRows:
    """The rows of a fit: the columns the formula reads (nothing missing), their number, their frequencies or None."""

    columns: Mapping[str, Column]
    size: int
    frequency: Floats | None


@dataclass(frozen=True, eq=False)
class _Own:
    """A user's function: it is given Series, and what it gives back is tidied."""

    name: str
    function: Any

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return _tidied(self.function(*map(_as_series, arguments), **options), self.name)


@dataclass(frozen=True, eq=False)
class _OwnLearner:
    """A user's transform that follows patsy's protocol for stateful transforms."""

    name: str
    made: Any

    def __call__(self, weight: Floats | None, *arguments: Any, **options: Any) -> Learned:
        transform = self.made()
        if weight is not None:
            times = np.rint(weight).astype(np.intp)
            repeated = [np.repeat(np.asarray(value), times, axis=0) for value in arguments]
            transform.memorize_chunk(*repeated, **options)
        else:
            transform.memorize_chunk(*arguments, **options)
        transform.memorize_finish()
        return _Own(self.name, transform.transform)


def _as_series(value: Any) -> Any:
    if isinstance(value, Labels):
        return pd.Series(value.values(), name=value.name).infer_objects()
    return pd.Series(value) if isinstance(value, np.ndarray) and value.ndim == 1 else value


def _tidied(value: Any, name: str) -> Any:
    """Give what a user's function returned as an array or as labels."""
    if isinstance(value, pd.Index):
        value = value.to_series()
    if isinstance(value, pd.Categorical):
        return labelled(value, name)
    if isinstance(value, pd.Series):
        if isinstance(value.dtype, (pd.CategoricalDtype, pd.StringDtype)) or value.dtype.kind == "O":
            return labelled(value, name)
        kind = bool if value.dtype.kind == "b" else np.float64
        return value.to_numpy(dtype=kind, na_value=np.nan) if value.dtype.kind in "biuf" else value
    array = np.asarray(value)
    return labelled(array, name) if array.dtype.kind in "OUS" and array.ndim == 1 else array


@dataclass(frozen=True, eq=False)
class Functions:
    """What the formula of one fit may call.

    Attributes:
        own: the user's functions.
        transforms: the transforms that learn, by name.
        contrasts: the codings of factors, by name.

    """

    own: Mapping[str, Any]
    transforms: Mapping[str, Learner]
    contrasts: Mapping[str, Any]

    @cached_property
    def names(self) -> frozenset[str]:
        """Names a formula may call."""
        return frozenset(ROWWISE) | frozenset(self.transforms) | frozenset(self.own)

    @cached_property
    def learners(self) -> Mapping[str, Learner]:
        """Transforms that learn, the user's included."""
        own = {name: _OwnLearner(name, f.__patsy_stateful_transform__) for name, f in self.own.items() if _learns(f)}
        return {**self.transforms, **own}

    @cached_property
    def space(self) -> Mapping[str, Any]:
        """Everything else by its identifier."""
        own = {name: _Own(name, function) for name, function in self.own.items()}
        named = {**ROWWISE, **self.contrasts, "C": factor, "I": identity, "np.pi": np.pi, "np.e": np.e, **own}
        return {identifier(name): function for name, function in named.items()}

    def mentioned(self, code: str) -> list[str]:
        """Give the user's functions that an expression calls."""
        return [name for name in self.own if f"{identifier(name)}(" in code]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without what can be made again."""
        return Functions, (dict(self.own), dict(self.transforms), dict(self.contrasts))


def _learns(function: Any) -> bool:
    return hasattr(function, "__patsy_stateful_transform__")


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
    compiled = None if expression.column is not None else program(expression.code, functions.learners)
    return Ingredient(expression, compiled)


def evaluated(ingredient: Ingredient, columns: Mapping[str, Column], functions: Functions) -> Any:
    """Evaluate an expression: an array, `Labels`, a `Factor`, or a Series of dates."""
    expression = ingredient.expression
    if ingredient.program is None:
        return columns[expression.reads[0]].values
    as_it_is = expression.code.startswith(identifier("C") + "(")
    names = {placeholder: _operand(columns[column], as_it_is) for placeholder, column in expression.columns}
    try:
        return ingredient.program.evaluate({**functions.space, **names}, ingredient.learned)
    except GlmlrError:
        raise
    except Exception as problem:
        reason = str(problem).strip().rstrip(".") or type(problem).__name__
        raise FormulaError(f"{expression.name} cannot be evaluated: {reason}.") from problem


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
    weight: Floats | None
    learned: Learned | None = None

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.learned = self.learner(self.weight, *arguments, **options)
        return self.learned(*arguments, **options)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One factor after its first look at the rows: its values, and the coding that was asked for."""

    ingredient: Ingredient
    values: Any
    contrast: Any = None
    note: str | None = None


def prepare(expression: Expression, rows: UsedRows, functions: Functions) -> Prepared:
    """Evaluate a factor for the first time: what kind it is, its levels, what its transforms learn."""
    if expression.column is not None:
        ingredient = Ingredient(expression, None)
        value = _plain_column(rows.columns[expression.column])
    else:
        ingredient, value = _evaluated_first(expression, rows, functions)
    if isinstance(value, (Labels, Factor)) or (isinstance(value, np.ndarray) and value.dtype.kind in "bOU"):
        learned = _prepare_levels(ingredient, value, rows)
    else:
        numbers = _numeric(expression, value, rows.size)
        refuse_not_finite(expression, numbers, rows.columns)
        width = 1 if numbers.ndim == 1 else numbers.shape[1]
        learned = Prepared(replace(ingredient, width=width), numbers)
    if mentioned := functions.mentioned(expression.code):
        _refuse_dependence_on_other_rows(learned, rows, functions, mentioned)
    return learned


def _evaluated_first(expression: Expression, rows: UsedRows, functions: Functions) -> tuple[Ingredient, Any]:
    compiled = program(expression.code, functions.learners)
    learning = tuple(_Learning(functions.learners[name], rows.frequency) for name in compiled.learners)
    value = evaluated(Ingredient(expression, compiled, learning), rows.columns, functions)
    transforms = tuple(one.learned for one in learning if one.learned is not None)
    return Ingredient(expression, compiled, transforms), value


def _plain_column(column: Column) -> Any:
    """Give a column that is a factor by itself."""
    if column.kind == "date":
        raise DataError(
            f"column {column.name!r} holds dates or durations, which are no numbers; compute what matters (such as the "
            "days since a date) first, or with a function of your own in functions={...}."
        )
    if column.kind == "mixed":
        _refuse_mixed(column)
    return column.values


def _numeric(expression: Expression, value: Any, size: int) -> npt.NDArray[Any]:
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
    if values.dtype.kind != "f" or np.isfinite(values).all():
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


def _refuse_dependence_on_other_rows(
    learned: Prepared, rows: UsedRows, functions: Functions, mentioned: Sequence[str]
) -> None:
    """Evaluate a user's function on some of the rows: each must keep the value it had among all rows."""
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


def _prepare_levels(ingredient: Ingredient, value: Any, rows: UsedRows) -> Prepared:
    """Freeze the levels of a factor: those that occur in the rows used, in their order."""
    expression = ingredient.expression
    marked = value if isinstance(value, Factor) else Factor(value)
    labels = _labels_of(marked.values, expression, rows.size)
    known = labels.levels if marked.levels is None else marked.levels
    codes = _recoded(labels, known)
    if (codes < 0).any():
        strange = listing(repr(level) for level in labels.levels if level not in set(known))
        raise DataError(f"levels= of {expression.name} leaves out {strange}, which the data hold; name every level.")
    counts = np.bincount(codes, minlength=len(known))
    present = np.flatnonzero(counts)
    levels = tuple(known[at] for at in present)
    absent = [str(known[at]) for at in np.flatnonzero(counts == 0)]
    _refuse_levels(expression, levels, rows.size)
    if absent:
        back = np.cumsum(counts > 0) - 1
        codes = np.asarray(back[codes], dtype=np.intp)
    note = None
    if len(absent) == 1:
        note = f"{expression.name}: the level {absent[0]} has no rows and was dropped."
    elif absent:
        note = f"{expression.name}: the levels {listing(absent)} have no rows and were dropped."
    frozen = replace(ingredient, width=0, levels=levels)
    return Prepared(frozen, codes, _checked_contrast(marked.contrast, expression, levels, absent), note)


def _labels_of(values: Any, expression: Expression, size: int) -> Labels:
    """Give values that are to be categories as `Labels`."""
    if isinstance(values, Labels):
        labels = values
    else:
        array: Any = values.array if isinstance(values, pd.Series) else np.asarray(values)
        if np.ndim(array) == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if np.ndim(array) != 1:
            raise FormulaError(f"{expression.name} must be one value per row to be a factor.")
        if array.dtype.kind == "b":
            labels = Labels(array.astype(np.intp), (False, True), expression.name)
        else:
            labels = labelled(array, expression.name)
    if labels.codes.size != size:
        raise FormulaError(f"{expression.name} gives {labels.codes.size:,} values for {size:,} rows.")
    if (labels.codes < 0).any():
        raise DataError(
            f"{expression.name} is missing in {int((labels.codes < 0).sum()):,} rows; it must have a level in each."
        )
    return labels


def _recoded(labels: Labels, levels: Sequence[Any]) -> Integers:
    """Give codes into other levels, -1 where a level is not among them."""
    if labels.levels == tuple(levels):
        return labels.codes
    position = {level: at for at, level in enumerate(levels)}
    table = np.array([_position(level, position) for level in labels.levels] + [-1], dtype=np.intp)
    return np.asarray(table[labels.codes])


def _position(level: Any, position: Mapping[Any, int]) -> int:
    try:
        return position.get(level, -1)
    except TypeError:
        return -1


def _refuse_levels(expression: Expression, levels: Sequence[Any], size: int) -> None:
    if len(levels) == 1:
        raise DataError(
            f"{expression.name} has one level only, {shown_level(levels[0])!r}, in the {size:,} rows used; it cannot "
            "explain anything: drop the term."
        )
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"{expression.name} has {len(levels):,} different values in {size:,} rows, too many for a factor (at most "
            f"{MOST_LEVELS:,}); leave it out, or group its levels."
        )


def shown_level(level: Any) -> str:
    """Give a level as text."""
    return level if isinstance(level, str) else str(level)


def _checked_contrast(contrast: Any, expression: Expression, levels: tuple[Any, ...], absent: Sequence[str]) -> Any:
    """Check that the level a contrast names exists."""
    for attribute in ("reference", "omit"):
        level = getattr(contrast, attribute, None)
        if level is None or level in levels or (isinstance(level, int) and -len(levels) <= level < len(levels)):
            continue
        texts = [known for known in levels if isinstance(known, str)]
        why = "has no rows" if str(level) in absent else "is not a level"
        hint = suggestion(level, texts) if isinstance(level, str) and why != "has no rows" else ""
        known = listing(map(repr, levels))
        raise FormulaError(f"{expression.name}: {level!r} {why}{hint or '.'} The levels are {known}.")
    return contrast


def values_of(
    ingredient: Ingredient, columns: Mapping[str, Column], functions: Functions, size: int
) -> tuple[Any, Labels | None]:
    """Evaluate a factor that has learnt: numbers, or codes (-1 for an unseen level) with the labels they are of."""
    value = evaluated(ingredient, columns, functions)
    expression = ingredient.expression
    if ingredient.width:
        numbers = _numeric(expression, value, size)
        width = 1 if numbers.ndim == 1 else numbers.shape[1]
        if width != ingredient.width:
            raise DataError(
                f"{expression.name} gives {width} columns for the new rows and gave {ingredient.width} in the fit."
            )
        return numbers, None
    labels = _labels_of(value.values if isinstance(value, Factor) else value, expression, size)
    return _recoded(labels, ingredient.levels), labels
