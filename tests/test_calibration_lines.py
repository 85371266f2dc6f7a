"""Is the logistic line of many scores that of Newton's method over all of them, whatever bins it began with?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, logit

import glmlr.validation.calibration_lines as lines
from glmlr.blocks import ArrayRows
from glmlr.links import LOGIT
from glmlr.ranking import Ranking, rank
from glmlr.solver import solve
from glmlr.validation.calibration_lines import calibrated, distances_of, line_sums


def sample(n: int, shape: tuple[float, float] = (0.5, 3.0)) -> Ranking:
    rng = np.random.default_rng(6)
    p = np.clip(rng.beta(*shape, n), 1e-9, 1 - 1e-9)
    return rank(p, rng.random(n) < expit(0.3 + 0.7 * logit(p)))


@pytest.mark.parametrize("shape", [(0.5, 3.0), (2.0, 2.0), (0.2, 0.2)])
def test_bins_lead_to_the_line_of_all_scores(shape: tuple[float, float]) -> None:
    # Witness: the solver over all scores, which knows no bins.
    ranking = sample(30_000, shape)
    found, eta = calibrated(ranking).lines, LOGIT.link(ranking.score)
    share, constant = ranking.events / ranking.rows, np.ones_like(eta)
    both = solve(ArrayRows(np.vstack([constant, eta]), share, ranking.rows), LOGIT)
    large = solve(ArrayRows(constant[None, :], share, ranking.rows, offset=eta), LOGIT)
    errors = np.sqrt(np.diag(both.inverse))
    assert abs(found.intercept[0] - both.beta[0]) < 1e-7 * errors[0]
    assert abs(found.slope[0] - both.beta[1]) < 1e-7 * errors[1]
    assert abs(found.in_the_large[0] - large.beta[0]) < 1e-7 * math.sqrt(large.inverse[0, 0])
    assert [found.intercept[1], found.slope[1]] == pytest.approx(errors, rel=1e-8)
    assert found.in_the_large[1] == pytest.approx(math.sqrt(large.inverse[0, 0]), rel=1e-8)
    assert found.covariance == pytest.approx(both.inverse[0, 1], rel=1e-7)
    assert found.loglik == pytest.approx(both.loglik, rel=1e-12)


def test_sums_of_a_line_are_derivatives() -> None:
    # By differences: score from the log-likelihood, information from the score, its derivative from the information.
    ranking, h = sample(300), 1e-5
    here = line_sums(ranking, 0.2, 0.8)
    up, down = line_sums(ranking, 0.2 + h, 0.8), line_sums(ranking, 0.2 - h, 0.8)
    steeper, flatter = line_sums(ranking, 0.2, 0.8 + h), line_sums(ranking, 0.2, 0.8 - h)
    assert here[1] == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-6)
    assert here[2] == pytest.approx((steeper[0] - flatter[0]) / (2 * h), rel=1e-6)
    assert here[3:6] == pytest.approx([-(up[1] - down[1]) / (2 * h), -(up[2] - down[2]) / (2 * h),
                                       -(steeper[2] - flatter[2]) / (2 * h)], rel=1e-6)  # fmt: skip
    assert here[6:9] == pytest.approx((up[3:6] - down[3:6]) / (2 * h), rel=1e-5)
    assert here[9] == pytest.approx((steeper[5] - flatter[5]) / (2 * h), rel=1e-5)


def test_runs_change_no_more_than_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = sample(20_000)
    whole = distances_of(ranking)
    monkeypatch.setattr(lines, "_RUN", 1000)
    parts = distances_of(ranking)
    for name in ("expected", "squares", "fourth_powers", "loglik", "tilted", "tilted_variance"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-11), name
