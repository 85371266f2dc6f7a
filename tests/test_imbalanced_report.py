"""The report on a rare event: it has what it must, agrees with arithmetic by hand, and is the same file each time."""

import re

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit

import glmlr
from reports import imbalanced

DATA = imbalanced.rows()


@pytest.fixture(scope="module")
def report():
    return imbalanced.report()


def exhibits(report, section):
    return next(part for part in report.sections if part.key == section).exhibits


def test_the_rows_are_those_of_the_text(report):
    # 9,900 and 100: counted, and stated by the text that the data come from.
    assert np.bincount(DATA["y"]).tolist() == [9900, 100]
    assert exhibits(report, "counts")[0]["n"].tolist()[:2] == [100, 9900]
    assert "100 of the 10,000 rows are events" in report.sections[0].sentences[0]


def test_all_events_are_drawn_with_lines_where_the_probability_is_one_half(report):
    (chart,) = exhibits(report, "scatter")
    others, events, *lines = chart.series
    assert (len(events.x), len(others.x)) == (100, 495)
    fits = [glmlr.fit(imbalanced.FORMULA, DATA, class_weight=weights) for weights in (None, "1:100", "1:100")]
    for line, fit, scale in zip(lines, fits, ("corrected", "weighted", "corrected"), strict=True):
        ends = {"x1": line.x, "x2": line.y}
        np.testing.assert_allclose(fit.predict(ends, scale=scale), 0.5, rtol=1e-9)


def test_the_search_is_shown_with_its_chart(report):
    # Its figures have their witness in tests/statistics/test_weight_search.py.
    (table,) = exhibits(report, "search")
    assert len(table) == 6
    assert len(table.charts) == 1
    assert table["mean"][:5].idxmax() == 4
    compared = exhibits(report, "comparison")[1]
    assert compared["1:100, corrected"]["auc"] == table["0: 1, 1: 100"]["mean"]


def test_probabilities_are_those_of_arithmetic_by_hand(report):
    table = exhibits(report, "comparison")[1]
    y = DATA["y"].to_numpy()
    for name, weight in (("1:100", 100.0), ("balanced", 99.0)):
        fit = glmlr.fit(imbalanced.FORMULA, DATA, class_weight={0: 1, 1: weight})
        eta = np.column_stack([np.ones(len(DATA)), DATA["x1"], DATA["x2"]]) @ fit.params.to_numpy()
        for scale, p in (("weighted", expit(eta)), ("corrected", expit(eta - np.log(weight)))):
            row = table[f"{name}, {scale}"]
            assert row["mean_predicted"] == pytest.approx(p.mean(), rel=1e-8)
            assert row["brier"] == pytest.approx(np.mean((y - p) ** 2), rel=1e-8)
            assert row["log_loss"] == pytest.approx(-np.log(np.where(y == 1, p, 1 - p)).mean(), rel=1e-8)


def test_without_weights_the_mean_probability_is_the_observed_rate_and_corrected_it_is_near(report):
    # The logit's score equation of the intercept; the correction restores it only where the log-odds are linear.
    table = exhibits(report, "comparison")[1]
    assert table["no weights"]["mean_predicted"] == pytest.approx(0.01, abs=1e-10)
    assert (
        abs(table["1:100, corrected"]["mean_predicted"] - 0.01)
        < abs(table["1:100, weighted"]["mean_predicted"] - 0.01) / 40
    )
    # At a rate of 1% for every row: 0.01 log 0.01 and 0.99 log 0.99.
    flat = table["the observed rate for every row"]
    assert flat["log_loss"] == pytest.approx(-0.01 * np.log(0.01) - 0.99 * np.log(0.99), rel=1e-12)
    assert flat["brier"] == pytest.approx(0.0099, rel=1e-12)
    assert table["1:100, weighted"]["brier"] > flat["brier"] > table["1:100, corrected"]["brier"]


def test_cutoffs_of_both_scales_call_the_same_rows(report):
    table = exhibits(report, "scales")[1]
    np.testing.assert_array_equal(table["positive_weighted"], table["positive_corrected"])
    assert table["0.5 of the weighted scale"]["corrected"] == pytest.approx(1 / 101, rel=1e-12)
    assert table["0.5 of the corrected scale"]["corrected"] == pytest.approx(0.5, rel=1e-12)


def test_standard_errors_of_counts_are_too_small_and_the_sandwich_is_that_of_var_weights(report):
    (table,) = exhibits(report, "freq_weights")
    x = sm.add_constant(DATA[["x1", "x2"]])
    weight = np.where(DATA["y"] == 1, 100.0, 1.0)
    model = sm.GLM(DATA["y"], x, family=sm.families.Binomial(), var_weights=weight)
    np.testing.assert_allclose(table["sandwich"], model.fit(cov_type="HC0").bse, rtol=1e-6)
    # Model-based standard errors of the 19,900 rows that the weights pretend there are.
    counted = DATA.loc[DATA.index.repeat(weight.astype(int))]
    repeated = sm.GLM(counted["y"], sm.add_constant(counted[["x1", "x2"]]), family=sm.families.Binomial()).fit()
    np.testing.assert_allclose(table["counted"], repeated.bse, rtol=1e-6)
    assert (table["counted_ratio"] > 3).all()
    assert (table["robust_ratio"] > 2.5).all()


def test_it_is_one_file_without_network_and_the_same_each_time(report, tmp_path):
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    report.write(first)
    imbalanced.report().write(second)
    assert first.read_bytes() == second.read_bytes()
    text = first.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
    assert "<script" not in text
    assert str(tmp_path) not in text
    assert first.stat().st_size < 400_000
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_it_is_written_in_html_and_in_markdown(report, tmp_path, monkeypatch):
    monkeypatch.setattr(imbalanced, "report", lambda: report)
    monkeypatch.setattr("sys.argv", ["imbalanced.py", str(tmp_path)])
    imbalanced.main()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["imbalanced.html", "imbalanced.md", "imbalanced_files"]
