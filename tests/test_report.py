"""The report: sections in order, sentences that agree with the numbers, whole files or none."""

import re

import numpy as np
import pytest

import glmlr
from glmlr.errors import ArgumentError, OptionError, RankWarning
from glmlr.registry import SECTIONS, STATISTICS

BIRTHS = glmlr.datasets.load("birthwt")
FORMULA = "low ~ age + lwt + C(race) + smoke + ptl + ht + ui"
FIT = glmlr.fit(FORMULA, BIRTHS)
REPORT = FIT.report()


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """Give the report as it was written, drawn once for all that look at its text."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert FIT.report(str(path)) == str(path)
    return path


def test_sections_come_in_reading_order():
    keys = [section.key for section in REPORT.sections]
    assert keys[-1] == "making"
    assert keys[:-1] == [key for key in SECTIONS if key in keys]
    assert {"profile", "screening", "coefficients", "goodness", "discrimination", "calibration", "deciles"} <= set(keys)


def test_every_statistic_meant_for_the_report_is_in_it():
    shown = {exhibit.key for section in REPORT.sections for exhibit in section.exhibits}
    assert {key for key, record in STATISTICS.items() if record.in_report} <= shown


def test_definitions_cover_what_is_shown():
    names = {item.name for item in REPORT.definitions}
    assert len(names) == len(REPORT.definitions)
    assert "Odds ratio" in names


def test_lead_names_event_rows_and_formula():
    assert "P(low = 1) on 7 terms, fitted to 189 rows with 59 events (31.2%)" in REPORT.lead[0]
    assert REPORT.formula == FORMULA


def sentence(section, start):
    said = " ".join(next(part for part in REPORT.sections if part.key == section).sentences)
    assert start in said
    return said


def test_sentences_agree_with_the_tables():
    frame = FIT.coefficients().frame
    clear = frame[(frame["low"] * frame["high"] > 0) & (frame["term"] != "Intercept")]["term"]
    assert sentence("coefficients", "exclude zero").startswith(f"The intervals of {', '.join(clear)} exclude zero")
    c = FIT.association()["c"]
    assert f"c is {c:.3g}" in sentence("discrimination", "Of all pairs")
    brier = float(np.mean((FIT.probabilities - BIRTHS["low"]) ** 2))
    assert f"is {brier:.3g};" in sentence("calibration", "Brier score")


def said_of(section, *arguments, **options):
    report = glmlr.fit(*arguments, **options).report()
    return " ".join(next(part for part in report.sections if part.key == section).sentences)


def test_overview_has_the_numbers_of_the_tables():
    rows = REPORT.overview.frame.set_index("measure")["value"]
    assert rows["Rows"] == 189
    assert rows["Events"] == 59
    assert rows["AIC"] == FIT.aic
    assert rows["c (area under the ROC curve)"] == FIT.association()["c"]
    assert (
        rows["p of the likelihood ratio test"] == FIT.goodness_of_fit().frame.set_index("measure")["p_value"]["lr_chi2"]
    )
    assert len(FIT.report(sections=["profile"]).overview.frame) == 3  # nothing is computed for the overview alone


def test_the_summary_has_the_overview_of_the_report():
    assert str(FIT.summary().overview) == str(REPORT.overview)
    alone = glmlr.fit("low ~ 1", BIRTHS)  # the null model: no likelihood ratio, pseudo R² of 0
    assert list(alone.summary().overview.frame["measure"])[3:6] == ["McFadden's pseudo R²", "AIC", "BIC"]
    assert str(alone.summary().overview) == str(alone.report().overview)


def test_the_summary_warns_where_the_scores_rank_the_wrong_way():
    data = BIRTHS.assign(against=-3.0 * BIRTHS["low"] + BIRTHS["lwt"] / 100)
    fit = glmlr.fit("low ~ 1", data, offset="against")
    with pytest.warns(RankWarning, match="below 1/2") as caught:
        overview = fit.summary().overview
    assert len(caught) == 1
    assert overview["c (area under the ROC curve)"] < 0.5


def test_numbers_in_sentences_keep_their_decimals():
    # AUC 0.746 with the interval 0.672 to 0.820: R pROC ci.auc(roc(low, fitted(glm(...)))).
    assert "is 0.746 (95% interval 0.672 to 0.820);" in sentence("discrimination", "area under the ROC curve")


def test_importance_weights_get_no_p_value_in_words():
    said = said_of("goodness", FORMULA, BIRTHS, class_weight="balanced")
    assert "under importance weights likelihood ratios have no p-value" in said
    assert "improve" not in said


def test_only_a_term_that_can_change_alone_is_read_out():
    said = said_of("coefficients", "low ~ smoke * lwt + age", BIRTHS)
    assert "for each unit of age" in said
    assert "for each unit of smoke" not in said
    assert "odds" not in said_of("coefficients", "low ~ lwt + I(lwt ** 2)", BIRTHS)
    assert "other terms" not in said_of("coefficients", "low ~ smoke", BIRTHS)


def test_one_coefficient_is_not_spoken_of_as_several():
    assert said_of("coefficients", "low ~ smoke", BIRTHS).startswith("The interval excludes zero.")
    assert "those of the other 2 do not" in said_of("coefficients", "low ~ smoke + age + ftv", BIRTHS)
    assert said_of("coefficients", "low ~ smoke + age", BIRTHS).startswith(
        "The interval of smoke excludes zero; that of the other coefficient does not."
    )


def test_infinite_estimates_are_not_read_out():
    data = {"y": [0, 0, 1, 1, 0, 1], "x": [1.0, 2, 3, 4, 2, 5]}
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ x", data)
    coefficients = next(part for part in fit.report().sections if part.key == "coefficients")
    # The profile interval has a finite end, which is above zero as the likelihood ratio says; that is read out.
    assert coefficients.sentences == ("The interval excludes zero.",)
    row = fit.coefficients().frame.set_index("term").loc["x"]
    assert row["low"] > 0
    assert row["p_value"] < 0.05
    (drawn,) = (one for one in fit.odds_ratios().chart("forest").series if one.kind == "intervals")
    assert (drawn.x[0], drawn.high[0]) == (np.inf, np.inf)
    np.testing.assert_allclose(drawn.low[0], np.exp(row["low"]), rtol=1e-12)  # an arrow from its end


def test_a_model_of_an_intercept_alone_is_said_to_be_one():
    report = glmlr.fit("low ~ 1", BIRTHS).report()
    assert "on an intercept alone" in report.lead[0]
    deciles = next(part for part in report.sections if part.key == "deciles")
    assert deciles.sentences == ("All rows have one predicted probability: there are no groups to compare.",)


def test_tables_do_not_repeat_the_lead():
    report = glmlr.fit("survived ~ sex + age", glmlr.datasets.load("titanic"), event="yes").report()
    dropped = "263 of 1,309 rows were dropped because something is missing in them."
    assert report.lead.count(dropped) == 1
    assert not any(dropped in one.notes for section in report.sections for one in section.exhibits)


def test_every_anchor_is_used_once_and_every_link_finds_its_place(html):
    text = html.read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)
    assert {"log_odds_ptl", "log_odds_race", "odds_ratios-forest"} <= set(ids)


def test_a_statistic_that_does_not_apply_says_why():
    report = glmlr.fit(FORMULA, BIRTHS, link="probit").report()
    coefficients = next(part for part in report.sections if part.key == "coefficients")
    assert any("The probit link has no odds ratio" in said for said in coefficients.sentences)
    assert [exhibit.key for exhibit in coefficients.exhibits] == ["coefficients"]


def test_chosen_sections_and_refusals():
    report = FIT.report(sections=["deciles", "coefficients"])
    assert [section.key for section in report.sections] == ["coefficients", "deciles", "making"]
    with pytest.raises(OptionError, match="did you mean 'deciles'"):
        FIT.report(sections=["decile"])
    with pytest.raises(ArgumentError, match="did you mean 'title'"):
        FIT.report(titel="x")


def test_same_fit_same_bytes(html, tmp_path):
    second = tmp_path / "b.html"
    glmlr.fit(FORMULA, BIRTHS).report(str(second))
    assert html.read_bytes() == second.read_bytes()


def test_html_is_one_file_without_network(html):
    text = html.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
    assert "<script" not in text
    assert str(html.parent) not in text


KINDS = [
    ("low ~ 1", "birthwt", {}),
    ("low ~ smoke", "birthwt", {"class_weight": "balanced"}),
    ("disease + no_disease ~ ca", "heart_vessels", {}),
    ("survived ~ sex * passengerClass + age", "titanic", {"event": "yes"}),
    ("low ~ lwt * smoke", "birthwt", {"freq_weights": np.arange(189) % 3}),
    ("low ~ bs(age, df=4) + race", "birthwt", {"robust": "HC3"}),
]


@pytest.mark.parametrize(("formula", "name", "options"), KINDS)
def test_every_kind_of_model_has_a_report(formula, name, options):
    """The words and numbers; all the drawings of every kind and link are made by the next test."""
    fit = glmlr.fit(formula, glmlr.datasets.load(name), **options)
    report = fit.report()
    assert {"profile", "coefficients", "goodness"} <= {section.key for section in report.sections}
    assert str(report).count("\n") > 50
    assert str(fit.summary())


@pytest.mark.parametrize(
    ("link", "kind", "ending"),
    [
        ("logit", 2, "md"),
        ("logit", 4, "html"),
        *(
            pytest.param(link, kind, ending, marks=pytest.mark.slow)
            for link in ("logit", "probit", "cloglog")
            for kind in range(len(KINDS))
            for ending in ("html", "md")
            if (link, kind, ending) not in {("logit", 2, "md"), ("logit", 4, "html")}
        ),
    ],
)
def test_every_kind_of_report_is_written_with_its_drawings(tmp_path, link, kind, ending):
    formula, name, options = KINDS[kind]
    path = tmp_path / f"report.{ending}"
    glmlr.fit(formula, glmlr.datasets.load(name), link=link, **options).report(path)
    assert path.stat().st_size > 5_000


def test_separated_model_has_a_report(tmp_path):
    import pandas as pd

    data = pd.DataFrame({"y": [0, 0, 1, 1, 0, 1], "x": [1.0, 2, 3, 4, 2, 5], "g": list("aababb")})
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ x", data)
    fit.report(tmp_path / "r.html")
    assert "∞" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_what_was_validated_beforehand_has_its_section(tmp_path):
    births = glmlr.datasets.load("birthwt")
    fit = glmlr.fit("low ~ age + lwt + smoke", births)
    validation, folds = fit.validate(bootstraps=10), glmlr.cross_validate("low ~ age + lwt + smoke", births, repeats=1)
    document = glmlr.full_report(fit, validation=[validation, folds])
    section = next(section for section in document.sections if section.key == "validation")
    assert [table.key for table in section.exhibits] == ["validate", "cross_validate"]
    assert f"is {validation.corrected['c']:.3f} when corrected for optimism" in " ".join(section.sentences)
    assert f"{folds['auc']['mean']:.3f} on average over the folds" in " ".join(section.sentences)
    assert glmlr.full_report(fit, validation=validation, sections=["validation"]).sections[0].exhibits
    assert not any(section.key == "validation" for section in glmlr.full_report(fit).sections)
    fit.report(str(tmp_path / "report.md"), validation=validation, sections=["validation"])
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Indices corrected for optimism" in text
    with pytest.raises(ArgumentError, match="not str"):
        glmlr.full_report(fit, validation="validate")
    with pytest.raises(ArgumentError, match="not DataFrame"):
        glmlr.full_report(fit, validation=[births])
