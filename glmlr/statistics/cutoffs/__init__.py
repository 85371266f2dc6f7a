"""Which cut-off? What each criterion chooses, what it does, how sure that is, and what it does to other rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.errors import OptionError
from glmlr.exhibits import Chart, Table
from glmlr.proportions import checked_level
from glmlr.ranking.cells import checked_prevalence, kappa, matthews, quotient
from glmlr.ranking.criteria import CRITERIA, TIE, Criterion, cost_of, f_of
from glmlr.ranking.redrawn import checked_times
from glmlr.ranking.rules import (
    Choice,
    Rule,
    best_by,
    capacity_of,
    precision_of,
    sensitivity_of,
    specificity_of,
    stated,
    value_at,
)
from glmlr.ranking.sweep import Sweep
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.statistics.cutoffs.charts import capacity_chart, criteria_chart, looked_at, rates_chart
from glmlr.statistics.cutoffs.tables import elsewhere_table, interval_table, movement_table
from glmlr.validation.beside import beside_each

Stated = float | Sequence[float] | None

#: Criteria in the order in which they are shown.
_SHOWN: Final = ("youden", "closest_corner", "equal_rates", "max_g_mean", "max_accuracy", "max_f1")
_SHOWN_AFTER_F: Final = ("max_mcc", "max_kappa")
_RATES: Final = ("sensitivity", "specificity", "precision", "negative_predictive_value")


@statistic(
    section="classification",
    title="Cut-offs",
    reference="Youden (1950), Cancer 3, 32-35; Greiner et al. (1995), J. Immunol. Methods 185, 123-132 (equal "
    "rates, efficiency); Lopez-Raton et al. (2014), J. Stat. Software 61(8) (costs, and a survey); Perkins & "
    "Schisterman (2006), Am. J. Epidemiol. 163, 670-675 (closest corner); Mercaldo, Lau & Zhou (2007), Statistics in "
    "Medicine 26, 2170-2183 (predictive values at a prevalence)",
    definitions={
        "cutoff": "A row is called positive when its score is at or above the cut-off. A cut-off that a criterion "
        "chooses is an observed score; where several do equally well the lowest (the most sensitive) is shown, with "
        "the range.",
        "0.5": "The cut-off 0.5: positive when an event is at least as likely as not.",
        "prevalence": "The share of events among all rows, as a cut-off.",
        "youden": "Largest sensitivity + specificity - 1, hence also the largest balanced accuracy. R pROC: "
        "best.method = 'youden'.",
        "closest_corner": "Smallest (1 - sensitivity)^2 + (1 - specificity)^2, the distance to the top left corner "
        "of the ROC curve. R pROC: best.method = 'closest.topleft'.",
        "equal_rates": "Smallest difference of sensitivity and specificity.",
        "max_g_mean": "Largest square root of sensitivity × specificity, hence also their largest product.",
        "max_accuracy": "Largest share of rows called rightly, π × sensitivity + (1 - π) × specificity. With a stated "
        "prevalence π this is what is called efficiency. R OptimalCutpoints: MaxEfficiency.",
        "max_f1": "Largest harmonic mean of precision and sensitivity.",
        "max_f_beta": "Largest F with the stated beta: (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP).",
        "max_mcc": "Largest Matthews correlation of the call and the outcome.",
        "max_kappa": "Largest kappa of the call and the outcome (Cohen).",
        "min_cost": "Smallest cost_fp × false positives + cost_fn × false negatives. At a prevalence π it is the "
        "misclassification cost term (R OptimalCutpoints: MCT), (cost_fn / cost_fp) π (1 - sensitivity) + "
        "(1 - π) (1 - specificity), and the choice of R pROC with best.weights = c(cost_fn / cost_fp, π).",
        "cost": "Cost of the errors among these rows; with a stated prevalence, among as many rows of that prevalence.",
        "stated sensitivity": "The highest cut-off that reaches it, hence with the best specificity.",
        "stated specificity": "The lowest cut-off that reaches it, hence with the best sensitivity.",
        "stated precision": "The lowest cut-off that reaches it, hence with the best sensitivity.",
        "capacity": "The lowest cut-off that calls no more than this share of the rows positive.",
        "optimism (cut-offs)": "Mean over bootstrap samples of what a rule reaches at its own cut-off in the sample, "
        "less what the same cut-off reaches in the rows themselves.",
    },
    on="scores",
)
def cutoffs(
    scored: Scored,
    *,
    cost_fp: float = 1.0,
    cost_fn: float = 1.0,
    beta: float = 1.0,
    sensitivity: Stated = None,
    specificity: Stated = None,
    precision: Stated = None,
    capacity: Stated = None,
    prevalence: float | None = None,
    beside: Any = None,
    resamples: int | None = None,
    seed: Any = 0,
    level: float = 0.95,
) -> Table:
    """Give the cut-offs that the usual criteria choose, and what each does.

    Args:
        scored: outcomes and scores.
        cost_fp: cost of a false positive.
        cost_fn: cost of a false negative.
        beta: weight of sensitivity against precision in F; other than 1, its best cut-off is shown beside that of F1.
        sensitivity: sensitivities to reach, or None.
        specificity: specificities to reach, or None.
        precision: precisions to reach, or None.
        capacity: shares of the rows that can be called positive at most, or None.
        prevalence: share of events where the cut-offs will be used; None for that of the rows. Precision, negative
            predictive value, accuracy, F and cost are those of rows with that share, and so are the choices.
        beside: other scores of the model (a cross-validation, an evaluation, `fit.leave_one_out()`, a pair of outcomes
            and scores), or a dict of name to such: what the same cut-offs do there, and what would be chosen there.
        resamples: number of bootstrap samples in which the cut-offs are chosen again, 200 for example; None for none.
        seed: what `numpy.random.default_rng` takes, for the samples.
        level: confidence level of the intervals.

    Raises:
        DataError: no event, or no non-event.
        NotApplicable: a bootstrap under weights that are no whole numbers.
        OptionError: a cost that is negative or not finite, both costs 0, a beta that is not positive, a stated rate
            outside (0, 1], a prevalence outside (0, 1), or no number of samples.

    """
    scored.require_both()
    costs = _checked_costs(cost_fp, cost_fn)
    cost, f = cost_of(costs.fp, costs.fn), _f(beta)
    targets = {"sensitivity": sensitivity, "specificity": specificity, "precision": precision, "capacity": capacity}
    asked = _Asked(
        sweep=Sweep.of(scored.ranking),
        costs=costs,
        cost=cost,
        prevalence=checked_prevalence(prevalence),
        level=checked_level(level),
    )
    times = None if resamples is None else checked_times(resamples)
    others = beside_each(beside)
    rules = [*_numbers(asked.sweep), *_optimal(cost, f), *_stated(targets)]
    choices = [rule.choose(asked.sweep, asked.prevalence) for rule in rules]
    labels, share = _labels(rules), asked.prevalence
    companions = [
        interval_table(rules, choices, labels, share, asked.level),
        *(
            elsewhere_table(other.name, number, other.scored, rules, choices, labels, share)
            for number, other in enumerate(others)
        ),
    ]
    if times is not None:
        moved = movement_table(asked.sweep, rules, choices, labels, share, times=times, seed=seed, level=asked.level)
        companions.append(moved)
    return _table(scored, asked, rules, choices, companions)


@dataclass(frozen=True)
class _Costs:
    fp: float
    fn: float


@dataclass(frozen=True, eq=False)
class _Asked:
    """What was asked of which scores."""

    sweep: Sweep
    costs: _Costs
    cost: Criterion
    prevalence: float | None
    level: float


# ------------------------------------------------------------------------------------------------ what is asked


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _checked_costs(cost_fp: float, cost_fn: float) -> _Costs:
    for name, value in (("cost_fp", cost_fp), ("cost_fn", cost_fn)):
        if not _is_number(value) or not 0 <= value < math.inf:
            raise OptionError(f"{name}={value!r} is not a cost; give a finite number that is not negative.")
    if cost_fp == cost_fn == 0:
        raise OptionError("cost_fp and cost_fn are both 0; give at least one error a cost.")
    return _Costs(float(cost_fp), float(cost_fn))


def _f(beta: float) -> Criterion | None:
    """Give the F of this beta; None for the F1, which is there in any case."""
    if not _is_number(beta) or not 0 < beta < math.inf:
        raise OptionError(f"beta={beta!r} is not a weight of sensitivity in F; give a positive number, such as 2.")
    return None if beta == 1 else f_of(float(beta))


def _checked_targets(name: str, targets: Stated) -> list[float]:
    if targets is None:
        return []
    values = [targets] if isinstance(targets, (int, float, np.number, str)) else list(targets)
    for value in values:
        if not _is_number(value) or not 0 < value <= 1:
            raise OptionError(f"{name}={value!r} cannot be reached; give a share above 0 and up to 1, such as 0.9.")
    return list(dict.fromkeys(float(value) for value in values))


def _numbers(sweep: Sweep) -> list[Rule]:
    """Give the cut-offs that are numbers stated beforehand; on another scale than probability they mean nothing."""
    score = sweep.ranking.score
    if score[0] < 0 or score[-1] > 1:
        return []
    return [stated("0.5", "0.5", 0.5), stated("prevalence", "Prevalence", sweep.prevalence)]


def _optimal(cost: Criterion, f: Criterion | None) -> list[Rule]:
    by_f = [] if f is None else [best_by("max_f_beta", f)]
    return [*map(best_by, _SHOWN), *by_f, *map(best_by, _SHOWN_AFTER_F), best_by("min_cost", cost)]


def _stated(targets: Mapping[str, Stated]) -> list[Rule]:
    makers = {
        "sensitivity": sensitivity_of,
        "specificity": specificity_of,
        "precision": precision_of,
        "capacity": capacity_of,
    }
    return [makers[name](value) for name, values in targets.items() for value in _checked_targets(name, values)]


# ------------------------------------------------------------------------------------------------ the table


def _table(
    scored: Scored, asked: _Asked, rules: Sequence[Rule], choices: Sequence[Choice], companions: Sequence[Table]
) -> Table:
    ranged = any(choice.equals > 1 for choice in choices)
    at = "" if asked.prevalence is None else f", at a prevalence of {asked.prevalence:g}"
    roles = {
        "criterion": "text",
        "cutoff": "estimate",
        **({"cutoff_low": "estimate", "cutoff_high": "estimate"} if ranged else {}),
        **dict.fromkeys((*_RATES, "accuracy", "f1"), "probability"),
        "cost": "count",
        **dict.fromkeys(("tp", "fp", "fn", "tn"), "count"),
    }
    return Table(
        key="cutoffs",
        title=f"Cut-offs by criterion{at}",
        frame=pd.DataFrame.from_records([_record(*one, asked) for one in zip(rules, choices, strict=True)]),
        roles=roles,
        labels={**_labels(rules), "cost": "Cost", **{name: name.upper() for name in ("tp", "fp", "fn", "tn")}},
        notes=(*scored.notes, *_notes(asked, rules, choices)),
        charts=_charts(scored, asked, rules, choices),
        tables=tuple(companions),
    )


def _labels(rules: Sequence[Rule]) -> dict[str, str]:
    return {
        "criterion": "Criterion",
        "cutoff_low": "From",
        "cutoff_high": "To",
        "negative_predictive_value": "NPV",
        **{rule.key: rule.label for rule in rules},
    }


def _record(rule: Rule, choice: Choice, asked: _Asked) -> dict[str, str | float]:
    c, at = choice.cells, choice.cells.at_prevalence(asked.prevalence)
    return {
        "criterion": rule.key,
        "cutoff": choice.cutoff,
        "cutoff_low": choice.low,
        "cutoff_high": choice.high,
        "sensitivity": c.sensitivity,
        "specificity": c.specificity,
        "precision": quotient(at.tp, at.positives),
        "negative_predictive_value": quotient(at.tn, at.negatives),
        "accuracy": quotient(at.tp + at.tn, at.n),
        "f1": quotient(2 * at.tp, 2 * at.tp + at.fp + at.fn),
        "cost": asked.costs.fp * at.fp + asked.costs.fn * at.fn,
        "tp": c.tp,
        "fp": c.fp,
        "fn": c.fn,
        "tn": c.tn,
        "positive_share": quotient(at.positives, at.n),
        "balanced_accuracy": (c.sensitivity + c.specificity) / 2,
        "g_mean": math.sqrt(c.sensitivity * c.specificity) if choice.exists else math.nan,
        "mcc": matthews(at, 1.0).value if choice.exists else math.nan,
        "kappa": kappa(at, 1.0).value if choice.exists else math.nan,
    }


def _notes(asked: _Asked, rules: Sequence[Rule], choices: Sequence[Choice]) -> list[str]:
    m = asked.sweep.ranking.score.size
    notes = [
        f"{rule.label}: no score is as high, so that no row is positive and precision is undefined."
        for rule, choice in zip(rules, choices, strict=True)
        if choice.exists and choice.place == m
    ]
    if m == 1:
        return [*notes, "No cut-off separates: all rows have one score."]
    first = "Positive: score >= cut-off. Chosen on these very rows, so that a cut-off does a little worse on new ones."
    best = {
        rule.key: value_at(rule, asked.sweep, choice, asked.prevalence)
        for rule, choice in zip(rules, choices, strict=True)
    }
    return [first, *_prevalence_note(asked), *notes, *_choice_notes(rules, choices), *_idle_notes(asked, best)]


def _prevalence_note(asked: _Asked) -> list[str]:
    if asked.prevalence is None:
        return []
    return [
        "Precision, NPV, accuracy, F, cost and the choices that rest on them are those at a prevalence of "
        f"{asked.prevalence:g} (that of these rows is {asked.sweep.prevalence:.4g}); TP, FP, FN and TN are counts of "
        "these rows, and scores stay as they are."
    ]


def _choice_notes(rules: Sequence[Rule], choices: Sequence[Choice]) -> Iterable[str]:
    for rule, choice in zip(rules, choices, strict=True):
        if not choice.exists:
            reason = (
                "the rows with the highest score are more than that"
                if rule.key.startswith("capacity")
                else "no observed score reaches it"
            )
            yield f"{rule.label}: {reason}."
        elif choice.equals > 1:
            yield (
                f"{rule.label}: {choice.equals} observed cut-offs, from {choice.low:.4g} to {choice.high:.4g}, do "
                "equally well; the lowest is shown."
            )


def _idle_notes(asked: _Asked, best: Mapping[str, float]) -> Iterable[str]:
    """Say where no observed cut-off is better than chance, or than calling no row positive.

    Args:
        asked: what was asked.
        best: what each rule reaches at its cut-off.

    """
    sweep, share = asked.sweep, asked.sweep.prevalence if asked.prevalence is None else asked.prevalence
    if best["youden"] <= TIE:
        yield "No cut-off separates events from non-events better than chance (Youden's J is 0 at best)."
    if 1 - share > best["max_accuracy"] + TIE:
        yield f"Calling no row positive has an accuracy of {1 - share:.4f}, more than any observed cut-off."
    none_positive = asked.costs.fn * share
    if none_positive < best["min_cost"] * (1 - TIE):
        yield f"Calling no row positive costs {none_positive * sweep.total:g}, less than any observed cut-off."


def _charts(scored: Scored, asked: _Asked, rules: Sequence[Rule], choices: Sequence[Choice]) -> tuple[Chart, ...]:
    sweep, looked, by_key = (
        asked.sweep,
        looked_at(asked.sweep),
        {rule.key: choice for rule, choice in zip(rules, choices, strict=True)},
    )
    share = sweep.prevalence if asked.prevalence is None else asked.prevalence
    drawn = [rates_chart(looked, scored.event.label)]
    if sweep.ranking.score.size > 1:
        keys = {"Youden's J": "youden", "F1": "max_f1", "Matthews": "max_mcc", "Accuracy": "max_accuracy"}
        criteria = {name: CRITERIA[key] for name, key in keys.items()}
        if asked.costs.fp != asked.costs.fn:
            keys["Cost"], criteria["Cost"] = "min_cost", asked.cost
        chosen = {name: by_key[key] for name, key in keys.items()}
        drawn.append(criteria_chart(looked, criteria, chosen, share))
    capacities = [choice for key, choice in by_key.items() if key.startswith("capacity") and choice.exists]
    return (*drawn, capacity_chart(looked, capacities, share))
