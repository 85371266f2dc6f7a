"""How is each factor coded in each term? The only importer of patsy, which sees no data.

patsy says which coding a factor gets in a term, what its columns are called and in which order they stand; its splines
and contrasts are bound here as well. What comes of it is a `Recipe`, which fills tiles of design columns.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import patsy
from patsy import categorical
from patsy.contrasts import code_contrast_matrix
from patsy.design_info import FactorInfo, SubtermInfo
from patsy.mgcv_cubic_splines import CC, CR, TE
from patsy.splines import BS

from glmlr.design.evidence import EVIDENCE
from glmlr.design.factors import Prepared, values_of
from glmlr.design.naming import Coded, references_of, term_of, titled
from glmlr.design.recipe import Part, Recipe, as_in_fit
from glmlr.design.response import Event
from glmlr.design.rows import Roles
from glmlr.errors import FormulaError, UnknownLevelError, listing
from glmlr.language.expressions import CONTRASTS
from glmlr.language.formula import Formula
from glmlr.language.functions import Functions, functions_of
from glmlr.language.splines import SplineLearner
from glmlr.language.transforms import LEARNERS, Learner
from glmlr.sources import classified

Floats = npt.NDArray[np.float64]

_SPLINES: Final[Mapping[str, Any]] = {"bs": BS, "cr": CR, "cc": CC, "te": TE}
#: Learning transforms by name.
_LEARNERS: Final[Mapping[str, Learner]] = {
    **LEARNERS,
    **{kind: SplineLearner(kind, basis) for kind, basis in _SPLINES.items()},
    **EVIDENCE,
}
_CONTRASTS: Final = {name: getattr(patsy, name) for name in CONTRASTS}
#: What a formula may call where the user adds nothing.
_LANGUAGE: Final = functions_of(None, _LEARNERS, _CONTRASTS)


def functions_with(own: Mapping[str, Any] | None) -> Functions:
    """Give what a formula may call: the functions of the language, and the user's own.

    Raises:
        OptionError: a name that a formula cannot call, or must not replace; something that is no function.

    """
    return _LANGUAGE if own is None else functions_of(own, _LEARNERS, _CONTRASTS)


def recipe_of(
    parsed: Formula,
    kinds: Mapping[str, str],
    event: Event,
    functions: Functions,
    learned: Mapping[Any, Prepared],
    offsets: Sequence[Prepared],
    roles: Roles,
) -> Recipe:
    """Put factors that have learnt what they need together to a recipe.

    Args:
        parsed: the formula.
        kinds: column -> what it holds.
        event: the outcome that is modelled.
        functions: what the formula may call.
        learned: expression -> the factor.
        offsets: the arguments of offset(...).
        roles: what beside the formula is read; the offset is needed for new rows.

    Raises:
        FormulaError: a coding that does not fit the levels.
        DataError: two columns of one name.

    """
    factors = list(learned.values())
    position = {expression: at for at, expression in enumerate(learned)}
    terms = [tuple(position[factor] for factor in term) for term in parsed.terms]
    coded = _coded(terms, factors, parsed.intercept)
    titles, names = titled(coded, factors)
    references = references_of(coded)
    return Recipe(
        formula=parsed,
        event=event,
        kinds=dict(kinds),
        ingredients=tuple(replace(one.ingredient, reference=references.get(at)) for at, one in enumerate(factors)),
        titles=tuple(titles),
        parts=tuple(part for _, parts in coded for part in parts),
        names=names,
        terms=tuple(term_of(term, parts, factors, titles) for term, parts in coded),
        offsets=tuple(one.ingredient for one in offsets),
        offset_column=roles.offset if isinstance(roles.offset, str) else None,
        offset_given=not isinstance(roles.offset, str | None),
        functions=functions,
    )


#: Levels of a factor whose own are not asked for: all of them make two columns, without the first one.
_STAND_INS: Final = ["reference", "other"]

#: A product of factors: the position of each, and whether it has a column for every level; None for numbers.
_Product: TypeAlias = tuple[tuple[int, bool | None], ...]


class _Stand:
    """A factor as patsy sees it: its kind, and neither data nor levels."""

    origin = None

    def __init__(self, position: int, has_levels: bool) -> None:
        self.position = position
        self.value: Any = categorical.C([], None, _STAND_INS) if has_levels else np.zeros(1)

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
    """Code every factor in every term as patsy chooses, and order the columns."""
    has_levels = tuple(one.ingredient.width == 0 for one in learned)
    first = 0
    out: Coded = []
    for term, products in _choice(tuple(terms), has_levels, intercept):
        mine = []
        for product in products:
            mine.append(_part(product, first, learned))
            first += mine[-1].width
        out.append((term, mine))
    return out


@lru_cache(maxsize=32)
def _choice(
    terms: tuple[tuple[int, ...], ...], has_levels: tuple[bool, ...], intercept: bool
) -> tuple[tuple[tuple[int, ...], tuple[_Product, ...]], ...]:
    """Let patsy choose the order of the terms, and which factors get a column for every level.

    Neither depends on what the levels are, so that one choice serves all samples of the same rows.
    """
    stands = [_Stand(position, one) for position, one in enumerate(has_levels)]
    asked = [patsy.Term([stands[at] for at in term]) for term in terms]
    if intercept:
        asked.insert(0, patsy.INTERCEPT)
    (info,) = patsy.design_matrix_builders([asked], lambda: iter([{}]), patsy.EvalEnvironment([{}]))

    def product(subterm: Any) -> _Product:
        full = {stand: coded.matrix.shape[1] == len(_STAND_INS) for stand, coded in subterm.contrast_matrices.items()}
        return tuple((stand.position, full.get(stand)) for stand in subterm.factors)

    return tuple(
        (tuple(stand.position for stand in term.factors), tuple(map(product, subterms)))
        for term, subterms in info.term_codings.items()
    )


def _part(product: _Product, first: int, learned: Sequence[Prepared]) -> Part:
    codings: list[Floats | None] = []
    suffixes: list[tuple[str, ...]] = []
    for position, full in product:
        width = learned[position].ingredient.width
        if full is None:
            codings.append(None)
            suffixes.append(("",) if width == 1 else tuple(f"[{at}]" for at in range(width)))
        else:
            contrast = _contrast(learned[position], full)
            codings.append(np.ascontiguousarray(np.asarray(contrast.matrix, dtype=np.float64).T))
            suffixes.append(tuple(contrast.column_suffixes))
    factors = tuple(position for position, _ in product)
    return Part(first, prod(map(len, suffixes)), factors, tuple(codings), tuple(suffixes))


def _contrast(factor: Prepared, full: bool) -> Any:
    """Code the levels of a factor, all of them or all but one; patsy's ContrastMatrix."""
    try:
        return code_contrast_matrix(full, factor.ingredient.levels, factor.contrast, default=patsy.Treatment)
    except (patsy.PatsyError, ValueError, TypeError) as problem:
        reason = getattr(problem, "message", str(problem))
        raise FormulaError(f"The coding of a factor does not fit its levels: {reason}.") from problem


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


def patsy_design_info(recipe: Recipe) -> Any:
    """Give a patsy DesignInfo that builds the columns of a recipe, for libraries that ask for one."""
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
