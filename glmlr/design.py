"""How do a formula and rows become columns of numbers? The only importer of patsy.

The formula is taken apart by `formula`, the rows by `sources`, each factor is evaluated once by `factors`. Here the
rows are chosen and the response is coded, and patsy says which coding each factor gets in which term and in which order
the columns stand; it sees no data. What remains is a `Recipe` that fills (k, b) tiles of design columns from factors.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import signature
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import patsy
from patsy import categorical
from patsy.design_info import FactorInfo, SubtermInfo
from patsy.mgcv_cubic_splines import CC, CR, TE
from patsy.splines import BS

from glmlr.blocks import Block
from glmlr.errors import DataError, FormulaError, OptionError, ResponseError, UnknownLevelError, listing, suggestion
from glmlr.factors import (
    Functions,
    Prepared,
    UsedRows,
    evaluated,
    ingredient_of,
    prepare,
    prepare_offset,
    shown_level,
    values_of,
)
from glmlr.formula import CONTRASTS, STRUCTURAL, Expression, Formula, parse_formula
from glmlr.recipe import NewRows, Part, Recipe, Term, applied, as_in_fit, slices_of
from glmlr.response import Event, code_response
from glmlr.sources import Column, Source, classified, read
from glmlr.transforms import LEARNERS, Factor, Labels, Learner
from glmlr.weights import class_weights_of, clusters_of, lined_up, numbers_of, weights_of

__all__ = ["Design", "NewRows", "RowAccount", "Term", "build_design"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RowAccount:
    """How many rows were read, used and dropped, and why.

    Attributes:
        read: rows of the data.
        used: rows the fit uses.
        dropped: column or role ("age", "offset (e)", "cluster (c)") -> rows in which it is missing; a row missing in
            two columns counts in both.
        zero_weight: rows left out because their weight is 0 (they equal absent rows).
        notes: sentences: levels that do not occur and were dropped, ...

    """

    read: int
    used: int
    dropped: Mapping[str, int]
    zero_weight: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Spline:
    """A spline basis of patsy, as plain numbers: its knots, degree and constraints."""

    kind: str
    state: Mapping[str, Any]

    @property
    def range(self) -> tuple[float, float] | None:
        """Outermost knots, beyond which the outer pieces are continued; None for a cyclic or tensor basis."""
        if self.kind not in ("bs", "cr"):
            return None
        return float(np.min(self.state["_all_knots"])), float(np.max(self.state["_all_knots"]))

    def __call__(self, *arguments: Any, **options: Any) -> Floats:
        """Give the basis at any values, shape (m, df)."""
        basis = _SPLINES[self.kind].__new__(_SPLINES[self.kind])
        basis.__dict__.update(self.state)
        if self.kind != "bs":
            return np.asarray(basis.transform(*arguments, **options))
        x = np.asarray(arguments[0], dtype=np.float64)
        low, high = self.range or (-np.inf, np.inf)
        inside = np.clip(x, low, high)
        out = np.asarray(basis.transform(inside, *arguments[1:], **options))
        beyond = x != inside
        if beyond.any():
            out[beyond] = self._continued(x[beyond])[:, -out.shape[1] :]
        return out

    def _continued(self, x: Floats) -> Floats:
        """Continue the outer polynomials beyond the outermost knots, as R's bs() does."""
        from scipy.interpolate import BSpline

        knots, degree = np.asarray(self.state["_all_knots"], dtype=np.float64), int(self.state["_degree"])
        return np.asarray(BSpline(knots, np.eye(knots.size - degree - 1), degree)(x))


_SPLINES: Final[Mapping[str, Any]] = {"bs": BS, "cr": CR, "cc": CC, "te": TE}


@dataclass(frozen=True)
class SplineLearner:
    """Learns a spline basis of patsy; weights are frequencies, and count as repeated rows."""

    kind: str

    def __call__(self, weight: Floats | None, *arguments: Any, **options: Any) -> Spline:
        """Learn knots and constraints."""
        _refuse_unknown_options(self.kind, options)
        if self.kind == "bs" and weight is not None:
            options = _weighted_knots(weight, *arguments, **options)
            arguments = arguments[:1]
        basis = _SPLINES[self.kind]()
        basis.memorize_chunk(*arguments, **options)
        basis.memorize_finish()
        if weight is not None and isinstance(options.get("constraints"), str):
            # The centring constraint is the mean row of the basis, here of the repeated rows.
            basis._constraints = None
            rows = np.asarray(basis.transform(*arguments, **options))
            basis._constraints = np.average(rows, axis=0, weights=weight)[None, :]
        return Spline(self.kind, dict(basis.__dict__))


