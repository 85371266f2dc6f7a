"""How does a report become one HTML file that needs nothing else?"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from glmlr.exhibits import Chart, Definition, Report, Section, Table
from glmlr.render import chart as drawing
from glmlr.render import style
from glmlr.render.grid import Column, Grid, clean, grid

if TYPE_CHECKING:
    from jinja2 import Template

_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9_-]+")


def render(report: Report) -> str:
    """Write the report as one HTML5 page: no network, no script, figures inside, the same bytes for the same report."""
    page = _Page()
    anchors = [page.anchor(section.key) for section in report.sections]
    definitions = page.anchor("definitions")
    overview = page.block(report.overview) if report.overview is not None else ""
    return _template().render(
        report=report,
        style=_asset("style.css"),
        overview=overview,
        sections=[_part(page, section, anchor) for section, anchor in zip(report.sections, anchors, strict=True)],
        definitions_anchor=definitions,
    )


def _part(page: _Page, section: Section, anchor: str) -> dict[str, Any]:
    """Write one section, and list what is in it for the contents."""
    exhibits = page.exhibits(section)
    return {
        "anchor": anchor,
        "title": section.title,
        "sentences": section.sentences,
        "exhibits": exhibits,
        "entries": page.entries,
    }


def table(table: Table) -> str:
    """Write one <table> with its title as caption and its notes as foot, without any style of its own."""
    shown = grid(table)
    notes = "".join(f"<p>{_safe(note)}</p>" for note in table.notes)
    foot = f'<tfoot><tr><td colspan="{max(len(shown.columns), 1)}">{notes}</td></tr></tfoot>' if notes else ""
    return f'<table class="glmlr-table"><caption>{_safe(table.title)}</caption>{_rows(shown)}{foot}</table>'


def chart(chart: Chart) -> str:
    """Write a chart as a <figure>: the drawing, its title and its notes."""
    return _scoped(_figure(chart, prefix=None))


def fragment(table: Table) -> str:
    """Write a table for a notebook: in the notebook's colours, with its charts and companion tables below."""
    return _scoped(_fragment(table))


def report_fragment(report: Report) -> str:
    """Write a whole report for a notebook, without page, contents list or anchors."""
    parts = [f'<h2 class="glmlr-title">{_safe(report.title)}</h2>', _paragraph(report.lead)]
    if report.formula:
        parts.append(f"<p><code>{_safe(report.formula)}</code></p>")
    if report.overview is not None:
        parts.append(_fragment(report.overview))
    for section in report.sections:
        named = not section.sentences and [one.title for one in section.exhibits[:1]] == [section.title]
        parts += [] if named else [f'<h3 class="glmlr-section">{_safe(section.title)}</h3>']
        parts.append(_paragraph(section.sentences))
        parts += [_fragment(e) if isinstance(e, Table) else _figure(e, prefix=None) for e in section.exhibits]
    if report.definitions:
        terms = "".join(map(_definition, report.definitions))
        parts.append(f"<details><summary>Definitions</summary><dl>{terms}</dl></details>")
    return _scoped("".join(parts))


def _definition(one: Definition) -> str:
    cite = f" <cite>{_safe(one.reference)}</cite>" if one.reference else ""
    return f"<dt>{_safe(one.name)}</dt><dd>{_safe(one.meaning)}{cite}</dd>"


def _safe(words: object) -> str:
    return escape(clean(words))


def _paragraph(sentences: Iterable[str]) -> str:
    words = " ".join(_safe(sentence) for sentence in sentences)
    return f"<p>{words}</p>" if words else ""


# ---------------------------------------------------------------------------------------------------------- the page


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def cleaned(value: Any) -> Any:
        return value if isinstance(value, Markup) else clean(value)

    rules = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, finalize=cleaned
    )
    rules.filters["sentences"] = lambda sentences: " ".join(clean(sentence) for sentence in sentences)
    return rules.from_string(_asset("report.html.j2"))


@lru_cache(maxsize=4)
def _asset(name: str) -> Any:
    """Read a file of this package, the palettes put in; our own text, so nothing in it is escaped."""
    from markupsafe import Markup

    text = (resources.files("glmlr.render") / name).read_text(encoding="utf-8")
    for words, palette in (("/* the palette */", style.PALETTE), ("/* the dark palette */", style.DARK_PALETTE)):
        text = text.replace(words, style.css(palette))
    return Markup(text)


