"""Does the component of each number have the right shape? Partial residuals about it, with a smooth curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable, OptionError
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit
from glmlr.influence.points import drawn_points
from glmlr.proportions import checked_level, normal_quantile
from glmlr.registry import statistic
from glmlr.shape.partial_residuals import (
    EXACT,
    Component,
    Partial,
    Smoothed,
    left_out,
    partial_of,
    shown_numbers,
    smoothed,
)
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Share of the working weight inside which nearly all points lie; the drawing is of them, others are at its edge.
_SEEN: Final = (0.005, 0.995)
#: Of so many rows or more the limits of a drawing are found from some at even steps.
_LOOKED_AT: Final = 50_000


@statistic(
    section="diagnostics",
    title="Partial residuals",
    reference="Landwehr, Pregibon & Shoemaker (1984), J. Am. Stat. Assoc. 79, 61-71; Fowlkes (1987), Biometrika 74, "
    "503-515; Cook & Croos-Dabrera (1998), J. Am. Stat. Assoc. 93, 730-739",
    definitions={
        "component": "What all columns made of one number alone (a line, its logarithm, a spline's columns) add to the "
        "linear predictor, less the mean over all trials. R: predict(fit, type='terms'), less its mean over rows.",
        "partial residual": "Component plus working residual (y - p) / (dp / d eta); its variance is 1 / weight where "
        "the model is right. R: residuals(fit, type='partial').",
        "smooth": "The component and local lines through the working residuals, by tricube weights times working "
        "weights, the nearest share `span` of the working weight being near; of a component that is a line the same as "
        "local lines through the partial residuals. R's car::crPlots smooths by loess without working weights, "
        "where rows of a probability near 0 or 1 govern the curve.",
        "departure": "Root of the mean of (smooth - component)^2, rows by working weight: by how many units of the "
        "linear predictor the smooth curve leaves the component. Above 0 also where the shape is right, since the "
        "curve follows chance.",
    },
    in_report=False,
)
def partial_residual_plots(
    fit: Fit, *, predictors: str | Sequence[str] | None = None, span: float = 2 / 3, level: float = 0.95
) -> Table:
    """Plot the component of each number with its partial residuals, and the smooth curve they ask for.

    The component is of the number: all its columns together, whether they are a line, powers, a logarithm or a spline.
    A number in a term with others (an interaction) is left out, since its component depends on them. All points are in
    `fit.partial_residuals()`.

    Args:
        fit: the model, its rows in memory.
        predictors: names of numeric columns of the formula; None for all with three values or more that stand in no
            term with others.
        span: share of the working weight that is near, in (0, 1].
        level: confidence level of the band of the component.

    Returns:
        A `Table` with one row a number, and for each a chart, "partial_residual_<name>", with component, its bounds and
        the smooth curve.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, rows read in parts, a number in a term with
            others, or none with three values.
        OptionError: an option that is none.

    """
    confidence = checked_level(level)
    if isinstance(span, bool) or not isinstance(span, (int, float, np.number)) or not 0 < span <= 1:
        raise OptionError(f"span={span!r} is not a share of the rows in (0, 1].")
    with one_blas_thread():
        look = partial_of(fit)
        rows, charts, flat, binned = [], [], [], []
        for name in shown_numbers(fit, predictors):
            component = look.component(name)
            curve = smoothed(component, span=float(span))
            if curve is None:
                flat.append(name)
                continue
            frame = _curve_frame(look, component, curve, normal_quantile(confidence))
            rows.append(_row(component, curve))
            charts.append(_chart(look, component, frame, confidence))
            binned += [f"{name} ({curve.x.size:,})"] if curve.binned else []
    if not rows:
        raise NotApplicable("No number of the formula has three or more values, so that no component has a shape.")
    return Table(
        key="partial_residual_plots",
        title="Partial residuals",
        frame=pd.DataFrame(rows),
        roles=_ROLES,
        labels=_LABELS,
        notes=tuple(_notes(fit, predictors, flat, binned)),
        charts=tuple(charts),
    )


_ROLES: Final[Mapping[str, str]] = {
    "predictor": "text",
    "enters": "text",
    "columns": "integer",
    "swing": "estimate",
    "departure": "estimate",
    "largest": "estimate",
    "at": "measure",
}
_LABELS: Final[Mapping[str, str]] = {
    "predictor": "Predictor",
    "enters": "In the model as",
    "columns": "Columns",
    "swing": "Range of the component",
    "departure": "Departure of the smooth",
    "largest": "Largest departure",
    "at": "At",
}


def _row(component: Component, curve: Smoothed) -> dict[str, str | float]:
    """Describe one component; the ends of the smooth curve, which few rows hold, are no largest departure."""
    below = np.cumsum(curve.weight) / curve.weight.sum()
    inner = (below >= 0.025) & (below - curve.weight / curve.weight.sum() <= 0.975)
    gap = np.where(inner, curve.smooth - curve.component, 0.0)
    size = np.abs(gap)
    # Of two that are equal but for rounding the first is named.
    worst = int(np.argmax(size >= size.max() * (1 - 1e-9)))
    return {
        "predictor": component.name,
        "enters": component.enters,
        "columns": component.columns.size,
        "swing": float(np.ptp(curve.component)),
        "departure": curve.departure,
        "largest": float(gap[worst]),
        "at": float(curve.x[worst]),
    }


def _curve_frame(look: Partial, component: Component, curve: Smoothed, reach: float) -> pd.DataFrame:
    """Give component, bounds and smooth curve at the values that are drawn."""
    x, values = curve.x[curve.at], curve.component[curve.at]
    half = reach * look.std_error(component, curve.example)
    return pd.DataFrame(
        {
            "x": x,
            "component": values,
            "low": values - half,
            "high": values + half,
            "smooth": curve.smooth[curve.at],
            "weight": curve.weight[curve.at],
        }
    )


def _notes(fit: Fit, predictors: object, flat: Sequence[str], binned: Sequence[str]) -> Iterator[str]:
    yield (
        "Departure: of the smooth curve through the partial residuals from the component, in units of the linear "
        "predictor; some of it is chance."
    )
    if predictors is None:
        yield from left_out(fit)
    if flat:
        yield f"With fewer than three values there is no shape to look at: {', '.join(flat)}."
    if binned:
        yield (
            f"More than {EXACT:,} values were put into bins, none wider than 1/2000 of the range, before the curve was "
            f"found: {', '.join(binned)}."
        )
    if fit.pseudo_likelihood:
        yield "Importance weights enter the weights of the smooth curve; bounds are by the robust covariance."
    if fit.design.shifted:
        yield "An offset is no part of a component."


def _chart(look: Partial, component: Component, frame: pd.DataFrame, level: float) -> Chart:
    """Draw the points that the range of the component leaves room for, the component and the smooth curve."""
    name = component.name
    points = drawn_points(component.weight * np.abs(component.residual - component.component), look.units.y)
    x, values, below, above, smooth = (
        frame[key].to_numpy(dtype=np.float64) for key in ("x", "component", "low", "high", "smooth")
    )
    low, high = _limits(component, frame)
    outside = int(((component.residual < low) | (component.residual > high)).sum())
    series = tuple(
        Series(side, "points", component.x[some], component.residual[some], size=component.weight[some])
        for side, some in points.sides
    )
    curves = (
        Series(f"Component, {100 * level:g}% band", "band", x, values, below, above),
        Series("Component", "line", x, values),
        Series("Smooth of the partial residuals", "line", x, smooth),
    )
    notes = [*points.notes, "The area of a point is its working weight; the smooth curve takes rows by it."]
    if outside:
        lie = "residual of little weight lies" if outside == 1 else "residuals of little weight lie"
        notes.append(f"{outside:,} partial {lie} beyond the edges.")
    worst = int(np.argmax(np.abs(smooth - values)))
    return Chart(
        f"partial_residual_{name}",
        f"Component and partial residuals of {name}",
        (*series, *curves),
        Axis(name),
        Axis("Component + working residual", limits=(low, high)),
        tuple(notes),
        f"Partial residuals of {name} about its component, with a smooth curve; the two curves are furthest apart at "
        f"{x[worst]:.4g}.",
    )


def _limits(component: Component, frame: pd.DataFrame) -> tuple[float, float]:
    """Give bounds that hold both curves and nearly all of the working weight of the points."""
    step = max(component.x.size // _LOOKED_AT, 1)
    residual = component.residual[::step]
    order = np.argsort(residual, kind="stable")
    share = np.cumsum(component.total_weight[::step][order])
    low, high = (
        float(residual[order[min(int(np.searchsorted(share, part * share[-1])), share.size - 1)]]) for part in _SEEN
    )
    low = min(low, float(frame["low"].min()), float(frame["smooth"].min()))
    high = max(high, float(frame["high"].max()), float(frame["smooth"].max()))
    room = 0.03 * (high - low)
    return low - room, high + room
