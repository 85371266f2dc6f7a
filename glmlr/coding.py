"""How is each factor coded in each term? The only importer of patsy, which sees no data.

patsy says which coding a factor gets in a term, what its columns are called and in which order they stand; its splines
and contrasts are bound here as well. What comes of it is a `Recipe`, which fills tiles of design columns.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import patsy
from patsy import categorical
from patsy.design_info import FactorInfo, SubtermInfo
from patsy.mgcv_cubic_splines import CC, CR, TE
from patsy.splines import BS

from glmlr.errors import FormulaError, UnknownLevelError, listing
from glmlr.expressions import CONTRASTS
from glmlr.factors import Prepared, values_of
from glmlr.formula import Formula
from glmlr.functions import Functions, functions_of
from glmlr.naming import Coded, references_of, term_of, titled
from glmlr.recipe import Part, Recipe, as_in_fit
from glmlr.response import Event
from glmlr.rows import Roles
from glmlr.sources import classified
from glmlr.splines import SplineLearner
from glmlr.transforms import LEARNERS, Learner

Floats = npt.NDArray[np.float64]

_SPLINES: Final[Mapping[str, Any]] = {"bs": BS, "cr": CR, "cc": CC, "te": TE}
#: Learning transforms by name.
_LEARNERS: Final[Mapping[str, Learner]] = {
    **LEARNERS,
    **{kind: SplineLearner(kind, basis) for kind, basis in _SPLINES.items()},
}
_CONTRASTS: Final = {name: getattr(patsy, name) for name in CONTRASTS}


def functions_with(own: Mapping[str, Any] | None) -> Functions:
    """Give what a formula may call: the functions of the language, and the user's own.

    Raises:
        OptionError: a name that a formula cannot call, or must not replace; something that is no function.

    """
    return functions_of(own, _LEARNERS, _CONTRASTS)


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
