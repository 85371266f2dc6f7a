"""What may be done with a row by itself? Comparisons, conditions and functions that give each row its own value.

Operands are checked first: text is not compared with numbers, categories without an order are not ordered, and a list
has no rows. What would silently be False, or depend on the other rows, is refused in a sentence.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.language.categories import Factor, Labels, labelled

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def number(value: Any) -> Any:
    """Give a value as numbers for arithmetic: bools become 0 and 1; text and dates are refused.

    Raises:
        TypeError: with a sentence part that says what the value is.

    """
    if isinstance(value, Labels):
        raise TypeError(f"the column {value.name!r} holds categories, where numbers are needed")
    if isinstance(value, Factor):
        raise TypeError("C(...) makes categories, where numbers are needed")
    if isinstance(value, pd.Series):
        raise TypeError(f"the column {value.name!r} holds dates or durations, where numbers are needed")
    if isinstance(value, (str, bytes)) or value is None:
        raise TypeError(f"{value!r} stands where a number is needed")
    if isinstance(value, (list, tuple)):
        raise TypeError("a list stands where one value a row is needed")
    if isinstance(value, (bool, int, float)):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{array.ravel()[:1].tolist()} stands where numbers are needed")
    return array.astype(np.float64) if array.dtype.kind == "b" or array.dtype.itemsize < 8 else array


def truth(value: Any) -> Any:
    """Give a condition as bools; 0/1 numbers will do.

    Raises:
        TypeError: anything else.

    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    array = np.asarray(number(value) if not isinstance(value, np.ndarray) else value)
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind in "iuf" and np.isin(array, (0, 1)).all():
        return array == 1
    raise TypeError("a condition is needed, such as (age > 30)")


# ------------------------------------------------------------------------------------------------ operators

_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compared(left: Any, sign: str, right: Any) -> Any:
    """Compare two values row by row; what cannot be equal is refused instead of being False.

    Raises:
        TypeError: text with numbers, or an order of levels that has none.

    """
    if isinstance(right, (Labels, pd.Series)) and not isinstance(left, (Labels, pd.Series)):
        return compared(right, _MIRRORED[sign], left)
    if isinstance(left, Labels):
        return _compared_labels(left, sign, right)
    if isinstance(left, pd.Series):
        return _compared_dates(left, sign, right)
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError(f"numbers are compared with the text {left if isinstance(left, str) else right!r}")
    return _COMPARE[sign](number(left), number(right))


def _compared_labels(left: Labels, sign: str, right: Any) -> Any:
    compare = _COMPARE[sign]
    if isinstance(right, Labels):
        if sign in ("==", "!="):
            return np.asarray(compare(left.values(), right.values()), dtype=bool)
        if not (left.ordered and left.levels == right.levels):
            raise TypeError(f"the levels of {left.name!r} and {right.name!r} have no common order")
        return compare(left.codes, right.codes)
    if isinstance(right, (np.ndarray, list, tuple, pd.Series)) or right is None:
        raise TypeError(f"the categories of {left.name!r} are compared with something else; compare with one level")
    _refuse_other_kind(left, right)
    if sign in ("==", "!="):
        return left.where(lambda level: bool(compare(level, right)))
    if not left.ordered:
        raise TypeError(f"the levels of {left.name!r} have no order for {sign!r}; give it an ordered categorical dtype")
    if right not in left.levels:
        raise TypeError(f"{right!r} is not a level of {left.name!r}")
    return np.asarray(compare(left.codes, left.levels.index(right)))


def _refuse_other_kind(labels: Labels, value: Any) -> None:
    kinds = {isinstance(level, str) for level in labels.levels}
    if kinds and isinstance(value, str) not in kinds:
        what = "text" if True in kinds else "no text"
        raise TypeError(f"the column {labels.name!r} holds {what} and is compared with {value!r}")


def _compared_dates(left: pd.Series, sign: str, right: Any) -> Any:
    if isinstance(right, str):
        zone = getattr(left.dt, "tz", None)
        right = pd.Timestamp(right, tz=zone) if left.dtype.kind == "M" else pd.Timedelta(right)
    elif not isinstance(right, pd.Series):
        raise TypeError(f"the column {left.name!r} holds dates; compare it with a text such as '2024-01-31'")
    return np.asarray(
        _COMPARE[sign](left.to_numpy(), right.to_numpy())
        if isinstance(right, pd.Series)
        else _COMPARE[sign](left, right),
        dtype=bool,
    )


