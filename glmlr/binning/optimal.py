"""Which cuts tell most? The bins of the largest information value, found exactly, with rates in order where wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from glmlr.binning.distinct import Distinct
from glmlr.binning.edges import Bins, Closed, Limits, edges_between, fine_bins
from glmlr.binning.evidence import evidence, observed_odds
from glmlr.binning.merging import pooled_blocks
from glmlr.binning.tree import tree_leaves

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Way = Literal["increasing", "decreasing", "any"]
Course = Literal["auto"] | Way

#: Cuts are sought between so many values, or else quantile bins.
MOST_SEARCHED: Final = 100
#: One more bin must raise the information value by more than this share of it: less is rounding.
_ROUNDING: Final = 1e-12
_SIGNS: Final[Mapping[Way, int]] = MappingProxyType({"increasing": 1, "decreasing": -1, "any": 0})


def optimal_edges(data: Distinct, limits: Limits, closed: Closed, direction: Course, critical: float = 0.0) -> Bins:
    """Cut where the information value of the bins is largest, among all cuts that keep to the limits.

    Candidates are the places between the values. Where more than `MOST_SEARCHED` differ, they are those between as many
    quantile bins, and those where the tree, or the pooling of adjacent violators, cuts: it cannot tell less than these.
    With "increasing" ("decreasing") the event rate never falls (rises) from bin to bin; "auto" takes the better of the
    two and "increasing" where both are alike; "any" asks for no order. The chi-square (1 df) of neighbouring bins is at
    least `critical`. Of cuts with one information value those with fewer bins are taken. It is one bin where no cut
    keeps to the limits.

    The search is a dynamic programme over the last bin, which decides what may follow: exact, in O(q^3) for q
    candidates and each number of bins.

    Reference: Navas-Palencia (2020), Optimal binning: mathematical programming formulation, arXiv:2001.08025, for the
    problem; the order of the bins makes it one that needs no solver.
    """
    wanted: tuple[Way, ...] = ("increasing", "decreasing") if direction == "auto" else (direction,)
    found = [_found(data, limits, way, critical) for way in wanted]
    # Swapping the outcomes must not swap the choice by the rounding of two sums.
    best = found[0]
    for other in found[1:]:
        if other.value > best.value * (1 + _ROUNDING):
            best = other
    return edges_between(data, best.first, closed)


def _found(data: Distinct, limits: Limits, way: Way, critical: float) -> _Found:
    """Find the best cut with one course of the rates; its bins begin at places among the values."""
    fine = fine_bins(data, MOST_SEARCHED)
    if fine.size < data.value.size:
        fine = np.union1d(fine, tree_leaves(data, limits) if way == "any" else pooled_blocks(data, way))
    spans = _Spans.of(np.add.reduceat(data.events, fine), np.add.reduceat(data.nonevents, fine), limits)
    found = _best(spans, limits.bins, _SIGNS[way], critical)
    return _Found(found.value, fine[found.first])


@dataclass(frozen=True, eq=False)
class _Spans:
    """Every bin from candidate i to before candidate j, in arrays of shape (q + 1, q + 1).

    Attributes:
        value: its part of the information value; -inf where it is too small.
        events, nonevents: what it holds.

    """

    value: Floats
    events: Floats
    nonevents: Floats

    @classmethod
    def of(cls, events: Floats, nonevents: Floats, limits: Limits) -> _Spans:
        """Add up the candidates in every way."""
        below_e, below_f = (np.append(0.0, np.cumsum(part)) for part in (events, nonevents))
        e, f = below_e[None, :] - below_e[:, None], below_f[None, :] - below_f[:, None]
        forward = np.triu(np.ones(e.shape, dtype=bool), 1)
        e, f = np.where(forward, e, 0.0), np.where(forward, f, 0.0)
        iv = evidence(observed_odds(e, f), float(below_e[-1]), float(below_f[-1])).iv
        return cls(np.where(forward & limits.met(e, f), np.nan_to_num(iv), -np.inf), e, f)

    def may_follow(self, i: int, before: Integers, after: Integers, way: int, critical: float) -> Bools:
        """Say which bins from i on, to before `after`, may follow which ones from `before` on, to before i.

        Counts are compared crosswise, so that equal rates are equal. Shape (len(before), len(after)).
        """
        a, c = self.events[before, i][:, None], self.nonevents[before, i][:, None]
        b, d = self.events[i, after][None, :], self.nonevents[i, after][None, :]
        rise = b * c - a * d
        allowed = rise * way >= 0
        if critical > 0:
            with np.errstate(divide="ignore", invalid="ignore"):
                apart = (rise / (a + c) / (b + d)) ** 2 * (a + c) * (b + d) * (a + b + c + d) / (a + b) / (c + d)
            allowed &= apart >= critical
        return np.asarray(allowed, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class _Found:
    """The best cut: its information value and the first candidate of each bin."""

    value: float
    first: Integers


def _best(spans: _Spans, bins: int, way: int, critical: float) -> _Found:
    """Find the cut of the largest value with rates that rise (way 1), fall (-1) or do as they like (0)."""
    q = spans.value.shape[0] - 1
    bins = min(bins, q)
    # best[b, i, j]: the most that b + 1 bins up to j tell, of which the last begins at i, and the one before at came.
    best = np.full((bins, q + 1, q + 1), -np.inf)
    came = np.zeros((bins, q + 1, q + 1), dtype=np.intp)
    best[0, 0] = spans.value[0]
    for i in range(1, q):
        before = np.flatnonzero((best[:, :i, i] > -np.inf).any(axis=0))
        after = i + 1 + np.flatnonzero(spans.value[i, i + 1 :] > -np.inf)
        if not (before.size and after.size and bins > 1):
            continue
        allowed = spans.may_follow(i, before, after, way, critical)
        told = np.where(allowed[None, :, :], best[:-1, before, i][:, :, None], -np.inf)
        at = told.argmax(axis=1)
        best[1:, i, after] = np.take_along_axis(told, at[:, None, :], axis=1)[:, 0] + spans.value[i, after]
        came[1:, i, after] = before[at]
    return _traced(best, came, q)


def _traced(best: Floats, came: Integers, q: int) -> _Found:
    """Follow the best cut back from the last candidate; one bin where none is allowed."""
    whole = best[:, :, q].max(axis=1)
    if not whole.max() > -np.inf:
        return _Found(-np.inf, np.zeros(1, dtype=np.intp))
    b = int(np.flatnonzero(whole >= whole.max() - _ROUNDING * abs(whole.max()))[0])
    value, i, j = float(whole[b]), int(np.argmax(best[b, :, q])), q
    first = [i]
    while b > 0:
        i, j, b = int(came[b, i, j]), i, b - 1
        first.append(i)
    return _Found(value, np.array(first[::-1], dtype=np.intp))
