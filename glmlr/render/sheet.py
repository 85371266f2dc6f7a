"""What is known of a chart while it is drawn? Its axes, its colours, its legend, and the texts still to be placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from glmlr.exhibits import Chart, Floats, Series
from glmlr.render.grid import width

#: Okabe & Ito (2008), Color Universal Design, without the yellow, which is too light for a line.
PALETTE: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK: Final = "#1f2328"
TEXT, SMALL = 10.0, 9.0  # points


@dataclass(frozen=True)
class Sign:
    """How the legend shows a series: a line, a dot or a patch, each with matplotlib's settings for it."""

    line: dict[str, Any] | None = None
    dot: dict[str, Any] | None = None
    patch: dict[str, Any] | None = None


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
        legend: name -> sign, in the order of drawing.
        labels: texts to place: x, y in points from the corner of the sheet, and the words.
        strokes: points along what was drawn as lines, in the same points, arrays of shape (m, 2).

    """

    chart: Chart
    ax: Any
    x: tuple[float, float]
    y: tuple[float, float]
    lies: bool
    colours: dict[int, str]
    legend: dict[str, Sign] = field(default_factory=dict)
    labels: list[tuple[float, float, str]] = field(default_factory=list)
    strokes: list[Floats] = field(default_factory=list)

    def explain(self, one: Series, sign: Sign) -> None:
        """Put a series into the legend, once for each name; a line speaks for its band."""
        if one.name and (one.name not in self.legend or one.kind != "band"):
            self.legend[one.name] = sign

    def place(self, one: Series) -> tuple[int, int]:
        """Give the place of a series among those of its kind (lines and steps are one), and their number."""
        kinds = ("line", "step") if one.kind in ("line", "step") else (one.kind,)
        alike = [other for other in self.chart.series if other.kind in kinds]
        return next(place for place, other in enumerate(alike) if other is one), len(alike)

    def points(self, x: Floats, y: Floats) -> Floats:
        """Turn data coordinates into points on the sheet, shape (m, 2)."""
        scale = self.ax.figure.dpi / 72
        return np.asarray(self.ax.transData.transform(np.column_stack([x, y])) / scale, dtype=np.float64)

    def keep_clear(self, x: Floats, y: Floats) -> None:
        """Remember a line, point by point, so that no label is written over it."""
        corners = self.points(x, y)
        corners = corners[np.isfinite(corners).all(axis=1)]
        if len(corners) < 2:
            return
        along = np.append(0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
        steps = np.arange(0.0, min(along[-1], 20_000.0), 3.0)
        self.strokes.append(np.column_stack([np.interp(steps, along, corners[:, side]) for side in (0, 1)]))


def colours_of(series: tuple[Series, ...]) -> dict[int, str]:
    """Give every series a colour: one for each name; what has none goes with the series before it.

    An unnamed band with nothing before it goes with the one after it; references are drawn in ink.
    """
    named: dict[object, str] = {}
    drawn = [(position, one) for position, one in enumerate(series) if one.kind != "reference"]
    colours = {p: named.setdefault(one.name, PALETTE[len(named) % len(PALETTE)]) for p, one in drawn if one.name}
    before: str | None = None
    for position, one in drawn:
        if position not in colours:
            after = next((colours[p] for p, _ in drawn if p > position and p in colours), None)
            new = PALETTE[len(named) % len(PALETTE)]
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
