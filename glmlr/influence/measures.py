"""What would the estimates be without one row? Leverage, Cook's distance and DFBETAS by one Newton step, or refitted.

With A the expected information, u the score of a unit by eta, s its importance, w its information and q = x' A^-1 x,
the leverage is h = s w q, and without the unit the estimates move by -A^-1 x s u / (1 - h) in one step.

References: Pregibon (1981), Annals of Statistics 9, 705-724; Cook & Weisberg (1982), Residuals and Influence in
Regression, section 5.4; Belsley, Kuh & Welsch (1980), Regression Diagnostics, ch. 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Block, over_blocks
from glmlr.conditioning import Moments, block_moments
from glmlr.covariance import robust
from glmlr.design.derived import recounted, sliced
from glmlr.errors import NotApplicable
from glmlr.estimation import intercept_of
from glmlr.fit import Fit
from glmlr.influence.residuals import STANDARDIZED, deviance, likelihood, pearson, quantile, response, working
from glmlr.influence.residuals import squared_deviance as deviance_of
from glmlr.influence.units import Units, units_of
from glmlr.penalised.maximum import fitted_again
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.shape.added_columns import Fitted
from glmlr.shape.around_fit import around

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Influence:
    """A fit and its units, looked at one by one (u units, k estimated coefficients).

    Attributes:
        fit: the fit.
        units: the units.
        model: the fit in columns that cost no digits.

    """

    fit: Fit
    units: Units
    model: Fitted

    @cached_property
    def leverage(self) -> Floats:
        """Leverage of one unit, shape (u,)."""
        found = self._quadratic(self.model.inverse) * self.fit.link.weight(self.units.eta)
        for factor in (self.units.trials, self.units.importance):
            if factor is not None:
                found *= factor
        return np.asarray(found)

    @cached_property
    def pearson(self) -> Floats:
        """Pearson residual of one unit, shape (u,)."""
        return pearson(self.units.y, self.units.trials, self.units.eta, self.fit.link)

    @cached_property
    def squared_deviance(self) -> Floats:
        """Share of the deviance of one unit, shape (u,)."""
        return deviance_of(self.units.y, self.units.trials, self.units.eta, self.fit.link)

    @property
    def c_bar(self) -> Floats:
        """r^2 h / (1 - h), shape (u,)."""
        return np.asarray(self.pearson**2 * self.leverage / (1.0 - self.leverage))

    @property
    def delta_chi2(self) -> Floats:
        """r^2 / (1 - h), shape (u,)."""
        return np.asarray(self.pearson**2 / (1.0 - self.leverage))

    @property
    def delta_deviance(self) -> Floats:
        """d^2 + r^2 h / (1 - h), shape (u,)."""
        return np.asarray(self.squared_deviance + self.c_bar)

    @cached_property
    def cook(self) -> Floats:
        """Cook's distance, shape (u,): move' V^-1 move / k, V the covariance of the estimates.

        Under importance weights V is the sandwich, and the quadratic form is that of the inverse of its meat.
        """
        if self._meat is None:
            return np.asarray(self.c_bar / (1.0 - self.leverage) / self.model.rank)
        found = self._quadratic(np.asarray(np.linalg.inv(self._meat), dtype=np.float64))
        found *= self._push(slice(None)) ** 2
        found /= self.model.rank
        return found

    def _push(self, which: slice | Positions) -> Floats:
        """Give s m u / (1 - h) of some units: what their removal pushes the estimates by, along A^-1 x."""
        units = self.units
        score = self.fit.link.score(units.eta[which], units.y[which])
        for factor in (units.trials, units.importance):
            if factor is not None:
                score = score * factor[which]
        return np.asarray(score / (1.0 - self.leverage[which]))

    @cached_property
    def _meat(self) -> Floats | None:
        """Squared contributions of the rows to the score under importance weights; None without them."""
        if not self.fit.pseudo_likelihood:
            return None
        model = self.model
        return robust(model.rows, model.beta, model.link, np.eye(model.rank), "HC0", n=math.nan, k=0)

    def _quadratic(self, matrix: Floats) -> Floats:
        """Give x' M x of each unit, shape (u,)."""
        fit, units = self.fit, self.units
        patterns = fit.held.patterns
        found = np.empty(fit.held.y.size if patterns is None else patterns.y.size)

        def put(block: Block) -> int:
            found[block.start : block.start + block.size] = block.quadratic(matrix)
            return 0

        over_blocks(self.model.rows, put, lambda one, _: one)
        if patterns is None:
            return found if units.of_row is None else found[units.row]
        return found[patterns.of_row[units.row]]

    # ------------------------------------------------------------------ moves of the estimates

    @cached_property
    def _transform(self) -> Floats:
        """The matrix that takes coefficients of the model's columns to those of the design's, shape (k, k)."""
        model = self.model
        matrix = np.diag(1.0 / model.scale)
        if model.center.any():
            moments = over_blocks(self.fit.held, block_moments, Moments.__add__)
            constant = int(np.flatnonzero((moments.constant & (moments.first != 0))[model.kept])[0])
            matrix[constant] -= model.center / model.scale / model.scale[constant]
        return matrix

    @cached_property
    def std_error(self) -> Floats:
        """Standard errors that DFBETAS are in units of, shape (k,): by the information, or under weights robust."""
        inverse = self.model.inverse
        matrix = inverse if self._meat is None else inverse @ self._meat @ inverse
        return np.asarray(np.sqrt(np.diag(self._transform @ matrix @ self._transform.T)))

    def dfbeta(self, which: Positions) -> Floats:
        """Give estimate less estimate without the unit, in one step, for some units, shape (len(which), k)."""
        model, rows = self.model, self.units.row[which]
        x = np.concatenate([block.at_columns(model.kept).x for block in sliced(self.fit.held, rows).blocks()], axis=1)
        x = (x - model.center[:, None]) / model.scale[:, None]
        return np.asarray((self._transform @ (model.inverse @ x) * self._push(which)).T)

    def dfbetas(self, which: Positions) -> Floats:
        """Give `dfbeta` in units of the standard errors, shape (len(which), k)."""
        return np.asarray(self.dfbeta(which) / self.std_error)

    def exact_dfbeta(self, which: Positions) -> Floats:
        """Give estimate less estimate of a refit without the unit, for some units, shape (len(which), k).

        What is learnt from all rows (a spline's knots, class weights) stays as it is. NaN where an estimate is infinite
        or gone without the unit.
        """
        return np.array([self._refitted(int(unit)) for unit in which]).reshape(-1, self.model.rank)

    def _refitted(self, unit: int) -> Floats:
        design, units = self.fit.held, self.units
        weight = np.ones_like(design.y) if design.weight is None else design.weight
        events, nonevents = design.y * weight, (1.0 - design.y) * weight
        if units.of_row is None:
            m = 1.0 if units.trials is None else units.trials[unit]
            events[unit] -= m * units.y[unit]
            nonevents[unit] -= m * (1.0 - units.y[unit])
        else:
            events[units.of_row == unit] = nonevents[units.of_row == unit] = 0.0
        # Rounding of a product must not leave a trial of 1e-17.
        events, nonevents = (np.where(side < 1e-9, 0.0, side) for side in (events, nonevents))
        fit, rows = self.fit, recounted(design, events, nonevents)
        found = fitted_again(rows, fit.link, fit.penalty, intercept=intercept_of(design), start=fit.working)
        here = found.beta[self.model.kept]
        return np.where(found.converged & np.isfinite(here), self.fit.working[self.model.kept] - here, np.nan)

    # ------------------------------------------------------------------ for tables and frames

    @property
    def names(self) -> list[str]:
        """Names of the estimated coefficients, length k."""
        return [self.fit.names[column] for column in self.model.kept]

    def labels(self, which: Positions) -> pd.Index:
        """Give the label of some units in the index of the data."""
        design = self.fit.held
        return design.index[np.flatnonzero(design.used)[self.units.row[which]]]

    def residuals(self, kind: str, uniform: Floats | None = None) -> Floats:
        """Give the residuals of one kind, a key of `residuals.KINDS`, shape (u,)."""
        if kind in STANDARDIZED:
            return self._standardized(kind)
        return plain_residuals(self.fit, self.units, kind, uniform)

    def _standardized(self, kind: str) -> Floats:
        if kind == "likelihood":
            return likelihood(self.squared_deviance, self.pearson, self.leverage)
        root = np.sqrt(1.0 - self.leverage)
        if kind == "standardized_pearson":
            return np.asarray(self.pearson / root)
        return np.asarray(np.sign(self.pearson) * np.sqrt(self.squared_deviance) / root)

    def in_chunks(self, size: int = 65_536) -> Iterator[Positions]:
        """Give the units a few at a time."""
        for start in range(0, self.units.row.size, size):
            yield np.arange(start, min(start + size, self.units.row.size))


