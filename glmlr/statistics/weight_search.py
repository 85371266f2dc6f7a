"""Which class weights rank rows best that the model has not seen? A grid of weights, compared on the same folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.account import penalty_notes
from glmlr.design.derived import weighted_by_class
from glmlr.design.response import Event
from glmlr.errors import ArgumentError, OptionError, explained_arguments, one_of
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.links import link_named
from glmlr.penalised.penalties import penalty_of
from glmlr.progress import Step
from glmlr.validation.folds import Fold, Folds, folds_of
from glmlr.validation.held_out import cutoff_of, ranked
from glmlr.validation.performance import CRITERIA, MEASURES, one_measure
from glmlr.validation.refit import Refit, Start, refits
from glmlr.validation.resampling import Refitting, Split, refitting_of
from glmlr.validation.workers import for_each

Floats = npt.NDArray[np.float64]

#: Measures of which more, or less, is better.
SCORINGS: Final = tuple(name for name, measure in MEASURES.items() if measure.larger_is_better is not None)
#: From weights that favour the non-events to weights that favour the events.
GRID: Final = ("100:1", "10:1", "1:1", "1:10", "1:100", "balanced")
#: Means this close are equal: they come from the same ranking.
_TIE: Final = 1e-12


@dataclass(frozen=True)
class _Weights:
    """One row of the grid: its words, what the fit takes, and (weight of non-events, weight of events) on all rows."""

    words: str
    option: Any
    by_class: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Weight of an event / weight of a non-event; only this matters to a ranking."""
        return self.by_class[1] / self.by_class[0]


@dataclass(frozen=True, eq=False)
class _Scores:
    """What one fold says of each row of the grid (w rows): score, whether separated, whether converged, shape (w,)."""

    score: Floats
    separated: npt.NDArray[np.bool_]
    converged: npt.NDArray[np.bool_]
    unseen: int


@explained_arguments
def class_weight_search(
    formula: str,
    data: Any,
    *,
    weights: Sequence[Any] = GRID,
    scoring: str = "auc",
    folds: Any = 10,
    repeats: int = 3,
    seed: int = 1,
    groups: Any = None,
    cutoff: str = "max_f1",
    link: str = "logit",
    event: Any = None,
    freq_weights: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    max_iterations: int = 100,
    penalty: str | None = None,
    strength: float | None = None,
    standardize: bool = True,
    workers: int = 1,
    progress: bool | Callable[[Step], None] | None = None,
) -> Table:
    """Cross-validate a model under several class weights, all on the same folds, beside the model without weights.

    The difference to the model without weights is the mean over the folds of the two scores' difference: folds differ
    more than weights do, and paired differences are free of that.

    Args:
        formula: see `glmlr.fit`.
        data: see `glmlr.fit`; rows in memory.
        weights: the grid. Each is {class: weight}, a ratio "1:100" of the weight of a non-event to that of an event,
            a fraction "1/100:1", "balanced" (n / (2 n_k) of each training part), or None.
        scoring: "auc", "log_loss", "brier", "ks", "top_decile_lift" or "f1", see `glmlr.validation.performance`, with
            probabilities corrected for the weights.
        cutoff: how the cut-off of "f1" is chosen on each training part: "max_f1", "youden", "closest_corner" or
            "max_accuracy".
        folds: see `glmlr.cross_validate`.
        repeats: see `glmlr.cross_validate`.
        seed: see `glmlr.cross_validate`.
        groups: see `glmlr.cross_validate`.
        link: see `glmlr.fit`.
        event: see `glmlr.fit`.
        freq_weights: see `glmlr.fit`.
        sample_weight: see `glmlr.fit`.
        offset: see `glmlr.fit`.
        functions: see `glmlr.fit`.
        max_iterations: see `glmlr.fit`.
        penalty: see `glmlr.cross_validate`.
        strength: see `glmlr.cross_validate`.
        standardize: see `glmlr.cross_validate`.
        workers: see `glmlr.cross_validate`.
        progress: see `glmlr.cross_validate`.

    Returns:
        A `Table` with a row per weighting: mean and SD (divisor n) of the score over all folds, the difference to the
        model without weights, and the rank; with the scores by fold and a chart.

    Raises:
        OptionError, ArgumentError: weights that are none, a scoring that does not exist.
        DataError, NotApplicable, ...: as `glmlr.cross_validate`.

    References: King & Zeng (2001), Political Analysis 9, 137-163; Kohavi (1995), IJCAI, 1137-1143.

    """
    one_of("scoring", scoring, SCORINGS)
    one_of("cutoff", cutoff, CRITERIA)
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
    )
    grid = _grid(weights, refitting)
    divided = folds_of(folds, refitting.design.y, repeats=repeats, seed=seed, groups=refitting.groups)
    options = [one.option for one in grid]
    nowhere = [None] * len(grid)
    all_rows = refits(refitting.design, refitting.link, options, nowhere, max_iterations, refitting.penalty)
    starts = [fitted.start for fitted in all_rows]
    task = partial(_scores_of_fold, refitting, options, starts, scoring, cutoff)
    found = for_each(task, divided.folds, workers=workers, progress=progress)
    return _table(refitting, grid, divided, found, scoring, cutoff)


