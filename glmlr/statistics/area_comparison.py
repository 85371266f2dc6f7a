"""Which of several scores ranks events better? Areas under ROC curves compared, on the same rows or on others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.response import code_response
from glmlr.errors import ArgumentError, DataError, OptionError, explained_arguments, one_of
from glmlr.exhibits import Table
from glmlr.proportions import checked_level
from glmlr.ranking.area_comparison import (
    AreaDifference,
    Placed,
    equality,
    paired_difference,
    placed,
    redrawn_area,
    redrawn_areas,
    unpaired_difference,
    welch_df,
)
from glmlr.ranking.concordance import Area, area
from glmlr.registry import scored_arrays, scored_of, weights_by_row
from glmlr.scored import Scored
from glmlr.tails import normal_tail

Floats = npt.NDArray[np.float64]

_ROLES: Final = {
    "measure": "text",
    "value": "estimate",
    "std_error": "std_error",
    "low": "estimate",
    "high": "estimate",
    "z": "statistic",
    "df": "estimate",
    "p_value": "p_value",
}


@explained_arguments
def compare_auc(
    outcome: Any,
    first: Any,
    second: Any = None,
    *,
    weight: Any = None,
    event: Any = None,
    level: float = 0.95,
    method: str = "delong",
    resamples: int = 2000,
    seed: Any = 0,
) -> Table:
    """Compare the areas under the ROC curves of two or more scores of the same rows.

    Two scores give their areas and the difference (first minus second). Several, under their names, give the areas,
    a companion table `pairwise` of all differences, and a companion `equality` with the test that all areas are equal
    (chi-square; SAS PROC LOGISTIC: ROCCONTRAST).

    Args:
        outcome: two values, shape (n,); `event` names the event.
        first: scores, shape (n,); or several of them: a dict name -> scores, or a data frame.
        second: other scores of the same rows, shape (n,); None where `first` holds several.
        weight: number of rows each row stands for, shape (n,), or None for 1.
        event: the outcome that is the event.
        level: confidence level of the intervals.
        method: "delong", or "bootstrap": standard deviations and percentiles of bootstrap samples of the rows, events
            and non-events drawn apart; z is then the difference / its bootstrap standard deviation (R pROC:
            roc.test(method = "bootstrap")). The test of equality is DeLong's in any case.
        resamples: number of bootstrap samples.
        seed: what `numpy.random.default_rng` takes; the same seed gives the same numbers.

    Raises:
        ArgumentError: one score only.
        DataError: missing values, arrays of different lengths, no event or no non-event.
        OptionError: an unknown method, `level` outside (0, 1), `resamples` that is no positive whole number.
        NotApplicable: a bootstrap with weights that are no counts.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845 (R pROC: roc.test(paired = TRUE)).

    """
    checked_level(level)
    bootstrap = one_of("method", method, ["delong", "bootstrap"]) == "bootstrap"
    several = _several(first, second)
    scores = [_placed(outcome, one, weight, event) for one in (several or {"first": first, "second": second}).values()]
    drawn = redrawn_areas(scores, resamples, seed) if bootstrap else None
    if several is None:
        result = paired_difference(scores[0], scores[1], level)
        return _of_two(result if drawn is None else _bootstrapped(result, drawn, level), drawn, paired=True)
    return _of_several(list(several), scores, drawn, level)


def _several(first: Any, second: Any) -> dict[str, Any] | None:
    """Give the scores by their names; None where there are two without names."""
    if isinstance(first, pd.DataFrame):
        first = {str(name): first[name] for name in first.columns}
    if not isinstance(first, Mapping):
        if second is None:
            raise ArgumentError(
                "compare_auc() takes two scores, compare_auc(y, p, q), or several, compare_auc(y, {name: p, ...})."
            )
        return None
    if second is not None:
        raise ArgumentError("compare_auc() takes several scores by name in one dict; leave out the third argument.")
    if len(first) < 2:
        raise ArgumentError(f"compare_auc() compares two scores or more; there is {len(first)}.")
    return {str(name): scores for name, scores in first.items()}


def _placed(outcome: Any, scores: Any, weight: Any, event: Any) -> Placed:
    scored_arrays(outcome, scores, weight=weight, event=event).require_both()
    values = outcome if isinstance(outcome, pd.Series) else pd.Series(np.asarray(outcome).ravel())
    y, _ = code_response(values, str(values.name or "y"), event)
    array = np.asarray(scores, dtype=np.float64)
    if array.shape != y.shape:
        raise DataError(f"Scores of shape {array.shape} meet {y.size} outcomes; give one score per row.")
    w = weights_by_row(weight, outcome)
    return placed(y, array, None if w is None else np.asarray(w, dtype=np.float64))


def _bootstrapped(result: AreaDifference, drawn: Floats, level: float) -> AreaDifference:
    """Replace standard errors and intervals by those of bootstrap samples, shape (times, 2)."""
    of_difference = _percentiles(result.difference, drawn[:, 0] - drawn[:, 1], level)
    error = of_difference.std_error
    z = result.difference / error if error > 0 else (0.0 if result.difference == 0 else math.nan)
    return AreaDifference(
        _percentiles(result.first.auc, drawn[:, 0], level),
        _percentiles(result.second.auc, drawn[:, 1], level),
        result.difference,
        error,
        of_difference.low,
        of_difference.high,
        z,
        math.inf,
        normal_tail(z).p_value,
    )


def _percentiles(value: float, drawn: Floats, level: float) -> Area:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Area(value, float(drawn.std(ddof=1)) if drawn.size > 1 else math.nan, low, high)


def _of_two(result: AreaDifference, drawn: Floats | None, *, paired: bool) -> Table:
    rows = (result.first, result.second)
    frame = pd.DataFrame(
        {
            "measure": ["first", "second", "difference"],
            "value": [*(row.auc for row in rows), result.difference],
            "std_error": [*(row.std_error for row in rows), result.std_error],
            "low": [*(row.low for row in rows), result.low],
            "high": [*(row.high for row in rows), result.high],
            "z": [np.nan, np.nan, result.z],
            "p_value": [np.nan, np.nan, result.p_value],
        }
    )
    if math.isfinite(result.df):
        frame.insert(frame.shape[1] - 1, "df", [np.nan, np.nan, result.df])
        frame = frame.rename(columns={"z": "statistic"})
    how = "bootstrap" if drawn is not None else "DeLong"
    return Table(
        key="compare_auc" if paired else "compare_auc_unpaired",
        title="Comparison of two areas under the ROC curve",
        frame=frame,
        roles={name: "statistic" if name == "statistic" else _ROLES[name] for name in frame.columns},
        labels={
            "first": "AUC of the first",
            "second": "AUC of the second",
            "difference": f"Difference ({'paired' if paired else 'unpaired'} {how})",
            "statistic": "t",
        },
        notes=_notes(result.std_error, drawn),
        emphasis=(2,),
        blanks=tuple(name for name in ("z", "statistic", "df", "p_value") if name in frame.columns),
    )


def _notes(std_error: float, drawn: Floats | None) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if drawn is not None:
        notes = (_bootstrap_words(len(drawn)),)
    return notes if std_error > 0 else (*notes, "The difference has no standard error here, so that there is no test.")


def _bootstrap_words(times: int) -> str:
    return (
        f"Standard errors and percentile intervals of {times:,} bootstrap samples of the rows, events and non-events "
        "drawn apart; z refers the difference to the normal distribution."
    )


def _of_several(names: Sequence[str], scores: Sequence[Placed], drawn: Floats | None, level: float) -> Table:
    areas = [area(one.ranking, level) for one in scores]
    if drawn is not None:
        areas = [_percentiles(one.auc, drawn[:, at], level) for at, one in enumerate(areas)]
    frame = pd.DataFrame(
        {
            "measure": list(names),
            "value": [one.auc for one in areas],
            "std_error": [one.std_error for one in areas],
            "low": [one.low for one in areas],
            "high": [one.high for one in areas],
        }
    )
    return Table(
        key="compare_auc",
        title="Comparison of areas under the ROC curve",
        frame=frame,
        roles={name: _ROLES[name] for name in frame.columns},
        labels={"measure": "Score", "value": "AUC"},
        notes=(_bootstrap_words(len(drawn)),) if drawn is not None else ("Standard errors by DeLong's method.",),
        tables=(_pairwise(names, scores, drawn, level), _equality(scores)),
    )


def _pairwise(names: Sequence[str], scores: Sequence[Placed], drawn: Floats | None, level: float) -> Table:
    found = []
    for one, other in combinations(range(len(scores)), 2):
        result = paired_difference(scores[one], scores[other], level)
        found.append(result if drawn is None else _bootstrapped(result, drawn[:, [one, other]], level))
    frame = pd.DataFrame(
        {
            "measure": [f"{one} - {other}" for one, other in combinations(names, 2)],
            **{
                column: [getattr(row, "difference" if column == "value" else column) for row in found]
                for column in ("value", "std_error", "low", "high", "z", "p_value")
            },
        }
    )
    notes = ["The p-values are not adjusted for the number of pairs."] if len(found) > 1 else []
    if not all(row.std_error > 0 for row in found):
        notes.append("A difference without a standard error above 0 has no test.")
    return Table(
        key="pairwise",
        title="Differences of the areas",
        frame=frame,
        roles={name: _ROLES[name] for name in frame.columns},
        labels={"measure": "Pair", "value": "Difference"},
        notes=tuple(notes),
    )


def _equality(scores: Sequence[Placed]) -> Table:
    test = equality(scores)
    notes = []
    if math.isnan(test.statistic):
        notes.append("With one event or one non-event only there is no test.")
    elif test.df == 0:
        notes.append("All scores rank the rows alike, so that there is nothing to test.")
    elif test.df < len(scores) - 1:
        notes.append(f"Some scores rank the rows alike: {test.df} degrees of freedom instead of {len(scores) - 1}.")
    return Table(
        key="equality",
        title="Test that all areas are equal",
        frame=pd.DataFrame(
            {"measure": ["equality"], "statistic": [test.statistic], "df": [test.df], "p_value": [test.p_value]}
        ),
        roles={"measure": "text", "statistic": "statistic", "df": "integer", "p_value": "p_value"},
        labels={"measure": "Hypothesis", "equality": "All areas are equal", "statistic": "Chi-square"},
        notes=tuple(notes),
    )


# ------------------------------------------------------------------------------------------------ different rows


@explained_arguments
def compare_auc_unpaired(
    first: Any,
    second: Any,
    *,
    level: float = 0.95,
    method: str = "delong",
    distribution: str = "normal",
    resamples: int = 2000,
    seed: Any = 0,
) -> Table:
    """Compare the areas under the ROC curves of scores of different rows: two samples, two groups, two periods.

    Args:
        first: a fit, a cross-validation, an evaluation, or outcomes and scores as a pair (y, p), with weights
            (y, p, weight). The outcomes of a pair must be 0 and 1, or False and True.
        second: the same for the other rows.
        level: confidence level of the intervals.
        method: "delong", or "bootstrap": standard deviations and percentiles of bootstrap samples of each.
        distribution: "normal" for z, difference / standard error (Stata: roccomp of independent samples, the square);
            "t" refers the same number to t with Satterthwaite's degrees of freedom, as R pROC does in
            roc.test(paired = FALSE).
        resamples: number of bootstrap samples.
        seed: what `numpy.random.default_rng` takes; the same seed gives the same numbers.

    Raises:
        ArgumentError: something that has no scores.
        DataError: missing values, arrays of different lengths, no event or no non-event.
        OptionError: an unknown method or distribution, `level` outside (0, 1), t with a bootstrap.
        NotApplicable: a bootstrap with weights that are no counts.

    Reference: Hanley & McNeil (1983), Radiology 148, 839-843; DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44,
    837-845 (the variance of each area).

    """
    checked_level(level)
    bootstrap = one_of("method", method, ["delong", "bootstrap"]) == "bootstrap"
    with_t = one_of("distribution", distribution, ["normal", "t"]) == "t"
    if bootstrap and with_t:
        raise OptionError("method='bootstrap' has no degrees of freedom; leave distribution='normal'.")
    one, other = (_scored(subject, which) for subject, which in ((first, "first"), (second, "second")))
    areas = area(one.ranking, level), area(other.ranking, level)
    df = welch_df(areas[0], one.ranking.total, areas[1], other.ranking.total) if with_t else math.inf
    result = unpaired_difference(areas[0], areas[1], level, df)
    drawn = None
    if bootstrap:
        seeds = np.random.SeedSequence(_whole(seed)).spawn(2)
        drawn = np.stack(
            [redrawn_area(side.ranking, resamples, own) for side, own in zip((one, other), seeds, strict=True)], axis=1
        )
        result = _bootstrapped(result, drawn, level)
    table = _of_two(result, drawn, paired=False)
    own = tuple(dict.fromkeys((*one.notes, *other.notes)))
    return replace(table, notes=(*own, *table.notes))


def _whole(seed: Any) -> Any:
    """Return a seed from which two streams can be made, or raise an `OptionError`."""
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) and seed >= 0:
        return int(seed)
    raise OptionError(f"seed={seed!r} is no seed; give a whole number that is not negative.")


def _scored(subject: Any, which: str) -> Scored:
    scored = scored_of(subject)
    if scored is None:
        if not isinstance(subject, (tuple, list)) or len(subject) not in (2, 3):
            raise ArgumentError(
                f"The {which} argument of compare_auc_unpaired() is {type(subject).__name__}; give a fitted model, or "
                "outcomes and scores as a pair (y, p)."
            )
        outcome, scores, *weight = subject
        scored = scored_arrays(outcome, scores, weight=weight[0] if weight else None)
    scored.require_both()
    return scored