def _refuse_unknown_options(kind: str, options: Mapping[str, Any]) -> None:
    known = ["constraints"] if kind == "te" else list(signature(_SPLINES[kind].memorize_chunk).parameters)[2:]
    for name in options:
        if name not in known:
            raise TypeError(f"it has no argument {name!r}{suggestion(name, known) or f'; it takes {listing(known)}'}")


def _weighted_knots(
    weight: Floats,
    x: Floats,
    df: int | None = None,
    knots: Any = None,
    degree: int = 3,
    include_intercept: bool = False,
    **bounds: Any,
) -> dict[str, Any]:
    """Place the inner knots at quantiles (type 7) of the repeated rows."""
    given = {"df": df, "knots": knots, "degree": degree, "include_intercept": include_intercept, **bounds}
    inner = 0 if df is None else df - (degree + 1) + (not include_intercept)
    if knots is not None or inner <= 0:
        return given
    order = np.argsort(x, kind="stable")
    above = np.cumsum(weight[order])
    position = np.linspace(0, 1, inner + 2)[1:-1] * (above[-1] - 1)
    low = np.floor(position)
    ends = [x[order][np.searchsorted(above, at, side="right").clip(max=x.size - 1)] for at in (low, low + 1)]
    return {**given, "knots": ends[0] + (position - low) * (ends[1] - ends[0])}


#: Learning transforms by name.
_LEARNERS: Final[Mapping[str, Learner]] = {**LEARNERS, **{kind: SplineLearner(kind) for kind in _SPLINES}}


def _functions(own: Mapping[str, Any] | None) -> Functions:
    """Check functions={...}."""
    if own is None:
        own = {}
    if not isinstance(own, Mapping):
        raise OptionError(f"functions must be a dict of name and function, not a {type(own).__name__}.")
    for name, function in own.items():
        if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")) or "__" in name:
            raise OptionError(f"functions has the name {name!r}, which a formula cannot call; use a plain word.")
        if name in STRUCTURAL or name in _LEARNERS:
            raise OptionError(
                f"functions cannot replace {name!r}, which is part of the formula language; rename yours."
            )
        if not callable(function):
            raise OptionError(f"functions[{name!r}] is of type {type(function).__name__}; it must be a function.")
    return Functions(dict(own), _LEARNERS, {name: getattr(patsy, name) for name in CONTRASTS})


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
class Design:
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

    def blocks(self) -> Iterator[Block]:
        """Give the rows used, block by block, in order."""
        return iter(self._blocks)

    @cached_property
    def _blocks(self) -> tuple[Block, ...]:
        return tuple(self._block(rows) for rows in slices_of(self.y.size, len(self.names)))

    def _block(self, rows: slice) -> Block:
        def part(array: Floats | None) -> Floats | None:
            return None if array is None else array[rows]

        x = self.recipe.tile(self.values, rows, rows.stop - rows.start)
        return Block(x, self.y[rows], part(self.weight), part(self.importance), part(self.offset))

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
        return _outcome(self.recipe, data)

    def patsy_design_info(self) -> Any:
        """Give a patsy DesignInfo that builds the same columns, for libraries that ask for one."""
        return _design_info(self.recipe)


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
    allowed = _functions(functions)
    source = read(data)
    if len(source.names) == 0 or len(source.index) == 0:
        raise DataError(
            f"The data have {len(source.index)} rows and {len(source.names)} columns; there is nothing to fit."
        )
    roles = [role for role in (freq_weights, sample_weight, offset, cluster) if isinstance(role, str)]
    parsed = parse_formula(formula, source.names, functions=allowed.names, left_out=roles)
    chosen = _choose_rows(parsed, source, allowed, freq_weights, sample_weight, offset, cluster)
    y, trials, coded = _response(parsed, chosen.rows, event, allowed)
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


