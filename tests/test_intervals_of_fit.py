"""Does `fit.conf_int` give each kind of interval as the tables and R have it?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2
from witnesses import read_data

import glmlr
from glmlr.errors import NotApplicable, OptionError

BIRTHS = read_data("birthwt")
FORMULA = "low ~ age + lwt + smoke"


@pytest.fixture(scope="module")
def fit() -> glmlr.Fit:
    return glmlr.fit(FORMULA, BIRTHS)


def test_profile_intervals_end_where_the_deviance_says(fit: glmlr.Fit) -> None:
    """By hand: with lwt held at an end as an offset, the deviance is the quantile above its minimum."""
    found = fit.conf_int(method="profile", level=0.9)
    assert list(found) == ["low", "high"]
    assert list(found.index) == list(fit.names)
    for end in found.loc["lwt"]:
        held = glmlr.fit("low ~ age + smoke", BIRTHS, offset=end * BIRTHS["lwt"])
        assert held.deviance - fit.deviance == pytest.approx(chi2.ppf(0.9, 1), abs=1e-6)
    frame = fit.coefficients(interval="profile", level=0.9).frame
    assert found.to_numpy().tolist() == frame[["low", "high"]].to_numpy().tolist()


def test_bootstrap_intervals_are_percentiles_of_its_estimates(fit: glmlr.Fit) -> None:
    options = {"replicates": 60, "seed": 7}
    made = fit.bootstrap(**options, interval="bca")
    found = fit.conf_int(method="bootstrap", level=0.8, **options)
    np.testing.assert_allclose(found.to_numpy().T, np.quantile(made.estimates, [0.1, 0.9], axis=0), rtol=1e-12)
    bca = fit.conf_int(method="bca", **options)
    frame = made.table.frame.set_index("term")
    assert bca["low"].tolist() == frame["bca_low"].tolist()
    assert bca["high"].tolist() == frame["bca_high"].tolist()
    assert not bca.equals(fit.conf_int(method="bca", replicates=60, seed=8))


def test_wald_intervals_are_the_usual_ones(fit: glmlr.Fit) -> None:
    pd.testing.assert_frame_equal(fit.conf_int(), fit.conf_int(method="wald"))


def test_an_infinite_estimate_has_half_a_line() -> None:
    data = pd.DataFrame({"y": [0, 0, 1, 1, 0, 1, 1, 1], "g": list("aaaabbbb"), "x": [1.0, 2, 1, 3, 2, 5, 4, 6]})
    data.loc[data["g"] == "b", "y"] = 1
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ g", data)
    assert fit.conf_int().loc["g[T.b]"].tolist() == [-np.inf, np.inf]
    low, high = fit.conf_int(method="profile").loc["g[T.b]"]
    assert np.isfinite(low)
    assert high == np.inf
    with pytest.raises(NotApplicable, match="infinite"):
        fit.conf_int(method="bca")


def test_what_there_is_not_gets_a_sentence(fit: glmlr.Fit) -> None:
    with pytest.raises(OptionError, match="method='profil' is not one of 'wald', 'profile'.*did you mean 'profile'"):
        fit.conf_int(method="profil")
    with pytest.raises(OptionError, match="level"):
        fit.conf_int(method="profile", level=95)
    with pytest.raises(NotApplicable, match="[Ii]mportance weights"):
        glmlr.fit(FORMULA, BIRTHS, class_weight="balanced").conf_int(method="profile")
