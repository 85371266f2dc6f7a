"""How is a chart drawn? With matplotlib, on a figure of its own: no pyplot, no lasting change of its settings."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from glmlr.exhibits import Axis, Chart
from glmlr.render import marks, scales, svg_text
from glmlr.render.grid import clean
from glmlr.render.sheet import INK, PALETTE, SMALL, TEXT, Sheet, Sign, colours_of, text_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PAPER: Final = "#ffffff"
#: On a page, ink is the colour of the text around, and a series a variable the page may set for a dark background.
PAGE_COLOURS: Final = {INK: "currentColor"} | {
    colour: f"var(--glmlr-{number}, {colour})" for number, colour in enumerate(PALETTE, 1)
}

_WIDTH, _HEIGHT, _SQUARE = 352.0, 200.0, 256.0  # points: whole width, heights of the drawing area
_PLOT, _WIDEST = 250.0, 600.0  # points: the drawing area beside names and numbers, and all of these together
_SCALE: Final = 1.39  # CSS pixels for one point at full size: two drawings side by side; on a telephone they shrink
_ROW, _LINE, _HEADLINE = 22.0, 13.0, 15.0  # points: a row of a forest plot, a line of text, one of title or legend
_LONGEST: Final = 14_000.0  # points: a longer forest plot has narrower rows; no renderer takes pictures without end
_NAME_CHARACTERS, _NAME_LINES, _SHORT_NAME = 26, 2, 18
#: The families of matplotlib's settings that change a drawing; the others (windows, keys, animation) stay untouched.
_FAMILIES: Final = (
    *("agg", "axes", "errorbar", "figure", "font", "grid", "hatch", "image", "legend", "lines", "markers", "mathtext"),
    *("patch", "path", "savefig", "scatter", "svg", "text", "xaxis", "xtick", "yaxis", "ytick"),
)


def figure(chart: Chart) -> Figure:
    """Draw the chart, with its title, as a matplotlib Figure that belongs to no window and no global list."""
    with _settings():
        return _figure(chart, titled=True)


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
        _source(chart), title=chart.title, description=_spoken(chart), ink=INK, paper=_PAPER, scale=_SCALE
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

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """Turn points from the top left corner into shares of the sheet."""
        return x / self.wide, 1 - y / self.high


def _figure(chart: Chart, *, titled: bool) -> Figure:
    from matplotlib.figure import Figure

    x, y = scales.limits(chart, "x"), scales.limits(chart, "y")
    layout = _layout(chart, x, y, titled=titled)
    figure = Figure(figsize=(layout.wide / 72, layout.high / 72), dpi=144)
    sheet = Sheet(chart, figure.add_axes(layout.box), x, y, scales.lies(chart), colours_of(chart.series))
    _dress(sheet, layout)
    marks.draw(sheet)
    for number, line in enumerate(layout.title):
        place = layout.spot(layout.edge, layout.edge + number * _HEADLINE + 1)
        figure.text(*place, line, size=11, weight="bold", va="top", parse_math=False)
    _write_legend(sheet, layout)
    return figure


def _layout(chart: Chart, x: tuple[float, float], y: tuple[float, float], *, titled: bool) -> _Layout:
    edge = 8.0 if titled else 0.0
    left = edge + _left(chart, y)
    right = edge + _right(chart, x)
    wide, height = _size(chart, x, y, left + right - 2 * edge)
    title = tuple(textwrap.wrap(clean(chart.title), 52)) if titled else ()
    legend = _legend_rows(_legend_names(chart), wide)
    above = _HEADLINE * (len(title) + len(legend)) + (4.0 if title else 0.0)
    top = edge + above + (_LINE + 11.0 if chart.y.label else 8.0)
    bottom = edge + _bottom(chart, x, wide + 2 * edge - left - right)
    outer = height + left + right if height == _SQUARE else wide + 2 * edge
    return _Layout(outer, height + top + bottom, left, right, top, bottom, title, legend, edge)


def is_wide(chart: Chart) -> bool:
    """Say whether a drawing is wider than a telephone can show it: a forest plot with its column of numbers."""
    return bool(_margin(chart)) and scales.lies(chart)


def _size(chart: Chart, x: tuple[float, float], y: tuple[float, float], sides: float) -> tuple[float, float]:
    """Give the width of the sheet and the height of the drawing area: square where both axes are shares of one.

    Beside names and numbers, which take `sides` points, a forest plot keeps room to be read.
    """
    if chart.y.categories is not None:
        lines = [len(_wrapped(name)) for name in chart.y.categories]
        wide = min(max(_WIDTH, sides + _PLOT), _WIDEST) if _margin(chart) else _WIDTH
        return wide, min(_ROW * max(len(lines), 2) + 0.5 * _LINE * sum(line - 1 for line in lines), _LONGEST)
    if x == y == (0.0, 1.0) and "log" not in (chart.x.scale, chart.y.scale):
        return _SQUARE + 62.0, _SQUARE
    return _WIDTH, _HEIGHT


def _left(chart: Chart, y: tuple[float, float]) -> float:
    names = [line for tick in scales.ticks(chart.y, y) for line in _wrapped(tick.label)]
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
    return [clean(label) for one in chart.series if one.kind == "intervals" for label in one.labels or ()]


def _bottom(chart: Chart, x: tuple[float, float], wide: float) -> float:
    label = _LINE + 5.0 if chart.x.label else 0.0
    if not _slanted(chart.x, wide):
        return 12.0 + TEXT + label
    longest = max(text_width(_short(tick.label), SMALL) for tick in scales.ticks(chart.x, x))
    return 20.0 + 0.6 * longest + label


def _wrapped(name: str) -> list[str]:
    """Break the name of a category over two lines at most, cut with an ellipsis."""
    lines = textwrap.wrap(clean(name), _NAME_CHARACTERS, break_long_words=True) or [""]
    if len(lines) > _NAME_LINES:
        return [*lines[: _NAME_LINES - 1], lines[_NAME_LINES - 1][: _NAME_CHARACTERS - 1] + "…"]
    return lines


def _short(name: str, longest: int = _SHORT_NAME) -> str:
    name = clean(name)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _slanted(axis: Axis, wide: float) -> bool:
    """Say whether the names below the axis need a slope to stand side by side."""
    names = axis.categories or ()
    return bool(names) and max(text_width(_short(name), TEXT) for name in names) + 6.0 > wide / len(names)


# ------------------------------------------------------------------------------------------------------------ the axes


def _dress(sheet: Sheet, layout: _Layout) -> None:
    """Draw the axes: limits, marks, labels, a thin grid along the values."""
    ax, chart = sheet.ax, sheet.chart
    ax.set(
        xscale="log" if chart.x.scale == "log" else "linear", yscale="log" if chart.y.scale == "log" else "linear",
        xlim=sheet.x, ylim=sheet.y[::-1] if sheet.lies else sheet.y,
    )  # fmt: skip
    _mark(sheet, "x", chart.x, sheet.x, layout)
    _mark(sheet, "y", chart.y, sheet.y, layout)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set(linewidth=0.8, alpha=0.55, color=INK)
    ax.set_axisbelow(True)
    ax.set_xlabel(clean(chart.x.label), size=TEXT, color=INK, labelpad=5.0, parse_math=False)
    ax.annotate(
        clean(chart.y.label), (0.0, 1.0), (layout.edge - layout.left, 10.0), xycoords="axes fraction",
        textcoords="offset points", size=TEXT, annotation_clip=False, parse_math=False,
    )  # fmt: skip
    both = chart.y.categories is None and chart.x.categories is None and sheet.x == sheet.y
    for side in ("x", "y") if both else ("x",) if sheet.lies else ("y",):
        ax.grid(axis=side, color=INK, alpha=0.13, linewidth=0.7)


def _mark(sheet: Sheet, side: Literal["x", "y"], axis: Axis, ends: tuple[float, float], layout: _Layout) -> None:
    """Put the marks on one axis as fixed texts; names that would meet are slanted, then thinned."""
    slanted = side == "x" and _slanted(axis, layout.inner)
    ticks = _apart(axis, ends, layout.inner) if side == "x" else scales.ticks(axis, ends)
    if slanted:
        ticks = ticks[:: max(1, -int(-len(ticks) * 12.0 // layout.inner))]
    names = [_short(tick.label) if side == "x" else "\n".join(_wrapped(tick.label)) for tick in ticks]
    along = sheet.ax.xaxis if side == "x" else sheet.ax.yaxis
    along.set_ticks([tick.position for tick in ticks], names, parse_math=False, color=INK, fontsize=TEXT)
    along.set_ticks([], minor=True)
    along.set_tick_params(length=3.5 if side == "x" and not axis.categories else 0.0, width=0.8, color=INK, pad=5.0)
    for label in along.get_ticklabels() if slanted else ():
        label.set(rotation=35, ha="right", rotation_mode="anchor", fontsize=SMALL)


def _apart(axis: Axis, ends: tuple[float, float], wide: float) -> list[scales.Tick]:
    """Choose as many marks as stand apart when their texts are side by side."""
    found = scales.ticks(axis, ends)
    for count in (5, 4, 3, 2):
        if axis.categories is not None or _is_apart(axis, ends, wide, found):
            break
        found = scales.ticks(axis, ends, count)
    return found


def _is_apart(axis: Axis, ends: tuple[float, float], wide: float, found: list[scales.Tick]) -> bool:
    places = [scales.share(axis, ends, tick.position) * wide for tick in found]
    half = [text_width(tick.label, TEXT) / 2 for tick in found]
    gaps = zip(places, places[1:], half, half[1:], strict=False)
    return all(after - before >= one + other + 4.0 for before, after, one, other in gaps)


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
    return text_width(_short(name, 60), TEXT) + 40.0


def _write_legend(sheet: Sheet, layout: _Layout) -> None:
    """Write the legend above the drawing, row by row, each name after its sign."""
    signs = {clean(name): sign for name, sign in sheet.legend.items()}
    start = layout.edge + _HEADLINE * len(layout.title) + (4.0 if layout.title else 0.0)
    for number, row in enumerate(layout.legend):
        left, middle = layout.edge, start + number * _HEADLINE + 7.0
        for name in row:
            _draw_sign(sheet, layout, signs.get(name, Sign()), left, middle)
            words = _short(name, 60)
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