@dataclass(frozen=True)
class _Entry:
    """A line of the contents below its section's: where it leads, its words, and the brief entries beside it."""

    anchor: str
    words: str
    beside: tuple[_Entry, ...] = ()


@dataclass
class _Page:
    """A page being written: which anchors it has already, and what the section at hand holds."""

    taken: set[str] = field(default_factory=lambda: {"report", "contents-title"})
    entries: list[_Entry] = field(default_factory=list)

    def anchor(self, key: str, alternative: str = "") -> str:
        """Give an id that this page has not yet: the key itself, else key-alternative, else numbered."""
        plain = _NOT_IN_AN_ID.sub("-", key).strip("-") or "part"
        candidates = _candidates(plain, alternative)
        chosen = next(candidate for candidate in candidates if candidate not in self.taken)
        self.taken.add(chosen)
        return chosen

    def exhibits(self, section: Section) -> Any:
        """Write the exhibits of a section one after the other; the page sets side by side what fits."""
        from markupsafe import Markup

        self.entries = []
        written = [
            self._table(one, 3, section.title) if isinstance(one, Table) else self._figures((one,), one.key)
            for one in section.exhibits
        ]
        return Markup(f'<div class="flow">{"".join(written)}</div>' if written else "")  # escaped where it was written

    def block(self, table: Table, level: int = 2) -> Any:
        """Write one table with its notes, outside of any section."""
        from markupsafe import Markup

        return Markup(_block(table, self.anchor(table.key, "table"), level, unseen=False))

    def _table(self, table: Table, level: int, above: str = "", anchor: str = "") -> str:
        """Write a table, its drawings and its companions; a title that repeats the one above is only spoken."""
        anchor = anchor or self.anchor(table.key, "table")
        unseen = clean(table.title).casefold() == clean(above).casefold()
        parts = [_block(table, anchor, level, unseen=unseen), self._figures(table.charts, anchor)]
        listed: list[_Entry] = []
        for companion in table.tables:
            listed.append(_Entry(self.anchor(companion.key, "table"), clean(companion.title)))
            parts.append(self._table(companion, min(level + 1, 6), anchor=listed[-1].anchor))
        beside = _brief(listed) if len(listed) >= _MANY else ()
        if level == _TOP and (beside or not unseen):
            self.entries.append(_Entry(anchor, clean(table.title), beside))
        return "".join(parts)

    def _figures(self, charts: tuple[Chart, ...], owner: str) -> str:
        drawn = []
        for one in charts:
            anchor = self.anchor(one.key if one.key == owner else f"{owner}-{one.key}", "chart")
            drawn.append(_figure(one, prefix=anchor, anchor=anchor))
        return "".join(drawn)


#: A table with so many companions has them in the contents; its own heading is of this level.
_MANY, _TOP = 3, 3


def _brief(entries: list[_Entry]) -> tuple[_Entry, ...]:
    """Shorten titles by the words that all of them begin with; each keeps its last."""
    titles = [entry.words.split() for entry in entries]
    same = 0
    while all(len(title) > same + 1 and title[same] == titles[0][same] for title in titles):
        same += 1
    return tuple(_Entry(entry.anchor, " ".join(title[same:])) for entry, title in zip(entries, titles, strict=True))


def _block(table: Table, anchor: str, level: int, *, unseen: bool) -> str:
    """Write a table that may be scrolled sideways, below its heading, with its notes."""
    shown = grid(table)
    heading = f'<h{level} id="{anchor}-title"{_UNSEEN if unseen else ""}>{_safe(table.title)}</h{level}>'
    notes = "".join(f"<p>{_safe(note)}</p>" for note in table.notes)
    kind = "scroller short" if shown.rows <= _SHORT else "scroller"
    look = "glmlr-table dense" if len(shown.columns) >= _DENSE else "glmlr-table"
    return (
        f'<div class="exhibit{" noted" if notes else ""}" id="{anchor}">'
        f'<div class="{kind}" tabindex="0" role="region" aria-labelledby="{anchor}-title">'
        f'<table class="{look}"><caption>{heading}</caption>{_rows(shown)}</table></div>'
        + (f'<div class="notes">{notes}</div>' if notes else "")
        + "</div>"
    )


