"""What stands in the tables of a comparison of models? Coefficients, indices, predictions, reclassification."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.comparison.paired import (
    Difference,
    Reclassified,
    integrated_improvement,
    mean_difference,
    net_reclassification,
)
from glmlr.comparison.rows import Nesting, Trials, same_likelihood
from glmlr.errors import listing
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.ranking.area_comparison import paired_difference
from glmlr.ranking.concordance import Area
from glmlr.registry import STATISTICS
from glmlr.validation.calibration_lines import distances_of

Floats = npt.NDArray[np.float64]
Models = Mapping[str, Fit]
Nestings = Mapping[tuple[str, str], Nesting]

_STARS: Final = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
#: measure -> (words, kind of number).
_INDICES: Final[Mapping[str, tuple[str, str]]] = {
    "n": ("Rows (Bernoulli trials)", "count"),
    "events": ("Events", "count"),
    "parameters": ("Estimated coefficients (k)", "count"),
    "loglik": ("Log-likelihood", "loglik"),
    "aic": ("AIC", "loglik"),
    "aicc": ("AICc", "loglik"),
    "bic": ("BIC", "loglik"),
    "aic_difference": ("AIC above the lowest", "loglik"),
    "akaike_weight": ("Akaike weight", "probability"),
    "bic_difference": ("BIC above the lowest", "loglik"),
    "bic_weight": ("BIC weight", "probability"),
    "mcfadden": ("McFadden's pseudo R²", "estimate"),
    "nagelkerke": ("Nagelkerke's pseudo R²", "estimate"),
    "tjur": ("Tjur's coefficient of discrimination", "estimate"),
    "auc": ("Area under the ROC curve (AUC, c)", "estimate"),
    "brier": ("Brier score", "estimate"),
    "log_loss": ("Log loss", "estimate"),
}
_OF_GOODNESS: Final = ("n", "parameters", "loglik", "aic", "aicc", "bic", "mcfadden", "nagelkerke", "tjur")
_PAIR: Final = {"first": "text", "second": "text"}
_DIFFERENCE: Final = {
    **dict.fromkeys(("value", "std_error", "low", "high"), "estimate"),
    "z": "statistic",
    "p_value": "p_value",
}
_IN_SAMPLE: Final = (
    "Differences are second minus first, on the rows of the fits: they favour the larger model, and their standard "
    "errors take both models as given. Cross-validation or new rows say how much of a difference lasts."
)


# ------------------------------------------------------------------------------------------------ coefficients


def coefficients_table(models: Models, level: float, show: str, *, stars: bool) -> Table:
    """Put the coefficients side by side, in the order in which the models name them."""
    terms = list(dict.fromkeys(name for fit in models.values() for name in fit.names))
    columns: dict[str, Any] = {"term": terms}
    roles, labels, blanks = {"term": "text"}, {"term": "Term"}, []
    for number, (name, fit) in enumerate(models.items(), 1):
        low, high = fit.interval(level)
        own = {"estimate": fit.params.to_numpy(), "std_error": fit.bse.to_numpy(), "low": low, "high": high}
        shown = {"estimate", "std_error"} if show == "std_error" else {"estimate", "low", "high"}
        for column, values in own.items():
            key = f"{column}_{number}"
            columns[key] = pd.Series(values, index=list(fit.names)).reindex(terms).to_numpy()
            roles[key] = "estimate" if column in shown else "hidden"
            labels[key] = {"estimate": name, "std_error": "Std. error", "low": "Low", "high": "High"}[column]
            blanks.append(key)
        columns[f"p_value_{number}"] = fit.pvalues.reindex(terms).to_numpy()
        roles[f"p_value_{number}"] = "hidden"
        if stars:
            columns[f"stars_{number}"] = [_stars(p) for p in columns[f"p_value_{number}"]]
            roles[f"stars_{number}"], labels[f"stars_{number}"] = "text", " "
    return Table(
        key="compare",
        title="Models side by side",
        frame=pd.DataFrame(columns),
        roles=roles,
        labels=labels,
        notes=tuple(_coefficient_notes(models, level, show, stars=stars)),
        blanks=tuple(blanks),
    )


def _stars(p_value: float) -> str:
    return next((mark for bound, mark in _STARS if p_value < bound), "")


def _coefficient_notes(models: Models, level: float, show: str, *, stars: bool) -> Iterator[str]:
    for name, fit in models.items():
        yield f"{name}: {fit.design.formula} ({fit.link.name}), modelling P({fit.event})."
    if show == "interval":
        yield f"Low and High are {100 * level:g}% Wald intervals. An empty cell is a coefficient that a model lacks."
    if stars:
        yield "Wald tests: * p < 0.05, ** p < 0.01, *** p < 0.001."
    if len({fit.link.name for fit in models.values()}) > 1:
        yield "The links differ: coefficients are on different scales and cannot be compared by size."
    elif next(iter(models.values())).link.name != "probit":
        yield (
            "A coefficient may change between models of the same rows without any confounding: odds ratios are not "
            "collapsible over other predictors."
        )
    for name, fit in models.items():
        aliased = [fit.names[one.column] for one in fit.solution.aliased]
        if aliased:
            yield f"{name} has no estimate of {listing(aliased)}: earlier columns determine it (aliased)."
    if any(fit.separation is not None for fit in models.values()):
        yield "An infinite estimate is the mark of separation; see the summary of that model."


# ------------------------------------------------------------------------------------------------ indices


def indices_table(models: Models, areas: Mapping[str, Area], *, comparable: bool) -> Table:
    """Give the fit indices, one column a model; no weights of the models where the rows differ."""
    values = [_indices(fit) | {"auc": areas[name].auc} for name, fit in models.items()]
    fits = list(models.values())
    comparable = comparable and all(same_likelihood(fits[0], other) for other in fits[1:])
    for criterion, weighed in (("aic", "akaike_weight"), ("bic", "bic_weight")):
        found = np.array([one[criterion] for one in values])
        above = found - found.min() if comparable else np.full(found.size, math.nan)
        weight = np.exp(-above / 2)
        for one, gap, share in zip(values, above, weight / weight.sum(), strict=True):
            one |= {f"{criterion}_difference": float(gap), weighed: float(share)}
    columns: dict[str, Any] = {"measure": list(_INDICES)}
    for number, one in enumerate(values, 1):
        columns[f"model_{number}"] = [float(one[name]) for name in _INDICES]
    keys = [f"model_{number}" for number in range(1, len(models) + 1)]
    return Table(
        key="compare_indices",
        title="Fit of the models",
        frame=pd.DataFrame(columns),
        roles={"measure": "text", **dict.fromkeys(keys, "measure")},
        labels={
            "measure": "Measure",
            **dict(zip(keys, models, strict=True)),
            **{key: words for key, (words, _) in _INDICES.items()},
        },
        notes=tuple(_index_notes(models, comparable=comparable)),
        row_roles=tuple(kind for _, kind in _INDICES.values()),
    )


def _indices(fit: Fit) -> dict[str, float]:
    goodness = STATISTICS["goodness_of_fit"].function(fit).frame.set_index("measure")["value"]
    found = {name: float(goodness[name]) for name in _OF_GOODNESS}
    ranking = fit.ranking
    distances = distances_of(ranking)
    return found | {
        "events": ranking.total_events,
        "brier": distances.squares / ranking.total,
        "log_loss": -distances.loglik / ranking.total,
    }


def _index_notes(models: Models, *, comparable: bool) -> Iterator[str]:
    if comparable:
        yield (
            "An Akaike weight is exp(-d / 2), d the AIC above the lowest, divided by the sum of these over the models; "
            "a BIC weight is the same of BIC, about the probability of each model where one of these is true and all "
            "are equally likely beforehand. Both are evidence among these models alone."
        )
    else:
        yield (
            "There are no Akaike or BIC weights: the models are of different rows or weigh them differently, so that "
            "their likelihoods are not comparable."
        )
    if any(fit.pseudo_likelihood for fit in models.values()):
        yield (
            "Under importance weights log-likelihood, information criteria and pseudo R² are those of a weighted "
            "pseudo-likelihood; AUC, Brier score and log loss are of the rows as they are."
        )
    yield "AUC, Brier score and log loss are of the rows of the fit, and therefore favour larger models."


# ------------------------------------------------------------------------------------------------ predictions


def predictions_table(models: Models, trials: Trials, nested: Nestings, level: float) -> Table:
    """Give the differences of AUC, Brier score and log loss of each pair of models."""
    names = list(models)
    rows: list[dict[str, Any]] = []
    notes = [_IN_SAMPLE]
    for one, other in combinations(range(len(names)), 2):
        squares = trials.squares(one), trials.squares(other)
        losses = -trials.loglik[one], -trials.loglik[other]
        apart = paired_difference(trials.placed[other], trials.placed[one], level)
        found = {
            "AUC": Difference(apart.difference, apart.std_error, apart.low, apart.high, apart.z, apart.p_value),
            "Brier score": mean_difference(*squares, trials.weight, level),
            "Log loss": mean_difference(*losses, trials.weight, level),
        }
        rows += [_row(names[one], names[other], words, difference) for words, difference in found.items()]
    if any(pair.up or pair.down for pair in nested.values()):
        notes.append(
            "Of models that contain each other, fitted to these rows, no test of AUC, Brier score or log loss is "
            "valid under the null hypothesis (Demler, Pencina & D'Agostino 2012): use the likelihood ratio."
        )
    if any(math.isnan(row["std_error"]) for row in rows):
        notes.append("A difference has no standard error where one outcome has a single row or a loss is infinite.")
    return _differences("compare_predictions", "Differences of the predictions", rows, notes, level)


def _row(first: str, second: str, measure: str, difference: Difference) -> dict[str, Any]:
    return {"first": first, "second": second, "measure": measure, **vars(difference)}


def _differences(key: str, title: str, rows: Sequence[dict[str, Any]], notes: Sequence[str], level: float) -> Table:
    return Table(
        key=key,
        title=title,
        frame=pd.DataFrame.from_records(list(rows)),
        roles={**_PAIR, "measure": "text", **_DIFFERENCE},
        labels={"first": "First", "second": "Second", "value": "Difference"},
        notes=(f"Intervals have level {100 * level:g}%.", *notes),
    )


def reclassification_table(models: Models, trials: Trials, level: float, edges: Floats | None) -> Table:
    """Give NRI and IDI of each pair of models."""
    names = list(models)
    rows: list[dict[str, Any]] = []
    for one, other in combinations(range(len(names)), 2):
        for words, found in _reclassified(trials, one, other, level, edges):
            parts = {
                words: found.whole,
                f"{words}, events": found.of_events,
                f"{words}, non-events": found.of_nonevents,
            }
            rows += [_row(names[one], names[other], measure, value) for measure, value in parts.items()]
    notes = [
        "NRI: events that move up minus events that move down, plus non-events that move down minus those that move "
        "up, as shares of their own number; it lies between -2 and 2 and is no share of the rows. IDI: by how much the "
        "mean probabilities of events and non-events move apart; it is the difference of Tjur's coefficients.",
        "Both rise when a model is only miscalibrated or a useless predictor is added (Hilden & Gerds 2014; Pepe, Fan, "
        "Feng, Gerds & Hilden 2015), and on the rows of the fit their tests are not valid: no p-value is printed. Take "
        "the likelihood ratio as the test; AUC, Brier score and net benefit say what a gain is worth.",
    ]
    if edges is None:
        notes.append("The continuous NRI counts moves of any size. State cutoffs= for the NRI of risk categories.")
    else:
        notes.append(f"Risk categories begin at {', '.join(f'{edge:g}' for edge in edges)}.")
    table = _differences("compare_reclassification", "Reclassification", rows, notes, level)
    labels = {**table.labels, "value": "Estimate"}
    return replace(table, labels=labels, roles={**table.roles, "z": "hidden", "p_value": "hidden"})


def _reclassified(
    trials: Trials, one: int, other: int, level: float, edges: Floats | None
) -> Iterator[tuple[str, Reclassified]]:
    first, second = trials.probability[one], trials.probability[other]
    is_event, weight = trials.is_event, trials.weight
    if edges is not None:
        moved = np.sign(np.searchsorted(edges, second, "right") - np.searchsorted(edges, first, "right"))
        yield "NRI, categories", net_reclassification(moved.astype(np.float64), is_event, weight, level)
    yield "NRI, continuous", net_reclassification(_moves(first, second), is_event, weight, level)
    yield "IDI", integrated_improvement(first, second, is_event, weight, level)


def _moves(first: Floats, second: Floats) -> Floats:
    """Give the direction of each move; probabilities that agree to 13 digits are one probability, as in a ranking."""
    apart = second - first
    return np.where(np.abs(apart) > 1e-13 * np.maximum(first, second), np.sign(apart), 0.0)
