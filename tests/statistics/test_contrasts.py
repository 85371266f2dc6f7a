"""Are levels compared as emmeans compares them, and p-values adjusted as they should be?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, studentized_range
from witnesses import births, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError, SeparationWarning
from glmlr.hypotheses.adjusting import adjusted, critical_value, log_range_tail

WITNESS = read_witness("hypotheses")
BIRTHS = births()
PLAIN = "low ~ age + lwt + race + smoke + ht"
CROSSED = "low ~ age * race + lwt + race * C(smoke) + ht"


def fitted(formula: str = PLAIN, **options: Any) -> glmlr.Fit:
    return glmlr.fit(formula, BIRTHS, **options)


def as_in_r(frame: pd.DataFrame, key: str, rtol: float = 1e-7) -> None:
    witness = WITNESS["contrasts"][key]
    ours = {
        "estimate": "estimate",
        "SE": "std_error",
        "z.ratio": "z",
        "p.value": "p_value",
        "LCL": "low",
        "UCL": "high",
    }
    for theirs, mine in ours.items():
        np.testing.assert_allclose(frame[mine], witness[theirs], rtol=rtol, err_msg=f"{key} {mine}")


@pytest.mark.parametrize("adjust", ["holm", "bonferroni", "sidak", "tukey", "none"])
def test_pairs_and_their_adjustments_are_those_of_emmeans(adjust: str) -> None:
    """R's qtukey is good to about 1e-4 of the last interval, which its manual says; ptukey to 1e-8 or so."""
    frame = fitted().contrasts("race", adjust=adjust).frame
    as_in_r(frame, adjust, rtol=1e-5 if adjust == "tukey" else 1e-7)


@pytest.mark.parametrize("method", ["reference", "effect", "successive"])
def test_other_methods_are_those_of_emmeans(method: str) -> None:
    as_in_r(fitted().contrasts("race", method=method, adjust="none").frame, method)


def test_under_interactions_as_in_emmeans() -> None:
    fit = fitted(CROSSED)
    table = fit.contrasts("race")
    as_in_r(table.frame, "crossed")
    assert any("age at its mean" in note and "smoke averaged" in note for note in table.notes)
    stated = fit.contrasts("race", at={"age": 30, "smoke": 1})
    as_in_r(stated.frame, "stated")
    assert not any("averaged" in note for note in stated.notes)


def test_several_stated_values_are_families_of_their_own() -> None:
    fit = fitted(CROSSED)
    both = fit.contrasts("race", at={"smoke": [0, 1], "age": 30}).frame
    assert list(both.columns[:3]) == ["smoke", "age", "contrast"]
    assert len(both) == 6
    for smoke in (0, 1):
        alone = fit.contrasts("race", at={"smoke": smoke, "age": 30}).frame
        part = both[both["smoke"] == smoke].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone[part.columns])


def test_a_comparison_is_a_linear_hypothesis() -> None:
    for options in ({}, {"link": "probit"}, {"link": "cloglog"}, {"class_weight": "balanced"}, {"robust": "HC3"}):
        fit = fitted(**options)
        row = fit.contrasts("race", adjust="none").frame.iloc[2]
        same = fit.wald_test("race[T.other] = race[T.white]").frame.iloc[0]
        for name in ("estimate", "std_error", "low", "high", "p_value"):
            assert row[name] == pytest.approx(same[name], rel=1e-10)


def test_codings_do_not_matter() -> None:
    plain = fitted().contrasts("race").frame
    for coding in ("C(race)", "C(race, Sum)", "C(race, Helmert)"):
        frame = fitted(PLAIN.replace("race", coding)).contrasts("race").frame
        np.testing.assert_allclose(frame["estimate"], plain["estimate"], rtol=1e-8)
        np.testing.assert_allclose(frame["p_value"], plain["p_value"], rtol=1e-7)
    asked = fitted(PLAIN.replace("race", "C(race, Treatment('white'))")).contrasts("race", method="reference")
    assert asked.frame["contrast"].tolist() == ["black - white", "other - white"]
    assert fitted("low ~ C(race)").contrasts("C(race)").frame["contrast"][0] == "black - other"


