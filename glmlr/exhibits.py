"""What does an analysis show? Tables and charts, put into sections, put into a report; values only, no formatting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.digits import ROLES
from glmlr.errors import OptionError, suggestion

Floats = npt.NDArray[np.float64]
Scale = Literal["linear", "log", "percent"]
Kind = Literal["line", "step", "points", "bars", "intervals", "band", "reference"]

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
class Chart:
    """A drawing as values: what to draw, not how.

    Attributes:
        key: short name, unique within its statistic ("gains", "roc", "forest").
        title: what the chart shows, as a sentence fragment.
        series: what is drawn, in order.
        x, y: the two axes.
        notes: sentences below the chart.
        alt: one sentence for those who cannot see it (what is shown and the main finding).

    """

    key: str
    title: str
    series: tuple[Series, ...]
    x: Axis
    y: Axis
    notes: tuple[str, ...] = ()
    alt: str = ""

    def __repr__(self) -> str:
        """Name the chart and what is in it."""
        drawn = ", ".join(f"{one.kind} {one.name!r}" if one.name else one.kind for one in self.series)
        return f"Chart({self.key!r}, {self.title!r}: {drawn})"

    def to_svg(self) -> str:
        """Draw the chart as an SVG element that takes the colour of the text around it."""
        from glmlr.render import chart

        return chart.svg(self)

    def figure(self) -> Any:
        """Draw the chart as a matplotlib Figure."""
        from glmlr.render import chart

        return chart.figure(self)

    def _repr_html_(self) -> str:
        from glmlr.render import html

        return html.chart(self)


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of a chart: its label with the unit, its scale, its limits (None: from the data) and category names.

    `categories` names positions 0, 1, 2, ...; a forest plot puts its terms there, a bar chart its bins. On the y axis
    position 0 is at the top, as one reads. A "percent" axis takes shares: 0.25 prints as 25%.

    Raises:
        OptionError: an unknown scale, a logarithmic axis with categories, or limits that are not low < high.

    """

    label: str
    scale: Scale = "linear"
    limits: tuple[float, float] | None = None
    categories: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the scale and the limits."""
        if self.scale not in get_args(Scale):
            raise OptionError(f"An axis cannot be {self.scale!r}{suggestion(self.scale, get_args(Scale)) or '.'}")
        if self.scale == "log" and self.categories is not None:
            raise OptionError(f"The axis {self.label!r} has categories; it cannot be logarithmic too.")
        if self.limits is not None:
            low, high = self.limits
            if not (-np.inf < low < high < np.inf) or (self.scale == "log" and low <= 0):
                positive = " positive" if self.scale == "log" else ""
                raise OptionError(
                    f"The axis {self.label!r} has limits {self.limits}; give two{positive} finite numbers, lower first."
                )


@dataclass(frozen=True, eq=False)
class Series:
    """One thing drawn in a chart.

    Attributes:
        name: what the legend calls it; "" leaves it out of the legend.
        kind: "line", "step" (post), "points", "bars", "intervals" (points with a bar from low to high; horizontal
            when the y axis has categories), "band" (area between low and high) or "reference" (thin dashed line).
            Bars lie when the y axis has categories; several series of bars stand side by side. A reference of one
            point is a line across the whole chart: vertical when the y axis has categories, else horizontal; with NaN
            in x (y) it is horizontal (vertical).
        x, y: positions, shape (m,) each; what is missing is not drawn, an infinite one is an arrow at the edge.
        low, high: bounds, shape (m,), for intervals, bands and (optional) bars; beyond the edge they end in an arrow.
        size: relative weight of each point, shape (m,), or None.
        labels: text beside each point, or None; in a forest plot a column on the right.

    Raises:
        OptionError: an unknown kind, lengths that differ, or an interval or band without its bounds.

    """

    name: str
    kind: Kind
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    size: Floats | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the lengths and make the arrays read-only."""
        if self.kind not in get_args(Kind):
            raise OptionError(f"A series cannot be {self.kind!r}{suggestion(self.kind, get_args(Kind)) or '.'}")
        if self.kind in ("intervals", "band") and (self.low is None or self.high is None):
            raise OptionError(f"The series {self.name!r} of kind {self.kind!r} needs low and high.")
        for name in ("x", "y", "low", "high", "size"):
            values = getattr(self, name)
            if values is not None:
                array = np.array(values, dtype=np.float64, ndmin=1)
                array.flags.writeable = False
                object.__setattr__(self, name, array)
        lengths = {len(v) for v in (self.x, self.y, self.low, self.high, self.size, self.labels) if v is not None}
        if len(lengths) > 1:
            raise OptionError(
                f"The arrays of the series {self.name!r} have lengths {sorted(lengths)}; make them one length."
            )


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
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
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
        """Give the chart with this key, or the first one."""
        for drawing in self.charts:
            if key is None or drawing.key == key:
                return drawing
        have = ", ".join(repr(drawing.key) for drawing in self.charts) or "none"
        raise OptionError(f"The table {self.key!r} has no chart {key!r}; it has {have}.")

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
