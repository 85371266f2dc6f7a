"""What does a fitted model say of new rows? Their linear predictors and probabilities, with intervals.

A `Predictor` holds what a prediction needs and no rows: a fit makes one of itself, a model file is one that was stored.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import linear_predictor
from glmlr.conditioning import Alias
from glmlr.covariance import CentredCovariance, variance_of
from glmlr.design.recipe import NewRows, Recipe, applied
from glmlr.errors import GlmlrWarning, NotApplicable, OptionError, one_of
from glmlr.links import Link
from glmlr.penalised.penalties import Penalty
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.proportions import normal_quantile
from glmlr.separation import Separation
from glmlr.sources import Source

if TYPE_CHECKING:
    from glmlr.sources.parts import Stream

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SCALES: Final = ("corrected", "weighted")
KINDS_OF_PREDICTION: Final = ("probability", "link")


@dataclass(frozen=True)
class Wanted:
    """What a prediction should look like, refused before any row is read where it cannot be had.

    Attributes:
        interval: None or False for estimates alone, a confidence level, or True for 0.95.
        kind: "probability" or "link".
        scale: "corrected" removes what class weights added to the intercept; "weighted" leaves it.
        prevalence: share of events in the population that is predicted for, in (0, 1); None for that of the fit.

    """

    interval: float | bool | None = None
    kind: str = "probability"
    scale: str = "corrected"
    prevalence: float | None = None

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS_OF_PREDICTION)
        one_of("scale", self.scale, SCALES)
        if self.prevalence is not None:
            checked_prevalence(self.prevalence)
            if self.scale != "corrected":
                raise OptionError(
                    f"prevalence={self.prevalence} and scale={self.scale!r} contradict each other: the one sets the "
                    "intercept for a population, the other leaves it as class weights made it; give one of them."
                )
        if self.has_interval:
            _ = self.quantile

    @property
    def has_interval(self) -> bool:
        """Whether low and high are wanted beside the estimate."""
        return self.interval is not None and self.interval is not False

    @property
    def quantile(self) -> float:
        """Half the width of the interval in standard errors."""
        return normal_quantile(0.95 if self.interval is True else float(self.interval or 0.0))


@dataclass(frozen=True, eq=False)
class Predictor:
    """What a prediction needs (k = design columns), without the rows of the fit.

    Attributes:
        recipe: builds the design columns of new rows.
        link: logit, probit or cloglog.
        working: finite coefficients that give the fitted values, shape (k,): 0 where aliased or infinite.
        covariance: of the estimates, shape (k, k); NaN where there is no finite estimate.
        centred: what linear predictors vary by: of centred columns where some column is far from 0, and where rows are
            separated of the columns that determine the rows left; else None, where `covariance` says it all.
        separation: None, or the direction beyond which predictions are 0 or 1.
        prior_shift: what class weights added to the intercept, or what to take off it for a prevalence.
        aliased: columns without an estimate, with what determined them in the fit.
        sampled_odds: odds of the event among the trials of the fit, without class weights; None where not known.
        penalty: what was taken off the log-likelihood, or None.

    """

    recipe: Recipe
    link: Link
    working: Floats
    covariance: Floats
    centred: CentredCovariance | None
    separation: Separation | None
    prior_shift: float
    aliased: tuple[Alias, ...]
    sampled_odds: float | None = None
    penalty: Penalty | None = None

    def refuse_interval(self, wanted: Wanted) -> None:
        """Refuse intervals around what a ridge penalty has shrunk.

        Raises:
            NotApplicable: an interval is wanted, and the estimates are biased.

        """
        if wanted.has_interval:
            refuse_shrunken(self.penalty, "An interval of a prediction")

    def at_prevalence(self, prevalence: float | None) -> Predictor:
        """Give the same for a population in which the event has another share, the rows of the fit drawn by outcome.

        Raises:
            NotApplicable: the link is not the logit, where the intercept is found from the rows of the fit.

        """
        if prevalence is None:
            return self
        if self.link.name != "logit":
            raise NotApplicable(
                f"prevalence= moves the intercept of a {self.link.name} model by the rows of the fit, which are not "
                "kept with the model; use predict(prevalence=...) of the fit itself, or a logit model."
            )
        if self.sampled_odds is None:
            raise NotApplicable(
                "prevalence= needs the share of events in the fit, which model files of this version do not hold; "
                "save the model again."
            )
        return replace(self, prior_shift=self.prior_shift + log_odds_beyond(self.sampled_odds, prevalence))

    def predict(self, new_data: Any, wanted: Wanted, *, unknown: str, offset: Any) -> pd.Series | pd.DataFrame:
        """Predict for new rows; see `Fit.predict`.

        Warns:
            GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

        """
        self.refuse_interval(wanted)
        if not isinstance(new_data, (pd.DataFrame, Mapping)):
            from glmlr.sources.parts import rows_in_parts

            stream = rows_in_parts(new_data)
            if stream is not None:
                return self._predict_in_parts(stream, wanted, unknown, offset)
        rows = applied(self.recipe, new_data, unknown, offset)
        for alias in self.aliased:
            if broken := broken_rows(alias, rows.matrix):
                # From here through the public method and the check of its arguments to the caller.
                warnings.warn(broken_sentence(self.recipe.names, alias, broken), GlmlrWarning, stacklevel=4)
        return self.of_new_rows(rows, wanted)

    def _predict_in_parts(self, stream: Stream, wanted: Wanted, unknown: str, offset: Any) -> pd.Series | pd.DataFrame:
        """Predict for rows that are read in parts; only the predictions are held."""
        if offset is not None and not isinstance(offset, str):
            raise OptionError("offset must be the name of a column where rows are read in parts; add it to the data.")

        def predicted(source: Source) -> list[pd.Series | pd.DataFrame]:
            return [self.predict(source, wanted, unknown=unknown, offset=offset)]

        # A model may read no column at all; without any there would be no rows.
        names = columns_scored(self.recipe) or list(stream.names[:1])
        parts: list[Any] = stream.only([name for name in names if name in stream.names]).over(predicted, list.__add__)
        found: pd.Series | pd.DataFrame = pd.concat(parts) if len(parts) > 1 else parts[0]
        return found

    def of_new_rows(self, rows: NewRows, wanted: Wanted) -> pd.Series | pd.DataFrame:
        """Predict for new rows whose design columns are there."""
        return self.of_eta(self.eta(rows), lambda: rows.matrix, rows.complete, rows.index, wanted)

    def of_eta(
        self, eta: Floats, columns: Callable[[], Floats], complete: Bools, index: pd.Index, wanted: Wanted
    ) -> pd.Series | pd.DataFrame:
        """Turn linear predictors into what is wanted.

        Args:
            eta: linear predictors of the complete rows as the coefficients give them, shape (m,).
            columns: gives their design columns, shape (m, k); asked where an interval is wanted.
            complete: which of all rows are complete.
            index: of all rows.
            wanted: what to give.

        Returns:
            A Series named by the kind, or a frame with columns estimate, low and high; NaN where a row is incomplete.

        """
        eta = eta - (self.prior_shift if wanted.scale == "corrected" else 0.0)
        transform = self.link.mean if wanted.kind == "probability" else np.asarray
        if not wanted.has_interval:
            return spread(transform(eta), complete, index, wanted.kind)
        self.refuse_interval(wanted)
        low, high = bounds(eta, wanted.quantile * self.error(columns()))
        parts = {"estimate": eta, "low": low, "high": high}
        return pd.DataFrame({name: spread(transform(values), complete, index, name) for name, values in parts.items()})

    def eta(self, rows: NewRows) -> Floats:
        """Linear predictor of complete new rows, shape (m,); infinite on the far side of a separating direction."""
        return eta_of(rows.matrix.T, self.working, rows.offset, self.separation)

    def error(self, x: Floats) -> Floats:
        """Standard error of the linear predictor of rows x of shape (m, k), shape (m,).

        It is infinite where separation leaves nothing that tells how an infinite estimate in it varies.
        """
        if self.centred is not None:
            return np.asarray(np.sqrt(self.centred.of(x)))
        error = np.sqrt(variance_of(self.covariance, x))
        if self.separation is None:
            return np.asarray(error)
        loose = self.separation.infinite | self.separation.undetermined
        return np.asarray(np.where((x[:, loose] != 0).any(axis=1), np.inf, error))


def eta_of(x: Floats, working: Floats, offset: Floats | None, separation: Separation | None) -> Floats:
    """Give the linear predictor of rows x of shape (k, b); infinite on the far side of a separating direction."""
    side = None if separation is None else separation.side(x.T)
    return with_infinite(linear_predictor(x, working, offset), side)


def with_infinite(eta: Floats, side: Floats | None) -> Floats:
    """Give linear predictors, infinite for rows on a side (+1 or -1; 0 is none) of a separating direction, if any."""
    return eta if side is None else np.asarray(np.where(side == 0, eta, np.copysign(np.inf, side)))


def checked_prevalence(prevalence: float) -> float:
    """Give a share of events.

    Raises:
        OptionError: it is none, or 0 or 1.

    """
    number = isinstance(prevalence, (int, float, np.number)) and not isinstance(prevalence, bool)
    if not number or not 0 < prevalence < 1:
        raise OptionError(f"prevalence={prevalence!r} is not a share of events between 0 and 1, such as 0.02.")
    return float(prevalence)


def log_odds_beyond(odds: float, prevalence: float) -> float:
    """Give by how much the log-odds of the event are larger in a sample than in its population.

    Reference: King & Zeng (2001), Political Analysis 9, 137-163, equation 7.
    """
    return float(np.log(odds) + np.log1p(-prevalence) - np.log(prevalence))


def columns_scored(recipe: Recipe) -> list[str]:
    """Name the columns that a prediction depends on, each once."""
    offsets = [column for one in recipe.offsets for column in one.expression.reads]
    given = [recipe.offset_column] if recipe.offset_column else []
    return list(dict.fromkeys([*recipe.formula.predictors, *offsets, *given]))


def columns_required(recipe: Recipe) -> list[str]:
    """Name the columns without which a row has no prediction, each once."""
    return [name for name in columns_scored(recipe) if name not in recipe.formula.tolerates]


def bounds(center: Floats, half: Floats) -> tuple[Floats, Floats]:
    """Give center - half and center + half; all of the line where the center is infinite."""
    with np.errstate(invalid="ignore"):
        low, high = center - half, center + half
    infinite = np.isinf(center)
    return np.where(infinite, -np.inf, low), np.where(infinite, np.inf, high)


def spread(values: Floats, complete: Bools, index: pd.Index, name: str) -> pd.Series:
    """Put values of complete rows back among all rows, NaN in the others."""
    everywhere = np.full(complete.size, np.nan)
    everywhere[complete] = values
    return pd.Series(everywhere, index=index, name=name)


# ------------------------------------------------------------------------------------------------ aliased columns


def broken_rows(alias: Alias, x: Floats) -> int:
    """Count the rows x of shape (m, k) in which an aliased column is not what it was in every row of the fit."""
    terms = [value * x[:, position] for position, value in alias.depends_on]
    own = x[:, alias.column]
    size = np.abs(own) + sum((np.abs(term) for term in terms), np.zeros_like(own))
    return int((np.abs(own - sum(terms, np.zeros_like(own))) > 1e-6 * size).sum())


def broken_sentence(names: Sequence[str], alias: Alias, rows: int) -> str:
    """Say in how many new rows an aliased column is not what it was in the fit."""
    count = "1 row does" if rows == 1 else f"{rows:,} rows do"
    return (
        f"{count} not obey {dependency(names, alias)}, as all rows of the fit did; {names[alias.column]} has no "
        "estimate and plays no part in these predictions."
    )


def dependency(names: Sequence[str], alias: Alias) -> str:
    """Write what determines an aliased column: "x3 = 2 x1 - x2"."""
    text = ""
    for position, value in alias.depends_on:
        size = "" if abs(abs(value) - 1) < 1e-9 else f"{abs(value):.6g} "
        text += (" - " if value < 0 else " + ") + size + names[position]
    sign = "-" if text.startswith(" - ") else ""
    return f"{names[alias.column]} = {sign}{text[3:] or '0'}"
