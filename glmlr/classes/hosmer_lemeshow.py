"""Does a model of several classes fit? The Hosmer-Lemeshow test of a multinomial model, and its groups."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.chi_square_table import chi_square_table
from glmlr.classes.lack_of_fit import GroupedClasses, class_lack_of_fit, grouped_classes
from glmlr.classes.registry import class_statistic
from glmlr.classes.scores import ClassScores, class_position
from glmlr.errors import DataError, NotApplicable
from glmlr.exhibits import Table
from glmlr.ranking.grouping import checked_groups

#: Cochran's rule: a chi-square is rough where more than a fifth of the expected counts are below 5.
_SMALL, _SHARE_SMALL = 5.0, 0.2
_FEWEST: Final = 3


@class_statistic(
    section="calibration",
    title="Multinomial Hosmer-Lemeshow test",
    reference="Fagerland, Hosmer & Bofin (2008), Statistics in Medicine 27, 4238-4253",
    definitions={
        "multinomial Hosmer-Lemeshow": "Σ (O - E)² / E over all groups and classes, of rows grouped by 1 - the "
        "probability of the reference class (type-7 quantiles, right-closed, ties never split); (g - 2)(J - 1) degrees "
        "of freedom on the rows of the fit, g (J - 1) on others. R generalhoslem: logitgof, Stata: mlogitgof, which "
        "may split ties. For two classes it is the Hosmer-Lemeshow test.",
    },
)
def hosmer_lemeshow(scores: ClassScores, *, groups: int = 10, reference: Any = None) -> Table:
    """Test the fit by comparing observed and expected rows of every class in groups of predicted probability.

    Args:
        scores: classes and probabilities.
        groups: number of groups to cut.
        reference: the class by whose probability rows are grouped; None for the reference of the model, of
            probabilities from elsewhere the first class.

    Raises:
        DataError: all rows are of one class.
        NotApplicable: ties leave fewer than three groups.
        OptionError: `groups` below 3, or a class that does not exist.

    """
    at = scores.reference if reference is None else class_position(scores.classes, reference)
    if np.count_nonzero(scores.counts) < 2:
        raise DataError("All rows are of one class; the Hosmer-Lemeshow test needs two or more.")
    grouped = grouped_classes(scores, at, checked_groups(groups, _FEWEST))
    if len(grouped) < _FEWEST:
        raise NotApplicable(
            f"The Hosmer-Lemeshow test needs at least {_FEWEST} groups, and the distinct probabilities of "
            f"{scores.labels[at]} form {len(grouped)} of the {groups} asked for; those of another class (reference=) "
            "may form more."
        )
    return chi_square_table(
        class_lack_of_fit(grouped, scores.fitted),
        key="hosmer_lemeshow",
        title="Multinomial Hosmer-Lemeshow test",
        name=("hosmer_lemeshow", "Multinomial Hosmer-Lemeshow"),
        groups=len(grouped),
        notes=(*scores.notes, *_notes(scores, grouped, at)),
        tables=(_cells(scores, grouped),),
        turned=True,
    )


def _notes(scores: ClassScores, grouped: GroupedClasses, at: int) -> list[str]:
    notes = [
        f"Rows are grouped by 1 - the probability of {scores.labels[at]}; another reference groups them otherwise."
    ]
    if scores.fitted:
        notes.append("Degrees of freedom: (groups - 2) × (classes - 1), for these are the rows of the fit.")
    else:
        notes.append("Degrees of freedom: groups × (classes - 1), for the model was not fitted to these rows.")
    if len(grouped) < grouped.wanted:
        notes.append(f"Ties leave {len(grouped)} of the {grouped.wanted} groups asked for.")
    small = grouped.expected < _SMALL
    if small.mean() > _SHARE_SMALL:
        notes.append(
            f"{int(small.sum())} of the {small.size} expected counts are below 5: the p-value is rough; fewer groups "
            "have larger counts."
        )
    if np.isinf(grouped.contribution).any():
        notes.append("A class was observed in a group where its probability is 0: the chi-square is infinite.")
    return notes


def _cells(scores: ClassScores, grouped: GroupedClasses) -> Table:
    """Give observed and expected rows of each class, group by group."""
    columns: dict[str, npt.NDArray[Any]] = {
        "group": grouped.number,
        "n": grouped.observed.sum(axis=1),
        "score_low": grouped.low,
        "score_high": grouped.high,
    }
    roles = {"group": "integer", "n": "count", "score_low": "probability", "score_high": "probability"}
    labels = {"score_low": "Lowest 1 - p", "score_high": "Highest 1 - p", "contribution": "Adds"}
    for at, label in enumerate(scores.labels):
        columns |= {f"observed_{at + 1}": grouped.observed[:, at], f"expected_{at + 1}": grouped.expected[:, at]}
        roles |= {f"observed_{at + 1}": "count", f"expected_{at + 1}": "estimate"}
        labels |= {f"observed_{at + 1}": label, f"expected_{at + 1}": f"{label} expected"}
    columns["contribution"] = grouped.contribution.sum(axis=1)
    return Table(
        key="hosmer_lemeshow_groups",
        title="Observed and expected rows of each class by group",
        frame=pd.DataFrame(columns),
        roles={**roles, "contribution": "statistic"},
        labels=labels,
    )
