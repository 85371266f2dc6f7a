"""What can be read in pieces, again and again? Files, queries and readers whose rows need not fit into memory.

A fit reads its rows several times, each time in pieces side by side, and of each row only the columns of the formula.
Parquet and Arrow files are read where they are. Text, queries and readers give their rows once, or not in pieces; their
rows are first copied to temporary files, only the columns asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from os import PathLike
from typing import Any, Final, Protocol

from glmlr.errors import DataError, SourceError
from glmlr.sources import Kind, Source
from glmlr.sources.arrow_rows import Layout, asked_for, joined
from glmlr.sources.paths import Found, found_files, keys_of, means_many_rows, refuse_other_columns
from glmlr.sources.queries import (
    Query,
    files_of_dataset,
    is_arrow_flow,
    of_arrow_flows,
    of_dataset,
    of_lazy_frame,
    of_reader,
    of_relation,
)
from glmlr.sources.spool import Folder, Spool
from glmlr.sources.stored import StoredFile, StoredPiece, layout_of_file, opened_files, pieces_of
from glmlr.sources.texts import opened_texts


class Piece(Protocol):
    """Rows read one after the other; pieces are read side by side, and can be sent to another process."""

    @property
    def name(self) -> str:
        """Which part of which file, for messages."""
        ...

    @property
    def rows(self) -> int:
        """Number of rows."""
        ...

    @property
    def start(self) -> int:
        """Position of its first row in the whole."""
        ...

    def batches(self) -> Iterator[Source]:
        """Give the rows in order, at most 131,072 at a time, their index going on through the whole."""
        ...


class Stream(Protocol):
    """Rows that are read in pieces, the same rows in the same order each time."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        ...

    @property
    def kinds(self) -> Mapping[str, Kind] | None:
        """What each column is, as far as its type says it, or None until text has been read."""
        ...

    @property
    def declared(self) -> frozenset[str]:
        """The columns whose levels have an order of their own: that in which they appear, piece after piece."""
        ...

    @property
    def rows(self) -> int | None:
        """Number of rows, or None until they have been read once."""
        ...

    @property
    def described(self) -> str:
        """What is read, for sentences."""
        ...

    @property
    def spooled_bytes(self) -> int:
        """Bytes of temporary files."""
        ...

    def only(self, columns: Iterable[str]) -> Stream:
        """Give the stream of some of the columns; no other is read."""
        ...

    def pieces(self) -> Sequence[Piece]:
        """Give the pieces, in order."""
        ...


# ------------------------------------------------------------------------------------------------ kinds of streams


@dataclass(frozen=True, eq=False)
class Stored:
    """A stream of rows in Parquet or Arrow files.

    Attributes:
        files: the files, in order.
        layouts: each different set of columns, with the first file that has it.
        given: what was given, for sentences.
        count: number of files given, 0 for what is no file.
        keeper: keeps temporary files while the stream is in use.

    """

    files: tuple[StoredFile, ...]
    layouts: tuple[tuple[str, Layout], ...]
    given: str
    count: int
    keeper: Folder | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return self.layouts[0][1].names

    @property
    def kinds(self) -> dict[str, Kind]:
        """What each column is, as far as its type says it."""
        return self.layout.kinds

    @property
    def declared(self) -> frozenset[str]:
        """The columns whose levels have an order of their own."""
        return frozenset(field.name for field in self.layout.fields if field.declared)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(file.rows for file in self.files)

    @property
    def described(self) -> str:
        """What is read, for sentences."""
        return _counted(self.given, self.count, self.rows)

    @property
    def spooled_bytes(self) -> int:
        """Bytes of temporary files."""
        return 0 if self.keeper is None else sum(file.size for file in self.files)

    @cached_property
    def layout(self) -> Layout:
        """What the columns are in all files.

        Raises:
            SourceError: a column is something else in another file.

        """
        first_path, whole = self.layouts[0]
        for path, layout in self.layouts[1:]:
            others = layout.only(whole.names).fields
            fields = []
            for first, other in zip(whole.fields, others, strict=True):
                both = joined(first, other)
                if both is None:
                    raise SourceError(
                        f"The column {first.name!r} of {path!r} is of type {other.type}, that of {first_path!r} of "
                        f"type {first.type}; make them one type."
                    )
                fields.append(both)
            whole = replace(whole, fields=tuple(fields))
        return whole

    def only(self, columns: Iterable[str]) -> Stored:
        """Give the stream of some of the columns; see `Stream.only`."""
        wanted = asked_for(columns, self.names)
        return replace(self, layouts=tuple((path, layout.only(wanted)) for path, layout in self.layouts))

    def pieces(self) -> tuple[StoredPiece, ...]:
        """Give the pieces, in order."""
        return pieces_of(self.files, self.layout, self.keeper)


