"""Where does an axis begin and end, and where are its marks? Arithmetic on values; draws nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from glmlr.charts import FAR, Axis, Chart, Floats, Scale, Series

#: An interval reaching further than this many typical half-lengths beyond the points is cut, and drawn with an arrow.
_REACH: Final = 6.0
_ENOUGH: Final = 100_000
#: Marks of a probit axis, densest first: shares below one half, each with its complement.
_PROBIT_MARKS: Final = (
    (1e-6, 1e-5, 1e-4, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    (1e-6, 1e-4, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    (1e-6, 1e-4, 0.001, 0.01, 0.05, 0.2, 0.4),
    (1e-6, 1e-4, 0.001, 0.01, 0.1, 0.5),
    (1e-6, 1e-4, 0.01, 0.1, 0.5),
    (1e-6, 0.001, 0.05, 0.5),
    (0.01, 0.5),
)
#: The deviate of a share next to 0 or 1, beyond which no double says more.
_FARTHEST: Final = 8.2
#: The shares next to 0 and 1 that differ from them.
_UTMOST: Final = (2.0**-53, 1.0 - 2.0**-53)
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
    if axis.scale in ("log", "probit"):
        return _curved_limits(axis, points, ends)
    low, high = _span(points, ends)
    to_zero = based or axis.scale == "percent" or side == "y" or not _has_markers(chart)
    return _with_room(low, high, axis.scale, based=based, to_zero=to_zero)


def _curved_limits(axis: Axis, points: Floats, ends: Floats) -> tuple[float, float]:
    """Give the ends of a logarithmic or probit axis, with the same room at both in what is drawn evenly."""
    if not ends.size and points.size:
        shown = _finite([near(axis, points)])
        points = np.array([shown.min(), shown.max()]) if shown.size else shown
    points, ends = _finite([evenly(axis, points)]), _finite([evenly(axis, ends)])
    low, high = _span(points, ends)
    if axis.scale == "log":
        room = 0.06 * (high - low) or 0.3
        return 10.0 ** max(low - room, -300.0), 10.0 ** min(high + room, 300.0)
    if not (points.size or ends.size):
        return 0.001, 0.999
    room = 0.04 * (high - low) or 0.5
    return float(ndtr(max(low - room, -_FARTHEST))), float(ndtr(min(high + room, _FARTHEST)))


def evenly(axis: Axis, values: Floats) -> Floats:
    """Turn values into what an axis draws evenly: logarithms, normal deviates, or themselves.

    What is infinitely far is infinite, what does not exist on the axis is missing.
    """
    if axis.scale == "probit":
        return np.asarray(ndtri(values))
    if axis.scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(values)
    return values


def near(axis: Axis, values: Floats) -> Floats:
    """Give the values an axis can show; what is infinitely far on it (0 on a logarithmic one) becomes missing."""
    low, high = FAR.get(axis.scale, (-np.inf, np.inf))
    return np.where((values > low) & (values < high), values, np.nan)


def far(axis: Axis, values: Floats) -> Floats:
    """Give the same values, those infinitely far on an axis as infinite, those that do not exist on it as missing."""
    low, high = FAR.get(axis.scale, (-np.inf, np.inf))
    if (low, high) == (-np.inf, np.inf):
        return values
    shown = np.where((values >= low) & (values <= high), values, np.nan)
    return np.where(shown == low, -np.inf, np.where(shown == high, np.inf, shown))


def brought_near(axis: Axis, values: Floats) -> Floats:
    """Put 0 and 1 on a probit axis next to themselves, so that a reference like 1 - x goes from corner to corner."""
    return np.clip(values, *_UTMOST) if axis.scale == "probit" else values


def columns(axis: Axis, ends: tuple[float, float], count: int) -> Floats:
    """Give the edges of columns of equal width along an axis, shape (count + 1,)."""
    low, high = evenly(axis, np.array(ends)).tolist()
    places = np.linspace(low, high, count + 1)
    return np.asarray(ndtr(places) if axis.scale == "probit" else 10.0**places if axis.scale == "log" else places)


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
            bounds = [bound for bound in (one.low, one.high) if bound is not None]
            (points if one.kind == "spikes" else ends).extend(bounds)
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


def _span(points: Floats, ends: Floats) -> tuple[float, float]:
    """Give the range of points and interval ends, ends far out left to their arrows."""
    if not points.size:
        points = ends
    if not points.size:
        return 0.0, 1.0
    low, high = float(points.min()), float(points.max())
    if not ends.size:
        return low, high
    centre = _middle(points)
    typical = max(_middle(np.abs(ends - centre)), (high - low) / _REACH)
    reach = _REACH * typical
    return max(min(low, float(ends.min())), low - reach), min(max(high, float(ends.max())), high + reach)


def _middle(values: Floats) -> float:
    """Give the median, of very many values that of enough of them."""
    return float(np.median(values[:: max(1, values.size // _ENOUGH)]))


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


def shares(axis: Axis, ends: tuple[float, float], positions: Floats) -> Floats:
    """Say how far along an axis positions are: 0 at its beginning, 1 at its end."""
    low, high = evenly(axis, np.array(ends)).tolist()
    return np.asarray((evenly(axis, positions) - low) / (high - low))


def ticks(axis: Axis, ends: tuple[float, float], count: int = 6) -> list[Tick]:
    """Give the marks of an axis: its categories, or about `count` round numbers."""
    if axis.categories is not None:
        return [Tick(float(position), name) for position, name in enumerate(axis.categories)]
    if axis.scale == "log":
        return _log_ticks(*ends, count)
    if axis.scale == "probit":
        return _probit_ticks(*ends, count)
    return _percent_ticks(*ends, count) if axis.scale == "percent" else _linear_ticks(*ends, count)


def _percent_ticks(low: float, high: float, count: int) -> list[Tick]:
    return [Tick(mark.position / 100.0, mark.label + "%") for mark in _linear_ticks(100.0 * low, 100.0 * high, count)]


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
    for sizes in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        marks = [size * 10.0**power for power in range(first, last + 1) for size in sizes]
        found = [mark for mark in marks if low * 0.999 <= mark <= high * 1.001]
        if len(found) <= count + 2:
            break
    every = -(-len(found) // (count + 2))
    return [Tick(position, _power_label(position)) for position in found if _kept(position, every)]


def _probit_ticks(low: float, high: float, count: int) -> list[Tick]:
    """Put marks at shares one knows, closer together towards 0 and 1; at even steps where the axis is short."""
    found: list[float] = []
    for shares in _PROBIT_MARKS:
        found = [mark for mark in _both_sides(shares) if within(np.array(mark), (low, high))]
        if len(found) <= count + 2:
            break
    if len(found) < 3:
        return [tick for tick in _percent_ticks(low, high, count) if 0 < tick.position < 1]
    return [Tick(mark, f"{round(100.0 * mark, 6):.10g}%") for mark in found]


def _both_sides(shares: tuple[float, ...]) -> list[float]:
    return sorted({*shares, *(round(1.0 - share, 6) for share in shares)})


def _kept(position: float, every: int) -> bool:
    return every == 1 or round(math.log10(position)) % every == 0


def _power_label(position: float) -> str:
    if 1e-4 < position < 1e6:
        return f"{position:,.10g}" if position >= 1 else f"{position:.10g}"
    power = math.floor(math.log10(position) + 1e-9)
    size = float(f"{position / 10.0**power:.3g}")
    return ("" if size == 1 else f"{size:g}×") + "10" + str(power).translate(_SUPERSCRIPTS)


def _number(value: float, decimals: int) -> str:
    size = abs(value)
    # Four digits stand together: they may be a year.
    comma = "," if size >= 10_000 else ""
    shown = f"{value:.10g}" if size >= 1e9 or decimals > 9 else f"{value + 0.0:{comma}.{decimals}f}"
    if not shown.strip("-0.,"):
        shown = shown.lstrip("-")
    return shown.replace("-", "−", 1)
