"""Coding of a two-valued response: which value is the event, and what is said about it."""

import numpy as np
import pandas as pd
import pytest

from glmlr.design.response import code_response
from glmlr.errors import ResponseError


@pytest.mark.parametrize(
    ("values", "event", "level", "stated", "coded"),
    [
        ([0, 1, 1], None, 1, True, [0, 1, 1]),
        ([0.0, 1.0, 0.0], None, 1.0, True, [0, 1, 0]),
        ([True, False, True], None, True, True, [1, 0, 1]),
        (["no", "yes", "no"], None, "yes", False, [0, 1, 0]),
        (["no", "yes", "no"], "no", "no", True, [1, 0, 1]),
        ([1, 2, 2], None, 2, False, [0, 1, 1]),
        ([0, 1, 1], 0, 0, True, [1, 0, 0]),
        ([-1, 1, -1], None, 1, False, [0, 1, 0]),
    ],
)
def test_which_value_is_the_event(values, event, level, stated, coded):
    y, chosen = code_response(pd.Series(values), "y", event)
    np.testing.assert_array_equal(y, coded)
    assert chosen.level == level
    assert chosen.stated is stated


@pytest.mark.parametrize("dtype", ["boolean", "Int64", "bool[pyarrow]", "int8"])
def test_nullable_and_arrow_types(dtype):
    y, chosen = code_response(pd.Series([0, 1, 1], dtype="int64").astype(dtype), "y")
    np.testing.assert_array_equal(y, [0, 1, 1])
    assert chosen.stated


def test_categorical_ignores_levels_that_do_not_occur():
    values = pd.Series(pd.Categorical(["a", "b", "a"], categories=["c", "b", "a"]))
    y, chosen = code_response(values, "y")
    assert chosen.label == "y = b"
    np.testing.assert_array_equal(y, [0, 1, 0])


@pytest.mark.parametrize("dtype", [bool, "int8", "int64", float])
def test_zeros_and_ones_are_coded_whatever_their_type_and_number(dtype):
    """More rows than are looked at in one go; the first run holds no event."""
    values = np.zeros(150_000)
    values[[90_000, 149_999]] = 1
    y, chosen = code_response(pd.Series(values.astype(dtype)), "y")
    assert y.dtype == np.float64
    np.testing.assert_array_equal(np.flatnonzero(y), [90_000, 149_999])
    assert chosen.stated
    with pytest.raises(ResponseError, match="one value only"):
        code_response(pd.Series(np.ones(150_000, dtype=dtype)), "y")


def test_a_third_value_in_the_last_row_is_found():
    values = np.tile([0.0, 1.0], 75_000)
    values[-1] = 0.5
    with pytest.raises(ResponseError, match=r"3 values: 0 \(75000 rows\), 0.5 \(1 rows\), 1 \(74999 rows\)"):
        code_response(pd.Series(values), "y")


def test_notes_say_what_was_taken():
    _, unsaid = code_response(pd.Series(["no", "yes"]), "died")
    assert unsaid.note.startswith("Modelling P(died = yes). The larger of the two values")
    assert "event='no'" in unsaid.note
    assert code_response(pd.Series([0, 1]), "died")[1].note == "Modelling P(died = 1)."


def test_refusals_list_values_and_counts():
    with pytest.raises(ResponseError, match=r"one value only: 1 \(3 rows\)"):
        code_response(pd.Series([1, 1, 1]), "y")
    with pytest.raises(ResponseError, match=r"3 values: 'a' \(1 rows\), 'b' \(2 rows\), 'c' \(1 rows\)"):
        code_response(pd.Series(["a", "b", "b", "c"]), "y")
    with pytest.raises(ResponseError, match="event='yess' is not a value.*did you mean 'yes'"):
        code_response(pd.Series(["no", "yes"]), "y", "yess")
    with pytest.raises(ResponseError, match="event='1' is not a value"):
        code_response(pd.Series([0, 1]), "y", "1")
