"""Where does a combination of infinite estimates go? To one side, to a finite value where they cancel, or nowhere.

Two levels of one outcome more than a third differ from that by infinite coefficients, whose difference the rows of the
two levels may determine; or one of them is far beyond the other. Signs of the coefficients do not tell: it is asked of
the rows.

Reference: Albert & Anderson (1984), Biometrika 71.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Mapped, Rows, Subset
from glmlr.conditioning import gram_of
from glmlr.design import gathered
from glmlr.fit import Fit
from glmlr.profiles.units import in_good_units
from glmlr.separation import Maximum, maximise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

#: Share of their own sum of squares to which rounding leaves columns that add up to nothing.
_STILL: Final = 1e-10


def side_of(fit: Fit, combination: Floats) -> float:
    """Say on which side a combination of the coefficients (k,) is infinite: +1, -1; 0 where that is not decided.

    Where the signs of its coefficients do not say, the columns are turned so that it is a coefficient of its own.
    """
    separation = fit.separation
    if separation is None:
        return 0.0
    involved = combination != 0
    sides = set((np.sign(combination) * separation.direction)[separation.infinite & involved])
    if not (separation.undetermined & involved).any() and len(sides) <= 1:
        return float(sides.pop()) if sides else 0.0
    kept = _kept(fit)
    pivot = int(np.argmax(np.abs(combination[kept])))
    found = maximise(_Turned(Subset(gathered(fit.design), kept), combination[kept], pivot), fit.link).separation
    return 0.0 if found is None else float(found.direction[pivot])


def cancelling(fit: Fit, combinations: Floats) -> Bools:
    """Say in which combinations infinite estimates cancel, so that the rows left by separation determine them.

    A combination is determined where no direction moves it that leaves the linear predictors of these rows alone.

    Args:
        fit: the fitted model, k coefficients.
        combinations: one in each row, shape (m, k).

    """
    found = np.zeros(len(combinations), dtype=bool)
    separation = fit.separation
    if separation is None or separation.complete:
        return found
    loose = separation.infinite | separation.undetermined
    kept = _kept(fit)
    several = ((combinations != 0) & loose).sum(axis=1) > 1
    asked = np.flatnonzero(several & ~(np.delete(combinations, kept, axis=1) != 0).any(axis=1))
    if not asked.size:
        return found
    limit = Maximum(fit.solution, separation, fit.working, kept)
    own, _, back = in_good_units(limit.rows_left(gathered(fit.design), kept), np.zeros(kept.size))
    gram = gram_of(own)
    size = np.sqrt(np.diag(gram))
    size = np.where(size > 0, size, 1.0)
    value, vector = np.linalg.eigh(gram / np.outer(size, size))
    still = vector[:, value <= _STILL] / size[:, None]
    along = combinations[np.ix_(asked, kept)] @ back
    found[asked] = (np.abs(along @ still) <= np.sqrt(_STILL) * (np.abs(along) @ np.abs(still))).all(axis=1)
    return found


def _kept(fit: Fit) -> Positions:
    """Give the columns that are not aliased."""
    aliased = [alias.column for alias in fit.solution.aliased]
    return np.setdiff1d(np.arange(len(fit.names)), aliased)


@dataclass(frozen=True, eq=False)
class _Turned(Mapped):
    """Rows whose columns are turned so that a combination of the coefficients is that of the pivot's column."""

    rows: Rows
    along: Floats
    pivot: int

    def changed(self, block: Block) -> Block:
        """Turn the columns of a block."""
        x = np.array(block.x)
        held = x[self.pivot] / self.along[self.pivot]
        x -= np.outer(self.along, held)
        x[self.pivot] = held
        return block.cut(x, slice(None))
