"""Which logistic line leads from predicted probabilities to outcomes, and how far are they apart? By one pass.

The line is logit P(event) = a + b logit(p), with b fixed at 1 (calibration in the large) and with both free. Of many
distinct scores, narrow bins say where to begin (`condensed`), and Newton's step over all scores leads to the maximum.

References: Cox (1958), Biometrika 45, 562-565; Miller, Langefeld, Tierney, Hui & McDonald (1993), Medical Decision
Making 13, 49-58.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import xlog1py, xlogy

from glmlr.blocks import ArrayRows
from glmlr.links import LOGIT
from glmlr.ranking import Ranking
from glmlr.ranking.condensed import condensed
from glmlr.runs import in_threads, runs_of
from glmlr.solver import solve

Floats = npt.NDArray[np.float64]

#: Scores whose columns stay in cache; products of vectors so short have the same bits for any number of threads.
_RUN: Final = 8192
#: Where a further step would be shorter than this, in standard errors, it is not taken.
_SHORT: Final = 1e-7
_STEPS: Final = 5
#: What differs from the ideal by less than this part of a standard error is the ideal: the solver resolves no more.
_RESOLVED: Final = 1e-8
#: A gain in log-likelihood below this part of it is the rounding of its sum.
_ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class Distances:
    """Sums over rows: of what probabilities expect, and of their distances to the outcomes.

    Attributes:
        expected: sum of the probabilities.
        squares, fourth_powers: sums of (y - p)^2 and of (y - p)^4.
        loglik: log-likelihood of the rows; -inf where an event has probability 0 or a non-event 1.
        tilted, tilted_variance: sum of (y - p)(1 - 2p), and its variance if the probabilities are right.

    """

    expected: float
    squares: float
    fourth_powers: float
    loglik: float
    tilted: float
    tilted_variance: float

    def brier_error(self, n: float) -> float:
        """Give the standard error of the mean of n squares (y - p)^2; NaN of one row."""
        if n <= 1:
            return math.nan
        return math.sqrt(max(self.fourth_powers - self.squares**2 / n, 0.0) / (n - 1) / n)

    @property
    def spiegelhalter_z(self) -> float:
        """Spiegelhalter's z; NaN where every probability is 0, 1/2 or 1.

        Reference: Spiegelhalter (1986), Statistics in Medicine 5, 421-433.
        """
        return self.tilted / math.sqrt(self.tilted_variance) if self.tilted_variance > 0 else math.nan


@dataclass(frozen=True)
class Lines:
    """The logistic lines: (estimate, standard error), NaN where there is none, with the reason.

    Attributes:
        in_the_large: intercept where the slope is 1.
        intercept, slope: of the line with both.
        covariance: of these two estimates.
        loglik: log-likelihood of that line.
        notes: sentences that say why something is missing.

    """

    in_the_large: tuple[float, float] = (math.nan, math.nan)
    intercept: tuple[float, float] = (math.nan, math.nan)
    slope: tuple[float, float] = (math.nan, math.nan)
    covariance: float = math.nan
    loglik: float = math.nan
    notes: tuple[str, ...] = ()

    def chi2(self, distances: Distances) -> float:
        """Give the likelihood ratio chi-square of intercept 0 and slope 1 against the line."""
        chi2 = 2 * (self.loglik - distances.loglik)
        return chi2 if math.isnan(chi2) or chi2 > _ROUNDING * abs(self.loglik) else 0.0


@dataclass(frozen=True)
class Calibrated:
    """The lines of a ranking, and its distances."""

    lines: Lines
    distances: Distances


def calibrated(ranking: Ranking) -> Calibrated:
    """Give the logistic lines through the outcomes, and the distances between outcomes and probabilities.

    Args:
        ranking: probabilities in [0, 1], with events and non-events among them.

    """
    p = ranking.score
    if p[0] == 0 or p[-1] == 1:
        certain = (p == 0) | (p == 1)
        n = float(ranking.events[certain].sum() + ranking.nonevents[certain].sum())
        reason = f"{n:g} rows have a probability of exactly 0 or 1, whose logit is infinite: no intercept or slope."
        return Calibrated(Lines(notes=(reason,)), distances_of(ranking))
    short = condensed(ranking)
    infinite, reason = unfitted_slope(ranking)
    fits = [_solved(short, 1)]
    if not reason:
        line = _solved(short, 2)
        reason = "" if line.converged else "The calibration slope did not converge."
        fits += [line] if line.converged else []
    distances, fits = _maximised(ranking, fits, len(short.score) == len(ranking.score))
    return Calibrated(_lines(fits, infinite, reason), distances)


def distances_of(ranking: Ranking) -> Distances:
    """Give the distances between outcomes and probabilities in [0, 1], without the lines."""
    return _passed(ranking, [])[0]


def line_sums(ranking: Ranking, intercept: float, slope: float) -> Floats:
    """Give what a line a + b logit(p) says of all rows, shape (10,).

    These are its log-likelihood; the score for a and b; the information for aa, ab, bb; and the derivative of that for
    aaa, aab, abb, bbb. Probabilities are in (0, 1).
    """
    beta = np.array([intercept, slope])

    def summed(run: slice) -> Floats:
        p, events = ranking.score[run], ranking.events[run]
        return _line_sums(LOGIT.link(p), events, events + ranking.nonevents[run], beta)

    return np.asarray(np.sum(in_threads(summed, runs_of(ranking.score.size, _RUN)), axis=0))


def unfitted_slope(ranking: Ranking) -> tuple[float, str]:
    """Give the slope where no finite one exists, with the reason; an empty reason where one does."""
    if ranking.score.size == 1:
        return math.nan, "All rows have one probability: there is no calibration slope."
    (first_event, last_event), (first_other, last_other) = _ends(ranking.events), _ends(ranking.nonevents)
    if first_event >= last_other:
        return math.inf, "No event has a lower probability than a non-event: the calibration slope is infinite."
    if first_other >= last_event:
        return -math.inf, "No event has a higher probability than a non-event: the calibration slope is minus infinity."
    return math.nan, ""


def _ends(weight: Floats) -> tuple[int, int]:
    """Give the first and the last place that has some weight."""
    there = weight > 0
    return int(np.argmax(there)), there.size - 1 - int(np.argmax(there[::-1]))


def _lines(fits: list[_Fitted], infinite: float, reason: str) -> Lines:
    in_the_large = _estimate(fits[0], 0, 0.0)
    if len(fits) == 1:
        return Lines(in_the_large, slope=(infinite, math.nan), notes=(reason,))
    line = fits[1]
    intercept, slope = _estimate(line, 0, 0.0), _estimate(line, 1, 1.0)
    return Lines(in_the_large, intercept, slope, float(line.covariance[0, 1]), line.loglik)


def _estimate(fit: _Fitted, column: int, ideal: float) -> tuple[float, float]:
    value, error = float(fit.beta[column]), math.sqrt(float(fit.covariance[column, column]))
    return (ideal if abs(value - ideal) < _RESOLVED * error else value), error


# ------------------------------------------------------------------------------------------------ lines


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Intercept and slope of a line (2,), the covariance of those that are free (k, k), its log-likelihood."""

    beta: Floats
    covariance: Floats
    loglik: float
    converged: bool = True

    def stepped(self, sums: Floats) -> tuple[_Fitted, float]:
        """Take Newton's step, the information moved along it by its derivative, and say how far the next would lead.

        The next is as much shorter, in standard errors, as the information changes along this one.

        Args:
            sums: what `_line_sums` gives at the line.

        """
        free = len(self.covariance)
        score, information = sums[1 : 1 + free], sums[[[3, 4], [4, 5]]][:free, :free]
        step = np.linalg.solve(information, score)
        bend = sums[[[[6, 7], [7, 8]], [[7, 8], [8, 9]]]][:free, :free, :free]
        change = bend @ step
        beta = self.beta + np.append(step, np.zeros(2 - free))
        gain = float(score @ step)
        next_step = math.sqrt(max(gain, 0.0)) * float(np.abs(change).max() / np.abs(information).max())
        covariance = np.asarray(np.linalg.inv(information + change), dtype=np.float64)
        return _Fitted(beta, covariance, float(sums[0]) + gain / 2), next_step


