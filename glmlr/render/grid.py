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
_WHOLE_PART: Final = re.compile(r"[<>]?[-−]?(?:[\d,]+|∞|–)")


def clean(words: object) -> str:
    """Put a name or sentence on one line: line breaks become spaces, control characters a visible "�"."""
    return _UNPRINTABLE.sub("\ufffd", _SPACE.sub(" ", str(words)))


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
        name: the column of the frame.
        heading: the words above it.
        numeric: whether it is aligned at the decimal point, to the right.
        cells: text of each row.
        padding: what each cell lacks on the right so that the decimal points stand below one another ("0000e-" after
            "7"); "" everywhere in a column of text.

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
    """Print every cell of a table by the role of its column."""
    shown = [(name, role) for name, role in table.roles.items() if role != "hidden"]
    return Grid(
        tuple(_column(table, name, role, first=position == 0) for position, (name, role) in enumerate(shown)),
        frozenset(table.emphasis),
    )


def _column(table: Table, name: str, role: str, *, first: bool) -> Column:
    values = table.frame[name].tolist()
    if first and role == "text":
        values = [_row_name(table, name, value) for value in values]
    if role == "measure" and table.row_roles:
        texts = [text(value, row_role) for value, row_role in zip(values, table.row_roles, strict=True)]
    else:
        texts = column_texts(values, role)
    if first:
        texts = ["Total" if row in table.emphasis and cell == MISSING else cell for row, cell in enumerate(texts)]
    cells = tuple(clean(cell) for cell in texts)
    numeric = role in NUMERIC
    padding = decimal_padding(cells) if numeric else ("",) * len(cells)
    return Column(name, clean(table.heading(name)), numeric, cells, padding)


def _row_name(table: Table, column: str, value: Any) -> Any:
    """Put words to the key of a row; a name from the data that equals a column's keeps its own spelling."""
    if not isinstance(value, str):
        return value
    if value in table.labels and value not in table.frame.columns:
        return table.labels[value]
    return COLUMN_LABELS.get(value, value) if column == "measure" else value


def decimal_padding(cells: Sequence[str]) -> tuple[str, ...]:
    """Give for each number the characters that it lacks on the right of its decimal point.

    The widest right-hand side of the column is the union of all of them, digit counting as digit, so that cell +
    padding has one width right of the point in any typeface with digits of equal width.
    """
    tails = [_tail(cell) for cell in cells]
    widest: Counter[str] = Counter()
    for tail in tails:
        widest |= tail
    return tuple("".join(sorted((widest - tail).elements())) for tail in tails)


def _tail(cell: str) -> Counter[str]:
    whole = _WHOLE_PART.match(cell)
    rest = cell[whole.end() :] if whole else ""
    return Counter("0" if character.isdigit() else character for character in rest)
