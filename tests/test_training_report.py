"""Does the report on training say what the texts say, with figures that are found, and the same each time?"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

import glmlr
from glmlr.exhibits import Report, Table
from reports import training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report() -> Report:
    return training.report()


def table(report: Report, section: str, key: str) -> Table:
    (wanted,) = [one for one in report.sections if one.key == section]
    return next(one for one in wanted.exhibits if isinstance(one, Table) and one.key == key)


def found(report: Report, words: str) -> str:
    frame = table(report, "sentences", "sentences").frame
    (row,) = frame[frame["says"].str.contains(words, regex=False)].to_dict("records")
    return str(row["figure"])


def test_the_line_moves_as_in_the_text(report: Report) -> None:
    assert found(report, "19.5").startswith("19.5000, then 24.0000")


def test_f1_on_rows_held_out_is_that_of_scikit_learn(report: Report) -> None:
    data, held_out = training.passengers()
    columns = pd.get_dummies(pd.concat([data, held_out]), columns=["sex", "passengerClass"], drop_first=True)
    x, y = columns.drop(columns="survived").to_numpy(float), columns["survived"].to_numpy()
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(x[: len(data)], y[: len(data)])
    after = f1_score(y[len(data) :], theirs.predict(x[len(data) :]), average="macro")
    # Before training every coefficient is 0 and every probability 1/2: all are called survivors.
    before = f1_score(y[len(data) :], ["yes"] * len(held_out), average="macro")
    assert found(report, "Average F1") == f"{before:.4f}, then {after:.4f}, on {len(held_out)} passengers."


def test_the_penalty_is_removed_at_0_and_shrinks_at_a_million(report: Report) -> None:
    data, _ = training.passengers()
    slope = np.abs(glmlr.fit(training.FORMULA, data).params.to_numpy()[1:]).max()
    assert f"Largest slope {slope:.4f} at 0 (without penalty {slope:.4f})" in found(report, "L2 penalty")


def test_the_solvers_are_as_near_as_they_say(report: Report) -> None:
    frame = table(report, "training", "compare_solvers").frame.set_index("solver")
    assert (frame.loc[["Newton", "L-BFGS", "gradient, backtracking"], "distance"] < 1e-5).all()
    assert (frame["below_maximum"] >= 0).all()
    assert frame.loc["Newton", "iterations"] < frame.loc["gradient, backtracking", "iterations"]


def test_it_is_one_file_and_the_same_each_time(report: Report, tmp_path: Path) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    report.write(first)
    training.report().write(second)
    assert first.read_bytes() == second.read_bytes()
    text = first.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"<)]+", text)) <= {"http://www.w3.org/2000/svg"}
