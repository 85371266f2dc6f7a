"""Do frozen bins put later values where they belong, and do they survive being written?"""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from witnesses import read_data

import glmlr
from glmlr.binning import Binning, Cut, fit_levels, fit_numbers
from glmlr.errors import DataError, OptionError
from glmlr.language.categories import Labels
from glmlr.levels import fit_binning

Floats = npt.NDArray[np.float64]


def made(values: Any, y: npt.ArrayLike, **options: Any) -> Binning:
    outcome = np.asarray(y, dtype=np.float64)
    return fit_binning(values, outcome, 1 - outcome, name="x", **options)


def where(binning: Binning, values: Any, outside: Any = "nearest") -> list[str]:
    return [binning.labels[row] for row in binning.place(values, outside)]


NUMBER = np.r_[np.arange(1.0, 21.0), np.nan, -999.0]
OUTCOME = np.resize([0, 1, 1], 22)


# -------------------------------------------------------------------------------------------------------------- numbers


def test_every_value_finds_its_row() -> None:
    """By hand: quartiles of 1 ... 20 are 5.75, 10.5, 15.25."""
    found = made(NUMBER, OUTCOME, bins=4, special={"refused": -999})
    bins = ("[1, 5.75)", "[5.75, 10.5)", "[10.5, 15.25)", "[15.25, 20]")
    assert found.labels == ("-∞", "< 1", *bins, "> 20", "∞", "Other values", "refused", "Missing")
    assert (found.events + found.nonevents).tolist() == [0, 0, 5, 5, 5, 5, 0, 0, 0, 1, 1]
    values = np.array([1.0, 5.75, 10.4, 20.0, -999.0, np.nan, 0.5, 21.0, -np.inf, np.inf])
    inside = ["[1, 5.75)", "[5.75, 10.5)", "[5.75, 10.5)", "[15.25, 20]", "refused", "Missing"]
    assert where(found, values) == [*inside, "[1, 5.75)", "[15.25, 20]", "[1, 5.75)", "[15.25, 20]"]
    assert where(found, values, "own") == [*inside, "< 1", "> 20", "-∞", "∞"]


def test_rows_outside_that_held_rows_keep_them() -> None:
    """Values outside given edges had rows of their own, and infinite ones join them where they had none."""
    found = made(NUMBER, OUTCOME, bins=[5, 10, 15])
    assert where(found, [1.0, 5.0, 14.9, 15.0, np.inf, -np.inf]) == [
        "< 5",
        "[5, 10)",
        "[10, 15)",
        ">= 15",
        ">= 15",
        "< 5",
    ]


def test_few_values_are_rows_and_another_one_is_not_seen() -> None:
    found = made([0, 1, 1, 3, 3, 3], [0, 1, 0, 1, 1, 0])
    assert found.labels[found.inner] == ("0", "1", "3")
    assert where(found, [3, 2, math.nan]) == ["3", "Other values", "Missing"]
    assert np.isnan(found.woe[found.unseen_row])


def test_weights_of_evidence_by_hand() -> None:
    """Row 0: 1 event, 3 non-events of 4 and 4; row 1: 3 and 1; missing: 0 and 0."""
    found = fit_numbers("x", np.array([0.0, 1.0]), np.array([1.0, 3.0]), np.array([3.0, 1.0]), Cut())
    assert found.woe[found.inner].tolist() == pytest.approx([math.log(1 / 3), math.log(3)], rel=1e-14)
    assert found.iv[found.inner].sum() == pytest.approx(2 * 0.5 * math.log(3), rel=1e-14)
    assert np.isnan(found.woe[found.missing_row])


def test_a_cell_of_zero_takes_a_half() -> None:
    found = fit_numbers("x", np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.array([0.0, 5.0]), Cut())
    assert found.woe[found.inner][0] == pytest.approx(math.log((2.5 / 5) / (0.5 / 5)), rel=1e-14)


