"""How will the model do on rows it has not seen? Cross-validation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.account import importance_words, penalty_notes
from glmlr.design.derived import weighted_by_class
from glmlr.design.designed import Design
from glmlr.errors import DataError, explained_arguments, listing
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.links import link_named
from glmlr.penalised.penalties import penalty_of
from glmlr.progress import Step
from glmlr.ranking import Ranking
from glmlr.scored import Scored
from glmlr.selection.asked import Found
from glmlr.selection.selected import search_asked
from glmlr.validation.folds import Folds, folds_of
from glmlr.validation.held_out import HeldOut, held_out, held_out_of_search, ranked
from glmlr.validation.performance import CRITERIA, MEASURES, checked_cutoff, measured
from glmlr.validation.refit import refit
from glmlr.validation.resampling import Refitting, refitting_of
from glmlr.validation.searched import Choices, searching
from glmlr.validation.workers import for_each

Floats = npt.NDArray[np.float64]

_PRINTED: Final = ("auc", "log_loss", "brier", "slope", "ks", "top_decile_lift", "f1")


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation(Tabled):
    """Out-of-fold predictions of a model, and how good they are (r repeats).

    Attributes:
        table: mean, spread and extremes of each measure over the folds, and the measure of all rows together; by fold
            in its first companion table.
        predictions: out-of-fold probabilities, one row per row read, in its order and index, one column per repeat; NaN
            where a row was dropped, was never held out, or has a level that the training part lacks.
        repeats: for each repeat what the statistics of predicted probabilities need, each row held out counted once.

    """

    table: Table
    predictions: pd.DataFrame
    repeats: tuple[Scored, ...]

    @property
    def scored(self) -> Scored:
        """The out-of-fold predictions of the first repeat: `glmlr.roc(cv.scored)`, `glmlr.deciles(cv.scored)`, ..."""
        return self.repeats[0]

    @property
    def ranking(self) -> Ranking:
        """The out-of-fold predictions of the first repeat in order."""
        return self.scored.ranking

    @property
    def by_fold(self) -> pd.DataFrame:
        """Every measure in every fold."""
        return self.table.tables[0].frame

    @property
    def terms(self) -> pd.DataFrame | None:
        """How often each term was chosen, one row a candidate; None where no search is repeated."""
        return next((one.frame for one in self.table.tables if one.key == "cross_validate_terms"), None)


@explained_arguments
def cross_validate(
    formula: str,
    data: Any,
    *,
    folds: Any = 10,
    repeats: int = 3,
    seed: int = 1,
    groups: Any = None,
    cutoff: float | str = "max_f1",
    link: str = "logit",
    event: Any = None,
    freq_weights: Any = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    max_iterations: int = 100,
    penalty: str | None = None,
    strength: float | None = None,
    standardize: bool = True,
    selection: Any = None,
    workers: int = 1,
    progress: bool | Callable[[Step], None] | None = None,
) -> CrossValidation:
    """Fit a model to all folds but one, predict the rows of that one, and say how good these predictions are.

    What is learnt from rows (transforms, levels, "balanced" class weights, the cut-off) is learnt from the training
    part of each fold. A row of frequency 3 stays in one fold with its frequency. Class and sample weights act in
    fitting only: predictions are corrected for class weights, and measures count each row by its frequency.

    Args:
        formula: see `glmlr.fit`.
        data: see `glmlr.fit`; rows in memory. Rows in which something is missing are dropped once, and counted.
        folds: number of folds, stratified by the outcome as scikit-learn's RepeatedStratifiedKFold does with this seed;
            or a splitter of scikit-learn, which brings repeats and seed with it.
        repeats: how often the rows are divided anew.
        seed: of the division; the same seed gives the same numbers, whatever the number of workers.
        groups: column name, Series or array that names each row's group; a group is held out whole.
        cutoff: a probability, or "max_f1", "youden", "closest_corner" or "max_accuracy" for the cut-off that is best on
            the training part of each fold.
        link: see `glmlr.fit`.
        event: see `glmlr.fit`.
        freq_weights: see `glmlr.fit`.
        class_weight: see `glmlr.fit`.
        sample_weight: see `glmlr.fit`.
        offset: see `glmlr.fit`.
        functions: see `glmlr.fit`.
        max_iterations: see `glmlr.fit`.
        penalty: see `glmlr.fit`; the same in every fold, ridge measuring the columns of each training part anew.
        strength: see `glmlr.fit`; the penalty of a part is as strong as that of all rows.
        standardize: see `glmlr.fit`.
        selection: options of `glmlr.stepwise`, {"direction": "backward", "by": "aic"}, or a result of it: the terms of
            the formula are candidates, and the search among them is repeated in each training part. Companion tables
            say how often each term, and which models, were chosen.
        workers: number of processes.
        progress: whether a line shows how far the work is, None for where somebody sees it; or a function that is
            called with each `glmlr.validation.workers.Refits`.

    Returns:
        The `CrossValidation`.

    Raises:
        OptionError, ArgumentError: folds, repeats, a cut-off or workers that cannot be.
        DataError: a fold without events or non-events on one side, or a training part that cannot be modelled.
        NotApplicable: rows that are read in parts; a search of what cannot be searched.
        FormulaError, ResponseError, WeightError, FitError, SourceError: as `glmlr.fit`.

    References: Stone (1974), J. R. Statist. Soc. B 36, 111-147; Kohavi (1995), IJCAI, 1137-1143.

    """
    chosen = checked_cutoff(cutoff)
    refitting = refitting_of(
        formula,
        data,
        link_named(link),
        event=event,
        freq_weights=freq_weights,
        sample_weight=sample_weight,
        offset=offset,
        groups=groups,
        functions=functions,
        max_iterations=max_iterations,
        penalty=penalty_of(penalty, strength, standardize),
        searched=selection is not None,
    )
    divided = folds_of(folds, refitting.design.y, repeats=repeats, seed=seed, groups=refitting.groups)
    if selection is not None:
        weighted = weighted_by_class(refitting.design, class_weight)
        own = search_asked(selection).through(weighted, refitting.link, refitting.penalty)
        anew = searching(refitting)
        task: Any = partial(held_out_of_search, anew, own.search, chosen)
        found = for_each(task, divided.folds, workers=workers, progress=progress)
        return _with_choices(_assembled(anew, weighted, divided, found, chosen), own, found)
    whole = refit(
        refitting.design,
        refitting.link,
        class_weight=class_weight,
        max_iterations=max_iterations,
        penalty=refitting.penalty,
    )
    task = partial(held_out, refitting, class_weight, chosen, whole.start)
    found = for_each(task, divided.folds, workers=workers, progress=progress)
    return _assembled(refitting, whole.design, divided, found, chosen)


# ------------------------------------------------------------------------------------------------ the result


def _with_choices(assembled: CrossValidation, own: Found, found: Sequence[HeldOut]) -> CrossValidation:
    """Say that each fold repeats a search, and what it chose."""
    choices = Choices(own.candidates, own.terms, [one.terms for one in found], "training parts", "cross_validate")
    said = (
        f"Each training part repeats the {own.search.way} selection with {own.search.criterion} among "
        f"{len(own.candidates)} terms; from all rows it chooses {listing(own.terms or ['the intercept alone'], 12)}."
    )
    table = assembled.table
    table = replace(table, notes=(said, *table.notes), tables=(*table.tables, *choices.tables()))
    return replace(assembled, table=table)


def _assembled(
    refitting: Refitting, weighted: Design, divided: Folds, found: Sequence[HeldOut], cutoff: float | str
) -> CrossValidation:
    """Put the folds together."""
    by_repeat = [[one for one in found if one.fold.repeat == repeat + 1] for repeat in range(divided.repeats)]
    columns = {repeat + 1: _together(refitting, part) for repeat, part in enumerate(by_repeat)}
    notes = (divided.described, *_notes(refitting, weighted, found, cutoff))
    predictions = pd.DataFrame(columns, index=refitting.design.index).rename_axis(columns="repeat")
    used = refitting.design.used
    repeats = []
    for repeat, values in columns.items():
        ranking = ranked(refitting, np.arange(int(used.sum())), values[used])
        if ranking is None:
            raise DataError(f"No row of repeat {repeat} has a prediction: each has a level its training part lacks.")
        which = "" if divided.repeats == 1 else f", repeat {repeat} of {divided.repeats}"
        said = f"Out-of-fold predictions{which}: no row is scored by a model that was fitted to it."
        repeats.append(Scored(ranking, refitting.design.event, fitted=False, notes=(said,)))
    pooled = [
        measured(scored.ranking, reduce(add, (one.positives for one in part)))
        for scored, part in zip(repeats, by_repeat, strict=True)
    ]
    return CrossValidation(_table(refitting, found, pooled, notes), predictions, tuple(repeats))


def _together(refitting: Refitting, part: Sequence[HeldOut]) -> Floats:
    """Give the predictions of one repeat for every row read, NaN where there is none."""
    used = refitting.design.used
    values = np.full(int(used.sum()), np.nan)
    for one in part:
        values[one.fold.test] = one.probability
    everywhere = np.full(used.size, np.nan)
    everywhere[used] = values
    return everywhere


def _table(
    refitting: Refitting, found: Sequence[HeldOut], pooled: Sequence[Mapping[str, float]], notes: tuple[str, ...]
) -> Table:
    values = {name: np.array([one.measures[name] for one in found]) for name in MEASURES}
    frame = pd.DataFrame.from_records(
        [
            {"measure": name, **_spread(of), "pooled": float(np.mean([one[name] for one in pooled]))}
            for name, of in values.items()
        ]
    )
    folds, repeats = len(found), len(pooled)
    over = "" if repeats == 1 else f", the mean of {repeats} repeats"
    spread = (
        f"Mean, SD (divisor n = {folds}, the number of folds), smallest and largest are over the {folds} folds; pooled "
        f"is the measure of all out-of-fold predictions together{over}. Folds share rows: the SD says how much folds "
        "differ and is no standard error of the mean."
    )
    return Table(
        key="cross_validate",
        title="Cross-validation",
        frame=frame,
        roles={"measure": "text", **dict.fromkeys(("mean", "sd", "smallest", "largest", "pooled"), "estimate")},
        labels={"sd": "SD", **{name: measure.words for name, measure in MEASURES.items()}},
        notes=(*notes, spread, *_undefined(values)),
        charts=(_chart(found),),
        tables=(_fold_table(refitting, found),),
    )


def _spread(values: Floats) -> dict[str, float]:
    """Give mean, standard deviation (divisor n) and extremes of the values there are."""
    there = values[~np.isnan(values)]
    if there.size == 0:
        return dict.fromkeys(("mean", "sd", "smallest", "largest"), math.nan)
    spread = float(np.std(there)) if np.isfinite(there).all() else math.nan
    return {"mean": float(there.mean()), "sd": spread, "smallest": float(there.min()), "largest": float(there.max())}


def _undefined(values: Mapping[str, Floats]) -> list[str]:
    """Say of which measures some folds have none, and of which some are infinite."""
    notes = []
    lacking = {name: int(np.isnan(of).sum()) for name, of in values.items()}
    # Slope and intercept belong to one line.
    lacking.pop("intercept")
    for name, folds in lacking.items():
        if folds:
            why = ""
            if name == "slope":
                why = " (a probability of 0 or 1, all rows alike, or events and non-events wholly apart)"
            notes.append(
                f"{MEASURES[name].words}: undefined in {_counted(folds, 'fold')}{why}; the mean is over the others."
            )
    if infinite := int(np.isinf(values["log_loss"]).sum()):
        notes.append(
            f"Log loss: infinite in {_counted(infinite, 'fold')}, where a predicted probability of 0 or 1 was wrong."
        )
    return notes


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _fold_table(refitting: Refitting, found: Sequence[HeldOut]) -> Table:
    records = []
    for one in found:
        y, weight = refitting.outcome(one.fold.test)
        trials = np.ones_like(y) if weight is None else weight
        records.append(
            {
                "repeat": one.fold.repeat,
                "fold": one.fold.number,
                "n": float(trials.sum()),
                "events": float(np.dot(y, trials)),
                **one.measures,
                "cutoff": one.cutoff,
            }
        )
    roles = {"repeat": "integer", "fold": "integer", "n": "count", "events": "count"}
    short = {"auc": "AUC", "brier": "Brier", "slope": "Slope", "ks": "KS", "top_decile_lift": "Lift", "f1": "F1"}
    return Table(
        key="cross_validate_folds",
        title="Measures by fold",
        frame=pd.DataFrame.from_records(records),
        roles={**roles, **dict.fromkeys(_PRINTED, "estimate"), "cutoff": "probability"},
        labels=short,
        notes=("n and events are those held out; the cut-off is that of the training part.",),
    )


def _chart(found: Sequence[HeldOut]) -> Chart:
    auc = np.array([one.measures["auc"] for one in found])
    x = np.arange(1.0, auc.size + 1)
    mean = _spread(auc)["mean"]
    series = [
        Series(f"Repeat {repeat}" if found[-1].fold.repeat > 1 else "Folds", "points", x[at], auc[at])
        for repeat in range(1, found[-1].fold.repeat + 1)
        for at in [np.array([one.fold.repeat == repeat for one in found])]
    ]
    return Chart(
        key="cross_validate",
        title="Area under the ROC curve by fold",
        series=(*series, Series(f"Mean {mean:.3f}", "reference", np.array([math.nan]), np.array([mean]))),
        x=Axis("Fold"),
        y=Axis("AUC of the rows held out"),
        alt=f"The area under the ROC curve of the rows held out in each of {auc.size} folds, around a mean of "
        f"{mean:.3f}.",
    )


# ------------------------------------------------------------------------------------------------ what must be said


def _notes(refitting: Refitting, weighted: Design, found: Sequence[HeldOut], cutoff: float | str) -> list[str]:
    design, folds = refitting.design, len(found)
    notes = [design.event.note]
    if dropped := design.rows.read - design.rows.used - design.rows.zero_weight:
        notes.append(
            f"{dropped:,} of {design.rows.read:,} rows were dropped before they were divided because something is "
            "missing in them."
        )
    notes += [*_weight_notes(weighted), *penalty_notes(refitting.penalty, weighted=weighted.weighted)]
    notes += _refit_notes(refitting, found)
    if isinstance(cutoff, str):
        notes.append(f"The cut-off of each fold is that with {CRITERIA[cutoff][0]} in its training part.")
    else:
        notes.append(f"The cut-off is {cutoff:g} in every fold.")
    happened = Counter(separated=sum(one.separated for one in found), failed=sum(not one.converged for one in found))
    if happened["separated"]:
        notes.append(
            f"{happened['separated']} of the {folds} fits separated: some of their estimates are infinite and "
            "probabilities 0 or 1; rankings are defined all the same."
        )
    if happened["failed"]:
        notes.append(f"{happened['failed']} of the {folds} fits did not converge.")
    return notes


def _weight_notes(design: Design) -> list[str]:
    """Say which weights acted where; there are no standard errors to be said anything of."""
    notes = []
    if design.counted:
        kind = " weight" if "freq_weights" in design.given_weights else ""
        notes.append(f"A row stays in one fold with its frequency{kind}, by which the measures count it.")
    if design.weighted:
        corrected = "" if design.class_weights is None else "; probabilities are corrected for the class weights"
        notes.append(f"{importance_words(design, 'act in fitting only')}{corrected}.")
    return notes


def _refit_notes(refitting: Refitting, found: Sequence[HeldOut]) -> list[str]:
    """Say what was learnt anew in the folds, and which rows they could not predict."""
    rebuilt = sum(one.rebuilt for one in found)
    if refitting.learns:
        notes = [f"Learnt anew in each training part: {listing(refitting.learns)}; levels as well."]
    elif rebuilt:
        notes = [
            f"In {_counted(rebuilt, 'fold')} some level is absent from the training part, whose levels were then found "
            "anew."
        ]
    else:
        notes = ["Nothing in the formula learns from rows and every level occurs in every training part."]
    if unseen := sum(one.unseen for one in found):
        where = sum(one.unseen > 0 for one in found)
        notes.append(
            f"{_counted(unseen, 'prediction')} in {_counted(where, 'fold')} could not be made, because the row has a "
            "level that the training part lacks; such rows do not enter the measures."
        )
    if beyond := sum(one.beyond for one in found):
        notes.append(
            f"{_counted(beyond, 'prediction')} rest on a combination that no training row shows (a column without an "
            "estimate in that fold)."
        )
    return notes
