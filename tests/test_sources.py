"""Do rows come in from every kind of frame and file, with the right kind of each column and the right rows missing?"""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from glmlr.errors import ArgumentError, DataError
from glmlr.language.categories import Labels
from glmlr.sources import classified, read

FRAME = pd.DataFrame({"n": [1, 2, 3], "x": [0.5, np.nan, 2.0], "t": ["b", None, "a"], "f": [True, False, True]})


def held(data: Any) -> dict[str, tuple[str, list[Any], list[int]]]:
    """Say of each column its kind, its values and which rows are missing."""
    source = read(data)
    out = {}
    for name in source.names:
        column = source.column(name)
        values = column.values.values() if isinstance(column.values, Labels) else np.asarray(column.values)
        missing = [] if column.missing is None else np.flatnonzero(column.missing).tolist()
        kept = [value for at, value in enumerate(values.tolist()) if at not in missing]
        out[name] = (column.kind, kept, missing)
    return out


EXPECTED = {
    "n": ("number", [1, 2, 3], []),
    "x": ("number", [0.5, 2.0], [1]),
    "t": ("category", ["b", "a"], [1]),
    "f": ("truth", [True, False, True], []),
}

SOURCES = {
    "pandas": lambda: FRAME,
    "object text": lambda: FRAME.astype({"t": object}),
    "nullable": lambda: FRAME.convert_dtypes(),
    "arrow dtypes": lambda: FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "categorical": lambda: FRAME.astype({"t": "category"}),
    "polars": lambda: pl.from_pandas(FRAME),
    "polars lazy": lambda: pl.from_pandas(FRAME).lazy(),
    "polars categorical": lambda: pl.from_pandas(FRAME).with_columns(pl.col("t").cast(pl.Categorical)),
    "polars enum": lambda: pl.from_pandas(FRAME).with_columns(pl.col("t").cast(pl.Enum(["b", "a"]))),
    "pyarrow": lambda: pa.Table.from_pandas(FRAME),
    "pyarrow dictionary": lambda: pa.table(
        {
            **{c: pa.array(FRAME[c], from_pandas=True) for c in "nxf"},
            "t": pa.array(["b", None, "a"]).dictionary_encode(),
        }
    ).select(["n", "x", "t", "f"]),
    "dict of lists": lambda: {"n": [1, 2, 3], "x": [0.5, None, 2.0], "t": ["b", None, "a"], "f": [True, False, True]},
    "dict of arrays": lambda: {name: FRAME[name].to_numpy() for name in FRAME},
    "dict of Series": lambda: {name: FRAME[name] for name in FRAME},
    "dict of polars Series": lambda: {name: pl.from_pandas(FRAME)[name] for name in FRAME},
    "records": lambda: FRAME.to_dict("records"),
    "structured array": lambda: FRAME.astype({"t": object}).to_records(index=False),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_holds_the_same(kind: str) -> None:
    assert held(SOURCES[kind]()) == EXPECTED


def test_input_is_never_changed() -> None:
    before = FRAME.copy(deep=True)
    held(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (None, ArgumentError, "None"),
        (3, ArgumentError, "int"),
        ([], ArgumentError, "empty list"),
        ([1, 2], ArgumentError, "no named columns"),
        (np.zeros((2, 2)), ArgumentError, "no named columns"),
        (pd.Series([1]), ArgumentError, "no named columns"),
        (object(), ArgumentError, "not a data frame"),
        ({"a": [1, 2], "b": [1]}, DataError, "'a' has 2, 'b' has 1"),
        ({"a": 1}, DataError, "single values"),
        ({"a": np.zeros((2, 2))}, DataError, "shape"),
        ({"a": pd.Series([1], index=[0]), "b": pd.Series([1], index=[1])}, DataError, "different indexes"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), DataError, "'a' (2 times)"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), DataError, "'1' (2 times)"),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])), DataError, "flatten"),
    ],
)
def test_what_holds_no_columns_is_refused(data: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error) as caught:
        read(data)
    assert says in str(caught.value)


