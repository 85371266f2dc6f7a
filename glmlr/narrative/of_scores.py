"""What do the tables of predicted probabilities say in words? Ranking, calibration, cut-offs, and rows held out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from glmlr.digits import text
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.narrative.words import (
    Analysed,
    Rows,
    Sentences,
    number,
    p_text,
    plural,
    row_of,
    rows_of,
    share,
    value_of,
)


def _hosmer_lemeshow(fit: Analysed, table: Table) -> list[str]:
    row: Any = table.frame.iloc[0]
    significant = row["p_value"] < 0.05
    verdict = "finds that observed and expected counts differ" if significant else "finds no significant lack of fit"
    size = ""
    if not significant and fit.nobs < 400:
        size = f" With {fit.nobs:,} {rows_of(fit)} it would notice gross lack of fit only."
    elif significant and fit.nobs > 25_000:
        size = (
            f" With {fit.nobs:,} {rows_of(fit)} even differences of no consequence are significant; the table of "
            "groups shows how large they are."
        )
    return [
        f"The Hosmer-Lemeshow test {verdict} (chi-square {number(row['statistic'])} on {row['df']:.0f} df, "
        f"{p_text(row['p_value'])}).{size}"
    ]


def _association(_: Analysed, table: Table) -> list[str]:
    tied = table["tied_share"]
    said = f"; in {share(tied)} they tie" if tied >= 0.0005 else ""
    return [
        f"Of all pairs of one event and one non-event, the event has the higher predicted probability in "
        f"{share(table['concordant_share'])} and the lower one in {share(table['discordant_share'])}{said}. "
        f"Somers' D is {number(table['somers_d'])}, c is {number(table['c'])}."
    ]


def _roc(fit: Analysed, table: Table) -> list[str]:
    said = f"The area under the ROC curve is {number(table['auc'])}"
    if not table["std_error"] > 0:
        return [f"{said}; 0.5 is what chance gives, 1 is a perfect ranking."]
    said = (
        f"{said} (95% interval {number(table['low'])} to {number(table['high'])}); 0.5 is what chance gives, 1 is a "
        "perfect ranking."
    )
    if isinstance(fit, Rows):
        return [said]
    return [
        f"{said} It was measured on the rows that the model was fitted to, so that new rows will give somewhat less."
    ]


def _precision_recall(_: Analysed, table: Table) -> list[str]:
    interval = ""
    if table["low"] >= 0:
        interval = f" (95% interval {number(table['low'])} to {number(table['high'])})"
    return [
        f"The average precision is {number(table['average_precision'])}{interval}; scores that say nothing would have "
        f"the share of events, {number(table['baseline'])}."
    ]


def _calibration(fit: Analysed, table: Table) -> list[str]:
    rate, brier = value_of(table, "observed_rate"), value_of(table, "brier")
    return [
        f"The Brier score, the mean squared distance between probability and outcome, is {number(brier)}; giving "
        f"every {row_of(fit)} the observed rate of {share(rate)} would score {number(rate * (1 - rate))}.",
        f"From a smooth curve of the observed rate the probabilities are {number(value_of(table, 'ici'))} away on "
        f"average (ICI), and {number(value_of(table, 'emax'))} at most.",
    ]


def _calibration_components(_: Analysed, table: Table) -> list[str]:
    row: Any = table.frame.set_index("measure")["brier"]
    return [
        f"Of the Brier score of {number(row['score'])}, {number(row['miscalibration'])} is miscalibration, which is "
        "the most that a rising change of the probabilities would take off on these rows; telling rows apart takes "
        f"{number(row['discrimination'])} off the {number(row['uncertainty'])} of the observed rate."
    ]


def _deciles(fit: Analysed, table: Table) -> list[str]:
    if len(table.frame) == 1:
        return [f"All {rows_of(fit)} have one predicted probability: there are no groups to compare."]
    top: Any = table.frame.iloc[0]
    said = [
        f"The group with the highest predicted probabilities ({text(top['n'], 'count')} {rows_of(fit)}) holds "
        f"{share(top['capture'])} of the events, {number(top['lift'])} times its share of the {rows_of(fit)}."
    ]
    distance = next((part for part in table.tables if part.key == "ks"), None)
    if distance is not None:
        said.append(
            "The largest distance between the score distributions of events and non-events (KS) is "
            f"{number(value_of(distance, 'ks'))}."
        )
    trend = next((part for part in table.tables if part.key == "deciles_trend"), None)
    return said if trend is None else [*said, _monotone(trend)]


def _monotone(trend: Table) -> str:
    """Say whether the rate falls from group to group, and how likely the reversals are by chance."""
    p_value, back = value_of(trend, "trend_p"), round(value_of(trend, "reversals"))
    opening = f"The rate falls with the score (Cochran-Armitage {p_text(p_value)})"
    if value_of(trend, "trend_z") < 0 or p_value >= 0.05:
        opening = f"The rate does not clearly fall with the score (Cochran-Armitage {p_text(p_value)})"
    if back == 0:
        return f"{opening}, from each group to the next."
    least = float(trend.tables[0].frame["p_value"].min())
    pairs = "one pair of neighbours" if back == 1 else f"{back} pairs of neighbours"
    chance = (
        f"of which the smallest p is {p_text(least).removeprefix('p ').removeprefix('= ')}"
        if back > 1
        else p_text(least)
    )
    return f"{opening}, but {pairs} {'stands' if back == 1 else 'stand'} in reversed order ({chance})."


def _confusion(fit: Analysed, table: Table) -> list[str]:
    return [
        f"At the cut-off 0.5 the model finds {share(value_of(table, 'sensitivity'))} of the events (sensitivity) and "
        f"clears {share(value_of(table, 'specificity'))} of the non-events (specificity); "
        f"{share(value_of(table, 'accuracy'))} of all {rows_of(fit)} are classified correctly, against "
        f"{share(value_of(table, 'no_information_rate'))} when all are given the commoner outcome."
    ]


def _cutoffs(_: Analysed, table: Table) -> list[str]:
    rows: Any = table.frame.set_index("criterion")
    if "youden" not in rows.index or not np.isfinite(rows.loc["youden", "cutoff"]):
        return []
    row = rows.loc["youden"]
    return [
        f"Sensitivity plus specificity is largest at the cut-off {number(row['cutoff'])}, where they are "
        f"{share(row['sensitivity'])} and {share(row['specificity'])}. Which cut-off is right depends on what a "
        "missed event costs against a false alarm."
    ]


def _decision_curve(fit: Analysed, table: Table) -> list[str]:
    gain = (table.frame["net_benefit"] - table.frame["treat_all"].clip(lower=0)).to_numpy(dtype=float)
    best, rows = int(np.argmax(gain)), rows_of(fit)
    if gain[best] <= 1e-12:
        return [
            f"At none of the thresholds shown is acting on the model worth more than acting on all {rows} or on none."
        ]
    at, more = float(table.frame["threshold"][best]), number(100 * gain[best])
    return [
        f"Of the thresholds shown, acting on the model pays most at {share(at)}: found events per 100 {rows}, net of "
        f"false alarms, are {more} more than when acting on all or on none. That threshold takes a false alarm to cost "
        f"{number(at / (1 - at))} of a found event."
    ]


def _monitoring(_: Fit, table: Table) -> list[str]:
    """Say in how many slices the score has moved, and whether ranking and calibration hold."""
    said, frame = [], table.frame.iloc[:-1] if table.emphasis else table.frame
    count = f"{len(frame)} {plural(len(frame), 'slice')}"
    if "psi" in frame and frame["psi"].notna().any():
        worst: Any = frame.iloc[int(np.nanargmax(frame["psi"].to_numpy(dtype=float)))]
        beyond, large = int((frame["psi"] > frame["psi_chance"]).sum()), int((frame["psi"] > 0.25).sum())
        said.append(
            f"The score has moved from that of the rows of the fit by more than chance alone explains in {beyond} of "
            f"{count}, and by what is called a large change (PSI above 0.25) in {large}; the largest PSI is "
            f"{number(worst['psi'])} in {worst['slice']}."
        )
    if "auc_p" in frame and frame["auc"].notna().any():
        lower = int(((frame["auc_p"] < 0.05) & (frame["auc_difference"] < 0)).sum())
        least: Any = frame.iloc[int(np.nanargmin(frame["auc"].to_numpy(dtype=float)))]
        said.append(
            f"The area under the ROC curve is below that of the fit with p < 0.05 in {lower} of "
            f"{int(frame['auc'].notna().sum())}; the smallest is {number(least['auc'])} in {least['slice']}."
        )
    if "rate" in frame and frame["rate"].notna().any():
        expected = frame["expected_events"] / frame["outcomes"]
        outside = int(((expected < frame["low"]) | (expected > frame["high"])).sum())
        known = int(frame["rate"].notna().sum())
        said.append(f"The expected rate lies outside the interval of the observed one in {outside} of {known}.")
    return said


def _validate(_: Fit, table: Table) -> list[str]:
    c, slope = table["c"], table["slope"]
    said = [
        f"The c of {number(c['apparent'])} on the rows of the fit is {number(c['corrected'])} when corrected for "
        "optimism, as on new rows of the same kind."
    ]
    if np.isfinite(slope["corrected"]):
        said.append(f"The calibration slope to be expected there is {number(slope['corrected'])}.")
    return said


def _cross_validate(_: Fit, table: Table) -> list[str]:
    auc, slope = table["auc"], table["slope"]
    return [
        f"In cross-validation the area under the ROC curve is {number(auc['mean'])} on average over the folds (SD "
        f"{number(auc['sd'])}), and the calibration slope of all rows held out {number(slope['pooled'])}."
    ]


WRITERS: Final[dict[str, Sentences]] = {
    "hosmer_lemeshow": _hosmer_lemeshow,
    "association": _association,
    "roc": _roc,
    "precision_recall": _precision_recall,
    "calibration": _calibration,
    "calibration_components": _calibration_components,
    "deciles": _deciles,
    "confusion": _confusion,
    "cutoffs": _cutoffs,
    "decision_curve": _decision_curve,
    "monitoring": _monitoring,
    "validate": _validate,
    "cross_validate": _cross_validate,
}
