"""How is each kind of series drawn? Lines, points, bars, intervals, bands and references, on a sheet with axes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.exhibits import Floats, Series
from glmlr.render import scales
from glmlr.render.grid import clean
from glmlr.render.sheet import INK, SMALL, Sheet, Sign, text_width

_DASHES: Final = ("solid", (0, (5.0, 1.8)), (0, (1.6, 1.4)), (0, (7.0, 1.6, 1.6, 1.6)))
_MARKERS: Final = ("o", "s", "D", "^", "v", "P")
#: What covers areas is drawn first, points last.
_LAYERS: Final = {"band": 0, "bars": 1, "reference": 2, "line": 3, "step": 3, "intervals": 4, "points": 5}
#: Longer lines are thinned to what can be seen; more points are drawn as a picture inside the SVG.
_DENSE_LINE, _DENSE_POINTS = 3000, 3000


def draw(sheet: Sheet) -> None:
    """Draw all series, then the texts beside their points."""
    series = list(enumerate(sheet.chart.series))
    for position, one in sorted(series, key=lambda pair: _LAYERS[pair[1].kind]):
        _DRAWERS[one.kind](sheet, one, sheet.colours.get(position, INK))
    _write_labels(sheet)


def _draw_line(sheet: Sheet, one: Series, colour: str) -> None:
    x, y = np.where(np.isfinite(one.x), one.x, np.nan), np.where(np.isfinite(one.y), one.y, np.nan)
    if one.kind == "step":
        x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    x, y = _thinned(x, y, sheet.x)
    style: dict[str, Any] = {
        "color": colour,
        "linewidth": 1.9,
        "linestyle": _DASHES[sheet.place(one)[0] % len(_DASHES)],
    }
    whole = bool(((np.isnan(x) | scales.within(x, sheet.x)) & (np.isnan(y) | scales.within(y, sheet.y))).all())
    sheet.ax.plot(x, y, solid_capstyle="round", dash_capstyle="butt", zorder=3, clip_on=not whole, **style)
    sheet.explain(one, Sign(line=style))
    sheet.keep_clear(x, y)
    _remember(sheet, one, one.x, one.y)


def _thinned(x: Floats, y: Floats, ends: tuple[float, float], columns: int = 600) -> tuple[Floats, Floats]:
    """Keep of a long line the first, last, lowest and highest point in each of many narrow columns: it looks the same.

    Reference: Jugel et al. (2014), M4: a visualization-oriented time series data aggregation, PVLDB 7(10).
    """
    if len(x) <= _DENSE_LINE or not (np.isfinite(x).all() and np.isfinite(y).all()) or (np.diff(x) < 0).any():
        return x, y
    column = np.floor((x - ends[0]) / (ends[1] - ends[0]) * columns)
    first = np.flatnonzero(np.diff(column, prepend=np.nan) != 0)
    last = np.append(first[1:], len(x)) - 1
    order = np.lexsort((y, column))
    kept = np.unique(np.concatenate([first, last, order[first], order[last]]))
    return x[kept], y[kept]


def _draw_reference(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw a thin dashed line: through its points, or across the whole chart where it marks one position."""
    style: dict[str, Any] = {"color": colour, "alpha": 0.6, "linewidth": 1.0, "linestyle": (0, (3.5, 2.5))}
    sheet.explain(one, Sign(line=style))
    single = len(one.x) == 1
    side = scales.reference_side(sheet.chart, one) if single else ""
    upright = side == "x" if single else sheet.lies and _constant(one.x)
    flat = side == "y" if single else sheet.chart.x.categories is not None and _constant(one.y)
    x = np.repeat(one.x[0], 2) if upright else np.asarray(sheet.x) if flat else one.x
    y = np.asarray(sheet.y) if upright else np.repeat(one.y[0], 2) if flat else one.y
    x, y = np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan)
    sheet.ax.plot(x, y, zorder=2, **style)
    sheet.keep_clear(x, y)


def _constant(values: Floats) -> bool:
    return bool(values.size) and bool((values == values[0]).all())


def _draw_points(sheet: Sheet, one: Series, colour: str) -> None:
    look: dict[str, Any] = {"color": colour, "marker": _MARKERS[sheet.place(one)[0] % len(_MARKERS)]}
    seen = _on_sheet(sheet, one.x, one.y)
    dense = int(seen.sum()) > _DENSE_POINTS
    area = np.full(one.x.shape, 9.0) if dense else _areas(one)
    look |= {"linewidths": 0, "alpha": 0.9 if seen.sum() <= 200 else 0.45, "rasterized": dense, "clip_on": dense}
    sheet.ax.scatter(one.x[seen], one.y[seen], area[seen], zorder=5, **look)
    _arrows(sheet, one.x, one.y, colour)
    sheet.explain(one, Sign(dot=_dot(colour, look["marker"])))
    _remember(sheet, one, one.x, one.y)


