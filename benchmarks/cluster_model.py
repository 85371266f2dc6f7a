"""What would a fit take on a cluster, and what would limit it? A model of its time and traffic; it measures nothing.

A fit is some passes over the rows. In each pass

- the client hands one task for each part of the rows to the scheduler, and one for each group of 16 parts that adds up
  their sums; a task costs client and scheduler a fixed time, one task after the other;
- a worker (a process of one core) takes the next part as soon as it is free, reads it from storage, decodes it, and
  forms its k x k sum; parts do not all take the same time;
- the sums of a group travel to the worker that adds them up, then the sum of the group to the client, through the
  scheduler, one after the other in order;
- the client solves for the next step when all are there, so that no pass overlaps the next.

Workers are simulated as a queue with one line: part i is there at the time of its task and is served by the first
worker that is free. Everything else is arithmetic. Left out: what else uses the network, workers that die (what they
had in hand is done again), the client's own arithmetic between passes (k^3 / 3 operations), and any scheduling by data
that makes a sum travel less.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SEED = 16


@dataclass(frozen=True)
class PassCost:
    """What one pass of a fit costs.

    Attributes:
        rate: rows per second of one core, files in memory.
        bytes_of_job: of what is done to each part (the model and the coefficients so far).
        bytes_of_sum: of what a part gives back, as it travels.
        bytes_of_group: of what a group of parts adds up to.

    """

    rate: float
    bytes_of_job: float
    bytes_of_sum: float
    bytes_of_group: float


@dataclass(frozen=True)
class Constants:
    """What a model with k design columns costs.

    Attributes:
        columns: k.
        passes: of the fit, in order.
        decoded: rows per second that one core decodes when it does nothing else.
        bytes_per_row: in storage.
        rows_per_part: rows of a task.
        parts_at_once: parts of a group.
        bytes_of_part: of the task that names a part.
        seconds_per_task: of client and scheduler, for each task.
        seconds_per_message: for the smallest sum to travel from worker to client.
        seconds_per_byte: what each byte of a sum adds to that, on one machine.
        spread: standard deviation of the time of a part, over its mean.

    """

    columns: int
    passes: tuple[PassCost, ...]
    decoded: float
    bytes_per_row: float
    rows_per_part: int
    parts_at_once: int
    bytes_of_part: float
    seconds_per_task: float
    seconds_per_message: float
    seconds_per_byte: float
    spread: float = 0.0

    def with_larger_parts(self, times: int) -> Constants:
        """Give the same for parts of so many times the rows; what a part gives back grows, at most to a group's."""
        passes = tuple(
            replace(one, bytes_of_sum=min(times * one.bytes_of_sum, one.bytes_of_group)) for one in self.passes
        )
        return replace(self, rows_per_part=self.rows_per_part * times, passes=passes)


@dataclass(frozen=True)
class Cluster:
    """Machines.

    Attributes:
        workers: processes, each with a core of its own.
        network: bytes per second of one link, that of the scheduler among them.
        storage: bytes per second that each worker reads.

    """

    workers: int
    network: float
    storage: float


@dataclass(frozen=True)
class Traffic:
    """Bytes that travel in one pass.

    Attributes:
        tasks: from client to scheduler to workers: parts and the job, which every worker needs once.
        between_workers: sums of parts on their way to be added up.
        to_client: sums of groups, from workers to scheduler to client.

    """

    tasks: float
    between_workers: float
    to_client: float

    @property
    def total(self) -> float:
        """All bytes."""
        return self.tasks + self.between_workers + self.to_client


@dataclass(frozen=True)
class Pass:
    """Seconds of one pass, and of each thing in it as if nothing else took time.

    Attributes:
        seconds: of the pass.
        reading: from storage, on all workers.
        decoding: likewise.
        computing: likewise.
        scheduling: of client and scheduler.
        adding: for the sums of groups to reach the client.

    """

    seconds: float
    reading: float
    decoding: float
    computing: float
    scheduling: float
    adding: float

    @property
    def working(self) -> float:
        """Seconds that workers are busy, were all busy all the time."""
        return self.reading + self.decoding + self.computing

    @property
    def waiting(self) -> float:
        """Seconds that none of these explains alone: workers wait for the last parts, and one thing for another."""
        return max(self.seconds - max(self.working, self.scheduling, self.adding), 0.0)


@dataclass(frozen=True)
class Forecast:
    """A fit on a cluster.

    Attributes:
        seconds: of all passes.
        passes: each of them.
        traffic: bytes of all passes.
        held: bytes of the sums that the client holds at once, in the pass where they are most.
        limit: what the time would have to be taken from.

    """

    seconds: float
    passes: tuple[Pass, ...]
    traffic: Traffic
    held: float
    limit: str

    def share(self, name: str) -> float:
        """Give the seconds of one thing in all passes, over those of the fit."""
        return sum(float(getattr(one, name)) for one in self.passes) / self.seconds


