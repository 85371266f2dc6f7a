"""Which levels does a categorical factor have? Those that its rows hold, counted, frozen, and the code of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import DataError, FormulaError, listing, suggestion
from glmlr.language.categories import Codes, Factor, Labels, labelled, smallest_integers, sorted_levels
from glmlr.language.expressions import CONTRASTS, Expression

Integers = npt.NDArray[np.intp]

#: A factor with more levels than this would need a coding matrix of hundreds of megabytes.
MOST_LEVELS: Final = 5000
#: Up to so many levels are counted by comparing one-byte codes with each, which is faster than `bincount`.
_FEW_LEVELS: Final = 16


@dataclass(frozen=True, eq=False)
class SeenLevels:
    """The levels of a factor that some rows hold.

    Attributes:
        levels: in coding order; some may have no rows.
        counts: number of rows at each level.
        contrast: the coding that was asked for, or None.

    """

    levels: tuple[Any, ...]
    counts: Integers
    contrast: Any

    def merged(self, other: SeenLevels, expression: Expression) -> SeenLevels:
        """Give the levels of both sets of rows; sorted again where the two sets differ."""
        if self.levels == other.levels and list(map(type, self.levels)) == list(map(type, other.levels)):
            return replace(self, counts=self.counts + other.counts)
        _, levels = sorted_levels(list(_as_one_type([*self.levels, *other.levels])))
        _refuse_many_levels(expression, len(levels), int(self.counts.sum() + other.counts.sum()))
        position = {level: at for at, level in enumerate(levels)}
        counts = np.zeros(len(levels), dtype=np.intp)
        for one in (self, other):
            np.add.at(counts, [position[level] for level in one.levels], one.counts)
        return SeenLevels(levels, counts, self.contrast)

    def frozen(self, expression: Expression) -> FrozenLevels:
        """Freeze the levels: those that have rows, in their order.

        Raises:
            DataError: one level only, or too many.
            FormulaError: a coding that is none, or that names a level which is not there.

        """
        levels = tuple(self.levels[at] for at in np.flatnonzero(self.counts))
        absent = [str(self.levels[at]) for at in np.flatnonzero(self.counts == 0)]
        size = int(self.counts.sum())
        if len(levels) == 1:
            raise DataError(
                f"{expression.name} has one level only, {str(levels[0])!r}, in the {size:,} rows used; it cannot "
                "explain anything: drop the term."
            )
        _refuse_many_levels(expression, len(levels), size)
        note = None
        if len(absent) == 1:
            note = f"{expression.name}: the level {absent[0]} has no rows and was dropped."
        elif absent:
            note = f"{expression.name}: the levels {listing(absent)} have no rows and were dropped."
        return FrozenLevels(levels, _checked_contrast(self.contrast, expression, levels, absent), note)


@dataclass(frozen=True, eq=False)
class FrozenLevels:
    """The levels of a factor for all rows to come, in coding order; the coding asked for, and what must be said."""

    levels: tuple[Any, ...]
    contrast: Any
    note: str | None


def _as_one_type(levels: Sequence[Any]) -> dict[Any, None]:
    """Give distinct levels; whole numbers beside fractions are floating point, as in one column."""
    numbers = all(isinstance(level, (int, float)) and not isinstance(level, bool) for level in levels)
    if numbers and any(isinstance(level, float) for level in levels):
        return dict.fromkeys(float(level) for level in levels)
    return dict.fromkeys(levels)


def seen_levels(expression: Expression, value: Any, size: int) -> tuple[SeenLevels, Codes]:
    """Say which levels the values of a factor take, and the code of each row, shape (size,).

    Raises:
        DataError: a level that is not among those that were declared, or a row without a level.

    """
    marked = value if isinstance(value, Factor) else Factor(value)
    labels = labels_of(marked.values, expression, size)
    known = labels.levels if marked.levels is None else marked.levels
    codes = recoded(labels, known)
    if codes.min(initial=0) < 0:
        strange = listing(repr(level) for level in labels.levels if level not in set(known))
        raise DataError(f"levels= of {expression.name} leaves out {strange}, which the data hold; name every level.")
    return SeenLevels(tuple(known), _counted(codes, len(known)), marked.contrast), codes


def _counted(codes: Codes, levels: int) -> Integers:
    """Count the rows at each level."""
    if codes.itemsize == 1 and levels <= _FEW_LEVELS:
        return np.array([np.count_nonzero(codes == level) for level in range(levels)], dtype=np.intp)
    return np.bincount(codes, minlength=levels)


def is_categorical(value: Any) -> bool:
    """Whether an expression gave categories, and not numbers."""
    return isinstance(value, (Labels, Factor)) or (isinstance(value, np.ndarray) and value.dtype.kind in "bOU")


def labels_of(values: Any, expression: Expression, size: int) -> Labels:
    """Give values that are to be categories as `Labels`."""
    if isinstance(values, Labels):
        labels = values
    else:
        array: Any = values.array if isinstance(values, pd.Series) else np.asarray(values)
        if np.ndim(array) == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if np.ndim(array) != 1:
            raise FormulaError(f"{expression.name} must be one value per row to be a factor.")
        if array.dtype.kind == "b":
            labels = Labels(array.astype(np.int8), (False, True), expression.name)
        else:
            labels = labelled(array, expression.name)
    if labels.codes.size != size:
        raise FormulaError(f"{expression.name} gives {labels.codes.size:,} values for {size:,} rows.")
    if labels.missing is not None:
        raise DataError(
            f"{expression.name} is missing in {int(labels.missing.sum()):,} rows; it must have a level in each."
        )
    return labels


def recoded(labels: Labels, levels: Sequence[Any]) -> Codes:
    """Give codes into other levels, -1 where a level is not among them."""
    if labels.levels == tuple(levels):
        return labels.codes
    position = {level: at for at, level in enumerate(levels)}
    table = np.array([_position(level, position) for level in labels.levels] + [-1])
    return table.astype(smallest_integers(len(levels)))[labels.codes]


def _position(level: Any, position: Mapping[Any, int]) -> int:
    try:
        return position.get(level, -1)
    except TypeError:
        return -1


def _refuse_many_levels(expression: Expression, levels: int, size: int) -> None:
    if levels > MOST_LEVELS:
        raise DataError(
            f"{expression.name} has {levels:,} different values in {size:,} rows, too many for a factor (at most "
            f"{MOST_LEVELS:,}); leave it out, or group its levels."
        )


def _checked_contrast(contrast: Any, expression: Expression, levels: tuple[Any, ...], absent: Sequence[str]) -> Any:
    """Check that a coding is one, and that the level it names exists."""
    if contrast is None:
        return None
    if isinstance(contrast, np.ndarray) and contrast.ndim == 2 and contrast.dtype.kind in "iuf":
        if contrast.shape[0] != len(levels):
            raise FormulaError(
                f"{expression.name}: the coding has {contrast.shape[0]} rows; it must have one for each of the "
                f"{len(levels)} levels, {listing(map(repr, levels))}."
            )
        return contrast
    if not hasattr(contrast, "code_without_intercept"):
        raise FormulaError(
            f"{expression.name}: the coding must be one of {listing(CONTRASTS)}, as in C(x, Treatment('a')) or "
            "C(x, Sum), or a matrix with one row per level, as in C(x, [[1, 0], [0, 1], [-1, -1]])."
        )
    for attribute in ("reference", "omit"):
        if (level := getattr(contrast, attribute, None)) is not None:
            _refuse_absent_level(level, expression, levels, absent)
    return contrast


def _refuse_absent_level(level: Any, expression: Expression, levels: tuple[Any, ...], absent: Sequence[str]) -> None:
    """Say that the level a coding names does not exist; a whole number may also be the position of a level."""
    if not isinstance(level, (str, bool, int, float)):
        raise FormulaError(f"{expression.name}: a coding names one level, such as {levels[0]!r}.")
    if level in levels or (isinstance(level, int) and -len(levels) <= level < len(levels)):
        return
    texts = [known for known in levels if isinstance(known, str)]
    why = "has no rows" if str(level) in absent else "is not a level"
    hint = suggestion(level, texts) if isinstance(level, str) and why != "has no rows" else ""
    known = listing(map(repr, levels))
    raise FormulaError(f"{expression.name}: {level!r} {why}{hint or '.'} The levels are {known}.")