def test_odds_ratios_are_exponentials() -> None:
    logs, ratios = fitted().contrasts("race").frame, fitted().contrasts("race", scale="odds_ratio").frame
    np.testing.assert_allclose(ratios["odds_ratio"], np.exp(logs["estimate"]), rtol=1e-14)
    np.testing.assert_allclose(ratios[["low", "high"]], np.exp(logs[["low", "high"]]), rtol=1e-14)
    assert ratios["contrast"][0] == "black / other"
    # One factor alone: the odds ratio of its 2 x 2 table.
    counts = pd.crosstab(BIRTHS["race"], BIRTHS["low"])
    odds = counts[1] / counts[0]
    alone = fitted("low ~ race").contrasts("race", scale="odds_ratio").frame["odds_ratio"]
    np.testing.assert_allclose(
        alone, [odds["black"] / odds["other"], odds["black"] / odds["white"], odds["other"] / odds["white"]], rtol=1e-9
    )


def test_counts_are_repeated_rows() -> None:
    times = np.resize([1, 2, 3], len(BIRTHS))
    weighted, repeated = fitted(CROSSED, freq_weights=times), glmlr.fit(CROSSED, BIRTHS.loc[BIRTHS.index.repeat(times)])
    one, other = weighted.contrasts("race").frame, repeated.contrasts("race").frame
    np.testing.assert_allclose(one[["estimate", "p_value"]], other[["estimate", "p_value"]], rtol=1e-8)


def test_an_offset_cancels() -> None:
    given = np.linspace(-1, 1, len(BIRTHS))
    by_array, data = fitted(offset=given), BIRTHS.assign(o=given)
    frame = by_array.contrasts("race").frame
    for fit in (glmlr.fit(PLAIN, data, offset="o"), glmlr.fit(PLAIN + " + offset(o)", data)):
        np.testing.assert_allclose(fit.contrasts("race").frame["estimate"], frame["estimate"], rtol=1e-9)


def test_bools_and_numbers_as_levels() -> None:
    one, other = fitted("low ~ smokes * age").contrasts("smokes"), fitted("low ~ C(smoke) * age").contrasts("smoke")
    np.testing.assert_allclose(one.frame["estimate"], other.frame["estimate"], rtol=1e-9)
    fit = fitted("low ~ smokes * age")
    at = fit.contrasts("smokes", at={"age": 0}, method="reference").frame["estimate"][0]
    assert at == pytest.approx(fit.params["smokes[T.True]"], rel=1e-10)


def test_empty_cells_and_separation_are_said() -> None:
    data = BIRTHS[~((BIRTHS["race"] == "black") & (BIRTHS["smoke"] == 1))]
    table = glmlr.fit("low ~ C(race) * C(smoke)", data).contrasts("race", at={"smoke": 1})
    assert "not estimable" in table.frame["note"][0]
    assert np.isfinite(table.frame["p_value"][2])
    sure = BIRTHS.assign(low=np.where(BIRTHS["race"] == "white", 1, BIRTHS["low"]))
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("low ~ C(race) + age", sure)
    frame = fit.contrasts("race").frame
    assert frame["estimate"].tolist()[1:] == [-np.inf, -np.inf]
    assert frame["high"][1] == np.inf
    assert frame["p_value"].isna().tolist() == [False, True, True]
    # The rows of the other two levels are fitted as if the third were not there.
    alone = glmlr.fit("low ~ C(race) + age", sure[sure["race"] != "white"]).contrasts("race", adjust="none").frame
    assert frame["estimate"][0] == pytest.approx(alone["estimate"][0], rel=1e-7)
    assert frame["p_value"][0] == pytest.approx(alone["p_value"][0], rel=1e-6)
    with pytest.warns(SeparationWarning):
        other = glmlr.fit("low ~ C(race, Treatment('white')) + age", sure).contrasts("race")
    assert other.frame["note"].tolist() == ["separation: infinite estimates cancel", "separation", "separation"]
    assert np.isnan(other.frame["estimate"][0])