@pytest.mark.parametrize("method", ["quantile", "width", "tree", "chimerge", "monotone", "optimal"])
@pytest.mark.parametrize("closed", ["left", "right"])
def test_rows_made_of_the_data_are_where_the_data_are_placed(method: str, closed: str) -> None:
    data = read_data("titanic")
    age, y = data["age"].to_numpy(), (data["survived"] == "yes").to_numpy(dtype=float)
    found = made(age, y, method=method, closed=closed, bins=6)
    for outside in ("own", "nearest"):
        rows = found.place(age, outside)
        assert np.bincount(rows, weights=y, minlength=len(found)).tolist() == found.events.tolist()
        assert np.bincount(rows, weights=1 - y, minlength=len(found)).tolist() == found.nonevents.tolist()


def test_columns_of_any_make() -> None:
    """All missing, constant, two values, 70 % zeros, infinite values: each has its rows."""
    y = np.resize([0, 1, 1], 10)
    assert len(made(np.full(10, np.nan), y).labels[made(np.full(10, np.nan), y).inner]) == 0
    assert made(np.full(10, np.nan), y).events[-1] == 6
    assert made(np.full(10, 7.0), y, method="tree").labels[2] == "7"
    assert made(np.resize([0.0, 1.0], 10), y).labels[2:4] == ("0", "1")
    zeros = made(np.r_[np.zeros(70), np.arange(1, 31)], np.resize([0, 1, 1], 100), bins=5)
    assert (zeros.events + zeros.nonevents)[zeros.inner].max() == 70
    infinite = made(np.r_[-np.inf, np.arange(20.0), np.inf, np.inf], np.resize([0, 1, 1], 23), bins=2)
    assert (infinite.events + infinite.nonevents).tolist() == [1, 0, 10, 10, 0, 2, 0, 0]


# --------------------------------------------------------------------------------------------------------------- levels

TOWNS = ["a"] * 50 + ["b"] * 40 + ["c"] * 4 + ["d"] * 3 + ["e"] * 3 + [None] * 5
VOTES = np.resize([0, 1, 1], 105)


def test_rare_levels_are_pooled_by_hand() -> None:
    found = made(TOWNS, VOTES, rare=0.05)
    assert found.labels == ("a", "b", "Other (3 levels)", "Unseen levels", "Missing")
    assert (found.events + found.nonevents).tolist() == [50, 40, 10, 0, 5]
    assert "3 levels of x with less than 5% of the rows are pooled: c, d, e." in found.notes
    assert where(found, ["a", "e", "z", None]) == ["a", "Other (3 levels)", "Other (3 levels)", "Missing"]
    assert where(found, ["z"], "own") == ["Unseen levels"]
    assert where(found, Labels(np.array([1, 0, -1]), ("z", "b"), "x")) == ["b", "Other (3 levels)", "Missing"]


def test_one_rare_level_keeps_its_name() -> None:
    found = made(TOWNS[:94], VOTES[:94], rare=0.05)
    assert found.labels[:3] == ("a", "b", "c")
    assert where(found, ["z"]) == ["Unseen levels"]


def test_levels_of_like_rate_are_merged_by_hand() -> None:
    """Rates 1/10, 2/10, 8/10, 9/10 of p, q, r, s: two rows."""
    values = np.repeat(["s", "p", "r", "q"], 10)
    y = np.concatenate([np.arange(10) < k for k in (9, 1, 8, 2)])
    found = made(values, y, method="chimerge")
    assert found.labels[:2] == ("p, q", "r, s")
    assert found.events[:2].tolist() == [3, 17]
    assert found.groups == (("p", "q"), ("r", "s"))
    assert where(found, ["q", "s"]) == ["p, q", "r, s"]


def test_thousands_of_levels_are_merged_in_groups() -> None:
    """Two event rates, 0.1 and 0.6: no row mixes levels whose observed rates lie on both sides of the middle."""
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(3000), 40)
    y = rng.random(codes.size) < np.where(codes % 2 == 0, 0.1, 0.6)
    found = fit_levels("x", codes, tuple(range(3000)), y * 1.0, 1.0 - y, Cut(4, "chimerge"))
    assert any("first put into 200 groups" in note for note in found.notes)
    assert found.groups is not None
    assert sorted(level for group in found.groups for level in group) == list(range(3000))
    for group in found.groups:
        odd = np.mean([level % 2 for level in group])
        assert min(odd, 1 - odd) < 0.02


