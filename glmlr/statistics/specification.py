"""Is the model of the right shape? Link test, Stukel, le Cessie-van Houwelingen, Osius-Rojek, and overdispersion."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr, stdtrit

from glmlr.errors import NotApplicable, OptionError
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.influence.misfit import (
    STUKEL,
    LinkTest,
    Standardized,
    StukelRefit,
    eta_of,
    link_test,
    pearson_of_patterns,
    stukel,
    stukel_refit,
    sum_of_squares,
)
from glmlr.influence.residuals import pearson, squared_deviance
from glmlr.influence.units import Units, units_of
from glmlr.penalised.withheld import refuse_penalised
from glmlr.proportions import checked_level
from glmlr.registry import statistic
from glmlr.shape.added_columns import ChiSquare, Fitted
from glmlr.shape.around_fit import around
from glmlr.tails import Tail, chi_square_tail, normal_tail
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Beyond so many rows covariate patterns are looked for only when asked.
MOST_ROWS: Final = 1_000_000
#: Up to so many cells (rows, or patterns, times columns) Stukel's columns are fitted too; beyond that when asked.
MOST_CELLS_REFITTED: Final = 4_000_000
#: Mean number of trials of a covariate pattern from which Pearson and deviance have their chi-square distribution.
FEWEST_TRIALS: Final = 5.0


@statistic(
    section="diagnostics",
    title="Specification tests",
    reference="Pregibon (1980), Applied Statistics 29, 15-24; Stukel (1988), J. Am. Stat. Assoc. 83, 426-431; le "
    "Cessie & van Houwelingen (1991), Biometrics 47, 1267-1282; Hosmer, Hosmer, le Cessie & Lemeshow (1997), "
    "Statistics in Medicine 16, 965-980; Osius & Rojek (1992), J. Am. Stat. Assoc. 87, 1145-1152; McCullagh & Nelder "
    "(1989), Generalized Linear Models, 2nd ed., section 4.5",
    definitions={
        "link test": "The outcome is fitted to the linear predictor and its square; Wald test of the square. Stata: "
        "linktest, _hatsq.",
        "Stukel": "Score test, on 2 degrees of freedom, of eta^2 / 2 where eta >= 0 and - eta^2 / 2 where eta < 0 "
        "(logit): are the tails of the curve longer or shorter than the logit's? R: anova(fit, larger, test='Rao').",
        "Stukel by likelihood ratio": "The same columns, each alone and both, added and the model fitted again; twice "
        "the gain in log-likelihood. A coefficient above 0 is a tail that reaches 0 or 1 sooner than the logit's, "
        "below 0 later. R: anova(fit, larger, test='LRT').",
        "sum of squares": "Unweighted sum of squares of y - p of single trials against its expectation, sum of "
        "p (1 - p), standardised given that the estimates saw the rows; two-sided. R: rms::residuals(fit, 'gof'), "
        "which calls it le Cessie-van Houwelingen-Copas-Hosmer.",
        "Osius-Rojek": "Pearson's chi-square over covariate patterns, less J - k, divided by its large-sample standard "
        "deviation sqrt(2 (J - sum 1 / m) + RSS); two-sided. J patterns of m trials, k coefficients.",
        "Pearson and deviance": "Over grouped rows or covariate patterns, against chi-square with J - k degrees of "
        "freedom; where patterns have 5 trials or more on average. SAS: AGGREGATE SCALE=NONE; Stata: estat gof.",
        "dispersion": "Pearson's chi-square / (J - k). Above 1 the events vary more between groups than binomial ones. "
        "Scaled standard errors are multiplied by its root and t has J - k degrees of freedom. R: "
        "family=quasibinomial; SAS: SCALE=PEARSON.",
    },
)
def specification_tests(
    fit: Fit, *, patterns: bool | None = None, refit: bool | None = None, level: float = 0.95
) -> Table:
    """Test whether the link and the linear predictor have the right shape, and whether grouped data are overdispersed.

    Args:
        fit: the model, its rows in memory.
        patterns: look for covariate patterns (Osius-Rojek, dispersion); None: up to a million rows.
        refit: fit the model again with Stukel's columns, for the likelihood ratio beside the score test; None: where
            rows (or the patterns they collapse to) times columns are not more than 4 million.
        level: confidence level of the intervals with scaled standard errors.

    Returns:
        A `Table` with one row a test; where there are groups, a companion with standard errors scaled by the
        dispersion; for the logit one with Stukel's columns, each alone and both.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, an intercept alone, or rows not in memory.
        OptionError: an option that is none.

    """
    for name, asked in (("patterns", patterns), ("refit", refit)):
        if asked is not None and not isinstance(asked, (bool, np.bool_)):
            raise OptionError(f"{name}={asked!r} is not True, False or None.")
    confidence = checked_level(level)
    refuse_penalised(fit.penalty, "A test of the model's shape")
    if not any(term.kind != "intercept" for term in fit.design.terms):
        raise NotApplicable("The model has no term besides the intercept, so that its shape cannot be wrong.")
    with one_blas_thread():
        model = around(fit)
        found = _found(fit, model, fit.held.y.size <= MOST_ROWS if patterns is None else bool(patterns))
        tails = () if found.stukel is None else (_tails(fit, model, refit),)
    frame = pd.DataFrame(list(_rows(found)))
    groups = found.grouped
    return Table(
        key="specification_tests",
        title="Specification tests",
        frame=frame,
        roles=_ROLES,
        labels=_LABELS,
        notes=tuple(_notes(fit, found)),
        tables=(
            *((_scaled(fit, groups, confidence),) if fit.design.grouped and groups and groups.df > 0 else ()),
            *tails,
        ),
        blanks=("estimate", "expected", "std_error", "z", "df"),
    )


_ROLES: Final[Mapping[str, str]] = {
    "test": "text",
    "estimate": "statistic",
    "expected": "statistic",
    "std_error": "statistic",
    "z": "statistic",
    "statistic": "statistic",
    "df": "integer",
    "p_value": "p_value",
}
_LABELS: Final[Mapping[str, str]] = {
    "test": "Test",
    "estimate": "Value",
    "expected": "Expected",
    "std_error": "Std. deviation",
    "statistic": "Chi-square",
    # keys of the first column
    "link": "Link test: square of the linear predictor",
    "stukel": "Stukel: tails of the logit",
    "sum_of_squares": "Unweighted sum of squares (le Cessie-van Houwelingen)",
    "osius_rojek": "Osius-Rojek: Pearson over covariate patterns",
    "pearson": "Pearson chi-square of the groups",
    "deviance": "Deviance of the groups",
}


@dataclass(frozen=True, eq=False)
class _Groups:
    """Pearson's chi-square and deviance of J groups, and J - k."""

    chi2: float
    deviance: float
    df: int

    @property
    def dispersion(self) -> float:
        """Pearson's chi-square over its degrees of freedom."""
        return self.chi2 / self.df