@dataclass(frozen=True, eq=False)
class _Chosen:
    """The rows used: columns, weights and the account of the others."""

    rows: UsedRows
    used: Bools
    importance: Floats | None
    offset: Floats | None
    cluster: npt.NDArray[np.int64] | None
    account: RowAccount


def _choose_rows(
    parsed: Formula,
    source: Source,
    functions: Functions,
    freq_weights: Any,
    sample_weight: Any,
    offset: Any,
    cluster: Any,
) -> _Chosen:
    """Find the rows in which nothing is missing and every weight is above 0."""
    columns = {name: source.column(name) for name in _columns_read(parsed)}
    missing = {name: column.missing for name, column in columns.items() if column.missing is not None}
    frequency = weights_of(freq_weights, "freq_weights", source, whole=True)
    sample = weights_of(sample_weight, "sample_weight", source, whole=False)
    shift = codes = None
    if offset is not None:
        shift = numbers_of(lined_up(offset, "offset", source), "offset")
        missing[_role("offset", offset)] = np.isnan(shift)
    if cluster is not None:
        codes = clusters_of(lined_up(cluster, "cluster", source))
        missing[_role("cluster", cluster)] = codes < 0
    complete = np.ones(len(source.index), dtype=bool)
    for mask in missing.values():
        complete &= ~mask
    counts = np.ones_like(complete)
    for weights in (frequency, sample, _trials(parsed, columns, complete, functions)):
        if weights is not None:
            counts &= weights > 0
    used = complete & counts
    dropped = {name: int(mask.sum()) for name, mask in missing.items() if mask.any()}
    account = RowAccount(used.size, int(used.sum()), dropped, int((complete & ~counts).sum()))
    _refuse_no_rows(account)

    def cut(array: Floats | None) -> Floats | None:
        return array if array is None or used.all() else array[used]

    kept = {n: c.without_missing() if used.all() else c.at(used) for n, c in columns.items()}
    numbered = None if codes is None else np.asarray(pd.factorize(codes[used])[0], dtype=np.int64)
    rows = UsedRows(kept, account.used, cut(frequency))
    return _Chosen(rows, used, cut(sample), cut(shift), numbered, account)


def _columns_read(parsed: Formula) -> list[str]:
    response = [column for part in parsed.response for column in part.reads]
    offsets = [column for part in parsed.offsets for column in part.reads]
    return list(dict.fromkeys([*response, *parsed.predictors, *offsets]))


def _role(argument: str, value: Any) -> str:
    return f"{argument} ({value})" if isinstance(value, str) else argument


def _refuse_no_rows(account: RowAccount) -> None:
    if account.used:
        return
    reasons = [f"{name!r} is missing in {count:,}" for name, count in account.dropped.items()]
    if account.zero_weight:
        reasons.append(f"{account.zero_weight:,} have weight 0")
    raise DataError(f"None of the {account.read:,} rows can be used: {listing(reasons)}.")


def _trials(parsed: Formula, columns: Mapping[str, Column], complete: Bools, functions: Functions) -> Floats | None:
    """Give the trials of each row of successes + failures, shape (m,); 1 in rows that are left out anyway."""
    if len(parsed.response) != 2 or not complete.any():
        return None
    kept = {name: columns[name].at(complete) for part in parsed.response for name in part.reads}
    counts = [_count(part, kept, int(complete.sum()), functions) for part in parsed.response]
    trials = np.ones(complete.size)
    trials[complete] = counts[0] + counts[1]
    return trials


def _response(parsed: Formula, rows: UsedRows, event: Any, functions: Functions) -> tuple[Floats, Floats | None, Event]:
    """Code the response of the rows used: shares of events, trials where there are counts, and the event."""
    if len(parsed.response) == 2:
        return _counts(parsed, rows, event, functions)
    expression = parsed.response[0]
    values = _response_values(expression, rows.columns, rows.size, functions)
    y, coded = code_response(values, expression.name, event)
    return y, None, coded


