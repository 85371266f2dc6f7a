"""What can a fitted model of several classes do without its data? Give the probability of every class in new rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import explained_arguments
from glmlr.multinomial.prediction import ClassPredictor, WantedClasses
from glmlr.multinomial.response import Classes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassScoringModel:
    """A fitted model of several classes without its data (m = classes but the reference, k = design columns).

    Attributes:
        predictor: builds design columns of new rows and predicts.
        estimates: coefficients, shape (m, k): infinite where separated, NaN where aliased or not determined.
        covariance: of the estimates, class by class, shape (m k, m k); NaN where there is no finite estimate.
        covariance_kind: a key of `glmlr.covariance.KINDS`.
        rows_read: rows of the data it was fitted to.
        rows_used: those without anything missing.
        notes: what every output of the fit said: the classes and the reference, the weights, what went wrong.
        written_by: the version of glmlr that fitted it.

    """

    predictor: ClassPredictor
    estimates: Floats
    covariance: Floats
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
    def classes(self) -> Classes:
        """The classes in order, and the reference."""
        return self.predictor.classes

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the design columns, length k."""
        return self.predictor.recipe.names

    @cached_property
    def params(self) -> pd.DataFrame:
        """Estimates, k x m: a row for each column of the design, a column for each class but the reference."""
        return self._by_class(self.estimates)

    @cached_property
    def bse(self) -> pd.DataFrame:
        """Standard errors, k x m; NaN where there is no finite estimate."""
        return self._by_class(np.sqrt(np.diag(self.covariance)).reshape(self.estimates.shape))

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the estimates, m k x m k, named by class and column on both sides."""
        names = [self.classes.response, "term"]
        stacked = pd.MultiIndex.from_product([list(self.classes.others), list(self.names)], names=names)
        return pd.DataFrame(self.covariance.copy(), index=stacked, columns=stacked)

    @explained_arguments
    def predict(
        self,
        new_data: Any,
        *,
        kind: str = "probability",
        interval: float | bool | None = None,
        scale: str = "corrected",
        unknown: str = "error",
    ) -> pd.DataFrame | pd.Series:
        """Predict the probability of every class, as `MultinomialFit.predict` of the fit that was saved.

        Args:
            new_data: rows to score, anything `glmlr.fit` takes.
            kind: "probability", "class" for the most probable one, or "link" for the log-odds against the reference.
            interval: None; a level such as 0.95 (or True for 0.95) for columns (class, estimate), (class, low) and
                (class, high).
            scale: "corrected" takes off what class weights added to the intercepts; "weighted" leaves it.
            unknown: what to do with a level the fit has not seen: "error", "nan" or "reference".

        Returns:
            One row per row given, in its order and index; NaN (None for a class) where something is missing.

        Raises:
            OptionError: a kind, a scale or a level that does not exist.
            NotApplicable: an interval of a class.
            DataError: a column is missing or cannot be used.
            UnknownLevelError: a level the fit has not seen, with unknown="error".

        Warns:
            GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

        """
        return self.predictor.predict(new_data, WantedClasses(interval, kind, scale), unknown=unknown)

    def __repr__(self) -> str:
        """Name the model."""
        against = f"{self.classes.response} against {self.classes.reference_label}"
        return f"<glmlr.ClassScoringModel {self.formula!r}, fitted to {self.rows_used:,} rows, modelling {against}>"

    def _by_class(self, values: Floats) -> pd.DataFrame:
        columns = pd.Index(list(self.classes.others), name=self.classes.response)
        return pd.DataFrame(np.array(values.T, dtype=np.float64), index=pd.Index(self.names), columns=columns)
