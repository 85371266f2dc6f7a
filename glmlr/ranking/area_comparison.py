"""Do several scores tell events from non-events equally well? Differences of areas, on the same rows or on others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from glmlr.errors import DataError, NotApplicable
from glmlr.proportions import checked_level, normal_quantile
from glmlr.ranking import Ranking, rank
from glmlr.ranking.concordance import Area, area, count_pairs, placements
from glmlr.ranking.ordering import Columns, in_order, in_threads, keys_of, pieces_of, values_of
from glmlr.ranking.redrawn import checked_times, redrawn
from glmlr.tails import chi_square_tail, normal_tail

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
#: Eigenvalues of a correlation matrix below this are rounding: the scores are linearly dependent there.
_RANK: Final = 1e-10


@dataclass(frozen=True, eq=False)
class Placed:
    """One score of rows, and where each row stands among the rows of the other outcome.

    Attributes:
        ranking: the rows, ranked.
        position: place of each row's score in the ranking, shape (n,).
        placement: for an event the share of non-events below it, for a non-event the share of events above it, ties
            by half, shape (n,).
        is_event: shape (n,).
        weight: number of rows each row stands for, shape (n,).

    """

    ranking: Ranking
    position: Positions
    placement: Floats
    is_event: npt.NDArray[np.bool_]
    weight: Floats


def placed(outcome: Floats, score: Floats, weight: Floats | None = None) -> Placed:
    """Rank rows by a score, and look up where each stands.

    Args:
        outcome: 0 or 1, shape (n,).
        score: shape (n,).
        weight: rows each row stands for, shape (n,), or None for 1.

    Raises:
        DataError, WeightError: as `rank`.

    """
    is_event = outcome == 1
    if not (is_event | (outcome == 0)).all():
        raise DataError("A paired comparison needs an outcome of 0 or 1 in every row; give counts as weights.")
    ranking = rank(score, outcome, weight)
    position = _positions(ranking, score)
    of_events, of_nonevents = placements(ranking)
    placement = np.where(is_event, of_events[position], of_nonevents[position])
    w = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    return Placed(ranking, position, placement, is_event, w)


@dataclass(frozen=True)
class AreaDifference:
    """Two areas and their difference (first minus second), with a test that it is 0.

    Attributes:
        first, second: the areas.
        difference: first minus second.
        std_error: its standard error.
        low, high: its interval.
        z: difference / std_error.
        df: degrees of freedom of the t distribution it is referred to; infinite for the normal.
        p_value: two-sided.

    """

    first: Area
    second: Area
    difference: float
    std_error: float
    low: float
    high: float
    z: float
    df: float
    p_value: float


def area_difference(
    outcome: Floats, first: Floats, second: Floats, weight: Floats | None = None, level: float = 0.95
) -> AreaDifference:
    """Compare two areas on the same rows by DeLong's paired test; see `placed` for the arguments."""
    return paired_difference(placed(outcome, first, weight), placed(outcome, second, weight), level)


def paired_difference(one: Placed, other: Placed, level: float) -> AreaDifference:
    """Compare two areas on the same rows: the variance is that of the differences of placements, side by side.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    difference = area(one.ranking).auc - area(other.ranking).auc
    covariance = _covariance([one.placement - other.placement], one)
    return _tested(area(one.ranking, level), area(other.ranking, level), difference, float(covariance[0, 0]), level)


def unpaired_difference(one: Area, other: Area, level: float, df: float = math.inf) -> AreaDifference:
    """Compare two areas on different rows: their variances add up.

    Args:
        one: an area.
        other: another, of other rows.
        level: confidence level of the interval.
        df: degrees of freedom of the t distribution; see `welch_df`.

    """
    return _tested(one, other, one.auc - other.auc, one.std_error**2 + other.std_error**2, level, df)


def welch_df(one: Area, rows: float, other: Area, others: float) -> float:
    """Give Satterthwaite's degrees of freedom of the difference of two areas with so many rows (as R pROC does)."""
    first, second = one.std_error**2, other.std_error**2
    bottom = first**2 / (rows - 1) + second**2 / (others - 1) if min(rows, others) > 1 else math.nan
    return (first + second) ** 2 / bottom if bottom > 0 else math.nan


def _tested(
    one: Area, other: Area, difference: float, variance: float, level: float, df: float = math.inf
) -> AreaDifference:
    error = math.sqrt(variance) if variance >= 0 else math.nan
    z = difference / error if error > 0 else (0.0 if difference == 0 else math.nan)
    if math.isinf(df):
        reach, p_value = normal_quantile(level) * error, normal_tail(z).p_value
    else:
        reach = float(stdtrit(df, (1 + checked_level(level)) / 2)) * error
        p_value = float(2 * stdtr(df, -abs(z)))
    low, high = (difference - reach, difference + reach) if error >= 0 else (math.nan, math.nan)
    return AreaDifference(one, other, difference, error, low, high, z, df, p_value)


