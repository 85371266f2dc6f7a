"""How do ridge estimates move from the null model to maximum likelihood? A path of strengths, each from the one before.

Reference: Friedman, Hastie & Tibshirani (2010), J. Stat. Software 33(1) (warm starts along a path).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from scipy.optimize import brentq

from glmlr.newton import MAX_ITERATIONS, sums_at
from glmlr.penalised.ridge import Shrinking
from glmlr.solver import Solution

Floats = npt.NDArray[np.float64]

#: The strongest penalty leaves this share of the slopes' degrees of freedom, the weakest this share.
_STRONGEST: Final = 0.01
_WEAKEST: Final = 0.99
#: Directions with less information than this share of the largest are noise of rounding, or of no row.
_NOTHING: Final = 1e-10
#: The weakest penalty is not less than this share of the largest information.
_LEAST: Final = 1e-6


def default_strengths(made: Shrinking, number: int = 50) -> Floats:
    """Give strengths from strong to weak, equally spaced by their logarithms, shape (number,).

    With the information at the null model, the strongest leaves one hundredth of the slopes' effective degrees of
    freedom and the weakest takes one hundredth of them.
    """
    size = _information_by_direction(made)
    size = size[size > _NOTHING * size.max(initial=0.0)]
    if not size.size:
        return np.geomspace(1.0, 1e-4, number)

    def beyond(log_strength: float, share: float) -> float:
        return float((size / (size + np.exp(log_strength))).sum() - share * size.size)

    low, high = np.log(size.min()) - 12.0, np.log(size.max()) + 12.0
    strongest, weakest = (float(np.exp(brentq(beyond, low, high, args=(share,)))) for share in (_STRONGEST, _WEAKEST))
    return np.geomspace(strongest, max(weakest, _LEAST * float(size.max())), number)


def _information_by_direction(made: Shrinking) -> Floats:
    """Give the eigenvalues e of the information against the penalty of strength 1, so that df = sum of e / (e + s)."""
    information = sums_at(made.rows, made.start(), made.link).information
    penalty = made.matrix(1.0)
    scale = 1.0 / np.sqrt(np.diag(information + penalty))
    both = np.outer(scale, scale)
    share = eigh(penalty * both, (information + penalty) * both, eigvals_only=True)
    # A share of 0 is the intercept, which is not penalised; of 1 a direction of which the rows say nothing.
    share = share[share > _NOTHING]
    return np.asarray(np.maximum(1.0 - share, 0.0) / share)


def along(made: Shrinking, strengths: Floats, max_iterations: int = MAX_ITERATIONS) -> Iterator[Solution]:
    """Give the estimates at each strength, in the order given; each starts from those before."""
    start: Floats | None = None
    for strength in strengths:
        found = made.solution(float(strength), start, max_iterations=max_iterations)
        start = found.beta if np.isfinite(found.beta).all() else None
        yield found
