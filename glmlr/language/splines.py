"""Which basis does a spline have? Knots and constraints learnt from the rows of the fit, then values anywhere.

The rows may come in chunks. Knots are quantiles, found exactly in a few passes; a centring constraint is the mean row
of the basis, which takes one more pass. Frequencies count as repeated rows. The rules by which knots follow from the
call are those of patsy's classes, given by the caller; the values of the bases are computed by `bases`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from inspect import signature
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import listing, suggestion
from glmlr.language.bases import BSplines, CubicSplines, TensorProducts
from glmlr.language.rowwise import as_float
from glmlr.language.transforms import MOST_COLUMNS, Learned, Learner, Learning
from glmlr.moments import Sums, finite_rows, sums_of
from glmlr.quantiles import DistinctValues, QuantileSearch, Tally, distinct_values

Floats = npt.NDArray[np.float64]

#: Rows of a basis that are summed at a time, so that a long chunk does not fill the memory.
_BLOCK_ROWS: Final = 2**16


@dataclass(frozen=True, eq=False)
class Spline:
    """A basis that has learnt, as plain numbers.

    Attributes:
        kind: "bs", "cr", "cc" or "te".
        basis: its knots and constraints.
        note: what must be said of how it was learnt, or None.

    """

    kind: str
    basis: BSplines | CubicSplines | TensorProducts
    note: str | None = None

    @property
    def range(self) -> tuple[float, float] | None:
        """Outermost knots, beyond which the outer pieces are continued; None for a cyclic or tensor basis."""
        return self.basis.range

    def __call__(self, *arguments: Any, **options: Any) -> Floats:
        """Give the basis at any values, shape (m, df); how it was called was seen when it learnt."""
        del options
        return self.basis.values(*_data(self.kind, arguments))


class SplineLearner(Learner):
    """Learns a spline basis of patsy; weights are frequencies, and count as repeated rows."""

    def __init__(self, kind: str, basis: Any) -> None:
        super().__init__(TensorLearning() if kind == "te" else KnotLearning(kind, basis))


# ------------------------------------------------------------------------------------------------ knots


@dataclass(frozen=True, eq=False)
class _Seen:
    """What some rows tell of the knots.

    Attributes:
        call: how the transform was called, without the data.
        low, high: the range of the values.
        values: what is known of their distribution, or None where the call needs none of it.

    """

    call: Mapping[str, Any]
    low: float
    high: float
    values: Tally | DistinctValues | None


@dataclass(frozen=True, eq=False)
class KnotLearning(Learning):
    """Learns the knots of bs (quantiles of the rows), cr and cc (quantiles of their distinct values).

    Attributes:
        kind: "bs", "cr" or "cc".
        basis: the class of patsy that says where knots are put.

    """

    kind: str
    basis: Any

    def look(self, weight: Floats | None, *arguments: Any, **options: Any) -> _Seen:
        """Find the range and the distribution of a chunk.

        Raises:
            TypeError: an argument the basis does not have, or text where numbers are needed.
            ValueError: more columns than any model has.

        """
        call = self._call(arguments, options)
        (x,) = _data(self.kind, arguments)
        x, weight = finite_rows(x, weight)
        low, high = (float(x.min()), float(x.max())) if x.size else (np.inf, -np.inf)
        if self.kind == "bs":
            shares = _inner_shares(call)
            return _Seen(call, low, high, QuantileSearch(shares).look(x, weight) if shares.size else None)
        if call["df"] is None or call["knots"] is not None:
            return _Seen(call, low, high, None)
        lower, upper = (call[name] for name in ("lower_bound", "upper_bound"))
        within = x[(x >= (-np.inf if lower is None else lower)) & (x <= (np.inf if upper is None else upper))]
        return _Seen(call, low, high, distinct_values(within))

    def add(self, one: _Seen, other: _Seen) -> _Seen:
        """Put two sets of rows together.

        Raises:
            ValueError: the call depends on the rows.

        """
        for name, value in one.call.items():
            if not np.array_equal(value, other.call[name]):
                raise ValueError(f"{name} differs between rows; it must be the same for all of them")
        values: Tally | DistinctValues | None = None
        if isinstance(one.values, Tally) and isinstance(other.values, Tally):
            values = QuantileSearch(_inner_shares(one.call)).add(one.values, other.values)
        elif isinstance(one.values, DistinctValues) and isinstance(other.values, DistinctValues):
            values = one.values.added(other.values)
        return _Seen(one.call, min(one.low, other.low), max(one.high, other.high), values)

    def learnt(self, total: _Seen) -> Learned | Learning:
        """Give the spline, or the pass that looks for its knots or its centre.

        Raises:
            ValueError: no knots can be put as the call says.

        """
        if not total.low <= total.high:
            raise ValueError("none of its values is a finite number")
        if isinstance(total.values, Tally):
            return self.searched(total, QuantileSearch(_inner_shares(total.call)).learnt(total.values))
        return self._b_spline(total, None) if self.kind == "bs" else self._cubic_spline(total)

    def searched(self, total: _Seen, found: Floats | QuantileSearch) -> Learned | Learning:
        """Give the B-splines with the knots found, or the pass that goes on looking for them."""
        if isinstance(found, QuantileSearch):
            return _KnotSearch(self, replace(total, values=None), found)
        return self._b_spline(total, found)

    def _b_spline(self, total: _Seen, found: Floats | None) -> Spline:
        call = total.call if found is None else {**total.call, "knots": found}
        knots = np.asarray(self._knots(total, call, np.array([total.low, total.high])), dtype=np.float64)
        if knots[0] == knots[-1]:
            raise ValueError("the values do not vary, so there is no range to put knots in")
        return Spline("bs", BSplines(knots, int(call["degree"]), bool(call["include_intercept"])))

    def _cubic_spline(self, total: _Seen) -> Spline | Learning:
        constraints = total.call["constraints"]
        centred = isinstance(constraints, str)
        values, note = np.array([total.low, total.high]), None
        if isinstance(total.values, DistinctValues):
            values, note = total.values.values, _sample_note(total.values)
        call = {**total.call, "constraints": np.zeros((1, self._functions(total.call))) if centred else constraints}
        knots = np.asarray(self._knots(total, call, values), dtype=np.float64)
        basis = CubicSplines(knots, self.kind == "cc", None if centred else constraints)
        return _Centring(self.kind, basis, note) if centred else Spline(self.kind, basis, note)

    def _functions(self, call: Mapping[str, Any]) -> int:
        """Count the columns before centring takes one away."""
        if call["df"] is not None:
            return int(call["df"]) + 1
        return (0 if call["knots"] is None else np.unique(call["knots"]).size) + 2 - (self.kind == "cc")

    def _knots(self, total: _Seen, call: Mapping[str, Any], x: Floats) -> Any:
        """Let patsy say which knots follow from the call and some values."""
        lower, upper = call["lower_bound"], call["upper_bound"]
        bounds = {
            "lower_bound": total.low if lower is None else lower,
            "upper_bound": total.high if upper is None else upper,
        }
        made = self.basis()
        made.memorize_chunk(x, **{**call, **bounds})
        made.memorize_finish()
        return made._all_knots

    def _call(self, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> dict[str, Any]:
        """Give the arguments by name, without the data, checked."""
        accepted = signature(self.basis.memorize_chunk)
        known = list(accepted.parameters)[2:]
        _refuse_unknown(options, known)
        bound = accepted.bind(None, *arguments, **options)
        bound.apply_defaults()
        call = {name: bound.arguments[name] for name in known}
        for name in ("df", "degree"):
            _refuse_number_of_columns(name, call.get(name))
        for name in ("lower_bound", "upper_bound"):
            call[name] = None if call[name] is None else _one_number(name, call[name])
        call["knots"] = None if call["knots"] is None else _knots_given(call["knots"])
        if "constraints" in call:
            call["constraints"] = _constraints_given(call["constraints"])
        return call


@dataclass(frozen=True, eq=False)
class _KnotSearch(Learning):
    """A further pass that looks for the quantiles on which inner knots are put."""

    knots: KnotLearning
    seen: _Seen
    search: QuantileSearch

    def look(self, weight: Floats | None, *arguments: Any, **_: Any) -> Tally:
        """Count a chunk around the quantiles."""
        (x,) = _data("bs", arguments)
        return self.search.look(*finite_rows(x, weight))

    def add(self, one: Tally, other: Tally) -> Tally:
        """Put two sets of rows together."""
        return self.search.add(one, other)

    def learnt(self, total: Tally) -> Learned | Learning:
        """Give the spline, or the next pass."""
        return self.knots.searched(self.seen, self.search.learnt(total))


def _inner_shares(call: Mapping[str, Any]) -> Floats:
    """Give the shares of the rows below each inner knot that is not given; by per cent, as patsy rounds them."""
    if call["df"] is None or call["knots"] is not None or call["degree"] < 0:
        return np.zeros(0)
    inner = call["df"] - (call["degree"] + 1) + (not call["include_intercept"])
    return np.asarray(100.0 * np.linspace(0.0, 1.0, max(inner, 0) + 2)[1:-1] / 100.0)


def _sample_note(values: DistinctValues) -> str | None:
    if values.complete:
        return None
    return (
        f"the knots are quantiles of a sample of {values.values.size:,} of its distinct values, of which there are "
        f"about {float(f'{values.number:.3g}'):,.0f}."
    )


# ------------------------------------------------------------------------------------------------ centring


@dataclass(frozen=True, eq=False)
class _Centring(Learning):
    """Learns the constraint that centres a spline: the mean row of its basis."""

    kind: str
    basis: CubicSplines | TensorProducts
    note: str | None = None

    def look(self, weight: Floats | None, *arguments: Any, **_: Any) -> Sums:
        """Add up the basis over a chunk."""
        data = _data(self.kind, arguments)
        parts = []
        for start in range(0, max(1, *(one.shape[0] for one in data)), _BLOCK_ROWS):
            rows = slice(start, start + _BLOCK_ROWS)
            values = self.basis.values(*(one[rows] for one in data))
            parts.append(sums_of(*finite_rows(values, None if weight is None else weight[rows])))
        return reduce(Sums.added, parts)

    def add(self, one: Sums, other: Sums) -> Sums:
        """Add up two sets of rows."""
        return one.added(other)

    def learnt(self, total: Sums) -> Spline:
        """Give the spline under the constraint."""
        return Spline(self.kind, self.basis.constrained(total.mean[None, :]), self.note)


@dataclass(frozen=True, eq=False)
class _SeenBases:
    """What some rows tell of a tensor product: constraints that were given, or the sums of its columns to centre it."""

    constraints: Floats | None
    sums: Sums | None = None


@dataclass(frozen=True, eq=False)
class TensorLearning(Learning):
    """Learns the centring constraint of te(basis, basis, ..., constraints="center"); otherwise nothing."""

    def look(self, weight: Floats | None, *arguments: Any, **options: Any) -> _SeenBases:
        """Add up the products over a chunk.

        Raises:
            TypeError: another option than constraints.

        """
        _refuse_unknown(options, ["constraints"])
        constraints = _constraints_given(options.get("constraints"))
        if isinstance(constraints, str):
            return _SeenBases(None, self._centring().look(weight, *arguments))
        return _SeenBases(constraints)

    def add(self, one: _SeenBases, other: _SeenBases) -> _SeenBases:
        """Add up two sets of rows."""
        if one.sums is None or other.sums is None:
            return one
        return _SeenBases(None, one.sums.added(other.sums))

    def learnt(self, total: _SeenBases) -> Spline:
        """Give the tensor product."""
        if total.sums is not None:
            return self._centring().learnt(total.sums)
        return Spline("te", TensorProducts(total.constraints))

    @staticmethod
    def _centring() -> _Centring:
        return _Centring("te", TensorProducts())


# ------------------------------------------------------------------------------------------------ arguments


def _data(kind: str, arguments: tuple[Any, ...]) -> list[Floats]:
    """Give the data among the arguments as numbers: all of a tensor product, else the first, as one column.

    What is infinite has no place in a basis; it becomes NaN, and so its row.
    """
    if kind == "te":
        return [np.atleast_1d(as_float(one)) for one in arguments]
    x = np.atleast_1d(as_float(arguments[0]))
    x = x[:, 0] if x.ndim == 2 and x.shape[1] == 1 else x
    if x.ndim != 1:
        raise TypeError(f"{kind} takes one column")
    finite = np.isfinite(x)
    return [x if finite.all() else np.where(finite, x, np.nan)]


def _refuse_unknown(options: Mapping[str, Any], known: list[str]) -> None:
    for name in options:
        if name not in known:
            raise TypeError(f"it has no argument {name!r}{suggestion(name, known) or f'; it takes {listing(known)}'}")


def _refuse_number_of_columns(name: str, number: Any) -> None:
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise TypeError(f"{name} is not a whole number")
    if number is not None and number > MOST_COLUMNS:
        raise ValueError(f"{name}={number:,} asks for more than {MOST_COLUMNS:,} columns")


def _one_number(name: str, value: Any) -> float:
    number = as_float(value)
    if number.size != 1:
        raise TypeError(f"{name} is not one number")
    return float(number.reshape(-1)[0])


def _knots_given(knots: Any) -> Floats:
    numbers = np.atleast_1d(as_float(knots))
    if numbers.ndim != 1:
        raise TypeError("knots is not a list of numbers")
    if numbers.size > MOST_COLUMNS:
        raise ValueError(f"{numbers.size:,} knots ask for more than {MOST_COLUMNS:,} columns")
    return np.asarray(numbers)


def _constraints_given(constraints: Any) -> Floats | str | None:
    if constraints is None or (isinstance(constraints, str) and constraints == "center"):
        return constraints
    if isinstance(constraints, str):
        raise ValueError(f"constraints is {constraints!r}; it is 'center', or rows of numbers")
    numbers = np.atleast_2d(as_float(constraints))
    if numbers.ndim != 2:
        raise ValueError("constraints has more than two dimensions; it is 'center', or rows of numbers")
    return np.asarray(numbers)
