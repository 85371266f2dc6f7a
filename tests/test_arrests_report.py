"""Does the report on the arrests show every statistic, and the same each time?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import glmlr
from glmlr.exhibits import Report, Table
from glmlr.registry import STATISTICS
from reports import arrests

pytestmark = pytest.mark.slow

#: What has no place in it: points of curves that are drawn, what needs class weights, another link or separation, and
#: drawings that have a point for each of the 5,226 rows, ten of them 8 MB.
LEFT_OUT = {"roc_curve", "precision_recall_curve", "intercepts", "likelihood", "hazard_ratios", "separation_table"} | {
    "added_variable_plots",
    "partial_residual_plots",
}


@pytest.fixture(scope="module")
def report() -> Report:
    return arrests.report(resamples=5)


def family(table: Table) -> Iterator[Table]:
    yield table
    for companion in table.tables:
        yield from family(companion)


def test_every_statistic_is_in_it(report: Report) -> None:
    shown = {e.key for section in report.sections for e in section.exhibits}
    assert set(STATISTICS) - LEFT_OUT <= shown
    assert {"scorecard", "log_odds_table", "two_way_table", "compare_auc", "calibration_by"} <= shown
    assert {"validate", "cross_validate", "evaluation", "monitoring", "recalibration"} <= shown
    companions = {t.key for section in report.sections for e in section.exhibits for t in family(e)}
    assert {"cutoff_stability", "cutoffs_beside", "deciles_beside"} <= companions


def test_it_is_one_file_and_the_same_each_time(report: Report, tmp_path: Path) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    report.write(first)
    arrests.report(resamples=5).write(second)
    assert first.read_bytes() == second.read_bytes()
    text = first.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"<)]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_the_out_of_fold_rates_are_those_of_the_folds(report: Report) -> None:
    """Sensitivity at the cut-off of Youden's J, counted here from the out-of-fold probabilities."""
    (table,) = [e for s in report.sections for e in s.exhibits if e.key == "cutoffs"]
    (beside,) = [t for t in table.tables if t.key == "cutoffs_beside"]
    data = arrests.rows()
    folds = glmlr.cross_validate(arrests.FORMULA, data, event="No", folds=10, repeats=1, seed=1)
    cut = table["youden"]["cutoff"]
    expected = glmlr.confusion(folds, cutoff=cut)["sensitivity"]
    assert beside["youden"]["sensitivity_elsewhere"] == pytest.approx(expected, rel=1e-12)
