"""What does an analysis show? Tables and charts, put into sections, put into a report; values only, no formatting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
Scale = Literal["linear", "log", "percent", "probit"]
Kind = Literal["line", "step", "points", "bars", "intervals", "band", "spikes", "reference"]

#: What is infinitely far on an axis that is not linear, and what its limits are therefore called.
FAR: Final = {"log": (0.0, np.inf), "probit": (0.0, 1.0)}
_NUMBERS: Final = {"log": "positive finite numbers", "probit": "shares between 0 and 1, neither of them reached"}

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
class Chart:
    """A drawing as values: what to draw, not how.

    A series may have any number of points: what would be drawn over itself is drawn once. `frame` has all of them.

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
        """Draw the chart as a matplotlib Figure of its own, laid out as in a report."""
        from glmlr.render import chart

        return chart.figure(self)

    def plot(self, ax: Any = None) -> Any:
        """Draw the chart into matplotlib Axes, and give them.

        Series look as in a report; type, sizes, frame and grid are those of the axes and of matplotlib's settings. What
        the axes show already stays, and a second chart takes colours that are free. The legend is the axes' own, a
        title is written where there is none.

        Args:
            ax: the Axes to draw into; None: those of a new figure of pyplot's, laid out as in a report.

        Raises:
            OptionError: `ax` is not Axes, or they are polar or of three dimensions.

        """
        from glmlr.render import plot

        return plot.plot(self, ax)

    @property
    def frame(self) -> pd.DataFrame:
        """Give what is drawn as a tidy frame, one row for each position of each series, numbers as they are.

        Columns: `series` (its name), `kind`, `x`, `y`, `low`, `high`, `size` (NaN where a series has none) and `label`
        ("" where a point has none); with categories on an axis also `category`, the name at that position.
        """
        parts = [_drawn(one) for one in self.series] or [_drawn(Series("", "line", _NO_NUMBERS, _NO_NUMBERS))]
        frame = pd.concat(parts, ignore_index=True)
        if self.x.categories is None and self.y.categories is None:
            return frame
        return frame.assign(category=_named(frame["x"] if self.y.categories is None else frame["y"], self))

    def _repr_html_(self) -> str:
        from glmlr.render import html

        return html.chart(self)


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of a chart: its label with the unit, its scale, its limits (None: from the data) and category names.

    `categories` names positions 0, 1, 2, ...; a forest plot puts its terms there, a bar chart its bins. On the y axis
    position 0 is at the top, as one reads. A "percent" axis takes shares: 0.25 prints as 25%. So does a "probit" axis,
    on which equal steps are equal steps of the normal deviate; 0 and 1 are infinitely far there, as 0 is on a "log"
    axis: as points they are arrows at the edge, and a line has a gap there.

    Raises:
        OptionError: an unknown scale, a logarithmic or probit axis with categories, or limits that are not low < high.

    """

    label: str
    scale: Scale = "linear"
    limits: tuple[float, float] | None = None
    categories: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the scale and the limits."""
        if self.scale not in get_args(Scale):
            raise OptionError(f"An axis cannot be {self.scale!r}{suggestion(self.scale, get_args(Scale)) or '.'}")
        if self.scale in ("log", "probit") and self.categories is not None:
            scale = "logarithmic" if self.scale == "log" else "a probit axis"
            raise OptionError(f"The axis {self.label!r} has categories; it cannot be {scale} too.")
        if self.limits is not None:
            low, high = self.limits
            bottom, top = FAR.get(self.scale, (-np.inf, np.inf))
            if not bottom < low < high < top:
                numbers = _NUMBERS.get(self.scale, "finite numbers")
                raise OptionError(f"The axis {self.label!r} has limits {self.limits}; give two {numbers}, lower first.")


@dataclass(frozen=True, eq=False)
class Series:
    """One thing drawn in a chart.

    Attributes:
        name: its name, written beside a line or a single point where there is room for all, else in a legend; "" leaves
            it out.
        kind: "line", "step" (post), "points", "bars", "intervals" (points with a bar from low to high; horizontal
            when the y axis has categories), "band" (area between low and high), "spikes" (thin strokes from low to
            high, which show a distribution along the axis) or "reference" (thin dashed line).
            Bars lie when the y axis has categories; several series of bars stand side by side. A reference of one
            point is a line across the whole chart: vertical when the y axis has categories, else horizontal; with NaN
            in x (y) it is horizontal (vertical).
        x, y: positions, shape (m,) each; what is missing is not drawn, an infinite one is an arrow at the edge.
        low, high: bounds, shape (m,), for intervals, bands, spikes and (optional) bars; what goes on beyond the edge
            ends in an arrow.
        size: relative weight of each point, shape (m,), or None.
        labels: text beside each point, or None; in a forest plot a column on the right.

    Raises:
        OptionError: an unknown kind, lengths that differ, or intervals, a band or spikes without their bounds.

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
        if self.kind in ("intervals", "band", "spikes") and (self.low is None or self.high is None):
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


_NO_NUMBERS: Final = np.empty(0)
#: Columns of the frame of a chart.
_DRAWN: Final = ("series", "kind", "x", "y", "low", "high", "size", "label")


def _drawn(one: Series) -> pd.DataFrame:
    """Give a series as rows of the frame of its chart."""
    rows = one.x.size
    words = {"series": [one.name] * rows, "kind": [one.kind] * rows, "label": list(one.labels or [""] * rows)}
    columns = {name: pd.Series(column, dtype=object) for name, column in words.items()}
    for name in ("x", "y", "low", "high", "size"):
        values = getattr(one, name)
        columns[name] = pd.Series(np.full(rows, np.nan) if values is None else values)
    return pd.DataFrame({name: columns[name] for name in _DRAWN})


def _named(positions: pd.Series[float], chart: Chart) -> pd.Series[str]:
    """Give the name of the category at each position, "" where there is none."""
    names: dict[float, str] = dict(enumerate(chart.y.categories or chart.x.categories or ()))
    return pd.Series([names.get(position, "") for position in positions], index=positions.index, dtype=object)


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
