"""Which batches of rows does a query give? Lazy frames, relations, readers and datasets, gone through once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glmlr.errors import DataError, GlmlrError, SourceError
from glmlr.sources.arrow_rows import Layout, layout_of
from glmlr.sources.files import refuse_duplicates
from glmlr.sources.paths import in_levels, refuse_other_columns
from glmlr.sources.spool import Spool
from glmlr.sources.stored import AHEAD, BATCH_ROWS, StoredFile, layout_of_file, opened_files, reason


@dataclass(frozen=True, eq=False)
class Query:
    """Rows that come as Arrow batches.

    Attributes:
        layout: what the columns are.
        given: what was given, for sentences.
        batches: gives the batches, with the columns named and maybe others.
        count: number of files given, 0 for what is no file.

    """

    layout: Layout
    given: str
    batches: Callable[[tuple[str, ...]], Iterator[Any]]
    count: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return self.layout.names

    def spool(self, columns: tuple[str, ...], spool: Spool) -> Layout:
        """Write some columns to a spool; say what they are.

        Raises:
            SourceError: the query fails.

        """
        try:
            for batch in self.batches(columns):
                spool.add(batch.select(list(columns)))
            spool.close()
        except (GlmlrError, MemoryError):
            raise
        except Exception as problem:
            raise SourceError(f"The data ({self.given}) cannot be read: {reason(problem)}.") from problem
        return self.layout.only(columns)


def of_lazy_frame(lazy: Any) -> Query:
    """Take a polars LazyFrame, which is evaluated in its streaming engine.

    Raises:
        SourceError: it cannot be planned, or this polars cannot give a result in batches.

    """
    import polars as pl

    given = "a polars LazyFrame"
    if not hasattr(lazy, "collect_batches"):
        raise SourceError(
            f"polars {pl.__version__} cannot give a LazyFrame in batches; update it, or write the rows with "
            "sink_parquet() and give that path."
        )
    with_oldest = pl.CompatLevel.oldest()
    try:
        # The order of a polars Categorical is an accident of the session; its text has an order.
        lazy = lazy.with_columns(pl.selectors.categorical().cast(pl.String))
        layout = layout_of(lazy.collect_schema().to_frame().to_arrow(compat_level=with_oldest).schema)
    except Exception as problem:
        raise SourceError(f"The data ({given}) cannot be read: {reason(problem)}.") from problem

    def batches(columns: tuple[str, ...]) -> Iterator[Any]:
        chosen = lazy.select(pl.selectors.by_name(*columns))
        for frame in chosen.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True, engine="streaming"):
            yield from frame.to_arrow(compat_level=with_oldest).to_batches()

    return Query(layout, given, batches)


def of_relation(relation: Any) -> Query:
    """Take a DuckDB relation, which is executed when its rows are copied.

    Raises:
        SourceError: it cannot be executed.
        DataError: two columns of one name.

    """
    given = "a DuckDB relation"
    refuse_duplicates(tuple(relation.columns))
    try:
        layout = layout_of(_arrow_reader(relation.limit(0)).schema)
    except Exception as problem:
        raise SourceError(f"The data ({given}) cannot be read: {reason(problem)}.") from problem

    def batches(columns: tuple[str, ...]) -> Iterator[Any]:
        quoted = ('"' + name.replace('"', '""') + '"' for name in columns)
        yield from _arrow_reader(relation.project(", ".join(quoted)))

    return Query(layout, given, batches)


def _arrow_reader(relation: Any) -> Any:
    if hasattr(relation, "to_arrow_reader"):
        return relation.to_arrow_reader(BATCH_ROWS)
    return relation.fetch_record_batch(BATCH_ROWS)


def of_reader(reader: Any) -> Query:
    """Take a pyarrow RecordBatchReader, whose rows come once."""
    taken = False

    def batches(_: tuple[str, ...]) -> Iterator[Any]:
        nonlocal taken
        if taken:
            raise SourceError(
                "A pyarrow RecordBatchReader gives its rows once, and they were read for other columns; make a new one."
            )
        taken = True
        empty = True
        for batch in reader:
            empty = empty and not batch.num_rows
            yield batch
        if empty:
            raise DataError(
                "The pyarrow RecordBatchReader gives no rows; it gives them once, so make one for each fit."
            )

    return Query(layout_of(reader.schema), "a pyarrow RecordBatchReader", batches)


def is_arrow_flow(path: str) -> bool:
    """Say whether a file is Arrow batches one after the other, without the footer that says where they are."""
    with Path(path).open("rb") as file:
        return file.read(6) != b"ARROW1"


def of_arrow_flows(paths: Sequence[str], given: str) -> Query:
    """Take Arrow files that have no footer, one after the other.

    Raises:
        SourceError: a file that is not Arrow, or has other columns than the first one.

    """
    layouts = []
    for path in paths:
        with _flow(path) as reader:
            layouts.append(layout_of(reader.schema))
        refuse_other_columns(paths[0], layouts[0].names, path, layouts[-1].names)
        if layouts[-1].only(layouts[0].names).fields != layouts[0].fields:
            raise SourceError(
                f"The columns of {path!r} are of other types than those of {paths[0]!r}; make them the same."
            )

    def batches(_: tuple[str, ...]) -> Iterator[Any]:
        for path in paths:
            with _flow(path) as reader:
                yield from reader

    return Query(layouts[0], given, batches, len(paths))


@contextmanager
def _flow(path: str) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import ipc

    try:
        with pa.memory_map(path) as source:
            yield ipc.open_stream(source)
    except (GlmlrError, MemoryError):
        raise
    except Exception as problem:
        raise SourceError(f"The file {path!r} cannot be read as Arrow: {reason(problem)}.") from problem


# ------------------------------------------------------------------------------------------------ datasets


def of_dataset(dataset: Any) -> Query:
    """Take a pyarrow Dataset of whatever kind, which is scanned when its rows are copied."""

    def batches(columns: tuple[str, ...]) -> Iterator[Any]:
        yield from dataset.to_batches(
            columns=list(columns),
            batch_size=BATCH_ROWS,
            batch_readahead=1,
            fragment_readahead=1,
            **_read_ahead(dataset),
        )

    return Query(layout_of(dataset.schema), "a pyarrow Dataset", batches)


def _read_ahead(dataset: Any) -> dict[str, Any]:
    """Give the options with which local Parquet files are decoded as they are read.

    By default whole row groups are fetched first: a scan of 2e7 rows of 14 columns took 1.5 GB, and 0.4 GB with these.
    """
    import pyarrow.dataset as ds

    if not _is_local_parquet(dataset):
        return {}
    options = ds.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True, buffer_size=AHEAD)
    return {"fragment_scan_options": options}


def _is_local_parquet(dataset: Any) -> bool:
    import pyarrow.dataset as ds
    from pyarrow import fs

    files = isinstance(dataset, ds.FileSystemDataset) and isinstance(dataset.format, ds.ParquetFileFormat)
    return files and isinstance(dataset.filesystem, fs.LocalFileSystem)


def files_of_dataset(dataset: Any) -> list[tuple[StoredFile, Any]] | None:
    """Give the files of a dataset where reading them is the same as scanning it, else None.

    It is where they are local Parquet files that hold its columns, of its types, and there is no filter.
    """
    import pyarrow.dataset as ds

    if not _is_local_parquet(dataset) or not dataset.files:
        return None
    try:
        fragments = list(dataset.get_fragments())
    except ValueError:
        # A dataset with a filter does not show its files.
        return None
    opened = opened_files([fragment.path for fragment in fragments], "parquet")
    keys = [ds.get_partition_keys(fragment.partition_expression) for fragment in fragments]
    named = _key_columns(keys, dataset.schema)
    files = [(replace(file, keys=key), schema) for (file, schema), key in zip(opened, named, strict=True)]
    whole = set(layout_of(dataset.schema).fields)
    return files if all(set(layout_of_file(file, schema).fields) == whole for file, schema in files) else None


def _key_columns(keys: list[dict[str, Any]], schema: Any) -> list[tuple[tuple[str, Any], ...]]:
    """Give the keys of each file as Arrow arrays of one value, of the types that the dataset has for them."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {}
    for name in (name for name in schema.names if name in keys[0]):
        kind = schema.field(name).type
        values = [each.get(name) for each in keys]
        if pa.types.is_dictionary(kind):
            columns[name] = in_levels(values, kind.value_type, kind.index_type)
        else:
            columns[name] = [pa.array([value], kind) for value in values]
    return [tuple((name, column[at]) for name, column in columns.items()) for at in range(len(keys))]
