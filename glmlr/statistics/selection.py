"""Which terms are worth keeping? Forward, backward and stepwise selection, with its history and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.covariance import ROBUST
from glmlr.design import Design, DesignInMemory, design_of
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, listing, one_of, suggestion
from glmlr.estimation import refuse_saturated
from glmlr.exhibits import Table, Tabled
from glmlr.fit import Fit, fit_design
from glmlr.links import link_named
from glmlr.selection.search import Change, Likelihood, Rule, Space, Step, search
from glmlr.selection.shortened import shortened, written

_WAYS: Final = {"forward": (True, False), "backward": (False, True), "both": (True, True)}
_BY: Final = {"aic": "AIC", "bic": "BIC", "p": "p-values of likelihood ratio tests"}
#: Bounds of p-values where none are given (SAS PROC LOGISTIC: SLENTRY and SLSTAY).
_BOUND: Final = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Tabled):
    """A search through models, and the model it ends with.

    Attributes:
        table: its history, one row a step; the companion `stepwise_candidates` has the changes that were possible at
            the end, none of which was made.
        fit: the model at the end, of all the rows of the search.
        selected: its terms, the intercept left out.
        left_out: the other candidates.

    """

    table: Table
    fit: Fit
    selected: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def formula(self) -> str:
        """Formula of the model at the end."""
        return self.fit.design.formula

    @property
    def history(self) -> pd.DataFrame:
        """One row a step."""
        return self.table.frame


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
    link: str = "logit",
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
        link: with a formula, as for `glmlr.fit`; so are event, freq_weights, offset, robust, cluster and functions.
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
    one_of("by", by, _BY)
    adds, drops = _WAYS[one_of("direction", direction, _WAYS)]
    begin = one_of("start", start or ("null" if direction == "forward" else "full"), ["full", "null"])
    bounds = _bounds(by, enter, remove)
    if isinstance(formula, Fit):
        if data is not None:
            raise ArgumentError("stepwise() of a fitted model takes no data; they are the fit's own.")
        chosen, kind = formula.link, formula.covariance_kind
        design: Design = formula.design
        robust = robust or (kind if kind in ROBUST else None)
    else:
        if data is None or not isinstance(formula, str):
            raise ArgumentError("stepwise() takes a formula and data, stepwise(formula, data), or a fitted model.")
        chosen = link_named(link)
        options = {"event": event, "freq_weights": freq_weights, "offset": offset, "functions": functions}
        design = design_of(formula, data, cluster=cluster, **options)
    space = _space(design, chosen, keep)
    penalty = {"aic": 2.0, "bic": math.log(space.design.totals.trials)}.get(by)
    everything = frozenset(range(len(space.design.terms)))
    if begin == "full":
        refuse_saturated(space.design)
    rule = Rule(adds, drops, penalty, *bounds)
    steps = search(space, everything if begin == "full" else space.kept, rule)
    return _selection(space, steps, rule, by, robust)


def _bounds(by: str, enter: Any, remove: Any) -> tuple[float, float]:
    if by != "p":
        for name, value in (("enter", enter), ("remove", remove)):
            if value is not None:
                raise OptionError(f"{name}={value!r} is a bound of p-values; it goes with by='p', not by={by!r}.")
        return _BOUND, _BOUND
    for name, value in (("enter", enter), ("remove", remove)):
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and 0 < value < 1
        if value is not None and not number:
            raise OptionError(f"{name}={value!r} is not a p-value; give a number between 0 and 1 such as 0.05.")
    # A single bound that is given moves the other along, so that entry is never easier than removal.
    entry = float(enter if enter is not None else min(_BOUND, _BOUND if remove is None else remove))
    removal = float(remove if remove is not None else max(_BOUND, entry))
    if removal < entry:
        raise OptionError(
            f"remove={removal:g} is below enter={entry:g}: a term could enter and leave for ever; make remove at least "
            "enter."
        )
    return entry, removal


def _space(design: Design, link: Any, keep: str | Sequence[str]) -> Space:
    """Give the models that may be visited, or say why there are none."""
    if not isinstance(design, DesignInMemory):
        raise NotApplicable("stepwise() needs the rows in memory; these were read in parts.")
    if design.weighted:
        raise NotApplicable(
            "stepwise() compares likelihoods, and importance weights (class_weight, sample_weight) make a weighted "
            "pseudo-likelihood whose size depends on their scale; search without them and weight the model at the end."
        )
    if not any(term.kind == "intercept" for term in design.terms):
        raise NotApplicable("stepwise() needs an intercept: without one the coding of a factor depends on the others.")
    if len(design.terms) == 1:
        raise NotApplicable(f"The formula {design.formula!r} has no terms to choose from.")
    space = Space(design, link, frozenset())
    names = {written(space, at): at for at in range(len(design.terms))}
    wanted = []
    for name in [keep] if isinstance(keep, str) else keep:
        key = _plain(name)
        found = next((at for own, at in names.items() if _plain(own) == key and own != "1"), None)
        if found is None:
            known = [own for own in names if own != "1"]
            hint = suggestion(str(name), known) or f"; the terms are {listing(known)}."
            raise OptionError(f"keep= names {name!r}, which is no term of the formula{hint}")
        wanted.append(found)
    intercept = next(at for at, term in enumerate(design.terms) if term.kind == "intercept")
    return Space(design, link, space.closed(wanted) | {intercept})


def _plain(name: Any) -> str:
    return ":".join(sorted(str(name).replace(" ", "").split(":")))


# ------------------------------------------------------------------------------------------------ what is shown


def _going_by(by: str, rule: Rule) -> str:
    """Say what a search goes by, with the bounds of p-values that it uses."""
    if by != "p":
        return _BY[by]
    enters = [f"a term enters up to {rule.enter:g}"] if rule.adds else []
    leaves = [f"a term leaves above {rule.remove:g}"] if rule.drops else []
    return f"{_BY[by]}: {' and '.join([*enters, *leaves])}"


def _selection(space: Space, steps: Sequence[Step], rule: Rule, by: str, robust: str | None) -> Selection:
    last = steps[-1]
    terms = [(at, written(space, at)) for at in range(len(space.design.terms)) if space.factors[at]]
    way = "stepwise" if rule.adds and rule.drops else "forward" if rule.adds else "backward"
    note = (
        f"The terms were chosen among {len(terms)} by {way} selection with {_BY[by]}: p-values and intervals of this "
        "model are optimistic."
    )
    fitted = fit_design(shortened(space, last.model, note), space.link, robust=robust)
    table = _history(space, steps, _going_by(by, rule), len(terms))
    return Selection(
        table,
        fitted,
        tuple(name for at, name in terms if at in last.model),
        tuple(name for at, name in terms if at not in last.model),
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
        "A validation is honest only if it repeats the search in every sample.",
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
