"""What does each thing cost that a cluster does? Measured on a cluster of processes on this machine."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cluster_model import Constants, PassCost
from benchmarks.fresh import told_by
from benchmarks.large import ROWS_OF_GROUP, WIDER, files_of
from benchmarks.passes import Run, fitted, fitted_apart
from benchmarks.stopwatch import seconds
from glmlr.sources.cluster import OnCluster

#: Parts that a group task adds up; the product's own number, kept here as what the model assumes.
PARTS_AT_ONCE = 16
#: Rows of the fits that measure: fewer where the columns are many, and as many as the start from a sample needs.
ROWS_ON_ONE_CORE = {20: 5_000_000, 100: 1_000_000, 500: 1_000_000}
#: One part: what it gives back may depend on its rows.
ROWS_TO_WEIGH = ROWS_OF_GROUP
EMPTY_PARTS = 4_000
_ROUNDS = 3
_TRANSFERS = 25


@dataclass(eq=False)
class _Weighed:
    """Rows that are read in parts, with the bytes that each pass over them would send around."""

    rows: Any
    jobs: list[int] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.rows.names)

    @property
    def described(self) -> str:
        return str(self.rows.described)

    def only(self, columns: list[str]) -> _Weighed:
        return replace(self, rows=self.rows.only(columns))

    def over(self, function: Callable[..., Any], add: Callable[..., Any]) -> Any:
        import cloudpickle

        self.jobs.append(len(cloudpickle.dumps((function, add))))
        total = self.rows.over(function, add)
        pickled = pickle.dumps([total], protocol=5)
        self.sums.append(len(pickled))
        # What adds up may change the first of two: each is a copy.
        group = reduce(add, (pickle.loads(pickled)[0] for _ in range(PARTS_AT_ONCE)))
        self.groups.append(len(pickle.dumps([group], protocol=5)))
        return total


@dataclass(frozen=True)
class _Empty:
    """A part that takes no time; it weighs as much as the name of a part of files."""

    weight: bytes

    def batches(self) -> Iterator[float]:
        yield 0.0


def constants_of_all(client: Any, *, quick: bool) -> list[Constants]:
    """Measure what each of the models `WIDER` costs, in processes of their own and on a cluster.

    Args:
        client: of a cluster of processes on this machine.
        quick: fewer rows, once.

    """
    fewer = 20 if quick else 1
    rows = ROWS_ON_ONE_CORE[min(WIDER)] // fewer
    files = files_of(rows)
    weight = bytes_of_part(files)
    per_message, per_byte = seconds_of_sums(client)
    shared = Constants(
        columns=0,
        passes=(),
        decoded=decoded_on_one_core(rows),
        bytes_per_row=sum(Path(path).stat().st_size for path in files) / rows,
        rows_per_part=ROWS_OF_GROUP,
        parts_at_once=PARTS_AT_ONCE,
        bytes_of_part=weight,
        seconds_per_task=seconds_per_task(client, int(weight), EMPTY_PARTS // fewer),
        seconds_per_message=per_message,
        seconds_per_byte=per_byte,
    )
    return [replace(shared, columns=columns, passes=_passes(columns, fewer)) for columns in sorted(WIDER)]


def _passes(columns: int, fewer: int) -> tuple[PassCost, ...]:
    """Measure the passes of a fit with so many columns; several fits of the smallest model, which is checked."""
    rounds = _ROUNDS if columns == min(WIDER) and fewer == 1 else 1
    rows = ROWS_ON_ONE_CORE[columns] // fewer
    runs = [fitted_apart(rows, formula=WIDER[columns], one_core=True) for _ in range(rounds)]
    return passes_of(columns, runs, files_of(ROWS_TO_WEIGH // fewer))


def passes_of(columns: int, runs: Sequence[Run], files: list[str]) -> tuple[PassCost, ...]:
    """Give the speed of each pass of some fits on one core, and what it sends around, weighed in a fit to one part."""
    import glmlr
    from glmlr.sources.parts import rows_in_parts

    weighed = _Weighed(rows_in_parts(files, None, False))
    glmlr.fit(WIDER[columns], weighed)
    first = runs[0]
    before = len(first.passes) - first.newton
    bytes_of = list(zip(weighed.jobs, weighed.sums, weighed.groups, strict=True))
    # The passes of Newton's method, however many, send the same.
    each = bytes_of[:before] + [bytes_of[-1]] * first.newton
    times = [median(run.passes[at] for run in runs) for at in range(len(first.passes))]
    return tuple(PassCost(first.rows / time, *map(float, sizes)) for time, sizes in zip(times, each, strict=True))


def bytes_of_part(files: list[str]) -> float:
    """Give the bytes that name a part of some files, on average."""
    from glmlr.sources.streams import open_stream

    stream = open_stream(files)
    assert stream is not None
    return fmean(len(pickle.dumps(piece, protocol=5)) for piece in stream.pieces())


def decoded_on_one_core(rows: int) -> float:
    """Give the rows per second that one core decodes, in a process of its own."""
    return rows / float(told_by("benchmarks.cluster_constants", str(rows)))


def seconds_per_task(client: Any, weight: int, parts: int) -> float:
    """Give the seconds of client, scheduler and an idle worker for a task: a pass over parts that take no time."""
    nothing = OnCluster(client, (), "nothing", lambda _: [_Empty(bytes(weight))] * parts)
    tasks = parts + -(-parts // PARTS_AT_ONCE)
    return median(seconds(lambda: nothing.over(_zero, _plus))[0] for _ in range(_ROUNDS)) / tasks


def seconds_of_sum(client: Any, columns: int) -> float:
    """Give the seconds that a k x k sum takes from a worker to the client."""
    held = client.submit(_sum, columns, pure=False)
    held.result()
    return median(seconds(lambda: client.gather(held))[0] for _ in range(_TRANSFERS))


def seconds_of_sums(client: Any) -> tuple[float, float]:
    """Give the seconds of a message, and those that each of its bytes adds, from the smallest and the largest model."""
    (few, small), (many, large) = (
        (seconds_of_sum(client, k), len(pickle.dumps(_sum(k), protocol=5))) for k in (min(WIDER), max(WIDER))
    )
    per_byte = max(many - few, 0.0) / (large - small)
    return max(few - per_byte * small, 0.0), per_byte


def spread_of_parts(client: Any, files: Sequence[str], columns: int) -> float:
    """Give the standard deviation of the time of a part over its mean, in the passes of Newton's method of a fit."""
    from distributed import get_task_stream

    with get_task_stream(client) as tasks:
        run = fitted(list(files), formula=WIDER[columns], cluster=client)
    done = [
        (step["stop"], step["stop"] - step["start"])
        for task in tasks.data
        if str(task["key"]).startswith("_sum_of_part")
        for step in task["startstops"]
        if step["action"] == "compute"
    ]
    parts = len(done) // len(run.passes)
    times = [taken for _, taken in sorted(done)[-run.newton * parts :]]
    return pstdev(times) / fmean(times)


