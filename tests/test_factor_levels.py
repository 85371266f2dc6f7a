"""Are the levels of a factor those that its rows hold, with their numbers of rows, and are the codes theirs?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from glmlr.design import build_design
from glmlr.design.factor_levels import SeenLevels, labels_of, recoded, seen_levels
from glmlr.errors import DataError
from glmlr.language.categories import Factor, Labels, labelled
from glmlr.language.expressions import Expression
from glmlr.language.formula import parse_formula


def expression(name: str) -> Expression:
    ((term,),) = parse_formula(f"y ~ {name}", ["y", "x"], functions=frozenset({"C"})).terms
    return term


X = expression("x")


@pytest.mark.parametrize("levels", [2, 16, 17, 126, 128, 300])
def test_levels_are_counted_however_many_they_are(levels: int) -> None:
    """Level k has k rows; the first has none. pandas gives up to 126 levels codes of one byte."""
    codes = np.repeat(np.arange(levels), np.arange(levels))[::-1]
    declared = pd.Categorical.from_codes(codes, [f"{level:03d}" for level in range(levels)])
    seen, found = seen_levels(X, labelled(declared, "x"), codes.size)
    assert seen.counts.tolist() == list(range(levels))
    assert found.itemsize == (1 if levels <= 126 else 2)
    np.testing.assert_array_equal(found, codes)


def test_codes_into_more_levels_than_a_byte_holds() -> None:
    labels = Labels(np.array([0, 1, 1], dtype=np.int8), ("y", "z"), "x")
    known = (*(f"level {at}" for at in range(200)), "z")
    assert recoded(labels, known).tolist() == [-1, 200, 200]
    assert recoded(labels, ("y", "z")) is labels.codes


def test_codes_close_up_where_a_level_has_no_rows() -> None:
    levels = [f"{level:03d}" for level in range(140)]
    x = pd.Categorical.from_codes([139, 5, 139, 5, 7, 7], levels)
    design = build_design("y ~ x", pd.DataFrame({"x": x, "y": [0, 1, 0, 1, 1, 0]}))
    assert design.names == ("Intercept", "x[T.007]", "x[T.139]")
    assert design.matrix()[:, 1:].T.tolist() == [[0, 0, 0, 0, 1, 1], [1, 0, 1, 0, 0, 0]]


def test_levels_of_two_sets_of_rows_are_merged_and_counted() -> None:
    one = SeenLevels(("a", "c"), np.array([1, 2]), None)
    both = one.merged(SeenLevels(("b", "c"), np.array([10, 20]), None), X)
    assert (both.levels, both.counts.tolist()) == (("a", "b", "c"), [1, 10, 22])
    assert one.merged(one, X).counts.tolist() == [2, 4]
    whole, broken = SeenLevels((1, 2), np.array([3, 4]), None), SeenLevels((1.0, 2.5), np.array([5, 6]), None)
    assert whole.merged(broken, X).levels == (1.0, 2.0, 2.5)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (Labels(np.array([0, -1, -1]), ("a",), "x"), "x is missing in 2 rows"),
        (Labels(np.array([0, 0]), ("a",), "x"), "x gives 2 values for 3 rows"),
        (np.zeros((3, 2), dtype=bool), "x must be one value per row"),
    ],
)
def test_what_is_not_one_level_a_row_is_refused(values: Any, says: str) -> None:
    with pytest.raises(Exception, match=says):
        labels_of(values, X, 3)


def test_a_declared_list_of_levels_names_all() -> None:
    values = Factor(labelled(np.array(["b", "a", "b"], dtype=object), "x"), None, ("b", "c"))
    with pytest.raises(DataError, match=r"leaves out 'a'"):
        seen_levels(X, values, 3)
    seen, codes = seen_levels(X, Factor(values.values, None, ("b", "c", "a")), 3)
    assert (seen.counts.tolist(), codes.tolist()) == ([2, 0, 1], [0, 2, 0])
