"""Where is the intercept, as fitted, without class weights, and for a population with another share of events?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable
from glmlr.estimation import case_control_weights
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.prediction import checked_prevalence
from glmlr.registry import statistic

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _InterceptScale:
    """One scale of the probabilities.

    Attributes:
        name: what the table calls it.
        shift: what is taken off the intercept.
        weights: (weight of a non-event, weight of an event) under which probabilities are averaged.
        rate: share of events that they should average to.

    """

    name: str
    shift: float
    weights: tuple[float, float]
    rate: float


@statistic(
    section="coefficients",
    title="Intercepts",
    reference="King & Zeng (2001), Political Analysis 9, 137-163; Manski & Lerman (1977), Econometrica 45",
    definitions={
        "Intercept as fitted": "The estimate, which class weights move: probabilities on this scale are those of a "
        "population in which events are as frequent as the weights make them.",
        "Intercept corrected": "Without what class weights added: minus log(w1/w0) for the logit; for the other links "
        "such that the mean probability of the rows is their event rate.",
        "Intercept for a population": "For rows that were drawn by outcome: such that the event has the prevalence; "
        "for the logit minus log[((1 - t) / t) (ybar / (1 - ybar))].",
    },
    in_report=False,
)
def intercepts(fit: Fit, *, prevalence: float | None = None) -> Table:
    """Tabulate the intercept as fitted, without class weights, and for a population in which events have another share.

    Args:
        fit: the fitted model, with an intercept.
        prevalence: share of events in the population, in (0, 1), where the rows were drawn by outcome; None for none.

    Returns:
        A table with one row per scale ("as fitted", and where they differ "corrected" and "population"): intercept,
        mean_probability over the rows of the fit, and rate, the share of events that it should be. Rows count by their
        frequency, importance weights play no part; for the population events count t / ybar and non-events
        (1 - t) / (1 - ybar) besides.

    Raises:
        NotApplicable: neither class weights nor a prevalence, or a model without an intercept.
        OptionError: a prevalence outside (0, 1).

    """
    if prevalence is not None:
        checked_prevalence(prevalence)
    if prevalence is None and fit.design.class_weights is None:
        raise NotApplicable(
            "The model has one intercept: no class weights moved it; give prevalence= for that of a population whose "
            "rows were drawn by outcome."
        )
    constant = next((term.columns[0] for term in fit.design.terms if term.kind == "intercept"), None)
    if constant is None:
        raise NotApplicable("The model has no intercept; its predictions on every scale are those of predict().")
    scales = _scales(fit, prevalence)
    means = _mean_probabilities(fit, scales)
    frame = pd.DataFrame(
        {
            "scale": [one.name for one in scales],
            "intercept": [float(fit.solution.beta[constant]) - one.shift for one in scales],
            "mean_probability": means,
            "rate": [one.rate for one in scales],
        }
    )
    return Table(
        key="intercepts",
        title="Intercepts",
        frame=frame,
        roles={"scale": "text", "intercept": "estimate", "mean_probability": "probability", "rate": "probability"},
        labels={"scale": "Scale", "rate": "Share of events"},
        notes=(fit.design.event.note, *_intercept_notes(fit, prevalence)),
    )


def _scales(fit: Fit, prevalence: float | None) -> list[_InterceptScale]:
    rate = fit.design.totals.events / fit.design.totals.trials
    scales = [_InterceptScale("as fitted", 0.0, (1.0, 1.0), rate)]
    if fit.design.class_weights is not None:
        scales.append(_InterceptScale("corrected", fit.prior_shift, (1.0, 1.0), rate))
    if prevalence is not None:
        weights = case_control_weights(fit.design, prevalence)
        scales.append(_InterceptScale("population", fit.prevalence_shift(prevalence), weights, float(prevalence)))
    return scales


def _mean_probabilities(fit: Fit, scales: list[_InterceptScale]) -> Floats:
    """Average the probabilities on each scale in one pass over the rows."""

    def sums(eta: Floats, y: Floats, weight: Floats | None) -> Floats:
        trials = np.ones_like(y) if weight is None else weight
        found = []
        for one in scales:
            by_outcome = trials * (one.weights[0] * (1.0 - y) + one.weights[1] * y)
            probability = fit.link.mean(eta + (fit.prior_shift - one.shift))
            found.append([float(np.dot(by_outcome, probability)), float(by_outcome.sum())])
        return np.array(found)

    total = fit.over_rows(sums, np.add)
    return np.asarray(total[:, 0] / total[:, 1])


def _intercept_notes(fit: Fit, prevalence: float | None) -> list[str]:
    design, logit = fit.design, fit.link.name == "logit"
    notes = []
    if design.class_weights is not None:
        w0, w1 = design.class_weights
        how = (
            f"minus log({w1:.6g} / {w0:.6g})"
            if logit
            else "such that the mean probability of the rows is their event rate, the other coefficients held"
        )
        notes.append(f"Corrected: the intercept {how}.")
    if prevalence is not None:
        notes.append(
            "Population: the rows are taken as drawn by outcome; the mean counts events and non-events in the shares "
            f"that they have where the event's is {prevalence:g}."
        )
        if not logit and not _weighted_for(fit, prevalence):
            notes.append(
                f"With the {fit.link.name} link the slopes are those of the population only if the fit itself had such "
                "class weights; here the intercept alone is moved."
            )
    if "sample_weight" in design.given_weights:
        notes.append("Sample weights act in the coefficients; the means do not count them.")
    return notes


def _weighted_for(fit: Fit, prevalence: float) -> bool:
    """Whether the class weights of the fit are those of this population, but for their size."""
    if fit.design.class_weights is None:
        return False
    nonevent, event = case_control_weights(fit.design, prevalence)
    w0, w1 = fit.design.class_weights
    return bool(np.isclose(w1 / w0, event / nonevent, rtol=1e-6, atol=0.0))
