"""Steps that a sample of the rows guides: they lead near the maximum, or are not taken."""

import numpy as np
import pytest

from glmlr.blocks import ArrayRows, Mapped, Subset, is_held
from glmlr.links import LINKS
from glmlr.newton import Guide, factorised, guided, sums_at
from glmlr.solver import solve

MANY = 100_000


def rows_of(link, n=MANY, **weights):
    rng = np.random.default_rng(5)
    x = np.vstack([np.ones(n), rng.normal(size=(4, n))])
    y = (rng.random(n) < link.mean(np.linspace(-1.0, 0.6, 5) @ x)).astype(float)
    return ArrayRows(x, y, **weights)


class ReadAgain:
    """Rows that are not held: nothing but sums over them can be had."""

    def __init__(self, rows):
        self.inner = rows

    def over(self, function, add):
        return self.inner.over(function, add)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_sample_guides_to_the_maximum(link, weighted):
    weights = {"importance": np.random.default_rng(1).uniform(0.1, 3.0, MANY)} if weighted else {}
    rows = rows_of(link, **weights)
    led = solve(rows, link)
    straight = solve(ReadAgain(rows), link)
    assert led.trace[0].decrement < 1e-2 < straight.trace[0].decrement
    assert len(led.trace) < len(straight.trace)
    np.testing.assert_allclose(led.beta, straight.beta, rtol=1e-11)
    np.testing.assert_allclose(led.inverse, straight.inverse, rtol=1e-9)
    assert led.loglik == pytest.approx(straight.loglik, rel=1e-13)


@pytest.mark.parametrize("times", [0.01, 0.3, 50.0])
def test_a_guide_that_misleads_does_no_harm(times):
    """Steps 100 times too long or 50 times too short: Newton's steps go on from wherever they led."""
    link = LINKS["logit"]
    rows, start = rows_of(link, 2000), np.zeros(5)
    sums = sums_at(rows, start, link)
    factor = factorised(rows, sums, start, link, True)
    assert factor is not None
    found = guided(rows, link, start, Guide(factor, times))
    assert np.isfinite(found).all()
    witness = solve(rows, link)
    np.testing.assert_allclose(solve(rows, link, start=found).beta, witness.beta, rtol=1e-10)


def test_rows_are_held_that_are_made_of_held_rows():
    rows = rows_of(LINKS["logit"], 50)
    assert is_held(rows)
    assert is_held(Subset(Subset(rows, np.arange(3)), np.arange(2)))
    assert not is_held(ReadAgain(rows))
    assert not is_held(Subset(ReadAgain(rows), np.arange(3)))
    assert isinstance(Subset(rows, np.arange(3)), Mapped)
