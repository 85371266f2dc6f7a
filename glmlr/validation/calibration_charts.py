"""How does calibration look? The curve of observed rates against predicted probabilities, and where the rows are."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from glmlr.exhibits import Axis, Chart, Series
from glmlr.outline import outline
from glmlr.proportions import wilson
from glmlr.ranking import Ranking
from glmlr.ranking.condensed import condensed
from glmlr.ranking.grouping import Groups
from glmlr.scored import Scored
from glmlr.validation.calibration_lines import Lines
from glmlr.validation.curves import Smooth

Floats = npt.NDArray[np.float64]

_DRAWN: Final = 200
#: Axes end at the first of these that leaves nothing out.
_ENDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
#: Number of spikes across the chart, and the share of its height that the tallest takes.
_SPIKES, _TALLEST = 60, 0.09


def calibration_chart(
    scored: Scored, groups: Groups, lines: Lines, smooth: Smooth | None, method: str, level: float
) -> Chart:
    """Draw groups with intervals, the smooth curve with its band, the logistic line, and how the rows are spread."""
    bounds = wilson(groups.events, groups.n, level)
    mean, rate = groups.expected / groups.n, groups.events / groups.n
    end = axis_end(max(float(scored.ranking.score[-1]), float(bounds.high.max())))
    series = [Series("Perfect calibration", "reference", np.array([0.0, end]), np.array([0.0, end]))]
    if smooth is not None and smooth.p.size > 1:
        kept = outline(smooth.p, smooth.rate, 2 * _DRAWN)
        p, low, high = (part[kept] for part in (smooth.p, smooth.low, smooth.high))
        series.append(Series("", "band", p, smooth.rate[kept], low, high))
        series.append(Series(f"Smooth ({method}), {100 * level:g}% band", "line", p, smooth.rate[kept]))
    if math.isfinite(lines.slope[0]):
        grid = np.linspace(scored.ranking.score[0], scored.ranking.score[-1], _DRAWN)
        fitted = np.asarray(expit(lines.intercept[0] + lines.slope[0] * logit(grid)))
        series.append(Series("Logistic line", "line", grid, fitted))
    series += _spikes(condensed(scored.ranking), end)
    series.append(
        Series(f"Groups, {100 * level:g}% interval", "intervals", mean, rate, bounds.low, bounds.high, groups.n)
    )
    outside = int(((mean < bounds.low) | (mean > bounds.high)).sum())
    return Chart(
        key="calibration",
        title="Observed rate against predicted probability",
        series=tuple(series),
        x=Axis("Predicted probability", limits=(0.0, end)),
        y=Axis(f"Observed rate of {scored.event.label}", limits=(0.0, end)),
        notes=(
            "Spikes: distribution of the probabilities, of events from above and of non-events from below, each as "
            "shares of their own number.",
        ),
        alt=_words(groups, outside, smooth),
    )


def axis_end(most: float) -> float:
    """Give where axes end on which probabilities and rates up to `most` are drawn."""
    return next(end for end in _ENDS if most <= end or end == 1)


def _words(groups: Groups, outside: int, smooth: Smooth | None) -> str:
    curve = ""
    if smooth is not None:
        curve = f" A smooth curve is {smooth.gaps['ici']:.3f} from the diagonal on average."
    return (
        f"Observed rate against mean predicted probability in {len(groups)} groups with intervals; in {outside} of "
        f"them the interval misses the diagonal of perfect calibration.{curve}"
    )


def _spikes(ranking: Ranking, end: float) -> list[Series]:
    """Show how the probabilities of events and of non-events are spread along the axis."""
    place = np.minimum((ranking.score / end * _SPIKES).astype(np.int64), _SPIKES - 1)
    shares = [
        np.bincount(place, weights=part, minlength=_SPIKES) / part.sum() for part in (ranking.events, ranking.nonevents)
    ]
    height = _TALLEST * end / max(float(share.max()) for share in shares)
    across = (np.arange(_SPIKES) + 0.5) * end / _SPIKES
    events, nonevents = (share * height for share in shares)
    hanging, standing = events > 0, nonevents > 0
    top = np.full(int(hanging.sum()), end)
    bottom = np.zeros(int(standing.sum()))
    return [
        Series("Events", "spikes", across[hanging], top, top - events[hanging], top),
        Series("Non-events", "spikes", across[standing], bottom, bottom, nonevents[standing]),
    ]