def test_what_cannot_be_compared_is_said() -> None:
    fit = fitted()
    for options, match in (
        ({"factor": "rac"}, "did you mean 'race'"),
        ({"factor": "age"}, r"write C\(age\)"),
        ({"factor": "race", "method": "pairs"}, "method"),
        ({"factor": "race", "adjust": "fdr"}, "adjust"),
        ({"factor": "race", "adjust": "tukey", "method": "effect"}, "pairwise"),
        ({"factor": "race", "level": 2}, "level"),
        ({"factor": "race", "scale": "odds"}, "did you mean"),
        ({"factor": "race", "at": {"agee": 3}}, "did you mean 'age'"),
        ({"factor": "race", "at": {"race": "white"}}, "no other column"),
        ({"factor": "race", "at": {"age": []}}, "no value"),
        ({"factor": "race", "at": {"age": None}}, "missing"),
        ({"factor": "race", "at": 3}, "mapping"),
    ):
        with pytest.raises(OptionError, match=match):
            fit.contrasts(**options)
    with pytest.raises(NotApplicable, match="probit"):
        fitted(link="probit").contrasts("race", scale="odds_ratio")
    with pytest.raises(NotApplicable, match="no factor"):
        fitted("low ~ age").contrasts("age")
    with pytest.raises(ArgumentError):
        glmlr.contrasts(3, "race")


def test_tukeys_range_against_r_and_scipy() -> None:
    for q, k, p in zip(*(WITNESS["range"][name] for name in ("q", "k", "p")), strict=True):
        assert np.exp(log_range_tail(q, k)) == pytest.approx(p, rel=1e-7, abs=1e-12)
        assert np.exp(log_range_tail(q, k)) == pytest.approx(studentized_range.sf(q, k, np.inf), rel=1e-6)
    # Two levels: the normal distribution, far into its tail.
    for z in (0.1, 2.0, 9.0, 30.0):
        expected = norm.logsf(z) + np.log(2)
        assert log_range_tail(z * np.sqrt(2), 2) == pytest.approx(expected, rel=1e-12)
    assert log_range_tail(0.0, 3) == 0.0


def test_adjustments_by_hand() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03])
    by = {how: np.exp(adjusted(np.log(p), norm.isf(p / 2), how, 3)) for how in ("holm", "bonferroni", "sidak", "none")}
    np.testing.assert_allclose(by["holm"], [0.03, np.nan, 0.06, 0.06])
    np.testing.assert_allclose(by["bonferroni"], [0.03, np.nan, 0.12, 0.09])
    np.testing.assert_allclose(by["sidak"], 1 - (1 - p) ** 3)
    np.testing.assert_allclose(by["none"], p)
    tiny = adjusted(np.array([-500.0, -1000.0]), np.zeros(2), "sidak", 3)
    np.testing.assert_allclose(tiny, np.array([-500.0, -1000.0]) + np.log(2))
    assert critical_value(0.95, "none", 3, 3) == pytest.approx(norm.ppf(0.975), rel=1e-12)
    assert critical_value(0.95, "holm", 3, 3) == pytest.approx(norm.isf(0.025 / 3), rel=1e-12)
    assert critical_value(0.95, "tukey", 1, 2) == pytest.approx(norm.ppf(0.975), rel=1e-10)


def test_the_chart_shows_the_rows() -> None:
    table = fitted(CROSSED).contrasts("race", at={"smoke": [0, 1]}, scale="odds_ratio")
    chart = table.chart("contrasts")
    assert len(chart.y.categories or ()) == 6
    assert "smoke = 1" in (chart.y.categories or ("",))[-1]
    np.testing.assert_allclose(chart.series[1].x, table.frame["odds_ratio"])
    for shown in (str(table), table.to_markdown(), table.to_html(), table.to_latex()):
        assert "black / other" in shown
