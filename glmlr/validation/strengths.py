"""How strong should a ridge penalty be? Each strength of a grid judged by rows held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.design import gathered
from glmlr.design.derived import weighted_by_class
from glmlr.errors import OptionError
from glmlr.estimation import intercept_of, prior_shift_of
from glmlr.penalised.path import along
from glmlr.penalised.penalties import Ridge
from glmlr.penalised.ridge import shrinking
from glmlr.progress import Step
from glmlr.separation import Maximum
from glmlr.validation.folds import Fold, Folds
from glmlr.validation.held_out import ranked
from glmlr.validation.performance import MEASURES, one_measure
from glmlr.validation.refit import Refit
from glmlr.validation.resampling import Refitting
from glmlr.validation.workers import for_each

Floats = npt.NDArray[np.float64]

SCORINGS: Final = ("log_loss", "brier", "auc")


@dataclass(frozen=True, eq=False)
class Judged:
    """Strengths judged by rows held out (f folds, s strengths).

    Attributes:
        scoring: a key of `SCORINGS`.
        by_fold: the score of the rows held out in each fold, shape (f, s); folds without a score are left out.
        repeat: repeat of each of these folds, shape (f,).
        folds: number of folds asked for.
        unseen: rows without a prediction, over all folds.
        failed: fits that did not converge.

    """

    scoring: str
    by_fold: Floats
    repeat: npt.NDArray[np.intp]
    folds: int
    unseen: int
    failed: int

    @property
    def mean(self) -> Floats:
        """Mean over the folds, shape (s,)."""
        return np.asarray(self.by_fold.mean(axis=0))

    @property
    def error(self) -> Floats:
        """Standard error of that mean, shape (s,), as if the folds of a repeat were independent.

        Repeats divide the same rows again, so that they do not make it smaller: it is the root mean square, over the
        repeats, of the folds' standard deviation (divisor f - 1) over the root of their number.
        """
        squares = []
        for repeat in np.unique(self.repeat):
            own = self.by_fold[self.repeat == repeat]
            squares.append(own.var(axis=0, ddof=1) / len(own) if len(own) > 1 else np.full(own.shape[1], np.nan))
        return np.asarray(np.sqrt(np.mean(squares, axis=0)))

    @property
    def best(self) -> int:
        """Position of the best mean; the first, which is the strongest, of several."""
        return int(np.argmin(self._loss))

    @property
    def within_one_error(self) -> int:
        """Position of the first strength, from strong to weak, whose mean is within one standard error of the best.

        Reference: Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, section 3.4.3.
        """
        loss, best = self._loss, self.best
        error = self.error[best]
        return best if np.isnan(error) else int(np.flatnonzero(loss <= loss[best] + error)[0])

    @property
    def _loss(self) -> Floats:
        return -self.mean if MEASURES[self.scoring].larger_is_better else self.mean


@dataclass(frozen=True, eq=False)
class _OfFold:
    """The scores of one fold, shape (s,), rows without a prediction, and fits that did not converge."""

    score: Floats
    unseen: int
    failed: int


def judged(
    refitting: Refitting,
    class_weight: Any,
    strengths: Floats,
    divided: Folds,
    scoring: str,
    *,
    standardized: bool,
    workers: int = 1,
    progress: bool | Callable[[Step], None] | None = None,
) -> Judged:
    """Judge strengths by cross-validation.

    Args:
        refitting: the rows, and how a model is fitted to some of them.
        class_weight: see `glmlr.fit`; a training part's own where they depend on it.
        strengths: from strong to weak, shape (s,).
        divided: the folds.
        scoring: a key of `SCORINGS`.
        standardized: whether columns are divided by their standard deviation in the training part.
        workers: number of processes.
        progress: see `glmlr.cross_validate`.

    Raises:
        OptionError: no fold has a score.

    """
    task = partial(_scores, refitting, class_weight, strengths, scoring, Ridge(1.0, standardized))
    found = for_each(task, divided.folds, workers=workers, progress=progress)
    there = [at for at, one in enumerate(found) if np.isfinite(one.score).all()]
    if not there:
        raise OptionError(f"No fold has a {scoring} at every strength; ask for fewer folds.")
    return Judged(
        scoring,
        np.array([found[at].score for at in there]),
        np.array([divided.folds[at].repeat for at in there], dtype=np.intp),
        len(found),
        sum(one.unseen for one in found),
        sum(one.failed for one in found),
    )


def _scores(
    refitting: Refitting, class_weight: Any, strengths: Floats, scoring: str, penalty: Ridge, fold: Fold
) -> _OfFold:
    """Fit one training part along the path, and score the rows held out at each strength."""
    split, link = refitting.split(fold), refitting.link
    design = weighted_by_class(split.training, class_weight)
    made = shrinking(gathered(design), link, penalty, intercept_of(design))
    scores: list[float] = []
    failed = 0
    for found in along(made, strengths, refitting.max_iterations):
        working = np.nan_to_num(found.beta)
        maximum = Maximum(found, None, working, np.arange(working.size))
        fitted = Refit(design, link, maximum, prior_shift_of(design, link, working, None), penalty)
        ranking = ranked(refitting, fold.test, split.predicted(fitted))
        both = ranking is not None and ranking.total_events > 0 and ranking.total_nonevents > 0
        scores.append(one_measure(scoring, ranking, None) if ranking is not None and both else float("nan"))
        failed += not found.converged
    return _OfFold(np.array(scores), int((~split.test.complete).sum()), failed)


def checked_strengths(strengths: Sequence[float] | Floats) -> Floats:
    """Give strengths from strong to weak.

    Raises:
        OptionError: fewer than two, or one that is not a finite number above 0.

    """
    try:
        values = np.unique(np.asarray(strengths, dtype=np.float64).ravel())[::-1]
    except (TypeError, ValueError):
        raise OptionError(
            f"strengths={strengths!r} are not numbers; give some above 0, such as [10, 1, 0.1]."
        ) from None
    if values.size < 2 or not (np.isfinite(values) & (values > 0)).all():
        raise OptionError(f"strengths={strengths!r} must be at least two finite numbers above 0, such as [10, 1, 0.1].")
    return values
