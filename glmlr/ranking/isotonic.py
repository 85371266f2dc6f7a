"""Which rising rates lie closest to the observed ones? Isotonic regression of events on a ranking, exactly.

Reference: Ayer, Brunk, Ewing, Reid & Silverman (1955), Annals of Mathematical Statistics 26, 641-647; Barlow,
Bartholomew, Bremner & Brunk (1972), Statistical Inference under Order Restrictions (pool adjacent violators).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from glmlr.runs import in_threads, runs_of

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Isotonic:
    """Neighbours put together until their rates rise, b blocks of m places in order.

    Attributes:
        start: position of the first place of each block, shape (b,), ascending from 0.
        events, nonevents: weight of both in each block, shape (b,) each.
        size: number of places m.

    """

    start: Positions
    events: Floats
    nonevents: Floats
    size: int

    @cached_property
    def rate(self) -> Floats:
        """Rate of events in each block, shape (b,), rising."""
        return np.asarray(self.events / (self.events + self.nonevents))

    @cached_property
    def block(self) -> Positions:
        """Number of the block that each place is in, shape (m,)."""
        return np.repeat(np.arange(self.start.size), np.diff(self.start, append=self.size))

    @cached_property
    def fitted(self) -> Floats:
        """Rate of the block that each place is in, shape (m,)."""
        return np.repeat(self.rate, np.diff(self.start, append=self.size))


def isotonic(events: Floats, nonevents: Floats, *, rising: bool = True) -> Isotonic:
    """Put neighbours together until the rate of events rises from block to block, by pooling adjacent violators.

    The fitted rates maximise the likelihood, and minimise the squared distance to the outcomes, among all that do not
    fall. Neighbours with equal rates are one block. Whichever violators are pooled first, the blocks are the same, so
    that runs of places are pooled by themselves, and then their blocks.

    Args:
        events: weight of events at each place, shape (m,), not negative.
        nonevents: weight of non-events at each place, shape (m,); together they are positive.
        rising: whether rates rise; if not they fall, and `Isotonic.rate` with them.

    """
    size = events.size

    def pooled_run(run: slice) -> Positions:
        return np.asarray(_pooled(events[run], nonevents[run], rising) + run.start)

    parts = in_threads(pooled_run, runs_of(size))
    start = np.concatenate(parts)
    if len(parts) > 1:
        start = start[_pooled(np.add.reduceat(events, start), np.add.reduceat(nonevents, start), rising)]
    return Isotonic(start, np.add.reduceat(events, start), np.add.reduceat(nonevents, start), size)


def _pooled(events: Floats, nonevents: Floats, rising: bool) -> Positions:
    """Give the first place of each block."""
    from scipy.optimize import isotonic_regression

    # What falls from place to place is pooled at once, which leaves a quarter of single rows.
    start = _rises(events, nonevents, np.arange(events.size), rising)
    hits, rows = np.add.reduceat(events, start), np.add.reduceat(events + nonevents, start)
    start = start[isotonic_regression(hits / rows, weights=rows, increasing=rising).blocks[:-1]]
    # A rate of a block was added up from rates there, and may have been rounded to the wrong side of its neighbour's.
    while (kept := _rises(events, nonevents, start, rising)).size < start.size:
        start = kept
    return start


def _rises(events: Floats, nonevents: Floats, start: Positions, rising: bool) -> Positions:
    """Keep the blocks whose rate lies above that of the block before (below, where rates fall)."""
    single = start.size == events.size
    hits, others = (part if single else np.add.reduceat(part, start) for part in (events, nonevents))
    # Odds are compared by products, which are exact for counts.
    more, less = hits[1:] * others[:-1], hits[:-1] * others[1:]
    return np.asarray(start[np.append(True, more > less if rising else more < less)])
