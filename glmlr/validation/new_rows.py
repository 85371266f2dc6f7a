"""What does a model say of new rows, and what came of them? Scores, outcomes and weights of rows no fit has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.outcomes import outcomes_of_new_rows
from glmlr.design.recipe import NewRows, Recipe, applied
from glmlr.design.weights import lined_up, numbers_of, weights_of
from glmlr.errors import ArgumentError, DataError, NotApplicable, listing, suggestion
from glmlr.fit import Fit
from glmlr.links import Link
from glmlr.prediction import (
    Predictor,
    Wanted,
    broken_rows,
    broken_sentence,
    checked_prevalence,
    columns_required,
)
from glmlr.ranking import rank_counts
from glmlr.saving.scoring_model import ScoringModel
from glmlr.scored import Scored
from glmlr.sources import Source, read
from glmlr.sources.cluster import is_dask_frame
from glmlr.sources.database import Query
from glmlr.sources.streams import streamed

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# ------------------------------------------------------------------------------------------------ the model


@dataclass(frozen=True, eq=False)
class Subject:
    """A model as it is applied to new rows.

    Attributes:
        predictor: how it predicts.
        formula: as it was written.
        own: its own rows as they are, None where the model holds none.
        training: its own rows as they are compared with: those, or weighted to the prevalence asked for.
        scale: sentences: on which scale the probabilities are.
        notes: sentences about the rows of the fit.
        counted: whether the fit had frequency weights.

    """

    predictor: Predictor
    formula: str
    own: Scored | None
    training: Scored | None
    scale: tuple[str, ...]
    notes: tuple[str, ...] = ()
    counted: bool = False

    @property
    def reweighted(self) -> bool:
        """Whether its own rows are weighted to a prevalence, so that they are no counts."""
        return self.training is not self.own


def subject_of(model: Any, caller: str, prevalence: float | None = None) -> Subject:
    """Take a fit, or a model from a file, as what is applied to new rows.

    Args:
        model: the model.
        caller: name of the public function, for messages.
        prevalence: share of events in the population that is predicted for, or None for that of the fit.

    Raises:
        ArgumentError: something that is no model.
        OptionError: a prevalence outside (0, 1).
        NotApplicable: a prevalence, with another link than the logit and no rows.

    """
    said = () if prevalence is None else (_prevalence_note(checked_prevalence(prevalence)),)
    if isinstance(model, ScoringModel):
        corrected = ("Probabilities are corrected for the class weights.",) if model.predictor.prior_shift else ()
        note = "The model comes from a file, which does not hold the rows of the fit: there is nothing to compare with."
        predictor = model.predictor.at_prevalence(prevalence)
        return Subject(predictor, model.formula, None, None, said or corrected, (note,))
    if not isinstance(model, Fit):
        raise ArgumentError(
            f"{caller}() takes a fitted model, not {type(model).__name__}; fit one with glmlr.fit(formula, data)."
        )
    # The first of these notes is about class weights, where there are any; others are about the rows of the fit.
    first = 0 if model.design.class_weights is None else 1
    scale, notes = model.scale_notes[:first], tuple(map(of_fit, model.scale_notes[first:]))
    # Not as fitted values: what is said of these goes without saying here.
    own = replace(model.scored, fitted=False, notes=())
    training, predictor = own, model.predictor
    if prevalence is not None:
        shift = model.prevalence_shift(prevalence)
        training = _at_prevalence(own, model.link, shift - model.prior_shift, prevalence)
        predictor = replace(predictor, prior_shift=shift)
        notes = (*notes, of_fit("Each outcome is weighted so that the events have this share."))
    counted = "freq_weights" in model.design.given_weights
    return Subject(predictor, model.design.formula, own, training, said or scale, notes, counted)


def of_fit(note: str) -> str:
    """Say that a sentence is about the rows of the fit."""
    return f"Rows of the fit: {note[0].lower()}{note[1:]}"


def _prevalence_note(prevalence: float) -> str:
    return (
        f"The probabilities are those of a population in which the event has a share of {100 * prevalence:.4g}%: the "
        "intercept is set for it."
    )


def _at_prevalence(scored: Scored, link: Link, shift: float, prevalence: float) -> Scored:
    """Move scores by a step of the linear predictor, and weight the outcomes to a share of events; n stays."""
    ranking = scored.ranking
    share = ranking.total_events / ranking.total
    return replace(
        scored,
        ranking=rank_counts(
            np.asarray(link.mean(link.link(ranking.score) - shift)),
            ranking.events * (prevalence / share),
            ranking.nonevents * ((1 - prevalence) / (1 - share)),
            ranking.resolution,
        ),
    )


# ------------------------------------------------------------------------------------------------ the rows


def rows_in_memory(new_data: Any, caller: str) -> Source:
    """Read new rows that are in memory, or say that they have to be."""
    if isinstance(new_data, Query) or streamed(new_data) or is_dask_frame(new_data):
        raise NotApplicable(
            f"{caller}() needs the new rows in memory, and these are read in parts; read those you need into a data "
            "frame."
        )
    return read(new_data, one_row=True)


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """New rows with what a model says of them (m of them, as given).

    Attributes:
        new: the rows as the model reads them.
        predictions: probabilities by row, NaN where there is none.
        outcome: share of events, shape (m,), NaN where not known.
        weight: rows or trials that each stands for, shape (m,), or None for 1.
        lacking: what is missing -> in which rows, shape (m,).

    """

    new: NewRows
    predictions: pd.Series
    outcome: Floats
    weight: Floats | None
    lacking: dict[str, Bools]

    @property
    def answered(self) -> Bools:
        """Rows whose outcome is known, shape (m,)."""
        return ~np.isnan(self.outcome)

    @property
    def counting(self) -> Bools:
        """Rows that stand for any row, shape (m,)."""
        return np.ones(self.outcome.size, dtype=bool) if self.weight is None else self.weight > 0

    def broken(self, predictor: Predictor) -> list[str]:
        """Say in how many rows an aliased column is not what it was in the fit."""
        counts = [(alias, broken_rows(alias, self.new.matrix)) for alias in predictor.aliased]
        return [broken_sentence(predictor.recipe.names, alias, broken) for alias, broken in counts if broken]

    def reasons(self, among: Bools, *, outcomes: bool = True) -> list[str]:
        """Say why some rows are left out; one that lacks two things counts in both.

        Args:
            among: the rows looked at, shape (m,).
            outcomes: whether a row without an outcome is left out.

        """
        unfit = ~self.new.complete & among
        why = []
        for name, mask in self.lacking.items():
            unfit = unfit if name == "the outcome" else unfit & ~mask
            if (missing := int((mask & among).sum())) and (outcomes or name != "the outcome"):
                why.append(f"{name} is missing in {missing:,}")
        if unfit.any():
            hold = "holds" if unfit.sum() == 1 else "hold"
            why.append(f"{int(unfit.sum()):,} {hold} a level that the fit has not seen, or no finite number")
        if empty := int((~self.counting & among).sum()):
            why.append(f"{empty:,} {'has' if empty == 1 else 'have'} weight 0")
        return why


def scored_rows(subject: Subject, source: Source, freq_weights: Any, unknown: str, offset: Any) -> ScoredRows:
    """Score new rows, and read their outcomes (where the response is among the columns) and weights."""
    recipe = subject.predictor.recipe
    rows = len(source.index)
    known = set(response_columns(recipe)) <= set(source.names)
    outcome, trials = outcomes_of_new_rows(recipe, source) if known else (np.full(rows, np.nan), None)
    weight = weights_of(freq_weights, "freq_weights", source, whole=True)
    unanswered = np.isnan(outcome)
    if trials is not None:
        # Without counts a row stands for itself; without trials it stands for nothing, whatever its outcome.
        unanswered = np.isnan(trials)
        trials = np.where(unanswered, 1.0, trials)
        weight = trials if weight is None else weight * trials
        outcome = np.where(trials == 0, 0.0, outcome)
    new = applied(recipe, source, unknown, offset)
    return ScoredRows(
        new=new,
        predictions=pd.Series(subject.predictor.of_new_rows(new, Wanted())),
        outcome=outcome,
        weight=weight,
        lacking={"the outcome": unanswered, **_missing(recipe, source, offset)},
    )


def response_columns(recipe: Recipe) -> list[str]:
    """Name the columns of the response, each once."""
    return list(dict.fromkeys(column for part in recipe.formula.response for column in part.reads))


def refuse_without_response(recipe: Recipe, source: Source, caller: str) -> None:
    """Raise `DataError` where the response is not among the columns of new rows."""
    for name in response_columns(recipe):
        if name not in source.names:
            raise DataError(
                f"column {name!r}, the response of the fit, not found in the new data, and {caller}() needs outcomes"
                f"{suggestion(name, source.names) or '.'}"
            )


def _missing(recipe: Recipe, source: Source, offset: Any) -> dict[str, Bools]:
    """Say of each column that a score depends on where it is missing."""
    nowhere = np.zeros(len(source.index), dtype=bool)
    missing = {}
    for name in columns_required(recipe):
        if offset is None or name != recipe.offset_column:
            absent = source.column(name).missing
            missing[repr(name)] = nowhere if absent is None else absent
    if offset is not None:
        missing["the offset"] = np.isnan(numbers_of(lined_up(offset, "offset", source), "offset"))
    return missing


def weights_note(subject: Subject, freq_weights: Any) -> list[str]:
    """Remark that the fit had frequency weights and new rows have none."""
    if not subject.counted or freq_weights is not None:
        return []
    return ["The rows of the fit had frequency weights; new rows have none here, as freq_weights= was not given."]


def account(used: Bools, why: Sequence[str], did: str) -> str:
    """Say how many rows were read and used ("evaluated").

    Raises:
        DataError: none is used.

    """
    if not used.size:
        raise DataError(f"The new data have no rows; there is nothing to be {did}.")
    if not used.any():
        raise DataError(f"None of the {used.size:,} new rows can be {did}: {listing(why, 20)}.")
    read_, kept = used.size, int(used.sum())
    if kept == read_:
        return f"All {read_:,} new rows are {did}."
    return f"{kept:,} of {read_:,} new rows are {did}. Of the others: {listing(why, 20)}."
