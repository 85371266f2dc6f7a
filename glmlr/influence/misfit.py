"""Is the shape of the model right? Directions in which a wrong link shows, as columns added to the fit.

Stukel's columns and the sum of squares are functions of the linear predictor; their tests are score tests of columns
added to the fit, which account for the estimates having seen the rows. With score u = (y - p) p' / V of eta (V = p
(1 - p), p' = dp / d eta), the column c = (1 - 2 p) V / p' has the score sum of (y - p)(1 - 2 p), which is the sum of
squares less its expectation. References: see `glmlr.statistics.specification`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Mapped, Rows, over_blocks
from glmlr.links import Link
from glmlr.shape.added_columns import ChiSquare, Fitted, Refitted, likelihood_ratio, meat_of, refitted, scores_of
from glmlr.solver import solve

Floats = npt.NDArray[np.float64]


def eta_of(model: Fitted, rows: int) -> Floats:
    """Give the linear predictor of the rows of a model, shape (rows,)."""
    found = np.empty(rows)

    def put(block: Block) -> int:
        found[block.start : block.start + block.size] = block.eta(model.beta)
        return 0

    over_blocks(model.rows, put, lambda one, _: one)
    return found


@dataclass(frozen=True, eq=False)
class _Predictor(Mapped):
    """Rows whose columns are a constant, the linear predictor and its square."""

    rows: Rows
    beta: Floats

    def changed(self, block: Block) -> Block:
        """Give the three columns of a block, without an offset, which the linear predictor holds already."""
        eta = block.eta(self.beta)
        x = np.vstack([np.ones_like(eta), eta, eta**2])
        return Block(x, block.y, block.weight, block.importance, None, block.cluster, block.start)


@dataclass(frozen=True)
class LinkTest:
    """Coefficients of the linear predictor and its square in place of the model, with their standard errors."""

    hat: float
    hat_error: float
    square: float
    square_error: float


def link_test(model: Fitted) -> LinkTest | None:
    """Fit the outcome to the linear predictor and its square; None where that has no finite estimates."""
    rows = _Predictor(model.rows, model.beta)
    found = solve(rows, model.link)
    if not (found.converged and np.isfinite(found.beta).all()):
        return None
    covariance = found.inverse
    if model.robust:
        again = Fitted(rows, found.beta, model.link, *_plain(3), True, model.clusters, found.inverse, found.loglik)
        covariance = found.inverse @ meat_of(again, rows, found.beta) @ found.inverse
    error = np.sqrt(np.diag(covariance))
    return LinkTest(float(found.beta[1]), float(error[1]), float(found.beta[2]), float(error[2]))


def _plain(k: int) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    return np.zeros(k), np.ones(k), np.arange(k)


def _upper(x: Floats) -> Floats:
    return np.asarray(0.5 * x**2 * (x >= 0))[None, :]


def _lower(x: Floats) -> Floats:
    return np.asarray(-0.5 * x**2 * (x < 0))[None, :]


def _both(x: Floats) -> Floats:
    return np.vstack([_upper(x), _lower(x)])


#: Which of Stukel's columns are added: eta^2 / 2 where eta >= 0, - eta^2 / 2 where eta < 0, or both.
STUKEL: Final[Mapping[str, Callable[[Floats], Floats]]] = MappingProxyType(
    {"both": _both, "upper": _upper, "lower": _lower}
)


def stukel(model: Fitted, eta: Floats, which: str = "both") -> ChiSquare:
    """Test columns of `STUKEL` by their score."""
    return scores_of(model, eta, STUKEL[which]).test(slice(None))


@dataclass(frozen=True, eq=False)
class StukelRefit:
    """A fit with columns of `STUKEL` and its likelihood ratio; coefficients and standard errors of them, shape (q,)."""

    test: ChiSquare
    alpha: Floats
    std_error: Floats
    finite: bool


def stukel_refit(model: Fitted, eta: Floats, which: str) -> StukelRefit:
    """Test columns of `STUKEL` by the likelihood ratio of a fit with them."""
    larger: Refitted = refitted(model, eta, STUKEL[which])
    q = STUKEL[which](eta[:1]).shape[0]
    with np.errstate(invalid="ignore"):
        error = np.sqrt(np.diag(larger.inverse)[-q:])
    known = larger.finite & np.isfinite(larger.beta[-q:])
    return StukelRefit(
        likelihood_ratio(model, larger),
        np.where(known, larger.beta[-q:], np.nan),
        np.where(known, error, np.nan),
        larger.finite,
    )


@dataclass(frozen=True)
class Standardized:
    """A statistic, what it should be, the standard deviation of their difference, and the difference over that."""

    value: float
    expected: float
    deviation: float

    @property
    def z(self) -> float:
        """(value - expected) / deviation."""
        return (self.value - self.expected) / self.deviation if self.deviation > 0 else math.nan


def sum_of_squares(model: Fitted, eta: Floats) -> Standardized:
    """Compare the unweighted sum of squares of y - p with its expectation, sum of p (1 - p)."""
    link = model.link
    found = scores_of(model, eta, lambda x: _variance_slope(x, link)[None, :])
    chi, gap = found.test(slice(None)), float(found.score[-1])
    expected = over_blocks(model.rows, lambda block: _expected_squares(block, model), lambda one, two: one + two)
    if not chi.df or not chi.value > 0:
        return Standardized(expected + gap, expected, math.nan)
    return Standardized(expected + gap, expected, abs(gap) / math.sqrt(chi.value))


def _variance_slope(eta: Floats, link: Link) -> Floats:
    """Give (1 - 2 p) V / p' = (1 - 2 p) p' / w with the information w, shape (m,)."""
    return np.asarray((1.0 - 2.0 * link.mean(eta)) * link.density(eta) / link.weight(eta))


def _expected_squares(block: Block, model: Fitted) -> float:
    p = model.link.mean(block.eta(model.beta))
    total = block.total_weight()
    return float((p * (1.0 - p) * (1.0 if total is None else total)).sum())


def pearson_of_patterns(
    model: Fitted, chi2: float, trials: Floats, eta: Floats, columns: tuple[Floats, int]
) -> Standardized:
    """Standardise Pearson's chi-square over J covariate patterns by Osius and Rojek's approximation.

    With m trials of a pattern the variance is 2 (J - sum 1 / m) + RSS, RSS being what the model's columns leave of
    (1 - 2 p) / (m V), weighted by m V.

    Args:
        model: the fit.
        chi2: Pearson's chi-square over the patterns.
        trials: trials of each pattern, shape (J,).
        eta: linear predictor of each, shape (J,).
        columns: pattern of each row of the model, shape (rows,), and J less the number of coefficients.

    """
    of_row, df = columns
    link = model.link
    slope = (1.0 - 2.0 * link.mean(eta)) / (trials * link.density(eta))
    found = scores_of(model, slope[of_row], lambda x: x[None, :])
    own, k = found.information[-1, -1], found.k
    taken = found.information[-1, :k]
    left = own - float(taken @ model.inverse @ taken)
    variance = 2.0 * (trials.size - float((1.0 / trials).sum())) + max(left, 0.0)
    # Less than rounding of what was subtracted is nothing.
    return Standardized(chi2, float(df), math.sqrt(variance) if variance > 1e-10 * own else math.nan)
