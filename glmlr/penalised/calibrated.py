"""Which Firth-type estimates predict the share of events on average? FLIC and FLAC.

Firth's penalty draws probabilities towards 1/2, so that on average they are above the share of a rare event. FLIC keeps
Firth's slopes, and chooses the intercept anew by maximum likelihood. FLAC maximises the likelihood of the rows and of
pseudo-rows that stand for the penalty, each with its leverage as weight and half an event, with a column that tells the
two apart and is left out of predictions.

Reference: Puhr, Heinze, Nold, Lusa & Geroldinger (2017), Statist. Med. 36, 2302-2317.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, CodedBlock, Mapped, Rows
from glmlr.errors import FitError, NotApplicable
from glmlr.links import Link
from glmlr.newton import Progress, factorised, sums_at
from glmlr.penalised.adjusted import adjusted_at
from glmlr.penalised.firth import without_first_order_bias
from glmlr.solver import Ready, Solution, ready, solve

Floats = npt.NDArray[np.float64]


def calibrated_on_average(
    rows: Rows, link: Link, variant: str, intercept: int | None, *, max_iterations: int
) -> Solution:
    """Fit by FLIC or FLAC.

    Args:
        rows: blocks of the design with k columns.
        link: the logit.
        variant: "flic" or "flac".
        intercept: position of the intercept's column.
        max_iterations: largest number of steps.

    Returns:
        The `Solution`, whose information is that of the rows at its estimates; it has no `objective`.

    Raises:
        NotApplicable: another link than the logit, or no intercept.

    """
    if link.name != "logit":
        raise NotApplicable(
            f'penalty="{variant}" is for the logit, and the link is {link.name}; use penalty="firth", whose adjusted '
            "scores every link has."
        )
    if intercept is None:
        raise NotApplicable(
            f'penalty="{variant}" makes the mean probability the share of events by means of an intercept, and the '
            'formula has none; add one, or use penalty="firth".'
        )
    firth = without_first_order_bias(rows, link, max_iterations=max_iterations)
    prepared = ready(rows)
    if variant == "flic":
        return _with_intercept(rows, link, firth, prepared, intercept)
    return _augmented(rows, link, firth, prepared, max_iterations)


def _with_intercept(rows: Rows, link: Link, firth: Solution, prepared: Ready, intercept: int) -> Solution:
    """Choose the intercept by maximum likelihood, the slopes being Firth's."""
    slopes = np.nan_to_num(firth.beta)
    slopes[intercept] = 0.0
    level = solve(_AtSlopes(rows, slopes), link)
    beta = firth.beta.copy()
    beta[intercept] = level.beta[0]
    return _at(beta, link, firth, level, prepared)


def _augmented(rows: Rows, link: Link, firth: Solution, prepared: Ready, max_iterations: int) -> Solution:
    """Maximise the likelihood of the rows and of the pseudo-rows."""
    at = adjusted_at(prepared.chosen, prepared.units.inwards(np.nan_to_num(firth.beta)), link)
    if at is None:
        raise FitError("The information matrix is singular at Firth's estimates.")
    augmented, start = _Augmented(rows, prepared, at.beta, at.factor.inverse(), link), np.append(firth.beta, 0.0)
    whole = solve(augmented, link, start=np.nan_to_num(start), max_iterations=max_iterations)
    return _at(whole.beta[:-1], link, firth, whole, prepared)


def _at(beta: Floats, link: Link, firth: Solution, last: Solution, prepared: Ready) -> Solution:
    """Give the solution at some estimates, with the certificate of how they were found."""
    own = prepared.units.inwards(np.nan_to_num(beta))
    sums = sums_at(prepared.chosen, own, link)
    factor = factorised(prepared.chosen, sums, own, link, True)
    return replace(
        prepared.solution(Progress(own, sums, True, factor)),
        iterations=firth.iterations + last.iterations,
        gradient_norm=max(firth.gradient_norm, last.gradient_norm),
        converged=firth.converged and last.converged,
        reason=firth.reason or last.reason,
        trace=firth.trace,
    )


@dataclass(frozen=True, eq=False)
class _AtSlopes(Mapped):
    """The same rows with a constant as their only column, and what the slopes (k,) contribute as an offset."""

    rows: Rows
    slopes: Floats

    def changed(self, block: Block) -> Block:
        """Give the block with the constant alone."""
        return replace(block.cut(np.ones((1, block.size)), slice(None)), offset=block.eta(self.slopes))


def _with_column(block: Block, column: Floats) -> Block:
    """Give a block with one more column, of shape (b,), behind the others."""
    every = slice(None)
    if not isinstance(block, CodedBlock):
        return block.cut(np.vstack([block.x, column]), every)
    coded = block.coded
    dense, at = np.vstack([coded.dense, column]), np.append(coded.at, coded.count)
    return block.cut(replace(coded, dense=dense, at=at, count=coded.count + 1), every)


@dataclass(frozen=True, eq=False)
class _Augmented(Mapped):
    """The rows and after them their pseudo-rows; a last column, 1 for these, tells them apart (k + 1 columns).

    Attributes:
        rows: the rows, k columns.
        prepared: the same, as they were fitted.
        beta: Firth's estimates in the columns of these.
        inverse: inverse information there.
        link: the link.

    """

    rows: Rows
    prepared: Ready
    beta: Floats
    inverse: Floats
    link: Link

    def changed(self, block: Block) -> Block:
        """Add the pseudo-rows of a block."""
        trials = np.ones(block.size) if block.weight is None else block.weight
        own = self._own(block)
        leverage = trials * self.link.weight(own.eta(self.beta)) * own.quadratic(self.inverse)
        twice, pseudo = np.tile(np.arange(block.size), 2), np.repeat([0.0, 1.0], block.size)
        both = _with_column(block.at_rows(twice), pseudo)
        y = np.concatenate([block.y, np.full(block.size, 0.5)])
        return replace(both, y=y, weight=np.concatenate([trials, leverage]))

    def _own(self, block: Block) -> Block:
        """Give the block in the columns and units of the factorised information."""
        units = self.prepared.units
        inner = block if units.scaled is None else units.scaled.changed(block)
        return inner.at_columns(units.keep) if self.prepared.aliases else inner
