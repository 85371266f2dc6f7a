"""How does a design become estimates? The maximum of the likelihood, the null model, and the covariance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Mapped, Rows, Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, scaled_rows
from glmlr.covariance import CentredCovariance, clustered, robust
from glmlr.design import Collapsed, Design
from glmlr.errors import FitError
from glmlr.links import Link
from glmlr.prediction import with_infinite
from glmlr.separation import Maximum, Separation, maximise
from glmlr.solver import Solution, inverse_information, solve

Floats = npt.NDArray[np.float64]


def maximum_of(design: Design, link: Link, max_iterations: int) -> Maximum:
    """Maximise the likelihood over the rows, or over the covariate patterns that they collapse to."""
    patterns = design.patterns
    if patterns is None:
        return maximise(design, link, max_iterations=max_iterations)
    found = maximise(Collapsed(design, patterns), link, max_iterations=max_iterations)
    if found.separation is None or found.face is None:
        return found
    separation = replace(found.separation, separated=found.separation.separated[patterns.of_row])
    return replace(found, separation=separation, face=found.face[patterns.of_row])


def refuse_saturated(design: Design) -> None:
    """Refuse a model with as many coefficients as there are trials.

    Raises:
        FitError: always then.

    """
    trials = design.totals.trials
    if len(design.names) >= trials:
        raise FitError(
            f"The formula asks for {len(design.names)} coefficients and there are only {trials:.0f} usable rows; "
            "use fewer terms or more data."
        )


def covariance_kind_of(design: Design, robust_kind: str | None) -> str:
    """Say which covariance is wanted: by clusters or robust where asked for, robust under importance weights."""
    if design.clusters is not None:
        return "cluster"
    if robust_kind is not None:
        return robust_kind
    return "HC0" if design.weighted else "model"


def covariance_of(design: Design, link: Link, found: Maximum, kind: str) -> tuple[Floats, CentredCovariance | None]:
    """Covariance of the finite estimates, NaN elsewhere, shape (k, k); and that of centred columns where needed."""
    finite, inverse = found.finite, found.solution.inverse
    if found.solution.centred and found.separation is None:
        return _centred_covariance(design, link, found, kind)
    if kind == "model" or finite.size == 0:
        return np.array(inverse), None
    at = np.ix_(finite, finite)
    part = _sandwich(design, link, found, kind, found.finite_rows(design), found.working[finite], inverse[at])
    return _placed(part, finite, inverse.shape[0]), None


def _centred_covariance(
    design: Design, link: Link, found: Maximum, kind: str
) -> tuple[Floats, CentredCovariance | None]:
    """Find the covariance with centred columns, whose sums do not cancel, and put it back into units of the data."""
    scaled = scaled_rows(design, over_blocks(design, block_moments, Moments.__add__))
    finite = found.finite
    if scaled is None:
        return np.array(found.solution.inverse), None
    back, forth = (matrix[np.ix_(finite, finite)] for matrix in (scaled.transform(), scaled.inverse_transform()))
    rows, beta = Subset(scaled, finite), forth @ found.working[finite]
    part = inverse_information(rows, beta, link)
    if kind != "model":
        part = _sandwich(design, link, found, kind, rows, beta, part)
    k = len(design.names)
    matrix = back @ part @ back.T
    centred = CentredCovariance(scaled.center, scaled.scale, _placed(part, finite, k))
    return _placed((matrix + matrix.T) / 2, finite, k), centred


def _sandwich(
    design: Design, link: Link, found: Maximum, kind: str, rows: Rows, beta: Floats, inverse: Floats
) -> Floats:
    """Robust or clustered covariance of the coefficients of `rows`."""
    if design.clusters is not None:
        # Rows that are fitted perfectly add nothing, but they, their clusters and their columns count.
        return clustered(rows, beta, link, inverse, groups=design.clusters)
    return robust(rows, beta, link, inverse, kind, n=design.totals.trials, k=found.solution.rank)


def _placed(part: Floats, finite: npt.NDArray[np.intp], k: int) -> Floats:
    """Put the covariance of the finite estimates among all k, NaN elsewhere."""
    covariance = np.full((k, k), np.nan)
    covariance[np.ix_(finite, finite)] = part
    return covariance


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """What gives the linear predictor of a block, without the rows of the fit."""

    working: Floats
    shift: float
    separation: Separation | None

    def of(self, block: Block) -> Floats:
        """Give the linear predictor, shape (b,); infinite on the far side of a separating direction."""
        side = None if self.separation is None else self.separation.side_of(block)
        return with_infinite(block.linear_predictor(self.working), side) - self.shift


@dataclass(frozen=True, eq=False)
class _Constant(Mapped):
    """The same rows with a constant as their only column."""

    rows: Rows

    def changed(self, block: Block) -> Block:
        """Give the block with the constant alone."""
        return block.cut(np.ones((1, block.size)), slice(None))


@dataclass(frozen=True, eq=False)
class _AtPredictor(Mapped):
    """The same rows without importance, a constant as their only column, their linear predictor as an offset.

    Rows that separation fits perfectly are left out: they stay so whatever the intercept.
    """

    rows: Rows
    working: Floats
    separation: Separation | None

    def changed(self, block: Block) -> Block | None:
        """Give the block with the constant alone."""
        everywhere = np.zeros(block.size, dtype=bool)
        kept = np.flatnonzero(~(everywhere if self.separation is None else self.separation.separates(block)))
        rows = block.cut(np.ones((1, kept.size)), kept)
        return replace(rows, offset=block.linear_predictor(self.working)[kept], importance=None) if kept.size else None


def prior_shift_of(design: Design, link: Link, working: Floats, separation: Separation | None) -> float:
    """Give what class weights added to the intercept: log(w1 / w0) for the logit (King & Zeng 2001), 0 without them.

    For the other links the intercept is fitted again to the unweighted rows, the other coefficients held.
    """
    if design.class_weights is None:
        return 0.0
    w0, w1 = design.class_weights
    if link.name == "logit":
        return float(np.log(w1 / w0))
    if separation is not None and separation.complete:
        return 0.0
    return -float(solve(_AtPredictor(design, working, separation), link).beta[0])


def is_null(design: Design) -> bool:
    """Whether the model has nothing but an intercept, and so is the null model to the last bit."""
    return [term.kind for term in design.terms] == ["intercept"]


def null_model(design: Design, link: Link) -> Solution:
    """Fit intercept and offset only; without an offset the share of events is the answer for every link."""
    if design.shifted:
        return solve(_Constant(design), link)
    events, trials = design.totals.weight_of_events, design.totals.weight
    share = events / trials
    loglik = events * np.log(share) + (trials - events) * np.log1p(-share)
    beta = link.link(np.array([share]))
    weight = float(link.weight(beta)[0]) * trials
    return Solution(beta, np.array([[weight]]), np.array([[1 / weight]]), float(loglik), 0, 0.0, True, None)
