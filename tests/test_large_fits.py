"""Do fits of many rows agree with statsmodels and with themselves? The paths that fits of few rows never take."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import glmlr

LINKS = ("logit", "probit", "cloglog")
ROWS = 60_000


@cache
def made() -> pd.DataFrame:
    """60,000 rows drawn from a known model: four numeric columns of very different scales, two factors, a count."""
    rng = np.random.default_rng(20240301)
    frame = pd.DataFrame(rng.standard_normal((ROWS, 4)) * [1.0, 1e-4, 1e5, 1.0], columns=list("abcd"))
    frame["f"] = np.array(["p", "q", "r", "s", "t"])[rng.integers(0, 5, ROWS)]
    frame["g"] = rng.integers(0, 3, ROWS)
    frame["w"] = rng.integers(0, 4, ROWS)
    eta = -0.7 + 0.5 * frame["a"] - 3e3 * frame["b"] + 4e-6 * frame["c"] + 0.3 * (frame["f"] == "q") - 0.2 * frame["g"]
    frame["y"] = (rng.random(ROWS) < 1 / (1 + np.exp(-eta))).astype(int)
    return frame


def by_statsmodels(fit: glmlr.Fit, link: str, **more: Any) -> Any:
    """Fit the same design columns by statsmodels' GLM, columns scaled for it, and scale back what it gives."""
    links = sm.families.links
    chosen = {"logit": links.Logit, "probit": links.Probit, "cloglog": links.CLogLog}[link]()
    x = fit.design.matrix()
    scale = np.sqrt(np.mean(x**2, axis=0))
    model = sm.GLM(np.array(fit.design.y), x / scale, family=sm.families.Binomial(chosen), **more)
    result = model.fit(tol_criterion="params", tol=1e-13, maxiter=200)
    return result.params / scale, result.cov_params() / np.outer(scale, scale), result.llf


def agree(fit: glmlr.Fit, theirs: Any, rtol: float = 1e-8) -> None:
    params, covariance, loglik = theirs
    size = np.sqrt(np.diag(covariance))
    # Estimates on the scale of their standard errors, the covariance as correlations.
    np.testing.assert_allclose(fit.params / size, params / size, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(fit.cov_params() / np.outer(size, size), covariance / np.outer(size, size), atol=rtol)
    np.testing.assert_allclose(fit.loglik, loglik, rtol=1e-12)


@pytest.mark.parametrize("link", LINKS)
def test_many_blocks_of_numbers_and_factors(link: str) -> None:
    fit = glmlr.fit("y ~ a + b + c + d + C(f) + g + a:C(f)", made(), link=link)
    assert fit.converged
    agree(fit, by_statsmodels(fit, link))


@pytest.mark.parametrize("link", LINKS)
def test_few_patterns_in_many_rows(link: str) -> None:
    """All predictors discrete: 15 patterns in 60,000 rows."""
    fit = glmlr.fit("y ~ C(f) * C(g)", made(), link=link)
    agree(fit, by_statsmodels(fit, link))
    # A saturated model fits the observed shares.
    shares = made().groupby(["f", "g"])["y"].transform("mean")
    np.testing.assert_allclose(fit.predict(), shares, rtol=1e-9)


@pytest.mark.parametrize("link", LINKS)
def test_frequencies_in_many_rows(link: str) -> None:
    frame = made()
    fit = glmlr.fit("y ~ a + b + C(f)", frame, link=link, freq_weights="w")
    assert fit.nobs == frame["w"].sum()
    weight = frame["w"].to_numpy(dtype=float)
    agree(fit, by_statsmodels(fit, link, freq_weights=weight[weight > 0]))


def test_missing_values_in_many_rows() -> None:
    frame = made().copy()
    frame.loc[frame.index[::7], "a"] = np.nan
    frame.loc[frame.index[::11], "f"] = None
    one = glmlr.fit("y ~ a + b + C(f)", frame)
    other = glmlr.fit("y ~ a + b + C(f)", frame.dropna().reset_index(drop=True))
    np.testing.assert_allclose(one.params, other.params, rtol=1e-11)
    # By inclusion and exclusion of the multiples of 7, of 11 and of 77 below 60,000.
    assert one.design.rows.used == ROWS - 8572 - 5455 + 780
    assert one.predict().isna().sum() == 8572 + 5455 - 780


@pytest.mark.parametrize("formula", ["y ~ a + b + c + C(f)", "y ~ C(f) + C(g)"])
def test_the_same_rows_give_the_same_bits(formula: str) -> None:
    one, other = glmlr.fit(formula, made()), glmlr.fit(formula, made())
    assert one.params.tolist() == other.params.tolist()
    assert one.cov_params().to_numpy().tolist() == other.cov_params().to_numpy().tolist()
    assert one.loglik == other.loglik


def test_the_first_rows_may_look_like_nothing_else() -> None:
    """Sorted by outcome, the first third of the rows holds one outcome only; sorted or not, the fit is the same."""
    frame = made().sort_values(["y", "f", "a"]).reset_index(drop=True)
    one, other = glmlr.fit("y ~ a + b + C(f)", frame), glmlr.fit("y ~ a + b + C(f)", made())
    np.testing.assert_allclose(one.params, other.params, rtol=1e-10)
    np.testing.assert_allclose(one.bse, other.bse, rtol=1e-10)
    np.testing.assert_allclose(one.loglik, other.loglik, rtol=1e-13)


def test_rare_events_in_many_rows() -> None:
    """30 events in 60,000 rows: the sample a start is taken from may hold none."""
    frame = made().assign(y=0)
    frame.loc[frame["a"].nlargest(2000).index[::67], "y"] = 1
    fit = glmlr.fit("y ~ a + d", frame)
    assert fit.converged
    assert frame["y"].sum() == 30
    agree(fit, by_statsmodels(fit, "logit"))
