"""Do smooth calibration curves and what is measured from them equal R's, also in bins and in the bootstrap?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from witnesses import read_witness

import glmlr.ranking.condensed as condensing
import glmlr.validation.curves as curves
from glmlr.ranking import rank
from glmlr.validation.curves import GAPS, redrawn_curves, smoothed

WITNESS = read_witness("calibration")
CASES = ("births", "births_rounded", "births_elsewhere", "arrests_shrunk")


@pytest.mark.parametrize("case", CASES)
def test_measures_of_loess_and_spline_equal_r(case: str) -> None:
    # R: loess(surface = "direct") and glm on Hmisc::rcspline.eval; tests/witness/calibration.R
    given = WITNESS[case]
    ranking = rank(given["p"], given["y"])
    for method in ("loess", "spline"):
        found = smoothed(ranking, method, 1.0)
        for name in GAPS:
            assert found.gaps[name] == pytest.approx(given[method][name], rel=1e-10, abs=1e-13), (method, name)


@pytest.mark.parametrize("case", CASES)
def test_measures_of_lowess_equal_val_prob(case: str) -> None:
    # R: rms::val.prob, Eavg, E90, Emax
    found, expected = smoothed(rank(WITNESS[case]["p"], WITNESS[case]["y"]), "lowess", 1.0), WITNESS[case]["val_prob"]
    for name, theirs in (("ici", "Eavg"), ("e90", "E90"), ("emax", "Emax")):
        assert found.gaps[name] == pytest.approx(expected[theirs], rel=1e-10, abs=1e-13), name


@pytest.mark.parametrize("case", CASES[:3])
def test_bounds_are_those_of_the_hat_matrix_and_of_the_logit_scale(case: str) -> None:
    given = WITNESS[case]
    ranking = rank(given["p"], given["y"])
    local = smoothed(ranking, "loess", 2.0)
    np.testing.assert_allclose(
        np.interp(given["p"], local.p, local.high - local.rate), 2 * np.array(given["loess"]["std_error"]), rtol=1e-10
    )
    spline = smoothed(ranking, "spline", 1.0)
    link, error = np.array(given["spline"]["link"]), np.array(given["spline"]["link_se"])
    # R's standard errors are of the step before the last.
    np.testing.assert_allclose(np.interp(given["p"], spline.p, spline.high), expit(link + error), rtol=1e-6)
    np.testing.assert_allclose(np.interp(given["p"], spline.p, spline.low), expit(link - error), rtol=1e-6)


@pytest.mark.parametrize("method", ["loess", "lowess", "spline"])
@pytest.mark.parametrize("shape", [(0.5, 3.0), (0.3, 0.3)])
def test_bins_move_the_measures_by_less_than_they_show(
    method: str, shape: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    p = np.clip(rng.beta(*shape, 12_000), 1e-9, 1 - 1e-9)
    ranking = rank(p, rng.random(p.size) < expit(0.3 + 0.7 * logit(p)))
    binned = smoothed(ranking, method, 1.0)
    assert "bins" in binned.notes[-1]
    monkeypatch.setattr(condensing, "EXACT", 10**9)
    exact = smoothed(ranking, method, 1.0)
    assert not exact.notes or "bins" not in exact.notes[-1]
    for name in GAPS:
        assert binned.gaps[name] == pytest.approx(exact.gaps[name], abs=1e-4), name
    assert binned.gaps["ici"] == pytest.approx(exact.gaps["ici"], abs=2e-5)


def test_some_points_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    p = rng.beta(0.5, 2, 1700)
    ranking = rank(p, rng.random(p.size) < p**1.3)
    some = smoothed(ranking, "loess", 1.0)
    assert some.p.size <= 301
    monkeypatch.setattr(curves, "_EVERY", 10**9)
    every = smoothed(ranking, "loess", 1.0)
    for name in GAPS:
        assert some.gaps[name] == pytest.approx(every.gaps[name], abs=2e-5), name


def test_the_bootstrap_is_that_of_its_rows() -> None:
    # A law: a draw of a ranking is a curve of the drawn rows; the same seed gives the same.
    given = WITNESS["births_rounded"]
    ranking = rank(given["p"], given["y"])
    at = np.array([0.2, 0.4])
    one, two = (redrawn_curves(ranking, "loess", at, 20, 3) for _ in range(2))
    np.testing.assert_array_equal(one.rates, two.rates)
    assert (one.gaps["ici"] <= one.gaps["emax"]).all()
    assert one.gaps["ici"].std() > 0
    # The spread of the curve over draws is about its standard error.
    many = redrawn_curves(ranking, "lowess", at, 300, 1).rates.std(axis=0)
    curve = smoothed(ranking, "lowess", 1.0)
    error = np.interp(at, curve.p, curve.high - curve.rate)
    np.testing.assert_allclose(many, error, rtol=0.25)


def test_one_score_and_two() -> None:
    one = smoothed(rank([0.3, 0.3, 0.3], [0, 1, 0]), "loess", 1.0)
    assert one.gaps["ici"] == pytest.approx(1 / 3 - 0.3, rel=1e-12)
    two = smoothed(rank([0.2, 0.2, 0.6, 0.6], [0, 1, 1, 1]), "loess", 1.0)
    np.testing.assert_allclose(two.rate, [0.5, 1.0])
    assert [two.gaps[name] for name in GAPS] == pytest.approx([0.35, 0.35, 0.4, 0.4])
    lowess = smoothed(rank([0.3, 0.3, 0.3], [0, 1, 0]), "lowess", 1.0)
    assert lowess.gaps["emax"] == pytest.approx(1 / 3 - 0.3, rel=1e-12)
