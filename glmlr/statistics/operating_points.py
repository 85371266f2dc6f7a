"""What sensitivity goes with a stated specificity, and what specificity with a stated sensitivity?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import OptionError, one_of
from glmlr.exhibits import Table
from glmlr.proportions import checked_level, clopper_pearson, wilson
from glmlr.ranking import Ranking
from glmlr.ranking.curve import Curve, Reading, at_sensitivity, at_specificity, roc_points
from glmlr.ranking.redrawn import redrawn
from glmlr.registry import statistic
from glmlr.scored import Scored

Floats = npt.NDArray[np.float64]

_STATED: Final = (0.8, 0.9, 0.95)


class _Stated(NamedTuple):
    """A rate that was stated, and its size."""

    rate: str
    at: float

    def read(self, curve: Curve) -> Reading:
        return at_specificity(curve, self.at) if self.rate == "specificity" else at_sensitivity(curve, self.at)


@dataclass(frozen=True, eq=False)
class _Bounds:
    """Bounds of the other rate, shape (r,)."""

    low: Floats
    high: Floats


@statistic(
    section="discrimination",
    title="Sensitivity at stated specificity, and the reverse",
    reference="Zhou, Obuchowski & McClish (2011), Statistical Methods in Diagnostic Medicine, 2nd ed., 4.2; Wilson "
    "(1927), JASA 22, 209-212; Robin et al. (2011), BMC Bioinformatics 12, 77 (R pROC)",
    definitions={
        "cutoff": "The observed score at which the stated rate is attained and the other one is best: the lowest "
        "cut-off with at least the stated specificity, or the highest with at least the stated sensitivity. ∞ calls no "
        "row positive.",
        "sensitivity": "Share of the events at or above the cut-off.",
        "specificity": "Share of the non-events below the cut-off.",
        "low": "Lower bound of the rate that was not stated: that of its share of rows at the cut-off, which is taken "
        "as given (Wilson or exact); with resamples, the percentile (type 7) of `interpolated` over bootstrap samples, "
        "in which the cut-off moves (R pROC: ci.se, ci.sp).",
        "high": "Upper bound of the same interval.",
        "interpolated": "The other rate exactly at the stated one, on the straight line between the two nearest points "
        "of the ROC curve; the better end where the curve has a whole range there. R pROC: coords(input = "
        "'specificity'). It belongs to no cut-off, unless one attains the stated rate exactly.",
    },
    on="scores",
    in_report=False,
)
def operating_points(
    scored: Scored,
    *,
    sensitivity: float | Iterable[float] | None = None,
    specificity: float | Iterable[float] | None = None,
    level: float = 0.95,
    interval: str = "wilson",
    resamples: int | None = None,
    seed: Any = 0,
) -> Table:
    """Read the ROC curve at stated rates: the cut-off that attains each, its rates, and the interpolated value.

    Args:
        scored: outcomes and scores.
        sensitivity: stated sensitivities in [0, 1], one or several.
        specificity: stated specificities in [0, 1]; where neither is given both are 0.8, 0.9 and 0.95.
        level: confidence level of the intervals.
        interval: "wilson" or "exact" (Clopper-Pearson), for the rate at the cut-off.
        resamples: number of bootstrap samples, for percentile intervals of the interpolated value instead.
        seed: what `numpy.random.default_rng` takes; the same seed gives the same intervals.

    Raises:
        DataError: no event, or no non-event.
        OptionError: rates outside [0, 1], an unknown interval, `level` outside (0, 1), `resamples` not positive.
        NotApplicable: a bootstrap with weights that are no counts.

    """
    scored.require_both()
    kind = one_of("interval", interval, ["wilson", "exact"])
    stated = _stated(sensitivity, specificity)
    curve = roc_points(scored.ranking)
    readings = [one.read(curve) for one in stated]
    place = [reading.place for reading in readings]
    if resamples is None:
        bounds = _at_cutoff(curve, stated, place, checked_level(level), kind)
        note = (
            f"Low and high: {_words(kind)} {100 * level:g}% interval of the rate that was not stated, the cut-off "
            "taken as given."
        )
    else:
        bounds = _percentiles(scored.ranking, stated, checked_level(level), resamples, seed)
        note = (
            f"Low and high: {100 * level:g}% percentiles of the interpolated rate over {resamples:,} bootstrap "
            "samples, events and non-events drawn apart."
        )
    frame = pd.DataFrame(
        {
            "measure": [f"{_other(one.rate)} at {one.rate} {one.at:g}" for one in stated],
            "cutoff": curve.cutoff[place],
            "sensitivity": curve.sensitivity[place],
            "specificity": curve.specificity[place],
            "low": bounds.low,
            "high": bounds.high,
            "interpolated": [reading.between for reading in readings],
        }
    )
    return Table(
        key="operating_points",
        title="Sensitivity at stated specificity, and the reverse",
        frame=frame,
        roles={name: _ROLES.get(name, "probability") for name in frame.columns},
        labels={"measure": "Rate"} | {one: one.capitalize() for one in frame["measure"]},
        notes=(*scored.notes, note, *_warnings(curve, place)),
    )


_ROLES: Final = {"measure": "text", "cutoff": "estimate"}


def _other(rate: str) -> str:
    return "sensitivity" if rate == "specificity" else "specificity"


def _words(kind: str) -> str:
    return "Wilson" if kind == "wilson" else "exact (Clopper-Pearson)"


def _warnings(curve: Curve, place: Sequence[int]) -> list[str]:
    if any(np.isinf(curve.cutoff[place])):
        return ["A cut-off of ∞ calls no row positive: no observed score attains the stated rate."]
    return []


def _stated(sensitivity: float | Iterable[float] | None, specificity: float | Iterable[float] | None) -> list[_Stated]:
    if sensitivity is None and specificity is None:
        sensitivity = specificity = _STATED
    found: list[_Stated] = []
    for rate, values in (("specificity", specificity), ("sensitivity", sensitivity)):
        if values is not None:
            found.extend(_Stated(rate, at) for at in dict.fromkeys(_rates(rate, values)))
    if not found:
        raise OptionError("No rate is stated; give sensitivity= or specificity=, such as 0.9.")
    return found


def _rates(rate: str, values: float | Iterable[float]) -> list[float]:
    try:
        array = np.atleast_1d(np.asarray(values if np.isscalar(values) else list(values), dtype=np.float64))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        array = np.array([np.nan])
    if array.ndim != 1 or not ((array >= 0) & (array <= 1)).all():
        raise OptionError(f"{rate}={values!r} is no rate; give numbers from 0 to 1, such as 0.9.")
    return [float(value) for value in array]


def _at_cutoff(curve: Curve, stated: Sequence[_Stated], place: Sequence[int], level: float, kind: str) -> _Bounds:
    """Give the interval of the share of events (or of non-events) at each cut-off."""
    events, nonevents = curve.true_positives[-1], curve.false_positives[-1]
    of_events = np.array([one.rate == "specificity" for one in stated])
    right = np.where(of_events, curve.true_positives[place], nonevents - curve.false_positives[place])
    total = np.where(of_events, events, nonevents)
    found = (wilson if kind == "wilson" else clopper_pearson)(right, total, level)
    return _Bounds(found.low, found.high)


def _percentiles(ranking: Ranking, stated: Sequence[_Stated], level: float, resamples: int, seed: Any) -> _Bounds:
    drawn = []
    for one in redrawn(ranking, resamples, seed=seed):
        curve = roc_points(one)
        drawn.append([rate.read(curve).between for rate in stated])
    low, high = np.quantile(np.array(drawn), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return _Bounds(low, high)