# ------------------------------------------------------------------------------------------------ the grid


def _grid(weights: Any, refitting: Refitting) -> list[_Weights]:
    """Check the weights, and put the model without weights among them where it is not yet."""
    if isinstance(weights, (str, Mapping)) or weights is None or not np.iterable(weights):
        raise ArgumentError(
            f"weights={weights!r} is not a list; give one of class weights, such as ['1:10', 'balanced', {{0: 1, 1: "
            "100}]."
        )
    grid = [_weights(option, refitting) for option in weights]
    if not grid:
        raise OptionError("weights is empty; give at least one weighting, such as 'balanced'.")
    if not any(one.ratio == 1.0 and not _varies(one.option) for one in grid):
        grid.append(_Weights("none", None, (1.0, 1.0)))
    return grid


def _varies(option: Any) -> bool:
    """Whether the weights depend on the training part."""
    return isinstance(option, str) and option == "balanced"


def _weights(given: Any, refitting: Refitting) -> _Weights:
    by_class = weighted_by_class(refitting.design, given).class_weights
    return _Weights(_words(given, refitting.design.event), given, (1.0, 1.0) if by_class is None else by_class)


def _words(given: Any, event: Event) -> str:
    if given is None:
        return "none"
    if isinstance(given, Mapping):
        return ", ".join(f"{level}: {weight:g}" for level, weight in given.items())
    return str(given) if ":" not in str(given) else f"{given} ({event.other_label} : {event.label})"


# ------------------------------------------------------------------------------------------------ the folds


def _scores_of_fold(
    refitting: Refitting, options: Sequence[Any], starts: Sequence[Start], scoring: str, cutoff: str, fold: Fold
) -> _Scores:
    """Fit one fold's training part under all weights, and score the rows held out."""
    split = refitting.split(fold)
    near = [refitting.start_for(split, fold, start) for start in starts]
    fitted = refits(split.training, refitting.link, options, near, refitting.max_iterations, refitting.penalty)
    maxima = [one.maximum for one in fitted]
    return _Scores(
        np.array([_score(refitting, split, fold, one, scoring, cutoff) for one in fitted]),
        np.array([one.separation is not None for one in maxima]),
        np.array([one.solution.converged for one in maxima]),
        int((~split.test.complete).sum()),
    )


def _score(refitting: Refitting, split: Split, fold: Fold, fitted: Refit, scoring: str, cutoff: str) -> float:
    """Score the rows held out; NaN where those with a prediction are not of both classes."""
    ranking = ranked(refitting, fold.test, split.predicted(fitted))
    if ranking is None or not (ranking.total_events > 0 and ranking.total_nonevents > 0):
        return float("nan")
    return one_measure(scoring, ranking, cutoff_of(fitted, cutoff) if scoring == "f1" else None)


# ------------------------------------------------------------------------------------------------ the table


def _table(
    refitting: Refitting,
    grid: Sequence[_Weights],
    divided: Folds,
    found: Sequence[_Scores],
    scoring: str,
    cutoff: str,
) -> Table:
    scores = np.vstack([one.score for one in found])
    frame = _frame(grid, scores, scoring)
    words = MEASURES[scoring].words
    best = frame.loc[frame["best"], "weights"].iloc[0]
    return Table(
        key="class_weight_search",
        title=f"Class weights compared by cross-validation: {words}",
        frame=frame,
        roles={
            "weights": "text",
            "ratio": "ratio",
            **dict.fromkeys(("mean", "sd", "smallest", "largest", "difference"), "estimate"),
            "rank": "integer",
            "best": "flag",
        },
        labels={
            "weights": "Class weights",
            "ratio": "Weight ratio",
            "sd": "SD",
            "difference": "Difference to no weights",
        },
        notes=(divided.described, *_notes(refitting, grid, found, scoring, cutoff)),
        charts=(_chart(frame, words, refitting.design.event, best),),
        tables=(_fold_table(grid, divided, scores),),
    )


