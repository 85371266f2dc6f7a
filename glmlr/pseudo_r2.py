"""How much does a model explain? Pseudo R2 of log-likelihoods, of scores and of linear predictors.

References: Nagelkerke (1991), Biometrika 78, 691-692; Long (1997), Regression Models for Categorical and Limited
Dependent Variables, ch. 4.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from glmlr.moments import Spread
from glmlr.ranking import Ranking

#: What is nearer to 0 is what rounding left of a difference.
_ROUNDING: Final = 1e-14


def likelihood_r2(loglik: float, null_loglik: float, n: float, k: float) -> dict[str, float]:
    """Give the pseudo R2 made of the two log-likelihoods, n rows and k coefficients.

    Reference: Long (1997), ch. 4; Nagelkerke (1991), Biometrika 78, 691-692.
    """
    cox_snell = -math.expm1(2 * (null_loglik - loglik) / n)
    return {
        "mcfadden": 1 - loglik / null_loglik,
        "mcfadden_adjusted": 1 - (loglik - k) / null_loglik,
        "cox_snell": cox_snell,
        "nagelkerke": cox_snell / -math.expm1(2 * null_loglik / n),
    }


def tjur_r2(ranking: Ranking) -> float:
    """Give the mean score of the events minus that of the non-events."""
    of_events = float(np.dot(ranking.events, ranking.score)) / ranking.total_events
    return of_events - float(np.dot(ranking.nonevents, ranking.score)) / ranking.total_nonevents


def efron_r2(ranking: Ranking) -> float:
    """Give 1 - sum (y - p)^2 / sum (y - mean y)^2 over the Bernoulli rows."""
    p = ranking.score
    residual = float(np.dot(ranking.events, (1 - p) ** 2) + np.dot(ranking.nonevents, p**2))
    gain = 1 - residual / (ranking.total_events * ranking.total_nonevents / ranking.total)
    return gain if abs(gain) > _ROUNDING else 0.0


def mckelvey_zavoina_r2(eta: Spread, latent_variance: float) -> float:
    """Give V / (V + v), V the variance of the linear predictor over rows (divisor n); NaN where it is infinite."""
    variance = eta.squares / eta.weight
    return variance / (variance + latent_variance)
