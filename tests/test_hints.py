"""Do the words of other programs get their counterpart here?"""

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


def test_a_word_of_python_in_front_of_a_bracket_is_named() -> None:
    with pytest.raises(FormulaError, match="The Python word 'yield'"):
        parsed("y ~ yield(a)")
