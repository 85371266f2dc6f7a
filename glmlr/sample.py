"""Which rows does a look at the data alone use? Predictors beside a coded response, without a formula or a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design import DesignInMemory
from glmlr.design.designed import Design
from glmlr.design.response import Event, code_response
from glmlr.design.weights import weights_of
from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError, ResponseError, listing, suggestion
from glmlr.sources import Source, classified, read
from glmlr.sources.value_counts import MOST_VALUES, NumberCounts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Predictor:
    """One predictor beside a coded response (n rows, or values that stand for rows).

    Attributes:
        values: the predictor, shape (n,), named; values may be missing.
        events: weight of the events in each row, shape (n,).
        nonevents: weight of the non-events in each row, shape (n,).

    """

    values: pd.Series
    events: Floats
    nonevents: Floats


@dataclass(frozen=True, eq=False)
class Sample:
    """Predictors beside a coded response.

    Attributes:
        predictors: in order.
        event: the outcome that is the event.
        notes: sentences: which rows were left out.
        chosen: whether the predictors were named one by one, or are all there are.

    """

    predictors: tuple[Predictor, ...]
    event: Event
    notes: tuple[str, ...] = ()
    chosen: bool = True


def sample_of_design(design: Design) -> Sample:
    """Take the rows that a fit uses and the predictors its formula reads; importance weights play no part."""
    read = list(dict.fromkeys(name for term in design.terms for name in term.variables))
    weighted = ("Class and sample weights play no part here.",) if design.weighted else ()
    if isinstance(design, DesignInMemory):
        return Sample(_held(design, read), design.event, weighted)
    from glmlr.design.streamed import StreamedDesign

    found = design.by_value(read) if isinstance(design, StreamedDesign) else {}
    rough = [name for name, counts in found.items() if isinstance(counts, NumberCounts) and counts.gathered().shift]
    if rough:
        note = (
            f"{listing(rough)}: more than {MOST_VALUES:,} different values; values that differ in late digits only are "
            "counted together, so that edges and c are approximate."
        )
        weighted = (*weighted, note)
    return Sample(tuple(Predictor(*found[name].predictor(name)) for name in read), design.event, weighted)


def _held(design: DesignInMemory, read: Sequence[str]) -> tuple[Predictor, ...]:
    trials = np.ones_like(design.y) if design.weight is None else design.weight
    events = design.y * trials
    # A share of whole trials gives its count back to the last bit.
    whole = np.rint(events)
    events = np.where((np.rint(trials) == trials) & (np.abs(events - whole) < 1e-6), whole, events)
    columns = [design.columns[name].rename(name) for name in read if name in design.columns]
    return tuple(Predictor(values, events, trials - events) for values in columns)


def sample_of_data(
    data: Any,
    response: str,
    predictors: Sequence[str] | None = None,
    *,
    event: Any = None,
    freq_weights: Any = None,
) -> Sample:
    """Code the response of any data and take predictors from it.

    Args:
        data: a data frame, a dict of columns, or the path of a CSV or Parquet file.
        response: name of a column with two values, or "successes + failures": two columns of counts (grouped data).
        predictors: names of columns; None for all but the response and the weights.
        event: the value of the response that is the event; of grouped data the column that counts the events.
        freq_weights: rows that each row stands for: a column's name, a Series (aligned by index) or an array.

    Rows without a response and rows of weight 0 are left out and counted in the notes.

    Raises:
        DataError: a column that does not exist, or no rows.
        ResponseError: a response that does not have two outcomes, or counts that are none.
        ArgumentError: something that holds no columns.
        SourceError: a file that cannot be read.
        WeightError: weights that are missing, negative, infinite, fractions, of the wrong length or all zero.

    """
    if not isinstance(data, pd.DataFrame) and _in_parts(data):
        raise NotApplicable(
            "Predictors of rows that are read in parts are looked at through a fit: glmlr.fit(formula, data).screen(); "
            "of data alone this needs the rows in memory."
        )
    source = read(data)
    if not len(source.index):
        raise DataError("The data have no rows; there is nothing to look at.")
    responses = _response_columns(source, response)
    outcome = [source.raw(name) for name in responses]
    weight = weights_of(freq_weights, "freq_weights", source, whole=True)
    keep, notes = _complete(outcome, weight)
    if not keep.any():
        raise DataError(f"No row has a response {response!r} and a weight above 0; there is nothing to look at.")
    outcome = [values[keep] for values in outcome]
    if len(responses) == 2:
        events, nonevents, coded = _counts(outcome, event)
    else:
        events, coded = code_response(outcome[0], responses[0], event)
        nonevents = 1.0 - events
    if weight is not None:
        events, nonevents = events * weight[keep], nonevents * weight[keep]
    names = _predictors(source, responses, predictors, freq_weights)
    chosen = tuple(Predictor(source.raw(name)[keep], events, nonevents) for name in names)
    return Sample(chosen, coded, tuple(notes), predictors is not None)


def _in_parts(data: Any) -> bool:
    """Say whether the rows are read in parts; what reads them is loaded where they may be."""
    from glmlr.sources.parts import rows_in_parts

    return rows_in_parts(data) is not None


def _column(source: Source, name: object) -> str:
    """Return the name of a column, or say that there is none."""
    if not isinstance(name, str):
        raise ArgumentError(f"A column is named by text, not by {name!r}.")
    if name not in source.names:
        hint = suggestion(name, source.names) or f"; the columns are {listing(map(repr, source.names))}."
        raise DataError(f"The column {name!r} is not in the data{hint}")
    return name


def _response_columns(source: Source, response: str) -> tuple[str, ...]:
    """Give the column of the response, or the two columns of "successes + failures"."""
    if isinstance(response, str) and response not in source.names and "+" in response:
        parts = tuple(_column(source, part.strip().strip("`")) for part in response.split("+"))
        if len(parts) != 2 or parts[0] == parts[1]:
            raise ResponseError(
                f"The response {response!r} must be two different columns of counts: events + non-events."
            )
        return parts
    return (_column(source, response),)


def _predictors(
    source: Source, responses: tuple[str, ...], predictors: Sequence[str] | None, freq_weights: Any
) -> tuple[str, ...]:
    if predictors is None:
        weights = (freq_weights,) if isinstance(freq_weights, str) else ()
        names = tuple(name for name in source.names if name not in (*responses, *weights))
        if not names:
            raise DataError("The data have no column beside the response; there is no predictor to look at.")
        return names
    if isinstance(predictors, str):
        predictors = (predictors,)
    names = tuple(dict.fromkeys(_column(source, name) for name in predictors))
    for name in names:
        if name in responses:
            raise OptionError(f"The column {name!r} is the response; it cannot be its own predictor.")
    return names


def _complete(outcome: list[pd.Series], weight: Floats | None) -> tuple[Bools, list[str]]:
    """Find the rows with a response and a weight, and say how many have none."""
    lost = np.any([values.isna().to_numpy(dtype=bool) for values in outcome], axis=0)
    named = " + ".join(str(values.name) for values in outcome)
    notes = [f"{int(lost.sum()):,} of {lost.size:,} rows have no {named} and are left out."] if lost.any() else []
    if weight is None:
        return ~lost, notes
    zero = weight == 0
    if zero.any():
        notes.append(f"{int(zero.sum()):,} rows of weight 0 are left out.")
    return ~(lost | zero), notes


def _counts(outcome: list[pd.Series], event: Any) -> tuple[Floats, Floats, Event]:
    """Read two columns of counts: the first counts the events, unless `event` names the other one."""
    names = [str(values.name) for values in outcome]
    if event is not None and event not in names:
        hint = suggestion(str(event), names) or f"; it is {names[0]!r} or {names[1]!r}."
        raise ResponseError(f"event={event!r} is none of the two columns of counts{hint}")
    chosen = 1 if event == names[1] else 0
    counts = [_counted(values) for values in outcome]
    return counts[chosen], counts[1 - chosen], Event(" + ".join(names), names[chosen], names[1 - chosen])


def _counted(values: pd.Series) -> Floats:
    """Read one column of counts."""
    name = str(values.name)
    found = classified(values, name)
    if found.kind != "number":
        raise ResponseError(f"The column {name!r} does not hold counts, which a response of two columns needs.")
    counts = np.asarray(found.values, dtype=np.float64)
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise ResponseError(f"The column {name!r} of counts holds values below 0 or infinite ones.")
    if not counts.sum() > 0:
        raise ResponseError(f"The column {name!r} counts nothing; there must be both events and non-events.")
    return counts
