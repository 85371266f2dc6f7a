"""Are splines those of R and patsy, beyond their range too, and are their arguments checked?"""

from __future__ import annotations

import numpy as np
import patsy
import pytest
from witnesses import births

from glmlr.design import build_design
from glmlr.errors import FormulaError

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
    ],
)
def test_arguments_are_checked(right: str, says: str) -> None:
    with pytest.raises(FormulaError) as caught:
        build_design(f"low ~ {right}", BIRTHS)
    assert says in str(caught.value)


def test_knots_may_be_transformed_with_the_column() -> None:
    theirs = patsy.dmatrix("bs(np.log(age), knots=np.log([20, 30]), degree=2)", BIRTHS)
    ours = build_design("low ~ bs(np.log(age), knots=np.log([20, 30]), degree=2)", BIRTHS)
    np.testing.assert_allclose(ours.matrix(), theirs, rtol=1e-13, atol=1e-13)
