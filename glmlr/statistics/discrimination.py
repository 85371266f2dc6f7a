"""Does the model rank events above non-events? Concordance, Somers' D, gamma, tau-a, the ROC curve and its area."""

from __future__ import annotations

import math
import warnings
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.response import code_response
from glmlr.errors import DataError, RankWarning, explained_arguments
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import Pairs, area, area_difference, count_pairs
from glmlr.registry import scored_arrays, statistic, weights_by_row
from glmlr.scored import Scored

Floats = npt.NDArray[np.float64]

_PAIR_LABELS: Final = {
    "pairs": "Pairs (events × non-events)",
    "concordant": "Concordant pairs",
    "discordant": "Discordant pairs",
    "tied": "Tied pairs",
    "concordant_share": "Share concordant",
    "discordant_share": "Share discordant",
    "tied_share": "Share tied",
    "somers_d": "Somers' D",
    "gamma": "Goodman-Kruskal gamma",
    "tau_a": "Kendall's tau-a",
    "c": "c (area under the ROC curve)",
}
#: float64 holds whole numbers exactly up to here; larger counts stay Python integers.
_EXACT_FLOATS: Final = 2**53
#: Points drawn in a curve; the eye sees no difference to all of them.
_DRAWN: Final = 500
_PRINTED: Final = 20


@statistic(
    section="discrimination",
    title="Association of predicted probabilities and observed responses",
    reference="Goodman & Kruskal (1954), JASA 49, 732-764; Somers (1962), Am. Sociol. Rev. 27, 799-811; "
    "Kendall (1938), Biometrika 30, 81-93",
    definitions={
        "pairs": "Number of pairs of one event and one non-event. SAS PROC LOGISTIC: Pairs.",
        "concordant": "Pairs in which the event has the higher score, counted exactly. SAS: Percent Concordant; SAS "
        "first puts the probabilities into bins unless BINWIDTH=0, so that its figures can differ slightly.",
        "discordant": "Pairs in which the event has the lower score. SAS: Percent Discordant.",
        "tied": "Pairs with equal scores (to 12 significant digits). SAS: Percent Tied.",
        "concordant_share": "Concordant pairs / pairs. SAS prints it in per cent.",
        "discordant_share": "Discordant pairs / pairs. SAS prints it in per cent.",
        "tied_share": "Tied pairs / pairs. SAS prints it in per cent.",
        "somers_d": "(concordant - discordant) / pairs = 2c - 1, the Gini coefficient of credit scoring. SAS: "
        "Somers' D; R rms::lrm (probabilities rounded to 0.0002) and Hmisc::somers2 (exact): Dxy. The R package blorr "
        "prints gamma under this name.",
        "gamma": "(concordant - discordant) / (concordant + discordant), tied pairs left out; undefined where all "
        "pairs tie. SAS: Gamma; R rms::lrm: gamma.",
        "tau_a": "(concordant - discordant) / (n (n - 1) / 2), over all pairs of rows. SAS: Tau-a; R rms::lrm: tau-a.",
        "c": "(concordant + tied / 2) / pairs: the chance that an event scores above a non-event, and the area under "
        "the ROC curve. SAS: c; R rms::lrm: C; Stata lroc: area under ROC curve.",
    },
    on="scores",
)
def association(scored: Scored) -> Table:
    """Count concordant, discordant and tied pairs, exactly, and give the indices made of them.

    Raises:
        DataError: no event, or no non-event.

    """
    scored.require_both()
    pairs = count_pairs(scored.ranking)
    values = _pair_values(pairs)
    large = any(isinstance(value, int) and value > _EXACT_FLOATS for value in values.values())
    frame = pd.DataFrame(
        {
            "measure": list(values),
            "value": pd.Series(list(values.values()), dtype=object if large else np.float64),
        }
    )
    notes = list(scored.notes)
    if math.isnan(pairs.gamma):
        notes.append("All pairs are tied: gamma is undefined.")
    if math.isnan(pairs.tau_a):
        notes.append("The weights add up to one row or less: tau-a is undefined.")
    if not scored.ranking.is_counted:
        notes.append("The weights are not whole numbers; a pair counts as the product of its two weights.")
    return Table(
        key="association",
        title="Association of predicted probabilities and observed responses",
        frame=frame,
        roles={"measure": "text", "value": "measure"},
        labels=_PAIR_LABELS,
        notes=tuple(notes),
        row_roles=("count",) * 4 + ("probability",) * 3 + ("estimate",) * 4,
    )


def _pair_values(pairs: Pairs) -> dict[str, int | float]:
    total = pairs.total
    return {
        "pairs": total,
        "concordant": pairs.concordant,
        "discordant": pairs.discordant,
        "tied": pairs.tied,
        "concordant_share": pairs.concordant / total,
        "discordant_share": pairs.discordant / total,
        "tied_share": pairs.tied / total,
        "somers_d": pairs.somers_d,
        "gamma": pairs.gamma,
        "tau_a": pairs.tau_a,
        "c": pairs.c,
    }


