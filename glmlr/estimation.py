"""How does a design become estimates? The maximum of the likelihood, the null model, and the covariance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Mapped, Rows, Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, scaled_rows
from glmlr.covariance import CentredCovariance, clustered, robust
from glmlr.design import Collapsed, Design
from glmlr.errors import FitError
from glmlr.links import Link
from glmlr.prediction import log_odds_beyond, with_infinite
from glmlr.separation import Maximum, Separation, maximise
from glmlr.solver import Solution, inverse_information, solve

Floats = npt.NDArray[np.float64]

#: Largest number of steps to another intercept; Newton's steps take about five, halving a bracket all it could need.
_SHIFT_STEPS: Final = 100
#: A Newton step this small leads to the intercept to the last digits, for steps converge quadratically.
_SHIFT_TOLERANCE: Final = 1e-9
#: Below this share of non-events a mean has too few digits that tell it from 1.
_NEAR_ONE: Final = 1e-3


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


# ------------------------------------------------------------------------------------------------ the intercept


def prior_shift_of(design: Design, link: Link, working: Floats, separation: Separation | None) -> float:
    """Give what class weights added to the intercept: log(w1 / w0) for the logit (King & Zeng 2001), 0 without them.

    For the other links the intercept is chosen so that the mean probability of the unweighted rows is their event rate,
    the other coefficients held.
    """
    if design.class_weights is None:
        return 0.0
    w0, w1 = design.class_weights
    if link.name == "logit":
        return float(np.log(w1 / w0))
    return _shift_to_mean(design, link, working, separation, 1.0, 1.0)


def sampled_odds(design: Design) -> float:
    """Give the odds of the event among the trials of the fit: by frequencies and sample weights, not class weights.

    Class weights are taken off the intercept before; sample weights say which population the fit is of.
    """
    totals = design.totals
    if "sample_weight" not in design.given_weights:
        return totals.events / (totals.trials - totals.events)
    w0, w1 = design.class_weights or (1.0, 1.0)
    return (totals.weight_of_events / w1) / ((totals.weight - totals.weight_of_events) / w0)


def case_control_weights(design: Design, prevalence: float) -> tuple[float, float]:
    """Give the weight of a non-event and of an event that make the event's share of the trials the prevalence.

    Reference: Manski & Lerman (1977), Econometrica 45, 1977-1988.
    """
    share = design.totals.events / design.totals.trials
    return (1.0 - prevalence) / (1.0 - share), prevalence / share


def prevalence_shift_of(
    design: Design, link: Link, working: Floats, separation: Separation | None, prevalence: float
) -> float:
    """Give what to take off the intercept of a sample drawn by outcome where the event's share of all is `prevalence`.

    For the logit it is what class weights added, plus log[((1 - t) / t) (ybar / (1 - ybar))] (King & Zeng 2001); for
    the other links the intercept is chosen so that the mean probability under `case_control_weights` is the prevalence.
    """
    if link.name == "logit":
        return prior_shift_of(design, link, working, separation) + log_odds_beyond(sampled_odds(design), prevalence)
    return _shift_to_mean(design, link, working, separation, *case_control_weights(design, prevalence))


def _shift_to_mean(
    design: Design, link: Link, working: Floats, separation: Separation | None, nonevent: float, event: float
) -> float:
    """Find s with sum v (mu(eta - s) - y) = 0, v the weight of an event or of a non-event, by Newton steps.

    Rows that separation fits perfectly are left out: they stay so whatever the intercept.
    """
    if separation is not None and separation.complete:
        return 0.0
    rows = _AtPredictor(design, working, separation)
    low, high, shift = -np.inf, np.inf, 0.0
    for _ in range(_SHIFT_STEPS):
        part = partial(_means_at, link=link, shift=shift, nonevent=nonevent, event=event)
        found: Floats = over_blocks(rows, part, np.add)
        step = _step_to_mean(link, *(float(one) for one in found))
        low, high = (shift, high) if step > 0 else (low, shift)
        if abs(step) <= _SHIFT_TOLERANCE * (1.0 + abs(shift)):
            return shift + step
        shift = shift + step if low < shift + step < high else _between(low, high, shift)
    raise FitError(f"The intercept of the {link.name} model for another share of events was not found.")


def _step_to_mean(
    link: Link, events: float, nonevents: float, probability: float, complement: float, slope: float
) -> float:
    """Give the Newton step of the shift, from sums of weights and of weighted probabilities.

    On the scale of the link the mean is nearly a straight line in the intercept. Near 1 its digits are those of the
    complement, and the step is one on the logarithm of that. An infinite step says on which side the mean is.
    """
    total = events + nonevents
    above = nonevents > complement if 2.0 * events > total else probability > events
    if not slope > 0:
        return np.inf if above else -np.inf
    if min(nonevents, complement) < _NEAR_ONE * total:
        return float(np.log(nonevents / complement) * complement / slope) if complement > 0 else np.inf
    mean, aim = (link.link(np.array([one / total])) for one in (probability, events))
    return float(((mean - aim) * link.density(mean) * (total / slope))[0])


def _between(low: float, high: float, shift: float) -> float:
    """Halve a bracket, or go on from its one end."""
    if np.isfinite(low) and np.isfinite(high):
        return (low + high) / 2.0
    return shift + (1.0 if np.isfinite(low) else -1.0) * (1.0 + abs(shift))


def _means_at(block: Block, link: Link, shift: float, nonevent: float, event: float) -> Floats:
    """Add up the arguments of `_step_to_mean` over a block whose linear predictor is its offset, shape (5,)."""
    trials = np.ones(block.size) if block.weight is None else block.weight
    eta = (np.zeros(block.size) if block.offset is None else block.offset) - shift
    events, nonevents = event * trials * block.y, nonevent * trials * (1.0 - block.y)
    weight = events + nonevents
    mean, complement = link.mean(eta), np.exp(link.log_complement(eta))
    return np.array(
        [events.sum(), nonevents.sum(), *(np.dot(weight, one) for one in (mean, complement, link.density(eta)))]
    )


@dataclass(frozen=True, eq=False)
class _AtPredictor(Mapped):
    """The same rows without columns and importance, their linear predictor as an offset.

    Rows that separation fits perfectly are left out.
    """

    rows: Rows
    working: Floats
    separation: Separation | None

    def changed(self, block: Block) -> Block | None:
        """Give the block without columns."""
        everywhere = np.zeros(block.size, dtype=bool)
        kept = np.flatnonzero(~(everywhere if self.separation is None else self.separation.separates(block)))
        rows = block.cut(np.empty((0, kept.size)), kept)
        return replace(rows, offset=block.linear_predictor(self.working)[kept], importance=None) if kept.size else None


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
