"""How does each class fare against the rest? Precision, recall, F1 and specificity, and their averages."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd

from glmlr.classes.counts import ClassCounts, count_classes
from glmlr.classes.registry import class_statistic
from glmlr.classes.scores import ClassScores
from glmlr.exhibits import Table
from glmlr.proportions import checked_level, wilson

_AVERAGES: Final = ("Macro average", "Weighted average", "Micro average")
_RATES: Final = ("precision", "recall", "f1", "specificity")


@class_statistic(
    section="classification",
    title="Classification report",
    reference="Sokolova & Lapalme (2009), Information Processing and Management 45, 427-437; Wilson (1927), JASA 22, "
    "209-212",
    definitions={
        "precision": "Share of the rows predicted in a class that are of it. Undefined where it was never predicted; "
        "scikit-learn calls it 0 there (zero_division=nan gives ours).",
        "recall": "Share of the rows of a class that were predicted in it (sensitivity of the class against the rest).",
        "specificity": "Share of the rows of all other classes that were predicted in one of those.",
        "f1": "2 TP / (2 TP + FP + FN) of the class against the rest, the harmonic mean of precision and recall.",
        "macro average": "Plain mean over the classes for which the number is defined.",
        "weighted average": "Mean over the same classes, each by its number of rows (support).",
        "micro average": "The number from TP, FP, FN and TN added up over the classes; where each row has one class, "
        "precision, recall and F1 all equal the accuracy.",
    },
)
def classification_report(scores: ClassScores, *, level: float = 0.95) -> Table:
    """Give precision, recall, F1 and specificity of each class against the rest, and their averages.

    Args:
        scores: classes and probabilities.
        level: confidence level of the intervals in the companion.

    Raises:
        OptionError: `level` outside (0, 1).

    """
    checked_level(level)
    counts = count_classes(scores)
    rates = {name: np.append(getattr(counts, name), _averages(counts, name)) for name in _RATES}
    frame = pd.DataFrame(
        {
            "class": [*scores.labels, *_AVERAGES],
            **rates,
            "n": [*counts.observed, *(counts.n,) * len(_AVERAGES)],
            "n_predicted": [*counts.predicted, *(counts.n,) * len(_AVERAGES)],
        }
    )
    classes = len(scores.classes)
    return Table(
        key="classification_report",
        title="Each class against the rest",
        frame=frame,
        roles={"class": "text", **dict.fromkeys(_RATES, "probability"), "n": "count", "n_predicted": "count"},
        labels={"class": "Class", "recall": "Recall", "n": "Rows (support)", "n_predicted": "Predicted"},
        notes=(*scores.notes, *_undefined(scores, counts)),
        emphasis=tuple(range(classes, classes + len(_AVERAGES))),
        tables=(_intervals(scores, counts, level),),
    )


def _averages(counts: ClassCounts, name: str) -> list[float]:
    """Give the macro, weighted and micro average of a rate; undefined ones do not count."""
    values = getattr(counts, name)
    there = ~np.isnan(values)
    weight = counts.observed * there
    macro = float(values[there].mean()) if there.any() else math.nan
    weighted = float(np.dot(weight[there], values[there]) / weight.sum()) if weight.sum() > 0 else math.nan
    right, n, classes = float(counts.right.sum()), counts.n, len(counts.cells)
    # Each wrong row is one false positive and one false negative; TN are all other pairs of a row and a class.
    micro = (n * (classes - 1) - (n - right)) / (n * (classes - 1)) if name == "specificity" else right / n
    return [macro, weighted, micro]


def _undefined(scores: ClassScores, counts: ClassCounts) -> list[str]:
    """Say which rates have no value, and what the averages do about it."""
    notes = []
    never = [name for name, n in zip(scores.labels, counts.predicted, strict=True) if n == 0]
    lacking = [name for name, n in zip(scores.labels, counts.observed, strict=True) if n == 0]
    if never:
        notes.append(f"No row is predicted in {' or '.join(never)}: precision is undefined there.")
    if lacking:
        notes.append(f"No row is of class {' or '.join(lacking)}: recall is undefined there.")
    if notes:
        zero = np.nan_to_num(counts.precision)
        weighted = float(np.dot(counts.observed, zero)) / counts.n
        notes.append(
            "Averages are over the classes for which a number is defined. With 0 in place of what is undefined "
            f"(scikit-learn's default) the macro average of precision would be {zero.mean():.4f}, the weighted one "
            f"{weighted:.4f}."
        )
    return notes


def _intervals(scores: ClassScores, counts: ClassCounts, level: float) -> Table:
    columns: dict[str, object] = {"class": list(scores.labels)}
    for name, whole in (("recall", counts.observed), ("precision", counts.predicted)):
        bounds = wilson(counts.right, whole, level)
        columns |= {name: getattr(counts, name), f"{name}_low": bounds.low, f"{name}_high": bounds.high}
    frame = pd.DataFrame(columns)
    return Table(
        key="class_intervals",
        title="Intervals of recall and precision",
        frame=frame,
        roles={"class": "text", **dict.fromkeys(list(columns)[1:], "probability")},
        labels={
            "class": "Class",
            "recall": "Recall",
            **{f"{name}_{end}": end.capitalize() for name in ("recall", "precision") for end in ("low", "high")},
        },
        notes=(f"Low and high: Wilson {100 * level:g}% intervals.",),
    )
