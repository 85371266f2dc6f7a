"""Is the loss a bowl with one lowest point? Its contours over two coefficients, and where it is not convex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design import gathered
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, suggestion
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.fit import Fit, fit
from glmlr.training.contours import contour
from glmlr.training.losses import loss_named
from glmlr.training.surface import Surface, surface_of

Floats = npt.NDArray[np.float64]

_LINES: Final = 9
#: An eigenvalue that is negative by less than this part of the largest one is 0 but for rounding.
_ROUNDING: Final = 1e-12
_MEANINGS: Final = {
    "smallest_loss": "Smallest loss on the grid",
    "first": "where: {first}",
    "second": "where: {second}",
    "smallest_eigenvalue": "Smallest eigenvalue of the Hessian",
    "eigenvalue_first": "where: {first}",
    "eigenvalue_second": "where: {second}",
    "not_convex": "Share of the grid where it is negative",
}


@dataclass(frozen=True, eq=False, repr=False)
class LossSurface(Tabled):
    """A loss over two coefficients.

    Attributes:
        table: the lowest point on the grid, and the smallest eigenvalue of the Hessian; its chart has the contours.
        frame: a row a point: the two coefficients, the mean loss, and the smaller eigenvalue of the Hessian there.
        convex: whether no eigenvalue on the grid is negative, beyond rounding.

    """

    table: Table
    frame: pd.DataFrame
    convex: bool


@explained_arguments
def loss_surface(
    model: Fit | str,
    data: Any = None,
    *,
    over: Sequence[str],
    loss: str = "cross-entropy",
    reach: float = 10.0,
    points: int = 61,
    **options: Any,
) -> LossSurface:
    """Show a loss as a surface over two coefficients, the others held at their estimates.

    Binary cross-entropy, the negative log-likelihood, is convex for the logit: its Hessian has no negative eigenvalue
    anywhere, so that any way downhill leads to the one lowest point. Squared error of the probabilities is not.

    Args:
        model: a fit, or a formula, which is then fitted to the data.
        data: as for `glmlr.fit`, with a formula.
        over: names of two coefficients.
        loss: "cross-entropy" or "squared".
        reach: how far the grid goes from the estimates, in standard errors.
        points: values of each coefficient on the grid, an odd number has the estimate among them. All rows are seen
            at each of points^2 places: of millions of rows a smaller number is soon there.
        **options: of `glmlr.fit`, with a formula.

    Raises:
        OptionError: a coefficient that does not exist or has no finite estimate, a grid of fewer than 3 points.
        NotApplicable: squared error with another link than the logit.

    References: McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 4.4 (concave log-likelihood);
    Auer, Herbster & Warmuth (1996), NIPS 8, 316-322 (squared error of a sigmoid has many local minima).

    """
    fitted = _fitted(model, data, options)
    pair = _pair(fitted, over)
    if isinstance(points, bool) or not isinstance(points, (int, np.integer)) or points < 3:
        raise OptionError(f"points={points!r} is not a whole number of at least 3.")
    if isinstance(reach, bool) or not isinstance(reach, (int, float, np.number)) or not 0 < reach < np.inf:
        raise OptionError(f"reach={reach!r} is not a number of standard errors above 0.")
    chosen = loss_named(loss, fitted.link)
    beta, errors = fitted.params.to_numpy(), fitted.bse.to_numpy()
    steps = np.linspace(-float(reach), float(reach), int(points))
    first, second = (beta[at] + steps * errors[at] for at in pair)
    units = (float(errors[pair[0]]), float(errors[pair[1]]))
    found = surface_of(gathered(fitted.design), chosen, np.array(fitted.working), pair, (first, second), units)
    names = (fitted.names[pair[0]], fitted.names[pair[1]])
    convex = bool((found.smallest >= -_ROUNDING * np.abs(found.largest).max()).all())
    return LossSurface(_table(found, names, loss, convex, fitted, pair), _frame(found, names), convex)


def _fitted(model: Any, data: Any, options: dict[str, Any]) -> Fit:
    if isinstance(model, Fit):
        if data is not None or options:
            raise ArgumentError(
                "loss_surface() of a fit takes no data and no options of fit(); they are the fit's own."
            )
        found = model
    elif isinstance(model, str):
        if data is None:
            raise ArgumentError("loss_surface() takes a fit, or a formula with data.")
        found = fit(model, data, **options)
    else:
        raise ArgumentError(f"loss_surface() takes a fit, or a formula with data, not {type(model).__name__}.")
    if found.separation is not None:
        raise NotApplicable("The loss has no lowest point: the data are separated, and some estimates are infinite.")
    return found


def _pair(fitted: Fit, over: Any) -> tuple[int, int]:
    names = [over] if isinstance(over, str) else list(over)
    if len(names) != 2 or names[0] == names[1]:
        raise OptionError(f"over={over!r} does not name two coefficients; give two of {', '.join(fitted.names[:8])}.")
    for name in names:
        if name not in fitted.names:
            raise OptionError(f"There is no coefficient {name!r}{suggestion(str(name), fitted.names) or '.'}")
        if not np.isfinite(fitted.bse[name]):
            raise OptionError(f"{name!r} has no finite estimate; choose another coefficient.")
    return fitted.names.index(names[0]), fitted.names.index(names[1])


def _frame(found: Surface, names: tuple[str, str]) -> pd.DataFrame:
    one, two = np.meshgrid(found.first, found.second)
    return pd.DataFrame(
        {
            names[0]: one.ravel(),
            names[1]: two.ravel(),
            "loss": found.loss.ravel(),
            "smallest_eigenvalue": found.smallest.ravel(),
        }
    )


def _table(
    found: Surface, names: tuple[str, str], loss: str, convex: bool, fitted: Fit, pair: tuple[int, int]
) -> Table:
    low, bent = (np.unravel_index(int(np.argmin(values)), values.shape) for values in (found.loss, found.smallest))
    negative = found.smallest < -_ROUNDING * np.abs(found.largest).max()
    values = {
        "smallest_loss": found.loss[low],
        "first": found.first[low[1]],
        "second": found.second[low[0]],
        "smallest_eigenvalue": found.smallest[bent],
        "eigenvalue_first": found.first[bent[1]],
        "eigenvalue_second": found.second[bent[0]],
        "not_convex": float(negative.mean()),
    }
    words = {key: text.format(first=names[0], second=names[1]) for key, text in _MEANINGS.items()}
    frame = pd.DataFrame({"measure": list(values), "value": [float(one) for one in values.values()]})
    said = "Cross-entropy" if loss == "cross-entropy" else "Squared error"
    verdict = (
        f"{said} is convex wherever the grid was looked at: no eigenvalue of the Hessian is negative."
        if convex
        else f"{said} is not convex: on {100 * negative.mean():.3g}% of the grid the Hessian has a negative "
        "eigenvalue, so that descent may stop where the loss is not lowest."
    )
    return Table(
        key="loss_surface",
        title=f"{said} over {names[0]} and {names[1]}",
        frame=frame,
        roles={"measure": "text", "value": "measure"},
        labels=words,
        notes=(
            verdict,
            "Mean loss; the other coefficients are held at their estimates. The Hessian is by the two coefficients, "
            "each in units of its standard error.",
        ),
        charts=(_chart(found, names, said, convex, fitted, pair),),
        row_roles=("estimate", "estimate", "estimate", "estimate", "estimate", "estimate", "percent"),
    )


def _chart(
    found: Surface, names: tuple[str, str], said: str, convex: bool, fitted: Fit, pair: tuple[int, int]
) -> Chart:
    series = []
    if not convex:
        x, y = contour(found.first, found.second, found.smallest, 0.0)
        if x.size:
            series.append(Series("Edge of the part that is convex", "line", x, y))
    for level in _levels(found.loss):
        x, y = contour(found.first, found.second, found.loss, float(level))
        if x.size:
            series.append(Series("", "reference", x, y))
    at = fitted.params.to_numpy()[list(pair)]
    series.append(Series("Estimates", "points", at[:1], at[1:]))
    return Chart(
        key="contours",
        title=f"{said} over two coefficients",
        series=tuple(series),
        x=Axis(names[0], limits=(float(found.first[0]), float(found.first[-1]))),
        y=Axis(names[1], limits=(float(found.second[0]), float(found.second[-1]))),
        notes=("Lines of equal loss, closer together where it is steeper.",),
        alt=f"Contours of the mean loss over {names[0]} and {names[1]}, around its lowest point.",
    )


def _levels(loss: Floats) -> Floats:
    """Choose levels as quantiles of the loss on the grid, so that lines are spread over it."""
    low, high = float(loss.min()), float(loss.max())
    # Equal steps of the root of what is above the lowest point: a bowl has its lines at equal distances.
    return np.asarray(low + (high - low) * np.linspace(0.0, 1.0, _LINES + 2)[1:-1] ** 2)


setattr(Fit, "loss_surface", loss_surface)  # noqa: B010 - bound here, so that fit.py imports nothing from above
