"""Is a model calibrated in every subgroup? Calibration, Brier score and area in each, and tests that they agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.digits import text
from glmlr.errors import DataError, explained_arguments, listing, one_of
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit
from glmlr.proportions import checked_level, normal_quantile
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import area
from glmlr.tails import chi_square_tail
from glmlr.validation.calibration_lines import Calibrated, calibrated, line_sums
from glmlr.validation.curves import SMOOTHS, smoothed
from glmlr.validation.judged import Judged, judged

Floats = npt.NDArray[np.float64]

#: measure -> its words, role and ideal value (None: there is none to draw).
_MEASURES: Final[Mapping[str, tuple[str, str, float | None]]] = {
    "expected_over_observed": ("E/O", "ratio", 1.0),
    "in_the_large": ("Intercept (slope 1)", "estimate", 0.0),
    "slope": ("Slope", "estimate", 1.0),
    "ici": ("ICI", "probability", None),
    "brier": ("Brier score", "probability", None),
    "auc": ("AUC", "estimate", None),
}
_STEPS: Final = 50
_TOLERANCE: Final = 1e-12


@explained_arguments
def calibration_by(
    subject: Any,
    scores: Any = None,
    *,
    by: Any,
    new_data: Any = None,
    weight: Any = None,
    event: Any = None,
    level: float = 0.95,
    smooth: str | None = "loess",
) -> Table:
    """Compare predicted probabilities with outcomes in each subgroup, and test whether the subgroups differ.

    Args:
        subject: outcomes with two values, shape (n,), or a fitted model.
        scores: probabilities, shape (n,), beside outcomes.
        by: what makes subgroups: one value per row, a Series (by its index), or the name of a column: of the new rows,
            or of those that the formula of the fit reads.
        new_data: new rows with outcomes that the model is to be judged by; None for the rows of the fit.
        weight: number of rows each row stands for, beside outcomes or new rows.
        event: the outcome that is the event, beside outcomes.
        level: confidence level of the intervals.
        smooth: the curve behind ICI, "loess", "lowess" or "spline" as in `calibration`, fitted in each subgroup by
            itself; None for none.

    Returns:
        A table of one row a subgroup, closed by all rows; the intervals and the tests are companions.

    Raises:
        DataError: no such column, no subgroup with an event and a non-event, or scores that are not probabilities.
        OptionError: too many subgroups, an unknown curve, or a level outside (0, 1).

    References: Cox (1958), Biometrika 45, 562-565; Steyerberg (2019), Clinical Prediction Models, 2nd ed., ch. 15;
    Van Calster et al. (2019), BMC Medicine 17, 230.

    """
    checked_level(level)
    if smooth is not None:
        one_of("smooth", smooth, SMOOTHS)
    rows = judged(subject, scores, new_data, "calibration_by", weight=weight, event=event)
    rows.scored.require_probabilities("calibration_by")
    slices = rows.slices(by)
    groups = [
        _Group.of(label, rows.ranking(at), smooth, level)
        for label, at in zip(slices.labels, slices.rows(), strict=True)
        if at.size
    ]
    if not any(group.found for group in groups):
        raise DataError(
            f"No subgroup of {slices.name!r} has both an event and a non-event; there is nothing to compare."
        )
    there = slices.code >= 0
    everything = _Group.of("All", rows.ranking(np.flatnonzero(there)), smooth, level)
    return _table(rows, slices.name, groups, everything, int((~there).sum()), level)


setattr(Fit, calibration_by.__name__, calibration_by)


@dataclass(frozen=True, eq=False)
class _Group:
    """A subgroup: its ranking, its lines (None without events or without non-events), its measures.

    `values` has measure -> (value, standard error, low, high), NaN where there is none.
    """

    label: str
    ranking: Ranking
    found: Calibrated | None
    values: Mapping[str, tuple[float, float, float, float]]

    @classmethod
    def of(cls, label: str, ranking: Ranking, smooth: str | None, level: float) -> _Group:
        nothing = (math.nan,) * 4
        if ranking.total_events == 0 or ranking.total_nonevents == 0:
            return cls(label, ranking, None, dict.fromkeys(_MEASURES, nothing))
        reach, n, events = normal_quantile(level), ranking.total, ranking.total_events
        found, curve = calibrated(ranking), area(ranking, level)
        ratio = found.distances.expected / events
        spread = math.exp(reach * math.sqrt((1 - events / n) / events))
        ici = math.nan
        if smooth is not None and not (smooth == "spline" and (ranking.score[0] == 0 or ranking.score[-1] == 1)):
            ici = smoothed(ranking, smooth, 0.0).gaps["ici"]
        values = {
            "expected_over_observed": (ratio, math.nan, ratio / spread, ratio * spread),
            "in_the_large": _with_interval(*found.lines.in_the_large, reach),
            "slope": _with_interval(*found.lines.slope, reach),
            "ici": (ici, math.nan, math.nan, math.nan),
            "brier": _with_interval(found.distances.squares / n, found.distances.brier_error(n), reach),
            "auc": (curve.auc, curve.std_error, curve.low, curve.high),
        }
        return cls(label, ranking, found, values)

    @property
    def has_line(self) -> bool:
        """Whether the logistic line with a slope exists."""
        return self.found is not None and math.isfinite(self.found.lines.slope[0])


def _with_interval(value: float, error: float, reach: float) -> tuple[float, float, float, float]:
    return value, error, value - reach * error, value + reach * error


# ------------------------------------------------------------------------------------------------ the table


def _table(rows: Judged, name: str, groups: Sequence[_Group], everything: _Group, lacking: int, level: float) -> Table:
    shown = [*groups, everything]
    frame = pd.DataFrame(
        {
            "group": [group.label for group in shown],
            "n": [group.ranking.total for group in shown],
            "events": [group.ranking.total_events for group in shown],
            "rate": [group.ranking.total_events / group.ranking.total for group in shown],
            **{measure: [group.values[measure][0] for group in shown] for measure in _MEASURES},
        }
    )
    return Table(
        key="calibration_by",
        title=f"Calibration by {name}",
        frame=frame,
        roles={
            "group": "text",
            "n": "count",
            "events": "count",
            "rate": "probability",
            **{measure: role for measure, (_, role, _) in _MEASURES.items()},
        },
        labels={"group": name, **{measure: words for measure, (words, _, _) in _MEASURES.items()}},
        notes=(*rows.notes, *_notes(name, groups, lacking)),
        charts=tuple(_forest(measure, name, shown, level) for measure in ("in_the_large", "slope", "auc")),
        tables=(_tests(groups), _intervals(name, shown, level)),
        emphasis=(len(groups),),
    )


def _notes(name: str, groups: Sequence[_Group], lacking: int) -> list[str]:
    notes = []
    if lacking:
        notes.append(f"{lacking:,} rows without a value of {name} are left out.")
    if lonely := [group.label for group in groups if group.found is None]:
        notes.append(f"Without an event or without a non-event there is nothing to compare: {listing(lonely)}.")
    for group in groups:
        if group.found is not None:
            notes += [f"{group.label}: {note[0].lower()}{note[1:]}" for note in group.found.lines.notes]
    return notes


def _intervals(name: str, groups: Sequence[_Group], level: float) -> Table:
    columns = ("measure", "group", "value", "std_error", "low", "high")
    records: list[dict[str, Any]] = [
        dict(zip(columns, (measure, group.label, *group.values[measure]), strict=True))
        for measure in _MEASURES
        if measure != "ici"
        for group in groups
    ]
    roles = {"measure": "text", "group": "text", "value": "measure", "std_error": "std_error"}
    return Table(
        key="calibration_by_intervals",
        title=f"Calibration by {name}: intervals",
        frame=pd.DataFrame.from_records(records),
        roles={**roles, "low": "measure", "high": "measure"},
        labels={"group": name, **{measure: words for measure, (words, _, _) in _MEASURES.items()}},
        notes=(
            f"{100 * level:g}% intervals: Wald's for intercept, slope and Brier score, DeLong's for the area; that of "
            "E/O treats the number of events as binomial.",
        ),
        row_roles=tuple(_MEASURES[str(record["measure"])][1] for record in records),
        blanks=("std_error",),
    )


def _forest(measure: str, name: str, groups: Sequence[_Group], level: float) -> Chart:
    """Draw one interval a subgroup, below each other."""
    values = np.array([group.values[measure] for group in groups], dtype=np.float64)
    value, _, low, high = values.T
    words, role, ideal = _MEASURES[measure]
    place = np.arange(float(len(groups)))
    at = float(value[-1]) if ideal is None else ideal
    reference = "All rows" if ideal is None else f"Ideal: {ideal:g}"
    labels = tuple(
        "" if math.isnan(here) else f"{text(here, role)} ({text(below, role)} to {text(above, role)})"
        for here, below, above in zip(value.tolist(), low.tolist(), high.tolist(), strict=True)
    )
    finite = value[:-1][np.isfinite(value[:-1])]
    run = f"; they run from {finite.min():.3f} to {finite.max():.3f}" if finite.size else ""
    number = np.array([group.ranking.total for group in groups])
    return Chart(
        key=measure,
        title=f"{words} by {name}",
        series=(
            Series(reference, "reference", np.array([at]), np.array([math.nan])),
            Series(f"{100 * level:g}% interval", "intervals", value, place, low, high, number, labels),
        ),
        x=Axis(words),
        y=Axis("", categories=tuple(group.label for group in groups)),
        alt=f"{words} with intervals in {len(groups) - 1} subgroups of {name} and in all rows{run}.",
    )


# ------------------------------------------------------------------------------------------------ tests


def _tests(groups: Sequence[_Group]) -> Table:
    """Test by likelihood ratios whether subgroups share intercept, slope, and line."""
    known = [group for group in groups if math.isfinite(group.values["in_the_large"][0])]
    lined = [group for group in known if group.has_line]
    own_large = sum(line_sums(group.ranking, group.values["in_the_large"][0], 1.0)[0] for group in known)
    own_lines = sum(group.found.lines.loglik for group in lined if group.found)
    rankings = [group.ranking for group in lined]
    own_intercepts, common = _maximum(rankings, own=True, free=True), _maximum(rankings, own=False, free=True)
    same = _maximum([group.ranking for group in known], own=False, free=False)
    chi2 = {
        "intercepts": (2 * (own_large - same), len(known) - 1),
        "slopes": (2 * (own_lines - own_intercepts), len(lined) - 1),
        "lines": (2 * (own_lines - common), 2 * (len(lined) - 1)),
    }
    statistics = [max(value, 0.0) if df > 0 else math.nan for value, df in chi2.values()]
    degrees = [df if df > 0 else 0 for _, df in chi2.values()]
    notes = []
    if len(lined) < len(groups):
        notes.append(f"Slopes and lines are compared in the {len(lined)} of {len(groups)} subgroups that have a line.")
    if len(lined) < 2:
        notes.append("With fewer than two such subgroups there is no test.")
    return Table(
        key="calibration_by_tests",
        title="Do the subgroups differ?",
        frame=pd.DataFrame(
            {
                "measure": list(chi2),
                "statistic": statistics,
                "df": degrees,
                "p_value": [chi_square_tail(value, df).p_value for value, df in zip(statistics, degrees, strict=True)],
            }
        ),
        roles={"measure": "text", "statistic": "statistic", "df": "integer", "p_value": "p_value"},
        labels={
            "intercepts": "Intercepts, all slopes 1",
            "slopes": "Slopes, each subgroup with its intercept",
            "lines": "Intercepts and slopes together",
            "statistic": "LR chi-square",
        },
        notes=tuple(notes),
    )


def _maximum(rankings: Sequence[Ranking], *, own: bool, free: bool) -> float:
    """Give the largest log-likelihood of lines a_g + b logit(p) with one b, by Newton's steps with halving.

    Args:
        rankings: of the subgroups.
        own: whether each has its own intercept, or all have one.
        free: whether b is estimated, or 1.

    """
    if not rankings:
        return math.nan
    intercepts, slope = np.zeros(len(rankings) if own else 1), 1.0

    def sums_at(a: Floats, b: float) -> Floats:
        parts = [line_sums(one, float(a[number if own else 0]), b) for number, one in enumerate(rankings)]
        return np.array(parts) if own else np.sum(parts, axis=0, keepdims=True)

    sums = sums_at(intercepts, slope)
    for _ in range(_STEPS):
        score, (i00, i01, i11) = sums[:, 1], (sums[:, 3], sums[:, 4], sums[:, 5].sum())
        turn = float(sums[:, 2].sum() - (i01 / i00 * score).sum()) / float(i11 - (i01**2 / i00).sum()) if free else 0.0
        step = (score - i01 * turn) / i00
        gain = float(score @ step + sums[:, 2].sum() * turn)
        size = 1.0
        while True:
            moved = sums_at(intercepts + size * step, slope + size * turn)
            if moved[:, 0].sum() >= sums[:, 0].sum() or size * gain < _TOLERANCE * abs(sums[:, 0].sum()):
                break
            size /= 2
        intercepts, slope, sums = intercepts + size * step, slope + size * turn, moved
        if gain < _TOLERANCE:
            break
    return float(sums[:, 0].sum())
