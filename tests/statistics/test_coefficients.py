"""Tables of coefficients and odds ratios: values, reference rows, units, refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError

BIRTHS = glmlr.datasets.load("birthwt")
FIT = glmlr.fit("low ~ age + lwt + C(race) + smoke", BIRTHS)


def test_columns_follow_from_the_estimates():
    frame = FIT.coefficients(level=0.9).frame
    np.testing.assert_array_equal(frame["estimate"], FIT.params)
    np.testing.assert_array_equal(frame["std_error"], FIT.bse)
    z = frame["estimate"] / frame["std_error"]
    np.testing.assert_allclose(frame["p_value"], 2 * norm.sf(np.abs(z)), rtol=1e-12)
    np.testing.assert_allclose(frame["low"], frame["estimate"] - norm.ppf(0.95) * frame["std_error"], rtol=1e-12)
    np.testing.assert_allclose(frame["log10_p"], np.log10(frame["p_value"]), rtol=1e-12)


def test_a_p_value_beyond_double_precision_keeps_its_logarithm():
    data = pd.DataFrame({"y": [0, 1, 0, 1], "x": [0.0, 0.0, 1.0, 1.0]})
    fit = glmlr.fit("y ~ x", data, freq_weights=[9 * 10**6, 10**6, 10**6, 9 * 10**6])
    row = fit.coefficients()["x"]
    assert row["p_value"] == 0.0
    # log10 of 2 Phi(-|z|) by its asymptotic series: -z^2/2 - log(|z| sqrt(2 pi)) + log(1 - 1/z^2) + log 2.
    z = fit.z["x"]
    series = (-z * z / 2 - np.log(z * np.sqrt(2 * np.pi)) + np.log1p(-1 / z**2) + np.log(2)) / np.log(10)
    assert row["log10_p"] == pytest.approx(series, rel=1e-9)
    assert "<1e-300" in fit.coefficients().to_markdown().replace("&lt;", "<").replace("\\<", "<")


def test_reference_rows_and_levels_of_a_factor():
    frame = FIT.odds_ratios().frame
    race = frame[frame["term"] == "C(race)"]
    assert list(race["level"]) == ["black (reference)", "other", "white"]
    assert race["odds_ratio"].iloc[0] == 1.0
    assert race["odds_ratio"].iloc[2] == pytest.approx(np.exp(FIT.params["C(race)[T.white]"]), rel=1e-14)
    assert "Intercept" not in set(frame["term"])


def test_intervals_are_exp_of_the_coefficients_intervals():
    frame = FIT.odds_ratios(level=0.99).frame.set_index("term")
    interval = FIT.conf_int(level=0.99)
    assert frame.loc["lwt", "low"] == pytest.approx(np.exp(interval.loc["lwt", "low"]), rel=1e-14)
    assert frame.loc["lwt", "high"] == pytest.approx(np.exp(interval.loc["lwt", "high"]), rel=1e-14)


def test_stated_units_sd_and_iqr():
    ten = FIT.odds_ratios(units={"age": 10}).frame.set_index("term").loc["age"]
    assert ten["odds_ratio"] == pytest.approx(np.exp(10 * FIT.params["age"]), rel=1e-14)
    assert ten["level"] == "per 10"
    down = FIT.odds_ratios(units={"lwt": -10}).frame.set_index("term").loc["lwt"]
    assert down["low"] < down["odds_ratio"] < down["high"]
    sd = FIT.odds_ratios(per="sd").frame.set_index("term").loc["age"]
    assert sd["units"] == pytest.approx(BIRTHS["age"].std(), rel=1e-14)
    iqr = FIT.odds_ratios(per="iqr").frame.set_index("term").loc["lwt"]
    assert iqr["units"] == pytest.approx(np.subtract(*np.quantile(BIRTHS["lwt"], [0.75, 0.25])), rel=1e-14)


def test_spread_honours_frequencies():
    times = np.random.default_rng(3).integers(1, 4, size=189)
    weighted = glmlr.fit("low ~ age", BIRTHS, freq_weights=times)
    repeated = np.repeat(BIRTHS["age"].to_numpy(), times)
    assert weighted.odds_ratios(per="sd").frame["units"].iloc[0] == pytest.approx(repeated.std(ddof=1), rel=1e-12)
    quartiles = np.quantile(repeated, [0.75, 0.25])
    assert weighted.odds_ratios(per="iqr").frame["units"].iloc[0] == pytest.approx(
        quartiles[0] - quartiles[1], rel=1e-12
    )


def test_forest_draws_every_row_on_a_log_axis():
    table = FIT.odds_ratios()
    chart = table.chart("forest")
    assert chart.x.scale == "log"
    assert len(chart.y.categories or ()) == len(table)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_other_links_have_no_odds_ratio(link):
    fit = glmlr.fit("low ~ age", BIRTHS, link=link)
    with pytest.raises(NotApplicable, match=f"The {link} link has no odds ratio"):
        fit.odds_ratios()


def test_refusals():
    with pytest.raises(OptionError, match="did you mean 'age'"):
        FIT.odds_ratios(units={"agee": 10})
    with pytest.raises(OptionError, match="other than zero"):
        FIT.odds_ratios(units={"age": 0})
    with pytest.raises(OptionError, match="per='SDs' is not one of"):
        FIT.odds_ratios(per="SDs")
    with pytest.raises(OptionError, match="is not a confidence level"):
        FIT.coefficients(level=95)
    with pytest.raises(ArgumentError, match="did you mean 'level'"):
        FIT.coefficients(levle=0.9)
    with pytest.raises(ArgumentError, match="takes a fitted model"):
        glmlr.coefficients(BIRTHS)
    with pytest.raises(NotApplicable, match="nothing but an intercept"):
        glmlr.fit("low ~ 1", BIRTHS).odds_ratios()


def test_aliased_rows_are_named():
    data = BIRTHS.assign(twice=2 * BIRTHS["age"])
    fit = glmlr.fit("low ~ age + twice + lwt", data)
    table = fit.coefficients()
    assert table["twice"]["note"] == "aliased"
    assert np.isnan(table["twice"]["estimate"])
    assert any("twice = 2 age" in note for note in fit.notes)
    witness = glmlr.fit("low ~ age + lwt", BIRTHS)
    assert fit.params["lwt"] == pytest.approx(witness.params["lwt"], rel=1e-12)


def test_a_column_without_spread_has_its_odds_ratio_per_one():
    # 28 of 189 births have uterine irritability: both quartiles are 0, and an odds ratio for no change is always 1.
    table = glmlr.fit("low ~ age + ui", BIRTHS).odds_ratios(per="iqr")
    frame = table.frame.set_index("term")
    assert frame.loc["ui", "level"] == "per 1"
    assert frame.loc["ui", "odds_ratio"] > 1.5
    assert frame.loc["age", "level"] == "per IQR (7)"
    assert any("The IQR of ui is 0" in note for note in table.notes)


def test_an_aliased_column_has_no_odds_ratio_and_a_note():
    table = glmlr.fit("low ~ age + twice", BIRTHS.assign(twice=2 * BIRTHS["age"])).odds_ratios()
    assert np.isnan(table["twice"]["odds_ratio"])
    assert any("no odds ratio" in note and "twice" in note for note in table.notes)


def test_the_number_of_clusters_is_said():
    assert "There are 6 clusters." in " ".join(glmlr.fit("low ~ age", BIRTHS, cluster="ftv").notes)
    few = glmlr.fit("low ~ age + lwt", BIRTHS, cluster="race")
    assert any("no more than the coefficients" in note for note in few.notes)
