"""How is a chart drawn? With matplotlib, on a figure of its own, by settings of our own that change nobody else's."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from glmlr.exhibits import Chart
from glmlr.render import axes, labels, marks, scales, svg_text
from glmlr.render.axes import short, wrapped
from glmlr.render.grid import clean, clean_numbers
from glmlr.render.sheet import Sheet, Sign, colours_of, text_width
from glmlr.render.style import INK, PAGE_COLOURS, PAPER, SMALL, TEXT, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _SQUARE = 352.0, 200.0, 256.0  # points: whole width, heights of the drawing area
_PLOT, _WIDEST = 250.0, 600.0  # points: the drawing area beside names and numbers, and all of these together
_DOTS: Final = 144  # of a figure's picture, to the inch
_SCALE: Final = 1.39  # CSS pixels for one point at full size: two drawings side by side; on a telephone they shrink
_ROW, _LINE, _HEADLINE = 22.0, 13.0, 15.0  # points: a row of a forest plot, a line of text, one of title or legend
_TILE, _FEW_TILES = 36.0, 6  # points: a row of tiles with two lines of text, where there are so few rows
_LONGEST: Final = 14_000.0  # points: a longer forest plot has narrower rows; no renderer takes pictures without end
#: The families of matplotlib's settings that change a drawing; the others (windows, keys, animation) stay untouched.
_FAMILIES: Final = (
    *("agg", "axes", "errorbar", "figure", "font", "grid", "hatch", "image", "legend", "lines", "markers", "mathtext"),
    *("patch", "path", "savefig", "scatter", "svg", "text", "xaxis", "xtick", "yaxis", "ytick"),
)


def figure(chart: Chart) -> Figure:
    """Draw the chart, with its title, as a matplotlib Figure that belongs to no window and no global list."""
    with _settings():
        return _figure(chart, titled=True)


def shown(chart: Chart) -> Axes:
    """Draw the chart, with its title, on a new figure of pyplot's, which shows it, and give its axes."""
    from matplotlib import pyplot

    with _settings():
        return _drawn(chart, pyplot.figure, titled=True).ax  # type: ignore[no-any-return]


def svg(chart: Chart, *, prefix: str | None = None) -> str:
    """Draw the chart as an SVG element for a page: text as text, in the page's colours, without its title.

    The same chart gives the same bytes. `prefix` begins the ids inside; by default it comes from the content.
    """
    return svg_text.inline(
        _source(chart), title=chart.title, description=_spoken(chart), colours=PAGE_COLOURS, prefix=prefix, scale=_SCALE
    )


def svg_file(chart: Chart) -> str:
    """Draw the chart as an SVG file: dark on white, wherever it is shown."""
    return svg_text.document(
        _source(chart), title=chart.title, description=_spoken(chart), ink=INK, paper=PAPER, scale=_SCALE
    )


def _spoken(chart: Chart) -> str:
    return chart.alt or " ".join(chart.notes)


def _source(chart: Chart) -> str:
    with _settings():
        buffer = io.StringIO()
        _figure(chart, titled=False).savefig(buffer, format="svg", dpi=72, transparent=True, metadata={"Date": None})
    return buffer.getvalue()


