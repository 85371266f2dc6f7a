"""What happens at each cut-off? Confusion tables with every rate of them, and the cut-offs that criteria choose."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betainc

from glmlr.errors import OptionError, one_of
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.proportions import checked_level, clopper_pearson, normal_quantile, wilson
from glmlr.ranking import Ranking
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.tails import chi_square_tail

Floats = npt.NDArray[np.float64]

_DRAWN: Final = 500
#: Values of a criterion this close are equal: they come from ratios of whole numbers.
_TIE: Final = 1e-12


# ------------------------------------------------------------------------------------------------ one cut-off


@dataclass(frozen=True)
class Cells:
    """The four cells of a confusion table; "positive" means a score at or above the cut-off."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def n(self) -> float:
        """All rows."""
        return self.tp + self.fp + self.fn + self.tn


def cells_at(ranking: Ranking, cutoff: float) -> Cells:
    """Count the four cells at a cut-off; a score that ties with it (to 12 significant digits) is positive."""
    place = ranking.first_at_or_above(cutoff)
    inside = place < ranking.score.size
    tp = float(ranking.events_at_or_above[place]) if inside else 0.0
    fp = float(ranking.nonevents_at_or_above[place]) if inside else 0.0
    return Cells(tp, fp, ranking.total_events - tp, ranking.total_nonevents - fp)


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
    "error_rate": ("Error rate", "(FP + FN) / n = 1 - accuracy."),
    "prevalence": ("Prevalence", "(TP + FN) / n: share of events among all rows."),
    "detection_rate": ("Detection rate", "TP / n. R caret: Detection Rate."),
    "detection_prevalence": ("Detection prevalence", "(TP + FP) / n: share of rows called positive."),
    "no_information_rate": (
        "No-information rate",
        "Share of the larger class: the accuracy of calling every row alike. Its p-value is the one-sided exact "
        "binomial test that the accuracy exceeds it (R caret: P-Value [Acc > NIR]).",
    ),
    "balanced_accuracy": ("Balanced accuracy", "(sensitivity + specificity) / 2."),
    "youden": ("Youden's J (informedness)", "sensitivity + specificity - 1."),
    "markedness": ("Markedness", "precision + negative predictive value - 1."),
    "f1": ("F1", "2 TP / (2 TP + FP + FN), the harmonic mean of precision and sensitivity."),
    "jaccard": ("Jaccard index (critical success index)", "TP / (TP + FP + FN)."),
    "mcc": (
        "Matthews correlation (phi)",
        "(TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN)).",
    ),
    "kappa": ("Cohen's kappa", "(accuracy - chance agreement) / (1 - chance agreement). R caret: Kappa."),
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
}


#: measure -> the kind of number it is; the others are shares and indices with four decimals.
_KINDS: Final = {
    **dict.fromkeys(("lr_positive", "lr_negative", "diagnostic_odds_ratio"), "ratio"),
    "mcnemar_chi2": "statistic",
}


@statistic(
    section="classification",
    title="Confusion table",
    reference="Altman & Bland (1994), BMJ 308, 1552 and 309, 102; Fawcett (2006), Pattern Recognition Letters 27, "
    "861-874; Wilson (1927), JASA 22, 209-212 (intervals)",
    definitions={name: meaning for name, (_, meaning) in _RATES.items()},
    on="scores",
)
def confusion(scored: Scored, *, cutoff: float = 0.5, level: float = 0.95, interval: str = "wilson") -> Table:
    """Call rows positive at or above a cut-off, and give every rate of the two-by-two table.

    Args:
        scored: outcomes and scores.
        cutoff: scores at or above it are called positive.
        level: confidence level of the intervals.
        interval: "wilson" or "exact" (Clopper-Pearson), for the rates that are shares of rows.

    Raises:
        DataError: no event, or no non-event.
        OptionError: a cut-off that is not a number, `level` outside (0, 1), or another `interval`.

    """
    scored.require_both()
    checked_level(level)
    cut = _checked_number("cutoff", cutoff)
    exact = one_of("interval", interval, ["wilson", "exact"]) == "exact"
    cells = cells_at(scored.ranking, cut)
    frame = pd.DataFrame.from_records(_records(cells, level, exact))
    name = "Clopper-Pearson (exact)" if exact else "Wilson"
    notes = (
        f"Positive: score >= {cut:g}. Low and high: {100 * level:g}% intervals, {name} for shares, on the log scale "
        "for the likelihood ratios and the odds ratio.",
        *_undefined_notes(cells),
    )
    return Table(
        key="confusion",
        title=f"Rates at the cut-off {cut:g}",
        frame=frame,
        roles={"measure": "text", "value": "measure", "low": "measure", "high": "measure", "p_value": "p_value"},
        labels={measure: words for measure, (words, _) in _RATES.items()},
        notes=(*scored.notes, *notes),
        row_roles=tuple(_KINDS.get(name, "estimate") for name in _RATES),
        blanks=("low", "high", "p_value"),
        tables=(_two_by_two(cells, scored, cut),),
    )


