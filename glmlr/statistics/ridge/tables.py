"""How is a path of ridge estimates shown? A table by strength, curves of coefficients, scores of rows held out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design import Design
from glmlr.digits import text
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.solver import Solution
from glmlr.validation.performance import MEASURES
from glmlr.validation.strengths import Judged

Floats = npt.NDArray[np.float64]

#: More curves than these cannot be told apart.
_MOST_CURVES: Final = 8


@dataclass(frozen=True, eq=False)
class Walked:
    """Estimates of all rows along a path (s strengths, k columns).

    Attributes:
        design: the rows.
        strengths: from strong to weak, shape (s,).
        solutions: the estimates at each.
        spread: standard deviation of each column, shape (k,); NaN for the intercept.
        standardized: whether the penalty is on the coefficients of columns divided by it.
        given: whether the strengths were given, not found from the information.

    """

    design: Design
    strengths: Floats
    solutions: tuple[Solution, ...]
    spread: Floats
    standardized: bool
    given: bool

    @cached_property
    def beta(self) -> Floats:
        """Estimates for the columns as they are, shape (s, k)."""
        return np.array([one.beta for one in self.solutions])

    @cached_property
    def effective_df(self) -> Floats:
        """Effective degrees of freedom, shape (s,)."""
        return np.array([np.nan if one.effective_df is None else one.effective_df for one in self.solutions])

    @cached_property
    def loglik(self) -> Floats:
        """Log-likelihood without the penalty, shape (s,)."""
        return np.array([one.loglik for one in self.solutions])

    @property
    def aic(self) -> Floats:
        """-2 l + 2 df, shape (s,)."""
        return np.asarray(-2.0 * self.loglik + 2.0 * self.effective_df)

    @property
    def bic(self) -> Floats:
        """-2 l + df log n, shape (s,)."""
        return np.asarray(-2.0 * self.loglik + self.effective_df * np.log(round(self.design.totals.trials)))


def path_table(walked: Walked, at: int, said: str, scores: Judged | None, event: str) -> Table:
    """Make the table of a path and its drawings; `at` is the position of the strength chosen."""
    frame = pd.DataFrame(
        {
            "strength": walked.strengths,
            "effective_df": walked.effective_df,
            "loglik": walked.loglik,
            "deviance": -2.0 * walked.loglik,
            "aic": walked.aic,
            "bic": walked.bic,
        }
    )
    roles = {
        "strength": "estimate",
        "effective_df": "statistic",
        **dict.fromkeys(("loglik", "deviance", "aic", "bic"), "loglik"),
    }
    labels = dict(_LABELS)
    charts = [_curves(walked, at, by_df=False), _curves(walked, at, by_df=True)]
    if scores is not None:
        frame["score"], frame["score_error"] = scores.mean, scores.error
        roles |= {"score": "estimate", "score_error": "std_error"}
        labels["score"] = f"{MEASURES[scores.scoring].words}, held out"
        charts.insert(0, _scores(walked, at, scores))
    frame["chosen"] = np.arange(walked.strengths.size) == at
    return Table(
        key="ridge_path",
        title="Ridge estimates by strength of the penalty",
        frame=frame,
        roles={**roles, "chosen": "flag"},
        labels=labels,
        notes=tuple(_notes(walked, at, said, scores, event)),
        charts=tuple(one for one in charts if one is not None),
    )


_LABELS: Final = {
    "strength": "Strength",
    "effective_df": "Effective df",
    "loglik": "Log-likelihood",
    "deviance": "Deviance",
    "aic": "AIC",
    "bic": "BIC",
    "score_error": "Std. error",
    "chosen": "Chosen",
}


def _notes(walked: Walked, at: int, said: str, scores: Judged | None, event: str) -> list[str]:
    of = "columns divided by their standard deviation" if walked.standardized else "the columns as they are"
    notes = [
        f"Modelling P({event}).",
        f"The estimates at a strength s maximise log-likelihood - s / 2 x the sum of squared coefficients of {of}, the "
        "intercept's excepted.",
        "Effective df: tr I (I + P)^-1 with the information I and the penalty P, the intercept included; AIC and BIC "
        "take it for the number of coefficients. Log-likelihood and deviance are without the penalty.",
        said,
    ]
    if walked.design.weighted:
        notes.append(
            "Importance weights are in use: the log-likelihood grows with their size and the penalty does not, so that "
            "strengths belong to the unit of the weights."
        )
    if scores is not None:
        notes.append(
            f"{_LABELS['score_error']}: of the mean over folds, as if the folds of one repeat were independent; they "
            "share rows, so that it is a guide."
        )
        if scores.unseen:
            notes.append(
                f"{scores.unseen:,} predictions could not be made: the training part lacks a level of the row."
            )
        if scores.failed:
            notes.append(f"{scores.failed:,} fits to training parts did not converge.")
        if len(scores.by_fold) < scores.folds:
            notes.append(
                f"{scores.folds - len(scores.by_fold)} of {scores.folds} folds have no score and are left out."
            )
    failed = sum(not one.converged for one in walked.solutions)
    if failed:
        notes.append(f"At {failed} of the {walked.strengths.size} strengths the fit to all rows did not converge.")
    if at in (0, walked.strengths.size - 1):
        end = "strongest" if at == 0 else "weakest"
        notes.append(f"The strength chosen is the {end} of the path: a {end[:-3]}er one may do better.")
    return notes


def _curves(walked: Walked, at: int, *, by_df: bool) -> Chart | None:
    """Draw the coefficients per standard deviation of their column against the strength or what it leaves."""
    names, standardized = walked.design.names, walked.beta * walked.spread
    known = np.flatnonzero(np.isfinite(standardized).all(axis=0))
    if not known.size:
        return None
    # Those that are largest where the penalty is weakest, in the order of the formula.
    largest = np.sort(known[np.argsort(-np.abs(standardized[-1, known]), kind="stable")][:_MOST_CURVES])
    x = walked.effective_df if by_df else walked.strengths
    axis = Axis("Effective degrees of freedom") if by_df else Axis("Strength of the penalty", scale="log")
    notes = ["Coefficients are per standard deviation of their column."]
    if known.size > _MOST_CURVES:
        notes.append(f"The {_MOST_CURVES} largest of {known.size} at the weakest penalty; `standardized` has all.")
    across = "effective degrees of freedom" if by_df else "the strength of the penalty"
    lines = [Series(names[column], "line", x, standardized[:, column]) for column in largest]
    return Chart(
        key="coefficients_by_df" if by_df else "coefficients",
        title=f"Coefficients against {across}",
        series=(*lines, Series("Chosen", "reference", np.array([x[at]]), np.array([np.nan]))),
        x=axis,
        y=Axis("Coefficient per SD"),
        notes=tuple(notes),
        alt=f"Coefficients of {len(lines)} columns against {across}, shrinking towards 0 as the penalty grows; chosen "
        f"is {text(float(walked.strengths[at]), 'estimate')}.",
    )


def _scores(walked: Walked, at: int, scores: Judged) -> Chart:
    """Draw the mean score of rows held out with its standard error against the strength."""
    mean, error, words = scores.mean, np.nan_to_num(scores.error), MEASURES[scores.scoring].words
    references = [("Chosen", at)] if at == scores.best else [("Chosen", at), ("Best", scores.best)]
    return Chart(
        key="cross_validation",
        title=f"{words} of rows held out against the strength of the penalty",
        series=(
            Series("Mean ± one standard error", "intervals", walked.strengths, mean, mean - error, mean + error),
            *(
                Series(name, "reference", np.array([walked.strengths[which]]), np.array([np.nan]))
                for name, which in references
            ),
        ),
        x=Axis("Strength of the penalty", scale="log"),
        y=Axis(f"{words}, held out"),
        alt=f"{words} of rows held out against the strength of the penalty; its best mean is at "
        f"{text(float(walked.strengths[scores.best]), 'estimate')}.",
    )
