"""How are the axes of a drawing dressed? Scales and limits, marks with their texts, labels, a thin grid."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from glmlr.exhibits import Axis
from glmlr.render import scales, style
from glmlr.render.grid import clean
from glmlr.render.sheet import OURS, Sheet, text_width

_NAME_CHARACTERS, _NAME_LINES, _SHORT_NAME = 26, 2, 18
#: Characters in a line of a label at least.
_NARROWEST: Final = 16
#: Points between the texts of two marks beside, and lines of text from one mark to the one above it.
_BESIDE, _ABOVE = 4.0, 1.7


def prepare(sheet: Sheet) -> None:
    """Set the scales and the limits."""
    _set_scale(sheet.ax.set_xscale, sheet.chart.x)
    _set_scale(sheet.ax.set_yscale, sheet.chart.y)
    sheet.ax.set(xlim=sheet.x, ylim=sheet.y[::-1] if sheet.lies else sheet.y)


def _set_scale(put: Callable[..., None], axis: Axis) -> None:
    if axis.scale == "probit":
        put("function", functions=(ndtri, ndtr))
    else:
        put("log" if axis.scale == "log" else "linear")


def dress(sheet: Sheet, wide: float, label_at: float, words: tuple[list[str], list[str]]) -> None:
    """Dress axes of our own, `wide` points wide, with labels of such lines; that of y is `label_at` from their left."""
    ax, chart = sheet.ax, sheet.chart
    prepare(sheet)
    _mark(sheet, "x", wide)
    _mark(sheet, "y", wide)
    for side in ("x", "y"):
        ax.tick_params(axis=side, length=3.5 if side == "x" and not chart.x.categories else 0.0, pad=5.0)
        ax.tick_params(axis=side, width=style.AXIS, color=style.INK)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set(linewidth=style.AXIS, alpha=style.AXES, color=style.INK)
    ax.set_axisbelow(True)
    below, above = ("\n".join(lines) for lines in words)
    ax.set_xlabel(below, size=style.TEXT, color=style.INK, labelpad=5.0, parse_math=False)
    ax.annotate(
        above, (0.0, 1.0), (label_at, 10.0), xycoords="axes fraction", textcoords="offset points", size=style.TEXT,
        annotation_clip=False, parse_math=False,
    )  # fmt: skip
    for side in _ruled(sheet):
        ax.grid(axis=side, color=style.INK, alpha=style.GRIDS, linewidth=style.GRID)


def dress_others(sheet: Sheet) -> None:
    """Dress the axes of others: our limits, marks and labels in their type and colours; the rest stays."""
    ax, chart = sheet.ax, sheet.chart
    prepare(sheet)
    box = ax.get_window_extent()
    scale = 72 / ax.figure.dpi
    _mark(sheet, "x", box.width * scale)
    _mark(sheet, "y", box.height * scale)
    ax.set_xlabel(clean(chart.x.label), parse_math=False)
    ax.set_ylabel(clean(chart.y.label), parse_math=False)
    if is_square(chart.x, chart.y, sheet.x, sheet.y):
        ax.set_box_aspect(1)


def _ruled(sheet: Sheet) -> tuple[Literal["x", "y"], ...]:
    """Give the axes whose marks have lines of the grid; tiles are a grid themselves."""
    if any(one.kind == "tiles" for one in sheet.chart.series):
        return ()
    return ("x", "y") if _alike(sheet) else ("x",) if sheet.lies else ("y",)


def _alike(sheet: Sheet) -> bool:
    """Say whether the axes measure the same, so that a grid in both directions helps."""
    numbers = sheet.chart.y.categories is None and sheet.chart.x.categories is None
    return numbers and (sheet.x == sheet.y or sheet.chart.x.scale == sheet.chart.y.scale == "probit")


def is_square(x: Axis, y: Axis, across: tuple[float, float], up: tuple[float, float]) -> bool:
    """Say whether a drawing is square: both axes are shares of one, or normal deviates of shares."""
    plain = not {x.scale, y.scale} & {"log", "probit"}
    return (across == up == (0.0, 1.0) and plain) or x.scale == y.scale == "probit"


def _mark(sheet: Sheet, side: Literal["x", "y"], room: float) -> None:
    """Put the marks on one axis, `room` points long; names that would meet are slanted, then thinned."""
    axis, ends = sheet.axis(side)
    slanted = side == "x" and is_slanted(axis, room, sheet.look.text)
    if side == "x":
        found = _apart(axis, ends, room, sheet.look.text)
    else:
        found = scales.ticks(axis, ends) if sheet.look is OURS else _stacked(axis, ends, room, sheet.look.text)
    if slanted:
        found = found[:: max(1, -int(-len(found) * 1.2 * sheet.look.text // room))]
    names = [short(tick.label) if side == "x" else "\n".join(wrapped(tick.label)) for tick in found]
    along = sheet.ax.xaxis if side == "x" else sheet.ax.yaxis
    ours: dict[str, Any] = {"color": style.INK, "fontsize": style.TEXT} if sheet.look is OURS else {}
    along.set_ticks([tick.position for tick in found], names, parse_math=False, **ours)
    along.set_ticks([], minor=True)
    for label in along.get_ticklabels() if slanted else ():
        label.set(rotation=35, ha="right", rotation_mode="anchor", fontsize=sheet.look.small)


def _apart(axis: Axis, ends: tuple[float, float], room: float, size: float) -> list[scales.Tick]:
    """Choose as many marks as stand apart when their texts are side by side."""
    found = scales.ticks(axis, ends)
    for count in _FEWER:
        if axis.categories is not None or _is_apart(axis, ends, room, found, size):
            break
        found = scales.ticks(axis, ends, count)
    return found


def _stacked(axis: Axis, ends: tuple[float, float], room: float, size: float) -> list[scales.Tick]:
    """Choose as many marks as stand apart when their texts are one above the other."""
    found = scales.ticks(axis, ends)
    for count in _FEWER:
        places = scales.shares(axis, ends, np.array([tick.position for tick in found])) * room
        if axis.categories is not None or (np.diff(places) >= _ABOVE * size).all():
            break
        found = scales.ticks(axis, ends, count)
    return found


_FEWER: Final = (5, 4, 3, 2)


def _is_apart(axis: Axis, ends: tuple[float, float], room: float, found: list[scales.Tick], size: float) -> bool:
    places = scales.shares(axis, ends, np.array([tick.position for tick in found])) * room
    half = np.array([text_width(tick.label, size) / 2 for tick in found])
    return bool((np.diff(places) >= half[:-1] + half[1:] + _BESIDE).all())


def label_lines(label: str, room: float) -> list[str]:
    """Break the label of an axis over as few lines as fit `room` points; none for no label."""
    words = clean(label)
    characters = len(words)
    while characters > _NARROWEST:
        lines = textwrap.wrap(words, characters)
        widest = max((text_width(line, style.TEXT) for line in lines), default=0.0)
        if widest <= room:
            return lines
        characters = min(characters - 1, int(characters * room / widest) + 1)
    return textwrap.wrap(words, _NARROWEST)


def wrapped(name: str) -> list[str]:
    """Break the name of a category over two lines at most, cut with an ellipsis."""
    lines = textwrap.wrap(clean(name), _NAME_CHARACTERS, break_long_words=True) or [""]
    if len(lines) > _NAME_LINES:
        return [*lines[: _NAME_LINES - 1], lines[_NAME_LINES - 1][: _NAME_CHARACTERS - 1] + "…"]
    return lines


def short(name: str, longest: int = _SHORT_NAME) -> str:
    """Cut a name at so many characters, with an ellipsis."""
    name = clean(name)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def is_slanted(axis: Axis, room: float, size: float = style.TEXT) -> bool:
    """Say whether the names below the axis need a slope to stand side by side."""
    names = axis.categories or ()
    return bool(names) and max(text_width(short(name), size) for name in names) + 6.0 > room / len(names)
