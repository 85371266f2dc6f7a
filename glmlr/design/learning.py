"""What do rows that come in parts teach a formula? Facts of each part, added up, and what is learnt from them.

One pass over the parts says which rows are used, which outcomes there are, which levels each factor has; a transform
that learns takes as many passes as it needs. Nothing is kept of the rows but a first few, which show what kind of
values a factor has once its transforms have learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.factor_levels import SeenLevels, is_categorical, seen_levels
from glmlr.design.factors import (
    Ingredient,
    Prepared,
    UsedRows,
    evaluated,
    explained,
    frozen_levels,
    ingredient_of,
    numeric,
    plain_column,
    refuse_dependence_on_other_rows,
    refuse_not_finite,
    values_of,
    width_of,
)
from glmlr.design.outcomes import coded_outcomes, counts_of, response_values
from glmlr.design.response import Event
from glmlr.design.rows import RowAccount, Sifted
from glmlr.errors import DataError, ResponseError
from glmlr.language.categories import Labels
from glmlr.language.expressions import Expression
from glmlr.language.formula import Formula
from glmlr.language.functions import Functions
from glmlr.language.transforms import Learned, Learning, SupervisedLearning

Floats = npt.NDArray[np.float64]

#: A response with more values than this is not looked at further.
_MOST_OUTCOMES: Final = 1000
_EXAMPLE_ROWS: Final = 2000


# ------------------------------------------------------------------------------------------------ factors


@dataclass(frozen=True)
class SeenNumbers:
    """Numbers that some rows hold: how many columns, and where they are one column of whole numbers, their range."""

    width: int
    low: float
    high: float
    whole: bool


@dataclass(frozen=True, eq=False)
class Observed:
    """What a transform that learns has seen of some rows; None while nobody has said which outcome is the event."""

    partial: Any


Seen = SeenNumbers | SeenLevels | Observed


class _Interrupted(BaseException):
    """An evaluation stopped where a transform is still learning; no error, so that nothing on the way explains it."""

    def __init__(self, observed: Observed) -> None:
        super().__init__()
        self.observed = observed


@dataclass(frozen=True, eq=False)
class _Looking:
    """A transform that looks at what it is given, and gives nothing."""

    learning: Learning
    told: Any

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        raise _Interrupted(Observed(self.learning.look(self.told, *arguments, **options)))


@dataclass(frozen=True, eq=False)
class Study:
    """A factor on its way to what it must learn.

    Attributes:
        ingredient: the factor with the transforms that have learnt.
        looking: what the next transform must find out, or None where all have learnt.
        seen: what was seen of its values, or None as yet.
        result: the factor when there is nothing left to learn, without values.

    """

    ingredient: Ingredient
    looking: Learning | None = None
    seen: SeenNumbers | SeenLevels | None = None
    result: Prepared | None = None

    def look(self, rows: UsedRows, functions: Functions) -> Seen:
        """Look at some rows."""
        ingredient, expression = self.ingredient, self.ingredient.expression
        if isinstance(self.looking, SupervisedLearning) and rows.y is None:
            return Observed(None)
        if expression.column is not None:
            value = plain_column(rows.columns[expression.column])
        else:
            if self.looking is not None:
                # The first transform that is reached stops the evaluation; those around it have nothing to see yet.
                watching = _Looking(self.looking, rows.told(self.looking))
                waiting = _transforms_of(ingredient) - len(ingredient.learned)
                ingredient = replace(ingredient, learned=(*ingredient.learned, *[watching] * waiting))
            try:
                value = evaluated(ingredient, rows.columns, functions)
            except _Interrupted as stopped:
                return stopped.observed
        if is_categorical(value):
            return seen_levels(expression, value, rows.size)[0]
        numbers = numeric(expression, value, rows.size)
        refuse_not_finite(expression, numbers, rows.columns)
        if numbers.ndim > 1:
            return SeenNumbers(width_of(numbers), np.nan, np.nan, False)
        return SeenNumbers(1, float(numbers.min()), float(numbers.max()), bool((numbers == np.floor(numbers)).all()))

    def merged(self, one: Seen, other: Seen) -> Seen:
        """Put together what was seen of two sets of rows."""
        expression = self.ingredient.expression
        if isinstance(one, Observed) and isinstance(other, Observed) and self.looking is not None:
            if one.partial is None or other.partial is None:
                return Observed(None)
            with explained(expression):
                return Observed(self.looking.add(one.partial, other.partial))
        if isinstance(one, SeenLevels) and isinstance(other, SeenLevels):
            return one.merged(other, expression)
        if isinstance(one, SeenNumbers) and isinstance(other, SeenNumbers) and one.width == other.width:
            low, high = min(one.low, other.low), max(one.high, other.high)
            return SeenNumbers(one.width, low, high, one.whole and other.whole)
        raise DataError(
            f"{expression.name} is not of one kind in all parts of the data; give the column one type in all of them."
        )

    def after(self, seen: Seen, functions: Functions, example: UsedRows) -> Study:
        """Learn from what was seen of all rows."""
        if isinstance(seen, Observed):
            if seen.partial is None:
                return self
            return self._learnt(seen, functions).settled(functions, example)
        ingredient = self.ingredient
        if isinstance(seen, SeenLevels):
            result = frozen_levels(ingredient, seen)
        else:
            result = Prepared(replace(ingredient, width=seen.width), None)
        result = result.with_notes()
        _refuse_dependence(result, example, functions)
        return replace(self, seen=seen, result=result)

    def _learnt(self, seen: Observed, functions: Functions) -> Study:
        assert self.looking is not None
        with explained(self.ingredient.expression):
            found: Learned | Learning = self.looking.learnt(seen.partial)
        if isinstance(found, Learning):
            return replace(self, looking=found)
        ingredient = replace(self.ingredient, learned=(*self.ingredient.learned, found))
        return replace(self, ingredient=ingredient, looking=_next_learning(ingredient, functions))

    def settled(self, functions: Functions, example: UsedRows) -> Study:
        """Say without another pass that the values are numbers, where the first rows show it."""
        if self.looking is not None:
            return self
        seen = self.look(example, functions)
        return self.after(replace(seen, whole=False), functions, example) if isinstance(seen, SeenNumbers) else self


def study_of(expression: Expression, functions: Functions) -> Study:
    """Begin to learn a factor."""
    ingredient = ingredient_of(expression, functions)
    return Study(ingredient, _next_learning(ingredient, functions))


def _transforms_of(ingredient: Ingredient) -> int:
    return 0 if ingredient.program is None else len(ingredient.program.learners)


def _next_learning(ingredient: Ingredient, functions: Functions) -> Learning | None:
    names = () if ingredient.program is None else ingredient.program.learners[len(ingredient.learned) :]
    return functions.learners[names[0]].learning if names else None


def _refuse_dependence(result: Prepared, example: UsedRows, functions: Functions) -> None:
    if mentioned := functions.mentioned(result.ingredient.expression.code):
        values, _ = values_of(result.ingredient, example.columns, functions, example.size)
        refuse_dependence_on_other_rows(replace(result, values=values), example, functions, mentioned)


# ------------------------------------------------------------------------------------------------ facts


@dataclass(frozen=True, eq=False)
class Facts:
    """What one pass says of some rows.

    Attributes:
        account: rows read, used and dropped.
        largest: name of each kind of weights -> the largest of them.
        kinds: column -> what it holds, where some row is used.
        outcomes: value of the response (or name of a count) -> rows, trials, and trials by sample weight, shape (3,).
        clusters: the clusters that occur, or None.
        seen: what each study saw; None where no row is used.
        example: the first rows used.

    """

    account: RowAccount
    largest: Mapping[str, float]
    kinds: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[Any, Floats] = field(default_factory=dict)
    clusters: pd.Index | None = None
    seen: tuple[Seen, ...] | None = None
    example: UsedRows | None = None


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a pass looks for: the formula, the studies that have not ended, and the event once it is known."""

    parsed: Formula
    functions: Functions
    studies: tuple[Study, ...]
    event: Event | None = None

    def facts(self, found: Sifted) -> Facts:
        """Say what the rows used among some rows tell."""
        if not found.rows.size:
            return Facts(found.account, found.largest)
        rows = self._with_outcomes(found.rows)
        clusters = None if found.cluster is None else cluster_labels(found)
        return Facts(
            found.account,
            found.largest,
            {name: column.kind for name, column in found.rows.columns.items()},
            _outcomes(self.parsed, found, self.functions),
            None if clusters is None else clusters.unique(),
            tuple(study.look(rows, self.functions) for study in self.studies),
            _first(found.rows),
        )

    def _with_outcomes(self, rows: UsedRows) -> UsedRows:
        """Code the outcomes for what learns from them."""
        if self.event is None or not any(isinstance(study.looking, SupervisedLearning) for study in self.studies):
            return rows
        y, trials = coded_outcomes(self.parsed, self.event, rows, self.functions)
        trials = rows.frequency if trials is None else trials if rows.frequency is None else trials * rows.frequency
        return replace(rows, y=y, trials=trials)

    def merged(self, one: Facts, other: Facts) -> Facts:
        """Put the facts of two sets of rows together, the rows of the first coming first."""
        names = dict.fromkeys([*one.largest, *other.largest])
        account = one.account + other.account
        largest = {name: max(one.largest.get(name, 0.0), other.largest.get(name, 0.0)) for name in names}
        if one.seen is None or other.seen is None:
            return replace(other if one.seen is None else one, account=account, largest=largest)
        return Facts(
            account,
            largest,
            _one_kind(one.kinds, other.kinds),
            _added(one.outcomes, other.outcomes),
            None if one.clusters is None or other.clusters is None else one.clusters.union(other.clusters, sort=False),
            tuple(s.merged(a, b) for s, a, b in zip(self.studies, one.seen, other.seen, strict=True)),
            one.example,
        )