def _response_values(
    expression: Expression, columns: Mapping[str, Column], size: int, functions: Functions
) -> pd.Series:
    """Give the values of a response without missing values, as a Series that `code_response` takes."""
    value = evaluated(ingredient_of(expression, functions), columns, functions)
    if isinstance(value, Factor):
        value = value.values
    if isinstance(value, Labels):
        return pd.Series(pd.Categorical.from_codes(value.codes, pd.Index(list(value.levels)), validate=False))
    array = np.asarray(value)
    if isinstance(value, pd.Series) or array.ndim != 1 or array.size != size:
        what = "dates" if isinstance(value, pd.Series) else f"an array of shape {array.shape}"
        raise ResponseError(f"The response {expression.name!r} holds {what}; it must have two values, one per row.")
    return pd.Series(array)


def _counts(parsed: Formula, rows: UsedRows, event: Any, functions: Functions) -> tuple[Floats, Floats, Event]:
    """Read successes + failures: shares, trials, and which of the two is the event."""
    counts = [_count(part, rows.columns, rows.size, functions) for part in parsed.response]
    names = [part.name for part in parsed.response]
    chosen = 0
    if event is not None:
        if event not in names:
            hint = suggestion(event, names) if isinstance(event, str) else ""
            raise ResponseError(
                f"event={event!r} is not one of the two counts {names[0]!r} and {names[1]!r}{hint or '.'}"
            )
        chosen = names.index(event)
    trials = counts[0] + counts[1]
    for count, name in zip(counts, names, strict=True):
        if not count.any():
            raise ResponseError(f"The count {name!r} is 0 in every row; a model needs both events and non-events.")
    return counts[chosen] / trials, trials, Event(parsed.label, names[chosen], names[1 - chosen])


def _count(part: Expression, columns: Mapping[str, Column], size: int, functions: Functions) -> Floats:
    value = evaluated(ingredient_of(part, functions), columns, functions)
    if isinstance(value, (Labels, Factor, pd.Series)):
        raise ResponseError(f"{part.name!r} must be a count, a whole number of 0 or more, in successes + failures.")
    count = np.asarray(value, dtype=np.float64)
    wrong = ~(np.isfinite(count) & (count >= 0) & (count == np.rint(count)))
    if count.shape != (size,) or wrong.any():
        raise ResponseError(
            f"{part.name!r} must be a count, a whole number of 0 or more; it is not in {int(wrong.sum()):,} rows (such "
            f"as {', '.join(f'{value:g}' for value in count[wrong][:1])})."
        )
    return count


def _outcome(recipe: Recipe, data: Any) -> tuple[Floats, Floats | None]:
    """Code the response of new rows."""
    source = read(data, one_row=True)
    names = [column for part in recipe.formula.response for column in part.reads]
    columns = {name: source.column(name, " in the new data") for name in names}
    complete = np.ones(len(source.index), dtype=bool)
    for column in columns.values():
        if column.missing is not None:
            complete &= ~column.missing
    kept = {name: column.at(complete) for name, column in columns.items()}
    size = int(complete.sum())
    y = np.full(complete.size, np.nan)
    if len(recipe.formula.response) == 2:
        counts = [_count(part, kept, size, recipe.functions) for part in recipe.formula.response]
        first = recipe.event.level == recipe.formula.response[0].name
        trials = np.full(complete.size, np.nan)
        trials[complete] = counts[0] + counts[1]
        with np.errstate(invalid="ignore"):
            y[complete] = counts[0 if first else 1] / trials[complete]
        return y, trials
    if size:
        values = _response_values(recipe.formula.response[0], kept, size, recipe.functions)
        y[complete] = _frozen_event(values, recipe.event)
    return y, None


def _frozen_event(values: pd.Series, event: Event) -> Floats:
    yes, no = ((values == level).to_numpy(dtype=bool) for level in (event.level, event.other))
    strange = ~(yes | no)
    if strange.any():
        found = listing(repr(value) for value in dict.fromkeys(values[strange].tolist()))
        raise ResponseError(
            f"The response {event.response!r} has values the fit has not seen: {found}; it knows {event.level!r} and "
            f"{event.other!r}."
        )
    return np.asarray(yes, dtype=np.float64)


