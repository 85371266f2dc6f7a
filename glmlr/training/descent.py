"""How does the gradient of all rows lead downhill? L-BFGS, and gradient descent by fixed steps or by backtracking."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.training.course import Course
from glmlr.training.objective import Value

Floats = npt.NDArray[np.float64]

#: Pairs of steps and gradients that L-BFGS remembers.
_MEMORY: Final = 10
#: Where rounding ends a search along a line, L-BFGS begins anew, without its memory, so many times.
_ANEW: Final = 3
#: Backtracking: what of the slope's promise a step must keep, and by what factors steps grow and shrink.
_PROMISE: Final = 0.25
_GROWTH: Final = 1.5
_SHRINKAGE: Final = 0.5
_MOST_TRIALS: Final = 60
#: Differences of losses below this part of the loss are rounding.
_ROUNDING: Final = 1e-13


def by_lbfgs(course: Course, theta: Floats) -> None:
    """Let scipy's L-BFGS-B lead to the optimum; the course ends it.

    Reference: Liu & Nocedal (1989), Mathematical Programming 45, 503-528.
    """
    from scipy.optimize import minimize

    last: dict[str, Any] = {}

    def value_at(point: Floats) -> tuple[float, Floats]:
        value = course.counted(point)
        last["point"], last["value"] = point.copy(), value
        return value.loss, value.gradient

    def after_step(intermediate_result: Any) -> None:
        point = np.array(intermediate_result.x)
        value = last["value"] if np.array_equal(point, last["point"]) else course.counted(point)
        last["ended"] = course.ends(point, value)
        if last["ended"]:
            raise StopIteration

    if course.ends(theta, course.counted(theta)):
        return
    options = {"maxcor": _MEMORY, "maxiter": course.training.epochs, "ftol": 0.0, "gtol": 0.0, "maxfun": 10**9}
    for _ in range(_ANEW):
        before = len(course.marks)
        minimize(value_at, course.marks[-1].theta, jac=True, method="L-BFGS-B", callback=after_step, options=options)
        if last.get("ended"):
            return
        if len(course.marks) == before:
            break
    course.reason = "L-BFGS found no lower loss along its line, the differences being down to rounding"


def by_fixed_steps(course: Course, theta: Floats, rate: float) -> None:
    """Step against the gradient, by the learning rate, again and again."""
    value = course.counted(theta)
    training = course.training
    while not course.ends(theta, value, rate):
        epoch = len(course.marks) - 1
        rate_now = rate / (1.0 + training.decay * epoch)
        theta = theta - rate_now * value.gradient
        with np.errstate(over="ignore", invalid="ignore"):
            value = course.counted(theta)


def by_backtracking(course: Course, theta: Floats) -> None:
    """Step against the gradient, each step as long as keeps what the slope promises.

    Where the losses differ by rounding only, the slope at the end of the step decides (Hager & Zhang's approximate
    Wolfe condition).

    References: Armijo (1966), Pacific J. Math. 16, 1-3; Hager & Zhang (2005), SIAM J. Optim. 16, 170-192.

    """
    value = course.counted(theta)
    rate = 1.0 / (course.objective.lipschitz or 1.0)
    while not course.ends(theta, value, rate):
        size = float(value.gradient @ value.gradient)
        for _ in range(_MOST_TRIALS):
            trial = theta - rate * value.gradient
            with np.errstate(over="ignore", invalid="ignore"):
                there = course.counted(trial)
            if _keeps(value, there, rate, size):
                break
            rate *= _SHRINKAGE
        else:
            course.reason = "no step against the gradient lowered the loss"
            return
        theta, value = trial, there
        rate *= _GROWTH


def _keeps(here: Value, there: Value, rate: float, size: float) -> bool:
    """Whether a step lowers the loss as much as it must, or does so but for rounding."""
    if not np.isfinite(there.loss):
        return False
    if there.loss <= here.loss - _PROMISE * rate * size:
        return True
    rounding = there.loss <= here.loss + _ROUNDING * abs(here.loss)
    return rounding and float(there.gradient @ here.gradient) >= -(1.0 - 2.0 * _PROMISE) * size
