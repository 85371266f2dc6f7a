"""What do the exhibits say in words? One or two sentences for each statistic, read off its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.design import Term
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
    on = f"{terms} {_plural(terms, 'term')}" if terms else "an intercept alone"
    events = round(fit.ranking.total_events)
    opening = (
        f"A binomial model with {fit.link.name} link of P({fit.event}) on {on}, fitted to {fit.nobs:,} "
        f"{_rows(fit)} with {events:,} {_plural(events, 'event')} ({_share(events / fit.nobs)})."
    )
    return (opening, *(fit.notes[1:] if fit.design.event.stated else fit.notes))


def _rows(fit: Fit) -> str:
    return "trials" if fit.design.grouped else "rows"


def _plural(count: float, noun: str) -> str:
    return noun if count == 1 else noun + "s"


def _share(value: float) -> str:
    return text(value, "percent")


def _p(value: float) -> str:
    """Print a p-value in a sentence; the table has its digits."""
    if value < 0.0001:
        return "p < 0.0001"
    shown = text(value, "p_value")
    return f"p {shown[0]} {shown[1:]}" if shown[0] in "<>" else f"p = {shown}"


def _number(value: float) -> str:
    """Print a number in a sentence: three decimals below 1, else three significant digits; the table has them all."""
    size = abs(value)
    if not np.isfinite(value):
        return text(value, "ratio")
    if size >= 999.5:
        return f"{value:,.0f}"
    if size >= 0.9995:
        return f"{value:#.3g}".rstrip(".")
    if 0 < size < 0.0001:
        return "less than 0.0001" if value > 0 else "nearly 0"
    return f"{value:.3f}" if size >= 0.01 or size == 0 else f"{value:.2g}"


def _ratio(value: float) -> str:
    """Print an odds ratio in a sentence; one that is nearly 1 with the digits in which it differs."""
    return text(value, "ratio") if 0 < abs(value - 1) < 0.005 else _number(value)


def _response_profile(fit: Fit, table: Table) -> list[str]:
    events, others = table.frame["n"].iloc[:2]
    said = [
        f"{text(events, 'count')} of the {text(events + others, 'count')} {_rows(fit)} "
        f"{'is an event' if events == 1 else 'are events'} ({fit.event}, {_share(table.frame['share'].iloc[0])}), "
        f"{text(others, 'count')} {'is' if others == 1 else 'are'} not."
    ]
    slopes = fit.rank - sum(term.kind == "intercept" for term in fit.design.terms)
    if slopes > 0 and min(events, others) < 10 * slopes:
        said.append(
            f"That is {_number(min(events, others) / slopes)} of the rarer outcome for each of the {slopes} "
            f"{_plural(slopes, 'coefficient')} besides the intercept; with fewer than about 10, estimates tend to lie "
            "too far from zero, and their intervals are rough."
        )
    return said


def _screen(fit: Fit, table: Table) -> list[str]:
    names = table.frame.columns[0]
    frame = table.frame.sort_values("iv", ascending=False, kind="stable")
    first: Any = frame.iloc[0]
    said = f"Taken alone, {first[names]} has an information value of {_number(first['iv'])}."
    if len(frame) > 1:
        second: Any = frame.iloc[1]
        said = (
            f"Taken alone, {first[names]} tells events from non-events best by information value "
            f"({_number(first['iv'])}), {second[names]} second best ({_number(second['iv'])})."
        )
    return [said, f"The tables show the observed log-odds of {fit.event} by level or bin, before any model."]


def _coefficients(_: Fit, table: Table) -> list[str]:
    frame = table.frame[table.frame["term"] != "Intercept"]
    frame = frame[np.isfinite(frame["estimate"])]
    if frame.empty:
        return []
    clear = frame[(frame["low"] > 0) | (frame["high"] < 0)]
    several, rest = len(frame) > 1, len(frame) - len(clear)
    if clear.empty:
        return ["No interval excludes zero." if several else "The interval includes zero."]
    if rest == 0:
        return ["Every interval excludes zero." if several else "The interval excludes zero."]
    which = "interval" if len(clear) == 1 else "intervals"
    return [
        f"The {which} of {listing(clear['term'], 12)} {'excludes' if len(clear) == 1 else 'exclude'} zero; "
        + ("that of the other coefficient does not." if rest == 1 else f"those of the other {rest} do not.")
    ]


def _odds_ratios(fit: Fit, table: Table) -> list[str]:
    """Read out the odds ratio with the smallest p-value, of the terms that can change while the others stay."""
    terms = [term for term in fit.design.terms if term.kind != "intercept"]
    free = {term.name for term in terms if _changes_alone(term, terms)}
    finite = np.isfinite(table.frame[["odds_ratio", "low", "high"]].to_numpy()).all(axis=1)
    frame = table.frame[finite & table.frame["term"].isin(free).to_numpy() & (table.frame["odds_ratio"] > 0).to_numpy()]
    if frame.empty:
        return []
    row: Any = frame.sort_values("p_value", kind="stable").iloc[0]
    change = (
        f"the odds of {fit.event} are multiplied by {_ratio(row['odds_ratio'])} ({_interval(table)}"
        f"{_ratio(row['low'])} to {_ratio(row['high'])}) {_for_what(row, table.frame)}."
    )
    if len(terms) > 1:
        change = f"with the other terms held, {change}"
    if len(frame) > 1:
        return [f"The smallest p-value ({_p(row['p_value'])}) is that of {row['term']}: {change}"]
    return [change[:1].upper() + change[1:]]


def _changes_alone(term: Term, terms: Sequence[Term]) -> bool:
    """Say whether a term is one number or one factor with a reference, of columns that no other term reads."""
    single = term.reference is not None or (term.kind == "numeric" and len(term.columns) == 1)
    return single and not any(set(term.variables) & set(other.variables) for other in terms if other is not term)


def _interval(table: Table) -> str:
    """Give "95% interval " as the heading of the lower bound says it."""
    return table.heading("low").removesuffix("low") + "interval "


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


def _goodness_of_fit(fit: Fit, table: Table) -> list[str]:
    rows: Any = table.frame.set_index("measure")
    test, r2 = rows.loc["lr_chi2"], rows.loc["mcfadden", "value"]
    if not test["df"] > 0:
        return []
    if np.isnan(test["p_value"]):
        return [
            f"McFadden's pseudo R² of the weighted pseudo-likelihood is {_number(r2)}; under importance weights "
            "likelihood ratios have no p-value."
        ]
    better = "improves on" if test["p_value"] < 0.05 else "does not clearly improve on"
    null = "the intercept alone" if not fit.design.shifted else "intercept and offset alone"
    return [
        f"The model {better} one with {null} (likelihood ratio chi-square {_number(test['value'])} on "
        f"{test['df']:.0f} df, {_p(test['p_value'])}); McFadden's pseudo R² is {_number(r2)}."
    ]


def _hosmer_lemeshow(fit: Fit, table: Table) -> list[str]:
    row: Any = table.frame.iloc[0]
    significant = row["p_value"] < 0.05
    verdict = "finds that observed and expected counts differ" if significant else "finds no significant lack of fit"
    size = ""
    if not significant and fit.nobs < 400:
        size = f" With {fit.nobs:,} {_rows(fit)} it would notice gross lack of fit only."
    elif significant and fit.nobs > 25_000:
        size = (
            f" With {fit.nobs:,} {_rows(fit)} even differences of no consequence are significant; the table of groups "
            "shows how large they are."
        )
    return [
        f"The Hosmer-Lemeshow test {verdict} (chi-square {_number(row['statistic'])} on {row['df']:.0f} df, "
        f"{_p(row['p_value'])}).{size}"
    ]


def _association(_: Fit, table: Table) -> list[str]:
    tied = table["tied_share"]
    said = f"; in {_share(tied)} they tie" if tied >= 0.0005 else ""
    return [
        f"Of all pairs of one event and one non-event, the event has the higher predicted probability in "
        f"{_share(table['concordant_share'])} and the lower one in {_share(table['discordant_share'])}{said}. "
        f"Somers' D is {_number(table['somers_d'])}, c is {_number(table['c'])}."
    ]


def _roc(_: Fit, table: Table) -> list[str]:
    said = f"The area under the ROC curve is {_number(table['auc'])}"
    if not table["std_error"] > 0:
        return [f"{said}; 0.5 is what chance gives, 1 is a perfect ranking."]
    return [
        f"{said} (95% interval {_number(table['low'])} to {_number(table['high'])}); 0.5 is what chance gives, 1 is a "
        "perfect ranking. It was measured on the rows that the model was fitted to, so that new rows will give "
        "somewhat less."
    ]


def _calibration(fit: Fit, table: Table) -> list[str]:
    rate, brier = _value(table, "observed_rate"), _value(table, "brier")
    one = "trial" if fit.design.grouped else "row"
    return [
        f"The Brier score, the mean squared distance between probability and outcome, is {_number(brier)}; giving "
        f"every {one} the observed rate of {_share(rate)} would score {_number(rate * (1 - rate))}."
    ]


def _value(table: Table, row: str) -> float:
    found: Any = table[row]
    return float(found["value"]) if isinstance(found, pd.Series) else float(found)


def _deciles(fit: Fit, table: Table) -> list[str]:
    if len(table.frame) == 1:
        return [f"All {_rows(fit)} have one predicted probability: there are no groups to compare."]
    top: Any = table.frame.iloc[0]
    said = [
        f"The group with the highest predicted probabilities ({text(top['n'], 'count')} {_rows(fit)}) holds "
        f"{_share(top['capture'])} of the events, {_number(top['lift'])} times its share of the {_rows(fit)}."
    ]
    distance = next((part for part in table.tables if part.key == "ks"), None)
    if distance is not None:
        said.append(
            "The largest distance between the score distributions of events and non-events (KS) is "
            f"{_number(_value(distance, 'ks'))}."
        )
    return said


def _confusion(fit: Fit, table: Table) -> list[str]:
    return [
        f"At the cut-off 0.5 the model finds {_share(_value(table, 'sensitivity'))} of the events (sensitivity) and "
        f"clears {_share(_value(table, 'specificity'))} of the non-events (specificity); "
        f"{_share(_value(table, 'accuracy'))} of all {_rows(fit)} are classified correctly, against "
        f"{_share(_value(table, 'no_information_rate'))} when all are given the commoner outcome."
    ]


def _cutoffs(_: Fit, table: Table) -> list[str]:
    rows: Any = table.frame.set_index("criterion")
    if "youden" not in rows.index or not np.isfinite(rows.loc["youden", "cutoff"]):
        return []
    row = rows.loc["youden"]
    return [
        f"Sensitivity plus specificity is largest at the cut-off {_number(row['cutoff'])}, where they are "
        f"{_share(row['sensitivity'])} and {_share(row['specificity'])}. Which cut-off is right depends on what a "
        "missed event costs against a false alarm."
    ]


def _validate(_: Fit, table: Table) -> list[str]:
    c, slope = table["c"], table["slope"]
    said = [
        f"The c of {_number(c['apparent'])} on the rows of the fit is {_number(c['corrected'])} when corrected for "
        "optimism, as on new rows of the same kind."
    ]
    if np.isfinite(slope["corrected"]):
        said.append(f"The calibration slope to be expected there is {_number(slope['corrected'])}.")
    return said


def _cross_validate(_: Fit, table: Table) -> list[str]:
    auc, slope = table["auc"], table["slope"]
    return [
        f"In cross-validation the area under the ROC curve is {_number(auc['mean'])} on average over the folds (SD "
        f"{_number(auc['sd'])}), and the calibration slope of all rows held out {_number(slope['pooled'])}."
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
    "validate": _validate,
    "cross_validate": _cross_validate,
}
