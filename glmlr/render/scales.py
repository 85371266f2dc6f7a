"""Where does an axis begin and end, and where are its marks? Arithmetic on values; draws nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from glmlr.exhibits import Axis, Chart, Floats, Scale, Series

#: An interval reaching further than this many typical half-lengths beyond the points is cut, and drawn with an arrow.
_REACH: Final = 6.0
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and its text."""

    position: float
    label: str


def lies(chart: Chart) -> bool:
    """Say whether bars and intervals lie: their categories are named on the y axis."""
    return chart.y.categories is not None


def limits(chart: Chart, side: Literal["x", "y"]) -> tuple[float, float]:
    """Give the ends of an axis: those asked for, the categories, or what the data need and a little room."""
    axis = chart.x if side == "x" else chart.y
    if axis.limits is not None:
        return axis.limits
    if axis.categories is not None:
        return (-0.5, max(len(axis.categories), 1) - 0.5)
    points, ends, based = _extent(chart, side)
    if axis.scale == "log":
        points, ends = _logs(points), _logs(ends)
    low, high = _span(points, ends)
    if axis.scale == "log":
        room = 0.06 * (high - low) or 0.3
        return 10.0 ** max(low - room, -300.0), 10.0 ** min(high + room, 300.0)
    to_zero = based or axis.scale == "percent" or side == "y" or not _has_markers(chart)
    return _with_room(low, high, axis.scale, based=based, to_zero=to_zero)


def _has_markers(chart: Chart) -> bool:
    return any(one.kind in ("points", "intervals") for one in chart.series)


def _extent(chart: Chart, side: Literal["x", "y"]) -> tuple[Floats, Floats, bool]:
    """Collect along one axis the finite positions, the finite ends of intervals, and whether bars start at zero."""
    points: list[Floats] = []
    ends: list[Floats] = []
    based = False
    along = "x" if lies(chart) else "y"
    for one in chart.series:
        if one.kind == "reference" and len(one.x) == 1 and not _spans_other(chart, one, side):
            continue
        points.append(one.x if side == "x" else one.y)
        if side == along:
            ends.extend(bound for bound in (one.low, one.high) if bound is not None)
            based = based or one.kind == "bars"
    return _finite(points), _finite(ends), based


def _spans_other(chart: Chart, one: Series, side: Literal["x", "y"]) -> bool:
    """Say whether a reference of one point marks a position on this axis."""
    return reference_side(chart, one) == side


def reference_side(chart: Chart, one: Series) -> Literal["x", "y"]:
    """Give the axis on which a reference of one point marks its position: x for a vertical line."""
    if math.isnan(one.y[0]):
        return "x"
    if math.isnan(one.x[0]):
        return "y"
    return "x" if lies(chart) else "y"


def _finite(arrays: list[Floats]) -> Floats:
    joined = np.concatenate(arrays) if arrays else np.empty(0)
    return joined[np.isfinite(joined)]


def _logs(values: Floats) -> Floats:
    return np.log10(values[values > 0])


def _span(points: Floats, ends: Floats) -> tuple[float, float]:
    """Give the range of points and interval ends, ends far out left to their arrows."""
    if not points.size:
        points = ends
    if not points.size:
        return 0.0, 1.0
    low, high = float(points.min()), float(points.max())
    if not ends.size:
        return low, high
    centre = float(np.median(points))
    typical = max(float(np.median(np.abs(ends - centre))), (high - low) / _REACH)
    reach = _REACH * typical
    return max(min(low, float(ends.min())), low - reach), min(max(high, float(ends.max())), high + reach)