def cluster_labels(found: Sifted) -> pd.Index:
    """Give the cluster of each row used as a label."""
    assert found.cluster is not None
    values = found.cluster.values
    labels: pd.Index = pd.Index(values.values() if isinstance(values, Labels) else np.asarray(values))
    return labels


def _one_kind(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    kinds = dict(one)
    for name, kind in one.items():
        if kind == "nothing":
            kinds[name] = other[name]
        elif other[name] not in (kind, "nothing"):
            words = {"number": "numbers", "truth": "True and False", "category": "text", "date": "dates"}
            raise DataError(
                f"column {name!r} holds {words.get(kind, kind)} in some parts of the data and "
                f"{words.get(other[name], other[name])} in others; give it one type in all of them."
            )
    return kinds


def _outcomes(parsed: Formula, found: Sifted, functions: Functions) -> dict[Any, Floats]:
    rows = found.rows
    trials = np.ones(rows.size) if rows.frequency is None else rows.frequency
    weight = trials if found.importance is None else trials * found.importance
    if len(parsed.response) == 2:
        counts = counts_of(parsed, rows, functions)
        return {
            part.name: np.array([float((count > 0).sum()), np.dot(count, trials), np.dot(count, weight)])
            for part, count in zip(parsed.response, counts, strict=True)
        }
    values = response_values(parsed.response[0], rows.columns, rows.size, functions)
    codes, levels = pd.factorize(values)
    if len(levels) > _MOST_OUTCOMES:
        raise ResponseError(
            f"The response {parsed.response[0].name!r} has more than {_MOST_OUTCOMES:,} values; recode it to the two "
            "you want to compare."
        )
    sums = [np.bincount(codes, weights=part, minlength=len(levels)) for part in (None, trials, weight)]
    return {level: np.array(part, dtype=np.float64) for level, *part in zip(list(levels), *sums, strict=True)}


def _added(one: Mapping[Any, Floats], other: Mapping[Any, Floats]) -> dict[Any, Floats]:
    total = dict(one)
    for value, sums in other.items():
        total[value] = total[value] + sums if value in total else sums
    return total


def _first(rows: UsedRows) -> UsedRows:
    some = np.arange(rows.size) < _EXAMPLE_ROWS
    columns = {name: column.at(some) for name, column in rows.columns.items()}
    frequency = None if rows.frequency is None else rows.frequency[some]
    return UsedRows(columns, int(some.sum()), frequency)
