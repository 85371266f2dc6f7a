"""What may an expression of a formula do? Read columns, calculate, compare, and call functions of a fixed list.

A name in front of "(" is a function, any other name a column of the data. Every column becomes a private placeholder
and every function an identifier of its own before the text is parsed as Python, so that no name of the data or of
Python can mean something else; what is not on the list of allowed constructs is refused by name. Nothing is evaluated.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from glmlr.language.hints import refuse_call, refuse_dunder, refuse_keyword, refuse_operator
from glmlr.language.program import identifier
from glmlr.language.tokens import WHAT_IS_ALLOWED, Text, Token, closing

#: The codings of a factor, as the second argument of C().
CONTRASTS: Final = ("Treatment", "Sum", "Poly", "Helmert", "Diff")
#: Functions that belong to the grammar; a user's own functions cannot replace them.
STRUCTURAL: Final = frozenset({"C", "Q", "I", "offset", *CONTRASTS})
#: Functions for which a missing value is a value of its own: a column that only they read drops no row.
TAKES_MISSING: Final = frozenset({"woe", "cut"})
#: Constants of numpy that may stand in a formula where no column has the name.
CONSTANTS: Final = ("np.pi", "np.e")

#: Python nests no more than some 3,000 operators; an expression with more than this is refused before it is read.
_MOST_SIGNS: Final = 10_000
_BETWEEN_VALUES: Final = frozenset("()[],")
_VALUES_OF_PYTHON: Final = ("True", "False", "None")
_WRITTEN_OPERATORS: Final = "( ) [ ] , + - * / // % ** == != <= >= < > & | ~ = "
_OPERATORS: Final = frozenset(_WRITTEN_OPERATORS.split())
_ALLOWED_NODES: Final = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Name, ast.Constant, ast.List, ast.Tuple),
    *(ast.keyword, ast.Load, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd),
    *(ast.BitOr, ast.Invert, ast.UAdd, ast.USub, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)


@dataclass(frozen=True)
class Expression:
    """One vetted expression of a formula; two are equal when they mean the same.

    Attributes:
        code: Python source in which columns are c_0, c_1, ... and functions f_..., see `program.identifier`.
        name: what to call it, spaced as patsy does, without back-ticks where that is unambiguous.
        quoted: the same with back-ticks.
        columns: (placeholder, column) for each column it reads, in order.
        column: the column, when the expression is a column and nothing else.

    """

    code: str
    name: str = field(compare=False)
    quoted: str = field(compare=False)
    columns: tuple[tuple[str, str], ...] = field(compare=False)
    column: str | None = field(compare=False, default=None)

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the columns it reads."""
        return tuple(column for _, column in self.columns)

    @cached_property
    def tolerates(self) -> frozenset[str]:
        """Names of the columns that it can read where they are missing: first argument of `TAKES_MISSING` alone."""
        takers = {identifier(name) for name in TAKES_MISSING}
        if not any(f"{taker}(" in self.code for taker in takers):
            return frozenset()
        nodes = list(ast.walk(ast.parse(self.code, mode="eval")))
        taken = {
            id(node.args[0])
            for node in nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in takers and node.args
        }
        bare = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in taken}
        return frozenset(column for placeholder, column in self.columns if placeholder not in bare)


class Vetting:
    """Vets the expressions of one formula; a column has one placeholder in all of them."""

    def __init__(self, text: Text, functions: Collection[str]) -> None:
        self.text = text
        self.functions = frozenset(functions) | STRUCTURAL
        self.identifiers = {identifier(name) for name in (*self.functions, *CONSTANTS)}
        self.placeholders: dict[str, str] = {}

    def placeholder(self, column: str) -> str:
        """Give the identifier that stands for a column."""
        return self.placeholders.setdefault(column, f"c_{len(self.placeholders)}")

    def expression(self, tokens: list[Token]) -> Expression:
        """Vet the tokens one after the other, then the tree they make.

        Raises:
            FormulaError: what is not allowed, by name.
            DataError: a column that does not exist.

        """
        return _One(self, tokens).expression()


