"""How do a Fit and the results of statsmodels become one another?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from glmlr.covariance import KINDS
from glmlr.design import DesignInMemory, build_design
from glmlr.errors import ArgumentError, FitError, FormulaError, NotApplicable
from glmlr.fit import Fit, fit_design
from glmlr.links import link_named
from glmlr.penalised.withheld import refuse_penalised
from glmlr.statsmodels_bridge import glm_model

#: Largest difference from statsmodels' estimates, in standard errors, that its stopping rule can explain.
_AGREEMENT = 1e-3


def from_statsmodels(results: Any) -> Fit:
    """Turn a fitted statsmodels GLM (Binomial), Logit or Probit made from a formula into a Fit.

    The rows, formula, event, link, weights and offset are taken from the model; the fit is made here and must agree
    with the estimates given. `freq_weights` are counts here as there; `var_weights` become sample weights, whose
    standard errors are the sandwich.

    Args:
        results: what `smf.glm(...).fit()`, `smf.logit(...).fit()` or `smf.probit(...).fit()` returned.

    Raises:
        ArgumentError: something else than such results.
        FormulaError: the model was made from arrays, without a formula.
        FitError: its estimates are not the maximum of the likelihood (penalised or constrained, or not converged).

    """
    model: Any = getattr(results, "model", None)
    link = _link_of(model)
    formula = getattr(model, "formula", None) or getattr(getattr(model, "data", None), "formula", None)
    frame = getattr(getattr(model, "data", None), "frame", None)
    if not isinstance(formula, str) or frame is None:
        raise FormulaError(
            "This statsmodels model was made from arrays; from_statsmodels() needs one made from a formula (smf.glm, "
            "smf.logit, smf.probit)."
        )
    used = _used_rows(model, frame)
    options = _options(results, model)
    design = _same_event(formula, used, np.asarray(model.endog, dtype=np.float64), options)
    fitted = fit_design(design, link_named(link), robust=_robust_kind(results))
    _must_agree(fitted, results)
    return fitted


def _link_of(model: Any) -> str:
    """Name the link of a binomial model of statsmodels."""
    kind = type(model).__name__
    if kind in ("Logit", "Probit"):
        return kind.lower()
    family: Any = getattr(model, "family", None)
    if kind == "GLM" and type(family).__name__ == "Binomial":
        name = type(family.link).__name__.lower()
        if name in ("logit", "probit", "cloglog"):
            return name
        raise NotApplicable(f"glmlr has the links logit, probit and cloglog, not {name}.")
    raise ArgumentError(
        f"from_statsmodels() takes the results of a GLM with family Binomial, a Logit or a Probit, not of {kind}."
    )


def _used_rows(model: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Give the rows statsmodels used."""
    labels = model.data.row_labels
    if labels is None or len(labels) == len(frame):
        return frame
    if not frame.index.is_unique:
        missing = getattr(model.data, "missing_row_idx", None)
        if missing is not None and len(missing) == len(frame):
            return frame[~np.asarray(missing, dtype=bool)]
        raise FitError("The rows statsmodels used cannot be found again: the index of its data is not unique.")
    chosen: pd.DataFrame = frame.loc[labels]
    return chosen


def _options(results: Any, model: Any) -> dict[str, Any]:
    """Give weights, offset and clusters of the model as options of `build_design`."""
    options: dict[str, Any] = {}
    if getattr(model, "_has_freq_weights", False):
        options["freq_weights"] = np.asarray(model.freq_weights)
    if getattr(model, "_has_var_weights", False):
        options["sample_weight"] = np.asarray(model.var_weights)
    offset = getattr(model, "_offset_exposure", getattr(model, "offset", None))
    if offset is not None and np.size(offset) == model.endog.shape[0] and np.any(offset):
        options["offset"] = np.asarray(offset)
    if getattr(results, "cov_type", "nonrobust") == "cluster":
        groups = results.cov_kwds.get("groups")
        if groups is None:
            raise FitError(
                "These results have clustered standard errors but do not say which rows are in which cluster."
            )
        options["cluster"] = np.asarray(groups)
    return options


