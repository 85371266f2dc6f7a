"""The command: helps, prints, refuses in one sentence with exit code 2, and writes whole files or none."""

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner
from witnesses import ROOT

import glmlr
from glmlr.cli import app, main

FORMULA = "low ~ age + lwt + C(race) + smoke"


def run(*words):
    return CliRunner().invoke(app, list(words))


def test_help_teaches():
    text = run("--help").output
    for word in ("report", "fit", "show", "table", "statistics", "score", "--save model.json", "low ~ age"):
        assert word in text
    assert "--event" in run("fit", "--help").output


def test_fit_prints_the_summary():
    result = run("fit", "birthwt", FORMULA)
    assert result.exit_code == 0
    assert "P(low = 1)" in result.output
    assert "C(race)[T.white]" in result.output


def test_report_is_written_and_its_path_printed(tmp_path):
    path = tmp_path / "out.html"
    result = run("report", "birthwt", FORMULA, "-o", str(path), "--link", "probit", "--sections", "coefficients")
    assert result.exit_code == 0
    assert result.output.strip() == str(path)
    assert "probit" in path.read_text(encoding="utf-8")


def test_a_report_is_validated(tmp_path):
    path = tmp_path / "out.md"
    words = ("report", "birthwt", FORMULA, "-o", str(path), "--sections", "validation", "--validate")
    assert run(*words, "5").exit_code == 0
    assert "5 resamples of rows" in path.read_text(encoding="utf-8")
    assert run(*words, "-1").exit_code == 2


def test_show_in_every_format():
    for form in ("text", "markdown", "html", "latex", "csv"):
        assert run("show", "association", "birthwt", FORMULA, "--format", form).exit_code == 0
    csv = run("show", "association", "birthwt", FORMULA, "--format", "csv").output
    c = glmlr.fit(FORMULA, glmlr.datasets.load("birthwt")).association()["c"]
    assert f"c,{c}" in csv


def test_event_weights_and_files(tmp_path):
    path = tmp_path / "titanic.csv"
    glmlr.datasets.load("titanic").to_csv(path, index=False)
    result = run("fit", str(path), "survived ~ sex", "--event", "no", "--class-weight", "no:1,yes:3")
    assert result.exit_code == 0
    assert "survived = no" in result.output
    numbers = run("fit", "birthwt", "low ~ age", "--event", "0", "--class-weight", "0:1,1:2")
    assert numbers.exit_code == 0
    assert "low = 0" in numbers.output


@pytest.mark.parametrize("words", ["1:100", "1/100:1", "0.01:1", "0:1,1:100"])
def test_class_weights_in_all_their_words(words, tmp_path):
    shown = run("show", "coefficients", "birthwt", FORMULA, "--format", "csv", "--class-weight", words)
    expected = glmlr.fit(FORMULA, glmlr.datasets.load("birthwt"), class_weight={0: 1, 1: 100})
    written = pd.read_csv(io.StringIO(shown.output))
    np.testing.assert_allclose(written["std_error"], expected.bse, rtol=1e-9)
    path = tmp_path / "out.md"
    options = ("--class-weight", words, "--sections", "profile")
    assert run("report", "birthwt", FORMULA, "-o", str(path), *options).exit_code == 0
    assert "Class weights" in path.read_text(encoding="utf-8")


def test_scores_for_a_population(tmp_path):
    births = glmlr.datasets.load("birthwt")
    model, scores = str(tmp_path / "model.json"), str(tmp_path / "scores.parquet")
    run("fit", "birthwt", FORMULA, "--class-weight", "1:10", "--save", model)
    assert run("score", model, "birthwt", "-o", scores, "--prevalence", "0.02").exit_code == 0
    fitted = glmlr.fit(FORMULA, births, class_weight="1:10")
    np.testing.assert_array_equal(pd.read_parquet(scores)["probability"], fitted.predict(births, prevalence=0.02))


def test_table_of_a_predictor():
    result = run("table", "titanic", "survived", "age", "--bins", "0,20,40,80", "--log-base", "10", "--event", "yes")
    assert result.exit_code == 0
    assert "20" in result.output


