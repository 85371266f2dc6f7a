"""What else is said of chosen cut-offs? Intervals of their rates, the same cut-offs elsewhere, how far they move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.exhibits import Table
from glmlr.proportions import normal_quantile, wilson
from glmlr.ranking.cells import Cells, Estimate, predictive_values, quotient
from glmlr.ranking.moved_cutoffs import Moved, moved_cutoffs
from glmlr.ranking.rules import Choice, Rule, at_cutoff
from glmlr.ranking.sweep import Sweep
from glmlr.scored import Scored
from glmlr.statistics.cutoffs.charts import movement_chart

Floats = npt.NDArray[np.float64]

_RATES: Final = ("sensitivity", "specificity", "precision", "negative_predictive_value")
_SHORT: Final = {"sensitivity": "Sens.", "specificity": "Spec.", "precision": "Precision"}


def rates_with_intervals(cells: Cells, prevalence: float | None, level: float) -> dict[str, Estimate]:
    """Give the four rates of a cut-off: Wilson's intervals, or at a stated prevalence those of predictive values."""
    pairs = (
        (cells.tp, cells.events),
        (cells.tn, cells.nonevents),
        (cells.tp, cells.positives),
        (cells.tn, cells.negatives),
    )
    top, bottom = np.array(pairs).T
    bounds = wilson(top, bottom, level)
    found = {
        name: Estimate(quotient(*pair), float(low), float(high))
        for name, pair, low, high in zip(_RATES, pairs, bounds.low, bounds.high, strict=True)
    }
    if prevalence is not None and not math.isnan(cells.n):
        values = predictive_values(cells, prevalence, normal_quantile(level))
        found |= {"precision": values.positive, "negative_predictive_value": values.negative}
    return found


def interval_table(
    rules: Sequence[Rule], choices: Sequence[Choice], labels: Mapping[str, str], prevalence: float | None, level: float
) -> Table:
    """Give the rates of each cut-off with their intervals."""
    records = []
    for rule, choice in zip(rules, choices, strict=True):
        record: dict[str, str | float] = {"criterion": rule.key, "cutoff": choice.cutoff}
        for name, found in rates_with_intervals(choice.cells, prevalence, level).items():
            record |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        records.append(record)
    frame = pd.DataFrame.from_records(records)
    shown = [column for column in frame.columns if column not in ("criterion", "cutoff", *_RATES)]
    short = {"negative_predictive_value": "NPV", **_SHORT}
    words = {f"{name}_{side}": f"{short[name]} {side}" for name in _RATES for side in ("low", "high")}
    how = (
        "Wilson's"
        if prevalence is None
        else "Wilson's for sensitivity and specificity, on the logit scale (Mercaldo et al. 2007) for precision and NPV"
    )
    return Table(
        key="cutoff_intervals",
        title=f"{100 * level:g}% intervals of the rates",
        frame=frame,
        roles={"criterion": "text", **dict.fromkeys(shown, "probability")},
        labels={**labels, **words},
        notes=(f"Intervals: {how}. They take the cut-off as given, and say nothing of its choice.",),
    )


# ------------------------------------------------------------------------------------------------ elsewhere


def elsewhere_table(
    name: str,
    number: int,
    other: Scored,
    rules: Sequence[Rule],
    choices: Sequence[Choice],
    labels: Mapping[str, str],
    prevalence: float | None,
) -> Table:
    """Say what the same cut-offs do to other scores, and what the rules would choose there.

    Args:
        name: what the other scores are called.
        number: how many such tables came before.
        other: the other scores.
        rules: the rules.
        choices: what each chose.
        labels: words of the rules.
        prevalence: share of events where the cut-offs will be used; None for that of the rows on either side.

    """
    there = Sweep.of(other.ranking)
    records = []
    for rule, choice in zip(rules, choices, strict=True):
        own = rule.choose(there, prevalence)
        sides = (choice.cells, at_cutoff(there, choice.cutoff).cells)
        record: dict[str, str | float] = {"criterion": rule.key, "cutoff": choice.cutoff}
        for column in ("sensitivity", "specificity", "precision", "accuracy"):
            here, elsewhere = (_rate(column, cells, prevalence) for cells in sides)
            record |= {column: here, f"{column}_elsewhere": elsewhere}
        records.append({**record, "cutoff_elsewhere": own.cutoff})
    frame = pd.DataFrame.from_records(records)
    rates = dict.fromkeys(frame.columns[2:-1], "probability")
    size = f"{there.total:,.0f} rows, {there.true[0]:,.0f} events"
    return Table(
        key="cutoffs_beside" if number == 0 else f"cutoffs_beside_{number + 1}",
        title=f"The same cut-offs elsewhere: {name}",
        frame=frame,
        roles={"criterion": "text", "cutoff": "estimate", **rates, "cutoff_elsewhere": "estimate"},
        labels={
            **labels,
            "sensitivity": "Sens.",
            "specificity": "Spec.",
            **{f"{column}_elsewhere": f"{words} there" for column, words in _ELSEWHERE.items()},
            "cutoff_elsewhere": "Chosen there",
        },
        notes=(
            f"Cut-offs are chosen on the scores of the table above. There: {name} ({size}); the last column is what "
            "each rule would choose there.",
            *other.notes,
        ),
    )


