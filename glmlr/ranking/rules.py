"""Which cut-off does a rule choose? The best by a criterion, the one that reaches a stated rate, or a stated number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.ranking.cells import Cells
from glmlr.ranking.criteria import CRITERIA, TIE, Criterion, best
from glmlr.ranking.sweep import Rates, Sweep

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """A cut-off, the lowest and highest that serve as well, and what it does.

    Attributes:
        cutoff: an observed score, or a number that was stated; NaN where there is none.
        low: the lowest that serves as well, which is the one chosen.
        high: the highest one.
        equals: how many observed scores do.
        place: where it stands among the scores, m above all of them.
        cells: its counts; NaN where there is no cut-off.

    """

    cutoff: float
    low: float
    high: float
    equals: int
    place: int
    cells: Cells

    @property
    def exists(self) -> bool:
        """Whether there is a cut-off."""
        return not math.isnan(self.cutoff)


_NOWHERE = Choice(math.nan, math.nan, math.nan, 0, 0, Cells(*[math.nan] * 4))


@dataclass(frozen=True, eq=False)
class Rule:
    """How a cut-off is chosen.

    Attributes:
        key: its name in a table.
        label: its words.
        choose: gives the choice among the scores of a sweep, for a prevalence or that of the rows (None).
        judged: what the rule looks at; None for a number that is stated.
        optimal: whether it seeks the best value of `judged`, and not a value that was stated.

    """

    key: str
    label: str
    choose: Callable[[Sweep, float | None], Choice]
    judged: Criterion | None = None
    optimal: bool = False


def value_at(rule: Rule, sweep: Sweep, choice: Choice, prevalence: float | None) -> float:
    """Give the number that a rule looks at, at a choice among the scores of a sweep; NaN where it has none."""
    if rule.judged is None or not choice.exists:
        return math.nan
    cells = choice.cells
    rates = Rates(np.array([cells.sensitivity]), np.array([1 - cells.specificity]))
    share = sweep.prevalence if prevalence is None else prevalence
    return rule.judged.number(float(rule.judged.value(rates, share)[0]))


def at_cutoff(sweep: Sweep, cutoff: float) -> Choice:
    """Give a stated cut-off, whether or not it is an observed score."""
    if math.isnan(cutoff):
        return _NOWHERE
    place = sweep.ranking.first_at_or_above(cutoff)
    return Choice(cutoff, cutoff, cutoff, 1, place, sweep.cells(place))


def stated(key: str, label: str, cutoff: float) -> Rule:
    """Take a number for the cut-off."""
    return Rule(key, label, lambda sweep, _: at_cutoff(sweep, cutoff))


def best_by(key: str, criterion: Criterion | None = None) -> Rule:
    """Take the best observed score by a criterion; of several the lowest, and none where there is but one score."""
    sought = CRITERIA[key] if criterion is None else criterion

    def choose(sweep: Sweep, prevalence: float | None) -> Choice:
        score = sweep.ranking.score
        if score.size == 1:
            return _NOWHERE
        found = best(sweep, sought, prevalence)
        low, high = float(score[found.first]), float(score[found.last])
        return Choice(low, low, high, found.equals, found.first, sweep.cells(found.first))

    return Rule(key, sought.label, choose, sought, optimal=True)


def sensitivity_of(target: float) -> Rule:
    """Take the highest observed score that reaches a sensitivity, hence with the best specificity."""

    def choose(sweep: Sweep, _: float | None) -> Choice:
        beyond = sweep.first(lambda at: at.sensitivity < target - TIE)
        return _observed(sweep, beyond - 1)

    return _reaching("sensitivity", target, choose, lambda at, _: at.sensitivity)


def specificity_of(target: float) -> Rule:
    """Take the lowest observed score that reaches a specificity, hence with the best sensitivity."""

    def choose(sweep: Sweep, _: float | None) -> Choice:
        return _observed(sweep, sweep.first(lambda at: 1 - at.false_positive_rate >= target - TIE))

    return _reaching("specificity", target, choose, lambda at, _: 1 - at.false_positive_rate)


def precision_of(target: float) -> Rule:
    """Take the lowest observed score that reaches a precision, hence with the best sensitivity."""

    def choose(sweep: Sweep, prevalence: float | None) -> Choice:
        share = sweep.prevalence if prevalence is None else prevalence
        lower, higher = sweep.ends
        bound = _precision(Rates(lower.sensitivity, higher.false_positive_rate), share)
        for number in np.flatnonzero(bound >= target - TIE):
            reached = _precision(sweep.inside(int(number)), share) >= target - TIE
            if reached.any():
                return _observed(sweep, sweep.pieces[number].start + int(np.argmax(reached)))
        return _NOWHERE

    return _reaching("precision", target, choose, _precision)


def capacity_of(share: float) -> Rule:
    """Take the lowest observed score that calls no more than a share of the rows positive."""

    def called(at: Rates, prevalence: float) -> Floats:
        return np.asarray(prevalence * at.sensitivity + (1 - prevalence) * at.false_positive_rate)

    def choose(sweep: Sweep, prevalence: float | None) -> Choice:
        events = sweep.prevalence if prevalence is None else prevalence
        return _observed(sweep, sweep.first(lambda at: called(at, events) <= share + TIE))

    judged = Criterion("", "Share called positive", called)
    return Rule(f"capacity_{share:g}", f"At most {100 * share:g}% positive", choose, judged)


def _precision(at: Rates, prevalence: float) -> Floats:
    true, false = prevalence * at.sensitivity, (1 - prevalence) * at.false_positive_rate
    # Nothing is called positive only above all scores; the true ones are then 0 as well.
    return np.asarray(true / np.where(true + false > 0, true + false, 1.0))


def _reaching(
    rate: str, target: float, choose: Callable[[Sweep, float | None], Choice], value: Callable[[Rates, float], Floats]
) -> Rule:
    judged = Criterion("", rate.capitalize(), value)
    return Rule(f"{rate}_{target:g}", f"{rate.capitalize()} of at least {target:g}", choose, judged)


def _observed(sweep: Sweep, place: int) -> Choice:
    """Choose the observed score at a place; none where the place is outside."""
    if not 0 <= place < sweep.ranking.score.size:
        return _NOWHERE
    cutoff = float(sweep.ranking.score[place])
    return Choice(cutoff, cutoff, cutoff, 1, place, sweep.cells(place))
