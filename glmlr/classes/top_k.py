"""How often is the observed class among the k most probable ones?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glmlr.classes.counts import rows_within
from glmlr.classes.registry import class_statistic
from glmlr.classes.scores import ClassScores
from glmlr.errors import OptionError
from glmlr.exhibits import Table
from glmlr.proportions import checked_level, wilson


@class_statistic(
    section="classification",
    title="Top-k accuracy",
    reference="Russakovsky et al. (2015), International Journal of Computer Vision 115, 211-252; Wilson (1927), JASA "
    "22, 209-212",
    definitions={
        "top-k accuracy": "Share of the rows whose class is among the k most probable ones; of equal probabilities the "
        "class listed first comes first. scikit-learn: top_k_accuracy_score.",
    },
)
def top_k(scores: ClassScores, *, most: int | None = None, level: float = 0.95) -> Table:
    """Give the share of the rows whose class is among the k most probable, for k = 1, 2, ...

    Args:
        scores: classes and probabilities.
        most: the largest k; None for all below the number of classes, 10 at most.
        level: confidence level of Wilson's interval.

    Raises:
        OptionError: `level` outside (0, 1), or `most` that is no number of classes.

    """
    last = _checked_most(most, len(scores.classes))
    within = rows_within(scores, last)
    n = float(scores.counts.sum())
    bounds = wilson(within, np.full(last, n), checked_level(level))
    return Table(
        key="top_k",
        title="Rows whose class is among the k most probable",
        frame=pd.DataFrame(
            {
                "k": np.arange(1, last + 1),
                "n": within,
                "share": within / n,
                "low": bounds.low,
                "high": bounds.high,
            }
        ),
        roles={"k": "integer", "n": "count", "share": "percent", "low": "percent", "high": "percent"},
        labels={"k": "k", "n": "Rows", "share": "Top-k accuracy"},
        notes=(*scores.notes, f"Low and high: Wilson {100 * level:g}% intervals."),
    )


def _checked_most(most: int | None, classes: int) -> int:
    if most is None:
        return min(classes - 1, 10)
    if isinstance(most, (int, np.integer)) and not isinstance(most, bool) and 1 <= most <= classes:
        return int(most)
    raise OptionError(f"most={most!r} is not a number of classes; give a whole number from 1 to {classes}.")
