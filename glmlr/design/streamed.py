"""How does a formula meet rows that are not held? A design that reads its rows again in each pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Block, Piece, added, only
from glmlr.design.coding import functions_with, recipe_of
from glmlr.design.designed import Design, Totals
from glmlr.design.factor_levels import SeenLevels
from glmlr.design.factors import Ingredient, Prepared, UsedRows, refuse_not_finite, values_of
from glmlr.design.learning import Facts, Lesson, SeenNumbers, Study, cluster_labels, study_of
from glmlr.design.outcomes import event_of_counts, outcomes_as_in_fit
from glmlr.design.patterns import Cells, Patterns, cells_of
from glmlr.design.recipe import Recipe, as_in_fit
from glmlr.design.response import Event, event_among
from glmlr.design.rows import Roles, columns_read, refuse_no_rows, sift
from glmlr.design.weights import class_weights_of, refuse_all_zero
from glmlr.errors import DataError, NotApplicable, OptionError, listing
from glmlr.language.formula import Formula, parse_formula
from glmlr.language.functions import Functions
from glmlr.sources import Source
from glmlr.sources.parts import ReadHere, Stream
from glmlr.sources.value_counts import ValueCounts, counted
from glmlr.sources.value_counts import added as added_counts

Floats = npt.NDArray[np.float64]
T = TypeVar("T")

_READ_IN_PARTS: Final = "The rows were read in parts, again in each pass, and are not held."


@dataclass(frozen=True, eq=False)
class Reader:
    """What makes blocks of a part of the rows: the recipe and the weights, without any rows; it can be sent anywhere.

    Attributes:
        recipe: makes the design columns.
        roles: names of the columns of weights, offset and clusters.
        class_weights: (weight of non-events, weight of events), or None.
        clusters: the labels of the clusters, or None.

    """

    recipe: Recipe
    roles: Roles
    class_weights: tuple[float, float] | None
    clusters: pd.Index | None

    def blocks(self, source: Source) -> Iterator[Block]:
        """Give the rows used among those of a part."""
        read = self._read(source)
        if read is None:
            return
        used, whole = read
        values = self._values_of(used)
        for rows in self.recipe.slices(whole.size):
            yield whole.cut(self.recipe.columns(values, rows), rows)

    def cells(self, cells: Cells, source: Source) -> list[Floats]:
        """Count trials and events in each cell of discrete factors, shape (2, cells); nothing where no row is used."""
        read = self._read(source)
        if read is None:
            return []
        used, whole = read
        return [cells.counted(cells.of_rows(self._values_of(used)), whole.y, whole.weight)]

    def by_value(self, names: Sequence[str], declared: frozenset[str], source: Source) -> list[dict[str, ValueCounts]]:
        """Count events and non-events by the values of some columns; nothing where no row is used."""
        read = self._read(source)
        if read is None:
            return []
        used, whole = read
        trials = np.ones(whole.size) if whole.weight is None else whole.weight
        events = np.asarray(whole.y * trials)
        return [{name: counted(used.columns[name], events, trials - events, name in declared) for name in names}]

    def _values_of(self, rows: UsedRows) -> list[Any]:
        return [_values(one, rows, self.recipe.functions) for one in self.recipe.ingredients]

    def _read(self, source: Source) -> tuple[UsedRows, Block] | None:
        """Give the rows used, and a block of them that has no columns yet."""
        recipe = self.recipe
        found = sift(recipe.formula, source, recipe.functions, self.roles)
        if not found.rows.size:
            return None
        columns = {name: as_in_fit(column, recipe.kinds[name]) for name, column in found.rows.columns.items()}
        rows = UsedRows(columns, found.rows.size, found.rows.frequency)
        y, trials = outcomes_as_in_fit(recipe, rows)
        weight = rows.frequency if trials is None else trials if rows.frequency is None else trials * rows.frequency
        importance = found.importance
        if self.class_weights is not None:
            by_class = np.where(y == 1.0, self.class_weights[1], self.class_weights[0])
            importance = by_class if importance is None else importance * by_class
        offset = found.offset
        for one in recipe.offsets:
            more = np.asarray(_values(one, rows, recipe.functions), dtype=np.float64)
            offset = more if offset is None else offset + more
        cluster = None
        if self.clusters is not None:
            cluster = np.asarray(self.clusters.get_indexer(cluster_labels(found)), dtype=np.int64)
        # Rows that were dropped count here too: no two parts have rows at one position.
        start = source.index.start if isinstance(source.index, pd.RangeIndex) else 0
        return rows, Block(np.empty((0, rows.size)), y, weight, importance, offset, cluster, start)


def _values(ingredient: Ingredient, rows: UsedRows, functions: Functions) -> Any:
    """Evaluate a factor on a part of the rows of the fit."""
    values, labels = values_of(ingredient, rows.columns, functions, rows.size)
    if labels is None:
        refuse_not_finite(ingredient.expression, values, rows.columns)
    elif (values < 0).any():
        raise DataError(
            f"{ingredient.expression.name} has levels that the first pass over the data did not meet; the data must "
            "not change while a model is fitted to them."
        )
    return values


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamedDesign(Design):
    """A formula applied to rows that are read again in each pass.

    Attributes:
        stream: the rows.
        reader: makes blocks of them.
        discrete: the cells that the factors span where all are discrete and the cells are few, else None.

    """

    stream: Stream = field(repr=False)
    reader: Reader = field(repr=False)
    discrete: Cells | None = field(repr=False)

    def over(self, function: Callable[[Block], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the blocks of rows used; see `glmlr.blocks.over_blocks`."""
        total: list[T] = self.stream.over(_SumOfBlocks(self.reader, function, add), partial(added, add))
        return only(total)

    def pieces(self) -> Sequence[Piece]:
        """Give the rows used in pieces, each read when it is called, for those who take them one after the other.

        Raises:
            NotApplicable: rows that the workers of a cluster read.

        """
        if not isinstance(self.stream, ReadHere):
            raise NotApplicable(
                "These rows are read by the workers of a cluster, and cannot be taken in batches one after the other; "
                'use solver="newton" or "lbfgs", whose sums the workers form.'
            )
        return [partial(_blocks_of, self.reader, part) for part in self.stream.parts()]

    def watched_pass(self) -> AbstractContextManager[None]:
        """Tell who watches that a pass over `pieces` begins and ends."""
        return self.stream.watched_pass() if isinstance(self.stream, ReadHere) else nullcontext()

    @cached_property
    def patterns(self) -> Patterns | None:
        """The covariate patterns the rows collapse to, counted in one pass; None where rows differ otherwise."""
        if self.discrete is None or self.weighted or self.shifted:
            return None
        count = partial(self.reader.cells, self.discrete)
        return self.discrete.patterns(only(self.stream.over(count, partial(added, np.add))))

    def by_value(self, names: Sequence[str]) -> dict[str, ValueCounts]:
        """Count events and non-events of the rows used by the values of some columns, in one pass."""
        declared = frozenset(getattr(self.stream, "declared", ()))
        count = partial(self.reader.by_value, tuple(names), declared)
        total: list[dict[str, ValueCounts]] = self.stream.over(count, partial(added, _added_by_name))
        return only(total)


