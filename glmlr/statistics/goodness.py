"""How well does the model fit as a whole? Likelihood, information criteria, pseudo R2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import xlog1py, xlogy

from glmlr.conditioning import triangle
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.hypotheses.against_null import constant_in, penalised_against_null
from glmlr.hypotheses.around_fit import planes_of
from glmlr.links import Link
from glmlr.moments import Spread
from glmlr.penalised.penalties import Firth
from glmlr.pseudo_r2 import efron_r2, likelihood_r2, mckelvey_zavoina_r2, tjur_r2
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.tails import Tail, chi_square_tail

Floats = npt.NDArray[np.float64]

_LABELS: Final = {
    "n": "Rows (Bernoulli trials)",
    "effective_df": "Effective degrees of freedom",
    "parameters": "Estimated coefficients (k)",
    "loglik": "Log-likelihood",
    "null_loglik": "Log-likelihood, null model",
    "deviance": "Deviance (-2 log-likelihood)",
    "null_deviance": "Null deviance",
    "penalised_loglik": "Penalised log-likelihood",
    "lr_chi2": "Likelihood ratio chi-square against the null model",
    "pearson_chi2": "Pearson chi-square",
    "dispersion": "Pearson chi-square / df",
    "grouped_deviance": "Deviance of the grouped rows",
    "grouped_pearson_chi2": "Pearson chi-square of the grouped rows",
    "grouped_dispersion": "Dispersion of the grouped rows (Pearson / df)",
    "aic": "AIC",
    "aicc": "AICc",
    "bic": "BIC",
    "mcfadden": "McFadden's pseudo R²",
    "mcfadden_adjusted": "McFadden's adjusted pseudo R²",
    "cox_snell": "Cox & Snell's pseudo R²",
    "nagelkerke": "Nagelkerke's (Cragg & Uhler's) pseudo R²",
    "tjur": "Tjur's coefficient of discrimination",
    "efron": "Efron's pseudo R²",
    "mckelvey_zavoina": "McKelvey & Zavoina's pseudo R²",
}
#: measure -> the kind of number it is; the others are indices with four decimals.
_KINDS: Final = {
    "n": "count",
    "parameters": "count",
    **dict.fromkeys(("loglik", "null_loglik", "deviance", "null_deviance", "aic", "aicc", "bic"), "loglik"),
    "penalised_loglik": "loglik",
    **dict.fromkeys(("lr_chi2", "pearson_chi2", "grouped_deviance", "grouped_pearson_chi2"), "statistic"),
}
#: One minus a ratio of sums is known to some units of its last digit; less than this is 0.
_ROUNDING: Final = 1e-14
#: What the columns leave of a constant, in units of it, below which they contain it.
_CONSTANT: Final = 1e-9
_OF_LIKELIHOOD: Final = (
    *("loglik", "null_loglik", "deviance", "null_deviance", "lr_chi2", "aic", "aicc", "bic"),
    *("mcfadden", "mcfadden_adjusted", "cox_snell", "nagelkerke"),
)


@statistic(
    section="goodness",
    title="Goodness of fit",
    reference="McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed.; Long (1997), Regression Models for "
    "Categorical and Limited Dependent Variables, ch. 4; Nagelkerke (1991), Biometrika 78, 691-692; Tjur (2009), The "
    "American Statistician 63, 366-372",
    definitions={
        "loglik": "Log-likelihood l of the Bernoulli rows at the estimates. R: logLik(fit); Stata: log likelihood. "
        "For grouped data R and statsmodels add the binomial coefficients, a constant that cancels in all comparisons.",
        "penalised_loglik": "Of Firth's estimates of the logit: l + log|I| / 2, I the expected information (R logistf: "
        "loglik; brglm2: MPL_Jeffreys). l, AIC, BIC and pseudo R2 are without the penalty, as R's brglm2 has them; "
        "logistf's extractAIC has it in.",
        "null_loglik": "Log-likelihood l0 of the model with intercept (and offset) only.",
        "deviance": "-2 l of the Bernoulli rows. SAS: -2 Log L, Intercept and Covariates; R: Residual deviance. It "
        "has no chi-square distribution when each row is one trial, so no p-value is given.",
        "null_deviance": "-2 l0. SAS: -2 Log L, Intercept Only; R: Null deviance.",
        "lr_chi2": "2 (l - l0), chi-square with k - 1 degrees of freedom under the null model. SAS: Testing Global "
        "Null Hypothesis, Likelihood Ratio; Stata: LR chi2; R rms::lrm: LR chi2.",
        "pearson_chi2": "Sum of (y - p)^2 / (p (1 - p)) over the Bernoulli rows; no p-value for the same reason.",
        "dispersion": "Pearson chi-square / (n - k). For rows of one trial it says little about overdispersion.",
        "grouped_deviance": "Deviance of successes + failures rows against the model with one probability per row; "
        "approximately chi-square when the groups are not small. R: Residual deviance of glm(cbind(s, f) ~ ...).",
        "grouped_pearson_chi2": "Sum of (successes - m p)^2 / (m p (1 - p)) over rows of m trials; approximately "
        "chi-square when the groups are not small.",
        "grouped_dispersion": "Grouped Pearson chi-square / its degrees of freedom; well above 1 means overdispersion.",
        "effective_df": "Of a ridge fit, tr I (I + P)^-1 with the information I and the penalty P, the intercept "
        "included (Gray 1992): the k of AIC, AICc, BIC, the adjusted pseudo R2 and dispersions.",
        "aic": "-2 l + 2 k. SAS, R: AIC.",
        "aicc": "AIC + 2 k (k + 1) / (n - k - 1) (Hurvich & Tsai 1989).",
        "bic": "-2 l + k log n, n = Bernoulli rows. SAS: SC; R: BIC.",
        "mcfadden": "1 - l / l0. Stata: Pseudo R2; statsmodels: prsquared.",
        "mcfadden_adjusted": "1 - (l - k) / l0, k counting the intercept. Stata fitstat: McFadden's Adj R2.",
        "cox_snell": "1 - exp(2 (l0 - l) / n). SAS: R-Square; SPSS: Cox & Snell R Square; Stata fitstat: ML "
        "(Cox-Snell) R2.",
        "nagelkerke": "Cox & Snell's / (1 - exp(2 l0 / n)). SAS: Max-rescaled R-Square; Stata fitstat: Cragg-Uhler; R "
        "rms::lrm: R2.",
        "tjur": "Mean fitted probability of the events minus that of the non-events.",
        "efron": "1 - sum (y - p)^2 / sum (y - mean y)^2.",
        "mckelvey_zavoina": "V / (V + v) with V the variance (divisor n) of the linear predictor and v that of the "
        "latent error: pi^2 / 3 for logit, 1 for probit, pi^2 / 6 for cloglog.",
    },
)
def goodness_of_fit(fit: Fit) -> Table:
    """Give likelihood, deviance, Pearson chi-square, information criteria and pseudo R2 of a fit.

    P-values are given where a chi-square distribution holds: for the likelihood ratio, and for grouped rows.
    """
    frame = pd.DataFrame.from_records(list(_rows(fit)))
    labels = dict(_LABELS)
    if fit.adjusted:
        labels["lr_chi2"] = "Penalised likelihood ratio chi-square against the null model"
    if fit.pseudo_likelihood:
        labels |= {name: f"{_LABELS[name]} (weighted pseudo-likelihood)" for name in _OF_LIKELIHOOD}
    return Table(
        key="goodness_of_fit",
        title="Goodness of fit",
        frame=frame,
        roles={"measure": "text", "value": "measure", "df": "integer", "p_value": "p_value", "log10_p": "hidden"},
        labels=labels,
        notes=tuple(_notes(fit)),
        row_roles=tuple(_KINDS.get(name, "estimate") for name in frame["measure"]),
        blanks=("df", "p_value"),
    )


def _rows(fit: Fit) -> Iterator[dict[str, str | float]]:
    n, k = fit.nobs, fit.effective_df
    sums = _row_sums(fit)
    yield _row("n", n)
    yield _row("parameters", fit.rank)
    if fit.shrunken:
        yield _row("effective_df", k)
    yield _row("loglik", fit.loglik)
    if fit.adjusted and fit.solution.objective is not None:
        yield _row("penalised_loglik", fit.solution.objective)
    yield _row("null_loglik", fit.null_loglik)
    yield _row("deviance", -2 * fit.loglik, _whole_df(fit, n))
    yield _row("null_deviance", -2 * fit.null_loglik, n - 1)
    test = likelihood_ratio(fit)
    yield _row("lr_chi2", test.chi2, test.df, test.tail)
    yield from _pearson_rows(fit, sums)
    yield _row("aic", fit.aic)
    yield _row("aicc", small_sample_aic(fit.loglik, n, k))
    yield _row("bic", fit.bic)
    for name, value in likelihood_indices(fit).items():
        yield _row(name, value)
    yield _row("tjur", tjur_r2(fit.ranking))
    yield _row("efron", efron_r2(fit.ranking))
    yield _row("mckelvey_zavoina", mckelvey_zavoina_r2(sums.eta, fit.link.latent_variance))


def _whole_df(fit: Fit, units: float) -> float:
    """Give units less coefficients; NaN of a ridge fit, whose degrees of freedom are not whole."""
    return math.nan if fit.shrunken else units - fit.rank


def _row(name: str, value: float, df: float = math.nan, tail: Tail | None = None) -> dict[str, str | float]:
    p_value, log10_p = (math.nan, math.nan) if tail is None else (tail.p_value, tail.log10_p)
    return {"measure": name, "value": float(value), "df": df, "p_value": p_value, "log10_p": log10_p}


@dataclass(frozen=True)
class LikelihoodRatio:
    """A fit against its null model: twice the gain in log-likelihood, degrees of freedom, tail; NaN where untested."""

    chi2: float
    df: float
    tail: Tail


def likelihood_ratio(fit: Fit) -> LikelihoodRatio:
    """Test a fit against its null model.

    There is no test where the null model is not a special case of the fit or is the fit itself, none of ridge and
    FLAC's estimates, and no p-value under importance weights. Under Firth's penalty it is the penalised likelihood
    ratio, which links other than the logit do not have.
    """
    untested = Tail(math.nan, math.nan)
    if fit.rank <= 1 or fit.shrunken or not _contains_null(fit):
        return LikelihoodRatio(math.nan, math.nan, untested)
    if fit.adjusted:
        planes, constant = planes_of(fit), constant_in(fit)
        if planes is None or constant is None or not planes.centre.has_likelihood:
            return LikelihoodRatio(math.nan, math.nan, untested)
        ratio, _ = penalised_against_null(planes, constant)
        return LikelihoodRatio(ratio.value, ratio.df, chi_square_tail(ratio.value, ratio.df))
    chi2, df = max(2 * (fit.loglik - fit.null_loglik), 0.0), fit.rank - 1
    return LikelihoodRatio(chi2, df, untested if fit.pseudo_likelihood else chi_square_tail(chi2, df))


def likelihood_indices(fit: Fit) -> dict[str, float]:
    """Give the pseudo R2 that are made of the two log-likelihoods of a fit, by name."""
    # Under importance weights the sum of the weights stands for n, as it does in both log-likelihoods.
    return likelihood_r2(fit.loglik, fit.null_loglik, fit.design.totals.weight, fit.effective_df)


def _pearson_rows(fit: Fit, sums: _RowSums) -> Iterator[dict[str, str | float]]:
    """Give Pearson's chi-square of the Bernoulli rows, and where the data are grouped that of the groups."""
    df = fit.nobs - fit.effective_df
    yield _row("pearson_chi2", sums.pearson, _whole_df(fit, fit.nobs))
    yield _row("dispersion", sums.pearson / df if df > 0 else math.nan)
    if not fit.design.grouped:
        return
    df, shown = fit.design.totals.rows - fit.effective_df, _whole_df(fit, fit.design.totals.rows)
    deviance, pearson = sums.grouped_deviance, sums.grouped_pearson
    known = df > 0 and not fit.pseudo_likelihood and not fit.shrunken
    yield _row("grouped_deviance", deviance, shown, chi_square_tail(deviance, df) if known else None)
    yield _row("grouped_pearson_chi2", pearson, shown, chi_square_tail(pearson, df) if known else None)
    yield _row("grouped_dispersion", pearson / df if df > 0 else math.nan)


