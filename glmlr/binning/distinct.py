"""Which values does a number take, and with which outcomes? Distinct values in order, and sums of them by group.

Everything about bins starts from the distinct values in order with the events and non-events at each, so that the order
of the rows never matters and a repeated row equals a frequency weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct values in increasing order with what stands at each.

    Attributes:
        value: finite, ascending, shape (m,).
        events, nonevents: weight of the events and of the non-events at each value, shape (m,).

    """

    value: Floats
    events: Floats
    nonevents: Floats

    @property
    def n(self) -> Floats:
        """Weight of the rows at each value, shape (m,)."""
        return self.events + self.nonevents


def distinct(values: Floats, events: Floats, nonevents: Floats) -> Distinct:
    """Gather rows by value: finite values, and the weight of events and non-events of each row, shape (n,) each."""
    order = np.argsort(values)
    ascending = values[order] + 0.0  # -0.0 becomes 0.0
    if not order.size:
        return Distinct(ascending, np.zeros(0), np.zeros(0))
    first = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    return Distinct(ascending[first], np.add.reduceat(events[order], first), np.add.reduceat(nonevents[order], first))


def added(weight: Floats, place: Integers, groups: int) -> Floats:
    """Add up weights by group: `place` in 0 .. groups - 1, shape (n,) each. Gives shape (groups,)."""
    return np.bincount(place, weights=weight, minlength=groups).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Counts:
    """What stands in each of m groups.

    Attributes:
        events, nonevents: weight of the events and of the non-events, shape (m,).
        mean: weighted mean of the values, shape (m,); NaN in an empty group.

    """

    events: Floats
    nonevents: Floats
    mean: Floats


def count(data: Distinct, place: Integers, groups: int) -> Counts:
    """Add up the distinct values by group: `place` in 0 .. groups - 1, shape (m,), not decreasing."""
    events, nonevents = added(data.events, place, groups), added(data.nonevents, place, groups)
    # Distances from the first value of the group keep the digits of values that are large and close together.
    origin = np.zeros(groups)
    origin[place[::-1]] = data.value[::-1]
    distance = added(data.n * (data.value - origin[place]), place, groups)
    n = events + nonevents
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, origin + distance / n, np.nan)
    return Counts(events, nonevents, mean)
