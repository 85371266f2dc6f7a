"""Are the design columns those of patsy, from the right rows, with the right response, weights and levels?"""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import patsy
import polars as pl
import pyarrow as pa
import pytest

from glmlr.design import Design, build_design
from glmlr.errors import DataError, GlmlrError, OptionError, ResponseError


def read_data(name: str) -> pd.DataFrame:
    return pd.read_csv(Path(__file__).resolve().parent.parent / "data" / f"{name}.csv")


def births() -> pd.DataFrame:
    data = read_data("birthwt")
    data["smokes"] = data["smoke"].astype(bool)
    age = data["age"]
    data["grade"] = pd.Categorical(
        np.where(age < 20, "lo", np.where(age < 28, "mid", "hi")), categories=["lo", "mid", "hi"], ordered=True
    )
    data["visits"] = data["ftv"].astype(float)
    return data


BIRTHS = births()

# ------------------------------------------------------------------------------------------------ the law of patsy

RIGHT_SIDES = [
    "1", "age", "age + lwt", "age * lwt", "age:lwt - 1", "C(race)", "race", "0 + race", "race - 1 + age",
    "race + smoke:race", "race * smokes", "0 + race:smokes", "race:smokes - 1", "race:smokes", "race / age",
    "race / age - 1", "race / smokes", "(race + smokes + age) ** 2", "(race + grade + smokes) ** 3", "C(ftv)",
    "C(ftv, Sum) + C(race, Helmert)", "C(race, Treatment('white'))", 'C(race, Treatment(reference="white")):age',
    "C(race, Treatment)", "grade", "C(grade, Poly)", "C(grade, Diff) * age",
    "C(race, levels=['white', 'other', 'black'])", "C(race, Sum('other'))",
    "C(race, Treatment('white'), levels=['other', 'white', 'black'])", "C(C(race), Sum)", "C(ftv, Treatment(2))",
    "C(race, [[1, 0], [0, 1], [-1, -1]])", "C(race, Poly([1, 2, 10]))", "0 + C(race, Sum)", "C(smokes, Sum)",
    "C(visits)", "bs(age, df=4)", "bs(age, df=5, degree=2, include_intercept=True) - 1", "bs(age, knots=[20, 30])",
    "bs(age, 6)", "bs(age, df=4):race", "bs(age, df=4) * smokes", "cr(age, df=4)", "cc(age, df=4)",
    "cr(age, df=3, constraints='center')", "te(cr(age, df=4), cr(lwt, df=3), constraints='center')",
    "center(age) + standardize(lwt)", "scale(age, ddof=1)", "standardize(center(age) * 2)", "center(bs(age, df=4))",
    "np.log(lwt) + I(age ** 2)", "np.sqrt(age) + np.exp(age / 50)", "I(age * lwt + 2 * age)", "I(age / lwt)",
    "I(-age)", "I(age // 5 % 3)", "I(age > 25)", "age > 25", "age == 25", "smokes", "0 + smokes + race", "smokes:age",
    "age:C(race):smokes", "np.where(age > 25, 1, 0)", "np.minimum(age, lwt / 5)", "I(race)", "race + C(race)",
    "age + race:age + race", "Q('age') + lwt", "np.power(age, 2)", "C(age > 25)", "C(np.floor(age / 10))",
    "C(ftv // 2)", "C(np.where(age > 25, 'old', 'young'))", "np.clip(age, 18, 35)", "np.log(age):np.log(lwt)",
]  # fmt: skip


@pytest.mark.parametrize("right", RIGHT_SIDES)
def test_columns_and_names_are_those_of_patsy(right: str) -> None:
    theirs = patsy.dmatrix(right, BIRTHS)
    if right == "1":
        theirs = patsy.dmatrix("1", BIRTHS)
    ours = build_design(f"low ~ {right}", BIRTHS)
    assert ours.names == tuple(theirs.design_info.column_names)
    np.testing.assert_allclose(ours.matrix(), theirs, rtol=1e-13, atol=1e-13)
    names = [term.name for term in ours.terms]
    assert names == [name for name, part in theirs.design_info.term_name_slices.items() if part.stop > part.start]
    assert [column for term in ours.terms for column in term.columns] == list(range(len(ours.names)))


