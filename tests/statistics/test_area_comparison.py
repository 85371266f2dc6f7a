"""Are areas compared as R and SAS compare them, on the same rows and on others?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError, RankWarning
from glmlr.statistics.area_comparison import compare_auc, compare_auc_unpaired
from glmlr.statistics.discrimination import roc

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
FULL = np.array(WITNESS["cases"]["full"]["p"])
SOME = np.array(WITNESS["several"]["some"])
BIRTHS = read_data("birthwt")
AGE = BIRTHS["age"].to_numpy(dtype=float)
SMOKES = (BIRTHS["smoke"] == 1).to_numpy()


def test_several_scores_at_once_equal_proc() -> None:
    # R pROC: variances and covariances of the three areas, chi-square of L theta; tests/witness/discrimination.R
    given = WITNESS["several"]
    table = compare_auc(Y, {"full": FULL, "some": SOME, "age": AGE})
    pairwise, equality = table.tables
    assert equality["statistic"].iloc[0] == pytest.approx(given["statistic"], rel=1e-10)
    assert equality["df"].tolist() == [2]
    assert equality["p_value"].iloc[0] == pytest.approx(given["p_value"], rel=1e-10)
    row = pairwise.frame.set_index("measure").loc["some - age"]
    assert [row["z"], row["p_value"]] == pytest.approx([given["pair_z"], given["pair_p"]], rel=1e-9)


def test_several_scores_agree_with_each_alone_and_with_pairs() -> None:
    scores = {"full": FULL, "some": SOME, "age": AGE}
    table = compare_auc(Y, scores, level=0.9)
    for name, score in scores.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RankWarning)  # age alone ranks low weights last
            alone = roc(Y, score, level=0.9)
        row = table.frame.set_index("measure").loc[name]
        assert row.tolist() == [alone["auc"], alone["std_error"], alone["low"], alone["high"]]
    pairs = table.tables[0].frame.set_index("measure")
    two = compare_auc(Y, FULL, AGE, level=0.9).frame.set_index("measure").loc["difference"]
    assert pairs.loc["full - age"].tolist() == two.tolist()
    assert any("not adjusted" in note for note in table.tables[0].notes)


def test_two_scores_make_the_chi_square_the_square_of_z() -> None:
    table = compare_auc(Y, pd.DataFrame({"full": FULL, "age": AGE}))
    z = table.tables[0].frame["z"].iloc[0]
    assert table.tables[1].frame["statistic"].iloc[0] == pytest.approx(z**2, rel=1e-12)


def test_scores_that_rank_alike_take_a_degree_of_freedom_away() -> None:
    table = compare_auc(Y, {"full": FULL, "again": np.sqrt(FULL), "age": AGE})
    two = compare_auc(Y, {"full": FULL, "age": AGE})
    assert table.tables[1].frame["df"].tolist() == [1]
    assert table.tables[1]["statistic"].iloc[0] == pytest.approx(two.tables[1]["statistic"].iloc[0], rel=1e-10)
    assert any("rank the rows alike" in note for note in table.tables[1].notes)
    assert any("no test" in note for note in table.tables[0].notes)


def test_nothing_to_tell_apart() -> None:
    test = compare_auc(Y, {"full": FULL, "again": FULL}).tables[1]
    assert test.frame["df"].tolist() == [0]
    assert math.isnan(test["p_value"].iloc[0])
    assert any("nothing to test" in note for note in test.notes)


def test_the_order_of_scores_does_not_change_the_test_of_equality() -> None:
    one = compare_auc(Y, {"full": FULL, "some": SOME, "age": AGE}).tables[1]["statistic"].iloc[0]
    other = compare_auc(Y, {"age": AGE, "full": FULL, "some": SOME}).tables[1]["statistic"].iloc[0]
    assert one == pytest.approx(other, rel=1e-10)


def test_the_paired_bootstrap_is_that_of_proc_within_its_noise() -> None:
    # R pROC: roc.test(method = "bootstrap", boot.n = 10000); ours of 4,000 has noise of 1.1%.
    given = WITNESS["paired_bootstrap"]
    table = compare_auc(Y, FULL, SOME, method="bootstrap", resamples=4000)
    row = table.frame.set_index("measure").loc["difference"]
    assert row["z"] == pytest.approx(given["z"], rel=0.04)
    assert row["p_value"] == pytest.approx(2 * norm.sf(abs(row["z"])), rel=1e-12)
    assert row["value"] == compare_auc(Y, FULL, SOME)["difference"]
    assert row["std_error"] == pytest.approx(
        compare_auc(Y, FULL, SOME).frame["std_error"].iloc[2], rel=0.05
    )  # DeLong's is its limit
    assert row["low"] < row["value"] < row["high"]


@pytest.mark.parametrize("method", ["delong", "bootstrap"])
def test_weights_are_repeated_rows_and_their_order_does_not_matter(method: str) -> None:
    times = np.resize([1, 2, 3, 0], Y.size)
    rows = np.repeat(np.arange(Y.size), times)
    mixed = np.random.default_rng(3).permutation(rows)
    options = {"method": method, "resamples": 40}
    one = compare_auc(Y, {"a": FULL.round(1), "b": AGE}, weight=times, **options)
    for which in (rows, mixed):
        other = compare_auc(Y[which], {"a": FULL[which].round(1), "b": AGE[which]}, **options)
        pd.testing.assert_frame_equal(one.frame, other.frame, rtol=1e-12)
        for left, right in zip(one.tables, other.tables, strict=True):
            pd.testing.assert_frame_equal(left.frame, right.frame, rtol=1e-11)


def test_areas_on_different_rows_equal_proc() -> None:
    # R pROC: roc.test(paired = FALSE, method = "delong") refers the statistic to t; tests/witness/discrimination.R
    given = WITNESS["unpaired"]
    pairs = (Y[SMOKES], FULL[SMOKES]), (Y[~SMOKES], FULL[~SMOKES])
    row = compare_auc_unpaired(*pairs, distribution="t").frame.set_index("measure").loc["difference"]
    assert row["statistic"] == pytest.approx(given["statistic"], rel=1e-11)
    assert row["df"] == pytest.approx(given["df"], rel=1e-11)
    assert row["p_value"] == pytest.approx(given["p_value"], rel=1e-11)


def test_areas_on_different_rows_by_the_normal_distribution() -> None:
    # Closed form: z = difference / sqrt(se^2 + se^2) of the areas alone; its square is Stata's chi-square.
    pairs = (Y[SMOKES], FULL[SMOKES]), (Y[~SMOKES], FULL[~SMOKES])
    table, areas = compare_auc_unpaired(*pairs), [roc(*pair) for pair in pairs]
    z = (areas[0]["auc"] - areas[1]["auc"]) / math.hypot(areas[0]["std_error"], areas[1]["std_error"])
    row = table.frame.set_index("measure").loc["difference"]
    assert row["z"] == pytest.approx(z, rel=1e-12)
    assert row["p_value"] == pytest.approx(chi2.sf(z**2, 1), rel=1e-12)
    assert "df" not in table.frame


def test_unpaired_bootstraps_are_of_independent_samples() -> None:
    pairs = (Y[SMOKES], FULL[SMOKES]), (Y[~SMOKES], FULL[~SMOKES])
    table = compare_auc_unpaired(*pairs, method="bootstrap", resamples=4000)
    exact = compare_auc_unpaired(*pairs)
    for name in ("first", "second", "difference"):
        one, other = (each.frame.set_index("measure").loc[name, "std_error"] for each in (table, exact))
        assert one == pytest.approx(other, rel=0.06)
    # The same rows twice are still drawn apart.
    twice = compare_auc_unpaired(pairs[0], pairs[0], method="bootstrap", resamples=200)
    assert twice.frame.set_index("measure").loc["difference", "std_error"] > 0.03


def test_fits_and_arrays_may_be_mixed() -> None:
    fit = glmlr.fit("low ~ age + lwt", BIRTHS)
    one = compare_auc_unpaired(fit, (Y, FULL))
    other = compare_auc_unpaired((Y, fit.probabilities), (Y, FULL, np.ones(Y.size)))
    pd.testing.assert_frame_equal(one.frame, other.frame, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: compare_auc(Y, FULL), ArgumentError, "takes two scores"),
        (lambda: compare_auc(Y, {"a": FULL}), ArgumentError, "there is 1"),
        (lambda: compare_auc(Y, {"a": FULL, "b": AGE}, AGE), ArgumentError, "leave out the third"),
        (lambda: compare_auc(Y, FULL, AGE[:5]), DataError, "one length"),
        (lambda: compare_auc(Y, FULL, AGE, method="delon"), OptionError, "did you mean 'delong'"),
        (lambda: compare_auc(Y, FULL, AGE, method="bootstrap", resamples=0), OptionError, "bootstrap samples"),
        (lambda: compare_auc(Y, FULL, AGE, methods="delong"), ArgumentError, "did you mean 'method'"),
        (
            lambda: compare_auc(Y, FULL, AGE, method="bootstrap", weight=np.full(Y.size, 0.5)),
            NotApplicable,
            "not whole numbers",
        ),
        (lambda: compare_auc_unpaired(FULL, (Y, FULL)), ArgumentError, r"as a pair \(y, p\)"),
        (lambda: compare_auc_unpaired((Y, FULL), (Y, AGE), distribution="z"), OptionError, "distribution"),
        (
            lambda: compare_auc_unpaired((Y, FULL), (Y, AGE), distribution="t", method="bootstrap"),
            OptionError,
            "no degrees of freedom",
        ),
        (lambda: compare_auc_unpaired((Y, FULL), (Y, AGE), method="bootstrap", seed="a"), OptionError, "no seed"),
        (lambda: compare_auc_unpaired((Y[Y == 1], FULL[Y == 1]), (Y, AGE)), DataError, "one value only"),
    ],
)
def test_what_cannot_be_compared_is_said(call: Callable[[], Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


def test_one_event_has_no_test() -> None:
    y = [0, 0, 0, 1]
    table = compare_auc(y, {"a": [1.0, 2, 3, 4], "b": [2.0, 1, 4, 3]})
    assert math.isnan(table.tables[1]["p_value"].iloc[0])
    assert any("one event" in note for note in table.tables[1].notes)


def test_every_format_prints() -> None:
    for table in (
        compare_auc(Y, FULL, AGE),
        compare_auc(Y, {"a": FULL, "b": AGE}, method="bootstrap", resamples=5),
        compare_auc_unpaired((Y, FULL), (Y, AGE), distribution="t"),
    ):
        for text in (str(table), table.to_markdown(), table.to_html(), table.to_latex()):
            assert "AUC" in text