def powered(base: Any, exponent: Any) -> Any:
    """Raise to a power in floating point: whole numbers neither overflow nor take for ever."""
    return np.power(np.asarray(number(base), dtype=np.float64), np.asarray(number(exponent), dtype=np.float64))


# ------------------------------------------------------------------------------------------------ row-wise functions

_OF_ONE: Final = (
    "log log2 log10 log1p exp exp2 expm1 sqrt cbrt abs absolute fabs sign square reciprocal sin cos tan "
    "arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh floor ceil trunc rint degrees radians "
    "deg2rad rad2deg negative "
)
_UNARY: Final = _OF_ONE.split()
_OF_TWO: Final = (
    "minimum maximum fmin fmax arctan2 hypot mod remainder fmod floor_divide add subtract multiply divide logaddexp "
)
_BINARY: Final = _OF_TWO.split()


def _taking(count: int, operand: Callable[[Any], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """Take exactly so many arguments: further ones would be numpy's `out` and write into the data."""

    def call(*values: Any, **options: Any) -> Any:
        if options:
            raise TypeError(f"it takes no argument {next(iter(options))!r}")
        if len(values) != count:
            raise TypeError(f"it takes {count} argument{'s' if count > 1 else ''}, and {len(values)} are given")
        return function(*map(operand, values))

    return call


def as_float(value: Any) -> Any:
    """Give a value, or a list of numbers, as float64: a small integer type would give a float of half precision."""
    if isinstance(value, (list, tuple)):
        value = np.asarray(value)
    return np.asarray(number(value), dtype=np.float64)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """Choose row by row between two values, numbers or text."""
    chosen = truth(condition)
    if any(isinstance(value, (Labels, str)) for value in (yes, no)):
        one, other = (value.values() if isinstance(value, Labels) else value for value in (yes, no))
        if not all(isinstance(value, (str, np.ndarray)) for value in (one, other)):
            raise TypeError("np.where chooses between text and numbers; make both of one kind")
        out = np.empty(np.shape(chosen), dtype=object)
        out[...] = one
        out[~chosen] = other if isinstance(other, str) else other[~chosen]
        return labelled(out, "np.where")
    return np.where(chosen, number(yes), number(no))


def isin(values: Any, members: Any) -> Bools:
    """Say row by row whether a value is one of a list."""
    plain = isinstance(members, (list, tuple)) and all(isinstance(one, (str, bool, int, float)) for one in members)
    if not plain:
        # Another column as the list would make a row depend on the other rows.
        raise TypeError("np.isin takes a list of plain values such as ['a', 'b']")
    if isinstance(values, Labels):
        for member in members:
            _refuse_other_kind(values, member)
        known = set(members)
        return values.where(lambda level: level in known)
    if any(isinstance(member, str) for member in members):
        raise TypeError("numbers are compared with text")
    return np.isin(number(values), np.asarray(members, dtype=np.float64))


def clip(values: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """Move values below a_min up to it and values above a_max down to it."""
    out = as_float(values)
    if a_min is not None:
        out = np.maximum(out, as_float(a_min))
    return out if a_max is None else np.minimum(out, as_float(a_max))


def rounded(values: Any, decimals: int = 0) -> Any:
    """Round to so many decimals, halves to even."""
    return np.round(as_float(values), int(decimals))


def identity(value: Any) -> Any:
    """Give the value itself; the I of a formula, inside which + and * are arithmetic."""
    return value


def _rowwise() -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {name: _taking(1, as_float, getattr(np, name)) for name in _UNARY}
    table |= {name: _taking(2, as_float, getattr(np, name)) for name in _BINARY}
    table |= {"power": powered, "float_power": powered, "pow": powered}
    table |= {"where": where, "isin": isin, "clip": clip, "round": rounded}
    table |= {f"logical_{name}": _taking(2, truth, getattr(np, f"logical_{name}")) for name in ("and", "or", "xor")}
    table["logical_not"] = _taking(1, truth, np.logical_not)
    named = {f"np.{name}": function for name, function in table.items()}
    return {**table, **named, "ceiling": table["ceil"]}


#: name -> function. Each stands under its own name, as in R, and under numpy's ("log" and "np.log").
ROWWISE: Final[Mapping[str, Callable[..., Any]]] = _rowwise()
