"""Where does a numeric predictor fall? Intervals between edges by quantile, by width or the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from glmlr.binning.distinct import Distinct
from glmlr.errors import OptionError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Closed = Literal["left", "right"]


@dataclass(frozen=True, eq=False)
class Bins:
    """Intervals between neighbouring edges.

    Attributes:
        edges: ascending, shape (m + 1,) for m bins. Edges are strictly increasing, but for an outermost bin that holds
            a single value, whose two edges are that value.
        closed: which end of a bin belongs to it.
        ends: whether the outermost open end belongs to its bin too (edges taken from the data), or not (edges given).

    """

    edges: Floats
    closed: Closed
    ends: bool

    def __len__(self) -> int:
        """Count the bins."""
        return int(self.edges.size - 1)

    def place(self, values: Floats) -> Integers:
        """Give the bin of each value, shape (n,): 0 to m - 1, -1 below all bins and m above them."""
        side: Literal["left", "right"] = "right" if self.closed == "left" else "left"
        place = np.searchsorted(self.edges, values, side=side).astype(np.intp) - 1
        if self.ends and self.closed == "left":
            place[values == self.edges[-1]] = len(self) - 1
        elif self.ends:
            place[values == self.edges[0]] = 0
        return place

    def labels(self) -> tuple[str, ...]:
        """Name every bin ("[30, 40)"), and before and after them what lies outside ("< 30", ">= 70"): m + 2 names."""
        named = numerals(self.edges)
        left, right = ("[", ")") if self.closed == "left" else ("(", "]")
        names = [f"{left}{low}, {high}{right}" for low, high in pairwise(named)]
        if self.ends and self.closed == "left":
            names[-1] = names[-1][:-1] + "]"
        elif self.ends:
            names[0] = "[" + names[0][1:]
        for at in {0, len(self) - 1}:
            if self.edges[at] == self.edges[at + 1]:
                names[at] = named[at]
        below, above = ("<", ">=") if self.closed == "left" else ("<=", ">")
        if self.ends:
            below, above = "<", ">"
        return (f"{below} {named[0]}", *names, f"{above} {named[-1]}")


@dataclass(frozen=True)
class Limits:
    """What the bins of a supervised cut must keep to.

    Attributes:
        bins: the most bins.
        rows: the fewest rows in a bin.
        outcomes: the fewest events, and the fewest non-events, in a bin.

    """

    bins: int
    rows: float
    outcomes: float = 0.0

    @classmethod
    def of(cls, data: Distinct, bins: int, share: float, outcomes: float) -> Limits:
        """Turn the smallest share of the rows into rows."""
        # 7 of 100 rows are a share of 0.07, though 0.07 * 100 is above 7 in floating point.
        return cls(bins, share * float(data.n.sum()) * (1 - 1e-12), outcomes)

    def met(self, events: Floats, nonevents: Floats) -> npt.NDArray[np.bool_]:
        """Say which bins with so many events and non-events are large enough."""
        return (events + nonevents >= self.rows) & (events >= self.outcomes) & (nonevents >= self.outcomes)


def numerals(values: Floats) -> tuple[str, ...]:
    """Write numbers in six significant digits, or in as many as it takes to tell different ones apart."""
    different = np.unique(values)
    for digits in range(6, 18):
        texts = {float(value): _numeral(float(value), digits) for value in different}
        if len(set(texts.values())) == different.size:
            break
    return tuple(texts[float(value)] for value in values)


def _numeral(value: float, digits: int) -> str:
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.{digits}g}"


# ------------------------------------------------------------------------------------------------------------- edges


def checked_bins(bins: int) -> int:
    """Return a number of bins, or raise an `OptionError`."""
    if isinstance(bins, Integral) and not isinstance(bins, bool) and bins >= 2:
        return int(bins)
    raise OptionError(f"bins={bins!r} is not a number of bins; give a whole number of at least 2, or a list of edges.")


def given_edges(edges: Any, closed: Closed) -> Bins:
    """Take the user's own edges.

    Raises:
        OptionError: fewer than two edges, edges that are no numbers, missing, repeated or not in increasing order.

    """
    advice = "give two or more numbers in increasing order, such as [20, 30, 40]"
    try:
        values = np.array(edges, dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(f"bins={edges!r} is neither a number of bins nor a list of edges; {advice}.") from None
    if values.ndim != 1 or values.size < 2:
        raise OptionError(f"bins={edges!r} has fewer than two edges; {advice} (the ends may be -inf and inf).")
    if np.isnan(values).any():
        raise OptionError(f"{int(np.isnan(values).sum())} of the {values.size} edges in bins= are missing; {advice}.")
    step = np.flatnonzero(~(values[1:] > values[:-1]))
    if step.size:
        first, second = numerals(values[step[0] : step[0] + 2])
        what = f"the edge {second} twice" if first == second else f"{second} after {first}"
        raise OptionError(f"The edges in bins= are not in increasing order: they have {what}; {advice}.")
    return Bins(values, closed, ends=False)


def width_edges(data: Distinct, bins: int, closed: Closed) -> Bins:
    """Cut the range of the values into bins of equal width; values that are all equal make one bin."""
    low, high = data.value[0], data.value[-1]
    if low == high:
        return Bins(np.array([low, high]), closed, ends=True)
    share = np.arange(bins + 1) / bins
    edges = low * (1 - share) + high * share
    edges[0], edges[-1] = low, high
    return Bins(np.unique(edges), closed, ends=True)


def quantiles(data: Distinct, groups: int) -> Floats:
    """Give the type-7 quantiles at 0, 1/groups, ..., 1 of the rows, shape (groups + 1,).

    The quantile of j / groups lies at position h = j (N - 1) / groups among the N rows in order, counted from 0, on the
    straight line between rows floor(h) and floor(h) + 1. For whole N the position is found in whole numbers.

    Reference: Hyndman & Fan (1996), The American Statistician 50, 361-365, definition 7.
    """
    reached = np.cumsum(data.n)
    total = float(reached[-1])
    if total.is_integer():
        row, rest = np.divmod(np.arange(groups + 1, dtype=np.int64) * (int(total) - 1), groups)
        between = rest / groups
    else:
        position = np.maximum(np.arange(groups + 1) * (total - 1) / groups, 0.0)
        row = np.floor(position).astype(np.int64)
        between = position - row
    at = np.minimum(np.searchsorted(reached, row, side="right"), data.value.size - 1)
    following = np.minimum(np.searchsorted(reached, row + 1, side="right"), data.value.size - 1)
    low, high = data.value[at], data.value[following]
    return np.asarray(low + (between * high - between * low))


def quantile_edges(data: Distinct, bins: int, closed: Closed) -> Bins:
    """Cut at the type-7 quantiles; rows with one value stay together.

    A value that fills a whole bin and more (two or more quantiles equal it) is a bin of its own, and a bin without rows
    joins its neighbour; so fewer bins than asked for may come out, never an empty one.
    """
    edges, times = np.unique(quantiles(data, bins), return_counts=True)
    low, high = edges[0], edges[-1]
    heavy = np.searchsorted(data.value, edges[times > 1])
    if closed == "left":
        beyond = data.value[np.minimum(heavy + 1, data.value.size - 1)]
        single = times[-1] > 1
    else:
        beyond = data.value[np.maximum(heavy - 1, 0)]
        single = times[0] > 1
    edges = np.union1d(edges, beyond)
    if single:
        edges = np.append(edges, high) if closed == "left" else np.append(low, edges)
    cut = Bins(edges, closed, ends=True)
    filled = np.bincount(cut.place(data.value), minlength=len(cut)) > 0
    # An empty bin joins the neighbour on its open side, so that a bin begins (ends) where it is closed.
    kept = np.append(edges[:-1][filled], high) if closed == "left" else np.append(low, edges[1:][filled])
    return Bins(kept, closed, ends=True)


def edges_between(data: Distinct, first: Integers, closed: Closed) -> Bins:
    """Cut in the middle between neighbouring values: before each of the values at `first` but the lowest."""
    cuts = first[first > 0]
    before, after = data.value[cuts - 1], data.value[cuts]
    middle = before / 2 + after / 2
    # Between two neighbouring floats there is no middle; the cut is then the value that its closed side keeps right.
    inside = (before < middle) & (middle < after)
    middle = np.where(inside, middle, after if closed == "left" else before)
    return Bins(np.concatenate([data.value[:1], middle, data.value[-1:]]), closed, ends=True)


def fine_bins(data: Distinct, most: int) -> Integers:
    """Give the first value of each of at most so many fine bins, ascending from 0: values, or else quantile bins."""
    if data.value.size <= most:
        return np.arange(data.value.size)
    place = quantile_edges(data, most, "left").place(data.value)
    return np.flatnonzero(np.append(True, place[1:] != place[:-1]))
