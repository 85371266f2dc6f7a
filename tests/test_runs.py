"""Is every row in one run, and does each result come in its place, whoever works?"""

from __future__ import annotations

from threading import get_ident

import pytest

from glmlr.runs import in_threads, runs_of


@pytest.mark.parametrize(("size", "step", "count"), [(0, 3, 0), (1, 3, 1), (3, 3, 1), (7, 3, 3)])
def test_every_row_is_in_one_run(size: int, step: int, count: int) -> None:
    runs = runs_of(size, step)
    assert len(runs) == count
    assert [row for run in runs for row in range(size)[run]] == list(range(size))


@pytest.mark.parametrize("alone", [False, True])
def test_results_stand_in_the_order_of_the_tasks(alone: bool) -> None:
    assert in_threads(lambda task: task**2, range(100), alone=alone) == [task**2 for task in range(100)]


def test_who_works_alone_works_in_this_thread() -> None:
    assert set(in_threads(lambda _: get_ident(), range(9), alone=True)) == {get_ident()}
    assert in_threads(lambda _: get_ident(), [0]) == [get_ident()]
