"""Which estimates does training lead to, and how far from the maximum are they? From rows to a solution.

Training ends with the same certificate as Newton's steps: one more pass over all rows gives the log-likelihood, the
score and the information at the estimates, and with them the Newton decrement, the distance to the maximum in standard
errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows
from glmlr.errors import DataError, FitError
from glmlr.links import Link
from glmlr.newton import TOLERANCE, Pass, Progress, iterated, standing_at, with_expected_information
from glmlr.penalised.penalties import Ridge
from glmlr.penalised.ridge import shrinking
from glmlr.separation import Maximum, examined
from glmlr.solver import Solution, ready
from glmlr.training.course import Course, Mark
from glmlr.training.descent import by_backtracking, by_fixed_steps, by_lbfgs
from glmlr.training.losses import Loss, cross_entropy
from glmlr.training.objective import Coordinates, Counts, Objective, Split, coordinates_of, refuse_one_outcome
from glmlr.training.options import Training
from glmlr.training.stochastic import by_batches, fitting

Floats = npt.NDArray[np.float64]

#: A distance that no longer falls and is below this is at the limit of floating point, as for Newton's steps.
_ROUNDING_FLOOR: Final = 1e-5


@dataclass(frozen=True, eq=False)
class Ground:
    """Rows ready to be trained on, and the way back to the units of the data (k columns, p of them kept).

    Attributes:
        chosen: the rows, p columns, scaled where that saves digits.
        of: gives other rows of the same k columns as these are.
        outward: coefficients of the p columns -> of the k columns.
        constant: position of the intercept among the p columns, or None.
        penalty: matrix P of a penalty of half of beta' P beta, shape (p, p), or None.
        solution: gives where an iteration stands as a solution.

    """

    chosen: Rows
    of: Callable[[Rows], Rows]
    outward: Callable[[Floats], Floats]
    constant: int | None
    penalty: Floats | None
    solution: Callable[[Progress], Solution]


def ground_of(rows: Rows, link: Link, penalty: Ridge | None, intercept: int | None) -> Ground:
    """Get rows ready: aliased columns left out, or all of them penalised.

    Args:
        rows: blocks with k columns.
        link: the link.
        penalty: a ridge penalty, or None.
        intercept: position of the intercept's column, which is not penalised, or None.

    Raises:
        FitError: no rows, or no column that varies.

    """
    if penalty is None or penalty.strength == 0:
        made = ready(rows)
        return Ground(made.chosen, made.of, made.units.estimates, made.constant, None, made.solution)
    held = shrinking(rows, link, penalty, intercept)
    outward = held.outward()

    def of(other: Rows) -> Rows:
        return other if held.scaled is None else replace(held.scaled, rows=other)

    return Ground(
        held.rows, of, lambda beta: outward @ beta, intercept, held.matrix(penalty.strength), held.solution_of
    )


# ------------------------------------------------------------------------------------------------ the course


def course_over(ground: Ground, each: Rows, link: Link, loss: Loss, training: Training) -> Course:
    """Train, from the start to the end.

    Args:
        ground: the rows, which may be covariate patterns.
        each: the rows one by one, for batches and for rows held out.
        link: the link.
        loss: what is made small.
        training: how.

    Raises:
        OptionError: a batch larger than the rows, or steps that are too long.
        DataError: rows trained on, or held out, that have one outcome only.

    """
    rows = ground.chosen if training.batch_size is None and not training.validation_share else ground.of(each)
    coordinates = coordinates_of(ground.chosen, ground.constant, Counts.of(ground.chosen).weight)
    held_out = None
    if training.validation_share:
        kept, out = (Split(rows, training.validation_share, training.seed, side) for side in (False, True))
        rows, counts = kept, _counts(out, training, "held out")
        refuse_one_outcome(counts, "held out for validation")
        held_out = Objective(out, counts, link, loss, coordinates)
    counts = _counts(rows, training, "to train on")
    refuse_one_outcome(counts, "trained on")
    training = fitting(training, counts.rows)
    course = Course(Objective(rows, counts, link, loss, coordinates, ground.penalty), training, held_out)
    _run(course, _start(training, coordinates, counts, link))
    return course


def _counts(rows: Rows, training: Training, what: str) -> Counts:
    """Count the rows of one side.

    Raises:
        DataError: a share held out that leaves this side without rows.

    """
    try:
        return Counts.of(rows)
    except FitError as error:
        if not training.validation_share:
            raise
        raise DataError(
            f"validation_share={training.validation_share:g} of these rows leaves none {what}; give a share nearer a "
            "half, or more rows."
        ) from error


def _run(course: Course, theta: Floats) -> None:
    training = course.training
    if training.batch_size is not None:
        by_batches(course, theta)
    elif training.trainer == "lbfgs":
        by_lbfgs(course, theta)
    elif training.learning_rate is None:
        by_backtracking(course, theta)
    else:
        by_fixed_steps(course, theta, training.learning_rate)


def _start(training: Training, coordinates: Coordinates, counts: Counts, link: Link) -> Floats:
    """Say where training starts, in standardised coefficients, shape (p,)."""
    theta = np.zeros(len(coordinates.matrix))
    if training.start == "random":
        return np.random.default_rng([training.seed, 1]).standard_normal(theta.size)
    if training.start == "null" and coordinates.constant is not None:
        share = np.array([counts.events / counts.weight])
        theta[coordinates.constant] = float(link.link(share)[0]) - counts.offset / counts.weight
    return theta


# ------------------------------------------------------------------------------------------------ the end


def trained_maximum(
    rows: Rows,
    each: Rows,
    link: Link,
    training: Training,
    *,
    penalty: Ridge | None,
    intercept: int | None,
    max_iterations: int,
) -> Maximum:
    """Train, find how far from the maximum that led, and look whether there is one.

    Args:
        rows: the rows, or the covariate patterns that they collapse to.
        each: the rows one by one.
        link: the link.
        training: how to train.
        penalty: a ridge penalty, or None.
        intercept: position of the intercept's column, or None.
        max_iterations: largest number of Newton steps, where the estimates have a limit only.

    """
    ground = ground_of(rows, link, penalty, intercept)
    course = course_over(ground, each, link, cross_entropy(link), training)
    solution = _certified(ground, course, link)
    if ground.penalty is not None:
        return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))
    found = examined(rows, solution, link, max_iterations)
    if found.separation is None:
        return found
    said = f"{solution.training.partition(';')[0]}; the finite estimates were then found by Newton's steps."
    return replace(found, solution=replace(found.solution, training=said))


def _certified(ground: Ground, course: Course, link: Link) -> Solution:
    """Pass over all rows once more, for the information at the estimates and the distance to the maximum."""
    beta, training = course.objective.beta(course.theta), course.training
    if training.polish:
        progress = iterated(ground.chosen, link, beta, TOLERANCE, 1, ground.penalty)
        progress = with_expected_information(ground.chosen, link, progress, ground.penalty)
    else:
        progress = standing_at(ground.chosen, link, beta, ground.penalty)
    found = ground.solution(progress)
    distance = found.trace[-1].decrement if found.trace else np.inf
    converged = distance <= training.tolerance or (not course.converged and distance <= _ROUNDING_FLOOR)
    trace = _trace(ground, course, progress)
    if training.polish and trace and len(found.trace) > 1:
        last = replace(found.trace[-1], iteration=trace[-1].iteration + 1, passes=course.passes + 2.0, rows_seen=np.nan)
        trace = (*trace, last)
    return replace(
        found,
        iterations=len(course.marks) - 1 + (training.polish and len(found.trace) > 1),
        converged=converged,
        reason=None if converged else _why(course, distance),
        trace=trace,
        training=_account(course, distance, penalised=ground.penalty is not None),
    )


def _trace(ground: Ground, course: Course, progress: Progress) -> tuple[Pass, ...]:
    """Give what was noted as passes, in the units of the data."""
    scale = np.full(len(course.theta), np.nan) if progress.factor is None else progress.factor.scale
    back = course.objective.coordinates.inverse.T
    weight, best = course.objective.counts.weight, course.theta

    def one(mark: Mark) -> Pass:
        score = back @ mark.gradient * weight
        return Pass(
            iteration=mark.iteration,
            loglik=-mark.loss * weight,
            decrement=progress.passes[0].decrement if mark.theta is best and progress.passes else float("nan"),
            gradient_norm=float(np.max(np.abs(score) * scale)),
            halvings=0,
            beta=ground.outward(course.objective.beta(mark.theta)),
            passes=mark.passes,
            rows_seen=mark.passes * course.objective.counts.rows,
            loss=mark.loss,
            learning_rate=mark.rate,
            validation_loss=mark.validation_loss,
        )

    return tuple(map(one, course.marks))


def _why(course: Course, distance: float) -> str:
    """Say why training ended before the tolerance was reached, and how far from the maximum."""
    where = f"{distance:.2g} standard errors from the maximum"
    if not np.isfinite(distance):
        return f"{course.reason or 'training ended'}, where the information is singular"
    if course.training.validation_share and course.converged:
        return f"rows were held out, and the estimates are {where} over all rows"
    return f"{course.reason or 'training ended'}; the estimates are {where}"


def _account(course: Course, distance: float, *, penalised: bool) -> str:
    """Say how the estimates were found, and how far from the maximum they are."""
    training = course.training
    taken = len(course.marks) - 1
    unit = ("epoch" if training.batch_size is not None else "step") + "s" * (taken != 1)
    polished = " and one Newton step" if training.polish else ""
    held_out = course.held_out
    out = "" if held_out is None else f", {held_out.counts.rows:,} rows being held out for validation"
    of = "penalised likelihood" if penalised else "likelihood"
    return (
        f"Trained by {training.described} on standardised columns, {taken:,} {unit}{polished}{out}; the estimates are "
        f"{distance:.2g} standard errors from the maximum of the {of}."
    )
