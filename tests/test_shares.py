"""Do a few points draw the same gains and KS curves as all of them?"""

from __future__ import annotations

import numpy as np
import pytest

from glmlr.ranking import rank
from glmlr.ranking.shares import cumulated


@pytest.mark.parametrize("rate", [0.5, 0.002])
@pytest.mark.parametrize("n", [40, 3000, 200_000])
def test_the_outline_is_the_curve(rate: float, n: int) -> None:
    rng = np.random.default_rng(n)
    y = (rng.random(n) < rate).astype(float)
    y[:2] = [0, 1]
    p = rng.normal(size=n) + 2 * y
    ranking = rank(p, y)
    found = cumulated(ranking)
    assert found.rows.size <= 1001
    assert (found.rows[0], found.events[0], found.nonevents[0]) == (0, 0, 0)
    assert (found.rows[-1], found.events[-1], found.nonevents[-1]) == (1, 1, 1)
    order = np.argsort(-p)
    whole = np.arange(1, n + 1) / n
    for mine, outcome in ((found.events, y), (found.nonevents, 1 - y)):
        curve = np.cumsum(outcome[order]) / outcome.sum()
        # A line of the chart is a pixel or two of several hundred, to either side; steps of one event may be cut.
        wide = max(2e-3, 1.01 / outcome.sum())
        assert (curve <= np.interp(whole + wide, found.rows, mine) + wide).all()
        assert (curve >= np.interp(whole - wide, found.rows, mine) - wide).all()


def test_one_kind_of_outcome_has_one_curve() -> None:
    found = cumulated(rank([0.1, 0.2, 0.2], [0, 0, 0]))
    assert found.rows.tolist() == [0, 1]
    assert found.nonevents.tolist() == [0, 1]
    assert np.isnan(found.events).all()
