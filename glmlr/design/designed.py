"""What is a formula applied to rows? What a fit must know of its rows, wherever they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block
from glmlr.design.coding import patsy_design_info
from glmlr.design.outcomes import outcomes_of_new_rows
from glmlr.design.patterns import Patterns
from glmlr.design.recipe import NewRows, Recipe, Term, applied
from glmlr.design.response import Event
from glmlr.design.rows import RowAccount

Floats = npt.NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Totals:
    """Sums over the rows used.

    Attributes:
        rows: their number n.
        trials: Bernoulli trials, each row by its frequency and its trials.
        events: trials that are events.
        weight: trials, each by its importance.
        weight_of_events: events, each by its importance.

    """

    rows: int
    trials: float
    events: float
    weight: float
    weight_of_events: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Design(ABC):
    """A formula applied to rows (k design columns).

    Attributes:
        formula: as given (with `.` expanded).
        event: the outcome that is modelled.
        rows: the account of the rows.
        totals: sums over the rows used.
        counted: whether rows stand for several trials (frequency weights, or successes + failures).
        weighted: whether rows have class or sample weights.
        given_weights: which of "freq_weights" and "sample_weight" were given.
        class_weights: (weight of non-events, weight of events) where class_weight was given, else None.
        shifted: whether the linear predictor has an offset.
        clusters: number of clusters, or None.
        grouped: whether the response was successes + failures.
        recipe: what is needed to score new rows, without the rows of the fit.

    """

    formula: str
    event: Event
    rows: RowAccount
    totals: Totals
    counted: bool
    weighted: bool
    given_weights: tuple[str, ...]
    class_weights: tuple[float, float] | None
    shifted: bool
    clusters: int | None
    grouped: bool
    recipe: Recipe = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Design column names, length k, patsy's spelling ("C(race)[T.black]")."""
        return self.recipe.names

    @property
    def terms(self) -> tuple[Term, ...]:
        """Terms in the order of their columns; their columns cover range(k)."""
        return self.recipe.terms

    @property
    @abstractmethod
    def patterns(self) -> Patterns | None:
        """The covariate patterns the rows collapse to, or None where there are too many or rows differ otherwise."""

    @abstractmethod
    def over(self, function: Callable[[Block], T], add: Callable[[T, T], T]) -> T:
        """Add up a function of the blocks of rows used; see `glmlr.blocks.over_blocks`."""

    def rows_among(self, chosen: npt.NDArray[np.bool_]) -> int:
        """Count some of the rows used, shape (n,)."""
        return int(chosen.sum())

    def apply(self, data: Any, *, unknown: str = "error", offset: Any = None) -> NewRows:
        """Build the same columns for new rows; no response is needed.

        Args:
            data: anything a fit takes, and a dict of single values for one row.
            unknown: a level the fit has not seen is an "error", makes the row incomplete ("nan"), or counts as the
                reference level ("reference", treatment coding only).
            offset: offset of the new rows, where the fit's was not a column.

        Raises:
            DataError: a column is missing, or holds something else than in the fit.
            UnknownLevelError: a level the fit has not seen.

        """
        return applied(self.recipe, data, unknown, offset)

    def outcome(self, data: Any) -> tuple[Floats, Floats | None]:
        """Code the response of new rows by the event of the fit.

        Returns:
            Shares of events, shape (m,), NaN where the response is missing; and the trials of each row where the
            response is successes + failures, else None.

        Raises:
            ResponseError: a value that is neither the event nor the other one.

        """
        return outcomes_of_new_rows(self.recipe, data)

    def patsy_design_info(self) -> Any:
        """Give a patsy DesignInfo that builds the same columns, for libraries that ask for one."""
        return patsy_design_info(self.recipe)
