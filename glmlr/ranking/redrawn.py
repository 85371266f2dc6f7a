"""What if other rows had been drawn? Bootstrap samples of a ranking, without its rows.

Reference: Efron & Tibshirani (1993), An Introduction to the Bootstrap; Carpenter & Bithell (2000), Statistics in
Medicine 19, 1141-1164.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from glmlr.errors import NotApplicable, OptionError
from glmlr.ranking import Ranking

Floats = npt.NDArray[np.float64]


def redrawn(ranking: Ranking, times: int, *, seed: Any = 0, stratified: bool = True) -> Iterator[Ranking]:
    """Draw the rows of a ranking with replacement, again and again.

    A draw takes as many rows as there are. What it counts at each distinct score is multinomial, so that a row
    repeated and a row of weight two give the same draws.

    Args:
        ranking: scores of rows, each of a whole number of rows.
        times: number of draws.
        seed: what `numpy.random.default_rng` takes.
        stratified: draw events and non-events apart, so that each draw has as many of both (R pROC:
            `boot.stratified = TRUE`); else a draw that lacks one of them is drawn again.

    Raises:
        NotApplicable: weights that are no counts.
        OptionError: `times` that is no positive whole number, or a seed that numpy does not take.

    """
    if not ranking.is_counted:
        raise NotApplicable("The weights are not whole numbers of rows, and a bootstrap draws whole rows.")
    generator = _generator(seed)
    for _ in range(checked_times(times)):
        yield _drawn(ranking, generator, stratified)


def checked_times(times: int, name: str = "resamples") -> int:
    """Return a number of draws, or raise an `OptionError`."""
    if isinstance(times, (int, np.integer)) and not isinstance(times, bool) and times >= 1:
        return int(times)
    raise OptionError(f"{name}={times!r} is not a number of bootstrap samples; give a whole number of at least 1.")


def _generator(seed: Any) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise OptionError(f"seed={seed!r} is no seed; give a whole number that is not negative.") from None


def _drawn(ranking: Ranking, generator: np.random.Generator, stratified: bool) -> Ranking:
    if stratified:
        sides = [
            generator.multinomial(int(total), part / total).astype(np.float64) if total else np.zeros_like(part)
            for part, total in ((ranking.events, ranking.total_events), (ranking.nonevents, ranking.total_nonevents))
        ]
        return _filled(ranking, *sides)
    both = np.concatenate([ranking.events, ranking.nonevents]) / ranking.total
    lacks_none = ranking.total_events > 0 and ranking.total_nonevents > 0
    while True:
        drawn = generator.multinomial(int(ranking.total), both).astype(np.float64)
        events, nonevents = drawn[: ranking.score.size], drawn[ranking.score.size :]
        if not lacks_none or (events.any() and nonevents.any()):
            return _filled(ranking, events, nonevents)


def _filled(ranking: Ranking, events: Floats, nonevents: Floats) -> Ranking:
    """Leave out the scores that no row was drawn at."""
    some = np.flatnonzero(events + nonevents)
    return Ranking(ranking.score[some], events[some], nonevents[some], ranking.resolution)
