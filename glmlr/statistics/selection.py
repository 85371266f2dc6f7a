"""Which terms are worth keeping? Forward, backward and stepwise selection, with its history and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from glmlr.covariance import ROBUST
from glmlr.design import Design, design_of
from glmlr.errors import ArgumentError, explained_arguments, listing
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.links import link_named
from glmlr.selection.asked import Found, Search, Searched
from glmlr.selection.search import Change, Likelihood, Space, Step
from glmlr.selection.selected import Selection
from glmlr.selection.shortened import written


@explained_arguments
def stepwise(
    formula: str | Fit,
    data: Any = None,
    *,
    direction: str = "both",
    by: str = "aic",
    enter: float | None = None,
    remove: float | None = None,
    keep: str | Sequence[str] = (),
    start: str | None = None,
    link: str | None = None,
    event: Any = None,
    freq_weights: Any = None,
    offset: Any = None,
    robust: str | None = None,
    cluster: Any = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Selection:
    """Select terms of a formula, step by step.

    Every model is of the same rows, those that are complete in all candidates. The columns of a factor or a spline
    enter and leave together. A term stays while an interaction with it is in the model, and an interaction enters after
    its terms (marginality; I(x ** 2) and x are different terms, as in R).

    Args:
        formula: the largest model, or one that is fitted already; its terms are the candidates.
        data: as for `glmlr.fit`; None with a fitted model.
        direction: "forward" adds terms, "backward" drops them, "both" does either at each step.
        by: "aic" or "bic" (R: step(k = 2), step(k = log(n))), or "p": at each step the term with the largest p-value
            above `remove` leaves, and where there is none the term with the smallest p-value up to `enter` enters.
            P-values are of likelihood ratio tests, as of R's drop1 and add1; SAS takes score tests for entry and Wald
            tests for removal, which can differ near the bounds.
        enter: bound of p-values for entry, by default 0.05; with by="p" only.
        remove: bound of p-values for removal, by default 0.05, not below `enter`; with by="p" only.
        keep: terms that are in every model, with the terms they contain.
        start: "full" or "null" (the kept terms), where the search begins; by default null for forward, else full.
        link: with a formula, as for `glmlr.fit`, by default the logit; with a formula alone go event, freq_weights,
            offset, cluster and functions too, for a fitted model has its own.
        event: the value of the response that is the event.
        freq_weights: counts.
        offset: known part of the linear predictor.
        robust: kind of standard errors of the model at the end.
        cluster: clusters of the rows, for its standard errors.
        functions: functions of your own for the formula.

    Raises:
        ArgumentError: neither a formula with data nor a fitted model.
        OptionError: an unknown direction, criterion, start or term, bounds outside (0, 1) or remove below enter.
        NotApplicable: importance weights, a formula without intercept or terms, rows that are not held in memory.

    References: Venables & Ripley (2002), Modern Applied Statistics with S, 4th ed., section 7.2; Harrell (2015),
    Regression Modeling Strategies, 2nd ed., section 4.3 (why p-values afterwards are too small).

    """
    asked, penalty = Search(direction, by, enter, remove, keep, start), None
    options = {"event": event, "freq_weights": freq_weights, "offset": offset, "functions": functions}
    if isinstance(formula, Fit):
        if data is not None:
            raise ArgumentError("stepwise() of a fitted model takes no data; they are the fit's own.")
        own = {"link": link, **options, "cluster": cluster}
        given = next((name for name, value in own.items() if value is not None), None)
        if given is not None:
            raise ArgumentError(f"stepwise() of a fitted model takes no {given}=; it is the fit's own.")
        chosen, kind, penalty = formula.link, formula.covariance_kind, formula.penalty
        design: Design = formula.design
        robust = robust or (kind if kind in ROBUST else None)
    else:
        if data is None or not isinstance(formula, str):
            raise ArgumentError("stepwise() takes a formula and data, stepwise(formula, data), or a fitted model.")
        chosen = link_named("logit" if link is None else link)
        design = design_of(formula, data, cluster=cluster, **options)
    return _selection(asked.through(design, chosen, penalty), robust)


# ------------------------------------------------------------------------------------------------ what is shown


def _selection(found: Found, robust: str | None) -> Selection:
    selected = found.terms
    return Selection(
        _history(found.space, found.steps, found.search.going_by(found.rule), len(found.candidates)),
        found.fitted(robust),
        selected,
        tuple(name for name in found.candidates if name not in selected),
        Searched(found.search, found.space.design, found.space.link, robust),
    )


def _history(space: Space, steps: Sequence[Step], going_by: str, candidates: int) -> Table:
    rows = [{"step": number, **_row(space, step.change, step.found)} for number, step in enumerate(steps)]
    first = ", ".join(written(space, at) for at in sorted(steps[0].model) if space.factors[at]) or "the intercept alone"
    dropped = space.design.rows.read - space.design.rows.used
    notes = [f"The search begins with {first}, and goes by {going_by}."]
    if space.kept - {at for at, own in enumerate(space.factors) if not own}:
        kept = [written(space, at) for at in sorted(space.kept) if space.factors[at]]
        notes.append(f"In every model: {listing(kept, 30)}.")
    if dropped > 0:
        notes.append(
            f"All models are of the same {space.design.rows.used:,} rows; {dropped:,} that lack a value in some "
            "candidate are left out, also of the model at the end."
        )
    notes += [
        f"After a search among {candidates} terms the p-values, intervals and fit indices of the model at the end are "
        "optimistic: they take its terms as given. Terms that were dropped are not shown to have no effect.",
        "A validation is honest only if it repeats the search in every sample, as validate() of this selection does.",
    ]
    return Table(
        key="stepwise",
        title="Selection of terms",
        frame=pd.DataFrame.from_records(rows),
        roles={"step": "integer", **_ROLES},
        labels={"step": "Step", **_LABELS},
        notes=tuple(notes),
        blanks=("statistic", "df", "p_value"),
        tables=_candidates(space, steps[-1]),
    )


_ROLES: Final = {
    "change": "text",
    "parameters": "integer",
    "deviance": "loglik",
    "aic": "loglik",
    "bic": "loglik",
    "statistic": "statistic",
    "df": "integer",
    "p_value": "p_value",
}
_LABELS: Final = {
    "change": "Change",
    "parameters": "k",
    "deviance": "Deviance",
    "aic": "AIC",
    "bic": "BIC",
    "statistic": "LR chi-square",
}


def _row(space: Space, change: Change | None, found: Likelihood) -> dict[str, Any]:
    """Give a model and the change that led to it."""
    words = "start"
    if change is not None:
        words = f"{'+' if change.enters else '−'} {written(space, change.term)}"
    tested = change is not None and change.df > 0
    return {
        "change": words,
        "parameters": found.rank,
        "deviance": -2 * found.loglik,
        "aic": -2 * found.loglik + 2 * found.rank,
        "bic": -2 * found.loglik + found.rank * math.log(space.design.totals.trials),
        "statistic": change.chi2 if change is not None and tested else math.nan,
        "df": change.df if change is not None and tested else math.nan,
        "p_value": change.p_value if change is not None and tested else math.nan,
    }


def _candidates(space: Space, last: Step) -> tuple[Table, ...]:
    """Give the changes that were possible at the end, and that none was made."""
    if not last.candidates:
        return ()
    rows = [_row(space, change, change.found) for change in last.candidates]
    return (
        Table(
            key="stepwise_candidates",
            title="Changes that were possible at the end",
            frame=pd.DataFrame.from_records(rows),
            roles=_ROLES,
            labels=_LABELS,
            notes=("Deviance, AIC and BIC are those of the model after the change; none of the changes was made.",),
        ),
    )
