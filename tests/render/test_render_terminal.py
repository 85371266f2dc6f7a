"""Does the terminal get plain text that fits, with numbers whole and names as they are?"""

import re
from dataclasses import replace

import pytest

from glmlr.exhibits import Section
from glmlr.render import terminal
from glmlr.render.grid import clean, width
from glmlr.render.terminal import _blocks


def test_plain_text_has_no_escape_codes(nasty_report):
    assert "\x1b" not in str(nasty_report)
    assert "\x1b" not in str(nasty_report.sections[0].exhibits[0])


def test_by_hand(report):
    lines = terminal.table(report.sections[0].exhibits[1], width=60).splitlines()
    assert lines == [
        "Association",
        "Measure       Value  N",
        "─" * 22,
        "pairs    7,670       1",
        "c            0.7477  2",
        "p          1.00e-05  3",
        "─" * 22,
    ]


def test_formula_overview_and_drawings_are_told(report):
    lines = terminal.render(report, width=80).splitlines()
    assert lines[:5] == [
        "Low birth weight", "================", "A logit model.", "Formula: low ~ age + `last weight`", "189 rows.",
    ]  # fmt: skip
    assert lines[6] == "Association"
    assert sum(line.startswith("Chart: ROC curve.") for line in lines) == 2


def test_a_title_that_repeats_its_section_is_left_out(report):
    section = Section("key", "association", (report.sections[1].exhibits[1],))
    lines = terminal.render(replace(report, sections=(section,), overview=None), width=80).splitlines()
    assert [line for line in lines if line.casefold() == "association"] == ["association"]


@pytest.mark.parametrize("room", [40, 60, 80, 200])
def test_no_line_is_wider_than_asked(report, nasty_report, room):
    for one in (report, nasty_report):
        assert max(width(line) for line in terminal.render(one, width=room).splitlines()) <= room


def test_wide_tables_are_continued_with_their_first_column(report):
    # Rooms counted by hand: 10 + 2 + 12 + 2 + 12 = 38 fits 40, one more column does not.
    assert _blocks([10, 12, 12, 12], 40) == [[0, 1, 2], [0, 3]]
    assert _blocks([10], 40) == [[0]]
    assert _blocks([], 40) == []


def test_each_part_of_a_wide_table_names_its_rows(nasty_report):
    table = nasty_report.sections[0].exhibits[0]
    assert terminal.table(replace(table, tables=()), width=40).count("{{ title }}") > 2


def test_numbers_are_never_broken(nasty_report):
    source = terminal.table(nasty_report.sections[0].exhibits[0], width=40)
    assert "-1.0000" in source
    assert "1.00e-05" in source


def test_brackets_are_no_markup(nasty_report):
    for color in (False, True):
        source = re.sub("\x1b\\[[0-9;]*m", "", terminal.render(nasty_report, width=120, color=color))
        assert "[bold]red[/bold]" in source


def test_colour_changes_no_letter(report, nasty_report):
    for one in (report, nasty_report):
        coloured = terminal.render(one, width=80, color=True)
        assert "\x1b[1m" in coloured
        assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == terminal.render(one, width=80).rstrip("\n") + "\n"


def test_names_cannot_command_the_terminal(nasty_report):
    source = terminal.render(nasty_report, width=200)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", source)
    assert clean("bell\x07\x1b[31m") in source


def test_a_chart_is_a_sentence(report):
    one = Section("s", "S", (report.sections[1].exhibits[0],))
    source = terminal.render(replace(report, sections=(one,)), width=100)
    assert "Chart: ROC curve. The curve is above the diagonal." in source
