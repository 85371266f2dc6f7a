"""Are concordance, Somers' D, gamma, tau-a, c and the ROC curve what the sources and R say?"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

from glmlr.errors import ArgumentError, DataError, OptionError, RankWarning
from glmlr.fit import fit
from glmlr.statistics.area_comparison import compare_auc
from glmlr.statistics.discrimination import association, roc, roc_curve

WITNESS = read_witness("scores")


def test_the_toy_of_the_definitions() -> None:
    # Counted by hand in the definitions: C 3, D 1, T 2, D 1/3, gamma 1/2, tau-a 0.2, c 2/3.
    table = association([0, 0, 1, 1, 1], [0.2, 0.5, 0.5, 0.7, 0.2])
    assert [table[name] for name in ("pairs", "concordant", "discordant", "tied")] == [6, 3, 1, 2]
    assert table["somers_d"] == pytest.approx(1 / 3, rel=1e-15)
    assert table["gamma"] == 0.5
    assert table["tau_a"] == pytest.approx(0.2, rel=1e-15)
    assert table["c"] == pytest.approx(2 / 3, rel=1e-15)


def test_the_ten_scores_of_the_source() -> None:
    # The source's figures: 25 pairs, 13 concordant (.52), 9 discordant (.36), 3 tied (.12), D .16, gamma .1818.
    ten = read_data("scores")
    table = association(ten["disease"], ten["probability"])
    assert [table[name] for name in ("pairs", "concordant", "discordant", "tied")] == [25, 13, 9, 3]
    assert [table[f"{name}_share"] for name in ("concordant", "discordant", "tied")] == [0.52, 0.36, 0.12]
    assert table["somers_d"] == 0.16
    assert table["gamma"] == pytest.approx(4 / 22, rel=1e-15)


@pytest.mark.parametrize("case", ["ten", "births", "births_rounded", "births_shrunk"])
def test_association_equals_r(case: str) -> None:
    # R: pairs counted by outer(), and Hmisc::somers2; tests/witness/scores.R
    given, expected = WITNESS[case], WITNESS[case]["pairs"]
    table = association(given["y"], given["p"])
    for name in ("concordant", "discordant", "tied"):
        assert table[name] == expected[name]
    for name in ("somers_d", "gamma", "tau_a", "c"):
        assert table[name] == pytest.approx(expected[name], rel=1e-13)
    assert table["c"] == pytest.approx(given["somers2"]["C"], rel=1e-12)
    assert table["somers_d"] == pytest.approx(given["somers2"]["Dxy"], rel=1e-12)


def test_all_tied_has_no_gamma() -> None:
    # By hand: all 6 pairs tie, D = 0, c = 1/2, gamma = 0 / 0.
    table = association([0, 1, 0, 1, 1], [0.3] * 5)
    assert math.isnan(table["gamma"])
    assert (table["somers_d"], table["c"], table["tied"]) == (0.0, 0.5, 6)
    assert any("gamma is undefined" in note for note in table.notes)


def test_scores_apart_in_the_thirteenth_digit_tie() -> None:
    table = association([0, 1], [0.1234567890121, 0.1234567890128])
    assert (table["tied"], table["concordant"]) == (1, 0)


def test_counts_beyond_64_bits_stay_exact_in_the_table() -> None:
    # By hand: 6000000001 events above 5000000003 non-events.
    table = association([1, 0], [0.9, 0.1], weight=[6_000_000_001, 5_000_000_003])
    assert table["concordant"] == 6_000_000_001 * 5_000_000_003
    assert table["c"] == 1.0


def test_weights_that_are_no_counts_are_named() -> None:
    # By hand: one concordant pair of weight 0.5 x 1.5.
    table = association([1, 0], [0.9, 0.1], weight=[0.5, 1.5])
    assert table["concordant"] == pytest.approx(0.75)
    assert any("not whole numbers" in note for note in table.notes)


@pytest.mark.parametrize("case", ["ten", "births", "births_rounded"])
def test_roc_equals_proc(case: str) -> None:
    # R pROC 1.18.0; tests/witness/scores.R
    given, expected = WITNESS[case], WITNESS[case]["area"]
    table = roc(given["y"], given["p"])
    for name in ("auc", "std_error", "low", "high"):
        assert table[name] == pytest.approx(expected[name], rel=1e-10)
    assert table["gini"] == pytest.approx(given["pairs"]["somers_d"], rel=1e-12)


def test_area_is_the_trapezoid_under_the_full_curve() -> None:
    given = WITNESS["births_rounded"]
    curve = roc_curve(given["y"], given["p"]).frame
    trapezoid = np.trapezoid(curve["sensitivity"], curve["false_positive_rate"])
    assert roc(given["y"], given["p"])["auc"] == pytest.approx(trapezoid, rel=1e-13)
    assert curve["cutoff"].iloc[0] == np.inf
    assert (curve["sensitivity"].iloc[0], curve["sensitivity"].iloc[-1]) == (0.0, 1.0)
    assert len(curve) == len(set(given["p"])) + 1


def test_printed_and_drawn_curves_are_thinned_and_keep_their_ends() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(5000)
    table = roc(rng.random(5000) < p, p)
    printed, drawn = table.tables[0].frame, table.chart("roc").series[-1]
    assert 15 <= len(printed) <= 22
    assert 100 <= drawn.x.size <= 500
    for ends in ((printed["sensitivity"].iloc[0], printed["sensitivity"].iloc[-1]), (drawn.y[0], drawn.y[-1])):
        assert ends == (0.0, 1.0)
    # The thinned polygon has nearly the whole area.
    assert np.trapezoid(drawn.y, drawn.x) == pytest.approx(table["auc"], abs=1e-3)


def test_an_area_below_one_half_warns_and_is_not_flipped() -> None:
    with pytest.warns(RankWarning, match="below 1/2") as caught:
        table = roc([1, 1, 0, 0], [0.1, 0.3, 0.2, 0.9])
    assert table["auc"] == 0.25  # by hand: 1 of 4 pairs
    assert caught[0].filename == __file__
    assert any("below 1/2" in note for note in table.notes)


def test_an_area_of_one_half_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = roc([1, 0], [0.3, 0.3])
    assert table["auc"] == 0.5
    assert math.isnan(table["std_error"])
    assert any("no standard error" in note for note in table.notes)


def test_perfect_separation_says_that_its_interval_is_void() -> None:
    table = roc([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert [table[name] for name in ("auc", "std_error", "low", "high")] == [1.0, 0.0, 1.0, 1.0]
    assert any("separate perfectly" in note for note in table.notes)


def test_compare_auc_equals_proc() -> None:
    # R pROC: roc.test(paired = TRUE, method = "delong"); tests/witness/scores.R
    births, expected = read_data("birthwt"), WITNESS["compare"]
    table = compare_auc(births["low"], WITNESS["births"]["p"], -births["lwt"])
    row = table["difference"]
    frame = table.frame.set_index("measure").loc["difference"]
    assert row == pytest.approx(expected["auc"][0] - expected["auc"][1], rel=1e-10)
    assert [frame["z"], frame["p_value"]] == pytest.approx([expected["z"], expected["p_value"]], rel=1e-9)
    assert [frame["low"], frame["high"]] == pytest.approx(expected["interval"], rel=1e-9)


def test_bad_input_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="event"):
        association(pd.Series([1.0, 1.0]), [0.1, 0.2])
    with pytest.raises(OptionError, match="confidence level"):
        roc([0, 1], [0.1, 0.2], level=95)
    with pytest.raises(ArgumentError, match="did you mean 'level'"):
        roc([0, 1], [0.1, 0.2], levell=0.9)
    with pytest.raises(DataError, match=r"shapes|one length"):
        compare_auc([0, 1, 1], [0.1, 0.2, 0.3], [0.1, 0.2])


def test_a_fit_with_many_tied_patterns_equals_r() -> None:
    # R: pairs of the 5,226 arrests counted by outer(), pROC and the Hosmer-Lemeshow table; tests/witness/scores.R.
    # Rows of one covariate pattern have fitted values that agree to the last digits only.
    expected = WITNESS["arrests"]
    released = fit("released ~ colour + age + sex + employed + citizen + checks", read_data("arrests"), event="Yes")
    table = released.association()
    assert [table[name] for name in ("concordant", "discordant", "tied")] == [
        expected["pairs"][name] for name in ("concordant", "discordant", "tied")
    ]
    assert released.roc()["std_error"] == pytest.approx(expected["area"]["std_error"], rel=1e-8)
    assert released.deciles().frame["n"].tolist() == expected["tenths"]["n"]
    assert released.deciles().tables[0]["ks"] == pytest.approx(expected["ks"], rel=1e-9)
    lack = released.hosmer_lemeshow()
    assert lack.tables[0].frame["n"].tolist() == expected["lack_of_fit"]["n"]
    assert lack["hosmer_lemeshow"]["statistic"] == pytest.approx(expected["lack_of_fit"]["chi2"], rel=1e-6)
    rates = released.confusion(cutoff=0.8)
    for ours, theirs in (("sensitivity", "Sensitivity"), ("kappa", "Kappa"), ("accuracy", "Accuracy")):
        assert rates[ours] == pytest.approx(expected["confusion"][theirs], rel=1e-12)
