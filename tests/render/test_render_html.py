"""Is the HTML report one well-formed, self-contained, accessible page that shows every name as it is?"""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from glmlr.exhibits import Table
from glmlr.render import html
from glmlr.render.grid import clean

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """The elements of a page, with their attributes, and the text of each; refuses tags that do not match."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), f"{tag} has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append((tuple(self.open), data.strip()))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def words(self, tag):
        return [words for path, words in self.texts if tag in path and words]


@pytest.fixture(scope="module")
def source(report):
    return html.render(report)


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_it_is_one_html5_page_in_english_that_fits_a_telephone(source, page):
    assert source.startswith('<!doctype html>\n<html lang="en">')
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert page.words("title")[0] == "Low birth weight"


def test_it_needs_nothing_from_elsewhere(source, page):
    assert not page.all("script") + page.all("link") + page.all("iframe") + page.all("object")
    for _, attributes in page.elements:
        for name, value in attributes.items():
            if name in ("href", "src", "xlink:href"):
                assert value.startswith(("#", "data:"))
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", source))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "@import" not in source
    assert re.findall(r"url\((?!#)", source) == []


def test_ids_are_unique_and_every_reference_finds_its_own(source, page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r"url\(#([^)]+)\)", source))
    for _, attributes in page.elements:
        wanted |= {attributes["href"][1:]} if attributes.get("href", "").startswith("#") else set()
        wanted |= set(attributes.get("aria-labelledby", "").split())
    assert wanted <= set(ids)


def test_sections_and_tables_have_their_keys_as_anchors(page):
    ids = {attributes.get("id") for _, attributes in page.elements}
    assert {"roc", "other", "definitions", "association", "groups"} <= ids  # sections, and keys used once
    assert {"roc-table", "association-table"} <= ids  # a table whose key was taken
    links = [attributes["href"] for attributes in page.all("a")]
    # The first section has two tables, which the contents list below it; the second has one.
    assert links == ["#report", "#roc", "#roc-table", "#association", "#other", "#definitions"]


def test_many_companions_are_listed_by_what_tells_them_apart(report):
    parts = tuple(replace(report.sections[1].exhibits[1], key=f"by_{name}", title=f"Odds by {name}") for name in "abc")
    main = replace(report.sections[1].exhibits[1], tables=parts)
    page = Page(html.render(replace(report, sections=(replace(report.sections[1], exhibits=(main,)),))))
    links = [attributes["href"] for attributes in page.all("a")]
    assert links == ["#report", "#other", "#by_a", "#by_b", "#by_c", "#definitions"]
    assert page.words("a")[2:5] == ["a", "b", "c"]


def test_headings_never_skip_a_level(page):
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_are_regions_with_a_name_that_the_keyboard_reaches(page):
    regions = [attributes for attributes in page.all("div") if attributes.get("role") == "region"]
    assert len(regions) == len(page.all("table")) == 5
    for attributes in regions:
        assert attributes["tabindex"] == "0"
        assert attributes["aria-labelledby"]
    assert len(page.all("caption")) == 5


def test_every_heading_cell_says_what_it_heads(page):
    scopes = [attributes["scope"] for attributes in page.all("th")]
    assert scopes == (["col"] * 3 + ["row"] * 3) * 5


def test_drawings_speak(page):
    drawings = page.all("svg")
    assert len(drawings) == 2
    assert all(attributes["role"] == "img" and attributes["aria-labelledby"] for attributes in drawings)
    assert page.words("desc") == ["The curve is above the diagonal."] * 2


def test_drawings_take_the_colours_of_the_page(source):
    for drawing in re.findall("<svg.*?</svg>", source, re.DOTALL):
        assert "currentColor" in drawing
        assert "var(--glmlr-1, #0072b2)" in drawing
        assert "#1f2328" not in drawing


def test_rows_that_close_a_table_are_marked(page):
    assert [attributes for attributes in page.all("tr") if attributes.get("class") == "total"] == [{"class": "total"}]


def test_numbers_have_a_minus_sign_and_room_for_missing_decimals(report):
    cells = html.table(report.sections[0].exhibits[0])
    assert '<td data-pad=".0000">7,670</td>' in cells  # 7,670 lacks the point and what 0.7477 has after it
    assert "<td>0.7477</td>" in cells
    assert "<td>1.00e-05</td>" in cells
    negative = Table("t", "T", pd.DataFrame({"estimate": [-0.5, -7e-5]}), {"estimate": "estimate"})
    assert ">−0.5000<" in html.table(negative)
    assert ">−7.00e-05<" in html.table(negative)


def test_the_same_report_gives_the_same_bytes(report, source):
    assert html.render(report) == source


def test_every_nasty_name_is_shown_as_it_is(nasty_report, nasty):
    source = html.render(nasty_report)
    page = Page(source)  # tags that match, no attribute twice
    assert not page.all("script") + page.all("b")
    assert clean(nasty_report.formula) in page.words("code")
    for path in ("p", "th", "td", "dt", "dd", "cite", "text"):
        shown = " ".join(page.words(path))
        for name in nasty:
            if path != "text" or len(clean(name)) <= 26:
                assert clean(name) in shown, (path, name)
    assert "two lines and tab" in source
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800]", source)


@pytest.mark.parametrize("write", [html.table, html.fragment])
def test_a_table_alone_shows_every_nasty_name(nasty_report, nasty, write):
    page = Page(write(nasty_report.sections[0].exhibits[0]))
    assert not page.all("script") + page.all("b")
    assert set(map(clean, nasty)) <= set(page.words("th")) & set(page.words("td"))
    assert f"Terms {nasty[1]}" in page.words("caption")


def test_a_table_alone_is_one_table(report):
    page = Page(html.table(report.sections[0].exhibits[0]))
    assert page.elements[0][0] == "table"
    assert len(page.all("table")) == 1


def test_a_fragment_brings_its_style_charts_and_companions(report):
    source = html.fragment(report.sections[0].exhibits[0])
    page = Page(source)
    assert page.elements[0] == ("div", {"class": "glmlr"})
    assert len(page.all("table")) == 2
    assert len(page.all("svg")) == 1
    rules = re.sub(r"@media[^{]*\{|\{[^{}]*\}", " ", re.search("<style>(.*?)</style>", source, re.DOTALL)[1])
    selectors = [rule.strip() for rule in re.split(r"[,\n]|(?<=\s)\s+", rules) if rule.strip(" }")]
    assert all(".glmlr" in rule for rule in selectors), selectors  # nothing outside is touched


def test_a_report_fragment_holds_everything(report):
    page = Page(html.report_fragment(report))
    assert len(page.all("table")) == 5
    assert page.words("code") == [report.formula]
    assert len(page.all("svg")) == 2
    assert "concordance" in page.words("dd")


def test_a_title_that_repeats_its_section_is_only_spoken(report):
    section = replace(report.sections[0], title="Association", exhibits=report.sections[0].exhibits[1:])
    page = Page(html.render(replace(report, sections=(section,))))
    assert [attributes.get("class") for attributes in page.all("h3")] == ["unseen"]


def test_the_formula_is_code_and_the_overview_stands_in_the_head(page, report):
    assert page.words("code") == [report.formula]
    assert "At a glance" not in page.words("header")  # the overview has the title it was given
    assert page.words("header").count("Association") == 1


@pytest.mark.parametrize(
    ("words", "room", "lines"),
    [
        # Widths counted by hand: the narrowest two lines that hold the words and the numbers below them.
        ("False positive rate", 6, ["False", "positive rate"]),
        ("Std. error", 6, ["Std.", "error"]),
        ("Rate", 6, ["Rate"]),
        ("Expected non-events", 5, ["Expected", "non-events"]),
        ("N rows", 9, ["N rows"]),
        ("", 3, [""]),
    ],
)
def test_a_heading_wider_than_its_numbers_is_broken(words, room, lines):
    assert html._broken(words, room) == lines


def test_a_forest_plot_can_be_moved_sideways_on_a_telephone(nasty_report):
    page = Page(html.render(nasty_report))
    wide = [attributes for attributes in page.all("div") if "wide" in attributes.get("class", "").split()]
    assert len(wide) == 2
    assert all(attributes["tabindex"] == "0" and attributes["aria-label"] for attributes in wide)


def test_no_sentence_no_paragraph_and_no_definitions_no_list(report):
    page = Page(html.render(replace(report, lead=(), sections=(), definitions=(), formula="", overview=None)))
    assert page.all("p") == page.all("dl") == page.all("section") == []


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_is_aa_in_light_and_dark(source):
    # WCAG 2.1: 4.5 for text (1.4.3), 3 for graphics (1.4.11).
    for block in re.findall(r":root \{(.*?)\}", source, re.DOTALL)[:2]:
        colours = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})\b", block))
        paper = _luminance(colours["--paper"])
        for name in ("--ink", "--quiet", "--accent", *(f"--glmlr-{number}" for number in range(1, 7))):
            low, high = sorted((paper, _luminance(colours[name])))
            assert (high + 0.05) / (low + 0.05) >= (3 if "glmlr" in name else 4.5), name
