"""How does a report become one HTML file that needs nothing else?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from glmlr.exhibits import Chart, Definition, Report, Section, Table
from glmlr.render import chart as drawing
from glmlr.render.grid import Column, Grid, clean, grid

if TYPE_CHECKING:
    from jinja2 import Template

_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9_-]+")


def render(report: Report) -> str:
    """Write the report as one HTML5 page: no network, no script, figures inside, the same bytes for the same report."""
    page = _Page()
    anchors = [page.anchor(section.key) for section in report.sections]
    definitions = page.anchor("definitions")
    return _template().render(
        report=report,
        style=_asset("style.css"),
        sections=[
            {
                "anchor": anchor,
                "title": section.title,
                "sentences": section.sentences,
                "exhibits": page.exhibits(section),
            }
            for section, anchor in zip(report.sections, anchors, strict=True)
        ],
        definitions_anchor=definitions,
    )


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
    for section in report.sections:
        parts += [f'<h3 class="glmlr-section">{_safe(section.title)}</h3>', _paragraph(section.sentences)]
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
    """Read a file of this package; our own text, so nothing in it is escaped."""
    from markupsafe import Markup

    return Markup((resources.files("glmlr.render") / name).read_text(encoding="utf-8"))


@dataclass
class _Page:
    """A page being written: which anchors it has already."""

    taken: set[str] = field(default_factory=lambda: {"report", "contents-title"})

    def anchor(self, key: str, alternative: str = "") -> str:
        """Give an id that this page has not yet: the key itself, else key-alternative, else numbered."""
        plain = _NOT_IN_AN_ID.sub("-", key).strip("-") or "part"
        candidates = _candidates(plain, alternative)
        chosen = next(candidate for candidate in candidates if candidate not in self.taken)
        self.taken.add(chosen)
        return chosen

    def exhibits(self, section: Section) -> Any:
        """Write the exhibits of a section."""
        from markupsafe import Markup

        written = [
            self._table(one, 3, section.title) if isinstance(one, Table) else self._figures((one,), one.key)
            for one in section.exhibits
        ]
        return Markup("".join(written))  # every part was escaped where it was written

    def _table(self, table: Table, level: int, above: str = "") -> str:
        """Write a table with all that belongs to it; a title that repeats the one above is only spoken."""
        anchor = self.anchor(table.key, "table")
        shown = grid(table)
        unseen = ' class="unseen"' if clean(table.title).casefold() == clean(above).casefold() else ""
        caption = f'<caption><h{level} id="{anchor}-title"{unseen}>{_safe(table.title)}</h{level}></caption>'
        notes = "".join(f"<p>{_safe(note)}</p>" for note in table.notes)
        kind = "scroller short" if shown.rows <= _SHORT else "scroller"
        return (
            f'<div class="exhibit" id="{anchor}">'
            f'<div class="{kind}" tabindex="0" role="region" aria-labelledby="{anchor}-title">'
            f'<table class="glmlr-table">{caption}{_rows(shown)}</table></div>'
            + (f'<div class="notes">{notes}</div>' if notes else "")
            + self._figures(table.charts, anchor)
            + "".join(self._table(companion, min(level + 1, 6)) for companion in table.tables)
            + "</div>"
        )

    def _figures(self, charts: tuple[Chart, ...], owner: str) -> str:
        if not charts:
            return ""
        drawn = []
        for one in charts:
            anchor = self.anchor(one.key if one.key == owner else f"{owner}-{one.key}", "chart")
            drawn.append(_figure(one, prefix=anchor, anchor=anchor))
        return f'<div class="figures">{"".join(drawn)}</div>'


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
        f'<th scope="col"{"" if column.numeric else _TEXT_CLASS}>{_safe(column.heading) or "&nbsp;"}</th>'
        for column in shown.columns
    )
    total = ' class="total"'
    body = "".join(
        f"<tr{total if row in shown.emphasis else ''}>{_cells(shown, row)}</tr>" for row in range(shown.rows)
    )
    return f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>"


#: Names and sentences stand left. Brief ones stay on one line; long ones keep room, for a table squeezes them first.
_TEXT_CLASS: Final = ' class="text"'
_BRIEF, _LONG = 18, 28
#: Tables of no more rows than this stay on one printed page.
_SHORT: Final = 20


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
