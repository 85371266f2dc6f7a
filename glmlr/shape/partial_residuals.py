"""What is left of the outcome for one number, the others held? Partial residuals: its component, and what misses it.

The component of a number is what all columns made of it alone (a straight line, its logarithm, a spline's columns) add
to the linear predictor, less its mean; the partial residual adds the working residual of the row. Where the component
has the right shape partial residuals lie about it, each with variance 1 / (working weight).

References: Landwehr, Pregibon & Shoemaker (1984), J. Am. Stat. Assoc. 79, 61-71; Fowlkes (1987), Biometrika 74,
503-515; Cook & Croos-Dabrera (1998), J. Am. Stat. Assoc. 93, 730-739.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import over_blocks
from glmlr.design import DesignInMemory
from glmlr.design.derived import sliced
from glmlr.errors import NotApplicable, OptionError, listing, suggestion
from glmlr.fit import Fit
from glmlr.influence.added_variable import by_unit
from glmlr.influence.measures import refuse_without_estimates
from glmlr.influence.residuals import working
from glmlr.influence.units import Units, units_of
from glmlr.shape.added_columns import Fitted
from glmlr.shape.around_fit import around
from glmlr.shape.number_columns import number_names
from glmlr.sources import classified
from glmlr.validation.smoothing import loess_weights

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Up to so many distinct values are smoothed as they are; more are put into bins no wider than 1/2000 of the range.
EXACT: Final = 4_000
_PARTS: Final = 2_000
#: Values at which the smooth curve, and the component with its bounds, are found.
_POINTS: Final = 120


@dataclass(frozen=True, eq=False)
class Component:
    """What one number adds to the linear predictor, and what each row says of it (u units).

    Attributes:
        name: the column of the data.
        enters: the terms that are made of it.
        columns: positions of the estimated design columns made of it alone.
        x: its values, shape (u,).
        component: what these columns add, less the mean over all trials, shape (u,).
        residual: the component and the working residual, shape (u,).
        weight: working weight of one unit, shape (u,).
        copies: how many alike units each stands for, shape (u,), or None for 1.

    """

    name: str
    enters: str
    columns: Positions
    x: Floats
    component: Floats
    residual: Floats
    weight: Floats
    copies: Floats | None

    @property
    def total_weight(self) -> Floats:
        """Working weight of each unit and those alike, shape (u,)."""
        return self.weight if self.copies is None else self.weight * self.copies


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Partial residuals smoothed over the number (m values, g of them drawn).

    Attributes:
        x: distinct values, or means of narrow bins of them, ascending, shape (m,).
        component, smooth: what the model says there, and what the partial residuals ask for, shape (m,) each.
        weight: working weight there, shape (m,).
        at: positions of the values drawn, shape (g,).
        example: a unit with each of the values drawn, or with one of the bin, shape (g,).
        binned: whether the values were put into bins.

    """

    x: Floats
    component: Floats
    smooth: Floats
    weight: Floats
    at: Positions
    example: Positions
    binned: bool

    @property
    def departure(self) -> float:
        """Root of the weighted mean of (smooth - component)^2."""
        return float(np.sqrt(self.weight @ (self.smooth - self.component) ** 2 / self.weight.sum()))


@dataclass(frozen=True, eq=False)
class Partial:
    """A fit and its rows, of which numbers are looked at one by one."""

    fit: Fit
    units: Units
    model: Fitted

    def component(self, name: str) -> Component:
        """Give the component and the partial residuals of a number, one of `shown_numbers`."""
        fit, units, model = self.fit, self.units, self.model
        design = fit.held
        columns = own_columns(design, name)
        own = np.isin(model.kept, columns)
        values = by_unit(fit, units, model.rows, np.where(own, model.beta, 0.0))
        trials = np.ones(units.y.size)
        for factor in (units.trials, units.copies):
            if factor is not None:
                trials = trials * factor
        values = values - float(trials @ values) / float(trials.sum())
        residual = values + working(units.y, units.eta, fit.link)
        weight = fit.link.weight(units.eta)
        for factor in (units.trials, units.importance):
            if factor is not None:
                weight = weight * factor
        x = np.asarray(classified(design.columns[name], name).values, dtype=np.float64)[units.row]
        enters = " + ".join(term.name for term in design.terms if set(columns) & set(term.columns))
        return Component(name, enters, model.kept[own], x, values, residual, weight, units.copies)

    def std_error(self, component: Component, some: Positions) -> Floats:
        """Give the standard error of a component of some units, by the fit's covariance, shape (len(some),)."""
        rows, columns = self.units.row[some], component.columns
        x = np.concatenate([block.x[columns] for block in sliced(self.fit.held, rows).blocks()], axis=1)
        sums = over_blocks(
            self.fit.held,
            lambda block: block.at_columns(columns).times(
                np.ones(block.size) if block.weight is None else block.weight
            ),
            lambda one, other: one + other,
        )
        apart = x - (sums / self.fit.design.totals.trials)[:, None]
        covariance = self.fit.covariance[np.ix_(columns, columns)]
        return np.asarray(np.sqrt(np.maximum(np.einsum("kg,kj,jg->g", apart, covariance, apart), 0.0)))


