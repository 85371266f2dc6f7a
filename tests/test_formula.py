"""Is a formula read as patsy reads it, and is everything else refused by name, with its place?"""

from __future__ import annotations

import random
import time

import patsy
import pytest

from glmlr.errors import DataError, FormulaError
from glmlr.formula import Formula, parse_formula
from glmlr.transforms import LEARNERS, ROWWISE

FUNCTIONS = frozenset(ROWWISE) | frozenset(LEARNERS) | {"bs", "cr", "cc", "te"}
COLUMNS = ["y", "a", "b", "c", "d", "my var", "blood.pressure", "a|b", "2nd", "class", "np", "log", "Income"]


def parsed(text: str, columns: list[str] | None = None, **options: object) -> Formula:
    return parse_formula(text, columns or COLUMNS, functions=FUNCTIONS, **options)  # type: ignore[arg-type]


def terms(text: str) -> list[str]:
    """Write the right side as patsy describes it."""
    formula = parsed(text)
    names = [":".join(factor.name for factor in term) for term in formula.terms]
    return ["Intercept"] * formula.intercept + names


# ------------------------------------------------------------------------------------------------ the grammar of patsy

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


def test_thousand_terms_are_quick() -> None:
    columns = ["y", *(f"x{i}" for i in range(1000))]
    start = time.perf_counter()
    assert len(parsed("y ~ " + " + ".join(columns[1:]), columns).terms) == 1000
    assert len(parsed("y ~ . - x3", columns).terms) == 999
    assert time.perf_counter() - start < 2.0


# ------------------------------------------------------------------------------------------------ names


def test_names_that_are_no_words_go_into_backticks() -> None:
    formula = parsed("y ~ `my var` + `a|b` + `2nd` + blood.pressure + class + np + np.log(np) + log(log)")
    assert formula.predictors == ("my var", "a|b", "2nd", "blood.pressure", "class", "np", "log")
    assert [term[0].name for term in formula.terms] == [
        "my var", "a|b", "2nd", "blood.pressure", "class", "np", "np.log(np)", "log(log)",
    ]  # fmt: skip


def test_backticks_and_q_name_the_same_column() -> None:
    assert len(parsed("y ~ `my var` + Q('my var') + Q(\"my var\")").terms) == 1


@pytest.mark.parametrize(
    "name", ["tab\there", "quote'\"", "bracket[0]", "tilde~+", "back`tick", "ünï cödé", "  spaced  "]
)
def test_any_name_can_be_reached(name: str) -> None:
    written = "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
    assert parsed(f"y ~ {written}", ["y", name]).predictors == (name,)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert parsed(f'y ~ Q("{quoted}")', ["y", name]).predictors == (name,)


def test_an_accent_may_be_encoded_in_two_ways() -> None:
    assert parsed("y ~ caf\u00e9", ["y", "cafe\u0301"]).predictors == ("cafe\u0301",)


