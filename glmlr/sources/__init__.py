"""What do the rows hold? Any data frame, dict or file becomes named columns, each of one kind."""

from __future__ import annotations

import decimal
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import ArgumentError, DataError, listing, suggestion
from glmlr.language.categories import Labels, labelled
from glmlr.sources.database import Grouped
from glmlr.sources.files import read_file, refuse_duplicates

Bools = npt.NDArray[np.bool_]
Kind = Literal["number", "truth", "category", "mixed", "date", "nothing"]


@dataclass(frozen=True, eq=False)
class Column:
    """One column as a formula sees it (m rows).

    Attributes:
        name: its name.
        kind: "number", "truth" (bools), "category" (text or a categorical dtype), "mixed" (text beside numbers), "date"
            (dates, times and durations) or "nothing" (every value is missing).
        values: float64 or int64 for numbers, bool for truth, `Labels` for categories and mixed, a Series for dates;
            what stands in missing rows has no meaning.
        missing: which rows are missing, shape (m,), or None for none.
        finite: whether numbers are known to be finite in all rows; False where nobody has looked.

    """

    name: str
    kind: Kind
    values: Any
    missing: Bools | None = None
    finite: bool = False

    def at(self, rows: Bools) -> Column:
        """Give the rows chosen, none of which is missing."""
        if isinstance(self.values, Labels):
            return replace(self, values=replace(self.values, codes=self.values.codes[rows]), missing=None)
        return replace(self, values=self.values[rows], missing=None)

    def with_missing(self, rows: Bools) -> Column:
        """Give the rows chosen, a missing value among them as NaN or as no level."""
        absent = None if self.missing is None else self.missing[rows]
        if absent is None or not absent.any() or self.kind == "date":
            return self.at(rows)
        if isinstance(self.values, Labels):
            values: Any = replace(self.values, codes=np.where(absent, -1, self.values.codes[rows]))
        elif self.kind == "truth":
            values = Labels(np.where(absent, -1, self.values[rows]).astype(np.intp), (False, True), self.name)
        else:
            values = np.where(absent, np.nan, np.asarray(self.values[rows], dtype=np.float64))
        return replace(self, values=values, missing=absent, finite=False)

    def without_missing(self) -> Column:
        """Say that no row is missing."""
        return self if self.missing is None else replace(self, missing=None)


@dataclass(frozen=True, eq=False)
class Source:
    """Rows with named columns.

    Attributes:
        names: the columns, as text, in order.
        index: of the rows, length m.
        raw: gives a column as it came, as a Series over `index`.
        grouped: where the rows are patterns that a database counted: how many rows of it each stands for.

    """

    names: tuple[str, ...]
    index: pd.Index
    raw: Callable[[str], pd.Series]
    grouped: Grouped | None = field(default=None, kw_only=True)

    def column(self, name: str, where: str = "") -> Column:
        """Give a column by name, as one of the kinds of `Column`.

        Raises:
            DataError: no such column, or one that holds nothing a model can use.

        """
        if name not in self.names:
            hint = suggestion(name, self.names) or f"; there are {listing(self.names)}."
            raise DataError(f"column {name!r} not found{where}{hint}")
        return classified(self.raw(name), name)


# ------------------------------------------------------------------------------------------------ reading


def read(data: Any, *, one_row: bool = False) -> Source:
    """Read rows from whatever holds them; nothing of it is changed.

    Args:
        data: a pandas, polars, pyarrow or other data frame, a dict of columns, a list of records, a structured array,
            or the path of a CSV or Parquet file.
        one_row: whether a dict of single values is one row.

    Raises:
        ArgumentError: something that holds no columns.
        SourceError: a file that cannot be read.
        DataError: duplicate names, or columns of different lengths.

    """
    if isinstance(data, Source):
        return data
    if isinstance(data, pd.DataFrame):
        return _of_pandas(data)
    if isinstance(data, (str, PathLike)):
        return _of_pandas(read_file(Path(data)))
    if isinstance(data, Mapping):
        return _of_pandas(_from_dict(data, one_row))
    if isinstance(data, pd.Series) and one_row:
        return _of_pandas(pd.DataFrame({name: [value] for name, value in data.items()}))
    if isinstance(data, np.ndarray) and data.dtype.names:
        return _of_pandas(_from_dict({name: data[name] for name in data.dtype.names}, one_row=False))
    if isinstance(data, (list, tuple)) and data and all(isinstance(row, Mapping) for row in data):
        return _of_pandas(pd.DataFrame(list(data)))
    if isinstance(data, (np.ndarray, list, tuple, pd.Series, pd.Index)) or data is None or np.isscalar(data):
        raise ArgumentError(
            f"data is {_article(data)}, which has no named columns; give a data frame, a dict of columns, or the path "
            "of a CSV or Parquet file."
        )
    return _of_any_frame(data)


