"""Can a formula do anything but what is on its list?"""

from __future__ import annotations

import ast
import random

import pytest

from glmlr.errors import DataError, FormulaError
from glmlr.language.expressions import STRUCTURAL
from glmlr.language.formula import Formula, parse_formula
from glmlr.language.program import identifier
from glmlr.language.rowwise import ROWWISE
from glmlr.language.transforms import LEARNERS

FUNCTIONS = frozenset(ROWWISE) | frozenset(LEARNERS) | {"bs", "cr", "cc", "te"}
COLUMNS = ["y", "a", "b", "c", "d", "my var", "blood.pressure", "a|b", "2nd", "class", "np", "log", "Income"]


def parsed(text: str, columns: list[str] | None = None, **options: object) -> Formula:
    return parse_formula(text, columns or COLUMNS, functions=FUNCTIONS, **options)  # type: ignore[arg-type]


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


FORBIDDEN = [
    # names and attributes
    "open", "__builtins__", "I(__builtins__)", "I(print)", "f_open(a)", "f_np__log(a)", "np__log(a)", "t_0", "t_0(a)",
    "c_0", "o_power(a, 2)", "I(().__class__)", "I('a'.__class__)", "I([].append)", "I(1 .real)", "I(1..real)",
    "I(a .mean())", "I(a . mean())", "np .log(a)", "I(a)(b)", "I(a)(open)", "np.log(a).T", "center.learn(a)",
    "np.random.seed(1)", "np.core", "np.fromfile('a')", "np.load('a')", "np.pi(a)", "True(a)", "I(Ellipsis)", "I(...)",
    "C(a, patsy.Treatment)", "C(a, Treatment.code_with_intercept)", "C(a, Treatment)(1)", "C(a, Treatment(2)(3))",
    # what Python would normalise: wide letters, ligatures, low lines
    "\uff4fpen('x')", "\uff45val('1')", "np.\uff4coad('x')", "\uff43_0", "\uff3f\uff3fbuiltins\uff3f\uff3f",
    "I(a.\uff3f\uff3fclass\uff3f\uff3f)",
    # strings that are asked to do something
    "I('{0.__class__}'.format(a))", "'x'.join(a)", "I(F'x')", "I(fr'{a}' == 'a')", "I(rb'x')", "I(u'x')",
    "getattr(a, '__class__')", "Q(Q('a'))", "Q(a)", "Q('a', 'b')", "Q('a' 'b')", "Q('a').mean()", "Q('__class__')",
    # shapes of arguments
    "I(*[a])", "np.where(a > 1, *[1, 2])", "I(**{})", "np.log(a, open=open)", "C(a, contrast=open)", "I(a := b)",
    "I((x for x in a))", "I([x for x in a])", "I({a})", "I({a: b})", "I(a[0])", "I(a)[0]", "I(await a)", "I((yield))",
    "I(lambda: 0)", "I(a if b else c)", "I(a; b)", "I(a\n; b)", "I(a)\nimport os", "I(a) # b", "I(1 << 9)",
]  # fmt: skip


@pytest.mark.parametrize("right", FORBIDDEN)
def test_nothing_else_can_be_said(right: str) -> None:
    with pytest.raises((FormulaError, DataError)):
        parsed(f"y ~ {right}")


@pytest.mark.parametrize(
    "right",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "I" + "(" * 10_000 + "a" + ")" * 10_000,
        "I(" * 10_000 + "a" + ")" * 10_000,
        "-" * 10_000 + "a",
        "+" * 10_000 + "a",
        "I(" + "-" * 10_000 + "a)",
        "I(" + "~" * 10_000 + "(a > 1))",
        "I(a" + "**1" * 50_000 + ")",
        "I(a" + " + 1" * 9_000 + ")",
    ],
)
def test_nesting_without_end_is_a_sentence(right: str) -> None:
    with pytest.raises(FormulaError, match="nested"):
        parsed(f"y ~ {right}")


def test_a_long_list_is_not_nested() -> None:
    levels = ", ".join(map(str, range(11_000)))
    assert parsed(f"y ~ C(a, levels=[{levels}])").terms[0][0].reads == ("a",)


WORDS = (
    "a b c y np.log I C Q bs Treatment offset open __class__ lambda for in if not True None . , + - * / ** : ( ) [ ] "
    "{ } 0 1 2.5 'x' `a|b` > == = ~ & | % // @ ; f'x' df= levels= center( np.where( I( C( ) ) ) a.b \uff4f "
)
MILD_WORDS = "a b c a b c + * : - ( ) I( np.log( center( C( ) ) 0 1 > 2 "


def test_random_words_are_read_or_refused_and_nothing_else() -> None:
    """A law over 3,000 random formulas: a `Formula` whose code names only what it may, or a sentence."""
    draw = random.Random(20240608)
    read = 0
    for turn in range(3000):
        words = (WORDS if turn % 2 else MILD_WORDS).split()
        text = "y ~ " + draw.choice(["", " "]).join(draw.choice(words) for _ in range(draw.randint(1, 8)))
        try:
            formula = parsed(text)
        except (FormulaError, DataError):
            continue
        read += 1
        for expression in (factor for term in formula.terms for factor in term):
            names = {node.id for node in ast.walk(ast.parse(expression.code)) if isinstance(node, ast.Name)}
            known = {identifier(name) for name in FUNCTIONS | STRUCTURAL} | {c for c, _ in expression.columns}
            assert names <= known, text
    assert read > 50
