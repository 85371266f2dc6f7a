"""How are groups of scores drawn? Gains, lift, KS, and observed beside expected rates, of one set or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.exhibits import Axis, Chart, Series
from glmlr.ranking import Ranking
from glmlr.ranking.distance import Distance, ks_distance
from glmlr.ranking.shares import Shares, cumulated

Floats = npt.NDArray[np.float64]

_ROWS = Axis("Share of rows, highest scores first", "percent", (0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Drawn:
    """One set of rows: its ranking and its groups, the highest scores first (a frame of `deciles`)."""

    ranking: Ranking
    frame: pd.DataFrame

    @cached_property
    def curve(self) -> Shares:
        """The cumulated shares to be drawn."""
        return cumulated(self.ranking)

    @property
    def together(self) -> Floats:
        """Share of the rows in each group and those above it, shape (g,)."""
        return np.asarray(np.cumsum(self.frame["n"].to_numpy()) / self.ranking.total)


def gains_chart(sets: Mapping[str, Drawn], event: str, one: str) -> Chart:
    """Draw the share of events captured against the share of rows, one line a set of rows, the first one first."""
    first = next(iter(sets.values()))
    rate = first.ranking.total_events / first.ranking.total
    ends = np.array([0.0, 1.0])
    curve = first.curve
    fifth = float(np.interp(0.2, curve.rows, curve.events))
    several = len(sets) > 1
    marks = (
        ()
        if several
        else (Series(f"End of each {one}", "points", first.together, _column(first, "cumulative_capture")),)
    )
    return Chart(
        key="gains",
        title="Gains: share of events captured",
        series=(
            Series("Random order", "reference", ends, ends),
            Series(
                f"Perfect order{f' ({next(iter(sets))})' if several else ''}",
                "reference",
                np.array([0.0, rate, 1.0]),
                np.array([0.0, 1.0, 1.0]),
            ),
            *marks,
            *(
                Series(name if several else "Model", "line", drawn.curve.rows, drawn.curve.events)
                for name, drawn in sets.items()
            ),
        ),
        x=_ROWS,
        y=Axis(f"Share of events captured ({event})", "percent", (0.0, 1.0)),
        alt=f"Gains curve: the fifth of the rows with the highest scores holds {100 * fifth:.0f}% of the events.",
    )


def lift_chart(sets: Mapping[str, Drawn], one: str) -> Chart:
    """Draw the lift of each group and of it with all above; of several sets of rows the lift of each group alone."""
    first = next(iter(sets.values()))
    lift = _column(first, "lift")
    ends = np.array([0.0, 1.0])
    series = [Series("No lift", "reference", ends, np.ones(2))]
    for name, drawn in sets.items():
        centre = drawn.together - drawn.frame["n"].to_numpy() / drawn.ranking.total / 2
        alone = len(sets) == 1
        series.append(Series(f"Lift of the {one}" if alone else name, "points", centre, _column(drawn, "lift")))
        if alone:
            series.append(Series("Cumulative lift", "line", drawn.together, _column(drawn, "cumulative_lift")))
        else:
            filled = np.isfinite(_column(drawn, "lift"))
            series.append(Series("", "line", centre[filled], _column(drawn, "lift")[filled]))
    return Chart(
        key="lift",
        title=f"Lift by {one}",
        series=tuple(series),
        x=_ROWS,
        y=Axis("Lift (rate / overall rate)"),
        alt=f"Lift by {one}: the first has {lift[0]:.2f} times the overall rate, the last {lift[-1]:.2f} times.",
    )


def ks_chart(drawn: Drawn, distance: Distance) -> Chart:
    """Draw the cumulative shares of events and of non-events, and the largest distance between them."""
    curve = drawn.curve
    at = np.array([distance.share, distance.share])
    ends = np.array([distance.false_positive_rate, distance.sensitivity])
    return Chart(
        key="ks",
        title="Kolmogorov-Smirnov: events against non-events",
        series=(
            Series("Events", "line", curve.rows, curve.events),
            Series("Non-events", "line", curve.rows, curve.nonevents),
            # A distance of 0 has a place and no length.
            Series(f"KS = {distance.ks:.3f}", "line" if distance.ks > 0 else "points", at, ends),
        ),
        x=_ROWS,
        y=Axis("Cumulative share", "percent", (0.0, 1.0)),
        alt=f"Cumulative shares of events and non-events; the largest distance, {distance.ks:.3f}, is reached at a "
        f"score of {distance.cutoff:.4g}.",
    )


def separation_chart(sets: Mapping[str, Drawn]) -> Chart:
    """Draw the distance between the cumulative shares of events and of non-events, one line a set of rows."""
    distances = {name: ks_distance(drawn.ranking) for name, drawn in sets.items()}
    lines = [
        Series(
            f"{name}, KS = {distances[name].ks:.3f}",
            "line",
            drawn.curve.rows,
            drawn.curve.events - drawn.curve.nonevents,
        )
        for name, drawn in sets.items()
    ]
    said = ", ".join(f"{one.ks:.3f} for {name}" for name, one in distances.items())
    return Chart(
        key="ks",
        title="Kolmogorov-Smirnov: events minus non-events",
        series=(Series("No separation", "reference", np.array([0.0, 1.0]), np.zeros(2)), *lines),
        x=_ROWS,
        y=Axis("Share of events minus share of non-events", "percent"),
        alt=f"Distance between the cumulative shares of events and of non-events; the largest is {said}.",
    )


def rates_chart(sets: Mapping[str, Drawn], event: str, one: str, level: float) -> Chart:
    """Draw the observed rate of each group with its interval, and the rate that the probabilities say."""
    first = next(iter(sets.values()))
    place = np.arange(float(len(first.frame)))
    low, high = _column(first, "low"), _column(first, "high")
    series = [
        Series(
            f"Observed{'' if len(sets) == 1 else f', {name}'}",
            "bars" if len(sets) == 1 else "intervals",
            place,
            _column(drawn, "rate"),
            _column(drawn, "low"),
            _column(drawn, "high"),
        )
        for name, drawn in sets.items()
    ]
    rates = _column(first, "rate")
    alt = (
        f"Observed rate of {event} by {one}, from {100 * rates[0]:.0f}% where scores are highest to "
        f"{100 * rates[-1]:.0f}% where they are lowest."
    )
    if "expected_events" in first.frame:
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = _column(first, "expected_events") / _column(first, "n")
        alone = len(sets) == 1
        named = "Expected" if alone else f"Expected, {next(iter(sets))}"
        series.append(Series(named, "points" if alone else "line", place, expected))
        outside = int(((expected < low) | (expected > high)).sum())
        alt = f"{alt[:-1]}; in {outside} of {len(place)} the expected rate lies outside the interval."
    return Chart(
        key="rates",
        title=f"Observed and expected rate by {one}" if "expected_events" in first.frame else f"Observed rate by {one}",
        series=tuple(series),
        x=Axis(
            f"{one.capitalize()}, highest scores first",
            categories=tuple(f"{number:g}" for number in first.frame["decile"]),
        ),
        y=Axis(f"Rate of {event}", "percent"),
        notes=(f"Bars: Wilson {100 * level:g}% intervals.",),
        alt=alt,
    )


def _column(drawn: Drawn, name: str) -> Floats:
    return np.asarray(drawn.frame[name].to_numpy(), dtype=np.float64)
