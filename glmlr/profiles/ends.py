"""Where do profile-likelihood intervals end? All ends of all coefficients in the same few passes over the rows.

From the Wald ends every end takes Newton steps of its own: along the profile towards the quantile of the deviance, and
across it back to the maximum over the other coefficients. With the information at the estimates kept, such a step needs
the log-likelihood and the score alone, and one pass gives these for all ends together. An end that this does not bring
home has its own information, step by step; what is left then goes the sure way of `held`.

Reference: Venzon & Moolgavkar (1988), Applied Statistics 37, 87-94.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, CodedBlock, Rows, over_blocks
from glmlr.conditioning import inverse_of
from glmlr.links import Link
from glmlr.newton import Sums, sums_at
from glmlr.profiles.held import Profile, close_enough

Floats = npt.NDArray[np.float64]

#: Passes with the information at the estimates, and with an end's own.
_SHARED_PASSES: Final = 12
_OWN_PASSES: Final = 8
#: A squared distance (in standard errors) across the profile that is none.
_ACROSS: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Maximum:
    """A likelihood at its maximum (k coefficients, all finite).

    Attributes:
        rows: rows with k columns.
        link: the link.
        beta: the estimates, shape (k,).
        loglik: the log-likelihood there.
        inverse: inverse observed information there, shape (k, k).

    """

    rows: Rows
    link: Link
    beta: Floats
    loglik: float
    inverse: Floats

    @classmethod
    def of(cls, rows: Rows, beta: Floats, link: Link) -> Maximum:
        """Take the estimates of some rows."""
        sums = sums_at(rows, beta, link, expected=False)
        return cls(rows, link, beta, sums.loglik, inverse_of(sums.information))


@dataclass(frozen=True, eq=False)
class _Step:
    """Where one step leads an end.

    Attributes:
        beta: the coefficients after the step, shape (k,).
        miss: how far the deviance was from the quantile before it; NaN where steps lead nowhere.
        apart: squared distance across the profile before it, in standard errors.

    """

    beta: Floats
    miss: float = np.nan
    apart: float = np.nan

    @property
    def lost(self) -> bool:
        """Whether there is no step to take."""
        return bool(np.isnan(self.miss))

    def arrives(self, before: _Step | None, loglik: float) -> bool:
        """Whether the step ends the way, if it shortens what is left as the one before did; later ones do better."""
        miss, apart = self.miss, self.apart
        if before is not None and miss < before.miss and apart < before.apart:
            miss, apart = miss * (miss / before.miss), apart * (apart / before.apart)
        return miss <= close_enough(loglik) and apart <= _ACROSS


def ends_of(maximum: Maximum, combinations: Floats, quantile: float) -> Floats:
    """Give the ends of the profile-likelihood intervals of linear combinations of the coefficients.

    Args:
        maximum: the model at its maximum, all estimates finite.
        combinations: one in each row, shape (m, k).
        quantile: of chi-square with 1 degree of freedom: the deviance at the ends.

    Returns:
        Lower and upper ends, shape (m, 2); NaN where the deviance never reaches the quantile.

    """
    along = np.repeat(combinations, 2, axis=0)
    sign = np.tile([-1.0, 1.0], len(combinations))
    variance = np.einsum("ek,ek->e", along @ maximum.inverse, along)
    start = maximum.beta + (sign * np.sqrt(quantile / variance))[:, None] * (along @ maximum.inverse)
    beta, arrived = _together(maximum, along, sign, quantile, start)
    values = np.einsum("ek,ek->e", along, beta)
    for end in np.flatnonzero(~arrived):
        found = alone(maximum, along[end], sign[end], quantile, start[end])
        if found is None:
            values[end] = _surely(maximum, along[end], float(sign[end] * np.sqrt(variance[end])), quantile)
        else:
            values[end] = float(along[end] @ found)
    return np.asarray(values.reshape(-1, 2))


def _together(
    maximum: Maximum, along: Floats, sign: Floats, quantile: float, start: Floats
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Take the steps of all ends that need the log-likelihood and the score alone; say which ends have arrived."""
    beta, arrived, active = start.copy(), np.zeros(sign.size, dtype=bool), np.arange(sign.size)
    before: dict[int, _Step] = {}
    for _ in range(_SHARED_PASSES):
        sums = _scores(maximum.rows, beta[active], maximum.link)
        for end, one in zip(active.tolist(), sums, strict=True):
            at = Sums(float(one[0]), one[1:], maximum.inverse)
            step = _stepped(maximum, along[end], sign[end], quantile, beta[end], at)
            beta[end], arrived[end] = step.beta, step.arrives(before.get(end), maximum.loglik)
            before[end] = step
        active = np.array([end for end in active.tolist() if not (arrived[end] or before[end].lost)], dtype=np.intp)
        if not active.size:
            break
    return beta, arrived


