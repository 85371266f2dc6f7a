"""Where along one number does a linear predictor take a value? Design rows in which that number alone moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from glmlr.effects.population import population_of
from glmlr.effects.variables import typical_values
from glmlr.errors import NotApplicable, OptionError, listing, suggestion
from glmlr.fit import Fit
from glmlr.profiles.stated import rows_at

Floats = npt.NDArray[np.float64]

#: Points at which a curve is looked at for crossings.
_POINTS: Final = 513
#: A linear predictor whose middle is off the chord by no more than this share of its size is straight.
_STRAIGHT: Final = 1e-9
#: It is flat where it changes by no more than this share of what it is the sum of: rounding.
_FLAT: Final = 16 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Along:
    """One number that moves while all else stays (k design columns).

    Attributes:
        fit: the fitted model.
        number: the predictor that moves.
        low, high: its smallest and largest value among the rows.
        held: the other predictors with the values at which they stay.

    """

    fit: Fit
    number: str
    low: float
    high: float
    held: Mapping[str, Any]

    def columns(self, values: Floats) -> Floats:
        """Give the design columns at values of the number, shape (m, k)."""
        return rows_at(self.fit, self.held, self.number, values.tolist())

    def grid(self) -> Floats:
        """Give values from the smallest to the largest, shape (513,)."""
        return np.linspace(self.low, self.high, _POINTS)

    def crossings(self, beta: Floats, level: float) -> Floats:
        """Give where x'beta is a level: anywhere where it is straight, else between the smallest and largest value."""
        low, high = self.low, self.high
        middle = (low + high) / 2
        columns = self.columns(np.array([low, middle, high]))
        first, half, last = (float(one) for one in columns @ beta)
        size = max(abs(first), abs(last), abs(half), abs(level))
        if abs(half - (first + last) / 2) <= _STRAIGHT * size and self._straight_beyond(beta, first, last, size):
            flat = abs(last - first) <= _FLAT * float((np.abs(columns) @ np.abs(beta)).max())
            return np.array([] if flat else [low + (level - first) * (high - low) / (last - first)])
        return _roots(lambda values: self.columns(values) @ beta - level, self.grid())

    def _straight_beyond(self, beta: Floats, first: float, last: float, size: float) -> bool:
        """Say whether a quarter lies on the chord too: a cubic may meet its chord in the middle."""
        quarter = float((self.columns(np.array([self.low + (self.high - self.low) / 4])) @ beta)[0])
        return abs(quarter - (0.75 * first + 0.25 * last)) <= _STRAIGHT * size


def _roots(function: Callable[[Floats], Floats], grid: Floats) -> Floats:
    """Give the zeros of a function between neighbouring points of a grid where it changes sign."""
    values = function(grid)
    found = []
    for at in np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) <= 0):
        if values[at] == 0:
            found.append(grid[at])
        elif values[at + 1] != 0:
            found.append(brentq(lambda x: float(function(np.array([x]))[0]), grid[at], grid[at + 1], xtol=1e-13))
    return np.array(found + ([grid[-1]] if values[-1] == 0 else []))


def along(fit: Fit, number: str | None) -> Along:
    """Say which number moves: the one named, or the only one; the others stay at their `typical_values`.

    Raises:
        NotApplicable: no number among the predictors, dates, or an offset, which differs from row to row.
        OptionError: a name that is no numeric predictor, or none where there are several.

    """
    design = fit.held
    if design.shifted:
        raise NotApplicable("An offset differs from row to row, so that there is no one curve along a number.")
    predictors = design.recipe.formula.predictors
    numeric = [name for name in predictors if design.recipe.kinds.get(name) == "number"]
    if number is None:
        if not numeric:
            raise NotApplicable("No predictor of the formula is a number, so that there is no line to draw along one.")
        if len(numeric) > 1:
            raise OptionError(f"The formula has several numbers, {listing(numeric)}; name one in over=.")
        number = numeric[0]
    if number not in numeric:
        raise OptionError(
            f"over={number!r} is not a numeric predictor of the model{suggestion(str(number), numeric) or '.'}"
        )
    values = design.columns[number].to_numpy(dtype=np.float64)
    held = typical_values(population_of(design))
    del held[number]
    return Along(fit, number, float(values.min()), float(values.max()), held)
