"""Do the predicted probabilities of each class match its observed share? Calibration of one class against the rest."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from glmlr.chi_square_table import chi_square_table
from glmlr.classes.areas import one_against_rest
from glmlr.classes.recalibrated import recalibration_test
from glmlr.classes.registry import class_statistic
from glmlr.classes.scores import ClassScores
from glmlr.design.response import Event
from glmlr.errors import DataError, one_of
from glmlr.exhibits import Chart, Table
from glmlr.proportions import checked_level, normal_quantile, wilson
from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups, checked_groups, quantile_groups
from glmlr.scored import Scored
from glmlr.tails import ChiSquareTest, normal_tail
from glmlr.validation.calibration_charts import calibration_chart
from glmlr.validation.calibration_lines import Calibrated, calibrated
from glmlr.validation.curves import SMOOTHS, Smooth, smoothed

#: Classes that have a drawing and a table of their own; of more, those with most rows.
_DRAWN: Final = 9

_Record = dict[str, str | float]


@class_statistic(
    section="calibration",
    title="Calibration of each class",
    reference="Cox (1958), Biometrika 45, 562-565; Van Hoorde, Vergouwe, Timmerman, Van Huffel, Steyerberg & Van "
    "Calster (2014), Statistics in Medicine 33, 2585-2596; Austin & Steyerberg (2019), Statistics in Medicine 38, "
    "4051-4065; Wilson (1927), JASA 22, 209-212",
    definitions={
        "mean predicted": "Mean over all rows of the predicted probability of the class.",
        "observed share": "Share of the rows that are of the class, with Wilson's interval.",
        "expected / observed": "Sum of the probabilities / number of rows of the class; 1 is ideal.",
        "in the large": "Intercept a of logit P(class) = a + logit(p) of the class against the rest, the slope fixed "
        "at 1; 0 is ideal, negative where the probabilities are too high. Its p-value is Wald's of a = 0.",
        "slope": "Slope b of logit P(class) = a + b logit(p) of the class against the rest; 1 is ideal, below 1 the "
        "probabilities are too extreme.",
        "multinomial recalibration": "Likelihood ratio of log(P_j / P_r) = a_j + Σ b_ji log(p_i / p_r), r one class, "
        "all a and b estimated, against a = 0 and b the identity: J (J - 1) degrees of freedom. On rows other than "
        "those of the fit.",
        "ici": "Mean over all rows of the distance |p - curve(p)| of the probability of the class to a smooth curve of "
        "its observed share.",
    },
)
def calibration(scores: ClassScores, *, groups: int = 10, level: float = 0.95, smooth: str | None = "loess") -> Table:
    """Compare the predicted probabilities of each class with its observed share, as for two classes.

    Args:
        scores: classes and probabilities.
        groups: number of groups of the companion tables and drawings; rows with one probability stay together.
        level: confidence level of the intervals.
        smooth: the curve behind ICI: "loess", "lowess", "spline" or None for none; see the calibration of two classes.

    Raises:
        DataError: all rows are of one class.
        OptionError: `groups` below 2, `level` outside (0, 1), or an unknown curve.

    """
    reach = normal_quantile(checked_level(level))
    checked_groups(groups)
    if smooth is not None:
        one_of("smooth", smooth, SMOOTHS)
    there = [at for at, n in enumerate(scores.counts) if n > 0]
    if len(there) < 2:
        raise DataError(f"All rows are of class {scores.labels[there[0]]}; calibration needs two classes or more.")
    shown = set(sorted(there, key=lambda at: -scores.counts[at])[:_DRAWN])
    records: list[_Record] = []
    charts: list[Chart] = []
    frames: list[pd.DataFrame] = []
    said: dict[str, list[str]] = {}
    for at in there:
        ranking, label = one_against_rest(scores, at), scores.labels[at]
        found = calibrated(ranking)
        curve = _smooth(ranking, smooth, reach)
        for note in (*found.lines.notes, *_curve_notes(curve)):
            said.setdefault(note, []).append(label)
        records.append(_record(label, ranking, found, curve, level))
        if at in shown:
            grouped = quantile_groups(ranking, groups)
            charts.append(_chart(scores, at, ranking, grouped, found, curve, smooth, level))
            frames.append(_group_frame(label, grouped, level))
    notes = _notes(scores, there, len(shown), said, level)
    return _table(scores, records, notes, charts, (*_test_table(scores), _group_table(frames, level, groups)))


def _table(
    scores: ClassScores, records: list[_Record], notes: list[str], charts: list[Chart], tables: tuple[Table, ...]
) -> Table:
    frame = pd.DataFrame.from_records(records)
    return Table(
        key="calibration",
        title="Calibration of each class against the rest",
        frame=frame,
        roles={
            "class": "text",
            "n": "count",
            "mean_predicted": "probability",
            "observed_share": "probability",
            "low": "probability",
            "high": "probability",
            "expected_over_observed": "estimate",
            "in_the_large": "estimate",
            "p_value": "p_value",
            "slope": "estimate",
            "slope_low": "estimate",
            "slope_high": "estimate",
            "ici": "probability",
        },
        labels={
            "class": "Class",
            "n": "Rows",
            "mean_predicted": "Mean p",
            "observed_share": "Observed share",
            "expected_over_observed": "E / O",
            "in_the_large": "In the large",
            "p_value": "its p",
            "slope_low": "Low",
            "slope_high": "High",
            "ici": "ICI",
        },
        notes=(*scores.notes, *notes),
        charts=tuple(charts),
        tables=tables,
    )


def _smooth(ranking: Ranking, method: str | None, reach: float) -> Smooth | None:
    """Give the smooth curve, or none where there is none."""
    if method is None or (method == "spline" and (ranking.score[0] == 0 or ranking.score[-1] == 1)):
        return None
    curve = smoothed(ranking, method, reach)
    return None if np.isnan(curve.rate).any() else curve


def _curve_notes(curve: Smooth | None) -> tuple[str, ...]:
    """Give the notes of a curve in words that are the same for every class."""
    if curve is None:
        return ()
    if curve.rate.min() < 0 or curve.rate.max() > 1:
        return ("A local curve is not held in [0, 1]: this one leaves it.",)
    return curve.notes


def _record(label: str, ranking: Ranking, found: Calibrated, curve: Smooth | None, level: float) -> _Record:
    n, events = ranking.total, ranking.total_events
    bounds, reach = wilson(events, n, level), normal_quantile(level)
    large, error = found.lines.in_the_large
    slope, slope_error = found.lines.slope
    return {
        "class": label,
        "n": events,
        "mean_predicted": found.distances.expected / n,
        "observed_share": events / n,
        "low": float(bounds.low[0]),
        "high": float(bounds.high[0]),
        "expected_over_observed": found.distances.expected / events,
        "in_the_large": large,
        "in_the_large_error": error,
        "p_value": normal_tail(large / error).p_value if error > 0 else math.nan,
        "slope": slope,
        "slope_error": slope_error,
        "slope_low": slope - reach * slope_error,
        "slope_high": slope + reach * slope_error,
        "ici": math.nan if curve is None else curve.gaps["ici"],
    }


def _notes(scores: ClassScores, there: list[int], shown: int, said: dict[str, list[str]], level: float) -> list[str]:
    notes = [f"Low and high: Wilson {100 * level:g}% intervals of the observed share, and plain ones of the slope."]
    notes += [f"{', '.join(names)}: {note}" for note, names in said.items()]
    if len(there) < len(scores.classes):
        lacking = [name for at, name in enumerate(scores.labels) if at not in there]
        notes.append(f"Left out, for no row is of them: {', '.join(lacking)}.")
    if shown < len(there):
        notes.append(f"Groups are shown for the {shown} classes with most rows.")
    if scores.fitted:
        notes.append(
            "These are the rows the model was fitted to: with intercepts and without importance weights the mean "
            "probability of each class is its observed share by construction. New rows show calibration."
        )
    return notes


def _chart(
    scores: ClassScores,
    position: int,
    ranking: Ranking,
    grouped: Groups,
    found: Calibrated,
    curve: Smooth | None,
    method: str | None,
    level: float,
) -> Chart:
    """Draw the calibration of one class as that of an event."""
    label = scores.labels[position]
    scored = Scored(ranking, Event(scores.response, label, f"not {label}"), scores.fitted)
    drawn = calibration_chart(scored, grouped, found.lines, curve, method or "", level)
    title = f"{label}: observed share against predicted probability"
    return replace(drawn, key=f"calibration_{position + 1}", title=title)


def _test_table(scores: ClassScores) -> tuple[Table, ...]:
    """Test all classes together on rows that the model was not fitted to; on its own it fits best by construction."""
    if scores.fitted:
        return ()
    test = recalibration_test(scores)
    notes = [f"There is no test: {test.reason}."] if test.reason else []
    return (
        chi_square_table(
            ChiSquareTest(test.chi2, test.df, test.tail),
            key="recalibration_test",
            title="Test of the probabilities of all classes",
            name=("recalibration", "Multinomial recalibration"),
            heading="Likelihood ratio chi-square",
            notes=("Small p-values speak against the probabilities as they are.", *notes),
        ),
    )


def _group_frame(label: str, groups: Groups, level: float) -> pd.DataFrame:
    bounds = wilson(groups.events, groups.n, level)
    return pd.DataFrame(
        {
            "class": label,
            "group": groups.number,
            "n": groups.n,
            "score_low": groups.low,
            "score_high": groups.high,
            "mean_predicted": groups.expected / groups.n,
            "rows": groups.events,
            "rate": groups.events / groups.n,
            "low": bounds.low,
            "high": bounds.high,
        }
    )


def _group_table(frames: list[pd.DataFrame], level: float, groups: int) -> Table:
    frame = pd.concat(frames, ignore_index=True)
    notes = [f"Low and high: Wilson {100 * level:g}% interval of the observed share."]
    if any(len(one) < groups for one in frames):
        notes.append(f"Where fewer than {groups} groups are shown, rows with one probability stay together.")
    return Table(
        key="calibration_groups",
        title="Mean probability and observed share of each class by group of its probability",
        frame=frame,
        roles={
            "class": "text",
            "group": "integer",
            "n": "count",
            "score_low": "probability",
            "score_high": "probability",
            "mean_predicted": "probability",
            "rows": "count",
            "rate": "probability",
            "low": "probability",
            "high": "probability",
        },
        labels={
            "class": "Class",
            "score_low": "Lowest p",
            "score_high": "Highest p",
            "mean_predicted": "Mean p",
            "rows": "Of the class",
            "rate": "Observed share",
        },
        notes=tuple(notes),
    )