@contextmanager
def _settings() -> Iterator[None]:
    """Draw by matplotlib's defaults whatever the user has set, names never read as mathematics, silently.

    Letters that its font lacks are drawn by the reader's fonts, so that a warning about them would be wrong.
    """
    import matplotlib

    with matplotlib.rc_context(_defaults()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


@lru_cache(maxsize=1)
def _defaults() -> dict[Any, Any]:
    import matplotlib

    defaults = matplotlib.rcParamsDefault
    ours = {"svg.fonttype": "none", "svg.hashsalt": "glmlr", "text.parse_math": False, "text.color": INK}
    return {name: defaults[name] for name in defaults if name.partition(".")[0] in _FAMILIES} | ours


# ---------------------------------------------------------------------------------------------------------- the layout


@dataclass(frozen=True)
class _Layout:
    """Where things are on the sheet, in points: its size, the drawing area's margins, what stands above it."""

    wide: float
    high: float
    left: float
    right: float
    top: float
    bottom: float
    title: tuple[str, ...]
    legend: tuple[tuple[str, ...], ...]
    labels: tuple[list[str], list[str]]
    edge: float

    @property
    def inner(self) -> float:
        """Width of the drawing area."""
        return max(self.wide - self.left - self.right, 60.0)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The drawing area as matplotlib wants it: left, bottom, width and height as shares of the sheet."""
        height = max(self.high - self.top - self.bottom, 20.0)
        return self.left / self.wide, self.bottom / self.high, self.inner / self.wide, height / self.high

    def below(self, legend: tuple[tuple[str, ...], ...]) -> _Layout:
        """Make room for a legend above the drawing area."""
        more = _HEADLINE * len(legend)
        return replace(self, legend=legend, top=self.top + more, high=self.high + more)

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """Turn points from the top left corner into shares of the sheet."""
        return x / self.wide, 1 - y / self.high


def _figure(chart: Chart, *, titled: bool) -> Figure:
    from matplotlib.figure import Figure

    figure: Figure = _drawn(chart, Figure, titled=titled).ax.figure
    return figure


def _drawn(chart: Chart, make: Callable[..., Any], *, titled: bool) -> Sheet:
    """Draw on a new figure; only the room above the drawing depends on whether lines have their names beside them."""
    x, y = scales.limits(chart, "x"), scales.limits(chart, "y")
    layout = _layout(chart, x, y, titled=titled)
    figure = make(figsize=(layout.wide / 72, layout.high / 72), dpi=_DOTS)
    sheet = Sheet(chart, figure.add_axes(layout.box), x, y, scales.lies(chart), colours_of(chart.series))
    axes.dress(sheet, layout.inner, layout.edge - layout.left, layout.labels)
    marks.draw(sheet)
    names = _legend_names(chart)
    if not labels.write(sheet, names) and names:
        layout = layout.below(_legend_rows(names, layout.wide - 2 * layout.edge))
        figure.set_size_inches(layout.wide / 72, layout.high / 72)
        sheet.ax.set_position(layout.box)
        _write_legend(sheet, layout)
    for number, line in enumerate(layout.title):
        place = layout.spot(layout.edge, layout.edge + number * _HEADLINE + 1)
        figure.text(*place, line, size=TITLE, weight="bold", va="top", parse_math=False)
    return sheet


def _layout(chart: Chart, x: tuple[float, float], y: tuple[float, float], *, titled: bool) -> _Layout:
    edge = 8.0 if titled else 0.0
    left = edge + _left(chart, y)
    right = edge + _right(chart, x)
    wide, height = _size(chart, x, y, left + right - 2 * edge)
    title = tuple(textwrap.wrap(clean(chart.title), 52)) if titled else ()
    above = _HEADLINE * len(title) + (4.0 if title else 0.0)
    outer = height + left + right if height == _SQUARE else wide + 2 * edge
    beside = min(left, right) - edge
    lines = (
        axes.label_lines(chart.x.label, outer - left - right + 2 * beside),
        axes.label_lines(chart.y.label, outer - edge),
    )
    top = edge + above + (_LINE * len(lines[1]) + 11.0 if lines[1] else 8.0)
    bottom = edge + _bottom(chart, x, wide + 2 * edge - left - right) + (_LINE * len(lines[0]) + 5.0) * bool(lines[0])
    return _Layout(outer, height + top + bottom, left, right, top, bottom, title, (), lines, edge)


def is_wide(chart: Chart) -> bool:
    """Say whether a drawing is wider than a telephone can show it: a forest plot with its column of numbers."""
    return bool(_margin(chart)) and scales.lies(chart)


def _size(chart: Chart, x: tuple[float, float], y: tuple[float, float], sides: float) -> tuple[float, float]:
    """Give the width of the sheet and the height of the drawing area: square where both axes are shares of one.

    Beside names and numbers, which take `sides` points, a forest plot keeps room to be read.
    """
    if chart.y.categories is not None:
        lines = [len(wrapped(name)) for name in chart.y.categories]
        wide = min(max(_WIDTH, sides + _PLOT), _WIDEST) if _margin(chart) else _WIDTH
        tiles = any(one.kind == "tiles" for one in chart.series)
        row = _TILE if tiles and len(lines) <= _FEW_TILES else _ROW
        return wide, min(row * max(len(lines), 2) + 0.5 * _LINE * sum(line - 1 for line in lines), _LONGEST)
    if axes.is_square(chart.x, chart.y, x, y):
        return _SQUARE + 62.0, _SQUARE
    return _WIDTH, _HEIGHT


def _left(chart: Chart, y: tuple[float, float]) -> float:
    names = [line for tick in scales.ticks(chart.y, y) for line in wrapped(tick.label)]
    return max((text_width(name, TEXT) for name in names), default=0.0) + 9.0


def _right(chart: Chart, x: tuple[float, float]) -> float:
    """Leave room for the column of labels of a forest plot, and for half of the last mark's text."""
    column = _margin(chart)
    labels = (
        max((text_width(label, SMALL) for label in column), default=0.0) + 14.0
        if column and scales.lies(chart)
        else 10.0
    )
    last = scales.ticks(chart.x, x)[-1:] if chart.x.categories is None else []
    return max([labels, *(0.5 * text_width(tick.label, TEXT) + 1.0 for tick in last)])


def _margin(chart: Chart) -> list[str]:
    """Give the texts that a forest plot has on its right."""
    return [clean_numbers(label) for one in chart.series if one.kind == "intervals" for label in one.labels or ()]


def _bottom(chart: Chart, x: tuple[float, float], wide: float) -> float:
    if not axes.is_slanted(chart.x, wide):
        return 12.0 + TEXT
    longest = max(text_width(short(tick.label), SMALL) for tick in scales.ticks(chart.x, x))
    return 20.0 + 0.6 * longest


# ---------------------------------------------------------------------------------------------------------- the legend


def _legend_names(chart: Chart) -> list[str]:
    """Give the names to explain; the name of the only series is left out where it says what the axis says."""
    names = list(dict.fromkeys(clean(one.name) for one in chart.series if one.name))
    values = chart.x if scales.lies(chart) else chart.y
    return [] if [name.casefold() for name in names] == [clean(values.label).casefold()] else names


def _legend_rows(names: list[str], wide: float) -> tuple[tuple[str, ...], ...]:
    """Set the names in rows that fit the width."""
    rows: list[list[str]] = []
    room = 0.0
    for name in names:
        needed = _entry(name)
        if not rows or needed > room:
            rows.append([])
            room = wide + 14.0
        rows[-1].append(name)
        room -= needed
    return tuple(map(tuple, rows))


def _entry(name: str) -> float:
    return text_width(short(name, 60), TEXT) + 40.0


def _write_legend(sheet: Sheet, layout: _Layout) -> None:
    """Write the legend above the drawing, row by row, each name after its sign."""
    signs = {clean(name): sign for name, sign in sheet.legend.items()}
    start = layout.edge + _HEADLINE * len(layout.title) + (4.0 if layout.title else 0.0)
    for number, row in enumerate(layout.legend):
        left, middle = layout.edge, start + number * _HEADLINE + 7.0
        for name in row:
            _draw_sign(sheet, layout, signs.get(name, Sign()), left, middle)
            words = short(name, 60)
            place = layout.spot(left + 25, middle)
            sheet.ax.figure.text(*place, words, size=TEXT, va="center_baseline", parse_math=False)
            left += _entry(name)


def _draw_sign(sheet: Sheet, layout: _Layout, sign: Sign, left: float, middle: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    figure = sheet.ax.figure
    if sign.patch:
        corner = layout.spot(left + 1, middle + 4)
        figure.add_artist(Rectangle(corner, 18 / layout.wide, 8 / layout.high, **sign.patch))
    if sign.line:
        ends = layout.spot(left + 1, middle), layout.spot(left + 19, middle)
        figure.add_artist(Line2D(*zip(*ends, strict=True), **sign.line))
    if sign.dot:
        x, y = layout.spot(left + 10, middle)
        figure.add_artist(Line2D([x], [y], **sign.dot))
