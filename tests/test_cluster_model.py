"""The model of a cluster keeps its own laws: work is neither lost nor done twice, and bytes can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cluster_model import (
    Cluster,
    Constants,
    PassCost,
    ends_of_parts,
    forecast,
    foreign,
    groups_of,
    parts_of,
    pass_over,
    traffic_of_pass,
    unevenness,
)

PASS = PassCost(rate=2e6, bytes_of_job=5e3, bytes_of_sum=3.6e3, bytes_of_group=3.6e3)
COST = Constants(
    columns=20,
    passes=(replace(PASS, bytes_of_sum=2e5, bytes_of_group=3e6), PASS, PASS),
    decoded=5e6,
    bytes_per_row=67.0,
    rows_per_part=500_000,
    parts_at_once=16,
    bytes_of_part=900.0,
    seconds_per_task=1e-3,
    seconds_per_message=2e-3,
    seconds_per_byte=2e-9,
    spread=0.2,
)
#: Nothing but the work takes time.
FREE = replace(COST, seconds_per_task=0.0, seconds_per_message=0.0, seconds_per_byte=0.0, spread=0.0)
ROWS = 1e9
WORKERS = (1, 2, 5, 10, 30, 100, 300, 1_000)
WORK = ("storage", "decoding", "computing")


def on(workers: int, network: float = 1e9, storage: float = 2e8) -> Cluster:
    return Cluster(workers, network, storage)


def test_workers_share_the_work_where_nothing_else_takes_time() -> None:
    """2,000 parts on 10 workers: 1e8 rows each, at 2e6 rows/s."""
    assert pass_over(ROWS, PASS, FREE, on(10, inf, inf)).seconds == pytest.approx(1e8 / 2e6, rel=1e-12)


def test_reading_comes_on_top_of_decoding_and_computing() -> None:
    found = pass_over(ROWS, PASS, FREE, on(10, inf, 67e6))
    assert found.reading == pytest.approx(1e8 * 67 / 67e6)
    assert found.decoding == pytest.approx(1e8 / 5e6)
    assert found.decoding + found.computing == pytest.approx(1e8 / 2e6)
    assert found.seconds == pytest.approx(100 + 50)


def test_more_workers_are_never_slower_until_something_else_limits() -> None:
    told = [forecast(ROWS, COST, on(workers)) for workers in WORKERS]
    limited = [one.limit not in WORK for one in told]
    assert limited == sorted(limited)
    assert any(limited)
    assert not all(limited)
    free = [one.seconds for one, other in zip(told, limited, strict=True) if not other]
    assert len(free) > 3
    assert free == sorted(free, reverse=True)
    # Beyond, a worker more brings nothing, and costs no more than sums that lie on more workers.
    bound = [one.seconds for one, other in zip(told, limited, strict=True) if other]
    assert max(bound) <= min(bound) * 1.01


@given(
    seconds=st.lists(st.floats(0.01, 10.0), min_size=1, max_size=60),
    every=st.floats(0.0, 2.0),
    workers=st.integers(1, 12),
)
def test_no_part_ends_later_with_a_worker_more(seconds: list[float], every: float, workers: int) -> None:
    takes = np.array(seconds)
    there = every * np.arange(takes.size)
    few, more = (np.sort(ends_of_parts(there, takes, count)) for count in (workers, workers + 1))
    assert (more <= few + 1e-9).all()


@given(seconds=st.lists(st.floats(0.01, 10.0), min_size=1, max_size=60), workers=st.integers(1, 12))
def test_workers_are_busy_with_each_part_once(seconds: list[float], workers: int) -> None:
    """The last end is no sooner than an even share, and no later than that and the longest part."""
    takes = np.array(seconds)
    ends = ends_of_parts(np.zeros(takes.size), takes, workers)
    assert takes.sum() / workers - 1e-9 <= ends.max() <= takes.sum() / workers + takes.max() + 1e-9
    if workers == 1:
        np.testing.assert_allclose(ends, np.cumsum(takes))


def test_a_queue_by_hand() -> None:
    """Two workers; the third part waits for the first to be done, the fourth comes when one has long been free."""
    ends = ends_of_parts(np.array([0.0, 1.0, 2.0, 9.0]), np.array([3.0, 4.0, 1.0, 2.0]), 2)
    assert ends.tolist() == [3.0, 5.0, 4.0, 11.0]


@pytest.mark.parametrize("workers", WORKERS)
def test_a_pass_takes_at_least_what_each_thing_takes(workers: int) -> None:
    for one in forecast(ROWS, COST, on(workers)).passes:
        assert one.seconds >= max(one.working, one.scheduling, one.adding) * (1 - 1e-12)
        assert one.seconds <= one.working + one.scheduling + one.adding + one.waiting


def test_time_of_the_scheduler_is_that_of_its_tasks() -> None:
    found = pass_over(ROWS, PASS, replace(FREE, seconds_per_task=1e-3), on(100_000, inf, inf))
    assert parts_of(ROWS, COST) == 2_000
    assert groups_of(ROWS, COST) == 125
    assert found.scheduling == pytest.approx(2.125)
    # The last part begins when its task has been handed out.
    assert found.seconds == pytest.approx(2.125 + 500_000 / 2e6)


def test_traffic_by_hand() -> None:
    """Two groups, of 16 parts and of 1, on 4 workers."""
    one = PassCost(rate=1.0, bytes_of_job=100.0, bytes_of_sum=10.0, bytes_of_group=30.0)
    cost = replace(COST, rows_per_part=10, bytes_of_part=7.0)
    found = traffic_of_pass(170, one, cost, 4)
    assert found.tasks == 2 * (17 * 7 + 100) + 3 * 100
    assert found.between_workers == 10 * 15 * 0.75
    assert found.to_client == 2 * 2 * 30
    assert found.total == found.tasks + found.between_workers + found.to_client


def test_one_worker_sends_no_sum_to_another() -> None:
    assert foreign(16, 1) == 0.0
    assert traffic_of_pass(ROWS, PASS, COST, 1).between_workers == 0.0


def test_traffic_does_not_depend_on_rows_in_a_part_but_on_parts() -> None:
    twice = replace(COST, rows_per_part=2 * COST.rows_per_part)
    assert traffic_of_pass(2 * ROWS, PASS, twice, 10) == traffic_of_pass(ROWS, PASS, COST, 10)


def test_a_fit_adds_up_its_passes() -> None:
    told = forecast(ROWS, COST, on(50))
    assert told.seconds == pytest.approx(sum(one.seconds for one in told.passes))
    each = [traffic_of_pass(ROWS, one, COST, 50).total for one in COST.passes]
    assert told.traffic.total == pytest.approx(sum(each))
    assert told.held == 125 * 3e6


def test_larger_parts_give_back_more_but_never_more_than_a_group() -> None:
    larger = COST.with_larger_parts(4)
    assert larger.rows_per_part == 2_000_000
    assert [one.bytes_of_sum for one in larger.passes] == [8e5, 3.6e3, 3.6e3]
    assert [one.bytes_of_sum for one in COST.with_larger_parts(100).passes] == [3e6, 3.6e3, 3.6e3]


def test_uneven_parts_are_the_same_work() -> None:
    times = unevenness(20_000, 0.2)
    assert times.sum() == pytest.approx(20_000)
    assert times.std() == pytest.approx(0.2, rel=0.05)
    assert (unevenness(5, 0.0) == 1.0).all()


def test_what_limits_is_what_was_made_slow() -> None:
    slow = {
        "storage": forecast(ROWS, COST, on(10, storage=1e6)),
        "computing": forecast(ROWS, COST, on(10, storage=2e9)),
        "decoding": forecast(ROWS, replace(COST, decoded=2.1e6), on(10, storage=2e9)),
        "scheduler": forecast(ROWS, replace(COST, seconds_per_task=1.0), on(10)),
        "sums": forecast(ROWS, COST, on(1_000, network=1e5)),
        "stragglers": forecast(ROWS, replace(COST, spread=3.0), on(2_000)),
    }
    assert {name: told.limit for name, told in slow.items()} == {name: name for name in slow}
