"""Are the values of spline bases those of patsy, and those of a row the same whatever other rows there are?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from patsy.mgcv_cubic_splines import CC, CR, TE
from patsy.splines import BS

from glmlr.language.bases import BSplines, CubicSplines, TensorProducts

Floats = npt.NDArray[np.float64]

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(50, 12, 600)
#: Inside, on the knots, and far outside.
BEYOND = np.array([-1000.0, 0.0, 20.0, 80.0, 120.0, 5000.0])


def learnt(kind: Any, *arguments: Any, **options: Any) -> Any:
    """Let patsy learn from rows that are all at hand."""
    made = kind()
    made.memorize_chunk(*arguments, **options)
    made.memorize_finish()
    return made


def constraints_of(how: Any, columns: int) -> Any:
    return RANDOM.normal(size=(how, columns)) if isinstance(how, int) else how


def close(ours: Floats, theirs: Any) -> None:
    """Compare to 1e-14 of the largest value."""
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14 * np.abs(theirs).max())


@pytest.mark.parametrize(
    "options",
    [
        {"df": 4}, {"df": 12}, {"df": 3}, {"df": 5, "degree": 2}, {"df": 6, "degree": 1, "include_intercept": True},
        {"df": 3, "degree": 0}, {"df": 9, "degree": 5}, {"knots": [40.0, 50.0, 50.0, 61.0]}, {"knots": []},
        {"df": 4, "lower_bound": -20.0, "upper_bound": 130.0},
    ],
)  # fmt: skip
def test_b_splines_are_those_of_patsy(options: dict[str, Any]) -> None:
    for x in (X, np.rint(X)):
        theirs = learnt(BS, x, **options)
        ours = BSplines(theirs._all_knots, theirs._degree, options.get("include_intercept", False))
        at = np.concatenate([x, theirs._all_knots])
        close(ours.values(at), theirs.transform(at, **options))


def test_b_splines_are_continued_by_their_outer_polynomials() -> None:
    """Four points determine a cubic: Lagrange's polynomial through points of the outer piece, beyond it."""
    basis = BSplines(learnt(BS, X, df=6)._all_knots, 3, True)
    for inner, knot in ((basis.knots[4], basis.knots[0]), (basis.knots[-5], basis.knots[-1])):
        points = np.linspace(inner, knot, 4)
        beyond = np.array([knot + 0.5 * (knot - inner)])
        weights = [np.prod([(beyond - b) / (a - b) for b in points if b != a]) for a in points]
        expected = np.einsum("i,ij->j", np.array(weights), basis.values(points))
        np.testing.assert_allclose(basis.values(beyond)[0], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_knots_on_the_largest_value_leave_no_gap_there(degree: int) -> None:
    """Half the values are the largest, 10, so that upper quantiles are knots there; patsy has zeros in these rows."""
    x = np.concatenate([np.linspace(0, 9.99, 300), np.full(300, 10.0)])
    theirs = learnt(BS, x, df=degree + 3, degree=degree)
    ours = BSplines(theirs._all_knots, degree, True)
    assert theirs._all_knots[-degree - 2] == 10.0
    at = np.array([10.0 - 1e-12, 10.0, 10.0 + 1e-12])
    assert not theirs.transform(at[1:2], include_intercept=True).any()
    values = ours.values(at)
    np.testing.assert_allclose(values.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(values, values[[1, 1, 1]], rtol=0, atol=1e-8)  # slopes are below 1e3
    below = x[x < 10.0]
    close(ours.values(below), theirs.transform(below, include_intercept=True))
    lowest = BSplines(learnt(BS, 10.0 - x, df=degree + 3, degree=degree)._all_knots, degree, True)
    np.testing.assert_allclose(lowest.values(10.0 - at), values[:, ::-1], rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", [CR, CC])
@pytest.mark.parametrize("constraints", [None, "center", 1, 3])
@pytest.mark.parametrize("df", [3, 6, 15])
def test_cubic_splines_are_those_of_patsy(kind: Any, constraints: Any, df: int) -> None:
    count = constraints if isinstance(constraints, int) else int(constraints is not None)
    how = constraints_of(constraints, df + count)
    theirs = learnt(kind, X, df=df, constraints=how)
    ours = CubicSplines(theirs._all_knots, kind is CC, theirs._constraints)
    assert ours.functions == df + count
    at = np.concatenate([X, theirs._all_knots])
    close(ours.values(at), theirs.transform(at))
    close(ours.values(BEYOND), theirs.transform(BEYOND))


def test_a_cyclic_spline_with_two_knots_is_smooth() -> None:
    """With knots 0, 1, 2 each bump is even about both knots, so it is the cubic with slopes 0 there: 1 - 3 x^2 + 2 x^3.

    patsy overwrites an entry of its matrix here.
    """
    basis = CubicSplines(np.array([0.0, 1.0, 2.0]), cyclic=True)
    x = np.linspace(0, 1, 11)
    expected = 1 - 3 * x**2 + 2 * x**3
    np.testing.assert_allclose(basis.values(x)[:, 0], expected, atol=1e-15)
    np.testing.assert_allclose(basis.values(2 - x)[:, 0], expected, atol=1e-15)
    np.testing.assert_allclose(basis.values(x + 2)[:, 0], expected, atol=1e-15)
    np.testing.assert_allclose(basis.values(x).sum(axis=1), 1.0, rtol=1e-15)


@pytest.mark.parametrize("constraints", [None, "center", 1, 4])
@pytest.mark.parametrize("widths", [(3,), (4, 5), (2, 3, 4)])
def test_tensor_products_are_those_of_patsy(constraints: Any, widths: tuple[int, ...]) -> None:
    bases = [RANDOM.normal(size=(300, width)) for width in widths]
    if constraints == 4 and np.prod(widths) < 5:
        constraints = 2
    how = constraints_of(constraints, int(np.prod(widths)))
    theirs = learnt(TE, *bases, constraints=how)
    close(TensorProducts(theirs._constraints).values(*bases), theirs.transform(*bases))
    column = RANDOM.normal(size=300)
    close(TensorProducts().values(column, bases[0]), learnt(TE, column, bases[0]).transform(column, bases[0]))


def test_what_cannot_be_multiplied() -> None:
    with pytest.raises(ValueError, match="one row for each row"):
        TensorProducts().values(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="the constraints have 2 columns and the basis has 4"):
        TensorProducts(np.ones((1, 2))).values(np.ones((3, 2)), np.ones((3, 2)))


ALL = {
    "bs": BSplines(learnt(BS, X, df=7)._all_knots, 3, False),
    "bs, degree 1": BSplines(learnt(BS, X, df=40, degree=1)._all_knots, 1, True),
    "cr": CubicSplines(learnt(CR, X, df=7)._all_knots, False, RANDOM.normal(size=(2, 7))),
    "cc": CubicSplines(learnt(CC, X, df=30)._all_knots, True, RANDOM.normal(size=(1, 30))),
    "te": TensorProducts(RANDOM.normal(size=(2, 63))),
}


@pytest.mark.parametrize("name", ALL)
def test_a_row_has_the_same_bits_among_any_other_rows(name: str) -> None:
    basis = ALL[name]
    x = np.concatenate([X, BEYOND])
    data = [x] if name != "te" else [ALL["cr"].values(x)[:, :3], RANDOM.normal(size=(x.size, 21))]
    whole = basis.values(*data)
    for size in (1, 2, 7, 255, 600):
        cut = [basis.values(*(one[at : at + size] for one in data)) for at in range(0, x.size, size)]
        np.testing.assert_array_equal(np.concatenate(cut), whole)
    many = basis.values(*(np.concatenate([one] * 20) for one in data))
    np.testing.assert_array_equal(many, np.concatenate([whole] * 20))
    backwards = basis.values(*(np.asfortranarray(one)[::-1] for one in data))
    np.testing.assert_array_equal(backwards[::-1], whole)
