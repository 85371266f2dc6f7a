"""How precise are the estimates? Model-based, robust and clustered covariance.

With A the expected information and B the sum of the squared contributions of the rows to the score, the robust
covariance is the sandwich A^-1 B A^-1. A row that stands for several Bernoulli trials counts as that many rows; an
importance weight multiplies a row's contribution, so that its square enters B and rescaling all weights changes
nothing.

References: Huber (1967); White (1982), Econometrica 50; MacKinnon & White (1985), J. Econometrics 29; Zeileis (2006),
J. Stat. Software 16(9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.errors import DataError
from glmlr.links import Link

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: What a report calls the model-based covariance of ridge estimates; A of the other kinds is I + P then, too.
SHRUNKEN_KIND: Final = "model-based ((I + P)^-1 I (I + P)^-1 with information I and penalty P)"

#: kind -> what a report calls it.
KINDS: Final[dict[str, str]] = {
    "model": "model-based (inverse expected information)",
    "HC0": "robust (sandwich, HC0)",
    "HC1": "robust (sandwich, HC1: times n / (n - k))",
    "HC2": "robust (sandwich, HC2: scores divided by sqrt(1 - leverage))",
    "HC3": "robust (sandwich, HC3: scores divided by 1 - leverage)",
    "bootstrap": "bootstrap (covariance of the estimates of resamples)",
    "cluster": "cluster-robust (sandwich, times G / (G - 1) for G clusters)",
}

ROBUST: Final = ("HC0", "HC1", "HC2", "HC3")


@dataclass(frozen=True, eq=False)
class CentredCovariance:
    """Covariance of the coefficients of centred and scaled columns, which keeps the digits of linear predictors.

    With a column far from 0 (a date, say) the variance of the intercept is huge, and that of x'beta is what is left
    when huge terms cancel; of centred columns nothing cancels.

    Attributes:
        center: what is taken off each column, shape (k,).
        scale: what it is divided by then, shape (k,).
        matrix: covariance of the coefficients of those columns, shape (k, k).

    """

    center: Floats
    scale: Floats
    matrix: Floats

    def of(self, x: Floats) -> Floats:
        """Give the variance of the linear predictor of rows, x of shape (m, k)."""
        return variance_of(self.matrix, (x - self.center) / self.scale)

    def error_of(self, combination: Floats, intercept: int | None) -> float:
        """Give the standard error of a linear combination of the coefficients of the columns as they are, (k,).

        Args:
            combination: one number a coefficient.
            intercept: position of the intercept's column, which takes up what is taken off the others; or None.

        """
        taken = 0.0 if intercept is None else float(combination[intercept]) * self.center
        return float(np.sqrt(variance_of(self.matrix, ((combination - taken) / self.scale)[None, :])[0]))


def variance_of(covariance: Floats, x: Floats) -> Floats:
    """Give x' V x for rows x of shape (m, k); coefficients without a finite estimate play no part."""
    known = np.where(np.isnan(covariance), 0.0, covariance)
    return np.asarray(np.maximum(np.einsum("mk,kj,mj->m", x, known, x, optimize=True), 0.0))


def leverage(block: Block, beta: Floats, link: Link, inverse: Floats) -> Floats:
    """Leverage of one Bernoulli trial of each row, shape (b,): importance x information x (x' A^-1 x)."""
    weight = link.weight(block.eta(beta))
    if block.importance is not None:
        weight = weight * block.importance
    return np.asarray(weight * block.quadratic(inverse))