@dataclass(frozen=True, eq=False)
class _Found:
    """What the tests found; None where one does not apply."""

    link: LinkTest | None
    stukel: ChiSquare | None
    squares: Standardized
    osius: Standardized | None
    grouped: _Groups | None
    searched: bool


def _found(fit: Fit, model: Fitted, search: bool) -> _Found:
    """Make all the tests."""
    design = fit.held
    collapsed = design.patterns
    eta = eta_of(model, design.y.size if collapsed is None else collapsed.y.size)
    chi = stukel(model, eta) if fit.link.name == "logit" else None
    osius: Standardized | None = None
    groups: _Groups | None = None
    if not model.robust and (search or design.grouped):
        units = units_of(fit, by_pattern=True)
        whole, trials, of_row = _groups(fit, units), np.asarray(units.trials), np.asarray(units.of_row)
        if whole.df > 0 and search:
            at = of_row if collapsed is None else of_row[collapsed.example]
            osius = pearson_of_patterns(model, whole.chi2, trials, units.eta, (at, whole.df))
        if design.grouped:
            groups = _groups(fit, units_of(fit, by_pattern=False))
        elif trials.mean() >= FEWEST_TRIALS:
            groups = whole
    squares = sum_of_squares(model, eta)
    return _Found(link_test(model), chi, squares, osius, groups, search)


def _groups(fit: Fit, units: Units) -> _Groups:
    copies = np.ones(units.y.size) if units.copies is None else units.copies
    residual = pearson(units.y, units.trials, units.eta, fit.link)
    deviance = squared_deviance(units.y, units.trials, units.eta, fit.link)
    return _Groups(float(copies @ residual**2), float(copies @ deviance), round(float(copies.sum())) - fit.rank)


