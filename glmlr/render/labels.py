"""Where do the words in a drawing stand? Beside what they name and over nothing else."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.charts import Floats, Series
from glmlr.render import style
from glmlr.render.grid import clean, clean_numbers
from glmlr.render.sheet import OURS, Label, Sheet, text_width

# --------------------------------------------------------------------------------------------- the texts beside points

_PLACES: Final = (
    (6.0, 0.0, "left"), (-6.0, 0.0, "right"), (5.0, 8.0, "left"), (5.0, -8.0, "left"), (-5.0, 8.0, "right"),
    (-5.0, -8.0, "right"), (0.0, 10.0, "center"), (0.0, -10.0, "center"), (8.0, -14.0, "left"), (-8.0, 14.0, "right"),
)  # fmt: skip
#: What a place costs: a stroke under the words one for each 3 points of it, another text or point more than any stroke.
_TAKEN, _OUTSIDE = 1000.0, 1e6

Box = tuple[float, float, float, float]


def write_column(sheet: Sheet, one: Series, heights: Floats) -> None:
    """Write the labels of a forest plot in a column on the right."""
    for height, label in zip(heights, one.labels or ("",) * len(heights), strict=True):
        if label and np.isfinite(height):
            sheet.ax.annotate(
                clean_numbers(label), (1.0, height), (12.0, 0.0), xycoords=sheet.ax.get_yaxis_transform(),
                textcoords="offset points", size=sheet.look.small, color=sheet.look.ink, va="center",
                annotation_clip=False, parse_math=False,
            )  # fmt: skip


def write_inside(sheet: Sheet, x: Floats, y: Floats, words: list[str]) -> None:
    """Write texts in tiles of side 1 in one manner: on two lines, or the first of them alone, or not at all."""
    left, bottom, right, top = _corner(sheet).tolist()
    # Tiles are for axes with categories, on which 1 is the same everywhere.
    wide, high = (
        (right - left) / abs(sheet.x[1] - sheet.x[0]) - 4.0,
        (top - bottom) / abs(sheet.y[1] - sheet.y[0]) - 4.0,
    )
    lines = [[clean_numbers(line) for line in text.split("\n")] for text in words]
    most = next((number for number in (2, 1) if _fit(sheet, lines, number, wide, high)), 0)
    for across, up, text in zip(x.tolist(), y.tolist(), lines, strict=True):
        if most and text[0]:
            sheet.ax.text(
                across, up, "\n".join(text[:most]), size=sheet.look.small, color=sheet.look.ink, ha="center",
                va="center", parse_math=False, zorder=6, linespacing=1.15,
            )  # fmt: skip


def _fit(sheet: Sheet, lines: list[list[str]], number: int, wide: float, high: float) -> bool:
    """Say whether the first lines of all texts fit into tiles of so many points."""
    size = sheet.look.small
    widest = max((text_width(line, size) for text in lines for line in text[:number]), default=0.0)
    return widest <= wide and size * (1.15 * min(number, max(map(len, lines), default=0)) - 0.15) <= high


def remember(sheet: Sheet, one: Series, x: Floats, y: Floats) -> None:
    """Keep the labels of a series until everything is drawn."""
    if one.labels is None:
        return
    places = sheet.points(x, y).tolist()
    for (left, up), here, label in zip(places, zip(x.tolist(), y.tolist(), strict=True), one.labels, strict=True):
        if label and np.isfinite(left) and np.isfinite(up):
            sheet.labels.append(Label(left, up, here, clean_numbers(label)))


def write(sheet: Sheet, names: list[str]) -> bool:
    """Write the names of lines, then the texts beside points, and say whether the names have found their places."""
    corner = _corner(sheet)
    taken: list[Box] = [(one.x - 3.5, one.y - 3.5, one.x + 3.5, one.y + 3.5) for one in sheet.labels]
    spots = _named(sheet, names, corner, taken) if _are_lines(sheet, names) else None
    for spot in spots or ():
        _write_name(sheet, spot, corner)
        taken.append(spot.box)
    _write_beside(sheet, corner, taken)
    return spots is not None


def _corner(sheet: Sheet) -> Floats:
    """Give the drawing area in points: left, bottom, right, top."""
    extents = sheet.ax.get_window_extent().extents * 72 / sheet.ax.figure.dpi
    return np.asarray(extents, dtype=np.float64)


def _write_beside(sheet: Sheet, corner: Floats, taken: list[Box]) -> None:
    """Write each label where it covers least: no other text, no point, as little of a line as can be."""
    drawn = [stroke.along for stroke in sheet.strokes if len(stroke.along) > 1]
    strokes = np.concatenate(drawn) if drawn else np.empty((0, 2))
    for one in sheet.labels:
        wide = text_width(one.words, sheet.look.small)
        boxes = [_box(one.x + dx, one.y + dy, side, wide) for dx, dy, side in _PLACES]
        costs = [_cost(box, corner, taken, strokes) for box in boxes]
        best = int(np.argmin(costs))
        if costs[best] >= _TAKEN:
            continue
        taken.append(boxes[best])
        dx, dy, side = _PLACES[best]
        sheet.ax.annotate(
            one.words, one.at, (dx, dy), textcoords="offset points", size=sheet.look.small, color=sheet.look.ink,
            ha=side, va="center", annotation_clip=False, parse_math=False, zorder=6,
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


# ------------------------------------------------------------------------------------------------- the names of lines

#: More lines than this are named in a legend.
_MOST: Final = 5
#: Characters of a name on one line, and in the longest of several, of which there are no more than so many; points
#: from one line to the next.
_ON_ONE_LINE, _FEWEST, _CHARACTERS, _MOST_LINES, _LEADING = 32, 9, 26, 3, 12.5
#: In points: from a line to its name at least and at most, how much farther any other is, and where more is no better.
_CLOSEST, _REACH, _APART, _ENOUGH = 2.0, 9.0, 7.0, 30.0
#: Points between two names.
_BETWEEN: Final = 14.0
#: Where a name begins, seen from a point of its line: sides (-1 left of it, 0 centred, 1 right) and distances upwards.
_SIDES, _RISES = (1.0, -1.0, 0.0), (5.0, -5.0, 0.0)
_GAP: Final = 4.0
#: Points of a line beside which places for its name are tried, points of lines that they are measured against, and
#: points of all that is drawn beyond which no names are written: in such a thicket there is no place for them.
_TRIED, _MEASURED, _THICKET = 80, 3000, 5000


_LINES: Final = ("line", "step", "reference", "band")


@dataclass(frozen=True)
class _Spot:
    """A name with its place on the sheet."""

    name: str
    words: str
    box: Box


def _are_lines(sheet: Sheet, names: list[str]) -> bool:
    """Say whether the names are those of a few lines, or single points, so that they may stand beside them."""
    if sum(len(stroke.along) for stroke in sheet.strokes) > _THICKET:
        return False
    named = [one for one in sheet.chart.series if clean(one.name) in names]
    plain = all(one.kind in _LINES or (one.kind == "points" and one.x.size == 1 and not one.labels) for one in named)
    drawn = {clean(stroke.name) for stroke in sheet.strokes}
    return 1 <= len(names) <= _MOST and plain and not sheet.lies and sheet.look is OURS and drawn >= set(names)


def _named(sheet: Sheet, names: list[str], corner: Floats, taken: list[Box]) -> list[_Spot] | None:
    """Find a place for every name, or for none; those of points and long ones, which fit in few places, come first."""
    spots: list[_Spot] = []
    length = {clean(stroke.name): len(stroke.along) for stroke in sheet.strokes}
    for name in sorted(names, key=lambda name: (length[name] > 1, -len(name))):
        others = [*taken, *(spot.box for spot in spots)]
        tried = ((words, _best(sheet, name, words, corner, others)) for words in _settings(name))
        found = next(((words, box) for words, box in tried if box is not None), None)
        if found is None:
            return None
        spots.append(_Spot(name, *found))
    return spots


def _settings(name: str) -> list[str]:
    """Give the ways to set a name that may be tried: on one line, then on more, of like length."""
    ways = [name] if len(name) <= _ON_ONE_LINE else []
    for number in range(2, _MOST_LINES + 1):
        lines = _lines(name, number)
        if len(lines) == number and _FEWEST <= max(map(len, lines)) <= _CHARACTERS:
            ways.append("\n".join(lines))
    return ways


def _lines(name: str, number: int) -> list[str]:
    """Break a name over so many lines of like length, if it can be, never beside its equals sign."""
    words = name.replace(" = ", "\u00a0=\u00a0")
    widths = range(max(len(words) // number, 1), len(words) + 1)
    tried = (textwrap.wrap(words, wide, break_long_words=False, break_on_hyphens=False) for wide in widths)
    found = next((lines for lines in tried if len(lines) <= number), [words])
    return [line.replace("\u00a0", " ") for line in found]


def _best(sheet: Sheet, name: str, words: str, corner: Floats, taken: list[Box]) -> Box | None:
    """Choose for a name, of the places near its line, the one farthest from all others; of equals the last along it."""
    mine = [clean(stroke.name) == name for stroke in sheet.strokes]
    own = _some([stroke.along for stroke, is_mine in zip(sheet.strokes, mine, strict=True) if is_mine])
    other = _some([stroke.along for stroke, is_mine in zip(sheet.strokes, mine, strict=True) if not is_mine])
    if not len(own):
        # A line that lies outside the drawing, or is a point, has no place beside it.
        return None
    boxes = _boxes(own[:: -(-len(own) // _TRIED)], words)
    inside = (boxes[:, :2] >= corner[:2] + 1).all(axis=1) & (boxes[:, 2:] <= corner[2:] - 1).all(axis=1)
    free = ~np.array([_meets(boxes, box) for box in taken]).any(axis=0) if taken else True
    boxes = boxes[inside & free]
    if not len(boxes):
        return None
    near = _distance(boxes, own)
    away = _distance(boxes, other) if len(other) else np.full(len(boxes), _ENOUGH)
    # A word beside a single point is understood though a line is near.
    good = (near >= _CLOSEST) & (near <= _REACH) & (away >= (near + _APART if len(own) > 1 else _CLOSEST))
    if not good.any():
        return None
    worth = np.where(good, np.minimum(away, _ENOUGH), -1.0)
    best = np.flatnonzero(worth == worth.max())[-1]
    left, bottom, right, top = boxes[best].tolist()
    return left, bottom, right, top


def _some(strokes: list[Floats]) -> Floats:
    """Join strokes, and keep as many points of them as can be measured against."""
    joined = np.concatenate(strokes) if strokes else np.empty((0, 2))
    return joined[:: max(1, -(-len(joined) // _MEASURED))]


def _boxes(anchors: Floats, words: str) -> Floats:
    """Give boxes for words around each anchor, in the order of the anchors, shape (places, 4)."""
    lines = words.split("\n")
    wide = max(text_width(line, style.TEXT) for line in lines)
    high = 9.0 + _LEADING * (len(lines) - 1)
    found = []
    for side in _SIDES:
        for rise in _RISES:
            if side == 0.0 and rise == 0.0:
                continue
            left = anchors[:, 0] + (_GAP if side > 0 else -wide - _GAP if side < 0 else -wide / 2)
            bottom = anchors[:, 1] + (rise if rise > 0 else rise - high if rise < 0 else -high / 2)
            found.append(np.column_stack([left, bottom, left + wide, bottom + high]))
    return np.stack(found, axis=1).reshape(-1, 4)


def _meets(boxes: Floats, other: Box) -> npt.NDArray[np.bool_]:
    left, bottom, right, top = other
    across = (boxes[:, 0] < right + _BETWEEN) & (left - _BETWEEN < boxes[:, 2])
    return np.asarray(across & (boxes[:, 1] < top + _BETWEEN) & (bottom - _BETWEEN < boxes[:, 3]))


def _distance(boxes: Floats, points: Floats) -> Floats:
    """Give the distance in points from each box to the nearest of the points, zero where one is inside."""
    x, y = points.T
    across = np.maximum(np.maximum(boxes[:, :1] - x, x - boxes[:, 2:3]), 0.0)
    up = np.maximum(np.maximum(boxes[:, 1:2] - y, y - boxes[:, 3:]), 0.0)
    return np.asarray(np.hypot(across, up).min(axis=1))


def _write_name(sheet: Sheet, spot: _Spot, corner: Floats) -> None:
    position = next(p for p, one in enumerate(sheet.chart.series) if clean(one.name) == spot.name)
    colour = style.mixed(sheet.colours.get(position, sheet.look.ink), sheet.look.ink)
    place = spot.box[0] - corner[0], (spot.box[1] + spot.box[3]) / 2 - corner[1]
    sheet.ax.annotate(
        spot.words, place, xycoords="axes points", size=style.TEXT, color=colour, ha="left", va="center",
        annotation_clip=False, parse_math=False, zorder=6, linespacing=1.15,
    )  # fmt: skip
