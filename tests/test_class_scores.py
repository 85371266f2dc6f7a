"""Are predicted classes counted, rated and ranked as R, scikit-learn and counting by hand say?

Witnesses: R's caret, psych and pROC (tests/witness/classes.R), scikit-learn, brute force, the delta method by complex
steps, and the statistics of two classes; laws: a row repeated is a row of weight two, the order of rows and of classes
moves nothing.
"""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics
from statsmodels.discrete.discrete_model import MNLogit
from witnesses import read_witness

import glmlr
from glmlr.classes.agreement import SCHEMES, agreement_weights, class_kappa, class_matthews
from glmlr.classes.areas import AVERAGES, areas_against_rest, pair_areas, rankings_of
from glmlr.classes.counts import ClassCounts, count_classes, place_of_own, predicted_classes
from glmlr.classes.lack_of_fit import grouped_classes
from glmlr.classes.scores import ClassScores
from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError, WeightError
from glmlr.ranking.cells import Cells, kappa, matthews

R = read_witness("classes")
Y = np.array(R["outcome"])
FINE = np.array(R["fine"], dtype=np.float64)
COARSE = np.array(R["coarse"], dtype=np.float64)
GIVEN = {"fine": FINE, "coarse": COARSE}
LEVELS = ("a", "b", "c", "d")
CODES = np.searchsorted(LEVELS, Y)
STATISTICS = ("confusion", "classification_report", "top_k", "roc", "scoring_rules", "calibration", "hosmer_lemeshow")
WITH_ORDER = ("confusion", "scoring_rules")


def scores(which="fine", **options):
    return glmlr.class_scores(Y, GIVEN[which], **options)


def pairs_of(given):
    return pair_areas(given, rankings_of(given), 0.95)


# ------------------------------------------------------------------------------------------- against R and scikit-learn


@pytest.mark.parametrize("which", GIVEN)
def test_counts_and_agreement_are_those_of_caret(which):
    witness, table = R[f"{which}_agreement"], scores(which).confusion(ordered=True)
    matrix = table.tables[0].frame
    assert matrix[[f"predicted_{k}" for k in range(1, 5)]].to_numpy()[:4].tolist() == witness["counts"]
    assert matrix["n"].tolist() == [*np.sum(witness["counts"], axis=1), 240]
    for ours, theirs in (
        ("accuracy", "accuracy"),
        ("no_information_rate", "null"),
        ("kappa", "kappa"),
        ("kappa_linear", "linear"),
        ("kappa_quadratic", "quadratic"),
    ):
        assert table[ours] == pytest.approx(witness[theirs], rel=1e-13)
    by_name = table.frame.set_index("measure")
    assert by_name.loc["no_information_rate", "p_value"] == pytest.approx(witness["p"], rel=1e-11)
    assert by_name.loc["kappa", "std_error"] == pytest.approx(math.sqrt(witness["kappa_var"]), rel=1e-13)


@pytest.mark.parametrize("which", GIVEN)
def test_each_class_against_the_rest_is_that_of_caret(which):
    frame, witness = scores(which).classification_report().frame, R[f"{which}_agreement"]
    for name in ("precision", "recall", "specificity", "f1"):
        np.testing.assert_allclose(frame[name][:4], witness[name], rtol=1e-13)


