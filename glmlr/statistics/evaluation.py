"""How does the model do on new rows whose outcomes are known? External validation, beside the rows of the fit."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.outcomes import outcomes_of_new_rows
from glmlr.design.recipe import UNKNOWN, NewRows, Recipe, applied
from glmlr.design.weights import lined_up, numbers_of, weights_of
from glmlr.errors import (
    ArgumentError,
    DataError,
    GlmlrWarning,
    NotApplicable,
    explained_arguments,
    listing,
    one_of,
    suggestion,
)
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.fit import Fit
from glmlr.prediction import Predictor, Wanted, broken_rows, broken_sentence, columns_scored
from glmlr.proportions import checked_level, normal_quantile, wilson
from glmlr.ranking import Ranking, rank
from glmlr.ranking.concordance import Area, area, count_pairs
from glmlr.ranking.grouping import Groups, checked_groups, counts_between, top_groups
from glmlr.registry import STATISTICS
from glmlr.saving.scoring_model import ScoringModel
from glmlr.scored import Scored
from glmlr.sources import Source, read
from glmlr.sources.cluster import is_dask_frame
from glmlr.sources.database import Query
from glmlr.sources.streams import streamed
from glmlr.tails import normal_tail
from glmlr.validation.performance import CRITERIA, best_cutoff, checked_cutoff, ks, top_decile_lift

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

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
    model = _model(fit)
    chosen = None if cutoff is None else _cutoff(model, checked_cutoff(cutoff))
    rows = _evaluated(model, _held(new_data), freq_weights, unknown, offset)
    for alias in model.predictor.aliased:
        if broken := broken_rows(alias, rows.new.matrix):
            warnings.warn(broken_sentence(model.predictor.recipe.names, alias, broken), GlmlrWarning, stacklevel=3)
    scored = Scored(
        rank(rows.probability, rows.outcome, rows.weight),
        model.predictor.recipe.event,
        fitted=False,
        notes=(*model.scale, f"The probabilities are those of new rows by the model {model.formula}."),
    )
    _refuse_one_kind(scored)
    return Evaluation(_table(model, rows, scored, chosen, groups, level), scored, rows.predictions)


# ------------------------------------------------------------------------------------------------ model and rows


@dataclass(frozen=True, eq=False)
class _Model:
    """What is evaluated: how it predicts, how it does on its own rows (None where it has none), what must be said."""

    predictor: Predictor
    formula: str
    training: Scored | None
    scale: tuple[str, ...]
    notes: tuple[str, ...] = ()
    counted: bool = False


def _model(fit: Any) -> _Model:
    if isinstance(fit, ScoringModel):
        corrected = ("Probabilities are corrected for the class weights.",) if fit.predictor.prior_shift else ()
        note = "The model comes from a file, which does not hold the rows of the fit: there is nothing to compare with."
        return _Model(fit.predictor, fit.formula, None, corrected, (note,))
    if not isinstance(fit, Fit):
        raise ArgumentError(
            f"evaluate() takes a fitted model, not {type(fit).__name__}; fit one with glmlr.fit(formula, data)."
        )
    # The first of these notes is about class weights, where there are any; others are about the rows of the fit.
    own = 0 if fit.design.class_weights is None else 1
    scale, notes = fit.scale_notes[:own], tuple(map(_of_fit, fit.scale_notes[own:]))
    # Not as fitted values: what is said of these goes without saying here.
    training = replace(fit.scored, fitted=False, notes=())
    return _Model(fit.predictor, fit.design.formula, training, scale, notes, "freq_weights" in fit.design.given_weights)


def _of_fit(note: str) -> str:
    return f"Rows of the fit: {note[0].lower()}{note[1:]}"


def _held(new_data: Any) -> Source:
    if isinstance(new_data, Query) or streamed(new_data) or is_dask_frame(new_data):
        raise NotApplicable(
            "evaluate() needs the new rows in memory, and these are read in parts; read those you need into a data "
            "frame."
        )
    return read(new_data, one_row=True)


@dataclass(frozen=True, eq=False)
class _Evaluated:
    """New rows: a prediction for each that has one, and outcomes and weights of those evaluated (m of them).

    Attributes:
        new: the rows as the model reads them.
        predictions: by row given.
        probability, outcome: of the rows evaluated, shape (m,) each.
        weight: rows or trials that each stands for, shape (m,), or None for 1.
        notes: which rows were left out, and why.

    """

    new: NewRows
    predictions: pd.Series
    probability: Floats
    outcome: Floats
    weight: Floats | None
    notes: tuple[str, ...]


def _evaluated(model: _Model, source: Source, freq_weights: Any, unknown: str, offset: Any) -> _Evaluated:
    """Read outcomes and weights of new rows, score them, and keep those that have everything."""
    recipe = model.predictor.recipe
    _refuse_without_response(recipe, source)
    outcome, trials = outcomes_of_new_rows(recipe, source)
    weight = weights_of(freq_weights, "freq_weights", source, whole=True)
    if trials is not None:
        weight = trials if weight is None else weight * trials
    new = applied(recipe, source, unknown, offset)
    unanswered = np.isnan(outcome if trials is None else trials)
    empty = np.zeros_like(unanswered) if weight is None else weight == 0
    used = new.complete & ~unanswered & ~empty
    notes = [_account(used, _reasons(recipe, source, new, offset, unanswered, empty))]
    if model.counted and freq_weights is None:
        notes.append(
            "The rows of the fit had frequency weights; new rows have none here, as freq_weights= was not given."
        )
    predictions = model.predictor.of_new_rows(new, Wanted())
    return _Evaluated(
        new=new,
        predictions=pd.Series(predictions),
        probability=predictions.to_numpy()[used],
        outcome=outcome[used],
        weight=None if weight is None else weight[used],
        notes=(*notes, *new.notes),
    )


def _refuse_without_response(recipe: Recipe, source: Source) -> None:
    for name in dict.fromkeys(column for part in recipe.formula.response for column in part.reads):
        if name not in source.names:
            raise DataError(
                f"column {name!r}, the response of the fit, not found in the new data, and evaluate() needs outcomes"
                f"{suggestion(name, source.names) or '.'}"
            )


def _reasons(recipe: Recipe, source: Source, new: NewRows, offset: Any, unanswered: Bools, empty: Bools) -> list[str]:
    """Say why rows are left out; one that lacks two things counts in both."""
    missing = {"the outcome": unanswered}
    for name in columns_scored(recipe):
        if offset is None or name != recipe.offset_column:
            absent = source.column(name).missing
            missing[repr(name)] = np.zeros_like(unanswered) if absent is None else absent
    if offset is not None:
        missing["the offset"] = np.isnan(numbers_of(lined_up(offset, "offset", source), "offset"))
    unfit = ~new.complete
    for name, mask in missing.items():
        unfit = unfit if name == "the outcome" else unfit & ~mask
    why = [f"{name} is missing in {int(mask.sum()):,}" for name, mask in missing.items() if mask.any()]
    if unfit.any():
        hold = "holds" if unfit.sum() == 1 else "hold"
        why.append(f"{int(unfit.sum()):,} {hold} a level that the fit has not seen, or no finite number")
    if empty.any():
        why.append(f"{int(empty.sum()):,} {'has' if empty.sum() == 1 else 'have'} weight 0")
    return why


def _account(used: Bools, why: Sequence[str]) -> str:
    """Say how many rows were read and evaluated.

    Raises:
        DataError: none is evaluated.

    """
    if not used.size:
        raise DataError("The new data have no rows; there is nothing to evaluate.")
    if not used.any():
        raise DataError(f"None of the {used.size:,} new rows can be evaluated: {listing(why, 20)}.")
    read, kept = used.size, int(used.sum())
    if kept == read:
        return f"All {read:,} new rows are evaluated."
    return f"{kept:,} of {read:,} new rows are evaluated. Of the others: {listing(why, 20)}."


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
    """Give the difference of two areas of independent rows: the variances add up.

    Reference: Hanley & McNeil (1982), Radiology 143, 29-36; DeLong's variances (R pROC: roc.test(paired = FALSE) takes
    the quantile of a t distribution instead of the normal one).
    """
    difference, error = new.auc - training.auc, math.hypot(new.std_error, training.std_error)
    reach = normal_quantile(level) * error
    z = difference / error if error > 0 else (0.0 if difference == 0 else math.nan)
    return _Value(difference, error, difference - reach, difference + reach, normal_tail(z).p_value)


def _table(
    model: _Model, rows: _Evaluated, scored: Scored, cutoff: float | str | None, groups: int, level: float
) -> Table:
    """Put all measures into one table, with the deciles and the cut-off below it."""
    new = _side(scored, groups, level)
    old = None if model.training is None else _side(model.training, groups, level)
    values, parts = dict(new.values), []
    if old is not None:
        values["auc_difference"] = _area_difference(new.area, old.area, level)
        parts.append(_decile_table(scored, old.scored, groups, level))
        values["psi"] = _Value(float(parts[0].frame["psi"].sum()))
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
            *rows.notes,
            *new.notes,
            *([] if old is None else map(_of_fit, old.notes)),
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
        "D. p tests the slope against 1 and other estimates against 0."
    ]
    if compared:
        said.append(
            "In the fit: the same measure on the rows that the model was fitted to, too good as a rule. The difference "
            "of the areas takes the two sets of rows as independent."
        )
    return said


# ------------------------------------------------------------------------------------------------ deciles of the fit


def stability(new: Floats, old: Floats) -> Floats:
    """Give the part of each group in the population stability index, (a - e) ln(a / e), shape (g,).

    a and e are the group's shares of the new and of the old rows. A group that is empty on one side counts half a row
    there, in the share and in the logarithm alike, the totals being left as they are; one empty on both sides counts 0.

    Args:
        new: new rows in each group, shape (g,).
        old: old rows in each group, shape (g,).

    Reference: Siddiqi (2006), Credit Risk Scorecards, ch. 9.

    """
    a = np.where((new == 0) & (old > 0), 0.5, new) / new.sum()
    e = np.where((old == 0) & (new > 0), 0.5, old) / old.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((new == 0) & (old == 0), 0.0, (a - e) * np.log(a / e))


def _decile_table(new: Scored, old: Scored, groups: int, level: float) -> Table:
    """Put the new rows into the groups of the rows of the fit, cut at the lowest score of each."""
    cut = top_groups(old.ranking, groups)
    down = slice(None, None, -1)
    counted = counts_between(new.ranking, cut.low)
    n, events, expected = counted.n[down], counted.events[down], counted.expected[down]
    bounds = wilson(events, n, level)
    psi = stability(n, cut.n[down])
    with np.errstate(invalid="ignore"):
        rate = events / n
    frame = pd.DataFrame(
        {
            "decile": cut.number[down],
            "score_low": cut.low[down],
            "n": n,
            "training_share": cut.n[down] / cut.n.sum(),
            "share": n / n.sum(),
            "psi": psi,
            "events": events,
            "expected_events": expected,
            "rate": rate,
            "low": bounds.low,
            "high": bounds.high,
            "training_rate": (cut.events / cut.n)[down],
        }
    )
    one = "decile" if groups == 10 else "group"
    percent = dict.fromkeys(("training_share", "share", "rate", "low", "high", "training_rate"), "percent")
    kinds = {"decile": "integer", "score_low": "probability", "psi": "estimate", **percent}
    return Table(
        key="evaluation_deciles",
        title=f"New rows in the {one}s of the fit",
        frame=frame,
        roles={name: kinds.get(name, "count") for name in frame.columns},
        labels={
            "decile": one.capitalize(),
            "score_low": "Cut-off",
            "training_share": "Share in the fit",
            "share": "Share of new rows",
            "psi": "PSI",
            "training_rate": "Rate in the fit",
        },
        notes=tuple(_decile_notes(cut, frame, one, level)),
        charts=(_share_chart(frame, one),),
    )


def _decile_notes(cut: Groups, frame: pd.DataFrame, one: str, level: float) -> list[str]:
    n, total = frame["n"].to_numpy(), float(frame["psi"].sum())
    chance = (len(cut) - 1) * (1 / n.sum() + 1 / cut.n.sum())
    notes = [
        f"{one.capitalize()} 1 has the highest probabilities. A new row belongs to the highest {one} whose cut-off, "
        "the lowest probability that it has among the rows of the fit, it reaches, and below all of them to the last. "
        f"Expected events: sum of the probabilities. Low and high: Wilson {100 * level:g}% interval of the rate.",
        f"PSI, the population stability index, is {total:.4g} in all: the sum of (a - e) ln(a / e), a being the share "
        "of the new rows and e that of the rows of the fit. By convention below 0.1 is read as no change, up to 0.25 "
        f"as some and above as a large one; it is no test. Chance alone gives about {chance:.2g} with so many rows.",
    ]
    if empty := [f"{number:g}" for number in frame["decile"][n == 0]]:
        notes.append(
            f"No new row is in {one} {listing(empty)}: there is no rate, and half a row stands for it in the PSI."
        )
    if len(cut) < cut.wanted:
        notes.append(f"Ties leave {len(cut)} of the {cut.wanted} groups asked for among the rows of the fit.")
    return notes


# ------------------------------------------------------------------------------------------------ the cut-off


def _cutoff(model: _Model, cutoff: float | str) -> float | str:
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
        notes=(*chosen, f"Positive: p >= {cutoff:g}. Low and high: Wilson {100 * level:g}% intervals.", *said[1:]),
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


def _share_chart(frame: pd.DataFrame, one: str) -> Chart:
    place = np.arange(float(len(frame)))
    new, old = frame["share"].to_numpy(), frame["training_share"].to_numpy()
    most = int(np.argmax(np.abs(new - old)))
    return Chart(
        key="shares",
        title=f"Shares of rows by {one} of the fit",
        series=(Series("Rows of the fit", "bars", place, old), Series("New rows", "bars", place, new)),
        x=Axis(
            f"{one.capitalize()} of the fit, highest probabilities first",
            categories=tuple(f"{number:g}" for number in frame["decile"]),
        ),
        y=Axis("Share of rows", "percent"),
        alt=f"Shares of the rows by {one} of the fit; they differ most in {one} {frame['decile'].iloc[most]:g}, which "
        f"holds {100 * new[most]:.1f}% of the new rows and {100 * old[most]:.1f}% of those of the fit.",
    )


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
setattr(Fit, evaluate.__name__, evaluate)
