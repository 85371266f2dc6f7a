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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import ArrayRows
from glmlr.design import DesignInMemory, build_design
from glmlr.design.derived import SomeRows, lacks_levels, learnt_anew, sliced, without_class_weights
from glmlr.design.recipe import NewRows, applied
from glmlr.design.rows import predictors_read
from glmlr.errors import GlmlrError, NotApplicable
from glmlr.links import Link
from glmlr.penalised.penalties import Penalty
from glmlr.prediction import broken_rows
from glmlr.sources import read
from glmlr.sources.database import Query
from glmlr.sources.parts import rows_in_parts
from glmlr.validation.folds import Fold, whole
from glmlr.validation.refit import Refit, Start

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
class Refitting:
    """How a model is fitted to any of the rows used, and applied to any others (n = rows used).

    Attributes:
        design: of all rows used, without class weights.
        link: the link.
        learns: factors that hold a transform which learns from rows, so that each training part has its own.
        max_iterations: largest number of Newton steps.
        groups: number of the group of each row, shape (n,), or None; a group is never divided.
        penalty: what is taken off the log-likelihood of every part, or None.

    """

    design: DesignInMemory
    link: Link
    learns: tuple[str, ...]
    max_iterations: int
    groups: Integers | None
    penalty: Penalty | None = None

    def split(self, fold: Fold) -> Split:
        """Give the two sides of a fold.

        Raises:
            DataError, FormulaError: the training part alone cannot be modelled.

        """
        if self.learns or lacks_levels(self.design, fold.training):
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

    def _built(self, fold: Fold) -> Split:
        training = learnt_anew(sliced(self.design, fold.training))
        return Split(training, self.applied(training, fold.test), rebuilt=True)

    def applied(self, training: DesignInMemory, rows: Integers) -> NewRows:
        """Give some of the rows the columns of a design that has learnt from others."""
        design = self.design
        source = SomeRows(design.columns, rows).source(design.index[design.used])
        offset = None if design.given_offset is None else design.given_offset[rows]
        return applied(training.recipe, source, "nan", offset)


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
    penalty: Penalty | None = None,
    searched: bool = False,
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
    design = build_design(
        formula,
        read(data),
        event=event,
        functions=functions,
        cluster=groups,
        freq_weights=freq_weights,
        sample_weight=sample_weight,
        offset=offset,
    )
    return refitting_of_design(design, link, max_iterations=most, penalty=penalty, searched=searched)


def refitting_of_design(
    design: DesignInMemory,
    link: Link,
    *,
    max_iterations: int = 100,
    penalty: Penalty | None = None,
    searched: bool = False,
) -> Refitting:
    """Say how a model is fitted again to some of the rows of a design; its clusters are the groups.

    Args:
        design: rows in memory; class weights are left out, for each part has its own.
        link: the link.
        max_iterations: largest number of Newton steps.
        penalty: what is taken off the log-likelihood of every part, or None.
        searched: whether models with some of the terms are refitted too, for which all columns are read again.

    """
    ingredients = (*design.recipe.ingredients, *design.recipe.offsets)
    learns = tuple(one.expression.name for one in ingredients if one.learned)
    again = searched or bool(learns) or any(one.levels for one in ingredients)
    read_again = predictors_read(design.recipe.formula) if again else []
    columns = {name: design.columns[name] for name in read_again}
    # Groups decide which rows go together, not how a model is fitted.
    plain = replace(without_class_weights(design), cluster=None, clusters=None, columns=columns)
    return Refitting(plain, link, learns, max_iterations, design.cluster, penalty)
