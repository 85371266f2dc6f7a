"""How concentrated are the events? The cumulative accuracy profile, the Lorenz curve, and their indices."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import area, plain_interval
from glmlr.ranking.curve import Curve, thinned
from glmlr.registry import statistic
from glmlr.scored import Scored


@statistic(
    section="discrimination",
    title="Concentration of the events",
    reference="Engelmann, Hayden & Tasche (2003), Risk 16(1), 82-86; Gastwirth (1972), Rev. Econ. Stat. 54, 306-316",
    definitions={
        "accuracy_ratio": "Area between the cumulative accuracy profile and the diagonal / that of a perfect order. "
        "It equals 2 AUC - 1, Somers' D; also called Gini in credit scoring.",
        "std_error": "Standard error of the accuracy ratio: twice that of the area under the ROC curve (DeLong).",
        "low": "Lower bound, accuracy ratio ± z × standard error, clipped to [-1, 1].",
        "high": "Upper bound of the same interval.",
        "cap_area": "Area under the cumulative accuracy profile: share of the events against share of the rows, "
        "highest scores first. 1/2 + (1 - share of events) × accuracy ratio / 2.",
        "perfect_area": "The same for a perfect order of the rows, 1 - (share of events) / 2.",
        "gini": "Gini coefficient of the Lorenz curve (share of the events against share of the rows, lowest scores "
        "first), 1 - twice the area under it; the concentration index of the events by score. It equals accuracy "
        "ratio × (1 - share of events), so that it cannot reach 1.",
        "largest_gini": "The Gini coefficient of a perfect order, 1 - share of events.",
    },
    on="scores",
    in_report=False,
)
def concentration(scored: Scored, *, level: float = 0.95) -> Table:
    """Give the accuracy ratio of the cumulative accuracy profile and the Gini coefficient of the Lorenz curve.

    Rows with one score stand together: over them the curves are straight.

    Args:
        scored: outcomes and scores.
        level: confidence level of the accuracy ratio's interval.

    Raises:
        DataError: no event, or no non-event.
        OptionError: `level` outside (0, 1).

    """
    scored.require_both()
    ranking, curve = scored.ranking, thinned(scored.ranking)
    whole = area(ranking, checked_level(level))
    ratio, error = 2 * whole.auc - 1, 2 * whole.std_error
    low, high = plain_interval(ratio, error, level, -1.0)
    others = ranking.total_nonevents / ranking.total
    values = {
        "accuracy_ratio": ratio,
        "std_error": error,
        "low": low,
        "high": high,
        "cap_area": (1 + others * ratio) / 2,
        "perfect_area": (1 + others) / 2,
        "gini": others * ratio,
        "largest_gini": others,
    }
    per_cent = f"{100 * level:g}%"
    return Table(
        key="concentration",
        title="Concentration of the events",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels={
            "accuracy_ratio": "Accuracy ratio (Somers' D)",
            "std_error": "Standard error",
            "low": f"{per_cent} interval, low",
            "high": f"{per_cent} interval, high",
            "cap_area": "Area under the cumulative accuracy profile",
            "perfect_area": "Area of a perfect order",
            "gini": "Gini coefficient of the Lorenz curve",
            "largest_gini": "Gini coefficient of a perfect order",
        },
        notes=(*scored.notes, *_notes(error, ranking)),
        charts=(_profile(scored, curve, ratio), _lorenz(scored, curve, others * ratio)),
        row_roles=("estimate",) * 8,
    )


def _notes(error: float, ranking: Ranking) -> list[str]:
    if math.isnan(error):
        few = "event" if ranking.total_events <= 1 else "non-event"
        return [f"There is only one {few}: the accuracy ratio has no standard error."]
    if error == 0:
        return ["The standard error is 0 because the scores separate perfectly or all tie; the interval says nothing."]
    return []


def _profile(scored: Scored, curve: Curve, ratio: float) -> Chart:
    ranking = scored.ranking
    rows = (curve.true_positives + curve.false_positives) / ranking.total
    kept = outline(rows, curve.sensitivity)
    rate = ranking.total_events / ranking.total
    ends = np.array([0.0, 1.0])
    return Chart(
        key="cap",
        title=f"Cumulative accuracy profile for {scored.event.label}",
        series=(
            Series("Random order", "reference", ends, ends),
            Series("Perfect order", "reference", np.array([0.0, rate, 1.0]), np.array([0.0, 1.0, 1.0])),
            Series(f"Accuracy ratio = {ratio:.3f}", "line", rows[kept], curve.sensitivity[kept]),
        ),
        x=Axis("Share of rows, highest scores first", "percent", (0.0, 1.0)),
        y=Axis("Share of events", "percent", (0.0, 1.0)),
        alt=f"Cumulative accuracy profile between random and perfect order; the accuracy ratio is {ratio:.3f}.",
    )


def _lorenz(scored: Scored, curve: Curve, gini: float) -> Chart:
    ranking = scored.ranking
    below = (curve.true_positives + curve.false_positives)[::-1]
    rows, events = 1 - below / ranking.total, 1 - curve.sensitivity[::-1]
    kept = outline(rows, events)
    others = ranking.total_nonevents / ranking.total
    ends = np.array([0.0, 1.0])
    return Chart(
        key="lorenz",
        title=f"Lorenz curve of the events ({scored.event.label})",
        series=(
            Series("Events spread evenly", "reference", ends, ends),
            Series("Perfect order", "reference", np.array([0.0, others, 1.0]), np.array([0.0, 0.0, 1.0])),
            Series(f"Gini = {gini:.3f}", "line", rows[kept], events[kept]),
        ),
        x=Axis("Share of rows, lowest scores first", "percent", (0.0, 1.0)),
        y=Axis("Share of events", "percent", (0.0, 1.0)),
        alt=f"Lorenz curve of the events below the diagonal; its Gini coefficient is {gini:.3f}.",
    )
