"""How does a report read in a terminal? As plain text that fits its width; in colour only when asked."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from glmlr.exhibits import Chart, Report, Table
from glmlr.render.grid import Column, clean, grid, width

_GAP: Final = "  "
_NARROWEST: Final = 40
_TEXT_COLUMN: Final = 36
_READING: Final = 88


@dataclass(frozen=True)
class _Line:
    """A line of output and how it is shown when there is colour."""

    words: str
    style: str = ""


def table(table: Table, *, width: int | None = None, color: bool = False) -> str:
    """Write a table with its notes and companion tables, at most `width` columns wide (None: the terminal's)."""
    return _joined(_table(table, _room(width)), color=color)


def render(report: Report, *, width: int | None = None, color: bool = False) -> str:
    """Write a whole report; a chart is one line that says what it shows."""
    return _joined(_report(report, _room(width)), color=color) + "\n"


def _room(asked: int | None) -> int:
    return max(_NARROWEST, asked if asked is not None else shutil.get_terminal_size((100, 24)).columns)


def _joined(lines: Iterator[_Line], *, color: bool) -> str:
    """Put lines together; the colours come from rich, which sees finished text and reads no markup in it."""
    if not color:
        return "\n".join(line.words.rstrip() for line in lines)
    import io

    from rich.console import Console
    from rich.text import Text

    shown = Console(file=io.StringIO(), force_terminal=True, color_system="standard", legacy_windows=False)
    with shown.capture() as capture:
        for line in lines:
            shown.print(Text(line.words.rstrip(), style=line.style), soft_wrap=True)
    return capture.get().rstrip("\n")


def _report(report: Report, room: int) -> Iterator[_Line]:
    title = clean(report.title)
    yield from _paragraph(title, room, style="bold")
    yield _Line("=" * min(width(title), room))
    for sentence in (*report.lead[:1], *([f"Formula: {report.formula}"] if report.formula else []), *report.lead[1:]):
        yield from _paragraph(sentence, room)
    if report.overview is not None:
        yield _Line("")
        yield from _table(report.overview, room)
    for section in report.sections:
        heading = clean(section.title)
        yield from (_Line(""), *_paragraph(heading, room, style="bold"), _Line("-" * min(width(heading), room)))
        yield from _paragraph(" ".join(section.sentences), room)
        for one in section.exhibits:
            yield _Line("")
            yield from _table(one, room, drawn=True, above=heading) if isinstance(one, Table) else _chart(one, room)
    if report.definitions:
        yield from (_Line(""), _Line("Definitions", "bold"), _Line("-----------"))
    for definition in report.definitions:
        reference = f" ({definition.reference})" if definition.reference else ""
        yield from _paragraph(f"{definition.name}: {definition.meaning}{reference}", room, hang="    ")


def _paragraph(words: str, room: int, *, style: str = "", hang: str = "") -> Iterator[_Line]:
    for line in _wrapped(clean(words), min(room, _READING), hang):
        yield _Line(line, style)


def _wrapped(words: str, room: int, hang: str = "") -> list[str]:
    """Wrap by the columns that characters take, wide ones too."""
    if width(words) == len(words):
        if len(words) <= room and words.strip():
            return [words.rstrip()]
        return textwrap.wrap(words, room, subsequent_indent=hang, break_on_hyphens=False)
    lines, line = [], ""
    for piece in _pieces(words, room - width(hang)):
        if line.strip() and width(line) + 1 + width(piece) > room:
            lines.append(line)
            line = hang + piece
        else:
            line = f"{line} {piece}" if line.strip() else line + piece
    return [*lines, line] if line.strip() else lines


def _pieces(words: str, room: int) -> Iterator[str]:
    for word in words.split():
        piece = ""
        for character in word:
            if piece and width(piece + character) > room:
                yield piece
                piece = ""
            piece += character
        yield piece


def _chart(chart: Chart, room: int) -> Iterator[_Line]:
    yield from _paragraph(f"Chart: {chart.title}. {chart.alt}".strip(), room, style="dim")


def _table(table: Table, room: int, *, drawn: bool = False, above: str = "") -> Iterator[_Line]:
    """Write a table with all that belongs to it; in a report each drawing has a line that says what it shows.

    A title that repeats the heading above is left out.
    """
    if clean(table.title).casefold() != above.casefold():
        yield from _paragraph(table.title, room, style="bold")
    shown = grid(table)
    columns = [_lines(column, min(_TEXT_COLUMN, (room - len(_GAP)) // 2)) for column in shown.columns]
    for number, block in enumerate(_blocks([c.room for c in columns], room)):
        if number:
            yield _Line("")
        yield from _block([columns[place] for place in block], shown.emphasis)
    for note in table.notes:
        yield from _paragraph(note, room, style="dim")
    for chart in table.charts if drawn else ():
        yield _Line("")
        yield from _chart(chart, room)
    for companion in table.tables:
        yield _Line("")
        yield from _table(companion, room, drawn=drawn)


@dataclass(frozen=True)
class _Printed:
    """A column as lines: its width, its heading's lines, and the lines of each cell."""

    room: int
    numeric: bool
    heading: Sequence[str]
    cells: Sequence[Sequence[str]]

    def heading_line(self, number: int, height: int) -> str:
        """Give a line of the heading, which stands at the foot of its place."""
        above = height - len(self.heading)
        return self.heading[number - above] if number >= above else ""

    def cell_line(self, row: int, number: int) -> str:
        """Give a line of a cell; shorter cells end with empty ones."""
        return self.cells[row][number] if number < len(self.cells[row]) else ""

    def aligned(self, words: str) -> str:
        """Fill a line up to the width of the column."""
        fill = " " * (self.room - width(words))
        return fill + words if self.numeric else words + fill


def _lines(column: Column, longest_line: int) -> _Printed:
    """Break headings and long names at `longest_line`; a number is never broken."""
    if column.numeric:
        cells = [[cell + " " * len(pad)] for cell, pad in zip(column.cells, column.padding, strict=True)]
        widest = max([width(cell[0]) for cell in cells], default=1)
    else:
        cells = [_wrapped(cell, longest_line) or [""] for cell in column.cells]
        widest = max([width(line) for cell in cells for line in cell], default=1)
    longest = max([width(word) for word in column.heading.split()], default=1)
    room = max(widest, min(longest, longest_line))
    heading = _wrapped(column.heading, room) or [""]
    return _Printed(room, column.numeric, heading, cells)


def _blocks(rooms: Sequence[int], room: int) -> list[list[int]]:
    """Share the columns out over blocks that fit the width, the first column standing in each."""
    blocks: list[list[int]] = []
    used = room + 1
    for place in range(1, len(rooms)):
        if used + len(_GAP) + rooms[place] > room:
            blocks.append([0])
            used = rooms[0]
        blocks[-1].append(place)
        used += len(_GAP) + rooms[place]
    return blocks or ([[0]] if rooms else [])


def _block(columns: Sequence[_Printed], emphasis: frozenset[int]) -> Iterator[_Line]:
    rule = "─" * (sum(column.room for column in columns) + len(_GAP) * (len(columns) - 1))
    height = max(len(column.heading) for column in columns)
    for number in range(height):
        parts = [column.aligned(column.heading_line(number, height)) for column in columns]
        yield _Line(_GAP.join(parts), "bold")
    yield _Line(rule)
    for row in range(len(columns[0].cells)):
        if row in emphasis and row - 1 not in emphasis:
            yield _Line(rule)
        for number in range(max(len(column.cells[row]) for column in columns)):
            parts = [column.aligned(column.cell_line(row, number)) for column in columns]
            yield _Line(_GAP.join(parts), "bold" if row in emphasis else "")
    yield _Line(rule)
