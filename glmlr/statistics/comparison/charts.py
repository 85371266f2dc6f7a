"""How are several models drawn together? ROC curves, calibration curves and coefficients in one chart each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from glmlr.design import DesignInMemory
from glmlr.exhibits import Axis, Chart, Series
from glmlr.fit import Fit
from glmlr.outline import outline
from glmlr.ranking.concordance import Area
from glmlr.ranking.curve import thinned
from glmlr.validation.calibration_charts import axis_end
from glmlr.validation.curves import smoothed

Models = Mapping[str, Fit]

#: Points of a smooth curve that are drawn.
_DRAWN: Final = 200


def roc_together(models: Models, measured: Mapping[str, Area]) -> Chart:
    """Draw the ROC curves of all models."""
    ends = np.array([0.0, 1.0])
    series = [Series("No discrimination", "reference", ends, ends)]
    areas = []
    for name, fit in models.items():
        curve = thinned(fit.ranking)
        auc = measured[name].auc
        drawn = outline(curve.false_positive_rate, curve.sensitivity)
        areas.append(f"{name} {auc:.3f}")
        series.append(
            Series(f"{name}, AUC {auc:.3f}", "line", curve.false_positive_rate[drawn], curve.sensitivity[drawn])
        )
    return Chart(
        key="roc",
        title="ROC curves of the models",
        series=tuple(series),
        x=Axis("1 − specificity (non-events called positive)", limits=(0.0, 1.0)),
        y=Axis("Sensitivity (share of events called positive)", limits=(0.0, 1.0)),
        alt=f"ROC curves of the models; the areas under them are {', '.join(areas)}.",
    )


def calibration_together(models: Models) -> Chart | None:
    """Draw the smooth calibration curves of all models whose probabilities are not all one."""
    lines = []
    gaps = []
    for name, fit in models.items():
        smooth = smoothed(fit.ranking, "lowess", 0.0) if fit.ranking.score.size > 2 else None
        if smooth is None or smooth.p.size < 2:
            continue
        kept = outline(smooth.p, smooth.rate, _DRAWN)
        lines.append(Series(name, "line", smooth.p[kept], smooth.rate[kept]))
        gaps.append(f"{name} {smooth.gaps['ici']:.3f}")
    if not lines:
        return None
    end = axis_end(min(max(float(max(one.x.max(), one.y.max())) for one in lines), 1.0))
    event = next(iter(models.values())).event
    return Chart(
        key="calibration",
        title="Calibration of the models",
        series=(Series("Perfect calibration", "reference", np.array([0.0, end]), np.array([0.0, end])), *lines),
        x=Axis("Predicted probability", limits=(0.0, end)),
        y=Axis(f"Observed rate of {event}", limits=(0.0, end)),
        notes=("Smooth curves by lowess (span 2/3) on the rows of the fits.",),
        alt=f"Smooth calibration curves; mean distance from the diagonal: {', '.join(gaps)}.",
    )


def coefficients_together(models: Models, level: float) -> Chart | None:
    """Draw the coefficients of all models with intervals; the intercept and infinite estimates are left out.

    Coefficients of numbers are drawn per standard deviation, so that those of small units can be seen at all.
    """
    if len({fit.link.name for fit in models.values()}) > 1:
        return None
    units: dict[str, float] = {}
    for fit in models.values():
        units = _units(fit) | units
    kept = {
        name: np.flatnonzero(np.isfinite(fit.bse.to_numpy()) & (np.array(fit.names) != "Intercept"))
        for name, fit in models.items()
    }
    terms = list(dict.fromkeys(fit.names[at] for name, fit in models.items() for at in kept[name].tolist()))
    if not terms:
        return None
    position = {term: float(at) for at, term in enumerate(terms)}
    series = [Series("No effect", "reference", np.zeros(2), np.array([-0.5, len(terms) - 0.5]))]
    for name, fit in models.items():
        shown = [fit.names[one] for one in kept[name].tolist()]
        unit = np.array([units.get(term, 1.0) for term in shown])
        low, high = (bound[kept[name]] * unit for bound in fit.interval(level))
        y = np.array([position[term] for term in shown])
        series.append(Series(name, "intervals", fit.params.to_numpy()[kept[name]] * unit, y, low, high))
    link = next(iter(models.values())).link.name
    return Chart(
        key="forest",
        title=f"Coefficients with {100 * level:g}% intervals",
        series=tuple(series),
        x=Axis(f"Coefficient ({link} scale), with {100 * level:g}% interval"),
        y=Axis("", categories=tuple(f"{term}, per SD" if units.get(term, 1.0) != 1 else term for term in terms)),
        notes=("Columns with other values than 0 and 1 are drawn per standard deviation.",)
        if any(unit != 1 for unit in units.values())
        else (),
        alt=f"Coefficients of {len(models)} models with {100 * level:g}% intervals; the line marks no effect.",
    )


def _units(fit: Fit) -> dict[str, float]:
    """Give the standard deviation (by frequency) of each column that is not of 0 and 1; none of rows not held."""
    if not isinstance(fit.design, DesignInMemory):
        return {}
    x, weight = fit.design.matrix(), fit.design.weight
    numbers = np.flatnonzero(~((x == 0) | (x == 1)).all(axis=0))
    if not numbers.size:
        return {}
    x = x[:, numbers]
    spread = np.sqrt(np.average(np.square(x - np.average(x, axis=0, weights=weight)), axis=0, weights=weight))
    return {fit.names[at]: float(sd) for at, sd in zip(numbers.tolist(), spread, strict=True) if sd > 0}
