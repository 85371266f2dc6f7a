"""How do a formula and rows become columns of numbers? The only importer of patsy.

The formula is taken apart by `formula`, the data by `sources`; `rows` chooses the rows, `outcomes` codes the response,
and `factors` evaluates each factor once. Here patsy says which coding each factor gets in which term and in which order
the columns stand; it sees no data. What remains is a `Recipe` that fills (k, b) tiles of design columns from factors.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import patsy
from patsy import categorical
from patsy.design_info import FactorInfo, SubtermInfo
from patsy.mgcv_cubic_splines import CC, CR, TE
from patsy.splines import BS

from glmlr.blocks import Block, LocalRows, Piece, in_pieces
from glmlr.errors import DataError, FormulaError, OptionError, UnknownLevelError, listing
from glmlr.expressions import CONTRASTS
from glmlr.factors import Prepared, prepare, prepare_offset, values_of
from glmlr.formula import Formula, parse_formula
from glmlr.functions import Functions, functions_of
from glmlr.naming import Coded, references_of, term_of, titled
from glmlr.outcomes import outcomes_of, outcomes_of_new_rows
from glmlr.patterns import Patterns, collapse
from glmlr.recipe import NewRows, Part, Recipe, Term, applied, as_in_fit
from glmlr.response import Event
from glmlr.rows import Chosen, RowAccount, choose_rows
from glmlr.sources import classified, read
from glmlr.splines import SplineLearner
from glmlr.transforms import LEARNERS, Learner
from glmlr.weights import class_weights_of

__all__ = ["Design", "NewRows", "RowAccount", "Term", "build_design"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


#: Design columns are kept from pass to pass up to this many numbers (1 GiB), and made again in each pass beyond.
_MOST_CELLS_KEPT: Final = 1 << 27

_SPLINES: Final[Mapping[str, Any]] = {"bs": BS, "cr": CR, "cc": CC, "te": TE}
#: Learning transforms by name.
_LEARNERS: Final[Mapping[str, Learner]] = {
    **LEARNERS,
    **{kind: SplineLearner(kind, basis) for kind, basis in _SPLINES.items()},
}
_CONTRASTS: Final = {name: getattr(patsy, name) for name in CONTRASTS}


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


@dataclass(frozen=True, eq=False)
class Design(LocalRows):
    """A formula applied to rows.

    Attributes (n = rows used, k = design columns):
        formula: as given (with `.` expanded).
        event: the outcome that is modelled.
        terms: terms in the order of their columns; their columns cover range(k).
        names: design column names, length k, patsy's spelling ("C(race)[T.black]").
        rows: the account of the rows.
        index: index of every row read, length rows.read.
        used: which rows read are used, shape (rows.read,).
        y: share of events, shape (n,).
        weight: Bernoulli trials per row (frequency x trials), shape (n,), or None for 1.
        importance: class x sample weight, shape (n,), or None for 1.
        class_weights: (weight of non-events, weight of events) where class_weight was given, else None.
        offset: shape (n,), or None.
        cluster: cluster number of each row, shape (n,), or None.
        columns: the data columns the formula reads, rows used, for tables of a predictor alone.
        grouped: whether the response was successes + failures.
        recipe: what is needed to score new rows, without the rows of the fit.
        values: the evaluated factors, one array of length n each.

    """

    formula: str
    event: Event
    terms: tuple[Term, ...]
    names: tuple[str, ...]
    rows: RowAccount
    index: pd.Index
    used: Bools
    y: Floats
    weight: Floats | None
    importance: Floats | None
    class_weights: tuple[float, float] | None
    offset: Floats | None
    cluster: npt.NDArray[np.int64] | None
    columns: Mapping[str, pd.Series]
    grouped: bool
    recipe: Recipe = field(repr=False)
    values: tuple[Any, ...] = field(repr=False)

    def pieces(self) -> Sequence[Piece]:
        """Give the rows used in pieces, in order."""
        return self._pieces

    @cached_property
    def _pieces(self) -> Sequence[Piece]:
        keep = self.y.size * len(self.names) <= _MOST_CELLS_KEPT
        return in_pieces(_Kept(self._block) if keep else self._block, self.y.size, len(self.names))

    def _block(self, rows: slice) -> Block:
        x = self.recipe.tile(self.values, rows, rows.stop - rows.start)
        whole = Block(x, self.y, self.weight, self.importance, self.offset, self.cluster)
        return replace(whole.cut(x, rows), start=rows.start)

    @cached_property
    def patterns(self) -> Patterns | None:
        """The covariate patterns the rows collapse to, or None where there are too many or rows differ otherwise."""
        if self.importance is not None or self.offset is not None:
            return None
        levels = [len(ingredient.levels or ()) for ingredient in self.recipe.ingredients]
        return collapse(self.values, levels, self.y, self.weight)

    def matrix(self) -> Floats:
        """Give all design columns of the rows used, shape (n, k)."""
        return self.recipe.matrix(self.values, self.y.size)

    def apply(self, data: Any, *, unknown: str = "error", offset: Any = None) -> NewRows:
        """Build the same columns for new rows; no response is needed.

        Args:
            data: anything a fit takes, and a dict of single values for one row.
            unknown: a level the fit has not seen is an "error", makes the row incomplete ("nan"), or counts as the
                reference level ("reference", treatment coding only).
            offset: offset of the new rows, where the fit's was not a column.

        Raises:
            DataError: a column is missing, or holds something else than in the fit.
            UnknownLevelError: a level the fit has not seen.

        """
        return applied(self.recipe, data, unknown, offset)

    def outcome(self, data: Any) -> tuple[Floats, Floats | None]:
        """Code the response of new rows by the event of the fit.

        Returns:
            Shares of events, shape (m,), NaN where the response is missing; and the trials of each row where the
            response is successes + failures, else None.

        Raises:
            ResponseError: a value that is neither the event nor the other one.

        """
        return outcomes_of_new_rows(self.recipe, data)

    def patsy_design_info(self) -> Any:
        """Give a patsy DesignInfo that builds the same columns, for libraries that ask for one."""
        return _design_info(self.recipe)


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
        return in_pieces(_Kept(self._block), self.patterns.y.size, len(self.design.names))

    def _block(self, rows: slice) -> Block:
        found = self.patterns
        x = self.design.recipe.tile(found.values, rows, rows.stop - rows.start)
        return Block(x, found.y[rows], found.weight[rows], start=rows.start)


class _Kept:
    """Blocks that are made once and kept; the first pass over the rows makes them, in its threads."""

    def __init__(self, make: Callable[[slice], Block]) -> None:
        self._make = make
        self._made: dict[int, Block] = {}

    def __call__(self, rows: slice) -> Block:
        block = self._made.get(rows.start)
        if block is None:
            block = self._made[rows.start] = self._make(rows)
        return block


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
) -> Design:
    """Apply a formula to rows.

    Args:
        formula: see `glmlr.formula`.
        data: see `glmlr.sources.read`.
        event: the value of the response that is the event.
        freq_weights: counts: a column name, a Series (by index) or an array (by position).
        class_weight: "balanced", or {class: weight}.
        sample_weight: importance of each row, as freq_weights.
        offset: known part of the linear predictor, as freq_weights.
        cluster: the cluster of each row, as freq_weights.
        functions: the user's own functions by name.

    Raises:
        FormulaError, DataError, ResponseError, WeightError, OptionError, SourceError: what is wrong, in a sentence.

    """
    allowed = functions_of(functions, _LEARNERS, _CONTRASTS)
    source = read(data)
    if len(source.names) == 0 or len(source.index) == 0:
        raise DataError(
            f"The data have {len(source.index)} rows and {len(source.names)} columns; there is nothing to fit."
        )
    roles = [role for role in (freq_weights, sample_weight, offset, cluster) if isinstance(role, str)]
    parsed = parse_formula(formula, source.names, functions=allowed.names, left_out=roles)
    chosen = choose_rows(parsed, source, allowed, freq_weights, sample_weight, offset, cluster)
    y, trials, coded = outcomes_of(parsed, chosen.rows, event, allowed)
    weight = _times(chosen.rows.frequency, trials)
    if class_weight is not None and trials is not None:
        raise OptionError(
            "class_weight does not go with counts (successes + failures): a row has no one class; give a row per trial."
        )
    class_weights = class_weights_of(class_weight, coded, y, weight)
    by_class = None if class_weights is None else np.where(y == 1.0, class_weights[1], class_weights[0])
    recipe, values, offsets, notes = _recipe_of(parsed, chosen, coded, allowed)
    recipe = replace(
        recipe,
        offset_column=offset if isinstance(offset, str) else None,
        offset_given=not isinstance(offset, str | None),
    )
    return Design(
        formula=parsed.text,
        event=coded,
        terms=recipe.terms,
        names=recipe.names,
        rows=replace(chosen.account, notes=(*chosen.account.notes, *parsed.notes, *notes)),
        index=source.index,
        used=chosen.used,
        y=_frozen(y),
        weight=_frozen(weight),
        importance=_frozen(_times(chosen.importance, by_class)),
        class_weights=class_weights,
        offset=_frozen(_plus(chosen.offset, offsets)),
        cluster=chosen.cluster,
        columns=_UsedColumns({name: source.raw(name) for name in parsed.predictors}, chosen.used),
        grouped=trials is not None,
        recipe=recipe,
        values=values,
    )


def _times(one: Floats | None, other: Floats | None) -> Floats | None:
    return other if one is None else one if other is None else one * other


def _plus(one: Floats | None, other: Floats | None) -> Floats | None:
    return other if one is None else one if other is None else one + other


def _frozen(array: Any) -> Any:
    """Give a read-only view."""
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view


def _recipe_of(
    parsed: Formula, chosen: Chosen, event: Event, functions: Functions
) -> tuple[Recipe, tuple[Any, ...], Floats | None, list[str]]:
    """Learn from the rows used; give the recipe, the values of the factors, the offsets, and notes."""
    expressions = list(dict.fromkeys(factor for term in parsed.terms for factor in term))
    learned = [prepare(expression, chosen.rows, functions) for expression in expressions]
    offsets = [prepare_offset(expression, chosen.rows, functions) for expression in parsed.offsets]
    shift: Floats | None = None
    for one in offsets:
        shift = _plus(shift, one.values)
    position = {expression: at for at, expression in enumerate(expressions)}
    terms = [tuple(position[factor] for factor in term) for term in parsed.terms]
    coded = _coded(terms, learned, parsed.intercept)
    titles, names = titled(coded, learned)
    references = references_of(coded)
    recipe = Recipe(
        formula=parsed,
        event=event,
        kinds={name: column.kind for name, column in chosen.rows.columns.items()},
        ingredients=tuple(replace(one.ingredient, reference=references.get(at)) for at, one in enumerate(learned)),
        titles=tuple(titles),
        parts=tuple(part for _, parts in coded for part in parts),
        names=names,
        terms=tuple(term_of(term, parts, learned, titles) for term, parts in coded),
        offsets=tuple(one.ingredient for one in offsets),
        offset_column=None,
        offset_given=False,
        functions=functions,
    )
    return recipe, tuple(one.values for one in learned), shift, [one.note for one in learned if one.note]


class _Stand:
    """A factor as patsy sees it: its kind, and no data."""

    origin = None

    def __init__(self, position: int, learned: Prepared) -> None:
        self.position = position
        if learned.ingredient.width:
            self.value: Any = np.zeros((1, learned.ingredient.width))
        else:
            self.value = categorical.C([], learned.contrast, list(learned.ingredient.levels))

    def name(self) -> str:
        """Give a name that is nobody else's; what is shown is made by `_titled`."""
        return f"factor {self.position}"

    def memorize_passes_needed(self, *_: Any) -> int:
        """Say that there is nothing left to learn."""
        return 0

    def eval(self, *_: Any) -> Any:
        """Give a value of the right kind."""
        return self.value


