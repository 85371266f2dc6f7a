"""How good are predicted probabilities of several classes? Proper scores, and where the Brier score comes from."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd

from glmlr.classes.areas import one_against_rest
from glmlr.classes.registry import class_statistic
from glmlr.classes.scores import ClassScores
from glmlr.classes.scoring_rules import mean_score
from glmlr.digits import text
from glmlr.exhibits import Table
from glmlr.proportions import checked_level, normal_quantile
from glmlr.ranking.isotonic import isotonic
from glmlr.validation.calibration_lines import distances_of
from glmlr.validation.decomposition import Parts, brier_parts

_LABELS: Final = {
    "log_score": "Logarithmic score (log loss)",
    "brier": "Brier score of all classes",
    "ranked": "Ranked probability score",
}
_PARTS: Final = ("score", "miscalibration", "discrimination", "uncertainty")


@class_statistic(
    section="scoring",
    title="Scores of the probabilities",
    reference="Brier (1950), Monthly Weather Review 78, 1-3; Epstein (1969), Journal of Applied Meteorology 8, "
    "985-987; Gneiting & Raftery (2007), JASA 102, 359-378; Dimitriadis, Gneiting & Jordan (2021), PNAS 118, "
    "e2016191118",
    definitions={
        "log_score": "Minus the mean log of the probability of a row's own class, natural logarithms; log J for equal "
        "probabilities of J classes. scikit-learn: log_loss (which first keeps probabilities away from 0).",
        "brier": "Mean over rows of the sum over the classes of (1 or 0 - p)², from 0 to 2; for two classes twice the "
        "Brier score of the event. scikit-learn: brier_score_loss of several classes.",
        "ranked": "Ranked probability score: mean over the J - 1 cuts between neighbouring classes of the Brier score "
        "of being at or below the cut; for classes in order. Others leave the sum undivided by J - 1.",
        "score of the shares": "The same score if every row had the shares of the classes as its probabilities.",
        "gain": "1 - score / score of the shares: 0 for no better than the shares, 1 for perfect. Of the logarithmic "
        "score on the rows of a fit with intercepts it is McFadden's pseudo R².",
        "miscalibration": "Brier score of a class against the rest less that of its isotonic recalibration; 0 "
        "is ideal.",
        "discrimination": "Brier score of the share of the class less that of the isotonic recalibration; the larger "
        "the better.",
        "uncertainty": "Brier score of the share r of the class given to all rows, r (1 - r).",
    },
)
def scoring_rules(scores: ClassScores, *, ordered: bool = False, level: float = 0.95) -> Table:
    """Give proper scores of the probabilities, and the parts of the Brier score class by class.

    Args:
        scores: classes and probabilities.
        ordered: whether the classes have an order, so that the ranked probability score is given too.
        level: confidence level of the plain intervals of the mean scores.

    Raises:
        OptionError: `level` outside (0, 1).

    """
    reach = normal_quantile(checked_level(level))
    rules = ("log_score", "brier", "ranked") if ordered else ("log_score", "brier")
    found = {name: mean_score(scores, name) for name in rules}
    frame = pd.DataFrame(
        {
            "measure": list(found),
            "value": [one.value for one in found.values()],
            "std_error": [one.std_error for one in found.values()],
            "low": [np.maximum(one.value - reach * one.std_error, 0.0) for one in found.values()],
            "high": [one.value + reach * one.std_error for one in found.values()],
            "of_shares": [one.of_shares for one in found.values()],
            "gain": [one.gain for one in found.values()],
        }
    )
    return Table(
        key="scoring_rules",
        title="Scores of the probabilities",
        frame=frame,
        roles={"measure": "text", **dict.fromkeys(frame.columns[1:], "estimate")},
        labels={**_LABELS, "value": "Mean score", "of_shares": "Score of the shares", "gain": "Gain"},
        notes=(*scores.notes, *_notes(scores, found["log_score"].value, ordered, level)),
        tables=(_class_parts(scores),),
    )


def _notes(scores: ClassScores, log_score: float, ordered: bool, level: float) -> list[str]:
    notes = [
        f"Smaller scores are better. Low and high: plain {100 * level:g}% intervals of the mean over rows, not below 0."
    ]
    if math.isinf(log_score):
        own = scores.probabilities[np.arange(scores.size), scores.outcome] == 0
        rows = float(own.sum() if scores.weight is None else scores.weight[own].sum())
        notes.append(
            f"The class of {text(rows, 'count')} {'row' if rows == 1 else 'rows'} had probability 0: the logarithmic "
            "score is infinite."
        )
    if ordered:
        notes.append(f"The ranked score takes the classes in this order: {', '.join(scores.labels)}.")
    return notes


def _class_parts(scores: ClassScores) -> Table:
    """Split the Brier score of each class against the rest; their sums are those of all classes."""
    parts = [_parts(scores, at) for at in range(len(scores.classes))]
    columns = {name: [getattr(one, name) for one in parts] for name in _PARTS}
    return Table(
        key="brier_by_class",
        title="Where the Brier score comes from, class by class",
        frame=pd.DataFrame(
            {"class": [*scores.labels, None], **{name: [*values, sum(values)] for name, values in columns.items()}}
        ),
        roles={"class": "text", **dict.fromkeys(_PARTS, "estimate")},
        labels={"class": "Class against the rest", "score": "Brier score"}
        | {name: name.capitalize() for name in _PARTS[1:]},
        notes=(
            "Brier score = miscalibration - discrimination + uncertainty; the sum over the classes is the Brier score "
            "of all classes. The isotonic fit, on the rows it is fitted to, does better than any on new rows: "
            "miscalibration is above 0 even where the probabilities are right.",
        ),
        emphasis=(len(scores.classes),),
    )


def _parts(scores: ClassScores, position: int) -> Parts:
    ranking = one_against_rest(scores, position)
    fit = isotonic(ranking.events, ranking.nonevents)
    return brier_parts(distances_of(ranking).squares / ranking.total, fit)