class Origin(Protocol):
    """Rows that can be gone through from the first to the last."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        ...

    @property
    def layout(self) -> Layout | None:
        """What the columns are, or None where only the rows can say."""
        ...

    @property
    def given(self) -> str:
        """What was given, for sentences."""
        ...

    @property
    def count(self) -> int:
        """Number of files given, 0 for what is no file."""
        ...

    def spool(self, columns: tuple[str, ...], spool: Spool) -> Layout:
        """Write some columns to a spool; say what they are."""
        ...


@dataclass(frozen=True, eq=False)
class Spooled:
    """A stream of rows that are copied to temporary files when they are first asked for.

    Attributes:
        origin: where they come from.
        names: the columns asked for.
        where: the folder for temporary files, or None for that of the system.

    """

    origin: Origin
    names: tuple[str, ...]
    where: str | PathLike[str] | None

    @property
    def kinds(self) -> dict[str, Kind] | None:
        """What each column is, as far as its type says it, or None until text has been read."""
        layout = self._layout
        return None if layout is None else layout.kinds

    @property
    def declared(self) -> frozenset[str]:
        """The columns whose levels have an order of their own; those of text never have."""
        layout = self._layout
        return frozenset() if layout is None else frozenset(f.name for f in layout.fields if f.declared)

    @property
    def rows(self) -> int | None:
        """Number of rows, or None until they have been copied."""
        return self._copied.rows if self._is_copied else None

    @property
    def described(self) -> str:
        """What is read, for sentences."""
        return _counted(self.origin.given, self.origin.count, self.rows)

    @property
    def spooled_bytes(self) -> int:
        """Bytes of temporary files."""
        return self._copied.spooled_bytes if self._is_copied else 0

    def only(self, columns: Iterable[str]) -> Stream:
        """Give the stream of some of the columns; see `Stream.only`."""
        wanted = asked_for(columns, self.names)
        return self._copied.only(wanted) if self._is_copied else replace(self, names=wanted)

    def pieces(self) -> tuple[StoredPiece, ...]:
        """Give the pieces, in order; the first time, the rows are copied.

        Raises:
            SourceError: they cannot be read, or there is no room for them.
            DataError: there are none.

        """
        return self._copied.pieces()

    @property
    def _is_copied(self) -> bool:
        return "_copied" in self.__dict__

    @property
    def _layout(self) -> Layout | None:
        if self._is_copied:
            return self._copied.layout
        return None if self.origin.layout is None else self.origin.layout.only(self.names)

    @cached_property
    def _copied(self) -> Stored:
        folder = Folder(self.where)
        try:
            spool = Spool(folder)
            layout = self.origin.spool(self.names, spool)
            if not spool.files:
                raise DataError(f"The data ({self.origin.given}) hold no rows.")
        except BaseException:
            folder.remove()
            raise
        given = self.origin.given
        return Stored(tuple(spool.files), ((given, layout),), given, self.origin.count, folder)


def _counted(given: str, files: int, rows: int | None) -> str:
    """Say what was given and how much it is, as far as that is known."""
    counts = [f"{count:,} {name}{'s' * (count != 1)}" for count, name in ((files, "file"), (rows, "row")) if count]
    return f"{given} ({', '.join(counts)})" if counts else given


# ------------------------------------------------------------------------------------------------ opening


def streamed(data: Any) -> bool:
    """Say whether data are read in pieces; other data are held in memory, or small enough to be.

    Read in pieces are: a pattern such as "data/*.parquet", a folder, a list of paths, an Arrow file, a CSV or Parquet
    file of more than 256 MB, a pyarrow Dataset or RecordBatchReader, a polars LazyFrame, a DuckDB relation.
    """
    if isinstance(data, (str, PathLike)):
        return means_many_rows(data)
    if isinstance(data, (list, tuple)):
        return bool(data) and all(isinstance(each, (str, PathLike)) for each in data)
    return any(_is_a(data, module, name) for module, name in _OPENERS)


def open_stream(data: Any, *, where: str | PathLike[str] | None = None) -> Stream | None:
    """Open data that are read in pieces; give None for data that are not (see `streamed`).

    Args:
        data: the rows.
        where: folder for temporary files, where there must be some; the system's by default (TMPDIR).

    Raises:
        SourceError: no files, or files that cannot be read or do not go together; no pyarrow.
        DataError: no rows, or two columns of one name.

    """
    if not streamed(data):
        return None
    if find_spec("pyarrow") is None:
        raise SourceError("Reading rows in pieces needs pyarrow; install glmlr[arrow].")
    if isinstance(data, (str, PathLike, list, tuple)):
        return _of_paths(found_files(data), where)
    opener = next(opener for (module, name), opener in _OPENERS.items() if _is_a(data, module, name))
    opened = opener(data)
    return opened if isinstance(opened, Stored) else Spooled(opened, opened.names, where)


def _is_a(data: Any, module: str, name: str) -> bool:
    """Say whether data are of a class, without loading the library that nobody has loaded yet."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(data, kind)


