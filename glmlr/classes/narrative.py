"""What do the exhibits of predicted classes say in words? One or two sentences for each, read off its table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.digits import text
from glmlr.exhibits import Table


def class_sentences(table: Table) -> tuple[str, ...]:
    """Give the sentences that introduce a table of predicted classes; none where nothing is known of it."""
    writer = _WRITERS.get(table.key)
    return tuple(writer(table)) if writer else ()


def _by_measure(table: Table) -> dict[str, dict[str, Any]]:
    """Give the rows of a table of measures by their names."""
    names = table.frame["measure"].tolist()
    return dict(zip(names, table.frame.to_dict("records"), strict=True))


def _extremes(frame: pd.DataFrame, column: str) -> tuple[Any, Any]:
    """Give the rows with the largest and with the smallest number of a column."""
    values = frame[column].to_numpy()
    return frame.iloc[int(np.argmax(values))], frame.iloc[int(np.argmin(values))]


def _share(value: float) -> str:
    return text(value, "percent")


def _three(value: float) -> str:
    return f"{value:.3f}"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}"


def _confusion(table: Table) -> list[str]:
    rows = _by_measure(table)
    accuracy, rate, kappa = (rows[name] for name in ("accuracy", "no_information_rate", "kappa"))
    said = [
        f"The most probable class is the observed one in {_share(accuracy['value'])} of the rows (95% interval "
        f"{_share(accuracy['low'])} to {_share(accuracy['high'])}); calling every row by the most frequent class is "
        f"right in {_share(rate['value'])} (exact binomial {_p(rate['p_value'])})."
    ]
    if not np.isnan(kappa["value"]):
        said.append(f"Agreement beyond chance, Cohen's kappa, is {_three(kappa['value'])}.")
    return said


def _classification_report(table: Table) -> list[str]:
    frame = table.frame.iloc[: -len(table.emphasis)]
    known = frame[frame["recall"].notna()]
    if len(known) < 2:
        return []
    best, worst = _extremes(known, "recall")
    if best["recall"] == worst["recall"]:
        return [f"Every class is recalled alike, {_share(best['recall'])} of its rows."]
    return [
        f"Of the rows of {best['class']} {_share(best['recall'])} are predicted in it, the most of all classes; of "
        f"those of {worst['class']} {_share(worst['recall'])}, the fewest."
    ]


def _top_k(table: Table) -> list[str]:
    if len(table) < 2:
        return []
    second = table.frame.iloc[1]
    return [f"The observed class is one of the two most probable in {_share(second['share'])} of the rows."]


def _roc(table: Table) -> list[str]:
    averages = table.frame.iloc[list(table.emphasis)]
    classes = table.frame.iloc[: -len(table.emphasis)].dropna(subset=["auc"])
    m = averages["auc"].iloc[2]
    said = [
        f"Of a row of each of two classes the right one has the larger probability in {_share(m)} of cases, averaged "
        "over all pairs of classes (Hand & Till's M; 50% by chance)."
    ]
    if len(classes) > 2:
        best, worst = _extremes(classes, "auc")
        said.append(
            f"Against the rest {best['class']} is told apart best (AUC {_three(best['auc'])}), {worst['class']} worst "
            f"({_three(worst['auc'])})."
        )
    return said


def _scoring_rules(table: Table) -> list[str]:
    brier = _by_measure(table)["brier"]
    return [
        f"The Brier score is {_three(brier['value'])}, where the shares of the classes alone have "
        f"{_three(brier['of_shares'])}: a gain of {_share(brier['gain'])}."
    ]


def _calibration(table: Table) -> list[str]:
    frame = table.frame[np.isfinite(table.frame["slope"].to_numpy())]
    if frame.empty:
        return []
    apart = frame[(frame["slope_low"] > 1) | (frame["slope_high"] < 1)]
    span = (
        f"Calibration slopes of the classes run from {_three(frame['slope'].min())} to {_three(frame['slope'].max())}"
    )
    if apart.empty:
        said = f"{span}; the intervals of all of them contain the ideal 1."
    else:
        said = f"{span}; the interval of {', '.join(apart['class'])} does not contain the ideal 1."
    test = table.tables[0].frame
    if table.tables[0].key != "recalibration_test" or np.isnan(test["statistic"].iloc[0]):
        return [said]
    return [
        said,
        f"Recalibrated together, all classes would fit better by a chi-square of {test['statistic'].iloc[0]:.1f} on "
        f"{test['df'].iloc[0]} degrees of freedom ({_p(float(test['p_value'].iloc[0]))}).",
    ]


def _hosmer_lemeshow(table: Table) -> list[str]:
    row = table.frame.iloc[0]
    verdict = "speak against the fit" if row["p_value"] < 0.05 else "do not speak against the fit"
    return [
        f"Observed and expected rows in {int(row['groups'])} groups {verdict} (chi-square {row['statistic']:.1f} on "
        f"{int(row['df'])} degrees of freedom, {_p(row['p_value'])})."
    ]


_WRITERS: Final[dict[str, Callable[[Table], list[str]]]] = {
    "confusion": _confusion,
    "classification_report": _classification_report,
    "top_k": _top_k,
    "roc": _roc,
    "scoring_rules": _scoring_rules,
    "calibration": _calibration,
    "hosmer_lemeshow": _hosmer_lemeshow,
}
