"""How concentrated are the events among the highest scores? Deciles, gains, lift and the KS distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.proportions import checked_level, wilson
from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups, checked_groups, top_groups
from glmlr.registry import statistic
from glmlr.scored import Scored

Floats = npt.NDArray[np.float64]

_ROLES: Final = {
    "decile": "integer",
    "n": "count",
    "share": "hidden",
    "score_low": "probability",
    "score_high": "probability",
    "events": "count",
    "expected_events": "count",
    "rate": "percent",
    "low": "percent",
    "high": "percent",
    "cumulative_events": "hidden",
    "capture": "percent",
    "cumulative_capture": "percent",
    "lift": "ratio",
    "cumulative_lift": "ratio",
    "ks": "percent",
}
_LABELS: Final = {
    "score_low": "Cut-off",
    "score_high": "Highest score",
    "cumulative_events": "Cumulative events",
    "cumulative_capture": "Cumulative capture",
    "cumulative_lift": "Cumulative lift",
    "ks": "KS",
}
_DRAWN: Final = 500


@statistic(
    section="deciles",
    title="Deciles",
    reference="Siddiqi (2006), Credit Risk Scorecards, ch. 6; Wilson (1927), JASA 22, 209-212 (intervals)",
    definitions={
        "decile": "Group of about n / 10 rows; decile 1 has the highest scores. With rank r from the highest score "
        "(the mean rank for ties) a row belongs to group floor(10 r / (n + 1)) + 1, as in SAS PROC RANK GROUPS=10 "
        "DESCENDING TIES=MEAN; rows with one score are never split, so sizes can differ.",
        "score_low": "Cut-off: the lowest score in the decile.",
        "expected_events": "Sum of the predicted probabilities of the decile's rows.",
        "rate": "Events / rows of the decile, with Wilson's interval.",
        "capture": "The decile's events / all events.",
        "cumulative_capture": "Events in this and the higher deciles / all events: the height of the gains curve, and "
        "the sensitivity at the decile's cut-off.",
        "lift": "The decile's rate / the rate of all rows.",
        "cumulative_lift": "Rate of this and the higher deciles together / the rate of all rows.",
        "ks": "Share of all events minus share of all non-events in this and the higher deciles.",
        "KS": "Largest distance between the score distributions of events and non-events, over all cut-offs and not "
        "only the deciles' ends. SAS PROC NPAR1WAY EDF: D; R ks.test: D.",
    },
    on="scores",
)
def deciles(scored: Scored, *, groups: int = 10, level: float = 0.95) -> Table:
    """Cut the rows into groups by falling score and say how the events spread over them.

    Args:
        scored: outcomes and scores; expected events are given where the scores are probabilities.
        groups: number of groups, 10 for deciles.
        level: confidence level of the rates' Wilson intervals.

    Raises:
        DataError: no event, or no non-event.
        OptionError: `groups` below 2, or `level` outside (0, 1).

    """
    scored.require_both()
    cut = top_groups(scored.ranking, checked_groups(groups))
    frame = _frame(cut, scored.ranking, checked_level(level))
    is_probability = bool(scored.ranking.score[0] >= 0 and scored.ranking.score[-1] <= 1)
    if not is_probability:
        frame = frame.drop(columns="expected_events")
    distance = ks_distance(scored.ranking)
    one = "decile" if groups == 10 else "group"
    return Table(
        key="deciles",
        title="Deciles of the score" if groups == 10 else f"{groups} groups of the score",
        frame=frame,
        roles={
            name: _score_role(role, is_probability) if name.startswith("score") else role
            for name, role in _ROLES.items()
            if name in frame.columns
        },
        labels={**_LABELS, "decile": one.capitalize()},
        notes=(*scored.notes, *_notes(cut, distance, one, level)),
        charts=(_gains_chart(scored), _lift_chart(scored, frame, one), _ks_chart(scored, distance)),
        tables=(_ks_table(distance),),
    )


def _score_role(role: str, is_probability: bool) -> str:
    return role if is_probability else "estimate"


def _frame(cut: Groups, ranking: Ranking, level: float) -> pd.DataFrame:
    """Give one row per group from the highest scores down."""
    down = slice(None, None, -1) if cut.number[0] > cut.number[-1] else slice(None)
    n, events, nonevents = cut.n[down], cut.events[down], cut.nonevents[down]
    bounds = wilson(events, n, level)
    overall = ranking.total_events / ranking.total
    captured, kept_out = np.cumsum(events) / ranking.total_events, np.cumsum(nonevents) / ranking.total_nonevents
    return pd.DataFrame(
        {
            "decile": cut.number[down],
            "n": n,
            "share": n / ranking.total,
            "score_low": cut.low[down],
            "score_high": cut.high[down],
            "events": events,
            "expected_events": cut.expected[down],
            "rate": events / n,
            "low": bounds.low,
            "high": bounds.high,
            "cumulative_events": np.cumsum(events),
            "capture": events / ranking.total_events,
            "cumulative_capture": captured,
            "lift": events / n / overall,
            "cumulative_lift": np.cumsum(events) / np.cumsum(n) / overall,
            "ks": captured - kept_out,
        }
    )


def _notes(cut: Groups, distance: Distance, one: str, level: float) -> list[str]:
    events, n = float(cut.events.sum()), float(cut.n.sum())
    notes = [
        f"{one.capitalize()} 1 has the highest scores; rows with one score stay together. Low and high: Wilson "
        f"{100 * level:g}% interval of the rate.",
        f"All rows: {events:,g} events among {n:,g}, a rate of {100 * events / n:.1f}%.",
    ]
    if len(cut) < cut.wanted:
        notes.append(f"Ties leave {len(cut)} of the {cut.wanted} groups asked for; the others are empty.")
    if distance.signed < 0:
        notes.append("At the largest distance the events have the lower scores.")
    return notes


# ------------------------------------------------------------------------------------------------ Kolmogorov-Smirnov


@dataclass(frozen=True)
class Distance:
    """The largest gap between the score distributions of events and non-events, and where it is.

    Attributes:
        ks: its size, in [0, 1].
        signed: share of events at or above the cut-off minus share of non-events; negative where events score lower.
        cutoff: the score at which it is reached; of several, the highest of those where events score higher.
        share: share of all rows at or above the cut-off.
        sensitivity: share of events at or above the cut-off.
        false_positive_rate: share of non-events at or above the cut-off.

    """

    ks: float
    signed: float
    cutoff: float
    share: float
    sensitivity: float
    false_positive_rate: float


def ks_distance(ranking: Ranking) -> Distance:
    """Give the two-sample Kolmogorov-Smirnov distance between the scores of events and of non-events.

    The counts are compared crosswise (events x all non-events against non-events x all events), so that whole numbers
    decide which cut-off comes first. Reference: Conover (1999), Practical Nonparametric Statistics, 3rd ed., 6.3.
    """
    above_events, above_nonevents = ranking.events_at_or_above, ranking.nonevents_at_or_above
    gap = above_events * ranking.total_nonevents - above_nonevents * ranking.total_events
    largest = np.flatnonzero(np.abs(gap) == np.abs(gap).max())
    upward = largest[gap[largest] > 0]
    place = int(upward[-1] if upward.size else largest[-1])
    sensitivity = float(above_events[place]) / ranking.total_events
    false_positive_rate = float(above_nonevents[place]) / ranking.total_nonevents
    signed = float(gap[place]) / (ranking.total_events * ranking.total_nonevents)
    share = float(above_events[place] + above_nonevents[place]) / ranking.total
    return Distance(abs(signed), signed, float(ranking.score[place]), share, sensitivity, false_positive_rate)


def _ks_table(distance: Distance) -> Table:
    values = {
        "ks": distance.ks,
        "cutoff": distance.cutoff,
        "share": distance.share,
        "sensitivity": distance.sensitivity,
        "false_positive_rate": distance.false_positive_rate,
    }
    return Table(
        key="ks",
        title="Kolmogorov-Smirnov distance",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels={
            "ks": "KS: largest distance between events and non-events",
            "cutoff": "Score at which it is reached",
            "share": "Share of rows at or above it",
            "sensitivity": "Share of events at or above it",
            "false_positive_rate": "Share of non-events at or above it",
        },
        notes=("Over all cut-offs, not only the ends of the groups.",),
        row_roles=("estimate", "estimate", "percent", "percent", "percent"),
    )


# ------------------------------------------------------------------------------------------------ charts


@dataclass(frozen=True, eq=False)
class _Shares:
    """Cumulated shares from the highest score down, beginning with no row, shape (p,) each."""

    rows: Floats
    events: Floats
    nonevents: Floats
    score: Floats


def _shares(ranking: Ranking) -> _Shares:
    """Give about 500 points of the cumulative curves at even steps of the share of rows; all of them where fewer."""
    rows = (ranking.events_at_or_above + ranking.nonevents_at_or_above)[::-1] / ranking.total
    if rows.size > _DRAWN:
        steps = np.searchsorted(rows, np.linspace(0, rows[-1], _DRAWN))
        chosen = np.unique(np.append(np.minimum(steps, rows.size - 1), [0, rows.size - 1]))
    else:
        chosen = np.arange(rows.size)
    events = ranking.events_at_or_above[::-1][chosen] / ranking.total_events
    nonevents = ranking.nonevents_at_or_above[::-1][chosen] / ranking.total_nonevents
    return _Shares(
        np.append(0.0, rows[chosen]),
        np.append(0.0, events),
        np.append(0.0, nonevents),
        ranking.score[::-1][chosen],
    )


def _gains_chart(scored: Scored) -> Chart:
    curve = _shares(scored.ranking)
    rate = scored.ranking.total_events / scored.ranking.total
    ends = np.array([0.0, 1.0])
    fifth = float(np.interp(0.2, curve.rows, curve.events))
    return Chart(
        key="gains",
        title="Gains: share of events captured",
        series=(
            Series("Random order", "reference", ends, ends),
            Series("Perfect order", "reference", np.array([0.0, rate, 1.0]), np.array([0.0, 1.0, 1.0])),
            Series("Model", "line", curve.rows, curve.events),
        ),
        x=Axis("Share of rows, highest scores first", "percent", (0.0, 1.0)),
        y=Axis(f"Share of events captured ({scored.event.label})", "percent", (0.0, 1.0)),
        alt=f"Gains curve: the fifth of the rows with the highest scores holds {100 * fifth:.0f}% of the events.",
    )


def _lift_chart(scored: Scored, frame: pd.DataFrame, one: str) -> Chart:
    n, lift = frame["n"].to_numpy(), frame["lift"].to_numpy()
    together = np.cumsum(n) / scored.ranking.total
    ends = np.array([0.0, 1.0])
    centre = together - n / scored.ranking.total / 2
    return Chart(
        key="lift",
        title=f"Lift by {one}",
        series=(
            Series("No lift", "reference", ends, np.ones(2)),
            Series(f"Lift of the {one}", "points", centre, lift),
            Series("Cumulative lift", "line", together, frame["cumulative_lift"].to_numpy()),
        ),
        x=Axis("Share of rows, highest scores first", "percent", (0.0, 1.0)),
        y=Axis("Lift (rate / overall rate)"),
        alt=f"Lift by {one}: the first has {lift[0]:.2f} times the overall rate, the last {lift[-1]:.2f} times.",
    )


def _ks_chart(scored: Scored, distance: Distance) -> Chart:
    curve = _shares(scored.ranking)
    at = np.array([distance.share, distance.share])
    return Chart(
        key="ks",
        title="Kolmogorov-Smirnov: events against non-events",
        series=(
            Series("Events", "line", curve.rows, curve.events),
            Series("Non-events", "line", curve.rows, curve.nonevents),
            Series(
                f"KS = {distance.ks:.3f}", "line", at, np.array([distance.false_positive_rate, distance.sensitivity])
            ),
        ),
        x=Axis("Share of rows, highest scores first", "percent", (0.0, 1.0)),
        y=Axis("Cumulative share", "percent", (0.0, 1.0)),
        alt=f"Cumulative shares of events and non-events; the largest distance, {distance.ks:.3f}, is reached at a "
        f"score of {distance.cutoff:.4g}.",
    )
