"""What are the words of a formula? Its text cut into tokens, and what is said where it cannot be read.

A name may hold dots inside, as in R ("blood.pressure", "np.log"); a column whose name is no word stands in back-ticks.
What is no token is refused by name: attributes, prefixed strings, comments, escapes that no formula needs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from glmlr.errors import DataError, FormulaError, listing, suggestion

#: Operators of the formula and how tightly they bind.
FORMULA_OPERATORS: Final = {"~": 0, "+": 100, "-": 100, "*": 200, "/": 200, ":": 300, "**": 500}
COMPARISONS: Final = frozenset({"==", "!=", "<", ">", "<=", ">="})
#: What a refusal ends with where there is no better advice.
WHAT_IS_ALLOWED: Final = (
    "an expression holds columns, numbers, texts, arithmetic, comparisons and calls of known functions"
)

_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER: Final = 100
_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)+)`", re.DOTALL)
_OPERATOR = re.compile(r"\*\*|//|==|!=|<=|>=|:=|->|<-|%in%|[-+*/:~()\[\]{},<>=&|^%@;!]")
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")
_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


@dataclass(frozen=True)
class Token:
    """A word of the formula.

    Attributes:
        kind: "name", "column" (back-ticks), "number", "string", "op", "." or "end".
        text: as written.
        start: its place in the formula.
        value: what a string or back-ticks hold.

    """

    kind: str
    text: str
    start: int
    value: str = ""

    @property
    def turn(self) -> int:
        """Give 1 for an opening bracket, -1 for a closing one, else 0."""
        return 0 if self.kind != "op" else (self.text in _OPENING) - (self.text in _CLOSING)


def closing(tokens: Sequence[Token], opening: int) -> int:
    """Give the position of the bracket that closes the one at `opening`, or -1."""
    depth = 0
    for position in range(opening, len(tokens)):
        depth += tokens[position].turn
        if depth <= 0:
            return position if depth == 0 and position > opening else -1
    return -1


def shortened(text: str, most: int = 60) -> str:
    """Cut a text for a message."""
    text = text.strip()
    return text if len(text) <= most else text[: most - 3] + "..."


def _continues(character: str) -> bool:
    return ("a" + character).isidentifier()


def _name_end(text: str, start: int) -> int:
    """Give the end of the name that starts here; a dot followed by a letter or digit belongs to it, as in R."""
    end = start
    while end < len(text) and (
        _continues(text[end]) or (text[end] == "." and end + 1 < len(text) and _continues(text[end + 1]))
    ):
        end += 1
    return end


class Text:
    """The text of a formula beside the columns it may name."""

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text = text
        self.columns = dict.fromkeys(columns)

    # -------------------------------------------------------------------------------------------- failing

    def fail(self, token: Token, why: str) -> NoReturn:
        """Say where the text cannot be read, and why."""
        raise FormulaError(f"The formula cannot be read at {self._place(token.start)}: {why}{self.backtick_hint()}.")

    def refuse(self, token: Token, what: str, hint: str) -> NoReturn:
        """Say what is not allowed, where it stands, and what to do."""
        raise FormulaError(f"{what} is not allowed in a formula (at {self._place(token.start)}): {hint}.")

    def _place(self, start: int) -> str:
        if start >= len(self.text.rstrip()):
            return "its end"
        rest = self.text[start : start + 24].split("\n")[0]
        dots = "..." if start + 24 < len(self.text) else ""
        return f"character {start + 1}, {rest + dots!r}"

    def backtick_hint(self, part: str = "") -> str:
        """Point to a column whose name is not a word and stands in the text without back-ticks."""
        for column in self.columns:
            odd = not all(_continues(c) for c in column) or column[:1].isdigit()
            if odd and len(column) > 1 and part in column and column in self.text and f"`{column}`" not in self.text:
                return f"; the column {column!r} is written `{column}`, in back-ticks"
        return ""

    def column_named(self, name: str) -> str | None:
        """Give the column with this name; one that differs only in how an accent is encoded will do."""
        if name in self.columns:
            return name
        plain = unicodedata.normalize("NFC", name)
        same = [column for column in self.columns if unicodedata.normalize("NFC", column) == plain]
        return same[0] if len(same) == 1 else None

    def no_such_column(self, name: str) -> NoReturn:
        """Say that a column does not exist, with the closest one that does."""
        if hint := self.backtick_hint(name):
            raise DataError(f"column {name!r} not found{hint}.")
        shown = shortened(name, 200)
        hint = suggestion(shown, self.columns) or f"; the data have {listing(self.columns)}."
        raise DataError(f"column {shown!r} not found{hint}")

    # -------------------------------------------------------------------------------------------- tokens

    def tokens(self) -> list[Token]:
        """Cut the text into tokens; the last is of kind "end"."""
        tokens: list[Token] = []
        at = 0
        while at < len(self.text):
            if self.text[at].isspace():
                at += 1
                continue
            token = self._token_at(at)
            tokens.append(token)
            at += len(token.text)
        return [*tokens, Token("end", "", len(self.text))]

    def _token_at(self, at: int) -> Token:
        text, character = self.text, self.text[at]
        here = Token("?", "", at)
        if number := _NUMBER.match(text, at):
            return self._number(here, number)
        if character in "'\"":
            if string := _STRING.match(text, at):
                return Token("string", string.group(), at, self._unescaped(here, string.group()[1:-1]))
            self.fail(here, "this quotation mark is never closed")
        if character == "`":
            if quoted := _BACKTICKS.match(text, at):
                return Token("column", quoted.group(), at, re.sub(r"\\([`\\])", r"\1", quoted.group(1)))
            self.fail(here, "this back-tick is never closed")
        if character.isidentifier():
            return self._name(at)
        if operator := _OPERATOR.match(text, at):
            return Token("op", operator.group(), at)
        if character == ".":
            end = _name_end(text, at)
            if end > at:
                self.refuse(here, f"The attribute {text[at:end]!r}", WHAT_IS_ALLOWED)
            return Token(".", ".", at)
        if character == "#":
            self.fail(here, "a comment cannot stand in a formula")
        return self.fail(here, f"the character {character!r} has no meaning here")

    def _number(self, here: Token, number: re.Match[str]) -> Token:
        end = number.end()
        if end < len(self.text) and _continues(self.text[end]):
            self.fail(here, "a name that starts with a digit goes into back-ticks")
        if len(number.group()) > _LONGEST_NUMBER:
            self.fail(here, f"a number has at most {_LONGEST_NUMBER} digits, and this has {len(number.group()):,}")
        return Token("number", number.group(), here.start)

    def _name(self, at: int) -> Token:
        end = _name_end(self.text, at)
        name = self.text[at:end]
        if self.text[end : end + 1] in ("'", '"') and len(name) <= 2:
            what = "An f-string" if "f" in name.lower() else f"A string with the prefix {name!r}"
            self.refuse(Token("name", name, at), what, "write a plain string in quotes")
        return Token("name", name, at)

    def _unescaped(self, here: Token, text: str) -> str:
        def character(found: re.Match[str]) -> str:
            if found.group(1) not in _ESCAPES:
                self.fail(here, f"the escape {found.group()} has no meaning here; a backslash itself is written \\\\")
            return _ESCAPES[found.group(1)]

        return re.sub(r"\\(.)", character, text)
