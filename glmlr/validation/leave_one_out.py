"""How does a fit do on rows that it has not seen, without fitting again? Each row left out by one Newton step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Subset, over_blocks
from glmlr.conditioning import Moments, block_moments, scaled_rows
from glmlr.errors import ArgumentError, NotApplicable
from glmlr.estimation import penalised_inverse
from glmlr.fit import Fit
from glmlr.penalised.penalties import Ridge
from glmlr.prediction import spread
from glmlr.ranking import counts, rank_counts
from glmlr.scored import Scored
from glmlr.solver import inverse_information
from glmlr.validation.deletion import Deleted, deleted

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """Probabilities of the rows of a fit, each by the model without that row, to first order.

    Attributes:
        scored: these probabilities as scores: `glmlr.roc(loo)`, `glmlr.cutoffs(fit, beside=loo)`, ... take it.
        fit: the fit.
        event: probability with one event of the row left out, shape (n,).
        nonevent: probability with one non-event of the row left out, shape (n,).

    """

    key: ClassVar[str] = "leave_one_out"
    scored: Scored
    fit: Fit
    event: Floats
    nonevent: Floats

    def __repr__(self) -> str:
        """Name the fit."""
        return f"<leave-one-out probabilities of {self.fit!r}>"

    @cached_property
    def probabilities(self) -> pd.Series:
        """Probability of each row read, in its order and with its index; NaN where a row was dropped.

        Raises:
            NotApplicable: rows of counts, in which an event and a non-event have different ones.

        """
        design = self.fit.held
        y = design.y
        if not ((y == 0) | (y == 1)).all():
            raise NotApplicable(
                "Rows that hold events and non-events have two leave-one-out probabilities each, event and nonevent of "
                "this object, and not one."
            )
        return spread(np.where(y == 1, self.event, self.nonevent), design.used, design.index, "probability")


def leave_one_out(fit: Fit) -> LeaveOneOut:
    """Give each row the probability that the model without it would have given it, by one Newton step.

    The step takes the expected information, and is what SAS PROC LOGISTIC uses for its classification table. Of a row
    of several trials (frequency weights, counts) one is left out. What is learnt from all rows (a spline's knots, class
    weights and their correction, the units of a ridge penalty) stays as it is. Under a ridge penalty the step takes the
    information with the penalty.

    Args:
        fit: the fitted model.

    Raises:
        NotApplicable: the rows are not held in memory, or estimates are infinite.

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(f"leave_one_out() takes a fitted model, not {type(fit).__name__}.")
    if fit.separation is not None:
        raise NotApplicable(
            "Some estimates are infinite, and no step leads away from there; glmlr.cross_validate() fits again instead."
        )
    found = _deleted(fit)
    event, nonevent = (fit.link.mean(side - fit.prior_shift) for side in (found.event, found.nonevent))
    return LeaveOneOut(_scored(fit, event, nonevent), fit, event, nonevent)


def _deleted(fit: Fit) -> Deleted:
    """Leave out one trial of each row, with columns centred where their sums would cancel."""
    design, kept = fit.held, np.flatnonzero(~np.isnan(np.diag(fit.solution.inverse)))
    inverse, eta = fit.solution.inverse[np.ix_(kept, kept)], np.asarray(fit.weighted_eta)
    scaled = None
    if fit.solution.centred:
        scaled = scaled_rows(design, over_blocks(design, block_moments, Moments.__add__))
    if scaled is not None and isinstance(fit.penalty, Ridge):
        inverse = penalised_inverse(design, fit.link, fit.penalty, fit.working)
    elif scaled is not None:
        forth = scaled.inverse_transform()[np.ix_(kept, kept)]
        inverse = inverse_information(Subset(scaled, kept), forth @ fit.working[kept], fit.link)
    parts, start = [], 0
    for block in design.blocks():
        rows = slice(start, start + block.size)
        moved = block if scaled is None else scaled.changed(block)
        parts.append(deleted(moved.at_columns(kept), eta[rows], fit.link, inverse))
        start = rows.stop
    return Deleted(*(np.concatenate([getattr(part, side) for part in parts]) for side in ("event", "nonevent")))


def _scored(fit: Fit, event: Floats, nonevent: Floats) -> Scored:
    """Rank the probabilities, those of events and of non-events of one row apart."""
    design = fit.held
    events, nonevents = counts(design.y, design.weight)
    sides = np.concatenate([events, np.zeros_like(events)]), np.concatenate([np.zeros_like(nonevents), nonevents])
    there = sides[0] + sides[1] > 0
    return Scored(
        ranking=rank_counts(np.concatenate([event, nonevent])[there], *(side[there] for side in sides)),
        event=design.event,
        fitted=False,
        notes=(
            "Leave-one-out probabilities: each row by the model without it, one Newton step from the estimates.",
            *(["The step is of the score alone: Firth's penalty stays what it was with the row."] * fit.adjusted),
            *fit.scale_notes,
        ),
        weighted=fit.pseudo_likelihood,
    )


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
setattr(Fit, leave_one_out.__name__, leave_one_out)
