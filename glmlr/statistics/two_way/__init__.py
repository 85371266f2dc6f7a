"""What do two predictors say together? Odds by the levels of both, and tests of interaction."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import FEW_VALUES, Cut, free_label, observed_odds
from glmlr.crossing.cell_tests import Additive, additive
from glmlr.crossing.placing import Placed, bins_for, placed
from glmlr.design.response import Event
from glmlr.errors import (
    ArgumentError,
    DataError,
    NotApplicable,
    OptionError,
    explained_arguments,
    listing,
    suggestion,
)
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit
from glmlr.hypotheses.adjusting import adjusted_plainly
from glmlr.levels import is_number
from glmlr.proportions import checked_level, normal_quantile, wilson
from glmlr.registry import statistic
from glmlr.sample import Predictor, Sample, sample_of_data, sample_of_design
from glmlr.shape.around_fit import around
from glmlr.shape.observed_fitted import Gaps, gaps_of
from glmlr.statistics.two_way.odds_ratio_tables import ratios_table, tests_table
from glmlr.tails import chi_square_tail

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: A table of more cells is no table to read, and a predictor of more levels is left out of a screening.
MOST_CELLS: Final = 2_500
MANY_LEVELS: Final = 60
#: Bins of a number in a screening of pairs: few, so that their cells hold rows.
FEW_BINS: Final = 4
#: Lines in one chart that can still be told apart.
MOST_LINES: Final = 6
#: Cochran's rule: a chi-square is rough where more than a fifth of the expected counts are below 5.
_SMALL, _SHARE_SMALL = 5.0, 0.2


@explained_arguments
def two_way_table(
    data: Any,
    response: str,
    first: str,
    second: str,
    *,
    bins: Any = None,
    event: Any = None,
    freq_weights: Any = None,
    level: float = 0.95,
) -> Table:
    """Tabulate the observed odds of the event by the levels or bins of two predictors.

    Each cell has its rows, events, rate with a Wilson interval, log-odds with an interval, and the events that the
    additive logit of both predictors expects there; what the cells hold beyond it is interaction, which a companion
    tests. Another gives the odds ratio of the second predictor within each level of the first. Of a fit,
    `fit.two_way_table(first, second)` shows what the whole model expects in each cell as well.

    Args:
        data: a data frame, a mapping of columns, or a path.
        response: name of a column with two values, or "successes + failures": two columns of counts (grouped data).
        first: name of the predictor along the chart.
        second: name of the predictor with a line for each of its levels.
        bins: how numbers are cut: how many bins, edges, or a mapping of predictor to either; by default as in
            `log_odds_table`.
        event: the value of the response that is the event; of grouped data the column that counts the events.
        freq_weights: rows that each row stands for: a column's name, a Series (aligned by index) or an array.
        level: confidence level of the intervals.

    Returns:
        A `Table` with one row a cell, missing values being a level of their own, and a total; the chart "interaction";
        the companions "two_way_ratios" and "two_way_tests".

    Raises:
        DataError: a column that does not exist, dates, no rows, or more cells than can be read.
        ResponseError: a response that does not have two outcomes.
        OptionError: one predictor twice, or bins that are none.

    """
    if isinstance(data, Fit):
        raise ArgumentError("two_way_table() takes data; of a fitted model call fit.two_way_table(first, second).")
    confidence = checked_level(level)
    _refuse_same(first, second)
    sample = sample_of_data(data, response, (first, second), event=event, freq_weights=freq_weights)
    return _table(_crossed(sample, first, second, bins), confidence, None)


def _of_fit(fit: Fit, first: str, second: str, *, bins: Any = None, level: float = 0.95) -> Table:
    """Tabulate observed odds by the levels of two predictors of a fit, beside what the whole model expects there.

    Args:
        fit: the model, its rows in memory; the rows are those that it uses.
        first: name of the predictor along the chart.
        second: name of the predictor with a line for each of its levels.
        bins: how numbers are cut, see `glmlr.two_way_table`.
        level: confidence level of the intervals.

    """
    confidence = checked_level(level)
    _refuse_same(first, second)
    sample = sample_of_design(fit.held)
    known = [str(one.values.name) for one in sample.predictors]
    for name in (first, second):
        if name not in known:
            hint = suggestion(str(name), known) or f"; it reads {listing(map(repr, known))}."
            raise OptionError(f"The formula of the fit does not read the column {name!r}{hint}")
    crossed = _crossed(sample, first, second, bins)
    try:
        return _table(crossed, confidence, _expected_by(fit, crossed))
    except NotApplicable as reason:
        return _table(crossed, confidence, None).with_notes(f"No expected events of the model: {reason}")


# Bound here, so that fit.py imports nothing from above, under the name by which its errors call it.
_of_fit.__name__ = "two_way_table"
setattr(Fit, _of_fit.__name__, explained_arguments(_of_fit))


def _refuse_same(first: str, second: str) -> None:
    if first == second:
        raise OptionError(f"first= and second= both name {first!r}; name two predictors.")


# ------------------------------------------------------------------------------------------------------------ the cells


@dataclass(frozen=True, eq=False)
class _Crossed:
    """Two predictors crossed (r levels and c levels, n rows).

    Attributes:
        first, second: where the rows fall.
        cell: of each row, shape (n,): first * c + second.
        events, nonevents: by cell, shape (r, c).
        event: the outcome that is the event.
        notes: which rows these are.

    """

    first: Placed
    second: Placed
    cell: Integers
    events: Floats
    nonevents: Floats
    event: Event
    notes: tuple[str, ...]

    @property
    def n(self) -> Floats:
        """Weight of the rows by cell, shape (r, c)."""
        return self.events + self.nonevents


def _crossed(sample: Sample, first: str, second: str, bins: Any) -> _Crossed:
    """Cross two predictors of a sample."""
    by_name = {str(one.values.name): one for one in sample.predictors}
    numbers = tuple(name for name in (first, second) if is_number(by_name[name].values))
    both = []
    for name in (first, second):
        own = bins_for(bins, name, numbers) if name in numbers else None
        both.append(placed(by_name[name].values, by_name[name].events, by_name[name].nonevents, own))
    if bins is not None and not numbers:
        raise OptionError(f"bins= cuts numbers, and neither {first!r} nor {second!r} is one; leave it out.")
    one, other = both
    r, c = len(one.places), len(other.places)
    if r * c > MOST_CELLS:
        raise DataError(
            f"{first!r} has {r} levels and {second!r} {c}, which make {r * c:,} cells; give bins=, or pool levels, so "
            f"that there are at most {MOST_CELLS:,}."
        )
    return _counted(by_name[first], one, other, sample.event, sample.notes)


def _counted(predictor: Predictor, one: Placed, other: Placed, event: Event, notes: tuple[str, ...]) -> _Crossed:
    """Count events and non-events by cell."""
    r, c = len(one.places), len(other.places)
    cell = one.place * c + other.place

    def counted(weight: Floats) -> Floats:
        return np.bincount(cell, weights=weight, minlength=r * c).astype(np.float64).reshape(r, c)

    return _Crossed(one, other, cell, counted(predictor.events), counted(predictor.nonevents), event, notes)


def _expected_by(fit: Fit, crossed: _Crossed) -> Gaps:
    """Give the events that the whole model expects in each cell."""
    model = around(fit)
    design = fit.held
    cell = crossed.cell.astype(np.float64)
    cell = cell if design.patterns is None else cell[design.patterns.example]
    gaps = gaps_of(model, cell, lambda at: at.astype(np.intp), crossed.n.size, shift=fit.prior_shift)
    unknown = fit.design.class_weights is not None and fit.link.name != "logit"
    return replace(gaps, std_error=np.full(gaps.n.size, np.nan)) if unknown else gaps


# ------------------------------------------------------------------------------------------------------------ the table

_ROLES: Final[Mapping[str, str]] = {
    "first": "text",
    "second": "text",
    "n": "count",
    "events": "count",
    "rate": "probability",
    "low": "probability",
    "high": "probability",
    "log_odds": "estimate",
    "log_odds_low": "estimate",
    "log_odds_high": "estimate",
    "expected_events": "statistic",
    "model_events": "statistic",
    "z": "statistic",
    "note": "text",
}


def _table(crossed: _Crossed, level: float, model: Gaps | None) -> Table:
    """Lay out the cells, their total, and the companions."""
    fitted = additive(crossed.events, crossed.nonevents)
    frame, corrected = _frame(crossed, fitted, level, model)
    shown = {
        name: role
        for name, role in _ROLES.items()
        if name in frame.columns and (name != "note" or (frame["note"] != "").any())
    }
    names = (crossed.first.name, crossed.second.name)
    percent = f"{100 * level:g}%"
    ratios = ratios_table(
        names,
        crossed.first.places.labels,
        crossed.second.places.labels,
        crossed.events,
        crossed.nonevents,
        fitted,
        level,
    )
    return Table(
        key="two_way_table",
        title=f"Log-odds of {crossed.event.label} by {names[0]} and {names[1]}",
        frame=frame,
        roles=shown,
        labels={
            "first": names[0],
            "second": names[1],
            "low": f"{percent} low",
            "high": f"{percent} high",
            "log_odds_low": f"{percent} low",
            "log_odds_high": f"{percent} high",
            "expected_events": "Expected, additive",
            "model_events": "Expected, model",
        },
        notes=(
            crossed.event.note,
            *crossed.notes,
            *crossed.first.notes,
            *crossed.second.notes,
            *_notes(crossed, fitted, corrected, model),
        ),
        charts=tuple(_chart(crossed, level)),
        tables=(ratios, tests_table(names, crossed.events, crossed.nonevents, fitted, _two_groups(crossed))),
        emphasis=(len(frame) - 1,),
        blanks=tuple(name for name in ("second", "expected_events", "model_events", "z") if name in shown),
    )


def _two_groups(crossed: _Crossed) -> bool:
    """Say whether the second predictor has two levels, none of them that of missing values."""
    return len(crossed.second.places) == 2 and not crossed.second.places.missing


def _frame(
    crossed: _Crossed, fitted: Additive, level: float, model: Gaps | None
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Give the rows and their total, and say where 1/2 was added."""
    first, second = crossed.first.places.labels, crossed.second.places.labels
    events = np.append(crossed.events.ravel(), crossed.events.sum())
    nonevents = np.append(crossed.nonevents.ravel(), crossed.nonevents.sum())
    odds, n = observed_odds(events, nonevents), events + nonevents
    half, interval = normal_quantile(level) * odds.error, wilson(events, n, level)
    labels = pd.Series([*np.repeat(np.array(first, dtype=object), len(second)), free_label("Total", first)])
    with np.errstate(invalid="ignore"):
        rate = events / n
    frame = pd.DataFrame(
        {
            "first": labels.astype(object),
            "second": pd.Series([*second * len(first), None], dtype=object),
            "n": n,
            "events": events,
            "rate": rate,
            "low": interval.low,
            "high": interval.high,
            "log_odds": odds.log_odds,
            "std_error": odds.error,
            "log_odds_low": odds.log_odds - half,
            "log_odds_high": odds.log_odds + half,
            "expected_events": np.append(fitted.expected.ravel(), np.nan),
        }
    )
    if model is not None:
        frame["model_events"] = np.append(np.where(model.n > 0, model.expected, np.nan), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            frame["z"] = np.append((events[:-1] - model.expected) / model.std_error, np.nan)
    frame["note"] = pd.Series(np.where(odds.corrected, "+1/2", np.where(n == 0, "no rows", "")), dtype=object)
    return frame, odds.corrected


def _notes(crossed: _Crossed, fitted: Additive, corrected: npt.NDArray[np.bool_], model: Gaps | None) -> Iterator[str]:
    """Say what was done to single cells, and what is expected where."""
    if corrected.any():
        yield "+1/2: no event or no non-event in the cell, so that 1/2 is added to both counts for its log-odds."
    if crossed.first.places.missing or crossed.second.places.missing:
        yield "Rows without a value are a level of their own, in the tests too."
    yield (
        f"Expected, additive: events by the logit of {crossed.first.name} and {crossed.second.name} as factors, "
        "without their interaction."
    )
    if model is not None:
        yield (
            "Expected, model: sum of the fitted probabilities of the rows in the cell; z is observed less expected, in "
            "standard errors that know that the fit has seen these rows."
        )
    if _rough(crossed.n, fitted.expected):
        yield (
            "More than a fifth of the expected events or non-events are below 5, so that the chi-square tests are "
            "rough; fewer bins or pooled levels make them better."
        )


def _rough(n: Floats, expected: Floats) -> bool:
    """Say whether too many expected counts are small."""
    filled = n > 0
    counts = np.concatenate([expected[filled], (n - expected)[filled]])
    return bool((counts < _SMALL).mean() > _SHARE_SMALL)


def _chart(crossed: _Crossed, level: float) -> Iterator[Chart]:
    """Draw the log-odds along the first predictor, with a line and intervals for each level of the second."""
    first, second = crossed.first, crossed.second
    lines = len(second.places)
    if lines > MOST_LINES or len(first.places) > MANY_LEVELS:
        return
    named = not np.isfinite(first.position[: len(first.places) - first.places.missing]).all()
    x = np.arange(len(first.places), dtype=np.float64) if named else first.position
    # Side by side, intervals do not cover each other: within the room of a name, or by a hundredth of the axis.
    apart = 0.36 / lines if named else 0.012 * float(np.nanmax(x) - np.nanmin(x))
    drawn = [
        series
        for at, label in enumerate(second.places.labels)
        for series in _lines(crossed, at, f"{second.name} = {label}", x + apart * (at - (lines - 1) / 2), level, named)
    ]
    by_bin = "" if named or first.places.binning.bins is None else " (mean of the bin)"
    missing = first.places.missing and not named
    yield Chart(
        "interaction",
        f"Log-odds of {crossed.event.label} by {first.name}, for each {second.name}",
        tuple(drawn),
        Axis(first.name + by_bin, categories=first.places.labels if named else None),
        Axis(f"Log-odds of {crossed.event.label}, {100 * level:g}% intervals"),
        notes=(
            "Lines that keep their distance show no interaction; points are moved aside so that none covers another.",
            *((f"Rows without a value of {first.name} are not drawn.",) if missing else ()),
        ),
        alt=f"Observed log-odds of {crossed.event.label} along {first.name}, one line for each of the {lines} levels "
        f"of {second.name}; lines that keep their distance show no interaction.",
    )


def _lines(crossed: _Crossed, at: int, name: str, x: Floats, level: float, named: bool) -> Iterator[Series]:
    """Draw one level of the second predictor."""
    odds = observed_odds(crossed.events[:, at], crossed.nonevents[:, at])
    shown = np.isfinite(x) & np.isfinite(odds.log_odds)
    if not shown.any():
        return
    x, centre, half = x[shown], odds.log_odds[shown], (normal_quantile(level) * odds.error)[shown]
    size = crossed.n[shown, at]
    # A renderer moves intervals of several series aside where an axis has names; these stand where they should.
    yield Series(name, "line", x, centre)
    if named:
        yield Series(name, "spikes", x, centre, centre - half, centre + half)
        yield Series(name, "points", x, centre, size=size)
    else:
        yield Series(name, "intervals", x, centre, centre - half, centre + half, size)


# ------------------------------------------------------------------------------------------------------------ screening


@statistic(
    on="data",
    section="two_way",
    title="Interactions of two predictors",
    reference="Bishop, Fienberg & Holland (1975), Discrete Multivariate Analysis, section 4.2; Holm (1979), "
    "Scandinavian Journal of Statistics 6, 65-70",
    definitions={
        "interaction LR chi-square": "2 * (log-likelihood of the cells - that of the additive logit of both predictors "
        "as factors), on the cells with rows less the coefficients of the additive logit; cells that it fits "
        "perfectly, because a level has events only or none, are not counted, nor the coefficients that only they "
        "determine. R: anova(glm(y ~ a + b), glm(y ~ a * b), test = 'LRT'), which does count them.",
        "Holm p": "p of the interaction adjusted for the number of pairs by Holm's step-down rule. R: p.adjust(p, "
        "'holm').",
    },
    in_report=False,
)
def screen_interactions(sample: Sample, *, bins: int | None = None) -> Table:
    """Test every pair of predictors for interaction, smallest p first.

    Numbers are cut at their quantiles, and missing values are a level of their own. Each pair is looked at without the
    other predictors.

    Args:
        sample: a fit, its rows in memory; or data, the name of the response and (optional) the names of the predictors.
        bins: how many bins for numbers; by default 4, and value by value where there are at most 4 values.

    Raises:
        NotApplicable: fewer than two predictors, or rows that are not held in memory.
        OptionError: edges for `bins`, which cannot fit every predictor.

    """
    if Cut(bins).has_edges:
        raise OptionError(f"screen_interactions() takes a number of bins, not edges: bins={bins!r}.")
    if any(one.events is not sample.predictors[0].events for one in sample.predictors):
        raise NotApplicable("Pairs of predictors need the rows of the fit, which were read in parts and are not held.")
    found, left_out = _placed_all(sample, bins)
    if len(found) < 2:
        raise NotApplicable("There are not two predictors with two levels or more to be looked at together.")
    rows = [_pair(sample, one, other) for one, other in combinations(found, 2)]
    frame = pd.DataFrame(rows)
    frame.insert(
        list(frame.columns).index("p_value") + 1,
        "p_adjusted",
        adjusted_plainly(frame["p_value"].to_numpy(dtype=float), "holm"),
    )
    # A p-value that has underflown still has its logarithm.
    frame = frame.sort_values("log10_p", kind="stable", ignore_index=True)
    return Table(
        key="screen_interactions",
        title="Interactions of two predictors",
        frame=frame,
        roles=_PAIR_ROLES,
        labels=_PAIR_LABELS,
        notes=(sample.event.note, *sample.notes, *left_out, *_pair_notes(frame)),
    )


_PAIR_ROLES: Final[Mapping[str, str]] = {
    "first": "text",
    "second": "text",
    "cells": "integer",
    "statistic": "statistic",
    "df": "integer",
    "p_value": "p_value",
    "p_adjusted": "p_value",
    "note": "text",
}
_PAIR_LABELS: Final[Mapping[str, str]] = {
    "first": "Predictor",
    "second": "Other predictor",
    "cells": "Cells",
    "statistic": "LR chi-square",
    "p_adjusted": "Holm p",
}


def _placed_all(sample: Sample, bins: int | None) -> tuple[list[Placed], list[str]]:
    """Place the rows of every predictor; one that has no levels, or too many, is left out with the reason."""
    found, left_out = [], []
    for one in sample.predictors:
        try:
            own = _bins_of(one, bins)
            here = placed(one.values, one.events, one.nonevents, own)
        except DataError as problem:
            if sample.chosen:
                raise
            left_out.append(f"Left out: {problem}")
            continue
        if len(here.places) > MANY_LEVELS:
            left_out.append(f"Left out: {here.name} has {len(here.places)} levels; pool some of them.")
        elif len(here.places) < 2:
            left_out.append(f"Left out: {here.name} has one value only.")
        else:
            found.append(here)
    return found, left_out


def _bins_of(one: Predictor, bins: int | None) -> int | None:
    """Give how many bins a predictor is cut into, None for none."""
    if not is_number(one.values):
        return None
    wanted = FEW_BINS if bins is None else bins
    few = one.values.nunique() <= min(wanted, FEW_VALUES)
    return None if few else wanted


def _pair(sample: Sample, one: Placed, other: Placed) -> dict[str, Any]:
    """Test one pair."""
    crossed = _counted(sample.predictors[0], one, other, sample.event, ())
    fitted = additive(crossed.events, crossed.nonevents)
    tail = chi_square_tail(fitted.chi2, fitted.df)
    return {
        "first": one.name,
        "second": other.name,
        "cells": int((crossed.n > 0).sum()),
        "statistic": fitted.chi2 if fitted.df else math.nan,
        "df": fitted.df,
        "p_value": tail.p_value,
        "log10_p": tail.log10_p,
        "note": "rough" if _rough(crossed.n, fitted.expected) else "",
    }


def _pair_notes(frame: pd.DataFrame) -> Iterator[str]:
    yield (
        "Each pair is tested alone, on its cells; numbers are cut at their quantiles and missing values are a level. "
        "two_way_table() shows a pair; in a model with the other predictors an interaction can look otherwise."
    )
    if (frame["note"] == "rough").any():
        yield "rough: more than a fifth of the expected events or non-events are below 5; the p-value is a guide only."
    if (frame["df"] == 0).any():
        yield "A pair without degrees of freedom has no cells that an interaction could show in."