def _checked_number(name: str, value: float) -> float:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and not math.isnan(value):
        return float(value)
    raise OptionError(f"{name}={value!r} is not a number; give the score at and above which a row is called positive.")


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else math.nan


def _records(cells: Cells, level: float, exact: bool) -> Iterable[dict[str, str | float]]:
    """Give one record per measure, in the order of `_RATES`."""
    values: dict[str, tuple[float, float, float, float]] = {
        **_shares(cells, level, exact),
        **_indices(cells),
        **_likelihood_ratios(cells, level),
        **_tests(cells),
    }
    for name in _RATES:
        value, low, high, p_value = values[name]
        yield {"measure": name, "value": value, "low": low, "high": high, "p_value": p_value}


_Row = tuple[float, float, float, float]


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
    top, bottom = (np.array([pair[side] for pair in of.values()]) for side in (0, 1))
    bounds = clopper_pearson(top, bottom, level) if exact else wilson(top, bottom, level)
    return {
        name: (_ratio(*pair), float(bounds.low[i]), float(bounds.high[i]), math.nan)
        for i, (name, pair) in enumerate(of.items())
    }


def _indices(cells: Cells) -> dict[str, _Row]:
    """Give the indices made of several rates; they have no simple interval."""
    tp, fp, fn, tn, n = cells.tp, cells.fp, cells.fn, cells.tn, cells.n
    sensitivity, specificity = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
    chance = ((tp + fn) * (tp + fp) + (tn + fp) * (tn + fn)) / n**2
    margins = math.sqrt(tp + fp) * math.sqrt(tp + fn) * math.sqrt(tn + fp) * math.sqrt(tn + fn)
    values = {
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "youden": sensitivity + specificity - 1,
        "markedness": _ratio(tp, tp + fp) + _ratio(tn, tn + fn) - 1,
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "jaccard": _ratio(tp, tp + fp + fn),
        "mcc": _ratio(tp * tn - fp * fn, margins),
        "kappa": _ratio((tp + tn) / n - chance, 1 - chance),
    }
    return {name: (value, math.nan, math.nan, math.nan) for name, value in values.items()}


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


def _tests(cells: Cells) -> dict[str, _Row]:
    """Give the no-information rate with the test of the accuracy against it, and McNemar's test."""
    right, n = cells.tp + cells.tn, cells.n
    rate = max(cells.tp + cells.fn, cells.fp + cells.tn) / n
    p_accuracy = float(betainc(right, n - right + 1, rate)) if right > 0 else 1.0
    errors = cells.fp + cells.fn
    chi2 = max(abs(cells.fp - cells.fn) - 1, 0.0) ** 2 / errors if errors > 0 else math.nan
    return {
        "no_information_rate": (rate, math.nan, math.nan, p_accuracy),
        "mcnemar_chi2": (chi2, math.nan, math.nan, chi_square_tail(chi2, 1).p_value),
    }


