"""Do the functions of a formula give each row its own value, and do transforms remember what they learnt?"""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from glmlr.transforms import LEARNERS


def test_learnt_values_are_plain_and_weights_count_as_rows() -> None:
    x, weight = np.array([1.0, 2.0, 4.0, 7.0]), np.array([1.0, 3.0, 2.0, 1.0])
    rows = np.repeat(x, weight.astype(int))
    for name, options in (("center", {}), ("standardize", {"ddof": 1}), ("poly", {"degree": 3})):
        weighted, plain = LEARNERS[name](weight, x, **options), LEARNERS[name](None, rows, **options)
        np.testing.assert_allclose(weighted(x, **options), plain(x, **options), rtol=1e-12)
        again = pickle.loads(pickle.dumps(weighted))
        np.testing.assert_array_equal(again(x, **options), weighted(x, **options))
    assert LEARNERS["center"](None, x)(np.array([3.5])).tolist() == [0.0]  # the mean of 1, 2, 4, 7 is 3.5
    deviation = math.sqrt(sum((v - 3.5) ** 2 for v in x) / 4)
    np.testing.assert_allclose(LEARNERS["standardize"](None, x)(x), (x - 3.5) / deviation, rtol=1e-15)


def test_what_cannot_be_learnt() -> None:
    for name, options, says in (
        ("standardize", {}, "do not vary"),
        ("poly", {"degree": 2}, "distinct values"),
        ("poly", {"degree": 1.5}, "whole number"),
    ):
        with pytest.raises(ValueError, match=says):
            LEARNERS[name](None, np.ones(3), **options)


def test_a_degree_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1,000 columns"):
        LEARNERS["poly"](None, np.arange(5.0), degree=100_000_000, raw=True)
