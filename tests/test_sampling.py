"""The first look at the rows: sums against numpy's, and what the sample is and is not."""

import numpy as np
from test_columns import coded

from glmlr import sampling
from glmlr.blocks import ArrayRows, over_blocks
from glmlr.sampling import STRIDE, FirstLook, Sample, few_rows


def rows_of(n, k=3, **extras):
    rng = np.random.default_rng(n)
    return ArrayRows(rng.normal(size=(k, n)), (rng.random(n) < 0.3).astype(float), **extras)


def look_at(rows):
    return over_blocks(rows, FirstLook.at, FirstLook.__add__)


def test_one_row_in_so_many_is_held_with_all_that_belongs_to_it():
    n = 60_000
    rows = rows_of(n, weight=np.arange(1.0, n + 1), offset=np.linspace(0, 1, n))
    sample = look_at(rows).sample
    assert n / STRIDE <= sample.size <= n / STRIDE + 8
    blocks = list(sample.blocks())
    at = (np.concatenate([block.weight for block in blocks]) - 1).astype(int)
    assert at.size == sample.size == np.unique(at).size
    np.testing.assert_array_equal(np.concatenate([block.x for block in blocks], axis=1), rows.x[:, at])
    np.testing.assert_array_equal(np.concatenate([block.y for block in blocks]), rows.y[at])
    np.testing.assert_array_equal(np.concatenate([block.offset for block in blocks]), rows.offset[at])


def test_a_sample_stays_small_however_many_rows_come(monkeypatch):
    monkeypatch.setattr(sampling, "_SAMPLED_CELLS", 3000)
    monkeypatch.setattr(sampling, "_SAMPLED_ROWS_PER_COLUMN", 100)
    monkeypatch.setattr(sampling, "_MOST_BLOCKS", 4)
    sample = look_at(rows_of(400_000)).sample
    assert 400 <= sample.size <= 1000
    assert sample.stride > STRIDE
    assert len(sample.held) <= 5


def test_a_sample_holds_no_view_of_the_rows():
    block = next(rows_of(1000).blocks())
    few = Sample.of(block).held[0]
    assert not any(np.shares_memory(mine, theirs) for mine, theirs in ((few.x, block.x), (few.y, block.y)))


def test_rows_that_come_in_cycles_are_all_met():
    n = 60_000
    for cycle in (2, 5, 8, 10, 40):
        kind = np.arange(n) % cycle
        sample = look_at(ArrayRows(np.array([np.ones(n), kind]), np.zeros(n))).sample
        met = np.concatenate([block.x[1] for block in sample.blocks()])
        assert set(met) == set(range(cycle))


def test_few_rows_are_not_sampled():
    assert few_rows(look_at(rows_of(24_999)), None) is None
    few = few_rows(look_at(rows_of(25_000)), None)
    x = np.concatenate([block.x for block in few.rows.blocks()], axis=1)
    np.testing.assert_allclose(few.gram, x @ x.T, rtol=1e-12)


def test_a_sample_of_coded_rows_keeps_their_codes():
    block = next(ArrayRows(np.empty((0, 2000)), np.zeros(2000)).blocks()).cut(coded(), slice(None))
    sample = Sample.of(block) + Sample.of(block)
    (joined,) = sample.blocks()
    assert joined.coded.factors[0].code.size == sample.size == 2 * len(range(0, 2000, STRIDE))
    np.testing.assert_array_equal(joined.x, np.hstack([block.x[:, ::STRIDE]] * 2))
