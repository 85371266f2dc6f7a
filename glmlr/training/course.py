"""Has training arrived, run out of epochs, or gone astray? What is noted after each epoch, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import OptionError
from glmlr.training.objective import Objective, Value
from glmlr.training.options import TRAINERS, Training

Floats = npt.NDArray[np.float64]

#: A loss that is so many times that at the start is not on its way down.
_ASTRAY: Final = 2.0


@dataclass(frozen=True, eq=False)
class Mark:
    """Where training stood after an epoch, or after a step that took all rows.

    Attributes:
        iteration: how many epochs or steps there had been.
        passes: rows whose gradients had been found until then, as passes over all rows trained on.
        loss: mean loss of the rows trained on, the penalty included.
        gradient: of that by the standardised coefficients, shape (k,).
        theta: the standardised coefficients, shape (k,).
        rate: the learning rate, NaN where there is none.
        validation_loss: mean loss of the rows held out, NaN where there are none.

    """

    iteration: int
    passes: float
    loss: float
    gradient: Floats
    theta: Floats
    rate: float
    validation_loss: float


@dataclass(eq=False)
class Course:
    """What has happened so far in training.

    Attributes:
        objective: what is made small.
        training: how.
        held_out: the loss of the rows held out, or None.
        passes: passes over the rows so far.
        marks: one a step or epoch, the start first.
        converged: whether the tolerance was reached.
        reason: None, or a clause that says why training ended before that.

    """

    objective: Objective
    training: Training
    held_out: Objective | None = None
    passes: float = 0.0
    marks: list[Mark] = field(default_factory=list)
    converged: bool = False
    reason: str | None = None
    _bar: float = field(init=False)
    _waited: int = 0
    _best: int = 0

    def __post_init__(self) -> None:
        """Set the bar that a gradient must pass under before the distance itself is worth a pass over the rows."""
        self._bar = self.training.tolerance

    @property
    def theta(self) -> Floats:
        """Where training has led to: the last mark, or that of the lowest loss on rows held out."""
        return self.marks[-1 if self.training.patience is None else self._best].theta

    def counted(self, theta: Floats) -> Value:
        """Give the value at theta, and count the pass over the rows."""
        self.passes += 1.0
        return self.objective.at(theta)

    def ends(self, theta: Floats, value: Value, rate: float = float("nan")) -> bool:
        """Note where training stands, and say whether it ends here.

        Raises:
            OptionError: the loss has risen beyond all bounds.

        """
        with np.errstate(over="ignore", invalid="ignore"):
            held_out = float("nan") if self.held_out is None else self.held_out.at(theta).loss
        mark = Mark(len(self.marks), self.passes, value.loss, value.gradient, theta, rate, held_out)
        self.marks.append(mark)
        first = self.marks[0].loss
        if not value.loss <= _ASTRAY * max(first, np.log(2.0)):
            raise OptionError(self._astray())
        if self._arrived(value, theta):
            self.converged = True
            return True
        return self._impatient(mark) or self._exhausted()

    def _arrived(self, value: Value, theta: Floats) -> bool:
        """Compare the distance to the optimum with the tolerance, where the gradient says that it may be below."""
        size = float(np.linalg.norm(value.gradient))
        if self.objective.loss.name != "cross-entropy":
            return size <= self.training.tolerance
        # The information is nowhere above L, so that the distance is at least this.
        steepness = self.objective.lipschitz or 1.0
        least = size * float(np.sqrt(self.objective.counts.weight / steepness))
        if least > self._bar:
            return False
        distance = self.objective.distance(theta)
        if distance <= self.training.tolerance:
            return True
        if least > 0.0:
            # Nearer the optimum the two keep about this ratio.
            self._bar = self.training.tolerance * min(least / distance, 1.0)
        return False

    def _impatient(self, mark: Mark) -> bool:
        if self.training.patience is None:
            return False
        if mark.validation_loss < self.marks[self._best].validation_loss or mark.iteration == 0:
            self._best, self._waited = mark.iteration, 0
            return False
        self._waited += 1
        if self._waited < self.training.patience:
            return False
        self.reason = (
            f"training ended early: for {self.training.patience} epochs the loss on the rows held out had not fallen "
            f"below that of epoch {self._best}, whose coefficients {self._theirs}"
        )
        return True

    @property
    def _theirs(self) -> str:
        """Say what became of the coefficients that did best on rows held out."""
        return "one Newton step then moved" if self.training.polish else "these are"

    def _exhausted(self) -> bool:
        taken = len(self.marks) - 1
        if taken < self.training.epochs:
            return False
        if taken and self.marks[-1].loss > self.marks[0].loss:
            raise OptionError(self._astray())
        unit = "epochs" if self.training.batch_size is not None else "steps"
        self.reason = f"{TRAINERS[self.training.trainer]} had not arrived after {taken:,} {unit}{self._advice()}"
        return True

    def _advice(self) -> str:
        """Say what would bring training nearer the optimum, where that is known."""
        if self.training.batch_size is not None:
            may = self.objective.loss.name == "cross-entropy" and not self.training.polish
            polish = ", polish=True ends with a Newton step" if may else ""
            return f" (decay= shortens the steps{polish})"
        rate, lipschitz = self.training.learning_rate, self.objective.lipschitz
        if rate is not None and lipschitz is not None and rate > 2.0 / lipschitz:
            return f" (learning_rate={rate:g} is above 2/L = {2.0 / lipschitz:.3g}, beyond which steps may overshoot)"
        return ""

    def _astray(self) -> str:
        """Say that the steps are too long, and which are not."""
        rate = self.training.learning_rate
        given = "" if rate is None else f" with learning_rate={rate:g}"
        lipschitz = self.objective.lipschitz
        if self.training.trainer in ("adam", "rmsprop"):
            advice = "try 0.01, for these steps are about as long as the learning rate whatever the gradient"
        elif self.training.batch_size is not None:
            advice = self._advice_to_batches(self.training.batch_size)
        elif lipschitz is None:
            advice = 'give a smaller one, or learning_rate="backtracking", which finds it'
        else:
            advice = (
                f"try {1.0 / lipschitz:.3g} = 1/L, L being the largest eigenvalue of the information of the "
                "standardised columns at its upper bound"
            )
        where = f"from {self.marks[0].loss:.4g} to {self.marks[-1].loss:.4g}"
        return f"The mean loss rose {where}{given}: the steps are too long; {advice}."

    def _advice_to_batches(self, size: int) -> str:
        """Say which steps batches bear: those of 1/L of a batch, and shorter ones where these have led astray."""
        safe = self.objective.step_of_batches(size)
        if safe is None:
            return "give a smaller one"
        used = self.marks[0].rate
        if used > 1.001 * safe:
            return f"try {safe:.3g} = 1/L, L being how much the mean of {size:,} rows bends in expectation"
        return (
            f"batches of {size:,} rows waver too much for steps of {used:.3g}; give a larger batch_size=, or a smaller "
            "learning_rate= that decay= shortens"
        )
