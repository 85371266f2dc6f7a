"""Are the design columns those of patsy, from the right rows, with the right response, weights and levels?"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import patsy
import polars as pl
import pyarrow as pa
import pytest
from witnesses import births, read_data

from glmlr.design import Design, build_design

BIRTHS = births()


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
    "race * age - race:age", "race * age - race", "center(age):race",
    "(age + lwt) ** 2 - lwt", "age / (race + smokes)", "(race + smokes) / age", "C(age > 25, Treatment(True))",
    "C(race, Treatment(-1))", "C(ftv, levels=[6, 4, 3, 2, 1, 0])", "0 + age:race", "race == 'white'", "age - age",
    "np.log(age + 1)", "bs(age, knots=[20, 30], degree=2)", "te(cr(age, df=3), cr(lwt, df=3))", "race + 0 + 1",
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


@pytest.mark.parametrize("right", RIGHT_SIDES)
def test_a_matrix_filled_in_pieces_has_the_same_bits(monkeypatch: pytest.MonkeyPatch, right: str) -> None:
    design = build_design(f"low ~ {right}", BIRTHS)
    whole = design.matrix()
    monkeypatch.setattr("glmlr.design.recipe._FILLED_AT_ONCE", 100)
    np.testing.assert_array_equal(design.matrix(), whole)
    tile = design.recipe.tile(design.values, slice(0, len(BIRTHS)), len(BIRTHS))
    np.testing.assert_array_equal(tile.T, whole)


def test_columns_too_many_to_be_kept_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    (kept,) = build_design("low ~ age + race", BIRTHS).blocks()
    monkeypatch.setattr("glmlr.design._MOST_CELLS_KEPT", 100)
    design = build_design("low ~ age + race", BIRTHS)
    (made,) = design.blocks()
    assert next(design.blocks()) is not made
    np.testing.assert_array_equal(made.x, kept.x)


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


def test_thousand_terms_are_built() -> None:
    rng = np.random.default_rng(1)
    names = [f"x{i}" for i in range(1000)]
    data = pd.DataFrame(rng.normal(size=(1500, 1000)), columns=names).assign(y=np.arange(1500) % 2)
    written = build_design("y ~ " + " + ".join(names), data)
    dotted = build_design("y ~ .", data)
    assert written.names == dotted.names == ("Intercept", *names)
    np.testing.assert_array_equal(written.matrix()[:, 1:], data[names])


def test_a_patsy_design_info_builds_the_same_columns() -> None:
    design = build_design("low ~ bs(age, df=4) * C(race, Treatment('white')) + center(lwt) + smokes", BIRTHS)
    info = design.patsy_design_info()
    assert tuple(info.column_names) == design.names
    (built,) = patsy.build_design_matrices([info], BIRTHS.iloc[:20])
    np.testing.assert_array_equal(built, design.matrix()[:20])
    missing = BIRTHS.iloc[:4].assign(age=[20, np.nan, 30, 22])
    assert patsy.build_design_matrices([info], missing)[0].shape[0] == 3
