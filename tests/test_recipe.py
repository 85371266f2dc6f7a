"""Do new rows get the design columns they should, one by one, and is everything unfit for scoring said?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from glmlr.design import build_design
from glmlr.errors import DataError, OptionError, ResponseError, UnknownLevelError


def read_data(name: str) -> pd.DataFrame:
    return pd.read_csv(Path(__file__).resolve().parent.parent / "data" / f"{name}.csv")


BIRTHS = read_data("birthwt").assign(smokes=lambda d: d["smoke"] == 1)
DESIGN = build_design("low ~ age + race + C(ftv) + smokes", BIRTHS)


def test_a_dict_of_single_values_is_one_row() -> None:
    rows = DESIGN.apply({"age": 30, "race": "white", "ftv": 2, "smokes": True})
    columns = dict(zip(DESIGN.names, rows.matrix[0], strict=True))
    assert {name for name, value in columns.items() if value == 1} == {
        "Intercept", "race[T.white]", "C(ftv)[T.2]", "smokes[T.True]",
    }  # fmt: skip
    assert columns["age"] == 30


@pytest.mark.parametrize(
    "new",
    [
        BIRTHS.iloc[[4, 9]],
        BIRTHS.iloc[[4, 9]].drop(columns="low"),
        BIRTHS.iloc[[4, 9]].assign(ftv=lambda d: d["ftv"].astype(float)),
        BIRTHS.iloc[[4, 9]].assign(smokes=lambda d: d["smoke"]),
        BIRTHS.iloc[[4, 9]].convert_dtypes(),
        BIRTHS.iloc[[4, 9]].astype({"race": "category"}),
        pl.from_pandas(BIRTHS.iloc[[4, 9]]),
        BIRTHS.iloc[[4, 9]].to_dict("records"),
        {name: BIRTHS[name].iloc[[4, 9]].to_numpy() for name in ("age", "race", "ftv", "smokes")},
    ],
)
def test_kinds_that_mean_the_same_score_the_same(new: Any) -> None:
    np.testing.assert_array_equal(DESIGN.apply(new).matrix, DESIGN.matrix()[[4, 9]])


def test_missing_values_make_rows_incomplete() -> None:
    new = BIRTHS.head(5).assign(age=[np.nan, 20, 30, 40, 25], race=["white", None, "black", "other", "white"])
    rows = DESIGN.apply(new)
    assert rows.complete.tolist() == [False, False, True, True, True]
    assert rows.matrix.shape == (3, len(DESIGN.names))
    assert rows.index.equals(new.index)
    assert DESIGN.apply(new.assign(age=None)).matrix.shape == (0, len(DESIGN.names))
    assert DESIGN.apply(new.head(0)).matrix.shape == (0, len(DESIGN.names))


def test_unknown_levels() -> None:
    new = BIRTHS.head(5).assign(race=["white", "martian", "martian", "venusian", "black"])
    with pytest.raises(UnknownLevelError) as caught:
        DESIGN.apply(new)
    assert "column 'race' has levels the fit has not seen: 'martian' (2 rows), 'venusian' (1 row)" in str(caught.value)
    gone = DESIGN.apply(new, unknown="nan")
    assert gone.complete.tolist() == [True, False, False, False, True]
    assert "no score" in gone.notes[0]
    taken = DESIGN.apply(new, unknown="reference")
    assert taken.complete.all()
    as_black = DESIGN.apply(new.assign(race=["white", "black", "black", "black", "black"]))
    np.testing.assert_array_equal(taken.matrix, as_black.matrix)
    assert "scored as 'black', the reference level" in taken.notes[0]
    with pytest.raises(OptionError, match="unknown='drop'"):
        DESIGN.apply(new, unknown="drop")


def test_a_level_seen_only_in_dropped_rows_is_unknown() -> None:
    data = BIRTHS.assign(age=BIRTHS["age"].where(BIRTHS["race"] != "other"))
    with pytest.raises(UnknownLevelError, match="'other'"):
        build_design("low ~ age + race", data).apply({"age": 30, "race": "other"})


@pytest.mark.parametrize("right", ["C(race, Sum)", "0 + race", "C(race, Helmert)", "C(race, Poly)"])
def test_reference_needs_treatment_coding(right: str) -> None:
    with pytest.raises(OptionError, match="needs treatment coding"):
        build_design(f"low ~ {right}", BIRTHS).apply({"race": "martian"}, unknown="reference")


def test_the_stated_reference_is_the_one_taken() -> None:
    design = build_design("low ~ C(race, Treatment('white'))", BIRTHS)
    assert design.apply({"race": "martian"}, unknown="reference").matrix.tolist() == [[1.0, 0.0, 0.0]]


def test_an_unknown_number_under_c_is_an_unknown_level() -> None:
    with pytest.raises(UnknownLevelError, match=r"'ftv' has a level the fit has not seen: 5 \(1 row\)"):
        DESIGN.apply({"age": 30, "race": "white", "ftv": 5, "smokes": True})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"age": ["old"]}, "column 'age' holds text (such as 'old') in the new data and held numbers in the fit"),
        ({"age": pd.to_datetime(["2024-01-01"])}, "column 'age' holds dates"),
        ({"age": [np.inf]}, "column 'age' is infinite in 1"),
        ({"smokes": [2]}, "column 'smokes' holds numbers in the new data and held True and False in the fit"),
        ({"smokes": ["yes"]}, "column 'smokes' holds text"),
    ],
)
def test_columns_of_another_kind(change: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError) as caught:
        DESIGN.apply(pd.DataFrame({"age": [30], "race": ["white"], "ftv": [1], "smokes": [True]}).assign(**change))
    assert says in str(caught.value)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="column 'age' not found in the new data; did you mean 'Age'?"):
        DESIGN.apply(BIRTHS.rename(columns={"age": "Age"}))


def test_a_row_that_a_transform_cannot_take() -> None:
    design = build_design("low ~ np.log(age)", BIRTHS)
    with pytest.raises(DataError, match=r"np.log\(age\) is undefined \(NaN\) in 1 of the 3 rows"):
        design.apply({"age": [-1, 20, 30]})
    rows = design.apply({"age": [-1, 20, 30]}, unknown="nan")
    assert rows.complete.tolist() == [False, True, True]
    np.testing.assert_array_equal(rows.matrix[:, 1], np.log([20.0, 30.0]))


def test_offsets_of_new_rows() -> None:
    data = BIRTHS.assign(e=1.0)
    by_name = build_design("low ~ age", data, offset="e")
    assert by_name.apply({"age": [20, 30], "e": [3.0, 4.0]}).offset.tolist() == [3.0, 4.0]
    assert by_name.apply({"age": [20, 30], "e": [3.0, None]}).complete.tolist() == [True, False]
    with pytest.raises(DataError, match="column 'e' not found in the new data"):
        by_name.apply({"age": [20]})
    by_value = build_design("low ~ age", data, offset=np.ones(len(data)))
    assert by_value.apply({"age": [20, 30]}, offset=[3, 4]).offset.tolist() == [3.0, 4.0]
    with pytest.raises(DataError, match="give offset= for the new rows"):
        by_value.apply({"age": [20]})
    with pytest.raises(DataError, match="1 values for 2 rows"):
        by_value.apply({"age": [20, 30]}, offset=[3])
    term = build_design("low ~ age + offset(np.log(lwt))", data)
    np.testing.assert_array_equal(term.apply({"age": [20], "lwt": [100]}).offset, np.log([100.0]))
    with pytest.raises(OptionError, match="the fit has none"):
        DESIGN.apply(BIRTHS, offset=np.ones(len(BIRTHS)))


def test_outcomes_of_new_rows() -> None:
    design = build_design("survived ~ sex", read_data("titanic"))
    y, trials = design.outcome(pd.DataFrame({"survived": ["yes", None, "no"]}))
    np.testing.assert_array_equal(y, [1.0, np.nan, 0.0])
    assert trials is None
    with pytest.raises(ResponseError, match="'maybe'; it knows 'yes' and 'no'"):
        design.outcome(pd.DataFrame({"survived": ["yes", "maybe"]}))
    flipped = build_design("low ~ age", BIRTHS, event=0)
    np.testing.assert_array_equal(flipped.outcome({"low": [0, 1, 1.0]})[0], [1.0, 0.0, 0.0])
    grouped = build_design("disease + no_disease ~ C(ca)", read_data("heart_vessels"))
    y, trials = grouped.outcome({"disease": [3, 0], "no_disease": [1, 0]})
    np.testing.assert_array_equal(y, [0.75, np.nan])
    np.testing.assert_array_equal(trials, [4.0, 0.0])
