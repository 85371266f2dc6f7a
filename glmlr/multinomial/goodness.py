"""How many rows have each class, and how well does the model fit them? Response profile, likelihood and pseudo R2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import pandas as pd

from glmlr.errors import explained_arguments
from glmlr.exhibits import Table
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.multinomial.maximum import class_totals
from glmlr.multinomial.softmax import Outcomes
from glmlr.pseudo_r2 import likelihood_r2
from glmlr.tails import Tail, chi_square_tail

DEFINITIONS: Final = {
    "Null model of classes": "Intercepts alone: every row has the shares of the classes as its probabilities.",
    "k of AIC and BIC": "All estimated coefficients of all classes, those that are infinite too. AIC = -2 l + 2 k, "
    "BIC = -2 l + k log n, n being the rows.",
    "Pseudo R2 of classes": "McFadden 1 - l / l0, adjusted 1 - (l - k) / l0; Cox & Snell 1 - exp(2 (l0 - l) / n); "
    "Nagelkerke (Cragg & Uhler): Cox & Snell's divided by its largest possible value.",
}
REFERENCE: Final = "McFadden (1974), in Zarembka, Frontiers in Econometrics; Nagelkerke (1991), Biometrika 78, 691-692"

_LABELS: Final = {
    "n": "Rows",
    "parameters": "Estimated coefficients (k)",
    "loglik": "Log-likelihood",
    "null_loglik": "Log-likelihood, null model",
    "deviance": "Deviance (-2 log-likelihood)",
    "lr_chi2": "Likelihood ratio chi-square against the null model",
    "aic": "AIC",
    "bic": "BIC",
    "mcfadden": "McFadden's pseudo R²",
    "mcfadden_adjusted": "McFadden's adjusted pseudo R²",
    "cox_snell": "Cox & Snell's pseudo R²",
    "nagelkerke": "Nagelkerke's (Cragg & Uhler's) pseudo R²",
}
_KINDS: Final = {
    **dict.fromkeys(("n", "parameters"), "count"),
    **dict.fromkeys(("loglik", "null_loglik", "deviance", "aic", "bic"), "loglik"),
    "lr_chi2": "statistic",
}


def response_profile(fit: MultinomialFit) -> Table:
    """Count the rows of each class.

    Returns:
        A table with columns level (the class), role ("reference" or ""), n, share, and weight (the sum of importance
        weights) where there are any; the last row is the total.

    """
    classes, counts = fit.classes, fit.class_design.counts
    frame = pd.DataFrame(
        {
            "level": [*classes.labels, "Total"],
            "role": ["reference" if at == classes.reference else "" for at in range(classes.size)] + [""],
            "n": [*counts, counts.sum()],
            "share": [*(counts / counts.sum()), 1.0],
        }
    )
    roles = {"level": "text", "role": "text", "n": "count", "share": "percent"}
    if fit.design.weighted:
        sums = class_totals(fit.design, Outcomes(fit.class_design.outcome, classes.size))
        frame["weight"] = [*sums, sums.sum()]
        roles["weight"] = "count"
    return Table(
        "response_profile",
        "Response profile",
        frame,
        roles,
        labels={"level": fit.response, "role": "Modelled as", "weight": "Sum of weights"},
        notes=fit.notes,
        emphasis=(classes.size,),
    )


def goodness_of_fit(fit: MultinomialFit) -> Table:
    """Give likelihood, deviance, information criteria and pseudo R2 of a fit.

    Returns:
        A table with rows n, parameters, loglik, null_loglik, deviance, lr_chi2, aic, bic, mcfadden, mcfadden_adjusted,
        cox_snell, nagelkerke: measure, value, df, p_value.

    """
    frame = pd.DataFrame.from_records(list(_rows(fit)))
    notes = ["Likelihood quantities are weighted pseudo-likelihood."] if fit.pseudo_likelihood else []
    if fit.solution.separation is not None:
        notes.append("The log-likelihood is its supremum, which no finite estimates reach (separation).")
    return Table(
        key="goodness_of_fit",
        title="Goodness of fit",
        frame=frame,
        roles={"measure": "text", "value": "measure", "df": "integer", "p_value": "p_value", "log10_p": "hidden"},
        labels=_LABELS,
        notes=tuple(notes),
        row_roles=tuple(_KINDS.get(name, "estimate") for name in frame["measure"]),
        blanks=("df", "p_value"),
    )


def _rows(fit: MultinomialFit) -> Iterator[dict[str, str | float]]:
    yield _row("n", fit.nobs)
    yield _row("parameters", fit.rank)
    yield _row("loglik", fit.loglik)
    yield _row("null_loglik", fit.null_loglik)
    yield _row("deviance", fit.deviance)
    if any(term.kind == "intercept" for term in fit.design.terms) and fit.df_model > 0:
        chi2 = max(2.0 * (fit.loglik - fit.null_loglik), 0.0)
        untested = Tail(math.nan, math.nan)
        yield _row(
            "lr_chi2", chi2, fit.df_model, untested if fit.pseudo_likelihood else chi_square_tail(chi2, fit.df_model)
        )
    yield _row("aic", fit.aic)
    yield _row("bic", fit.bic)
    # Under importance weights the sum of the weights stands for n, as it does in both log-likelihoods.
    for name, value in likelihood_r2(fit.loglik, fit.null_loglik, fit.design.totals.weight, fit.rank).items():
        yield _row(name, value)


def _row(name: str, value: float, df: float = math.nan, tail: Tail | None = None) -> dict[str, str | float]:
    p_value, log10_p = (math.nan, math.nan) if tail is None else (tail.p_value, tail.log10_p)
    return {"measure": name, "value": float(value), "df": df, "p_value": p_value, "log10_p": log10_p}


for _method in (response_profile, goodness_of_fit):
    setattr(MultinomialFit, _method.__name__, explained_arguments(_method))
