"""How do threads share the rows of an array? It is cut into runs of rows, and each thread takes one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from glmlr.threads import pool_of_threads

S = TypeVar("S")
T = TypeVar("T")

#: Rows of which a few columns stay in the cache of a processor.
RUN_ROWS: Final = 1 << 16


def runs_of(size: int, step: int = RUN_ROWS) -> list[slice]:
    """Cut rows 0, ..., size - 1 into runs of so many."""
    return [slice(first, min(first + step, size)) for first in range(0, size, step)]


def in_threads(function: Callable[[S], T], tasks: Sequence[S], *, alone: bool = False) -> list[T]:
    """Give the results of a function in the order of the tasks, this thread working alone where that is asked."""
    pool = None if alone or len(tasks) < 2 else pool_of_threads()
    return list(map(function, tasks) if pool is None else pool.map(function, tasks))
