"""Does each term matter, and do all of them together? Tests of terms, in turn or one after the other, and of all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable, OptionError
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.hypotheses.against_null import (
    constant_in,
    penalised_against_null,
    score_against_null,
    wald_against_null,
)
from glmlr.hypotheses.around_fit import as_fitted, name_of_test, test_notes, test_of, whole_of
from glmlr.hypotheses.marginality import Place, as_added, places
from glmlr.hypotheses.nested import (
    NOTHING,
    Reduced,
    Whole,
    likelihood_ratio,
    score_test,
    wald_test,
    with_columns,
)
from glmlr.penalised.penalties import Firth
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.registry import statistic
from glmlr.shape.added_columns import ChiSquare
from glmlr.tails import Tail, chi_square_tail
from glmlr.threads import one_blas_thread

Positions = npt.NDArray[np.intp]

_ROLES: Final = {"term": "text", "df": "integer", "statistic": "statistic", "p_value": "p_value"}


@dataclass(frozen=True)
class _Tested:
    """The test of one term, and the model without it where that was fitted."""

    name: str
    test: ChiSquare
    without: Reduced | None
    note: str


@statistic(
    section="hypotheses",
    title="Tests of terms",
    reference="Fox (2016), Applied Regression Analysis and Generalized Linear Models, 3rd ed., section 15.4; Rao "
    "(1948), Proc. Cambridge Phil. Soc. 44, 50-57; Wald (1943), Trans. Amer. Math. Soc. 54",
    definitions={
        "type II": "Each term given all others but those that contain it: the main effect of a is tested in the model "
        "without a:b. R: car::Anova(fit, type = 2).",
        "type III": "Each term given all others, those that contain it too; main effects beside an interaction then "
        "depend on the coding of factors. R: car::Anova(fit, type = 3); SAS: Type 3 Analysis of Effects (with Wald "
        "tests).",
        "term chi-square": "All columns of a term together. Likelihood ratio: twice the difference of log-likelihoods "
        "with and without; Wald: estimates against their covariance; score: Rao's test from the model without.",
        "AIC without": "AIC of the model without the term and those that contain it. R: drop1(fit), for terms that "
        "nothing contains.",
    },
)
def term_tests(
    fit: Fit,
    *,
    type: Literal[2, 3] = 2,  # noqa: A002
    test: Literal["likelihood-ratio", "wald", "score"] | None = None,
) -> Table:
    """Test each term of the model, all of its columns together.

    Args:
        fit: the fitted model.
        type: 2 tests a term given all others but those that contain it, 3 given all others.
        test: "likelihood-ratio" (refits without the term), "wald" or "score" (refits too). None: likelihood ratios;
            Wald tests where the covariance is robust or clustered, under importance weights, and where rows times
            columns are more than 4 million.

    Returns:
        A table with one row per term: term, df, statistic (chi-square), p_value, log10_p, aic_without and, where there
        is something to say, note.

    Raises:
        OptionError: another type or test.
        NotApplicable: the model has nothing but an intercept.

    """
    if isinstance(type, bool) or type not in (2, 3):
        raise OptionError(f"type={type!r} is not a type of test; give 2 or 3.")
    refuse_shrunken(fit.penalty, "A test of terms")
    asked, why = test_of(fit, test)
    found = places(fit.design.recipe)
    if not found:
        raise NotApplicable("The model has nothing but an intercept, so that there is no term to test.")
    with one_blas_thread():
        tested = list(_each(fit, found, asked, type == 3))
    notes = [f"{name_of_test(fit, asked)} tests of type {'III' if type == 3 else 'II'}: {_given(type == 3, found)}"]
    notes += [why] if why else []
    notes += test_notes(fit, asked)
    if not any(term.kind == "intercept" for term in fit.design.terms):
        notes.append(
            "The model has no intercept: the test of a factor with a column for each level asks whether all levels are "
            "at 0, not whether they differ."
        )
    if type == 3 and any(place.relatives.size for place in found):
        notes.append(
            "Beside an interaction a test of type III depends on the coding: with treatment coding the main effect is "
            "that at the reference level of the other factor, or where the other number is 0."
        )
    return _table("term_tests", "Tests of terms", fit, tested, asked, tuple(notes))


def _given(all_others: bool, found: Sequence[Place]) -> str:
    if not all_others and any(place.relatives.size for place in found):
        return "each term given all others but those that contain it."
    return "each term given all others."


def _each(fit: Fit, found: Sequence[Place], test: str, all_others: bool) -> Iterator[_Tested]:
    """Test each term given the others."""
    whole, full = whole_of(fit), as_fitted(fit)
    larger: dict[tuple[int, ...], Reduced] = {(): full}
    for place in found:
        relatives = place.relatives[:0] if all_others else place.relatives
        if test == "wald":
            yield _tested(fit, place, wald_test(whole.beta, fit.covariance, place.columns, relatives), None)
            continue
        key = tuple(relatives.tolist())
        if key not in larger:
            larger[key] = with_columns(whole, np.setdiff1d(whole.columns, relatives))
        without = with_columns(whole, np.setdiff1d(larger[key].columns, place.columns))
        yield _tested(fit, place, _compared(whole, without, larger[key], place.columns, test), without)


def _compared(whole: Whole, smaller: Reduced, larger: Reduced, added: Positions, test: str) -> ChiSquare:
    return likelihood_ratio(smaller, larger) if test == "likelihood-ratio" else score_test(whole, smaller, added)


def _tested(fit: Fit, place: Place, test: ChiSquare, without: Reduced | None) -> _Tested:
    """Put a test beside its term, with the reason where there is none."""
    note = ""
    separation = fit.separation
    loose = separation is not None and bool((separation.infinite | separation.undetermined)[place.columns].any())
    if math.isnan(test.value):
        if np.isnan(fit.solution.beta[place.columns]).all() and not loose:
            note = "aliased: nothing of its own"
        elif without is None:
            note = "an estimate is infinite (separation)"
        elif not without.finite:
            note = "no finite estimates without the term"
        else:
            note = "the other terms say the same"
    elif loose:
        note = "an estimate is infinite (separation)"
    return _Tested(place.term.name, test, without, note)


def _table(key: str, title: str, fit: Fit, tested: Sequence[_Tested], test: str, notes: tuple[str, ...]) -> Table:
    no_p = test == "likelihood-ratio" and fit.pseudo_likelihood
    tails = [Tail(math.nan, math.nan) if no_p else chi_square_tail(one.test.value, one.test.df) for one in tested]
    frame = pd.DataFrame(
        {
            "term": [one.name for one in tested],
            "df": [one.test.df for one in tested],
            "statistic": [one.test.value for one in tested],
            "p_value": [tail.p_value for tail in tails],
            "log10_p": [tail.log10_p for tail in tails],
            "aic_without": [math.nan if one.without is None else one.without.aic for one in tested],
            "note": [one.note for one in tested],
        }
    )
    roles = dict(_ROLES)
    if frame["aic_without"].notna().any() and not fit.pseudo_likelihood:
        roles["aic_without"] = "loglik"
        notes = (*notes, f"AIC of the model with all terms: {fit.aic:,.3f}.")
    if any(one.note for one in tested):
        roles["note"] = "text"
    labels = {"statistic": f"{name_of_test(fit, test)} chi-square", "aic_without": "AIC without"}
    return Table(key, title, frame, roles, labels, notes)


# ------------------------------------------------------------------------------------------------ one after the other


@statistic(
    section="hypotheses",
    title="Terms added one after the other",
    reference="McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 2.3",
    definitions={
        "sequential chi-square": "What a term adds to those before it, main effects before interactions (type I). R: "
        "anova(fit, test = 'LRT'), or 'Rao' for the score test; SAS PROC GENMOD: TYPE1.",
    },
    in_report=False,
)
def sequential_tests(fit: Fit, *, test: Literal["likelihood-ratio", "score"] = "likelihood-ratio") -> Table:
    """Add the terms one after the other, in the order of the formula, and test what each adds to those before it.

    Args:
        fit: the fitted model.
        test: "likelihood-ratio" or "score".

    Returns:
        A table with one row per term: term, df, statistic (chi-square), p_value, log10_p, deviance (of the model with
        the term), aic (of that model) and, where there is something to say, note. The first row is the model before any
        term.

    Raises:
        OptionError: another test.
        NotApplicable: the model has nothing but an intercept.

    """
    refuse_shrunken(fit.penalty, "A test of terms, one added after the other,")
    asked, _ = test_of(fit, test)
    if asked == "wald":
        raise OptionError("test='wald' needs no models one after the other; give 'likelihood-ratio' or 'score'.")
    found = as_added(fit.design.recipe)
    if not found:
        raise NotApplicable("The model has nothing but an intercept, so that there is no term to test.")
    whole = whole_of(fit)
    columns = np.setdiff1d(whole.columns, np.concatenate([place.columns for place in found]))
    with one_blas_thread():
        models, tested = [with_columns(whole, columns)], [_Tested("(none)", NOTHING, None, "")]
        for place in found:
            columns = np.sort(np.concatenate([columns, place.columns]))
            models.append(as_fitted(fit) if columns.size == whole.beta.size else with_columns(whole, columns))
            step = _compared(whole, models[-2], models[-1], place.columns, asked)
            tested.append(_tested(fit, place, step, models[-2]))
    notes = (f"{name_of_test(fit, asked)} tests of each term, given those above it.", *test_notes(fit, asked))
    table = _table("sequential_tests", "Terms added one after the other", fit, tested, asked, notes)
    frame = table.frame.drop(columns="aic_without")
    frame.insert(5, "deviance", [math.nan if model.held is not None else -2 * model.loglik for model in models])
    frame.insert(6, "aic", [model.aic for model in models])
    # Under Firth's penalty of all columns a model with some of them is none of its own.
    likelihoods = {} if isinstance(fit.penalty, Firth) else {"deviance": "loglik", "aic": "loglik"}
    roles = _ROLES | likelihoods | ({"note": "text"} if any(frame["note"]) else {})
    labels = {**table.labels, "deviance": "Deviance", "aic": "AIC"}
    frame.loc[0, "df"] = 0
    return Table("sequential_tests", table.title, frame, roles, labels, notes, blanks=("statistic", "p_value"))


# ------------------------------------------------------------------------------------------------ all together


@statistic(
    section="hypotheses",
    title="Tests of all slopes",
    reference="Rao (1973), Linear Statistical Inference and Its Applications, 2nd ed., section 6e",
    definitions={
        "global tests": "The model against intercept (and offset) alone, k - 1 degrees of freedom: likelihood ratio, "
        "score at the null model, Wald at the estimates. SAS: Testing Global Null Hypothesis: BETA=0; Stata prints the "
        "likelihood ratio as LR chi2, under robust standard errors Wald's as Wald chi2.",
    },
)
def global_tests(fit: Fit) -> Table:
    """Test the model against the null model: likelihood ratio, score and Wald.

    Under importance weights, robust and clustered covariances the score test takes its variance from squared scores and
    the Wald test the covariance of the fit.

    Returns:
        A table with rows "likelihood_ratio", "score" and "wald": test, statistic (chi-square), df, p_value, log10_p.

    Raises:
        NotApplicable: the model is the null model, or does not contain it.

    """
    refuse_shrunken(fit.penalty, "A test of all slopes")
    constant = constant_in(fit)
    if constant is None:
        raise NotApplicable("The model has no intercept and does not contain the null model: no test against it.")
    if fit.rank <= 1:
        raise NotApplicable("The model is the null model, so that there is nothing to test it against.")
    with one_blas_thread():
        whole = whole_of(fit)
        if fit.penalty == Firth("flac"):
            ratio, score = NOTHING, NOTHING
        elif whole.planes is None:
            score = score_against_null(fit, whole, constant)
            ratio = ChiSquare(max(2 * (fit.loglik - fit.null_loglik), 0.0), fit.rank - 1)
        else:
            ratio, score = penalised_against_null(whole.planes, constant)
    tests = {"likelihood_ratio": ratio, "score": score, "wald": wald_against_null(fit, constant)}
    tails = {name: chi_square_tail(one.value, one.df) for name, one in tests.items()}
    if fit.pseudo_likelihood:
        tails["likelihood_ratio"] = Tail(math.nan, math.nan)
    frame = pd.DataFrame(
        {
            "test": list(tests),
            "statistic": [one.value for one in tests.values()],
            "df": [one.df for one in tests.values()],
            "p_value": [tail.p_value for tail in tails.values()],
            "log10_p": [tail.log10_p for tail in tails.values()],
        }
    )
    return Table(
        key="global_tests",
        title="Tests of all slopes",
        frame=frame,
        roles={"test": "text", "statistic": "statistic", "df": "integer", "p_value": "p_value"},
        labels={
            "test": "Test",
            "statistic": "Chi-square",
            "likelihood_ratio": name_of_test(fit, "likelihood-ratio"),
            "score": name_of_test(fit, "score"),
            "wald": "Wald",
        },
        notes=tuple(_global_notes(fit, has_ratio=not math.isnan(ratio.value))),
    )


def _global_notes(fit: Fit, *, has_ratio: bool) -> list[str]:
    """Say what must be known of the tests of all slopes."""
    notes = ["Against the model with an intercept" + (" and the offset" if fit.design.shifted else "") + " alone."]
    if fit.penalty == Firth("flac"):
        return [*notes, "FLAC's estimates maximise no likelihood of the rows alone: they have Wald's test."]
    for name in ("likelihood-ratio", "score", "wald") if has_ratio else ("score", "wald"):
        notes += [
            note
            for note in test_notes(fit, name)
            if note not in notes and (name != "score" or fit.covariance_kind != "model" or fit.adjusted)
        ]
    if not has_ratio:
        notes.append(f"Under the {fit.link.name} link Firth's estimates have no penalised likelihood, hence no ratio.")
    return notes