def _with_room(low: float, high: float, scale: Scale, *, based: bool, to_zero: bool) -> tuple[float, float]:
    """Leave a little room at both ends; from `to_zero` on, none beyond a zero that the values do not cross."""
    if based:
        low, high = min(low, 0.0), max(high, 0.0)
    room = 0.05 * (high - low) or 0.5 * abs(low) or (0.05 if scale == "percent" else 0.5)
    start, end = low - room, high + room
    if low >= 0 and to_zero and (start < 0 or based):
        start = 0.0
    if low < 0 and high <= 0 and to_zero and (end > 0 or based):
        end = 0.0
    if scale == "percent" and high <= 1 < end:
        end = 1.0
    return start, end


def inside(values: Floats, ends: tuple[float, float]) -> Floats:
    """Cut values at the ends of an axis; missing ones stay missing."""
    return np.clip(values, *ends)


def within(values: Floats, ends: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Say which values an axis shows, those at its very ends included."""
    slack = 1e-9 * abs(ends[1] - ends[0])
    return np.asarray((values >= min(ends) - slack) & (values <= max(ends) + slack))


def share(axis: Axis, ends: tuple[float, float], position: float) -> float:
    """Say how far along an axis a position is: 0 at its beginning, 1 at its end."""
    low, high, here = (math.log(value) for value in (*ends, position)) if axis.scale == "log" else (*ends, position)
    return (here - low) / (high - low)


def ticks(axis: Axis, ends: tuple[float, float], count: int = 6) -> list[Tick]:
    """Give the marks of an axis: its categories, or about `count` round numbers."""
    if axis.categories is not None:
        return [Tick(float(position), name) for position, name in enumerate(axis.categories)]
    if axis.scale == "log":
        return _log_ticks(*ends, count)
    factor = 100.0 if axis.scale == "percent" else 1.0
    unit = "%" if axis.scale == "percent" else ""
    marks = _linear_ticks(factor * ends[0], factor * ends[1], count)
    return [Tick(mark.position / factor, mark.label + unit) for mark in marks]


def _linear_ticks(low: float, high: float, count: int) -> list[Tick]:
    """Put marks at multiples of 1, 2, 2.5 or 5 times a power of ten."""
    raw = (high - low) / max(count - 1, 1)
    if not (math.isfinite(raw) and raw > 0):
        return [Tick(low, _number(low, 6))]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(size * power for size in (1.0, 2.0, 2.5, 5.0, 10.0) if size * power >= raw * 0.999)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if round(step / power, 3) == 2.5 else 0))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [Tick(k * step, _number(k * step, decimals)) for k in range(first, last + 1)]


def _log_ticks(low: float, high: float, count: int) -> list[Tick]:
    """Put marks at 1, 2, 5 times powers of ten, at powers of ten alone on long axes, at even steps on short ones."""
    decades = math.log10(high / low)
    if decades < 0.6:
        return [tick for tick in _linear_ticks(low, high, count) if tick.position > 0]
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for sizes in ((1, 2, 5), (1, 3), (1,)):
        marks = [size * 10.0**power for power in range(first, last + 1) for size in sizes]
        found = [mark for mark in marks if low * 0.999 <= mark <= high * 1.001]
        if len(found) <= count + 2:
            break
    every = -(-len(found) // (count + 2))
    return [Tick(position, _power_label(position)) for position in found if _kept(position, every)]


def _kept(position: float, every: int) -> bool:
    return every == 1 or round(math.log10(position)) % every == 0


def _power_label(position: float) -> str:
    if 1e-4 < position < 1e6:
        return f"{position:,.10g}" if position >= 1 else f"{position:.10g}"
    power = math.floor(math.log10(position) + 1e-9)
    size = round(position / 10.0**power)
    return ("" if size == 1 else f"{size}×") + "10" + str(power).translate(_SUPERSCRIPTS)


def _number(value: float, decimals: int) -> str:
    size = abs(value)
    shown = f"{value:.10g}" if size >= 1e9 or decimals > 9 else f"{value + 0.0:,.{decimals}f}"
    if not shown.strip("-0.,"):
        shown = shown.lstrip("-")
    return shown.replace("-", "−", 1)
