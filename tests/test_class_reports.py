"""Do the report, the drawings and the sentences of predicted classes say what the tables say, in every format?"""

import re

import numpy as np
import pandas as pd
import pytest
from witnesses import read_witness

import glmlr
from glmlr.classes.registry import CLASS_SECTIONS, CLASS_STATISTICS
from glmlr.classes.sections import class_definitions, class_section, class_sections
from glmlr.exhibits import Axis, Chart, Series
from glmlr.render import chart as drawing

R = read_witness("classes")
Y = np.array(R["outcome"])
FINE = np.array(R["fine"], dtype=np.float64)
WORDS = {"a": "no relapse", "b": "early <relapse>", "c": "late & relapse", "d": "death | other"}
SCORES = glmlr.class_scores(pd.Series([WORDS[level] for level in Y], name="course"), FINE, classes=list(WORDS.values()))


def test_every_statistic_of_classes_stands_in_one_section_and_has_its_record():
    listed = [name for _, names in CLASS_SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(CLASS_STATISTICS)
    assert len(set(listed)) == len(listed)
    for key, record in CLASS_STATISTICS.items():
        assert record.key == record.function.__name__ == key
        assert record.reference
        assert record.definitions
        assert all(record.definitions.values())
        assert getattr(SCORES, key)().key == key


def test_the_report_has_all_sections_and_defines_what_it_shows():
    report = SCORES.report(ordered=True)
    assert [section.key for section in report.sections] == list(CLASS_SECTIONS)
    assert {item.name for item in report.definitions} == {item.name for item in class_definitions()}
    assert "kappa_quadratic" in report.sections[0].exhibits[0].frame["measure"].tolist()
    assert "ranked" in report.sections[2].exhibits[0].frame["measure"].tolist()
    assert "kappa_quadratic" not in class_sections(SCORES)[0].exhibits[0].frame["measure"].tolist()


def test_the_report_is_written_and_escapes_the_names_of_classes(tmp_path):
    path = SCORES.report(str(tmp_path / "classes.html"))
    text = (tmp_path / "classes.html").read_text(encoding="utf-8")
    assert path.endswith("classes.html")
    assert "Predicted classes" in text
    assert "Hand &amp; Till" in text
    assert "early <relapse>" not in text
    assert "early &lt;relapse&gt;" in text


def test_tables_are_printed_in_every_format():
    table = SCORES.classification_report()
    for text in (str(table), table.to_markdown(), table.to_latex(), table.to_html()):
        assert "Macro average" in text
        assert f"{table['Macro average']['f1']:.4f}" in text
    assert str(SCORES.report()).count("Areas under the ROC curves") == 1


def test_the_same_scores_give_the_same_bytes():
    one, two = (SCORES.confusion() for _ in range(2))
    assert one.to_html() == two.to_html()
    assert one.chart().to_svg() == two.chart().to_svg()


def test_sentences_say_what_the_tables_say():
    said = " ".join(sentence for section in class_sections(SCORES) for sentence in section.sentences)
    assert f"observed one in {100 * SCORES.confusion()['accuracy']:.1f}% of the rows" in said
    assert f"(AUC {SCORES.roc().frame['auc'][:4].max():.3f})" in said
    brier = SCORES.scoring_rules().frame.set_index("measure").loc["brier", "value"]
    assert f"The Brier score is {brier:.3f}" in said
    test = SCORES.calibration().tables[0].frame.iloc[0]
    assert f"better by a chi-square of {test['statistic']:.1f} on 12 degrees of freedom" in said
    test = SCORES.hosmer_lemeshow().frame.iloc[0]
    assert f"chi-square {test['statistic']:.1f} on {test['df']} degrees" in said


def test_a_table_made_beforehand_takes_the_place_of_the_one_by_default():
    own = SCORES.roc(level=0.5)
    section = class_section(SCORES, "discrimination", brought={"roc": own})
    assert section.exhibits[0].frame["low"].tolist() == own.frame["low"].tolist()


def test_what_does_not_apply_is_said_in_place_of_its_table():
    few = glmlr.class_scores(np.tile(["a", "b", "c"], 10), np.tile([0.5, 0.3, 0.2], (30, 1)))
    calibration = few.report().sections[-1]
    assert any(line.startswith("Not shown: Multinomial Hosmer-Lemeshow test.") for line in calibration.sentences)
    assert [exhibit.key for exhibit in calibration.exhibits] == ["calibration"]


# ------------------------------------------------------------------------------------------------------ drawings


def test_the_confusion_matrix_is_drawn_as_tiles_with_counts_and_shares():
    table = SCORES.confusion()
    one = table.chart("confusion")
    tiles = one.series[0]
    matrix = table.tables[0].frame.iloc[:4, 1:5].to_numpy()
    assert tiles.kind == "tiles"
    assert [int(label.split("\n")[0]) for label in tiles.labels] == matrix.ravel().tolist()
    np.testing.assert_allclose(tiles.size, (matrix / matrix.sum(axis=1, keepdims=True)).ravel(), rtol=1e-15)
    svg = one.to_svg()
    assert all(f">{int(count)}<" in svg for count in matrix.ravel())
    right = int(np.trace(matrix))
    assert f"{right} of 240 rows are on the diagonal" in one.alt


def test_every_class_has_its_curve_and_large_numbers_of_classes_are_drawn_apart():
    names = [series.name for series in SCORES.roc().chart().series]
    assert [name.partition(" (AUC")[0] for name in names[1:]] == list(WORDS.values())
    generator = np.random.default_rng(0)
    p = generator.dirichlet(np.ones(14), 400)
    many = glmlr.class_scores(np.arange(400) % 14, p)
    charts = many.roc().charts
    assert [one.key for one in charts] == ["roc", "roc_2", "roc_3"]
    assert [len(one.series) - 1 for one in charts] == [5, 5, 4]
    assert len(many.calibration().charts) == 9
    assert "9 classes with most rows" in " ".join(many.calibration().notes)
    mistakes = many.confusion().tables[-1]
    assert mistakes.key == "confusion_mistakes"
    assert len(mistakes) == 12


def test_each_class_has_a_drawing_of_its_calibration():
    charts = SCORES.calibration().charts
    assert [one.key for one in charts] == [f"calibration_{k}" for k in range(1, 5)]
    assert charts[1].title.startswith("early <relapse>")
    for one in charts:
        assert one.to_svg().startswith("<svg")


def tiles(number, labels=True):
    down, across = (part.astype(float) for part in np.divmod(np.arange(number * number), number))
    words = tuple(f"{k}\n{k}%" for k in range(number * number)) if labels else None
    names = tuple(map(str, range(number)))
    series = Series("", "tiles", across, down, size=np.linspace(0, 1, number * number), labels=words)
    return Chart("k", "Tiles", (series,), Axis("Across", categories=names), Axis("Down", categories=names))


def test_tiles_fill_their_places_deeper_the_larger_their_size():
    (drawn,) = drawing.figure(tiles(3)).axes[0].collections
    depth = drawn.get_facecolor()[:, 3]
    assert (np.diff(depth) > 0).all()
    assert 0 < depth[0] < depth[-1] < 1
    centres = [path.vertices[:4].mean(axis=0).tolist() for path in drawn.get_paths()]
    assert centres[5] == pytest.approx([2.0, 1.0])


@pytest.mark.parametrize(("number", "lines"), [(3, 2), (10, 1), (40, 0)])
def test_texts_in_tiles_leave_out_what_has_no_room(number, lines):
    texts = drawing.figure(tiles(number)).axes[0].texts
    inside = [text.get_text() for text in texts if re.match(r"\d+(\n\d+%)?$", text.get_text())]
    assert len(inside) == (number * number if lines else 0)
    assert all(words.count("\n") == lines - 1 for words in inside)


def test_tiles_without_texts_or_outside_the_axes_are_drawn_or_not():
    assert len(drawing.figure(tiles(2, labels=False)).axes[0].collections[0].get_paths()) == 4
    far = Series("", "tiles", [0.0, 9.0, np.nan], [0.0, 0.0, 0.0], size=[1.0, 1.0, np.nan], labels=("", "b", "c"))
    one = Chart("k", "Tiles", (far,), Axis("x", categories=("p", "q")), Axis("y", categories=("p", "q")))
    assert len(drawing.figure(one).axes[0].collections[0].get_paths()) == 1


# --------------------------------------------------------------------------------------------------- of a fit


@pytest.fixture(scope="module")
def fit():
    return glmlr.fit(
        "race ~ age + lwt + smoke", glmlr.datasets.load("birthwt"), family="multinomial", reference="other"
    )


def test_a_fit_is_judged_on_its_own_rows(fit):
    assert fit.class_scores.fitted
    test = fit.hosmer_lemeshow()
    assert test["hosmer_lemeshow"]["df"] == (10 - 2) * 2
    assert "1 - the probability of other" in test.notes[0]
    gain = fit.scoring_rules().frame.set_index("measure").loc["log_score", "gain"]
    assert gain == pytest.approx(1 - fit.loglik / fit.null_loglik, rel=1e-12)
    calibrated = fit.calibration().frame
    np.testing.assert_allclose(calibrated["mean_predicted"], calibrated["observed_share"], rtol=1e-9)
    np.testing.assert_allclose(calibrated["in_the_large"], 0.0, atol=1e-2)
    assert any("the rows the model was fitted to" in note for note in fit.confusion().notes)


def test_a_fit_has_the_statistics_of_its_predicted_probabilities(fit):
    data = glmlr.datasets.load("birthwt")
    given = glmlr.class_scores(data["race"], fit.predict(data))
    assert given.response == "race"
    for name in CLASS_STATISTICS:
        if name != "hosmer_lemeshow":  # the reference and the degrees of freedom are those of a fit
            pd.testing.assert_frame_equal(getattr(given, name)().frame, getattr(fit, name)().frame)
    test = given.calibration().tables[0].frame
    assert test["statistic"][0] == pytest.approx(0.0, abs=1e-8)  # what a fit of these rows has reached
    assert given.hosmer_lemeshow().frame["df"][0] == 10 * 2
    one, other = (
        table.frame["statistic"][0] for table in (given.hosmer_lemeshow(reference="other"), fit.hosmer_lemeshow())
    )
    assert one == pytest.approx(other, rel=1e-12)


def test_a_row_of_new_data_without_a_prediction_is_named(fit):
    data = glmlr.datasets.load("birthwt").assign(age=lambda frame: frame["age"].where(frame.index > 4).astype(float))
    with pytest.raises(glmlr.errors.DataError, match="5 of the 189 rows lack a probability"):
        glmlr.class_scores(data["race"], fit.predict(data))


def test_the_report_of_a_fit_ends_with_its_predicted_classes(fit):
    report = fit.report()
    keys = [section.key for section in report.sections]
    assert [key for key in keys if key in CLASS_SECTIONS] == list(CLASS_SECTIONS)
    assert {item.name for item in class_definitions()} <= {item.name for item in report.definitions}
    only = fit.report(sections=["discrimination"], extra=fit.roc(level=0.5))
    assert only.sections[0].key == "discrimination"
    assert only.sections[0].exhibits[0].notes[0] == "Low and high: plain 50% intervals."