def partial_of(fit: Fit) -> Partial:
    """Look at the rows of a fit, number by number.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, rows read in parts, rows that stand for events
            and non-events at once.

    """
    refuse_without_estimates(fit)
    return Partial(fit, units_of(fit, by_pattern=False), around(fit))


def own_columns(design: DesignInMemory, name: str) -> list[int]:
    """Give the design columns that are made of one column of the data alone."""
    recipe = design.recipe
    found: list[int] = []
    for part in recipe.parts:
        reads = {read for at in part.factors for read in recipe.ingredients[at].expression.reads}
        if reads == {name}:
            found += range(part.first, part.first + part.width)
    return found


def crossed_terms(design: DesignInMemory, name: str) -> list[str]:
    """Give the terms in which a column of the data stands with others, so that its effect depends on them."""
    return [term.name for term in design.terms if name in term.variables and len(set(term.variables)) > 1]


def shown_numbers(fit: Fit, wanted: str | Sequence[str] | None) -> tuple[str, ...]:
    """Choose the numbers whose component is of them alone: all there are, or those named.

    Raises:
        OptionError: a name that does not enter the formula as a number.
        NotApplicable: a number in a term with others, one without an estimate, or no number at all.

    """
    design = fit.held
    names = number_names(design)
    if wanted is None:
        shown = tuple(name for name in names if not _reason(fit, name))
        if not shown:
            why = " ".join(_reason(fit, name) for name in names) or "No column enters the formula as a number."
            raise NotApplicable(f"There are no partial residuals to show. {why}")
        return shown
    chosen = (wanted,) if isinstance(wanted, str) else tuple(dict.fromkeys(wanted))
    for name in chosen:
        if name not in names:
            hint = suggestion(str(name), names) or f"; these do: {listing(map(repr, names)) or 'none'}."
            raise OptionError(f"predictors= names {name!r}, which does not enter the formula as a number{hint}")
        if reason := _reason(fit, name):
            raise NotApplicable(reason)
    return chosen


def left_out(fit: Fit) -> tuple[str, ...]:
    """Say of each number without a component of its own why it has none."""
    return tuple(reason for name in number_names(fit.held) if (reason := _reason(fit, name)))


def _reason(fit: Fit, name: str) -> str:
    crossed = crossed_terms(fit.held, name)
    if crossed:
        return (
            f"{name} stands with other predictors in {listing(crossed)}, so that its component depends on them and "
            "has no partial residuals of its own; adjusted_predictions() at stated values of the others shows it."
        )
    if not np.isfinite(fit.solution.beta[own_columns(fit.held, name)]).any():
        return f"{name} has no estimate (aliased), so that it has no component."
    return ""


def smoothed(component: Component, *, span: float) -> Smoothed | None:
    """Smooth partial residuals over their number by local lines; None where it has fewer than three values.

    The curve is the component and local lines through the working residuals: of a component that is a line the same as
    local lines through the partial residuals, and of a bent one without what local lines lose of any bend. Rows count
    by their working weight, the inverse of the variance of a partial residual, also in what share of them is near.

    Args:
        component: of the number.
        span: share of the working weight that is near.

    """
    w = component.total_weight
    # A column may lack values where the formula says what stands for them.
    known = (w > 0) & np.isfinite(component.x)
    values, first, place = np.unique(component.x[known], return_index=True, return_inverse=True)
    x: Floats = np.asarray(values, dtype=np.float64)
    binned = x.size > EXACT
    if binned:
        bins = _bins(x)
        place, first = bins[place], first[np.unique(bins, return_index=True)[1]]
    weight = np.asarray(np.bincount(place, weights=w[known]), dtype=np.float64)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, weights=(w * values)[known]) / weight)

    if x.size < 3:
        return None
    x = mean(component.x) if binned else x
    at = np.unique(np.linspace(0, x.size - 1, min(_POINTS, x.size)).round().astype(np.intp))
    gap = loess_weights(x, weight, at, span=span, degree=1) @ (weight * mean(component.residual - component.component))
    middle = mean(component.component)
    example = np.flatnonzero(known)[first[at]]
    return Smoothed(x, middle, middle + np.interp(x, x[at], gap), weight, at, example, binned)


def _bins(x: Floats) -> Positions:
    """Number the bins of many distinct values: at even steps of the range, and of their order; shape (m,)."""
    wide = np.searchsorted(x, np.linspace(float(x[0]), float(x[-1]), _PARTS + 1)[1:-1])
    many = np.linspace(0, x.size, _PARTS + 1)[:-1].astype(np.intp)
    starts = np.unique(np.concatenate([wide, many, [0, 1, x.size - 1]]))
    return np.asarray(np.searchsorted(starts, np.arange(x.size), side="right") - 1, dtype=np.intp)
