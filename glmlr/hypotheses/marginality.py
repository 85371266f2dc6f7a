"""Which terms contain which? The relatives of a term, and the order in which R adds terms to a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.design.recipe import Recipe, Term

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Place:
    """A term among the others.

    Attributes:
        term: the term.
        columns: positions of its design columns.
        relatives: positions of the columns of all terms that contain it (a:b contains a and b).

    """

    term: Term
    columns: Positions
    relatives: Positions


def places(recipe: Recipe) -> tuple[Place, ...]:
    """Give each term that has columns, but for the intercept, in the order of the columns."""
    tested = [term for term in recipe.terms if term.kind != "intercept" and term.columns]
    factors = [_factors(recipe, term) for term in tested]
    found = []
    for term, own in zip(tested, factors, strict=True):
        containing = [other for other, theirs in zip(tested, factors, strict=True) if own < theirs]
        relatives = [column for other in containing for column in other.columns]
        found.append(Place(term, np.array(term.columns, dtype=np.intp), np.array(relatives, dtype=np.intp)))
    return tuple(found)


def as_added(recipe: Recipe) -> tuple[Place, ...]:
    """Give the same terms in the order of the formula, main effects before interactions, as R's anova adds them."""
    written = [frozenset(_position(recipe, one) for one in term) for term in recipe.formula.terms]
    order = {term: at for at, term in enumerate(sorted(written, key=len))}
    last = len(order)
    return tuple(sorted(places(recipe), key=lambda place: order.get(_factors(recipe, place.term), last)))


def _factors(recipe: Recipe, term: Term) -> frozenset[int]:
    owned = set(term.columns)
    return frozenset(at for part in recipe.parts if part.width and part.first in owned for at in part.factors)


def _position(recipe: Recipe, expression: object) -> int:
    return next(at for at, one in enumerate(recipe.ingredients) if one.expression == expression)
