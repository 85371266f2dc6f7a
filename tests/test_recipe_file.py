"""Does every transform and coding of the formula language have a place in a model file?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from witnesses import births

import glmlr
from glmlr.design import build_design
from glmlr.design.coding import functions_with
from glmlr.design.recipe import Recipe, applied
from glmlr.errors import GlmlrError, NotApplicable
from glmlr.language.expressions import CONTRASTS
from glmlr.saving.json_values import Fields, laid_out, parsed_json
from glmlr.saving.recipe_file import plain_recipe, read_recipe

BIRTHS = births()

#: A call of every transform that learns.
CALLS = {
    "center": "center(age)",
    "standardize": "standardize(age)",
    "scale": "scale(age, ddof=1)",
    "poly": "poly(age, 3)",
    "bs": "bs(age, df=5, include_intercept=True)",
    "cr": "cr(age, df=5, constraints='center')",
    "cc": "cc(age, df=5, constraints=[[1, 0, 0, 0, 0, 1]])",
    "te": "te(cr(age, df=3), bs(lwt, df=4), constraints='center')",
    "woe": "woe(age, bins=4, special=[20])",
    "cut": "cut(lwt, bins=[80, 110, 130, 251])",
}
#: The fewest knots, steps, and a transform of a transform.
ODD_CALLS = ["cr(age, df=2)", "cc(age, df=2)", "bs(age, df=3, degree=0)", "center(bs(age, df=4))", "te(age, lwt)"]
CODINGS = ["Treatment(2)", "Treatment", "Sum", "Sum(1)", "Poly", "Helmert", "Diff", "[[1], [0], [-1]]"]


def again(recipe: Recipe) -> Recipe:
    return read_recipe(Fields(parsed_json(laid_out(plain_recipe(recipe)))))


def same_columns(recipe: Recipe, other: Recipe, data: Any) -> None:
    design = build_design(recipe.formula.text, BIRTHS)
    assert recipe.names == other.names
    one = recipe.matrix(design.values, design.y.size)
    np.testing.assert_array_equal(one, other.matrix(design.values, design.y.size))
    np.testing.assert_array_equal(design.apply(data).matrix, columns_of(other, data))


def columns_of(recipe: Recipe, data: Any) -> Any:
    return applied(recipe, data, "error", None).matrix


def test_there_is_a_call_of_every_transform() -> None:
    assert set(CALLS) == set(functions_with(None).transforms)
    assert {coding.partition("(")[0] for coding in CODINGS if "[" not in coding} == set(CONTRASTS)


@pytest.mark.parametrize("weights", [None, "ptl"])
@pytest.mark.parametrize("call", [*CALLS.values(), *ODD_CALLS])
def test_what_a_transform_learnt_comes_back(call: str, weights: str | None) -> None:
    data = BIRTHS.assign(ptl=BIRTHS["ptl"] + 1)
    recipe = build_design(f"low ~ {call} + C(race):{call}", data, freq_weights=weights).recipe
    back = again(recipe)
    assert plain_recipe(back) == plain_recipe(recipe)
    new = BIRTHS.iloc[::3].assign(age=lambda d: d["age"] * 1.3)
    design = build_design(f"low ~ {call} + C(race):{call}", data, freq_weights=weights)
    np.testing.assert_array_equal(design.apply(new).matrix, columns_of(back, new))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("intercept", ["", "0 + "])
def test_codings_come_back(coding: str, intercept: str) -> None:
    recipe = build_design(f"low ~ {intercept}C(race, {coding}) * smoke", BIRTHS).recipe
    same_columns(recipe, again(recipe), BIRTHS.iloc[::5])


def test_treatment_is_written_by_its_reference() -> None:
    """A factor of a thousand levels must not fill a file with a million zeros."""
    data = BIRTHS.assign(level=[f"level {at // 2:03}" for at in range(189)])
    plain = plain_recipe(build_design("low ~ C(level, Treatment(7)) + C(race):C(smoke)", data).recipe)
    codings = [part["factors"][0]["coding"] for term in plain["terms"] for part in term["parts"] if part["factors"]]
    assert {"treatment": 7} in codings
    assert "each level" in codings or {"treatment": 0} in codings
    assert len(laid_out(plain)) < 12_000


@pytest.mark.parametrize(
    ("formula", "read_as"),
    [
        ("low ~ age + lwt - lwt", "low ~ age"),
        ("low ~ (age + smoke)**2 - 1", "low ~ 0 + age + smoke + age:smoke"),
        ("(low) ~ offset( lwt ) + 1", "low ~ offset(lwt)"),
        ("C(low) ~ C(race) / age", "low ~ C(race) + C(race):age"),
        ("low == 1 ~ (age > 30):(lwt < 100) + Q('ht')", "low == 1 ~ age > 30:lwt < 100 + Q('ht')"),
        ("low ~ . - bwt - race - grade - smokes - id", "low ~ age + lwt + smoke + ptl + ht + ui + ftv + visits"),
    ],
)
def test_the_formula_that_is_read_again_has_the_same_terms(formula: str, read_as: str) -> None:
    data = BIRTHS.assign(id=1)
    recipe = build_design(formula, data).recipe
    plain = plain_recipe(recipe)
    assert plain["formula_read"] == read_as
    back = again(recipe)
    assert back.formula.terms == read_recipe(Fields(plain)).formula.terms
    assert [[one.name for one in term] for term in back.formula.terms] == [
        [one.name for one in term] for term in recipe.formula.terms
    ]
    assert back.terms == recipe.terms
    assert back.formula.text == recipe.formula.text


def test_own_functions_are_named() -> None:
    functions = {"half": lambda x: x / 2, "np.log": np.log, "unused": np.exp}
    recipe = build_design("low ~ half(age) + np.log(lwt)", BIRTHS, functions=functions).recipe
    with pytest.raises(NotApplicable, match=r"The formula calls half\(\), np.log\(\), of your own"):
        plain_recipe(recipe)
    fine = build_design("low ~ age", BIRTHS, functions=functions).recipe
    assert plain_recipe(fine)["formula"] == "low ~ age"


def test_what_a_transform_of_another_kind_learnt_is_refused() -> None:
    plain = plain_recipe(glmlr.fit("low ~ center(age) + bs(lwt, df=4)", BIRTHS).design.recipe)
    plain["factors"][0]["learned"] = plain["factors"][1]["learned"]
    with pytest.raises(GlmlrError, match=r"is not what center\(\) learns"):
        read_recipe(Fields(plain))