def robust(rows: Rows, beta: Floats, link: Link, inverse: Floats, kind: str, *, n: float, k: float) -> Floats:
    """Heteroskedasticity-robust covariance, shape (k, k).

    Args:
        rows: blocks with the k estimated columns.
        beta: estimates, shape (k,).
        link: the link.
        inverse: inverse expected information A^-1, shape (k, k).
        kind: "HC0", "HC1", "HC2" or "HC3".
        n: number of Bernoulli trials, for HC1.
        k: number of coefficients, infinite ones included, or effective degrees of freedom, for HC1.

    """
    powers = {"HC2": 1.0, "HC3": 2.0}

    def part(block: Block) -> Floats:
        squared = _squared_scores(block, beta, link)
        if kind in powers:
            room = 1.0 - leverage(block, beta, link, inverse)
            squared = squared / np.maximum(room, 1e-12) ** powers[kind]
        return block.gram(squared)

    meat = over_blocks(rows, part, np.add)
    if kind == "HC1":
        meat = meat * (n / (n - k))
    return sandwich(inverse, meat)


def _squared_scores(block: Block, beta: Floats, link: Link) -> Floats:
    """Sum over a row's trials of the squared score by eta, shape (b,); events and non-events differ."""
    eta = block.eta(beta)
    squared = block.y * link.event_score(eta) ** 2 + (1.0 - block.y) * link.nonevent_score(eta) ** 2
    if block.weight is not None:
        squared = squared * block.weight
    if block.importance is not None:
        squared = squared * block.importance**2
    return np.asarray(squared)


def clustered(rows: Rows, beta: Floats, link: Link, inverse: Floats, *, groups: int) -> Floats:
    """Cluster-robust covariance, shape (k, k), with the factor G / (G - 1).

    This is the factor of Stata's `vce(cluster)` after logit and of R's `sandwich::vcovCL`; statsmodels multiplies by
    (n - 1) / (n - k) as well.

    Args:
        rows: blocks with the k estimated columns and the cluster of each row.
        beta: estimates, shape (k,).
        link: the link.
        inverse: inverse expected information A^-1, shape (k, k).
        groups: number of clusters G.

    Raises:
        DataError: fewer than two clusters.

    """
    found = over_blocks(rows, lambda block: _scores_by_cluster(block, beta, link), _ByCluster.__add__).gathered()
    if found.cluster.size < 2:
        raise DataError(
            "Clustered standard errors need at least two clusters; all rows (but those that separation fits perfectly) "
            "are in one."
        )
    return sandwich(inverse, np.dot(found.score, found.score.T) * (groups / (groups - 1)))


@dataclass(frozen=True, eq=False)
class _ByCluster:
    """Sums of the score by cluster: clusters, shape (m,), and score, shape (k, m).

    A cluster may stand there more than once; `distinct` is their number when it was last known.
    """

    cluster: Integers
    score: Floats
    distinct: int

    def __add__(self, other: _ByCluster) -> _ByCluster:
        cluster = np.concatenate([self.cluster, other.cluster])
        score = np.concatenate([self.score, other.score], axis=1)
        both = _ByCluster(cluster, score, max(self.distinct, other.distinct))
        # Gathering when the record has doubled keeps the work in proportion to the rows, the record to the clusters.
        return both.gathered() if cluster.size > 2 * both.distinct else both

    def gathered(self) -> _ByCluster:
        """Add up what stands at one cluster."""
        cluster, position = np.unique(self.cluster, return_inverse=True)
        sums = [np.bincount(position, weights=row, minlength=cluster.size) for row in self.score]
        return _ByCluster(np.asarray(cluster, dtype=np.int64), np.array(sums, dtype=np.float64), cluster.size)


def _scores_by_cluster(block: Block, beta: Floats, link: Link) -> _ByCluster:
    if block.cluster is None:
        raise DataError("The rows have no clusters; clustered standard errors need one for each row.")
    score = link.likelihood(block.eta(beta), block.y).score
    total = block.total_weight()
    return _ByCluster(block.cluster, block.x * (score if total is None else score * total), 0).gathered()


def sandwich(inverse: Floats, meat: Floats) -> Floats:
    """Give A^-1 B A^-1, exactly symmetric."""
    matrix = inverse @ meat @ inverse
    return np.asarray((matrix + matrix.T) / 2)
