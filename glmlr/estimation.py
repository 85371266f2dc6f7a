"""How does a design become estimates? The maximum of the likelihood, the null model, and the covariance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Mapped, Rows, Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, scaled_rows
from glmlr.covariance import CentredCovariance, clustered, robust, sandwich
from glmlr.design import Collapsed, Design, gathered
from glmlr.design.patterns import Patterns
from glmlr.errors import FitError, OptionError
from glmlr.links import Link
from glmlr.newton import sums_at
from glmlr.penalised.maximum import penalised_solution
from glmlr.penalised.penalties import Firth, Penalty, Ridge
from glmlr.penalised.ridge import Shrinking, penalised_factor, shrinking
from glmlr.prediction import log_odds_beyond, with_infinite
from glmlr.separation import Maximum, Separation, maximise
from glmlr.solver import Solution, inverse_information, solve
from glmlr.training.options import Training

Floats = npt.NDArray[np.float64]

#: Largest number of steps to another intercept; Newton's steps take about five, halving a bracket all it could need.
_SHIFT_STEPS: Final = 100
#: A Newton step this small leads to the intercept to the last digits, for steps converge quadratically.
_SHIFT_TOLERANCE: Final = 1e-9
#: Below this share of non-events a mean has too few digits that tell it from 1.
_NEAR_ONE: Final = 1e-3


def maximum_of(
    design: Design,
    link: Link,
    max_iterations: int,
    penalty: Penalty | None = None,
    *,
    start: Floats | None = None,
    training: Training | None = None,
) -> Maximum:
    """Maximise the (penalised) likelihood over the rows, or over the covariate patterns that they collapse to.

    Args:
        design: the rows.
        link: the link.
        max_iterations: largest number of Newton steps.
        penalty: what is taken off the log-likelihood, or None.
        start: estimates nearby, shape (k,), which save steps of ridge and move no digit, or None.
        training: how to train by gradients instead, or None.

    """
    patterns = design.patterns
    if training is not None:
        return _by_row(_trained(design, link, training, max_iterations, penalty), patterns)
    if penalty is not None:
        rows = design if patterns is None else Collapsed(design, patterns)
        at = intercept_of(design)
        solution = penalised_solution(rows, link, penalty, max_iterations, intercept=at, start=start)
        return Maximum(solution, None, np.nan_to_num(solution.beta), np.flatnonzero(solution.estimated))
    if patterns is None:
        return maximise(design, link, max_iterations=max_iterations)
    return _by_row(maximise(Collapsed(design, patterns), link, max_iterations=max_iterations), patterns)


def _trained(design: Design, link: Link, training: Training, max_iterations: int, penalty: Penalty | None) -> Maximum:
    """Train by gradients, all rows at once as the covariate patterns that they collapse to."""
    from glmlr.training.trained import trained_maximum

    if isinstance(penalty, Firth):
        raise OptionError(f'penalty="{penalty.name}" is found by Newton steps only; use solver="newton".')
    return trained_maximum(
        gathered(design),
        design,
        link,
        training,
        penalty=penalty,
        intercept=intercept_of(design),
        max_iterations=max_iterations,
    )


def _by_row(found: Maximum, patterns: Patterns | None) -> Maximum:
    """Say of each row what was found of its covariate pattern."""
    if patterns is None or found.separation is None or found.face is None:
        return found
    separation = replace(found.separation, separated=found.separation.separated[patterns.of_row])
    return replace(found, separation=separation, face=found.face[patterns.of_row])


def intercept_of(design: Design) -> int | None:
    """Give the position of the intercept's column, or None where the formula has no intercept."""
    return next((term.columns[0] for term in design.terms if term.kind == "intercept"), None)


def refuse_penalty(design: Design, penalty: Penalty | None, solver: str) -> None:
    """Refuse what a penalty does not go with.

    Raises:
        OptionError: another engine, which has no such penalty.
        FitError: importance weights, whose size would decide how much Firth's penalty counts.

    """
    if penalty is None:
        return
    if solver == "statsmodels":
        raise OptionError(f'solver="statsmodels" has no penalty="{penalty.name}"; use solver="newton".')
    if isinstance(penalty, Firth) and design.weighted:
        raise FitError(
            f'penalty="{penalty.name}" does not go with importance weights: the likelihood grows with their size, the '
            "penalty does not, so that another unit of the weights would give other estimates; leave class_weight= and "
            "sample_weight= out."
        )


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


