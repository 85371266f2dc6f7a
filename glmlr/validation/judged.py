"""Which rows have a probability and an outcome, row by row? Two arrays, the rows of a fit, or new rows scored by it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.response import Event, code_response
from glmlr.errors import ArgumentError, DataError, GlmlrWarning, suggestion
from glmlr.fit import Fit
from glmlr.monitoring.slices import Slices, slices_of
from glmlr.ranking import Ranking, rank
from glmlr.registry import weights_by_row
from glmlr.saving.scoring_model import ScoringModel
from glmlr.scored import Scored
from glmlr.sources import Source, read
from glmlr.validation.new_rows import account, rows_in_memory, scored_rows, subject_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows with a probability and an outcome (n of them).

    Attributes:
        probability, outcome: shape (n,) each; an outcome is the share of events of its row.
        weight: rows or trials that each stands for, shape (n,), or None for 1.
        event: the outcome that is the event.
        source: the rows as given, among them these.
        place: where these are among them, shape (n,), or None for all.
        own: columns of these very rows that may be named, besides those of the source.
        fitted: whether a model was fitted to these rows.
        notes: sentences about them.
        shrunken: whether that model has a ridge penalty.

    """

    probability: Floats
    outcome: Floats
    weight: Floats | None
    event: Event
    source: Source
    place: Integers | None = None
    own: pd.DataFrame | None = None
    fitted: bool = False
    notes: tuple[str, ...] = ()
    shrunken: bool = False

    def slices(self, by: Any) -> Slices:
        """Say into which subgroup each row falls.

        Args:
            by: name of a column, a Series (by its index) or one value per row given.

        """
        if isinstance(by, str) and self.own is not None:
            if by not in self.own.columns:
                raise DataError(
                    f"by={by!r} is not a column that the formula of the fit reads, and others are not kept"
                    f"{suggestion(by, map(str, self.own.columns)) or '; give its values, one per row that was read.'}"
                )
            return slices_of(by, read(self.own), None)
        found = slices_of(by, self.source, None)
        return found if self.place is None else Slices(found.name, found.labels, found.code[self.place], found.dated)

    def ranking(self, rows: Integers | slice = slice(None)) -> Ranking:
        """Rank some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return rank(self.probability[rows], self.outcome[rows], weight)

    @property
    def scored(self) -> Scored:
        """These rows, ranked."""
        return Scored(self.ranking(), self.event, fitted=self.fitted, notes=self.notes, shrunken=self.shrunken)


def judged(subject: Any, scores: Any, new_data: Any, caller: str, *, weight: Any = None, event: Any = None) -> Judged:
    """Take outcomes with their scores, the rows of a fit, or new rows that it scores.

    Args:
        subject: outcomes, or a fitted model.
        scores: probabilities, beside outcomes.
        new_data: new rows with outcomes, beside a model; None for the rows of the fit.
        caller: name of the public function, for messages.
        weight: rows that each row stands for, beside outcomes or new rows.
        event: the outcome that is the event, beside outcomes.

    """
    if isinstance(subject, (Fit, ScoringModel)):
        if scores is not None or event is not None:
            raise ArgumentError(
                f"{caller}() of a fitted model takes no scores or event, which are its own; new rows go into new_data=."
            )
        if new_data is not None or isinstance(subject, ScoringModel):
            return _new_rows(subject, new_data, caller, weight)
        if weight is not None:
            raise ArgumentError(f"{caller}() of the rows of a fit takes no weight; the fit has its own.")
        return _rows_of(subject)
    if scores is None:
        raise ArgumentError(f"{caller}() takes outcomes and probabilities row by row, or a fitted model.")
    if new_data is not None:
        raise ArgumentError(f"{caller}() of outcomes and probabilities takes no new rows; a fitted model does.")
    return _arrays(subject, scores, weight, event)


def _arrays(outcome: Any, scores: Any, weight: Any, event: Any) -> Judged:
    values = outcome if isinstance(outcome, pd.Series) else pd.Series(np.asarray(outcome).ravel())
    if values.isna().any():
        raise DataError(f"{int(values.isna().sum())} of the {len(values)} outcomes are missing; drop those rows.")
    if isinstance(outcome, pd.Series) and isinstance(scores, pd.Series) and not outcome.index.equals(scores.index):
        raise DataError("Outcomes and scores are Series with different indexes; align them, or give arrays.")
    y, coded = code_response(values, str(values.name or "y"), event)
    lined = weights_by_row(weight, outcome)
    try:
        p = np.asarray(scores, dtype=np.float64).ravel()
        w = None if lined is None else np.asarray(lined, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("The probabilities and weights must be numbers without missing values.") from None
    # What is wrong with them is said by ranking them.
    rank(p, y, w)
    source = read(pd.DataFrame({"outcome": values.to_numpy()}, index=values.index))
    return Judged(p, np.asarray(y, dtype=np.float64), w, coded, source)


def _rows_of(fit: Fit) -> Judged:
    design = fit.held
    return Judged(
        probability=np.asarray(fit.probabilities),
        outcome=design.y,
        weight=design.weight,
        event=design.event,
        source=read(pd.DataFrame({"probability": fit.fitted_values})),
        place=np.flatnonzero(design.used),
        own=pd.DataFrame({name: design.columns[name].to_numpy() for name in design.columns}),
        fitted=True,
        notes=(*fit.scale_notes, "These are the rows the model was fitted to; new rows show how it is calibrated."),
        shrunken=fit.shrunken,
    )


def _new_rows(model: Fit | ScoringModel, new_data: Any, caller: str, weight: Any) -> Judged:
    if new_data is None:
        raise ArgumentError(f"{caller}() of a model from a file needs new rows with outcomes.")
    subject, source = subject_of(model, caller), rows_in_memory(new_data, caller)
    rows = scored_rows(subject, source, weight, "nan", None)
    used = rows.new.complete & rows.answered & rows.counting
    for sentence in rows.broken(subject.predictor):
        warnings.warn(sentence, GlmlrWarning, stacklevel=5)
    why = rows.reasons(np.ones_like(used))
    return Judged(
        probability=rows.predictions.to_numpy()[used],
        outcome=rows.outcome[used],
        weight=None if rows.weight is None else rows.weight[used],
        event=subject.predictor.recipe.event,
        source=source,
        place=np.flatnonzero(used),
        notes=(*subject.scale, account(used, why, "used"), *rows.new.notes),
    )
