"""How many of the rows called positive are events? Average precision and the precision-recall curve."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking
from glmlr.ranking.curve import roc_points, thinned
from glmlr.ranking.precision import AveragePrecision, BestF1, average_precision, best_f1, interpolated_area
from glmlr.ranking.redrawn import redrawn
from glmlr.registry import statistic
from glmlr.scored import Scored

Floats = npt.NDArray[np.float64]

#: Points between two cut-offs, where they are few and the curve between them is seen to bend.
_BETWEEN: Final = 16
_FEW: Final = 250


@statistic(
    section="discrimination",
    title="Precision and recall",
    reference="Davis & Goadrich (2006), ICML, 233-240; Boyd, Eng & Page (2013), ECML PKDD, LNCS 8190, 451-466; Saito & "
    "Rehmsmeier (2015), PLoS ONE 10, e0118432",
    definitions={
        "average_precision": "Sum over the cut-offs of (rise in recall) × precision: the mean precision at the scores "
        "of the events, with no interpolation. scikit-learn: average_precision_score.",
        "std_error": "Standard error of the average precision by the infinitesimal jackknife, for given numbers of "
        "events and of non-events; with resamples, the standard deviation over bootstrap samples.",
        "low": "Lower bound: ± z × standard error on the logit of the average precision; with resamples, a percentile "
        "(type 7) of bootstrap samples, events and non-events drawn apart.",
        "high": "Upper bound of the same interval.",
        "interpolated_area": "Area under the precision-recall curve where false positives rise evenly with true "
        "positives between two cut-offs (Davis & Goadrich); a straight line between the points would be too high. R "
        "PRROC: pr.curve()$auc.davis.goadrich is this area.",
        "baseline": "Share of events among all rows: the precision, at every recall, of scores that say nothing.",
        "best_f1": "Largest F1 = 2 precision × recall / (precision + recall) over all cut-offs.",
        "best_cutoff": "The observed score at which F1 is largest; of several, the highest.",
        "precision": "Share of the rows at or above the cut-off that are events. Positive predictive value.",
        "recall": "Share of the events that are at or above the cut-off. Sensitivity.",
    },
    on="scores",
)
def precision_recall(scored: Scored, *, level: float = 0.95, resamples: int | None = None, seed: Any = 0) -> Table:
    """Give the average precision with its interval, the area under the precision-recall curve, and the best F1.

    `precision_recall_curve` lists every point of the curve.

    Args:
        scored: outcomes and scores.
        level: confidence level of the interval.
        resamples: number of bootstrap samples, for a percentile interval instead of the analytic one.
        seed: what `numpy.random.default_rng` takes; the same seed gives the same interval.

    Raises:
        DataError: no event, or no non-event.
        OptionError: `level` outside (0, 1), `resamples` that is no positive whole number.
        NotApplicable: a bootstrap with weights that are no counts.

    """
    scored.require_both()
    ranking = scored.ranking
    found = average_precision(ranking, checked_level(level))
    if resamples is not None:
        found = _bootstrapped(found.value, ranking, level, resamples, seed)
    best = best_f1(ranking)
    values = {
        "average_precision": found.value,
        "std_error": found.std_error,
        "low": found.low,
        "high": found.high,
        "interpolated_area": interpolated_area(ranking),
        "baseline": ranking.total_events / ranking.total,
        "best_f1": best.f1,
        "best_cutoff": ranking.score[best.place],
        "precision": best.true_positives / (best.true_positives + best.false_positives),
        "recall": best.true_positives / ranking.total_events,
    }
    return Table(
        key="precision_recall",
        title="Precision and recall",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels=_labels(level, resamples),
        notes=(*scored.notes, *_notes(found, ranking, resamples)),
        charts=(_chart(scored, found.value, best),),
        row_roles=("estimate",) * 10,
    )


def _bootstrapped(value: float, ranking: Ranking, level: float, resamples: int, seed: Any) -> AveragePrecision:
    drawn = np.array([average_precision(one).value for one in redrawn(ranking, resamples, seed=seed)])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return AveragePrecision(value, float(drawn.std(ddof=1)) if drawn.size > 1 else math.nan, low, high)


def _labels(level: float, resamples: int | None) -> dict[str, str]:
    per_cent, how = f"{100 * level:g}%", "" if resamples is None else " (bootstrap)"
    return {
        "average_precision": "Average precision",
        "std_error": f"Standard error{how}",
        "low": f"{per_cent} interval{how}, low",
        "high": f"{per_cent} interval{how}, high",
        "interpolated_area": "Area under the curve (Davis-Goadrich)",
        "baseline": "Precision without discrimination (share of events)",
        "best_f1": "Largest F1",
        "best_cutoff": "Cut-off of the largest F1",
        "precision": "Precision there",
        "recall": "Recall there",
    }


def _notes(found: AveragePrecision, ranking: Ranking, resamples: int | None) -> list[str]:
    notes = []
    if resamples is not None:
        notes.append(f"Interval: percentiles of {resamples:,} bootstrap samples, events and non-events drawn apart.")
    if math.isnan(found.std_error):
        few = "bootstrap sample" if resamples == 1 else "event" if ranking.total_events <= 1 else "non-event"
        notes.append(f"There is only one {few}: the average precision has no standard error.")
    elif math.isnan(found.low):
        notes.append("The standard error is 0 because the scores separate perfectly or all tie; there is no interval.")
    return notes


@statistic(
    section="discrimination",
    title="Points of the precision-recall curve",
    reference="Davis & Goadrich (2006), ICML, 233-240",
    definitions={
        "cutoff": "A row is called positive when its score is at or above the cut-off.",
        "recall": "Share of the events called positive: sensitivity.",
        "precision": "Share of the rows called positive that are events: positive predictive value.",
        "f1": "2 precision × recall / (precision + recall).",
    },
    on="scores",
    in_report=False,
)
def precision_recall_curve(scored: Scored) -> Table:
    """Give every point of the precision-recall curve, one per distinct score, by falling cut-off.

    scikit-learn's precision_recall_curve lists the same points from the lowest cut-off, and adds a last one (recall
    0, precision 1) that no cut-off has.

    Raises:
        DataError: no event, or no non-event.

    """
    scored.require_both()
    curve = roc_points(scored.ranking)
    true, false = curve.true_positives[1:], curve.false_positives[1:]
    return Table(
        key="precision_recall_curve",
        title="Points of the precision-recall curve",
        frame=pd.DataFrame(
            {
                "cutoff": curve.cutoff[1:],
                "recall": true / true[-1],
                "precision": true / (true + false),
                "f1": 2 * true / (true + false + true[-1]),
                "true_positives": true,
                "false_positives": false,
            }
        ),
        roles={
            "cutoff": "estimate",
            "recall": "probability",
            "precision": "probability",
            "f1": "probability",
            "true_positives": "count",
            "false_positives": "count",
        },
        notes=scored.notes,
    )


def _chart(scored: Scored, average: float, best: BestF1) -> Chart:
    ranking = scored.ranking
    recall, precision = _drawn(ranking)
    true, false = best.true_positives, best.false_positives
    baseline = ranking.total_events / ranking.total
    return Chart(
        key="precision_recall",
        title=f"Precision and recall for {scored.event.label}",
        series=(
            Series("No discrimination", "reference", np.array([0.0, 1.0]), np.full(2, baseline)),
            Series(f"Average precision = {average:.3f}", "line", recall, precision),
            Series(
                "Largest F1",
                "points",
                np.array([true / ranking.total_events]),
                np.array([true / (true + false)]),
            ),
        ),
        x=Axis("Recall (share of events called positive)", limits=(0.0, 1.0)),
        y=Axis("Precision (share of events among those)", limits=(0.0, 1.0)),
        alt=f"Precision against recall; the average precision is {average:.3f}, that of scores that say nothing "
        f"{baseline:.3f}.",
    )


def _drawn(ranking: Ranking) -> tuple[Floats, Floats]:
    """Give recall and precision of the points to draw, from recall 0, which has the precision of the highest score."""
    curve = thinned(ranking)
    true, false = curve.true_positives, curve.false_positives
    if true.size <= _FEW:
        fine = np.arange(_BETWEEN * (true.size - 1) + 1) / _BETWEEN
        true, false = (np.interp(fine, np.arange(true.size), side) for side in (true, false))
    true, false = true[1:], false[1:]
    recall, precision = true / true[-1], true / (true + false)
    recall, precision = np.append(0.0, recall), np.append(precision[0], precision)
    kept = outline(recall, precision)
    return recall[kept], precision[kept]
