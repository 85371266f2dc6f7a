"""Does each row fall into its level or bin? By hand, and against the table of one predictor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.crossing.placing import bins_for, cut_number, placed
from glmlr.errors import OptionError

ONE = np.ones(6)


def places(values: Any, bins: Any = None) -> tuple[tuple[str, ...], list[int]]:
    found = placed(pd.Series(values, name="x"), ONE * 0.5, ONE * 0.5, bins)
    return found.places.labels, found.place.tolist()


def test_each_kind_of_predictor_is_placed() -> None:
    assert places([3.0, 1, 1, 2, np.nan, 3]) == (("1", "2", "3", "Missing"), [2, 0, 0, 1, 3, 2])
    assert places([True, False, True, None, False, True]) == (("False", "True", "Missing"), [1, 0, 1, 2, 0, 1])
    assert places([*"bacba", None]) == (("a", "b", "c", "Missing"), [1, 0, 2, 1, 0, 3])
    ordered = pd.Categorical(["lo", "hi", "hi", "mid", "lo", "lo"], ["lo", "mid", "hi", "top"], ordered=True)
    assert places(ordered) == (("lo", "mid", "hi"), [0, 2, 2, 1, 0, 0])
    labels, at = places([-np.inf, 0.5, 1, 7, 9, np.inf], bins=[0, 1, 8])
    assert labels == ("-∞", "[0, 1)", "[1, 8)", ">= 8", "∞")
    assert at == [0, 1, 2, 2, 3, 4]


def test_counts_by_place_are_the_table_of_the_predictor() -> None:
    data = glmlr.datasets.load("titanic")
    y = (data["survived"] == "yes").to_numpy(dtype=float)
    for name, bins in (("age", None), ("age", 4), ("passengerClass", None), ("sex", None)):
        found = placed(data[name], y, 1 - y, bins)
        table = glmlr.log_odds_table(data, "survived", name, bins=bins).frame.iloc[:-1]
        assert table["level"].tolist() == list(found.places.labels)
        np.testing.assert_array_equal(table["n"], np.bincount(found.place))
        np.testing.assert_allclose(table["position"], found.position)


def test_a_cut_number_knows_where_its_places_stand() -> None:
    x = np.array([1.0, 2, 3, 4, 10, 20])
    cut = cut_number("x", x, ONE * 0.5, ONE * 0.5, [0, 3, 100])
    np.testing.assert_array_equal(cut.places.place(x), [0, 0, 1, 1, 1, 1])
    np.testing.assert_allclose(cut.position, [1.5, 9.25])


def test_bins_for_one_or_for_all() -> None:
    assert bins_for(5, "a", ("a", "b")) == 5
    assert bins_for({"a": 3}, "a", ("a", "b")) == 3
    assert bins_for({"a": 3}, "b", ("a", "b")) is None
    with pytest.raises(OptionError, match="did you mean 'beta'"):
        bins_for({"betta": 3}, "alpha", ("alpha", "beta"))
