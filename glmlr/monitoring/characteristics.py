"""Has a predictor moved? The rows of old data in bins that are kept, and how new rows fall into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import FEW_VALUES, Binning, added
from glmlr.design.recipe import as_in_fit
from glmlr.language.categories import Labels
from glmlr.levels import fit_binning
from glmlr.monitoring.stability import Stability, stability
from glmlr.sources import classified

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Characteristic:
    """A predictor's bins or levels, with the old rows in them (m rows; unseen values and missing ones among them).

    Attributes:
        binning: the bins.
        old: weight of the old rows in each, shape (m,).
        kind: what the column held ("number", "truth", "category", "mixed", "nothing").
        missing: whether missing values take part; False where it is not known how many the old rows had.

    """

    binning: Binning
    old: Floats
    kind: str
    missing: bool = True

    @property
    def name(self) -> str:
        """Name of the predictor."""
        return self.binning.name

    @property
    def is_cut(self) -> bool:
        """Whether it is a number in bins, so that values outside their range are in the outermost one."""
        return self.binning.bins is not None

    def place(self, values: pd.Series) -> Integers:
        """Give the row of each new value, shape (n,); numbers outside the edges are in the outermost bin.

        Raises:
            DataError: values of another kind than the old ones.

        """
        return self.binning.place(_placeable(values, self.kind, self.name))

    def count(self, place: Integers, weight: Floats) -> Floats:
        """Add up new rows by where they are placed, shape (m,)."""
        found = added(weight, place, len(self.binning))
        if not self.missing:
            found[self.binning.missing_row] = 0.0
        return found

    def moved(self, new: Floats, level: float) -> Stability:
        """Say how far the shares of new rows lie from those of the old ones."""
        return stability(new, self.old, level)

    def rows(self, new: Floats) -> pd.DataFrame:
        """Give the rows that hold something: bin, old and new rows and shares, and the part of the index."""
        some = (self.old > 0) | (new > 0)
        parts = stability(new, self.old).parts
        with np.errstate(invalid="ignore"):
            columns = {
                "level": list(self.binning.labels),
                "training_n": self.old,
                "n": new,
                "training_share": self.old / self.old.sum(),
                "share": new / new.sum(),
                "psi": parts,
            }
        return pd.DataFrame(columns)[some].reset_index(drop=True)


def characteristic(values: pd.Series, weight: Floats, bins: int, *, missing: float | None = 0.0) -> Characteristic:
    """Cut the values of old rows, or take their levels, to be kept for others.

    A number with more than `FEW_VALUES` values is cut at the quantiles of the old rows; others are taken value by
    value, categories level by level. A value or level that the old rows do not have has a row of its own; so have
    missing ones.

    Args:
        values: of the old rows, shape (n,), named.
        weight: rows that each stands for, shape (n,).
        bins: number of bins of a number.
        missing: old rows without a value that are not among these, or None where they are not known.

    Raises:
        DataError: dates, times, lists and the like.

    """
    held = classified(values, str(values.name))
    cut: dict[str, Any] = {}
    if held.kind == "number" and pd.unique(values).size > FEW_VALUES:
        cut = {"bins": bins, "method": "quantile"}
    binning = fit_binning(values, weight, np.zeros_like(weight), **cut)
    old = np.array(binning.events)
    old[binning.missing_row] += missing or 0.0
    return Characteristic(binning, old, held.kind, missing is not None)


def largest(found: Mapping[str, Stability]) -> str | None:
    """Name the predictor whose index is largest; None where there is none."""
    known = {name: one.index for name, one in found.items() if not np.isnan(one.index)}
    return max(known, key=lambda name: known[name]) if known else None


def _placeable(values: pd.Series, kind: str, name: str) -> Any:
    """Give values as bins place them: numbers with NaN, or codes with -1, where they are missing."""
    held = classified(values, name)
    held = held if kind == "nothing" else as_in_fit(held, kind)
    if held.kind in ("number", "nothing"):
        numbers = np.asarray(held.values, dtype=np.float64)
        return numbers if held.missing is None else np.where(held.missing, np.nan, numbers)
    labels = held.values
    if not isinstance(labels, Labels):
        labels = Labels(np.asarray(labels).astype(np.intp), (False, True), name)
    return labels if held.missing is None else replace(labels, codes=np.where(held.missing, -1, labels.codes))
