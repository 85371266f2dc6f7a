"""What is said of groups of scores in numbers? Their frame, the KS distance, the trend, and several sets of rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import listing
from glmlr.exhibits import Table
from glmlr.monitoring.stability import Stability, stability
from glmlr.monotone import armitage_trend, rate_difference, reversals
from glmlr.proportions import wilson
from glmlr.ranking import Ranking
from glmlr.ranking.distance import Distance, ks_distance
from glmlr.ranking.grouping import Groups
from glmlr.statistics.deciles.charts import Drawn

Floats = npt.NDArray[np.float64]


def decile_frame(cut: Groups, ranking: Ranking, level: float, probabilities: bool) -> pd.DataFrame:
    """Give one row per group from the highest scores down; NaN where a group has no rows."""
    down = slice(None, None, -1)
    n, events, nonevents = cut.n[down], cut.events[down], cut.nonevents[down]
    bounds = wilson(events, n, level)
    overall = ranking.total_events / ranking.total
    captured, kept_out = np.cumsum(events) / ranking.total_events, np.cumsum(nonevents) / ranking.total_nonevents
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, together = events / n, np.cumsum(events) / np.cumsum(n)
    columns = {
        "decile": cut.number[down],
        "n": n,
        "share": n / ranking.total,
        "score_low": cut.low[down],
        "score_high": cut.high[down],
        "events": events,
        "nonevents": nonevents,
        "expected_events": cut.expected[down],
        "rate": rate,
        "low": bounds.low,
        "high": bounds.high,
        "cumulative_events": np.cumsum(events),
        "capture": events / ranking.total_events,
        "cumulative_capture": captured,
        "cumulative_nonevents": kept_out,
        "lift": rate / overall,
        "cumulative_lift": together / overall,
        "ks": captured - kept_out,
    }
    return pd.DataFrame(
        {name: values for name, values in columns.items() if probabilities or name != "expected_events"}
    )


def ks_table(distance: Distance) -> Table:
    """Give the Kolmogorov-Smirnov distance and its place as a table."""
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


# ------------------------------------------------------------------------------------------------ is it monotone?


def trend_table(cut: Groups, one: str) -> Table:
    """Test whether the rate changes along the groups, and name the neighbours that reverse it."""
    down = slice(None, None, -1)
    number, n, events = cut.number[down], cut.n[down], cut.events[down]
    trend = armitage_trend(events, n, -number.astype(np.float64))
    pairs = reversals(events, n)
    z, p_value = rate_difference(events, n, pairs)
    rows = pd.DataFrame(
        {
            "decile": number[pairs[:, 0]],
            "next_decile": number[pairs[:, 1]],
            "rate": events[pairs[:, 0]] / n[pairs[:, 0]],
            "next_rate": events[pairs[:, 1]] / n[pairs[:, 1]],
            "z": z,
            "p_value": p_value,
        }
    )
    filled = int((n > 0).sum())
    notes = [_monotone_sentence(rows, filled, one)]
    if np.isnan(trend.z):
        notes.append(f"All rows are in one {one}: there is no trend to test.")
    reversed_ = Table(
        key="deciles_reversals",
        title="Neighbours in reversed order",
        frame=rows,
        roles={
            "decile": "integer",
            "next_decile": "integer",
            "rate": "percent",
            "next_rate": "percent",
            "z": "statistic",
            "p_value": "p_value",
        },
        labels={
            "decile": one.capitalize(),
            "next_decile": "Next",
            "rate": "Rate",
            "next_rate": "Rate of next",
        },
        notes=("z and p compare the two rates (pooled), each pair as if it were the only one.",),
    )
    return Table(
        key="deciles_trend",
        title="Is the rate monotone?",
        frame=pd.DataFrame(
            {"measure": ["trend_z", "trend_p", "reversals"], "value": [trend.z, trend.p_value, float(len(rows))]}
        ),
        roles={"measure": "text", "value": "measure"},
        labels={
            "trend_z": "Cochran-Armitage trend: z (above 0: rate rises with the score)",
            "trend_p": "Its two-sided p",
            "reversals": "Neighbours in reversed order",
        },
        notes=tuple(notes),
        row_roles=("statistic", "p_value", "count"),
        tables=(reversed_,) if len(rows) else (),
    )


def _monotone_sentence(rows: pd.DataFrame, filled: int, one: str) -> str:
    if filled < 2:
        return f"There is one {one} with rows: nothing to compare."
    if rows.empty:
        return f"Monotone: in no {one} is the rate higher than in the {one} above it."
    pairs = listing((f"{a:g} and {b:g}" for a, b in zip(rows["decile"], rows["next_decile"], strict=True)), 12)
    return f"Not monotone: the rates of {one}s {pairs} are in reversed order."


# ------------------------------------------------------------------------------------------------ several sets of rows


def beside_tables(sets: Mapping[str, Drawn], one: str, level: float) -> tuple[Table, ...]:
    """Put several sets of rows side by side: by group, and each as a whole; the first one is compared with."""
    first = next(iter(sets.values()))
    moved = {name: stability(_up(drawn, "n"), _up(first, "n"), level) for name, drawn in sets.items()}
    columns = ("decile", "n", "share", "events", "rate", "low", "high", "capture", "cumulative_capture", "lift")
    frames = [
        drawn.frame[list(columns)].assign(psi=np.nan if drawn is first else moved[name].parts[::-1], sample=name)
        for name, drawn in sets.items()
    ]
    frame = pd.concat(frames, ignore_index=True)
    order = np.argsort(np.tile(np.arange(len(first.frame)), len(sets)), kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)[["decile", "sample", *columns[1:], "psi"]]
    percent = dict.fromkeys(("share", "rate", "low", "high", "capture"), "percent")
    roles = {"decile": "integer", "sample": "text", "n": "count", "share": "percent", "events": "count"}
    roles |= {**percent, "cumulative_capture": "hidden", "lift": "ratio", "psi": "estimate"}
    labels = {"decile": one.capitalize(), "sample": "Rows", "psi": "PSI"}
    by_group = Table(
        key="deciles_beside",
        title=f"Several sets of rows by {one}",
        frame=frame,
        roles=roles,
        labels=labels,
        notes=(
            f"The cut-offs are those of the first set, against which the PSI is; low and high: Wilson {100 * level:g}% "
            "interval of the rate.",
        ),
        blanks=("psi",),
    )
    return by_group, _sets_table(sets, moved, labels, one, level)


def _up(drawn: Drawn, name: str) -> Floats:
    return np.asarray(drawn.frame[name].to_numpy()[::-1], dtype=np.float64)


def _sets_table(
    sets: Mapping[str, Drawn], moved: Mapping[str, Stability], labels: Mapping[str, str], one: str, level: float
) -> Table:
    records = []
    for name, drawn in sets.items():
        ranking, own = drawn.ranking, name == next(iter(sets))
        record = {"sample": name, "n": ranking.total, "events": ranking.total_events}
        record |= {"rate": ranking.total_events / ranking.total, "ks": ks_distance(ranking).ks}
        record |= {"capture": drawn.frame["capture"].iloc[0], "lift": drawn.frame["lift"].iloc[0]}
        record |= {"psi": np.nan if own else moved[name].index, "chance": np.nan if own else moved[name].reach}
        records.append({**record, "p_value": np.nan if own else moved[name].p_value})
    return Table(
        key="deciles_sets",
        title="The sets of rows as a whole",
        frame=pd.DataFrame.from_records(records),
        roles={
            "sample": "text",
            **dict.fromkeys(("n", "events"), "count"),
            **dict.fromkeys(("rate", "capture"), "percent"),
            "lift": "ratio",
            **dict.fromkeys(("ks", "psi", "chance"), "estimate"),
            "p_value": "p_value",
        },
        labels={
            **labels,
            "ks": "KS",
            "capture": f"Capture of {one} 1",
            "lift": f"Lift of {one} 1",
            "chance": f"PSI by chance ({100 * level:g}%)",
        },
        notes=(
            "PSI: population stability index of the scores against the first set, what chance alone exceeds in "
            f"{100 * (1 - level):g}% of comparisons, and p, which takes both sets as independent rows.",
        ),
        blanks=("psi", "chance", "p_value"),
    )
