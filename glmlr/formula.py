"""What does a formula say? Reads and vets its text and multiplies it out into terms; nothing is evaluated.

The grammar is that of patsy and R: `~ + - * / : **`, parentheses, 0 and 1 for the intercept, and `.` for all other
columns. Between the operators stand columns, comparisons and calls. A name in front of "(" is a function of a fixed
list, any other name a column of the data; a column whose name is not a word is put into back-ticks or Q("..."). Every
column becomes a private placeholder before the text is parsed as Python, so that no name of the data or of Python can
mean something else, and what is not on the list of allowed constructs is refused by name.

Reference: Chambers & Hastie (1992), Statistical Models in S, sections 2.3 and 2.4.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn, TypeVar

from glmlr.errors import DataError, FormulaError, listing, suggestion
from glmlr.transforms import identifier

T = TypeVar("T")

#: The codings of a factor, as the second argument of C().
CONTRASTS: Final = ("Treatment", "Sum", "Poly", "Helmert", "Diff")
#: Functions that belong to the grammar; a user's own functions cannot replace them.
STRUCTURAL: Final = frozenset({"C", "Q", "I", "offset", *CONTRASTS})
#: Constants of numpy that may stand in a formula where no column has the name.
CONSTANTS: Final = ("np.pi", "np.e")

_DEEPEST: Final = 40

_WORDS_FOR_SUMMARIES: Final = (
    "mean nanmean average median nanmedian mode std nanstd var nanvar sd sum nansum prod cumsum cumprod "
    "cummax cummin rank quantile nanquantile percentile argsort sort sort_values diff pct_change shift "
    "lag lead rolling expanding ewm groupby ave transform size count nunique value_counts interpolate "
    "ffill bfill fillna zscore ptp rev tile cut qcut ntile gradient convolve factorize "
)
_SUMMARIES: Final = frozenset(_WORDS_FOR_SUMMARIES.split())
_EXTREMES: Final = frozenset({"min", "max", "amin", "amax", "nanmin", "nanmax", "pmin", "pmax", "argmin", "argmax"})
_HINTS: Final = {
    "factor": "C(...) makes a factor",
    "as.factor": "C(...) makes a factor",
    "ordered": "C(x, Poly) codes an ordered factor",
    "as.ordered": "C(x, Poly) codes an ordered factor",
    "relevel": "C(x, Treatment('level')) states the reference level",
    "ns": "cr(x, df=...) is a natural cubic spline",
    "s": "cr(x, df=...) is a cubic regression spline",
    "rcs": "cr(x, df=...) is a natural cubic spline",
    "ifelse": "np.where(condition, a, b) chooses",
    "cbind": "write the two counts as successes + failures ~ ...",
    "poly3": "poly(x, 3) gives orthogonal polynomials",
    "isnan": "rows with a missing value are left out before a formula is evaluated; make an indicator column first",
    "isna": "rows with a missing value are left out before a formula is evaluated; make an indicator column first",
    "is.na": "rows with a missing value are left out before a formula is evaluated; make an indicator column first",
    "isnull": "rows with a missing value are left out before a formula is evaluated; make an indicator column first",
    "nan_to_num": "rows with a missing value are left out before a formula is evaluated; fill the column first",
}
_KEYWORD_HINTS: Final = {
    "lambda": "pass the function as functions={'name': function} and call it by name",
    "if": "write np.where(condition, a, b)",
    "else": "write np.where(condition, a, b)",
    "for": "a comprehension cannot stand in a formula",
    "and": "write (a) & (b)",
    "or": "write (a) | (b)",
    "not": "write ~(a)",
    "in": "write np.isin(x, ['a', 'b'])",
    "is": "write ==",
}


@dataclass(frozen=True)
class Expression:
    """One vetted expression of a formula; two are equal when they mean the same.

    Attributes:
        code: Python source in which columns are c_0, c_1, ... and functions f_..., see `transforms.identifier`.
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


