"""Who fits models that do not depend on each other? This process, or several; in order, and nothing stays behind."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

import numpy as np

from glmlr.errors import OptionError
from glmlr.progress import Step, watch_of
from glmlr.threads import one_blas_thread, pool_of_threads

A = TypeVar("A")
R = TypeVar("R")

#: Tasks come to each process in about so many portions: few to send, and enough to see how far the work is.
_PORTIONS: Final = 4


@dataclass(frozen=True)
class Refits(Step):
    """How many of the models are fitted: `number` of `of`, each to one of `what`."""

    what: str = "folds"

    def __str__(self) -> str:
        """Say it in a line: "12 of 30 folds"."""
        return f"{self.number} of {self.of} {self.what}"


def for_each(
    function: Callable[[A], R], tasks: Sequence[A], *, workers: int = 1, progress: Any = None, what: str = "folds"
) -> list[R]:
    """Give the results of a function in the order of the tasks; they have the same bits for any number of workers.

    Args:
        function: what to do with a task; it must be possible to pickle it where there are several workers.
        tasks: the tasks.
        workers: number of processes, joblib's loky; 1 for this one.
        progress: see `glmlr.progress.watch_of`; it is told `Refits`.
        what: what the tasks are, in the plural.

    Raises:
        OptionError: workers that is not a whole number of at least 1.

    """
    if not isinstance(workers, (int, np.integer)) or isinstance(workers, bool) or workers < 1:
        raise OptionError(f"workers={workers!r} is not a number of processes; give a whole number of at least 1.")
    watch, began = watch_of(progress), time.perf_counter()

    def tell(done: int, ended: bool = False) -> None:
        if watch is not None:
            watch.tell(Refits(done, done, len(tasks), time.perf_counter() - began, ended, what))

    try:
        if workers == 1:
            return _here(function, tasks, tell)
        return _elsewhere(function, tasks, int(workers), tell)
    finally:
        tell(len(tasks), ended=True)


def _here(function: Callable[[A], R], tasks: Sequence[A], tell: Callable[[int], None]) -> list[R]:
    """Share the tasks among the threads of this process: a task each costs less than a sum shared among them all."""
    pool = pool_of_threads()
    found: list[R] = []
    # Where several processes work each has one thread for the BLAS, whose sums may depend on their number.
    with one_blas_thread():
        if pool is None:
            for task in tasks:
                found.append(function(task))
                tell(len(found))
            return found
        futures = [pool.submit(function, task) for task in tasks]
        try:
            for future in futures:
                found.append(future.result())
                tell(len(found))
        finally:
            # After an interruption: what has not begun never will, and what has begun ends before the call does.
            for future in futures:
                future.cancel()
            wait(futures)
    return found


def _elsewhere(function: Callable[[A], R], tasks: Sequence[A], workers: int, tell: Callable[[int], None]) -> list[R]:
    from joblib.externals.loky import get_reusable_executor  # type: ignore[import-untyped]

    size = max(1, -(-len(tasks) // (_PORTIONS * workers)))
    portions = [tasks[at : at + size] for at in range(0, len(tasks), size)]
    executor = get_reusable_executor(max_workers=min(workers, len(portions)))
    found: list[R] = []
    rest = iter(portions)
    # No more are handed over than the processes take: what waits inside loky when it is killed trips its own thread.
    waiting = deque(executor.submit(_portion, function, portion) for portion in islice(rest, 2 * workers))
    try:
        while waiting:
            found += waiting.popleft().result()
            tell(len(found))
            waiting.extend(executor.submit(_portion, function, portion) for portion in islice(rest, 1))
    except BaseException:
        # An interrupted call must leave no process at work.
        executor.shutdown(wait=True, kill_workers=True)
        raise
    return found


def _portion(function: Callable[[A], R], tasks: Sequence[A]) -> list[R]:
    """Do some tasks one by one, in a thread of the pool, where sums are not shared among further threads."""

    def one_by_one() -> list[R]:
        return [function(task) for task in tasks]

    pool = pool_of_threads()
    with one_blas_thread():
        return one_by_one() if pool is None else pool.submit(one_by_one).result()
