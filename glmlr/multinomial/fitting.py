"""How is a model of several classes fitted to a formula and rows? From options to a multinomial logit, or a refusal."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import (
    ConvergenceWarning,
    FitError,
    GlmlrWarning,
    NotApplicable,
    OptionError,
    SeparationWarning,
    one_of,
)
from glmlr.multinomial.account import separation_sentence, single_row_sentence
from glmlr.multinomial.design import ClassDesign, class_design
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.multinomial.maximum import null_loglik
from glmlr.multinomial.sandwich import clustered, robust
from glmlr.multinomial.softmax import Outcomes
from glmlr.multinomial.solution import MultinomialSolution, solve

Floats = npt.NDArray[np.float64]

#: Kinds of robust standard errors that several classes have.
ROBUST_OF_CLASSES: Final = ("HC0", "HC1")
_SOLVERS: Final = ("newton", "statsmodels")


def fit_classes(
    formula: str,
    data: Any,
    *,
    reference: Any = None,
    robust: str | None = None,
    solver: str = "newton",
    max_iterations: int = 100,
    link: str = "logit",
    refused: Mapping[str, Any] | None = None,
    **options: Any,
) -> MultinomialFit:
    """Fit a multinomial logit given by a formula; see `glmlr.fit` with family="multinomial".

    Args:
        formula: as for two classes; the response is one column with the class of each row.
        data: anything `glmlr.fit` takes that is held in memory.
        reference: the class that each other one is compared with; the first where not given.
        robust: "HC0" or "HC1"; None for the information, unless importance weights make it HC0.
        solver: "newton", or "statsmodels" for statsmodels' own MNLogit on the same design.
        max_iterations: largest number of Newton steps.
        link: "logit", there being no other.
        refused: options of two classes that were given here, name -> value; None where not given.
        **options: freq_weights, class_weight, sample_weight, cluster, functions: as for two classes.

    Raises:
        FormulaError, DataError, ResponseError, WeightError, OptionError: what is wrong, in a sentence.
        NotApplicable: rows that are read in parts, an offset, a term that is learnt from two classes.
        FitError: there are no estimates (as many coefficients as rows, nothing varies).

    Warns:
        SeparationWarning: classes that the data tell apart perfectly.
        ConvergenceWarning: the steps did not reach the maximum.

    """
    one_of("solver", solver, _SOLVERS)
    _refuse_options(link, refused or {}, max_iterations)
    cluster = options.pop("cluster", None)
    _refuse_robust(robust, cluster)
    design = class_design(formula, data, reference=reference, cluster=cluster, **{"class_weight": None, **options})
    _refuse_design(design)
    solution = solve(design.rows, design.rows.matrix, _outcomes(design), max_iterations)
    if solver == "statsmodels":
        from glmlr.multinomial.mnlogit import solve_by_mnlogit

        solution = solve_by_mnlogit(design, solution)
    kind = "cluster" if design.rows.clusters is not None else robust or ("HC0" if design.rows.weighted else "model")
    inner = _inner_covariance(design, solution, kind)
    fitted = MultinomialFit(
        class_design=design,
        solution=solution,
        null_loglik=null_loglik(design.rows, _outcomes(design)),
        inner=inner,
        covariance=solution.covariance(inner),
        covariance_kind=kind,
    )
    _warn(fitted)
    return fitted


def _outcomes(design: ClassDesign) -> Outcomes:
    return Outcomes(design.codes, design.classes.size)


def _refuse_options(link: str, refused: Mapping[str, Any], max_iterations: int) -> None:
    """Refuse what belongs to two classes."""
    if link != "logit":
        raise OptionError(f"link={link!r}: a model of several classes has the logit link only; leave link= out.")
    instead = {
        "event": "every class is modelled; reference= says which one the others are compared with",
        "offset": "it would have to say to which of the classes it belongs",
    }
    for name, value in refused.items():
        if value is not None:
            why = instead.get(name, "estimates of several classes are those of maximum likelihood")
            raise OptionError(f'{name}= does not go with family="multinomial": {why}.')
    if not isinstance(max_iterations, (int, np.integer)) or max_iterations < 1:
        raise OptionError(f"max_iterations={max_iterations!r} is not a whole number of at least 1.")


def _refuse_robust(robust_kind: str | None, cluster: Any) -> None:
    if robust_kind in ("HC2", "HC3"):
        raise OptionError(
            f"robust={robust_kind!r} rests on the leverage of a row, which is a matrix where classes are several; "
            "give 'HC0' or 'HC1'."
        )
    if robust_kind is not None:
        one_of("robust", robust_kind, ROBUST_OF_CLASSES)
    if robust_kind is not None and cluster is not None:
        raise OptionError("robust= and cluster= name two covariances; give one of them.")


def _refuse_design(design: ClassDesign) -> None:
    """Refuse what has no estimates, or no meaning here."""
    if design.rows.shifted:
        raise NotApplicable(
            "A model of several classes has no offset here: the formula says offset(...), and does not say to which of "
            "the classes it belongs."
        )
    wanted, trials = len(design.rows.names) * len(design.classes.others), design.rows.totals.trials
    if wanted >= trials:
        raise FitError(
            f"The formula asks for {wanted} coefficients ({len(design.rows.names)} for each of "
            f"{len(design.classes.others)} classes) and there are only {trials:.0f} usable rows; use fewer terms or "
            "more data."
        )


def _inner_covariance(design: ClassDesign, solution: MultinomialSolution, kind: str) -> Floats:
    """Give the covariance of the stacked coefficients in the units of the estimated columns, shape (m q, m q)."""
    inverse, rows = solution.inverse, solution.columns.rows
    if kind == "model" or not np.isfinite(inverse).all():
        return inverse
    if kind == "cluster":
        groups = design.rows.clusters or 0
        return clustered(rows, solution.working, solution.outcomes, inverse, groups=groups)
    n = design.rows.totals.trials
    factor = n / (n - solution.rank) if kind == "HC1" else 1.0
    return robust(rows, solution.working, solution.outcomes, inverse, factor=factor)


def _warn(fitted: MultinomialFit) -> None:
    """Warn of what the estimates suffer from; from here through `fit` and the check of its arguments to the caller."""
    design, separation = fitted.class_design, fitted.solution.separation
    if said := single_row_sentence(design):
        warnings.warn(said, GlmlrWarning, stacklevel=5)
    if separation is not None:
        said = separation_sentence(design.classes, separation, design.rows.totals.rows)
        warnings.warn(said, SeparationWarning, stacklevel=5)
    if not fitted.converged:
        warnings.warn(f"The fit did not converge: {fitted.solution.reason}.", ConvergenceWarning, stacklevel=5)