def test_a_model_is_saved_and_scores_a_file(tmp_path):
    births = glmlr.datasets.load("birthwt")
    fitted = glmlr.fit(FORMULA, births, link="probit")
    model, rows, scores = (str(tmp_path / name) for name in ("model.json", "rows.csv", "scores.csv"))
    saved = run("fit", "birthwt", FORMULA, "--link", "probit", "--save", model)
    assert saved.exit_code == 0
    assert saved.output == run("fit", "birthwt", FORMULA, "--link", "probit").output
    births.assign(id=range(189), age=births["age"].where(births.index > 1)).to_csv(rows, index=False)
    result = run("score", model, rows, "-o", scores, "--keep", "id, race", "--interval", "0.9")
    assert result.output == "187 rows scored; 2 rows without a score: 'age' is missing in 2.\n"
    written = pd.read_csv(scores)
    assert list(written) == ["id", "race", "probability", "low", "high"]
    assert written["id"].tolist() == list(range(189))
    expected = fitted.predict(births, interval=0.9)[2:]
    # pandas reads decimal text to the last digit but one.
    np.testing.assert_allclose(written[["probability", "low", "high"]][2:], expected, rtol=1e-15)


def test_scores_of_every_kind(tmp_path):
    births = glmlr.datasets.load("birthwt")
    model, scores = str(tmp_path / "model.json"), str(tmp_path / "scores.parquet")
    run("fit", "birthwt", FORMULA, "--class-weight", "balanced", "--save", model)
    fitted = glmlr.fit(FORMULA, births, class_weight="balanced")
    rows = tmp_path / "rows.parquet"
    births.assign(race=births["race"].replace("other", "martian")).to_parquet(rows)
    words = ["--kind", "link", "--scale", "weighted", "--unknown", "nan"]
    result = run("score", model, str(rows), "-o", scores, *words)
    assert "67 hold a level that the fit has not seen" in result.output
    known = births["race"] != "other"
    expected = fitted.predict(births, kind="link", scale="weighted").where(known)
    np.testing.assert_array_equal(pd.read_parquet(scores)["link"], expected)


def test_lists():
    assert "odds_ratios" in run("statistics").output
    assert "Odds ratio" in run("definitions").output
    assert "birthwt" in run("data").output
    assert glmlr.__version__ in run("--version").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fit", "birthwt", "low ~ agee"], "did you mean 'age'"),
        (["fit", "nowhere.csv", "low ~ age"], "nowhere.csv"),
        (["fit", "birthwt", "low ~ age", "--link", "logitt"], "did you mean 'logit'"),
        (["show", "asociation", "birthwt", "low ~ age"], "did you mean 'association'"),
        (["report", "birthwt", "low ~ age", "-o", "x.docx"], ".html"),
        (["fit", "birthwt", "low ~ age", "--class-weight", "0:x"], "label:weight"),
        (["fit", "birthwt", "low ~ age", "--class-weight", "1:2:3"], "not a ratio of two numbers"),
        (["fit", "birthwt", "low ~ age", "--class-weight", "0:1"], "a class weight is a number above 0"),
        (["fit", "birthwt", "low ~ age", "--class-weight", "balance"], "did you mean 'balanced'"),
        (["table", "birthwt", "low", "age", "--bins", "a,b"], "--bins"),
        (["fit", "birthwt", "low ~ age", "--save", "model.pkl"], "use .json"),
        (["fit", "birthwt", "low ~ age", "--save", "absent/model.json"], "there is no folder"),
        (["score", "absent.json", "birthwt"], "absent.json"),
        (["score", str(ROOT / "data" / "birthwt.csv"), "birthwt"], "is not a model that glmlr saved"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(words, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["glmlr", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert len(printed.err.strip().splitlines()) == 1


def test_the_module_runs_and_errors_reach_the_shell(tmp_path):
    words = [sys.executable, "-m", "glmlr", "report", "birthwt", "low ~ agee", "-o", str(tmp_path / "x.html")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("glmlr: ")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_three_classes_are_fitted_and_reported(tmp_path):
    result = run("fit", "birthwt", "race ~ age + lwt", "--family", "multinomial", "--reference", "white")
    assert result.exit_code == 0
    assert "each against white" in result.output
    path = tmp_path / "classes.md"
    words = ["report", "birthwt", "race ~ lwt", "--family", "multinomial", "--sections", "coefficients"]
    words += ["-o", str(path)]
    assert run(*words).exit_code == 0
    assert "Relative-risk ratios" in path.read_text(encoding="utf-8")
    for more in (("--validate", "5"), ("--extra", "ks")):
        assert "leave them out with --family multinomial" in str(run(*words, *more).exception)
    model, scores = str(tmp_path / "m.json"), tmp_path / "scores.csv"
    assert run("fit", "birthwt", "race ~ lwt", "--family", "multinomial", "--save", model).exit_code == 0
    assert run("score", model, "birthwt", "-o", str(scores)).output == "189 rows scored.\n"
    header = scores.read_text(encoding="utf-8").splitlines()[0]
    assert header == "probability_black,probability_other,probability_white"