def _undefined_notes(cells: Cells) -> list[str]:
    """Say which rates have no value here, and why."""
    notes = []
    if cells.tp + cells.fp == 0:
        notes.append(
            "No row is called positive: precision, its complement, the Matthews correlation and the positive "
            "likelihood ratio are undefined."
        )
    if cells.tn + cells.fn == 0:
        notes.append(
            "No row is called negative: the negative predictive value, its complement, the Matthews "
            "correlation and the negative likelihood ratio are undefined."
        )
    if 0 in (cells.tp, cells.fp, cells.fn, cells.tn):
        notes.append("A cell is empty: ratios that divide by it are infinite or undefined and have no interval.")
    if cells.fp + cells.fn == 0:
        notes.append("There are no errors: McNemar's test does not apply.")
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


# ------------------------------------------------------------------------------------------------ choosing a cut-off


@dataclass(frozen=True, eq=False)
class _Curve:
    """What every observed cut-off does, by rising score, shape (m,) each."""

    score: Floats
    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats

    @property
    def sensitivity(self) -> Floats:
        return np.asarray(self.tp / (self.tp + self.fn))

    @property
    def specificity(self) -> Floats:
        return np.asarray(self.tn / (self.tn + self.fp))


def _curve(ranking: Ranking) -> _Curve:
    tp, fp = ranking.events_at_or_above, ranking.nonevents_at_or_above
    return _Curve(ranking.score, tp, fp, ranking.total_events - tp, ranking.total_nonevents - fp)


@dataclass(frozen=True)
class _Choice:
    """A cut-off, the lowest and highest that serve the criterion as well, and how many do."""

    criterion: str
    words: str
    cutoff: float
    low: float
    high: float
    equals: int = 1


@statistic(
    section="classification",
    title="Cut-offs",
    reference="Youden (1950), Cancer 3, 32-35; Perkins & Schisterman (2006), Am. J. Epidemiol. 163, 670-675 (closest "
    "corner)",
    definitions={
        "cutoff": "A row is called positive when its score is at or above the cut-off. A cut-off that a criterion "
        "chooses is an observed score; where several do equally well the lowest (the most sensitive) is shown, with "
        "the range.",
        "0.5": "The cut-off 0.5: positive when an event is at least as likely as not.",
        "prevalence": "The share of events among all rows, as a cut-off.",
        "youden": "Largest sensitivity + specificity - 1. R pROC: best.method = 'youden'.",
        "closest_corner": "Smallest (1 - sensitivity)^2 + (1 - specificity)^2, the distance to the top left corner "
        "of the ROC curve. R pROC: best.method = 'closest.topleft'.",
        "max_accuracy": "Largest share of rows called rightly.",
        "max_f1": "Largest harmonic mean of precision and sensitivity.",
        "min_cost": "Smallest cost_fp × false positives + cost_fn × false negatives.",
        "sensitivity": "A stated sensitivity: the highest cut-off that reaches it, hence with the best specificity.",
        "specificity": "A stated specificity: the lowest cut-off that reaches it, hence with the best sensitivity.",
    },
    on="scores",
)
def cutoffs(
    scored: Scored,
    *,
    cost_fp: float = 1.0,
    cost_fn: float = 1.0,
    sensitivity: float | Sequence[float] | None = None,
    specificity: float | Sequence[float] | None = None,
) -> Table:
    """Give the cut-offs that the usual criteria choose, and what each does.

    Args:
        scored: outcomes and scores.
        cost_fp: cost of a false positive.
        cost_fn: cost of a false negative.
        sensitivity: sensitivities to reach, or None.
        specificity: specificities to reach, or None.

    Raises:
        DataError: no event, or no non-event.
        OptionError: a cost that is negative or not finite, both costs 0, or a stated rate outside (0, 1].

    """
    scored.require_both()
    costs = _checked_costs(cost_fp, cost_fn)
    curve = _curve(scored.ranking)
    choices = [*_stated_scores(scored.ranking), *_best(curve, costs)]
    choices += [_reaching(curve, target, "sensitivity") for target in _checked_targets("sensitivity", sensitivity)]
    choices += [_reaching(curve, target, "specificity") for target in _checked_targets("specificity", specificity)]
    frame = _cutoff_frame(scored.ranking, choices, costs)
    ranged = any(choice.equals > 1 for choice in choices)
    roles = {
        "criterion": "text",
        "cutoff": "estimate",
        **({"cutoff_low": "estimate", "cutoff_high": "estimate"} if ranged else {}),
        **dict.fromkeys(("sensitivity", "specificity", "precision", "accuracy", "f1"), "probability"),
        "cost": "count",
        **dict.fromkeys(("tp", "fp", "fn", "tn"), "count"),
    }
    return Table(
        key="cutoffs",
        title="Cut-offs by criterion",
        frame=frame,
        roles=roles,
        labels={
            "criterion": "Criterion",
            "cutoff_low": "From",
            "cutoff_high": "To",
            "cost": "Cost",
            **{name: name.upper() for name in ("tp", "fp", "fn", "tn")},
            **{choice.criterion: choice.words for choice in choices},
        },
        notes=(*scored.notes, *_cutoff_notes(scored.ranking, curve, choices, costs)),
        charts=(_cutoff_chart(scored, curve),),
    )