@pytest.mark.parametrize("which", GIVEN)
def test_agreement_and_reports_are_those_of_scikit_learn(which):
    one = scores(which)
    called = np.array(LEVELS)[predicted_classes(one)]
    table, report = one.confusion(ordered=True), one.classification_report().frame.set_index("class")
    assert count_classes(one).cells.tolist() == metrics.confusion_matrix(Y, called).tolist()
    assert table["mcc"] == pytest.approx(metrics.matthews_corrcoef(Y, called), rel=1e-13)
    assert table["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(Y, called), rel=1e-13)
    for scheme in ("linear", "quadratic"):
        theirs = metrics.cohen_kappa_score(Y, called, weights=scheme)
        assert table[f"kappa_{scheme}"] == pytest.approx(theirs, rel=1e-13)
    theirs = metrics.classification_report(Y, called, output_dict=True)
    for ours, name in (("Macro average", "macro avg"), ("Weighted average", "weighted avg")):
        for rate, their_rate in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert report.loc[ours, rate] == pytest.approx(theirs[name][their_rate], rel=1e-13)
    micro = metrics.precision_recall_fscore_support(Y, called, average="micro")
    assert report.loc["Micro average", ["precision", "recall", "f1"]].tolist() == pytest.approx(micro[:3], rel=1e-13)


def test_probability_scores_are_those_of_scikit_learn():
    one = scores()
    table = one.scoring_rules(ordered=True).frame.set_index("measure")
    assert table.loc["log_score", "value"] == pytest.approx(metrics.log_loss(Y, FINE), rel=1e-13)
    assert table.loc["brier", "value"] == pytest.approx(metrics.brier_score_loss(Y, FINE), rel=1e-13)
    parts = one.scoring_rules().tables[0].frame
    for k, level in enumerate(LEVELS):
        assert parts["score"][k] == pytest.approx(metrics.brier_score_loss(level == Y, FINE[:, k]), rel=1e-13)
    assert parts["score"][4] == pytest.approx(table.loc["brier", "value"], rel=1e-13)
    assert (parts["miscalibration"] - parts["discrimination"] + parts["uncertainty"]).tolist() == pytest.approx(
        parts["score"].tolist(), rel=1e-12
    )
    at_or_below = (CODES[:, None] <= np.arange(3)).astype(float)
    ranked = ((np.cumsum(FINE, axis=1)[:, :3] - at_or_below) ** 2).mean()
    assert table.loc["ranked", "value"] == pytest.approx(ranked, rel=1e-13)
    each = -np.log(FINE[np.arange(240), CODES])
    assert table.loc["log_score", "std_error"] == pytest.approx(each.std(ddof=1) / math.sqrt(240), rel=1e-12)


def test_scores_of_the_shares_have_their_closed_forms():
    table = scores().scoring_rules(ordered=True).frame.set_index("measure")
    share = np.bincount(CODES) / 240
    assert table.loc["log_score", "of_shares"] == pytest.approx(-(share * np.log(share)).sum(), rel=1e-13)
    assert table.loc["brier", "of_shares"] == pytest.approx(1 - (share**2).sum(), rel=1e-13)
    below = np.cumsum(share)[:3]
    assert table.loc["ranked", "of_shares"] == pytest.approx((below * (1 - below)).mean(), rel=1e-13)
    for rule in ("log_score", "brier", "ranked"):
        assert table.loc[rule, "gain"] == pytest.approx(
            1 - table.loc[rule, "value"] / table.loc[rule, "of_shares"], rel=1e-12
        )


@pytest.mark.parametrize("which", GIVEN)
def test_areas_against_the_rest_are_those_of_proc(which):
    table, witness = scores(which).roc().frame, R[f"{which}_areas"]
    np.testing.assert_allclose(table["auc"][:4], witness["auc"], rtol=1e-13)
    np.testing.assert_allclose(table["std_error"][:4], np.sqrt(witness["var"]), rtol=1e-12)
    np.testing.assert_allclose(table["low"][:4], witness["low"], rtol=1e-12)
    np.testing.assert_allclose(table["high"][:4], witness["high"], rtol=1e-12)


@pytest.mark.parametrize("which", GIVEN)
def test_pairs_and_hand_and_tills_m_are_those_of_proc(which):
    found, witness = pairs_of(scores(which)), R[f"{which}_areas"]
    directed = np.array(witness["directed"], dtype=np.float64)
    np.testing.assert_allclose(found.directed, directed, rtol=1e-13)
    assert found.averages["ovo_macro"].auc == pytest.approx(witness["hand_till"], rel=1e-13)


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_of_areas_are_those_of_scikit_learn(name):
    manner, average = name.split("_")
    theirs = metrics.roc_auc_score(Y, FINE, multi_class=manner, average=average)
    assert pairs_of(scores()).averages[name].auc == pytest.approx(theirs, rel=1e-13)


def test_top_k_is_that_of_scikit_learn():
    table = scores().top_k(most=4).frame
    theirs = [metrics.top_k_accuracy_score(Y, FINE, k=k) for k in (1, 2, 3)]
    assert table["share"].tolist() == pytest.approx([*theirs, 1.0], rel=1e-14)
    assert scores().top_k().frame["k"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("name", "options"), [("first_10", {}), ("third_6", {"reference": "c", "groups": 6})])
@pytest.mark.parametrize("fitted", [True, False])
def test_the_hosmer_lemeshow_test_is_that_written_out_in_r(name, options, fitted):
    witness, kind = R["fagerland"][name], "fitted" if fitted else "new"
    row = scores(fitted=fitted).hosmer_lemeshow(**options).frame.iloc[0]
    assert (row["groups"], row["df"]) == (witness["groups"], witness[f"df_{kind}"])
    assert row["statistic"] == pytest.approx(witness["chi2"], rel=1e-12)
    assert row["p_value"] == pytest.approx(witness[f"p_{kind}"], rel=1e-10)


def test_calibration_of_each_class_is_that_of_glm_and_loess_in_r():
    frame = scores().calibration().frame
    # R's glm stops where the deviance does, some digits before the estimates do.
    for row, witness in zip(frame.itertuples(), R["calibration"], strict=True):
        assert [row.in_the_large, row.in_the_large_error] == pytest.approx(witness["large"], rel=1e-8)
        assert [row.slope, row.slope_error] == pytest.approx(witness["slope"], rel=1e-8)
        assert row.ici == pytest.approx(witness["ici"], rel=1e-8)
    np.testing.assert_allclose(frame["mean_predicted"], FINE.mean(axis=0), rtol=1e-13)
    assert frame["observed_share"].tolist() == (np.bincount(CODES) / 240).tolist()


def recalibration(given):
    return given.calibration(smooth=None).tables[0].frame.iloc[0]


def test_the_test_of_recalibration_is_that_of_statsmodels_mnlogit():
    p = FINE / FINE.sum(axis=1, keepdims=True)
    logs = np.log(p)
    columns = np.column_stack([np.ones(240), logs[:, 1:] - logs[:, :1]])
    theirs = MNLogit(CODES, columns).fit(disp=0, method="newton", tol=1e-14).llf
    row = recalibration(glmlr.class_scores(Y, p))
    chi2 = 2 * (theirs - logs[np.arange(240), CODES].sum())
    assert row["statistic"] == pytest.approx(chi2, rel=1e-10)
    assert row["df"] == 12
    assert row["p_value"] == pytest.approx(stats.chi2.sf(chi2, 12), rel=1e-9)


def test_the_test_of_recalibration_of_two_classes_is_that_of_an_event():
    p = FINE[:, 2:].sum(axis=1)
    event = np.where(CODES < 2, "no", "yes")
    binary = glmlr.scores(event, p).calibration().frame.set_index("measure").loc["recalibration_chi2"]
    row = recalibration(glmlr.class_scores(event, np.column_stack([1 - p, p])))
    assert row["statistic"] == pytest.approx(binary["value"], rel=1e-9)
    assert row["p_value"] == pytest.approx(binary["p_value"], rel=1e-8)
    assert row["df"] == 2


def test_recalibration_of_the_shares_has_nothing_to_gain():
    row = recalibration(glmlr.class_scores(Y, np.tile(np.bincount(CODES) / 240, (240, 1))))
    assert (row["statistic"], row["df"], row["p_value"]) == (0.0, 3, 1.0)


def test_where_there_is_no_recalibration_it_is_said():
    table = scores("coarse").calibration(smooth=None).tables[0]
    assert math.isnan(table.frame["statistic"][0])
    assert "There is no test: a probability is exactly 0." in table.notes
    assert [one.key for one in scores(fitted=True).calibration(smooth=None).tables] == ["calibration_groups"]


# ------------------------------------------------------------------------------------------------- standard errors


def by_delta_method(measure, cells):
    """Give the variance of a function of multinomial counts, its gradient by complex steps (exact to rounding)."""
    share = cells / cells.sum()
    slope = np.empty_like(share)
    for at in np.ndindex(share.shape):
        moved = share.astype(complex)
        moved[at] += 1e-30j
        slope[at] = measure(moved).imag / 1e-30
    return ((share * slope**2).sum() - (share * slope).sum() ** 2) / cells.sum()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_error_of_kappa_is_that_of_the_delta_method(scheme):
    counts, weights = count_classes(scores()), agreement_weights(4, scheme)

    def measure(share):
        chance = share.sum(axis=1) @ weights @ share.sum(axis=0)
        return ((weights * share).sum() - chance) / (1 - chance)

    found = class_kappa(counts, 1.96, scheme)
    assert found.std_error == pytest.approx(math.sqrt(by_delta_method(measure, counts.cells)), rel=1e-12)
    assert found.high - found.value == pytest.approx(1.96 * found.std_error, rel=1e-12)


def test_the_interval_of_the_matthews_correlation_is_that_of_the_delta_method():
    counts = count_classes(scores())

    def measure(share):
        t, p, all_rows = share.sum(axis=1), share.sum(axis=0), share.sum()
        return (all_rows * np.trace(share) - t @ p) / np.sqrt((all_rows**2 - t @ t) * (all_rows**2 - p @ p))

    found = class_matthews(counts, 1.96)
    error = math.sqrt(by_delta_method(measure, counts.cells))
    assert found.std_error == pytest.approx(error, rel=1e-12)
    reach = 1.96 * error / (1 - found.value**2)
    assert found.low == pytest.approx(math.tanh(math.atanh(found.value) - reach), rel=1e-12)


def brute_averages(outcome, p):
    """Give the averages of areas and their variances, from all placements counted one by one."""
    counts = np.bincount(outcome, minlength=4)
    n, values, parts = outcome.size, dict.fromkeys(AVERAGES, 0.0), {name: np.zeros(outcome.size) for name in AVERAGES}
    for k in range(4):
        for j in range(4):
            if k == j:
                continue
            coefficient = {
                "ovr_macro": counts[j] / (n - counts[k]) / 4,
                "ovr_weighted": counts[j] / (n - counts[k]) * counts[k] / n,
                "ovo_macro": 1 / 12,
                "ovo_weighted": (counts[k] + counts[j]) / (6 * n),
            }
            apart = p[outcome == k, k][:, None] - p[outcome == j, k][None, :]
            above = (apart > 0) + (np.abs(apart) < 1e-13) / 2 - (np.abs(apart) < 1e-13) * (apart > 0)
            for name, share in coefficient.items():
                values[name] += share * above.mean()
                parts[name][outcome == k] += share * above.mean(axis=1)
                parts[name][outcome == j] += share * above.mean(axis=0)
    variances = {
        name: sum(part[outcome == k].var(ddof=1) / counts[k] for k in range(4)) for name, part in parts.items()
    }
    return values, variances


@pytest.mark.parametrize("which", GIVEN)
def test_averages_of_areas_and_their_errors_are_those_of_placements_counted_one_by_one(which):
    values, variances = brute_averages(CODES, GIVEN[which])
    for name, found in pairs_of(scores(which)).averages.items():
        assert found.auc == pytest.approx(values[name], rel=1e-12)
        assert found.std_error == pytest.approx(math.sqrt(variances[name]), rel=1e-11)


@pytest.mark.slow
def test_errors_of_the_averages_are_near_those_of_the_stratified_bootstrap():
    generator, drawn = np.random.default_rng(3), []
    members = [np.flatnonzero(k == CODES) for k in range(4)]
    for _ in range(400):
        rows = np.concatenate([generator.choice(own, own.size) for own in members])
        found = pairs_of(ClassScores(LEVELS, CODES[rows], FINE[rows]))
        drawn.append([found.averages[name].auc for name in AVERAGES])
    ours = [one.std_error for one in pairs_of(scores()).averages.values()]
    # 400 draws know a standard deviation to 4 %; of the rarest class there are 15 rows.
    np.testing.assert_allclose(np.std(drawn, axis=0, ddof=1), ours, rtol=0.15)


# ---------------------------------------------------------------------------------------- two classes are an event


def test_two_classes_give_the_statistics_of_an_event():
    event = np.where(CODES < 2, "no", "yes")
    p = FINE[:, 2:].sum(axis=1)
    ours = glmlr.class_scores(event, np.column_stack([1 - p, p]))
    theirs = glmlr.scores(event, p)
    table, binary = ours.confusion(), theirs.confusion().frame.set_index("measure")
    for name in ("accuracy", "no_information_rate", "balanced_accuracy", "kappa", "mcc"):
        row = table.frame.set_index("measure").loc[name]
        for number in ("value", "low", "high", "p_value"):
            assert row[number] == pytest.approx(binary.loc[name, number], rel=1e-12, nan_ok=True)
    areas, area = ours.roc().frame, theirs.roc()
    for row in range(6):
        for name in ("auc", "std_error", "low", "high"):
            assert areas[name][row] == pytest.approx(area[name], rel=1e-12)
    rules, calibration = ours.scoring_rules().frame.set_index("measure"), theirs.calibration()
    binary = calibration.frame.set_index("measure")
    assert rules.loc["brier", "value"] == pytest.approx(2 * binary.loc["brier", "value"], rel=1e-12)
    assert rules.loc["log_score", "value"] == pytest.approx(binary.loc["log_score", "value"], rel=1e-12)
    of_yes = ours.calibration().frame.iloc[1]
    for name in ("mean_predicted", "in_the_large", "slope", "ici"):
        assert of_yes[name] == pytest.approx(binary.loc[name, "value"], rel=1e-10)
    for name in ("statistic", "df", "p_value", "groups"):
        both = (one.hosmer_lemeshow().frame[name][0] for one in (ours, theirs))
        assert next(both) == pytest.approx(next(both), rel=1e-9)


def test_kappa_and_matthews_of_a_table_of_four_cells_are_those_of_the_event():
    cells = Cells(tp=50, fp=10, fn=7, tn=30)
    counts = ClassCounts(np.array([[30.0, 10.0], [7.0, 50.0]]))
    for ours, theirs in (
        (class_kappa(counts, 1.96), kappa(cells, 1.96)),
        (class_matthews(counts, 1.96), matthews(cells, 1.96)),
    ):
        assert (ours.value, ours.low, ours.high) == pytest.approx(tuple(theirs), rel=1e-13)
    # Linear and quadratic weights lose all of the agreement in one step where there is but one.
    for scheme in ("linear", "quadratic"):
        assert class_kappa(counts, 1.96, scheme) == class_kappa(counts, 1.96)


# ------------------------------------------------------------------------------------------------------------- laws


def numbers(table):
    """Give all numbers of a table and of its companions."""
    frames = [table.frame, *(one.frame for one in table.tables)]
    return [frame.select_dtypes("number").to_numpy(dtype=np.float64) for frame in frames]


def options_of(name):
    return {"ordered": True} if name in WITH_ORDER else {}


@pytest.mark.parametrize("which", GIVEN)
@pytest.mark.parametrize("name", STATISTICS)
def test_a_row_repeated_is_a_row_of_weight_two(name, which):
    times = np.random.default_rng(1).integers(0, 4, Y.size)
    rows = np.repeat(np.arange(Y.size), times)
    weighted = getattr(scores(which, weight=times), name)(**options_of(name))
    repeated = getattr(glmlr.class_scores(Y[rows], GIVEN[which][rows]), name)(**options_of(name))
    for one, other in zip(numbers(weighted), numbers(repeated), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", STATISTICS)
def test_the_order_of_rows_moves_nothing(name):
    order = np.random.default_rng(2).permutation(Y.size)
    moved = getattr(glmlr.class_scores(Y[order], COARSE[order]), name)(**options_of(name))
    for one, other in zip(numbers(moved), numbers(getattr(scores("coarse"), name)(**options_of(name))), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in STATISTICS if name != "hosmer_lemeshow"])
def test_the_order_of_classes_moves_their_lines_alone(name):
    order = [2, 0, 3, 1]
    moved = getattr(glmlr.class_scores(Y, FINE[:, order], classes=[LEVELS[k] for k in order]), name)()
    given = getattr(scores(), name)()
    first = given.frame.columns[0]
    one, other = (table.frame.set_index(first).select_dtypes("number") for table in (moved, given))
    np.testing.assert_allclose(one.loc[other.index], other, rtol=1e-10, atol=1e-12)


def test_reversing_the_order_of_classes_leaves_what_needs_an_order():
    turned = glmlr.class_scores(Y, FINE[:, ::-1], classes=LEVELS[::-1])
    for name in WITH_ORDER:
        one, other = (getattr(given, name)(ordered=True).frame.iloc[:, 1:] for given in (turned, scores()))
        np.testing.assert_allclose(one.to_numpy(float), other.to_numpy(float), rtol=1e-11)


def test_the_hosmer_lemeshow_test_depends_on_the_reference_and_not_on_the_order():
    order = [2, 0, 3, 1]
    moved = glmlr.class_scores(Y, FINE[:, order], classes=[LEVELS[k] for k in order], reference="a")
    one, other = moved.hosmer_lemeshow().frame["statistic"][0], scores().hosmer_lemeshow().frame["statistic"][0]
    assert one == pytest.approx(other, rel=1e-12)
    assert moved.hosmer_lemeshow(reference="c").frame["statistic"][0] != pytest.approx(other, rel=1e-3)


def test_top_1_is_the_accuracy_where_probabilities_tie():
    one = scores("coarse")
    assert one.top_k().frame["share"][0] == one.confusion()["accuracy"]
    tied = ClassScores(LEVELS[:3], np.array([0, 1, 2]), np.full((3, 3), 1 / 3))
    assert place_of_own(tied).tolist() == [1, 2, 3]
    assert predicted_classes(tied).tolist() == [0, 0, 0]
    assert "In 3 rows the largest probability is shared" in " ".join(tied.confusion().notes)


def test_groups_of_the_test_add_up_to_all_rows():
    grouped = grouped_classes(scores("coarse"), 0, 10)
    assert grouped.observed.sum(axis=0).tolist() == np.bincount(CODES).tolist()
    np.testing.assert_allclose(grouped.expected.sum(axis=0), COARSE.sum(axis=0), rtol=1e-12)


# --------------------------------------------------------------------------------------------- what has no value


def test_a_class_that_is_never_predicted_has_no_precision_and_it_is_said():
    p = np.column_stack([FINE[:, 0], FINE[:, 1] + FINE[:, 2] + 0.9 * FINE[:, 3], 0.0 * Y.size + 0.1 * FINE[:, 3]])
    outcome = np.where(CODES == 0, "x", np.where(CODES == 3, "z", "y"))
    table = glmlr.class_scores(outcome, p).classification_report()
    frame = table.frame.set_index("class")
    assert math.isnan(frame.loc["z", "precision"])
    assert frame.loc["z", "f1"] == 0
    said = " ".join(table.notes)
    assert "No row is predicted in z: precision is undefined there." in said
    called = np.array(["x", "y", "z"])[p.argmax(axis=1)]
    nan, zero = (
        metrics.classification_report(outcome, called, output_dict=True, zero_division=given) for given in (np.nan, 0)
    )
    assert frame.loc["Macro average", "precision"] == pytest.approx(nan["macro avg"]["precision"], rel=1e-13)
    assert frame.loc["Weighted average", "precision"] == pytest.approx(nan["weighted avg"]["precision"], rel=1e-13)
    assert f"{zero['macro avg']['precision']:.4f}" in said
    assert f"{zero['weighted avg']['precision']:.4f}" in said


def test_a_class_without_rows_is_left_out_of_averages_and_it_is_said():
    rows = CODES != 3
    one = glmlr.class_scores(Y[rows], FINE[rows], classes=LEVELS)
    for name, words in (
        ("confusion", "No row is of class d"),
        ("classification_report", "No row is of class d"),
        ("roc", "No row is of class d"),
        ("calibration", "Left out, for no row is of them: d."),
    ):
        assert words in " ".join(getattr(one, name)().notes), name
    areas = one.roc().frame
    assert math.isnan(areas["auc"][3])
    assert areas["auc"][4] == pytest.approx(areas["auc"][:3].mean(), rel=1e-12)
    assert math.isnan(areas_against_rest(rankings_of(one), 0.95)[3].std_error)
    assert one.calibration().frame["class"].tolist() == ["a", "b", "c"]


def test_one_class_alone_is_refused_where_two_are_needed():
    one = glmlr.class_scores(np.repeat("a", 5), FINE[:5], classes=LEVELS)
    for name in ("roc", "calibration", "hosmer_lemeshow"):
        with pytest.raises(DataError, match="All rows are of"):
            getattr(one, name)()
    table = one.confusion()
    assert math.isnan(table["mcc"])
    assert "undefined" in " ".join(table.notes)
    assert isinstance(one.report(), glmlr.Report)


def test_a_perfect_rule_is_perfect_and_its_intervals_are_said_to_say_nothing():
    one = glmlr.class_scores(Y, np.eye(4)[CODES])
    table = one.confusion(ordered=True)
    for name in ("accuracy", "balanced_accuracy", "kappa", "kappa_linear", "kappa_quadratic", "mcc"):
        assert table[name] == 1.0
    assert "Every row is predicted rightly" in " ".join(table.notes)
    assert one.roc().frame["auc"].tolist() == [1.0] * 8
    rules = one.scoring_rules().frame.set_index("measure")
    assert rules.loc[["log_score", "brier"], "value"].tolist() == [0.0, 0.0]
    assert rules.loc[["log_score", "brier"], "gain"].tolist() == [1.0, 1.0]


def test_a_probability_of_zero_that_came_true_makes_the_log_score_infinite_and_it_is_said():
    table = scores("coarse").scoring_rules()
    own = COARSE[np.arange(Y.size), CODES] == 0
    assert own.any()
    assert table.frame["value"][0] == math.inf
    assert f"The class of {own.sum()} rows had probability 0" in " ".join(table.notes)


def test_few_distinct_probabilities_form_no_groups():
    p = np.tile([0.5, 0.3, 0.2], (30, 1))
    with pytest.raises(NotApplicable, match="at least 3 groups"):
        glmlr.class_scores(np.tile(["a", "b", "c"], 10), p).hosmer_lemeshow()


def test_a_class_with_one_row_has_no_error_and_it_is_said():
    outcome = np.where(np.arange(240) == np.flatnonzero(CODES == 3)[0], "d", np.where(CODES == 3, "c", Y))
    table = glmlr.class_scores(outcome, FINE).roc()
    assert math.isnan(table.frame["std_error"][3])
    assert math.isnan(table.frame["std_error"][6])
    assert table.frame["auc"][6] > 0
    assert "There is only one row of d" in " ".join(table.notes)


# ----------------------------------------------------------------------------------------------- what is taken


def test_classes_are_named_by_a_frame_by_categories_by_the_caller_or_by_the_outcome():
    frame = pd.DataFrame(FINE, columns=list(LEVELS))
    outcome = pd.Series(Y, name="grade")
    expected = scores().confusion().frame
    for given in (
        glmlr.class_scores(outcome, frame),
        glmlr.class_scores(outcome, FINE, classes=LEVELS),
        glmlr.class_scores(pd.Series(pd.Categorical(Y, categories=LEVELS)), FINE),
        glmlr.class_scores(list(Y), FINE.tolist()),
    ):
        pd.testing.assert_frame_equal(given.confusion().frame, expected)
    assert glmlr.class_scores(outcome, frame).response == "grade"
    turned = glmlr.class_scores(outcome, frame[list(LEVELS[::-1])])
    assert turned.confusion()["accuracy"] == scores().confusion()["accuracy"]


def test_weights_of_a_series_are_lined_up_by_index():
    outcome = pd.Series(Y, index=np.arange(240) + 7)
    times = pd.Series(np.arange(240) % 3, index=outcome.index)
    given = glmlr.class_scores(outcome, FINE, weight=times.sample(frac=1, random_state=1))
    assert given.counts.tolist() == np.bincount(CODES, np.arange(240) % 3).tolist()


@pytest.mark.parametrize(
    ("outcome", "p", "options", "error", "words"),
    [
        (
            Y,
            FINE[:, :3] / FINE[:, :3].sum(axis=1, keepdims=True),
            {},
            DataError,
            "have 3 columns, and the outcome has 4",
        ),
        (Y, FINE, {"classes": ["a", "b", "c"]}, DataError, "classes= names 3 classes"),
        (Y, FINE, {"classes": ["a", "b", "c", "e"]}, DataError, "The outcomes hold 'd', which is not among"),
        (Y, FINE, {"classes": ["a", "b", "c", "c"]}, DataError, "is not among"),
        (Y, FINE[:, 0], {}, DataError, "give a column for each class"),
        (Y, 2 * FINE, {}, DataError, "add up to 1"),
        (Y, np.where(FINE > 0.9, np.nan, FINE), {}, DataError, "rows lack a probability; drop"),
        (Y, np.where(FINE > 0.9, np.inf, FINE), {}, DataError, "finite and 0 or more"),
        (Y[:5], FINE, {"classes": LEVELS}, DataError, "240, 4"),
        (np.where(CODES == 0, None, Y), FINE, {}, DataError, "outcomes are missing"),
        (Y, FINE.astype(str) + "x", {}, DataError, "must be numbers"),
        (Y, FINE, {"weight": np.full(240, -1.0)}, WeightError, "finite and 0 or more"),
        (Y, FINE, {"weight": np.ones(3)}, WeightError, "rows need one each"),
        (Y, FINE, {"reference": "q"}, OptionError, "reference='q' is not one of the classes"),
        (Y, FINE, {"klasses": 1}, ArgumentError, "did you mean 'classes'"),
        (Y, FINE, {"reference": np.arange(2)}, OptionError, "is not one of the classes"),
        (Y, FINE, {"reference": pd.NA}, OptionError, "reference=<NA> is not one of the classes"),
        (Y, FINE, {"weight": "w"}, WeightError, "must be numbers"),
        (Y, FINE, {"classes": 4}, OptionError, "classes=4 is no list of classes"),
        (Y, FINE, {"classes": [["a"], ["b"], ["c"], ["e"]]}, OptionError, "is no list of classes"),
        (Y[:0], FINE[:0], {"classes": LEVELS}, DataError, "no rows"),
        (np.array([1, "1"] * 120, dtype=object), FINE[:, :2], {"classes": [1, "1"]}, DataError, "printed alike"),
        (np.array([1, "a", 2.5] * 80, dtype=object), FINE[:, :3], {}, DataError, "cannot be sorted"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(outcome, p, options, error, words):
    with pytest.raises(error, match=words):
        glmlr.class_scores(outcome, p, **options)


def test_indexes_that_differ_are_refused():
    frame = pd.DataFrame(FINE, columns=list(LEVELS), index=np.arange(240) + 1)
    with pytest.raises(DataError, match="different indexes"):
        glmlr.class_scores(pd.Series(Y), frame)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("confusion", {"level": 1.5}, "level=1.5"),
        ("roc", {"level": 0}, "level=0"),
        ("top_k", {"most": 5}, "from 1 to 4"),
        ("top_k", {"most": True}, "from 1 to 4"),
        ("calibration", {"groups": 1}, "groups=1"),
        ("calibration", {"smooth": "cubic"}, "smooth='cubic'"),
        ("hosmer_lemeshow", {"groups": 2}, "groups=2"),
        ("hosmer_lemeshow", {"reference": "q"}, "reference='q'"),
        ("scoring_rules", {"level": "a"}, "level='a'"),
    ],
)
def test_options_that_cannot_be_are_refused(name, options, words):
    with pytest.raises(OptionError, match=words):
        getattr(scores(), name)(**options)


def test_a_misspelt_option_is_named():
    with pytest.raises(ArgumentError, match="did you mean 'ordered'"):
        scores().confusion(orderd=True)


def test_a_statistic_of_classes_refuses_what_has_none():
    from glmlr.classes.confusion import confusion

    with pytest.raises(ArgumentError, match=r"class_scores\(y, probabilities\) or a multinomial fit, not int"):
        confusion(3)


@pytest.mark.parametrize("given", ["series", "bare", "index"])
def test_the_categories_of_a_categorical_outcome_name_the_columns(given):
    backwards = pd.Categorical(Y, categories=list(LEVELS)[::-1])
    outcome = {"series": pd.Series(backwards), "bare": backwards, "index": pd.CategoricalIndex(backwards)}[given]
    found = glmlr.class_scores(outcome, FINE[:, ::-1])
    assert found.classes == LEVELS[::-1]
    assert found.confusion()["accuracy"] == scores().confusion()["accuracy"]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_the_columns_of_another_frame_name_the_classes(library):
    named = {name: FINE[:, at] for at, name in reversed(list(enumerate(LEVELS)))}
    module = pytest.importorskip(library)
    frame = module.DataFrame(named) if library == "polars" else module.table(named)
    found = glmlr.class_scores(Y, frame)
    assert found.classes == LEVELS[::-1]
    np.testing.assert_array_equal(found.probabilities, FINE[:, ::-1])


def test_classes_put_the_columns_of_a_frame_that_names_them_in_order():
    frame = pd.DataFrame(FINE[:, ::-1], columns=list(LEVELS)[::-1])
    found = glmlr.class_scores(Y, frame, classes=LEVELS)
    assert found.classes == LEVELS
    np.testing.assert_array_equal(found.probabilities, FINE)


def test_classes_name_the_columns_of_a_frame_that_has_other_names():
    found = glmlr.class_scores(Y, pd.DataFrame(FINE, columns=list("wxyz")), classes=LEVELS)
    np.testing.assert_array_equal(found.probabilities, FINE)


def test_scores_of_classes_are_named_by_size():
    assert repr(scores()) == "<glmlr.ClassScores of class, 4 classes, 240 rows>"
