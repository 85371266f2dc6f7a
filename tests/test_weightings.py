"""Many weightings in one pass against one pass for each."""

import numpy as np
import pytest

from glmlr.blocks import ArrayRows
from glmlr.links import LINKS
from glmlr.newton import sums_at
from glmlr.weightings import sums_at_many


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("k", [1, 5, 14])
@pytest.mark.parametrize("expected", [True, False])
def test_equals_one_pass_for_each(link, k, expected):
    rng = np.random.default_rng(k)
    n, m = 9000, 4
    x, y = rng.normal(size=(k, n)), (rng.random(n) < 0.3).astype(float)
    betas, weights = rng.normal(size=(m, k)) * 0.3, rng.random((m, 2)) + 0.5
    trials, offset = rng.integers(1, 4, n).astype(float), rng.normal(size=n) * 0.1
    found = sums_at_many(ArrayRows(x, y, trials, offset=offset), betas, link, weights, expected=expected)
    for number, (beta, (w0, w1)) in enumerate(zip(betas, weights, strict=True)):
        rows = ArrayRows(x, y, trials, np.where(y == 1, w1, w0), offset)
        witness = sums_at(rows, beta, link, expected)
        assert found.loglik[number] == pytest.approx(witness.loglik, rel=1e-12)
        np.testing.assert_allclose(found.score[number], witness.score, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.information[number], witness.information, rtol=1e-10, atol=1e-9)


def test_without_class_weights_every_row_counts_once():
    rng = np.random.default_rng(1)
    rows = ArrayRows(rng.normal(size=(2, 50)), rng.random(50))
    found = sums_at_many(rows, np.array([[0.1, -0.2]]), LINKS["logit"])
    witness = sums_at(rows, np.array([0.1, -0.2]), LINKS["logit"])
    assert found.loglik[0] == pytest.approx(witness.loglik, rel=1e-13)
    np.testing.assert_allclose(found.information[0], witness.information, rtol=1e-13)
