"""How strong should the ridge penalty be? The path from the null model to maximum likelihood, and a choice on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.covariance import ROBUST
from glmlr.design import Design, DesignInMemory, design_of, gathered
from glmlr.design.derived import class_weight_option
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, one_of
from glmlr.estimation import intercept_of
from glmlr.exhibits import Table, Tabled
from glmlr.fit import Fit, fit_design
from glmlr.links import Link, link_named
from glmlr.penalised.path import along, default_strengths
from glmlr.penalised.penalties import Ridge
from glmlr.penalised.ridge import shrinking
from glmlr.progress import Step
from glmlr.solver import Solution
from glmlr.statistics.ridge.tables import Walked, path_table
from glmlr.validation.folds import Folds, folds_of, whole
from glmlr.validation.performance import MEASURES
from glmlr.validation.resampling import refitting_of_design
from glmlr.validation.strengths import SCORINGS, Judged, checked_strengths, judged

Floats = npt.NDArray[np.float64]

CHOICES: Final = ("cv", "aic", "bic")
RULES: Final = ("best", "one_standard_error")


@dataclass(frozen=True, eq=False, repr=False)
class RidgePath(Tabled):
    """Ridge estimates along a path of strengths, and the model at the one that was chosen (s strengths, k columns).

    Attributes:
        table: a row per strength, from strong to weak: effective degrees of freedom, log-likelihood, deviance, AIC,
            BIC, and with choose="cv" the mean score of rows held out and its standard error.
        coefficients: estimates for the columns as they are, s x k, indexed by strength.
        standardized: the same times the standard deviation of each column; NaN for the intercept.
        fold_scores: score of each fold at each strength, indexed by strength; empty without folds.
        strength: the one chosen.
        fit: the model there, of all rows; its notes say how the strength was chosen, and
            `path.fit.report(place, validation=path)` shows the path in its report.

    """

    table: Table
    coefficients: pd.DataFrame
    standardized: pd.DataFrame
    fold_scores: pd.DataFrame
    strength: float
    fit: Fit


@explained_arguments
def ridge_path(
    formula: str | Fit,
    data: Any = None,
    *,
    strengths: Sequence[float] | None = None,
    choose: str = "cv",
    scoring: str = "log_loss",
    rule: str = "best",
    folds: Any = 10,
    repeats: int = 3,
    seed: int = 1,
    standardize: bool = True,
    link: str = "logit",
    event: Any = None,
    freq_weights: Any = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    robust: str | None = None,
    cluster: Any = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    max_iterations: int = 100,
    workers: int = 1,
    progress: bool | Callable[[Step], None] | None = None,
) -> RidgePath:
    """Fit a model under ridge penalties from strong to weak, and choose one of them.

    By cross-validation a strength is tried on rows held out: each training part is fitted along the whole path, with
    its own levels, transforms, "balanced" class weights and standard deviations of the columns, under a penalty as
    strong as that of all rows. Measures count rows by their frequency, with probabilities corrected for class weights.

    Args:
        formula: see `glmlr.fit`; or a fitted model, whose rows, link, weights and kind of covariance are taken.
        data: see `glmlr.fit`; None with a fitted model.
        strengths: factors of half the sum of squared coefficients, above 0, in any order; None for 50 from about no
            effect of any column to nearly maximum likelihood, by the information at the null model.
        choose: "cv" for cross-validation, rows in memory; "aic" or "bic" with the effective degrees of freedom, also of
            rows that are read in parts.
        scoring: of choose="cv": "log_loss" (half the mean deviance), "brier" or "auc".
        rule: of choose="cv": "best" mean, or "one_standard_error" for the strongest penalty whose mean is within one
            standard error of the best.
        folds: number of folds, or a splitter; see `glmlr.cross_validate`.
        repeats: how often the rows are divided anew.
        seed: of the division.
        standardize: see `glmlr.fit`.
        link: see `glmlr.fit`.
        event: see `glmlr.fit`.
        freq_weights: see `glmlr.fit`.
        class_weight: see `glmlr.fit`.
        sample_weight: see `glmlr.fit`.
        offset: see `glmlr.fit`.
        robust: see `glmlr.fit`.
        cluster: see `glmlr.fit`; a cluster is held out whole.
        functions: see `glmlr.fit`.
        max_iterations: see `glmlr.fit`.
        workers: number of processes.
        progress: see `glmlr.cross_validate`.

    Returns:
        The `RidgePath`; its `fit` is the model at the strength chosen.

    Raises:
        ArgumentError: neither a formula with data nor a fitted model.
        OptionError: strengths that are none, an unknown choice, scoring or rule, folds that cannot be.
        NotApplicable: choose="cv" of rows that are read in parts; a formula with nothing but an intercept.
        FormulaError, DataError, ResponseError, WeightError, FitError: as `glmlr.fit`.

    References: le Cessie & van Houwelingen (1992), Applied Statistics 41, 191-201; Friedman, Hastie & Tibshirani
    (2010), J. Stat. Software 33(1); Gray (1992), J. Am. Stat. Assoc. 87, 942-951.

    """
    one_of("choose", choose, CHOICES)
    one_of("scoring", scoring, SCORINGS)
    one_of("rule", rule, RULES)
    if not isinstance(standardize, (bool, np.bool_)):
        raise OptionError(f"standardize={standardize!r} is neither True nor False.")
    grid = None if strengths is None else checked_strengths(strengths)
    if isinstance(formula, Fit):
        if data is not None:
            raise ArgumentError("ridge_path() of a fitted model takes no data; they are the fit's own.")
        design, chosen, kind = formula.design, formula.link, formula.covariance_kind
        robust = robust or (kind if kind in ROBUST else None)
    else:
        if data is None or not isinstance(formula, str):
            raise ArgumentError("ridge_path() takes a formula and data, ridge_path(formula, data), or a fitted model.")
        chosen = link_named(link)
        design = design_of(
            formula,
            data,
            event=event,
            freq_weights=freq_weights,
            class_weight=class_weight,
            sample_weight=sample_weight,
            offset=offset,
            cluster=cluster,
            functions=functions,
            progress=progress,
        )
    steps = whole("max_iterations", max_iterations, 1)
    if all(term.kind == "intercept" for term in design.terms):
        raise NotApplicable("The model has nothing but an intercept, which is not penalised: there is no path.")
    walked = _walked(design, chosen, Ridge(1.0, bool(standardize)), grid, steps)
    scores: Judged | None = None
    divided: Folds | None = None
    if choose == "cv":
        held = _held(design)
        refitting = refitting_of_design(held, chosen, max_iterations=steps)
        divided = folds_of(folds, held.y, repeats=repeats, seed=seed, groups=refitting.groups)
        option = class_weight_option(held)
        scores = judged(
            refitting,
            option,
            walked.strengths,
            divided,
            scoring,
            standardized=walked.standardized,
            workers=workers,
            progress=progress,
        )
    return _put_together(walked, design, chosen, choose, rule, scores, divided, robust, steps)


def _held(design: Design) -> DesignInMemory:
    if isinstance(design, DesignInMemory):
        return design
    raise NotApplicable(
        'choose="cv" fits the model again to parts of rows that are held in memory; these are read in parts: give '
        'choose="aic", or a sample of the rows.'
    )


def _walked(design: Design, link: Link, penalty: Ridge, grid: Floats | None, steps: int) -> Walked:
    """Fit all rows along the path."""
    made = shrinking(gathered(design), link, penalty, intercept_of(design))
    strengths = default_strengths(made) if grid is None else grid
    solutions: list[Solution] = list(along(made, strengths, steps))
    spread = np.array(made.units.spread)
    if made.intercept is not None:
        spread[made.intercept] = np.nan
    return Walked(design, strengths, tuple(solutions), spread, penalty.standardized, given=grid is not None)


def _put_together(
    walked: Walked,
    design: Design,
    link: Link,
    choose: str,
    rule: str,
    scores: Judged | None,
    divided: Folds | None,
    robust: str | None,
    steps: int,
) -> RidgePath:
    """Choose a strength, fit there, and tabulate."""
    at = _chosen(walked, choose, rule, scores)
    said = _how(choose, rule, scores, divided, walked.strengths.size)
    strength = float(walked.strengths[at])
    penalty = Ridge(strength, walked.standardized, said)
    fitted = fit_design(design, link, robust=robust, max_iterations=steps, penalty=penalty)
    index = pd.Index(walked.strengths, name="strength")
    names = list(design.names)
    by_fold = pd.DataFrame(index=index) if scores is None else pd.DataFrame(scores.by_fold.T, index=index)
    return RidgePath(
        path_table(walked, at, said, scores, fitted.event),
        pd.DataFrame(walked.beta, index=index, columns=names),
        pd.DataFrame(walked.beta * walked.spread, index=index, columns=names),
        by_fold,
        strength,
        fitted,
    )


def _chosen(walked: Walked, choose: str, rule: str, scores: Judged | None) -> int:
    """Give the position of the strength chosen."""
    if scores is not None:
        return scores.best if rule == "best" else scores.within_one_error
    criterion = walked.aic if choose == "aic" else walked.bic
    return int(np.argmin(np.where(np.isnan(criterion), np.inf, criterion)))


def _how(choose: str, rule: str, scores: Judged | None, divided: Folds | None, number: int) -> str:
    """Say how the strength was chosen, and what does not know of it."""
    if scores is None or divided is None:
        by = f"the smallest {choose.upper()}, with effective degrees of freedom"
    else:
        words = MEASURES[scores.scoring].words
        which = "the best mean" if rule == "best" else "the strongest within one standard error of the best mean"
        over = f"{scores.folds} folds" if divided.repeats == 1 else f"{scores.folds} folds in {divided.repeats} repeats"
        by = f"{which} {words[:1].lower() + words[1:] if not words[:2].isupper() else words} over {over}"
    return (
        f"The strength was chosen among {number} by the data ({by}); no standard error and no index here is corrected "
        "for that choice."
    )


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
setattr(Fit, ridge_path.__name__, ridge_path)
