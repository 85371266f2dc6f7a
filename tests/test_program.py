"""Is a vetted expression evaluated over what it is given and nothing else?"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from glmlr.language.program import identifier, program
from glmlr.language.rowwise import ROWWISE
from glmlr.language.transforms import LEARNERS

X = np.array([0.25, 1.0, 4.0])


def evaluated(code: str, learning: list[Any] | None = None, **columns: Any) -> Any:
    names = {identifier(name): function for name, function in ROWWISE.items()}
    return program(code, LEARNERS).evaluate({**names, **columns}, learning or [])


def test_programs() -> None:
    x, y = X, np.array([1.0, 2.0, 3.0])
    assert evaluated("c_0 + c_1 * 2 - 1", c_0=x, c_1=y).tolist() == (x + y * 2 - 1).tolist()
    assert evaluated("(c_0 > 0.5) & ~(c_1 == 2)", c_0=x, c_1=y).tolist() == [False, False, True]
    assert evaluated("-c_0 ** 2", c_0=x).tolist() == (-(x**2)).tolist()
    assert evaluated("c_0 + c_0", c_0=np.array([True, False])).tolist() == [2.0, 0.0]
    assert evaluated("f_np__log(c_0) // 1 % 3", c_0=x).tolist() == (np.log(x) // 1 % 3).tolist()
    with pytest.raises(NameError):
        evaluated("open")


def test_a_program_finds_what_learns_inner_before_outer() -> None:
    nested = program("f_standardize(f_center(c_0)) + f_poly(c_1, 2)", LEARNERS)
    assert nested.learners == ("center", "standardize", "poly")
    again = pickle.loads(pickle.dumps(nested))
    assert again == nested


def test_code_is_compiled_once_for_the_same_learners() -> None:
    code = "f_center(c_0)"
    assert program(code, LEARNERS) is program(code, frozenset(LEARNERS))
    assert program(code, frozenset()).learners == ()
