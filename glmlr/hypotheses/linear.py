"""Do the coefficients obey linear equations? Estimates of what they say, Wald tests, and the fit under them.

Reference: Wald (1943), Trans. Amer. Math. Soc. 54; Rao (1973), Linear Statistical Inference, 2nd ed., section 4b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import null_space

from glmlr.blocks import Block, Mapped, Rows
from glmlr.conditioning import Alias
from glmlr.links import Link
from glmlr.separation import Maximum, maximise

Floats = npt.NDArray[np.float64]

#: The dependency of an aliased column is known to about this share.
_ROUNDING: Final = 1e-8
#: Share of an equation below which what the others leave of it is rounding.
_SAME: Final = 1e-10


@dataclass(frozen=True, eq=False)
class Equations:
    """Linear equations of k coefficients: weights @ beta = values, shapes (q, k) and (q,)."""

    weights: Floats
    values: Floats

    @property
    def scaled(self) -> Equations:
        """The same equations, each row of weights of length 1."""
        length = np.linalg.norm(self.weights, axis=1)
        return Equations(self.weights / length[:, None], self.values / length)

    def dependent(self) -> int | None:
        """Give the position of the first equation that those before it imply or contradict, None without one."""
        basis = np.empty((0, self.weights.shape[1]))
        for at, row in enumerate(self.scaled.weights):
            rest = row - basis.T @ (basis @ row)
            rest -= basis.T @ (basis @ rest)
            size = np.linalg.norm(rest)
            if size < _SAME:
                return at
            basis = np.vstack([basis, rest / size])
        return None

    def at(self, columns: npt.NDArray[np.intp]) -> Equations:
        """Give the equations of some coefficients, the others being 0."""
        return Equations(self.weights[:, columns], self.values)


def not_estimable(weights: Floats, aliased: Sequence[Alias]) -> int | None:
    """Give the position of an aliased column that keeps weights' beta from being estimable, None where it is.

    A column that is d' of others has no coefficient of its own; a combination can be estimated only if it gives that
    column d' of the weights it gives the others.
    """
    for alias in aliased:
        parts = np.array([share * weights[column] for column, share in alias.depends_on])
        size = max(np.abs(parts).max(initial=0.0), abs(weights[alias.column]))
        if abs(parts.sum() - weights[alias.column]) > _ROUNDING * size:
            return alias.column
    return None


@dataclass(frozen=True, eq=False)
class Constrained(Mapped):
    """Rows on which only coefficients point + basis @ gamma are possible: columns of gamma, and an offset.

    Attributes:
        rows: the rows, k columns.
        basis: shape (k, m).
        point: shape (k,).

    """

    rows: Rows
    basis: Floats
    point: Floats

    def changed(self, block: Block) -> Block:
        """Give the block with the columns of gamma."""
        x = block.x
        changed = block.cut(np.ascontiguousarray(self.basis.T @ x), slice(None))
        if not self.point.any():
            return changed
        share = self.point @ x
        return replace(changed, offset=share if block.offset is None else block.offset + share)


@dataclass(frozen=True, eq=False)
class Plane:
    """All coefficients that obey some equations: point + basis @ gamma, shapes (k,) and (k, m)."""

    point: Floats
    basis: Floats


def plane_of(equations: Equations) -> Plane:
    """Solve equations of the coefficients."""
    even = equations.scaled
    point = np.zeros(even.weights.shape[1])
    if even.values.any():
        point = np.asarray(np.linalg.lstsq(even.weights, even.values, rcond=None)[0], dtype=np.float64)
    touched = np.flatnonzero(even.weights.any(axis=0))
    k, free = even.weights.shape[1], null_space(even.weights[:, touched])
    # Coefficients that no equation names keep their columns as they are.
    others = np.setdiff1d(np.arange(k), touched)
    basis = np.zeros((k, others.size + free.shape[1]))
    basis[others, np.arange(others.size)] = 1.0
    basis[np.ix_(touched, others.size + np.arange(free.shape[1]))] = free
    return Plane(point, basis)


def maximum_under(rows: Rows, link: Link, equations: Equations) -> Maximum:
    """Maximise the likelihood where the coefficients obey equations."""
    plane = plane_of(equations)
    return maximise(Constrained(rows, plane.basis, plane.point), link)
