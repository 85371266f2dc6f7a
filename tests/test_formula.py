"""Is a formula read as patsy reads it, and is everything else refused by name, with its place?"""

from __future__ import annotations

import pytest

from glmlr.errors import FormulaError
from glmlr.language.formula import Formula, parse_formula
from glmlr.language.rowwise import ROWWISE
from glmlr.language.transforms import LEARNERS

FUNCTIONS = frozenset(ROWWISE) | frozenset(LEARNERS) | {"bs", "cr", "cc", "te"}
COLUMNS = ["y", "a", "b", "c", "d", "my var", "blood.pressure", "a|b", "2nd", "class", "np", "log", "Income"]


def parsed(text: str, columns: list[str] | None = None, **options: object) -> Formula:
    return parse_formula(text, columns or COLUMNS, functions=FUNCTIONS, **options)  # type: ignore[arg-type]


def test_dot_is_every_other_column() -> None:
    formula = parsed("y ~ . - c", ["y", "a", "w", "c", "my var"], left_out=["w"])
    assert formula.predictors == ("a", "my var")
    assert formula.text == "y ~ a + `my var`"
    assert parsed("a + b ~ 0 + . + offset(c)", ["a", "b", "c", "d"]).text == "a + b ~ 0 + d + offset(c)"


def test_a_text_is_read_once_for_the_same_columns_and_functions() -> None:
    first = parsed("y ~ .", ["y", "a", "b"])
    assert parsed("y ~ .", ["y", "a", "b"]) is first
    assert parsed("y ~ .", ["y", "a", "c"]).predictors == ("a", "c")
    assert parsed("y ~ .", ["y", "a", "b"], left_out=["b"]).predictors == ("a",)
    assert parse_formula("y ~ own(a)", COLUMNS, functions=FUNCTIONS | {"own"}).predictors == ("a",)
    for _ in range(2):
        with pytest.raises(FormulaError, match="The function own"):
            parsed("y ~ own(a)")


@pytest.mark.parametrize(
    ("text", "label", "reads"),
    [
        ("y ~ a", "y", ("y",)),
        ("C(y) ~ a", "y", ("y",)),
        ("((y)) ~ a", "y", ("y",)),
        ("`my var` ~ a", "my var", ("my var",)),
        ('y == "Yes" ~ a', 'y == "Yes"', ("y",)),
        ("y == -1 ~ a", "y == -1", ("y",)),
        ("b + c ~ a", "b + c", ("b", "c")),
        ("b + I(c - b) ~ a", "b + I(c - b)", ("b", "c", "b")),
    ],
)
def test_responses(text: str, label: str, reads: tuple[str, ...]) -> None:
    formula = parsed(text)
    assert formula.label == label
    assert tuple(column for part in formula.response for column in part.reads) == reads


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("a + b", "has no '~'"),
        ("~ a", "has no response"),
        ("y ~", "nothing after '~'"),
        ("y ~ 0", "has no columns"),
        ("y ~ a - a - 1", "has no columns"),
        ("y ~ a ~ b", "only once"),
        ("y ~ (a ~ b)", "character 8"),
        ("y ~ y + a", "'y' is on both sides"),
        ("y ~ np.log(y)", "'y' is on both sides"),
        ("y ~ a + offset(y)", "'y' is on both sides"),
        ("b + c ~ c", "'c' is on both sides"),
        ("a - b ~ c", "'-' in the response"),
        ("a + b + c ~ d", "two columns of counts"),
        ("1 ~ a", "reads no column"),
        (". ~ a", "must be named"),
        ("C(y, Treatment) ~ a", "event="),
        ("y ~ 2", "the number 2 is not a term"),
        ("y ~ a + 2", "the number 2 is not a term"),
        ("y ~ a:1", "the constant cannot stand beside ':'"),
        ("y ~ a ** b", "whole number"),
        ("y ~ -a", "I(-x)"),
        ("y ~ 'a'", "a text in quotes is not a column"),
        ("y ~ np.log(2)", "reads no column"),
        ("y ~ I(.)", "as a term of its own"),
        ("y ~ a:offset(b)", "offset(...) cannot stand beside ':'"),
        ("y ~ np.log(offset(b))", "term of its own"),
        ("y ~ C(a) > 1", "factor of its own"),
        ("y ~ Sum(a)", "C(x, Sum)"),
    ],
)
def test_what_makes_no_sense_is_said(text: str, says: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parsed(text)
    assert says in str(caught.value)


def test_a_column_named_like_a_function_of_the_grammar_is_a_column() -> None:
    formula = parsed("y ~ offset + C + I + Q + Treatment", ["y", "offset", "C", "I", "Q", "Treatment"])
    assert formula.predictors == ("offset", "C", "I", "Q", "Treatment")
    assert formula.offsets == ()


def test_a_formula_is_a_text() -> None:
    with pytest.raises(FormulaError, match="not NoneType"):
        parse_formula(None, COLUMNS, functions=FUNCTIONS)  # type: ignore[arg-type]
