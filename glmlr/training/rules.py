"""How does a gradient become a step? Plain descent, RMSprop and Adam, each with what it remembers of past gradients."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Kingma & Ba's constants: how much of the past the two averages keep, and what keeps a quotient finite.
FIRST_MOMENT: Final = 0.9
SECOND_MOMENT: Final = 0.999
SMALL: Final = 1e-8
#: What RMSprop keeps of the past, by its authors.
RMS_MOMENT: Final = 0.9


class Rule(Protocol):
    """Turns gradients into steps, one after the other."""

    def step(self, gradient: Floats, rate: float) -> Floats:
        """Give what is added to the coefficients, shape (k,), for a gradient (k,) and a learning rate."""
        ...


class PlainDescent:
    """Against the gradient."""

    def step(self, gradient: Floats, rate: float) -> Floats:
        """Give -rate gradient."""
        return np.asarray(-rate * gradient)


class RMSprop:
    """Against the gradient, each component divided by the root mean square of its past.

    Reference: Tieleman & Hinton (2012), Neural Networks for Machine Learning, lecture 6.5.
    """

    def __init__(self, k: int) -> None:
        self._square = np.zeros(k)

    def step(self, gradient: Floats, rate: float) -> Floats:
        """Give the next step."""
        self._square = RMS_MOMENT * self._square + (1.0 - RMS_MOMENT) * gradient**2
        return np.asarray(-rate * gradient / (np.sqrt(self._square) + SMALL))


class Adam:
    """Against the mean of past gradients, each component divided by the root mean square of its past.

    Both averages begin at 0 and are freed of the bias towards it.

    Reference: Kingma & Ba (2015), Adam: a method for stochastic optimization, ICLR, algorithm 1.
    """

    def __init__(self, k: int) -> None:
        self._mean, self._square = np.zeros(k), np.zeros(k)
        self._taken = 0

    def step(self, gradient: Floats, rate: float) -> Floats:
        """Give the next step."""
        self._taken += 1
        self._mean = FIRST_MOMENT * self._mean + (1.0 - FIRST_MOMENT) * gradient
        self._square = SECOND_MOMENT * self._square + (1.0 - SECOND_MOMENT) * gradient**2
        mean = self._mean / (1.0 - FIRST_MOMENT**self._taken)
        square = self._square / (1.0 - SECOND_MOMENT**self._taken)
        return np.asarray(-rate * mean / (np.sqrt(square) + SMALL))


def rule_of(trainer: str, k: int) -> Rule:
    """Give the rule of a trainer for k coefficients."""
    return Adam(k) if trainer == "adam" else RMSprop(k) if trainer == "rmsprop" else PlainDescent()