@dataclass(frozen=True)
class Formula:
    """A formula taken apart.

    Attributes:
        text: as given, with `.` written out.
        response: one expression, or the two counts of `successes + failures ~ ...`.
        intercept: whether there is a constant.
        terms: each a product of one or more expressions, in the order of the text.
        offsets: the arguments of offset(...).
        notes: sentences about what the text means, where that may surprise.

    """

    text: str
    response: tuple[Expression, ...]
    intercept: bool
    terms: tuple[tuple[Expression, ...], ...]
    offsets: tuple[Expression, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns that the right-hand side reads, offsets left out, in order."""
        return _unique(column for term in self.terms for factor in term for column in factor.reads)

    @property
    def label(self) -> str:
        """Name of the response: "low", "dead + alive"."""
        return " + ".join(part.name for part in self.response)


def parse_formula(
    text: str, columns: Sequence[str], *, functions: Collection[str], left_out: Collection[str] = ()
) -> Formula:
    """Read a formula.

    Args:
        text: the formula, with a response.
        columns: names of the columns of the data.
        functions: names a formula may call besides the structural ones ("np.log", "center", ...).
        left_out: columns that `.` leaves out (weights, offset, clusters).

    Raises:
        FormulaError: what cannot be read, with its place, or is not allowed, by name.
        DataError: a column that does not exist.

    """
    if not isinstance(text, str):
        raise FormulaError(f"A formula is a text such as 'low ~ age + lwt', not {type(text).__name__}.")
    if not text.strip():
        raise FormulaError("The formula is empty; write 'response ~ predictors'.")
    return _Reader(text, columns, functions, left_out).formula()


# ------------------------------------------------------------------------------------------------ tokens


@dataclass(frozen=True)
class _Token:
    """A word of the formula: kind "name", "column" (back-ticks), "number", "string", "op" or ".", and its start."""

    kind: str
    text: str
    start: int
    value: str = ""


_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)+)`", re.DOTALL)
_OPERATOR = re.compile(r"\*\*|//|==|!=|<=|>=|:=|->|<-|%in%|[-+*/:~()\[\]{},<>=&|^%@;!]")
_COMPARISONS: Final = frozenset({"==", "!=", "<", ">", "<=", ">="})
_FORMULA_OPERATORS: Final = {"~": 0, "+": 100, "-": 100, "*": 200, "/": 200, ":": 300, "**": 500}
_WRITTEN_OPERATORS: Final = "( ) [ ] , + - * / // % ** == != <= >= < > & | ~ = "
_EXPRESSION_OPERATORS: Final = frozenset(_WRITTEN_OPERATORS.split())


def _continues(character: str) -> bool:
    return ("a" + character).isidentifier()


_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group()), text)


def _name_at(text: str, start: int) -> int:
    """Give the end of the name that starts here; a dot followed by a letter or digit belongs to it, as in R."""
    end = start
    while end < len(text):
        if _continues(text[end]) or (text[end] == "." and end + 1 < len(text) and _continues(text[end + 1])):
            end += 1
        else:
            break
    return end


# ------------------------------------------------------------------------------------------------ sums of terms


_Factors = tuple[Expression, ...]
_Terms = dict[frozenset[Expression], _Factors]


@dataclass
class _Sum:
    """What a part of the formula stands for: terms (by the set of their factors), and what it says of the intercept."""

    terms: _Terms
    intercept: bool = False
    removed: bool = False
    literal: str | None = None

    def plus(self, other: _Sum) -> _Sum:
        # The left side is built up in place: a sum of 1,000 terms takes 1,000 steps.
        terms = _joined(self.terms, other.terms)
        if other.literal == "0":
            return _Sum(terms, False, True)
        if other.intercept:
            return _Sum(terms, True, False)
        return _Sum(terms, self.intercept, self.removed)

    def minus(self, other: _Sum) -> _Sum:
        terms = {key: term for key, term in self.terms.items() if key not in other.terms}
        if other.literal == "0":
            return _Sum(terms, True, False)
        if other.intercept:
            return _Sum(terms, False, True)
        return _Sum(terms, self.intercept, self.removed)

    def interaction(self, other: _Sum) -> _Sum:
        terms: _Terms = {}
        for left in self.terms.values():
            for right in other.terms.values():
                term = _unique(left + right)
                terms.setdefault(frozenset(term), term)
        return _Sum(terms)

    def crossed(self, other: _Sum) -> _Sum:
        return _Sum(_joined(_joined(dict(self.terms), other.terms), self.interaction(other).terms))

    def nesting(self, other: _Sum) -> _Sum:
        everything = _unique(factor for term in self.terms.values() for factor in term)
        inside = _Sum({frozenset(everything): everything}).interaction(other)
        return _Sum(_joined(dict(self.terms), inside.terms))

    def to_the(self, power: int) -> _Sum:
        terms, last = dict(self.terms), self
        for _ in range(1, min(len(self.terms), power)):
            last = self.interaction(last)
            _joined(terms, last.terms)
        return _Sum(terms)


def _joined(terms: _Terms, more: _Terms) -> _Terms:
    for key, term in more.items():
        terms.setdefault(key, term)
    return terms


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


# ------------------------------------------------------------------------------------------------ reading


class _Reader:
    """Reads one formula over the columns of one data set."""

    def __init__(
        self, text: str, columns: Sequence[str], functions: Collection[str], left_out: Collection[str]
    ) -> None:
        self.text = text
        self.columns = dict.fromkeys(columns)
        self.functions = frozenset(functions) | STRUCTURAL
        self.left_out = frozenset(left_out)
        self.placeholders: dict[str, str] = {}
        self.offsets: dict[Expression, None] = {}
        self.notes: dict[str, None] = {}
        self.everything: tuple[Expression, ...] = ()
        self.tokens = self._tokenised()
        self.at = 0

    # -------------------------------------------------------------------------------------------- failing

    def fail(self, token: _Token, why: str) -> NoReturn:
        """Say where the text cannot be read, and why."""
        raise FormulaError(f"The formula cannot be read at {self._place(token.start)}: {why}{self._backtick_hint()}.")

    def refuse(self, token: _Token, what: str, hint: str) -> NoReturn:
        """Say what is not allowed, where it stands, and what to do."""
        raise FormulaError(f"{what} is not allowed in a formula (at {self._place(token.start)}): {hint}.")

    def _place(self, start: int) -> str:
        if start >= len(self.text.rstrip()):
            return "its end"
        rest = self.text[start : start + 24].split("\n")[0]
        dots = "..." if start + 24 < len(self.text) else ""
        return f"character {start + 1}, {rest + dots!r}"

    def _backtick_hint(self, part: str = "") -> str:
        """Point to a column whose name is not a word and stands in the text without back-ticks."""
        for column in self.columns:
            odd = not all(_continues(c) for c in column) or column[:1].isdigit()
            if odd and len(column) > 1 and part in column and column in self.text and f"`{column}`" not in self.text:
                return f"; the column {column!r} is written `{column}`, in back-ticks"
        return ""

    def no_such_column(self, name: str) -> NoReturn:
        """Say that a column does not exist, with the closest one that does."""
        if hint := self._backtick_hint(name):
            raise DataError(f"column {name!r} not found{hint}.")
        raise DataError(
            f"column {name!r} not found{suggestion(name, self.columns) or f'; the data have {listing(self.columns)}.'}"
        )

    # -------------------------------------------------------------------------------------------- tokens

    def _tokenised(self) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        while at < len(self.text):
            if self.text[at].isspace():
                at += 1
                continue
            token = self._token_at(at)
            tokens.append(token)
            at += len(token.text)
        tokens.append(_Token("end", "", len(self.text)))
        return tokens

    def _token_at(self, at: int) -> _Token:
        text, character = self.text, self.text[at]
        if number := _NUMBER.match(text, at):
            if number.end() < len(text) and _continues(text[number.end()]):
                self.fail(_Token("number", "", at), "a name that starts with a digit goes into back-ticks")
            return _Token("number", number.group(), at)
        if character in "'\"":
            if string := _STRING.match(text, at):
                return _Token("string", string.group(), at, _unescaped(string.group()[1:-1]))
            self.fail(_Token("string", "", at), "this quotation mark is never closed")
        if character == "`":
            if quoted := _BACKTICKS.match(text, at):
                return _Token("column", quoted.group(), at, re.sub(r"\\([`\\])", r"\1", quoted.group(1)))
            self.fail(_Token("column", "", at), "this back-tick is never closed")
        if character.isidentifier():
            return self._name_token(at)
        if operator := _OPERATOR.match(text, at):
            return _Token("op", operator.group(), at)
        if character == ".":
            end = _name_at(text, at)
            if end > at:
                self.refuse(_Token(".", "", at), f"The attribute {text[at:end]!r}", _WHAT_IS_ALLOWED)
            return _Token(".", ".", at)
        if character == "#":
            self.fail(_Token("#", "", at), "a comment cannot stand in a formula")
        return self.fail(_Token("?", "", at), f"the character {character!r} has no meaning here")

    def _name_token(self, at: int) -> _Token:
        end = _name_at(self.text, at)
        name = self.text[at:end]
        if self.text[end : end + 1] in ("'", '"') and len(name) <= 2:
            what = "An f-string" if "f" in name.lower() else f"A string with the prefix {name!r}"
            self.refuse(_Token("name", name, at), what, "write a plain string in quotes")
        return _Token("name", name, at)

    # -------------------------------------------------------------------------------------------- the whole

    def formula(self) -> Formula:
        """Read the text from end to end."""
        tilde = self._tilde()
        response = self._response(self.tokens[:tilde])
        mine = {column for part in response for column in part.reads}
        self.everything = self._all_other_columns(tilde, mine)
        self.at = tilde + 1
        if self.tokens[self.at].kind == "end":
            self.fail(self.tokens[self.at], "there is nothing after '~'; write '1' for a constant alone")
        right = self._sum(0, 0)
        if self.tokens[self.at].kind != "end":
            self._expected_operator(self.tokens[self.at])
        if right.literal is not None and right.literal not in ("0", "1", "offset"):
            self.fail(self.tokens[tilde + 1], f"the number {right.literal} is not a term; only 0 and 1 are")
        intercept = not right.removed
        terms = tuple(term for term in right.terms.values() if term)
        self._refuse_response(mine, [*(f for term in terms for f in term), *self.offsets])
        if not terms and not intercept:
            raise FormulaError(
                f"The formula {self.text.strip()!r} has no columns, not even a constant; write '~ 1' for a constant."
            )
        formula = Formula(self.text.strip(), response, intercept, terms, tuple(self.offsets), tuple(self.notes))
        if any(token.kind == "." for token in self.tokens):
            formula = replace(formula, text=_written_out(formula))
        return formula

    def _tilde(self) -> int:
        """Find the one `~` between response and predictors."""
        depth, found = 0, []
        opened: list[_Token] = []
        for position, token in enumerate(self.tokens):
            if token.kind == "op" and token.text in "([{":
                opened.append(token)
                if len(opened) > _DEEPEST:
                    self.fail(token, f"brackets are nested more than {_DEEPEST} deep")
            elif token.kind == "op" and token.text in ")]}":
                if not opened:
                    self.fail(token, f"this {token.text!r} closes nothing")
                opened.pop()
            elif token.text == "~" and token.kind == "op" and not opened:
                found.append(position)
            depth = max(depth, len(opened))
        if opened:
            self.fail(opened[-1], f"this {opened[-1].text!r} is never closed")
        if not found:
            raise FormulaError(
                f"The formula {_shortened(self.text)!r} has no '~'; write 'response ~ predictors'"
                f"{self._backtick_hint()}."
            )
        if len(found) > 1:
            self.fail(self.tokens[found[1]], "'~' may stand only once, between response and predictors")
        if found[0] == 0:
            raise FormulaError(
                f"The formula {_shortened(self.text)!r} has no response; write 'response ~ predictors', such as "
                "'low ~ age + lwt'."
            )
        return found[0]

    def _refuse_response(self, mine: set[str], right: Iterable[Expression]) -> None:
        for expression in right:
            for column in expression.reads:
                if column in mine:
                    raise FormulaError(
                        f"The response {column!r} is on both sides of the formula (as {expression.name!r} among the "
                        "predictors); a response cannot explain itself."
                    )

    def _all_other_columns(self, tilde: int, mine: set[str]) -> tuple[Expression, ...]:
        """Give what `.` stands for: no response, weight, offset or cluster."""
        if not any(token.kind == "." for token in self.tokens):
            return ()
        left_out = mine | self.left_out
        for position in range(tilde + 1, len(self.tokens) - 1):
            if self.tokens[position].text == "offset" and self.tokens[position + 1].text == "(":
                self.at = position
                left_out.update(self._atom().reads)
        self.offsets.clear()
        others = [column for column in self.columns if column not in left_out]
        if not others:
            raise FormulaError("'.' stands for all other columns, and the data have no other columns.")
        return tuple(self._column(_word(name)) for name in others)

    def _response(self, tokens: list[_Token]) -> tuple[Expression, ...]:
        """Read the left side: one expression, or two counts joined by +."""
        parts: list[list[_Token]] = [[]]
        depth = 0
        for previous, token in zip([None, *tokens], tokens, strict=False):
            depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "op" else 0
            formula_operator = token.kind == "op" and token.text in _FORMULA_OPERATORS and depth == 0
            if formula_operator and not (previous is not None and previous.text in _COMPARISONS):
                if token.text != "+":
                    self.refuse(
                        token,
                        f"{token.text!r} in the response",
                        "the response is one column, a comparison such as released == 'Yes', or two columns of counts, "
                        "successes + failures; arithmetic goes into I(...)",
                    )
                parts.append([])
            else:
                parts[-1].append(token)
        if len(parts) > 2:
            self.fail(tokens[0], "a response is one column, or two columns of counts: successes + failures")
        return tuple(self._response_part(part, tokens) for part in parts)

    def _response_part(self, part: list[_Token], tokens: list[_Token]) -> Expression:
        while len(part) > 2 and part[0].text == "(" and _closing(part, 0) == len(part) - 1:
            part = part[1:-1]
        if not part:
            self.fail(tokens[-1], "a column is missing beside this '+'")
        if any(token.kind == "." for token in part):
            self.fail(part[0], "'.' stands for all other columns; the response must be named")
        if part[0].text == "C" and part[0].kind == "name" and len(part) > 3 and _closing(part, 1) == len(part) - 1:
            if any(token.text == "," for token in part):
                self.refuse(part[0], "A coding of the response", "event= says which of its two values is the event")
            part = part[2:-1]
        expression = self._expression(part)
        if not expression.columns:
            self.fail(part[0], f"the response {expression.name!r} reads no column of the data")
        return expression

    # -------------------------------------------------------------------------------------------- sums and products

    def _sum(self, weakest: int, depth: int) -> _Sum:
        """Read operands and operators that bind more tightly than `weakest`."""
        left = self._operand(depth)
        while True:
            token = self.tokens[self.at]
            strength = _FORMULA_OPERATORS.get(token.text, -1) if token.kind == "op" else -1
            if token.kind == "end" or token.text == ")":
                return left
            if strength < 0 or token.text == "~":
                self._expected_operator(token)
            if strength <= weakest:
                return left
            self.at += 1
            left = self._combined(token, left, self._sum(strength, depth))

    def _operand(self, depth: int) -> _Sum:
        token = self.tokens[self.at]
        if token.kind == "op" and token.text in ("+", "-"):
            self.at += 1
            value = self._sum(100, depth)
            return value if token.text == "+" else self._negated(token, value)
        if token.text == "(" and token.kind == "op":
            self.at += 1
            value = self._sum(0, depth + 1)
            if self.tokens[self.at].text != ")":
                self._expected_operator(self.tokens[self.at])
            self.at += 1
            return value
        if token.kind == ".":
            self.at += 1
            return _Sum({frozenset({column}): (column,) for column in self.everything})
        if token.kind == "end" or (token.kind == "op" and token.text != "["):
            self.fail(token, f"a column or a function is expected {self._after()}")
        return self._term()

    def _after(self) -> str:
        return f"after {self.tokens[self.at - 1].text!r}" if self.at else "here"

    def _term(self) -> _Sum:
        start = self.at
        atom = self._atom_tokens()
        if len(atom) == 1 and atom[0].kind == "number":
            literal = atom[0].text
            return _Sum({}, literal == "1", literal == "0", literal)
        self.at = start
        expression = self._atom()
        if _is_offset(atom):
            self.offsets.setdefault(expression)
            return _Sum({}, literal="offset")
        return _Sum({frozenset({expression}): (expression,)})

    def _negated(self, token: _Token, value: _Sum) -> _Sum:
        if value.literal == "0":
            return _Sum({}, True, False)
        if value.literal == "1":
            return _Sum({}, False, True)
        return self.refuse(
            token, "'-' in front of a term", "write I(-x) for the negative of x; '- 1' removes the constant"
        )

    def _combined(self, token: _Token, left: _Sum, right: _Sum) -> _Sum:
        operator = token.text
        if operator == "**":
            return self._power(token, left, right)
        for side in (left, right):
            if side.literal is not None and side.literal not in ("0", "1", "offset"):
                self.fail(token, f"the number {side.literal} is not a term; only 0 and 1 are, for the constant")
            if operator not in ("+", "-") and (side.intercept or side.literal is not None):
                what = "offset(...)" if side.literal == "offset" else "the constant"
                self.fail(token, f"{what} cannot stand beside {operator!r}")
        if operator == "-" and right.literal == "offset":
            self.refuse(token, "Removing an offset", "leave the offset(...) out instead")
        if operator == "+":
            return left.plus(right)
        if operator == "-":
            return left.minus(right)
        if operator == ":":
            return left.interaction(right)
        return left.crossed(right) if operator == "*" else left.nesting(right)

    def _power(self, token: _Token, left: _Sum, right: _Sum) -> _Sum:
        if right.literal is None or not right.literal.isdigit() or int(right.literal) < 1:
            self.fail(token, "'**' takes a whole number of at least 1; a power of a column is I(x ** 2)")
        if left.intercept or left.literal is not None:
            self.fail(token, "the constant cannot be raised to a power")
        terms = list(left.terms.values())
        if len(terms) == 1 and len(terms[0]) == 1 and int(right.literal) > 1:
            name = terms[0][0].name
            self.notes.setdefault(
                f"In a formula {name} ** {right.literal} is {name} itself (all interactions of one term); "
                f"I({name} ** {right.literal}) is the power."
            )
        return left.to_the(int(right.literal))

    def _expected_operator(self, token: _Token) -> NoReturn:
        previous = self.tokens[self.at - 1].text if self.at else ""
        hints = {
            "^": "write ** for a power of terms, and I(x ** 2) for the square of a column",
            "|": "random effects and conditioning are not part of this grammar",
            "%in%": "write a / b, or a:b",
            "=": "a comparison is written ==",
            "@": "there is no such operator",
            "[": "a column cannot be subscripted",
        }
        hint = hints.get(token.text)
        self.fail(token, hint or f"an operator such as + is expected between {previous!r} and {token.text!r}")

    # -------------------------------------------------------------------------------------------- expressions

    def _atom_tokens(self) -> list[_Token]:
        """Give the tokens up to the next operator of the formula, and step over them."""
        start, depth = self.at, 0
        while True:
            token = self.tokens[self.at]
            if token.kind == "end":
                break
            if token.kind == "op":
                compares = self.at > start and self.tokens[self.at - 1].text in _COMPARISONS
                if depth == 0 and not compares and token.text in _FORMULA_OPERATORS:
                    break
                if depth == 0 and token.text == ")":
                    break
                if depth == 0 and token.text in ("^", "|", "%in%", "="):
                    self._expected_operator(token)
                if depth == 0 and token.text == ",":
                    self.fail(token, "a comma stands only between the arguments of a function")
                depth += (token.text in "([{") - (token.text in ")]}")
            self.at += 1
        return self.tokens[start : self.at]

    def _atom(self) -> Expression:
        tokens = self._atom_tokens()
        if _is_offset(tokens):
            if _closing(tokens, 1) != len(tokens) - 1 or len(tokens) < 4:
                self.fail(tokens[0], "offset(...) stands alone, around one column or expression")
            return self._expression(tokens[2:-1])
        expression = self._expression(tokens)
        if not expression.columns:
            if len(tokens) == 1 and tokens[0].kind == "string":
                self.fail(tokens[0], "a text in quotes is not a column; write the name without quotes or in back-ticks")
            self.fail(tokens[0], f"{expression.name!r} reads no column of the data")
        return expression

    def _column(self, token: _Token) -> Expression:
        return self._expression([token])

    def _expression(self, tokens: list[_Token]) -> Expression:
        """Vet an expression and put placeholders for its columns."""
        return _Vetting(self, tokens).expression()

    def placeholder(self, name: str) -> str:
        """Give the identifier that stands for a column."""
        return self.placeholders.setdefault(name, f"c_{len(self.placeholders)}")

    def column_named(self, name: str) -> str | None:
        """Give the column with this name; one that differs only in how an accent is encoded will do."""
        if name in self.columns:
            return name
        plain = unicodedata.normalize("NFKC", name)
        same = [column for column in self.columns if unicodedata.normalize("NFKC", column) == plain]
        return same[0] if len(same) == 1 else None


_WHAT_IS_ALLOWED: Final = (
    "an expression holds columns, numbers, texts, arithmetic, comparisons and calls of known functions"
)


def _closing(tokens: Sequence[_Token], opening: int) -> int:
    """Give the position of the bracket that closes the one at `opening`, or -1."""
    depth = 0
    for position in range(opening, len(tokens)):
        if tokens[position].kind == "op":
            depth += (tokens[position].text in "([{") - (tokens[position].text in ")]}")
            if depth == 0:
                return position
    return -1


def _is_offset(tokens: Sequence[_Token]) -> bool:
    return len(tokens) > 1 and tokens[0].kind == "name" and tokens[0].text == "offset" and tokens[1].text == "("


def _word(name: str) -> _Token:
    """Write the name of a column as a word, or in back-ticks where it is none."""
    plain = name.isidentifier() and not keyword.iskeyword(name)
    return _Token("name", name, 0) if plain else _Token("column", f"`{name}`", 0, name)


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 60 else text[:57] + "..."


def _written_out(formula: Formula) -> str:
    """Write the formula with `.` expanded."""
    parts = [":".join(factor.quoted for factor in term) for term in formula.terms]
    parts += [f"offset({expression.quoted})" for expression in formula.offsets]
    if not formula.intercept:
        parts.insert(0, "0")
    return f"{' + '.join(part.quoted for part in formula.response)} ~ {' + '.join(parts or ['1'])}"


# ------------------------------------------------------------------------------------------------ vetting


@dataclass
class _Call:
    """An open bracket: the function it belongs to (None for a plain bracket), the argument being read."""

    function: str | None
    argument: int = 0
    word: str | None = None


class _Vetting:
    """Turns the tokens of one expression into Python over placeholders, and refuses what is not allowed."""

    def __init__(self, reader: _Reader, tokens: list[_Token]) -> None:
        self.reader = reader
        self.tokens = tokens
        self.stack: list[_Call] = []
        self.pieces: list[_Piece] = []
        self.columns: dict[str, str] = {}
        self.position = 0

    def expression(self) -> Expression:
        """Vet the tokens one after the other, then the tree they make."""
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.kind == "name":
                self._name(token)
            elif token.kind == "column":
                self._column(token, token.value, token.text)
            elif token.kind == ".":
                self.reader.fail(token, "'.' stands for all other columns only as a term of its own")
            elif token.kind == "op":
                self._operator(token)
            else:
                self._piece(token, repr(token.value) if token.kind == "string" else token.text)
            self.position += 1
        code, starts = _spaced([piece.code for piece in self.pieces], self.pieces)
        self._vet(code, starts)
        bare = len(self.pieces) == 1 and len(self.columns) == 1
        return Expression(
            code=code,
            name=self._shown(bare),
            quoted=_spaced([piece.quoted for piece in self.pieces], self.pieces)[0],
            columns=tuple((placeholder, column) for column, placeholder in self.columns.items()),
            column=next(iter(self.columns)) if bare else None,
        )

    def _shown(self, bare: bool) -> str:
        texts = [piece.quoted if piece.column is None else _plain(piece, bare) for piece in self.pieces]
        return _spaced(texts, self.pieces)[0]

    def _piece(self, token: _Token, code: str, column: str | None = None, quoted: str | None = None) -> None:
        is_word = token.kind != "op"
        if is_word and self.pieces and self.pieces[-1].ends_object:
            self.reader.fail(token, f"{token.text!r} does not fit after {self.pieces[-1].token.text!r}")
        self.pieces.append(_Piece(code, quoted or token.text, token, is_word, column))

    # -------------------------------------------------------------------------------------------- names

    def _next(self, ahead: int = 1) -> str:
        at = self.position + ahead
        return self.tokens[at].text if at < len(self.tokens) else ""

    def _name(self, token: _Token) -> None:
        name = token.text
        if self._next() == "(" and name not in ("in", "and", "or", "not", "if", "else", "is", "lambda", "for"):
            self._call(token)
        elif self._next() == "=" and self.stack and self.stack[-1].function is not None:
            self._keyword(token)
        elif name in ("True", "False", "None"):
            self._piece(token, name)
        elif name in CONTRASTS and self._codes_a_factor():
            self._piece(token, identifier(name))
        else:
            self._bare(token)

    def _codes_a_factor(self) -> bool:
        """Whether this is the place of the contrast in C(x, contrast)."""
        if not self.stack or self.stack[-1].function != "C":
            return False
        return self.stack[-1].word == "contrast" or (self.stack[-1].word is None and self.stack[-1].argument == 1)

    def _keyword(self, token: _Token) -> None:
        if "." in token.text or "__" in token.text or keyword.iskeyword(token.text):
            self.reader.refuse(token, f"The argument name {token.text!r}", "it is not a word")
        self.stack[-1].word = token.text
        self._piece(token, token.text)

    def _bare(self, token: _Token) -> None:
        """Put a placeholder for a column."""
        name, reader = token.text, self.reader
        after_object = bool(self.pieces) and self.pieces[-1].ends_object
        if keyword.iskeyword(name) and (name not in reader.columns or after_object or self._opens_something(name)):
            reader.refuse(token, f"The Python word {name!r}", _KEYWORD_HINTS.get(name, _WHAT_IS_ALLOWED))
        column = reader.column_named(name)
        if column is not None:
            self._column(token, column, name)
        elif name in CONSTANTS:
            self._piece(token, identifier(name))
        elif "__" in name and (name.startswith("__") or ".__" in name):
            reader.refuse(token, f"The name {name!r}", "names with double underscores belong to Python")
        elif "." in name:
            self._dotted(token)
        else:
            self._refuse_words_of_python()
            reader.no_such_column(name)

    def _refuse_words_of_python(self) -> None:
        """Name a comprehension or a condition before the name it would have introduced."""
        harmless = {"True", "False", "None", *self.reader.columns}
        for token in self.tokens:
            if token.kind == "name" and keyword.iskeyword(token.text) and token.text not in harmless:
                hint = _KEYWORD_HINTS.get(token.text, _WHAT_IS_ALLOWED)
                self.reader.refuse(token, f"The Python word {token.text!r}", hint)

    def _opens_something(self, name: str) -> bool:
        """Whether a Python word is followed by an operand, so that it cannot be a column."""
        at = self.position + 1
        following = self.tokens[at] if at < len(self.tokens) else None
        if following is None:
            return False
        return following.kind in ("name", "number", "string", "column") or (
            name in ("lambda", "not") and following.text in ("(", ":")
        )

    def _dotted(self, token: _Token) -> None:
        head, _, attribute = token.text.partition(".")
        if head in self.reader.columns or head in ("np", "numpy"):
            self.reader.refuse(
                token, f"The attribute {token.text!r}", f".{attribute} cannot be asked; {_WHAT_IS_ALLOWED}"
            )
        self.reader.no_such_column(token.text)

    def _column(self, token: _Token, name: str, written: str) -> None:
        column = self.reader.column_named(name)
        if column is None:
            self.reader.no_such_column(name)
        self.columns.setdefault(column, self.reader.placeholder(column))
        self._piece(token, self.columns[column], column, written)

    # -------------------------------------------------------------------------------------------- calls

    def _call(self, token: _Token) -> None:
        name, reader = token.text, self.reader
        if name == "Q":
            self._quoted_column(token)
            return
        if name not in reader.functions:
            self._unknown_call(token)
        within = bool(self.stack) and self.stack[-1].function == "C" and self.stack[-1].argument == 0
        alone = not self.pieces and _closing(self.tokens, self.position + 1) == len(self.tokens) - 1
        if name in CONTRASTS and not self._codes_a_factor():
            reader.refuse(token, f"{name}() here", f"it codes a factor: C(x, {name})")
        if name == "offset":
            reader.refuse(token, "offset() inside an expression", "offset(...) is a term of its own")
        if name == "C" and not within and not alone:
            reader.refuse(token, "C() inside an expression", "C(...) is a factor of its own")
        self._piece(token, identifier(name))

    def _quoted_column(self, token: _Token) -> None:
        here = self.tokens[self.position + 1 : self.position + 4]
        if len(here) < 3 or here[1].kind != "string" or here[2].text != ")":
            self.reader.fail(token, 'Q takes the name of one column in quotes: Q("my column")')
        self._column(token, here[1].value, f"Q({here[1].text})")
        self.pieces[-1].as_written = True
        self.position += 3

    def _unknown_call(self, token: _Token) -> NoReturn:
        name, reader = token.text, self.reader
        head, _, last = name.rpartition(".")
        if "__" in name:
            reader.refuse(token, f"The name {name!r}", "names with double underscores belong to Python")
        if last in _EXTREMES and head in ("", "np", "numpy"):
            reader.refuse(
                token,
                f"{name}()",
                "over the rows it would make a row depend on the other rows; np.minimum(a, b) and np.maximum(a, b) "
                "compare two columns",
            )
        if last in _SUMMARIES or (head and last in _EXTREMES):
            reader.refuse(
                token,
                f"{name}()",
                "it depends on the other rows of the data; use center(x) or standardize(x), which keep what they "
                "learn from the rows of the fit, or make the column before",
            )
        if hint := _HINTS.get(name) or (_HINTS.get(last) if head in ("np", "pd", "numpy") else None):
            reader.refuse(token, f"{name}()", hint)
        if head and head not in ("np", "numpy"):
            reader.refuse(token, f"The method {name}()", f"nothing is asked of a column by a dot; {_WHAT_IS_ALLOWED}")
        close = suggestion(name, reader.functions).removeprefix("; ")
        reader.refuse(
            token,
            f"The function {name}()",
            f"{close + ' ' if close else ''}functions={{{name!r}: ...}} adds one of your own to the list of those a "
            "formula may call",
        )

    # -------------------------------------------------------------------------------------------- operators

    def _operator(self, token: _Token) -> None:
        text, reader = token.text, self.reader
        after_object = bool(self.pieces) and self.pieces[-1].ends_object
        if text not in _EXPRESSION_OPERATORS:
            self._refuse_operator(token)
        if text == "[" and after_object:
            reader.refuse(token, "A subscript", "make the column before, or use np.where(condition, a, b)")
        if text in ("(", "["):
            previous = self.pieces[-1].token if self.pieces else None
            called = text == "(" and previous is not None and previous.kind == "name" and self.pieces[-1].column is None
            if text == "(" and after_object and not called:
                reader.refuse(token, "A call of a value", _WHAT_IS_ALLOWED)
            self.stack.append(_Call(previous.text if called and previous is not None else None))
        elif text in (")", "]"):
            if not self.stack:
                reader.fail(token, f"this {text!r} closes nothing")
            self.stack.pop()
        elif text == "," and self.stack:
            self.stack[-1].argument += 1
            self.stack[-1].word = None
        elif text == "=" and not (self.stack and self.stack[-1].word is not None and self.pieces[-1].is_word):
            reader.fail(token, "a comparison is written ==")
        self._piece(token, text)

    def _refuse_operator(self, token: _Token) -> NoReturn:
        hints = {
            "^": "write x ** 2 for a power",
            "[": "make the column before",
            ":=": "an assignment cannot stand in a formula",
            ":": "a slice or a lambda cannot stand in a formula",
            "{": "sets and dictionaries have no meaning here",
            "!": "write ~(a), or != for 'not equal'",
            "<-": "put a space between < and -",
            "->": _WHAT_IS_ALLOWED,
            "@": _WHAT_IS_ALLOWED,
            "%in%": "write np.isin(x, ['a', 'b'])",
            ";": "a formula is one expression",
        }
        self.reader.refuse(token, f"{token.text!r}", hints.get(token.text, _WHAT_IS_ALLOWED))

    # -------------------------------------------------------------------------------------------- the tree

    def _vet(self, code: str, starts: list[int]) -> None:
        """Parse the code as Python and look at every node; a second fence behind the tokens."""
        try:
            tree = ast.parse(code, mode="eval")
        except SyntaxError as problem:
            column = (problem.offset or 1) - 1
            at = max((i for i, start in enumerate(starts) if start <= column), default=0)
            token = self.pieces[at].token
            self.reader.fail(token, f"{token.text!r} does not fit {self._before(at)}")
        except (RecursionError, MemoryError, ValueError):
            self.reader.fail(self.tokens[0], "this expression is too deeply nested")
        for node in ast.walk(tree):
            self._vet_node(node)

    def _before(self, at: int) -> str:
        return f"after {self.pieces[at - 1].token.text!r}" if at else "here"

    def _vet_node(self, node: ast.AST) -> None:
        first = self.tokens[0]
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            self.reader.refuse(first, "A chain of comparisons", "write (a < x) & (x < b)")
        if isinstance(node, ast.Call):
            if any(word.arg is None for word in node.keywords):
                self.reader.refuse(first, "'**' in front of an argument", _WHAT_IS_ALLOWED)
            if not (isinstance(node.func, ast.Name) and node.func.id.startswith(identifier(""))):
                self.reader.refuse(first, "A call of a value", _WHAT_IS_ALLOWED)
        if isinstance(node, ast.Name) and not (node.id in self.columns.values() or node.id.startswith(identifier(""))):
            self.reader.refuse(first, f"The name {node.id!r}", _WHAT_IS_ALLOWED)
        if not isinstance(node, _ALLOWED_NODES):
            self.reader.refuse(first, f"{type(node).__name__}", _WHAT_IS_ALLOWED)


_ALLOWED_NODES: Final = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Call,
    ast.Name,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.keyword,
    ast.Load,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.Pow,
    ast.BitAnd,
    ast.BitOr,
    ast.Invert,
    ast.UAdd,
    ast.USub,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
)


# ------------------------------------------------------------------------------------------------ spacing


@dataclass
class _Piece:
    """One token as it goes into the code and into the name of an expression."""

    code: str
    quoted: str
    token: _Token
    is_word: bool
    column: str | None = None
    as_written: bool = False

    @property
    def ends_object(self) -> bool:
        """Whether something ends here that an operator can follow."""
        return self.is_word or self.token.text in (")", "]")


def _plain(piece: _Piece, bare: bool) -> str:
    """Leave the back-ticks out where the name cannot be taken for something else."""
    name = piece.column or ""
    if piece.as_written or piece.token.kind != "column":
        return piece.quoted
    if bare:
        return piece.quoted if ":" in name or name != name.strip() else name
    return name if re.fullmatch(r"[^\W\d][\w .]*", name) and name == name.strip() else piece.quoted


_WRITTEN_APART: Final = "+ - * / % & ^ | < > == != <= >= ** // "
_SPACED_BOTH: Final = frozenset(_WRITTEN_APART.split())


def _spaced(texts: list[str], pieces: list[_Piece]) -> tuple[str, list[int]]:
    """Join tokens with the spacing of patsy, which decides the names of design columns; also give their starts."""
    out = ""
    starts: list[int] = []
    after_word = wants_space = after_object = False
    after_opening = False
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
