"""Which rows does a diagnosis look at one by one? Single trials, rows of counts, or covariate patterns.

A trial of a row with frequency w is one of w alike; a row of successes and failures is one binomial observation; a
covariate pattern is all trials with the same predictors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable
from glmlr.fit import Fit

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Units:
    """What is looked at one by one (u units).

    Attributes:
        row: a row of each unit among the rows used, shape (u,): the first of a pattern.
        y: share of events, shape (u,).
        trials: trials of one unit, shape (u,), or None where each is one trial.
        copies: how many alike units each stands for, shape (u,), or None for 1.
        importance: importance weight, shape (u,), or None for 1.
        eta: linear predictor as the coefficients give it, shape (u,).
        of_row: unit of each row, shape (n,); None where they are the rows.

    """

    row: Positions
    y: Floats
    trials: Floats | None
    copies: Floats | None
    importance: Floats | None
    eta: Floats
    of_row: Positions | None

    @property
    def is_pattern(self) -> bool:
        """Whether rows with the same predictors were put together."""
        return self.of_row is not None


def units_of(fit: Fit, *, by_pattern: bool) -> Units:
    """Give the units of a fit.

    Raises:
        NotApplicable: rows read in parts; covariate patterns under importance weights; rows that hold events and
            non-events at once without being successes and failures of one formula.

    """
    design, eta = fit.held, np.asarray(fit.weighted_eta)
    if by_pattern:
        return _patterns(fit, eta)
    rows = np.arange(design.y.size)
    if design.grouped:
        weight = np.ones_like(design.y) if design.weight is None else design.weight
        trials = weight if design.frequency is None else weight / design.frequency
        return Units(rows, design.y, trials, design.frequency, design.importance, eta, None)
    if not ((design.y == 0) | (design.y == 1)).all():
        raise NotApplicable(
            "Some rows stand for events and non-events at once, and have no residual of their own; by_pattern=True "
            "takes all trials with the same predictors together."
        )
    return Units(rows, design.y, None, design.weight, design.importance, eta, None)


def _patterns(fit: Fit, eta: Floats) -> Units:
    design = fit.held
    if design.importance is not None:
        raise NotApplicable(
            "The rows of one covariate pattern have different importance weights, so that a pattern has no residual; "
            "by_pattern=False looks at the rows."
        )
    number = pattern_numbers(design.values, design.offset, design.y.size)
    count = int(number.max()) + 1
    weight = np.ones_like(design.y) if design.weight is None else design.weight
    trials = np.asarray(np.bincount(number, weights=weight, minlength=count), dtype=np.float64)
    events = np.asarray(np.bincount(number, weights=weight * design.y, minlength=count), dtype=np.float64)
    first = np.empty(count, dtype=np.intp)
    first[number[::-1]] = np.arange(number.size)[::-1]
    return Units(first, np.minimum(events / trials, 1.0), trials, None, None, eta[first], number)


def pattern_numbers(values: Sequence[Any], offset: Floats | None, rows: int) -> Positions:
    """Number the covariate patterns of rows by their first appearance, shape (n,).

    Args:
        values: the evaluated factors, each of shape (n,) or (n, columns).
        offset: the offset of each row, shape (n,), or None.
        rows: number of rows n.

    """
    number = np.zeros(rows, dtype=np.intp)
    for value in (*values, *(() if offset is None else (offset,))):
        array = np.asarray(value)
        for column in (array,) if array.ndim == 1 else array.T:
            if rows and int(number.max()) + 1 == rows:
                return number  # all are different already
            codes, found = pd.factorize(np.ascontiguousarray(column))
            number = np.asarray(pd.factorize(number * (len(found) + 1) + codes)[0], dtype=np.intp)
    return number
