"""What do the columns of an Arrow batch hold? The same kinds and values that pandas would give of the whole file.

A column is judged by its Arrow type, not by the rows of one batch: text of which a batch happens to hold nothing is
still text. Numbers without gaps are taken as they lie in memory; text comes as codes into its distinct values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import DataError, SourceError, listing, suggestion
from glmlr.language.categories import Labels, sorted_levels
from glmlr.sources import Column, Kind, Source, classified
from glmlr.sources.files import refuse_duplicates

_EXTENSIONS: Final[Mapping[str, Kind]] = {"pandas.period": "date", "pandas.interval": "category"}


@dataclass(frozen=True)
class Field:
    """A column of stored rows.

    Attributes:
        name: its name.
        type: its Arrow type, that of the whole where files or chunks differ.
        kind: what it is to a formula, or None where only its values can say (or no term can use it).

    """

    name: str
    type: Any
    kind: Kind | None

    @property
    def declared(self) -> bool:
        """Whether its levels have an order of their own, which is kept; those of text are sorted."""
        return self.kind == "category" and hasattr(self.type, "value_type")

    @property
    def text(self) -> bool:
        """Whether it is text, which may come as codes."""
        return self.kind == "category" and is_text(self.type)


@dataclass(frozen=True)
class Layout:
    """The columns of stored rows.

    Attributes:
        fields: the columns, in order.
        metadata: what pandas noted beside the schema, so that it gives its own types back.

    """

    fields: tuple[Field, ...]
    metadata: Mapping[bytes, bytes] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each column whose type says it."""
        return {field.name: field.kind for field in self.fields if field.kind is not None}

    def only(self, columns: Iterable[str]) -> Layout:
        """Give some of the columns, in the order asked for.

        Raises:
            DataError: no such column.

        """
        held = {field.name: field for field in self.fields}
        wanted = asked_for(columns, self.names)
        return replace(self, fields=tuple(held[name] for name in wanted))


