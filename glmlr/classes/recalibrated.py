"""Do other probabilities of several classes fit better? The likelihood ratio test of a multinomial recalibration.

Reference: Van Hoorde, Vergouwe, Timmerman, Van Huffel, Steyerberg & Van Calster (2014), Statistics in Medicine 33,
2585-2596.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from glmlr.blocks import ArrayRows
from glmlr.classes.scores import ClassScores
from glmlr.multinomial.maximum import columns_of, maximised, start_of
from glmlr.multinomial.softmax import Outcomes
from glmlr.tails import Tail, chi_square_tail

#: A gain in log-likelihood below this part of it is the rounding of its sum.
_ROUNDING = 1e-12
_STEPS = 50
_NO_TAIL = Tail(math.nan, math.nan)


@dataclass(frozen=True)
class Recalibration:
    """The test that the probabilities are right: chi-square, degrees of freedom, tail; or why there is none."""

    chi2: float = math.nan
    df: int = 0
    tail: Tail = _NO_TAIL
    reason: str = ""


def recalibration_test(scores: ClassScores) -> Recalibration:
    """Compare the probabilities with log(P_j / P_r) = a_j + sum_i b_ji log(p_i / p_r), both estimated, r one class.

    If the probabilities are right a is 0 and b the identity: J (J - 1) equations that the likelihood ratio tests, fewer
    where some log-ratios of probabilities determine others. It does not depend on r. None exists where a probability is
    0 or a class has no rows.
    """
    if (scores.counts == 0).any():
        return Recalibration(reason="a class has no rows")
    if scores.probabilities.min() == 0:
        return Recalibration(reason="a probability is exactly 0")
    logs = np.log(scores.probabilities)
    weight = np.ones(scores.size) if scores.weight is None else scores.weight
    used = weight > 0
    columns = np.vstack([np.ones(int(used.sum())), (logs[used, 1:] - logs[used, :1]).T])
    rows = ArrayRows(columns, np.zeros(columns.shape[1]), weight[used])
    outcomes = Outcomes(scores.outcome[used], len(scores.classes))
    kept = columns_of(rows)
    reached = maximised(kept.rows, outcomes, start_of(kept.rows, outcomes, kept.keep.size), _STEPS)
    if not reached.converged:
        return Recalibration(reason="no finite recalibration exists or was found")
    loglik = float(np.dot(weight, logs[np.arange(scores.size), scores.outcome]))
    gain = reached.loglik - loglik
    chi2 = 2 * gain if gain > _ROUNDING * abs(loglik) else 0.0
    df = (len(scores.classes) - 1) * kept.keep.size
    return Recalibration(chi2, df, chi_square_tail(chi2, df))
