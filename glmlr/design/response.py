"""Which outcome is the event? Code a two-valued response as 0 and 1, and say what was coded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import ResponseError, listing, suggestion
from glmlr.runs import in_threads, runs_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Event:
    """The outcome that is modelled.

    Attributes:
        response: name of the response as the formula gives it ("low", "dead + alive").
        level: the value that is the event (1, True, "yes", ...).
        other: the value that is not.
        stated: whether the user chose it, or it follows from 0/1 and bool; False where the larger value was taken.

    """

    response: str
    level: Any
    other: Any
    stated: bool = True

    @property
    def label(self) -> str:
        """Name the event: "low = 1"."""
        return f"{self.response} = {_shown(self.level)}"

    @property
    def other_label(self) -> str:
        """Name the outcome that is not the event: "low = 0"."""
        return f"{self.response} = {_shown(self.other)}"

    @property
    def note(self) -> str:
        """Say which outcome is modelled, and how it was chosen where nobody said."""
        text = f"Modelling P({self.label})."
        if not self.stated:
            text += (
                f" The larger of the two values was taken as the event; event={_shown(self.other, quote=True)} "
                "would model the other one."
            )
        return text


def _shown(value: Any, quote: bool = False) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    if isinstance(value, np.generic):
        value = value.item()
    return repr(value) if quote else str(value)


def code_response(values: pd.Series, response: str, event: Any = None) -> tuple[Floats, Event]:
    """Code a response without missing values as 0.0 and 1.0.

    {0, 1} and bool need no `event`: 1 and True are the event. Of any other two values `event` says which; without it
    the larger sorted value is taken and `Event.stated` is False.

    Args:
        values: shape (n,), no missing values.
        response: its name, for messages.
        event: the value that is the event, or None.

    Returns:
        Outcomes of shape (n,) and the `Event`.

    Raises:
        ResponseError: no value, one, three or more, or an `event` that does not occur. The message lists values and
            counts.

    """
    if event is None and (quick := _plainly_binary(values)) is not None:
        return quick, Event(response, *((True, False) if values.dtype == bool else (1, 0)))
    counts = values.value_counts(sort=False)
    chosen = event_among(dict(zip(counts.index.tolist(), counts.tolist(), strict=True)), response, event)
    return _indicator(values, chosen.level), chosen


def event_among(counts: Mapping[Any, int], response: str, event: Any = None) -> Event:
    """Choose the event among the values of a response, each with its number of rows; see `code_response`.

    Raises:
        ResponseError: no value, one, three or more, or an `event` that does not occur.

    """
    levels = _sorted([level for level, rows in counts.items() if rows > 0])
    if not levels:
        raise ResponseError(f"The response {response!r} has no values; there are no rows.")
    if len(levels) != 2:
        what = "one value only" if len(levels) == 1 else f"{len(levels)} values"
        tally = listing([f"{_shown(v, quote=True)} ({counts[v]} rows)" for v in levels])
        advice = (
            "a model needs both events and non-events"
            if len(levels) == 1
            else "recode it to the two you want to compare, drop the other rows, or model all of them with "
            'family="multinomial"'
        )
        raise ResponseError(f"The response {response!r} has {what}: {tally}; {advice}.")
    low, high = levels
    natural = _is_binary_number(low, high)
    if event is None:
        return Event(response, high, low, stated=natural)
    match = [level for level in levels if _same(level, event)]
    if not match:
        hint = suggestion(event, [v for v in levels if isinstance(v, str)]) if isinstance(event, str) else ""
        have = " and ".join(_shown(v, quote=True) for v in levels)
        raise ResponseError(
            f"event={event!r} is not a value of the response {response!r}, which has {have}{hint or '.'}"
        )
    chosen = match[0]
    return Event(response, chosen, low if chosen is high else high)


def _plainly_binary(values: pd.Series) -> Floats | None:
    """Give a numpy column that holds 0 and 1, both of them, as floats without counting its values; None otherwise."""
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind not in "biuf":
        return None
    given = values.to_numpy()
    y = np.empty(given.size)

    def fill(rows: slice) -> int:
        """Count the ones; -1 where something else is there."""
        ones = np.equal(given[rows], 1)
        zeros = np.equal(given[rows], 0)
        found = int(np.count_nonzero(ones))
        y[rows] = ones
        return found if found + int(np.count_nonzero(zeros)) == ones.size else -1

    found = in_threads(fill, runs_of(given.size))
    return y if min(found, default=-1) >= 0 and 0 < sum(found) < y.size else None


def _indicator(values: pd.Series, level: Any) -> Floats:
    return np.asarray((values == level).to_numpy(dtype=bool), dtype=np.float64)


def _is_binary_number(low: Any, high: Any) -> bool:
    if isinstance(low, (bool, np.bool_)):
        return True
    return isinstance(low, (int, float, np.number)) and float(low) == 0.0 and float(high) == 1.0


def _same(level: Any, event: Any) -> bool:
    if isinstance(level, str) != isinstance(event, str):
        return False
    return bool(level == event)


def _sorted(levels: list[Any]) -> list[Any]:
    try:
        return sorted(levels)
    except TypeError:
        return sorted(levels, key=lambda value: (type(value).__name__, str(value)))
