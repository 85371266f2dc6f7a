"""Which class is predicted for each row, and how often is it the right one? Counts of observed by predicted classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.classes.scores import ClassScores

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: Probabilities that differ by less than this share of themselves are equal, as scores that are ranked are.
_EQUAL: Final = 1e-12


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Rows by the class that was observed and the class that was predicted (J = classes).

    Attributes:
        cells: rows observed in class i and predicted in class j, each by its frequency, shape (J, J).

    """

    cells: Floats

    @cached_property
    def n(self) -> float:
        """All rows."""
        return float(self.cells.sum())

    @cached_property
    def observed(self) -> Floats:
        """Rows of each class, shape (J,)."""
        return np.asarray(self.cells.sum(axis=1))

    @cached_property
    def predicted(self) -> Floats:
        """Rows that each class was predicted for, shape (J,)."""
        return np.asarray(self.cells.sum(axis=0))

    @cached_property
    def right(self) -> Floats:
        """Rows of each class that it was predicted for, shape (J,)."""
        return np.asarray(np.diag(self.cells))

    @cached_property
    def recall(self) -> Floats:
        """Share of the rows of a class that it was predicted for, shape (J,); NaN without rows."""
        return shares(self.right, self.observed)

    @cached_property
    def precision(self) -> Floats:
        """Share of the rows predicted in a class that are of it, shape (J,); NaN where it was never predicted."""
        return shares(self.right, self.predicted)

    @cached_property
    def specificity(self) -> Floats:
        """Share of the rows of the other classes that were predicted in one of those, shape (J,)."""
        others = self.n - self.observed
        return shares(others - (self.predicted - self.right), others)

    @cached_property
    def f1(self) -> Floats:
        """2 TP / (2 TP + FP + FN) of each class against the rest, shape (J,); NaN where it is nowhere."""
        return shares(2 * self.right, self.observed + self.predicted)


def shares(part: Floats, whole: Floats) -> Floats:
    """Divide counts, undefined (NaN) where nothing stands below."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))


def predicted_classes(scores: ClassScores) -> Integers:
    """Give the position of the largest probability of each row, of equal ones the first, shape (n,)."""
    largest = scores.probabilities.max(axis=1, keepdims=True)
    return np.asarray(np.argmax(scores.probabilities >= largest * (1 - _EQUAL), axis=1))


def tied_rows(scores: ClassScores) -> float:
    """Count the rows in which two classes or more share the largest probability."""
    largest = scores.probabilities.max(axis=1, keepdims=True)
    tied = (scores.probabilities >= largest * (1 - _EQUAL)).sum(axis=1) > 1
    return float(tied.sum() if scores.weight is None else scores.weight[tied].sum())


def count_classes(scores: ClassScores) -> ClassCounts:
    """Count rows by observed and predicted class."""
    j = len(scores.classes)
    place = scores.outcome * j + predicted_classes(scores)
    return ClassCounts(np.bincount(place, scores.weight, minlength=j * j).astype(np.float64).reshape(j, j))


def place_of_own(scores: ClassScores) -> Integers:
    """Give the place of each row's own class when its classes are put in order of probability, 1 the first, shape (n,).

    Of equal probabilities the class that stands first among the classes comes first, as in `predicted_classes`.
    """
    p, own = scores.probabilities, scores.outcome[:, None]
    mine = np.take_along_axis(p, own, axis=1)
    above = p * (1 - _EQUAL) > mine
    equal = ~above & (p >= mine * (1 - _EQUAL))
    before = np.arange(p.shape[1])[None, :] < own
    return np.asarray(1 + (above | (equal & before)).sum(axis=1), dtype=np.intp)


def rows_within(scores: ClassScores, most: int) -> Floats:
    """Count the rows whose own class is among the k most probable ones, for k = 1, ..., `most`, shape (most,)."""
    counted = np.bincount(place_of_own(scores), scores.weight, minlength=len(scores.classes) + 1).astype(np.float64)
    return np.asarray(np.cumsum(counted[1:])[:most])