def _rows(found: _Found) -> Iterator[dict[str, str | float]]:
    if found.link is None:
        yield _row("link", z=math.nan)
    else:
        link = found.link
        yield _row("link", estimate=link.square, std_error=link.square_error, z=link.square / link.square_error)
    if found.stukel is not None:
        yield _row("stukel", chi2=found.stukel.value, df=found.stukel.df)
    for name, one in (("sum_of_squares", found.squares), ("osius_rojek", found.osius)):
        if one is not None:
            yield _row(name, estimate=one.value, expected=one.expected, std_error=one.deviation, z=one.z)
    if found.grouped is not None:
        yield _row("pearson", chi2=found.grouped.chi2, df=found.grouped.df)
        yield _row("deviance", chi2=found.grouped.deviance, df=found.grouped.df)


def _row(
    test: str,
    *,
    estimate: float = math.nan,
    expected: float = math.nan,
    std_error: float = math.nan,
    z: float | None = None,
    chi2: float = math.nan,
    df: int = 1,
) -> dict[str, str | float]:
    """Give one row; a test by z has its square as chi-square."""
    tail: Tail = chi_square_tail(chi2, df) if z is None else normal_tail(z)
    return {
        "test": test,
        "estimate": estimate,
        "expected": expected,
        "std_error": std_error,
        "z": math.nan if z is None else z,
        "statistic": chi2 if z is None else z**2,
        "df": float(df) if df > 0 else math.nan,
        "p_value": tail.p_value,
        "log10_p": tail.log10_p,
    }


def _tails(fit: Fit, model: Fitted, asked: bool | None) -> Table:
    """Test Stukel's columns, each alone and both, by their score and, where it holds and is wanted, by refits."""
    collapsed = fit.held.patterns
    size = fit.held.y.size if collapsed is None else collapsed.y.size
    eta = eta_of(model, size)
    few = size * (model.rank + 2) <= MOST_CELLS_REFITTED if asked is None else bool(asked)
    refits = few and not model.robust
    rows, finite = [], True
    for which in STUKEL:
        score, again = stukel(model, eta, which), stukel_refit(model, eta, which) if refits else None
        finite = finite and (again is None or again.finite)
        rows.append(_tail_row(which, score, again))
    frame = pd.DataFrame(rows)
    shown = {
        name: role for name, role in _TAIL_ROLES.items() if refits or name in ("columns", "score", "score_p_value")
    }
    return Table(
        key="stukel_tests",
        title="Stukel's columns: tails of the logit",
        frame=frame,
        roles=shown,
        labels=_TAIL_LABELS,
        notes=tuple(_tail_notes(fit, model, refits, finite, bool(frame["score"].isna().any()))),
        blanks=tuple(name for name in shown if name in ("upper", "upper_error", "lower", "lower_error")),
    )


_TAIL_ROLES: Final[Mapping[str, str]] = {
    "columns": "text",
    "upper": "estimate",
    "upper_error": "std_error",
    "lower": "estimate",
    "lower_error": "std_error",
    "score": "statistic",
    "score_p_value": "p_value",
    "statistic": "statistic",
    "df": "integer",
    "p_value": "p_value",
}
_TAIL_LABELS: Final[Mapping[str, str]] = {
    "columns": "Columns added",
    "upper": "Upper tail",
    "upper_error": "Std. error",
    "lower": "Lower tail",
    "lower_error": "Std. error",
    "score": "Score chi-square",
    "score_p_value": "p",
    "statistic": "LR chi-square",
    "df": "df",
    # keys of the first column
    "both_tails": "Both",
    "upper_tail": "Upper tail alone",
    "lower_tail": "Lower tail alone",
}


def _tail_row(which: str, score: ChiSquare, again: StukelRefit | None) -> dict[str, str | float]:
    """Give one row; a column that is not added has no coefficient."""
    test = ChiSquare(math.nan, 0) if again is None else again.test
    by_score, by_ratio = chi_square_tail(score.value, score.df), chi_square_tail(test.value, test.df)
    sides = {"both": ("upper", "lower"), "upper": ("upper",), "lower": ("lower",)}[which]
    row: dict[str, str | float] = {"columns": f"{which}_tails" if which == "both" else f"{which}_tail"}
    for side in ("upper", "lower"):
        there = again is not None and side in sides
        at = sides.index(side) if there else 0
        row[side] = float(again.alpha[at]) if there and again is not None else math.nan
        row[f"{side}_error"] = float(again.std_error[at]) if there and again is not None else math.nan
    return row | {
        "score": score.value,
        "score_df": float(score.df) if score.df else math.nan,
        "score_p_value": by_score.p_value,
        "score_log10_p": by_score.log10_p,
        "statistic": test.value,
        "df": float(test.df if again is not None else score.df) or math.nan,
        "p_value": by_ratio.p_value,
        "log10_p": by_ratio.log10_p,
    }


