"""What does a model show of its own rows and of others? Indices, a calibration curve and rates, by resample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups, counts_between, top_groups
from glmlr.selection.asked import Search
from glmlr.validation.curves import smooth_calibration
from glmlr.validation.indices import INDICES, indices_of
from glmlr.validation.performance import best_cutoff, calibration_line, positives_at
from glmlr.validation.refit import Start
from glmlr.validation.resamples import Bootstrapped, bootstrapped, drawn
from glmlr.validation.resampling import Refitting
from glmlr.validation.searched import chosen_anew

Floats = npt.NDArray[np.float64]

_POINTS: Final = 101
DECILES: Final = 10
#: What a chosen cut-off does.
AT_CUTOFF: Final[Mapping[str, str]] = {
    "sensitivity": "Sensitivity at the chosen cut-off",
    "specificity": "Specificity at the chosen cut-off",
    "precision": "Precision at the chosen cut-off",
    "accuracy": "Accuracy at the chosen cut-off",
    "f1": "F1 at the chosen cut-off",
}


@dataclass(frozen=True, eq=False)
class Seen:
    """What a ranking shows: indices (i,), the calibration curve (g,), rates by decile (10,)."""

    indices: Floats
    curve: Floats
    rates: Floats


@dataclass(frozen=True, eq=False)
class Replicate:
    """What the model of one resample shows of the resample and of the rows it was drawn from, cut-off and terms."""

    training: Seen
    test: Seen
    cutoff: float
    separated: bool
    unseen: int
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Looking:
    """What is looked at in each ranking.

    Attributes:
        grid: probabilities at which the calibration curve is read, shape (g,).
        criterion: by which each model chooses its cut-off, or None.
        deciles: whether rates by decile are looked at.

    """

    grid: Floats
    criterion: str | None
    deciles: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the indices."""
        return (*(name for name in INDICES if name != "emax"), *(AT_CUTOFF if self.criterion else ()))

    def cutoff_of(self, ranking: Ranking) -> float:
        """Give the cut-off that is best on a ranking."""
        return math.nan if self.criterion is None else best_cutoff(ranking, self.criterion)

    def at(self, ranking: Ranking, cutoff: float, tenths: Groups | None) -> Seen:
        """Look at a ranking.

        Args:
            ranking: of the rows looked at.
            cutoff: the cut-off of the model.
            tenths: the deciles of the rows the model was fitted to, whose edges cut these.

        """
        line = calibration_line(ranking)
        found = indices_of(ranking, line)
        if self.criterion is not None:
            found |= _classified(ranking, cutoff)
        rates = np.full(DECILES, np.nan)
        if tenths is not None:
            counts = counts_between(ranking, tenths.low)
            with np.errstate(invalid="ignore", divide="ignore"):
                rates[tenths.number - 1] = counts.events / counts.n
        return Seen(np.array([found[name] for name in self.names]), smooth_calibration(ranking, line, self.grid), rates)

    def tenths(self, ranking: Ranking) -> Groups | None:
        """Give the deciles of the rows that a model was fitted to."""
        return top_groups(ranking, DECILES) if self.deciles else None


def _classified(ranking: Ranking, cutoff: float) -> dict[str, float]:
    """Say how a cut-off does."""
    found = positives_at(ranking, cutoff)
    positive, negative = found.true + found.false, ranking.total_nonevents - found.false
    return {
        "sensitivity": found.true / ranking.total_events,
        "specificity": negative / ranking.total_nonevents,
        "precision": found.true / positive if positive else math.nan,
        "accuracy": (found.true + negative) / ranking.total,
        "f1": found.f1,
    }


# ------------------------------------------------------------------------------------------------ one resample


def grid_of(ranking: Ranking) -> Floats:
    """Give probabilities over the range of the scores but for their outermost hundredths, those of 0 and 1 left out."""
    below = np.cumsum(ranking.rows) / ranking.total
    inner = np.flatnonzero((ranking.score > 0) & (ranking.score < 1))
    if not inner.size:
        return np.linspace(0.01, 0.99, _POINTS)
    low, high = (ranking.score[min(int(np.searchsorted(below, share)), below.size - 1)] for share in (0.01, 0.99))
    first, last = ranking.score[inner[0]], ranking.score[inner[-1]]
    return np.linspace(max(low, first), min(high, last), _POINTS)


def replicate(
    refitting: Refitting, class_weight: Any, start: Start, looking: Looking, seed: int, number: int
) -> Replicate | None:
    """Fit the model to one resample and look at both sides; None where it cannot be fitted."""
    resample = drawn(refitting.design, refitting.groups, seed, number)
    model = bootstrapped(refitting, class_weight, start, resample, anew=True)
    return None if model is None else _looked_at(refitting, looking, model, ())


def replicate_of_search(
    refitting: Refitting, search: Search, looking: Looking, seed: int, number: int
) -> Replicate | None:
    """Search in one resample and look at both sides; None where that cannot be done."""
    found = chosen_anew(refitting, search, drawn(refitting.design, refitting.groups, seed, number))
    return None if found is None else _looked_at(refitting, looking, found.model, found.terms)


def _looked_at(refitting: Refitting, looking: Looking, model: Bootstrapped, terms: tuple[str, ...]) -> Replicate:
    """Look at what the model of a resample shows of the resample and of the rows it was drawn from."""
    own = model.own_ranking
    theirs, unseen = model.ranking_of(refitting)
    cutoff, tenths = looking.cutoff_of(own), looking.tenths(own)
    return Replicate(
        training=looking.at(own, cutoff, tenths),
        test=looking.at(theirs, cutoff, tenths),
        cutoff=cutoff,
        separated=model.fitted.maximum.separation is not None,
        unseen=unseen,
        terms=terms,
    )
