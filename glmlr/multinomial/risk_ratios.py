"""By which factor does the risk of a class against the reference change? Relative-risk ratios of each term."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from glmlr.errors import NotApplicable, explained_arguments, one_of
from glmlr.exhibits import Table
from glmlr.multinomial.charts import ratio_forest
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.proportions import checked_level
from glmlr.statistics.ratios.tables import changes_given, changes_of, rows_of

DEFINITIONS: Final = {
    "Relative-risk ratio": "exp(coefficient x units): the factor by which P(class) / P(reference) changes, other terms "
    "held. Stata prints it under mlogit, rrr; SAS calls it an odds ratio (generalised logit). Its interval is exp of "
    "the coefficient's interval. It is no ratio of two risks: the probability itself may fall where it is above 1.",
}
REFERENCE: Final = "Hosmer, Lemeshow & Sturdivant (2013), Applied Logistic Regression, 3rd ed., section 8.1"


def relative_risk_ratios(
    fit: MultinomialFit, *, level: float = 0.95, per: str = "unit", units: Mapping[str, float] | None = None
) -> Table:
    """Tabulate relative-risk ratios of every class against the reference, and draw them.

    Args:
        fit: the fitted model.
        level: of the intervals, in (0, 1).
        per: what a numeric column changes by: "unit" (1), "sd" or "iqr", both over the rows used with frequencies.
        units: column name -> change, for columns with a change of their own ({"age": 10}); goes before `per`.

    Returns:
        A table with one row per class and level or column, intercepts left out: outcome, term, level, units,
        relative_risk_ratio, low, high, p_value.

    Raises:
        NotApplicable: the model has nothing but intercepts.
        OptionError: `units` names no numeric column, or a change that is zero or not finite; another `per`.

    """
    checked_level(level)
    one_of("per", per, ("unit", "sd", "iqr"))
    terms = [term for term in fit.design.terms if term.kind != "intercept"]
    if not terms:
        raise NotApplicable("The model has nothing but intercepts, so there is no relative-risk ratio.")
    # What is asked of a fit there is its design and its names, which this one has too.
    changes, flat = changes_of(cast("Any", fit), per, changes_given(units))
    low, high = fit.interval(level)
    rows: list[dict[str, Any]] = []
    for at, outcome in enumerate(fit.classes.other_labels):
        estimates = pd.DataFrame(
            {
                "term": list(fit.names),
                "estimate": fit.solution.beta[at],
                "low": low[at],
                "high": high[at],
                "p_value": fit.pvalues.to_numpy()[:, at],
            }
        )
        found = [row for term in terms for row in rows_of(term, estimates, changes)]
        rows += [{"outcome": outcome, **row} for row in found]
    frame = pd.DataFrame(rows).rename(columns={"ratio": "relative_risk_ratio"})
    frame["note"] = _row_notes(frame)
    chart = ratio_forest(frame, f"{100 * level:g}%", fit.response, fit.classes.reference_label)
    roles = {"outcome": "text", "term": "text", "level": "text"}
    roles |= {**dict.fromkeys(("relative_risk_ratio", "low", "high"), "ratio"), "p_value": "p_value"}
    if any(frame["note"]):
        roles["note"] = "text"
    return Table(
        "relative_risk_ratios",
        "Relative-risk ratios",
        frame,
        roles,
        {"outcome": fit.response, "level": "Level or change", "low": f"{100 * level:g}% low", "high": "high"},
        tuple(_notes(fit, per, flat)),
        charts=() if chart is None else (chart,),
        blanks=("low", "high", "p_value") if fit.solution.separation is None and not fit.solution.aliased else (),
    )


def _row_notes(frame: pd.DataFrame) -> list[str]:
    """Say where a ratio is infinite, zero or not known."""
    ratio = frame["relative_risk_ratio"].to_numpy(dtype=np.float64)
    said = np.where(np.isnan(ratio), "no estimate", np.where((ratio == 0) | np.isinf(ratio), "separation", ""))
    return [str(one) for one in said]


def _notes(fit: MultinomialFit, per: str, flat: list[str]) -> list[str]:
    """Say what the ratios are of, and what they lack."""
    notes = [
        f"Each class of {fit.response} against {fit.classes.reference_label}: the factor by which "
        f"P(class) / P({fit.classes.reference_label}) changes. Intervals are exp of the coefficients' Wald intervals."
    ]
    notes += [f"The {per.upper()} of {name} is 0, so that its ratio is per 1." for name in flat]
    return notes + list(fit.notes[1:])


setattr(MultinomialFit, "relative_risk_ratios", explained_arguments(relative_risk_ratios))  # noqa: B010