def _tail_notes(fit: Fit, model: Fitted, refits: bool, finite: bool, missing: bool) -> Iterator[str]:
    if model.robust:
        yield (
            "Score tests alone, with squared scores for their variance: under importance weights or clusters "
            "likelihood ratios have no chi-square distribution."
        )
    elif not refits:
        yield (
            f"Score tests alone: {fit.held.y.size:,} rows and {model.rank + 2} columns are fitted again where "
            "refit=True asks for it."
        )
    if not finite:
        yield "A coefficient without a number is infinite: with it some rows are separated, and the ratio is its limit."
    if missing:
        yield "A column without a test is 0 in all rows, or the model's columns determine it."


def _scaled(fit: Fit, groups: _Groups, level: float) -> Table:
    """Scale the standard errors by the root of the dispersion."""
    estimate, plain = fit.solution.beta, np.sqrt(np.diag(fit.solution.inverse))
    error = plain * math.sqrt(groups.dispersion)
    t = estimate / error
    half = float(stdtrit(groups.df, 0.5 + level / 2)) * error
    frame = pd.DataFrame(
        {
            "term": pd.Series(fit.names, dtype=object),
            "estimate": estimate,
            "binomial_error": plain,
            "std_error": error,
            "t": t,
            "p_value": 2.0 * stdtr(groups.df, -np.abs(t)),
            "low": estimate - half,
            "high": estimate + half,
        }
    )
    percent = f"{100 * level:g}%"
    return Table(
        key="scaled_errors",
        title="Standard errors scaled by the dispersion",
        frame=frame,
        roles={
            "term": "text",
            "estimate": "estimate",
            "binomial_error": "std_error",
            "std_error": "std_error",
            "t": "statistic",
            "p_value": "p_value",
            "low": "estimate",
            "high": "estimate",
        },
        labels={
            "binomial_error": "Std. error, binomial",
            "std_error": "Std. error, scaled",
            "t": "t",
            "low": f"{percent} low",
            "high": f"{percent} high",
        },
        notes=(
            f"Dispersion {groups.dispersion:.3f} = Pearson chi-square / {groups.df}; t has {groups.df} degrees of "
            "freedom. Estimates are the same.",
        ),
    )


def _notes(fit: Fit, found: _Found) -> Iterator[str]:
    if found.link is None:
        yield "No link test: the linear predictor has too few values, or the outcome given its square is separated."
    if found.stukel is None:
        yield "Stukel's test is for the logit."
    if fit.pseudo_likelihood or fit.design.clusters is not None:
        what = "importance weights" if fit.pseudo_likelihood else "clusters"
        yield (
            f"Under {what} variances are sums of squared scores, and what needs the binomial variance (Osius-Rojek, "
            "Pearson, deviance, dispersion) is left out."
        )
    elif not found.searched:
        yield (
            f"Covariate patterns are not looked for among more than {MOST_ROWS:,} rows unless patterns=True; Osius and "
            "Rojek's test is over them."
        )
    if math.isnan(found.squares.z):
        yield "The sum of squares cannot be tested: the model's columns determine it, so that it has no variance."
    if found.osius is not None and math.isnan(found.osius.z):
        yield "Osius and Rojek's test has no variance here: each pattern is one trial and the columns determine it."
    if found.grouped is None and not (fit.pseudo_likelihood or fit.design.clusters is not None):
        yield (
            "No Pearson or deviance test and no dispersion: with few trials to a covariate pattern neither has a "
            "chi-square distribution."
        )
    elif found.grouped is not None and found.grouped.df > 0:
        what = "grouped rows" if fit.design.grouped else "covariate patterns"
        yield (
            f"Dispersion of the {what}: {found.grouped.dispersion:.3f}. Far above 1 it may be that events cluster, or "
            "that a term is missing; only the former is answered by larger standard errors."
        )
    elif found.grouped is not None:
        yield "There are as many coefficients as groups, so that nothing is left to test."