@statistic(
    section="discrimination",
    title="ROC curve",
    reference="Hanley & McNeil (1982), Radiology 143, 29-36; DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, "
    "837-845",
    definitions={
        "auc": "Area under the ROC curve by the trapezoidal rule = Mann-Whitney statistic = c. Never flipped to be "
        "above 1/2 (R pROC flips by default: direction = 'auto').",
        "std_error": "DeLong's standard error of the area. R pROC: sqrt(var(roc)); SAS: ROC Association Statistics, "
        "Standard Error; Stata roctab's default is DeLong as well.",
        "low": "Lower bound of the plain interval, area ± z × standard error, clipped to [0, 1] as in R pROC and SAS "
        "(no logit transformation).",
        "high": "Upper bound of the same interval.",
        "gini": "2 × area - 1, equal to Somers' D.",
    },
    on="scores",
)
def roc(scored: Scored, *, level: float = 0.95) -> Table:
    """Give the area under the ROC curve with DeLong's standard error and interval, and the curve.

    The companion table lists points spread evenly along the curve; `roc_curve` has all of them.

    Args:
        scored: outcomes and scores.
        level: confidence level of the interval.

    Raises:
        DataError: no event, or no non-event.
        OptionError: `level` outside (0, 1).

    Warns:
        RankWarning: an area below 1/2.

    """
    scored.require_both()
    result = area(scored.ranking, checked_level(level))
    values = {
        "auc": result.auc,
        "std_error": result.std_error,
        "low": result.low,
        "high": result.high,
        "gini": 2 * result.auc - 1,
    }
    per_cent = f"{100 * level:g}%"
    return Table(
        key="roc",
        title="Area under the ROC curve",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels={
            "auc": "Area under the curve (AUC)",
            "std_error": "Standard error (DeLong)",
            "low": f"{per_cent} interval, low",
            "high": f"{per_cent} interval, high",
            "gini": "Gini (2 AUC - 1)",
        },
        notes=(*scored.notes, *_area_notes(scored.ranking, result.auc, result.std_error)),
        charts=(_roc_chart(scored, result.auc),),
        row_roles=("estimate",) * 5,
        tables=(_printed_curve(scored),),
    )


def _area_notes(ranking: Ranking, auc: float, std_error: float) -> list[str]:
    notes = []
    if auc < 0.5:
        sentence = f"The area is {auc:.3f}, below 1/2: the scores rank events below non-events."
        warnings.warn(sentence + " Is the event the one you mean (event=)?", RankWarning, stacklevel=5)
        notes.append(sentence)
    if math.isnan(std_error):
        few = "event" if ranking.total_events <= 1 else "non-event"
        notes.append(f"There is only one {few}: the area has no standard error.")
    elif std_error == 0:
        notes.append(
            "The standard error is 0 because the scores separate perfectly or all tie; the interval says nothing."
        )
    return notes


@statistic(
    section="discrimination",
    title="Points of the ROC curve",
    reference="Fawcett (2006), Pattern Recognition Letters 27, 861-874",
    definitions={
        "cutoff": "A row is called positive when its score is at or above the cut-off; ∞ calls none positive.",
        "sensitivity": "Share of the events called positive.",
        "false_positive_rate": "Share of the non-events called positive, 1 - specificity.",
    },
    on="scores",
    in_report=False,
)
def roc_curve(scored: Scored) -> Table:
    """Give every point of the ROC curve, one per distinct score, from no positive row to all.

    Raises:
        DataError: no event, or no non-event.

    """
    scored.require_both()
    return _curve_table("roc_curve", "Points of the ROC curve", _curve(scored.ranking), scored.notes)


def _curve(ranking: Ranking) -> pd.DataFrame:
    """Give the points of the curve by falling cut-off, the first with no positive row, shape (m + 1, 7)."""
    true_positives = np.append(0.0, ranking.events_at_or_above[::-1])
    false_positives = np.append(0.0, ranking.nonevents_at_or_above[::-1])
    positives, negatives = ranking.total_events, ranking.total_nonevents
    return pd.DataFrame(
        {
            "cutoff": np.append(np.inf, ranking.score[::-1]),
            "sensitivity": true_positives / positives,
            "specificity": (negatives - false_positives) / negatives,
            "false_positive_rate": false_positives / negatives,
            "true_positives": true_positives,
            "false_positives": false_positives,
        }
    )


