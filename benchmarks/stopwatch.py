"""How long does each contestant take? They run in turn, so that all meet the same weather."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.contest import Contest, Contestant, Measure

#: (slower than so many units, runs): what takes milliseconds is run often, what takes long five times.
RUNS = ((5.0, 5), (0.1, 7), (0.0, 31))
QUICK_RUNS = 3


@dataclass(frozen=True)
class Turns:
    """What one contestant cost in each round it took part in, and what it gave back the first time."""

    contestant: Contestant
    costs: tuple[float, ...]
    result: Any


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds of one run, the collector kept out of it, and what it returned."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        result = run()
        return time.perf_counter() - start, result
    finally:
        gc.enable()


def reported(run: Callable[[], Any]) -> tuple[float, Any]:
    """Give what a run reports of itself: (cost, result)."""
    cost, result = run()
    return float(cost), result


def take_turns(contest: Contest, *, quick: bool) -> list[Turns]:
    """Run everyone once unmeasured, then in turn, the order reversed each round; ours is the first of the list.

    What is run once only is measured then.
    """
    measure = contest.measure or seconds
    everyone = (contest.ours, *contest.peers)
    warm = [measure(one.run) for one in everyone]
    if contest.once:
        return [Turns(one, (cost,), result) for one, (cost, result) in zip(everyone, warm, strict=True)]
    runs = [QUICK_RUNS if quick else runs_for(cost, contest.unit) for cost, _ in warm]
    # Ours is there whenever a peer is, so that every run of a peer has its pair, and not much oftener.
    runs[0] = max(min(runs[0], RUNS[1][1]), *runs[1:])
    costs = _rounds(everyone, runs, measure)
    return [Turns(one, tuple(c), result) for one, c, (_, result) in zip(everyone, costs, warm, strict=True)]


def runs_for(cost: float, unit: str) -> int:
    """Give the number of runs for something that costs so much."""
    if unit != "s":
        return RUNS[0][1]
    return next(runs for slower, runs in RUNS if cost >= slower)


def _rounds(everyone: Sequence[Contestant], runs: Sequence[int], measure: Measure) -> list[list[float]]:
    costs: list[list[float]] = [[] for _ in everyone]
    for number in range(max(runs)):
        order = list(range(len(everyone)))
        for which in order if number % 2 == 0 else reversed(order):
            if number < runs[which]:
                costs[which].append(measure(everyone[which].run)[0])
    return costs
