"""Which ratio does each term have? Its columns, for a change of each, with the reference rows shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from glmlr.blocks import Block, over_blocks
from glmlr.design import Term
from glmlr.errors import OptionError, suggestion
from glmlr.fit import Fit
from glmlr.hypotheses.combinations import signed_roots
from glmlr.moments import Spread
from glmlr.penalised.penalties import Firth
from glmlr.profiles.intervals import Interval, combined
from glmlr.profiles.stated import Stated, contrasts_at
from glmlr.profiles.without import about_ends
from glmlr.quantiles import QuantileSearch, Tally

Floats = npt.NDArray[np.float64]
Row = dict[str, object]


def rows_of(term: Term, estimates: pd.DataFrame, changes: Mapping[int, tuple[float, str]]) -> list[Row]:
    """Give the rows of one term: the reference level, where it has one, then its columns."""
    rows: list[Row] = []
    one_column_each = term.reference is not None and len(term.levels) == len(term.columns) + 1
    names = [name for name in term.levels if name != term.reference] if one_column_each else []
    if one_column_each:
        rows.append(row_of(term.name, f"{term.reference} (reference)", np.nan, 1.0, np.nan, np.nan, np.nan))
    for position, column in enumerate(term.columns):
        change, label = changes.get(column, (1.0, ""))
        name, p_value = str(estimates["term"].iloc[column]), float(estimates["p_value"].iloc[column])
        shown = names[position] if one_column_each else _inside(name, term.name) or label
        scaled = change * estimates[["estimate", "low", "high"]].iloc[column].to_numpy(dtype=np.float64)
        with np.errstate(over="ignore"):
            ratio, *bounds = np.exp(scaled).tolist()
        rows.append(row_of(term.name, shown, change, ratio, min(bounds), max(bounds), p_value))
    return rows


def row_of(term: str, level: str, units: float, ratio: float, low: float, high: float, p_value: float) -> Row:
    """Give one row."""
    return {
        "term": term,
        "level": level,
        "units": units,
        "ratio": ratio,
        "low": low,
        "high": high,
        "p_value": p_value,
    }


def _inside(column: str, term: str) -> str:
    """Give what a design column's name adds to its term's: "T.yes" for "smoke[T.yes]", "" for a numeric column."""
    if column == term:
        return ""
    if column.startswith(term + "[") and column.endswith("]"):
        inner = column[len(term) + 1 : -1]
        return inner[2:] if inner.startswith("T.") else inner
    return column


def changes_given(units: Any) -> dict[str, float]:
    """Take the option `units`, None for nothing.

    Raises:
        OptionError: it is no mapping.

    """
    if units is not None and not isinstance(units, Mapping):
        raise OptionError(f'units={units!r} does not say of which column; give a mapping, {{"age": 10}}.')
    return dict(units or {})


def changes_of(fit: Fit, per: str, units: dict[str, float]) -> tuple[dict[int, tuple[float, str]], list[str]]:
    """Give for each numeric column the change its odds ratio is for, and the words for it; and the columns of spread 0.

    The inter-quartile range of a column that is mostly one value is 0; an odds ratio for no change would be 1.
    """
    flat = []
    numeric = [term.columns[0] for term in fit.design.terms if term.kind == "numeric" and len(term.columns) == 1]
    names = {fit.names[column]: column for column in numeric}
    for name, change in units.items():
        if name not in names:
            raise OptionError(f"units: {name!r} is not a numeric column of the model{suggestion(name, names) or '.'}")
        if not isinstance(change, (int, float, np.number)) or not np.isfinite(change) or change == 0:
            raise OptionError(f"units: the change of {name!r} must be a number other than zero, not {change!r}.")
    changes = dict.fromkeys(numeric, (1.0, "per 1"))
    if per != "unit":
        for column in numeric:
            size = _spread(fit, column, per)
            if not size > 0:
                flat.append(fit.names[column])
                continue
            changes[column] = (size, f"per {'SD' if per == 'sd' else 'IQR'} ({size:.4g})")
    for name, change in units.items():
        changes[names[name]] = (float(change), f"per {change:g}")
    return changes, [name for name in flat if name not in units]


def _spread(fit: Fit, column: int, per: str) -> float:
    """Give the standard deviation or inter-quartile range of a column, each row by its frequency."""
    if per == "sd":
        moments = partial(_moments, column)
        spread = over_blocks(fit.design, moments, Spread.__add__)
        return float(np.sqrt(spread.squares / (spread.weight - 1)))
    search = QuantileSearch(np.array([0.25, 0.75]))
    while True:
        look = partial(_counted, search, column)
        found = search.learnt(over_blocks(fit.design, look, search.add))
        if not isinstance(found, QuantileSearch):
            return float(found[1] - found[0])
        search = found


def _moments(column: int, block: Block) -> Spread:
    return Spread.of(_values(block, column), _trials(block))


def _counted(search: QuantileSearch, column: int, block: Block) -> Tally:
    return search.look(_values(block, column), block.weight)


def _values(block: Block, column: int) -> Floats:
    return np.ascontiguousarray(block.at_columns(np.array([column])).x[0])


def _trials(block: Block) -> Floats:
    return np.ones(block.size) if block.weight is None else block.weight


def rows_at(
    fit: Fit, stated: Stated, wanted: Interval, per: str, units: dict[str, float]
) -> tuple[list[Row], list[str]]:
    """Give the rows of predictors at stated values, and what must be said of them."""
    changes, flat = _changes_by_name(fit, per, units)
    contrasts, notes = contrasts_at(fit, stated, {name: change for name, (change, _) in changes.items()})
    notes += [f"The {per.upper()} of {name} is 0, so that its ratio is per 1." for name in flat]
    if not contrasts:
        return [], notes
    moved = np.array([one.moved for one in contrasts])
    estimate, error = combined(fit, moved)
    ends = wanted.of(fit, moved)
    rows = []
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        of_firth = isinstance(fit.penalty, Firth) and wanted.kind == "profile"
        p_values = 2.0 * ndtr(-np.abs(signed_roots(fit, moved) if of_firth else estimate / error))
        if fit.shrunken:
            p_values[:] = np.nan
        for one, value, (low, high), p_value in zip(contrasts, estimate, ends, p_values, strict=True):
            label = changes[one.variable][1] if one.variable in changes else one.level
            where = f", {'' if one.curved else 'at '}{one.at}" if one.at else ""
            ratios = np.exp([value, low, high])
            if one.moved.any():
                row = row_of(one.variable, label + where, one.change, ratios[0], ratios[1], ratios[2], p_value)
            else:
                row = row_of(one.variable, f"{label} (reference)", np.nan, 1.0, np.nan, np.nan, np.nan)
            rows.append(row)
    if not np.isfinite(estimate).all():
        notes.append("A ratio that is infinite, zero or not determined has no p-value here.")
    if fit.separation is not None and wanted.kind == "bootstrap":
        notes.append("Resamples give no interval of a ratio that rests on infinite estimates.")
    if np.isinf(estimate).any() and wanted.kind == "wald":
        notes.append(f"Of a ratio that is infinite or zero: {about_ends(fit)[:1].lower()}{about_ends(fit)[1:]}")
    return rows, notes


def _changes_by_name(fit: Fit, per: str, units: dict[str, float]) -> tuple[dict[str, tuple[float, str]], list[str]]:
    changes, flat = changes_of(fit, per, units)
    return {fit.names[column]: change for column, change in changes.items()}, flat