@dataclass(frozen=True)
class _Costs:
    fp: float
    fn: float


def _checked_costs(cost_fp: float, cost_fn: float) -> _Costs:
    for name, value in (("cost_fp", cost_fp), ("cost_fn", cost_fn)):
        if not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
            raise OptionError(f"{name}={value!r} is not a cost; give a finite number that is not negative.")
    if cost_fp == cost_fn == 0:
        raise OptionError("cost_fp and cost_fn are both 0; give at least one error a cost.")
    return _Costs(float(cost_fp), float(cost_fn))


def _checked_targets(name: str, targets: float | Sequence[float] | None) -> list[float]:
    if targets is None:
        return []
    values = [targets] if isinstance(targets, (int, float, np.number)) else list(targets)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 < value <= 1:
            raise OptionError(f"{name}={value!r} cannot be reached; give a share above 0 and up to 1, such as 0.9.")
    return [float(value) for value in values]


def _stated_scores(ranking: Ranking) -> list[_Choice]:
    """Give the cut-offs that are numbers stated beforehand; on another scale than probability they mean nothing."""
    if ranking.score[0] < 0 or ranking.score[-1] > 1:
        return []
    prevalence = ranking.total_events / ranking.total
    return [
        _Choice("0.5", "0.5", 0.5, 0.5, 0.5),
        _Choice("prevalence", "Prevalence", prevalence, prevalence, prevalence),
    ]


def _best(curve: _Curve, costs: _Costs) -> list[_Choice]:
    """Choose by each criterion among the observed scores; the ones that call nobody positive are not among them."""
    n = curve.tp[0] + curve.fp[0]
    cost = costs.fp * curve.fp + costs.fn * curve.fn
    criteria = {
        "youden": ("Youden's J", curve.sensitivity + curve.specificity - 1),
        "closest_corner": ("Closest to the corner", -((1 - curve.sensitivity) ** 2) - (1 - curve.specificity) ** 2),
        "max_accuracy": ("Largest accuracy", (curve.tp + curve.tn) / n),
        "max_f1": ("Largest F1", 2 * curve.tp / (2 * curve.tp + curve.fp + curve.fn)),
        "min_cost": (f"Smallest cost (FP {costs.fp:g}, FN {costs.fn:g})", -cost / (n * max(costs.fp, costs.fn))),
    }
    if curve.score.size == 1:
        return [_Choice(name, words, math.nan, math.nan, math.nan) for name, (words, _) in criteria.items()]
    return [_largest(curve.score, name, words, value) for name, (words, value) in criteria.items()]


def _largest(score: Floats, name: str, words: str, value: Floats) -> _Choice:
    best = np.flatnonzero(value >= value.max() - _TIE)
    return _Choice(name, words, float(score[best[0]]), float(score[best[0]]), float(score[best[-1]]), int(best.size))


