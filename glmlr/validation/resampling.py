"""How is a model fitted again to some of the rows, and what does it say of the others?

Whatever a design has learnt from its rows must not be learnt from rows that are held out. So transforms that learn and
the levels of factors are found again in each training part, by building its design anew. Where that is provably the
same, because nothing in the formula learns and every level occurs in the training part, the design of all rows is cut
instead.

Reference: Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, 2nd ed., section 7.10.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import ArrayRows
from glmlr.design import DesignInMemory, build_design
from glmlr.design.recipe import NewRows, applied
from glmlr.design.rows import columns_read
from glmlr.design.weights import lined_up, numbers_of, weights_of
from glmlr.errors import GlmlrError, NotApplicable
from glmlr.links import Link
from glmlr.prediction import broken_rows
from glmlr.sources import Source, read
from glmlr.sources.database import Query
from glmlr.sources.parts import rows_in_parts
from glmlr.validation.folds import Fold, whole
from glmlr.validation.refit import Refit, SomeRows, Start, sliced

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """The two sides of a fold.

    Attributes:
        training: the rows that a model is fitted to, without class weights.
        test: design columns of the rows held out that have any; a row with a level that the training part lacks has
            none.
        rebuilt: whether the design was built again from the training part.

    """

    training: DesignInMemory
    test: NewRows
    rebuilt: bool

    def predicted(self, fitted: Refit) -> Floats:
        """Probabilities of the rows held out, shape (test.complete.size,); NaN where there is none."""
        found = np.full(self.test.complete.size, np.nan)
        found[self.test.complete] = fitted.probabilities(self.test.matrix, self.test.offset)
        return found

    def beyond(self, fitted: Refit) -> int:
        """Count the rows held out that break a dependency of columns which all training rows obey."""
        return max((broken_rows(alias, self.test.matrix) for alias in fitted.maximum.solution.aliased), default=0)


@dataclass(frozen=True, eq=False)
class _Given:
    """What a design of some rows is built from (n = rows used).

    Attributes:
        columns: the data columns that the formula reads, cut to the rows used.
        index: of the rows used.
        options: freq_weights, sample_weight and offset, shape (n,) each, where they are.
        functions: the user's own functions.

    """

    columns: Mapping[str, pd.Series]
    index: pd.Index
    options: Mapping[str, Floats]
    functions: Mapping[str, Any] | None

    def source(self, rows: Integers) -> Source:
        """Give some of the rows."""
        return SomeRows(self.columns, rows).source(self.index)

    def cut(self, rows: Integers) -> dict[str, Floats]:
        """Give the options of some of the rows."""
        return {name: values[rows] for name, values in self.options.items()}


@dataclass(frozen=True, eq=False)
class Refitting:
    """How a model is fitted to any of the rows used, and applied to any others (n = rows used).

    Attributes:
        design: of all rows used, without class weights.
        link: the link.
        learns: factors that hold a transform which learns from rows, so that each training part has its own.
        max_iterations: largest number of Newton steps.
        groups: number of the group of each row, shape (n,), or None; a group is never divided.

    """

    design: DesignInMemory
    link: Link
    learns: tuple[str, ...]
    max_iterations: int
    groups: Integers | None
    _given: _Given = field(repr=False)

    def split(self, fold: Fold) -> Split:
        """Give the two sides of a fold.

        Raises:
            DataError, FormulaError: the training part alone cannot be modelled.

        """
        if self.learns or self._lacks_levels(fold.training):
            with explained(fold):
                return self._built(fold)
        design, rows = self.design, fold.test
        values = [value[rows] for value in design.values]
        offset = None if design.offset is None else design.offset[rows]
        every = np.ones(rows.size, dtype=bool)
        matrix = design.recipe.matrix(values, rows.size)
        index = design.index[np.flatnonzero(design.used)[rows]]
        return Split(sliced(design, fold.training), NewRows(index, every, matrix, offset), rebuilt=False)

    def start_for(self, split: Split, fold: Fold, start: Start) -> Floats | None:
        """Give coefficients near the maximum of a training part, shape (k,); None where its columns are its own."""
        if split.rebuilt:
            return None
        importance = self.design.importance
        y, weight = self.outcome(fold.test)
        held_out = ArrayRows(
            split.test.matrix.T,
            y,
            weight,
            None if importance is None else importance[fold.test],
            split.test.offset,
        )
        return start.without(held_out, self.link)

    def outcome(self, rows: Integers) -> tuple[Floats, Floats | None]:
        """Give the shares of events of some rows and their trials (frequency weights only), None for 1."""
        weight = self.design.weight
        return self.design.y[rows], None if weight is None else weight[rows]

    def _lacks_levels(self, rows: Integers) -> bool:
        """Whether some level does not occur in some rows."""
        for ingredient, value in zip(self.design.recipe.ingredients, self.design.values, strict=True):
            known = len(ingredient.levels)
            if known and (np.bincount(value[rows], minlength=known) == 0).any():
                return True
        return False

    def _built(self, fold: Fold) -> Split:
        given, event = self._given, self.design.event
        training = build_design(
            self.design.formula,
            given.source(fold.training),
            event=event.level,
            functions=given.functions,
            **given.cut(fold.training),
        )
        offset = given.cut(fold.test).get("offset")
        return Split(training, applied(training.recipe, given.source(fold.test), "nan", offset), rebuilt=True)


@contextmanager
def explained(fold: Fold) -> Iterator[None]:
    """Say in which fold something cannot be done."""
    try:
        yield
    except GlmlrError as problem:
        label = fold.label
        raise type(problem)(f"{label[0].upper()}{label[1:]}, the training part alone: {problem}") from problem


def refitting_of(
    formula: str,
    data: Any,
    link: Link,
    *,
    event: Any = None,
    freq_weights: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    groups: Any = None,
    functions: Mapping[str, Any] | None = None,
    max_iterations: int = 100,
) -> Refitting:
    """Read rows, drop those in which something is missing, once, and say how they are refitted; see `glmlr.fit`.

    Rows without a group are dropped too, and a column of groups is no predictor of `y ~ .`.

    Raises:
        NotApplicable: rows that are read in parts, or counted by a database.
        FormulaError, DataError, ResponseError, WeightError, OptionError, SourceError: what is wrong, in a sentence.

    """
    if isinstance(data, Query) or (not isinstance(data, pd.DataFrame) and rows_in_parts(data) is not None):
        raise NotApplicable(
            "Models are fitted again to parts of rows that are held in memory; these are read in parts: give a data "
            "frame, or a sample of the rows."
        )
    most = whole("max_iterations", max_iterations, 1)
    source = read(data)
    options = {"freq_weights": freq_weights, "sample_weight": sample_weight, "offset": offset}
    design = build_design(formula, source, event=event, functions=functions, cluster=groups, **options)
    ingredients = (*design.recipe.ingredients, *design.recipe.offsets)
    learns = tuple(one.expression.name for one in ingredients if one.learned)
    read_again = columns_read(design.recipe.formula) if learns or any(one.levels for one in ingredients) else []
    given = _Given(
        columns={name: source.raw(name)[design.used] for name in read_again},
        index=design.index[design.used],
        options={name: values[design.used] for name, values in _values_of(options, source).items()},
        functions=functions,
    )
    # Groups decide which rows go together, not how a model is fitted; and nobody looks at the columns of a refit.
    plain = replace(design, cluster=None, clusters=None, columns={})
    return Refitting(plain, link, learns, most, design.cluster, given)


def _values_of(options: Mapping[str, Any], source: Source) -> dict[str, Floats]:
    """Give weights and offset as arrays by position, those that are there; they were checked before."""
    found = {
        "freq_weights": weights_of(options["freq_weights"], "freq_weights", source, whole=True),
        "sample_weight": weights_of(options["sample_weight"], "sample_weight", source, whole=False),
    }
    if options["offset"] is not None:
        found["offset"] = numbers_of(lined_up(options["offset"], "offset", source), "offset")
    return {name: values for name, values in found.items() if values is not None}
