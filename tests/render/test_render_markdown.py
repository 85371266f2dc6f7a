"""Is the Markdown report read by GitHub as it was meant?"""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from glmlr.render import markdown
from glmlr.render.grid import clean

#: What CommonMark (0.31, section 2.4) lets a backslash escape, and the entities used here.
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def shown(source):
    """Read escaped text as CommonMark does: first the escapes, then the entities."""
    plain = _ESCAPE.sub(lambda match: f"\0{ord(match[1])}\0", source)
    plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return re.sub("\0([0-9]+)\0", lambda match: chr(int(match[1])), plain)


def cells(line):
    """Split a table row at the bars that are not escaped (GFM, section 4.10)."""
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1]]


def test_a_name_is_shown_as_it_is_and_starts_nothing(nasty):
    for name in nasty:
        written = markdown.escaped(name)
        assert shown(written) == clean(name)
        assert not re.search(r"(?<!\\)[`*\[\]|~$#!{}<>]", re.sub(r"\\\\", "", written))
        assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", written)


@pytest.mark.parametrize(
    ("sentence", "written"),
    [
        ("1. First", "1\\. First"),
        ("2) Second", "2\\) Second"),
        ("- a dash", "\\- a dash"),
        ("+ a plus", "\\+ a plus"),
        ("=====", "\\====="),
        ("0.75 is c", "0.75 is c"),
        ("age_group is a name, _this_ is not italic", "age_group is a name, \\_this\\_ is not italic"),
    ],
)
def test_a_sentence_is_never_a_list_or_a_rule(report, sentence, written):
    assert f"\n\n{written}\n\n" in markdown.render(replace(report, lead=(sentence,)))


def test_numbers_are_right_aligned_and_the_source_is_even(report):
    lines = [line for line in markdown.table(report.sections[0].exhibits[0]).splitlines() if line.startswith("|")]
    assert len({len(line) for line in lines}) == 1
    assert [cell[-1] for cell in cells(lines[1])] == ["-", ":", ":"]
    assert [cells(line) for line in lines[2:]] == [
        ["pairs", "7,670", "1"],
        ["c", "0.7477", "2"],
        ["**p**", "**1.00e-05**", "**3**"],
    ]


def test_every_row_of_a_nasty_table_has_every_cell(nasty_report, nasty):
    table = nasty_report.sections[0].exhibits[0]
    rows = [cells(line) for line in markdown.table(table).splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {4}
    names = [shown(row[0]).removeprefix("**").removesuffix("**") for row in rows[2:]]
    assert names == [clean(name).strip() for name in nasty]


def test_contents_find_their_sections(report):
    source = markdown.render(report)
    anchors = re.findall(r'^<a id="([^"]+)"></a>$', source, re.MULTILINE)
    assert re.findall(r"^- \[.*\]\(#(.*)\)$", source, re.MULTILINE) == anchors == ["roc", "other", "definitions"]


def test_figures_are_named_once_and_linked(report):
    drawn = markdown.figures(report)
    source = markdown.render(report, folder="my report_files")
    links = re.findall(r"!\[.*?\]\(<(.*?)>\)", source)
    assert links == ["my%20report_files/roc.svg", "my%20report_files/roc-2.svg"]
    assert list(drawn) == ["roc.svg", "roc-2.svg"]


def test_figures_stand_alone_dark_on_white(report):
    for drawing in markdown.figures(report).values():
        root = ElementTree.fromstring(drawing)  # well-formed without a page around it
        assert root.find("{http://www.w3.org/2000/svg}rect").get("fill") == "#ffffff"
        assert "var(" not in drawing
        assert "currentColor" not in drawing


def test_nothing_of_a_nasty_report_is_html(nasty_report):
    source = re.sub(r"^(`{3,})\n.*\n\1$", "", markdown.render(nasty_report), flags=re.MULTILINE)  # code is no HTML
    tags = set(re.findall(r"(?<![\\(])<[^>]*>", source))
    assert tags == {'<a id="coefficients">', '<a id="definitions">', "</a>"}


def test_a_title_that_repeats_its_section_is_left_out(report):
    section = replace(report.sections[1], title="Association", exhibits=report.sections[1].exhibits[1:])
    source = markdown.render(replace(report, sections=(section,), overview=None))
    assert re.findall("^#+ .*$", source, re.MULTILINE) == ["# Low birth weight", "## Association", "## Definitions"]


def test_the_formula_is_code_whatever_is_in_it(report):
    assert "\n\n```\nlow ~ age + `last weight`\n```\n\n" in markdown.render(report)
    assert "\n\n````\n`a```b` ~ x\n````\n\n" in markdown.render(replace(report, formula="`a```b` ~ x"))


def test_the_same_report_gives_the_same_bytes(report):
    assert markdown.render(report) == markdown.render(report)
    assert markdown.figures(report) == markdown.figures(report)