def forecast(rows: float, cost: Constants, cluster: Cluster) -> Forecast:
    """Give time, traffic and limit of a fit to so many rows."""
    passes = tuple(pass_over(rows, one, cost, cluster) for one in cost.passes)
    bytes_of = [traffic_of_pass(rows, one, cost, cluster.workers) for one in cost.passes]
    names = ("tasks", "between_workers", "to_client")
    traffic = Traffic(*(sum(float(getattr(one, name)) for one in bytes_of) for name in names))
    held = groups_of(rows, cost) * max(one.bytes_of_group for one in cost.passes)
    return Forecast(sum(one.seconds for one in passes), passes, traffic, held, _limit(passes))


def pass_over(rows: float, one: PassCost, cost: Constants, cluster: Cluster) -> Pass:
    """Give the time of one pass."""
    parts, groups = parts_of(rows, cost), groups_of(rows, cost)
    # A core cannot decode more slowly than it decodes and computes.
    decoding = 1.0 / max(cost.decoded, one.rate)
    reading, computing = cost.bytes_per_row / cluster.storage, 1.0 / one.rate - decoding
    mean = (rows / parts) * (reading + decoding + computing)
    every = cost.seconds_per_task * (parts + groups) / parts
    ends = ends_of_parts(every * np.arange(1, parts + 1), mean * unevenness(parts, cost.spread), cluster.workers)
    hop, hop_of_group = (travel(size, cost, cluster) for size in (one.bytes_of_sum, one.bytes_of_group))
    gathered = 0.0
    for first in range(0, parts, cost.parts_at_once):
        own = ends[first : first + cost.parts_at_once]
        ready = float(own.max()) + hop * foreign(own.size, cluster.workers)
        gathered = max(gathered, ready) + hop_of_group
    per_worker = rows / cluster.workers
    return Pass(
        seconds=gathered,
        reading=per_worker * reading,
        decoding=per_worker * decoding,
        computing=per_worker * computing,
        scheduling=every * parts,
        adding=hop_of_group * groups,
    )


def travel(size: float, cost: Constants, cluster: Cluster) -> float:
    """Give the seconds that a sum of so many bytes takes from one process to another."""
    return cost.seconds_per_message + size * (cost.seconds_per_byte + 1.0 / cluster.network)


def parts_of(rows: float, cost: Constants) -> int:
    """Count the parts."""
    return ceil(rows / cost.rows_per_part)


def groups_of(rows: float, cost: Constants) -> int:
    """Count the groups of parts."""
    return ceil(parts_of(rows, cost) / cost.parts_at_once)


def foreign(parts: int, workers: int) -> float:
    """Give how many sums of a group must travel to be added up, at most on average: none where one worker has all."""
    return (parts - 1) * (1.0 - 1.0 / workers)


def traffic_of_pass(rows: float, one: PassCost, cost: Constants, workers: int) -> Traffic:
    """Give the bytes that travel in one pass."""
    parts, groups = parts_of(rows, cost), groups_of(rows, cost)
    sizes = [min(cost.parts_at_once, parts - at * cost.parts_at_once) for at in range(groups)]
    return Traffic(
        # Each part, and the job, from the client to the scheduler and on to a worker; from there to the other workers.
        tasks=2.0 * (parts * cost.bytes_of_part + one.bytes_of_job) + (workers - 1) * one.bytes_of_job,
        between_workers=one.bytes_of_sum * sum(foreign(size, workers) for size in sizes),
        to_client=2.0 * groups * one.bytes_of_group,
    )


def ends_of_parts(there: Floats, seconds: Floats, workers: int) -> Floats:
    """Give when each part is done: they wait in one line, and the first worker that is free takes the first part.

    Args:
        there: when each part can be begun, ascending, shape (m,).
        seconds: how long each takes, shape (m,).
        workers: number of workers.

    """
    free = [0.0] * min(workers, there.size)
    ends = np.empty(there.size)
    for part, (begun, takes) in enumerate(zip(there.tolist(), seconds.tolist(), strict=True)):
        ends[part] = max(begun, free[0]) + takes
        heapq.heapreplace(free, float(ends[part]))
    return ends


def unevenness(parts: int, spread: float) -> Floats:
    """Give the time of each part over the mean, log-normal with this standard deviation; they add up to the parts."""
    if spread <= 0.0:
        return np.ones(parts)
    times = np.random.default_rng(_SEED).lognormal(0.0, log(1.0 + spread**2) ** 0.5, parts)
    return np.asarray(times * (parts / times.sum()))


def _limit(passes: Sequence[Pass]) -> str:
    """Name what takes longest; where that is the work, name the largest part of it."""

    def total(name: str) -> float:
        return sum(float(getattr(one, name)) for one in passes)

    main = {"working": total("working"), "scheduler": total("scheduling"), "sums": total("adding")}
    main["stragglers"] = total("waiting")
    most = max(main, key=lambda name: main[name])
    if most != "working":
        return most
    work = {"storage": total("reading"), "decoding": total("decoding"), "computing": total("computing")}
    return max(work, key=lambda name: work[name])
