"""How concentrated are the events among the highest scores? Deciles, gains, lift and the KS distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import OptionError, explained_arguments, listing
from glmlr.exhibits import Chart, Table
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking
from glmlr.ranking.distance import Distance, ks_distance
from glmlr.ranking.grouping import Edges, Groups, checked_groups, edges_of, given_edges, groups_at, top_groups
from glmlr.registry import scored_arrays, scored_of, statistic
from glmlr.scored import Scored
from glmlr.statistics.deciles.charts import Drawn, gains_chart, ks_chart, lift_chart, rates_chart, separation_chart
from glmlr.statistics.deciles.tables import beside_tables, decile_frame, ks_table, trend_table
from glmlr.validation.beside import beside_each

Floats = npt.NDArray[np.float64]

_ROLES: Final = {
    "decile": "integer",
    "n": "count",
    "share": "hidden",
    "score_low": "probability",
    "score_high": "hidden",
    "events": "count",
    "nonevents": "count",
    "expected_events": "count",
    "rate": "percent",
    "low": "percent",
    "high": "percent",
    "cumulative_events": "hidden",
    "capture": "percent",
    "cumulative_capture": "percent",
    "cumulative_nonevents": "hidden",
    "lift": "ratio",
    "cumulative_lift": "ratio",
    "ks": "percent",
}
_LABELS: Final = {
    "score_low": "Cut-off",
    "score_high": "Highest score",
    "cumulative_events": "Cumulative events",
    "cumulative_capture": "Cumulative capture",
    "cumulative_nonevents": "Cumulative non-events",
    "cumulative_lift": "Cumulative lift",
    "ks": "KS",
}


@statistic(
    section="deciles",
    title="Deciles",
    reference="Siddiqi (2006), Credit Risk Scorecards, ch. 6; Wilson (1927), JASA 22, 209-212 (intervals); Armitage "
    "(1955), Biometrics 11, 375-386 (trend)",
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
        "cumulative_nonevents": "Non-events in this and the higher deciles / all non-events: the false positive rate "
        "at the decile's cut-off.",
        "lift": "The decile's rate / the rate of all rows.",
        "cumulative_lift": "Rate of this and the higher deciles together / the rate of all rows.",
        "ks": "Share of all events minus share of all non-events in this and the higher deciles.",
        "KS": "Largest distance between the score distributions of events and non-events, over all cut-offs and not "
        "only the deciles' ends. SAS PROC NPAR1WAY EDF: D; R ks.test: D.",
        "trend_z": "Cochran-Armitage test that the rate of events does not change with the number of the decile; above "
        "0 where higher scores have the higher rate. R prop.trend.test: its square. SAS PROC FREQ TREND: Z, of either "
        "sign.",
        "reversals": "Neighbouring deciles of which the one with lower scores has the higher rate; 0 where the rates "
        "are monotone.",
    },
    on="scores",
)
def deciles(
    scored: Scored,
    *,
    groups: int = 10,
    level: float = 0.95,
    edges: Any = None,
    beside: Any = None,
) -> Table:
    """Cut the rows into groups by falling score and say how the events spread over them.

    Args:
        scored: outcomes and scores; expected events are given where the scores are probabilities.
        groups: number of groups, 10 for deciles.
        level: confidence level of the rates' Wilson intervals.
        edges: cut-offs kept from other rows, in place of those of these rows: rising numbers (k of them make k + 1
            groups), what `decile_edges` gave, an earlier table of deciles, or a fit, an evaluation or another subject
            whose deciles are meant. A row belongs to the highest group whose cut-off its score reaches; groups without
            rows are shown.
        beside: other rows to be shown beside these, in groups with the same cut-offs: a fit, an evaluation, a
            cross-validation or (y, p), or a dict of such by name; with weights it is `glmlr.scores(y, p, weight=w)`.

    Raises:
        DataError: no event, or no non-event.
        OptionError: `groups` below 2, `level` outside (0, 1), `edges` that are no cut-offs, or a name in `beside` that
            the rows themselves have.
        ArgumentError: something else in `beside`.

    """
    scored.require_both()
    checked_level(level)
    kept = None if edges is None else _edges(edges, checked_groups(groups))
    cut = top_groups(scored.ranking, checked_groups(groups)) if kept is None else groups_at(scored.ranking, kept)
    others = _others(beside, scored)
    distance = ks_distance(scored.ranking)
    one = "decile" if cut.wanted == 10 else "group"
    probabilities = _in_unit(scored.ranking) and all(_in_unit(other.ranking) for other in others.values())
    sets = {_own_name(scored): Drawn(scored.ranking, decile_frame(cut, scored.ranking, level, probabilities))}
    for name, other in others.items():
        counted = groups_at(other.ranking, edges_of(cut))
        sets[name] = Drawn(other.ranking, decile_frame(counted, other.ranking, level, probabilities))
    frame = next(iter(sets.values())).frame
    return Table(
        key="deciles",
        title="Deciles of the score" if one == "decile" else f"{cut.wanted} groups of the score",
        frame=frame,
        roles={
            name: "estimate" if name == "score_low" and not probabilities else role
            for name, role in _ROLES.items()
            if name in frame.columns
        },
        labels={**_LABELS, "decile": one.capitalize()},
        notes=(*scored.notes, *_notes(cut, distance, one, level, kept is not None)),
        charts=_charts(sets, scored.event.label, one, level, distance),
        tables=(ks_table(distance), trend_table(cut, one), *(beside_tables(sets, one, level) if others else ())),
    )


def _in_unit(ranking: Ranking) -> bool:
    return bool(ranking.score[0] >= 0 and ranking.score[-1] <= 1)


def _charts(sets: Mapping[str, Drawn], event: str, one: str, level: float, distance: Distance) -> tuple[Chart, ...]:
    first = next(iter(sets.values()))
    return (
        gains_chart(sets, event, one),
        lift_chart(sets, one),
        ks_chart(first, distance) if len(sets) == 1 else separation_chart(sets),
        rates_chart(sets, event, one, level),
    )


def _notes(cut: Groups, distance: Distance, one: str, level: float, kept: bool) -> list[str]:
    events, n = float(cut.events.sum()), float(cut.n.sum())
    notes = [
        f"{one.capitalize()} 1 has the highest scores; rows with one score stay together. Low and high: Wilson "
        f"{100 * level:g}% interval of the rate.",
        f"All rows: {events:,g} events among {n:,g}, a rate of {100 * events / n:.1f}%.",
    ]
    if kept:
        notes.append(
            f"The cut-offs are kept from other rows: a row belongs to the highest {one} whose cut-off it reaches, and "
            f"below all of them to the last, whose cut-off is shown as its lowest score here."
        )
        if empty := [f"{number:g}" for number in cut.number[::-1][cut.n[::-1] == 0]]:
            notes.append(f"No row is in {one} {listing(empty)}: there is no rate.")
    elif len(cut) < cut.wanted:
        notes.append(f"Ties leave {len(cut)} of the {cut.wanted} groups asked for; the others are empty.")
    if distance.signed < 0:
        notes.append("At the largest distance the events have the lower scores.")
    return notes


# ------------------------------------------------------------------------------------------------ kept cut-offs


@explained_arguments
def decile_edges(
    subject: Any, scores: Any = None, *, groups: int = 10, weight: Any = None, event: Any = None
) -> Floats:
    """Give the cut-offs between the deciles of some rows, to be used again on others: `deciles(new, edges=...)`.

    Args:
        subject: a fit, an evaluation or what else holds scores; or outcomes, shape (n,), beside `scores`.
        scores: of the rows, shape (n,), where outcomes are given.
        groups: number of groups, 10 for deciles.
        weight: rows that each row stands for, shape (n,), where outcomes are given.
        event: which of the outcomes is the event, where outcomes are given.

    Returns:
        The lowest score of each group but the lowest, ascending, shape (groups - 1,); fewer where ties leave groups
        empty.

    Raises:
        OptionError: `groups` below 2.
        DataError: outcomes and scores that cannot be used.

    """
    scored = scored_of(subject)
    if scored is None:
        scored = scored_arrays(subject, scores, weight=weight, event=event)
    return edges_of(top_groups(scored.ranking, checked_groups(groups))).cutoff.copy()


def _edges(edges: Any, groups: int) -> Edges:
    """Read the cut-offs that were given, or those of what was given."""
    scored = scored_of(edges)
    if scored is not None:
        return edges_of(top_groups(scored.ranking, groups))
    if isinstance(edges, Table):
        if not {"decile", "score_low"} <= set(edges.frame.columns):
            raise OptionError(f"edges= takes a table of deciles, not the table {edges.key!r}.")
        up = edges.frame.iloc[::-1]
        kept = Edges(up["score_low"].to_numpy()[1:].copy(), up["decile"].to_numpy().copy())
    else:
        kept = given_edges(edges)
    if groups not in (10, len(kept)):
        raise OptionError(f"edges= makes {len(kept)} groups and groups={groups} says otherwise; leave groups= out.")
    return kept


# ------------------------------------------------------------------------------------------------ beside other rows


def _own_name(scored: Scored) -> str:
    return "Rows of the fit" if scored.fitted else "These rows"


def _others(beside: Any, scored: Scored) -> dict[str, Scored]:
    """Read the other sets of rows."""
    found = {other.name: other.scored for other in beside_each(beside)}
    if _own_name(scored) in found:
        raise OptionError(
            f"beside= has the name {_own_name(scored)!r}, which the rows themselves have; choose another."
        )
    return found
