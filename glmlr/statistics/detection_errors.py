"""How do misses trade against false alarms? The detection error trade-off, and the equal error rate."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.ranking.curve import Curve, equal_errors, evenly, thinned
from glmlr.registry import statistic
from glmlr.scored import Scored

Floats = npt.NDArray[np.float64]

_PRINTED: Final = 20
_LABELS: Final = {
    "equal_error_rate": "Equal error rate",
    "cutoff": "Cut-off where the two rates differ least",
    "false_positive_rate": "False positive rate there",
    "false_negative_rate": "False negative rate there",
}


@statistic(
    section="discrimination",
    title="Detection error trade-off",
    reference="Martin, Doddington, Kamm, Ordowski & Przybocki (1997), Eurospeech, 1895-1898",
    definitions={
        "equal_error_rate": "The rate at which false positives (among non-events) and false negatives (among events) "
        "are equally frequent, on the straight line between the two nearest points of the ROC curve; often no cut-off "
        "attains it.",
        "cutoff": "The observed score at or above which a row is called positive; here the one at which the two rates "
        "differ least, of two the higher.",
        "false_positive_rate": "Share of the non-events called positive, 1 - specificity; false alarms.",
        "false_negative_rate": "Share of the events called negative, 1 - sensitivity; misses. scikit-learn: det_curve.",
    },
    on="scores",
    in_report=False,
)
def det(scored: Scored) -> Table:
    """Give the equal error rate, and the false negative rate against the false positive rate on normal deviates.

    On axes of normal deviates the curve of two normal distributions of scores is a straight line.

    Raises:
        DataError: no event, or no non-event.

    """
    scored.require_both()
    found = equal_errors(scored.ranking)
    values = {
        "equal_error_rate": found.rate,
        "cutoff": found.cutoff,
        "false_positive_rate": found.false_positive_rate,
        "false_negative_rate": found.false_negative_rate,
    }
    thin = thinned(scored.ranking)
    chart = _chart(scored, thin, found.rate)
    notes = []
    if chart is None:
        notes.append("No cut-off leaves both kinds of errors: there is no curve to draw on normal deviates.")
    if np.isinf(values["cutoff"]):
        notes.append("A cut-off of ∞ calls no row positive.")
    return Table(
        key="det",
        title="Detection error trade-off",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels=_LABELS,
        notes=(*scored.notes, *notes),
        charts=() if chart is None else (chart,),
        tables=(_points(thin, scored.ranking.score.size + 1),),
        row_roles=("probability", "estimate", "probability", "probability"),
    )


def _points(thin: Curve, points: int) -> Table:
    curve = thin.some(evenly(thin, _PRINTED))
    shown = curve.cutoff.size
    return Table(
        key="det_points",
        title="Points of the detection error trade-off",
        frame=pd.DataFrame(
            {
                "cutoff": curve.cutoff,
                "false_positive_rate": curve.false_positive_rate,
                "false_negative_rate": _misses(curve),
                "false_positives": curve.false_positives,
                "false_negatives": curve.true_positives[-1] - curve.true_positives,
            }
        ),
        roles={
            "cutoff": "estimate",
            "false_positive_rate": "probability",
            "false_negative_rate": "probability",
            "false_positives": "count",
            "false_negatives": "count",
        },
        notes=(f"{shown} of the {points} points; roc_curve() gives all.",) if shown < points else (),
    )


def _misses(curve: Curve) -> Floats:
    """Give the false negative rate at each point, shape (m + 1,)."""
    events = curve.true_positives[-1]
    return np.asarray((events - curve.true_positives) / events)


def _chart(scored: Scored, curve: Curve, equal: float) -> Chart | None:
    """Draw the points at which both rates lie between 0 and 1; None where there is none."""
    x, y = curve.false_positive_rate, _misses(curve)
    inside = (x > 0) & (x < 1) & (y > 0) & (y < 1)
    if not inside.any():
        return None
    x, y = x[inside], y[inside]
    kept = outline(x, y)
    series = [
        Series("No discrimination", "reference", np.array([0.001, 0.999]), np.array([0.999, 0.001])),
        Series("Errors", "line", x[kept], y[kept]),
    ]
    if 0 < equal < 1:
        series.append(Series(f"Equal error rate {equal:.3f}", "points", np.array([equal]), np.array([equal])))
    return Chart(
        key="det",
        title=f"Detection error trade-off for {scored.event.label}",
        series=tuple(series),
        x=Axis("False positive rate (share of non-events called positive)", "probit"),
        y=Axis("False negative rate (share of events called negative)", "probit"),
        alt=f"False negative rate against false positive rate on axes of normal deviates; they are equal at "
        f"{equal:.3f}.",
    )
