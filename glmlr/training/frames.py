"""How were the estimates reached? The passes of a solution as a frame, one row an iteration or epoch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.solver import Solution


def trace_frame(solution: Solution, names: tuple[str, ...], weight: float, rows: int) -> pd.DataFrame:
    """Give the passes of a solution as a frame.

    Args:
        solution: what was found, by Newton's steps or by training.
        names: of the coefficients, length k.
        weight: total weight of the rows.
        rows: their number.

    Returns:
        A frame with columns
        iteration: steps or epochs taken, 0 at the start;
        passes: passes over the rows until then (those for a start from a sample, and for the loss alone after an epoch
        of batches, not counted); rows_seen: rows in them;
        loss: mean loss, -log-likelihood (with the penalty, where there is one) over the weight of the rows;
        validation_loss: that of the rows held out, NaN where there are none;
        gradient_norm: largest component of the score, each divided by its standard deviation (training: that at the
        end);
        distance: the Newton decrement, the distance to the maximum in standard errors; NaN where it was not found;
        learning_rate: NaN where there is none;
        step: largest change of a coefficient since the row above, in standard errors of the estimates;
        and one column for each coefficient, named "b: " and its name.
        Training on a part of the rows: `loss` is that of this part.

    """
    trace = solution.trace
    steps = np.cumsum([1.0 + one.halvings for one in trace])
    counted = [one.passes if np.isfinite(one.passes) else steps[at] for at, one in enumerate(trace)]
    columns = {
        "iteration": [one.iteration for one in trace],
        "passes": counted,
        "rows_seen": [
            one.rows_seen if np.isfinite(one.rows_seen) else passes * rows
            for one, passes in zip(trace, counted, strict=True)
        ],
        "loss": [one.loss if np.isfinite(one.loss) else -one.loglik / weight for one in trace],
        "validation_loss": [one.validation_loss for one in trace],
        "gradient_norm": [one.gradient_norm for one in trace],
        "distance": [one.decrement for one in trace],
        "learning_rate": [one.learning_rate for one in trace],
    }
    found = pd.DataFrame(columns)
    nothing = np.full(len(names), np.nan)
    beta = np.array([nothing if one.beta is None else one.beta for one in trace]).reshape(len(trace), len(names))
    errors = np.sqrt(np.abs(np.diag(solution.inverse)))
    moved = np.abs(np.diff(beta, axis=0)) / np.where(errors > 0, errors, np.nan)
    found["step"] = np.concatenate([[np.nan][: len(trace)], [_largest(row) for row in moved]])
    coefficients = pd.DataFrame(beta, columns=[f"b: {name}" for name in names])
    return pd.concat([found, coefficients], axis=1)


def _largest(values: npt.NDArray[np.float64]) -> float:
    """Give the largest of the values that are there, NaN where none is."""
    there = values[np.isfinite(values)]
    return float(there.max()) if there.size else float("nan")
