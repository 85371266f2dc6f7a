"""What do the exhibits say in words? One or two sentences for each statistic, read off its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.design import Term
from glmlr.digits import text
from glmlr.errors import listing
from glmlr.exhibits import Table
from glmlr.fit import Fit


@dataclass(frozen=True)
class Rows:
    """Rows with scores of any model, as sentences speak of them: the event, and how many there are."""

    event: str
    nobs: int


#: What sentences about scores speak of; those about estimates need a fit.
Analysed = Fit | Rows
Sentences = Callable[[Any, Table], list[str]]


def sentences(key: str, subject: Analysed, table: Table) -> tuple[str, ...]:
    """Give the sentences that introduce the table of the statistic `key`; none where nothing is known of it."""
    writer = _WRITERS.get(key)
    return tuple(writer(subject, table)) if writer else ()


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


def _row(fit: Analysed) -> str:
    return "trial" if isinstance(fit, Fit) and fit.design.grouped else "row"


def _rows(fit: Analysed) -> str:
    return _row(fit) + "s"


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
    if len(frame) > 1 and "adjusted_p_value" in frame:
        said += f" {_clear_differences(frame.loc[frame['adjusted_p_value'] < 0.05, names])}"
    return [said, f"The tables show the observed log-odds of {fit.event} by level or bin, before any model."]


def _clear_differences(names: pd.Series) -> str:
    """Say for which predictors the rows of the table differ beyond what their number explains."""
    if names.empty:
        return "For none of them do the levels or bins differ clearly in event rate (no adjusted p below 0.05)."
    return f"The levels or bins of {listing(names, 12)} differ clearly in event rate (adjusted p below 0.05)."


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


def _marginal_effects(fit: Fit, table: Table) -> list[str]:
    """Read out the average effect with the smallest p-value, slopes per standard deviation of their number."""
    frame = table.frame[np.isfinite(table.frame[["estimate", "low", "high", "p_value"]].to_numpy()).all(axis=1)]
    if frame.empty:
        return []
    row: Any = frame.sort_values("p_value", kind="stable").iloc[0]
    per = row["contrast"] == "per 1"
    size = float(row["spread"]) if per else 1.0
    numbers = [100 * size * row[name] for name in ("estimate", "low", "high")]
    moved, low, high = (_number(value) for value in (abs(numbers[0]), *numbers[1:]))
    direction = "higher" if numbers[0] > 0 else "lower"
    where = (
        f"for each standard deviation ({_number(size)}) of {row['predictor']}"
        if per
        else f"with {row['predictor']} at {row['contrast'].replace(' against ', ' than at ')}"
    )
    return [
        f"Averaged over the {_rows(fit)}, the probability of {fit.event} is {moved} percentage points {direction} "
        f"{where} ({_interval(table)}{low} to {high}; {_p(row['p_value'])})."
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


def _hosmer_lemeshow(fit: Analysed, table: Table) -> list[str]:
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


def _association(_: Analysed, table: Table) -> list[str]:
    tied = table["tied_share"]
    said = f"; in {_share(tied)} they tie" if tied >= 0.0005 else ""
    return [
        f"Of all pairs of one event and one non-event, the event has the higher predicted probability in "
        f"{_share(table['concordant_share'])} and the lower one in {_share(table['discordant_share'])}{said}. "
        f"Somers' D is {_number(table['somers_d'])}, c is {_number(table['c'])}."
    ]


def _roc(fit: Analysed, table: Table) -> list[str]:
    said = f"The area under the ROC curve is {_number(table['auc'])}"
    if not table["std_error"] > 0:
        return [f"{said}; 0.5 is what chance gives, 1 is a perfect ranking."]
    said = (
        f"{said} (95% interval {_number(table['low'])} to {_number(table['high'])}); 0.5 is what chance gives, 1 is a "
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
        interval = f" (95% interval {_number(table['low'])} to {_number(table['high'])})"
    return [
        f"The average precision is {_number(table['average_precision'])}{interval}; scores that say nothing would have "
        f"the share of events, {_number(table['baseline'])}."
    ]


def _calibration(fit: Analysed, table: Table) -> list[str]:
    rate, brier = _value(table, "observed_rate"), _value(table, "brier")
    return [
        f"The Brier score, the mean squared distance between probability and outcome, is {_number(brier)}; giving "
        f"every {_row(fit)} the observed rate of {_share(rate)} would score {_number(rate * (1 - rate))}.",
        f"From a smooth curve of the observed rate the probabilities are {_number(_value(table, 'ici'))} away on "
        f"average (ICI), and {_number(_value(table, 'emax'))} at most.",
    ]


def _calibration_components(_: Analysed, table: Table) -> list[str]:
    row: Any = table.frame.set_index("measure")["brier"]
    return [
        f"Of the Brier score of {_number(row['score'])}, {_number(row['miscalibration'])} is miscalibration, which is "
        "the most that a rising change of the probabilities would take off on these rows; telling rows apart takes "
        f"{_number(row['discrimination'])} off the {_number(row['uncertainty'])} of the observed rate."
    ]


def _value(table: Table, row: str) -> float:
    found: Any = table[row]
    return float(found["value"]) if isinstance(found, pd.Series) else float(found)


def _deciles(fit: Analysed, table: Table) -> list[str]:
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
    trend = next((part for part in table.tables if part.key == "deciles_trend"), None)
    return said if trend is None else [*said, _monotone(trend)]


def _monotone(trend: Table) -> str:
    """Say whether the rate falls from group to group, and how likely the reversals are by chance."""
    p_value, back = _value(trend, "trend_p"), round(_value(trend, "reversals"))
    opening = f"The rate falls with the score (Cochran-Armitage {_p(p_value)})"
    if _value(trend, "trend_z") < 0 or p_value >= 0.05:
        opening = f"The rate does not clearly fall with the score (Cochran-Armitage {_p(p_value)})"
    if back == 0:
        return f"{opening}, from each group to the next."
    least = float(trend.tables[0].frame["p_value"].min())
    pairs = "one pair of neighbours" if back == 1 else f"{back} pairs of neighbours"
    chance = f"of which the smallest p is {_p(least).removeprefix('p ').removeprefix('= ')}" if back > 1 else _p(least)
    return f"{opening}, but {pairs} {'stands' if back == 1 else 'stand'} in reversed order ({chance})."


def _monitoring(_: Fit, table: Table) -> list[str]:
    """Say in how many slices the score has moved, and whether ranking and calibration hold."""
    said, frame = [], table.frame.iloc[:-1] if table.emphasis else table.frame
    count = f"{len(frame)} {_plural(len(frame), 'slice')}"
    if "psi" in frame and frame["psi"].notna().any():
        worst: Any = frame.iloc[int(np.nanargmax(frame["psi"].to_numpy(dtype=float)))]
        beyond, large = int((frame["psi"] > frame["psi_chance"]).sum()), int((frame["psi"] > 0.25).sum())
        said.append(
            f"The score has moved from that of the rows of the fit by more than chance alone explains in {beyond} of "
            f"{count}, and by what is called a large change (PSI above 0.25) in {large}; the largest PSI is "
            f"{_number(worst['psi'])} in {worst['slice']}."
        )
    if "auc_p" in frame and frame["auc"].notna().any():
        lower = int(((frame["auc_p"] < 0.05) & (frame["auc_difference"] < 0)).sum())
        least: Any = frame.iloc[int(np.nanargmin(frame["auc"].to_numpy(dtype=float)))]
        said.append(
            f"The area under the ROC curve is below that of the fit with p < 0.05 in {lower} of "
            f"{int(frame['auc'].notna().sum())}; the smallest is {_number(least['auc'])} in {least['slice']}."
        )
    if "rate" in frame and frame["rate"].notna().any():
        expected = frame["expected_events"] / frame["outcomes"]
        outside = int(((expected < frame["low"]) | (expected > frame["high"])).sum())
        known = int(frame["rate"].notna().sum())
        said.append(f"The expected rate lies outside the interval of the observed one in {outside} of {known}.")
    return said


def _confusion(fit: Analysed, table: Table) -> list[str]:
    return [
        f"At the cut-off 0.5 the model finds {_share(_value(table, 'sensitivity'))} of the events (sensitivity) and "
        f"clears {_share(_value(table, 'specificity'))} of the non-events (specificity); "
        f"{_share(_value(table, 'accuracy'))} of all {_rows(fit)} are classified correctly, against "
        f"{_share(_value(table, 'no_information_rate'))} when all are given the commoner outcome."
    ]


def _cutoffs(_: Analysed, table: Table) -> list[str]:
    rows: Any = table.frame.set_index("criterion")
    if "youden" not in rows.index or not np.isfinite(rows.loc["youden", "cutoff"]):
        return []
    row = rows.loc["youden"]
    return [
        f"Sensitivity plus specificity is largest at the cut-off {_number(row['cutoff'])}, where they are "
        f"{_share(row['sensitivity'])} and {_share(row['specificity'])}. Which cut-off is right depends on what a "
        "missed event costs against a false alarm."
    ]


def _term_tests(fit: Fit, table: Table) -> list[str]:
    frame = table.frame[table.frame["p_value"].notna()]
    if frame.empty:
        return []
    clear = frame[frame["p_value"] < 0.05]
    if clear.empty:
        smallest: Any = frame.sort_values("log10_p").iloc[0]
        return [f"No term is clear of chance at 5%; {smallest['term']} comes nearest ({_p(smallest['p_value'])})."]
    named = [f"{row.term} ({_p(float(str(row.p_value)))})" for row in clear.sort_values("log10_p").itertuples()]
    said = [f"Beyond chance at 5%, given the other terms: {listing(named)}."]
    reads = {term.name: set(term.variables) for term in fit.design.terms}
    others = [
        term
        for term in frame[frame["p_value"] >= 0.05]["term"]
        if not any(reads[term] < reads[interaction] for interaction in clear["term"])
    ]
    if others:
        said.append(f"The data do not tell the effect of {listing(others)} from none.")
    return said


def _global_tests(_: Fit, table: Table) -> list[str]:
    tests: Any = table.frame.set_index("test")["p_value"]
    for name, words in (("likelihood_ratio", "likelihood ratio"), ("wald", "Wald"), ("score", "score")):
        p_value = float(tests[name])
        if not np.isnan(p_value):
            what = "is better than" if p_value < 0.05 else "cannot be told from"
            return [f"The model {what} a constant probability by the {words} test ({_p(p_value)})."]
    return []


def _linearity(_: Fit, table: Table) -> list[str]:
    frame = table.frame
    fine = frame[frame["suggestion"].isin(["linear is fine", "its form is fine"])]["predictor"]
    unclear = frame[frame["suggestion"] == "too few rows to say"]["predictor"]
    rest = frame[~frame["predictor"].isin([*fine, *unclear])]
    said = []
    if len(fine):
        said.append(f"Nothing speaks against the form in which {listing(fine)} {_is(len(fine))} in the model.")
    said += [f"{row.predictor}: {row.suggestion}." for row in rest.itertuples()]
    if len(unclear):
        said.append(f"For {listing(unclear)} there are too few rows to say.")
    return said


def _diagnostics(_: Fit, table: Table) -> list[str]:
    first: Any = table.frame.iloc[0]
    thing = "pattern" if "patterns" in table.title else "row"
    way = "raises" if first["dfbetas"] > 0 else "lowers"
    said = [
        f"The {thing} with the most influence is {first['row']}: it {way} the estimate of {first['moves_most']} by "
        f"{_number(abs(first['dfbetas']))} standard errors (Cook's distance {_number(first['cook'])})."
    ]
    beyond = table.frame["cook"] > 1
    said.append(
        f"Cook's distance is above 1 for {listing(table.frame['row'][beyond])}."
        if beyond.any()
        else "No Cook's distance is above 1."
    )
    return said


def _collinearity(_: Fit, table: Table) -> list[str]:
    high = table.frame[table.frame["inflation"] > np.sqrt(10.0)]
    if not len(high):
        return ["No term's standard errors suffer much from the other terms."]
    worst: Any = high.loc[high["inflation"].idxmax()]
    return [
        f"The standard errors of {worst['term']} are {_number(worst['inflation'])} times what they would be if it were "
        f"uncorrelated with the other terms; {len(high)} of {len(table.frame)} {_plural(len(table.frame), 'term')} "
        f"{_is(len(high))} inflated more than {_number(np.sqrt(10.0))} times."
    ]


def _specification_tests(_: Fit, table: Table) -> list[str]:
    frame = table.frame[table.frame["p_value"].notna()]
    if not len(frame):
        return []
    low = frame[frame["p_value"] < 0.05]
    if not len(low):
        return ["None of the specification tests speaks against the shape of the model at the 5% level."]
    words = [str(table.labels.get(test, test)).partition(":")[0] for test in low["test"]]
    return [
        f"{len(low)} of {len(frame)} specification tests {_speak(len(low))} against the model at the 5% level: "
        f"{listing(f'{word} ({_p(p)})' for word, p in zip(words, low['p_value'], strict=True))}."
    ]


def _speak(count: int) -> str:
    return "speaks" if count == 1 else "speak"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _decision_curve(fit: Analysed, table: Table) -> list[str]:
    gain = (table.frame["net_benefit"] - table.frame["treat_all"].clip(lower=0)).to_numpy(dtype=float)
    best, rows = int(np.argmax(gain)), _rows(fit)
    if gain[best] <= 1e-12:
        return [
            f"At none of the thresholds shown is acting on the model worth more than acting on all {rows} or on none."
        ]
    at, more = float(table.frame["threshold"][best]), _number(100 * gain[best])
    return [
        f"Of the thresholds shown, acting on the model pays most at {_share(at)}: found events per 100 {rows}, net of "
        f"false alarms, are {more} more than when acting on all or on none. That threshold takes a false alarm to cost "
        f"{_number(at / (1 - at))} of a found event."
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
    "marginal_effects": _marginal_effects,
    "term_tests": _term_tests,
    "global_tests": _global_tests,
    "goodness_of_fit": _goodness_of_fit,
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
    "linearity": _linearity,
    "diagnostics": _diagnostics,
    "collinearity": _collinearity,
    "specification_tests": _specification_tests,
    "monitoring": _monitoring,
    "validate": _validate,
    "cross_validate": _cross_validate,
}
