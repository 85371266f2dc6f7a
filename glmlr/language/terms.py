"""What terms do `+ - * / : **` make? Sums of products of factors, as patsy and R multiply them out.

Reference: Chambers & Hastie (1992), Statistical Models in S, section 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from glmlr.errors import FormulaError
from glmlr.language.expressions import Expression

T = TypeVar("T")

_Factors = tuple[Expression, ...]
_Terms = dict[frozenset[Expression], _Factors]

#: More terms than this are no model, and would fill the memory: 20 columns crossed are a million.
MOST_TERMS: Final = 100_000


@dataclass
class Sum:
    """What a part of the formula stands for.

    Attributes:
        terms: by the set of their factors, in the order of the text.
        intercept: whether it asks for the constant (True), removes it (False), or says nothing of it (None).
        literal: the number it is ("0", "1", "2.5"), or "offset" for offset(...); None for terms.

    """

    terms: _Terms
    intercept: bool | None = None
    literal: str | None = None

    def plus(self, other: Sum) -> Sum:
        """Give a + b."""
        # The left side is built up in place: a sum of 1,000 terms takes 1,000 steps.
        terms = _joined(self.terms, other.terms)
        if other.literal == "0":
            return Sum(terms, False)
        return Sum(terms, True if other.intercept else self.intercept)

    def minus(self, other: Sum) -> Sum:
        """Give a - b: the terms of a that are not in b."""
        terms = {key: term for key, term in self.terms.items() if key not in other.terms}
        if other.literal == "0":
            return Sum(terms, True)
        return Sum(terms, False if other.intercept else self.intercept)

    def interaction(self, other: Sum) -> Sum:
        """Give a:b: each term of a times each of b."""
        terms: _Terms = {}
        for left in self.terms.values():
            for right in other.terms.values():
                term = unique(left + right)
                terms.setdefault(frozenset(term), term)
            if len(terms) > MOST_TERMS:
                raise FormulaError(
                    f"The formula multiplies out into more than {MOST_TERMS:,} terms; write out the interactions that "
                    "matter."
                )
        return Sum(terms)

    def crossed(self, other: Sum) -> Sum:
        """Give a * b: a + b + a:b."""
        return Sum(_joined(_joined(dict(self.terms), other.terms), self.interaction(other).terms))

    def nesting(self, other: Sum) -> Sum:
        """Give a / b: a, and b within every combination of the factors of a."""
        everything = unique(factor for term in self.terms.values() for factor in term)
        inside = Sum({frozenset(everything): everything}).interaction(other)
        return Sum(_joined(dict(self.terms), inside.terms))

    def to_the(self, power: int) -> Sum:
        """Give a ** power: the terms of a and their interactions of up to so many."""
        terms, last = dict(self.terms), self
        for _ in range(1, min(len(self.terms), power)):
            last = self.interaction(last)
            _joined(terms, last.terms)
        return Sum(terms)


def _joined(terms: _Terms, more: _Terms) -> _Terms:
    for key, term in more.items():
        terms.setdefault(key, term)
    return terms


def unique(items: Iterable[T]) -> tuple[T, ...]:
    """Give each item once, in order."""
    return tuple(dict.fromkeys(items))