def test_ordered_levels_are_merged_with_neighbours_only() -> None:
    """low and high have one rate, but mid, between them, another."""
    grades = pd.Series(pd.Categorical(np.repeat(["low", "mid", "high"], 20), ["low", "mid", "high"], ordered=True))
    y = np.concatenate([np.arange(20) < k for k in (4, 16, 4)])
    found = made(grades, y, method="chimerge")
    assert found.labels[:3] == ("low", "mid", "high")
    assert found.kind == "ordered"


def test_special_values_leave_the_levels() -> None:
    found = made(["a", "b", "n/a", "a", "refused"], [0, 1, 1, 1, 0], special={"No answer": ["n/a", "refused"]})
    assert found.labels == ("a", "b", "Unseen levels", "No answer", "Missing")
    assert (found.events + found.nonevents).tolist() == [2, 1, 0, 2, 0]
    assert where(found, ["refused"]) == ["No answer"]


def test_yes_and_no_are_levels() -> None:
    found = made([True, False, True, None], [1, 0, 0, 1])
    assert found.kind == "yes/no"
    assert where(found, [True, False, None]) == ["True", "False", "Missing"]


# ------------------------------------------------------------------------------------------------------ written, equal

BINNINGS = [
    made(NUMBER, OUTCOME, bins=4, special={"refused": -999}),
    made(NUMBER, OUTCOME, bins=[-math.inf, 5, math.inf], closed="right"),
    made([0, 1, 1, 3], [0, 1, 0, 1]),
    made(TOWNS, VOTES, rare=0.05),
    made([True, False, True, None], [1, 0, 0, 1]),
    made([1, "a", 2.5, None], [1, 0, 0, 1]),
    made(np.full(4, np.nan), [0, 1, 1, 0]),
]


@pytest.mark.parametrize("binning", BINNINGS, ids=range(len(BINNINGS)))
def test_what_was_written_is_read_again(binning: Binning) -> None:
    again = Binning.from_dict(json.loads(json.dumps(binning.to_dict(), allow_nan=False)))
    assert again == binning
    assert hash(again) == hash(binning)
    assert again.labels == binning.labels
    np.testing.assert_array_equal(again.woe, binning.woe)
    for copy in (again, pickle.loads(pickle.dumps(binning))):
        values = NUMBER if binning.kind == "numeric" else ["a", True, 1, None, "z", 2.5]
        assert copy.place(values).tolist() == binning.place(values).tolist()


def test_bins_of_other_counts_are_other_bins() -> None:
    one, other = made([0, 1, 1, 3], [0, 1, 0, 1]), made([0, 1, 1, 3], [0, 1, 1, 1])
    assert one != other
    assert one != "bins"
    assert len({one, other, made([0, 1, 1, 3], [0, 1, 0, 1])}) == 2


def test_bins_are_shown_by_the_rows_that_hold_something() -> None:
    assert repr(BINNINGS[3]) == "Binning('x': a, b, Other (3 levels), Missing)"


def test_a_set_of_special_values_is_in_one_order() -> None:
    assert Cut(special={"b", "a", "c"}) == Cut(special=["a", "b", "c"])
    assert Cut(special={"n": {2, 1}}).special == (("n", (1, 2)),)
    assert Cut(special=(1, 2)).special == (("1", (1,)), ("2", (2,)))


def test_counts_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        BINNINGS[0].events[0] = 3


