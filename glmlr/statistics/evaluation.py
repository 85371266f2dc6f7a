"""How does the model do on new rows whose outcomes are known? External validation, beside the rows of the fit."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.recipe import UNKNOWN
from glmlr.errors import DataError, GlmlrWarning, NotApplicable, explained_arguments, one_of
from glmlr.exhibits import Chart, Table, Tabled
from glmlr.fit import Fit
from glmlr.monitoring.score_groups import groups_table, score_groups
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking, rank
from glmlr.ranking.area_comparison import unpaired_difference
from glmlr.ranking.concordance import Area, area, count_pairs
from glmlr.ranking.grouping import checked_groups
from glmlr.registry import STATISTICS
from glmlr.saving.scoring_model import ScoringModel
from glmlr.scored import Scored
from glmlr.validation.new_rows import (
    ScoredRows,
    Subject,
    account,
    of_fit,
    refuse_without_response,
    rows_in_memory,
    scored_rows,
    subject_of,
    weights_note,
)
from glmlr.validation.performance import CRITERIA, best_cutoff, checked_cutoff, ks, top_decile_lift

#: measure -> (words, kind of number); what `calibration` gives keeps its words and kinds, here None.
_MEASURES: Final[Mapping[str, tuple[str, str] | None]] = {
    "n": ("Rows", "count"),
    "events": ("Events", "count"),
    "observed_rate": None,
    "mean_predicted": None,
    "expected_over_observed": None,
    "auc": ("Area under the ROC curve (AUC, c)", "estimate"),
    "auc_difference": ("AUC minus that of the rows of the fit", "estimate"),
    "somers_d": ("Somers' D", "estimate"),
    "ks": ("Kolmogorov-Smirnov distance", "estimate"),
    "top_decile_lift": ("Lift of the top decile", "ratio"),
    "in_the_large": None,
    "intercept": None,
    "slope": None,
    "recalibration_chi2": None,
    "brier": None,
    "scaled_brier": None,
    "log_score": ("Logarithmic score (log loss)", "estimate"),
    "spiegelhalter_z": None,
    "psi": ("Population stability index (PSI)", "estimate"),
}
#: What is shown of a confusion table.
_RATES: Final = ("sensitivity", "specificity", "precision", "accuracy", "f1")
_HOW: Final = "Wilson's for shares, by the delta method on the logit scale for F1"
_COLUMNS: Final = {"training": "In the fit"}


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Tabled):
    """What a model says of new rows with outcomes, and how good that is.

    Attributes:
        table: each measure on the new rows, with interval and test, beside the same measure on the rows of the fit.
            Its companion tables are the new rows in the deciles of the fit, and the rates at the cut-off.
        scored: the rows evaluated, for every statistic of predicted probabilities: `glmlr.roc(evaluation.scored)`.
        predictions: probabilities, one per row given, in its order and index; NaN where there is none. A row without
            an outcome has one, and is not evaluated.

    """

    table: Table
    scored: Scored
    predictions: pd.Series

    @property
    def ranking(self) -> Ranking:
        """The predictions of the rows evaluated in order."""
        return self.scored.ranking

    @property
    def by_decile(self) -> pd.DataFrame:
        """The new rows in the deciles of the fit.

        Raises:
            NotApplicable: the model was loaded from a file, which does not hold these deciles.

        """
        for table in self.table.tables:
            if table.key == "evaluation_deciles":
                return table.frame
        raise NotApplicable("A model from a file does not know the deciles of its rows; evaluate the fit itself.")


@explained_arguments
def evaluate(
    fit: Fit | ScoringModel,
    new_data: Any,
    *,
    groups: int = 10,
    level: float = 0.95,
    cutoff: float | str | None = None,
    freq_weights: Any = None,
    unknown: str = "nan",
    offset: Any = None,
    prevalence: float | None = None,
) -> Evaluation:
    """Score new rows whose outcomes are known, and say how good the scores are, beside those of the rows of the fit.

    Nothing is fitted again: coefficients, levels, the groups and the cut-off are those of the fit. Probabilities are
    corrected for class weights.

    Args:
        fit: the fitted model; of one from `glmlr.load` there are no rows to compare with.
        new_data: rows in memory, as `glmlr.fit` takes them, with the response coded as in the fit.
        groups: number of groups, cut at the deciles of the fitted probabilities where it is 10.
        level: confidence level of the intervals.
        cutoff: None; a probability; or "max_f1", "youden", "closest_corner" or "max_accuracy" for the cut-off that is
            best on the rows of the fit.
        freq_weights: how many rows each new row stands for: a column name, a Series, or an array of shape (n,).
        unknown: a level the fit has not seen leaves the row without a score ("nan"), is an "error", or counts as the
            reference level ("reference").
        offset: offset of the new rows where the fit had one that was not a column.
        prevalence: share of the event in the population of the new rows, in (0, 1), where the rows of the fit were
            drawn by outcome; probabilities are moved to it as by `Fit.predict`. The rows of the fit are then moved and
            weighted alike, so that they stand for that population, and the PSI has no p-value.

    Returns:
        The `Evaluation`.

    Raises:
        DataError: a column is missing or cannot be used, no row can be evaluated, or no event or non-event among them.
        ResponseError: an outcome that the fit has not seen.
        UnknownLevelError: a level that the fit has not seen, with unknown="error".
        WeightError, OptionError, ArgumentError: what is wrong, in a sentence.
        NotApplicable: rows that are read in parts; a cut-off to be chosen on rows that a model from a file has not.

    Warns:
        RankWarning: an area under the ROC curve below 1/2.
        GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

    References: Steyerberg (2019), Clinical Prediction Models, 2nd ed., ch. 15 and 17; Hanley & McNeil (1982), Radiology
    143, 29-36 (areas of independent rows); Siddiqi (2006), Credit Risk Scorecards, ch. 9 (stability index).

    """
    checked_level(level)
    groups = checked_groups(groups)
    one_of("unknown", unknown, UNKNOWN)
    model = subject_of(fit, "evaluate", prevalence)
    chosen = None if cutoff is None else _cutoff(model, checked_cutoff(cutoff))
    source = rows_in_memory(new_data, "evaluate")
    refuse_without_response(model.predictor.recipe, source, "evaluate")
    rows = scored_rows(model, source, freq_weights, unknown, offset)
    used = rows.new.complete & rows.answered & rows.counting
    everything = np.ones(used.size, dtype=bool)
    notes = (account(used, rows.reasons(everything), "evaluated"), *weights_note(model, freq_weights), *rows.new.notes)
    for sentence in rows.broken(model.predictor):
        warnings.warn(sentence, GlmlrWarning, stacklevel=3)
    scored = _scored(model, rows, used)
    _refuse_one_kind(scored)
    return Evaluation(_table(model, notes, scored, chosen, groups, level), scored, rows.predictions)


def _scored(model: Subject, rows: ScoredRows, used: npt.NDArray[np.bool_]) -> Scored:
    weight = None if rows.weight is None else rows.weight[used]
    return Scored(
        rank(rows.predictions.to_numpy()[used], rows.outcome[used], weight),
        model.predictor.recipe.event,
        fitted=False,
        notes=(*model.scale, f"The probabilities are those of new rows by the model {model.formula}."),
    )


def _refuse_one_kind(scored: Scored) -> None:
    ranking, event = scored.ranking, scored.event
    for total, label in ((ranking.total_events, event.label), (ranking.total_nonevents, event.other_label)):
        if total == 0:
            raise DataError(
                f"None of the {ranking.total:,g} new rows that can be evaluated has {label}; evaluate() needs both "
                "outcomes."
            )


# ------------------------------------------------------------------------------------------------ measures


class _Value(NamedTuple):
    """One measure: its value, standard error, interval and p, NaN where there is none."""

    value: float
    std_error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p_value: float = math.nan


@dataclass(frozen=True, eq=False)
class _Side:
    """All measures of one set of rows, with the tables of `calibration` and `roc` that some of them come from."""

    scored: Scored
    calibration: Table
    roc: Table
    area: Area
    values: Mapping[str, _Value]

    @property
    def notes(self) -> list[str]:
        """What does not exist in these rows, and why."""
        said = [*self.roc.notes, *self.calibration.notes]
        return [note for note in said if note not in self.scored.notes]


def _side(scored: Scored, groups: int, level: float) -> _Side:
    ranking, curve = scored.ranking, area(scored.ranking, level)
    calibration = STATISTICS["calibration"].function(scored, groups=groups, level=level)
    rows = calibration.frame.set_index("measure")
    values = {
        "n": _Value(ranking.total),
        "events": _Value(ranking.total_events),
        "auc": _Value(curve.auc, curve.std_error, curve.low, curve.high),
        # 2 AUC - 1, and its interval with it.
        "somers_d": _Value(count_pairs(ranking).somers_d, 2 * curve.std_error, 2 * curve.low - 1, 2 * curve.high - 1),
        "ks": _Value(ks(ranking)),
        "top_decile_lift": _Value(top_decile_lift(ranking)),
        **{str(name): _Value(*map(float, rows.loc[name, list(_Value._fields)])) for name in rows.index},
    }
    return _Side(scored, calibration, STATISTICS["roc"].function(scored, level=level), curve, values)


def _area_difference(new: Area, training: Area, level: float) -> _Value:
    """Give the difference of two areas of independent rows.

    Reference: Hanley & McNeil (1982), Radiology 143, 29-36; DeLong's variances (R pROC: roc.test(paired = FALSE) takes
    the quantile of a t distribution instead of the normal one).
    """
    found = unpaired_difference(new, training, level)
    return _Value(found.difference, found.std_error, found.low, found.high, found.p_value)


def _table(
    model: Subject, said: tuple[str, ...], scored: Scored, cutoff: float | str | None, groups: int, level: float
) -> Table:
    """Put all measures into one table, with the deciles and the cut-off below it."""
    new = _side(scored, groups, level)
    old = None if model.training is None else _side(model.training, groups, level)
    values, parts = dict(new.values), []
    if old is not None and model.own is not None:
        # Weights to a prevalence leave the area as it is, but not its standard error: rows are not multiplied by them.
        values["auc_difference"] = _area_difference(new.area, area(model.own.ranking, level), level)
        kept = score_groups(old.scored.ranking, groups)
        parts.append(groups_table(scored.ranking, kept, level, tested=not model.reweighted))
        moved = kept.moved(kept.of(scored.ranking).n, level)
        values["psi"] = _Value(moved.index, p_value=math.nan if model.reweighted else moved.p_value)
    if cutoff is not None:
        parts.append(_cutoff_table(scored, model.training, cutoff, level))
    names = [name for name in _MEASURES if name in values]
    frame = pd.DataFrame.from_records([{"measure": name, **values[name]._asdict()} for name in names])
    if old is not None:
        frame["training"] = [old.values[name].value if name in old.values else math.nan for name in names]
    kinds = dict(zip(new.calibration.frame["measure"], new.calibration.row_roles, strict=True))
    own = {name: words for name, words in _MEASURES.items() if words is not None}
    roles = {"measure": "text", "value": "measure", "std_error": "hidden", "low": "measure", "high": "measure"}
    return Table(
        key="evaluation",
        title="Evaluation on new rows",
        frame=frame,
        roles={**roles, "p_value": "p_value", **({} if old is None else {"training": "measure"})},
        labels={
            **new.calibration.labels,
            **{name: words for name, (words, _) in own.items()},
            **({"n": "Trials"} if len(model.predictor.recipe.formula.response) == 2 else {}),
            **_COLUMNS,
        },
        notes=(
            scored.event.note,
            *scored.notes,
            *said,
            *new.notes,
            *([] if old is None else map(of_fit, old.notes)),
            *model.notes,
            *_meanings(old is not None, level),
        ),
        charts=(_roc_chart(new, old), _calibration_chart(new)),
        tables=tuple(parts),
        row_roles=tuple(own[name][1] if name in own else kinds[name] for name in names),
        blanks=("low", "high", "p_value", *(() if old is None else ("training",))),
    )


def _meanings(compared: bool, level: float) -> list[str]:
    said = [
        f"Low and high: {100 * level:g}% intervals, Wilson's for the observed rate, DeLong's for the area and Somers' "
        "D. p tests the slope against 1, the PSI against what chance gives, and other estimates against 0."
    ]
    if compared:
        said.append(
            "In the fit: the same measure on the rows that the model was fitted to, too good as a rule. The difference "
            "of the areas takes the two sets of rows as independent."
        )
    return said


# ------------------------------------------------------------------------------------------------ the cut-off


def _cutoff(model: Subject, cutoff: float | str) -> float | str:
    if isinstance(cutoff, str) and model.training is None:
        raise NotApplicable(
            f"cutoff={cutoff!r} is chosen on the rows of the fit, which a model from a file does not hold; give a "
            "probability."
        )
    return cutoff


def _cutoff_table(new: Scored, old: Scored | None, cutoff: float | str, level: float) -> Table:
    """Give the rates of new rows at a cut-off, beside those of the rows of the fit."""
    chosen: tuple[str, ...] = ()
    if isinstance(cutoff, str) and old is not None:
        chosen = (f"The cut-off is that with {CRITERIA[cutoff][0]} among the rows of the fit.",)
        cutoff = best_cutoff(old.ranking, cutoff)
    confusion = STATISTICS["confusion"].function
    made = confusion(new, cutoff=cutoff, level=level)
    frame = made.frame.set_index("measure").loc[list(_RATES), ["value", "low", "high"]].reset_index()
    if old is not None:
        frame["training"] = [confusion(old, cutoff=cutoff, level=level)[name] for name in _RATES]
    said = [note for note in made.notes if note not in new.notes]
    return replace(
        made,
        key="evaluation_cutoff",
        frame=frame,
        roles={"measure": "text", **dict.fromkeys(frame.columns[1:], "probability")},
        labels={**made.labels, **_COLUMNS},
        notes=(*chosen, f"Positive: p >= {cutoff:g}. Low and high: {100 * level:g}% intervals, {_HOW}.", *said[1:]),
        row_roles=(),
        blanks=("low", "high"),
    )


# ------------------------------------------------------------------------------------------------ charts


def _roc_chart(new: _Side, old: _Side | None) -> Chart:
    """Draw the ROC curve of the new rows, beside that of the rows of the fit."""
    chart = new.roc.chart("roc")
    reference, curve = chart.series
    curves = [replace(curve, name=f"New rows, AUC = {new.area.auc:.3f}")]
    alt = f"ROC curve of the new rows with an area of {new.area.auc:.3f}"
    if old is not None:
        curves.append(replace(old.roc.chart("roc").series[1], name=f"Rows of the fit, AUC = {old.area.auc:.3f}"))
        alt += f", beside that of the rows of the fit with {old.area.auc:.3f}"
    return replace(chart, series=(reference, *curves), alt=f"{alt}.")


def _calibration_chart(new: _Side) -> Chart:
    chart = new.calibration.chart("calibration")
    said = "Groups of equal size among the new rows; glmlr.calibration(evaluation.scored) lists them."
    return replace(chart, title="Calibration on new rows", notes=(*chart.notes, said))


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
for _model in (Fit, ScoringModel):
    setattr(_model, evaluate.__name__, evaluate)