@dataclass(frozen=True)
class _RowSums:
    """Sums over rows: the two Pearson chi-squares, the grouped deviance, and the spread of the linear predictor."""

    pearson: float
    grouped_pearson: float
    grouped_deviance: float
    eta: Spread

    def __add__(self, other: _RowSums) -> _RowSums:
        return _RowSums(
            self.pearson + other.pearson,
            self.grouped_pearson + other.grouped_pearson,
            self.grouped_deviance + other.grouped_deviance,
            self.eta + other.eta,
        )


def _row_sums(fit: Fit) -> _RowSums:
    link, grouped = fit.link, fit.design.grouped

    def of_rows(eta: Floats, y: Floats, weight: Floats | None) -> _RowSums:
        trials = np.ones_like(y) if weight is None else weight
        return _RowSums(
            bernoulli_pearson(y, trials, eta, link),
            grouped_pearson(y, trials, eta, link) if grouped else math.nan,
            grouped_deviance(y, trials, eta, link) if grouped else math.nan,
            Spread.of(eta, trials),
        )

    return fit.over_rows(of_rows, _RowSums.__add__)


def _contains_null(fit: Fit) -> bool:
    """Whether the null model is a special case: some combination of the columns, such as the intercept, is constant."""
    if any(term.kind == "intercept" for term in fit.design.terms):
        return True
    columns = np.flatnonzero(~np.isnan(fit.params.to_numpy()))
    beside = triangle(fit.design, lambda block: np.vstack([block.at_columns(columns).x, np.ones(block.size)]))
    return bool(abs(beside[-1, -1]) < _CONSTANT * np.linalg.norm(beside[:, -1]))


