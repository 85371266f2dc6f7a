"""What does the model of one fold say of the rows it has not seen, and how good is that?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking, rank
from glmlr.selection.asked import Search
from glmlr.validation.folds import Fold
from glmlr.validation.performance import MEASURES, Positives, best_cutoff, measured, positives_at
from glmlr.validation.refit import Refit, Start, refit
from glmlr.validation.resampling import Refitting, Split
from glmlr.validation.searched import split_anew

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What the model of one fold says of the rows it has not seen, and how it does.

    Attributes:
        fold: which rows are fitted and which held out.
        probability: of the rows held out, shape (test,); NaN where there is no prediction.
        cutoff: the cut-off, chosen on the rows fitted.
        positives: what it calls positive among the rows held out.
        measures: name -> value, see `glmlr.validation.performance.MEASURES`; NaN where a measure does not exist.
        rebuilt, separated, converged: how the fit went.
        beyond: rows that break a dependency of columns which all rows fitted obey.
        terms: those of its model, where a search chose them.

    """

    fold: Fold
    probability: Floats
    cutoff: float
    positives: Positives
    measures: Mapping[str, float]
    rebuilt: bool
    separated: bool
    converged: bool
    beyond: int
    terms: tuple[str, ...] = ()

    @property
    def unseen(self) -> int:
        """Number of rows held out without a prediction."""
        return int(np.isnan(self.probability).sum())


def held_out(refitting: Refitting, class_weight: Any, cutoff: float | str, start: Start, fold: Fold) -> HeldOut:
    """Fit one fold's training part and look at the rows held out.

    Args:
        refitting: the rows, and how a model is fitted to some of them.
        class_weight: see `glmlr.fit`.
        cutoff: a probability, or a criterion by which the training part chooses one.
        start: the fit to all rows, from which that to the training part begins.
        fold: which rows are held out.

    """
    split = refitting.split(fold)
    fitted = refit(
        split.training,
        refitting.link,
        class_weight=class_weight,
        start=refitting.start_for(split, fold, start),
        max_iterations=refitting.max_iterations,
        penalty=refitting.penalty,
    )
    return _looked_at(refitting, split, fitted, cutoff, fold, ())


def held_out_of_search(refitting: Refitting, search: Search, cutoff: float | str, fold: Fold) -> HeldOut:
    """Search for terms in one fold's training part, fit the model at the end and look at the rows held out."""
    found = split_anew(refitting, search, fold)
    return _looked_at(refitting, found.split, found.fitted, cutoff, fold, found.terms)


def _looked_at(
    refitting: Refitting, split: Split, fitted: Refit, cutoff: float | str, fold: Fold, terms: tuple[str, ...]
) -> HeldOut:
    """Look at what a model says of the rows held out."""
    probability = split.predicted(fitted)
    at = cutoff_of(fitted, cutoff)
    ranking = ranked(refitting, fold.test, probability)
    both = ranking is not None and ranking.total_events > 0 and ranking.total_nonevents > 0
    positives = Positives(0.0, 0.0, 0.0) if ranking is None else positives_at(ranking, at)
    return HeldOut(
        fold=fold,
        probability=probability,
        cutoff=at,
        positives=positives,
        measures=measured(ranking, positives) if ranking is not None and both else dict.fromkeys(MEASURES, math.nan),
        rebuilt=split.rebuilt,
        separated=fitted.maximum.separation is not None,
        converged=fitted.maximum.solution.converged,
        beyond=split.beyond(fitted),
        terms=terms,
    )


def cutoff_of(fitted: Refit, cutoff: float | str) -> float:
    """Give the stated cut-off, or the best one on the rows that the model was fitted to (frequency weights only)."""
    if not isinstance(cutoff, str):
        return cutoff
    design = fitted.design
    return best_cutoff(rank(fitted.own_probabilities, design.y, design.weight), cutoff)


def ranked(refitting: Refitting, rows: npt.NDArray[np.intp], probability: Floats) -> Ranking | None:
    """Rank the rows that have a prediction; None where there are none."""
    y, weight = refitting.outcome(rows)
    there = ~np.isnan(probability)
    if not there.any():
        return None
    return rank(probability[there], y[there], None if weight is None else weight[there])
