"""Do the functions and operators of a formula give each row its own value, and refuse what has none?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from glmlr.language.categories import Labels, factor, labelled
from glmlr.language.rowwise import ROWWISE, clip, compared, isin, number, truth, where

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


def test_a_list_has_no_rows() -> None:
    """A list as long as the data would give each row a value by its place; a column as a list, one by the others."""
    for function in (number, lambda x: compared(X, "==", x), lambda x: where(X > 1, x, 0)):
        with pytest.raises(TypeError, match="a list stands where"):
            function([1, 2, 3])
    with pytest.raises(TypeError, match="list of plain values"):
        isin(X, [X])
    with pytest.raises(TypeError, match="is compared with 1"):
        isin(RACE, ["a", 1])
    np.testing.assert_array_equal(ROWWISE["np.log"]([1, math.e]), [0.0, 1.0])


def test_arguments_by_name_are_refused() -> None:
    with pytest.raises(TypeError, match="no argument 'out'"):
        ROWWISE["np.log"](X, out=X)
