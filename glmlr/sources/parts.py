"""Are rows held in memory, or read in parts? Streams of files and queries, and rows on a cluster, behind one face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from typing import Any, Protocol, TypeVar, runtime_checkable

from glmlr.blocks import over_pieces
from glmlr.errors import ArgumentError
from glmlr.progress import Watch, watch_of
from glmlr.sources import Source
from glmlr.sources.cluster import OnCluster, is_client, is_dask_frame, rows_of_frame
from glmlr.sources.streams import Piece, open_stream
from glmlr.sources.streams import Stream as Pieces

T = TypeVar("T")


@runtime_checkable
class Stream(Protocol):
    """Rows that can be read again and again, part by part, and are never held."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        ...

    @property
    def described(self) -> str:
        """What the rows are, for sentences."""
        ...

    def only(self, columns: list[str]) -> Stream:
        """Give the same rows with some of the columns."""
        ...

    def over(self, function: Callable[[Source], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the parts, in an order that is always the same."""
        ...


@dataclass(frozen=True, eq=False)
class ReadHere:
    """Rows that the threads of this process read, piece by piece.

    Attributes:
        stream: the pieces.
        watch: told of the rows as they come, or None.

    """

    stream: Pieces
    watch: Watch | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return self.stream.names

    @property
    def described(self) -> str:
        """What is read, for sentences."""
        return self.stream.described

    @property
    def declared(self) -> frozenset[str]:
        """The columns whose levels have an order of their own."""
        return self.stream.declared

    def only(self, columns: list[str]) -> ReadHere:
        """Give the same rows with some of the columns."""
        return replace(self, stream=self.stream.only(columns))

    def over(self, function: Callable[[Source], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the batches, in an order that does not depend on the number of threads."""
        with self.watched_pass():
            return over_pieces(self.parts(), function, add)

    def parts(self) -> Sequence[Callable[[], Iterator[Source]]]:
        """Give the pieces, each of which gives its batches in order when it is called."""
        return [partial(self._batches, piece) for piece in self.stream.pieces()]

    def watched_pass(self) -> AbstractContextManager[None]:
        """Tell who watches that a pass over the rows begins and ends."""
        return nullcontext() if self.watch is None else self.watch.one_pass(self.stream.rows)

    def _batches(self, piece: Piece) -> Iterator[Source]:
        for source in piece.batches():
            yield source
            if self.watch is not None:
                self.watch.read(len(source.index))


def rows_in_parts(data: Any, client: Any = None, progress: Any = None) -> Stream | None:
    """Give the rows as a stream, or None where `data` is held in memory.

    Args:
        data: see `glmlr.sources.streams.open_stream`; a dask.dataframe; or a stream as this function gives it.
        client: a dask.distributed Client whose workers read the rows, or None.
        progress: see `glmlr.progress.watch_of`.

    Raises:
        ArgumentError: rows in this process's memory, with a cluster to read them.
        SourceError: files that are not there, or cannot be read.

    """
    if isinstance(data, Stream):
        return data
    watch = watch_of(progress)
    if is_dask_frame(data):
        return rows_of_frame(data, client, watch)
    # A single file is read in pieces only where it is large; the workers of a cluster read it in any case.
    stream = open_stream([data] if client is not None and isinstance(data, (str, PathLike)) else data)
    if stream is None:
        if client is not None:
            raise ArgumentError(
                f"cluster= is a client of a Dask cluster, whose workers cannot read a {type(data).__name__} in the "
                "memory of this process; give a dask.dataframe, or the path of files that they can read."
            )
        return None
    if client is None:
        return ReadHere(stream, watch)
    return _files_on_cluster(stream, client, watch)


def _files_on_cluster(stream: Pieces, client: Any, watch: Watch | None) -> OnCluster:
    """Let the workers of a cluster read the pieces of files."""

    def parts_with(columns: tuple[str, ...]) -> Sequence[Piece]:
        return stream.only(columns).pieces()

    return OnCluster(client, stream.names, stream.described, parts_with, stream.declared, stream.rows, watch)


def client_among(cluster: Any) -> tuple[Any, Any]:
    """Tell a client of a Dask cluster from clusters of rows: (client, clusters), either of which may be None."""
    return (cluster, None) if is_client(cluster) else (None, cluster)
