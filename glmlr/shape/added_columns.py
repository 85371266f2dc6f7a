"""What would further columns add to a fitted model? Score tests without a refit, and refits that start at the fit.

A model with k coefficients is fitted; q columns more are functions of one number x that each row has. The score test
asks the slope of the likelihood at the estimates (one pass over the rows, for any number of sets of columns at once); a
refit gives the likelihood ratio.

References: Rao (1948), Proc. Cambridge Phil. Soc. 44, 50-57; Boos (1992), The American Statistician 46, 327-333 (score
tests that hold whatever the variance).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, CodedBlock, Mapped, Rows, Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, inverse_of, scaled_rows
from glmlr.covariance import clustered, robust
from glmlr.links import Link
from glmlr.newton import sums_at
from glmlr.separation import maximise, suspected
from glmlr.solver import Solution, solve

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
#: Values of the number, shape (b,), to columns, shape (q, b).
Columns = Callable[[Floats], Floats]

#: Share of a column's information below which the others leave nothing of it.
_NOTHING_LEFT: Final = 1e-8
#: Newton's decrement at which a refit ends: its likelihood is then within 1e-14 of the maximum.
_NEAR: Final = 1e-7
_STEPS: Final = 25


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model at its estimates, in columns that cost no digits (k estimated columns, n rows).

    Attributes:
        rows: the rows, with the estimated columns only, centred and scaled where that saves digits.
        beta: their estimates, shape (k,).
        link: the link.
        center, scale: what was taken off each column, and what it was divided by then, shape (k,) each.
        kept: which columns of the design they are, shape (k,).
        robust: whether tests are to hold without the variance of the model: under importance weights or clusters.
        clusters: number of clusters, or None.
        inverse: inverse expected information, shape (k, k).
        loglik: log-likelihood at the estimates.

    """

    rows: Rows
    beta: Floats
    link: Link
    center: Floats
    scale: Floats
    kept: Positions
    robust: bool
    clusters: int | None
    inverse: Floats
    loglik: float

    @classmethod
    def of(
        cls,
        rows: Rows,
        beta: Floats,
        estimated: npt.NDArray[np.bool_],
        link: Link,
        *,
        robust: bool,
        clusters: int | None,
    ) -> Fitted:
        """Take a fitted model.

        Args:
            rows: blocks with all design columns.
            beta: coefficients, shape (columns,).
            estimated: which of them have an estimate, shape (columns,).
            link: the link.
            robust: see the attributes.
            clusters: see the attributes.

        """
        kept = np.flatnonzero(estimated)
        scaled = scaled_rows(rows, over_blocks(rows, block_moments, Moments.__add__))
        center, scale, own = np.zeros(kept.size), np.ones(kept.size), beta[kept]
        if scaled is not None:
            center, scale = scaled.center[kept], scaled.scale[kept]
            own = (scaled.inverse_transform() @ np.where(estimated, beta, 0.0))[kept]
        some = Subset(rows if scaled is None else scaled, kept)
        sums = sums_at(some, own, link)
        inverse = inverse_of(sums.information)
        return cls(some, own, link, center, scale, kept, robust, clusters, inverse, sums.loglik)

    @property
    def rank(self) -> int:
        """Number of coefficients k."""
        return self.beta.size

    def place_of(self, column: int) -> int:
        """Give where a column of the design stands among the estimated ones; -1 where it has no estimate."""
        found = np.flatnonzero(self.kept == column)
        return int(found[0]) if found.size else -1


@dataclass(frozen=True, eq=False)
class Extended(Mapped):
    """Rows with further columns, which are made of one number a row, block by block.

    Attributes:
        rows: the rows.
        x: the number of each row, shape (n,).
        columns: gives the further columns.

    """

    rows: Rows
    x: Floats
    columns: Columns

    def changed(self, block: Block) -> Block:
        """Give a block with the further columns behind its own."""
        more = np.ascontiguousarray(self.columns(self.x[block.start : block.start + block.size]))
        if not isinstance(block, CodedBlock):
            return block.cut(np.vstack([block.x, more]), slice(None))
        coded, k, q = block.coded, block.columns, more.shape[0]
        at = np.append(coded.at, np.arange(k, k + q))
        return block.cut(replace(coded, dense=np.vstack([coded.dense, more]), at=at, count=k + q), slice(None))


def together(several: Sequence[Columns]) -> Columns:
    """Give the columns of several sets, one below the other."""
    return lambda x: np.vstack([columns(x) for columns in several])


# ------------------------------------------------------------------------------------------------ score tests


@dataclass(frozen=True)
class ChiSquare:
    """A chi-square statistic and its degrees of freedom; NaN and 0 where there is nothing that can be tested."""

    value: float
    df: int


@dataclass(frozen=True, eq=False)
class Step:
    """Where one Newton step leads: coefficients, shape (k + q,), and their covariance, shape (k + q, k + q)."""

    beta: Floats
    covariance: Floats


