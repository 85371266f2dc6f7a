"""How are effects drawn: as a forest of differences, as risks by level, as a curve along a range?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.digits import text
from glmlr.effects.derivatives import Derivative
from glmlr.exhibits import Axis, Chart, Series

Floats = npt.NDArray[np.float64]


def _numbers(frame: pd.DataFrame, *names: str) -> list[Floats]:
    return [frame[name].to_numpy(dtype=np.float64) for name in names]


def effects_forest(frame: pd.DataFrame, level: float, event: str, derivative: Derivative) -> Chart | None:
    """Draw effects with their intervals, a slope times the standard deviation of its number; None where none is known.

    Args:
        frame: of `marginal_effects`, m rows.
        level: of the intervals.
        event: what the probability is of.
        derivative: how numbers are differentiated.

    """
    shown = frame[np.isfinite(frame["estimate"]) & np.isfinite(frame["low"])]
    if shown.empty:
        return None
    # A derivative by the logarithm of a number has no unit that a standard deviation could stand for.
    slopes = (shown["contrast"] == derivative.contrast).to_numpy() & (not derivative.times_number)
    kind = "estimate" if derivative.logged else "percent"
    spread = np.where(slopes, shown["spread"].to_numpy(dtype=np.float64), 1.0)
    estimate, low, high = (values * spread for values in _numbers(shown, "estimate", "low", "high"))
    names = []
    for (_, row), by, size in zip(shown.iterrows(), slopes, spread, strict=True):
        what = f"per SD ({text(size, 'ratio')})" if by else str(row["contrast"])
        name = str(row["predictor"]) if what == derivative.contrast else f"{row['predictor']}: {what}"
        names.append(", ".join(filter(None, [name, str(row["at"])])))
    margin = tuple(
        f"{text(value, kind)} ({text(one, kind)} to {text(other, kind)})"
        for value, one, other in zip(estimate, low, high, strict=True)
    )
    largest = int(np.argmax(np.abs(estimate)))
    y = np.arange(len(shown), dtype=np.float64)
    per = " Slopes are drawn per standard deviation of the number." if slopes.any() else ""
    return Chart(
        key="effects",
        title=f"{'Elasticities of' if derivative.logged and derivative.times_number else 'Effects on'} P({event}) with "
        f"{100 * level:g}% intervals",
        series=(
            Series("", "reference", np.array([0.0]), np.array([np.nan])),
            Series("", "intervals", estimate, y, low, high, labels=margin),
        ),
        x=Axis(derivative.axis, "linear" if derivative.logged else "percent"),
        y=Axis("", categories=tuple(names)),
        notes=(per.strip(),) if per else (),
        alt=f"{derivative.axis if derivative.logged else 'Changes'} of P({event}) with intervals; the largest is "
        f"{names[largest]}, {margin[largest]}.{per}",
    )


def risks_chart(frame: pd.DataFrame, level: float, event: str) -> Chart | None:
    """Draw the adjusted risk at each level as a point with its interval."""
    shown = frame[np.isfinite(frame["risk"]) & np.isfinite(frame["low"])]
    if shown.empty:
        return None
    risk, low, high = _numbers(shown, "risk", "low", "high")
    names = [
        ", ".join(filter(None, [f"{row['predictor']} = {row['level']}", str(row["at"])])) for _, row in shown.iterrows()
    ]
    margin = tuple(
        f"{text(value, 'percent')} ({text(one, 'percent')} to {text(other, 'percent')})"
        for value, one, other in zip(risk, low, high, strict=True)
    )
    top = int(np.argmax(risk))
    return Chart(
        key="risks",
        title=f"Adjusted P({event}) by level with {100 * level:g}% intervals",
        series=(Series("", "intervals", risk, np.arange(len(shown), dtype=np.float64), low, high, labels=margin),),
        x=Axis(f"P({event})", "percent"),
        y=Axis("", categories=tuple(names)),
        alt=f"Adjusted probabilities of {event} by level; the highest is {names[top]}, {margin[top]}.",
    )


def prediction_charts(frame: pd.DataFrame, level: float, event: str) -> list[Chart]:
    """Draw the probabilities of each predictor: a curve with a band along a number, points by level of a factor."""
    found = []
    for name in dict.fromkeys(frame["predictor"]):
        part = frame[(frame["predictor"] == name) & np.isfinite(frame["risk"])]
        if part.empty:
            continue
        draw = _points if part["value"].isna().all() else _curves
        found.append(draw(str(name), part, level, event))
    return found


def _curves(name: str, part: pd.DataFrame, level: float, event: str) -> Chart:
    series = []
    for at in dict.fromkeys(part["at"]):
        rows = part[part["at"] == at]
        x, risk, low, high = _numbers(rows.sort_values("value", kind="stable"), "value", "risk", "low", "high")
        if np.isfinite(low).any():
            series.append(Series(str(at), "band", x, risk, low, high))
        series.append(Series(str(at), "line", x, risk))
    return Chart(
        key=f"along_{name}",
        title=f"Adjusted P({event}) along {name} with {100 * level:g}% intervals",
        series=tuple(series),
        x=Axis(name),
        y=Axis(f"P({event})", "percent"),
        alt=_alt(name, part, event),
    )


def _points(name: str, part: pd.DataFrame, level: float, event: str) -> Chart:
    levels = list(dict.fromkeys(part["level"]))
    settings = list(dict.fromkeys(part["at"]))
    series = []
    for number, at in enumerate(settings):
        rows = part[part["at"] == at]
        risk, low, high = _numbers(rows, "risk", "low", "high")
        x = np.array([levels.index(one) for one in rows["level"]], dtype=np.float64)
        # Several settings stand beside one another, so that their intervals do not hide each other.
        x = x + (0.5 * (number + 0.5) / len(settings) - 0.25 if len(settings) > 1 else 0.0)
        if np.isfinite(low).any():
            series.append(Series(str(at), "intervals", x, risk, low, high))
        else:
            series.append(Series(str(at), "points", x, risk))
    return Chart(
        key=f"by_{name}",
        title=f"Adjusted P({event}) by {name} with {100 * level:g}% intervals",
        series=tuple(series),
        x=Axis(name, categories=tuple(levels)),
        y=Axis(f"P({event})", "percent"),
        alt=_alt(name, part, event),
    )


def _alt(name: str, part: pd.DataFrame, event: str) -> str:
    risk = part["risk"].to_numpy(dtype=np.float64)
    least, most = part.iloc[int(np.argmin(risk))], part.iloc[int(np.argmax(risk))]
    where = [", ".join(filter(None, [f"{name} = {one['level']}", str(one["at"])])) for one in (least, most)]
    return (
        f"Adjusted probability of {event} by {name}: from {text(least['risk'], 'percent')} at {where[0]} to "
        f"{text(most['risk'], 'percent')} at {where[1]}."
    )
