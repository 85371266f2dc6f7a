"""What terms do `+ - * / : **` make? Sums of products of factors, as patsy and R multiply them out.

Reference: Chambers & Hastie (1992), Statistical Models in S, section 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from math import comb
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
        if self.apart(other):
            _refuse_too_many(len(self.terms) * len(other.terms))
        terms: _Terms = {}
        for mine, left in self.terms.items():
            for theirs, right in other.terms.items():
                # A union of sets keeps the hashes that they have; a set of factors would ask each factor for its own.
                key = mine | theirs
                if key not in terms:
                    terms[key] = left + right if len(key) == len(left) + len(right) else unique(left + right)
            _refuse_too_many(len(terms))
        return Sum(terms)

    def apart(self, other: Sum) -> bool:
        """Say whether no factor stands in both, so that every product of their terms is another term."""
        return self.factors().isdisjoint(other.factors())

    def factors(self) -> frozenset[Expression]:
        """Give every factor of every term."""
        return frozenset[Expression]().union(*self.terms)

    def crossed(self, other: Sum) -> Sum:
        """Give a * b: a + b + a:b."""
        if self.apart(other):
            _refuse_too_many(len(self.terms) + len(other.terms) + len(self.terms) * len(other.terms))
        return Sum(_joined(_joined(dict(self.terms), other.terms), self.interaction(other).terms))

    def nesting(self, other: Sum) -> Sum:
        """Give a / b: a, and b within every combination of the factors of a."""
        everything = unique(factor for term in self.terms.values() for factor in term)
        inside = Sum({frozenset(everything): everything}).interaction(other)
        return Sum(_joined(dict(self.terms), inside.terms))

    def to_the(self, power: int) -> Sum:
        """Give a ** power: the terms of a and their interactions of up to so many."""
        terms, last, most = dict(self.terms), self, min(len(self.terms), power)
        if sum(map(len, self.terms)) == len(self.factors()):  # no two terms share a factor: every choice is a term
            for total in accumulate(comb(len(terms), chosen) for chosen in range(1, most + 1)):
                _refuse_too_many(total)
        for _ in range(1, most):
            last = self.interaction(last)
            _joined(terms, last.terms)
        return Sum(terms)


def _refuse_too_many(terms: int) -> None:
    if terms > MOST_TERMS:
        raise FormulaError(
            f"The formula multiplies out into more than {MOST_TERMS:,} terms; write out the interactions that matter."
        )


def _joined(terms: _Terms, more: _Terms) -> _Terms:
    for key, term in more.items():
        terms.setdefault(key, term)
    return terms


def unique(items: Iterable[T]) -> tuple[T, ...]:
    """Give each item once, in order."""
    return tuple(dict.fromkeys(items))
