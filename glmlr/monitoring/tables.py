"""How is a model seen over time? The tables and charts of monitoring, made of one record a slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.monitoring.score_groups import CONVENTION

Floats = npt.NDArray[np.float64]

#: What the closing row is called: the rows of the fit.
OWN: Final = "In the fit"
#: Predictors whose index is printed and drawn; all are in the frame.
_SHOWN: Final = 8
_DRAWN: Final = 4

LABELS: Final = {
    "unscored": "Without score",
    "outcomes": "With outcome",
    "mean_predicted": "Mean predicted",
    "expected_over_observed": "Expected / observed",
    "psi": "PSI",
    "psi_p": "p",
    "psi_chance": "PSI by chance",
    "csi": "Largest CSI",
    "csi_predictor": "of",
    "auc": "AUC",
    "auc_low": "Low",
    "auc_high": "High",
    "auc_difference": "AUC minus that of the fit",
    "auc_p": "p",
    "in_the_large": "Calibration in the large",
    "in_the_large_p": "p (0)",
    "slope": "Slope",
    "slope_p": "p (1)",
    "brier": "Brier score",
    "ks": "KS",
}
_KINDS: Final = {
    "slice": "text",
    **dict.fromkeys(("n", "unscored", "outcomes", "events", "expected_events"), "count"),
    **dict.fromkeys(("rate", "low", "high", "mean_predicted"), "percent"),
    "expected_over_observed": "ratio",
    **dict.fromkeys(("psi", "psi_chance", "csi", "auc", "auc_low", "auc_high", "auc_difference", "ks"), "estimate"),
    **dict.fromkeys(("psi_p", "auc_p", "in_the_large_p", "slope_p"), "p_value"),
    "csi_predictor": "text",
    **dict.fromkeys(("in_the_large", "slope"), "estimate"),
    "brier": "probability",
}
#: What the first table prints; the others print the rest, and every frame holds all.
_OVERVIEW: Final = (
    "slice",
    "n",
    "unscored",
    "psi",
    "psi_p",
    "csi",
    "csi_predictor",
    "outcomes",
    "rate",
    "auc",
    "auc_p",
)
_DISCRIMINATION: Final = (
    *("slice", "outcomes", "events", "auc", "auc_low", "auc_high", "auc_difference", "auc_p", "ks", "brier"),
)
_CALIBRATION: Final = (
    *("slice", "outcomes", "rate", "low", "high", "mean_predicted", "expected_over_observed"),
    *("in_the_large", "in_the_large_p", "slope", "slope_p"),
)
#: What only rows with outcomes give, and what only the rows of a fit to compare with give.
OF_OUTCOMES: Final = frozenset({*_DISCRIMINATION, *_CALIBRATION, "expected_events"} - {"slice", "mean_predicted"})
OF_COMPARISON: Final = frozenset({"psi", "psi_p", "psi_chance", "csi", "csi_predictor", "auc_difference", "auc_p"})


def overview(frame: pd.DataFrame, name: str, notes: Sequence[str], charts: Sequence[Chart], level: float) -> Table:
    """Give the first table: one row a slice, the rows of the fit closing it where they are known."""
    return _table(
        "monitoring", f"The model by {name}", frame, _OVERVIEW, name, level, notes=tuple(notes), charts=tuple(charts)
    )


def discrimination_table(frame: pd.DataFrame, name: str, level: float) -> Table:
    """Give areas with intervals and their difference to that of the fit."""
    said = f"Low and high: DeLong {100 * level:g}% interval."
    if "auc_p" in frame:
        said += " p tests the difference to the area of the fit, the two sets of rows taken as independent."
    title = f"Discrimination by {name}"
    return _table("monitoring_discrimination", title, frame, _DISCRIMINATION, name, level, notes=(said,))


def calibration_table(frame: pd.DataFrame, name: str, level: float) -> Table:
    """Give observed and predicted rates, and the calibration line with its tests."""
    notes = (
        f"Low and high: Wilson {100 * level:g}% interval of the rate. Mean predicted is over all rows with a score, "
        "expected / observed over those with an outcome.",
        "p (0) tests calibration in the large against 0, p (1) the slope against 1.",
    )
    return _table("monitoring_calibration", f"Calibration by {name}", frame, _CALIBRATION, name, level, notes=notes)


def _table(
    key: str,
    title: str,
    frame: pd.DataFrame,
    shown: Sequence[str],
    name: str,
    level: float,
    *,
    notes: tuple[str, ...],
    charts: tuple[Chart, ...] = (),
) -> Table:
    held = [column for column in shown if column in frame]
    closing = (len(frame) - 1,) if len(frame) and frame["slice"].iloc[-1] == OWN else ()
    return Table(
        key=key,
        title=title,
        frame=frame if key == "monitoring" else frame[held],
        roles={column: _KINDS[column] for column in held},
        labels={**LABELS, "slice": name.capitalize(), "psi_chance": f"PSI by chance ({100 * level:g}%)"},
        notes=notes,
        charts=charts,
        emphasis=closing,
    )


# ------------------------------------------------------------------------------------------------ groups, predictors


def groups_by_slice(shares: pd.DataFrame, name: str, one: str) -> Table:
    """Give the share of rows in each group of the fit by slice: columns "slice", then one a group."""
    numbers = list(shares.columns[1:])
    return Table(
        key="monitoring_groups",
        title=f"Share of rows in each {one} of the fit",
        frame=shares,
        roles={"slice": "text", **dict.fromkeys(numbers, "percent")},
        labels={"slice": name.capitalize(), **{number: f"{number}" for number in numbers}},
        notes=(f"{one.capitalize()} 1 has the highest probabilities; cut-offs are those of the rows of the fit.",),
        emphasis=(len(shares) - 1,),
    )


@dataclass(frozen=True, eq=False)
class Worst:
    """The largest index of a predictor: of which one, in which slice, its bins there, and whether it is cut in bins."""

    predictor: str
    slice: str
    bins: pd.DataFrame
    cut: bool


def csi_by_slice(csi: pd.DataFrame, name: str, worst: Worst | None) -> Table:
    """Give the index of each predictor by slice, and the bins where it is largest.

    Args:
        csi: columns "slice", then one a predictor.
        name: what the slices are of.
        worst: where an index is largest, or None.

    """
    order = csi.iloc[:, 1:].max().sort_values(ascending=False, kind="stable").index
    shown = [column for column in csi.columns[1:] if column in set(order[:_SHOWN])]
    notes = [
        "CSI, the characteristic stability index, is the PSI of a predictor: of its values in bins or levels of the "
        "rows of the fit; missing values, and levels that the fit has not seen, have bins of their own."
    ]
    if len(order) > _SHOWN:
        notes.append(f"The {_SHOWN} predictors with the largest index are shown of {len(order)}; the frame has all.")
    bins = []
    if worst is not None:
        where = f" in {worst.slice}, where an index is largest"
        bins = [bins_table(worst.bins, worst.predictor, where, cut=worst.cut)]
    return Table(
        key="monitoring_csi",
        title=f"Characteristic stability by {name}",
        frame=csi,
        roles={"slice": "text", **dict.fromkeys(shown, "estimate")},
        labels={"slice": name.capitalize(), **{column: str(column) for column in csi.columns[1:]}},
        notes=tuple(notes),
        tables=tuple(bins),
    )


def bins_table(bins: pd.DataFrame, predictor: str, where: str = "", *, cut: bool) -> Table:
    """Give the shares of old and new rows in the bins of a predictor.

    Args:
        bins: a frame of `Characteristic.rows`.
        predictor: its name.
        where: what the title says after the name.
        cut: whether the predictor is a number in bins.

    """
    place = np.arange(float(len(bins)))
    old, new = (bins[column].to_numpy() for column in ("training_share", "share"))
    most = int(np.argmax(np.abs(new - old)))
    chart = Chart(
        key="shares",
        title=f"{predictor}: shares of old and new rows",
        series=(Series("Old rows", "bars", place, old), Series("New rows", "bars", place, new)),
        x=Axis(predictor, categories=tuple(bins["level"].astype(str))),
        y=Axis("Share of rows", "percent"),
        alt=f"Shares of rows by {predictor}; they differ most at {bins['level'].iloc[most]}, with "
        f"{100 * new[most]:.1f}% of the new rows and {100 * old[most]:.1f}% of the old ones.",
    )
    return Table(
        key="csi_bins",
        title=f"{predictor}{where}",
        frame=bins,
        roles={
            "level": "text",
            "training_n": "count",
            "n": "count",
            "training_share": "percent",
            "share": "percent",
            "psi": "estimate",
        },
        labels={
            "level": predictor,
            "training_n": "Old rows",
            "n": "New rows",
            "training_share": "Share of old",
            "share": "Share of new",
            "psi": "Part of CSI",
        },
        notes=("A number outside the range of the old rows is in the outermost bin.",) if cut else (),
        charts=(chart,),
    )


# ------------------------------------------------------------------------------------------------ charts


def psi_chart(frame: pd.DataFrame, name: str, level: float) -> Chart:
    """Draw the index over the slices, with what convention and what chance say."""
    x, categories = _axis(frame)
    psi, chance = _numbers(frame, "psi"), _numbers(frame, "psi_chance")
    few, many = CONVENTION
    worst = int(np.nanargmax(psi))
    above = int((psi > chance).sum())
    return Chart(
        key="psi",
        title=f"Population stability index by {name}",
        series=(
            Series(f"Convention: some change from {few:g}", "reference", np.array([np.nan]), np.array([few])),
            Series(f"Large change from {many:g}", "reference", np.array([np.nan]), np.array([many])),
            Series("PSI of the score", "line", x, psi),
            Series("", "points", x, psi),
            Series(f"Chance alone, {100 * level:g}%", "line", x, chance),
        ),
        x=Axis(name.capitalize(), categories=categories),
        y=Axis("PSI", limits=(0.0, 1.05 * max(many, float(np.nanmax([*psi, *chance]))))),
        alt=f"Population stability index by {name}: largest in {categories[worst]} with {psi[worst]:.3g}; in {above} "
        f"of {len(categories)} it is beyond what chance alone exceeds in {100 * (1 - level):.3g}% of comparisons.",
    )


def csi_chart(csi: pd.DataFrame, name: str) -> Chart:
    """Draw the index of the predictors that moved most over the slices."""
    x, categories = _axis(csi)
    order = csi.iloc[:, 1:].max().sort_values(ascending=False, kind="stable").index[:_DRAWN]
    few, many = CONVENTION
    values = csi[list(order)].to_numpy()
    at = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return Chart(
        key="csi",
        title=f"Characteristic stability index by {name}",
        series=(
            Series(f"Convention: {few:g} and {many:g}", "reference", np.array([np.nan]), np.array([few])),
            Series("", "reference", np.array([np.nan]), np.array([many])),
            *(Series(str(one), "line", x, _numbers(csi, one)) for one in order),
        ),
        x=Axis(name.capitalize(), categories=categories),
        y=Axis("CSI", limits=(0.0, 1.05 * max(many, float(np.nanmax(values))))),
        notes=() if csi.shape[1] - 1 <= _DRAWN else (f"The {_DRAWN} predictors with the largest index.",),
        alt=f"Characteristic stability index by {name}: largest for {order[int(at[1])]} in {categories[int(at[0])]} "
        f"with {values[at]:.3g}.",
    )


def area_chart(frame: pd.DataFrame, own: float, name: str, level: float) -> Chart:
    """Draw the area under the ROC curve of each slice with its interval, beside that of the fit."""
    x, categories = _axis(frame)
    area, low, high = (_numbers(frame, column) for column in ("auc", "auc_low", "auc_high"))
    fit = Series(f"In the fit: {own:.3f}", "reference", np.array([np.nan]), np.array([own]))
    least = int(np.nanargmin(area))
    return Chart(
        key="auc",
        title=f"Area under the ROC curve by {name}",
        series=(
            *(() if np.isnan(own) else (fit,)),
            Series(f"AUC, {100 * level:g}% interval", "intervals", x, area, low, high),
        ),
        x=Axis(name.capitalize(), categories=categories),
        y=Axis("AUC"),
        alt=f"Area under the ROC curve by {name}: smallest in {categories[least]} with {area[least]:.3f}"
        f"{'' if np.isnan(own) else f', {own:.3f} in the fit'}.",
    )


def rates_chart(frame: pd.DataFrame, event: str, name: str, level: float) -> Chart:
    """Draw the observed rate of each slice with its interval, and the rate that the model expects of the same rows."""
    x, categories = _axis(frame)
    rate, low, high = (_numbers(frame, column) for column in ("rate", "low", "high"))
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = _numbers(frame, "expected_events") / _numbers(frame, "outcomes")
    outside = int(((expected < low) | (expected > high)).sum())
    return Chart(
        key="rates",
        title=f"Observed and expected rate by {name}",
        series=(
            Series("Expected", "line", x, expected),
            Series(f"Observed, {100 * level:g}% interval", "intervals", x, rate, low, high),
        ),
        x=Axis(name.capitalize(), categories=categories),
        y=Axis(f"Rate of {event}", "percent"),
        alt=f"Observed and expected rate of {event} by {name}; in {outside} of {len(categories)} the expected rate "
        "lies outside the interval of the observed one.",
    )


def _axis(frame: pd.DataFrame) -> tuple[Floats, tuple[str, ...]]:
    return np.arange(float(len(frame))), tuple(frame["slice"])


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    return np.asarray(frame[column].to_numpy(), dtype=np.float64)
