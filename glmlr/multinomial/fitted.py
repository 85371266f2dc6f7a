"""What is a fitted model of several classes? Its estimates, likelihood, probabilities, and what must be said."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import log_ndtr, ndtr

from glmlr.classes.scores import ClassScores
from glmlr.criteria import Likelihood
from glmlr.design import DesignInMemory
from glmlr.errors import (
    explained_arguments,
    suggestion,
)
from glmlr.late import LateMethod
from glmlr.multinomial.account import class_account
from glmlr.multinomial.design import ClassDesign
from glmlr.multinomial.prediction import ClassPredictor, WantedClasses
from glmlr.multinomial.response import Classes
from glmlr.multinomial.solution import MultinomialSolution
from glmlr.prediction import bounds
from glmlr.proportions import normal_quantile

Floats = npt.NDArray[np.float64]

#: What binomial models have -> what serves here.
_INSTEAD: Final = {
    "odds_ratios": "relative_risk_ratios() has the ratios against the reference class",
    "event": "every class is modelled, and .classes names them",
    "link": "it is the logit of each class against the reference",
    "scored": ".class_scores has the probabilities of all classes",
    "ranking": ".class_scores has the probabilities of all classes",
}


@dataclass(frozen=True, eq=False)
class MultinomialFit(Likelihood):
    """A fitted multinomial logit (n = rows used, J = classes, m = J - 1, k = design columns).

    The log-odds of each class against the reference are linear in the columns, with coefficients of their own.

    Attributes:
        class_design: the formula applied to the rows, and the classes.
        solution: estimates and how they were reached; infinite where separated, NaN where aliased or not determined.
        null_loglik: log-likelihood of the model with intercepts alone.
        inner: covariance of the stacked coefficients of the estimated columns in their units.
        covariance: of the estimates, class by class, shape (m k, m k); NaN where there is no finite estimate.
        covariance_kind: a key of `glmlr.covariance.KINDS`.

    """

    class_design: ClassDesign
    solution: MultinomialSolution
    null_loglik: float
    inner: Floats
    covariance: Floats
    covariance_kind: str

    def __getattr__(self, name: str) -> Any:
        """Say what a model of several classes has instead, or what was meant."""
        known = [one for one in dir(type(self)) if not one.startswith("_")]
        hint = f"; {_INSTEAD[name]}." if name in _INSTEAD else suggestion(name, known) or "."
        raise AttributeError(f"A model of several classes has no {name!r}{hint}")

    # ------------------------------------------------------------------ estimates

    @property
    def classes(self) -> Classes:
        """The classes in order, and the reference."""
        return self.class_design.classes

    @property
    def design(self) -> DesignInMemory:
        """The formula applied to the rows, as for two classes; its event is "not the reference"."""
        return self.class_design.rows

    @property
    def held(self) -> DesignInMemory:
        """The design with its rows."""
        return self.class_design.rows

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the design columns, length k."""
        return self.design.names

    @property
    def response(self) -> str:
        """Name of the response."""
        return self.classes.response

    @cached_property
    def params(self) -> pd.DataFrame:
        """Estimates, k x m: a row for each column of the design, a column for each class but the reference."""
        return self._by_class(self.solution.beta)

    @cached_property
    def bse(self) -> pd.DataFrame:
        """Standard errors, k x m; NaN where there is no finite estimate."""
        return self._by_class(np.sqrt(np.diag(self.covariance)).reshape(self.solution.beta.shape))

    @cached_property
    def z(self) -> pd.DataFrame:
        """Wald statistics, estimate / standard error, k x m."""
        with np.errstate(invalid="ignore"):
            return self.params / self.bse

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided Wald p-values, k x m."""
        return self._by_class(2.0 * ndtr(-np.abs(self.z.to_numpy().T)))

    @cached_property
    def log10_pvalues(self) -> pd.DataFrame:
        """Base-10 logarithm of the Wald p-values, finite where the p-value underflows, k x m."""
        return self._by_class((np.log(2.0) + log_ndtr(-np.abs(self.z.to_numpy().T))) / np.log(10.0))

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the estimates, m k x m k, named by class and column on both sides."""
        return pd.DataFrame(self.covariance.copy(), index=self._stacked, columns=self._stacked)

    @explained_arguments
    def conf_int(self, *, level: float = 0.95) -> pd.DataFrame:
        """Wald intervals, m k x 2 with columns low and high, named by class and column; see `Fit.conf_int`.

        Raises:
            OptionError: a level outside (0, 1).

        """
        low, high = self.interval(level)
        return pd.DataFrame({"low": low.ravel(), "high": high.ravel()}, index=self._stacked)

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Lower and upper bounds of `conf_int`, shape (m, k) each."""
        return bounds(self.solution.beta, normal_quantile(level) * self.bse.to_numpy().T)

    # ------------------------------------------------------------------ likelihood

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom, n - k (J - 1) as statsmodels has it; R's VGAM counts n (J - 1) in place of n."""
        return self.nobs - self.rank

    @property
    def df_model(self) -> int:
        """Degrees of freedom beyond the model with intercepts alone."""
        return self.rank - len(self.classes.others)

    # ------------------------------------------------------------------ fitted values

    @cached_property
    def predictor(self) -> ClassPredictor:
        """What a prediction needs of this fit."""
        weights = self.class_design.class_weights
        shift = np.zeros(self.classes.size) if weights is None else np.log(weights[list(self.classes.order)])
        solution = self.solution
        recipe, classes = self.design.recipe, self.classes
        return ClassPredictor(recipe, classes, solution.linear, solution.aliased, self.inner, shift - shift[0])

    @cached_property
    def probabilities(self) -> Floats:
        """Fitted probability of every class for the rows used, shape (n, J), corrected for class weights."""
        found = self.predictor.in_order(np.exp(self.predictor.log_probabilities(self.design.matrix())))
        found.flags.writeable = False
        return found

    @cached_property
    def fitted_values(self) -> pd.DataFrame:
        """Fitted probabilities for every row read, in its order and with its index; NaN where a row was dropped."""
        everywhere = np.full((self.design.used.size, self.classes.size), np.nan)
        everywhere[self.design.used] = self.probabilities
        return pd.DataFrame(everywhere, index=self.design.index, columns=pd.Index(self.classes.values, name="class"))

    @cached_property
    def class_scores(self) -> ClassScores:
        """The class of each row used beside its probabilities, for what judges any classifier (frequencies only)."""
        return ClassScores(
            classes=self.classes.values,
            outcome=self.class_design.outcome,
            probabilities=self.probabilities,
            weight=self.design.weight,
            fitted=True,
            response=self.response,
            notes=self.scale_notes,
            reference=self.classes.reference,
        )

    @property
    def scale_notes(self) -> tuple[str, ...]:
        """Say on which scale the probabilities are, where class weights make two of them."""
        if self.class_design.class_weights is None:
            return ()
        return (
            "Probabilities are corrected for the class weights: each divided by its class's weight, to add up to 1.",
        )

    @explained_arguments
    def predict(
        self,
        new_data: Any = None,
        *,
        kind: str = "probability",
        interval: float | bool | None = None,
        scale: str = "corrected",
        unknown: str = "error",
    ) -> pd.DataFrame | pd.Series:
        """Predict the probability of every class, the most probable class, or the log-odds against the reference.

        Args:
            new_data: rows to score, anything `fit` takes; None for the rows of the fit.
            kind: "probability" for a frame with a column for each class, "class" for a Series with the most probable
                one (the first among equals), or "link" for a frame with the log-odds of each class against the
                reference.
            interval: None; a level such as 0.95 (or True for 0.95) for columns (class, estimate), (class, low) and
                (class, high). Intervals are made on the scale of log-odds of the class against all others (of "link",
                against the reference), so that they stay in [0, 1]; where separation leaves a probability undetermined
                they are all of [0, 1].
            scale: "corrected" takes off what class weights added to the intercepts; "weighted" leaves it.
            unknown: what to do with a level of a predictor that the fit has not seen: "error", "nan" or "reference".

        Returns:
            One row per row given, in its order and index; NaN (None for a class) where something is missing.

        Raises:
            OptionError: a kind, a scale or a level that does not exist.
            DataError: a column is missing or cannot be used.
            UnknownLevelError: a level the fit has not seen, with unknown="error".

        Warns:
            GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

        """
        wanted = WantedClasses(interval, kind, scale)
        if new_data is None:
            return self.predictor.frame(self.design.matrix(), self.design.used, self.design.index, wanted)
        return self.predictor.predict(new_data, wanted, unknown=unknown)

    def statsmodels(self) -> Any:
        """Give statsmodels' MNLogit results on the same design, started from these estimates, its standard errors.

        Aliased columns are left out; robust and clustered standard errors are not carried over.

        Raises:
            NotApplicable: the fit has weights, which MNLogit does not take, or estimates that are not finite.

        """
        from glmlr.multinomial.mnlogit import mnlogit_results

        return mnlogit_results(self.class_design, self.solution, self.solution.beta)

    # ------------------------------------------------------------------ what must be said

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What every output must carry: the classes and the reference, the weights, what went wrong."""
        return class_account(self.class_design, self.solution, self.covariance_kind)

    def _repr_html_(self) -> str:
        return str(self.summary()._repr_html_())

    def __str__(self) -> str:
        """Print the summary."""
        return str(self.summary())

    def __repr__(self) -> str:
        """Name the model, its size and the reference."""
        against = f"{self.response} against {self.classes.reference_label}"
        return f"<glmlr.MultinomialFit {self.design.formula!r}, n = {self.nobs:,}, modelling {against}>"

    def _by_class(self, values: Floats) -> pd.DataFrame:
        """Name values of shape (m, k)."""
        columns = pd.Index(list(self.classes.others), name=self.response)
        return pd.DataFrame(np.array(values.T, dtype=np.float64), index=pd.Index(self.names), columns=columns)

    @cached_property
    def _stacked(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_product([list(self.classes.others), list(self.names)], names=[self.response, "term"])


#: What is loaded when it is asked for: module -> the methods that it binds on `MultinomialFit`.
_LATE: Final = {
    "glmlr.multinomial.estimates": ("coefficients",),
    "glmlr.multinomial.risk_ratios": ("relative_risk_ratios",),
    "glmlr.multinomial.hypotheses": ("global_tests", "term_tests", "combining_tests"),
    "glmlr.multinomial.goodness": ("goodness_of_fit", "response_profile"),
    "glmlr.multinomial.effects": ("marginal_effects", "adjusted_probabilities"),
    "glmlr.multinomial.report": ("summary", "report"),
    "glmlr.saving.model_file": ("save",),
}

#: The same of what needs classes and probabilities only, and is bound on `ClassScores` too.
_LATE_OF_SCORES: Final = {
    "glmlr.classes.confusion": ("confusion",),
    "glmlr.classes.rates": ("classification_report",),
    "glmlr.classes.top_k": ("top_k",),
    "glmlr.classes.rocs": ("roc",),
    "glmlr.classes.scoring": ("scoring_rules",),
    "glmlr.classes.calibration": ("calibration",),
    "glmlr.classes.hosmer_lemeshow": ("hosmer_lemeshow",),
}

for _owner, _late in ((MultinomialFit, _LATE | _LATE_OF_SCORES), (ClassScores, _LATE_OF_SCORES)):
    for _module, _names in _late.items():
        for _name in _names:
            if _name not in vars(_owner):  # a module that something else has loaded has bound it
                setattr(_owner, _name, LateMethod(_name, _module))
