"""Are residuals on average 0 wherever one looks? Mean residuals of neighbouring rows, in bins of equal size.

Rows are put in order by their fitted probability or by a number, and cut where j / m of the trials is reached, j = 1 to
m - 1; ties are never split.

Reference: Gelman & Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, section 5.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: More bins are not made unless asked for: a table and a chart of them would hold nothing that can be read.
_MOST_BINS: Final = 40


@dataclass(frozen=True, eq=False)
class ByValue:
    """Trials at each distinct value that they are put in order by (m values, ascending).

    Attributes:
        value: the values, shape (m,).
        n, events, expected: trials, events and sum of fitted probabilities at each, shape (m,).
        squares: sum of the squared residuals y - p of single trials, shape (m,).
        variance: sum of p (1 - p), shape (m,).

    """

    value: Floats
    n: Floats
    events: Floats
    expected: Floats
    squares: Floats
    variance: Floats

    @classmethod
    def of(cls, value: Floats, p: Floats, events: Floats, nonevents: Floats) -> ByValue:
        """Add up rows with values, fitted probabilities, events and non-events, shape (n,) each."""
        found, place = np.unique(value, return_inverse=True)

        def _added(weights: Floats) -> Floats:
            return np.asarray(np.bincount(place, weights=weights, minlength=found.size), dtype=np.float64)

        n = events + nonevents
        squares = events * (1.0 - p) ** 2 + nonevents * p**2
        return cls(found, _added(n), _added(events), _added(n * p), _added(squares), _added(n * p * (1.0 - p)))


@dataclass(frozen=True, eq=False)
class BinnedResiduals:
    """Mean residuals of g bins.

    Attributes:
        low, high, mean: lowest, highest and mean value that the rows were put in order by, shape (g,) each.
        n, events, expected: trials, events and expected events, shape (g,) each.
        residual: mean of y - p over the trials, shape (g,).
        std_error: standard deviation of y - p in the bin over root n, shape (g,); NaN with one trial.
        model_error: what that is where the model is right, the root of the sum of p (1 - p), over n, shape (g,).

    """

    low: Floats
    high: Floats
    mean: Floats
    n: Floats
    events: Floats
    expected: Floats
    residual: Floats
    std_error: Floats
    model_error: Floats


def default_bins(trials: float) -> int:
    """Give the number of bins of so many trials: their root, rounded, as in R's performance, but not above 40."""
    return max(2, min(_MOST_BINS, round(math.sqrt(trials))))


def binned(found: ByValue, bins: int) -> BinnedResiduals:
    """Put the values into bins, and average the residuals in each."""
    reached = np.cumsum(found.n)
    total = float(reached[-1])
    # The row that closes bin j is number floor(n j / m) in order, as in arm::binnedplot.
    places = np.floor(total * np.arange(1, bins) / bins)
    # Sums of weights that are no counts are rounded, which must not move a bin by a row.
    last = np.searchsorted(reached, places[places >= 1] * (1 - 1e-12), side="left")
    ends = np.unique(np.append(last, found.value.size - 1))
    start = np.append(0, ends[:-1] + 1)

    def added(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, start))

    n, events, expected = added(found.n), added(found.events), added(found.expected)
    gap = events - expected
    low = found.value[start]
    above = added(found.n * (found.value - np.repeat(low, np.diff(np.append(start, found.value.size)))))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.maximum(added(found.squares) - gap**2 / n, 0.0) / (n - 1.0)
    std_error = np.where(n > 1, np.sqrt(np.where(n > 1, spread, 0.0) / n), np.nan)
    return BinnedResiduals(
        low,
        found.value[ends],
        low + above / n,
        n,
        events,
        expected,
        gap / n,
        std_error,
        np.sqrt(added(found.variance)) / n,
    )
