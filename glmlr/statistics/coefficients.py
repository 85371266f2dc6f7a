"""What are the estimates? Coefficients with their standard errors, tests and intervals."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.hypotheses.around_fit import chosen_anew, refuse_without_likelihood
from glmlr.hypotheses.combinations import log10_p_values, p_values, signed_roots
from glmlr.penalised.penalties import Firth
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.profiles.intervals import Interval, has_finite_ends, usual_interval
from glmlr.profiles.without import about_infinite, dropped_column_tail
from glmlr.registry import statistic
from glmlr.tails import Tail

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
        "Profile-likelihood interval": 'With interval="profile": all values at which the likelihood, the other '
        "coefficients at their best, is not worse than its maximum by more than half the chi-square quantile with 1 "
        "df. The ends are roots of the deviance, to 1e-6 of it; R's confint() interpolates between a few points of "
        "it; SAS prints them under CLPARM=PL.",
        "LR p": 'With test="lr": from the likelihood-ratio test of the column, 1 df, the model refitted without it.',
    },
)
def coefficients(
    fit: Fit,
    *,
    level: float = 0.95,
    interval: str | None = None,
    test: str | None = None,
    replicates: int = 1000,
    seed: int = 1,
) -> Table:
    """Tabulate the estimates with standard errors, Wald tests and intervals on the scale of the link.

    Args:
        fit: the fitted model, k coefficients.
        level: level of the intervals, in (0, 1).
        interval: None for Wald intervals, and for profile intervals of Firth's estimates (where rows are many or the
            covariance is robust Wald's too); "wald"; "profile" for the roots of the profile likelihood, which do not
            depend on the scale of the coefficient; "bootstrap" for the percentiles of `fit.bootstrap`.
        test: None for Wald tests, and beside profile intervals of Firth's estimates for penalised likelihood-ratio
            (logit) or adjusted score tests; "wald"; "lr" for one more column, lr_p_value, of likelihood-ratio tests: a
            refit for each column.
        replicates: number of resamples for bootstrap intervals.
        seed: of the resamples.

    Returns:
        A table with one row per coefficient: term, estimate, std_error, z, p_value, log10_p (finite where the
        p-value underflows), low, high and, where there is something to say, note. An infinite estimate has the p-value
        of the likelihood-ratio test of its column (none under importance weights) and, in the place of its
        Wald interval, the profile-likelihood interval, open on one side; it is the whole line under importance
        weights, and where rows are too many or read in parts. An aliased one has nothing. Ridge estimates have
        standard errors alone, and percentiles of the bootstrap where these are asked for.

    Raises:
        OptionError: a level outside (0, 1), an interval or a test that is not known.
        NotApplicable: profile-likelihood intervals or likelihood-ratio tests under importance weights.

    """
    wanted = Interval(usual_interval(fit) if interval is None else interval, level, replicates, seed)
    if test is not None:
        one_of("test", test, ("wald", "lr"))
    wanted.refuse(fit)
    if test == "lr":
        refuse_shrunken(fit.penalty, "A likelihood-ratio test")
        refuse_without_likelihood(fit)
    if test == "lr" and fit.pseudo_likelihood:
        raise NotApplicable(
            "Importance weights make the likelihood a pseudo-likelihood, whose ratio has no chi-square distribution; "
            'use test="wald", which rests on the sandwich.'
        )
    (low, high), said = _ends(fit, wanted), _row_notes(fit, wanted.kind)
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
    notes = list(wanted.notes(fit))
    if test is None and wanted.kind == "profile" and isinstance(fit.penalty, Firth):
        notes.append(_test_penalised(fit, frame))
    if fit.separation is not None:
        _test_infinite(fit, frame)
        notes.append(about_infinite(fit, wanted.kind))
    if test == "lr":
        frame.insert(5, "lr_p_value", _dropped(fit))
        notes.append(_about_dropped(fit))
    roles = {
        "term": "text",
        "estimate": "estimate",
        "std_error": "std_error",
        "z": "statistic",
        "p_value": "p_value",
        "low": "estimate",
        "high": "estimate",
    }
    if test == "lr":
        roles = {**dict(list(roles.items())[:5]), "lr_p_value": "p_value", "low": "estimate", "high": "estimate"}
    if any(said):
        roles["note"] = "text"
    labels = {"low": f"{wanted.percent} low", "high": "high", "lr_p_value": "LR p"}
    return Table("coefficients", "Coefficients", frame, roles, labels, tuple(notes) + fit.notes[1:])


def _ends(fit: Fit, wanted: Interval) -> tuple[Floats, Floats]:
    """Give the ends of the intervals, shape (k,) each."""
    if wanted.kind == "wald" and fit.separation is None:
        return fit.interval(wanted.level)
    low, high = wanted.of(fit, np.eye(len(fit.names))).T
    return low, high


def _dropped(fit: Fit) -> Floats:
    """Give the likelihood-ratio p-value of each column, shape (k,); NaN where aliased."""
    if isinstance(fit.penalty, Firth):
        return p_values(signed_roots(fit, np.eye(len(fit.names))))
    aliased = {alias.column for alias in fit.solution.aliased}
    return np.array([np.nan if at in aliased else dropped_column_tail(fit, at).p_value for at in range(len(fit.names))])


def _about_dropped(fit: Fit) -> str:
    if isinstance(fit.penalty, Firth):
        return "LR p: from the penalised likelihood-ratio test of the column, 1 df, under the penalty of all columns."
    return "LR p: from the likelihood-ratio test of the column, 1 df; the model is fitted again without it."


def _test_penalised(fit: Fit, frame: pd.DataFrame) -> str:
    """Put the tests that go with profile intervals of Firth's estimates into the frame; say what they are."""
    z = signed_roots(fit, np.eye(len(fit.names)))
    frame["z"], frame["p_value"], frame["log10_p"] = z, p_values(z), log10_p_values(z)
    test = "penalised likelihood-ratio" if fit.link.name == "logit" else "adjusted score"
    said = (
        f"z is the root, with the sign of the estimate, of the {test} statistic of the column, and p is its p-value, 1 "
        'df; interval="wald" has Wald\'s.'
    )
    return said + (" The intercept, which is not Firth's, has neither." if chosen_anew(fit).any() else "")


def _row_notes(fit: Fit, interval: str) -> list[str]:
    """Say of each coefficient why it has no finite estimate; "" where it has one."""
    infinite = "infinite (separation)" + ("" if fit.pseudo_likelihood else "; LR p")
    profiled = interval == "profile" or (interval == "wald" and has_finite_ends(fit))
    infinite += ", profile interval" if profiled else ""
    said = [""] * len(fit.names)
    for alias in fit.solution.aliased:
        said[alias.column] = "aliased"
    for column in np.flatnonzero(chosen_anew(fit)):
        said[column] = "chosen anew by maximum likelihood"
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