@pytest.mark.parametrize("right", RIGHT_SIDES)
def test_new_rows_get_the_columns_they_had_whatever_else_is_scored(right: str) -> None:
    design = build_design(f"low ~ {right}", BIRTHS)
    whole = design.matrix()
    for rows in ([5], [3, 50, 100]):
        # Bit by bit, but for the product with a constraint matrix, which the BLAS rounds by its number of rows.
        np.testing.assert_allclose(design.apply(BIRTHS.iloc[rows]).matrix, whole[rows], rtol=1e-14, atol=0)


@pytest.mark.parametrize("right", RIGHT_SIDES)
def test_a_recipe_survives_pickling_without_the_rows(right: str) -> None:
    design = build_design(f"low ~ {right}", BIRTHS)
    text = pickle.dumps(design)
    again: Design = pickle.loads(text)
    np.testing.assert_array_equal(again.apply(BIRTHS).matrix, design.matrix())
    assert len(pickle.dumps(design.recipe)) < 20_000


def test_blocks_are_tiles_of_the_matrix() -> None:
    data = pd.concat([BIRTHS] * 100, ignore_index=True)
    design = build_design("low ~ age + race", data, freq_weights="lwt", sample_weight="age", offset="visits")
    blocks = list(design.blocks())
    assert len(blocks) > 1
    assert all(block.x.flags.c_contiguous and block.x.shape[1] <= 8192 for block in blocks)
    np.testing.assert_array_equal(np.hstack([block.x for block in blocks]).T, design.matrix())
    for name in ("y", "weight", "importance", "offset"):
        np.testing.assert_array_equal(np.concatenate([getattr(b, name) for b in blocks]), getattr(design, name))
    assert next(iter(design.blocks())) is blocks[0]


# ------------------------------------------------------------------------------------------------ our own transforms


def test_poly_is_that_of_r() -> None:
    """R 4.2: head(poly(birthwt$age, 3), 3)."""
    witness = [
        [-0.0583343367574, 0.01104629975992, 0.0295618176563],
        [0.1343656071377, 0.05524552942692, -0.0969070455360],
        [-0.0445700550506, -0.00941546880927, 0.0450887738020],
    ]
    design = build_design("low ~ poly(age, 3)", BIRTHS)
    assert design.names[1:] == ("poly(age, 3)[0]", "poly(age, 3)[1]", "poly(age, 3)[2]")
    np.testing.assert_allclose(design.matrix()[:3, 1:], witness, rtol=1e-10)
    np.testing.assert_allclose(design.matrix()[:, 1:].T @ design.matrix()[:, 1:], np.eye(3), atol=1e-12)
    raw = build_design("low ~ poly(age, 3, raw=True)", BIRTHS).matrix()[:, 1:]
    np.testing.assert_allclose(raw, BIRTHS["age"].to_numpy()[:, None] ** np.array([1.0, 2, 3]))


def test_a_spline_is_continued_beyond_its_range_as_in_r() -> None:
    """R 4.2: m <- bs(birthwt$age, df = 4); predict(m, c(50, 10)), which warns."""
    design = build_design("low ~ bs(age, df=4)", BIRTHS)
    witness = [
        [-0.00591240185413, 0.130126589899, -0.97273034131270, 1.84851615327],
        [-2.21864798470957, 0.212330262972, -0.00739969938721, 0.0],
    ]
    rows = design.apply({"age": [50, 10, 30]})
    np.testing.assert_allclose(rows.matrix[:2, 1:], witness, rtol=1e-10)
    assert rows.notes == (
        "bs(age, df=4): 2 rows outside 14 to 45, the range of the fit; the spline is continued there.",
    )
    assert design.apply({"age": 30}).notes == ()


TRANSFORMS = [
    "center(age)", "standardize(age)", "scale(age, ddof=1)", "poly(age, 3)", "bs(age, df=5)", "bs(age, 6)",
    "bs(center(age), df=5)", "cr(age, df=5)", "cr(age, df=4, constraints='center')",
    "te(cr(age, df=4), cr(lwt, df=3), constraints='center')",
]  # fmt: skip


