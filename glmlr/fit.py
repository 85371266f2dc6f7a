"""How is a binomial model fitted to a formula and rows? `fit()`, and from a design to a `Fit`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Unpack

import numpy as np

from glmlr.account import separation_sentence
from glmlr.covariance import ROBUST
from glmlr.design import Design, DesignInMemory, design_of
from glmlr.errors import (
    ConvergenceWarning,
    OptionError,
    SeparationWarning,
    explained_arguments,
    one_of,
)
from glmlr.estimation import (
    covariance_kind_of,
    covariance_of,
    is_null,
    maximum_of,
    null_model,
    refuse_penalty,
    refuse_saturated,
)
from glmlr.fitted import Fit, frozen
from glmlr.links import Link, link_named
from glmlr.penalised.penalties import Firth, Penalty, penalty_of
from glmlr.progress import Step
from glmlr.training.options import TRAINERS, Training, TrainingOptions, training_of

__all__ = ["FAMILIES", "SOLVERS", "Fit", "fit", "fit_design"]

SOLVERS: Final = ("newton", "statsmodels", *TRAINERS)
FAMILIES: Final = ("binomial", "multinomial")


@explained_arguments
def fit(
    formula: str,
    data: Any,
    *,
    family: str = "binomial",
    link: str = "logit",
    event: Any = None,
    reference: Any = None,
    freq_weights: Any = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    robust: str | None = None,
    cluster: Any = None,
    solver: str = "newton",
    functions: Mapping[str, Callable[..., Any]] | None = None,
    max_iterations: int = 100,
    penalty: str | None = None,
    strength: float | None = None,
    standardize: bool = True,
    progress: bool | Callable[[Step], None] | None = None,
    **training: Unpack[TrainingOptions],
) -> Fit:
    """Fit a binomial generalised linear model given by a formula.

    Args:
        formula: patsy grammar, "low ~ age + C(race) + smoke"; "successes + failures ~ ..." for counts; "y ~ ." for all
            other columns; back-ticks around names with spaces. Columns come from the data only.
        data: pandas, polars or pyarrow frame, dict of columns, or the path of a CSV or Parquet file. Rows past memory
            are read in parts, again in each pass: "data/*.parquet", a list of paths, a directory, a large file, a
            pyarrow dataset, a polars LazyFrame, a DuckDB relation, or a dask.dataframe. A query of a database,
            `glmlr.query(connection, sql)`, is grouped there and fitted on the patterns.
        family: "binomial", or "multinomial" for a response of three or more classes: the multinomial logit, whose
            `MultinomialFit` has tables, predictions and reports of its own. It holds its rows in memory, and takes
            neither link, event, offset nor penalty; class_weight is "balanced", n / (J n_k), or {class: weight}.
        link: "logit", "probit" or "cloglog".
        event: the value of the response that is the event; needed for two values other than 0/1 and bool.
        reference: of a multinomial model, the class that each other one is compared with; by default the first, in the
            order of a categorical column or sorted.
        freq_weights: counts: each row stands for that many rows. A column name, a Series (aligned by index), or an
            array of shape (n,).
        class_weight: importance by outcome: "balanced" for n / (2 n_k), {class: weight}, or the weight of a non-event :
            that of an event, "1:100", "0.01:1" or "1/100:1". Standard errors are then the sandwich.
        sample_weight: importance of each row, as freq_weights; standard errors are then the sandwich.
        offset: known part of the linear predictor, as freq_weights.
        robust: "HC0", "HC1", "HC2" or "HC3" for sandwich standard errors; None for the expected information, unless
            importance weights make it HC0.
        cluster: column name, Series or array that names each row's cluster, for cluster-robust standard errors; or a
            dask.distributed Client, whose workers then read and sum the rows.
        solver: "newton", or "statsmodels" for statsmodels' own GLM on the same design; or one that trains by gradients:
            "lbfgs", "gradient", "rmsprop" or "adam", see below.
        functions: functions of your own for the formula, by name.
        max_iterations: largest number of Newton steps.
        penalty: None for maximum likelihood; "firth" for estimates without their bias of first order, finite even
            where the data are separated (Jeffreys' prior for the logit); "flic" for Firth's slopes with an intercept
            that makes the mean probability the share of events, "flac" for the same end by pseudo-rows, both of the
            logit (Puhr et al. 2017); "ridge" for the largest value of log-likelihood - strength / 2 * sum of squared
            coefficients, the intercept's excepted.
        strength: of the ridge penalty, at least 0, where it is maximum likelihood. scikit-learn's C is 1 / strength,
            glmnet's lambda strength / n. `glmlr.ridge_path` chooses one by rows held out, or by AIC.
        standardize: whether the ridge penalty is on the coefficients of columns divided by their standard deviation
            (divisor n), or of columns as they are. The estimates are given for the columns as they are.
        progress: whether a line shows how far each pass over rows that are read in parts is, None for where somebody
            sees it; or a function that is called with each `glmlr.progress.Step`.
        **training: of a solver that trains by gradients:
            learning_rate: a number; or "backtracking", the default of "gradient" on all rows at once. On batches
                "gradient" steps by 1/L, a length that never overshoots; 0.01 for "rmsprop" and "adam".
            batch_size: rows whose mean gradient gives a step. "rmsprop" and "adam" take 256 (all where
                they are fewer), "gradient" all rows unless this says otherwise.
            epochs: largest number of passes over the rows (steps, where each takes all rows): 100 by batches, else
                10,000.
            tolerance: distance to the maximum, in standard errors, at which training ends: 0.01 by batches, else 1e-6.
            decay: after e epochs, part of one included, the learning rate is divided by 1 + decay e; 0.
            seed: of the order of the rows, of the rows held out and of a random start; 0.
            start: "zero", "null" (the share of events), or "random" (standard normal), for standardised columns.
            validation_share: share of the rows that are held out, in (0, 1); `fit.trace` then has their loss too.
            patience: epochs without a lower loss on the rows held out after which training ends; the estimates are
                those of the lowest.
            polish: whether one Newton step is taken at the end.

    Training steps in the coefficients of columns less their mean and divided by their standard deviation; estimates are
    given for the columns as they are. It ends with the same certificate as Newton's steps: the information at the
    estimates, the distance to the maximum, and a look for separation. Standard errors are those of the maximum, which
    they describe as far as the estimates have come there. What fits again (cross-validation, the bootstrap, a test that
    leaves a term out) does so by Newton's steps.

    Weights go together. A row of freq_weights f stands for f equal rows in every number. The importance of a row is
    its class weight times its sample weight, w, each 1 where not given. The estimates solve sum f w u x = 0, u the
    score of the row; the covariance is A^-1 B A^-1 with A = sum f w (information) x x' and B = sum f w^2 u^2 x x', so
    that all w times a constant change nothing. Likelihood quantities are sums with f w (a weighted pseudo-likelihood);
    counts, rankings and tables of rows are sums with f alone. Probabilities are corrected for class weights, not for
    sample weights, which may stand for another population. "balanced" counts f, not the sample weights. Rows whose f
    or w is 0 are absent rows.

    Returns:
        The `Fit`; a `MultinomialFit` with family="multinomial".

    Raises:
        FormulaError, DataError, ResponseError, WeightError, OptionError, ArgumentError: what is wrong, in a sentence.
        FitError: there are no estimates (as many coefficients as rows, nothing varies).

    """
    one_of("family", family, FAMILIES)
    if family == "multinomial":
        from glmlr.multinomial.fitting import fit_classes

        refused = {"event": event, "offset": offset, "penalty": penalty, "strength": strength, **training}
        return fit_classes(  # type: ignore[return-value]
            formula, data, link=link, refused=refused, reference=reference, freq_weights=freq_weights,
            class_weight=class_weight, sample_weight=sample_weight, robust=robust, cluster=cluster, solver=solver,
            functions=functions, max_iterations=max_iterations,
        )  # fmt: skip
    if reference is not None:
        raise OptionError('reference= chooses a class of family="multinomial"; of two values event= says which.')
    chosen = link_named(link)
    penalised = penalty_of(penalty, strength, standardize)
    one_of("solver", solver, SOLVERS)
    trained = training_of(solver, training)
    if robust is not None:
        one_of("robust", robust, ROBUST)
    if robust is not None and cluster is not None:
        raise OptionError("robust= and cluster= name two covariances; give one of them.")
    if not isinstance(max_iterations, (int, np.integer)) or max_iterations < 1:
        raise OptionError(f"max_iterations={max_iterations!r} is not a whole number of at least 1.")
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
    steps = int(max_iterations)
    return fit_design(
        design, chosen, robust=robust, solver=solver, max_iterations=steps, penalty=penalised, training=trained
    )


def fit_design(
    design: Design,
    link: Link,
    *,
    robust: str | None = None,
    solver: str = "newton",
    max_iterations: int = 100,
    penalty: Penalty | None = None,
    training: Training | None = None,
) -> Fit:
    """Fit a design: solve, look for separation, fit the null model, find the covariance."""
    refuse_penalty(design, penalty, solver)
    if penalty is None:
        refuse_saturated(design)
    found = maximum_of(design, link, max_iterations, penalty, training=training)
    if solver == "statsmodels" and found.separation is None and isinstance(design, DesignInMemory):
        from glmlr.statsmodels_bridge import solve_by_statsmodels

        found = replace(found, solution=solve_by_statsmodels(design, link, found.solution))
        found = replace(found, working=np.nan_to_num(found.solution.beta))
    kind = covariance_kind_of(design, robust)
    covariance, centred = covariance_of(design, link, found, kind, penalty)
    fitted = Fit(
        design=design,
        link=link,
        solution=found.solution,
        # Under Firth's penalty an intercept alone has another estimate; the null model is of maximum likelihood.
        null=found.solution
        if is_null(design) and training is None and not isinstance(penalty, Firth)
        else null_model(design, link),
        covariance=frozen(covariance),
        covariance_kind=kind,
        separation=found.separation,
        working=frozen(found.working),
        centred=centred,
        penalty=penalty,
    )
    if found.separation is not None:
        warnings.warn(separation_sentence(design, found.separation), SeparationWarning, stacklevel=4)
    elif not fitted.converged:
        warnings.warn(f"The fit did not converge: {fitted.solution.reason}.", ConvergenceWarning, stacklevel=4)
    return fitted
