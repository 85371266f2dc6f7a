"""What is a category? Text and other labels as codes into levels, with the order in which the levels are coded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Integers = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Labels:
    """Values of a categorical column inside an expression.

    Attributes:
        codes: position of each row's level, shape (m,); -1 where there is none.
        levels: the levels, in coding order.
        name: the column, for messages.
        ordered: whether the order of the levels was declared.

    """

    codes: Integers
    levels: tuple[Any, ...]
    name: str
    ordered: bool = False

    def values(self) -> npt.NDArray[Any]:
        """Give the level of each row as an array of objects, shape (m,)."""
        table = np.empty(len(self.levels) + 1, dtype=object)
        table[:-1] = self.levels
        table[-1] = None
        return np.asarray(table[self.codes])

    def where(self, test: Callable[[Any], bool]) -> Bools:
        """Say for each row whether its level passes a test, shape (m,)."""
        passes = np.array([test(level) for level in self.levels] + [False], dtype=bool)
        return np.asarray(passes[self.codes])


def labelled(values: Any, name: str) -> Labels:
    """Make `Labels` of text or other objects, the levels sorted."""
    if isinstance(values, pd.Series):
        values = values.array
    if isinstance(values, pd.Categorical):
        return Labels(np.asarray(values.codes, dtype=np.intp), tuple(values.categories), name, bool(values.ordered))
    codes, levels = pd.factorize(values)
    order, found = sorted_levels(list(levels))
    back = np.empty(len(order) + 1, dtype=np.intp)
    back[order] = np.arange(len(order))
    back[-1] = -1
    return Labels(back[codes], found, name)


def sorted_levels(levels: Sequence[Any]) -> tuple[list[int], tuple[Any, ...]]:
    """Sort levels as patsy does (by type where they do not compare); also the positions they came from."""
    plain = [level.item() if isinstance(level, np.generic) else level for level in levels]
    try:
        order = sorted(range(len(plain)), key=lambda position: plain[position])
    except TypeError:
        order = sorted(range(len(plain)), key=lambda position: (type(plain[position]).__name__, str(plain[position])))
    return order, tuple(plain[position] for position in order)


@dataclass(frozen=True, eq=False)
class Factor:
    """What C(...) gives: values to be taken as categories, with their coding and levels where stated."""

    values: Any
    contrast: Any = None
    levels: tuple[Any, ...] | None = None


def factor(values: Any, contrast: Any = None, levels: Any = None) -> Factor:
    """Mark values as categories; the C of a formula."""
    if isinstance(values, Factor):
        contrast = values.contrast if contrast is None else contrast
        levels = values.levels if levels is None else levels
        values = values.values
    if levels is not None:
        if isinstance(levels, str) or not isinstance(levels, (list, tuple)):
            shown = repr(levels) if isinstance(levels, (str, bool, int, float)) else "its value"
            raise TypeError(f"levels= takes a list such as ['low', 'high']; {shown} is not a list")
        if not all(isinstance(level, (str, bool, int, float)) for level in levels):
            raise TypeError("levels= takes a list of plain values such as ['low', 'high']")
        if len(set(levels)) != len(levels):
            raise ValueError(f"levels={list(levels)!r} names a level twice")
        levels = tuple(levels)
    return Factor(values, np.asarray(contrast) if isinstance(contrast, list) else contrast, levels)
