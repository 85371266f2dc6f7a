"""Small programmes against cases whose answer can be seen, and against one another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from glmlr.inequalities import overlapping, strictly_inside, well_inside


def test_the_widest_direction_of_a_wedge_gains_as_much_on_both_sides() -> None:
    # z_1 - z_2 and z_2 - z_1 / 2 are equal at z_2 = 3/4 z_1, and grow with z_1 up to its bound.
    found = strictly_inside(np.array([[1.0, -1.0], [-0.5, 1.0]]))
    assert found is not None
    np.testing.assert_allclose(found, [1.0, 0.75], atol=1e-9)


@pytest.mark.parametrize(
    ("rows", "inside"),
    [
        ([[1.0], [0.2]], True),
        ([[-1.0], [-0.2]], True),
        ([[1.0], [-0.2]], False),
        ([[1.0], [0.0]], False),
        ([[1.0, 0.0], [-1.0, 0.0]], False),
        ([[1.0, 0.0], [-1.0, 1e-3]], True),
        ([[1.0, 0.0], [0.0, 1.0], [-0.5, -0.5]], False),
    ],
)
def test_strictly_inside_only_where_all_rows_gain(rows: list[list[float]], inside: bool) -> None:
    above = np.array(rows)
    found = strictly_inside(above)
    assert (found is not None) == inside
    if found is not None:
        assert (above @ found > 0).all()
        assert np.abs(found).max() <= 1 + 1e-9


def test_rows_on_the_boundary_stay_there_and_all_others_gain() -> None:
    # The first two hold z_1 = 0; of the others one can gain by z_2, one by z_3, and the last two hold z_4 = 0.
    above = np.array([[1, 0, 0, 0], [-1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0.1, 0.9, 0.2], [0, 0, 0, 1], [0, 0, 0, -1.0]])
    found = well_inside(above, above.sum(axis=0))
    assert found is not None
    gains = above @ found
    np.testing.assert_allclose(gains[[0, 1, 4, 5]], 0.0, atol=1e-9)
    assert (gains[[2, 3]] > 1e-3).all()


def test_a_row_that_is_not_held_counts_in_the_sum() -> None:
    # Rows that are held say nothing of z_2, in which another row gains.
    above = np.array([[0.5, 0.0], [-0.5, 0.0]])
    found = well_inside(above, np.array([0.0, 3.0]))
    assert found is not None
    assert found[1] > 0.1
    assert found[0] == pytest.approx(0.0, abs=1e-9)
    assert well_inside(above, np.array([0.0, 0.0])) is None
    assert well_inside(np.vstack([above, [0.0, -1.0]]), np.array([0.0, 3.0])) is None


@pytest.mark.parametrize("seed", range(40))
def test_overlap_is_what_leaves_nothing_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    q = int(rng.integers(1, 6))
    above = rng.normal(size=(int(rng.integers(q + 1, 60)), q)) / (3 * q)
    if seed % 2:
        # Turned to one side: separated by what they were turned to, some of them on the boundary.
        above *= np.where(above[:, :1] < 0, -1.0, 1.0)
        above[: above.shape[0] // 3, 0] = 0.0
    found = well_inside(above, above.sum(axis=0))
    if overlapping(above):
        assert found is None
        # Stiemke's lemma: positive multiples of the rows, here 1 and more of each, add up to 0.
        assert nnls(above.T, -above.sum(axis=0))[1] < 1e-9
    else:
        assert found is not None
        assert (above @ found).min() > -1e-9
        assert (above @ found).max() > 1e-3