def _blocks_of(reader: Reader, part: Callable[[], Iterator[Source]]) -> Iterator[Block]:
    for source in part():
        yield from reader.blocks(source)


def _added_by_name(one: dict[str, ValueCounts], other: dict[str, ValueCounts]) -> dict[str, ValueCounts]:
    return {name: added_counts(counts, other[name]) for name, counts in one.items()}


@dataclass(frozen=True, eq=False)
class _SumOfBlocks:
    """Adds up a function of the blocks of one part of the rows."""

    reader: Reader
    function: Callable[[Block], Any]
    add: Callable[[Any, Any], Any]

    def __call__(self, source: Source) -> list[Any]:
        total: list[Any] = []
        for block in self.reader.blocks(source):
            total = added(self.add, total, [self.function(block)])
        return total


# ------------------------------------------------------------------------------------------------ building


def build_streamed_design(
    formula: str,
    stream: Stream,
    *,
    event: Any = None,
    roles: Roles,
    class_weight: Any = None,
    functions: Mapping[str, Any] | None = None,
) -> StreamedDesign:
    """Apply a formula to rows that are read in parts.

    Args:
        formula: see `glmlr.language.formula`.
        stream: the rows.
        event: the value of the response that is the event.
        roles: weights, offset and clusters: names of columns.
        class_weight: see `glmlr.design.weights.class_weights_of`.
        functions: the user's own functions by name.

    Raises:
        FormulaError, DataError, ResponseError, WeightError, OptionError, SourceError: what is wrong, in a sentence.

    """
    _refuse_values(roles)
    allowed = functions_with(functions)
    parsed = parse_formula(formula, stream.names, functions=allowed.names, left_out=roles.columns)
    _refuse_unknown_columns(roles, stream.names)
    stream = stream.only(list(dict.fromkeys([*columns_read(parsed), *roles.columns])))
    facts, studies = _studied(parsed, stream, allowed, roles, event)
    learned = {one.ingredient.expression: _result(one) for one in studies}
    offsets = [learned.pop(part) if not _is_factor(part, parsed) else learned[part] for part in parsed.offsets]
    coded = _event(parsed, facts, event)
    grouped = len(parsed.response) == 2
    totals = _totals(facts, coded)
    if class_weight is not None and grouped:
        raise OptionError(
            "class_weight does not go with counts (successes + failures): a row has no one class; give a row per trial."
        )
    class_weights = class_weights_of(class_weight, coded, totals.events, totals.trials)
    if class_weights is not None:
        w0, w1 = class_weights
        of_events = w1 * totals.weight_of_events
        whole = of_events + w0 * (totals.weight - totals.weight_of_events)
        totals = replace(totals, weight=whole, weight_of_events=of_events)
    recipe = recipe_of(parsed, facts.kinds, coded, allowed, learned, offsets, roles)
    notes = [one.note for one in learned.values() if one.note]
    return StreamedDesign(
        formula=parsed.text,
        event=coded,
        rows=replace(facts.account, notes=(_READ_IN_PARTS, *parsed.notes, *notes)),
        totals=totals,
        counted=grouped or roles.freq_weights is not None,
        weighted=class_weights is not None or roles.sample_weight is not None,
        given_weights=roles.weights,
        class_weights=class_weights,
        shifted=roles.offset is not None or bool(offsets),
        clusters=None if facts.clusters is None else len(facts.clusters),
        grouped=grouped,
        recipe=recipe,
        stream=stream,
        reader=Reader(recipe, roles, class_weights, facts.clusters),
        discrete=_discrete([one for one in studies if one.ingredient.expression in learned], totals.rows),
    )


