"""Do rows fall into the slices that their dates and values say?"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glmlr.errors import DataError, OptionError
from glmlr.monitoring.slices import MOST, slices_of
from glmlr.sources import read

DATES = ["2024-01-31", "2024-02-01", "2024-04-15", None]
DATA = pd.DataFrame(
    {
        "date": pd.to_datetime(DATES),
        "text": DATES,
        "month": [202401, 202402, 202404, 202401],
        "team": ["b", "a", None, "b"],
        "size": [1.5, np.nan, 2, 1.5],
        "late": [False, True, True, False],
    }
)
MONTHS = ("2024-01", "2024-02", "2024-03", "2024-04")


@pytest.mark.parametrize(
    ("by", "every", "labels", "code"),
    [
        ("date", "month", MONTHS, [0, 1, 3, -1]),
        ("text", "M", MONTHS, [0, 1, 3, -1]),
        (DATA["date"].dt.tz_localize("Europe/Paris"), "month", MONTHS, [0, 1, 3, -1]),
        (DATA["date"].dt.to_period("D"), "month", MONTHS, [0, 1, 3, -1]),
        (DATA["date"].dt.date, "month", MONTHS, [0, 1, 3, -1]),
        ("date", "quarter", ("2024Q1", "2024Q2"), [0, 0, 1, -1]),
        ("date", "year", ("2024",), [0, 0, 0, -1]),
        ("date", None, ("2024-01-31", "2024-02-01", "2024-04-15"), [0, 1, 2, -1]),
        (DATA["date"].dt.to_period("M"), None, ("2024-01", "2024-02", "2024-04"), [0, 1, 2, -1]),
        ("month", None, ("202401", "202402", "202404"), [0, 1, 2, 0]),
        ("team", None, ("a", "b"), [1, 0, -1, 1]),
        (pd.Series(pd.Categorical(["x", "y", "x", None], categories=["y", "z", "x"])), None, ("y", "x"), [1, 0, 1, -1]),
        ("size", None, ("1.5", "2"), [0, -1, 1, 0]),
        ("late", None, ("False", "True"), [0, 1, 1, 0]),
        (["p", "q", "q", "p"], None, ("p", "q"), [0, 1, 1, 0]),
    ],
)
def test_slices(by: Any, every: str | None, labels: tuple[str, ...], code: list[int]) -> None:
    found = slices_of(by, read(DATA), every)
    assert found.labels == labels
    assert found.code.tolist() == code
    assert [rows.tolist() for rows in found.rows()] == [
        [row for row, own in enumerate(code) if own == k] for k in range(len(labels))
    ]


def test_a_week_is_named_by_its_monday() -> None:
    found = slices_of("date", read(DATA.iloc[:2]), "week")
    assert found.labels == ("2024-01-29",)
    assert datetime.date(2024, 1, 29).weekday() == 0


def test_a_series_goes_by_its_index() -> None:
    by = DATA["month"].iloc[::-1]
    assert slices_of(by, read(DATA), None).code.tolist() == [0, 1, 2, 0]
    assert slices_of(by, read(DATA), None).name == "month"


@pytest.mark.parametrize(
    ("by", "every", "error", "says"),
    [
        ("dat", None, DataError, "did you mean 'date'"),
        ("month", "month", DataError, "by='month' holds none"),
        ("team", "month", DataError, "by='team' holds none"),
        ("date", "mnth", OptionError, "did you mean 'month'"),
        ([1, 2], None, DataError, "2 values for 4 rows"),
        ([np.nan] * 4, None, DataError, "missing in every row"),
        (pd.to_datetime(["2000-01-01", "2024-01-01", None, None]), "day", OptionError, f"at most {MOST}"),
    ],
)
def test_what_makes_no_slices_is_refused(by: Any, every: str | None, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        slices_of(by, read(DATA), every)


def test_too_many_values_are_refused() -> None:
    many = pd.DataFrame({"id": np.arange(MOST + 1)})
    with pytest.raises(OptionError, match="makes 401 slices"):
        slices_of("id", read(many), None)