_ELSEWHERE: Final = {"sensitivity": "Sens.", "specificity": "Spec.", "precision": "Precision", "accuracy": "Accuracy"}


def _rate(column: str, cells: Cells, prevalence: float | None) -> float:
    if math.isnan(cells.n):
        return math.nan
    at = cells.at_prevalence(prevalence)
    return {
        "sensitivity": cells.sensitivity,
        "specificity": cells.specificity,
        "precision": quotient(at.tp, at.positives),
        "accuracy": quotient(at.tp + at.tn, at.n),
    }[column]


# ------------------------------------------------------------------------------------------------ other samples


def movement_table(
    sweep: Sweep,
    rules: Sequence[Rule],
    choices: Sequence[Choice],
    labels: Mapping[str, str],
    prevalence: float | None,
    *,
    times: int,
    seed: object,
    level: float,
) -> Table:
    """Choose the cut-offs again in bootstrap samples, and say how far they move and how optimistic they are.

    Rules that take a number stated beforehand are left out: they do not choose.
    """
    kept = [(rule, choice) for rule, choice in zip(rules, choices, strict=True) if rule.judged is not None]
    moved = moved_cutoffs(sweep, [rule for rule, _ in kept], times, seed=seed, prevalence=prevalence)
    frame = pd.DataFrame.from_records(
        [_moved_record(one, choice, level) for one, (_, choice) in zip(moved, kept, strict=True)]
    )
    drawn = frame.loc[frame["median"].notna() & frame["cutoff"].notna()].index.to_list()
    charts = (
        (
            movement_chart(
                [moved[i] for i in drawn],
                frame.loc[drawn, "cutoff"].to_numpy(dtype=float),
                frame.loc[drawn, ["low", "median", "high"]].to_numpy(dtype=float),
            ),
        )
        if drawn
        else ()
    )
    return Table(
        key="cutoff_stability",
        title=f"How far the cut-offs move over {times} bootstrap samples",
        frame=frame,
        roles={
            "criterion": "text",
            **dict.fromkeys(("cutoff", "median", "std_error", "low", "high"), "estimate"),
            **dict.fromkeys(("apparent", "optimism", "corrected"), "estimate"),
        },
        labels={
            **labels,
            "median": "Median",
            "std_error": "SD",
            "low": f"{50 * (1 - level):.3g}%",
            "high": f"{50 * (1 + level):.3g}%",
            "apparent": "Value",
            "optimism": "Optimism",
            "corrected": "Corrected value",
        },
        notes=tuple(_moved_notes(moved, times)),
        charts=charts,
    )


def _moved_record(moved: Moved, choice: Choice, level: float) -> dict[str, str | float]:
    known = moved.cutoff[~np.isnan(moved.cutoff)]
    low, median, high = np.quantile(known, [(1 - level) / 2, 0.5, (1 + level) / 2]) if known.size else [math.nan] * 3
    return {
        "criterion": moved.rule.key,
        "cutoff": choice.cutoff,
        "median": float(median),
        "std_error": float(known.std(ddof=1)) if known.size > 1 else math.nan,
        "low": float(low),
        "high": float(high),
        "apparent": moved.apparent,
        "optimism": moved.optimism,
        "corrected": moved.apparent - moved.optimism,
        "samples": int(known.size),
    }


def _moved_notes(moved: Sequence[Moved], times: int) -> list[str]:
    notes = [
        f"Rows are drawn with replacement, events and non-events together, {times} times. Value: what the rule looks "
        "at, at its cut-off (a cost is that of a row); optimism: the mean over samples of that value in the sample "
        "less what the same cut-off has in the rows themselves; corrected: value less optimism."
    ]
    for one in moved:
        lacking = int(np.isnan(one.cutoff).sum())
        if lacking:
            samples = "1 sample, which is" if lacking == 1 else f"{lacking} samples, which are"
            notes.append(f"{one.rule.label}: nothing was chosen in {samples} left out.")
    return notes