@pytest.mark.parametrize("right", TRANSFORMS)
def test_transforms_learn_from_frequencies_as_from_repeated_rows(right: str) -> None:
    times = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
    repeated = BIRTHS.loc[BIRTHS.index.repeat(times)].reset_index(drop=True)
    weighted = build_design(f"low ~ {right}", BIRTHS, freq_weights=times).matrix()
    plain = build_design(f"low ~ {right}", repeated).matrix()
    np.testing.assert_allclose(np.repeat(weighted, times, axis=0), plain, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("right", [*TRANSFORMS, "race", "C(ftv)", "grade"])
def test_rows_of_weight_zero_and_missing_rows_equal_absent_rows(right: str) -> None:
    keep = BIRTHS["age"].to_numpy() > 20
    absent = build_design(f"low ~ {right}", BIRTHS[keep])
    zero = build_design(f"low ~ {right}", BIRTHS, freq_weights=keep)
    importance = build_design(f"low ~ {right}", BIRTHS, sample_weight=keep * 2.5)
    missing = build_design(f"low ~ {right}", BIRTHS.assign(low=BIRTHS["low"].where(keep)))
    for design in (zero, importance, missing):
        assert design.names == absent.names
        np.testing.assert_array_equal(design.matrix(), absent.matrix())
        np.testing.assert_array_equal(design.used, keep)
    assert zero.rows.zero_weight == importance.rows.zero_weight == int((~keep).sum())
    assert missing.rows.dropped == {"low": int((~keep).sum())}


# ------------------------------------------------------------------------------------------------ functions of the user


def test_functions_of_the_user() -> None:
    functions = {
        "twice": lambda x: 2 * x,
        "capitals": lambda text: text.str.upper(),
        "bmi": lambda weight, height: weight / height**2,
        "centred": patsy.center,
        "month": lambda day: day.dt.month,
    }
    data = BIRTHS.assign(day=pd.date_range("2020-01-01", periods=len(BIRTHS)))
    design = build_design(
        "low ~ twice(age) + capitals(race) + bmi(lwt, age) + centred(lwt) + month(day)", data, functions=functions
    )
    columns = dict(zip(design.names, design.matrix().T, strict=True))
    np.testing.assert_array_equal(columns["twice(age)"], 2 * data["age"])
    np.testing.assert_array_equal(columns["capitals(race)[T.WHITE]"], data["race"] == "white")
    np.testing.assert_allclose(columns["bmi(lwt, age)"], data["lwt"] / data["age"] ** 2)
    np.testing.assert_allclose(columns["centred(lwt)"], data["lwt"] - data["lwt"].mean())
    np.testing.assert_array_equal(columns["month(day)"], data["day"].dt.month)
    np.testing.assert_array_equal(design.apply(data.iloc[[7]]).matrix, design.matrix()[[7]])


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: x - x.mean(), "depends on the other rows"),
        (lambda x: x.rank(), "depends on the other rows"),
        (lambda x: x.mean(), "one value a row"),
        (lambda x: x[:5], "one value a row"),
        (lambda x: 1 / 0, "division by zero"),
        (lambda x: np.where(x > 20, np.nan, x), "undefined (NaN)"),
    ],
)
def test_a_function_that_is_not_row_by_row_is_refused(function: Any, says: str) -> None:
    with pytest.raises(GlmlrError) as caught:
        build_design("low ~ f(age)", BIRTHS, functions={"f": function})
    assert says in str(caught.value)
    assert "f(age)" in str(caught.value)


@pytest.mark.parametrize("functions", [{"C": len}, {"center": len}, {"f": 3}, {"a b": len}, {"__f": len}, [len]])
def test_what_cannot_be_a_function_of_the_user(functions: Any) -> None:
    with pytest.raises(OptionError, match="functions"):
        build_design("low ~ age", BIRTHS, functions=functions)


# ------------------------------------------------------------------------------------------------ names


def test_columns_with_the_names_of_functions_work() -> None:
    names = ["Intercept", "C", "Q", "np", "I", "center", "log", "class", "lambda", "in", "bs", "Treatment"]
    data = pd.DataFrame({name: BIRTHS["age"] + at for at, name in enumerate(names)}).assign(low=BIRTHS["low"])
    right = " + ".join(name if name not in ("class", "lambda", "in") else f"`{name}`" for name in names)
    design = build_design(f"low ~ {right} + log(log) + C(C)", data)
    numeric = [name for name in design.names if not name.startswith("C(C)")]
    assert numeric == ["Intercept", "`Intercept`", *names[1:], "log(log)"]
    for at, name in enumerate(names[1:], 1):
        np.testing.assert_array_equal(design.matrix()[:, design.names.index(name)], BIRTHS["age"] + at)