def _reaching(curve: _Curve, target: float, rate: str) -> _Choice:
    """Choose the cut-off that reaches a stated rate at the least expense of the other; NaN where none does."""
    words = f"{rate.capitalize()} of at least {target:g}"
    name = f"{rate}_{target:g}"
    reached = np.flatnonzero((curve.sensitivity if rate == "sensitivity" else curve.specificity) >= target - _TIE)
    if reached.size == 0:
        return _Choice(name, words, math.nan, math.nan, math.nan)
    cutoff = float(curve.score[reached[-1] if rate == "sensitivity" else reached[0]])
    return _Choice(name, words, cutoff, cutoff, cutoff)


def _cutoff_frame(ranking: Ranking, choices: Sequence[_Choice], costs: _Costs) -> pd.DataFrame:
    records = []
    for choice in choices:
        nowhere = math.isnan(choice.cutoff)
        c = Cells(*[math.nan] * 4) if nowhere else cells_at(ranking, choice.cutoff)
        records.append(
            {
                "criterion": choice.criterion,
                "cutoff": choice.cutoff,
                "cutoff_low": choice.low,
                "cutoff_high": choice.high,
                "sensitivity": _ratio(c.tp, c.tp + c.fn),
                "specificity": _ratio(c.tn, c.tn + c.fp),
                "precision": _ratio(c.tp, c.tp + c.fp),
                "accuracy": _ratio(c.tp + c.tn, c.n),
                "f1": _ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn),
                "cost": costs.fp * c.fp + costs.fn * c.fn,
                "tp": c.tp,
                "fp": c.fp,
                "fn": c.fn,
                "tn": c.tn,
            }
        )
    return pd.DataFrame.from_records(records)


def _cutoff_notes(ranking: Ranking, curve: _Curve, choices: Sequence[_Choice], costs: _Costs) -> list[str]:
    beyond = [
        c.words for c in choices if ranking.first_at_or_above(c.cutoff) == curve.score.size and c.cutoff == c.cutoff
    ]
    none = [f"{words}: no score is as high, so that no row is positive and precision is undefined." for words in beyond]
    if curve.score.size == 1:
        return [*none, "No cut-off separates: all rows have one score."]
    notes = [
        "Positive: score >= cut-off. Chosen on these very rows, so that a cut-off does a little worse on new ones.",
        *none,
    ]
    for choice in choices:
        if math.isnan(choice.cutoff):
            notes.append(f"{choice.words}: no observed score reaches it.")
        elif choice.equals > 1:
            notes.append(
                f"{choice.words}: {choice.equals} observed cut-offs, from {choice.low:.4g} to {choice.high:.4g}, do "
                "equally well; the lowest is shown."
            )
    if float((curve.sensitivity + curve.specificity).max()) <= 1 + _TIE:
        notes.append("No cut-off separates events from non-events better than chance (Youden's J is 0 at best).")
    if ranking.total_nonevents / ranking.total > float((curve.tp + curve.tn).max()) / ranking.total + _TIE:
        share = ranking.total_nonevents / ranking.total
        notes.append(f"Calling no row positive has an accuracy of {share:.4f}, more than any observed cut-off.")
    none_positive = costs.fn * ranking.total_events
    if none_positive < float((costs.fp * curve.fp + costs.fn * curve.fn).min()) * (1 - _TIE):
        notes.append(f"Calling no row positive costs {none_positive:g}, less than any observed cut-off.")
    return notes


def _cutoff_chart(scored: Scored, curve: _Curve) -> Chart:
    m = curve.score.size
    chosen = np.arange(m) if m <= _DRAWN else np.unique(np.linspace(0, m - 1, _DRAWN).astype(np.int64))
    score = curve.score[chosen]
    cross = int(np.argmin(np.abs(curve.sensitivity - curve.specificity)))
    return Chart(
        key="cutoffs",
        title="Sensitivity and specificity by cut-off",
        series=(
            Series("Sensitivity", "line", score, curve.sensitivity[chosen]),
            Series("Specificity", "line", score, curve.specificity[chosen]),
        ),
        x=Axis("Cut-off (positive at or above it)"),
        y=Axis(f"Share called rightly ({scored.event.label})", limits=(0.0, 1.0)),
        alt=f"Sensitivity falls and specificity rises with the cut-off; they are closest at {curve.score[cross]:.4g}.",
    )
