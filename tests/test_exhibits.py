"""Do tables and charts hold what they are given, and refuse what cannot be shown?"""

import pickle

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


def test_a_table_goes_to_another_process_and_back():
    again = pickle.loads(pickle.dumps(table()))
    assert again.frame.equals(FRAME)
    assert dict(again.labels) == {}


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
        (("a", "spikes", [0], [0]), "needs low and high"),
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


def test_charts_of_companion_tables_are_found_after_its_own():
    def chart(key, title):
        return Chart(key, title, (), Axis("x"), Axis("y"))

    inner = table(charts=(chart("roc", "inner"), chart("shares", "inner")))
    shown = table(charts=(chart("roc", "outer"),), tables=(table(), table(tables=(inner,))))
    assert shown.chart("roc").title == "outer"
    assert shown.chart("shares").title == "inner"
    assert table(tables=(inner,)).chart().title == "inner"
    with pytest.raises(OptionError, match="no chart 'gains'; it has 'roc', 'shares'"):
        shown.chart("gains")
    with pytest.raises(OptionError, match="it has none"):
        table().chart()


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


def test_a_chart_gives_what_it_draws_as_a_tidy_frame():
    third = 1 / 3
    chart = Chart(
        "key",
        "Title",
        (
            Series("Fit", "line", [0.0, third], [1.0, 2.0]),
            Series("Seen", "intervals", [1.0], [5.0], [4.0], [np.inf], [12.0], ("here",)),
        ),
        Axis("x"),
        Axis("y"),
    )
    nan = np.nan
    expected = pd.DataFrame(
        {
            "series": pd.Series(["Fit", "Fit", "Seen"], dtype=object),
            "kind": pd.Series(["line", "line", "intervals"], dtype=object),
            "x": [0.0, third, 1.0],
            "y": [1.0, 2.0, 5.0],
            "low": [nan, nan, 4.0],
            "high": [nan, nan, np.inf],
            "size": [nan, nan, 12.0],
            "label": pd.Series(["", "", "here"], dtype=object),
        }
    )
    pd.testing.assert_frame_equal(chart.frame, expected, check_exact=True)
    frame = chart.frame
    frame.loc[0, "x"] = 9.0
    assert chart.series[0].x[0] == 0.0


def test_the_frame_of_a_chart_names_its_categories():
    bars = Series("", "bars", [0.2, 0.1], [1.0, 0.0])
    lying = Chart("key", "Title", (bars,), Axis("x"), Axis("", categories=("p", "q")))
    assert lying.frame["category"].tolist() == ["q", "p"]
    bars = Series("", "bars", [0, 1, 7], [3, 4, 5])
    standing = Chart("key", "Title", (bars,), Axis("", categories=("p", "q")), Axis(""))
    assert standing.frame["category"].tolist() == ["p", "q", ""]
    assert Chart("key", "Title", (), Axis("x"), Axis("y")).frame.shape == (0, 8)


@pytest.mark.parametrize("limits", [(0.0, 0.5), (0.5, 1.0), (-1.0, 0.5), (0.6, 0.5)])
def test_a_probit_axis_has_limits_between_zero_and_one(limits):
    with pytest.raises(OptionError, match="two shares between 0 and 1, neither of them reached, lower first"):
        Axis("x", "probit", limits)
    assert Axis("x", "probit", (0.001, 0.6)).limits == (0.001, 0.6)


def test_a_probit_axis_has_no_categories():
    with pytest.raises(OptionError, match="cannot be a probit axis too"):
        Axis("x", "probit", categories=("a",))
