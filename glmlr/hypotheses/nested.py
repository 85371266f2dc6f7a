"""What does a model lose without some of its columns? Refits without them, score tests and Wald tests of them.

References: Rao (1948), Proc. Cambridge Phil. Soc. 44, 50-57; Boos (1992), The American Statistician 46, 327-333 (score
tests that hold whatever the variance); Fox (2016), Applied Regression Analysis, 3rd ed., section 8.2.5 (type II).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows, Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, scaled_rows
from glmlr.covariance import clustered, robust
from glmlr.links import Link
from glmlr.newton import sums_at
from glmlr.penalised.adjusted import Adjusted
from glmlr.penalised.planes import Planes
from glmlr.separation import maximise, suspected
from glmlr.shape.added_columns import ChiSquare, Scores
from glmlr.solver import solve

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Newton's decrement at which a refit ends: its likelihood is then within 1e-14 of the maximum.
_NEAR: Final = 1e-7
_STEPS: Final = 25
#: Share of a combination's variance below which the others leave nothing of it.
_NOTHING_LEFT: Final = 1e-13
NOTHING: Final = ChiSquare(math.nan, 0)


@dataclass(frozen=True, eq=False)
class Whole:
    """A fitted model, of which parts are left out (k design columns).

    Attributes:
        rows: its rows, or the covariate patterns that they collapse to, with all design columns.
        link: the link.
        beta: estimates, shape (k,); NaN where aliased, infinite where separated.
        information: expected information at the estimates, shape (k, k).
        robust: whether score tests are to hold without the variance of the model.
        clusters: number of clusters, or None.
        planes: where the estimates are Firth's, how their penalised likelihood falls off; else None.

    """

    rows: Rows
    link: Link
    beta: Floats
    information: Floats
    robust: bool
    clusters: int | None
    planes: Planes | None = None

    @property
    def columns(self) -> Positions:
        """Positions of all columns."""
        return np.arange(self.beta.size)


@dataclass(frozen=True, eq=False)
class Reduced:
    """A model with some of the columns, at its maximum.

    Attributes:
        columns: which, shape (m,).
        beta: estimates, shape (m,); NaN where aliased.
        loglik: log-likelihood, or its supremum where estimates are infinite; NaN where it was not found.
        rank: number of coefficients, infinite ones included.
        finite: whether the maximum is at finite estimates.
        held: where the estimates are Firth's, the adjusted score there; the penalty is that of all columns.

    """

    columns: Positions
    beta: Floats
    loglik: float
    rank: int
    finite: bool
    held: Adjusted | None = None

    @property
    def aic(self) -> float:
        """Akaike's criterion; NaN where other columns have a part in the penalty."""
        return math.nan if self.held is not None else -2 * self.loglik + 2 * self.rank

    @property
    def height(self) -> float:
        """What likelihood ratios compare: the log-likelihood, penalised where it is."""
        return self.loglik if self.held is None else self.held.objective


def with_columns(whole: Whole, columns: Positions) -> Reduced:
    """Fit the model with some of its columns, from where the information of all of them says."""
    if whole.planes is not None:
        return _held_elsewhere(whole, whole.planes, columns)
    rows = Subset(whole.rows, columns)
    found = solve(rows, whole.link, start=_start(whole, columns), tolerance=_NEAR, max_iterations=_STEPS)
    finite = found.converged and (columns.size == 0 or not suspected(rows, found, whole.link))
    if not finite:
        # Where some rows are separated the likelihood has a supremum, which a ratio of likelihoods needs.
        limit = maximise(rows, whole.link)
        found, finite = limit.solution, limit.separation is None and limit.solution.converged
    return Reduced(columns, found.beta, found.loglik if found.converged else math.nan, found.rank, finite)


def _held_elsewhere(whole: Whole, planes: Planes, columns: Positions) -> Reduced:
    """Hold the coefficients of all other columns at 0 under Firth's penalty of all columns."""
    at, rank = planes.of_columns(columns), int(np.isin(planes.kept, columns).sum())
    if at is None:
        return Reduced(columns, np.full(columns.size, math.nan), math.nan, rank, finite=False)
    return Reduced(columns, planes.in_data(at, whole.beta.size)[columns], at.loglik, rank, finite=True, held=at)


def _start(whole: Whole, columns: Positions) -> Floats | None:
    """Go to the maximum of the likelihood's parabola over the columns kept, the others being 0."""
    estimated = ~np.isnan(whole.beta)
    if not np.isfinite(whole.beta[estimated]).all():
        return None
    kept = columns[estimated[columns]]
    out = np.setdiff1d(np.flatnonzero(estimated), kept)
    size = np.sqrt(np.diag(whole.information)[kept])
    within = whole.information[np.ix_(kept, kept)] / np.outer(size, size)
    try:
        moved = np.linalg.solve(within, whole.information[np.ix_(kept, out)] @ whole.beta[out] / size) / size
    except np.linalg.LinAlgError:
        return None
    start = np.zeros(whole.beta.size)
    start[kept] = whole.beta[kept] + moved
    return start[columns] if np.isfinite(start).all() else None


