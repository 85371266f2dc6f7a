"""How well are classes told apart? One ROC curve for each class against the rest, and areas for pairs of classes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.classes.areas import AVERAGES, PairAreas, areas_against_rest, pair_areas, rankings_of
from glmlr.classes.registry import class_statistic
from glmlr.classes.scores import ClassScores
from glmlr.errors import DataError
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import Area
from glmlr.ranking.curve import thinned

Floats = npt.NDArray[np.float64]

#: Curves in one drawing that can still be told apart: as many as there are colours.
_TOGETHER: Final = 6
#: Pairs of classes that are printed, those told apart worst first.
_PAIRS: Final = 45
#: average -> words for a reader.
_WORDS: Final = {
    "ovr_macro": "Mean of the classes against the rest",
    "ovr_weighted": "The same, each by its number of rows",
    "ovo_macro": "Mean over pairs of classes (Hand & Till's M)",
    "ovo_weighted": "The same, each by the rows of both",
}


@class_statistic(
    section="discrimination",
    title="Areas under the ROC curves",
    reference="Hand & Till (2001), Machine Learning 45, 171-186; Fawcett (2006), Pattern Recognition Letters 27, "
    "861-874; DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; Lehmann (1999), Elements of Large-Sample "
    "Theory, section 6.1",
    definitions={
        "auc of a class": "Area under the ROC curve of the probability of a class, its rows against all others, with "
        "DeLong's standard error. scikit-learn: roc_auc_score(multi_class='ovr', average=None).",
        "mean of the classes": "Plain mean of these areas (scikit-learn: multi_class='ovr', average='macro'), and the "
        "mean by the number of rows of each class (average='weighted').",
        "Hand & Till's M": "Mean over all pairs of classes of (A(i|j) + A(j|i)) / 2, where A(i|j) is the chance that "
        "the probability of class i is larger in a row of class i than in one of class j, ties counting half; it does "
        "not depend on how frequent the classes are. scikit-learn: multi_class='ovo', average='macro'. R pROC "
        "multiclass.roc given one score per row computes another number: the mean of the areas of that score.",
        "mean over pairs by rows": "The same with each pair counted by the rows of both classes. scikit-learn: "
        "multi_class='ovo', average='weighted'.",
        "standard error of an average": "That of a U-statistic of one sample for each class, by the placements of the "
        "rows; for two classes DeLong's. Low and high: average ± z × standard error, clipped to [0, 1].",
    },
)
def roc(scores: ClassScores, *, level: float = 0.95) -> Table:
    """Give the area under the ROC curve of each class against the rest, their averages, and those over pairs.

    Args:
        scores: classes and probabilities.
        level: confidence level of the intervals.

    Raises:
        DataError: all rows are of one class.
        OptionError: `level` outside (0, 1).

    """
    checked_level(level)
    _require_two(scores)
    rankings = rankings_of(scores)
    areas, pairs = areas_against_rest(rankings, level), pair_areas(scores, rankings, level)
    rows = [*areas, *(pairs.averages[name] for name in AVERAGES)]
    n = float(scores.counts.sum())
    frame = pd.DataFrame(
        {
            "class": [*scores.labels, *(_WORDS[name] for name in AVERAGES)],
            "n": [*scores.counts, *(n,) * len(AVERAGES)],
            **{name: [getattr(one, name) for one in rows] for name in ("auc", "std_error", "low", "high")},
        }
    )
    return Table(
        key="roc",
        title="Areas under the ROC curves",
        frame=frame,
        roles={
            "class": "text",
            "n": "count",
            "auc": "estimate",
            "std_error": "std_error",
            "low": "estimate",
            "high": "estimate",
        },
        labels={"class": "Class against the rest", "n": "Rows", "auc": "AUC"},
        notes=(*scores.notes, *_notes(scores, areas, level)),
        charts=tuple(_charts(scores, rankings, areas)),
        emphasis=tuple(range(len(areas), len(rows))),
        tables=(_pair_table(scores, pairs),),
    )


def _require_two(scores: ClassScores) -> None:
    if np.count_nonzero(scores.counts) < 2:
        only = scores.labels[int(np.argmax(scores.counts))]
        raise DataError(f"All rows are of class {only}; ROC curves need rows of two classes or more.")


def _notes(scores: ClassScores, areas: tuple[Area, ...], level: float) -> list[str]:
    notes = [f"Low and high: plain {100 * level:g}% intervals."]
    lacking = [name for name, n in zip(scores.labels, scores.counts, strict=True) if n == 0]
    if lacking:
        notes.append(f"No row is of class {' or '.join(lacking)}: averages are over the other classes.")
    below = [name for name, one in zip(scores.labels, areas, strict=True) if one.auc < 0.5]
    if below:
        notes.append(
            f"Below 1/2: the probability of {' and of '.join(below)} ranks the rows of the class below others."
        )
    perfect = [name for name, one in zip(scores.labels, areas, strict=True) if one.std_error == 0]
    if perfect:
        notes.append(
            f"The standard error of {' and of '.join(perfect)} is 0 because the probabilities tell the class apart "
            "perfectly or all tie; such an interval says nothing."
        )
    if (scores.counts == 1).any():
        alone = [name for name, n in zip(scores.labels, scores.counts, strict=True) if n == 1]
        notes.append(f"There is only one row of {' and of '.join(alone)}: its area and the averages have no error.")
    if scores.fitted:
        notes.append("These are the rows the model was fitted to; areas on new rows tend to be smaller.")
    return notes


def _pair_table(scores: ClassScores, pairs: PairAreas) -> Table:
    first, second = np.triu_indices(len(scores.classes), 1)
    between = pairs.between[first, second]
    order = np.argsort(between, kind="stable")  # NaN last
    shown = order[:_PAIRS]
    i, j = first[shown], second[shown]
    notes = ["First | second: chance that the first's probability is larger in a row of the first than of the second."]
    if shown.size < order.size:
        notes.append(f"The {shown.size} of {order.size:,} pairs that are told apart worst.")
    return Table(
        key="roc_pairs",
        title="Pairs of classes, those told apart worst first",
        frame=pd.DataFrame(
            {
                "first": [scores.labels[at] for at in i],
                "second": [scores.labels[at] for at in j],
                "first_over_second": pairs.directed[i, j],
                "second_over_first": pairs.directed[j, i],
                "auc": between[shown],
            }
        ),
        roles={
            "first": "text",
            "second": "text",
            "first_over_second": "estimate",
            "second_over_first": "estimate",
            "auc": "estimate",
        },
        labels={"first_over_second": "First | second", "second_over_first": "Second | first", "auc": "Mean"},
        notes=tuple(notes),
    )


def _charts(scores: ClassScores, rankings: tuple[Ranking, ...], areas: tuple[Area, ...]) -> Iterator[Chart]:
    """Draw the curves, so many in one drawing."""
    there = [at for at, one in enumerate(areas) if not math.isnan(one.auc)]
    number = -(-len(there) // _TOGETHER)
    # Of eight classes four and four, not six and two.
    for part, classes in enumerate(np.array_split(there, number)):
        yield _chart(scores, rankings, areas, classes.tolist(), f"_{part + 1}" if part else "")


def _chart(
    scores: ClassScores, rankings: tuple[Ranking, ...], areas: tuple[Area, ...], classes: list[int], suffix: str
) -> Chart:
    ends = np.array([0.0, 1.0])
    series = [Series("No discrimination", "reference", ends, ends)]
    for at in classes:
        curve = thinned(rankings[at])
        kept = outline(curve.false_positive_rate, curve.sensitivity)
        name = f"{scores.labels[at]} (AUC {areas[at].auc:.3f})"
        series.append(Series(name, "line", curve.false_positive_rate[kept], curve.sensitivity[kept]))
    best, worst = max(classes, key=lambda at: areas[at].auc), min(classes, key=lambda at: areas[at].auc)
    return Chart(
        key=f"roc{suffix}",
        title=f"ROC curves of each {scores.response} against the rest",
        series=tuple(series),
        x=Axis("1 − specificity (other classes called positive)", limits=(0.0, 1.0)),
        y=Axis("Sensitivity (share of the class called positive)", limits=(0.0, 1.0)),
        alt=f"ROC curves of {len(classes)} classes, each against the rest; areas from {areas[worst].auc:.3f} "
        f"({scores.labels[worst]}) to {areas[best].auc:.3f} ({scores.labels[best]}).",
    )
