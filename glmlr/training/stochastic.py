"""How do batches of rows lead downhill? Gradient descent, RMSprop and Adam, an epoch being one pass over all rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from glmlr.errors import OptionError
from glmlr.threads import one_blas_thread
from glmlr.training.batches import batches, watched_pass
from glmlr.training.course import Course
from glmlr.training.options import Training
from glmlr.training.rules import rule_of

Floats = npt.NDArray[np.float64]


def by_batches(course: Course, theta: Floats) -> None:
    """Take a step for each batch of rows, in another order each epoch; the loss of all rows is found after each.

    Raises:
        OptionError: a batch larger than the rows, or steps that are too long.

    """
    training, objective = course.training, course.objective
    size = training.batch_size
    assert size is not None
    generator = np.random.default_rng(training.seed)
    rule, rate = rule_of(training.trainer, theta.size), _rate(course, size)
    value = objective.at(theta)
    while not course.ends(theta, value, rate):
        epoch = len(course.marks) - 1
        taken = 0
        # What grows beyond all bounds is refused after the epoch.
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread(), watched_pass(objective.rows):
            for block in batches(objective.rows, size, generator):
                now = rate / (1.0 + training.decay * (epoch + taken / objective.counts.rows))
                theta = theta + rule.step(objective.on_batch(block, theta), now)
                taken += block.size
        course.passes += 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            value = objective.at(theta)


def _rate(course: Course, size: int) -> float:
    """Give the learning rate: what was said, or 1/L where a batch bends no more than L in expectation.

    Raises:
        OptionError: none was given and the loss has no bound L.

    """
    training, objective = course.training, course.objective
    if training.learning_rate is not None:
        return training.learning_rate
    rate = objective.step_of_batches(size)
    if rate is None:
        raise OptionError(
            f"For the {objective.link.name} there is no learning rate that is safe everywhere; give learning_rate=."
        )
    return rate


def fitting(training: Training, rows: int) -> Training:
    """Give the training with batches that so many rows can fill.

    Raises:
        OptionError: a larger batch was asked for.

    """
    size = training.batch_size
    if size is None or size <= rows:
        return training
    if training.batch_given:
        raise OptionError(f"batch_size={size:,} is more than the {rows:,} rows trained on; give at most as many.")
    return replace(training, batch_size=rows)
