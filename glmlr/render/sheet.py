"""What is known of a chart while it is drawn? Its axes, its colours, its legend, and the texts still to be placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np

from glmlr.charts import Axis, Chart, Floats, Series
from glmlr.render import style
from glmlr.render.grid import width

#: A stroke is remembered by points so far apart, no longer than so; both in points.
_STEP, _LONGEST_STROKE = 3.0, 20_000.0


@dataclass(frozen=True)
class Sign:
    """How the legend shows a series: a line, a dot or a patch, each with matplotlib's settings for it."""

    line: dict[str, Any] | None = None
    dot: dict[str, Any] | None = None
    patch: dict[str, Any] | None = None


@dataclass(frozen=True)
class Look:
    """What differs between a sheet of our own and the axes of others: ink, colours, sizes of text in points."""

    ink: str = style.INK
    palette: tuple[str, ...] = style.PALETTE
    text: float = style.TEXT
    small: float = style.SMALL


OURS: Final = Look()


@dataclass(frozen=True)
class Stroke:
    """Points along something drawn, in points from the corner of the sheet, shape (m, 2), and whose it is."""

    name: str
    along: Floats


@dataclass(frozen=True)
class Label:
    """A text beside a point: the point in points from the corner of the sheet and in the data, the words."""

    x: float
    y: float
    at: tuple[float, float]
    words: str


@dataclass
class Sheet:
    """A chart being drawn.

    Attributes:
        chart: what is drawn.
        ax: matplotlib's Axes.
        x: ends of the x axis.
        y: ends of the y axis.
        lies: whether bars and intervals lie (their categories are on the y axis).
        colours: position of a series -> its colour.
        look: ink and sizes.
        legend: name -> sign, in the order of drawing.
        artists: name -> what matplotlib's own legend shows for it, in the order of drawing.
        labels: texts to place beside points.
        strokes: what was drawn, for texts to keep clear of.

    """

    chart: Chart
    ax: Any
    x: tuple[float, float]
    y: tuple[float, float]
    lies: bool
    colours: dict[int, str]
    look: Look = OURS
    legend: dict[str, Sign] = field(default_factory=dict)
    artists: dict[str, Any] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)

    def axis(self, side: Literal["x", "y"]) -> tuple[Axis, tuple[float, float]]:
        """Give an axis and its ends."""
        return (self.chart.x, self.x) if side == "x" else (self.chart.y, self.y)

    def explain(self, one: Series, sign: Sign, artist: Any) -> None:
        """Put a series into the legend, once for each name; a line speaks for its band."""
        if one.name and (one.name not in self.legend or one.kind != "band"):
            self.legend[one.name] = sign
            self.artists[one.name] = artist

    def place(self, one: Series) -> tuple[int, int]:
        """Give the place of a series among those of its kind (lines and steps are one), and their number."""
        kinds = ("line", "step") if one.kind in ("line", "step") else (one.kind,)
        alike = [other for other in self.chart.series if other.kind in kinds]
        return next(place for place, other in enumerate(alike) if other is one), len(alike)

    def points(self, x: Floats, y: Floats) -> Floats:
        """Turn data coordinates into points on the sheet, shape (m, 2)."""
        scale = self.ax.figure.dpi / 72
        return np.asarray(self.ax.transData.transform(np.column_stack([x, y])) / scale, dtype=np.float64)

    def keep_clear(self, one: Series, x: Floats, y: Floats) -> None:
        """Remember a line, point by point, so that no text is written over it."""
        corners = self.points(x, y)
        corners = corners[np.isfinite(corners).all(axis=1)]
        if len(corners) < 2:
            return
        along = np.append(0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
        steps = np.arange(0.0, min(along[-1], _LONGEST_STROKE), _STEP)
        places = np.column_stack([np.interp(steps, along, corners[:, side]) for side in (0, 1)])
        self.strokes.append(Stroke(one.name, places))

    def keep_clear_of_points(self, one: Series, x: Floats, y: Floats) -> None:
        """Remember points, so that no name of a line is written over them."""
        places = self.points(x, y)
        places = places[np.isfinite(places).all(axis=1)]
        if len(places):
            self.strokes.append(Stroke(one.name, places))


def colours_of(series: tuple[Series, ...], palette: tuple[str, ...] = style.PALETTE) -> dict[int, str]:
    """Give every series a colour: one for each name; what has none goes with the series before it.

    An unnamed band with nothing before it goes with the one after it; references are drawn in ink. Spikes, which stand
    in the background, leave the first colours to the others.
    """
    named: dict[object, str] = {}
    drawn = [(position, one) for position, one in enumerate(series) if one.kind != "reference"]
    first = sorted(drawn, key=lambda pair: pair[1].kind == "spikes")
    colours = {p: named.setdefault(one.name, palette[len(named) % len(palette)]) for p, one in first if one.name}
    before: str | None = None
    for position, one in drawn:
        if position not in colours:
            after = next((colours[p] for p, _ in drawn if p > position and p in colours), None)
            new = palette[len(named) % len(palette)]
            colours[position] = before or (after if one.kind == "band" and after else named.setdefault(position, new))
        before = colours[position]
    return colours


@lru_cache(maxsize=4096)
def text_width(words: str, size: float) -> float:
    """Give the width of a text in points; letters that matplotlib's font may lack count by their terminal columns."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    if not words.isascii():
        return 0.58 * size * width(words)
    return float(text_to_path.get_text_width_height_descent(words, FontProperties(size=size), ismath=False)[0])
