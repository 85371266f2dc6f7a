"""What is a category? Text and other labels as codes into levels, with the order in which the levels are coded.

Codes are kept in the smallest integers that hold them: what a pass over a million rows costs is their bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.runs import in_threads, runs_of

Codes = npt.NDArray[np.signedinteger[Any]]
Bools = npt.NDArray[np.bool_]

#: Rows of text that one thread encodes at a time.
_TEXTS: Final = 1 << 17


@dataclass(frozen=True, eq=False)
class Labels:
    """Values of a categorical column inside an expression.

    Attributes:
        codes: position of each row's level, signed integers of any size, shape (m,); -1 where there is none.
        levels: the levels, in coding order.
        name: the column, for messages.
        ordered: whether the order of the levels was declared.

    """

    codes: Codes
    levels: tuple[Any, ...]
    name: str
    ordered: bool = False

    @property
    def missing(self) -> Bools | None:
        """Which rows have no level, shape (m,), or None for none."""
        return self.codes < 0 if self.codes.min(initial=0) < 0 else None

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


def smallest_integers(levels: int) -> np.dtype[np.signedinteger[Any]]:
    """Give the smallest type that holds the codes of so many levels, -1, and their number."""
    return np.min_scalar_type(-levels - 1)


def labelled(values: Any, name: str) -> Labels:
    """Make `Labels` of text or other objects, the levels sorted."""
    if isinstance(values, pd.Series):
        values = values.array
    if isinstance(values, pd.Categorical):
        return Labels(values.codes, tuple(values.categories), name, bool(values.ordered))
    encoded = _encoded_text(values) if isinstance(values, pd.arrays.ArrowExtensionArray) else None
    codes, levels = pd.factorize(values) if encoded is None else encoded
    order, found = sorted_levels(list(levels))
    back = np.empty(len(order) + 1, dtype=smallest_integers(len(order)))
    back[order] = np.arange(len(order))
    back[-1] = -1
    # -1 and the number of levels both stand for no level.
    return Labels(np.take(back, codes, mode="wrap"), found, name)


def _encoded_text(values: Any) -> tuple[Codes, list[str]] | None:
    """Give the levels of text that Arrow holds and the code of each row, their number where there is none."""
    import pyarrow as pa

    texts = pa.array(values)
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        return None
    runs = [texts.slice(rows.start, rows.stop - rows.start) for rows in runs_of(len(texts), _TEXTS)]
    encoded = in_threads(methodcaller("dictionary_encode"), runs)
    chunks = [chunk for run in encoded for chunk in (run.chunks if isinstance(run, pa.ChunkedArray) else [run])]
    whole = pa.chunked_array(chunks, pa.dictionary(pa.int32(), texts.type)).unify_dictionaries().combine_chunks()
    levels = whole.dictionary.to_pylist()
    return whole.indices.fill_null(len(levels)).to_numpy(), levels


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
