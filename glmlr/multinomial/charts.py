"""How are several classes drawn? Ratios and effects as forests, probabilities as curves along a number or points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.digits import text
from glmlr.errors import listing
from glmlr.exhibits import Axis, Chart, Series

Floats = npt.NDArray[np.float64]


def _numbers(frame: pd.DataFrame, *names: str) -> list[Floats]:
    return [frame[name].to_numpy(dtype=np.float64) for name in names]


def _labelled(rows: pd.DataFrame) -> list[str]:
    """Name the level or the change of each row."""
    return [
        f"{term}: {level}" if level and level != "per 1" else str(term)
        for term, level in zip(rows["term"], rows["level"], strict=True)
    ]


def _of_class(label: str, outcome: str, response: str) -> str:
    """Name a row of one class; a class that is a number has the response beside it."""
    return f"{label}, {response} {outcome}" if outcome[:1].isdigit() else f"{label}, {outcome}"


def ratio_forest(frame: pd.DataFrame, percent: str, response: str, reference: str) -> Chart | None:
    """Draw the ratios with their intervals on a logarithmic axis, the classes of a term below one another.

    Rows of reference levels, and those that are infinite, zero or missing, are not drawn.
    """
    ratio = frame["relative_risk_ratio"].to_numpy(dtype=np.float64)
    estimated = np.isfinite(ratio) & (ratio > 0) & np.isfinite(frame["low"].to_numpy(dtype=np.float64))
    shown = frame[estimated].assign(label=_labelled(frame[estimated]))
    left_out = frame[~np.isfinite(ratio) | (ratio == 0)]
    if shown.empty:
        return None
    # The classes of a term stand below one another, each in a line of its own, so that no read-outs overlap.
    order = {label: at for at, label in enumerate(dict.fromkeys(shown["label"]))}
    shown = shown.iloc[np.argsort([order[label] for label in shown["label"]], kind="stable")]
    names = tuple(_of_class(*row, response) for row in zip(shown["label"], shown["outcome"], strict=True))
    ratio, low, high = _numbers(shown, "relative_risk_ratio", "low", "high")
    margin = tuple(_with_interval(*row, "ratio", "–") for row in zip(ratio, low, high, strict=True))
    places = np.arange(len(shown), dtype=np.float64)
    lost = [_of_class(*row, response) for row in zip(_labelled(left_out), left_out["outcome"], strict=True)]
    return Chart(
        key="forest",
        title=f"Relative-risk ratios against {response} = {reference} with {percent} intervals",
        series=(
            Series("No effect", "reference", np.array([1.0, 1.0]), np.array([-0.5, len(shown) - 0.5])),
            Series("", "intervals", ratio, places, low, high, labels=margin),
        ),
        x=Axis(f"Relative-risk ratio against {response} = {reference}", scale="log"),
        y=Axis("", categories=names),
        notes=(f"Not drawn, having no finite estimate: {listing(lost)}.",) if lost else (),
        alt=f"Relative-risk ratios of each class against {reference} on a logarithmic axis; the line marks 1.",
    )


def _with_interval(value: float, low: float, high: float, role: str, between: str) -> str:
    """Give "2.79 (1.29–6.05)" for the margin of a drawing."""
    return f"{text(value, role)} ({text(low, role)}{between}{text(high, role)})"


def effects_forest(frame: pd.DataFrame, percent: str, response: str) -> Chart | None:
    """Draw effects on the probability of each class, a slope times the standard deviation of its number."""
    shown = frame[np.isfinite(frame["estimate"]) & np.isfinite(frame["low"])]
    if shown.empty:
        return None
    slopes = (shown["contrast"] == "per 1").to_numpy()
    spread = np.where(slopes, shown["spread"].to_numpy(dtype=np.float64), 1.0)
    estimate, low, high = (values * spread for values in _numbers(shown, "estimate", "low", "high"))
    names = []
    for (_, row), by, size in zip(shown.iterrows(), slopes, spread, strict=True):
        label = f"{row['predictor']}: {f'per SD ({size:.3g})' if by else row['contrast']}"
        names.append(_of_class(label, str(row["outcome"]), response))
    margin = tuple(_with_interval(*row, "percent", " to ") for row in zip(estimate, low, high, strict=True))
    places = np.arange(len(shown), dtype=np.float64)
    largest = int(np.argmax(np.abs(estimate)))
    return Chart(
        key="effects",
        title=f"Effects on the probability of each class of {response} with {percent} intervals",
        series=(
            Series("", "reference", np.array([0.0]), np.array([np.nan])),
            Series("", "intervals", estimate, places, low, high, labels=margin),
        ),
        x=Axis("Change of the probability", "percent"),
        y=Axis("", categories=tuple(names)),
        notes=("Slopes are drawn per standard deviation of the number.",) if slopes.any() else (),
        alt=f"Changes of the probability of each class; the largest is {names[largest]}, {margin[largest]}.",
    )


def probability_charts(frame: pd.DataFrame, percent: str, response: str) -> list[Chart]:
    """Draw the probabilities of the classes by each predictor: curves with bands along a number, points by level."""
    found = []
    for name in dict.fromkeys(frame["predictor"]):
        part = frame[(frame["predictor"] == name) & np.isfinite(frame["probability"])]
        if not part.empty:
            curve = part["value"].notna().all()
            found.append((_curves if curve else _points)(str(name), part, percent, response))
    return found


def _curves(name: str, part: pd.DataFrame, percent: str, response: str) -> Chart:
    series = []
    for outcome in dict.fromkeys(part["outcome"]):
        rows = part[part["outcome"] == outcome].sort_values("value", kind="stable")
        x, p, low, high = _numbers(rows, "value", "probability", "low", "high")
        if np.isfinite(low).any():
            series.append(Series(str(outcome), "band", x, p, low, high))
        series.append(Series(str(outcome), "line", x, p))
    return Chart(
        key=f"along_{name}",
        title=f"Probability of each class of {response} along {name} with {percent} intervals",
        series=tuple(series),
        x=Axis(name),
        y=Axis("Probability", "percent"),
        alt=_alt(name, part),
    )


def _points(name: str, part: pd.DataFrame, percent: str, response: str) -> Chart:
    levels = list(dict.fromkeys(part["level"]))
    series = []
    for outcome in dict.fromkeys(part["outcome"]):
        rows = part[part["outcome"] == outcome]
        p, low, high = _numbers(rows, "probability", "low", "high")
        x = np.array([levels.index(one) for one in rows["level"]], dtype=np.float64)
        kind = (
            Series(str(outcome), "intervals", x, p, low, high)
            if np.isfinite(low).any()
            else Series(str(outcome), "points", x, p)
        )
        series.append(kind)
    return Chart(
        key=f"by_{name}",
        title=f"Probability of each class of {response} by {name} with {percent} intervals",
        series=tuple(series),
        x=Axis(name, categories=tuple(levels)),
        y=Axis("Probability", "percent"),
        alt=_alt(name, part),
    )


def _alt(name: str, part: pd.DataFrame) -> str:
    most: list[str] = []
    for outcome in dict.fromkeys(part["outcome"]):
        rows = part[part["outcome"] == outcome]
        p = rows["probability"].to_numpy(dtype=np.float64)
        ends = f"{text(float(p.min()), 'percent')} to {text(float(p.max()), 'percent')}"
        most.append(f"{outcome} from {ends}")
    return f"Probabilities of the classes by {name}: {listing(most)}."
