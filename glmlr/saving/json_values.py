"""How do numbers, levels and matrices stand in a JSON file, so that they come back to the last bit?

A float is written with the fewest digits that give the same float again, as Python's `repr` does. JSON has no number
for what is not finite; there the text "inf", "-inf" or "nan" stands. What is read is checked before it is believed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable, SourceError

Floats = npt.NDArray[np.float64]

_NOT_FINITE: Final[Mapping[str, float]] = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
#: Characters that a reader takes in as one line.
_SHORT: Final = 100
_SIDES: Final = ("left", "right", "both", "neither")


# ------------------------------------------------------------------------------------------------ writing


def plain_number(value: float) -> float | str:
    """Give a number as JSON can hold it.

    >>> plain_number(0.1), plain_number(float("-inf"))
    (0.1, '-inf')
    """
    value = float(value)
    return value if math.isfinite(value) else repr(value)


def plain_numbers(values: npt.ArrayLike) -> Any:
    """Give an array as lists within lists, a single number as itself."""
    array = np.asarray(values, dtype=np.float64)
    return plain_number(float(array)) if array.ndim == 0 else [plain_numbers(part) for part in array]


def plain_symmetric(matrix: Floats) -> list[list[float | str]]:
    """Give a matrix as its rows, each up to the diagonal where the rest mirrors it to the last bit."""
    mirrored = np.array_equal(matrix, matrix.T, equal_nan=True)
    rows: list[list[float | str]] = [plain_numbers(row[: at + 1] if mirrored else row) for at, row in enumerate(matrix)]
    return rows


def plain_level(value: Any, whose: str) -> Any:
    """Give a level of a factor, or a value of the response, so that its type comes back too.

    Args:
        value: text, a bool, a whole number, a float, or a pandas Interval of numbers.
        whose: what it is a level of, for the message.

    Raises:
        NotApplicable: a date, or anything else.

    """
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": plain_number(value)}
    if isinstance(value, pd.Interval):
        ends = [end.item() if isinstance(end, np.generic) else end for end in (value.left, value.right)]
        if all(isinstance(end, (int, float)) for end in ends):
            return {
                "interval": [plain_number(end) if isinstance(end, float) else end for end in ends],
                "closed": value.closed,
            }
    raise NotApplicable(
        f"{whose} has the level {str(value)!r} of type {type(value).__name__}, which a model file cannot hold; its "
        "levels are text, numbers, True and False, and intervals of numbers: convert the column and fit again."
    )


def laid_out(value: Any, indent: str = "") -> str:
    """Write JSON for readers: what is short, or a list of plain values, stands on one line.

    >>> print(laid_out({"names": ["a", "b"], "rows": [[1.0], [0.5, 2.0]]}))
    {"names": ["a", "b"], "rows": [[1.0], [0.5, 2.0]]}
    """
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(line) <= _SHORT or not any(isinstance(part, (dict, list)) for part in parts):
        # Half of a surrogate pair, which a name may hold by accident, is no text that a file can hold.
        return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half.group()):04x}", line)
    inner = indent + " "
    lines = [laid_out(part, inner) for part in parts]
    if isinstance(value, dict):
        lines = [f"{laid_out(name)}: {line}" for name, line in zip(value, lines, strict=True)]
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{first}\n" + ",\n".join(inner + line for line in lines) + f"\n{indent}{last}"


# ------------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True, eq=False)
class Fields:
    """An object of a JSON file; each value is asked for as what it has to be.

    Attributes:
        values: what was read.
        place: where it stands in the file, such as "factors[2]", for messages; "" for the whole.

    Every method raises a `SourceError` that names the place of a value which is absent or something else.

    """

    values: Mapping[str, Any]
    place: str = ""

    def wrong(self, name: str, expected: str) -> SourceError:
        """Say what a value is not."""
        return SourceError(f"its {self._at(name)!r} is not {expected}.")

    def _at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def _value(self, name: str) -> Any:
        if name not in self.values:
            raise SourceError(f"it has no {self._at(name)!r}.")
        return self.values[name]

    def text(self, name: str) -> str:
        """Give a text."""
        value = self._value(name)
        if not isinstance(value, str):
            raise self.wrong(name, "a text")
        return value

    def truth(self, name: str) -> bool:
        """Give True or False."""
        value = self._value(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def whole(self, name: str, most: float = math.inf) -> int:
        """Give a whole number from 0 to `most`."""
        value = self._value(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            upto = "" if most == math.inf else f" and at most {most}"
            raise self.wrong(name, f"a whole number of at least 0{upto}")
        return value

    def number(self, name: str) -> float:
        """Give a finite number."""
        return float(self.numbers(name, ()))

    def listed(self, name: str, length: int | None = None) -> list[Any]:
        """Give a list, of this length where one is stated."""
        value = self._value(name)
        if not isinstance(value, list) or length not in (None, len(value)):
            raise self.wrong(name, "a list" + ("" if length is None else f" of {length}"))
        return value

    def texts(self, name: str, length: int | None = None) -> tuple[str, ...]:
        """Give a list of texts."""
        values = self.listed(name, length)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(name, "a list of texts")
        return tuple(values)

    def within(self, name: str) -> Fields:
        """Give an object inside this one."""
        value = self._value(name)
        if not isinstance(value, dict):
            raise self.wrong(name, "an object")
        return Fields(value, self._at(name))

    def optional(self, name: str) -> Fields | None:
        """Give an object inside this one, or None where null stands."""
        return None if self._value(name) is None else self.within(name)

    def each(self, name: str, length: int | None = None) -> list[Fields]:
        """Give the objects of a list."""
        values = self.listed(name, length)
        if not all(isinstance(value, dict) for value in values):
            raise self.wrong(name, "a list of objects")
        return [Fields(value, f"{self._at(name)}[{at}]") for at, value in enumerate(values)]

    def numbers(self, name: str, shape: tuple[int, ...] | None = None, *, finite: bool = True) -> Floats:
        """Give an array of this shape, read-only; any shape of at most two dimensions where none is stated."""
        value = self._value(name)
        wanted = _shape_of(value) if shape is None else shape
        try:
            flat = np.array(list(_flat(value, wanted)), dtype=np.float64)
        except (TypeError, OverflowError):
            size = "numbers" if shape is None else f"{' x '.join(map(str, shape))} numbers" if shape else "a number"
            raise self.wrong(name, size) from None
        if finite and not np.isfinite(flat).all():
            raise self.wrong(name, "finite")
        array = flat.reshape(wanted)
        array.flags.writeable = False
        return array

    def symmetric(self, name: str, size: int) -> Floats:
        """Give a square matrix that was written by `plain_symmetric`, read-only; it may hold NaN."""
        rows = self.listed(name, size)
        lengths = [len(row) if isinstance(row, list) else -1 for row in rows]
        matrix = np.empty((size, size))
        try:
            if lengths not in ([size] * size, list(range(1, size + 1))):
                raise TypeError
            for at, row in enumerate(rows):
                matrix[at, : len(row)] = list(_flat(row, (len(row),)))
        except (TypeError, OverflowError):
            expected = f"a matrix of {size} x {size} numbers, or its rows up to the diagonal"
            raise self.wrong(name, expected) from None
        if size and lengths[0] < size:
            above = np.triu_indices(size, 1)
            matrix[above] = matrix.T[above]
        matrix.flags.writeable = False
        return matrix

    def level(self, name: str) -> Any:
        """Give what `plain_level` wrote."""
        try:
            return _level_of(self._value(name))
        except (TypeError, OverflowError):
            raise self.wrong(name, "a text, a number, true or false, or an interval of numbers") from None

    def levels(self, name: str) -> tuple[Any, ...]:
        """Give a list of levels, no two of which are the same."""
        values = self.listed(name)
        try:
            found = tuple(map(_level_of, values))
        except (TypeError, OverflowError):
            raise self.wrong(name, "a list of texts, numbers, true and false, or intervals of numbers") from None
        if len(set(found)) != len(found):
            raise self.wrong(name, "a list in which each level stands once")
        return found


def parsed_json(text: str) -> Any:
    """Read JSON.

    Raises:
        ValueError: it is none, or holds a number that JSON does not have.

    """

    def refuse(word: str) -> float:
        raise ValueError(f"{word} is no number of JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _shape_of(value: Any) -> tuple[int, ...]:
    """Give the shape of lists within lists; deeper ones than a matrix have none that fits them."""
    if not isinstance(value, list):
        return ()
    inner = value[0] if value else None
    return (len(value), len(inner)) if isinstance(inner, list) else (len(value),)


def _flat(value: Any, shape: Sequence[int]) -> Iterator[float]:
    """Give the numbers of lists within lists one by one; a TypeError where they have another shape."""
    if shape:
        if not isinstance(value, list) or len(value) != shape[0]:
            raise TypeError
        for part in value:
            yield from _flat(part, shape[1:])
    elif isinstance(value, str) and value in _NOT_FINITE:
        yield _NOT_FINITE[value]
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)
    else:
        raise TypeError


def _level_of(value: Any) -> Any:
    """Give what `plain_level` wrote; a TypeError where it is something else."""
    if isinstance(value, (str, bool, int, float)):
        return value
    if not isinstance(value, dict):
        raise TypeError
    if value.keys() == {"float"}:
        (number,) = _flat([value["float"]], (1,))
        return number
    if value.keys() != {"interval", "closed"} or value["closed"] not in _SIDES:
        raise TypeError
    ends = list(_flat(value["interval"], (2,)))
    if not ends[0] <= ends[1]:
        raise TypeError
    # A whole number stays one.
    low, high = (given if isinstance(given, int) else end for given, end in zip(value["interval"], ends, strict=True))
    return pd.Interval(low, high, closed=value["closed"])
