"""Do numbers, levels and matrices come back from JSON to the last bit, and as the type they were?"""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmlr.errors import NotApplicable, SourceError
from glmlr.saving import json_values
from glmlr.saving.json_values import Fields, laid_out, parsed_json, plain_level, plain_numbers, plain_symmetric


def through_a_file(plain: Any) -> Fields:
    return Fields(parsed_json(laid_out({"value": plain}).encode("utf-8").decode("utf-8")))


@given(st.lists(st.floats(), min_size=1, max_size=8))
def test_every_float_comes_back_to_the_last_bit(values: list[float]) -> None:
    array = np.array(values)
    back = through_a_file(plain_numbers(array)).numbers("value", array.shape, finite=False)
    # Of a NaN there is one text only; the sign of zero is kept.
    np.testing.assert_array_equal(array, back)
    np.testing.assert_array_equal(np.signbit(array[~np.isnan(array)]), np.signbit(back[~np.isnan(back)]))


def test_the_ends_of_the_floats() -> None:
    """The smallest, the largest, and two whose shortest texts have 17 digits."""
    array = np.array([[5e-324, 1.7976931348623157e308, -0.0], [0.1 + 0.2, 2 / 3, 1e23]])
    back = through_a_file(plain_numbers(array)).numbers("value", (2, 3))
    assert array.tobytes() == back.tobytes()
    assert not back.flags.writeable


@given(
    st.one_of(
        st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.characters(categories=["Cs"]),
        st.builds(pd.Interval, st.integers(-9, 0), st.integers(1, 9), st.sampled_from(["left", "right", "both"])),
        st.builds(pd.Interval, st.floats(-9, 0), st.floats(1, math.inf)),
    )
)  # fmt: skip
def test_every_level_comes_back_as_what_it_was(level: Any) -> None:
    back = through_a_file(plain_level(level, "x")).level("value")
    assert back == level
    assert type(back) is type(level)
    if isinstance(level, pd.Interval):
        assert (type(back.left), back.closed) == (type(level.left), level.closed)


def test_numpy_levels_become_plain_ones() -> None:
    plain = [plain_level(level, "x") for level in (np.int64(3), np.float32(0.5), np.True_, np.str_("a"))]
    assert plain == [3, 0.5, True, "a"]
    assert [type(level) for level in plain] == [int, float, bool, str]


@pytest.mark.parametrize(
    "level", [pd.Timestamp("2024-01-01"), (1, 2), b"a", None, pd.Interval(*pd.date_range("2024", periods=2))]
)
def test_other_levels_are_refused_by_type(level: Any) -> None:
    with pytest.raises(NotApplicable, match=f"C\\(x\\) has the level .* of type {type(level).__name__}"):
        plain_level(level, "C(x)")


@pytest.mark.parametrize("size", [0, 1, 2, 5])
def test_symmetric_matrices_are_written_once_and_others_whole(size: int) -> None:
    rng = np.random.default_rng(3)
    any_matrix = rng.normal(size=(size, size))
    for matrix in (any_matrix + any_matrix.T, any_matrix):
        plain = plain_symmetric(matrix)
        np.testing.assert_array_equal(through_a_file(plain).symmetric("value", size), matrix)
    assert [len(row) for row in plain_symmetric(any_matrix + any_matrix.T)] == list(range(1, size + 1))


def test_a_matrix_with_gaps() -> None:
    matrix = np.array([[1.0, np.nan, 0.5], [np.nan, np.nan, np.nan], [0.5, np.nan, np.inf]])
    np.testing.assert_array_equal(through_a_file(plain_symmetric(matrix)).symmetric("value", 3), matrix)


@pytest.mark.parametrize(
    ("value", "ask", "says"),
    [
        ([1, "x"], lambda f: f.numbers("value", (2,)), "its 'value' is not 2 numbers."),
        ([[1], [1, 2]], lambda f: f.numbers("value"), "is not numbers"),
        ([[[1]]], lambda f: f.numbers("value"), "is not numbers"),
        ([True], lambda f: f.numbers("value", (1,)), "is not 1 numbers"),
        (["nan"], lambda f: f.numbers("value", (1,)), "is not finite"),
        ("1", lambda f: f.number("value"), "is not a number"),
        ([[1, 2], [3]], lambda f: f.symmetric("value", 2), "is not a matrix of 2 x 2 numbers, or its rows up to"),
        ([1, 2], lambda f: f.symmetric("value", 2), "is not a matrix"),
        (True, lambda f: f.whole("value"), "is not a whole number of at least 0"),
        (4, lambda f: f.whole("value", 3), "at most 3"),
        (1, lambda f: f.truth("value"), "is not true or false"),
        (1, lambda f: f.text("value"), "is not a text"),
        (["a", 1], lambda f: f.texts("value"), "is not a list of texts"),
        ({}, lambda f: f.listed("value"), "is not a list"),
        ([{}, 1], lambda f: f.each("value"), "is not a list of objects"),
        ([], lambda f: f.within("value"), "is not an object"),
        ({"interval": [2, 1], "closed": "left"}, lambda f: f.level("value"), "or an interval of numbers"),
        ({"interval": [1, 2], "closed": "up"}, lambda f: f.level("value"), "or an interval of numbers"),
        ({"interval": ["nan", 2], "closed": "left"}, lambda f: f.level("value"), "or an interval of numbers"),
        ({"float": "1.5"}, lambda f: f.level("value"), "or an interval of numbers"),
        ([1, None], lambda f: f.levels("value"), "or intervals of numbers"),
        ([1, True], lambda f: f.levels("value"), "each level stands once"),
        (1, lambda f: f.text("absent"), "it has no 'absent'"),
        ({"in": [{"n": "x"}]}, lambda f: f.within("value").each("in")[0].number("n"), r"in\[0\].n' is not a num"),
    ],
)  # fmt: skip
def test_what_is_read_is_checked(value: Any, ask: Any, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        ask(Fields({"value": value}))


def test_long_things_are_laid_out_line_by_line() -> None:
    """Short things stay on a line; a row of a matrix is never broken."""
    text = laid_out({"a": [[0.1] * 40, [0.2] * 40], "b": {}, "c": {"d": [], "e": None}})
    assert [line.strip()[:8] for line in text.splitlines()] == [
        "{", '"a": [', "[0.1, 0.", "[0.2, 0.", "],", '"b": {},', '"c": {"d', "}",
    ]  # fmt: skip
    assert parsed_json(text) == {"a": [[0.1] * 40, [0.2] * 40], "b": {}, "c": {"d": [], "e": None}}


def test_the_examples_run() -> None:
    found = doctest.testmod(json_values)
    assert found.attempted >= 2
    assert found.failed == 0