def _coded(terms: Sequence[tuple[int, ...]], learned: Sequence[Prepared], intercept: bool) -> Coded:
    """Let patsy choose the coding of every factor in every term, and order the columns."""
    stands = [_Stand(position, one) for position, one in enumerate(learned)]
    asked = [patsy.Term([stands[at] for at in term]) for term in terms]
    if intercept:
        asked.insert(0, patsy.INTERCEPT)
    try:
        (info,) = patsy.design_matrix_builders([asked], lambda: iter([{}]), patsy.EvalEnvironment([{}]))
    except (patsy.PatsyError, ValueError, TypeError) as problem:
        reason = getattr(problem, "message", str(problem))
        raise FormulaError(f"The coding of a factor does not fit its levels: {reason}.") from problem
    first = 0
    out: Coded = []
    for term, subterms in info.term_codings.items():
        mine = []
        for subterm in subterms:
            mine.append(_part(subterm, first, learned))
            first += subterm.num_columns
        out.append((tuple(factor.position for factor in term.factors), mine))
    return out


def _part(subterm: Any, first: int, learned: Sequence[Prepared]) -> Part:
    codings: list[Floats | None] = []
    suffixes: list[tuple[str, ...]] = []
    for stand in subterm.factors:
        width = learned[stand.position].ingredient.width
        if stand in subterm.contrast_matrices:
            contrast = subterm.contrast_matrices[stand]
            codings.append(np.ascontiguousarray(np.asarray(contrast.matrix, dtype=np.float64).T))
            suffixes.append(tuple(contrast.column_suffixes))
        else:
            codings.append(None)
            suffixes.append(("",) if width == 1 else tuple(f"[{at}]" for at in range(width)))
    factors = tuple(stand.position for stand in subterm.factors)
    return Part(first, subterm.num_columns, factors, tuple(codings), tuple(suffixes))


