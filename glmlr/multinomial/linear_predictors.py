"""What are the linear predictors of the classes in any rows? Coefficients in the units in which they were estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import linear_predictor
from glmlr.multinomial.softmax import log_softmax

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

#: Share of what a sum is made of below which it is on the boundary.
_BOUNDARY: Final = 1e-9
#: Share of what a sum is made of below which it does not move.
_STILL: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Units:
    """Which design columns are estimated, and in which units (k design columns, q of them kept).

    Attributes:
        keep: their positions among the design columns, shape (q,).
        k: number of design columns.
        center, scale: taken off each design column, and what it is divided by then, shape (k,); None for neither.
        mixed: the columns here are the kept ones times this, shape (q, q), where these are nearly collinear; else None.

    """

    keep: Positions
    k: int
    center: Floats | None
    scale: Floats | None
    mixed: Floats | None

    def here(self, x: Floats) -> Floats:
        """Put rows x of design columns, shape (n, k), into these columns and units, shape (n, q)."""
        return self.changes_here(x if self.center is None else x - self.center)

    def changes_here(self, x: Floats) -> Floats:
        """Put changes of design columns, shape (n, k), into these columns and units, shape (n, q)."""
        kept = (x if self.scale is None else x / self.scale)[:, self.keep]
        if self.mixed is None:
            return np.asarray(kept)
        # Column by column, so that a row has the bits that it has alone.
        return np.column_stack([linear_predictor(kept.T, column) for column in self.mixed.T])


@dataclass(frozen=True, eq=False)
class Limit:
    """What classes that are told apart perfectly do to predictions (m = classes but the reference, q columns).

    Attributes:
        direction: of recession, shape (m, q): beyond it a class is impossible.
        silent: orthonormal directions that the data do not determine, shape (m q, s).

    """

    direction: Floats
    silent: Floats


@dataclass(frozen=True, eq=False)
class LinearPredictors:
    """Linear predictors of the classes but the reference, whose own is 0 (m of them, q columns).

    Attributes:
        units: the columns and their units.
        working: finite coefficients, shape (m, q).
        limit: what separation makes of them; None without it.

    """

    units: Units
    working: Floats
    limit: Limit | None

    def log_probabilities(self, x: Floats) -> Floats:
        """Give the log-probability of every class, the reference first, for design rows x of shape (n, k): (n, J).

        Beyond a separating direction a class has probability 0. Each row has the bits that it has alone.
        """
        here = self.units.here(x).T
        eta = np.vstack([np.zeros(x.shape[0]), *(linear_predictor(here, row) for row in self.working)])
        if self.limit is not None:
            direction = self.limit.direction
            along = np.vstack([np.zeros(x.shape[0]), *(linear_predictor(here, row) for row in direction)])
            size = np.abs(direction).max(axis=0) @ np.abs(here)
            eta = np.where(along >= along.max(axis=0) - _BOUNDARY * size, eta, -np.inf)
        return np.asarray(log_softmax(eta).T)

    def undetermined(self, x: Floats, gradient: Floats) -> Bools:
        """Say which functions of the linear predictors the data do not determine, shape (n, c).

        Args:
            x: design rows, shape (n, k).
            gradient: of each of c functions by the m linear predictors, shape (n, c, m).

        """
        if self.limit is None:
            return np.zeros(gradient.shape[:2], dtype=bool)
        here = self.units.here(x)
        silent = self.limit.silent.reshape(*self.working.shape, -1)
        moved = np.einsum("ncm,nq,mqs->ncs", gradient, here, silent, optimize=True)
        size = np.einsum("ncm,nq,mq->nc", np.abs(gradient), np.abs(here), np.abs(silent).max(axis=2), optimize=True)
        return np.asarray(np.abs(moved).max(axis=2) > _STILL * size)

    def variances(self, x: Floats, gradient: Floats, inner: Floats) -> Floats:
        """Give the variances of functions of the linear predictors by the delta method, shape (n, c).

        Args:
            x: design rows, shape (n, k).
            gradient: of each of c functions by the m linear predictors, shape (n, c, m).
            inner: covariance of the stacked coefficients in these units, shape (m q, m q).

        """
        here, (m, q) = self.units.here(x), self.working.shape
        matrix = inner.reshape(m, q, m, q)
        between = np.empty((here.shape[0], m, m))
        for one in range(m):
            for other in range(one + 1):
                between[:, one, other] = ((here @ matrix[one, :, other, :]) * here).sum(axis=1)
                between[:, other, one] = between[:, one, other]
        variance = np.einsum("ncm,nmo,nco->nc", gradient, between, gradient, optimize=True)
        return np.asarray(np.maximum(variance, 0.0))
