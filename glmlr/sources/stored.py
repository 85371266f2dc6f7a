"""Which rows stand where in a file? Parquet and Arrow files are read part by part, each part in any thread or process.

A part is some row groups of a Parquet file or some batches of an Arrow file. Nothing is opened until the part is read,
and a large row group is decoded as it is read, never held whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal

from glmlr.errors import GlmlrError, SourceError
from glmlr.sources import Source
from glmlr.sources.arrow_rows import Layout, Seen, batch_source, is_text, layout_of

Form = Literal["parquet", "arrow"]

#: Rows of a batch, at most. Measured: 176 ms of CPU for 1.5e6 rows of 14 columns, 187 at 32,768 rows, 189 at 262,144.
BATCH_ROWS: Final = 131_072
#: Rows from which a piece is large enough; row groups are added until it is.
PIECE_ROWS: Final = 262_144
#: Bytes read ahead of each column; without it a whole row group would be fetched before its first row is decoded.
AHEAD: Final = 65_536
#: A dictionary page of more bytes is one that may have overflowed, and growing dictionaries are slower than text.
_SMALL_DICTIONARY: Final = 65_536


@dataclass(frozen=True)
class StoredFile:
    """A Parquet or Arrow file, as it was when it was first looked at.

    Attributes:
        path: where it is, as it was given.
        form: how it is stored.
        size: bytes.
        modified: time of its last change, in nanoseconds.
        groups: number of rows of each row group or batch.
        keys: columns that its folders name, each as an Arrow array of one value.

    """

    path: str
    form: Form
    size: int
    modified: int
    groups: tuple[int, ...]
    keys: tuple[tuple[str, Any], ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.groups)

    def refuse_change(self) -> None:
        """Refuse a file that is not what it was.

        Raises:
            SourceError: it is gone, or has been written again.

        """
        try:
            now = Path(self.path).stat()
        except OSError:
            raise SourceError(
                f"The file {self.path!r} is gone; a fit reads it several times, so leave it there."
            ) from None
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified):
            sizes = "" if now.st_size == self.size else f" ({self.size:,} bytes then, {now.st_size:,} now)"
            raise SourceError(
                f"The file {self.path!r} has been written again since it was first read{sizes}; a fit reads it several "
                "times, so leave it as it is until the fit is done."
            )


@dataclass(frozen=True)
class Part:
    """Consecutive groups of one file, `first` to `last` - 1."""

    file: StoredFile
    first: int
    last: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.file.groups[self.first : self.last])

    @property
    def place(self) -> str:
        """Which groups of which file, counted from 1."""
        one, several = ("row group", "row groups") if self.file.form == "parquet" else ("batch", "batches")
        of = f"of {len(self.file.groups)}"
        if self.last - self.first == 1:
            return f"{one} {self.last} {of}"
        return f"{several} {self.first + 1} to {self.last} {of}"

    def batches(self, names: tuple[str, ...]) -> Iterator[Any]:
        """Give the rows as Arrow batches of at most `BATCH_ROWS`, with the columns named.

        Raises:
            SourceError: the file has changed, or cannot be read there.

        """
        self.file.refuse_change()
        read = 0
        for batch in _READERS[self.file.form](self, names):
            read += batch.num_rows
            yield _with_keys(batch, self.file, names)
        self.file.refuse_change()
        if read != self.rows:
            raise SourceError(
                f"The file {self.file.path!r} gives {read:,} rows at {self.place} where its footer says {self.rows:,}; "
                "it is damaged."
            )


@dataclass(frozen=True)
class StoredPiece:
    """Rows that are read one after the other; pieces are read side by side, in any thread or process.

    Attributes:
        name: which part of which file.
        rows: number of rows.
        start: position of its first row in the whole.
        parts: where the rows stand.
        layout: what their columns are.
        keeper: keeps temporary files while the piece is in use; a copy in another process does not.

    """

    name: str
    rows: int
    start: int
    parts: tuple[Part, ...]
    layout: Layout
    keeper: Any = None

    def batches(self) -> Iterator[Source]:
        """Give the rows, in order, in batches of at most `BATCH_ROWS`.

        Raises:
            SourceError: a file has changed, or cannot be read.

        """
        seen: Seen = {}
        start = self.start
        for batch in _gathered(batch for part in self.parts for batch in part.batches(self.layout.names)):
            yield batch_source(batch, self.layout, start, self.name, seen)
            start += batch.num_rows


def pieces_of(files: Sequence[StoredFile], layout: Layout, keeper: Any = None) -> tuple[StoredPiece, ...]:
    """Cut files into pieces of `PIECE_ROWS` rows or a little more, in order."""
    pieces: list[StoredPiece] = []
    held: list[tuple[StoredFile, int]] = []
    start = rows = 0
    groups = [(file, at) for file in files for at, count in enumerate(file.groups) if count]
    for number, (file, at) in enumerate(groups):
        held.append((file, at))
        rows += file.groups[at]
        if rows >= PIECE_ROWS or number == len(groups) - 1:
            parts = _parts(held)
            name = _name(parts) if keeper is None else f"rows {start + 1:,} to {start + rows:,}"
            pieces.append(StoredPiece(name, rows, start, parts, layout, keeper))
            start, rows, held = start + rows, 0, []
    return tuple(pieces)


def _parts(groups: list[tuple[StoredFile, int]]) -> tuple[Part, ...]:
    parts = []
    for _, same in groupby(groups, key=lambda group: group[0].path):
        members = list(same)
        parts.append(Part(members[0][0], members[0][1], members[-1][1] + 1))
    return tuple(parts)


def _name(parts: tuple[Part, ...]) -> str:
    first, last = parts[0], parts[-1]
    name = f"{Path(first.file.path).name}, {first.place}"
    return name if first is last else f"{name}, to {Path(last.file.path).name}, {last.place}"


# ------------------------------------------------------------------------------------------------ opening


def opened_files(paths: Sequence[str], form: Form) -> list[tuple[StoredFile, Any]]:
    """Look at files: their rows, without reading them, and the schema of each.

    Raises:
        SourceError: a file that is not what its ending says.

    """
    with ThreadPoolExecutor(min(8, len(paths))) as pool:
        return list(pool.map(lambda path: _opened(path, form), paths))


def _opened(path: str, form: Form) -> tuple[StoredFile, Any]:
    try:
        found = Path(path).stat()
        schema, groups = (_parquet_groups if form == "parquet" else _arrow_groups)(path)
    except FileNotFoundError:
        raise SourceError(f"There is no file {path!r}.") from None
    except Exception as problem:
        kind = "Parquet" if form == "parquet" else "Arrow"
        raise SourceError(f"The file {path!r} cannot be read as {kind}: {reason(problem)}.") from problem
    return StoredFile(path, form, found.st_size, found.st_mtime_ns, groups), schema


def _parquet_groups(path: str) -> tuple[Any, tuple[int, ...]]:
    with _parquet_file(path) as file:
        footer = file.metadata
        return file.schema_arrow, tuple(footer.row_group(at).num_rows for at in range(footer.num_row_groups))


def _arrow_groups(path: str) -> tuple[Any, tuple[int, ...]]:
    from pyarrow import ipc

    with _mapped(path) as source:
        # One column is enough to count rows; the others are not decompressed.
        one = ipc.open_file(source, options=ipc.IpcReadOptions(included_fields=[0]))
        groups = tuple(one.get_batch(at).num_rows for at in range(one.num_record_batches))
    with _mapped(path) as source:
        return ipc.open_file(source).schema, groups


def layout_of_file(file: StoredFile, schema: Any) -> Layout:
    """Say what the columns of a file are, those that its folders name included.

    Raises:
        DataError: two columns of one name.

    """
    import pyarrow as pa

    layout = layout_of(schema)
    keys = [(name, value) for name, value in file.keys if name not in layout.names]
    named = layout_of(pa.schema([(name, value.type) for name, value in keys]))
    return replace(layout, fields=(*layout.fields, *named.fields))


# ------------------------------------------------------------------------------------------------ reading


def _parquet_batches(part: Part, names: tuple[str, ...]) -> Iterator[Any]:
    with _telling(part), _parquet_file(part.file.path) as file:
        footer = file.metadata
        columns = [name for name in names if name in file.schema_arrow.names]
        coded = [name for name in columns if is_text(file.schema_arrow.field(name).type)]
    coded = _of_few_values(footer, part, coded)
    with _telling(part), _parquet_file(part.file.path, coded, footer) as file:
        for at in range(part.first, part.last):
            with _telling(part, at):
                for batch in file.iter_batches(BATCH_ROWS, row_groups=[at], columns=columns, use_threads=False):
                    yield batch.select(columns)


def _parquet_file(path: str, coded: Sequence[str] = (), footer: Any = None) -> Any:
    from pyarrow import parquet

    # Checksums are looked at where the writer made them: a damaged page is refused, and not read as numbers.
    return parquet.ParquetFile(
        path,
        metadata=footer,
        read_dictionary=list(coded),
        pre_buffer=False,
        buffer_size=AHEAD,
        page_checksum_verification=True,
    )


def _of_few_values(footer: Any, part: Part, columns: list[str]) -> list[str]:
    """Give the text columns that are stored as codes into few values: they are read as codes, several times faster."""
    few = set(columns)
    for group in (footer.row_group(at) for at in range(part.first, part.last)):
        for chunk in (group.column(at) for at in range(group.num_columns)):
            start = chunk.dictionary_page_offset
            if not start or not 0 < chunk.data_page_offset - start <= _SMALL_DICTIONARY:
                few.discard(chunk.path_in_schema)
    return [name for name in columns if name in few]


def _arrow_batches(part: Part, names: tuple[str, ...]) -> Iterator[Any]:
    from pyarrow import ipc

    with _telling(part), _mapped(part.file.path) as source:
        schema = ipc.open_file(source).schema
        wanted = [at for at, field in enumerate(schema) if field.name in names]
        reader = ipc.open_file(source, options=ipc.IpcReadOptions(included_fields=wanted, use_threads=False))
        for at in range(part.first, part.last):
            with _telling(part, at):
                batch = reader.get_batch(at)
                # Text with broken lengths would be read from elsewhere in memory.
                batch.validate(full=True)
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    yield batch.slice(start, BATCH_ROWS)


def _mapped(path: str) -> Any:
    import pyarrow as pa

    return pa.memory_map(path)


_READERS: Final[Mapping[Form, Callable[[Part, tuple[str, ...]], Iterator[Any]]]] = {
    "parquet": _parquet_batches,
    "arrow": _arrow_batches,
}


def _with_keys(batch: Any, file: StoredFile, names: tuple[str, ...]) -> Any:
    """Add the columns that the folders of a file name, the same value in each row."""
    import numpy as np
    import pyarrow as pa

    named = [(name, value) for name, value in file.keys if name in names and name not in batch.schema.names]
    if not named:
        return batch
    first = pa.array(np.zeros(batch.num_rows, dtype=np.int8))
    arrays = [*batch.columns, *(value.take(first) for _, value in named)]
    return pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, *(name for name, _ in named)])


def _gathered(batches: Iterator[Any]) -> Iterator[Any]:
    """Put small batches together, of small row groups or files, as long as their columns are of the same types."""
    held: list[Any] = []
    for batch in batches:
        full = held and sum(each.num_rows for each in held) + batch.num_rows > BATCH_ROWS
        if held and (full or not batch.schema.equals(held[0].schema)):
            yield _as_one(held)
            held = []
        if batch.num_rows:
            held.append(batch)
    if held:
        yield _as_one(held)


def _as_one(batches: list[Any]) -> Any:
    import pyarrow as pa

    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


# ------------------------------------------------------------------------------------------------ what goes wrong


@contextmanager
def _telling(part: Part, at: int | None = None) -> Iterator[None]:
    """Say which file and group cannot be read; without a group, the part."""
    place = (part if at is None else replace(part, first=at, last=at + 1)).place
    try:
        yield
    except (GlmlrError, MemoryError):
        raise
    except Exception as problem:
        raise SourceError(f"The file {part.file.path!r} cannot be read at {place}: {reason(problem)}.") from problem


def reason(problem: BaseException) -> str:
    """Give the first line of what a library says, without its full stop."""
    said = str(problem).strip()
    return said.splitlines()[0].rstrip(".") if said else type(problem).__name__