def _refuse_values(roles: Roles) -> None:
    """Weights of rows that are read in parts are columns among them."""
    for name in ("freq_weights", "sample_weight", "offset", "cluster"):
        value = getattr(roles, name)
        if value is not None and not isinstance(value, str):
            raise OptionError(
                f"{name} must be the name of a column where rows are read in parts, not a {type(value).__name__}; add "
                "it to the data as a column."
            )


def _refuse_unknown_columns(roles: Roles, names: tuple[str, ...]) -> None:
    for name in ("freq_weights", "sample_weight", "offset", "cluster"):
        value = getattr(roles, name)
        if value is not None and value not in names:
            raise DataError(f"{name}={value!r}: column {value!r} not found; there are {listing(names)}.")


def _is_factor(part: Any, parsed: Formula) -> bool:
    return any(part in term for term in parsed.terms)


def _studied(
    parsed: Formula, stream: Stream, functions: Functions, roles: Roles, event: Any
) -> tuple[Facts, list[Study]]:
    """Pass over the rows until every factor has learnt what it must; the first pass gives the facts."""
    factors = dict.fromkeys([factor for term in parsed.terms for factor in term] + list(parsed.offsets))
    studies = [study_of(factor, functions) for factor in factors]
    first: Facts | None = None
    while first is None or any(study.result is None for study in studies):
        open_ones = [at for at, study in enumerate(studies) if study.result is None]
        known = None if first is None else _event(parsed, first, event)
        lesson = Lesson(parsed, functions, tuple(studies[at] for at in open_ones), known)
        facts = stream.over(partial(_facts, lesson, roles), lesson.merged)
        if first is None:
            for name, largest in facts.largest.items():
                refuse_all_zero(name, largest)
            refuse_no_rows(facts.account)
            first = facts
        assert facts.seen is not None
        assert first.example is not None
        for at, seen in zip(open_ones, facts.seen, strict=True):
            studies[at] = studies[at].after(seen, functions, first.example)
    return first, studies


def _facts(lesson: Lesson, roles: Roles, source: Source) -> Facts:
    return lesson.facts(sift(lesson.parsed, source, lesson.functions, roles))


def _result(study: Study) -> Prepared:
    assert study.result is not None
    return study.result


def _event(parsed: Formula, facts: Facts, event: Any) -> Event:
    """Choose the event among the outcomes that occur."""
    if len(parsed.response) == 2:
        return event_of_counts(parsed, [float(facts.outcomes[part.name][1]) for part in parsed.response], event)
    counts = {level: int(sums[0]) for level, sums in facts.outcomes.items()}
    if event is None and set(counts) == {0, 1}:
        return Event(parsed.label, *((True, False) if all(isinstance(v, (bool, np.bool_)) for v in counts) else (1, 0)))
    return event_among(counts, parsed.response[0].name, event)


def _totals(facts: Facts, event: Event) -> Totals:
    yes, no = facts.outcomes[event.level], facts.outcomes[event.other]
    return Totals(facts.account.used, float(yes[1] + no[1]), float(yes[1]), float(yes[2] + no[2]), float(yes[2]))


def _discrete(studies: list[Study], rows: int) -> Cells | None:
    """Give the cells that the factors span where all are discrete and there are many rows for each cell."""
    sizes: list[tuple[int, float | None]] = []
    for study in studies:
        seen = study.seen
        if isinstance(seen, SeenLevels) and study.result is not None:
            sizes.append((len(study.result.ingredient.levels), None))
        elif isinstance(seen, SeenNumbers) and seen.whole:
            sizes.append((int(seen.high - seen.low) + 1, seen.low))
        else:
            return None
    return cells_of(sizes, rows)
