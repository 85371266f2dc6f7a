"""Which estimates have no bias of first order? Firth's adjusted scores, for every link.

References: Firth (1993), Biometrika 80, 27-38; Heinze & Schemper (2002), Statist. Med. 21, 2409-2419; Kosmidis & Firth
(2009), Biometrika 96, 793-804; Kosmidis & Firth (2021), Biometrika 108, 71-82 (finiteness).
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows
from glmlr.errors import FitError
from glmlr.links import Link
from glmlr.newton import TOLERANCE, Progress, Sums
from glmlr.penalised.adjusted import vanishing
from glmlr.solver import Ready, Solution, ready
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Matrices up to so wide are never shared among threads by BLAS.
_NARROW: Final = 32


def without_first_order_bias(rows: Rows, link: Link, *, max_iterations: int, start: Floats | None = None) -> Solution:
    """Solve the adjusted score equations: of the logit, maximise the likelihood under Jeffreys' prior.

    Those of the complementary log-log link can have several solutions where a predictor has a very long tail; this is
    the one that steps from the constant model lead to.

    Args:
        rows: blocks of the design with k columns; weights count trials.
        link: the link.
        max_iterations: largest number of steps.
        start: coefficients to start from, shape (k,), or None.

    Returns:
        The `Solution`: `loglik` is the log-likelihood without penalty, `objective` (the logit's) with half the log
        determinant of the information, as logistf reports it; `inverse` is that of the expected information.

    Raises:
        FitError: no rows, no column that varies, or offsets so large that nothing is left to estimate from.

    """
    prepared = ready(rows)
    with one_blas_thread() if prepared.units.keep.size > _NARROW else nullcontext():
        return _solved(prepared, link, max_iterations, start)


def _solved(prepared: Ready, link: Link, max_iterations: int, start: Floats | None) -> Solution:
    keep, scaled = prepared.units.keep, prepared.units.scaled
    if start is not None and np.isfinite(start[keep]).all():
        first = prepared.units.inwards(start)
    else:
        first = prepared.start(link)
    way = vanishing(prepared.chosen, link, first, tolerance=TOLERANCE, max_iterations=max_iterations)
    at = way.at
    if at is None:
        raise FitError(f"Firth's estimates were not found: {way.reason}.")
    sums = Sums(at.loglik, at.score, at.information)
    found = prepared.solution(Progress(at.beta, sums, True, at.factor, way.passes, way.reason, way.converged))
    # The determinant of the information of the columns as they are.
    units = 0.0 if scaled is None else float(np.log(scaled.scale[keep]).sum())
    return replace(found, objective=at.objective + units if link.name == "logit" else None)