def alone(maximum: Maximum, along: Floats, sign: float, quantile: float, beta: Floats) -> Floats | None:
    """Take the steps of one end with the information where it stands; None where they lead nowhere."""
    before = None
    for _ in range(_OWN_PASSES):
        sums = sums_at(maximum.rows, beta, maximum.link, expected=False)
        diagonal = np.diag(sums.information)
        if not (np.isfinite(diagonal).all() and (diagonal > 0).all()):
            return None
        try:
            inverse = inverse_of(sums.information)
        except np.linalg.LinAlgError:
            return None
        step = _stepped(maximum, along, sign, quantile, beta, Sums(sums.loglik, sums.score, inverse))
        if step.lost:
            return None
        beta = step.beta
        if step.arrives(before, maximum.loglik):
            return beta
        before = step
    return None


def _surely(maximum: Maximum, along: Floats, step: float, quantile: float) -> float:
    profile = Profile(maximum.rows, maximum.link, along, maximum.loglik, quantile)
    return profile.crossing(profile.at(float(along @ maximum.beta), maximum.beta), step)


def _stepped(maximum: Maximum, along: Floats, sign: float, quantile: float, beta: Floats, at: Sums) -> _Step:
    """Step along the profile and across it: b by Newton's step on the root of the deviance, the others to their best.

    With C the inverse information and a the combination, v = C a / (a' C a) moves b by 1, and C s - v (a' C s) moves
    the others with b held.

    Args:
        maximum: the estimates.
        along: the combination a, shape (k,).
        sign: -1 for a lower end, 1 for an upper.
        quantile: the deviance at the end.
        beta: where the end stands, shape (k,).
        at: log-likelihood and score s there, and C in the place of the information.

    """
    moved = at.information @ along
    forward = moved / float(along @ moved)
    across = at.information @ at.score - forward * float(moved @ at.score)
    apart, slope = float(at.score @ across), sign * float(at.score @ forward)
    deviance = 2.0 * (maximum.loglik - at.loglik) - apart
    if not (np.isfinite(deviance) and deviance > 0 and slope < 0 and apart >= -_ACROSS):
        return _Step(beta)
    root = np.sqrt(deviance)
    ahead = sign * (np.sqrt(quantile) - root) * root / -slope
    return _Step(beta + across + ahead * forward, abs(deviance - quantile), max(apart, 0.0))


def _scores(rows: Rows, beta: Floats, link: Link) -> Floats:
    """Give the log-likelihood and the score at several values of the coefficients (e, k), shape (e, 1 + k)."""

    def of(block: Block) -> Floats:
        total = block.total_weight()
        together = not isinstance(block, CodedBlock)
        eta = np.dot(beta, block.x) if together else np.stack([block.eta(one) for one in beta])
        if together and block.offset is not None:
            eta += block.offset
        loglik, scores = np.empty(len(beta)), np.empty_like(eta)
        for end, one in enumerate(eta):
            part = link.likelihood(one, block.y, expected=True)
            loglik[end] = part.loglik.sum() if total is None else part.loglik @ total
            scores[end] = part.score if total is None else part.score * total
        slopes = np.dot(scores, block.x.T) if together else np.stack([block.times(one) for one in scores])
        return np.column_stack([loglik, slopes])

    return over_blocks(rows, of, np.add)
