"""Are formulas multiplied out as patsy multiplies them, and is what no model can hold refused?"""

from __future__ import annotations

import random

import patsy
import pytest

from glmlr.errors import FormulaError
from glmlr.language.formula import Formula, parse_formula
from glmlr.language.rowwise import ROWWISE
from glmlr.language.transforms import LEARNERS

FUNCTIONS = frozenset(ROWWISE) | frozenset(LEARNERS) | {"bs", "cr", "cc", "te"}
COLUMNS = ["y", "a", "b", "c", "d", "my var", "blood.pressure", "a|b", "2nd", "class", "np", "log", "Income"]


def parsed(text: str, columns: list[str] | None = None, **options: object) -> Formula:
    return parse_formula(text, columns or COLUMNS, functions=FUNCTIONS, **options)  # type: ignore[arg-type]


def terms(text: str) -> list[str]:
    """Write the right side as patsy describes it."""
    formula = parsed(text)
    names = [":".join(factor.name for factor in term) for term in formula.terms]
    return ["Intercept"] * formula.intercept + names


GRAMMAR = [
    "a", "a + b", "a * b", "a:b", "a / b", "a / (b + c)", "(a + b) / c", "(a + b + c) ** 2", "(a + b + c + d) ** 3",
    "a * b * c", "a * b - a", "a + b - 1", "0 + a", "-1 + a", "a + 0", "1 + a", "0 + 1 + a", "1 + 0 + a", "a - 0",
    "a + (b - a)", "a + (b + 0)", "0 + (a + 1)", "a + b*c:d", "a:b*c", "+a", "a + +b", "a:(b + c)",
    "(a - b):c", "a*(b - c)", "b + b:c + (a - b)/c", "a + a + a", "a:b:a", "((a))", "1", "a:b + b:a", "(a*b)**2",
    "np.log(a)", "np.log( a )+a", "I(a**2)", "I(a+b*c)", "I(-a)", "C(a,Treatment('x'))", "bs(a,df=4,degree=2)",
    "C( a , levels = [ 'x','y' ] )", "a>3", "(a>3):b", "a==b", "I((a>1)&(b<2))", "np.where(a>1,b,c)", "center(a)*b",
    "te(cr(a,df=4),cc(b,df=3),constraints='center')", "I(a//2%3)", "Q('my var')",
]  # fmt: skip


@pytest.mark.parametrize("right", GRAMMAR)
def test_terms_and_names_are_those_of_patsy(right: str) -> None:
    theirs = [term.name() for term in patsy.ModelDesc.from_formula(f"y ~ {right}").rhs_termlist]
    assert terms(f"y ~ {right}") == theirs


def test_random_formulas_multiply_out_as_in_patsy() -> None:
    """A law over 300 random formulas: same terms, same order, same intercept."""
    draw = random.Random(20240607)

    def piece(depth: int) -> str:
        if depth == 0 or draw.random() < 0.3:
            return draw.choice(["a", "b", "c", "d", "I(a + b)", "np.log(c)"])
        operator = draw.choice(["+", "+", "*", ":", "/", "-"])
        text = f"{piece(depth - 1)} {operator} {piece(depth - 1)}"
        return f"({text})" if draw.random() < 0.7 else text

    for _ in range(300):
        right = piece(3) + draw.choice(["", " - 1", " + 0", " + 1"])
        theirs = [term.name() for term in patsy.ModelDesc.from_formula(f"y ~ {right}").rhs_termlist]
        if theirs:
            assert terms(f"y ~ {right}") == theirs, right


def test_a_power_of_one_column_is_explained() -> None:
    assert "I(a ** 2) is the power" in parsed("y ~ a ** 2").notes[0]
    assert parsed("y ~ (a + b) ** 2").notes == ()


def test_thousand_terms_are_read() -> None:
    columns = ["y", *(f"x{i}" for i in range(1000))]
    assert len(parsed("y ~ " + " + ".join(columns[1:]), columns).terms) == 1000
    assert len(parsed("y ~ . - x3", columns).terms) == 999


WITHOUT_END = [
    "*".join(f"x{i}" for i in range(40)),
    "*".join(f"(x{i} + y{i})" for i in range(40)),
    ". ** 40",
    ". ** 99999999999999999999",
    "(. ** 2):(. ** 2)",
]


@pytest.mark.parametrize("right", WITHOUT_END)
def test_terms_without_end_are_refused(right: str) -> None:
    """40 columns crossed make 2 ** 40 terms."""
    with pytest.raises(FormulaError, match="multiplies out into more than 100,000 terms"):
        parsed(f"y ~ {right}", ["y", *(f"{letter}{i}" for i in range(40) for letter in "xy")])


def test_terms_are_counted_before_they_are_made() -> None:
    """12 columns crossed make 2 ** 12 - 1 terms, 17 make 131,071; the cube of 85 columns makes 102,425."""
    columns = ["y", *(f"x{i}" for i in range(85))]
    assert len(parsed("y ~ " + "*".join(columns[1:13]), columns).terms) == 2**12 - 1
    with pytest.raises(FormulaError, match="more than 100,000 terms"):
        parsed("y ~ " + "*".join(columns[1:18]), columns)
    with pytest.raises(FormulaError, match="more than 100,000 terms"):
        parsed("y ~ . ** 3", columns)
    assert len(parsed("y ~ (. - x84) ** 2", columns).terms) == 84 + 84 * 83 // 2


def test_a_power_beyond_the_number_of_terms_adds_nothing() -> None:
    assert terms("y ~ (a + b + c) ** 999999999999") == terms("y ~ (a + b + c) ** 3")