def _frame(grid: Sequence[_Weights], scores: Floats, scoring: str) -> pd.DataFrame:
    """Give one row per weighting; folds without a score are left out for all weightings alike."""
    there = scores[~np.isnan(scores).any(axis=1)]
    if there.size == 0:
        raise OptionError(f"No fold has a {scoring}; ask for fewer folds.")
    plain = next(at for at, one in enumerate(grid) if one.ratio == 1.0 and not _varies(one.option))
    mean = there.mean(axis=0)
    gain = mean if MEASURES[scoring].larger_is_better else -mean
    place = [int((gain > own + _TIE).sum()) + 1 for own in gain]
    with np.errstate(invalid="ignore"):
        spread, difference = there.std(axis=0), (there - there[:, [plain]]).mean(axis=0)
    return pd.DataFrame(
        {
            "weights": [one.words for one in grid],
            "ratio": [one.ratio for one in grid],
            "mean": mean,
            "sd": spread,
            "smallest": there.min(axis=0),
            "largest": there.max(axis=0),
            "difference": difference,
            "rank": place,
            "best": [rank == 1 for rank in place],
        }
    )


def _notes(
    refitting: Refitting, grid: Sequence[_Weights], found: Sequence[_Scores], scoring: str, cutoff: str
) -> list[str]:
    design = refitting.design
    notes = [design.event.note]
    if dropped := design.rows.read - design.rows.used - design.rows.zero_weight:
        notes.append(f"{dropped:,} of {design.rows.read:,} rows were dropped because something is missing in them.")
    better = "larger" if MEASURES[scoring].larger_is_better else "smaller"
    notes.append(
        f"{MEASURES[scoring].words}: {MEASURES[scoring].meaning}; {better} is better. SD has the divisor n = "
        f"{len(found)}, the number of folds. The weight ratio is that of an event to a non-event."
    )
    if any(_varies(one.option) for one in grid):
        notes.append("'balanced' is found anew in each training part; its ratio is that of all rows.")
    if scoring == "f1":
        notes.append(f"The cut-off of each fold is that with {CRITERIA[cutoff][0]} in its training part.")
    notes.append("Class weights act in fitting only; probabilities are corrected for them before they are measured.")
    notes += penalty_notes(refitting.penalty)
    if "sample_weight" in design.given_weights:
        notes.append(
            "Sample weights act in every fit, that without class weights too: the importance of a row is the product."
        )
    if design.counted:
        notes.append("Each score counts a row by its frequency.")
    if refitting.learns:
        notes.append(f"Learnt anew in each training part: {', '.join(refitting.learns)}.")
    if unseen := sum(one.unseen for one in found):
        notes.append(f"{unseen:,} predictions could not be made: the training part lacks a level of the row.")
    return notes + _trouble(grid, found)


def _trouble(grid: Sequence[_Weights], found: Sequence[_Scores]) -> list[str]:
    """Say which fits separated or did not converge, and which folds have no score."""
    notes = []
    for at, one in enumerate(grid):
        separated = sum(bool(fold.separated[at]) for fold in found)
        failed = sum(not fold.converged[at] for fold in found)
        if separated:
            notes.append(f"{one.words}: {separated} of the {len(found)} fits separated; their rankings are defined.")
        if failed:
            notes.append(f"{one.words}: {failed} of the {len(found)} fits did not converge.")
    if lost := sum(bool(np.isnan(fold.score).any()) for fold in found):
        notes.append(f"{lost} of the {len(found)} folds are left out: their rows with a prediction are of one class.")
    return notes


def _fold_table(grid: Sequence[_Weights], divided: Folds, scores: Floats) -> Table:
    names = [f"weights_{at + 1}" for at in range(len(grid))]
    frame = pd.DataFrame(
        {
            "repeat": [fold.repeat for fold in divided.folds],
            "fold": [fold.number for fold in divided.folds],
            **dict(zip(names, scores.T, strict=True)),
        }
    )
    return Table(
        key="class_weight_folds",
        title="Scores by fold",
        frame=frame,
        roles={"repeat": "integer", "fold": "integer", **dict.fromkeys(names, "estimate")},
        labels={name: one.words for name, one in zip(names, grid, strict=True)},
    )


def _chart(frame: pd.DataFrame, words: str, event: Event, best: str) -> Chart:
    mean, spread = frame["mean"].to_numpy(), frame["sd"].to_numpy()
    plain = float(mean[0] - frame["difference"].iloc[0])
    return Chart(
        key="class_weight_search",
        title=f"{words} by class weights",
        series=(
            Series("No weights", "reference", np.array([np.nan]), np.array([plain])),
            Series("Mean ± SD over folds", "intervals", frame["ratio"].to_numpy(), mean, mean - spread, mean + spread),
            Series("Best", "points", frame.loc[frame["best"], "ratio"].to_numpy(), mean[frame["best"].to_numpy()]),
        ),
        x=Axis(f"Weight of {event.label} / weight of {event.other_label}", scale="log"),
        y=Axis(words),
        alt=f"{words} of the rows held out against the ratio of the class weights; the best mean is that of {best}.",
    )
