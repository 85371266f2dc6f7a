"""What happens at a cut-off? The confusion table with every rate of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import betainc

from glmlr.errors import OptionError, one_of
from glmlr.exhibits import Table
from glmlr.proportions import checked_level, clopper_pearson, normal_quantile, wilson
from glmlr.ranking.cells import (
    Cells,
    Estimate,
    cells_at,
    checked_prevalence,
    f_beta,
    kappa,
    matthews,
    predictive_values,
    quotient,
    youden,
)
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.tails import chi_square_tail

#: measure -> (words for a reader, what it is)
_RATES: Final[dict[str, tuple[str, str]]] = {
    "sensitivity": ("Sensitivity (recall, true positive rate)", "TP / (TP + FN): share of events called positive."),
    "specificity": ("Specificity (true negative rate)", "TN / (TN + FP): share of non-events called negative."),
    "precision": (
        "Precision (positive predictive value)",
        "TP / (TP + FP): share of events among the positive. R caret: Pos Pred Value.",
    ),
    "negative_predictive_value": (
        "Negative predictive value",
        "TN / (TN + FN): share of non-events among the negative. R caret: Neg Pred Value.",
    ),
    "false_positive_rate": ("False positive rate (fall-out)", "FP / (FP + TN) = 1 - specificity."),
    "false_negative_rate": ("False negative rate (miss rate)", "FN / (FN + TP) = 1 - sensitivity."),
    "false_discovery_rate": ("False discovery rate", "FP / (FP + TP) = 1 - precision. SAS PCTABLE: False POS."),
    "false_omission_rate": (
        "False omission rate",
        "FN / (FN + TN) = 1 - negative predictive value. SAS PCTABLE: False NEG.",
    ),
    "accuracy": ("Accuracy", "(TP + TN) / n. SAS CTABLE: Correct; R caret: Accuracy (with the exact interval)."),
    "error_rate": ("Error rate", "(FP + FN) / n = 1 - accuracy. scikit-learn: hamming_loss and zero_one_loss."),
    "prevalence": ("Prevalence", "(TP + FN) / n: share of events among all rows."),
    "detection_rate": ("Detection rate", "TP / n. R caret: Detection Rate."),
    "detection_prevalence": ("Detection prevalence", "(TP + FP) / n: share of rows called positive."),
    "no_information_rate": (
        "No-information rate",
        "Share of the larger class: the accuracy of calling every row alike. Its p-value is the one-sided exact "
        "binomial test that the accuracy exceeds it (R caret: P-Value [Acc > NIR]).",
    ),
    "balanced_accuracy": (
        "Balanced accuracy",
        "(sensitivity + specificity) / 2, interval from that of Youden's J. R caret: Balanced Accuracy.",
    ),
    "youden": (
        "Youden's J (informedness)",
        "sensitivity + specificity - 1, interval from those of the two by Newcombe (1998), method 10.",
    ),
    "markedness": ("Markedness", "precision + negative predictive value - 1."),
    "g_mean": ("Geometric mean of sensitivity and specificity", "sqrt(sensitivity × specificity)."),
    "f1": (
        "F1",
        "2 TP / (2 TP + FP + FN), the harmonic mean of precision and sensitivity; with the Jaccard index J it is "
        "2 J / (1 + J), and so are the bounds.",
    ),
    "f_beta": (
        "F-beta",
        "(1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP), interval by the delta method on the logit scale. "
        "scikit-learn: fbeta_score.",
    ),
    "jaccard": (
        "Jaccard index (critical success index)",
        "TP / (TP + FP + FN): share of the true positives among all rows but the true negatives, with the interval of "
        "that share.",
    ),
    "fowlkes_mallows": ("Fowlkes-Mallows index", "sqrt(precision × sensitivity)."),
    "mcc": (
        "Matthews correlation (phi)",
        "(TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN)), interval by the delta method on Fisher's z "
        "scale.",
    ),
    "kappa": (
        "Cohen's kappa",
        "(accuracy - chance agreement) / (1 - chance agreement), interval with the large-sample error of Fleiss, Cohen "
        "& Everitt (1969). R caret: Kappa; SAS PROC FREQ: Simple Kappa.",
    ),
    "lift": ("Lift", "precision / prevalence: how much more frequent events are among the positive than among all."),
    "prevalence_threshold": (
        "Prevalence threshold",
        "(sqrt(sensitivity (1 - specificity)) - (1 - specificity)) / (sensitivity + specificity - 1): the prevalence "
        "at which precision, as a function of prevalence, has the slope 1; below it precision falls off (Balayla "
        "2020).",
    ),
    "lr_positive": (
        "Positive likelihood ratio",
        "sensitivity / (1 - specificity), interval on the log scale (Simel et al. 1991).",
    ),
    "lr_negative": ("Negative likelihood ratio", "(1 - sensitivity) / specificity, interval on the log scale."),
    "diagnostic_odds_ratio": (
        "Diagnostic odds ratio",
        "TP TN / (FP FN), Woolf's interval: exp(log ± z sqrt(1/TP + 1/FP + 1/FN + 1/TN)).",
    ),
    "mcnemar_chi2": (
        "McNemar's chi-square (1 df)",
        "(|FP - FN| - 1)^2 / (FP + FN): are the two errors equally frequent? R mcnemar.test, R caret: Mcnemar's Test.",
    ),
    "false_positives_of_errors": (
        "False positives among the errors",
        "FP / (FP + FN), 1/2 where the two errors are equally frequent; the p-value is McNemar's exact one, that of "
        "the two-sided binomial test. R: binom.test(FP, FP + FN).",
    ),
}


#: measure -> the kind of number it is; the others are shares and indices with four decimals.
_KINDS: Final = {
    **dict.fromkeys(("lr_positive", "lr_negative", "diagnostic_odds_ratio", "lift"), "ratio"),
    "mcnemar_chi2": "statistic",
}


@statistic(
    section="classification",
    title="Confusion table",
    reference="Altman & Bland (1994), BMJ 308, 1552 and 309, 102; Fawcett (2006), Pattern Recognition Letters 27, "
    "861-874; Wilson (1927), JASA 22, 209-212 (intervals); Mercaldo, Lau & Zhou (2007), Statistics in Medicine 26, "
    "2170-2183 (predictive values at a prevalence)",
    definitions={name: meaning for name, (_, meaning) in _RATES.items()},
    on="scores",
)
def confusion(
    scored: Scored,
    *,
    cutoff: float = 0.5,
    level: float = 0.95,
    interval: str = "wilson",
    beta: float = 1.0,
    prevalence: float | None = None,
) -> Table:
    """Call rows positive at or above a cut-off, and give every rate of the two-by-two table.

    Args:
        scored: outcomes and scores.
        cutoff: scores at or above it are called positive.
        level: confidence level of the intervals.
        interval: "wilson" or "exact" (Clopper-Pearson), for the rates that are shares of rows.
        beta: weight of sensitivity against precision; other than 1, F-beta has a line of its own beside F1.
        prevalence: share of events where the cut-off will be used; None for that of the rows. Precision, negative
            predictive value and their complements are then those at this prevalence (R caret: `prevalence=`).

    Raises:
        DataError: no event, or no non-event.
        OptionError: a cut-off that is not a number, `level` or `prevalence` outside (0, 1), another `interval`, or a
            `beta` that is not positive.

    """
    scored.require_both()
    checked_level(level)
    cut, share = _checked_number("cutoff", cutoff), checked_prevalence(prevalence)
    exact = one_of("interval", interval, ["wilson", "exact"]) == "exact"
    cells = cells_at(scored.ranking, cut)
    frame = pd.DataFrame.from_records(list(_records(cells, level, exact, _checked_beta(beta), share)))
    name = "Clopper-Pearson (exact)" if exact else "Wilson"
    notes = (
        f"Positive: score >= {cut:g}. Low and high: {100 * level:g}% intervals, {name} for shares, on the log scale "
        "for the likelihood ratios and the odds ratio, and by the delta method or from shares for the indices.",
        *_prevalence_note(cells, share),
        *_undefined_notes(cells),
    )
    return Table(
        key="confusion",
        title=f"Rates at the cut-off {cut:g}",
        frame=frame,
        roles={"measure": "text", "value": "measure", "low": "measure", "high": "measure", "p_value": "p_value"},
        labels={**{measure: words for measure, (words, _) in _RATES.items()}, "f_beta": f"F{beta:g}"},
        notes=(*scored.notes, *notes),
        row_roles=tuple(_KINDS.get(name, "estimate") for name in frame["measure"]),
        blanks=("low", "high", "p_value"),
        tables=(_two_by_two(cells, scored, cut),),
    )


def _checked_beta(beta: float) -> float:
    if isinstance(beta, (int, float, np.number)) and not isinstance(beta, bool) and 0 < beta < math.inf:
        return float(beta)
    raise OptionError(f"beta={beta!r} is not a weight of sensitivity in F; give a positive number, such as 2.")


def _prevalence_note(cells: Cells, prevalence: float | None) -> list[str]:
    if prevalence is None:
        return []
    return [
        f"Precision, negative predictive value and their complements are those at a prevalence of {prevalence:g} "
        f"(Bayes' rule, intervals on the logit scale); all other numbers are those of these rows, where it is "
        f"{cells.events / cells.n:.4g}."
    ]


def _checked_number(name: str, value: float) -> float:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and not math.isnan(value):
        return float(value)
    raise OptionError(f"{name}={value!r} is not a number; give the score at and above which a row is called positive.")


_Row = tuple[float, float, float, float]


def _row(found: Estimate, p_value: float = math.nan) -> _Row:
    return (*found, p_value)


def _records(
    cells: Cells, level: float, exact: bool, beta: float, prevalence: float | None
) -> Iterable[dict[str, str | float]]:
    """Give one record per measure, in the order of `_RATES`."""
    shares, z = _shares(cells, level, exact), normal_quantile(level)
    values: dict[str, _Row] = {
        **shares,
        **_indices(cells, z),
        **_made_of_shares(shares, _bounded(cells.tp, cells.tp + cells.fp + cells.fn, level, exact)),
        **_likelihood_ratios(cells, level),
        **_tests(cells, level, exact),
        **({} if prevalence is None else _at_prevalence(cells, prevalence, z)),
        **({} if beta == 1 else {"f_beta": _row(f_beta(cells, beta, z))}),
    }
    for name in _RATES:
        if name in values:
            value, low, high, p_value = values[name]
            yield {"measure": name, "value": value, "low": low, "high": high, "p_value": p_value}


def _bounded(top: float, bottom: float, level: float, exact: bool) -> Estimate:
    """Give a share of rows with its interval."""
    bounds = clopper_pearson(top, bottom, level) if exact else wilson(top, bottom, level)
    return Estimate(quotient(top, bottom), float(bounds.low[0]), float(bounds.high[0]))


def _shares(cells: Cells, level: float, exact: bool) -> dict[str, _Row]:
    """Give the rates that are shares of rows, with their intervals."""
    tp, fp, fn, tn, n = cells.tp, cells.fp, cells.fn, cells.tn, cells.n
    of = {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "precision": (tp, tp + fp),
        "negative_predictive_value": (tn, tn + fn),
        "false_positive_rate": (fp, fp + tn),
        "false_negative_rate": (fn, fn + tp),
        "false_discovery_rate": (fp, fp + tp),
        "false_omission_rate": (fn, fn + tn),
        "accuracy": (tp + tn, n),
        "error_rate": (fp + fn, n),
        "prevalence": (tp + fn, n),
        "detection_rate": (tp, n),
        "detection_prevalence": (tp + fp, n),
    }
    return {name: _row(_bounded(*pair, level, exact)) for name, pair in of.items()}


def _made_of_shares(shares: dict[str, _Row], jaccard: Estimate) -> dict[str, _Row]:
    """Give the indices whose intervals are made of those of shares."""
    j = youden(*(Estimate(*shares[name][:3]) for name in ("sensitivity", "specificity")))
    return {
        "youden": _row(j),
        "balanced_accuracy": _row(Estimate(*((1 + bound) / 2 for bound in j))),
        "jaccard": _row(jaccard),
        "f1": _row(Estimate(*(2 * bound / (1 + bound) for bound in jaccard))),
    }


def _at_prevalence(cells: Cells, prevalence: float, z: float) -> dict[str, _Row]:
    found = predictive_values(cells, prevalence, z)
    return {
        "precision": _row(found.positive),
        "negative_predictive_value": _row(found.negative),
        "false_discovery_rate": _row(_complement(found.positive)),
        "false_omission_rate": _row(_complement(found.negative)),
    }


def _complement(share: Estimate) -> Estimate:
    return Estimate(1 - share.value, 1 - share.high, 1 - share.low)


def _indices(cells: Cells, z: float) -> dict[str, _Row]:
    """Give the other indices made of several rates; those without an interval have no simple one."""
    sensitivity, specificity = cells.sensitivity, cells.specificity
    precision, false_positive_rate = quotient(cells.tp, cells.positives), 1 - specificity
    informed = sensitivity - false_positive_rate
    values = {
        "markedness": precision + quotient(cells.tn, cells.negatives) - 1,
        "g_mean": math.sqrt(sensitivity * specificity),
        "fowlkes_mallows": math.sqrt(precision * sensitivity),
        "lift": quotient(precision, cells.events / cells.n),
        "prevalence_threshold": (math.sqrt(sensitivity * false_positive_rate) - false_positive_rate) / informed
        if informed
        else math.nan,
    }
    rows = {name: _row(Estimate(value)) for name, value in values.items()}
    return {**rows, "mcc": _row(matthews(cells, z)), "kappa": _row(kappa(cells, z))}


def _likelihood_ratios(cells: Cells, level: float) -> dict[str, _Row]:
    """Give the two likelihood ratios and their quotient, with intervals on the log scale.

    Reference: Simel, Samsa & Matchar (1991), J. Clin. Epidemiol. 44, 763-770; Woolf (1955), Ann. Hum. Genet. 19,
    251-253.
    """
    tp, fp, fn, tn = cells.tp, cells.fp, cells.fn, cells.tn
    events, nonevents = tp + fn, fp + tn
    z = normal_quantile(level)
    ratios = {
        "lr_positive": (tp * nonevents, fp * events, (tp, fp), (events, nonevents)),
        "lr_negative": (fn * nonevents, tn * events, (fn, tn), (events, nonevents)),
        "diagnostic_odds_ratio": (tp * tn, fp * fn, (tp, fp, fn, tn), ()),
    }
    rows: dict[str, _Row] = {}
    for name, (top, bottom, added, taken) in ratios.items():
        value = _quotient(top, bottom)
        low = high = math.nan
        if min(added) > 0:
            error = math.sqrt(max(sum(1 / a for a in added) - sum(1 / t for t in taken), 0.0))
            low, high = value * math.exp(-z * error), value * math.exp(z * error)
        rows[name] = (value, low, high, math.nan)
    return rows


def _quotient(top: float, bottom: float) -> float:
    """Give top / bottom: infinite over zero, undefined for 0 / 0."""
    if bottom > 0:
        return top / bottom
    return math.inf if top > 0 else math.nan


def _tests(cells: Cells, level: float, exact: bool) -> dict[str, _Row]:
    """Give the no-information rate with the test of the accuracy against it, and McNemar's tests."""
    right, n = cells.tp + cells.tn, cells.n
    rate = max(cells.events, cells.nonevents) / n
    p_accuracy = float(betainc(right, n - right + 1, rate)) if right > 0 else 1.0
    errors, fewer = cells.fp + cells.fn, min(cells.fp, cells.fn)
    chi2 = max(abs(cells.fp - cells.fn) - 1, 0.0) ** 2 / errors if errors > 0 else math.nan
    # P(X <= fewer) for X binomial with so many errors and 1/2; it is symmetric, so that twice this is two-sided.
    p_exact = min(1.0, 2 * float(betainc(errors - fewer, fewer + 1, 0.5))) if errors > 0 else math.nan
    return {
        "no_information_rate": _row(Estimate(rate), p_accuracy),
        "mcnemar_chi2": _row(Estimate(chi2), chi_square_tail(chi2, 1).p_value),
        "false_positives_of_errors": _row(_bounded(cells.fp, errors, level, exact), p_exact),
    }


