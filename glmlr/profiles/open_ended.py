"""Where does the interval of an infinite estimate end? The profile likelihood on the side on which it falls.

With the combination a'beta held, other estimates may still be infinite. Which rows they separate does not depend on the
value that is held, for a ray is a ray whatever the offset: these rows are found once and left out, and along the
profile all other coefficients are finite. From where nothing is lost by rounding Newton's steps lead to the end.

References: Albert & Anderson (1984), Biometrika 71; Heinze & Schemper (2002), Statist. Med. 21, 2409-2419.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Mapped, Rows, Subset
from glmlr.links import Link
from glmlr.profiles.ends import Maximum, alone
from glmlr.profiles.held import Holding, Point, Profile, close_enough
from glmlr.separation import Separation, maximise
from glmlr.solver import solve

Floats = npt.NDArray[np.float64]

_STEPS: Final = 60
#: A step is at most so many times the one before.
_LONGER: Final = 4.0


@dataclass(frozen=True, eq=False)
class _Left(Mapped):
    """The rows that are not separated where the combination is held."""

    rows: Rows
    holding: Holding
    separation: Separation

    def changed(self, block: Block) -> Block | None:
        """Leave out the rows of a block that are separated."""
        which = np.flatnonzero(~self.separation.separates(self.holding.changed(block)))
        return block.at_rows(which) if which.size else None


@dataclass(frozen=True, eq=False)
class OpenEnd:
    """What an end is looked for in (k coefficients).

    Attributes:
        rows: all rows, k columns that cost no digits.
        link: the link.
        along: the combination a, shape (k,).
        side: +1 where the estimate is +infinity, -1 where it is -infinity.
        loglik: supremum of the log-likelihood.
        separated: number of rows that are separated.
        quantile: of chi-square with 1 degree of freedom: the deviance at the end.

    """

    rows: Rows
    link: Link
    along: Floats
    side: float
    loglik: float
    separated: int
    quantile: float

    def interval(self, size: float) -> tuple[float, float]:
        """Give the interval, open on the side of the estimate; the whole line where the likelihood falls nowhere.

        Args:
            size: a length of the combination over which the likelihood moves.

        """
        profile, start = self._profile()
        if profile is None:
            return -math.inf, math.inf
        end = self._end(profile, profile.at(0.0, start), size)
        return (end, math.inf) if self.side > 0 else (-math.inf, end)

    def _profile(self) -> tuple[Profile | None, Floats]:
        """Give the profile over rows that are not separated where the combination is held, and coefficients there."""
        k = self.along.size
        if k == 1:
            return Profile(self.rows, self.link, self.along, self.loglik, self.quantile), np.zeros(1)
        pivot = int(np.argmax(np.abs(self.along)))
        others, holding = np.delete(np.arange(k), pivot), Holding(self.rows, self.along, pivot, 0.0)
        found = maximise(holding, self.link)
        rows, solution = self.rows, found.solution
        if found.separation is not None:
            if found.separation.rows >= self.separated:
                # What the combination was needed for other columns do as well.
                return None, self.along
            rows = _Left(self.rows, holding, found.separation)
            solution = solve(Holding(rows, self.along, pivot, 0.0), self.link)
        columns = np.append(pivot, others[solution.estimated])
        start = np.append(0.0, solution.beta[solution.estimated])
        own = rows if columns.size == k and (np.diff(columns) == 1).all() else Subset(rows, columns)
        return Profile(own, self.link, self.along[columns], self.loglik, self.quantile), start

    def _end(self, profile: Profile, point: Point, size: float) -> float:
        """Go from a point to where the deviance is the quantile: by steps across the profile too, then along it.

        NaN where the other coefficients cannot be brought to their maximum on the way.
        """
        close = close_enough(self.loglik)
        # These steps look at no maximum, which the next point confirms.
        maximum = Maximum(profile.rows, self.link, point.beta, self.loglik, np.empty((0, 0)))
        quick = alone(maximum, profile.along, -self.side, self.quantile, point.beta)
        if quick is not None:
            there = profile.at(float(profile.along @ quick), quick)
            point = there if abs(profile.deviance(there) - self.quantile) <= 1.0 else point
        longest, low, high = 1.0 / size, -math.inf, math.inf
        for _ in range(_STEPS):
            if not point.sure or not math.isfinite(point.loglik):
                break
            if abs(profile.deviance(point) - self.quantile) <= close:
                return profile.newton(point)
            # The way to the end: down where the point is inside of an interval that is open above, and so on.
            way = -self.side if profile.inside(point) else self.side
            low, high = (point.value, high) if way > 0 else (low, point.value)
            value, furthest = profile.newton(point), point.value + way * longest
            if not min(point.value, furthest) < value < max(point.value, furthest):
                value = furthest
            if not low < value < high:
                value = (low + high) / 2
            point, longest = profile.at(value, point.beta), longest * _LONGER
        return math.nan