def _notes(fit: Fit) -> Iterator[str]:
    yield from fit.scale_notes
    yield "Deviance and Pearson chi-square of rows of one trial each have no chi-square distribution: no p-value."
    if fit.design.grouped:
        yield (
            "The data are grouped: every row of successes and failures counts as one group in the grouped measures, "
            "and as that many rows of one trial in all others."
        )
    if fit.pseudo_likelihood:
        yield (
            "Importance weights are in use: likelihood quantities are a weighted pseudo-likelihood, which changes "
            "with the scale of the weights; it compares models under the same weights but gives no p-value. Pearson's "
            "chi-square and the measures by Tjur, Efron and McKelvey & Zavoina use the rows as they are."
        )
    if fit.adjusted:
        yield (
            "Log-likelihood, AIC, AICc, BIC and pseudo R² are without Firth's penalty, at estimates that do not "
            "maximise them: a fit without penalty has the same or better values."
        )
        if fit.penalty == Firth("flac") or fit.link.name != "logit":
            yield "These estimates maximise no penalised likelihood: there is no likelihood ratio."
    if fit.shrunken:
        yield (
            f"Ridge penalty: AIC, AICc, BIC, the adjusted pseudo R² and dispersions take the effective degrees of "
            f"freedom, tr I (I + P)^-1 = {fit.effective_df:.4g}, in the place of the number of coefficients; no "
            "chi-square distribution holds, so that there is no likelihood ratio test and no p-value."
        )
    elif not _contains_null(fit):
        yield "The model has no intercept, so the null model is not a special case of it: no likelihood ratio test."
    elif fit.rank == 1:
        yield "The model is the null model: there is no likelihood ratio test."
    if fit.nobs - fit.effective_df <= 1:
        yield "AICc does not exist with so few rows for so many coefficients."
    if fit.design.grouped and fit.design.totals.rows <= fit.rank and not fit.shrunken:
        yield (
            "There are as many coefficients as grouped rows: their deviance has no degrees of freedom, hence neither "
            "p-value nor dispersion."
        )
    if fit.separation is not None:
        yield "Some fitted probabilities are 0 or 1 (separation): McKelvey & Zavoina's pseudo R² does not exist."


