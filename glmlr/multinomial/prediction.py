"""What does a model of several classes say of rows? The probability of every class, with intervals on a right scale."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from glmlr.conditioning import Alias
from glmlr.design.recipe import NewRows, Recipe, applied
from glmlr.errors import GlmlrWarning, NotApplicable, one_of
from glmlr.multinomial.linear_predictors import LinearPredictors
from glmlr.multinomial.response import Classes
from glmlr.multinomial.softmax import log_softmax
from glmlr.prediction import SCALES, Wanted, broken_rows, broken_sentence

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

KINDS_OF_CLASS_PREDICTION: Final = ("probability", "class", "link")


@dataclass(frozen=True)
class WantedClasses:
    """What a prediction should look like.

    Attributes:
        interval: None or False for estimates alone, a confidence level, or True for 0.95.
        kind: "probability" of every class, "class" for the most probable one, or "link" for the log-odds of every
            class against the reference.
        scale: "corrected" removes what class weights added to the intercepts; "weighted" leaves it.

    """

    interval: float | bool | None = None
    kind: str = "probability"
    scale: str = "corrected"

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS_OF_CLASS_PREDICTION)
        one_of("scale", self.scale, SCALES)
        if self.has_interval:
            _ = self.quantile
            if self.kind == "class":
                raise NotApplicable('A class has no interval; ask for kind="probability" or "link".')

    @property
    def has_interval(self) -> bool:
        """Whether low and high are wanted beside the estimate."""
        return self.interval is not None and self.interval is not False

    @property
    def quantile(self) -> float:
        """Half the width of the interval in standard errors."""
        return Wanted(self.interval).quantile


@dataclass(frozen=True, eq=False)
class ClassPredictor:
    """What a prediction needs of a fit, without its rows (J classes, m = J - 1, q estimated columns).

    Attributes:
        recipe: makes design columns of new rows.
        classes: the classes.
        linear: their linear predictors.
        aliased: the columns without an estimate.
        inner: covariance of the stacked coefficients in the units of the estimated columns, shape (m q, m q).
        shift: what class weights added to the log-odds of each class, the reference first, shape (J,).

    """

    recipe: Recipe
    classes: Classes
    linear: LinearPredictors
    aliased: tuple[Alias, ...]
    inner: Floats
    shift: Floats

    def log_probabilities(self, x: Floats, scale: str = "corrected") -> Floats:
        """Give the log-probability of every class, the reference first, for design rows x (n, k), shape (n, J)."""
        logs = self.linear.log_probabilities(x)
        return logs if scale == "weighted" or not self.shift.any() else log_softmax((logs - self.shift).T).T

    def predict(self, new_data: Any, wanted: WantedClasses, *, unknown: str) -> pd.DataFrame | pd.Series:
        """Give what is wanted of new rows; see `MultinomialFit.predict`.

        Warns:
            GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

        """
        rows = applied(self.recipe, new_data, unknown, None)
        for alias in self.aliased:
            if broken := broken_rows(alias, rows.matrix):
                # From here through the public method and the check of its arguments to the caller.
                warnings.warn(broken_sentence(self.recipe.names, alias, broken), GlmlrWarning, stacklevel=4)
        return self.of_new_rows(rows, wanted)

    def of_new_rows(self, rows: NewRows, wanted: WantedClasses) -> pd.DataFrame | pd.Series:
        """Give what is wanted of new rows whose design columns are there."""
        return self.frame(rows.matrix, rows.complete, rows.index, wanted)

    def frame(self, x: Floats, complete: Bools, index: pd.Index, wanted: WantedClasses) -> pd.DataFrame | pd.Series:
        """Give what is wanted for all rows, those that are not complete without a value.

        Args:
            x: design columns of the complete rows, shape (m, k).
            complete: which of all rows are complete.
            index: of all rows.
            wanted: what to give.

        """
        logs = self.log_probabilities(x, wanted.scale)
        if wanted.kind == "class":
            return self._class(logs, complete, index)
        if wanted.kind == "link":
            with np.errstate(invalid="ignore"):
                values, names = logs[:, 1:] - logs[:, :1], list(self.classes.others)
        else:
            values, names = self.in_order(np.exp(logs)), list(self.classes.values)
        if not wanted.has_interval:
            return pd.DataFrame(_spread(values, complete), index=index, columns=_columns(names))
        low, high = self._bounds(x, logs, wanted)
        parts = np.stack([values, low, high], axis=2).reshape(values.shape[0], -1)
        both = pd.MultiIndex.from_product([names, ["estimate", "low", "high"]], names=["class", None])
        return pd.DataFrame(_spread(parts, complete), index=index, columns=both)

    def in_order(self, values: Floats) -> Floats:
        """Put values by class, the reference first, shape (n, J), into the order of the classes."""
        back = np.empty(self.classes.size, dtype=np.intp)
        back[list(self.classes.order)] = np.arange(self.classes.size)
        return np.asarray(values[:, back])

    def _class(self, logs: Floats, complete: Bools, index: pd.Index) -> pd.Series:
        """Give the most probable class, the first among equals."""
        chosen = np.full(complete.size, -1, dtype=np.intp)
        chosen[complete] = np.argmax(self.in_order(logs), axis=1)
        # Missing where a row is not complete; the values are those of the response.
        values = np.array([*self.classes.values, None], dtype=object)[chosen]
        whole = values.tolist() if complete.all() else values
        return pd.Series(whole, index=index, name="class", dtype=None if complete.all() else object)

    def _bounds(self, x: Floats, logs: Floats, wanted: WantedClasses) -> tuple[Floats, Floats]:
        """Give the ends of intervals, which are made on the scale of log-odds."""
        if wanted.kind == "link":
            m = self.classes.size - 1
            with np.errstate(invalid="ignore"):
                center = logs[:, 1:] - logs[:, :1]
            return self._widened(x, center, np.broadcast_to(np.eye(m), (x.shape[0], m, m)), wanted)
        with np.errstate(divide="ignore"):
            center = logs - np.log(_complement(logs))
        low, high = self._widened(x, center, _log_odds_gradient(logs), wanted)
        return self.in_order(expit(low)), self.in_order(expit(high))

    def _widened(self, x: Floats, center: Floats, gradient: Floats, wanted: WantedClasses) -> tuple[Floats, Floats]:
        """Give center -+ half; all of the line where it is infinite, or rests on what separation leaves open."""
        half = wanted.quantile * np.sqrt(self.linear.variances(x, gradient, self.inner))
        with np.errstate(invalid="ignore"):
            low, high = center - half, center + half
        unknown = ~np.isfinite(center) | ~np.isfinite(half) | self.linear.undetermined(x, gradient)
        return np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high)


def _complement(logs: Floats) -> Floats:
    """Give 1 - p of each class as the sum of the others, shape (n, J)."""
    chance = np.exp(logs)
    return np.column_stack([np.delete(chance, at, axis=1).sum(axis=1) for at in range(chance.shape[1])])


def _log_odds_gradient(logs: Floats) -> Floats:
    """Give the gradient of each class's log-odds by the linear predictors but the reference's, shape (n, J, J - 1)."""
    chance, rest = np.exp(logs), _complement(logs)
    with np.errstate(divide="ignore", invalid="ignore"):
        gradient = -chance[:, None, :] / rest[:, :, None]
    at = np.arange(logs.shape[1])
    gradient[:, at, at] = 1.0
    return np.asarray(np.nan_to_num(gradient[:, :, 1:], nan=0.0, posinf=0.0, neginf=0.0))


def _columns(names: list[Any]) -> pd.Index:
    index: pd.Index = pd.Index(names, name="class")
    return index


def _spread(values: Floats, complete: Bools) -> Floats:
    """Put rows back among all rows, NaN in the others."""
    everywhere = np.full((complete.size, values.shape[1]), np.nan)
    everywhere[complete] = values
    return everywhere