def test_names_that_are_no_words_work_everywhere() -> None:
    names = ["my var", "a|b", "x~y", "p+q", "a:b", "é x", "q\"u'o", "b[r]", "blood.pressure", "1st", "<script>"]
    data = pd.DataFrame({name: BIRTHS["age"] + at for at, name in enumerate(names)}).assign(low=BIRTHS["low"])
    design = build_design("low ~ .", data)
    assert design.names == ("Intercept", *(name if name != "a:b" else "`a:b`" for name in names))
    np.testing.assert_array_equal(design.matrix()[:, 1:], data[names])
    again = build_design(design.formula, data)
    assert again.names == design.names


def test_two_columns_of_one_name_are_kept_apart() -> None:
    data = pd.DataFrame({"y": [0, 1] * 4, "x": ["a", "b"] * 4, "x[T.b]": np.arange(8.0)})
    assert build_design("y ~ x + `x[T.b]`", data).names == ("Intercept", "`x`[T.b]", "`x[T.b]`")


# ------------------------------------------------------------------------------------------------ rows


def test_one_mask_and_one_account() -> None:
    data = BIRTHS.assign(e=1.0, g="a")
    data.loc[data.index[:3], "age"] = np.nan
    data.loc[data.index[2:5], "race"] = None
    data.loc[data.index[5:6], "e"] = np.nan
    data.loc[data.index[6:8], "g"] = None
    data.loc[data.index[8:9], "lwt"] = 0
    data.loc[data.index[:9], "bwt"] = np.nan  # not read
    design = build_design("low ~ age + race", data, offset="e", cluster="g", freq_weights="lwt")
    assert dict(design.rows.dropped) == {"age": 3, "race": 3, "offset (e)": 1, "cluster (g)": 2}
    assert (design.rows.read, design.rows.used, design.rows.zero_weight) == (189, 180, 1)
    assert design.used.tolist() == [False] * 9 + [True] * 180
    assert design.y.shape == design.weight.shape == design.offset.shape == design.cluster.shape == (180,)
    assert design.columns["age"].index.equals(data.index[9:])
    assert set(design.columns) == {"age", "race"}


