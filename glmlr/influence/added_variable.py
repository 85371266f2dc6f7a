"""What does a column say of the outcome beyond the other columns? Its added-variable residuals, one pair for each row.

With the working weights W of the fit and A = X' W X, what the other columns leave of column j is, of a row x,
(A^-1 x)_j / (A^-1)_jj. The working residual plus the coefficient times that is what they leave of the working response,
so that the weighted line through the pairs has the coefficient for its slope and the working residuals for its own.

References: Wang (1985), Technometrics 27, 273-276; Cook & Weisberg (1999), Applied Regression Including Computing and
Graphics, ch. 21; Sall (1990), The American Statistician 44, 308-315 (terms with several columns).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Block, CodedBlock, Rows, Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, inverse_of
from glmlr.errors import OptionError, listing, suggestion
from glmlr.fit import Fit
from glmlr.influence.measures import refuse_without_estimates
from glmlr.influence.residuals import pearson, working
from glmlr.influence.units import Units, units_of
from glmlr.penalised.maximum import fitted_again
from glmlr.penalised.penalties import Firth
from glmlr.shape.added_columns import Fitted
from glmlr.shape.around_fit import around

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: form -> what its residuals are.
FORMS: Final = ("working", "wang", "weisberg")


@dataclass(frozen=True)
class Direction:
    """What is looked at: a column of the design, or all columns of a term taken together.

    Attributes:
        name: of the column or the term.
        places: where its columns stand among the estimated ones.
        is_term: whether they are taken together, each times its coefficient.

    """

    name: str
    places: tuple[int, ...]
    is_term: bool


@dataclass(frozen=True, eq=False)
class AddedVariable:
    """Added-variable residuals of one direction (u units).

    Attributes:
        direction: the column or the term.
        x: what the other columns leave of it, shape (u,).
        y: what they leave of the outcome, on the scale of the form, shape (u,).
        weight: weight of one unit in the line, shape (u,).
        slope, intercept: the line; of the working form the coefficient (1 of a term taken together) and 0, but of
            penalised estimates the slope of the points.
        correlation: weighted correlation through the origin of x and y.

    """

    direction: Direction
    x: Floats
    y: Floats
    weight: Floats
    slope: float
    intercept: float
    correlation: float


@dataclass(frozen=True, eq=False)
class Adding:
    """A fit and its rows, of which columns are looked at one by one.

    Attributes:
        fit: the fit.
        units: its rows as they are looked at.
        model: the fit in columns that cost no digits.

    """

    fit: Fit
    units: Units
    model: Fitted

    def residuals(self, direction: Direction, form: str) -> AddedVariable:
        """Give the added-variable residuals of one direction, of a form in `FORMS`."""
        weight = self._counted(np.ones(self.units.eta.size))
        if form != "weisberg":
            weight = weight * self.fit.link.weight(self.units.eta)
        x = self._left(direction, self.model.inverse if form != "weisberg" else self._plain_inverse())
        if form == "working":
            slope = 1.0 if direction.is_term else float(self.fit.working[self.model.kept[direction.places[0]]])
            y = working(self.units.y, self.units.eta, self.fit.link) + slope * x
            if self.fit.penalty is not None:
                # The score of penalised estimates is not 0, so that working residuals have a slope of their own.
                w = self._copies(weight)
                slope = float(w @ (x * y) / (w @ (x * x)))
            return AddedVariable(direction, x, y, weight, slope, 0.0, self._correlation(x, y, weight))
        y = pearson(self.units.y, self.units.trials, self._without(direction), self.fit.link)
        slope, intercept = self._line(x, y, weight)
        return AddedVariable(direction, x, y, weight, slope, intercept, self._correlation(x, y, weight))

    def labels(self, which: Positions) -> pd.Index:
        """Give the label of some units in the index of the data."""
        design = self.fit.held
        return design.index[np.flatnonzero(design.used)[self.units.row[which]]]

    def _counted(self, values: Floats) -> Floats:
        """Multiply by the trials and the importance of one unit."""
        for factor in (self.units.trials, self.units.importance):
            if factor is not None:
                values = values * factor
        return values

    def _copies(self, values: Floats) -> Floats:
        return values if self.units.copies is None else values * self.units.copies

    def _left(self, direction: Direction, inverse: Floats) -> Floats:
        """Give what the other columns leave of a direction, by the inverse of the columns' cross-products, (u,)."""
        places, model = np.array(direction.places, dtype=np.intp), self.model
        wanted = model.beta[places] if direction.is_term else model.scale[places]
        along = inverse[:, places] @ np.linalg.solve(inverse[np.ix_(places, places)], wanted)
        return by_unit(self.fit, self.units, model.rows, along)

    def _plain_inverse(self) -> Floats:
        """Give the inverse of the cross-products of the columns, each row by its trials and importance, (k, k)."""
        gram = over_blocks(self.model.rows, lambda block: block.gram(block.total_weight()), lambda a, b: a + b)
        return inverse_of(gram)

    def _without(self, direction: Direction) -> Floats:
        """Give the linear predictor of each unit in the fit without a direction, shape (u,)."""
        model = self.model
        others = np.delete(np.arange(model.rank), np.array(direction.places, dtype=np.intp))
        beta = np.zeros(model.rank)
        if others.size:
            # A model whose likelihood has its maximum has one without any of its columns too; Firth's always has one.
            penalty = Firth() if self.fit.adjusted else None
            start, rows = model.beta[others], Subset(model.rows, others)
            beta[others] = fitted_again(rows, model.link, penalty, start=start).beta
        eta = by_unit(self.fit, self.units, model.rows, beta)
        offset = self.fit.held.offset
        return eta if offset is None else eta + offset[self.units.row]

    def _line(self, x: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
        w = self._copies(weight)
        total = w.sum()
        x_mean, y_mean = float(w @ x / total), float(w @ y / total)
        spread = float(w @ (x - x_mean) ** 2)
        slope = float(w @ ((x - x_mean) * (y - y_mean))) / spread if spread > 0 else np.nan
        return slope, y_mean - slope * x_mean

    def _correlation(self, x: Floats, y: Floats, weight: Floats) -> float:
        # Both are taken by their largest size first: working residuals of probabilities near 0 or 1 have squares that
        # overflow.
        root = np.sqrt(self._copies(weight))
        a, b = (each / (np.abs(each).max() or 1.0) for each in (root * x, root * y))
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def by_unit(fit: Fit, units: Units, rows: Rows, along: Floats) -> Floats:
    """Give the columns of each unit times some numbers, added up, shape (u,).

    Args:
        fit: the fit.
        units: its units.
        rows: its rows, or the covariate patterns they collapse to, with k columns.
        along: a number for each column, shape (k,).

    """
    patterns = fit.held.patterns
    found = np.empty(fit.held.y.size if patterns is None else patterns.y.size)

    def put(block: Block) -> int:
        coded = isinstance(block, CodedBlock)
        values = block.coded.combined(along) if coded else np.dot(along, block.x)  # type: ignore[attr-defined]
        found[block.start : block.start + block.size] = values
        return 0

    over_blocks(rows, put, lambda one, _: one)
    return found[units.row] if patterns is None else found[patterns.of_row[units.row]]


def adding(fit: Fit) -> Adding:
    """Look at the rows of a fit, column by column.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, rows read in parts, rows that stand for events
            and non-events at once.

    """
    refuse_without_estimates(fit)
    return Adding(fit, units_of(fit, by_pattern=False), around(fit))


def directions(fit: Fit, terms: str | Sequence[str] | None, *, together: bool) -> list[Direction]:
    """Choose the columns, or the terms, that are looked at: all but constants and what is aliased, or those named.

    Args:
        fit: the fit, its estimates finite.
        terms: names of terms or of columns; None for all.
        together: whether all columns of a term are taken as one.

    Raises:
        OptionError: a name that the model does not have, or that of a constant or of an aliased column.

    """
    names, constant = fit.names, _constants(fit)
    estimated: list[int] = np.flatnonzero(np.isfinite(fit.solution.beta)).tolist()
    kept = [column for column in estimated if column not in constant]
    place = {column: at for at, column in enumerate(estimated)}
    wanted = None if terms is None else [terms] if isinstance(terms, str) else list(dict.fromkeys(terms))
    if wanted is not None:
        _refuse_unknown(fit, wanted, kept)
    found: list[Direction] = []
    for term in fit.design.terms:
        own = [column for column in term.columns if column in kept]
        whole = wanted is None or term.name in wanted
        some = own if whole else [column for column in own if names[column] in (wanted or ())]
        if together and whole and own:
            found.append(Direction(term.name, tuple(place[column] for column in own), len(own) > 1))
        else:
            found += [Direction(names[column], (place[column],), False) for column in some]
    return found


def _refuse_unknown(fit: Fit, wanted: Iterable[object], kept: Sequence[int]) -> None:
    names = {fit.names[column] for column in kept}
    names |= {term.name for term in fit.design.terms if set(term.columns) & set(kept)}
    for name in wanted:
        if name in names:
            continue
        known = {*fit.names, *(term.name for term in fit.design.terms)}
        if name in known:
            raise OptionError(f"terms= names {name!r}, which is constant or aliased and so adds nothing to the others.")
        hint = suggestion(str(name), sorted(names)) or f"; it has {listing(sorted(names))}."
        raise OptionError(f"terms= names {name!r}, which is neither a term nor a column of the model{hint}")


def _constants(fit: Fit) -> set[int]:
    """Give the columns that are the same in all rows: the intercept, where there is none by looking."""
    found = {column for term in fit.design.terms if term.kind == "intercept" for column in term.columns}
    if found:
        return found
    moments = over_blocks(fit.held, block_moments, Moments.__add__)
    return set(np.flatnonzero(moments.constant).tolist())
