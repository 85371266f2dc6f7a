"""What do cut-offs look like? Rates and criteria along the scores, what a capacity buys, and how far cut-offs move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from glmlr.exhibits import Axis, Chart, Series
from glmlr.outline import outline
from glmlr.ranking.criteria import Criterion
from glmlr.ranking.moved_cutoffs import Moved
from glmlr.ranking.rules import Choice
from glmlr.ranking.sweep import Rates, Sweep

Floats = npt.NDArray[np.float64]

#: Places looked at, from which the outline of each curve is taken.
_LOOKED: Final = 4000
_CUTOFF: Final = "Cut-off (positive at or above it)"


def _traced(name: str, x: Floats, y: Floats) -> Series:
    """Draw a curve by its outline; where it is undefined it is left out."""
    known = np.flatnonzero(np.isfinite(y))
    kept = known[outline(x[known], y[known])] if known.size else known
    return Series(name, "line", x[kept], y[kept])


class Looked(NamedTuple):
    """Scores through which curves are drawn, ascending, and the rates at them."""

    score: Floats
    rates: Rates


def looked_at(sweep: Sweep) -> Looked:
    """Choose the scores to draw through."""
    places = sweep.some(_LOOKED)
    return Looked(sweep.ranking.score[places], sweep.at(places))


def rates_chart(looked: Looked, event: str) -> Chart:
    """Show sensitivity and specificity at each cut-off."""
    score, rates = looked
    specificity = 1 - rates.false_positive_rate
    cross = int(np.argmin(np.abs(rates.sensitivity - specificity)))
    return Chart(
        key="cutoffs",
        title="Sensitivity and specificity by cut-off",
        series=(_traced("Sensitivity", score, rates.sensitivity), _traced("Specificity", score, specificity)),
        x=Axis(_CUTOFF),
        y=Axis(f"Share called rightly ({event})", limits=(0.0, 1.0)),
        alt=f"Sensitivity falls and specificity rises with the cut-off; they are closest at {score[cross]:.4g}.",
    )


def criteria_chart(
    looked: Looked, criteria: Mapping[str, Criterion], chosen: Mapping[str, Choice], share: float
) -> Chart:
    """Show criteria at each cut-off, with the best of each.

    Args:
        looked: the scores to draw through.
        criteria: what is drawn, by the name of its line.
        chosen: the best cut-off of each.
        share: share of events where the cut-offs will be used.

    """
    score, rates = looked
    lines = [
        _traced(name, score, np.abs(one.value(rates, share)) if name == "Cost" else one.value(rates, share))
        for name, one in criteria.items()
    ]
    best: list[tuple[float, float]] = []
    for name, one in criteria.items():
        cells = chosen[name].cells
        value = one.value(Rates(np.array([cells.sensitivity]), np.array([1 - cells.specificity])), share)[0]
        best.append((chosen[name].cutoff, abs(value) if name == "Cost" else float(value)))
    at, height = np.array(best).T
    marks = [f"{cutoff:.3g}" for cutoff in at]
    points = Series("Best cut-off", "points", at, height, labels=tuple(marks))
    said = ", ".join(f"{name} at {cutoff:.4g}" for name, (cutoff, _) in zip(criteria, best, strict=True))
    return Chart(
        key="criteria",
        title="Criteria by cut-off",
        series=(*lines, points),
        x=Axis(_CUTOFF),
        y=Axis("Value of the criterion"),
        notes=("The cost of a row is drawn in units of the dearer error; its lowest point is the best.",)
        if "Cost" in criteria
        else (),
        alt=f"Each criterion against the cut-off. Best cut-offs: {said}.",
    )


def capacity_chart(looked: Looked, chosen: Sequence[Choice], share: float) -> Chart:
    """Show which share of the events is found, and which of the positives are events, by the share called positive."""
    sensitivity, false_positive_rate = looked.rates
    called = share * sensitivity + (1 - share) * false_positive_rate
    across, found, precision = called[::-1], sensitivity[::-1], (share * sensitivity / called)[::-1]
    marked = []
    for choice in chosen:
        cells = choice.cells.at_prevalence(share)
        marked.append((cells.positives / cells.n, cells.sensitivity))
    points: tuple[Series, ...] = ()
    if marked:
        x, y = np.array(marked).T
        points = (Series("Capacity", "points", x, y, labels=tuple(f"{100 * value:.1f}% found" for value in y)),)
    half = float(np.interp(0.5, found, across))
    return Chart(
        key="capacity",
        title="What a capacity buys",
        series=(
            _traced("Events found (sensitivity)", across, found),
            _traced("Events among the positive (precision)", across, precision),
            *points,
        ),
        x=Axis("Share of rows called positive", "percent", limits=(0.0, 1.0)),
        y=Axis("Share", "percent", limits=(0.0, 1.0)),
        alt=f"Half of the events are found when about {100 * half:.0f}% of the rows are called positive.",
    )


def movement_chart(moved: Sequence[Moved], chosen: Floats, bounds: Floats) -> Chart:
    """Show where cut-offs lie in bootstrap samples.

    Args:
        moved: what each rule chose in the samples.
        chosen: the cut-off of each in the rows themselves, shape (rules,).
        bounds: lower bound, median and upper bound of each, shape (rules, 3).

    """
    position = np.arange(len(moved), dtype=np.float64)
    widest = int(np.argmax(bounds[:, 2] - bounds[:, 0]))
    low, high = bounds[widest, 0], bounds[widest, 2]
    return Chart(
        key="cutoff_stability",
        title=f"Cut-offs chosen in {moved[0].cutoff.size} bootstrap samples",
        series=(
            Series("Median and interval", "intervals", bounds[:, 1], position, low=bounds[:, 0], high=bounds[:, 2]),
            Series("Chosen on all rows", "points", chosen, position),
        ),
        x=Axis("Cut-off"),
        y=Axis("", categories=tuple(one.rule.label for one in moved)),
        alt=f"The cut-off of {moved[widest].rule.label!r} moves most: from {low:.3g} to {high:.3g}.",
    )
