"""How are rows read that lie on other machines? Their parts are summed where they are, and only the sums travel.

The parts are those of a dask.dataframe, or pieces of files that every worker can read. A sum is formed in groups of
parts of a fixed size, so that it has the same bits on any number of workers; what a worker had in hand when it died is
done again by another.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import Any, Final, TypeVar

from glmlr.blocks import added, only
from glmlr.errors import GlmlrError, SourceError
from glmlr.progress import Watch
from glmlr.sources import Source, read
from glmlr.sources.files import refuse_duplicates

T = TypeVar("T")

#: Sums of parts that are added up on a worker before they travel.
_PARTS_AT_ONCE: Final = 16


@dataclass(frozen=True, eq=False)
class OnCluster:
    """Rows that workers of a Dask cluster read, part by part.

    Attributes:
        client: a dask.distributed Client.
        names: the columns.
        described: what the rows are, for sentences.
        parts_with: gives the parts with some of the columns: delayed data frames, or pieces with `batches()`.
        declared: the columns whose levels have an order of their own.
        rows: number of rows where it is known.
        watch: told of each group of parts that has been read, or None.

    """

    client: Any
    names: tuple[str, ...]
    described: str
    parts_with: Callable[[tuple[str, ...]], Sequence[Any]] = field(repr=False)
    declared: frozenset[str] = frozenset()
    rows: int | None = None
    watch: Watch | None = None

    def only(self, columns: list[str]) -> OnCluster:
        """Give the same rows with some of the columns."""
        return replace(self, names=tuple(columns))

    def over(self, function: Callable[[Source], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the parts, in an order that does not depend on the number of workers.

        Raises:
            FitError: there are no rows.
            SourceError: the cluster gave up.
            GlmlrError: what went wrong with the rows of a part.

        """
        import cloudpickle

        job = cloudpickle.dumps((function, add))
        try:
            sums = self._sums(job)
        except GlmlrError:
            raise
        except Exception as problem:
            reason = " ".join(str(problem).split())[:200].rstrip(".") or type(problem).__name__
            raise SourceError(f"The cluster could not read {self.described}: {reason}.") from problem
        total: list[T] = reduce(partial(added, add), sums, [])
        return only(total)

    def _sums(self, job: bytes) -> list[list[Any]]:
        """Give the sum over each group of parts, each a list of one, or of none where the parts have no rows."""
        client = self.client
        task = client.submit(_Job, job, pure=False)
        parts = [self._future(part) for part in self.parts_with(self.names)]
        single = [client.submit(_sum_of_part, task, part, pure=False, retries=3) for part in parts]
        grouped = self._grouped(task, single)
        if self.watch is None:
            return list(client.gather(grouped))
        return list(self._watched(grouped))

    def _grouped(self, task: Any, sums: list[Any]) -> list[Any]:
        """Add sums up on the workers, group by group, until few are left; the client never holds many."""
        while True:
            groups = [sums[at : at + _PARTS_AT_ONCE] for at in range(0, len(sums), _PARTS_AT_ONCE)]
            sums = [self.client.submit(_sum_of_group, task, group, pure=False, retries=3) for group in groups]
            if len(sums) <= _PARTS_AT_ONCE:
                return sums

    def _future(self, part: Any) -> Any:
        """Give what a task takes for a part: the frame that Dask will make, or the piece itself."""
        return self.client.compute(part) if hasattr(part, "dask") else part

    def _watched(self, grouped: list[Any]) -> Iterator[list[Any]]:
        assert self.watch is not None
        share = (self.rows or 0) // max(len(grouped), 1)
        with self.watch.one_pass(self.rows):
            for future in grouped:
                yield future.result()
                self.watch.read(share)


class _Job:
    """What is done to each part; unpickled once on a worker."""

    def __init__(self, job: bytes) -> None:
        self._pickled = job
        self.function, self.add = pickle.loads(job)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Job, (self._pickled,)


def _sum_of_part(job: _Job, part: Any) -> list[Any]:
    """Sum over one part, on a worker."""
    batches = part.batches() if hasattr(part, "batches") else [read(part)] if len(part) else []
    return reduce(partial(added, job.add), ([job.function(source)] for source in batches), [])


def _sum_of_group(job: _Job, sums: list[list[Any]]) -> list[Any]:
    return reduce(partial(added, job.add), sums, [])


def is_dask_frame(data: Any) -> bool:
    """Whether data is a dask.dataframe, told without importing Dask."""
    return type(data).__module__.partition(".")[0] in ("dask", "dask_expr") and hasattr(data, "to_delayed")


def is_client(value: Any) -> bool:
    """Whether a value is a dask.distributed Client, told without importing it."""
    return type(value).__module__.partition(".")[0] == "distributed" and hasattr(value, "submit")


def rows_of_frame(data: Any, client: Any, watch: Watch | None = None) -> OnCluster:
    """Give the rows of a dask.dataframe.

    Raises:
        DataError: two columns of one name.
        SourceError: there is no cluster to work on.

    """
    names = tuple(str(name) for name in data.columns)
    refuse_duplicates(names)

    def parts_with(columns: tuple[str, ...]) -> list[Any]:
        return list(data[list(columns)].to_delayed())

    described = f"a dask.dataframe of {data.npartitions:,} parts"
    return OnCluster(_running_client() if client is None else client, names, described, parts_with, watch=watch)


def _running_client() -> Any:
    from distributed import default_client

    try:
        return default_client()  # type: ignore[no-untyped-call]
    except ValueError:
        raise SourceError(
            "A dask.dataframe needs a running cluster; start one with dask.distributed.Client() and give it as "
            "cluster=client."
        ) from None