def test_names_become_text_and_the_index_is_kept() -> None:
    source = read(pd.DataFrame([[1, 2]], columns=[0, "b"], index=[17]))
    assert source.names == ("0", "b")
    assert source.index.tolist() == [17]
    assert source.raw("0").name == "0"


def test_a_dict_of_single_values_is_one_row_when_asked() -> None:
    assert len(read({"a": 1, "b": "x"}, one_row=True).index) == 1
    repeated = read({"a": [1, 2], "b": "x"}, one_row=True)
    assert repeated.column("b").values.values().tolist() == ["x", "x"]
    assert len(read(pd.Series({"a": 1, "b": "x"}), one_row=True).index) == 1


# ------------------------------------------------------------------------------------------------ kinds

DAY = datetime.date(2024, 1, 31)


@pytest.mark.parametrize(
    ("values", "kind", "kept"),
    [
        (pd.Series([1, 2], dtype="uint8"), "number", [1, 2]),
        (pd.Series([1.5, 2], dtype="float32"), "number", [1.5, 2.0]),
        (pd.Series([1, None], dtype="Int64"), "number", [1.0]),
        (pd.Series([0.5, None], dtype="Float64"), "number", [0.5]),
        (pd.Series([True, None], dtype="boolean"), "truth", [True]),
        (pd.Series([True, None], dtype=object), "truth", [True]),
        (pd.Series([decimal.Decimal("1.5"), None], dtype=object), "number", [1.5]),
        (pd.Series([decimal.Decimal("1.5"), 2], dtype=object), "number", [1.5, 2.0]),
        (pd.Series([1, 2.5, None], dtype=object), "number", [1.0, 2.5]),
        (pd.Series([1, 2], dtype=object), "number", [1, 2]),
        (pd.Series([decimal.Decimal("1.5")], dtype=pd.ArrowDtype(pa.decimal128(5, 2))), "number", [1.5]),
        (pd.Series(["a", None], dtype="string"), "category", ["a"]),
        (pd.Series(["a", np.nan], dtype=object), "category", ["a"]),
        (pd.Series(pd.arrays.SparseArray([0.0, 1.0])), "number", [0.0, 1.0]),
        (pd.Series([None, None], dtype=object), "nothing", []),
        (pd.Series([pd.NA, pd.NA], dtype="string"), "nothing", []),
        (pd.Series(["a", 1], dtype=object), "mixed", ["a", 1]),
        (pd.Series(pd.interval_range(0, 2)), "category", pd.interval_range(0, 2).tolist()),
    ],
)
def test_kinds(values: pd.Series, kind: str, kept: list[Any]) -> None:
    column = classified(values, "v")
    present = slice(None) if column.missing is None else ~column.missing
    shown = column.values.values() if isinstance(column.values, Labels) else np.asarray(column.values)
    assert (column.kind, shown[present].tolist()) == (kind, kept)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(pd.to_datetime(["2024-01-31", None])),
        pd.Series(pd.to_datetime(["2024-01-31", None]).tz_localize("UTC")),
        pd.Series(pd.to_timedelta([1, None], unit="D")),
        pd.Series(pd.PeriodIndex(["2024-01", None], freq="M")),
        pd.Series([DAY, None], dtype=object),
        pd.Series([datetime.datetime(2024, 1, 31), None], dtype=object),
        pd.Series([DAY, None], dtype=pd.ArrowDtype(pa.date32())),
        pd.Series([datetime.datetime(2024, 1, 31), None], dtype=pd.ArrowDtype(pa.timestamp("us"))),
    ],
)
def test_dates_are_dates(values: pd.Series) -> None:
    column = classified(values, "when")
    assert column.kind == "date"
    assert column.missing is not None
    assert column.missing.tolist() == [False, True]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (pd.Series([1j]), "complex numbers"),
        (pd.Series([b"a"], dtype=object), "bytes"),
        (pd.Series([[1], [2]]), "list"),
        (pd.Series([{"a": 1}]), "dict"),
        (pd.Series([[1]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))), "list"),
    ],
)
def test_what_no_term_can_use_is_refused(values: pd.Series, says: str) -> None:
    with pytest.raises(DataError, match=says):
        classified(values, "odd")


