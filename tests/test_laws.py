"""Do the laws hold that every binomial fit must obey, for every link, whatever the numbers are?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data

import glmlr
from glmlr.links import link_named

LINKS = ("logit", "probit", "cloglog")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"

pytestmark = pytest.mark.parametrize("link", LINKS)


@pytest.fixture
def data() -> pd.DataFrame:
    return read_data("birthwt")


def same(actual: Any, expected: Any, rtol: float = 1e-10, atol: float = 0.0) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=atol)


def same_fit(one: glmlr.Fit, other: glmlr.Fit, rtol: float = 1e-10) -> None:
    """Everything said about the estimates and the likelihood is the same."""
    assert list(one.params.index) == list(other.params.index)
    assert one.nobs == other.nobs
    same(one.params, other.params, rtol)
    same(one.bse, other.bse, rtol)
    same(one.cov_params(), other.cov_params(), 1e2 * rtol, 1e-2 * rtol * float(np.max(one.cov_params().to_numpy())))
    for name in ("loglik", "null_loglik", "aic", "bic", "deviance"):
        same(getattr(one, name), getattr(other, name), rtol)


@pytest.mark.parametrize("robust", [None, "HC0", "HC1", "HC2", "HC3"])
def test_a_row_repeated_is_a_row_of_weight_two(data: pd.DataFrame, link: str, robust: str | None) -> None:
    times = np.resize([1, 2, 3, 1, 5], len(data))
    repeated = data.loc[data.index.repeat(times)].reset_index(drop=True)
    same_fit(
        glmlr.fit(FORMULA, data, link=link, freq_weights=times, robust=robust),
        glmlr.fit(FORMULA, repeated, link=link, robust=robust),
    )


def test_the_order_of_rows_does_not_matter(data: pd.DataFrame, link: str) -> None:
    shuffled = data.sample(frac=1.0, random_state=7)
    one, other = glmlr.fit(FORMULA, data, link=link), glmlr.fit(FORMULA, shuffled, link=link)
    same_fit(one, other, 1e-12)
    same(one.predict(), other.predict().loc[data.index], 1e-12)


def test_the_order_of_terms_does_not_matter(data: pd.DataFrame, link: str) -> None:
    one = glmlr.fit("low ~ age + lwt + C(race) + smoke", data, link=link)
    other = glmlr.fit("low ~ smoke + C(race) + lwt + age", data, link=link)
    same(one.params, other.params[one.params.index])
    same(one.bse, other.bse[one.params.index])
    same(one.loglik, other.loglik, 1e-13)


def test_swapping_the_event_flips_signs(data: pd.DataFrame, link: str) -> None:
    if link == "cloglog":  # its mean is not symmetric: swapping the event is another model (log-log)
        one, other = glmlr.fit(FORMULA, data, link=link), glmlr.fit(FORMULA, data, link=link, event=0)
        assert abs(one.loglik - other.loglik) > 1e-3
        return
    one, other = glmlr.fit(FORMULA, data, link=link, event=1), glmlr.fit(FORMULA, data, link=link, event=0)
    same(one.params, -other.params)
    same(one.bse, other.bse)
    same(one.loglik, other.loglik, 1e-13)
    same(one.predict(), 1.0 - other.predict())


@pytest.mark.parametrize("factor", [1e-6, 1e3, -2.0, 1e8])
def test_rescaling_a_predictor_rescales_its_coefficient(data: pd.DataFrame, link: str, factor: float) -> None:
    one = glmlr.fit(FORMULA, data, link=link)
    other = glmlr.fit(FORMULA, data.assign(lwt=data["lwt"] * factor), link=link)
    scale = pd.Series(1.0, one.params.index)
    scale["lwt"] = 1 / factor
    same(other.params, one.params * scale)
    same(other.bse, one.bse * scale.abs())
    same(other.z.abs(), one.z.abs())
    same(other.loglik, one.loglik, 1e-13)


def test_shifting_a_predictor_moves_the_intercept_only(data: pd.DataFrame, link: str) -> None:
    one = glmlr.fit(FORMULA, data, link=link)
    other = glmlr.fit(FORMULA, data.assign(lwt=data["lwt"] + 1000.0), link=link)
    slopes = [name for name in one.params.index if name != "Intercept"]
    same(other.params[slopes], one.params[slopes], 1e-9)
    same(other.bse[slopes], one.bse[slopes], 1e-9)
    same(other.params["Intercept"], one.params["Intercept"] - 1000.0 * one.params["lwt"], 1e-9)


def test_intercept_only_has_its_closed_form(data: pd.DataFrame, link: str) -> None:
    """The share of events p, beta = g(p), variance 1 / (n w(beta)); 59 of 189 births are events (counted)."""
    fit = glmlr.fit("low ~ 1", data, link=link)
    share, n = 59 / 189, 189
    beta = {
        "logit": np.log(share / (1 - share)),
        "probit": -0.48971070684094503,  # R: qnorm(59/189)
        "cloglog": np.log(-np.log1p(-share)),
    }[link]
    same(fit.params.to_numpy(), [beta], 1e-9)
    density = {
        "logit": share * (1 - share),
        "probit": np.exp(-(beta**2) / 2) / np.sqrt(2 * np.pi),
        "cloglog": -(1 - share) * np.log1p(-share),
    }[link]
    same(fit.bse.to_numpy(), [np.sqrt(share * (1 - share) / n) / density], 1e-9)
    same(fit.loglik, n * (share * np.log(share) + (1 - share) * np.log1p(-share)), 1e-13)
    same(fit.loglik, fit.null_loglik, 1e-13)


def test_one_factor_alone_fits_the_observed_shares(data: pd.DataFrame, link: str) -> None:
    fit = glmlr.fit("low ~ C(race)", data, link=link)
    same(fit.predict(), data.groupby("race")["low"].transform("mean"), 1e-9)


def test_rows_of_weight_zero_equal_absent_rows(data: pd.DataFrame, link: str) -> None:
    weight = np.where(data["age"] > 30, 0, 1)
    same_fit(
        glmlr.fit(FORMULA, data, link=link, freq_weights=weight),
        glmlr.fit(FORMULA, data[data["age"] <= 30], link=link),
    )
    importance = glmlr.fit(FORMULA, data, link=link, sample_weight=weight)
    present = glmlr.fit(FORMULA, data[data["age"] <= 30], link=link, robust="HC0")
    same(importance.params, present.params)
    same(importance.bse, present.bse)


@pytest.mark.parametrize("factor", [1e-3, 7.0])
def test_importance_weights_are_known_up_to_a_factor(data: pd.DataFrame, link: str, factor: float) -> None:
    one = glmlr.fit(FORMULA, data, link=link, class_weight={0: 1.0, 1: 10.0})
    other = glmlr.fit(FORMULA, data, link=link, class_weight={0: factor, 1: 10.0 * factor})
    same(one.params, other.params)
    same(one.bse, other.bse)
    same(one.predict(), other.predict())
    weight = np.where(data["low"] == 1, 10.0, 1.0)
    sample = glmlr.fit(FORMULA, data, link=link, sample_weight=factor * weight)
    same(one.params, sample.params)
    same(one.bse, sample.bse)


def test_importance_weights_of_one_change_only_the_covariance(data: pd.DataFrame, link: str) -> None:
    plain = glmlr.fit(FORMULA, data, link=link, robust="HC0")
    weighted = glmlr.fit(FORMULA, data, link=link, sample_weight=np.ones(len(data)))
    same(plain.params, weighted.params)
    same(plain.cov_params(), weighted.cov_params(), 1e-8, 1e-14)


def test_class_weights_shift_the_logit_by_their_ratio(data: pd.DataFrame, link: str) -> None:
    """King & Zeng (2001): corrected = weighted - log(w1 / w0) for the logit; corrected shares sum to the events."""
    fit = glmlr.fit(FORMULA, data, link=link, class_weight={0: 1.0, 1: 10.0})
    corrected, weighted = fit.predict(kind="link"), fit.predict(kind="link", scale="weighted")
    shift = weighted - corrected
    same(shift, np.full(len(data), shift.iloc[0]), 1e-9)
    if link == "logit":
        same(shift.iloc[0], np.log(10.0), 1e-12)


def test_an_offset_is_a_coefficient_held_at_one(data: pd.DataFrame, link: str) -> None:
    """With the estimate of lwt as offset, everything else stays, and the likelihood too."""
    free = glmlr.fit(FORMULA, data, link=link)
    held = glmlr.fit(
        FORMULA.replace(" + lwt", ""), data, link=link, offset=(data["lwt"] * free.params["lwt"]).to_numpy()
    )
    same(held.params, free.params[held.params.index], 1e-8)
    same(held.loglik, free.loglik, 1e-12)
    assert held.bse["age"] <= free.bse["age"]


def test_counts_and_their_rows_are_one_model(link: str) -> None:
    counts = read_data("heart_vessels")
    rows = pd.concat(
        [
            pd.DataFrame({"ca": counts["ca"].repeat(counts["disease"]), "y": 1}),
            pd.DataFrame({"ca": counts["ca"].repeat(counts["no_disease"]), "y": 0}),
        ],
        ignore_index=True,
    )
    for robust in (None, "HC1", "HC3"):
        same_fit(
            glmlr.fit("disease + no_disease ~ ca", counts, link=link, robust=robust),
            glmlr.fit("y ~ ca", rows, link=link, robust=robust),
        )


def test_score_equations_hold(data: pd.DataFrame, link: str) -> None:
    """X' u = 0 at the estimates, u the unit scores."""
    fit = glmlr.fit(FORMULA, data, link=link)
    x = fit.design.matrix()
    score = link_named(link).likelihood(np.asarray(fit.eta).copy(), fit.design.y).score
    same(x.T @ score / np.abs(x).sum(axis=0), np.zeros(x.shape[1]), atol=1e-12)


