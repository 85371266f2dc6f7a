"""Do functions of the user work row by row, and is every other one refused?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import patsy
import pytest
from witnesses import births

from glmlr.design import build_design
from glmlr.errors import DataError, GlmlrError, OptionError

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
