"""What are design columns called, and which term owns them? In patsy's spelling, two never alike."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from glmlr.design.factors import Prepared, shown_level
from glmlr.design.recipe import Part, Term
from glmlr.errors import DataError

Floats = npt.NDArray[np.float64]

#: Terms as positions of their factors, each with its design columns.
Coded = list[tuple[tuple[int, ...], list[Part]]]


def titled(coded: Coded, learned: Sequence[Prepared]) -> tuple[list[str], tuple[str, ...]]:
    """Name factors and design columns as patsy does; back-ticks come back where two names would be equal."""
    titles = [one.ingredient.expression.name for one in learned]
    for _ in range(2):
        named = [(name, part.factors) for _, parts in coded for part in parts for name in _column_names(part, titles)]
        seen = Counter(name for name, _ in named)
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


def term_of(term: tuple[int, ...], parts: list[Part], learned: Sequence[Prepared], titles: Sequence[str]) -> Term:
    """Describe a term by the design columns it owns."""
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
    if coding is None or coding.shape[0] != coding.shape[1] - 1 or not ((coding == 0) | (coding == 1)).all():
        return None
    ones = coding.sum(axis=0)  # in the row of each level
    zero = np.flatnonzero(ones == 0)
    return int(zero[0]) if zero.size == 1 and (ones <= 1).all() else None


def references_of(coded: Coded) -> dict[int, int]:
    """Give the reference level of each factor that has treatment coding somewhere."""
    found: dict[int, int] = {}
    for _, parts in coded:
        for part in parts:
            for position, coding in zip(part.factors, part.codings, strict=True):
                if position not in found and (reference := _reference(coding)) is not None:
                    found[position] = reference
    return found
