"""Do functions of the user work row by row, and is every other one refused?"""

from __future__ import annotations

import gc
import math
import weakref
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import patsy
import pytest
from witnesses import births

from glmlr.design import build_design
from glmlr.errors import DataError, GlmlrError, OptionError
from glmlr.language.functions import functions_of
from glmlr.language.transforms import SequentialLearning

BIRTHS = births()


def test_functions_of_the_user() -> None:
    functions = {
        "twice": lambda x: 2 * x,
        "capitals": lambda text: text.str.upper(),
        "bmi": lambda weight, height: weight / height**2,
        "centred": patsy.center,
        "month": lambda day: day.dt.month,
    }
    data = BIRTHS.assign(day=pd.date_range("2020-01-01", periods=len(BIRTHS)))
    design = build_design(
        "low ~ twice(age) + capitals(race) + bmi(lwt, age) + centred(lwt) + month(day)", data, functions=functions
    )
    columns = dict(zip(design.names, design.matrix().T, strict=True))
    np.testing.assert_array_equal(columns["twice(age)"], 2 * data["age"])
    np.testing.assert_array_equal(columns["capitals(race)[T.WHITE]"], data["race"] == "white")
    np.testing.assert_allclose(columns["bmi(lwt, age)"], data["lwt"] / data["age"] ** 2)
    np.testing.assert_allclose(columns["centred(lwt)"], data["lwt"] - data["lwt"].mean())
    np.testing.assert_array_equal(columns["month(day)"], data["day"].dt.month)
    np.testing.assert_array_equal(design.apply(data.iloc[[7]]).matrix, design.matrix()[[7]])


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: x - x.mean(), "depends on the other rows"),
        (lambda x: x.rank(), "depends on the other rows"),
        (lambda x: x.mean(), "one value a row"),
        (lambda x: x[:5], "one value a row"),
        (lambda x: 1 / 0, "division by zero"),
        (lambda x: np.where(x > 20, np.nan, x), "undefined (NaN)"),
    ],
)
def test_a_function_that_is_not_row_by_row_is_refused(function: Any, says: str) -> None:
    with pytest.raises(GlmlrError) as caught:
        build_design("low ~ f(age)", BIRTHS, functions={"f": function})
    assert says in str(caught.value)
    assert "f(age)" in str(caught.value)


@pytest.mark.parametrize("functions", [{"C": len}, {"center": len}, {"f": 3}, {"a b": len}, {"__f": len}, [len]])
def test_what_cannot_be_a_function_of_the_user(functions: Any) -> None:
    with pytest.raises(OptionError, match="functions"):
        build_design("low ~ age", BIRTHS, functions=functions)


def test_names_that_python_would_read_as_another_are_refused() -> None:
    """Python reads the ligature as two letters, so the formula would call something else."""
    with pytest.raises(OptionError, match="plain word"):
        build_design("low ~ age", BIRTHS, functions={"\ufb01t": len})


def test_a_missing_truth_is_not_true() -> None:
    def doubtful(text: pd.Series) -> pd.Series:
        return (text == "white").astype("boolean").where(text != "other")

    with pytest.raises(DataError, match=r"undefined \(NaN\) in 67 of the 189 rows"):
        build_design("low ~ f(race)", BIRTHS, functions={"f": doubtful})


def test_only_the_function_that_is_called_is_blamed() -> None:
    functions = {"x": lambda a: a - a.mean(), "f_x": lambda a: 2 * a}
    assert build_design("low ~ f_x(age)", BIRTHS, functions=functions).names == ("Intercept", "f_x(age)")
    with pytest.raises(GlmlrError, match=r"so x\(\) depends"):
        build_design("low ~ x(age)", BIRTHS, functions=functions)


class Remembering:
    """A stateful transform of a user, by patsy's protocol, that cares for the order of the rows and holds them all."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def memorize_chunk(self, x: Any, power: float = 1.0) -> None:
        self.seen += [*np.asarray(x, dtype=float) ** power]

    def memorize_finish(self) -> None:
        self.first, self.total = self.seen[0], math.fsum(self.seen)

    def transform(self, x: Any, power: float = 1.0) -> Any:
        return (x**power - self.first) / self.total


def learning_of(transform: Any) -> SequentialLearning:
    learning = functions_of({"mine": patsy.stateful_transform(transform)}, {}, {}).learnings["mine"]
    assert isinstance(learning, SequentialLearning)
    return learning


AGES = BIRTHS["age"].to_numpy(dtype=float)


@pytest.mark.parametrize("weight", [None, np.resize([1.0, 3.0, 2.0], AGES.size)])
def test_a_transform_of_the_user_learns_from_chunks_in_order(weight: Any) -> None:
    learning = learning_of(Remembering)
    rows = AGES if weight is None else np.repeat(AGES, weight.astype(int))
    expected = (AGES**2.0 - rows[0] ** 2) / math.fsum(rows**2.0)
    cuts = [1, 50, 50, 120]
    weights = [None] * 5 if weight is None else np.split(weight, cuts)
    looks = [learning.look(w, x, power=2.0) for w, x in zip(weights, np.split(AGES, cuts), strict=True)]
    tree = learning.add(learning.add(looks[0], looks[1]), learning.add(learning.add(looks[2], looks[3]), looks[4]))
    in_turn = reduce(learning.add, looks, learning.begin())
    for total in (tree, in_turn):
        np.testing.assert_array_equal(learning.learnt(total)(AGES, power=2.0), expected)
    at_once = functions_of({"mine": patsy.stateful_transform(Remembering)}, {}, {}).learners["mine"]
    np.testing.assert_array_equal(at_once(weight, AGES, power=2.0)(AGES, power=2.0), expected)


def test_chunks_that_are_added_in_turn_are_not_held() -> None:
    learning = learning_of(type(patsy.center.__patsy_stateful_transform__()))
    chunk = np.arange(1000.0)
    held = weakref.ref(chunk)
    total = learning.add(learning.begin(), learning.look(None, chunk))
    del chunk
    gc.collect()
    assert held() is None
    assert learning.learnt(total)(np.array([499.5])).tolist() == [0.0]


def test_a_sum_that_begins_in_the_middle_is_refused() -> None:
    learning = learning_of(Remembering)
    later = learning.add(learning.begin(), learning.look(None, AGES))
    with pytest.raises(ValueError, match="begins once"):
        learning.add(learning.look(None, AGES), later)


def test_a_transform_of_the_user_may_take_categories_and_constants_under_weights() -> None:
    class Commonest:
        """1 for the commonest of the categories, among those with more than `least` rows."""

        def memorize_chunk(self, text: Any, least: float) -> None:
            counts = text.value_counts()
            self.most = counts[counts > least].index[0]

        def memorize_finish(self) -> None:
            pass

        def transform(self, text: Any, least: float) -> Any:
            return (text == self.most) * 1.0

    functions = {"commonest": patsy.stateful_transform(Commonest)}
    weight = np.where(BIRTHS["race"] == "other", 5, 1)
    for weights, race in ((None, "white"), (weight, "other")):
        design = build_design("low ~ commonest(race, 3)", BIRTHS, functions=functions, freq_weights=weights)
        np.testing.assert_array_equal(design.matrix()[:, 1], BIRTHS["race"] == race)
