"""Do the coefficients obey linear equations? Readable hypotheses or matrices, each alone and all together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Subset
from glmlr.design import gathered
from glmlr.digits import text
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.hypotheses.around_fit import name_of_test, planes_of, refuse_without_likelihood, test_notes
from glmlr.hypotheses.linear import Equations, maximum_under, not_estimable, plane_of
from glmlr.hypotheses.nested import quadratic
from glmlr.hypotheses.reading import Hypothesis, hypotheses_of
from glmlr.penalised.penalties import Firth
from glmlr.penalised.planes import Planes
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.prediction import bounds
from glmlr.proportions import normal_quantile
from glmlr.shape.added_columns import ChiSquare
from glmlr.tails import chi_square_tail

Floats = npt.NDArray[np.float64]


@explained_arguments
def wald_test(
    fit: Fit,
    *hypotheses: Any,
    values: Any = None,
    test: Literal["wald", "likelihood-ratio"] = "wald",
    level: float = 0.95,
) -> Table:
    """Test linear hypotheses of the coefficients, each alone and all together.

    Args:
        fit: the fitted model, k coefficients.
        *hypotheses: sentences with the names of coefficients as the table of coefficients has them, such as
            "age = 2 * lwt", "C(race)[T.black] = C(race)[T.white]" or "a = b = 0"; one without "=" is "= 0". Or one
            matrix of shape (q, k), or one row of it, shape (k,).
        values: right sides for a matrix, shape (q,); None for 0.
        test: "wald" with the covariance of the fit; "likelihood-ratio" fits the model under the hypotheses too.
        level: level of the intervals.

    Returns:
        A table with one row for each hypothesis and a last one for all together: hypothesis, estimate (left side less
        right side), std_error, low, high (Wald intervals), statistic (chi-square), df, p_value, log10_p.

    Raises:
        OptionError: what cannot be read, is unknown, or is said twice.
        NotApplicable: what cannot be estimated, or infinite estimates under test="wald".

    References: Wald (1943); R's car::linearHypothesis, Stata's test and SAS's TEST statement give the same chi-square.

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(f"wald_test() takes a fitted model, not {type(fit).__name__}.")
    refuse_shrunken(fit.penalty, "A test of coefficients")
    if one_of("test", test, ("wald", "likelihood-ratio")) == "likelihood-ratio":
        refuse_without_likelihood(fit)
    quantile = normal_quantile(level)
    said = _said(fit, hypotheses, values)
    equations = Equations(np.array([one.weights for one in said]), np.array([one.value for one in said]))
    _refuse(fit, said, equations, test)
    frame = _frame(fit, said, equations, quantile)
    tests = _wald(fit, equations) if test == "wald" else _likelihood_ratios(fit, equations)
    tails = [chi_square_tail(one.value, one.df) for one in tests]
    if test == "likelihood-ratio" and fit.pseudo_likelihood:
        tails = [chi_square_tail(math.nan, 1)] * len(tests)
    frame["statistic"], frame["df"] = [one.value for one in tests], [one.df for one in tests]
    frame["p_value"], frame["log10_p"] = [tail.p_value for tail in tails], [tail.log10_p for tail in tails]
    return Table(
        key="wald_test",
        title="Linear hypotheses",
        frame=frame,
        roles={
            "hypothesis": "text",
            **dict.fromkeys(("estimate", "std_error", "low", "high"), "estimate"),
            "statistic": "statistic",
            "df": "integer",
            "p_value": "p_value",
        },
        labels={
            "hypothesis": "Hypothesis",
            "low": f"{text(level, 'percent').replace('.0%', '%')} low",
            "statistic": f"{name_of_test(fit, test)} chi-square",
        },
        notes=tuple(_notes(fit, test)),
        emphasis=(len(said),) if len(said) > 1 else (),
        blanks=("estimate", "std_error", "low", "high") if len(said) > 1 else (),
    )


def _said(fit: Fit, hypotheses: Sequence[Any], values: Any) -> list[Hypothesis]:
    """Read sentences, or the rows of a matrix."""
    if not hypotheses:
        raise ArgumentError('wald_test() takes hypotheses, such as fit.wald_test("age = 2 * lwt"), or a matrix.')
    if all(isinstance(one, str) for one in hypotheses):
        if values is not None:
            raise OptionError("values= are the right sides of a matrix; a sentence says its own after the '='.")
        return [found for one in hypotheses for found in hypotheses_of(one, fit.names)]
    try:
        (given,) = hypotheses
        weights = np.atleast_2d(np.asarray(given, dtype=np.float64))
        right = np.zeros(len(weights)) if values is None else np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (ValueError, TypeError):
        raise OptionError("Hypotheses are sentences, or one matrix of numbers with a column a coefficient.") from None
    k = len(fit.names)
    if weights.shape[1:] != (k,) or right.shape != (len(weights),):
        raise OptionError(
            f"The matrix has shape {np.shape(given)} and values {np.shape(right)}; the fit has {k} coefficients, so "
            f"give (q, {k}) and (q,)."
        )
    if not (np.isfinite(weights).all() and np.isfinite(right).all() and weights.any(axis=1).all()):
        raise OptionError("Each row of the matrix needs finite numbers that are not all 0, and a finite value.")
    return [Hypothesis(_written(fit, row, at), row, float(at)) for row, at in zip(weights, right, strict=True)]


