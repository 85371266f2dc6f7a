"""What are the estimates of each class? Coefficients against the reference, standard errors, tests and intervals."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from glmlr.errors import explained_arguments
from glmlr.exhibits import Table
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.proportions import checked_level

#: What the table of coefficients says, for the list of definitions.
DEFINITIONS: Final = {
    "Coefficient of a class": "The change of log(P(class) / P(reference)) per 1 of the column, other terms held. "
    "Stata's mlogit, R's nnet::multinom and statsmodels' MNLogit have the same; SAS PROC LOGISTIC with LINK=GLOGIT "
    "too, with the last class as its reference.",
}
REFERENCE: Final = "Agresti (2013), Categorical Data Analysis, 3rd ed., section 8.1"


def coefficients(fit: MultinomialFit, *, level: float = 0.95) -> Table:
    """Tabulate the estimates of every class against the reference, with Wald tests and intervals.

    Args:
        fit: the fitted model, k columns for each of J - 1 classes.
        level: of the intervals, in (0, 1).

    Returns:
        A table with one row per class and column: outcome, term, estimate, std_error, z, p_value, log10_p, low, high
        and, where there is something to say, note. An infinite estimate has the whole line as its interval and no
        p-value: `term_tests` have likelihood ratios. An estimate that is aliased or not determined has nothing.

    Raises:
        OptionError: a level outside (0, 1).

    """
    checked_level(level)
    m, k = fit.solution.beta.shape
    low, high = fit.interval(level)
    said = row_notes(fit)
    frame = pd.DataFrame(
        {
            "outcome": np.repeat(fit.classes.other_labels, k),
            "term": list(fit.names) * m,
            "estimate": fit.solution.beta.ravel(),
            "std_error": fit.bse.to_numpy().T.ravel(),
            "z": fit.z.to_numpy().T.ravel(),
            "p_value": fit.pvalues.to_numpy().T.ravel(),
            "log10_p": fit.log10_pvalues.to_numpy().T.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "note": said,
        }
    )
    roles = {
        "outcome": "text",
        "term": "text",
        "estimate": "estimate",
        "std_error": "std_error",
        "z": "statistic",
        "p_value": "p_value",
        "low": "estimate",
        "high": "estimate",
        **({"note": "text"} if any(said) else {}),
    }
    labels = {"outcome": fit.response, "low": f"{100 * level:g}% low", "high": "high"}
    against = f"Each class of {fit.response} against {fit.classes.reference_label}."
    return Table("coefficients", "Coefficients", frame, roles, labels, (against, *fit.notes[1:]))


def row_notes(fit: MultinomialFit) -> list[str]:
    """Say of each coefficient, class by class, why it has no finite estimate; "" where it has one."""
    said = np.full(fit.solution.beta.shape, "", dtype=object)
    for alias in fit.solution.aliased:
        said[:, alias.column] = "aliased"
    separation = fit.solution.separation
    if separation is not None:
        said[separation.loose] = "not determined (separation)"
        said[separation.loose & (separation.sign != 0)] = "infinite (separation)"
    return [str(one) for one in said.ravel()]


setattr(MultinomialFit, "coefficients", explained_arguments(coefficients))  # noqa: B010 - fitted.py imports nothing from above
