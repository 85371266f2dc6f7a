"""Who was held? 5,226 arrests, looked at from every side: `python reports/arrests.py`.

Screening, ranking, cut-offs, deciles, calibration and monitoring of one model, on the rows it was fitted to, on
out-of-fold predictions and on later years. Writes arrests.html and arrests.md beside this file, or into the folder
that is named.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

import glmlr
from glmlr.exhibits import Report, Table

FORMULA = "released ~ colour + sex + employed + citizen + bs(age, df=4) + checks + year"
#: Weights of evidence of the same predictors, for points.
CARD = (
    "released ~ woe(colour) + woe(employed) + woe(citizen) + woe(age, method='optimal', bins=5) "
    "+ woe(checks, method='monotone')"
)
#: Years the model of the last sections is fitted to, and those it is judged by.
EARLY, LATE = range(1997, 2001), range(2001, 2003)
OUT_OF_FOLD = "out of fold"


def rows() -> pd.DataFrame:
    """Give the arrests; the event will be that a person was not released."""
    return glmlr.datasets.load("arrests")


def report(resamples: int = 200) -> Report:
    """Fit the models and put what is said of them into one report.

    Args:
        resamples: number of bootstrap samples wherever there are some.

    """
    data = rows()
    fit = glmlr.fit(FORMULA, data, event="No")
    folds = glmlr.cross_validate(FORMULA, data, event="No", folds=10, repeats=1, seed=1)
    early, late = (data[data["year"].isin(years)] for years in (EARLY, LATE))
    before = glmlr.fit(FORMULA.removesuffix(" + year"), early, event="No")
    whole = fit.report(
        title="Who was held? 5,226 arrests for possession of marijuana",
        extra=[
            *looked_at_alone(data),
            *ranked(fit, data, resamples),
            *cut(fit, folds, resamples),
            fit.deciles(beside={OUT_OF_FOLD: folds}),
            fit.calibration_by(by="colour"),
            points(data),
            *("sequential_tests", "risks", "risk_differences", "adjusted_predictions", "binned_residuals"),
        ],
        validation=[fit.validate(bootstraps=resamples), folds, *later(before, data, late)],
    )
    return replace(whole, lead=(*whole.lead, *said_first()))


def said_first() -> tuple[str, ...]:
    """Say what this report is for."""
    return (
        "Released with a summons, or held? Part of the data behind a series of articles in the Toronto Star on how the "
        "police treated people of different colour. This report asks of the model all that can be asked.",
        f"Out-of-fold predictions come from 10 folds. The last tables are of a model fitted to {EARLY[0]}-{EARLY[-1]} "
        f"and judged by {LATE[0]}-{LATE[-1]}.",
    )


def points(data: pd.DataFrame) -> Table:
    """Turn a model of weights of evidence into points."""
    table = glmlr.fit(CARD, data, event="No").scorecard().table
    return table.with_notes(f"The points are those of another model: {CARD}.")


def looked_at_alone(data: pd.DataFrame) -> Iterator[Table]:
    """Cut the numbers by what the outcomes say, and cross two predictors."""
    yield from (
        glmlr.log_odds_table(data, "released", name, event="No", method=method, bins=6)
        for name, method in (("age", "optimal"), ("checks", "monotone"))
    )
    yield glmlr.two_way_table(data, "released", "checks", "colour", event="No")
    yield glmlr.screen_interactions(data, "released", event="No")


def ranked(fit: glmlr.Fit, data: pd.DataFrame, resamples: int) -> Iterator[Table | str]:
    """Look at the ranking, and compare it with that of simpler models."""
    yield from ("ks", "det", "concentration")
    yield fit.operating_points(sensitivity=[0.8, 0.9], specificity=[0.8, 0.9], resamples=resamples)
    yield fit.partial_auc(specificity=(0.8, 1.0), resamples=resamples)
    simpler = {
        "all predictors": FORMULA,
        "checks alone": "released ~ checks",
        "without colour": FORMULA.replace("colour + ", ""),
    }
    scores = {name: glmlr.fit(formula, data, event="No").predict() for name, formula in simpler.items()}
    yield glmlr.compare_auc(data["released"], scores, event="No")


def cut(fit: glmlr.Fit, folds: glmlr.CrossValidation, resamples: int) -> Iterator[Table]:
    """Choose cut-offs, beside what they do out of fold, and weigh what acting on them is worth."""
    yield fit.cutoffs(
        sensitivity=0.9,
        specificity=0.9,
        capacity=[0.1, 0.2],
        cost_fn=5,
        beside={OUT_OF_FOLD: folds},
        resamples=resamples,
        seed=1,
    )
    yield fit.decision_curve(beside={OUT_OF_FOLD: folds})
    yield fit.classification_table(cutoffs=[step / 20 for step in range(1, 13)])


def later(fit: glmlr.Fit, data: pd.DataFrame, late: pd.DataFrame) -> Iterator[object]:
    """Judge the model of the early years by the late ones, follow it, and update it."""
    found = fit.evaluate(late, cutoff="youden")
    yield found
    yield fit.monitor(data, by="year")
    yield glmlr.recalibrate(found.scored, method="logistic")


def main() -> None:
    """Write the report, in HTML and in Markdown."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    document = report()
    for ending in ("html", "md"):
        document.write(folder / f"arrests.{ending}")


if __name__ == "__main__":
    main()
