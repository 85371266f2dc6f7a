"""Are the rates of a confusion table and the cut-offs of each criterion those of R?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics
from witnesses import read_data, read_witness

from glmlr.errors import OptionError
from glmlr.statistics.classification import confusion, cutoffs

WITNESS = read_witness("scores")
CASES = ["ten", "births", "births_rounded", "births_shrunk"]
CARET = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Pos Pred Value",
    "negative_predictive_value": "Neg Pred Value",
    "f1": "F1",
    "prevalence": "Prevalence",
    "detection_rate": "Detection Rate",
    "detection_prevalence": "Detection Prevalence",
    "balanced_accuracy": "Balanced Accuracy",
    "accuracy": "Accuracy",
    "kappa": "Kappa",
    "no_information_rate": "AccuracyNull",
}


@pytest.mark.parametrize("case", CASES)
def test_rates_equal_caret(case: str) -> None:
    # R caret 6.0.93: confusionMatrix; prop.test(correct = FALSE) for Wilson; tests/witness/scores.R
    given, expected = WITNESS[case], WITNESS[case]["confusion"]
    table = confusion(given["y"], given["p"], cutoff=given["cutoff"])
    for ours, theirs in CARET.items():
        assert table[ours] == pytest.approx(expected[theirs], rel=1e-12, abs=1e-15), ours
    frame = table.frame.set_index("measure")
    assert frame.loc["no_information_rate", "p_value"] == pytest.approx(expected["AccuracyPValue"], rel=1e-9)
    assert frame.loc["mcnemar_chi2", "p_value"] == pytest.approx(expected["McnemarPValue"], rel=1e-9)
    for name in ("sensitivity", "accuracy"):
        assert frame.loc[name, ["low", "high"]].tolist() == pytest.approx(expected[f"wilson_{name}"], rel=1e-9)
    exact = confusion(given["y"], given["p"], cutoff=given["cutoff"], interval="exact").frame.set_index("measure")
    assert exact.loc["accuracy", ["low", "high"]].tolist() == pytest.approx(
        [expected["AccuracyLower"], expected["AccuracyUpper"]], rel=1e-9
    )
    cells = table.tables[0].frame
    assert cells["positive"].tolist()[:2] == [expected["tp"], expected["fp"]]
    assert cells["negative"].tolist()[:2] == [expected["fn"], expected["tn"]]


def test_indices_equal_scikit_learn() -> None:
    given = WITNESS["births"]
    y, called = np.array(given["y"]), np.array(given["p"]) >= given["cutoff"]
    table = confusion(given["y"], given["p"], cutoff=given["cutoff"])
    assert table["mcc"] == pytest.approx(metrics.matthews_corrcoef(y, called), rel=1e-12)
    assert table["jaccard"] == pytest.approx(metrics.jaccard_score(y, called), rel=1e-12)
    positive, negative = metrics.class_likelihood_ratios(y, called)
    assert [table["lr_positive"], table["lr_negative"]] == pytest.approx([positive, negative], rel=1e-12)


def test_complements_and_products() -> None:
    # Laws: each rate and its complement add up to 1; DOR = LR+ / LR-; J = LR algebra.
    table = confusion(WITNESS["births"]["y"], WITNESS["births"]["p"], cutoff=0.3)
    for one, other in (
        ("sensitivity", "false_negative_rate"),
        ("specificity", "false_positive_rate"),
        ("precision", "false_discovery_rate"),
        ("negative_predictive_value", "false_omission_rate"),
        ("accuracy", "error_rate"),
    ):
        assert table[one] + table[other] == pytest.approx(1, rel=1e-14)
    assert table["diagnostic_odds_ratio"] == pytest.approx(table["lr_positive"] / table["lr_negative"], rel=1e-12)
    assert table["youden"] == pytest.approx(table["sensitivity"] + table["specificity"] - 1, rel=1e-14)


def test_intervals_of_ratios_by_hand() -> None:
    # TP 2, FP 1, FN 3, TN 4 (the ten scores at 0.5). LR+ = (2/5)/(1/5) = 2, log-variance 1/2 - 1/5 + 1/1 - 1/5 = 1.1;
    # DOR = 8/3, log-variance 1/2 + 1 + 1/3 + 1/4.
    ten = read_data("scores")
    frame = confusion(ten["disease"], ten["probability"]).frame.set_index("measure")
    z = 1.959963984540054
    for name, value, variance in (("lr_positive", 2, 1.1), ("diagnostic_odds_ratio", 8 / 3, 25 / 12)):
        assert frame.loc[name, "value"] == pytest.approx(value, rel=1e-14)
        reach = math.exp(z * math.sqrt(variance))
        assert frame.loc[name, ["low", "high"]].tolist() == pytest.approx([value / reach, value * reach], rel=1e-12)


def test_a_score_at_the_cutoff_is_positive() -> None:
    assert confusion([0, 1], [0.2, 0.5], cutoff=0.5)["sensitivity"] == 1.0
    assert confusion([0, 1], [0.2, np.nextafter(0.5, 0)], cutoff=0.5)["sensitivity"] == 1.0
    assert confusion([0, 1], [0.2, 0.499], cutoff=0.5)["sensitivity"] == 0.0


def test_undefined_rates_are_missing_with_the_reason() -> None:
    nobody = confusion([0, 1, 1], [0.1, 0.2, 0.3], cutoff=0.9)
    assert all(math.isnan(nobody[name]) for name in ("precision", "false_discovery_rate", "mcc", "lr_positive"))
    assert nobody["f1"] == 0.0
    assert any("No row is called positive" in note for note in nobody.notes)
    everybody = confusion([0, 1, 1], [0.1, 0.2, 0.3], cutoff=0.0)
    assert all(math.isnan(everybody[name]) for name in ("negative_predictive_value", "mcc", "lr_negative"))
    assert any("No row is called negative" in note for note in everybody.notes)
    perfect = confusion([0, 1], [0.1, 0.9])
    assert perfect["lr_positive"] == perfect["diagnostic_odds_ratio"] == math.inf
    assert math.isnan(perfect["mcnemar_chi2"])
    assert any("no errors" in note for note in perfect.notes)


@pytest.mark.parametrize("case", CASES[1:])
@pytest.mark.parametrize(("criterion", "method"), [("youden", "youden"), ("closest_corner", "closest")])
def test_best_cutoffs_equal_proc(case: str, criterion: str, method: str) -> None:
    # R pROC: coords("best"); its thresholds lie between scores, ours is the observed score above each.
    given, expected = WITNESS[case], WITNESS[case][method]
    row = cutoffs(given["y"], given["p"])[criterion]
    at, sensitivity, specificity = (np.atleast_1d(expected[name]) for name in ("cutoff", "sensitivity", "specificity"))
    lowest = int(np.argmin(at))
    assert row["cutoff"] == pytest.approx(at[lowest], rel=1e-12)
    assert row["cutoff_high"] == pytest.approx(at.max(), rel=1e-12)
    assert row["sensitivity"] == pytest.approx(sensitivity[lowest], rel=1e-12)
    assert row["specificity"] == pytest.approx(specificity[lowest], rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_best_cutoffs_are_best_by_exhaustion(case: str) -> None:
    given = WITNESS[case]
    y, p = np.array(given["y"]), np.array(given["p"])
    table = cutoffs(given["y"], given["p"], cost_fp=1, cost_fn=4)
    everywhere = {at: (p >= at) for at in np.unique(p)}
    accuracy = {at: float((called == (y == 1)).mean()) for at, called in everywhere.items()}
    f1 = {at: metrics.f1_score(y, called) for at, called in everywhere.items()}
    cost = {
        at: 1 * int((called & (y == 0)).sum()) + 4 * int((~called & (y == 1)).sum())
        for at, called in everywhere.items()
    }
    assert table["max_accuracy"]["accuracy"] == pytest.approx(max(accuracy.values()), rel=1e-14)
    assert table["max_f1"]["f1"] == pytest.approx(max(f1.values()), rel=1e-14)
    assert table["min_cost"]["cost"] == min(cost.values())
    assert cost[table["min_cost"]["cutoff"]] == min(cost.values())


def test_stated_cutoffs_are_the_numbers_themselves() -> None:
    given = WITNESS["births"]
    table = cutoffs(given["y"], given["p"])
    assert table["0.5"]["cutoff"] == 0.5
    assert table["prevalence"]["cutoff"] == pytest.approx(59 / 189, rel=1e-15)  # 59 low births of 189
    called = np.array(given["p"]) >= 59 / 189
    assert table["prevalence"]["tp"] == called[np.array(given["y"]) == 1].sum()
    assert table["prevalence"]["fp"] == called[np.array(given["y"]) == 0].sum()


def test_stated_rates_are_reached_at_the_least_expense() -> None:
    given = WITNESS["births"]
    y, p = np.array(given["y"]), np.array(given["p"])
    table = cutoffs(given["y"], given["p"], sensitivity=[0.9, 1], specificity=0.8)
    at = table["sensitivity_0.9"]["cutoff"]
    assert (p[y == 1] >= at).mean() >= 0.9 > (p[y == 1] > at).mean()
    assert table["sensitivity_1"]["cutoff"] == p[y == 1].min()
    at = table["specificity_0.8"]["cutoff"]
    lower = p[p < at].max()
    assert (p[y == 0] < at).mean() >= 0.8 > (p[y == 0] < lower).mean()


def test_a_rate_out_of_reach_is_named() -> None:
    # The highest score is a non-event: no observed cut-off has specificity 1.
    table = cutoffs([0, 1], [0.9, 0.1], specificity=1)
    assert math.isnan(table["specificity_1"]["cutoff"])
    assert any("no observed score reaches it" in note for note in table.notes)


def test_ties_are_ties_whatever_the_rounding() -> None:
    # The ten scores by hand: J is 1/5 at .2 (5/5 + 1/5), at .3 (4/5 + 2/5) and at .6 (2/5 + 4/5); in floating point
    # the three differ in the last bit, and pROC takes the largest.
    ten = read_data("scores")
    row = cutoffs(ten["disease"], ten["probability"])["youden"]
    assert [row["cutoff_low"], row["cutoff_high"]] == [0.2, 0.6]
    assert 0.2 <= np.min(WITNESS["ten"]["youden"]["cutoff"]) <= 0.6


def test_ties_between_cutoffs_are_a_range() -> None:
    # By hand: y = 0 1 0 1 at .1 .2 .3 .4: J is 1/2 at .2 (TP 2, FP 1) and at .4 (TP 1, FP 0), 0 elsewhere.
    table = cutoffs([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4])
    row = table["youden"]
    assert [row["cutoff"], row["cutoff_low"], row["cutoff_high"]] == [0.2, 0.2, 0.4]
    assert "cutoff_high" in table.roles
    assert any("2 observed cut-offs, from 0.2 to 0.4" in note for note in table.notes)


def test_no_cutoff_separates_when_all_scores_tie() -> None:
    table = cutoffs([0, 1, 1], [0.3] * 3)
    assert table.notes[-1].startswith("No cut-off separates")
    assert math.isnan(table["youden"]["cutoff"])
    assert table["0.5"]["tn"] == 1


def test_doing_nothing_is_named_where_it_is_better() -> None:
    # By hand: the only event scores lowest among ten; every observed cut-off calls at least one row wrongly positive.
    table = cutoffs([1] + [0] * 9, np.arange(1, 11) / 20)
    assert any("Calling no row positive has an accuracy of 0.9000" in note for note in table.notes)
    assert any("Calling no row positive costs 1" in note for note in table.notes)
    assert any("better than chance" in note for note in table.notes)


def test_scores_that_are_no_probabilities_have_no_stated_cutoffs() -> None:
    table = cutoffs([0, 1, 1], [10.0, 20.0, 30.0])
    assert "0.5" not in table.frame["criterion"].tolist()
    assert table["youden"]["cutoff"] == 20.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cost_fp": -1}, "cost_fp=-1 is not a cost"),
        ({"cost_fn": math.inf}, "cost_fn=inf is not a cost"),
        ({"cost_fp": 0, "cost_fn": 0}, "both 0"),
        ({"sensitivity": 90}, "sensitivity=90 cannot be reached"),
        ({"specificity": [0.5, 0]}, "specificity=0 cannot be reached"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        cutoffs([0, 1], [0.1, 0.2], **options)


def test_bad_confusion_options_are_refused() -> None:
    with pytest.raises(OptionError, match="cutoff='high' is not a number"):
        confusion([0, 1], [0.1, 0.2], cutoff="high")
    with pytest.raises(OptionError, match="interval='wald'"):
        confusion([0, 1], [0.1, 0.2], interval="wald")


def test_chart_has_both_rates() -> None:
    given = WITNESS["births"]
    chart = cutoffs(given["y"], given["p"]).chart("cutoffs")
    sensitivity, specificity = chart.series
    assert (np.diff(sensitivity.y) <= 0).all()
    assert (np.diff(specificity.y) >= 0).all()


def test_a_cut_off_above_all_scores_is_said() -> None:
    table = cutoffs([0, 1, 0, 1, 0], [0.1, 0.3, 0.2, 0.4, 0.1])
    assert math.isnan(table["0.5"]["precision"])
    assert any(note.startswith("0.5: no score is as high") for note in table.notes)


def test_a_target_may_be_a_number_of_numpy() -> None:
    table = cutoffs([0, 1, 0, 1], [0.1, 0.3, 0.2, 0.4], sensitivity=np.int64(1))
    assert table["sensitivity_1"]["cutoff"] == 0.3
