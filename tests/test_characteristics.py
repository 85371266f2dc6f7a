"""Do new values fall into the bins of old ones, with rows of their own for what is missing or unseen?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from glmlr.errors import DataError
from glmlr.monitoring.characteristics import characteristic, largest
from glmlr.monitoring.stability import stability


def counted(old: pd.Series, new: pd.Series, bins: int = 4) -> pd.DataFrame:
    one = characteristic(old, np.ones(len(old)), bins)
    return one.rows(one.count(one.place(new), np.ones(len(new)))).set_index("level")


def test_a_number_is_cut_at_the_old_quantiles() -> None:
    # Type-7 quartiles of 0 ... 20: 0, 5, 10, 15, 20; left-closed, the last one closed; -3, inf outside, 1 missing.
    rows = counted(pd.Series(np.arange(21.0), name="x"), pd.Series([-3, 0, 4.9, 5, 20, 99, np.inf, np.nan], name="x"))
    assert rows.index.tolist() == ["[0, 5)", "[5, 10)", "[10, 15)", "[15, 20]", "Missing"]
    assert rows["training_n"].tolist() == [5, 5, 5, 6, 0]
    assert rows["n"].tolist() == [3, 1, 0, 3, 1]


def test_few_values_are_taken_one_by_one() -> None:
    rows = counted(pd.Series([0, 0, 1, 2], name="x"), pd.Series([0, 2, 2, 7], name="x"))
    assert rows["training_n"].tolist() == [2, 1, 1, 0]
    assert rows["n"].tolist() == [1, 0, 2, 1]


@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_levels_unseen_and_missing_have_rows(dtype: str) -> None:
    old = pd.Series(["a", "b", "b", None], name="x").astype(dtype)
    new = pd.Series(["b", "z", None, "a", "y"], name="x").astype(dtype)
    rows = counted(old, new)
    assert rows["training_n"].tolist() == [1, 2, 0, 1]
    assert rows["n"].tolist() == [1, 1, 2, 1]
    a, e = np.array([1, 1, 2, 1]) / 5, np.array([1, 2, 0.5, 1]) / 4
    np.testing.assert_allclose(rows["psi"], (a - e) * np.log(a / e), rtol=1e-13)


def test_truths_are_levels() -> None:
    rows = counted(pd.Series([True, False, True], name="x"), pd.Series([1, 0, 0, 0], name="x"))
    assert rows["n"].tolist() == [3, 1]


def test_missing_values_may_play_no_part() -> None:
    one = characteristic(pd.Series([1.0, 2, 3], name="x"), np.ones(3), 4, missing=None)
    new = one.count(one.place(pd.Series([1.0, np.nan, 2, 3], name="x")), np.ones(4))
    assert new.sum() == 3
    assert one.moved(new, 0.95).index == 0
    other = characteristic(pd.Series([1.0, 2, 3], name="x"), np.ones(3), 4, missing=1)
    counts = other.count(other.place(pd.Series([1.0, np.nan, 2, 3], name="x")), np.ones(4))
    assert other.moved(counts, 0.95).index == 0


def test_a_kind_that_changed_is_refused() -> None:
    one = characteristic(pd.Series([1.0, 2, 3], name="x"), np.ones(3), 4)
    with pytest.raises(DataError, match="held numbers in the fit"):
        one.place(pd.Series(["a"], name="x"))


def test_the_largest_is_named() -> None:
    near, far = stability(np.array([1.0, 2]), np.array([2.0, 4])), stability(np.array([2.0, 1]), np.array([2.0, 4]))
    none = stability(np.zeros(2), np.array([2.0, 4]))
    assert math.isnan(none.index)
    assert largest({"a": near, "b": far, "c": none}) == "b"
    assert largest({"c": none}) is None
