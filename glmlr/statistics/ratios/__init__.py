"""By which factor do the odds or the hazard change? Ratios of each term, between any levels, at stated values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from glmlr.design import Term
from glmlr.errors import NotApplicable, OptionError, listing, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.penalised.penalties import Firth
from glmlr.profiles.intervals import Interval, usual_interval
from glmlr.profiles.stated import Stated
from glmlr.profiles.without import about_infinite
from glmlr.registry import STATISTICS, statistic
from glmlr.statistics.ratios.charts import forest
from glmlr.statistics.ratios.tables import Row, changes_given, changes_of, rows_at, rows_of


@statistic(
    section="coefficients",
    title="Odds ratios",
    reference="Hosmer, Lemeshow & Sturdivant (2013), Applied Logistic Regression, 3rd ed., chapter 3",
    definitions={
        "Odds ratio": "exp(coefficient x units): the factor by which the odds of the event change, other terms held. "
        "Its interval is exp of the coefficient's interval.",
        "Reference": "The level the other levels of a factor are compared with; its odds ratio is 1 by definition.",
    },
)
def odds_ratios(
    fit: Fit,
    *,
    level: float = 0.95,
    per: str = "unit",
    units: Mapping[str, float] | None = None,
    interval: str | None = None,
    reference: Mapping[str, Any] | None = None,
    at: Mapping[str, Any] | None = None,
    replicates: int = 1000,
    seed: int = 1,
) -> Table:
    """Tabulate odds ratios with intervals, the reference rows shown, and draw them.

    Args:
        fit: the fitted logit model.
        level: level of the intervals, in (0, 1).
        per: what a numeric column changes by: "unit" (1), "sd" (its standard deviation) or "iqr" (its inter-quartile
            range, type 7), both over the rows used with their frequencies.
        units: column name -> change, for columns with a change of their own ({"age": 10}); goes before `per`.
        interval: "wald", "profile" (roots of the profile likelihood) or "bootstrap" (percentiles); None for "wald", and
            for "profile" of Firth's estimates (see `coefficients`).
        reference: factor -> the level its others are compared with ({"race": "black"}), whatever the coding.
        at: predictor -> value at which it is held ({"smoke": 1}): the odds ratios of what it interacts with there.
            A number with a curved effect starts at its value. With `reference` or `at` rows are predictors, not
            terms.
        replicates: number of resamples for bootstrap intervals.
        seed: of the resamples.

    Returns:
        A table with one row per level or column, intercept left out: term, level, units, odds_ratio, low, high and
        p_value.

    Raises:
        NotApplicable: the link is not the logit, or the model has nothing but an intercept; profile likelihoods under
            importance weights.
        OptionError: `units` names no numeric column, or a change that is zero or not finite; a predictor or level that
            the model does not have; nothing whose ratio the values of `at` determine.

    """
    if not fit.link.has_odds_ratio:
        instead = (
            "glmlr.hazard_ratios() gives exp(coefficient), which is a ratio of hazards here"
            if fit.link.name == "cloglog"
            else "marginal effects say what a predictor does to the probability"
        )
        raise NotApplicable(
            f"The {fit.link.name} link has no odds ratio: exp(coefficient) is one only under the logit; {instead}, or "
            'fit with link="logit".'
        )
    kind = usual_interval(fit) if interval is None else interval
    stated, wanted = Stated.of(at, reference), Interval(kind, level, replicates, seed)
    return _table(fit, "odds_ratio", wanted, stated, per, changes_given(units))


@statistic(
    section="coefficients",
    title="Hazard ratios",
    reference="Prentice & Gloeckler (1978), Biometrics 34, 57-67",
    definitions={
        "Hazard ratio": "exp(coefficient x units) under the cloglog link: the factor by which -log(1 - p) changes, "
        "other terms held. Where the event is that a time in an interval ends, it is the ratio of hazards of a "
        "proportional-hazards model for grouped times.",
    },
    in_report=False,
)
def hazard_ratios(
    fit: Fit,
    *,
    level: float = 0.95,
    per: str = "unit",
    units: Mapping[str, float] | None = None,
    interval: str | None = None,
    reference: Mapping[str, Any] | None = None,
    at: Mapping[str, Any] | None = None,
    replicates: int = 1000,
    seed: int = 1,
) -> Table:
    """Tabulate the ratios of hazards that a complementary log-log model implies, with intervals, and draw them.

    Args:
        fit: the fitted cloglog model.
        level: as for `odds_ratios`, and so are the other options.
        per: "unit", "sd" or "iqr".
        units: column name -> change.
        interval: "wald", "profile" or "bootstrap"; None as for `odds_ratios`.
        reference: factor -> the level its others are compared with.
        at: predictor -> value at which it is held.
        replicates: number of resamples for bootstrap intervals.
        seed: of the resamples.

    Returns:
        A table as that of `odds_ratios`, with hazard_ratio in the place of odds_ratio.

    Raises:
        NotApplicable: the link is not the cloglog; see `odds_ratios` for the others.
        OptionError: see `odds_ratios`.

    """
    if fit.link.name != "cloglog":
        raise NotApplicable(
            f"The {fit.link.name} link has no hazard ratio: exp(coefficient) is a ratio of hazards only under the "
            'complementary log-log; fit with link="cloglog".'
        )
    kind = usual_interval(fit) if interval is None else interval
    stated, wanted = Stated.of(at, reference), Interval(kind, level, replicates, seed)
    return _table(fit, "hazard_ratio", wanted, stated, per, changes_given(units))


def _table(fit: Fit, ratio: str, wanted: Interval, stated: Stated, per: str, units: dict[str, float]) -> Table:
    """Make the table and its drawing."""
    one_of("per", per, ("unit", "sd", "iqr"))
    wanted.refuse(fit)
    if all(term.kind == "intercept" for term in fit.design.terms):
        raise NotApplicable(f"The model has nothing but an intercept, so there is no {ratio.replace('_', ' ')}.")
    stated.check(fit)
    if stated:
        rows, notes = rows_at(fit, stated, wanted, per, units)
        if not rows:
            raise OptionError("at: these values determine no ratio. " + " ".join(notes))
    else:
        rows, notes = _rows_by_term(fit, ratio.replace("_", " "), wanted, per, units)
    frame = pd.DataFrame(rows).rename(columns={"ratio": ratio})
    drawing = forest(frame, ratio, wanted.percent, fit.event)
    return Table(
        f"{ratio}s",
        f"{ratio.replace('_', ' ').capitalize()}s",
        frame,
        {"term": "text", "level": "text", **dict.fromkeys((ratio, "low", "high"), "ratio"), "p_value": "p_value"},
        {"level": "Level or change", "low": f"{wanted.percent} low", "high": "high"},
        (*_about_interval(fit, ratio, wanted), *notes),
        charts=() if drawing is None else (drawing,),
        # Where estimates are infinite a missing bound means more than that the row is a reference.
        blanks=("low", "high", "p_value") if fit.separation is None and not fit.solution.aliased else (),
    )


def _about_interval(fit: Fit, ratio: str, wanted: Interval) -> tuple[str, ...]:
    article = "An" if ratio.startswith("o") else "A"
    if fit.shrunken:
        return wanted.notes(fit)
    kind = {"wald": "Wald", "profile": "profile-likelihood", "bootstrap": "bootstrap"}[wanted.kind]
    if isinstance(fit.penalty, Firth) and wanted.kind == "profile":
        kind = "penalised profile-likelihood" if fit.link.name == "logit" else "adjusted-score"
    said = f"{article} {ratio.replace('_', ' ')}'s interval is exp of the coefficient's {kind} interval."
    return (said,) if wanted.kind == "wald" else (said, *wanted.notes(fit))


def _rows_by_term(
    fit: Fit, ratio: str, wanted: Interval, per: str, units: dict[str, float]
) -> tuple[list[Row], list[str]]:
    """Give a row for each column of the design but the intercept, and what must be said of them."""
    changes, flat = changes_of(fit, per, units)
    terms = [term for term in fit.design.terms if term.kind != "intercept"]
    estimates = (
        STATISTICS["coefficients"]
        .function(fit, level=wanted.level, interval=wanted.kind, replicates=wanted.replicates, seed=wanted.seed)
        .frame
    )
    rows = [row for term in terms for row in rows_of(term, estimates, changes)]
    notes = [] if fit.separation is None else [about_infinite(fit, wanted.kind)]
    unknown = [fit.names[column] for column in np.flatnonzero(np.isnan(fit.params)) if fit.names[column] != "Intercept"]
    if unknown:
        notes.append(f"No estimate, hence no {ratio} (aliased or not determined): {listing(unknown)}.")
    notes += [f"The {per.upper()} of {name} is 0, so that its {ratio} is per 1." for name in flat]
    if curves := _curves(terms):
        notes.append(
            f"The columns of {listing(curves)} move together, and the {ratio} of one of them with the others held says "
            "nothing by itself. The option at= gives the ratio from a value of the predictor."
        )
    if any(term.kind == "interaction" for term in fit.design.terms):
        notes.append(
            f"The row of an interaction is a ratio of {ratio}s; the rows of its parts hold where the other part is at "
            "its reference or zero. The option at= gives them at other values."
        )
    return rows, notes


def _curves(terms: Sequence[Term]) -> list[str]:
    """Name the terms that a predictor moves together: of several columns, or several terms of one predictor."""
    single = [term for term in terms if term.kind != "interaction"]
    read = Counter(name for term in single for name in set(term.variables))
    return [
        term.name
        for term in single
        if (term.kind == "numeric" and len(term.columns) > 1) or any(read[name] > 1 for name in term.variables)
    ]
