"""How is each kind of series drawn? Lines, points, bars, intervals, tiles and others, on a sheet."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.charts import Floats, Series
from glmlr.render import labels, scales, style, thinning
from glmlr.render.sheet import Sheet, Sign

#: More points are drawn as a picture inside the SVG; of more intervals and bars, those in one column are drawn as one.
_DENSE, _MANY = 3000, 400


def draw(sheet: Sheet) -> None:
    """Draw all series, what covers areas first and points last."""
    series = list(enumerate(sheet.chart.series))
    for position, one in sorted(series, key=lambda pair: style.LAYERS[pair[1].kind]):
        _DRAWERS[one.kind](sheet, one, sheet.colours.get(position, sheet.look.ink))


def _draw_line(sheet: Sheet, one: Series, colour: str) -> None:
    x, y = scales.near(sheet.chart.x, one.x), scales.near(sheet.chart.y, one.y)
    kept = thinning.line(x, y, scales.columns(*sheet.axis("x"), thinning.COLUMNS))
    x, y = x[kept], y[kept]
    if one.kind == "step":
        x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    dashes = style.DASHES[sheet.place(one)[0] % len(style.DASHES)]
    look: dict[str, Any] = {"color": colour, "linewidth": style.LINE, "linestyle": dashes}
    whole = bool(((np.isnan(x) | scales.within(x, sheet.x)) & (np.isnan(y) | scales.within(y, sheet.y))).all())
    ends = {"solid_capstyle": "round", "dash_capstyle": "butt"}
    (artist,) = sheet.ax.plot(x, y, zorder=3, clip_on=not whole, marker="", **ends, **look)
    sheet.explain(one, Sign(line=look), artist)
    sheet.keep_clear(one, x, y)
    labels.remember(sheet, one, one.x, one.y)


def _draw_reference(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw a thin dashed line: through its points, or across the whole chart where it marks one position."""
    look: dict[str, Any] = {
        "color": colour,
        "alpha": style.REFERENCES,
        "linewidth": style.REFERENCE,
        "linestyle": style.REFERENCE_DASHES[_place_of_name(sheet, one) % len(style.REFERENCE_DASHES)],
    }
    single = len(one.x) == 1
    side = scales.reference_side(sheet.chart, one) if single else ""
    upright = side == "x" if single else sheet.lies and _constant(one.x)
    flat = side == "y" if single else sheet.chart.x.categories is not None and _constant(one.y)
    x = np.repeat(one.x[0], 2) if upright else np.asarray(sheet.x) if flat else one.x
    y = np.asarray(sheet.y) if upright else np.repeat(one.y[0], 2) if flat else one.y
    x, y = (scales.near(a, scales.brought_near(a, v)) for a, v in ((sheet.chart.x, x), (sheet.chart.y, y)))
    kept = thinning.line(x, y, scales.columns(*sheet.axis("x"), thinning.COLUMNS))
    (artist,) = sheet.ax.plot(x[kept], y[kept], zorder=2, marker="", **look)
    sheet.explain(one, Sign(line=look), artist)
    sheet.keep_clear(one, x[kept], y[kept])


def _place_of_name(sheet: Sheet, one: Series) -> int:
    """Give the place of a reference among those of other names, which have other dashes."""
    return list(dict.fromkeys(other.name for other in sheet.chart.series if other.kind == one.kind)).index(one.name)


def _constant(values: Floats) -> bool:
    return bool(values.size) and bool((values == values[0]).all())


def _draw_points(sheet: Sheet, one: Series, colour: str) -> None:
    marker = style.MARKERS[sheet.place(one)[0] % len(style.MARKERS)]
    x, y = scales.far(sheet.chart.x, one.x), scales.far(sheet.chart.y, one.y)
    seen = np.flatnonzero(_on_sheet(sheet, x, y))
    dense = seen.size > _DENSE
    alpha = style.MARKERS_ALPHA if seen.size <= style.CROWD else style.CROWD_ALPHA
    if dense:
        seen = seen[_apart(sheet, x[seen], y[seen])]
    area = style.SPECK if dense else _areas(one)[seen]
    look: dict[str, Any] = {"color": colour, "marker": marker, "linewidths": 0, "alpha": alpha}
    artist = sheet.ax.scatter(x[seen], y[seen], area, zorder=5, rasterized=dense, clip_on=dense, **look)
    _arrows(sheet, x, y, colour)
    sheet.explain(one, Sign(dot=_dot(colour, marker)), artist)
    if not dense:
        sheet.keep_clear_of_points(one, x[seen], y[seen])
    labels.remember(sheet, one, x, y)


def _apart(sheet: Sheet, x: Floats, y: Floats) -> npt.NDArray[np.intp]:
    """Choose points that do not cover one another wholly."""
    return thinning.points(*(scales.shares(*sheet.axis(side), v) for side, v in (("x", x), ("y", y))))  # type: ignore[arg-type]


