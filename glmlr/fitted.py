"""What is a fitted binomial model? The `Fit` that everything else is a function of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import log_ndtr, ndtr

from glmlr.account import account
from glmlr.blocks import Rows, over_blocks
from glmlr.covariance import CentredCovariance
from glmlr.criteria import Likelihood
from glmlr.design import Collapsed, Design, DesignInMemory
from glmlr.errors import (
    NotApplicable,
    explained_arguments,
    one_of,
)
from glmlr.estimation import (
    LinearPredictor,
    prevalence_shift_of,
    prior_shift_of,
    sampled_odds,
)
from glmlr.links import Link
from glmlr.penalised.penalties import Firth, Penalty, Ridge
from glmlr.prediction import Predictor, Wanted, bounds, spread
from glmlr.proportions import normal_quantile
from glmlr.ranking import Ranking, rank
from glmlr.ranking.score_bins import MOST_SCORES, ScoreBins
from glmlr.scored import Scored
from glmlr.separation import Separation
from glmlr.solver import Solution

if TYPE_CHECKING:
    from glmlr.exhibits import Table

Floats = npt.NDArray[np.float64]
T = TypeVar("T")

#: How `Fit.conf_int` finds intervals.
INTERVALS: Final = ("wald", "profile", "bootstrap", "bca")


def frozen(array: Floats) -> Floats:
    """Give an array that cannot be written to."""
    array = np.asarray(array)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Fit(Likelihood):
    """A fitted binomial model (n = rows used, k = design columns).

    Attributes:
        design: the formula applied to the rows.
        link: logit, probit or cloglog.
        solution: estimates and how they were reached; infinite where separated, NaN where aliased.
        null: the model with intercept (and offset) only, fitted with the same weights.
        covariance: of the estimates, shape (k, k); NaN rows and columns where there is no finite estimate.
        covariance_kind: a key of `glmlr.covariance.KINDS`.
        centred: what linear predictors vary by, where `covariance` does not say it: of centred columns where some
            column is far from 0, and of the columns that determine the rows left by separation; else None.
        penalty: what was taken off the log-likelihood that the estimates maximise; None for maximum likelihood.
        separation: None, or which estimates are infinite.
        working: finite coefficients that give the fitted values, shape (k,): 0 where aliased or infinite.

    Every statistic of glmlr is also a method: `fit.odds_ratios()` is `glmlr.odds_ratios(fit)`.

    """

    design: Design
    link: Link
    solution: Solution
    null: Solution
    covariance: Floats
    covariance_kind: str
    separation: Separation | None
    working: Floats
    centred: CentredCovariance | None = None
    penalty: Penalty | None = None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Table]:
            """Stand for the statistics that the registry binds."""

    # ------------------------------------------------------------------ estimates

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients, length k."""
        return self.design.names

    @cached_property
    def params(self) -> pd.Series:
        """Estimates by name, length k; NaN where aliased, infinite where separated."""
        return self._named(self.solution.beta, "estimate")

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors by name, length k; NaN where there is no finite estimate."""
        return self._named(np.sqrt(np.diag(self.covariance)), "std_error")

    @cached_property
    def z(self) -> pd.Series:
        """Wald statistics, estimate / standard error, length k; NaN for ridge estimates, which are biased."""
        if self.shrunken:
            return self._named(np.full(len(self.names), np.nan), "z")
        with np.errstate(invalid="ignore"):
            return self._named(self.params.to_numpy() / self.bse.to_numpy(), "z")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided Wald p-values, length k."""
        return self._named(2.0 * ndtr(-np.abs(self.z.to_numpy())), "p_value")

    @cached_property
    def log10_pvalues(self) -> pd.Series:
        """Base-10 logarithm of the Wald p-values, finite where the p-value itself underflows, length k."""
        return self._named((np.log(2.0) + log_ndtr(-np.abs(self.z.to_numpy()))) / np.log(10.0), "log10_p")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the estimates, k x k, named on both sides."""
        return pd.DataFrame(self.covariance.copy(), index=list(self.names), columns=list(self.names))

    @explained_arguments
    def conf_int(
        self, *, level: float = 0.95, method: str = "wald", replicates: int = 1000, seed: int = 1
    ) -> pd.DataFrame:
        """Intervals of the coefficients, k x 2 with columns low and high.

        The Wald interval of an infinite estimate is all of the line: as an estimate grows without bound its standard
        error grows faster. Its profile-likelihood interval is open on one side only. Intervals are NaN where an
        estimate is aliased or undetermined; Wald's are for all ridge estimates too, which are biased.

        Args:
            level: confidence level, in (0, 1).
            method: "wald"; "profile" for the roots of the profile likelihood; "bootstrap" for percentiles of
                `fit.bootstrap`, or "bca" for its bias-corrected accelerated intervals.
            replicates: number of resamples for the bootstrap.
            seed: of the resamples: the same seed gives the same intervals.

        Raises:
            OptionError: a level outside (0, 1), or a method that is not known.
            NotApplicable: profile likelihoods under importance weights, resamples of rows that are not held, BCa
                intervals where estimates are infinite.
            DataError: fewer than two resamples with finite estimates.

        """
        one_of("method", method, INTERVALS)
        if method == "wald":
            low, high = self.interval(level)
            return pd.DataFrame({"low": low, "high": high}, index=self._index)
        # Both are bound on `Fit` from above, see `glmlr.registry` and `glmlr.late`: this file imports neither.
        if method == "profile":
            frame = self.coefficients(level=level, interval="profile").frame
        else:
            kind = "bca" if method == "bca" else "percentile"
            made: Any = self.bootstrap(level=level, replicates=replicates, seed=seed, interval=kind)
            frame = made.table.frame
        ends = ("bca_low", "bca_high") if method == "bca" else ("low", "high")
        values = {name: frame[column].to_numpy() for name, column in zip(("low", "high"), ends, strict=True)}
        return pd.DataFrame(values, index=self._index)

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Lower and upper bounds of `conf_int`, shape (k,) each."""
        width = normal_quantile(level)
        if self.shrunken:
            return np.full(len(self.names), np.nan), np.full(len(self.names), np.nan)
        return bounds(self.params.to_numpy(), width * self.bse.to_numpy())

    # ------------------------------------------------------------------ likelihood

    @property
    def null_loglik(self) -> float:
        """Log-likelihood of the null model: intercept and offset only."""
        return self.null.loglik

    @property
    def adjusted(self) -> bool:
        """Whether the estimates are Firth's, by scores adjusted against bias, or made of them (FLIC, FLAC)."""
        return isinstance(self.penalty, Firth)

    @property
    def shrunken(self) -> bool:
        """Whether a ridge penalty holds the estimates back, so that no test and no interval is theirs."""
        return isinstance(self.penalty, Ridge)

    @property
    def effective_df(self) -> float:
        """Effective degrees of freedom: the rank, or of a ridge fit the trace of I (I + P)^-1, the intercept included.

        I is the information, P the penalty. Reference: Gray (1992), J. Am. Stat. Assoc. 87, 942-951.
        """
        return float(self.rank) if self.solution.effective_df is None else self.solution.effective_df

    @property
    def df_resid(self) -> float:
        """Residual degrees of freedom, n - k; of a ridge fit n less its effective ones."""
        return self.nobs - (self.effective_df if self.shrunken else self.rank)

    @property
    def df_model(self) -> float:
        """Degrees of freedom beyond the null model, k - 1; of a ridge fit its effective ones less 1."""
        return (self.effective_df if self.shrunken else self.rank) - 1

    # ------------------------------------------------------------------ fitted values

    @property
    def held(self) -> DesignInMemory:
        """The design with its rows.

        Raises:
            NotApplicable: the rows were read in parts and are not held.

        """
        if isinstance(self.design, DesignInMemory):
            return self.design
        raise NotApplicable("This needs the rows of the fit, which were read in parts and are not held in memory.")

    @property
    def event(self) -> str:
        """The outcome that is modelled, "low = 1"."""
        return self.design.event.label

    def over_rows(self, function: Callable[[Floats, Floats, Floats | None], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of linear predictors (corrected as `eta`), shares of events and trials, block by block.

        Args:
            function: of three arrays of shape (b,), the last of which is None where every row is one trial.
            add: how two results add up.

        """
        if isinstance(self.design, DesignInMemory):
            return function(np.asarray(self.eta), self.design.y, self.design.weight)
        predictor = LinearPredictor(self.working, self.prior_shift, self.separation)
        patterns = None if self.design.grouped else self.design.patterns
        rows: Rows = self.design if patterns is None else Collapsed(self.design, patterns)
        return over_blocks(rows, lambda block: function(predictor.of(block), block.y, block.weight), add)

    @cached_property
    def eta(self) -> Floats:
        """Linear predictor of the rows used on the scale of `probabilities`, shape (n,)."""
        return frozen(self.weighted_eta - self.prior_shift)

    @cached_property
    def weighted_eta(self) -> Floats:
        """Linear predictor of the rows used as the coefficients give it, shape (n,); infinite where separated."""
        design = self.held
        patterns = design.patterns
        blocks = design.blocks() if patterns is None else Collapsed(design, patterns).blocks()
        eta = np.concatenate([block.linear_predictor(self.working) for block in blocks])
        if patterns is not None:
            eta = eta[patterns.of_row]
        if self.separation is not None:
            rows = self.separation.separated
            eta[rows] = np.where(design.y[rows] > 0.5, np.inf, -np.inf)
        return frozen(eta)

    @cached_property
    def probabilities(self) -> Floats:
        """Fitted probability of the event for the rows used, shape (n,), corrected for class weights."""
        return frozen(self.link.mean(np.asarray(self.eta)))

    @cached_property
    def prior_shift(self) -> float:
        """What class weights added to the intercept, see `glmlr.estimation.prior_shift_of`; 0 without them."""
        return prior_shift_of(self.design, self.link, self.working, self.separation)

    def prevalence_shift(self, prevalence: float) -> float:
        """Give what to take off the intercept for a population with this share of events; see `predict`."""
        return prevalence_shift_of(self.design, self.link, self.working, self.separation, prevalence)

    @cached_property
    def fitted_values(self) -> pd.Series:
        """Fitted probabilities for every row read, in its order and with its index; NaN where a row was dropped."""
        return self._per_row(self.probabilities, "probability")

    @cached_property
    def ranking(self) -> Ranking:
        """The fitted probabilities in order, with the events and non-events at each (frequency weights only)."""
        design = self.design
        if not isinstance(design, DesignInMemory):
            return self._score_bins.ranking(self.link.mean)
        patterns = design.patterns
        if patterns is None or self.separation is not None:
            return rank(self.probabilities, design.y, design.weight)
        # One row of each pattern stands for all of them; sorting the rows would find the same again.
        return rank(self.probabilities[patterns.example], patterns.y, patterns.weight)

    @cached_property
    def _score_bins(self) -> ScoreBins:
        """The linear predictors of rows that are read in parts, in constant memory."""
        return self.over_rows(ScoreBins.of, ScoreBins.__add__)

    @cached_property
    def scored(self) -> Scored:
        """What the statistics of predicted probabilities need of this fit."""
        return Scored(
            ranking=self.ranking,
            event=self.design.event,
            fitted=True,
            notes=self.scale_notes,
            weighted=self.pseudo_likelihood,
            shrunken=self.shrunken,
            adjusted=self.adjusted,
        )

    @property
    def scale_notes(self) -> tuple[str, ...]:
        """Say on which scale the probabilities are, where class weights make two of them."""
        return (*self._correction_note, *self._resolution_note)

    @property
    def _resolution_note(self) -> tuple[str, ...]:
        """Say how finely the probabilities are told apart, where rows were too many to hold them all."""
        if isinstance(self.design, DesignInMemory) or self._score_bins.resolution is None:
            return ()
        width, error = self._score_bins.resolution, self._score_bins.concordance_error()
        return (
            f"The rows have more than {MOST_SCORES:,} different scores, counted in bins of {width:.2g} on the scale of "
            f"the linear predictor: c is within {error:.1g} of its value for single rows, Somers' D within "
            f"{2 * error:.1g}; a cut-off takes whole bins.",
        )

    @property
    def _correction_note(self) -> tuple[str, ...]:
        if self.design.class_weights is None:
            return ()
        how = "minus log(w1/w0)" if self.link.name == "logit" else "moved so that they add up to the events of the rows"
        return (f"Probabilities are corrected for the class weights: the intercept {how}.",)

    @explained_arguments
    def predict(
        self,
        new_data: Any = None,
        *,
        interval: float | bool | None = None,
        kind: str = "probability",
        scale: str = "corrected",
        prevalence: float | None = None,
        unknown: str = "error",
        offset: Any = None,
    ) -> pd.Series | pd.DataFrame:
        """Predict the probability of the event, or the linear predictor.

        Args:
            new_data: rows to score, anything `fit` takes; None for the rows of the fit.
            interval: None for a Series; a level such as 0.95 (or True for 0.95) for a frame with columns estimate,
                low and high. Intervals are built on the link scale, so they stay in [0, 1]; where separation makes
                the prediction 0 or 1 they are all of [0, 1], as the interval of an infinite coefficient is the line.
            kind: "probability" or "link".
            scale: "corrected" removes what class weights added to the intercept; "weighted" leaves it.
            prevalence: share of the event in the population that is predicted for, in (0, 1), where the rows of the
                fit were drawn by outcome (a case-control sample). With ybar the share of events in the fit (by
                frequencies and sample weights, not class weights) the logit's intercept loses
                log[((1 - t) / t) (ybar / (1 - ybar))]; the slopes are right as they are. For the other links the
                intercept is chosen so that the mean probability of the rows of the fit is t, events weighted by
                t / ybar and non-events by (1 - t) / (1 - ybar); their slopes are right only if the fit itself had
                these as class weights. Intervals move with the intercept.
            unknown: what to do with a level the fit has not seen: "error", "nan" or "reference".
            offset: offset of the new rows where the fit had one that was not a column.

        Returns:
            A Series or frame with one row per row given, in its order and index; NaN where something is missing.

        Raises:
            OptionError: a prevalence outside (0, 1), or with scale="weighted".
            NotApplicable: an interval around ridge estimates, which are biased.
            DataError: a column is missing or cannot be used.
            UnknownLevelError: a level the fit has not seen, with unknown="error".

        Warns:
            GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

        References: King & Zeng (2001), Political Analysis 9, 137-163; Manski & Lerman (1977), Econometrica 45.

        """
        wanted = Wanted(interval, kind, scale, prevalence)
        predictor = self.predictor
        if prevalence is not None:
            predictor = replace(predictor, prior_shift=self.prevalence_shift(prevalence))
        if new_data is not None:
            return predictor.predict(new_data, wanted, unknown=unknown, offset=offset)
        held = self.held
        return predictor.of_eta(np.asarray(self.weighted_eta), held.matrix, held.used, held.index, wanted)

    @cached_property
    def predictor(self) -> Predictor:
        """What a prediction needs of this fit, without its rows."""
        return Predictor(
            recipe=self.design.recipe,
            link=self.link,
            working=self.working,
            covariance=self.covariance,
            centred=self.centred,
            separation=self.separation,
            prior_shift=self.prior_shift,
            aliased=self.solution.aliased,
            sampled_odds=sampled_odds(self.design),
            penalty=self.penalty,
        )

    @cached_property
    def trace(self) -> pd.DataFrame:
        """How the estimates were reached, one row an iteration or epoch; see `glmlr.training.frames.trace_frame`."""
        from glmlr.training.frames import trace_frame

        return trace_frame(self.solution, self.names, self.design.totals.weight, self.design.totals.rows)

    # ------------------------------------------------------------------ what must be said

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What every output must carry: the event, the weights, the kind of standard errors, what went wrong."""
        return account(self.design, self.link, self.solution, self.separation, self.covariance_kind, self.penalty)

    def _repr_html_(self) -> str:
        return str(self.summary()._repr_html_())

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        return f"<glmlr.Fit {self.design.formula!r}, {self.link.name}, n = {self.nobs:,}, modelling P({self.event})>"

    def _named(self, values: Floats, name: str) -> pd.Series:
        return pd.Series(np.array(values, dtype=np.float64), index=self._index, name=name)

    @cached_property
    def _index(self) -> pd.Index:
        """The names as an index, which all that is given by coefficient shares."""
        return pd.Index(self.names)

    def _per_row(self, values: Floats, name: str) -> pd.Series:
        return spread(values, self.held.used, self.held.index, name)
