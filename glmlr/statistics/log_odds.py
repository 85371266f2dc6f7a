"""What are the observed odds at each level or bin of one predictor? The log-odds table, before any model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from glmlr.binning import Binning, Closed, Cut
from glmlr.errors import OptionError, explained_arguments
from glmlr.levels import levels_of
from glmlr.predictor.drawing import scale_of
from glmlr.predictor.table import LogOddsTable, full_table
from glmlr.proportions import checked_level
from glmlr.sample import sample_of_data

Method = Literal["quantile", "width", "tree", "chimerge", "monotone", "optimal"]


@explained_arguments
def log_odds_table(
    data: Any,
    response: str,
    predictor: str,
    *,
    bins: Any = None,
    method: Method | None = None,
    log_base: Literal["natural", "e", 10] = "natural",
    closed: Closed | None = None,
    min_share: float | None = None,
    min_events: float | None = None,
    significance: float | None = None,
    direction: Literal["auto", "increasing", "decreasing", "any"] | None = None,
    rare: float | None = None,
    special: Any = (),
    positions: Mapping[Any, float] | None = None,
    event: Any = None,
    freq_weights: Any = None,
    level: float = 0.95,
) -> LogOddsTable:
    """Tabulate the observed odds of the event by level or bin of one predictor.

    Each level has its number of rows and their share, events, non-events, rate with a Wilson interval, odds, log-odds
    with its standard error sqrt(1 / events + 1 / non-events), weight of evidence ln(share of events / share of
    non-events) and its part of the information value, the sum of (difference of shares) * WoE. Missing values have a
    row of their own. Where a level has no event or no non-event, 1/2 is added to both its counts for the log-odds and
    WoE (Haldane 1956, Anscombe 1956), and to no other level's.

    Companion tables give the straight line through the log-odds by weighted least squares (Berkson 1944: weights
    n p (1 - p) at the mean of each bin, or at the value or middle of each level) beside the maximum-likelihood line
    through the rows themselves, where the levels have an order; each row against the one before it (chi-square and
    Fisher's exact test); and what the predictor tells as a whole (information value, likelihood-ratio and Pearson
    tests, Cochran-Armitage trend, c with DeLong's interval, KS).

    Args:
        data: a data frame, a mapping of columns, or a path.
        response: name of a column with two values, or "successes + failures": two columns of counts (grouped data).
        predictor: name of the column to look at.
        bins: for a number: how many bins, or their edges (always kept; values outside have rows of their own). By
            default a number with at most 10 distinct values is shown value by value, any other in 10 bins where there
            are 200 events and 200 non-events, else in 5. Or the bins of another table, `other_table.binning`, which are
            filled with these data and stay as they are.
        method: how edges are found: "quantile" (type 7; the default), "width" (equal width), "tree" (where the event
            rate changes most), "chimerge" (neighbours are merged until they differ significantly), "monotone" (adjacent
            violators pooled, so that the rate only rises or only falls) or "optimal" (the largest information value,
            found exactly, by default with a rate that only rises or only falls). "chimerge" also merges levels: ordered
            ones with their neighbours, others in the order of their event rates.
        log_base: "natural" (or "e") or 10, for the log-odds, their standard errors and the lines; WoE and the
            information value are natural.
        closed: which end of a bin belongs to it, "left" for [30, 40) (the default) or "right" for (30, 40].
        min_share: the least share of the rows in a bin; 0.05 by default ("tree", "chimerge", "monotone", "optimal").
        min_events: the fewest events, and the fewest non-events, in a bin; 0 by default (the same methods).
        significance: the level at which neighbours must differ: 0.05 by default for "chimerge", no such demand for
            "monotone" and "optimal".
        direction: of the event rate, for "monotone" and "optimal": "increasing", "decreasing" or "auto" (the better;
            the default); "optimal" also takes "any", for no order at all.
        rare: levels with a smaller share of the rows than this are pooled in one row, "Other".
        special: values with a row of their own, apart from all bins and levels: a list such as [-999, 9998], or a
            mapping of label to value or values such as {"refused": -1}.
        positions: level -> where it stands on the predictor's scale, for levels whose labels do not say ("70+").
        event: the value of the response that is the event; of grouped data the column that counts the events.
        freq_weights: rows that each row stands for: a column's name, a Series (aligned by index) or an array.
        level: confidence level of the intervals.

    Returns:
        A table with one row a level or bin, the special values, the missing ones, and a total; the chart "log_odds".
        Its `binning` holds the bins for use on other data: see `Binning`.

    Raises:
        DataError: a column that does not exist, dates, or no rows.
        ResponseError: a response that does not have two outcomes.
        OptionError: edges that are not increasing, fewer than two bins, options that a method or column does not take.

    """
    scale, confidence = scale_of(log_base), checked_level(level)
    options = (method, closed, min_share, min_events, significance, direction, rare)
    frozen = bins if isinstance(bins, Binning) else getattr(bins, "binning", None)
    if frozen is not None and (any(one is not None for one in options) or len(special)):
        raise OptionError(
            "bins= gives frozen bins, which nothing can change; leave out method= and all that goes with it."
        )
    cut = Cut(None if frozen is not None else bins, method, closed or "left", *options[2:], special)
    sample = sample_of_data(data, response, (predictor,), event=event, freq_weights=freq_weights)
    (one,) = sample.predictors
    found = levels_of(one.values, one.events, one.nonevents, cut=cut, positions=positions, frozen=frozen)
    table = full_table(found, sample.event, scale, confidence)
    return replace(table, notes=(sample.event.note, *sample.notes, *table.notes))
