"""What can a fitted model do without its data? Score new rows, and say what it found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import explained_arguments
from glmlr.prediction import Predictor, Wanted

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoringModel:
    """A fitted model without its data (k = design columns): what it found, and all that new rows need to be scored.

    Attributes:
        predictor: builds design columns of new rows and predicts.
        estimates: coefficients, shape (k,): infinite where separated, NaN where aliased.
        covariance_kind: a key of `glmlr.covariance.KINDS`.
        rows_read: rows of the data it was fitted to.
        rows_used: those without anything missing.
        notes: what every output of the fit said: the event, the weights, what went wrong.
        written_by: the version of glmlr that fitted it.

    """

    predictor: Predictor
    estimates: Floats
    covariance_kind: str
    rows_read: int
    rows_used: int
    notes: tuple[str, ...]
    written_by: str

    @property
    def formula(self) -> str:
        """The formula of the fit."""
        return self.predictor.recipe.formula.text

    @property
    def link(self) -> str:
        """Name of the link: "logit", "probit" or "cloglog"."""
        return self.predictor.link.name

    @property
    def event(self) -> str:
        """The outcome that is modelled, "low = 1"."""
        return self.predictor.recipe.event.label

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients, length k."""
        return self.predictor.recipe.names

    @cached_property
    def params(self) -> pd.Series:
        """Estimates by name, length k; NaN where aliased, infinite where separated."""
        return pd.Series(self.estimates.copy(), index=list(self.names), name="estimate")

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors by name, length k; NaN where there is no finite estimate."""
        errors = np.sqrt(np.diag(self.predictor.covariance))
        return pd.Series(errors, index=list(self.names), name="std_error")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the estimates, k x k, named on both sides."""
        names = list(self.names)
        return pd.DataFrame(self.predictor.covariance.copy(), index=names, columns=names)

    @explained_arguments
    def predict(
        self,
        new_data: Any,
        *,
        interval: float | bool | None = None,
        kind: str = "probability",
        scale: str = "corrected",
        prevalence: float | None = None,
        unknown: str = "error",
        offset: Any = None,
    ) -> pd.Series | pd.DataFrame:
        """Predict the probability of the event, or the linear predictor, as `Fit.predict` of the fit that was saved.

        Args:
            new_data: rows to score, anything `glmlr.fit` takes.
            interval: None for a Series; a level such as 0.95 (or True for 0.95) for a frame with columns estimate,
                low and high, built on the link scale.
            kind: "probability" or "link".
            scale: "corrected" removes what class weights added to the intercept; "weighted" leaves it.
            prevalence: share of the event in the population that is predicted for, in (0, 1), where the rows of the
                fit were drawn by outcome; see `Fit.predict`. Models with a logit link alone have it without their rows.
            unknown: what to do with a level the fit has not seen: "error", "nan" or "reference".
            offset: offset of the new rows where the fit had one that was not a column.

        Returns:
            A Series or frame with one row per row given, in its order and index; NaN where something is missing.

        Raises:
            NotApplicable: a prevalence, with another link than the logit.
            OptionError: a prevalence outside (0, 1), or with scale="weighted".
            DataError: a column is missing or cannot be used.
            UnknownLevelError: a level the fit has not seen, with unknown="error".

        Warns:
            GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

        """
        wanted = Wanted(interval, kind, scale, prevalence)
        return self.predictor.at_prevalence(prevalence).predict(new_data, wanted, unknown=unknown, offset=offset)

    def __repr__(self) -> str:
        """Name the model."""
        return (
            f"<glmlr.ScoringModel {self.formula!r}, {self.link}, fitted to {self.rows_used:,} rows, modelling "
            f"P({self.event})>"
        )