# ------------------------------------------------------------------------------------------------ for other libraries


class _Evaluated:
    """A factor of a recipe as patsy evaluates it on new rows."""

    origin = None

    def __init__(self, recipe: Recipe, position: int) -> None:
        self.recipe = recipe
        self.position = position

    def name(self) -> str:
        """Give the name the factor has in the names of columns."""
        return self.recipe.titles[self.position]

    def memorize_passes_needed(self, *_: Any) -> int:
        """Say that there is nothing left to learn."""
        return 0

    def eval(self, _: Any, data: Any) -> Any:
        """Evaluate on new rows: numbers with NaN, or a categorical, where something is missing."""
        ingredient = self.recipe.ingredients[self.position]
        columns = {
            name: as_in_fit(classified(pd.Series(np.atleast_1d(data[name])), name), self.recipe.kinds[name])
            for name in ingredient.expression.reads
        }
        size = len(pd.Series(np.atleast_1d(data[ingredient.expression.reads[0]])))
        present = np.ones(size, dtype=bool)
        for column in columns.values():
            present &= True if column.missing is None else ~column.missing
        kept = {name: column.at(present) for name, column in columns.items()}
        values, labels = values_of(ingredient, kept, self.recipe.functions, int(present.sum()))
        if labels is None:
            out = np.full((size, *values.shape[1:]), np.nan)
            out[present] = values
            return out
        if (values < 0).any():
            strange = listing(repr(labels.levels[code]) for code in np.unique(labels.codes[values < 0]))
            raise UnknownLevelError(f"{self.name()} has levels the fit has not seen: {strange}.")
        codes = np.full(size, -1, dtype=np.intp)
        codes[present] = values
        return pd.Categorical.from_codes(codes, categories=pd.Index(list(ingredient.levels)))


