"""What does each factor become, and is every one that cannot be modelled said in a sentence?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import births

from glmlr.design import build_design
from glmlr.errors import DataError, GlmlrError

BIRTHS = births()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"age": np.nan}, "None of the 189 rows can be used: 'age' is missing in 189"),
        ({"age": None}, "None of the 189 rows"),
        ({"race": "white"}, "race has one level only, 'white'"),
        ({"smokes": True}, "smokes has one level only, 'True'"),
        ({"age": np.inf}, "column 'age' is infinite in 189"),
        ({"age": pd.Timestamp("2024-01-01")}, "column 'age' holds dates"),
        ({"age": pd.Timedelta("1D")}, "column 'age' holds dates or durations"),
        ({"age": 1j}, "column 'age' holds complex numbers"),
        ({"age": ["a", 1, 2] * 63}, "column 'age' mixes values of several types"),
    ],
)
def test_columns_that_cannot_be_modelled(change: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError) as caught:
        build_design("low ~ age + race + smokes", BIRTHS.assign(**change))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("right", "says"),
    [
        ("np.log(smoke)", "np.log(smoke) is infinite in 115 of the 189 rows"),
        ("np.log(smoke - 1)", "np.log(smoke - 1) is infinite in 74 and undefined (NaN) in 115"),
        ("sqrt(smoke - 0.5)", "sqrt(smoke - 0.5) is undefined (NaN) in 115"),
        ("I(1 / smoke)", "I(1 / smoke) is infinite in 115"),
        ("I(age + 9 ** 9 ** 9 ** 9)", "is infinite in 189"),
        ("np.log(race)", "the column 'race' holds categories, where numbers are needed"),
        ("I(race * 2)", "holds categories"),
        ("race > 'a'", "have no order"),
        ("I(age == '30')", "numbers are compared with the text '30'"),
        ("I(race == 1)", "holds text and is compared with 1"),
        ("np.log(age, lwt)", "it takes 1 argument, and 2 are given"),
        ("bs(age)", "must specify either df or knots"),
        ("bs(age, dff=4)", "it has no argument 'dff'; did you mean 'df'?"),
        ("poly(age, 0)", "at least 1"),
        ("poly(smoke, 2)", "less than the number of distinct values, 2"),
        ("standardize(I(age * 0))", "do not vary"),
        ("C(race, Treatment('whyte'))", "did you mean 'white'?"),
        ("C(race, Treatment(7))", "7 is not a level"),
        ("C(race, levels=['white', 'black'])", "leaves out 'other'"),
        ("C(race, levels='white')", "is not a list"),
        ("C(race, Poly([1, 2]))", "number of levels (3) does not match number of scores (2)"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_evaluated(right: str, says: str) -> None:
    with pytest.raises(GlmlrError) as caught:
        build_design(f"low ~ {right}", BIRTHS)
    assert says in str(caught.value)


def test_whole_numbers_do_not_overflow() -> None:
    """100000^4 is 1e20, beyond 64-bit integers."""
    design = build_design("low ~ I(k ** 4) + I(k * k * k * k)", BIRTHS.assign(k=100_000))
    np.testing.assert_array_equal(design.matrix()[0], [1.0, 1e20, 1e20])


def test_a_column_of_identifiers_is_no_factor() -> None:
    data = pd.DataFrame({"y": [0, 1] * 5000, "name": [f"n{i}" for i in range(10_000)]})
    with pytest.raises(DataError, match=r"name has 10,000 different values"):
        build_design("y ~ .", data)


def test_dates_can_be_compared() -> None:
    data = BIRTHS.assign(day=pd.date_range("2020-01-01", periods=len(BIRTHS)))
    late = build_design("low ~ I(day >= '2020-02-01')", data).matrix()[:, 1]
    np.testing.assert_array_equal(late, np.arange(len(data)) >= 31)


def test_unused_levels_are_dropped_and_noted() -> None:
    races = pd.Categorical(BIRTHS["race"], categories=["white", "unseen", "black", "other", "never"])
    design = build_design("low ~ r", BIRTHS.assign(r=races))
    assert design.names == ("Intercept", "r[T.black]", "r[T.other]")
    assert design.rows.notes == ("r: the levels unseen, never have no rows and were dropped.",)
    dropped = build_design("low ~ race + age", BIRTHS.assign(age=BIRTHS["age"].where(BIRTHS["race"] != "other")))
    assert dropped.names == ("Intercept", "race[T.white]", "age")
    assert dropped.rows.notes == ("race: the level other has no rows and was dropped.",)


@pytest.mark.parametrize(
    ("right", "says"),
    [
        ("C(race, 'Treatment')", "the coding must be one of Treatment, Sum, Poly, Helmert, Diff"),
        ("C(race, [1, 2])", "or a matrix with one row per level"),
        ("C(race, [[age]])", "or a matrix with one row per level"),
        ("C(race, race)", "or a matrix with one row per level"),
        ("C(race, contrast=center(age))", "or a matrix with one row per level"),
        ("C(race, [[1, 0], [0, 1]])", "has 2 rows; it must have one for each of the 3 levels"),
        ("C(race, Treatment(age))", "a coding names one level, such as 'black'"),
        ("C(race, Poly(['a', 1, 2]))", "could not convert string to float"),
        ("C(race, levels=race)", "levels= takes a list"),
        ("C(race, levels=[['a']])", "list of plain values"),
        ("C(race, levels=[age])", "list of plain values"),
        ("C(race, foo=1)", "unexpected keyword argument 'foo'"),
        ("I(age" + " + 1" * 400 + ")", "too deeply nested to be evaluated"),
        ("I(age == '" + "a" * 10_000 + "')", "... cannot be evaluated: numbers are compared with the text"),
        ("I([age, lwt])", "one value a row"),
        ("np.where(age)", "it is missing 2 required positional arguments"),
    ],
)
def test_codings_and_arguments_that_make_no_sense(right: str, says: str) -> None:
    with pytest.raises(GlmlrError) as caught:
        build_design(f"low ~ {right}", BIRTHS)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_sum_of_many_columns_is_not_too_deep() -> None:
    ones = build_design("low ~ I(age" + " + 1" * 200 + ")", BIRTHS).matrix()[:, 1]
    np.testing.assert_array_equal(ones, BIRTHS["age"] + 200.0)
