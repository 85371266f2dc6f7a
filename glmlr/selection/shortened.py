"""Which model is left when only some terms of a design are kept? The same rows, with a shorter formula."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from glmlr.design import DesignInMemory
from glmlr.design.derived import learnt_anew
from glmlr.design.rows import predictors_read
from glmlr.selection.search import Space


class _SomeColumns(Mapping[str, Any]):
    """Some of the columns of a mapping, looked up when they are asked for."""

    def __init__(self, columns: Mapping[str, Any], names: list[str]) -> None:
        self._columns = columns
        self._names = names

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def written(space: Space, term: int) -> str:
    """Write a term as a formula does; "1" for the intercept."""
    ingredients = space.design.recipe.ingredients
    wanted = space.factors[term]
    for factors in space.design.recipe.formula.terms:
        places = {at for at, one in enumerate(ingredients) if one.expression in factors}
        if places == wanted:
            return ":".join(factor.quoted for factor in factors)
    return "1"


def shortened(space: Space, model: frozenset[int], note: str) -> DesignInMemory:
    """Give the design of some of the terms, on all the rows.

    Args:
        space: the models.
        model: the terms, the intercept among them.
        note: what the account of the rows is to say of how they were chosen.

    """
    design = space.design
    kept = {written(space, term) for term in model}
    parsed = design.recipe.formula
    terms = tuple(term for term in parsed.terms if ":".join(factor.quoted for factor in term) in kept)
    shown = [":".join(factor.quoted for factor in term) for term in terms] or ["1"]
    response = " + ".join(part.quoted for part in parsed.response)
    text = f"{response} ~ {' + '.join([*shown, *(f'offset({one.quoted})' for one in parsed.offsets)])}"
    formula = replace(parsed, text=text, terms=terms)
    columns = _SomeColumns(design.columns, predictors_read(formula))
    rows = replace(design.rows, notes=(*design.rows.notes, note))
    recipe = replace(design.recipe, formula=formula)
    found = learnt_anew(replace(design, formula=text, rows=rows, recipe=recipe, columns=columns))
    # Where an offset was a column, new rows have it too.
    own = replace(found.recipe, offset_column=recipe.offset_column, offset_given=recipe.offset_given)
    return replace(found, recipe=own)