def _on_sheet(sheet: Sheet, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
    """Say which points are drawn: none is cut in half at the edge, and none stands beyond it."""
    return np.isfinite(x) & np.isfinite(y) & scales.within(x, sheet.x) & scales.within(y, sheet.y)


def _dot(colour: str, marker: str) -> dict[str, Any]:
    return {"color": colour, "marker": marker, "linestyle": "none", "markersize": 5.5, "markeredgewidth": 0}


def _areas(one: Series, usual: float = 34.0) -> Floats:
    """Give the area of each marker in square points, in proportion to the size within bounds that can be seen."""
    if one.size is None:
        return np.full(one.x.shape, usual)
    size = np.where(np.isfinite(one.size) & (one.size > 0), one.size, 0.0)
    return np.asarray(14.0 + 86.0 * size / (size.max(initial=0.0) or 1.0))


def _draw_intervals(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw points with a bar from low to high, along x where the categories are on the y axis."""
    low, high = _bounds(one)
    place, number = sheet.place(one)
    named = sheet.chart.y.categories is not None or sheet.chart.x.categories is not None
    shift = 0.24 * (place - (number - 1) / 2) if named else 0.0
    across, along = (one.y + shift, one.x) if sheet.lies else (one.x + shift, one.y)
    x, y = (along, across) if sheet.lies else (across, along)
    _whiskers(sheet, across, low, high, colour)
    marker = _MARKERS[(place + sheet.lies) % 2 if number <= 2 else place % len(_MARKERS)]
    seen = _on_sheet(sheet, x, y)
    look: dict[str, Any] = {"color": colour, "marker": marker, "linewidths": 0, "clip_on": False}
    sheet.ax.scatter(x[seen], y[seen], _areas(one)[seen], zorder=5, **look)
    barless = np.isnan(low) | np.isnan(high)
    _arrows(sheet, np.where(barless, x, np.nan), np.where(barless, y, np.nan), colour)
    sheet.explain(one, Sign(line={"color": colour, "linewidth": 1.5}, dot=_dot(colour, marker)))
    if sheet.lies:
        _write_column(sheet, one, y)
    else:
        _remember(sheet, one, x, y)


def _bounds(one: Series) -> tuple[Floats, Floats]:
    """Give low and high, which a `Series` that needs them always has; NaN for bars without."""
    nothing = np.full(one.x.shape, np.nan)
    return (nothing if one.low is None else one.low), (nothing if one.high is None else one.high)


def _whiskers(sheet: Sheet, across: Floats, low: Floats, high: Floats, colour: str) -> None:
    """Draw bars from low to high, cut at the edge of the drawing, with an arrow where one goes on."""
    ends = sheet.x if sheet.lies else sheet.y
    bottom, top = min(ends), max(ends)
    seen = ~(np.isnan(low) | np.isnan(high) | np.isnan(across)) & (low <= top) & (high >= bottom)
    across, low, high = across[seen], low[seen], high[seen]
    start, end = scales.inside(low, (bottom, top)), scales.inside(high, (bottom, top))
    rule = sheet.ax.hlines if sheet.lies else sheet.ax.vlines
    shown = scales.within(across, sheet.y if sheet.lies else sheet.x)
    across, start, end, low, high = (values[shown] for values in (across, start, end, low, high))
    rule(across, start, end, colors=colour, linewidth=1.5, zorder=4, clip_on=False)
    for where, one, other in zip(across, start, end, strict=True):
        pair, both = np.array([one, other]), np.array([where, where])
        sheet.keep_clear(*((pair, both) if sheet.lies else (both, pair)))
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
        sheet.ax.scatter(x, y, 28.0, color=colour, marker=marker, linewidths=0, zorder=5, clip_on=False)


def _draw_bars(sheet: Sheet, one: Series, colour: str) -> None:
    """Draw bars from zero, side by side where there are several series, pale where other things stand before them."""
    place, number = sheet.place(one)
    where, length = (one.y, one.x) if sheet.lies else (one.x, one.y)
    thick = _thickness(sheet, where) / number
    centre = where + thick * (place - (number - 1) / 2)
    combined = any(other.kind not in ("bars", "reference") for other in sheet.chart.series)
    style: dict[str, Any] = {"color": colour, "alpha": 0.32 if combined else 0.88, "linewidth": 0}
    axis, ends = (sheet.chart.x, sheet.x) if sheet.lies else (sheet.chart.y, sheet.y)
    base = min(ends) if axis.scale == "log" else 0.0
    seen = np.isfinite(centre) & ~np.isnan(length)
    size = scales.inside(length[seen], ends) - base
    if sheet.lies:
        sheet.ax.barh(centre[seen], size, thick, left=base, zorder=1, **style)
    else:
        sheet.ax.bar(centre[seen], size, thick, bottom=base, zorder=1, **style)
    if one.low is not None or one.high is not None:
        _whiskers(sheet, centre, *_bounds(one), INK)
    sheet.explain(one, Sign(patch=style))
    _remember(sheet, one, *((length, centre) if sheet.lies else (centre, length)))


def _thickness(sheet: Sheet, where: Floats) -> float:
    """Give the room of one bar, or of several side by side: nearly touching on a numeric axis, apart on categories."""
    if sheet.chart.x.categories is not None or sheet.lies:
        return 0.72
    gaps = np.diff(np.unique(where[np.isfinite(where)]))
    return 0.94 * float(gaps.min()) if gaps.size else 0.94 * min(1.0, abs(sheet.x[1] - sheet.x[0]))


def _draw_band(sheet: Sheet, one: Series, colour: str) -> None:
    low, high = (scales.inside(bound, sheet.y) for bound in _bounds(one))
    style: dict[str, Any] = {"color": colour, "alpha": 0.17, "linewidth": 0}
    sheet.ax.fill_between(one.x, low, high, zorder=1, **style)
    sheet.explain(one, Sign(patch=style))


_DRAWERS: Final = {
    "line": _draw_line,
    "step": _draw_line,
    "reference": _draw_reference,
    "points": _draw_points,
    "intervals": _draw_intervals,
    "bars": _draw_bars,
    "band": _draw_band,
}


# --------------------------------------------------------------------------------------------- the texts beside points

_PLACES: Final = (
    (6.0, 0.0, "left"), (-6.0, 0.0, "right"), (5.0, 8.0, "left"), (5.0, -8.0, "left"), (-5.0, 8.0, "right"),
    (-5.0, -8.0, "right"), (0.0, 10.0, "center"), (0.0, -10.0, "center"), (8.0, -14.0, "left"), (-8.0, 14.0, "right"),
)  # fmt: skip
#: What a place costs: a stroke under the words one for each 3 points of it, another text or point more than any stroke.
_TAKEN, _OUTSIDE = 1000.0, 1e6

Box = tuple[float, float, float, float]


def _write_column(sheet: Sheet, one: Series, heights: Floats) -> None:
    """Write the labels of a forest plot in a column on the right."""
    for height, label in zip(heights, one.labels or ("",) * len(heights), strict=True):
        if label and np.isfinite(height):
            sheet.ax.annotate(
                clean(label), (1.0, height), (12.0, 0.0), xycoords=sheet.ax.get_yaxis_transform(),
                textcoords="offset points", size=SMALL, va="center", annotation_clip=False, parse_math=False,
            )  # fmt: skip


def _remember(sheet: Sheet, one: Series, x: Floats, y: Floats) -> None:
    """Keep the labels of a series until everything is drawn."""
    for place, label in zip(sheet.points(x, y), one.labels or ("",) * len(x), strict=True):
        if label and np.isfinite(place).all():
            sheet.labels.append((float(place[0]), float(place[1]), clean(label)))


def _write_labels(sheet: Sheet) -> None:
    """Write each label where it covers least: no other text, no point, as little of a line as can be."""
    corner = sheet.ax.get_window_extent().extents * 72 / sheet.ax.figure.dpi
    taken: list[Box] = [(x - 3.5, y - 3.5, x + 3.5, y + 3.5) for x, y, _ in sheet.labels]
    strokes = np.concatenate(sheet.strokes) if sheet.strokes else np.empty((0, 2))
    for x, y, label in sheet.labels:
        boxes = [_box(x + dx, y + dy, side, text_width(label, SMALL)) for dx, dy, side in _PLACES]
        costs = [_cost(box, corner, taken, strokes) for box in boxes]
        best = int(np.argmin(costs))
        if costs[best] >= _TAKEN:
            continue
        taken.append(boxes[best])
        dx, dy, side = _PLACES[best]
        sheet.ax.annotate(
            label, (x - corner[0], y - corner[1]), (dx, dy), xycoords="axes points", textcoords="offset points",
            size=SMALL, ha=side, va="center", annotation_clip=False, parse_math=False, zorder=6,
        )  # fmt: skip


def _box(x: float, y: float, side: str, wide: float) -> Box:
    start = x - {"left": 0.0, "right": wide, "center": wide / 2}[side]
    return start, y - 4.5, start + wide, y + 4.5


def _cost(box: Box, corner: Floats, taken: list[Box], strokes: Floats) -> float:
    """Say what it costs to write in a box."""
    outside = box[0] < corner[0] - 2 or box[2] > corner[2] + 8 or box[1] < corner[1] or box[3] > corner[3] + 6
    met = sum(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken)
    x, y = strokes.T
    covered = int(np.count_nonzero((x > box[0] - 1) & (x < box[2] + 1) & (y > box[1]) & (y < box[3])))
    return float(_OUTSIDE * outside + _TAKEN * met + covered)
