"""How do a formula and rows become columns of numbers? The door to designs, and the design of rows in memory.

The formula is taken apart by `formula`, the data by `sources`; `rows` chooses the rows, `outcomes` codes the response,
`factors` evaluates each factor once, and `coding` puts the factors together to a `Recipe`, which fills (k, b) tiles of
design columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Block, LocalRows, Piece, Rows, pieces_of
from glmlr.design.coding import functions_with, recipe_of
from glmlr.design.designed import Design, Totals
from glmlr.design.factors import prepare, prepare_offset
from glmlr.design.outcomes import Coding, outcomes_of
from glmlr.design.patterns import Patterns, collapse
from glmlr.design.recipe import NewRows, Term
from glmlr.design.rows import Roles, RowAccount, choose_rows, columns_read, predictors_read
from glmlr.design.weights import class_weights_of
from glmlr.errors import DataError, OptionError
from glmlr.language.formula import parse_formula
from glmlr.sources import read
from glmlr.sources.database import Query

__all__ = ["Collapsed", "Design", "DesignInMemory", "NewRows", "RowAccount", "Term", "build_design", "gathered"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Design columns are kept from pass to pass up to this many numbers (1 GiB), and made again in each pass beyond.
_MOST_CELLS_KEPT: Final = 1 << 27
#: Numbers that lie in one piece of memory (8 MiB), enough for large pages.
_CELLS_TOGETHER: Final = 1 << 20


class _UsedColumns(Mapping[str, pd.Series]):
    """Data columns as they came, cut to the rows used when they are asked for."""

    def __init__(self, raw: Mapping[str, pd.Series], used: Bools) -> None:
        self._raw = dict(raw)
        self._used = None if used.all() else used

    def __getitem__(self, name: str) -> pd.Series:
        return self._raw[name] if self._used is None else self._raw[name][self._used]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@dataclass(frozen=True, eq=False, kw_only=True)
class DesignInMemory(LocalRows, Design):
    """A formula applied to rows in memory (n = rows used).

    Attributes:
        index: index of every row read, length rows.read.
        used: which rows read are used, shape (rows.read,).
        y: share of events, shape (n,).
        weight: Bernoulli trials per row (frequency x trials), shape (n,), or None for 1.
        importance: class x sample weight, shape (n,), or None for 1.
        offset: shape (n,), or None.
        cluster: cluster number of each row, shape (n,), or None.
        columns: the data columns the formula reads, rows used, for tables of a predictor alone and for resamples.
        values: the evaluated factors, one array of length n each.
        frequency: shape (n,), or None for 1; the part of the weight that is not of counted trials.
        sample_weight: shape (n,), or None; the part of the importance that is not of classes.
        given_offset: shape (n,), or None; the part of the offset that the formula does not say.
        balanced: whether the class weights are "balanced", which every part of the rows has its own of.
        stands_for: rows of a database that each row is a pattern of, shape (n,), or None for 1.

    """

    index: pd.Index
    used: Bools
    y: Floats
    weight: Floats | None
    importance: Floats | None
    offset: Floats | None
    cluster: npt.NDArray[np.int64] | None
    columns: Mapping[str, pd.Series]
    values: tuple[Any, ...] = field(repr=False)
    frequency: Floats | None = None
    sample_weight: Floats | None = None
    given_offset: Floats | None = None
    balanced: bool = False
    stands_for: npt.NDArray[np.int64] | None = None

    def pieces(self) -> Sequence[Piece]:
        """Give the rows used in pieces, in order."""
        return self._pieces

    @cached_property
    def _pieces(self) -> Sequence[Piece]:
        slices, columns = self.recipe.slices(self.y.size), self.recipe.written_out
        keep = self.y.size * columns <= _MOST_CELLS_KEPT
        return pieces_of(_Kept(self._block, columns, slices) if keep else self._block, slices)

    def _block(self, rows: slice, room: Floats | None = None) -> Block:
        x = self.recipe.columns(self.values, rows, room)
        nothing = np.empty((0, self.y.size))
        return Block(nothing, self.y, self.weight, self.importance, self.offset, self.cluster).cut(x, rows)

    @cached_property
    def patterns(self) -> Patterns | None:
        """The covariate patterns the rows collapse to, or None where there are too many or rows differ otherwise."""
        if self.importance is not None or self.offset is not None:
            return None
        levels = [len(ingredient.levels or ()) for ingredient in self.recipe.ingredients]
        return collapse(self.values, levels, self.y, self.weight)

    def rows_among(self, chosen: Bools) -> int:
        """Count some of the rows used, shape (n,), a pattern as the rows of the database that it stands for."""
        return int((chosen if self.stands_for is None else self.stands_for[chosen]).sum())

    def matrix(self) -> Floats:
        """Give all design columns of the rows used, shape (n, k)."""
        return self.recipe.matrix(self.values, self.y.size)


@dataclass(frozen=True, eq=False)
class Collapsed(LocalRows):
    """The covariate patterns of a design as rows, each with its trials and its share of events."""

    design: Design
    patterns: Patterns

    def pieces(self) -> Sequence[Piece]:
        """Give the patterns in pieces, in order."""
        return self._pieces

    @cached_property
    def _pieces(self) -> Sequence[Piece]:
        slices, columns = self.design.recipe.slices(self.patterns.y.size), self.design.recipe.written_out
        return pieces_of(_Kept(self._block, columns, slices), slices)

    def _block(self, rows: slice, room: Floats | None = None) -> Block:
        found = self.patterns
        whole = Block(np.empty((0, found.y.size)), found.y, found.weight)
        return whole.cut(self.design.recipe.columns(found.values, rows, room), rows)


def gathered(design: Design) -> Rows:
    """Give the rows of a design, or the covariate patterns that they collapse to."""
    return design if design.patterns is None else Collapsed(design, design.patterns)


class _Kept:
    """Blocks that are made once and kept; the first pass over the rows makes them, in its threads.

    Several blocks lie in one piece of memory: a system that maps large pages then maps a few of them, where thousands
    of small ones would take longer to map than to fill.
    """

    def __init__(self, make: Callable[[slice, Floats], Block], columns: int, slices: Sequence[slice]) -> None:
        self._make = make
        self._columns = columns
        self._longest = max((rows.stop - rows.start for rows in slices), default=0)
        self._together = max(1, _CELLS_TOGETHER // max(self._longest * columns, 1))
        self._number = {rows.start: number for number, rows in enumerate(slices)}
        self._made: dict[int, Block] = {}
        self._storage: dict[int, Floats] = {}

    def __call__(self, rows: slice) -> Block:
        block = self._made.get(rows.start)
        if block is None:
            block = self._made[rows.start] = self._make(rows, self._room(rows))
        return block

    def _room(self, rows: slice) -> Floats:
        """Give room for the columns of a block, shape (k, b)."""
        slab, place = divmod(self._number[rows.start], self._together)
        size = min(self._together, len(self._number) - slab * self._together) * self._longest * self._columns
        whole = self._storage.get(slab)
        if whole is None:
            # Of two threads that come at once the second takes what the first has left there.
            whole = self._storage.setdefault(slab, np.empty(size))
        start, cells = place * self._longest * self._columns, (rows.stop - rows.start) * self._columns
        return whole[start : start + cells].reshape(self._columns, -1)


def design_of(formula: str, data: Any, *, cluster: Any = None, progress: Any = None, **options: Any) -> Design:
    """Apply a formula to rows, held in memory or read in parts.

    Args:
        formula: see `glmlr.language.formula`.
        data: see `glmlr.sources.read`, and `glmlr.sources.parts.rows_in_parts`.
        cluster: the cluster of each row, or a client of a Dask cluster that reads the rows.
        progress: see `glmlr.progress.watch_of`.
        **options: see `build_design`.

    """
    if isinstance(data, pd.DataFrame) and (cluster is None or isinstance(cluster, str)):
        return build_design(formula, data, cluster=cluster, **options)
    # What reads rows in parts is loaded for other sources only.
    from glmlr.design.streamed import build_streamed_design
    from glmlr.sources.parts import client_among, rows_in_parts

    client, clusters = client_among(cluster)
    if isinstance(data, Query):
        weights, sample, offset = (options.get(name) for name in ("freq_weights", "sample_weight", "offset"))
        data = _grouped(formula, data, Roles(weights, sample, offset, clusters), options.get("functions"))
    stream = None if isinstance(data, pd.DataFrame) and client is None else rows_in_parts(data, client, progress)
    if stream is None:
        return build_design(formula, data, cluster=clusters, **options)
    weights, sample, offset = (options.pop(name, None) for name in ("freq_weights", "sample_weight", "offset"))
    roles = Roles(weights, sample, offset, clusters)
    return build_streamed_design(formula, stream, roles=roles, **options)


def _grouped(formula: str, query: Query, roles: Roles, functions: Any) -> Any:
    """Let a database group its rows by all that a fit reads of them; give a relation where that does not pay."""
    for name, role in vars(roles).items():
        if not isinstance(role, str | None):
            raise OptionError(
                f"{name}= must name a column of the query, not be a {type(role).__name__}: the rows of a database have "
                "no order in which values could be lined up with them."
            )
    parsed = parse_formula(formula, query.names, functions=functions_with(functions).names, left_out=roles.columns)
    others = [role for role in (roles.sample_weight, roles.offset, roles.cluster) if role is not None]
    found = query.grouped([*columns_read(parsed), *others], freq_weights=roles.freq_weights)
    return query.relation() if found is None else replace(read(found.frame), grouped=found)


def build_design(
    formula: str,
    data: Any,
    *,
    event: Any = None,
    freq_weights: Any = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    cluster: Any = None,
    functions: Mapping[str, Any] | None = None,
    coding: Coding = outcomes_of,
) -> DesignInMemory:
    """Apply a formula to rows.

    Args:
        formula: see `glmlr.language.formula`.
        data: see `glmlr.sources.read`.
        event: the value of the response that is the event.
        freq_weights: counts: a column name, a Series (by index) or an array (by position).
        class_weight: see `glmlr.design.weights.class_weights_of`.
        sample_weight: importance of each row, as freq_weights.
        offset: known part of the linear predictor, as freq_weights.
        cluster: the cluster of each row, as freq_weights.
        functions: the user's own functions by name.
        coding: what codes the response, see `outcomes_of`; a response of several classes is coded elsewhere.

    Raises:
        FormulaError, DataError, ResponseError, WeightError, OptionError, SourceError: what is wrong, in a sentence.

    """
    allowed = functions_with(functions)
    source = read(data)
    if len(source.names) == 0 or len(source.index) == 0:
        raise DataError(
            f"The data have {len(source.index)} rows and {len(source.names)} columns; there is nothing to fit."
        )
    roles = Roles(freq_weights, sample_weight, offset, cluster)
    parsed = parse_formula(formula, source.names, functions=allowed.names, left_out=roles.columns)
    chosen = choose_rows(parsed, source, allowed, roles)
    y, trials, coded = coding(parsed, chosen.rows, event, allowed)
    weight = _times(chosen.rows.frequency, trials)
    refuse_class_weight_of_counts(class_weight, trials is not None)
    class_weights = class_weights_of(class_weight, coded, *_counted(y, weight))
    by_class = None if class_weights is None else np.where(y == 1.0, class_weights[1], class_weights[0])
    importance = _times(chosen.importance, by_class)
    factors = dict.fromkeys(factor for term in parsed.terms for factor in term)
    rows = replace(chosen.rows, y=y, trials=weight)
    learned = {factor: prepare(factor, rows, allowed) for factor in factors}
    offsets = [prepare_offset(part, rows, allowed) for part in parsed.offsets]
    shift = chosen.offset
    for one in offsets:
        shift = one.values if shift is None else shift + one.values
    kinds = {name: column.kind for name, column in chosen.rows.columns.items()}
    notes = [one.note for one in learned.values() if one.note]
    return DesignInMemory(
        formula=parsed.text,
        event=coded,
        rows=replace(chosen.account, notes=(*chosen.account.notes, *parsed.notes, *notes)),
        totals=replace(_totals(y, weight, importance), rows=chosen.account.used),
        counted=roles.freq_weights is not None or trials is not None,
        weighted=importance is not None,
        given_weights=roles.weights,
        class_weights=class_weights,
        shifted=shift is not None,
        clusters=None if chosen.cluster_codes is None else int(chosen.cluster_codes.max()) + 1,
        grouped=trials is not None,
        recipe=recipe_of(parsed, kinds, coded, allowed, learned, offsets, roles),
        index=source.index,
        used=chosen.used,
        y=_frozen(y),
        weight=_frozen(weight),
        importance=_frozen(importance),
        offset=_frozen(shift),
        cluster=chosen.cluster_codes,
        columns=_UsedColumns({name: source.raw(name) for name in predictors_read(parsed)}, chosen.used),
        values=tuple(one.values for one in learned.values()),
        frequency=_frozen(chosen.rows.frequency),
        sample_weight=_frozen(chosen.importance),
        given_offset=_frozen(chosen.offset),
        balanced=isinstance(class_weight, str) and class_weight == "balanced",
        stands_for=None if source.grouped is None else _frozen(source.grouped.counted[chosen.used]),
    )


def refuse_class_weight_of_counts(class_weight: Any, grouped: bool) -> None:
    """Refuse class weights of rows that are of no one class."""
    if class_weight is not None and grouped:
        raise OptionError(
            "class_weight does not go with counts (successes + failures): a row has no one class; give a row per trial."
        )


def _times(one: Floats | None, other: Floats | None) -> Floats | None:
    return other if one is None else one if other is None else one * other


def _counted(y: Floats, weight: Floats | None) -> tuple[float, float]:
    """Count events and trials."""
    return (float(y.sum()), float(y.size)) if weight is None else (float(np.dot(y, weight)), float(weight.sum()))


def _totals(y: Floats, weight: Floats | None, importance: Floats | None) -> Totals:
    events, trials = _counted(y, weight)
    weighted = (events, trials) if importance is None else _counted(y, _times(weight, importance))
    return Totals(y.size, trials, events, weighted[1], weighted[0])


def _frozen(array: Any) -> Any:
    """Give a read-only view."""
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view
