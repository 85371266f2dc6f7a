"""Which combination of columns tells rows apart? A separating direction, written out as a rule."""

from __future__ import annotations

from typing import Final

import numpy as np

from glmlr.design.recipe import Recipe
from glmlr.errors import listing
from glmlr.separation import Separation

#: A rule with more columns than this is not written out.
_MOST_COLUMNS: Final = 5
#: How a rule that is not written out begins.
SEVERAL: Final = "a combination"
#: Part of the first coefficient of a rule below which a constant is 0.
_NOTHING: Final = 1e-9


def rule_of(recipe: Recipe, separation: Separation) -> tuple[str, tuple[str, str]]:
    """Name the terms of a separating direction, and write down what is true of the rows on either side of it."""
    ray = np.array(separation.ray)
    constants = [column for term in recipe.terms if term.kind == "intercept" for column in term.columns]
    constant = float(ray[constants].sum() - np.delete(ray * separation.center, constants).sum())
    ray[constants] = 0.0
    moved = np.flatnonzero(ray)
    terms = [term.name for term in recipe.terms if set(term.columns) & set(moved.tolist())]
    if moved.size > _MOST_COLUMNS or not moved.size:
        words = f"{SEVERAL} of {moved.size} columns"
        return listing(terms), (words, words)
    scale = float(ray[moved[0]])
    parts = [_times(float(ray[column]) / scale, recipe.names[column]) for column in moved[1:]]
    left = " ".join([recipe.names[moved[0]], *parts])
    value = -constant / scale if abs(constant) > _NOTHING * abs(scale) else 0.0
    above, below = f"{left} > {value:.4g}", f"{left} < {value:.4g}"
    return listing(terms), (above, below) if scale > 0 else (below, above)


def _times(coefficient: float, name: str) -> str:
    """Give "+ 2.5 x", "- x"."""
    size = f"{abs(coefficient):.4g}"
    return f"{'+' if coefficient > 0 else '-'} {'' if size == '1' else size + ' '}{name}"