def test_levels_of_text_are_sorted_and_those_of_a_categorical_keep_their_order() -> None:
    assert classified(pd.Series(["b", "a", "b"]), "t").values.levels == ("a", "b")
    declared = pd.Series(pd.Categorical(["b", "a"], categories=["b", "c", "a"], ordered=True))
    labels = classified(declared, "t").values
    assert (labels.levels, labels.codes.tolist(), labels.ordered) == (("b", "c", "a"), [0, 2], True)


@pytest.mark.parametrize("kind", ["str", "string[pyarrow]", pd.ArrowDtype(pa.string()), "string[python]", object])
def test_text_is_encoded_alike_whoever_holds_it(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    """Codes and levels by hand: sorted levels, however the text is cut into chunks and runs."""
    monkeypatch.setattr("glmlr.language.categories._TEXTS", 3)
    one, other = pd.Series(["c", None, "b", "b"], dtype=kind), pd.Series(["a", "c", None, "d"], dtype=kind)
    labels = classified(pd.concat([one, other], ignore_index=True), "t").values
    assert (labels.levels, labels.codes.tolist()) == (("a", "b", "c", "d"), [2, -1, 1, 1, 0, 2, -1, 3])
    assert classified(one.iloc[:0], "t").kind == classified(one.iloc[[1, 1]], "t").kind == "nothing"


@pytest.mark.parametrize(("levels", "size"), [(3, 1), (127, 1), (128, 2), (40_000, 4)])
def test_codes_are_the_smallest_integers_that_hold_them(levels: int, size: int) -> None:
    texts = pd.Series([f"{level:05d}" for level in range(levels)] + [None])
    codes = classified(texts[::-1], "t").values.codes
    assert codes.itemsize == size
    np.testing.assert_array_equal(codes, [-1, *range(levels)[::-1]])


def test_finite_is_said_of_numbers_that_were_looked_at() -> None:
    numbers = {"all": [1.0, 2.0], "infinite": [1.0, np.inf], "missing": [1.0, np.nan]}
    source = read(pd.DataFrame(numbers))
    assert {name: source.column(name).finite for name in numbers} == {"all": True, "infinite": False, "missing": False}


@pytest.mark.parametrize(
    ("values", "kind", "missing"),
    [
        (
            pd.Series(pd.arrays.FloatingArray(np.array([1.0, np.nan, 3]), np.array([True, False, False]))),
            "number",
            [0, 1],
        ),
        (pd.Series(pa.array([None, float("nan"), 3.0]), dtype=pd.ArrowDtype(pa.float64())), "number", [0, 1]),
        (pd.Series([True, None, False], dtype=object), "truth", [1]),
        (pd.Series([np.True_, pd.NA, np.False_], dtype=object), "truth", [1]),
        (pd.Series([decimal.Decimal("NaN"), decimal.Decimal(2), None], dtype=object), "number", [0, 2]),
        (pd.Series(["a", "b", None], dtype=pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))), "category", [2]),
    ],
)
def test_every_way_of_being_missing(values: pd.Series, kind: str, missing: list[int]) -> None:
    """By hand: both the NaN and the NA of a nullable column, the None of an object column, the NaN of Decimal."""
    column = classified(values, "v")
    assert (column.kind, np.flatnonzero(column.missing).tolist()) == (kind, missing)


def test_the_index_is_no_column() -> None:
    """The name of an index may be that of a column; levels of an index are kept beside the rows."""
    named = pd.DataFrame({"a": [1, 2]}, index=pd.Index([7, 8], name="a"))
    assert held(named) == {"a": ("number", [1, 2], [])}
    levels = pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("x", 2)], names=["p", "q"]))
    source = read(levels)
    assert source.names == ("a",)
    assert source.index.equals(levels.index)


def test_a_structured_array_of_two_dimensions_is_refused() -> None:
    with pytest.raises(DataError, match="give one value per row"):
        read(np.zeros((2, 2), dtype=[("a", "i4")]))
