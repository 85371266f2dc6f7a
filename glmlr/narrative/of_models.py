"""What do the tables of a model say in words? Estimates, tests, effects, the fit, and rows that matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.design import Term
from glmlr.digits import text
from glmlr.errors import listing
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.narrative.words import (
    Sentences,
    is_or_are,
    number,
    p_text,
    plural,
    ratio_text,
    rows_of,
    share,
)


def _response_profile(fit: Fit, table: Table) -> list[str]:
    events, others = table.frame["n"].iloc[:2]
    said = [
        f"{text(events, 'count')} of the {text(events + others, 'count')} {rows_of(fit)} "
        f"{'is an event' if events == 1 else 'are events'} ({fit.event}, {share(table.frame['share'].iloc[0])}), "
        f"{text(others, 'count')} {'is' if others == 1 else 'are'} not."
    ]
    slopes = fit.rank - sum(term.kind == "intercept" for term in fit.design.terms)
    # Shrunken estimates do not lie too far from zero, and have no intervals.
    if slopes > 0 and min(events, others) < 10 * slopes and not fit.shrunken:
        rough = (
            "Firth's penalty takes away the bias that fewer than about 10 leave, but intervals stay wide and rough."
            if fit.adjusted
            else "with fewer than about 10, estimates tend to lie too far from zero, and their intervals are rough."
        )
        each = "the one coefficient" if slopes == 1 else f"each of the {slopes} coefficients"
        said.append(
            f"That is {number(min(events, others) / slopes)} of the rarer outcome for {each} besides the intercept; "
            f"{rough}"
        )
    return said


def _screen(fit: Fit, table: Table) -> list[str]:
    names = table.frame.columns[0]
    frame = table.frame.sort_values("iv", ascending=False, kind="stable")
    first: Any = frame.iloc[0]
    said = f"Taken alone, {first[names]} has an information value of {number(first['iv'])}."
    if len(frame) > 1:
        second: Any = frame.iloc[1]
        said = (
            f"Taken alone, {first[names]} tells events from non-events best by information value "
            f"({number(first['iv'])}), {second[names]} second best ({number(second['iv'])})."
        )
    if len(frame) > 1 and "adjusted_p_value" in frame:
        said += f" {_clear_differences(frame.loc[frame['adjusted_p_value'] < 0.05, names])}"
    return [said, f"The tables show the observed log-odds of {fit.event} by level or bin, before any model."]


def _clear_differences(names: pd.Series) -> str:
    """Say for which predictors the rows of the table differ beyond what their number explains."""
    if names.empty:
        return "For none of them do the levels or bins differ clearly in event rate (no adjusted p below 0.05)."
    return f"The levels or bins of {listing(names, 12)} differ clearly in event rate (adjusted p below 0.05)."


def _coefficients(fit: Fit, table: Table) -> list[str]:
    if fit.shrunken:
        return [
            f"The ridge penalty leaves {number(fit.effective_df)} effective degrees of freedom of {fit.rank} "
            f"{plural(fit.rank, 'coefficient')}."
        ]
    frame = table.frame[table.frame["term"] != "Intercept"]
    # An infinite estimate has something to say where its interval has an end.
    frame = frame[np.isfinite(frame[["estimate", "low", "high"]].to_numpy()).any(axis=1)]
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


def _separation_table(fit: Fit, table: Table) -> list[str]:
    """Say how much of the data the infinite estimates rest on, and what they do to the rest of the report."""
    if fit.separation is None:
        return []
    rows, lines = fit.design.rows_among(fit.separation.separated), len(table.frame)
    groups = "this group" if lines == 1 else f"these {lines} groups"
    if fit.separation.complete:
        return [f"All {rows:,} rows, in {groups}, have fitted probabilities of 0 or 1: none is left to judge by."]
    others = fit.design.totals.rows - rows
    return [
        f"The {f'{rows:,} rows' if rows > 1 else 'row'} of {groups} {'have' if rows > 1 else 'has'} a fitted "
        f"probability of 0 or 1; the finite estimates rest on the other {f'{others:,} rows' if others > 1 else 'row'}."
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
    moved, low, high = (number(value) for value in (abs(numbers[0]), *numbers[1:]))
    direction = "higher" if numbers[0] > 0 else "lower"
    where = (
        f"for each standard deviation ({number(size)}) of {row['predictor']}"
        if per
        else f"with {row['predictor']} at {row['contrast'].replace(' against ', ' than at ')}"
    )
    return [
        f"Averaged over the {rows_of(fit)}, the probability of {fit.event} is {moved} percentage points {direction} "
        f"{where} ({_interval(table)}{low} to {high}; {p_text(row['p_value'])})."
    ]


def _odds_ratios(fit: Fit, table: Table) -> list[str]:
    """Read out the odds ratio with the smallest p-value, of the terms that can change while the others stay."""
    if fit.shrunken:
        return []
    terms = [term for term in fit.design.terms if term.kind != "intercept"]
    free = {term.name for term in terms if _changes_alone(term, terms)}
    finite = np.isfinite(table.frame[["odds_ratio", "low", "high"]].to_numpy()).all(axis=1)
    frame = table.frame[finite & table.frame["term"].isin(free).to_numpy() & (table.frame["odds_ratio"] > 0).to_numpy()]
    if frame.empty:
        return []
    row: Any = frame.sort_values("p_value", kind="stable").iloc[0]
    change = (
        f"the odds of {fit.event} are multiplied by {ratio_text(row['odds_ratio'])} ({_interval(table)}"
        f"{ratio_text(row['low'])} to {ratio_text(row['high'])}) {_for_what(row, table.frame)}."
    )
    if len(terms) > 1:
        change = f"with the other terms held, {change}"
    if len(frame) > 1:
        return [f"The smallest p-value ({p_text(row['p_value'])}) is that of {row['term']}: {change}"]
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
            f"McFadden's pseudo R² of the weighted pseudo-likelihood is {number(r2)}; under importance weights "
            "likelihood ratios have no p-value."
        ]
    better = "improves on" if test["p_value"] < 0.05 else "does not clearly improve on"
    null = "the intercept alone" if not fit.design.shifted else "intercept and offset alone"
    ratio = "penalised likelihood ratio" if fit.adjusted else "likelihood ratio"
    return [
        f"The model {better} one with {null} ({ratio} chi-square {number(test['value'])} on "
        f"{test['df']:.0f} df, {p_text(test['p_value'])}); McFadden's pseudo R² is {number(r2)}."
    ]


def _term_tests(fit: Fit, table: Table) -> list[str]:
    frame = table.frame[table.frame["p_value"].notna()]
    if frame.empty:
        return []
    clear = frame[frame["p_value"] < 0.05]
    if clear.empty:
        smallest: Any = frame.sort_values("log10_p").iloc[0]
        return [f"No term is clear of chance at 5%; {smallest['term']} comes nearest ({p_text(smallest['p_value'])})."]
    named = [f"{row.term} ({p_text(float(str(row.p_value)))})" for row in clear.sort_values("log10_p").itertuples()]
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


def _global_tests(fit: Fit, table: Table) -> list[str]:
    tests: Any = table.frame.set_index("test")["p_value"]
    ways = [("likelihood_ratio", "likelihood ratio"), ("wald", "Wald"), ("score", "score")]
    if fit.adjusted:
        ways = [("likelihood_ratio", "penalised likelihood ratio"), ("score", "adjusted score"), ("wald", "Wald")]
    for name, words in ways:
        p_value = float(tests[name])
        if not np.isnan(p_value):
            what = "is better than" if p_value < 0.05 else "cannot be told from"
            return [f"The model {what} a constant probability by the {words} test ({p_text(p_value)})."]
    return []


def _linearity(_: Fit, table: Table) -> list[str]:
    frame = table.frame
    fine = frame[frame["suggestion"].isin(["linear is fine", "its form is fine"])]["predictor"]
    unclear = frame[frame["suggestion"] == "too few rows to say"]["predictor"]
    rest = frame[~frame["predictor"].isin([*fine, *unclear])]
    said = []
    if len(fine):
        said.append(f"Nothing speaks against the form in which {listing(fine)} {is_or_are(len(fine))} in the model.")
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
        f"{number(abs(first['dfbetas']))} standard errors (Cook's distance {number(first['cook'])})."
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
        f"The standard errors of {worst['term']} are {number(worst['inflation'])} times what they would be if it were "
        f"uncorrelated with the other terms; {len(high)} of {len(table.frame)} {plural(len(table.frame), 'term')} "
        f"{is_or_are(len(high))} inflated more than {number(np.sqrt(10.0))} times."
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
        f"{listing(f'{word} ({p_text(p)})' for word, p in zip(words, low['p_value'], strict=True))}."
    ]


def _speak(count: int) -> str:
    return "speaks" if count == 1 else "speak"


WRITERS: Final[dict[str, Sentences]] = {
    "response_profile": _response_profile,
    "screen": _screen,
    "coefficients": _coefficients,
    "separation_table": _separation_table,
    "odds_ratios": _odds_ratios,
    "marginal_effects": _marginal_effects,
    "term_tests": _term_tests,
    "global_tests": _global_tests,
    "goodness_of_fit": _goodness_of_fit,
    "linearity": _linearity,
    "diagnostics": _diagnostics,
    "collinearity": _collinearity,
    "specification_tests": _specification_tests,
}