def _robust_kind(results: Any) -> str | None:
    kind = str(getattr(results, "cov_type", "nonrobust"))
    return kind if kind in ("HC0", "HC1", "HC2", "HC3") else None


def _same_event(
    formula: str, frame: pd.DataFrame, endog: np.ndarray[Any, Any], options: dict[str, Any]
) -> DesignInMemory:
    """Build the design with the event that statsmodels modelled (of a text or bool response, its first level)."""
    design = build_design(formula, frame, **options)
    if design.y.shape == endog.shape and np.allclose(design.y, endog):
        return design
    if design.y.shape == endog.shape and np.allclose(1.0 - design.y, endog):
        return build_design(formula, frame, event=design.event.other, **options)
    raise FitError("The response of the statsmodels model cannot be matched with the rows of its data.")


def _must_agree(fitted: Fit, results: Any) -> None:
    """Refuse estimates that are not the maximum of the likelihood."""
    theirs = pd.Series(np.asarray(results.params, dtype=np.float64))
    ours = fitted.params.to_numpy()
    if theirs.size != ours.size:
        raise FitError(f"statsmodels has {theirs.size} coefficients and the formula gives {ours.size} here.")
    finite = np.isfinite(ours)
    gap = np.abs(theirs.to_numpy()[finite] - ours[finite]) / np.sqrt(np.diag(fitted.solution.inverse))[finite]
    if fitted.separation is None and not fitted.solution.aliased and gap.size and float(gap.max()) > _AGREEMENT:
        raise FitError(
            f"The estimates of statsmodels are up to {float(gap.max()):.2g} standard errors away from the maximum of "
            "the likelihood (penalised, constrained or not converged); fit the formula with glmlr.fit() instead."
        )


def to_statsmodels(fit: Fit) -> Any:
    """Give statsmodels' GLMResultsWrapper at the estimates of a fit, without fitting again.

    Aliased columns are left out. The covariance is the fit's own, robust kinds included.

    Raises:
        NotApplicable: some estimates are infinite.

    """
    refuse_penalised(fit.penalty, "statsmodels' result")
    from statsmodels.genmod.generalized_linear_model import GLMResults, GLMResultsWrapper

    if fit.separation is not None:
        raise NotApplicable("statsmodels cannot hold infinite estimates; drop the separated terms and fit again.")
    design, columns = fit.held, np.flatnonzero(fit.solution.estimated)
    model = glm_model(design, fit.link, columns)
    model.formula = design.formula
    model.data.formula = design.formula
    model.data.frame = _frame(design)
    info = design.patsy_design_info()
    model.data.model_spec = model.data.design_info = info
    model.scaletype, model.scale = None, 1.0
    inner = fit.solution.inverse[np.ix_(columns, columns)]
    model.mu = fit.link.mean(np.asarray(fit.weighted_eta))
    model.weights = model.iweights * model.n_trials * model.family.weights(model.mu)
    results = GLMResults(model, np.asarray(fit.solution.beta[columns]), np.array(inner), 1.0)
    if fit.covariance_kind != "model":
        results.cov_type = fit.covariance_kind
        results.cov_kwds = {"description": KINDS[fit.covariance_kind]}
        if design.cluster is not None:
            results.cov_kwds["groups"] = np.array(design.cluster)
        results.cov_params_default = np.array(fit.covariance[np.ix_(columns, columns)])
    results.method = "IRLS"
    results.mle_settings = {"optimizer": "IRLS", "wls_method": "pinv"}
    results.fit_history = {"iteration": fit.solution.iterations, "params": [], "deviance": [fit.deviance]}
    results.converged = fit.converged
    return GLMResultsWrapper(results)


def _frame(design: DesignInMemory) -> pd.DataFrame:
    """Give the columns the formula reads and the response as 0 and 1, rows used."""
    columns = {name: design.columns[name] for name in design.recipe.formula.predictors}
    frame = pd.DataFrame(columns, index=design.index[design.used])
    whole = bool(((design.y == 0) | (design.y == 1)).all())
    frame.insert(0, design.event.response, design.y.astype(np.int64) if whole else design.y, allow_duplicates=True)
    return frame


setattr(Fit, "statsmodels", to_statsmodels)  # noqa: B010 - bound here, so that fit.py imports nothing from above
