"""How much does each row count, and where does it belong? Weights, offsets and clusters, checked and lined up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.response import Event
from glmlr.errors import DataError, OptionError, WeightError, listing, suggestion
from glmlr.sources import Column, Source, classified

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


def lined_up(values: Any, argument: str, source: Source) -> Column:
    """Line values up with the rows: a column by name, a Series by its index, anything else by position.

    Args:
        values: a column name, a Series, or one value per row.
        argument: what the argument is called, for messages.
        source: the rows.

    Raises:
        DataError: no such column, the wrong number of values, labels of the index without a value (a `WeightError`
            for weights).

    """
    if isinstance(values, str):
        if values not in source.names:
            hint = suggestion(values, source.names) or f"; there are {listing(source.names)}."
            raise DataError(f"{argument}={values!r}: column {values!r} not found{hint}")
        return source.column(values)
    if isinstance(values, pd.Series):
        return classified(_by_index(values, argument, source.index), argument)
    if hasattr(values, "to_pandas"):
        values = values.to_pandas()
    array: Any = values.array if isinstance(values, (pd.Index, pd.Series)) else np.asarray(values)
    if isinstance(array, np.ndarray) and array.ndim == 2 and 1 in array.shape:
        array = array.ravel()
    rows = len(source.index)
    if np.ndim(array) != 1 or len(array) != rows:
        shape = "a single value" if np.ndim(array) == 0 else f"shape {np.shape(array)}"
        given = f"{len(array)} values" if np.ndim(array) == 1 else shape
        raise _error_of(argument)(
            f"{argument} has {given} for {rows:,} rows; give one per row, or the name of a column."
        )
    return classified(pd.Series(array), argument)


def _error_of(argument: str) -> type[DataError]:
    return WeightError if "weight" in argument else DataError


def _by_index(values: pd.Series, argument: str, index: pd.Index) -> pd.Series:
    if values.index.equals(index):
        return values
    if not values.index.is_unique or not index.is_unique:
        which = "its own" if not values.index.is_unique else "the data's"
        raise _error_of(argument)(
            f"{argument} is a Series whose index differs from that of the data, and {which} index repeats labels, so "
            "the rows cannot be matched; give an array to go by position."
        )
    position = values.index.get_indexer(index)
    absent = position < 0
    if absent.any():
        raise _error_of(argument)(
            f"{argument} is a Series without a value for {int(absent.sum()):,} of the {len(index):,} rows (index "
            f"{listing(map(repr, index[absent][:3].tolist()))}); Series are matched by index, arrays by position."
        )
    return values.iloc[position]


def numbers_of(column: Column, argument: str, error: type[DataError] = DataError) -> Floats:
    """Give the values of a column as float64 with NaN where missing, shape (m,); refuse what is no number."""
    if column.kind not in ("number", "truth", "nothing"):
        raise error(f"{named(argument, column)} must hold numbers, not {_held(column)}.")
    values = np.asarray(column.values, dtype=np.float64)
    if column.missing is not None:
        values = np.where(column.missing, np.nan, values)
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise error(
            f"{named(argument, column)} must be finite; {infinite:,} of the {values.size:,} values are infinite."
        )
    return values


def named(argument: str, column: Column) -> str:
    """Name an argument and the column it stands for."""
    return argument if column.name == argument else f"{argument} (column {column.name!r})"


def _held(column: Column) -> str:
    return {"category": "text or categories", "mixed": "a mixture of text and numbers", "date": "dates"}[column.kind]


def weights_of(values: Any, argument: str, source: Source, *, whole: bool) -> Floats | None:
    """Give checked weights of all rows, shape (m,), or None where there are none.

    Args:
        values: as `lined_up`, or None.
        argument: "freq_weights" or "sample_weight".
        source: the rows.
        whole: whether they are counts.

    Raises:
        WeightError: missing, negative or infinite weights, fractions where counts are needed, or nothing but zeros.

    """
    if values is None:
        return None
    column = lined_up(values, argument, source)
    weights = checked_weights(column, argument, whole=whole)
    if weights.size:
        refuse_all_zero(named(argument, column), float(weights.max()))
    return weights


def refuse_all_zero(name: str, largest: float) -> None:
    """Refuse weights of which the largest is 0."""
    if largest == 0:
        raise WeightError(f"{name} is 0 in every row; at least one row must count.")


def checked_weights(column: Column, argument: str, *, whole: bool) -> Floats:
    """Give the weights in a column, shape (m,); see `weights_of`.

    Raises:
        WeightError: missing, negative or infinite weights, or fractions where counts are needed.

    """
    weights = numbers_of(column, argument, WeightError)
    name = named(argument, column)
    if missing := int(np.isnan(weights).sum()):
        raise WeightError(
            f"{name} is missing (NaN) in {missing:,} of the {weights.size:,} rows; give every row a weight."
        )
    if negative := int((weights < 0).sum()):
        raise WeightError(f"{name} is negative in {negative:,} of the {weights.size:,} rows; weights are 0 or more.")
    if whole and (fractions := int((weights != np.rint(weights)).sum())):
        raise WeightError(
            f"{name} counts rows and must be whole; {fractions:,} of the {weights.size:,} weights are fractions (such "
            f"as {weights[weights != np.rint(weights)][0]:g}). Weights of importance go into sample_weight= or "
            "class_weight=."
        )
    return weights


def class_weights_of(option: Any, event: Event, events: float, trials: float) -> tuple[float, float] | None:
    """Give (weight of the non-events, weight of the events).

    "balanced" is n / (2 n_k), n counted with frequencies (King & Zeng 2001; scikit-learn's heuristic).

    Args:
        option: None, "balanced", {class: weight} with both classes, or the weight of a non-event : that of an event,
            such as "1:100", "0.01:1" or "1/100:1". Classes are values of the response, their text, or 0 for the
            non-event and 1 for the event where the response has other values.
        event: which class is the event.
        events: number of events, counted with frequencies.
        trials: number of rows, counted with frequencies.

    Raises:
        OptionError: anything else.

    """
    if option is None:
        return None
    if isinstance(option, str):
        if ":" in option:
            return _of_ratio(option, event)
        if option != "balanced":
            raise OptionError(
                f"class_weight={option!r} is not 'balanced', a ratio such as '1:100', or a dict such as "
                f"{{{_plain(event.other)!r}: 1, {_plain(event.level)!r}: 10}}"
                f"{suggestion(option, ['balanced']) or '.'}"
            )
        return trials / (2.0 * (trials - events)), trials / (2.0 * events)
    if not isinstance(option, Mapping):
        raise OptionError(
            f"class_weight must be 'balanced', a ratio such as '1:100' or a dict of both classes, not a "
            f"{type(option).__name__}; weights of single rows are sample_weight=."
        )
    return _by_class(option, event)


def _of_ratio(given: str, event: Event) -> tuple[float, float]:
    """Read a ratio such as "1:100", the weight of a non-event to that of an event."""
    try:
        other, level = (_number(part) for part in given.split(":"))
    except (ValueError, ZeroDivisionError):
        raise OptionError(
            f"The weights {given!r} are not a ratio of two numbers; write '1:100' for events that weigh a hundredfold."
        ) from None
    return _checked(event.other, other), _checked(event.level, level)


def _number(words: str) -> float:
    """Read a number or a fraction, "0.01" or "1/100"."""
    over, slash, under = words.partition("/")
    return float(over) / float(under) if slash else float(over)


def _by_class(option: Mapping[Any, Any], event: Event) -> tuple[float, float]:
    classes = (event.other, event.level)
    coded = _coded(option, classes)
    found: dict[int, float] = {}
    for label, weight in option.items():
        place = int(label) if coded else _place_of(label, classes)
        if place is None:
            hint = suggestion(label, [c for c in classes if isinstance(c, str)]) if isinstance(label, str) else ""
            raise OptionError(
                f"class_weight has a weight for {label!r}, which is not a value of the response {event.response!r} "
                f"({_plain(classes[0])!r} and {_plain(classes[1])!r}){hint or '.'}"
            )
        if place in found:
            raise OptionError(f"class_weight names {_plain(classes[place])!r} twice; give each class one weight.")
        found[place] = _checked(label, weight)
    if len(found) != 2:
        absent = next(_plain(known) for k, known in enumerate(classes) if k not in found)
        raise OptionError(f"class_weight has no weight for {absent!r}; give both classes one.")
    return found[0], found[1]


def _checked(label: Any, weight: Any) -> float:
    if not isinstance(weight, (int, float, np.number)) or not np.isfinite(weight) or not float(weight) > 0:
        raise OptionError(f"class_weight of {_plain(label)!r} is {weight!r}; a class weight is a number above 0.")
    return float(weight)


def _place_of(label: Any, classes: tuple[Any, Any]) -> int | None:
    """Find a label among the classes by its value, else by its text."""
    for k, known in enumerate(classes):
        if isinstance(known, str) == isinstance(label, str) and known == label:
            return k
    texts = [str(_plain(known)) for known in classes]
    return texts.index(str(_plain(label))) if str(_plain(label)) in texts else None


def _coded(option: Mapping[Any, Any], classes: tuple[Any, Any]) -> bool:
    """Whether the labels are 0 and 1 (False and True), neither of which is a class: the coding of the response."""
    numbers = all(isinstance(label, (bool, int, float, np.bool_, np.number)) and label in (0, 1) for label in option)
    return numbers and all(_place_of(label, classes) is None for label in option)


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def clusters_of(column: Column) -> Integers:
    """Number the clusters 0, 1, ... by first appearance, shape (m,); -1 where missing."""
    values = column.values
    codes = values.codes if column.kind in ("category", "mixed") else pd.factorize(np.asarray(values))[0]
    codes = np.asarray(codes, dtype=np.intp).copy()
    if column.missing is not None:
        codes[column.missing] = -1
    return codes
