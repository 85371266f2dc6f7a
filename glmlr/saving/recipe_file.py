"""How does a recipe become plain values, and plain values a recipe again? No code is stored, and none is run.

What a formula means is not in the file: on the way back its text goes through the same reader as a user's, which allows
no more than the formula language. In the file is what the rows of the fit taught: kinds of columns, levels, codings,
and what transforms have learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.binning import Binning
from glmlr.design.coding import functions_with
from glmlr.design.evidence import CutLevels, WeightOfEvidence
from glmlr.design.factors import Ingredient, Prepared, ingredient_of
from glmlr.design.naming import Coded, references_of, term_of, titled
from glmlr.design.recipe import Part, Recipe
from glmlr.design.response import Event
from glmlr.errors import GlmlrError, NotApplicable, listing
from glmlr.language.bases import BSplines, CubicSplines, TensorProducts
from glmlr.language.expressions import Expression
from glmlr.language.formula import Formula, parse_formula
from glmlr.language.functions import Functions
from glmlr.language.splines import Spline
from glmlr.language.transforms import Centered, Learned, Polynomials, Standardized
from glmlr.saving.json_values import Fields, plain_level, plain_numbers

Floats = npt.NDArray[np.float64]

#: Kinds of columns that a fit can have read.
_KINDS: Final = ("number", "truth", "category", "mixed", "date")
_BASES: Final = (BSplines, CubicSplines, TensorProducts)


# ------------------------------------------------------------------------------------------------ what was learnt


@dataclass(frozen=True)
class _Codec:
    """How one type of what transforms learn is written and read.

    Attributes:
        kind: the type.
        functions: names of the transforms that learn it.
        read: makes it of what was written, which is all its attributes.

    """

    kind: type[Any]
    functions: tuple[str, ...]
    read: Callable[[Fields], Any]

    def plain(self, held: Any) -> dict[str, Any]:
        """Give its attributes."""
        values = {field.name: getattr(held, field.name) for field in fields(self.kind)}
        return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Binning):
        return value.to_dict()
    return plain_numbers(value) if isinstance(value, np.ndarray) else value


def _of_arrays(kind: Any, *functions: str) -> _Codec:
    """Write a type whose attributes are all arrays."""
    return _Codec(
        kind, functions, lambda found: kind(**{field.name: found.numbers(field.name) for field in fields(kind)})
    )


def _read_b_splines(found: Fields) -> BSplines:
    knots = _read_knots(found)
    return BSplines(knots, found.whole("degree", knots.size - 2), found.truth("intercept"))


def _read_cubic_splines(found: Fields) -> CubicSplines:
    basis = CubicSplines(_read_knots(found), found.truth("cyclic"))
    if found.values.get("constraints") is None:
        return basis
    rows = len(found.listed("constraints"))
    return basis.constrained(found.numbers("constraints", (rows, basis.functions)))


def _read_tensor_products(found: Fields) -> TensorProducts:
    absent = found.values.get("constraints") is None
    return TensorProducts(None if absent else np.atleast_2d(found.numbers("constraints")))


def _read_knots(found: Fields) -> Floats:
    knots = found.numbers("knots", (len(found.listed("knots")),))
    if knots.size < 2 or not (np.diff(knots) >= 0).all():
        raise found.wrong("knots", "a list of at least 2 ascending numbers")
    return knots


def _read_binning(found: Fields) -> Binning:
    try:
        return Binning.from_dict(dict(found.within("binning").values))
    except (GlmlrError, KeyError, TypeError, ValueError):
        raise found.wrong("binning", "bins as this version writes them") from None


#: Every type of what a transform learns, by its name in a file.
_CODECS: Final[Mapping[str, _Codec]] = {
    "mean": _of_arrays(Centered, "center"),
    "spread": _of_arrays(Standardized, "standardize", "scale"),
    "polynomials": _of_arrays(Polynomials, "poly"),
    "B-splines": _Codec(BSplines, ("bs",), _read_b_splines),
    "cubic splines": _Codec(CubicSplines, ("cr", "cc"), _read_cubic_splines),
    "tensor products": _Codec(TensorProducts, ("te",), _read_tensor_products),
    "weights of evidence": _Codec(WeightOfEvidence, ("woe",), lambda found: WeightOfEvidence(_read_binning(found))),
    "bins": _Codec(CutLevels, ("cut",), lambda found: CutLevels(_read_binning(found), found.truth("by_outcome"))),
}


def _plain_learned(learned: Learned, expression: Expression) -> dict[str, Any]:
    held: Any = learned.basis if isinstance(learned, Spline) else learned
    for name, codec in _CODECS.items():
        if type(held) is codec.kind:
            note = {"note": learned.note} if isinstance(learned, Spline) else {}
            return {"learnt": name, **codec.plain(held), **note}
    raise NotApplicable(
        f"{expression.name} holds what a {type(held).__name__} has learnt, which a model file cannot hold; make the "
        "column before."
    )


def _read_learned(found: Fields, function: str) -> Learned:
    """Read what the transform of this name has learnt."""
    codec = _CODECS.get(found.text("learnt"))
    if codec is None or function not in codec.functions:
        raise found.wrong("learnt", f"what {function}() learns")
    held: Any = codec.read(found)
    if codec.kind not in _BASES:
        return held  # type: ignore[no-any-return]
    return Spline(function, held, None if found.values.get("note") is None else found.text("note"))


# ------------------------------------------------------------------------------------------------ factors


def _plain_ingredient(ingredient: Ingredient) -> dict[str, Any]:
    expression = ingredient.expression
    plain: dict[str, Any] = {"expression": expression.quoted}
    if ingredient.width:
        plain["width"] = ingredient.width
    else:
        plain["levels"] = [plain_level(level, expression.name) for level in ingredient.levels]
    if ingredient.learned:
        plain["learned"] = [_plain_learned(learned, expression) for learned in ingredient.learned]
    return plain


def _read_ingredient(found: Fields, expression: Expression, functions: Functions) -> Ingredient:
    """Compile an expression of the formula again and give it what it had learnt."""
    if found.text("expression") != expression.quoted:
        raise found.wrong("expression", f"{expression.quoted!r}, which stands there in the formula")
    ingredient = ingredient_of(expression, functions)
    learners = () if ingredient.program is None else ingredient.program.learners
    held = found.each("learned", len(learners)) if learners else []
    learned = tuple(_read_learned(one, name) for one, name in zip(held, learners, strict=True))
    if "width" in found.values:
        return replace(ingredient, learned=learned, width=found.whole("width"))
    return replace(ingredient, learned=learned, width=0, levels=found.levels("levels"))


# ------------------------------------------------------------------------------------------------ codings


def _plain_coding(coding: Floats) -> Any:
    """Write a coding, shape (columns, levels): treatment by its reference, one column a level as such, else in full."""
    levels = coding.shape[1]
    if np.array_equal(coding, np.eye(levels)):
        return "each level"
    if coding.shape[0] == levels - 1:
        reference = int(np.argmin(coding.any(axis=0)))
        if np.array_equal(coding, np.delete(np.eye(levels), reference, axis=0)):
            return {"treatment": reference}
    return plain_numbers(coding)


def _read_coding(found: Fields, name: str, levels: int, columns: int) -> Floats:
    value = found.values.get(name)
    if value == "each level":
        coding: Floats = np.eye(levels)
    elif isinstance(value, dict):
        coding = np.delete(np.eye(levels), found.within(name).whole("treatment", levels - 1), axis=0)
    else:
        return np.ascontiguousarray(found.numbers(name, (columns, levels)))
    if coding.shape[0] != columns:
        raise found.wrong(name, f"a coding with {columns} columns")
    coding.flags.writeable = False
    return coding


def _plain_part(part: Part) -> list[dict[str, Any]]:
    """Write the factors of a part in order, each with its coding where it has one."""
    return [
        {"factor": factor, "suffixes": list(suffixes)} | ({} if coding is None else {"coding": _plain_coding(coding)})
        for factor, coding, suffixes in zip(part.factors, part.codings, part.suffixes, strict=True)
    ]


def _read_part(found: Sequence[Fields], first: int, ingredients: Sequence[Ingredient]) -> Part:
    factors: list[int] = []
    codings: list[Floats | None] = []
    suffixes: list[tuple[str, ...]] = []
    for one in found:
        factor = one.whole("factor", len(ingredients) - 1)
        ingredient = ingredients[factor]
        names = one.texts("suffixes", ingredient.width or None)
        factors.append(factor)
        suffixes.append(names)
        numeric = ingredient.width > 0
        codings.append(None if numeric else _read_coding(one, "coding", len(ingredient.levels), len(names)))
    width = int(np.prod([len(names) for names in suffixes], dtype=np.int64))
    return Part(first, width, tuple(factors), tuple(codings), tuple(suffixes))


# ------------------------------------------------------------------------------------------------ the whole


def plain_recipe(recipe: Recipe) -> dict[str, Any]:
    """Give a recipe as what JSON can hold.

    Raises:
        NotApplicable: a function of the user's own, or a level that is neither text nor number.

    """
    formula = recipe.formula
    _refuse_own_functions(recipe)
    return {
        "formula": formula.text,
        "formula_read": _written_out(formula),
        "event": _plain_event(recipe.event),
        "columns": dict(recipe.kinds),
        "factors": [_plain_ingredient(one) for one in recipe.ingredients],
        "terms": [
            {"term": term.name, "parts": [{"factors": _plain_part(part)} for part in parts]}
            for term, (_, parts) in zip(recipe.terms, _coded(recipe), strict=True)
        ],
        "offset_terms": [_plain_ingredient(one) for one in recipe.offsets],
        "offset_column": recipe.offset_column,
        "offset_given": recipe.offset_given,
    }


def read_recipe(found: Fields) -> Recipe:
    """Give the recipe that `plain_recipe` wrote.

    Raises:
        GlmlrError: something in it is damaged, or its formula asks for more than this version can do.

    """
    functions = functions_with(None)
    kinds = _read_kinds(found.within("columns"))
    formula = parse_formula(found.text("formula_read"), tuple(kinds), functions=functions.names)
    expressions = list(dict.fromkeys(factor for term in formula.terms for factor in term))
    ingredients = _read_ingredients(found, "factors", expressions, functions)
    prepared = [Prepared(one, None) for one in ingredients]
    coded = _read_coded(found.each("terms"), ingredients)
    titles, names = titled(coded, prepared)
    references = references_of(coded)
    return Recipe(
        formula=replace(formula, text=found.text("formula")),
        event=_read_event(found.within("event")),
        kinds=kinds,
        ingredients=tuple(replace(one, reference=references.get(at)) for at, one in enumerate(ingredients)),
        titles=tuple(titles),
        parts=tuple(part for _, parts in coded for part in parts),
        names=names,
        terms=tuple(term_of(factors, parts, prepared, titles) for factors, parts in coded),
        offsets=tuple(_read_ingredients(found, "offset_terms", formula.offsets, functions)),
        offset_column=None if found.values.get("offset_column") is None else found.text("offset_column"),
        offset_given=found.truth("offset_given"),
        functions=functions,
    )


def _refuse_own_functions(recipe: Recipe) -> None:
    formula = recipe.formula
    everything = [*formula.response, *(factor for term in formula.terms for factor in term), *formula.offsets]
    own = dict.fromkeys(name for one in everything for name in recipe.functions.mentioned(one.code))
    if own:
        raise NotApplicable(
            f"The formula calls {listing(f'{name}()' for name in own)}, of your own, and a model file holds no code; "
            "make the column before the fit, or write it with the functions of the formula language."
        )


def _written_out(formula: Formula) -> str:
    """Write the formula as its terms, which read the columns that the fit read and no others."""
    parts = [":".join(factor.quoted for factor in term) for term in formula.terms]
    parts += [f"offset({expression.quoted})" for expression in formula.offsets]
    parts = parts if formula.intercept else ["0", *parts]
    return f"{' + '.join(part.quoted for part in formula.response)} ~ {' + '.join(parts or ['1'])}"


def _plain_event(event: Event) -> dict[str, Any]:
    whose = f"The response {event.response!r}"
    return {
        "response": event.response,
        "level": plain_level(event.level, whose),
        "other": plain_level(event.other, whose),
        "stated": event.stated,
    }


def _read_event(found: Fields) -> Event:
    return Event(found.text("response"), found.level("level"), found.level("other"), found.truth("stated"))


def _read_kinds(found: Fields) -> dict[str, str]:
    kinds = {name: found.text(name) for name in found.values}
    for name, kind in kinds.items():
        if kind not in _KINDS:
            raise found.wrong(name, f"one of {listing(_KINDS)}")
    return kinds


def _read_ingredients(
    found: Fields, name: str, expressions: Sequence[Expression], functions: Functions
) -> list[Ingredient]:
    held = found.each(name, len(expressions))
    return [_read_ingredient(one, expression, functions) for one, expression in zip(held, expressions, strict=True)]


def _coded(recipe: Recipe) -> Coded:
    """Give each term's factors and parts, as patsy gave them."""
    first = {part.first: part for part in recipe.parts}
    own = [[first[column] for column in term.columns if column in first] for term in recipe.terms]
    return [(_factors(parts), parts) for parts in own]


def _read_coded(found: Sequence[Fields], ingredients: Sequence[Ingredient]) -> Coded:
    coded: Coded = []
    first = 0
    for term in found:
        parts = []
        for part in term.each("parts"):
            parts.append(_read_part(part.each("factors"), first, ingredients))
            first += parts[-1].width
        coded.append((_factors(parts), parts))
    return coded


def _factors(parts: Sequence[Part]) -> tuple[int, ...]:
    """Give the factors of a term: its widest part has them all."""
    return max((part.factors for part in parts), key=len, default=())
