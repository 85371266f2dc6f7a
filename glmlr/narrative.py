"""What do the exhibits say in words? One or two sentences for each statistic, read off its table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.digits import text
from glmlr.errors import listing
from glmlr.exhibits import Table
from glmlr.fit import Fit

Sentences = Callable[[Fit, Table], list[str]]


def sentences(key: str, fit: Fit, table: Table) -> tuple[str, ...]:
    """Give the sentences that introduce the table of the statistic `key`; none where nothing is known of it."""
    writer = _WRITERS.get(key)
    return tuple(writer(fit, table)) if writer else ()


def lead(fit: Fit) -> tuple[str, ...]:
    """Say in one paragraph what was fitted to what, and what must be known before reading on."""
    terms = sum(term.kind != "intercept" for term in fit.design.terms)
    events = round(fit.ranking.total_events)
    opening = (
        f"A binomial model with {fit.link.name} link of P({fit.event}) on {terms} {_plural(terms, 'term')}, fitted to "
        f"{fit.nobs:,} {'trials' if fit.design.grouped else 'rows'} with {events:,} {_plural(events, 'event')} "
        f"({_share(events / fit.nobs)})."
    )
    formula = f"Formula: {fit.design.formula}"
    return (opening, formula, *(fit.notes[1:] if fit.design.event.stated else fit.notes))


def _plural(count: float, noun: str) -> str:
    return noun if count == 1 else noun + "s"


def _share(value: float) -> str:
    return text(value, "percent").replace("%", " %")


def _p(value: float) -> str:
    shown = text(value, "p_value")
    return f"p {shown[0]} {shown[1:]}" if shown[0] in "<>" else f"p = {shown}"


def _number(value: float) -> str:
    """Print a number in a sentence with three significant digits."""
    if not np.isfinite(value):
        return text(value, "ratio")
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _response_profile(fit: Fit, table: Table) -> list[str]:
    events, others = table.frame["n"].iloc[:2]
    said = (
        f"{text(events, 'count')} of {text(events + others, 'count')} are events ({fit.event}, "
        f"{_share(table.frame['share'].iloc[0])}), {text(others, 'count')} are not."
    )
    fewest = min(events, others) / max(fit.rank - 1, 1)
    if fit.rank > 1 and fewest < 10:
        said += (
            f" That is {_number(fewest)} of the rarer outcome for each coefficient; below about 10 the estimates lean "
            "away from zero and the intervals are rough."
        )
    return [said]


def _screen(fit: Fit, table: Table) -> list[str]:
    best: Any = table.frame.sort_values("iv", ascending=False, kind="stable").iloc[0]
    return [
        f"Taken alone, {best.iloc[0]} tells events from non-events best (information value {_number(best['iv'])}). "
        f"The tables show the observed log-odds of {fit.event} by level or bin, before any model."
    ]


def _coefficients(_: Fit, table: Table) -> list[str]:
    frame = table.frame[(table.frame["term"] != "Intercept") & table.frame["estimate"].notna()]
    if frame.empty:
        return []
    clear = frame[(frame["low"] > 0) | (frame["high"] < 0)]
    several = len(frame) > 1
    if clear.empty:
        return ["No interval excludes zero." if several else "The interval includes zero."]
    if len(clear) == len(frame):
        return ["Every interval excludes zero." if several else "The interval excludes zero."]
    return [f"The intervals of {listing(clear['term'], 12)} exclude zero; the other {len(frame) - len(clear)} do not."]


def _odds_ratios(fit: Fit, table: Table) -> list[str]:
    interactions = {term.name for term in fit.design.terms if term.kind == "interaction"}
    frame = table.frame[table.frame["p_value"].notna() & np.isfinite(table.frame["odds_ratio"])]
    frame = frame[~frame["term"].isin(interactions) & (frame["odds_ratio"] > 0)]
    if frame.empty:
        return []
    row: Any = frame.sort_values("p_value", kind="stable").iloc[0]
    alone = len(table.frame) == 1
    return [
        f"{'The' if alone else 'With the other terms held, the'} odds of {fit.event} are multiplied by "
        f"{_number(row['odds_ratio'])} ({_number(row['low'])} to {_number(row['high'])}) {_for_what(row, table.frame)}"
        f"{'.' if alone else ', the clearest effect.'}"
    ]


def _for_what(row: pd.Series, frame: pd.DataFrame) -> str:
    """Say what an odds ratio compares."""
    if row["level"] == "per 1":
        return f"for each unit of {row['term']}"
    if str(row["level"]).startswith("per "):
        return f"for each {str(row['level']).removeprefix('per ')} of {row['term']}"
    same = frame[frame["term"] == row["term"]]
    reference = [level for level in same["level"] if str(level).endswith(" (reference)")]
    versus = f" against {reference[0].removesuffix(' (reference)')}" if reference else ""
    return f"for {row['term']} = {row['level']}{versus}"


def _goodness_of_fit(_: Fit, table: Table) -> list[str]:
    rows: Any = table.frame.set_index("measure")
    if "lr_chi2" not in rows.index or not rows.loc["lr_chi2", "df"] > 0:
        return []
    test, r2 = rows.loc["lr_chi2"], rows.loc["mcfadden", "value"]
    better = "improves on" if test["p_value"] < 0.05 else "is not clearly better than"
    return [
        f"The model {better} one with the intercept alone (likelihood ratio chi-square {_number(test['value'])} on "
        f"{test['df']:.0f} df, {_p(test['p_value'])}); McFadden's pseudo R² is {_number(r2)}."
    ]


def _hosmer_lemeshow(fit: Fit, table: Table) -> list[str]:
    row: Any = table.frame.iloc[0]
    verdict = "shows no lack of fit" if row["p_value"] >= 0.05 else "finds that observed and expected counts differ"
    size = ""
    if row["p_value"] >= 0.05 and fit.nobs < 400:
        size = " In a sample of this size only gross lack of fit would be noticed."
    elif row["p_value"] < 0.05 and fit.nobs > 25_000:
        size = " In a sample of this size even differences of no consequence are noticed; look at the table."
    return [
        f"The Hosmer-Lemeshow test {verdict} ({_number(row['statistic'])} on {row['df']:.0f} df, "
        f"{_p(row['p_value'])}).{size}"
    ]


def _association(_: Fit, table: Table) -> list[str]:
    return [
        f"Of all pairs of one event and one non-event, the event has the higher predicted probability in "
        f"{_share(table['concordant_share'])} and the lower one in {_share(table['discordant_share'])}: "
        f"Somers' D is {_number(table['somers_d'])}, c is {_number(table['c'])}."
    ]


def _roc(_: Fit, table: Table) -> list[str]:
    return [
        f"The area under the ROC curve is {_number(table['auc'])} (95 % interval {_number(table['low'])} to "
        f"{_number(table['high'])}); 0.5 is a coin, 1 is perfect. It was measured on the rows of the fit, so it "
        "flatters a little."
    ]


def _calibration(_: Fit, table: Table) -> list[str]:
    rate, brier = _value(table, "observed_rate"), _value(table, "brier")
    return [
        f"The Brier score, the mean squared distance between probability and outcome, is {_number(brier)}; giving "
        f"everybody the observed rate of {_share(rate)} would score {_number(rate * (1 - rate))}."
    ]


def _value(table: Table, row: str) -> float:
    found: Any = table[row]
    return float(found["value"]) if isinstance(found, pd.Series) else float(found)


def _deciles(_: Fit, table: Table) -> list[str]:
    top: Any = table.frame.iloc[0]
    said = (
        f"The group with the highest predicted probabilities ({text(top['n'], 'count')} rows) holds "
        f"{_share(top['capture'])} of the events, {_number(top['lift'])} times its share of the rows."
    )
    distance = next((part for part in table.tables if part.key == "ks"), None)
    if distance is not None:
        said += f" The largest distance between the two groups (KS) is {_number(_value(distance, 'ks'))}."
    return [said]


def _confusion(_: Fit, table: Table) -> list[str]:
    return [
        f"At a cut-off of 0.5 the model finds {_share(_value(table, 'sensitivity'))} of the events and clears "
        f"{_share(_value(table, 'specificity'))} of the non-events; {_share(_value(table, 'accuracy'))} of all rows "
        f"are classified rightly, against {_share(_value(table, 'no_information_rate'))} by always naming the commoner "
        "outcome."
    ]


def _cutoffs(_: Fit, table: Table) -> list[str]:
    rows: Any = table.frame.set_index("criterion")
    if "youden" not in rows.index or not np.isfinite(rows.loc["youden", "cutoff"]):
        return []
    row = rows.loc["youden"]
    return [
        f"Sensitivity plus specificity is largest at {_number(row['cutoff'])}, where they are "
        f"{_share(row['sensitivity'])} and {_share(row['specificity'])}. Which cut-off is right depends on what a "
        "missed event costs against a false alarm."
    ]


_WRITERS: Final[dict[str, Sentences]] = {
    "response_profile": _response_profile,
    "screen": _screen,
    "coefficients": _coefficients,
    "odds_ratios": _odds_ratios,
    "goodness_of_fit": _goodness_of_fit,
    "hosmer_lemeshow": _hosmer_lemeshow,
    "association": _association,
    "roc": _roc,
    "calibration": _calibration,
    "deciles": _deciles,
    "confusion": _confusion,
    "cutoffs": _cutoffs,
}
