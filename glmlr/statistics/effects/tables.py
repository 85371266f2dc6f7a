"""How are effects, risks and predictions laid out?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from glmlr.exhibits import Chart, Table

_LABELS: Final[Mapping[str, str]] = {
    "predictor": "Predictor",
    "contrast": "Contrast",
    "at": "At",
    "risk": "Probability",
    "measure": "Measure",
    "level": "Level or value",
}


def _labels(level: float) -> Mapping[str, str]:
    return {**_LABELS, "low": f"{100 * level:g}% low", "high": "high"}


def _roles(frame: pd.DataFrame, roles: Mapping[str, str]) -> Mapping[str, str]:
    """Leave out the column of at= where nothing is set."""
    return {name: role for name, role in roles.items() if name != "at" or bool((frame["at"] != "").any())}


def effects_table(frame: pd.DataFrame, level: float, notes: Sequence[str], chart: Chart | None, title: str) -> Table:
    """Lay out marginal effects."""
    roles = {
        "predictor": "text",
        "contrast": "text",
        "at": "text",
        "estimate": "estimate",
        "std_error": "std_error",
        "z": "statistic",
        "p_value": "p_value",
        "low": "estimate",
        "high": "estimate",
    }
    return Table(
        key="marginal_effects",
        title=title,
        frame=frame,
        roles=_roles(frame, roles),
        labels={**_labels(level), "estimate": "Effect"},
        notes=tuple(notes),
        charts=() if chart is None else (chart,),
    )


_RISKS: Final[Mapping[str, str]] = {
    "predictor": "text",
    "level": "text",
    "at": "text",
    "risk": "probability",
    "std_error": "std_error",
    "low": "probability",
    "high": "probability",
}


def risks_table(frame: pd.DataFrame, level: float, notes: Sequence[str], chart: Chart | None) -> Table:
    """Lay out adjusted risks."""
    return Table(
        key="risks",
        title="Adjusted risks",
        frame=frame,
        roles=_roles(frame, _RISKS),
        labels=_labels(level),
        notes=tuple(notes),
        charts=() if chart is None else (chart,),
    )


def predictions_table(frame: pd.DataFrame, level: float, notes: Sequence[str], charts: Sequence[Chart]) -> Table:
    """Lay out adjusted predictions."""
    return Table(
        key="adjusted_predictions",
        title="Adjusted predictions",
        frame=frame,
        roles=_roles(frame, _RISKS),
        labels=_labels(level),
        notes=tuple(notes),
        charts=tuple(charts),
    )


def comparison_table(frame: pd.DataFrame, level: float, notes: Sequence[str]) -> Table:
    """Lay out comparisons of risks."""
    roles = {
        "predictor": "text",
        "contrast": "text",
        "at": "text",
        "measure": "text",
        "estimate": "estimate",
        "std_error": "std_error",
        "low": "estimate",
        "high": "estimate",
        "p_value": "p_value",
    }
    told = list(notes)
    needed = frame[frame["measure"] == "Number needed"]
    if needed["low"].isna().any():
        told.insert(0, "A number needed has no interval where that of its risk difference has 0 in it.")
    told.insert(0, "Intervals of ratios are made on the scale of logarithms, with z and p of the logarithm.")
    return Table(
        key="risk_differences",
        title="Risk differences and ratios",
        frame=frame,
        roles=_roles(frame, roles),
        labels=_labels(level),
        notes=tuple(told),
    )
