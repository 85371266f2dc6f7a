"""Do the estimates of resamples scatter as they should, with all weights, links and clusters?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data

import glmlr
from glmlr.errors import ArgumentError, DataError, OptionError
from glmlr.validation.resamples import drawn

LINKS = ("logit", "probit", "cloglog")


@pytest.fixture(scope="module")
def births() -> pd.DataFrame:
    data = read_data("birthwt")
    return data.assign(
        times=1 + np.arange(len(data)) % 3, worth=1.0 + data["ftv"] / 3, clinic=np.arange(len(data)) % 40
    )


WEIGHTS: list[dict[str, Any]] = [
    {},
    {"class_weight": "balanced"},
    {"class_weight": {0: 1, 1: 5}, "sample_weight": "worth"},
    {"cluster": "clinic"},
]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("options", WEIGHTS, ids=str)
def test_frequencies_are_repeated_rows(births: pd.DataFrame, link: str, options: dict[str, Any]) -> None:
    repeated = births.loc[births.index.repeat(births["times"])].reset_index(drop=True)
    formula = "low ~ age + lwt + smoke"
    one = glmlr.fit(formula, births, link=link, freq_weights="times", **options).bootstrap(replicates=12)
    other = glmlr.fit(formula, repeated, link=link, **options).bootstrap(replicates=12)
    np.testing.assert_allclose(one.estimates, other.estimates, rtol=1e-7)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-6)


@pytest.mark.parametrize("options", WEIGHTS, ids=str)
def test_an_estimate_is_that_of_the_rows_drawn(births: pd.DataFrame, options: dict[str, Any]) -> None:
    fit = glmlr.fit("low ~ age + lwt + smoke", births, **options)
    found = fit.bootstrap(replicates=3, seed=9)
    kept = {name: value for name, value in options.items() if name != "cluster"}
    for number in range(3):
        resample = drawn(fit.held, fit.held.cluster, 9, number)
        times = (resample.events + resample.nonevents).astype(int)
        rows = births.loc[births.index.repeat(times)]
        alone = glmlr.fit("low ~ age + lwt + smoke", rows, **kept)
        np.testing.assert_allclose(found.estimates.iloc[number], alone.params, rtol=1e-8)


def test_the_covariance_is_that_of_the_estimates_and_goes_everywhere(births: pd.DataFrame) -> None:
    fit = glmlr.fit("low ~ age + lwt", births)
    found = fit.bootstrap(replicates=40)
    witness = np.cov(found.estimates.to_numpy(), rowvar=False)
    np.testing.assert_allclose(found.covariance, witness, rtol=1e-12)
    np.testing.assert_allclose(found.fit.bse, np.sqrt(np.diag(witness)), rtol=1e-12)
    assert found["age"]["std_error"] == found.fit.bse["age"]
    low, high = np.quantile(found.estimates["age"], [0.025, 0.975])
    assert (found["age"]["low"], found["age"]["high"]) == pytest.approx((low, high))
    assert found["age"]["bias"] == pytest.approx(found.estimates["age"].mean() - fit.params["age"])
    assert any("bootstrap" in note for note in found.fit.coefficients().notes)
    eta = found.fit.predict(births.head(1), kind="link", interval=0.95)
    x = np.array([1.0, births["age"].iloc[0], births["lwt"].iloc[0]])
    half = 1.959963984540054 * np.sqrt(x @ witness @ x)
    assert (eta["high"] - eta["low"]).iloc[0] == pytest.approx(2 * half, rel=1e-9)
    pd.testing.assert_series_equal(fit.bse, glmlr.fit("low ~ age + lwt", births).bse)


def test_it_agrees_with_theory_where_rows_are_many() -> None:
    """2,000 rows: the bootstrap standard errors are the model-based ones within what 300 resamples leave open."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"a": rng.normal(size=2000), "b": rng.normal(size=2000)})
    data["y"] = (rng.random(2000) < 1 / (1 + np.exp(0.5 - data["a"] + 0.3 * data["b"]))).astype(int)
    fit = glmlr.fit("y ~ a + b", data)
    found = fit.bootstrap(replicates=300)
    # The standard deviation of 300 has a relative standard error of 1 / sqrt(600) = 4 %.
    np.testing.assert_allclose(found.fit.bse, fit.bse, rtol=0.16)
    weighted = glmlr.fit("y ~ a + b", data, class_weight={0: 1, 1: 9})
    np.testing.assert_allclose(weighted.bootstrap(replicates=300).fit.bse, weighted.bse, rtol=0.16)


def test_a_column_far_from_zero_keeps_the_digits_of_predictions(births: pd.DataFrame) -> None:
    far = births.assign(stamp=1.7e9 + births["age"] * 1e3)
    near = glmlr.fit("low ~ age", births).bootstrap(replicates=25).fit.predict(births.head(3), interval=0.95)
    found = glmlr.fit("low ~ stamp", far).bootstrap(replicates=25).fit.predict(far.head(3), interval=0.95)
    np.testing.assert_allclose(found, near, rtol=1e-6)


def test_workers_change_nothing(births: pd.DataFrame) -> None:
    fit = glmlr.fit("low ~ age + lwt", births)
    one, two = (fit.bootstrap(replicates=10, workers=workers) for workers in (1, 2))
    pd.testing.assert_frame_equal(one.estimates, two.estimates, check_exact=True)


def test_resamples_without_a_finite_estimate_are_told(births: pd.DataFrame) -> None:
    rare = births.assign(rare=np.where(np.arange(len(births)) < 4, "yes", "no"))
    rare.loc[[0, 1, 2, 3], "low"] = [0, 1, 0, 1]
    found = glmlr.fit("low ~ age + rare", rare).bootstrap(replicates=40)
    lost = int((~np.isfinite(found.estimates)).any(axis=1).sum())
    assert 0 < lost < 40
    assert any(f"{lost} resamples separate or lack a level" in note for note in found.table.notes)
    assert np.isfinite(found.covariance.to_numpy()).all()


def test_bad_options_get_a_sentence(births: pd.DataFrame) -> None:
    fit = glmlr.fit("low ~ age", births)
    with pytest.raises(OptionError, match="at least 2"):
        fit.bootstrap(replicates=1)
    with pytest.raises(ArgumentError, match="replicates"):
        fit.bootstrap(replicate=10)
    with pytest.raises(ArgumentError, match="takes a fitted model"):
        glmlr.bootstrap(births)
    apart = pd.DataFrame({"x": [1, 2, 3, 4, 5, 6.0, 7, 8], "y": [0, 0, 0, 1, 0, 1, 1, 1]})
    with pytest.raises(DataError, match="have finite estimates"):
        glmlr.fit("y ~ x", apart).bootstrap(replicates=2, seed=2)
