"""Does a term matter for the classes, do all together, and can two classes be told apart? Tests over all classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Subset
from glmlr.errors import NotApplicable, explained_arguments, one_of
from glmlr.exhibits import Table
from glmlr.hypotheses.marginality import Place, places
from glmlr.hypotheses.nested import NOTHING, quadratic, wald_test
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.multinomial.maximum import class_totals, start_of
from glmlr.multinomial.softmax import Outcomes, loglik_at, sums_at
from glmlr.multinomial.solution import supremum
from glmlr.shape.added_columns import ChiSquare
from glmlr.tails import Tail, chi_square_tail

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

DEFINITIONS: Final = {
    "Test of a term over all classes": "All coefficients of the term, of every class against the reference, together; "
    "each term given all others but those that contain it (type II). R: car::Anova of a multinom fit; SAS's Type 3 "
    "Analysis of Effects is the Wald test. It does not depend on the reference.",
    "Global tests of classes": "The model against intercepts alone, (k - 1)(J - 1) degrees of freedom.",
    "Combining two classes": "Whether all slopes of two classes are equal, so that they are one outcome as far as the "
    "predictors go. Likelihood ratio: against the model in which the two are one class, and their shares within it do "
    "not depend on the predictors. Stata: mlogtest, lrcomb and combine.",
}
REFERENCE: Final = "Agresti (2013), Categorical Data Analysis, 3rd ed., section 8.1"
REFERENCE_OF_COMBINING: Final = "Cramer & Ridder (1991), Journal of Econometrics 47, 267-272"

_NAMES: Final = {"likelihood-ratio": "Likelihood ratio", "wald": "Wald"}
_STEPS: Final = 100


@dataclass(frozen=True)
class _Smaller:
    """A model with some of the columns: its log-likelihood, or the supremum, and how many coefficients it has."""

    loglik: float
    rank: int


def _with_columns(fit: MultinomialFit, columns: Positions) -> _Smaller:
    outcomes = Outcomes(fit.class_design.codes, fit.classes.size)
    rows = Subset(fit.design, columns)
    if columns.size == 0:
        return _Smaller(loglik_at(rows, np.zeros((outcomes.others, 0)), outcomes), 0)
    found = supremum(rows, lambda: fit.design.matrix()[:, columns], outcomes, _STEPS, _near(fit, columns))
    return _Smaller(found.loglik if found.converged else math.nan, found.rank)


def _near(fit: MultinomialFit, columns: Positions) -> Floats | None:
    """Go to the maximum of the likelihood's parabola over the columns kept, the others being 0; None without one."""
    solution = fit.solution
    if solution.separation is not None or solution.aliased:
        return None
    covariance, beta = solution.covariance(solution.inverse), solution.beta.ravel()
    kept = _stacked(fit, columns)
    out = np.setdiff1d(np.arange(beta.size), kept)
    size = np.sqrt(np.diag(covariance))
    try:
        within = covariance[np.ix_(out, out)] / np.outer(size[out], size[out])
        gone = np.linalg.solve(within, beta[out] / size[out]) / size[out]
    except np.linalg.LinAlgError:
        return None
    near = beta[kept] - covariance[np.ix_(kept, out)] @ gone
    return near.reshape(-1, columns.size) if np.isfinite(near).all() else None


def _ratio(smaller: _Smaller, larger: _Smaller) -> ChiSquare:
    df = larger.rank - smaller.rank
    return ChiSquare(max(2.0 * (larger.loglik - smaller.loglik), 0.0), df) if df > 0 else NOTHING


def _tail(fit: MultinomialFit, test: ChiSquare, ratio: bool) -> Tail:
    """Give the tail of a test; a pseudo-likelihood's ratio has none."""
    return Tail(math.nan, math.nan) if ratio and fit.pseudo_likelihood else chi_square_tail(test.value, test.df)


_NO_RATIO: Final = (
    "Importance weights make the likelihood a pseudo-likelihood, whose ratio has no chi-square distribution: no "
    "p-value."
)


def _test_of(fit: MultinomialFit, test: str | None) -> str:
    """Choose the test: Wald's where the variance is not that of the model."""
    if test is not None:
        return one_of("test", test, _NAMES)
    return "likelihood-ratio" if fit.covariance_kind == "model" and not fit.pseudo_likelihood else "wald"


