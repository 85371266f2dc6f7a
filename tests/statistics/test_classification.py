"""Are the rates of a confusion table, and their intervals, those of R and scikit-learn?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics
from witnesses import read_data, read_witness

from glmlr.errors import OptionError
from glmlr.statistics.classification import confusion

WITNESS = read_witness("scores")
CUTOFFS = read_witness("cutoffs")
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


def test_bad_confusion_options_are_refused() -> None:
    with pytest.raises(OptionError, match="cutoff='high' is not a number"):
        confusion([0, 1], [0.1, 0.2], cutoff="high")
    with pytest.raises(OptionError, match="interval='wald'"):
        confusion([0, 1], [0.1, 0.2], interval="wald")


@pytest.mark.parametrize("beta", [-1, 0, math.inf, "2", True])
def test_what_is_no_beta(beta: object) -> None:
    with pytest.raises(OptionError, match="is not a weight of sensitivity in F"):
        confusion([0, 1], [0.1, 0.2], beta=beta)


@pytest.mark.parametrize("prevalence", [0, 1, -0.1, math.nan, "0.1", True])
def test_what_is_no_prevalence(prevalence: object) -> None:
    with pytest.raises(OptionError, match="is not a share of events between 0 and 1"):
        confusion([0, 1], [0.1, 0.2], prevalence=prevalence)


def test_indices_equal_scikit_learn_for_every_beta() -> None:
    y, called = np.array(CUTOFFS["y"]), np.array(CUTOFFS["p"]) >= 0.3
    for beta in (0.5, 2.0):
        table = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3, beta=beta)
        assert table["f_beta"] == pytest.approx(metrics.fbeta_score(y, called, beta=beta), rel=1e-13)
        assert table.heading("f_beta") == f"F{beta:g}"
    assert table["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(y, called), rel=1e-14)
    assert table["error_rate"] == pytest.approx(metrics.hamming_loss(y, called), rel=1e-14)
    assert table["kappa"] == pytest.approx(metrics.cohen_kappa_score(y, called), rel=1e-13)
    # By definition, from scikit-learn's own rates.
    precision, recall = metrics.precision_score(y, called), metrics.recall_score(y, called)
    specificity = metrics.recall_score(1 - y, ~called)
    assert table["fowlkes_mallows"] == pytest.approx(math.sqrt(precision * recall), rel=1e-14)
    assert table["g_mean"] == pytest.approx(math.sqrt(specificity * recall), rel=1e-14)
    assert table["lift"] == pytest.approx(precision / y.mean(), rel=1e-14)
    assert "f_beta" not in confusion(CUTOFFS["y"], CUTOFFS["p"]).frame["measure"].tolist()


def test_the_prevalence_threshold_is_where_precision_bends() -> None:
    # Balayla (2020): the prevalence at which precision as a function of prevalence has the slope of its chord from 0
    # to 1, that is 1.
    table = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3)
    a, b, at = table["sensitivity"], 1 - table["specificity"], table["prevalence_threshold"]
    slope = a * b / (a * at + b * (1 - at)) ** 2
    assert slope == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("name", ["youden", "mcc", "kappa"])
def test_intervals_of_indices_equal_r(name: str) -> None:
    # R: prop.test for Newcombe's method 10; numDeriv for the delta method; tests/witness/cutoffs.R
    row = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3).frame.set_index("measure").loc[name]
    assert row[["value", "low", "high"]].tolist() == pytest.approx(CUTOFFS["confusion"][name], rel=1e-9)


def test_intervals_of_f_and_its_kin_equal_r() -> None:
    frame = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3, beta=2).frame.set_index("measure")
    assert frame.loc["f_beta", ["value", "low", "high"]].tolist() == pytest.approx(CUTOFFS["confusion"]["f2"], rel=1e-9)
    for name in ("jaccard", "f1"):
        assert frame.loc[name, ["low", "high"]].tolist() == pytest.approx(CUTOFFS["confusion"][name], rel=1e-12)
    half = [(1 + bound) / 2 for bound in CUTOFFS["confusion"]["youden"]]
    assert frame.loc["balanced_accuracy", ["value", "low", "high"]].tolist() == pytest.approx(half, rel=1e-12)


def test_exact_intervals_and_mcnemars_exact_p_equal_r() -> None:
    # R: binom.test
    frame = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3, interval="exact").frame.set_index("measure")
    found = frame.loc["youden", ["value", "low", "high"]].tolist()
    assert found == pytest.approx(CUTOFFS["confusion"]["youden_exact"], rel=1e-9)
    p_value = frame.loc["false_positives_of_errors", "p_value"]
    assert p_value == pytest.approx(CUTOFFS["confusion"]["mcnemar_exact"], rel=1e-9)


@pytest.mark.parametrize(("fp", "fn"), [(0, 3), (3, 0), (1, 1), (5, 2), (40, 61)])
def test_mcnemars_exact_p_is_the_binomial_test(fp: int, fn: int) -> None:
    from scipy.stats import binomtest

    y, p = [1] * (2 + fn) + [0] * (3 + fp), [0.9] * 2 + [0.1] * fn + [0.1] * 3 + [0.9] * fp
    row = confusion(y, p).frame.set_index("measure").loc["false_positives_of_errors"]
    assert row["value"] == fp / (fp + fn)
    assert row["p_value"] == pytest.approx(binomtest(fp, fp + fn).pvalue, rel=1e-12)


def test_predictive_values_at_a_prevalence_equal_r() -> None:
    # R caret: posPredValue and negPredValue with prevalence = 0.1; intervals by the formula of Mercaldo et al. (2007).
    table = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3, prevalence=0.1)
    frame, expected = table.frame.set_index("measure"), CUTOFFS["confusion"]
    names = ("precision", "negative_predictive_value")
    assert [table[name] for name in names] == pytest.approx(expected["caret"], rel=1e-12)
    for name, complement in zip(names, ("false_discovery_rate", "false_omission_rate"), strict=True):
        found = frame.loc[name, ["value", "low", "high"]].tolist()
        assert found == pytest.approx(expected["at_a_tenth"][name], rel=1e-12)
        mirrored = frame.loc[complement, ["value", "high", "low"]].tolist()
        assert mirrored == pytest.approx([1 - bound for bound in found], rel=1e-12)
    own = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3)
    for name in ("accuracy", "sensitivity", "f1"):
        assert table[name] == own[name]
    assert any("at a prevalence of 0.1" in note for note in table.notes)
    # At the prevalence of the rows Bayes' rule gives back the shares of the rows.
    again = confusion(CUTOFFS["y"], CUTOFFS["p"], cutoff=0.3, prevalence=own["prevalence"])
    assert [again[name] for name in names] == pytest.approx([own[name] for name in names], rel=1e-13)


def test_extremes_have_values_or_reasons() -> None:
    perfect = confusion([0, 0, 1], [0.1, 0.2, 0.9], prevalence=0.1).frame.set_index("measure")
    assert perfect.loc["precision", "value"] == 1
    assert math.isnan(perfect.loc["precision", "low"])
    assert perfect.loc["mcc", "value"] == perfect.loc["kappa", "value"] == 1
    chance = confusion([0, 1, 0, 1], [0.1, 0.1, 0.9, 0.9])
    assert math.isnan(chance["prevalence_threshold"])
    assert any("no better than chance" in note for note in chance.notes)
