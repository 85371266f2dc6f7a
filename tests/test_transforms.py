"""Do the functions of a formula give each row its own value, and do transforms remember what they learnt?"""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

from glmlr.transforms import (
    LEARNERS,
    ROWWISE,
    Labels,
    clip,
    compared,
    factor,
    identifier,
    isin,
    labelled,
    number,
    program,
    truth,
    where,
)

X = np.array([0.25, 1.0, 4.0])
RACE = labelled(np.array(["b", "a", "b"], dtype=object), "race")
SIZE = Labels(np.array([0, 2, 1]), ("s", "m", "l"), "size", ordered=True)


@pytest.mark.parametrize(
    "name", ["log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "sin", "cos", "tan", "floor", "ceil"]
)
def test_functions_of_one_number_are_those_of_the_standard_library(name: str) -> None:
    function = getattr(math, name)
    for written in (name, f"np.{name}"):
        np.testing.assert_allclose(ROWWISE[written](X), [function(x) for x in X], rtol=1e-15)


def test_small_integers_and_bools_are_calculated_in_double_precision() -> None:
    assert ROWWISE["log"](np.array([True])).dtype == np.float64
    np.testing.assert_array_equal(ROWWISE["np.exp"](np.array([1], dtype=np.int8)), np.exp([1.0]))


def test_a_second_argument_cannot_write_into_the_data() -> None:
    target = np.zeros(3)
    with pytest.raises(TypeError, match="1 argument"):
        ROWWISE["np.log"](X, target)
    assert not target.any()


def test_choices() -> None:
    assert where(X > 0.5, 1, 0).tolist() == [0, 1, 1]
    chosen = where(X > 0.5, RACE, "small")
    assert chosen.values().tolist() == ["small", "a", "b"]
    assert isin(RACE, ["b", "z"]).tolist() == [True, False, True]
    assert isin(X, [1, 4]).tolist() == [False, True, True]
    assert clip(X, 0.5, 2).tolist() == [0.5, 1.0, 2.0]
    assert clip(X, a_max=2).tolist() == [0.25, 1.0, 2.0]
    with pytest.raises(TypeError, match="one kind"):
        where(X > 1, RACE, 0)


@pytest.mark.parametrize(
    ("left", "sign", "right", "expected"),
    [
        (X, ">", 0.5, [False, True, True]),
        (1, "<=", X, [False, True, True]),
        (RACE, "==", "b", [True, False, True]),
        ("b", "!=", RACE, [False, True, False]),
        (RACE, "==", "absent", [False, False, False]),
        (SIZE, "<", "l", [True, False, True]),
        ("m", "<=", SIZE, [False, True, True]),
        (RACE, "==", RACE, [True, True, True]),
        (np.array([True, False]), "==", 1, [True, False]),
    ],
)
def test_comparisons(left: Any, sign: str, right: Any, expected: list[bool]) -> None:
    assert np.asarray(compared(left, sign, right)).tolist() == expected


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [(X, "==", "b"), (RACE, "==", 1), (RACE, "<", "b"), (SIZE, "<", "xl"), (RACE, "==", ["a"]), (RACE, "<", SIZE)],
)
def test_comparisons_that_could_only_be_false_are_refused(left: Any, sign: str, right: Any) -> None:
    with pytest.raises(TypeError):
        compared(left, sign, right)


def test_operands_are_checked() -> None:
    assert number(np.array([True, False])).tolist() == [1.0, 0.0]
    assert truth(np.array([0.0, 1.0])).tolist() == [False, True]
    for wrong in (RACE, factor(X), "3", None):
        with pytest.raises(TypeError):
            number(wrong)
    with pytest.raises(TypeError, match="condition"):
        truth(X)


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


def test_learnt_values_are_plain_and_weights_count_as_rows() -> None:
    x, weight = np.array([1.0, 2.0, 4.0, 7.0]), np.array([1.0, 3.0, 2.0, 1.0])
    rows = np.repeat(x, weight.astype(int))
    for name, options in (("center", {}), ("standardize", {"ddof": 1}), ("poly", {"degree": 3})):
        weighted, plain = LEARNERS[name](weight, x, **options), LEARNERS[name](None, rows, **options)
        np.testing.assert_allclose(weighted(x, **options), plain(x, **options), rtol=1e-12)
        again = pickle.loads(pickle.dumps(weighted))
        np.testing.assert_array_equal(again(x, **options), weighted(x, **options))
    assert LEARNERS["center"](None, x)(np.array([3.5])).tolist() == [0.0]  # the mean of 1, 2, 4, 7 is 3.5
    deviation = math.sqrt(sum((v - 3.5) ** 2 for v in x) / 4)
    np.testing.assert_allclose(LEARNERS["standardize"](None, x)(x), (x - 3.5) / deviation, rtol=1e-15)


def test_what_cannot_be_learnt() -> None:
    for name, options, says in (
        ("standardize", {}, "do not vary"),
        ("poly", {"degree": 2}, "distinct values"),
        ("poly", {"degree": 1.5}, "whole number"),
    ):
        with pytest.raises(ValueError, match=says):
            LEARNERS[name](None, np.ones(3), **options)
