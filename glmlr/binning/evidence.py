"""What does a row of counts say for the event? Log-odds, weight of evidence, and its part of the information value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Odds:
    """Log-odds of m rows of counts.

    Where a row has no event or no non-event, 1/2 is added to both its counts, and to no other row's: the correction of
    Haldane (1956), Annals of Human Genetics 20, 309-311, and Anscombe (1956), Biometrika 43, 461-464.

    Attributes:
        events, nonevents: counts with the 1/2, shape (m,); both 0 in an empty row.
        corrected: where 1/2 was added, shape (m,).
        log_odds: natural logs, shape (m,); NaN in an empty row.
        error: their standard errors sqrt(1 / events + 1 / nonevents), shape (m,); NaN in an empty row.

    """

    events: Floats
    nonevents: Floats
    corrected: Bools
    log_odds: Floats
    error: Floats


def observed_odds(events: Floats, nonevents: Floats) -> Odds:
    """Give the log-odds of counts of events and non-events, any shape."""
    corrected = (events == 0) != (nonevents == 0)
    half = np.where(corrected, 0.5, 0.0)
    e, f = events + half, nonevents + half
    filled = e + f > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        log_odds = np.where(filled, np.log(e) - np.log(f), np.nan)
        error = np.where(filled, np.sqrt(1 / e + 1 / f), np.nan)
    return Odds(e, f, corrected, log_odds, error)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Weight of evidence of m rows, and their parts of the information value; NaN in an empty row."""

    woe: Floats
    iv: Floats


def evidence(odds: Odds, events: float, nonevents: float) -> Evidence:
    """Weigh rows of counts against all events and non-events: WoE = ln(share of events / share of non-events).

    A corrected row enters with its corrected counts, in the shares and in the logarithm alike, so that no part is
    negative; the totals are the counts themselves. Both are NaN where one outcome does not occur at all.

    Reference: Kullback (1959), Information Theory and Statistics: IV is the symmetric divergence J(1, 2).
    """
    if not (events > 0 and nonevents > 0):
        nothing = np.full(odds.log_odds.shape, np.nan)
        return Evidence(nothing, nothing)
    # As the log-odds of a row are made, so that a row that holds all rows has no evidence at all.
    woe = odds.log_odds - (np.log(events) - np.log(nonevents))
    return Evidence(woe, (odds.events / events - odds.nonevents / nonevents) * woe)
