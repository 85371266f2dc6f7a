"""How is a number printed? The role of a number decides its text; this is the only place that rounds.

A role is a word that says what kind of number a column holds. `text(value, role)` prints one value and
`column_texts(values, role)` a whole column alike, as plain text without markup: escaping and alignment belong to the
renderers. Whatever the role, a number that is not zero never prints as zero, and a share or p-value below one never
prints as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Final

import pandas as pd

MISSING: Final = "–"
INFINITY: Final = "∞"

#: role -> what it is for. Roles in `NUMERIC` are right-aligned by the renderers.
ROLES: Final[dict[str, str]] = {
    "text": "a name or a sentence, printed as it is",
    "count": "a number of rows, whole with thousands separators; weighted counts keep 2 decimals",
    "integer": "a whole number without separators (degrees of freedom, a group number)",
    "estimate": "a coefficient or any signed number, 4 decimals, never rounded to zero",
    "std_error": "a standard error, as an estimate",
    "statistic": "a test statistic, 3 decimals",
    "loglik": "a log-likelihood, deviance or information criterion, 3 decimals",
    "ratio": "an odds ratio, a lift: 3 decimals, never rounded to zero or to one",
    "probability": "a number in [0, 1], 4 decimals",
    "percent": "a share printed in per cent, 1 decimal",
    "p_value": "a p-value, 4 decimals, then powers of ten, then <1e-300",
    "measure": "a mixed column: whole numbers whole, others 4 decimals; `Table.row_roles` can say more row by row",
    "flag": "a bool, printed as yes or nothing",
    "hidden": "kept in the frame, not printed",
}

NUMERIC: Final = frozenset(ROLES) - {"text", "flag", "hidden"}

#: Below this a p-value is printed as a bound: it is about to leave the range of doubles.
SMALLEST_P: Final = 1e-300


def text(value: object, role: str = "text") -> str:
    """Print one value by its role.

    Missing values give an en dash, infinite ones "∞" or "-∞"; text in a column of numbers is printed as it is.

    >>> text(7e-05, "estimate"), text(0.0, "p_value"), text(0.25, "percent")
    ('7.00e-05', '<1e-300', '25.0%')
    """
    if role == "flag":
        return "yes" if not _missing(value) and value == 1 else ""
    if _missing(value):
        return MISSING
    if role == "text" or isinstance(value, str):
        return str(value)
    if role in ("count", "integer", "measure") and isinstance(value, Integral):
        return f"{int(value):d}" if role == "integer" else f"{int(value):,d}"  # exact beyond 2**53
    number = float(value)  # type: ignore[arg-type]
    if math.isinf(number):
        return INFINITY if number > 0 else "-" + INFINITY
    return _PRINTERS[role](number + 0.0)  # + 0.0 makes a negative zero an ordinary one


def column_texts(values: Iterable[object], role: str = "text") -> list[str]:
    """Print a column of values alike: one weighted count among counts gives every one of them two decimals.

    >>> column_texts([12, 3.5], "count")
    ['12.00', '3.50']
    """
    cells = list(values)
    if role == "count" and any(_fractional(value) for value in cells):
        return [_weighted_count(value) for value in cells]
    if role == "integer" and any(_fractional(value) for value in cells):
        role = "estimate"
    return [text(value, role) for value in cells]


def _missing(value: object) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return bool(value != value)  # NaN of any float type, NaT


def _fractional(value: object) -> bool:
    if _missing(value) or isinstance(value, (str, Integral)):
        return False
    number = float(value)  # type: ignore[arg-type]
    return math.isfinite(number) and not number.is_integer()


def _weighted_count(value: object) -> str:
    if _missing(value) or isinstance(value, str) or math.isinf(float(value)):  # type: ignore[arg-type]
        return text(value, "count")
    number = float(value)  # type: ignore[arg-type]
    return f"{number:.1e}" if 0 < abs(number) < 0.005 else f"{number + 0.0:,.2f}"


def _count(number: float) -> str:
    return f"{number:,.0f}" if number.is_integer() else _weighted_count(number)


def _integer(number: float) -> str:
    """Print whole numbers whole; a fraction (an approximate degree of freedom) keeps its decimals."""
    return f"{number:.0f}" if number.is_integer() else _fixed(number, 4)


def _fixed(number: float, decimals: int, largest: float = 1e7) -> str:
    """Fixed decimals; powers of ten where these would show fewer than two digits, and from `largest` on."""
    if number == 0:
        return f"{0:.{decimals}f}"
    size = abs(number)
    if size < 10.0 ** (1 - decimals):
        return f"{number:.2e}"
    if size >= largest:
        return f"{number:.4e}"
    return f"{number:,.{decimals}f}"


def _ratio(number: float) -> str:
    """Print 1.00002 with the digit in which it differs from no effect."""
    shown, beyond = _fixed(number, 3), abs(number - 1)
    if shown != "1.000" or beyond < 1e-9:
        return shown
    return f"{number:.{-math.floor(math.log10(beyond))}f}"


def _probability(number: float) -> str:
    if number == 0 or number == 1:
        return f"{number:.4f}"
    if 0 < number < 1e-3:
        return f"{number:.2e}"
    if 1 - 5e-5 < number < 1:
        return ">0.9999"
    return f"{number:.4f}"


def _percent(number: float) -> str:
    share = 100 * number
    if share != 0 and abs(share) < 0.05:
        return f"{share:.2g}%"
    if number < 1 and share >= 99.95:
        return ">99.9%"
    return f"{share:,.1f}%"


def _p_value(number: float) -> str:
    if number < SMALLEST_P:
        return f"<{SMALLEST_P:.0e}"
    if number < 1e-3:
        return f"{number:.1e}"
    if 1 - 5e-5 < number < 1:
        return ">0.9999"
    return f"{number:.4f}"


def _measure(number: float) -> str:
    if number.is_integer() and abs(number) < 1e15:
        return f"{number:,.0f}"
    return _fixed(number, 4)


_PRINTERS: Final[dict[str, Callable[[float], str]]] = {
    "count": _count,
    "integer": _integer,
    "estimate": lambda number: _fixed(number, 4),
    "std_error": lambda number: _fixed(number, 4),
    "statistic": lambda number: _fixed(number, 3),
    "loglik": lambda number: _fixed(number, 3, largest=1e13),
    "ratio": _ratio,
    "probability": _probability,
    "percent": _percent,
    "p_value": _p_value,
    "measure": _measure,
    "hidden": lambda number: f"{number:g}",
}
