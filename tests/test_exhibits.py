"""Do tables and charts hold what they are given, and refuse what cannot be shown?"""

import numpy as np
import pandas as pd
import pytest

from glmlr.errors import OptionError
from glmlr.exhibits import Axis, Chart, Report, Section, Series, Table

FRAME = pd.DataFrame({"measure": ["pairs", "c"], "value": [6.0, 2 / 3]})
ROLES = {"measure": "text", "value": "measure"}


def table(**changes):
    return Table(**({"key": "association", "title": "Association", "frame": FRAME, "roles": ROLES} | changes))


def test_a_table_gives_columns_and_values_by_name():
    shown = table()
    assert shown["c"] == 2 / 3
    assert shown["value"].tolist() == [6.0, 2 / 3]
    assert len(shown) == 2


def test_a_table_without_a_value_column_gives_the_row():
    frame = pd.DataFrame({"term": ["age", "lwt"], "estimate": [1.0, 2.0]})
    assert table(frame=frame, roles={})["lwt"]["estimate"] == 2.0


def test_an_unknown_name_is_answered_with_the_closest():
    with pytest.raises(OptionError, match="did you mean 'pairs'"):
        table()["pair"]


def test_headings_come_from_the_table_then_the_list_then_the_name():
    shown = table(labels={"value": "Measured"})
    assert [shown.heading(name) for name in ("value", "p_value", "worst_case")] == ["Measured", "p", "Worst case"]


def test_notes_are_added_without_changing_the_table():
    shown = table(notes=("One.",))
    assert shown.with_notes("Two.").notes == ("One.", "Two.")
    assert shown.notes == ("One.",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"roles": {"value": "estimates"}}, "did you mean 'estimate'"),
        ({"roles": {"values": "estimate"}}, "not a column; did you mean 'value'"),
        ({"emphasis": (2,)}, "has 2 rows"),
        ({"row_roles": ("count",)}, "2 rows and 1 row_roles"),
        ({"row_roles": ("count", "share")}, "role 'share' that does not exist"),
    ],
)
def test_a_table_that_cannot_be_printed_is_refused(changes, message):
    with pytest.raises(OptionError, match=message):
        table(**changes)


def test_a_series_keeps_read_only_copies():
    x = np.array([0.0, 1.0])
    one = Series("", "line", x, x)
    x[0] = 9.0
    assert one.x.tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        one.x[0] = 9.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "lines", [0], [0]), "did you mean 'line'"),
        (("a", "line", [0, 1], [0]), r"lengths \[1, 2\]"),
        (("a", "points", [0], [0], None, None, None, ("p", "q")), r"lengths \[1, 2\]"),
        (("a", "intervals", [0], [0], [0]), "needs low and high"),
        (("a", "band", [0], [0]), "needs low and high"),
    ],
)
def test_a_series_that_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(OptionError, match=message):
        Series(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": "percents"}, "did you mean 'percent'"),
        ({"scale": "log", "categories": ("a",)}, "categories"),
        ({"limits": (1.0, 0.0)}, "lower first"),
        ({"limits": (0.0, float("inf"))}, "finite"),
        ({"limits": (0.0, 1.0), "scale": "log"}, "positive"),
    ],
)
def test_an_axis_that_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(OptionError, match=message):
        Axis("x", **arguments)


def test_charts_are_found_by_key():
    chart = Chart("roc", "ROC", (Series("AUC", "line", [0, 1], [0, 1]),), Axis("x"), Axis("y"))
    shown = table(charts=(chart,))
    assert shown.chart() is chart
    assert shown.chart("roc") is chart
    with pytest.raises(OptionError, match="it has 'roc'"):
        shown.chart("gains")
    assert repr(chart) == "Chart('roc', 'ROC': line 'AUC')"


def test_a_report_names_itself_briefly():
    report = Report("Births", (), (Section("profile", "Profile", (table(),)),))
    assert repr(report) == "Report('Births', 1 sections)"
    assert str(report).startswith("Births\n======")


def test_a_table_prints_in_every_format():
    shown = table()
    assert "0.6667" in str(shown)
    assert repr(shown) == str(shown)
    assert "| 0.6667 |" in shown.to_markdown()
    assert ">0.6667</td>" in shown.to_html()
    assert "0.6667" in shown.to_latex()
    assert shown._repr_html_().startswith('<div class="glmlr">')
