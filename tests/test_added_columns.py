"""What do further columns add, where the answer is known? Pearson's and the likelihood-ratio chi-square of a table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

import glmlr
from glmlr.shape.added_columns import likelihood_ratio, refitted, scores_of
from glmlr.shape.around_fit import around
from glmlr.shape.number_columns import number_column, number_names
from glmlr.shape.observed_fitted import gaps_of

#: Events and non-events of three groups.
COUNTS = np.array([[12, 30], [25, 17], [9, 40]])
GROUP = np.repeat([0, 0, 1, 1, 2, 2], COUNTS.ravel())
Y = np.repeat([1, 0] * 3, COUNTS.ravel())
LINKS = ["logit", "probit", "cloglog"]


def indicators(x: np.ndarray) -> np.ndarray:
    return (x == np.array([1.0, 2.0])[:, None]).astype(float)


@pytest.mark.parametrize("link", LINKS)
def test_groups_beside_a_constant_are_the_table_of_counts(link: str) -> None:
    fitted = around(glmlr.fit("y ~ 1", {"y": Y, "x": GROUP.astype(float)}, link=link))
    pearson = chi2_contingency(COUNTS, correction=False)
    ratio = chi2_contingency(COUNTS, correction=False, lambda_="log-likelihood")
    x = GROUP.astype(float)
    score = scores_of(fitted, x, indicators).test(slice(None))
    assert (score.value, score.df) == (pytest.approx(pearson.statistic, rel=1e-10), 2)
    found = likelihood_ratio(fitted, refitted(fitted, x, indicators))
    assert (found.value, found.df) == (pytest.approx(ratio.statistic, rel=1e-10), 2)


@pytest.mark.parametrize("link", LINKS)
def test_gaps_beside_a_constant_vary_as_the_hypergeometric(link: str) -> None:
    """The expected events of a group take their part of the common rate: variance n_g p q (1 - n_g / n)."""
    fitted = around(glmlr.fit("y ~ 1", {"y": Y}, link=link))
    gaps = gaps_of(fitted, GROUP.astype(float), lambda x: x.astype(np.intp), 3)
    n, p = COUNTS.sum(axis=1), Y.mean()
    np.testing.assert_allclose(gaps.n, n)
    np.testing.assert_allclose(gaps.gap, COUNTS[:, 0] - n * p, rtol=1e-9)
    np.testing.assert_allclose(gaps.std_error**2, n * p * (1 - p) * (1 - n / n.sum()), rtol=1e-9)


def test_columns_of_the_model_add_nothing() -> None:
    x = np.linspace(0, 1, Y.size)
    fitted = around(glmlr.fit("y ~ x", {"y": Y, "x": x}))
    nothing = scores_of(fitted, x, lambda at: np.vstack([np.ones_like(at), 3 * at - 1])).test(slice(None))
    assert nothing.df == 0
    assert np.isnan(nothing.value)
    again = likelihood_ratio(fitted, refitted(fitted, x, lambda at: at[None] / 7))
    assert again.df == 0


def test_a_step_near_the_maximum_is_the_refit() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(1 - x - 0.03 * x**2))).astype(int)
    fitted = around(glmlr.fit("y ~ x", {"y": y, "x": x}))
    step = scores_of(fitted, x, lambda at: at[None] ** 2).step(slice(None))
    larger = refitted(fitted, x, lambda at: at[None] ** 2)
    np.testing.assert_allclose(step.beta, larger.beta, atol=0.02 * np.sqrt(np.diag(larger.inverse)).max())
    np.testing.assert_allclose(step.covariance, larger.inverse, rtol=0.05, atol=1e-5)


def test_a_separated_refit_reaches_the_supremum() -> None:
    """All of group 2 are events: its own column takes its rows out of the likelihood."""
    y = np.where(GROUP == 2, 1, Y)
    fitted = around(glmlr.fit("y ~ 1", {"y": y}))
    found = refitted(fitted, GROUP.astype(float), lambda at: (at == 2).astype(float)[None])
    rest = glmlr.fit("y ~ 1", {"y": y[GROUP != 2]})
    assert not found.finite
    assert found.loglik == pytest.approx(rest.loglik, rel=1e-8)


def test_which_columns_are_numbers_and_which_are_straight() -> None:
    data = {"y": Y, "a": np.resize([1.0, 4, 2, 7, 3], Y.size), "b": GROUP, "c": GROUP.astype(str)}
    fit = glmlr.fit("y ~ I(2 - 3 * a) + np.log(b + 1) + C(b) + c + a:c", data)
    assert number_names(fit.held) == ("a", "b")
    a, b = (number_column(fit.held, name) for name in ("a", "b"))
    assert fit.names[a.column] == "I(2 - 3 * a)"
    assert (a.slope, a.intercept, a.alone) == (pytest.approx(-3), pytest.approx(2), False)
    assert a.enters == "I(2 - 3 * a) + a:c"
    assert (b.column, b.enters, b.alone) == (-1, "np.log(b + 1)", True)
    np.testing.assert_array_equal(a.events + a.nonevents, 1)
