"""What does an analysis show? Tables and charts, put into sections, put into a report; values only, no formatting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any, Final

import pandas as pd

from glmlr.charts import Axis, Chart, Series
from glmlr.digits import ROLES
from glmlr.errors import OptionError, suggestion

__all__ = ["COLUMN_LABELS", "Axis", "Chart", "Definition", "Report", "Section", "Series", "Table", "Tabled"]

#: The one list of column names and the words a reader sees for them. A table may override one in its `labels`.
COLUMN_LABELS: Final[dict[str, str]] = {
    "term": "Term",
    "level": "Level",
    "measure": "Measure",
    "value": "Value",
    "estimate": "Estimate",
    "std_error": "Std. error",
    "statistic": "Statistic",
    "z": "z",
    "df": "df",
    "p_value": "p",
    "low": "Low",
    "high": "High",
    "odds_ratio": "Odds ratio",
    "hazard_ratio": "Hazard ratio",
    "n": "N",
    "share": "Share",
    "events": "Events",
    "nonevents": "Non-events",
    "expected_events": "Expected events",
    "expected_nonevents": "Expected non-events",
    "rate": "Rate",
    "odds": "Odds",
    "log_odds": "Log-odds",
    "group": "Group",
    "decile": "Decile",
    "cutoff": "Cut-off",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "accuracy": "Accuracy",
    "f1": "F1",
    "lift": "Lift",
    "capture": "Capture",
    "note": "Note",
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table as values: a tidy frame of full-precision numbers, with the role of each column.

    Attributes:
        key: the name of the statistic that made it ("association").
        title: heading.
        frame: tidy frame, one row per thing described; numbers are never rounded here.
        roles: column -> role (see `glmlr.digits.ROLES`), in display order; columns without a role are not printed.
        labels: column -> heading and, for the first column, key -> words, where `COLUMN_LABELS` does not do.
        notes: sentences printed below (what was corrected, left out, or defined otherwise elsewhere).
        charts: drawings of the same numbers.
        tables: companion tables (the groups behind a test, the total of a listing).
        emphasis: positions of rows that close or sum the table (a total), drawn apart from the others.
        row_roles: role of each row, for the columns whose role is "measure" (a count, a share, a p-value in one list);
            empty: every row of them is a "measure".
        blanks: columns that speak of some rows only: what they lack is left empty, in other columns it is a dash.
        turned: print each column of the frame as a line; for few rows of many unlike numbers.

    Raises:
        OptionError: a role that does not exist, a role for a column that is not there, a row that is not there.

    """

    key: str
    title: str
    frame: pd.DataFrame
    roles: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    emphasis: tuple[int, ...] = ()
    row_roles: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    turned: bool = False

    def __post_init__(self) -> None:
        """Check that roles, columns and rows exist."""
        for role in (*self.roles.values(), *self.row_roles):
            if role not in ROLES:
                raise OptionError(
                    f"The table {self.key!r} has a role {role!r} that does not exist{suggestion(role, ROLES) or '.'}"
                )
        columns = set(self.frame.columns)
        for column in (*self.roles, *self.blanks):
            if column not in columns:
                raise OptionError(
                    f"The table {self.key!r} has a role for {column!r}, which is not a column"
                    f"{suggestion(column, map(str, self.frame.columns)) or '.'}"
                )
        rows = len(self.frame)
        if any(not 0 <= row < rows for row in self.emphasis):
            raise OptionError(f"The table {self.key!r} has {rows} rows; emphasis={self.emphasis} points outside them.")
        if self.row_roles and len(self.row_roles) != rows:
            raise OptionError(
                f"The table {self.key!r} has {rows} rows and {len(self.row_roles)} row_roles; give one per row."
            )

    def __getitem__(self, name: str) -> Any:
        """Give a column of the frame, or the row whose first column is `name` (its value, where there is one)."""
        if name in self.frame.columns:
            return self.frame[name]
        rows = self.frame[self.frame.iloc[:, 0].astype(str) == name]
        if len(rows) != 1:
            known = [*map(str, self.frame.columns), *self.frame.iloc[:, 0].astype(str)]
            raise OptionError(
                f"The table {self.key!r} has no column and no single row {name!r}{suggestion(name, known)}"
            )
        return rows["value"].iloc[0] if "value" in rows.columns else rows.iloc[0]

    def __len__(self) -> int:
        """Count the rows of the frame."""
        return len(self.frame)

    def chart(self, key: str | None = None) -> Chart:
        """Give the chart with this key, or the first one; those of the companion tables come after its own."""
        drawings = [*self._drawings()]
        for drawing in drawings:
            if key is None or drawing.key == key:
                return drawing
        have = ", ".join(dict.fromkeys(repr(drawing.key) for drawing in drawings)) or "none"
        raise OptionError(f"The table {self.key!r} has no chart {key!r}; it has {have}.")

    def _drawings(self) -> Iterator[Chart]:
        yield from self.charts
        for companion in self.tables:
            yield from companion._drawings()

    def plot(self, key: str | None = None, *, ax: Any = None) -> Any:
        """Draw the chart with this key, or the first one, into matplotlib Axes, and give them; see `Chart.plot`."""
        return self.chart(key).plot(ax=ax)

    def heading(self, column: str) -> str:
        """Give the words printed above a column."""
        return self.labels.get(column) or COLUMN_LABELS.get(column) or column.replace("_", " ").capitalize()

    def with_notes(self, *notes: str) -> Table:
        """Give the same table with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def to_markdown(self) -> str:
        """Print as a Markdown table."""
        from glmlr.render import markdown

        return markdown.table(self)

    def to_html(self) -> str:
        """Print as an HTML table."""
        from glmlr.render import html

        return html.table(self)

    def to_latex(self) -> str:
        """Print as a LaTeX table (booktabs)."""
        from glmlr.render import latex

        return latex.table(self)

    def _repr_html_(self) -> str:
        from glmlr.render import html

        return html.fragment(self)

    def __str__(self) -> str:
        """Print as plain text for a terminal."""
        from glmlr.render import terminal

        return terminal.table(self)

    __repr__ = __str__


class Tabled:
    """What is a table and more: it is read and shown as its table."""

    table: Table

    def __getitem__(self, name: str) -> Any:
        """Give a column of the table, or the row whose first column is `name`; see `Table`."""
        return self.table[name]

    def plot(self, key: str | None = None, *, ax: Any = None) -> Any:
        """Draw a chart of the table into matplotlib Axes, and give them; see `Table.plot`."""
        return self.table.plot(key, ax=ax)

    def _repr_html_(self) -> str:
        return str(self.table._repr_html_())

    def __str__(self) -> str:
        """Print the table as plain text."""
        return str(self.table)

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Section:
    """One part of a report: sentences that say what the exhibits show, then the exhibits."""

    key: str
    title: str
    exhibits: tuple[Table | Chart, ...]
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Report:
    """A finished analysis: a title, a lead, sections in reading order, definitions and an account of its making.

    Attributes:
        title: heading.
        lead: sentences that say what was done; the first is the most important.
        sections: the parts, in reading order.
        definitions: what the numbers mean.
        formula: the model as it was written, shown as code below the lead; "" for none.
        overview: a small table for readers in a hurry, shown beside the lead, or None.

    """

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...] = ()
    formula: str = ""
    overview: Table | None = None

    def write(self, path: str | PathLike[str]) -> str:
        """Write the report whole or not at all; the ending of `path` (.html, .md, .txt) decides the format."""
        from glmlr.render import write

        return write(self, path)

    def _repr_html_(self) -> str:
        from glmlr.render import html

        return html.report_fragment(self)

    def __str__(self) -> str:
        """Print as plain text for a terminal."""
        from glmlr.render import terminal

        return terminal.render(self)

    def __repr__(self) -> str:
        """Name the report and its size."""
        return f"Report({self.title!r}, {len(self.sections)} sections)"


@dataclass(frozen=True)
class Definition:
    """A name used in the report, what it means here, and where that comes from."""

    name: str
    meaning: str
    reference: str = ""
