"""Do observed and expected counts of several classes agree? The Hosmer-Lemeshow test of a multinomial model.

Reference: Fagerland, Hosmer & Bofin (2008), Statistics in Medicine 27, 4238-4253.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.classes.scores import ClassScores
from glmlr.ranking import rank
from glmlr.ranking.grouping import chi_square_terms, quantile_groups
from glmlr.tails import ChiSquareTest

Floats = npt.NDArray[np.float64]

#: A sum of probabilities below this share of the rows of its group is a rounding error that must not be divided by.
_NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class GroupedClasses:
    """Rows grouped by 1 - the probability of the reference class (g groups, J classes).

    Attributes:
        number: of each group formed, shape (g,); 1 is the lowest.
        low, high: lowest and highest 1 - p in each, shape (g,).
        observed, expected: rows of each class, and the sum of its probabilities, shape (g, J) each.
        wanted: number of groups asked for.

    """

    number: npt.NDArray[np.int64]
    low: Floats
    high: Floats
    observed: Floats
    expected: Floats
    wanted: int

    def __len__(self) -> int:
        """Count the groups formed."""
        return int(self.number.size)

    @property
    def contribution(self) -> Floats:
        """(O - E)^2 / E of each cell, shape (g, J); infinite where rows are observed that none was expected of."""
        expected = np.where(self.expected > _NOTHING * self.observed.sum(axis=1, keepdims=True), self.expected, 0.0)
        return chi_square_terms(self.observed, expected)


def grouped_classes(scores: ClassScores, reference: int, groups: int) -> GroupedClasses:
    """Group rows by type-7 quantiles of 1 - the probability of the reference class, right-closed, ties together."""
    rest = 1 - scores.probabilities[:, reference]
    formed = quantile_groups(rank(rest, scores.outcome != reference, scores.weight), groups)
    # A group begins with its lowest score, the smallest of those that tie with it.
    place = np.maximum(np.searchsorted(formed.low, rest, side="right") - 1, 0)
    j = len(scores.classes)
    observed = np.bincount(place * j + scores.outcome, scores.weight, minlength=len(formed) * j).astype(np.float64)
    expected = np.empty((len(formed), j))
    for position in range(j):
        p = scores.probabilities[:, position]
        expected[:, position] = np.bincount(
            place, p if scores.weight is None else p * scores.weight, minlength=len(formed)
        )
    return GroupedClasses(formed.number, formed.low, formed.high, observed.reshape(-1, j), expected, groups)


def class_lack_of_fit(grouped: GroupedClasses, fitted: bool) -> ChiSquareTest:
    """Give the test: (g - 2)(J - 1) degrees of freedom on the rows of the fit, g (J - 1) on others."""
    chi2, (groups, classes) = float(grouped.contribution.sum()), grouped.observed.shape
    df = (groups - 2 if fitted else groups) * (classes - 1)
    return ChiSquareTest.of(chi2, df)
