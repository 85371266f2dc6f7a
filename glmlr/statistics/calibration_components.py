"""Where do the scores of predicted probabilities come from? Miscalibration, discrimination and uncertainty."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups, checked_groups, quantile_groups
from glmlr.ranking.isotonic import Isotonic, isotonic
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.validation.calibration_charts import axis_end
from glmlr.validation.calibration_lines import distances_of
from glmlr.validation.decomposition import brier_parts, group_parts, log_score_parts, score_parts


@statistic(
    section="calibration",
    title="Components of the scores",
    reference="Murphy (1973), Journal of Applied Meteorology 12, 595-600; Stephenson, Coelho & Jolliffe (2008), "
    "Weather and Forecasting 23, 752-757; Dimitriadis, Gneiting & Jordan (2021), PNAS 118, e2016191118",
    definitions={
        "score": "Mean score of the probabilities = miscalibration - discrimination + uncertainty.",
        "miscalibration": "Score of the probabilities less that of their isotonic recalibration; 0 is ideal. R "
        "reliabilitydiag: MCB.",
        "discrimination": "Score of the observed rate, given to all rows, less that of the isotonic recalibration; the "
        "larger the better. R reliabilitydiag: DSC.",
        "uncertainty": "Score of the observed rate r, given to all rows; for the Brier score r (1 - r). R "
        "reliabilitydiag: UNC.",
        "reliability": "Mean over rows of the squared distance of a group's mean probability and its observed rate.",
        "resolution": "Mean over rows of the squared distance of a group's observed rate and that of all rows.",
        "within_variance": "Mean squared distance of a row's probability to the mean of its group.",
        "within_covariance": "Twice the mean product of that distance and the outcome's distance to its group's rate. "
        "Brier score = reliability - resolution + uncertainty + within variance - within covariance.",
        "ece": "Expected calibration error: mean over rows of the distance of a group's mean probability and its "
        "observed rate. It depends on the groups, and grows with their number.",
        "mce": "Maximum calibration error: the largest of these distances.",
    },
    on="scores",
)
def calibration_components(scored: Scored, *, groups: int = 10) -> Table:
    """Split Brier and logarithmic score into miscalibration, discrimination and uncertainty, and Brier's by groups.

    The first split needs no groups: it compares with the isotonic regression of the outcomes on the probabilities, the
    best that any rising function of them does on these rows. The companion table has the classical split of the Brier
    score over groups of equal size, as in `calibration`, and over the distinct probabilities.

    Args:
        scored: outcomes and probabilities.
        groups: number of groups.

    Raises:
        DataError: no event or no non-event, or scores that are not probabilities.
        OptionError: `groups` below 2.

    """
    scored.require_both()
    scored.require_probabilities("calibration_components")
    checked_groups(groups)
    ranking = scored.ranking
    distances, fit = distances_of(ranking), isotonic(ranking.events, ranking.nonevents)
    brier = brier_parts(distances.squares / ranking.total, fit)
    log_score = log_score_parts(-distances.loglik / ranking.total, fit)
    names = ("score", "miscalibration", "discrimination", "uncertainty")
    notes = [
        "Score = miscalibration - discrimination + uncertainty. The isotonic fit, on the rows it is fitted to, does "
        "better than any on new rows: miscalibration is above 0 even where the probabilities are right."
    ]
    if math.isinf(log_score.score):
        notes.append("An event has probability 0 or a non-event 1: logarithmic score and miscalibration are infinite.")
    return Table(
        key="calibration_components",
        title="Components of the scores",
        frame=pd.DataFrame(
            {
                "measure": names,
                "brier": [getattr(brier, name) for name in names],
                "log_score": [getattr(log_score, name) for name in names],
            }
        ),
        roles={"measure": "text", "brier": "estimate", "log_score": "estimate"},
        labels={"score": "Mean score", "brier": "Brier score", "log_score": "Logarithmic score"}
        | {name: name.capitalize() for name in names[1:]},
        notes=(*scored.notes, *notes),
        charts=(_rising_chart(scored, fit),),
        tables=(_group_components(ranking, quantile_groups(ranking, groups)),),
    )


def _group_components(ranking: Ranking, groups: Groups) -> Table:
    by_group, by_score = group_parts(ranking, groups), score_parts(ranking)
    labels = {
        "reliability": "Reliability",
        "resolution": "Resolution",
        "uncertainty": "Uncertainty",
        "within_variance": "Variance within groups",
        "within_covariance": "Covariance within groups",
        "ece": "Expected calibration error (ECE)",
        "mce": "Maximum calibration error (MCE)",
    }
    return Table(
        key="brier_groups",
        title="Components of the Brier score over groups",
        frame=pd.DataFrame(
            {
                "measure": list(labels),
                "groups": [getattr(by_group, name) for name in labels],
                "distinct": [getattr(by_score, name) for name in labels],
            }
        ),
        roles={"measure": "text", "groups": "estimate", "distinct": "estimate"},
        labels={
            **labels,
            "groups": f"{len(groups)} groups" if len(groups) > 1 else "One group",
            "distinct": "Distinct probabilities",
        },
        notes=(
            "Brier score = reliability - resolution + uncertainty + variance - covariance within groups. Where few "
            "rows share a probability, reliability and resolution over distinct probabilities are mostly noise.",
        ),
    )


def _rising_chart(scored: Scored, fit: Isotonic) -> Chart:
    """Draw the isotonic fit over the range of the probabilities: the reliability diagram without bins."""
    score = scored.ranking.score
    end = axis_end(max(float(score[-1]), float(fit.rate[-1])))
    last = np.append(fit.start[1:], fit.size) - 1
    x, y = np.column_stack([score[fit.start], score[last]]).ravel(), np.repeat(fit.rate, 2)
    # One probability is a point; no line leads from it.
    kept = outline(x, y, 500) if score.size > 1 else np.array([0])
    ends, limits = np.array([0.0, end]), (0.0, end)
    return Chart(
        key="reliability",
        title="Isotonic calibration curve",
        series=(
            Series("Perfect calibration", "reference", ends, ends),
            Series("Isotonic regression of the outcomes", "line" if score.size > 1 else "points", x[kept], y[kept]),
        ),
        x=Axis("Predicted probability", limits=limits),
        y=Axis(f"Rate of {scored.event.label}", limits=limits),
        alt=f"Isotonic regression of the outcomes on the predicted probabilities, rising in {fit.start.size} steps "
        f"from {fit.rate[0]:.2g} to {fit.rate[-1]:.2g}, beside the diagonal of perfect calibration.",
    )