@dataclass(frozen=True, eq=False)
class Scores:
    """What one pass says of q further columns at the estimates of k others.

    Attributes:
        beta: the estimates, and 0 for the further columns, shape (k + q,).
        score: derivative of the log-likelihood there, shape (k + q,).
        information: expected information there, shape (k + q, k + q).
        variance: covariance of the score, shape (k + q, k + q): the information, or where tests are robust the sum of
            squared contributions.
        k: number of the others.

    """

    beta: Floats
    score: Floats
    information: Floats
    variance: Floats
    k: int

    def test(self, which: slice) -> ChiSquare:
        """Test some of the further columns together, on as many degrees of freedom as the others leave of them."""
        own, others = self._chosen(which), slice(0, self.k)
        taken = self.information[own, others] @ inverse_of(self.information[others, others])
        off = np.hstack([-taken, np.eye(own.size)])
        at = np.append(np.arange(self.k), own)
        size = np.sqrt(np.diag(self.variance)[own])
        size = np.where(size > 0, size, 1.0)
        score = off @ self.score[at] / size
        variance = off @ self.variance[np.ix_(at, at)] @ off.T / np.outer(size, size)
        values, vectors = np.linalg.eigh((variance + variance.T) / 2)
        left = values > _NOTHING_LEFT
        if not left.any():
            return ChiSquare(math.nan, 0)
        along = vectors[:, left].T @ score
        return ChiSquare(float((along**2 / values[left]).sum()), int(left.sum()))

    def step(self, which: slice) -> Step:
        """Take one Newton step with some of the further columns; they must have something of their own."""
        at = np.append(np.arange(self.k), self._chosen(which))
        inverse = inverse_of(self.information[np.ix_(at, at)])
        return Step(self.beta[at] + inverse @ self.score[at], inverse @ self.variance[np.ix_(at, at)] @ inverse)

    def _chosen(self, which: slice) -> Positions:
        return self.k + np.arange(self.beta.size - self.k)[which]


def scores_of(fitted: Fitted, x: Floats, columns: Columns) -> Scores:
    """Ask the score of further columns.

    Args:
        fitted: the model.
        x: the number of each row, shape (n,).
        columns: the further columns, made of it.

    """
    rows = Extended(fitted.rows, x, columns)
    beta = np.concatenate([fitted.beta, np.zeros(columns(x[:1]).shape[0])])
    sums = sums_at(rows, beta, fitted.link)
    variance = meat_of(fitted, rows, beta) if fitted.robust else sums.information
    return Scores(beta, sums.score, sums.information, variance, fitted.rank)


def meat_of(fitted: Fitted, rows: Rows, beta: Floats) -> Floats:
    """Sum the squared contributions of the rows (or clusters) to the score at `beta` (k + q,)."""
    nothing = np.eye(beta.size)
    if fitted.clusters is not None:
        return clustered(rows, beta, fitted.link, nothing, groups=fitted.clusters)
    return robust(rows, beta, fitted.link, nothing, "HC0", n=math.nan, k=0)


# ------------------------------------------------------------------------------------------------ refits


@dataclass(frozen=True, eq=False)
class Refitted:
    """A model with further columns, at its own maximum.

    Attributes:
        loglik: log-likelihood there, or its supremum where estimates are infinite; NaN where it was not found.
        rank: number of its coefficients.
        beta: estimates of the columns of the fit that were kept and of the further ones, NaN where aliased.
        inverse: inverse information, NaN where aliased.
        finite: whether all estimates are finite.

    """

    loglik: float
    rank: int
    beta: Floats
    inverse: Floats
    finite: bool


def refitted(fitted: Fitted, x: Floats, columns: Columns, *, without: int = -1) -> Refitted:
    """Fit the model with further columns, from the estimates at hand.

    Args:
        fitted: the model.
        x: the number of each row, shape (n,).
        columns: the further columns, made of it.
        without: column of the model (by its place among the estimated ones) that they stand for; -1 for none.

    """
    others = np.delete(np.arange(fitted.rank), without) if without >= 0 else np.arange(fitted.rank)
    rows = Extended(fitted.rows if without < 0 else Subset(fitted.rows, others), x, columns)
    start = np.concatenate([fitted.beta[others], np.zeros(columns(x[:1]).shape[0])])
    found = solve(rows, fitted.link, start=start, tolerance=_NEAR, max_iterations=_STEPS)
    finite = not suspected(rows, found, fitted.link)
    if not finite:
        # Where some rows are separated the likelihood has a supremum, which a table of likelihoods needs.
        limit = maximise(rows, fitted.link)
        found, finite = limit.solution, limit.separation is None and limit.solution.converged
    return _described(found, finite)


def _described(found: Solution, finite: bool) -> Refitted:
    loglik = found.loglik if found.converged else math.nan
    return Refitted(loglik, found.rank, found.beta, found.inverse, finite)


def likelihood_ratio(fitted: Fitted, larger: Refitted) -> ChiSquare:
    """Test a model against one that contains it."""
    df = larger.rank - fitted.rank
    return ChiSquare(max(2 * (larger.loglik - fitted.loglik), 0.0), df) if df > 0 else ChiSquare(math.nan, 0)
