"""What does a sentence such as "age = 2 * lwt" say of the coefficients? Read sign by sign, nothing is evaluated.

    hypotheses := sum ("=" sum)*            "age" alone is "age = 0"
    sum        := ["+" | "-"] product (("+" | "-") product)*
    product    := atom (("*" | "/") atom)*  at most one factor has coefficients
    atom       := number | coefficient | "(" sum ")"

The name of a coefficient is taken as it stands in the table of coefficients, brackets, spaces and all; back-ticks may
stand around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt

from glmlr.errors import OptionError, listing, suggestion

Floats = npt.NDArray[np.float64]

_NUMBER: Final = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: What would make a coefficient's name longer, so that it is another one.
_GOES_ON: Final = re.compile(r"[\w.:\[(]")
_WORD: Final = re.compile(r"(?:[^\W\d][\w.]*(?:\([^()]*\)|\[[^\[\]]*\]|:(?=[^\W\d]))*)+")


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """One linear equation of the coefficients: weights' beta = value.

    Attributes:
        text: as it was given, tidied.
        weights: shape (k,).
        value: the right side.

    """

    text: str
    weights: Floats
    value: float


def hypotheses_of(sentence: str, names: Sequence[str]) -> list[Hypothesis]:
    """Read a sentence; "a = b = c" says two things.

    Args:
        sentence: the sentence.
        names: of the coefficients, length k.

    Raises:
        OptionError: what cannot be read, or says nothing of the coefficients.

    """
    sides = _Reader(sentence, names).sides()
    texts = [" ".join(side.text.split()) for side in sides]
    if len(sides) == 1:
        sides, texts = [*sides, _Side(np.zeros(len(names)), 0.0, "0")], [*texts, "0"]
    found = []
    for (left, said), (right, meant) in pairwise(zip(sides, texts, strict=True)):
        weights = left.weights - right.weights
        if not weights.any():
            raise OptionError(f"{sentence!r} says nothing of the coefficients: they cancel, or none is named.")
        found.append(Hypothesis(f"{said} = {meant}", weights, right.constant - left.constant))
    return found


@dataclass(frozen=True, eq=False)
class _Side:
    """A linear expression: weights of the coefficients, shape (k,), a constant, and how it was written."""

    weights: Floats
    constant: float
    text: str = ""

    @property
    def fixed(self) -> bool:
        """Whether it has no coefficients."""
        return not self.weights.any()

    def times(self, factor: float) -> _Side:
        """Give it times a number."""
        return _Side(self.weights * factor, self.constant * factor)

    def plus(self, other: _Side) -> _Side:
        """Give the sum."""
        return _Side(self.weights + other.weights, self.constant + other.constant)


class _Reader:
    """A sentence on its way to linear expressions."""

    def __init__(self, sentence: str, names: Sequence[str]) -> None:
        self.sentence = sentence
        self.names = names
        self.longest = sorted(range(len(names)), key=lambda at: -len(names[at]))
        self.at = 0

    def sides(self) -> list[_Side]:
        """Read all sides of the equation."""
        found = [self._side()]
        while self._takes("="):
            self._takes("=")
            found.append(self._side())
        if self.at < len(self.sentence):
            self._fail(f"{self.sentence[self.at :].strip()!r} is not expected")
        return found

    def _side(self) -> _Side:
        self._skip()
        start = self.at
        found = self._sum()
        return _Side(found.weights, found.constant, self.sentence[start : self.at].strip())

    def _sum(self) -> _Side:
        sign = -1.0 if self._takes("-") else 1.0
        if sign > 0:
            self._takes("+")
        total = self._product().times(sign)
        while True:
            if self._takes("+"):
                total = total.plus(self._product())
            elif self._takes("-"):
                total = total.plus(self._product().times(-1.0))
            else:
                return total

    def _product(self) -> _Side:
        product = self._atom()
        while True:
            if self._takes("*"):
                product = self._multiplied(product, self._atom())
            elif self._takes("/"):
                divisor = self._atom()
                if not divisor.fixed or divisor.constant == 0:
                    self._fail("only a number that is not 0 can stand below a division")
                product = product.times(1.0 / divisor.constant)
            else:
                return product

    def _multiplied(self, one: _Side, other: _Side) -> _Side:
        if not (one.fixed or other.fixed):
            self._fail("coefficients are multiplied with each other, which is not linear")
        return other.times(one.constant) if one.fixed else one.times(other.constant)

    def _atom(self) -> _Side:
        self._skip()
        rest = self.sentence[self.at :]
        found = self._coefficient(rest)
        if found is not None:
            return found
        number = _NUMBER.match(rest)
        if number is not None:
            self.at += number.end()
            if _GOES_ON.match(self.sentence[self.at :]):
                self._fail(f"{rest.split()[0]!r} is neither a number nor a coefficient; write 2 * age for twice age")
            return _Side(np.zeros(len(self.names)), float(number.group()))
        if self._takes("("):
            inner = self._sum()
            if not self._takes(")"):
                self._fail("a bracket is not closed")
            return inner
        return self._unknown(rest)

    def _coefficient(self, rest: str) -> _Side | None:
        """Read the longest name of a coefficient that stands here."""
        for at in self.longest:
            name = self.names[at]
            quoted = f"`{name}`"
            size = len(quoted) if rest.startswith(quoted) else len(name) if rest.startswith(name) else 0
            if size and (rest[0] == "`" or not _GOES_ON.match(rest[size:])):
                self.at += size
                weights = np.zeros(len(self.names))
                weights[at] = 1.0
                return _Side(weights, 0.0)
        return None

    def _unknown(self, rest: str) -> NoReturn:
        word = _WORD.match(rest)
        if word is None:
            self._fail("a number or the name of a coefficient is missing" + (f" before {rest!r}" if rest else ""))
        hint = suggestion(word.group(), self.names) or f"; the coefficients are {listing(map(repr, self.names))}."
        raise OptionError(f"{self.sentence!r} names {word.group()!r}, which is not a coefficient{hint}")

    def _takes(self, sign: str) -> bool:
        self._skip()
        if not self.sentence.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _skip(self) -> None:
        while self.at < len(self.sentence) and self.sentence[self.at].isspace():
            self.at += 1

    def _fail(self, why: str) -> NoReturn:
        raise OptionError(f"The hypothesis {self.sentence!r} cannot be read: {why}.")
