"""What does each term say beyond the others, and which rows say it? Added-variable plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable, one_of
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit
from glmlr.influence.added_variable import FORMS, AddedVariable, Adding, Direction, adding, directions
from glmlr.influence.points import drawn_points
from glmlr.registry import statistic
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: So many plots are drawn; of more columns the others are in the table.
MOST_PLOTS: Final = 12
#: Rows named in a plot.
_NAMED: Final = 3


@statistic(
    section="diagnostics",
    title="Added-variable plots",
    reference="Wang (1985), Technometrics 27, 273-276; Cook & Weisberg (1999), Applied Regression Including Computing "
    "and Graphics, ch. 21; Sall (1990), The American Statistician 44, 308-315",
    definitions={
        "added-variable plot": "What the other columns leave of a column (x) and of the outcome (y), each by least "
        "squares with the working weights; y is the working residual plus the coefficient times x, so that the "
        "weighted line through 0 has the coefficient for its slope. Both are drawn times the root of the working "
        "weight, as a line of ordinary least squares then; a row far out in x can make the coefficient what it is.",
        "form": "'wang' and 'weisberg' are those of R's car::avPlots(type=): y is the Pearson residual of the fit "
        "without the column, x what the others leave of the column with working weights ('wang') or by trials alone "
        "('weisberg'), and the line has an intercept; its slope is not the coefficient. car leaves an offset out of "
        "the fit without the column and squares prior weights for 'wang'; here offsets stay and weights count once.",
        "partial correlation": "Weighted correlation through 0 of x and y in the plot.",
    },
    in_report=False,
)
def added_variable_plots(
    fit: Fit,
    *,
    terms: str | Sequence[str] | None = None,
    by: Literal["column", "term"] = "column",
    form: Literal["working", "wang", "weisberg"] = "working",
) -> Table:
    """Plot what each column says of the outcome beyond the other columns.

    All points are in `fit.added_variable_residuals()`; of many rows those that turn the line most are drawn, and others
    at even steps.

    Args:
        fit: the model, its rows in memory.
        terms: names of terms or of columns; None for all but constants and what is aliased.
        by: "column" looks at each column; "term" takes all columns of a term together, each times its coefficient, so
            that the slope is 1 (Sall's leverage plot).
        form: "working", whose slope is the coefficient, or as R's car has them "wang" or "weisberg".

    Returns:
        A `Table` with one row a column (or term), its line and partial correlation; and a chart for each of the first
        twelve, "added_variable_<name>".

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, nothing but constants, or rows read in parts.
        OptionError: an option that is none.

    """
    one_of("form", form, FORMS)
    one_of("by", by, ("column", "term"))
    with one_blas_thread():
        look = adding(fit)
        chosen = directions(fit, terms, together=by == "term")
        if not chosen:
            raise NotApplicable("The model has no column besides constants, so that there is nothing to add to others.")
        rows, charts = [], []
        for number, direction in enumerate(chosen):
            found = look.residuals(direction, form)
            rows.append(_row(fit, look, found))
            if number < MOST_PLOTS:
                charts.append(_chart(look, found, form))
    roles = {name: role for name, role in _ROLES.items() if form != "working" or name != "intercept"}
    if form != "working":
        roles.pop("std_error")
    return Table(
        key="added_variable_plots",
        title="Added-variable plots",
        frame=pd.DataFrame(rows),
        roles=roles,
        labels=_LABELS,
        notes=tuple(_notes(fit, chosen, by, form)),
        charts=tuple(charts),
        blanks=("std_error",),
    )


_ROLES: Final[Mapping[str, str]] = {
    "term": "text",
    "columns": "integer",
    "estimate": "estimate",
    "intercept": "estimate",
    "std_error": "std_error",
    "correlation": "estimate",
}
_LABELS: Final[Mapping[str, str]] = {
    "columns": "Columns",
    "estimate": "Slope",
    "intercept": "Intercept of the line",
    "correlation": "Partial correlation",
}


def _row(fit: Fit, look: Adding, found: AddedVariable) -> dict[str, str | float]:
    """Describe one plot; the standard error is that of the coefficient, which a term taken together has not."""
    one = found.direction
    error = np.nan if one.is_term else float(fit.bse.iloc[look.model.kept[one.places[0]]])
    return {
        "term": one.name,
        "columns": len(one.places),
        "estimate": found.slope,
        "intercept": found.intercept,
        "std_error": error,
        "correlation": found.correlation,
    }


def _notes(fit: Fit, chosen: Sequence[Direction], by: str, form: str) -> Iterator[str]:
    if form == "working" and by == "term" and fit.penalty is None:
        yield "Slope: 1 where a term has several columns, each of which is taken times its coefficient."
    elif form == "working" and fit.penalty is None:
        yield "Slope: of the weighted line through 0, which is the coefficient; std. error: that of the coefficient."
    elif form == "working":
        yield (
            "Slope: of the weighted line through 0; the penalised coefficient is another. Std. error: that of the "
            "coefficient."
        )
    else:
        yield (
            f"Form {form!r} as R's car::avPlots has it: y is the Pearson residual of the fit without the column; the "
            "slope is not the coefficient."
        )
    if fit.solution.aliased:
        names = [fit.names[alias.column] for alias in fit.solution.aliased]
        yield f"Left out, because earlier columns determine them: {', '.join(names)}."
    if len(chosen) > MOST_PLOTS:
        yield f"The first {MOST_PLOTS} of {len(chosen)} are drawn; terms= draws others."
    if fit.pseudo_likelihood:
        yield "Importance weights enter the weights of the line."


def _chart(look: Adding, found: AddedVariable, form: str) -> Chart:
    """Draw the points of one plot with their line, and name the rows that turn it most."""
    name, units = found.direction.name, look.units
    # Times the root of its weight a row counts as much as it is seen to, in a line of ordinary least squares.
    root = np.sqrt(found.weight) if form == "working" else np.ones(found.x.size)
    x, y = root * found.x, root * found.y
    turn = np.abs(found.weight * found.x * (found.y - found.slope * found.x - found.intercept))
    points = drawn_points(turn, units.y)
    labels = tuple(map(str, look.labels(points.foremost[:_NAMED])))
    name_of = dict(zip(points.foremost[:_NAMED].tolist(), labels, strict=True))
    series = tuple(
        Series(
            side,
            "points",
            x[some],
            y[some],
            labels=tuple(name_of.get(unit, "") for unit in some.tolist()),
        )
        for side, some in points.sides
    )
    ends = np.array([x.min(), x.max()])
    line = Series("Line of the plot", "line", ends, found.intercept + found.slope * ends)
    event = look.fit.event
    across, up = f"{name} beyond the others", f"Pearson residual without {name}"
    if form == "working":
        across, up = f"{across} × √weight", "Working response beyond the others × √weight"
    return Chart(
        f"added_variable_{name}",
        f"What {name} says of {event} beyond the other columns",
        (*series, line),
        Axis(across),
        Axis(up),
        points.notes,
        f"Added-variable plot of {name} with a line of slope {found.slope:.3g}; the rows that turn it most are "
        f"{', '.join(labels)}.",
    )