@dataclass
class _Bracket:
    """An open bracket: the function it belongs to (None for a plain one), and the argument being read."""

    function: str | None
    argument: int = 0
    word: str | None = None


class _One:
    """Turns the tokens of one expression into Python over placeholders."""

    def __init__(self, vetting: Vetting, tokens: list[Token]) -> None:
        self.vetting = vetting
        self.text = vetting.text
        self.tokens = tokens
        self.open: list[_Bracket] = []
        self.pieces: list[_Piece] = []
        self.columns: dict[str, str] = {}
        self.position = 0

    def expression(self) -> Expression:
        signs = sum(token.kind == "op" and token.text not in _BETWEEN_VALUES for token in self.tokens)
        if signs > _MOST_SIGNS:
            self.text.fail(self.tokens[0], f"this expression has {signs:,} operators and is too deeply nested")
        while self.position < len(self.tokens):
            self._take(self.tokens[self.position])
            self.position += 1
        code, starts = _spaced([piece.code for piece in self.pieces], self.pieces)
        self._vet(code, starts)
        bare = len(self.pieces) == 1 and len(self.columns) == 1
        return Expression(
            code=code,
            name=_spaced([piece.shown(bare) for piece in self.pieces], self.pieces)[0],
            quoted=_spaced([piece.quoted for piece in self.pieces], self.pieces)[0],
            columns=tuple((placeholder, column) for column, placeholder in self.columns.items()),
            column=next(iter(self.columns)) if bare else None,
        )

    def _take(self, token: Token) -> None:
        if token.kind == "name":
            self._name(token)
        elif token.kind == "column":
            self._column(token, token.value, token.text)
        elif token.kind == ".":
            self.text.fail(token, "'.' stands for all other columns only as a term of its own")
        elif token.kind == "op":
            self._operator(token)
        else:
            self._piece(token, repr(token.value) if token.kind == "string" else token.text)

    def _piece(self, token: Token, code: str, column: str | None = None, quoted: str | None = None) -> None:
        if token.kind != "op" and self._after_object():
            self.text.fail(token, f"{token.text!r} does not fit after {self.pieces[-1].token.text!r}")
        self.pieces.append(_Piece(code, quoted or token.text, token, column))

    def _after_object(self) -> bool:
        return bool(self.pieces) and self.pieces[-1].ends_object

    # -------------------------------------------------------------------------------------------- names

    def _following(self) -> Token:
        at = self.position + 1
        return self.tokens[at] if at < len(self.tokens) else Token("end", "", 0)

    def _name(self, token: Token) -> None:
        name, following = token.text, self._following().text
        if following == "(" and (name in self.vetting.functions or not keyword.iskeyword(name)):
            self._call(token)
        elif following == "=" and self.open and self.open[-1].function is not None:
            self._keyword_argument(token)
        elif name in _VALUES_OF_PYTHON:
            self._piece(token, name)
        elif name in CONTRASTS and self._codes_a_factor():
            self._piece(token, identifier(name))
        else:
            self._bare(token)

    def _codes_a_factor(self) -> bool:
        """Whether this is the place of the contrast in C(x, contrast)."""
        if not self.open or self.open[-1].function != "C":
            return False
        return self.open[-1].word == "contrast" or (self.open[-1].word is None and self.open[-1].argument == 1)

    def _keyword_argument(self, token: Token) -> None:
        if "." in token.text or "__" in token.text or keyword.iskeyword(token.text):
            self.text.refuse(token, f"The argument name {token.text!r}", "it is not a word")
        self.open[-1].word = token.text
        self._piece(token, token.text)

    def _bare(self, token: Token) -> None:
        """Put a placeholder for a column, or the identifier of a constant."""
        name, text = token.text, self.text
        is_column = name in text.columns and not self._after_object() and not self._opens_something(name)
        if keyword.iskeyword(name) and not is_column:
            refuse_keyword(text, token)
        column = text.column_named(name)
        if column is not None:
            self._column(token, column, name)
        elif name in CONSTANTS:
            self._piece(token, identifier(name))
        elif name.startswith("__") or ".__" in name:
            refuse_dunder(text, token)
        elif "." in name:
            self._dotted(token)
        else:
            self._refuse_words_of_python()
            text.no_such_column(name)

    def _refuse_words_of_python(self) -> None:
        """Name a comprehension or a condition before the name it would have introduced."""
        harmless = {*_VALUES_OF_PYTHON, *self.text.columns}
        for token in self.tokens:
            if token.kind == "name" and keyword.iskeyword(token.text) and token.text not in harmless:
                refuse_keyword(self.text, token)

    def _opens_something(self, name: str) -> bool:
        """Whether a Python word is followed by an operand, so that it cannot be a column."""
        following = self._following()
        return following.kind in ("name", "number", "string", "column") or (
            name in ("lambda", "not") and following.text in ("(", ":")
        )

    def _dotted(self, token: Token) -> None:
        head, _, attribute = token.text.partition(".")
        if head in self.text.columns or head in ("np", "numpy"):
            what = f"The attribute {token.text!r}"
            self.text.refuse(token, what, f".{attribute} cannot be asked; {WHAT_IS_ALLOWED}")
        self.text.no_such_column(token.text)

    def _column(self, token: Token, name: str, written: str) -> None:
        column = self.text.column_named(name)
        if column is None:
            self.text.no_such_column(name)
        self.columns.setdefault(column, self.vetting.placeholder(column))
        self._piece(token, self.columns[column], column, written)

    # -------------------------------------------------------------------------------------------- calls

    def _call(self, token: Token) -> None:
        name, text = token.text, self.text
        if name == "Q":
            self._quoted_column(token)
            return
        if name not in self.vetting.functions:
            refuse_call(text, token, self.vetting.functions)
        within = bool(self.open) and self.open[-1].function == "C" and self.open[-1].argument == 0
        alone = not self.pieces and closing(self.tokens, self.position + 1) == len(self.tokens) - 1
        if name in CONTRASTS and not self._codes_a_factor():
            text.refuse(token, f"{name}() here", f"it codes a factor: C(x, {name})")
        if name == "offset":
            text.refuse(token, "offset() inside an expression", "offset(...) is a term of its own")
        if name == "C" and not within and not alone:
            text.refuse(token, "C() inside an expression", "C(...) is a factor of its own")
        self._piece(token, identifier(name))

    def _quoted_column(self, token: Token) -> None:
        here = self.tokens[self.position + 1 : self.position + 4]
        if len(here) < 3 or here[1].kind != "string" or here[2].text != ")":
            self.text.fail(token, 'Q takes the name of one column in quotes: Q("my column")')
        self._column(token, here[1].value, f"Q({here[1].text})")
        self.pieces[-1].as_written = True
        self.position += 3

    # -------------------------------------------------------------------------------------------- operators

    def _operator(self, token: Token) -> None:
        sign, text = token.text, self.text
        if sign not in _OPERATORS:
            refuse_operator(text, token)
        if sign == "[" and self._after_object():
            text.refuse(token, "A subscript", "make the column before, or use np.where(condition, a, b)")
        if token.turn > 0:
            self._open(token)
        elif token.turn < 0:
            if not self.open:
                text.fail(token, f"this {sign!r} closes nothing")
            self.open.pop()
        elif sign == "," and self.open:
            self.open[-1].argument += 1
            self.open[-1].word = None
        elif sign == "=" and not (self.open and self.open[-1].word is not None and self.pieces[-1].is_word):
            text.fail(token, "a comparison is written ==")
        self._piece(token, sign)

    def _open(self, token: Token) -> None:
        function = None
        if token.text == "(" and self._after_object():
            called = self.pieces[-1]
            if called.token.kind != "name" or called.column is not None:
                self.text.refuse(token, "A call of a value", WHAT_IS_ALLOWED)
            function = called.token.text
        self.open.append(_Bracket(function))

    # -------------------------------------------------------------------------------------------- the tree

    def _vet(self, code: str, starts: list[int]) -> None:
        """Parse the code as Python and look at every node; a second fence behind the tokens."""
        try:
            tree = ast.parse(code, mode="eval")
        except SyntaxError as problem:
            column = (problem.offset or 1) - 1
            at = max((i for i, start in enumerate(starts) if start <= column), default=0)
            before = f"after {self.pieces[at - 1].token.text!r}" if at else "here"
            self.text.fail(self.pieces[at].token, f"{self.pieces[at].token.text!r} does not fit {before}")
        except (RecursionError, MemoryError, ValueError):
            self.text.fail(self.tokens[0], "this expression is too deeply nested")
        known = self.vetting.identifiers.union(self.columns.values())
        for node in ast.walk(tree):
            if what := _refusal(node, known):
                hint = "write (a < x) & (x < b)" if isinstance(node, ast.Compare) else WHAT_IS_ALLOWED
                self.text.refuse(self.tokens[0], what, hint)


