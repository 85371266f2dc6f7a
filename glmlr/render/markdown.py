"""How does a report become GitHub-flavoured Markdown, with its figures as files beside it?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from glmlr.exhibits import Chart, Report, Table
from glmlr.render import chart as drawing
from glmlr.render.grid import Column, clean, grid, width

_SPECIAL: Final = re.compile(r"[\\`*\[\]{}|~$#!]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_LIST_START: Final = re.compile(r"^(\d+)([.)])(?=\s|$)")
_LINE_START: Final = re.compile(r"^([-+=:])")
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")


def render(report: Report, *, folder: str = "report_files") -> str:
    """Write the report as Markdown; its figures are looked for in `folder` beside it (see `figures`)."""
    names = {id(chart): name for name, chart in _named(report)}
    said = [_paragraph((sentence,)) for sentence in report.lead]
    parts = [f"# {escaped(report.title)}", *said[:1], _code(report.formula), *said[1:]]
    if report.overview is not None:
        parts += _exhibit(report.overview, names, folder, level=2)
    anchors = [section.key for section in report.sections] + (["definitions"] if report.definitions else [])
    titles = [section.title for section in report.sections] + (["Definitions"] if report.definitions else [])
    contents = [f"- [{escaped(title)}](#{_anchor(key)})" for key, title in zip(anchors, titles, strict=True)]
    parts.append("\n".join(contents))
    for section in report.sections:
        parts += [_heading(2, section.title, section.key), _paragraph(section.sentences)]
        for one in section.exhibits:
            parts += _exhibit(one, names, folder, level=3, above=section.title)
    if report.definitions:
        parts += [_heading(2, "Definitions", "definitions"), _definitions(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def figures(report: Report) -> dict[str, str]:
    """Draw the figures of a report: name of the file -> its SVG."""
    return {name: drawing.svg_file(chart) for name, chart in _named(report)}


def table(table: Table) -> str:
    """Write a table with its title and notes."""
    notes = "\n\n".join(_paragraph((note,)) for note in table.notes)
    return "\n\n".join(part for part in (f"**{escaped(table.title)}**", _rows(table), notes) if part) + "\n"


def escaped(words: object) -> str:
    """Write a name or sentence so that Markdown, GitHub's mathematics and HTML all show it as it is."""
    plain = clean(words)
    plain = _SPECIAL.sub(lambda match: "\\" + match[0], plain)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _paragraph(sentences: Sequence[str]) -> str:
    """Join sentences to a paragraph that cannot be taken for a list or a rule."""
    words = " ".join(escaped(sentence) for sentence in sentences).strip()
    return _LINE_START.sub(r"\\\1", _LIST_START.sub(r"\1\\\2", words))


def _code(words: str) -> str:
    """Write words as code: a fence that none of them can close."""
    plain = clean(words)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    return f"{fence}\n{plain}\n{fence}" if plain else ""


def _anchor(key: str) -> str:
    return _NOT_IN_A_NAME.sub("-", key)


def _heading(level: int, title: str, key: str) -> str:
    return f'<a id="{_anchor(key)}"></a>\n\n{"#" * level} {escaped(title)}'


def _exhibit(one: Table | Chart, names: dict[int, str], folder: str, level: int, above: str = "") -> Iterator[str]:
    """Write a table or chart with all that belongs to it; a title that repeats the heading above is left out."""
    if isinstance(one, Chart):
        yield from _figure(one, names[id(one)], folder)
        return
    if clean(one.title).casefold() != clean(above).casefold():
        yield f"{'#' * level} {escaped(one.title)}"
    yield _rows(one)
    for note in one.notes:
        yield _paragraph((note,))
    for chart in one.charts:
        yield from _figure(chart, names[id(chart)], folder)
    for companion in one.tables:
        yield from _exhibit(companion, names, folder, min(level + 1, 6))


def _figure(chart: Chart, name: str, folder: str) -> Iterator[str]:
    yield f"**{escaped(chart.title)}**"
    yield f"![{escaped(chart.alt or chart.title)}](<{quote(folder, safe='')}/{quote(name)}>)"
    for note in chart.notes:
        yield _paragraph((note,))


def _definitions(report: Report) -> str:
    lines = []
    for definition in report.definitions:
        reference = f" *{escaped(definition.reference)}*" if definition.reference else ""
        lines.append(f"- **{escaped(definition.name)}**: {escaped(definition.meaning)}{reference}")
    return "\n".join(lines)


def _named(report: Report) -> Iterator[tuple[str, Chart]]:
    """Give every chart of a report once, with the name of its file."""
    taken: set[str] = set()
    for owner, chart in _charts(report):
        plain = _NOT_IN_A_NAME.sub("-", owner if owner == chart.key else f"{owner}-{chart.key}").strip("-") or "figure"
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name)
        yield f"{name}.svg", chart


def _charts(report: Report) -> Iterator[tuple[str, Chart]]:
    for section in report.sections:
        for one in section.exhibits:
            yield from [(one.key, one)] if isinstance(one, Chart) else _charts_of(one)


def _charts_of(table: Table) -> Iterator[tuple[str, Chart]]:
    yield from ((table.key, chart) for chart in table.charts)
    for companion in table.tables:
        yield from _charts_of(companion)


def _rows(table: Table) -> str:
    """Write the rows, the columns of equal width so that the source reads well too."""
    shown = grid(table)
    if not shown.columns:
        return ""
    columns = [_column(column, shown.emphasis) for column in shown.columns]
    ends = [":" if column.numeric else "-" for column in shown.columns]
    rule = "|".join("-" * (len(cells[0]) - 1) + end for cells, end in zip(columns, ends, strict=True))
    lines = ["|".join(cells) for cells in zip(*columns, strict=True)]
    return "\n".join(f"|{line}|" for line in [lines[0], rule, *lines[1:]])


def _column(column: Column, emphasis: frozenset[int]) -> list[str]:
    """Give the cells of a column, all of one width, the heading first."""
    cells = [escaped(cell) for cell in column.cells]
    cells = [f"**{cell}**" if row in emphasis and cell else cell for row, cell in enumerate(cells)]
    cells = [cell + " " * len(pad) for cell, pad in zip(cells, column.padding, strict=True)]
    cells.insert(0, escaped(column.heading))
    wide = max(3, max(width(cell) for cell in cells))
    pads = [" " * (wide - width(cell)) for cell in cells]
    aligned = [pad + cell if column.numeric else cell + pad for cell, pad in zip(cells, pads, strict=True)]
    return [f" {cell} " for cell in aligned]