def test_titanic_drops_263_ages() -> None:
    design = build_design("survived ~ age + sex", read_data("titanic"))
    assert (design.rows.read, design.rows.used, dict(design.rows.dropped)) == (1309, 1046, {"age": 263})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"age": np.nan}, "None of the 189 rows can be used: 'age' is missing in 189"),
        ({"age": None}, "None of the 189 rows"),
        ({"race": "white"}, "race has one level only, 'white'"),
        ({"smokes": True}, "smokes has one level only, 'True'"),
        ({"age": np.inf}, "column 'age' is infinite in 189"),
        ({"age": pd.Timestamp("2024-01-01")}, "column 'age' holds dates"),
        ({"age": pd.Timedelta("1D")}, "column 'age' holds dates or durations"),
        ({"age": 1j}, "column 'age' holds complex numbers"),
        ({"age": ["a", 1, 2] * 63}, "column 'age' mixes values of several types"),
    ],
)
def test_columns_that_cannot_be_modelled(change: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError) as caught:
        build_design("low ~ age + race + smokes", BIRTHS.assign(**change))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("right", "says"),
    [
        ("np.log(smoke)", "np.log(smoke) is infinite in 115 of the 189 rows"),
        ("np.log(smoke - 1)", "np.log(smoke - 1) is infinite in 74 and undefined (NaN) in 115"),
        ("sqrt(smoke - 0.5)", "sqrt(smoke - 0.5) is undefined (NaN) in 115"),
        ("I(1 / smoke)", "I(1 / smoke) is infinite in 115"),
        ("I(age + 9 ** 9 ** 9 ** 9)", "is infinite in 189"),
        ("np.log(race)", "the column 'race' holds categories, where numbers are needed"),
        ("I(race * 2)", "holds categories"),
        ("race > 'a'", "have no order"),
        ("I(age == '30')", "numbers are compared with the text '30'"),
        ("I(race == 1)", "holds text and is compared with 1"),
        ("np.log(age, lwt)", "it takes 1 argument, and 2 are given"),
        ("bs(age)", "must specify either df or knots"),
        ("bs(age, dff=4)", "it has no argument 'dff'; did you mean 'df'?"),
        ("poly(age, 0)", "at least 1"),
        ("poly(smoke, 2)", "less than the number of distinct values, 2"),
        ("standardize(I(age * 0))", "do not vary"),
        ("C(race, Treatment('whyte'))", "did you mean 'white'?"),
        ("C(race, Treatment(7))", "7 is not a level"),
        ("C(race, levels=['white', 'black'])", "leaves out 'other'"),
        ("C(race, levels='white')", "is not a list"),
        ("C(race, Poly([1, 2]))", "number of levels (3) does not match number of scores (2)"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_evaluated(right: str, says: str) -> None:
    with pytest.raises(GlmlrError) as caught:
        build_design(f"low ~ {right}", BIRTHS)
    assert says in str(caught.value)


def test_whole_numbers_do_not_overflow() -> None:
    """100000^4 is 1e20, beyond 64-bit integers."""
    design = build_design("low ~ I(k ** 4) + I(k * k * k * k)", BIRTHS.assign(k=100_000))
    np.testing.assert_array_equal(design.matrix()[0], [1.0, 1e20, 1e20])


@pytest.mark.parametrize("data", [BIRTHS.head(0), pd.DataFrame(), {}, {"low": [], "age": []}])
def test_empty_data(data: Any) -> None:
    with pytest.raises(DataError, match="nothing to fit"):
        build_design("low ~ age", data)


def test_a_column_of_identifiers_is_no_factor() -> None:
    data = pd.DataFrame({"y": [0, 1] * 5000, "name": [f"n{i}" for i in range(10_000)]})
    with pytest.raises(DataError, match=r"name has 10,000 different values"):
        build_design("y ~ .", data)


def test_dates_can_be_compared() -> None:
    data = BIRTHS.assign(day=pd.date_range("2020-01-01", periods=len(BIRTHS)))
    late = build_design("low ~ I(day >= '2020-02-01')", data).matrix()[:, 1]
    np.testing.assert_array_equal(late, np.arange(len(data)) >= 31)


# ------------------------------------------------------------------------------------------------ levels and terms


def test_unused_levels_are_dropped_and_noted() -> None:
    races = pd.Categorical(BIRTHS["race"], categories=["white", "unseen", "black", "other", "never"])
    design = build_design("low ~ r", BIRTHS.assign(r=races))
    assert design.names == ("Intercept", "r[T.black]", "r[T.other]")
    assert design.rows.notes == ("r: the levels unseen, never have no rows and were dropped.",)
    dropped = build_design("low ~ race + age", BIRTHS.assign(age=BIRTHS["age"].where(BIRTHS["race"] != "other")))
    assert dropped.names == ("Intercept", "race[T.white]", "age")
    assert dropped.rows.notes == ("race: the level other has no rows and was dropped.",)


def test_terms_tell_levels_reference_and_kind() -> None:
    design = build_design("low ~ age + race + C(race, Treatment('white')):age + C(ftv, Sum) + smokes", BIRTHS)
    by_name = {term.name: term for term in design.terms}
    assert by_name["Intercept"].kind == "intercept"
    assert (by_name["age"].kind, by_name["age"].variables, by_name["age"].levels) == ("numeric", ("age",), ())
    race = by_name["race"]
    assert (race.kind, race.levels, race.reference) == ("categorical", ("black", "other", "white"), "black")
    assert (by_name["C(ftv, Sum)"].reference, by_name["C(ftv, Sum)"].levels) == (None, ("0", "1", "2", "3", "4", "6"))
    assert (by_name["smokes"].levels, by_name["smokes"].reference) == (("False", "True"), "False")
    interaction = by_name["C(race, Treatment('white')):age"]
    assert (interaction.kind, interaction.variables) == ("interaction", ("race", "age"))
    whole = build_design("low ~ 0 + race", BIRTHS).terms[0]
    assert (whole.reference, len(whole.columns)) == (None, 3)


# ------------------------------------------------------------------------------------------------ response


@pytest.mark.parametrize(
    ("formula", "change", "label"),
    [
        ("low ~ age", {}, "low = 1"),
        ("C(low) ~ age", {}, "low = 1"),
        ("`low` ~ age", {}, "low = 1"),
        ("low ~ age", {"low": BIRTHS["low"].astype(bool)}, "low = True"),
        ("low ~ age", {"low": BIRTHS["low"].astype("boolean")}, "low = True"),
        ("low ~ age", {"low": BIRTHS["low"].astype(float)}, "low = 1"),
        ("low ~ age", {"low": BIRTHS["low"].astype("Int64")}, "low = 1"),
        ("low ~ age", {"low": BIRTHS["low"].map({0: "no", 1: "yes"})}, "low = yes"),
        ("low ~ age", {"low": BIRTHS["low"].map({0: "no", 1: "yes"}).astype("category")}, "low = yes"),
        ("low == 'yes' ~ age", {"low": BIRTHS["low"].map({0: "no", 1: "yes"})}, "low == 'yes' = True"),
        ("I(bwt < 2500) ~ age", {}, "I(bwt < 2500) = True"),
    ],
)
def test_responses(formula: str, change: dict[str, Any], label: str) -> None:
    """Low birth weight is below 2,500 g, so every one of these codes the same births."""
    design = build_design(formula, BIRTHS.assign(**change))
    assert design.event.label == label
    np.testing.assert_array_equal(design.y, BIRTHS["low"])


def test_event_swaps_the_response() -> None:
    assert build_design("low ~ age", BIRTHS, event=0).y.tolist() == (1 - BIRTHS["low"]).tolist()


def test_counts() -> None:
    """Figures of heart_vessels.csv: 175 people without a vessel, 134 ill."""
    data = read_data("heart_vessels")
    design = build_design("disease + no_disease ~ C(ca)", data, freq_weights=[1, 2, 1, 1, 1])
    assert design.grouped
    np.testing.assert_allclose(design.y, data["disease"] / (data["disease"] + data["no_disease"]))
    assert design.weight.tolist() == [175.0, 130.0, 38.0, 20.0, 5.0]
    assert (design.event.label, design.event.other) == ("disease + no_disease = disease", "no_disease")
    swapped = build_design("disease + no_disease ~ C(ca)", data, event="no_disease")
    np.testing.assert_allclose(swapped.y, 1 - design.y)
    by_total = build_design("disease + I(n - disease) ~ C(ca)", data.assign(n=data["disease"] + data["no_disease"]))
    np.testing.assert_array_equal(by_total.weight, [175, 65, 38, 20, 5])


def test_rows_without_trials_do_not_count() -> None:
    data = pd.DataFrame({"s": [0, 2, 3, 1], "f": [0, 1, 1, 4], "x": [1.0, 2, 3, 5]})
    design = build_design("s + f ~ x", data)
    assert (design.rows.used, design.rows.zero_weight) == (3, 1)


@pytest.mark.parametrize(
    ("formula", "change", "options", "error", "says"),
    [
        ("s + f ~ x", {"s": [0.5, 2, 3]}, {}, ResponseError, "'s' must be a count"),
        ("s + f ~ x", {"s": [-1, 2, 3]}, {}, ResponseError, "'s' must be a count"),
        ("s + f ~ x", {"s": ["a", "b", "c"]}, {}, ResponseError, "'s' must be a count"),
        ("s + f ~ x", {"s": 0}, {}, ResponseError, "0 in every row"),
        ("s + f ~ x", {}, {"event": "g"}, ResponseError, "not one of the two counts"),
        ("s + f ~ x", {}, {"class_weight": "balanced"}, OptionError, "counts"),
        ("y ~ x", {"y": 1}, {}, ResponseError, "one value only"),
        ("y ~ x", {"y": ["a", "b", "c"]}, {}, ResponseError, "3 values"),
        ("y ~ x", {"y": pd.to_datetime(["2024-01-01"] * 3)}, {}, ResponseError, "dates"),
        ("y ~ x", {"y": [0, 1, 1]}, {"event": 2}, ResponseError, "event=2"),
    ],
)
def test_responses_that_are_none(
    formula: str, change: dict[str, Any], options: dict[str, Any], error: type[Exception], says: str
) -> None:
    data = pd.DataFrame({"s": [1, 2, 3], "f": [2, 1, 1], "x": [1.0, 2, 4]}).assign(**change)
    with pytest.raises(error) as caught:
        build_design(formula, data, **options)
    assert says in str(caught.value)


# ------------------------------------------------------------------------------------------------ weights and offsets


def test_offsets_of_the_formula_and_of_the_argument_add_up() -> None:
    design = build_design("low ~ age + offset(np.log(lwt)) + offset(ptl)", BIRTHS, offset="ftv")
    np.testing.assert_allclose(design.offset, np.log(BIRTHS["lwt"]) + BIRTHS["ptl"] + BIRTHS["ftv"])
    assert design.names == ("Intercept", "age")


def test_class_and_sample_weights_multiply() -> None:
    """n / (2 n_k): 189 births, 59 of them low."""
    design = build_design("low ~ age", BIRTHS, class_weight="balanced", sample_weight="lwt")
    assert design.class_weights == (189 / (2 * 130), 189 / (2 * 59))
    expected = np.where(BIRTHS["low"] == 1, 189 / (2 * 59), 189 / (2 * 130)) * BIRTHS["lwt"]
    np.testing.assert_allclose(design.importance, expected, rtol=1e-15)
    assert design.weight is None


def test_dot_leaves_out_weights_and_offsets_by_name() -> None:
    data = BIRTHS[["low", "age", "lwt", "ftv", "ptl", "ui"]]
    design = build_design("low ~ .", data, freq_weights="lwt", offset="ftv", cluster="ptl")
    assert design.names == ("Intercept", "age", "ui")
    assert design.formula == "low ~ age + ui"


def test_arrays_of_the_design_cannot_write_into_the_data() -> None:
    weights = np.ones(len(BIRTHS))
    before = BIRTHS.copy(deep=True)
    design = build_design("low ~ .", BIRTHS, freq_weights=weights)
    assert not design.y.flags.writeable
    assert weights.flags.writeable
    list(design.blocks())
    pd.testing.assert_frame_equal(BIRTHS, before)


# ------------------------------------------------------------------------------------------------ sources


@pytest.mark.parametrize(
    "convert",
    [
        lambda d: d,
        lambda d: d.convert_dtypes(),
        lambda d: d.convert_dtypes(dtype_backend="pyarrow"),
        lambda d: d.astype({"race": object}),
        lambda d: d.astype({"race": "category"}),
        pl.from_pandas,
        lambda d: pl.from_pandas(d).lazy(),
        pa.Table.from_pandas,
        lambda d: {name: d[name].tolist() for name in d},
        lambda d: d.sample(frac=1, random_state=1).sort_index(),
    ],
)
def test_every_source_gives_the_same_design(convert: Any) -> None:
    data = read_data("birthwt")
    one, other = (
        build_design("low ~ age * race + C(ftv)", data),
        build_design("low ~ age * race + C(ftv)", convert(data)),
    )
    assert one.names == other.names
    np.testing.assert_array_equal(one.matrix(), other.matrix())


# ------------------------------------------------------------------------------------------------ size


def test_thousand_terms_are_built_quickly() -> None:
    rng = np.random.default_rng(1)
    names = [f"x{i}" for i in range(1000)]
    data = pd.DataFrame(rng.normal(size=(1500, 1000)), columns=names).assign(y=np.arange(1500) % 2)
    start = time.perf_counter()
    written = build_design("y ~ " + " + ".join(names), data)
    dotted = build_design("y ~ .", data)
    assert written.names == dotted.names == ("Intercept", *names)
    np.testing.assert_array_equal(written.matrix()[:, 1:], data[names])
    assert time.perf_counter() - start < 6.0


def test_a_patsy_design_info_builds_the_same_columns() -> None:
    design = build_design("low ~ bs(age, df=4) * C(race, Treatment('white')) + center(lwt) + smokes", BIRTHS)
    info = design.patsy_design_info()
    assert tuple(info.column_names) == design.names
    (built,) = patsy.build_design_matrices([info], BIRTHS.iloc[:20])
    np.testing.assert_array_equal(built, design.matrix()[:20])
    missing = BIRTHS.iloc[:4].assign(age=[20, np.nan, 30, 22])
    assert patsy.build_design_matrices([info], missing)[0].shape[0] == 3
