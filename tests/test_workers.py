"""Do several processes give what one gives, in order, and does an interrupted call leave nothing behind?"""

from __future__ import annotations

from typing import Any

import pytest

from glmlr.errors import OptionError
from glmlr.validation.workers import Refits, for_each


def square(value: int) -> int:
    return value * value


def test_results_come_in_order_and_progress_is_told() -> None:
    steps: list[Any] = []
    assert for_each(square, range(5), progress=steps.append) == [0, 1, 4, 9, 16]
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 5]
    assert [step.ended for step in steps] == [False] * 5 + [True]
    assert str(steps[1]) == "2 of 5 folds"
    assert isinstance(steps[0], Refits)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "all"])
def test_refuses_what_is_no_number_of_processes(workers: Any) -> None:
    with pytest.raises(OptionError, match="workers="):
        for_each(square, [1], workers=workers)


@pytest.mark.slow
def test_processes_give_the_same_and_an_interruption_leaves_none() -> None:
    from joblib.externals.loky import get_reusable_executor

    assert for_each(square, range(7), workers=2) == [square(value) for value in range(7)]

    def interrupt(step: Any) -> None:
        if not step.ended:
            raise KeyboardInterrupt

    before = get_reusable_executor(max_workers=2)
    processes = list(before._processes.values())
    assert processes
    with pytest.raises(KeyboardInterrupt):
        for_each(square, range(7), workers=2, progress=interrupt)
    assert not any(process.is_alive() for process in processes)
