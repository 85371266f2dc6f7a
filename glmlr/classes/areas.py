"""How well do probabilities tell classes apart? Areas under ROC curves of one class against the rest, and of pairs.

A(k|j) is the chance that the probability of class k is larger in a row of class k than in one of class j, ties counting
half. The area of class k against the rest is a weighted mean of A(k|j) over the other classes j, and so is every
average reported here: a sum of A(k|j) with known coefficients, once the number of rows of each class is taken as given.
It is therefore a U-statistic of J samples, whose variance is that of the means of the rows' placements, class by class:
for two classes that of DeLong.

References: Hand & Till (2001), Machine Learning 45, 171-186 (M, the mean over pairs); Fawcett (2006), Pattern
Recognition Letters 27, 861-874, section 8 (one against the rest); DeLong, DeLong & Clarke-Pearson (1988), Biometrics
44, 837-845; Lehmann (1999), Elements of Large-Sample Theory, section 6.1 (U-statistics of several samples).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.classes.scores import ClassScores
from glmlr.ranking import Ranking, rank
from glmlr.ranking.concordance import Area, area, plain_interval

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: Averages of areas, in the order of a table.
AVERAGES: Final = ("ovr_macro", "ovr_weighted", "ovo_macro", "ovo_weighted")


def one_against_rest(scores: ClassScores, position: int) -> Ranking:
    """Rank the rows by the probability of one class, whose rows are the events."""
    return rank(scores.probabilities[:, position], scores.outcome == position, scores.weight)


def rankings_of(scores: ClassScores) -> tuple[Ranking, ...]:
    """Rank the rows by the probability of each class, length J."""
    return tuple(one_against_rest(scores, position) for position in range(len(scores.classes)))


def areas_against_rest(rankings: Sequence[Ranking], level: float) -> tuple[Area, ...]:
    """Give the area of each class against the rest with DeLong's standard error; NaN where either has no rows."""
    return tuple(
        area(one, level) if one.total_events > 0 and one.total_nonevents > 0 else Area(*(math.nan,) * 4)
        for one in rankings
    )


@dataclass(frozen=True, eq=False)
class PairAreas:
    """The areas of pairs of classes, and the averages of them (J = classes).

    Attributes:
        directed: A(k|j), shape (J, J); NaN on the diagonal and where a class has no rows.
        averages: name of `AVERAGES` -> average over the classes that have rows, with standard error and interval.

    """

    directed: Floats
    averages: dict[str, Area]

    @property
    def between(self) -> Floats:
        """(A(k|j) + A(j|k)) / 2: how well two classes are told apart, shape (J, J)."""
        return np.asarray((self.directed + self.directed.T) / 2)


def pair_areas(scores: ClassScores, rankings: Sequence[Ranking], level: float) -> PairAreas:
    """Give the areas of all pairs of classes, and their averages with standard errors; one sort for each class.

    Args:
        scores: classes and probabilities.
        rankings: what `rankings_of` gives.
        level: confidence level of the intervals.

    """
    counts = scores.counts
    coefficients = _coefficients(counts)
    directed, parts = np.full((counts.size,) * 2, np.nan), np.zeros((scores.size, len(AVERAGES)))
    members = [_members(scores, position) for position in range(counts.size)]
    for k in np.flatnonzero(counts).tolist():
        directed[k] = _add_class(scores, members, k, rankings[k].score, coefficients[:, k], parts)
    averages = {
        name: _averaged(scores, members, coefficients[row], directed, parts[:, row], level)
        for row, name in enumerate(AVERAGES)
    }
    return PairAreas(directed, averages)


def _add_class(
    scores: ClassScores, members: list[Integers], k: int, score: Floats, coefficients: Floats, parts: Floats
) -> Floats:
    """Give A(k|j) for every class j, shape (J,), and add what each row's placement says of the averages.

    Args:
        scores: classes and probabilities.
        members: rows of each class.
        k: the class by whose probability rows are ordered.
        score: its distinct probabilities, ascending, shape (m,); of those that tie the smallest.
        coefficients: of A(k|j) in the averages, shape (4, J), 0 for class k itself.
        parts: what is added to, shape (n, 4).

    """
    place = _places(scores.probabilities[:, k], score)

    def rows_at(j: int) -> Floats:
        weight = None if scores.weight is None else scores.weight[members[j]]
        return np.bincount(place[members[j]], weight, minlength=score.size).astype(np.float64)

    own = rows_at(k)
    above = 1 - _below(own)
    parts += above[place][:, None] * coefficients.T[scores.outcome]
    mean, found = np.zeros((score.size, parts.shape[1])), np.full(len(members), np.nan)
    for j, rows in enumerate(members):
        if j != k and rows.size:
            below = _below(rows_at(j))
            found[j] = np.dot(own, below) / own.sum()
            mean += below[:, None] * coefficients[:, j]
    parts[members[k]] += mean[place[members[k]]]
    return found


def _places(p: Floats, score: Floats) -> Integers:
    """Give the position of each row's probability among the distinct ones, shape (n,)."""
    order = np.argsort(p)
    ends = np.append(np.searchsorted(p[order], score[1:]), p.size)
    place = np.empty(p.size, dtype=np.intp)
    place[order] = np.repeat(np.arange(score.size), np.diff(ends, prepend=0))
    return place


def _below(rows: Floats) -> Floats:
    """Give the share of some rows below each distinct probability, those at it counting half, shape (m,)."""
    running = np.cumsum(rows)
    return np.asarray((running - rows / 2) / running[-1])


def _members(scores: ClassScores, position: int) -> Integers:
    """Give the rows of a class that stand for some row."""
    own = scores.outcome == position
    return np.flatnonzero(own if scores.weight is None else own & (scores.weight > 0))


def _coefficients(counts: Floats) -> Floats:
    """Give what A(k|j) counts for in each of the averages, shape (4, J, J), 0 on the diagonal and for empty classes.

    Against the rest class k meets class j in n_j / (n - n_k) of its pairs; the plain mean takes the classes alike, the
    weighted one by n_k / n. Of pairs the plain mean is Hand & Till's M, the weighted one takes n_k + n_j.
    """
    there, n = counts > 0, counts.sum()
    off = np.outer(there, there) & ~np.eye(counts.size, dtype=bool)
    with np.errstate(invalid="ignore", divide="ignore"):
        met = np.where(off, counts[None, :] / (n - counts)[:, None], 0.0)
    pair = np.where(off, counts[:, None] + counts[None, :], 0.0)
    classes = int(there.sum())
    return np.stack([met / classes, met * counts[:, None] / n, off / (classes * (classes - 1)), pair / pair.sum()])


def _averaged(
    scores: ClassScores, members: list[Integers], coefficient: Floats, directed: Floats, parts: Floats, level: float
) -> Area:
    used = coefficient > 0
    # The coefficients add up to 1 but for rounding, which a perfect order must not show.
    value = float((coefficient[used] * directed[used]).sum() / coefficient[used].sum())
    variance = 0.0
    for rows in members:
        if rows.size:
            weight = np.ones(rows.size) if scores.weight is None else scores.weight[rows]
            total = float(weight.sum())
            apart = parts[rows] - np.dot(weight, parts[rows]) / total
            variance += np.dot(weight, apart**2) / (total - 1) / total if total > 1 else math.nan
    error = math.sqrt(variance) if variance >= 0 else math.nan
    return Area(value, error, *plain_interval(value, error, level, 0.0))
