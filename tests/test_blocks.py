"""Blocks, pieces and sums against the arrays they are cut from."""

import numpy as np
import pytest

from glmlr.blocks import ArrayRows, Block, in_pieces, over_blocks, slices_of
from glmlr.errors import FitError
from glmlr.links import LOGIT
from glmlr.newton import sums_at


@pytest.mark.parametrize(("size", "columns"), [(1, 3), (8000, 5), (8001, 5), (50_000, 100), (5000, 1000)])
def test_slices_cover_all_rows_once(size, columns):
    slices = list(slices_of(size, columns))
    assert np.array_equal(np.concatenate([np.arange(size)[rows] for rows in slices]), np.arange(size))
    assert max(rows.stop - rows.start for rows in slices) <= min(8000, max(1000, 240_000 // columns))


@pytest.mark.parametrize("size", [10, 20_000, 700_000, 2_000_000])
def test_pieces_hold_all_blocks_in_order(size):
    found = [rows for piece in in_pieces(lambda rows: rows, size, 3) for rows in piece()]
    assert found == list(slices_of(size, 3))
    # Enough pieces for threads to share.
    assert len(in_pieces(lambda rows: rows, size, 3)) >= min(len(found), 16)


def test_sums_have_the_same_bits_for_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(0)
    rows = ArrayRows(rng.normal(size=(7, 90_000)), (rng.random(90_000) < 0.3).astype(float))
    found = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("glmlr.threads.number_of_threads", lambda threads=threads: threads)
        found.append(sums_at(rows, np.full(7, 0.1), LOGIT))
    for other in found[1:]:
        assert other.loglik == found[0].loglik
        np.testing.assert_array_equal(other.score, found[0].score)
        np.testing.assert_array_equal(other.information, found[0].information)


def test_a_cut_block_knows_where_it_starts():
    block = Block(np.arange(20.0).reshape(2, 10), np.zeros(10), weight=np.arange(10.0), start=100)
    part = block.at_rows(slice(4, 7))
    assert part.start == 104
    np.testing.assert_array_equal(part.x, [[4, 5, 6], [14, 15, 16]])
    np.testing.assert_array_equal(part.weight, [4, 5, 6])
    assert block.at_rows(np.array([9, 0])).start == 100
    np.testing.assert_array_equal(block.at_columns(np.array([1, 0])).x, block.x[::-1])


def test_quadratic_is_the_form_of_each_row():
    rng = np.random.default_rng(0)
    x, matrix = rng.normal(size=(3, 5)), np.array([[2.0, 1, 0], [1, 3, -1], [0, -1, 1]])
    found = Block(x, np.zeros(5)).quadratic(matrix)
    np.testing.assert_allclose(found, [row @ matrix @ row for row in x.T])


def test_no_rows_are_refused():
    with pytest.raises(FitError, match="no rows"):
        over_blocks(ArrayRows(np.empty((2, 0)), np.empty(0)), lambda block: 1, int.__add__)
