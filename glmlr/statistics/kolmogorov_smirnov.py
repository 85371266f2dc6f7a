"""Do events and non-events have the same distribution of scores? The Kolmogorov-Smirnov test, and where they differ."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import kolmogorov

from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.ranking import Ranking
from glmlr.ranking.curve import thinned
from glmlr.ranking.distance import Distance, ks_distance
from glmlr.ranking.lattice_paths import MOST_ROWS, ExactTails, can_be_exact, exact_tails
from glmlr.registry import statistic
from glmlr.scored import Scored

_LABELS: Final = {
    "ks": "KS: largest distance between events and non-events",
    "cutoff": "Score at which it is reached",
    "share": "Share of rows at or above it",
    "sensitivity": "Share of events at or above it",
    "false_positive_rate": "Share of non-events at or above it",
    "p_value": "p, asymptotic",
    "p_exact": "p, exact",
    "d_plus": "D+: largest distance with events higher",
    "p_plus": "p of D+, asymptotic",
    "p_plus_exact": "p of D+, exact",
    "d_minus": "D-: largest distance with events lower",
    "p_minus": "p of D-, asymptotic",
    "p_minus_exact": "p of D-, exact",
}


@statistic(
    section="discrimination",
    title="Kolmogorov-Smirnov distance",
    reference="Conover (1999), Practical Nonparametric Statistics, 3rd ed., 6.3; Hodges (1958), Arkiv for Matematik 3, "
    "469-486; Schröer & Trenkler (1995), Computational Statistics & Data Analysis 20, 185-202",
    definitions={
        "ks": "Largest distance between the score distributions of events and non-events, over all cut-offs. SAS PROC "
        "NPAR1WAY EDF: D; R ks.test: D.",
        "cutoff": "The score at which the distance is reached, as share of events minus share of non-events at or "
        "above it; of several, the highest of those where events score higher.",
        "p_value": "Asymptotic two-sided p-value, from Kolmogorov's distribution at D √(events × non-events / rows). R "
        "ks.test(exact = FALSE); SAS PROC NPAR1WAY: Pr > KSa. Tied scores make it conservative: the true chance is "
        "smaller.",
        "p_exact": "Chance of a distance at least as large if all orders of the outcomes among the rows are equally "
        "likely; it takes tied scores as they are. R 4.2 or later: ks.test(exact = TRUE) (or psmirnov). For counts "
        f"of rows, up to {MOST_ROWS:,} rows or thereabouts.",
        "d_plus": "Largest share of events minus share of non-events at or above one cut-off. R: "
        'ks.test(nonevents, events, alternative = "greater"), where the word is of the distribution function.',
        "d_minus": "Largest share of non-events minus share of events. R: "
        'ks.test(events, nonevents, alternative = "greater").',
        "p_plus": "Asymptotic one-sided p-value of D+, exp(-2 D² events × non-events / rows).",
        "p_plus_exact": 'Its exact p-value. With tied scores R 4.2 gives another one if asked by alternative = "less", '
        "which is not that of all orders.",
        "p_minus": "Asymptotic one-sided p-value of D-.",
        "p_minus_exact": "Its exact p-value.",
    },
    on="scores",
    in_report=False,
)
def ks(scored: Scored) -> Table:
    """Give the two-sample Kolmogorov-Smirnov distance of the scores, its place, both one-sided ones, and p-values.

    The p-values are those of scores that were made without these outcomes. Scores that were fitted to these very rows
    differ between events and non-events by their making; p is then too small.

    Raises:
        DataError: no event, or no non-event.

    """
    scored.require_both()
    ranking = scored.ranking
    found = ks_distance(ranking)
    exact = _exact(ranking, found)
    size = ranking.total_events * ranking.total_nonevents / ranking.total
    values = {
        "ks": found.ks,
        "cutoff": found.cutoff,
        "share": found.share,
        "sensitivity": found.sensitivity,
        "false_positive_rate": found.false_positive_rate,
        "p_value": float(kolmogorov(math.sqrt(size) * found.ks)),
        "p_exact": exact.two_sided,
        "d_plus": found.upward,
        "p_plus": math.exp(-2 * size * found.upward**2),
        "p_plus_exact": exact.greater,
        "d_minus": found.downward,
        "p_minus": math.exp(-2 * size * found.downward**2),
        "p_minus_exact": exact.less,
    }
    return Table(
        key="ks",
        title="Kolmogorov-Smirnov distance",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels=_LABELS,
        notes=(*scored.notes, *_notes(scored, found, exact)),
        charts=(_chart(scored, found),),
        row_roles=(
            *("estimate", "estimate", "percent", "percent", "percent", "p_value", "p_value"),
            *("estimate", "p_value", "p_value", "estimate", "p_value", "p_value"),
        ),
    )


def _exact(ranking: Ranking, found: Distance) -> ExactTails:
    if not can_be_exact(ranking):
        return ExactTails(math.nan, math.nan, math.nan)
    pairs = ranking.total_events * ranking.total_nonevents
    return exact_tails(ranking, round(found.upward * pairs), round(found.downward * pairs))


def _notes(scored: Scored, found: Distance, exact: ExactTails) -> list[str]:
    ranking, notes = scored.ranking, []
    if not ranking.is_counted:
        notes.append(
            "The weights are not whole numbers: p-values take their sums for numbers of rows, and exact ones do not "
            "exist."
        )
    elif math.isnan(exact.two_sided):
        notes.append("There are too many rows for exact p-values; the asymptotic ones are as good then.")
    if ranking.score.size < ranking.total:
        notes.append("Some scores are tied, which makes the asymptotic p-values conservative (too large).")
    if scored.fitted:
        notes.append("The scores were fitted to these rows, so that p is too small as a test of the model.")
    if found.signed < 0:
        notes.append("At the largest distance the events have the lower scores.")
    return notes


def _chart(scored: Scored, found: Distance) -> Chart:
    """Draw the share of events, and of non-events, with lower scores than each."""
    curve = thinned(scored.ranking)
    score = curve.cutoff[1:][::-1]
    # Below a cut-off lies what is not at or above it; a last step leads to all rows.
    series = []
    for name, above in (("Events", curve.sensitivity), ("Non-events", curve.false_positive_rate)):
        x, y = np.append(score, score[-1]), np.append(1 - above[1:][::-1], 1.0)
        kept = outline(x, y)
        series.append(Series(name, "line", x[kept], y[kept]))
    gap = np.array([1 - found.false_positive_rate, 1 - found.sensitivity])
    return Chart(
        key="ks",
        title="Scores of events and of non-events",
        series=(*series, Series(f"KS = {found.ks:.3f}", "line", np.full(2, found.cutoff), gap)),
        x=Axis("Score"),
        y=Axis("Share with a lower score", "percent", (0.0, 1.0)),
        alt=f"Shares of events and of non-events with lower scores; they differ most, by {found.ks:.3f}, at a score of "
        f"{found.cutoff:.4g}.",
    )