def likelihood_ratio(smaller: Reduced, larger: Reduced) -> ChiSquare:
    """Test a model against one that contains it, on as many degrees of freedom as it has coefficients more."""
    df = larger.rank - smaller.rank
    return ChiSquare(max(2 * (larger.height - smaller.height), 0.0), df) if df > 0 else NOTHING


def score_test(whole: Whole, smaller: Reduced, added: Positions) -> ChiSquare:
    """Test further columns of the model by the slope of the likelihood where they are 0; NaN without finite estimates.

    Args:
        whole: the model that all columns are of.
        smaller: the model without the columns.
        added: positions of the columns tested.

    """
    if not smaller.finite:
        return NOTHING
    if whole.planes is not None and smaller.held is not None:
        larger = np.concatenate([smaller.columns, added])
        df = int(np.isin(whole.planes.kept, added).sum())
        return ChiSquare(smaller.held.statistic(whole.planes.free(larger)), df) if df else NOTHING
    known = ~np.isnan(smaller.beta)
    columns = np.concatenate([smaller.columns[known], added])
    beta = np.concatenate([smaller.beta[known], np.zeros(added.size)])
    units = in_units(whole, columns)
    return scores_at(whole, units.rows, units.inwards @ beta, int(known.sum())).test(slice(None))


@dataclass(frozen=True, eq=False)
class InUnits:
    """Some columns of a model, in units that cost no digits.

    Attributes:
        rows: the rows with these columns, centred and scaled where that saves digits.
        inwards: coefficients of the columns of `rows` from those of the columns as they are, shape (m, m).

    """

    rows: Rows
    inwards: Floats


def in_units(whole: Whole, columns: Positions) -> InUnits:
    """Take some columns of a model."""
    rows = Subset(whole.rows, columns)
    scaled = scaled_rows(rows, over_blocks(rows, block_moments, Moments.__add__))
    return InUnits(rows, np.eye(columns.size)) if scaled is None else InUnits(scaled, scaled.inverse_transform())


def scores_at(whole: Whole, rows: Rows, beta: Floats, k: int) -> Scores:
    """Ask the score of columns at coefficients of theirs, the first k of which are not tested."""
    sums = sums_at(rows, beta, whole.link)
    variance = sums.information
    if whole.robust:
        nothing = np.eye(beta.size)
        if whole.clusters is not None:
            variance = clustered(rows, beta, whole.link, nothing, groups=whole.clusters)
        else:
            variance = robust(rows, beta, whole.link, nothing, "HC0", n=math.nan, k=0)
    return Scores(beta, sums.score, sums.information, variance, k)


def wald_test(beta: Floats, covariance: Floats, own: Positions, others: Positions) -> ChiSquare:
    """Test whether some coefficients are 0, given that others are 0; NaN where one of them is not finite.

    The estimates of `own` where `others` are held at 0 are b1 - V12 V22^-1 b2, with covariance V11 - V12 V22^-1 V21:
    Wald's statistic for all of them less that for the others.

    Args:
        beta: estimates, shape (k,); NaN where aliased.
        covariance: of the estimates, shape (k, k).
        own: positions of the coefficients tested.
        others: positions of the coefficients that are taken to be 0, empty for none.

    """
    own, others = own[~np.isnan(beta[own])], others[~np.isnan(beta[others])]
    at = np.concatenate([own, others])
    if own.size == 0 or not np.isfinite(beta[at]).all():
        return NOTHING
    estimates, variance = beta[own], covariance[np.ix_(own, own)]
    if others.size:
        size = np.sqrt(np.diag(covariance)[others])
        within = covariance[np.ix_(others, others)] / np.outer(size, size)
        across = covariance[np.ix_(others, own)] / size[:, None]
        estimates = estimates - across.T @ np.linalg.solve(within, beta[others] / size)
        variance = variance - across.T @ np.linalg.solve(within, across)
    return quadratic(estimates, variance)


def quadratic(estimates: Floats, variance: Floats) -> ChiSquare:
    """Give e' V^-1 e, on as many degrees of freedom as V has rank, for estimates (q,) and their covariance (q, q)."""
    size = np.sqrt(np.maximum(np.diag(variance), 0.0))
    if not (size > 0).any():
        return NOTHING
    size = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh((variance + variance.T) / 2 / np.outer(size, size))
    left = values > _NOTHING_LEFT
    along = vectors[:, left].T @ (estimates / size)
    return ChiSquare(float((along**2 / values[left]).sum()), int(left.sum()))
