"""Does every cell say what its column's role says, with decimal points below one another?"""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmlr.exhibits import Table
from glmlr.render.grid import clean, clean_numbers, decimal_padding, grid, width


def make(frame, roles, **changes):
    return grid(Table("key", "Title", pd.DataFrame(frame), roles, **changes))


def test_columns_come_in_the_order_of_their_roles_without_the_hidden():
    shown = make({"a": [1], "b": [2], "c": [3]}, {"c": "count", "a": "hidden", "b": "text"})
    assert [(column.name, column.numeric) for column in shown.columns] == [("c", True), ("b", False)]


def test_rows_of_a_mixed_column_have_roles_of_their_own():
    frame = {"measure": ["pairs", "share", "p"], "value": [7670.0, 0.31, 0.0], "n": [1.0, 2.0, 3.0]}
    shown = make(
        frame, {"measure": "text", "value": "measure", "n": "count"}, row_roles=("count", "percent", "p_value")
    )
    assert shown.columns[1].cells == ("7,670", "31.0%", "<1e-300")
    assert shown.columns[2].cells == ("1", "2", "3")


def test_keys_of_measures_become_words():
    labels = {"somers_d": "Somers' D"}
    shown = make({"measure": ["somers_d", "f1", "own words"], "value": [0, 0, 0]}, {"measure": "text"}, labels=labels)
    assert shown.columns[0].cells == ("Somers' D", "F1", "own words")


def test_a_term_that_is_named_like_a_column_keeps_its_name():
    labels = {"estimate": "Coefficient"}
    shown = make({"term": ["estimate", "n"], "estimate": [1.0, 2.0]}, {"term": "text"}, labels=labels)
    assert shown.columns[0].cells == ("estimate", "n")


def test_a_total_without_a_name_is_called_so():
    shown = make({"decile": [1.0, None], "n": [5, 5]}, {"decile": "integer", "n": "count"}, emphasis=(1,))
    assert shown.columns[0].cells == ("1", "Total")


def test_padding_by_hand():
    # The widest tail is ".5000"; "∞" and "12" lack it, and the power of ten stands at the edge for itself.
    assert decimal_padding(["0.5000", "7.00e-05", "∞", "12", ""]) == ("", "", ".0000", ".0000", "")


@given(st.lists(st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{1,4})?%?", fullmatch=True), max_size=6))
def test_padded_numbers_have_the_same_characters_right_of_the_point(cells):
    tails = [
        cell.lstrip("-").lstrip("0123456789") + pad for cell, pad in zip(cells, decimal_padding(cells), strict=True)
    ]
    assert len({"".join(sorted("0" if c.isdigit() else c for c in tail)) for tail in tails}) <= 1


def test_unlike_numbers_of_one_column_end_at_one_edge():
    # By hand: the counts 7,670 and 9 are aligned with one another and not with the estimate.
    frame = {"measure": ["pairs", "tied", "c"], "value": [7670.0, 9.0, 0.5]}
    shown = make(frame, {"measure": "text", "value": "measure"}, row_roles=("count", "count", "estimate"))
    assert shown.columns[1].cells == ("7,670", "9", "0.5000")
    assert shown.columns[1].padding == ("", "", "")


def test_what_does_not_belong_to_a_row_is_empty_and_what_does_not_exist_is_a_dash():
    frame = {"measure": ["a", "b"], "value": [float("nan"), 1.0], "p_value": [0.5, float("nan")]}
    roles = {"measure": "text", "value": "estimate", "p_value": "p_value"}
    shown = make(frame, roles, blanks=("p_value",))
    assert [column.cells for column in shown.columns[1:]] == [("–", "1.0000"), ("0.5000", "")]


def test_a_turned_table_has_its_columns_as_lines():
    frame = {"line": ["first", "second"], "slope": [0.5, 12.25], "df": [2.0, 3.0], "log10_p": [-1.0, -2.0]}
    roles = {"line": "text", "slope": "estimate", "df": "integer", "log10_p": "hidden"}
    shown = make(frame, roles, turned=True, labels={"line": "Line"})
    assert [column.heading for column in shown.columns] == ["Line", "first", "second"]
    assert [column.cells for column in shown.columns] == [("Slope", "df"), ("0.5000", "2"), ("12.2500", "3")]
    assert [column.numeric for column in shown.columns] == [False, True, True]


def test_names_stay_on_one_line_and_control_nothing():
    assert clean("a\r\nb\tc\x1b[31m\u202e\ud800") == "a b c�[31m��"
    assert clean(3) == "3"


def test_width_is_that_of_a_terminal():
    assert [width(word) for word in ("abc", "非常", "e\u0301", "🎈", "–∞")] == [3, 4, 1, 2, 2]


@pytest.mark.parametrize(
    ("hyphen", "shown"),
    [
        ("-2.6% (-9.3% to 4.2%)", "−2.6% (−9.3% to 4.2%)"),
        ("-∞", "−∞"),
        ("2026-11-27", "2026-11-27"),
        ("A-5", "A-5"),
        ("low - high", "low - high"),
    ],
)
def test_a_hyphen_before_a_number_is_a_minus(hyphen: str, shown: str) -> None:
    assert clean_numbers(hyphen) == shown
