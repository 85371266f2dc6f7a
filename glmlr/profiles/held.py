"""How large is the likelihood where one linear combination of the coefficients is held? The ends, found by bisection.

The combination a'beta is held at b by solving for one coefficient, so that the others are free: an ordinary fit with
changed columns and an offset. This way is slow and sure; `ends` takes the quick one first.

References: Venzon & Moolgavkar (1988), Applied Statistics 37, 87-94; McCullagh & Nelder (1989), section 7.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Mapped, Rows
from glmlr.links import Link
from glmlr.newton import iterated, sums_at

Floats = npt.NDArray[np.float64]

#: Newton's decrement at which the other coefficients are at their maximum: the deviance is then within 1e-14 of it.
_NEAR: Final = 1e-7
_STEPS: Final = 80
#: A step that was doubled so often has left every scale.
_DOUBLINGS: Final = 60
_CUTS: Final = 200
#: How near the deviance of an end must come to the quantile, and how much of it is rounding of the log-likelihood.
CLOSE: Final = 1e-8
ROUNDING: Final = 1e-14


def close_enough(loglik: float) -> float:
    """Give how near a deviance can come to the quantile where log-likelihoods are of this size."""
    return max(CLOSE, ROUNDING * abs(loglik))


@dataclass(frozen=True, eq=False)
class Holding(Mapped):
    """Rows in which the combination is held: one column solved for, its share of eta an offset (k - 1 columns left)."""

    rows: Rows
    along: Floats
    pivot: int
    value: float

    def changed(self, block: Block) -> Block:
        """Change the columns and the offset of a block."""
        others = np.delete(np.arange(self.along.size), self.pivot)
        held = np.ascontiguousarray(block.at_columns(np.array([self.pivot])).x[0]) / self.along[self.pivot]
        kept = block.at_columns(others)
        if (moved := self.along[others]).any():
            kept = block.cut(np.ascontiguousarray(kept.x - np.outer(moved, held)), slice(None))
        share = self.value * held
        return replace(kept, offset=share if block.offset is None else block.offset + share)


@dataclass(frozen=True, eq=False)
class Point:
    """The likelihood at its largest where the combination has a value; its slope along the profile.

    Attributes:
        value: of the combination.
        beta: the coefficients, shape (k,).
        loglik: the log-likelihood.
        slope: its slope along the profile.
        sure: whether the other coefficients are at their maximum to the digits of the deviance.

    """

    value: float
    beta: Floats
    loglik: float
    slope: float
    sure: bool = True


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile likelihood of one combination of k coefficients.

    Attributes:
        rows: rows with k columns.
        link: the link.
        along: the combination a, shape (k,).
        loglik: the largest log-likelihood of all, or its supremum.
        quantile: of chi-square with 1 degree of freedom: the deviance at the ends.

    """

    rows: Rows
    link: Link
    along: Floats
    loglik: float
    quantile: float

    def at(self, value: float, start: Floats) -> Point:
        """Maximise over the other coefficients, from those of `start` (k,)."""
        pivot = int(np.argmax(np.abs(self.along)))
        others = np.delete(np.arange(self.along.size), pivot)
        beta, sure = start.copy(), True
        if others.size:
            held = Holding(self.rows, self.along, pivot, value)
            progress = iterated(held, self.link, start[others], _NEAR, _STEPS)
            beta[others] = progress.beta
            sure = progress.converged or (bool(progress.passes) and progress.passes[-1].decrement ** 2 < CLOSE)
        beta[pivot] = (value - float(self.along[others] @ beta[others])) / self.along[pivot]
        sums = sums_at(self.rows, beta, self.link)
        return Point(value, beta, sums.loglik, float(sums.score[pivot]) / float(self.along[pivot]), sure)

    def deviance(self, point: Point) -> float:
        """Give twice what the log-likelihood has lost at a point."""
        return 2.0 * (self.loglik - point.loglik)

    def inside(self, point: Point) -> bool:
        """Whether an interval holds the point."""
        return self.deviance(point) < self.quantile

    def crossing(self, start: Point, step: float) -> float:
        """Give where the deviance crosses the quantile, going from a point by steps that double; NaN where nowhere."""
        first = self.inside(start)
        before = start
        for _ in range(_DOUBLINGS):
            after = self.at(before.value + step, before.beta)
            if not math.isfinite(after.loglik):
                return math.nan
            if self.inside(after) != first:
                return self._between(before, after) if first else self._between(after, before)
            before, step = after, 2.0 * step
        return math.nan

    def _between(self, inside: Point, outside: Point) -> float:
        """Narrow the way from a point inside to one outside, by Newton's steps on the root of the deviance."""
        last = inside if inside.slope else outside
        for _ in range(_CUTS):
            value = self.newton(last)
            low, high = sorted((inside.value, outside.value))
            if not low < value < high:
                value = (low + high) / 2
                if value in (low, high):
                    break
            last = self.at(value, inside.beta)
            if abs(self.deviance(last) - self.quantile) <= close_enough(self.loglik):
                return self.newton(last)
            inside, outside = (last, outside) if self.inside(last) else (inside, last)
        return (inside.value + outside.value) / 2

    def newton(self, point: Point) -> float:
        """Give where the root of the deviance, taken as straight, reaches that of the quantile; NaN where flat."""
        root = math.sqrt(max(self.deviance(point), 0.0))
        if not point.slope or not root:
            return math.nan
        return point.value - (math.sqrt(self.quantile) - root) * root / point.slope