def _of_paths(found: Found, where: str | PathLike[str] | None) -> Stream:
    if found.form == "text":
        texts = opened_texts(found.paths, found.given)
        return Spooled(texts, texts.names, where)
    if found.form == "arrow" and is_arrow_flow(found.paths[0]):
        flows = of_arrow_flows(found.paths, found.given)
        return Spooled(flows, flows.names, where)
    opened = opened_files(found.paths, found.form)
    if found.form == "parquet":
        keys = keys_of(found.paths)
        opened = [(replace(file, keys=key), schema) for (file, schema), key in zip(opened, keys, strict=True)]
    return _stored(opened, found.given)


def _stored(opened: Sequence[tuple[StoredFile, Any]], given: str) -> Stored:
    """Put files together that have the same columns; those without rows are left out."""
    full = [(file, schema) for file, schema in opened if file.rows]
    if not full:
        raise DataError(f"The data ({given}) hold no rows.")
    layouts: list[tuple[str, Layout]] = []
    for file, schema in full:
        layout = layout_of_file(file, schema)
        if layouts:
            refuse_other_columns(layouts[0][0], layouts[0][1].names, file.path, layout.names)
        if all(layout.fields != known.fields for _, known in layouts):
            layouts.append((file.path, layout))
    return Stored(tuple(file for file, _ in full), tuple(layouts), given, len(full))


def _of_dataset(dataset: Any) -> Stored | Query:
    files = files_of_dataset(dataset)
    return of_dataset(dataset) if files is None else _stored(files, "a pyarrow Dataset")


_OPENERS: Final[Mapping[tuple[str, str], Callable[[Any], Stored | Query]]] = {
    ("pyarrow.dataset", "Dataset"): _of_dataset,
    ("pyarrow", "RecordBatchReader"): of_reader,
    ("polars", "LazyFrame"): of_lazy_frame,
    ("duckdb", "DuckDBPyRelation"): of_relation,
}
