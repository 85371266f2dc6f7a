"""How were the estimates of a fit reached? Its iterations or epochs as a table, and drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from glmlr.errors import ArgumentError, NotApplicable, explained_arguments
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit

#: Rows of the table at most; of more iterations some are shown, closer together at the start.
_SHOWN: Final = 20
_LABELS: Final = {
    "iteration": "Iteration",
    "passes": "Passes over the rows",
    "loss": "Mean loss",
    "validation_loss": "Loss held out",
    "gradient_norm": "Gradient",
    "distance": "Distance",
    "learning_rate": "Learning rate",
    "step": "Largest step",
}


@explained_arguments
def convergence(fit: Fit) -> Table:
    """Say how the estimates were reached: loss, gradient and distance to the maximum, by iteration or epoch.

    The whole trace, with the coefficients, is `fit.trace`; of many iterations the table shows some.

    Raises:
        ArgumentError: something that is no fit.
        NotApplicable: a solver that keeps no trace.

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(
            f"convergence() takes a fitted model, not {type(fit).__name__}; fit one with glmlr.fit(formula, data)."
        )
    trace = fit.trace
    if trace.empty:
        raise NotApplicable(f"{fit.solution.engine} kept no trace of how it came to the estimates.")
    unit = "epoch" if "epoch" in fit.solution.training else "iteration"
    frame = trace.iloc[_shown(len(trace))][list(_LABELS)].reset_index(drop=True)
    absent = [name for name in ("validation_loss", "learning_rate") if frame[name].isna().all()]
    roles = {"iteration": "integer", "passes": "measure", **dict.fromkeys(("loss", "validation_loss"), "estimate")}
    roles |= dict.fromkeys(("gradient_norm", "distance", "learning_rate", "step"), "estimate")
    return Table(
        key="convergence",
        title="How the estimates were reached",
        frame=frame.drop(columns=absent),
        roles={name: role for name, role in roles.items() if name not in absent},
        labels={**_LABELS, "iteration": unit.capitalize()},
        notes=(*_notes(fit, len(trace), unit),),
        charts=tuple(one for one in (_loss_chart(trace, unit), _gradient_chart(trace, unit)) if one is not None),
    )


def _shown(rows: int) -> list[int]:
    if rows <= _SHOWN:
        return list(range(rows))
    spread = np.expm1(np.linspace(0.0, np.log(rows), _SHOWN))
    return sorted({min(round(one), rows - 1) for one in spread} | {rows - 1})


def _notes(fit: Fit, rows: int, unit: str) -> list[str]:
    solution = fit.solution
    notes = [
        solution.training or "Newton's steps on the log-likelihood; where rows are many a sample says where to start."
    ]
    notes.append(
        "Mean loss: -log-likelihood over the weight of the rows. Gradient: the largest component of the score, each "
        "divided by its standard deviation. Distance: the Newton decrement, how far from the maximum in standard "
        "errors. Largest step: of a coefficient, in standard errors."
    )
    if not solution.converged:
        notes.append(f"The fit did not converge: {solution.reason}.")
    if rows > _SHOWN:
        notes.append(f"Some of the {rows - 1:,} {unit}s; all are in fit.trace.")
    return notes


def _loss_chart(trace: pd.DataFrame, unit: str) -> Chart | None:
    """Draw the loss, and that of the rows held out beside it."""
    if len(trace) < 2:
        return None
    x = trace["iteration"].to_numpy(dtype=np.float64)
    loss, held_out = (trace[name].to_numpy(dtype=np.float64) for name in ("loss", "validation_loss"))
    watched = bool(np.isfinite(held_out).any())
    series = [Series("Rows trained on" if watched else "", "line", x, loss)]
    end = f"from {loss[0]:.4g} to {loss[-1]:.4g}"
    if watched:
        best = int(np.nanargmin(held_out))
        series.append(Series("Rows held out", "line", x, held_out))
        series.append(Series(f"Lowest, {unit} {int(x[best])}", "points", x[best : best + 1], held_out[best : best + 1]))
        end += f"; that of the rows held out is lowest at {unit} {int(x[best])}"
    return Chart(
        key="loss",
        title=f"Mean loss by {unit}",
        series=tuple(series),
        x=Axis(unit.capitalize()),
        y=Axis("Mean loss"),
        alt=f"The mean loss falls {end}.",
    )


def _gradient_chart(trace: pd.DataFrame, unit: str) -> Chart | None:
    """Draw how the gradient vanishes, on a logarithmic axis."""
    size = trace["gradient_norm"].to_numpy(dtype=np.float64)
    there = np.flatnonzero(np.isfinite(size) & (size > 0))
    if there.size < 2:
        return None
    x = trace["iteration"].to_numpy(dtype=np.float64)[there]
    return Chart(
        key="gradient",
        title=f"Gradient by {unit}",
        series=(Series("", "line", x, size[there]),),
        x=Axis(unit.capitalize()),
        y=Axis("Largest component of the score, in standard deviations", scale="log"),
        alt=f"The gradient goes from {size[there[0]]:.2g} to {size[there[-1]]:.2g}.",
    )


setattr(Fit, "convergence", convergence)  # noqa: B010 - bound here, so that fit.py imports nothing from above
