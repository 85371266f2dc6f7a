"""Are these models of the same rows, and is one of them a special case of another?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import qr

from glmlr.design import DesignInMemory
from glmlr.fit import Fit
from glmlr.ranking.area_comparison import Placed, placed

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: What other columns leave of a column of length 1 that they determine: the rounding of a spline or a polynomial.
_DETERMINED: Final = 1e-9


def rows_differ(first: Fit, second: Fit) -> str | None:
    """Say in a sentence's end why two fits are not of the same rows; None where they are."""
    one, other = first.design, second.design
    if not (isinstance(one, DesignInMemory) and isinstance(other, DesignInMemory)):
        return "rows that were read in parts are not held, so that it cannot be checked that they are the same"
    if one.y.size != other.y.size:
        return (
            f"they use {one.y.size:,} and {other.y.size:,} rows; fit both to the rows that are complete in all columns"
        )
    if not one.index[one.used].equals(other.index[other.used]):
        return "they use as many rows, but rows with other labels in the index"
    if one.event != other.event or not np.array_equal(one.y, other.y):
        return f"their outcomes differ ({one.event.label} and {other.event.label})"
    if not _equal(one.weight, other.weight):
        return "their rows count differently (freq_weights)"
    return None


def same_likelihood(first: Fit, second: Fit) -> bool:
    """Say whether two fits of the same rows weigh them alike, so that their likelihoods can be compared."""
    one, other = first.held, second.held
    return _equal(one.importance, other.importance)


def _equal(one: Floats | None, other: Floats | None) -> bool:
    if one is None or other is None:
        given = one if other is None else other
        return given is None or bool((given == 1).all())
    return bool(np.array_equal(one, other))


def _offsets_equal(one: Floats | None, other: Floats | None) -> bool:
    zero = np.zeros(1)
    return bool(np.all((zero if one is None else one) == (zero if other is None else other)))


def contains(larger: Fit, smaller: Fit) -> bool:
    """Say whether a model is a special case of another of the same rows: its columns are combinations of the other's.

    The link and the offset must be the same.
    """
    if larger.link.name != smaller.link.name or not _offsets_equal(larger.held.offset, smaller.held.offset):
        return False
    if smaller.rank > larger.rank:
        return False
    inside, around = _columns(smaller), _columns(larger)
    (basis, _) = qr(around, mode="economic", check_finite=False)
    rest = inside - basis @ (basis.T @ inside)
    rest -= basis @ (basis.T @ rest)
    return bool((np.linalg.norm(rest, axis=0) <= _DETERMINED).all())


def _columns(fit: Fit) -> Floats:
    """Give the estimated columns, each of length 1, shape (n, k)."""
    x = fit.held.matrix()[:, fit.solution.estimated]
    return np.asarray(x / np.linalg.norm(x, axis=0))


class Nesting(NamedTuple):
    """Whether the second of two models contains the first, and whether the first contains the second."""

    up: bool
    down: bool


def nestings(fits: Mapping[str, Fit]) -> dict[tuple[str, str], Nesting]:
    """Say of each pair of models of the same rows, by their names, which contains the other."""
    return {
        (one, other): Nesting(contains(second, first), contains(first, second))
        for (one, first), (other, second) in combinations(fits.items(), 2)
    }


@dataclass(frozen=True, eq=False)
class Trials:
    """Rows as trials of one outcome each (m; a row of successes and failures is two), and what each model says.

    Attributes:
        is_event: shape (m,).
        weight: trials each stands for, shape (m,).
        probability: of each model, shape (m,), corrected for class weights.
        loglik: of each trial by each model, shape (m,), on the scale of the probabilities.

    """

    is_event: Bools
    weight: Floats
    probability: tuple[Floats, ...]
    loglik: tuple[Floats, ...]

    @classmethod
    def of(cls, fits: Sequence[Fit]) -> Trials:
        """Take fits of the same rows."""
        design = fits[0].held
        y = design.y
        weight = np.ones(y.size) if design.weight is None else design.weight
        events, nonevents = np.flatnonzero(y > 0), np.flatnonzero(y < 1)
        at = np.concatenate([events, nonevents])
        is_event = np.arange(at.size) < events.size
        if at.size == y.size:
            at, is_event = np.arange(y.size), y == 1.0
        counts = weight[at] * np.where(is_event, y[at], 1 - y[at])
        probability, loglik = [], []
        for fit in fits:
            eta = np.asarray(fit.eta)[at]
            probability.append(np.asarray(fit.link.mean(eta)))
            loglik.append(np.where(is_event, fit.link.log_mean(eta), fit.link.log_complement(eta)))
        return cls(is_event, counts, tuple(probability), tuple(loglik))

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """Where each trial stands in the ranking of each model."""
        outcome = self.is_event.astype(np.float64)
        return tuple(placed(outcome, p, self.weight) for p in self.probability)

    def squares(self, model: int) -> Floats:
        """Give (y - p)^2 of each trial, shape (m,)."""
        return np.square(self.is_event - self.probability[model])