def _recipe_of(
    parsed: Formula, chosen: _Chosen, event: Event, functions: Functions
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
    titles, names = _titled(coded, learned)
    references = _references(coded)
    recipe = Recipe(
        formula=parsed,
        event=event,
        kinds={name: column.kind for name, column in chosen.rows.columns.items()},
        ingredients=tuple(replace(one.ingredient, reference=references.get(at)) for at, one in enumerate(learned)),
        titles=tuple(titles),
        parts=tuple(part for _, parts in coded for part in parts),
        names=names,
        terms=tuple(_term(term, parts, learned, titles) for term, parts in coded),
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


_Coded = list[tuple[tuple[int, ...], list[Part]]]


def _coded(terms: Sequence[tuple[int, ...]], learned: Sequence[Prepared], intercept: bool) -> _Coded:
    """Let patsy choose the coding of every factor in every term, and order the columns."""
    stands = [_Stand(position, one) for position, one in enumerate(learned)]
    asked = [patsy.Term([stands[at] for at in term]) for term in terms]
    if intercept:
        asked.insert(0, patsy.INTERCEPT)
    try:
        (info,) = patsy.design_matrix_builders([asked], lambda: iter([{}]), patsy.EvalEnvironment([{}]))
    except patsy.PatsyError as problem:
        raise FormulaError(f"The coding of a factor does not fit its levels: {problem.message}.") from problem
    first = 0
    out: _Coded = []
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


# ------------------------------------------------------------------------------------------------ names and terms


def _titled(coded: _Coded, learned: Sequence[Prepared]) -> tuple[list[str], tuple[str, ...]]:
    """Name factors and design columns as patsy does; back-ticks come back where two names would be equal."""
    titles = [one.ingredient.expression.name for one in learned]
    for _ in range(2):
        named = [(name, part.factors) for _, parts in coded for part in parts for name in _column_names(part, titles)]
        seen: dict[str, int] = {}
        for name, _ in named:
            seen[name] = seen.get(name, 0) + 1
        if len(seen) == len(named):
            return titles, tuple(name for name, _ in named)
        for name, factors in named:
            for position in factors if seen[name] > 1 else ():
                expression = learned[position].ingredient.expression
                titles[position] = expression.quoted if expression.column is None else f"`{expression.column}`"
    twice = next(name for name, count in seen.items() if count > 1)
    raise DataError(f"Two design columns would have the name {twice!r}; rename the columns or levels they come from.")


def _column_names(part: Part, titles: Sequence[str]) -> Iterator[str]:
    # As in R, the left-most factor varies fastest.
    for pieces in itertools.product(*reversed(part.suffixes)):
        texts = [titles[at] + suffix for at, suffix in zip(part.factors, reversed(pieces), strict=True)]
        yield ":".join(texts) or "Intercept"


def _term(term: tuple[int, ...], parts: list[Part], learned: Sequence[Prepared], titles: Sequence[str]) -> Term:
    columns = tuple(column for part in parts for column in range(part.first, part.first + part.width))
    variables = tuple(dict.fromkeys(name for at in term for name in learned[at].ingredient.expression.reads))
    name = ":".join(titles[at] for at in term) or "Intercept"
    if len(term) != 1:
        return Term(name, columns, variables, kind="interaction" if term else "intercept")
    ingredient = learned[term[0]].ingredient
    if ingredient.width:
        return Term(name, columns, variables)
    levels = tuple(shown_level(level) for level in ingredient.levels)
    reference = _reference(parts[0].codings[0]) if len(columns) < len(levels) and parts else None
    return Term(name, columns, variables, levels, None if reference is None else levels[reference], "categorical")


def _reference(coding: Floats | None) -> int | None:
    """Give the level whose row of a treatment coding is zero, the other rows being unit vectors; None without one."""
    if coding is None or coding.shape[0] != coding.shape[1] - 1:
        return None
    rows = coding.T
    zero = np.flatnonzero(~rows.any(axis=1))
    treatment = (
        zero.size == 1 and np.isin(rows, (0.0, 1.0)).all() and (np.delete(rows, zero, axis=0).sum(axis=1) == 1).all()
    )
    return int(zero[0]) if treatment else None


def _references(coded: _Coded) -> dict[int, int]:
    """Give the reference level of each factor that has treatment coding somewhere."""
    found: dict[int, int] = {}
    for _, parts in coded:
        for part in parts:
            for position, coding in zip(part.factors, part.codings, strict=True):
                if position not in found and (reference := _reference(coding)) is not None:
                    found[position] = reference
    return found
