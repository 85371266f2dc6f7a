"""Are the cut-offs that criteria choose, and what is said of them, those of R, of scikit-learn and of counting?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, NotApplicable, OptionError
from glmlr.ranking import rank
from glmlr.statistics.cutoffs import cutoffs

WITNESS = read_witness("scores")
CUTOFFS = read_witness("cutoffs")
CASES = ["ten", "births", "births_rounded", "births_shrunk"]
Y, P = np.array(CUTOFFS["y"]), np.array(CUTOFFS["p"])


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
    # 2 TP / (2 TP + FP + FN): the harmonic mean of precision and sensitivity.
    f1 = {
        at: float(2 * (called & (y == 1)).sum() / (called.sum() + (y == 1).sum())) for at, called in everywhere.items()
    }
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


# ------------------------------------------------------------------------------------------------ every criterion


CHOSEN = ["youden", "closest_corner", "equal_rates", "max_g_mean", "max_accuracy", "max_f1", "max_f_beta", "max_mcc"]
VALUES = {"youden": "youden", "max_g_mean": "g_mean", "max_accuracy": "accuracy", "max_f1": "f1", "max_mcc": "mcc"}


@pytest.mark.parametrize("prevalence", [None, 0.1])
def test_every_criterion_chooses_what_r_finds_by_exhaustion(prevalence: float | None) -> None:
    # tests/witness/cutoffs.R: each criterion at every observed score, its rates counted row by row.
    expected = CUTOFFS["best" if prevalence is None else "best_at_a_tenth"]
    table = cutoffs(Y, P, cost_fn=4, beta=2, prevalence=prevalence)
    for name in (*CHOSEN, "max_kappa", "min_cost"):
        row, wanted = table[name], expected[name]
        assert [row["cutoff_low"], row["cutoff_high"]] == pytest.approx([wanted["low"], wanted["high"]], rel=1e-9), name
    for name, column in {**VALUES, "max_kappa": "kappa"}.items():
        if column in table.frame:
            assert table[name][column] == pytest.approx(expected[name]["value"], rel=1e-12), name
    assert table["min_cost"]["cost"] == pytest.approx(-expected["min_cost"]["value"] * Y.size, rel=1e-12)


@pytest.mark.parametrize(("key", "prevalence"), [("own", None), ("tenth", 0.1)])
def test_costs_and_prevalence_choose_what_proc_chooses(key: str, prevalence: float | None) -> None:
    # R pROC: coords("best", best.weights = c(4, prevalence)).
    row, expected = cutoffs(Y, P, cost_fn=4, prevalence=prevalence)["min_cost"], CUTOFFS["proc"][key]
    assert row["cutoff"] == pytest.approx(expected["cutoff"], rel=1e-9)
    for rate in ("sensitivity", "specificity"):
        assert row[rate] == pytest.approx(expected[rate], rel=1e-12)


def test_rates_at_a_prevalence_are_those_of_rows_with_that_share() -> None:
    # Law: events weighted to make up a fifth of the rows give the rates that prevalence=1/5 says.
    weight = np.where(Y == 1, 0.2 / Y.mean(), 0.8 / (1 - Y.mean()))
    one, other = cutoffs(Y, P, cost_fn=3, prevalence=0.2), cutoffs(Y, P, cost_fn=3, weight=weight)
    same = one.frame["criterion"] != "prevalence"
    for column in ("cutoff", "precision", "negative_predictive_value", "accuracy", "f1", "cost", "mcc", "kappa"):
        np.testing.assert_allclose(one.frame.loc[same, column], other.frame.loc[same, column], rtol=1e-10)
    assert any("at a prevalence of 0.2" in note for note in one.notes)


def test_a_stated_precision_is_reached_at_the_best_sensitivity() -> None:
    table = cutoffs(Y, P, precision=[0.5, 0.8])
    for target in (0.5, 0.8):
        at = table[f"precision_{target:g}"]["cutoff"]
        reached = [score for score in np.unique(P) if metrics.precision_score(Y, score <= P) >= target]
        assert at == min(reached)
    assert any("Precision of at least 1: no observed score" in n for n in cutoffs(Y, 1 - P, precision=1).notes)


def test_a_capacity_is_never_exceeded() -> None:
    table = cutoffs(Y, P, capacity=[0.1, 0.25])
    for share in (0.1, 0.25):
        at = table[f"capacity_{share:g}"]["cutoff"]
        assert (at <= P).mean() <= share
        assert (P[at > P].max() <= P).mean() > share
    # Ties go together: of ten rows three share the highest score, which is more than a tenth.
    y, p = [0, 1] * 5, [0.1] * 7 + [0.9] * 3
    found = cutoffs(y, p, capacity=[0.1, 0.3])
    assert math.isnan(found["capacity_0.1"]["cutoff"])
    assert found["capacity_0.3"]["cutoff"] == 0.9
    assert any("the rows with the highest score are more than that" in note for note in found.notes)


def test_balanced_accuracy_is_largest_where_youden_is() -> None:
    table = cutoffs(Y, P)
    largest = max(metrics.balanced_accuracy_score(Y, score <= P) for score in P)
    assert table["youden"]["balanced_accuracy"] == pytest.approx(largest, rel=1e-13)


def test_intervals_are_those_of_the_confusion_table() -> None:
    for prevalence in (None, 0.1):
        table = cutoffs(Y, P, prevalence=prevalence, level=0.9)
        found = table.tables[0].frame.set_index("criterion").loc["max_mcc"]
        options = {"cutoff": table["max_mcc"]["cutoff"], "level": 0.9, "prevalence": prevalence}
        expected = glmlr.confusion(Y, P, **options).frame.set_index("measure")
        for rate in ("sensitivity", "specificity", "precision", "negative_predictive_value"):
            bounds = [found[rate], found[f"{rate}_low"], found[f"{rate}_high"]]
            assert bounds == pytest.approx(expected.loc[rate, ["value", "low", "high"]].tolist(), rel=1e-12)


# ------------------------------------------------------------------------------------------------ elsewhere, again


def test_the_same_cutoffs_on_other_scores() -> None:
    moved, other = np.clip(P * 1.1, 0, 1), glmlr.confusion
    table = cutoffs(Y, P, beside={"moved": (Y, moved), "itself": (Y, P)}, sensitivity=0.9)
    there, itself = table.tables[1].frame.set_index("criterion"), table.tables[2].frame.set_index("criterion")
    assert [part.key for part in table.tables[1:]] == ["cutoffs_beside", "cutoffs_beside_2"]
    for rule in ("youden", "max_f1", "sensitivity_0.9", "0.5"):
        expected = other(Y, moved, cutoff=table[rule]["cutoff"])
        for rate in ("sensitivity", "specificity", "precision", "accuracy"):
            assert there.loc[rule, f"{rate}_elsewhere"] == expected[rate]
            assert itself.loc[rule, f"{rate}_elsewhere"] == itself.loc[rule, rate] == table[rule][rate]
        chosen = cutoffs(Y, moved, sensitivity=0.9)[rule]["cutoff"]
        assert there.loc[rule, "cutoff_elsewhere"] == chosen


def test_a_cross_validation_stands_beside_by_its_name() -> None:
    data = read_data("birthwt")
    validated = glmlr.cross_validate("low ~ age + lwt", data, folds=3, repeats=1)
    fit = glmlr.fit("low ~ age + lwt", data)
    beside = fit.cutoffs(beside=validated).tables[1]
    assert beside.title.endswith("Out of fold")
    out = glmlr.confusion(validated, cutoff=0.5)
    assert beside["0.5"]["sensitivity_elsewhere"] == out["sensitivity"]
    assert fit.cutoffs(beside=fit.leave_one_out()).tables[1].title.endswith("Leave one out")
    with pytest.raises(ArgumentError, match="beside= takes a fit, a cross-validation"):
        fit.cutoffs(beside=0.3)


def test_bootstraps_choose_again_what_the_table_chooses() -> None:
    # By hand: the samples that numpy draws of the rows' counts, each given to cutoffs() by itself.
    times, seed = 5, 3
    options = {"cost_fn": 3, "sensitivity": 0.9, "capacity": 0.2}
    moved = cutoffs(Y, P, resamples=times, seed=seed, **options).tables[-1].frame.set_index("criterion")
    ranking, generator = rank(P, Y), np.random.default_rng(seed)
    both = np.concatenate([ranking.events, ranking.nonevents]) / ranking.total
    tables, values = [], []
    for _ in range(times):
        events, nonevents = np.split(generator.multinomial(Y.size, both), 2)
        weight, score = np.concatenate([events, nonevents]), np.tile(ranking.score, 2)
        outcome = np.repeat([1, 0], ranking.score.size)
        drawn = cutoffs(outcome[weight > 0], score[weight > 0], weight=weight[weight > 0], **options)
        tables.append(drawn.frame.set_index("criterion"))
        here = glmlr.confusion(Y, P, cutoff=drawn["max_f1"]["cutoff"])["f1"]
        values.append(drawn["max_f1"]["f1"] - here)
    for rule in ("youden", "max_mcc", "min_cost", "sensitivity_0.9", "capacity_0.2"):
        chosen = np.array([table.loc[rule, "cutoff"] for table in tables])
        expected = [np.median(chosen), chosen.std(ddof=1), *np.quantile(chosen, [0.025, 0.975])]
        assert moved.loc[rule, ["median", "std_error", "low", "high"]].tolist() == pytest.approx(expected, rel=1e-12)
    assert moved.loc["max_f1", "optimism"] == pytest.approx(np.mean(values), rel=1e-10)
    assert moved.loc["max_f1", "corrected"] == pytest.approx(moved.loc["max_f1", "apparent"] - np.mean(values))
    cost = cutoffs(Y, P, **options)["min_cost"]["cost"] / Y.size
    assert moved.loc["min_cost", "apparent"] == pytest.approx(cost, rel=1e-12)
    assert "0.5" not in moved.index


def test_bootstraps_are_the_same_twice_and_for_weights() -> None:
    times = np.resize([1, 2, 3], Y.size)
    one = cutoffs(Y, P, weight=times, resamples=10).tables[-1]
    other = cutoffs(np.repeat(Y, times), np.repeat(P, times), resamples=10).tables[-1]
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=True)
    assert one.chart("cutoff_stability").alt
    another = cutoffs(Y, P, weight=times, resamples=10, seed=1).tables[-1]
    assert not one.frame.equals(another.frame)
    with pytest.raises(NotApplicable, match="not whole numbers"):
        cutoffs(Y, P, weight=times / 7, resamples=10)
    with pytest.raises(OptionError, match="resamples=0 is not a number"):
        cutoffs(Y, P, resamples=0)


def test_a_rule_that_chooses_nothing_in_a_sample_is_said() -> None:
    table = cutoffs([0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5], resamples=30, precision=1.0).tables[-1]
    assert any("Precision of at least 1: nothing was chosen in" in note for note in table.notes)
    assert table["precision_1"]["samples"] < 30


# ------------------------------------------------------------------------------------------------ edges


def test_one_event_and_two_scores() -> None:
    table = cutoffs([1, 0, 0], [0.7, 0.2, 0.2], resamples=5, beside=([1, 0], [0.9, 0.1]))
    for rule in ("youden", "closest_corner", "max_mcc", "max_kappa", "max_f1", "min_cost", "max_g_mean"):
        assert table[rule]["cutoff"] == 0.7
        assert table[rule]["tp"] == table[rule]["specificity"] == 1


def test_scores_in_the_wrong_order_choose_something_and_say_so() -> None:
    table = cutoffs([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4])
    assert any("better than chance" in note for note in table.notes)
    assert table["youden"]["cutoff"] == 0.1


def test_fractional_weights_leave_no_dust() -> None:
    weight = np.resize([0.1, 0.7, 1.3], 6)
    table = cutoffs([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.7, 0.8, 0.9], weight=weight)
    assert table["youden"]["fn"] == table["youden"]["fp"] == 0
    assert table["youden"]["sensitivity"] == table["youden"]["specificity"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"beta": 0}, "beta=0 is not a weight"),
        ({"precision": 2}, "precision=2 cannot be reached"),
        ({"capacity": "10%"}, "capacity='10%' cannot be reached"),
        ({"prevalence": 1}, "prevalence=1 is not a share of events"),
        ({"level": 95}, "level=95 is not a confidence level"),
        ({"resamples": 10, "seed": -1}, "seed=-1 is no seed"),
    ],
)
def test_new_options_are_refused_in_a_sentence(options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        cutoffs([0, 1], [0.1, 0.2], **options)


def test_charts_show_where_each_criterion_is_best() -> None:
    table = cutoffs(Y, P, cost_fn=3, capacity=0.1)
    criteria = table.chart("criteria")
    points = criteria.series[-1]
    assert points.x.tolist() == [
        table[k]["cutoff"] for k in ("youden", "max_f1", "max_mcc", "max_accuracy", "min_cost")
    ]
    for line, height in zip(criteria.series[:-1], points.y, strict=True):
        best = line.y.min() if line.name == "Cost" else line.y.max()
        assert height == pytest.approx(best, abs=1e-12)
    capacity = table.chart("capacity")
    assert capacity.series[-1].x.tolist() == [table["capacity_0.1"]["positive_share"]]
    assert capacity.series[0].y[-1] == 1


def test_ten_thousand_scores_are_drawn_with_few_points() -> None:
    generator = np.random.default_rng(0)
    p = generator.random(20_000)
    for chart in cutoffs((generator.random(p.size) < p).astype(int), p).charts:
        assert all(len(series.x) <= 500 for series in chart.series)
