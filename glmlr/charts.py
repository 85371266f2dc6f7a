"""What does a chart show? Series of values on two axes; what to draw, not how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import OptionError, suggestion

Floats = npt.NDArray[np.float64]
Scale = Literal["linear", "log", "percent", "probit"]
Kind = Literal["line", "step", "points", "bars", "intervals", "band", "spikes", "tiles", "reference"]

#: What is infinitely far on an axis that is not linear, and what its limits are therefore called.
FAR: Final = {"log": (0.0, np.inf), "probit": (0.0, 1.0)}
_NUMBERS: Final = {"log": "positive finite numbers", "probit": "shares between 0 and 1, neither of them reached"}


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
            high, which show a distribution along the axis), "tiles" (squares of side 1 around their positions, for two
            axes with categories: a heat map) or "reference" (thin dashed line).
            Bars lie when the y axis has categories; several series of bars stand side by side. A reference of one
            point is a line across the whole chart: vertical when the y axis has categories, else horizontal; with NaN
            in x (y) it is horizontal (vertical).
        x, y: positions, shape (m,) each; what is missing is not drawn, an infinite one is an arrow at the edge.
        low, high: bounds, shape (m,), for intervals, bands, spikes and (optional) bars; what goes on beyond the edge
            ends in an arrow.
        size: relative weight of each point, shape (m,), or None; of tiles how deep their colour is, from 0 to 1.
        labels: text beside each point, or None; in a forest plot a column on the right, of tiles the text in them, on
            two lines where it holds a line break.

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
