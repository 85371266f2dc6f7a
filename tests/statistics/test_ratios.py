"""Odds ratios between any levels and at stated values, hazard ratios."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import NotApplicable, OptionError, SeparationWarning

BIRTHS = glmlr.datasets.load("birthwt").assign(
    race=lambda frame: pd.Categorical(frame["race"], ["white", "black", "other"])
)
R = read_witness("profiles")
ALL = "low ~ age + lwt + race + smoke + ptl + ht + ui"
CROSSED = "low ~ age + lwt * smoke + race * smoke"
COLUMNS = ["odds_ratio", "low", "high"]


def row_of(table: Any, term: str, level: str) -> Any:
    """Give the one row of a table."""
    frame = table.frame[(table.frame["term"] == term) & (table.frame["level"] == level)]
    assert len(frame) == 1, table.frame[["term", "level"]]
    return frame.iloc[0]


@pytest.mark.parametrize(("interval", "key", "tolerance"), [("wald", "wald", 1e-8), ("profile", "ends", 1e-7)])
def test_another_reference_is_that_of_a_releveled_factor(interval: str, key: str, tolerance: float) -> None:
    """R: glm with relevel(race, "black"), exp of confint.default and of the roots of the deviance."""
    table = glmlr.fit(ALL, BIRTHS).odds_ratios(reference={"race": "black"}, interval=interval)
    theirs = R["relevelled"]
    for level in ("white", "other"):
        at = theirs["names"].index(f"race{level}")
        ours = row_of(table, "race", level)
        expected = np.exp([theirs["estimate"][at], *theirs[key][at]])
        np.testing.assert_allclose(ours[COLUMNS].astype(float), expected, rtol=tolerance)
    assert row_of(table, "race", "black (reference)")["odds_ratio"] == 1.0
    refitted = glmlr.fit(ALL, BIRTHS.assign(race=BIRTHS["race"].cat.reorder_categories(["black", "white", "other"])))
    same = refitted.odds_ratios(interval=interval)
    for level in ("white", "other"):
        np.testing.assert_allclose(
            row_of(table, "race", level)[[*COLUMNS, "p_value"]].astype(float),
            row_of(same, "race", level)[[*COLUMNS, "p_value"]].astype(float),
            rtol=1e-7,
        )


def test_interactions_at_stated_values() -> None:
    """R: exp of linear combinations of coef(fit), their variance by vcov(fit)."""
    fit, theirs = glmlr.fit(CROSSED, BIRTHS), R["at"]
    for race, key in (("white", "smoke_at_lwt120"), ("black", "smoke_at_lwt120_black")):
        table = fit.odds_ratios(at={"lwt": 120, "race": race})
        ours = table.frame[table.frame["term"] == "smoke"].iloc[0]
        np.testing.assert_allclose(ours[COLUMNS].astype(float), np.exp(theirs[key]), rtol=1e-8)
    table = fit.odds_ratios(at={"smoke": 1}, units={"lwt": 10}, reference={"race": "other"})
    for term, level, key in (
        ("lwt", "per 10, at smoke = 1", "lwt10_at_smoke1"),
        ("race", "black, at smoke = 1", "black_other_at_smoke1"),
    ):
        np.testing.assert_allclose(row_of(table, term, level)[COLUMNS].astype(float), np.exp(theirs[key]), rtol=1e-8)
    assert any("The ratio of smoke depends on race, lwt" in note for note in table.notes)
    assert "smoke" not in set(table.frame["term"])


def test_profile_intervals_at_stated_values_are_those_of_a_shifted_model() -> None:
    """With lwt - 120 in its place the coefficient of smoke is the contrast itself."""
    ours = glmlr.fit("low ~ age + lwt * smoke", BIRTHS).odds_ratios(at={"lwt": 120}, interval="profile")
    shifted = glmlr.fit("low ~ age + lwt * smoke", BIRTHS.assign(lwt=BIRTHS["lwt"] - 120.0))
    theirs = shifted.odds_ratios(interval="profile")
    np.testing.assert_allclose(
        row_of(ours, "smoke", "per 1, at lwt = 120")[[*COLUMNS, "p_value"]].astype(float),
        row_of(theirs, "smoke", "per 1")[[*COLUMNS, "p_value"]].astype(float),
        rtol=1e-6,
    )


def test_a_curve_needs_its_start() -> None:
    """exp of b1 + b2 (2 x + 1) for a square, by hand."""
    fit = glmlr.fit("low ~ age + I(age ** 2) + smoke", BIRTHS)
    left_out = fit.odds_ratios(at={"smoke": 1})
    assert any("ratio of age depends on where it starts" in note for note in left_out.notes)
    b = fit.params
    table = fit.odds_ratios(at={"age": 25})
    ours = table.frame[table.frame["term"] == "age"].iloc[0]
    assert ours["odds_ratio"] == pytest.approx(np.exp(b["age"] + b["I(age ** 2)"] * 51), rel=1e-9)
    assert "25" in ours["level"]


def test_offsets_take_no_part() -> None:
    fit = glmlr.fit("low ~ age + race + offset(lwt / 100)", BIRTHS)
    ours, plain = fit.odds_ratios(reference={"race": "white"}), fit.odds_ratios()
    np.testing.assert_allclose(
        row_of(ours, "race", "black")[COLUMNS].astype(float), row_of(plain, "race", "black")[COLUMNS].astype(float)
    )
    given = glmlr.fit("low ~ age + race", BIRTHS, offset=(BIRTHS["lwt"] / 100).to_numpy())
    np.testing.assert_allclose(
        given.odds_ratios(reference={"race": "white"}).frame["odds_ratio"], ours.frame["odds_ratio"], rtol=1e-9
    )
    column = glmlr.fit("low ~ age + race", BIRTHS.assign(shift=BIRTHS["lwt"] / 100), offset="shift")
    np.testing.assert_allclose(
        column.odds_ratios(reference={"race": "white"}).frame["odds_ratio"], ours.frame["odds_ratio"], rtol=1e-9
    )


def test_bools_are_factors() -> None:
    fit = glmlr.fit("low ~ age * smoke", BIRTHS.assign(smoke=BIRTHS["smoke"] == 1))
    table = fit.odds_ratios(at={"age": 20})
    ours = table.frame[(table.frame["term"] == "smoke") & (table.frame["odds_ratio"] != 1)].iloc[0]
    b = fit.params
    assert ours["odds_ratio"] == pytest.approx(np.exp(b["smoke[T.True]"] + 20 * b["age:smoke[T.True]"]), rel=1e-9)


def test_an_empty_level_is_infinite_or_zero_against_any_other() -> None:
    frame = pd.DataFrame({"g": list("aaaabbbbcccc"), "y": [0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1]})
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g", frame)
    table = fit.odds_ratios(reference={"g": "c"}, interval="profile")
    ours = row_of(table, "g", "a")
    assert ours["odds_ratio"] == 0.0
    assert ours["low"] == 0.0
    assert 0 < ours["high"] < np.inf
    swapped = row_of(fit.odds_ratios(interval="profile"), "g", "c")
    assert swapped["odds_ratio"] == np.inf
    assert ours["high"] == pytest.approx(1 / swapped["low"], rel=1e-5)
    assert any("no p-value" in note for note in table.notes)


def test_wrong_names_and_levels_are_refused() -> None:
    fit = glmlr.fit(CROSSED, BIRTHS)
    for options, words in (
        ({"at": {"smok": 1}}, "'smok' is not a predictor of the model"),
        ({"reference": {"race": "green"}}, "'race' has no level 'green'; it has"),
        ({"reference": {"age": 20}}, "no factor of the model"),
        ({"at": {"age": "old"}}, "'age' is a number"),
    ):
        with pytest.raises(OptionError, match=words):
            fit.odds_ratios(**options)
    with pytest.raises(OptionError, match="determine no ratio"):
        glmlr.fit("low ~ lwt * smoke * race", BIRTHS).odds_ratios(at={"smoke": 1})


def test_hazard_ratios_are_exp_of_the_coefficients() -> None:
    """R: exp of coef() and confint() roots of the cloglog model; the other links refuse."""
    fit = glmlr.fit(ALL, BIRTHS, link="cloglog")
    table, theirs = fit.hazard_ratios(interval="profile"), R["cloglog"]
    ours = row_of(table, "smoke", "per 1")
    np.testing.assert_allclose(
        ours[["low", "high"]].astype(float), np.exp(theirs["ends"][theirs["names"].index("smoke")]), rtol=1e-7
    )
    assert ours["hazard_ratio"] == pytest.approx(np.exp(fit.params["smoke"]))
    assert "Hazard ratio" in table.chart("forest").x.label
    with pytest.raises(NotApplicable, match="hazard_ratios"):
        fit.odds_ratios()
    for link in ("logit", "probit"):
        with pytest.raises(NotApplicable, match='link="cloglog"'):
            glmlr.fit("low ~ age", BIRTHS, link=link).hazard_ratios()
    with pytest.raises(NotApplicable, match="marginal effects"):
        glmlr.fit("low ~ age", BIRTHS, link="probit").odds_ratios()


def test_a_hazard_ratio_is_that_of_grouped_times() -> None:
    """Two groups: log(1 - p) of one over that of the other, by hand."""
    frame = pd.DataFrame({"g": [0] * 20 + [1] * 20, "y": [1] * 5 + [0] * 15 + [1] * 12 + [0] * 8})
    table = glmlr.fit("y ~ g", frame, link="cloglog").hazard_ratios()
    assert table.frame["hazard_ratio"].iloc[0] == pytest.approx(np.log(1 - 0.6) / np.log(1 - 0.25), rel=1e-9)


@pytest.mark.parametrize("option", ["at", "reference", "units"])
@pytest.mark.parametrize("value", ["race", ["race"], 3])
def test_what_is_no_mapping_is_refused_in_a_sentence(option: str, value: object):
    fit = glmlr.fit("low ~ age + race", read_data("birthwt"))
    with pytest.raises(OptionError, match=f"^{option}=.*give a mapping"):
        fit.odds_ratios(**{option: value})


@pytest.mark.parametrize("formula", ["low ~ bs(lwt, df=4) + smoke", "low ~ lwt + I(lwt ** 2) + smoke"])
def test_columns_that_move_together_are_said_to(formula: str):
    data = read_data("birthwt")
    found = glmlr.fit(formula, data).odds_ratios()
    assert any("move together" in note and "lwt" in note and "smoke" not in note for note in found.notes)
    plain = glmlr.fit("low ~ lwt * smoke", data).odds_ratios()
    assert not any("move together" in note for note in plain.notes)


def test_where_a_curve_starts_is_said_plainly():
    fit = glmlr.fit("low ~ lwt * smoke + I(lwt ** 2)", read_data("birthwt"))
    level = fit.odds_ratios(at={"lwt": 120, "smoke": 1}).frame["level"]
    assert "per 1, from 120, at smoke = 1" in level.tolist()
