"""How good is the ROC curve where it matters? The area under a part of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import OptionError
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking
from glmlr.ranking.concordance import plain_interval
from glmlr.ranking.curve import thinned
from glmlr.ranking.partial_area import PartialArea, partial_area, turned
from glmlr.ranking.redrawn import redrawn
from glmlr.registry import statistic
from glmlr.scored import Scored

Floats = npt.NDArray[np.float64]


class _Part(NamedTuple):
    """The range of one rate over which the other is added up."""

    rate: str
    low: float
    high: float

    def area(self, ranking: Ranking) -> PartialArea:
        return partial_area(ranking if self.rate == "specificity" else turned(ranking), self.low, self.high)


@statistic(
    section="discrimination",
    title="Partial area under the ROC curve",
    reference="McClish (1989), Medical Decision Making 9, 190-195; He & Escobar (2008), Statistics in Medicine 27, "
    "5291-5308; Robin et al. (2011), BMC Bioinformatics 12, 77 (R pROC)",
    definitions={
        "partial_auc": "Area under the ROC curve over a range of specificities, or between the curve and the axis of "
        "specificity 0 over a range of sensitivities; the ends of the range lie on the straight lines between points. "
        "R pROC: auc(partial.auc =, partial.auc.focus =).",
        "standardised": "(1 + (area - smallest) / (largest - smallest)) / 2, with the areas under the diagonal and "
        "under a perfect curve over the range: 1/2 is chance, 1 is perfect. Undefined below the diagonal. R pROC: "
        "partial.auc.correct = TRUE.",
        "share": "Area / largest: the mean sensitivity over the range of specificities (or the reverse).",
        "std_error": "Standard error of the partial area: an event adds the length of the range over which it is "
        "called positive, a non-event the height of the curve above that at the ends; over the whole range it is "
        "DeLong's. With resamples, the standard deviation over bootstrap samples.",
        "low": "Lower bound of the partial area: ± z × standard error, clipped to the range of possible areas; with "
        "resamples, a percentile (type 7) of bootstrap samples. R pROC: ci.auc has the bootstrap only.",
        "high": "Upper bound of the same interval.",
        "standardised_low": "The lower bound on the scale of the standardised area.",
        "standardised_high": "The upper bound on that scale.",
    },
    on="scores",
    in_report=False,
)
def partial_auc(
    scored: Scored,
    *,
    specificity: Sequence[float] | None = None,
    sensitivity: Sequence[float] | None = None,
    level: float = 0.95,
    resamples: int | None = None,
    seed: Any = 0,
) -> Table:
    """Give the area under a part of the ROC curve: raw, standardised and as a share of the largest.

    Args:
        scored: outcomes and scores.
        specificity: the range of specificities, low and high; (0.9, 1) where nothing is given.
        sensitivity: the range of sensitivities instead.
        level: confidence level of the interval.
        resamples: number of bootstrap samples, for percentile intervals instead of the analytic one.
        seed: what `numpy.random.default_rng` takes; the same seed gives the same interval.

    Raises:
        DataError: no event, or no non-event.
        OptionError: a range that is not 0 <= low < high <= 1, two ranges, `level` outside (0, 1), `resamples` that is
            no positive whole number.
        NotApplicable: a bootstrap with weights that are no counts.

    """
    scored.require_both()
    part = _part(specificity, sensitivity)
    found = part.area(scored.ranking)
    if resamples is None:
        error = found.std_error
        low, high = _clipped(found, checked_level(level))
    else:
        drawn = np.array([part.area(one).area for one in redrawn(scored.ranking, resamples, seed=seed)])
        low, high = np.quantile(drawn, [(1 - checked_level(level)) / 2, (1 + level) / 2]).tolist()
        error = float(drawn.std(ddof=1)) if drawn.size > 1 else math.nan
    values = {
        "partial_auc": found.area,
        "std_error": error,
        "low": low,
        "high": high,
        "standardised": found.standardised,
        "standardised_low": _standardised(found, low),
        "standardised_high": _standardised(found, high),
        "share": found.area / found.largest,
    }
    return Table(
        key="partial_auc",
        title=f"Area under the ROC curve where the {part.rate} is {part.low:g} to {part.high:g}",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels=_labels(level, resamples),
        notes=(*scored.notes, *_notes(found, error, scored.ranking, resamples)),
        charts=(_chart(scored, part, found),),
        row_roles=("estimate",) * 8,
    )


def _part(specificity: Sequence[float] | None, sensitivity: Sequence[float] | None) -> _Part:
    if specificity is not None and sensitivity is not None:
        raise OptionError("Two ranges are given; a partial area takes specificity= or sensitivity=.")
    rate, given = ("sensitivity", sensitivity) if sensitivity is not None else ("specificity", specificity or (0.9, 1))
    try:
        low, high = (float(end) for end in given or ())
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if not 0 <= low < high <= 1:
        raise OptionError(f"{rate}={given!r} is no range; give two numbers from 0 to 1, the lower first: (0.9, 1).")
    return _Part(rate, low, high)


def _clipped(found: PartialArea, level: float) -> tuple[float, float]:
    low, high = plain_interval(found.area, found.std_error, level, 0.0)
    return low, min(high, found.largest) if high >= 0 else high


def _standardised(found: PartialArea, area: float) -> float:
    """Put a bound on the standardised scale, on which areas below the diagonal are below 1/2."""
    return (1 + (area - found.smallest) / (found.largest - found.smallest)) / 2


def _labels(level: float, resamples: int | None) -> dict[str, str]:
    per_cent, how = f"{100 * level:g}%", "" if resamples is None else " (bootstrap)"
    return {
        "partial_auc": "Partial area",
        "std_error": f"Standard error{how}",
        "low": f"{per_cent} interval{how}, low",
        "high": f"{per_cent} interval{how}, high",
        "standardised": "Standardised partial area (McClish)",
        "standardised_low": f"Standardised, {per_cent} low",
        "standardised_high": f"Standardised, {per_cent} high",
        "share": "Share of the largest area",
    }


def _notes(found: PartialArea, error: float, ranking: Ranking, resamples: int | None) -> list[str]:
    notes = [f"A perfect curve has an area of {found.largest:.4g} over this range, chance {found.smallest:.4g}."]
    if resamples is not None:
        notes.append(f"Interval: percentiles of {resamples:,} bootstrap samples, events and non-events drawn apart.")
    if math.isnan(found.standardised):
        notes.append("The area is below that of chance; the standardised area is not defined there.")
    if math.isnan(error):
        few = "bootstrap sample" if resamples == 1 else "event" if ranking.total_events <= 1 else "non-event"
        notes.append(f"There is only one {few}: the area has no standard error.")
    elif error == 0:
        notes.append("The standard error is 0, as where scores separate perfectly; the interval says nothing.")
    return notes


def _chart(scored: Scored, part: _Part, found: PartialArea) -> Chart:
    curve = thinned(scored.ranking)
    x, y = curve.false_positive_rate, curve.sensitivity
    drawn = outline(x, y)
    ends = np.array([0.0, 1.0])
    band = _shaded(part, x[drawn], y[drawn])
    return Chart(
        key="partial_auc",
        title=f"Partial area, {part.rate} {part.low:g} to {part.high:g}",
        series=(
            Series("No discrimination", "reference", ends, ends),
            Series(f"Partial area = {found.area:.3f} of {found.largest:.3g}", "line", x[drawn], y[drawn]),
            band,
        ),
        x=Axis("1 − specificity (non-events called positive)", limits=(0.0, 1.0)),
        y=Axis("Sensitivity (share of events called positive)", limits=(0.0, 1.0)),
        alt=f"ROC curve; the shaded part, where the {part.rate} is {part.low:g} to {part.high:g}, has an area of "
        f"{found.area:.3f} of a possible {found.largest:.3g}.",
    )


def _shaded(part: _Part, x: Floats, y: Floats) -> Series:
    """Shade below the curve between two specificities, or right of it between two sensitivities."""
    if part.rate == "specificity":
        ends, bottom = (1 - part.high, 1 - part.low), 0.0
        heights = np.interp(ends, x, y)
        within = (x > ends[0]) & (x < ends[1])
        across = np.concatenate([[ends[0]], x[within], [ends[1]]])
        top = np.concatenate([heights[:1], y[within], heights[1:]])
    else:
        bottom = part.low
        begin, end = (_first_at(x, y, height) for height in (part.low, part.high))
        within = (y > part.low) & (y < part.high)
        across = np.concatenate([[begin], x[within], [end, 1.0]])
        top = np.concatenate([[part.low], y[within], [part.high, part.high]])
    return Series("", "band", across, top, low=np.full_like(top, bottom), high=top)


def _first_at(x: Floats, y: Floats, height: float) -> float:
    """Give where a rising curve first has a height."""
    at = int(np.searchsorted(y, height, side="left"))
    return float(x[0] if at == 0 else np.interp(height, y[at - 1 : at + 1], x[at - 1 : at + 1]))
