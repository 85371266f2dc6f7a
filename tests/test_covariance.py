"""Robust and clustered covariance against the sandwich written out by hand and against statsmodels."""

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.errors import DataError, OptionError
from glmlr.links import LINKS

BIRTHS = glmlr.datasets.load("birthwt")
FORMULA = "low ~ age + lwt + C(race) + smoke"


def by_hand(fit, kind, weight=None):
    """A^-1 B A^-1 with the matrices of the whole data at once."""
    x, y = fit.design.matrix(), fit.design.y
    eta = x @ fit.params.to_numpy()
    w = np.ones_like(y) if weight is None else weight
    information = fit.link.weight(eta) * w
    score = np.where(y == 1, fit.link.event_score(eta), fit.link.nonevent_score(eta)) * w
    inverse = np.linalg.inv(x.T @ (x * information[:, None]))
    leverage = information * np.einsum("ij,jk,ik->i", x, inverse, x)
    factor = {
        "HC0": 1,
        "HC1": len(y) / (len(y) - x.shape[1]),
        "HC2": 1 / (1 - leverage),
        "HC3": 1 / (1 - leverage) ** 2,
    }
    meat = x.T @ (x * (score**2 * factor[kind])[:, None])
    return inverse @ meat @ inverse


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("link", LINKS)
def test_robust_equals_the_sandwich_by_hand(kind, link):
    fit = glmlr.fit(FORMULA, BIRTHS, link=link, robust=kind)
    np.testing.assert_allclose(fit.covariance, by_hand(fit, kind), rtol=1e-9, atol=1e-14)
    assert fit.covariance_kind == kind
    assert any(kind in note for note in fit.notes)


@pytest.mark.parametrize("link", LINKS)
def test_class_weights_use_the_square_of_the_weight(link):
    fit = glmlr.fit(FORMULA, BIRTHS, link=link, class_weight={0: 1, 1: 3})
    weight = np.where(BIRTHS["low"] == 1, 3.0, 1.0)
    np.testing.assert_allclose(fit.covariance, by_hand(fit, "HC0", weight), rtol=1e-9, atol=1e-14)


def test_class_weights_against_statsmodels_var_weights_with_hc0():
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    fit = glmlr.fit(FORMULA, BIRTHS, class_weight="balanced")
    weight = np.where(BIRTHS["low"] == 1, 189 / 2 / 59, 189 / 2 / 130)
    witness = smf.glm(FORMULA, BIRTHS, family=sm.families.Binomial(), var_weights=weight).fit(
        cov_type="HC0", tol_criterion="params", rtol=1e-13, atol=0
    )
    np.testing.assert_allclose(fit.params, witness.params, rtol=1e-9)
    np.testing.assert_allclose(fit.bse, witness.bse, rtol=1e-8)


def test_rescaled_importance_weights_change_nothing():
    one = glmlr.fit(FORMULA, BIRTHS, class_weight={0: 1, 1: 4})
    two = glmlr.fit(FORMULA, BIRTHS, class_weight={0: 25, 1: 100})
    np.testing.assert_allclose(one.params, two.params, rtol=1e-10)
    np.testing.assert_allclose(one.bse, two.bse, rtol=1e-9)
    np.testing.assert_allclose(one.pvalues, two.pvalues, rtol=1e-8)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_frequency_weights_equal_repeated_rows(kind):
    times = np.random.default_rng(0).integers(1, 4, size=len(BIRTHS))
    repeated = BIRTHS.loc[BIRTHS.index.repeat(times)].reset_index(drop=True)
    weighted = glmlr.fit(FORMULA, BIRTHS, freq_weights=times, robust=kind)
    np.testing.assert_allclose(weighted.bse, glmlr.fit(FORMULA, repeated, robust=kind).bse, rtol=1e-9)


def test_grouped_rows_equal_their_trials():
    counts = glmlr.datasets.load("heart_vessels")
    rows = [
        {"ca": row.ca, "y": outcome}
        for row in counts.itertuples()
        for outcome, times in ((1, row.disease), (0, row.no_disease))
        for _ in range(times)
    ]
    for kind in ("HC0", "HC1", "HC2", "HC3"):
        grouped = glmlr.fit("disease + no_disease ~ ca", counts, robust=kind)
        single = glmlr.fit("y ~ ca", pd.DataFrame(rows), robust=kind)
        np.testing.assert_allclose(grouped.bse, single.bse, rtol=1e-9)


@pytest.mark.parametrize("link", LINKS)
def test_clusters_by_hand(link):
    fit = glmlr.fit(FORMULA, BIRTHS, link=link, cluster="ftv")
    x, y = fit.design.matrix(), fit.design.y
    eta = x @ fit.params.to_numpy()
    score = np.where(y == 1, fit.link.event_score(eta), fit.link.nonevent_score(eta))[:, None] * x
    sums = pd.DataFrame(score).groupby(BIRTHS["ftv"].to_numpy()).sum().to_numpy()
    inverse = np.linalg.inv(x.T @ (x * fit.link.weight(eta)[:, None]))
    groups = len(sums)
    np.testing.assert_allclose(
        fit.covariance, inverse @ sums.T @ sums @ inverse * groups / (groups - 1), rtol=1e-8, atol=1e-14
    )


def test_each_row_its_own_cluster_is_hc0_times_n_over_n_minus_1():
    clustered = glmlr.fit(FORMULA, BIRTHS, cluster=np.arange(189))
    robust = glmlr.fit(FORMULA, BIRTHS, robust="HC0")
    np.testing.assert_allclose(clustered.bse, robust.bse * np.sqrt(189 / 188), rtol=1e-10)


def test_refusals():
    with pytest.raises(DataError, match="at least two clusters"):
        glmlr.fit(FORMULA, BIRTHS, cluster=np.zeros(189))
    with pytest.raises(OptionError, match="'HC4' is not one of"):
        glmlr.fit(FORMULA, BIRTHS, robust="HC4")
    with pytest.raises(OptionError, match="give one of them"):
        glmlr.fit(FORMULA, BIRTHS, robust="HC0", cluster="race")
