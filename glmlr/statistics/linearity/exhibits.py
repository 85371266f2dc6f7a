"""How are the bins of a number shown beside what a model says of them? The table, the shapes compared, two charts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit

from glmlr.binning import observed_odds
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.links import Link
from glmlr.proportions import normal_quantile, wilson
from glmlr.shape.observed_fitted import Gaps
from glmlr.shape.tests import Curve, Shape
from glmlr.tails import chi_square_tail

Floats = npt.NDArray[np.float64]

#: Shape -> what a table calls it.
WORDS: Final[Mapping[str, str]] = {
    "line": "straight line, as in the model",
    "logarithm": "straight line in the logarithm",
    "square": "line and square",
    "spline": "restricted cubic spline",
    "bins": "a step at each bin",
}


@dataclass(frozen=True, eq=False)
class Observed:
    """The bins of one number: what was observed and what the model expects (m bins).

    Attributes:
        name: of the number.
        event: what is modelled, "low = 1".
        labels: of the bins, length m.
        position: mean of the number in each, shape (m,).
        by_value: whether each bin is one value.
        gaps: events observed and expected.
        level: confidence level.
        notes: how it was cut.

    """

    name: str
    event: str
    labels: tuple[str, ...]
    position: Floats
    by_value: bool
    gaps: Gaps
    level: float
    notes: tuple[str, ...]

    @property
    def fitted(self) -> Floats:
        """Log-odds of the expected events, shape (m,)."""
        return np.asarray(logit(self.gaps.expected / self.gaps.n))


def bins_table(seen: Observed, curve: Curve | None, link: Link, shift: float) -> Table:
    """Tabulate observed beside fitted log-odds by bin, with the charts of both.

    The frame also holds log-odds on the model's straight line at the mean of each bin, other columns at their means.

    Args:
        seen: the bins.
        curve: line and spline, for the second chart; None where there are none.
        link: of the model.
        shift: what class weights added to the intercept.

    """
    gaps, n = seen.gaps, seen.gaps.n
    odds = observed_odds(gaps.events, n - gaps.events)
    half, interval = normal_quantile(seen.level) * odds.error, wilson(gaps.events, n, seen.level)
    frame = pd.DataFrame(
        {
            "level": pd.Series(seen.labels, dtype=object),
            "position": seen.position,
            "n": n,
            "events": gaps.events,
            "expected_events": gaps.expected,
            "rate": gaps.events / n,
            "low": interval.low,
            "high": interval.high,
            "expected_rate": gaps.expected / n,
            "log_odds": odds.log_odds,
            "log_odds_low": odds.log_odds - half,
            "log_odds_high": odds.log_odds + half,
            "fitted_log_odds": seen.fitted,
            "line_log_odds": np.nan if curve is None else _log_odds(curve.line_at(seen.position), link, shift),
            "gap": gaps.gap,
            "gap_std_error": gaps.std_error,
            "z": gaps.gap / gaps.std_error,
            "note": pd.Series(np.where(odds.corrected, "+1/2", ""), dtype=object),
        }
    )
    shown = {
        name: role
        for name, role in _ROLES.items()
        if (name != "position" or not seen.by_value) and (name != "note" or odds.corrected.any())
    }
    percent = f"{100 * seen.level:g}%"
    charts = [_observed_chart(seen, frame)]
    if curve is not None:
        charts.append(_shape_chart(seen, frame, curve, lambda eta: _log_odds(eta, link, shift)))
    return Table(
        key=f"observed_fitted_{seen.name}",
        title=f"Observed and fitted log-odds of {seen.event} by {seen.name}",
        frame=frame,
        roles=shown,
        labels={**_LABELS, "level": seen.name, "log_odds_low": f"{percent} low", "log_odds_high": f"{percent} high"},
        notes=(*seen.notes, *_bin_notes(odds.corrected, gaps)),
        charts=tuple(charts),
    )


_ROLES: Final[Mapping[str, str]] = {
    "level": "text",
    "position": "statistic",
    "n": "count",
    "events": "count",
    "expected_events": "statistic",
    "rate": "probability",
    "log_odds": "estimate",
    "log_odds_low": "estimate",
    "log_odds_high": "estimate",
    "fitted_log_odds": "estimate",
    "gap": "statistic",
    "z": "statistic",
    "note": "text",
}
_LABELS: Final[Mapping[str, str]] = {
    "position": "Mean",
    "log_odds": "Observed log-odds",
    "fitted_log_odds": "Fitted log-odds",
    "gap": "Observed less expected",
}


def _bin_notes(corrected: npt.NDArray[np.bool_], gaps: Gaps) -> Iterator[str]:
    if corrected.any():
        yield (
            "+1/2: no event or no non-event there, so that 1/2 is added to both counts for the observed log-odds; "
            "rates, expected events and gaps are as they are."
        )
    if np.isnan(gaps.std_error).all():
        yield (
            "No z: class weights moved the probabilities of this link so that they add up to the events, which the "
            "standard error of a gap would have to follow."
        )
    elif np.isnan(gaps.std_error).any():
        yield "A bin without a z has a column of its own in the model, which fits it whatever was observed there."


def shapes_table(name: str, shapes: tuple[Shape, ...], formulas: Mapping[str, str]) -> Table:
    """Compare the shapes that the effect of a number can have.

    Args:
        name: of the number.
        shapes: the shapes, the line first.
        formulas: shape -> how a formula writes it.

    """
    tails = [chi_square_tail(one.test.value, one.test.df) for one in shapes]
    frame = pd.DataFrame(
        {
            "shape": pd.Series([WORDS[one.name] for one in shapes], dtype=object),
            "formula": pd.Series([formulas[one.name] for one in shapes], dtype=object),
            "parameters": [one.rank - shapes[0].rank + 1 for one in shapes],
            "loglik": [one.loglik for one in shapes],
            "aic": [one.aic for one in shapes],
            "aic_change": [one.aic - shapes[0].aic for one in shapes],
            "statistic": [one.test.value for one in shapes],
            "df": [float(one.test.df) if one.test.df else np.nan for one in shapes],
            "p_value": [tail.p_value for tail in tails],
            "log10_p": [tail.log10_p for tail in tails],
        }
    )
    return Table(
        key=f"shapes_{name}",
        title=f"Shapes that the effect of {name} can have",
        frame=frame,
        roles=_SHAPE_ROLES,
        labels=_SHAPE_LABELS,
        blanks=("statistic", "df", "p_value"),
    )


_SHAPE_ROLES: Final[Mapping[str, str]] = {
    "shape": "text",
    "formula": "text",
    "parameters": "integer",
    "aic": "loglik",
    "aic_change": "statistic",
    "statistic": "statistic",
    "df": "integer",
    "p_value": "p_value",
}
_SHAPE_LABELS: Final[Mapping[str, str]] = {
    "shape": "Shape",
    "formula": "In a formula",
    "parameters": "Columns",
    "aic": "AIC",
    "aic_change": "AIC change",
    "statistic": "LR chi-square",
}


# ------------------------------------------------------------------------------------------------------------- charts


def _observed_chart(seen: Observed, frame: pd.DataFrame) -> Chart:
    """Draw the observed log-odds with intervals, and through them the fitted ones of the same rows."""
    gaps = seen.gaps
    overall = float(logit(gaps.events.sum() / gaps.n.sum()))
    drawn = (
        Series("All rows", "reference", np.array([np.nan]), np.array([overall])),
        Series("Fitted, same rows", "line", seen.position, frame["fitted_log_odds"].to_numpy()),
        _intervals(f"Observed, {100 * seen.level:g}% interval", frame, seen.position, np.zeros(len(frame)), gaps.n),
    )
    worst = int(np.argmax(np.abs(frame["log_odds"].to_numpy() - frame["fitted_log_odds"].to_numpy())))
    return Chart(
        "observed_fitted",
        f"Log-odds of {seen.event} by {seen.name}: observed, and fitted to the same rows",
        drawn,
        Axis(seen.name if seen.by_value else f"{seen.name} (mean of the bin)"),
        Axis(f"Log-odds of {seen.event}"),
        alt=f"Observed log-odds of {seen.event} by {seen.name} with intervals, and those that the model implies for "
        f"the same rows; they are furthest apart at {seen.labels[worst]}.",
    )


def _intervals(name: str, frame: pd.DataFrame, x: Floats, moved: Floats, n: Floats) -> Series:
    """Draw the observed log-odds with their intervals, moved up or down by so much."""
    centre, low, high = (frame[column].to_numpy() + moved for column in ("log_odds", "log_odds_low", "log_odds_high"))
    return Series(name, "intervals", x, centre, low, high, n)


def _log_odds(eta: Floats, link: Link, shift: float) -> Floats:
    """Give the log-odds that belong to linear predictors of any link, without what class weights added."""
    if link.name == "logit":
        return eta - shift
    return np.asarray(link.log_mean(eta - shift) - link.log_complement(eta - shift))


def _shape_chart(seen: Observed, frame: pd.DataFrame, curve: Curve, log_odds: Callable[[Floats], Floats]) -> Chart:
    """Draw line and spline with the other columns at their means, and by how much the bins depart from the line."""
    half = normal_quantile(seen.level) * curve.std_error
    moved = frame["line_log_odds"].to_numpy() - seen.fitted
    spline = f"Spline in its place, {100 * seen.level:g}% band"
    drawn = (
        Series("Line of the model", "line", curve.x, log_odds(curve.line)),
        Series(
            spline,
            "band",
            curve.x,
            log_odds(curve.spline),
            log_odds(curve.spline - half),
            log_odds(curve.spline + half),
        ),
        Series(spline, "line", curve.x, log_odds(curve.spline)),
        _intervals("Bins: line + observed - fitted", frame, seen.position, moved, seen.gaps.n),
    )
    return Chart(
        "shape",
        f"The effect of {seen.name}: the line of the model, and a spline in its place",
        drawn,
        Axis(seen.name),
        Axis(f"Log-odds of {seen.event}, other columns at their means"),
        notes=() if seen.by_value else (f"From the 1st to the 99th percentile of {seen.name}.",),
        alt=f"Straight line of {seen.name} in the model beside a restricted cubic spline with its band; points show by "
        "how much the observed log-odds of each bin depart from the fitted ones.",
    )