def _on_sheet(sheet: Sheet, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
    """Say which points are drawn: none is cut in half at the edge, and none stands beyond it."""
    return np.isfinite(x) & np.isfinite(y) & scales.within(x, sheet.x) & scales.within(y, sheet.y)


def _dot(colour: str, marker: str) -> dict[str, Any]:
    size = style.SIGN_MARKER
    return {"color": colour, "marker": marker, "linestyle": "none", "markersize": size, "markeredgewidth": 0}


def _areas(one: Series) -> Floats:
    """Give the area of each marker in square points, in proportion to the size within bounds that can be seen."""
    if one.size is None:
        return np.full(one.x.shape, style.MARKER)
    size = np.where(np.isfinite(one.size) & (one.size > 0), one.size, 0.0)
    return np.asarray(style.SMALLEST + (style.LARGEST - style.SMALLEST) * size / (size.max(initial=0.0) or 1.0))


def _draw_intervals(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw points with a bar from low to high, along x where the categories are on the y axis."""
    low, high = _bounds(one)
    place, number = sheet.place(one)
    named = sheet.chart.y.categories is not None or sheet.chart.x.categories is not None
    shift = 0.24 * (place - (number - 1) / 2) if named else 0.0
    across, along = (one.y + shift, one.x) if sheet.lies else (one.x + shift, one.y)
    x, y = (along, across) if sheet.lies else (across, along)
    x, y = scales.far(sheet.chart.x, x), scales.far(sheet.chart.y, y)
    _whiskers(sheet, one, across, (low, high), colour)
    marker = style.MARKERS[(place + sheet.lies) % 2 if number <= 2 else place % len(style.MARKERS)]
    seen = np.flatnonzero(_on_sheet(sheet, x, y))
    dense = seen.size > _DENSE
    if dense:
        seen = seen[_apart(sheet, x[seen], y[seen])]
    area = style.SPECK if dense else _areas(one)[seen]
    look: dict[str, Any] = {"color": colour, "marker": marker, "linewidths": 0, "clip_on": False}
    artist = sheet.ax.scatter(x[seen], y[seen], area, zorder=5, rasterized=dense, **look)
    barless = np.isnan(low) | np.isnan(high)
    _arrows(sheet, np.where(barless, x, np.nan), np.where(barless, y, np.nan), colour)
    sheet.explain(one, Sign(line={"color": colour, "linewidth": style.WHISKER}, dot=_dot(colour, marker)), artist)
    if sheet.lies:
        labels.write_column(sheet, one, y)
    else:
        labels.remember(sheet, one, x, y)


def _bounds(one: Series) -> tuple[Floats, Floats]:
    """Give low and high, which a `Series` that needs them always has; NaN for bars without."""
    nothing = np.full(one.x.shape, np.nan)
    return (nothing if one.low is None else one.low), (nothing if one.high is None else one.high)


def _whiskers(sheet: Sheet, one: Series, across: Floats, bounds: tuple[Floats, Floats], colour: str) -> None:
    """Draw bars from low to high, cut at the edge of the drawing, with an arrow where one goes on."""
    ends, sides = (sheet.x, sheet.y) if sheet.lies else (sheet.y, sheet.x)
    bottom, top = min(ends), max(ends)
    low, high = bounds
    seen = ~(np.isnan(low) | np.isnan(high)) & (low <= top) & (high >= bottom) & scales.within(across, sides)
    across, low, high = across[seen], low[seen], high[seen]
    if across.size > _MANY and not sheet.lies:
        across, low, high = thinning.strokes(across, low, high, scales.columns(*sheet.axis("x"), _MANY))
    start, end = scales.inside(low, (bottom, top)), scales.inside(high, (bottom, top))
    rule = sheet.ax.hlines if sheet.lies else sheet.ax.vlines
    rule(across, start, end, colors=colour, linewidth=style.WHISKER, zorder=4, clip_on=False)
    for where, first, last in zip(across, start, end, strict=True):
        pair, both = np.array([first, last]), np.array([where, where])
        sheet.keep_clear(one, *((pair, both) if sheet.lies else (both, pair)))
    for beyond, edge, markers in ((low < bottom, bottom, "<v"), (high > top, top, ">^")):
        spots = np.full(int(beyond.sum()), edge), across[beyond]
        x, y = spots if sheet.lies else spots[::-1]
        _arrow(sheet, x, y, markers[0 if sheet.lies else 1], colour)


def _arrows(sheet: Sheet, x: Floats, y: Floats, colour: str) -> None:
    """Draw an arrow at the edge for each point at infinity."""
    for far, marker in ((x == -np.inf, "<"), (x == np.inf, ">"), (y == -np.inf, "v"), (y == np.inf, "^")):
        spot = far & ~np.isnan(x) & ~np.isnan(y)
        _arrow(sheet, scales.inside(x[spot], sheet.x), scales.inside(y[spot], sheet.y), marker, colour)


def _arrow(sheet: Sheet, x: Floats, y: Floats, marker: str, colour: str) -> None:
    if x.size:
        sheet.ax.scatter(x, y, style.ARROW, color=colour, marker=marker, linewidths=0, zorder=5, clip_on=False)


def _draw_bars(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw bars from zero, side by side where there are several series, pale where other things stand before them."""
    place, number = sheet.place(one)
    where, length = (one.y, one.x) if sheet.lies else (one.x, one.y)
    thick = _thickness(sheet, where) / number
    centre = where + thick * (place - (number - 1) / 2)
    combined = any(other.kind not in ("bars", "reference") for other in sheet.chart.series)
    look: dict[str, Any] = {"color": colour, "alpha": style.BARS_BEHIND if combined else style.BARS, "linewidth": 0}
    axis, ends = sheet.axis("x" if sheet.lies else "y")
    base = min(ends) if axis.scale in ("log", "probit") else 0.0
    seen = np.isfinite(centre) & ~np.isnan(length)
    size = scales.inside(length[seen], ends) - base
    if seen.sum() > _MANY and axis.categories is None and not sheet.lies and number == 1:
        edges = scales.columns(*sheet.axis("x"), thinning.COLUMNS)
        across, low, high = thinning.strokes(centre[seen], np.minimum(size, 0.0), np.maximum(size, 0.0), edges)
        artist = sheet.ax.fill_between(across, base + low, base + high, step="mid", zorder=1, **look)
    elif sheet.lies:
        artist = sheet.ax.barh(centre[seen], size, thick, left=base, zorder=1, **look)
    else:
        artist = sheet.ax.bar(centre[seen], size, thick, bottom=base, zorder=1, **look)
    if one.low is not None or one.high is not None:
        _whiskers(sheet, one, centre, _bounds(one), sheet.look.ink)
    sheet.explain(one, Sign(patch=look), artist)
    labels.remember(sheet, one, *((length, centre) if sheet.lies else (centre, length)))


def _thickness(sheet: Sheet, where: Floats) -> float:
    """Give the room of one bar, or of several side by side: nearly touching on a numeric axis, apart on categories."""
    if sheet.chart.x.categories is not None or sheet.lies:
        return 0.72
    gaps = np.diff(np.unique(where[np.isfinite(where)]))
    return 0.94 * float(gaps.min()) if gaps.size else 0.94 * min(1.0, abs(sheet.x[1] - sheet.x[0]))


def _draw_band(sheet: Sheet, one: Series, colour: str) -> None:
    low, high = (scales.inside(bound, sheet.y) for bound in _bounds(one))
    x = scales.near(sheet.chart.x, one.x)
    kept = thinning.band(x, low, high, scales.columns(*sheet.axis("x"), thinning.COLUMNS))
    look: dict[str, Any] = {"color": colour, "alpha": style.BAND, "linewidth": 0}
    sheet.explain(one, Sign(patch=look), sheet.ax.fill_between(x[kept], low[kept], high[kept], zorder=1, **look))


def _draw_spikes(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw thin strokes from low to high, as many as can be told apart: those in one column are drawn as one."""
    ends, sides = (sheet.x, sheet.y) if sheet.lies else (sheet.y, sheet.x)
    across = one.y if sheet.lies else one.x
    low, high = _bounds(one)
    seen = ~(np.isnan(low) | np.isnan(high)) & scales.within(across, sides)
    edges = scales.columns(*sheet.axis("y" if sheet.lies else "x"), _MANY)
    across, low, high = thinning.strokes(across[seen], low[seen], high[seen], edges)
    low, high = scales.inside(low, ends), scales.inside(high, ends)
    look: dict[str, Any] = {"linewidth": style.SPIKE, "alpha": style.SPIKES}
    rule = sheet.ax.hlines if sheet.lies else sheet.ax.vlines
    sheet.explain(one, Sign(line={"color": colour} | look), rule(across, low, high, colors=colour, zorder=1, **look))
    both = np.tile(across, 2), np.concatenate([low, high])
    sheet.keep_clear_of_points(one, *(both[::-1] if sheet.lies else both))


def _draw_tiles(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw squares of side 1, the deeper in colour the larger their size, with their texts inside."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    seen = np.flatnonzero(_on_sheet(sheet, one.x, one.y))
    x, y = one.x[seen], one.y[seen]
    depth = np.ones(seen.size) if one.size is None else np.clip(np.nan_to_num(one.size[seen]), 0.0, 1.0)
    alphas = style.PALEST + (style.DEEPEST - style.PALEST) * depth
    corners = style.TILE / 2 * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    fill = [to_rgba(colour, float(alpha)) for alpha in alphas]
    squares = np.column_stack([x, y])[:, None, :] + corners
    tiles = PolyCollection(list(squares), facecolors=fill, linewidths=0, zorder=1)
    sheet.ax.add_collection(tiles, autolim=False)
    sheet.explain(one, Sign(patch={"color": colour, "alpha": style.DEEPEST, "linewidth": 0}), tiles)
    if one.labels is not None:
        labels.write_inside(sheet, x, y, [one.labels[at] for at in seen])


_DRAWERS: Final = {
    "tiles": _draw_tiles,
    "line": _draw_line,
    "step": _draw_line,
    "reference": _draw_reference,
    "points": _draw_points,
    "intervals": _draw_intervals,
    "bars": _draw_bars,
    "band": _draw_band,
    "spikes": _draw_spikes,
}
