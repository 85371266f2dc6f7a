"""Who does the work? One pool of threads for all sums, and BLAS held to one thread meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock, current_thread
from typing import Any, Final

#: More threads than this only wait for memory.
_MOST_THREADS: Final = 8
_NAME: Final = "glmlr-rows"
#: Kinds of processor for which OpenBLAS multiplies narrow matrices without copying them first.
_QUICK_WHEN_NARROW: Final = frozenset({"SkylakeX", "Cooperlake", "SapphireRapids"})


def number_of_threads() -> int:
    """Give the number of threads for sums over rows: one a processor this process may use, at most 8."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, _MOST_THREADS)


def pool_of_threads() -> ThreadPoolExecutor | None:
    """Give the pool, or None where one thread does as well: on one processor, and inside a thread of the pool."""
    threads = number_of_threads()
    if threads == 1 or current_thread().name.startswith(_NAME):
        return None
    return _pool(threads)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, _NAME)


# A forked process has the pool's record but none of its threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


class _Blas:
    """BLAS with one thread while anybody needs it so: the threads of a pool work on different blocks each."""

    def __init__(self) -> None:
        from threadpoolctl import ThreadpoolController

        self._controller = ThreadpoolController().select(user_api="blas")
        found = self._controller.info()
        self.quick_when_narrow = bool(found) and all(one.get("architecture") in _QUICK_WHEN_NARROW for one in found)
        self._lock = Lock()
        self._users = 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._limit = self._controller.limit(limits=1)
                self._limit.__enter__()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._limit.__exit__(None, None, None)


@cache
def _blas() -> _Blas:
    # Looking for the libraries takes longer than a pass over a few thousand rows; they do not change.
    return _Blas()


def quick_narrow_products() -> bool:
    """Whether BLAS multiplies matrices of a few columns faster in panels than in one symmetric product."""
    return _blas().quick_when_narrow


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread; several may do so at once, and the last to leave restores what was."""
    blas = _blas()
    blas.enter()
    try:
        yield
    finally:
        blas.leave()