def plain_residuals(fit: Fit, units: Units, kind: str, uniform: Floats | None = None) -> Floats:
    """Give residuals that need no leverage, shape (u,)."""
    y, eta, link = units.y, units.eta, fit.link
    if kind == "pearson":
        return pearson(y, units.trials, eta, link)
    if kind == "deviance":
        return deviance(y, units.trials, eta, link)
    if kind == "response":
        return response(y, eta, link)
    if kind == "working":
        return working(y, eta, link)
    assert uniform is not None
    return quantile(y, units.trials, eta, link, uniform)


def influence_of(fit: Fit, *, by_pattern: bool = False) -> Influence:
    """Look at the units of a fit one by one.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, rows read in parts; see `units_of` also.

    """
    refuse_shrunken(fit.penalty, "The influence of rows")
    refuse_without_estimates(fit)
    units = units_of(fit, by_pattern=by_pattern)
    return Influence(fit, units, around(fit))


def refuse_without_estimates(fit: Fit) -> None:
    """Refuse a fit of which no row can be said to be far from anything.

    Raises:
        NotApplicable: infinite estimates, or a fit that has not converged.

    """
    if fit.separation is not None:
        raise NotApplicable(
            "Some estimates are infinite (separation), so that no row has a residual or an influence that can be "
            "compared with those of others."
        )
    if not fit.converged:
        raise NotApplicable("The fit has not converged, so that residuals and influence are not those of a maximum.")