def _solved(ranking: Ranking, free: int) -> _Fitted:
    """Fit the line with one or two free coefficients."""
    eta, rows = LOGIT.link(ranking.score), ranking.rows
    x, share = np.vstack([np.ones_like(eta), eta]), ranking.events / rows
    found = solve(ArrayRows(x[:free], share, rows, offset=None if free == 2 else eta), LOGIT)
    return _Fitted(np.append(found.beta, [1.0] * (2 - free)), found.inverse, found.loglik, found.converged)


def _maximised(ranking: Ranking, fits: list[_Fitted], exact: bool) -> tuple[Distances, list[_Fitted]]:
    """Step from where bins have the lines to where all scores have them; without bins they are there."""
    distances, sums = _passed(ranking, [] if exact else [fit.beta for fit in fits])
    for left in reversed(range(0 if exact else _STEPS)):
        stepped = [fit.stepped(one) for fit, one in zip(fits, sums, strict=True)]
        fits = [fit for fit, _ in stepped]
        if max(next_step for _, next_step in stepped) < _SHORT or not left:
            break
        sums = _passed(ranking, [fit.beta for fit in fits])[1]
    return distances, fits


# ------------------------------------------------------------------------------------------------ sums over rows


def _passed(ranking: Ranking, places: list[Floats]) -> tuple[Distances, list[Floats]]:
    """Add up, run by run in order, the distances of all rows, and what says how to move lines.

    Args:
        ranking: the probabilities.
        places: intercept and slope of the line in the large and of the other one, shape (2,) each; or nothing.

    """
    certain = bool(ranking.score[0] == 0 or ranking.score[-1] == 1)

    def summed(run: slice) -> Floats:
        p, events, nonevents = ranking.score[run], ranking.events[run], ranking.nonevents[run]
        if certain:
            with np.errstate(divide="ignore"):
                loglik = float(xlogy(events, p).sum() + xlog1py(nonevents, -p).sum())
            return _distance_sums(p, events, nonevents, loglik)
        log_p, log_q = np.log(p), np.log1p(-p)
        distances = _distance_sums(p, events, nonevents, float(events @ log_p + nonevents @ log_q))
        eta, rows = log_p - log_q, events + nonevents
        lines = [_line_sums(eta, events, rows, place) for place in places[1:]]
        shifts = [_shift_sums(p, events, rows, place[0]) for place in places[:1]]
        return np.concatenate([distances, *shifts, *lines])

    total = np.sum(in_threads(summed, runs_of(ranking.score.size, _RUN)), axis=0)
    return Distances(*map(float, total[:6])), np.split(total[6:], len(places)) if places else []


