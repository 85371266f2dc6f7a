"""What do the statistics of predicted probabilities need? A ranking, the event's name, where the scores come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glmlr.design.response import Event
from glmlr.errors import DataError
from glmlr.ranking import Ranking


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows with an outcome and a score, ranked; each statistic of scores is a method: `scored.roc()`.

    Attributes:
        ranking: the distinct scores with the weight of events and of non-events at each.
        event: the outcome that is the event.
        fitted: True where the scores are fitted values of these very rows (Hosmer-Lemeshow then has groups - 2
            degrees of freedom), False for new rows or scores from elsewhere.
        weighted: whether the model had importance weights, so that it need not agree with these rows on average.
        notes: sentences every output must carry (which scale the probabilities are on).
        shrunken: whether they are fitted values of a ridge penalty, which need not be calibrated on their own rows.
        adjusted: whether they are fitted values of Firth's penalty or of what is made of it: the same.

    """

    ranking: Ranking
    event: Event
    fitted: bool
    notes: tuple[str, ...] = ()
    weighted: bool = False
    shrunken: bool = False
    adjusted: bool = False

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]:
            """Stand for the statistics that the registry binds."""

    def require_both(self) -> None:
        """Raise `DataError` unless there are events and non-events."""
        if self.ranking.total_events == 0 or self.ranking.total_nonevents == 0:
            lacking = "an event" if self.ranking.total_events == 0 else "a non-event"
            raise DataError(f"No row is {lacking} (the event is {self.event.label}); this statistic needs both kinds.")

    def require_probabilities(self, name: str) -> None:
        """Raise `DataError` unless every score is a probability."""
        score = self.ranking.score
        if score[0] < 0 or score[-1] > 1:
            low, high = float(np.min(score)), float(np.max(score))
            raise DataError(f"{name}() needs probabilities in [0, 1]; these scores run from {low:g} to {high:g}.")
