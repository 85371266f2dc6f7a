"""Are the errors and intervals of D, gamma, tau-a and the area those of R, and are bins those of SAS and rms?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from witnesses import read_witness

from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.statistics.discrimination import association, roc

WITNESS = read_witness("discrimination")
Y = np.array(WITNESS["y"])
CASES = WITNESS["cases"]
FORWARDS = ["full", "rounded", "few"]

every_case = pytest.mark.parametrize("case", list(CASES))


def scores(case: str) -> np.ndarray:
    return np.array(CASES[case]["p"])


@every_case
def test_standard_errors_equal_r(case: str) -> None:
    # R: Goodman & Kruskal's formula over the table's cells, tau-a with one row left out at a time, pROC's DeLong;
    # tests/witness/discrimination.R
    given = CASES[case]
    frame = association(Y, scores(case)).frame.set_index("measure")
    assert frame.loc["gamma", "std_error"] == pytest.approx(given["ase"]["gamma"], rel=1e-12)
    assert frame.loc["tau_a", "value"] == pytest.approx(given["jackknife"]["tau_a"], rel=1e-12)
    assert frame.loc["tau_a", "std_error"] == pytest.approx(given["jackknife"]["std_error"], rel=1e-11)
    assert frame.loc["c", "std_error"] == pytest.approx(given["delong"], rel=1e-12)
    assert frame.loc["somers_d", "std_error"] == pytest.approx(2 * given["delong"], rel=1e-12)


@every_case
def test_somers_error_is_that_of_proc_freq_but_for_the_divisor(case: str) -> None:
    # SAS PROC FREQ divides each outcome's sum of squares by n, DeLong by n - 1: with 59 events and 130 non-events the
    # ratio of variances lies between 130/129 and 59/58.
    error = association(Y, scores(case)).frame.set_index("measure").loc["somers_d", "std_error"]
    assert 130 / 129 <= (error / CASES[case]["ase"]["somers_d"]) ** 2 <= 59 / 58


def test_gamma_without_ties_is_somers_d_and_so_is_its_error_but_for_the_divisor() -> None:
    rng = np.random.default_rng(5)
    p = rng.random(400)
    frame = association(rng.random(400) < p, p).frame.set_index("measure")
    assert frame.loc["gamma", "value"] == pytest.approx(frame.loc["somers_d", "value"], rel=1e-14)
    assert frame.loc["gamma", "std_error"] == pytest.approx(frame.loc["somers_d", "std_error"], rel=0.01)


@every_case
def test_intervals_are_plain_and_stay_in_range(case: str) -> None:
    frame = association(Y, scores(case), level=0.9).frame.set_index("measure").iloc[-4:]
    z = 1.6448536269514722  # R: qnorm(0.95)
    np.testing.assert_allclose(frame["low"], np.maximum(frame["value"] - z * frame["std_error"], -1), rtol=1e-12)
    np.testing.assert_allclose(frame["high"], np.minimum(frame["value"] + z * frame["std_error"], 1), rtol=1e-12)
    assert association(Y, scores(case)).frame[["std_error", "low", "high"]].iloc[:7].isna().all(axis=None)


@every_case
def test_bins_of_two_thousandths_count_as_r_counts_them(case: str) -> None:
    # R: floor(p / 0.002), pairs by outer(); tests/witness/discrimination.R
    given, table = CASES[case]["binned"], association(Y, scores(case), binwidth=0.002)
    for name in ("concordant", "discordant", "tied"):
        assert table[name] == given[name]
    assert table["c"] == pytest.approx(given["c"], rel=1e-14)
    assert table["gamma"] == pytest.approx(given["gamma"], rel=1e-14)


def test_bins_of_a_five_thousandth_are_those_of_rms() -> None:
    # R rms 6.5.0, lrm()$stats; tests/witness/discrimination.R. Exact scores differ in the fourth digit.
    given = WITNESS["lrm"]
    table = association(Y, given["p"], binwidth=0.0002)
    for name in ("c", "somers_d", "gamma", "tau_a"):
        assert table[name] == pytest.approx(given[name], rel=1e-12)
    assert abs(association(Y, given["p"])["c"] - given["c"]) > 1e-5


def test_an_edge_begins_a_bin() -> None:
    # By hand: 0.3 / 0.1 is 2.9999999999999996 in floating point; 0.3 ties with 0.39 and not with 0.29.
    assert association([0, 1], [0.3, 0.39], binwidth=0.1)["tied"] == 1
    assert association([0, 1], [0.29, 0.3], binwidth=0.1)["concordant"] == 1
    assert association([0, 1], [0.998, 1.0], binwidth=0.002)["concordant"] == 1


def test_a_width_of_zero_is_no_bins() -> None:
    one, other = association(Y, scores("full"), binwidth=0), association(Y, scores("full"))
    assert one.frame.equals(other.frame)
    assert one.notes == other.notes


@pytest.mark.parametrize("binwidth", [-0.1, 1, 1.5, np.nan, np.inf, "0.002", True])
def test_what_is_no_width_is_refused(binwidth: object) -> None:
    with pytest.raises(OptionError, match="no width of bins"):
        association(Y, scores("full"), binwidth=binwidth)


def test_bins_need_probabilities() -> None:
    with pytest.raises(DataError, match="needs probabilities"):
        association([0, 1], [-3.0, 5.0], binwidth=0.002)


@pytest.mark.parametrize(
    ("y", "p", "says"),
    [
        ([0, 0, 1], [0.1, 0.3, 0.2], "only one event: D, gamma and c have no standard error"),
        ([0, 1, 1], [0.1, 0.3, 0.2], "only one non-event: D, gamma and c have no standard error"),
        ([0, 1], [0.1, 0.3], "only one event: the indices have no standard error"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], "separate perfectly or all tie"),
        ([0, 0, 1, 1], [0.2, 0.2, 0.2, 0.2], "separate perfectly or all tie"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.2, 0.9], "No pair is on one side"),
    ],
)
def test_what_has_no_error_is_said(y: list[int], p: list[float], says: str) -> None:
    table = association(y, p)
    assert any(says in note for note in table.notes)
    # Every NaN among the indices has a sentence.
    assert str(table)


def test_one_event_leaves_tau_a_its_jackknife() -> None:
    # By hand: s = (0, 0, 0) for the rows' signed pairs: 0.1 < 0.2 < 0.3 with the event in the middle, one pair each
    # way: s of the non-events is 1 and -1, of the event 0; 4 (1 + 1) / (3 x 2 x 1) = 4/3.
    frame = association([0, 0, 1], [0.1, 0.3, 0.2]).frame.set_index("measure")
    assert frame.loc["tau_a", "std_error"] == pytest.approx(math.sqrt(4 / 3), rel=1e-14)


# ------------------------------------------------------------------------------------------------ the area


@pytest.mark.parametrize("case", FORWARDS)
def test_the_logit_interval_equals_r(case: str) -> None:
    # R: plogis(qlogis(a) -/+ z se / (a (1 - a))) with pROC's variance; tests/witness/discrimination.R
    table = roc(Y, scores(case), interval="logit")
    assert [table["low"], table["high"]] == pytest.approx(CASES[case]["logit"], rel=1e-11)
    assert table["std_error"] == roc(Y, scores(case))["std_error"]


def test_the_bootstrap_interval_is_that_of_proc_within_its_noise() -> None:
    # R pROC: ci.auc(method = "bootstrap"), 10,000 samples; the noise of a 2.5% percentile of as many is about 0.001.
    given = WITNESS["bootstrap"]
    table = roc(Y, scores("full"), interval="bootstrap", resamples=5000)
    assert [table["low"], table["high"]] == pytest.approx([given["area"][0], given["area"][2]], abs=0.004)
    assert table["std_error"] == pytest.approx(given["std_error"], rel=0.03)
    assert any("5,000 bootstrap samples" in note for note in table.notes)


def test_the_bootstrap_of_four_rows_by_enumeration() -> None:
    # Events at 1 and 3, non-events at 0 and 2: the 16 equally likely samples of two and two, one by one.
    from itertools import product

    areas = []
    for events, others in product(product([1, 3], repeat=2), product([0, 2], repeat=2)):
        areas.append(np.mean([[e > o for o in others] for e in events]))
    table = roc([1, 1, 0, 0], [1.0, 3.0, 0.0, 2.0], interval="bootstrap", resamples=5000, level=0.5)
    assert table["std_error"] == pytest.approx(np.std(areas), rel=0.04)
    assert [table["low"], table["high"]] == np.quantile(areas, [0.25, 0.75]).tolist()


def test_a_seed_decides_the_bootstrap() -> None:
    one, same, other = (
        roc(Y, scores("full"), interval="bootstrap", resamples=50, seed=seed)["low"] for seed in (1, 1, 2)
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"interval": "bootstrp"}, "did you mean 'bootstrap'"),
        ({"interval": "bootstrap", "resamples": 0}, "not a number of bootstrap samples"),
        ({"interval": "bootstrap", "seed": -1}, "no seed"),
        ({"interval": "logit", "level": 2}, "confidence level"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        roc(Y, scores("full"), **options)


def test_a_bootstrap_needs_counts() -> None:
    with pytest.raises(NotApplicable, match="not whole numbers of rows"):
        roc([0, 1, 1], [0.1, 0.2, 0.3], weight=[0.5, 1, 1], interval="bootstrap")


def test_weights_are_repeated_rows_in_the_bootstrap() -> None:
    times = np.resize([1, 2, 3], Y.size)
    one = roc(Y, scores("rounded"), weight=times, interval="bootstrap", resamples=50)
    other = roc(np.repeat(Y, times), np.repeat(scores("rounded"), times), interval="bootstrap", resamples=50)
    assert one.frame.equals(other.frame)


def test_a_perfect_ranking_has_no_logit_interval() -> None:
    table = roc([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], interval="logit")
    assert math.isnan(table["low"])
    assert any("there is no interval" in note for note in table.notes)


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say() -> None:
    # 1,000 samples of 150 rows, events as they come; the truth from a million rows. 95% -/+ 1.4% for the noise (two
    # standard deviations), and plain intervals of small samples fall a little short.
    rng = np.random.default_rng(9)

    def sample(size: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(size=size).round(1)
        return (rng.random(size) < 1 / (1 + np.exp(1 - x))).astype(float), x

    names = ["somers_d", "gamma", "tau_a", "c"]
    truth = association(*sample(1_000_000)).frame.set_index("measure").loc[names, "value"].to_numpy()
    hits = np.zeros(4)
    for _ in range(1000):
        frame = association(*sample(150)).frame.set_index("measure").loc[names]
        hits += (frame["low"].to_numpy() <= truth) & (truth <= frame["high"].to_numpy())
    assert (hits >= 925).all()
    assert (hits <= 965).all()
