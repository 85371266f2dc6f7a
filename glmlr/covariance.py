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

#: kind -> what a report calls it.
KINDS: Final[dict[str, str]] = {
    "model": "model-based (inverse expected information)",
    "HC0": "robust (sandwich, HC0)",
    "HC1": "robust (sandwich, HC1: times n / (n - k))",
    "HC2": "robust (sandwich, HC2: scores divided by sqrt(1 - leverage))",
    "HC3": "robust (sandwich, HC3: scores divided by 1 - leverage)",
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


def variance_of(covariance: Floats, x: Floats) -> Floats:
    """Give x' V x for rows x of shape (m, k); coefficients without a finite estimate play no part."""
    known = np.where(np.isnan(covariance), 0.0, covariance)
    return np.asarray(np.maximum(np.einsum("mk,kj,mj->m", x, known, x, optimize=True), 0.0))


def leverage(block: Block, beta: Floats, link: Link, inverse: Floats) -> Floats:
    """Leverage of one Bernoulli trial of each row, shape (b,): importance x information x (x' A^-1 x)."""
    weight = link.likelihood(block.eta(beta), block.y).weight
    if block.importance is not None:
        weight = weight * block.importance
    return np.asarray(weight * np.einsum("kb,kb->b", block.x, np.dot(inverse, block.x)))


def robust(rows: Rows, beta: Floats, link: Link, inverse: Floats, kind: str, *, n: float, k: int) -> Floats:
    """Heteroskedasticity-robust covariance, shape (k, k).

    Args:
        rows: blocks with the k estimated columns.
        beta: estimates, shape (k,).
        link: the link.
        inverse: inverse expected information A^-1, shape (k, k).
        kind: "HC0", "HC1", "HC2" or "HC3".
        n: number of Bernoulli trials, for HC1.
        k: number of coefficients, infinite ones included, for HC1.

    """
    powers = {"HC2": 1.0, "HC3": 2.0}

    def part(block: Block) -> Floats:
        squared = _squared_scores(block, beta, link)
        if kind in powers:
            room = 1.0 - leverage(block, beta, link, inverse)
            squared = squared / np.maximum(room, 1e-12) ** powers[kind]
        return np.asarray(np.dot(block.x * squared, block.x.T))

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


def clustered(
    rows: Rows, beta: Floats, link: Link, inverse: Floats, cluster: npt.NDArray[np.int64], *, groups: int
) -> Floats:
    """Cluster-robust covariance, shape (k, k), with the factor G / (G - 1).

    This is the factor of Stata's `vce(cluster)` after logit and of R's `sandwich::vcovCL`; statsmodels multiplies by
    (n - 1) / (n - k) as well.

    Args:
        rows: blocks with the k estimated columns.
        beta: estimates, shape (k,).
        link: the link.
        inverse: inverse expected information A^-1, shape (k, k).
        cluster: cluster number 0 .. G - 1 of each row, shape (n,).
        groups: number of clusters G.

    Raises:
        DataError: fewer than two clusters.

    """
    if np.unique(cluster).size < 2:
        raise DataError(
            "Clustered standard errors need at least two clusters; all rows (but those that separation fits perfectly) "
            "are in one."
        )
    scores = np.zeros((groups, beta.size))
    position = 0
    for block in rows.blocks():
        size = block.x.shape[1]
        score = link.likelihood(block.eta(beta), block.y).score
        total = block.total_weight()
        contribution = block.x * (score if total is None else score * total)
        np.add.at(scores, cluster[position : position + size], contribution.T)
        position += size
    return sandwich(inverse, np.dot(scores.T, scores) * (groups / (groups - 1)))


def sandwich(inverse: Floats, meat: Floats) -> Floats:
    """Give A^-1 B A^-1, exactly symmetric."""
    matrix = inverse @ meat @ inverse
    return np.asarray((matrix + matrix.T) / 2)
