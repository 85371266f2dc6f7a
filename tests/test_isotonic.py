"""Are rates pooled as isotonic regression pools them, exactly, and whatever the runs they are pooled in?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import isotonic_regression
from witnesses import read_witness

import glmlr.ranking.isotonic as pooling
from glmlr.ranking import rank
from glmlr.ranking.isotonic import isotonic

WITNESS = read_witness("calibration")
CASES = ("births", "births_rounded", "births_elsewhere")


@pytest.mark.parametrize("case", CASES)
def test_fitted_rates_equal_r(case: str) -> None:
    # R: violators pooled one by one; tests/witness/calibration.R
    given = WITNESS[case]
    ranking = rank(given["p"], given["y"])
    found = isotonic(ranking.events, ranking.nonevents)
    fitted = found.fitted[np.searchsorted(ranking.score, np.array(given["p"]) * (1 + 1e-13), side="right") - 1]
    np.testing.assert_allclose(fitted, given["components"]["fitted"], rtol=1e-13)


def test_fitted_rates_equal_isoreg() -> None:
    given = WITNESS["untied"]
    ranking = rank(given["p"], given["y"])
    np.testing.assert_allclose(isotonic(ranking.events, ranking.nonevents).fitted, given["isoreg"], rtol=1e-13)


@pytest.mark.parametrize("rising", [True, False])
def test_random_counts_equal_scipy(rising: bool) -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        m = int(rng.integers(1, 30))
        events, nonevents = rng.integers(0, 4, m).astype(float), rng.integers(0, 4, m).astype(float)
        nonevents[events + nonevents == 0] = 1
        n = events + nonevents
        found = isotonic(events, nonevents, rising=rising)
        expected = isotonic_regression(events / n, weights=n, increasing=rising).x
        np.testing.assert_allclose(found.fitted, expected, atol=1e-14)
        steps = np.diff(found.rate)
        assert (steps > 0).all() if rising else (steps < 0).all()
        np.testing.assert_array_equal(found.rate[found.block], found.fitted)


def test_runs_are_pooled_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    events = (rng.random(5000) < np.linspace(0.2, 0.4, 5000)).astype(float)
    whole = isotonic(events, 1 - events)
    monkeypatch.setattr(pooling, "runs_of", lambda size: [slice(at, min(at + 7, size)) for at in range(0, size, 7)])
    parts = isotonic(events, 1 - events)
    np.testing.assert_array_equal(parts.start, whole.start)
    np.testing.assert_array_equal(parts.events, whole.events)


def test_equal_rates_are_one_block_and_weights_are_rows() -> None:
    # By hand: 1/3 and 2/6 are one rate; 1/2 follows.
    found = isotonic(np.array([1.0, 2.0, 1.0]), np.array([2.0, 4.0, 1.0]))
    np.testing.assert_array_equal(found.start, [0, 2])
    np.testing.assert_array_equal(found.rate, [3 / 9, 0.5])
    twice = isotonic(np.array([2.0, 4.0, 2.0]), np.array([4.0, 8.0, 2.0]))
    np.testing.assert_array_equal(twice.start, found.start)
