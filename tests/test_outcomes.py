"""Is every kind of response coded as it should, and every other refused?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import births, read_data

from glmlr.design import build_design
from glmlr.errors import OptionError, ResponseError

BIRTHS = births()


@pytest.mark.parametrize(
    ("formula", "change", "label"),
    [
        ("low ~ age", {}, "low = 1"),
        ("C(low) ~ age", {}, "low = 1"),
        ("`low` ~ age", {}, "low = 1"),
        ("low ~ age", {"low": BIRTHS["low"].astype(bool)}, "low = True"),
        ("low ~ age", {"low": BIRTHS["low"].astype("boolean")}, "low = True"),
        ("low ~ age", {"low": BIRTHS["low"].astype(float)}, "low = 1"),
        ("low ~ age", {"low": BIRTHS["low"].astype("Int64")}, "low = 1"),
        ("low ~ age", {"low": BIRTHS["low"].map({0: "no", 1: "yes"})}, "low = yes"),
        ("low ~ age", {"low": BIRTHS["low"].map({0: "no", 1: "yes"}).astype("category")}, "low = yes"),
        ("low == 'yes' ~ age", {"low": BIRTHS["low"].map({0: "no", 1: "yes"})}, "low == 'yes' = True"),
        ("I(bwt < 2500) ~ age", {}, "I(bwt < 2500) = True"),
    ],
)
def test_responses(formula: str, change: dict[str, Any], label: str) -> None:
    """Low birth weight is below 2,500 g, so every one of these codes the same births."""
    design = build_design(formula, BIRTHS.assign(**change))
    assert design.event.label == label
    np.testing.assert_array_equal(design.y, BIRTHS["low"])


def test_event_swaps_the_response() -> None:
    assert build_design("low ~ age", BIRTHS, event=0).y.tolist() == (1 - BIRTHS["low"]).tolist()


def test_counts() -> None:
    """Figures of heart_vessels.csv: 175 people without a vessel, 134 ill."""
    data = read_data("heart_vessels")
    design = build_design("disease + no_disease ~ C(ca)", data, freq_weights=[1, 2, 1, 1, 1])
    assert design.grouped
    np.testing.assert_allclose(design.y, data["disease"] / (data["disease"] + data["no_disease"]))
    assert design.weight.tolist() == [175.0, 130.0, 38.0, 20.0, 5.0]
    assert (design.event.label, design.event.other) == ("disease + no_disease = disease", "no_disease")
    swapped = build_design("disease + no_disease ~ C(ca)", data, event="no_disease")
    np.testing.assert_allclose(swapped.y, 1 - design.y)
    by_total = build_design("disease + I(n - disease) ~ C(ca)", data.assign(n=data["disease"] + data["no_disease"]))
    np.testing.assert_array_equal(by_total.weight, [175, 65, 38, 20, 5])


def test_rows_without_trials_do_not_count() -> None:
    data = pd.DataFrame({"s": [0, 2, 3, 1], "f": [0, 1, 1, 4], "x": [1.0, 2, 3, 5]})
    design = build_design("s + f ~ x", data)
    assert (design.rows.used, design.rows.zero_weight) == (3, 1)


@pytest.mark.parametrize(
    ("formula", "change", "options", "error", "says"),
    [
        ("s + f ~ x", {"s": [0.5, 2, 3]}, {}, ResponseError, "'s' must be a count"),
        ("s + f ~ x", {"s": [-1, 2, 3]}, {}, ResponseError, "'s' must be a count"),
        ("s + f ~ x", {"s": ["a", "b", "c"]}, {}, ResponseError, "'s' must be a count"),
        ("s + f ~ x", {"s": 0}, {}, ResponseError, "0 in every row"),
        ("s + f ~ x", {}, {"event": "g"}, ResponseError, "not one of the two counts"),
        ("s + f ~ x", {}, {"class_weight": "balanced"}, OptionError, "counts"),
        ("y ~ x", {"y": 1}, {}, ResponseError, "one value only"),
        ("y ~ x", {"y": ["a", "b", "c"]}, {}, ResponseError, "3 values"),
        ("y ~ x", {"y": pd.to_datetime(["2024-01-01"] * 3)}, {}, ResponseError, "dates"),
        ("y ~ x", {"y": [0, 1, 1]}, {"event": 2}, ResponseError, "event=2"),
    ],
)
def test_responses_that_are_none(
    formula: str, change: dict[str, Any], options: dict[str, Any], error: type[Exception], says: str
) -> None:
    data = pd.DataFrame({"s": [1, 2, 3], "f": [2, 1, 1], "x": [1.0, 2, 4]}).assign(**change)
    with pytest.raises(error) as caught:
        build_design(formula, data, **options)
    assert says in str(caught.value)