def _distance_sums(p: Floats, events: Floats, nonevents: Floats, loglik: float) -> Floats:
    """Give what makes `Distances`, in its order, shape (6,)."""
    q, rows = 1 - p, events + nonevents
    p2, q2, tilt, weight = p * p, q * q, q - p, rows * p
    return np.array(
        [
            weight.sum(),
            events @ q2 + nonevents @ p2,
            events @ (q2 * q2) + nonevents @ (p2 * p2),
            loglik,
            (events - weight) @ tilt,
            (weight * q) @ (tilt * tilt),
        ]
    )


def _shift_sums(p: Floats, events: Floats, rows: Floats, shift: float) -> Floats:
    """Give score, information and its derivative for a + logit(p), where `_line_sums` has them; the rest is NaN."""
    odds = math.exp(shift) * p
    mean = odds / (odds + (1 - p))
    variance = mean * (1 - mean)
    sums = np.full(10, math.nan)
    sums[1], sums[3] = events.sum() - rows @ mean, rows @ variance
    sums[6] = sums[3] - 2 * (rows * variance) @ mean
    return sums


def _line_sums(eta: Floats, events: Floats, rows: Floats, beta: Floats) -> Floats:
    """Give log-likelihood, score, information and its derivative for a + b eta, by power of eta, shape (10,)."""
    linear = beta[0] + beta[1] * eta
    small = np.exp(-np.abs(linear))
    share = 1 / (1 + small)
    mean = np.where(linear >= 0, share, small * share)
    residual, variance = events - rows * mean, rows * small * share**2
    bend, square = variance * (1 - 2 * mean), eta * eta
    loglik = events @ linear - rows @ (np.maximum(linear, 0.0) + np.log1p(small))
    ones = [residual.sum(), residual @ eta, variance.sum(), variance @ eta, variance @ square]
    return np.array([loglik, *ones, bend.sum(), bend @ eta, bend @ square, (bend * eta) @ square])
