"""Is every name found however it is written, and does every error name its place?"""

from __future__ import annotations

import pytest

from glmlr.errors import DataError, FormulaError
from glmlr.language.formula import Formula, parse_formula
from glmlr.language.rowwise import ROWWISE
from glmlr.language.transforms import LEARNERS

FUNCTIONS = frozenset(ROWWISE) | frozenset(LEARNERS) | {"bs", "cr", "cc", "te"}
COLUMNS = ["y", "a", "b", "c", "d", "my var", "blood.pressure", "a|b", "2nd", "class", "np", "log", "Income"]


def parsed(text: str, columns: list[str] | None = None, **options: object) -> Formula:
    return parse_formula(text, columns or COLUMNS, functions=FUNCTIONS, **options)  # type: ignore[arg-type]


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


def test_the_dot_is_written_so_that_it_can_be_read_again() -> None:
    names = ["back`tick", "sl\\ash", "end\\", "both`\\`", "q'u\"o", "np.log", "class", "a b", "."]
    formula = parsed("y ~ .", ["y", *names])
    assert parsed(formula.text, ["y", *names]).predictors == formula.predictors == tuple(names)


def test_letters_that_only_look_alike_are_different() -> None:
    """Python itself would read the wide letter as x, and the superscript as 2."""
    for name, column in (("\uff58", "x"), ("x2", "x\u00b2"), ("fi", "\ufb01")):
        with pytest.raises(DataError, match="not found"):
            parsed(f"y ~ {name}", ["y", column])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y ~ (a + b) ** " + "9" * 5000, "at most 100 digits, and this has 5,000"),
        ("y ~ I(a + 1e" + "9" * 200 + ")", "at most 100 digits"),
        (r"y ~ I(a == '\x41')", r"the escape \x has no meaning here"),
        (r"y ~ I(a == '\N{BULLET}')", r"the escape \N has no meaning here"),
        ("y ~ a\0", "has no meaning here"),
        ("y\0 ~ a", "character 2"),
        ("y ~ I(a \\ b)", "has no meaning here"),
        ("y ~ a \u2212 1", "has no meaning here"),
        ("y ~ a\u200b", "has no meaning here"),
        ("y ~ \u0663", "has no meaning here"),
    ],
)
def test_characters_that_mean_nothing(text: str, says: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parsed(text)
    assert says in str(caught.value)


def test_a_name_without_end_gives_a_short_sentence() -> None:
    with pytest.raises(DataError) as caught:
        parsed("y ~ " + "a" * 100_000)
    assert len(str(caught.value)) < 500
