"""Where do adjusted scores vanish with the coefficients held on a plane? What profiles and tests of Firth's fits need.

The leverage, and with it the penalty, stays that of all columns of the model. For the logit the loss is twice what the
penalised log-likelihood falls short of its maximum; for the other links, whose adjusted score is the gradient of
nothing, it is the adjusted score statistic U*' I^-1 U* at the best coefficients of the plane. Both are about chi-square
where the coefficients are on the plane in truth.

References: Heinze & Schemper (2002), Statist. Med. 21, 2409-2419 (logistf, SAS's FIRTH); Bull, Lewinger & Lee (2007),
Statist. Med. 26, 903-918 (profiles); Kosmidis (2008), PhD thesis, Warwick, chapter 5, as R's brglm has its intervals
(adjusted scores).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows, Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, scaled_rows
from glmlr.errors import FitError
from glmlr.links import Link
from glmlr.penalised.adjusted import Adjusted, Way, vanishing

Floats = npt.NDArray[np.float64]

#: A distance across the plane, in standard errors, that is none: the loss is then within 1e-14 of its own.
_NEAR: Final = 1e-8
_STEPS: Final = 200
#: Planes on the way to one that cannot be reached at once.
_STAGES: Final = 8


@dataclass(frozen=True, eq=False)
class Centre:
    """Firth's estimates, from which planes are measured (k columns).

    Attributes:
        rows: the rows, in units that cost no digits.
        link: the link.
        at: the adjusted score at the estimates, where it vanishes.

    """

    rows: Rows
    link: Link
    at: Adjusted

    @classmethod
    def of(cls, rows: Rows, beta: Floats, link: Link) -> Centre:
        """Take the estimates of some rows, or go there from coefficients nearby.

        Raises:
            FitError: they are not found.

        """
        way = vanishing(rows, link, beta, tolerance=_NEAR, max_iterations=_STEPS)
        if way.at is None or not way.converged:
            raise FitError(f"Firth's estimates, from which this is measured, were not found: {way.reason}.")
        return cls(rows, link, way.at)

    @property
    def has_likelihood(self) -> bool:
        """Whether the adjusted score is the gradient of a penalised log-likelihood."""
        return self.link.name == "logit"

    def loss(self, there: Adjusted) -> float:
        """Give what is lost on a plane at its best coefficients."""
        if self.has_likelihood:
            return max(2.0 * (self.at.objective - there.objective), 0.0)
        return there.statistic()

    def best(self, start: Floats, basis: Floats) -> Adjusted | None:
        """Give the best coefficients start + basis gamma, basis of shape (k, m); None where they are not found."""
        way = vanishing(self.rows, self.link, start, basis=basis, tolerance=_NEAR, max_iterations=_STEPS)
        return way.at if way.converged else None

    def within(self, basis: Floats, point: Floats | None = None) -> Adjusted | None:
        """Give the best coefficients of the form point + basis gamma, shapes (k,), (k, m); None where not found."""
        target = self._nearest(basis, np.zeros(len(basis)) if point is None else point)
        found = self.best(target, basis)
        if found is not None:
            return found
        # Far away the way is longer, but each stage of it short.
        apart, here = self.at.beta - target, self.at.beta
        for stage in range(_STAGES):
            here = here - apart / _STAGES
            way: Way = vanishing(self.rows, self.link, here, basis=basis, tolerance=_NEAR, max_iterations=_STEPS)
            if way.at is None or not way.converged:
                return None
            here = way.at.beta
            if stage == _STAGES - 1:
                return way.at
        return None

    def _nearest(self, basis: Floats, point: Floats) -> Floats:
        """Give where the parabola about the estimates is highest on the plane."""
        if basis.shape[1] == 0:
            return point
        within = basis.T @ self.at.information @ basis
        size = np.sqrt(within.diagonal())
        score = basis.T @ (self.at.information @ (self.at.beta - point))
        return np.asarray(point + basis @ (np.linalg.solve(within / np.outer(size, size), score / size) / size))


@dataclass(frozen=True, eq=False)
class Planes:
    """Planes on which some columns of a design have no part (k design columns, p of them estimated).

    Attributes:
        centre: Firth's estimates, in units that cost no digits.
        kept: positions of the estimated columns, shape (p,).
        inwards: coefficients in these units from those of the columns as they are, shape (p, p).
        outwards: the way back, shape (p, p).

    """

    centre: Centre
    kept: npt.NDArray[np.intp]
    inwards: Floats
    outwards: Floats

    @classmethod
    def about(cls, rows: Rows, beta: Floats, link: Link) -> Planes:
        """Take Firth's estimates of some rows, shape (k,), NaN where aliased."""
        kept = np.flatnonzero(~np.isnan(beta))
        part: Rows = rows if kept.size == beta.size else Subset(rows, kept)
        scaled = scaled_rows(part, over_blocks(part, block_moments, Moments.__add__))
        if scaled is None:
            return cls(Centre.of(part, beta[kept], link), kept, np.eye(kept.size), np.eye(kept.size))
        inwards, outwards = scaled.inverse_transform(), scaled.transform()
        return cls(Centre.of(scaled, inwards @ beta[kept], link), kept, inwards, outwards)

    def free(self, columns: npt.NDArray[np.intp]) -> Floats:
        """Give the directions in which the coefficients of some columns move, shape (p, m)."""
        return np.asarray(self.inwards[:, np.isin(self.kept, columns)])

    def of_columns(self, columns: npt.NDArray[np.intp]) -> Adjusted | None:
        """Give the best coefficients with all columns but these held at 0; None where they are not found."""
        return self.centre.within(self.free(columns))

    def in_data(self, at: Adjusted, k: int) -> Floats:
        """Give the coefficients of all k columns as they are; NaN where aliased."""
        beta = np.full(k, np.nan)
        beta[self.kept] = self.outwards @ at.beta
        return beta