def term_tests(fit: MultinomialFit, *, test: str | None = None) -> Table:
    """Test each term, its coefficients of all classes together, given all others but those that contain it.

    Args:
        fit: the fitted model.
        test: "likelihood-ratio" (refits without the term) or "wald". None: likelihood ratios; Wald tests where the
            covariance is robust or clustered, and under importance weights.

    Returns:
        A table with one row per term: term, df, statistic (chi-square), p_value, log10_p and, where there is something
        to say, note.

    Raises:
        OptionError: another test.
        NotApplicable: the model has nothing but intercepts.

    """
    asked = _test_of(fit, test)
    found = places(fit.design.recipe)
    if not found:
        raise NotApplicable("The model has nothing but intercepts, so that there is no term to test.")
    tests = _ratios(fit, found) if asked == "likelihood-ratio" else [_wald(fit, place) for place in found]
    tails = [_tail(fit, one, asked == "likelihood-ratio") for one in tests]
    frame = pd.DataFrame(
        {
            "term": [place.term.name for place in found],
            "df": [one.df for one in tests],
            "statistic": [one.value for one in tests],
            "p_value": [tail.p_value for tail in tails],
            "log10_p": [tail.log10_p for tail in tails],
            "note": [_note(fit, place, one) for place, one in zip(found, tests, strict=True)],
        }
    )
    roles = {"term": "text", "df": "integer", "statistic": "statistic", "p_value": "p_value"}
    if any(frame["note"]):
        roles["note"] = "text"
    given = "all others but those that contain it" if any(place.relatives.size for place in found) else "all others"
    notes = [f"{_NAMES[asked]} tests of type II over all classes of {fit.response}: each term given {given}."]
    if asked == "wald" and fit.covariance_kind != "model":
        notes.append("Wald tests with the covariance of the fit.")
    if asked == "likelihood-ratio" and fit.pseudo_likelihood:
        notes.append(_NO_RATIO)
    labels = {"statistic": f"{_NAMES[asked]} chi-square"}
    return Table("term_tests", "Tests of terms over all classes", frame, roles, labels, tuple(notes))


def _ratios(fit: MultinomialFit, found: Sequence[Place]) -> list[ChiSquare]:
    """Refit without each term, and where others contain it without those."""
    every = np.arange(len(fit.names))
    larger: dict[tuple[int, ...], _Smaller] = {(): _Smaller(fit.loglik, fit.rank)}
    tests = []
    for place in found:
        key, kept = tuple(place.relatives.tolist()), np.setdiff1d(every, place.relatives)
        if key not in larger:
            larger[key] = _with_columns(fit, kept)
        tests.append(_ratio(_with_columns(fit, np.setdiff1d(kept, place.columns)), larger[key]))
    return tests


def _stacked(fit: MultinomialFit, columns: Positions) -> Positions:
    """Give the positions of columns among the coefficients of all classes."""
    k = len(fit.names)
    return np.concatenate([at * k + columns for at in range(fit.classes.size - 1)]).astype(np.intp)


def _wald(fit: MultinomialFit, place: Place) -> ChiSquare:
    if _loose(fit, np.concatenate([place.columns, place.relatives])):
        return NOTHING
    beta = fit.solution.beta.ravel()
    return wald_test(beta, fit.covariance, _stacked(fit, place.columns), _stacked(fit, place.relatives))


def _loose(fit: MultinomialFit, columns: Positions) -> bool:
    """Whether some class has no finite estimate of these columns, by separation."""
    separation = fit.solution.separation
    return separation is not None and bool(separation.loose[:, columns].any())


def _note(fit: MultinomialFit, place: Place, test: ChiSquare) -> str:
    if _loose(fit, place.columns):
        return "an estimate is not finite (separation)"
    return "the other terms say the same" if test.df == 0 else ""


# ------------------------------------------------------------------------------------------------ all together


def global_tests(fit: MultinomialFit) -> Table:
    """Test the model against intercepts alone: likelihood ratio, score (where the variance is the model's) and Wald.

    Returns:
        A table with rows "likelihood_ratio", "score" and "wald": test, statistic (chi-square), df, p_value, log10_p.

    Raises:
        NotApplicable: the model has no intercept, or nothing but intercepts.

    """
    slopes = _slopes(fit)
    tests = {
        "likelihood_ratio": _ratio(_Smaller(fit.null_loglik, len(fit.classes.others)), _Smaller(fit.loglik, fit.rank))
    }
    if fit.covariance_kind == "model":
        tests["score"] = _score(fit)
    known = fit.solution.separation is None
    own = _stacked(fit, slopes)
    tests["wald"] = wald_test(fit.solution.beta.ravel(), fit.covariance, own, own[:0]) if known else NOTHING
    tails = {name: _tail(fit, one, name == "likelihood_ratio") for name, one in tests.items()}
    frame = pd.DataFrame(
        {
            "test": list(tests),
            "statistic": [one.value for one in tests.values()],
            "df": [math.nan if math.isnan(one.value) else one.df for one in tests.values()],
            "p_value": [tail.p_value for tail in tails.values()],
            "log10_p": [tail.log10_p for tail in tails.values()],
        }
    )
    notes = ["Against the model with intercepts alone, over all classes."]
    notes += [_NO_RATIO] if fit.pseudo_likelihood else []
    notes += [] if known else ["The Wald test needs finite estimates, which some contrasts do not have (separation)."]
    return Table(
        "global_tests",
        "Tests of all slopes",
        frame,
        {"test": "text", "statistic": "statistic", "df": "integer", "p_value": "p_value"},
        {
            "test": "Test",
            "statistic": "Chi-square",
            "likelihood_ratio": "Likelihood ratio",
            "score": "Score",
            "wald": "Wald",
        },
        tuple(notes),
    )