# ------------------------------------------------------------------------------------------------ formulas


def small_sample_aic(loglik: float, n: float, k: float) -> float:
    """Give AICc = -2 l + 2 k + 2 k (k + 1) / (n - k - 1); NaN where n <= k + 1."""
    rest = n - k - 1
    return -2 * loglik + 2 * k + 2 * k * (k + 1) / rest if rest > 0 else math.nan


def bernoulli_pearson(y: Floats, weight: Floats, eta: Floats, link: Link) -> float:
    """Give the sum of (y - p)^2 / (p (1 - p)) over single trials: (1 - p) / p per event, p / (1 - p) per non-event."""
    log_p, log_q = link.log_mean(eta), link.log_complement(eta)
    with np.errstate(over="ignore", invalid="ignore"):
        of_events = np.where(y > 0, weight * y * np.exp(log_q - log_p), 0.0)
        of_nonevents = np.where(y < 1, weight * (1 - y) * np.exp(log_p - log_q), 0.0)
    return float(of_events.sum() + of_nonevents.sum())


def grouped_pearson(y: Floats, trials: Floats, eta: Floats, link: Link) -> float:
    """Give the sum of m (y - p)^2 / (p (1 - p)) over rows of m trials with a share y of successes."""
    p, log_p, log_q = link.mean(eta), link.log_mean(eta), link.log_complement(eta)
    with np.errstate(over="ignore", invalid="ignore"):
        terms = trials * (y - p) ** 2 * np.exp(-log_p - log_q)
    return float(np.where(y == p, 0.0, terms).sum())