def _candidates(plain: str, alternative: str) -> Iterator[str]:
    yield plain
    if alternative:
        yield f"{plain}-{alternative}"
    number = 2
    while True:
        yield f"{plain}-{number}"
        number += 1


# -------------------------------------------------------------------------------------------------- tables and figures


def _rows(shown: Grid) -> str:
    heads = "".join(
        f'<th scope="col"{"" if column.numeric else _TEXT_CLASS}>{_heading(column)}</th>' for column in shown.columns
    )
    total = ' class="total"'
    body = "".join(
        f"<tr{total if row in shown.emphasis else ''}>{_cells(shown, row)}</tr>" for row in range(shown.rows)
    )
    return f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>"


#: Names and sentences stand left. Brief ones stay on one line; long ones keep room, for a table squeezes them first.
_TEXT_CLASS: Final = ' class="text"'
_UNSEEN: Final = ' class="unseen"'
_BRIEF, _LONG = 18, 28
#: Tables of no more rows than this stay on one printed page; from so many columns on they are set closer.
_SHORT: Final = 20
_DENSE: Final = 10


def _heading(column: Column) -> str:
    """Break a heading that is wider than its numbers over two lines."""
    if not column.numeric:
        return _safe(column.heading) or "&nbsp;"
    room = max((len(cell) + len(pad) for cell, pad in zip(column.cells, column.padding, strict=True)), default=1)
    lines = _broken(column.heading, room)
    return "<br>".join(map(_safe, lines)) or "&nbsp;"


def _broken(words: str, room: int) -> list[str]:
    """Break words into the narrowest two lines (three where they are long) that are not narrower than `room`."""
    longest = max((len(word) for word in words.split()), default=1)
    most = 2 if len(words) <= _LONG else 3
    for wide in range(max(room, longest), max(len(words), 1)):
        lines = textwrap.wrap(words, wide, break_on_hyphens=False)
        if len(lines) <= most:
            return lines
    return [words]


def _cells(shown: Grid, row: int) -> str:
    return "".join(_cell(column, row, first=place == 0) for place, column in enumerate(shown.columns))


def _cell(column: Column, row: int, *, first: bool) -> str:
    """Write a cell; the first of a row names it. A real minus sign, and room for the decimals the number lacks."""
    words = escape(column.cells[row])
    attributes = ' scope="row"' if first else ""
    if column.numeric:
        words = "−" + words[1:] if words.startswith("-") else words
        attributes += f' data-pad="{escape(column.padding[row])}"' if column.padding[row] else ""
    else:
        length = len(column.cells[row])
        attributes += f' class="text{" brief" if length <= _BRIEF else " long" if length > _LONG else ""}"'
    tag = "th" if first else "td"
    return f"<{tag}{attributes}>{words}</{tag}>"


def _figure(chart: Chart, *, prefix: str | None, anchor: str | None = None) -> str:
    notes = "".join(f"<p>{_safe(note)}</p>" for note in chart.notes)
    name = f' id="{anchor}"' if anchor else ""
    svg = drawing.svg(chart, prefix=f"{prefix}-svg" if prefix else None)
    if drawing.is_wide(chart):
        svg = f'<div class="scroller wide" tabindex="0" role="region" aria-label="{_safe(chart.title)}">{svg}</div>'
    return f"<figure{name}><figcaption>{_safe(chart.title)}</figcaption>{svg}{notes}</figure>"


def _fragment(table: Table) -> str:
    shown = grid(table)
    notes = "".join(f'<p class="glmlr-note">{_safe(note)}</p>' for note in table.notes)
    caption = f"<caption>{_safe(table.title)}</caption>"
    figures = "".join(_figure(one, prefix=None) for one in table.charts)
    companions = "".join(
        f"<details><summary>{_safe(companion.title)}</summary>{_fragment(companion)}</details>"
        for companion in table.tables
    )
    return (
        f'<div class="glmlr-scroller"><table class="glmlr-table">{caption}{_rows(shown)}</table></div>{notes}'
        + (f'<div class="glmlr-figures">{figures}</div>' if figures else "")
        + companions
    )


def _scoped(body: str) -> str:
    return f'<div class="glmlr"><style>{_asset("fragment.css")}</style>{body}</div>'