def _written(fit: Fit, weights: Floats, value: float) -> str:
    """Write a row of a matrix as a sentence."""
    words = ""
    for name, weight in zip(fit.names, weights, strict=True):
        if weight:
            sign = (" - " if weight < 0 else " + ") if words else ("-" if weight < 0 else "")
            words += sign + ("" if abs(weight) == 1 else f"{abs(weight):g} * ") + name
    return f"{words} = {value:g}"


def _refuse(fit: Fit, said: Sequence[Hypothesis], equations: Equations, test: str) -> None:
    """Refuse what has no estimate, and what is said twice."""
    separation = fit.separation
    for one in said:
        # A coefficient whose dependents are left out has its estimate; one that is left out has none by itself.
        aliased = not_estimable(one.weights, [alias for alias in fit.solution.aliased if one.weights[alias.column]])
        if aliased is not None:
            raise NotApplicable(
                f"{one.text!r} cannot be estimated: {fit.names[aliased]!r} is aliased: earlier columns determine it."
            )
        for column in np.flatnonzero(one.weights):
            loose = separation is not None and (separation.infinite[column] or separation.undetermined[column])
            if loose and test == "wald":
                raise NotApplicable(
                    f"{one.text!r} has no Wald test: the estimate of {fit.names[column]!r} is infinite (separation); "
                    "test='likelihood-ratio' has one."
                )
    again = equations.dependent()
    if again is not None:
        raise OptionError(
            f"{said[again].text!r} is already implied or contradicted by the hypotheses before it; leave it out."
        )


def _estimated(fit: Fit) -> npt.NDArray[np.intp]:
    """Give the columns that are not aliased."""
    return np.setdiff1d(np.arange(len(fit.names)), [alias.column for alias in fit.solution.aliased])


def _estimates(fit: Fit, equations: Equations) -> tuple[Floats, Floats]:
    """Give left sides less right sides (q,) and their covariance (q, q); NaN where an estimate is not finite."""
    finite = np.flatnonzero(np.isfinite(fit.solution.beta))
    own = equations.at(finite)
    estimates = own.weights @ fit.solution.beta[finite] - own.values
    covariance = own.weights @ fit.covariance[np.ix_(finite, finite)] @ own.weights.T
    loose = np.setdiff1d(_estimated(fit), finite)
    unknown = (equations.weights[:, loose] != 0).any(axis=1)
    estimates[unknown], covariance[unknown], covariance[:, unknown] = np.nan, np.nan, np.nan
    return estimates, covariance


def _frame(fit: Fit, said: Sequence[Hypothesis], equations: Equations, quantile: float) -> pd.DataFrame:
    estimates, covariance = _estimates(fit, equations)
    errors = np.sqrt(np.diag(covariance))
    low, high = bounds(estimates, quantile * errors)
    columns = {"estimate": estimates, "std_error": errors, "low": low, "high": high}
    last = len(said) > 1
    names = [one.text for one in said] + (["All together"] if last else [])
    return pd.DataFrame(
        {"hypothesis": names, **{name: np.append(one, [np.nan] * last) for name, one in columns.items()}}
    )


def _wald(fit: Fit, equations: Equations) -> list[ChiSquare]:
    estimates, covariance = _estimates(fit, equations)
    variances = np.diag(covariance)
    found = [ChiSquare(float(e * e / v), 1) for e, v in zip(estimates, variances, strict=True)]
    return [*found, quadratic(estimates, covariance)] if len(found) > 1 else found


def _likelihood_ratios(fit: Fit, equations: Equations) -> list[ChiSquare]:
    columns, rows, planes = _estimated(fit), gathered(fit.design), planes_of(fit)
    q = len(equations.values)
    parts = [[at] for at in range(q)] + ([list(range(q))] if q > 1 else [])
    found = []
    for part in parts:
        # An estimable combination has the same value with the aliased columns left out, their coefficients being 0.
        some = Equations(equations.weights[part], equations.values[part])
        if planes is not None:
            found.append(_penalised_ratio(planes, some))
            continue
        limit = maximum_under(Subset(rows, columns), fit.link, some.at(columns)).solution
        loglik = limit.loglik if limit.converged else math.nan
        found.append(ChiSquare(max(2 * (fit.loglik - loglik), 0.0), len(part)))
    return found


def _penalised_ratio(planes: Planes, equations: Equations) -> ChiSquare:
    """Compare penalised likelihoods of Firth's estimates, the penalty that of all columns."""
    plane = plane_of(equations.at(planes.kept))
    there = planes.centre.within(planes.inwards @ plane.basis, planes.inwards @ plane.point)
    return ChiSquare(math.nan if there is None else planes.centre.loss(there), len(equations.values))


def _notes(fit: Fit, test: str) -> list[str]:
    notes = ["The estimate is the left side less the right side; intervals are Wald intervals."]
    if test == "wald":
        if fit.covariance_kind != "model":
            notes.append("Standard errors and tests are with the robust or clustered covariance of the fit.")
    elif isinstance(fit.penalty, Firth):
        notes += test_notes(fit, test)
    elif fit.pseudo_likelihood:
        notes.append(
            "Likelihoods are weighted pseudo-likelihoods: their ratio has no chi-square distribution, so no p."
        )
    elif fit.covariance_kind != "model":
        notes.append("Likelihood ratios take the rows as independent and the model as right, whatever the covariance.")
    return notes


setattr(Fit, "wald_test", wald_test)  # noqa: B010 - bound here, so that fit.py imports nothing from above
