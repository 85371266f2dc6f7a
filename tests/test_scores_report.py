"""Are the scores of any model looked at as those of a fit, ranked once, with a report of their own?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data

import glmlr
from glmlr.errors import ArgumentError, DataError, OptionError
from glmlr.registry import STATISTICS

BIRTHS = read_data("birthwt")
FIT = glmlr.fit("low ~ age + lwt + C(race) + smoke", BIRTHS)
SCORES = sorted(key for key, record in STATISTICS.items() if record.on == "scores")


@pytest.mark.parametrize("key", SCORES)
def test_a_statistic_of_ranked_scores_is_that_of_the_arrays(key: str) -> None:
    p = FIT.predict().to_numpy()
    ranked = glmlr.scores(BIRTHS["low"], p)
    one, other = getattr(ranked, key)(), getattr(glmlr, key)(BIRTHS["low"], p)
    pd.testing.assert_frame_equal(one.frame, other.frame)


def test_weights_are_repeated_rows() -> None:
    p, times = FIT.predict().to_numpy(), np.resize([1, 2, 3], len(BIRTHS))
    one = glmlr.scores(BIRTHS["low"], p, weight=times)
    other = glmlr.scores(np.repeat(BIRTHS["low"], times), np.repeat(p, times))
    pd.testing.assert_frame_equal(one.association().frame, other.association().frame)


def test_text_outcomes_need_an_event() -> None:
    y = BIRTHS["low"].map({0: "well", 1: "ill"})
    ranked = glmlr.scores(y, FIT.predict(), event="ill")
    assert ranked.roc()["auc"] == FIT.roc()["auc"]
    assert "ill" in ranked.event.label


def test_the_report_has_what_scores_have() -> None:
    report = glmlr.scores_report(glmlr.scores(BIRTHS["low"], FIT.predict().to_numpy()), title="A score")
    shown = [exhibit.key for section in report.sections for exhibit in section.exhibits]
    expected = [key for key in STATISTICS if key in SCORES and STATISTICS[key].in_report]
    assert sorted(shown) == sorted(expected)
    said = " ".join(sentence for section in report.sections for sentence in section.sentences)
    assert "fitted to" not in said
    assert report.lead[0].startswith("189 rows with a score, 59 of them events")
    for text in (str(report), report._repr_html_()):
        assert "A score" in text


def test_the_report_of_scores_that_are_no_probabilities_says_what_is_left_out() -> None:
    report = glmlr.scores_report(glmlr.scores(BIRTHS["low"], 300 + 50 * FIT.predict().to_numpy()))
    said = " ".join(sentence for section in report.sections for sentence in section.sentences)
    assert "Not shown: Calibration." in said
    assert any(exhibit.key == "roc" for section in report.sections for exhibit in section.exhibits)


def test_a_cross_validation_has_a_report_of_its_scores(tmp_path: Path) -> None:
    cv = glmlr.cross_validate("low ~ age + lwt", BIRTHS, folds=3, repeats=1)
    path = glmlr.scores_report(cv, sections=["discrimination"], extra=["ks"]).write(tmp_path / "scores.md")
    text = Path(path).read_text(encoding="utf-8")
    assert "Kolmogorov-Smirnov" in text
    assert "Calibration" not in text.split("## Definitions")[0]


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="not DataFrame"):
        glmlr.scores_report(BIRTHS)
    with pytest.raises(OptionError, match="nonsense"):
        glmlr.scores_report(FIT, sections=["nonsense"])
    with pytest.raises(OptionError, match="rok"):
        glmlr.scores_report(FIT, extra="rok")
    with pytest.raises(ArgumentError, match="extra="):
        FIT.report(extra=3)
    with pytest.raises(DataError, match="missing"):
        glmlr.scores([0, 1], [0.2, np.nan])


def test_an_extra_takes_the_place_of_the_default() -> None:
    report = FIT.report(sections=["deciles", "classification"], extra=[FIT.deciles(groups=5), "classification_table"])
    keys = [exhibit.key for section in report.sections for exhibit in section.exhibits]
    assert keys.count("deciles") == 1
    assert "classification_table" in keys
    (table,) = [e for section in report.sections for e in section.exhibits if e.key == "deciles"]
    assert len(table) == 5