def grouped_deviance(y: Floats, trials: Floats, eta: Floats, link: Link) -> float:
    """Give 2 sum m (y log(y / p) + (1 - y) log((1 - y) / (1 - p))) over rows of m trials, y the share of successes."""
    log_p, log_q = link.log_mean(eta), link.log_complement(eta)
    with np.errstate(invalid="ignore"):
        events = np.where(y > 0, xlogy(y, y) - y * log_p, 0.0)
        nonevents = np.where(y < 1, xlog1py(1 - y, -y) - (1 - y) * log_q, 0.0)
    return max(2 * float(np.dot(trials, events + nonevents)), 0.0)


@statistic(
    section="goodness",
    title="Likelihood of the observed outcomes",
    reference="Fisher (1922), Phil. Trans. R. Soc. A 222; McCullagh & Nelder (1989), section 4.4.1",
    definitions={
        "Probability of what was observed": "p where the event happened, 1 - p where it did not.",
        "Log-likelihood of scores": "Sum over the rows of the natural logarithm of the probability of the observed "
        "outcome.",
    },
    on="scores",
    in_report=False,
)
def likelihood(scored: Scored) -> Table:
    """Add up the likelihood of the observed outcomes under the predicted probabilities.

    Returns:
        A table of measures: n; sum_of_probabilities and mean_probability of what was observed; loglik (natural);
        negative_log10, the sum of -log10 of these probabilities; log_loss, -loglik / n; deviance, -2 loglik. An outcome
        that was given probability 0 makes the logarithms infinite.

    Raises:
        DataError: scores that are not probabilities.

    """
    scored.require_probabilities("likelihood")
    ranking = scored.ranking
    score, events, nonevents = ranking.score, ranking.events, ranking.nonevents
    total = float(np.dot(events, score) + np.dot(nonevents, 1.0 - score))
    loglik = float(np.sum(xlogy(events, score) + xlog1py(nonevents, -score)))
    values = {
        "n": ranking.total,
        "sum_of_probabilities": total,
        "mean_probability": total / ranking.total,
        "loglik": loglik,
        "negative_log10": -loglik / np.log(10.0),
        "log_loss": -loglik / ranking.total,
        "deviance": -2.0 * loglik,
    }
    labels = {
        "n": "Rows",
        "sum_of_probabilities": "Sum of the probabilities of what was observed",
        "mean_probability": "Mean probability of what was observed",
        "loglik": "Log-likelihood (natural)",
        "negative_log10": "Sum of -log10 of these probabilities",
        "log_loss": "Log loss (mean negative log-likelihood)",
        "deviance": "Deviance (-2 log-likelihood)",
    }
    frame = pd.DataFrame({"measure": list(values), "value": list(values.values())})
    return Table(
        "likelihood",
        "Likelihood of the observed outcomes",
        frame,
        {"measure": "text", "value": "measure"},
        labels,
        notes=scored.notes,
    )
