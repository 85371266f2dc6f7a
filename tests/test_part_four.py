"""Every figure of the heart-disease text (logistic regression as a GLM) comes out, each by the function that serves it.

The text's own slips are kept out: its totals 210 and 93, and its sums 5.1 and 3.4068, do not add up.
"""

import numpy as np
import pytest
from scipy.special import expit, ndtr

import glmlr

VESSELS = glmlr.datasets.load("heart_vessels")
AGES = glmlr.datasets.load("heart_age")
SCORES = glmlr.datasets.load("scores")
Y = np.array([1, 0, 1, 0, 1, 1, 1, 0, 0, 1])
P = np.array([0.6, 0.3, 0.4, 0.2, 0.6, 0.3, 0.2, 0.7, 0.1, 0.7])


def test_log_odds_by_number_of_vessels():
    frame = glmlr.log_odds_table(VESSELS, "disease + no_disease", "ca", log_base=10).frame.iloc[:5]
    assert frame["n"].tolist() == [175, 65, 38, 20, 5]
    assert frame["events"].tolist() == [134, 21, 7, 3, 4]
    assert frame["nonevents"].tolist() == [41, 44, 31, 17, 1]
    assert frame["rate"].round(4).tolist() == [0.7657, 0.3231, 0.1842, 0.1500, 0.8000]
    assert (1 - frame["rate"]).round(4).tolist() == [0.2343, 0.6769, 0.8158, 0.8500, 0.2000]
    assert frame["odds"].round(4).tolist() == [3.2683, 0.4773, 0.2258, 0.1765, 4.0000]
    assert frame["log_odds"].round(4).tolist() == [0.5143, -0.3212, -0.6463, -0.7533, 0.6021]


def test_log_odds_by_age():
    table = glmlr.log_odds_table(AGES, "disease + no_disease", "age", log_base=10)
    frame = table.frame.iloc[:5]
    assert frame["n"].tolist() == [16, 72, 125, 80, 10]
    assert frame["rate"].round(4).tolist() == [0.6875, 0.6944, 0.5200, 0.4000, 0.6000]
    assert frame["odds"].round(4).tolist() == [2.2000, 2.2727, 1.0833, 0.6667, 1.5000]
    assert frame["log_odds"].round(4).tolist() == [0.3424, 0.3565, 0.0348, -0.1761, 0.1761]
    total = table.frame.iloc[-1]
    assert [total["n"], total["events"], total["nonevents"]] == [303, 164, 139]


def test_totals_of_the_vessels():
    total = glmlr.log_odds_table(VESSELS, "disease + no_disease", "ca").frame.iloc[-1]
    assert [total["n"], total["events"], total["nonevents"]] == [303, 169, 134]


def test_straight_line_through_the_log_odds_beside_maximum_likelihood():
    """Berkson's line: weights n p (1 - p); the other slope is that of the grouped fit."""
    table = glmlr.log_odds_table(VESSELS, "disease + no_disease", "ca")
    lines = table.tables[0].frame
    weight = VESSELS["disease"] * VESSELS["no_disease"] / (VESSELS["disease"] + VESSELS["no_disease"])
    log_odds = np.log(VESSELS["disease"] / VESSELS["no_disease"])
    slope, intercept = np.polyfit(VESSELS["ca"], log_odds, 1, w=np.sqrt(weight))
    assert lines["slope"].iloc[0] == pytest.approx(slope, rel=1e-10)
    assert lines["intercept"].iloc[0] == pytest.approx(intercept, rel=1e-10)
    fit = glmlr.fit("disease + no_disease ~ ca", VESSELS)
    assert lines["slope"].iloc[1] == pytest.approx(fit.params["ca"], rel=1e-8)


def test_likelihood_by_hand():
    table = glmlr.likelihood(Y, P)
    assert table["sum_of_probabilities"] == pytest.approx(5.5, abs=1e-12)
    assert round(table["negative_log10"], 4) == 3.0388
    assert table["loglik"] == pytest.approx(np.log(np.where(Y == 1, P, 1 - P)).sum(), rel=1e-14)


def test_concordance_of_ten_scores():
    table = glmlr.association(SCORES["disease"], SCORES["probability"])
    counts = [table[name] for name in ("pairs", "concordant", "discordant", "tied")]
    assert counts == [25, 13, 9, 3]
    shares = [table[name] for name in ("concordant_share", "discordant_share", "tied_share")]
    assert shares == pytest.approx([0.52, 0.36, 0.12], abs=1e-15)
    assert table["somers_d"] == pytest.approx(0.16, abs=1e-15)
    assert round(table["gamma"], 4) == 0.1818
    assert glmlr.roc(SCORES["disease"], SCORES["probability"])["gini"] == pytest.approx(0.16, abs=1e-15)


def test_the_toy_of_the_definitions():
    table = glmlr.association([0, 0, 1, 1, 1], [0.2, 0.5, 0.5, 0.7, 0.2])
    assert [table[name] for name in ("concordant", "discordant", "tied")] == [3, 1, 2]
    expected = {"somers_d": 1 / 3, "gamma": 1 / 2, "tau_a": 0.2, "c": 2 / 3}
    assert {name: table[name] for name in expected} == pytest.approx(expected, abs=1e-15)


def test_confusion_at_a_cutoff_by_hand():
    # At 0.5: positive are 0.6, 0.6, 0.7 (event), 0.7; so TP 3, FP 1, FN 3, TN 3.
    table = glmlr.confusion(Y, P, cutoff=0.5)
    assert table["sensitivity"] == pytest.approx(3 / 6)
    assert table["specificity"] == pytest.approx(3 / 4)
    assert table["precision"] == pytest.approx(3 / 4)
    assert table["f1"] == pytest.approx(2 * 3 / (2 * 3 + 1 + 3))
    assert table["accuracy"] == pytest.approx(6 / 10)


def test_cutoff_by_share_of_ones_metric_and_corner():
    missed = glmlr.cutoffs(Y, P, cost_fn=5).frame.set_index("criterion")
    alarmed = glmlr.cutoffs(Y, P, cost_fp=5).frame.set_index("criterion")
    assert missed.loc["prevalence", "cutoff"] == pytest.approx(0.6)
    # By hand: at 0.2 all six events are found with three false alarms; at 0.6 three events with one.
    assert missed.loc["max_accuracy", "cutoff"] == 0.2
    # A false negative that costs five times as much keeps the cut-off low; a false alarm that does moves it up.
    assert missed.loc["min_cost", "cutoff"] == 0.2
    assert missed.loc["min_cost", "cost"] == 3
    assert alarmed.loc["min_cost", "cutoff"] > 0.2


@pytest.mark.parametrize(("link", "curve"), [("logit", expit), ("probit", ndtr)])
def test_s_curve_and_scoring_of_new_people(link, curve):
    births = glmlr.datasets.load("birthwt")
    fit = glmlr.fit("low ~ lwt", births, link=link)
    new = {"lwt": [80.0, 130.0, 250.0]}
    expected = curve(fit.params["Intercept"] + fit.params["lwt"] * np.array(new["lwt"]))
    np.testing.assert_allclose(fit.predict(new), expected, rtol=1e-13)


def test_convergence_is_reported():
    fit = glmlr.fit("low ~ lwt", glmlr.datasets.load("birthwt"))
    loglik = [step.loglik for step in fit.solution.trace]
    assert fit.converged
    assert loglik == sorted(loglik)
    assert fit.solution.gradient_norm < 1e-8
