"""Which solver is how near the maximum after how much work? The same model fitted by several, beside Newton's steps."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.errors import ArgumentError, ConvergenceWarning, OptionError, explained_arguments
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.fit import Fit, fit

DEFAULT: Final = ("newton", "lbfgs", "gradient", "adam")
_LABELS: Final = {
    "solver": "Solver",
    "iterations": "Iterations",
    "passes": "Passes over the rows",
    "loss": "Mean loss",
    "below_maximum": "Log-likelihood below the maximum",
    "distance": "Distance to the maximum",
    "largest_difference": "Largest difference of a coefficient",
    "converged": "Converged",
    "seconds": "Seconds",
}


@dataclass(frozen=True, eq=False, repr=False)
class SolverComparison(Tabled):
    """One model by several solvers.

    Attributes:
        table: how far each came, with the charts "iterations" and "passes".
        fits: the fits by solver.
        optimum: the fit by Newton's steps that they are compared with.
        traces: the traces of all, one below the other, with the column `solver` first and `gap`, loss minus that of the
            optimum, last.

    """

    table: Table
    fits: Mapping[str, Fit]
    optimum: Fit
    traces: pd.DataFrame


@explained_arguments
def compare_solvers(
    formula: str,
    data: Any,
    *,
    solvers: Sequence[str] | Mapping[str, Mapping[str, Any]] = DEFAULT,
    options: Mapping[str, Any] | None = None,
    seconds: bool = False,
) -> SolverComparison:
    """Fit a model by several solvers, and say how near the maximum of the likelihood each came, after how much work.

    Args:
        formula: as for `glmlr.fit`.
        data: as for `glmlr.fit`.
        solvers: names of solvers; or a dict from a name of your own to the options of `glmlr.fit` that belong to it,
            {"Adam, batches of 32": {"solver": "adam", "batch_size": 32}}.
        options: options of `glmlr.fit` for all of them.
        seconds: whether the table says how long each took; it is then another table each time.

    Returns:
        The `SolverComparison`.

    Raises:
        OptionError: no solver, or one that does not exist.
        ArgumentError: what is no list of solvers.

    """
    wanted = _wanted(solvers)
    shared = dict(options or {})
    if "solver" in shared:
        raise OptionError("options= are for all solvers, and solver= is what is compared; name it in solvers=.")
    optimum = fit(formula, data, **{**shared, "solver": "newton"})
    fits: dict[str, Fit] = {}
    taken: list[float] = []
    for name, own in wanted.items():
        began = time.perf_counter()
        with warnings.catch_warnings():
            # The table says how far from the maximum each is.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fits[name] = fit(formula, data, **{**shared, **own})
        taken.append(time.perf_counter() - began)
    traces = pd.concat([_gaps(name, one, optimum) for name, one in fits.items()], ignore_index=True)
    return SolverComparison(_table(fits, optimum, traces, taken if seconds else None), fits, optimum, traces)


def _wanted(solvers: Any) -> dict[str, dict[str, Any]]:
    if isinstance(solvers, str):
        raise ArgumentError(f"solvers={solvers!r} is one text; give a list, [{solvers!r}].")
    if isinstance(solvers, Mapping):
        found = {str(name): dict(own) for name, own in solvers.items()}
        for name, own in found.items():
            if "solver" not in own:
                raise OptionError(
                    f'solvers= says nothing of the solver of {name!r}; add "solver": "adam", for example.'
                )
    else:
        found = {str(name): {"solver": name} for name in solvers}
    if not found:
        raise OptionError(f"solvers= is empty; give some, such as {list(DEFAULT)}.")
    return found


def _gaps(name: str, one: Fit, optimum: Fit) -> pd.DataFrame:
    """Give the trace of a fit with its solver and how far its loss is above that of the optimum."""
    trace = one.trace
    best = _lowest(optimum)
    trace.insert(0, "solver", name)
    return trace.assign(gap=trace["loss"] - best)


def _lowest(optimum: Fit) -> float:
    objective = optimum.solution.objective
    return -(optimum.loglik if objective is None else objective) / optimum.design.totals.weight


def _table(fits: Mapping[str, Fit], optimum: Fit, traces: pd.DataFrame, seconds: list[float] | None) -> Table:
    frame = pd.DataFrame([_row(name, one, optimum, traces) for name, one in fits.items()])
    if seconds is not None:
        frame["seconds"] = seconds
    roles = {
        "solver": "text",
        "iterations": "integer",
        "passes": "measure",
        **dict.fromkeys(("loss", "below_maximum", "distance", "largest_difference"), "estimate"),
        "converged": "flag",
        **({} if seconds is None else {"seconds": "statistic"}),
    }
    return Table(
        key="compare_solvers",
        title="How near the maximum each solver came",
        frame=frame,
        roles=roles,
        labels=_LABELS,
        notes=(*_notes(fits, optimum),),
        charts=tuple(
            one
            for one in (
                _chart(traces, "iteration", "Iteration or epoch (1 is the start)"),
                _chart(traces, "passes", ""),
            )
            if one is not None
        ),
    )


def _row(name: str, one: Fit, optimum: Fit, traces: pd.DataFrame) -> dict[str, Any]:
    own = traces[traces["solver"] == name]
    difference = np.abs(((one.params - optimum.params) / optimum.bse).to_numpy())
    there = difference[np.isfinite(difference)]
    distance = own["distance"].dropna()
    reached = one.loglik if one.solution.objective is None else one.solution.objective
    best = optimum.loglik if optimum.solution.objective is None else optimum.solution.objective
    return {
        "solver": name,
        "iterations": one.solution.iterations,
        "passes": float(own["passes"].iloc[-1]) if len(own) else float("nan"),
        "loss": -reached / one.design.totals.weight,
        "below_maximum": best - reached,
        "distance": float(distance.iloc[-1]) if len(distance) else float("nan"),
        "largest_difference": float(there.max()) if there.size else float("nan"),
        "converged": one.converged,
    }


def _notes(fits: Mapping[str, Fit], optimum: Fit) -> list[str]:
    notes = [
        "Distance: the Newton decrement; difference: from the estimates of Newton's steps; both in standard errors, of "
        "which a hundredth moves no conclusion.",
        "An iteration is a step that takes all rows, or an epoch, one pass over them in batches. A pass of Newton's "
        "finds the information too, more work for each row than a gradient; the loss after an epoch is found in a pass "
        "of its own, which is not counted.",
    ]
    said = {name: one.solution.training for name, one in fits.items() if one.solution.training}
    notes += [f"{name}: {words}" for name, words in said.items()]
    if optimum.separation is not None:
        notes.append(
            "Some estimates are infinite, so that there is no maximum to arrive at: iterations and distances are of "
            "the steps until this was found; the finite estimates, whose differences these are, were then found by "
            "Newton's steps on the rows that are left."
        )
    return notes


def _chart(traces: pd.DataFrame, over: str, label: str) -> Chart | None:
    """Draw how far the loss is above that of the optimum, both axes logarithmic."""
    series = []
    for name, own in traces.groupby("solver", sort=False):
        x = own[over].to_numpy(dtype=np.float64) + (1.0 if over == "iteration" else 0.0)
        gap = own["gap"].to_numpy(dtype=np.float64)
        # What is left at the end is rounding, which may be on either side.
        there = np.flatnonzero((gap > 0) & (x > 0))
        if there.size:
            series.append(Series(str(name), "line", x[there], gap[there]))
    if not series:
        return None
    words = "iterations" if over == "iteration" else "passes over the rows"
    return Chart(
        key="iterations" if over == "iteration" else "passes",
        title=f"Loss above the optimum by {words}",
        series=tuple(series),
        x=Axis(label or "Passes over the rows", scale="log"),
        y=Axis("Mean loss minus that of the optimum", scale="log"),
        alt=f"How fast the loss of {len(series)} solvers comes down to that of the optimum, by {words}.",
    )
