"""Which designs can be made of a design? Some of its rows, other counts and weights, factors that learn anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design import DesignInMemory, refuse_class_weight_of_counts
from glmlr.design.coding import recipe_of
from glmlr.design.designed import Totals
from glmlr.design.factors import UsedRows, prepare, prepare_offset
from glmlr.design.rows import Roles, RowAccount, predictors_read
from glmlr.design.weights import class_weights_of
from glmlr.sources import Source

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class SomeRows(Mapping[str, pd.Series]):
    """Columns cut to some rows when they are asked for."""

    columns: Mapping[str, pd.Series]
    rows: Integers

    def __getitem__(self, name: str) -> pd.Series:
        return self.columns[name].iloc[self.rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def source(self, index: pd.Index) -> Source:
        """Give them as rows that a design can be built of."""
        return Source(tuple(self.columns), index[self.rows], self.__getitem__)


def sliced(design: DesignInMemory, rows: Integers) -> DesignInMemory:
    """Cut a design to some of the rows it uses, shape (m,); what it has learnt stays.

    Class weights stay as they are too: see `weighted_by_class` for weights that are those of the part.
    """

    def cut(values: Any) -> Any:
        return None if values is None else _frozen(values[rows])

    at = np.flatnonzero(design.used)[rows]
    cluster = None if design.cluster is None else np.asarray(pd.factorize(design.cluster[rows])[0], dtype=np.int64)
    y, weight, importance = cut(design.y), cut(design.weight), cut(design.importance)
    return replace(
        design,
        rows=RowAccount(rows.size, rows.size, {}),
        totals=_totals(y, weight, importance),
        index=design.index[at],
        used=_frozen(np.ones(rows.size, dtype=bool)),
        y=y,
        weight=weight,
        importance=importance,
        offset=cut(design.offset),
        cluster=cluster,
        clusters=None if cluster is None else int(cluster.max()) + 1,
        columns=SomeRows(design.columns, rows),
        values=tuple(value[rows] for value in design.values),
        frequency=cut(design.frequency),
        sample_weight=cut(design.sample_weight),
        given_offset=cut(design.given_offset),
        stands_for=cut(design.stands_for),
    )


def weighted_by_class(design: DesignInMemory, class_weight: Any) -> DesignInMemory:
    """Give the same rows with class weights, "balanced" being that of these rows.

    Args:
        design: rows without class weights.
        class_weight: see `glmlr.design.weights.class_weights_of`; None for none.

    Raises:
        OptionError: weights that are none, or rows that are of no one class.

    """
    refuse_class_weight_of_counts(class_weight, design.grouped)
    weights = class_weights_of(class_weight, design.event, design.totals.events, design.totals.trials)
    if weights is None:
        return design
    by_class = np.where(design.y == 1.0, weights[1], weights[0])
    importance = _frozen(by_class if design.importance is None else design.importance * by_class)
    totals = _totals(design.y, design.weight, importance)
    return replace(design, class_weights=weights, weighted=True, importance=importance, totals=totals)


def _totals(y: Floats, weight: Floats | None, importance: Floats | None) -> Totals:
    trials = np.ones_like(y) if weight is None else weight
    total = trials if importance is None else trials * importance
    return Totals(y.size, float(trials.sum()), float(np.dot(y, trials)), float(total.sum()), float(np.dot(y, total)))


def without_class_weights(design: DesignInMemory) -> DesignInMemory:
    """Give the same rows without class weights; sample weights stay."""
    if design.class_weights is None:
        return design
    importance = design.sample_weight
    totals = _totals(design.y, design.weight, importance)
    return replace(
        design,
        class_weights=None,
        balanced=False,
        weighted=importance is not None,
        importance=importance,
        totals=totals,
    )


def class_weight_option(design: DesignInMemory) -> Any:
    """Give the class weights of a design as they are asked for: "balanced" is found anew in each part of the rows."""
    if design.class_weights is None:
        return None
    w0, w1 = design.class_weights
    return "balanced" if design.balanced else {design.event.other: w0, design.event.level: w1}


def recounted(design: DesignInMemory, events: Floats, nonevents: Floats) -> DesignInMemory:
    """Give the rows that hold at least one trial, with other numbers of events and non-events, shape (n,) each.

    Args:
        design: rows without class weights.
        events: events of each row.
        nonevents: non-events of each row.

    """
    trials = events + nonevents
    rows = np.flatnonzero(trials)
    part, weight = sliced(design, rows), _frozen(trials[rows])
    y = _frozen(events[rows] / weight)
    totals = _totals(y, weight, part.importance)
    # Rows that count trials teach a transform one by one, as in the fit.
    frequency = part.frequency if design.grouped else weight
    return replace(part, y=y, weight=weight, frequency=frequency, counted=True, totals=totals)


def lacks_levels(design: DesignInMemory, rows: Integers | None = None) -> bool:
    """Whether some level of some factor occurs in none of the rows, or of some of them."""
    for ingredient, value in zip(design.recipe.ingredients, design.values, strict=True):
        known = len(ingredient.levels)
        found = value if rows is None else value[rows]
        if known and (np.bincount(found, minlength=known) == 0).any():
            return True
    return False


def learnt_anew(design: DesignInMemory) -> DesignInMemory:
    """Let the factors find their levels, and transforms learn, from the rows of the design alone, by their weight.

    Raises:
        DataError, FormulaError: these rows cannot be modelled by the formula.

    """
    recipe, size = design.recipe, design.y.size
    parsed, functions = recipe.formula, recipe.functions
    source = Source(tuple(design.columns), design.index[design.used], design.columns.__getitem__)
    every = np.ones(size, dtype=bool)
    columns = {name: source.column(name) for name in predictors_read(parsed)}
    columns = {
        name: column.with_missing(every) if name in parsed.tolerates else column.without_missing()
        for name, column in columns.items()
    }
    rows = UsedRows(columns, size, design.frequency, design.y, design.weight)
    factors = dict.fromkeys(factor for term in parsed.terms for factor in term)
    learned = {factor: prepare(factor, rows, functions) for factor in factors}
    offsets = [prepare_offset(part, rows, functions) for part in parsed.offsets]
    shift = design.given_offset
    for one in offsets:
        shift = one.values if shift is None else shift + one.values
    kinds = {**recipe.kinds, **{name: column.kind for name, column in columns.items()}}
    anew = recipe_of(parsed, kinds, design.event, functions, learned, offsets, Roles())
    return replace(
        design,
        recipe=replace(anew, offset_given=design.given_offset is not None),
        offset=None if shift is None else _frozen(np.array(shift)),
        values=tuple(one.values for one in learned.values()),
    )


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