def test_clusters_of_one_row_are_robust(data: pd.DataFrame, link: str) -> None:
    """With each row its own cluster the covariance is HC0 times n / (n - 1)."""
    alone = glmlr.fit(FORMULA, data, link=link, cluster=np.arange(len(data)))
    plain = glmlr.fit(FORMULA, data, link=link, robust="HC0")
    same(alone.cov_params(), plain.cov_params() * (189 / 188), 1e-9, 1e-14)


def test_nested_models_lose_likelihood(data: pd.DataFrame, link: str) -> None:
    small = glmlr.fit("low ~ age + lwt", data, link=link)
    large = glmlr.fit("low ~ age + lwt + smoke", data, link=link)
    assert small.null_loglik < small.loglik < large.loglik < 0
    same(small.null_loglik, large.null_loglik, 1e-14)


def test_missing_rows_are_absent_rows(data: pd.DataFrame, link: str) -> None:
    holed = data.astype({"age": float})
    holed.loc[holed.index[::9], "age"] = np.nan
    one, other = glmlr.fit(FORMULA, holed, link=link), glmlr.fit(FORMULA, holed.dropna(), link=link)
    same_fit(one, other, 1e-12)
    predicted = one.predict()
    assert len(predicted) == len(holed)
    assert predicted.isna().sum() == 21
