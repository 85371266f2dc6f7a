"""How is a chart drawn into the axes of others? Our series in their type, size and surroundings."""

from __future__ import annotations

import textwrap
import warnings
from typing import TYPE_CHECKING, Any

from glmlr.errors import OptionError
from glmlr.exhibits import Chart
from glmlr.render import axes, chart, labels, marks, scales, style
from glmlr.render.grid import clean
from glmlr.render.sheet import Look, Sheet, colours_of, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Backgrounds of less lightness than this (0 black, 1 white) take the colours for the dark.
_DARK = 0.4


def plot(one: Chart, ax: Any = None) -> Axes:
    """Draw a chart into axes and give them; without any, on a new figure of pyplot's, laid out as in a report."""
    if ax is None:
        return chart.shown(one)
    _check(ax)
    look = _look(ax)
    colours = colours_of(one.series, _unused(ax, look.palette))
    sheet = Sheet(one, ax, scales.limits(one, "x"), scales.limits(one, "y"), scales.lies(one), colours, look)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        axes.dress_others(sheet)
        marks.draw(sheet)
        labels.write(sheet, [])
        _explain(sheet)
        _entitle(sheet)
    return ax  # type: ignore[no-any-return]


def _check(ax: Any) -> None:
    if getattr(ax, "name", "") != "rectilinear":
        given = f"{getattr(ax, 'name', '')} axes" if hasattr(ax, "name") else f"a {type(ax).__name__}"
        raise OptionError(
            f"ax= is {given}; give matplotlib Axes with two straight axes (one of those that plt.subplots() gives), "
            "or leave it out for a new figure."
        )


def _look(ax: Any) -> Look:
    """Take ink, colours and sizes from the axes and from matplotlib's settings."""
    from matplotlib import rcParams
    from matplotlib.colors import to_hex, to_rgb
    from matplotlib.font_manager import FontProperties

    red, green, blue = to_rgb(ax.get_facecolor())
    dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < _DARK and ax.get_facecolor()[3] > 0
    size = FontProperties(size=rcParams["xtick.labelsize"]).get_size_in_points()
    palette = style.DARK_PALETTE if dark else style.PALETTE
    return Look(to_hex(rcParams["text.color"]), palette, size, size * style.SMALL / style.TEXT)


def _unused(ax: Any, palette: tuple[str, ...]) -> tuple[str, ...]:
    """Begin with the colours that nothing in these axes has yet, so that a second chart can be told from the first."""
    from matplotlib.colors import to_hex

    lines = [line.get_color() for line in ax.lines]
    areas = [colour for drawn in (*ax.collections, *ax.patches) for colour in _faces(drawn)]
    taken = {to_hex(colour) for colour in (*lines, *areas)}
    return tuple(sorted(palette, key=lambda colour: colour in taken))


def _faces(drawn: Any) -> list[Any]:
    colours = drawn.get_facecolor()
    return list(colours) if getattr(colours, "ndim", 1) == 2 else [colours]


def _explain(sheet: Sheet) -> None:
    """Name the series in matplotlib's own legend, which the owner of the axes can move, change or take away."""
    handles, words = sheet.ax.get_legend_handles_labels()
    references = {one.name for one in sheet.chart.series if one.kind == "reference"}
    for name in dict.fromkeys(one.name for one in sheet.chart.series if one.name in sheet.artists):
        if name in references and clean(name) in words:
            continue
        # A name with an underscore in front is matplotlib's sign for what a legend leaves out.
        shown = f" {clean(name)}" if clean(name).startswith("_") else clean(name)
        sheet.artists[name].set_label(shown)
        handles, words = [*handles, sheet.artists[name]], [*words, shown]
    if len(words) > 1 or (words and words[0].strip().casefold() != _measured(sheet)):
        legend = sheet.ax.legend(handles, words, frameon=True)
        for text in legend.get_texts():
            text.set_parse_math(False)


def _measured(sheet: Sheet) -> str:
    return clean((sheet.chart.x if sheet.lies else sheet.chart.y).label).casefold()


def _entitle(sheet: Sheet) -> None:
    """Write the title above axes that have none, in lines of their width."""
    ax = sheet.ax
    if any(ax.get_title(loc=place) for place in ("left", "center", "right")):
        return
    size = ax.title.get_size()
    wide = ax.get_window_extent().width * 72 / ax.figure.dpi
    words = clean(sheet.chart.title)
    characters = max(int(len(words) * wide / max(text_width(words, size), 1.0)), 12)
    ax.set_title("\n".join(textwrap.wrap(words, characters)), parse_math=False)
