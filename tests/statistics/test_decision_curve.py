"""Is the net benefit that of counting, its error that of R row by row, and its interval right as often as it says?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.ranking import rank
from glmlr.ranking.net_benefit import net_benefit
from glmlr.ranking.redrawn import redrawn
from glmlr.statistics.decision_curve import decision_curve

CUTOFFS = read_witness("cutoffs")
Y, P = np.array(CUTOFFS["y"]), np.array(CUTOFFS["p"])
Z = 1.959963984540054


@pytest.mark.parametrize("expected", CUTOFFS["net_benefit"], ids=lambda one: str(one["threshold"]))
def test_net_benefit_equals_r_row_by_row(expected: dict[str, float]) -> None:
    # tests/witness/cutoffs.R: means and variances over rows, in cohorts and at a stated prevalence of 0.1.
    at = expected["threshold"]
    row = decision_curve(Y, P, thresholds=at).frame.iloc[0]
    for ours, theirs in (("net_benefit", "model"), ("std_error", "std_error"), ("treat_all", "all")):
        assert row[ours] == pytest.approx(expected[theirs], rel=1e-11, abs=1e-14)
    assert row["avoided"] == pytest.approx(expected["avoided"], rel=1e-11)
    assert row["standardized_net_benefit"] == pytest.approx(row["net_benefit"] / Y.mean(), rel=1e-13)
    reach = Z * expected["std_error"]
    bounds = [expected["model"] - reach, expected["model"] + reach]
    assert [row["low"], row["high"]] == pytest.approx(bounds, rel=1e-9, abs=1e-14)
    stated = decision_curve(Y, P, thresholds=at, prevalence=0.1).frame.iloc[0]
    assert stated["net_benefit"] == pytest.approx(expected["stated"], rel=1e-11, abs=1e-14)
    assert stated["std_error"] == pytest.approx(expected["stated_error"], rel=1e-11, abs=1e-14)


def test_net_benefit_is_made_of_scikit_learns_counts() -> None:
    frame = decision_curve(Y, P).frame
    for row in frame.itertuples():
        _, fp, _, tp = confusion_matrix(Y, row.threshold <= P).ravel()
        benefit = (tp - fp * row.threshold / (1 - row.threshold)) / Y.size
        assert row.net_benefit == pytest.approx(benefit, rel=1e-12, abs=1e-15)
        assert row.positive_share == pytest.approx((tp + fp) / Y.size, rel=1e-14)


def test_at_the_prevalence_of_the_rows_a_stated_prevalence_changes_nothing_but_the_error() -> None:
    one, other = decision_curve(Y, P).frame, decision_curve(Y, P, prevalence=float(Y.mean())).frame
    kept = [column for column in one.columns if column not in ("std_error", "low", "high")]
    pd.testing.assert_frame_equal(one[kept], other[kept], rtol=1e-12, atol=1e-15)
    assert (other["std_error"] <= one["std_error"]).all()  # the prevalence is known there


def test_acting_on_all_is_the_benefit_of_a_constant_probability() -> None:
    # Law: probability 1 for everybody acts on all; a score of 1 is at or above every threshold.
    frame = decision_curve(Y, np.ones(Y.size)).frame
    np.testing.assert_allclose(frame["net_benefit"], frame["treat_all"], rtol=1e-12)
    np.testing.assert_allclose(frame["avoided"], 0, atol=1e-13)
    table = decision_curve(Y, np.ones(Y.size))
    assert any("At no threshold is acting on the model worth more" in note for note in table.notes)


def test_perfect_probabilities_have_the_largest_benefit_at_every_threshold() -> None:
    table = decision_curve([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0])
    np.testing.assert_allclose(table["standardized_net_benefit"], 1, rtol=1e-14)
    assert any("worth more than acting on all or on none at thresholds from 0.0025 to 0.998" in n for n in table.notes)


def test_bootstrap_intervals_are_percentiles_of_what_numpy_draws() -> None:
    at, times = 0.3, 40
    draws = redrawn(rank(P, Y), times, seed=2, stratified=False)
    values = []
    for draw in draws:
        above = draw.score >= at
        values.append((draw.events[above].sum() - draw.nonevents[above].sum() * at / (1 - at)) / draw.total)
    row = decision_curve(Y, P, thresholds=at, resamples=times, seed=2).frame.iloc[0]
    assert [row["low"], row["high"]] == pytest.approx(np.quantile(values, [0.025, 0.975]), rel=1e-12)
    assert row["net_benefit"] == decision_curve(Y, P, thresholds=at).frame["net_benefit"].iloc[0]
    with pytest.raises(NotApplicable, match="not whole numbers"):
        decision_curve(Y, P, weight=np.full(Y.size, 0.5), resamples=3)


def test_the_interval_in_closed_form_agrees_with_the_bootstrap() -> None:
    closed = decision_curve(Y, P, thresholds=[0.1, 0.2, 0.3]).frame
    drawn = decision_curve(Y, P, thresholds=[0.1, 0.2, 0.3], resamples=2000).frame
    width = closed["high"] - closed["low"]
    np.testing.assert_allclose(drawn["low"], closed["low"], atol=0.08 * width.max())
    np.testing.assert_allclose(drawn["high"], closed["high"], atol=0.08 * width.max())


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    # 1,000 samples of 400 rows, p uniform and P(event) = p. By integration the net benefit at 0.3 is the mean of
    # (p - (1 - p) 3/7) where p > 0.3.
    generator = np.random.default_rng(8)
    truth = (1 - 0.09) / 2 - 3 / 7 * (0.7 - (1 - 0.09) / 2)
    held = 0
    for _ in range(1000):
        p = generator.random(400)
        found = net_benefit(rank(p, generator.random(400) < p), np.array([0.3]))
        held += abs(found.model[0] - truth) <= Z * found.std_error[0]
    assert abs(held / 1000 - 0.95) < 0.021  # three standard errors of that share


def test_other_models_stand_beside() -> None:
    data = read_data("birthwt")
    fit, small = glmlr.fit("low ~ age + lwt + smoke", data), glmlr.fit("low ~ smoke", data)
    table = fit.decision_curve(beside={"smoking alone": small}, thresholds=[0.2, 0.3])
    beside = table.tables[0]
    assert beside.heading("net_benefit_1") == "smoking alone"
    expected = small.decision_curve(thresholds=[0.2, 0.3])["net_benefit"]
    assert beside["net_benefit_1"].tolist() == expected.tolist()
    assert beside["net_benefit"].tolist() == table["net_benefit"].tolist()
    names = [series.name for series in table.chart().series]
    assert names == ["", "These scores", "smoking alone", "Acting on all", "Acting on none"]
    with pytest.raises(DataError, match="needs probabilities"):
        fit.decision_curve(beside=(Y, 10 * P))


def test_the_chart_ends_where_nobody_is_acted_on() -> None:
    chart = decision_curve(Y, P).chart()
    assert chart.x.limits is not None
    assert P.max() < chart.x.limits[1] <= P.max() + 0.06
    assert all(len(series.x) <= 500 for series in chart.series)
    assert "worth more than acting on all" in chart.alt


@pytest.mark.parametrize("weight", [None, "half"])
def test_one_event_and_scores_at_a_threshold(weight: str | None) -> None:
    # By hand, at 0.5: the event (0.5) is acted on, and no other: 1/3 of a found event per row.
    w = None if weight is None else np.full(3, 0.5)
    row = decision_curve([1, 0, 0], [0.5, 0.4, 0.1], thresholds=0.5, weight=w).frame.iloc[0]
    assert row["net_benefit"] == pytest.approx(1 / 3, rel=1e-15)
    assert row["std_error"] == pytest.approx(math.sqrt(2 / 9 / (3 if w is None else 1.5)), rel=1e-14)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"thresholds": 0}, "thresholds=0 is not a threshold probability"),
        ({"thresholds": [0.1, 1]}, "thresholds=1 is not a threshold probability"),
        ({"thresholds": "0.1"}, "thresholds='0.1' is not a threshold probability"),
        ({"thresholds": []}, "thresholds= is empty"),
        ({"prevalence": 0}, "prevalence=0 is not a share of events"),
        ({"resamples": 1.5}, "resamples=1.5 is not a number of bootstrap samples"),
        ({"level": 1}, "level=1 is not a confidence level"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        decision_curve([0, 1], [0.1, 0.2], **options)


def test_scores_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(DataError, match=r"decision_curve\(\) needs probabilities"):
        decision_curve([0, 1], [1.0, 2.0])