@pytest.mark.parametrize(
    ("held", "words"), [({}, "not bins that to_dict"), ({"format": "glmlr bins 1"}, "they lack 'name'")]
)
def test_what_are_no_bins_is_refused(held: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        Binning.from_dict(held)


def test_levels_that_json_cannot_hold_are_refused_when_written() -> None:
    spans = pd.cut(pd.Series([1.0, 5, 9, 2]), [0, 4, 10])
    found = made(spans, [0, 1, 1, 0])
    assert found == made(spans, [0, 1, 1, 0])
    with pytest.raises(DataError, match="turn the column into text"):
        found.to_dict()


def test_text_for_a_number_is_refused() -> None:
    with pytest.raises(DataError, match="was a number when its bins were made"):
        BINNINGS[0].place(["a"])
    with pytest.raises(OptionError, match="outside='far'"):
        BINNINGS[0].place([1.0], outside="far")  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 12)), st.integers(0, 1), st.integers(1, 4)),
        min_size=2,
        max_size=40,
    ),
    st.sampled_from([None, "quantile", "width", "tree", "chimerge", "monotone", "optimal"]),
)
def test_counts_of_values_make_the_bins_of_the_rows(rows: list[tuple[Any, int, int]], method: Any) -> None:
    """Values with counts, as they are gathered from chunks, are as good as the rows themselves."""
    x = np.array([math.nan if value is None else value for value, _, _ in rows], dtype=float)
    y, times = (np.array([row[at] for row in rows], dtype=float) for at in (1, 2))
    cut = Cut(method=method, bins=None if method is None else 3)
    counted = fit_numbers("x", x, times * y, times * (1 - y), cut)
    repeated = np.repeat(np.arange(len(rows)), times.astype(int))
    assert counted == fit_numbers("x", x[repeated], y[repeated], 1 - y[repeated], cut)
    codes = np.where(np.isnan(x), -1, x).astype(int)
    levels = tuple(f"l{i:02}" for i in range(13))
    kind = Cut(method="chimerge", rare=0.1) if method == "chimerge" else Cut(rare=0.1)
    one = fit_levels("x", codes, levels, times * y, times * (1 - y), kind)
    assert one == fit_levels("x", codes[repeated], levels, y[repeated], 1 - y[repeated], kind)


# ------------------------------------------------------------------------------------------------------- on other data


def test_frozen_bins_are_filled_with_other_data() -> None:
    """Counted by pandas: pd.cut at the frozen edges."""
    data = read_data("titanic")
    first, later = data.iloc[:600], data.iloc[600:]
    table = glmlr.log_odds_table(first, "survived", "age", bins=4)
    assert isinstance(table.binning, glmlr.Binning)
    again = glmlr.log_odds_table(later, "survived", "age", bins=table.binning)
    edges = table.binning.bins.edges
    inside = pd.cut(later["age"], edges, right=False).value_counts(sort=False).to_numpy().copy()
    inside[-1] += (later["age"] == edges[-1]).sum()
    frame = again.frame.set_index("level")
    assert frame.loc[list(table.frame["level"][:4]), "n"].tolist() == inside.tolist()
    assert frame.loc["Missing", "n"] == later["age"].isna().sum()
    below = (later["age"] < edges[0]).sum()
    assert (frame.loc[f"< {table.binning.labels[2][1:].split(',')[0]}", "n"] if below else 0) == below
    assert frame.loc["Total", "n"] == len(later)
    assert again.binning == table.binning
    assert any("made before, on other data" in note for note in again.notes)


def test_frozen_bins_on_their_own_data_give_the_same_table() -> None:
    data = read_data("birthwt")
    for name, options in (("lwt", {"method": "optimal"}), ("race", {}), ("ftv", {}), ("race", {"method": "chimerge"})):
        table = glmlr.log_odds_table(data, "low", name, **options)
        again = glmlr.log_odds_table(data, "low", name, bins=table.binning)
        pd.testing.assert_frame_equal(table.frame, again.frame)
        through = glmlr.log_odds_table(data, "low", name, bins=Binning.from_dict(table.binning.to_dict()))
        pd.testing.assert_frame_equal(table.frame, through.frame)
        assert glmlr.log_odds_table(data, "low", name, bins=table).frame.equals(table.frame)


def test_levels_never_seen_have_a_row_of_their_own() -> None:
    data = read_data("birthwt")
    table = glmlr.log_odds_table(data[data["race"] != "other"], "low", "race")
    again = glmlr.log_odds_table(data, "low", "race", bins=table.binning)
    frame = again.frame.set_index("level")
    assert frame.loc["Unseen levels", "n"] == (data["race"] == "other").sum()
    assert any("67 rows hold a value that the bins were not made with" in note for note in again.notes)


def test_frozen_bins_take_no_further_options() -> None:
    data = read_data("birthwt")
    frozen = glmlr.log_odds_table(data, "low", "lwt").binning
    for options in ({"method": "tree"}, {"closed": "right"}, {"rare": 0.1}, {"special": [1]}):
        with pytest.raises(OptionError, match="frozen bins"):
            glmlr.log_odds_table(data, "low", "lwt", bins=frozen, **options)
    with pytest.raises(DataError, match="was a number when its bins were made"):
        glmlr.log_odds_table(data, "low", "race", bins=frozen)
