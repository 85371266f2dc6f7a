"""What does a formula say? Its response, its terms and its offsets, read from left to right; nothing is evaluated.

The grammar is that of patsy and R: `~ + - * / : **`, parentheses, 0 and 1 for the intercept, and `.` for all other
columns. Between the operators stand columns, comparisons and calls, which `expressions` vets; `terms` multiplies out.

Reference: Chambers & Hastie (1992), Statistical Models in S, sections 2.3 and 2.4.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final, NoReturn

from glmlr.errors import FormulaError
from glmlr.language.expressions import Expression, Vetting
from glmlr.language.hints import fail_between_terms
from glmlr.language.terms import Sum, unique
from glmlr.language.tokens import COMPARISONS, FORMULA_OPERATORS, Text, Token, closing, shortened

_DEEPEST: Final = 40
_SIGN: Final = FORMULA_OPERATORS["+"]


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
        return unique(column for term in self.terms for factor in term for column in factor.reads)

    @cached_property
    def tolerates(self) -> frozenset[str]:
        """Columns whose missing values drop no row: each expression that reads them takes a missing value."""
        everything = [*self.response, *(factor for term in self.terms for factor in term), *self.offsets]
        able = frozenset(column for one in everything for column in one.tolerates)
        return able.difference(*(set(one.reads) - one.tolerates for one in everything))

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
    return _read(text, tuple(columns), frozenset(functions), frozenset(left_out))


@lru_cache(maxsize=32)
def _read(text: str, columns: tuple[str, ...], functions: frozenset[str], left_out: frozenset[str]) -> Formula:
    """Read a formula once for all samples of the same rows; what cannot be read is refused every time."""
    return _Reader(Text(text, columns), functions, left_out).formula()


class _Reader:
    """Reads one formula over the columns of one data set."""

    def __init__(self, text: Text, functions: Collection[str], left_out: Collection[str]) -> None:
        self.text = text
        self.vetting = Vetting(text, functions)
        self.left_out = frozenset(left_out)
        self.offsets: dict[Expression, None] = {}
        self.notes: dict[str, None] = {}
        self.everything: tuple[Expression, ...] = ()
        self.tokens = text.tokens()
        self.at = 0

    # -------------------------------------------------------------------------------------------- the whole

    def formula(self) -> Formula:
        """Read the text from end to end."""
        whole = self.text.text.strip()
        tilde = self._tilde()
        response = self._response(self.tokens[:tilde])
        mine = {column for part in response for column in part.reads}
        dotted = any(token.kind == "." for token in self.tokens)
        if dotted:
            self.everything = self._all_other_columns(tilde, mine)
        right = self._right_side(tilde)
        terms = tuple(right.terms.values())
        _refuse_response(mine, [*(f for term in terms for f in term), *self.offsets])
        intercept = right.intercept is not False
        if not terms and not intercept:
            raise FormulaError(
                f"The formula {whole!r} has no columns, not even a constant; write '~ 1' for a constant."
            )
        formula = Formula(whole, response, intercept, terms, tuple(self.offsets), tuple(self.notes))
        return replace(formula, text=_written_out(formula)) if dotted else formula

    def _tilde(self) -> int:
        """Find the one `~` between response and predictors."""
        found = []
        opened: list[Token] = []
        for position, token in enumerate(self.tokens):
            if token.turn > 0:
                opened.append(token)
                if len(opened) > _DEEPEST:
                    self.text.fail(token, f"brackets are nested more than {_DEEPEST} deep")
            elif token.turn < 0:
                if not opened:
                    self.text.fail(token, f"this {token.text!r} closes nothing")
                opened.pop()
            elif token.text == "~" and token.kind == "op" and not opened:
                found.append(position)
        if opened:
            self.text.fail(opened[-1], f"this {opened[-1].text!r} is never closed")
        whole = shortened(self.text.text)
        if not found:
            hint = self.text.backtick_hint()
            raise FormulaError(f"The formula {whole!r} has no '~'; write 'response ~ predictors'{hint}.")
        if len(found) > 1:
            self.text.fail(self.tokens[found[1]], "'~' may stand only once, between response and predictors")
        if found[0] == 0:
            raise FormulaError(
                f"The formula {whole!r} has no response; write 'response ~ predictors', such as 'low ~ age + lwt'."
            )
        return found[0]

    def _right_side(self, tilde: int) -> Sum:
        self.at = tilde + 1
        first = self.tokens[self.at]
        if first.kind == "end":
            self.text.fail(first, "there is nothing after '~'; write '1' for a constant alone")
        right = self._sum(0, 0)
        if self.tokens[self.at].kind != "end":
            self._expected_operator(self.tokens[self.at])
        self._refuse_number(right, first)
        return right

    def _all_other_columns(self, tilde: int, mine: set[str]) -> tuple[Expression, ...]:
        """Give what `.` stands for: no response, weight, offset or cluster."""
        left_out = mine | self.left_out
        for position in range(tilde + 1, len(self.tokens)):
            if _is_offset(self.tokens[position : position + 2]):
                self.at = position
                left_out.update(self._factor(self._factor_tokens()).reads)
        others = [column for column in self.text.columns if column not in left_out]
        if not others:
            raise FormulaError("'.' stands for all other columns, and the data have no other columns.")
        return tuple(self.vetting.expression([_word(name)]) for name in others)

    # -------------------------------------------------------------------------------------------- the response

    def _response(self, tokens: list[Token]) -> tuple[Expression, ...]:
        """Read the left side: one expression, or two counts joined by +."""
        parts: list[list[Token]] = [[]]
        depth = 0
        for position, token in enumerate(tokens):
            depth += token.turn
            compares = position > 0 and tokens[position - 1].text in COMPARISONS
            if depth or compares or token.kind != "op" or token.text not in FORMULA_OPERATORS:
                parts[-1].append(token)
                continue
            if token.text != "+":
                self.text.refuse(
                    token,
                    f"{token.text!r} in the response",
                    "the response is one column, a comparison such as released == 'Yes', or two columns of counts, "
                    "successes + failures; arithmetic goes into I(...)",
                )
            parts.append([])
        if len(parts) > 2:
            self.text.fail(tokens[0], "a response is one column, or two columns of counts: successes + failures")
        return tuple(self._response_part(part, tokens) for part in parts)

    def _response_part(self, part: list[Token], tokens: list[Token]) -> Expression:
        while len(part) > 2 and part[0].text == "(" and closing(part, 0) == len(part) - 1:
            part = part[1:-1]
        if not part:
            self.text.fail(tokens[-1], "a column is missing beside this '+'")
        if any(token.kind == "." for token in part):
            self.text.fail(part[0], "'.' stands for all other columns; the response must be named")
        if part[0].text == "C" and part[0].kind == "name" and len(part) > 3 and closing(part, 1) == len(part) - 1:
            if any(token.text == "," for token in part):
                self.text.refuse(
                    part[0], "A coding of the response", "event= says which of its two values is the event"
                )
            part = part[2:-1]
        expression = self.vetting.expression(part)
        if not expression.columns:
            self.text.fail(part[0], f"the response {expression.name!r} reads no column of the data")
        return expression

    # -------------------------------------------------------------------------------------------- sums and products

    def _sum(self, weakest: int, depth: int) -> Sum:
        """Read operands and operators that bind more tightly than `weakest`."""
        left = self._operand(depth)
        while True:
            token = self.tokens[self.at]
            strength = FORMULA_OPERATORS.get(token.text, -1) if token.kind == "op" else -1
            if token.kind == "end" or token.text == ")":
                return left
            if strength < 0 or token.text == "~":
                self._expected_operator(token)
            if strength <= weakest:
                return left
            self.at += 1
            left = self._combined(token, left, self._sum(strength, depth))

    def _operand(self, depth: int) -> Sum:
        token = self.tokens[self.at]
        if depth > _DEEPEST:
            self.text.fail(token, f"brackets and signs are nested more than {_DEEPEST} deep")
        if token.kind == "op" and token.text in ("+", "-"):
            self.at += 1
            value = self._sum(_SIGN, depth + 1)
            return value if token.text == "+" else self._negated(token, value)
        if token.kind == "op" and token.text == "(":
            self.at += 1
            value = self._sum(0, depth + 1)
            if self.tokens[self.at].text != ")":
                self._expected_operator(self.tokens[self.at])
            self.at += 1
            return value
        if token.kind == ".":
            self.at += 1
            return Sum({frozenset({column}): (column,) for column in self.everything})
        if token.kind == "end" or (token.kind == "op" and token.text != "["):
            # A formula never begins here: there is a response and a "~".
            self.text.fail(token, f"a column or a function is expected after {self.tokens[self.at - 1].text!r}")
        return self._term()

    def _term(self) -> Sum:
        tokens = self._factor_tokens()
        if len(tokens) == 1 and tokens[0].kind == "number":
            literal = tokens[0].text
            return Sum({}, {"1": True, "0": False}.get(literal), literal)
        expression = self._factor(tokens)
        if _is_offset(tokens):
            self.offsets.setdefault(expression)
            return Sum({}, literal="offset")
        return Sum({frozenset({expression}): (expression,)})

    def _negated(self, token: Token, value: Sum) -> Sum:
        if value.literal == "0":
            return Sum({}, True)
        if value.literal == "1":
            return Sum({}, False)
        return self.text.refuse(
            token, "'-' in front of a term", "write I(-x) for the negative of x; '- 1' removes the constant"
        )

    def _combined(self, token: Token, left: Sum, right: Sum) -> Sum:
        operator = token.text
        if operator == "**":
            return self._power(token, left, right)
        for side in (left, right):
            self._refuse_number(side, token)
            if operator not in ("+", "-") and (side.intercept or side.literal is not None):
                what = "offset(...)" if side.literal == "offset" else "the constant"
                self.text.fail(token, f"{what} cannot stand beside {operator!r}")
        if operator == "-" and right.literal == "offset":
            self.text.refuse(token, "Removing an offset", "leave the offset(...) out instead")
        by_sign = {"+": left.plus, "-": left.minus, ":": left.interaction, "*": left.crossed, "/": left.nesting}
        return by_sign[operator](right)

    def _refuse_number(self, side: Sum, token: Token) -> None:
        if side.literal not in (None, "0", "1", "offset"):
            self.text.fail(token, f"the number {side.literal} is not a term; only 0 and 1 are, for the constant")

    def _power(self, token: Token, left: Sum, right: Sum) -> Sum:
        if right.literal is None or not right.literal.isdigit() or int(right.literal) < 1:
            self.text.fail(token, "'**' takes a whole number of at least 1; a power of a column is I(x ** 2)")
        if left.intercept or left.literal is not None:
            self.text.fail(token, "the constant cannot be raised to a power")
        terms = list(left.terms.values())
        if len(terms) == 1 and len(terms[0]) == 1 and int(right.literal) > 1:
            name = terms[0][0].name
            self.notes.setdefault(
                f"In a formula {name} ** {right.literal} is {name} itself (all interactions of one term); "
                f"I({name} ** {right.literal}) is the power."
            )
        return left.to_the(int(right.literal))

    def _expected_operator(self, token: Token) -> NoReturn:
        fail_between_terms(self.text, token, self.tokens[self.at - 1].text)

    # -------------------------------------------------------------------------------------------- expressions

    def _factor_tokens(self) -> list[Token]:
        """Give the tokens up to the next operator of the formula, and step over them."""
        start, depth = self.at, 0
        while True:
            token = self.tokens[self.at]
            if token.kind == "end":
                break
            if token.kind == "op" and depth == 0:
                compares = self.at > start and self.tokens[self.at - 1].text in COMPARISONS
                if token.text == ")" or (token.text in FORMULA_OPERATORS and not compares):
                    break
                if token.text in ("^", "|", "%in%", "="):
                    self._expected_operator(token)
                if token.text == ",":
                    self.text.fail(token, "a comma stands only between the arguments of a function")
            depth += token.turn
            self.at += 1
        return self.tokens[start : self.at]

    def _factor(self, tokens: list[Token]) -> Expression:
        if _is_offset(tokens):
            if closing(tokens, 1) != len(tokens) - 1 or len(tokens) < 4:
                self.text.fail(tokens[0], "offset(...) stands alone, around one column or expression")
            return self.vetting.expression(tokens[2:-1])
        expression = self.vetting.expression(tokens)
        if not expression.columns:
            if len(tokens) == 1 and tokens[0].kind == "string":
                self.text.fail(
                    tokens[0], "a text in quotes is not a column; write the name without quotes or in back-ticks"
                )
            self.text.fail(tokens[0], f"{expression.name!r} reads no column of the data")
        return expression


def _refuse_response(mine: set[str], right: Iterable[Expression]) -> None:
    for expression in right:
        for column in expression.reads:
            if column in mine:
                raise FormulaError(
                    f"The response {column!r} is on both sides of the formula (as {expression.name!r} among the "
                    "predictors); a response cannot explain itself."
                )


def _is_offset(tokens: Sequence[Token]) -> bool:
    return len(tokens) > 1 and tokens[0].kind == "name" and tokens[0].text == "offset" and tokens[1].text == "("


def _word(name: str) -> Token:
    """Write the name of a column as a word, or in back-ticks where it is none."""
    if name.isidentifier() and not keyword.iskeyword(name):
        return Token("name", name, 0)
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return Token("column", f"`{escaped}`", 0, name)


def _written_out(formula: Formula) -> str:
    """Write the formula with `.` expanded."""
    parts = [":".join(factor.quoted for factor in term) for term in formula.terms]
    parts += [f"offset({expression.quoted})" for expression in formula.offsets]
    if not formula.intercept:
        parts.insert(0, "0")
    return f"{' + '.join(part.quoted for part in formula.response)} ~ {' + '.join(parts or ['1'])}"
