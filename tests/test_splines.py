"""Are splines those of R and patsy, beyond their range too, and are their arguments checked?"""

from __future__ import annotations

from functools import partial

import numpy as np
import patsy
import pytest
from patsy.mgcv_cubic_splines import CC, CR
from patsy.splines import BS
from witnesses import births

from glmlr.design import build_design
from glmlr.errors import DataError, FormulaError
from glmlr.language.bases import CubicSplines
from glmlr.language.splines import Spline, SplineLearner
from glmlr.quantiles import distinct_values

BIRTHS = births()


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


@pytest.mark.parametrize(
    ("right", "says"),
    [
        ("bs(age, df=100000000)", "df=100,000,000 asks for more than 1,000 columns"),
        ("cr(age, 100000000)", "df=100,000,000 asks for more than 1,000 columns"),
        ("bs(age, df='4')", "df is not a whole number"),
        ("bs(age, df=lwt)", "df is not a whole number"),
        ("bs(age, df=4, degree=2.5)", "degree is not a whole number"),
        ("bs(race, df=4)", "the column 'race' holds categories, where numbers are needed"),
        ("te(race, age)", "the column 'race' holds categories, where numbers are needed"),
        ("te(age, lwt, df=3)", "it has no argument 'df'"),
        ("te(age, lwt, constraints=[1, 2])", "the constraints have 2 columns and the basis has 1"),
        ("cr(age, df=4, constraints='centre')", "constraints is 'centre'; it is 'center', or rows of numbers"),
        ("cr(age, df=4, constraints=[1, 2])", "should have 5 columns but 2 found"),
        ("bs(age, df=4, lower_bound='a')", "'a' stands where a number is needed"),
        ("bs(age, df=4, lower_bound=lwt)", "lower_bound is not one number"),
        ("bs(age, knots=[[1, 2], [3, 4]])", "knots is not a list of numbers"),
        ("bs(age, knots=[10])", "fall below lower bound (14.0)"),
        ("bs(bs(age, df=4), df=4)", "bs takes one column"),
        ("bs(age, 3, 2, 1, 1, 1, 1, 1)", "too many positional arguments"),
    ],
)
def test_arguments_are_checked(right: str, says: str) -> None:
    with pytest.raises(FormulaError) as caught:
        build_design(f"low ~ {right}", BIRTHS)
    assert says in str(caught.value)


@pytest.mark.parametrize("right", ["bs(np.log(lwt - 90), df=4)", "cc(np.log(lwt - 90), df=4, constraints='center')"])
def test_rows_without_a_value_are_counted(right: str) -> None:
    """Of the 189 women 4 weigh less than 90 pounds and 3 just 90; the others learn knots as if these were not there."""
    assert ((BIRTHS["lwt"] < 90).sum(), (BIRTHS["lwt"] == 90).sum()) == (4, 3)
    with pytest.raises(DataError, match=r"is undefined \(NaN\) in 7 of the 189 rows"):
        build_design(f"low ~ {right}", BIRTHS)


def test_knots_may_be_transformed_with_the_column() -> None:
    theirs = patsy.dmatrix("bs(np.log(age), knots=np.log([20, 30]), degree=2)", BIRTHS)
    ours = build_design("low ~ bs(np.log(age), knots=np.log([20, 30]), degree=2)", BIRTHS)
    np.testing.assert_allclose(ours.matrix(), theirs, rtol=1e-13, atol=1e-13)


def test_knots_are_those_patsy_puts_from_all_rows() -> None:
    """Exactly: a knot a rounding error away is another knot where values are tied."""
    x = np.random.default_rng(9).normal(50.0, 20.0, 140_000)
    for column in (x, np.rint(x), BIRTHS["age"].to_numpy(dtype=float)):
        for kind, basis, options in (
            ("bs", BS, {"df": 12}),
            ("bs", BS, {"df": 4, "degree": 2, "lower_bound": -900.0}),
            ("bs", BS, {"knots": [20.0, 25.0], "upper_bound": 900.0}),
            ("cr", CR, {"df": 9}),
            ("cr", CR, {"df": 5, "constraints": "center", "lower_bound": 16.0}),
            ("cc", CC, {"df": 7}),
        ):
            theirs = basis()
            theirs.memorize_chunk(column, **options)
            theirs.memorize_finish()
            ours = SplineLearner(kind, basis)(None, column, **options)
            assert isinstance(ours, Spline)
            np.testing.assert_array_equal(ours.basis.knots, theirs._all_knots)
            assert ours.note is None


def test_knots_from_a_sample_of_the_distinct_values_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample holds the largest and smallest value only by chance; the outermost knots are theirs all the same.

    An inner knot is a quantile of 4,000 values: its share has a standard deviation of 0.008 at most.
    """
    x = np.random.default_rng(10).random(50_000)
    monkeypatch.setattr("glmlr.language.splines.distinct_values", partial(distinct_values, most=4000))
    found = SplineLearner("cr", CR)(None, x, df=5)
    assert isinstance(found, Spline)
    assert isinstance(found.basis, CubicSplines)
    assert found.note is not None
    assert "knots are quantiles of a sample of 4,000 of its distinct values, of which there are about" in found.note
    assert found.range == (x.min(), x.max())
    np.testing.assert_allclose(found.basis.knots[1:-1], [0.25, 0.5, 0.75], atol=4 * 0.008)


def test_a_column_of_one_value_has_no_spline() -> None:
    for kind, basis in (("bs", BS), ("cr", CR)):
        with pytest.raises(ValueError, match=r"do not vary|distinct knots"):
            SplineLearner(kind, basis)(None, np.full(20, 3.0), df=4)
