"""Are weights lined up with their rows, and is every bad weight refused in a sentence?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from glmlr.design.response import Event
from glmlr.design.weights import class_weights_of, clusters_of, lined_up, weights_of
from glmlr.errors import DataError, OptionError, WeightError
from glmlr.sources import read

SOURCE = read(pd.DataFrame({"w": [1, 2, 3], "t": ["a", "b", "a"], "h": [0.5, 1.0, np.nan]}, index=["x", "y", "z"]))


@pytest.mark.parametrize(
    "values",
    [
        "w",
        [1, 2, 3],
        (1, 2, 3),
        np.array([1.0, 2, 3]),
        np.array([[1], [2], [3]]),
        pd.Series([3, 2, 1, 9], index=["z", "y", "x", "more"]),
        pd.Series([1, 2, 3], index=["x", "y", "z"], dtype="Int64"),
        pd.Index([1, 2, 3]),
        pl.Series([1, 2, 3]),
    ],
)
def test_weights_are_lined_up(values: Any) -> None:
    weights = weights_of(values, "freq_weights", SOURCE, whole=True)
    assert weights is not None
    assert weights.tolist() == [1.0, 2.0, 3.0]


def test_a_series_with_the_index_of_the_data_may_repeat_labels() -> None:
    source = read(pd.DataFrame({"a": [1, 2]}, index=["x", "x"]))
    weights = weights_of(pd.Series([1, 2], index=["x", "x"]), "freq_weights", source, whole=True)
    assert weights is not None
    assert weights.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1, -1, 1], "negative in 1 of the 3 rows"),
        ([1, np.nan, 1], "missing (NaN) in 1 of the 3 rows"),
        ("h", "(column 'h') is missing (NaN) in 1"),
        ([1, None, 1], "missing (NaN)"),
        ([1, np.inf, 1], "finite; 1 of the 3"),
        ([1, 0.5, 1], "whole; 1 of the 3 weights are fractions (such as 0.5)"),
        ([0, 0, 0], "is 0 in every row"),
        ([1, 2], "2 values for 3 rows"),
        (2, "a single value for 3 rows"),
        (np.ones((3, 2)), "shape (3, 2)"),
        ("t", "must hold numbers, not text"),
        (["a", "b", "c"], "must hold numbers"),
        (pd.Series([1, 2], index=["x", "y"]), "without a value for 1 of the 3 rows (index 'z')"),
        (pd.Series([1, 2, 3]), "without a value for 3 of the 3 rows"),
        (pd.Series([1, 2, 3], index=["x", "x", "z"]), "its own index repeats labels"),
    ],
)
def test_bad_weights(values: Any, says: str) -> None:
    with pytest.raises(WeightError) as caught:
        weights_of(values, "freq_weights", SOURCE, whole=True)
    assert says in str(caught.value)
    assert str(caught.value).startswith("freq_weights")


def test_a_column_of_weights_that_does_not_exist() -> None:
    with pytest.raises(DataError, match="freq_weights='W': column 'W' not found; did you mean 'w'?"):
        weights_of("W", "freq_weights", SOURCE, whole=True)


def test_fractions_are_weights_of_importance() -> None:
    weights = weights_of([0.5, 1.5, 0], "sample_weight", SOURCE, whole=False)
    assert weights is not None
    assert weights.tolist() == [0.5, 1.5, 0.0]


def test_clusters_are_numbered_by_appearance() -> None:
    assert clusters_of(lined_up("t", "cluster", SOURCE)).tolist() == [0, 1, 0]
    assert clusters_of(lined_up([7.5, 7.5, None], "cluster", SOURCE)).tolist() == [0, 0, -1]
    assert clusters_of(lined_up(np.array(["b", "a", "b"]), "cluster", SOURCE)).tolist()[0::2] == [1, 1]


# ------------------------------------------------------------------------------------------------ classes

EVENT = Event("dead", "yes", "no")


def test_balanced_counts_frequencies() -> None:
    """n / (2 n_k): of 4 rows 3 and 1; with frequencies 1, 1, 1, 5 of 8 rows 3 and 5."""
    assert class_weights_of("balanced", EVENT, 1.0, 4.0) == (4 / 6, 4 / 2)
    assert class_weights_of("balanced", EVENT, 5.0, 8.0) == (8 / 6, 8 / 10)
    assert class_weights_of(None, EVENT, 1.0, 4.0) is None


@pytest.mark.parametrize(
    ("event", "option"),
    [
        (EVENT, {"yes": 10, "no": 1}),
        (Event("low", 1, 0), {0: 1, 1: 10}),
        (Event("low", 1, 0), {False: 1, True: np.float64(10)}),
        (Event("low", True, False), {0: 1, 1: 10}),
        (Event("low", np.int64(1), np.int64(0)), {0.0: 1, 1.0: 10}),
        # The text of a class, and the coding of the response where it has other values.
        (Event("low", 1, 0), {"0": 1, "1": 10}),
        (Event("low", True, False), {"False": 1, "True": 10}),
        (Event("low", 2.0, 1.0), {"1": 1, "2": 10}),
        (Event("low", "0", "1"), {1: 1, 0: 10}),
        (EVENT, {0: 1, 1: 10}),
        (EVENT, {np.False_: 1, np.True_: 10}),
        # What stands among the values of the response is a value of it, whichever is the event.
        (Event("low", 0, 1), {1: 1, 0: 10}),
        (EVENT, "1:10"),
        (EVENT, " 1 : 1e1 "),
    ],
)
def test_weights_by_class(event: Event, option: Any) -> None:
    assert class_weights_of(option, event, 1.0, 4.0) == (1.0, 10.0)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("balance", "did you mean 'balanced'?"),
        ({"yes": 1}, "no weight for 'no'"),
        ({"yes": 1, "nope": 2}, "'nope'"),
        ({"yes": 1, "no": 2, "maybe": 3}, "'maybe'"),
        ({0: 1, 2: 2}, "0, which is not a value of the response 'dead' ('no' and 'yes')"),
        ({"yes": 1, 0: 2}, "0, which is not a value of the response"),
        ({0: 1}, "no weight for 'yes'"),
        ("1:2:3", "'1:2:3' are not a ratio of two numbers"),
        ("1:x", "not a ratio of two numbers"),
        ("1/0:1", "not a ratio of two numbers"),
        (":", "not a ratio of two numbers"),
        ("0:1", "class_weight of 'no' is 0.0; a class weight is a number above 0"),
        ("1:-1", "class_weight of 'yes' is -1.0; a class weight is a number above 0"),
        ("1:nan", "a number above 0"),
        ("inf:1", "a number above 0"),
        ({"yes": 0, "no": 1}, "a number above 0"),
        ({"yes": -1, "no": 1}, "a number above 0"),
        ({"yes": np.nan, "no": 1}, "a number above 0"),
        ({"yes": "2", "no": 1}, "a number above 0"),
        ([1, 2], "not a list"),
        (2.0, "not a float"),
    ],
)
def test_bad_class_weights(option: Any, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        class_weights_of(option, EVENT, 1.0, 4.0)
    assert says in str(caught.value)


@pytest.mark.parametrize("ratio", ["0.1:1", "1/10:1", "3/6 : 10/2", ".5:5", "1:10/1"])
def test_ratios_by_hand(ratio: str) -> None:
    weights = class_weights_of(ratio, EVENT, 1.0, 4.0)
    assert weights is not None
    assert weights[1] / weights[0] == pytest.approx(10.0, rel=1e-15)


def test_a_class_has_one_weight() -> None:
    with pytest.raises(OptionError, match="class_weight names 1 twice"):
        class_weights_of({0: 1, 1: 10, "1": 3}, Event("low", 1, 0), 1.0, 4.0)


def test_weights_follow_an_index_of_several_levels() -> None:
    index = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)])
    source = read(pd.DataFrame({"a": [1, 2, 3]}, index=index))
    weights = weights_of(pd.Series([3, 1, 2], index=index[[2, 0, 1]]), "freq_weights", source, whole=True)
    assert weights is not None
    assert weights.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(WeightError, match="without a value for 3 of the 3 rows"):
        weights_of(pd.Series([1, 2, 3], index=index.swaplevel()), "freq_weights", source, whole=True)