def as_table(constants: Sequence[Constants]) -> pd.DataFrame:
    """Give one row for each number of columns."""
    return pd.DataFrame(
        {
            "columns": one.columns,
            "passes": len(one.passes),
            "rows_per_second_fit": len(one.passes) / sum(1.0 / each.rate for each in one.passes),
            "rows_per_second_slowest": min(each.rate for each in one.passes),
            "rows_per_second_decoding": one.decoded,
            "bytes_per_row": one.bytes_per_row,
            "rows_per_part": one.rows_per_part,
            "bytes_of_part": one.bytes_of_part,
            "bytes_of_job": max(each.bytes_of_job for each in one.passes),
            "bytes_of_sum": one.passes[-1].bytes_of_sum,
            "bytes_of_largest_sum": max(each.bytes_of_sum for each in one.passes),
            "bytes_of_largest_group": max(each.bytes_of_group for each in one.passes),
            "seconds_per_task": one.seconds_per_task,
            "seconds_of_sum": one.seconds_per_message + one.seconds_per_byte * one.passes[-1].bytes_of_sum,
            "seconds_per_message": one.seconds_per_message,
            "seconds_per_byte": one.seconds_per_byte,
            "spread": one.spread,
        }
        for one in constants
    )


def _zero(source: float) -> float:
    return source


def _plus(one: float, other: float) -> float:
    return one + other


def _sum(columns: int) -> Any:
    """Make what a part gives back."""
    from glmlr.newton import Sums

    return [Sums(0.0, np.zeros(columns), np.zeros((columns, columns)))]


def main() -> None:
    """Decode so many rows on one core, and tell the seconds."""
    import sys

    from benchmarks.scans import decoded

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    files = files_of(int(sys.argv[1]))
    decoded(files, 1)
    sys.stdout.write(repr(median(seconds(lambda: decoded(files, 1))[0] for _ in range(_ROUNDS))))


if __name__ == "__main__":
    main()
