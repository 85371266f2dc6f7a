"""How does a table become LaTeX? With booktabs' three rules; packages needed: booktabs, and longtable for long ones."""

from __future__ import annotations

import re
from typing import Final

from glmlr.exhibits import Table
from glmlr.render.grid import Column, Grid, clean, grid

#: Every character that LaTeX reads as an order, that its old fonts draw as another, or that joins with its neighbour.
_WRITTEN: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "`": r"\char96{}",
    "'": r"\char39{}",
    "[": "{[}",
    "]": "{]}",
    "∞": r"$\infty$",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "×": r"$\times$",
    "²": r"\textsuperscript{2}",
    "≥": r"$\ge$",
    "≤": r"$\le$",
}
_SPECIAL: Final = re.compile("|".join(re.escape(character) for character in _WRITTEN))
_DASHES: Final = re.compile("-(?=-)")
_LONG: Final = 45


def table(table: Table) -> str:
    """Write a table; more rows than fit a page make a longtable."""
    shown = grid(table)
    layout = "".join("r" if column.numeric else "l" for column in shown.columns)
    head = " & ".join(map(_heading, shown.columns))
    rows = list(_rows(shown))
    caption = rf"\caption{{{escaped(table.title)}}}\label{{tab:{_label(table.key)}}}"
    notes = [rf"\par\smallskip\footnotesize {escaped(note)}" for note in table.notes]
    top = [r"\toprule", rf"{head} \\", r"\midrule"]
    if shown.rows > _LONG:
        lines = [rf"\begin{{longtable}}{{{layout}}}", rf"{caption}\\", *top, r"\endhead", *rows]
        lines += [r"\bottomrule", r"\end{longtable}", *([r"\begingroup", *notes, r"\par\endgroup"] if notes else [])]
    else:
        lines = [r"\begin{table}[htbp]", r"\centering", caption, rf"\begin{{tabular}}{{{layout}}}", *top, *rows]
        lines += [r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"]
    return "\n".join(lines) + "\n"


def escaped(words: object) -> str:
    """Write a name or sentence so that LaTeX shows it as it is."""
    return _SPECIAL.sub(lambda match: _WRITTEN[match[0]], _DASHES.sub("-{}", clean(words)))


def _heading(column: Column) -> str:
    return rf"\multicolumn{{1}}{{{'r' if column.numeric else 'l'}}}{{{escaped(column.heading)}}}"


def _label(key: str) -> str:
    return re.sub("[^A-Za-z0-9-]+", "-", key)


def _rows(shown: Grid) -> list[str]:
    lines: list[str] = []
    for row in range(shown.rows):
        cells = [_cell(column, row, strong=row in shown.emphasis) for column in shown.columns]
        if row in shown.emphasis and row - 1 not in shown.emphasis and lines:
            lines.append(r"\midrule")
        lines.append(" & ".join(cells) + r" \\")
    return lines


def _cell(column: Column, row: int, *, strong: bool) -> str:
    """Write a cell: a number with a real minus sign, and the invisible characters that align its decimal point."""
    words = escaped(column.cells[row])
    if column.numeric and words.startswith("-") and not words.startswith("--"):
        words = "$-$" + words[1:]
    words = rf"\textbf{{{words}}}" if strong and words else words
    return words + (rf"\phantom{{{escaped(column.padding[row])}}}" if column.padding[row] else "")