@dataclass(frozen=True)
class Equality:
    """The test that several areas are equal: chi-square, its degrees of freedom, its p-value."""

    statistic: float
    df: int
    p_value: float


def equality(scores: Sequence[Placed]) -> Equality:
    """Test whether the areas of several scores of the same rows are equal: d' S^- d over differences to the first.

    The degrees of freedom are the rank of S, one less than the scores unless some have the same placements.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845 (SAS PROC LOGISTIC: ROCCONTRAST).
    """
    first, *others = scores
    differences = np.array([area(one.ranking).auc - area(first.ranking).auc for one in others])
    covariance = _covariance([one.placement - first.placement for one in others], first)
    if np.isnan(covariance).any():
        return Equality(math.nan, len(others), math.nan)
    scale = np.sqrt(np.diagonal(covariance))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    kept = values > _RANK
    along = vectors.T @ (differences / scale)
    statistic = float((along[kept] ** 2 / values[kept]).sum())
    df = int(kept.sum())
    return Equality(statistic, df, chi_square_tail(statistic, df).p_value)


def _covariance(differences: Sequence[Floats], rows: Placed) -> Floats:
    """Give the covariance matrix of means of the rows of each outcome, added up over the outcomes; NaN for one row."""
    size = len(differences)
    covariance = np.zeros((size, size))
    for side in (rows.is_event, ~rows.is_event):
        w = rows.weight[side]
        total = float(w.sum())
        if total <= 1:
            return np.full((size, size), np.nan)
        apart = []
        for difference in differences:
            of_side = difference[side]
            apart.append(of_side - float((w * of_side).sum()) / total)
        covariance += [[float((w * a * b).sum()) for b in apart] for a in apart] / np.array((total - 1) * total)
    return covariance


def redrawn_areas(scores: Sequence[Placed], times: int, seed: Any = 0) -> Floats:
    """Give the areas of several scores in bootstrap samples of the rows, events and non-events drawn apart.

    Rows of one outcome that no score tells apart are drawn together, in the order of their scores: neither the order
    of the rows nor whether they are repeated or weighted changes the result.

    Returns:
        Shape (times, number of scores).

    Raises:
        NotApplicable: weights that are no counts.
        OptionError: as `redrawn`.

    """
    first = scores[0]
    if not first.ranking.is_counted:
        raise NotApplicable("The weights are not whole numbers of rows, and a bootstrap draws whole rows.")
    some = first.weight > 0
    table = np.stack([one.position[some] for one in scores], axis=1)
    places, which = np.unique(table, axis=0, return_inverse=True)
    events, nonevents = (
        np.bincount(which.ravel(), first.weight[some] * side[some], len(places)).astype(np.float64)
        for side in (first.is_event, ~first.is_event)
    )
    patterns = Ranking(np.arange(float(len(places))), events, nonevents)
    found = np.empty((checked_times(times), len(scores)))
    for at, drawn in enumerate(redrawn(patterns, times, seed=seed)):
        here = places[drawn.score.astype(np.intp)]
        found[at] = [_area_of_counts(place, drawn.events, drawn.nonevents) for place in here.T]
    return found


def _area_of_counts(place: Positions, events: Floats, nonevents: Floats) -> float:
    e, f = np.bincount(place, events), np.bincount(place, nonevents)
    return float((e * (np.cumsum(f) - f / 2)).sum() / (e.sum() * f.sum()))


def redrawn_area(ranking: Ranking, times: int, seed: Any = 0) -> Floats:
    """Give the area under the ROC curve in bootstrap samples of a ranking, shape (times,); see `redrawn`."""
    return np.array([count_pairs(one).c for one in redrawn(ranking, times, seed=seed)])


def _positions(ranking: Ranking, score: Floats) -> Positions:
    """Give the place of each score in the ranking, whose scores are the smallest of those that tie."""

    def columns(rows: slice) -> Columns:
        return keys_of(score[rows]), np.arange(*rows.indices(score.size))

    # Looked up in order, neighbours are found in cache: a quarter of the time, the sort included.
    keys, row = in_order(score.size, columns)
    place = np.empty(score.size, np.intp)

    def look_up(some: slice) -> None:
        place[row[some]] = np.searchsorted(ranking.score, values_of(keys[some]), side="right") - 1

    in_threads(look_up, pieces_of(score.size))
    return place