def _article(data: Any) -> str:
    if data is None:
        return "None"
    if isinstance(data, (list, tuple)) and not data:
        return f"an empty {type(data).__name__}"
    return f"a {type(data).__name__}"


def _of_pandas(frame: pd.DataFrame) -> Source:
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError("The columns have names of several levels; flatten them to one text each.")
    names = tuple(str(name) for name in frame.columns)
    refuse_duplicates(names)
    given = dict(zip(names, frame.columns, strict=True))

    @cache
    def raw(name: str) -> pd.Series:
        series = frame[given[name]]
        return series if series.name == name else series.rename(name)

    return Source(names, frame.index, raw)


def _from_dict(data: Mapping[Any, Any], one_row: bool) -> pd.DataFrame:
    """Make a frame of a dict of columns; single values stand for one row, or are repeated beside columns."""
    if not data:
        return pd.DataFrame()
    columns = {name: _dict_column(name, values) for name, values in data.items()}
    lengths = {name: len(values) for name, values in columns.items() if values is not None}
    if not lengths:
        if not one_row:
            raise DataError("The dict holds single values and no columns; give a list or an array for each name.")
        return pd.DataFrame({name: [value] for name, value in data.items()})
    if len(set(lengths.values())) > 1:
        shown = listing(f"{name!r} has {length}" for name, length in lengths.items())
        raise DataError(f"The columns must have one length: {shown}.")
    indexes = [values.index for values in data.values() if isinstance(values, pd.Series)]
    if any(not index.equals(indexes[0]) for index in indexes[1:]):
        raise DataError("The Series in the dict have different indexes; put them into one DataFrame first.")
    length = next(iter(lengths.values()))
    index = indexes[0] if indexes else pd.RangeIndex(length)
    ready = {}
    for name, values in columns.items():
        whole = pd.Series([data[name]] * length) if values is None else values
        ready[name] = whole.set_axis(index)
    return pd.DataFrame(dict(enumerate(ready.values())), index=index).set_axis(list(ready), axis=1)


def _dict_column(name: Any, values: Any) -> pd.Series | None:
    """Give a column, or None for a single value."""
    if isinstance(values, pd.Series):
        return values
    if isinstance(values, (str, bytes)) or values is None or np.isscalar(values) or np.ndim(values) == 0:
        return None
    if hasattr(values, "to_pandas"):
        return pd.Series(values.to_pandas())
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise DataError(f"The column {str(name)!r} is an array of shape {values.shape}; give one value per row.")
    return pd.Series(values if isinstance(values, (np.ndarray, pd.Index, pd.Categorical)) else pd.array(list(values)))


def _of_any_frame(data: Any) -> Source:
    """Read a frame of another library through narwhals."""
    import narwhals as nw

    try:
        frame = nw.from_native(data)
    except TypeError:
        raise ArgumentError(
            f"data is {_article(data)}, which is not a data frame that glmlr knows; convert it to pandas, polars or "
            "pyarrow, or give a dict of columns or the path of a CSV or Parquet file."
        ) from None
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    names = tuple(str(name) for name in eager.columns)
    refuse_duplicates(names)
    index = pd.RangeIndex(eager.shape[0])

    def raw(name: str) -> pd.Series:
        series = eager[name]
        # The order of a polars Categorical is an accident of the session; its text has an order.
        series = series.cast(nw.String) if series.dtype == nw.Categorical else series
        values = series.to_pandas()
        return pd.Series(values.array, index=index, name=name, copy=False)

    return Source(names, index, raw)


# ------------------------------------------------------------------------------------------------ kinds


def classified(series: pd.Series, name: str) -> Column:
    """Say what a column holds, and which of its rows are missing.

    Raises:
        DataError: complex numbers, bytes, lists and whatever else no model can use.

    """
    if isinstance(series.dtype, pd.SparseDtype):
        series = pd.Series(series.array.to_dense(), index=series.index, name=name)
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        labels = labelled(series, name)
        return Column(name, "category", labels, labels.missing)
    if isinstance(dtype, pd.ArrowDtype):
        return _of_arrow(series, name)
    if dtype.kind == "O" and not isinstance(dtype, (pd.StringDtype, pd.IntervalDtype, pd.PeriodDtype)):
        return _of_objects(series, name)
    return _of_kind(series, name, dtype.kind)


def _of_kind(series: pd.Series, name: str, kind: str) -> Column:
    if kind in "iuf":
        return _numbers(series, name)
    if kind == "b":
        return _truths(series, name)
    if kind in "mM" or isinstance(series.dtype, pd.PeriodDtype):
        return Column(name, "date", series, _some(series.isna().to_numpy()))
    if isinstance(series.dtype, (pd.StringDtype, pd.IntervalDtype)) or kind in "OU":
        return _labels(series, name)
    what = {"c": "complex numbers", "S": "bytes", "V": "records"}.get(kind, f"values of type {series.dtype}")
    raise DataError(f"column {name!r} holds {what}, which no term of a formula can use; convert it first.")


