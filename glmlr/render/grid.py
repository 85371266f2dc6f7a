"""What does each cell of a table say? Numbers become texts once here, the same for every format."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from glmlr.digits import MISSING, NUMERIC, column_texts, text
from glmlr.exhibits import COLUMN_LABELS, Table

#: Characters that break a line of output or turn its direction: control codes, embeddings and overrides, surrogates.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SPACE: Final = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_DIGIT: Final = re.compile(r"\d")
_POWER: Final = re.compile(r"\de[-+]?\d")
_MINUS: Final = re.compile(r"(?<![\w.)])-(?=[\d∞])")
_WHOLE_PART: Final = re.compile(r"[<>]?[-−]?(?:[\d,]+|∞|–)")


def clean(words: object) -> str:
    """Put a name or sentence on one line: line breaks become spaces, control characters a visible "�"."""
    return _UNPRINTABLE.sub("\ufffd", _SPACE.sub(" ", str(words)))


def clean_numbers(words: object) -> str:
    """Put a text of numbers on one line, a hyphen before a number as the minus that it is."""
    return _MINUS.sub("−", clean(words))


def width(words: str) -> int:
    """Count the columns that a text takes in a terminal: wide characters two, combining marks none."""
    if words.isascii():
        return len(words)
    return sum(_character_width(character) for character in words)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


@dataclass(frozen=True)
class Column:
    """One printed column.

    Attributes:
        name: the column of the frame; of a turned table the row's name.
        heading: the words above it.
        numeric: whether its cells are numbers, to the right.
        cells: text of each row.
        padding: what each cell lacks on the right so that decimal points of one kind of number stand below one another
            (".0000" after "7"); "" everywhere in a column of text.

    """

    name: str
    heading: str
    numeric: bool
    cells: tuple[str, ...]
    padding: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table as printed columns, and the positions of the rows that close it."""

    columns: tuple[Column, ...]
    emphasis: frozenset[int]

    @property
    def rows(self) -> int:
        """Count the rows."""
        return len(self.columns[0].cells) if self.columns else 0


def grid(table: Table) -> Grid:
    """Print every cell of a table by the role of its column, or of its row where these are unlike."""
    shown = [(name, role) for name, role in table.roles.items() if role != "hidden"]
    columns = [_column(table, name, role, first=position == 0) for position, (name, role) in enumerate(shown)]
    if table.turned and len(columns) > 1:
        return Grid(_turned(columns, [role for _, role in shown]), frozenset())
    return Grid(tuple(columns), frozenset(table.emphasis))


def _column(table: Table, name: str, role: str, *, first: bool) -> Column:
    values = table.frame[name].tolist()
    if first and role == "text":
        values = [_row_name(table, name, value) for value in values]
    by_row = table.row_roles if role == "measure" else ()
    if by_row:
        texts = [text(value, row_role) for value, row_role in zip(values, by_row, strict=True)]
    else:
        texts = column_texts(values, role)
    if first:
        texts = ["Total" if row in table.emphasis and cell == MISSING else cell for row, cell in enumerate(texts)]
    if name in table.blanks:
        texts = ["" if cell == MISSING else cell for cell in texts]
    cells = tuple(clean(cell) for cell in texts)
    numeric = role in NUMERIC
    padding = _padding_by_kind(cells, by_row or (role,) * len(cells)) if numeric else ("",) * len(cells)
    return Column(name, clean(table.heading(name)), numeric, cells, padding)


def _turned(columns: Sequence[Column], roles: Sequence[str]) -> tuple[Column, ...]:
    """Exchange rows and columns: the headings name the lines, the first column heads the others."""
    names, rest = columns[0], columns[1:]
    headings = tuple(column.heading for column in rest)
    turned = [Column(names.name, names.heading, False, headings, ("",) * len(rest))]
    for row, name in enumerate(names.cells):
        cells = tuple(column.cells[row] for column in rest)
        turned.append(Column(name, name, True, cells, _padding_by_kind(cells, roles[1:])))
    return tuple(turned)


def _row_name(table: Table, column: str, value: Any) -> Any:
    """Put words to the key of a row; a name from the data that equals a column's keeps its own spelling."""
    if not isinstance(value, str):
        return value
    if value in table.labels and value not in table.frame.columns:
        return table.labels[value]
    return COLUMN_LABELS.get(value, value) if column == "measure" else value


def _padding_by_kind(cells: Sequence[str], kinds: Sequence[str]) -> tuple[str, ...]:
    """Align numbers of one kind with one another; those of different kinds end at the same edge."""
    padding = [""] * len(cells)
    for kind in set(kinds):
        rows = [row for row, own in enumerate(kinds) if own == kind]
        for row, pad in zip(rows, decimal_padding([cells[row] for row in rows]), strict=True):
            padding[row] = pad
    return tuple(padding)


def decimal_padding(cells: Sequence[str]) -> tuple[str, ...]:
    """Give for each number the characters that it lacks on the right of its decimal point.

    The widest right-hand side of the column is the union of all of them, digit counting as digit, so that cell +
    padding has one width right of the point in any typeface with digits of equal width. Powers of ten have no place
    among the others: they stand at the edge and move nobody.
    """
    tails = [_tail(cell) for cell in cells]
    if len(set(tails)) == 1:
        return ("",) * len(cells)
    counts = {tail: Counter(tail) for tail in tails if tail is not None}
    widest: Counter[str] = Counter()
    for count in counts.values():
        widest |= count
    padding = {tail: "".join(sorted((widest - count).elements())) for tail, count in counts.items()}
    return tuple("" if tail is None else padding[tail] for tail in tails)


def _tail(cell: str) -> str | None:
    """Give what stands right of the decimal point, every digit as 0; None for a power of ten or nothing."""
    if not cell or _POWER.search(cell):
        return None
    whole = _WHOLE_PART.match(cell)
    return _DIGIT.sub("0", cell[whole.end() :]) if whole else ""
