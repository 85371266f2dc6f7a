"""What is needed to build a design from other rows? The recipe: plain values, no rows; and new rows put through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import BLOCK_ROWS, CODED_BLOCK_ROWS, slices_of
from glmlr.columns import CodedColumns, FactorCodes
from glmlr.design.factors import Ingredient, refuse_not_finite, values_of
from glmlr.design.response import Event
from glmlr.design.weights import lined_up, numbers_of
from glmlr.errors import DataError, OptionError, UnknownLevelError, listing, one_of
from glmlr.language.categories import Labels, labelled, sorted_levels
from glmlr.language.formula import Formula
from glmlr.language.functions import Functions
from glmlr.language.transforms import Learned
from glmlr.runs import in_threads, runs_of
from glmlr.sources import Column, Source, read

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


#: Cells of a design that are filled by one thread at a time: long runs of memory, and few of them.
_FILLED_AT_ONCE: Final = 1 << 19
#: A factor with so many columns, and half as many as there are others, is kept as codes: sums by code are then faster.
_CODED_COLUMNS: Final = 12

#: What to do with a level that the fit has not seen.
UNKNOWN: Final = ("error", "nan", "reference")


@dataclass(frozen=True)
class Term:
    """One term of the formula and the design columns it owns.

    Attributes:
        name: as the formula says it ("C(race)", "age:lwt", "bs(age, df=4)"); "Intercept" for the constant.
        columns: positions of its design columns.
        variables: data columns it reads.
        levels: level names in coding order when the term is one categorical factor, else ().
        reference: the level without a column of its own under treatment coding, else None.
        kind: "intercept", "numeric", "categorical" or "interaction" (two or more factors).

    """

    name: str
    columns: tuple[int, ...]
    variables: tuple[str, ...]
    levels: tuple[str, ...] = ()
    reference: str | None = None
    kind: str = "numeric"


@dataclass(frozen=True, eq=False)
class Part:
    """Design columns that are products of the same factors in the same coding (a subterm of patsy).

    Attributes:
        first: position of the first column.
        width: number of columns.
        factors: positions of the ingredients, the first varying fastest.
        codings: for each a matrix (columns, levels), C-contiguous, or None for numbers.
        suffixes: for each what its columns add to its name ("[T.white]", "[0]", "").

    """

    first: int
    width: int
    factors: tuple[int, ...]
    codings: tuple[Floats | None, ...]
    suffixes: tuple[tuple[str, ...], ...]

    def fill(self, values: Sequence[Any], rows: slice, out: Floats) -> None:
        """Write the columns of these rows into out, shape (k, b)."""
        mine = out[self.first : self.first + self.width]
        if not self.factors:
            mine[...] = 1.0
        elif len(self.factors) == 1:
            self._fill_one(values[self.factors[0]], self.codings[0], rows, mine)
        else:
            mine[...] = self._product(values, rows, out.shape[1])

    def _fill_one(self, values: Any, coding: Floats | None, rows: slice, mine: Floats) -> None:
        if coding is None:
            mine[...] = values[rows].T
        elif self._indicated is None:
            np.take(coding, values[rows], axis=1, out=mine, mode="clip")
        else:
            for column, level in zip(mine, self._indicated, strict=True):
                np.equal(values[rows], level, out=column)

    @cached_property
    def _indicated(self) -> list[int] | None:
        """The level that each column of a single factor indicates by 1, all others being 0; None for other codings."""
        coding = self.codings[0]
        if coding is None or not ((coding == 1.0).sum(axis=1) == 1).all() or np.count_nonzero(coding) != len(coding):
            return None
        return [int(level) for level in np.argmax(coding, axis=1)]

    @cached_property
    def level_columns(self) -> Integers | None:
        """The design column of each level, -1 for none, where the columns are levels of a single factor, else None."""
        if len(self.factors) != 1 or self.codings[0] is None or self._indicated is None:
            return None
        columns = np.full(self.codings[0].shape[1], -1, dtype=np.intp)
        columns[self._indicated] = np.arange(self.first, self.first + self.width)
        return columns if len(set(self._indicated)) == self.width else None

    def _product(self, values: Sequence[Any], rows: slice, size: int) -> Floats:
        product = np.ones((1, size))
        for position, coding in zip(self.factors, self.codings, strict=True):
            part = values[position][rows]
            columns = part.T.reshape(-1, size) if coding is None else coding[:, part]
            product = (columns[:, None, :] * product[None, :, :]).reshape(-1, size)
        return product


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that is needed to build the same design columns from other rows; holds no rows, and can be pickled.

    Attributes:
        formula: the formula, taken apart.
        event: the outcome that is modelled.
        kinds: column -> what it held in the fit ("number", "truth", "category", "mixed", "date").
        ingredients: the factors.
        titles: what each factor is called in the names of columns.
        parts: how they become columns.
        names: of the design columns, length k.
        terms: terms and their columns.
        offsets: the arguments of offset(...).
        offset_column: the column given as offset=, or None.
        offset_given: whether offset= was given as values.
        functions: the user's own functions.

    """

    formula: Formula
    event: Event
    kinds: Mapping[str, str]
    ingredients: tuple[Ingredient, ...]
    titles: tuple[str, ...]
    parts: tuple[Part, ...]
    names: tuple[str, ...]
    terms: tuple[Term, ...]
    offsets: tuple[Ingredient, ...]
    offset_column: str | None
    offset_given: bool
    functions: Functions

    def tile(self, values: Sequence[Any], rows: slice, size: int) -> Floats:
        """Give the design columns of some rows from the values of the factors, shape (k, size), C-contiguous."""
        out = np.empty((len(self.names), size))
        for part in self.parts:
            part.fill(values, rows, out)
        return out

    def columns(self, values: Sequence[Any], rows: slice, out: Floats | None = None) -> Floats | CodedColumns:
        """Give the design columns of some rows for a fit: as `tile`, but factors of many levels as codes.

        Args:
            values: of the factors.
            rows: which, with both ends.
            out: where to write the columns that are written out, shape (written_out, b), or None.

        """
        out = np.empty((self.written_out, rows.stop - rows.start)) if out is None else out
        for part in self._moved_up:
            part.fill(values, rows, out)
        if not self.coded:
            return out
        factors = tuple(
            FactorCodes(np.asarray(values[part.factors[0]][rows], dtype=np.intp), columns)
            for part in self.coded
            if (columns := part.level_columns) is not None
        )
        at = [column for part in self._uncoded for column in range(part.first, part.first + part.width)]
        return CodedColumns(out, np.asarray(at, dtype=np.intp), factors, len(self.names))

    @cached_property
    def coded(self) -> tuple[Part, ...]:
        """The parts that are kept as codes in a fit."""
        many = [part for part in self.parts if part.width >= _CODED_COLUMNS and part.level_columns is not None]
        others = len(self.names) - sum(part.width for part in many)
        return tuple(part for part in many if 2 * part.width >= others)

    @cached_property
    def _uncoded(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part not in self.coded)

    @cached_property
    def _moved_up(self) -> tuple[Part, ...]:
        """The parts that are written out, where they stand without the others."""
        ends = np.cumsum([part.width for part in self._uncoded])
        return tuple(replace(part, first=int(end) - part.width) for part, end in zip(self._uncoded, ends, strict=True))

    @cached_property
    def written_out(self) -> int:
        """Number of columns that are written out in a fit."""
        return len(self.names) - sum(part.width for part in self.coded)

    def slices(self, size: int) -> list[slice]:
        """Cut rows into blocks."""
        return list(slices_of(size, self.written_out, CODED_BLOCK_ROWS if self.coded else BLOCK_ROWS))

    def matrix(self, values: Sequence[Any], size: int) -> Floats:
        """Give the design columns of all rows, shape (size, k), each column one run of memory."""
        out = np.empty((len(self.names), size))
        areas = [(part, rows) for part in self.parts for rows in runs_of(size, max(1, _FILLED_AT_ONCE // part.width))]

        def fill(area: tuple[Part, slice]) -> None:
            """Fill the columns of one part in some of the rows."""
            part, rows = area
            part.fill(values, rows, out[:, rows])

        in_threads(fill, areas, alone=out.size <= _FILLED_AT_ONCE)
        return out.T


@dataclass(frozen=True, eq=False)
class NewRows:
    """New rows to score (m = rows given).

    Attributes:
        index: of the rows given, length m.
        complete: rows in which nothing needed is missing or (unknown="nan") unseen, shape (m,).
        matrix: design columns of the complete rows, shape (complete.sum(), k).
        offset: of the complete rows, or None.
        notes: sentences: unknown levels met and what was done.

    """

    index: pd.Index
    complete: Bools
    matrix: Floats
    offset: Floats | None
    notes: tuple[str, ...] = ()


def applied(recipe: Recipe, data: Any, unknown: str, offset: Any) -> NewRows:
    """Build the design columns of new rows; each row by itself."""
    one_of("unknown", unknown, UNKNOWN)
    source = read(data, one_row=True)
    offsets = [column for one in recipe.offsets for column in one.expression.reads]
    names = list(dict.fromkeys([*recipe.formula.predictors, *offsets]))
    columns = {name: as_in_fit(source.column(name, " in the new data"), recipe.kinds[name]) for name in names}
    shift = _new_offset(recipe, source, offset)
    complete = np.ones(len(source.index), dtype=bool) if shift is None else ~np.isnan(shift)
    tolerates = recipe.formula.tolerates
    for name, column in columns.items():
        if column.missing is not None and name not in tolerates:
            complete &= ~column.missing
    size = int(complete.sum())
    if size == 0:
        empty = None if shift is None and not recipe.offsets else np.zeros(0)
        return NewRows(source.index, complete, np.zeros((0, len(recipe.names))), empty)
    kept = {
        name: column.with_missing(complete) if name in tolerates else column.at(complete)
        for name, column in columns.items()
    }
    scoring = _Scoring(recipe, kept, size, unknown)
    values = [scoring.values(ingredient) for ingredient in recipe.ingredients]
    total = None if shift is None else shift[complete]
    for ingredient in recipe.offsets:
        more = np.asarray(scoring.values(ingredient), dtype=np.float64)
        total = more if total is None else total + more
    good = ~scoring.bad
    if scoring.bad.any():
        values = [value[good] for value in values]
        total = None if total is None else total[good]
        complete[complete] = good
    return NewRows(source.index, complete, recipe.matrix(values, int(good.sum())), total, tuple(scoring.notes))


def _counted(rows: int) -> str:
    return f"{rows:,} row{'' if rows == 1 else 's'}"


@dataclass
class _Scoring:
    """New rows on their way into a design: which cannot be scored, and what must be said."""

    recipe: Recipe
    columns: Mapping[str, Column]
    size: int
    unknown: str
    notes: list[str] = field(default_factory=list)
    bad: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(self.size, dtype=bool)

    def values(self, ingredient: Ingredient) -> Any:
        """Give the values of a factor; a row that has none is marked, or the call refused."""
        watched = tuple(_Watched(one, self.unknown) for one in ingredient.learned)
        values, labels = values_of(replace(ingredient, learned=watched), self.columns, self.recipe.functions, self.size)
        for one in watched:
            if one.outside:
                low, high = one.range
                self.notes.append(
                    f"{ingredient.expression.name}: {_counted(one.outside)} outside {low:g} to {high:g}, the "
                    "range of the fit; the spline is continued there."
                )
            for level, rows in one.unseen.items():
                self._without_evidence(ingredient, level, rows)
        if labels is not None:
            return self._known(ingredient, values, labels)
        return self._finite(ingredient, values)

    def _without_evidence(self, ingredient: Ingredient, level: Any, rows: Bools) -> None:
        """Deal with rows whose value has no weight of evidence: none of the fit was like them."""
        name, count = ingredient.expression.name, _counted(int(rows.sum()))
        if level is None:
            self.bad |= rows
            self.notes.append(f"{name}: the value is missing in {count}, and was in no row of the fit; no score.")
            return
        what = f"{name} meets {level!r} in {count}, which no row of the fit had"
        if self.unknown == "error":
            raise UnknownLevelError(
                f"{what}. unknown='nan' leaves such rows without a score, unknown='reference' gives them a weight of "
                "evidence of 0."
            )
        if self.unknown == "nan":
            self.bad |= rows
        said = "no score" if self.unknown == "nan" else "scored with a weight of evidence of 0"
        self.notes.append(f"{what}; {said}.")

    def _known(self, ingredient: Ingredient, codes: Integers, labels: Labels) -> Integers:
        strange = codes < 0
        if not strange.any():
            return codes
        expression = ingredient.expression
        column = expression.reads[0] if len(expression.reads) == 1 else expression.name
        counts = np.bincount(labels.codes[strange], minlength=len(labels.levels))
        order, _ = sorted_levels([labels.levels[at] for at in np.flatnonzero(counts)])
        found = [np.flatnonzero(counts)[at] for at in order]
        shown = listing(f"{labels.levels[at]!r} ({_counted(int(counts[at]))})" for at in found)
        what = f"column {column!r} has {'a level' if len(found) == 1 else 'levels'} the fit has not seen: {shown}"
        if self.unknown == "error":
            raise UnknownLevelError(
                f"{what}; it knows {listing(map(repr, ingredient.levels))}. unknown='nan' leaves such rows without a "
                "score, unknown='reference' gives them the reference level."
            )
        if self.unknown == "nan":
            self.bad |= strange
            self.notes.append(f"{what[0].upper()}{what[1:]}; these rows have no score.")
            return np.where(strange, 0, codes)
        if ingredient.reference is None:
            raise OptionError(
                f"unknown='reference' needs treatment coding, in which one level has no column of its own; "
                f"{expression.name} is coded otherwise ({what})."
            )
        taken = ingredient.levels[ingredient.reference]
        self.notes.append(f"{what[0].upper()}{what[1:]}; these rows are scored as {taken!r}, the reference level.")
        return np.where(strange, ingredient.reference, codes)

    def _finite(self, ingredient: Ingredient, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.unknown != "nan":
            refuse_not_finite(ingredient.expression, values, self.columns)
            return values
        wrong = ~np.isfinite(values)
        wrong = wrong if wrong.ndim == 1 else wrong.any(axis=1)
        if wrong.any():
            self.bad |= wrong
            self.notes.append(
                f"{ingredient.expression.name} is not a finite number in {_counted(int(wrong.sum()))}: no score."
            )
        return values


@dataclass
class _Watched:
    """A transform that counts the values beyond the range it learnt from, where it has one (a spline's knots).

    Of weights of evidence it notes the values that no row of the fit had (None: missing), and takes 0 for their weight.
    """

    transform: Learned
    unknown: str
    outside: int = 0
    unseen: Mapping[Any, Bools] = field(default_factory=dict)

    @property
    def range(self) -> tuple[float, float]:
        known: tuple[float, float] | None = getattr(self.transform, "range", None)
        return (-np.inf, np.inf) if known is None else known

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        low, high = self.range
        if low > -np.inf:
            x = np.asarray(arguments[0], dtype=np.float64)
            self.outside += int(((x < low) | (x > high)).sum())
        found = self.transform(*arguments, **options)
        unseen: Callable[[Any], Mapping[Any, Bools]] | None = getattr(self.transform, "unseen", None)
        if unseen is not None:
            self.unseen = unseen(arguments[0])
            for rows in self.unseen.values():
                found = np.where(rows, 0.0, found)
        return found


def _new_offset(recipe: Recipe, source: Source, offset: Any) -> Floats | None:
    """Give the offset of new rows, NaN where missing."""
    if offset is None:
        if recipe.offset_given:
            raise DataError("The fit had an offset that is not a column of the data; give offset= for the new rows.")
        if recipe.offset_column is None:
            return None
        column = source.column(recipe.offset_column, " in the new data (the offset of the fit)")
        return numbers_of(column, "offset")
    if not recipe.offset_given and recipe.offset_column is None:
        raise OptionError("offset= was given for new rows, and the fit has none; leave it out.")
    return numbers_of(lined_up(offset, "offset", source), "offset")


def as_in_fit(column: Column, kind: str) -> Column:
    """Give a column of new rows the kind it had in the fit.

    Raises:
        DataError: it holds something else.

    """
    same = column.kind == kind or {column.kind, kind} <= {"category", "mixed"}
    if same or (kind == "number" and column.kind in ("truth", "nothing")):
        values = (
            column.values.astype(np.float64)
            if column.kind in ("truth", "nothing") and kind == "number"
            else column.values
        )
        return replace(column, kind=kind, values=values)  # type: ignore[arg-type]
    if kind in ("category", "mixed") and column.kind in ("truth", "number", "nothing"):
        values = np.asarray(column.values)
        if column.missing is not None and values.dtype.kind == "f":
            values = np.where(column.missing, 0.0, values)
        labels = labelled(values.astype(bool) if column.kind == "truth" else values, column.name)
        if column.missing is not None:
            labels = replace(labels, codes=np.where(column.missing, -1, labels.codes))
        return replace(column, kind="category", values=labels)
    if kind == "truth" and column.kind in ("number", "nothing"):
        present = column.values if column.missing is None else column.values[~column.missing]
        if np.isin(present, (0, 1)).all():
            return replace(column, kind="truth", values=np.asarray(column.values == 1))
    if kind == "date" and column.kind == "nothing":
        return replace(column, kind="date", values=pd.Series(pd.NaT, index=range(len(column.values))))
    words = {"number": "numbers", "truth": "True and False", "category": "text", "mixed": "a mixture", "date": "dates"}
    held = column.values.levels[:1] if isinstance(column.values, Labels) else ()
    sample = f" (such as {held[0]!r})" if held else ""
    raise DataError(
        f"column {column.name!r} holds {words.get(column.kind, 'nothing')}{sample} in the new data and held "
        f"{words[kind]} in the fit; convert it."
    )
