"""Do the laws hold that every statistic of scores must obey, whatever the numbers are?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
from witnesses import read_witness

from glmlr.errors import RankWarning
from glmlr.exhibits import Table
from glmlr.statistics import calibration as calibrating
from glmlr.statistics import (
    classification,
    concentration,
    deciles,
    detection_errors,
    discrimination,
    hosmer_lemeshow,
    kolmogorov_smirnov,
    operating_points,
    partial_area,
    precision_recall,
)
from glmlr.statistics import cutoffs as choosing
from glmlr.statistics import decision_curve as deciding

WITNESS = read_witness("scores")
ALL: dict[str, Callable[..., Table]] = {
    "association": discrimination.association,
    "roc": discrimination.roc,
    "roc_curve": discrimination.roc_curve,
    "operating_points": operating_points.operating_points,
    "partial_auc": partial_area.partial_auc,
    "precision_recall": precision_recall.precision_recall,
    "precision_recall_curve": precision_recall.precision_recall_curve,
    "det": detection_errors.det,
    "ks": kolmogorov_smirnov.ks,
    "concentration": concentration.concentration,
    "calibration": calibrating.calibration,
    "deciles": deciles.deciles,
    "confusion": classification.confusion,
    "cutoffs": choosing.cutoffs,
    "decision_curve": deciding.decision_curve,
    "hosmer_lemeshow": hosmer_lemeshow.hosmer_lemeshow,
}


def scores(case: str) -> tuple[np.ndarray, np.ndarray]:
    return np.array(WITNESS[case]["y"]), np.array(WITNESS[case]["p"])


def frames(table: Table) -> Iterator[pd.DataFrame]:
    yield table.frame
    for companion in table.tables:
        yield from frames(companion)


def assert_same_bits(one: Table, other: Table) -> None:
    for left, right in zip(frames(one), frames(other), strict=True):
        pd.testing.assert_frame_equal(left, right, check_exact=True)
    assert one.notes == other.notes
    for left, right in zip(one.charts, other.charts, strict=True):
        for drawn, again in zip(left.series, right.series, strict=True):
            np.testing.assert_array_equal(drawn.x, again.x)
            np.testing.assert_array_equal(drawn.y, again.y)


@pytest.mark.parametrize("case", ["births", "births_rounded"])
@pytest.mark.parametrize("key", ALL)
def test_the_order_of_rows_moves_no_bit(key: str, case: str) -> None:
    y, p = scores(case)
    order = np.random.default_rng(1).permutation(y.size)
    assert_same_bits(ALL[key](y, p), ALL[key](y[order], p[order]))
    weight = np.resize([0.1, 0.7, 1.3], y.size)  # weights that do not add up exactly in every order
    one, other = ALL[key](y, p, weight=weight), ALL[key](y[order], p[order], weight=weight[order])
    assert_same_bits(one, other)


@pytest.mark.parametrize("case", ["births", "births_rounded"])
@pytest.mark.parametrize("key", ALL)
def test_a_weight_is_a_repeated_row(key: str, case: str) -> None:
    y, p = scores(case)
    times = np.resize([1, 2, 3, 1], y.size)
    assert_same_bits(ALL[key](y, p, weight=times), ALL[key](np.repeat(y, times), np.repeat(p, times)))


@pytest.mark.parametrize("transform", [np.sqrt, lambda p: np.log(p / (1 - p)), lambda p: 7 * p - 100])
def test_a_monotone_transform_leaves_ranking_measures_alone(transform: Callable[[np.ndarray], np.ndarray]) -> None:
    y, p = scores("births_rounded")
    moved = transform(p)
    pd.testing.assert_frame_equal(
        discrimination.association(y, p).frame, discrimination.association(y, moved).frame, check_exact=True
    )
    pd.testing.assert_frame_equal(discrimination.roc(y, p).frame, discrimination.roc(y, moved).frame, check_exact=True)
    scale = ["score_low", "score_high", "expected_events"]
    one, other = deciles.deciles(y, p), deciles.deciles(y, moved)
    pd.testing.assert_frame_equal(one.frame.drop(columns=scale), other.frame.drop(columns=scale, errors="ignore"))
    assert one.tables[0]["ks"] == other.tables[0]["ks"]
    chosen = choosing.cutoffs(y, p)["youden"], choosing.cutoffs(y, moved)["youden"]
    assert chosen[0]["tp"] == chosen[1]["tp"]


def test_reversing_the_scores_mirrors_the_indices() -> None:
    y, p = scores("births_rounded")
    one = discrimination.association(y, p)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankWarning)
        other, area = discrimination.association(y, -p), discrimination.roc(y, -p)
    assert (one["concordant"], one["discordant"], one["tied"]) == (
        other["discordant"],
        other["concordant"],
        other["tied"],
    )
    for name in ("somers_d", "gamma", "tau_a"):
        assert other[name] == -one[name]
    assert area["auc"] == pytest.approx(1 - one["c"], rel=1e-15)


def test_swapping_event_and_probability_mirrors() -> None:
    y, p = scores("births_rounded")
    swapped = 1 - y, np.round(1 - p, 2)
    assert_frames = pd.testing.assert_frame_equal
    one, other = (discrimination.association(*given).frame for given in ((y, p), swapped))
    assert_frames(one[["measure", "value"]], other[["measure", "value"]], check_exact=True)
    assert_frames(one, other, rtol=1e-13)
    assert_frames(discrimination.roc(y, p).frame, discrimination.roc(*swapped).frame, rtol=1e-13)
    one, other = calibrating.calibration(y, p), calibrating.calibration(*swapped)
    for name, sign in (("brier", 1), ("slope", 1), ("intercept", -1), ("in_the_large", -1), ("spiegelhalter_z", 1)):
        assert other[name] == pytest.approx(sign * one[name], rel=1e-8, abs=1e-10), name
    # Positive at p >= 0.405 is negative at 1 - p < 0.595; no score lies on either.
    table, mirror = classification.confusion(y, p, cutoff=0.405), classification.confusion(*swapped, cutoff=0.595)
    pairs = (("sensitivity", "specificity"), ("precision", "negative_predictive_value"), ("accuracy", "accuracy"))
    for here, there in (*pairs, ("kappa", "kappa"), ("mcc", "mcc")):
        assert mirror[there] == pytest.approx(table[here], rel=1e-13)
    assert mirror["lr_positive"] == pytest.approx(1 / table["lr_negative"], rel=1e-12)


def test_naming_the_other_event_swaps_the_outcome() -> None:
    y, p = scores("births_rounded")
    words = np.where(y == 1, "low", "normal")
    one = discrimination.association(words, p, event="low")
    pd.testing.assert_frame_equal(one.frame, discrimination.association(y, p).frame)
