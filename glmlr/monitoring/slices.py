"""Into which slices do rows fall? Periods of dates, or the values of a column, in order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.weights import lined_up
from glmlr.errors import DataError, OptionError, listing, suggestion
from glmlr.language.categories import Labels
from glmlr.sources import Column, Source

Integers = npt.NDArray[np.intp]

#: What a period may be called -> its code in pandas.
EVERY: Final = {
    "day": "D",
    "week": "W",
    "month": "M",
    "quarter": "Q",
    "year": "Y",
    # As pandas calls them.
    **{code: code for code in "DWMQY"},
    **dict(zip(("ME", "QE", "YE", "A"), "MQYY", strict=True)),
}
#: More slices than this are no slices that anyone looks at.
MOST: Final = 400


@dataclass(frozen=True, eq=False)
class Slices:
    """Rows by slice (m rows, s slices in order).

    Attributes:
        name: what they are slices of.
        labels: of the slices, length s.
        code: the slice of each row, shape (m,); -1 for none.
        dated: whether they are dates or periods.

    """

    name: str
    labels: tuple[str, ...]
    code: Integers
    dated: bool

    def rows(self) -> list[Integers]:
        """Give the positions of the rows of each slice, in order."""
        order = np.argsort(self.code, kind="stable")
        ends = np.searchsorted(self.code[order], np.arange(len(self.labels) + 1))
        return [order[start:end] for start, end in pairwise(ends)]


def slices_of(by: Any, source: Source, every: str | None) -> Slices:
    """Say into which slice each row falls.

    Args:
        by: name of a column, a Series (by its index) or one value per row.
        source: the rows.
        every: a key of `EVERY` for periods of dates; None for a slice per value.

    Raises:
        DataError: no such column, the wrong number of values, no value at all, or no dates where `every` is given.
        OptionError: an unknown period, or more slices than `MOST`.

    """
    if every is not None and every not in EVERY:
        raise OptionError(
            f"every={every!r} is not one of {listing(map(repr, list(EVERY)[:5]))}{suggestion(str(every), EVERY) or '.'}"
        )
    column = lined_up(by, "by", source)
    name = by if isinstance(by, str) else str(by.name) if isinstance(by, pd.Series) and by.name is not None else "slice"
    found = _by_value(column, name) if every is None else _by_period(column, name, EVERY[every])
    if not found.labels:
        raise DataError(f"by={name!r} is missing in every row; there is nothing to slice by.")
    if len(found.labels) > MOST:
        advice = "give every='month' or another period" if found.dated else "give a column with fewer values"
        raise OptionError(f"by={name!r} makes {len(found.labels):,} slices, and at most {MOST} are shown; {advice}.")
    return found


def _by_value(column: Column, name: str) -> Slices:
    values = column.values
    if isinstance(values, Labels):
        codes = np.asarray(values.codes, dtype=np.intp)
        held = np.unique(codes[codes >= 0])
        place = np.full(len(values.levels) + 1, -1, dtype=np.intp)
        place[held] = np.arange(held.size)
        return Slices(name, tuple(str(values.levels[at]) for at in held), place[codes], False)
    dated = column.kind == "date"
    series = pd.Series(values)
    if column.missing is not None:
        series = series.mask(column.missing)
    codes, found = pd.factorize(series, sort=True)
    midnight = dated and all(getattr(one, "time", None) and one.time() == pd.Timestamp(0).time() for one in found)
    labels = tuple(str(one.date()) if midnight else _label(one) for one in found)
    return Slices(name, labels, np.asarray(codes, dtype=np.intp), dated)


def _label(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, (float, np.floating)) else str(value)


def _by_period(column: Column, name: str, code: str) -> Slices:
    series = _dates(column, name)
    periods = series.dt.asfreq(code) if isinstance(series.dtype, pd.PeriodDtype) else series.dt.to_period(code)
    known = periods.dropna()
    if known.empty:
        return Slices(name, (), np.full(len(series), -1, dtype=np.intp), True)
    first, last = known.min(), known.max()
    if (last - first).n >= MOST:
        raise OptionError(
            f"by={name!r} makes more than {MOST} periods, from {first} to {last}, and at most {MOST} are shown; give a "
            "longer period as every=."
        )
    # Periods without rows are slices too: a gap in time is seen.
    every = pd.period_range(first, last, freq=first.freq)
    where = every.get_indexer(pd.PeriodIndex(periods))
    return Slices(name, tuple(_period_label(one, code) for one in every), np.asarray(where, dtype=np.intp), True)


def _period_label(period: Any, code: str) -> str:
    return str(period.start_time.date()) if code == "W" else str(period)


def _dates(column: Column, name: str) -> pd.Series:
    """Give dates or periods; text is read as dates, as ISO 8601 writes them."""
    if column.kind == "date":
        series = pd.Series(column.values).reset_index(drop=True)
        if isinstance(series.dtype, pd.PeriodDtype):
            return series
        if pd.api.types.is_datetime64_any_dtype(series.dtype):
            return series.dt.tz_localize(None) if getattr(series.dt, "tz", None) is not None else series
    if isinstance(column.values, Labels) and column.kind == "category":
        try:
            levels = pd.to_datetime(pd.Index([str(level) for level in column.values.levels]), format="ISO8601")
        except ValueError:
            pass
        else:
            codes = np.asarray(column.values.codes)
            return pd.Series(pd.DatetimeIndex(levels).take(np.maximum(codes, 0))).mask(codes < 0)
    raise DataError(
        f"every= makes periods of dates, and by={name!r} holds none; turn it into dates (pandas.to_datetime) or leave "
        "every= out."
    )
