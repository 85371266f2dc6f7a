"""How are residuals and influence drawn? By row, against leverage, against probability, half-normal, in bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from glmlr.exhibits import Axis, Chart, Series
from glmlr.fit import Fit
from glmlr.influence.envelope import envelope
from glmlr.influence.listing import Listed
from glmlr.influence.measures import Influence
from glmlr.outline import outline
from glmlr.ranking.grouping import quantile_groups

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: At most so many points are drawn: those with the largest Cook's distance, and others at even steps.
MOST_POINTS: Final = 3_000
_MOST_BINS: Final = 40
#: Rows named in a chart.
_NAMED: Final = 3


def panel(found: Influence, listed: Listed, *, simulations: int, seed: int) -> tuple[Chart, ...]:
    """Draw the whole panel.

    Args:
        found: the fit and its units.
        listed: the most influential ones.
        simulations: how many for the envelope of the half-normal plot; 0 for none.
        seed: of the simulations.

    """
    drawn = _drawn(found)
    notes = (
        ()
        if drawn.size == found.units.row.size
        else (f"{drawn.size:,} of {found.units.row.size:,} points: the largest Cook's distances, and others evenly.",)
    )
    probability = found.fit.link.mean(found.units.eta)
    return (
        _by_row(found, listed, drawn, notes),
        _against_leverage(found, listed, drawn, notes),
        _against_probability(found, "delta_chi2", "Delta chi-square", probability, drawn, notes),
        _against_probability(found, "delta_deviance", "Delta deviance", probability, drawn, notes),
        _half_normal(found, simulations, seed),
        _binned(found.fit),
    )


def _drawn(found: Influence) -> Positions:
    """Choose which units are drawn."""
    size = found.units.row.size
    if size <= MOST_POINTS:
        return np.arange(size)
    half = MOST_POINTS // 2
    top = np.argpartition(found.cook, size - half)[size - half :]
    return np.unique(np.append(top, np.linspace(0, size - 1, half).astype(np.intp)))


def _thing(found: Influence) -> str:
    return "Covariate pattern" if found.units.is_pattern else "Row"


def _names(listed: Listed) -> tuple[str, ...]:
    return tuple(str(label) for label in listed.label[:_NAMED])


def _by_row(found: Influence, listed: Listed, drawn: Positions, notes: tuple[str, ...]) -> Chart:
    place = found.units.row.astype(np.float64) + 1.0
    at, cook, named = place[drawn], found.cook[drawn], listed.unit[:_NAMED]
    series = (
        Series("", "spikes", at, cook, np.zeros(drawn.size), cook),
        Series("", "points", place[named], found.cook[named], labels=_names(listed)),
    )
    return Chart(
        "index_plot",
        "Cook's distance of each row, in the order of the data",
        series,
        Axis(f"{_thing(found)} number among those used"),
        Axis("Cook's distance"),
        notes,
        f"Cook's distance by row; the largest is {found.cook[named[0]]:.3g}, of row {listed.label[0]}.",
    )


def _against_leverage(found: Influence, listed: Listed, drawn: Positions, notes: tuple[str, ...]) -> Chart:
    residual, leverage = found.residuals("standardized_pearson"), found.leverage
    name_of = dict(zip(listed.unit[:_NAMED].tolist(), _names(listed), strict=True))
    series = tuple(
        Series(
            name,
            "points",
            leverage[some],
            residual[some],
            size=found.cook[some],
            labels=tuple(name_of.get(unit, "") for unit in some.tolist()),
        )
        for name, some in _by_outcome(found.units.y[drawn], drawn)
    )
    return Chart(
        "leverage_residual",
        "Leverage and standardized Pearson residual; the area of a point is Cook's distance",
        series,
        Axis("Leverage"),
        Axis("Standardized Pearson residual"),
        notes,
        "Standardized Pearson residuals against leverage, larger points having more influence; the largest is row "
        f"{listed.label[0]}.",
    )


def _by_outcome(outcome: Floats, drawn: Positions) -> Sequence[tuple[str, Positions]]:
    """Split single trials by outcome; rows of counts stay together."""
    if not ((outcome == 0) | (outcome == 1)).all():
        return (("", drawn),)
    sides = (("Event", drawn[outcome == 1]), ("Non-event", drawn[outcome == 0]))
    return tuple((name, some) for name, some in sides if some.size)


def _against_probability(
    found: Influence, key: str, title: str, probability: Floats, drawn: Positions, notes: tuple[str, ...]
) -> Chart:
    values = found.delta_chi2 if key == "delta_chi2" else found.delta_deviance
    series = tuple(
        Series(name, "points", probability[some], values[some])
        for name, some in _by_outcome(found.units.y[drawn], drawn)
    )
    worst = int(np.nanargmax(values))
    return Chart(
        key,
        f"{title} against the fitted probability",
        (Series("4", "reference", np.array([np.nan]), np.array([4.0])), *series),
        Axis("Fitted probability", limits=(-0.02, 1.02)),
        Axis(title),
        (*notes, "4 is about the upper 5 % point of a chi-square on one degree of freedom."),
        f"{title} by fitted probability; the largest, {values[worst]:.3g}, is at probability {probability[worst]:.2g}.",
    )


def _half_normal(found: Influence, simulations: int, seed: int) -> Chart:
    size = np.abs(found.residuals("likelihood"))
    order = np.argsort(size, kind="stable")
    copies = np.ones(size.size) if found.units.copies is None else found.units.copies[order]
    total, rank = float(copies.sum()), np.cumsum(copies) - (copies - 1.0) / 2.0
    quantile, ordered = ndtri((rank + total - 0.125) / (2.0 * total + 0.5)), size[order]
    at = outline(quantile, ordered) if size.size > 1 else np.arange(size.size)
    series, notes = [], ["Of single trials the points follow no straight line even where the model is right."]
    if simulations:
        made = envelope(found, at, times=simulations, seed=seed)
        name = f"95% of {made.used} simulations"
        series = [
            Series(name, "band", quantile[at], made.middle, made.low, made.high),
            Series("Their median", "line", quantile[at], made.middle),
        ]
    else:
        notes.append("diagnostics(envelope=99) draws between which bounds they lie then.")
    series.append(Series("Observed", "points", quantile[at], ordered[at]))
    return Chart(
        "half_normal",
        "Half-normal plot of the likelihood residuals",
        tuple(series),
        Axis("Half-normal quantile"),
        Axis("Absolute likelihood residual"),
        tuple(notes),
        f"Ordered absolute likelihood residuals against half-normal quantiles; the largest is {ordered[-1]:.3g}.",
    )


def _binned(fit: Fit) -> Chart:
    bins = quantile_groups(fit.ranking, max(2, min(_MOST_BINS, math.isqrt(fit.nobs))))
    mean = bins.expected / bins.n
    gap, half = (bins.events - bins.expected) / bins.n, 2.0 * np.sqrt(mean * (1.0 - mean) / bins.n)
    outside = int((np.abs(gap) > half).sum())
    return Chart(
        "binned_residuals",
        "Binned residuals: observed rate less mean fitted probability",
        (
            Series("0", "reference", np.array([np.nan]), np.array([0.0])),
            Series("± 2 standard errors", "band", mean, np.zeros(mean.size), -half, half),
            Series("Bins", "points", mean, gap, size=bins.n),
        ),
        Axis("Mean fitted probability of the bin"),
        Axis("Observed rate less fitted"),
        ("About 95 % of the bins lie inside the band where the model is right.",),
        f"Mean residuals of {mean.size} bins of the fitted probability; {outside} lie outside two standard errors.",
    )
