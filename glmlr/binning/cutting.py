"""How is a predictor to be cut? What was asked, checked before any work, and the edges that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from glmlr.binning.distinct import Distinct
from glmlr.binning.edges import Bins, Closed, Limits, checked_bins, given_edges, numerals, quantile_edges, width_edges
from glmlr.binning.merging import MOST_FINE, chimerge_edges, critical_value, monotone_edges
from glmlr.binning.optimal import MOST_SEARCHED, optimal_edges
from glmlr.binning.tree import LEAF_SHARE, tree_edges
from glmlr.errors import OptionError, listing, one_of

#: A number with at most this many distinct values is shown value by value, unless bins are asked for.
FEW_VALUES: Final = 10
#: With this many events and as many non-events there are 10 bins by default, else 5: 20 of the rarer outcome a bin.
ENOUGH_FOR_TEN: Final = 200
#: Neighbours that differ at this level of significance stay apart in ChiMerge, unless told otherwise.
SIGNIFICANCE: Final = 0.05

#: Method -> the options that it takes beside bins and closed.
METHODS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "quantile": (),
        "width": (),
        "tree": ("min_share", "min_events"),
        "chimerge": ("min_share", "min_events", "significance"),
        "monotone": ("min_share", "min_events", "significance", "direction"),
        "optimal": ("min_share", "min_events", "significance", "direction"),
    }
)
_DIRECTIONS: Final = {
    "monotone": ("auto", "increasing", "decreasing"),
    "optimal": ("auto", "increasing", "decreasing", "any"),
}

Special = tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True)
class Cut:
    """How a predictor is cut.

    Attributes:
        bins: number of bins, edges, or None to choose.
        method: one of `METHODS`, or None to choose.
        closed: which end of a bin belongs to it.
        min_share: the least share of the rows in a bin of a supervised cut; None for `LEAF_SHARE`.
        min_events: the fewest events, and the fewest non-events, in a bin of a supervised cut; None for 0.
        significance: the level at which neighbours must differ; None for `SIGNIFICANCE` in ChiMerge, and for no such
            demand elsewhere.
        direction: "auto", "increasing" or "decreasing" event rates, or "any" (optimal only); None for "auto".
        rare: levels that hold a smaller share of the rows are pooled; None for none.
        special: values with rows of their own: a list, or a mapping from label to value or values; afterwards pairs of
            a label and its values.

    """

    bins: Any = None
    method: str | None = None
    closed: Closed = "left"
    min_share: float | None = None
    min_events: float | None = None
    significance: float | None = None
    direction: str | None = None
    rare: float | None = None
    special: Any = ()

    def __post_init__(self) -> None:
        """Check what can be checked without data."""
        if self.method is not None:
            one_of("method", self.method, METHODS)
        one_of("closed", self.closed, ("left", "right"))
        if self.has_edges and self.method is not None:
            raise OptionError(
                f"bins= gives the edges, so that method={self.method!r} has nothing to choose; leave it out."
            )
        if self.has_edges:
            given_edges(self.bins, self.closed)
        elif self.bins is not None:
            checked_bins(self.bins)
        self._check_supervised()
        _check_share("rare", self.rare)
        object.__setattr__(self, "special", _special(self.special))

    def _check_supervised(self) -> None:
        for name in ("min_share", "min_events", "significance", "direction"):
            if getattr(self, name) is None or (self.method is not None and name in METHODS[self.method]):
                continue
            takes = [method for method, options in METHODS.items() if name in options]
            raise OptionError(f"{name}= is for method={' or '.join(map(repr, takes))}; leave it out.")
        _check_share("min_share", self.min_share)
        _check_share("significance", self.significance)
        if self.min_events is not None and not (_is_number(self.min_events) and 0 <= self.min_events < np.inf):
            raise OptionError(f"min_events={self.min_events!r} is not a number of events; give 0 or more.")
        if self.direction is not None and self.method is not None:
            one_of("direction", self.direction, _DIRECTIONS[self.method])

    @property
    def asked(self) -> bool:
        """Whether the user asked for bins."""
        return self.bins is not None or self.method is not None

    @property
    def has_edges(self) -> bool:
        """Whether the user gave edges rather than a number."""
        return self.bins is not None and not np.isscalar(self.bins)

    def limits(self, data: Distinct, bins: int) -> Limits:
        """Say what the bins must keep to."""
        share = LEAF_SHARE if self.min_share is None else self.min_share
        return Limits.of(data, bins, share, float(self.min_events or 0))

    @property
    def alpha(self) -> float:
        """The level at which neighbours differ in ChiMerge."""
        return SIGNIFICANCE if self.significance is None else self.significance

    @property
    def critical(self) -> float:
        """The least chi-square of neighbours in a monotone or an optimal cut; 0 for none."""
        return 0.0 if self.significance is None else critical_value(self.significance)

    def wanted(self, events: float, nonevents: float) -> int:
        """Give the number of bins, so many events and non-events being at hand."""
        if self.bins is not None:
            return int(self.bins)
        return 10 if min(events, nonevents) >= ENOUGH_FOR_TEN else 5


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _check_share(name: str, value: Any) -> None:
    if value is not None and not (_is_number(value) and 0 < value < 1):
        raise OptionError(f"{name}={value!r} is not a share; give a number between 0 and 1, such as 0.05.")


def _special(given: Any) -> Special:
    """Read special values as pairs of a label and its values."""
    if isinstance(given, Mapping):
        pairs = [
            (str(label), _in_order(values) if isinstance(values, (list, tuple, set)) else (values,))
            for label, values in given.items()
        ]
    elif isinstance(given, tuple) and all(map(_is_pair, given)):
        pairs = [(label, values) for label, values in given]
    elif isinstance(given, (list, tuple, set, np.ndarray)):
        pairs = [(_text(value), (value,)) for value in _in_order(given)]
    else:
        raise OptionError(
            f"special={given!r} is neither a list of values, such as [-999], nor a mapping of label to value, such as "
            "{'refused': -999}."
        )
    plain = [
        (label, tuple(one.item() if isinstance(one, np.generic) else one for one in values)) for label, values in pairs
    ]
    seen: list[Any] = []
    for label, values in plain:
        for one in values:
            if not isinstance(one, (str, int, float)) or one != one:
                raise OptionError(
                    f"special= holds {one!r} for {label!r}; give numbers or texts. Missing values have a row anyway."
                )
            if one in seen:
                raise OptionError(f"special= holds {one!r} twice; give each value once.")
            seen.append(one)
    if len({label for label, _ in plain}) < len(plain):
        raise OptionError(f"special= has two rows of one label: {listing(label for label, _ in plain)}.")
    return tuple(plain)


def _in_order(values: Any) -> Any:
    """Give values in an order of their own; a set has none that would be the same in the next session."""
    return sorted(values, key=repr) if isinstance(values, set) else values


def _is_pair(one: object) -> bool:
    """Whether this is what a `Cut` makes of special values: a label and its values."""
    return isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], tuple)


def _text(value: Any) -> str:
    number = _is_number(value) and value == value
    return numerals(np.array([value], dtype=np.float64))[0] if number else str(value)


# ------------------------------------------------------------------------------------------------------------- edges


@dataclass(frozen=True, eq=False)
class Chosen:
    """Edges, and the sentences that say how they were found."""

    bins: Bins
    notes: tuple[str, ...]


def chosen(name: str, data: Distinct, cut: Cut) -> Chosen:
    """Choose the edges of a number that takes one value at least."""
    side = f"closed on the {cut.closed}"
    if cut.has_edges:
        return Chosen(given_edges(cut.bins, cut.closed), (f"{name} is cut at the edges given, {side}.",))
    wanted = cut.wanted(float(data.events.sum()), float(data.nonevents.sum()))
    bins, how = _CUTTERS[cut.method or "quantile"](name, data, cut, wanted)
    few: tuple[str, ...] = ()
    if len(bins) < wanted and cut.method != "chimerge":
        few = (f"{wanted} bins were wanted, and {len(bins)} {'was' if len(bins) == 1 else 'were'} formed.",)
    return Chosen(bins, (*how, *few))


_Result = tuple[Bins, tuple[str, ...]]
#: What every choice by outcome must say of itself.
_OPTIMISTIC: Final = "chose its cuts on these very rows, so that the bins look better than they will on new rows."


def _by_quantile(name: str, data: Distinct, cut: Cut, wanted: int) -> _Result:
    bins = quantile_edges(data, wanted, cut.closed)
    shown = f"{name} is cut at its quantiles (type 7) into {count_of(bins)}, closed on the {cut.closed}; "
    return bins, (shown + "rows with one value stay together.",)


def _by_width(name: str, data: Distinct, cut: Cut, wanted: int) -> _Result:
    bins = width_edges(data, wanted, cut.closed)
    return bins, (f"{name} is cut into {count_of(bins)} of equal width, closed on the {cut.closed}.",)


def _by_tree(name: str, data: Distinct, cut: Cut, wanted: int) -> _Result:
    limits = cut.limits(data, wanted)
    share = LEAF_SHARE if cut.min_share is None else cut.min_share
    bins = tree_edges(data, wanted, cut.closed, share=share, outcomes=limits.outcomes)
    how = f"{name} is cut where its event rate changes most (a classification tree), closed on the {cut.closed}"
    return bins, (f"{how}; {_at_least(cut)}.", f"The tree {_OPTIMISTIC}")


def _by_chimerge(name: str, data: Distinct, cut: Cut, wanted: int) -> _Result:
    bins = chimerge_edges(data, cut.limits(data, wanted), cut.closed, cut.alpha)
    how = (
        f"Neighbouring values of {name} are merged until the chi-square of each two neighbours has p < {cut.alpha:g} "
        f"and at most {wanted} bins are left (ChiMerge), closed on the {cut.closed}; {_at_least(cut)}."
    )
    return bins, (how + _started(data, MOST_FINE), f"ChiMerge {_OPTIMISTIC}")


def _by_monotone(name: str, data: Distinct, cut: Cut, wanted: int) -> _Result:
    direction: Any = cut.direction or "auto"
    bins = monotone_edges(data, cut.limits(data, wanted), cut.closed, direction, cut.critical)
    how = (
        f"{name} is cut so that its event rate {_course(direction)} (adjacent violators pooled, then neighbours that "
        f"differ least merged), closed on the {cut.closed}; {_at_least(cut)}{_apart(cut)}."
    )
    return bins, (how, f"The pooling {_OPTIMISTIC} It also makes any predictor look monotone.")


def _by_information(name: str, data: Distinct, cut: Cut, wanted: int) -> _Result:
    direction: Any = cut.direction or "auto"
    bins = optimal_edges(data, cut.limits(data, wanted), cut.closed, direction, cut.critical)
    order = "" if direction == "any" else f", with an event rate that {_course(direction)}"
    how = (
        f"{name} is cut where the information value of at most {wanted} bins is largest{order}, closed on the "
        f"{cut.closed}; {_at_least(cut)}{_apart(cut)}."
    )
    return bins, (how + _sought(data, direction), f"The search {_OPTIMISTIC}")


_CUTTERS: Final[Mapping[str, Callable[[str, Distinct, Cut, int], _Result]]] = MappingProxyType(
    {
        "quantile": _by_quantile,
        "width": _by_width,
        "tree": _by_tree,
        "chimerge": _by_chimerge,
        "monotone": _by_monotone,
        "optimal": _by_information,
    }
)


def _at_least(cut: Cut) -> str:
    """Say how large a bin is at least."""
    share = LEAF_SHARE if cut.min_share is None else cut.min_share
    outcomes = f", {cut.min_events:g} events and {cut.min_events:g} non-events" if cut.min_events else ""
    return f"each bin has at least {100 * share:g}% of the rows that are cut{outcomes}"


def _apart(cut: Cut) -> str:
    return "" if cut.significance is None else f", and the chi-square of each two neighbours has p < {cut.alpha:g}"


def _course(direction: str) -> str:
    return {"increasing": "never falls", "decreasing": "never rises"}.get(direction, "only rises or only falls")


def _sought(data: Distinct, direction: str) -> str:
    """Say between which places the best cuts were sought, where not between all values."""
    if data.value.size <= MOST_SEARCHED:
        return ""
    others = "a classification tree" if direction == "any" else "the pooling of adjacent violators"
    return (
        f" Cuts of {data.value.size:,} different values were sought between {MOST_SEARCHED} quantile bins, and where "
        f"{others} cuts."
    )


def _started(data: Distinct, most: int) -> str:
    """Say that not every place between two values was looked at."""
    if data.value.size <= most:
        return ""
    return f" {data.value.size:,} different values were first put into at most {most} quantile bins."


def count_of(bins: Bins) -> str:
    """Say how many bins there are."""
    return "1 bin" if len(bins) == 1 else f"{len(bins)} bins"
