"""Are the points of a scorecard the model's log-odds, scaled as was asked?"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError

TITANIC = read_data("titanic")
FORMULA = "survived ~ woe(age, bins=5) + sex + C(passengerClass)"


@pytest.fixture(scope="module")
def fit() -> glmlr.Fit:
    return glmlr.fit(FORMULA, TITANIC)


def test_unrounded_points_add_up_to_the_log_odds(fit: glmlr.Fit) -> None:
    """By the definition: score = 600 - 20 / ln 2 (log-odds + ln 50), so that odds of 50 to 1 against score 600."""
    card = fit.scorecard(decimals=None)
    eta = fit.predict(kind="link")
    np.testing.assert_allclose(card.score(TITANIC), 600 - 20 / math.log(2) * (eta + math.log(50)), rtol=1e-12)
    np.testing.assert_allclose(card.probability(card.score(TITANIC)), fit.predict(), rtol=1e-9)


@pytest.mark.parametrize("base_points", ["spread", "separate"])
@pytest.mark.parametrize("higher", ["events", "nonevents"])
def test_the_scale(fit: glmlr.Fit, base_points: str, higher: str) -> None:
    card = fit.scorecard(pdo=50, base_score=1000, base_odds=3, higher=higher, base_points=base_points, decimals=None)
    sign = 1 if higher == "events" else -1
    # At the base score the odds are 3 to 1 for what scores high; 50 points on they are 6 to 1.
    for score, odds in ((1000, 3.0), (1050, 6.0), (900, 0.75)):
        p = card.probability(score)
        assert (p / (1 - p)) ** sign == pytest.approx(odds, rel=1e-12)
    np.testing.assert_allclose(card.probability(card.score(TITANIC)), fit.predict(), rtol=1e-9)


def test_a_score_is_the_sum_of_the_printed_points(fit: glmlr.Fit) -> None:
    card = fit.scorecard()
    frame = card.table.frame
    points = {(row.characteristic, row.attribute): row.points for row in frame.itertuples()}
    attributes = [frame["attribute"][frame["characteristic"] == name] for name in ("sex", "passengerClass")]
    for sex, klass in itertools.product(*attributes):
        new = pd.DataFrame({"age": [np.nan], "sex": [sex], "passengerClass": [klass]})
        by_hand = points["age", "Missing"] + points["sex", sex] + points["passengerClass", klass]
        assert card.score(new)[0] == by_hand
        assert card.points(new).sum(axis=1)[0] == by_hand
        assert by_hand == round(by_hand)


def test_rounding_is_told(fit: glmlr.Fit) -> None:
    exact, rounded = fit.scorecard(decimals=None), fit.scorecard()
    worst = float((exact.score(TITANIC) - rounded.score(TITANIC)).abs().max())
    assert worst <= 1.5  # three characteristics, each off by at most half a point
    (note,) = [note for note in rounded.table.notes if "Rounding" in note]
    assert f"{worst:.2g} points" in note
    assert not any("Rounding" in note for note in exact.table.notes)


def test_counts_are_those_of_the_rows(fit: glmlr.Fit) -> None:
    frame = fit.scorecard().table.frame.set_index(["characteristic", "attribute"])
    survived = TITANIC["survived"].eq("yes")
    for sex in ("male", "female"):
        rows = TITANIC["sex"].eq(sex)
        assert frame.loc[("sex", sex), "n"] == rows.sum()
        assert frame.loc[("sex", sex), "events"] == survived[rows].sum()
    assert frame.loc[("age", "Missing"), "n"] == 263
    bands = fit.scorecard().table.tables[0].frame
    assert (bands["n"].sum(), bands["events"].sum()) == (1309, survived.sum())


def test_frequencies_are_repeated_rows() -> None:
    times = np.resize([1, 2, 3], len(TITANIC))
    repeated = TITANIC.loc[TITANIC.index.repeat(times)]
    one = glmlr.fit(FORMULA, TITANIC, freq_weights=times).scorecard()
    other = glmlr.fit(FORMULA, repeated).scorecard()
    for mine, theirs in zip((one.table, *one.table.tables), (other.table, *other.table.tables), strict=True):
        pd.testing.assert_frame_equal(mine.frame, theirs.frame, rtol=1e-9)


def test_class_weights_are_taken_out() -> None:
    fit = glmlr.fit("survived ~ woe(sex) + C(passengerClass)", TITANIC, class_weight="balanced")
    card = fit.scorecard(decimals=None)
    np.testing.assert_allclose(card.probability(card.score(TITANIC)), fit.predict(), rtol=1e-9)


def test_a_factor_coded_otherwise_gives_the_same_scores() -> None:
    one = glmlr.fit("survived ~ C(passengerClass) + sex", TITANIC).scorecard(decimals=None)
    other = glmlr.fit("survived ~ C(passengerClass, Sum) + C(sex, Helmert)", TITANIC).scorecard(decimals=None)
    np.testing.assert_allclose(one.score(TITANIC), other.score(TITANIC), rtol=1e-9)


def test_rows_that_cannot_be_scored(fit: glmlr.Fit) -> None:
    new = TITANIC.head(3).copy()
    new["sex"] = ["male", None, "other"]
    score = fit.scorecard().score(new, unknown="nan")
    assert score.isna().tolist() == [False, True, True]


def test_a_scorecard_is_shown(fit: glmlr.Fit) -> None:
    card = fit.scorecard()
    assert "Points" in str(card)
    assert "<table" in card._repr_html_()
    assert card.table.chart("scores").to_svg().startswith("<svg")
    assert glmlr.scorecard(fit).table.frame.equals(card.table.frame)


@pytest.mark.parametrize(
    ("formula", "options", "words"),
    [
        ("survived ~ age", {}, r"woe\(age\) or cut\(age\)"),
        ("survived ~ woe(age):sex", {}, "interaction"),
        ("survived ~ np.log(2 + woe(age))", {}, "number"),
        ("survived ~ 1", {}, "no term"),
        ("survived ~ sex + offset(age)", {}, "offset"),
    ],
)
def test_models_that_are_no_scorecard(formula: str, options: dict[str, float], words: str) -> None:
    with pytest.raises(NotApplicable, match=words):
        glmlr.fit(formula, TITANIC).scorecard(**options)


def test_other_links_are_refused() -> None:
    with pytest.raises(NotApplicable, match="probit"):
        glmlr.fit("survived ~ sex", TITANIC, link="probit").scorecard()


@pytest.mark.parametrize(
    "options",
    [
        {"pdo": 0},
        {"pdo": "many"},
        {"base_odds": -1},
        {"base_score": math.inf},
        {"decimals": -1},
        {"decimals": 0.5},
        {"higher": "bad"},
        {"base_points": "none"},
    ],
)
def test_bad_options(fit: glmlr.Fit, options: dict[str, object]) -> None:
    (name,) = options
    with pytest.raises(OptionError, match=name):
        fit.scorecard(**options)


def test_a_fit_is_needed() -> None:
    with pytest.raises(ArgumentError, match="fitted model"):
        glmlr.scorecard(TITANIC)  # type: ignore[arg-type]