def covariance_of(
    design: Design, link: Link, found: Maximum, kind: str, penalty: Penalty | None = None
) -> tuple[Floats, CentredCovariance | None]:
    """Covariance of the finite estimates, NaN elsewhere, shape (k, k); and what linear predictors need beside it."""
    if isinstance(penalty, Ridge):
        return _shrunken_covariance(design, link, found, kind, penalty)
    finite, inverse = found.finite, found.solution.inverse
    if found.separation is not None:
        return _covariance_at_limit(design, link, found, kind)
    if found.solution.centred:
        return _centred_covariance(design, link, found, kind)
    if kind == "model" or finite.size == 0:
        return np.array(inverse), None
    at = np.ix_(finite, finite)
    part = _sandwich(design, link, found, kind, found.face_rows(design), found.working[finite], inverse[at])
    return _placed(part, finite, inverse.shape[0]), None


def _covariance_at_limit(
    design: Design, link: Link, found: Maximum, kind: str
) -> tuple[Floats, CentredCovariance | None]:
    """Find the covariance where rows are separated: that of the finite estimates, and that of linear predictors.

    The rows that are left determine what infinite estimates add up to in them; it varies with the finite estimates,
    and belongs to the sandwich and to the variance of their linear predictors.
    """
    columns, finite, k = found.on_face, found.finite, len(design.names)
    if not columns.size:
        return np.array(found.solution.inverse), None
    face = found.face_rows(design)
    scaled = scaled_rows(face, over_blocks(face, block_moments, Moments.__add__))
    rows, back, beta = face, np.eye(columns.size), found.working[columns]
    center, scale = np.zeros(k), np.ones(k)
    if scaled is not None:
        rows, back, beta = scaled, scaled.transform(), scaled.inverse_transform() @ beta
        center[columns], scale[columns] = scaled.center, scaled.scale
    part = inverse_information(rows, beta, link)
    if kind != "model":
        part = _sandwich(design, link, found, kind, rows, beta, part)
    own = (back @ part @ back.T)[: finite.size, : finite.size]
    covariance = np.array(found.solution.inverse) if kind == "model" else _placed((own + own.T) / 2, finite, k)
    return covariance, CentredCovariance(center, scale, _placed(part, columns, k))


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


def _shrunken_covariance(
    design: Design, link: Link, found: Maximum, kind: str, penalty: Ridge
) -> tuple[Floats, CentredCovariance | None]:
    """Covariance of ridge estimates, (I + P)^-1 B (I + P)^-1: B the information I, or what a sandwich has there.

    It is of the estimates' spread about their own expectation, which is not the truth; leverage is that of the
    penalised fit.

    Reference: Gray (1992), J. Am. Stat. Assoc. 87, 942-951.
    """
    solution, finite = found.solution, found.finite
    if solution.centred:
        return _centred_shrunken(design, link, found, kind, penalty)
    if kind == "model" or not finite.size:
        return sandwich(solution.inverse, solution.information), None
    return _sandwich(design, link, found, kind, design, found.working, solution.inverse), None


def _centred_shrunken(
    design: Design, link: Link, found: Maximum, kind: str, penalty: Ridge
) -> tuple[Floats, CentredCovariance | None]:
    """Find the covariance of ridge estimates with centred columns, and put it back into units of the data."""
    made = shrinking(design, link, penalty, intercept_of(design))
    back, gamma = made.outward(), made.inward() @ found.working
    if made.scaled is None:
        return sandwich(found.solution.inverse, found.solution.information), None
    inverse = _inverse_at(made, gamma)
    if kind == "model":
        part = sandwich(inverse, sums_at(made.rows, gamma, link).information)
    else:
        part = _sandwich(design, link, found, kind, made.rows, gamma, inverse)
    matrix = back @ part @ back.T
    return (matrix + matrix.T) / 2, CentredCovariance(made.scaled.center, made.scaled.scale, part)


def penalised_inverse(design: Design, link: Link, penalty: Ridge, working: Floats) -> Floats:
    """Give the inverse of the penalised information of the columns, scaled where that saves digits, shape (k, k)."""
    made = shrinking(design, link, penalty, intercept_of(design))
    return _inverse_at(made, made.inward() @ working)


def _inverse_at(made: Shrinking, gamma: Floats) -> Floats:
    factor = penalised_factor(made, gamma)
    if factor is None:
        raise FitError("The penalised information is singular to working precision; there are no standard errors.")
    return factor.inverse()


def _sandwich(
    design: Design, link: Link, found: Maximum, kind: str, rows: Rows, beta: Floats, inverse: Floats
) -> Floats:
    """Robust or clustered covariance of the coefficients of `rows`."""
    if design.clusters is not None:
        # Rows that are fitted perfectly add nothing, but they, their clusters and their columns count.
        return clustered(rows, beta, link, inverse, groups=design.clusters)
    parameters = found.solution.rank if found.solution.effective_df is None else found.solution.effective_df
    return robust(rows, beta, link, inverse, kind, n=design.totals.trials, k=parameters)


def _placed(part: Floats, finite: npt.NDArray[np.intp], k: int) -> Floats:
    """Put the covariance of some estimates among all k, NaN elsewhere."""
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