def _curve_table(key: str, title: str, curve: pd.DataFrame, notes: tuple[str, ...]) -> Table:
    return Table(
        key=key,
        title=title,
        frame=curve,
        roles={
            "cutoff": "estimate",
            "sensitivity": "probability",
            "specificity": "probability",
            "false_positive_rate": "probability",
            "true_positives": "count",
            "false_positives": "count",
        },
        notes=notes,
    )


def _printed_curve(scored: Scored) -> Table:
    curve = _curve(scored.ranking)
    chosen = _spread(curve, _PRINTED)
    notes: tuple[str, ...] = ()
    if len(chosen) < len(curve):
        notes = (f"{len(chosen)} of the {len(curve)} points, evenly spread along the curve; roc_curve() gives all.",)
    return _curve_table("roc_points", "Points of the ROC curve", curve.iloc[chosen].reset_index(drop=True), notes)


def _spread(curve: pd.DataFrame, wanted: int) -> npt.NDArray[np.intp]:
    """Choose about `wanted` points at even steps of sensitivity + false positive rate, both ends included."""
    if len(curve) <= wanted + 1:
        return np.arange(len(curve))
    length = (curve["sensitivity"] + curve["false_positive_rate"]).to_numpy()
    steps = np.linspace(0.0, length[-1], wanted + 1)
    chosen = np.minimum(np.searchsorted(length, steps), len(curve) - 1)
    return np.unique(np.append(chosen, [0, len(curve) - 1]))


def _roc_chart(scored: Scored, auc: float) -> Chart:
    curve = _curve(scored.ranking)
    drawn = curve.iloc[_spread(curve, _DRAWN)]
    ends = np.array([0.0, 1.0])
    return Chart(
        key="roc",
        title=f"ROC curve for {scored.event.label}",
        series=(
            Series("No discrimination", "reference", ends, ends),
            Series(
                f"AUC = {auc:.3f}", "line", drawn["false_positive_rate"].to_numpy(), drawn["sensitivity"].to_numpy()
            ),
        ),
        x=Axis("1 - specificity (share of non-events called positive)", limits=(0.0, 1.0)),
        y=Axis("Sensitivity (share of events called positive)", limits=(0.0, 1.0)),
        alt=f"ROC curve of sensitivity against 1 - specificity; the area under it is {auc:.3f} of a possible 1.",
    )


@explained_arguments
def compare_auc(
    outcome: Any, first: Any, second: Any, *, weight: Any = None, event: Any = None, level: float = 0.95
) -> Table:
    """Compare the areas under the ROC curves of two scores of the same rows by DeLong's paired test.

    Args:
        outcome: two values, shape (n,); `event` names the event.
        first: scores, shape (n,).
        second: other scores of the same rows, shape (n,).
        weight: number of rows each row stands for, shape (n,), or None for 1.
        event: the outcome that is the event.
        level: confidence level of the intervals.

    Raises:
        DataError: missing values, arrays of different lengths, no event or no non-event.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845 (R pROC: roc.test(paired = TRUE)).

    """
    checked_level(level)
    one = scored_arrays(outcome, first, weight=weight, event=event)
    scored_arrays(outcome, second, weight=weight, event=event).require_both()
    one.require_both()
    values = outcome if isinstance(outcome, pd.Series) else pd.Series(np.asarray(outcome).ravel())
    y, _ = code_response(values, str(values.name or "y"), event)
    arrays = [np.asarray(scores, dtype=np.float64) for scores in (first, second)]
    if len({array.shape for array in arrays}) > 1:
        raise DataError(
            f"The two scores have shapes {arrays[0].shape} and {arrays[1].shape}; give one score per row each."
        )
    result = area_difference(y, arrays[0], arrays[1], weights_by_row(weight, outcome), level)
    rows = (result.first, result.second)
    return Table(
        key="compare_auc",
        title="Comparison of two areas under the ROC curve",
        frame=pd.DataFrame(
            {
                "measure": ["first", "second", "difference"],
                "value": [*(row.auc for row in rows), result.difference],
                "std_error": [*(row.std_error for row in rows), result.std_error],
                "low": [*(row.low for row in rows), result.low],
                "high": [*(row.high for row in rows), result.high],
                "z": [np.nan, np.nan, result.z],
                "p_value": [np.nan, np.nan, result.p_value],
            }
        ),
        roles={
            "measure": "text",
            "value": "estimate",
            "std_error": "std_error",
            "low": "estimate",
            "high": "estimate",
            "z": "statistic",
            "p_value": "p_value",
        },
        labels={"first": "AUC of the first", "second": "AUC of the second", "difference": "Difference (paired DeLong)"},
        notes=_comparison_notes(result.std_error),
        emphasis=(2,),
    )


def _comparison_notes(std_error: float) -> tuple[str, ...]:
    if std_error > 0:
        return ()
    return ("The difference has no standard error here, so that there is no test.",)