def _slopes(fit: MultinomialFit) -> Positions:
    """Give the positions of all columns but the intercept."""
    constant = [column for term in fit.design.terms if term.kind == "intercept" for column in term.columns]
    if not constant:
        raise NotApplicable("The model has no intercept, so that there is no test against intercepts alone.")
    slopes = np.setdiff1d(np.arange(len(fit.names)), constant)
    if not slopes.size:
        raise NotApplicable("The model has nothing but intercepts, so that there is nothing to test.")
    return slopes


def _score(fit: MultinomialFit) -> ChiSquare:
    """Test all slopes by the gradient of the likelihood where there are none."""
    columns, outcomes = fit.solution.columns, Outcomes(fit.class_design.codes, fit.classes.size)
    sums = sums_at(columns.rows, start_of(columns.rows, outcomes, columns.keep.size), outcomes)
    size = np.sqrt(np.diag(sums.information))
    step = np.linalg.solve(sums.information / np.outer(size, size), sums.score / size)
    return ChiSquare(float(step @ (sums.score / size)), fit.df_model)


# ------------------------------------------------------------------------------------------------ two classes as one


def combining_tests(fit: MultinomialFit) -> Table:
    """Test for each pair of classes whether the predictors tell them apart at all.

    Returns:
        A table with one row per pair: outcome, against, df, statistic (likelihood-ratio chi-square), p_value, log10_p,
        wald, wald_p_value. A large p-value says that the two may be joined.

    Raises:
        NotApplicable: the model has no intercept, or nothing but intercepts.

    """
    slopes = _slopes(fit)
    rows = []
    for one, other in combinations(range(fit.classes.size), 2):
        ratio, wald = _joined(fit, one, other), _equal_slopes(fit, one, other, slopes)
        tail, wald_tail = _tail(fit, ratio, True), chi_square_tail(wald.value, wald.df)
        rows.append(
            {
                "outcome": fit.classes.labels[one],
                "against": fit.classes.labels[other],
                "df": ratio.df,
                "statistic": ratio.value,
                "p_value": tail.p_value,
                "log10_p": tail.log10_p,
                "wald": wald.value,
                "wald_p_value": wald_tail.p_value,
            }
        )
    roles = {"outcome": "text", "against": "text", "df": "integer", "statistic": "statistic", "p_value": "p_value"}
    notes = ["All slopes of the two classes equal: as far as the predictors go they are one outcome."]
    notes += [f"The p-values are not adjusted for there being {len(rows)} pairs."] if len(rows) > 1 else []
    notes += [_NO_RATIO] if fit.pseudo_likelihood else []
    if fit.solution.separation is not None:
        notes.append("No Wald test where a contrast of the two has no finite estimate (separation).")
    return Table(
        "combining_tests",
        "Can two classes be joined?",
        pd.DataFrame(rows),
        {**roles, "wald": "statistic", "wald_p_value": "p_value"},
        {
            "outcome": fit.response,
            "against": "Joined with",
            "statistic": "Likelihood ratio chi-square",
            "wald": "Wald chi-square",
            "wald_p_value": "Wald p",
        },
        tuple(notes),
    )


def _joined(fit: MultinomialFit, one: int, other: int) -> ChiSquare:
    """Compare with the model in which two classes are one; within it their shares are the same everywhere."""
    outcome, everyone = fit.class_design.outcome, Outcomes(fit.class_design.outcome, fit.classes.size)
    totals = class_totals(fit.design, everyone)
    both = totals[one] + totals[other]
    within = float(totals[one] * np.log(totals[one] / both) + totals[other] * np.log(totals[other] / both))
    joined = np.where(outcome == other, one, outcome)
    codes = np.unique(joined, return_inverse=True)[1].astype(np.intp)
    smaller, rank = within, 1
    if fit.classes.size > 2:
        found = supremum(fit.design, fit.design.matrix, Outcomes(codes, fit.classes.size - 1), _STEPS)
        smaller, rank = (found.loglik if found.converged else math.nan) + within, found.rank + 1
    return _ratio(_Smaller(smaller, rank), _Smaller(fit.loglik, fit.rank))


def _equal_slopes(fit: MultinomialFit, one: int, other: int, slopes: Positions) -> ChiSquare:
    """Test whether the estimated slopes of two classes are equal, by their covariance."""
    order, separation = list(fit.classes.order), fit.solution.separation
    at = order.index(one), order.index(other)
    if separation is not None and not separation.finite[at]:
        return NOTHING
    solution, m = fit.solution, fit.classes.size - 1
    unit = np.vstack([np.zeros(m), np.eye(m)])
    columns = solution.columns
    kept = np.isin(columns.keep, slopes)
    between = np.kron(unit[at[0]] - unit[at[1]], columns.outwards[kept])
    return quadratic(between @ solution.working.ravel(), between @ fit.inner @ between.T)


for _method in (term_tests, global_tests, combining_tests):
    setattr(MultinomialFit, _method.__name__, explained_arguments(_method))
