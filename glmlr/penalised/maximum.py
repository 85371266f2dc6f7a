"""Where is a penalised likelihood largest?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows
from glmlr.links import Link
from glmlr.newton import MAX_ITERATIONS
from glmlr.penalised.calibrated import calibrated_on_average
from glmlr.penalised.firth import without_first_order_bias
from glmlr.penalised.penalties import Penalty, Ridge
from glmlr.penalised.ridge import shrunken
from glmlr.solver import Solution, solve

Floats = npt.NDArray[np.float64]


def penalised_solution(
    rows: Rows,
    link: Link,
    penalty: Penalty,
    max_iterations: int,
    *,
    intercept: int | None = None,
    start: Floats | None = None,
) -> Solution:
    """Maximise a penalised likelihood over rows.

    Args:
        rows: blocks with k columns.
        link: the link.
        penalty: what is taken off.
        max_iterations: largest number of steps.
        intercept: position of the intercept's column, which ridge leaves free and FLIC chooses anew, or None.
        start: estimates nearby, shape (k,), from which ridge begins, or None.

    """
    if isinstance(penalty, Ridge):
        return shrunken(rows, link, penalty, intercept=intercept, start=start, max_iterations=max_iterations)
    if penalty.name != "firth":
        return calibrated_on_average(rows, link, penalty.name, intercept, max_iterations=max_iterations)
    return without_first_order_bias(rows, link, max_iterations=max_iterations)


def fitted_again(
    rows: Rows, link: Link, penalty: Penalty | None, *, intercept: int | None = None, start: Floats | None = None
) -> Solution:
    """Fit other rows of the same columns as a fit was: by maximum likelihood, or under its penalty.

    Args:
        rows: blocks with k columns.
        link: the link.
        penalty: of the fit, or None.
        intercept: position of the intercept's column, or None.
        start: estimates nearby, shape (k,), or None.

    """
    if penalty is None:
        return solve(rows, link, start=start)
    return penalised_solution(rows, link, penalty, MAX_ITERATIONS, intercept=intercept, start=start)