def _design_info(recipe: Recipe) -> Any:
    factors = [_Evaluated(recipe, position) for position in range(len(recipe.ingredients))]
    codings: OrderedDict[Any, list[Any]] = OrderedDict()
    for term in recipe.terms:
        parts = [part for part in recipe.parts if part.first in term.columns]
        if parts:
            longest = max(parts, key=lambda part: len(part.factors))
            key = patsy.Term([factors[at] for at in longest.factors])
            codings[key] = [_subterm_info(part, factors) for part in parts]
    infos = {}
    for at in sorted({at for part in recipe.parts for at in part.factors}):
        one = recipe.ingredients[at]
        kind = "numerical" if one.width else "categorical"
        infos[factors[at]] = FactorInfo(
            factors[at], kind, {}, num_columns=one.width or None, categories=None if one.width else one.levels
        )
    return patsy.DesignInfo(list(recipe.names), infos, codings)


def _subterm_info(part: Part, factors: Sequence[_Evaluated]) -> Any:
    contrasts = {
        factors[at]: patsy.ContrastMatrix(coding.T, list(suffixes))
        for at, coding, suffixes in zip(part.factors, part.codings, part.suffixes, strict=True)
        if coding is not None
    }
    return SubtermInfo([factors[at] for at in part.factors], contrasts, part.width)