def _of_arrow(series: pd.Series, name: str) -> Column:
    import pyarrow as pa

    dtype: Any = series.dtype
    kind = dtype.pyarrow_dtype
    if pa.types.is_decimal(kind):
        return _numbers(series.astype("float64[pyarrow]"), name)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _numbers(series, name)
    if pa.types.is_boolean(kind):
        return _truths(series, name)
    if pa.types.is_temporal(kind):
        dates = pd.to_datetime(series.astype(object)) if pa.types.is_date(kind) else series
        return Column(name, "date", _as_numpy_dates(dates), _some(series.isna().to_numpy()))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _labels(series, name)
    if pa.types.is_dictionary(kind):
        return _labels(series.astype(object), name)
    if pa.types.is_null(kind):
        return Column(name, "nothing", np.zeros(len(series)), np.ones(len(series), dtype=bool))
    raise DataError(
        f"column {name!r} holds values of type {kind}, which no term of a formula can use; convert it first."
    )


def _as_numpy_dates(series: pd.Series) -> pd.Series:
    kind = series.dtype
    if isinstance(kind, pd.ArrowDtype):
        return pd.Series(series.array.to_numpy(), index=series.index, name=series.name)
    return series


def _of_objects(series: pd.Series, name: str) -> Column:
    """Look at what Python objects a column holds."""
    missing = series.isna().to_numpy()
    held = pd.api.types.infer_dtype(series, skipna=True)
    if held == "empty" or missing.all():
        return Column(name, "nothing", np.zeros(len(series)), np.ones(len(series), dtype=bool))
    if held in ("string", "interval"):
        return _labels(series, name)
    if held == "boolean":
        values = np.zeros(len(series), dtype=bool)
        values[~missing] = series[~missing].astype(bool)
        return Column(name, "truth", values, _some(missing))
    if held in ("datetime", "date", "datetime64", "timedelta", "timedelta64", "period", "time"):
        dates = pd.to_datetime(series) if held in ("datetime", "date", "datetime64") else series
        return Column(name, "date", dates, _some(missing))
    present = series[~missing]
    if all(isinstance(value, (numbers.Real, decimal.Decimal)) for value in present):
        whole = all(isinstance(value, numbers.Integral) for value in present)
        out = np.zeros(len(series), dtype=np.int64 if whole and not missing.any() else np.float64)
        out[~missing] = present.astype(out.dtype)
        return Column(name, "number", out, _some(missing | np.isnan(out)))
    if any(isinstance(value, (complex, bytes, list, dict, set, np.ndarray)) for value in present):
        what = {type(value).__name__ for value in present}
        raise DataError(f"column {name!r} holds {listing(sorted(what))} objects, which no term of a formula can use.")
    labels = labelled(series, name)
    return Column(name, "mixed", labels, _some(missing))


def _numbers(series: pd.Series, name: str) -> Column:
    values = series.array
    if isinstance(series.dtype, np.dtype):
        plain = series.to_numpy()
        if plain.dtype.kind == "f":
            floats = plain.astype(np.float64, copy=False)
            finite = all_finite(floats)
            return Column(name, "number", floats, None if finite else _some(np.isnan(floats)), finite)
        return Column(name, "number", plain.astype(np.int64 if plain.dtype != np.uint64 else np.float64, copy=False))
    missing = np.asarray(values.isna())
    kind = "f" if missing.any() else series.dtype.kind
    if kind in "iu" and not missing.any():
        return Column(name, "number", series.to_numpy(dtype=np.int64))
    floats = series.to_numpy(dtype=np.float64, na_value=np.nan)
    return Column(name, "number", floats, _some(missing | np.isnan(floats)))


def _truths(series: pd.Series, name: str) -> Column:
    if isinstance(series.dtype, np.dtype):
        return Column(name, "truth", series.to_numpy())
    missing = series.isna().to_numpy()
    return Column(name, "truth", series.to_numpy(dtype=bool, na_value=False), _some(missing))


def _labels(series: pd.Series, name: str) -> Column:
    labels = labelled(series, name)
    if not labels.levels:
        return Column(name, "nothing", np.zeros(len(series)), np.ones(len(series), dtype=bool))
    return Column(name, "category", labels, labels.missing)


def all_finite(values: npt.NDArray[Any]) -> bool:
    """Whether floats are all finite numbers: a finite sum says so at a third of the cost of a look at each."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def _some(missing: npt.NDArray[Any]) -> Bools | None:
    mask = np.asarray(missing, dtype=bool)
    return mask if mask.any() else None
