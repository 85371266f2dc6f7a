"""What are the estimates? Coefficients with their standard errors and intervals, odds ratios, and intercepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Block, Subset, over_blocks
from glmlr.design import Term
from glmlr.digits import text
from glmlr.errors import NotApplicable, OptionError, listing, one_of, suggestion
from glmlr.estimation import case_control_weights
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit
from glmlr.moments import Spread
from glmlr.prediction import checked_prevalence
from glmlr.proportions import checked_level, normal_quantile
from glmlr.quantiles import QuantileSearch, Tally
from glmlr.registry import statistic
from glmlr.separation import maximise
from glmlr.tails import Tail, chi_square_tail

Floats = npt.NDArray[np.float64]

WALD: Final = "Wald (1943), Trans. Amer. Math. Soc. 54; McCullagh & Nelder (1989), section 4.4"


@statistic(
    section="coefficients",
    title="Coefficients",
    reference=WALD,
    definitions={
        "Std. error": "Square root of the diagonal of the covariance; from the expected information unless said "
        "otherwise. R's glm reports the same; Stata and SAS use the observed information, which differs for links "
        "other than the logit.",
        "z": "Estimate divided by its standard error. SAS prints its square as 'Wald Chi-Square' with 1 df.",
        "p": "Two-sided, from the normal distribution; for an infinite estimate from the likelihood-ratio test.",
    },
)
def coefficients(fit: Fit, *, level: float = 0.95) -> Table:
    """Tabulate the estimates with standard errors, Wald tests and intervals on the scale of the link.

    Args:
        fit: the fitted model, k coefficients.
        level: level of the Wald intervals, in (0, 1).

    Returns:
        A table with one row per coefficient: term, estimate, std_error, z, p_value, log10_p (finite where the
        p-value underflows), low, high and, where there is something to say, note. An infinite estimate has the p-value
        of the likelihood-ratio test of its column (none under importance weights) and the whole line as its interval;
        an aliased one has nothing.

    Raises:
        OptionError: a level outside (0, 1).

    """
    (low, high), said = fit.interval(level), _row_notes(fit)
    frame = pd.DataFrame(
        {
            "term": list(fit.names),
            "estimate": fit.params.to_numpy(),
            "std_error": fit.bse.to_numpy(),
            "z": fit.z.to_numpy(),
            "p_value": fit.pvalues.to_numpy(),
            "log10_p": fit.log10_pvalues.to_numpy(),
            "low": low,
            "high": high,
            "note": said,
        }
    )
    notes = [
        f"{_percent(level)} intervals are Wald intervals: estimate ± {normal_quantile(level):.3f} standard errors."
    ]
    if fit.separation is not None:
        _test_infinite(fit, frame)
        notes.append(_about_infinite(fit))
    roles = {
        "term": "text",
        "estimate": "estimate",
        "std_error": "std_error",
        "z": "statistic",
        "p_value": "p_value",
        "low": "estimate",
        "high": "estimate",
    }
    if any(said):
        roles["note"] = "text"
    labels = {"low": f"{_percent(level)} low", "high": "high"}
    return Table("coefficients", "Coefficients", frame, roles, labels, tuple(notes) + fit.notes[1:])


def _about_infinite(fit: Fit) -> str:
    """Say where the p-value of an infinite estimate comes from, and what its interval is."""
    if fit.pseudo_likelihood:
        test = "An infinite estimate has no p-value here: importance weights leave no likelihood-ratio test"
    else:
        test = "The p-value of an infinite estimate is that of the likelihood-ratio test of its column"
        if fit.covariance_kind != "model":
            test += ", which takes the rows as independent and the model as right"
    return f"{test}. Its Wald interval is the whole line."


def _row_notes(fit: Fit) -> list[str]:
    """Say of each coefficient why it has no finite estimate; "" where it has one."""
    infinite = "infinite (separation)" + ("" if fit.pseudo_likelihood else "; likelihood-ratio p")
    said = [""] * len(fit.names)
    for alias in fit.solution.aliased:
        said[alias.column] = "aliased"
    if fit.separation is not None:
        for column in np.flatnonzero(fit.separation.infinite):
            said[column] = infinite
        for column in np.flatnonzero(fit.separation.undetermined):
            said[column] = "not determined (separation)"
    return said


def _test_infinite(fit: Fit, frame: pd.DataFrame) -> None:
    """Put likelihood-ratio p-values into the rows of infinite estimates."""
    if fit.separation is None:
        return
    for column in np.flatnonzero(fit.separation.infinite):
        tail = Tail(np.nan, np.nan) if fit.pseudo_likelihood else dropped_column_tail(fit, int(column))
        frame.loc[column, ["p_value", "log10_p"]] = tail.p_value, tail.log10_p


def dropped_column_tail(fit: Fit, column: int) -> Tail:
    """Give the likelihood-ratio p-value of one design column, 1 degree of freedom."""
    others = np.setdiff1d(np.flatnonzero(~np.isnan(fit.solution.beta) | _undetermined(fit)), [column])
    if others.size == 0:
        return chi_square_tail(2 * (fit.loglik - _offset_loglik(fit)), 1)
    reduced = maximise(Subset(fit.design, others), fit.link)
    return chi_square_tail(2 * (fit.loglik - reduced.solution.loglik), 1)


def _undetermined(fit: Fit) -> npt.NDArray[np.bool_]:
    return np.zeros(len(fit.names), dtype=bool) if fit.separation is None else fit.separation.undetermined


def _offset_loglik(fit: Fit) -> float:
    """Log-likelihood of the offset alone."""
    zero, link = np.zeros(len(fit.names)), fit.link

    def loglik(block: Block) -> float:
        part = link.likelihood(block.eta(zero), block.y).loglik
        weight = block.total_weight()
        return float((part if weight is None else part * weight).sum())

    return over_blocks(fit.design, loglik, float.__add__)


def _percent(level: float) -> str:
    return f"{100 * level:g}%"


# ------------------------------------------------------------------------------------------------ odds ratios


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
def odds_ratios(fit: Fit, *, level: float = 0.95, per: str = "unit", units: Mapping[str, float] | None = None) -> Table:
    """Tabulate odds ratios with intervals, the reference rows shown, and draw them.

    Args:
        fit: the fitted logit model.
        level: level of the intervals, in (0, 1).
        per: what a numeric column changes by: "unit" (1), "sd" (its standard deviation) or "iqr" (its inter-quartile
            range, type 7), both over the rows used with their frequencies.
        units: column name -> change, for columns with a change of their own ({"age": 10}); goes before `per`.

    Returns:
        A table with one row per level or column, intercept left out: term, level, units, odds_ratio, low, high and
        p_value.

    Raises:
        NotApplicable: the link is not the logit, or the model has nothing but an intercept.
        OptionError: `units` names no numeric column, or a change that is zero or not finite.

    """
    if not fit.link.has_odds_ratio:
        raise NotApplicable(
            f"The {fit.link.name} link has no odds ratio: exp(coefficient) is one only under the logit; fit with "
            'link="logit", or compare predict() at two values of a predictor.'
        )
    one_of("per", per, ("unit", "sd", "iqr"))
    checked_level(level)
    changes, flat = _changes(fit, per, dict(units or {}))
    terms = [term for term in fit.design.terms if term.kind != "intercept"]
    estimates = coefficients(fit, level=level).frame if terms else pd.DataFrame()
    rows = [row for term in terms for row in _rows_of(term, estimates, changes)]
    if not rows:
        raise NotApplicable("The model has nothing but an intercept, so there is no odds ratio.")
    frame = pd.DataFrame(rows)
    roles = {
        "term": "text",
        "level": "text",
        "odds_ratio": "ratio",
        "low": "ratio",
        "high": "ratio",
        "p_value": "p_value",
    }
    labels = {"level": "Level or change", "low": f"{_percent(level)} low", "high": "high"}
    notes = ["An odds ratio's interval is exp of the coefficient's Wald interval."]
    if fit.separation is not None:
        notes.append(_about_infinite(fit))
    unknown = [fit.names[column] for column in np.flatnonzero(np.isnan(fit.params)) if fit.names[column] != "Intercept"]
    if unknown:
        notes.append(f"No estimate, hence no odds ratio (aliased or not determined): {listing(unknown)}.")
    notes += [f"The {per.upper()} of {name} is 0, so that its odds ratio is per 1." for name in flat]
    if any(term.kind == "interaction" for term in fit.design.terms):
        notes.append(
            "The row of an interaction is a ratio of odds ratios; the rows of its parts hold where the other part is "
            "at its reference or zero."
        )
    forest = _forest(frame, level, fit.event)
    return Table(
        "odds_ratios",
        "Odds ratios",
        frame,
        roles,
        labels,
        tuple(notes),
        charts=() if forest is None else (forest,),
        # Where estimates are infinite a missing bound means more than that the row is a reference.
        blanks=("low", "high", "p_value") if fit.separation is None and not fit.solution.aliased else (),
    )


def _rows_of(term: Term, estimates: pd.DataFrame, changes: Mapping[int, tuple[float, str]]) -> list[dict[str, object]]:
    """Give the rows of one term: the reference level, where it has one, then its columns."""
    rows: list[dict[str, object]] = []
    one_column_each = term.reference is not None and len(term.levels) == len(term.columns) + 1
    names = [name for name in term.levels if name != term.reference] if one_column_each else []
    if one_column_each:
        rows.append(_row(term.name, f"{term.reference} (reference)", np.nan, 1.0, np.nan, np.nan, np.nan))
    for position, column in enumerate(term.columns):
        change, label = changes.get(column, (1.0, ""))
        name, p_value = str(estimates["term"].iloc[column]), float(estimates["p_value"].iloc[column])
        shown = names[position] if one_column_each else _inside(name, term.name) or label
        scaled = change * estimates[["estimate", "low", "high"]].iloc[column].to_numpy(dtype=np.float64)
        with np.errstate(over="ignore"):
            ratio, *bounds = np.exp(scaled).tolist()
        rows.append(_row(term.name, shown, change, ratio, min(bounds), max(bounds), p_value))
    return rows


def _row(
    term: str, level: str, units: float, ratio: float, low: float, high: float, p_value: float
) -> dict[str, object]:
    return {
        "term": term,
        "level": level,
        "units": units,
        "odds_ratio": ratio,
        "low": low,
        "high": high,
        "p_value": p_value,
    }


def _inside(column: str, term: str) -> str:
    """Give what a design column's name adds to its term's: "T.yes" for "smoke[T.yes]", "" for a numeric column."""
    if column == term:
        return ""
    if column.startswith(term + "[") and column.endswith("]"):
        inner = column[len(term) + 1 : -1]
        return inner[2:] if inner.startswith("T.") else inner
    return column


def _changes(fit: Fit, per: str, units: dict[str, float]) -> tuple[dict[int, tuple[float, str]], list[str]]:
    """Give for each numeric column the change its odds ratio is for, and the words for it; and the columns of spread 0.

    The inter-quartile range of a column that is mostly one value is 0; an odds ratio for no change would be 1.
    """
    flat = []
    numeric = [term.columns[0] for term in fit.design.terms if term.kind == "numeric" and len(term.columns) == 1]
    names = {fit.names[column]: column for column in numeric}
    for name, change in units.items():
        if name not in names:
            raise OptionError(f"units: {name!r} is not a numeric column of the model{suggestion(name, names) or '.'}")
        if not isinstance(change, (int, float, np.number)) or not np.isfinite(change) or change == 0:
            raise OptionError(f"units: the change of {name!r} must be a number other than zero, not {change!r}.")
    changes = dict.fromkeys(numeric, (1.0, "per 1"))
    if per != "unit":
        for column in numeric:
            size = _spread(fit, column, per)
            if not size > 0:
                flat.append(fit.names[column])
                continue
            changes[column] = (size, f"per {'SD' if per == 'sd' else 'IQR'} ({size:.4g})")
    for name, change in units.items():
        changes[names[name]] = (float(change), f"per {change:g}")
    return changes, [name for name in flat if name not in units]


def _spread(fit: Fit, column: int, per: str) -> float:
    """Give the standard deviation or inter-quartile range of a column, each row by its frequency."""
    if per == "sd":
        moments = partial(_moments, column)
        spread = over_blocks(fit.design, moments, Spread.__add__)
        return float(np.sqrt(spread.squares / (spread.weight - 1)))
    search = QuantileSearch(np.array([0.25, 0.75]))
    while True:
        look = partial(_counted, search, column)
        found = search.learnt(over_blocks(fit.design, look, search.add))
        if not isinstance(found, QuantileSearch):
            return float(found[1] - found[0])
        search = found


def _moments(column: int, block: Block) -> Spread:
    return Spread.of(_values(block, column), _trials(block))


def _counted(search: QuantileSearch, column: int, block: Block) -> Tally:
    return search.look(_values(block, column), block.weight)


def _values(block: Block, column: int) -> Floats:
    return np.ascontiguousarray(block.at_columns(np.array([column])).x[0])


def _trials(block: Block) -> Floats:
    return np.ones(block.size) if block.weight is None else block.weight


def _read_out(ratio: float, low: float, high: float) -> str:
    """Give "2.79 (1.29–6.05)" for the margin of a drawing; the reference, which is not estimated, has no number."""
    if np.isnan(low):
        return "reference"
    return f"{text(ratio, 'ratio')} ({text(low, 'ratio')}–{text(high, 'ratio')})"


def _forest(frame: pd.DataFrame, level: float, event: str) -> Chart | None:
    """Draw the odds ratios with their intervals on a logarithmic axis; those that are infinite, zero or missing not."""
    drawn = np.isfinite(frame["odds_ratio"]) & (frame["odds_ratio"] > 0)
    shown, left_out = frame[drawn], frame[~drawn]
    ratio, low, high = (shown[name].to_numpy(dtype=np.float64) for name in ("odds_ratio", "low", "high"))
    estimated = ~np.isnan(low)
    if not estimated.any():
        return None
    y = np.arange(len(shown), dtype=np.float64)
    margin = tuple(_read_out(*row) for row in zip(ratio, low, high, strict=True))
    notes = (f"Not drawn, having no finite estimate: {listing(_names(left_out))}.",) if len(left_out) else ()
    return Chart(
        key="forest",
        title=f"Odds ratios with {_percent(level)} intervals",
        series=(
            Series("No effect", "reference", np.array([1.0, 1.0]), np.array([-0.5, len(shown) - 0.5])),
            Series("", "intervals", np.where(estimated, ratio, np.nan), y, low, high, labels=margin),
            Series("", "points", ratio[~estimated], y[~estimated]),
        ),
        x=Axis(f"Odds ratio for {event}, with {_percent(level)} interval", scale="log"),
        y=Axis("", categories=_names(shown)),
        notes=notes,
        alt=f"Odds ratios with {_percent(level)} intervals on a logarithmic axis; the line marks 1, no effect.",
    )


def _names(rows: pd.DataFrame) -> tuple[str, ...]:
    """Name the rows of a forest plot; the reference level is called so in the margin."""
    return tuple(
        f"{term}: {str(label).removesuffix(' (reference)')}" if label and label != "per 1" else str(term)
        for term, label in zip(rows["term"], rows["level"], strict=True)
    )


# ------------------------------------------------------------------------------------------------ intercepts


@dataclass(frozen=True)
class _InterceptScale:
    """One scale of the probabilities.

    Attributes:
        name: what the table calls it.
        shift: what is taken off the intercept.
        weights: (weight of a non-event, weight of an event) under which probabilities are averaged.
        rate: share of events that they should average to.

    """

    name: str
    shift: float
    weights: tuple[float, float]
    rate: float


@statistic(
    section="coefficients",
    title="Intercepts",
    reference="King & Zeng (2001), Political Analysis 9, 137-163; Manski & Lerman (1977), Econometrica 45",
    definitions={
        "Intercept as fitted": "The estimate, which class weights move: probabilities on this scale are those of a "
        "population in which events are as frequent as the weights make them.",
        "Intercept corrected": "Without what class weights added: minus log(w1/w0) for the logit; for the other links "
        "such that the mean probability of the rows is their event rate.",
        "Intercept for a population": "For rows that were drawn by outcome: such that the event has the prevalence; "
        "for the logit minus log[((1 - t) / t) (ybar / (1 - ybar))].",
    },
    in_report=False,
)
def intercepts(fit: Fit, *, prevalence: float | None = None) -> Table:
    """Tabulate the intercept as fitted, without class weights, and for a population in which events have another share.

    Args:
        fit: the fitted model, with an intercept.
        prevalence: share of events in the population, in (0, 1), where the rows were drawn by outcome; None for none.

    Returns:
        A table with one row per scale ("as fitted", and where they differ "corrected" and "population"): intercept,
        mean_probability over the rows of the fit, and rate, the share of events that it should be. Rows count by their
        frequency, importance weights play no part; for the population events count t / ybar and non-events
        (1 - t) / (1 - ybar) besides.

    Raises:
        NotApplicable: neither class weights nor a prevalence, or a model without an intercept.
        OptionError: a prevalence outside (0, 1).

    """
    if prevalence is not None:
        checked_prevalence(prevalence)
    if prevalence is None and fit.design.class_weights is None:
        raise NotApplicable(
            "The model has one intercept: no class weights moved it; give prevalence= for that of a population whose "
            "rows were drawn by outcome."
        )
    constant = next((term.columns[0] for term in fit.design.terms if term.kind == "intercept"), None)
    if constant is None:
        raise NotApplicable("The model has no intercept; its predictions on every scale are those of predict().")
    scales = _scales(fit, prevalence)
    means = _mean_probabilities(fit, scales)
    frame = pd.DataFrame(
        {
            "scale": [one.name for one in scales],
            "intercept": [float(fit.solution.beta[constant]) - one.shift for one in scales],
            "mean_probability": means,
            "rate": [one.rate for one in scales],
        }
    )
    return Table(
        key="intercepts",
        title="Intercepts",
        frame=frame,
        roles={"scale": "text", "intercept": "estimate", "mean_probability": "probability", "rate": "probability"},
        labels={"scale": "Scale", "rate": "Share of events"},
        notes=(fit.design.event.note, *_intercept_notes(fit, prevalence)),
    )


def _scales(fit: Fit, prevalence: float | None) -> list[_InterceptScale]:
    rate = fit.design.totals.events / fit.design.totals.trials
    scales = [_InterceptScale("as fitted", 0.0, (1.0, 1.0), rate)]
    if fit.design.class_weights is not None:
        scales.append(_InterceptScale("corrected", fit.prior_shift, (1.0, 1.0), rate))
    if prevalence is not None:
        weights = case_control_weights(fit.design, prevalence)
        scales.append(_InterceptScale("population", fit.prevalence_shift(prevalence), weights, float(prevalence)))
    return scales


def _mean_probabilities(fit: Fit, scales: list[_InterceptScale]) -> Floats:
    """Average the probabilities on each scale in one pass over the rows."""

    def sums(eta: Floats, y: Floats, weight: Floats | None) -> Floats:
        trials = np.ones_like(y) if weight is None else weight
        found = []
        for one in scales:
            by_outcome = trials * (one.weights[0] * (1.0 - y) + one.weights[1] * y)
            probability = fit.link.mean(eta + (fit.prior_shift - one.shift))
            found.append([float(np.dot(by_outcome, probability)), float(by_outcome.sum())])
        return np.array(found)

    total = fit.over_rows(sums, np.add)
    return np.asarray(total[:, 0] / total[:, 1])


def _intercept_notes(fit: Fit, prevalence: float | None) -> list[str]:
    design, logit = fit.design, fit.link.name == "logit"
    notes = []
    if design.class_weights is not None:
        w0, w1 = design.class_weights
        how = (
            f"minus log({w1:.6g} / {w0:.6g})"
            if logit
            else "such that the mean probability of the rows is their event rate, the other coefficients held"
        )
        notes.append(f"Corrected: the intercept {how}.")
    if prevalence is not None:
        notes.append(
            "Population: the rows are taken as drawn by outcome; the mean counts events and non-events in the shares "
            f"that they have where the event's is {prevalence:g}."
        )
        if not logit and not _weighted_for(fit, prevalence):
            notes.append(
                f"With the {fit.link.name} link the slopes are those of the population only if the fit itself had such "
                "class weights; here the intercept alone is moved."
            )
    if "sample_weight" in design.given_weights:
        notes.append("Sample weights act in the coefficients; the means do not count them.")
    return notes


def _weighted_for(fit: Fit, prevalence: float) -> bool:
    """Whether the class weights of the fit are those of this population, but for their size."""
    if fit.design.class_weights is None:
        return False
    nonevent, event = case_control_weights(fit.design, prevalence)
    w0, w1 = fit.design.class_weights
    return bool(np.isclose(w1 / w0, event / nonevent, rtol=1e-6, atol=0.0))
