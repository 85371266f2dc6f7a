"""What does a predictor do at stated values of the others? Contrasts of design rows that differ in one predictor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import OptionError, listing, suggestion
from glmlr.fit import Fit
from glmlr.language.program import identifier

Floats = npt.NDArray[np.float64]

#: Design columns move in proportion if two changes differ by no more than rounding.
_STRAIGHT: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Contrast:
    """A change of one predictor, the others held (k design columns).

    Attributes:
        variable: the predictor.
        level: what it changes to, in words: "white", "per 10".
        change: by how much, for a number; NaN for levels.
        reference: the level it changes from; "" for a number.
        moved: by how much each design column moves, shape (k,); zero for the reference itself.
        at: the stated values on which that depends, in words; "" where it does not depend on any.
        curved: whether it depends on where the number starts.

    """

    variable: str
    level: str
    change: float
    reference: str
    moved: Floats
    at: str = ""
    curved: bool = False


@dataclass(frozen=True)
class Stated:
    """What a user states.

    Attributes:
        at: predictor -> the value at which it is held while others change; where a number itself starts.
        reference: factor -> the level with which its others are compared.

    """

    at: Mapping[str, Any]
    reference: Mapping[str, Any]

    @classmethod
    def of(cls, at: Any, reference: Any) -> Stated:
        """Take the options of a user, None for nothing.

        Raises:
            OptionError: one that is no mapping.

        """
        for option, given, example in (("at", at, '{"age": 40}'), ("reference", reference, '{"race": "white"}')):
            if given is not None and not isinstance(given, Mapping):
                raise OptionError(f"{option}={given!r} does not say for which predictor; give a mapping, {example}.")
        return cls(dict(at or {}), dict(reference or {}))

    def __bool__(self) -> bool:
        """Whether anything is stated."""
        return bool(self.at or self.reference)

    def check(self, fit: Fit) -> None:
        """Refuse predictors and levels that the model does not have.

        Raises:
            OptionError: a name, a level or a value that cannot be.

        """
        known = fit.design.recipe.formula.predictors
        for option, given in (("at", self.at), ("reference", self.reference)):
            for name in given:
                if name not in known:
                    raise OptionError(
                        f"{option}: {name!r} is not a predictor of the model{suggestion(str(name), known) or '.'}"
                    )
        for option, given in (("at", self.at), ("reference", self.reference)):
            for name, value in given.items():
                levels = levels_of(fit, name)
                if option == "reference" and not levels:
                    raise OptionError(
                        f"reference: {name!r} is no factor of the model and has no levels to compare; at= states where "
                        "a number starts, and units= by how much it changes."
                    )
                if levels and value not in levels:
                    raise OptionError(
                        f"{option}: {name!r} has no level {value!r}; it has {listing(map(repr, levels))}."
                    )
                if not levels and fit.design.recipe.kinds.get(name) == "number" and not _finite(value):
                    raise OptionError(
                        f"at: {name!r} is a number and cannot be held at {value!r}; give a finite number."
                    )


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and bool(np.isfinite(value))


def levels_of(fit: Fit, variable: str) -> tuple[Any, ...]:
    """Give the levels of a predictor that the formula takes as a factor, as it is or by C(); () for others."""
    for ingredient in fit.design.recipe.ingredients:
        expression = ingredient.expression
        as_it_is = expression.column is not None or expression.code.startswith(identifier("C") + "(")
        if ingredient.levels and expression.reads == (variable,) and as_it_is:
            return ingredient.levels
    return ()


def contrasts_at(fit: Fit, stated: Stated, changes: Mapping[str, float]) -> tuple[list[Contrast], list[str]]:
    """Give the contrasts of every predictor whose effect the stated values determine.

    Args:
        fit: the fitted model, its rows in memory.
        stated: what is held where.
        changes: number -> by how much it changes; 1 for those not named.

    Returns:
        The contrasts, predictor by predictor, and sentences about predictors that have none.

    """
    typical = {name: column.iloc[0] for name, column in _data_columns(fit).items()} | dict(stated.at)
    found: list[Contrast] = []
    left_out = []
    for variable in fit.design.recipe.formula.predictors:
        partners = _partners(fit, variable)
        if missing := [name for name in partners if name not in stated.at]:
            left_out.append(
                f"The ratio of {variable} depends on {listing(missing)}; name "
                f"{'its value' if len(missing) == 1 else 'their values'} in at= to see it."
            )
            continue
        words = ", ".join(f"{name} = {stated.at[name]}" for name in partners)
        levels = levels_of(fit, variable)
        if levels:
            found += _of_levels(fit, typical, variable, levels, stated.reference.get(variable), words)
        elif fit.design.recipe.kinds.get(variable) == "number":
            one = _of_number(fit, typical, variable, changes.get(variable, 1.0), words)
            if one is None or (one.curved and variable not in stated.at):
                left_out.append(f"The ratio of {variable} depends on where it starts; name its value in at= to see it.")
            else:
                found.append(one)
        else:
            left_out.append(f"{variable} is neither a number nor a factor as it is, and has no ratio here.")
    return found, left_out


def _data_columns(fit: Fit) -> dict[str, Any]:
    held = fit.held
    return {name: held.columns[name] for name in fit.design.recipe.formula.predictors}


def _partners(fit: Fit, variable: str) -> list[str]:
    """Name the other predictors in the terms that read this one."""
    return list(
        dict.fromkeys(
            name
            for term in fit.design.terms
            if variable in term.variables
            for name in term.variables
            if name != variable
        )
    )


def _of_levels(
    fit: Fit, typical: Mapping[str, Any], variable: str, levels: tuple[Any, ...], reference: Any, at: str
) -> list[Contrast]:
    against = _default_reference(fit, variable, levels) if reference is None else reference
    ordered = [against, *(level for level in levels if level != against)]
    rows = rows_at(fit, typical, variable, ordered)
    return [
        Contrast(variable, str(level), np.nan, str(against), row - rows[0], at)
        for level, row in zip(ordered, rows, strict=True)
    ]


def _default_reference(fit: Fit, variable: str, levels: tuple[Any, ...]) -> Any:
    for term in fit.design.terms:
        if term.variables == (variable,) and term.reference is not None:
            return next((level for level in levels if str(level) == term.reference), levels[0])
    return levels[0]


def _of_number(fit: Fit, typical: Mapping[str, Any], variable: str, change: float, at: str) -> Contrast | None:
    """Give the contrast of a number, which says where it starts if that matters."""
    start = float(typical[variable])
    try:
        rows = rows_at(fit, typical, variable, [start, start + change, start + 2 * change])
    except OptionError:
        return None
    moved, again = rows[1] - rows[0], rows[2] - rows[1]
    size = np.abs(rows).max(axis=0)
    if (np.abs(moved - again) > _STRAIGHT * size).any():
        at = f"from {start:g}" + (f", at {at}" if at else "")
        return Contrast(variable, f"per {change:g}", change, "", moved, at, curved=True)
    return Contrast(variable, f"per {change:g}", change, "", moved, at)


def rows_at(fit: Fit, typical: Mapping[str, Any], variable: str, values: Sequence[Any]) -> Floats:
    """Give the design rows in which one predictor takes some values, shape (values, k)."""
    data = {name: [value] * len(values) for name, value in typical.items()} | {variable: values}
    for name in _read_by_offsets(fit):
        data.setdefault(name, [0.0] * len(values))
    given = np.zeros(len(values)) if fit.design.recipe.offset_given else None
    if fit.design.recipe.offset_column is not None:
        data.setdefault(fit.design.recipe.offset_column, [0.0] * len(values))
    matrix = fit.design.apply(data, offset=given).matrix
    if np.isnan(matrix).any():
        raise OptionError(f"at: the columns of the model have no value where {variable!r} is {values[0]!r}.")
    return np.asarray(matrix)


def _read_by_offsets(fit: Fit) -> list[str]:
    return [name for one in fit.design.recipe.offsets for name in one.expression.reads]
