"""Do likelihood measures, pseudo R2 and the Hosmer-Lemeshow test equal R's?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

from glmlr.errors import DataError, NotApplicable, OptionError, SeparationWarning
from glmlr.fit import fit
from glmlr.links import LINKS
from glmlr.statistics.goodness import (
    bernoulli_pearson,
    goodness_of_fit,
    grouped_deviance,
    grouped_pearson,
    likelihood_r2,
    small_sample_aic,
)
from glmlr.statistics.hosmer_lemeshow import hosmer_lemeshow

WITNESS = read_witness("scores")
FORMULA = "low ~ age + lwt + C(race) + smoke + ptl + ht + ui + ftv"
VARIANCE = {"logit": math.pi**2 / 3, "probit": 1.0, "cloglog": math.pi**2 / 6}


@pytest.mark.parametrize("link", sorted(LINKS))
def test_goodness_of_fit_equals_r(link: str) -> None:
    # R: glm, logLik, AIC, BIC, residuals(type = "pearson"); tests/witness/scores.R
    expected = WITNESS["fits"][link]
    table = goodness_of_fit(fit(FORMULA, read_data("birthwt"), link=link))
    for ours in ("loglik", "deviance", "null_deviance", "aic", "bic", "tjur", "efron"):
        assert table[ours] == pytest.approx(expected[ours], rel=1e-8), ours
    assert table["pearson_chi2"] == pytest.approx(expected["pearson"], rel=1e-7)
    v = expected["eta_variance"]
    assert table["mckelvey_zavoina"] == pytest.approx(v / (v + VARIANCE[link]), rel=1e-7)
    # Closed forms of the two log-likelihoods R gives.
    n, k, loglik, null = expected["n"], expected["k"], expected["loglik"], -expected["null_deviance"] / 2
    assert table["mcfadden"] == pytest.approx(1 - loglik / null, rel=1e-8)
    assert table["mcfadden_adjusted"] == pytest.approx(1 - (loglik - k) / null, rel=1e-8)
    cox_snell = 1 - math.exp(2 * (null - loglik) / n)
    assert table["cox_snell"] == pytest.approx(cox_snell, rel=1e-8)
    assert table["nagelkerke"] == pytest.approx(cox_snell / (1 - math.exp(2 * null / n)), rel=1e-8)
    assert table["aicc"] == pytest.approx(expected["aic"] + 2 * k * (k + 1) / (n - k - 1), rel=1e-8)


def test_global_test_and_nagelkerke_equal_rms() -> None:
    # R rms::lrm: stats["Model L.R."], stats["R2"]; lrm iterates to about 1e-7.
    table = goodness_of_fit(fit(FORMULA, read_data("birthwt")))
    row = table.frame.set_index("measure").loc["lr_chi2"]
    assert row["value"] == pytest.approx(WITNESS["lr_chi2"], rel=1e-6)
    assert row["df"] == 9
    assert row["p_value"] == pytest.approx(WITNESS["lr_p"], rel=1e-5)
    assert row["log10_p"] == pytest.approx(math.log10(WITNESS["lr_p"]), rel=1e-6)
    assert table["nagelkerke"] == pytest.approx(WITNESS["nagelkerke"], rel=1e-6)


def test_grouped_measures_equal_r() -> None:
    # R: glm(cbind(s, n - s) ~ factor(race) + smoke + ht); the Bernoulli measures are those of the single rows.
    births, expected = read_data("birthwt"), WITNESS["grouped"]
    rows = pd.DataFrame(expected["rows"]).assign(failures=lambda d: d["n"] - d["s"])
    grouped = goodness_of_fit(fit("s + failures ~ C(race) + smoke + ht", rows))
    frame = grouped.frame.set_index("measure")
    assert frame.loc["grouped_deviance", "value"] == pytest.approx(expected["deviance"], rel=1e-8)
    assert frame.loc["grouped_deviance", "df"] == expected["df"]
    assert frame.loc["grouped_deviance", "p_value"] == pytest.approx(expected["p_deviance"], rel=1e-8)
    assert frame.loc["grouped_pearson_chi2", "value"] == pytest.approx(expected["pearson"], rel=1e-7)
    assert grouped["grouped_dispersion"] == pytest.approx(expected["pearson"] / expected["df"], rel=1e-7)
    single = goodness_of_fit(fit("low ~ C(race) + smoke + ht", births))
    for name in single.frame["measure"]:
        assert grouped[name] == pytest.approx(single[name], rel=1e-9), name
    assert np.isnan(frame.loc[["deviance", "pearson_chi2"], "p_value"]).all()


def test_a_saturated_grouped_model_has_no_deviance() -> None:
    # Closed form: one probability per row reproduces the shares; deviance and Pearson 0.
    y, trials = np.array([0.25, 0.5, 0.0, 1.0]), np.array([4.0, 10.0, 3.0, 5.0])
    for link in LINKS.values():
        with np.errstate(divide="ignore"):
            eta = link.link(y)
        eta[2:] = [-np.inf, np.inf]
        assert grouped_deviance(y, trials, eta, link) == pytest.approx(0, abs=1e-12)
        assert grouped_pearson(y, trials, eta, link) == pytest.approx(0, abs=1e-12)


def test_pearson_is_exact_in_the_tails() -> None:
    # Closed form for the logit: (1 - p) / p = exp(-eta) for an event, p / (1 - p) = exp(eta) for a non-event, also
    # where 1 - p is below the resolution of a double.
    got = bernoulli_pearson(np.array([1.0, 0.0]), np.ones(2), np.array([-50.0, 40.0]), LINKS["logit"])
    assert got == pytest.approx(math.exp(50) + math.exp(40), rel=1e-12)
    certain = bernoulli_pearson(np.array([1.0, 0.0]), np.ones(2), np.array([np.inf, -np.inf]), LINKS["logit"])
    assert certain == 0.0


def test_small_sample_aic_needs_rows() -> None:
    assert math.isnan(small_sample_aic(-3.0, 5, 4))
    assert small_sample_aic(-3.0, 6, 4) == pytest.approx(6 + 8 + 40, rel=1e-15)  # 2 k (k + 1) / (6 - 5) = 40


def test_a_perfect_model_reaches_one() -> None:
    # Closed form at l = 0: McFadden 1, Nagelkerke 1, Cox & Snell 1 - exp(2 l0 / n).
    values = likelihood_r2(0.0, -10.0, 20.0, 2)
    assert (values["mcfadden"], values["nagelkerke"]) == (1.0, 1.0)
    assert values["cox_snell"] == pytest.approx(1 - math.exp(-1), rel=1e-14)


def test_null_model_explains_nothing() -> None:
    table = goodness_of_fit(fit("low ~ 1", read_data("birthwt")))
    assert all(table[name] == pytest.approx(0, abs=1e-12) for name in ("mcfadden", "cox_snell", "tjur", "efron"))
    assert math.isnan(table["lr_chi2"])


def test_a_model_without_intercept_has_no_global_test() -> None:
    births = read_data("birthwt")
    table = goodness_of_fit(fit("low ~ 0 + lwt", births))
    assert math.isnan(table["lr_chi2"])
    assert any("no intercept" in note for note in table.notes)
    # A factor with a column for every level contains the constant: the same model as with an intercept.
    full, treated = (goodness_of_fit(fit(f"low ~ {terms}", births)) for terms in ("0 + C(race)", "C(race)"))
    assert full["lr_chi2"] == pytest.approx(treated["lr_chi2"], rel=1e-9)


def test_importance_weights_are_labelled_and_give_no_p() -> None:
    table = goodness_of_fit(fit("low ~ lwt + smoke", read_data("birthwt"), class_weight="balanced"))
    assert "weighted pseudo-likelihood" in table.heading("loglik")
    assert "weighted pseudo-likelihood" not in table.heading("tjur")
    assert table.frame["p_value"].isna().all()
    assert any("pseudo-likelihood" in note for note in table.notes)


def test_separated_rows_are_named() -> None:
    data = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1], "x": [1.0, 2, 3, 4, 5, 6]})
    with pytest.warns(SeparationWarning):
        separated = fit("y ~ x", data)
    table = goodness_of_fit(separated)
    assert table["mcfadden"] == pytest.approx(1.0, abs=1e-6)
    assert math.isnan(table["mckelvey_zavoina"])
    assert any("separation" in note for note in table.notes)
    assert table["pearson_chi2"] == pytest.approx(0.0, abs=1e-6)


# ------------------------------------------------------------------------------------------------ Hosmer-Lemeshow


def test_hosmer_lemeshow_equals_r() -> None:
    # R: ResourceSelection::hoslem.test written out; tests/witness/scores.R
    table = hosmer_lemeshow(fit(FORMULA, read_data("birthwt")))
    expected = WITNESS["births"]["lack_of_fit"]
    row = table["hosmer_lemeshow"]
    assert [row["statistic"], row["df"], row["p_value"], row["groups"]] == pytest.approx(
        [expected["chi2"], expected["df"], expected["p_value"], 10], rel=1e-7
    )
    cells = table.tables[0].frame
    np.testing.assert_array_equal(cells["events"], expected["events"])
    np.testing.assert_allclose(cells["expected_events"], expected["expected"], rtol=1e-7)
    assert cells["contribution"].sum() == pytest.approx(expected["chi2"], rel=1e-7)


def test_hosmer_lemeshow_with_ties_equals_r_on_arrays() -> None:
    # On scores from elsewhere the degrees of freedom are the groups; the chi-square is R's.
    given = WITNESS["births_rounded"]
    row = hosmer_lemeshow(given["y"], given["p"])["hosmer_lemeshow"]
    assert row["statistic"] == pytest.approx(given["lack_of_fit"]["chi2"], rel=1e-11)
    assert row["df"] == len(given["lack_of_fit"]["n"])


def test_small_expected_counts_are_flagged() -> None:
    # From R's expected counts of the fit: events and non-events below 5.
    expected = WITNESS["births"]["lack_of_fit"]
    few = (np.array(expected["expected"]) < 5) | (np.array(expected["n"]) - np.array(expected["expected"]) < 5)
    table = hosmer_lemeshow(WITNESS["births"]["y"], WITNESS["births"]["p"])
    np.testing.assert_array_equal(table.tables[0].frame["small"], few)
    assert any("expected counts are below 5" in note for note in table.notes)


def test_too_few_patterns_do_not_apply() -> None:
    with pytest.raises(NotApplicable, match="4 distinct probabilities form 2 of the 10"):
        hosmer_lemeshow(fit("low ~ smoke + ht", read_data("birthwt")))
    assert len(WITNESS["small"]["n"]) == 2  # R forms two groups as well


def test_groups_of_certain_rows() -> None:
    # By hand: a group at p = 0 without events adds 0; with an event it is infinitely unlikely.
    y, p = [0, 0, 0, 1, 1, 0, 1, 1], [0.0, 0.0, 0.3, 0.3, 0.6, 0.6, 1.0, 1.0]
    cells = hosmer_lemeshow(y, p, groups=4).tables[0].frame
    assert cells["contribution"].iloc[0] == 0.0
    assert np.isfinite(cells["contribution"]).all()
    table = hosmer_lemeshow([1, *y[1:]], p, groups=4)
    assert table["hosmer_lemeshow"]["statistic"] == math.inf
    assert table["hosmer_lemeshow"]["p_value"] == 0.0
    assert any("infinite" in note for note in table.notes)


def test_frequency_weights_are_repeated_rows() -> None:
    births = read_data("birthwt")
    times = np.resize([1, 2, 3], len(births))
    repeated = births.loc[births.index.repeat(times)].reset_index(drop=True)
    one = fit("low ~ lwt + smoke", births, freq_weights=times)
    other = fit("low ~ lwt + smoke", repeated)
    pd.testing.assert_frame_equal(hosmer_lemeshow(one).frame, hosmer_lemeshow(other).frame, rtol=1e-8)
    pd.testing.assert_frame_equal(goodness_of_fit(one).frame, goodness_of_fit(other).frame, rtol=1e-8)


def test_bad_input_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="needs probabilities"):
        hosmer_lemeshow([0, 1, 1], [1.0, 2.0, 3.0])
    with pytest.raises(OptionError, match="groups=2"):
        hosmer_lemeshow([0, 1, 1], [0.1, 0.2, 0.3], groups=2)


def test_a_constant_without_an_intercept_is_found() -> None:
    # The cells of two factors, without an intercept, are the same model as their main effects and interaction.
    births = read_data("birthwt")
    cells = goodness_of_fit(fit("low ~ 0 + C(race):C(smoke)", births))
    usual = goodness_of_fit(fit("low ~ C(race) * C(smoke)", births))
    assert cells["lr_chi2"] == pytest.approx(usual["lr_chi2"], rel=1e-9)
    assert cells.frame.set_index("measure").loc["lr_chi2", "df"] == 5
    without = goodness_of_fit(fit("low ~ 0 + age", births))
    assert math.isnan(without["lr_chi2"])
    assert any("no intercept" in note for note in without.notes)


def test_the_null_model_explains_exactly_nothing() -> None:
    table = goodness_of_fit(fit("low ~ 1", read_data("birthwt")))
    for name in ("mcfadden", "cox_snell", "nagelkerke", "tjur", "efron", "mckelvey_zavoina"):
        assert table[name] == 0.0
    assert math.isnan(table["lr_chi2"])
    assert any("is the null model" in note for note in table.notes)


def test_what_does_not_exist_is_said() -> None:
    doses = pd.DataFrame({"dead": [3, 5], "alive": [7, 5], "dose": ["low", "high"]})
    table = goodness_of_fit(fit("dead + alive ~ dose", doses))
    assert table["grouped_deviance"] == pytest.approx(0, abs=1e-12)
    assert math.isnan(table["grouped_dispersion"])
    assert any("as many coefficients as grouped rows" in note for note in table.notes)