def test_backticks_stay_where_the_name_would_mislead() -> None:
    formula = parsed("y ~ `a:b` + np.log(`a+b`) + np.log(`my var`)", ["y", "a:b", "a+b", "my var"])
    assert [term[0].name for term in formula.terms] == ["`a:b`", "np.log(`a+b`)", "np.log(my var)"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y ~ income", "column 'income' not found; did you mean 'Income'?"),
        ("y ~ np.log(income)", "column 'income' not found; did you mean 'Income'?"),
        ("y ~ `nothing like it`", "column 'nothing like it' not found; the data have y, a,"),
        ("y ~ my var", "the column 'my var' is written `my var`, in back-ticks"),
        ("incme ~ a", "column 'incme' not found; did you mean 'Income'?"),
    ],
)
def test_a_missing_column_is_named(text: str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        parsed(text)
    assert says in str(caught.value)


def test_columns_never_come_from_the_callers_scope() -> None:
    outside = [1, 2, 3]  # noqa: F841
    with pytest.raises(DataError, match="column 'outside' not found"):
        parsed("y ~ outside")


# ------------------------------------------------------------------------------------------------ the dot, the response


def test_dot_is_every_other_column() -> None:
    formula = parsed("y ~ . - c", ["y", "a", "w", "c", "my var"], left_out=["w"])
    assert formula.predictors == ("a", "my var")
    assert formula.text == "y ~ a + `my var`"
    assert parsed("a + b ~ 0 + . + offset(c)", ["a", "b", "c", "d"]).text == "a + b ~ 0 + d + offset(c)"


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


# ------------------------------------------------------------------------------------------------ places


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("y ~ a +* b", "character 8, '* b'"),
        ("y ~ a b", "character 7, 'b'"),
        ("y ~ a + (b", "character 9, '(b'"),
        ("y ~ a)", "character 6, ')'"),
        ("y ~ a +", "its end"),
        ("y ~ np.log(a", "character 11, '(a'"),
        ("y ~ np.log(a b)", "character 14, 'b)'"),
        ("y ~ np.log(a, )b", "character 16, 'b'"),
        ("y ~ 'a", 'character 5, "\'a"'),
        ("y ~ `a", "character 5, '`a'"),
        ("y ~ a ? b", "character 7, '? b'"),
        ("y ~ a # b", "character 7, '# b'"),
        ("y ~ 2nd", "character 5, '2nd'"),
        ("y ~ a, b", "character 6, ', b'"),
        ("y ~ I(a +)", "character 10, ')'"),
        ("y ~ " + "(" * 60 + "a" + ")" * 60, "nested more than 40 deep"),
    ],
)
def test_a_syntax_error_names_its_place(text: str, place: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parsed(text)
    assert place in str(caught.value)


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("y ~ a.values", "'a.values'"),
        ("y ~ (a).values", "'.values'"),
        ("y ~ a.str.upper()", "a.str.upper()"),
        ("y ~ np.linalg.inv(a)", "np.linalg.inv()"),
        ("y ~ a.__class__", "'a.__class__'"),
        ("y ~ __import__('os')", "'__import__'"),
        ("y ~ np.__loader__", "'np.__loader__'"),
        ("y ~ __name__", "'__name__'"),
        ("y ~ eval('1')", "eval()"),
        ("y ~ exec('1')", "exec()"),
        ("y ~ open('x')", "open()"),
        ("y ~ getattr(a, 'b')", "getattr()"),
        ("y ~ np.load('x')", "np.load()"),
        ("y ~ os.system('x')", "os.system()"),
        ("y ~ lambda a: a", "'lambda'"),
        ("y ~ I(lambda: 1)", "'lambda'"),
        ("y ~ [x for x in a]", "'for'"),
        ("y ~ I(sum(x for x in a))", "sum()"),
        ("y ~ a[0]", "A subscript"),
        ("y ~ np.log(a[0])", "A subscript"),
        ("y ~ I({1: a})", "'{'"),
        ("y ~ I(b := a)", "':='"),
        ("y ~ f'{a}'", "An f-string"),
        ("y ~ I(f'{a}')", "An f-string"),
        ("y ~ I(b'a' == a)", "A string with the prefix 'b'"),
        ("y ~ I(a if b else c)", "'if'"),
        ("y ~ I(a and b)", "'and'"),
        ("y ~ I(not a)", "'not'"),
        ("y ~ I(a in [1])", "'in'"),
        ("y ~ I(a is b)", "'is'"),
        ("y ~ I(1 < a < 3)", "A chain of comparisons"),
        ("y ~ np.log(*a)", "Starred"),
        ("y ~ np.log(**a)", "'**'"),
        ("y ~ np.log(a)(b)", "A call of a value"),
        ("y ~ I(a)(b)", "A call of a value"),
        ("y ~ I(a ^ 2)", "'^'"),
        ("y ~ I(a @ b)", "'@'"),
        ("y ~ I(a; b)", "';'"),
        ("y ~ yield", "'yield'"),
    ],
)
def test_other_constructs_are_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parsed(text)
    assert named in str(caught.value)
    assert "character" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "y ~ a.mean()",
        "y ~ np.mean(a)",
        "y ~ a - a.mean()",
        "y ~ I(a - a.mean())",
        "y ~ a.rank()",
        "y ~ mean(a)",
        "y ~ a.max()",
    ],
)
def test_a_transform_that_depends_on_other_rows_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(FormulaError, match=r"depends on the other rows.*center\(x\) or standardize\(x\)"):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("y ~ a^2", "I(x ** 2)"),
        ("y ~ (a + b)^2", "write ** for a power"),
        ("y ~ factor(a)", "C(...) makes a factor"),
        ("y ~ as.factor(a)", "C(...) makes a factor"),
        ("y ~ ns(a, df=3)", "cr(x, df=...)"),
        ("y ~ ifelse(a, b, c)", "np.where"),
        ("y ~ min(a, b)", "np.minimum"),
        ("y ~ np.isnan(a)", "missing value"),
        ("y ~ (1 | a)", "random effects"),
        ("y ~ a %in% b", "a / b"),
        ("y ~ a|b", "`a|b`, in back-ticks"),
        ("y ~ cemter(a)", "did you mean 'center'?"),
        ("y ~ mine(a)", "functions={'mine': ...}"),
        ("cbind(b, c) ~ a", "successes + failures"),
    ],
)
def test_habits_of_other_programs_get_a_hint(text: str, hint: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parsed(text)
    assert hint in str(caught.value)


def test_a_formula_is_a_text() -> None:
    with pytest.raises(FormulaError, match="not NoneType"):
        parse_formula(None, COLUMNS, functions=FUNCTIONS)  # type: ignore[arg-type]