def _refusal(node: ast.AST, known: Collection[str]) -> str | None:
    """Name what is not allowed of a node, or None."""
    if isinstance(node, ast.Compare) and len(node.ops) > 1:
        return "A chain of comparisons"
    if isinstance(node, ast.Call):
        if any(word.arg is None for word in node.keywords):
            return "'**' in front of an argument"
        if not isinstance(node.func, ast.Name):
            return "A call of a value"
    if isinstance(node, ast.Name) and node.id not in known:
        return f"The name {node.id!r}"
    return None if isinstance(node, _ALLOWED_NODES) else type(node).__name__


# ------------------------------------------------------------------------------------------------ spacing


@dataclass
class _Piece:
    """One token as it goes into the code and into the name of an expression."""

    code: str
    quoted: str
    token: Token
    column: str | None = None
    as_written: bool = False

    @property
    def is_word(self) -> bool:
        """Whether it is a name, a number or a text."""
        return self.token.kind != "op"

    @property
    def ends_object(self) -> bool:
        """Whether something ends here that an operator can follow."""
        return self.is_word or self.token.turn < 0

    def shown(self, bare: bool) -> str:
        """Leave the back-ticks out where the name cannot be taken for something else."""
        name = self.column
        if name is None or self.as_written or self.token.kind != "column" or name != name.strip():
            return self.quoted
        clear = ":" not in name if bare else re.fullmatch(r"[^\W\d][\w .]*", name)
        return name if clear else self.quoted


_WRITTEN_APART: Final = "+ - * / % & | < > == != <= >= ** // "
_SPACED_BOTH: Final = frozenset(_WRITTEN_APART.split())


def _spaced(texts: list[str], pieces: list[_Piece]) -> tuple[str, list[int]]:
    """Join tokens with the spacing of patsy, which decides the names of design columns; also give their starts."""
    out = ""
    starts: list[int] = []
    after_word = wants_space = after_object = after_opening = False
    for text, piece in zip(texts, pieces, strict=True):
        token = piece.token.text
        if piece.is_word:
            out += " " if wants_space or after_word else ""
            wants_space, after_word = False, True
        else:
            spaced = token in _SPACED_BOTH and not (token in ("*", "**") and after_opening)
            if token in ("+", "-") and not after_object:
                spaced = False
            out += " " if wants_space or spaced or token == "~" else ""
            wants_space, after_word = spaced or token == ",", False
        starts.append(len(out))
        out += text
        after_object = piece.is_word or token == ")"
        after_opening = not piece.is_word and token in ("(", ",")
    return out, starts
