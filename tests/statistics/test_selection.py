"""Does a search take the steps that R takes, and does it say what it costs?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError
from glmlr.statistics.selection import stepwise

WITNESS = read_witness("comparison")
BIRTHS = read_data("birthwt")
ARRESTS = read_data("arrests").assign(y=lambda data: (data["released"] == "Yes").astype(int))
MAIN = "low ~ age + lwt + race + smoke + ptl + ht + ui + ftv"
CROSSED = "low ~ (age + lwt + race + smoke)**2 + ptl + ht + ui"
OF_ARRESTS = "y ~ (colour + age + sex + employed + citizen + checks)**2 + year"

#: name in the witness -> formula, options.
SEARCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "backward": (MAIN, {"direction": "backward"}),
    "both": (MAIN, {}),
    "forward": (MAIN, {"direction": "forward"}),
    "both_null": (MAIN, {"start": "null"}),
    "bic": (MAIN, {"direction": "backward", "by": "bic"}),
    "crossed": (CROSSED, {}),
    "crossed_bic": (CROSSED, {"direction": "backward", "by": "bic"}),
    "kept": (CROSSED, {"direction": "backward", "by": "bic", "keep": "smoke:race"}),
}
OF_ARRESTS_SEARCHES: dict[str, dict[str, Any]] = {
    "both": {},
    "backward": {"direction": "backward"},
    "bic": {"by": "bic"},
    "forward": {"direction": "forward"},
}
BY_P: dict[str, dict[str, Any]] = {
    "p_forward": {"direction": "forward", "enter": 0.15},
    "p_backward": {"direction": "backward"},
    "p_both": {"start": "null", "enter": 0.1, "remove": 0.12},
}


def steps(given: Any) -> list[str]:
    """Write steps with the factors of an interaction in alphabetical order."""
    written = []
    for step in given:
        sign, _, term = str(step).replace("−", "-").partition(" ")
        written.append(f"{sign} {':'.join(sorted(term.split(':')))}")
    return written


@pytest.mark.parametrize("name", SEARCHES)
def test_searches_of_births_are_those_of_step_aic(name: str) -> None:
    # R MASS: stepAIC, with k = log(n) for BIC; tests/witness/comparison.R
    formula, options = SEARCHES[name]
    found, given = stepwise(formula, BIRTHS, **options), WITNESS["births"][name]
    assert steps(found.history["change"][1:]) == steps(given["step"][1:])
    column = options.get("by", "aic")
    assert found.history[column].tolist() == pytest.approx(given["aic"], rel=1e-10)
    assert getattr(found.fit, column) == pytest.approx(given["aic"][-1], rel=1e-10)


@pytest.mark.parametrize(
    "name", ["forward", *(pytest.param(one, marks=pytest.mark.slow) for one in ("both", "backward", "bic"))]
)
def test_searches_of_arrests_are_those_of_step_aic(name: str) -> None:
    options = OF_ARRESTS_SEARCHES[name]
    found, given = stepwise(OF_ARRESTS, ARRESTS, **options), WITNESS["arrests"][name]
    assert steps(found.history["change"][1:]) == steps(given["step"][1:])
    assert found.history[options.get("by", "aic")].tolist() == pytest.approx(given["aic"], rel=1e-10)


@pytest.mark.parametrize("name", BY_P)
def test_searches_by_p_values_are_those_of_drop1_and_add1(name: str) -> None:
    # R: drop1(test = "LRT") and add1(test = "LRT") in a loop.
    found, given = stepwise(MAIN, BIRTHS, by="p", **BY_P[name]), WITNESS["births"][name]
    assert steps(found.history["change"][1:]) == steps(given["step"])
    assert found.history["p_value"][1:].tolist() == pytest.approx(given["p"], rel=1e-8)
    assert found.fit.deviance == pytest.approx(given["deviance"], rel=1e-10)


def test_a_search_by_p_values_of_arrests_respects_marginality() -> None:
    found = stepwise(OF_ARRESTS, ARRESTS, by="p", start="null")
    assert steps(found.history["change"][1:]) == steps(WITNESS["arrests"]["p_both"]["step"])
    assert found.selected[-1] in ("citizen:checks", "checks:citizen")


def test_the_model_at_the_end_is_the_one_fitted_alone() -> None:
    found = stepwise(MAIN, BIRTHS)
    alone = glmlr.fit(found.formula, BIRTHS)
    assert found.formula == "low ~ lwt + race + smoke + ptl + ht + ui"
    assert found.left_out == ("age", "ftv")
    pd.testing.assert_series_equal(found.fit.params, alone.params, rtol=1e-10)
    pd.testing.assert_series_equal(found.fit.bse, alone.bse, rtol=1e-8)
    pd.testing.assert_series_equal(found.fit.predict(BIRTHS.head()), alone.predict(BIRTHS.head()), rtol=1e-10)
    assert "optimistic" in str(found.fit.summary())
    assert "optimistic" in str(found)


def test_a_fitted_model_is_searched_like_its_formula() -> None:
    fit = glmlr.fit(MAIN, BIRTHS, robust="HC1")
    found, same = stepwise(fit), stepwise(MAIN, BIRTHS, robust="HC1")
    assert str(found) == str(same)
    assert found.fit.covariance_kind == same.fit.covariance_kind == "HC1"
    assert found.fit.bse.tolist() == same.fit.bse.tolist()


def test_counts_are_repeated_rows() -> None:
    times = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
    counted = stepwise(MAIN, BIRTHS, by="bic", freq_weights=times)
    repeated = stepwise(MAIN, BIRTHS.loc[BIRTHS.index.repeat(times)], by="bic")
    assert counted.history["change"].tolist() == repeated.history["change"].tolist()
    numbers = counted.history.select_dtypes("number")
    np.testing.assert_allclose(numbers, repeated.history.select_dtypes("number"), rtol=1e-8, atol=1e-10)


def test_all_models_are_of_the_rows_that_are_complete_in_all_candidates() -> None:
    data = BIRTHS.assign(ftv=BIRTHS["ftv"].astype(float).mask(BIRTHS.index % 10 == 0))
    found = stepwise(MAIN, data)
    complete = data.dropna()
    assert "ftv" in found.left_out
    assert found.fit.nobs == len(complete)
    assert found.fit.loglik == pytest.approx(glmlr.fit(found.formula, complete).loglik, rel=1e-12)
    assert f"the same {len(complete)} rows; {len(data) - len(complete)} that lack a value" in str(found)


def test_splines_offsets_and_quoted_names_survive_the_search() -> None:
    data = BIRTHS.assign(**{"the age": BIRTHS["age"], "known": 0.1 * BIRTHS["ui"]})
    found = stepwise(
        "low ~ bs(`the age`, df=4) + bs(lwt, df=4) + smoke + offset(known)", data, keep="bs(`the age`, df=4)"
    )
    assert found.selected[0] == "bs(`the age`, df=4)"
    assert found.formula.endswith("offset(known)")
    again = glmlr.fit(found.formula, data)
    assert found.fit.loglik == pytest.approx(again.loglik, rel=1e-12)
    by_column = stepwise("low ~ lwt + ftv", data, offset="known").fit
    assert by_column.predict(data.head()).tolist() == pytest.approx(
        glmlr.fit("low ~ lwt", data, offset="known").predict(data.head()).tolist(), rel=1e-10
    )


def test_a_term_that_others_determine_is_never_added() -> None:
    data = BIRTHS.assign(twice=2 * BIRTHS["lwt"])
    found = stepwise("low ~ lwt + twice + smoke", data, direction="forward", by="p", enter=0.5)
    assert len({"lwt", "twice"} & set(found.selected)) == 1
    back = stepwise("low ~ lwt + twice + smoke", data, direction="backward", by="p")
    assert len({"lwt", "twice"} & set(back.selected)) == 1


def test_a_search_may_keep_nothing_and_everything() -> None:
    none = stepwise("low ~ ftv", BIRTHS)
    assert none.formula == "low ~ 1"
    assert none.selected == ()
    kept = stepwise("low ~ ftv + age", BIRTHS, keep=["ftv", "age"])
    assert kept.selected == ("ftv", "age")
    assert len(kept.history) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"direction": "up"}, "direction='up'"),
        ({"by": "aicc"}, "by='aicc'"),
        ({"start": "empty"}, "start='empty'"),
        ({"enter": 0.1}, "goes with by='p'"),
        ({"by": "p", "enter": 5}, "not a p-value"),
        ({"by": "p", "enter": 0.2, "remove": 0.1}, "below enter"),
        ({"keep": "smokes"}, "no term of the formula"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        stepwise(MAIN, BIRTHS, **options)


def test_what_cannot_be_searched_says_why() -> None:
    fit = glmlr.fit(MAIN, BIRTHS)
    with pytest.raises(ArgumentError, match="takes no data"):
        stepwise(fit, BIRTHS)
    for own in ({"link": "probit"}, {"event": 0}, {"freq_weights": "ftv"}, {"cluster": "ftv"}, {"offset": "age"}):
        with pytest.raises(ArgumentError, match=f"takes no {next(iter(own))}=; it is the fit's own"):
            stepwise(fit, **own)
    with pytest.raises(ArgumentError, match="a formula and data"):
        stepwise(MAIN)
    with pytest.raises(NotApplicable, match="importance weights"):
        stepwise(glmlr.fit(MAIN, BIRTHS, class_weight="balanced"))
    with pytest.raises(NotApplicable, match="needs an intercept"):
        stepwise("low ~ 0 + race + smoke", BIRTHS)
    with pytest.raises(NotApplicable, match="no terms"):
        stepwise("low ~ 1", BIRTHS)


def test_every_format_prints() -> None:
    table = glmlr.stepwise(MAIN, BIRTHS, by="p", start="null").table
    for one in (table, *table.tables):
        assert one.to_markdown()
        assert one.to_html()
        assert one.to_latex()
        assert str(one)
    assert "a term enters up to 0.05 and a term leaves above 0.05" in str(table)