def asked_for(columns: Iterable[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the columns asked for, each once.

    Raises:
        DataError: no such column.

    """
    wanted = tuple(dict.fromkeys(columns))
    for name in wanted:
        if name not in names:
            hint = suggestion(name, names) or f"; there are {listing(names)}."
            raise DataError(f"column {name!r} not found{hint}")
    return wanted


# ------------------------------------------------------------------------------------------------ types


def layout_of(schema: Any) -> Layout:
    """Say what the columns of an Arrow schema are; an index that pandas stored is none of them.

    Raises:
        DataError: two columns of one name, or names of several levels.

    """
    noted = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    if len(noted.get("column_indexes") or ()) > 1:
        raise DataError("The columns have names of several levels; flatten them to one text each.")
    indexes = {name for name in noted.get("index_columns", ()) if isinstance(name, str)}
    kept = [each for each in schema if each.name not in indexes]
    fields = tuple(Field(each.name, without_views(each.type), kind_of(each.type)) for each in kept)
    refuse_duplicates(tuple(field.name for field in fields))
    return Layout(fields, {b"pandas": schema.metadata[b"pandas"]} if noted else None)


def kind_of(kind: Any) -> Kind | None:
    """Say what an Arrow type is to a formula."""
    from pyarrow import types

    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_boolean(kind):
        return "truth"
    if types.is_dictionary(kind):
        plain = is_text(kind.value_type) or kind_of(kind.value_type) in ("number", "truth")
        return "category" if plain else None
    if is_text(kind):
        return "category"
    if types.is_temporal(kind):
        return "date"
    return "nothing" if types.is_null(kind) else _EXTENSIONS.get(getattr(kind, "extension_name", ""))


def is_text(kind: Any) -> bool:
    """Say whether an Arrow type is text, in one of its layouts."""
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or without_views(kind) != kind)


def without_views(kind: Any) -> Any:
    """Give plain text for text in views, which Arrow cannot take out of a dictionary yet; other types as they are."""
    import pyarrow as pa

    is_view = getattr(pa.types, "is_string_view", None)
    return pa.large_string() if is_view is not None and is_view(kind) else kind


def joined(first: Field, second: Field) -> Field | None:
    """Give what a column is that two files hold differently, or None where no column can be both."""
    if first.type == second.type or second.kind == "nothing":
        return first
    if first.kind == "nothing":
        return second
    if first.kind is None or first.kind != second.kind:
        return None
    if first.kind == "number":
        return replace(first, type=_number_type(first.type, second.type))
    return second if first.declared and not second.declared else first


def _number_type(first: Any, second: Any) -> Any:
    import pyarrow as pa

    whole = all(pa.types.is_integer(kind) and kind != pa.uint64() for kind in (first, second))
    return pa.int64() if whole else pa.float64()


# ------------------------------------------------------------------------------------------------ values


@dataclass(frozen=True, eq=False)
class Batch(Source):
    """Rows of which the columns are made from Arrow without going through a frame.

    Attributes:
        ready: gives a column as one of the kinds of `Column`.

    """

    ready: Callable[[str], Column]

    def column(self, name: str, where: str = "") -> Column:
        """Give a column by name; see `Source.column`."""
        return self.ready(name) if name in self.names else super().column(name, where)


#: The distinct values of the text columns of a piece: last Arrow dictionary, rank of each entry, levels.
Seen = dict[str, tuple[Any, npt.NDArray[np.intp], tuple[Any, ...]]]


def batch_source(batch: Any, layout: Layout, start: int, place: str, seen: Seen) -> Batch:
    """Make a source of an Arrow batch.

    Args:
        batch: the batch; its columns are found by name.
        layout: what the columns are in the whole.
        start: position of its first row in the whole.
        place: where it stands, for messages.
        seen: kept between the batches of one piece, so that levels are sorted once.

    """
    fields = {field.name: field for field in layout.fields}

    def array(name: str) -> Any:
        return _fitted(batch.column(batch.schema.get_field_index(name)), fields[name])

    def raw(name: str) -> pd.Series:
        return _series(array(name), fields[name], layout.metadata).set_axis(index)

    def ready(name: str) -> Column:
        try:
            found = _column(array(name), fields[name], seen, index)
            return _as_the_whole(classified(raw(name), name), fields[name]) if found is None else found
        except UnicodeDecodeError as problem:
            byte = problem.object[problem.start]
            raise SourceError(
                f"column {name!r} of {place} cannot be read: it is not UTF-8 text (it holds the byte {byte:#04x})."
            ) from None

    index = pd.RangeIndex(start, start + batch.num_rows)
    return Batch(layout.names, index, raw, ready)


def _fitted(array: Any, field: Field) -> Any:
    """Give an array as the type of the whole; text stays as it is coded, dates keep their unit."""
    import pyarrow as pa

    if array.type == field.type:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), field.type)
    if field.text and not pa.types.is_dictionary(array.type):
        return array.cast(field.type)
    # Not safe: whole numbers beyond 2**53 become the nearest floats, as in pandas.
    return array.cast(field.type, safe=False) if field.kind == "number" else array


def _series(array: Any, field: Field, metadata: Mapping[bytes, bytes] | None) -> pd.Series:
    import pyarrow as pa

    if field.text and pa.types.is_dictionary(array.type):
        array = array.cast(field.type)
    schema = pa.schema([pa.field(field.name, array.type)], metadata)
    series: pd.Series = pa.Table.from_arrays([array], schema=schema).to_pandas(use_threads=False).iloc[:, 0]
    return series.rename(field.name)


def _column(array: Any, field: Field, seen: Seen, index: pd.RangeIndex) -> Column | None:
    """Give a column without going through pandas, or None where that is the way to know what it holds."""
    import pyarrow as pa

    if field.kind == "number":
        return _numbers(array, field.name)
    if field.kind == "truth":
        missing = np.asarray(array.is_null()) if array.null_count else None
        filled = array.fill_null(False) if array.null_count else array
        return Column(field.name, "truth", filled.to_numpy(zero_copy_only=False), missing)
    if field.text or field.declared:
        return _labels(array, field, seen)
    if pa.types.is_date(array.type):
        return classified(array.cast(pa.timestamp("ms")).to_pandas().set_axis(index), field.name)
    return None


def _as_the_whole(column: Column, field: Field) -> Column:
    """Give a column without a single value the kind that it has elsewhere."""
    if column.kind != "nothing" or field.kind in (None, "nothing"):
        return column
    empty = Labels(np.full(len(column.values), -1), (), field.name)
    return replace(column, kind=field.kind, values=empty if field.kind == "category" else column.values)


def _numbers(array: Any, name: str) -> Column:
    import pyarrow as pa

    if pa.types.is_decimal(array.type):
        # By way of text, which rounds once; the direct cast misses the nearest float in one of seven values.
        array = array.cast(pa.string()).cast(pa.float64())
    plain = array.to_numpy(zero_copy_only=False)
    if plain.dtype.kind != "f" and plain.dtype != np.uint64:
        return Column(name, "number", plain.astype(np.int64, copy=False))
    floats = plain.astype(np.float64, copy=False)
    return Column(name, "number", floats, _some(np.isnan(floats)))


def _labels(array: Any, field: Field, seen: Seen) -> Column:
    import pyarrow as pa

    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    rank, levels = _ranked(array.dictionary, field, seen)
    indices = array.indices.cast(pa.int64())
    codes = rank[(indices.fill_null(rank.size - 1) if indices.null_count else indices).to_numpy()]
    if not field.declared:
        codes, levels = _used(codes, levels)
    ordered = field.declared and bool(field.type.ordered)
    return Column(field.name, "category", Labels(codes, levels, field.name, ordered), _some(codes < 0))


def _ranked(dictionary: Any, field: Field, seen: Seen) -> tuple[npt.NDArray[np.intp], tuple[Any, ...]]:
    """Give the level of each entry of a dictionary, -1 for a null and past the end, and the levels in coding order."""
    known = seen.get(field.name)
    if known is not None and dictionary.equals(known[0]):
        return known[1], known[2]
    entries = dictionary.to_pylist()
    distinct = list(dict.fromkeys(entry for entry in entries if entry is not None and entry == entry))
    levels = tuple(distinct) if field.declared else sorted_levels(distinct)[1]
    position = {level: at for at, level in enumerate(levels)}
    rank = np.fromiter((position.get(entry, -1) for entry in (*entries, None)), dtype=np.intp, count=len(entries) + 1)
    seen[field.name] = (dictionary, rank, levels)
    return rank, levels


def _used(codes: npt.NDArray[np.intp], levels: tuple[Any, ...]) -> tuple[npt.NDArray[np.intp], tuple[Any, ...]]:
    """Leave out the levels that do not occur; text has none but those it holds."""
    occurs = np.bincount(codes + 1, minlength=len(levels) + 1)[1:] > 0
    if occurs.all():
        return codes, levels
    renumbered = np.append(np.cumsum(occurs) - 1, -1)
    return renumbered[codes], tuple(level for level, kept in zip(levels, occurs, strict=True) if kept)


def _some(missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_] | None:
    return missing if missing.any() else None