def _undefined_notes(cells: Cells) -> list[str]:
    """Say which rates have no value here, and why."""
    notes = []
    if cells.tp + cells.fp == 0:
        notes.append(
            "No row is called positive: precision, what is made of it, the Matthews correlation and the positive "
            "likelihood ratio are undefined."
        )
    if cells.tn + cells.fn == 0:
        notes.append(
            "No row is called negative: the negative predictive value, what is made of it, the Matthews "
            "correlation and the negative likelihood ratio are undefined."
        )
    if 0 in (cells.tp, cells.fp, cells.fn, cells.tn):
        notes.append("A cell is empty: ratios that divide by it are infinite or undefined and have no interval.")
    if cells.fp + cells.fn == 0:
        notes.append("There are no errors: McNemar's tests do not apply.")
    if cells.tp * cells.tn == cells.fp * cells.fn:
        notes.append("The rule is no better than chance: the prevalence threshold is undefined.")
    return notes


def _two_by_two(cells: Cells, scored: Scored, cutoff: float) -> Table:
    return Table(
        key="confusion_table",
        title=f"Confusion table at the cut-off {cutoff:g}",
        frame=pd.DataFrame(
            {
                "observed": ["event", "nonevent", "total"],
                "positive": [cells.tp, cells.fp, cells.tp + cells.fp],
                "negative": [cells.fn, cells.tn, cells.fn + cells.tn],
                "n": [cells.tp + cells.fn, cells.fp + cells.tn, cells.n],
            }
        ),
        roles={"observed": "text", "positive": "count", "negative": "count", "n": "count"},
        labels={
            "observed": "Observed",
            "positive": "Called positive",
            "negative": "Called negative",
            "event": scored.event.label,
            "nonevent": f"not {scored.event.label}",
            "total": "Total",
        },
        emphasis=(2,),
    )
