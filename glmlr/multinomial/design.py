"""How do a formula and rows become columns of numbers where the response has several classes?

The columns, the account of the rows, their weights and clusters are those of the design for two classes; only the
response is coded differently.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from glmlr.design import DesignInMemory, build_design
from glmlr.design.designed import Totals
from glmlr.design.evidence import CutLevels, WeightOfEvidence
from glmlr.design.factors import UsedRows
from glmlr.design.outcomes import response_values
from glmlr.design.response import Event
from glmlr.errors import NotApplicable, ResponseError
from glmlr.language.formula import Formula
from glmlr.language.functions import Functions
from glmlr.multinomial.response import Classes, coded_classes, weights_by_class
from glmlr.sources.database import Query
from glmlr.sources.parts import client_among, rows_in_parts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ClassDesign:
    """A formula applied to rows whose response has several classes (n = rows used, J = classes).

    Attributes:
        rows: the design; its event is "not the reference", its importance holds the class weights too.
        classes: the classes and the reference.
        outcome: position of each row's class among them, shape (n,).
        class_weights: the weight of each class where class_weight was given, shape (J,), else None.

    """

    rows: DesignInMemory
    classes: Classes
    outcome: Integers
    class_weights: Floats | None

    @property
    def counts(self) -> Floats:
        """Rows of each class, each by its frequency, shape (J,)."""
        return np.bincount(self.outcome, self.rows.weight, minlength=self.classes.size).astype(np.float64)

    @property
    def codes(self) -> Integers:
        """The class of each row, 0 for the reference, then the others in order, shape (n,)."""
        place = np.empty(self.classes.size, dtype=np.intp)
        place[list(self.classes.order)] = np.arange(self.classes.size)
        return np.asarray(place[self.outcome])


@dataclass
class _ClassCoding:
    """Codes the response of a design, and keeps what came of it; there is no event among several classes."""

    reference: Any
    classes: Classes | None = None
    outcome: Integers | None = None

    def __call__(self, parsed: Formula, rows: UsedRows, _: Any, functions: Functions) -> tuple[Floats, None, Event]:
        """Code the classes, and tell the reference from the others."""
        if len(parsed.response) == 2:
            raise ResponseError(
                "A model of several classes takes one column with the class of each row, not counts "
                f"({parsed.label}); rows that stand for several go into freq_weights=."
            )
        expression = parsed.response[0]
        values = response_values(expression, rows.columns, rows.size, functions)
        self.outcome, self.classes = coded_classes(values, expression.name, self.reference)
        reference = self.classes.values[self.classes.reference]
        coded = Event(expression.name, f"not {self.classes.reference_label}", reference)
        return (self.outcome != self.classes.reference).astype(np.float64), None, coded


def class_design(
    formula: str, data: Any, *, reference: Any, class_weight: Any, cluster: Any, **options: Any
) -> ClassDesign:
    """Apply a formula to rows whose response has several classes.

    Args:
        formula: see `glmlr.language.formula`.
        data: see `glmlr.sources.read`.
        reference: the class each other one is compared with, None for the first.
        class_weight: see `weights_by_class`.
        cluster: the cluster of each row.
        **options: freq_weights, sample_weight, functions: see `build_design`.

    Raises:
        NotApplicable: rows that are read in parts, and terms that are learnt from an outcome of two classes.
        FormulaError, DataError, ResponseError, WeightError, OptionError, SourceError: what is wrong, in a sentence.

    """
    client, clusters = client_among(cluster)
    if client is not None or isinstance(data, Query) or rows_in_parts(data) is not None:
        raise NotApplicable(
            "A model of several classes holds its rows in memory and does not read them in parts; read the columns of "
            "the formula into a data frame first."
        )
    coding = _ClassCoding(reference)
    design = build_design(formula, data, cluster=clusters, coding=coding, **options)
    if coding.classes is None or coding.outcome is None:
        raise ResponseError("The response of the formula was not coded.")
    _refuse_evidence(design)
    counts = np.bincount(coding.outcome, design.weight, minlength=coding.classes.size).astype(np.float64)
    weights = weights_by_class(class_weight, coding.classes, counts)
    if weights is not None:
        design = _weighted(design, weights[coding.outcome])
    outcome = coding.outcome
    outcome.flags.writeable = False
    return ClassDesign(design, coding.classes, outcome, weights)


def _refuse_evidence(design: DesignInMemory) -> None:
    """Refuse what was learnt from the response as if it had two classes."""
    for ingredient in design.recipe.ingredients:
        for learned in ingredient.learned:
            if isinstance(learned, WeightOfEvidence) or (isinstance(learned, CutLevels) and learned.by_outcome):
                raise NotApplicable(
                    f"{ingredient.expression.name} learns from an outcome of two classes; in a model of several give "
                    "the predictor itself, or bins that do not depend on the outcome."
                )


def _weighted(design: DesignInMemory, by_class: Floats) -> DesignInMemory:
    """Multiply the importance of rows by the weight of their class."""
    importance = by_class if design.importance is None else by_class * design.importance
    importance.flags.writeable = False
    whole = importance if design.weight is None else importance * design.weight
    totals = design.totals
    return replace(
        design,
        importance=importance,
        weighted=True,
        totals=Totals(totals.rows, totals.trials, totals.events, float(whole.sum()), float(np.dot(design.y, whole))),
    )
